//! What is asked of a customer's lines, orders, events and touches.

use super::attribute::attribute;
use super::touches;
use super::values::{self, all, any, negated, never, number_passes, one_of};
use super::{Compiler, Grouped};
use crate::db::{Backend, Column, LocalTime, Sql};
use crate::segments::language::checked::{
    ClockSpan, Filter, ListTest, MomentTest, RowNumber, RowText, Rows, Source, Sum, TextTest,
};
use crate::sql;

/// The categories that a filter names.
pub fn categories_of(filter: &Filter) -> Option<&Vec<String>> {
    match filter {
        Filter::Category(ListTest::AnyOf(names) | ListTest::NoneOf(names)) => Some(names),
        _ => None,
    }
}

/// The rows' table, and what all of them share.
struct Table {
    alias: &'static str,
    customer: &'static str,
    shop: &'static str,
    moment: &'static str,
    document: &'static str,
    from: &'static str,
}

const LINES: Table = Table {
    alias: "l",
    customer: "l.customer_id",
    shop: "l.shop_id",
    moment: "l.paid_at",
    document: "l.attributes",
    from: "order_lines l",
};
const PAID_ORDERS: Table = Table {
    alias: "o",
    customer: "o.customer_id",
    shop: "o.shop_id",
    moment: "o.paid_at",
    document: "o.attributes",
    from: "orders o",
};
const ALL_ORDERS: Table = Table { moment: "COALESCE(o.paid_at, o.ordered_at)", ..PAID_ORDERS };
const EVENTS: Table = Table {
    alias: "e",
    customer: "e.customer_id",
    shop: "e.shop_id",
    moment: "e.occurred_at",
    document: "e.properties",
    from: "events e",
};

const TOUCHES: Table = Table {
    alias: "t",
    customer: "t.customer_id",
    shop: "NULL",
    moment: "t.touched_at",
    document: "NULL",
    from: "touches t",
};
/// Made for each query; see `Compiler::conversions`.
const CONVERSIONS: Table =
    Table { alias: "v", customer: "v.customer_id", moment: "v.paid_at", from: "", ..TOUCHES };

const fn table(source: Source) -> Table {
    match source {
        Source::Lines => LINES,
        Source::PaidOrders => PAID_ORDERS,
        Source::AllOrders => ALL_ORDERS,
        Source::Events => EVENTS,
        Source::Touches(contact) => Table { moment: touches::moment(contact), ..TOUCHES },
        Source::Conversions => CONVERSIONS,
    }
}

impl Compiler<'_> {
    pub(super) fn rows(&self, rows: &Rows) -> Sql<'static> {
        let table = table(rows.of);
        let mut selected = sql!("FROM {}", Sql::text(table.from));
        if needs_order(rows) {
            selected.push(sql!(" JOIN orders o ON o.tenant_id = {} AND o.id = l.order_id", self.tenant()));
        }
        match rows.of {
            Source::Conversions => {
                selected.push(self.conversions(rows));
                selected.push(sql!(" WHERE v.customer_id IS NOT NULL"));
            }
            _ => selected.push(Sql::owned(
                format!(" WHERE {}.tenant_id = {{}} AND {} IS NOT NULL", table.alias, table.customer),
                vec![self.tenant().into()],
            )),
        }
        if let Source::Touches(contact) = rows.of {
            selected.push(touches::meant(contact));
        }
        if matches!(rows.of, Source::Lines | Source::PaidOrders) {
            selected.push(Sql::owned(format!(" AND {} IS NOT NULL", table.moment), vec![]));
        }
        for filter in &rows.filters {
            selected.push(sql!(" AND {}", self.filter(&table, filter)));
        }
        if rows.sums.is_empty() {
            return self.within(sql!("SELECT {} {}", Sql::text(table.customer), selected), rows.negated);
        }
        let grouped = Grouped { rows: selected, customer: table.customer };
        let hold = all(rows
            .sums
            .iter()
            .map(|(sum, test)| values::whole(self.backend(), self.sum(rows.of, *sum), test)));
        let without = rows.sums.iter().all(|(_, test)| number_passes(test, Some(0)));
        if rows.negated {
            self.aggregated(&grouped, negated(hold), !without)
        } else {
            self.aggregated(&grouped, hold, without)
        }
    }

    pub(super) fn last_seen(&self, test: &MomentTest) -> Sql<'static> {
        let rows = sql!("FROM events e WHERE e.tenant_id = {}", self.tenant());
        let grouped = Grouped { rows, customer: EVENTS.customer };
        let test_of_last = values::moment(&sql!("MAX(e.occurred_at)"), test);
        self.aggregated(&grouped, test_of_last, values::passes_without(test))
    }

    fn sum(&self, source: Source, sum: Sum) -> Sql<'static> {
        match (sum, source) {
            (Sum::Count, Source::Lines) => sql!("COUNT(DISTINCT l.order_id)"),
            (Sum::Count, _) => sql!("COUNT(*)"),
            (Sum::Quantity, _) => sql!("CAST(COALESCE(SUM(l.quantity), 0) AS bigint)"),
            (Sum::Amount, Source::Lines) => {
                sql!("CAST(COALESCE(SUM({}), 0) AS bigint)", self.in_tenants_currency("l.total_amount"))
            }
            (Sum::Amount, Source::Conversions) => sql!("CAST(COALESCE(SUM(v.net_amount), 0) AS bigint)"),
            (Sum::Amount, _) => sql!("CAST(COALESCE(SUM(o.net_amount), 0) AS bigint)"),
        }
    }

    /// An amount of a line in the tenant's currency, by the rate at which its order was converted.
    fn in_tenants_currency(&self, amount: &str) -> Sql<'static> {
        let converted = match self.backend() {
            Backend::Postgres => format!(
                "CAST(TRUNC(CAST({amount} AS double precision) * o.gross_amount / o.total_amount + 0.5) AS bigint)"
            ),
            Backend::Sqlite => {
                format!("CAST(CAST({amount} AS REAL) * o.gross_amount / o.total_amount + 0.5 AS INTEGER)")
            }
        };
        Sql::owned(
            format!("CASE WHEN o.currency = {{}} THEN {amount} WHEN o.total_amount > 0 THEN {converted} END"),
            vec![self.context.currency().into()],
        )
    }

    fn filter(&self, table: &Table, filter: &Filter) -> Sql<'static> {
        let backend = self.backend();
        match filter {
            Filter::Shops { shops, negated: false } => match shops.as_slice() {
                [] => never(),
                shops => sql!("{} {}", Sql::text(table.shop), Column::ids(shops.iter().copied())),
            },
            Filter::Shops { shops, negated: true } if shops.is_empty() => values::always(),
            Filter::Shops { shops, negated: true } => {
                negated(sql!("{} {}", Sql::text(table.shop), Column::ids(shops.iter().copied())))
            }
            Filter::Moment(test) => values::moment(&Sql::text(table.moment), test),
            Filter::Text { field: RowText::Brand, test } => self.brand(test),
            Filter::Text { field, test } => values::text(backend, &text_column(table, *field), test),
            Filter::Number { field: RowNumber::OrderIndex, test } => {
                let index = values::whole(backend, sql!("n.place"), test);
                let order = if table.alias == "l" { "l.order_id" } else { "o.id" };
                // Only orders never paid have no place.
                let places = |index| {
                    sql!(
                        "SELECT n.id FROM (SELECT p.id, ROW_NUMBER() OVER (PARTITION BY p.customer_id
                         ORDER BY p.paid_at, p.id) AS place FROM orders p WHERE p.tenant_id = {}
                         AND p.customer_id IS NOT NULL AND p.paid_at IS NOT NULL) n WHERE {}",
                        self.tenant(),
                        index
                    )
                };
                if number_passes(test, None) {
                    sql!("{} NOT IN ({})", Sql::text(order), places(negated(index)))
                } else {
                    sql!("{} IN ({})", Sql::text(order), places(index))
                }
            }
            Filter::Number { field, test } => values::whole(backend, self.number(table, *field), test),
            Filter::Category(test) => self.category(test),
            Filter::ProductTags(test) => self.product_tags(test),
            Filter::Coupons(test) => self.has_listed("o.coupon_codes", test),
            Filter::Promotions(test) => self.has_listed("o.promotions", test),
            Filter::Status(choice) => values::choice(&sql!("o.status"), choice),
            Filter::Hour { test, clock } => {
                values::whole(backend, self.clock(clock).hour(table.moment), test)
            }
            Filter::Weekday { test, clock } => {
                values::whole(backend, self.clock(clock).weekday(table.moment), test)
            }
            Filter::Attribute { key, test } => attribute(backend, table.document, key, test),
            // Of conversions it says where they come from.
            Filter::Campaign(_) if table.alias == "v" => values::always(),
            Filter::Campaign(test) => self.campaign(test),
            Filter::Channel(choice) => values::choice(&sql!("t.channel"), choice),
            Filter::Outcome { of, negated } => self.outcome(of, *negated),
        }
    }

    fn clock(&self, spans: &[ClockSpan]) -> LocalTime {
        LocalTime::of_spans(self.backend(), spans.iter().map(|span| (span.from, i64::from(span.seconds))))
    }

    fn number(&self, table: &Table, field: RowNumber) -> Sql<'static> {
        match field {
            RowNumber::Price => self.in_tenants_currency("l.unit_amount"),
            RowNumber::Quantity => sql!("l.quantity"),
            RowNumber::Amount if table.alias == "l" => self.in_tenants_currency("l.total_amount"),
            RowNumber::Amount => sql!("o.net_amount"),
            RowNumber::Items => sql!("o.items"),
            // Asked elsewhere; see `filter`.
            RowNumber::OrderIndex => sql!("NULL"),
        }
    }

    fn category(&self, test: &ListTest<String>) -> Sql<'static> {
        // Most platforms tell a line's product alone; then the category is the product's.
        let under = |names: &[String]| {
            let categories = names.iter().flat_map(|name| self.context.categories(name));
            let told = one_of(self.backend(), sql!("l.category"), categories);
            if !self.context.has_lines_without_category() {
                return told;
            }
            let of_product = self.product(any(names.iter().map(|name| catalogued_under(name))));
            sql!("({} OR (l.category IS NULL AND {}))", told, of_product)
        };
        let is_known = || {
            let of_product = self.product(sql!("p.category IS NOT NULL"));
            sql!("(l.category IS NOT NULL OR {})", of_product)
        };
        match test {
            ListTest::AnyOf(names) => under(names),
            ListTest::NoneOf(names) => negated(under(names)),
            ListTest::IsNull => negated(is_known()),
            ListTest::IsNotNull => is_known(),
        }
    }

    /// The line's product in the catalogue passes a condition over `p`.
    fn product(&self, condition: Sql<'static>) -> Sql<'static> {
        sql!(
            "(l.shop_id, l.product_external_id) IN (SELECT p.shop_id, p.external_id FROM products p
             WHERE p.tenant_id = {} AND {})",
            self.tenant(),
            condition
        )
    }

    fn brand(&self, test: &TextTest) -> Sql<'static> {
        let brand = sql!("p.brand");
        let missing = matches!(
            test,
            TextTest::Differs(_) | TextTest::NoneOf(_) | TextTest::NotContains(_) | TextTest::IsNull
        );
        let passes = values::text(self.backend(), &brand, test);
        if missing { negated(self.product(negated(passes))) } else { self.product(passes) }
    }

    fn product_tags(&self, test: &ListTest<String>) -> Sql<'static> {
        match test {
            ListTest::AnyOf(_) | ListTest::IsNotNull => self.product(self.has_listed("p.tags", test)),
            ListTest::NoneOf(names) => {
                negated(self.product(self.has_listed("p.tags", &ListTest::AnyOf(names.clone()))))
            }
            ListTest::IsNull => negated(self.product(self.has_listed("p.tags", &ListTest::IsNotNull))),
        }
    }

    /// A test of a JSON list of texts.
    fn has_listed(&self, column: &'static str, test: &ListTest<String>) -> Sql<'static> {
        let length = match self.backend() {
            Backend::Postgres => "jsonb_array_length",
            Backend::Sqlite => "json_array_length",
        };
        let count = |comparison: &str| Sql::owned(format!("{length}({column}) {comparison}"), vec![]);
        let has_any = |names: &[String]| match self.backend() {
            Backend::Postgres => any(names.iter().map(|name| {
                sql!("{} @> {}", Sql::text(column), crate::db::types::Json(serde_json::json!([name])))
            })),
            Backend::Sqlite => {
                let listed = one_of(Backend::Sqlite, sql!("j.value"), names.iter().cloned());
                sql!("EXISTS (SELECT 1 FROM json_each({}) j WHERE {})", Sql::text(column), listed)
            }
        };
        match test {
            ListTest::AnyOf(names) => has_any(names),
            ListTest::NoneOf(names) => negated(has_any(names)),
            ListTest::IsNull => count("= 0"),
            ListTest::IsNotNull => count("> 0"),
        }
    }
}

/// The product's category is this one or lies under it. `0` follows `/`: between the two lies what begins with the path.
fn catalogued_under(category: &str) -> Sql<'static> {
    sql!(
        "(p.category = {} OR (p.category >= {} AND p.category < {}))",
        category.to_owned(),
        format!("{category}/"),
        format!("{category}0")
    )
}

/// Whether lines are asked for something that only their orders know.
fn needs_order(rows: &Rows) -> bool {
    let is_amount = |filter: &Filter| {
        matches!(filter, Filter::Number { field: RowNumber::Price | RowNumber::Amount, .. })
    };
    rows.of == Source::Lines
        && (rows.filters.iter().any(is_amount) || rows.sums.iter().any(|(sum, _)| *sum == Sum::Amount))
}

fn text_column(table: &Table, field: RowText) -> Sql<'static> {
    sql!(match field {
        RowText::Product => "l.product_external_id",
        RowText::Sku => "l.sku",
        RowText::Title => "l.title",
        RowText::Brand => "p.brand",
        RowText::OrderSource => "o.source",
        RowText::EventType => "e.type",
        RowText::Subject => "t.subject",
        RowText::Arm if table.alias == "v" => "v.arm",
        RowText::Arm => "t.arm",
    })
}
