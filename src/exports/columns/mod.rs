//! The columns that an export can have.

mod facts;
mod known;
mod named;
mod standing;

pub use facts::Fact;
pub use named::{MOST_COLUMNS, read};
pub use standing::Standing;

use crate::ids::ShopId;
use crate::lifecycle::{Bounds, Cuts, RfmSettings, Rules};

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
    /// Where the customer stands over all shops.
    Standing(Standing),
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
    /// Whether it goes by the bounds between RFM scores.
    pub fn is_scored(&self) -> bool {
        matches!(self, Self::Standing(standing) if standing.is_scored())
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::Id | Self::Text(_) | Self::Currency | Self::Consent(_) => Kind::Text,
            Self::Moment(_) => Kind::Timestamp,
            Self::Attributes | Self::Attribute(_) => Kind::Json,
            Self::Fact(_, fact) => fact.kind(),
            Self::Standing(standing) => standing.kind(),
            Self::Tags | Self::ExternalIds(_) => Kind::List,
        }
    }
}

/// What columns are worked out by.
#[derive(Debug, Clone)]
pub struct Basis {
    /// The tenant's currency.
    pub currency: String,
    /// The moment of the export, the time zone in which days are counted, and the thresholds of the stages, also as moments.
    pub rules: Rules,
    pub bounds: Bounds,
    pub rfm: RfmSettings,
    /// The bounds between RFM scores, once they were looked for.
    pub cuts: Option<Cuts>,
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
    let standing = Standing::ALL.iter().map(|standing| standing.described());
    own.chain(facts).chain(standing).chain(named::PATTERNS.iter().copied()).collect()
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
}
