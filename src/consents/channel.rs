//! The ways to contact a person.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A way to contact a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A text message.
    Sms,
    /// An e-mail.
    Email,
    /// A telephone call.
    Call,
    /// A message within the shop's platform.
    Im,
    /// A WeChat message.
    Wechat,
    /// A letter or a catalogue.
    Mail,
    /// A card in the parcel.
    ParcelCard,
}

impl Channel {
    pub const ALL: [Self; 7] =
        [Self::Sms, Self::Email, Self::Call, Self::Im, Self::Wechat, Self::Mail, Self::ParcelCard];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Call => "call",
            Self::Im => "im",
            Self::Wechat => "wechat",
            Self::Mail => "mail",
            Self::ParcelCard => "parcel_card",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == text)
    }
}
