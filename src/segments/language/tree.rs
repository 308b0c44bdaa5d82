//! The syntax tree: what was written, names and types not yet looked at. Text and JSON say the same trees.

use super::place::Place;
use super::value::{DateValue, Decimal};

/// A whole query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Whom it describes; absent: everyone.
    pub condition: Option<Node>,
    /// Only the foremost of those.
    pub top: Option<Top>,
    /// As things stood then.
    pub as_of: Option<AsOf>,
}

/// A condition, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub kind: Kind,
    pub place: Place,
}

/// What a condition says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// All of them; at least two.
    And(Vec<Node>),
    /// Any of them; at least two.
    Or(Vec<Node>),
    Not(Box<Node>),
    /// `AT LEAST 2 OF (a, b, c)`
    AtLeast {
        least: u32,
        of: Vec<Node>,
    },
    /// `number_of_orders(shop: 'x') >= 2`
    Compare(Comparison),
    /// `products_purchased NOT MATCHES (id = 1, date >= -1y)`
    Matches {
        function: Name,
        negated: bool,
        conditions: Vec<Comparison>,
    },
    /// `IN SEGMENT 'dormant' AS OF -30d`
    InSegment {
        reference: Text,
        as_of: Option<AsOf>,
    },
    /// `SAMPLE(10%, seed: 'x')`
    Sample {
        percent: Decimal,
        seed: Option<Text>,
    },
    /// `SEQUENCE (a THEN NOT b WITHIN 60d)`
    Sequence(Vec<Step>),
}

/// One step of a sequence: something that happened, or did not, after the step before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub negated: bool,
    pub function: Name,
    pub conditions: Vec<Comparison>,
    /// At most so long after the step before.
    pub within: Option<Span>,
}

/// A length of time: a count and its unit.
pub type Span = super::value::Offset;

/// One comparison: of the customer, or inside of `MATCHES`, of one order, line or event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    pub subject: Subject,
    pub test: Test,
    pub place: Place,
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A field; a fact can be narrowed down to shops, platforms and a time: `amount_spent(platform: 'jd', date: -1y..today)`.
    Field { name: Name, scope: Vec<Comparison> },
    /// `anniversary(birthday)`, `lunar_anniversary(birthday)`: the day on which it comes round, without its year.
    Anniversary { lunar: bool, of: Name },
}

/// How it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    Compare(Operator, Operand),
    /// Both ends included.
    Between(Operand, Operand),
    In(Vec<Operand>),
    NotIn(Vec<Operand>),
    IsNull,
    IsNotNull,
}

/// An operator with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equals,
    Differs,
    Below,
    AtMost,
    Above,
    AtLeast,
    Contains,
    NotContains,
    StartsWith,
    EndsWith,
}

/// A value, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operand {
    pub value: Value,
    pub place: Place,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(Decimal),
    /// `10%`
    Percent(Decimal),
    Truth(bool),
    Date(DateValue),
    /// `(48.8567, 2.3508)`, a place on earth.
    List(Vec<Operand>),
}

/// A name in parts: `attributes.尺码` has two. Only the first is looked up in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub parts: Vec<String>,
    pub place: Place,
}

/// A text, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub text: String,
    pub place: Place,
}

/// `TOP 1000 BY amount_spent`, `TOP 10% BY last_order_date ASC`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Top {
    pub size: TopSize,
    pub by: Name,
    pub scope: Vec<Comparison>,
    pub ascending: bool,
    pub place: Place,
}

/// How many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopSize {
    Count(u32),
    Percent(Decimal),
}

/// A past moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsOf {
    pub date: DateValue,
    pub place: Place,
}
