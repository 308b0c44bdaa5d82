//! The rules of stages, quality and RFM: which thresholds, zone and bounds count where.

use super::model::{RfmResponse, ShopStanding};
use super::rfm::{places, quantile};
use super::store::{self, Facts, Rank};
use super::{Bounds, Cuts, Group, Moment, Quality, QualitySettings, RfmSettings, Stage};
use crate::db::AnyConnection;
use crate::error::{Error, Result};
use crate::ids::ShopId;
use crate::ingest;
use crate::tenants::{Lifecycle, Tenant};
use crate::time::{Timestamp, time_zone};

/// Where and when: the days and thresholds that count for a tenant, or in one of its shops.
#[derive(Debug, Clone)]
pub struct Rules {
    pub facts: Facts,
    pub moment: Moment,
    pub thresholds: Lifecycle,
}

impl Rules {
    /// Those over all shops.
    pub fn overall(tenant: &Tenant, now: Timestamp) -> Result<Self> {
        Ok(Self {
            facts: Facts { tenant: tenant.id, shop: None },
            moment: moment(&tenant.timezone, now)?,
            thresholds: tenant.settings.lifecycle,
        })
    }

    /// Those of a shop, where one is named.
    pub fn find(
        connection: &mut AnyConnection,
        tenant: &Tenant,
        shop: Option<ShopId>,
        now: Timestamp,
    ) -> Result<Self> {
        let Some(shop) = shop else { return Self::overall(tenant, now) };
        let found = store::shop_rules(connection, tenant.id, &[shop])?.into_iter().next();
        let rules = found.ok_or(Error::NotFound { what: "shop" })?;
        Ok(Self {
            facts: Facts { tenant: tenant.id, shop: Some(shop) },
            moment: moment(&rules.timezone, now)?,
            thresholds: rules.lifecycle.over(tenant.settings.lifecycle),
        })
    }

    pub fn bounds(&self) -> Bounds {
        Bounds::new(&self.thresholds, &self.moment)
    }
}

fn moment(timezone: &str, now: Timestamp) -> Result<Moment> {
    let zone = time_zone(timezone).ok_or_else(|| Error::internal("a stored time zone is unknown"))?;
    Ok(Moment::new(now, zone))
}

/// Which share of a hundred buyers is not of high quality, where the merchant sets no bound.
const HIGH_QUALITY: i64 = 80;

/// From where on a customer is of high quality.
pub fn quality(
    connection: &mut AnyConnection,
    facts: Facts,
    settings: QualitySettings,
    buyers: i64,
) -> Result<Quality> {
    let mut usual = |rank: Rank| -> Result<i64> {
        if buyers == 0 {
            return Ok(1);
        }
        let place = (buyers * HIGH_QUALITY / 100 + 1).min(buyers);
        Ok(store::values_at(connection, facts, rank, &[place])?.into_iter().next().unwrap_or_default())
    };
    let average = settings.average_order_amount.map_or_else(|| usual(Rank::AverageOrder), Ok)?;
    let orders = settings.orders.map_or_else(|| usual(Rank::Orders).map(|orders| orders.max(2)), Ok)?;
    Ok(Quality { average_order_amount: average.max(1), orders })
}

/// The bounds between RFM scores; `None` where nobody has bought yet and the merchant sets none.
pub fn cuts(
    connection: &mut AnyConnection,
    facts: Facts,
    settings: &RfmSettings,
    moment: &Moment,
) -> Result<Option<Cuts>> {
    if let Some(fixed) = settings.fixed() {
        return Ok(Some(fixed));
    }
    let buyers = store::buyers(connection, facts)?;
    if buyers == 0 {
        return Ok(None);
    }
    let shares = settings.shares();
    let at =
        |shares: [i64; 4]| -> Vec<i64> { shares.iter().flat_map(|share| places(buyers, *share)).collect() };
    let bounds = |shares: [i64; 4], values: &[i64]| -> [i64; 4] {
        std::array::from_fn(|index| {
            let pair = [2 * index, 2 * index + 1].map(|place| values.get(place).copied().unwrap_or_default());
            quantile(buyers, shares[index], pair)
        })
    };
    // The best by recency are those of the fewest days.
    let backwards: [i64; 4] = std::array::from_fn(|index| 100 - shares[3 - index]);
    let last = store::last_orders_at(connection, facts, &at(backwards))?;
    let days: Vec<i64> = last.into_iter().map(|last| moment.days_since(last)).collect();
    let orders = store::values_at(connection, facts, Rank::Orders, &at(shares))?;
    let spent = store::values_at(connection, facts, Rank::Spent, &at(shares))?;
    Ok(Some(Cuts {
        recency_days: bounds(backwards, &days),
        orders: bounds(shares, &orders),
        spent_amount: bounds(shares, &spent),
    }))
}

/// Where one customer stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    pub stage: Option<Stage>,
    pub days_until_dormant: Option<i64>,
    pub rfm: Option<RfmResponse>,
    pub in_shops: Vec<ShopStanding>,
}

/// Where a customer with these facts stands, over all shops and in each.
pub fn of_customer(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    overall: &ingest::facts::Facts,
    by_shop: &[(ShopId, ingest::facts::Facts)],
    cuts: Option<&Cuts>,
    now: Timestamp,
) -> Result<Standing> {
    let rules = Rules::overall(tenant, now)?;
    let shops: Vec<ShopId> = by_shop.iter().map(|(shop, _)| *shop).collect();
    let mut in_shops = Vec::new();
    for shop in store::shop_rules(connection, tenant.id, &shops)? {
        let Some((_, facts)) = by_shop.iter().find(|(id, _)| *id == shop.id) else { continue };
        let thresholds = shop.lifecycle.over(tenant.settings.lifecycle);
        let (stage, days_until_dormant) = stage(facts, &thresholds, &moment(&shop.timezone, now)?);
        in_shops.push(ShopStanding { shop_id: shop.id, stage, days_until_dormant });
    }
    let (stage, days_until_dormant) = stage(overall, &rules.thresholds, &rules.moment);
    Ok(Standing { stage, days_until_dormant, rfm: rfm(overall, cuts, &rules.moment), in_shops })
}

fn stage(
    facts: &ingest::facts::Facts,
    thresholds: &Lifecycle,
    moment: &Moment,
) -> (Option<Stage>, Option<i64>) {
    let Some((first, last)) = facts.first_order_at.zip(facts.last_order_at) else { return (None, None) };
    let days = thresholds.dormant_after_days - moment.days_since(last);
    (Some(Bounds::new(thresholds, moment).stage(first, last)), Some(days))
}

fn rfm(facts: &ingest::facts::Facts, cuts: Option<&Cuts>, moment: &Moment) -> Option<RfmResponse> {
    let Some(last) = facts.last_order_at else {
        return Some(RfmResponse { group: Group::Prospects, scores: None });
    };
    let scores = cuts?.scores(moment.days_since(last), facts.orders, facts.spent_amount);
    Some(RfmResponse { group: Group::of(scores), scores: Some(scores) })
}
