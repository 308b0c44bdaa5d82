//! What the shop sells.

use super::draw::Draw;

pub const BRAND: &str = "回头衣橱";

/// When a product is worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Season {
    Winter,
    Mild,
    Summer,
    All,
}

/// Whom a product is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Department {
    Women,
    Men,
    Children,
    Accessories,
}

/// One style in all its sizes and colours.
#[derive(Debug)]
pub struct Product {
    /// The key in the shop's catalogue.
    pub external_id: &'static str,
    /// The start of its stock keeping units.
    pub code: &'static str,
    pub title: &'static str,
    /// The category's path.
    pub category: &'static str,
    /// Price of one, in fen.
    pub price_amount: i64,
    /// What one costs the shop, in fen.
    pub cost_amount: i64,
    pub department: Department,
    season: Season,
    /// Names of the colours and their codes.
    pub colours: &'static [(&'static str, &'static str)],
}

pub const SIZES: [&str; 7] = ["S", "M", "L", "XL", "XXL", "XXXL", "XXXXL"];
const CHILDREN_SIZES: [&str; 5] = ["110", "120", "130", "140", "150"];
const ONE_SIZE: [&str; 1] = ["均码"];

const DARK: &[(&str, &str)] = &[("黑色", "BLACK"), ("藏青", "NAVY"), ("军绿", "OLIVE")];
const WARM: &[(&str, &str)] = &[("红色", "RED"), ("驼色", "CAMEL"), ("米白", "IVORY"), ("黑色", "BLACK")];
const LIGHT: &[(&str, &str)] = &[("白色", "WHITE"), ("粉色", "PINK"), ("天蓝", "SKY")];
const DENIM: &[(&str, &str)] = &[("蓝色", "BLUE"), ("黑色", "BLACK"), ("浅蓝", "LIGHT")];

macro_rules! products {
    ($($id:literal $code:literal $title:literal $category:literal $price:literal $cost:literal $department:ident $season:ident $colours:ident;)*) => {
        /// The whole catalogue, best sellers first within a category.
        pub const PRODUCTS: &[Product] = &[$(Product {
            external_id: $id,
            code: $code,
            title: $title,
            category: $category,
            price_amount: $price * 100,
            cost_amount: $cost * 100,
            department: Department::$department,
            season: Season::$season,
            colours: $colours,
        },)*];
    };
}

products! {
    "p-101" "DC01" "长款加厚羽绒服 Long Down Coat" "女装/羽绒服" 699 290 Women Winter WARM;
    "p-102" "DC02" "轻薄短款羽绒服 Light Down Jacket" "女装/羽绒服" 399 160 Women Winter LIGHT;
    "p-103" "DC03" "连帽中长款羽绒服 Hooded Down Parka" "女装/羽绒服" 569 235 Women Winter DARK;
    "p-111" "WC01" "双面羊毛大衣 Double-faced Wool Coat" "女装/大衣" 899 400 Women Winter WARM;
    "p-112" "WC02" "经典风衣 Trench Coat" "女装/大衣" 459 180 Women Mild WARM;
    "p-121" "SW01" "圆领羊毛毛衣 Wool Jumper" "女装/毛衣" 269 105 Women Winter WARM;
    "p-122" "SW02" "高领打底毛衣 Roll-neck Jumper" "女装/毛衣" 169 62 Women Winter DARK;
    "p-123" "SW03" "针织开衫 Cardigan" "女装/毛衣" 199 78 Women Mild LIGHT;
    "p-131" "DR01" "碎花连衣裙 Floral Dress" "女装/连衣裙" 259 92 Women Summer LIGHT;
    "p-132" "DR02" "针织连衣裙 Knitted Dress" "女装/连衣裙" 299 115 Women Mild WARM;
    "p-133" "DR03" "真丝吊带裙 Silk Slip Dress" "女装/连衣裙" 459 190 Women Summer LIGHT;
    "p-141" "JN01" "高腰直筒牛仔裤 High-waist Jeans" "女装/牛仔裤" 219 80 Women All DENIM;
    "p-142" "JN02" "阔腿牛仔裤 Wide-leg Jeans" "女装/牛仔裤" 239 88 Women All DENIM;
    "p-151" "TS01" "纯棉短袖T恤 Cotton T-shirt" "女装/T恤" 89 28 Women Summer LIGHT;
    "p-152" "TS02" "长袖打底衫 Long-sleeve Top" "女装/T恤" 99 32 Women Mild DARK;
    "p-161" "SH01" "法式衬衫 French Blouse" "女装/衬衫" 179 66 Women Mild LIGHT;
    "p-171" "SK01" "百褶半身裙 Pleated Skirt" "女装/半身裙" 189 70 Women Mild DARK;
    "p-201" "MD01" "男士加厚羽绒服 Men's Down Coat" "男装/羽绒服" 759 320 Men Winter DARK;
    "p-202" "MD02" "男士轻薄羽绒服 Men's Light Down Jacket" "男装/羽绒服" 429 175 Men Winter DARK;
    "p-211" "MJ01" "男士夹克 Men's Jacket" "男装/夹克" 359 140 Men Mild DARK;
    "p-221" "MS01" "免烫衬衫 Non-iron Shirt" "男装/衬衫" 199 72 Men All LIGHT;
    "p-222" "MS02" "牛津纺衬衫 Oxford Shirt" "男装/衬衫" 229 85 Men All LIGHT;
    "p-231" "MT01" "男士短袖T恤 Men's T-shirt" "男装/T恤" 99 32 Men Summer DARK;
    "p-232" "MT02" "Polo 衫 Polo Shirt" "男装/T恤" 159 55 Men Summer DARK;
    "p-241" "MP01" "修身休闲裤 Slim Chinos" "男装/裤子" 239 90 Men All DARK;
    "p-242" "MP02" "男士牛仔裤 Men's Jeans" "男装/裤子" 259 98 Men All DENIM;
    "p-251" "MW01" "男士羊毛衫 Men's Wool Jumper" "男装/毛衣" 299 120 Men Winter DARK;
    "p-301" "KD01" "儿童羽绒服 Children's Down Jacket" "童装/羽绒服" 359 150 Children Winter WARM;
    "p-302" "KT01" "儿童卫衣 Children's Sweatshirt" "童装/卫衣" 129 46 Children Mild LIGHT;
    "p-303" "KS01" "儿童短袖 Children's T-shirt" "童装/T恤" 69 22 Children Summer LIGHT;
    "p-401" "SC01" "羊绒围巾 Cashmere Scarf" "配饰/围巾" 199 80 Accessories Winter WARM;
    "p-402" "GL01" "羊皮手套 Leather Gloves" "配饰/手套" 149 58 Accessories Winter DARK;
    "p-403" "HT01" "遮阳帽 Sun Hat" "配饰/帽子" 79 24 Accessories Summer LIGHT;
    "p-404" "SO01" "棉袜五双装 Cotton Socks, 5 pairs" "配饰/袜子" 49 15 Accessories All DARK;
    "p-405" "BT01" "真皮腰带 Leather Belt" "配饰/腰带" 169 60 Accessories All DARK;
}

impl Product {
    /// The stock keeping unit of one size in one colour.
    pub fn sku(&self, size: &str, (_, colour): &(&str, &str)) -> String {
        format!("{}-{size}-{colour}", self.code)
    }

    /// The sizes that it comes in.
    pub fn sizes(&self) -> &'static [&'static str] {
        match self.department {
            Department::Women | Department::Men => &SIZES,
            Department::Children => &CHILDREN_SIZES,
            Department::Accessories => &ONE_SIZE,
        }
    }
}

/// How well each product sells, by month and by what the customer looks for.
pub struct Shelf {
    /// By month, then by the customer's department (women or men).
    weights: Vec<[Vec<f64>; 2]>,
}

impl Shelf {
    pub fn stocked() -> Self {
        let of = |month, wanted| {
            PRODUCTS
                .iter()
                .enumerate()
                .map(|(place, product)| weight(product, place, month, wanted))
                .collect()
        };
        Self {
            weights: (0..12)
                .map(|month| [of(month, Department::Women), of(month, Department::Men)])
                .collect(),
        }
    }

    /// A product for somebody who mostly looks at women's or men's clothes.
    pub fn pick(&self, draw: &mut Draw, month: usize, wanted: Department) -> &'static Product {
        let side = usize::from(wanted == Department::Men);
        &PRODUCTS[draw.weighted(&self.weights[month][side])]
    }
}

fn weight(product: &Product, place: usize, month: usize, wanted: Department) -> f64 {
    let cold = matches!(month, 0 | 1 | 9 | 10 | 11);
    let hot = matches!(month, 4..=7);
    let season = match product.season {
        Season::All => 0.8,
        Season::Winter => {
            if cold {
                2.0
            } else {
                0.12
            }
        }
        Season::Summer => {
            if hot {
                2.0
            } else {
                0.12
            }
        }
        Season::Mild => {
            if cold || hot {
                0.6
            } else {
                1.8
            }
        }
    };
    let interest = match product.department {
        Department::Accessories => 0.5,
        Department::Children => 0.25,
        department if department == wanted => 1.0,
        _ => 0.08,
    };
    season * interest / (1.0 + (place % 4) as f64 * 0.5)
}
