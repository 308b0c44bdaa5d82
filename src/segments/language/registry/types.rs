//! The types of fields and parameters, and which operators go with them.

use super::{Measure, Row, What};
use crate::segments::language::checked::{RowText, TextField};
use crate::touches::Outcome;

/// What kind of value something has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Text,
    /// A text that is compared as a whole only.
    Key,
    Count,
    Money,
    Decimal,
    Share,
    /// A moment, asked about by days.
    Date,
    /// A day of the calendar.
    Day,
    /// One of few values.
    Choice(&'static [&'static str]),
    /// Any number of texts.
    List,
    Truth,
    /// A free property: a text, a number, a truth or a day.
    Property,
    /// Nothing that could be compared.
    None,
}

pub const GENDERS: &[&str] = &["female", "male", "other"];
pub const STAGES: &[&str] = &["new", "active", "at_risk", "dormant", "lost"];
pub const SUBSCRIPTIONS: &[&str] =
    &["SUBSCRIBED", "UNSUBSCRIBED", "NOT_SUBSCRIBED", "PENDING", "INVALID", "REDACTED"];
pub const RFM_GROUPS: &[&str] = &[
    "CHAMPIONS",
    "LOYAL",
    "ACTIVE",
    "NEW",
    "PROMISING",
    "NEEDS_ATTENTION",
    "ALMOST_LOST",
    "AT_RISK",
    "PREVIOUSLY_LOYAL",
    "DORMANT",
    "PROSPECTS",
];
pub const CHANNELS: &[&str] = &["sms", "email", "call", "im", "wechat", "mail", "parcel_card"];
pub const OUTCOMES: &[&str] = &Outcome::NAMES;
pub const STATUSES: &[&str] =
    &["created", "paid", "shipped", "completed", "refunded", "partially_refunded", "closed"];

const EQUAL: &[&str] = &["=", "!=", "IN", "NOT IN"];
const ORDERED: &[&str] = &["<", "<=", ">", ">=", "BETWEEN"];
const PARTS: &[&str] = &["CONTAINS", "NOT CONTAINS", "STARTS WITH", "ENDS WITH"];
const NULLS: &[&str] = &["IS NULL", "IS NOT NULL"];

impl Type {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text | Self::Key => "text",
            Self::Count => "whole number",
            Self::Money => "amount",
            Self::Decimal => "number",
            Self::Share => "share",
            Self::Date => "date",
            Self::Day => "day",
            Self::Choice(_) => "choice",
            Self::List => "list",
            Self::Truth => "truth",
            Self::Property => "property",
            Self::None => "none",
        }
    }

    /// What can be compared with it, in words.
    pub fn expected(self) -> String {
        match self {
            Self::Text | Self::Key | Self::List => "a text in quotes".to_owned(),
            Self::Count => "a whole number".to_owned(),
            Self::Money => "an amount such as `99.95`, without a currency".to_owned(),
            Self::Decimal => "a number".to_owned(),
            Self::Share => "a share such as `0.2` or `20%`".to_owned(),
            Self::Date => "a date such as `2026-11-11`, `-90d` or `today`".to_owned(),
            Self::Day => "a day such as `2026-11-11`, `-30y` or `today`".to_owned(),
            Self::Choice(choices) => format!("one of '{}'", choices.join("', '")),
            Self::Truth => "`true` or `false`".to_owned(),
            Self::Property => "a text in quotes, a number, a day, `true` or `false`".to_owned(),
            Self::None => "nothing".to_owned(),
        }
    }

    pub fn operators(self) -> Vec<&'static str> {
        let groups: &[&[&str]] = match self {
            Self::Text => &[EQUAL, PARTS, NULLS],
            Self::Key | Self::Choice(_) => &[EQUAL, NULLS],
            Self::Count | Self::Money | Self::Decimal | Self::Share | Self::Date | Self::Day => {
                &[EQUAL, ORDERED, NULLS]
            }
            Self::List => &[&["CONTAINS", "NOT CONTAINS"], EQUAL, NULLS],
            Self::Truth => &[&["=", "!="]],
            Self::Property => &[EQUAL, ORDERED, PARTS, NULLS],
            Self::None => &[],
        };
        groups.concat()
    }
}

impl From<Measure> for Type {
    fn from(measure: Measure) -> Self {
        match measure {
            Measure::Count => Self::Count,
            Measure::Money => Self::Money,
            Measure::Decimal => Self::Decimal,
            Measure::Share => Self::Share,
        }
    }
}

impl What {
    pub fn kind(self) -> Type {
        match self {
            Self::Text(TextField::Country) | Self::Phone => Type::Key,
            Self::Text(_) => Type::Text,
            Self::Countries | Self::Regions | Self::Cities | Self::Platform | Self::Shop | Self::Tags => {
                Type::List
            }
            Self::Gender => Type::Choice(GENDERS),
            Self::Birthday => Type::Day,
            Self::Age
            | Self::Identities
            | Self::DaysSince(_)
            | Self::DaysUntilDormant
            | Self::Score(_)
            | Self::DaysSinceTouch
            | Self::TouchesWithoutOrder => Type::Count,
            Self::Attributes => Type::Property,
            Self::Added | Self::Date(_) | Self::LastSeen => Type::Date,
            Self::Reachable | Self::GivenUp => Type::Truth,
            Self::Subscription(_) => Type::Choice(SUBSCRIPTIONS),
            Self::Metric(_, measure) => measure.into(),
            Self::Stage => Type::Choice(STAGES),
            Self::RfmGroup => Type::Choice(RFM_GROUPS),
            Self::Unavailable(_) => Type::None,
        }
    }

    /// What it can be narrowed down by.
    pub const fn scope(self) -> &'static [super::Parameter] {
        match self {
            Self::Metric(..) | Self::Date(_) | Self::DaysSince(_) => super::SCOPE,
            Self::DaysUntilDormant | Self::Stage | Self::Score(_) | Self::RfmGroup => super::SHOP_SCOPE,
            _ => &[],
        }
    }
}

impl Row {
    pub fn kind(self) -> Type {
        match self {
            Self::Date => Type::Date,
            Self::Text(RowText::Product) | Self::Id | Self::Shop => Type::Key,
            Self::Text(_) => Type::Text,
            Self::Platform | Self::Campaign => Type::Key,
            Self::Channel => Type::Choice(CHANNELS),
            Self::Outcome => Type::Choice(OUTCOMES),
            Self::Category | Self::ProductTags | Self::Coupons | Self::Promotions => Type::List,
            Self::Status => Type::Choice(STATUSES),
            Self::Number(_, measure) | Self::Sum(_, measure) => measure.into(),
            Self::Hour | Self::Weekday => Type::Count,
            Self::Attributes => Type::Property,
            Self::Unavailable(_) => Type::None,
        }
    }
}
