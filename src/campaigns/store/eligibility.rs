//! Why somebody is not contacted now, as joins and an expression over `c`, the customers of a query.
//!
//! Each reason is a set of customers that is joined, not looked up customer by customer, so that it is found once for an
//! audience of any size.

use crate::campaigns::contact_plan::{Cap, ContactPlan};
use crate::consents::{Channel, ConsentPolicy, reachable};
use crate::db::{Backend, Bind, Column, Sql};
use crate::ids::{CustomerId, TenantId};
use crate::sql;
use crate::time::Timestamp;
use crate::touches::given_up;

/// What decides whether somebody may be contacted.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub tenant: TenantId,
    pub backend: Backend,
    /// None where the campaign does not care.
    pub plan: Option<&'a ContactPlan>,
    pub consents: &'a ConsentPolicy,
    /// Every one of them must be open.
    pub channels: &'a [Channel],
    pub subject: Option<&'a str>,
    pub now: Timestamp,
    /// Looks at these customers alone.
    pub only: Option<&'a [CustomerId]>,
}

/// Reasons in the order in which they are told.
#[derive(Debug, Clone, Default)]
pub struct Reasons {
    /// Joins of `c` with the sets.
    pub joins: Sql<'static>,
    /// Why the customer is left alone, or NULL.
    pub reason: Sql<'static>,
}

const HOUR_SECONDS: i64 = 3_600;
const DAY_SECONDS: i64 = 86_400;

/// Joins sets of customers, each with its reason.
struct Builder<'a> {
    rules: &'a Rules<'a>,
    joins: Sql<'static>,
    cases: Sql<'static>,
    sets: usize,
}

impl Rules<'_> {
    pub fn reasons(&self) -> Reasons {
        let mut builder = Builder { rules: self, joins: Sql::default(), cases: Sql::text("CASE"), sets: 0 };
        for channel in self.channels {
            builder.channel(*channel);
        }
        if let Some(plan) = self.plan {
            builder.plan(plan);
        }
        // A CASE without a branch would be no expression.
        builder.cases.push(Sql::text(" WHEN c.id IS NULL THEN 'unknown' END"));
        Reasons { joins: builder.joins, reason: builder.cases }
    }

    fn hours_ago(&self, hours: i64) -> Timestamp {
        self.now.plus_seconds(-hours * HOUR_SECONDS)
    }

    /// Narrows a set down to the customers who are looked at.
    fn those(&self, alias: &'static str) -> Sql<'static> {
        match self.only {
            Some(customers) => {
                let column = if alias == "c" { ".id {}" } else { ".customer_id {}" };
                let mut condition = Sql::text(" AND ");
                condition.push(Sql::text(alias));
                condition.push(sql!(column, Column::ids(customers.iter().copied())));
                condition
            }
            None => Sql::default(),
        }
    }
}

impl Builder<'_> {
    fn plan(&mut self, plan: &ContactPlan) {
        if plan.after_complaint_hours > 0 {
            self.touched(
                "cooling_down_after_complaint",
                sql!(" AND t.complained_at >= {}", self.rules.hours_ago(plan.after_complaint_hours)),
            );
        }
        if plan.after_refund_hours > 0 {
            self.refunded(self.rules.hours_ago(plan.after_refund_hours));
        }
        if plan.after_order_hours > 0 {
            self.ordered(self.rules.hours_ago(plan.after_order_hours));
        }
        if let Some(rule) = plan.give_up {
            let rules = self.rules;
            self.set("given_up", given_up(rules.tenant, rules.backend, rule, rules.those("t")));
        }
        for cap in &plan.caps {
            self.cap(cap);
        }
    }

    /// Customers in the set are left alone for the reason. The set is a query of `customer_id`s.
    fn set(&mut self, reason: &'static str, set: Sql<'static>) {
        let name = self.join(set);
        self.case(Sql::owned(format!("{name}.customer_id IS NOT NULL"), Vec::new()), reason);
    }

    fn join(&mut self, set: Sql<'static>) -> String {
        self.sets += 1;
        let name = format!("r{}", self.sets);
        let text = format!(" LEFT JOIN ({{}}) {name} ON {name}.customer_id = c.id");
        self.joins.push(Sql::owned(text, vec![Bind::Sql(set)]));
        name
    }

    fn case(&mut self, condition: Sql<'static>, reason: &'static str) {
        self.cases.push(sql!(" WHEN {} THEN {}", condition, Sql::owned(format!("'{reason}'"), Vec::new())));
    }

    fn channel(&mut self, channel: Channel) {
        let rules = self.rules;
        let open = sql!(
            "SELECT c.id AS customer_id FROM customers c WHERE c.tenant_id = {} AND {}{}",
            rules.tenant,
            reachable(rules.tenant, channel, rules.consents, None),
            rules.those("c")
        );
        let name = self.join(open);
        let closed = || format!("{name}.customer_id IS NULL");
        let address = match channel {
            Channel::Sms | Channel::Call => Some("c.phone_reversed IS NULL"),
            Channel::Email => Some("c.email_key IS NULL"),
            Channel::Mail | Channel::ParcelCard => Some("c.address_line IS NULL AND c.postcode IS NULL"),
            Channel::Im | Channel::Wechat => None,
        };
        if let Some(missing) = address {
            self.case(Sql::owned(format!("{} AND {missing}", closed()), Vec::new()), "no_address");
        }
        self.case(Sql::owned(closed(), Vec::new()), "no_consent");
    }

    fn touched(&mut self, reason: &'static str, condition: Sql<'static>) {
        let rules = self.rules;
        self.set(
            reason,
            sql!(
                "SELECT DISTINCT t.customer_id FROM touches t WHERE t.tenant_id = {}{}{}",
                rules.tenant,
                condition,
                rules.those("t")
            ),
        );
    }

    fn refunded(&mut self, since: Timestamp) {
        let rules = self.rules;
        self.set(
            "cooling_down_after_refund",
            sql!(
                "SELECT DISTINCT o.customer_id FROM orders o JOIN order_refunds f ON f.tenant_id = {} AND f.order_id = o.id
                 WHERE o.tenant_id = {} AND f.refunded_at >= {} AND o.customer_id IS NOT NULL{}",
                rules.tenant,
                rules.tenant,
                since,
                rules.those("o")
            ),
        );
    }

    fn ordered(&mut self, since: Timestamp) {
        let rules = self.rules;
        self.set(
            "cooling_down_after_order",
            sql!(
                "SELECT o.customer_id FROM customer_facts o WHERE o.tenant_id = {} AND o.last_order_at >= {}{}",
                rules.tenant,
                since,
                rules.those("o")
            ),
        );
    }

    fn cap(&mut self, cap: &Cap) {
        let rules = self.rules;
        let mut condition = sql!(
            "t.tenant_id = {} AND t.touched_at >= {} AND t.bounced_at IS NULL",
            rules.tenant,
            rules.now.plus_seconds(-cap.days * DAY_SECONDS)
        );
        if let Some(channel) = cap.channel {
            // A cap of a channel that the campaign does not use says nothing of it.
            if !rules.channels.contains(&channel) {
                return;
            }
            condition.push(sql!(" AND t.channel = {}", channel.as_str()));
        }
        if cap.per_subject {
            let Some(subject) = rules.subject else { return };
            condition.push(sql!(" AND t.subject = {}", subject.to_owned()));
        }
        let reason = if cap.per_subject { "subject_cap_reached" } else { "cap_reached" };
        let set = sql!(
            "SELECT t.customer_id FROM touches t WHERE {}{} GROUP BY t.customer_id HAVING COUNT(*) >= {}",
            condition,
            rules.those("t"),
            cap.contacts
        );
        self.set(reason, set);
    }
}
