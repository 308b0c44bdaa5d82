//! Products out: one by its id, or a list.

use actix_web::{get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::catalog::model::{ProductResponse, ProductStatus};
use crate::catalog::store::{self, Filter};
use crate::error::{Error, Result};
use crate::http::{Page, Paging, Query, Reply, UrlPath};
use crate::ids::{ProductId, ShopId};

/// Which products are wanted; what is absent does not limit them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ProductParameters {
    /// Products of this shop.
    #[serde(default)]
    shop_id: Option<ShopId>,
    /// Products of this category and of all below it.
    #[serde(default)]
    #[param(example = "女装")]
    category: Option<String>,
    /// Products that are sold, or that no longer are.
    #[serde(default)]
    status: Option<ProductStatus>,
    /// A part of the title.
    #[serde(default)]
    #[param(example = "羽绒服")]
    q: Option<String>,
    /// The product with this variant.
    #[serde(default)]
    #[param(example = "DC-XXXXL-RED")]
    sku: Option<String>,
}

impl From<ProductParameters> for Filter {
    fn from(parameters: ProductParameters) -> Self {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let category = given(parameters.category);
        Self {
            shop_id: parameters.shop_id,
            category: given(category.map(|branch| branch.trim_end_matches('/').to_owned())),
            status: parameters.status,
            title: given(parameters.q),
            sku: given(parameters.sku),
        }
    }
}

/// List products
///
/// The catalogues of all shops, what is new to the service first.
#[utoipa::path(
    tag = "Products",
    security(("bearer" = ["orders:read"])),
    params(ProductParameters, Paging),
    responses((status = 200, description = "A page of products.", body = Page<ProductResponse>)),
)]
#[get("/v1/products")]
pub async fn list_products(
    caller: Require<scope::OrdersRead>,
    app: web::Data<AppState>,
    parameters: Query<ProductParameters>,
    paging: Paging,
) -> Result<Page<ProductResponse>> {
    let (tenant, filter) = (caller.tenant, Filter::from(parameters.0));
    let after = paging.after::<ProductId>()?;
    let (rows, counted) = (paging.rows(), paging.count);
    let (products, total) = app
        .db
        .read(move |connection| {
            let total = counted.then(|| store::count(connection, tenant, &filter)).transpose()?;
            Ok::<_, Error>((store::list(connection, tenant, &filter, after, rows)?, total))
        })
        .await?;
    let page = paging.page(products, |product| product.id, ProductResponse::from)?;
    Ok(Page { total, ..page })
}

/// Read a product
///
/// As its shop told it last.
#[utoipa::path(
    tag = "Products",
    security(("bearer" = ["orders:read"])),
    params(("id" = ProductId, Path, description = "The product.")),
    responses((status = 200, description = "The product.", body = ProductResponse)),
)]
#[get("/v1/products/{id}")]
pub async fn get_product(
    caller: Require<scope::OrdersRead>,
    app: web::Data<AppState>,
    path: UrlPath<ProductId>,
) -> Result<Reply<ProductResponse>> {
    let (tenant, id) = (caller.tenant, path.0);
    let found = app.db.read(move |connection| store::find(connection, tenant, id)).await?;
    let product = found.ok_or(Error::NotFound { what: "product" })?;
    Ok(Reply::ok_at(product.revision, ProductResponse::from(product)))
}
