//! Groups that most shops have, ready to be used: whom they hold, why one looks at them, and what one does for them.

/// A ready group.
pub struct Template {
    pub key: &'static str,
    pub name: &'static str,
    /// Why one looks at them.
    pub purpose: &'static str,
    pub query: &'static str,
    /// What one does for them.
    pub play: &'static str,
}

const fn template(
    key: &'static str,
    name: &'static str,
    purpose: &'static str,
    query: &'static str,
    play: &'static str,
) -> Template {
    Template { key, name, purpose, query, play }
}

/// Numbers and names in them are examples to be changed.
pub const TEMPLATES: &[Template] = &[
    template(
        "high_quality_dormant",
        "High quality, asleep",
        "Those whose return is worth most.",
        "stage IN ('dormant', 'lost') AND (average_order_value >= 200 OR number_of_orders >= 4)",
        "A personal call or message that asks why they stayed away; an offer only if it was not the service.",
    ),
    template(
        "low_quality_dormant",
        "Low quality, asleep",
        "Many, of little worth each: to be woken cheaply or not at all.",
        "stage IN ('dormant', 'lost') AND NOT (average_order_value >= 200 OR number_of_orders >= 4)",
        "One message with the season's strongest offer; who does not answer is left alone.",
    ),
    template(
        "about_to_fall_asleep",
        "About to fall asleep",
        "Ten days are left before they are dormant: the cheapest moment to keep them.",
        "days_until_dormant BETWEEN 1 AND 10",
        "A reminder with what fits their last purchase, before any discount.",
    ),
    template(
        "newly_dormant",
        "Fell asleep this week",
        "The daily flow into dormancy, seven days of it.",
        "days_until_dormant BETWEEN -6 AND 0",
        "The first wake-up message; hold a part back to see what it earns.",
    ),
    template(
        "high_quality",
        "High quality",
        "Those who carry the shop: large orders or many.",
        "average_order_value >= 200 OR number_of_orders >= 4",
        "First to see new arrivals, a person to talk to, no discounts that they do not need.",
    ),
    template(
        "difficult_low_quality",
        "Low quality and difficult",
        "Small orders and many returns: every contact costs more than it brings.",
        "average_order_value < 100 AND refund_rate >= 50% AND number_of_orders >= 2",
        "Leave them out of campaigns; look at what they return and why.",
    ),
    template(
        "returns",
        "Returned something lately",
        "An after-sale trouble that may decide whether they come back.",
        "refunds >= 1 AND last_order_date >= -30d",
        "A call that asks whether it was settled well, before the next campaign reaches them.",
    ),
    template(
        "complaints",
        "Complained lately",
        "Told the shop of a trouble: late delivery, wrong goods, bad service.",
        "event MATCHES (type = 'complaint', date >= -60d)",
        "No advertising until it is settled; then a word of apology with a small gift.",
    ),
    template(
        "ordered_unpaid",
        "Ordered and not paid",
        "Wanted to buy and did not finish.",
        "unpaid_orders(date: -3d..today) >= 1 AND NOT number_of_orders(date: -3d..today) >= 1",
        "A payment reminder after some hours, another text for who has bought before.",
    ),
    template(
        "never_paid",
        "Ordered, never bought",
        "Came close once and never became a customer.",
        "unpaid_orders >= 1 AND number_of_orders = 0",
        "Ask what held them back; free shipping on the first order.",
    ),
    template(
        "one_time_buyers",
        "Bought once",
        "Most who buy once never do again: the second order is the hardest.",
        "number_of_orders = 1 AND days_since_last_order BETWEEN 20 AND 90",
        "What goes with what they have, while they still remember the shop.",
    ),
    template(
        "honeymoon",
        "Honeymoon",
        "The first weeks after the first order, when a shop is remembered best.",
        "days_since_first_order <= 15 AND number_of_orders = 1",
        "Care instructions, a question whether it fits, a card for the second order.",
    ),
    template(
        "loyal",
        "Loyal",
        "Come back again and again.",
        "number_of_orders >= 5 AND stage IN ('new', 'active')",
        "Ask them to bring friends; thank them before others get the news.",
    ),
    template(
        "champions",
        "Champions",
        "The best by recency, frequency and money.",
        "rfm_group = 'CHAMPIONS'",
        "Early access and a say in what comes next.",
    ),
    template(
        "at_risk_of_the_best",
        "Were among the best",
        "Strong histories that have gone quiet.",
        "rfm_group IN ('AT_RISK', 'PREVIOUSLY_LOYAL')",
        "A personal offer that names what they used to buy.",
    ),
    template(
        "free_shipping_from_80",
        "Orders around the free-shipping bar",
        "For free shipping from 80: those whose orders average about 80, not 30.",
        "average_order_value BETWEEN 60 AND 100 AND number_of_orders >= 1",
        "Free shipping from 80, with something small that fills the basket.",
    ),
    template(
        "size_xxxxl",
        "Bought size XXXXL",
        "Hard to find clothes for: they are glad of every new piece.",
        "products_purchased MATCHES (attributes.尺码 = 'XXXXL', date >= -1y)",
        "Tell them first when something new comes in their size.",
    ),
    template(
        "down_coats_last_winter",
        "Bought down coats last winter",
        "The season comes again.",
        "products_purchased MATCHES (category = '女装/羽绒服', date >= -1y)",
        "This winter's models in the size they have, before the first cold days.",
    ),
    template(
        "clearance_without_buyers",
        "Clearance, without those who paid the full price",
        "Who bought a product lately must not see it cheaper.",
        "number_of_orders >= 1 AND products_purchased NOT MATCHES (sku = 'DC-2026', date >= -90d)",
        "The clearance, with its end date.",
    ),
    template(
        "promotion_buyers",
        "Came through a promotion",
        "Bought in 双十一 or 聚划算; many only then.",
        "orders_placed MATCHES (promotion IN ('双十一', '聚划算'))",
        "The warm-up of the next promotion; nothing in between.",
    ),
    template(
        "coupon_only",
        "Buy with coupons only",
        "Never bought at the full price.",
        "number_of_orders >= 2 AND discount_share >= 20%",
        "Offers with a threshold above their usual order.",
    ),
    template(
        "birthday",
        "Birthday within a week",
        "The one day on which nobody minds a message.",
        "anniversary(birthday) BETWEEN today AND +7d",
        "Good wishes and a gift that is valid for the month.",
    ),
    template(
        "lunar_birthday",
        "Birthday by the lunar calendar within a week",
        "Many parents count by it.",
        "lunar_anniversary(birthday) BETWEEN today AND +7d",
        "Good wishes, in the words of the season.",
    ),
    template(
        "students",
        "Students",
        "Little money, much time, many friends.",
        "customer_tags CONTAINS '学生'",
        "Group offers and term dates; rewards for bringing class mates.",
    ),
    template(
        "one_city",
        "In one city",
        "For a shop opening, a stock nearby, the weather.",
        "city = '杭州' AND number_of_orders >= 1",
        "An invitation to the shop, or what the weather there asks for.",
    ),
    template(
        "reachable_by_sms",
        "Asleep and reachable by SMS",
        "Who may be written to at all.",
        "stage = 'dormant' AND reachable_by('sms')",
        "Two texts against each other, with a part held back.",
    ),
    template(
        "quiet_visitors",
        "Look and do not buy",
        "Were in the shop this month without an order.",
        "last_seen_date >= -30d AND NOT last_order_date >= -30d",
        "What they looked at, with a reason to decide.",
    ),
    template(
        "two_shops",
        "Buy in several shops",
        "The brand's friends rather than a platform's.",
        "identity_count >= 2 AND number_of_orders >= 2",
        "What all shops share: members' benefits, not a platform's coupons.",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::segments::language::{self, check, parse};
    use crate::time::time_zone;

    #[test]
    fn every_template_is_a_query_that_holds() {
        let context = language::Context {
            now: "2026-11-24T02:30:00Z".parse().unwrap(),
            zone: time_zone("Asia/Shanghai").unwrap(),
            currency: "CNY".into(),
            decimals: 2,
            country: Some("CN".into()),
            dormant_after_days: 90,
            shops: Vec::new(),
        };
        assert!(TEMPLATES.len() >= 20);
        for template in TEMPLATES {
            let query =
                parse(template.query).unwrap_or_else(|problem| panic!("{}: {problem:?}", template.key));
            check(&query, &context).unwrap_or_else(|problems| panic!("{}: {problems:?}", template.key));
        }
        let keys: BTreeSet<_> = TEMPLATES.iter().map(|template| template.key).collect();
        assert_eq!(keys.len(), TEMPLATES.len());
    }
}
