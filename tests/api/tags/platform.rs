use huitou::clock::RandomIds;
use huitou::db::transaction;
use huitou::error::Error;
use huitou::tags::platform::{PlatformTags, set_platform_tags};
use huitou::time::Timestamp;

use super::Desk;
use crate::support::{Send, TestApp, on_both};

fn told(external_id: &str, tags: &[&str], second: i64) -> PlatformTags {
    PlatformTags { all: Some(names(tags)), ..changed(external_id, &[], &[], second) }
}

/// What a platform tells that knows only changes.
fn changed(external_id: &str, given: &[&str], taken: &[&str], second: i64) -> PlatformTags {
    PlatformTags {
        external_id: external_id.into(),
        all: None,
        given: names(given),
        taken: names(taken),
        version: Timestamp::from_micros(1_760_000_000_000_000).plus_seconds(second),
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).into()).collect()
}

fn tell(app: &TestApp, desk: &Desk, shop: &str, told: &[PlatformTags]) {
    let mut connection = app.config.database.target.connect(true).unwrap();
    let now = told[0].version.plus_seconds(30_000_000);
    transaction(&mut connection, |connection| {
        let (tenant, shop) = (desk.tenant.id.parse().unwrap(), shop.parse().unwrap());
        Ok::<_, Error>(set_platform_tags(connection, tenant, shop, told, now, &RandomIds::default())?)
    })
    .unwrap();
}

on_both! {
    async fn a_platform_replaces_what_it_told_and_nothing_else(app: TestApp) {
        let desk = Desk::open(&app).await;
        let (one, two) = (desk.customer(&app, "1").await, desk.customer(&app, "2").await);
        app.put(&format!("/v1/customers/{one}/tags/vip")).bearer_auth(&desk.token).answer().await;
        tell(&app, &desk, &desk.shop, &[
            told("1", &["VIP", "wholesale", " wholesale "], 1), told("2", &["wholesale"], 1), told("nobody", &["x"], 1),
        ]);
        assert_eq!(desk.tags_of(&app, &one).await, ["vip", "wholesale"]);
        assert_eq!(desk.tags_of(&app, &two).await, ["wholesale"]);
        let profile = desk.get(&app, &format!("/v1/customers/{one}/profile")).await;
        let mut by: Vec<_> = profile.at("/tags/0/by").as_array().unwrap().iter().map(|by| by.as_str().unwrap()).collect();
        by.sort_unstable();
        assert_eq!(by, ["hand", "platform"]);

        tell(&app, &desk, &desk.shop, &[told("1", &["repeat"], 3)]);
        assert_eq!(desk.tags_of(&app, &one).await, ["repeat", "vip"], "vip was given by hand as well");
        assert_eq!(desk.tags_of(&app, &two).await, ["wholesale"]);
        let wholesale = desk.get(&app, "/v1/tags").await;
        let tag = wholesale.at("data").as_array().unwrap().iter().find(|tag| tag["name"] == "wholesale").unwrap();
        let history = desk.history(&app, tag["id"].as_str().unwrap()).await;
        assert_eq!(history[0], format!("-{one} platform"));
        assert_eq!(history.len(), 3);
    }

    async fn what_is_older_changes_nothing(app: TestApp) {
        let desk = Desk::open(&app).await;
        let one = desk.customer(&app, "1").await;
        tell(&app, &desk, &desk.shop, &[told("1", &["new"], 5), told("1", &["old"], 4)]);
        tell(&app, &desk, &desk.shop, &[told("1", &["older"], 3)]);
        tell(&app, &desk, &desk.shop, &[told("1", &["same"], 5)]);
        assert_eq!(desk.tags_of(&app, &one).await, ["new"]);
        tell(&app, &desk, &desk.shop, &[told("1", &[], 6)]);
        assert_eq!(desk.tags_of(&app, &one).await, Vec::<String>::new());
    }

    async fn each_platform_tells_for_itself(app: TestApp) {
        let desk = Desk::open(&app).await;
        let other = Desk { shop: app.shop(&desk.tenant, "b").await, tenant: desk.tenant.clone(), token: desk.token.clone() };
        let (here, there) = (desk.customer(&app, "1").await, other.customer(&app, "1").await);
        tell(&app, &desk, &desk.shop, &[told("1", &["a"], 1)]);
        tell(&app, &desk, &other.shop, &[told("1", &["b"], 1)]);
        assert_eq!(desk.tags_of(&app, &here).await, ["a"]);
        assert_eq!(desk.tags_of(&app, &there).await, ["b"]);
        let taken = app.delete(&format!("/v1/customers/{here}/tags/a")).bearer_auth(&desk.token).answer().await;
        assert_eq!((taken.status, desk.tags_of(&app, &here).await), (204, Vec::new()));
        tell(&app, &desk, &desk.shop, &[told("1", &["a"], 2)]);
        assert_eq!(desk.tags_of(&app, &here).await, ["a"], "the platform told it anew");
    }

    async fn what_is_told_one_by_one_comes_to_the_same_in_any_order(app: TestApp) {
        let desk = Desk::open(&app).await;
        let said = [
            changed("", &["a", "b", "c"], &[], 1), told("", &["a", "list", "late"], 2), changed("", &["new"], &["A"], 3),
            changed("", &[], &["late", "never"], 4), changed("", &["b"], &["b"], 5), changed("", &["again"], &[], 6),
            changed("", &[], &["again"], 5),
        ];
        let orders = [[0, 1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1, 0], [3, 1, 5, 0, 6, 2, 4], [2, 4, 6, 1, 3, 5, 0]];
        for (number, order) in orders.iter().enumerate() {
            let id = number.to_string();
            let customer = desk.customer(&app, &id).await;
            let said: Vec<_> =
                order.iter().map(|place| PlatformTags { external_id: id.clone(), ..said[*place].clone() }).collect();
            if number % 2 == 0 {
                said.iter().for_each(|one| tell(&app, &desk, &desk.shop, std::slice::from_ref(one)));
            } else {
                tell(&app, &desk, &desk.shop, &said);
            }
            // Told again, nothing changes.
            tell(&app, &desk, &desk.shop, &said);
            assert_eq!(desk.tags_of(&app, &customer).await, ["again", "list", "new"], "{order:?}");
        }
        let tags = desk.get(&app, "/v1/tags").await;
        assert!(!tags.body.to_string().contains("never"), "what is taken makes no tag");
    }

    async fn a_change_brings_back_nothing_that_was_taken_by_hand(app: TestApp) {
        let desk = Desk::open(&app).await;
        let one = desk.customer(&app, "1").await;
        tell(&app, &desk, &desk.shop, &[changed("1", &["a", "b"], &[], 1)]);
        let taken = app.delete(&format!("/v1/customers/{one}/tags/a")).bearer_auth(&desk.token).answer().await;
        assert_eq!(taken.status, 204);
        tell(&app, &desk, &desk.shop, &[changed("1", &["c"], &[], 2)]);
        assert_eq!(desk.tags_of(&app, &one).await, ["b", "c"]);
        tell(&app, &desk, &desk.shop, &[changed("1", &["a"], &["b"], 3)]);
        assert_eq!(desk.tags_of(&app, &one).await, ["a", "c"]);
    }
}
