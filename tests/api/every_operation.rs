//! Every operation of the description, asked by those who may not and with what cannot be. A new operation is looked at
//! without a line here; when one fails, it takes its caller in another way than `Require<scope::…>`, or its body in
//! another than `Body`, `PatchBody` or `Bulk`.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::support::{Send, TestApp, on_both};

struct Operation {
    name: String,
    method: Method,
    /// With an example for every parameter of the path.
    path: String,
    /// The scope that it needs; none where it is open to all.
    scope: Option<String>,
    /// The format of its body.
    takes: Option<String>,
}

impl Operation {
    fn all() -> Vec<Self> {
        let text = huitou::routes::as_json(&huitou::routes::document());
        let document: Value = serde_json::from_str(&text).expect("the description is JSON");
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().expect("there are paths") {
            for (verb, operation) in item.as_object().expect("a path has operations") {
                operations.push(Self::new(path, verb, operation));
            }
        }
        assert!(operations.len() > 10);
        operations
    }

    fn new(path: &str, verb: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let path = parameters.iter().filter(|one| one["in"] == "path").fold(path.to_string(), |path, one| {
            let name = one["name"].as_str().expect("a parameter has a name");
            path.replace(&format!("{{{name}}}"), example(name))
        });
        let content = operation["requestBody"]["content"].as_object();
        Self {
            name: format!("{verb} {path}"),
            method: verb.to_uppercase().parse().expect("a verb is a method"),
            path,
            scope: operation["security"][0]["bearer"][0].as_str().map(String::from),
            takes: content.and_then(|content| content.keys().next()).cloned(),
        }
    }

    /// The request with a body that is an empty object, where it takes one.
    fn request(&self, app: &TestApp) -> RequestBuilder {
        self.request_with(app, "{}")
    }

    fn request_with(&self, app: &TestApp, body: &'static str) -> RequestBuilder {
        let request = app.request(self.method.clone(), &self.path);
        match &self.takes {
            Some(format) => request.header("content-type", format).body(body),
            None => request,
        }
    }
}

fn example(parameter: &str) -> &'static str {
    match parameter {
        "shop_id" => "shp_01jd7zk3v8e4qbm2n5r9x6t0wy",
        "customer_id" => "cus_01jd7zk3v8e4qbm2n5r9x6t0wy",
        "order_id" => "ord_01jd7zk3v8e4qbm2n5r9x6t0wy",
        "product_id" => "prd_01jd7zk3v8e4qbm2n5r9x6t0wy",
        _ => "something",
    }
}

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
        for (operation, needed) in guarded().filter(|(operation, _)| operation.path.contains('_')) {
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
                let request = app.get(&format!("{}?{query}", operation.path));
                let answer = request.bearer_auth(app.token(&tenant, &needed)).answer().await;
                assert!(answer.status < 500, "{} with {query}: {answer:?}", operation.name);
            }
        }
    }
}
