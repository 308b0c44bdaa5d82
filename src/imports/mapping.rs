//! Mapping files: which column of a CSV file becomes which part of the canonical document.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use super::Kind;
use super::targets::{self, Shape};
use crate::time::{self, Timestamp};

/// What a mapping file says (JSON).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What the file is for; read by people only.
    #[serde(default)]
    pub description: Option<String>,
    pub kind: Kind,
    /// What separates the columns.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// The zone of dates that name none; the shop's own where absent.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// How dates are written (strptime), tried in turn. RFC 3339 with an offset is always understood.
    #[serde(default = "common_dates")]
    pub date_formats: Vec<String>,
    /// The currency of the amounts where no column tells it; the shop's own where absent.
    #[serde(default)]
    pub currency: Option<String>,
    /// Whether `25.80` or `2580` stands for 25 yuan 80.
    #[serde(default)]
    pub unit: Unit,
    /// Where each part comes from.
    pub fields: BTreeMap<String, Source>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    #[default]
    Major,
    Minor,
}

/// A column by its name, or more to say about it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Source {
    Column(String),
    Detailed(Detail),
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    /// The column's name; of several the first that the file has.
    #[serde(default)]
    pub column: Option<OneOrMore>,
    /// A value for every record, where there is no column or its cell is blank.
    #[serde(default)]
    pub constant: Option<Value>,
    /// The file may lack the column.
    #[serde(default)]
    pub optional: bool,
    /// What each text of the column means.
    #[serde(default)]
    pub values: Option<BTreeMap<String, Meaning>>,
    /// The unit of this column's amounts.
    #[serde(default)]
    pub unit: Option<Unit>,
    /// A text with `*` in it is no value.
    #[serde(default)]
    pub skip_masked: bool,
    /// What separates the names of a list.
    #[serde(default)]
    pub separator: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// What a text stands for; it may depend on whether the order has a date of payment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Meaning {
    Always(String),
    ByPayment { paid: String, unpaid: String },
}

impl Meaning {
    pub fn of(&self, paid: bool) -> &str {
        match self {
            Self::Always(text) => text,
            Self::ByPayment { paid: text, .. } if paid => text,
            Self::ByPayment { unpaid, .. } => unpaid,
        }
    }
}

/// What the shop supplies where the mapping is silent.
#[derive(Debug, Clone)]
pub struct Defaults {
    pub currency: String,
    pub time_zone: String,
    /// When the file was exported: the version of orders that tell none.
    pub as_of: Option<Timestamp>,
}

/// A mapping tied to the header of one file.
pub struct Plan {
    pub key: Field,
    pub fields: Vec<Field>,
    pub date_formats: Vec<String>,
    pub zone: TimeZone,
    pub currency: String,
    pub as_of: Option<Timestamp>,
    /// Records make members of this list (see `targets::part`), so that those of one document belong together.
    pub part: Option<(&'static str, &'static str)>,
}

/// One target and where it comes from in this file.
pub struct Field {
    pub target: String,
    pub shape: Shape,
    pub index: Option<usize>,
    pub detail: Detail,
    pub unit: Unit,
}

impl Mapping {
    /// Reads a mapping file.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| format!("the mapping is not valid: {error}"))
    }

    /// The mapping of a file whose columns are called as the parts are, such as `customer.external_id`.
    pub fn by_name(kind: Kind, header: &[String]) -> Self {
        let fields = header.iter().map(|name| (name.clone(), Source::Column(name.clone()))).collect();
        Self {
            description: None,
            kind,
            delimiter: comma(),
            time_zone: None,
            date_formats: common_dates(),
            currency: None,
            unit: Unit::Minor,
            fields,
        }
    }

    /// Finds the columns in the header.
    pub fn tie(&self, header: &[String], defaults: &Defaults) -> Result<Plan, String> {
        let zone = self.time_zone.as_deref().unwrap_or(&defaults.time_zone);
        let mut fields = self
            .fields
            .iter()
            .map(|(target, source)| self.field(target, source, header))
            .collect::<Result<Vec<_>, _>>()?;
        let key = fields
            .iter()
            .position(|field| field.target == targets::KEY)
            .ok_or("the mapping does not say where `external_id` comes from")?;
        Ok(Plan {
            part: targets::part(self.kind)
                .filter(|(name, _)| fields.iter().any(|field| field.target.split('.').next() == Some(name))),
            key: fields.remove(key),
            fields,
            date_formats: self.date_formats.clone(),
            zone: time::time_zone(zone).ok_or_else(|| format!("`{zone}` is not an IANA time zone"))?,
            currency: self.currency.clone().unwrap_or_else(|| defaults.currency.clone()),
            as_of: defaults.as_of,
        })
    }

    fn field(&self, target: &str, source: &Source, header: &[String]) -> Result<Field, String> {
        let shape = targets::shape(self.kind, target).ok_or_else(|| {
            format!("`{target}` is not a part of a document that a column can be mapped to")
        })?;
        let detail = match source {
            Source::Detailed(detail) => detail.clone(),
            Source::Column(name) => {
                Detail { column: Some(OneOrMore::One(name.clone())), ..Detail::default() }
            }
        };
        let names: &[String] = match &detail.column {
            Some(OneOrMore::One(name)) => std::slice::from_ref(name),
            Some(OneOrMore::More(names)) => names,
            None => &[],
        };
        let index = names.iter().find_map(|name| header.iter().position(|column| column == name.trim()));
        if index.is_none() && detail.constant.is_none() && !detail.optional {
            return Err(match names {
                [] => format!("the mapping of `{target}` needs a `column` or a `constant`"),
                names => format!(
                    "the file has no column `{}`, which the mapping wants for `{target}`; its columns are: {}",
                    names.join("` or `"),
                    header.join(", ")
                ),
            });
        }
        Ok(Field { target: target.to_owned(), shape, index, unit: detail.unit.unwrap_or(self.unit), detail })
    }
}

fn comma() -> char {
    ','
}

fn common_dates() -> Vec<String> {
    [
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y/%m/%d %H:%M:%S",
        "%Y/%m/%d %H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d",
        "%Y/%m/%d",
    ]
    .map(str::to_owned)
    .into()
}
