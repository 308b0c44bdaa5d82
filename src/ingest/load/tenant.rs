//! The tenant of a batch, its shops and its exchange rates.

use std::collections::{BTreeSet, HashMap};

use diesel::QueryableByName;
use diesel::sql_types::{Nullable, Text};
use serde::Deserialize;

use super::unreadable;
use crate::customers::policy::IdentityPolicy;
use crate::db::types::{Guid, Json, JsonText};
use crate::db::{AnyConnection, Backend, Column, DbError, Sql};
use crate::ids::{ShopId, TenantId};
use crate::ingest::derive::Rates;
use crate::privacy::tombstones::TombstoneKey;
use crate::sql;
use crate::time::Timestamp;

/// What ingest needs to know about a tenant and its shops.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub id: TenantId,
    pub currency: String,
    pub country: Option<String>,
    timezone: jiff::tz::TimeZone,
    rates: Vec<ExchangeRate>,
    /// What tombstones are hashed under, once there are any.
    pub tombstone_key: Option<TombstoneKey>,
    pub identity_policy: IdentityPolicy,
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
    #[diesel(sql_type = Nullable<Guid>)]
    shop_id: Option<ShopId>,
    #[diesel(sql_type = Nullable<Text>)]
    shop_currency: Option<String>,
}

/// Reads the tenant and those of its shops that are wanted; `None` if there is no such tenant. Until the end of the
/// transaction nobody can delete the shops.
pub fn tenant(
    connection: &mut AnyConnection,
    id: TenantId,
    shops: &BTreeSet<ShopId>,
) -> Result<Option<Tenant>, DbError> {
    let kept = match connection.backend() {
        Backend::Postgres => " FOR KEY SHARE",
        Backend::Sqlite => "",
    };
    let rows: Vec<TenantRow> = sql!(
        "SELECT t.currency, t.country, t.timezone, t.settings, s.id AS shop_id, s.currency AS shop_currency
         FROM tenants t LEFT JOIN (SELECT id, currency FROM shops WHERE tenant_id = {} AND id {}{}) s ON TRUE
         WHERE t.tenant_id = {}",
        id,
        Column::ids(shops.iter().copied()),
        Sql::text(kept),
        id,
    )
    .load(connection)?;
    let shops = rows.iter().filter_map(|row| Some((row.shop_id?, row.shop_currency.clone()?))).collect();
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let rates = row.settings.0.get("exchange_rates").cloned().unwrap_or_default();
    let tombstone_key = row.settings.0.get("tombstone_key").cloned().unwrap_or_default();
    let policy = row.settings.0.get("identity_policy").cloned().unwrap_or_default();
    Ok(Some(Tenant {
        id,
        currency: row.currency,
        country: row.country,
        timezone: crate::time::time_zone(&row.timezone).unwrap_or(jiff::tz::TimeZone::UTC),
        rates: serde_json::from_value::<Option<_>>(rates)
            .map_err(unreadable("exchange_rates"))?
            .unwrap_or_default(),
        tombstone_key: serde_json::from_value(tombstone_key).map_err(unreadable("tombstone_key"))?,
        identity_policy: serde_json::from_value::<Option<_>>(policy)
            .map_err(unreadable("identity_policy"))?
            .unwrap_or_default(),
        shops,
    }))
}
