//! Who buys.

use super::catalogue::{Department, SIZES};
use super::draw::Draw;
use super::{Channel, Plan};
use crate::orders::document::{Address, BuyerDocument};

/// A customer, as far as orders show one.
pub struct Person {
    pub channel: Channel,
    pub buyer: BuyerDocument,
    /// Where they stand in [`SIZES`].
    pub size: usize,
    pub wanted: Department,
    /// How likely they send something back, as a multiple of the average.
    pub pickiness: f64,
}

const FAMILY: &[(&str, &str)] = &[
    ("王", "wang"),
    ("李", "li"),
    ("张", "zhang"),
    ("刘", "liu"),
    ("陈", "chen"),
    ("杨", "yang"),
    ("赵", "zhao"),
    ("黄", "huang"),
    ("周", "zhou"),
    ("吴", "wu"),
    ("徐", "xu"),
    ("孙", "sun"),
    ("胡", "hu"),
    ("朱", "zhu"),
    ("高", "gao"),
    ("林", "lin"),
    ("何", "he"),
    ("郭", "guo"),
    ("马", "ma"),
    ("罗", "luo"),
    ("欧阳", "ouyang"),
];
const GIVEN: &[(&str, &str)] = &[
    ("伟", "wei"),
    ("芳", "fang"),
    ("娜", "na"),
    ("敏", "min"),
    ("静", "jing"),
    ("丽", "li"),
    ("强", "qiang"),
    ("磊", "lei"),
    ("洋", "yang"),
    ("艳", "yan"),
    ("勇", "yong"),
    ("军", "jun"),
    ("杰", "jie"),
    ("涛", "tao"),
    ("明", "ming"),
    ("秀英", "xiuying"),
    ("晓燕", "xiaoyan"),
    ("子涵", "zihan"),
    ("雨桐", "yutong"),
    ("梓萱", "zixuan"),
    ("浩然", "haoran"),
    ("思远", "siyuan"),
    ("佳怡", "jiayi"),
    ("建国", "jianguo"),
];
const ENGLISH_FIRST: &[&str] = &[
    "Alice", "Ben", "Chloe", "Daniel", "Emma", "Frank", "Grace", "Henry", "Ivy", "Jack", "Kate", "Leo",
    "Mia", "Nina", "Oscar", "Peter", "Ruth", "Sam",
];
const ENGLISH_LAST: &[&str] = &[
    "Smith", "Jones", "Taylor", "Brown", "Wilson", "Evans", "Walker", "Wright", "Green", "Hall", "Wood",
    "Clarke",
];

/// Province, city, district, the start of the postcode, and how many buyers come from there.
const PLACES: &[(&str, &str, &str, &str, f64)] = &[
    ("浙江", "杭州", "西湖区", "3100", 14.0),
    ("浙江", "宁波", "鄞州区", "3151", 5.0),
    ("上海", "上海", "浦东新区", "2001", 12.0),
    ("上海", "上海", "徐汇区", "2000", 6.0),
    ("江苏", "南京", "鼓楼区", "2100", 7.0),
    ("江苏", "苏州", "姑苏区", "2150", 7.0),
    ("广东", "广州", "天河区", "5106", 9.0),
    ("广东", "深圳", "南山区", "5180", 9.0),
    ("北京", "北京", "朝阳区", "1000", 9.0),
    ("北京", "北京", "海淀区", "1001", 5.0),
    ("四川", "成都", "武侯区", "6100", 6.0),
    ("湖北", "武汉", "洪山区", "4300", 5.0),
    ("山东", "青岛", "市南区", "2660", 4.0),
    ("辽宁", "沈阳", "和平区", "1100", 4.0),
    ("黑龙江", "哈尔滨", "南岗区", "1500", 4.0),
    ("陕西", "西安", "雁塔区", "7100", 4.0),
    ("福建", "厦门", "思明区", "3610", 3.0),
    ("云南", "昆明", "五华区", "6500", 2.0),
    ("新疆", "乌鲁木齐", "天山区", "8300", 1.0),
];
const STREETS: &[&str] = &["示范路", "样板街", "例子大道", "测试巷", "虚构路"];
const SIZE_WEIGHTS: [f64; SIZES.len()] = [12.0, 25.0, 25.0, 18.0, 10.0, 6.0, 4.0];

impl Person {
    /// The customer of that number.
    pub fn meet(plan: &Plan, number: u64, draw: &mut Draw) -> Self {
        let channel = if draw.chance(plan.till_share) { Channel::Till } else { Channel::Online };
        let (name, latin) = name(draw);
        let online = channel == Channel::Online;
        Self {
            channel,
            buyer: BuyerDocument {
                external_id: Some(external_id(channel, number)),
                name: Some(name),
                phone: Some(phone(number)),
                phone_verified: !online,
                email: draw
                    .chance(if online { 0.5 } else { 0.2 })
                    .then(|| format!("{latin}{number}@example.com")),
                email_verified: false,
                address: online.then(|| address(draw)),
            },
            size: draw.weighted(&SIZE_WEIGHTS),
            wanted: if draw.chance(0.68) { Department::Women } else { Department::Men },
            pickiness: if draw.chance(0.08) { 4.0 } else { 0.75 },
        }
    }
}

fn external_id(channel: Channel, number: u64) -> String {
    match channel {
        Channel::Online => format!("buyer-{:07}", number + 1),
        Channel::Till => format!("card-{:07}", number + 1),
    }
}

/// A name and its Latin letters for an address.
fn name(draw: &mut Draw) -> (String, String) {
    if draw.chance(0.1) {
        let (first, last) = (draw.pick(ENGLISH_FIRST), draw.pick(ENGLISH_LAST));
        (format!("{first} {last}"), format!("{}.{}", first.to_lowercase(), last.to_lowercase()))
    } else {
        let ((family, family_latin), (given, given_latin)) = (draw.pick(FAMILY), draw.pick(GIVEN));
        (format!("{family}{given}"), format!("{given_latin}.{family_latin}"))
    }
}

/// A number that looks like a mobile's and is nobody's: no carrier has been given the prefix 154. Every customer has
/// another one (the factor has no divisor in common with the modulus).
fn phone(number: u64) -> String {
    format!("154{:08}", number.wrapping_mul(61_803_399) % 100_000_000)
}

fn address(draw: &mut Draw) -> Address {
    let weights: Vec<f64> = PLACES.iter().map(|place| place.4).collect();
    let (province, city, district, postcode, _) = PLACES[draw.weighted(&weights)];
    Address {
        country: Some("CN".into()),
        province: Some(province.into()),
        city: Some(city.into()),
        district: Some(district.into()),
        line: Some(format!(
            "{}{}号{}室",
            draw.pick(STREETS),
            draw.between(1, 299),
            draw.between(1, 32) * 100 + draw.between(1, 8)
        )),
        postcode: Some(format!("{postcode}{:02}", draw.between(0, 30))),
    }
}
