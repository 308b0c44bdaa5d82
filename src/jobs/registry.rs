//! All jobs of the service.

use super::{Job, Progress, Schedule};
use crate::http::forget_old_answers;
use crate::privacy::shop_erasure;

/// The jobs, each of which is done for every tenant.
pub fn registry() -> Vec<Job> {
    let answers = Job::in_transactions("idempotency_keys", Schedule::AtLocalMidnight, |connection, run| {
        forget_old_answers(connection, run.tenant, run.now)?;
        Ok(Progress::Done)
    });
    vec![answers, shop_erasure::job()]
}

/// Their names, for the documentation.
pub fn names() -> Vec<&'static str> {
    registry().into_iter().map(|job| job.name).collect()
}
