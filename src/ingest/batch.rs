//! A batch in hand: the orders and people that it touches, read and locked, changed in memory, written back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::apply::{Incoming, Outcome};
use super::derive::{self, Derived, Refund};
use super::facts::{Counted, Facts};
use super::identities::{self, BuyerKey, Buyers, Resolved, Told};
use super::load::{self, Customer, OrderKey, ShopFacts, StoredOrder, Tenant};
use super::order::Order;
use super::save::{self, ChangedOrder};
use crate::clock::IdGen;
use crate::db::{AnyConnection, DbError};
use crate::ids::{CustomerId, ShopId, TenantId};
use crate::orders::OrderStatus;
use crate::time::Timestamp;

/// The orders and people of a batch, read and locked.
pub struct Batch<'t> {
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
    counted: Counted,
    refunds: Vec<Refund>,
}

impl<'t> Batch<'t> {
    /// Reads and locks orders, buyers and customers, in that order of locks: buyers, orders, customers.
    pub fn open(
        connection: &mut AnyConnection,
        tenant: &'t Tenant,
        keys: BTreeSet<OrderKey>,
        buyers: &Buyers,
        now: Timestamp,
        ids: &dyn IdGen,
    ) -> Result<Self, DbError> {
        let told = Told { source: "order", now, ids };
        let buyers = identities::resolve(connection, tenant, buyers, &keys, &told)?;
        let known = load::orders(connection, tenant.id, keys.iter())?;
        let mut known: HashMap<OrderKey, StoredOrder> = known
            .into_iter()
            .map(|found| ((found.order.shop_id, found.order.external_id.clone()), found))
            .collect();
        let orders: BTreeMap<OrderKey, Entry> = keys
            .into_iter()
            .map(|key| {
                let entry = match known.remove(&key) {
                    Some(found) => Entry::stored(found),
                    None => Entry::new(Order::unknown(ids.id(now), key.0, &key.1)),
                };
                (key, entry)
            })
            .collect();
        let mut wanted = buyers.known_customers();
        let held = orders.values().filter_map(|entry| entry.order.customer_id);
        wanted.extend(held.filter(|customer| !buyers.new_customers.contains(customer)));
        let mut customers = load::customers(connection, tenant.id, &wanted)?;
        let erased = |identity: &identities::Identity| {
            customers.get(&identity.customer_id).is_some_and(|customer| customer.erased)
        };
        if buyers.identities.values().any(erased) {
            return Err(DbError::Conflict("a buyer of the batch was erased meanwhile".into()));
        }
        buyers.confirm(connection, tenant.id, &customers)?;
        customers.extend(buyers.new_customers.iter().map(|customer| (*customer, Customer::made())));
        Ok(Self { tenant, orders, buyers, customers })
    }

    /// Marks the orders whose conclusions would differ today.
    pub fn reconsider(&mut self) -> usize {
        let tenant = self.tenant;
        let stored = self.orders.values_mut().filter_map(|entry| {
            let counted = entry.stored.as_ref()?.counted;
            Some((entry, counted))
        });
        let differ = stored
            .filter(|(entry, counted)| Derived::of(&entry.order, tenant).counted(&entry.order) != *counted);
        differ.map(|(entry, _)| entry.changed = true).count()
    }

    /// Joins one document into its order and its buyer's contact. `None` if the batch was not opened for the order.
    pub fn tell(&mut self, item: &Incoming) -> Option<Outcome> {
        let document = &item.document;
        let currency = self.tenant.shops.get(&item.shop_id).map_or("", String::as_str);
        let buyer_key = item.buyer_key(&item.match_keys(self.tenant));
        let known = self.orders.get(&(item.shop_id, item.external_id.clone()));
        let buyer_key = buyer_key.filter(|_| !known.is_some_and(|entry| entry.order.told.erased));
        let identity = buyer_key.as_ref().and_then(|key| self.buyers.identities.get(key).copied());
        if let (Some(identity), Some(buyer)) = (identity, &document.customer) {
            load::tell(&mut self.customers, identity, |contact| contact.tell_buyer(buyer, document.version));
        }
        let entry = self.orders.get_mut(&(item.shop_id, item.external_id.clone()))?;
        let created = entry.stored.is_none() && !entry.changed;
        let own_key = match buyer_key {
            Some(BuyerKey::Own(key)) => Some(key),
            _ => None,
        };
        let applied = entry.order.tell(document, currency, own_key);
        entry.changed |= applied;
        Some(Outcome {
            order_id: entry.order.id,
            customer_id: None,
            status: OrderStatus::Created,
            applied,
            created,
            revision: 0,
            forgotten: entry.order.told.erased,
        })
    }

    /// Draws the conclusions and writes everything that changed.
    pub fn close(&mut self, connection: &mut AnyConnection, now: Timestamp) -> Result<(), DbError> {
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
    pub fn complete(&self, outcome: &mut Outcome, item: &Incoming) {
        let Some(entry) = self.orders.get(&(item.shop_id, item.external_id.clone())) else {
            return;
        };
        let written = entry.derived.as_ref().map(|derived| derived.status);
        let stored = entry.stored.as_ref().map(|stored| stored.counted.status);
        outcome.status = written.or(stored).unwrap_or(OrderStatus::Created);
        outcome.customer_id = entry.order.customer_id;
        outcome.revision = entry.order.revision + i64::from(entry.changed);
    }
}

impl Entry {
    fn new(order: Order) -> Self {
        Self { order, stored: None, changed: false, derived: None }
    }

    fn stored(found: StoredOrder) -> Self {
        let StoredOrder { order, counted } = found;
        let stored = Stored { customer_id: order.customer_id, counted, refunds: derive::refunds(&order) };
        Self { stored: Some(stored), ..Self::new(order) }
    }

    /// The newest telling of the buyer's id decides whose order it is. One that an earlier batch told keeps the
    /// identity it came with.
    fn attach_buyer(&mut self, buyers: &Resolved) {
        let told = &self.order.told;
        let external = told.buyer_id.clone().map(|id| BuyerKey::External(self.order.shop_id, id));
        let key = external.or_else(|| told.buyer_key.clone().map(BuyerKey::Own));
        if let Some(identity) = key.and_then(|key| buyers.identities.get(&key)) {
            self.order.identity_id = Some(identity.id);
            self.order.customer_id = Some(identity.customer_id);
        }
    }

    /// Moves the order's share of the facts from how it stood to how it stands.
    fn account(&self, derived: &Derived, customers: &mut HashMap<CustomerId, Customer>) {
        let new = Facts::of(&derived.counted(&self.order));
        let old = self.stored.as_ref().map(|stored| Facts::of(&stored.counted)).unwrap_or_default();
        let (from, to) = (self.stored.as_ref().and_then(|stored| stored.customer_id), self.order.customer_id);
        let nothing = Facts::default();
        let moves = match from == to {
            true => [(to, old, new), (None, nothing, nothing)],
            false => [(from, old, nothing), (to, nothing, new)],
        };
        for (customer, old, new) in moves {
            let customer = customer.and_then(|id| customers.get_mut(&id));
            if let Some(customer) = customer.filter(|_| old != new) {
                customer.replace(self.order.shop_id, &old, &new);
            }
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
                stored.customer_id != self.order.customer_id || stored.counted.paid_at != derived.paid_at
            }),
            refunds_stale: stored.map_or(&[][..], |stored| &stored.refunds) != derived.refunds,
        })
    }
}

impl Customer {
    /// Puts a share of the facts in place of another, overall and in one shop.
    fn replace(&mut self, shop: ShopId, old: &Facts, new: &Facts) {
        let in_shop: &mut ShopFacts = self.by_shop.entry(shop).or_default();
        let unsure = [&mut self.facts, &mut in_shop.facts].map(|facts| facts.replace(old, new));
        self.bounds_unsure |= unsure.contains(&true);
        self.facts_changed = true;
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
