//! Columns by their names.

use super::known::Known;
use super::{Column, Described, Fact, Kind, Source, Standing, all, default_columns};
use crate::consents::Channel;
use crate::error::{Error, FieldError, LONGEST_ECHO, Result, short};
use crate::http::nearest;
use crate::ids::ShopId;

/// Columns of one export. Few enough that its statement stays within what both databases join.
pub const MOST_COLUMNS: usize = 100;
/// Shops and channels whose own tables an export looks into.
const MOST_JOINS: usize = 30;

const fn pattern(name: &'static str, kind: Kind, about: &'static str) -> Described {
    Described { name, kind, about, personal: false, default: false }
}

/// The columns whose names are filled in.
pub const PATTERNS: &[Described] = &[
    pattern("attributes.<key>", Kind::Json, "One free property by its name."),
    pattern(
        "shop.<shop_id>.<figure>",
        Kind::Integer,
        "One of the figures from `orders` to `average_gap_days`, over the orders in one shop alone.",
    ),
    pattern(
        "consent.<channel>",
        Kind::Text,
        "What the customer said about contact over `sms`, `email`, `call`, `im`, `wechat`, `mail` or `parcel_card`: \
         `granted` or `denied`; nothing where nothing was said.",
    ),
    pattern("external_id.<shop_id>", Kind::List, "By what a shop knows the customer."),
];

/// The column of this name.
pub fn resolve(name: &str) -> Option<Column> {
    if let Some(known) = Known::find(name) {
        return Some(known);
    }
    let source = match name.split_once('.') {
        None => Standing::named(name)
            .map(Source::Standing)
            .or_else(|| Some(Source::Fact(None, Fact::named(name)?)))?,
        Some(("attributes", key)) if is_key(key) => Source::Attribute(key.into()),
        Some(("consent", channel)) => Source::Consent(Channel::parse(channel)?.as_str()),
        Some(("external_id", shop)) => Source::ExternalIds(shop.parse().ok()?),
        Some(("shop", rest)) => {
            let (shop, fact) = rest.split_once('.')?;
            Source::Fact(Some(shop.parse::<ShopId>().ok()?), Fact::named(fact)?)
        }
        Some(_) => return None,
    };
    Some(Column { name: name.into(), source, mask: None })
}

/// Whether the databases agree on what is under this key.
fn is_key(key: &str) -> bool {
    !key.is_empty() && !key.contains(['"', '\\']) && !key.contains(char::is_control)
}

/// The columns that a caller names, separated by commas; those of `default` where there are none.
pub fn read(names: Option<&str>, place: impl Fn(&'static str, String) -> FieldError) -> Result<Vec<Column>> {
    let Some(names) = names else {
        return Ok(default_columns());
    };
    let (mut columns, mut errors) = (Vec::<Column>::new(), Vec::new());
    for name in names.split(',').map(str::trim) {
        let shown = || short(name.into(), LONGEST_ECHO);
        match resolve(name) {
            Some(column) if columns.iter().any(|known| known.name == column.name) => {
                errors.push(place("duplicate_column", format!("`{}` stands there twice", shown())));
            }
            Some(column) => columns.push(column),
            None => errors.push(place("unknown_column", unknown(name, &shown()))),
        }
        if columns.len() > MOST_COLUMNS || errors.len() > MOST_COLUMNS {
            errors.push(place("too_many", format!("must be at most {MOST_COLUMNS} columns")));
            break;
        }
    }
    if joins(&columns) > MOST_JOINS {
        errors.push(place("too_many", format!("must look into at most {MOST_JOINS} shops and channels")));
    }
    if errors.is_empty() { Ok(columns) } else { Err(Error::Invalid(errors)) }
}

fn unknown(name: &str, shown: &str) -> String {
    let known = all();
    match nearest(name, known.iter().map(|column| column.name)) {
        Some(near) => format!("there is no column `{shown}`; did you mean `{near}`?"),
        None => format!("there is no column `{shown}`; GET /v1/exports/columns lists all"),
    }
}

fn joins(columns: &[Column]) -> usize {
    let mut joined: Vec<String> = columns
        .iter()
        .filter_map(|column| match &column.source {
            Source::Fact(Some(shop), _) => Some(shop.to_string()),
            Source::Consent(channel) => Some((*channel).into()),
            _ => None,
        })
        .collect();
    joined.sort_unstable();
    joined.dedup();
    joined.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(names: &str) -> Vec<String> {
        let place = |code, detail: String| FieldError::parameter("columns", code, detail);
        let error = read(Some(names), place).unwrap_err();
        error.field_errors().iter().map(|error| format!("{}: {}", error.code, error.detail)).collect()
    }

    #[test]
    fn what_is_no_column_is_told_with_the_nearest() {
        assert_eq!(
            problems("id,spend_amount,id,shop.x.orders"),
            [
                "unknown_column: there is no column `spend_amount`; did you mean `spent_amount`?",
                "duplicate_column: `id` stands there twice",
                "unknown_column: there is no column `shop.x.orders`; GET /v1/exports/columns lists all",
            ]
        );
        assert_eq!(
            problems("")[0],
            "unknown_column: there is no column ``; GET /v1/exports/columns lists all"
        );
        assert!(problems("attributes.a\"b")[0].starts_with("unknown_column"));
    }

    #[test]
    fn columns_are_found_by_name_and_by_pattern() {
        let shop = "shp_01jd7zk3v8e4qbm2n5r9x6t0wy";
        let names =
            format!("id, attributes.尺码,consent.sms,external_id.{shop},shop.{shop}.items,average_gap_days");
        let place = |code, detail: String| FieldError::parameter("columns", code, detail);
        let columns = read(Some(&names), place).unwrap();
        assert_eq!(columns.len(), 6);
        assert_eq!(columns[1].source, Source::Attribute("尺码".into()));
        assert_eq!(columns[4].source, Source::Fact(shop.parse().ok(), Fact::Items));
    }

    #[test]
    fn an_export_looks_into_so_many_tables() {
        let shop = |number: u128| ShopId::from_uuid(uuid::Uuid::from_u128(number));
        let names: Vec<String> = (0..31).map(|number| format!("shop.{}.orders", shop(number))).collect();
        assert!(problems(&names.join(","))[0].starts_with("too_many"));
    }
}
