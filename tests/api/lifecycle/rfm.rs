//! Scores beside those of the R package rfm over its own example data.

use std::path::PathBuf;

use huitou::clock::{Clock, SystemClock};
use huitou::time::{Day, time_zone};
use serde_json::{Value, json};

use super::{Ledger, Paid};
use crate::support::{Send, on_both};

/// The folder with the reference, or nothing and a word where it is absent.
fn reference() -> Option<(Vec<Paid>, Value)> {
    let given = std::env::var_os("HUITOU_SHARED_DATA").map(PathBuf::from);
    let folder =
        given.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data")).join("rfm");
    let Ok(text) = std::fs::read_to_string(folder.join("rfm_data_orders.csv")) else {
        eprintln!("no reference scores under {}: not compared", folder.display());
        return None;
    };
    let orders = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0].to_string(), format!("{}T12:00:00+08:00", cells[1]), cells[2].parse::<i64>().unwrap() * 100)
    });
    let reference = std::fs::read_to_string(folder.join("rfm_reference.json")).unwrap();
    Some((orders.collect(), serde_json::from_str(&reference).unwrap()))
}

/// Customers by score, from the cells.
fn histogram(answer: &crate::support::response::Response, score: &str) -> Vec<i64> {
    let cells = answer.at("cells").as_array().unwrap();
    (1..=5)
        .map(|value| {
            cells
                .iter()
                .filter(|cell| cell[score] == value)
                .map(|cell| cell["customers"].as_i64().unwrap())
                .sum()
        })
        .collect()
}

on_both! {
    async fn bounds_and_scores_are_those_of_the_reference(app: TestApp) {
        let Some((orders, reference)) = reference() else { return };
        let ledger = Ledger::open(&app).await;
        let shop = app.shop(&ledger.tenant, "s").await;
        ledger.pay(&shop, &orders).await;
        let zone = time_zone("Asia/Shanghai").unwrap();
        let today = Day::of(SystemClock.now(), &zone);
        let since = today.days_since("2006-12-31".parse::<Day>().unwrap());
        let cuts = |name: &str, unit: f64, more: f64| -> Vec<i64> {
            let cuts = reference["cuts"][name].as_array().unwrap();
            cuts.iter().map(|cut| (cut.as_f64().unwrap() * unit + more).round() as i64).collect()
        };
        let answer = ledger.get("/v1/analytics/rfm").await;
        // The package adds 1 to a quantile; here the bound is the first whole number above it.
        let found: Vec<i64> = answer.at("/cuts/recency_days").as_array().unwrap().iter()
            .map(|cut| cut.as_i64().unwrap() - since).collect();
        assert_eq!(found, cuts("recency", 1.0, 0.0));
        assert_eq!(answer.at("/cuts/orders"), &json!(cuts("frequency", 1.0, 0.0)));
        assert_eq!(answer.at("/cuts/spent_amount"), &json!(cuts("monetary", 100.0, -99.0)));

        // With the package's own bounds the scores are the package's.
        let ceiling = |name: &str| -> Vec<i64> {
            reference["cuts"][name].as_array().unwrap().iter().map(|cut| cut.as_f64().unwrap().ceil() as i64).collect()
        };
        let recency: Vec<i64> = ceiling("recency").into_iter().map(|days| days + since).collect();
        ledger.set(json!({"rfm": {"method": "fixed", "recency_days": recency, "orders": ceiling("frequency"),
            "spent_amount": cuts("monetary", 100.0, 0.0)}})).await;
        for query in [String::new(), format!("?shop_id={shop}")] {
            let answer = ledger.get(&format!("/v1/analytics/rfm{query}")).await;
            for (ours, theirs) in [("r", "R"), ("f", "F"), ("m", "M")] {
                let expected: Vec<i64> = (1..=5)
                    .map(|score| reference["score_hist_R_F_M"][theirs][score.to_string()].as_i64().unwrap())
                    .collect();
                assert_eq!(histogram(&answer, ours), expected, "{ours}{query}");
            }
            let groups = answer.at("groups").as_array().unwrap();
            assert_eq!(groups.len(), 11);
            assert_eq!(groups.iter().map(|group| group["customers"].as_i64().unwrap()).sum::<i64>(), 995);
        }
    }

    async fn who_never_bought_is_a_prospect(app: TestApp) {
        let ledger = Ledger::open(&app).await;
        let token = app.token(&ledger.tenant, "customers:write");
        app.post("/v1/customers").bearer_auth(token).json(&json!({"name": "Ann"})).answer().await;
        let answer = ledger.get("/v1/analytics/rfm").await;
        assert!(answer.at("cuts").is_null());
        assert_eq!(answer.at("/groups/10"), &json!({"group": "PROSPECTS", "customers": 1, "spent_amount": 0}));
    }

    async fn bounds_that_make_no_sense_are_refused(app: TestApp) {
        let ledger = Ledger::open(&app).await;
        for (settings, pointer, code) in [
            (json!({"rfm": {"method": "fixed"}}), "/rfm/recency_days", "required"),
            (json!({"rfm": {"method": "percentile", "percentiles": [50, 40, 60, 80]}}), "/rfm/percentiles", "out_of_order"),
            (json!({"rfm": {"method": "percentile", "percentiles": [0, 40, 60, 80]}}), "/rfm/percentiles", "out_of_range"),
            (json!({"quality": {"orders": 0}}), "/quality/orders", "out_of_range"),
        ] {
            let answer = app.patch("/v1/settings").bearer_auth(&ledger.token).json(&settings).answer().await;
            assert_eq!(answer.status, 422, "{answer:?}");
            assert!(answer.errors().contains(&(pointer.into(), code.into())), "{answer:?}");
        }
    }
}
