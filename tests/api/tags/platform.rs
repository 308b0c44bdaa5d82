use huitou::clock::RandomIds;
use huitou::db::transaction;
use huitou::error::Error;
use huitou::tags::platform::{PlatformTags, set_platform_tags};
use huitou::time::Timestamp;

use super::Desk;
use crate::support::{Send, TestApp, on_both};

fn told(external_id: &str, tags: &[&str], second: i64) -> PlatformTags {
    PlatformTags {
        external_id: external_id.into(),
        tags: tags.iter().map(|tag| (*tag).into()).collect(),
        version: Timestamp::from_micros(1_760_000_000_000_000).plus_seconds(second),
    }
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
}
