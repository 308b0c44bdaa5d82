//! What each part of a condition keeps.

use std::time::Instant;

use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::ask::shown;
use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::db::snapshot;
use crate::error::{Error, Result};
use crate::http::{Body, PersonalData, ProblemSpan, Reply};
use crate::ids::SegmentId;
use crate::segments::language::checked::{self, Kind as CheckedKind};
use crate::segments::language::tree::{Kind, Node, Query};
use crate::segments::service::{self, Group};
use crate::segments::store::figures;
use crate::segments::{compile, definitions, language};
use crate::validation::{Report, Validate};

/// What is to be explained.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainSegmentRequest {
    /// A condition as text; this, `filter` or `segment_id`.
    #[serde(default)]
    #[schema(example = "number_of_orders >= 2 AND stage = 'dormant' AND reachable_by('sms')")]
    query: Option<String>,
    /// A condition as JSON.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    filter: Option<Value>,
    /// A saved segment.
    #[serde(default)]
    segment_id: Option<SegmentId>,
}

impl Validate for ExplainSegmentRequest {
    fn validate(&self, _: &mut Report) {}
}

/// A part of the condition.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClauseResponse {
    /// The part as text.
    #[schema(example = "number_of_orders >= 2")]
    pub query: String,
    /// How deep it lies in the condition; 0 for the parts that all must hold.
    #[schema(example = 0)]
    pub depth: usize,
    /// How many of all customers pass it alone.
    #[schema(example = 5200)]
    pub alone: i64,
    /// How many are left after it and all before it at depth 0; `null` deeper down.
    #[schema(example = 5200)]
    pub remaining: Option<i64>,
    /// Where in the text it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<ProblemSpan>,
    /// Where in the document it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}

/// What each part of a condition keeps.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExplanationResponse {
    /// All customers.
    #[schema(example = 20000)]
    pub customers: i64,
    /// How many the whole query keeps.
    #[schema(example = 1234)]
    pub count: i64,
    /// Its parts, in the order in which they stand.
    pub clauses: Vec<ClauseResponse>,
    /// How long it took to find out, in milliseconds.
    #[schema(example = 220)]
    pub took_ms: u64,
}

impl PersonalData for ExplanationResponse {}

/// More parts are not counted one by one below the first level.
const MOST_CLAUSES: usize = 60;

/// A part with how deep it lies.
struct Clause<'t> {
    written: &'t Node,
    checked: &'t checked::Node,
    depth: usize,
}

/// The parts of a condition: those that all must hold, and what they are made of.
fn clauses<'t>(written: &'t Node, checked: &'t checked::Node) -> Vec<Clause<'t>> {
    let mut all = Vec::new();
    match (&written.kind, &checked.kind) {
        (Kind::And(parts), CheckedKind::All(nodes)) => {
            for (part, node) in parts.iter().zip(nodes) {
                walk(part, node, 0, &mut all);
            }
        }
        _ => walk(written, checked, 0, &mut all),
    }
    if all.len() > MOST_CLAUSES {
        all.retain(|clause| clause.depth == 0);
    }
    all
}

fn walk<'t>(written: &'t Node, checked: &'t checked::Node, depth: usize, all: &mut Vec<Clause<'t>>) {
    all.push(Clause { written, checked, depth });
    match (&written.kind, &checked.kind) {
        (Kind::And(parts), CheckedKind::All(nodes))
        | (Kind::Or(parts), CheckedKind::Any(nodes))
        | (Kind::AtLeast { of: parts, .. }, CheckedKind::AtLeast { of: nodes, .. }) => {
            for (part, node) in parts.iter().zip(nodes) {
                walk(part, node, depth + 1, all);
            }
        }
        (Kind::Not(part), CheckedKind::Not(node)) => walk(part, node, depth + 1, all),
        _ => {}
    }
}

/// Explain a group
///
/// How many customers each part of a condition keeps: alone, and together with the parts before it. So one sees at once
/// which part is too narrow. All from one consistent read.
#[utoipa::path(
    tag = "Segments",
    security(("bearer" = ["segments:read"])),
    request_body = ExplainSegmentRequest,
    responses((status = 200, description = "What each part keeps.", body = ExplanationResponse)),
)]
#[post("/v1/segments/explain")]
pub async fn explain_segment(
    caller: Require<scope::SegmentsRead>,
    app: web::Data<AppState>,
    body: Body<ExplainSegmentRequest>,
) -> Result<Reply<ExplanationResponse>> {
    let started = Instant::now();
    let tenant = app.tenants.get(caller.tenant).await?;
    let ExplainSegmentRequest { query, filter, segment_id } = body.value;
    let group = Group::read(segment_id, query.as_deref(), filter.as_ref())?;
    let (now, pii, limit) = (app.clock.now(), caller.pii, app.config.limits.query_time);
    let answer = app.db.read(move |connection| {
        snapshot(connection, limit, |connection| {
            let query = group.query(connection, tenant.id)?;
            let prepared = definitions::prepare(connection, &tenant, &query, pii, now)?;
            let parts = query
                .condition
                .as_ref()
                .map_or_else(Vec::new, |written| clauses(written, &prepared.checked.condition));
            let nodes: Vec<&checked::Node> = parts.iter().map(|clause| clause.checked).collect();
            let top: Vec<&checked::Node> =
                parts.iter().filter(|clause| clause.depth == 0).map(|clause| clause.checked).collect();
            let (alone, running, whole) = service::with(connection, &tenant, &prepared, now, |context| {
                (
                    compile::counts(context, &nodes, false),
                    compile::counts(context, &top, true),
                    compile::count(context, &prepared.checked),
                )
            })?;
            let alone = figures::counts(connection, &alone, nodes.len())?;
            let running = figures::counts(connection, &running, top.len())?;
            let mut remaining = running.iter().skip(1);
            let clauses = parts.iter().zip(alone.iter().skip(1)).map(|(clause, alone)| {
                let (span, pointer) = shown(&clause.written.place);
                ClauseResponse {
                    query: language::print(&Query {
                        condition: Some(clause.written.clone()),
                        ..Query::default()
                    }),
                    depth: clause.depth,
                    alone: *alone,
                    remaining: if clause.depth == 0 { remaining.next().copied() } else { None },
                    span,
                    pointer,
                }
            });
            Ok::<_, Error>(ExplanationResponse {
                customers: alone.first().copied().unwrap_or_default(),
                clauses: clauses.collect(),
                count: figures::number(connection, &whole)?,
                took_ms: 0,
            })
        })
    });
    let answer = answer.await?;
    Ok(Reply::ok(ExplanationResponse { took_ms: started.elapsed().as_millis() as u64, ..answer }))
}
