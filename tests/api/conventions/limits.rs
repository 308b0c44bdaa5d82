use std::num::NonZeroU32;

use crate::support::{On, Send, TestApp};

#[test]
fn past_the_agreed_rate_a_caller_is_told_when_to_come_again() {
    let change = |config: &mut huitou::config::Config| {
        config.limits.rate_per_second = NonZeroU32::new(1);
        config.limits.rate_burst = NonZeroU32::new(3);
    };
    actix_web::rt::System::new().block_on(async {
        let app = TestApp::start_with(On::Sqlite, change).expect("SQLite is always there");
        let tenant = app.tenant().await;
        let token = app.token(&tenant, "settings:read");
        let ask = || app.get("/v1/settings").bearer_auth(&token).answer();
        let first = ask().await;
        assert_eq!(first.status, 200);
        assert_eq!(first.header("ratelimit"), "\"default\";r=2;t=1");
        assert_eq!(first.header("ratelimit-policy"), "\"default\";q=1;w=1");
        let mut last = first;
        for _ in 0..3 {
            last = ask().await;
        }
        last.assert_problem(429, "too_many_requests");
        assert!(last.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
        let other = app.tenant().await;
        let answer = app.get("/v1/settings").bearer_auth(app.token(&other, "settings:read")).answer().await;
        assert_eq!(answer.status, 200, "another tenant has its own rate");
    });
}
