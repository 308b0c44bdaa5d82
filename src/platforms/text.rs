//! Texts as platforms write them: too long, escaped, masked, encrypted.

use serde_json::Value;

use super::delivery::MAX_TAGS;
use crate::orders::document::{Address, Attributes};
use crate::orders::validate::{MAX_ID, MAX_NAMES};

const MAX_TITLE: usize = 500;
const MAX_NOTE: usize = 5_000;
const MAX_ATTRIBUTE: usize = 1_000;
const MAX_ATTRIBUTES: usize = 100;

/// At most so many characters: a long title is no reason to refuse an order.
fn clip(text: &str, most: usize) -> String {
    text.chars().take(most).collect::<String>().trim().to_owned()
}

fn clipped(text: Option<String>, most: usize) -> Option<String> {
    text.map(|text| clip(&text, most)).filter(|text| !text.is_empty())
}

/// A name of anything but a person.
pub fn label(text: Option<String>) -> Option<String> {
    clipped(text, MAX_ID)
}

pub fn title(text: Option<String>) -> Option<String> {
    clipped(text, MAX_TITLE)
}

pub fn note(text: Option<String>) -> Option<String> {
    clipped(text, MAX_NOTE)
}

/// Whether a text is what a platform shows instead of a personal detail: masked (`李**`) or encrypted (`#…##`, `$…$`,
/// `~…~`, the frames that the platforms put around their ciphers).
fn is_hidden(text: &str) -> bool {
    let framed = |mark: char| text.len() > 2 && text.starts_with(mark) && text.ends_with(mark);
    text.contains(['*', '＊', '•']) || framed('#') || framed('$') || framed('~')
}

/// A person's name, not a mask of it.
pub fn person(text: Option<String>) -> Option<String> {
    label(text).filter(|text| !is_hidden(text))
}

/// The parts of a person's name, joined.
pub fn full_name(first: Option<String>, last: Option<String>) -> Option<String> {
    let parts: Vec<String> = [first, last].into_iter().flatten().collect();
    person(Some(parts.join(" ")))
}

/// A phone that somebody can be reached on: neither masked, nor encrypted, nor one of the numbers with an extension
/// that platforms lend for the days of a delivery (`18812345678-1234`).
pub fn phone(text: Option<String>) -> Option<String> {
    let text = text?;
    let text = text.trim();
    let dialled =
        text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | ' ' | '.' | '/'));
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let lent = text.split_once('-').is_some_and(|(number, extension)| {
        number.len() == 11 && number.starts_with('1') && (2..=6).contains(&extension.len())
    });
    (dialled && (5..=20).contains(&digits) && text.len() <= 50 && !lent).then(|| text.to_owned())
}

/// An e-mail address, not a mask of it.
pub fn email(text: Option<String>) -> Option<String> {
    text.filter(|text| {
        let parts = text.split_once('@');
        let plain = !text.contains(char::is_whitespace) && text.chars().count() <= 254;
        plain
            && !is_hidden(text)
            && parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
    })
}

/// An address with its texts within bounds; `None` where nothing of it is known.
pub fn address(address: Address) -> Option<Address> {
    let plain = |text: Option<String>| label(text).filter(|text| !is_hidden(text));
    let country = address.country.map(|code| code.to_ascii_uppercase());
    let address = Address {
        country: country.filter(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())),
        province: plain(address.province),
        city: plain(address.city),
        district: plain(address.district),
        line: title(address.line).filter(|text| !is_hidden(text)),
        postcode: clipped(address.postcode, 20).filter(|text| !is_hidden(text)),
    };
    (address != Address::default()).then_some(address)
}

/// Names without repetitions, those that say nothing left out; as many as an order has.
pub fn names(names: impl IntoIterator<Item = Option<String>>) -> Vec<String> {
    distinct(names, MAX_NAMES)
}

/// The same of a person's tags.
pub fn tags(names: impl IntoIterator<Item = Option<String>>) -> Vec<String> {
    distinct(names, MAX_TAGS)
}

fn distinct(names: impl IntoIterator<Item = Option<String>>, most: usize) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for name in names.into_iter().filter_map(label) {
        if kept.len() < most && !kept.contains(&name) {
            kept.push(name);
        }
    }
    kept
}

/// Adds a property that has a name and says something. The first of a name stands.
pub fn attribute(attributes: &mut Attributes, name: Option<String>, value: Option<String>) {
    if let (Some(name), Some(value)) = (label(name), clipped(value, MAX_ATTRIBUTE))
        && attributes.len() < MAX_ATTRIBUTES
    {
        attributes.entry(name).or_insert(Value::String(value));
    }
}

/// A text without its HTML: entities as characters, tags gone.
pub fn from_html(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = if rest.starts_with('&') {
            entity(rest).inspect(|(c, _)| plain.push(*c)).map(|(_, length)| length)
        } else {
            // A tag is short; looking no further keeps the time linear.
            let window = prefix(rest, 300);
            let opens = window[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
            window.find('>').filter(|_| opens).map(|end| end + 1)
        };
        match taken {
            Some(length) => rest = &rest[length..],
            None => {
                plain.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// The entity that a text begins with, and its length.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = prefix(text, 12).find(';')?;
    let name = &text[1..end];
    let numbered = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let c = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => numbered(digits, 16),
            None => numbered(number, 10),
        },
        None => NAMED.iter().find(|(known, _)| *known == name).map(|(_, c)| *c),
    };
    c.filter(|c| *c != '\0').map(|c| (c, end + 1))
}

/// The entities that WordPress itself makes of typed texts.
const NAMED: [(&str, char); 22] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("hellip", '…'),
    ("times", '×'),
    ("deg", '°'),
    ("reg", '®'),
    ("copy", '©'),
    ("trade", '™'),
    ("middot", '·'),
    ("bull", '•'),
    ("euro", '€'),
    ("pound", '£'),
];

fn prefix(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_phone_that_is_masked_encrypted_or_lent_is_none() {
        for hidden in [
            "138****1234",
            "1380000＊＊＊＊",
            "$d2LYu…$",
            "##abcdefgh##",
            "555-555-SHIP",
            "18812345678-1234",
            "1234",
            "",
        ] {
            assert_eq!(phone(some(hidden)), None, "{hidden}");
        }
        for plain in ["13800001234", "+86 138-0000-1234", "(555) 555-5555", "0571-88888888"] {
            assert_eq!(phone(some(plain)).as_deref(), Some(plain));
        }
    }

    #[test]
    fn masked_names_and_addresses_are_none() {
        assert_eq!(person(some("李**")), None);
        assert_eq!(person(some("$CypherText$")), None);
        assert_eq!(full_name(some("John"), some("Doe")).as_deref(), Some("John Doe"));
        assert_eq!(full_name(None, None), None);
        assert_eq!(email(some("z***@example.com")), None);
        assert_eq!(email(some("not an address")), None);
        let masked = Address { line: some("某某路**号"), ..Address::default() };
        assert_eq!(address(masked), None);
    }

    #[test]
    fn html_becomes_the_text_that_a_reader_sees() {
        assert_eq!(
            from_html("Ship Your Idea &ndash; Color: Black &amp; <b>M</b> &#8211;&#x2019; A&B < 3 &bogus;"),
            "Ship Your Idea – Color: Black & M –’ A&B < 3 &bogus;"
        );
        assert_eq!(from_html("&"), "&");
        assert_eq!(from_html("<é"), "<é");
        assert_eq!(from_html("&#0;&#xD800;"), "&#0;&#xD800;");
    }

    #[test]
    fn long_texts_are_cut_to_what_an_order_may_hold() {
        assert_eq!(title(some(&"长".repeat(600))).unwrap().chars().count(), 500);
        let codes = (0..80).map(|index| Some(format!("c{index}")));
        assert_eq!(names(codes).len(), 50);
        assert_eq!(names([some("A"), some(""), None, some("A"), some("b")]), ["A", "b"]);
    }
}
