//! A saved segment.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::PersonalData;
use crate::ids::SegmentId;
use crate::time::Timestamp;

/// A saved condition over customers.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    pub id: SegmentId,
    pub name: String,
    pub description: Option<String>,
    /// The canonical text; other segments are named by their ids.
    pub query: String,
    /// The same as JSON.
    pub filter: Value,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub revision: i64,
}

/// A saved segment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SegmentResponse {
    pub id: SegmentId,
    /// One segment a name; queries may use it (`IN SEGMENT 'name'`).
    #[schema(example = "Down coats, asleep")]
    pub name: String,
    /// What it is for.
    #[schema(example = "For the winter's first warm-up")]
    pub description: Option<String>,
    /// The condition as text.
    #[schema(example = "number_of_orders >= 2 AND stage = 'dormant'")]
    pub query: String,
    /// The same as JSON.
    #[schema(value_type = Object)]
    pub filter: Value,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl PersonalData for SegmentResponse {}

impl From<Segment> for SegmentResponse {
    fn from(segment: Segment) -> Self {
        Self {
            id: segment.id,
            name: segment.name,
            description: segment.description,
            query: segment.query,
            filter: segment.filter,
            created_at: segment.created_at,
            updated_at: segment.updated_at,
        }
    }
}
