//! The job that erases everybody whom a shop knows, a portion at a time.

use super::model::RequestKind;
use super::service::{self, Act};
use super::store;
use crate::jobs::{Job, Progress, Schedule};

/// What the job is called.
pub const JOB: &str = "shop_erasure";

/// People in a portion.
const PORTION: i64 = 200;

pub fn job() -> Job {
    Job::in_transactions(JOB, Schedule::WhenAsked, |connection, run| {
        let open = store::list_requests(connection, run.tenant, Some(true), None, i64::from(u16::MAX))?;
        let Some(request) = open.into_iter().find(|request| request.kind == RequestKind::ShopErasure) else {
            return Ok(Progress::Done);
        };
        let actor = request.shop_id.to_string();
        let act = Act { tenant: run.tenant, actor: &actor, now: run.now, ids: run.ids };
        if !service::erase_of_shop(connection, act, request.shop_id, PORTION)? {
            service::close(connection, act, request.id)?;
        }
        Ok(Progress::More)
    })
}
