//! The sales platforms that push to us: who may speak, and what they say.
//!
//! An adapter is one file and pure: it is given the bytes of a request and answers whether they are authentic
//! ([`Adapter::verify`]) and which canonical events they carry ([`Adapter::parse`]). It knows no HTTP framework, no
//! database and no clock, so it can be read, tested and fuzzed alone. A new platform is a new file and one line in
//! [`by_name`].
//!
//! What holds for all: the signature is checked over the raw bytes, in constant time, before anything is parsed; ids
//! are opaque texts, whatever JSON type they come in; amounts never pass through floating-point arithmetic; a message
//! that tells only part of an order becomes a document that has only that part; a message that is authentic but of no
//! use is [`Event::Ignored`], never an error that would make the platform cancel its subscription.

mod delivery;
mod douyin;
mod json;
mod moment;
mod money;
mod shopify;
mod signature;
mod standard;
mod text;
mod woocommerce;
mod youzan;

#[cfg(test)]
mod tests;

pub use delivery::{
    Acknowledgement, Authenticity, Consent, Context, CustomerUpdate, Delivery, Event, Headers, ParseError,
    PrivacyRequest, Request,
};
pub use signature::{Secret, VerifyError};

use crate::time::Timestamp;

/// What a platform's adapter can do.
pub trait Adapter: Sync {
    /// Whether the request comes from the platform: by one of the `secrets` (several, while they are rotated), over the
    /// bytes as they came. `now` bounds replays where the scheme signs a time.
    fn verify(
        &self,
        request: &Request,
        secrets: &[Secret],
        now: Timestamp,
    ) -> Result<Authenticity, VerifyError>;

    /// What an authentic request tells.
    fn parse(&self, request: &Request, context: &Context) -> Result<Delivery, ParseError>;

    /// Answers a platform that looks at the address before it pushes to it (`GET`).
    fn answer_check(
        &self,
        _request: &Request,
        _secrets: &[Secret],
        _now: Timestamp,
    ) -> Result<Acknowledgement, VerifyError> {
        Ok(Acknowledgement::EMPTY)
    }

    /// What the platform takes for "received".
    fn acknowledge(&self, _request: &Request) -> Acknowledgement {
        Acknowledgement::EMPTY
    }
}

/// The adapter of a shop's `platform`; `None` where there is no such platform.
pub fn by_name(name: &str) -> Option<&'static dyn Adapter> {
    match name {
        "standard" | "other" => Some(&standard::Standard),
        _ if is_relayed(name) => Some(&standard::Standard),
        "shopify" => Some(&shopify::Shopify),
        "woocommerce" => Some(&woocommerce::WooCommerce),
        "youzan" => Some(&youzan::Youzan),
        "douyin" => Some(&douyin::Douyin),
        _ => None,
    }
}

/// Whether nothing is understood here that the platform itself pushes, if it pushes at all. Such a shop is heard through a
/// relay, which signs as Standard Webhooks.
pub fn is_relayed(name: &str) -> bool {
    const RELAYED: [&str; 9] =
        ["taobao", "tmall", "jd", "jd_daojia", "pinduoduo", "wechat_store", "bigcommerce", "stripe", "pos"];
    RELAYED.contains(&name)
}
