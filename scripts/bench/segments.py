#!/usr/bin/env python3
"""Counts of segments over HTTP beside hand-written SQL on the same database and DuckDB over the same data, in one run.

    python3 scripts/bench/fill_segments.py FOLDER target/release/huitou --customers 1000000      # once
    python3 scripts/bench/segments.py FOLDER target/release/huitou [sqlite] [postgres]

Each question is asked nine times, turn by turn, so that whatever else the machine does hits all alike; the best counts. All
three must count the same, or the run ends. The service's time has HTTP, its look-ups and the check of the query in it.
Needs `pip install duckdb`.
"""

import datetime
import json
import sqlite3
import sys
import time
from pathlib import Path

import duckdb
from segments_places import Psql, Service, database, open_sqlite, uuid_of

TURNS = 9
ZONE = datetime.timezone(datetime.timedelta(hours=8))


class Dialect:
    """How the same is written for each database: the tenant's rows, those who are nobody any more, days, sizes."""

    def __init__(self, kind: str, tenant: str) -> None:
        self.kind = kind
        self.mine = {"sqlite": f"tenant_id = x'{tenant}'", "postgres": f"tenant_id = '{tenant}'", "duckdb": "true"}[kind]
        gone = f"(SELECT id FROM customers WHERE {self.mine} AND (merged_into IS NOT NULL OR erased_at IS NOT NULL))"
        self.alive_facts = "true" if kind == "duckdb" else f"f.customer_id NOT IN {gone}"
        self.alive = "true" if kind == "duckdb" else "merged_into IS NULL AND erased_at IS NULL"

    def day(self, back: int) -> str:
        """The midnight in China with which the day so many days ago began."""
        midnight = datetime.datetime.now(ZONE).replace(hour=0, minute=0, second=0, microsecond=0) - datetime.timedelta(days=back)
        return f"'{midnight.isoformat()}'" if self.kind == "postgres" else str(int(midnight.timestamp()) * 1_000_000)

    def year_ago(self) -> str:
        today = datetime.datetime.now(ZONE).date()
        last = today.replace(year=today.year - 1, day=28 if (today.month, today.day) == (2, 29) else today.day)
        return self.day((today - last).days)

    def size(self, size: str) -> str:
        return {
            "sqlite": f"json_extract(attributes, '$.\"尺码\"') = '{size}'",
            "postgres": f"attributes @> '{{\"尺码\": \"{size}\"}}'",
            "duckdb": f"size = '{size}'",
        }[self.kind]


def questions(by: Dialect) -> list[tuple[str, str, str, str]]:
    """Name, what is to be reached, the query, the same by hand."""
    facts = f"SELECT count(*) FROM customer_facts f WHERE {by.mine} AND {by.alive_facts}"
    average = ("f.orders_kept > f.orders_unconverted AND f.spent_amount >= {least} * (f.orders_kept - f.orders_unconverted) "
               "AND f.spent_amount <= {most} * (f.orders_kept - f.orders_unconverted)")  # fmt: skip

    def bought(category: str, more: str = "true") -> str:
        return (f"(SELECT customer_id FROM order_lines WHERE {by.mine} AND customer_id IS NOT NULL AND paid_at IS NOT NULL "
                f"AND category = '{category}' AND {more})")  # fmt: skip

    jumpers = f"f.customer_id IN {bought('女装/毛衣')} AND f.customer_id NOT IN "
    return [
        ("facts", "1.2", "number_of_orders >= 2 AND last_order_date < -90d",
         f"{facts} AND f.orders >= 2 AND f.last_order_at < {by.day(90)}"),
        ("average order", "1.2", "average_order_value BETWEEN 400 AND 600",
         f"{facts} AND {average.format(least=40000, most=60000)}"),
        ("selective purchase", "1.3",
         "products_purchased MATCHES (category = '女装/羽绒服', attributes.尺码 = 'XXXXL', date >= -1y)",
         f"{facts} AND f.customer_id IN {bought('女装/羽绒服', f'paid_at >= {by.year_ago()} AND ' + by.size('XXXXL'))}"),
        # One customer in eight bought the first, one in six the second, half of all the third.
        ("broad purchase, AND NOT another", "1.3",
         "products_purchased MATCHES (category = '女装/毛衣') AND products_purchased NOT MATCHES (category = '童装/卫衣')",
         f"{facts} AND {jumpers}{bought('童装/卫衣')}"),
        ("broad, AND NOT a very broad one", "1.3",
         "products_purchased MATCHES (category = '女装/毛衣') AND products_purchased NOT MATCHES (category = '女装/连衣裙')",
         f"{facts} AND {jumpers}{bought('女装/连衣裙')}"),
        ("tag, consent, city", "1.3", "customer_tags CONTAINS '学生' AND reachable_by('sms') AND city = '杭州'",
         f"SELECT count(*) FROM customers WHERE {by.mine} AND {by.alive} AND city = '杭州' AND phone_reversed IS NOT NULL AND id IN "
         f"(SELECT customer_id FROM customer_tags WHERE {by.mine} AND tag_id IN (SELECT id FROM tags WHERE {by.mine} AND name_key = '学生')) "
         f"AND id IN (SELECT customer_id FROM customer_channels WHERE {by.mine} AND channel = 'sms' AND granted = true)"),
        ("ten clauses", "500 ms",
         "number_of_orders >= 2 AND amount_spent > 300 AND average_order_value > 100 AND last_order_date < -30d AND "
         "first_order_date < -90d AND items_purchased >= 3 AND stage IN ('active', 'at_risk', 'dormant') AND refund_rate < 50% AND "
         "products_purchased MATCHES (category = '女装/毛衣') AND products_purchased NOT MATCHES (category = '童装/卫衣')",
         f"{facts} AND f.orders >= 2 AND f.spent_amount > 30000 AND f.spent_amount > 10000 * (f.orders_kept - f.orders_unconverted) AND "
         f"f.orders_kept > f.orders_unconverted AND f.last_order_at < {by.day(30)} AND f.first_order_at < {by.day(90)} AND f.items >= 3 AND "
         f"f.last_order_at >= {by.day(364)} AND 2 * f.orders_refunded < f.orders AND {jumpers}{bought('童装/卫衣')}"),
    ]  # fmt: skip


def timed(ask, *arguments) -> tuple[int, float]:
    started = time.perf_counter()
    count = ask(*arguments)
    return count, (time.perf_counter() - started) * 1000


class ByPsql:
    """Hand-written SQL on PostgreSQL, under the settings of the service's own statements; the time is psql's."""

    def __init__(self, folder: Path) -> None:
        self.psql = Psql(folder)
        self.psql.run("SET work_mem = '128MB'; SET jit = off; SET TIME ZONE 'UTC';", "\\timing on")

    def __call__(self, statement: str) -> tuple[int, float]:
        count, told = self.psql.run(statement + ";")
        return int(count), float(told.split()[1])


def by_sqlite(folder: Path):
    connection = open_sqlite(folder)
    return lambda statement: timed(lambda: connection.execute(statement).fetchone()[0])


def by_duckdb(folder: Path):
    data = duckdb.connect(str(folder / "shop.duckdb"), read_only=True)
    return lambda statement: timed(lambda: data.execute(statement).fetchall()[0][0])


def main() -> None:
    folder, binary = Path(sys.argv[1]).resolve(), sys.argv[2]
    duck = by_duckdb(folder)
    print(f"DuckDB {duckdb.__version__}; SQLite by hand: {sqlite3.sqlite_version}; the best of {TURNS}, in milliseconds")
    for kind in sys.argv[3:] or ["sqlite", "postgres"]:
        tenant = json.loads((folder / f"{kind}.json").read_text())["tenant"]
        with database(kind, folder) as url, Service(binary, url, folder) as service:
            service.use(tenant)
            hand = by_sqlite(folder) if kind == "sqlite" else ByPsql(folder)
            measure(kind, uuid_of(tenant), service, hand, duck)


def measure(kind: str, tenant: str, service: Service, hand, duck) -> None:
    print(f"\n{kind:34} {'members':>8} {'service':>9} {'by hand':>9} {'ratio':>6} {'to reach':>9} {'DuckDB':>9}")
    in_duckdb = {name: statement for name, _, _, statement in questions(Dialect("duckdb", tenant))}
    for name, reach, query, statement in questions(Dialect(kind, tenant)):
        made = service.call("POST", "/v1/segments", {"name": f"bench {name} {time.time()}", "query": query})["id"]
        best = [float("inf")] * 3
        for _ in range(TURNS):
            answers = [
                timed(lambda: service.call("GET", f"/v1/segments/{made}/count")["count"]),
                hand(statement),
                duck(in_duckdb[name]),
            ]
            counts = [count for count, _ in answers]
            if len(set(counts)) > 1:
                raise SystemExit(f"{name}: service, by hand and DuckDB count {counts}")
            best = [min(took) for took in zip(best, (took for _, took in answers), strict=True)]
        service.call("DELETE", f"/v1/segments/{made}")
        told, by_hand, by_duck = best
        print(f"{name:34} {counts[0]:8} {told:9.1f} {by_hand:9.1f} {told / by_hand:6.2f} {reach:>9} {by_duck:9.1f}", flush=True)


if __name__ == "__main__":
    main()
