//! Consents as they are told and answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Channel, ConsentPolicy, ConsentRule};
use crate::customers::Whom;
use crate::http::PersonalData;
use crate::http::mask::{mask_text, mask_with};
use crate::ids::{ConsentId, CustomerId};
use crate::time::Timestamp;

/// Somebody's word on being contacted, on its way into the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub whom: Whom,
    pub channel: Channel,
    pub granted: bool,
    /// When they said so.
    pub at: Timestamp,
    /// Where: `checkout`, `unsubscribe`, a platform's name …
    pub source: String,
    pub note: Option<String>,
    /// The subject of the token with which it was told; nobody where a platform told it.
    pub recorded_by: Option<String>,
}

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    pub id: ConsentId,
    pub customer_id: CustomerId,
    /// It was not known before.
    pub applied: bool,
}

/// One statement of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatementResponse {
    pub id: ConsentId,
    pub channel: Channel,
    /// `true` if they allowed contact, `false` if they forbade it.
    pub granted: bool,
    /// When they said so.
    pub at: Timestamp,
    /// Where they said so.
    #[schema(example = "checkout")]
    pub source: String,
    /// Hidden without `pii:read`.
    #[schema(example = "asked at the till")]
    pub note: Option<String>,
    /// The subject of the token with which it was told; `null` where a platform or a contact told it.
    #[schema(example = "desk-7")]
    pub recorded_by: Option<String>,
    /// When the service learned of it.
    pub recorded_at: Timestamp,
}

impl PersonalData for StatementResponse {
    fn mask(&mut self) {
        mask_with(&mut self.note, mask_text);
    }
}

/// Whether a customer may be and can be contacted over a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChannelResponse {
    pub channel: Channel,
    /// What they said last; `null` if nothing.
    pub granted: Option<bool>,
    /// Since when they have said so.
    pub since: Option<Timestamp>,
    /// The tenant's rule for those who said nothing.
    pub rule: ConsentRule,
    /// There is an address for the channel.
    pub has_address: bool,
    /// There is an address, and contact is allowed.
    pub reachable: bool,
}

impl PersonalData for ChannelResponse {}

/// The state of one channel that somebody said something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    pub channel: Channel,
    pub granted: bool,
    pub since: Timestamp,
}

/// By what a customer can be reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Addresses {
    pub phone: bool,
    pub email: bool,
    /// A street, or a city with its postcode.
    pub postal: bool,
    /// Known by an identity of the platform's own messages.
    pub im: bool,
    pub wechat: bool,
}

impl Addresses {
    fn has(self, channel: Channel) -> bool {
        match channel {
            Channel::Sms | Channel::Call => self.phone,
            Channel::Email => self.email,
            Channel::Mail | Channel::ParcelCard => self.postal,
            Channel::Im => self.im,
            Channel::Wechat => self.wechat,
        }
    }
}

/// All channels of one customer; for many of them [`super::reachable`] says the same.
pub fn channels(policy: &ConsentPolicy, addresses: Addresses, states: &[State]) -> Vec<ChannelResponse> {
    let show = |channel| {
        let state = states.iter().find(|state| state.channel == channel);
        let granted = state.map(|state| state.granted);
        // Who allowed messages over such a channel has named it.
        let named = matches!(channel, Channel::Im | Channel::Wechat) && granted == Some(true);
        let (rule, has_address) = (policy.of(channel), addresses.has(channel) || named);
        let reachable = has_address && rule.allows(granted);
        let since = state.map(|state| state.since);
        ChannelResponse { channel, granted, since, rule, has_address, reachable }
    };
    Channel::ALL.into_iter().map(show).collect()
}
