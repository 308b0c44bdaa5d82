//! Reads what a batch touches, and locks it: each kind in one statement, rows in the order of their keys.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Deserialize;

use super::derive::Rates;
use super::facts::Facts;
use super::order::{Amounts, Order, SettingsRate, Told, part};
use crate::customers::contact::Contact;
use crate::db::types::{Guid, Instant, Json, JsonText};
use crate::db::{AnyConnection, Backend, Column, DbError};
use crate::ids::{CustomerId, IdentityId, OrderId, ShopId, TenantId};
use crate::orders::OrderStatus;
use crate::orders::document::{Address, BuyerDocument};
use crate::sql;
use crate::time::Timestamp;

/// The natural key of an order.
pub type OrderKey = (ShopId, String);

/// `FOR UPDATE` where rows can be locked; on SQLite the writer is alone anyway.
fn lock(connection: &AnyConnection, table: &str) -> String {
    match connection.backend() {
        Backend::Postgres => format!(" FOR UPDATE OF {table}"),
        Backend::Sqlite => String::new(),
    }
}

fn unreadable(what: &str) -> impl Fn(serde_json::Error) -> DbError + '_ {
    move |error| DbError::Failed(format!("{what} cannot be read: {error}"))
}

/// What ingest needs to know about a tenant and its shops.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub id: TenantId,
    pub currency: String,
    pub country: Option<String>,
    timezone: jiff::tz::TimeZone,
    rates: Vec<ExchangeRate>,
    /// The currency of each shop.
    pub shops: HashMap<ShopId, String>,
}

#[derive(Debug, Clone, Deserialize)]
struct ExchangeRate {
    currency: String,
    from: String,
    rate: String,
}

impl Rates for Tenant {
    fn currency(&self) -> &str {
        &self.currency
    }

    fn rate(&self, currency: &str, at: Timestamp) -> Option<String> {
        let day = at.to_jiff().to_zoned(self.timezone.clone()).date().to_string();
        let known = self.rates.iter().filter(|rate| rate.currency == currency && rate.from <= day);
        known.max_by(|a, b| a.from.cmp(&b.from)).map(|rate| rate.rate.clone())
    }
}

#[derive(QueryableByName)]
struct TenantRow {
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = Nullable<Text>)]
    country: Option<String>,
    #[diesel(sql_type = Text)]
    timezone: String,
    #[diesel(sql_type = JsonText)]
    settings: Json,
}

#[derive(QueryableByName)]
struct ShopRow {
    #[diesel(sql_type = Guid)]
    id: ShopId,
    #[diesel(sql_type = Text)]
    currency: String,
}

/// Reads the tenant and those of its shops that are wanted; `None` if there is no such tenant.
pub fn tenant(
    connection: &mut AnyConnection,
    id: TenantId,
    shops: &BTreeSet<ShopId>,
) -> Result<Option<Tenant>, DbError> {
    let found = sql!("SELECT currency, country, timezone, settings FROM tenants WHERE tenant_id = {}", id);
    let Some(row) = found.first::<TenantRow>(connection)? else {
        return Ok(None);
    };
    let wanted = Column::ids(shops.iter().copied());
    let shops: Vec<ShopRow> = sql!(
        "WITH k(id) AS ({}) SELECT s.id, s.currency FROM k JOIN shops s ON s.tenant_id = {} AND s.id = k.id",
        wanted,
        id,
    )
    .load(connection)?;
    let rates = row.settings.0.get("exchange_rates").cloned().unwrap_or_default();
    Ok(Some(Tenant {
        id,
        currency: row.currency,
        country: row.country,
        timezone: crate::time::time_zone(&row.timezone).unwrap_or(jiff::tz::TimeZone::UTC),
        rates: serde_json::from_value::<Option<_>>(rates)
            .map_err(unreadable("exchange_rates"))?
            .unwrap_or_default(),
        shops: shops.into_iter().map(|shop| (shop.id, shop.currency)).collect(),
    }))
}

#[derive(QueryableByName)]
struct OrderRow {
    #[diesel(sql_type = Guid)]
    id: OrderId,
    #[diesel(sql_type = Guid)]
    shop_id: ShopId,
    #[diesel(sql_type = Text)]
    external_id: String,
    #[diesel(sql_type = Nullable<Guid>)]
    customer_id: Option<CustomerId>,
    #[diesel(sql_type = Nullable<Guid>)]
    identity_id: Option<IdentityId>,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Instant)]
    version: Timestamp,
    #[diesel(sql_type = Instant)]
    ordered_at: Timestamp,
    #[diesel(sql_type = Nullable<Instant>)]
    paid_at: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Instant>)]
    shipped_at: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Instant>)]
    delivered_at: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Instant>)]
    completed_at: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Instant>)]
    closed_at: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Text>)]
    currency: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    total_amount: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    discount_amount: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    shipping_amount: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    exchange_rate: Option<String>,
    #[diesel(sql_type = BigInt)]
    items: i64,
    #[diesel(sql_type = Nullable<Text>)]
    source: Option<String>,
    #[diesel(sql_type = JsonText)]
    promotions: Json,
    #[diesel(sql_type = JsonText)]
    coupon_codes: Json,
    #[diesel(sql_type = JsonText)]
    personal: Json,
    #[diesel(sql_type = JsonText)]
    attributes: Json,
    #[diesel(sql_type = JsonText)]
    merge_state: Json,
    #[diesel(sql_type = BigInt)]
    revision: i64,
}

/// What an order says about people; erased as one.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, Deserialize)]
pub struct Personal {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer: Option<BuyerDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

const ORDER_COLUMNS: &str = "o.id, o.shop_id, o.external_id, o.customer_id, o.identity_id, o.status, o.version, \
    o.ordered_at, o.paid_at, o.shipped_at, o.delivered_at, o.completed_at, o.closed_at, o.currency, o.total_amount, \
    o.discount_amount, o.shipping_amount, o.exchange_rate, o.items, o.source, o.promotions, o.coupon_codes, \
    o.personal, o.attributes, o.merge_state, o.revision";

/// Reads and locks the orders with these keys.
pub fn orders<'k>(
    connection: &mut AnyConnection,
    tenant: TenantId,
    keys: impl Iterator<Item = &'k OrderKey> + Clone,
) -> Result<Vec<Order>, DbError> {
    let wanted = vec![
        Column::ids(keys.clone().map(|(shop, _)| *shop)),
        Column::texts(keys.map(|(_, external_id)| external_id.as_str())),
    ];
    let text = format!(
        "WITH k(shop_id, external_id) AS ({{}}) SELECT {ORDER_COLUMNS} FROM k JOIN orders o
             ON o.tenant_id = {{}} AND o.shop_id = k.shop_id AND o.external_id = k.external_id
         ORDER BY o.shop_id, o.external_id{}",
        lock(connection, "o")
    );
    let rows: Vec<OrderRow> = sql!(&text, wanted, tenant).load(connection)?;
    rows.into_iter().map(OrderRow::into_order).collect()
}

/// Reads a page of the orders whose worth in the tenant's currency is not known, by id.
pub fn unconverted_orders(
    connection: &mut AnyConnection,
    tenant: TenantId,
    after: OrderId,
    limit: i64,
) -> Result<Vec<Order>, DbError> {
    let text = format!(
        "SELECT {ORDER_COLUMNS} FROM orders o
         WHERE o.tenant_id = {{}} AND o.id > {{}} AND o.gross_amount IS NULL AND o.total_amount IS NOT NULL
         ORDER BY o.id LIMIT {{}}{}",
        lock(connection, "o")
    );
    let rows: Vec<OrderRow> = sql!(&text, tenant, after, limit).load(connection)?;
    rows.into_iter().map(OrderRow::into_order).collect()
}

impl OrderRow {
    fn into_order(self) -> Result<Order, DbError> {
        let failed = unreadable("an order");
        let merge: super::order::MergeState = self.merge_state.parse().map_err(&failed)?;
        let personal: Personal = self.personal.parse().map_err(&failed)?;
        let told = |letter: char, date: Option<Timestamp>| date.filter(|_| !merge.inferred.contains(letter));
        let rate_from_settings = merge.inferred.contains(part::RATE);
        let settings_rate = self
            .exchange_rate
            .clone()
            .zip(self.currency.clone())
            .filter(|_| rate_from_settings)
            .map(|(rate, currency)| SettingsRate { currency, ordered_at: self.ordered_at, rate });
        let amounts = self.currency.zip(self.total_amount).map(|(currency, total)| Amounts {
            currency,
            total,
            discount: self.discount_amount,
            shipping: self.shipping_amount,
            rate: self.exchange_rate.filter(|_| !rate_from_settings),
        });
        let status = merge.stamps.get(part::STATUS).and_then(|_| OrderStatus::parse(&self.status));
        let told = Told {
            status,
            ordered_at: told(part::ORDERED_AT, Some(self.ordered_at)),
            paid_at: told(part::PAID_AT, self.paid_at),
            shipped_at: told(part::SHIPPED_AT, self.shipped_at),
            delivered_at: self.delivered_at,
            completed_at: told(part::COMPLETED_AT, self.completed_at),
            closed_at: told(part::CLOSED_AT, self.closed_at),
            amounts,
            source: self.source,
            promotions: self.promotions.parse().map_err(&failed)?,
            coupon_codes: self.coupon_codes.parse().map_err(&failed)?,
            buyer_id: personal.buyer_id,
            buyer: personal.buyer,
            note: personal.note,
            attributes: self.attributes.parse().map_err(&failed)?,
            items: self.items,
        };
        Ok(Order {
            id: self.id,
            shop_id: self.shop_id,
            external_id: self.external_id,
            customer_id: self.customer_id,
            identity_id: self.identity_id,
            version: self.version,
            told,
            merge,
            settings_rate,
            revision: self.revision,
            new_lines: None,
        })
    }
}

/// A customer as a batch sees and changes them.
#[derive(Debug, Clone, Default)]
pub struct Customer {
    pub contact: Contact,
    pub contact_changed: bool,
    /// Made by this transaction.
    pub new: bool,
    pub revision: i64,
    pub facts: Facts,
    pub facts_changed: bool,
    pub by_shop: BTreeMap<ShopId, ShopFacts>,
    /// The first or last order may be another than the facts say.
    pub bounds_unsure: bool,
}

/// Facts in one shop.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShopFacts {
    pub facts: Facts,
    pub stored: bool,
    pub changed: bool,
}

#[derive(QueryableByName)]
struct CustomerRow {
    #[diesel(sql_type = Guid)]
    id: CustomerId,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    nick: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    gender: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    birthday: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    language: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    phone: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    country: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    province: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    city: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    district: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    address_line: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    postcode: Option<String>,
    #[diesel(sql_type = JsonText)]
    attributes: Json,
    #[diesel(sql_type = JsonText)]
    stamps: Json,
    #[diesel(sql_type = BigInt)]
    revision: i64,
}

#[derive(QueryableByName)]
struct FactsRow {
    #[diesel(sql_type = Guid)]
    customer_id: CustomerId,
    #[diesel(sql_type = Guid)]
    shop_id: ShopId,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = BigInt)]
    orders_kept: i64,
    #[diesel(sql_type = BigInt)]
    orders_unconverted: i64,
    #[diesel(sql_type = BigInt)]
    orders_refunded: i64,
    #[diesel(sql_type = BigInt)]
    unpaid_orders: i64,
    #[diesel(sql_type = BigInt)]
    gross_amount: i64,
    #[diesel(sql_type = BigInt)]
    refunded_amount: i64,
    #[diesel(sql_type = BigInt)]
    spent_amount: i64,
    #[diesel(sql_type = BigInt)]
    items: i64,
    #[diesel(sql_type = Nullable<Instant>)]
    first_order_at: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Instant>)]
    last_order_at: Option<Timestamp>,
}

const FACTS: &str = "f.orders, f.orders_kept, f.orders_unconverted, f.orders_refunded, f.unpaid_orders, \
    f.gross_amount, f.refunded_amount, f.spent_amount, f.items, f.first_order_at, f.last_order_at";

/// Reads and locks these customers with their facts.
pub fn customers(
    connection: &mut AnyConnection,
    tenant: TenantId,
    ids: &BTreeSet<CustomerId>,
) -> Result<HashMap<CustomerId, Customer>, DbError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let wanted = || Column::ids(ids.iter().copied());
    let text = format!(
        "WITH k(id) AS ({{}}) SELECT c.id, c.name, c.nick, c.gender, c.birthday, c.language, c.phone, c.email,
             c.country, c.province, c.city, c.district, c.address_line, c.postcode, c.attributes, c.stamps, c.revision
         FROM k JOIN customers c ON c.tenant_id = {{}} AND c.id = k.id ORDER BY c.id{}",
        lock(connection, "c")
    );
    let rows: Vec<CustomerRow> = sql!(&text, wanted(), tenant).load(connection)?;
    let mut customers = HashMap::with_capacity(rows.len());
    for row in rows {
        customers.insert(row.id, row.into_customer()?);
    }
    // The rows above are locked, so their facts stand still: a later statement sees what the last holder committed.
    let overall = format!(
        "WITH k(id) AS ({{}}) SELECT f.customer_id, f.customer_id AS shop_id, {FACTS}
         FROM k JOIN customer_facts f ON f.tenant_id = {{}} AND f.customer_id = k.id"
    );
    for row in sql!(&overall, wanted(), tenant).load::<FactsRow>(connection)? {
        if let Some(customer) = customers.get_mut(&row.customer_id) {
            customer.facts = row.into();
        }
    }
    let by_shop = format!(
        "WITH k(id) AS ({{}}) SELECT f.customer_id, f.shop_id, {FACTS}
         FROM k JOIN customer_shop_facts f ON f.tenant_id = {{}} AND f.customer_id = k.id"
    );
    for row in sql!(&by_shop, wanted(), tenant).load::<FactsRow>(connection)? {
        if let Some(customer) = customers.get_mut(&row.customer_id) {
            let facts = ShopFacts { stored: true, changed: false, facts: Facts::default() };
            customer.by_shop.insert(row.shop_id, ShopFacts { facts: row.into(), ..facts });
        }
    }
    Ok(customers)
}

impl CustomerRow {
    fn into_customer(self) -> Result<Customer, DbError> {
        let failed = unreadable("a customer");
        let contact = Contact {
            name: self.name,
            nick: self.nick,
            gender: self.gender,
            birthday: self.birthday,
            language: self.language,
            phone: self.phone,
            email: self.email,
            address: Address {
                country: self.country,
                province: self.province,
                city: self.city,
                district: self.district,
                line: self.address_line,
                postcode: self.postcode,
            },
            attributes: self.attributes.parse().map_err(&failed)?,
            stamps: self.stamps.parse().map_err(&failed)?,
        };
        Ok(Customer { contact, revision: self.revision, ..Customer::default() })
    }
}

impl From<FactsRow> for Facts {
    fn from(row: FactsRow) -> Self {
        Self {
            orders: row.orders,
            orders_kept: row.orders_kept,
            orders_unconverted: row.orders_unconverted,
            orders_refunded: row.orders_refunded,
            unpaid_orders: row.unpaid_orders,
            gross_amount: row.gross_amount,
            refunded_amount: row.refunded_amount,
            spent_amount: row.spent_amount,
            items: row.items,
            first_order_at: row.first_order_at,
            last_order_at: row.last_order_at,
        }
    }
}

/// First and last paid order of a customer in a shop.
#[derive(QueryableByName)]
pub struct Bounds {
    #[diesel(sql_type = Guid)]
    pub customer_id: CustomerId,
    #[diesel(sql_type = Guid)]
    pub shop_id: ShopId,
    #[diesel(sql_type = Nullable<Instant>)]
    pub first: Option<Timestamp>,
    #[diesel(sql_type = Nullable<Instant>)]
    pub last: Option<Timestamp>,
}

/// Looks up when these customers first and last ordered in each shop.
pub fn bounds(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: impl IntoIterator<Item = CustomerId>,
) -> Result<Vec<Bounds>, DbError> {
    let found = sql!(
        "WITH k(id) AS ({}) SELECT o.customer_id, o.shop_id, MIN(o.paid_at) AS first, MAX(o.paid_at) AS last
         FROM k JOIN orders o ON o.tenant_id = {} AND o.customer_id = k.id GROUP BY o.customer_id, o.shop_id",
        Column::ids(customers),
        tenant,
    );
    Ok(found.load(connection)?)
}
