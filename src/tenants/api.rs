//! `/v1/tenants` for administrators and `/v1/settings` for everybody else.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use actix_web::{get, patch, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::{ExchangeRate, Tenant, check_country, check_currency, check_timezone};
use super::service::{self, NewTenant};
use super::store;
use crate::app::AppState;
use crate::auth::{Require, RequireAdmin, scope};
use crate::campaigns::contact_plan::ContactPlan;
use crate::campaigns::settings::CampaignSettings;
use crate::consents::{ConsentPolicy, ConsentPolicyPatch};
use crate::customers::policy::{IdentityPolicy, IdentityPolicyPatch};
use crate::error::{Error, Result};
use crate::http::{
    Body, Idempotency, IfMatch, Page, Paging, PatchBody, PersonalData, Reply, patched, present,
};
use crate::ids::TenantId;
use crate::lifecycle::{QualitySettings, RfmSettings};
use crate::time::Timestamp;
use crate::validation::{Report, Validate};

pub fn routes(config: &mut ServiceConfig) {
    config.service(create_tenant).service(list_tenants).service(get_settings).service(update_settings);
}

/// A tenant to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateTenantRequest {
    /// The merchant's or brand's name.
    #[schema(example = "Red Scarf", min_length = 1, max_length = 200)]
    name: String,
    /// IANA name of the time zone that draws the boundaries of its days.
    #[schema(example = "Asia/Shanghai")]
    timezone: String,
    /// ISO 4217 code of the currency of all its sums.
    #[schema(example = "CNY")]
    currency: String,
    /// ISO 3166-1 alpha-2 code of the country whose phone numbers are written without a prefix.
    #[serde(default)]
    #[schema(example = "CN")]
    country: Option<String>,
}

impl Validate for CreateTenantRequest {
    fn validate(&self, report: &mut Report) {
        report.text("name", Some(&self.name), LONGEST_NAME);
        check_timezone("timezone", &self.timezone, report);
        check_currency("currency", &self.currency, report);
        if let Some(country) = &self.country {
            check_country("country", country, report);
        }
    }
}

const LONGEST_NAME: usize = 200;

/// A tenant.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct TenantResponse {
    id: TenantId,
    /// The merchant's or brand's name.
    #[schema(example = "Red Scarf")]
    name: String,
    /// IANA name of the time zone that draws the boundaries of its days.
    #[schema(example = "Asia/Shanghai")]
    timezone: String,
    /// ISO 4217 code of the currency of all its sums.
    #[schema(example = "CNY")]
    currency: String,
    /// ISO 3166-1 alpha-2 code of the country whose phone numbers are written without a prefix.
    #[schema(example = "CN")]
    country: Option<String>,
    /// When it was made.
    created_at: Timestamp,
    /// When it was changed last.
    updated_at: Timestamp,
}

impl PersonalData for TenantResponse {}

impl From<Tenant> for TenantResponse {
    fn from(tenant: Tenant) -> Self {
        Self {
            id: tenant.id,
            name: tenant.name,
            timezone: tenant.timezone,
            currency: tenant.currency,
            country: tenant.country,
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
        }
    }
}

/// The settings of the caller's tenant.
#[derive(Debug, Serialize, ToSchema)]
struct SettingsResponse {
    tenant_id: TenantId,
    /// The merchant's or brand's name.
    #[schema(example = "Red Scarf")]
    name: String,
    /// IANA name of the time zone that draws the boundaries of its days.
    #[schema(example = "Asia/Shanghai")]
    timezone: String,
    /// ISO 4217 code of the currency of all its sums.
    #[schema(example = "CNY")]
    currency: String,
    /// ISO 3166-1 alpha-2 code of the country whose phone numbers are written without a prefix.
    #[schema(example = "CN")]
    country: Option<String>,
    /// A customer is new for so many days after the first order.
    #[schema(example = 30)]
    new_for_days: i64,
    /// A customer is at risk so many days after the last order.
    #[schema(example = 80)]
    at_risk_after_days: i64,
    /// A customer is dormant so many days after the last order.
    #[schema(example = 90)]
    dormant_after_days: i64,
    /// A customer is lost so many days after the last order.
    #[schema(example = 365)]
    lost_after_days: i64,
    /// What other currencies are worth, each from a day on.
    exchange_rates: Vec<ExchangeRate>,
    /// Who may be contacted over each channel: with `opt_in` those who allowed it, with `opt_out` those who did not forbid
    /// it.
    consent_policy: ConsentPolicy,
    /// By what customers of several shops are taken for one person.
    identity_policy: IdentityPolicy,
    /// How customers are scored by recency, frequency and money.
    rfm: RfmSettings,
    /// From where on a customer is of high quality.
    quality: QualitySettings,
    /// What figures of campaigns go by.
    campaigns: CampaignSettings,
    /// How often and when campaigns may contact people.
    contact_plan: ContactPlan,
    /// When the tenant was made.
    created_at: Timestamp,
    /// When the settings were changed last.
    updated_at: Timestamp,
}

impl PersonalData for SettingsResponse {}

impl From<Tenant> for SettingsResponse {
    fn from(tenant: Tenant) -> Self {
        let lifecycle = tenant.settings.lifecycle;
        Self {
            tenant_id: tenant.id,
            name: tenant.name,
            timezone: tenant.timezone,
            currency: tenant.currency,
            country: tenant.country,
            new_for_days: lifecycle.new_for_days,
            at_risk_after_days: lifecycle.at_risk_after_days,
            dormant_after_days: lifecycle.dormant_after_days,
            lost_after_days: lifecycle.lost_after_days,
            exchange_rates: tenant.settings.exchange_rates,
            consent_policy: tenant.settings.consent_policy,
            identity_policy: tenant.settings.identity_policy,
            rfm: tenant.settings.rfm,
            quality: tenant.settings.quality,
            campaigns: tenant.settings.campaigns,
            contact_plan: tenant.settings.contact_plan,
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
        }
    }
}

/// What to change; absent fields stay as they are.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct UpdateSettingsRequest {
    /// The merchant's or brand's name.
    #[schema(example = "Red Scarf", min_length = 1, max_length = 200)]
    #[serde(deserialize_with = "present")]
    name: Option<String>,
    /// IANA name of the time zone that draws the boundaries of its days.
    #[schema(example = "Asia/Shanghai")]
    #[serde(deserialize_with = "present")]
    timezone: Option<String>,
    /// ISO 4217 code of the currency of all sums; changes only while there are no orders.
    #[serde(deserialize_with = "present")]
    #[schema(example = "CNY")]
    currency: Option<String>,
    /// ISO 3166-1 alpha-2 code; `null` clears it.
    #[serde(deserialize_with = "patched")]
    #[schema(value_type = Option<String>, example = "CN")]
    country: Option<Option<String>>,
    /// A customer is new for so many days after the first order.
    #[schema(example = 30, minimum = 1, maximum = 3650)]
    #[serde(deserialize_with = "present")]
    new_for_days: Option<i64>,
    /// A customer is at risk so many days after the last order.
    #[schema(example = 80, minimum = 1, maximum = 3650)]
    #[serde(deserialize_with = "present")]
    at_risk_after_days: Option<i64>,
    /// A customer is dormant so many days after the last order.
    #[schema(example = 90, minimum = 1, maximum = 3650)]
    #[serde(deserialize_with = "present")]
    dormant_after_days: Option<i64>,
    /// A customer is lost so many days after the last order.
    #[schema(example = 365, minimum = 1, maximum = 3650)]
    #[serde(deserialize_with = "present")]
    lost_after_days: Option<i64>,
    /// Replaces the list of exchange rates as a whole. One rate for each currency and first day, none for the tenant's own
    /// currency.
    #[schema(max_items = 2000)]
    #[serde(deserialize_with = "present")]
    exchange_rates: Option<Vec<ExchangeRate>>,
    /// The rules of these channels; the others stay as they are.
    #[serde(deserialize_with = "present")]
    consent_policy: Option<ConsentPolicyPatch>,
    /// By what customers of several shops are taken for one person; for what is told from now on.
    #[serde(deserialize_with = "present")]
    identity_policy: Option<IdentityPolicyPatch>,
    /// Replaces how customers are scored as a whole.
    #[serde(deserialize_with = "present")]
    rfm: Option<RfmSettings>,
    /// Replaces from where on a customer is of high quality, as a whole.
    #[serde(deserialize_with = "present")]
    quality: Option<QualitySettings>,
    /// Replaces what figures of campaigns go by as a whole.
    #[serde(deserialize_with = "present")]
    campaigns: Option<CampaignSettings>,
    /// Replaces the contact plan as a whole.
    #[serde(deserialize_with = "present")]
    contact_plan: Option<ContactPlan>,
}

const MOST_RATES: usize = 2_000;

impl Validate for UpdateSettingsRequest {
    fn validate(&self, report: &mut Report) {
        report.text("name", self.name.as_deref(), LONGEST_NAME);
        if let Some(timezone) = &self.timezone {
            check_timezone("timezone", timezone, report);
        }
        if let Some(currency) = &self.currency {
            check_currency("currency", currency, report);
        }
        if let Some(Some(country)) = &self.country {
            check_country("country", country, report);
        }
        if let Some(policy) = &self.identity_policy {
            report.under("identity_policy", |report| policy.check(report));
        }
        if let Some(rfm) = &self.rfm {
            report.under("rfm", |report| rfm.check(report));
        }
        if let Some(quality) = &self.quality {
            report.under("quality", |report| quality.check(report));
        }
        if let Some(campaigns) = &self.campaigns {
            report.under("campaigns", |report| campaigns.check(report));
        }
        if let Some(plan) = &self.contact_plan {
            report.under("contact_plan", |report| plan.check(report));
        }
        let rates = self.exchange_rates.as_deref().unwrap_or_default();
        if report.list_length("exchange_rates", rates.len(), MOST_RATES) {
            for (index, rate) in rates.iter().enumerate() {
                report.under("exchange_rates", |report| report.under(index, |report| rate.check(report)));
            }
            let mut days = HashSet::new();
            report.under("exchange_rates", |report| {
                for (index, rate) in rates.iter().enumerate() {
                    if !days.insert((&rate.currency, &rate.from)) {
                        let key = index.to_string();
                        report.add(&key, "duplicate", "a currency may have only one rate from a day on");
                    }
                }
            });
        }
    }
}

/// The tenant's own currency is worth itself.
fn check_others(rates: &[ExchangeRate], own: &str, report: &mut Report) {
    report.under("exchange_rates", |report| {
        for (index, _) in rates.iter().enumerate().filter(|(_, rate)| rate.currency == own) {
            report.under(index, |report| {
                report.add("currency", "own_currency", "is the tenant's own, which needs no rate");
            });
        }
    });
}

impl UpdateSettingsRequest {
    fn apply(self, tenant: &mut Tenant) -> Result<()> {
        let lifecycle = &mut tenant.settings.lifecycle;
        for (value, field) in [
            (self.new_for_days, &mut lifecycle.new_for_days),
            (self.at_risk_after_days, &mut lifecycle.at_risk_after_days),
            (self.dormant_after_days, &mut lifecycle.dormant_after_days),
            (self.lost_after_days, &mut lifecycle.lost_after_days),
        ] {
            *field = value.unwrap_or(*field);
        }
        let mut report = Report::default();
        lifecycle.check(&mut report);
        let currency = self.currency.as_ref().unwrap_or(&tenant.currency);
        check_others(self.exchange_rates.as_deref().unwrap_or_default(), currency, &mut report);
        let violations = report.into_violations();
        if !violations.is_empty() {
            return Err(violations.into());
        }
        tenant.name = self.name.unwrap_or_else(|| tenant.name.clone());
        tenant.timezone = self.timezone.unwrap_or_else(|| tenant.timezone.clone());
        tenant.currency = self.currency.unwrap_or_else(|| tenant.currency.clone());
        tenant.country = self.country.unwrap_or_else(|| tenant.country.clone());
        if let Some(rates) = self.exchange_rates {
            tenant.settings.exchange_rates = rates;
        }
        if let Some(patch) = self.consent_policy {
            patch.apply(&mut tenant.settings.consent_policy);
        }
        if let Some(patch) = self.identity_policy {
            patch.apply(&mut tenant.settings.identity_policy);
        }
        if let Some(rfm) = self.rfm {
            tenant.settings.rfm = rfm;
        }
        if let Some(quality) = self.quality {
            tenant.settings.quality = quality;
        }
        if let Some(campaigns) = self.campaigns {
            tenant.settings.campaigns = campaigns;
        }
        if let Some(plan) = self.contact_plan {
            tenant.settings.contact_plan = plan;
        }
        Ok(())
    }
}

/// Create a tenant
///
/// Makes a merchant or brand, empty. For tokens with the scope `admin`.
#[utoipa::path(
    tag = "Tenants",
    security(("bearer" = ["admin"])),
    params(Idempotency),
    request_body = CreateTenantRequest,
    responses((status = 201, description = "The new tenant.", body = TenantResponse)),
)]
#[post("/v1/tenants")]
async fn create_tenant(
    admin: RequireAdmin,
    app: web::Data<AppState>,
    idempotency: Idempotency,
    body: Body<CreateTenantRequest>,
) -> Result<Reply<TenantResponse>> {
    let claim = idempotency.claim_for(TenantId::nil(), &admin.subject, &body.raw)?;
    let now = app.clock.now();
    let id = app.ids.id(now);
    let CreateTenantRequest { name, timezone, currency, country } = body.value;
    let new = NewTenant { name, timezone, currency, country };
    let stored = app
        .db
        .write(move |connection| {
            claim.once(connection, now, |connection| {
                let tenant = service::create(connection, new, id, now)?;
                Ok((StatusCode::CREATED, TenantResponse::from(tenant)))
            })
        })
        .await?;
    Ok(stored.reply())
}

/// List tenants
///
/// All merchants and brands, oldest first. For tokens with the scope `admin`.
#[utoipa::path(
    tag = "Tenants",
    security(("bearer" = ["admin"])),
    params(Paging),
    responses((status = 200, description = "A page of tenants.", body = Page<TenantResponse>)),
)]
#[get("/v1/tenants")]
async fn list_tenants(
    _: RequireAdmin,
    app: web::Data<AppState>,
    paging: Paging,
) -> Result<Page<TenantResponse>> {
    let after = paging.after::<TenantId>()?;
    let (rows, counted) = (paging.rows(), paging.count);
    let (tenants, total) = app
        .db
        .read(move |connection| {
            let total = counted.then(|| store::count(connection)).transpose()?;
            Ok::<_, Error>((store::list(connection, after, rows)?, total))
        })
        .await?;
    let page = paging.page(tenants, |tenant| tenant.id, TenantResponse::from)?;
    Ok(Page { total, ..page })
}

/// Read the settings
///
/// The settings of the caller's tenant.
#[utoipa::path(
    tag = "Settings",
    security(("bearer" = ["settings:read"])),
    responses((status = 200, description = "The settings.", body = SettingsResponse)),
)]
#[get("/v1/settings")]
async fn get_settings(
    caller: Require<scope::SettingsRead>,
    app: web::Data<AppState>,
) -> Result<Reply<SettingsResponse>> {
    let tenant = caller.tenant;
    let found = app.db.read(move |connection| store::find(connection, tenant)).await?;
    let tenant = found.ok_or(Error::NotFound { what: "tenant" })?;
    Ok(Reply::ok_at(tenant.revision, SettingsResponse::from(tenant)))
}

/// Change the settings
///
/// A JSON merge patch of the settings of the caller's tenant. The currency stays as it is once there are orders: all
/// sums are in it.
#[utoipa::path(
    tag = "Settings",
    security(("bearer" = ["settings:write"])),
    params(IfMatch),
    request_body = UpdateSettingsRequest,
    responses((status = 200, description = "The settings as they are now.", body = SettingsResponse)),
)]
#[patch("/v1/settings")]
async fn update_settings(
    caller: Require<scope::SettingsWrite>,
    app: web::Data<AppState>,
    if_match: IfMatch,
    body: PatchBody<UpdateSettingsRequest>,
) -> Result<Reply<SettingsResponse>> {
    let now = app.clock.now();
    let (id, who) = (caller.tenant, caller.clone());
    let tenant = app
        .db
        .write(move |connection| {
            service::update(connection, id, now, |tenant| {
                if_match.check(tenant.revision, &who)?;
                body.0.apply(tenant)
            })
        })
        .await?;
    app.tenants.forget(id);
    Ok(Reply::ok_at(tenant.revision, SettingsResponse::from(tenant)))
}
