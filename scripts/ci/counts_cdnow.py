"""CDNOW, the field's reference for repeat buying, read from the raw file, and what segments are asked about it.

Rows of one customer and day are one purchase. The file knows days alone; every purchase is made at noon.
"""

import csv
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import duckdb

FILE = "cdnow/cdnow_sample.csv"
NAME, TIME_ZONE, CURRENCY = "CDNOW", "America/New_York", "USD"


def orders(file: Path) -> Iterator[dict]:
    with file.open(encoding="utf-8", newline="") as rows:
        purchases = sorted(csv.DictReader(rows), key=lambda row: (row["master_id"], row["date"]))
    for (customer, day), together in groupby(purchases, lambda row: (row["master_id"], row["date"])):
        lines = [
            {"external_id": str(place), "quantity": int(row["cds"]), "total_amount": int(Decimal(row["value"]) * 100)}
            for place, row in enumerate(together, 1)
        ]
        # Noon by New York's winter time, the same day in summer too.
        moment = f"{day}T12:00:00-05:00"
        yield {
            "external_id": f"{customer}-{day}", "version": moment, "status": "completed", "ordered_at": moment,
            "paid_at": moment, "completed_at": moment, "currency": CURRENCY, "lines": lines,
            "total_amount": sum(line["total_amount"] for line in lines), "customer": {"external_id": customer},
        }  # fmt: skip


def customers(_: duckdb.DuckDBPyConnection) -> Iterator[tuple[dict, list[str]]]:
    """The file tells nothing of them beside their purchases."""
    return iter(())


def read(file: Path, _: Path) -> duckdb.DuckDBPyConnection:
    raw = duckdb.connect()
    raw.execute(ROWS, [str(file)])
    raw.execute(CUSTOMERS)
    return raw


ROWS = """
CREATE TABLE lines AS SELECT master_id AS customer, CAST(date AS DATE) AS day, CAST(cds AS INTEGER) AS quantity,
    CAST(CAST(value AS DECIMAL(12, 2)) * 100 AS BIGINT) AS amount
FROM read_csv(?, header = true, all_varchar = true)
"""
CUSTOMERS = """
CREATE TABLE orders AS SELECT customer, day, sum(quantity) AS items, sum(amount) AS net FROM lines GROUP BY ALL;
CREATE TABLE customers AS SELECT customer, count(*) AS orders, sum(net) AS spent, sum(items) AS items,
    min(day) AS first, max(day) AS last FROM orders GROUP BY customer;
"""
# Scores by quintiles, and the groups of docs/LIFECYCLE.md by them. Which day is counted from makes no difference.
SCORES = """
WITH told AS (SELECT customer, date_diff('day', last, DATE '2100-01-01') AS days, CAST(orders AS BIGINT) AS orders,
    CAST(spent AS BIGINT) AS spent FROM customers),
bounds AS (SELECT quantile_cont(days, [0.2, 0.4, 0.6, 0.8]) AS of_days,
    quantile_cont(orders, [0.2, 0.4, 0.6, 0.8]) AS of_orders, quantile_cont(spent, [0.2, 0.4, 0.6, 0.8]) AS of_spent FROM told)
SELECT customer, 5 - len(list_filter(of_days, lambda bound: days > bound)) AS r,
    1 + len(list_filter(of_orders, lambda bound: orders > bound)) AS f,
    1 + len(list_filter(of_spent, lambda bound: spent > bound)) AS m FROM told, bounds
"""


def ordered(condition: str, having: str = "true") -> str:
    return f"customer IN (SELECT customer FROM orders WHERE {condition} GROUP BY customer HAVING {having})"


# Name, what the service is asked, and the condition on the customers of the raw file.
QUESTIONS = [
    ("everyone", "", "true"),
    ("once", "number_of_orders = 1", "orders = 1"),
    ("came back and left",
     "number_of_orders(date: 1997-01-01..1997-09-30) >= 2 AND NOT last_order_date > 1997-09-30",
     ordered("day <= '1997-09-30'", "count(*) >= 2") + " AND last <= '1997-09-30'"),
    ("January, since New Year",
     "first_order_date BETWEEN 1997-01-01 AND 1997-01-31 AND days_since_last_order >= {days since 1998-01-01}",
     "first BETWEEN '1997-01-01' AND '1997-01-31' AND last <= '1998-01-01'"),
    ("average", "average_order_value > 50 AND number_of_orders > 1", "spent > 5000 * orders AND orders > 1"),
    ("line", "products_purchased MATCHES (quantity >= 10)", "customer IN (SELECT customer FROM lines WHERE quantity >= 10)"),
    ("items and gap", "average_items >= 4 AND average_days_between_orders < 60",
     "items >= 4 * orders AND orders > 1 AND last - first < 60 * (orders - 1)"),
    ("orders of a size", "orders_placed MATCHES (amount BETWEEN 20 AND 40, date >= 1998-01-01, count >= 2)",
     ordered("net BETWEEN 2000 AND 4000 AND day >= '1998-01-01'", "count(*) >= 2")),
    ("never again", "NOT (number_of_orders(date: 1997-07-01..1998-06-30) >= 1 OR amount_spent < 30)",
     "NOT " + ordered("day >= '1997-07-01'") + " AND NOT spent < 3000"),
    ("second order", "orders_placed MATCHES (order_index = 2, amount > 100)",
     "customer IN (SELECT customer FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY day) AS place FROM orders) "
     "WHERE place = 2 AND net > 10000)"),
    ("scores", "rfm_r = 5 AND rfm_f >= 4 AND rfm_m <= 4", f"customer IN (SELECT customer FROM ({SCORES}) WHERE r = 5 AND f >= 4 AND m <= 4)"),
    ("groups", "rfm_group IN ('CHAMPIONS', 'AT_RISK')",
     f"customer IN (SELECT customer FROM ({SCORES}) WHERE r = 5 AND f + m >= 8 OR r <= 2 AND f + m BETWEEN 5 AND 8)"),
    ("foremost", "number_of_orders >= 2 TOP 10% BY amount_spent",
     "customer IN (SELECT customer FROM customers WHERE orders >= 2 ORDER BY spent DESC "
     "LIMIT (SELECT CAST(ceil(count(*) * 0.1) AS BIGINT) FROM customers WHERE orders >= 2))"),
]  # fmt: skip
