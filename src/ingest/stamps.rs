//! Which version each part of a thing came from.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How new a told value is; the greater wins. Orders use (version, rank of the status), for the buyer's address (whether
/// it is whole, version); contacts (rank of the source, version).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(pub i64, pub i64);

/// How a told value fared. The order is that of consequence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Settled {
    /// It was known, or older than what is known.
    #[default]
    Stale,
    /// It is newer and says the same: only its stamp is kept.
    Confirmed,
    /// It takes the place of what was known.
    Changed,
}

impl Settled {
    /// Whether there is anything to keep.
    pub fn is_news(self) -> bool {
        self > Self::Stale
    }
}

/// A stamp for each part that was ever told; parts are one letter each.
///
/// Kept as `[[a, b, "letters"], …]`: most things were told by one or two events, so this is short.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamps(BTreeMap<char, Stamp>);

impl Stamps {
    pub fn get(&self, part: char) -> Option<Stamp> {
        self.0.get(&part).copied()
    }

    /// The greatest of all stamps.
    pub fn newest(&self) -> Option<Stamp> {
        self.0.values().copied().max()
    }

    /// Lets a told value compete with the known one.
    ///
    /// The greater stamp wins; between equal stamps the greater content, so that both orders of arrival agree.
    pub fn settle<T: Serialize + PartialEq>(
        &mut self,
        part: char,
        stamp: Stamp,
        known: &mut T,
        told: T,
    ) -> Settled {
        let wins = match self.get(part) {
            None => true,
            Some(held) if stamp != held => stamp > held,
            Some(_) => told != *known && content(&told) > content(known),
        };
        if !wins {
            return Settled::Stale;
        }
        self.0.insert(part, stamp);
        if told == *known {
            return Settled::Confirmed;
        }
        *known = told;
        Settled::Changed
    }
}

fn content<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl Serialize for Stamps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut groups: BTreeMap<Stamp, String> = BTreeMap::new();
        for (&part, &stamp) in &self.0 {
            groups.entry(stamp).or_default().push(part);
        }
        serializer.collect_seq(groups.into_iter().map(|(Stamp(a, b), parts)| (a, b, parts)))
    }
}

impl<'de> Deserialize<'de> for Stamps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let groups = Vec::<(i64, i64, String)>::deserialize(deserializer)?;
        let parts = groups.iter().flat_map(|(a, b, parts)| parts.chars().map(|part| (part, Stamp(*a, *b))));
        Ok(Self(parts.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_wins_and_between_equals_the_greater_content() {
        let told = [(Stamp(1, 0), "a"), (Stamp(2, 0), "b"), (Stamp(2, 0), "c"), (Stamp(2, 1), "a")];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 1, 3, 0]] {
            let (mut stamps, mut known) = (Stamps::default(), "");
            for index in order {
                stamps.settle('x', told[index].0, &mut known, told[index].1);
            }
            assert_eq!(known, "a");
            assert_eq!(stamps.get('x'), Some(Stamp(2, 1)));
        }
    }

    #[test]
    fn stamps_are_grouped_when_written() {
        let mut stamps = Stamps::default();
        let mut value = 0;
        for part in ['a', 'b', 'c'] {
            stamps.settle(part, Stamp(7, 1), &mut value, 1);
        }
        stamps.settle('b', Stamp(9, 2), &mut value, 2);
        let text = serde_json::to_string(&stamps).unwrap();
        assert_eq!(text, r#"[[7,1,"ac"],[9,2,"b"]]"#);
        assert_eq!(serde_json::from_str::<Stamps>(&text).unwrap(), stamps);
    }
}
