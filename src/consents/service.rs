//! The one door for what people say about being contacted.

use std::collections::{BTreeSet, HashMap};

use super::model::{Recorded, Statement};
use super::store::{self, StatementKey};
use crate::clock::IdGen;
use crate::customers::whom::{self, NoOwner};
use crate::db::{AnyConnection, DbError, apart};
use crate::error::{Error, Result};
use crate::ids::{ConsentId, CustomerId, TenantId};
use crate::time::Timestamp;

/// Why a statement is not kept; the others are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    NoOwner(#[from] NoOwner),
    #[error("lies more than a day in the future, which would outlast everything said until then")]
    InFuture,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoOwner(reason) => reason.into(),
            Refusal::InFuture => Self::invalid("/at", "in_future", refusal.to_string()),
        }
    }
}

/// How many statements are written at once.
const CHUNK: usize = 1_000;
/// How far clocks may be ahead.
const FUTURE_SECONDS: i64 = 24 * 60 * 60;

/// Keeps what people said, in the transaction of the caller, draws what holds now, and answers for each statement, in
/// their order. Statements may come late and again. An error means that nothing may be committed.
pub fn record(
    connection: &mut AnyConnection,
    tenant: TenantId,
    statements: &[Statement],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Result<Recorded>>, DbError> {
    let mut answers = Vec::with_capacity(statements.len());
    for chunk in statements.chunks(CHUNK) {
        let results = apart(connection, chunk, |connection, statements| {
            record_together(connection, tenant, statements, now, ids)
        })?;
        answers.extend(results.into_iter().map(|result| Ok(result??)));
    }
    Ok(answers)
}

fn record_together(
    connection: &mut AnyConnection,
    tenant: TenantId,
    statements: &[Statement],
    now: Timestamp,
    ids: &dyn IdGen,
) -> Result<Vec<Result<Recorded, Refusal>>, DbError> {
    let whom: Vec<_> = statements.iter().map(|statement| (&statement.whom, statement.at)).collect();
    let owners = whom::owners(connection, tenant, &whom, "consent", now, ids)?;
    let customers: BTreeSet<CustomerId> =
        owners.iter().filter_map(|owner| Some(owner.ok()?.customer_id)).collect();
    let known = store::known(connection, tenant, &customers)?;
    let mut known: HashMap<StatementKey, ConsentId> = known.into_iter().collect();
    let (mut new, mut touched) = (Vec::new(), BTreeSet::new());
    let mut answers = Vec::with_capacity(statements.len());
    for (statement, owner) in statements.iter().zip(owners) {
        answers.push(owner.map_err(Refusal::from).and_then(|owner| {
            if statement.at > now.plus_seconds(FUTURE_SECONDS) {
                return Err(Refusal::InFuture);
            }
            let customer_id = owner.customer_id;
            let key = key(customer_id, statement);
            let id = known.get(&key).copied();
            let applied = id.is_none();
            let id = id.unwrap_or_else(|| {
                let id = ids.id(now);
                known.insert(key, id);
                new.push((id, owner, statement));
                touched.insert(customer_id);
                id
            });
            Ok(Recorded { id, customer_id, applied })
        }));
    }
    store::insert(connection, tenant, &new, now)?;
    store::derive(connection, tenant, &touched)?;
    Ok(answers)
}

fn key(customer: CustomerId, statement: &Statement) -> StatementKey {
    (customer, statement.channel.as_str().into(), statement.at, statement.granted, statement.source.clone())
}
