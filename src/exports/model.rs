//! What the endpoints of exports answer.

use serde::Serialize;
use utoipa::ToSchema;

use super::columns::{Described, Kind};
use crate::http::PersonalData;

/// The columns that an export can have.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportColumnsResponse {
    /// In the order in which they are best shown.
    pub data: Vec<ExportColumnResponse>,
}

/// A column that an export can have.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportColumnResponse {
    /// What to write in `columns`; `<…>` stands for what a caller fills in.
    #[schema(example = "spent_amount")]
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: Kind,
    #[schema(example = "Gross less refunded.")]
    pub description: String,
    /// Masked without `pii:read`.
    pub personal: bool,
    /// In every export that names no columns.
    pub default: bool,
}

impl PersonalData for ExportColumnsResponse {}

impl From<Described> for ExportColumnResponse {
    fn from(column: Described) -> Self {
        Self {
            name: column.name.into(),
            kind: column.kind,
            description: column.about.into(),
            personal: column.personal,
            default: column.default,
        }
    }
}
