//! All SQL on products.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use serde_json::json;

use super::model::{Product, ProductDocument, ProductStatus};
use crate::db::schema::products;
use crate::db::types::{Guid, Json};
use crate::db::{AnyConnection, Backend, Column, DbError, Keyed, OnConflict, Sql, Table, Upsert};
use crate::error::Result;
use crate::ids::{ProductId, ShopId, TenantId};
use crate::shops::by_shop;
use crate::sql;
use crate::time::Timestamp;

/// The natural key of a product.
pub type ProductKey = (ShopId, String);

/// Which products a list shows. What is absent does not limit it.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub shop_id: Option<ShopId>,
    /// A category with all below it.
    pub category: Option<String>,
    pub status: Option<ProductStatus>,
    /// A part of the title.
    pub title: Option<String>,
    /// A variant's key.
    pub sku: Option<String>,
}

#[derive(QueryableByName)]
#[diesel(table_name = products)]
struct ProductRow {
    id: ProductId,
    shop_id: ShopId,
    external_id: String,
    title: String,
    category: Option<String>,
    brand: Option<String>,
    tags: Json,
    currency: String,
    price_amount: Option<i64>,
    cost_amount: Option<i64>,
    attributes: Json,
    variants: Json,
    status: String,
    url: Option<String>,
    image_url: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: i64,
}

const COLUMNS: &str = "p.id, p.shop_id, p.external_id, p.title, p.category, p.brand, p.tags, p.currency, \
    p.price_amount, p.cost_amount, p.attributes, p.variants, p.status, p.url, p.image_url, p.created_at, \
    p.updated_at, p.revision";

impl ProductRow {
    fn into_product(self) -> Result<Product, DbError> {
        let unreadable =
            |error: serde_json::Error| DbError::Failed(format!("a product cannot be read: {error}"));
        let unknown = || DbError::Failed("a product has an unknown status".into());
        Ok(Product {
            id: self.id,
            shop_id: self.shop_id,
            external_id: self.external_id,
            document: ProductDocument {
                title: self.title,
                category: self.category,
                brand: self.brand,
                tags: self.tags.parse().map_err(unreadable)?,
                currency: Some(self.currency),
                price_amount: self.price_amount,
                cost_amount: self.cost_amount,
                attributes: self.attributes.parse().map_err(unreadable)?,
                variants: self.variants.parse().map_err(unreadable)?,
                status: ProductStatus::parse(&self.status).ok_or_else(unknown)?,
                url: self.url,
                image_url: self.image_url,
            },
            created_at: self.created_at,
            updated_at: self.updated_at,
            revision: self.revision,
        })
    }
}

fn load(connection: &mut AnyConnection, query: &Sql<'_>) -> Result<Vec<Product>, DbError> {
    let rows: Vec<ProductRow> = query.load(connection)?;
    rows.into_iter().map(ProductRow::into_product).collect()
}

/// The product with this id.
pub fn find(connection: &mut AnyConnection, tenant: TenantId, id: ProductId) -> Result<Option<Product>> {
    let text = format!("SELECT {COLUMNS} FROM products p WHERE p.tenant_id = {{}} AND p.id = {{}}");
    Ok(load(connection, &sql!(&text, tenant, id))?.pop())
}

/// Up to `limit` products older than `after`, the newest first.
pub fn list(
    connection: &mut AnyConnection,
    tenant: TenantId,
    filter: &Filter,
    after: Option<ProductId>,
    limit: i64,
) -> Result<Vec<Product>> {
    let mut condition = filter.condition(tenant, connection.backend());
    if let Some(after) = after {
        condition.push(sql!(" AND p.id < {}", after));
    }
    let text = format!("SELECT {COLUMNS} FROM products p WHERE {{}} ORDER BY p.id DESC LIMIT {{}}");
    Ok(load(connection, &sql!(&text, condition, limit))?)
}

/// How many products the list has in all.
pub fn count(connection: &mut AnyConnection, tenant: TenantId, filter: &Filter) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let condition = filter.condition(tenant, connection.backend());
    let query = sql!("SELECT COUNT(*) AS count FROM products p WHERE {}", condition);
    Ok(query.first::<Count>(connection)?.map_or(0, |row| row.count))
}

impl Filter {
    fn condition<'a>(&'a self, tenant: TenantId, backend: Backend) -> Sql<'a> {
        let mut condition = sql!("p.tenant_id = {}", tenant);
        let mut and = |more: Option<Sql<'a>>| more.into_iter().for_each(|more| condition.push(more));
        and(self.shop_id.map(|shop| sql!(" AND p.shop_id = {}", shop)));
        and(self.status.map(|status| sql!(" AND p.status = {}", status.as_str())));
        // Everything below `a` lies between `a/` and `a0`: `0` is the character after `/`.
        and(self.category.as_ref().map(|branch| {
            sql!(
                " AND (p.category = {} OR (p.category >= {} AND p.category < {}))",
                branch,
                format!("{branch}/"),
                format!("{branch}0")
            )
        }));
        // As written, and without regard to letter case as far as the database knows it.
        and(self.title.as_ref().map(|part| {
            sql!(
                " AND (p.title LIKE {} ESCAPE '!' OR LOWER(p.title) LIKE {} ESCAPE '!')",
                containing(part),
                containing(&part.to_lowercase())
            )
        }));
        and(self.sku.as_ref().map(|sku| match backend {
            Backend::Postgres => sql!(" AND p.variants @> {}", Json(json!([{ "sku": sku }]))),
            Backend::Sqlite => sql!(
                " AND EXISTS (SELECT 1 FROM json_each(p.variants) v WHERE json_extract(v.value, '$.sku') = {})",
                sku
            ),
        }));
        condition
    }
}

/// The pattern of a text that has `part` anywhere.
fn containing(part: &str) -> String {
    let mut pattern = String::from("%");
    for character in part.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern + "%"
}

/// Reads and locks the products with these keys.
pub fn lock<'k>(
    connection: &mut AnyConnection,
    tenant: TenantId,
    keys: impl Iterator<Item = &'k ProductKey>,
) -> Result<Vec<Product>, DbError> {
    let mut products = Vec::new();
    for (shop, external_ids) in by_shop(keys) {
        let known = Keyed {
            table: "products",
            alias: "p",
            within: sql!("p.tenant_id = {} AND p.shop_id = {}", tenant, shop),
            key: "external_id",
            keys: Column::texts(external_ids),
            lock: true,
        };
        let known = known.rows(connection);
        products.extend(load(connection, &sql!("SELECT {} FROM {}", Sql::text(COLUMNS), known))?);
    }
    Ok(products)
}

/// The currencies of those of these shops that there are.
pub fn shop_currencies(
    connection: &mut AnyConnection,
    tenant: TenantId,
    shops: impl Iterator<Item = ShopId>,
) -> Result<Vec<(ShopId, String)>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Guid)]
        id: ShopId,
        #[diesel(sql_type = Text)]
        currency: String,
    }
    let rows: Vec<Row> =
        sql!("SELECT id, currency FROM shops WHERE tenant_id = {} AND id {}", tenant, Column::ids(shops))
            .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.id, row.currency)).collect())
}

const PRODUCTS: Table = Table {
    name: "products",
    columns: &[
        "tenant_id",
        "id",
        "shop_id",
        "external_id",
        "title",
        "category",
        "brand",
        "tags",
        "currency",
        "price_amount",
        "cost_amount",
        "attributes",
        "variants",
        "status",
        "url",
        "image_url",
        "created_at",
        "updated_at",
        "revision",
    ],
    key: &["tenant_id", "shop_id", "external_id"],
};

const CHANGES: &[&str] = &[
    "title",
    "category",
    "brand",
    "tags",
    "currency",
    "price_amount",
    "cost_amount",
    "attributes",
    "variants",
    "status",
    "url",
    "image_url",
    "updated_at",
    "revision",
];

/// Writes products that nobody knew, in the order of their keys.
pub fn insert(connection: &mut AnyConnection, tenant: TenantId, new: &[&Product]) -> Result<(), DbError> {
    let inserted = rows(tenant, new, OnConflict::Keep)?.execute(connection)?;
    if inserted == new.len() {
        Ok(())
    } else {
        Err(DbError::Conflict("a product of the batch was made by somebody else meanwhile".into()))
    }
}

/// Overwrites products that were locked.
pub fn update(connection: &mut AnyConnection, tenant: TenantId, changed: &[&Product]) -> Result<(), DbError> {
    rows(tenant, changed, OnConflict::Update(CHANGES))?.execute(connection)?;
    Ok(())
}

fn rows<'a>(
    tenant: TenantId,
    products: &[&'a Product],
    on_conflict: OnConflict,
) -> Result<Upsert<'a>, DbError> {
    let all = || products.iter().copied();
    let told = || all().map(|product| &product.document);
    let json = |value: serde_json::Result<serde_json::Value>| {
        value.map_err(|error| DbError::Failed(error.to_string()))
    };
    let jsons = |values: Vec<serde_json::Result<serde_json::Value>>| -> Result<Column<'a>, DbError> {
        Ok(Column::jsons(values.into_iter().map(json).collect::<Result<Vec<_>, _>>()?))
    };
    let values = vec![
        Column::ids(all().map(|_| tenant)),
        Column::ids(all().map(|product| product.id)),
        Column::ids(all().map(|product| product.shop_id)),
        Column::texts(all().map(|product| product.external_id.as_str())),
        Column::texts(told().map(|document| document.title.as_str())),
        Column::optional_texts(told().map(|document| document.category.as_deref())),
        Column::optional_texts(told().map(|document| document.brand.as_deref())),
        jsons(told().map(|document| serde_json::to_value(&document.tags)).collect())?,
        Column::optional_texts(told().map(|document| document.currency.as_deref())),
        Column::optional_ints(told().map(|document| document.price_amount)),
        Column::optional_ints(told().map(|document| document.cost_amount)),
        jsons(told().map(|document| serde_json::to_value(&document.attributes)).collect())?,
        jsons(told().map(|document| serde_json::to_value(&document.variants)).collect())?,
        Column::texts(told().map(|document| document.status.as_str())),
        Column::optional_texts(told().map(|document| document.url.as_deref())),
        Column::optional_texts(told().map(|document| document.image_url.as_deref())),
        Column::instants(all().map(|product| product.created_at)),
        Column::instants(all().map(|product| product.updated_at)),
        Column::ints(all().map(|product| product.revision)),
    ];
    Ok(Upsert { table: &PRODUCTS, values, on_conflict })
}
