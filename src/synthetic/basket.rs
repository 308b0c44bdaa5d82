//! What is in an order and what it costs.

use serde_json::Value;

use super::Channel;
use super::catalogue::{Department, Product, SIZES, Shelf};
use super::draw::Draw;
use super::people::Person;
use crate::orders::document::LineDocument;

/// The goods of one order with all reductions taken.
pub struct Basket {
    pub lines: Vec<LineDocument>,
    pub promotions: Vec<String>,
    pub coupon_codes: Vec<String>,
    pub discount_amount: i64,
    pub shipping_amount: i64,
    /// What the buyer pays.
    pub total_amount: i64,
}

/// How often an order has one line, two, and so on; two on average.
const LINES: [f64; 5] = [44.0, 29.0, 15.0, 8.0, 4.0];
const FREE_SHIPPING_FROM: i64 = 9_900;
const SHIPPING: i64 = 1_200;
const OLD_CUSTOMER_COUPON: &str = "OLD8";
const NEW_CUSTOMER_COUPON: &str = "NEW20";
const NEW_CUSTOMER_BENEFIT: i64 = 2_000;

/// Fills a basket; `ordinal` counts the customer's orders from 0.
pub fn fill(
    shelf: &Shelf,
    person: &Person,
    ordinal: u16,
    (month, sale): (usize, Option<&'static str>),
    draw: &mut Draw,
) -> Basket {
    let mut reduction = Reduction::draw(person.channel, ordinal, sale, draw);
    let count = draw.weighted(&LINES) + 1;
    let lines: Vec<LineDocument> = (1..=count)
        .map(|place| {
            let product = shelf.pick(draw, month, person.wanted);
            line(place, product, person, &mut reduction, draw)
        })
        .collect();
    let before: i64 = lines.iter().map(|line| line.unit_amount.unwrap_or_default() * line.quantity).sum();
    let after: i64 = lines.iter().map(|line| line.total_amount).sum();
    let free = person.channel == Channel::Till || after >= FREE_SHIPPING_FROM;
    let shipping_amount = if free { 0 } else { SHIPPING };
    Basket {
        lines,
        promotions: reduction.promotions,
        coupon_codes: reduction.coupon_codes,
        discount_amount: before - after,
        shipping_amount,
        total_amount: after + shipping_amount,
    }
}

/// What an order is cheaper by.
struct Reduction {
    percent: i64,
    /// Taken off the first line that is dear enough.
    amount: i64,
    promotions: Vec<String>,
    coupon_codes: Vec<String>,
}

impl Reduction {
    fn draw(channel: Channel, ordinal: u16, sale: Option<&'static str>, draw: &mut Draw) -> Self {
        let mut reduction = Self { percent: 0, amount: 0, promotions: Vec::new(), coupon_codes: Vec::new() };
        let (bargain, coupon) = (draw.chance(0.07), draw.chance(0.15));
        if let Some(sale) = sale {
            reduction.percent = 15;
            reduction.promotions.push(sale.into());
        } else if bargain && channel == Channel::Online {
            reduction.percent = 10;
            reduction.promotions.push("聚划算".into());
        } else if coupon && ordinal == 0 {
            reduction.amount = NEW_CUSTOMER_BENEFIT;
            reduction.coupon_codes.push(NEW_CUSTOMER_COUPON.into());
        } else if coupon {
            reduction.percent = 20;
            reduction.coupon_codes.push(OLD_CUSTOMER_COUPON.into());
        }
        reduction
    }

    fn apply(&mut self, amount: i64) -> i64 {
        let amount = amount - amount * self.percent / 100;
        if amount > self.amount { amount - std::mem::take(&mut self.amount) } else { amount }
    }
}

fn line(
    place: usize,
    product: &Product,
    person: &Person,
    reduction: &mut Reduction,
    draw: &mut Draw,
) -> LineDocument {
    let size = size(product, person, draw);
    let colour = draw.pick(product.colours);
    let quantity = if draw.chance(0.07) { draw.between(2, 3) } else { 1 };
    LineDocument {
        external_id: Some(place.to_string()),
        sku: Some(product.sku(size, colour)),
        product_external_id: Some(product.external_id.into()),
        title: Some(product.title.into()),
        category: Some(product.category.into()),
        attributes: [("尺码", size), ("颜色", colour.0)]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect(),
        quantity,
        unit_amount: Some(product.price_amount),
        total_amount: reduction.apply(product.price_amount * quantity),
    }
}

/// People buy their own size, and now and then one beside it or a present.
fn size(product: &Product, person: &Person, draw: &mut Draw) -> &'static str {
    let sizes = product.sizes();
    if !matches!(product.department, Department::Women | Department::Men) {
        return draw.pick::<&'static str>(sizes);
    }
    let place = match draw.unit() {
        chance if chance < 0.88 => person.size,
        chance if chance < 0.93 => person.size.saturating_sub(1),
        chance if chance < 0.98 => (person.size + 1).min(SIZES.len() - 1),
        _ => return draw.pick::<&'static str>(sizes),
    };
    sizes[place]
}
