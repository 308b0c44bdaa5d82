//! All SQL on campaigns.

mod campaigns;
pub mod eligibility;
pub mod launch;
mod members;
mod overview;
pub mod plan;
pub mod qualifying;
pub mod worklist;

pub use campaigns::{Filter, count, coupon_owners, delete, due, find, insert, launched, list, named, update};
pub use members::{
    MemberFilter, MemberRow, PlannedMember, assign, count_members, known_customers, members, members_of,
    open_for_assignments, sizes,
};

pub use overview::{ContactCount, contact_counts};

use diesel::QueryableByName;
use diesel::sql_types::BigInt;

use crate::db::{AnyConnection, Sql};
use crate::error::Result;

/// What a statement counts as `count`.
fn count_rows(connection: &mut AnyConnection, query: &Sql<'_>) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    Ok(query.first::<Count>(connection)?.map_or(0, |row| row.count))
}
