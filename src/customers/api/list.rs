//! Customers in a list.

use actix_web::{get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::auth::{Caller, Require, scope};
use crate::customers::keys;
use crate::customers::model::CustomerResponse;
use crate::customers::store::{self, Filter, Place, Search, Sort};
use crate::error::{Error, Result};
use crate::http::{Page, Paging, Query};
use crate::ids::ShopId;
use crate::orders::store::Span;
use crate::tags::Named;
use crate::time::Timestamp;

/// Which customers are wanted; what is absent does not limit them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CustomerParameters {
    /// The beginning of a name, a nick or an e-mail address, a phone as a whole or by its last digits (at least four), or
    /// a platform's whole id of the buyer. Needs `pii:read`.
    #[serde(default)]
    #[param(example = "1234", min_length = 1, max_length = 255)]
    q: Option<String>,
    /// The whole phone, however it is written. Needs `pii:read`.
    #[serde(default)]
    #[param(example = "13800001234", max_length = 50)]
    phone: Option<String>,
    /// The whole e-mail address. Needs `pii:read`.
    #[serde(default)]
    #[param(example = "hong@example.com", max_length = 254)]
    email: Option<String>,
    /// Customers whom this shop knows.
    #[serde(default)]
    shop_id: Option<ShopId>,
    /// Whom a platform knows by this whole id; in `shop_id`, or in any shop.
    #[serde(default)]
    #[param(example = "ouid-123", max_length = 255)]
    external_id: Option<String>,
    /// Customers who have this tag, by its id or its name.
    #[serde(default)]
    #[param(example = "VIP", min_length = 1, max_length = 255)]
    tag: Option<String>,
    /// Made at this moment or later.
    #[serde(default)]
    created_after: Option<Timestamp>,
    /// Made before this moment.
    #[serde(default)]
    created_before: Option<Timestamp>,
    /// Contact changed at this moment or later.
    #[serde(default)]
    updated_after: Option<Timestamp>,
    /// Contact changed before this moment.
    #[serde(default)]
    updated_before: Option<Timestamp>,
    /// `-created_at` (the default) for the newest first, `created_at` for the oldest, `-updated_at` and `updated_at` by
    /// the last change, `name` and `-name` (which need `pii:read`) by name, the nameless last.
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
}

impl CustomerParameters {
    /// What goes by personal data would tell it to those who may not see it.
    fn check(&self, caller: &Caller) -> Result<()> {
        for (name, used) in [
            ("q", self.q.is_some()),
            ("phone", self.phone.is_some()),
            ("email", self.email.is_some()),
            ("sort", self.sort.is_personal()),
        ] {
            if used {
                caller.need_personal_data(name)?;
            }
        }
        Ok(())
    }

    /// `country` is where phones without a code belong.
    fn filter(self, country: Option<&str>) -> Result<Filter> {
        let nothing =
            |name: &'static str| move || Error::invalid_parameter(name, "empty", "must not be empty");
        let search = self.q.map(|text| Search::new(&text, country).ok_or_else(nothing("q"))).transpose()?;
        let phone = self.phone.map(|phone| keys::phone_forms(&phone, country));
        if phone.as_ref().is_some_and(Vec::is_empty) {
            return Err(nothing("phone")());
        }
        let email = self.email.map(|email| keys::email_key(&email).ok_or_else(nothing("email")));
        Ok(Filter {
            search,
            phone: phone.unwrap_or_default(),
            email: email.transpose()?,
            shop: self.shop_id,
            external_id: self.external_id,
            tag: self.tag.as_deref().map(Named::read),
            created: Span { after: self.created_after, before: self.created_before },
            updated: Span { after: self.updated_after, before: self.updated_before },
        })
    }
}

/// List customers
///
/// Customers with their contacts. Filters and orders that go by personal data need `pii:read`.
#[utoipa::path(
    tag = "Customers",
    security(("bearer" = ["customers:read"])),
    params(CustomerParameters, Paging),
    responses((status = 200, description = "A page of customers.", body = Page<CustomerResponse>)),
)]
#[get("/v1/customers")]
pub async fn list_customers(
    caller: Require<scope::CustomersRead>,
    app: web::Data<AppState>,
    parameters: Query<CustomerParameters>,
    paging: Paging,
) -> Result<Page<CustomerResponse>> {
    parameters.0.check(&caller)?;
    let tenant = app.tenants.get(caller.tenant).await?;
    let sort = parameters.0.sort;
    let filter = parameters.0.filter(tenant.country.as_deref())?;
    let after = paging.after::<Place>()?;
    let (rows, counted) = (paging.rows(), paging.count);
    let (customers, total) = app
        .db
        .read(move |connection| {
            let total = counted.then(|| store::count(connection, tenant.id, &filter)).transpose()?;
            Ok::<_, Error>((store::list(connection, tenant.id, &filter, sort, after, rows)?, total))
        })
        .await?;
    let page = paging.page(customers, |(place, _)| place.clone(), |(_, customer)| customer)?;
    Ok(Page { total, ..page })
}
