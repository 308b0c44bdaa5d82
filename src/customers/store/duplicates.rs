//! Customers with the same phone, mailbox, or name: each index is walked a stretch at a time, and only keys that several
//! customers have are looked at. A page walks so many stretches at most, however few such keys there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::{Deserialize, Serialize};

use super::{COLUMNS, CustomerRow};
use crate::customers::duplicates::{DuplicateResponse, Reason, Strength};
use crate::db::schema::customers;
use crate::db::types::Guid;
use crate::db::{AnyConnection, Column, Keyed, Sql};
use crate::error::Result;
use crate::ids::{CustomerId, SeparationId, TenantId};
use crate::sql;

/// Which index is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Walk {
    Phone,
    Email,
    Name,
}

/// Where a walk stands: at this key, of which so many groups were shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicatesPlace(Walk, String, u64);

/// All groups of a key.
const ALL: u64 = u64::MAX;

impl DuplicatesPlace {
    fn start(walk: Walk) -> Self {
        Self(walk, String::new(), ALL)
    }
}

/// How many entries of an index are read in one step.
const STRETCH: i64 = 5_000;
/// How many keys are looked at in one step.
const KEYS: i64 = 200;
/// How many steps a page may take; a page that took them all goes on from there.
const STEPS: usize = 16;
/// More customers with one key than this are not one person.
const MOST: i64 = 20;

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    key: String,
}

#[derive(QueryableByName, Debug, Clone)]
#[diesel(table_name = customers)]
struct Candidate {
    id: CustomerId,
    phone_reversed: Option<String>,
    email_key: Option<String>,
    name_key: Option<String>,
    birthday: Option<String>,
    city: Option<String>,
    address_line: Option<String>,
}

/// Groups of customers who may be one, and where to go on.
pub fn duplicates(
    connection: &mut AnyConnection,
    tenant: TenantId,
    after: Option<DuplicatesPlace>,
    limit: usize,
) -> Result<(Vec<DuplicateResponse>, Option<DuplicatesPlace>)> {
    let mut place = Some(after.unwrap_or_else(|| DuplicatesPlace::start(Walk::Phone)));
    let mut found: Vec<Vec<Candidate>> = Vec::new();
    for _ in 0..STEPS {
        let Some(from) = place else { break };
        let (keys, next) = shared_keys(connection, tenant, &from)?;
        let DuplicatesPlace(walk, from, shown) = from;
        let candidates = candidates(connection, tenant, walk, &keys)?;
        let apart = Apart::read(connection, tenant, &candidates)?;
        let mut by_key: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
        for candidate in candidates {
            by_key.entry(walk.key(&candidate).unwrap_or_default().to_owned()).or_default().push(candidate);
        }
        for (key, candidates) in by_key {
            let skipped = if key == from { shown } else { 0 };
            let groups = walk.groups(candidates, &apart).into_iter();
            for (number, group) in (1..).zip(groups).skip(usize::try_from(skipped).unwrap_or(usize::MAX)) {
                found.push(group);
                if found.len() == limit {
                    let next = Some(DuplicatesPlace(walk, key, number));
                    return Ok((show(connection, tenant, found)?, next));
                }
            }
        }
        place = next;
    }
    Ok((show(connection, tenant, found)?, place))
}

impl Walk {
    const fn next(self) -> Option<Self> {
        match self {
            Self::Phone => Some(Self::Email),
            Self::Email => Some(Self::Name),
            Self::Name => None,
        }
    }

    const fn column(self) -> &'static str {
        match self {
            Self::Phone => "phone_reversed",
            Self::Email => "email_key",
            Self::Name => "name_key",
        }
    }

    fn key(self, candidate: &Candidate) -> Option<&str> {
        match self {
            Self::Phone => candidate.phone_reversed.as_deref(),
            Self::Email => candidate.email_key.as_deref(),
            Self::Name => candidate.name_key.as_deref(),
        }
    }

    /// Those who have this key in common and may be one, without groups that an earlier walk shows.
    fn groups(self, candidates: Vec<Candidate>, apart: &Apart) -> Vec<Vec<Candidate>> {
        let groups = match self {
            Self::Phone | Self::Email => vec![candidates],
            // A name alone says nothing.
            Self::Name => {
                let birthday = |candidate: &Candidate| candidate.birthday.clone();
                let address = |candidate: &Candidate| {
                    Some(format!("{:?} {}", candidate.city, candidate.address_line.as_ref()?.trim()))
                };
                let mut groups = in_common(&candidates, birthday);
                groups.extend(in_common(&candidates, address));
                groups
            }
        };
        let mut seen = BTreeSet::new();
        let groups = groups.into_iter().map(|group| apart.without_strangers(group));
        groups
            .filter(|group| group.len() > 1 && !self.was_shown(group))
            .filter(|group| seen.insert(group.iter().map(|candidate| candidate.id).collect::<Vec<_>>()))
            .collect()
    }

    fn was_shown(self, group: &[Candidate]) -> bool {
        let reasons = reasons(group);
        match self {
            Self::Phone => false,
            Self::Email => reasons.contains(&Reason::SamePhone),
            Self::Name => reasons.contains(&Reason::SamePhone) || reasons.contains(&Reason::SameEmail),
        }
    }
}

/// Those of whom something is told, by what it is.
fn in_common(candidates: &[Candidate], what: impl Fn(&Candidate) -> Option<String>) -> Vec<Vec<Candidate>> {
    let mut groups: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
    for candidate in candidates {
        if let Some(told) = what(candidate) {
            groups.entry(told).or_default().push(candidate.clone());
        }
    }
    groups.into_values().collect()
}

fn reasons(group: &[Candidate]) -> Vec<Reason> {
    let same = |what: fn(&Candidate) -> Option<&String>| {
        let first = group.first().and_then(what);
        first.is_some() && group.iter().all(|candidate| what(candidate) == first)
    };
    let address = same(|candidate| candidate.address_line.as_ref())
        && group.iter().all(|candidate| candidate.city == group[0].city);
    [
        (Reason::SamePhone, same(|candidate| candidate.phone_reversed.as_ref())),
        (Reason::SameEmail, same(|candidate| candidate.email_key.as_ref())),
        (Reason::SameName, same(|candidate| candidate.name_key.as_ref())),
        (Reason::SameBirthday, same(|candidate| candidate.birthday.as_ref())),
        (Reason::SameAddress, address),
    ]
    .into_iter()
    .filter(|(_, holds)| *holds)
    .map(|(reason, _)| reason)
    .collect()
}

/// The keys in the next stretch that several customers have, and where to go on.
fn shared_keys(
    connection: &mut AnyConnection,
    tenant: TenantId,
    place: &DuplicatesPlace,
) -> Result<(Vec<String>, Option<DuplicatesPlace>)> {
    let DuplicatesPlace(walk, from, shown) = place;
    let (walk, column) = (*walk, || Sql::text(walk.column()));
    let order = Sql::text(if *shown == ALL { ">" } else { ">=" });
    let mut stretch = sql!("c.tenant_id = {} AND c.{} {} {}", tenant, column(), order, from);
    let end: Option<KeyRow> = sql!(
        "SELECT c.{} AS key FROM customers c WHERE {} ORDER BY c.{} LIMIT 1 OFFSET {}",
        column(),
        stretch.clone(),
        column(),
        STRETCH
    )
    .first(connection)?;
    let end = end.map(|row| row.key);
    if let Some(end) = &end {
        // So many have this key that it tells nothing; and the stretch would never end.
        if *shown != ALL && end == from {
            return Ok((Vec::new(), Some(DuplicatesPlace(walk, end.clone(), ALL))));
        }
        stretch.push(sql!(" AND c.{} < {}", column(), end));
    }
    let rows: Vec<KeyRow> = sql!(
        "SELECT c.{} AS key FROM customers c WHERE {}
         GROUP BY c.{} HAVING COUNT(*) BETWEEN 2 AND {} ORDER BY c.{} LIMIT {}",
        column(),
        stretch,
        column(),
        MOST,
        column(),
        KEYS
    )
    .load(connection)?;
    let keys: Vec<String> = rows.into_iter().map(|row| row.key).collect();
    let next = match (keys.last(), end) {
        (Some(last), _) if keys.len() as i64 == KEYS => Some(DuplicatesPlace(walk, last.clone(), ALL)),
        (_, Some(end)) => Some(DuplicatesPlace(walk, end, 0)),
        (_, None) => walk.next().map(DuplicatesPlace::start),
    };
    Ok((keys, next))
}

/// Those who have these keys and stand for themselves, oldest first.
fn candidates(
    connection: &mut AnyConnection,
    tenant: TenantId,
    walk: Walk,
    keys: &[String],
) -> Result<Vec<Candidate>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let keys = Column::texts(keys.iter().map(String::as_str));
    let people = Keyed::of_tenant("customers", "c", tenant, walk.column(), keys).rows(connection);
    let mut found: Vec<Candidate> = sql!(
        "SELECT c.id, c.phone_reversed, c.email_key, c.name_key, c.birthday, c.city, c.address_line
         FROM {} WHERE c.merged_into IS NULL AND c.erased_at IS NULL",
        people
    )
    .load(connection)?;
    found.sort_by_key(|candidate| candidate.id);
    Ok(found)
}

/// Who was said not to be the same as whom.
#[derive(Default)]
struct Apart {
    sides: HashMap<CustomerId, BTreeSet<(SeparationId, bool)>>,
}

#[derive(QueryableByName)]
struct MemberRow {
    #[diesel(sql_type = Guid)]
    id: CustomerId,
    #[diesel(sql_type = Nullable<Guid>)]
    merged_into: Option<CustomerId>,
}

#[derive(QueryableByName)]
struct SideRow {
    #[diesel(sql_type = Guid)]
    id: SeparationId,
    #[diesel(sql_type = Guid)]
    customer_id: CustomerId,
    #[diesel(sql_type = BigInt)]
    side: i64,
}

impl Apart {
    fn read(connection: &mut AnyConnection, tenant: TenantId, candidates: &[Candidate]) -> Result<Self> {
        let mut apart = Self::default();
        if candidates.is_empty() {
            return Ok(apart);
        }
        let ids = Column::ids(candidates.iter().map(|candidate| candidate.id));
        let members = Keyed::of_tenant("customers", "c", tenant, "merged_into", ids).rows(connection);
        let members: Vec<MemberRow> = sql!("SELECT c.id, c.merged_into FROM {}", members).load(connection)?;
        let mut under: HashMap<CustomerId, CustomerId> =
            members.into_iter().filter_map(|row| Some((row.id, row.merged_into?))).collect();
        under.extend(candidates.iter().map(|candidate| (candidate.id, candidate.id)));
        let said = Column::ids(under.keys().copied());
        let said = Keyed::of_tenant("separations", "s", tenant, "customer_id", said).rows(connection);
        let said: Vec<SideRow> = sql!("SELECT s.id, s.customer_id, s.side FROM {}", said).load(connection)?;
        for row in said {
            if let Some(survivor) = under.get(&row.customer_id) {
                apart.sides.entry(*survivor).or_default().insert((row.id, row.side == 0));
            }
        }
        Ok(apart)
    }

    fn are_strangers(&self, one: CustomerId, other: CustomerId) -> bool {
        let (Some(one), Some(other)) = (self.sides.get(&one), self.sides.get(&other)) else {
            return false;
        };
        one.iter().any(|(separation, side)| other.contains(&(*separation, !side)))
    }

    /// Those who may be one with any other of the group.
    fn without_strangers(&self, group: Vec<Candidate>) -> Vec<Candidate> {
        let kept: Vec<bool> = group
            .iter()
            .map(|one| group.iter().any(|other| one.id != other.id && !self.are_strangers(one.id, other.id)))
            .collect();
        group.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(candidate, _)| candidate).collect()
    }
}

fn show(
    connection: &mut AnyConnection,
    tenant: TenantId,
    groups: Vec<Vec<Candidate>>,
) -> Result<Vec<DuplicateResponse>> {
    let ids: BTreeSet<CustomerId> = groups.iter().flatten().map(|candidate| candidate.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let people = Keyed::of_tenant("customers", "c", tenant, "id", Column::ids(ids)).rows(connection);
    let text = format!("SELECT {COLUMNS} FROM {{}}");
    let rows: Vec<CustomerRow> = sql!(&text, people).load(connection)?;
    let people = rows.into_iter().map(|row| Ok((row.id, row.into_customer()?)));
    let people = people.collect::<Result<HashMap<_, _>>>()?;
    let show = |group: Vec<Candidate>| {
        let reasons = reasons(&group);
        let strength = Strength::of(&reasons, group.len());
        let customers = group.iter().filter_map(|candidate| people.get(&candidate.id).cloned()).collect();
        DuplicateResponse { reasons, strength, customers }
    };
    Ok(groups.into_iter().map(show).collect())
}
