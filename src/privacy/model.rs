//! The audit log and privacy requests as they are answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::PersonalData;
use crate::ids::{AuditId, CustomerId, PrivacyRequestId, ShopId};
use crate::time::Timestamp;

/// What was done with personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A customer was erased.
    CustomerErased,
    /// All that is held on a customer was told.
    CustomerExported,
    /// A platform asked, in somebody's name, what is held on them.
    AccessRequested,
    /// A platform asked for somebody to be erased.
    ErasureRequested,
    /// A platform asked for all customers of a shop to be erased.
    ShopErasureRequested,
    /// A request was closed.
    RequestClosed,
}

impl Action {
    pub const ALL: [Self; 6] = [
        Self::CustomerErased,
        Self::CustomerExported,
        Self::AccessRequested,
        Self::ErasureRequested,
        Self::ShopErasureRequested,
        Self::RequestClosed,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CustomerErased => "customer_erased",
            Self::CustomerExported => "customer_exported",
            Self::AccessRequested => "access_requested",
            Self::ErasureRequested => "erasure_requested",
            Self::ShopErasureRequested => "shop_erasure_requested",
            Self::RequestClosed => "request_closed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }
}

/// An entry on its way into the audit log.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The subject of the token, or the shop whose platform asked.
    pub actor: String,
    pub action: Action,
    /// An id as the API shows it.
    pub object: Option<String>,
    /// Figures and ids, nothing personal.
    pub details: serde_json::Value,
}

/// Something that was done with personal data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntryResponse {
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// The subject of the token, or the id of the shop whose platform asked.
    #[schema(example = "desk-7")]
    pub actor: String,
    pub action: Action,
    /// To what it was done.
    #[schema(example = "cus_01jd7zk3v8e4qbm2n5r9x6t0wy")]
    pub object: Option<String>,
    /// More about it: figures and ids, nothing personal.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    pub details: serde_json::Value,
}

impl PersonalData for AuditEntryResponse {}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// What is held on somebody.
    Access,
    /// All customers of a shop to be erased.
    ShopErasure,
}

impl RequestKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::ShopErasure => "shop_erasure",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Access, Self::ShopErasure].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Something that a platform asked for in people's names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PrivacyRequestResponse {
    pub id: PrivacyRequestId,
    pub kind: RequestKind,
    /// The shop whose platform asked.
    pub shop_id: ShopId,
    /// The platform's own id of the request.
    #[schema(example = "9999")]
    pub external_id: Option<String>,
    /// Whom it is about; `null` if nothing is held on them, or if it is about all customers of the shop.
    pub customer_id: Option<CustomerId>,
    /// Where all that is held on them is told.
    #[schema(example = "/v1/customers/cus_01jd7zk3v8e4qbm2n5r9x6t0wy/export")]
    pub export: Option<String>,
    pub requested_at: Timestamp,
    /// By when it should be closed: a month after it came, as most laws have it.
    pub due_at: Timestamp,
    /// When it was closed; `null` while it is open.
    pub closed_at: Option<Timestamp>,
    /// Who closed it.
    #[schema(example = "desk-7")]
    pub closed_by: Option<String>,
}

impl PersonalData for PrivacyRequestResponse {}
