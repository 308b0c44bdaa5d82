//! What a customer's row shows: the join of what was told of all who are found under them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Change;
use super::moves::mapped;
use crate::customers::contact::Contact;
use crate::customers::merging::graph::Grouping;
use crate::db::{AnyConnection, Column, DbError};
use crate::ids::CustomerId;
use crate::ingest::load::Customer;
use crate::ingest::save;
use crate::ingest::stamps::Settled;
use crate::sql;

/// How many rows are pointed elsewhere in one statement.
const CHUNK: usize = 400;

/// Writes who is found under whom, and what their rows show.
pub fn regroup(
    connection: &mut AnyConnection,
    change: &Change<'_>,
    grouping: &Grouping,
    touched: &BTreeSet<CustomerId>,
    mut customers: HashMap<CustomerId, Customer>,
) -> Result<(), DbError> {
    let tenant = change.tenant;
    let mut groups: BTreeMap<CustomerId, Vec<CustomerId>> = BTreeMap::new();
    for customer in touched {
        groups.entry(grouping.survivors[customer]).or_default().push(*customer);
    }
    let own: BTreeMap<CustomerId, Contact> = touched
        .iter()
        .filter_map(|customer| Some((*customer, customers.get(customer)?.told_alone().clone())))
        .collect();
    let joined = groups.iter().filter(|(_, members)| members.len() > 1).map(|(survivor, _)| *survivor);
    let joined: BTreeSet<CustomerId> = joined.collect();
    // Later than all that was shown under any of their ids, so that no entity tag comes again for other content.
    let latest = customers.values().map(|row| row.revision).max().unwrap_or_default();
    for (survivor, members) in &groups {
        for customer in members {
            let mut shown = own.get(customer).cloned().unwrap_or_default();
            if customer == survivor {
                members.iter().filter_map(|member| own.get(member)).for_each(|other| shown.join(other));
            }
            let Some(row) = customers.get_mut(customer) else { continue };
            row.revision = latest;
            if customer == survivor || row.contact != shown {
                row.contact_told = Settled::Changed;
            }
            row.contact = shown;
        }
    }
    let rows: Vec<(CustomerId, &Customer)> =
        touched.iter().filter_map(|customer| Some((*customer, customers.get(customer)?))).collect();
    save::customers(connection, tenant, change.country, &rows, change.now)?;
    let apart: Vec<(CustomerId, &Contact)> =
        joined.iter().filter_map(|survivor| Some((*survivor, own.get(survivor)?))).collect();
    save::own_contacts(connection, tenant, &apart)?;
    let gone = Column::ids(touched.difference(&joined).copied());
    if !gone.is_empty() {
        sql!("DELETE FROM own_contacts WHERE tenant_id = {} AND customer_id {}", tenant, gone)
            .execute(connection)?;
    }
    let under: Vec<(CustomerId, Option<CustomerId>)> = touched
        .iter()
        .map(|customer| {
            (*customer, Some(grouping.survivors[customer]).filter(|survivor| survivor != customer))
        })
        .collect();
    for chunk in under.chunks(CHUNK) {
        sql!(
            "UPDATE customers SET merged_into = {}, regrouped = COALESCE(regrouped, 0) + 1
             WHERE tenant_id = {} AND id {}",
            mapped(connection, "id", chunk),
            tenant,
            Column::ids(chunk.iter().map(|(customer, _)| *customer))
        )
        .execute(connection)?;
    }
    Ok(())
}
