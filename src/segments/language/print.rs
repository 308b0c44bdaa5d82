//! The syntax tree as text: one canonical form, from which the same tree is read.

use std::fmt::{self, Display, Formatter};

use super::tree::{
    AsOf, Comparison, Kind, Name, Node, Operand, Operator, Query, Step, Subject, Test, Top, TopSize, Value,
};
use super::value::{DateValue, Offset};

/// The canonical text of a query.
pub fn print(query: &Query) -> String {
    query.to_string()
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        if let Some(condition) = &self.condition {
            // Without them the moment would be the segment's.
            let inside = self.as_of.is_some() && self.top.is_none() && ends_with_segment(condition);
            write_in(f, condition, inside)?;
            gap = " ";
        }
        if let Some(top) = &self.top {
            write!(f, "{gap}{top}")?;
            gap = " ";
        }
        match &self.as_of {
            Some(as_of) => write!(f, "{gap}{as_of}"),
            None => Ok(()),
        }
    }
}

fn ends_with_segment(node: &Node) -> bool {
    match &node.kind {
        Kind::And(parts) | Kind::Or(parts) => parts.last().is_some_and(ends_with_segment),
        Kind::Not(inner) => ends_with_segment(inner),
        Kind::InSegment { as_of, .. } => as_of.is_none(),
        _ => false,
    }
}

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::And(parts) => {
                joined(f, parts, " AND ", |part| matches!(part.kind, Kind::And(_) | Kind::Or(_)))
            }
            Kind::Or(parts) => joined(f, parts, " OR ", |part| matches!(part.kind, Kind::Or(_))),
            Kind::Not(inner) => {
                f.write_str("NOT ")?;
                write_in(f, inner, matches!(inner.kind, Kind::And(_) | Kind::Or(_)))
            }
            Kind::AtLeast { least, of } => {
                write!(f, "AT LEAST {least} OF (")?;
                joined(f, of, ", ", |_| false)?;
                f.write_str(")")
            }
            Kind::Compare(comparison) => write!(f, "{comparison}"),
            Kind::Matches { function, negated, conditions } => {
                let not = if *negated { "NOT " } else { "" };
                write!(f, "{function} {not}MATCHES ({})", List(conditions))
            }
            Kind::InSegment { reference, as_of } => {
                write!(f, "IN SEGMENT {}", Quoted(&reference.text))?;
                as_of.iter().try_for_each(|as_of| write!(f, " {as_of}"))
            }
            Kind::Sample { percent, seed } => {
                write!(f, "SAMPLE({percent}%")?;
                seed.iter().try_for_each(|seed| write!(f, ", seed: {}", Quoted(&seed.text)))?;
                f.write_str(")")
            }
            Kind::Sequence(steps) => {
                f.write_str("SEQUENCE (")?;
                for (index, step) in steps.iter().enumerate() {
                    write!(f, "{}{step}", if index > 0 { " THEN " } else { "" })?;
                }
                f.write_str(")")
            }
        }
    }
}

fn joined(f: &mut Formatter<'_>, parts: &[Node], by: &str, inside: impl Fn(&Node) -> bool) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(by)?;
        }
        write_in(f, part, parts.len() > 1 && inside(part))?;
    }
    Ok(())
}

fn write_in(f: &mut Formatter<'_>, node: &Node, parentheses: bool) -> fmt::Result {
    if parentheses { write!(f, "({node})") } else { write!(f, "{node}") }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let not = if self.negated { "NOT " } else { "" };
        write!(f, "{not}{}({})", self.function, List(&self.conditions))?;
        self.within.iter().try_for_each(|within| write!(f, " WITHIN {}", SpanText(*within)))
    }
}

/// A length of time, which has no sign.
pub(super) struct SpanText(pub Offset);

impl Display for SpanText {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0.count, self.0.unit.letter())
    }
}

impl Display for Top {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.size {
            TopSize::Count(count) => write!(f, "TOP {count} BY {}", self.by)?,
            TopSize::Percent(percent) => write!(f, "TOP {percent}% BY {}", self.by)?,
        }
        if !self.scope.is_empty() {
            write!(f, "({})", Narrowed(&self.scope))?;
        }
        if self.ascending { f.write_str(" ASC") } else { Ok(()) }
    }
}

impl Display for AsOf {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "AS OF {}", self.date)
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subject, self.test)
    }
}

impl Display for Subject {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field { name, scope } if scope.is_empty() => write!(f, "{name}"),
            Self::Field { name, scope } => write!(f, "{name}({})", Narrowed(scope)),
            Self::Anniversary { lunar: false, of } => write!(f, "anniversary({of})"),
            Self::Anniversary { lunar: true, of } => write!(f, "lunar_anniversary({of})"),
        }
    }
}

/// Comparisons of lines, orders and events.
struct List<'a>(&'a [Comparison]);

impl Display for List<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        commas(f, self.0)
    }
}

/// What narrows a fact down, with colons where they say the same.
struct Narrowed<'a>(&'a [Comparison]);

impl Display for Narrowed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let narrowing: Vec<_> = self.0.iter().map(Narrowing).collect();
        commas(f, &narrowing)
    }
}

struct Narrowing<'a>(&'a Comparison);

impl Display for Narrowing<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Comparison { subject, test, .. } = self.0;
        let relative = |operand: &Operand| {
            matches!(operand.value, Value::Date(DateValue::Offset(_) | DateValue::Ago(_)))
        };
        let suffixed = match subject {
            Subject::Field { name, .. } => {
                let last = name.parts.last().map_or("", String::as_str);
                last.ends_with("_at_least") || last.ends_with("_at_most")
            }
            Subject::Anniversary { .. } => true,
        };
        match test {
            _ if suffixed => write!(f, "{}", self.0),
            Test::Compare(Operator::Equals, operand)
                if !relative(operand) && !matches!(operand.value, Value::List(_)) =>
            {
                write!(f, "{subject}: {operand}")
            }
            Test::Compare(Operator::AtLeast, operand) if relative(operand) => {
                write!(f, "{subject}: {operand}")
            }
            Test::Between(low, high) => write!(f, "{subject}: {low}..{high}"),
            Test::In(values) => {
                write!(f, "{subject}: (")?;
                commas(f, values)?;
                f.write_str(")")
            }
            _ => write!(f, "{}", self.0),
        }
    }
}

fn commas(f: &mut Formatter<'_>, parts: &[impl Display]) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        write!(f, "{}{part}", if index > 0 { ", " } else { "" })?;
    }
    Ok(())
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let values = |f: &mut Formatter<'_>, word: &str, values: &[Operand]| {
            write!(f, "{word} (")?;
            commas(f, values)?;
            f.write_str(")")
        };
        match self {
            Self::Compare(operator, operand) => write!(f, "{} {operand}", operator.as_str()),
            Self::Between(low, high) => write!(f, "BETWEEN {low} AND {high}"),
            Self::In(of) => values(f, "IN", of),
            Self::NotIn(of) => values(f, "NOT IN", of),
            Self::IsNull => f.write_str("IS NULL"),
            Self::IsNotNull => f.write_str("IS NOT NULL"),
        }
    }
}

impl Operator {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "=",
            Self::Differs => "!=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Contains => "CONTAINS",
            Self::NotContains => "NOT CONTAINS",
            Self::StartsWith => "STARTS WITH",
            Self::EndsWith => "ENDS WITH",
        }
    }
}

impl Test {
    /// As the text form calls it.
    pub const fn operator(&self) -> &'static str {
        match self {
            Self::Compare(operator, _) => operator.as_str(),
            Self::Between(..) => "BETWEEN",
            Self::In(_) => "IN",
            Self::NotIn(_) => "NOT IN",
            Self::IsNull => "IS NULL",
            Self::IsNotNull => "IS NOT NULL",
        }
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::Text(text) => write!(f, "{}", Quoted(text)),
            Value::Number(number) => write!(f, "{number}"),
            Value::Percent(percent) => write!(f, "{percent}%"),
            Value::Truth(truth) => write!(f, "{truth}"),
            Value::Date(date) => write!(f, "{date}"),
            Value::List(values) => {
                f.write_str("(")?;
                commas(f, values)?;
                f.write_str(")")
            }
        }
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts.iter().enumerate() {
            let plain = part.chars().all(|c| c == '_' || c.is_alphanumeric())
                && part.starts_with(|c: char| c == '_' || c.is_alphabetic());
            let dot = if index > 0 { "." } else { "" };
            if plain { write!(f, "{dot}{part}")? } else { write!(f, "{dot}{}", Quoted(part))? }
        }
        Ok(())
    }
}

/// A text in quotes.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("'")?;
        let mut rest = self.0;
        while let Some(at) = rest.find(['\'', '\\']) {
            let (plain, tail) = rest.split_at(at);
            let (special, tail) = tail.split_at(1);
            write!(f, "{plain}{special}{special}")?;
            rest = tail;
        }
        write!(f, "{rest}'")
    }
}
