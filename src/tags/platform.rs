//! Tags as platforms tell them: all of their own tags of a person at once, or one by one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::model::{By, LONGEST_NAME, TagResponse, name_key, told_of};
use super::store::{self, Act, Held, IdentityRow, Word};
use crate::clock::IdGen;
use crate::db::{AnyConnection, DbError};
use crate::ids::{CustomerId, IdentityId, ShopId, TagId, TenantId};
use crate::time::Timestamp;

/// What a platform tells of a person's tags: all of them, or which it gave and took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformTags {
    /// The platform's id of the person.
    pub external_id: String,
    /// All tags that it has on the person, where it tells that.
    pub all: Option<Vec<String>>,
    pub given: Vec<String>,
    pub taken: Vec<String>,
    /// Orders what is told of one person; what is not newer changes nothing.
    pub version: Timestamp,
}

/// Takes over what a shop's platform tells, in the transaction of the caller. All tags replace what the same platform told
/// of the same person before; a tag that it gave or took is just that one. For each tag the newest word counts, whatever
/// arrives first. Nothing else is touched. People whom the shop does not know are passed over, and so are names of tags
/// that follow a segment.
pub fn set_platform_tags(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shop: ShopId,
    told: &[PlatformTags],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<(), DbError> {
    let people = people(connection, tenant, shop, told)?;
    if people.is_empty() {
        return Ok(());
    }
    let tags = tags_of(connection, tenant, &people, now, ids)?;
    let mut held: BTreeMap<String, Vec<Held>> = BTreeMap::new();
    for row in store::held(connection, tenant, people.keys().copied())? {
        held.entry(row.source.clone()).or_default().push(row);
    }
    let (mut gained, mut lost) = (Vec::new(), Vec::new());
    for (identity, person) in &people {
        let source = told_of(*identity);
        let held = held.remove(&source).unwrap_or_default();
        let mut wanted = person.wanted(&tags, held.iter().map(|row| row.tag));
        let stays = |row: &Held| row.customer == person.customer && wanted.contains(&row.tag);
        let (kept, gone): (Vec<Held>, Vec<Held>) = held.into_iter().partition(stays);
        kept.iter().for_each(|row| _ = wanted.remove(&row.tag));
        lost.extend(gone);
        let (customer, origin) = (person.customer, person.customer);
        gained.extend(wanted.into_iter().map(|tag| Held { tag, source: source.clone(), customer, origin }));
    }
    let act = Act { tenant, tag: TagId::nil(), id: ids.id(now), by: By::Platform(shop), at: now };
    store::move_rows(connection, &act, &gained, &lost)?;
    let versions: Vec<_> =
        people.iter().filter_map(|(id, person)| Some((*id, person.all?.version))).collect();
    store::note_versions(connection, tenant, &versions)?;
    let words = people.iter().flat_map(|(identity, person)| {
        person.news.iter().map(|(key, (_, word))| (*identity, key.as_str(), *word))
    });
    store::note_words(connection, tenant, &words.collect::<Vec<_>>())
}

/// Somebody of whom something new is told.
struct Person<'t> {
    customer: CustomerId,
    /// All their tags, where that is newer than what was told of all before.
    all: Option<&'t PlatformTags>,
    /// What was said of single tags after the last telling of all, by their keys.
    words: BTreeMap<String, Word>,
    /// The same where it is new, with the name as it is told.
    news: BTreeMap<String, (&'t str, Word)>,
}

impl Person<'_> {
    /// The tags that they have, given those that they had.
    fn wanted(&self, tags: &HashMap<String, TagId>, had: impl Iterator<Item = TagId>) -> BTreeSet<TagId> {
        let (mut wanted, words): (BTreeSet<TagId>, Vec<(&String, Word)>) = match self.all {
            Some(told) => {
                let all = told.all.iter().flatten().filter_map(|name| tags.get(&name_key(name)));
                (all.copied().collect(), self.words.iter().map(|(key, word)| (key, *word)).collect())
            }
            // What was said before may have been overruled by hand since.
            None => (had.collect(), self.news.iter().map(|(key, (_, word))| (key, *word)).collect()),
        };
        for (key, word) in words {
            if let Some(tag) = tags.get(key) {
                if word.given {
                    wanted.insert(*tag)
                } else {
                    wanted.remove(tag)
                };
            }
        }
        wanted
    }
}

/// Those of whom something is told that is newer than what is known.
fn people<'t>(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shop: ShopId,
    told: &'t [PlatformTags],
) -> Result<BTreeMap<IdentityId, Person<'t>>, DbError> {
    let mut by_id: BTreeMap<&str, Vec<&PlatformTags>> = BTreeMap::new();
    for one in told {
        by_id.entry(&one.external_id).or_default().push(one);
    }
    let identities = store::identities(connection, tenant, shop, by_id.keys().copied())?;
    let identities: BTreeMap<IdentityId, IdentityRow> =
        identities.into_iter().map(|row| (row.id, row)).collect();
    let claimed: Vec<IdentityId> = identities.keys().copied().collect();
    let known = store::claim(connection, tenant, &claimed, NEVER)?;
    let mut words: BTreeMap<IdentityId, BTreeMap<String, Word>> = BTreeMap::new();
    for (identity, key, word) in store::words(connection, tenant, &claimed)? {
        words.entry(identity).or_default().insert(key, word);
    }
    let mut people = BTreeMap::new();
    for (identity, version) in known {
        let Some(row) = identities.get(&identity) else { continue };
        let told = by_id.get(row.value.as_str()).map_or(&[][..], Vec::as_slice);
        let lists = told.iter().copied().filter(|told| told.all.is_some() && told.version > version);
        let all = lists.max_by_key(|told| told.version);
        let since = all.map_or(version, |all| all.version);
        let mut words = words.remove(&identity).unwrap_or_default();
        words.retain(|_, word| word.version > since);
        let news = news(told, since, &mut words);
        if all.is_some() || !news.is_empty() {
            people.insert(identity, Person { customer: row.customer_id, all, words, news });
        }
    }
    Ok(people)
}

/// What is said of single tags after `since`, where it is newer than the `words` that are known; those become the newest.
fn news<'t>(
    told: &[&'t PlatformTags],
    since: Timestamp,
    words: &mut BTreeMap<String, Word>,
) -> BTreeMap<String, (&'t str, Word)> {
    let mut news = BTreeMap::new();
    for told in told.iter().filter(|told| told.version > since) {
        let given = told.given.iter().map(|name| (name, true));
        for (name, given) in given.chain(told.taken.iter().map(|name| (name, false))) {
            let (key, word) = (name_key(name), Word { given, version: told.version });
            if is_name(name) && words.get(&key).is_none_or(|known| word.outweighs(known)) {
                words.insert(key.clone(), word);
                news.insert(key, (name.trim(), word));
            }
        }
    }
    news
}

/// Before every version that can be told (1 January 1900): nothing was told yet.
const NEVER: Timestamp = Timestamp::from_micros(-2_208_988_800_000_001);

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.trim().chars().count() <= LONGEST_NAME
}

/// The ids of all tags that are named, by the form in which names are unique. Those that somebody is to have are made where
/// they are missing.
fn tags_of(
    connection: &mut AnyConnection,
    tenant: TenantId,
    people: &BTreeMap<IdentityId, Person<'_>>,
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<HashMap<String, TagId>, DbError> {
    let all = people.values().filter_map(|person| person.all?.all.as_ref()).flatten().map(String::as_str);
    let news = people.values().flat_map(|person| person.news.values());
    let given = news.filter(|(_, word)| word.given).map(|(name, _)| *name);
    let names: Vec<&str> = all.chain(given).collect();
    let mut tags = tags_named(connection, tenant, &names, now, ids)?;
    let others: BTreeSet<&str> =
        people.values().flat_map(|person| person.words.keys()).map(String::as_str).collect();
    let others = others.into_iter().filter(|key| !tags.contains_key(*key)).collect::<Vec<_>>();
    tags.extend(by_key(store::find_by_names(connection, tenant, others)?));
    Ok(tags)
}

/// Tags by the form in which names are unique, without those that follow a segment.
fn by_key(tags: Vec<TagResponse>) -> impl Iterator<Item = (String, TagId)> {
    tags.into_iter().filter(|tag| tag.segment_id.is_none()).map(|tag| (name_key(&tag.name), tag.id))
}

/// The ids of the tags with these names, by the form in which names are unique; new ones are made. Without those that
/// follow a segment.
fn tags_named(
    connection: &mut AnyConnection,
    tenant: TenantId,
    names: &[&str],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<HashMap<String, TagId>, DbError> {
    let mut wanted: BTreeMap<String, &str> = BTreeMap::new();
    for name in names.iter().copied().filter(|name| is_name(name)) {
        wanted.entry(name_key(name)).or_insert(name.trim());
    }
    let mut tags = store::find_by_names(connection, tenant, wanted.keys().map(String::as_str))?;
    let known: BTreeSet<String> = tags.iter().map(|tag| name_key(&tag.name)).collect();
    let missing: Vec<TagResponse> = wanted
        .iter()
        .filter(|(key, _)| !known.contains(*key))
        .map(|(_, name)| TagResponse::named(ids.id(now), (*name).into(), now))
        .collect();
    if !missing.is_empty() {
        store::insert(connection, tenant, &missing)?;
        // Others may have made some of them meanwhile.
        let keys: Vec<String> = missing.iter().map(|tag| name_key(&tag.name)).collect();
        tags.extend(store::find_by_names(connection, tenant, keys.iter().map(String::as_str))?);
    }
    Ok(by_key(tags).collect())
}
