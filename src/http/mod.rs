//! What every endpoint shares: reading requests, telling errors, paging, revisions, idempotency.

mod body;
mod bulk;
mod etag;
mod idempotency;
mod json;
mod limits;
pub mod mask;
mod merge_patch;
mod one_or_many;
mod page;
mod path;
mod problem;
mod query;
mod reply;
mod request;
mod shop_item;
pub mod stream;

pub use body::{Body, LargeBody, PatchBody, collect};
pub use bulk::{Bulk, BulkItem, BulkItemResult, BulkResponse, BulkStatus, apply_each};
pub use etag::{EntityTag, IfMatch};
pub use idempotency::{Idempotency, InFlight, Stored, forget_old_answers};
pub use json::{fit, nearest};
pub use limits::{RateLimiter, RateState};
pub use mask::PersonalData;
pub use merge_patch::{patched, present};
pub use one_or_many::{OneOrMany, Told};
pub use page::{Page, Paging, respond_in_pages};
pub use path::{ShopPath, UrlPath};
pub use problem::{MethodTable, Problem, ProblemItem, ProblemSpan, no_such_route};
pub use query::Query;
pub use reply::Reply;
pub use request::{RequestId, track};
pub use shop_item::{LONGEST_EXTERNAL_ID, ShopDocument, ShopItem, TIDY, is_tidy};
