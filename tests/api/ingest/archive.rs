//! An archive to put orders into, and its whole content in a form that can be compared.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use diesel::prelude::*;
use huitou::clock::{Clock, FixedClock, IdGen, RandomIds};
use huitou::db::schema::{
    customer_facts, customer_shop_facts, customers, identities, notes, order_lines, order_refunds, orders,
    own_contacts, shops, tenants,
};
use huitou::db::types::Json;
use huitou::db::{Db, DbError, DbOptions, Target};
use huitou::ids::{CustomerId, OrderId, ShopId, TenantId};
use huitou::ingest::{self, Incoming, Outcome};
use huitou::time::Timestamp;
use serde_json::json;

/// A tenant with two shops, in a database of either kind.
pub struct Archive {
    pub db: Db,
    pub tenant: TenantId,
    pub shops: [ShopId; 2],
    pub clock: Arc<FixedClock>,
    pub ids: Arc<dyn IdGen>,
}

/// The moment at which all tests of this kind take place.
pub fn now() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().unwrap()
}

pub fn open(url: &str) -> Db {
    let target = Target::parse(url).unwrap();
    let mut connection = target.connect(true).unwrap();
    huitou::db::migrate::up(&mut connection).unwrap();
    Db::new(&target, None, &DbOptions::default()).unwrap()
}

impl Archive {
    /// A fresh tenant in this database.
    pub fn new(db: &Db) -> Self {
        let ids: Arc<dyn IdGen> = Arc::new(RandomIds::default());
        let tenant: TenantId = ids.id(now());
        let mut names = [ids.id(now()), ids.id(now())];
        names.sort();
        let settings = json!({"exchange_rates": [
            {"currency": "USD", "from": "2026-01-01", "rate": "7.1"},
            {"currency": "USD", "from": "2026-07-01", "rate": "7.2"},
        ]});
        db.write_blocking(|c| -> Result<(), DbError> {
            diesel::insert_into(tenants::table)
                .values((
                    (
                        tenants::tenant_id.eq(tenant),
                        tenants::name.eq("t"),
                        tenants::timezone.eq("Asia/Shanghai"),
                    ),
                    (
                        tenants::currency.eq("CNY"),
                        tenants::country.eq(Some("CN")),
                        tenants::settings.eq(Json(settings)),
                    ),
                    (
                        tenants::created_at.eq(now()),
                        tenants::updated_at.eq(now()),
                        tenants::revision.eq(1i64),
                    ),
                ))
                .execute(c)?;
            for (number, shop) in names.iter().enumerate() {
                diesel::insert_into(shops::table)
                    .values((
                        (shops::tenant_id.eq(tenant), shops::id.eq(shop), shops::platform.eq("standard")),
                        (
                            shops::external_id.eq(number.to_string()),
                            shops::name.eq("s"),
                            shops::timezone.eq("UTC"),
                        ),
                        (
                            shops::currency.eq("CNY"),
                            shops::lifecycle.eq(Json(json!({}))),
                            shops::revision.eq(1i64),
                        ),
                        (shops::created_at.eq(now()), shops::updated_at.eq(now())),
                    ))
                    .execute(c)?;
            }
            Ok(())
        })
        .unwrap();
        Self { db: db.clone(), tenant, shops: names, clock: Arc::new(FixedClock::at(now())), ids }
    }

    /// Puts one batch in; a lost race is tried again, as the writer does.
    pub fn apply(&self, items: &[Incoming]) -> Vec<Outcome> {
        loop {
            let outcome = self
                .db
                .write_blocking(|c| ingest::apply(c, self.tenant, items, self.clock.now(), &*self.ids));
            match outcome {
                Err(DbError::Conflict(_) | DbError::Taken(_)) => {}
                outcome => return outcome.unwrap().into_iter().map(Result::unwrap).collect(),
            }
        }
    }

    /// Computes all facts anew, and tells how many orders could be converted by now.
    pub fn rebuild(&self) -> usize {
        let mut connection = self.db.dedicated().unwrap();
        let rebuilt = ingest::rebuild::facts(&mut connection, self.tenant, now(), &*self.ids, |_| {});
        rebuilt.unwrap().converted
    }

    /// Replaces the exchange rates of the settings.
    pub fn set_rates(&self, rates: serde_json::Value) {
        let settings = Json(json!({ "exchange_rates": rates }));
        self.db
            .write_blocking(|c| -> Result<usize, DbError> {
                let tenant = tenants::table.filter(tenants::tenant_id.eq(self.tenant));
                Ok(diesel::update(tenant).set(tenants::settings.eq(settings)).execute(c)?)
            })
            .unwrap();
    }

    /// Every row of the archive, with natural keys in place of ids and without the times of writing.
    pub fn dump(&self) -> BTreeSet<String> {
        let tenant = self.tenant;
        let shop = |id: ShopId| self.shops.iter().position(|known| *known == id).unwrap();
        self.db
            .read_blocking(|c| -> Result<_, DbError> {
                let mut rows = BTreeSet::new();
                let known: Vec<(String, String, CustomerId, Option<CustomerId>)> = identities::table
                    .filter(identities::tenant_id.eq(tenant))
                    .order((identities::kind, identities::value, identities::scope))
                    .select((
                        identities::scope,
                        identities::value,
                        identities::customer_id,
                        identities::origin_id,
                    ))
                    .load(c)?;
                // Customers are called by all that they are known by.
                let mut people: HashMap<CustomerId, String> = HashMap::new();
                let mut origins: HashMap<CustomerId, String> = HashMap::new();
                for (scope, value, id, origin) in known {
                    let name = match scope.parse() {
                        Ok(id) => format!("{}:{value}", shop(id)),
                        Err(_) => value,
                    };
                    let names = people.entry(id).or_default();
                    if !names.is_empty() {
                        names.push('+');
                    }
                    names.push_str(&name);
                    origins.insert(origin.unwrap(), name);
                }
                let person = |id: Option<CustomerId>| id.map(|id| people[&id].clone());

                let mut keys: HashMap<OrderId, String> = HashMap::new();
                #[expect(clippy::type_complexity, reason = "a row is what it is")]
                let found: Vec<(
                    (OrderId, ShopId, String, Option<CustomerId>, String, Timestamp, Timestamp),
                    (
                        Option<Timestamp>,
                        Option<Timestamp>,
                        Option<Timestamp>,
                        Option<Timestamp>,
                        Option<Timestamp>,
                    ),
                    (Option<String>, Option<i64>, Option<i64>, Option<i64>, i64, Option<String>),
                    (Option<i64>, Option<i64>, i64, Option<String>),
                    (Json, Json, Json, Json, Json),
                )> = orders::table
                    .filter(orders::tenant_id.eq(tenant))
                    .select((
                        (
                            orders::id,
                            orders::shop_id,
                            orders::external_id,
                            orders::customer_id,
                            orders::status,
                            orders::version,
                            orders::ordered_at,
                        ),
                        (
                            orders::paid_at,
                            orders::shipped_at,
                            orders::delivered_at,
                            orders::completed_at,
                            orders::closed_at,
                        ),
                        (
                            orders::currency,
                            orders::total_amount,
                            orders::discount_amount,
                            orders::shipping_amount,
                            orders::refunded_amount,
                            orders::exchange_rate,
                        ),
                        (orders::gross_amount, orders::net_amount, orders::items, orders::source),
                        (
                            orders::promotions,
                            orders::coupon_codes,
                            orders::personal,
                            orders::attributes,
                            orders::merge_state,
                        ),
                    ))
                    .load(c)?;
                for (
                    (id, in_shop, external_id, customer, status, version, at),
                    dates,
                    amounts,
                    worth,
                    json,
                ) in found
                {
                    let key = format!("{}/{external_id}", shop(in_shop));
                    rows.insert(format!(
                        "order {key} {:?} {status} {version} {at} {dates:?} {amounts:?} {worth:?} {json:?}",
                        person(customer)
                    ));
                    keys.insert(id, key);
                }
                #[expect(clippy::type_complexity, reason = "a row is what it is")]
                let lines: Vec<(
                    (OrderId, i64, ShopId, Option<CustomerId>, Option<Timestamp>),
                    (Option<String>, Option<String>, Json, i64, i64),
                )> = order_lines::table
                    .filter(order_lines::tenant_id.eq(tenant))
                    .select((
                        (
                            order_lines::order_id,
                            order_lines::position,
                            order_lines::shop_id,
                            order_lines::customer_id,
                            order_lines::paid_at,
                        ),
                        (
                            order_lines::sku,
                            order_lines::title,
                            order_lines::attributes,
                            order_lines::quantity,
                            order_lines::total_amount,
                        ),
                    ))
                    .load(c)?;
                for ((order, position, in_shop, customer, paid), content) in lines {
                    let (key, in_shop, customer) = (&keys[&order], shop(in_shop), person(customer));
                    rows.insert(format!("line {key} {position} {in_shop} {customer:?} {paid:?} {content:?}"));
                }
                let refunds: Vec<(OrderId, String, Timestamp, i64, bool)> = order_refunds::table
                    .filter(order_refunds::tenant_id.eq(tenant))
                    .select((
                        order_refunds::order_id,
                        order_refunds::external_id,
                        order_refunds::refunded_at,
                        order_refunds::amount,
                        order_refunds::derived,
                    ))
                    .load(c)?;
                for (order, id, at, amount, derived) in refunds {
                    rows.insert(format!("refund {} {id} {at} {amount} {derived}", keys[&order]));
                }
                let own: HashMap<CustomerId, Json> = own_contacts::table
                    .filter(own_contacts::tenant_id.eq(tenant))
                    .select((own_contacts::customer_id, own_contacts::contact))
                    .load(c)?
                    .into_iter()
                    .collect();
                type Text = Option<String>;
                type Contact = (CustomerId, Text, Text, Text, Text, Text, Text, Text, Json, Json);
                let contacts: Vec<Contact> = customers::table
                    .filter(customers::tenant_id.eq(tenant))
                    .select((
                        customers::id,
                        customers::name,
                        customers::name_key,
                        customers::phone,
                        customers::phone_reversed,
                        customers::email,
                        customers::city,
                        customers::email_key,
                        customers::attributes,
                        customers::stamps,
                    ))
                    .load(c)?;
                for row in contacts {
                    let who = people.get(&row.0);
                    // What was told of each alone, whoever of those who are one stands.
                    let alone = match own.get(&row.0) {
                        Some(Json(told)) => {
                            json!([
                                told["name"],
                                told["phone"],
                                told["email"],
                                told["attributes"],
                                told["stamps"]
                            ])
                        }
                        None => json!([row.1, row.3, row.5, row.8.0, row.9.0]),
                    };
                    rows.insert(format!("of {:?} alone {alone}", origins.get(&row.0)));
                    let contact = (row.1, row.2, row.3, row.4, row.5, row.6, row.7, row.8, row.9);
                    let Some(who) = who else { continue };
                    rows.insert(format!("customer {who:?} {contact:?}"));
                }
                type Facts =
                    (i64, i64, i64, i64, i64, i64, i64, i64, i64, Option<Timestamp>, Option<Timestamp>);
                macro_rules! facts_of {
                    ($table:ident) => {
                        (
                            $table::orders,
                            $table::orders_kept,
                            $table::orders_unconverted,
                            $table::orders_refunded,
                            $table::unpaid_orders,
                            $table::gross_amount,
                            $table::refunded_amount,
                            $table::spent_amount,
                            $table::items,
                            $table::first_order_at,
                            $table::last_order_at,
                        )
                    };
                }
                let facts: Vec<(CustomerId, Facts)> = customer_facts::table
                    .filter(customer_facts::tenant_id.eq(tenant))
                    .select((customer_facts::customer_id, facts_of!(customer_facts)))
                    .load(c)?;
                for (customer, facts) in facts {
                    let merged = (0, 0, 0, 0, 0, 0, 0, 0, 0, None, None);
                    match people.get(&customer) {
                        Some(who) => drop(rows.insert(format!("facts Some({who:?}) {facts:?}"))),
                        None => assert_eq!(facts, merged, "nothing is left with one who was merged"),
                    }
                }
                let recorded: Vec<(String, CustomerId, CustomerId)> = notes::table
                    .filter(notes::tenant_id.eq(tenant))
                    .select((notes::body, notes::customer_id, notes::origin_id))
                    .load(c)?;
                for (body, customer, _) in recorded {
                    rows.insert(format!("note {body} {:?}", person(Some(customer))));
                }
                let facts: Vec<(CustomerId, ShopId, Facts)> = customer_shop_facts::table
                    .filter(customer_shop_facts::tenant_id.eq(tenant))
                    .select((
                        customer_shop_facts::customer_id,
                        customer_shop_facts::shop_id,
                        facts_of!(customer_shop_facts),
                    ))
                    .load(c)?;
                for (customer, in_shop, facts) in facts {
                    rows.insert(format!("facts {:?} in {} {facts:?}", person(Some(customer)), shop(in_shop)));
                }
                Ok(rows)
            })
            .unwrap()
    }
}
