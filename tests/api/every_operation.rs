//! Every operation of the description, asked by those who may not and with what cannot be. A new operation is looked at
//! without a line here; when one fails, it takes its caller in another way than `Require<scope::…>`, or its body in
//! another than `Body`, `PatchBody` or `Bulk`. Only a new kind of object needs a line: how one is made (`makers`).

mod makers;
mod operation;
mod tenancy;

use operation::{Ids, Operation};
use reqwest::Method;

use crate::support::{Send, on_both};

fn guarded() -> impl Iterator<Item = (Operation, String)> {
    Operation::all().into_iter().filter_map(|operation| {
        let scope = operation.scope.clone()?;
        Some((operation, scope))
    })
}

on_both! {
    async fn without_a_token_none_answers(app: TestApp) {
        for (operation, _) in guarded() {
            let answer = operation.request(&app).answer().await;
            assert_eq!(answer.status, 401, "{}: {answer:?}", operation.name);
            answer.assert_problem(401, "missing_token");
        }
    }

    async fn with_all_scopes_but_its_own_none_answers(app: TestApp) {
        let tenant = app.tenant().await;
        for (operation, needed) in guarded() {
            let others: Vec<&str> =
                huitou::auth::scope::ALL.iter().map(|(name, _)| *name).filter(|name| *name != needed).collect();
            let request = operation.request(&app).bearer_auth(app.token(&tenant, &others.join(" ")));
            let answer = request.answer().await;
            assert_eq!(answer.status, 403, "{}: {answer:?}", operation.name);
            assert!(answer.text("detail").contains(&needed), "{}: {answer:?}", operation.name);
        }
    }

    async fn what_belongs_to_nobody_is_not_found(app: TestApp) {
        let tenant = app.tenant().await;
        for (operation, needed) in guarded().filter(|(operation, _)| operation.kinds().next().is_some()) {
            if operation.takes.is_some() {
                continue; // an empty body may be refused first
            }
            let answer = operation.request(&app).bearer_auth(app.token(&tenant, &needed)).answer().await;
            assert_eq!(answer.status, 404, "{}: {answer:?}", operation.name);
        }
    }

    async fn a_malformed_body_is_refused_everywhere(app: TestApp) {
        let tenant = app.tenant().await;
        for (operation, needed) in guarded().filter(|(operation, _)| operation.takes.is_some()) {
            for body in ["", "{", "[]", "null", "{\"\\u0000\": 1}", "{\"no such field\": 1}", "\"text\""] {
                let token = app.token(&tenant, &needed);
                let answer = operation.request_with(&app, body).bearer_auth(token).answer().await;
                assert!((400..500).contains(&answer.status), "{} with {body}: {answer:?}", operation.name);
                assert_eq!(answer.header("content-type"), "application/problem+json", "{}", operation.name);
            }
        }
    }

    async fn a_nonsensical_query_is_refused_or_ignored_and_breaks_nothing(app: TestApp) {
        let tenant = app.tenant().await;
        for (operation, needed) in guarded().filter(|(operation, _)| operation.method == Method::GET) {
            for query in ["limit=x", "cursor=%FF", "%zz=%", "a=%00", "&&=&", "limit=1&limit=2"] {
                let request = app.get(&format!("{}?{query}", operation.address(&Ids::new())));
                let answer = request.bearer_auth(app.token(&tenant, &needed)).answer().await;
                assert!(answer.status < 500, "{} with {query}: {answer:?}", operation.name);
            }
        }
    }
}
