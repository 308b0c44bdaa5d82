//! Customers and their contacts.

use super::documents;
use crate::customers::contact::Contact;
use crate::customers::keys;
use crate::db::{AnyConnection, Column, DbError, OnConflict, Table, Upsert};
use crate::ids::{CustomerId, TenantId};
use crate::ingest::load::Customer;
use crate::ingest::stamps::Settled;
use crate::time::Timestamp;

const CUSTOMERS: Table = Table {
    name: "customers",
    columns: &[
        "tenant_id",
        "id",
        "name",
        "name_key",
        "nick",
        "nick_key",
        "gender",
        "birthday",
        "language",
        "phone",
        "phone_reversed",
        "email",
        "email_key",
        "country",
        "province",
        "city",
        "district",
        "address_line",
        "postcode",
        "attributes",
        "stamps",
        "created_at",
        "updated_at",
        "revision",
    ],
    key: &["tenant_id", "id"],
};

const CONTACT: &[&str] = &[
    "name",
    "name_key",
    "nick",
    "nick_key",
    "gender",
    "birthday",
    "language",
    "phone",
    "phone_reversed",
    "email",
    "email_key",
    "country",
    "province",
    "city",
    "district",
    "address_line",
    "postcode",
    "attributes",
    "stamps",
    "updated_at",
    "revision",
];

/// Makes new customers and writes the contacts that changed. `country` is where phones without a code belong.
pub fn customers(
    connection: &mut AnyConnection,
    tenant: TenantId,
    country: Option<&str>,
    customers: &[(CustomerId, &Customer)],
    now: Timestamp,
) -> Result<(), DbError> {
    let (new, known): (Vec<_>, Vec<_>) = customers.iter().partition(|(_, customer)| customer.new);
    let told = |wanted: Settled| -> Vec<(CustomerId, &Customer)> {
        known.iter().filter(|(_, customer)| customer.contact_told == wanted).copied().collect()
    };
    confirm_contacts(connection, tenant, &told(Settled::Confirmed), now)?;
    upsert_customers(connection, tenant, country, &new, now, OnConflict::Keep)?;
    upsert_customers(connection, tenant, country, &told(Settled::Changed), now, OnConflict::Update(CONTACT))?;
    let own = known.iter().filter(|(_, customer)| customer.own_told.is_news());
    let own: Vec<(CustomerId, &Contact)> =
        own.filter_map(|(id, customer)| Some((*id, customer.own.as_ref()?))).collect();
    own_contacts(connection, tenant, &own)
}

const OWN_CONTACTS: Table = Table {
    name: "own_contacts",
    columns: &["tenant_id", "customer_id", "contact"],
    key: &["tenant_id", "customer_id"],
};

/// Writes what was told of customers alone, whose rows show what is joined with others'.
pub fn own_contacts(
    connection: &mut AnyConnection,
    tenant: TenantId,
    rows: &[(CustomerId, &Contact)],
) -> Result<(), DbError> {
    Upsert {
        table: &OWN_CONTACTS,
        values: vec![
            Column::ids(rows.iter().map(|_| tenant)),
            Column::ids(rows.iter().map(|(id, _)| *id)),
            documents(rows.iter().map(|(_, contact)| *contact))?,
        ],
        on_conflict: OnConflict::Update(&["contact"]),
    }
    .execute(connection)?;
    Ok(())
}

/// A contact that says the same as before keeps its new stamps, and nobody sees a change.
///
/// An upsert of rows that are there; the other columns are those which no row can do without.
fn confirm_contacts(
    connection: &mut AnyConnection,
    tenant: TenantId,
    rows: &[(CustomerId, &Customer)],
    now: Timestamp,
) -> Result<(), DbError> {
    const CONFIRMED: Table = Table {
        name: CUSTOMERS.name,
        columns: &["tenant_id", "id", "attributes", "stamps", "created_at", "updated_at", "revision"],
        key: CUSTOMERS.key,
    };
    let contacts = || rows.iter().map(|(_, customer)| &customer.contact);
    Upsert {
        table: &CONFIRMED,
        values: vec![
            Column::ids(rows.iter().map(|_| tenant)),
            Column::ids(rows.iter().map(|(id, _)| *id)),
            documents(contacts().map(|contact| &contact.attributes))?,
            documents(contacts().map(|contact| &contact.stamps))?,
            Column::instants(rows.iter().map(|_| now)),
            Column::instants(rows.iter().map(|_| now)),
            Column::ints(rows.iter().map(|(_, customer)| customer.revision)),
        ],
        on_conflict: OnConflict::Update(&["stamps"]),
    }
    .execute(connection)?;
    Ok(())
}

fn upsert_customers(
    connection: &mut AnyConnection,
    tenant: TenantId,
    country: Option<&str>,
    rows: &[(CustomerId, &Customer)],
    now: Timestamp,
    on_conflict: OnConflict,
) -> Result<(), DbError> {
    let contacts = || rows.iter().map(|(_, customer)| &customer.contact);
    let name_keys: Vec<_> = contacts().map(|c| c.name.as_deref().and_then(keys::name_key)).collect();
    let nick_keys: Vec<_> = contacts().map(|c| c.nick.as_deref().and_then(keys::name_key)).collect();
    let email_keys: Vec<_> = contacts().map(|c| c.email.as_deref().and_then(keys::email_key)).collect();
    let phones: Vec<_> = contacts()
        .map(|c| keys::phone_reversed(c.phone.as_deref()?, c.address.country.as_deref().or(country)))
        .collect();
    Upsert {
        table: &CUSTOMERS,
        values: vec![
            Column::ids(rows.iter().map(|_| tenant)),
            Column::ids(rows.iter().map(|(id, _)| *id)),
            Column::optional_texts(contacts().map(|c| c.name.as_deref())),
            Column::optional_texts(name_keys.iter().map(Option::as_deref)),
            Column::optional_texts(contacts().map(|c| c.nick.as_deref())),
            Column::optional_texts(nick_keys.iter().map(Option::as_deref)),
            Column::optional_texts(contacts().map(|c| c.gender.as_deref())),
            Column::optional_texts(contacts().map(|c| c.birthday.as_deref())),
            Column::optional_texts(contacts().map(|c| c.language.as_deref())),
            Column::optional_texts(contacts().map(|c| c.phone.as_deref())),
            Column::optional_texts(phones.iter().map(Option::as_deref)),
            Column::optional_texts(contacts().map(|c| c.email.as_deref())),
            Column::optional_texts(email_keys.iter().map(Option::as_deref)),
            Column::optional_texts(contacts().map(|c| c.address.country.as_deref())),
            Column::optional_texts(contacts().map(|c| c.address.province.as_deref())),
            Column::optional_texts(contacts().map(|c| c.address.city.as_deref())),
            Column::optional_texts(contacts().map(|c| c.address.district.as_deref())),
            Column::optional_texts(contacts().map(|c| c.address.line.as_deref())),
            Column::optional_texts(contacts().map(|c| c.address.postcode.as_deref())),
            documents(contacts().map(|c| &c.attributes))?,
            documents(contacts().map(|c| &c.stamps))?,
            Column::instants(rows.iter().map(|_| now)),
            Column::instants(rows.iter().map(|_| now)),
            Column::ints(rows.iter().map(|(_, customer)| customer.revision + 1)),
        ],
        on_conflict,
    }
    .execute(connection)?;
    Ok(())
}
