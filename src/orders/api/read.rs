//! Orders out: one by its id, or a list.

use actix_web::{get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::customers;
use crate::error::{Error, Result};
use crate::http::{Page, Paging, Query, Reply, UrlPath};
use crate::ids::{CustomerId, OrderId, ShopId};
use crate::orders::OrderStatus;
use crate::orders::model::OrderResponse;
use crate::orders::store::{self, Filter, Place, Sort, Span};
use crate::time::Timestamp;

/// Which orders are wanted; what is absent does not limit them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OrderParameters {
    /// Orders of this customer; for one who was merged into another, the orders of that one.
    #[serde(default)]
    customer_id: Option<CustomerId>,
    /// Orders of this shop.
    #[serde(default)]
    shop_id: Option<ShopId>,
    /// Orders that stand there now.
    #[serde(default)]
    status: Option<OrderStatus>,
    /// Ordered at this moment or later.
    #[serde(default)]
    ordered_after: Option<Timestamp>,
    /// Ordered before this moment.
    #[serde(default)]
    ordered_before: Option<Timestamp>,
    /// Paid at this moment or later.
    #[serde(default)]
    paid_after: Option<Timestamp>,
    /// Paid before this moment.
    #[serde(default)]
    paid_before: Option<Timestamp>,
    /// Orders with a line of this SKU.
    #[serde(default)]
    #[param(example = "DC-XXXXL-RED")]
    sku: Option<String>,
    /// The platform's id of the order, whole or its beginning.
    #[serde(default)]
    #[param(example = "20261111", max_length = 255)]
    q: Option<String>,
    /// `true` for the orders whose worth in the tenant's currency is not known, `false` for the others.
    #[serde(default)]
    unconverted: Option<bool>,
    /// `-ordered_at` (the default) for the newest first, `ordered_at` for the oldest.
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
}

impl From<OrderParameters> for Filter {
    fn from(parameters: OrderParameters) -> Self {
        Self {
            customer_id: parameters.customer_id,
            shop_id: parameters.shop_id,
            status: parameters.status,
            ordered: Span { after: parameters.ordered_after, before: parameters.ordered_before },
            paid: Span { after: parameters.paid_after, before: parameters.paid_before },
            sku: parameters.sku.filter(|sku| !sku.is_empty()),
            external_id: parameters.q.filter(|start| !start.is_empty()),
            unconverted: parameters.unconverted,
        }
    }
}

/// List orders
///
/// Orders with their lines and refunds, by when they were placed.
#[utoipa::path(
    tag = "Orders",
    security(("bearer" = ["orders:read"])),
    params(OrderParameters, Paging),
    responses((status = 200, description = "A page of orders.", body = Page<OrderResponse>)),
)]
#[get("/v1/orders")]
pub async fn list_orders(
    caller: Require<scope::OrdersRead>,
    app: web::Data<AppState>,
    parameters: Query<OrderParameters>,
    paging: Paging,
) -> Result<Page<OrderResponse>> {
    let (tenant, sort) = (caller.tenant, parameters.0.sort);
    let mut filter = Filter::from(parameters.0);
    let after = paging.after::<Place>()?;
    let (rows, counted) = (paging.rows(), paging.count);
    let (orders, total) = app
        .db
        .read(move |connection| {
            if let Some(id) = &mut filter.customer_id {
                *id = customers::service::found_under(connection, tenant, *id)?;
            }
            let total = counted.then(|| store::count(connection, tenant, &filter)).transpose()?;
            Ok::<_, Error>((store::list(connection, tenant, &filter, sort, after, rows)?, total))
        })
        .await?;
    let page = paging.page(orders, |order| -> Place { (order.ordered_at, order.id) }, |order| order)?;
    Ok(Page { total, ..page })
}

/// Read an order
///
/// As merged from everything that was told about it.
#[utoipa::path(
    tag = "Orders",
    security(("bearer" = ["orders:read"])),
    params(("id" = OrderId, Path, description = "The order.")),
    responses((status = 200, description = "The order.", body = OrderResponse)),
)]
#[get("/v1/orders/{id}")]
pub async fn get_order(
    caller: Require<scope::OrdersRead>,
    app: web::Data<AppState>,
    path: UrlPath<OrderId>,
) -> Result<Reply<OrderResponse>> {
    let (tenant, id) = (caller.tenant, path.0);
    let found = app.db.read(move |connection| store::find(connection, tenant, id)).await?;
    let order = found.ok_or(Error::NotFound { what: "order" })?;
    Ok(Reply::ok_at(order.revision, order))
}
