//! How many deliveries wait to be applied, as the metrics tell it.

use diesel::RunQueryDsl;
use huitou::clock::{Clock, SystemClock};
use huitou::db::{AnyConnection, transaction};
use huitou::error::Error;
use huitou::on_backend;
use huitou::webhooks::pending;

use super::push::{Pushing, order};
use crate::support::{Send, on_both};

on_both! {
    async fn pending_deliveries_of_all_tenants_are_counted(app: TestApp) {
        let shops = [
            Pushing::new(&app, &app.tenant().await, "standard").await,
            Pushing::new(&app, &app.tenant().await, "standard").await,
        ];
        for (shop, deliveries) in shops.iter().zip([2, 1]) {
            for number in 0..deliveries {
                let order = order(&number.to_string());
                assert_eq!(shop.push_order(&app, &format!("m{number}"), &order).await.status, 200);
            }
        }
        let mut connection = app.config.database.target.connect(true).unwrap();
        assert_eq!(pending::count(&mut connection).unwrap(), 0);
        // In a transaction that is given up, so that no job of the service is in the way.
        let mut counted = None;
        let given_up: Result<(), Error> = transaction(&mut connection, |connection: &mut AnyConnection| {
            let wait = "UPDATE webhook_deliveries SET status = 'pending', settled_at = NULL";
            on_backend!(connection, c => diesel::sql_query(wait).execute(c)).unwrap();
            for shop in &shops {
                pending::ask(connection, shop.tenant.id.parse().unwrap(), SystemClock.now())?;
            }
            counted = Some(pending::count(connection)?);
            Err(Error::internal("given up"))
        });
        assert!(given_up.is_err());
        assert_eq!(counted, Some(3));
        let metrics = app.get("/metrics").answer().await;
        assert!(String::from_utf8_lossy(&metrics.bytes).contains("huitou_"), "{metrics:?}");
    }
}
