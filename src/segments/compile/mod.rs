//! From the checked tree to SQL, the same for both databases.
//!
//! A query over one of two tables comes out: `customer_facts f` where facts are asked about (every customer has a row),
//! `customers c` where fields of the customer are, both joined where both are. What lies in other tables is a set of
//! customers: `f.customer_id IN (SELECT …)`, never a look-up for each customer. The tenant is a bound equality in every
//! table reference; times are computed before.
//!
//! Unknown counts as false, and whatever negates says `IS NOT TRUE`: so the answer is that of two-valued logic.

mod attribute;
mod context;
mod customer;
mod fact;
mod rows;
mod top;
mod touches;
mod values;

pub use context::{Context, Definitions};

use crate::db::{Backend, Sql};
use crate::ids::TenantId;
use crate::lifecycle::not_gone;
use crate::segments::language::Checked;
use crate::segments::language::checked::{Kind, Leaf, Node};
use crate::sql;
use values::{all, any, negated};

/// The ids of all who belong to a query: `SELECT … AS id FROM … WHERE …`. Nobody who was merged or erased is among them.
pub fn members(context: &Context, checked: &Checked) -> Sql<'static> {
    let base = match &checked.top {
        Some(top) => Base::of(context, [&checked.condition]).and(top::base(top)),
        None => Base::of(context, [&checked.condition]),
    };
    let compiler = Compiler { context, base };
    let mut rows = base.from(context.tenant());
    rows.push(sql!(" AND {}", compiler.node(&checked.condition)));
    match &checked.top {
        Some(top) => compiler.foremost(top, rows),
        None => sql!("SELECT {} AS id {}", Sql::text(base.id()), rows).once(),
    }
}

/// The same for a part of a query: of all customers those who pass this condition.
pub fn members_of(context: &Context, node: &Node) -> Sql<'static> {
    let base = Base::of(context, [node]);
    let condition = Compiler { context, base }.node(node);
    sql!("SELECT {} AS id {} AND {}", Sql::text(base.id()), base.from(context.tenant()), condition).once()
}

/// How many belong to a query: one row with the column `count`.
pub fn count(context: &Context, checked: &Checked) -> Sql<'static> {
    if checked.top.is_some() {
        return sql!("SELECT COUNT(*) AS count FROM ({}) m", members(context, checked)).once();
    }
    let base = Base::of(context, [&checked.condition]);
    let condition = Compiler { context, base }.node(&checked.condition);
    sql!("SELECT COUNT(*) AS count {} AND {}", base.from(context.tenant()), condition).once()
}

/// A condition over the alias `c` of customers: belongs to the query.
pub fn condition(context: &Context, checked: &Checked) -> Sql<'static> {
    sql!("c.id IN ({})", members(context, checked)).once()
}

/// One number for each condition: how many pass it, under the names `n0`, `n1`, …; with `running`, pass it and all before.
pub fn counts(context: &Context, nodes: &[&Node], running: bool) -> Sql<'static> {
    let base = Base::of(context, nodes.iter().copied());
    let compiler = Compiler { context, base };
    let mut columns = sql!("COUNT(*) AS everybody");
    let mut passed: Vec<Sql<'static>> = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        if !running {
            passed.clear();
        }
        passed.push(compiler.node(node));
        columns.push(sql!(", COUNT(CASE WHEN {} THEN 1 END)", all(passed.clone())));
        columns.push(Sql::owned(format!(" AS n{index}"), vec![]));
    }
    sql!("SELECT {} {}", columns, base.from(context.tenant())).once()
}

/// The tables that a query is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Base {
    facts: bool,
    customers: bool,
}

impl Base {
    fn of<'n>(context: &Context, nodes: impl IntoIterator<Item = &'n Node>) -> Self {
        nodes.into_iter().fold(Self::default(), |base, node| match &node.kind {
            Kind::All(nodes) | Kind::Any(nodes) | Kind::AtLeast { of: nodes, .. } => {
                base.and(Self::of(context, nodes))
            }
            Kind::Not(node) => base.and(Self::of(context, [&**node])),
            Kind::Leaf(leaf) => base.and(Self::of_leaf(context, leaf)),
        })
    }

    fn of_leaf(context: &Context, leaf: &Leaf) -> Self {
        match leaf {
            Leaf::Text { .. }
            | Leaf::Phone { .. }
            | Leaf::HasPhone(_)
            | Leaf::Gender(_)
            | Leaf::Birthday(_)
            | Leaf::Anniversary { .. }
            | Leaf::LunarAnniversary { .. }
            | Leaf::Located { .. }
            | Leaf::Attribute { .. }
            | Leaf::CreatedAt(_)
            | Leaf::Reachable { .. } => Self { customers: true, facts: false },
            Leaf::Metric { metric, scope, .. } => {
                Self { facts: fact::is_kept(*metric, scope), customers: false }
            }
            Leaf::Date { metric, scope, .. } => {
                Self { facts: fact::is_date_kept(*metric, scope), customers: false }
            }
            Leaf::Stage { shop, .. } | Leaf::RfmScore { shop, .. } | Leaf::RfmGroup { shop, .. } => {
                Self { facts: shop.is_none(), customers: false }
            }
            Leaf::Segment { reference } => match context.segment(reference) {
                Some(checked) if checked.top.is_none() => Self::of(context, [&checked.condition]),
                _ => Self::default(),
            },
            Leaf::KnownAt(_)
            | Leaf::IdentityCount(_)
            | Leaf::Tags(_)
            | Leaf::Consent { .. }
            | Leaf::Rows(_)
            | Leaf::LastSeen(_)
            | Leaf::LastTouch(_)
            | Leaf::TouchesWithoutOrder(_)
            | Leaf::GivenUp(_)
            | Leaf::Sample { .. } => Self::default(),
        }
    }

    const fn and(self, other: Self) -> Self {
        Self { facts: self.facts || other.facts, customers: self.customers || other.customers }
    }

    /// The customer's id.
    const fn id(self) -> &'static str {
        if self.customers { "c.id" } else { "f.customer_id" }
    }

    /// `FROM … WHERE …`: every customer once, but those who were merged or erased.
    fn from(self, tenant: TenantId) -> Sql<'static> {
        if !self.customers {
            let gone = not_gone(tenant, "f.customer_id");
            return sql!("FROM customer_facts f WHERE f.tenant_id = {} AND {}", tenant, gone);
        }
        if !self.facts {
            return sql!(
                "FROM customers c WHERE c.tenant_id = {} AND c.merged_into IS NULL AND c.erased_at IS NULL",
                tenant
            );
        }
        sql!(
            "FROM customers c JOIN customer_facts f ON f.tenant_id = {} AND f.customer_id = c.id
             WHERE c.tenant_id = {} AND c.merged_into IS NULL AND c.erased_at IS NULL",
            tenant,
            tenant
        )
    }
}

/// Rows that are grouped by the customer they belong to.
struct Grouped {
    /// `FROM … WHERE …`
    rows: Sql<'static>,
    customer: &'static str,
}

/// Compiles conditions over a base.
#[derive(Clone, Copy)]
struct Compiler<'c> {
    context: &'c Context<'c>,
    base: Base,
}

impl Compiler<'_> {
    fn tenant(&self) -> TenantId {
        self.context.tenant()
    }

    fn backend(&self) -> Backend {
        self.context.backend
    }

    fn node(&self, node: &Node) -> Sql<'static> {
        match &node.kind {
            Kind::All(nodes) => all(nodes.iter().map(|node| self.node(node))),
            Kind::Any(nodes) => any(nodes.iter().map(|node| self.node(node))),
            Kind::Not(node) => negated(self.node(node)),
            Kind::AtLeast { least, of } => {
                let mut holding = sql!("(0");
                for node in of {
                    holding.push(sql!(" + CASE WHEN {} THEN 1 ELSE 0 END", self.node(node)));
                }
                holding.push(sql!(") >= {}", i64::from(*least)));
                holding
            }
            Kind::Leaf(leaf) => self.leaf(leaf),
        }
    }

    fn leaf(&self, leaf: &Leaf) -> Sql<'static> {
        match leaf {
            Leaf::Metric { metric, scope, test } => self.metric(*metric, scope, test),
            Leaf::Date { metric, scope, test } => self.date(*metric, scope, test),
            Leaf::Stage { shop, stage } => self.stage(*shop, stage),
            Leaf::RfmScore { score, shop, test } => self.rfm_score(*score, *shop, test),
            Leaf::RfmGroup { shop, group } => self.rfm_group(*shop, group),
            Leaf::Rows(rows) => self.rows(rows),
            Leaf::LastSeen(test) => self.last_seen(test),
            Leaf::LastTouch(test) => self.last_touch(test),
            Leaf::TouchesWithoutOrder(test) => self.touches_without_order(test),
            Leaf::GivenUp(wanted) => self.given_up(*wanted),
            Leaf::Segment { reference } => match self.context.segment(reference) {
                Some(checked) if checked.top.is_none() => self.node(&checked.condition),
                Some(checked) => self.within(members(self.context, checked), false),
                None => values::never(),
            },
            own => self.customer(own),
        }
    }

    /// The customer is in a set, or is not.
    fn within(&self, set: Sql<'static>, outside: bool) -> Sql<'static> {
        let word = if outside { "NOT IN" } else { "IN" };
        Sql::owned(format!("{} {word} ({{}})", self.base.id()), vec![set.into()])
    }

    /// A test of what a customer's rows come to. Who has none is in when the test lets a customer without any pass.
    fn aggregated(&self, grouped: &Grouped, test: Sql<'static>, passes_without: bool) -> Sql<'static> {
        let having = if passes_without { negated(test) } else { test };
        let customer = || Sql::text(grouped.customer);
        let set =
            sql!("SELECT {} {} GROUP BY {} HAVING {}", customer(), grouped.rows.clone(), customer(), having);
        self.within(set, passes_without)
    }
}
