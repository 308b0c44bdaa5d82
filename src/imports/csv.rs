//! CSV files with a mapping: records become documents, and the records of one order become one.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::BufRead;

use serde_json::{Map, Value, json};

use super::cells::{Reading, clean};
use super::mapping::{Defaults, Field, Mapping, Plan};
use super::records::{Record, Records};
use super::targets::{Shape, steps};
use super::{Entry, ImportError, Kind, Outcome, Refusal};
use crate::time::Timestamp;

/// The dates that the version follows from where no column tells it.
const DATES: [&str; 6] = ["ordered_at", "paid_at", "shipped_at", "delivered_at", "completed_at", "closed_at"];

pub struct Rows<R> {
    records: Records<R>,
    header: Vec<String>,
    plan: Plan,
    kind: Kind,
    /// The order whose records are being gathered.
    group: Option<Group>,
    /// Keys of the orders before it, hashed: rows that come back to one of them would replace its lines.
    closed: HashSet<u64>,
    ready: VecDeque<Outcome>,
    ended: bool,
}

struct Group {
    external_id: String,
    document: Map<String, Value>,
    lines: Vec<Value>,
    /// Where its records begin.
    records: Vec<u64>,
    /// The first record of it that cannot be used.
    broken: Option<u64>,
    /// A record that could not even be split stood right behind it.
    gap: Option<u64>,
}

impl<R: BufRead> Rows<R> {
    /// Reads the header and finds the mapped columns in it. Without a mapping the columns must be called as the parts.
    pub fn open(
        input: R,
        kind: Kind,
        mapping: Option<Mapping>,
        defaults: &Defaults,
    ) -> Result<Self, ImportError> {
        let delimiter = mapping.as_ref().map_or(',', |mapping| mapping.delimiter);
        let mut records = Records::new(input, delimiter);
        let header: Vec<String> = match records.next()? {
            None => return Err(ImportError::Unreadable("the file is empty".into())),
            Some(Err(refusal)) => {
                return Err(ImportError::Unreadable(format!("the header {}", refusal.reason)));
            }
            Some(Ok(record)) => record.fields.iter().map(|name| clean(name).to_owned()).collect(),
        };
        let mapping = mapping.unwrap_or_else(|| Mapping::by_name(kind, &header));
        if mapping.kind != kind {
            let message = format!("the mapping is for {:?}, not for {kind:?}", mapping.kind);
            return Err(ImportError::Unreadable(message.to_lowercase()));
        }
        Ok(Self {
            plan: mapping.tie(&header, defaults).map_err(ImportError::Unreadable)?,
            records,
            header,
            kind,
            group: None,
            closed: HashSet::new(),
            ready: VecDeque::new(),
            ended: false,
        })
    }

    fn take(&mut self, record: Result<Record, Refusal>) {
        let record = match record {
            Ok(record) => record,
            Err(refusal) => {
                if let Some(group) = &mut self.group {
                    group.gap.get_or_insert(refusal.line);
                }
                return self.ready.push_back(Err(refusal));
            }
        };
        let external_id = match self.key(&record) {
            Ok(key) => key,
            Err(refusal) => return self.ready.push_back(Err(refusal)),
        };
        let same =
            self.group.as_ref().is_some_and(|group| self.plan.has_lines && group.external_id == external_id);
        if !same {
            self.close();
            if self.plan.has_lines && self.closed.contains(&hash(&external_id)) {
                let reason = "the rows of one order must stand together; sort the file by this column";
                let column = self.name(&self.plan.key);
                return self.ready.push_back(Err(Refusal::new(record.line, column, reason)));
            }
        }
        let outcome = self.document(&record);
        let group = self.group.get_or_insert_with(|| Group {
            external_id,
            document: Map::new(),
            lines: Vec::new(),
            records: Vec::new(),
            broken: None,
            gap: None,
        });
        if let Some(gap) = group.gap.take() {
            group.broken.get_or_insert(gap);
        }
        match outcome {
            Ok(document) => {
                group.records.push(record.line);
                group.add(document);
            }
            Err(refusal) => {
                group.broken.get_or_insert(record.line);
                self.ready.push_back(Err(refusal));
            }
        }
    }

    /// Finishes the order that is being gathered. With one broken record all of it is refused: half an order is worse
    /// than none.
    fn close(&mut self) {
        let Some(group) = self.group.take() else { return };
        if self.plan.has_lines {
            self.closed.insert(hash(&group.external_id));
        }
        if let Some(broken) = group.broken {
            let reason = format!("line {broken} of the same order cannot be used");
            let refusals = group.records.iter().map(|&line| Err(Refusal::new(line, "", &*reason)));
            self.ready.extend(refusals);
        } else {
            self.ready.push_back(group.entry(self.kind, self.plan.as_of));
        }
    }

    fn key(&self, record: &Record) -> Result<String, Refusal> {
        let index = self.plan.key.index;
        let key = index.map_or("", |index| clean(&record.fields[index]));
        if key.is_empty() {
            let column = self.name(&self.plan.key);
            return Err(Refusal::new(record.line, column, "is blank, and it is the key of the record"));
        }
        Ok(key.to_owned())
    }

    fn document(&self, record: &Record) -> Result<Map<String, Value>, Refusal> {
        let mut document = Map::new();
        let mut reading = Reading {
            date_formats: &self.plan.date_formats,
            zone: &self.plan.zone,
            currency: &self.plan.currency,
            paid: false,
        };
        // What a status means may depend on the dates, and the amounts on the currency.
        let (later, first): (Vec<&Field>, Vec<&Field>) =
            self.plan.fields.iter().partition(|field| matches!(field.shape, Shape::Status | Shape::Amount));
        for field in first {
            self.read(field, record, &reading, &mut document)?;
        }
        let told = document.get("currency").and_then(Value::as_str).map(str::to_owned);
        reading.currency = told.as_deref().unwrap_or(reading.currency);
        reading.paid = document.contains_key("paid_at");
        for field in later {
            self.read(field, record, &reading, &mut document)?;
        }
        Ok(document)
    }

    fn read(
        &self,
        field: &Field,
        record: &Record,
        reading: &Reading<'_>,
        document: &mut Map<String, Value>,
    ) -> Result<(), Refusal> {
        let cell = field.index.map_or("", |index| clean(&record.fields[index]));
        let value = if cell.is_empty() {
            field.detail.constant.clone()
        } else {
            reading
                .read(cell, field.shape, field.unit, &field.detail)
                .map_err(|reason| Refusal::new(record.line, self.name(field), reason))?
        };
        if let Some(value) = value {
            put(document, &steps(&field.target), value);
        }
        Ok(())
    }

    fn name(&self, field: &Field) -> String {
        field.index.map_or_else(|| field.target.clone(), |index| self.header[index].clone())
    }
}

impl<R: BufRead> Iterator for Rows<R> {
    type Item = Result<Outcome, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(outcome) = self.ready.pop_front() {
                return Some(Ok(outcome));
            }
            if self.ended {
                return None;
            }
            match self.records.next() {
                Ok(Some(record)) => self.take(record),
                Ok(None) => {
                    self.ended = true;
                    self.close();
                }
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error.into()));
                }
            }
        }
    }
}

impl Group {
    /// Adds a record: what it tells of the order where nothing was told before, and a line of its own.
    fn add(&mut self, mut document: Map<String, Value>) {
        if let Some(line) = document.remove("line") {
            self.lines.push(line);
        }
        for (name, value) in document {
            self.document.entry(name).or_insert(value);
        }
    }

    fn entry(mut self, kind: Kind, as_of: Option<Timestamp>) -> Outcome {
        let line = self.records.first().copied().unwrap_or_default();
        if kind == Kind::Orders {
            self.complete_order(line, as_of)?;
        }
        Ok(Entry {
            line,
            rows: self.records.len() as u64,
            external_id: self.external_id,
            document: self.document,
        })
    }

    fn complete_order(&mut self, line: u64, as_of: Option<Timestamp>) -> Result<(), Refusal> {
        if !self.document.contains_key("version") {
            let dates =
                DATES.iter().filter_map(|name| self.document.get(*name)?.as_str()?.parse::<Timestamp>().ok());
            let version = as_of.or_else(|| dates.max()).ok_or_else(|| {
                Refusal::new(line, "version", "nothing tells it, and there is no date that could stand in")
            })?;
            self.document.insert("version".into(), version.to_string().into());
        }
        if !self.lines.is_empty() {
            self.lines.iter_mut().for_each(complete_line);
            self.document.insert("lines".into(), std::mem::take(&mut self.lines).into());
        }
        Ok(())
    }
}

/// One piece where no number is told; the price of all where no sum is told.
fn complete_line(line: &mut Value) {
    if line.get("quantity").is_none() {
        line["quantity"] = 1.into();
    }
    if line.get("total_amount").is_none()
        && let (Some(unit), Some(quantity)) = (line["unit_amount"].as_i64(), line["quantity"].as_i64())
    {
        line["total_amount"] = unit.saturating_mul(quantity).into();
    }
}

fn put(document: &mut Map<String, Value>, steps: &[&str], value: Value) {
    match steps {
        [] => {}
        [name] => match (document.get_mut(*name), value) {
            // A whole (all attributes in one cell) beside some of its parts.
            (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
            (_, value) => {
                document.insert((*name).to_owned(), value);
            }
        },
        [name, rest @ ..] => {
            let member = document.entry(*name).or_insert_with(|| json!({}));
            if let Value::Object(member) = member {
                put(member, rest, value);
            }
        }
    }
}

fn hash(key: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(key)
}
