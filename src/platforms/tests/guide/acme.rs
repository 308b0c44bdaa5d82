//! The adapter that docs/PLATFORMS.md writes to show how; what follows the imports stands there word for word.

use crate::currency;
use crate::orders::OrderStatus;
use crate::orders::document::{Attributes, BuyerDocument, LineDocument, OrderDocument};
use crate::platforms::delivery::{Context, Delivery, Event, ParseError, Request, blank};
use crate::platforms::json::{self, Node};
use crate::platforms::signature::{self, Secret, VerifyError, fingerprint, from_base64};
use crate::platforms::{Adapter, Authenticity, text};
use crate::time::Timestamp;

const SIGNATURE: &str = "X-Acme-Signature";

pub struct Acme;

impl Adapter for Acme {
    fn verify(
        &self,
        request: &Request,
        secrets: &[Secret],
        _: Timestamp,
    ) -> Result<Authenticity, VerifyError> {
        let text = request.headers.get(SIGNATURE).ok_or(VerifyError::MissingHeader(SIGNATURE))?;
        let signature = from_base64(text).ok_or(VerifyError::MalformedHeader(SIGNATURE))?;
        let keys = secrets.iter().filter_map(Secret::text);
        signature::hmac_sha256(keys, &[request.body], &signature).map(|()| Authenticity::Signed)
    }

    fn parse(&self, request: &Request, context: &Context) -> Result<Delivery, ParseError> {
        let body = json::parse(request.body)?;
        let message = Node::new(&body);
        let topic = message.text("event").ok_or(ParseError::Missing("event"))?;
        let events = match topic.as_str() {
            "order.created" | "order.paid" => vec![order(message.at("order"), context)?],
            _ => vec![Event::ignored("an event that is not needed here")],
        };
        let key = message.id("event_id").unwrap_or_else(|| fingerprint(request.body));
        Ok(Delivery { delivery_key: Delivery::key(&[&topic, &key]), event_time: None, topic, events })
    }
}

fn order(order: Node, context: &Context) -> Result<Event, ParseError> {
    let paid_at = order.rfc3339("paid")?;
    let decimals = currency::decimals(&context.currency);
    let lines: Result<Vec<_>, _> = order.list("items").map(|item| line(item, decimals)).collect();
    let document = OrderDocument {
        status: Some(if paid_at.is_some() { OrderStatus::Paid } else { OrderStatus::Created }),
        paid_at,
        total_amount: order.money("total", decimals)?,
        customer: order
            .id("buyer")
            .map(|id| BuyerDocument { external_id: Some(id), ..BuyerDocument::default() }),
        lines: Some(lines?),
        ..blank(order.rfc3339("changed")?.unwrap_or(context.received_at))
    };
    Event::order(order.required_id("no")?, document)
}

fn line(item: Node, decimals: u32) -> Result<LineDocument, ParseError> {
    Ok(LineDocument {
        external_id: None,
        sku: text::label(item.text("art")),
        product_external_id: None,
        title: text::title(item.text("name")),
        category: None,
        attributes: Attributes::new(),
        quantity: item.integer("n").unwrap_or(1),
        unit_amount: None,
        total_amount: item.money("sum", decimals)?.unwrap_or(0),
    })
}
