//! What a shop is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{ShopId, TenantId};
use crate::tenants::LifecycleOverrides;
use crate::time::Timestamp;

/// A store on a platform, or a till.
#[derive(Debug, Clone, PartialEq)]
pub struct Shop {
    pub tenant: TenantId,
    pub id: ShopId,
    pub platform: Platform,
    /// What the platform calls it.
    pub external_id: String,
    pub name: String,
    /// IANA name.
    pub timezone: String,
    /// ISO 4217 code.
    pub currency: String,
    pub lifecycle: LifecycleOverrides,
    /// Encrypted one by one, newest first.
    pub webhook_secrets: Vec<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub revision: i64,
}

macro_rules! platforms {
    // A `tt`, because utoipa does not look into a `literal` that a macro passes on.
    ($($(#[$doc:meta])* $name:ident = $text:tt;)*) => {
        /// Where a shop is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        pub enum Platform {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl Platform {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

platforms! {
    Shopify = "shopify";
    Woocommerce = "woocommerce";
    Youzan = "youzan";
    Douyin = "douyin";
    Taobao = "taobao";
    Tmall = "tmall";
    Jd = "jd";
    JdDaojia = "jd_daojia";
    Pinduoduo = "pinduoduo";
    WechatStore = "wechat_store";
    Bigcommerce = "bigcommerce";
    Stripe = "stripe";
    /// The canonical order, signed by Standard Webhooks.
    Standard = "standard";
    /// A till.
    Pos = "pos";
    /// Anything else; takes the canonical order like `standard`.
    Other = "other";
}

impl Platform {
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|platform| platform.as_str() == text)
    }
}
