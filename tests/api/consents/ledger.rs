//! Whatever the order in which statements arrive, and however often, the same holds.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::customers::Shop;
use crate::support::{Send, TestApp, on_both};

/// A statement: channel, granted, minute.
type Said = (bool, bool, u8);

fn statement(shop: &Shop, buyer: &str, (sms, granted, minute): Said) -> Value {
    json!({"shop_id": shop.id, "external_id": buyer, "channel": if sms { "sms" } else { "email" }, "granted": granted,
        "at": format!("2026-10-01T00:{minute:02}:00Z")})
}

/// By the rules: the newest counts, of two at the same time the refusal. It has held since the first statement after the
/// last one to the contrary.
fn expected(said: &[Said], sms: bool) -> Option<(bool, u8)> {
    let minutes = |wanted: bool| {
        let mut minutes: Vec<u8> = said
            .iter()
            .filter(|(channel, granted, _)| *channel == sms && *granted == wanted)
            .map(|said| said.2)
            .collect();
        minutes.sort();
        minutes
    };
    let (yes, no) = (minutes(true), minutes(false));
    if yes.last() > no.last() {
        let since = yes.iter().find(|minute| no.last() < Some(*minute))?;
        return Some((true, *since));
    }
    let since = no.iter().find(|minute| yes.last() <= Some(*minute))?;
    Some((false, *since))
}

async fn told(app: &TestApp, shop: &Shop, statements: Vec<Value>) {
    let body = json!({"consents": statements});
    let answer = app.post("/v1/consents/batch").bearer_auth(&shop.token).json(&body).answer().await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

async fn holds(app: &TestApp, shop: &Shop, buyer: &str) -> Vec<Option<(bool, u8)>> {
    let path = format!("/v1/customers?shop_id={}&external_id={buyer}", shop.id);
    let id = app.get(&path).bearer_auth(&shop.token).answer().await.text("/data/0/id");
    let consents = app.get(&format!("/v1/customers/{id}/consents")).bearer_auth(&shop.token).answer().await;
    let state = |channel: &Value| {
        let minute = channel["since"].as_str()?.get(14..16)?.parse().ok()?;
        Some((channel["granted"].as_bool()?, minute))
    };
    consents.at("channels").as_array().unwrap()[..2].iter().map(state).collect()
}

on_both! {
    async fn late_and_repeated_statements_leave_the_right_state(app: TestApp) {
        let shop = Shop::open(&app).await;
        let mut runner = TestRunner::new(Config { cases: 1, ..Config::default() });
        let histories = prop::collection::vec((any::<bool>(), any::<bool>(), 0u8..6), 1..10);
        for number in 0..25 {
            let said = histories.new_tree(&mut runner).unwrap().current();
            let shuffled = Just(said.clone()).prop_shuffle().new_tree(&mut runner).unwrap().current();
            let (first, rest) = shuffled.split_at(shuffled.len() / 2);
            let buyer = format!("b{number}");
            let all = |said: &[Said]| said.iter().map(|said| statement(&shop, &buyer, *said)).collect::<Vec<_>>();
            told(&app, &shop, all(rest)).await;
            if !first.is_empty() {
                told(&app, &shop, all(first)).await;
            }
            told(&app, &shop, all(&shuffled)).await;
            let expected = [expected(&said, true), expected(&said, false)];
            assert_eq!(holds(&app, &shop, &buyer).await, expected, "{said:?}");
        }
    }
}
