//! Shopify: every order topic carries the whole order as the REST API shows it.
//!
//! The order never says when it was paid. `orders/paid` is sent at that moment, so its version is the date; all other
//! topics know only when the order was processed, which stands in with that (older) version, so that what `orders/paid`
//! tells wins whatever arrives first. Without a stand-in, an order of last year that is edited today would count as
//! bought today.

use super::Adapter;
use super::delivery::{
    Authenticity, Consent, Context, CustomerUpdate, Delivery, Event, ParseError, PrivacyRequest, Request,
    blank,
};
use super::json::{self, Node};
use super::signature::{self, Secret, VerifyError, fingerprint, from_base64};
use super::text;
use crate::currency;
use crate::orders::OrderStatus;
use crate::orders::document::{
    Address, Attributes, BuyerDocument, LineDocument, OrderDocument, RefundDocument,
};
use crate::time::Timestamp;

const SIGNATURE: &str = "X-Shopify-Hmac-Sha256";

pub struct Shopify;

impl Adapter for Shopify {
    fn verify(
        &self,
        request: &Request,
        secrets: &[Secret],
        _: Timestamp,
    ) -> Result<Authenticity, VerifyError> {
        let text = header(request, SIGNATURE).ok_or(VerifyError::MissingHeader(SIGNATURE))?;
        let signature = from_base64(text).ok_or(VerifyError::MalformedHeader(SIGNATURE))?;
        let keys = secrets.iter().filter_map(Secret::text);
        signature::hmac_sha256(keys, &[request.body], &signature).map(|()| Authenticity::Signed)
    }

    fn parse(&self, request: &Request, context: &Context) -> Result<Delivery, ParseError> {
        let topic = header(request, "X-Shopify-Topic").ok_or(ParseError::Missing("X-Shopify-Topic"))?;
        let body = json::parse(request.body)?;
        let triggered_at: Option<Timestamp> =
            header(request, "X-Shopify-Triggered-At").and_then(|text| text.parse().ok());
        let message = Message {
            topic,
            body: Node::new(&body),
            at: triggered_at.unwrap_or(context.received_at),
            currency: &context.currency,
        };
        // The event id is shared by all webhooks of one event (a paid order is created and paid), and one webhook may
        // be subscribed to under several topics; so topic and webhook id together, the shop being the endpoint's.
        let id = header(request, "X-Shopify-Webhook-Id");
        let id = id.map_or_else(|| fingerprint(request.body), str::to_owned);
        Ok(Delivery {
            delivery_key: Delivery::key(&[topic, &id]),
            topic: topic.to_owned(),
            event_time: triggered_at,
            events: message.events()?,
        })
    }
}

/// A header, also in the spelling of the newer "events" that drops the `X-`.
fn header<'a>(request: &Request<'a>, name: &str) -> Option<&'a str> {
    let newer = name.strip_prefix("X-").unwrap_or(name);
    request.headers.get(name).or_else(|| request.headers.get(newer))
}

struct Message<'a> {
    topic: &'a str,
    body: Node<'a>,
    /// When the event happened, as well as that is known.
    at: Timestamp,
    /// The shop's currency.
    currency: &'a str,
}

impl Message<'_> {
    fn events(&self) -> Result<Vec<Event>, ParseError> {
        match self.topic {
            "orders/create"
            | "orders/updated"
            | "orders/paid"
            | "orders/cancelled"
            | "orders/fulfilled"
            | "orders/partially_fulfilled" => self.order(),
            "orders/delete" => self.deleted_order(),
            "refunds/create" => self.refund(),
            "fulfillments/create" | "fulfillments/update" => self.fulfillment(),
            "customers/create" | "customers/update" | "customers/enable" | "customers/disable" => {
                self.customer()
            }
            "customer.tags_added" | "customer.tags_removed" => self.tagged(),
            "customers_email_marketing_consent/update" | "customers_marketing_consent/update" => {
                self.consent()
            }
            "customers/data_request" => Ok(vec![Event::CustomerDataRequest(self.privacy_request()?)]),
            "customers/redact" => Ok(vec![Event::CustomerRedact(self.privacy_request()?)]),
            "shop/redact" => self.privacy_topic().map(|()| vec![Event::ShopRedact]),
            _ => Ok(vec![Event::ignored("a topic that is not needed here")]),
        }
    }

    fn order(&self) -> Result<Vec<Event>, ParseError> {
        let order = self.body;
        let id = order.required_id("id")?;
        let currency = order.text("currency").unwrap_or_else(|| self.currency.to_owned());
        let decimals = currency::decimals(&currency);
        let created_at = order.rfc3339("created_at")?;
        let version = order.rfc3339("updated_at")?.or(created_at).unwrap_or(self.at);
        let cancelled_at = order.rfc3339("cancelled_at")?;
        let paid = matches!(
            order.text("financial_status").as_deref(),
            Some("paid" | "partially_refunded" | "refunded")
        );
        let mut document = OrderDocument {
            status: Some(status(order)),
            ordered_at: created_at.or(order.rfc3339("processed_at")?),
            paid_at: Some(version).filter(|_| paid && self.topic == "orders/paid"),
            // Shopify calls an order closed that is archived, done with; ours is its `cancelled_at`.
            completed_at: order.rfc3339("closed_at")?.filter(|_| cancelled_at.is_none()),
            closed_at: cancelled_at,
            currency: Some(currency),
            total_amount: order.money("total_price", decimals)?,
            refunds: refunds(order, decimals, self.at)?,
            source: text::label(order.text("source_name")),
            promotions: Some(promotions(order)),
            customer: buyer(order),
            lines: lines(order, decimals)?,
            coupon_codes: Some(text::names(order.list("discount_codes").map(|code| code.text("code")))),
            note: text::note(order.text("note")),
            attributes: Some(attributes(order)),
            ..blank(version)
        };
        if document.total_amount.is_some() {
            document.discount_amount = order.money("total_discounts", decimals)?;
            document.shipping_amount = shipping(order, decimals)?;
        }
        (document.shipped_at, document.delivered_at) = deliveries(order)?;
        let mut events = vec![Event::order(id.clone(), document)?];
        if let Some(processed_at) = order.rfc3339("processed_at")?.or(created_at)
            && paid
            && self.topic != "orders/paid"
        {
            let stand_in = OrderDocument { paid_at: Some(processed_at), ..blank(processed_at.min(version)) };
            events.push(Event::order(id, stand_in)?);
        }
        Ok(events)
    }

    /// The shop's staff deleted it: nobody will pay it any more. What was paid before stays known.
    fn deleted_order(&self) -> Result<Vec<Event>, ParseError> {
        let document =
            OrderDocument { status: Some(OrderStatus::Closed), closed_at: Some(self.at), ..blank(self.at) };
        Ok(vec![Event::order(self.body.required_id("id")?, document)?])
    }

    fn refund(&self) -> Result<Vec<Event>, ParseError> {
        let transaction = self.body.list("transactions").find_map(|entry| entry.text("currency"));
        let currency = transaction.unwrap_or_else(|| self.currency.to_owned());
        let refund = refund(self.body, currency::decimals(&currency), self.at)?;
        let document = OrderDocument { refunds: Some(vec![refund.clone()]), ..blank(refund.refunded_at) };
        Ok(vec![Event::order(self.body.required_id("order_id")?, document)?])
    }

    /// A parcel tells its dates and nothing of the order's standing: the order may be refunded since. Each date goes
    /// with the moment that it became known.
    fn fulfillment(&self) -> Result<Vec<Event>, ParseError> {
        let id = self.body.required_id("order_id")?;
        let created_at = self.body.rfc3339("created_at")?.unwrap_or(self.at);
        let (shipped_at, delivered_at) = parcel(self.body)?;
        let shipped = OrderDocument { shipped_at, ..blank(created_at) };
        let mut events = vec![Event::order(id.clone(), shipped)?];
        if delivered_at.is_some() {
            let delivered = OrderDocument {
                delivered_at,
                ..blank(self.body.rfc3339("updated_at")?.unwrap_or(created_at))
            };
            events.push(Event::order(id, delivered)?);
        }
        Ok(events)
    }

    fn customer(&self) -> Result<Vec<Event>, ParseError> {
        let customer = self.body;
        let version = customer.rfc3339("updated_at")?.unwrap_or(self.at);
        let default_address = customer.at("default_address");
        let email = text::email(customer.text("email"));
        let update = CustomerUpdate {
            name: full_name(customer),
            phone: text::phone(customer.text("phone")).or_else(|| text::phone(default_address.text("phone"))),
            email_verified: email.is_some() && customer.truth("verified_email"),
            email,
            address: address(default_address),
            tags: tags(customer),
            consents: consents(customer)?,
            ..CustomerUpdate::of(customer.required_id("id")?, version)
        };
        Ok(vec![Event::customer(update)?])
    }

    /// Since API version 2025-01 tags are told as they are given and taken, and no more with the customer.
    fn tagged(&self) -> Result<Vec<Event>, ParseError> {
        let id = self.body.id("customerId").ok_or(ParseError::Missing("customerId"))?;
        let id = id.rsplit('/').next().unwrap_or_default().to_owned();
        let version = self.body.rfc3339("occurredAt")?.unwrap_or(self.at);
        let tags = text::tags(self.body.list("tags").map(Node::as_text));
        let mut update = CustomerUpdate::of(id, version);
        *(match self.topic {
            "customer.tags_added" => &mut update.tags_added,
            _ => &mut update.tags_removed,
        }) = tags;
        Ok(vec![Event::customer(update)?])
    }

    fn consent(&self) -> Result<Vec<Event>, ParseError> {
        let id = self.body.id("customer_id").or_else(|| self.body.id("id"));
        let update = CustomerUpdate {
            consents: consents(self.body)?,
            ..CustomerUpdate::of(id.ok_or(ParseError::Missing("customer_id"))?, self.at)
        };
        Ok(vec![Event::customer(update)?])
    }

    /// The signature does not cover the topic. Only the bodies of privacy topics name the shop, so that a captured
    /// order cannot be sent again as a request to erase its buyer.
    fn privacy_topic(&self) -> Result<(), ParseError> {
        let domain = self.body.text("shop_domain");
        domain.map(|_| ()).ok_or(ParseError::Missing("shop_domain"))
    }

    fn privacy_request(&self) -> Result<PrivacyRequest, ParseError> {
        self.privacy_topic()?;
        let customer = self.body.at("customer");
        let request = PrivacyRequest {
            external_id: customer.id("id"),
            email: customer.text("email"),
            phone: customer.text("phone"),
            orders: ["orders_to_redact", "orders_requested"]
                .into_iter()
                .flat_map(|list| self.body.list(list))
                .filter_map(Node::as_text)
                .collect(),
            request_id: self.body.at("data_request").id("id"),
        };
        if request.external_id.is_none() && request.email.is_none() && request.phone.is_none() {
            return Err(ParseError::Missing("customer"));
        }
        Ok(request)
    }
}

fn status(order: Node) -> OrderStatus {
    let money = order.text("financial_status");
    let money = money.as_deref().unwrap_or_default();
    let goods = order.text("fulfillment_status");
    // Of a part that has left the shop there is no state of its own: something has left.
    let shipped = matches!(goods.as_deref(), Some("fulfilled" | "partial"));
    let archived = order.at("closed_at").exists();
    match money {
        "refunded" => OrderStatus::Refunded,
        _ if order.at("cancelled_at").exists() => OrderStatus::Closed,
        "voided" | "expired" => OrderStatus::Closed,
        "partially_refunded" => OrderStatus::PartiallyRefunded,
        "paid" if archived => OrderStatus::Completed,
        _ if shipped => OrderStatus::Shipped,
        "paid" => OrderStatus::Paid,
        // `authorized` and `partially_paid` are not paid yet.
        _ => OrderStatus::Created,
    }
}

fn lines(order: Node, decimals: u32) -> Result<Option<Vec<LineDocument>>, ParseError> {
    if !order.at("line_items").exists() {
        return Ok(None);
    }
    let lines: Result<Vec<_>, _> = order.list("line_items").map(|entry| line(entry, decimals)).collect();
    Ok(Some(lines?.into_iter().flatten().collect()))
}

fn line(entry: Node, decimals: u32) -> Result<Option<LineDocument>, ParseError> {
    let quantity = entry.integer("quantity").unwrap_or(1);
    if quantity < 1 {
        return Ok(None);
    }
    let unit = entry.money("price", decimals)?;
    // The allocations are the line's share of all discounts, its own included; `total_discount` is only its own.
    let discount = if entry.at("discount_allocations").exists() {
        allocated(entry, decimals)?
    } else {
        entry.money("total_discount", decimals)?.unwrap_or(0)
    };
    let gross = unit.unwrap_or(0).checked_mul(quantity).ok_or(ParseError::Malformed("quantity"))?;
    Ok(Some(LineDocument {
        external_id: entry.id("id"),
        sku: text::label(entry.text("sku")),
        product_external_id: entry.id("product_id"),
        title: text::title(entry.text("title").or_else(|| entry.text("name"))),
        category: None,
        attributes: line_attributes(entry),
        quantity,
        unit_amount: unit,
        total_amount: gross.saturating_sub(discount).max(0),
    }))
}

fn allocated(entry: Node, decimals: u32) -> Result<i64, ParseError> {
    entry.list("discount_allocations").try_fold(0i64, |sum, allocation| {
        Ok(sum.saturating_add(allocation.money("amount", decimals)?.unwrap_or(0)))
    })
}

/// An order has the values of the options (`Red / XXXXL`) and not their names; they are called as Shopify's variants
/// call them, `option1` to `option3`.
fn line_attributes(entry: Node) -> Attributes {
    let mut attributes = Attributes::new();
    let variant = text::label(entry.text("variant_title")).filter(|title| title != "Default Title");
    if let Some(variant) = variant {
        let options: Vec<&str> = variant.split(" / ").collect();
        if options.len() <= 3 {
            for (index, option) in options.iter().enumerate() {
                let name = format!("option{}", index + 1);
                text::attribute(&mut attributes, Some(name), Some((*option).to_owned()));
            }
        }
        text::attribute(&mut attributes, Some("variant".to_owned()), Some(variant));
    }
    named_values(entry, "properties", &mut attributes);
    attributes
}

fn attributes(order: Node) -> Attributes {
    let mut attributes = Attributes::new();
    text::attribute(&mut attributes, Some("order_name".to_owned()), order.text("name"));
    if order.truth("test") {
        attributes.insert("test".to_owned(), true.into());
    }
    named_values(order, "note_attributes", &mut attributes);
    attributes
}

/// Reads `[{"name": …, "value": …}]`. Names that begin with `_` are an app's own business.
fn named_values(place: Node, key: &str, attributes: &mut Attributes) {
    for entry in place.list(key) {
        let name = entry.text("name").filter(|name| !name.starts_with('_'));
        text::attribute(attributes, name, entry.text("value"));
    }
}

/// The discounts that applied by themselves. What a code or a person took off is no promotion.
fn promotions(order: Node) -> Vec<String> {
    let automatic = order
        .list("discount_applications")
        .filter(|discount| matches!(discount.text("type").as_deref(), Some("automatic" | "script")));
    text::names(automatic.map(|discount| discount.text("title")))
}

fn shipping(order: Node, decimals: u32) -> Result<Option<i64>, ParseError> {
    let set = order.at("total_shipping_price_set").at("shop_money");
    let (mut gross, mut discounts, mut told) = (0i64, 0i64, false);
    for line in order.list("shipping_lines") {
        told = true;
        gross = gross.saturating_add(line.money("price", decimals)?.unwrap_or(0));
        discounts = discounts.saturating_add(allocated(line, decimals)?);
    }
    let total = set.money("amount", decimals)?.or(Some(gross).filter(|_| told));
    Ok(total.map(|total| total.saturating_sub(discounts).max(0)))
}

/// When the first parcel left and when the last one that did arrived.
fn deliveries(order: Node) -> Result<(Option<Timestamp>, Option<Timestamp>), ParseError> {
    let (mut shipped, mut delivered) = (None::<Timestamp>, None::<Timestamp>);
    for entry in order.list("fulfillments") {
        let (left, arrived) = parcel(entry)?;
        shipped = left.into_iter().chain(shipped).min();
        delivered = delivered.max(arrived);
    }
    Ok((shipped, delivered))
}

fn parcel(fulfillment: Node) -> Result<(Option<Timestamp>, Option<Timestamp>), ParseError> {
    let left = fulfillment.text("status").as_deref() == Some("success");
    let arrived = left && fulfillment.text("shipment_status").as_deref() == Some("delivered");
    let shipped_at = fulfillment.rfc3339("created_at")?.filter(|_| left);
    let delivered_at = fulfillment.rfc3339("updated_at")?.filter(|_| arrived);
    Ok((shipped_at, delivered_at))
}

fn refunds(order: Node, decimals: u32, at: Timestamp) -> Result<Option<Vec<RefundDocument>>, ParseError> {
    let refunds: Result<Vec<_>, _> = order.list("refunds").map(|entry| refund(entry, decimals, at)).collect();
    Ok(Some(refunds?).filter(|refunds| !refunds.is_empty()))
}

/// The money that went back is what the transactions say: goods may be taken back without money and money given without
/// goods. Where they are withheld, the lines' numbers and the adjustments (negative, say for shipping) stand in.
fn refund(entry: Node, decimals: u32, at: Timestamp) -> Result<RefundDocument, ParseError> {
    let mut amount = 0i64;
    if entry.at("transactions").exists() {
        for transaction in entry.list("transactions") {
            let said = |key: &str, word: &str| transaction.text(key).as_deref() == Some(word);
            if said("kind", "refund") && said("status", "success") {
                let in_shop_money =
                    transaction.at("amount_set").at("shop_money").money("amount", decimals)?;
                let told = in_shop_money.or(transaction.money("amount", decimals)?);
                amount = amount.saturating_add(told.unwrap_or(0));
            }
        }
    } else {
        for line in entry.list("refund_line_items") {
            for part in ["subtotal", "total_tax"] {
                amount = amount.saturating_add(line.money(part, decimals)?.unwrap_or(0));
            }
        }
        for adjustment in entry.list("order_adjustments") {
            amount = amount.saturating_sub(adjustment.money("amount", decimals)?.unwrap_or(0));
        }
    }
    let refunded_at = entry.rfc3339("processed_at")?.or(entry.rfc3339("created_at")?);
    Ok(RefundDocument {
        external_id: entry.required_id("id")?,
        refunded_at: refunded_at.unwrap_or(at),
        amount: amount.max(0),
    })
}

/// Personal fields are withheld from apps without the permission; the customer's id is not.
fn buyer(order: Node) -> Option<BuyerDocument> {
    let customer = order.at("customer");
    let (shipping, billing) = (order.at("shipping_address"), order.at("billing_address"));
    let own_email = text::email(customer.text("email"));
    let email_verified = own_email.is_some() && customer.truth("verified_email");
    let phones = [customer, order, shipping, billing];
    let buyer = BuyerDocument {
        external_id: customer.id("id"),
        name: full_name(customer).or_else(|| full_name(shipping)).or_else(|| full_name(billing)),
        phone: phones.into_iter().find_map(|place| text::phone(place.text("phone"))),
        phone_verified: false,
        email: own_email.or_else(|| text::email(order.text("email"))),
        email_verified,
        address: address(shipping).or_else(|| address(billing)),
    };
    (buyer != BuyerDocument::default()).then_some(buyer)
}

fn full_name(person: Node) -> Option<String> {
    text::full_name(person.text("first_name"), person.text("last_name"))
}

fn address(place: Node) -> Option<Address> {
    let lines: Vec<String> = ["address1", "address2"].into_iter().filter_map(|key| place.text(key)).collect();
    text::address(Address {
        country: place.text("country_code"),
        province: place.text("province"),
        city: place.text("city"),
        district: None,
        line: Some(lines.join(", ")),
        postcode: place.text("zip"),
    })
}

/// All tags of a customer. Where the field is absent nothing is told of them; an empty one says that there are none.
fn tags(customer: Node) -> Option<Vec<String>> {
    let told = customer.at("tags");
    let names = told.as_text().unwrap_or_default();
    told.exists().then(|| text::tags(names.split(',').map(|tag| Some(tag.to_owned()))))
}

/// `not_subscribed` and `pending` are no answer; only a yes and a no are.
fn consents(customer: Node) -> Result<Vec<Consent>, ParseError> {
    let mut consents = Vec::new();
    for (channel, key) in [("email", "email_marketing_consent"), ("sms", "sms_marketing_consent")] {
        let told = customer.at(key);
        let granted = match told.text("state").as_deref() {
            Some("subscribed") => true,
            Some("unsubscribed") => false,
            _ => continue,
        };
        consents.push(Consent {
            channel: channel.to_owned(),
            granted,
            at: told.rfc3339("consent_updated_at")?,
        });
    }
    // Before API version 2022-04 there was only this.
    if !customer.at("email_marketing_consent").exists() && customer.truth("accepts_marketing") {
        consents.push(Consent {
            channel: "email".to_owned(),
            granted: true,
            at: customer.rfc3339("accepts_marketing_updated_at")?,
        });
    }
    Ok(consents)
}
