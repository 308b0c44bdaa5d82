//! Where in what was written something stands.

use std::sync::Arc;

/// A place in the text or in the JSON document that a query was read from.
///
/// All places are equal: trees are compared by what they say, not by where it stood.
#[derive(Debug, Clone, Default)]
pub enum Place {
    /// Nowhere: the tree was made, not read.
    #[default]
    Nowhere,
    /// From the byte `start` to before the byte `end` of the text.
    Span { start: u32, end: u32 },
    /// An RFC 6901 pointer into the document.
    Pointer(Arc<str>),
}

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

impl Place {
    pub fn span(start: usize, end: usize) -> Self {
        let short = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        Self::Span { start: short(start), end: short(end) }
    }

    /// From the beginning of this place to the end of a later one of the same text.
    #[must_use]
    pub fn to(&self, end: &Self) -> Self {
        match (self, end) {
            (&Self::Span { start, .. }, &Self::Span { end, .. }) => Self::Span { start, end },
            _ => self.clone(),
        }
    }
}
