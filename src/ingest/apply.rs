//! One batch of orders of one tenant, in the transaction of the caller.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::derive::Derived;
use super::facts::Facts;
use super::identities::{self, BuyerKey, Resolved};
use super::load::{self, Customer, OrderKey, ShopFacts, Tenant};
use super::order::Order;
use super::save::{self, ChangedOrder};
use crate::clock::IdGen;
use crate::db::{self, AnyConnection, DbError};
use crate::ids::{CustomerId, OrderId, ShopId, TenantId};
use crate::orders::{OrderDocument, OrderStatus};
use crate::time::Timestamp;

/// What came in about one order. It has been validated.
#[derive(Debug, Clone)]
pub struct Incoming {
    pub shop_id: ShopId,
    pub external_id: String,
    pub document: OrderDocument,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub order_id: OrderId,
    pub customer_id: Option<CustomerId>,
    pub status: OrderStatus,
    /// It told something new; `false` when every part was known or stale.
    pub applied: bool,
    /// The order was not known before.
    pub created: bool,
    /// Counts the changes of the order, for its ETag.
    pub revision: i64,
}

/// Why one item of a batch cannot be applied; the others are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such shop")]
    UnknownShop,
    #[error("`version` lies more than a day in the future, which would keep out every later update")]
    VersionInFuture,
    #[error("there is no such tenant")]
    UnknownTenant,
}

/// Counts what became of orders, once that is committed.
pub fn count<'r>(results: impl IntoIterator<Item = &'r Result<Outcome, Refusal>>) {
    let (mut applied, mut unchanged, mut refused) = (0, 0, 0);
    for result in results {
        match result {
            Ok(outcome) if outcome.applied => applied += 1,
            Ok(_) => unchanged += 1,
            Err(_) => refused += 1,
        }
    }
    for (outcome, number) in [("applied", applied), ("unchanged", unchanged), ("refused", refused)] {
        metrics::counter!("huitou_orders_total", "outcome" => outcome).increment(number);
    }
}

const FUTURE_SECONDS: i64 = 24 * 60 * 60;

/// Applies a batch and answers for each item, in its order. An error means that nothing of the batch may be committed.
pub fn apply(
    connection: &mut AnyConnection,
    tenant: TenantId,
    items: &[Incoming],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Result<Outcome, Refusal>>, DbError> {
    db::look_up_by_key(connection)?;
    let shops = items.iter().map(|item| item.shop_id).collect();
    let Some(tenant) = load::tenant(connection, tenant, &shops)? else {
        return Ok(items.iter().map(|_| Err(Refusal::UnknownTenant)).collect());
    };
    let refusals: Vec<Option<Refusal>> = items.iter().map(|item| refusal(item, &tenant, now)).collect();
    let accepted: Vec<&Incoming> =
        items.iter().zip(&refusals).filter(|(_, refusal)| refusal.is_none()).map(|(item, _)| item).collect();
    let mut outcomes = match &accepted[..] {
        [] => Vec::new(),
        accepted => apply_accepted(connection, &tenant, accepted, now, ids)?,
    }
    .into_iter();
    let answers = refusals.into_iter().map(|refusal| match refusal {
        Some(refusal) => Err(refusal),
        None => outcomes.next().ok_or(Refusal::UnknownShop),
    });
    Ok(answers.collect())
}

fn refusal(item: &Incoming, tenant: &Tenant, now: Timestamp) -> Option<Refusal> {
    if !tenant.shops.contains_key(&item.shop_id) {
        return Some(Refusal::UnknownShop);
    }
    (item.document.version > now.plus_seconds(FUTURE_SECONDS)).then_some(Refusal::VersionInFuture)
}

fn apply_accepted(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    items: &[&Incoming],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Outcome>, DbError> {
    let mut batch = Batch::open(connection, tenant, items, now, ids)?;
    let mut outcomes: Vec<Outcome> = items.iter().map(|item| batch.tell(item)).collect();
    batch.close(connection, now)?;
    for (outcome, item) in outcomes.iter_mut().zip(items) {
        batch.complete(outcome, item);
    }
    Ok(outcomes)
}

/// The orders and people of a batch, read and locked.
struct Batch<'t> {
    tenant: &'t Tenant,
    orders: BTreeMap<OrderKey, Entry>,
    buyers: Resolved,
    customers: HashMap<CustomerId, Customer>,
}

struct Entry {
    order: Order,
    /// How the stored row stands; `None` for an order that is new.
    stored: Option<Stored>,
    changed: bool,
    derived: Option<Derived>,
}

struct Stored {
    customer_id: Option<CustomerId>,
    derived: Derived,
    facts: Facts,
}

impl<'t> Batch<'t> {
    fn open(
        connection: &mut AnyConnection,
        tenant: &'t Tenant,
        items: &[&Incoming],
        now: Timestamp,
        ids: &dyn IdGen,
    ) -> Result<Self, DbError> {
        let keys: BTreeSet<BuyerKey> = items.iter().filter_map(|item| buyer_key(item)).collect();
        let buyers = identities::resolve(connection, tenant.id, &keys, "order", now, ids)?;
        let mut orders: BTreeMap<OrderKey, Entry> = items
            .iter()
            .map(|item| {
                let order = Order::unknown(ids.id(now), item.shop_id, &item.external_id);
                (
                    (item.shop_id, item.external_id.clone()),
                    Entry { order, stored: None, changed: false, derived: None },
                )
            })
            .collect();
        let known = load::orders(connection, tenant.id, orders.keys())?;
        for order in known {
            if let Some(entry) = orders.get_mut(&(order.shop_id, order.external_id.clone())) {
                let derived = Derived::of(&order, tenant);
                let facts = Facts::of(&order, &derived);
                entry.stored = Some(Stored { customer_id: order.customer_id, derived, facts });
                entry.order = order;
            }
        }
        let told = buyers.identities.values().map(|identity| identity.customer_id);
        let held = orders.values().filter_map(|entry| entry.order.customer_id);
        let wanted: BTreeSet<CustomerId> =
            told.chain(held).filter(|customer| !buyers.new_customers.contains(customer)).collect();
        let mut customers = load::customers(connection, tenant.id, &wanted)?;
        let new = Customer { new: true, ..Customer::default() };
        customers.extend(buyers.new_customers.iter().map(|customer| (*customer, new.clone())));
        Ok(Self { tenant, orders, buyers, customers })
    }

    /// Joins one document into its order and its buyer's contact.
    fn tell(&mut self, item: &Incoming) -> Outcome {
        let document = &item.document;
        let currency = self.tenant.shops.get(&item.shop_id).map_or("", String::as_str);
        let identity = buyer_key(item).and_then(|key| self.buyers.identities.get(&key).copied());
        if let (Some(identity), Some(buyer)) = (identity, &document.customer)
            && let Some(customer) = self.customers.get_mut(&identity.customer_id)
        {
            customer.contact_changed |= customer.contact.tell_buyer(buyer, document.version);
        }
        let entry = self
            .orders
            .entry((item.shop_id, item.external_id.clone()))
            .or_insert_with(|| unreachable!("every item has its entry"));
        let created = entry.stored.is_none() && !entry.changed;
        let applied = entry.order.tell(document, currency);
        entry.changed |= applied;
        Outcome {
            order_id: entry.order.id,
            customer_id: None,
            status: OrderStatus::Created,
            applied,
            created,
            revision: 0,
        }
    }

    /// Draws the conclusions and writes everything that changed.
    fn close(&mut self, connection: &mut AnyConnection, now: Timestamp) -> Result<(), DbError> {
        let Self { tenant, orders, buyers, customers } = self;
        for entry in orders.values_mut().filter(|entry| entry.changed) {
            entry.attach_buyer(buyers);
            let derived = Derived::of(&entry.order, *tenant);
            entry.account(&derived, customers);
            entry.derived = Some(derived);
        }
        let changed: Vec<ChangedOrder<'_>> = orders.values().filter_map(Entry::to_write).collect();
        save::orders(connection, tenant.id, &changed, now)?;
        settle_bounds(connection, tenant.id, customers)?;
        let mut sorted: Vec<(CustomerId, &Customer)> =
            customers.iter().map(|(id, customer)| (*id, customer)).collect();
        sorted.sort_by_key(|(id, _)| *id);
        save::customers(connection, tenant.id, tenant.country.as_deref(), &sorted, now)?;
        save::facts(connection, tenant.id, &sorted)
    }

    /// Fills in what is known only after all items of the batch were told.
    fn complete(&self, outcome: &mut Outcome, item: &Incoming) {
        let Some(entry) = self.orders.get(&(item.shop_id, item.external_id.clone())) else {
            return;
        };
        let derived = entry.derived.as_ref().or(entry.stored.as_ref().map(|stored| &stored.derived));
        outcome.status = derived.map_or(OrderStatus::Created, |derived| derived.status);
        outcome.customer_id = entry.order.customer_id;
        outcome.revision = entry.order.revision + i64::from(entry.changed);
    }
}

/// The buyer that an item names, where the platform has an id for them.
fn buyer_key(item: &Incoming) -> Option<BuyerKey> {
    let external_id = item.document.customer.as_ref()?.external_id.as_ref()?;
    Some((item.shop_id, external_id.clone()))
}

impl Entry {
    /// The newest telling of the buyer's id decides whose order it is. One that an earlier batch told keeps the
    /// identity it came with.
    fn attach_buyer(&mut self, buyers: &Resolved) {
        let Some(external_id) = self.order.told.buyer_id.clone() else {
            return;
        };
        if let Some(identity) = buyers.identities.get(&(self.order.shop_id, external_id)) {
            self.order.identity_id = Some(identity.id);
            self.order.customer_id = Some(identity.customer_id);
        }
    }

    /// Moves the order's share of the facts from how it stood to how it stands.
    fn account(&self, derived: &Derived, customers: &mut HashMap<CustomerId, Customer>) {
        let new = Facts::of(&self.order, derived);
        let old = self.stored.as_ref().map(|stored| (stored.customer_id, stored.facts));
        let shop = self.order.shop_id;
        if let Some((customer_id, old)) = old
            && customer_id == self.order.customer_id
            && old.first_order_at == new.first_order_at
        {
            if let Some(customer) = customer_id.and_then(|id| customers.get_mut(&id)).filter(|_| old != new) {
                customer.change(shop, |facts| facts.replace(&old, &new));
            }
            return;
        }
        if let Some(customer) = old.and_then(|(id, _)| customers.get_mut(&id?)) {
            let old = old.map(|(_, facts)| facts).unwrap_or_default();
            let mut unsure = false;
            customer.change(shop, |facts| unsure |= facts.remove(&old));
            customer.bounds_unsure |= unsure;
        }
        if let Some(customer) = self.order.customer_id.and_then(|id| customers.get_mut(&id)) {
            customer.change(shop, |facts| facts.add(&new));
        }
    }

    fn to_write(&self) -> Option<ChangedOrder<'_>> {
        let derived = self.derived.as_ref()?;
        let stored = self.stored.as_ref();
        Some(ChangedOrder {
            order: &self.order,
            derived,
            new: stored.is_none(),
            lines_stale: stored.is_none_or(|stored| {
                stored.customer_id != self.order.customer_id || stored.derived.paid_at != derived.paid_at
            }),
            refunds_stale: stored.map_or(&[][..], |stored| &stored.derived.refunds) != derived.refunds,
        })
    }
}

impl Customer {
    /// Changes the facts overall and in one shop alike.
    fn change(&mut self, shop: ShopId, mut change: impl FnMut(&mut Facts)) {
        change(&mut self.facts);
        self.facts_changed = true;
        let in_shop: &mut ShopFacts = self.by_shop.entry(shop).or_default();
        change(&mut in_shop.facts);
        in_shop.changed = true;
    }
}

/// Looks up first and last orders where a share that was one of them went out.
fn settle_bounds(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &mut HashMap<CustomerId, Customer>,
) -> Result<(), DbError> {
    let unsure: Vec<CustomerId> =
        customers.iter().filter(|(_, customer)| customer.bounds_unsure).map(|(id, _)| *id).collect();
    if unsure.is_empty() {
        return Ok(());
    }
    for id in &unsure {
        let Some(customer) = customers.get_mut(id) else {
            continue;
        };
        for facts in customer.by_shop.values_mut() {
            facts.changed = true;
            (facts.facts.first_order_at, facts.facts.last_order_at) = (None, None);
        }
        (customer.facts.first_order_at, customer.facts.last_order_at) = (None, None);
    }
    for found in load::bounds(connection, tenant, unsure.iter().copied())? {
        let Some(customer) = customers.get_mut(&found.customer_id) else {
            continue;
        };
        let overall = &mut customer.facts;
        overall.first_order_at = [overall.first_order_at, found.first].into_iter().flatten().min();
        overall.last_order_at = overall.last_order_at.max(found.last);
        if let Some(in_shop) = customer.by_shop.get_mut(&found.shop_id) {
            in_shop.facts.first_order_at = found.first;
            in_shop.facts.last_order_at = found.last;
        }
    }
    Ok(())
}
