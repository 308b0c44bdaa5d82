//! By what customers of several shops are taken for one person.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::present;
use crate::validation::Report;

/// By what customers of several shops are taken for one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityPolicy {
    /// A phone of which a platform vouches that it is the customer's own.
    #[schema(example = true)]
    pub match_verified_phone: bool,
    /// A mailbox of which a platform vouches that it is the customer's own.
    #[schema(example = true)]
    pub match_verified_email: bool,
    /// A phone or mailbox of more customers of one shop than so many is taken for shared, such as that of a company, and
    /// tells nobody any more.
    #[schema(example = 3, minimum = 1, maximum = 100)]
    pub shared_after: i64,
}

impl Default for IdentityPolicy {
    fn default() -> Self {
        Self { match_verified_phone: true, match_verified_email: true, shared_after: 3 }
    }
}

/// What to change; absent fields stay as they are.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IdentityPolicyPatch {
    /// A phone of which a platform vouches that it is the customer's own.
    #[schema(example = true)]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    match_verified_phone: Option<bool>,
    /// A mailbox of which a platform vouches that it is the customer's own.
    #[schema(example = true)]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    match_verified_email: Option<bool>,
    /// A phone or mailbox of more customers of one shop than so many is taken for shared.
    #[schema(example = 3, minimum = 1, maximum = 100)]
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    shared_after: Option<i64>,
}

impl IdentityPolicyPatch {
    pub fn check(&self, report: &mut Report) {
        report.within("shared_after", self.shared_after, 1, 100);
    }

    pub fn apply(self, policy: &mut IdentityPolicy) {
        policy.match_verified_phone = self.match_verified_phone.unwrap_or(policy.match_verified_phone);
        policy.match_verified_email = self.match_verified_email.unwrap_or(policy.match_verified_email);
        policy.shared_after = self.shared_after.unwrap_or(policy.shared_after);
    }
}
