//! Drawing and freezing an audience.

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::prelude::*;
use huitou::clock::{Clock, FixedClock, RandomIds, SystemClock};
use huitou::db::Db;
use huitou::db::schema::{campaign_members, campaigns};
use huitou::ids::{CampaignId, CustomerId, TenantId};
use huitou::jobs::{JobRunner, RunnerOptions, registry};
use serde_json::{Value, json};

use super::Shop;
use crate::support::{Send, TestApp, on_both};

/// Each member's arm, page by page.
async fn arms(app: &TestApp, shop: &Shop, campaign: &str) -> BTreeMap<String, Value> {
    let mut arms = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = shop.get(app, &format!("/v1/campaigns/{campaign}/members?limit=150{cursor}")).await;
        for member in page.at("data").as_array().unwrap() {
            arms.insert(member["customer_id"].as_str().unwrap().to_string(), member["arm"].clone());
        }
        match page.at("next_cursor").as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return arms,
        }
    }
}

/// What the service's own jobs do by ten minutes from now.
fn jobs_of_ten_minutes(app: &TestApp) {
    let now = SystemClock.now();
    let clock = Arc::new(FixedClock::at(now));
    let db = Db::new(&app.config.database.target, None, &app.config.database.options).unwrap();
    let shared: Arc<dyn Clock> = Arc::<FixedClock>::clone(&clock);
    let jobs = registry(&app.config.webhooks);
    let runner = JobRunner::new(db, shared, Arc::new(RandomIds::default()), jobs, RunnerOptions::default());
    runner.run_due().unwrap();
    clock.set(now.plus_seconds(600));
    runner.run_due().unwrap();
}

on_both! {
    async fn a_scheduled_campaign_is_launched_by_itself_or_becomes_a_draft_again(app: TestApp) {
        let shop = Shop::with_customers(&app, 3).await;
        let soon = SystemClock.now().plus_seconds(60).to_string();
        let id = shop.campaign(&app, json!({"scheduled_at": soon})).await;
        let nobody = json!({"scheduled_at": soon, "audience": {"query": "number_of_orders >= 9"}});
        let empty = shop.campaign(&app, nobody).await;
        let read = async |id: &str| shop.get(&app, &format!("/v1/campaigns/{id}")).await;
        assert_eq!((read(&id).await.at("state"), read(&empty).await.at("state")), (&json!("scheduled"), &json!("scheduled")));
        jobs_of_ten_minutes(&app);
        assert_eq!(read(&id).await.at("state"), "running");
        assert_eq!(arms(&app, &shop, &id).await.len(), 3);
        let empty = read(&empty).await;
        assert_eq!((empty.at("state"), empty.at("scheduled_at")), (&json!("draft"), &Value::Null));
    }

    async fn a_launch_draws_every_member_once_and_for_ever(app: TestApp) {
        let shop = Shop::with_customers(&app, 400).await;
        let own = json!({"seed": "winter", "variants": [{"key": "a", "weight": 75}, {"key": "b", "weight": 25}]});
        let first = shop.campaign(&app, own.clone()).await;
        assert!(arms(&app, &shop, &first).await.is_empty());
        let launched = shop.launch(&app, &first, json!({})).await;
        assert_eq!((&launched["audience"], &launched["campaign"]["state"]), (&json!(400), &json!("running")));
        let drawn = arms(&app, &shop, &first).await;
        assert_eq!(drawn.len(), 400);
        for (arm, expected) in [("holdout", 80), ("a", 240), ("b", 80)] {
            let size = drawn.values().filter(|drawn| *drawn == arm).count();
            assert!(size.abs_diff(expected) < 40, "{arm}: {size}");
            let told = launched["arms"].as_array().unwrap().iter().find(|told| told["key"] == arm);
            assert_eq!(told.unwrap()["members"], size);
        }
        let again = shop.launch(&app, &first, json!({})).await;
        assert_eq!(again, launched);
        assert_eq!(arms(&app, &shop, &first).await, drawn);
        let second = shop.campaign(&app, own).await;
        shop.launch(&app, &second, json!({})).await;
        assert_eq!(arms(&app, &shop, &second).await, drawn, "the seed decides");
    }

    async fn two_launches_at_once_give_one_audience(app: TestApp) {
        let shop = Shop::with_customers(&app, 300).await;
        let id = shop.campaign(&app, json!({})).await;
        let path = format!("/v1/campaigns/{id}/launch");
        let launch = || shop.post(&app, &path, json!({}));
        let (one, other) = futures_util::future::join(launch(), launch()).await;
        let mut statuses = [one.status, other.status];
        statuses.sort();
        assert!(statuses == [200, 200] || statuses == [200, 409], "{one:?} {other:?}");
        let launched = shop.launch(&app, &id, json!({})).await;
        assert_eq!(launched["audience"], 300);
        assert_eq!(arms(&app, &shop, &id).await.len(), 300);
    }

    async fn a_launch_that_died_leaves_a_draft_and_the_next_begins_anew(app: TestApp) {
        let shop = Shop::with_customers(&app, 30).await;
        let id = shop.campaign(&app, json!({"audience": {"customer_ids": shop.customers[..20]}})).await;
        // What is left of one that was killed after its first chunk: its lease, and members of whom one is in no audience now.
        let (tenant, campaign): (TenantId, CampaignId) = (shop.tenant.id.parse().unwrap(), id.parse().unwrap());
        let mut connection = app.config.database.target.connect(true).unwrap();
        for place in [0, 25] {
            let customer: CustomerId = shop.customers[place].parse().unwrap();
            diesel::insert_into(campaign_members::table)
                .values((
                    campaign_members::tenant_id.eq(tenant),
                    campaign_members::campaign_id.eq(campaign),
                    campaign_members::origin_id.eq(customer),
                    campaign_members::customer_id.eq(customer),
                    campaign_members::arm.eq("a"),
                ))
                .execute(&mut connection)
                .unwrap();
        }
        let mut lease = |seconds: i64| {
            let until = SystemClock.now().plus_seconds(seconds);
            let own = campaigns::table.filter(campaigns::tenant_id.eq(tenant)).filter(campaigns::id.eq(campaign));
            let held = (campaigns::launch_token.eq(Some(campaign)), campaigns::launch_until.eq(Some(until)));
            assert_eq!(diesel::update(own).set(held).execute(&mut connection).unwrap(), 1);
        };
        lease(60);
        assert_eq!(shop.get(&app, &format!("/v1/campaigns/{id}")).await.at("state"), "draft");
        let early = shop.post(&app, &format!("/v1/campaigns/{id}/launch"), json!({})).await;
        assert_eq!((early.status, early.text("code")), (409, "launch_in_progress".into()));
        lease(-1);
        assert_eq!(shop.launch(&app, &id, json!({})).await["audience"], 20);
        let drawn = arms(&app, &shop, &id).await;
        assert!(drawn.len() == 20 && !drawn.contains_key(&shop.customers[25]), "{drawn:?}");
    }

    async fn strata_are_divided_as_the_whole(app: TestApp) {
        let shop = Shop::with_customers(&app, 40).await;
        for customer in 0..20 {
            shop.order(&app, &format!("o{customer}"), customer, "2026-11-01T00:00:00Z", 20_000, json!({})).await;
        }
        let id = shop.campaign(&app, json!({"stratify_by": ["spend_band"], "holdout_percent": 50})).await;
        shop.launch(&app, &id, json!({})).await;
        let members = shop.get(&app, &format!("/v1/campaigns/{id}/members?limit=200")).await;
        for band in ["0", "100-499"] {
            let of = |arm: &str| {
                let members = members.at("data").as_array().unwrap().iter();
                members.filter(|member| member["spend_band"] == band && member["arm"] == arm).count()
            };
            assert_eq!((of("holdout"), of("a")), (10, 10), "{band}");
        }
    }

    async fn arms_from_outside_are_taken_as_they_are(app: TestApp) {
        let shop = Shop::with_customers(&app, 4).await;
        shop.order(&app, "before", 0, "2026-10-01T00:00:00Z", 15_000, json!({})).await;
        let id = shop.campaign(&app, json!({"audience": null, "holdout_percent": null})).await;
        let path = format!("/v1/campaigns/{id}/assignments");
        let stranger = "cus_01jd7zk3v8e4qbm2n5r9x6t0wy";
        let answer = shop.post(&app, &path, json!({"assignments": [
            {"customer_id": shop.customers[0], "arm": "holdout"},
            {"customer_id": shop.customers[1], "arm": "nobody"},
            {"customer_id": stranger, "arm": "a"},
            {"customer_id": shop.customers[0], "arm": "a"},
        ]})).await;
        let codes: Vec<_> =
            (0..4).map(|index| answer.body["results"][index]["error"]["errors"][0]["code"].clone()).collect();
        assert_eq!(codes, [json!(null), json!("unknown_arm"), json!("unknown_customer"), json!("duplicate")]);
        shop.assign(&app, &id, &[(0, "a"), (1, "holdout"), (2, "a")]).await;
        let launched = shop.launch(&app, &id, json!({"launched_at": "2026-11-01T00:00:00Z"})).await;
        assert_eq!(launched["campaign"]["external"], true);
        assert_eq!(launched["campaign"]["ends_at"], "2026-11-08T00:00:00Z");
        assert_eq!(launched["arms"], json!([{"key": "a", "members": 2}, {"key": "holdout", "members": 1}]));
        let members = shop.get(&app, &format!("/v1/campaigns/{id}/members?arm=a")).await;
        assert_eq!(members.at("/data/0/spent_before_amount"), 15_000);
        assert_eq!(members.at("/data/0/stage"), "active");
        let late = shop.post(&app, &path, json!({"assignments": [{"customer_id": shop.customers[3], "arm": "a"}]})).await;
        late.assert_problem(409, "campaign_launched");
    }

    async fn a_campaign_without_anybody_or_with_a_time_of_its_own_is_not_launched(app: TestApp) {
        let shop = Shop::with_customers(&app, 1).await;
        let nobody = shop.campaign(&app, json!({"audience": null})).await;
        let path = |id: &str| format!("/v1/campaigns/{id}/launch");
        shop.post(&app, &path(&nobody), json!({})).await.assert_problem(409, "no_audience");
        let own = shop.campaign(&app, json!({})).await;
        let timed = shop.post(&app, &path(&own), json!({"launched_at": "2026-11-01T00:00:00Z"})).await;
        assert_eq!(timed.errors(), [("/launched_at".to_string(), "not_external".to_string())]);
        assert_eq!(shop.get(&app, &format!("/v1/campaigns/{own}")).await.at("state"), "draft");
    }

    async fn an_audience_is_described_and_the_contact_plan_keeps_people_out_with_the_reason(app: TestApp) {
        let shop = Shop::with_customers(&app, 4).await;
        for (customer, paid_at) in [(0, "2026-01-01T00:00:00Z"), (1, "2026-01-01T00:00:00Z"), (2, "2026-01-01T00:00:00Z")] {
            let own = json!({"customer": {"external_id": format!("c{customer}"), "phone": format!("1380000000{customer}")}});
            shop.order(&app, &format!("o{customer}"), customer, paid_at, 20_000, own).await;
        }
        let consent = format!("/v1/customers/{}/consents/sms", shop.customers[0]);
        let granted = app.put(&consent).bearer_auth(&shop.token).json(&json!({"granted": true})).answer().await;
        assert!(granted.status < 300, "{granted:?}");
        let id = shop.campaign(&app, json!({
            "contact_plan": true, "holdout_percent": null,
            "variants": [{"key": "a", "weight": 100, "text": "{name|朋友}，{last_product|羽绒服}上新，回T退订"}],
            "audience": {"query": "number_of_orders >= 1", "exclude": {"customer_ids": [shop.customers[2]]}},
        })).await;
        let launched = shop.launch(&app, &id, json!({})).await;
        assert_eq!(launched["arms"], json!([{"key": "a", "members": 1}]));
        assert_eq!(launched["suppressed"], json!([{"reason": "no_consent", "members": 1}]));

        let path = format!("/v1/campaigns/{id}/worklist?channel=sms");
        let list = shop.get(&app, &path).await;
        assert_eq!(list.at("/data/0/customer_id"), &json!(shop.customers[0]));
        assert_eq!(list.at("/data/0/phone"), "138****0000");
        assert_eq!((list.at("/data/0/text"), list.at("/data/0/units")), (&json!("李**，羽绒服上新，回T退订"), &json!(1)));
        let bought = json!({"customer": {"external_id": "c0"}});
        shop.order(&app, "again", 0, launched["campaign"]["launched_at"].as_str().unwrap(), 100, bought).await;
        let list = shop.get(&app, &path).await;
        assert_eq!(list.at("data"), &json!([]));
        let why = json!([{"customer_id": shop.customers[0], "reason": "cooling_down_after_order"}]);
        assert_eq!(list.at("held_back"), &why);
        let touch = json!({"external_id": "m1", "customer_id": shop.customers[0], "channel": "sms",
            "outcome": "unsubscribed", "occurred_at": launched["campaign"]["launched_at"]});
        shop.post(&app, &format!("/v1/campaigns/{id}/touches"), json!({"touches": [touch]})).await;
        assert_eq!(shop.get(&app, &path).await.at("held_back"), &json!([]), "who was contacted is off the list");
        let next = shop.campaign(&app, json!({"contact_plan": true, "audience": {"query": "number_of_orders >= 1"}})).await;
        let launched = shop.launch(&app, &next, json!({})).await;
        assert_eq!(launched["suppressed"], json!([{"reason": "no_consent", "members": 3}]), "the consent is withdrawn");
    }
}
