//! Saved segments beside each other.

use std::collections::BTreeSet;

use actix_web::{get, post, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::currency;
use crate::db::snapshot;
use crate::error::{Error, Result};
use crate::http::{Body, PersonalData, Reply, UrlPath};
use crate::ids::{SegmentId, ShopId};
use crate::lifecycle::Rules;
use crate::segments::language::checked::{self, Kind as CheckedKind};
use crate::segments::language::tree::{Kind, Node, Query, Text};
use crate::segments::language::{self, Place};
use crate::segments::service::{self, Group};
use crate::segments::store::figures::{self, Share};
use crate::segments::{compile, definitions};
use crate::validation::{Report, Validate};

const MOST_SEGMENTS: usize = 10;

fn check_segments(segments: &[SegmentId], report: &mut Report) {
    let distinct: BTreeSet<_> = segments.iter().collect();
    if !(2..=MOST_SEGMENTS).contains(&segments.len()) {
        report.add("segment_ids", "out_of_range", format!("must name 2 to {MOST_SEGMENTS} segments"));
    } else if distinct.len() < segments.len() {
        report.add("segment_ids", "duplicate", "must name each segment once");
    }
}

/// How groups are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// In any of them.
    Union,
    /// In all of them.
    Intersection,
    /// In the first and in none of the others.
    Difference,
}

/// Which segments are put together.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CombineSegmentsRequest {
    operation: Operation,
    #[schema(min_items = 2, max_items = 10)]
    segment_ids: Vec<SegmentId>,
}

impl Validate for CombineSegmentsRequest {
    fn validate(&self, report: &mut Report) {
        check_segments(&self.segment_ids, report);
    }
}

/// Segments put together.
#[derive(Debug, Serialize, ToSchema)]
pub struct CombinationResponse {
    /// How many customers are in it.
    #[schema(example = 321)]
    pub count: i64,
    /// The query of the combination, to be saved or used.
    #[schema(
        example = "IN SEGMENT 'seg_01jd7zk3v8e4qbm2n5r9x6t0wy' AND NOT IN SEGMENT 'seg_01jd7zk3v8e4qbm2n5r9x6t0wz'"
    )]
    pub query: String,
    /// The same as JSON.
    #[schema(value_type = Object)]
    pub filter: Value,
}

impl PersonalData for CombinationResponse {}

fn in_segment(id: SegmentId) -> Node {
    let reference = Text { text: id.to_string(), place: Place::Nowhere };
    Node { kind: Kind::InSegment { reference, as_of: None }, place: Place::Nowhere }
}

fn combined(operation: Operation, segments: &[SegmentId]) -> Query {
    let named = segments.iter().map(|id| in_segment(*id));
    let kind = match operation {
        Operation::Union => Kind::Or(named.collect()),
        Operation::Intersection => Kind::And(named.collect()),
        Operation::Difference => {
            let without = |node: Node| Node { kind: Kind::Not(Box::new(node)), place: Place::Nowhere };
            let parts = named.enumerate();
            Kind::And(parts.map(|(index, node)| if index == 0 { node } else { without(node) }).collect())
        }
    };
    Query { condition: Some(Node { kind, place: Place::Nowhere }), ..Query::default() }
}

/// Combine segments
///
/// The union, intersection or difference of saved segments: how many are in it, and the query that says so.
#[utoipa::path(
    tag = "Segments",
    security(("bearer" = ["segments:read"])),
    request_body = CombineSegmentsRequest,
    responses((status = 200, description = "The combination.", body = CombinationResponse)),
)]
#[post("/v1/segments/combine")]
pub async fn combine_segments(
    caller: Require<scope::SegmentsRead>,
    app: web::Data<AppState>,
    body: Body<CombineSegmentsRequest>,
) -> Result<Reply<CombinationResponse>> {
    let tenant = app.tenants.get(caller.tenant).await?;
    let CombineSegmentsRequest { operation, segment_ids } = body.value;
    let (now, pii, limit) = (app.clock.now(), caller.pii, app.config.limits.query_time);
    let answer = app.db.read(move |connection| {
        snapshot(connection, limit, |connection| {
            for id in &segment_ids {
                service::get(connection, tenant.id, *id)?;
            }
            let query = combined(operation, &segment_ids);
            let group = Group::Described(Box::new(query.clone()));
            Ok::<_, Error>(CombinationResponse {
                count: service::count(connection, &tenant, &group, pii, now)?,
                query: language::print(&query),
                filter: language::to_json(&query),
            })
        })
    });
    Ok(Reply::ok(answer.await?))
}

/// Which segments are compared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverlapSegmentsRequest {
    #[schema(min_items = 2, max_items = 10)]
    segment_ids: Vec<SegmentId>,
}

impl Validate for OverlapSegmentsRequest {
    fn validate(&self, report: &mut Report) {
        check_segments(&self.segment_ids, report);
    }
}

/// How many customers segments share.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverlapResponse {
    /// The segments, in the order of the rows and columns.
    pub segment_ids: Vec<SegmentId>,
    /// How many customers are in the segment of the row and in that of the column; on the diagonal all of one.
    #[schema(example = json!([[120, 30], [30, 80]]))]
    pub matrix: Vec<Vec<i64>>,
}

impl PersonalData for OverlapResponse {}

/// Compare segments
///
/// How many customers each two of them share, as a matrix.
#[utoipa::path(
    tag = "Segments",
    security(("bearer" = ["segments:read"])),
    request_body = OverlapSegmentsRequest,
    responses((status = 200, description = "The matrix.", body = OverlapResponse)),
)]
#[post("/v1/segments/overlap")]
pub async fn overlap_segments(
    caller: Require<scope::SegmentsRead>,
    app: web::Data<AppState>,
    body: Body<OverlapSegmentsRequest>,
) -> Result<Reply<OverlapResponse>> {
    let tenant = app.tenants.get(caller.tenant).await?;
    let segment_ids = body.value.segment_ids;
    let (now, pii, limit) = (app.clock.now(), caller.pii, app.config.limits.query_time);
    let answer = app.db.read(move |connection| {
        snapshot(connection, limit, |connection| {
            for id in &segment_ids {
                service::get(connection, tenant.id, *id)?;
            }
            let query = combined(Operation::Union, &segment_ids);
            let prepared = definitions::prepare(connection, &tenant, &query, pii, now)?;
            let CheckedKind::Any(named) = &prepared.checked.condition.kind else {
                return Err(Error::internal("a union is checked as something else"));
            };
            let pairs = pairs(named);
            let pairs: Vec<&checked::Node> = pairs.iter().collect();
            let query = service::with(connection, &tenant, &prepared, now, |context| {
                compile::counts(context, &pairs, false)
            })?;
            let counts = figures::counts(connection, &query, pairs.len())?;
            let matrix = matrix(named.len(), counts.into_iter().skip(1));
            Ok::<_, Error>(OverlapResponse { segment_ids, matrix })
        })
    });
    Ok(Reply::ok(answer.await?))
}

/// A matrix from its upper half, row by row.
fn matrix(size: usize, counts: impl Iterator<Item = i64>) -> Vec<Vec<i64>> {
    let places = (0..size).flat_map(|row| (row..size).map(move |column| (row, column)));
    let mut matrix = vec![vec![0; size]; size];
    for ((row, column), count) in places.zip(counts) {
        matrix[row][column] = count;
        matrix[column][row] = count;
    }
    matrix
}

/// Each two of the conditions, in the order of a matrix' upper half.
fn pairs(named: &[checked::Node]) -> Vec<checked::Node> {
    let both = |one: &checked::Node, other: &checked::Node| checked::Node {
        kind: CheckedKind::All(vec![one.clone(), other.clone()]),
        place: Place::Nowhere,
    };
    let rows = named.iter().enumerate();
    rows.flat_map(|(row, one)| named[row..].iter().map(move |other| both(one, other))).collect()
}

/// Members with the same value of something.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareResponse {
    /// `null` for those without one.
    #[schema(example = "杭州")]
    pub value: Option<String>,
    #[schema(example = 120)]
    pub customers: i64,
}

impl From<Share> for ShareResponse {
    fn from(share: Share) -> Self {
        Self { value: share.value, customers: share.customers }
    }
}

/// Members who spent about as much.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpendBandResponse {
    /// From this amount on, in the tenant's currency, minor units.
    #[schema(example = 10000)]
    pub from_amount: i64,
    /// Below this amount; `null` for no limit.
    #[schema(example = 50000)]
    pub below_amount: Option<i64>,
    #[schema(example = 120)]
    pub customers: i64,
}

/// Members who bought in a shop.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShopShareResponse {
    pub shop_id: ShopId,
    #[schema(example = 120)]
    pub customers: i64,
}

/// A segment broken down; of each kind the twenty most frequent values.
#[derive(Debug, Serialize, ToSchema)]
pub struct SegmentProfileResponse {
    /// How many customers are in it.
    #[schema(example = 1234)]
    pub count: i64,
    /// ISO 4217 code of the amounts.
    #[schema(example = "CNY")]
    pub currency: String,
    pub cities: Vec<ShareResponse>,
    /// By stage; `null` for who never bought.
    pub stages: Vec<ShareResponse>,
    /// By category of what they bought; who bought of several counts in each.
    pub categories: Vec<ShareResponse>,
    pub spend: Vec<SpendBandResponse>,
    /// By shop in which they bought; who bought in several counts in each.
    pub shops: Vec<ShopShareResponse>,
    /// By tag; who has several counts in each.
    pub tags: Vec<ShareResponse>,
}

impl PersonalData for SegmentProfileResponse {}

/// Where bands of spending begin, in major units.
const BANDS: [i64; 7] = [1, 100, 300, 500, 1_000, 3_000, 10_000];

/// Break a segment down
///
/// Its members by city, stage, category, spending, shop and tag; all from one consistent read.
#[utoipa::path(
    tag = "Segments",
    security(("bearer" = ["segments:read"])),
    params(("id" = SegmentId, Path, description = "The segment.")),
    responses((status = 200, description = "The breakdown.", body = SegmentProfileResponse)),
)]
#[get("/v1/segments/{id}/profile")]
pub async fn get_segment_profile(
    caller: Require<scope::SegmentsRead>,
    app: web::Data<AppState>,
    path: UrlPath<SegmentId>,
) -> Result<Reply<SegmentProfileResponse>> {
    let tenant = app.tenants.get(caller.tenant).await?;
    let (group, pii, now) = (Group::Saved(path.0), caller.pii, app.clock.now());
    let limit = app.config.limits.query_time;
    let answer = app.db.read(move |connection| {
        snapshot(connection, limit, |connection| {
            let id = tenant.id;
            let members = service::members(connection, &tenant, &group, pii, now)?;
            let set = || members.clone();
            let shown = |shares: Vec<Share>| shares.into_iter().map(ShareResponse::from).collect();
            let bounds = Rules::overall(&tenant, now)?.bounds();
            let unit = 10_i64.pow(currency::decimals(&tenant.currency));
            let bands = BANDS.map(|band| band * unit);
            let spend = figures::by_spend(connection, id, set(), &bands)?;
            let shops = figures::by_shop(connection, id, set())?;
            Ok::<_, Error>(SegmentProfileResponse {
                count: figures::sums(connection, id, set())?.count,
                currency: tenant.currency.clone(),
                cities: shown(figures::by_column(connection, id, set(), "c.city")?),
                stages: shown(figures::by_stage(connection, id, set(), &bounds)?),
                categories: shown(figures::by_category(connection, id, set())?),
                spend: bands_of(&spend, &bands),
                shops: shops
                    .into_iter()
                    .map(|(shop_id, customers)| ShopShareResponse { shop_id, customers })
                    .collect(),
                tags: shown(figures::by_tag(connection, id, set())?),
            })
        })
    });
    Ok(Reply::ok(answer.await?))
}

/// All bands in their order, also those that nobody is in.
fn bands_of(shares: &[Share], bounds: &[i64]) -> Vec<SpendBandResponse> {
    (0..=bounds.len())
        .map(|index| {
            let named = |share: &&Share| share.value.as_deref() == Some(index.to_string().as_str());
            SpendBandResponse {
                from_amount: index.checked_sub(1).and_then(|before| bounds.get(before)).copied().unwrap_or(0),
                below_amount: bounds.get(index).copied(),
                customers: shares.iter().find(named).map_or(0, |share| share.customers),
            }
        })
        .collect()
}
