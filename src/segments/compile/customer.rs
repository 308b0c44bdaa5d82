//! What is asked of the customers themselves.

use super::attribute::{attribute, day_of_attribute};
use super::values::{self, all, always, any, by_bytes, negated, one_of};
use super::{Compiler, Grouped};
use crate::consents::{Channel, reachable};
use crate::db::{Backend, Column, Sql};
use crate::ids::ShopId;
use crate::ingest::identities::EXTERNAL;
use crate::segments::language::checked::{
    Choice, DaySource, Leaf, ListTest, MonthDay, NumberTest, TextField,
};
use crate::sql;

impl Compiler<'_> {
    pub(super) fn customer(&self, leaf: &Leaf) -> Sql<'static> {
        let backend = self.backend();
        match leaf {
            Leaf::Text { field, test } => values::text(backend, &self.text_field(*field), test),
            Leaf::Phone { forms, negated: negative } => {
                let found = one_of(backend, sql!("c.phone_reversed"), forms.iter().cloned());
                if *negative { negated(found) } else { found }
            }
            Leaf::HasPhone(true) => sql!("c.phone_reversed IS NOT NULL"),
            Leaf::HasPhone(false) => sql!("c.phone_reversed IS NULL"),
            Leaf::Gender(choice) => values::choice(&sql!("c.gender"), choice),
            Leaf::Birthday(test) => values::day(backend, &sql!("c.birthday"), test),
            Leaf::Anniversary { of, ranges } => {
                let month_and_day = sql!("substr({}, 6, 5)", self.day_source(of));
                let day = || by_bytes(backend, month_and_day.clone());
                let text = |day: &MonthDay| format!("{:02}-{:02}", day.month, day.day);
                any(ranges.iter().map(|(from, to)| sql!("{} BETWEEN {} AND {}", day(), text(from), text(to))))
            }
            Leaf::LunarAnniversary { of, ranges } => {
                let source = self.day_source(of);
                let day = || by_bytes(backend, source.clone());
                any(ranges
                    .iter()
                    .map(|(from, to)| sql!("{} BETWEEN {} AND {}", day(), from.to_string(), to.to_string())))
            }
            Leaf::Located { country, province, city, negated: negative } => {
                let part = |column: &'static str, wanted: &Option<String>| {
                    let wanted = wanted.clone()?;
                    Some(sql!("replace({}, ' ', '') = {}", Sql::text(column), wanted))
                };
                let parts = [
                    Some(sql!("c.country = {}", country.clone())),
                    part("c.province", province),
                    part("c.city", city),
                ];
                let there = all(parts.into_iter().flatten());
                if *negative { negated(there) } else { there }
            }
            Leaf::Attribute { key, test } => attribute(backend, "c.attributes", key, test),
            Leaf::CreatedAt(test) => values::moment(&sql!("c.created_at"), test),
            Leaf::KnownAt(test) => self.known_at(test),
            Leaf::IdentityCount(test) => self.identity_count(test),
            Leaf::Tags(test) => self.tags(test),
            Leaf::Reachable { channel, wanted } => self.reachable(channel, *wanted),
            Leaf::Consent { channel, state } => self.consent(channel, state),
            Leaf::Sample { multiplier, increment, below } => self.sample(*multiplier, *increment, *below),
            // Asked elsewhere; see `Compiler::leaf`.
            _ => values::never(),
        }
    }

    fn day_source(&self, source: &DaySource) -> Sql<'static> {
        match source {
            DaySource::Birthday => sql!("c.birthday"),
            DaySource::Attribute(key) => day_of_attribute(self.backend(), "c.attributes", key),
        }
    }

    fn text_field(&self, field: TextField) -> Sql<'static> {
        match field {
            TextField::Name => sql!("c.name_key"),
            TextField::Nick => sql!("c.nick_key"),
            TextField::Email => sql!("c.email_key"),
            TextField::EmailDomain => match self.backend() {
                Backend::Postgres => sql!("substring(c.email_key FROM '@([^@]*)$')"),
                // Without the @ no letter but those before it is left to cut off at the end.
                Backend::Sqlite => sql!(
                    "CASE WHEN instr(c.email_key, '@') > 0 THEN
                     substr(c.email_key, length(rtrim(c.email_key, replace(c.email_key, '@', ''))) + 1) END"
                ),
            },
            TextField::Language => sql!("c.language"),
            TextField::Country => sql!("c.country"),
            TextField::Province => sql!("c.province"),
            TextField::City => sql!("c.city"),
            TextField::District => sql!("c.district"),
        }
    }

    fn known_at(&self, test: &ListTest<ShopId>) -> Sql<'static> {
        let known = |shops: Option<&[ShopId]>| {
            let mut set = sql!(
                "SELECT i.customer_id FROM identities i WHERE i.tenant_id = {} AND i.kind = {}",
                self.tenant(),
                EXTERNAL
            );
            if let Some(shops) = shops {
                let scopes = shops.iter().map(ToString::to_string);
                set.push(sql!(" AND {}", one_of(self.backend(), sql!("i.scope"), scopes)));
            }
            set
        };
        match test {
            ListTest::AnyOf(shops) => self.within(known(Some(shops)), false),
            ListTest::NoneOf(shops) => self.within(known(Some(shops)), true),
            ListTest::IsNull => self.within(known(None), true),
            ListTest::IsNotNull => self.within(known(None), false),
        }
    }

    fn identity_count(&self, test: &NumberTest) -> Sql<'static> {
        let rows = sql!("FROM identities i WHERE i.tenant_id = {}", self.tenant());
        let grouped = Grouped { rows, customer: "i.customer_id" };
        let counted = values::whole(self.backend(), sql!("COUNT(*)"), test);
        self.aggregated(&grouped, counted, values::number_passes(test, Some(0)))
    }

    fn tags(&self, test: &ListTest<String>) -> Sql<'static> {
        let tagged = |names: Option<&[String]>| {
            let mut set =
                sql!("SELECT h.customer_id FROM customer_tags h WHERE h.tenant_id = {}", self.tenant());
            if let Some(names) = names {
                set.push(sql!(
                    " AND h.tag_id IN (SELECT t.id FROM tags t WHERE t.tenant_id = {} AND {})",
                    self.tenant(),
                    one_of(self.backend(), sql!("t.name_key"), names.iter().cloned())
                ));
            }
            set
        };
        match test {
            ListTest::AnyOf(names) => self.within(tagged(Some(names)), false),
            ListTest::NoneOf(names) => self.within(tagged(Some(names)), true),
            ListTest::IsNull => self.within(tagged(None), true),
            ListTest::IsNotNull => self.within(tagged(None), false),
        }
    }

    fn reachable(&self, channel: &str, wanted: bool) -> Sql<'static> {
        let Some(channel) = Channel::parse(channel) else { return values::never() };
        let policy = &self.context.tenant_settings().consent_policy;
        let reached = reachable(self.tenant(), channel, policy, None);
        if wanted { reached } else { negated(reached) }
    }

    fn consent(&self, channel: &'static str, state: &Choice) -> Sql<'static> {
        let said = |granted: bool| state.of.contains(&if granted { "granted" } else { "refused" });
        // Those who said what counts, or all but those who said something else.
        let wanted: Vec<bool> =
            [true, false].into_iter().filter(|granted| said(*granted) != state.missing).collect();
        if wanted.is_empty() {
            return if state.missing { always() } else { values::never() };
        }
        let set = sql!(
            "SELECT h.customer_id FROM customer_channels h WHERE h.tenant_id = {} AND h.channel = {} AND h.granted {}",
            self.tenant(),
            channel,
            Column::bools(wanted)
        );
        self.within(set, state.missing)
    }

    /// A part of all customers: what the id ends with is as good as random, and a linear congruence mixes it anew for
    /// each seed.
    fn sample(&self, multiplier: i64, increment: i64, below: i64) -> Sql<'static> {
        const HEX: usize = 7;
        let id = self.base.id();
        let digits = match self.backend() {
            Backend::Postgres => {
                format!("CAST(CAST('x0' || right(CAST({id} AS text), {HEX}) AS bit(32)) AS bigint)")
            }
            Backend::Sqlite => {
                let digit = |place: usize| {
                    let weight = 16_i64.pow((HEX - place) as u32);
                    format!(
                        "(instr('0123456789ABCDEF', substr(hex({id}), {}, 1)) - 1) * {weight}",
                        32 - HEX + place
                    )
                };
                format!("({})", (1..=HEX).map(digit).collect::<Vec<_>>().join(" + "))
            }
        };
        all([Sql::owned(format!("({multiplier} * {digits} + {increment}) % 2147483647 < {below}"), vec![])])
    }
}
