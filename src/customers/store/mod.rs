//! All SQL that reads customers. What writes them is in [`crate::ingest`], for orders make and change them as well.

mod duplicates;
mod facts;
mod held;
mod identities;
mod list;
mod search;
mod timeline;

pub use duplicates::{DuplicatesPlace, duplicates};
pub use facts::facts;
pub use held::held;
pub use identities::identities;
pub use list::{Place, Sort, count, list};
pub use search::{Filter, Search};
pub use timeline::{Moment, timeline};

use diesel::QueryableByName;

use super::document::Gender;
use super::model::CustomerResponse;
use crate::db::schema::customers;
use crate::db::types::Document;
use crate::db::{AnyConnection, Sql};
use crate::error::Result;
use crate::ids::{CustomerId, TenantId};
use crate::orders::document::Address;
use crate::sql;
use crate::time::Timestamp;

#[derive(QueryableByName)]
#[diesel(table_name = customers)]
struct CustomerRow {
    id: CustomerId,
    name: Option<String>,
    nick: Option<String>,
    gender: Option<String>,
    birthday: Option<String>,
    language: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    country: Option<String>,
    province: Option<String>,
    city: Option<String>,
    district: Option<String>,
    address_line: Option<String>,
    postcode: Option<String>,
    attributes: Document,
    merged_into: Option<CustomerId>,
    erased_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: i64,
    name_key: Option<String>,
}

const COLUMNS: &str = "c.id, c.name, c.nick, c.gender, c.birthday, c.language, c.phone, c.email, c.country, c.province, \
    c.city, c.district, c.address_line, c.postcode, c.attributes, c.merged_into, c.erased_at, c.created_at, c.updated_at, c.revision, \
    c.name_key";

fn load(connection: &mut AnyConnection, query: &Sql<'_>) -> Result<Vec<CustomerRow>> {
    Ok(query.load(connection)?)
}

/// How many times a customer may have been merged into another who was merged in turn.
pub(super) const LONGEST_CHAIN: usize = 16;

/// The customer with this id, or the one into whom that customer was merged.
pub fn find(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: CustomerId,
) -> Result<Option<CustomerResponse>> {
    let text = format!("SELECT {COLUMNS} FROM customers c WHERE c.tenant_id = {{}} AND c.id = {{}}");
    let mut wanted = id;
    for _ in 0..LONGEST_CHAIN {
        let Some(row) = load(connection, &sql!(&text, tenant, wanted))?.pop() else {
            return Ok(None);
        };
        match row.merged_into {
            Some(survivor) => wanted = survivor,
            None => {
                let customer = row.into_customer()?;
                let merged_from = (wanted != id).then_some(id);
                return Ok(Some(CustomerResponse { merged_from, ..customer }));
            }
        }
    }
    Ok(None)
}

/// Of a set of customers (`SELECT … AS id …`) those after one, in the order of their ids.
pub fn among(
    connection: &mut AnyConnection,
    tenant: TenantId,
    set: Sql<'static>,
    after: Option<CustomerId>,
    rows: i64,
) -> Result<Vec<CustomerResponse>> {
    let query = sql!(
        "SELECT {} FROM customers c WHERE c.tenant_id = {} AND c.id > {} AND c.id IN ({}) ORDER BY c.id LIMIT {}",
        Sql::text(COLUMNS),
        tenant,
        after.unwrap_or(CustomerId::nil()),
        set,
        rows
    );
    load(connection, &query)?.into_iter().map(CustomerRow::into_customer).collect()
}

impl CustomerRow {
    fn into_customer(self) -> Result<CustomerResponse> {
        Ok(CustomerResponse {
            id: self.id,
            merged_from: None,
            name: self.name,
            nick: self.nick,
            gender: self.gender.as_deref().and_then(Gender::parse),
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
            attributes: self.attributes.parse()?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            erased_at: self.erased_at,
            revision: self.revision,
        })
    }
}
