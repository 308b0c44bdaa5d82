//! The statement of an export.

use super::columns::{Column, Source};
use crate::db::{AnyConnection, Backend, Bind, Cells, DbError, Sql, each_row};
use crate::ids::{ShopId, TenantId};
use crate::sql;

/// What an export reads: whose customers, which of them, and what of each.
pub struct Statement<'a> {
    pub tenant: TenantId,
    /// A statement that answers the ids of those who are wanted as `id`; everybody where there is none.
    pub members: Option<Sql<'a>>,
    pub columns: &'a [Column],
}

impl<'a> Statement<'a> {
    /// How many rows there are.
    pub fn count(&self, connection: &mut AnyConnection) -> Result<i64, DbError> {
        let query = sql!("SELECT COUNT(*) FROM customers c WHERE {}", self.condition());
        let mut count = 0;
        each_row::<DbError>(connection, &query, |row| {
            count = row.int(0)?.unwrap_or_default();
            Ok(())
        })?;
        Ok(count)
    }

    /// Shows every row, by the ids of the customers.
    pub fn each_row<E: From<DbError>>(
        &self,
        connection: &mut AnyConnection,
        see: impl FnMut(&dyn Cells) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut joins = Joins::new(self.tenant, connection.backend());
        let inputs: Vec<Sql<'a>> =
            self.columns.iter().flat_map(|column| joins.inputs(&column.source)).collect();
        let mut query = Sql::text("SELECT ");
        for (place, input) in inputs.into_iter().enumerate() {
            query.push(Sql::text(if place == 0 { "" } else { ", " }));
            query.push(input);
        }
        query.push(Sql::text(" FROM customers c"));
        query.push(joins.sql());
        query.push(sql!(" WHERE {} ORDER BY c.id", self.condition()));
        each_row(connection, &query, see)
    }

    fn condition(&self) -> Sql<'a> {
        let mut condition =
            sql!("c.tenant_id = {} AND c.merged_into IS NULL AND c.erased_at IS NULL", self.tenant);
        if let Some(members) = &self.members {
            condition.push(sql!(" AND c.id IN ({})", members.clone()));
        }
        condition
    }
}

/// The tables beside the customers' own that the columns look into, each once.
struct Joins {
    tenant: TenantId,
    backend: Backend,
    facts: bool,
    shops: Vec<ShopId>,
    channels: Vec<&'static str>,
}

impl Joins {
    fn new(tenant: TenantId, backend: Backend) -> Self {
        Self { tenant, backend, facts: false, shops: Vec::new(), channels: Vec::new() }
    }

    /// What a column is worked out from, in the order in which [`super::row`] reads it.
    fn inputs<'a>(&mut self, source: &Source) -> Vec<Sql<'a>> {
        match source {
            Source::Id => vec![Sql::text("c.id")],
            Source::Text(column) | Source::Moment(column) => vec![Sql::text(column)],
            Source::Attributes => vec![Sql::text("CAST(c.attributes AS text)")],
            Source::Attribute(key) => vec![self.attribute(key)],
            Source::Fact(shop, fact) => self.facts_inputs(*shop, fact.inputs()),
            Source::Standing(standing) => self.facts_inputs(None, standing.inputs()),
            Source::Currency => Vec::new(),
            Source::Tags => vec![self.list(sql!(
                "SELECT DISTINCT t.name AS value, t.name_key AS place FROM customer_tags h
                 JOIN tags t ON t.tenant_id = {} AND t.id = h.tag_id
                 WHERE h.tenant_id = {} AND h.customer_id = c.id",
                self.tenant,
                self.tenant
            ))],
            Source::Consent(channel) => {
                let place = place_of(&mut self.channels, *channel);
                let text = format!(
                    "CASE WHEN k{place}.granted IS NULL THEN NULL WHEN k{place}.granted = {{}} THEN 'granted' ELSE 'denied' END"
                );
                vec![Sql::owned(text, vec![Bind::Bool(true)])]
            }
            Source::ExternalIds(shop) => vec![self.list(sql!(
                "SELECT i.value AS value, i.value AS place FROM identities i
                 WHERE i.tenant_id = {} AND i.customer_id = c.id AND i.kind = 'external' AND i.scope = {}",
                self.tenant,
                shop.to_string()
            ))],
        }
    }

    fn facts_inputs<'a>(&mut self, shop: Option<ShopId>, columns: &[&str]) -> Vec<Sql<'a>> {
        let alias = self.facts_of(shop);
        let input = |column: &&str| match *column {
            "first_order_at" | "last_order_at" => format!("{alias}.{column}"),
            // Who never ordered there has ordered nothing.
            column => format!("COALESCE({alias}.{column}, 0)"),
        };
        columns.iter().map(|column| Sql::owned(input(column), Vec::new())).collect()
    }

    fn facts_of(&mut self, shop: Option<ShopId>) -> String {
        match shop {
            None => {
                self.facts = true;
                "f".into()
            }
            Some(shop) => format!("s{}", place_of(&mut self.shops, shop)),
        }
    }

    /// The JSON text of one attribute.
    fn attribute<'a>(&self, key: &str) -> Sql<'a> {
        match self.backend {
            Backend::Postgres => sql!("CAST(c.attributes -> {} AS text)", key.to_owned()),
            Backend::Sqlite => sql!("(c.attributes -> {})", format!("$.\"{key}\"")),
        }
    }

    /// The JSON text of a list, from a statement that answers each `value` with its `place` in the order.
    fn list<'a>(&self, values: Sql<'a>) -> Sql<'a> {
        let gather = match self.backend {
            Backend::Postgres => "(SELECT CAST(json_agg(v.value ORDER BY v.place) AS text) FROM ({}) v)",
            Backend::Sqlite => "(SELECT json_group_array(v.value ORDER BY v.place) FROM ({}) v)",
        };
        sql!(gather, values)
    }

    fn sql<'a>(&self) -> Sql<'a> {
        let mut joined = Sql::default();
        if self.facts {
            joined.push(sql!(
                " LEFT JOIN customer_facts f ON f.tenant_id = {} AND f.customer_id = c.id",
                self.tenant
            ));
        }
        for (place, shop) in self.shops.iter().enumerate() {
            let text = format!(
                " LEFT JOIN customer_shop_facts s{place} ON s{place}.tenant_id = {{}}
                      AND s{place}.customer_id = c.id AND s{place}.shop_id = {{}}"
            );
            joined.push(Sql::owned(text, vec![self.tenant.into(), (*shop).into()]));
        }
        for (place, channel) in self.channels.iter().enumerate() {
            let text = format!(
                " LEFT JOIN customer_channels k{place} ON k{place}.tenant_id = {{}}
                      AND k{place}.customer_id = c.id AND k{place}.channel = {{}}"
            );
            joined.push(Sql::owned(text, vec![self.tenant.into(), (*channel).into()]));
        }
        joined
    }
}

/// Where something stands in a list; it is put there if it does not.
fn place_of<T: PartialEq>(list: &mut Vec<T>, wanted: T) -> usize {
    list.iter().position(|known| *known == wanted).unwrap_or_else(|| {
        list.push(wanted);
        list.len() - 1
    })
}
