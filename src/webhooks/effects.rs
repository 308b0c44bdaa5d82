//! What platforms tell beside orders.

use std::collections::BTreeMap;

use crate::clock::IdGen;
use crate::consents::{self, Channel, Statement};
use crate::customers::service::{self as customers, CustomerItem};
use crate::customers::{CustomerDocument, Whom};
use crate::db::{AnyConnection, DbError, apart};
use crate::error::Error;
use crate::ids::{ShopId, TenantId};
use crate::platforms::{CustomerUpdate, Event};
use crate::privacy::service::{self as privacy, Act};
use crate::shops::Platform;
use crate::tags::platform::{PlatformTags, set_platform_tags};
use crate::time::Timestamp;

/// An event and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct From<'e> {
    pub shop_id: ShopId,
    pub platform: Platform,
    pub event: &'e Event,
}

/// What an event came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Applied,
    Ignored(String),
    /// It tells of somebody who was erased, as of before that: nothing of it may be kept.
    Forgotten,
    Failed(String),
}

impl Effect {
    /// What a refusal comes to.
    fn refused(error: &Error, what: &str) -> Self {
        match error {
            Error::Conflict { code: "customer_erased", .. } => Self::Forgotten,
            _ => Self::Failed(format!("{what}{}", explain(error))),
        }
    }
}

/// Applies events other than orders, set-based, and answers for each, in its order.
pub fn apply(
    connection: &mut AnyConnection,
    tenant: TenantId,
    events: &[From<'_>],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Effect>, DbError> {
    let updates: Vec<Update<'_>> = events
        .iter()
        .filter_map(|from| match from.event {
            Event::Customer(update) => {
                Some(Update { shop_id: from.shop_id, platform: from.platform, record: update })
            }
            _ => None,
        })
        .collect();
    let mut records = records(connection, tenant, &updates, now, ids)?.into_iter();
    // After the records, which it may have to erase.
    let asked: Vec<Effect> = events
        .iter()
        .filter_map(|from| privacy(connection, tenant, from, now, ids).transpose())
        .collect::<Result<_, DbError>>()?;
    let mut asked = asked.into_iter();
    let each = events.iter().map(|from| match from.event {
        Event::Customer(_) => records.next().unwrap_or_else(|| Effect::Failed("it has no result".into())),
        Event::Ping => Effect::Ignored("the platform only tried whether anybody answers".into()),
        Event::Ignored { reason } => Effect::Ignored(reason.clone().into_owned()),
        Event::Refused { error } => Effect::Failed(error.to_string()),
        Event::CustomerDataRequest(_) | Event::CustomerRedact(_) | Event::ShopRedact => {
            asked.next().unwrap_or_else(|| Effect::Failed("it has no result".into()))
        }
        Event::Order { .. } => Effect::Failed("orders are applied elsewhere".into()),
    });
    Ok(each.collect())
}

/// Serves what a platform asks for in somebody's name; `None` for other events.
fn privacy(
    connection: &mut AnyConnection,
    tenant: TenantId,
    from: &From<'_>,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Option<Effect>, DbError> {
    let (shop, actor) = (from.shop_id, from.shop_id.to_string());
    let act = Act { tenant, actor: &actor, now, ids };
    let served = apart(connection, &[from.event], |connection, events| {
        let done = events.iter().map(|event| match event {
            Event::CustomerDataRequest(request) => {
                privacy::data_request(connection, act, shop, request).map(|_| Some(Effect::Applied))
            }
            Event::CustomerRedact(request) => {
                privacy::redact(connection, act, shop, request).map(|_| Some(Effect::Applied))
            }
            Event::ShopRedact => privacy::shop_redact(connection, act, shop).map(|()| Some(Effect::Applied)),
            _ => Ok(None),
        });
        let told = done.map(|done| match done {
            // Somebody was in the way: once more, from the beginning.
            Err(Error::Conflict { detail, .. }) => Err(DbError::Conflict(detail)),
            Err(error) => Ok(Some(Effect::Failed(explain(&error)))),
            Ok(effect) => Ok(effect),
        });
        told.collect()
    })?;
    served.into_iter().next().unwrap_or(Ok(None))
}

/// A platform's record of a customer.
#[derive(Clone, Copy)]
struct Update<'e> {
    shop_id: ShopId,
    platform: Platform,
    record: &'e CustomerUpdate,
}

/// Joins customer records into the customers' files, with their consents and tags.
fn records(
    connection: &mut AnyConnection,
    tenant: TenantId,
    updates: &[Update<'_>],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Effect>, DbError> {
    if updates.is_empty() {
        return Ok(Vec::new());
    }
    let items: Vec<CustomerItem> = updates.iter().map(Update::item).collect();
    let told = customers::upsert(connection, tenant, &items, now, ids)?;
    let mut effects: Vec<Effect> = told
        .into_iter()
        .map(|told| told.map_or_else(|error| Effect::refused(&error, ""), |_| Effect::Applied))
        .collect();
    consents(connection, tenant, updates, &mut effects, now, ids)?;
    tags(connection, tenant, updates, &effects, now, ids)?;
    Ok(effects)
}

/// Keeps what the people of the records allowed and forbade.
fn consents(
    connection: &mut AnyConnection,
    tenant: TenantId,
    updates: &[Update<'_>],
    effects: &mut [Effect],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<(), DbError> {
    let (mut places, mut statements) = (Vec::new(), Vec::new());
    for (place, update) in updates.iter().enumerate() {
        if effects[place] != Effect::Applied {
            continue;
        }
        for consent in &update.record.consents {
            let Some(channel) = Channel::parse(&consent.channel) else {
                effects[place] = Effect::Failed(format!("there is no channel `{}`", consent.channel));
                continue;
            };
            places.push(place);
            statements.push(Statement {
                whom: Whom::Buyer(update.shop_id, update.record.external_id.clone()),
                channel,
                granted: consent.granted,
                at: consent.at.unwrap_or(update.record.version),
                source: update.platform.as_str().to_owned(),
                note: None,
                recorded_by: None,
            });
        }
    }
    if statements.is_empty() {
        return Ok(());
    }
    let recorded = consents::service::record(connection, tenant, &statements, now, ids)?;
    for (place, result) in places.into_iter().zip(recorded) {
        if let Err(error) = result {
            effects[place] = Effect::refused(&error, "consent: ");
        }
    }
    Ok(())
}

/// Takes over the platforms' own tags.
fn tags(
    connection: &mut AnyConnection,
    tenant: TenantId,
    updates: &[Update<'_>],
    effects: &[Effect],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<(), DbError> {
    let mut by_shop: BTreeMap<ShopId, Vec<PlatformTags>> = BTreeMap::new();
    for (update, _) in updates.iter().zip(effects).filter(|(_, effect)| **effect == Effect::Applied) {
        let record = update.record;
        if record.tags.is_some() || !record.tags_added.is_empty() || !record.tags_removed.is_empty() {
            by_shop.entry(update.shop_id).or_default().push(PlatformTags {
                external_id: record.external_id.clone(),
                all: record.tags.clone(),
                given: record.tags_added.clone(),
                taken: record.tags_removed.clone(),
                version: record.version,
            });
        }
    }
    for (shop, told) in by_shop {
        set_platform_tags(connection, tenant, shop, &told, now, ids)?;
    }
    Ok(())
}

impl Update<'_> {
    fn item(&self) -> CustomerItem {
        CustomerItem {
            shop_id: self.shop_id,
            external_id: self.record.external_id.clone(),
            document: CustomerDocument {
                version: Some(self.record.version),
                name: self.record.name.clone(),
                nick: self.record.nick.clone(),
                gender: self.record.gender,
                birthday: self.record.birthday.clone(),
                language: self.record.language.clone(),
                phone: self.record.phone.clone(),
                phone_verified: self.record.phone_verified,
                email: self.record.email.clone(),
                email_verified: self.record.email_verified,
                address: self.record.address.clone(),
                attributes: self.record.attributes.clone(),
            },
        }
    }
}

/// What is wrong, without values.
fn explain(error: &Error) -> String {
    let fields = error.field_errors().iter().map(|field| field.detail.clone());
    std::iter::once(error.to_string()).chain(fields).collect::<Vec<_>>().join("; ")
}
