//! Templates with placeholders.

use std::fmt;
use std::str::FromStr;

/// Something of a customer's file that a text may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Placeholder {
    Name,
    Nick,
    City,
    LastProduct,
    LastOrderDays,
    Orders,
}

impl Placeholder {
    pub const ALL: [Self; 6] =
        [Self::Name, Self::Nick, Self::City, Self::LastProduct, Self::LastOrderDays, Self::Orders];

    /// As it stands between the braces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Nick => "nick",
            Self::City => "city",
            Self::LastProduct => "last_product",
            Self::LastOrderDays => "last_order_days",
            Self::Orders => "orders",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder { what: Placeholder, fallback: String },
}

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// Why a text is no template; places count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("the placeholder at character {at} is not closed; write {{name|friend}}, or {{{{ for a brace")]
    Open { at: usize },
    #[error("the }} at character {at} closes nothing; write }}}} for a brace")]
    Stray { at: usize },
    #[error(
        "the placeholder at character {at} holds another one; what is filled in is never a template itself"
    )]
    Nested { at: usize },
    #[error("there is no placeholder `{name}` (character {at}); there are {}", known())]
    Unknown { name: String, at: usize },
}

impl TemplateError {
    /// Stable, `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } | Self::Stray { .. } => "malformed_template",
            Self::Nested { .. } => "recursive_template",
            Self::Unknown { .. } => "unknown_placeholder",
        }
    }
}

fn known() -> String {
    Placeholder::ALL.map(Placeholder::as_str).join(", ")
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let mut characters = (1..).zip(text.chars()).peekable();
        let mut pieces = Vec::new();
        let mut plain = String::new();
        while let Some((at, character)) = characters.next() {
            match character {
                '{' | '}' if characters.next_if(|(_, next)| *next == character).is_some() => {
                    plain.push(character);
                }
                '}' => return Err(TemplateError::Stray { at }),
                '{' => {
                    let mut inside = String::new();
                    loop {
                        match characters.next() {
                            Some((_, '}')) => break,
                            Some((_, '{')) => return Err(TemplateError::Nested { at }),
                            Some((_, character)) => inside.push(character),
                            None => return Err(TemplateError::Open { at }),
                        }
                    }
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(placeholder(&inside, at)?);
                }
                _ => plain.push(character),
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self { pieces })
    }
}

fn placeholder(inside: &str, at: usize) -> Result<Piece, TemplateError> {
    let (name, fallback) = inside.split_once('|').unwrap_or((inside, ""));
    let what = Placeholder::ALL.into_iter().find(|known| known.as_str() == name.trim());
    let unknown = || TemplateError::Unknown { name: crate::error::short(name.trim().into(), 40), at };
    Ok(Piece::Placeholder { what: what.ok_or_else(unknown)?, fallback: fallback.into() })
}

impl Template {
    /// The text for one customer; what the file does not tell, or tells as nothing, is replaced by the fallback.
    pub fn fill<'a>(&self, value: impl Fn(Placeholder) -> Option<&'a str>) -> String {
        let filled = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Placeholder { what, fallback } => {
                value(*what).map(str::trim).filter(|value| !value.is_empty()).unwrap_or(fallback)
            }
        });
        filled.collect()
    }

    /// What has to be known of a customer.
    pub fn placeholders(&self) -> impl Iterator<Item = Placeholder> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Placeholder { what, .. } => Some(*what),
            Piece::Text(_) => None,
        })
    }
}

/// As it is written, with braces of its own doubled.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}"))?,
                Piece::Placeholder { what, fallback } if fallback.is_empty() => {
                    write!(f, "{{{}}}", what.as_str())?;
                }
                Piece::Placeholder { what, fallback } => write!(f, "{{{}|{fallback}}}", what.as_str())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(template: &str, name: &str) -> String {
        let template: Template = template.parse().unwrap();
        template.fill(|what| (what == Placeholder::Name).then_some(name))
    }

    #[test]
    fn a_name_is_filled_in_or_its_fallback() {
        assert_eq!(filled("{name|朋友}，好久不见", "张三"), "张三，好久不见");
        assert_eq!(filled("{name|朋友}，好久不见", "  "), "朋友，好久不见");
        assert_eq!(filled("Dear {name}{city| there}", "Li"), "Dear Li there");
        assert_eq!(filled("{{name}} {name|a|b}", ""), "{name} a|b");
    }

    #[test]
    fn what_is_filled_in_is_not_a_template() {
        assert_eq!(filled("{name|x}", "{name}{nick|{city}}"), "{name}{nick|{city}}");
    }

    #[test]
    fn a_template_that_recurses_is_unclosed_or_names_the_unknown_is_refused() {
        let refused = |text: &str| text.parse::<Template>().unwrap_err();
        assert_eq!(refused("a{name|{nick}}"), TemplateError::Nested { at: 2 });
        assert_eq!(refused("{name|a"), TemplateError::Open { at: 1 });
        assert_eq!(refused("a} b"), TemplateError::Stray { at: 2 });
        let unknown = refused("你好{phone|x}");
        assert_eq!(unknown, TemplateError::Unknown { name: "phone".into(), at: 3 });
        assert_eq!(unknown.code(), "unknown_placeholder");
        assert!(unknown.to_string().contains("there are name, nick"), "{unknown}");
    }

    proptest! {
        #[test]
        fn a_template_is_read_as_it_is_written(text in "[a{}|朋]{0,12}|(a|\\{name\\|b\\}|\\{\\{){0,5}") {
            if let Ok(template) = text.parse::<Template>() {
                prop_assert_eq!(template.to_string().parse::<Template>(), Ok(template));
            }
        }
    }
}
