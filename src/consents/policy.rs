//! What counts as consent where nobody said anything.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Channel;
use crate::http::patched;

/// Whether a person is contacted over a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentRule {
    /// Only after they allowed it.
    OptIn,
    /// Unless they forbade it.
    OptOut,
}

impl ConsentRule {
    /// Whether what was said, or that nothing was, allows contact.
    pub fn allows(self, granted: Option<bool>) -> bool {
        granted.unwrap_or(self == Self::OptOut)
    }
}

/// A tenant's rule for each channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ConsentPolicy {
    pub sms: ConsentRule,
    pub email: ConsentRule,
    pub call: ConsentRule,
    pub im: ConsentRule,
    pub wechat: ConsentRule,
    pub mail: ConsentRule,
    pub parcel_card: ConsentRule,
}

/// What most laws ask for: consent before electronic messages and calls, none for paper.
impl Default for ConsentPolicy {
    fn default() -> Self {
        let (opt_in, opt_out) = (ConsentRule::OptIn, ConsentRule::OptOut);
        Self {
            sms: opt_in,
            email: opt_in,
            call: opt_in,
            im: opt_in,
            wechat: opt_in,
            mail: opt_out,
            parcel_card: opt_out,
        }
    }
}

impl ConsentPolicy {
    pub fn of(&self, channel: Channel) -> ConsentRule {
        match channel {
            Channel::Sms => self.sms,
            Channel::Email => self.email,
            Channel::Call => self.call,
            Channel::Im => self.im,
            Channel::Wechat => self.wechat,
            Channel::Mail => self.mail,
            Channel::ParcelCard => self.parcel_card,
        }
    }
}

/// Rules to change; absent ones stay as they are, `null` brings back what holds unless set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConsentPolicyPatch {
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<ConsentRule>)]
    pub sms: Option<Option<ConsentRule>>,
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<ConsentRule>)]
    pub email: Option<Option<ConsentRule>>,
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<ConsentRule>)]
    pub call: Option<Option<ConsentRule>>,
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<ConsentRule>)]
    pub im: Option<Option<ConsentRule>>,
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<ConsentRule>)]
    pub wechat: Option<Option<ConsentRule>>,
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<ConsentRule>)]
    pub mail: Option<Option<ConsentRule>>,
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<ConsentRule>)]
    pub parcel_card: Option<Option<ConsentRule>>,
}

impl ConsentPolicyPatch {
    pub fn apply(self, policy: &mut ConsentPolicy) {
        let unset = ConsentPolicy::default();
        for (told, rule, unset) in [
            (self.sms, &mut policy.sms, unset.sms),
            (self.email, &mut policy.email, unset.email),
            (self.call, &mut policy.call, unset.call),
            (self.im, &mut policy.im, unset.im),
            (self.wechat, &mut policy.wechat, unset.wechat),
            (self.mail, &mut policy.mail, unset.mail),
            (self.parcel_card, &mut policy.parcel_card, unset.parcel_card),
        ] {
            if let Some(told) = told {
                *rule = told.unwrap_or(unset);
            }
        }
    }
}
