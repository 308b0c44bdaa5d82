use serde_json::json;

use super::Desk;
use crate::support::on_both;

on_both! {
    async fn personal_data_is_masked_without_its_scope(app: TestApp) {
        let desk = Desk::open(&app).await;
        desk.customer(&app, "1", json!({
            "name": "张小红", "nick": "Red", "birthday": "1990-05-17", "phone": "13800001234", "email": "hong@example.com",
            "address": {"city": "杭州", "district": "西湖", "line": "文三路 1 号", "postcode": "310000"}
        })).await;
        let columns = "name nick birthday phone email city district address_line postcode";
        let columns: Vec<&str> = columns.split(' ').collect();
        let blind = app.token(&desk.tenant, "exports:read");
        let answer = desk.export_as(&app, &blind, &json!({"columns": columns})).await;
        let text = String::from_utf8(answer.bytes).unwrap();
        assert_eq!(
            text.lines().nth(1).unwrap(),
            "张**,R**,1990-**-**,138****1234,h***@example.com,杭州,***,***,***"
        );
        let plain = desk.export(&app, &json!({"columns": columns})).await;
        assert!(String::from_utf8(plain.bytes).unwrap().contains("张小红,Red,1990-05-17,13800001234"));
    }
}
