//! RFM: how recently, how often and for how much a customer buys, as scores from 1 to 5.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::validation::Report;

/// How the bounds between scores are found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RfmMethod {
    /// A fifth of the buyers for each score; equal values have equal scores.
    #[default]
    Quintile,
    /// Other shares than fifths: `percentiles`.
    Percentile,
    /// Bounds that the merchant sets: `recency_days`, `orders` and `spent_amount`.
    Fixed,
}

/// How customers are scored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RfmSettings {
    pub method: RfmMethod,
    /// For `percentile`: how many of a hundred buyers have at most the score 1, 2, 3, 4.
    #[schema(example = json!([20, 40, 60, 80]), min_items = 4, max_items = 4)]
    pub percentiles: Option<[i64; 4]>,
    /// For `fixed`: from how many days since the last order on the score is 4, 3, 2, 1.
    #[schema(example = json!([30, 90, 180, 365]), min_items = 4, max_items = 4)]
    pub recency_days: Option<[i64; 4]>,
    /// For `fixed`: from how many orders on the score is 2, 3, 4, 5.
    #[schema(example = json!([2, 3, 5, 10]), min_items = 4, max_items = 4)]
    pub orders: Option<[i64; 4]>,
    /// For `fixed`: from what spent amount on, in minor units, the score is 2, 3, 4, 5.
    #[schema(example = json!([10000, 30000, 80000, 200000]), min_items = 4, max_items = 4)]
    pub spent_amount: Option<[i64; 4]>,
}

const FIFTHS: [i64; 4] = [20, 40, 60, 80];

impl RfmSettings {
    /// How many of a hundred buyers have at most the score 1, 2, 3, 4.
    pub fn shares(&self) -> [i64; 4] {
        self.percentiles.filter(|_| self.method == RfmMethod::Percentile).unwrap_or(FIFTHS)
    }

    /// The merchant's own bounds, where they count.
    pub fn fixed(&self) -> Option<Cuts> {
        let all = self.recency_days.zip(self.orders).zip(self.spent_amount);
        let all = all.filter(|_| self.method == RfmMethod::Fixed);
        all.map(|((recency_days, orders), spent_amount)| Cuts { recency_days, orders, spent_amount })
    }

    pub fn check(&self, report: &mut Report) {
        let needed = match self.method {
            RfmMethod::Quintile => vec![],
            RfmMethod::Percentile => vec![("percentiles", self.percentiles)],
            RfmMethod::Fixed => vec![
                ("recency_days", self.recency_days),
                ("orders", self.orders),
                ("spent_amount", self.spent_amount),
            ],
        };
        for (name, _) in needed.iter().filter(|(_, bounds)| bounds.is_none()) {
            report.add(name, "required", "is needed for this method");
        }
        for (name, bounds, least, most) in [
            ("percentiles", self.percentiles, 1, 99),
            ("recency_days", self.recency_days, 1, 36_500),
            ("orders", self.orders, 1, 1_000_000),
            ("spent_amount", self.spent_amount, 0, i64::MAX / 2),
        ] {
            let Some(bounds) = bounds else { continue };
            if bounds.iter().any(|bound| !(least..=most).contains(bound)) {
                report.add(name, "out_of_range", format!("must lie between {least} and {most}"));
            } else if !bounds.is_sorted() {
                report.add(name, "out_of_order", "must not fall");
            }
        }
    }
}

/// The bounds between scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cuts {
    /// From how many days since the last order on the score is 4, 3, 2, 1; below the first it is 5.
    #[schema(example = json!([31, 92, 180, 360]))]
    pub recency_days: [i64; 4],
    /// From how many orders on the score is 2, 3, 4, 5.
    #[schema(example = json!([2, 3, 4, 7]))]
    pub orders: [i64; 4],
    /// From what spent amount on, in minor units, the score is 2, 3, 4, 5.
    #[schema(example = json!([9900, 25800, 60000, 150000]))]
    pub spent_amount: [i64; 4],
}

/// Scores from 1 (worst) to 5 (best).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Scores {
    /// Recency.
    #[schema(example = 5)]
    pub r: i64,
    /// Frequency.
    #[schema(example = 3)]
    pub f: i64,
    /// Money.
    #[schema(example = 4)]
    pub m: i64,
}

impl Cuts {
    pub fn scores(&self, days_since_last_order: i64, orders: i64, spent_amount: i64) -> Scores {
        let reached = |value: i64, cuts: &[i64; 4]| cuts.iter().filter(|cut| value >= **cut).count() as i64;
        Scores {
            r: 5 - reached(days_since_last_order, &self.recency_days),
            f: 1 + reached(orders, &self.orders),
            m: 1 + reached(spent_amount, &self.spent_amount),
        }
    }
}

/// The places, counted from 1 in ascending order of `count` values, that [`quantile`] needs for a share of a hundred.
pub fn places(count: i64, share: i64) -> [i64; 2] {
    let lower = (count - 1) * share / 100 + 1;
    [lower, (lower + 1).min(count)]
}

/// The quantile of `count` whole numbers (between the two values at its [`places`], as spreadsheets and R's type 7 do),
/// as the first whole number above it.
pub fn quantile(count: i64, share: i64, values: [i64; 2]) -> i64 {
    let rest = i128::from((count - 1) * share % 100);
    let hundredfold = i128::from(values[0]) * 100 + rest * i128::from(values[1] - values[0]);
    (hundredfold.div_euclid(100) + 1) as i64
}

/// Groups of scores, with Shopify's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = RfmGroup)]
pub enum Group {
    /// Bought very recently, often, and spent the most.
    Champions,
    /// Bought recently, often, and spent much.
    Loyal,
    /// Bought recently, sometimes, and spent a fair amount.
    Active,
    /// Bought very recently, hardly ever before, and spent little.
    New,
    /// Bought recently, hardly ever before, and spent little.
    Promising,
    /// Bought some time ago, sometimes, and spent a fair amount.
    NeedsAttention,
    /// Bought some time ago, hardly ever, and spent little.
    AlmostLost,
    /// Bought long ago, after a very strong history.
    PreviouslyLoyal,
    /// Bought long ago, after a strong history.
    AtRisk,
    /// Bought long ago, hardly ever, and spent little.
    Dormant,
    /// Never bought.
    Prospects,
}

/// Which recency and which sum of the other two scores belong to a group: both ends count.
pub struct Field {
    pub r: (i64, i64),
    pub fm: (i64, i64),
}

impl Group {
    pub const ALL: [Self; 11] = [
        Self::Champions,
        Self::Loyal,
        Self::Active,
        Self::New,
        Self::Promising,
        Self::NeedsAttention,
        Self::AlmostLost,
        Self::PreviouslyLoyal,
        Self::AtRisk,
        Self::Dormant,
        Self::Prospects,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Champions => "CHAMPIONS",
            Self::Loyal => "LOYAL",
            Self::Active => "ACTIVE",
            Self::New => "NEW",
            Self::Promising => "PROMISING",
            Self::NeedsAttention => "NEEDS_ATTENTION",
            Self::AlmostLost => "ALMOST_LOST",
            Self::PreviouslyLoyal => "PREVIOUSLY_LOYAL",
            Self::AtRisk => "AT_RISK",
            Self::Dormant => "DORMANT",
            Self::Prospects => "PROSPECTS",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.as_str().eq_ignore_ascii_case(text))
    }

    /// The group's field on the grid of recency by frequency and money; `None` for those who never bought.
    pub const fn field(self) -> Option<Field> {
        let (r, fm) = match self {
            Self::Champions => ((5, 5), (8, 10)),
            Self::Loyal => ((3, 4), (8, 10)),
            Self::Active => ((4, 5), (4, 7)),
            Self::New => ((5, 5), (2, 3)),
            Self::Promising => ((4, 4), (2, 3)),
            Self::NeedsAttention => ((3, 3), (5, 7)),
            Self::AlmostLost => ((3, 3), (2, 4)),
            Self::PreviouslyLoyal => ((1, 2), (9, 10)),
            Self::AtRisk => ((1, 2), (5, 8)),
            Self::Dormant => ((1, 2), (2, 4)),
            Self::Prospects => return None,
        };
        Some(Field { r, fm })
    }

    /// The group of a buyer.
    pub fn of(scores: Scores) -> Self {
        let within = |value: i64, (least, most): (i64, i64)| (least..=most).contains(&value);
        Self::ALL
            .into_iter()
            .find(|group| {
                let field = group.field();
                field.is_some_and(|field| within(scores.r, field.r) && within(scores.f + scores.m, field.fm))
            })
            .unwrap_or(Self::Prospects)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_scores_has_one_group() {
        for r in 1..=5 {
            for f in 1..=5 {
                for m in 1..=5 {
                    let holds = |group: &Group| {
                        group.field().is_some_and(|field| {
                            (field.r.0..=field.r.1).contains(&r)
                                && (field.fm.0..=field.fm.1).contains(&(f + m))
                        })
                    };
                    let groups: Vec<_> = Group::ALL.into_iter().filter(holds).collect();
                    assert_eq!(groups, [Group::of(Scores { r, f, m })], "{r}{f}{m}");
                }
            }
        }
    }

    #[test]
    fn a_bound_is_the_first_value_above_the_quantile() {
        let values: Vec<i64> = (1..=10).collect();
        let bound = |share| {
            let at = places(10, share).map(|place| values[place as usize - 1]);
            quantile(10, share, at)
        };
        // Type 7: 2.8, 4.6, 6.4, 8.2
        assert_eq!(FIFTHS.map(bound), [3, 5, 7, 9]);
        assert_eq!(quantile(1, 80, places(1, 80).map(|place| place * 7)), 8);
    }

    #[test]
    fn scores_rise_with_each_bound_and_recency_falls() {
        let cuts = Cuts { recency_days: [10, 20, 30, 40], orders: [2, 2, 2, 5], spent_amount: [1, 2, 3, 4] };
        assert_eq!(cuts.scores(9, 1, 0), Scores { r: 5, f: 1, m: 1 });
        assert_eq!(cuts.scores(10, 2, 1), Scores { r: 4, f: 4, m: 2 });
        assert_eq!(cuts.scores(99, 5, 9), Scores { r: 1, f: 5, m: 5 });
    }
}
