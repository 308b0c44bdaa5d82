//! Customers with their contacts and facts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use super::unreadable;
use crate::customers::contact::Contact;
use crate::db::types::{Document, Guid, Instant, JsonText};
use crate::db::{AnyConnection, Column, DbError, Keyed, Sql};
use crate::ids::{CustomerId, ShopId, TenantId};
use crate::ingest::facts::Facts;
use crate::ingest::identities::Identity;
use crate::ingest::stamps::Settled;
use crate::orders::document::Address;
use crate::sql;
use crate::time::Timestamp;

/// A customer as a batch sees and changes them.
#[derive(Debug, Clone, Default)]
pub struct Customer {
    pub contact: Contact,
    /// What the batch told of the contact.
    pub contact_told: Settled,
    /// What was told of this customer alone, where the contact is joined with that of others who are merged into them.
    pub own: Option<Contact>,
    pub own_told: Settled,
    pub merged_into: Option<CustomerId>,
    /// Whether a merge or its undo ever changed who belongs to them.
    pub regrouped: bool,
    /// Made by this transaction.
    pub new: bool,
    /// Nothing personal is kept of them any more.
    pub erased: bool,
    pub revision: i64,
    pub facts: Facts,
    pub facts_changed: bool,
    pub by_shop: BTreeMap<ShopId, ShopFacts>,
    /// The first or last order may be another than the facts say.
    pub bounds_unsure: bool,
}

impl Customer {
    /// One whom this transaction makes.
    pub fn made() -> Self {
        Self { new: true, ..Self::default() }
    }

    /// What was told of this customer alone.
    pub fn told_alone(&self) -> &Contact {
        self.own.as_ref().unwrap_or(&self.contact)
    }
}

/// Tells something of a customer as they are known by an identity: to them, and to the one under whom they are found.
pub fn tell(
    customers: &mut HashMap<CustomerId, Customer>,
    identity: Identity,
    tell: impl Fn(&mut Contact) -> Settled,
) -> Settled {
    let Identity { customer_id, origin_id, .. } = identity;
    if origin_id != customer_id
        && let Some(origin) = customers.get_mut(&origin_id)
    {
        origin.contact_told = origin.contact_told.max(tell(&mut origin.contact));
    }
    let Some(customer) = customers.get_mut(&customer_id) else {
        return Settled::Stale;
    };
    if origin_id == customer_id
        && let Some(own) = &mut customer.own
    {
        customer.own_told = customer.own_told.max(tell(own));
    }
    let told = tell(&mut customer.contact);
    customer.contact_told = customer.contact_told.max(told);
    told
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
    attributes: Document,
    #[diesel(sql_type = JsonText)]
    stamps: Document,
    #[diesel(sql_type = BigInt)]
    revision: i64,
    #[diesel(sql_type = Bool)]
    erased: bool,
    #[diesel(sql_type = Nullable<Guid>)]
    merged_into: Option<CustomerId>,
    #[diesel(sql_type = Nullable<BigInt>)]
    regrouped: Option<i64>,
}

#[derive(QueryableByName)]
struct OwnContactRow {
    #[diesel(sql_type = Guid)]
    customer_id: CustomerId,
    #[diesel(sql_type = JsonText)]
    contact: Document,
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

/// Reads and locks these customers without their facts.
pub fn contacts(
    connection: &mut AnyConnection,
    tenant: TenantId,
    ids: &BTreeSet<CustomerId>,
) -> Result<HashMap<CustomerId, Customer>, DbError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let keys = Column::ids(ids.iter().copied());
    let known = Keyed { lock: true, ..Keyed::of_tenant("customers", "c", tenant, "id", keys) };
    let known = known.rows(connection);
    let rows: Vec<CustomerRow> = sql!(
        "SELECT c.id, c.name, c.nick, c.gender, c.birthday, c.language, c.phone, c.email, c.country, c.province, c.city,
             c.district, c.address_line, c.postcode, c.attributes, c.stamps, c.revision, c.merged_into, c.regrouped,
             c.erased_at IS NOT NULL AS erased
         FROM {}",
        known,
    )
    .load(connection)?;
    let customers = rows.into_iter().map(|row| Ok((row.id, row.into_customer()?)));
    let mut customers = customers.collect::<Result<HashMap<_, _>, DbError>>()?;
    own_contacts(connection, tenant, &mut customers)?;
    Ok(customers)
}

/// Reads what was told of those alone whose contact is joined with that of others.
fn own_contacts(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &mut HashMap<CustomerId, Customer>,
) -> Result<(), DbError> {
    let regrouped = customers.iter().filter(|(_, customer)| customer.regrouped).map(|(id, _)| *id);
    let keys = Column::ids(regrouped);
    if keys.is_empty() {
        return Ok(());
    }
    let own = Keyed::of_tenant("own_contacts", "o", tenant, "customer_id", keys).rows(connection);
    let rows: Vec<OwnContactRow> = sql!("SELECT o.customer_id, o.contact FROM {}", own).load(connection)?;
    for OwnContactRow { customer_id, contact } in rows {
        if let Some(customer) = customers.get_mut(&customer_id) {
            customer.own = Some(contact.parse().map_err(unreadable("a customer"))?);
        }
    }
    Ok(())
}

/// Reads and locks these customers with their facts.
pub fn customers(
    connection: &mut AnyConnection,
    tenant: TenantId,
    ids: &BTreeSet<CustomerId>,
) -> Result<HashMap<CustomerId, Customer>, DbError> {
    let mut customers = contacts(connection, tenant, ids)?;
    if customers.is_empty() {
        return Ok(customers);
    }
    let facts = |table| {
        let keys = Column::ids(ids.iter().copied());
        Keyed::of_tenant(table, "f", tenant, "customer_id", keys).rows(connection)
    };
    // The rows above are locked, so their facts stand still: a later statement sees what the last holder committed.
    // One statement for both: a row over all shops carries the customer's own id where others have their shop's.
    let both = sql!(
        "SELECT f.customer_id, f.customer_id AS shop_id, {} FROM {} UNION ALL SELECT f.customer_id, f.shop_id, {} FROM {}",
        Sql::text(FACTS),
        facts("customer_facts"),
        Sql::text(FACTS),
        facts("customer_shop_facts"),
    );
    for row in both.load::<FactsRow>(connection)? {
        let Some(customer) = customers.get_mut(&row.customer_id) else {
            continue;
        };
        if row.shop_id.uuid() == row.customer_id.uuid() {
            customer.facts = row.into();
        } else {
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
        Ok(Customer {
            contact,
            revision: self.revision,
            erased: self.erased,
            merged_into: self.merged_into,
            regrouped: self.regrouped.is_some(),
            ..Customer::default()
        })
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
    let orders =
        Keyed::of_tenant("orders", "o", tenant, "customer_id", Column::ids(customers)).rows(connection);
    let found = sql!(
        "SELECT o.customer_id, o.shop_id, MIN(o.paid_at) AS first, MAX(o.paid_at) AS last
         FROM {} GROUP BY o.customer_id, o.shop_id",
        orders,
    );
    Ok(found.load(connection)?)
}
