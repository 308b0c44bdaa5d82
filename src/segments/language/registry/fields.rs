//! The fields.

use super::{Field, Measure, Unavailable, What};
use crate::segments::language::checked::{DateMetric, Metric, RfmScore, TextField};

const fn field(name: &'static str, what: What, description: &'static str, example: &'static str) -> Field {
    Field { name, aliases: &[], what, personal: false, description, example }
}

const fn personal(mut field: Field) -> Field {
    field.personal = true;
    field
}

const fn also(mut field: Field, aliases: &'static [&'static str]) -> Field {
    field.aliases = aliases;
    field
}

const fn count(
    name: &'static str,
    metric: Metric,
    description: &'static str,
    example: &'static str,
) -> Field {
    field(name, What::Metric(metric, Measure::Count), description, example)
}

const fn money(
    name: &'static str,
    metric: Metric,
    description: &'static str,
    example: &'static str,
) -> Field {
    field(name, What::Metric(metric, Measure::Money), description, example)
}

const fn not_yet(name: &'static str, description: &'static str, why: &'static str) -> Field {
    field(name, What::Unavailable(Unavailable::NotYet(why)), description, "")
}

const fn never(name: &'static str, description: &'static str, why: &'static str) -> Field {
    field(name, What::Unavailable(Unavailable::Never(why)), description, "")
}

const PREDICTED: &str = "it comes with predictions";

pub const FIELDS: &[Field] = &[
    // Who they are.
    personal(field(
        "name",
        What::Text(TextField::Name),
        "The full name, in any case.",
        "name STARTS WITH '张'",
    )),
    personal(field(
        "nick",
        What::Text(TextField::Nick),
        "What the platform calls them, in any case.",
        "nick = '小红'",
    )),
    field("gender", What::Gender, "`female`, `male` or `other`.", "gender = 'female'"),
    personal(also(
        field("birthday", What::Birthday, "The day of birth.", "birthday BETWEEN 1990-01-01 AND 1999-12-31"),
        &["birth_date", "date_of_birth"],
    )),
    personal(field(
        "age",
        What::Age,
        "Whole years since the birthday; who was born on 29 February turns on 1 March in common years.",
        "age BETWEEN 18 AND 25",
    )),
    personal(field(
        "email",
        What::Text(TextField::Email),
        "The e-mail address, in any case.",
        "email ENDS WITH '@example.com'",
    )),
    also(
        field(
            "customer_email_domain",
            What::Text(TextField::EmailDomain),
            "What follows the @ of the e-mail address, in any case.",
            "customer_email_domain = 'example.com'",
        ),
        &["email_domain"],
    ),
    personal(field(
        "phone",
        What::Phone,
        "The whole phone number, however it is written.",
        "phone = '13800001234'",
    )),
    also(
        field(
            "customer_language",
            What::Text(TextField::Language),
            "The preferred language as a BCP 47 tag.",
            "customer_language = 'zh-CN'",
        ),
        &["language"],
    ),
    field(
        "country",
        What::Text(TextField::Country),
        "The country of the last address, ISO 3166-1 alpha-2.",
        "country = 'CN'",
    ),
    also(
        field(
            "province",
            What::Text(TextField::Province),
            "Province, state or region of the last address.",
            "province IN ('浙江', '江苏')",
        ),
        &["region"],
    ),
    field("city", What::Text(TextField::City), "The city of the last address.", "city = '杭州'"),
    personal(field(
        "district",
        What::Text(TextField::District),
        "The district of the last address.",
        "district = '西湖区'",
    )),
    field(
        "customer_countries",
        What::Countries,
        "The country of the last address, as Shopify asks for it.",
        "customer_countries CONTAINS 'US'",
    ),
    field(
        "customer_regions",
        What::Regions,
        "Country and province of the last address, as Shopify asks for them; blanks do not count.",
        "customer_regions CONTAINS 'US-NY'",
    ),
    field(
        "customer_cities",
        What::Cities,
        "Country and city of the last address, as Shopify asks for them; blanks do not count.",
        "customer_cities CONTAINS 'US-NY-NewYorkCity'",
    ),
    also(
        field("attributes", What::Attributes, "A free property by its name.", "attributes.尺码 = 'XXXXL'"),
        &["metafields"],
    ),
    field("platform", What::Platform, "A platform on which a shop knows them.", "platform = 'taobao'"),
    field(
        "shop",
        What::Shop,
        "A shop that knows them, by its id, the platform's id of it, or its name.",
        "shop IN ('tmall-01', 'jd-01')",
    ),
    field("identity_count", What::Identities, "By how many identities they are known.", "identity_count > 1"),
    also(
        field(
            "customer_added_date",
            What::Added,
            "When the service learned of them.",
            "customer_added_date >= -30d",
        ),
        &["created_at"],
    ),
    also(
        field("customer_tags", What::Tags, "Their tags, in any case.", "customer_tags CONTAINS 'vip'"),
        &["tags"],
    ),
    field(
        "reachable_by",
        What::Reachable,
        "Whether they may be contacted over a channel and it leads to them.",
        "reachable_by('sms')",
    ),
    field(
        "email_subscription_status",
        What::Subscription("email"),
        "What they said last about e-mails.",
        "email_subscription_status = 'SUBSCRIBED'",
    ),
    field(
        "sms_subscription_status",
        What::Subscription("sms"),
        "What they said last about text messages.",
        "sms_subscription_status = 'SUBSCRIBED'",
    ),
    // What their orders add up to.
    count("number_of_orders", Metric::Orders, "Orders that were paid.", "number_of_orders >= 2"),
    count(
        "orders_kept",
        Metric::OrdersKept,
        "Orders that were paid and not refunded in full.",
        "orders_kept >= 2",
    ),
    money(
        "amount_spent",
        Metric::AmountSpent,
        "What they paid, net of refunds.",
        "amount_spent(platform: 'taobao', date: -1y..today) > 500",
    ),
    money("gross_amount", Metric::GrossAmount, "What they paid before refunds.", "gross_amount > 500"),
    money("amount_refunded", Metric::AmountRefunded, "What they got back.", "amount_refunded > 0"),
    money(
        "average_order_value",
        Metric::AverageOrderValue,
        "Amount spent by order kept.",
        "average_order_value BETWEEN 60 AND 100",
    ),
    money(
        "max_order_value",
        Metric::MaxOrderValue,
        "The largest order, net of refunds.",
        "max_order_value >= 1000",
    ),
    count("items_purchased", Metric::Items, "Pieces bought.", "items_purchased >= 10"),
    field(
        "average_items",
        What::Metric(Metric::AverageItems, Measure::Decimal),
        "Pieces by order.",
        "average_items >= 1.5",
    ),
    also(
        count("refunds", Metric::OrdersRefunded, "Orders with any refund.", "refunds >= 2"),
        &["number_of_refunds"],
    ),
    field(
        "refund_rate",
        What::Metric(Metric::RefundRate, Measure::Share),
        "The share of orders with any refund.",
        "refund_rate > 20%",
    ),
    count("unpaid_orders", Metric::UnpaidOrders, "Orders never paid.", "unpaid_orders >= 1"),
    count(
        "distinct_products",
        Metric::DistinctProducts,
        "Different products bought.",
        "distinct_products >= 3",
    ),
    field(
        "average_days_between_orders",
        What::Metric(Metric::AverageDaysBetweenOrders, Measure::Decimal),
        "From the first order to the last, by the gaps between.",
        "average_days_between_orders < 30",
    ),
    field(
        "discount_share",
        What::Metric(Metric::DiscountShare, Measure::Share),
        "The share of discounts in what the orders would have cost without them.",
        "discount_share > 30%",
    ),
    field(
        "first_order_date",
        What::Date(DateMetric::FirstOrder),
        "When the first order was paid.",
        "first_order_date >= -30d",
    ),
    field(
        "last_order_date",
        What::Date(DateMetric::LastOrder),
        "When the last order was paid.",
        "last_order_date < -90d",
    ),
    also(
        field(
            "abandoned_checkout_date",
            What::Date(DateMetric::LastUnpaidOrder),
            "When the last order was placed that was never paid.",
            "abandoned_checkout_date >= -7d",
        ),
        &["last_unpaid_order_date"],
    ),
    field(
        "days_since_first_order",
        What::DaysSince(DateMetric::FirstOrder),
        "Whole days since the day of the first order.",
        "days_since_first_order <= 30",
    ),
    field(
        "days_since_last_order",
        What::DaysSince(DateMetric::LastOrder),
        "Whole days since the day of the last order.",
        "days_since_last_order >= 90",
    ),
    // Where they stand.
    field(
        "days_until_dormant",
        What::DaysUntilDormant,
        "Days left until they count as dormant; 0 and less: they do.",
        "days_until_dormant BETWEEN 1 AND 10",
    ),
    field(
        "stage",
        What::Stage,
        "`new`, `active`, `at_risk`, `dormant` or `lost`, by the thresholds of the tenant or shop.",
        "stage = 'dormant'",
    ),
    field(
        "rfm_group",
        What::RfmGroup,
        "The group by recency, frequency and spend, by Shopify's names.",
        "rfm_group IN ('CHAMPIONS', 'LOYAL')",
    ),
    field("rfm_r", What::Score(RfmScore::Recency), "The recency score, 1 to 5.", "rfm_r >= 4"),
    field("rfm_f", What::Score(RfmScore::Frequency), "The frequency score, 1 to 5.", "rfm_f >= 4"),
    field("rfm_m", What::Score(RfmScore::Monetary), "The spend score, 1 to 5.", "rfm_m >= 4"),
    field("last_seen_date", What::LastSeen, "When the last event happened.", "last_seen_date < -30d"),
    // How they were contacted.
    field(
        "days_since_last_touch",
        What::DaysSinceTouch,
        "Whole days since the day of the last contact that did not bounce.",
        "days_since_last_touch >= 30",
    ),
    field(
        "touches_without_order",
        What::TouchesWithoutOrder,
        "Contacts since the last order that did not bounce.",
        "touches_without_order >= 5",
    ),
    field(
        "given_up",
        What::GivenUp,
        "Whether the contact plan leaves them alone for not coming back; an order is the way back.",
        "given_up = true",
    ),
    // What is not known yet, and what cannot be.
    not_yet("tier", "The member level.", "it comes with tiers"),
    not_yet("p_alive", "How likely they are to come back.", PREDICTED),
    not_yet("expected_orders_90d", "Orders to expect within 90 days.", PREDICTED),
    not_yet("predicted_value_365d", "Spend to expect within a year.", PREDICTED),
    not_yet("next_order_date", "When the next order is due.", PREDICTED),
    not_yet("churn_risk", "How likely they are not to come back.", PREDICTED),
    not_yet("predicted_spend_tier", "How much they are likely to spend.", PREDICTED),
    not_yet("referred_count", "How many they brought.", "it comes with referrals"),
    not_yet("referred_by", "Who brought them.", "it comes with referrals"),
    not_yet("account", "Of which account of the shop they are friends.", "it comes with the account matrix"),
    never(
        "companies",
        "Companies for which they buy.",
        "this service knows people, not the companies that they buy for",
    ),
    never(
        "created_by_app_id",
        "The app that made the customer.",
        "customers carry no app here; ask for `platform` or `shop`",
    ),
    never(
        "customer_account_status",
        "Whether they have an account with the shop.",
        "this service knows nothing of accounts with a shop",
    ),
    never(
        "product_subscription_status",
        "Whether they subscribed to a product.",
        "this service keeps no subscriptions to products",
    ),
];
