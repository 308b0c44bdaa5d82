#!/usr/bin/env python3
"""Counts of segments over HTTP beside hand-written SQL on the same tables, in one run.

  huitou generate --customers 150000 --until 2026-11-20      # on the database that DATABASE_URL names
  huitou serve &
  python3 scripts/bench/segments.py http://127.0.0.1:8080 "$TOKEN" sqlite:///tmp/h.db
  python3 scripts/bench/segments.py http://127.0.0.1:8080 "$TOKEN" "postgres: -h /tmp/pg -p 5432 -U postgres h"

The token needs segments:read, segments:write and the tenant that was generated. For PostgreSQL the arguments of psql
follow the colon. Each query runs seven times; the best counts.
"""

import base64
import datetime
import json
import sqlite3
import subprocess
import sys
import time
import urllib.request

RUNS = 7
GONE = "SELECT id FROM customers WHERE tenant_id = {t} AND (merged_into IS NOT NULL OR erased_at IS NOT NULL)"


def queries(t, at, size):
    """Name, query, the same by hand; `at` writes a day so many days back, `size` tests a line's size."""
    facts = f"FROM customer_facts f WHERE f.tenant_id = {t} AND f.customer_id NOT IN ({GONE.format(t=t)})"
    bought = (
        "f.customer_id {word} (SELECT customer_id FROM order_lines WHERE tenant_id = " + t +
        " AND customer_id IS NOT NULL AND paid_at IS NOT NULL AND category = '{category}'{more})"
    )
    coats = bought.format(word="IN", category="女装/羽绒服", more=f" AND paid_at >= {at(365)} AND {size('XXXXL')}")
    jumpers = bought.format(word="IN", category="女装/毛衣", more="")
    dresses = bought.format(word="NOT IN", category="女装/连衣裙", more="")
    return [
        ("facts", "number_of_orders >= 2 AND last_order_date < -90d",
         f"SELECT count(*) {facts} AND f.orders >= 2 AND f.last_order_at < {at(90)}"),
        ("average order", "average_order_value BETWEEN 200 AND 400",
         f"SELECT count(*) {facts} AND f.orders_kept > f.orders_unconverted AND f.spent_amount >= 20000 * "
         "(f.orders_kept - f.orders_unconverted) AND f.spent_amount <= 40000 * (f.orders_kept - f.orders_unconverted)"),
        ("selective purchase",
         "products_purchased MATCHES (category = '女装/羽绒服', attributes.尺码 = 'XXXXL', date >= -1y)",
         f"SELECT count(*) {facts} AND {coats}"),
        ("broad purchase, AND NOT another",
         "products_purchased MATCHES (category = '女装/毛衣') AND products_purchased NOT MATCHES (category = '女装/连衣裙')",
         f"SELECT count(*) {facts} AND {jumpers} AND {dresses}"),
        ("ten clauses",
         "number_of_orders >= 2 AND amount_spent > 300 AND average_order_value > 100 AND last_order_date < -30d AND "
         "first_order_date < -90d AND items_purchased >= 3 AND stage IN ('active', 'at_risk', 'dormant') AND "
         "products_purchased MATCHES (category = '女装/毛衣') AND products_purchased NOT MATCHES (category = "
         "'女装/连衣裙') AND refund_rate < 50%", None),
    ]


def call(base, token, method, path, body=None):
    request = urllib.request.Request(
        base + path, method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"null")


def tenant_bytes(token):
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    number = 0
    for digit in claims["tenant"].split("_")[1]:
        number = number << 5 | "0123456789abcdefghjkmnpqrstvwxyz".index(digit)
    return f"{number & (1 << 128) - 1:032x}"


def by_hand(database, tenant):
    """How a statement is timed, and how tenant, days and sizes are written."""
    zone = datetime.timezone(datetime.timedelta(hours=8))
    midnight = datetime.datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    day = lambda back: midnight - datetime.timedelta(days=back)
    if database.startswith("sqlite://"):
        connection = sqlite3.connect(database.removeprefix("sqlite://"))

        def run(statement):
            started = time.perf_counter()
            count = connection.execute(statement).fetchone()[0]
            return count, (time.perf_counter() - started) * 1000

        micros = lambda back: str(int(day(back).timestamp()) * 1_000_000)
        return run, f"x'{tenant}'", micros, lambda size: f"json_extract(attributes, '$.\"尺码\"') = '{size}'"
    psql = ["psql", "-qAt", "-c", "SET work_mem = '128MB'; SET jit = off", "-c", "\\timing on"]
    arguments = database.split(":", 1)[1].split()

    def run(statement):
        out = subprocess.run(psql + ["-c", statement] + arguments, capture_output=True, text=True, check=True).stdout
        lines = out.strip().splitlines()
        return int(lines[-2]), float(lines[-1].split()[1])

    return (run, f"'{tenant}'::uuid", lambda back: f"'{day(back).isoformat()}'::timestamptz",
            lambda size: f"attributes @> '{{\"尺码\": \"{size}\"}}'")


def main():
    base, token, database = sys.argv[1:4]
    run, tenant, at, size = by_hand(database, tenant_bytes(token))
    print(f"{'query':34} {'count':>8} {'service ms':>11} {'by hand ms':>11} {'ratio':>6}")
    for name, query, statement in queries(tenant, at, size):
        made = call(base, token, "POST", "/v1/segments", {"name": f"bench {name} {time.time()}", "query": query})
        path = f"/v1/segments/{made['id']}"
        # Turn by turn, so that whatever else the machine does hits both alike.
        service, hand = [], []
        for _ in range(RUNS):
            started = time.perf_counter()
            count = call(base, token, "GET", path + "/count")["count"]
            service.append((time.perf_counter() - started) * 1000)
            if statement:
                counted, took = run(statement)
                assert counted == count, f"{name}: {count} here, {counted} by hand"
                hand.append(took)
        call_time, hand_time = min(service), min(hand) if hand else None
        ratio = f"{call_time / hand_time:6.2f}" if hand_time else "     -"
        print(f"{name:34} {count:8} {call_time:11.1f} {hand_time or float('nan'):11.1f} {ratio}", flush=True)
        request = urllib.request.Request(base + path, method="DELETE", headers={"authorization": f"Bearer {token}"})
        urllib.request.urlopen(request).close()


if __name__ == "__main__":
    main()
