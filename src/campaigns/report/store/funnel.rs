//! What became of the touches, added up.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::Scope;
use crate::db::{AnyConnection, Cells, DbError, Sql, each_row_of_all};
use crate::error::Result;
use crate::sql;
use crate::touches::Outcome;

/// What became of the touches of an arm: how many members had each outcome at least once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunnelRow {
    pub arm: String,
    /// None over all channels.
    pub channel: Option<String>,
    pub touches: i64,
    pub units: i64,
    pub seconds: i64,
    /// In the order of [`Outcome::NAMES`].
    members: [i64; OUTCOMES],
}

const OUTCOMES: usize = Outcome::NAMES.len();

impl FunnelRow {
    /// How many members had the outcome of this name.
    pub fn members(&self, outcome: &str) -> i64 {
        let place = Outcome::NAMES.iter().position(|name| *name == outcome);
        place.map_or(0, |place| self.members[place])
    }

    fn is_of(&self, arm: &str, channel: Option<&str>) -> bool {
        self.arm == arm && self.channel.as_deref() == channel
    }
}

/// The touches of the campaign's arms, by channel, and then over all channels.
pub fn funnel(connection: &mut AnyConnection, scope: &Scope) -> Result<[Vec<FunnelRow>; 2]> {
    // Counting touches is quick, counting people is not. Most members have one touch, and only the others' are put together
    // to find out what was counted too often.
    let touches = touches(connection, scope)?;
    let mut by_channel = touches.clone();
    take_away(&mut by_channel, &repeated(connection, scope, true)?);
    let mut by_arm: Vec<FunnelRow> = Vec::new();
    for row in &touches {
        match by_arm.last_mut().filter(|sum| sum.arm == row.arm) {
            None => by_arm.push(FunnelRow { channel: None, ..row.clone() }),
            Some(sum) => {
                sum.touches += row.touches;
                sum.units += row.units;
                sum.seconds += row.seconds;
                sum.members.iter_mut().zip(row.members).for_each(|(sum, members)| *sum += members);
            }
        }
    }
    if by_arm.len() < by_channel.len() {
        take_away(&mut by_arm, &repeated(connection, scope, false)?);
    } else {
        by_arm = by_channel.iter().map(|row| FunnelRow { channel: None, ..row.clone() }).collect();
    }
    Ok([by_channel, by_arm])
}

fn take_away(rows: &mut [FunnelRow], repeated: &[FunnelRow]) {
    for surplus in repeated {
        let row = rows.iter_mut().find(|row| row.is_of(&surplus.arm, surplus.channel.as_deref()));
        let members = row.into_iter().flat_map(|row| &mut row.members);
        members.zip(surplus.members).for_each(|(members, surplus)| *members -= surplus);
    }
}

/// `each` over the columns of the outcomes.
fn columns(each: impl Fn(&str) -> String) -> String {
    Outcome::NAMES.map(|name| each(Outcome::column(name))).join(", ")
}

/// The touches with each outcome, by arm and channel.
fn touches(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<FunnelRow>> {
    let text = format!(
        "SELECT t.arm, t.channel, COUNT(*),
             CAST(SUM(CASE WHEN t.sent_at IS NULL THEN 0 ELSE COALESCE(t.units, 1) END) AS bigint),
             CAST(SUM(COALESCE(t.seconds, 0)) AS bigint), {}
         FROM touches t WHERE {{}} GROUP BY t.arm, t.channel ORDER BY t.arm, t.channel",
        columns(|outcome| format!("COUNT(t.{outcome}_at)"))
    );
    rows(connection, &sql!(&text, scope.touched()))
}

/// How often each outcome was told of a member after the first time, over a channel or over all of them.
fn repeated(connection: &mut AnyConnection, scope: &Scope, by_channel: bool) -> Result<Vec<FunnelRow>> {
    let (channel, key, group) =
        if by_channel { ("x.channel", "t.channel, ", ", x.channel") } else { ("CAST(NULL AS text)", "", "") };
    let text = format!(
        "SELECT x.arm, {channel}, CAST(0 AS bigint), CAST(0 AS bigint), CAST(0 AS bigint), {}
         FROM (SELECT t.arm, {key}t.origin_id, {} FROM (
                 SELECT t.arm, t.origin_id FROM touches t WHERE {{}}
                 GROUP BY t.arm, t.origin_id HAVING COUNT(*) > 1) s
             CROSS JOIN touches t
             WHERE t.tenant_id = {{}} AND t.campaign_id = {{}} AND t.arm = s.arm AND t.origin_id = s.origin_id
             GROUP BY t.arm, {key}t.origin_id) x
         GROUP BY x.arm{group}",
        columns(|outcome| {
            format!("CAST(SUM(CASE WHEN x.{outcome} > 1 THEN x.{outcome} - 1 ELSE 0 END) AS bigint)")
        }),
        columns(|outcome| format!("COUNT(t.{outcome}_at) AS {outcome}")),
    );
    rows(connection, &sql!(&text, scope.touched(), scope.tenant, scope.campaign))
}

fn rows(connection: &mut AnyConnection, query: &Sql<'_>) -> Result<Vec<FunnelRow>> {
    let mut rows = Vec::new();
    each_row_of_all::<DbError>(connection, query, |row| {
        rows.push(read(row)?);
        Ok(())
    })?;
    Ok(rows)
}

fn read(row: &dyn Cells) -> Result<FunnelRow, DbError> {
    let count = |place| Ok::<_, DbError>(row.int(place)?.unwrap_or(0));
    let mut members = [0; OUTCOMES];
    for (place, members) in members.iter_mut().enumerate() {
        *members = count(5 + place)?;
    }
    Ok(FunnelRow {
        arm: row.text(0)?.unwrap_or_default(),
        channel: row.text(1)?,
        touches: count(2)?,
        units: count(3)?,
        seconds: count(4)?,
        members,
    })
}

/// Objections of one kind.
#[derive(Debug, Clone, QueryableByName)]
pub struct ObjectionRow {
    #[diesel(sql_type = Text)]
    pub arm: String,
    #[diesel(sql_type = Text)]
    pub channel: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub objection: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub touches: i64,
}

pub fn objections(connection: &mut AnyConnection, scope: &Scope) -> Result<Vec<ObjectionRow>> {
    Ok(sql!(
        "SELECT t.arm, t.channel, t.objection, COUNT(*) AS touches FROM touches t
         WHERE {} AND t.objected_at IS NOT NULL
         GROUP BY t.arm, t.channel, t.objection ORDER BY t.arm, t.channel, COUNT(*) DESC, t.objection",
        scope.touched()
    )
    .load(connection)?)
}
