//! The functions.

use super::parameters::{ANSWERED, CONVERTED, EVENT, MAILED, PLACED, PURCHASED, TOUCHED, VIEWED};
use super::{Function, FunctionKind, Unavailable};
use crate::segments::language::checked::{Contact, Source};

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

const fn contacts(
    name: &'static str,
    contact: Contact,
    parameters: &'static [super::Parameter],
    description: &'static str,
    example: &'static str,
) -> Function {
    let what = FunctionKind::Rows(Source::Touches(contact));
    Function { name, aliases: &[], what, parameters, description, example }
}

/// As Shopify asks for what became of e-mails.
const fn mails(name: &'static str, contact: Contact, description: &'static str) -> Function {
    Function {
        name,
        aliases: &[],
        what: FunctionKind::Mails(contact),
        parameters: MAILED,
        description,
        example: "",
    }
}

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
    contacts(
        "touched",
        Contact::Made,
        TOUCHED,
        "Contacts with the customer that did not bounce; where an `outcome` is asked for, all contacts.",
        "touched MATCHES (channel = 'sms', date >= -30d, count >= 3)",
    ),
    contacts(
        "opened",
        Contact::Opened,
        ANSWERED,
        "Messages that were opened.",
        "opened MATCHES (channel = 'email', date >= -30d)",
    ),
    contacts(
        "clicked",
        Contact::Clicked,
        ANSWERED,
        "Messages whose link was followed.",
        "clicked MATCHES (campaign = 'Winter jackets')",
    ),
    contacts(
        "replied",
        Contact::Replied,
        ANSWERED,
        "Messages that were answered.",
        "replied NOT MATCHES (date >= -1y)",
    ),
    Function {
        name: "converted",
        aliases: &[],
        what: FunctionKind::Rows(Source::Conversions),
        parameters: CONVERTED,
        description: "Qualifying orders within the window of a campaign by its members; the campaign must be named.",
        example: "converted MATCHES (campaign = 'Winter jackets', arm != 'holdout')",
    },
    not_yet("offer", "Offers issued to the customer.", "it comes with offers"),
    not_yet(
        "entered_segment",
        "Segments that the customer came into.",
        "it comes with snapshots of segments",
    ),
    not_yet("left_segment", "Segments that the customer went out of.", "it comes with snapshots of segments"),
    mails("shopify_email.bounced", Contact::Bounced, "E-mails that came back."),
    mails("shopify_email.clicked", Contact::Clicked, "E-mails whose link was followed."),
    mails("shopify_email.delivered", Contact::Delivered, "E-mails that arrived."),
    mails("shopify_email.marked_as_spam", Contact::Complained, "E-mails reported as spam."),
    mails("shopify_email.opened", Contact::Opened, "E-mails that were opened."),
    mails("shopify_email.unsubscribed", Contact::Unsubscribed, "E-mails by which the customer unsubscribed."),
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
