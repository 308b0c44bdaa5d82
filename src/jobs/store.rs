//! All SQL on jobs.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use uuid::Uuid;

use crate::db::types::{Guid, Instant};
use crate::db::{AnyConnection, Column, DbError, OnConflict, Table, Upsert};
use crate::error::short;
use crate::ids::TenantId;
use crate::sql;
use crate::time::Timestamp;

/// When a tenant's job is to be looked at.
#[derive(Debug, QueryableByName)]
pub struct Planned {
    #[diesel(sql_type = Guid)]
    pub tenant_id: TenantId,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Instant)]
    run_at: Timestamp,
    #[diesel(sql_type = Nullable<Instant>)]
    lease_until: Option<Timestamp>,
}

impl Planned {
    /// From when on it can be claimed, as things stand.
    pub fn from(&self) -> Timestamp {
        self.lease_until.map_or(self.run_at, |lease| lease.max(self.run_at))
    }
}

/// What is due until a moment, of all tenants: one of the three statements that look beyond one tenant.
pub fn planned(connection: &mut AnyConnection, until: Timestamp) -> Result<Vec<Planned>, DbError> {
    let query = sql!("SELECT tenant_id, name, run_at, lease_until FROM jobs WHERE run_at <= {}", until);
    Ok(query.load(connection)?)
}

/// A tenant for whom not all jobs are planned yet.
#[derive(Debug, QueryableByName)]
pub struct Unplanned {
    #[diesel(sql_type = Guid)]
    pub tenant_id: TenantId,
    #[diesel(sql_type = Text)]
    pub timezone: String,
}

/// The tenants that lack one of these jobs: another statement that looks beyond one tenant.
pub fn unplanned(connection: &mut AnyConnection, names: &[&str]) -> Result<Vec<Unplanned>, DbError> {
    let query = sql!(
        "SELECT t.tenant_id, t.timezone FROM tenants t
         LEFT JOIN jobs j ON j.tenant_id = t.tenant_id AND j.name {}
         GROUP BY t.tenant_id, t.timezone HAVING COUNT(j.name) < {}",
        Column::texts(names.iter().copied()),
        names.len() as i64,
    );
    Ok(query.load(connection)?)
}

/// The tenants for whom a job was asked for and is not done yet: the last statement that looks beyond one tenant.
pub fn asked_for(connection: &mut AnyConnection, name: &str) -> Result<Vec<TenantId>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Guid)]
        tenant_id: TenantId,
    }
    let rows: Vec<Row> =
        sql!("SELECT tenant_id FROM jobs WHERE name = {} AND due_at IS NOT NULL", name).load(connection)?;
    Ok(rows.into_iter().map(|row| row.tenant_id).collect())
}

const JOBS: Table =
    Table { name: "jobs", columns: &["tenant_id", "name", "due_at", "run_at", "failures"], key: KEY };
const KEY: &[&str] = &["tenant_id", "name"];

/// Plans jobs of a tenant; those that are planned already stay as they are.
pub fn plan(
    connection: &mut AnyConnection,
    tenant: TenantId,
    due: &[(&str, Timestamp)],
) -> Result<(), DbError> {
    write(connection, tenant, due, OnConflict::Keep)
}

/// Asks for a job, in the transaction of whatever needs it: it is done as soon as an instance sees it.
pub fn ask(
    connection: &mut AnyConnection,
    tenant: TenantId,
    name: &'static str,
    now: Timestamp,
) -> Result<(), DbError> {
    write(connection, tenant, &[(name, now)], OnConflict::Update(&["due_at", "run_at"]))
}

fn write(
    connection: &mut AnyConnection,
    tenant: TenantId,
    due: &[(&str, Timestamp)],
    on_conflict: OnConflict,
) -> Result<(), DbError> {
    let moments = || Column::instants(due.iter().map(|(_, at)| *at));
    let values = vec![
        Column::ids(due.iter().map(|_| tenant)),
        Column::texts(due.iter().map(|(name, _)| *name)),
        moments(),
        moments(),
        Column::ints(due.iter().map(|_| 0)),
    ];
    Upsert { table: &JOBS, values, on_conflict }.execute(connection)?;
    Ok(())
}

/// A job in hand.
#[derive(Debug, Clone, QueryableByName)]
pub struct Claimed {
    #[diesel(sql_type = Instant)]
    pub due_at: Timestamp,
    #[diesel(sql_type = BigInt)]
    pub failures: i64,
    /// The tenant's.
    #[diesel(sql_type = Text)]
    pub timezone: String,
}

/// Takes a lease on a tenant's job, if it is due and nobody holds it.
pub fn claim(
    connection: &mut AnyConnection,
    tenant: TenantId,
    name: &str,
    holder: Uuid,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Option<Claimed>, DbError> {
    let taken = sql!(
        "UPDATE jobs SET holder = {}, lease_until = {}
         WHERE tenant_id = {} AND name = {} AND run_at <= {} AND (lease_until IS NULL OR lease_until <= {})",
        holder,
        lease_until,
        tenant,
        name,
        now,
        now,
    );
    if taken.execute(connection)? == 0 {
        return Ok(None);
    }
    let claimed = sql!(
        "SELECT j.due_at, j.failures, t.timezone FROM jobs j JOIN tenants t ON t.tenant_id = {}
         WHERE j.tenant_id = {} AND j.name = {}",
        tenant,
        tenant,
        name,
    );
    Ok(claimed.first(connection)?)
}

/// Renews a lease; `false` if it was lost meanwhile.
pub fn renew(
    connection: &mut AnyConnection,
    tenant: TenantId,
    name: &str,
    holder: Uuid,
    lease_until: Timestamp,
) -> Result<bool, DbError> {
    let renewed = sql!(
        "UPDATE jobs SET lease_until = {} WHERE tenant_id = {} AND name = {} AND holder = {}",
        lease_until,
        tenant,
        name,
        holder,
    );
    Ok(renewed.execute(connection)? > 0)
}

/// How a job stands when its holder lets go of it.
#[derive(Debug)]
pub struct Settled<'e> {
    pub due_at: Option<Timestamp>,
    pub run_at: Option<Timestamp>,
    pub failures: i64,
    pub error: Option<&'e str>,
    pub at: Timestamp,
}

const LONGEST_ERROR: usize = 500;

/// Lets go of a job; `false` if the lease was lost. One that was asked for meanwhile stays due.
pub fn settle(
    connection: &mut AnyConnection,
    tenant: TenantId,
    name: &str,
    holder: Uuid,
    claimed: &Claimed,
    settled: &Settled<'_>,
) -> Result<bool, DbError> {
    let or_null =
        |moment: Option<Timestamp>| moment.map_or_else(|| sql!("NULL"), |moment| sql!("{}", moment));
    let error = settled.error.map(|error| short(error.to_owned(), LONGEST_ERROR));
    let error = error.map_or_else(|| sql!("NULL"), |error| sql!("{}", error));
    let written = sql!(
        "UPDATE jobs SET due_at = {}, run_at = {}, failures = {}, last_error = {}, finished_at = {},
             holder = NULL, lease_until = NULL
         WHERE tenant_id = {} AND name = {} AND holder = {} AND due_at = {}",
        or_null(settled.due_at),
        or_null(settled.run_at),
        settled.failures,
        error,
        settled.at,
        tenant,
        name,
        holder,
        claimed.due_at,
    )
    .execute(connection)?;
    if written > 0 {
        return Ok(true);
    }
    let released = sql!(
        "UPDATE jobs SET holder = NULL, lease_until = NULL WHERE tenant_id = {} AND name = {} AND holder = {}",
        tenant,
        name,
        holder,
    );
    Ok(released.execute(connection)? > 0)
}
