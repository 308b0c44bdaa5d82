//! All SQL on segments.

use diesel::QueryableByName;
use diesel::sql_types::Text;

use crate::db::AnyConnection;
use crate::error::Result;
use crate::ids::TenantId;
use crate::sql;

/// A category and all under it of which anything was sold: a step through the index for each of them.
pub fn categories_under(
    connection: &mut AnyConnection,
    tenant: TenantId,
    category: &str,
) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        category: String,
    }
    // `0` follows `/`: between the two lies what begins with the path.
    let (from, until) = (format!("{category}/"), format!("{category}0"));
    let query = sql!(
        "WITH RECURSIVE k(category) AS (
             SELECT (SELECT MIN(l.category) FROM order_lines l
                 WHERE l.tenant_id = {} AND l.category >= {} AND l.category < {})
             UNION ALL
             SELECT (SELECT MIN(l.category) FROM order_lines l
                 WHERE l.tenant_id = {} AND l.category > k.category AND l.category < {})
             FROM k WHERE k.category IS NOT NULL)
         SELECT category FROM k WHERE category IS NOT NULL",
        tenant,
        from,
        &until,
        tenant,
        &until
    );
    let rows: Vec<Row> = query.load(connection)?;
    Ok([category.to_owned()].into_iter().chain(rows.into_iter().map(|row| row.category)).collect())
}
