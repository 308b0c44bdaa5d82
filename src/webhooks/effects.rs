//! What platforms tell beside orders.

use crate::clock::IdGen;
use crate::customers::document::CustomerDocument;
use crate::customers::service::{self as customers, CustomerItem};
use crate::db::{AnyConnection, DbError};
use crate::error::Error;
use crate::ids::{ShopId, TenantId};
use crate::platforms::{CustomerUpdate, Event};
use crate::time::Timestamp;

/// What an event came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Applied,
    Ignored(String),
    Failed(String),
}

/// Applies events other than orders, set-based, and answers for each, in its order.
pub fn apply(
    connection: &mut AnyConnection,
    tenant: TenantId,
    events: &[(ShopId, &Event)],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Effect>, DbError> {
    let updates: Vec<(ShopId, &CustomerUpdate)> = events
        .iter()
        .filter_map(|(shop, event)| match event {
            Event::Customer(update) => Some((*shop, &**update)),
            _ => None,
        })
        .collect();
    let mut records = records(connection, tenant, &updates, now, ids)?.into_iter();
    let each = events.iter().map(|(_, event)| match event {
        Event::Customer(_) => records.next().unwrap_or_else(|| Effect::Failed("it has no result".into())),
        Event::Ping => Effect::Ignored("the platform only tried whether anybody answers".into()),
        Event::Ignored { reason } => Effect::Ignored(reason.clone().into_owned()),
        Event::Refused { error } => Effect::Failed(error.to_string()),
        Event::CustomerDataRequest(_) | Event::CustomerRedact(_) | Event::ShopRedact => {
            Effect::Failed("privacy requests are not served yet".into())
        }
        Event::Order { .. } => Effect::Failed("orders are applied elsewhere".into()),
    });
    Ok(each.collect())
}

/// Joins customer records into the customers' files.
fn records(
    connection: &mut AnyConnection,
    tenant: TenantId,
    updates: &[(ShopId, &CustomerUpdate)],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Effect>, DbError> {
    if updates.is_empty() {
        return Ok(Vec::new());
    }
    let items: Vec<CustomerItem> = updates.iter().map(|(shop, update)| item(*shop, update)).collect();
    let told = customers::upsert(connection, tenant, &items, now, ids)?;
    let each = told.into_iter().zip(updates).map(|(told, (_, update))| match told {
        Err(error) => Effect::Failed(explain(&error)),
        Ok(_) if !update.consents.is_empty() => Effect::Failed("consents are not recorded yet".into()),
        Ok(_) => Effect::Applied,
    });
    Ok(each.collect())
}

fn item(shop_id: ShopId, update: &CustomerUpdate) -> CustomerItem {
    CustomerItem {
        shop_id,
        external_id: update.external_id.clone(),
        document: CustomerDocument {
            version: Some(update.version),
            name: update.name.clone(),
            phone: update.phone.clone(),
            email: update.email.clone(),
            address: update.address.clone(),
            ..CustomerDocument::default()
        },
    }
}

/// What is wrong, without values.
fn explain(error: &Error) -> String {
    let fields = error.field_errors().iter().map(|field| field.detail.clone());
    std::iter::once(error.to_string()).chain(fields).collect::<Vec<_>>().join("; ")
}
