"""Compares the archive with the raw files, which are added up here once more, in SQL and without the transformation."""

import sqlite3
from collections import Counter
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

# Amounts by way of floating point, rounded; the transformation uses decimals.
ORDERS = """
WITH goods AS (SELECT order_id, COUNT(*) AS pieces, SUM(CAST(ROUND(price * 100) AS INTEGER)) AS worth,
        SUM(CAST(ROUND(freight_value * 100) AS INTEGER)) AS freight FROM items GROUP BY order_id),
    money AS (SELECT order_id, SUM(CAST(ROUND(payment_value * 100) AS INTEGER)) AS paid FROM payments GROUP BY order_id)
SELECT o.order_id AS id, c.customer_unique_id AS person, COALESCE(g.pieces, 0) AS pieces, COALESCE(g.worth, 0) AS worth,
    COALESCE(g.freight, 0) AS freight, COALESCE(m.paid, g.worth + g.freight, 0) AS total,
    CASE o.order_status WHEN 'delivered' THEN 'completed' WHEN 'shipped' THEN 'shipped' WHEN 'invoiced' THEN 'paid'
        WHEN 'processing' THEN 'paid' ELSE 'closed' END AS status,
    o.order_approved_at <> '' OR o.order_status = 'delivered' AS is_paid,
    o.order_purchase_timestamp AS ordered_at, o.order_approved_at AS paid_at,
    o.order_delivered_carrier_date AS shipped_at, o.order_delivered_customer_date AS delivered_at
FROM orders o JOIN customers c ON c.customer_id = o.customer_id
    LEFT JOIN goods g ON g.order_id = o.order_id LEFT JOIN money m ON m.order_id = o.order_id
"""
SUMMARY = """
SELECT COUNT(DISTINCT person) AS customers, SUM(is_paid) AS orders, SUM(NOT is_paid) AS unpaid_orders,
    COUNT(DISTINCT CASE WHEN is_paid THEN person END) AS buyers,
    (SELECT COUNT(*) FROM (SELECT person FROM expected WHERE is_paid GROUP BY person HAVING COUNT(*) > 1)) AS repeat_buyers,
    SUM(CASE WHEN is_paid THEN total ELSE 0 END) AS gross_amount, 0 AS refunded_amount, 0 AS guest_orders
FROM expected
"""
DATES = ("ordered_at", "paid_at", "shipped_at", "delivered_at")


def load(raw):
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    for name, rows in raw.items():
        columns = list(rows[0])
        database.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
        database.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", [list(row.values()) for row in rows])
    database.execute(f"CREATE TABLE expected AS {ORDERS}")
    return database


def compare(api, shop, raw):
    """Prints the figures and whatever differs; True where nothing does."""
    expected = load(raw)
    summary = api.call("GET", f"/v1/analytics/summary?shop_id={shop}")
    wanted = dict(expected.execute(SUMMARY).fetchone())
    differences = []
    for name, value in wanted.items():
        print(f"{name:16} {summary[name]:>14,}   raw files {value:>14,}")
        if summary[name] != value:
            differences.append(f"{name} is {summary[name]} and not {value}")
    orders = list(pages(api, f"/v1/orders?shop_id={shop}"))
    differences += compare_orders(orders, {row["id"]: row for row in expected.execute("SELECT * FROM expected")})
    several = sum(count > 1 for count in Counter(order["customer_id"] for order in orders).values())
    print(f"{len(orders):,} orders were read back one by one; {several:,} customers have several")
    for difference in differences[:20]:
        print(f"DIFFERENT: {difference}")
    print(f"{len(differences)} differences from the raw files")
    return not differences


def compare_orders(orders, expected):
    """Every order once, and each as the raw files have it."""
    counts = Counter(order["external_id"] for order in orders)
    for order, count in counts.items():
        if count > 1 or order not in expected:
            yield f"order {order} is there {count} times, in the raw files {int(order in expected)}"
    for order in expected.keys() - counts.keys():
        yield f"order {order} is missing"
    persons = {}
    for order in orders:
        if row := expected.get(order["external_id"]):
            yield from compare_order(order, row)
            if persons.setdefault(row["person"], order["customer_id"]) != order["customer_id"]:
                yield f"order {row['id']}: {row['person']} is several customers"
    if len(set(persons.values())) != len(persons):
        yield "several persons are one customer"


def compare_order(order, row):
    told = {
        "person": (order["customer"] or {}).get("external_id"), "status": order["status"], "total": order["total_amount"],
        "freight": order["shipping_amount"], "pieces": order["items"], "is_paid": order["paid_at"] is not None,
        "worth": sum(line["total_amount"] for line in order["lines"]),
    }  # fmt: skip
    for name, value in told.items():
        if value != row[name]:
            yield f"order {row['id']}: {name} is {value} and not {row[name]}"
    for name in DATES:
        # A date that the raw files leave out may follow from the others.
        if row[name] and datetime.fromisoformat(order[name] or "0001-01-01T00:00:00Z") != utc(row[name]):
            yield f"order {row['id']}: {name} is {order[name]} and not {row[name]} in São Paulo"


def utc(wall):
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo("America/Sao_Paulo")).astimezone(timezone.utc)


def pages(api, path):
    cursor = ""
    while cursor is not None:
        page = api.call("GET", f"{path}&limit=200{cursor}")
        yield from page["data"]
        cursor = f"&cursor={page['next_cursor']}" if page["has_more"] else None
