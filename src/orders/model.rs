//! An order as it is answered.

use serde::Serialize;
use utoipa::ToSchema;

use super::OrderStatus;
use super::document::{Address, Attributes, BuyerDocument, LineDocument, order_example};
use crate::http::PersonalData;
use crate::http::mask::{mask_email, mask_name, mask_phone, mask_text, mask_with};
use crate::ids::{CustomerId, OrderId, ShopId};
use crate::time::Timestamp;

/// An order: the canonical order as merged from all that was told about it, and what follows from that.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = answer_example)]
pub struct OrderResponse {
    pub id: OrderId,
    pub shop_id: ShopId,
    /// The platform's id of the order, unique within the shop.
    #[schema(example = "2026111100001")]
    pub external_id: String,
    /// Whose order it is; `null` for a guest's.
    pub customer_id: Option<CustomerId>,
    /// The newest version that told anything of the order.
    pub version: Timestamp,
    pub status: OrderStatus,
    /// When the buyer placed it; where nobody told, the earliest moment at which it is known to have existed.
    pub ordered_at: Timestamp,
    /// When it was paid. An order counts from this moment on.
    pub paid_at: Option<Timestamp>,
    /// When it left the shop.
    pub shipped_at: Option<Timestamp>,
    /// When it reached the buyer.
    pub delivered_at: Option<Timestamp>,
    /// When the platform called it finished.
    pub completed_at: Option<Timestamp>,
    /// When it was cancelled or expired.
    pub closed_at: Option<Timestamp>,
    /// ISO 4217 code of the order's own amounts.
    #[schema(example = "CNY")]
    pub currency: Option<String>,
    /// What the buyer pays, in the order's currency, minor units; `null` until it was told.
    pub total_amount: Option<i64>,
    /// What was taken off, in the order's currency, minor units.
    pub discount_amount: Option<i64>,
    /// The share of the total that is shipping, in the order's currency, minor units.
    pub shipping_amount: Option<i64>,
    /// All that was refunded, in the order's currency, minor units.
    pub refunded_amount: i64,
    /// The rate in use: one unit of the order's currency in the tenant's currency, as a decimal.
    #[schema(example = "7.1234")]
    pub exchange_rate: Option<String>,
    /// The total in the tenant's currency, minor units; `null` while it cannot be told.
    pub gross_amount: Option<i64>,
    /// The total less refunds in the tenant's currency, minor units; `null` while it cannot be told. What was refunded
    /// beyond the total does not count.
    pub net_amount: Option<i64>,
    /// Whether the order's worth in the tenant's currency is not known: no total was told, or no known exchange rate
    /// turns it into that currency. Such an order is in no sum.
    pub unconverted: bool,
    /// How many pieces were bought, over all lines.
    pub items: i64,
    /// What was given back, in order of time.
    pub refunds: Vec<RefundResponse>,
    /// Where the order came from within the platform.
    pub source: Option<String>,
    /// Promotions that it was part of.
    pub promotions: Vec<String>,
    /// Who bought, as the order told; masked without `pii:read`.
    pub customer: Option<BuyerDocument>,
    /// What was bought.
    pub lines: Vec<LineDocument>,
    /// Coupons that were redeemed.
    pub coupon_codes: Vec<String>,
    /// The buyer's or seller's remark; masked without `pii:read`.
    pub note: Option<String>,
    /// Free properties.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    pub attributes: Attributes,
    /// When the service learned of the order.
    pub created_at: Timestamp,
    /// When anything about it changed last.
    pub updated_at: Timestamp,
    /// Counts the changes, for the `ETag`.
    #[serde(skip)]
    pub revision: i64,
}

/// Money given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefundResponse {
    /// The platform's id of the refund; made up for a derived one.
    #[schema(example = "r1")]
    pub external_id: String,
    /// When the money was given back; for a derived refund the version that told of it.
    pub refunded_at: Timestamp,
    /// In the order's currency, minor units.
    #[schema(example = 5000)]
    pub amount: i64,
    /// It follows from a `refunded_amount` that the refunds told one by one do not explain.
    pub derived: bool,
}

impl PersonalData for OrderResponse {
    fn mask(&mut self) {
        self.customer.mask();
        mask_with(&mut self.note, mask_text);
    }
}

impl PersonalData for BuyerDocument {
    fn mask(&mut self) {
        mask_with(&mut self.name, mask_name);
        mask_with(&mut self.phone, mask_phone);
        mask_with(&mut self.email, mask_email);
        self.address.mask();
    }
}

/// Down to the city an address says where many people live; beyond that it says where one does.
impl PersonalData for Address {
    fn mask(&mut self) {
        mask_with(&mut self.district, mask_text);
        mask_with(&mut self.line, mask_text);
        mask_with(&mut self.postcode, mask_text);
    }
}

/// The example of the documentation: the canonical order's, as it is answered to a caller with `pii:read`.
fn answer_example() -> serde_json::Value {
    let mut order = serde_json::json!({
        "id": "ord_01jd7zk3v8e4qbm2n5r9x6t0wy",
        "shop_id": "shp_01jd7zk3v8e4qbm2n5r9x6t0wy",
        "external_id": "2026111100001",
        "customer_id": "cus_01jd7zk3v8e4qbm2n5r9x6t0wy",
        "shipped_at": null, "delivered_at": null, "completed_at": null, "closed_at": null,
        "refunded_amount": 0, "exchange_rate": null, "gross_amount": 25800, "net_amount": 25800,
        "unconverted": false, "items": 1, "refunds": [], "note": null, "attributes": {},
        "created_at": "2026-11-10T16:01:03Z", "updated_at": "2026-11-11T00:03:11Z"
    });
    if let (Some(order), serde_json::Value::Object(told)) = (order.as_object_mut(), order_example()) {
        order.extend(told);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_address_ends_at_the_city() {
        let text = |text: &str| Some(text.to_owned());
        let mut address = Address {
            country: text("CN"),
            province: text("浙江"),
            city: text("杭州"),
            district: text("西湖"),
            line: text("文三路 1 号"),
            postcode: text("310000"),
        };
        address.mask();
        assert_eq!((address.city, address.district), (text("杭州"), text("***")));
        assert_eq!((address.line, address.postcode), (text("***"), text("***")));
    }
}
