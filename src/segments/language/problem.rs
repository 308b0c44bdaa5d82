//! What is wrong with a query, where, and what would be right.

use super::place::Place;

/// One thing wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub place: Place,
    /// Stable, `snake_case`.
    pub code: &'static str,
    /// What was wrong and what was expected.
    pub detail: String,
    /// The nearest thing that would be right there.
    pub nearest: Option<String>,
}

impl Problem {
    pub fn new(place: Place, code: &'static str, detail: impl Into<String>) -> Self {
        Self { place, code, detail: detail.into(), nearest: None }
    }

    /// Adds the nearest of what is known, if any is near enough to have been meant.
    #[must_use]
    pub fn or<'a>(mut self, written: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        self.nearest = nearest(written, known).map(str::to_owned);
        if let Some(nearest) = &self.nearest {
            self.detail = format!("{}; did you mean `{nearest}`?", self.detail);
        }
        self
    }
}

/// How long a name may be for its neighbours to be looked for; the cost grows with the square.
const LONGEST: usize = 64;

/// The nearest of the names, if it takes at most a third of the letters to change one into the other.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written: Vec<char> = written.chars().take(LONGEST + 1).collect();
    if written.len() > LONGEST {
        return None;
    }
    let written: Vec<char> = written.into_iter().flat_map(char::to_lowercase).collect();
    known
        .into_iter()
        .map(|name| (distance(&written, name), name))
        .filter(|(distance, name)| *distance <= name.chars().count().max(written.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters must be put in, left out, changed or swapped with their neighbour.
fn distance(written: &[char], name: &str) -> usize {
    let name: Vec<char> = name.chars().take(LONGEST).flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (i, letter) in written.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, other) in name.iter().enumerate() {
            let mut least = (row[j] + usize::from(letter != other)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && letter == &name[j - 1] && &written[i - 1] == other {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_with_the_fewest_changes() {
        let known = ["number_of_orders", "amount_spent", "last_order_date"];
        assert_eq!(nearest("number_of_order", known), Some("number_of_orders"));
        assert_eq!(nearest("LAST_ODRER_DATE", known), Some("last_order_date"));
        assert_eq!(nearest("amout_spend", known), Some("amount_spent"));
        assert_eq!(nearest("xyz", known), None);
        assert_eq!(nearest(&"x".repeat(100_000), known), None);
    }
}
