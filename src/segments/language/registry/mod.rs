//! Everything that has a name: fields, functions and their parameters. The checker, the list of fields and the docs go by
//! this one table.

mod fields;
mod functions;
mod parameters;
mod types;

pub use fields::FIELDS;
pub use functions::FUNCTIONS;
pub use types::{CHANNELS, GENDERS, OUTCOMES, RFM_GROUPS, STAGES, STATUSES, SUBSCRIPTIONS, Type};

use super::checked::{Contact, DateMetric, Metric, RfmScore, RowNumber, RowText, Source, Sum, TextField};

/// Something that can be asked of a customer.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    /// Other names that mean the same.
    pub aliases: &'static [&'static str],
    pub what: What,
    /// Goes by personal data.
    pub personal: bool,
    pub description: &'static str,
    pub example: &'static str,
}

/// What a field is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum What {
    Text(TextField),
    /// A text among lists of addresses, as Shopify writes them.
    Countries,
    Regions,
    Cities,
    Phone,
    Gender,
    Birthday,
    Age,
    /// Free properties: the rest of the name is the key.
    Attributes,
    Added,
    Platform,
    Shop,
    Identities,
    Tags,
    Reachable,
    /// The last word about a channel, in Shopify's terms.
    Subscription(&'static str),
    Metric(Metric, Measure),
    Date(DateMetric),
    DaysSince(DateMetric),
    DaysUntilDormant,
    Stage,
    Score(RfmScore),
    RfmGroup,
    LastSeen,
    DaysSinceTouch,
    TouchesWithoutOrder,
    GivenUp,
    Unavailable(Unavailable),
}

/// In what a number is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// A whole number.
    Count,
    /// An amount in the tenant's currency, in major units.
    Money,
    /// Any decimal.
    Decimal,
    /// A part of a whole: `0.2` or `20%`.
    Share,
}

/// Why something cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    /// The service cannot hold such data.
    Never(&'static str),
    /// It will be known with a later capability.
    NotYet(&'static str),
}

/// A function: a condition on a customer's lines, orders, events or touches.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub what: FunctionKind,
    pub parameters: &'static [Parameter],
    pub description: &'static str,
    pub example: &'static str,
}

/// What a function looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FunctionKind {
    Rows(Source),
    /// Events of these types alone; `id` is what this property says.
    Events {
        types: &'static [&'static str],
        id: &'static str,
    },
    /// Contacts by e-mail.
    Mails(Contact),
    Unavailable(Unavailable),
}

/// What can be asked of one line, order or event, or of their sum.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub what: Row,
    pub description: &'static str,
}

/// What a parameter is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Row {
    Date,
    Shop,
    Platform,
    Text(RowText),
    /// The property that the function names.
    Id,
    Category,
    ProductTags,
    Coupons,
    Promotions,
    Status,
    Number(RowNumber, Measure),
    Hour,
    Weekday,
    Campaign,
    Channel,
    Outcome,
    /// Free properties: the rest of the name is the key.
    Attributes,
    Sum(Sum, Measure),
    Unavailable(Unavailable),
}

/// What a fact can be narrowed down by.
pub const SCOPE: &[Parameter] = &[parameters::SHOP, parameters::PLATFORM, parameters::FACT_DATE];

/// What a stage or score can be narrowed down by.
pub const SHOP_SCOPE: &[Parameter] = &[parameters::SHOP];

/// What `reachable_by` takes.
pub const CHANNEL: &str = "channel";

/// Names that are no field but stand before a key.
const METAFIELDS: &str = "metafields";

/// Looks a field up by its name in parts. The second is the key of a free property.
pub fn field(parts: &[String]) -> Option<(&'static Field, String)> {
    let parts = match parts {
        // `customer.metafields.custom.level`, as Shopify's reports name it.
        [owner, rest @ ..] if owner == "customer" && rest.first().is_some_and(|name| name == METAFIELDS) => {
            rest
        }
        _ => parts,
    };
    let (first, key) = parts.split_first()?;
    // Shopify's own definition of a date of birth.
    let birth = first == METAFIELDS && key.len() == 2 && key[0] == "facts" && key[1] == "birth_date";
    let name = if birth { "birthday" } else { first.as_str() };
    let field = FIELDS.iter().find(|field| field.name == name || field.aliases.contains(&name))?;
    let keyed = matches!(field.what, What::Attributes);
    if birth || (keyed == key.is_empty()) {
        return birth.then(|| (field, String::new()));
    }
    Some((field, key.join(".")))
}

/// Looks a function up by its name in parts.
pub fn function(parts: &[String]) -> Option<&'static Function> {
    let matches = |name: &str| {
        let mut named = name.split('.');
        parts.iter().all(|part| named.next() == Some(part)) && named.next().is_none()
    };
    FUNCTIONS
        .iter()
        .find(|function| matches(function.name) || function.aliases.iter().any(|alias| matches(alias)))
}

/// Looks a parameter up among those of a function or scope. The second is the key of a free property.
pub fn parameter(of: &'static [Parameter], parts: &[String]) -> Option<(&'static Parameter, String)> {
    let (first, key) = parts.split_first()?;
    let named =
        |parameter: &&Parameter| parameter.name == first || parameter.aliases.contains(&first.as_str());
    let parameter = of.iter().find(named)?;
    let keyed = parameter.what == Row::Attributes;
    (keyed != key.is_empty()).then(|| (parameter, key.join(".")))
}

/// Whether a text that is compared with the field can be meant as a date.
pub fn is_dated(function: Option<&[String]>, parts: &[String]) -> bool {
    if let Some(function) = function {
        let parameters = self::function(function).map_or(SCOPE, |function| function.parameters);
        return parameter(parameters, parts).is_some_and(|(parameter, _)| parameter.what == Row::Date);
    }
    field(parts).is_some_and(|(field, _)| matches!(field.what.kind(), Type::Date | Type::Day))
}

/// All names of fields and functions, for suggestions.
pub fn names() -> impl Iterator<Item = &'static str> {
    let fields =
        FIELDS.iter().flat_map(|field| std::iter::once(field.name).chain(field.aliases.iter().copied()));
    fields.chain(
        FUNCTIONS
            .iter()
            .flat_map(|function| std::iter::once(function.name).chain(function.aliases.iter().copied())),
    )
}

#[cfg(test)]
mod tests;
