//! One batch of orders of one tenant, in the transaction of the caller.

use std::borrow::{Borrow, Cow};
use std::collections::BTreeSet;

use super::batch::Batch;
use super::forgotten;
use super::identities::{BuyerKey, Buyers};
use super::load::{self, OrderKey, Tenant};
use crate::clock::IdGen;
use crate::customers::match_key::{MatchKey, Vouched};
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
    /// Its buyer was erased: what the document said of them was left out, and may not be kept elsewhere either.
    pub forgotten: bool,
}

/// Why one item of a batch cannot be applied; the others are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such shop")]
    UnknownShop,
    #[error("`version` lies more than a day in the future, which would keep out every later update")]
    VersionInFuture,
    /// A step that the order is told to have taken; `pointer` leads to its date.
    #[error("the date lies more than a day in the future")]
    StepInFuture { pointer: String },
    #[error("there is no such tenant")]
    UnknownTenant,
    #[error("the customer was erased; only a record with a `version` after that tells of them again")]
    Erased,
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
pub fn apply<I: Borrow<Incoming>>(
    connection: &mut AnyConnection,
    tenant: TenantId,
    items: &[I],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Result<Outcome, Refusal>>, DbError> {
    db::look_up_by_key(connection)?;
    let shops = items.iter().map(|item| item.borrow().shop_id).collect();
    let Some(tenant) = load::tenant(connection, tenant, &shops)? else {
        return Ok(items.iter().map(|_| Err(Refusal::UnknownTenant)).collect());
    };
    let refusals: Vec<Option<Refusal>> =
        items.iter().map(|item| Refusal::of_order(item.borrow(), &tenant, now)).collect();
    let accepted: Vec<&Incoming> = items
        .iter()
        .zip(&refusals)
        .filter(|(_, refusal)| refusal.is_none())
        .map(|(item, _)| item.borrow())
        .collect();
    let mut outcomes = match &accepted[..] {
        [] => Vec::new(),
        accepted => apply_accepted(connection, &tenant, accepted, now, ids)?,
    }
    .into_iter();
    refusals
        .into_iter()
        .map(|refusal| match refusal {
            Some(refusal) => Ok(Err(refusal)),
            None => outcomes.next().map(Ok).ok_or_else(|| DbError::Failed("an order has no outcome".into())),
        })
        .collect()
}

impl Refusal {
    /// What stands against something that a shop told in this version.
    pub(crate) fn of(shop: ShopId, version: Timestamp, tenant: &Tenant, now: Timestamp) -> Option<Self> {
        if !tenant.shops.contains_key(&shop) {
            return Some(Self::UnknownShop);
        }
        (version > now.plus_seconds(FUTURE_SECONDS)).then_some(Self::VersionInFuture)
    }

    fn of_order(item: &Incoming, tenant: &Tenant, now: Timestamp) -> Option<Self> {
        let step = || item.document.step_after(now.plus_seconds(FUTURE_SECONDS));
        Self::of(item.shop_id, item.document.version, tenant, now)
            .or_else(|| step().map(|pointer| Self::StepInFuture { pointer }))
    }
}

fn apply_accepted(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    items: &[&Incoming],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Outcome>, DbError> {
    let items = forgotten::without_the_erased(connection, tenant, items)?;
    let orders = items.iter().map(|item| (item.shop_id, item.external_id.clone())).collect();
    let buyers = buyers(tenant, &items);
    let mut batch = Batch::open(connection, tenant, orders, &buyers, now, ids)?;
    let told = items.iter().map(|item| batch.tell(item)).collect::<Option<Vec<Outcome>>>();
    let mut outcomes = told.ok_or_else(|| DbError::Failed("an order is not part of its batch".into()))?;
    batch.close(connection, now)?;
    for (outcome, item) in outcomes.iter_mut().zip(&items) {
        outcome.forgotten |= matches!(item, Cow::Owned(_));
        batch.complete(outcome, item);
    }
    Ok(outcomes)
}

/// Draws the conclusions of stored orders anew, with the settings of today, and tells how many changed.
pub fn reconsider(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    orders: BTreeSet<OrderKey>,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<usize, DbError> {
    let mut batch = Batch::open(connection, tenant, orders, &Buyers::new(), now, ids)?;
    let changed = batch.reconsider();
    batch.close(connection, now)?;
    Ok(changed)
}

fn buyers(tenant: &Tenant, items: &[Cow<'_, Incoming>]) -> Buyers {
    let mut buyers = Buyers::new();
    for item in items {
        let keys = item.match_keys(tenant);
        if let Some(buyer) = item.buyer_key(&keys) {
            buyers.entry(buyer).or_default().extend(keys);
        }
    }
    buyers
}

impl Incoming {
    /// The phone and the mailbox that it vouches for.
    pub(crate) fn match_keys(&self, tenant: &Tenant) -> Vec<MatchKey> {
        let Some(buyer) = &self.document.customer else {
            return Vec::new();
        };
        let country = buyer.address.as_ref().and_then(|address| address.country.as_deref());
        let vouched = Vouched {
            phone: buyer.phone.as_deref(),
            phone_verified: buyer.phone_verified,
            email: buyer.email.as_deref(),
            email_verified: buyer.email_verified,
            country: country.or(tenant.country.as_deref()),
        };
        vouched.keys(&tenant.identity_policy)
    }

    /// What its buyer is known by: the platform's id of them, else the first key that it vouches for.
    pub(crate) fn buyer_key(&self, keys: &[MatchKey]) -> Option<BuyerKey> {
        let buyer = self.document.customer.as_ref()?;
        let external = buyer.external_id.clone().map(|id| BuyerKey::External(self.shop_id, id));
        external.or_else(|| keys.first().cloned().map(BuyerKey::Own))
    }
}
