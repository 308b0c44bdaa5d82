//! 有赞 Youzan: an envelope whose `msg` is the URL-encoded JSON of the trade, in its version 4 or 3, or a short note of a
//! refund.
//!
//! The envelope's `version` orders messages of one type only, so it cannot order an order: a payment's is not comparable
//! with a shipment's. The trade's own dates can; the newest that a message tells is its version here, and the envelope's
//! stands in only where the message has no date at all.

use jiff::tz::{self, TimeZone};
use percent_encoding::percent_decode;
use serde_json::Value;

use super::delivery::{Acknowledgement, Authenticity, Context, Delivery, Event, ParseError, Request, blank};
use super::json::{self, Node};
use super::signature::{self, Secret, VerifyError, fingerprint};
use super::{Adapter, moment, text};
use crate::orders::OrderStatus;
use crate::orders::document::{
    Address, Attributes, BuyerDocument, LineDocument, OrderDocument, RefundDocument,
};
use crate::time::Timestamp;

const SIGNATURE: &str = "Event-Sign";
/// Amounts are yuan with two decimals, except `deduction_pay`, `deduction_real_pay`, `cash` and `t_cash`, which are fen
/// and not needed here.
const YUAN: u32 = 2;
const REFUNDED: i64 = 60;
const REFUND_CLOSED: i64 = 50;

pub struct Youzan;

impl Adapter for Youzan {
    /// Only the header counts. The body's own `sign` covers `msg` alone, and it is disputed in which encoding.
    fn verify(
        &self,
        request: &Request,
        secrets: &[Secret],
        _: Timestamp,
    ) -> Result<Authenticity, VerifyError> {
        let text = request.headers.get(SIGNATURE).ok_or(VerifyError::MissingHeader(SIGNATURE))?;
        let sign = signature::md5_from_hex(text).ok_or(VerifyError::MalformedHeader(SIGNATURE))?;
        let pairs = secrets
            .iter()
            .filter_map(|secret| Some((secret.field("client_id")?, secret.field("client_secret")?)));
        signature::md5_around(pairs, request.body, &sign).map(|()| Authenticity::Signed)
    }

    fn parse(&self, request: &Request, context: &Context) -> Result<Delivery, ParseError> {
        let body = json::parse(request.body)?;
        let envelope = Node::new(&body);
        let topic = envelope.text("type").ok_or(ParseError::Missing("type"))?;
        // Messages of 2018 have no id.
        let key = match envelope.id("msg_id") {
            Some(id) => Delivery::key(&[&id]),
            None => fingerprint(request.body),
        };
        let sent = Sent {
            topic: &topic,
            envelope,
            at: envelope.integer("version").and_then(moment::from_unix),
            received_at: context.received_at,
        };
        Ok(Delivery { delivery_key: key, event_time: sent.at, events: sent.events()?, topic })
    }

    fn acknowledge(&self, _request: &Request) -> Acknowledgement {
        Acknowledgement::CODE_ZERO
    }
}

struct Sent<'a> {
    topic: &'a str,
    envelope: Node<'a>,
    /// The envelope's version as a moment.
    at: Option<Timestamp>,
    received_at: Timestamp,
}

impl Sent<'_> {
    fn events(&self) -> Result<Vec<Event>, ParseError> {
        if self.envelope.truth("test") {
            return Ok(vec![Event::ignored("a test message")]);
        }
        if self.topic != "TRADE" && !self.topic.starts_with("trade_") {
            return Ok(vec![Event::ignored("a type that is not needed here")]);
        }
        // An envelope whose message is of a new kind still tells the order and where it stands.
        let (message, unreadable) = match message(self.envelope.at("msg").value()) {
            Ok(message) => (message, None),
            Err(error) => (Value::Null, Some(Event::Refused { error })),
        };
        let message = Node::new(&message);
        let known = if self.topic.starts_with("trade_refund_") {
            self.refund(message)?
        } else if message.at("full_order_info").exists() {
            self.trade_v4(message)?
        } else {
            let inner = message.at("trade");
            self.trade_v3(if inner.exists() { inner } else { message })?
        };
        Ok([known].into_iter().chain(unreadable).collect())
    }

    fn id(&self, message: Node) -> Result<String, ParseError> {
        let id = message.id("tid").or_else(|| self.envelope.id("id"));
        id.ok_or(ParseError::Missing("tid"))
    }

    fn version(&self, dates: &[Option<Timestamp>]) -> Timestamp {
        let told = dates.iter().copied().flatten().max();
        told.or(self.at).unwrap_or(self.received_at)
    }

    /// `youzan.trade.get` 4.0 in full.
    fn trade_v4(&self, message: Node) -> Result<Event, ParseError> {
        let full = message.at("full_order_info");
        let (info, pay) = (full.at("order_info"), full.at("pay_info"));
        let promotion = message.at("order_promotion");
        let refunds = refunds(message)?;
        let total = pay.money("payment", YUAN)?;
        let fully_refunded = info.integer("refund_state") == Some(12);
        let shipping = full.at("address_info");
        let remarks = full.at("remark_info");
        let mut document = OrderDocument {
            status: self.status(info),
            currency: total.map(|_| "CNY".to_owned()),
            total_amount: total,
            // A full refund without its single payments is a refund of all that was due.
            refunded_amount: total.filter(|_| fully_refunded && refunds.is_empty()),
            refunds: Some(refunds).filter(|refunds| !refunds.is_empty()),
            source: text::label(full.at("source_info").at("source").text("platform")),
            promotions: promotion.exists().then(|| promotions(promotion)),
            coupon_codes: promotion.exists().then(|| coupons(promotion)),
            customer: buyer_v4(full.at("buyer_info"), shipping),
            lines: lines(full)?,
            note: text::note(remarks.text("buyer_message").or_else(|| remarks.text("trade_memo"))),
            ..self.dated(info)?
        };
        if total.is_some() {
            document.shipping_amount = pay.money("post_fee", YUAN)?;
            document.discount_amount = discount(promotion)?;
        }
        Event::order(self.id(info)?, document)
    }

    /// The trade of version 3, or a note with some of its fields: what is not there is not told.
    fn trade_v3(&self, trade: Node) -> Result<Event, ParseError> {
        let total = trade.money("payment", YUAN)?;
        let refunded = trade.money("refunded_fee", YUAN)?.filter(|amount| *amount > 0);
        let mut document = OrderDocument {
            status: self.status(trade),
            currency: total.map(|_| "CNY".to_owned()),
            total_amount: total,
            refunded_amount: refunded,
            source: text::label(trade.at("order_source").text("platform")),
            promotions: listed(trade, "promotion_details", "promotion_name"),
            coupon_codes: listed(trade, "coupon_details", "coupon_id"),
            customer: buyer_v3(trade),
            lines: lines(trade)?,
            note: text::note(trade.text("buyer_message").or_else(|| trade.text("trade_memo"))),
            ..self.dated(trade)?
        };
        if total.is_some() {
            document.shipping_amount = trade.money("post_fee", YUAN)?;
            document.discount_amount = trade.money("discount_fee", YUAN)?;
        }
        Event::order(self.id(trade)?, document)
    }

    /// The dates of a trade and the version that follows from them.
    fn dated(&self, trade: Node) -> Result<OrderDocument, ParseError> {
        let date = |key| trade.local(key, &beijing());
        let updated_at = date("update_time")?;
        let closing = self.topic == "trade_TradeClose";
        let document = OrderDocument {
            ordered_at: date("created")?,
            paid_at: date("pay_time")?,
            shipped_at: date("consign_time")?,
            delivered_at: date("sign_time")?,
            completed_at: date("success_time")?,
            closed_at: date("close_time")?.or(updated_at.filter(|_| closing)),
            ..blank(self.received_at)
        };
        let version = self.version(&[
            updated_at,
            document.ordered_at,
            document.paid_at,
            document.shipped_at,
            document.delivered_at,
            document.completed_at,
            document.closed_at,
        ]);
        Ok(OrderDocument { version, ..document })
    }

    fn status(&self, trade: Node) -> Option<OrderStatus> {
        let state = trade.text("refund_state");
        let word = trade.text("status").or_else(|| self.envelope.text("status"));
        let on_delivery = trade.text("pay_type_str").as_deref() == Some("CODPAY");
        let unpaid = on_delivery && trade.text("pay_time").is_none();
        match (state.as_deref(), word.as_deref()) {
            (Some("12" | "FULL_REFUNDED"), _) => Some(OrderStatus::Refunded),
            (_, Some("TRADE_CLOSED" | "TRADE_CLOSE")) => Some(OrderStatus::Closed),
            (Some("2" | "PARTIAL_REFUNDED"), _) => Some(OrderStatus::PartiallyRefunded),
            (_, Some("WAIT_BUYER_PAY")) => Some(OrderStatus::Created),
            (_, Some("TRADE_PAID" | "WAIT_CONFIRM" | "WAIT_SELLER_SEND_GOODS")) if unpaid => {
                Some(OrderStatus::Created)
            }
            (_, Some("TRADE_PAID" | "WAIT_CONFIRM" | "WAIT_SELLER_SEND_GOODS")) => Some(OrderStatus::Paid),
            (_, Some("WAIT_BUYER_CONFIRM_GOODS")) => Some(OrderStatus::Shipped),
            (_, Some("TRADE_SUCCESS" | "TRADE_BUYER_SIGNED")) => Some(OrderStatus::Completed),
            (_, None) => self.status_by_type(),
            _ => None,
        }
    }

    /// Where an order stands by what the message is about; the one about a part that is sent never has a status. Of a part
    /// that has left the shop there is no state of its own: something has left.
    fn status_by_type(&self) -> Option<OrderStatus> {
        match self.topic {
            "trade_TradeCreate" => Some(OrderStatus::Created),
            "trade_TradePaid" => Some(OrderStatus::Paid),
            "trade_TradePartlySellerShip" | "trade_TradeSellerShip" => Some(OrderStatus::Shipped),
            "trade_TradeSuccess" => Some(OrderStatus::Completed),
            "trade_TradeClose" => Some(OrderStatus::Closed),
            _ => None,
        }
    }

    /// Only a refund that succeeded is money; of one that is asked for, the order is known to exist.
    fn refund(&self, message: Node) -> Result<Event, ParseError> {
        let updated_at = message.local("update_time", &beijing())?;
        let version = self.version(&[updated_at]);
        let amount = match self.topic {
            "trade_refund_RefundSuccess" => message.money("refunded_fee", YUAN)?,
            "trade_refund_RefundClosed" => Some(0),
            _ => None,
        };
        let refund = amount.zip(message.id("refund_id")).map(|(amount, external_id)| RefundDocument {
            external_id,
            refunded_at: version,
            amount,
        });
        let document = OrderDocument { refunds: refund.map(|refund| vec![refund]), ..blank(version) };
        Event::order(self.id(message)?, document)
    }
}

/// The platform writes its own wall time, whatever zone the shop is in. China has had no daylight saving since 1991.
fn beijing() -> TimeZone {
    TimeZone::fixed(tz::offset(8))
}

/// The message inside the envelope: JSON, URL-encoded as a form value; also bare JSON and JSON in a text.
fn message(msg: &Value) -> Result<Value, ParseError> {
    let Value::String(text) = msg else {
        return Ok(msg.clone());
    };
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::Null);
    }
    if text.starts_with('{') {
        return json::parse(text.as_bytes());
    }
    let spaced = text.replace('+', " ");
    let decoded: Vec<u8> = percent_decode(spaced.as_bytes()).collect();
    json::parse(&decoded)
}

fn refunds(message: Node) -> Result<Vec<RefundDocument>, ParseError> {
    let mut refunds = Vec::new();
    for entry in message.list("refund_order") {
        let amount = match entry.integer("refund_state") {
            Some(REFUNDED) => entry.money("refund_fee", YUAN)?,
            Some(REFUND_CLOSED) => Some(0),
            _ => None,
        };
        let refunded_at = entry.local("refund_time", &beijing())?;
        if let (Some(external_id), Some(refunded_at), Some(amount)) =
            (entry.id("refund_id"), refunded_at, amount)
        {
            refunds.push(RefundDocument { external_id, refunded_at, amount });
        }
    }
    Ok(refunds)
}

fn lines(place: Node) -> Result<Option<Vec<LineDocument>>, ParseError> {
    if !place.at("orders").exists() {
        return Ok(None);
    }
    let lines: Result<Vec<_>, _> = place.list("orders").map(line).collect();
    Ok(Some(lines?.into_iter().flatten().collect()))
}

fn line(entry: Node) -> Result<Option<LineDocument>, ParseError> {
    let quantity = entry.integer("num").unwrap_or(1);
    if quantity < 1 {
        return Ok(None);
    }
    let total = entry.money("payment", YUAN)?.or(entry.money("total_fee", YUAN)?);
    Ok(Some(LineDocument {
        external_id: entry.id("oid"),
        sku: text::label(entry.text("outer_sku_id").or_else(|| entry.text("outer_item_id"))),
        product_external_id: entry.id("item_id"),
        title: text::title(entry.text("title")),
        category: None,
        attributes: attributes(entry),
        quantity,
        unit_amount: entry.money("price", YUAN)?,
        total_amount: total.unwrap_or(0),
    }))
}

/// The variant: version 4 writes JSON as a text (`[{"k":"颜色","v":"红色"}]`), version 3 joins pairs (`颜色:红色;尺码:L`).
fn attributes(entry: Node) -> Attributes {
    let mut attributes = Attributes::new();
    let variant = entry.at("sku_properties_name");
    let as_json = variant.embedded().filter(Value::is_array);
    if let Some(pairs) = as_json {
        for pair in pairs.as_array().into_iter().flatten().map(Node::new) {
            text::attribute(&mut attributes, pair.text("k"), pair.text("v"));
        }
    } else if let Some(joined) = variant.as_text() {
        for pair in joined.split([';', '；']) {
            if let Some((name, value)) = pair.split_once([':', '：']) {
                text::attribute(&mut attributes, Some(name.to_owned()), Some(value.to_owned()));
            }
        }
    }
    let extra = entry.at("item_props").embedded();
    for property in extra.as_ref().and_then(Value::as_array).into_iter().flatten() {
        let property = Node::new(property);
        text::attribute(&mut attributes, property.text("name"), property.text("value_name"));
    }
    attributes
}

fn discount(promotion: Node) -> Result<Option<i64>, ParseError> {
    let mut sum = None;
    for key in ["order_discount_fee", "item_discount_fee", "adjust_fee"] {
        if let Some(amount) = promotion.money(key, YUAN)? {
            sum = Some(sum.unwrap_or(0i64).saturating_add(amount));
        }
    }
    // A price that was raised by hand is a negative adjustment.
    Ok(sum.map(|sum| sum.max(0)))
}

/// All promotions of a version 4 trade, of the order and of its items.
fn promotion_entries<'a>(promotion: Node<'a>) -> impl Iterator<Item = Node<'a>> {
    let of_items = promotion.list("item").flat_map(|item| item.list("promotions"));
    promotion.list("order").chain(of_items)
}

fn is_coupon(entry: &Node) -> bool {
    entry.id("coupon_id").is_some()
}

fn promotions(promotion: Node) -> Vec<String> {
    let entries = promotion_entries(promotion).filter(|entry| !is_coupon(entry));
    text::names(
        entries.map(|entry| entry.text("promotion_title").or_else(|| entry.text("promotion_type_name"))),
    )
}

fn coupons(promotion: Node) -> Vec<String> {
    text::names(promotion_entries(promotion).map(|entry| entry.id("coupon_id")))
}

fn listed(trade: Node, list: &str, field: &str) -> Option<Vec<String>> {
    let there = trade.at(list).exists();
    there.then(|| text::names(trade.list(list).map(|entry| entry.id(field))))
}

/// The open id is the person. The phone is there only where the buyer has bound it to the account, so it is theirs; the
/// parcel's is only a contact.
fn buyer_v4(buyer: Node, shipping: Node) -> Option<BuyerDocument> {
    let own_phone = text::phone(buyer.text("buyer_phone"));
    let document = BuyerDocument {
        external_id: buyer.id("yz_open_id"),
        name: text::person(shipping.text("receiver_name")),
        phone_verified: own_phone.is_some(),
        phone: own_phone.or_else(|| text::phone(shipping.text("receiver_tel"))),
        email: None,
        email_verified: false,
        address: text::address(Address {
            country: None,
            province: shipping.text("delivery_province"),
            city: shipping.text("delivery_city"),
            district: shipping.text("delivery_district"),
            line: shipping.text("delivery_address"),
            postcode: shipping.text("delivery_postal_code"),
        }),
    };
    (document != BuyerDocument::default()).then_some(document)
}

/// Version 3 has the buyer's account id beside the fan of a channel, whom one buyer may be several of.
fn buyer_v3(trade: Node) -> Option<BuyerDocument> {
    let document = BuyerDocument {
        external_id: trade.at("fans_info").id("buyer_id"),
        name: text::person(trade.text("receiver_name")),
        phone: text::phone(trade.text("receiver_mobile")),
        phone_verified: false,
        email: None,
        email_verified: false,
        address: text::address(Address {
            country: None,
            province: trade.text("receiver_state"),
            city: trade.text("receiver_city"),
            district: trade.text("receiver_district"),
            line: trade.text("receiver_address"),
            postcode: trade.text("receiver_zip"),
        }),
    };
    (document != BuyerDocument::default()).then_some(document)
}
