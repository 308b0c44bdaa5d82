//! The few figures of a campaign that are told beside those of others.

use std::collections::BTreeMap;

use super::arms;
use super::buyers::Buyers;
use super::cells::{DIMENSIONS, divide};
use super::comparison::Yardstick;
use super::model::Comparison;
use super::spending::Spending;
use super::store::{self, Scope};
use crate::campaigns::model::{Campaign, HOLDOUT};
use crate::currency;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::tenants::Tenant;

/// A campaign in few figures.
pub struct Outline {
    /// All variants together.
    pub treated: Spending,
    pub control: Spending,
    /// Against the holdout, where there is one.
    pub overall: Option<Comparison>,
    pub cost_amount: i64,
    /// The variants together and the holdout, by dimension and cell.
    pub cells: BTreeMap<(&'static str, String), [Spending; 2]>,
}

/// The outline of a launched campaign as it stands now. To be called within a snapshot.
pub fn outline(connection: &mut AnyConnection, tenant: &Tenant, campaign: &Campaign) -> Result<Outline> {
    let scope = Scope::of(connection, campaign)?;
    let mut buyers = Buyers::among(&scope.sums);
    // The margin is not told here, so what goods cost is not asked.
    store::each_order(connection, &scope, &campaign.document.conversion, None, |order| buyers.add(order, 0))?;
    let (groups, _) = buyers.all(None);
    let arms = arms::spending(campaign, &groups);
    let [by_channel, _] = store::funnel(connection, &scope)?;
    let (lines, _) = arms::costs(&campaign.document.costs, &arms, &by_channel);
    let cost_amount = lines.iter().map(|line| line.amount).sum();
    let of = |held: bool| {
        Spending::together(arms.iter().filter(|(key, _)| (key == HOLDOUT) == held).map(|(_, arm)| arm))
    };
    let (treated, control) = (of(false), of(true));
    let yardstick = Yardstick {
        arms: arms.iter().map(|(_, spending)| spending).collect(),
        unit: 10f64.powi(currency::decimals(&tenant.currency) as i32),
        margin_known: false,
        ceiling: None,
        new_customer_cost: tenant.settings.campaigns.new_customer_cost_amount,
    };
    let overall = yardstick.compare("all", &treated, &control, cost_amount);
    let cells = DIMENSIONS.iter().flat_map(|dimension| {
        let cells = divide(&groups, dimension.cell).into_iter();
        cells.map(|(cell, arms)| ((dimension.name, cell), arms))
    });
    Ok(Outline { cells: cells.collect(), treated, control, overall, cost_amount })
}
