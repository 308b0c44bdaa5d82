//! Which orders count for a campaign.

use crate::campaigns::document::Conversion;
use crate::db::{Backend, Column, Sql};
use crate::ids::TenantId;
use crate::sql;

/// What an order must hold to be a conversion, over `o`.
pub fn qualifying(tenant: TenantId, conversion: &Conversion, backend: Backend) -> Sql<'static> {
    let mut condition = Sql::default();
    if let Some(shop) = conversion.shop_id {
        condition.push(sql!(" AND o.shop_id = {}", shop));
    }
    if let Some(least) = conversion.minimum_amount {
        condition.push(sql!(" AND o.gross_amount >= {}", least));
    }
    if !conversion.products.is_empty() {
        let products = || Column::owned_texts(conversion.products.iter().cloned());
        condition.push(sql!(
            " AND o.id IN (SELECT l.order_id FROM order_lines l WHERE l.tenant_id = {}
                 AND (l.product_external_id {} OR l.sku {}))",
            tenant,
            products(),
            products()
        ));
    }
    if !conversion.coupon_codes.is_empty() {
        let codes = Column::owned_texts(conversion.coupon_codes.iter().cloned());
        let (rows, code) = codes_of(backend);
        let any = sql!(" AND EXISTS (SELECT 1 FROM {} WHERE {} {})", Sql::text(rows), Sql::text(code), codes);
        condition.push(any);
    }
    condition
}

/// Joins the coupon codes of the order `o`, and the column in which they then are.
pub fn codes_of(backend: Backend) -> (&'static str, &'static str) {
    match backend {
        Backend::Postgres => ("jsonb_array_elements_text(o.coupon_codes) u(code)", "u.code"),
        Backend::Sqlite => ("json_each(o.coupon_codes) u", "u.value"),
    }
}
