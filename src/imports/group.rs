//! The records of one document, gathered.

use serde_json::{Map, Value};

use super::mapping::Plan;
use super::{Entry, Kind, Outcome, Refusal};
use crate::time::Timestamp;

/// The dates that an order's version follows from where nothing tells it.
const DATES: [&str; 6] = ["ordered_at", "paid_at", "shipped_at", "delivered_at", "completed_at", "closed_at"];

pub struct Group {
    pub external_id: String,
    document: Map<String, Value>,
    /// The lines of an order, the variants of a product.
    parts: Vec<Value>,
    /// Where its records begin.
    pub records: Vec<u64>,
    /// The first record of it that cannot be used.
    pub broken: Option<u64>,
    /// A record that could not even be split stood right behind it.
    pub gap: Option<u64>,
}

impl Group {
    pub fn of(external_id: String) -> Self {
        Self {
            external_id,
            document: Map::new(),
            parts: Vec::new(),
            records: Vec::new(),
            broken: None,
            gap: None,
        }
    }

    /// Adds a record: what it tells of the whole where nothing was told before, and a part of its own.
    pub fn add(&mut self, line: u64, mut document: Map<String, Value>, plan: &Plan) {
        self.records.push(line);
        if let Some(part) = plan.part.and_then(|(name, _)| document.remove(name)) {
            self.parts.push(part);
        }
        for (name, value) in document {
            self.document.entry(name).or_insert(value);
        }
    }

    /// The document, complete.
    pub fn entry(mut self, kind: Kind, plan: &Plan) -> Outcome {
        let line = self.records.first().copied().unwrap_or_default();
        match kind {
            Kind::Orders => {
                let version = self.version(plan.as_of);
                let missing = "nothing tells it, and there is no date that could stand in";
                self.set_version(version.ok_or_else(|| Refusal::new(line, "version", missing))?);
                self.parts.iter_mut().for_each(complete_line);
            }
            Kind::Customers => plan.as_of.into_iter().for_each(|as_of| self.set_version(as_of)),
            Kind::Products => {}
        }
        if let Some((_, list)) = plan.part.filter(|_| !self.parts.is_empty()) {
            self.document.insert(list.into(), self.parts.into());
        }
        Ok(Entry {
            line,
            rows: self.records.len() as u64,
            external_id: self.external_id,
            document: self.document,
        })
    }

    fn set_version(&mut self, version: Timestamp) {
        self.document.entry("version").or_insert_with(|| version.to_string().into());
    }

    /// What is told, or else the moment of the export, or else the latest date.
    fn version(&self, as_of: Option<Timestamp>) -> Option<Timestamp> {
        let moment = |name: &str| self.document.get(name)?.as_str()?.parse::<Timestamp>().ok();
        let latest = || DATES.iter().filter_map(|name| moment(name)).max();
        moment("version").or(as_of).or_else(latest)
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
