//! The rules of privacy: erasing people, and serving what platforms ask for in their names.

use std::collections::BTreeSet;

use serde_json::json;

use super::holdings::HOLDINGS;
use super::model::{Action, Entry, PrivacyRequestResponse, RequestKind};
use super::store::{self, Request};
use super::tombstones::{self, PersonKey, TombstoneKey};
use crate::clock::IdGen;
use crate::customers::merging;
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::ids::{CustomerId, PrivacyRequestId, ShopId, TenantId};
use crate::ingest::identities::EXTERNAL;
use crate::platforms::PrivacyRequest;
use crate::tenants;
use crate::time::Timestamp;
use crate::webhooks;

/// Who erases, and when.
#[derive(Clone, Copy)]
pub struct Act<'a> {
    pub tenant: TenantId,
    /// The subject of the token, or the shop whose platform asks.
    pub actor: &'a str,
    pub now: Timestamp,
    pub ids: &'a dyn IdGen,
}

impl Act<'_> {
    pub fn write_down(
        &self,
        connection: &mut AnyConnection,
        action: Action,
        object: Option<String>,
        details: serde_json::Value,
    ) -> Result<()> {
        let entry = Entry { actor: self.actor.into(), action, object, details };
        store::write(connection, self.tenant, self.ids.id(self.now), entry, self.now)
    }
}

/// Erases a customer and all who were merged into them, in the transaction of the caller. What their orders add up to
/// stays. Erasing somebody who was erased changes nothing.
pub fn erase(connection: &mut AnyConnection, act: Act<'_>, customer: CustomerId) -> Result<()> {
    let person = store::person(connection, act.tenant, customer)?;
    let person = person.ok_or(Error::NotFound { what: "customer" })?;
    if person.erased {
        return Ok(());
    }
    let traces = Traces::of(connection, act, &person.customers)?;
    forget(connection, act, &person.customers, &traces)?;
    // Whoever was merged into the person while this went on would be left behind.
    let after = store::person(connection, act.tenant, customer)?;
    if after.is_none_or(|after| after.customers != person.customers) {
        return Err(Error::conflict("conflict", "another request changed the customer; try again"));
    }
    let details = json!({"customers": person.customers.len()});
    act.write_down(connection, Action::CustomerErased, Some(person.id.to_string()), details)
}

/// The keys of people who are to be forgotten.
struct Traces {
    /// By what they are known.
    keys: BTreeSet<PersonKey>,
    /// Which of it leaves a tombstone.
    tombstones: BTreeSet<PersonKey>,
}

impl Traces {
    /// Those of whole people: all but what many share, for a tombstone of that would take all of them for the person.
    fn of(connection: &mut AnyConnection, act: Act<'_>, customers: &BTreeSet<CustomerId>) -> Result<Self> {
        let keys = store::person_keys(connection, act.tenant, customers)?;
        let shared = store::shared_keys(connection, act.tenant, customers)?;
        Ok(Self { tombstones: &keys - &shared, keys })
    }
}

/// Takes what is personal about these customers out of every table.
fn forget(
    connection: &mut AnyConnection,
    act: Act<'_>,
    customers: &BTreeSet<CustomerId>,
    traces: &Traces,
) -> Result<()> {
    leave_tombstones(connection, act, &traces.tombstones)?;
    webhooks::forget::forget(connection, act.tenant, customers, &traces.keys)?;
    for holding in HOLDINGS {
        store::apply_fate(connection, act.tenant, customers, holding, act.now)?;
    }
    store::clear_lines(connection, act.tenant, customers)?;
    store::forget_match_keys(connection, act.tenant, &traces.keys)?;
    store::forget_answers(connection, act.tenant, customers)
}

fn leave_tombstones(connection: &mut AnyConnection, act: Act<'_>, keys: &BTreeSet<PersonKey>) -> Result<()> {
    let found = tenants::find_tenant(connection, act.tenant)?.ok_or(Error::NotFound { what: "tenant" })?;
    let key = match found.settings.tombstone_key {
        Some(key) => key,
        None => {
            let key = TombstoneKey::random(act.now, act.ids);
            tenants::update_tenant(connection, act.tenant, act.now, |tenant| {
                tenant.settings.tombstone_key = Some(key.clone());
                Ok(())
            })?;
            key
        }
    };
    Ok(tombstones::leave(connection, act.tenant, &key, keys, act.now)?)
}

/// Erases whom a platform asks to erase: the person whom its keys lead to, and what the named orders say of a buyer. The
/// platform's id of the person gets its tombstone even where nobody is known by it. Answers who was erased.
pub fn redact(
    connection: &mut AnyConnection,
    act: Act<'_>,
    shop: ShopId,
    request: &PrivacyRequest,
) -> Result<Vec<CustomerId>> {
    let people = store::people_asked_about(connection, act.tenant, shop, request)?;
    if let Some(external_id) = &request.external_id {
        let key = (EXTERNAL.to_string(), shop.to_string(), external_id.clone());
        leave_tombstones(connection, act, &BTreeSet::from([key]))?;
    }
    let objects: Vec<String> = people.iter().map(CustomerId::to_string).collect();
    let details = json!({"customers": objects, "orders": request.orders.len()});
    act.write_down(connection, Action::ErasureRequested, Some(shop.to_string()), details)?;
    for customer in &people {
        erase(connection, act, *customer)?;
    }
    store::clear_orders(connection, act.tenant, shop, &request.orders, act.now)?;
    Ok(people)
}

/// Keeps a platform's question what is held on somebody, open until a person closes it. Asked again under the
/// platform's own id of it, the question is one.
pub fn data_request(
    connection: &mut AnyConnection,
    act: Act<'_>,
    shop: ShopId,
    request: &PrivacyRequest,
) -> Result<PrivacyRequestId> {
    let person = store::people_asked_about(connection, act.tenant, shop, request)?.first().copied();
    let asked = Request {
        id: act.ids.id(act.now),
        kind: RequestKind::Access,
        shop_id: shop,
        request_key: request.request_id.clone(),
        customer_id: person,
    };
    keep(connection, act, &asked, Action::AccessRequested)?;
    Ok(asked.id)
}

/// Keeps a platform's request to erase everybody whom the shop knows, and asks for the job that does it.
pub fn shop_redact(connection: &mut AnyConnection, act: Act<'_>, shop: ShopId) -> Result<()> {
    let asked = Request {
        id: act.ids.id(act.now),
        kind: RequestKind::ShopErasure,
        shop_id: shop,
        request_key: None,
        customer_id: None,
    };
    keep(connection, act, &asked, Action::ShopErasureRequested)?;
    Ok(crate::jobs::ask(connection, act.tenant, super::shop_erasure::JOB, act.now)?)
}

fn keep(connection: &mut AnyConnection, act: Act<'_>, asked: &Request, action: Action) -> Result<()> {
    if store::ask(connection, act.tenant, asked, act.now)? {
        let details = json!({"shop_id": asked.shop_id, "customer_id": asked.customer_id});
        act.write_down(connection, action, Some(asked.id.to_string()), details)?;
    }
    Ok(())
}

/// Closes a request.
pub fn close(
    connection: &mut AnyConnection,
    act: Act<'_>,
    id: PrivacyRequestId,
) -> Result<PrivacyRequestResponse> {
    let missing = || Error::NotFound { what: "privacy request" };
    if store::close(connection, act.tenant, id, act.actor, act.now)? {
        act.write_down(connection, Action::RequestClosed, Some(id.to_string()), json!({}))?;
    }
    store::request(connection, act.tenant, id)?.ok_or_else(missing)
}

fn take_out(connection: &mut AnyConnection, act: Act<'_>, customers: &BTreeSet<CustomerId>) -> Result<()> {
    let found = tenants::find_tenant(connection, act.tenant)?.ok_or(Error::NotFound { what: "tenant" })?;
    let change = merging::Change {
        tenant: act.tenant,
        country: found.country.as_deref(),
        now: act.now,
        ids: act.ids,
        by: Some(act.actor),
        because: "shop_erasure",
    };
    Ok(merging::take_out(connection, &change, customers)?)
}

/// Erases a portion of those whom a shop knows and tells whether there may be more. Those whom other shops know as well
/// lose what this shop told: who they are to it is parted from them first.
pub fn erase_of_shop(
    connection: &mut AnyConnection,
    act: Act<'_>,
    shop: ShopId,
    portion: i64,
) -> Result<bool> {
    let known = store::known_to_shop(connection, act.tenant, shop, portion)?;
    if known.is_empty() {
        store::clear_orders_of_shop(connection, act.tenant, shop, act.now)?;
        webhooks::forget::forget_shop(connection, act.tenant, shop)?;
        return Ok(false);
    }
    let elsewhere = store::known_elsewhere(connection, act.tenant, shop, &known)?;
    let alone: BTreeSet<CustomerId> = known.difference(&elsewhere).copied().collect();
    if !alone.is_empty() {
        let people = store::with_merged(connection, act.tenant, alone.clone())?;
        let traces = Traces::of(connection, act, &people)?;
        forget(connection, act, &people, &traces)?;
    }
    if !elsewhere.is_empty() {
        let theirs = store::told_by_shop(connection, act.tenant, shop, &elsewhere)?;
        // Their phone and mailbox stay theirs in the other shops, so only the shop's ids leave tombstones.
        let tombstones = store::keys_in_shop(connection, act.tenant, shop, &elsewhere)?;
        let told = store::person_keys(connection, act.tenant, &theirs)?;
        let keys = &told | &tombstones;
        take_out(connection, act, &theirs)?;
        forget(connection, act, &theirs, &Traces { keys, tombstones })?;
    }
    let details = json!({"customers": alone.len(), "known_elsewhere": elsewhere.len()});
    act.write_down(connection, Action::CustomerErased, Some(shop.to_string()), details)?;
    Ok(true)
}
