//! What belongs to one tenant is not there for another, whatever is done with it.
//!
//! Each operation whose path names an object is called for an object of one tenant with a token of another that may do
//! everything. The owner's own call comes after that and must find the object, so that a request which would never find
//! anything proves nothing. Where a test fails for a new operation, it says what to add.

use super::makers::Owner;
use super::operation::{Ids, Operation};
use crate::support::response::Response;
use crate::support::{Send, TestApp, on_both};

/// Those whose path names an object.
fn of_an_object() -> Vec<Operation> {
    let all = Operation::all().into_iter();
    all.filter(|operation| operation.scope.is_some() && operation.kinds().next().is_some()).collect()
}

/// The kinds of the ids in the operation's example of a body.
fn kinds_in_body(operation: &Operation, all: &[Operation]) -> Vec<String> {
    let body = operation.body.to_string();
    let mut kinds: Vec<String> = all
        .iter()
        .flat_map(|operation| operation.parameters.iter())
        .filter(|parameter| body.contains(&parameter.example))
        .filter_map(|parameter| parameter.kind.clone())
        .collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

/// The example of a body, about these objects instead of the description's.
fn body_about(operation: &Operation, ids: &Ids, all: &[Operation]) -> String {
    let examples = all.iter().flat_map(|operation| operation.parameters.iter());
    examples.fold(operation.body.to_string(), |body, parameter| {
        match parameter.kind.as_ref().and_then(|kind| ids.get(kind)) {
            Some(id) => body.replace(&parameter.example, id),
            None => body,
        }
    })
}

/// All that the owner reads of these objects.
async fn view(app: &TestApp, owner: &Owner, ids: &Ids, all: &[Operation]) -> Vec<(String, u16, String)> {
    let mut seen = Vec::new();
    let reads = all.iter().filter(|operation| operation.method == reqwest::Method::GET);
    for read in reads.filter(|read| read.kinds().all(|kind| ids.contains_key(kind))) {
        let answer = ask(app, owner, read, ids, "").await;
        // Each answer has its own duration, and each problem (of what is not there yet) the id of its request.
        let mut body = answer.body.clone();
        if let Some(fields) = body.as_object_mut() {
            fields.remove("request_id");
            fields.remove("took_ms");
        }
        seen.push((read.name.clone(), answer.status, body.to_string()));
    }
    seen
}

async fn ask(app: &TestApp, caller: &Owner, operation: &Operation, ids: &Ids, body: &str) -> Response {
    operation.request_to(app, ids, body).bearer_auth(&caller.token).answer().await
}

on_both! {
    async fn another_tenants_object_is_not_found_by_any_operation_and_stays_as_it_is(app: TestApp) {
        let (mut owner, mut stranger) = (Owner::new(&app).await, Owner::new(&app).await);
        let all = of_an_object();
        assert!(all.len() > 10);
        for operation in &all {
            let name = &operation.name;
            let theirs = owner.make_all(&app, operation.kinds()).await;
            let own = stranger.make_all(&app, operation.kinds()).await;
            let in_body = kinds_in_body(operation, &all);
            let theirs_in_body = owner.make_all(&app, in_body.iter().map(String::as_str)).await;
            let own_in_body = stranger.make_all(&app, in_body.iter().map(String::as_str)).await;
            let before = view(&app, &owner, &theirs, &all).await;
            let others_before = view(&app, &owner, &theirs_in_body, &all).await;

            // One foreign object at a time, the others the caller's own.
            for foreign in operation.kinds() {
                let mut ids = own.clone();
                ids.insert(foreign.into(), theirs[foreign].clone());
                let answer = ask(&app, &stranger, operation, &ids, &body_about(operation, &own_in_body, &all)).await;
                assert_eq!(answer.status, 404, "{name} with the `{foreign}` of another tenant: {answer:?}");
                answer.assert_problem(404, "not_found");
            }
            // In the body, where it is refused as a whole or by the item.
            if !in_body.is_empty() {
                let answer = ask(&app, &stranger, operation, &own, &body_about(operation, &theirs_in_body, &all)).await;
                assert!(answer.status < 500, "{name} with objects of another tenant in its body: {answer:?}");
            }
            assert_eq!(view(&app, &owner, &theirs, &all).await, before, "{name} by another tenant changed something");
            let others = view(&app, &owner, &theirs_in_body, &all).await;
            assert_eq!(others, others_before, "{name} by another tenant changed something that its body names");

            let answer = ask(&app, &owner, operation, &theirs, &body_about(operation, &theirs_in_body, &all)).await;
            assert!(
                !matches!(answer.status, 400 | 404 | 415 | 422 | 500..),
                "{name} does not find its owner's own object, or does not take the description's example. Give the \
                 path's parameter the type of its id (`(\"id\" = CustomerId, Path)`), plain parameters an example that \
                 holds, the body an example that is valid for any object; or have `Owner::make` (makers.rs) make one \
                 that fits: {answer:?}",
            );
        }
    }
}
