//! `/v1/analytics`.

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::store::{self, Scope, Span, Sums};
use crate::app::AppState;
use crate::auth::{Require, scope};
use crate::currency::average;
use crate::error::{Error, Result};
use crate::http::{PersonalData, Query, Reply};
use crate::ids::ShopId;
use crate::shops::find_shop;
use crate::time::{Day, time_zone};

pub fn routes(config: &mut ServiceConfig) {
    config.service(summarize_orders);
}

/// What is summed up.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SummaryParameters {
    /// The first day; since the beginning where absent. Days are those of the shop's time zone, of the tenant's where
    /// no shop is named.
    #[serde(default)]
    from: Option<Day>,
    /// The last day, which is counted in; until now and beyond where absent.
    #[serde(default)]
    to: Option<Day>,
    /// Only the orders of this shop.
    #[serde(default)]
    shop_id: Option<ShopId>,
}

/// Customers and orders in figures. Orders belong to the day of their payment, unpaid ones to the day on which they
/// were placed. Amounts are in the tenant's currency, minor units.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummaryResponse {
    /// The first day.
    pub from: Option<Day>,
    /// The last day, which is counted in.
    pub to: Option<Day>,
    /// ISO 4217 code of the amounts: the tenant's currency.
    #[schema(example = "CNY")]
    pub currency: String,
    /// The customers that there are, whatever the days; of a shop those who ordered there.
    #[schema(example = 5200)]
    pub customers: i64,
    /// Customers with at least one paid order.
    #[schema(example = 4338)]
    pub buyers: i64,
    /// Customers with two paid orders or more.
    #[schema(example = 2845)]
    pub repeat_buyers: i64,
    /// `repeat_buyers` as a share of `buyers`; `null` without buyers.
    #[schema(example = 0.6558)]
    pub repurchase_rate: Option<f64>,
    /// Paid orders, guests' among them.
    #[schema(example = 18532)]
    pub orders: i64,
    /// Those not refunded in full.
    #[schema(example = 18100)]
    pub orders_kept: i64,
    /// What was paid.
    #[schema(example = 891140790)]
    pub gross_amount: i64,
    /// What was given back of it, whenever that was.
    #[schema(example = 12345600)]
    pub refunded_amount: i64,
    /// What remains.
    #[schema(example = 878795190)]
    pub net_amount: i64,
    /// `net_amount` for each kept order that is in it; `null` without one.
    #[schema(example = 48552)]
    pub average_order_amount: Option<i64>,
    /// Orders that were placed and not paid.
    #[schema(example = 310)]
    pub unpaid_orders: i64,
    /// Kept orders that are in no amount, because their worth in the tenant's currency is not known.
    #[schema(example = 0)]
    pub unconverted_orders: i64,
    /// Paid orders without a customer, part of `orders`.
    #[schema(example = 0)]
    pub guest_orders: i64,
    /// What was paid for them, part of `gross_amount`.
    #[schema(example = 0)]
    pub guest_gross_amount: i64,
    /// What remains of that, part of `net_amount`.
    #[schema(example = 0)]
    pub guest_net_amount: i64,
}

impl PersonalData for SummaryResponse {}

/// Sum up customers and orders
///
/// Buyers, repurchase rate, orders and amounts of a range of days, or of all time.
#[utoipa::path(
    tag = "Analytics",
    security(("bearer" = ["orders:read"])),
    params(SummaryParameters),
    responses((status = 200, description = "The figures.", body = SummaryResponse)),
)]
#[get("/v1/analytics/summary")]
async fn summarize_orders(
    caller: Require<scope::OrdersRead>,
    app: web::Data<AppState>,
    parameters: Query<SummaryParameters>,
) -> Result<Reply<SummaryResponse>> {
    let SummaryParameters { from, to, shop_id } = parameters.0;
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(Error::invalid_parameter("to", "out_of_range", "must not lie before `from`"));
    }
    let tenant = app.tenants.get(caller.tenant).await?;
    let scope = Scope { tenant: caller.tenant, shop: shop_id };
    let (zone, currency) = (tenant.timezone.clone(), tenant.currency.clone());
    let answer = app.db.read_replica(move |connection| {
        let zone = match shop_id {
            Some(shop) => {
                let found = find_shop(connection, scope.tenant, shop)?;
                found.ok_or(Error::NotFound { what: "shop" })?.timezone
            }
            None => zone,
        };
        let zone = time_zone(&zone).ok_or_else(|| Error::internal("a stored time zone is unknown"))?;
        let span =
            Span { from: from.map(|day| day.start(&zone)), until: to.map(|day| day.next().start(&zone)) };
        let sums = store::sums(connection, scope, span)?;
        let unpaid = store::unpaid_orders(connection, scope, span)?;
        let customers = store::customers(connection, scope)?;
        Ok::<_, Error>(SummaryResponse {
            customers,
            unpaid_orders: unpaid,
            from,
            to,
            ..SummaryResponse::of(currency, sums)
        })
    });
    Ok(Reply::ok(answer.await?))
}

impl SummaryResponse {
    fn of(currency: String, sums: Sums) -> Self {
        Self {
            from: None,
            to: None,
            currency,
            customers: 0,
            buyers: sums.buyers,
            repeat_buyers: sums.repeat_buyers,
            repurchase_rate: (sums.buyers > 0).then(|| sums.repeat_buyers as f64 / sums.buyers as f64),
            orders: sums.orders,
            orders_kept: sums.orders_kept,
            gross_amount: sums.gross_amount,
            refunded_amount: sums.gross_amount - sums.net_amount,
            net_amount: sums.net_amount,
            average_order_amount: average(sums.net_amount, sums.orders_kept - sums.unconverted_orders),
            unpaid_orders: 0,
            unconverted_orders: sums.unconverted_orders,
            guest_orders: sums.guest_orders,
            guest_gross_amount: sums.guest_gross_amount,
            guest_net_amount: sums.guest_net_amount,
        }
    }
}
