use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const DAY: i64 = 86_400;

fn day(number: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000).plus_seconds(number * DAY)
}

fn contact(campaign: u8, at: i64) -> Contact<u8> {
    Contact { at: day(at), campaign, window_days: 30 }
}

fn parts(model: Model, amount: i64, contacts: &[Contact<u8>]) -> Vec<(u8, i64)> {
    credits(model, amount, day(0), contacts, &BTreeSet::new()).campaigns.into_iter().collect()
}

#[test]
fn each_model_divides_by_its_rule() {
    let contacts = [contact(1, -14), contact(2, -7), contact(3, 0)];
    assert_eq!(parts(Model::LastTouch, 100, &contacts), [(1, 0), (2, 0), (3, 100)]);
    assert_eq!(parts(Model::FirstTouch, 100, &contacts), [(1, 100), (2, 0), (3, 0)]);
    assert_eq!(parts(Model::Linear, 100, &contacts), [(1, 33), (2, 33), (3, 34)]);
    assert_eq!(parts(Model::TimeDecay, 700, &contacts), [(1, 100), (2, 200), (3, 400)]);
    assert_eq!(parts(Model::Position, 100, &contacts), [(1, 40), (2, 20), (3, 40)]);
    let five: Vec<_> = (1..=5).map(|number| contact(number, i64::from(number) - 10)).collect();
    assert_eq!(parts(Model::Position, 1_500, &five), [(1, 600), (2, 100), (3, 100), (4, 100), (5, 600)]);
    assert_eq!(parts(Model::Position, 101, &five[..2]), [(1, 50), (2, 51)]);
}

#[test]
fn a_coupon_names_its_campaign_whoever_was_in_contact() {
    let told = credits(Model::Coupon, 101, day(0), &[contact(1, -1)], &BTreeSet::from([4, 5]));
    assert_eq!(told.campaigns.into_iter().collect::<Vec<_>>(), [(4, 50), (5, 51)]);
    let without = credits(Model::Coupon, 101, day(0), &[contact(1, -1)], &BTreeSet::new());
    assert_eq!((without.campaigns.len(), without.unattributed), (0, 101));
}

#[test]
fn contacts_after_the_payment_or_before_their_window_count_for_nothing() {
    let contacts = [contact(1, -31), contact(2, 1)];
    for model in Model::ALL {
        let told = credits(model, 99, day(0), &contacts, &BTreeSet::new());
        assert_eq!((told.campaigns.len(), told.unattributed), (0, 99), "{model:?}");
    }
    assert_eq!(parts(Model::LastTouch, 99, &[contact(1, -30)]), [(1, 99)]);
}

#[test]
fn a_very_old_contact_decays_to_nothing_and_the_only_one_gets_all() {
    let old = Contact { at: day(-900), campaign: 1, window_days: 1_000 };
    assert_eq!(parts(Model::TimeDecay, 99, &[old]), [(1, 99)]);
    assert_eq!(parts(Model::TimeDecay, 99, &[old, contact(2, 0)]), [(1, 0), (2, 99)]);
}

fn contacts() -> impl Strategy<Value = Vec<Contact<u8>>> {
    let one = (0..6u8, -100_000_000_000_000..5_000_000_000_000i64, 0..1_500i64);
    let contact = one.prop_map(|(campaign, micros, window_days)| Contact {
        at: Timestamp::from_micros(day(0).micros() + micros),
        campaign,
        window_days,
    });
    proptest::collection::vec(contact, 0..12)
}

proptest! {
    /// Whatever campaigns overlap, are edited or are computed anew with other windows.
    #[test]
    fn the_credits_with_what_is_unattributed_add_up_to_the_amount(
        amount in prop_oneof![0..1_000i64, any::<i64>().prop_map(|amount| amount / 2)],
        contacts in contacts(),
        coupons in proptest::collection::btree_set(0..6u8, 0..4),
    ) {
        for model in Model::ALL {
            let told = credits(model, amount, day(0), &contacts, &coupons);
            prop_assert_eq!(told.campaigns.values().sum::<i64>() + told.unattributed, amount);
            prop_assert!(told.campaigns.values().all(|part| part.signum() * amount.signum() >= 0));
        }
    }

    #[test]
    fn the_order_in_which_contacts_are_read_does_not_matter(
        amount in 0..100_000i64,
        (contacts, shuffled) in contacts().prop_flat_map(|contacts| {
            (Just(contacts.clone()), Just(contacts).prop_shuffle())
        }),
    ) {
        for model in Model::ALL {
            prop_assert_eq!(
                credits(model, amount, day(0), &contacts, &BTreeSet::new()),
                credits(model, amount, day(0), &shuffled, &BTreeSet::new())
            );
        }
    }

    #[test]
    fn no_part_is_a_whole_unit_away_from_its_share(
        amount in -1_000_000..1_000_000i64,
        weights in proptest::collection::vec(0..1_000u64, 1..9),
    ) {
        let total: u64 = weights.iter().sum();
        for (part, weight) in largest_remainder(amount, &weights).into_iter().zip(&weights) {
            let exact = if total == 0 { 0.0 } else { amount as f64 * *weight as f64 / total as f64 };
            prop_assert!((part as f64 - exact).abs() < 1.0);
        }
    }
}
