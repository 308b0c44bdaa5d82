//! What is told of the entries of a page: one look-up for each kind of thing.

use std::collections::{BTreeSet, HashMap};

use diesel::QueryableByName;

use super::EntryRow;
use crate::consents;
use crate::consents::model::StatementResponse;
use crate::customers::merging::log;
use crate::customers::merging::model::MergeResponse;
use crate::customers::timeline::{
    EventType, TimelineEventResponse, TimelineOrder, TimelineRefund, TimelineTag,
};
use crate::db::schema::orders;
use crate::db::{AnyConnection, AnyKind, Column};
use crate::error::{Error, Result};
use crate::events::{self, EventResponse};
use crate::ids::{CustomerId, Id, IdKind, MergeId, OrderId, ShopId, TenantId};
use crate::notes::{self, NoteResponse};
use crate::sql;
use crate::tags::model::TaggedBy;
use crate::tags::{self, TagResponse};
use crate::touches::{self, TouchResponse};

type By<T> = HashMap<Id<AnyKind>, T>;

/// The things that a page's entries are about, by their ids.
#[derive(Default)]
pub struct Details {
    orders: By<TimelineOrder>,
    consents: By<StatementResponse>,
    notes: By<NoteResponse>,
    events: By<EventResponse>,
    touches: By<TouchResponse>,
    tags: By<TagResponse>,
    merges: By<MergeResponse>,
}

impl Details {
    pub fn load(
        connection: &mut AnyConnection,
        tenant: TenantId,
        customer: CustomerId,
        rows: &[EntryRow],
    ) -> Result<Self> {
        let orders = of_steps(rows, &EventType::OF_ORDERS);
        let consents = of_steps(rows, &[EventType::ConsentStated]);
        let notes = of_steps(rows, &[EventType::NoteWritten]);
        let events = of_steps(rows, &[EventType::EventOccurred]);
        let touches = of_steps(rows, &[EventType::CustomerTouched]);
        let tags = of_steps(rows, &EventType::OF_TAGS);
        let merges = of_steps(rows, &[EventType::CustomerMerged, EventType::MergeUndone]);
        // The page goes from the newest to the oldest.
        let Some(span) = rows.last().map(|row| row.at).zip(rows.first().map(|row| row.at)) else {
            return Ok(Self::default());
        };
        Ok(Self {
            orders: found(&orders, |ids| load_orders(connection, tenant, ids), |order| any(order.id))?,
            consents: found(
                &consents,
                |ids| consents::store::statements(connection, tenant, ids),
                |said| any(said.id),
            )?,
            notes: found(&notes, |ids| notes::store::these(connection, tenant, ids), |note| any(note.id))?,
            events: found(
                &events,
                |ids| events::store::these(connection, tenant, customer, span, ids),
                |event| any(event.id),
            )?,
            touches: found(
                &touches,
                |ids| touches::store::these(connection, tenant, customer, span, ids),
                |touch| any(touch.id),
            )?,
            tags: found(&tags, |ids| tags::store::these(connection, tenant, ids), |tag| any(tag.id))?,
            merges: found(&merges, |ids| load_merges(connection, tenant, ids), |merge| any(merge.id))?,
        })
    }

    pub fn show(&mut self, row: EntryRow) -> Result<TimelineEventResponse> {
        let kind = EventType::of_rank(row.step)
            .ok_or_else(|| Error::internal(format!("there is no step {} in a timeline", row.step)))?;
        let tag = self.tags.get(&row.id).map(|tag| {
            let (by, actor) = TaggedBy::of_actor(&row.part);
            TimelineTag { id: tag.id, name: tag.name.clone(), by, actor: actor.into() }
        });
        let refund = (kind == EventType::OrderRefunded)
            .then_some(TimelineRefund { external_id: row.part, amount: row.amount });
        Ok(TimelineEventResponse {
            kind,
            at: row.at,
            order: self.orders.get(&row.id).cloned(),
            refund,
            consent: self.consents.remove(&row.id),
            note: self.notes.remove(&row.id),
            event: self.events.remove(&row.id),
            touch: self.touches.remove(&row.id),
            tag,
            // Once when it was done and once when it was undone.
            merge: self.merges.get(&row.id).cloned(),
        })
    }
}

fn any<K: IdKind>(id: Id<K>) -> Id<AnyKind> {
    Id::from_uuid(id.uuid())
}

/// What the entries of these kinds are about.
fn of_steps<K: IdKind>(rows: &[EntryRow], events: &[EventType]) -> Vec<Id<K>> {
    let wanted = rows.iter().filter(|row| events.iter().any(|event| event.rank() == row.step));
    let ids: BTreeSet<Id<K>> = wanted.map(|row| Id::from_uuid(row.id.uuid())).collect();
    ids.into_iter().collect()
}

/// Looks things up, where there are any.
fn found<K: IdKind, T>(
    ids: &[Id<K>],
    load: impl FnOnce(&[Id<K>]) -> Result<Vec<T>>,
    id: impl Fn(&T) -> Id<AnyKind>,
) -> Result<By<T>> {
    let things = if ids.is_empty() { Vec::new() } else { load(ids)? };
    Ok(things.into_iter().map(|thing| (id(&thing), thing)).collect())
}

fn load_merges(
    connection: &mut AnyConnection,
    tenant: TenantId,
    ids: &[MergeId],
) -> Result<Vec<MergeResponse>> {
    let merges = log::find(connection, tenant, ids.iter().copied())?;
    Ok(merges.into_iter().map(MergeResponse::from).collect())
}

fn load_orders(
    connection: &mut AnyConnection,
    tenant: TenantId,
    ids: &[OrderId],
) -> Result<Vec<TimelineOrder>> {
    #[derive(QueryableByName)]
    #[diesel(table_name = orders)]
    struct Row {
        id: OrderId,
        shop_id: ShopId,
        external_id: String,
        currency: Option<String>,
        total_amount: Option<i64>,
        items: i64,
    }
    let rows: Vec<Row> = sql!(
        "SELECT o.id, o.shop_id, o.external_id, o.currency, o.total_amount, o.items FROM orders o
         WHERE o.tenant_id = {} AND o.id {}",
        tenant,
        Column::ids(ids.iter().copied())
    )
    .load(connection)?;
    let show = |row: Row| TimelineOrder {
        id: row.id,
        shop_id: row.shop_id,
        external_id: row.external_id,
        currency: row.currency,
        total_amount: row.total_amount,
        items: row.items,
    };
    Ok(rows.into_iter().map(show).collect())
}
