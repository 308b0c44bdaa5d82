//! 抖店 Douyin shops: a list of short messages, each with a tag, an id and some of an order's fields.
//!
//! The messages are thin: ids, a status, one date, at most an amount. Each becomes a document with just that. A relay that
//! has called `order.orderDetail` may put its answer into `data`; then lines, variants and the buyer are told too.

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

const SIGNATURE: &str = "event-sign";

pub struct Douyin;

impl Adapter for Douyin {
    fn verify(
        &self,
        request: &Request,
        secrets: &[Secret],
        _: Timestamp,
    ) -> Result<Authenticity, VerifyError> {
        let text = request.headers.get(SIGNATURE).ok_or(VerifyError::MissingHeader(SIGNATURE))?;
        let sign = signature::md5_from_hex(text).ok_or(VerifyError::MalformedHeader(SIGNATURE))?;
        let pairs =
            secrets.iter().filter_map(|secret| Some((secret.field("app_key")?, secret.field("app_secret")?)));
        signature::md5_around(pairs, request.body, &sign).map(|()| Authenticity::Signed)
    }

    fn parse(&self, request: &Request, context: &Context) -> Result<Delivery, ParseError> {
        let body = json::parse(request.body)?;
        // Documented as a list; single messages have been seen.
        let messages = body.as_array().map_or(std::slice::from_ref(&body), Vec::as_slice);
        let mut delivery = Delivery {
            delivery_key: key(messages, request.body),
            topic: topics(messages),
            event_time: None,
            events: Vec::with_capacity(messages.len()),
        };
        for message in messages {
            let (event, at) =
                read(Node::new(message), context).unwrap_or_else(|error| (Event::Refused { error }, None));
            delivery.event_time = delivery.event_time.max(at);
            delivery.events.push(event);
        }
        Ok(delivery)
    }

    fn acknowledge(&self, _request: &Request) -> Acknowledgement {
        Acknowledgement::CODE_ZERO
    }
}

/// A message's id names it, with the tag: test deliveries repeat one id under several tags. Several messages make one
/// delivery, which a retry repeats as it was.
fn key(messages: &[Value], body: &[u8]) -> String {
    match messages {
        [message] => {
            let message = Node::new(message);
            let id = message.id("msg_id").or_else(|| message.id("msgId"));
            match id {
                Some(id) => Delivery::key(&[&tag(message), &id, &fingerprint(body)]),
                None => fingerprint(body),
            }
        }
        _ => fingerprint(body),
    }
}

fn tag(message: Node) -> String {
    message.text("tag").unwrap_or_default()
}

fn topics(messages: &[Value]) -> String {
    let tags = messages.iter().map(|message| Some(tag(Node::new(message))));
    text::names(tags).join(",")
}

fn read(message: Node, context: &Context) -> Result<(Event, Option<Timestamp>), ParseError> {
    let tag = tag(message);
    if tag == "0" {
        return Ok((Event::Ping, None));
    }
    let data = match message.at("data").value() {
        Value::String(text) => json::parse(text.as_bytes())?,
        other => other.clone(),
    };
    let mut data = Node::new(&data);
    for wrapper in ["shop_order_detail", "order_detail"] {
        if data.at(wrapper).exists() {
            data = data.at(wrapper);
        }
    }
    let detailed = data.at("sku_order_list").exists();
    let id = data.id("p_id").or_else(|| data.id("order_id").filter(|_| detailed));
    let Some(id) = id else {
        return Ok((Event::ignored("a message that is about no order"), None));
    };
    let told_at = newest(data)?.or_else(|| sent_at(message));
    let version = told_at.unwrap_or(context.received_at);
    let document = match tag.as_str() {
        "206" | "207" => refund(data, tag == "206", version)?,
        _ if tag.starts_with('2') => blank(version),
        _ => order(data, &tag, version)?,
    };
    // Without any date a late message cannot be told from a new one, so it does not say where the order stands.
    let status = document.status.filter(|_| told_at.is_some());
    Ok((Event::order(id, OrderDocument { status, ..document })?, told_at))
}

/// The moment that a message's id contains: `<order>::<tag>:<seconds>:<number>`.
fn sent_at(message: Node) -> Option<Timestamp> {
    let id = message.id("msg_id").or_else(|| message.id("msgId"))?;
    let seconds =
        id.split(':').find(|part| part.len() == 10 && part.bytes().all(|byte| byte.is_ascii_digit()))?;
    moment::from_unix(seconds.parse().ok()?)
}

/// The newest of the dates in a message. All are the platform's own clock, so it orders messages of all kinds.
fn newest(data: Node) -> Result<Option<Timestamp>, ParseError> {
    let mut newest = None;
    for key in [
        "update_time",
        "modify_time",
        "create_time",
        "pay_time",
        "ship_time",
        "complete_time",
        "finish_time",
        "cancel_time",
        "apply_time",
        "agree_time",
        "success_time",
        "close_time",
    ] {
        // After-sale messages have also been seen with `update_time` as a text; it is not needed to read them.
        let told = data.unix(key);
        newest = newest.max(if key == "update_time" { told.unwrap_or(None) } else { told? });
    }
    Ok(newest)
}

fn order(data: Node, tag: &str, version: Timestamp) -> Result<OrderDocument, ParseError> {
    let detailed = data.at("sku_order_list").exists();
    // A created or changed order tells what is due, a paid one what was paid.
    let total = data.minor_units("pay_amount")?.or(data.minor_units("total_amount")?);
    let updated_at = data.unix("update_time").unwrap_or(None);
    let mut document = OrderDocument {
        status: status(data, tag),
        ordered_at: data.unix("create_time")?,
        paid_at: data.unix("pay_time")?,
        shipped_at: data.unix("ship_time")?.or(updated_at.filter(|_| matches!(tag, "102" | "108"))),
        completed_at: data.unix("complete_time")?.or(data.unix("finish_time")?),
        closed_at: data.unix("cancel_time")?,
        customer: if detailed { buyer(data) } else { receiver(data.at("receiver_msg")) },
        currency: total.map(|_| "CNY".to_owned()),
        total_amount: total,
        ..blank(version)
    };
    if total.is_some() {
        document.shipping_amount = data.minor_units("post_amount")?;
        document.discount_amount = data.minor_units("promotion_amount")?;
    }
    if detailed {
        document.lines = Some(lines(data)?);
        document.promotions = Some(promotions(data));
        document.coupon_codes =
            Some(text::names(discounts(data, "coupon_info").map(|coupon| coupon.id("coupon_id"))));
        document.note = text::note(data.text("buyer_words").or_else(|| data.text("seller_words")));
        document.source = text::label(data.text("b_type_desc"));
    }
    Ok(document)
}

/// What the message is about outranks the status in it: a cancellation has been seen with the status of before.
fn status(data: Node, tag: &str) -> Option<OrderStatus> {
    let on_delivery = data.integer("pay_type") == Some(0) && data.at("pay_type").exists();
    let paid = if on_delivery && data.integer("pay_time").unwrap_or(0) == 0 {
        OrderStatus::Created
    } else {
        OrderStatus::Paid
    };
    match tag {
        "100" => Some(OrderStatus::Created),
        "101" => Some(paid),
        // Of a part that has left the shop there is no state of its own: something has left.
        "102" | "108" => Some(OrderStatus::Shipped),
        "103" => Some(OrderStatus::Completed),
        "106" => Some(OrderStatus::Closed),
        _ => match data.integer("main_status").or(data.integer("order_status"))? {
            1 | 103 => Some(OrderStatus::Created),
            2 | 105 => Some(paid),
            3 | 101 => Some(OrderStatus::Shipped),
            4 => Some(OrderStatus::Closed),
            5 => Some(OrderStatus::Completed),
            21 | 22 | 39 => Some(OrderStatus::Refunded),
            _ => None,
        },
    }
}

/// Money that went back, or an after-sale case that ended without.
fn refund(data: Node, succeeded: bool, at: Timestamp) -> Result<OrderDocument, ParseError> {
    let amount = if succeeded { data.minor_units("refund_amount")?.unwrap_or(0) } else { 0 };
    let refund = RefundDocument {
        external_id: data.required_id("aftersale_id")?,
        refunded_at: data.unix(if succeeded { "success_time" } else { "close_time" })?.unwrap_or(at),
        amount,
    };
    Ok(OrderDocument { refunds: Some(vec![refund]), ..blank(at) })
}

fn lines(data: Node) -> Result<Vec<LineDocument>, ParseError> {
    let lines: Result<Vec<_>, _> = data.list("sku_order_list").map(line).collect();
    Ok(lines?.into_iter().flatten().collect())
}

fn line(entry: Node) -> Result<Option<LineDocument>, ParseError> {
    let quantity = entry.integer("item_num").unwrap_or(1);
    if quantity < 1 {
        return Ok(None);
    }
    let mut attributes = Attributes::new();
    for pair in entry.list("spec") {
        text::attribute(&mut attributes, pair.text("name"), pair.text("value"));
    }
    Ok(Some(LineDocument {
        external_id: entry.id("order_id"),
        sku: text::label(entry.id("out_sku_id").or_else(|| entry.text("code"))),
        product_external_id: entry.id("product_id_str").or_else(|| entry.id("product_id")),
        title: text::title(entry.text("product_name")),
        category: None,
        attributes,
        quantity,
        unit_amount: entry.minor_units("origin_amount")?,
        total_amount: entry.minor_units("pay_amount")?.unwrap_or(0),
    }))
}

/// Discounts stand under whoever pays for them: shop, platform or talent.
fn discounts<'a>(data: Node<'a>, list: &'static str) -> impl Iterator<Item = Node<'a>> {
    let payers = ["shop_discount_detail", "platform_discount_detail", "kol_discount_detail"];
    let details = payers.into_iter().map(move |payer| data.at("promotion_detail").at(payer));
    details.flat_map(move |detail| detail.list(list))
}

fn promotions(data: Node) -> Vec<String> {
    let of_lines = data.list("sku_order_list").flat_map(|line| line.list("campaign_info"));
    let entries = of_lines.chain(discounts(data, "full_discount_info"));
    text::names(entries.map(|campaign| campaign.text("campaign_name")))
}

/// The open id is the person within this app.
fn buyer(data: Node) -> Option<BuyerDocument> {
    let contact = contact(data.text("mask_post_receiver"), data.text("mask_post_tel"), data.at("post_addr"));
    let buyer = BuyerDocument { external_id: data.id("doudian_open_id"), ..contact };
    (buyer != BuyerDocument::default()).then_some(buyer)
}

/// Whom a parcel is for: a contact and no identity. The address has been seen as an object, a list of one and a text.
fn receiver(message: Node) -> Option<BuyerDocument> {
    let address = message.at("addr").embedded().unwrap_or_default();
    let address = address.as_array().and_then(|list| list.first()).unwrap_or(&address);
    let contact = contact(message.text("name"), message.text("tel"), Node::new(address));
    (contact != BuyerDocument::default()).then_some(contact)
}

/// Names, phones and addresses mostly come masked or encrypted and then are none.
fn contact(name: Option<String>, phone: Option<String>, place: Node) -> BuyerDocument {
    let part = |key: &str| {
        let part = place.at(key);
        part.text("name").or_else(|| part.as_text())
    };
    BuyerDocument {
        name: text::person(name),
        phone: text::phone(phone),
        address: text::address(Address {
            country: None,
            province: part("province"),
            city: part("city"),
            district: part("town"),
            line: part("detail"),
            postcode: None,
        }),
        ..BuyerDocument::default()
    }
}
