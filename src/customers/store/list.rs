//! Customers in pages.

use std::collections::BTreeSet;

use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::search::Filter;
use super::{COLUMNS, CustomerRow};
use crate::customers::model::CustomerResponse;
use crate::db::{AnyConnection, Column, Sql};
use crate::error::{Error, Result};
use crate::ids::{CustomerId, TenantId};
use crate::sql;
use crate::time::Timestamp;

/// The order of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(as = CustomerSort)]
pub enum Sort {
    #[default]
    #[serde(rename = "-created_at")]
    NewestFirst,
    #[serde(rename = "created_at")]
    OldestFirst,
    #[serde(rename = "-updated_at")]
    LastChangedFirst,
    #[serde(rename = "updated_at")]
    LastChangedLast,
    #[serde(rename = "name")]
    ByName,
    #[serde(rename = "-name")]
    ByNameBackwards,
}

/// A customer's place in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Place {
    Id(CustomerId),
    Updated(Timestamp, CustomerId),
    Name(Option<String>, CustomerId),
}

impl Sort {
    /// Whether the order tells anything about personal data.
    pub fn is_personal(self) -> bool {
        matches!(self, Self::ByName | Self::ByNameBackwards)
    }

    fn place(self, row: &CustomerRow) -> Place {
        match self {
            Self::NewestFirst | Self::OldestFirst => Place::Id(row.id),
            Self::LastChangedFirst | Self::LastChangedLast => Place::Updated(row.updated_at, row.id),
            Self::ByName | Self::ByNameBackwards => Place::Name(row.name_key.clone(), row.id),
        }
    }

    /// Few rows are read and sorted: by an expression, because the databases are tempted to walk through all customers in
    /// the wanted order instead and pick out the few.
    fn order(self, few: bool) -> &'static str {
        match (self, few) {
            // Ids are made in the order of time.
            (Self::NewestFirst, _) => " ORDER BY c.id DESC LIMIT {}",
            (Self::OldestFirst, _) => " ORDER BY c.id LIMIT {}",
            (Self::LastChangedFirst, false) => " ORDER BY c.updated_at DESC, c.id DESC LIMIT {}",
            (Self::LastChangedFirst, true) => {
                " ORDER BY COALESCE(c.updated_at, NULL) DESC, c.id DESC LIMIT {}"
            }
            (Self::LastChangedLast, false) => " ORDER BY c.updated_at, c.id LIMIT {}",
            (Self::LastChangedLast, true) => " ORDER BY COALESCE(c.updated_at, NULL), c.id LIMIT {}",
            (Self::ByName, false) => " ORDER BY c.name_key, c.id LIMIT {}",
            (Self::ByName, true) => " ORDER BY COALESCE(c.name_key, ''), c.id LIMIT {}",
            (Self::ByNameBackwards, false) => " ORDER BY c.name_key DESC, c.id DESC LIMIT {}",
            (Self::ByNameBackwards, true) => " ORDER BY COALESCE(c.name_key, '') DESC, c.id DESC LIMIT {}",
        }
    }

    /// Cursors can be made up, so a place of another order is refused: one by name would tell names to those who may
    /// not see them.
    fn beyond(self, place: Place) -> Result<Sql<'static>> {
        Ok(match (self, place) {
            (Self::NewestFirst, Place::Id(id)) => sql!(" AND c.id < {}", id),
            (Self::OldestFirst, Place::Id(id)) => sql!(" AND c.id > {}", id),
            (Self::LastChangedFirst, Place::Updated(at, id)) => {
                sql!(" AND (c.updated_at, c.id) < ({}, {})", at, id)
            }
            (Self::LastChangedLast, Place::Updated(at, id)) => {
                sql!(" AND (c.updated_at, c.id) > ({}, {})", at, id)
            }
            (Self::ByName, Place::Name(None, id)) => sql!(" AND c.id > {}", id),
            (Self::ByName, Place::Name(Some(name), id)) => {
                sql!(" AND (c.name_key, c.id) > ({}, {})", name, id)
            }
            (Self::ByNameBackwards, Place::Name(None, id)) => sql!(" AND c.id < {}", id),
            (Self::ByNameBackwards, Place::Name(Some(name), id)) => {
                sql!(" AND (c.name_key, c.id) < ({}, {})", name, id)
            }
            _ => return Err(Error::invalid_cursor()),
        })
    }
}

/// Up to `limit` customers after a place in the list, each with their own place.
pub fn list(
    connection: &mut AnyConnection,
    tenant: TenantId,
    filter: &Filter,
    sort: Sort,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<(Place, CustomerResponse)>> {
    let few = filter.few(connection, tenant)?;
    let mut part = |extra: &'static str, order: &'static str, after: Option<Place>, limit: i64| {
        let mut query = chosen(COLUMNS, tenant, filter, few.as_ref());
        query.push(sql!(extra));
        query.push(after.map(|place| sort.beyond(place)).transpose()?.unwrap_or_default());
        query.push(sql!(order, limit));
        super::load(connection, &query)
    };
    let rows = if sort.is_personal() {
        // The nameless come last, whichever way; the databases do not agree on where NULL stands.
        let mut rows = match &after {
            Some(Place::Name(None, _)) => Vec::new(),
            _ => part(" AND c.name_key IS NOT NULL", sort.order(few.is_some()), after.clone(), limit)?,
        };
        let missing = limit - rows.len() as i64;
        if missing > 0 {
            let order =
                if sort == Sort::ByName { Sort::OldestFirst } else { Sort::NewestFirst }.order(few.is_some());
            let after = after.filter(|place| matches!(place, Place::Name(None, _)));
            rows.extend(part(" AND c.name_key IS NULL", order, after, missing)?);
        }
        rows
    } else {
        part("", sort.order(few.is_some()), after, limit)?
    };
    rows.into_iter().map(|row| Ok((sort.place(&row), row.into_customer()?))).collect()
}

/// How many customers the list has in all.
pub fn count(connection: &mut AnyConnection, tenant: TenantId, filter: &Filter) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let few = filter.few(connection, tenant)?;
    let query = chosen("COUNT(*) AS count", tenant, filter, few.as_ref());
    Ok(query.first::<Count>(connection)?.map_or(0, |row| row.count))
}

/// All customers, or those few, as far as the rest of the filter lets them through.
fn chosen<'a>(
    columns: &'a str,
    tenant: TenantId,
    filter: &'a Filter,
    few: Option<&BTreeSet<CustomerId>>,
) -> Sql<'a> {
    let mut query = sql!("SELECT {} FROM customers c WHERE ", Sql::text(columns));
    if let Some(few) = few {
        query.push(sql!("c.id {} AND ", Column::ids(few.iter().copied())));
    }
    query.push(filter.condition(tenant));
    query
}
