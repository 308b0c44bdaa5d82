//! What is asked of contacts with the customer, and of what came of campaigns.

use super::values::{self, any, negated, number_passes, one_of};
use super::{Compiler, Grouped};
use crate::campaigns::store::qualifying::qualifying;
use crate::db::Sql;
use crate::segments::language::checked::{Contact, Filter, MomentTest, NumberTest, Rows, TextTest};
use crate::sql;
use crate::touches::{Outcome, given_up};

/// Contacts that did not bounce.
const MADE: &str = " AND t.bounced_at IS NULL";

/// By which moment contacts go.
pub(super) const fn moment(contact: Contact) -> &'static str {
    match contact {
        Contact::Made | Contact::Any => "t.touched_at",
        Contact::Delivered => "t.delivered_at",
        Contact::Opened => "t.opened_at",
        Contact::Clicked => "t.clicked_at",
        Contact::Replied => "t.replied_at",
        Contact::Bounced => "t.bounced_at",
        Contact::Complained => "t.complained_at",
        Contact::Unsubscribed => "t.unsubscribed_at",
    }
}

/// What holds for all contacts that are meant.
pub(super) fn meant(contact: Contact) -> Sql<'static> {
    match contact {
        Contact::Made => Sql::text(MADE),
        Contact::Any => Sql::default(),
        outcome => Sql::owned(format!(" AND {} IS NOT NULL", moment(outcome)), vec![]),
    }
}

/// The campaigns that conversions are asked of.
pub(super) fn campaigns_of(filter: &Filter) -> &[String] {
    match filter {
        Filter::Campaign(TextTest::Equals(name)) => std::slice::from_ref(name),
        Filter::Campaign(TextTest::OneOf(names)) => names,
        _ => &[],
    }
}

impl Compiler<'_> {
    /// The qualifying orders in the windows of the named campaigns, with the arms of their buyers, as `v`.
    pub(super) fn conversions(&self, rows: &Rows) -> Sql<'static> {
        let names: Vec<&String> = rows.filters.iter().flat_map(campaigns_of).collect();
        let mut all: Option<Sql<'static>> = None;
        for campaign in self.context.campaigns(&names) {
            let Some((from, until)) = campaign.launched_at.zip(campaign.ends_at) else { continue };
            let orders = sql!(
                "SELECT m.customer_id, m.arm, o.paid_at, o.net_amount FROM campaign_members m
                 JOIN orders o ON o.tenant_id = {} AND o.customer_id = m.customer_id
                 WHERE m.tenant_id = {} AND m.campaign_id = {} AND m.arm IS NOT NULL AND o.paid_at >= {} AND o.paid_at < {}{}",
                self.tenant(),
                self.tenant(),
                campaign.id,
                from,
                until,
                qualifying(self.tenant(), &campaign.document.conversion, self.backend())
            );
            all = Some(match all {
                None => orders,
                Some(before) => sql!("{} UNION ALL {}", before, orders),
            });
        }
        let none = || {
            sql!(
                "SELECT m.customer_id, m.arm, o.paid_at, o.net_amount FROM campaign_members m
                 JOIN orders o ON o.tenant_id = {} AND o.customer_id = m.customer_id WHERE m.tenant_id = {} AND {}",
                self.tenant(),
                self.tenant(),
                values::never()
            )
        };
        sql!("({}) v", all.unwrap_or_else(none))
    }

    /// A campaign by its id or its name.
    pub(super) fn campaign(&self, test: &TextTest) -> Sql<'static> {
        let named = |names: &[String]| {
            let ids = names.iter().filter_map(|name| name.parse::<crate::ids::CampaignId>().ok());
            let by_id = ids.map(|id| sql!("t.campaign_id = {}", id));
            let by_name = sql!(
                "t.campaign_id IN (SELECT k.id FROM campaigns k WHERE k.tenant_id = {} AND {})",
                self.tenant(),
                one_of(self.backend(), sql!("k.name"), names.iter().cloned())
            );
            any(by_id.chain([by_name]))
        };
        match test {
            TextTest::Equals(name) => named(std::slice::from_ref(name)),
            TextTest::OneOf(names) => named(names),
            TextTest::Differs(name) => negated(named(std::slice::from_ref(name))),
            TextTest::NoneOf(names) => negated(named(names)),
            TextTest::IsNull => sql!("t.campaign_id IS NULL"),
            TextTest::IsNotNull => sql!("t.campaign_id IS NOT NULL"),
            // The type of the parameter lets no other test through.
            _ => values::never(),
        }
    }

    pub(super) fn outcome(&self, of: &[&'static str], without: bool) -> Sql<'static> {
        let happened =
            of.iter().map(|name| Sql::owned(format!("t.{}_at IS NOT NULL", Outcome::column(name)), vec![]));
        let happened = any(happened);
        if without { negated(happened) } else { happened }
    }

    pub(super) fn last_touch(&self, test: &MomentTest) -> Sql<'static> {
        let rows = sql!("FROM touches t WHERE t.tenant_id = {}{}", self.tenant(), Sql::text(MADE));
        let grouped = Grouped { rows, customer: "t.customer_id" };
        let of_last = values::moment(&sql!("MAX(t.touched_at)"), test);
        self.aggregated(&grouped, of_last, values::passes_without(test))
    }

    pub(super) fn touches_without_order(&self, test: &NumberTest) -> Sql<'static> {
        let rows = sql!(
            "FROM touches t LEFT JOIN customer_facts y ON y.tenant_id = {} AND y.customer_id = t.customer_id
             WHERE t.tenant_id = {}{} AND (y.last_order_at IS NULL OR t.touched_at > y.last_order_at)",
            self.tenant(),
            self.tenant(),
            Sql::text(MADE)
        );
        let grouped = Grouped { rows, customer: "t.customer_id" };
        let counted = values::whole(self.backend(), sql!("COUNT(*)"), test);
        self.aggregated(&grouped, counted, number_passes(test, Some(0)))
    }

    /// Without a rule nobody is given up.
    pub(super) fn given_up(&self, wanted: bool) -> Sql<'static> {
        match self.context.tenant_settings().contact_plan.give_up {
            Some(rule) => self.within(given_up(self.tenant(), self.backend(), rule, Sql::default()), !wanted),
            None if wanted => values::never(),
            None => values::always(),
        }
    }
}
