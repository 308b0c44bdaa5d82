//! The functions.

use super::parameters::{EVENT, PLACED, PURCHASED, VIEWED};
use super::{Function, FunctionKind, Unavailable};
use crate::segments::language::checked::Source;

const fn not_yet(name: &'static str, description: &'static str, why: &'static str) -> Function {
    Function {
        name,
        aliases: &[],
        what: FunctionKind::Unavailable(Unavailable::NotYet(why)),
        parameters: &[],
        description,
        example: "",
    }
}

const fn never(name: &'static str, description: &'static str, why: &'static str) -> Function {
    Function {
        name,
        aliases: &[],
        what: FunctionKind::Unavailable(Unavailable::Never(why)),
        parameters: &[],
        description,
        example: "",
    }
}

const TOUCHES: &str = "it comes with campaigns and their touches";
const MAILS: &str = "this service sends no e-mail; what became of one will be asked of touches";

pub const FUNCTIONS: &[Function] = &[
    Function {
        name: "products_purchased",
        aliases: &[],
        what: FunctionKind::Rows(Source::Lines),
        parameters: PURCHASED,
        description: "Lines of orders that were paid.",
        example: "products_purchased MATCHES (category = '羽绒服', attributes.尺码 = 'XXXXL', date >= -1y)",
    },
    Function {
        name: "orders_placed",
        aliases: &[],
        what: FunctionKind::Rows(Source::PaidOrders),
        parameters: PLACED,
        description: "Orders that were paid; where a `status` is asked for, all orders.",
        example: "orders_placed MATCHES (shop = 'tmall-01', amount >= 80, date BETWEEN -1y AND today, count >= 2)",
    },
    Function {
        name: "event",
        aliases: &["events"],
        what: FunctionKind::Rows(Source::Events),
        parameters: EVENT,
        description: "What the customer did beside buying: logins, views, reviews and the like.",
        example: "event MATCHES (type = 'login', date >= -30d, count >= 3)",
    },
    Function {
        name: "storefront.product_viewed",
        aliases: &["storefront_event.product_viewed"],
        what: FunctionKind::Events { types: &["view", "product_viewed"], id: "product_id" },
        parameters: VIEWED,
        description: "Products looked at: events of type 'view' or 'product_viewed'; their property `product_id` is the id.",
        example: "storefront.product_viewed MATCHES (id = 2012162031638, date >= -7d)",
    },
    Function {
        name: "storefront.collection_viewed",
        aliases: &["storefront_event.collection_viewed"],
        what: FunctionKind::Events { types: &["collection_viewed"], id: "collection_id" },
        parameters: VIEWED,
        description: "Collections looked at: events of type 'collection_viewed'; their property `collection_id` is the id.",
        example: "storefront.collection_viewed MATCHES (id = 987654321, count >= 2)",
    },
    not_yet("touched", "Contacts with the customer.", TOUCHES),
    not_yet("opened", "Messages that were opened.", TOUCHES),
    not_yet("clicked", "Messages whose link was followed.", TOUCHES),
    not_yet("replied", "Messages that were answered.", TOUCHES),
    not_yet("offer", "Offers issued to the customer.", "it comes with offers"),
    not_yet(
        "entered_segment",
        "Segments that the customer came into.",
        "it comes with snapshots of segments",
    ),
    not_yet("left_segment", "Segments that the customer went out of.", "it comes with snapshots of segments"),
    not_yet("shopify_email.bounced", "E-mails that came back.", MAILS),
    not_yet("shopify_email.clicked", "E-mails whose link was followed.", MAILS),
    not_yet("shopify_email.delivered", "E-mails that arrived.", MAILS),
    not_yet("shopify_email.marked_as_spam", "E-mails reported as spam.", MAILS),
    not_yet("shopify_email.opened", "E-mails that were opened.", MAILS),
    not_yet("shopify_email.unsubscribed", "E-mails by which the customer unsubscribed.", MAILS),
    never(
        "store_credit_accounts",
        "Accounts of store credit.",
        "this service keeps no accounts of store credit",
    ),
    never(
        "customer_within_distance",
        "Customers around a place.",
        "addresses carry no coordinates here; ask for `province`, `city` or `district`",
    ),
];
