use huitou::clock::{Clock, SystemClock};
use serde_json::json;

use super::Ledger;
use crate::support::{Send, on_both};

on_both! {
    async fn a_profile_tells_the_stage_over_all_shops_and_in_each(app: TestApp) {
        let ledger = Ledger::open(&app).await;
        let shop = app.shop(&ledger.tenant, "s").await;
        let change = json!({"at_risk_after_days": 30, "dormant_after_days": 40});
        app.patch(&format!("/v1/shops/{shop}")).bearer_auth(&ledger.token).json(&change).answer().await;
        let at = SystemClock.now().plus_seconds(-86_400 * 50).to_string();
        ledger.pay(&shop, &[("ann".into(), at, 7_000)]).await;
        let id = ledger.get("/v1/customers").await.text("/data/0/id");
        let profile = ledger.get(&format!("/v1/customers/{id}/profile")).await;
        assert_eq!((profile.at("stage"), profile.at("days_until_dormant")), (&json!("active"), &json!(40)));
        assert_eq!(profile.at("/facts_by_shop/0/stage"), "dormant");
        assert_eq!(profile.at("/facts_by_shop/0/days_until_dormant"), -10);
        assert_eq!(profile.at("/rfm/group"), "NEW");
        assert_eq!(profile.at("/rfm/scores"), &json!({"r": 5, "f": 1, "m": 1}));
    }

    async fn somebody_who_never_bought_is_in_no_stage(app: TestApp) {
        let ledger = Ledger::open(&app).await;
        let token = app.token(&ledger.tenant, "customers:write");
        let made = app.post("/v1/customers").bearer_auth(token).json(&json!({"name": "Ann"})).answer().await;
        let profile = ledger.get(&format!("/v1/customers/{}/profile", made.text("id"))).await;
        assert!(profile.at("stage").is_null() && profile.at("days_until_dormant").is_null());
        assert_eq!(profile.at("rfm"), &json!({"group": "PROSPECTS", "scores": null}));
    }
}
