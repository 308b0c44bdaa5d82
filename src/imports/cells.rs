//! One cell, read as what the mapping takes it for.

use jiff::tz::TimeZone;
use jiff::{civil, fmt::strtime::BrokenDownTime};
use serde_json::{Map, Value, json};

use super::mapping::{Detail, Unit};
use super::targets::Shape;
use crate::currency;
use crate::time::Timestamp;

/// What a file's cells share.
pub struct Reading<'a> {
    pub date_formats: &'a [String],
    pub zone: &'a TimeZone,
    pub currency: &'a str,
    /// Whether the record has a date of payment.
    pub paid: bool,
}

/// What the cell says, without what spreadsheets wrap around numbers: `="123"`, `'123`.
pub fn clean(cell: &str) -> &str {
    let cell = cell.trim();
    let cell = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).unwrap_or(cell);
    cell.strip_prefix('\'').unwrap_or(cell).trim()
}

impl Reading<'_> {
    /// The value of a cell that is not blank; `None` where the mapping takes it for none.
    pub fn read(
        &self,
        text: &str,
        shape: Shape,
        unit: Unit,
        detail: &Detail,
    ) -> Result<Option<Value>, String> {
        if detail.skip_masked && text.contains('*') {
            return Ok(None);
        }
        let text = match &detail.values {
            None => text,
            Some(values) => values
                .get(text)
                .map(|meaning| meaning.of(self.paid))
                .ok_or_else(|| format!("the mapping's `values` do not say what `{}` means", short(text)))?,
        };
        match shape {
            Shape::Text | Shape::Status => Ok(Some(text.into())),
            Shape::Moment => self.moment(text).map(|moment| Some(moment.to_string().into())),
            Shape::Amount => amount(text, unit, self.currency).map(|amount| Some(amount.into())),
            Shape::Whole => text
                .parse::<i64>()
                .map(|number| Some(number.into()))
                .map_err(|_| format!("`{}` is not a whole number", short(text))),
            Shape::Truth => truth(text).map(|truth| Some(truth.into())),
            Shape::Names => Ok(Some(names(text, detail.separator.as_deref().unwrap_or(",")))),
            Shape::Address => Ok(Some(address(text))),
            Shape::Attributes => attributes(text).map(Some),
        }
    }

    fn moment(&self, text: &str) -> Result<Timestamp, String> {
        if let Ok(moment) = text.parse() {
            return Ok(moment);
        }
        self.date_formats
            .iter()
            .find_map(|format| civil_time(format, text))
            .and_then(|time| time.to_zoned(self.zone.clone()).ok())
            .map(|zoned| Timestamp::from_jiff(zoned.timestamp()))
            // Through the text, which holds the bounds that all moments keep to.
            .and_then(|moment| moment.to_string().parse().ok())
            .ok_or_else(|| format!("`{}` is not a date as in {}", short(text), self.date_formats.join(", ")))
    }
}

fn civil_time(format: &str, text: &str) -> Option<civil::DateTime> {
    let parts = BrokenDownTime::parse(format, text).ok()?;
    parts.to_datetime().ok().or_else(|| Some(parts.to_date().ok()?.at(0, 0, 0, 0)))
}

/// An amount in minor units, exactly.
fn amount(text: &str, unit: Unit, code: &str) -> Result<i64, String> {
    let wrong = || format!("`{}` is not an amount", short(text));
    let plain: String =
        text.trim_matches(|sign: char| "¥￥$£€元".contains(sign) || sign.is_whitespace()).replace(',', "");
    if plain.starts_with('-') {
        return Err(format!("`{}` is negative", short(text)));
    }
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return Err(wrong());
    }
    let decimals = match unit {
        Unit::Major => currency::decimals(code) as usize,
        Unit::Minor => 0,
    };
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > decimals {
        return Err(format!("`{}` has more decimals than {code} has ({decimals})", short(text)));
    }
    format!("{whole}{fraction:0<decimals$}").parse().map_err(|_| wrong())
}

fn truth(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "是" => Ok(true),
        "false" | "no" | "n" | "0" | "否" => Ok(false),
        _ => Err(format!("`{}` is neither yes nor no", short(text))),
    }
}

fn names(text: &str, separator: &str) -> Value {
    text.split(separator).map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// `颜色分类：黑色;尺码：M`, with marks of either width.
fn attributes(text: &str) -> Result<Value, String> {
    let mut attributes = Map::new();
    for pair in text.split([';', '；']).map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) =
            pair.split_once([':', '：']).ok_or_else(|| format!("`{}` is not `name:value`", short(pair)))?;
        attributes.insert(name.trim().to_owned(), value.trim().into());
    }
    Ok(attributes.into())
}

/// `浙江省 杭州市 西湖区 测试街道1号(310000)`: from the large to the small, then the postcode.
fn address(text: &str) -> Value {
    let (text, postcode) = match text.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) {
        Some((before, code)) if code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()) => {
            (before, (code != "000000").then_some(code))
        }
        _ => (text, None),
    };
    let mut steps = text.split_whitespace();
    let mut address = json!({
        "country": "CN",
        "province": steps.next().map(province),
        "city": steps.next().map(|city| city.strip_suffix('市').unwrap_or(city)),
        "district": steps.next(),
        "postcode": postcode,
    });
    let line = steps.collect::<Vec<_>>().join(" ");
    if !line.is_empty() {
        address["line"] = line.into();
    }
    address
}

/// The short name: 浙江 for 浙江省, 广西 for 广西壮族自治区.
fn province(name: &str) -> &str {
    ["特别行政区", "壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "省", "市"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}

/// Enough of a cell to recognise it by.
fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
