//! WooCommerce: every order topic carries the whole order as the REST API shows it, at the time of sending.

use percent_encoding::percent_decode_str;

use super::Adapter;
use super::delivery::{Authenticity, Context, CustomerUpdate, Delivery, Event, ParseError, Request, blank};
use super::json::{self, Node};
use super::signature::{self, Secret, VerifyError, fingerprint, from_base64};
use super::text;
use crate::currency;
use crate::orders::OrderStatus;
use crate::orders::document::{Address, Attributes, BuyerDocument, LineDocument, OrderDocument};
use crate::time::Timestamp;

const SIGNATURE: &str = "X-WC-Webhook-Signature";

pub struct WooCommerce;

impl Adapter for WooCommerce {
    fn verify(
        &self,
        request: &Request,
        secrets: &[Secret],
        _: Timestamp,
    ) -> Result<Authenticity, VerifyError> {
        let Some(text) = request.headers.get(SIGNATURE) else {
            // A hook that is being saved sends this, unsigned, and is refused by WooCommerce unless it gets a 200.
            return match ping(request.body) {
                Some(_) => Ok(Authenticity::UnsignedPing),
                None => Err(VerifyError::MissingHeader(SIGNATURE)),
            };
        };
        let signature = from_base64(text).ok_or(VerifyError::MalformedHeader(SIGNATURE))?;
        // WordPress keeps what is typed with HTML entities and signs with them decoded; the owner may have copied
        // either form.
        let keys = secrets
            .iter()
            .filter_map(Secret::text)
            .flat_map(|secret| [secret.to_owned(), without_entities(secret)]);
        signature::hmac_sha256(keys, &[request.body], &signature).map(|()| Authenticity::Signed)
    }

    fn parse(&self, request: &Request, context: &Context) -> Result<Delivery, ParseError> {
        if let Some(hook) = ping(request.body) {
            return Ok(Delivery {
                delivery_key: Delivery::key(&["ping", hook]),
                topic: "ping".to_owned(),
                event_time: None,
                events: vec![Event::Ping],
            });
        }
        let header = |name| request.headers.get(name);
        let topic = header("X-WC-Webhook-Topic").ok_or(ParseError::Missing("X-WC-Webhook-Topic"))?;
        let body = json::parse(request.body)?;
        let message = Message { body: Node::new(&body), context };
        let events = match topic {
            "order.created" | "order.updated" | "order.restored" => message.order()?,
            "order.deleted" => message.deleted_order()?,
            "customer.created" | "customer.updated" => message.customer()?,
            _ => vec![Event::ignored("a topic that is not needed here")],
        };
        let modified_at = message.moment("date_modified_gmt", "date_modified").ok().flatten();
        // X-WC-Webhook-Delivery-ID is a hash of hook and second: two orders of one second share it, and a re-send has
        // another. So what is said, and of what, makes the key.
        let id = message.body.id("id").unwrap_or_default();
        let modified = modified_at.map(|at| at.to_string()).unwrap_or_default();
        let hook = [header("X-WC-Webhook-Source"), header("X-WC-Webhook-ID")].map(Option::unwrap_or_default);
        Ok(Delivery {
            delivery_key: Delivery::key(&[
                hook[0],
                hook[1],
                topic,
                &id,
                &modified,
                &fingerprint(request.body),
            ]),
            topic: topic.to_owned(),
            event_time: modified_at,
            events,
        })
    }
}

/// The number of the hook in the body of a ping, a form and no JSON: `webhook_id=10`.
fn ping(body: &[u8]) -> Option<&str> {
    let hook = std::str::from_utf8(body.trim_ascii()).ok()?.strip_prefix("webhook_id=")?;
    let number = (1..=20).contains(&hook.len()) && hook.bytes().all(|byte| byte.is_ascii_digit());
    number.then_some(hook)
}

/// What `wp_specialchars_decode` with `ENT_QUOTES` makes of a text.
fn without_entities(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity = rest.find(';').and_then(|end| special(&rest[1..end]).map(|c| (c, end + 1)));
        let (c, length) = entity.unwrap_or(('&', 1));
        decoded.push(c);
        rest = &rest[length..];
    }
    decoded.push_str(rest);
    decoded
}

fn special(name: &str) -> Option<char> {
    let number = name.strip_prefix('#').and_then(|digits| match digits.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => digits.parse().ok(),
    });
    match (name, number) {
        ("amp", _) | (_, Some(38)) => Some('&'),
        ("lt", _) | (_, Some(60)) => Some('<'),
        ("gt", _) | (_, Some(62)) => Some('>'),
        ("quot", _) | (_, Some(34)) => Some('"'),
        (_, Some(39)) => Some('\''),
        _ => None,
    }
}

struct Message<'a> {
    body: Node<'a>,
    context: &'a Context,
}

impl Message<'_> {
    fn order(&self) -> Result<Vec<Event>, ParseError> {
        let order = self.body;
        let id = order.required_id("id")?;
        let word = order.text("status").unwrap_or_default();
        if matches!(word.as_str(), "checkout-draft" | "auto-draft" | "draft") {
            return Ok(vec![Event::ignored("a draft: the buyer has not placed it yet")]);
        }
        let currency = order.text("currency").unwrap_or_else(|| self.context.currency.clone());
        let decimals = currency::decimals(&currency);
        let ordered_at = self.moment("date_created_gmt", "date_created")?;
        let modified_at = self.moment("date_modified_gmt", "date_modified")?;
        let completed_at = self.moment("date_completed_gmt", "date_completed")?;
        let told_paid_at = self.moment("date_paid_gmt", "date_paid")?;
        // WooCommerce's own rule for orders that were completed without ever being marked paid.
        let paid_at = told_paid_at.or(completed_at.filter(|_| word == "completed"));
        let total = order.money("total", decimals)?;
        let refunded = refunded(order, decimals)?;
        let mut document = OrderDocument {
            status: status(&word, paid_at, completed_at, refunded, total),
            ordered_at,
            paid_at,
            completed_at,
            currency: Some(currency),
            total_amount: total,
            // The list has no dates; a total is dated by the version that first tells it.
            refunded_amount: refunded,
            source: text::label(order.text("created_via")),
            customer: buyer(order),
            lines: lines(order, decimals)?,
            coupon_codes: Some(text::names(order.list("coupon_lines").map(|coupon| coupon.text("code")))),
            note: text::note(order.text("customer_note")),
            attributes: Some(attributes(order, &id)).filter(|attributes| !attributes.is_empty()),
            ..blank(modified_at.or(ordered_at).unwrap_or(self.context.received_at))
        };
        if total.is_some() {
            document.discount_amount = order.money("discount_total", decimals)?;
            document.shipping_amount = order.money("shipping_total", decimals)?;
        }
        Ok(vec![Event::order(id, document)?])
    }

    /// The body is the id alone. Nobody will pay it any more; what was paid before stays known.
    fn deleted_order(&self) -> Result<Vec<Event>, ParseError> {
        let at = self.context.received_at;
        let document = OrderDocument { status: Some(OrderStatus::Closed), closed_at: Some(at), ..blank(at) };
        Ok(vec![Event::order(self.body.required_id("id")?, document)?])
    }

    fn customer(&self) -> Result<Vec<Event>, ParseError> {
        let customer = self.body;
        let (billing, shipping) = (customer.at("billing"), customer.at("shipping"));
        let version = self
            .moment("date_modified_gmt", "date_modified")?
            .or(self.moment("date_created_gmt", "date_created")?)
            .unwrap_or(self.context.received_at);
        let update = CustomerUpdate {
            name: full_name(customer).or_else(|| full_name(billing)),
            phone: text::phone(billing.text("phone")),
            email: text::email(customer.text("email")).or_else(|| text::email(billing.text("email"))),
            address: address(shipping).or_else(|| address(billing)),
            ..CustomerUpdate::of(customer.required_id("id")?, version)
        };
        Ok(vec![Event::customer(update)?])
    }

    /// A date in UTC; where an old or filtered site sends only its local one, by the shop's zone.
    fn moment(&self, utc: &'static str, local: &'static str) -> Result<Option<Timestamp>, ParseError> {
        let told = self.body.local(utc, &jiff::tz::TimeZone::UTC)?;
        if self.body.has(utc) {
            return Ok(told);
        }
        self.body.local(local, &self.context.time_zone)
    }
}

/// A site can define states of its own; of those the dates tell.
fn status(
    word: &str,
    paid_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    refunded: Option<i64>,
    total: Option<i64>,
) -> Option<OrderStatus> {
    let given_back = match (refunded, total) {
        (Some(refunded), Some(total)) if refunded >= total && total > 0 => Some(OrderStatus::Refunded),
        (Some(refunded), _) if refunded > 0 => Some(OrderStatus::PartiallyRefunded),
        _ => None,
    };
    let by_dates = match (completed_at, paid_at) {
        (Some(_), _) => Some(OrderStatus::Completed),
        (None, Some(_)) => Some(OrderStatus::Paid),
        (None, None) => None,
    };
    match word {
        "refunded" => Some(OrderStatus::Refunded),
        "cancelled" | "failed" | "trash" => Some(OrderStatus::Closed),
        "pending" | "on-hold" => given_back.or(Some(OrderStatus::Created)),
        "completed" => given_back.or(Some(OrderStatus::Completed)),
        // Cash on delivery is processed before it is paid.
        "processing" => given_back.or(by_dates).or(Some(OrderStatus::Created)),
        "shipped" => given_back.or(Some(OrderStatus::Shipped)),
        _ => given_back.or(by_dates),
    }
}

/// The sum of the refunds, which are negative there.
fn refunded(order: Node, decimals: u32) -> Result<Option<i64>, ParseError> {
    let sum = order.list("refunds").try_fold(0i64, |sum, refund| {
        let amount = refund.money("total", decimals)?.unwrap_or(0);
        Ok::<_, ParseError>(sum.saturating_add(amount.saturating_abs()))
    })?;
    Ok(Some(sum).filter(|sum| *sum > 0))
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
    // `price` is a number and the price after discounts; the subtotal is before them.
    let unit = match entry.money("subtotal", decimals)? {
        Some(subtotal) => Some(each(subtotal, quantity)),
        None => entry.money("price", decimals)?,
    };
    let total = entry.money("total", decimals)?;
    let of_units = unit.and_then(|unit| unit.checked_mul(quantity));
    Ok(Some(LineDocument {
        external_id: entry.id("id"),
        sku: text::label(entry.text("sku")),
        product_external_id: entry.id("product_id"),
        title: text::title(entry.text("name").map(|name| text::from_html(&name))),
        category: None,
        attributes: line_attributes(entry),
        quantity,
        unit_amount: unit.filter(|unit| *unit >= 0),
        total_amount: total.or(of_units).unwrap_or(0).max(0),
    }))
}

/// The price of one of several, to the nearest minor unit.
fn each(subtotal: i64, quantity: i64) -> i64 {
    let (whole, rest) = (subtotal.div_euclid(quantity), subtotal.rem_euclid(quantity));
    whole + i64::from(rest > quantity / 2)
}

/// What the buyer chose. Newer versions send it as people read it (`display_key`), older ones only as slugs
/// (`pa_color`), those of other scripts percent-encoded. What begins with `_` is a plugin's own business.
fn line_attributes(entry: Node) -> Attributes {
    let mut attributes = Attributes::new();
    for meta in entry.list("meta_data") {
        let key = meta.text("key").filter(|key| !key.starts_with('_'));
        let Some(key) = key else { continue };
        let shown = |key: &str| meta.text(key).map(|text| text::from_html(&text));
        let name = shown("display_key").unwrap_or_else(|| unslugged(key.strip_prefix("pa_").unwrap_or(&key)));
        let value = shown("display_value").or_else(|| meta.text("value").map(|value| unslugged(&value)));
        text::attribute(&mut attributes, Some(name), value);
    }
    attributes
}

fn unslugged(slug: &str) -> String {
    let decoded = percent_decode_str(slug).decode_utf8();
    decoded.map_or_else(|_| slug.to_owned(), |text| text::from_html(&text))
}

/// The number that people see, where a plugin makes it differ from the id.
fn attributes(order: Node, id: &str) -> Attributes {
    let mut attributes = Attributes::new();
    let number = order.text("number").filter(|number| number != id);
    text::attribute(&mut attributes, Some("order_number".to_owned()), number);
    attributes
}

/// A registered buyer has an id. A guest has none and is known, in this shop alone, by the address or phone that was
/// typed; a digest of it, since an external id is shown to those who may not see personal data.
fn buyer(order: Node) -> Option<BuyerDocument> {
    let (billing, shipping) = (order.at("billing"), order.at("shipping"));
    let email = text::email(billing.text("email"));
    let phone = text::phone(billing.text("phone"));
    let buyer = BuyerDocument {
        external_id: order.id("customer_id").or_else(|| guest(email.as_deref(), phone.as_deref())),
        name: full_name(billing).or_else(|| full_name(shipping)),
        phone: phone.or_else(|| text::phone(shipping.text("phone"))),
        phone_verified: false,
        email,
        email_verified: false,
        address: address(shipping).or_else(|| address(billing)),
    };
    (buyer != BuyerDocument::default()).then_some(buyer)
}

fn guest(email: Option<&str>, phone: Option<&str>) -> Option<String> {
    let digits = |phone: &str| phone.chars().filter(char::is_ascii_digit).collect::<String>();
    let key = email.map(str::to_lowercase).or_else(|| phone.map(digits))?;
    Some(format!("guest-{}", fingerprint(key.as_bytes())))
}

fn full_name(person: Node) -> Option<String> {
    text::full_name(person.text("first_name"), person.text("last_name"))
}

fn address(place: Node) -> Option<Address> {
    let lines: Vec<String> =
        ["address_1", "address_2"].into_iter().filter_map(|key| place.text(key)).collect();
    text::address(Address {
        country: place.text("country"),
        province: place.text("state"),
        city: place.text("city"),
        district: None,
        line: Some(lines.join(", ")),
        postcode: place.text("postcode"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_decoded_as_wordpress_decodes_it() {
        assert_eq!(without_entities("a &amp; &quot;b&quot; &#039;c&#x27; &lt;&gt;"), "a & \"b\" 'c' <>");
        assert_eq!(without_entities("a & b; &nbsp; &"), "a & b; &nbsp; &");
    }

    #[test]
    fn only_the_bare_form_is_a_ping() {
        assert_eq!(ping(b"webhook_id=10"), Some("10"));
        for body in [&b"webhook_id=10&x=1"[..], b"webhook_id=", b"{}", b"webhook_id=abc", b"\xff"] {
            assert_eq!(ping(body), None);
        }
    }

    #[test]
    fn the_price_of_one_is_rounded_to_the_nearest() {
        assert_eq!(each(1000, 3), 333);
        assert_eq!(each(2000, 3), 667);
        assert_eq!(each(600, 2), 300);
    }
}
