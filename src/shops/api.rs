//! `/v1/shops`.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, delete, get, patch, post, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{Platform, Shop};
use super::secrets::{self, WebhookSecret};
use super::{service, store};
use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::error::{Error, Result};
use crate::http::{
    Body, Idempotency, IfMatch, Page, Paging, PatchBody, PersonalData, Reply, UrlPath, patched, present,
};
use crate::ids::ShopId;
use crate::tenants::{LifecycleOverrides, Tenant, check_currency, check_timezone};
use crate::time::Timestamp;
use crate::validation::{Report, Validate, Violation};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_shops)
        .service(create_shop)
        .service(get_shop)
        .service(update_shop)
        .service(delete_shop);
}

/// A shop.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ShopResponse {
    pub id: ShopId,
    /// Where the shop is.
    pub platform: Platform,
    /// What the platform calls it.
    #[schema(example = "red-scarf.myshopify.com")]
    pub external_id: String,
    #[schema(example = "Red Scarf on Shopify")]
    pub name: String,
    /// IANA name of the time zone that draws the boundaries of its days.
    #[schema(example = "Asia/Shanghai")]
    pub timezone: String,
    /// ISO 4217 code; the currency of orders that name none.
    #[schema(example = "CNY")]
    pub currency: String,
    /// A customer of this shop is new for so many days after the first order; `null` for the tenant's own.
    #[schema(example = 30)]
    pub new_for_days: Option<i64>,
    /// A customer of this shop is at risk so many days after the last order; `null` for the tenant's own.
    #[schema(example = 80)]
    pub at_risk_after_days: Option<i64>,
    /// A customer of this shop is dormant so many days after the last order; `null` for the tenant's own.
    #[schema(example = 90)]
    pub dormant_after_days: Option<i64>,
    /// A customer of this shop is lost so many days after the last order; `null` for the tenant's own.
    #[schema(example = 365)]
    pub lost_after_days: Option<i64>,
    /// How many webhook secrets it has; they are never shown.
    #[schema(example = 1)]
    pub webhook_secret_count: usize,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl PersonalData for ShopResponse {}

impl From<Shop> for ShopResponse {
    fn from(shop: Shop) -> Self {
        Self {
            id: shop.id,
            platform: shop.platform,
            external_id: shop.external_id,
            name: shop.name,
            timezone: shop.timezone,
            currency: shop.currency,
            new_for_days: shop.lifecycle.new_for_days,
            at_risk_after_days: shop.lifecycle.at_risk_after_days,
            dormant_after_days: shop.lifecycle.dormant_after_days,
            lost_after_days: shop.lifecycle.lost_after_days,
            webhook_secret_count: shop.webhook_secrets.len(),
            created_at: shop.created_at,
            updated_at: shop.updated_at,
        }
    }
}

/// A shop to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateShopRequest {
    /// Where the shop is.
    platform: Platform,
    /// What the platform calls it; one shop a platform and external id.
    #[schema(example = "red-scarf.myshopify.com", min_length = 1, max_length = 255)]
    external_id: String,
    #[schema(example = "Red Scarf on Shopify", min_length = 1, max_length = 200)]
    name: String,
    /// IANA name of the time zone that draws the boundaries of its days; the tenant's own where absent.
    #[serde(default)]
    #[schema(example = "Asia/Shanghai")]
    timezone: Option<String>,
    /// ISO 4217 code; the currency of orders that name none. The tenant's own where absent.
    #[serde(default)]
    #[schema(example = "CNY")]
    currency: Option<String>,
    /// A customer of this shop is new for so many days after the first order; the tenant's own where absent.
    #[serde(default)]
    #[schema(example = 30, minimum = 1, maximum = 3650)]
    new_for_days: Option<i64>,
    /// A customer of this shop is at risk so many days after the last order; the tenant's own where absent.
    #[serde(default)]
    #[schema(example = 80, minimum = 1, maximum = 3650)]
    at_risk_after_days: Option<i64>,
    /// A customer of this shop is dormant so many days after the last order; the tenant's own where absent.
    #[serde(default)]
    #[schema(example = 90, minimum = 1, maximum = 3650)]
    dormant_after_days: Option<i64>,
    /// A customer of this shop is lost so many days after the last order; the tenant's own where absent.
    #[serde(default)]
    #[schema(example = 365, minimum = 1, maximum = 3650)]
    lost_after_days: Option<i64>,
    /// What the platform signs its webhooks with; several at once while one is replaced. Never shown again.
    #[serde(default)]
    #[schema(value_type = Vec<WebhookSecret>, max_items = 10, example = json!(["hush"]))]
    webhook_secrets: Vec<Value>,
}

const LONGEST_NAME: usize = 200;
const LONGEST_ID: usize = 255;

impl Validate for CreateShopRequest {
    fn validate(&self, report: &mut Report) {
        report.text("external_id", Some(&self.external_id), LONGEST_ID);
        report.text("name", Some(&self.name), LONGEST_NAME);
        if let Some(timezone) = &self.timezone {
            check_timezone("timezone", timezone, report);
        }
        if let Some(currency) = &self.currency {
            check_currency("currency", currency, report);
        }
        secrets::check(self.platform, &self.webhook_secrets, report);
    }
}

impl CreateShopRequest {
    fn into_shop(self, app: &AppState, tenant: &Tenant, id: ShopId, now: Timestamp) -> Result<Shop> {
        let shop = Shop {
            tenant: tenant.id,
            id,
            platform: self.platform,
            external_id: self.external_id,
            name: self.name,
            timezone: self.timezone.unwrap_or_else(|| tenant.timezone.clone()),
            currency: self.currency.unwrap_or_else(|| tenant.currency.clone()),
            lifecycle: LifecycleOverrides {
                new_for_days: self.new_for_days,
                at_risk_after_days: self.at_risk_after_days,
                dormant_after_days: self.dormant_after_days,
                lost_after_days: self.lost_after_days,
            },
            webhook_secrets: secrets::seal(
                app.config.secrets_key.as_ref(),
                &self.webhook_secrets,
                tenant.id,
                id,
            )?,
            created_at: now,
            updated_at: now,
            revision: 1,
        };
        check_lifecycle(&shop, tenant)?;
        Ok(shop)
    }
}

fn check_lifecycle(shop: &Shop, tenant: &Tenant) -> Result<()> {
    let mut report = Report::default();
    shop.lifecycle.over(tenant.settings.lifecycle).check(&mut report);
    refuse(report.into_violations())
}

fn refuse(violations: Vec<Violation>) -> Result<()> {
    if violations.is_empty() { Ok(()) } else { Err(violations.into()) }
}

/// What to change; absent fields stay as they are.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct UpdateShopRequest {
    /// What the platform calls it.
    #[serde(deserialize_with = "present")]
    #[schema(example = "red-scarf.myshopify.com", min_length = 1, max_length = 255)]
    external_id: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(example = "Red Scarf on Shopify", min_length = 1, max_length = 200)]
    name: Option<String>,
    /// IANA name of the time zone that draws the boundaries of its days.
    #[serde(deserialize_with = "present")]
    #[schema(example = "Asia/Shanghai")]
    timezone: Option<String>,
    /// ISO 4217 code; changes only while the shop has neither orders nor products.
    #[serde(deserialize_with = "present")]
    #[schema(example = "CNY")]
    currency: Option<String>,
    /// `null` for the tenant's own.
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<i64>, example = 30, minimum = 1, maximum = 3650)]
    new_for_days: Option<Option<i64>>,
    /// `null` for the tenant's own.
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<i64>, example = 80, minimum = 1, maximum = 3650)]
    at_risk_after_days: Option<Option<i64>>,
    /// `null` for the tenant's own.
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<i64>, example = 90, minimum = 1, maximum = 3650)]
    dormant_after_days: Option<Option<i64>>,
    /// `null` for the tenant's own.
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<i64>, example = 365, minimum = 1, maximum = 3650)]
    lost_after_days: Option<Option<i64>>,
    /// Replaces all secrets. Never shown again.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<WebhookSecret>>, max_items = 10, example = json!(["hush"]))]
    webhook_secrets: Option<Vec<Value>>,
}

impl Validate for UpdateShopRequest {
    fn validate(&self, report: &mut Report) {
        report.text("external_id", self.external_id.as_deref(), LONGEST_ID);
        report.text("name", self.name.as_deref(), LONGEST_NAME);
        if let Some(timezone) = &self.timezone {
            check_timezone("timezone", timezone, report);
        }
        if let Some(currency) = &self.currency {
            check_currency("currency", currency, report);
        }
    }
}

impl UpdateShopRequest {
    fn apply(self, shop: &mut Shop, app: &AppState, tenant: &Tenant) -> Result<()> {
        for (value, field) in [
            (self.external_id, &mut shop.external_id),
            (self.name, &mut shop.name),
            (self.timezone, &mut shop.timezone),
            (self.currency, &mut shop.currency),
        ] {
            if let Some(value) = value {
                *field = value;
            }
        }
        let before = shop.lifecycle;
        for (value, field) in [
            (self.new_for_days, &mut shop.lifecycle.new_for_days),
            (self.at_risk_after_days, &mut shop.lifecycle.at_risk_after_days),
            (self.dormant_after_days, &mut shop.lifecycle.dormant_after_days),
            (self.lost_after_days, &mut shop.lifecycle.lost_after_days),
        ] {
            *field = value.unwrap_or(*field);
        }
        // Thresholds that the tenant's own have passed meanwhile do not stand in the way of a new name.
        if shop.lifecycle != before {
            check_lifecycle(shop, tenant)?;
        }
        if let Some(given) = self.webhook_secrets {
            let mut report = Report::default();
            secrets::check(shop.platform, &given, &mut report);
            refuse(report.into_violations())?;
            shop.webhook_secrets =
                secrets::seal(app.config.secrets_key.as_ref(), &given, shop.tenant, shop.id)?;
        }
        Ok(())
    }
}

/// List shops
///
/// All shops of the tenant, oldest first.
#[utoipa::path(
    tag = "Shops",
    security(("bearer" = ["settings:read"])),
    params(Paging),
    responses((status = 200, description = "A page of shops.", body = Page<ShopResponse>)),
)]
#[get("/v1/shops")]
async fn list_shops(
    caller: Require<scope::SettingsRead>,
    app: web::Data<AppState>,
    paging: Paging,
) -> Result<Page<ShopResponse>> {
    let (tenant, after) = (caller.tenant, paging.after::<ShopId>()?);
    let (rows, counted) = (paging.rows(), paging.count);
    let (shops, total) = app
        .db
        .read(move |connection| {
            let total = counted.then(|| store::count(connection, tenant)).transpose()?;
            Ok::<_, Error>((store::list(connection, tenant, after, rows)?, total))
        })
        .await?;
    let page = paging.page(shops, |shop| shop.id, ShopResponse::from)?;
    Ok(Page { total, ..page })
}

/// Create a shop
///
/// Makes a shop on a platform. What the platform calls it must be new for the platform.
#[utoipa::path(
    tag = "Shops",
    security(("bearer" = ["settings:write"])),
    params(Idempotency),
    request_body = CreateShopRequest,
    responses((status = 201, description = "The new shop.", body = ShopResponse)),
)]
#[post("/v1/shops")]
async fn create_shop(
    caller: Require<scope::SettingsWrite>,
    app: web::Data<AppState>,
    idempotency: Idempotency,
    body: Body<CreateShopRequest>,
) -> Result<Reply<ShopResponse>> {
    let claim = idempotency.claim(&caller, &body.raw)?;
    let tenant = app.tenants.get(caller.tenant).await?;
    let now = app.clock.now();
    let shop = body.value.into_shop(&app, &tenant, app.ids.id(now), now)?;
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                store::insert(connection, &shop)?;
                Ok((StatusCode::CREATED, ShopResponse::from(shop)))
            })
        })
        .await?;
    let address = format!("/v1/shops/{}", stored.value.id);
    Ok(stored.reply().revision(1).location(address))
}

/// Read a shop
///
/// Its webhook secrets are never told; the answer says how many there are.
#[utoipa::path(
    tag = "Shops",
    security(("bearer" = ["settings:read"])),
    params(("shop_id" = ShopId, Path, description = "The shop.")),
    responses((status = 200, description = "The shop.", body = ShopResponse)),
)]
#[get("/v1/shops/{shop_id}")]
async fn get_shop(
    caller: Require<scope::SettingsRead>,
    app: web::Data<AppState>,
    path: UrlPath<ShopId>,
) -> Result<Reply<ShopResponse>> {
    let (tenant, id) = (caller.tenant, path.0);
    let shop = app.db.read(move |connection| service::get(connection, tenant, id)).await?;
    Ok(Reply::ok_at(shop.revision, ShopResponse::from(shop)))
}

/// Change a shop
///
/// A JSON merge patch. The platform stays as it is.
#[utoipa::path(
    tag = "Shops",
    security(("bearer" = ["settings:write"])),
    params(("shop_id" = ShopId, Path, description = "The shop."), IfMatch),
    request_body = UpdateShopRequest,
    responses((status = 200, description = "The shop as it is now.", body = ShopResponse)),
)]
#[patch("/v1/shops/{shop_id}")]
async fn update_shop(
    caller: Require<scope::SettingsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<ShopId>,
    if_match: IfMatch,
    body: PatchBody<UpdateShopRequest>,
) -> Result<Reply<ShopResponse>> {
    let now = app.clock.now();
    let (id, caller) = (path.0, caller.clone());
    let tenant = app.tenants.get(caller.tenant).await?;
    let state = app.clone();
    let shop = app
        .db
        .write(move |connection| {
            service::update(connection, tenant.id, id, now, |shop| {
                if_match.check(shop.revision, &caller)?;
                body.0.apply(shop, &state, &tenant)
            })
        })
        .await?;
    app.endpoints.forget(shop.tenant, shop.id);
    Ok(Reply::ok_at(shop.revision, ShopResponse::from(shop)))
}

/// Delete a shop
///
/// Only while nothing belongs to it; with orders, customers or products it is refused.
#[utoipa::path(
    tag = "Shops",
    security(("bearer" = ["settings:write"])),
    params(("shop_id" = ShopId, Path, description = "The shop."), IfMatch),
    responses((status = 204, description = "The shop is gone.")),
)]
#[delete("/v1/shops/{shop_id}")]
async fn delete_shop(
    caller: Require<scope::SettingsWrite>,
    app: web::Data<AppState>,
    path: UrlPath<ShopId>,
    if_match: IfMatch,
) -> Result<HttpResponse> {
    let (tenant, id, caller) = (caller.tenant, path.0, caller.clone());
    app.db
        .write(move |connection| {
            let allow = |shop: &Shop| if_match.check(shop.revision, &caller);
            service::delete(connection, tenant, id, allow)
        })
        .await?;
    app.endpoints.forget(tenant, id);
    Ok(HttpResponse::NoContent().finish())
}
