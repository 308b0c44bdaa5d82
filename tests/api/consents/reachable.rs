//! The condition for many customers says what the file of each one says.

use std::collections::BTreeSet;

use diesel::QueryableByName;
use huitou::consents::{Channel, ConsentPolicy, ConsentRule, reachable};
use huitou::db::types::Guid;
use huitou::ids::{CustomerId, TenantId};
use huitou::sql;
use huitou::time::Timestamp;
use serde_json::json;

use super::say;
use crate::customers::Shop;
use crate::support::{Send, TestApp, on_both};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Guid)]
    id: CustomerId,
}

fn reached(
    app: &TestApp,
    tenant: &str,
    policy: &ConsentPolicy,
    channel: Channel,
    at: Option<Timestamp>,
) -> BTreeSet<String> {
    let tenant: TenantId = tenant.parse().unwrap();
    let mut connection = app.config.database.target.connect(false).unwrap();
    let condition = reachable(tenant, channel, policy, at);
    let rows: Vec<Row> =
        sql!("SELECT c.id FROM customers c WHERE c.tenant_id = {} AND {}", tenant, condition)
            .load(&mut connection)
            .unwrap();
    rows.into_iter().map(|row| row.id.to_string()).collect()
}

on_both! {
    async fn the_condition_and_the_files_agree_under_every_policy(app: TestApp) {
        let shop = Shop::open(&app).await;
        let settings = app.token(&shop.tenant, "settings:write");
        let contacts = [
            json!({}), json!({"phone": "13800001234"}), json!({"phone": "none"}), json!({"email": "a@example.com"}),
            json!({"address": {"city": "杭州"}}), json!({"address": {"city": "杭州", "postcode": "310000"}}),
            json!({"address": {"line": "文三路 1 号"}}),
            json!({"phone": "13800001235", "email": "b@example.com", "address": {"line": "x"}}),
        ];
        let mut ids = Vec::new();
        for (number, contact) in contacts.iter().enumerate() {
            for (said, granted) in [None, Some(true), Some(false)].into_iter().enumerate() {
                let id = shop.tell(&app, &format!("b{number}-{said}"), contact.clone()).await;
                for channel in Channel::ALL.into_iter().filter(|_| granted.is_some()) {
                    say(&app, &shop, &id, channel.as_str(), json!({"granted": granted})).await;
                }
                ids.push(id);
            }
        }
        for rule in [None, Some(ConsentRule::OptIn), Some(ConsentRule::OptOut)] {
            let mut policy = ConsentPolicy::default();
            if let Some(rule) = rule {
                policy = ConsentPolicy { sms: rule, email: rule, call: rule, im: rule, wechat: rule, mail: rule, parcel_card: rule };
                let patch = json!({"consent_policy": policy});
                let changed = app.patch("/v1/settings").bearer_auth(&settings).json(&patch).answer().await;
                assert_eq!(changed.status, 200, "{changed:?}");
            }
            for (place, channel) in Channel::ALL.into_iter().enumerate() {
                let mut expected = BTreeSet::new();
                for id in &ids {
                    let consents = app.get(&format!("/v1/customers/{id}/consents?limit=1")).bearer_auth(&shop.token).answer().await;
                    if consents.at(&format!("/channels/{place}/reachable")) == true {
                        expected.insert(id.clone());
                    }
                }
                assert!(rule.is_none() || !expected.is_empty(), "{channel:?} under {rule:?}");
                assert_eq!(reached(&app, &shop.tenant.id, &policy, channel, None), expected, "{channel:?} under {rule:?}");
                let later: Timestamp = "2199-01-01T00:00:00Z".parse().unwrap();
                assert_eq!(reached(&app, &shop.tenant.id, &policy, channel, Some(later)), expected, "{channel:?} under {rule:?}");
            }
        }
    }

    async fn what_was_said_is_known_for_every_past_moment(app: TestApp) {
        let shop = Shop::open(&app).await;
        let id = shop.tell(&app, "b", json!({"phone": "13800001234"})).await;
        let day = |day: u32| format!("2026-10-{day:02}T00:00:00Z");
        for (number, granted) in [(2, true), (4, false), (4, true), (6, true)] {
            say(&app, &shop, &id, "sms", json!({"granted": granted, "at": day(number)})).await;
        }
        let strict = ConsentPolicy::default();
        let loose = ConsentPolicy { sms: ConsentRule::OptOut, ..strict };
        let seen = |policy| {
            let seen = (1..=7).filter(|number| {
                let at = day(*number).parse().unwrap();
                !reached(&app, &shop.tenant.id, &policy, Channel::Sms, Some(at)).is_empty()
            });
            seen.collect::<Vec<u32>>()
        };
        assert_eq!(seen(strict), [2, 3, 6, 7], "of two at the same time the refusal counts");
        assert_eq!(seen(loose), [1, 2, 3, 6, 7]);
    }
}
