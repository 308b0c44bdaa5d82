//! Queries from Shopify's own documentation, unchanged, over a small shop; whom each means was worked out by hand.
//!
//! The shop is in New York; it is Tuesday, 24 November 2026, 10 o'clock.
//!
//! | | who | orders |
//! |---|---|---|
//! | a | New York City, US; tagged `VIP`; born 24 November 1990; ann@example.com, subscribed | 30 May 2020, noon: 10.99, product 2012162031638 |
//! | b | Toronto, CA; bob@Example.com, subscribed | ten of 100.00, product 1012132033639, the first 1 June 2021, one 1 January 2022, the last 20 November 2026 |
//! | c | Los Angeles, US; tagged `wholesale`; unsubscribed | none paid; one placed 20 November 2026 |
//! | d | Montreal, CA; born 10 December 1985; dee@example.org; text messages subscribed | 20 August 2026: 999.99, two of product 32421429314657 |
//! | e | | 1 December 2025: 50.00, product 2012162031638 |
//! | f | | today at 9: 20.00, product 1012132033639 |
//! | g | nothing is known | none |
//!
//! The campaign 5240029206 mailed a once, who opened it and reported it as spam; b, to whom it bounced on 1 June 2026; and
//! d five times, first on 1 January 2022, all of them opened.
//!
//! Products 2012162031638 and 32421429314657 have the tag `Sports wear`.

use std::collections::BTreeMap;

use huitou::db::Db;
use huitou::ids::{CampaignId, ShopId};
use huitou::segments::language::{check, parse};
use uuid::Uuid;

use super::compare::{members, tenant};
use super::model::{Campaign, Consent, Customer, Line, Order, Product, Shop, Touch, World};
use super::{evaluate, load};
use crate::ingest::archive::open;

/// shopify.dev/docs/api/shopifyql/segment-query-language-reference
const REFERENCE: &[(&str, &str)] = &[
    ("email_subscription_status = 'SUBSCRIBED'", "ab"),
    ("last_order_date = 2020-05-30", "a"),
    ("last_order_date != 2020-05-30", "bcdefg"),
    ("last_order_date > 2020-05-30", "bdef"),
    ("last_order_date >= 2020-05-30", "abdef"),
    ("last_order_date < 2020-05-30", ""),
    ("last_order_date <= 2020-05-30", "a"),
    ("last_order_date > -7d", "bf"),
    ("last_order_date >= -2w", "bf"),
    ("last_order_date = -1m", ""),
    ("last_order_date < -1y", "a"),
    ("last_order_date BETWEEN 2021-01-01 AND today", "bdef"),
    ("last_order_date BETWEEN 2020-01-01 AND -7d", "ade"),
    ("last_order_date = today", "f"),
    ("last_order_date = yesterday", ""),
    ("last_order_date > 2020-05-30T16:00:00", "bdef"),
    ("amount_spent = 10.99", "a"),
    ("amount_spent != 10.99", "bcdefg"),
    ("amount_spent > 10.99", "bdef"),
    ("amount_spent >= 10.99", "abdef"),
    ("amount_spent < 10.99", "cg"),
    ("amount_spent <= 10.99", "acg"),
    ("amount_spent BETWEEN 100 AND 1000.99", "bd"),
    ("number_of_orders = 10", "b"),
    ("number_of_orders != 10", "acdefg"),
    ("number_of_orders > 10", ""),
    ("number_of_orders >= 10", "b"),
    ("number_of_orders < 10", "acdefg"),
    ("number_of_orders <= 10", "abcdefg"),
    ("number_of_orders BETWEEN 100 AND 1000", ""),
    ("products_purchased MATCHES (id = 1234, count > 1)", ""),
    ("products_purchased (id: 1234) = true", ""),
    ("products_purchased NOT MATCHES ()", "cg"),
    ("products_purchased MATCHES (id = 2012162031638)", "ae"),
    ("products_purchased MATCHES (tag = 'Sports wear')", "ade"),
    ("products_purchased MATCHES (id IN (2012162031638, 1012132033639))", "abef"),
    ("products_purchased MATCHES (id = 1012132033639)", "bf"),
    ("products_purchased MATCHES (id IN (1012132033639, 2012162031638, 32421429314657))", "abdef"),
    ("products_purchased MATCHES (id NOT IN (1012132033639))", "ade"),
    ("products_purchased MATCHES (id = 1012132033639, date = 2022-01-01)", "b"),
    ("products_purchased NOT MATCHES (date > -3m)", "acdeg"),
    ("products_purchased MATCHES (tag = 'Sports wear', date >= -12m)", "de"),
    ("products_purchased MATCHES (id = 1012132033639, date BETWEEN -12m AND today)", "bf"),
    ("anniversary ('metafields.facts.birth_date') = today", "a"),
    ("customer_tags CONTAINS 'vip'", "a"),
    ("customer_tags NOT CONTAINS 'vip'", "bcdefg"),
    (r"customer_tags CONTAINS '\'VIP\''", ""),
    ("customer_cities CONTAINS 'US-CA-LosAngeles'", "c"),
    ("customer_cities NOT CONTAINS 'US-CA-LosAngeles'", "abdefg"),
    ("customer_email_domain = 'example.com'", "ab"),
    ("customer_email_domain != 'example.com'", "cdefg"),
    ("email_subscription_status = 'SUBSCRIBED' AND customer_countries CONTAINS 'CA'", "b"),
    ("email_subscription_status = 'SUBSCRIBED' OR customer_countries CONTAINS 'CA'", "abd"),
    (
        "email_subscription_status = 'SUBSCRIBED' AND customer_countries CONTAINS 'CA' OR amount_spent > 999.99",
        "b",
    ),
    (
        "(email_subscription_status = 'SUBSCRIBED' AND customer_countries CONTAINS 'CA') OR amount_spent > 999.99",
        "b",
    ),
    (
        "email_subscription_status = 'SUBSCRIBED' AND (customer_countries CONTAINS 'CA' OR amount_spent > 999.99)",
        "b",
    ),
    // Shopify takes ten clauses at most; here there is room for them.
    (
        "customer_countries CONTAINS 'CA' OR customer_countries CONTAINS 'FR' OR customer_countries CONTAINS 'MX' OR \
         customer_countries CONTAINS 'AU' OR customer_countries CONTAINS 'AX' OR customer_countries CONTAINS 'AZ' OR \
         customer_countries CONTAINS 'FI' OR customer_countries CONTAINS 'BE' OR customer_countries CONTAINS 'TH' OR \
         customer_countries CONTAINS 'ES' OR customer_countries CONTAINS 'BR'",
        "bd",
    ),
];

/// shopify.dev/docs/api/shopifyql/latest/syntax/where
const WHERE: &[(&str, &str)] = &[
    ("orders_placed MATCHES (date > 2025-01-01)", "bdef"),
    ("products_purchased NOT MATCHES (date > 2025-01-01)", "acg"),
];

/// help.shopify.com/en/manual/customers/customer-segmentation/reference-guide/shopify-segments
const HELP: &[(&str, &str)] = &[
    ("abandoned_checkout_date >= 7_days_ago", "c"),
    ("abandoned_checkout_date > -8m", "c"),
    ("anniversary(date: 'metafields.facts.birth_date') BETWEEN today AND +30d", "ad"),
    ("amount_spent BETWEEN 1 AND 999.99", "adef"),
    ("customer_cities CONTAINS 'US-NY-NewYorkCity'", "a"),
];

/// shopify.dev/docs/api/admin-extensions (customer segment templates) and shopify.dev/changelog
const EXTENSIONS: &[(&str, &str)] = &[
    ("products_purchased(tag: 'Red hats') = true", ""),
    ("products_purchased(quantity: 5) = true", ""),
    ("products_purchased MATCHES (quantity = 5)", ""),
];

/// From the same pages: what this service does not know is refused with the reason instead of being false for everyone.
const REFUSED: &[(&str, &str)] = &[
    ("companies IS NOT NULL", "not_available"),
    ("customer_account_status = 'DISABLED'", "not_available"),
    ("customer_account_status != 'DISABLED'", "not_available"),
    ("predicted_spend_tier = 'HIGH'", "not_available_yet"),
];

/// From the same pages: what became of e-mails. An activity is a campaign here.
const MAILS: &[(&str, &str)] = &[
    ("shopify_email.opened MATCHES ()", "ad"),
    ("shopify_email.opened() = true", "ad"),
    ("shopify_email.opened(count_at_least: 5) = true", "d"),
    ("shopify_email.opened MATCHES (activity_id = 5240029206)", "ad"),
    ("shopify_email.delivered MATCHES (activity_id = 5240029206, date = 2022-01-01)", "d"),
    ("shopify_email.marked_as_spam MATCHES (activity_id = 5240029206, date > -3m)", "a"),
    ("shopify_email.bounced NOT MATCHES (activity_id = 5240029206, date BETWEEN -12m AND today)", "acdefg"),
];

fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    REFERENCE.iter().chain(WHERE).chain(HELP).chain(EXTENSIONS).chain(MAILS)
}

const SHOP: ShopId = ShopId::from_uuid(Uuid::from_u128(1));

fn order(number: usize, paid_at: Option<&str>, total: i64, product: &str, quantity: i64) -> Order {
    let at = paid_at.unwrap_or("2026-11-20T12:00:00-05:00").parse().expect("a moment");
    Order {
        id: Uuid::nil(),
        shop: SHOP,
        external_id: format!("{product}-{total}-{number}"),
        status: if paid_at.is_some() { "completed" } else { "created" },
        ordered_at: at,
        paid_at: paid_at.map(|_| at),
        currency: "USD",
        rate: None,
        total: Some(total),
        discount: None,
        refunds: Vec::new(),
        source: None,
        promotions: Vec::new(),
        coupons: Vec::new(),
        attributes: BTreeMap::new(),
        lines: vec![Line {
            product: Some(product.to_owned()),
            sku: None,
            title: None,
            category: None,
            attributes: BTreeMap::new(),
            quantity,
            unit: None,
            total,
        }],
    }
}

fn customer(letter: char, place: [Option<&str>; 3], email: Option<&str>, orders: Vec<Order>) -> Customer {
    let [country, province, city] = place.map(|part| part.map(str::to_owned));
    Customer {
        identities: vec![(SHOP, letter.to_string())],
        country,
        province,
        city,
        email: email.map(str::to_owned),
        created_at: Some("2020-01-01T00:00:00Z".parse().expect("a moment")),
        orders,
        ..Customer::default()
    }
}

fn world() -> World {
    let [first, second, third] = ["2012162031638", "1012132033639", "32421429314657"];
    let said = |channel, granted| {
        vec![Consent { channel, granted, at: "2026-01-01T00:00:00Z".parse().expect("a moment") }]
    };
    let days = [
        "2021-06-01",
        "2022-01-01",
        "2022-02-01",
        "2023-03-01",
        "2024-04-01",
        "2025-05-01",
        "2026-01-15",
        "2026-05-01",
        "2026-09-20",
        "2026-11-20",
    ];
    let ten = days
        .iter()
        .enumerate()
        .map(|(number, day)| order(number, Some(&format!("{day}T12:00:00-05:00")), 10_000, second, 1));
    let nowhere = [None, None, None];
    let once = |at: &str, total, product, quantity| vec![order(0, Some(at), total, product, quantity)];
    let mut a = customer(
        'a',
        [Some("US"), Some("New York"), Some("New York City")],
        Some("ann@example.com"),
        once("2020-05-30T12:00:00-04:00", 1_099, first, 1),
    );
    a.tags = vec!["VIP".to_owned()];
    a.birthday = "1990-11-24".parse().ok();
    a.consents = said("email", true);
    a.touches = vec![mail("2026-11-01", &["delivered", "opened", "complained"])];
    let mut b =
        customer('b', [Some("CA"), Some("Ontario"), Some("Toronto")], Some("bob@Example.com"), ten.collect());
    b.consents = said("email", true);
    b.touches = vec![mail("2026-06-01", &["bounced"])];
    let los_angeles = [Some("US"), Some("California"), Some("Los Angeles")];
    let mut c = customer('c', los_angeles, None, vec![order(0, None, 500, first, 1)]);
    c.tags = vec!["wholesale".to_owned()];
    c.consents = said("email", false);
    let mut d = customer(
        'd',
        [Some("CA"), Some("Quebec"), Some("Montreal")],
        Some("dee@example.org"),
        once("2026-08-20T12:00:00-04:00", 99_999, third, 2),
    );
    d.birthday = "1985-12-10".parse().ok();
    d.consents = said("sms", true);
    let days = ["2022-01-01", "2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"];
    d.touches = days.map(|day| mail(day, &["delivered", "opened"])).into();
    let e = customer('e', nowhere, None, once("2025-12-01T12:00:00-05:00", 5_000, first, 1));
    let f = customer('f', nowhere, None, once("2026-11-24T09:00:00-05:00", 2_000, second, 1));
    let g = customer('g', nowhere, None, Vec::new());
    let product = |external_id: &str, tags: &[&str]| Product {
        shop: SHOP,
        external_id: external_id.to_owned(),
        brand: None,
        category: None,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    };
    World {
        now: "2026-11-24T10:00:00-05:00".parse().expect("a moment"),
        zone: "America/New_York".to_owned(),
        currency: "USD",
        shops: vec![Shop {
            id: SHOP,
            external_id: "ny".to_owned(),
            name: "A shop".to_owned(),
            platform: "shopify",
            zone: "America/New_York".to_owned(),
            currency: "USD",
        }],
        products: vec![
            product(first, &["Sports wear"]),
            product(second, &[]),
            product(third, &["Sports wear"]),
        ],
        customers: vec![a, b, c, d, e, f, g],
        guests: vec![order(9, Some("2026-11-24T09:00:00-05:00"), 7, first, 1)],
        segments: BTreeMap::new(),
        campaigns: vec![Campaign {
            id: CampaignId::from_uuid(Uuid::from_u128(2)),
            name: "5240029206",
            launched_at: "2022-01-01T00:00:00Z".parse().expect("a moment"),
            ends_at: "2022-01-08T00:00:00Z".parse().expect("a moment"),
            minimum: None,
        }],
    }
}

/// A mail of the campaign, of which all this became at noon.
fn mail(day: &str, outcomes: &[&'static str]) -> Touch {
    let at = format!("{day}T12:00:00-05:00").parse().expect("a moment");
    Touch {
        channel: "email",
        campaign: Some(0),
        arm: None,
        subject: None,
        at,
        outcomes: outcomes.iter().map(|outcome| (*outcome, at)).collect(),
    }
}

/// The letters of those who belong to a query.
fn letters(world: &World, members: &std::collections::BTreeSet<Uuid>) -> String {
    let letter = |customer: &Customer| customer.identities[0].1.clone();
    world.customers.iter().filter(|customer| members.contains(&customer.id)).map(letter).collect()
}

fn mean_the_same(db: &Db) {
    let mut world = world();
    let id = load::load(db, &mut world);
    let tenant = tenant(id, &world);
    let mut connection = db.dedicated().expect("a connection");
    for (text, expected) in all() {
        let query = parse(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
        let checked =
            check(&query, &world.context()).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        assert_eq!(letters(&world, &evaluate::members(&world, &checked)), *expected, "{text}");
        let found = members(&mut connection, &tenant, &world, &checked).expect("the database answers");
        assert_eq!(letters(&world, &found), *expected, "{text}");
    }
}

#[test]
fn queries_from_shopifys_documentation_mean_the_same_on_sqlite() {
    assert!(all().count() >= 40);
    let directory = tempfile::tempdir().unwrap();
    mean_the_same(&open(&format!("sqlite://{}", directory.path().join("a.db").display())));
}

#[test]
fn queries_from_shopifys_documentation_mean_the_same_on_postgresql() {
    let Some(url) = crate::support::postgres::database_url() else { return };
    mean_the_same(&open(&url));
}

#[test]
fn what_is_not_known_here_is_refused_and_not_taken_for_false() {
    let context = world().context();
    for (text, code) in REFUSED {
        let problems = check(&parse(text).unwrap(), &context).expect_err(text);
        assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), [*code], "{text}");
    }
}
