//! All that is held on one person, section by section, a page of rows in memory at a time.

use std::collections::BTreeSet;
use std::io::Write;

use serde::Serialize;
use utoipa::ToSchema;

use crate::consents;
use crate::consents::model::StatementResponse;
use crate::customers;
use crate::customers::facts::{FactsResponse, ShopFactsResponse};
use crate::customers::model::{CustomerResponse, IdentityResponse};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::events::{self, EventResponse};
use crate::notes::{self, NoteResponse};
use crate::orders;
use crate::orders::model::OrderResponse;
use crate::privacy::store;
use crate::privacy::store::memberships::{self, Membership};
use crate::privacy::store::rest::{self, HeldTag, ToldKey, ToldMerge, ToldTagChange};
use crate::tenants::Tenant;
use crate::time::Timestamp;
use crate::touches::{self, TouchResponse};

/// All that is held on one person.
#[derive(ToSchema)]
pub struct CustomerExport {
    pub customer: CustomerResponse,
    /// By what they are known, and where.
    pub identities: Vec<IdentityResponse>,
    /// Phones and mailboxes that somebody vouched for.
    pub match_keys: Vec<ToldKey>,
    /// Who became one with them, and when.
    pub merges: Vec<ToldMerge>,
    /// The tags that they have.
    pub tags: Vec<HeldTag>,
    /// The tags that they got and lost, newest first.
    pub tag_changes: Vec<ToldTagChange>,
    /// What all their orders add up to.
    pub facts: FactsResponse,
    /// The same for each shop.
    pub facts_by_shop: Vec<ShopFactsResponse>,
    /// All their orders with lines and refunds, newest first.
    pub orders: Vec<OrderResponse>,
    /// All that they said about being contacted, newest first.
    pub consents: Vec<StatementResponse>,
    /// All that was written down about them, newest first.
    pub notes: Vec<NoteResponse>,
    /// All that they did beside buying, newest first.
    pub events: Vec<EventResponse>,
    /// The campaigns that they were in, the latest first.
    pub campaigns: Vec<Membership>,
    /// Every contact with them, newest first.
    pub touches: Vec<TouchResponse>,
}

/// Rows that are read at once.
const PAGE: i64 = 500;

/// Writes the export as JSON.
pub fn write(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    customer: CustomerResponse,
    now: Timestamp,
    out: &mut dyn Write,
) -> Result<()> {
    let (whole, id) = (tenant.id, customer.id);
    let file = customers::service::profile(connection, tenant, None, id, now)?;
    let person = store::with_merged(connection, whole, BTreeSet::from([id]))?;
    let mut sections = Sections { out, begun: false };
    sections.one("customer", &customer)?;
    sections.one("identities", &file.identities)?;
    sections.one("match_keys", &rest::match_keys(connection, whole, &person)?)?;
    sections.one("merges", &rest::merges(connection, whole, &person)?)?;
    sections.one("tags", &rest::tags(connection, whole, &person)?)?;
    sections.one("tag_changes", &rest::tag_changes(connection, whole, &person)?)?;
    sections.one("facts", &file.facts)?;
    sections.one("facts_by_shop", &file.facts_by_shop)?;
    let filter = orders::store::Filter { customer_id: Some(id), ..orders::store::Filter::default() };
    sections.pages(
        "orders",
        |after| {
            orders::store::list(connection, whole, &filter, orders::store::Sort::NewestFirst, after, PAGE)
        },
        |order| (order.ordered_at, order.id),
    )?;
    sections.pages(
        "consents",
        |after| consents::store::history(connection, whole, id, after, PAGE),
        |said| (said.at, said.id),
    )?;
    sections.pages(
        "notes",
        |after| notes::store::list(connection, whole, id, after, PAGE),
        |note| (note.created_at, note.id),
    )?;
    let filter = events::store::Filter { customer_id: Some(id), ..events::store::Filter::default() };
    sections.pages(
        "events",
        |after| events::store::list(connection, whole, &filter, after, PAGE),
        |event| (event.occurred_at, event.id),
    )?;
    sections.one("campaigns", &memberships::find(connection, whole, &person)?)?;
    sections.one("touches", &touches::store::of_customers(connection, whole, &person)?)?;
    sections.end()
}

/// The fields of one JSON object, written one after the other.
struct Sections<'o> {
    out: &'o mut dyn Write,
    begun: bool,
}

impl Sections<'_> {
    fn name(&mut self, name: &str) -> Result<()> {
        let start = if self.begun { "," } else { "{" };
        self.begun = true;
        write!(self.out, "{start}\"{name}\":").map_err(Error::internal)
    }

    fn one(&mut self, name: &str, value: &impl Serialize) -> Result<()> {
        self.name(name)?;
        Ok(serde_json::to_writer(&mut *self.out, value)?)
    }

    /// A list that is read in pages, each after the last row of the one before.
    fn pages<T: Serialize, K>(
        &mut self,
        name: &str,
        mut page: impl FnMut(Option<K>) -> Result<Vec<T>>,
        key: impl Fn(&T) -> K,
    ) -> Result<()> {
        self.name(name)?;
        let (mut after, mut start) = (None, "[");
        loop {
            let rows = page(after)?;
            for row in &rows {
                self.out.write_all(start.as_bytes()).map_err(Error::internal)?;
                serde_json::to_writer(&mut *self.out, row)?;
                start = ",";
            }
            match rows.last() {
                Some(last) if rows.len() as i64 == PAGE => after = Some(key(last)),
                _ => break,
            }
        }
        let end = if start == "[" { "[]" } else { "]" };
        self.out.write_all(end.as_bytes()).map_err(Error::internal)
    }

    fn end(self) -> Result<()> {
        self.out.write_all(b"}").map_err(Error::internal)
    }
}
