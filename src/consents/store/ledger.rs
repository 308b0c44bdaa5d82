//! The ledger of statements, and what holds now by it.

use std::collections::BTreeSet;

use diesel::QueryableByName;

use crate::consents::model::{State, StatementResponse};
use crate::consents::{Channel, Statement};
use crate::customers::Owner;
use crate::db::schema::{consents, customer_channels};
use crate::db::{AnyConnection, Column, DbError, Keyed, OnConflict, Sql, Table, Upsert};
use crate::error::{Error, Result};
use crate::ids::{ConsentId, CustomerId, TenantId};
use crate::sql;
use crate::time::Timestamp;

const CONSENTS: Table = Table {
    name: "consents",
    columns: &[
        "tenant_id",
        "id",
        "customer_id",
        "origin_id",
        "channel",
        "granted",
        "stated_at",
        "source",
        "note",
        "recorded_by",
        "recorded_at",
    ],
    key: &["tenant_id", "origin_id", "channel", "stated_at", "granted", "source"],
};

/// By what a statement that is told again is known.
pub type StatementKey = (CustomerId, String, Timestamp, bool, String);

#[derive(QueryableByName)]
#[diesel(table_name = consents)]
struct KnownRow {
    id: ConsentId,
    customer_id: CustomerId,
    channel: String,
    granted: bool,
    stated_at: Timestamp,
    source: String,
}

/// All that these customers ever said.
pub fn known(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
) -> Result<Vec<(StatementKey, ConsentId)>, DbError> {
    let keys = Column::ids(customers.iter().copied());
    let ledger = Keyed::of_tenant("consents", "s", tenant, "customer_id", keys).rows(connection);
    let rows: Vec<KnownRow> =
        sql!("SELECT s.id, s.customer_id, s.channel, s.granted, s.stated_at, s.source FROM {}", ledger)
            .load(connection)?;
    let key =
        |row: KnownRow| ((row.customer_id, row.channel, row.stated_at, row.granted, row.source), row.id);
    Ok(rows.into_iter().map(key).collect())
}

/// Writes new statements.
pub fn insert(
    connection: &mut AnyConnection,
    tenant: TenantId,
    statements: &[(ConsentId, Owner, &Statement)],
    now: Timestamp,
) -> Result<(), DbError> {
    let all = || statements.iter();
    let told = || statements.iter().map(|(_, _, statement)| *statement);
    let upsert = Upsert {
        table: &CONSENTS,
        values: vec![
            Column::ids(all().map(|_| tenant)),
            Column::ids(all().map(|(id, _, _)| *id)),
            Column::ids(all().map(|(_, owner, _)| owner.customer_id)),
            Column::ids(all().map(|(_, owner, _)| owner.origin_id)),
            Column::texts(told().map(|statement| statement.channel.as_str())),
            Column::bools(told().map(|statement| statement.granted)),
            Column::instants(told().map(|statement| statement.at)),
            Column::texts(told().map(|statement| statement.source.as_str())),
            Column::optional_texts(told().map(|statement| statement.note.as_deref())),
            Column::optional_texts(told().map(|statement| statement.recorded_by.as_deref())),
            Column::instants(all().map(|_| now)),
        ],
        on_conflict: OnConflict::Keep,
    };
    upsert.execute(connection)?;
    Ok(())
}

/// Draws from the ledger anew what holds for these customers. Of statements at the same time the refusal counts, and a
/// state is as old as the first statement since the last one to the contrary.
pub fn derive(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
) -> Result<(), DbError> {
    if customers.is_empty() {
        return Ok(());
    }
    let keys = || Column::ids(customers.iter().copied());
    sql!("DELETE FROM customer_channels WHERE tenant_id = {} AND customer_id {}", tenant, keys())
        .execute(connection)?;
    let ledger = Keyed::of_tenant("consents", "s", tenant, "customer_id", keys()).rows(connection);
    sql!(
        "INSERT INTO customer_channels (tenant_id, customer_id, channel, granted, since)
         WITH said AS MATERIALIZED (
             SELECT s.tenant_id, s.customer_id, s.channel, s.granted, s.stated_at FROM {}),
         latest AS (
             SELECT customer_id, channel, MAX(CASE WHEN granted THEN stated_at END) AS yes,
                 MAX(CASE WHEN NOT granted THEN stated_at END) AS no
             FROM said GROUP BY customer_id, channel)
         SELECT said.tenant_id, said.customer_id, said.channel, said.granted, MIN(said.stated_at)
         FROM said JOIN latest ON latest.customer_id = said.customer_id AND latest.channel = said.channel
         WHERE CASE WHEN latest.no IS NULL OR latest.yes > latest.no
             THEN said.granted AND (latest.no IS NULL OR said.stated_at > latest.no)
             ELSE NOT said.granted AND (latest.yes IS NULL OR said.stated_at >= latest.yes) END
         GROUP BY said.tenant_id, said.customer_id, said.channel, said.granted",
        ledger
    )
    .execute(connection)?;
    Ok(())
}

#[derive(QueryableByName)]
#[diesel(table_name = customer_channels)]
struct StateRow {
    channel: String,
    granted: bool,
    since: Timestamp,
}

/// What a customer said last on each channel on which they said something.
pub fn states(connection: &mut AnyConnection, tenant: TenantId, customer: CustomerId) -> Result<Vec<State>> {
    let rows: Vec<StateRow> = sql!(
        "SELECT h.channel, h.granted, h.since FROM customer_channels h WHERE h.tenant_id = {} AND h.customer_id = {}",
        tenant,
        customer
    )
    .load(connection)?;
    let state =
        |row: StateRow| Ok(State { channel: channel(&row.channel)?, granted: row.granted, since: row.since });
    rows.into_iter().map(state).collect()
}

fn channel(text: &str) -> Result<Channel> {
    Channel::parse(text).ok_or_else(|| Error::internal(format!("there is no channel {text}")))
}

/// The place of a statement in a history.
pub type Place = (Timestamp, ConsentId);

#[derive(QueryableByName)]
#[diesel(table_name = consents)]
struct StatementRow {
    id: ConsentId,
    channel: String,
    granted: bool,
    stated_at: Timestamp,
    source: String,
    note: Option<String>,
    recorded_by: Option<String>,
    recorded_at: Timestamp,
}

/// What a customer said, newest first, from a place on.
pub fn history(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customer: CustomerId,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<StatementResponse>> {
    let mut condition = sql!("s.customer_id = {}", customer);
    if let Some((at, id)) = after {
        condition.push(sql!(" AND (s.stated_at, s.id) < ({}, {})", at, id));
    }
    select(connection, tenant, condition, sql!(" ORDER BY s.stated_at DESC, s.id DESC LIMIT {}", limit))
}

/// These statements, in any order.
pub fn statements(
    connection: &mut AnyConnection,
    tenant: TenantId,
    ids: &[ConsentId],
) -> Result<Vec<StatementResponse>> {
    select(connection, tenant, sql!("s.id {}", Column::ids(ids.iter().copied())), Sql::default())
}

fn select(
    connection: &mut AnyConnection,
    tenant: TenantId,
    condition: Sql<'_>,
    order: Sql<'_>,
) -> Result<Vec<StatementResponse>> {
    let rows: Vec<StatementRow> = sql!(
        "SELECT s.id, s.channel, s.granted, s.stated_at, s.source, s.note, s.recorded_by, s.recorded_at
         FROM consents s WHERE s.tenant_id = {} AND {}{}",
        tenant,
        condition,
        order
    )
    .load(connection)?;
    let show = |row: StatementRow| {
        Ok(StatementResponse {
            id: row.id,
            channel: channel(&row.channel)?,
            granted: row.granted,
            at: row.stated_at,
            source: row.source,
            note: row.note,
            recorded_by: row.recorded_by,
            recorded_at: row.recorded_at,
        })
    };
    rows.into_iter().map(show).collect()
}

/// How many statements a customer made.
pub fn count(connection: &mut AnyConnection, tenant: TenantId, customer: CustomerId) -> Result<i64> {
    use diesel::prelude::*;
    let made =
        consents::table.filter(consents::tenant_id.eq(tenant)).filter(consents::customer_id.eq(customer));
    Ok(made.count().get_result(connection)?)
}
