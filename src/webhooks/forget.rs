//! Deliveries that tell of people who are erased: they are looked for and deleted.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryableByName;
use diesel::sql_types::{Nullable, Text};

use crate::db::{AnyConnection, Backend, Column, Sql};
use crate::error::Result;
use crate::ids::{CustomerId, ShopId, TenantId};
use crate::ingest::identities::EXTERNAL;
use crate::privacy::tombstones::PersonKey;
use crate::sql;

/// Forgets what was pushed about these customers and their orders. To be called while both are still theirs.
pub fn forget(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
    keys: &BTreeSet<PersonKey>,
) -> Result<()> {
    let ids = || Column::ids(customers.iter().copied());
    sql!(
        "DELETE FROM webhook_deliveries WHERE tenant_id = {} AND id IN (
             SELECT d.id FROM orders o
             JOIN webhook_deliveries d ON d.tenant_id = {} AND d.shop_id = o.shop_id AND d.subject = o.external_id
             WHERE o.tenant_id = {} AND o.customer_id {})",
        tenant,
        tenant,
        tenant,
        ids(),
    )
    .execute(connection)?;
    let mut by_shop: BTreeMap<ShopId, Vec<&str>> = BTreeMap::new();
    for (_, scope, value) in keys.iter().filter(|(kind, ..)| kind == EXTERNAL) {
        if let Ok(shop) = scope.parse() {
            by_shop.entry(shop).or_default().push(value);
        }
    }
    for (shop, subjects) in by_shop {
        sql!(
            "DELETE FROM webhook_deliveries WHERE tenant_id = {} AND shop_id = {} AND subject {}",
            tenant,
            shop,
            Column::texts(subjects),
        )
        .execute(connection)?;
    }
    let words = words(connection, tenant, customers, keys)?;
    forget_unnamed(connection, tenant, &words)
}

/// Forgets the texts of all that a shop's platform pushed; that something came stays known.
pub fn forget_shop(connection: &mut AnyConnection, tenant: TenantId, shop: ShopId) -> Result<()> {
    let nothing = match connection.backend() {
        Backend::Sqlite => "x''",
        Backend::Postgres => "''::bytea",
    };
    sql!(
        "UPDATE webhook_deliveries SET subject = NULL, query = {}, body = {}
         WHERE tenant_id = {} AND shop_id = {} AND status <> {}",
        "",
        Sql::text(nothing),
        tenant,
        shop,
        "pending"
    )
    .execute(connection)?;
    Ok(())
}

/// What tells that a text is about these people: their keys, phones, mailboxes and orders.
fn words(
    connection: &mut AnyConnection,
    tenant: TenantId,
    customers: &BTreeSet<CustomerId>,
    keys: &BTreeSet<PersonKey>,
) -> Result<BTreeSet<String>> {
    #[derive(QueryableByName)]
    struct Word {
        #[diesel(sql_type = Nullable<Text>)]
        word: Option<String>,
    }
    let ids = || Column::ids(customers.iter().copied());
    let found: Vec<Word> = sql!(
        "SELECT c.phone AS word FROM customers c WHERE c.tenant_id = {} AND c.id {}
         UNION SELECT c.email FROM customers c WHERE c.tenant_id = {} AND c.id {}
         UNION SELECT o.external_id FROM orders o WHERE o.tenant_id = {} AND o.customer_id {}",
        tenant,
        ids(),
        tenant,
        ids(),
        tenant,
        ids(),
    )
    .load(connection)?;
    let told = found.into_iter().filter_map(|row| row.word);
    // Short keys stand in any text by chance; in quotes they rarely do.
    let quoted = |word: String| if word.len() < SHORT { format!("\"{word}\"") } else { word };
    Ok(told
        .chain(keys.iter().map(|(.., value)| value.clone()))
        .filter(|word| !word.is_empty())
        .map(quoted)
        .collect())
}

const SHORT: usize = 5;
/// Words in one statement.
const MOST_WORDS: usize = 200;

/// Deliveries about several subjects, or that could not be read, are gone through text by text. There are few.
fn forget_unnamed(connection: &mut AnyConnection, tenant: TenantId, words: &BTreeSet<String>) -> Result<()> {
    let test = match connection.backend() {
        Backend::Sqlite => " OR instr(body, CAST({} AS BLOB)) > 0",
        Backend::Postgres => " OR position(convert_to({}, 'UTF8') IN body) > 0",
    };
    let words: Vec<&String> = words.iter().collect();
    for words in words.chunks(MOST_WORDS) {
        let mut any = Sql::default();
        words.iter().for_each(|word| any.push(sql!(test, word.as_str())));
        sql!(
            "DELETE FROM webhook_deliveries WHERE tenant_id = {} AND subject IS NULL AND ({} <> {}{})",
            tenant,
            0,
            0,
            any,
        )
        .execute(connection)?;
    }
    Ok(())
}
