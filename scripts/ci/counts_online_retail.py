"""UCI's "Online Retail", read from the raw file without the service's help, and what segments are asked about it.

The rules are those of examples/online_retail/README.md, worked out a second time: in SQL, and for cancellations by a stack
of what a customer holds of an article. The example's own code only makes the orders that the service gets.
"""

import csv
import lzma
import sys
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from pathlib import Path

import duckdb
from counts_cdnow import SCORES

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples/online_retail"))
from transform import COUNTRIES, SHOP, transform  # noqa: E402

FILE = "online_retail/online_retail.csv.xz"
NAME, TIME_ZONE, CURRENCY = "Online Retail", "Europe/London", "GBP"


def orders(file: Path) -> Iterator[dict]:
    """What the service gets: guests' invoices have a shop of their own in the example and are nobody's here."""
    with lzma.open(file, "rt", encoding="utf-8", newline="") as rows:
        for order in transform(csv.DictReader(rows)).orders:
            if order.pop("shop") == SHOP:
                yield order


def customers(raw: duckdb.DuckDBPyConnection) -> Iterator[tuple[dict, list[str]]]:
    """What the shop knows of them beside their orders: free properties, and who has which tag."""
    for customer, land, months in raw.sql("SELECT customer, land, months FROM customers ORDER BY 1").fetchall():
        document = {"external_id": customer, "attributes": {"land": land, "months": months, "steady": months >= 6}}
        yield document, ["Steady"] if months >= 6 else []


def read(file: Path, directory: Path) -> duckdb.DuckDBPyConnection:
    plain = directory / "online_retail.csv"
    plain.write_bytes(lzma.decompress(file.read_bytes()))
    raw = duckdb.connect()
    raw.execute(ROWS, [str(plain)])
    raw.execute(PURCHASES)
    raw.executemany("INSERT INTO refunds VALUES (?, ?, ?)", list(refunds(raw)))
    raw.executemany("INSERT INTO countries VALUES (?, ?)", list(COUNTRIES.items()))
    raw.execute(CUSTOMERS)
    return raw


ROWS = """
CREATE TABLE rows AS SELECT row_number() OVER () AS place, InvoiceNo AS invoice, StockCode AS code,
    trim(Description) AS title, CAST(Quantity AS INTEGER) AS quantity, CAST(InvoiceDate AS TIMESTAMP) AS moment,
    CAST(UnitPrice AS DECIMAL(12, 3)) AS price, CustomerID AS customer, Country AS land
FROM read_csv(?, header = true, all_varchar = true)
"""
# DuckDB rounds decimals half up, away from 0.
PURCHASES = """
CREATE TABLE sold AS SELECT *, CAST(round(price * quantity * 100) AS BIGINT) AS amount FROM rows
    WHERE customer IS NOT NULL AND invoice NOT LIKE 'C%' AND invoice NOT LIKE 'A%' AND quantity > 0 AND price > 0;
CREATE TABLE lines AS SELECT s.*, min(moment) OVER (PARTITION BY invoice) AS paid
    FROM sold s WHERE code NOT IN ('POST', 'DOT', 'C2');
CREATE TABLE refunds (invoice TEXT, amount BIGINT, last TIMESTAMP);
CREATE TABLE countries (land TEXT, country TEXT);
"""
CUSTOMERS = """
CREATE TABLE orders AS
    WITH taken_back AS (SELECT invoice, sum(amount) AS amount, max(last) AS last FROM refunds GROUP BY invoice),
    gross AS (SELECT invoice, any_value(customer) AS customer, any_value(land) AS land, min(moment) AS paid,
        sum(amount) AS gross FROM sold GROUP BY invoice),
    pieces AS (SELECT invoice, sum(quantity) AS items FROM lines GROUP BY invoice)
    SELECT g.*, coalesce(p.items, 0) AS items, coalesce(t.amount, 0) AS refunded, gross - refunded AS net,
        greatest(paid, coalesce(t.last, paid)) AS told
    FROM gross g LEFT JOIN taken_back t USING (invoice) LEFT JOIN pieces p USING (invoice);
CREATE TABLE customers AS
    WITH added_up AS (SELECT customer, count(*) AS orders, count(*) FILTER (refunded < gross) AS kept,
        count(*) FILTER (refunded > 0) AS given_back, sum(gross) AS gross, sum(net) AS spent, sum(items) AS items,
        min(paid) AS first, max(paid) AS last, count(DISTINCT date_trunc('month', paid)) AS months,
        arg_max(land, told) AS land FROM orders GROUP BY customer)
    SELECT a.*, c.country FROM added_up a LEFT JOIN countries c USING (land);
"""


def refunds(raw: duckdb.DuckDBPyConnection) -> Iterator[tuple]:
    """What each cancelled line takes back: of the customer's latest purchases of the article, those at its price first."""
    events = raw.sql(
        "SELECT customer, code, min(moment) OVER (PARTITION BY invoice), 1, -place, invoice, price, quantity, amount FROM sold "
        "UNION ALL SELECT customer, code, moment, 2, place, NULL, price, -quantity, 0 FROM rows "
        "WHERE invoice LIKE 'C%' AND customer IS NOT NULL ORDER BY 1, 2, 3, 4, 5"
    ).fetchall()
    for _, of_one in groupby(events, lambda event: event[:2]):
        held = []
        for *_, moment, kind, _, invoice, price, quantity, amount in of_one:
            if kind == 1:
                held.append({"invoice": invoice, "price": price, "quantity": quantity, "amount": amount})
                continue
            at_its_price = [piece for piece in reversed(held) if piece["price"] == price]
            others = [piece for piece in reversed(held) if piece["price"] != price]
            for piece in at_its_price + others:
                taken = min(quantity, piece["quantity"])
                if taken > 0:
                    money = min(pence(price * taken), piece["amount"])
                    quantity -= taken
                    piece["quantity"] -= taken
                    piece["amount"] -= money
                    yield piece["invoice"], money, moment


def pence(pounds: Decimal) -> int:
    return int((pounds * 100).quantize(Decimal(1), ROUND_HALF_UP))


def bought(condition: str, having: str = "true") -> str:
    return f"customer IN (SELECT customer FROM lines WHERE {condition} GROUP BY customer HAVING {having})"


def ordered(condition: str, having: str = "true") -> str:
    return f"customer IN (SELECT customer FROM orders WHERE {condition} GROUP BY customer HAVING {having})"


# Name, what the service is asked, and the condition on the customers of the raw file.
QUESTIONS = [
    ("everyone", "", "true"),
    ("two or more", "number_of_orders >= 2", "orders >= 2"),
    ("gross", "gross_amount > 2000", "gross > 200000"),
    ("net with returns", "amount_spent >= 1000 AND refunds >= 1", "spent >= 100000 AND given_back >= 1"),
    ("average order", "average_order_value BETWEEN 200 AND 400", "kept > 0 AND spent BETWEEN 20000 * kept AND 40000 * kept"),
    ("difficult", "refund_rate >= 50% AND number_of_orders >= 2", "given_back * 2 >= orders AND orders >= 2"),
    ("since a day", "days_since_last_order >= {days since 2011-09-10}", "last < '2011-09-11'"),
    ("before a day", "last_order_date < 2011-06-01", "last < '2011-06-01'"),
    ("first in March", "first_order_date BETWEEN 2011-03-01 AND 2011-03-31", "first >= '2011-03-01' AND first < '2011-04-01'"),
    ("gap", "average_days_between_orders < 30", "orders > 1 AND date_diff('microsecond', first, last) < 30 * 86400000000 * (orders - 1)"),
    ("product in a range", "products_purchased MATCHES (id = '85123A', date BETWEEN 2011-01-01 AND 2011-06-30)",
     bought("code = '85123A' AND paid >= '2011-01-01' AND paid < '2011-07-01'")),
    ("many in one line", "products_purchased MATCHES (sku = '22423', quantity >= 5)", bought("code = '22423' AND quantity >= 5")),
    ("many together", "products_purchased MATCHES (sku STARTS WITH '85', sum_quantity >= 500, count >= 3)",
     bought("code LIKE '85%'", "sum(quantity) >= 500 AND count(DISTINCT invoice) >= 3")),
    ("dear lines", "products_purchased MATCHES (price BETWEEN 10 AND 20, amount > 100, sum_amount >= 300)",
     bought("price BETWEEN 10 AND 20 AND price * 100 = round(price * 100) AND amount > 10000", "sum(amount) >= 30000")),
    ("no goods", "products_purchased MATCHES (category = 'not goods')",
     bought("upper(code) IN ('M', 'D', 'S', 'B', 'BANK CHARGES', 'AMAZONFEE', 'CRUK', 'PADS')")),
    ("early", "orders_placed MATCHES (hour < 9, count >= 2)", ordered("hour(paid) < 9", "count(*) >= 2")),
    ("on Sundays in summer", "orders_placed MATCHES (weekday = 7, date BETWEEN 2011-04-01 AND 2011-09-30, amount >= 300)",
     ordered("isodow(paid) = 7 AND paid >= '2011-04-01' AND paid < '2011-10-01' AND net >= 30000")),
    ("quarter", "number_of_orders(date: 2011-01-01..2011-03-31) >= 2 AND amount_spent(date: 2011-01-01..2011-03-31) < 500",
     ordered("paid >= '2011-01-01' AND paid < '2011-04-01'", "count(*) >= 2 AND sum(net) < 50000")),
    ("largest order", "max_order_value > 1500 AND items_purchased < 2000",
     ordered("true", "max(net) > 150000") + " AND items < 2000"),
    ("countries", "country IN ('BE', 'CY', 'DK', 'FR') AND number_of_orders >= 2", "country IN ('BE', 'CY', 'DK', 'FR') AND orders >= 2"),
    ("unknown country", "country IS NULL AND attributes.land = 'Channel Islands'", "land = 'Channel Islands'"),
    ("properties", "attributes.months >= 4 AND attributes.steady = false", "months BETWEEN 4 AND 5"),
    ("tag", "customer_tags CONTAINS 'steady' AND NOT last_order_date >= 2011-11-01", "months >= 6 AND NOT last >= '2011-11-01'"),
    ("one and not another",
     "products_purchased MATCHES (title CONTAINS 'CHRISTMAS') AND products_purchased NOT MATCHES (title CONTAINS 'LUNCH BAG') "
     "AND NOT (number_of_orders = 1 OR country != 'GB')",
     bought("title LIKE '%CHRISTMAS%'") + " AND NOT " + bought("title LIKE '%LUNCH BAG%'") + " AND orders > 1 AND country = 'GB'"),
    ("groups", "rfm_group NOT IN ('LOYAL', 'NEW', 'DORMANT') AND rfm_m = 3",
     f"customer IN (SELECT customer FROM ({SCORES}) WHERE m = 3 AND NOT (r = 4 AND f + m >= 8 OR r = 3 AND f + m >= 8 "
     "OR r = 5 AND f + m <= 3 OR r <= 2 AND f + m <= 4))"),
    ("two of three", "AT LEAST 2 OF (number_of_orders >= 10, amount_spent > 5000, distinct_products >= 200)",
     "(orders >= 10)::int + (spent > 500000)::int + (" + bought("true", "count(DISTINCT code) >= 200") + ")::int >= 2"),
    ("foremost", "country = 'GB' TOP 100 BY amount_spent",
     "customer IN (SELECT customer FROM customers WHERE country = 'GB' ORDER BY spent DESC LIMIT 100)"),
    ("of another", "IN SEGMENT 'two or more' AND NOT IN SEGMENT 'tag' AND NOT IN SEGMENT 'foremost' AND amount_spent > 3000",
     "orders >= 2 AND NOT (months >= 6 AND NOT last >= '2011-11-01') AND spent > 300000 AND customer NOT IN "
     "(SELECT customer FROM customers WHERE country = 'GB' ORDER BY spent DESC LIMIT 100)"),
]  # fmt: skip
