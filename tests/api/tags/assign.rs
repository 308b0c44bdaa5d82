use serde_json::{Value, json};

use super::Desk;
use crate::support::{Send, on_both};

fn counts(answer: &Value) -> [i64; 3] {
    ["customers", "changed", "unchanged"].map(|name| answer[name].as_i64().unwrap())
}

on_both! {
    async fn many_get_and_lose_a_tag_in_one_call(app: TestApp) {
        let desk = Desk::open(&app).await;
        let customers = desk.customers(&app, 500).await;
        let tag = desk.tag(&app, "winter").await;
        let (assign, unassign) = (format!("/v1/tags/{tag}/assign"), format!("/v1/tags/{tag}/unassign"));
        let given = desk.post(&app, &assign, &json!({"customer_ids": customers[..400]})).await;
        assert_eq!(counts(&given.body), [400, 400, 0], "{given:?}");
        let again = desk.post(&app, &assign, &json!({"customer_ids": customers[300..]})).await;
        assert_eq!(counts(&again.body), [200, 100, 100]);
        assert_eq!(desk.holders(&app, "Winter").await, 500);
        let taken = desk.post(&app, &unassign, &json!({"customer_ids": [customers[0], customers[1], customers[0]]})).await;
        assert_eq!(counts(&taken.body), [2, 2, 0]);
        let taken = desk.post(&app, &unassign, &json!({"customer_ids": customers[..3]})).await;
        assert_eq!(counts(&taken.body), [3, 1, 2]);
        assert_eq!(desk.holders(&app, &tag).await, 497);
        assert_eq!(desk.tags_of(&app, &customers[2]).await, Vec::<String>::new());
        assert_eq!(desk.tags_of(&app, &customers[3]).await, ["winter"]);
        assert_eq!(desk.history(&app, &tag).await.len(), 503);
    }

    async fn ids_of_nobody_are_told_and_the_others_tagged(app: TestApp) {
        let (desk, stranger) = (Desk::open(&app).await, Desk::open(&app).await);
        let (mine, theirs) = (desk.customer(&app, "1").await, stranger.customer(&app, "1").await);
        let tag = desk.tag(&app, "a").await;
        let body = json!({"customer_ids": [mine, theirs]});
        let answer = desk.post(&app, &format!("/v1/tags/{tag}/assign"), &body).await;
        assert_eq!((counts(&answer.body), answer.at("unknown")), ([1, 1, 0], &json!([theirs])));
        let foreign = stranger.post(&app, &format!("/v1/tags/{tag}/assign"), &body).await;
        foreign.assert_problem(404, "not_found");
    }

    async fn a_call_sent_again_takes_effect_once(app: TestApp) {
        let desk = Desk::open(&app).await;
        let customer = desk.customer(&app, "1").await;
        let tag = desk.tag(&app, "a").await;
        let send = async || {
            let request = app.post(&format!("/v1/tags/{tag}/assign")).bearer_auth(&desk.token);
            request.header("idempotency-key", "k").json(&json!({"customer_ids": [customer]})).answer().await
        };
        let (first, second) = (send().await, send().await);
        assert_eq!((counts(&first.body), &first.body), ([1, 1, 0], &second.body));
        assert_eq!(second.header("idempotent-replayed"), "true");
        assert_eq!(desk.history(&app, &tag).await, [format!("+{customer} hand")]);
    }
}
