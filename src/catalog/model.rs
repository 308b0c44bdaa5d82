//! A product as it is told and as it is answered.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::http::{PersonalData, ShopDocument, ShopItem};
use crate::ids::{ProductId, ShopId};
use crate::orders::document::Attributes;
use crate::time::Timestamp;

/// A product, as its shop tells it. It replaces what was told before as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = product_example)]
pub struct ProductDocument {
    /// What buyers see.
    #[schema(example = "长款羽绒服", min_length = 1, max_length = 500)]
    pub title: String,
    /// The category's path, from the large to the small, separated by `/`.
    #[serde(default)]
    #[schema(example = "女装/羽绒服", max_length = 500)]
    pub category: Option<String>,
    /// The maker's name.
    #[serde(default)]
    #[schema(example = "Red Scarf", max_length = 255)]
    pub brand: Option<String>,
    /// Free words to find it by.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub tags: Vec<String>,
    /// ISO 4217 code of the amounts; the shop's own where absent.
    #[serde(default)]
    #[schema(example = "CNY")]
    pub currency: Option<String>,
    /// What it costs the buyer, in minor units.
    #[serde(default)]
    #[schema(minimum = 0, example = 29900)]
    pub price_amount: Option<i64>,
    /// What it costs the shop, in minor units.
    #[serde(default)]
    #[schema(minimum = 0, example = 12000)]
    pub cost_amount: Option<i64>,
    /// Free properties of all variants.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    pub attributes: Attributes,
    /// What can be ordered of it, such as each size and colour.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub variants: Vec<VariantDocument>,
    /// Whether it is sold; `active` where absent.
    #[serde(default)]
    pub status: ProductStatus,
    /// Its page in the shop.
    #[serde(default)]
    #[schema(example = "https://shop.example/p/9", max_length = 2000)]
    pub url: Option<String>,
    /// A picture of it.
    #[serde(default)]
    #[schema(example = "https://shop.example/p/9.jpg", max_length = 2000)]
    pub image_url: Option<String>,
}

/// One variant of a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantDocument {
    /// The shop's own key of the variant, which order lines name.
    #[schema(example = "DC-XXXXL-RED", min_length = 1, max_length = 255)]
    pub sku: String,
    /// The variant's properties, such as size and colour.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    pub attributes: Attributes,
    /// Where it differs from the product's, in minor units.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub price_amount: Option<i64>,
    /// Where it differs from the product's, in minor units.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub cost_amount: Option<i64>,
}

/// Whether a product is sold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// It can be bought.
    #[default]
    Active,
    /// It is no longer sold, and kept for the orders that it is part of.
    Archived,
}

impl ProductStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Archived].into_iter().find(|status| status.as_str() == text)
    }
}

/// A product in bulk.
pub type ProductItem = ShopItem<ProductDocument>;

impl ShopDocument for ProductDocument {
    const LIST: &'static str = "products";
    const ITEM: &'static str = "ProductItem";
}

/// A product as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    pub id: ProductId,
    pub shop_id: ShopId,
    pub external_id: String,
    /// With its currency filled in.
    pub document: ProductDocument,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Counts the changes, for the `ETag`.
    pub revision: i64,
}

/// A product as it is answered.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = answer_example)]
pub struct ProductResponse {
    pub id: ProductId,
    pub shop_id: ShopId,
    /// The platform's id of the product, unique within the shop.
    #[schema(example = "p-9")]
    pub external_id: String,
    /// What buyers see.
    #[schema(example = "长款羽绒服")]
    pub title: String,
    /// The category's path, from the large to the small, separated by `/`.
    #[schema(example = "女装/羽绒服")]
    pub category: Option<String>,
    /// The maker's name.
    #[schema(example = "Red Scarf")]
    pub brand: Option<String>,
    /// Free words to find it by.
    pub tags: Vec<String>,
    /// ISO 4217 code of the amounts.
    #[schema(example = "CNY")]
    pub currency: Option<String>,
    /// What it costs the buyer, in minor units.
    #[schema(example = 29900)]
    pub price_amount: Option<i64>,
    /// What it costs the shop, in minor units.
    #[schema(example = 12000)]
    pub cost_amount: Option<i64>,
    /// Free properties of all variants.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    pub attributes: Attributes,
    /// What can be ordered of it.
    pub variants: Vec<VariantDocument>,
    /// Whether it is sold.
    pub status: ProductStatus,
    /// Its page in the shop.
    #[schema(example = "https://shop.example/p/9")]
    pub url: Option<String>,
    /// A picture of it.
    #[schema(example = "https://shop.example/p/9.jpg")]
    pub image_url: Option<String>,
    /// When the service learned of it.
    pub created_at: Timestamp,
    /// When anything about it changed last.
    pub updated_at: Timestamp,
}

impl PersonalData for ProductResponse {}

impl From<Product> for ProductResponse {
    fn from(product: Product) -> Self {
        let Product { id, shop_id, external_id, document, created_at, updated_at, .. } = product;
        Self {
            id,
            shop_id,
            external_id,
            title: document.title,
            category: document.category,
            brand: document.brand,
            tags: document.tags,
            currency: document.currency,
            price_amount: document.price_amount,
            cost_amount: document.cost_amount,
            attributes: document.attributes,
            variants: document.variants,
            status: document.status,
            url: document.url,
            image_url: document.image_url,
            created_at,
            updated_at,
        }
    }
}

fn product_example() -> Value {
    json!({
        "title": "长款羽绒服", "category": "女装/羽绒服", "brand": "Red Scarf", "tags": ["冬季", "新品"],
        "currency": "CNY", "price_amount": 29900, "cost_amount": 12000,
        "attributes": {"材质": "白鹅绒"},
        "variants": [
            {"sku": "DC-XXXXL-RED", "attributes": {"尺码": "XXXXL", "颜色": "红色"}},
            {"sku": "DC-M-BLACK", "attributes": {"尺码": "M", "颜色": "黑色"}, "price_amount": 27900}
        ],
        "status": "active",
        "url": "https://shop.example/p/9", "image_url": "https://shop.example/p/9.jpg"
    })
}

fn answer_example() -> Value {
    let mut product = json!({
        "id": "prd_01jd7zk3v8e4qbm2n5r9x6t0wy",
        "shop_id": "shp_01jd7zk3v8e4qbm2n5r9x6t0wy",
        "external_id": "p-9",
        "created_at": "2026-11-10T16:01:03Z", "updated_at": "2026-11-11T00:03:11Z"
    });
    if let (Some(product), Value::Object(told)) = (product.as_object_mut(), product_example()) {
        product.extend(told);
    }
    product
}
