//! Orders as they are stored, read back into what was told about them.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::{Deserialize, Serialize};

use super::unreadable;
use crate::customers::match_key::MatchKey;
use crate::db::types::{Document, Guid, Instant, JsonText};
use crate::db::{AnyConnection, Column, DbError, Keyed, Sql};
use crate::ids::{CustomerId, IdentityId, OrderId, ShopId, TenantId};
use crate::ingest::facts::Counted;
use crate::ingest::order::{Amounts, MergeState, Order, SettingsRate, Told, part};
use crate::orders::OrderStatus;
use crate::orders::document::BuyerDocument;
use crate::shops::by_shop;
use crate::sql;
use crate::time::Timestamp;

/// The natural key of an order.
pub type OrderKey = (ShopId, String);

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
    promotions: Document,
    #[diesel(sql_type = JsonText)]
    coupon_codes: Document,
    #[diesel(sql_type = JsonText)]
    personal: Document,
    #[diesel(sql_type = JsonText)]
    attributes: Document,
    #[diesel(sql_type = JsonText)]
    merge_state: Document,
    #[diesel(sql_type = BigInt)]
    revision: i64,
    #[diesel(sql_type = BigInt)]
    refunded_amount: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    gross_amount: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    net_amount: Option<i64>,
}

/// An order and what of it counted when it was written.
pub struct StoredOrder {
    pub order: Order,
    pub counted: Counted,
}

/// What an order says about people; erased as one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Personal {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_id: Option<String>,
    /// The phone or mailbox that tells who the buyer is where the platform has no id of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_key: Option<MatchKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer: Option<BuyerDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Nothing else stands here any more, and nothing will.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
}

const ORDER_COLUMNS: &str = "o.id, o.shop_id, o.external_id, o.customer_id, o.identity_id, o.status, o.version, \
    o.ordered_at, o.paid_at, o.shipped_at, o.delivered_at, o.completed_at, o.closed_at, o.currency, o.total_amount, \
    o.discount_amount, o.shipping_amount, o.exchange_rate, o.items, o.source, o.promotions, o.coupon_codes, \
    o.personal, o.attributes, o.merge_state, o.revision, \
    o.refunded_amount, o.gross_amount, o.net_amount";

/// Reads and locks the orders with these keys.
pub fn orders<'k>(
    connection: &mut AnyConnection,
    tenant: TenantId,
    keys: impl Iterator<Item = &'k OrderKey>,
) -> Result<Vec<StoredOrder>, DbError> {
    let mut orders = Vec::new();
    for (shop, external_ids) in by_shop(keys) {
        let known = Keyed {
            table: "orders",
            alias: "o",
            within: sql!("o.tenant_id = {} AND o.shop_id = {}", tenant, shop),
            key: "external_id",
            keys: Column::texts(external_ids),
            lock: true,
        };
        let known = known.rows(connection);
        let rows: Vec<OrderRow> =
            sql!("SELECT {} FROM {}", Sql::text(ORDER_COLUMNS), known).load(connection)?;
        for row in rows {
            orders.push(row.into_stored()?);
        }
    }
    Ok(orders)
}

/// When these orders were placed, as far as they are known; without a lock.
pub fn placed(
    connection: &mut AnyConnection,
    tenant: TenantId,
    keys: &BTreeSet<OrderKey>,
) -> Result<BTreeMap<OrderKey, Timestamp>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        external_id: String,
        #[diesel(sql_type = Instant)]
        ordered_at: Timestamp,
    }
    let mut found = BTreeMap::new();
    for (shop, external_ids) in by_shop(keys.iter()) {
        let known = Keyed {
            table: "orders",
            alias: "o",
            within: sql!("o.tenant_id = {} AND o.shop_id = {}", tenant, shop),
            key: "external_id",
            keys: Column::texts(external_ids),
            lock: false,
        };
        let known = known.rows(connection);
        let rows: Vec<Row> = sql!("SELECT o.external_id, o.ordered_at FROM {}", known).load(connection)?;
        found.extend(rows.into_iter().map(|row| ((shop, row.external_id), row.ordered_at)));
    }
    Ok(found)
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Guid)]
    id: OrderId,
    #[diesel(sql_type = Guid)]
    shop_id: ShopId,
    #[diesel(sql_type = Text)]
    external_id: String,
}

/// A page of the orders whose worth in the tenant's currency is not known, by id: their keys and where the next begins.
pub fn unconverted(
    connection: &mut AnyConnection,
    tenant: TenantId,
    after: OrderId,
    limit: i64,
) -> Result<(Vec<OrderKey>, Option<OrderId>), DbError> {
    let rows: Vec<KeyRow> = sql!(
        "SELECT id, shop_id, external_id FROM orders
         WHERE tenant_id = {} AND id > {} AND gross_amount IS NULL AND total_amount IS NOT NULL
         ORDER BY id LIMIT {}",
        tenant,
        after,
        limit,
    )
    .load(connection)?;
    let last = rows.last().map(|row| row.id);
    Ok((rows.into_iter().map(|row| (row.shop_id, row.external_id)).collect(), last))
}

impl OrderRow {
    fn into_stored(self) -> Result<StoredOrder, DbError> {
        let status = OrderStatus::parse(&self.status)
            .ok_or_else(|| DbError::Failed(format!("an order has the status {}", self.status)))?;
        let counted = Counted {
            status,
            paid_at: self.paid_at,
            total_amount: self.total_amount.unwrap_or(0),
            refunded_amount: self.refunded_amount,
            gross_amount: self.gross_amount,
            net_amount: self.net_amount,
            items: self.items,
        };
        Ok(StoredOrder { order: self.into_order()?, counted })
    }

    fn into_order(self) -> Result<Order, DbError> {
        let failed = unreadable("an order");
        let merge: MergeState = self.merge_state.parse().map_err(&failed)?;
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
            buyer_key: personal.buyer_key,
            buyer: personal.buyer,
            note: personal.note,
            erased: personal.erased,
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
