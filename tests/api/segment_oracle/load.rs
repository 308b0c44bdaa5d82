//! A shop in memory into a database, through the same doors as everybody.

use diesel::prelude::*;
use huitou::catalog::{self, ProductItem};
use huitou::clock::{IdGen, RandomIds};
use huitou::customers::keys::name_key;
use huitou::customers::service::{self as customers, CustomerItem};
use huitou::db::schema::{
    campaign_members, campaigns, consents, customer_channels, customer_tags, events, identities, shops, tags,
    tenants, touches,
};
use huitou::db::types::Json;
use huitou::db::{AnyConnection, Db};
use huitou::ids::{CustomerId, Id, IdKind, IdentityId, TenantId};
use huitou::ingest::{self, Incoming};
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::{Customer, Order, World};

/// What tests need an id for that the service has no noun for.
struct Thing;

impl IdKind for Thing {
    const PREFIX: &'static str = "tst";
    const NAME: &'static str = "Thing";
    const EXAMPLE: &'static str = "tst";
}

/// Writes the whole shop into a fresh tenant; customers and orders get the ids that the service gave them.
pub fn load(db: &Db, world: &mut World) -> TenantId {
    let ids: &dyn IdGen = &RandomIds::default();
    let tenant: TenantId = ids.id(world.now);
    db.write_blocking(|connection| -> Result<(), huitou::error::Error> {
        open(connection, tenant, world)?;
        let products: Vec<ProductItem> =
            world.products.iter().map(|product| product_item(world, product)).collect();
        for written in catalog::service::upsert(connection, tenant, &products, world.now, ids)? {
            written?;
        }
        let mut loaded = std::mem::take(&mut world.customers);
        for customer in &mut loaded {
            write_customer(connection, tenant, world, customer, ids)?;
        }
        world.customers = loaded;
        let guests: Vec<Incoming> = world.guests.iter().map(|order| incoming(order, None)).collect();
        ingest::apply(connection, tenant, &guests, world.now, ids)?;
        write_tags(connection, tenant, world, ids)?;
        write_campaigns(connection, tenant, world)?;
        write_touches(connection, tenant, world, ids)?;
        Ok(())
    })
    .expect("the shop can be loaded");
    tenant
}

fn open(connection: &mut AnyConnection, tenant: TenantId, world: &World) -> QueryResult<()> {
    diesel::insert_into(tenants::table)
        .values((
            (tenants::tenant_id.eq(tenant), tenants::name.eq("t"), tenants::timezone.eq(&world.zone)),
            (tenants::currency.eq(world.currency), tenants::country.eq(Some("CN"))),
            (tenants::settings.eq(Json(json!({}))), tenants::revision.eq(1i64)),
            (tenants::created_at.eq(world.now), tenants::updated_at.eq(world.now)),
        ))
        .execute(connection)?;
    for shop in &world.shops {
        diesel::insert_into(shops::table)
            .values((
                (shops::tenant_id.eq(tenant), shops::id.eq(shop.id), shops::platform.eq(shop.platform)),
                (shops::external_id.eq(&shop.external_id), shops::name.eq(&shop.name)),
                (shops::timezone.eq(&shop.zone), shops::currency.eq(shop.currency)),
                (shops::lifecycle.eq(Json(json!({}))), shops::revision.eq(1i64)),
                (shops::created_at.eq(world.now), shops::updated_at.eq(world.now)),
            ))
            .execute(connection)?;
    }
    Ok(())
}

fn product_item(world: &World, product: &super::model::Product) -> ProductItem {
    let currency = world.shops.iter().find(|shop| shop.id == product.shop).map(|shop| shop.currency);
    let document = json!({"title": "A product", "brand": product.brand, "category": product.category, "tags": product.tags, "currency": currency});
    ProductItem {
        shop_id: product.shop,
        external_id: product.external_id.clone(),
        document: serde_json::from_value(document).expect("a product"),
    }
}

fn write_customer(
    connection: &mut AnyConnection,
    tenant: TenantId,
    world: &World,
    customer: &mut Customer,
    ids: &dyn IdGen,
) -> Result<(), huitou::error::Error> {
    let (shop_id, external_id) = customer.identities[0].clone();
    let now = customer.created_at.expect("it was made once");
    let document = json!({
        "name": customer.name, "nick": customer.nick, "gender": customer.gender, "birthday": customer.birthday.map(|day| day.to_string()),
        "language": customer.language, "phone": customer.phone, "email": customer.email,
        "address": {
            "country": customer.country, "province": customer.province, "city": customer.city,
            "district": customer.district,
        },
        "attributes": customer.attributes,
    });
    let document = serde_json::from_value(document).expect("a customer");
    let item = CustomerItem { shop_id, external_id: external_id.clone(), document };
    let written = customers::upsert(connection, tenant, &[item], now, ids)?;
    let id: CustomerId = written.into_iter().next().expect("one")?.id;
    customer.id = id.uuid();
    // As a merge leaves it: another shop's name for the same person.
    for (shop, external_id) in &customer.identities[1..] {
        let own: IdentityId = ids.id(now);
        diesel::insert_into(identities::table)
            .values((
                (identities::tenant_id.eq(tenant), identities::kind.eq("external")),
                (
                    identities::scope.eq(shop.to_string()),
                    identities::value.eq(external_id),
                    identities::id.eq(own),
                ),
                (identities::customer_id.eq(id), identities::origin_id.eq(id), identities::verified.eq(true)),
                (identities::source.eq("order"), identities::created_at.eq(now)),
            ))
            .execute(connection)?;
    }
    let told: Vec<Incoming> = customer.orders.iter().map(|order| incoming(order, Some(customer))).collect();
    let outcomes = ingest::apply(connection, tenant, &told, world.now, ids)?;
    for (order, outcome) in customer.orders.iter_mut().zip(outcomes) {
        let outcome = outcome.expect("the order is right");
        order.id = outcome.order_id.uuid();
        assert_eq!(outcome.customer_id, Some(id), "it went to its buyer");
    }
    write_events(connection, tenant, world, customer, id, ids)?;
    write_consents(connection, tenant, world, customer, id, ids)?;
    Ok(())
}

/// The order as its shop tells it; from the shop that it was bought in, where the buyer has an account of its own.
fn incoming(order: &Order, customer: Option<&Customer>) -> Incoming {
    let refunds: Vec<Value> = order
        .refunds
        .iter()
        .enumerate()
        .map(|(number, (at, amount))| json!({"external_id": number.to_string(), "refunded_at": at, "amount": amount}))
        .collect();
    let lines: Vec<Value> = order
        .lines
        .iter()
        .map(|line| {
            json!({
                "product_external_id": line.product, "sku": line.sku, "title": line.title, "category": line.category,
                "attributes": line.attributes, "quantity": line.quantity, "unit_amount": line.unit,
                "total_amount": line.total,
            })
        })
        .collect();
    let account =
        customer.and_then(|customer| customer.identities.iter().find(|(shop, _)| *shop == order.shop));
    let buyer = account.map(|(_, external_id)| json!({"external_id": external_id}));
    let document = json!({
        "version": order.paid_at.unwrap_or(order.ordered_at), "status": order.status, "ordered_at": order.ordered_at,
        "paid_at": order.paid_at, "currency": order.currency, "total_amount": order.total,
        "discount_amount": order.discount, "exchange_rate": order.rate, "refunds": refunds, "source": order.source,
        "promotions": order.promotions, "coupon_codes": order.coupons, "attributes": order.attributes, "lines": lines,
        "customer": buyer,
    });
    let document = serde_json::from_value(document).expect("an order");
    Incoming { shop_id: order.shop, external_id: order.external_id.clone(), document }
}

fn write_events(
    connection: &mut AnyConnection,
    tenant: TenantId,
    world: &World,
    customer: &Customer,
    id: CustomerId,
    ids: &dyn IdGen,
) -> QueryResult<()> {
    for event in &customer.events {
        let own: Id<Thing> = ids.id(world.now);
        diesel::insert_into(events::table)
            .values((
                (events::tenant_id.eq(tenant), events::id.eq(own)),
                (events::customer_id.eq(id), events::origin_id.eq(id), events::shop_id.eq(event.shop)),
                (
                    events::kind.eq(&event.kind),
                    events::occurred_at.eq(event.at),
                    events::recorded_at.eq(world.now),
                ),
                events::properties.eq(Json(json!(event.properties))),
            ))
            .execute(connection)?;
    }
    Ok(())
}

fn write_consents(
    connection: &mut AnyConnection,
    tenant: TenantId,
    world: &World,
    customer: &Customer,
    id: CustomerId,
    ids: &dyn IdGen,
) -> QueryResult<()> {
    let mut channels = std::collections::BTreeSet::new();
    for consent in &customer.consents {
        let own: Id<Thing> = ids.id(world.now);
        let source = Uuid::from_u128(own.uuid().as_u128()).to_string();
        diesel::insert_into(consents::table)
            .values((
                (consents::tenant_id.eq(tenant), consents::id.eq(own)),
                (
                    consents::customer_id.eq(id),
                    consents::origin_id.eq(id),
                    consents::channel.eq(consent.channel),
                ),
                (consents::granted.eq(consent.granted), consents::stated_at.eq(consent.at)),
                (consents::source.eq(source), consents::recorded_at.eq(world.now)),
            ))
            .execute(connection)?;
        channels.insert(consent.channel);
    }
    for channel in channels {
        let granted = customer.consent(channel).expect("something was said");
        diesel::insert_into(customer_channels::table)
            .values((
                (customer_channels::tenant_id.eq(tenant), customer_channels::customer_id.eq(id)),
                (customer_channels::channel.eq(channel), customer_channels::granted.eq(granted)),
                customer_channels::since.eq(world.now),
            ))
            .execute(connection)?;
    }
    Ok(())
}

fn write_tags(
    connection: &mut AnyConnection,
    tenant: TenantId,
    world: &World,
    ids: &dyn IdGen,
) -> QueryResult<()> {
    let names: std::collections::BTreeSet<&String> =
        world.customers.iter().flat_map(|customer| &customer.tags).collect();
    for name in names {
        let tag: Id<Thing> = ids.id(world.now);
        diesel::insert_into(tags::table)
            .values((
                (tags::tenant_id.eq(tenant), tags::id.eq(tag), tags::name.eq(name)),
                (tags::name_key.eq(name_key(name).expect("a name")), tags::revision.eq(1i64)),
                (tags::created_at.eq(world.now), tags::updated_at.eq(world.now)),
            ))
            .execute(connection)?;
        for customer in world.customers.iter().filter(|customer| customer.tags.contains(name)) {
            let id: CustomerId = Id::from_uuid(customer.id);
            diesel::insert_into(customer_tags::table)
                .values((
                    (customer_tags::tenant_id.eq(tenant), customer_tags::tag_id.eq(tag)),
                    (customer_tags::customer_id.eq(id), customer_tags::origin_id.eq(id)),
                    (customer_tags::source.eq("hand"), customer_tags::since.eq(world.now)),
                ))
                .execute(connection)?;
        }
    }
    Ok(())
}

fn write_campaigns(connection: &mut AnyConnection, tenant: TenantId, world: &World) -> QueryResult<()> {
    for (place, campaign) in world.campaigns.iter().enumerate() {
        let plan = json!({
            "name": campaign.name, "channels": ["sms"], "variants": [{"key": "a", "weight": 100.0}],
            "conversion": {"minimum_amount": campaign.minimum},
        });
        diesel::insert_into(campaigns::table)
            .values((
                (campaigns::tenant_id.eq(tenant), campaigns::id.eq(campaign.id)),
                (campaigns::name.eq(campaign.name), campaigns::purpose.eq("other")),
                (campaigns::state.eq("running"), campaigns::plan.eq(Json(plan)), campaigns::seed.eq("s")),
                (campaigns::external.eq(false), campaigns::launched_at.eq(Some(campaign.launched_at))),
                (campaigns::ends_at.eq(Some(campaign.ends_at)), campaigns::revision.eq(1i64)),
                (campaigns::created_at.eq(world.now), campaigns::updated_at.eq(world.now)),
            ))
            .execute(connection)?;
        for customer in &world.customers {
            let Some(arm) = customer.arms.get(&place).copied() else { continue };
            let id: CustomerId = Id::from_uuid(customer.id);
            diesel::insert_into(campaign_members::table)
                .values((
                    (campaign_members::tenant_id.eq(tenant), campaign_members::campaign_id.eq(campaign.id)),
                    (campaign_members::origin_id.eq(id), campaign_members::customer_id.eq(id)),
                    campaign_members::arm.eq(arm),
                ))
                .execute(connection)?;
        }
    }
    Ok(())
}

fn write_touches(
    connection: &mut AnyConnection,
    tenant: TenantId,
    world: &World,
    ids: &dyn IdGen,
) -> QueryResult<()> {
    for customer in &world.customers {
        let id: CustomerId = Id::from_uuid(customer.id);
        for touch in &customer.touches {
            let own: Id<Thing> = ids.id(world.now);
            let at = |outcome: &str| touch.outcomes.get(outcome).copied();
            let campaign = touch.campaign.map(|place| world.campaigns[place].id);
            diesel::insert_into(touches::table)
                .values((
                    (touches::tenant_id.eq(tenant), touches::channel.eq(touch.channel)),
                    (touches::external_id.eq(own.to_string()), touches::id.eq(own)),
                    (
                        touches::customer_id.eq(id),
                        touches::origin_id.eq(id),
                        touches::campaign_id.eq(campaign),
                    ),
                    (touches::arm.eq(touch.arm), touches::subject.eq(touch.subject)),
                    (touches::touched_at.eq(touch.at), touches::sent_at.eq(at("sent"))),
                    (touches::delivered_at.eq(at("delivered")), touches::opened_at.eq(at("opened"))),
                    (touches::clicked_at.eq(at("clicked")), touches::replied_at.eq(at("replied"))),
                    (touches::answered_at.eq(at("answered")), touches::refused_at.eq(at("refused"))),
                    (touches::objected_at.eq(at("objection")), touches::bounced_at.eq(at("bounced"))),
                    (
                        touches::complained_at.eq(at("complained")),
                        touches::unsubscribed_at.eq(at("unsubscribed")),
                    ),
                    (touches::created_at.eq(world.now), touches::updated_at.eq(world.now)),
                ))
                .execute(connection)?;
        }
    }
    Ok(())
}
