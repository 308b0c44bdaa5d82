//! What can be asked of a customer.

use jiff::civil::Date;

use super::rows::Rows;
use super::tests::{
    AttributeTest, Choice, DayTest, ListTest, MomentTest, MonthDay, NumberTest, TextTest, Window,
};
use crate::ids::ShopId;

/// One question about a customer.
#[derive(Debug, Clone, PartialEq)]
pub enum Leaf {
    /// A text of the customer's row.
    Text { field: TextField, test: TextTest },
    /// The whole phone, by the digits of its forms backwards as in `customers.phone_reversed`: any of them; `negated`
    /// also who has none.
    Phone { forms: Vec<String>, negated: bool },
    /// Whether there is a phone.
    HasPhone(bool),
    /// `customers.gender`
    Gender(Choice),
    /// `customers.birthday`; `age` is asked so too.
    Birthday(DayTest),
    /// `anniversary(…)`: the day's own month and day lie in any of the ranges, ends included, none of them over New
    /// Year. That 29 February falls on 1 March in common years is in the ranges already.
    Anniversary { of: DaySource, ranges: Vec<(MonthDay, MonthDay)> },
    /// `lunar_anniversary(…)`: the day itself lies in any of the ranges, ends included, in ascending order; there are
    /// some for each year.
    LunarAnniversary { of: DaySource, ranges: Vec<(Date, Date)> },
    /// The last address lies there: all parts that are told are equal, blanks left out of province and city; `negated`:
    /// not, also where one of them is missing.
    Located { country: String, province: Option<String>, city: Option<String>, negated: bool },
    /// `customers.attributes`
    Attribute { key: String, test: AttributeTest },
    /// `customers.created_at`
    CreatedAt(MomentTest),
    /// The shops that know the customer by an identity.
    KnownAt(ListTest<ShopId>),
    /// How many identities there are.
    IdentityCount(NumberTest),
    /// Tags by `name_key`.
    Tags(ListTest<String>),
    /// Whether the channel may be used, by `consents::reachable`.
    Reachable { channel: &'static str, wanted: bool },
    /// What the customer said last about the channel: `granted`, `refused`; missing: nothing.
    Consent { channel: &'static str, state: Choice },
    /// A number of what the orders add up to.
    Metric { metric: Metric, scope: Scope, test: NumberTest },
    /// A date of what the orders add up to; `days_since_last_order` and `days_until_dormant` are asked so too.
    Date { metric: DateMetric, scope: Scope, test: MomentTest },
    /// The stage, overall or as the shop sees it; missing: never ordered.
    Stage { shop: Option<ShopId>, stage: Choice },
    /// A score of 1 to 5; missing: never ordered.
    RfmScore { score: RfmScore, shop: Option<ShopId>, test: NumberTest },
    /// One of Shopify's names of RFM groups; missing: never ordered (`PROSPECTS` is asked so).
    RfmGroup { shop: Option<ShopId>, group: Choice },
    /// `products_purchased`, `orders_placed`, `event`
    Rows(Rows),
    /// The latest `occurred_at` of all events.
    LastSeen(MomentTest),
    /// The latest `touched_at` of all contacts that did not bounce; `days_since_last_touch` is asked so.
    LastTouch(MomentTest),
    /// Contacts after the last paid order that did not bounce; all of them where there is none.
    TouchesWithoutOrder(NumberTest),
    /// Whether the contact plan has given the customer up, by `touches::given_up`.
    GivenUp(bool),
    /// Members of another segment, by its id or name; the caller looks it up.
    Segment { reference: String },
    /// A part of all customers, always the same one. With `x` the number that the last 7 hex digits of the customer's id
    /// say, who is in it has `(multiplier · x + increment) mod 2147483647 < below`. Nothing overflows 63 bits.
    Sample { multiplier: i64, increment: i64, below: i64 },
}

/// Which day comes round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DaySource {
    /// `customers.birthday`
    Birthday,
    /// A free property of the customer, where it is a text and a day (`YYYY-MM-DD`, ten characters).
    Attribute(String),
}

/// A text of the customer's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextField {
    /// Compared by `name_key`; the test's texts are keys already. Personal.
    Name,
    /// Compared by `nick_key`. Personal.
    Nick,
    /// Compared by `email_key`. Personal.
    Email,
    /// What of `email_key` follows the last `@`; missing where there is none.
    EmailDomain,
    Language,
    Country,
    Province,
    City,
    /// Personal.
    District,
}

/// Which orders a fact is about: those in these shops (absent: all), paid in the window (absent: ever; of
/// `UnpaidOrders` and `LastUnpaidOrder`, placed in it).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope {
    /// Without doubles. An empty list is no shop at all: no orders.
    pub shops: Option<Vec<ShopId>>,
    pub paid: Option<Window>,
}

/// A number of what the orders in scope add up to. Orders are those that were paid once; kept ones were not refunded in
/// full; an amount of an order is in the tenant's currency and missing where that cannot be told. Sums are 0 without
/// orders; quotients, minima and maxima are missing then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// `orders`
    Orders,
    /// `orders_kept`
    OrdersKept,
    /// `spent_amount`: gross less refunded.
    AmountSpent,
    /// `gross_amount`
    GrossAmount,
    /// `refunded_amount`
    AmountRefunded,
    /// `spent_amount / (orders_kept - orders_unconverted)`; missing where that is 0.
    AverageOrderValue,
    /// The largest `net_amount` of an order; missing where no order has one.
    MaxOrderValue,
    /// `items`
    Items,
    /// `items / orders`; missing without orders.
    AverageItems,
    /// `orders_refunded`: orders with any refund.
    OrdersRefunded,
    /// `orders_refunded / orders`; missing without orders.
    RefundRate,
    /// Orders never paid.
    UnpaidOrders,
    /// Different products among the lines of orders: by shop and `product_external_id`, else by shop and `sku`, else by
    /// shop and `title`; a line with none of them is no product.
    DistinctProducts,
    /// `(last_order_at - first_order_at) / (orders - 1)` in days of 86,400 seconds; missing with fewer than two orders.
    AverageDaysBetweenOrders,
    /// Σ `discount_amount` / Σ (`total_amount` + `discount_amount`) over the orders whose currency is the tenant's and
    /// whose amounts are known, no discount being 0; missing where the divisor is 0.
    DiscountShare,
}

/// A date of what the orders in scope add up to; missing without any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateMetric {
    /// The earliest `paid_at`.
    FirstOrder,
    /// The latest `paid_at`.
    LastOrder,
    /// The latest `ordered_at` of orders never paid.
    LastUnpaidOrder,
}

/// One of the three scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RfmScore {
    Recency,
    Frequency,
    Monetary,
}
