//! What there is beside orders.

use diesel::QueryableByName;
use diesel::sql_types::Bool;

use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::ids::{CustomerId, TenantId};
use crate::sql;

/// Whether there is anything of a kind about a customer, so that nobody asks for what is not there: of most there are
/// orders alone.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct Held {
    #[diesel(sql_type = Bool)]
    pub events: bool,
    #[diesel(sql_type = Bool)]
    pub notes: bool,
    #[diesel(sql_type = Bool)]
    pub tags: bool,
    #[diesel(sql_type = Bool)]
    pub touches: bool,
    /// Something was said about being contacted.
    #[diesel(sql_type = Bool)]
    pub channels: bool,
}

pub fn held(connection: &mut AnyConnection, tenant: TenantId, customer: CustomerId) -> Result<Held> {
    let of = |table: &str, name: &str| {
        format!(
            "EXISTS (SELECT 1 FROM {table} x WHERE x.tenant_id = {{}} AND x.customer_id = {{}}) AS {name}"
        )
    };
    let texts = [
        of("events", "events"),
        of("notes", "notes"),
        of("customer_tags", "tags"),
        of("touches", "touches"),
        of("customer_channels", "channels"),
    ];
    let text = format!("SELECT {}", texts.join(", "));
    let (t, c) = (tenant, customer);
    sql!(&text, t, c, t, c, t, c, t, c, t, c).first(connection)?.ok_or_else(|| Error::internal("no row"))
}
