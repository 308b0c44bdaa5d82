//! All variants against the holdout, cell by cell.

use std::collections::BTreeMap;

use super::comparison::conversion_lift;
use super::model::{Amount, Cell, CellDimension, Interval};
use super::spending::Spending;
use super::store::Group;
use crate::campaigns::lift::{self, Estimate, Verdict};
use crate::campaigns::model::HOLDOUT;
use crate::ids::SegmentId;

/// A way to divide the audience.
pub struct Dimension {
    pub name: &'static str,
    pub cell: fn(&Group) -> Option<String>,
}

pub const DIMENSIONS: [Dimension; 3] = [
    Dimension { name: "stage", cell: |group| group.stage.clone() },
    Dimension { name: "spend_band", cell: |group| group.spend_band.clone() },
    Dimension { name: "shop", cell: |group| group.shop_id.map(|shop| shop.to_string()) },
];

/// Members without the property.
const NONE: &str = "none";

/// The cells of a campaign whose report is also divided by these segments.
pub fn dimensions(groups: &[(Group, Spending)], segments: &[SegmentId], unit: f64) -> Vec<CellDimension> {
    let frozen = DIMENSIONS.iter().map(|Dimension { name, cell }| (*name, None, divide(groups, cell)));
    let saved = segments.iter().enumerate().map(|(place, segment)| {
        let cell = |group: &Group| Some(if group.segments >> place & 1 == 1 { "in" } else { "out" }.into());
        ("segment", Some(*segment), divide(groups, cell))
    });
    let told = frozen.chain(saved).map(|(name, segment, cells)| told_together(name, segment, cells, unit));
    told.filter(|dimension| dimension.cells.len() > 1).collect()
}

/// Each cell's variants together and its holdout.
pub fn divide(
    groups: &[(Group, Spending)],
    cell: impl Fn(&Group) -> Option<String>,
) -> BTreeMap<String, [Spending; 2]> {
    let mut cells: BTreeMap<String, [Spending; 2]> = BTreeMap::new();
    for (group, spending) in groups {
        let cell = cell(group).unwrap_or_else(|| NONE.into());
        cells.entry(cell).or_default()[usize::from(group.arm == HOLDOUT)].join(spending);
    }
    cells
}

fn told_together(
    dimension: &str,
    segment_id: Option<SegmentId>,
    cells: BTreeMap<String, [Spending; 2]>,
    unit: f64,
) -> CellDimension {
    let comparable = |arms: &[Spending; 2]| arms.iter().all(|arm| arm.members > 0);
    let compared = cells.values().filter(|arms| comparable(arms)).count();
    let confidence = lift::shared_confidence(compared);
    let mut told: Vec<Cell> = cells
        .into_iter()
        .map(|(cell, [treated, control])| {
            let conversion = conversion_lift(&treated, &control, confidence);
            let revenue = lift::welch(treated.revenue.outcome, control.revenue.outcome, confidence);
            let interval =
                conversion.map(|it| Estimate { difference: it.difference, low: it.low, high: it.high });
            Cell {
                cell,
                targeted: treated.members,
                targeted_converted: treated.converted,
                holdout: control.members,
                holdout_converted: control.converted,
                conversion,
                revenue_per_member: revenue.map(|it| Interval::from(it.times(1.0 / unit))),
                incremental_revenue: revenue.map(|it| Amount::from(it.times(treated.members as f64))),
                verdict: Verdict::of(interval),
            }
        })
        .collect();
    let p_value = |cell: &Cell| cell.conversion.and_then(|conversion| conversion.p_value);
    let adjusted = lift::holm(&told.iter().filter_map(p_value).collect::<Vec<_>>());
    let with_p = told.iter_mut().filter_map(|cell| cell.conversion.as_mut()?.p_value.as_mut());
    for (p_value, adjusted) in with_p.zip(adjusted) {
        *p_value = adjusted;
    }
    CellDimension { dimension: dimension.into(), segment_id, compared, cells: told }
}
