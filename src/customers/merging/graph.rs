//! Who is one person: a pure function of all that is known, whatever the order in which it became known.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::customers::match_key::MatchKey;
use crate::ids::CustomerId;

/// What decides between customers where a choice must be made: how they are known, for ids depend on who came first.
pub type Name = [String; 3];

/// All that is known of customers who may be one person or several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    pub customers: BTreeMap<CustomerId, Name>,
    /// Whom each key was told of; without keys that are known to be shared.
    pub links: BTreeMap<MatchKey, BTreeSet<CustomerId>>,
    /// Who was merged by hand (the first) into whom.
    pub by_hand: BTreeSet<(CustomerId, CustomerId)>,
    /// Those on one side are not the same as those on the other.
    pub separations: Vec<Sides>,
}

/// Customers on two sides.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sides {
    pub from: BTreeSet<CustomerId>,
    pub into: BTreeSet<CustomerId>,
}

impl Sides {
    /// Whether this keeps apart all that the other does.
    pub fn covers(&self, other: &Self) -> bool {
        let within = |from: &BTreeSet<CustomerId>, into: &BTreeSet<CustomerId>| {
            from.is_subset(&self.from) && into.is_subset(&self.into)
        };
        within(&other.from, &other.into) || within(&other.into, &other.from)
    }
}

/// Who is one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grouping {
    /// Under whom each customer is found; oneself, for those who stand.
    pub survivors: BTreeMap<CustomerId, CustomerId>,
    /// By which key those who do not stand for themselves joined whom.
    pub joins: BTreeMap<CustomerId, Join>,
}

/// How two groups became one by a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    pub into: CustomerId,
    pub key: MatchKey,
    /// Who stood on either side.
    pub sides: Sides,
}

#[derive(Debug, Clone, Default)]
struct Group {
    members: BTreeSet<CustomerId>,
    /// Which sides of which separations are among them.
    sides: BTreeSet<(usize, bool)>,
}

impl Graph {
    /// Who is one person.
    ///
    /// What was merged by hand is one in any case. Then each key, phones before mailboxes, joins those of whom it was
    /// told, except where that would bring together what was said not to be the same. Of those who are one, the oldest
    /// stands who was not merged away by hand.
    pub fn group(&self) -> Grouping {
        let mut work = Work::new(self);
        for (from, into) in &self.by_hand {
            work.unite(*from, *into);
        }
        work.forget_overruled();
        let mut joins = BTreeMap::new();
        for (key, customers) in &self.links {
            for (from, join) in work.join_all(key, customers) {
                joins.insert(from, join);
            }
        }
        let survivors = self.customers.keys().map(|customer| (*customer, work.survivor(*customer))).collect();
        Grouping { survivors, joins }
    }
}

struct Work<'g> {
    graph: &'g Graph,
    merged_away: BTreeSet<CustomerId>,
    place: BTreeMap<CustomerId, usize>,
    groups: Vec<Group>,
}

impl<'g> Work<'g> {
    fn new(graph: &'g Graph) -> Self {
        let place: BTreeMap<CustomerId, usize> =
            graph.customers.keys().enumerate().map(|(at, customer)| (*customer, at)).collect();
        let alone =
            |customer: &CustomerId| Group { members: BTreeSet::from([*customer]), ..Group::default() };
        let mut groups: Vec<Group> = graph.customers.keys().map(alone).collect();
        for (number, Sides { from, into }) in graph.separations.iter().enumerate() {
            for (side, customers) in [(false, from), (true, into)] {
                for place in customers.iter().filter_map(|customer| place.get(customer)) {
                    groups[*place].sides.insert((number, side));
                }
            }
        }
        let merged_away = graph.by_hand.iter().map(|(from, _)| *from).collect();
        Self { graph, merged_away, place, groups }
    }

    /// A merge by hand says more than what was said before: such separations no longer hold.
    fn forget_overruled(&mut self) {
        let overruled: BTreeSet<usize> = self
            .groups
            .iter()
            .flat_map(|group| group.sides.iter().filter(|(number, _)| apart_within(group, *number)))
            .map(|(number, _)| *number)
            .collect();
        for group in &mut self.groups {
            group.sides.retain(|(number, _)| !overruled.contains(number));
        }
    }

    /// Joins those of whom the key was told, as far as they may be one: each with the first of those before.
    fn join_all(&mut self, key: &MatchKey, customers: &BTreeSet<CustomerId>) -> Vec<(CustomerId, Join)> {
        let known = customers.iter().filter(|customer| self.place.contains_key(customer));
        let mut sorted: Vec<CustomerId> = known.copied().collect();
        sorted.sort_by_key(|customer| &self.graph.customers[customer]);
        let mut joined = Vec::new();
        for (number, customer) in sorted.iter().enumerate() {
            let before = sorted[..number].iter().find(|other| self.may_be_one(*customer, **other));
            let Some(other) = before.filter(|other| self.place[other] != self.place[customer]) else {
                continue;
            };
            let (here, there) = (self.survivor(*customer), self.survivor(*other));
            let (into, from) = (here.min(there), here.max(there));
            let side = |customer: CustomerId| self.groups[self.place[&customer]].members.clone();
            let sides = Sides { from: side(from), into: side(into) };
            joined.push((from, Join { into, key: key.clone(), sides }));
            self.unite(from, into);
        }
        joined
    }

    fn may_be_one(&self, one: CustomerId, other: CustomerId) -> bool {
        let [one, other] = [one, other].map(|customer| &self.groups[self.place[&customer]]);
        !one.sides.iter().any(|(number, side)| other.sides.contains(&(*number, !side)))
    }

    fn unite(&mut self, one: CustomerId, other: CustomerId) {
        let (Some(&from), Some(&into)) = (self.place.get(&one), self.place.get(&other)) else {
            return;
        };
        if from == into {
            return;
        }
        let Group { members, sides } = std::mem::take(&mut self.groups[from]);
        for member in &members {
            self.place.insert(*member, into);
        }
        self.groups[into].members.extend(members);
        self.groups[into].sides.extend(sides);
    }

    /// Ids grow with time: the smallest is the oldest.
    fn survivor(&self, customer: CustomerId) -> CustomerId {
        let members = &self.groups[self.place[&customer]].members;
        let standing = members.iter().find(|member| !self.merged_away.contains(member));
        standing.or_else(|| members.first()).copied().unwrap_or(customer)
    }
}

fn apart_within(group: &Group, number: usize) -> bool {
    [false, true].into_iter().all(|side| group.sides.contains(&(number, side)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::customers::match_key::KeyKind;

    fn customer(number: u128) -> CustomerId {
        CustomerId::from_uuid(Uuid::from_u128(number))
    }

    fn phone(number: u8) -> MatchKey {
        MatchKey { kind: KeyKind::Phone, value: number.to_string() }
    }

    fn sides(from: &[u128], into: &[u128]) -> Sides {
        let set = |numbers: &[u128]| numbers.iter().map(|number| customer(*number)).collect();
        Sides { from: set(from), into: set(into) }
    }

    fn graph(links: &[(u8, &[u128])], by_hand: &[(u128, u128)], separations: &[Sides]) -> Graph {
        let link = |(key, customers): &(u8, &[u128])| {
            (phone(*key), customers.iter().map(|c| customer(*c)).collect())
        };
        Graph {
            customers: (1..=6)
                .map(|n| (customer(n), [String::new(), String::new(), n.to_string()]))
                .collect(),
            links: links.iter().map(link).collect(),
            by_hand: by_hand.iter().map(|(from, into)| (customer(*from), customer(*into))).collect(),
            separations: separations.to_vec(),
        }
    }

    fn survivors(graph: &Graph) -> Vec<u128> {
        graph.group().survivors.values().map(|customer| customer.uuid().as_u128()).collect()
    }

    #[test]
    fn the_oldest_of_those_whom_keys_connect_stands() {
        assert_eq!(survivors(&graph(&[(1, &[2, 4]), (2, &[4, 5])], &[], &[])), [1, 2, 3, 2, 2, 6]);
    }

    #[test]
    fn a_merge_by_hand_tells_who_stands() {
        assert_eq!(survivors(&graph(&[(1, &[1, 3])], &[(1, 2)], &[])), [2, 2, 2, 4, 5, 6]);
    }

    #[test]
    fn what_is_not_the_same_stays_apart_and_a_merge_by_hand_overrules_it() {
        let apart = [sides(&[1], &[2])];
        assert_eq!(survivors(&graph(&[(1, &[1, 2, 3])], &[], &apart)), [1, 2, 1, 4, 5, 6]);
        assert_eq!(survivors(&graph(&[(1, &[1, 3]), (2, &[3, 2])], &[], &apart)), [1, 2, 1, 4, 5, 6]);
        assert_eq!(survivors(&graph(&[(1, &[1, 3])], &[(2, 1)], &apart)), [1, 1, 1, 4, 5, 6]);
    }

    #[test]
    fn separating_the_sides_of_a_join_takes_back_that_join_alone() {
        let links: &[(u8, &[u128])] = &[(1, &[1, 2]), (2, &[2, 3]), (3, &[3, 4]), (4, &[1, 4])];
        let joins = graph(links, &[], &[]).group().joins;
        let third = &joins[&customer(3)];
        assert_eq!((third.into, third.key.clone()), (customer(1), phone(2)));
        assert_eq!(third.sides, sides(&[3], &[1, 2]));
        let apart = graph(links, &[], std::slice::from_ref(&third.sides));
        assert_eq!(survivors(&apart), [1, 1, 3, 3, 5, 6], "4 came with 3");
    }

    fn numbers() -> impl Strategy<Value = Vec<u128>> {
        proptest::collection::vec(1..=6u128, 1..4)
    }

    proptest! {
        #[test]
        fn ids_play_no_part_in_who_is_one(
            links in proptest::collection::vec((0..4u8, numbers()), 0..6),
            apart in proptest::collection::vec((1..=6u128, 1..=6u128), 0..3),
            order in Just((1..=6u128).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let apart: Vec<Sides> = apart.iter().filter(|(a, b)| a != b).map(|(a, b)| sides(&[*a], &[*b])).collect();
            let mut named = graph(&[], &[], &apart);
            for (key, customers) in &links {
                named.links.entry(phone(*key)).or_default().extend(customers.iter().map(|c| customer(*c)));
            }
            let other = |id: &CustomerId| customer(order[id.uuid().as_u128() as usize - 1] * 10);
            let set = |ids: &BTreeSet<CustomerId>| ids.iter().map(other).collect::<BTreeSet<_>>();
            let renamed = Graph {
                customers: named.customers.iter().map(|(id, name)| (other(id), name.clone())).collect(),
                links: named.links.iter().map(|(key, ids)| (key.clone(), set(ids))).collect(),
                by_hand: BTreeSet::new(),
                separations: named.separations.iter().map(|s| Sides { from: set(&s.from), into: set(&s.into) }).collect(),
            };
            let (here, there) = (named.group(), renamed.group());
            for (one, survivor) in &here.survivors {
                for (two, also) in &here.survivors {
                    let together = there.survivors[&other(one)] == there.survivors[&other(two)];
                    prop_assert_eq!(survivor == also, together);
                }
            }
            for Sides { from, into } in &named.separations {
                prop_assert!(from.iter().all(|f| into.iter().all(|i| here.survivors[f] != here.survivors[i])));
            }
            let joined: Vec<_> = here.survivors.iter().filter(|(id, survivor)| id != survivor).map(|(id, _)| *id).collect();
            prop_assert_eq!(joined, here.joins.keys().copied().collect::<Vec<_>>(), "each has a reason");
        }
    }
}
