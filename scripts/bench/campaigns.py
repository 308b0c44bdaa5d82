#!/usr/bin/env python3
"""Launch, touches and report of a campaign for everybody, beside hand-written SQL on the same database in one run.

    python3 scripts/bench/fill_segments.py FOLDER target/release/huitou --customers 1000000      # once
    python3 scripts/bench/campaigns.py FOLDER target/release/huitou [sqlite] [postgres]

The launch is held against one INSERT ... SELECT of the same rows (stage, spend band, shop and covariate of everybody, without
the draw) into a table with the same indexes; the report
against five statements that a careful analyst would write for its figures: members with their covariate, the orders of the
window by member, the cost of goods, the funnel, and the contacts before each order. Touches go in over HTTP, 10,000 a call; those beyond
--touches are put beside them by SQL, so that the report has one for every member.
"""

import argparse
import datetime
import json
import sqlite3
import time
from pathlib import Path

from segments_places import Psql, Service, database, open_sqlite, uuid_of

SCOPES = "campaigns:read campaigns:write segments:read customers:read"
CALL = 10_000
WINDOW_DAYS = 23
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


class Hand:
    """Statements by hand, timed."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.sqlite = open_sqlite(folder) if kind == "sqlite" else None
        self.psql = None if self.sqlite else Psql(folder)
        if self.sqlite:
            self.sqlite.execute("PRAGMA synchronous = FULL")
        else:
            self.psql.run("SET work_mem = '128MB'; SET jit = off; SET TIME ZONE 'UTC';")

    def __call__(self, statement: str) -> float:
        started = time.perf_counter()
        self.rows(statement)
        return time.perf_counter() - started

    def rows(self, statement: str) -> list[str]:
        if self.sqlite:
            return ["|".join(str(value) for value in row) for row in self.sqlite.execute(statement).fetchall()]
        return self.psql.run(statement + ";")


def typeid(prefix: str, digits: str) -> str:
    number, text = int(digits, 16), ""
    for _ in range(26):
        number, text = number >> 5, DIGITS[number & 31] + text
    return f"{prefix}_{text}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("binary")
    parser.add_argument("databases", nargs="*", default=["sqlite", "postgres"])
    parser.add_argument("--touches", type=int, default=200_000, help="touches over HTTP")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    for kind in arguments.databases or ["sqlite", "postgres"]:
        tenant = json.loads((folder / f"{kind}.json").read_text())["tenant"]
        with database(kind, folder) as url, Service(arguments.binary, url, folder) as service:
            service.use(tenant, SCOPES)
            Bench(kind, tenant, service, Hand(kind, folder)).run(arguments.touches)


class Bench:
    def __init__(self, kind: str, tenant: str, service: Service, hand: Hand) -> None:
        self.kind, self.service, self.hand = kind, service, hand
        quote = (lambda digits: f"x'{digits}'") if kind == "sqlite" else (lambda digits: f"'{digits}'")
        self.quote, self.tenant = quote, quote(uuid_of(tenant))

    def moment(self, at: datetime.datetime) -> str:
        return str(int(at.timestamp() * 1_000_000)) if self.kind == "sqlite" else f"'{at.isoformat()}'"

    def run(self, touches: int) -> None:
        print(f"\n{self.kind}")
        made = self.service.call("POST", "/v1/campaigns", {
            "name": f"bench {time.time()}", "channels": ["sms"], "contact_plan": False, "holdout_percent": 10,
            "audience": {"query": "number_of_orders >= 1"}, "window_days": WINDOW_DAYS,
            "variants": [{"key": "a", "weight": 50}, {"key": "b", "weight": 50}],
            "costs": [{"kind": "message", "channel": "sms", "amount": 45, "per": 10}],
        })["id"]  # fmt: skip
        self.id, self.key = made, self.quote(uuid_of(made))
        self.launch()
        self.touches(touches)
        self.report()

    def launch(self) -> None:
        started = time.perf_counter()
        told = self.service.call("POST", f"/v1/campaigns/{self.id}/launch", {})
        took = time.perf_counter() - started
        self.members = sum(arm["members"] for arm in told["arms"])
        self.hand("DROP TABLE IF EXISTS bench_members")
        year_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=365)
        if self.kind == "sqlite":
            table = self.hand.rows("SELECT sql FROM sqlite_schema WHERE name = 'campaign_members'")[0]
            self.hand(table.replace("campaign_members", "bench_members", 1))
            self.hand("CREATE INDEX bench_by_customer ON bench_members (tenant_id, customer_id, campaign_id)")
        else:
            self.hand("CREATE TABLE bench_members (LIKE campaign_members INCLUDING ALL)")
        # The same rows, without the draw: everybody is in one arm, and the bounds of the stages are made up.
        by_hand = self.hand(
            f"INSERT INTO bench_members SELECT {self.tenant}, {self.key}, c.id, c.id, 'a', NULL,"
            f" CASE WHEN f.last_order_at > {self.moment(year_ago)} THEN 'active' ELSE 'lost' END,"
            " CASE WHEN f.spent_amount < 100000 THEN 'low' ELSE 'high' END, s.shop_id, COALESCE(b.spent, 0), 0"
            f" FROM customers c JOIN customer_facts f ON f.tenant_id = {self.tenant} AND f.customer_id = c.id"
            " LEFT JOIN (SELECT customer_id, shop_id, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY last_order_at DESC,"
            f" shop_id) AS place FROM customer_shop_facts WHERE tenant_id = {self.tenant}) s"
            " ON s.customer_id = c.id AND s.place = 1"
            " LEFT JOIN (SELECT customer_id, CAST(SUM(net_amount) AS bigint) AS spent FROM orders"
            f" WHERE tenant_id = {self.tenant} AND paid_at >= {self.moment(year_ago)} GROUP BY customer_id) b"
            " ON b.customer_id = c.id"
            f" WHERE c.tenant_id = {self.tenant} AND c.merged_into IS NULL AND c.erased_at IS NULL AND f.orders >= 1"
        )
        self.hand("DROP TABLE bench_members")
        self.tell("launch", took, by_hand, f"{self.members} members")

    def touches(self, touches: int) -> None:
        column = "hex(origin_id)" if self.kind == "sqlite" else "replace(origin_id::text, '-', '')"
        ids = self.hand.rows(
            f"SELECT {column} FROM campaign_members WHERE tenant_id = {self.tenant} AND campaign_id = {self.key}"
            f" AND arm <> 'holdout' ORDER BY origin_id LIMIT {touches}"
        )
        at = datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z")
        bodies = []
        for first in range(0, len(ids), CALL):
            lines = (
                json.dumps({"external_id": f"{self.id}-{digits}", "customer_id": typeid("cus", digits.lower()),
                            "channel": "sms", "outcome": "sent", "occurred_at": at})
                for digits in ids[first : first + CALL]
            )  # fmt: skip
            bodies.append("\n".join(lines).encode())
        # It lay idle for longer than the service keeps connections.
        self.service.connection.close()
        started = time.perf_counter()
        for body in bodies:
            told = self.service.call("POST", f"/v1/campaigns/{self.id}/touches", body)
            if told["results"][0].get("status") != "applied":
                raise SystemExit(f"a touch was not taken: {told['results'][0]}")
        took = time.perf_counter() - started
        print(f"   {'touches over HTTP':28} {len(ids) / took:9.0f} a second (to reach 10,000), {len(ids)} touches", flush=True)

    def report(self) -> None:
        # As if it had been launched a month ago, so that its window is full of orders.
        from_ = datetime.datetime.now(datetime.UTC).replace(microsecond=0) - datetime.timedelta(days=30)
        until = from_ + datetime.timedelta(days=WINDOW_DAYS)
        window = f"o.paid_at >= {self.moment(from_)} AND o.paid_at < {self.moment(until)}"
        self.hand(
            f"UPDATE campaigns SET launched_at = {self.moment(from_)}, ends_at = {self.moment(until)}"
            f" WHERE tenant_id = {self.tenant} AND id = {self.key}"
        )
        mine = f"m.tenant_id = {self.tenant} AND m.campaign_id = {self.key} AND m.arm IS NOT NULL"
        random_id = "randomblob(16)" if self.kind == "sqlite" else "gen_random_uuid()"
        text_id = "hex(m.origin_id)" if self.kind == "sqlite" else "m.origin_id::text"
        self.hand(f"DELETE FROM touches WHERE tenant_id = {self.tenant} AND campaign_id = {self.key}")
        self.hand(
            "INSERT INTO touches (tenant_id, channel, external_id, id, customer_id, origin_id, campaign_id, arm, touched_at,"
            f" sent_at, created_at, updated_at) SELECT m.tenant_id, 'sms', '{self.id} ' || {text_id}, {random_id}, m.customer_id,"
            f" m.origin_id, m.campaign_id, m.arm, {self.moment(from_)}, {self.moment(from_)}, {self.moment(from_)},"
            f" {self.moment(from_)} FROM campaign_members m WHERE {mine} AND m.arm <> 'holdout'"
        )
        if self.kind == "postgres":
            # What autovacuum does within a minute or two.
            self.hand("VACUUM (ANALYZE) touches")
            self.hand("VACUUM (ANALYZE) campaign_members")
        orders = f"campaign_members m JOIN orders o ON o.tenant_id = {self.tenant} AND o.customer_id = m.customer_id"
        touched = f"t.tenant_id = {self.tenant} AND t.campaign_id = {self.key}"
        statements = [
            "SELECT m.arm, m.stage, m.spend_band, m.shop_id, COUNT(*), SUM(m.covariate_amount),"
            f" SUM(1.0 * m.covariate_amount * m.covariate_amount) FROM campaign_members m WHERE {mine} GROUP BY 1, 2, 3, 4",
            "SELECT x.arm, COUNT(*), SUM(x.orders), SUM(x.spent), SUM(1.0 * x.spent * x.spent) FROM (SELECT m.arm, m.origin_id,"
            f" COUNT(*) AS orders, SUM(o.net_amount) AS spent FROM {orders} WHERE {mine} AND {window}"
            " GROUP BY m.arm, m.origin_id) x GROUP BY x.arm",
            # The cost of the goods sold, by arm.
            "SELECT x.arm, COUNT(x.goods), SUM(x.goods), SUM(1.0 * x.goods * x.goods) FROM (SELECT m.arm, m.origin_id,"
            f" SUM(p.cost_amount * l.quantity) AS goods FROM {orders} JOIN order_lines l ON l.tenant_id = {self.tenant}"
            f" AND l.order_id = o.id LEFT JOIN products p ON p.tenant_id = {self.tenant} AND p.shop_id = l.shop_id"
            f" AND p.external_id = l.product_external_id WHERE {mine} AND {window} GROUP BY m.arm, m.origin_id) x GROUP BY x.arm",
            "SELECT t.arm, t.channel, COUNT(*), COUNT(DISTINCT t.origin_id), COUNT(t.delivered_at), COUNT(t.opened_at),"
            f" COUNT(t.clicked_at) FROM touches t WHERE {touched} GROUP BY t.arm, t.channel",
            f"SELECT COUNT(*), SUM(o.net_amount) FROM {orders} JOIN touches t ON t.tenant_id = {self.tenant}"
            f" AND t.customer_id = o.customer_id AND t.touched_at <= o.paid_at WHERE {mine} AND {window}",
        ]
        took, by_hand = float("inf"), float("inf")
        for _ in range(3):
            self.service.connection.close()
            started = time.perf_counter()
            told = self.service.call("GET", f"/v1/campaigns/{self.id}/report")
            took = min(took, time.perf_counter() - started)
            by_hand = min(by_hand, sum(self.hand(statement) for statement in statements))
        orders = sum(arm["orders"] for arm in told["arms"])
        touches = sum(channel["touches"] for channel in told["channels"])
        self.tell("report", took, by_hand, f"{self.members} members, {touches} touches, {orders} orders")

    def tell(self, what: str, took: float, by_hand: float, of: str) -> None:
        print(f"   {what:28} {took:8.2f} s, by hand {by_hand:8.2f} s, ratio {took / by_hand:5.2f} (to reach 2); {of}", flush=True)


if __name__ == "__main__":
    main()
