//! Which customers a list shows.
//!
//! A condition looks at one row at a time, so that a list can walk in its own order and stop when a page is full. That
//! is quick where many match, and slow where few do among a million. So the condition that is probably the narrowest is
//! first looked up by its own indexes: where it yields few, the list goes over those alone.

use std::collections::BTreeSet;

use diesel::QueryableByName;

use crate::customers::keys;
use crate::db::schema::customers;
use crate::db::{AnyConnection, Sql};
use crate::error::Result;
use crate::ids::{CustomerId, ShopId, TenantId};
use crate::ingest::identities::EXTERNAL;
use crate::orders::store::Span;
use crate::sql;
use crate::tags::Named;
use crate::tags::model::name_key;
use crate::time::Timestamp;

/// What a list is limited to. What is absent does not limit it.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub search: Option<Search>,
    /// The forms in which the whole phone may be stored, digits backwards; empty where any will do.
    pub phone: Vec<String>,
    /// The whole e-mail address as it is searched.
    pub email: Option<String>,
    pub shop: Option<ShopId>,
    /// The platform's id of the buyer, in any shop or in `shop`.
    pub external_id: Option<String>,
    pub tag: Option<Named>,
    pub created: Span,
    pub updated: Span,
}

/// What people type to find somebody.
#[derive(Debug, Clone)]
pub struct Search {
    /// As it was typed: a whole external id.
    text: String,
    /// The beginning of a name, a nick or an e-mail address.
    start: String,
    /// The last digits of a phone, backwards.
    digits: Option<String>,
    /// The other forms of a whole phone, backwards.
    phones: Vec<String>,
}

/// Fewer last digits than these tell nobody apart.
const LEAST_DIGITS: usize = 4;

impl Search {
    /// `None` where there is nothing to search by. `region` is where phones without a code belong.
    pub fn new(text: &str, region: Option<&str>) -> Option<Self> {
        let text = text.trim();
        let start = keys::name_key(text)?;
        let like_phone =
            text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '(' | ')' | '.'));
        let digits: String = text.chars().filter(char::is_ascii_digit).rev().collect();
        let digits = Some(digits).filter(|digits| like_phone && digits.len() >= LEAST_DIGITS);
        // Where the typed digits end a form, looking for those finds it.
        let phones = digits.as_ref().map(|digits| {
            let forms = keys::phone_forms(text, region).into_iter();
            forms.filter(|form| !form.starts_with(digits)).collect()
        });
        Some(Self { text: text.into(), start, digits, phones: phones.unwrap_or_default() })
    }

    fn condition(&self, tenant: TenantId) -> Sql<'_> {
        // COALESCE keeps the databases from walking an index of the key instead of the list's own.
        let begins = |key: &'static str, start: &str| {
            let text = match key {
                "name" => "COALESCE(c.name_key, '') >= {} AND COALESCE(c.name_key, '') < {}",
                "nick" => "COALESCE(c.nick_key, '') >= {} AND COALESCE(c.nick_key, '') < {}",
                "email" => "COALESCE(c.email_key, '') >= {} AND COALESCE(c.email_key, '') < {}",
                _ => "COALESCE(c.phone_reversed, '') >= {} AND COALESCE(c.phone_reversed, '') < {}",
            };
            sql!(text, start.to_owned(), keys::after_prefix(start))
        };
        let mut condition = sql!(
            "({} OR {} OR {} OR c.id IN
                (SELECT i.customer_id FROM identities i WHERE i.tenant_id = {} AND i.value = {})",
            begins("name", &self.start),
            begins("nick", &self.start),
            begins("email", &self.start),
            tenant,
            &self.text
        );
        if let Some(digits) = &self.digits {
            condition.push(sql!(" OR {}", begins("phone", digits)));
        }
        for phone in &self.phones {
            condition.push(sql!(" OR COALESCE(c.phone_reversed, '') = {}", phone));
        }
        condition.push(sql!(")"));
        condition
    }

    /// Each way to be found goes by its own index.
    fn candidates(&self, tenant: TenantId) -> Vec<Sql<'_>> {
        let begins = |text: &'static str, start: &str| {
            sql!(text, tenant, start.to_owned(), keys::after_prefix(start), MOST + 1)
        };
        let mut arms = vec![
            begins(
                "SELECT c.id FROM customers c WHERE c.tenant_id = {} AND c.name_key >= {} AND c.name_key < {}
                 ORDER BY c.name_key LIMIT {}",
                &self.start,
            ),
            begins(
                "SELECT c.id FROM customers c WHERE c.tenant_id = {} AND c.nick_key >= {} AND c.nick_key < {}
                 ORDER BY c.nick_key LIMIT {}",
                &self.start,
            ),
            begins(
                "SELECT c.id FROM customers c WHERE c.tenant_id = {} AND c.email_key >= {} AND c.email_key < {}
                 ORDER BY c.email_key LIMIT {}",
                &self.start,
            ),
            sql!(
                "SELECT i.customer_id AS id FROM identities i WHERE i.tenant_id = {} AND i.value = {} LIMIT {}",
                tenant,
                &self.text,
                MOST + 1
            ),
        ];
        if let Some(digits) = &self.digits {
            arms.push(begins(
                "SELECT c.id FROM customers c
                 WHERE c.tenant_id = {} AND c.phone_reversed >= {} AND c.phone_reversed < {}
                 ORDER BY c.phone_reversed LIMIT {}",
                digits,
            ));
        }
        arms.extend(self.phones.iter().map(|phone| by_phone(tenant, phone)));
        arms
    }
}

fn by_phone(tenant: TenantId, phone: &str) -> Sql<'_> {
    sql!(
        "SELECT c.id FROM customers c WHERE c.tenant_id = {} AND c.phone_reversed = {} LIMIT {}",
        tenant,
        phone,
        MOST + 1
    )
}

/// So many candidates are few.
const MOST: i64 = 1_000;

#[derive(QueryableByName)]
#[diesel(table_name = customers)]
struct Candidate {
    id: CustomerId,
}

impl Filter {
    /// The customers among whom all that the list shows are, where they are few.
    pub(super) fn few(
        &self,
        connection: &mut AnyConnection,
        tenant: TenantId,
    ) -> Result<Option<BTreeSet<CustomerId>>> {
        let mut arms = self.candidates(tenant).into_iter();
        let Some(first) = arms.next() else {
            return Ok(None);
        };
        let mut query = sql!("SELECT a.id FROM ({}) a", first);
        arms.for_each(|arm| query.push(sql!(" UNION ALL SELECT a.id FROM ({}) a", arm)));
        let found: Vec<Candidate> = query.load(connection)?;
        let few = found.len() <= MOST as usize;
        Ok(few.then(|| found.into_iter().map(|candidate| candidate.id).collect()))
    }

    /// Look-ups whose results together hold everybody whom the filter lets through; none where nothing narrows it.
    fn candidates(&self, tenant: TenantId) -> Vec<Sql<'_>> {
        if let Some(external_id) = &self.external_id {
            return vec![sql!(
                "SELECT i.customer_id AS id FROM identities i WHERE i.tenant_id = {} AND i.value = {} LIMIT {}",
                tenant,
                external_id,
                MOST + 1
            )];
        }
        if !self.phone.is_empty() {
            return self.phone.iter().map(|phone| by_phone(tenant, phone)).collect();
        }
        if let Some(email) = &self.email {
            return vec![sql!(
                "SELECT c.id FROM customers c WHERE c.tenant_id = {} AND c.email_key = {} LIMIT {}",
                tenant,
                email,
                MOST + 1
            )];
        }
        if let Some(search) = &self.search {
            return search.candidates(tenant);
        }
        let in_shop = |shop: ShopId| {
            sql!(
                "SELECT i.customer_id AS id FROM identities i
                 WHERE i.tenant_id = {} AND i.kind = {} AND i.scope = {} LIMIT {}",
                tenant,
                EXTERNAL,
                shop.to_string(),
                MOST + 1
            )
        };
        let with_tag = |tag: &Named| {
            sql!(
                "SELECT h.customer_id AS id FROM customer_tags h WHERE h.tenant_id = {} AND h.tag_id = {} LIMIT {}",
                tenant,
                tag_id(tenant, tag),
                MOST + 1
            )
        };
        let by_tag = self.tag.as_ref().map(with_tag);
        by_tag.or_else(|| self.shop.map(in_shop)).into_iter().collect()
    }

    /// What holds for every customer of the list.
    pub(super) fn condition(&self, tenant: TenantId) -> Sql<'_> {
        let mut condition =
            sql!("c.tenant_id = {} AND c.merged_into IS NULL AND c.erased_at IS NULL", tenant);
        if let Some(search) = &self.search {
            condition.push(sql!(" AND {}", search.condition(tenant)));
        }
        if let Some((first, others)) = self.phone.split_first() {
            condition.push(sql!(" AND (c.phone_reversed = {}", first));
            others.iter().for_each(|phone| condition.push(sql!(" OR c.phone_reversed = {}", phone)));
            condition.push(sql!(")"));
        }
        if let Some(email) = &self.email {
            condition.push(sql!(" AND c.email_key = {}", email));
        }
        if let Some(tag) = &self.tag {
            condition.push(sql!(
                " AND EXISTS (SELECT 1 FROM customer_tags h
                     WHERE h.tenant_id = {} AND h.tag_id = {} AND h.customer_id = c.id)",
                tenant,
                tag_id(tenant, tag)
            ));
        }
        if self.shop.is_some() || self.external_id.is_some() {
            condition.push(self.identity_condition(tenant));
        }
        for (text, bound) in [
            (" AND c.created_at >= {}", self.created.after),
            (" AND c.created_at < {}", self.created.before),
            (" AND c.updated_at >= {}", self.updated.after),
            (" AND c.updated_at < {}", self.updated.before),
        ] {
            if let Some(bound) = bound {
                condition.push(sql!(text, bound));
            }
        }
        // There is no index by creation, but ids are made in its order; where a clock is set back they run ahead of it.
        if let Some(after) = self.created.after {
            condition.push(sql!(" AND c.id >= {}", first_id(after)));
        }
        if let Some(before) = self.created.before {
            condition.push(sql!(" AND c.id < {}", first_id(before.plus_seconds(CLOCK_SET_BACK_SECONDS))));
        }
        condition
    }

    fn identity_condition(&self, tenant: TenantId) -> Sql<'_> {
        let mut condition = sql!(
            " AND EXISTS (SELECT 1 FROM identities i WHERE i.tenant_id = {} AND i.customer_id = c.id AND i.kind = {}",
            tenant,
            EXTERNAL
        );
        if let Some(shop) = self.shop {
            condition.push(sql!(" AND i.scope = {}", shop.to_string()));
        }
        if let Some(external_id) = &self.external_id {
            condition.push(sql!(" AND i.value = {}", external_id));
        }
        condition.push(sql!(")"));
        condition
    }
}

/// The tag's id; of a name that no tag has, nothing.
fn tag_id(tenant: TenantId, tag: &Named) -> Sql<'static> {
    match tag {
        Named::Id(id) => sql!("{}", *id),
        Named::Name(name) => {
            sql!(
                "(SELECT t.id FROM tags t WHERE t.tenant_id = {} AND t.name_key = {})",
                tenant,
                name_key(name)
            )
        }
    }
}

/// No clock is set back further.
const CLOCK_SET_BACK_SECONDS: i64 = 24 * 60 * 60;

/// The smallest id that can be made at this moment (RFC 9562: a UUIDv7 begins with the milliseconds since 1970).
fn first_id(at: Timestamp) -> CustomerId {
    let milliseconds = u128::try_from(at.micros().div_euclid(1_000)).unwrap_or_default();
    CustomerId::from_uuid(uuid::Uuid::from_u128(milliseconds << 80))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(text: &str) -> Search {
        Search::new(text, Some("CN")).unwrap()
    }

    #[test]
    fn what_looks_like_a_phone_is_searched_by_its_last_digits() {
        assert_eq!(search("1234").digits.as_deref(), Some("4321"));
        let whole = search("138 0000-1234");
        assert_eq!((whole.digits.as_deref(), whole.phones), (Some("43210000831"), Vec::new()));
        assert_eq!(search("123").digits, None);
        assert_eq!(search("Zhang 1234").digits, None);
    }

    #[test]
    fn a_national_number_with_a_trunk_zero_is_searched_by_its_international_form_too() {
        let british = Search::new("020 7946 0018", Some("GB")).unwrap();
        assert_eq!(british.phones, ["810064970244", "8100649702"]);
    }

    #[test]
    fn nothing_is_nothing_to_search_by() {
        assert!(Search::new(" ", None).is_none());
    }
}
