use serde_json::json;

use super::csv::Rows;
use super::mapping::{Defaults, Mapping};
use super::ndjson::Documents;
use super::{ImportError, Kind, Outcome, Refusal};
use crate::catalog::ProductDocument;
use crate::orders::{OrderDocument, OrderStatus};

const SIMPLE: &str = r#"{
    "kind": "orders", "unit": "major",
    "fields": {
        "external_id": "no", "status": {"column": "state", "values": {"ok": "completed", "end": {"paid": "refunded", "unpaid": "closed"}}},
        "ordered_at": "ordered", "paid_at": "paid", "total_amount": "total",
        "line.title": "title", "line.unit_amount": "price", "line.quantity": {"column": "pieces", "optional": true},
        "line.attributes": {"column": "properties", "optional": true}
    }
}"#;
const HEADER: &str = "no,state,ordered,paid,total,title,price\n";

fn shop() -> Defaults {
    Defaults { currency: "CNY".into(), time_zone: "Asia/Shanghai".into(), as_of: None }
}

fn outcomes(mapping: &str, file: &[u8]) -> Vec<Outcome> {
    let mapping = Mapping::parse(mapping).unwrap();
    Rows::open(file, Kind::Orders, Some(mapping), &shop()).unwrap().map(Result::unwrap).collect()
}

/// The orders of the file, and what was refused.
fn read(mapping: &str, file: &[u8]) -> (Vec<(String, OrderDocument)>, Vec<Refusal>) {
    let mut orders = Vec::new();
    let mut refusals = Vec::new();
    for outcome in outcomes(mapping, file) {
        let document = outcome.and_then(|entry| {
            let key = entry.external_id.clone();
            entry.document().map(|document| (key, document))
        });
        match document {
            Ok(order) => orders.push(order),
            Err(refusal) => refusals.push(refusal),
        }
    }
    (orders, refusals)
}

fn rows(rows: &str) -> (Vec<(String, OrderDocument)>, Vec<Refusal>) {
    read(SIMPLE, format!("{HEADER}{rows}").as_bytes())
}

fn refused(file: &str) -> ImportError {
    let mapping = Mapping::parse(SIMPLE).unwrap();
    match Rows::open(file.as_bytes(), Kind::Orders, Some(mapping), &shop()) {
        Ok(_) => panic!("the file should not open"),
        Err(error) => error,
    }
}

#[test]
fn a_row_becomes_an_order_with_the_shops_zone_and_minor_units() {
    let (orders, refusals) = rows("A1,ok,2026-11-11 00:01:02,2026/11/11 00:02,\"1,258.50\",羽绒服,1258.5\n");
    assert_eq!(refusals, []);
    let (key, order) = &orders[0];
    assert_eq!(key, "A1");
    assert_eq!(order.status, Some(OrderStatus::Completed));
    assert_eq!(order.ordered_at.unwrap().to_string(), "2026-11-10T16:01:02Z");
    assert_eq!(order.version.to_string(), "2026-11-10T16:02:00Z");
    assert_eq!(order.total_amount, Some(125_850));
    let line = &order.lines.as_ref().unwrap()[0];
    assert_eq!((line.quantity, line.total_amount), (1, 125_850));
}

#[test]
fn the_version_is_the_moment_of_the_export_where_it_is_told() {
    let defaults = Defaults { as_of: "2026-11-22T00:00:00Z".parse().ok(), ..shop() };
    let file = "external_id,ordered_at\n1,2026-11-11\n";
    let mut rows = Rows::open(file.as_bytes(), Kind::Orders, None, &defaults).unwrap();
    let order: OrderDocument = rows.next().unwrap().unwrap().unwrap().document().unwrap();
    assert_eq!(Some(order.version), defaults.as_of);
}

#[test]
fn a_status_may_depend_on_the_payment() {
    let (orders, _) = rows("A1,end,2026-11-11,,1,x,1\nA2,end,2026-11-11,2026-11-11,1,x,1\n");
    assert_eq!(orders[0].1.status, Some(OrderStatus::Closed));
    assert_eq!(orders[1].1.status, Some(OrderStatus::Refunded));
}

#[test]
fn the_rows_of_one_order_become_its_lines() {
    let (orders, refusals) =
        rows("A1,ok,2026-11-11,,3,x,1\nA1,,,,,y,2\nA2,ok,2026-11-11,,1,z,1\nA1,ok,2026-11-11,,3,late,1\n");
    assert_eq!(orders.len(), 2);
    assert_eq!(orders[0].1.lines.as_ref().unwrap().len(), 2);
    assert_eq!(refusals.len(), 1);
    assert_eq!((refusals[0].line, &*refusals[0].column), (5, "no"));
    assert!(refusals[0].reason.contains("stand together"));
}

#[test]
fn a_bad_row_is_refused_with_its_line_column_and_reason_and_the_others_are_read() {
    let (orders, refusals) = rows(
        "A1,ok,2026-11-11,,1,x,1\nA2,what,2026-11-11,,1,x,1\nA3,ok,soon,,1,x,1\nA4,ok,2026-11-11,,1.005,x,1\n,ok,,,1,x,1\nA6,ok,,,1,x,1\nA7,ok\nA8,ok,2026-11-11,,1,x,1\n",
    );
    let keys: Vec<&str> = orders.iter().map(|order| order.0.as_str()).collect();
    assert_eq!(keys, ["A1", "A8"]);
    let mut places: Vec<(u64, &str)> =
        refusals.iter().map(|refusal| (refusal.line, refusal.column.as_str())).collect();
    places.sort_unstable();
    assert_eq!(places, [(3, "state"), (4, "ordered"), (5, "total"), (6, "no"), (7, "version"), (8, "")]);
}

#[test]
fn an_order_with_one_bad_row_is_refused_as_a_whole() {
    let (orders, refusals) =
        rows("A1,ok,2026-11-11,,3,x,1\nA1,ok,2026-11-11,,3,y,much\nA2,ok,2026-11-11,,1,z,1\n");
    assert_eq!(orders.len(), 1);
    let lines: Vec<u64> = refusals.iter().map(|refusal| refusal.line).collect();
    assert_eq!(lines, [3, 2]);
    assert!(refusals[1].reason.contains("line 3"));
}

#[test]
fn an_open_quote_costs_its_own_row_only() {
    let mut file = String::from("A1,ok,2026-11-11,,1,\"x,1\n");
    for number in 2..300 {
        file.push_str(&format!("\"A{number}\",\"ok\",2026-11-11,,1,\"x\",1\n"));
    }
    let (orders, refusals) = rows(&file);
    assert_eq!(orders.len(), 298);
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0].line, 2);
    assert!(refusals[0].reason.contains("quote"), "{}", refusals[0].reason);
}

#[test]
fn a_remark_may_have_line_breaks_quotes_and_commas() {
    let (orders, refusals) =
        rows("A1,ok,2026-11-11,,1,\"two\nlines, \"\"quoted\"\"\",1\nA2,ok,2026-11-11,,1,x,1\n");
    assert_eq!(refusals, []);
    let title = orders[0].1.lines.as_ref().unwrap()[0].title.as_deref();
    assert_eq!(title, Some("two\nlines, \"quoted\""));
    assert_eq!(orders.len(), 2);
}

#[test]
fn wrong_utf_8_and_nul_are_refused_with_a_sentence() {
    let mut file = HEADER.as_bytes().to_vec();
    file.extend(b"A1,ok,2026-11-11,,1,\xd3\xf0,1\nA2,ok,2026-11-11,,1,a\0b,1\nA3,ok,2026-11-11,,1,x,1\n");
    let (orders, refusals) = read(SIMPLE, &file);
    assert_eq!(orders.len(), 1);
    assert!(refusals[0].reason.contains("UTF-8"));
    assert!(refusals[1].reason.contains("NUL"));
    assert_eq!(refusals[1].column, "/lines/0/title");
}

#[test]
fn a_file_that_lacks_a_column_or_is_empty_is_not_opened() {
    assert_eq!(refused("").to_string(), "the file is empty");
    let message = refused("no,state\n").to_string();
    assert!(message.contains("no column `title`"), "{message}");
}

#[test]
fn spreadsheet_wrapping_properties_and_addresses_are_understood() {
    let mapping = r#"{"kind": "orders", "time_zone": "Asia/Shanghai", "fields": {
        "external_id": "订单编号", "ordered_at": "时间", "customer.phone": "手机", "customer.address": "收货地址",
        "customer.external_id": {"column": "会员", "skip_masked": true},
        "line.attributes": "属性", "line.total_amount": "金额", "coupon_codes": {"constant": ["A"]}}}"#;
    let file = "\u{feff}\"订单编号\",时间,手机,收货地址 ,会员,属性,金额\r\n=\"10000000000000001\",2024-11-11 00:00:08,'13800000000,浙江省 杭州市 西湖区 测试街道1号 2室(310000),碎**,颜色分类：黑色;尺码:M,0.00元\r\n";
    let (orders, refusals) = read(mapping, file.as_bytes());
    assert_eq!(refusals, []);
    let (key, order) = &orders[0];
    assert_eq!(key, "10000000000000001");
    let customer = order.customer.as_ref().unwrap();
    assert_eq!(customer.phone.as_deref(), Some("13800000000"));
    assert_eq!(customer.external_id, None, "a masked name is nobody's key");
    assert_eq!(
        serde_json::to_value(customer.address.as_ref().unwrap()).unwrap(),
        json!({"country": "CN", "province": "浙江", "city": "杭州", "district": "西湖区", "line": "测试街道1号 2室", "postcode": "310000"})
    );
    let line = &order.lines.as_ref().unwrap()[0];
    assert_eq!(json!(line.attributes), json!({"颜色分类": "黑色", "尺码": "M"}));
}

#[test]
fn columns_called_as_the_parts_need_no_mapping() {
    let file = "external_id,version,total_amount,line.attributes.a.b,line.total_amount\n1,2026-11-11T00:00:00Z,2580,x,2580\n";
    let rows = Rows::open(file.as_bytes(), Kind::Orders, None, &shop()).unwrap();
    let orders: Vec<OrderDocument> = rows.map(|row| row.unwrap().unwrap().document().unwrap()).collect();
    assert_eq!(orders[0].total_amount, Some(2580));
    assert_eq!(json!(orders[0].lines.as_ref().unwrap()[0].attributes), json!({"a.b": "x"}));
}

#[test]
fn the_rows_of_one_product_become_its_variants() {
    let file = "external_id,title,price_amount,variant.sku,variant.attributes,tags\n\
        p1,Coat,69900,C-M,尺码:M,\"warm,new\"\np1,,,C-L,尺码:L,\np2,Scarf,19900,,,\n";
    let rows = Rows::open(file.as_bytes(), Kind::Products, None, &shop()).unwrap();
    let products: Vec<ProductDocument> = rows.map(|row| row.unwrap().unwrap().document().unwrap()).collect();
    let skus: Vec<&str> = products[0].variants.iter().map(|variant| variant.sku.as_str()).collect();
    assert_eq!(skus, ["C-M", "C-L"]);
    assert_eq!(products[0].tags, ["warm", "new"]);
    assert_eq!((products[1].title.as_str(), products[1].variants.len()), ("Scarf", 0));
}

#[test]
fn mappings_that_make_no_sense_are_refused_with_a_sentence() {
    let tie = |fields: serde_json::Value| {
        let mapping = json!({"kind": "orders", "fields": fields}).to_string();
        let header = ["a".to_owned()];
        Mapping::parse(&mapping).and_then(|mapping| mapping.tie(&header, &shop())).err().unwrap_or_default()
    };
    assert!(tie(json!({"nonsense": "a"})).contains("`nonsense`"));
    assert!(tie(json!({"note": "a"})).contains("external_id"));
    assert!(tie(json!({"note": {}})).contains("needs a `column` or a `constant`"));
    assert!(Mapping::parse("{").unwrap_err().contains("not valid"));
}

#[test]
fn the_taobao_mappings_read_the_exports_of_every_version() {
    let orders = include_str!("../../examples/mappings/taobao_orders.json");
    let header = "\"订单编号\",\"买家会员名\",\"支付单号\",\"买家应付货款\",\"买家应付邮费\",\"总金额\",\"买家实际支付金额\",\"订单状态\",\"买家留言\",\"收货人姓名\",\"收货地址 \",\"联系手机\",\"订单创建时间\",\"订单付款时间 \",\"宝贝标题 \",\"宝贝总数量\",\"订单关闭原因\",\"退款金额\"";
    let file = format!(
        "{header}\n=\"1001\",\"tb_1\",\"\",\"458.00\",\"10.00\",\"468.00\",\"270.00\",\"交易成功\",\"\",\"测试甲\",\"浙江省 杭州市 西湖区 测试街道1号(310000)\",'13800000000,\"2025-01-05 09:30:00\",\"2025-01-05 09:30:41\",\"卫衣，牛仔裤\",\"2\",\"\",\"198.00\"\n"
    );
    let (read_orders, refusals) = read(orders, file.as_bytes());
    assert_eq!(refusals, []);
    let order = &read_orders[0].1;
    assert_eq!(order.total_amount, Some(46_800));
    assert_eq!(order.refunded_amount, Some(19_800));

    let items = include_str!("../../examples/mappings/taobao_items.json");
    let file = "子订单编号,主订单编号,标题,价格,购买数量,外部系统编号,商品属性,订单状态,商家编码,买家实际支付金额,订单创建时间,订单付款时间\n\
        1,=\"1001\",卫衣,198.00,1,,颜色分类：白色;尺码：M,交易关闭,SW-03-WH-M,198.00,2025-01-05 09:30:00,2025-01-05 09:30:41\n\
        2,=\"1001\",牛仔裤,260.00,1,,颜色分类：蓝色;尺码：27,交易成功,JN-04-27,260.00,2025-01-05 09:30:00,2025-01-05 09:30:41\n";
    let (read_orders, refusals) = read(items, file.as_bytes());
    assert_eq!(refusals, []);
    assert_eq!(read_orders[0].1.lines.as_ref().unwrap().len(), 2);
}

#[test]
fn each_line_of_ndjson_stands_alone() {
    let file = "{\"external_id\":\"1\",\"version\":\"2026-11-11T00:00:00Z\",\"total_amount\":1}\n\n\
        {\"external_id\":\"2\",\"version\":\"2026-11-11T00:00:00Z\",\"total_amount\":-1}\n\
        {\"external_id\":\"3\",\"version\":\"2026-11-11T00:00:00Z\",\"lines\":[{\"quantity\":\"x\"}]}\n\
        {\"version\":\"2026-11-11T00:00:00Z\"}\n{\"external_id\"\n[]\n\
        {\"external_id\":\"5\",\"version\":\"2026-11-11T00:00:00Z\",\"note\":\"\\u0000\"}\n\
        {\"external_id\":\"6\",\"version\":\"2026-11-11T00:00:00Z\",\"nonsense\":1}";
    let mut good = Vec::new();
    let mut bad = Vec::new();
    for outcome in Documents::new(file.as_bytes()) {
        match outcome.unwrap().and_then(|entry| entry.document::<OrderDocument>()) {
            Ok(document) => good.push(document),
            Err(refusal) => bad.push((refusal.line, refusal.column)),
        }
    }
    assert_eq!(good.len(), 1);
    let bad: Vec<(u64, &str)> = bad.iter().map(|(line, column)| (*line, column.as_str())).collect();
    assert_eq!(
        bad,
        [
            (3, "/total_amount"),
            (4, "/lines/0/quantity"),
            (5, "/external_id"),
            (6, ""),
            (7, ""),
            (8, "/note"),
            (9, "/nonsense")
        ]
    );
}
