//! CSV files with a mapping: records become documents, and the records of one order or product become one.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::BufRead;

use serde_json::{Map, Value, json};

use super::cells::{Reading, clean};
use super::group::Group;
use super::mapping::{Defaults, Field, Mapping, Plan};
use super::records::{Record, Records};
use super::targets::{Shape, steps};
use super::{ImportError, Kind, Outcome, Refusal};

pub struct Rows<R> {
    records: Records<R>,
    header: Vec<String>,
    plan: Plan,
    kind: Kind,
    /// The document whose records are being gathered.
    group: Option<Group>,
    /// Keys of the documents before it, hashed: records that come back to one of them would replace its lines.
    closed: HashSet<u64>,
    ready: VecDeque<Outcome>,
    ended: bool,
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
        let same = self
            .group
            .as_ref()
            .is_some_and(|group| self.plan.part.is_some() && group.external_id == external_id);
        if !same {
            self.close();
            if self.plan.part.is_some() && self.closed.contains(&hash(&external_id)) {
                let reason = "the rows of one document must stand together; sort the file by this column";
                let column = self.name(&self.plan.key);
                return self.ready.push_back(Err(Refusal::new(record.line, column, reason)));
            }
        }
        let outcome = self.document(&record);
        let group = self.group.get_or_insert_with(|| Group::of(external_id));
        if let Some(gap) = group.gap.take() {
            group.broken.get_or_insert(gap);
        }
        match outcome {
            Ok(document) => {
                group.add(record.line, document, &self.plan);
            }
            Err(refusal) => {
                group.broken.get_or_insert(record.line);
                self.ready.push_back(Err(refusal));
            }
        }
    }

    /// Finishes the document that is being gathered. With one broken record all of it is refused: half an order is
    /// worse than none.
    fn close(&mut self) {
        let Some(group) = self.group.take() else { return };
        if self.plan.part.is_some() {
            self.closed.insert(hash(&group.external_id));
        }
        if let Some(broken) = group.broken {
            let reason = format!("line {broken} of the same document cannot be used");
            let refusals = group.records.iter().map(|&line| Err(Refusal::new(line, "", &*reason)));
            self.ready.extend(refusals);
        } else {
            self.ready.push_back(group.entry(self.kind, &self.plan));
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
