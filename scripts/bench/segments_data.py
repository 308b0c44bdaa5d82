"""A made-up clothes shop of any size as a DuckDB file: what the bench of segments is filled with and DuckDB is asked.

The tables have the columns of the service's, but for tenant_id; shops are 1 and 2. Everything follows from the seed: chance
is a hash of what it is about. Customers who came first are first, many order once and a few hundreds of times; they keep to
their size; one order in twenty is never paid, one in fourteen gives something back.
"""

import duckdb

DAYS = 1_095
CITIES = {
    "杭州": ("浙江", 9), "上海": ("上海", 14), "北京": ("北京", 12), "广州": ("广东", 10), "深圳": ("广东", 10), "成都": ("四川", 8),
    "武汉": ("湖北", 7), "南京": ("江苏", 6), "苏州": ("江苏", 6), "西安": ("陕西", 5), "重庆": ("重庆", 5), "厦门": ("福建", 4),
    "青岛": ("山东", 2), "昆明": ("云南", 2),
}  # fmt: skip
# Of a thousand lines.
CATEGORIES = {
    "女装/连衣裙": 120, "女装/T恤": 140, "女装/衬衫": 90, "女装/半身裙": 70, "女装/牛仔裤": 90, "女装/大衣": 40, "女装/羽绒服": 35,
    "女装/毛衣": 16, "男装/T恤": 90, "男装/衬衫": 60, "男装/夹克": 40, "男装/裤子": 70, "男装/羽绒服": 25, "童装/T恤": 30,
    "童装/卫衣": 24, "配饰/围巾": 20, "配饰/帽子": 15, "配饰/袜子": 25,
}  # fmt: skip
SIZES = {"S": 10, "M": 25, "L": 25, "XL": 18, "XXL": 12, "XXXL": 7, "XXXXL": 3}
COLOURS = {"黑色": "BLACK", "白色": "WHITE", "红色": "RED", "藏青": "NAVY", "军绿": "OLIVE", "驼色": "CAMEL"}
TAGS = {"vip": 3, "学生": 6, "老客户": 15, "do-not-call": 2, "wedding": 1, "直播": 8}


def make(file: str, customers: int, until: int, seed: int) -> duckdb.DuckDBPyConnection:
    """`until`: the end of the history, in microseconds."""
    data = duckdb.connect(file)
    data.execute("SET preserve_insertion_order = true")
    for name, of in (("cities", slots({city: share for city, (_, share) in CITIES.items()})), ("categories", slots(CATEGORIES)),
                     ("sizes", slots(SIZES))):  # fmt: skip
        data.execute(f"CREATE TABLE {name} (slot INTEGER, name TEXT)")
        data.executemany(f"INSERT INTO {name} VALUES (?, ?)", list(enumerate(of)))
    data.execute(f"CREATE TABLE provinces AS SELECT * FROM (VALUES {rows((c, p) for c, (p, _) in CITIES.items())}) v(city, province)")
    data.execute(f"CREATE TABLE colours AS SELECT row_number() OVER () - 1 AS n, * FROM (VALUES {rows(COLOURS.items())}) v(name, code)")
    data.execute(f"CREATE TABLE tags AS SELECT row_number() OVER () AS id, name, lower(name) AS name_key, share FROM (VALUES {rows(TAGS.items())}) v(name, share)")
    begin = until - DAYS * 86_400_000_000
    for text in (MACROS % seed, PEOPLE, ORDERED, LINES, ORDERS, FACTS, CUSTOMERS, SAID):
        for statement in text.split(";\n"):
            if statement.strip():
                fixed = {"$customers": customers, "$begin": begin, "$until": until}
                for name, value in fixed.items():
                    statement = statement.replace(name, str(value))
                data.execute(statement)
    data.execute("DROP TABLE people; DROP TABLE ordered; CHECKPOINT")
    return data


def slots(shares: dict[str, int]) -> list[str]:
    return [name for name, share in shares.items() for _ in range(share)]


def rows(values) -> str:
    return ", ".join(str(tuple(value)) for value in values)


# u: as good as random, from 0 to below 1. v7: an id of that moment.
MACROS = """
CREATE MACRO u(thing, about) AS (hash(thing, about, %d) >> 11)::DOUBLE / 9007199254740992;
CREATE MACRO v7(micros, thing, about) AS CAST(printf('%%012x7%%03x%%04x%%012x', micros // 1000, (u(thing, about) * 4096)::BIGINT %% 4096,
    32768 + (u(thing, about + 1) * 16384)::BIGINT %% 16384, (u(thing, about + 2) * 281474976710656)::BIGINT %% 281474976710656) AS UUID)
"""
PEOPLE = """
CREATE TABLE people AS SELECT n, v7(arrived, n, 100) AS id, arrived,
        arrived + ((CASE WHEN u(n, 1) < 0.4 THEN 1 ELSE u(n, 2) END) * ($until - arrived - 7200000000))::BIGINT AS ended,
        CASE WHEN u(n, 3) < 0.7 THEN 1 ELSE 2 END AS home, u(n, 4) < 0.15 AS in_both, s.name AS size, c.name AS city
    FROM (SELECT range AS n, $begin + range * (($until - $begin) * 0.98 / $customers)::BIGINT AS arrived FROM range($customers)) p
    JOIN sizes s ON s.slot = floor(u(n, 5) * 100) JOIN cities c ON c.slot = floor(u(n, 6) * 100)
"""
# Everybody once, and four times as many orders by those whom chance likes: the first by rank above a thousand times more
# often than the last, at any scale.
ORDERED = """
CREATE TABLE ordered AS SELECT row_number() OVER (ORDER BY moment, n) AS o, * FROM (
    SELECT n, arrived AS moment FROM people
    UNION ALL SELECT p.n, arrived + (u(j, 7) * (ended - arrived))::BIGINT
    FROM (SELECT range AS j, (floor($customers * (pow(u(range, 8) + 0.1, 4) - 0.0001) / 1.464)::BIGINT * 7368787 + 12345) % $customers AS n
        FROM range(4 * $customers)) e JOIN people p ON p.n = e.n);
CREATE TABLE orders AS SELECT v7(moment, o, 110) AS id,
        CASE WHEN p.in_both AND u(o, 9) < 0.4 THEN 3 - p.home ELSE p.home END AS shop, (3600000000000000000 + o)::TEXT AS external_id,
        p.id AS customer_id, o, p.n, p.size, moment AS ordered_at,
        CASE WHEN u(o, 10) >= 0.05 THEN moment + 5000000 + (u(o, 11) * 600000000)::BIGINT END AS paid_at,
        CASE WHEN u(o, 12) < 0.4 THEN 1 WHEN u(o, 12) < 0.7 THEN 2 WHEN u(o, 12) < 0.9 THEN 3 ELSE 4 END AS line_count,
        CASE WHEN u(o, 13) < 0.15 THEN 15 WHEN u(o, 13) < 0.25 THEN 20 ELSE 0 END AS off
    FROM ordered JOIN people p USING (n) ORDER BY o
"""
LINES = """
CREATE TABLE products AS SELECT n, printf('p-%04d', n) AS external_id, printf('PR%04d', n) AS code, category,
        category || ' No. ' || n AS title, (2900 + floor(u(n, 20) * u(n, 21) * 900) * 100)::BIGINT AS price
    FROM (SELECT row_number() OVER (ORDER BY c.name, k.range) AS n, c.name AS category FROM (SELECT DISTINCT name FROM categories) c, range(40) k);
CREATE TABLE order_lines AS SELECT l.id AS order_id, position, shop, customer_id, paid_at, position::TEXT AS external_id,
        d.code || '-' || s || '-' || c.code AS sku, d.external_id AS product_external_id, d.title, d.category,
        '{"尺码":"' || s || '","颜色":"' || c.name || '"}' AS attributes, quantity, d.price AS unit_amount,
        quantity * d.price * (100 - off) // 100 AS total_amount, s AS size
    FROM (SELECT *, CASE WHEN u(line, 22) < 0.9 THEN o.size ELSE (SELECT list(DISTINCT name ORDER BY name) FROM sizes)[1 + floor(u(line, 23) * 7)::INTEGER] END AS s,
            CASE WHEN u(line, 24) < 0.93 THEN 1 ELSE 2 + floor(u(line, 25) * 2)::BIGINT END AS quantity
        FROM (SELECT *, unnest(range(1, line_count + 1)) AS position, o * 4 + position AS line FROM orders) o) l
    JOIN categories k ON k.slot = floor(u(line, 26) * 1000)
    JOIN (SELECT *, row_number() OVER (PARTITION BY category ORDER BY n) - 1 AS place FROM products) d
        ON d.category = k.name AND d.place = floor(pow(u(line, 27), 2) * 40)
    JOIN colours c ON c.n = floor(u(line, 28) * 6)
    ORDER BY l.o, position
"""
ORDERS = """
CREATE TABLE worth AS SELECT order_id AS id, sum(quantity)::BIGINT AS items, sum(total_amount)::BIGINT AS goods,
    sum(unit_amount * quantity)::BIGINT AS before FROM order_lines GROUP BY order_id;
CREATE OR REPLACE TABLE orders AS SELECT o.*, items, before - goods AS discount_amount, goods + shipping AS total_amount, shipping AS shipping_amount,
        CASE WHEN paid_at IS NULL OR u(o, 14) >= 0.07 OR paid_at + 864000000000 > $until THEN 0 WHEN u(o, 14) < 0.035 THEN total_amount
            ELSE total_amount // 3 END AS refunded_amount,
        CASE WHEN paid_at IS NULL THEN 'closed' WHEN refunded_amount = 0 THEN 'completed' WHEN refunded_amount = total_amount THEN 'refunded'
            ELSE 'partially_refunded' END AS status
    FROM orders o JOIN (SELECT *, CASE WHEN goods >= 9900 THEN 0 ELSE 1200 END AS shipping FROM worth) w USING (id) ORDER BY o;
DROP TABLE worth
"""
FACTS = """
CREATE TABLE customer_shop_facts AS SELECT customer_id, shop, count(paid_at) AS orders,
        count(*) FILTER (paid_at IS NOT NULL AND refunded_amount < total_amount) AS orders_kept, 0 AS orders_unconverted,
        count(*) FILTER (refunded_amount > 0) AS orders_refunded, count(*) - orders AS unpaid_orders,
        coalesce(sum(total_amount) FILTER (paid_at IS NOT NULL), 0)::BIGINT AS gross_amount, sum(o.refunded_amount)::BIGINT AS refunded_amount,
        gross_amount - coalesce(sum(o.refunded_amount), 0)::BIGINT AS spent_amount, coalesce(sum(items) FILTER (paid_at IS NOT NULL), 0)::BIGINT AS items,
        min(paid_at) AS first_order_at, max(paid_at) AS last_order_at
    FROM orders o GROUP BY customer_id, shop ORDER BY customer_id, shop;
CREATE TABLE customer_facts AS SELECT customer_id, sum(orders)::BIGINT AS orders, sum(orders_kept)::BIGINT AS orders_kept, 0 AS orders_unconverted,
        sum(orders_refunded)::BIGINT AS orders_refunded, sum(unpaid_orders)::BIGINT AS unpaid_orders, sum(gross_amount)::BIGINT AS gross_amount,
        sum(refunded_amount)::BIGINT AS refunded_amount, sum(spent_amount)::BIGINT AS spent_amount, sum(items)::BIGINT AS items,
        min(first_order_at) AS first_order_at, max(last_order_at) AS last_order_at
    FROM customer_shop_facts GROUP BY customer_id ORDER BY customer_id
"""
CUSTOMERS = """
CREATE TABLE customers AS SELECT p.n, p.id, ['王','李','张','刘','陈','杨','赵','黄','周','吴'][1 + floor(u(p.n, 30) * 10)::INTEGER]
            || ['小红','伟','芳','娜','敏','静','丽','强','磊','军'][1 + floor(u(p.n, 31) * 10)::INTEGER] AS name,
        CASE WHEN u(p.n, 32) < 0.8 THEN '13' || printf('%09d', p.n) END AS phone, reverse('86' || phone) AS phone_reversed,
        CASE WHEN u(p.n, 33) < 0.3 THEN 'buyer' || p.n || '@example.com' END AS email,
        CASE WHEN u(p.n, 34) < 0.5 THEN 'female' WHEN u(p.n, 34) < 0.8 THEN 'male' END AS gender,
        CASE WHEN u(p.n, 35) < 0.6 THEN (DATE '1955-01-01' + floor(u(p.n, 36) * 19000)::INTEGER)::TEXT END AS birthday,
        v.province, p.city, CASE WHEN u(p.n, 37) < 0.03 THEN '{"vip":true}' ELSE '{}' END AS attributes, p.arrived AS created_at
    FROM people p JOIN provinces v USING (city) ORDER BY p.n
"""
SAID = """
CREATE TABLE consents AS SELECT v7(since, customer_id, CASE channel WHEN 'sms' THEN 120 ELSE 124 END) AS id, * FROM (
    SELECT c.id AS customer_id, 'sms' AS channel, u(n, 41) < 0.92 AS granted, created_at AS since FROM customers c WHERE u(n, 40) < 0.7
    UNION ALL SELECT c.id, 'email', u(n, 43) < 0.9, created_at FROM customers c WHERE u(n, 42) < 0.25) ORDER BY id;
CREATE VIEW customer_channels AS SELECT * FROM consents;
CREATE TABLE customer_tags AS SELECT t.id AS tag_id, c.id AS customer_id, c.created_at AS since
    FROM customers c, tags t WHERE u(c.n, 50 + t.id) * 100 < t.share ORDER BY t.id, c.id
"""
