//! How large a tree is, against the limits.

use super::limits::{MOST_DEPTH, MOST_NODES};
use super::place::Place;
use super::problem::Problem;
use super::tree::{Comparison, Kind, Node, Query, Subject};

/// Refuses a tree that is too large.
pub fn check(query: &Query) -> Result<(), Problem> {
    let mut count = 0;
    if let Some(condition) = &query.condition {
        walk(condition, 1, &mut count)?;
    }
    if let Some(top) = &query.top {
        add(&mut count, 1 + top.scope.len(), &top.place)?;
    }
    Ok(())
}

fn walk(node: &Node, depth: usize, count: &mut usize) -> Result<(), Problem> {
    if depth > MOST_DEPTH {
        return Err(too_deep(node.place.clone()));
    }
    add(count, 1, &node.place)?;
    match &node.kind {
        Kind::And(parts) | Kind::Or(parts) | Kind::AtLeast { of: parts, .. } => {
            parts.iter().try_for_each(|part| walk(part, depth + 1, count))
        }
        Kind::Not(inner) => walk(inner, depth + 1, count),
        Kind::Compare(Comparison { subject: Subject::Field { scope, .. }, .. }) => {
            add(count, scope.len(), &node.place)
        }
        Kind::Matches { conditions, .. } => add(count, conditions.len(), &node.place),
        Kind::Sequence(steps) => {
            steps.iter().try_for_each(|step| add(count, 1 + step.conditions.len(), &node.place))
        }
        Kind::Compare(_) | Kind::InSegment { .. } | Kind::Sample { .. } => Ok(()),
    }
}

fn add(count: &mut usize, more: usize, place: &Place) -> Result<(), Problem> {
    *count += more;
    if *count > MOST_NODES { Err(too_many(place.clone())) } else { Ok(()) }
}

pub fn too_many(place: Place) -> Problem {
    let detail = format!("a query has at most {MOST_NODES} conditions, those inside of others included");
    Problem::new(place, "too_many_conditions", detail)
}

pub fn too_deep(place: Place) -> Problem {
    Problem::new(place, "too_deep", format!("conditions lie at most {MOST_DEPTH} deep in each other"))
}
