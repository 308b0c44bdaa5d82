//! The rules of customers: how what is told of them is joined.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::contact::Contact;
use super::document::{CreateCustomerRequest, CustomerDocument, NewIdentity};
use super::facts::{FactsResponse, ShopFactsResponse};
use super::match_key::{MatchKey, Vouched};
use super::model::{CustomerResponse, IdentityResponse, ProfileResponse};
use super::patch::UpdateCustomerRequest;
use super::store;
use super::whom::NoOwner;
use crate::clock::IdGen;
use crate::consents::model::{Addresses, ChannelResponse};
use crate::consents::{self, Channel};
use crate::db::{AnyConnection, DbError, apart};
use crate::error::{Error, Result};
use crate::events;
use crate::http::{BulkItemResult, BulkResponse, ShopDocument, ShopItem, apply_each};
use crate::ids::{CustomerId, TenantId};
use crate::ingest::Refusal;
use crate::ingest::forgotten::{self, Person};
use crate::ingest::identities::{self, BuyerKey, Buyers, Told};
use crate::ingest::load::{self, Customer, Tenant};
use crate::ingest::save;
use crate::ingest::stamps::Settled;
use crate::lifecycle::{self, Cuts};
use crate::notes;
use crate::orders;
use crate::orders::document::Address;
use crate::tags;
use crate::tenants;
use crate::time::Timestamp;
use crate::touches;

/// A customer in bulk.
pub type CustomerItem = ShopItem<CustomerDocument>;

impl ShopDocument for CustomerDocument {
    const LIST: &'static str = "customers";
    const ITEM: &'static str = "CustomerItem";
}

/// What became of a customer that was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upserted {
    pub id: CustomerId,
    /// The customer was not known before.
    pub created: bool,
    /// It told something new.
    pub applied: bool,
}

/// How many customers are written at once.
const CHUNK: usize = 1_000;

/// Joins what platforms tell of customers, in the transaction of the caller, and answers for each, in its order. They
/// have been validated. What is wrong with one concerns it alone; an error means that nothing may be committed.
pub fn upsert(
    connection: &mut AnyConnection,
    tenant: TenantId,
    items: &[CustomerItem],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Result<Upserted>>, DbError> {
    let mut answers = Vec::with_capacity(items.len());
    for chunk in items.chunks(CHUNK) {
        let results = apart(connection, chunk, |connection, items| {
            upsert_together(connection, tenant, items, now, ids)
        })?;
        answers.extend(results.into_iter().map(|result| Ok(result??)));
    }
    Ok(answers)
}

/// [`upsert`] for those customers that could be read.
pub fn upsert_batch(
    connection: &mut AnyConnection,
    tenant: TenantId,
    items: Vec<Result<CustomerItem>>,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<BulkResponse> {
    apply_each(
        items,
        |items| Ok(upsert(connection, tenant, &items, now, ids)?),
        |index, upserted: Upserted| BulkItemResult::taken(index, upserted.applied, upserted.id),
    )
}

fn upsert_together(
    connection: &mut AnyConnection,
    tenant: TenantId,
    items: &[CustomerItem],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Result<Upserted, Refusal>>, DbError> {
    let shops = items.iter().map(|item| item.shop_id).collect();
    let Some(tenant) = load::tenant(connection, tenant, &shops)? else {
        return Ok(items.iter().map(|_| Err(Refusal::UnknownTenant)).collect());
    };
    let version = |item: &CustomerItem| item.document.version.unwrap_or(now);
    let people: Vec<Person> = items
        .iter()
        .map(|item| Person { known_by: buyer_key(item), keys: match_keys(&item.document, &tenant) })
        .collect();
    let erased = forgotten::erasures(connection, &tenant, people.iter().map(Some))?;
    let refusal = |item: &CustomerItem, erased_at: Option<Timestamp>| {
        // A record that does not say how old it is may be of any age.
        let is_old = |at: Timestamp| item.document.version.is_none_or(|version| version < at);
        let sound = Refusal::of(item.shop_id, version(item), &tenant, now);
        sound.or_else(|| erased_at.is_some_and(is_old).then_some(Refusal::Erased))
    };
    let refusals: Vec<Option<Refusal>> =
        items.iter().zip(erased).map(|(item, erased_at)| refusal(item, erased_at)).collect();
    let mut wanted = Buyers::new();
    for (person, _) in people.into_iter().zip(&refusals).filter(|(_, refusal)| refusal.is_none()) {
        wanted.entry(person.known_by).or_default().extend(person.keys);
    }
    let told = Told { source: "customer", now, ids };
    let buyers = identities::resolve(connection, &tenant, &wanted, &BTreeSet::new(), &told)?;
    let mut customers = load::contacts(connection, tenant.id, &buyers.known_customers())?;
    buyers.confirm(connection, tenant.id, &customers)?;
    customers.extend(buyers.new_customers.iter().map(|customer| (*customer, Customer::made())));
    let mut untold: HashSet<CustomerId> = buyers.new_customers.union(&buyers.made).copied().collect();
    let answers = items
        .iter()
        .zip(refusals)
        .map(|(item, refusal)| {
            if let Some(refusal) = refusal {
                return Err(refusal);
            }
            let identity = *buyers.identities.get(&buyer_key(item)).ok_or(Refusal::UnknownShop)?;
            let details = item.document.details();
            let tell = |contact: &mut Contact| contact.tell_record(details.clone(), version(item));
            let (id, told) = (identity.customer_id, load::tell(&mut customers, identity, tell));
            let created = untold.remove(&id);
            Ok(Upserted { id, created, applied: created || told == Settled::Changed })
        })
        .collect();
    save(connection, &tenant, &customers, now)?;
    Ok(answers)
}

fn buyer_key(item: &CustomerItem) -> BuyerKey {
    BuyerKey::External(item.shop_id, item.external_id.clone())
}

/// The phone and the mailbox that the document vouches for.
fn match_keys(document: &CustomerDocument, tenant: &Tenant) -> Vec<MatchKey> {
    let country = document.address.as_ref().and_then(|address| address.country.as_deref());
    let vouched = Vouched {
        phone: document.phone.as_deref(),
        phone_verified: document.phone_verified,
        email: document.email.as_deref(),
        email_verified: document.email_verified,
        country: country.or(tenant.country.as_deref()),
    };
    vouched.keys(&tenant.identity_policy)
}

fn save(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    customers: &HashMap<CustomerId, Customer>,
    now: Timestamp,
) -> Result<(), DbError> {
    let mut sorted: Vec<(CustomerId, &Customer)> =
        customers.iter().map(|(id, customer)| (*id, customer)).collect();
    sorted.sort_by_key(|(id, _)| *id);
    save::customers(connection, tenant.id, tenant.country.as_deref(), &sorted, now)?;
    save::facts(connection, tenant.id, &sorted)
}

/// Makes customers of whom nothing is known yet but that they are there.
pub(super) fn make(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    customers: &HashSet<CustomerId>,
    now: Timestamp,
) -> Result<(), DbError> {
    let customers = customers.iter().map(|id| (*id, Customer::made())).collect();
    save(connection, tenant, &customers, now)
}

/// Makes a customer as a person enters them.
pub fn create(
    connection: &mut AnyConnection,
    tenant: TenantId,
    request: &CreateCustomerRequest,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<CustomerResponse> {
    let shops = request.identity.iter().map(|identity| identity.shop_id).collect();
    let tenant = load::tenant(connection, tenant, &shops)?.ok_or(Error::NotFound { what: "tenant" })?;
    let id = match &request.identity {
        Some(identity) if !tenant.shops.contains_key(&identity.shop_id) => {
            return Err(Error::invalid("/identity/shop_id", "unknown_shop", "there is no such shop"));
        }
        Some(NewIdentity { shop_id, external_id }) => {
            let key = BuyerKey::External(*shop_id, external_id.clone());
            claim(connection, &tenant, key, &Told { source: "person", now, ids })?
        }
        None => ids.id(now),
    };
    let mut customer = Customer::made();
    customer.contact.enter(request.details(), now);
    save(connection, &tenant, &HashMap::from([(id, customer)]), now)?;
    get(connection, tenant.id, id)
}

/// A new customer's id, known to the shop by this key from now on.
fn claim(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    key: BuyerKey,
    told: &Told<'_>,
) -> Result<CustomerId> {
    let buyers = Buyers::from([(key, BTreeSet::new())]);
    let buyers = identities::resolve(connection, tenant, &buyers, &BTreeSet::new(), told)?;
    buyers.new_customers.into_iter().next().ok_or_else(|| {
        Error::conflict(
            "identity_taken",
            "the shop knows a customer by this external_id already; PUT /v1/shops/{shop_id}/customers/{external_id} \
             tells more of them",
        )
    })
}

/// The customer, or the one into whom they were merged.
pub fn get(connection: &mut AnyConnection, tenant: TenantId, id: CustomerId) -> Result<CustomerResponse> {
    store::find(connection, tenant, id)?.ok_or(Error::NotFound { what: "customer" })
}

/// Under whom a customer is found: the one into whom they were merged, or themselves.
pub fn found_under(connection: &mut AnyConnection, tenant: TenantId, id: CustomerId) -> Result<CustomerId> {
    Ok(store::find(connection, tenant, id)?.map_or(id, |customer| customer.id))
}

/// Changes a customer's contact as a person enters it; `allow` may refuse by the revision.
pub fn update(
    connection: &mut AnyConnection,
    tenant: TenantId,
    id: CustomerId,
    patch: &UpdateCustomerRequest,
    now: Timestamp,
    allow: impl FnOnce(i64) -> Result<()>,
) -> Result<CustomerResponse> {
    let found = get(connection, tenant, id)?;
    if found.erased_at.is_some() {
        return Err(NoOwner::Erased.into());
    }
    let tenant =
        load::tenant(connection, tenant, &BTreeSet::new())?.ok_or(Error::NotFound { what: "tenant" })?;
    let mut customers = load::contacts(connection, tenant.id, &BTreeSet::from([found.id]))?;
    let customer = customers.get_mut(&found.id).ok_or(Error::NotFound { what: "customer" })?;
    if customer.merged_into.is_some() {
        return Err(DbError::Conflict("the customer was merged meanwhile".into()).into());
    }
    allow(customer.revision)?;
    let details = patch.details(&customer.contact)?;
    let version = customer.contact.next_entry(now);
    if let Some(own) = &mut customer.own {
        customer.own_told = own.tell_entry(details.clone(), version);
    }
    customer.contact_told = customer.contact.tell_entry(details, version);
    save(connection, &tenant, &customers, now)?;
    get(connection, tenant.id, id)
}

/// Over which channels a customer may be and can be contacted.
pub fn channels(
    connection: &mut AnyConnection,
    tenant: &tenants::Tenant,
    customer: &CustomerResponse,
) -> Result<Vec<ChannelResponse>> {
    let identities = store::identities(connection, tenant.id, customer.id)?;
    let states = consents::store::states(connection, tenant.id, customer.id)?;
    Ok(channels_of(tenant, customer, &identities, &states))
}

fn channels_of(
    tenant: &tenants::Tenant,
    customer: &CustomerResponse,
    identities: &[IdentityResponse],
    states: &[consents::model::State],
) -> Vec<ChannelResponse> {
    let addresses = addresses(customer, identities);
    consents::model::channels(&tenant.settings.consent_policy, addresses, states)
}

fn addresses(customer: &CustomerResponse, identities: &[IdentityResponse]) -> Addresses {
    let known_by = |kind| identities.iter().any(|identity| identity.kind == kind);
    let Address { line, city, postcode, .. } = &customer.address;
    Addresses {
        // As it is kept for look-ups: a text without digits is no number.
        phone: customer.phone.as_deref().is_some_and(|phone| phone.contains(|c: char| c.is_ascii_digit())),
        email: customer.email.as_deref().is_some_and(|email| !email.trim().is_empty()),
        postal: line.is_some() || (city.is_some() && postcode.is_some()),
        im: known_by(Channel::Im.as_str()),
        wechat: known_by(Channel::Wechat.as_str()),
    }
}

const RECENT_ORDERS: i64 = 10;
const RECENT_NOTES: i64 = 5;
const RECENT_EVENTS: i64 = 5;
const RECENT_TOUCHES: i64 = 5;

/// A customer's file on one page; `cuts` are the bounds between RFM scores.
pub fn profile(
    connection: &mut AnyConnection,
    tenant: &tenants::Tenant,
    cuts: Option<&Cuts>,
    id: CustomerId,
    now: Timestamp,
) -> Result<ProfileResponse> {
    let customer = get(connection, tenant.id, id)?;
    let (whole, id) = (tenant.id, customer.id);
    let held = store::held(connection, whole, id)?;
    let (facts, by_shop) = store::facts(connection, whole, id)?;
    let identities = store::identities(connection, whole, id)?;
    let standing = lifecycle::of_customer(connection, tenant, &facts, &by_shop, cuts, now)?;
    let in_shop = |(shop_id, facts)| {
        let here = standing.in_shops.iter().find(|standing| standing.shop_id == shop_id);
        ShopFactsResponse {
            shop_id,
            facts: FactsResponse::new(&facts, &tenant.currency),
            stage: here.and_then(|standing| standing.stage),
            days_until_dormant: here.and_then(|standing| standing.days_until_dormant),
        }
    };
    let states = held.channels.then(|| consents::store::states(connection, whole, id)).transpose()?;
    let activity = held.events.then(|| events::store::activity(connection, whole, id)).transpose()?;
    let activity = activity.unwrap_or_default();
    let recent_events = held.events.then(|| events::store::recent(connection, whole, id, RECENT_EVENTS));
    let recent_touches = held.touches.then(|| touches::store::recent(connection, whole, id, RECENT_TOUCHES));
    let recent_notes = held.notes.then(|| notes::store::list(connection, whole, id, None, RECENT_NOTES));
    let tags = held.tags.then(|| tags::store::of_customer(connection, whole, id));
    Ok(ProfileResponse {
        facts: FactsResponse::new(&facts, &tenant.currency),
        facts_by_shop: by_shop.into_iter().map(in_shop).collect(),
        stage: standing.stage,
        days_until_dormant: standing.days_until_dormant,
        rfm: standing.rfm,
        recent_orders: orders::store::recent_of_customer(connection, whole, id, RECENT_ORDERS)?,
        consents: channels_of(tenant, &customer, &identities, &states.unwrap_or_default()),
        last_seen_at: activity.iter().map(|kind| kind.last_at).max(),
        activity,
        recent_events: recent_events.transpose()?.unwrap_or_default(),
        recent_touches: recent_touches.transpose()?.unwrap_or_default(),
        recent_notes: recent_notes.transpose()?.unwrap_or_default(),
        tags: tags.transpose()?.unwrap_or_default(),
        identities,
        customer,
    })
}
