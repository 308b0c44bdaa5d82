//! Random shops: zones, days of changing clocks, leap days, missing values, refunds, guests, several shops and currencies.

use std::collections::BTreeMap;

use huitou::ids::{CampaignId, ShopId};
use huitou::time::{Timestamp, time_zone};
use serde_json::{Value, json};
use uuid::Uuid;

use super::dice::Dice;
use super::model::{Campaign, Consent, Customer, Event, Line, Order, Product, Shop, Touch, World};

/// What texts are made of; many of them mean something in SQL or JSON.
pub const TEXTS: &[&str] = &[
    "red",
    "Red",
    "羽绒服",
    "it's",
    "x' OR 1=1 --",
    "a\"b",
    "{}",
    "%",
    "_",
    "r_d",
    "\\",
    "\\%",
    "--",
    "😀",
    "ß",
    "null",
    "$1",
    "?1",
];
pub const CATEGORIES: &[&str] = &["女装", "女装/羽绒服", "女装/羽绒服/长款", "女装2", "it's/a", "%", "a_"];
pub const SKUS: &[&str] = &["S-1", "S-2", "s-1", "it's"];
pub const PRODUCTS: &[&str] = &["1", "2", "p'3"];
pub const TAGS: &[&str] = &["vip", "do-not-call", "it's", "%"];
pub const KEYS: &[&str] = &["尺码", "n", "vip", "day", "a.b", "it's", "q\"", "$", "%"];
pub const EVENTS: &[&str] = &["login", "view", "collection_viewed", "cart"];
pub const CHANNELS: &[&str] = &["sms", "email", "call", "im", "wechat", "mail", "parcel_card"];
pub const CAMPAIGNS: &[&str] = &["Jackets", "it's", "Jackets"];
pub const SUBJECTS: &[&str] = &["jackets", "%", "it's"];
pub const ARMS: &[&str] = &["a", "holdout"];
pub const OUTCOMES: &[&str] = &[
    "sent",
    "delivered",
    "opened",
    "clicked",
    "replied",
    "answered",
    "refused",
    "objection",
    "bounced",
    "complained",
    "unsubscribed",
];
pub const CITIES: &[&str] = &["杭州", "New York City", "it's", "%"];
pub const PROVINCES: &[&str] = &["浙江", "NY", "New York"];
pub const SHOPS: &[&str] = &["tmall-01", "tmall-02", "ny-01", "till"];
pub const PLATFORMS: &[&str] = &["tmall", "shopify", "pos", "jd"];
pub const DAYS: &[&str] =
    &["2020-02-29", "2000-02-29", "1990-03-01", "1990-02-28", "1990-12-31", "2001-01-01", "1985-05-17"];

const ZONES: &[&str] =
    &["Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Santiago", "UTC"];
const NOWS: &[&str] = &[
    "2026-11-24T02:30:00Z",
    "2026-11-01T05:30:00Z",
    "2026-03-08T10:00:00Z",
    "2026-03-29T01:30:00Z",
    "2024-02-29T12:00:00Z",
    "2025-03-01T03:00:00Z",
    "2026-01-01T00:30:00Z",
];

pub fn world(dice: &mut Dice) -> World {
    let zone = dice.pick(ZONES).to_owned();
    let mut shops = Vec::new();
    for (external_id, platform, currency) in [
        ("tmall-01", "tmall", "CNY"),
        ("tmall-02", "tmall", "CNY"),
        ("ny-01", "shopify", "USD"),
        ("till", "pos", "CNY"),
    ] {
        shops.push(Shop {
            id: ShopId::from_uuid(id(dice)),
            external_id: external_id.to_owned(),
            name: format!("The shop {external_id}"),
            platform,
            zone: dice.pick(ZONES).to_owned(),
            currency,
        });
    }
    let mut world = World {
        now: dice.pick(NOWS).parse().expect("a moment"),
        zone,
        currency: "CNY",
        shops,
        products: Vec::new(),
        customers: Vec::new(),
        guests: Vec::new(),
        segments: BTreeMap::new(),
        campaigns: Vec::new(),
    };
    for name in CAMPAIGNS {
        let launched_at = moment(dice, &world);
        world.campaigns.push(Campaign {
            id: CampaignId::from_uuid(id(dice)),
            name,
            launched_at,
            ends_at: launched_at.plus_seconds(dice.pick(&[7, 30, 90]) * 86_400),
            minimum: dice.maybe(&[0, 5_001, 25_800]),
        });
    }
    for shop in &world.shops {
        for external_id in PRODUCTS {
            if !dice.once_in(3) {
                let tags = TAGS.iter().filter(|_| dice.once_in(2)).map(|tag| (*tag).to_owned()).collect();
                let brand = dice.maybe(TEXTS).map(str::to_owned);
                let external_id = (*external_id).to_owned();
                let category = dice.maybe(CATEGORIES).map(str::to_owned);
                world.products.push(Product { shop: shop.id, external_id, brand, category, tags });
            }
        }
    }
    for number in 0..dice.between(12, 30) {
        let customer = customer(dice, &world, number);
        world.customers.push(customer);
    }
    let everywhere: Vec<ShopId> = world.shops.iter().map(|shop| shop.id).collect();
    world.guests =
        (0..3).map(|number| order(dice, &world, &everywhere, &format!("guest-{number}"))).collect();
    world
}

/// A UUIDv7, as all ids are.
fn id(dice: &mut Dice) -> Uuid {
    let bits = (u128::from(dice.number()) << 64) | u128::from(dice.number());
    uuid::Builder::from_unix_timestamp_millis(
        1_700_000_000_000,
        &bits.to_be_bytes()[6..].try_into().expect("ten bytes"),
    )
    .into_uuid()
}

/// A moment near the beginning of a day somewhere, or anywhere within it; never after now.
fn moment(dice: &mut Dice, world: &World) -> Timestamp {
    let zone = time_zone(&world.shops[dice.below(world.shops.len())].zone).expect("a zone");
    let zone = if dice.once_in(2) { zone } else { time_zone(&world.zone).expect("a zone") };
    let days = if dice.once_in(2) {
        dice.pick(&[0, 1, 7, 29, 30, 31, 89, 90, 91, 365, 366])
    } else {
        dice.between(0, 800)
    };
    let today = world.now.to_jiff().to_zoned(zone.clone()).date();
    let day = today.checked_sub(jiff::Span::new().days(days)).expect("a day");
    let start = day.to_zoned(zone).expect("it begins").timestamp().as_microsecond();
    let into = match dice.below(4) {
        0 => 0,
        1 => -1,
        2 => dice.between(0, 3) * 3_600_000_000,
        _ => dice.between(0, 86_400) * 1_000_000,
    };
    Timestamp::from_micros((start + into).min(world.now.micros()))
}

fn customer(dice: &mut Dice, world: &World, number: i64) -> Customer {
    let count = if dice.once_in(2) { 1 } else { 2 };
    let identities: Vec<(ShopId, String)> = (0..count)
        .map(|which| (world.shops[dice.below(world.shops.len())].id, format!("buyer-{number}-{which}")))
        .collect();
    let known: Vec<ShopId> = identities.iter().map(|(shop, _)| *shop).collect();
    let text = |dice: &mut Dice| dice.maybe(TEXTS).map(str::to_owned);
    let (name, nick, district) = (text(dice), text(dice), text(dice));
    let orders = if dice.once_in(6) { 0 } else { dice.between(0, 6) };
    Customer {
        id: Uuid::nil(),
        identities,
        name,
        nick,
        gender: dice.maybe(&["female", "male", "other"]).map(str::to_owned),
        birthday: dice.maybe(DAYS).map(|day| day.parse().expect("a day")),
        language: dice.maybe(&["zh-CN", "en"]).map(str::to_owned),
        phone: dice.maybe(&["13800001234", "13900005678", "+12125550123"]).map(str::to_owned),
        email: dice.maybe(&["A@Example.com", "b@example.org", "it's@x.com"]).map(str::to_owned),
        country: dice.maybe(&["CN", "US"]).map(str::to_owned),
        province: dice.maybe(PROVINCES).map(str::to_owned),
        city: dice.maybe(CITIES).map(str::to_owned),
        district,
        attributes: attributes(dice),
        created_at: Some(moment(dice, world)),
        orders: (0..orders)
            .map(|which| order(dice, world, &known, &format!("order-{number}-{which}")))
            .collect(),
        events: (0..dice.below(4)).map(|_| event(dice, world)).collect(),
        consents: (0..dice.below(4))
            .map(|_| Consent {
                channel: dice.pick(CHANNELS),
                granted: dice.once_in(2),
                at: moment(dice, world),
            })
            .collect(),
        tags: TAGS.iter().filter(|_| dice.once_in(3)).map(|tag| (*tag).to_owned()).collect(),
        touches: (0..dice.below(6)).map(|_| touch(dice, world)).collect(),
        arms: (0..CAMPAIGNS.len())
            .filter(|_| !dice.once_in(3))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|place| (place, dice.maybe(ARMS)))
            .collect(),
    }
}

fn touch(dice: &mut Dice, world: &World) -> Touch {
    let outcomes = OUTCOMES.iter().filter(|_| dice.once_in(5)).copied().collect::<Vec<_>>();
    Touch {
        channel: dice.pick(CHANNELS),
        campaign: dice.maybe(&[0, 1, 2]),
        arm: dice.maybe(ARMS),
        subject: dice.maybe(SUBJECTS),
        at: moment(dice, world),
        outcomes: outcomes.into_iter().map(|outcome| (outcome, moment(dice, world))).collect(),
    }
}

fn attributes(dice: &mut Dice) -> BTreeMap<String, Value> {
    let mut attributes = BTreeMap::new();
    for key in KEYS.iter().filter(|_| dice.once_in(3)).copied().collect::<Vec<_>>() {
        let value = match dice.below(6) {
            0 => json!(dice.between(-2, 3)),
            1 => json!(dice.pick(&[0.5, 1.5, -2.25])),
            2 => json!(dice.once_in(2)),
            3 => json!(dice.pick(DAYS)),
            _ => json!(dice.pick(TEXTS)),
        };
        attributes.insert(key.to_owned(), value);
    }
    attributes
}

fn event(dice: &mut Dice, world: &World) -> Event {
    let mut properties = attributes(dice);
    if dice.once_in(2) {
        let key = dice.pick(&["product_id", "collection_id"]).to_owned();
        properties.insert(
            key,
            if dice.once_in(2) { json!(dice.between(1, 2)) } else { json!(dice.pick(PRODUCTS)) },
        );
    }
    let shop = (!dice.once_in(3)).then(|| world.shops[dice.below(world.shops.len())].id);
    Event { kind: dice.pick(EVENTS).to_owned(), shop, at: moment(dice, world), properties }
}

fn order(dice: &mut Dice, world: &World, shops: &[ShopId], external_id: &str) -> Order {
    let shop = dice.pick(shops);
    let status = dice.pick(&[
        "created",
        "paid",
        "paid",
        "shipped",
        "completed",
        "refunded",
        "partially_refunded",
        "closed",
    ]);
    let ordered_at = moment(dice, world);
    let unpaid = matches!(status, "created" | "closed");
    let later = Timestamp::from_micros(
        (ordered_at.micros() + dice.pick(&[0, 1, 3_600_000_000])).min(world.now.micros()),
    );
    let foreign = dice.once_in(4);
    let total = dice.pick(&[0, 5_000, 8_000, 8_001, 25_800, 99_999]);
    let refunds = match status {
        "refunded" => vec![(later, total)],
        "partially_refunded" => vec![(later, total / 3), (later, 100)],
        _ if !unpaid && dice.once_in(8) => vec![(later, total)],
        _ => Vec::new(),
    };
    let text = |dice: &mut Dice| dice.maybe(TEXTS).map(str::to_owned);
    let listed = |dice: &mut Dice| {
        TEXTS[..5].iter().filter(|_| dice.once_in(4)).map(|text| (*text).to_owned()).collect()
    };
    let source = text(dice);
    let (promotions, coupons) = (listed(dice), listed(dice));
    Order {
        id: Uuid::nil(),
        shop,
        external_id: external_id.to_owned(),
        status,
        ordered_at,
        paid_at: (!unpaid).then_some(later),
        currency: if foreign { "USD" } else { "CNY" },
        rate: if foreign && !dice.once_in(3) { Some("7.1234") } else { None },
        total: Some(total),
        discount: dice.maybe(&[0, 100, 2_000]),
        refunds: refunds.into_iter().filter(|(_, amount)| *amount > 0).collect(),
        source,
        promotions,
        coupons,
        attributes: attributes(dice),
        lines: (0..dice.below(4)).map(|_| line(dice)).collect(),
    }
}

fn line(dice: &mut Dice) -> Line {
    Line {
        product: dice.maybe(PRODUCTS).map(str::to_owned),
        sku: dice.maybe(SKUS).map(str::to_owned),
        title: dice.maybe(TEXTS).map(str::to_owned),
        category: dice.maybe(CATEGORIES).map(str::to_owned),
        attributes: attributes(dice),
        quantity: dice.between(1, 3),
        unit: dice.maybe(&[0, 990, 1_000, 8_001]),
        total: dice.pick(&[0, 990, 3_333, 8_001]),
    }
}
