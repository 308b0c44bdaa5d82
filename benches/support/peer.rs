//! What the service is compared with: bare actix and diesel on the same database, with none of its work.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};

use actix_web::{App, HttpResponse, HttpServer, web};
use diesel::prelude::*;
use huitou::clock::RandomIds;
use huitou::db::schema::orders;
use huitou::db::types::Json;
use huitou::db::{Db, DbError};
use huitou::ids::{CustomerId, OrderId, ShopId, TenantId};
use huitou::ingest::Incoming;
use huitou::time::Timestamp;
use tokio::sync::oneshot;

use super::raw;

type Job = (Incoming, oneshot::Sender<bool>);
type Batcher = mpsc::SyncSender<Job>;

struct Peer {
    db: Db,
    tenant: TenantId,
    shop: ShopId,
    ids: RandomIds,
    bare: Batcher,
    real: Batcher,
}

/// Starts the bare server: `/batched/{id}` and `/alone/{id}` insert an order and its lines into tables with nothing but
/// their natural keys, `/indexed/{id}` does so in batches into the project's own tables, `/orders/{id}` reads one.
pub fn start(db: Db, tenant: TenantId, shop: ShopId) -> SocketAddr {
    let (bare, real) = (batcher(&db, tenant, &raw::BARE_TABLES), batcher(&db, tenant, &raw::REAL_TABLES));
    let peer = web::Data::from(Arc::new(Peer { db, tenant, shop, ids: RandomIds::default(), bare, real }));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let server = HttpServer::new(move || {
        App::new()
            .app_data(peer.clone())
            .route("/batched/{id}", web::put().to(batched))
            .route("/indexed/{id}", web::put().to(indexed))
            .route("/alone/{id}", web::put().to(alone))
            .route("/orders/{id}", web::get().to(read))
    });
    actix_web::rt::spawn(server.workers(2).disable_signals().listen(listener).expect("a server").run());
    address
}

fn batcher(db: &Db, tenant: TenantId, tables: &'static raw::Tables) -> Batcher {
    let (batcher, queue) = mpsc::sync_channel::<Job>(8_192);
    let db = db.clone();
    std::thread::spawn(move || batch(&db, tenant, tables, &queue));
    batcher
}

/// Takes whatever waits, inserts it in one transaction, answers each.
fn batch(db: &Db, tenant: TenantId, tables: &'static raw::Tables, queue: &mpsc::Receiver<Job>) {
    let ids = RandomIds::default();
    while let Ok(first) = queue.recv() {
        let mut jobs = vec![first];
        while jobs.len() < 500 {
            let Ok(job) = queue.try_recv() else { break };
            jobs.push(job);
        }
        let (items, answers): (Vec<Incoming>, Vec<_>) = jobs.into_iter().unzip();
        let written = db.write_blocking(|c| raw::upsert(c, tenant, &items, &ids, tables)).is_ok();
        for answer in answers {
            let _ = answer.send(written);
        }
    }
}

fn incoming(peer: &Peer, id: String, body: &[u8]) -> Incoming {
    let document = serde_json::from_slice(body).expect("a canonical order");
    Incoming { shop_id: peer.shop, external_id: id, document }
}

async fn batched(peer: web::Data<Peer>, id: web::Path<String>, body: web::Bytes) -> HttpResponse {
    enqueue(&peer.bare, incoming(&peer, id.into_inner(), &body)).await
}

async fn indexed(peer: web::Data<Peer>, id: web::Path<String>, body: web::Bytes) -> HttpResponse {
    enqueue(&peer.real, incoming(&peer, id.into_inner(), &body)).await
}

async fn enqueue(batcher: &Batcher, order: Incoming) -> HttpResponse {
    let (answer, answered) = oneshot::channel();
    batcher.try_send((order, answer)).expect("room in the queue");
    respond(answered.await.unwrap_or(false))
}

async fn alone(peer: web::Data<Peer>, id: web::Path<String>, body: web::Bytes) -> HttpResponse {
    let item = incoming(&peer, id.into_inner(), &body);
    let db = peer.db.clone();
    let written = db
        .write(move |c| {
            raw::upsert(c, peer.tenant, std::slice::from_ref(&item), &peer.ids, &raw::BARE_TABLES)
        })
        .await;
    respond(written.is_ok())
}

fn respond(written: bool) -> HttpResponse {
    if written {
        HttpResponse::Ok().json(serde_json::json!({"ok": true}))
    } else {
        HttpResponse::InternalServerError().finish()
    }
}

#[derive(Queryable, serde::Serialize)]
struct Row {
    id: OrderId,
    shop_id: ShopId,
    external_id: String,
    customer_id: Option<CustomerId>,
    status: String,
    ordered_at: Timestamp,
    paid_at: Option<Timestamp>,
    currency: Option<String>,
    total_amount: Option<i64>,
    refunded_amount: i64,
    #[serde(skip)]
    _personal: Json,
    revision: i64,
}

async fn read(peer: web::Data<Peer>, id: web::Path<OrderId>) -> HttpResponse {
    let (tenant, id) = (peer.tenant, id.into_inner());
    let found: Result<Row, DbError> = peer
        .db
        .read(move |c| {
            Ok(orders::table
                .filter(orders::tenant_id.eq(tenant).and(orders::id.eq(id)))
                .select((
                    orders::id,
                    orders::shop_id,
                    orders::external_id,
                    orders::customer_id,
                    orders::status,
                    orders::ordered_at,
                    orders::paid_at,
                    orders::currency,
                    orders::total_amount,
                    orders::refunded_amount,
                    orders::personal,
                    orders::revision,
                ))
                .first(c)?)
        })
        .await;
    match found {
        Ok(row) => HttpResponse::Ok().json(row),
        Err(_) => HttpResponse::NotFound().finish(),
    }
}
