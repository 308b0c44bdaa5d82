//! What can be asked of a customer's lines, orders, events and touches.

use super::tests::{AttributeTest, Choice, ClockSpan, ListTest, MomentTest, NumberTest, TextTest};
use crate::ids::ShopId;

/// `products_purchased`, `orders_placed`, `event`: of the customer's rows those that pass all filters are taken, then
/// the sums over them are tested. Without sums: is there any? With sums: do all hold, a customer without such rows having
/// 0 everywhere? (So `count < 3` includes who has none.)
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    pub of: Source,
    pub filters: Vec<Filter>,
    pub sums: Vec<(Sum, NumberTest)>,
    /// `NOT MATCHES`: turns the answer round.
    pub negated: bool,
}

/// What the rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Lines of orders that were paid once. Their moment is the order's `paid_at`.
    Lines,
    /// Orders that were paid once. Their moment is `paid_at`.
    PaidOrders,
    /// All orders (a status was asked for). Their moment is `paid_at`, else `ordered_at`.
    AllOrders,
    /// Behaviour events. Their moment is `occurred_at`.
    Events,
    /// Contacts with the customer.
    Touches(Contact),
    /// Qualifying orders in the window of a campaign by its members, whatever their arm. Their moment is `paid_at`. The
    /// first of the filters names the campaigns.
    Conversions,
}

/// Which contacts are meant, and the moment by which they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// Those that did not bounce, by `touched_at`.
    Made,
    /// All of them (an outcome was asked for), by `touched_at`.
    Any,
    /// Those with the outcome, by its own moment.
    Delivered,
    Opened,
    Clicked,
    Replied,
    Bounced,
    Complained,
    Unsubscribed,
}

/// A condition on one row.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// In one of these shops (none: never). `negated`: in none of them; events may have no shop and pass then.
    Shops { shops: Vec<ShopId>, negated: bool },
    /// The row's moment.
    Moment(MomentTest),
    /// A text.
    Text { field: RowText, test: TextTest },
    /// A number.
    Number { field: RowNumber, test: NumberTest },
    /// Lines: the category is one of these paths or lies under it (`女装` has `女装/羽绒服`).
    Category(ListTest<String>),
    /// Lines: the tags of the catalogue's product of the same shop and id; missing as an empty list.
    ProductTags(ListTest<String>),
    /// Orders: `coupon_codes`
    Coupons(ListTest<String>),
    /// Orders: `promotions`
    Promotions(ListTest<String>),
    /// Orders: `status`; never missing.
    Status(Choice),
    /// Orders: the hour of the row's moment (0 to 23) on the local clock.
    Hour { test: NumberTest, clock: Vec<ClockSpan> },
    /// Orders: the day of the week of the row's moment on the local clock, 1 Monday to 7 Sunday.
    Weekday { test: NumberTest, clock: Vec<ClockSpan> },
    /// Lines and orders: `attributes`; events: `properties`.
    Attribute { key: String, test: AttributeTest },
    /// Touches: the campaign, by its id or its name. Conversions: the same; always one of some, never negated.
    Campaign(TextTest),
    /// Touches: `channel`; never missing.
    Channel(Choice),
    /// Touches: any of these outcomes happened; `negated`: none of them.
    Outcome { of: Vec<&'static str>, negated: bool },
}

/// A text of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowText {
    /// Lines: `product_external_id`
    Product,
    /// Lines: `sku`
    Sku,
    /// Lines: `title`
    Title,
    /// Lines: the brand of the catalogue's product of the same shop and id; missing without one.
    Brand,
    /// Orders: `source`
    OrderSource,
    /// Events: `type`
    EventType,
    /// Touches: `subject`
    Subject,
    /// Touches and conversions: `arm`
    Arm,
}

/// A number of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowNumber {
    /// Lines: `unit_amount` in the tenant's currency (see [`RowNumber::Amount`]).
    Price,
    /// Lines: `quantity`
    Quantity,
    /// Orders: `net_amount`. Lines: `total_amount` if the order's currency is the tenant's; else, with the order's
    /// `gross_amount` and `total_amount` known and above 0, `line · gross / total + 0.5`, cut off after the point, in
    /// doubles and this order of operations; else missing.
    Amount,
    /// Orders: `items`
    Items,
    /// Lines and orders: the how manieth order of the customer it is, among all that were paid once, by `paid_at`, then
    /// the order's id; the first is 1. Missing for orders never paid.
    OrderIndex,
}

/// Something summed over the rows that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sum {
    /// Orders; of lines, how many different orders they are in; of events and touches, how many.
    Count,
    /// Lines: Σ `quantity`
    Quantity,
    /// Σ [`RowNumber::Amount`], missing ones left out.
    Amount,
}
