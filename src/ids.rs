//! Object ids: a UUIDv7 inside, a TypeID (`cus_01h455vb4pex5vsknk084sn02q`) outside.
//!
//! The format is the [TypeID specification](https://github.com/jetify-com/typeid/tree/main/spec): a type prefix,
//! an underscore and the 128 bits in lower-case Crockford base32 (26 characters, the first at most `7`).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;

use crate::db::types::Guid;

/// The noun that an id belongs to.
pub trait IdKind: 'static + Send + Sync {
    /// The prefix before the underscore, three lower-case letters.
    const PREFIX: &'static str;
    /// What the API's description calls its ids.
    const NAME: &'static str;
    /// An id for examples and documentation.
    const EXAMPLE: &'static str;
}

/// The id of one kind of object; two kinds cannot be mixed up.
#[derive(AsExpression, FromSqlRow)]
#[diesel(sql_type = Guid)]
pub struct Id<K: IdKind> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

macro_rules! id_kinds {
    ($($(#[$doc:meta])* $alias:ident = $kind:ident($prefix:literal);)*) => {$(
        $(#[$doc])*
        pub struct $kind;
        impl IdKind for $kind {
            const PREFIX: &'static str = $prefix;
            const NAME: &'static str = stringify!($alias);
            const EXAMPLE: &'static str = concat!($prefix, "_01jd7zk3v8e4qbm2n5r9x6t0wy");
        }
        #[doc = concat!("`", $prefix, "_…`")]
        pub type $alias = Id<$kind>;
    )*};
}

id_kinds! {
    /// A merchant or brand that owns data.
    TenantId = TenantKind("ten");
    /// A store on a platform, or a till.
    ShopId = ShopKind("shp");
    /// A person.
    CustomerId = CustomerKind("cus");
    /// One way by which a shop or a channel knows a person.
    IdentityId = IdentityKind("idn");
    /// Two customers who became one.
    MergeId = MergeKind("mrg");
    /// Customers who were said not to be the same.
    SeparationId = SeparationKind("sep");
    /// An order.
    OrderId = OrderKind("ord");
    /// A request that a platform pushed.
    DeliveryId = DeliveryKind("whd");
    /// A product of a shop.
    ProductId = ProductKind("prd");
    /// A campaign.
    CampaignId = CampaignKind("cmp");
    /// One contact with one customer.
    TouchId = TouchKind("tch");
    /// A tag.
    TagId = TagKind("tag");
    /// What one call or one refresh did to tags.
    TagActId = TagActKind("tac");
    /// A saved condition over customers.
    SegmentId = SegmentKind("seg");
    /// What was said about contact over a channel.
    ConsentId = ConsentKind("cns");
    /// What somebody wrote down about a customer.
    NoteId = NoteKind("nte");
    /// Something that a customer did beside buying.
    EventId = EventKind("evt");
    /// Something that was done with personal data.
    AuditId = AuditKind("aud");
    /// Something that a platform asked for in people's names.
    PrivacyRequestId = PrivacyRequestKind("prv");
}

impl<K: IdKind> Id<K> {
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, kind: PhantomData }
    }

    pub const fn uuid(self) -> Uuid {
        self.uuid
    }

    /// The smallest id; before every real one.
    pub const fn nil() -> Self {
        Self::from_uuid(Uuid::nil())
    }
}

impl<K: IdKind> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K: IdKind> Copy for Id<K> {}
impl<K: IdKind> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K: IdKind> Eq for Id<K> {}
impl<K: IdKind> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K: IdKind> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K: IdKind> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// How many characters stand behind the prefix.
pub const DIGITS: usize = 26;

impl<K: IdKind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(K::PREFIX)?;
        f.write_str("_")?;
        f.write_str(std::str::from_utf8(&digits(self.uuid)).map_err(|_| fmt::Error)?)
    }
}

/// What stands behind the prefix of an id.
pub fn digits(uuid: Uuid) -> [u8; DIGITS] {
    let bits = uuid.as_u128();
    let mut text = [0u8; DIGITS];
    for (place, digit) in text.iter_mut().enumerate() {
        let shift = 5 * (DIGITS - 1 - place);
        *digit = ALPHABET[((bits >> shift) & 31) as usize];
    }
    text
}

impl<K: IdKind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id such as `{example}`")]
pub struct InvalidId {
    example: &'static str,
}

impl<K: IdKind> FromStr for Id<K> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { example: K::EXAMPLE };
        let digits = text
            .strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .filter(|digits| digits.len() == DIGITS && digits.as_bytes()[0] <= b'7')
            .ok_or_else(|| invalid.clone())?;
        let mut bits = 0u128;
        for byte in digits.bytes() {
            let value = ALPHABET.iter().position(|&digit| digit == byte).ok_or_else(|| invalid.clone())?;
            bits = (bits << 5) | value as u128;
        }
        Ok(Self::from_uuid(Uuid::from_u128(bits)))
    }
}

impl<K: IdKind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: IdKind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<K: IdKind> utoipa::PartialSchema for Id<K> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(format!("^{}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", K::PREFIX)))
            .examples([serde_json::Value::from(K::EXAMPLE)])
            .into()
    }
}

impl<K: IdKind> utoipa::ToSchema for Id<K> {
    fn name() -> std::borrow::Cow<'static, str> {
        K::NAME.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_and_read_as_the_typeid_specification_says() {
        // The valid.yml vector "uuidv7" of the specification.
        let uuid: Uuid = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let id = CustomerId::from_uuid(uuid);
        assert_eq!(id.to_string(), "cus_01h455vb4pex5vsknk084sn02q");
        assert_eq!("cus_01h455vb4pex5vsknk084sn02q".parse(), Ok(id));
    }

    #[test]
    fn an_id_of_another_kind_or_out_of_range_is_refused() {
        for text in [
            "ord_01h455vb4pex5vsknk084sn02q",
            "cus_81h455vb4pex5vsknk084sn02q",
            "cus_",
            "",
            "cus_01H455VB4PEX5VSKNK084SN02Q",
        ] {
            assert!(text.parse::<CustomerId>().is_err(), "{text}");
        }
    }
}
