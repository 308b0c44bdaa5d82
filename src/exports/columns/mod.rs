//! The columns that an export can have.

mod facts;
mod known;
mod named;

pub use facts::Fact;
pub use named::{MOST_COLUMNS, read};

use crate::ids::ShopId;
use crate::time::Timestamp;

/// What a column holds, as its readers see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    Integer,
    Number,
    /// A moment: RFC 3339 in UTC; a timestamp in Parquet.
    Timestamp,
    /// Any JSON value; texts stand without quotation marks in CSV and Parquet.
    Json,
    /// Texts: an array in NDJSON, joined by `;` in CSV and Parquet.
    List,
}

/// What a column shows to those who may not read personal data.
pub type Mask = fn(&str) -> String;

/// One column of an export.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub source: Source,
    /// How it is masked, where it is personal.
    pub mask: Option<Mask>,
}

/// Where a column's values come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// The customer's id.
    Id,
    /// A text of the customer's own row.
    Text(&'static str),
    /// A moment of the customer's own row.
    Moment(&'static str),
    /// All attributes.
    Attributes,
    /// One attribute by its name.
    Attribute(String),
    /// What the orders add up to: everywhere, or in one shop.
    Fact(Option<ShopId>, Fact),
    /// The currency of all amounts.
    Currency,
    /// The names of the customer's tags.
    Tags,
    /// What was said about contact over a channel: `granted` or `denied`.
    Consent(&'static str),
    /// By what a shop knows the customer.
    ExternalIds(ShopId),
}

impl Source {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Id | Self::Text(_) | Self::Currency | Self::Consent(_) => Kind::Text,
            Self::Moment(_) => Kind::Timestamp,
            Self::Attributes | Self::Attribute(_) => Kind::Json,
            Self::Fact(_, fact) => fact.kind(),
            Self::Tags | Self::ExternalIds(_) => Kind::List,
        }
    }
}

/// What columns are worked out by.
#[derive(Debug, Clone)]
pub struct Basis {
    /// The tenant's currency.
    pub currency: String,
    /// The tenant's time zone, in which days are counted.
    pub zone: jiff::tz::TimeZone,
    /// The moment of the export.
    pub now: Timestamp,
}

impl Basis {
    /// Whole days from a moment to now, as the calendar of the zone counts them.
    pub fn days_since(&self, moment: Timestamp) -> i64 {
        let day = |moment: Timestamp| moment.to_jiff().to_zoned(self.zone.clone()).date();
        let days = day(self.now).since((jiff::Unit::Day, day(moment)));
        days.map_or(0, |span| i64::from(span.get_days()))
    }
}

/// A column as it is listed.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    /// The name; `<…>` stands for what a caller fills in.
    pub name: &'static str,
    pub kind: Kind,
    pub about: &'static str,
    /// Masked without `pii:read`.
    pub personal: bool,
    /// In every export that names no columns.
    pub default: bool,
}

/// All columns, in the order of the list.
pub fn all() -> Vec<Described> {
    let own = known::KNOWN.iter().map(known::Known::described);
    let facts = Fact::ALL.iter().map(|fact| fact.described());
    own.chain(facts).chain(named::PATTERNS.iter().copied()).collect()
}

/// The columns of an export that names none.
pub fn default_columns() -> Vec<Column> {
    let wanted = all().into_iter().filter(|column| column.default);
    wanted.filter_map(|column| named::resolve(column.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_column_is_described_and_can_be_had() {
        for column in all() {
            assert!(!column.about.is_empty(), "{}", column.name);
            if !column.name.contains('<') {
                let resolved = named::resolve(column.name).unwrap();
                assert_eq!((resolved.name.as_str(), resolved.source.kind()), (column.name, column.kind));
                assert_eq!(resolved.mask.is_some(), column.personal, "{}", column.name);
            }
        }
        assert!(default_columns().len() >= 10);
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let at = |text: &str| text.parse().unwrap();
        let zone = crate::time::time_zone("Asia/Shanghai").unwrap();
        let basis = Basis { currency: "CNY".into(), zone, now: at("2026-11-24T16:00:00Z") };
        assert_eq!(basis.days_since(at("2026-11-24T15:59:59Z")), 1, "midnight in Shanghai has passed");
        assert_eq!(basis.days_since(at("2026-11-24T16:00:00Z")), 0);
        assert_eq!(basis.days_since(at("2025-11-24T16:00:00Z")), 365);
    }
}
