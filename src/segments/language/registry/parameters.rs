//! The parameters of functions and scopes.

use super::{Measure, Parameter, Row, Unavailable};
use crate::segments::language::checked::{RowNumber, RowText, Sum};

const fn parameter(name: &'static str, what: Row, description: &'static str) -> Parameter {
    Parameter { name, aliases: &[], what, description }
}

const fn also(mut parameter: Parameter, aliases: &'static [&'static str]) -> Parameter {
    parameter.aliases = aliases;
    parameter
}

pub const SHOP: Parameter =
    parameter("shop", Row::Shop, "A shop by its id, the platform's id of it, or its name.");
pub const PLATFORM: Parameter =
    parameter("platform", Row::Platform, "All shops of a platform, such as 'tmall'.");
pub const FACT_DATE: Parameter =
    parameter("date", Row::Date, "When the orders were paid; unpaid ones: placed.");

const DATE: Parameter =
    parameter("date", Row::Date, "When it was bought: the day on which the order was paid.");
const ATTRIBUTES: Parameter =
    parameter("attributes", Row::Attributes, "A free property by its name, such as `attributes.size`.");
const INDEX: Parameter = parameter(
    "order_index",
    Row::Number(RowNumber::OrderIndex, Measure::Count),
    "Which of the customer's paid orders it is; the first is 1.",
);
const COUNT: Parameter = parameter("count", Row::Sum(Sum::Count, Measure::Count), "How many there are.");
const SUM_AMOUNT: Parameter =
    parameter("sum_amount", Row::Sum(Sum::Amount, Measure::Money), "Their amounts together.");

pub const PURCHASED: &[Parameter] = &[
    also(
        parameter("id", Row::Text(RowText::Product), "The product's id in its shop; a number or a text."),
        &["product_id"],
    ),
    also(parameter("sku", Row::Text(RowText::Sku), "The shop's own key of the variant."), &["variant_sku"]),
    also(
        parameter("title", Row::Text(RowText::Title), "What the line calls the product."),
        &["product_title"],
    ),
    parameter(
        "category",
        Row::Category,
        "The category's path or any above it: '女装' has '女装/羽绒服'. The line's, or else its product's.",
    ),
    also(
        parameter("tag", Row::ProductTags, "A tag of the product in the catalogue, in any case."),
        &["tags", "product_tag"],
    ),
    also(
        parameter("brand", Row::Text(RowText::Brand), "The brand of the product in the catalogue."),
        &["vendor"],
    ),
    parameter("price", Row::Number(RowNumber::Price, Measure::Money), "The price of one, before discounts."),
    parameter("quantity", Row::Number(RowNumber::Quantity, Measure::Count), "How many pieces in one line."),
    parameter(
        "sum_quantity",
        Row::Sum(Sum::Quantity, Measure::Count),
        "How many pieces in all lines together.",
    ),
    also(COUNT, &["orders"]),
    parameter("amount", Row::Number(RowNumber::Amount, Measure::Money), "What was paid for one line."),
    SUM_AMOUNT,
    DATE,
    SHOP,
    PLATFORM,
    ATTRIBUTES,
    INDEX,
];

pub const PLACED: &[Parameter] = &[
    parameter(
        "status",
        Row::Status,
        "Where the order stands. Asked for, orders never paid are looked at too.",
    ),
    COUNT,
    parameter(
        "amount",
        Row::Number(RowNumber::Amount, Measure::Money),
        "What the order is worth, net of refunds.",
    ),
    SUM_AMOUNT,
    parameter("date", Row::Date, "When it was paid; where a status is asked for and it never was, placed."),
    SHOP,
    PLATFORM,
    also(parameter("coupon", Row::Coupons, "A coupon that was redeemed."), &["coupons"]),
    also(parameter("promotion", Row::Promotions, "A promotion that it was part of."), &["promotions"]),
    parameter(
        "source",
        Row::Text(RowText::OrderSource),
        "Where in the platform it came from, such as 'app'.",
    ),
    parameter("items", Row::Number(RowNumber::Items, Measure::Count), "How many pieces."),
    parameter("hour", Row::Hour, "The hour of the day, 0 to 23, on the local clock."),
    parameter("weekday", Row::Weekday, "The day of the week on the local clock: 1 Monday to 7 Sunday."),
    ATTRIBUTES,
    INDEX,
    parameter(
        "app_id",
        Row::Unavailable(Unavailable::Never("orders carry no app here; ask for their `source`")),
        "Not available.",
    ),
    parameter(
        "location_id",
        Row::Unavailable(Unavailable::Never("orders carry no location here; ask for their `shop`")),
        "Not available.",
    ),
];

const EVENT_DATE: Parameter = parameter("date", Row::Date, "When it happened.");

pub const EVENT: &[Parameter] = &[
    parameter("type", Row::Text(RowText::EventType), "What happened, such as 'login'."),
    COUNT,
    EVENT_DATE,
    SHOP,
    PLATFORM,
    also(
        parameter("properties", Row::Attributes, "A property by its name, such as `properties.page`."),
        &["attributes"],
    ),
];

const CAMPAIGN: Parameter =
    also(parameter("campaign", Row::Campaign, "The campaign, by its id or its name."), &["activity_id"]);
const CHANNEL: Parameter = parameter("channel", Row::Channel, "Over which channel, such as 'sms'.");
const TOUCH_DATE: Parameter = parameter("date", Row::Date, "When it happened.");
const SUBJECT: Parameter = parameter(
    "subject",
    Row::Text(RowText::Subject),
    "What it was about, as the campaign or the touch says.",
);
const ARM: Parameter = parameter(
    "arm",
    Row::Text(RowText::Arm),
    "The arm in which the customer was: a variant's key, or 'holdout'.",
);
const PROGRAM: Parameter = parameter(
    "program",
    Row::Unavailable(Unavailable::NotYet("it comes with programs")),
    "Not available yet.",
);

pub const TOUCHED: &[Parameter] = &[
    CAMPAIGN,
    PROGRAM,
    CHANNEL,
    COUNT,
    TOUCH_DATE,
    parameter(
        "outcome",
        Row::Outcome,
        "What came of it. Asked for, contacts that bounced are looked at too.",
    ),
    SUBJECT,
    ARM,
];

pub const ANSWERED: &[Parameter] = &[CAMPAIGN, PROGRAM, CHANNEL, COUNT, TOUCH_DATE, SUBJECT, ARM];

pub const MAILED: &[Parameter] = &[CAMPAIGN, COUNT, TOUCH_DATE, SUBJECT, ARM];

pub const CONVERTED: &[Parameter] = &[
    CAMPAIGN,
    parameter("date", Row::Date, "When the order was paid."),
    parameter("count", Row::Sum(Sum::Count, Measure::Count), "How many qualifying orders."),
    SUM_AMOUNT,
    ARM,
];

pub const VIEWED: &[Parameter] = &[
    also(
        parameter("id", Row::Id, "The id of what was looked at; a number or a text."),
        &["product_id", "collection_id"],
    ),
    COUNT,
    EVENT_DATE,
    SHOP,
];
