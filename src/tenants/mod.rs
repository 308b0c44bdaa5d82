//! Tenants: the merchants and brands whose data the service keeps, and their settings.
//!
//! A tenant's time zone draws the boundaries of its days, its currency is the one of all sums.

pub mod api;
mod cache;
mod model;
mod service;
mod store;

pub use cache::TenantCache;
pub use model::{ExchangeRate, Lifecycle, LifecycleOverrides, Settings, Tenant};
pub use model::{check_country, check_currency, check_timezone};
pub use service::{NewTenant, create as create_tenant, update as update_tenant};
pub use store::{find as find_tenant, list as list_tenants};
