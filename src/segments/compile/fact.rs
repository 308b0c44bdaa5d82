//! What orders add up to: kept as facts where nothing but a shop narrows them down, added up anew otherwise.

use super::values::{self, always, any, in_window, negated, never, number_passes, passes_without};
use super::{Compiler, Grouped};
use crate::db::{Backend, Column, Sql};
use crate::ids::ShopId;
use crate::ingest::facts::KEPT;
use crate::lifecycle::{Group, Score, Stage, in_group, rfm_score, stage_is};
use crate::segments::language::checked::{
    Choice, DateMetric, Metric, MomentTest, NumberTest, RfmScore, Scope,
};
use crate::sql;

const DAY_MICROS: i64 = 86_400_000_000;

/// Whether the row of a customer's facts knows the metric.
pub fn is_kept(metric: Metric, scope: &Scope) -> bool {
    *scope == Scope::default() && known_to_facts(metric)
}

/// Whether the row of a customer's facts knows the date.
pub fn is_date_kept(metric: DateMetric, scope: &Scope) -> bool {
    *scope == Scope::default() && metric != DateMetric::LastUnpaidOrder
}

const fn known_to_facts(metric: Metric) -> bool {
    !matches!(metric, Metric::MaxOrderValue | Metric::DistinctProducts | Metric::DiscountShare)
}

/// A number that rows come to: a whole one, or a quotient that is missing where the divisor is not above 0.
pub enum Number {
    Whole(Sql<'static>),
    Quotient(Sql<'static>, Sql<'static>),
}

impl Number {
    fn tested(&self, backend: Backend, test: &NumberTest) -> Sql<'static> {
        match self {
            Self::Whole(value) => values::whole(backend, value.clone(), test),
            Self::Quotient(dividend, divisor) => values::quotient(backend, dividend, divisor, test),
        }
    }

    /// As something to sort by.
    pub fn sorted_by(&self) -> Sql<'static> {
        match self {
            Self::Whole(value) => value.clone(),
            Self::Quotient(dividend, divisor) => sql!(
                "CASE WHEN {} > 0 THEN {} * 1.0 / {} END",
                divisor.clone(),
                dividend.clone(),
                divisor.clone()
            ),
        }
    }

    /// Whether a customer without any rows has 0.
    pub fn is_summed(&self, metric: Metric) -> bool {
        matches!(self, Self::Whole(_)) && of_nothing(metric).is_some()
    }

    /// What a customer without any rows has.
    fn passes_without(&self, test: &NumberTest, empty: Option<i64>) -> bool {
        match self {
            Self::Whole(_) => number_passes(test, empty),
            Self::Quotient(..) => number_passes(test, None),
        }
    }
}

/// What is 0 without any orders; the others are missing then.
const fn of_nothing(metric: Metric) -> Option<i64> {
    match metric {
        Metric::MaxOrderValue => None,
        _ => Some(0),
    }
}

impl Compiler<'_> {
    pub(super) fn metric(&self, metric: Metric, scope: &Scope, test: &NumberTest) -> Sql<'static> {
        if is_kept(metric, scope) {
            return self.of_facts(metric, "f.").tested(self.backend(), test);
        }
        let (set, value) = self.added_up(metric, scope);
        let without = value.passes_without(test, of_nothing(metric));
        self.aggregated(&set, value.tested(self.backend(), test), without)
    }

    pub(super) fn date(&self, metric: DateMetric, scope: &Scope, test: &MomentTest) -> Sql<'static> {
        if is_date_kept(metric, scope) {
            return values::moment(&date_of_facts(metric, "f."), test);
        }
        let (set, value) = self.dated(metric, scope);
        self.aggregated(&set, values::moment(&value, test), passes_without(test))
    }

    /// A metric over the columns of a row of facts.
    fn of_facts(&self, metric: Metric, alias: &str) -> Number {
        let column = |name: &str| Sql::owned(format!("{alias}{name}"), vec![]);
        let difference =
            |left: &str, right: &str| Sql::owned(format!("({alias}{left} - {alias}{right})"), vec![]);
        let micros = || self.micros(&format!("{alias}last_order_at"), &format!("{alias}first_order_at"));
        match metric {
            Metric::Orders => Number::Whole(column("orders")),
            Metric::OrdersKept => Number::Whole(column("orders_kept")),
            Metric::AmountSpent => Number::Whole(column("spent_amount")),
            Metric::GrossAmount => Number::Whole(column("gross_amount")),
            Metric::AmountRefunded => Number::Whole(column("refunded_amount")),
            Metric::AverageOrderValue => {
                Number::Quotient(column("spent_amount"), difference("orders_kept", "orders_unconverted"))
            }
            Metric::Items => Number::Whole(column("items")),
            Metric::AverageItems => Number::Quotient(column("items"), column("orders")),
            Metric::OrdersRefunded => Number::Whole(column("orders_refunded")),
            Metric::RefundRate => Number::Quotient(column("orders_refunded"), column("orders")),
            Metric::UnpaidOrders => Number::Whole(column("unpaid_orders")),
            Metric::AverageDaysBetweenOrders => {
                let days = Sql::owned(format!("(({alias}orders - 1) * {})", self.day()), vec![]);
                Number::Quotient(micros(), days)
            }
            // Asked of the orders; see `known_to_facts`.
            Metric::MaxOrderValue | Metric::DistinctProducts | Metric::DiscountShare => {
                Number::Whole(sql!("NULL"))
            }
        }
    }

    /// The microseconds of a day. Times many days they leave 63 bits, which PostgreSQL would refuse.
    fn day(&self) -> String {
        let cast = if self.backend() == Backend::Postgres { "::numeric" } else { "" };
        format!("{DAY_MICROS}{cast}")
    }

    /// The microseconds from one moment to a later one.
    fn micros(&self, later: &str, earlier: &str) -> Sql<'static> {
        let text = match self.backend() {
            Backend::Postgres => format!("CAST(EXTRACT(EPOCH FROM {later} - {earlier}) * 1000000 AS bigint)"),
            Backend::Sqlite => format!("({later} - {earlier})"),
        };
        Sql::owned(text, vec![])
    }

    /// Rows grouped by customer, and what a metric is of each group.
    pub(super) fn added_up(&self, metric: Metric, scope: &Scope) -> (Grouped, Number) {
        if metric == Metric::DistinctProducts {
            return (self.lines_by_customer(scope), Number::Whole(self.distinct_products()));
        }
        if scope.paid.is_none() && known_to_facts(metric) {
            return (self.facts_by_customer(scope), self.summed_facts(metric));
        }
        let unpaid = metric == Metric::UnpaidOrders;
        (self.orders_by_customer(scope, unpaid), self.summed_orders(metric))
    }

    /// Rows grouped by customer, and a date of each group.
    pub(super) fn dated(&self, metric: DateMetric, scope: &Scope) -> (Grouped, Sql<'static>) {
        match metric {
            DateMetric::LastUnpaidOrder => (self.orders_by_customer(scope, true), sql!("MAX(o.ordered_at)")),
            _ if scope.paid.is_none() => {
                let date = if metric == DateMetric::FirstOrder {
                    "MIN(s.first_order_at)"
                } else {
                    "MAX(s.last_order_at)"
                };
                (self.facts_by_customer(scope), sql!(date))
            }
            DateMetric::FirstOrder => (self.orders_by_customer(scope, false), sql!("MIN(o.paid_at)")),
            DateMetric::LastOrder => (self.orders_by_customer(scope, false), sql!("MAX(o.paid_at)")),
        }
    }

    /// ` AND shop_id …` where shops are named.
    pub(super) fn in_shops(&self, column: &'static str, shops: Option<&[ShopId]>) -> Sql<'static> {
        match shops {
            None => Sql::default(),
            Some([]) => sql!(" AND {}", never()),
            Some([shop]) => sql!(" AND {} = {}", Sql::text(column), *shop),
            Some(shops) => {
                sql!(" AND {} {}", Sql::text(column), Column::ids(shops.iter().copied()))
            }
        }
    }

    fn facts_by_customer(&self, scope: &Scope) -> Grouped {
        let rows = sql!(
            "FROM customer_shop_facts s WHERE s.tenant_id = {}{}",
            self.tenant(),
            self.in_shops("s.shop_id", scope.shops.as_deref())
        );
        Grouped { rows, customer: "s.customer_id" }
    }

    fn orders_by_customer(&self, scope: &Scope, unpaid: bool) -> Grouped {
        let moment = if unpaid { "o.ordered_at" } else { "o.paid_at" };
        let window = in_window(&sql!(moment), scope.paid.unwrap_or_default());
        let paid = if unpaid { " AND o.paid_at IS NULL" } else { "" };
        let rows = sql!(
            "FROM orders o WHERE o.tenant_id = {} AND o.customer_id IS NOT NULL AND {}{}{}",
            self.tenant(),
            window,
            Sql::text(paid),
            self.in_shops("o.shop_id", scope.shops.as_deref())
        );
        Grouped { rows, customer: "o.customer_id" }
    }

    fn lines_by_customer(&self, scope: &Scope) -> Grouped {
        let rows = sql!(
            "FROM order_lines l WHERE l.tenant_id = {} AND l.customer_id IS NOT NULL AND {}{}",
            self.tenant(),
            in_window(&sql!("l.paid_at"), scope.paid.unwrap_or_default()),
            self.in_shops("l.shop_id", scope.shops.as_deref())
        );
        Grouped { rows, customer: "l.customer_id" }
    }

    fn distinct_products(&self) -> Sql<'static> {
        let shop = match self.backend() {
            Backend::Postgres => "CAST(l.shop_id AS text)",
            Backend::Sqlite => "hex(l.shop_id)",
        };
        Sql::owned(
            format!(
                "COUNT(DISTINCT CASE WHEN l.product_external_id IS NOT NULL THEN {shop} || 'p' || l.product_external_id
                 WHEN l.sku IS NOT NULL THEN {shop} || 's' || l.sku WHEN l.title IS NOT NULL THEN {shop} || 't' || l.title END)"
            ),
            vec![],
        )
    }

    fn summed_facts(&self, metric: Metric) -> Number {
        let sum = |expression: &str| Sql::owned(format!("CAST(SUM({expression}) AS bigint)"), vec![]);
        match metric {
            Metric::AverageOrderValue => {
                Number::Quotient(sum("s.spent_amount"), sum("s.orders_kept - s.orders_unconverted"))
            }
            Metric::AverageItems => Number::Quotient(sum("s.items"), sum("s.orders")),
            Metric::RefundRate => Number::Quotient(sum("s.orders_refunded"), sum("s.orders")),
            Metric::AverageDaysBetweenOrders => Number::Quotient(
                self.micros("MAX(s.last_order_at)", "MIN(s.first_order_at)"),
                Sql::owned(format!("((CAST(SUM(s.orders) AS bigint) - 1) * {})", self.day()), vec![]),
            ),
            plain => match self.of_facts(plain, "s.") {
                Number::Whole(column) => Number::Whole(sql!("CAST(SUM({}) AS bigint)", column)),
                quotient @ Number::Quotient(..) => quotient,
            },
        }
    }

    fn summed_orders(&self, metric: Metric) -> Number {
        let sum =
            |expression: &str| Sql::owned(format!("CAST(COALESCE(SUM({expression}), 0) AS bigint)"), vec![]);
        let number_of = |condition: &str| sum(&format!("CASE WHEN {condition} THEN 1 ELSE 0 END"));
        let count = || sql!("COUNT(*)");
        match metric {
            Metric::Orders | Metric::UnpaidOrders => Number::Whole(count()),
            Metric::OrdersKept => Number::Whole(number_of(KEPT)),
            Metric::AmountSpent => Number::Whole(sum("o.net_amount")),
            Metric::GrossAmount => Number::Whole(sum("o.gross_amount")),
            Metric::AmountRefunded => Number::Whole(sum("o.gross_amount - o.net_amount")),
            Metric::AverageOrderValue => Number::Quotient(
                sum("o.net_amount"),
                number_of(&format!("{KEPT} AND o.gross_amount IS NOT NULL")),
            ),
            Metric::MaxOrderValue => Number::Whole(sql!("MAX(o.net_amount)")),
            Metric::Items => Number::Whole(sum("o.items")),
            Metric::AverageItems => Number::Quotient(sum("o.items"), count()),
            Metric::OrdersRefunded => Number::Whole(number_of("o.refunded_amount > 0")),
            Metric::RefundRate => Number::Quotient(number_of("o.refunded_amount > 0"), count()),
            Metric::AverageDaysBetweenOrders => Number::Quotient(
                self.micros("MAX(o.paid_at)", "MIN(o.paid_at)"),
                Sql::owned(format!("((COUNT(*) - 1) * {})", self.day()), vec![]),
            ),
            Metric::DiscountShare => {
                let own = |value: &str| {
                    let text = format!(
                        "CAST(COALESCE(SUM(CASE WHEN o.currency = {{}} AND o.total_amount IS NOT NULL THEN {value} END), 0) AS bigint)"
                    );
                    Sql::owned(text, vec![self.context.currency().into()])
                };
                Number::Quotient(
                    own("COALESCE(o.discount_amount, 0)"),
                    own("o.total_amount + COALESCE(o.discount_amount, 0)"),
                )
            }
            Metric::DistinctProducts => Number::Whole(self.distinct_products()),
        }
    }

    /// What the foremost are chosen by, over the row of facts.
    pub(super) fn metric_of_facts(&self, metric: Metric) -> Number {
        self.of_facts(metric, "f.")
    }

    /// A condition over facts: over all shops inline, in a shop as a set. `unordered` are those who never ordered.
    fn standing(&self, shop: Option<ShopId>, ordered: Sql<'static>, unordered: bool) -> Sql<'static> {
        let Some(shop) = shop else {
            let never_ordered = unordered.then(|| sql!("f.orders = 0"));
            return any([sql!("(f.orders > 0 AND {})", ordered)].into_iter().chain(never_ordered));
        };
        // Who is in the set is out where those who never ordered in the shop are in.
        let condition = if unordered { negated(ordered) } else { ordered };
        let set = sql!(
            "SELECT f.customer_id FROM customer_shop_facts f
             WHERE f.tenant_id = {} AND f.shop_id = {} AND f.orders > 0 AND {}",
            self.tenant(),
            shop,
            condition
        );
        self.within(set, unordered)
    }

    pub(super) fn stage(&self, shop: Option<ShopId>, choice: &Choice) -> Sql<'static> {
        let bounds = self.context.rules(shop).bounds();
        let stages = choice.of.iter().filter_map(|name| Stage::parse(name));
        self.standing(shop, any(stages.map(|stage| stage_is(stage, &bounds))), choice.missing)
    }

    pub(super) fn rfm_score(&self, score: RfmScore, shop: Option<ShopId>, test: &NumberTest) -> Sql<'static> {
        let missing = number_passes(test, None);
        let Some(cuts) = self.context.cuts(shop) else { return if missing { always() } else { never() } };
        let score = match score {
            RfmScore::Recency => Score::Recency,
            RfmScore::Frequency => Score::Frequency,
            RfmScore::Monetary => Score::Money,
        };
        let score = rfm_score(score, &cuts, &self.context.rules(shop).moment);
        self.standing(shop, values::whole(self.backend(), score, test), missing)
    }

    pub(super) fn rfm_group(&self, shop: Option<ShopId>, choice: &Choice) -> Sql<'static> {
        let Some(cuts) = self.context.cuts(shop) else {
            return if choice.missing { always() } else { never() };
        };
        let moment = &self.context.rules(shop).moment;
        let groups = choice.of.iter().filter_map(|name| Group::parse(name));
        let groups = groups.filter(|group| *group != Group::Prospects);
        self.standing(shop, any(groups.map(|group| in_group(group, &cuts, moment))), choice.missing)
    }
}

/// A date over the columns of a row of facts.
pub fn date_of_facts(metric: DateMetric, alias: &str) -> Sql<'static> {
    let column = if metric == DateMetric::FirstOrder { "first_order_at" } else { "last_order_at" };
    Sql::owned(format!("{alias}{column}"), vec![])
}
