"""How the rows of the made-up shop (segments_data.py) become rows of the service's tables.

guid, moment, flag, shop_guid and shop_key are macros: how a database writes an id, a moment and a truth, and which shop is meant.
"""

AT = "CAST(ordered_at AS TEXT)"
FACTS = "orders orders_kept orders_unconverted orders_refunded unpaid_orders gross_amount refunded_amount spent_amount items".split()
FACTS = {name: name for name in FACTS} | {"first_order_at": "moment(first_order_at)", "last_order_at": "moment(last_order_at)"}
NEW = {"created_at": "moment(created_at)", "updated_at": "moment(created_at)", "revision": "1"}
# Table, where its rows come from (in the order of its key), and what its columns are. Documents are as large as real ones.
TABLES = [
    ("products", "products, range(1, 3) s(shop) ORDER BY shop, n", {
        "id": "guid(v7($until, n, 130 + shop))", "shop_id": "shop_guid(shop)", "external_id": "external_id", "title": "title",
        "category": "category", "brand": "'回头衣橱'", "tags": "'[]'", "currency": "'CNY'", "price_amount": "price", "cost_amount": "price // 2",
        "attributes": "'{}'", "variants": "'[]'", "status": "'active'", "created_at": "moment($until)", "updated_at": "moment($until)",
        "revision": "1"}),
    ("customers", "customers ORDER BY n", {
        "id": "guid(id)", "name": "name", "name_key": "name", "phone": "phone", "phone_reversed": "phone_reversed", "email": "email",
        "email_key": "email", "gender": "gender", "birthday": "birthday", "country": "'CN'", "province": "province", "city": "city",
        "district": "city || '某区'", "address_line": "'虚构路' || n % 300 || '号508室'", "postcode": "'310000'", "attributes": "attributes",
        "stamps": "'[[1,' || created_at || ',\"aenp\"]]'"} | NEW),
    ("identities",
     "(SELECT DISTINCT n, shop, customer_id FROM orders) o JOIN customers c ON c.n = o.n ORDER BY shop_key(shop), printf('buyer-%07d', o.n)", {
        "kind": "'external'", "scope": "shop_key(shop)", "value": "printf('buyer-%07d', o.n)", "id": "guid(v7(created_at, o.n, 140 + shop))",
        "customer_id": "guid(o.customer_id)", "verified": "flag(true)", "source": "'order'", "created_at": "moment(created_at)",
        "origin_id": "guid(o.customer_id)"}),
    ("orders", "orders o JOIN customers c USING (n) ORDER BY o", {
        "id": "guid(o.id)", "shop_id": "shop_guid(shop)", "external_id": "external_id", "customer_id": "guid(o.customer_id)",
        "identity_id": "guid(v7(created_at, n, 140 + shop))", "status": "status", "version": "moment(ordered_at)",
        "ordered_at": "moment(ordered_at)", "paid_at": "moment(paid_at)", "shipped_at": "moment(paid_at)", "delivered_at": "moment(paid_at)",
        "completed_at": "moment(paid_at)", "closed_at": "moment(CASE WHEN paid_at IS NULL THEN ordered_at END)", "currency": "'CNY'",
        "total_amount": "total_amount", "discount_amount": "discount_amount", "shipping_amount": "shipping_amount",
        "refunded_amount": "refunded_amount", "gross_amount": "total_amount", "net_amount": "total_amount - refunded_amount", "items": "items",
        "source": "'app'", "promotions": "'[]'", "coupon_codes": "'[]'", "attributes": "'{}'",
        "personal": "'{\"buyer_id\":\"' || printf('buyer-%07d', n) || '\",\"buyer\":{\"name\":\"' || name || '\",\"phone\":\"13000000000\",\"address\":"
                    "{\"country\":\"CN\",\"province\":\"' || province || '\",\"city\":\"' || city || '\",\"line\":\"虚构路508室\",\"postcode\":\"310000\"}}}'",
        "merge_state": f"'{{\"stamps\":[[1,' || {AT} || ',\"A\"],[' || {AT} || ',3,\"ENPadehilopr\"]],\"seen\":{{\"' || status || '\":' || {AT} "
                       "|| '},\"lines\":\"5d5c4e96aba7009c\"}'",
        "created_at": "moment(ordered_at)", "updated_at": "moment(ordered_at)", "revision": "1"}),
    ("order_lines", "order_lines", {
        "order_id": "guid(order_id)", "position": "position", "shop_id": "shop_guid(shop)", "customer_id": "guid(customer_id)",
        "paid_at": "moment(paid_at)"} | {name: name for name in (
            "external_id", "sku", "product_external_id", "title", "category", "attributes", "quantity", "unit_amount", "total_amount")}),
    ("order_refunds", "orders WHERE refunded_amount > 0 ORDER BY id", {
        "order_id": "guid(id)", "external_id": "'r1'", "refunded_at": "moment(paid_at + 432000000000)", "amount": "refunded_amount",
        "derived": "flag(false)"}),
    ("customer_facts", "customer_facts", {"customer_id": "guid(customer_id)"} | FACTS),
    ("customer_shop_facts", "customer_shop_facts", {"customer_id": "guid(customer_id)", "shop_id": "shop_guid(shop)"} | FACTS),
    ("tags", "tags ORDER BY id", {
        "id": "guid(v7($until, id, 150))", "name": "name", "name_key": "lower(name)", "created_at": "moment($until)",
        "updated_at": "moment($until)", "revision": "1"}),
    ("customer_tags", "customer_tags", {
        "tag_id": "guid(v7($until, tag_id, 150))", "customer_id": "guid(customer_id)", "origin_id": "guid(customer_id)", "source": "'hand'",
        "since": "moment(since)"}),
    ("consents", "consents", {
        "id": "guid(id)", "customer_id": "guid(customer_id)", "origin_id": "guid(customer_id)", "channel": "channel",
        "granted": "flag(granted)", "stated_at": "moment(since)", "source": "'form'", "recorded_at": "moment(since)"}),
    ("customer_channels", "consents ORDER BY customer_id, channel", {
        "customer_id": "guid(customer_id)", "channel": "channel", "granted": "flag(granted)", "since": "moment(since)"}),
]  # fmt: skip
