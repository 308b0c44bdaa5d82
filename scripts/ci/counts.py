#!/usr/bin/env python3
"""Loads real shops into a service on a throw-away database and compares its segments with counts over the raw files.

Usage: counts.py sqlite|postgres

Of each segment three figures are compared: how many customers, how many orders, how much they spent. The service tells them
by a preview, and the number of customers also by the count of the saved segment. The files are public data sets that are
not part of this repository: they lie in ../shared/data beside the clone, or where HUITOU_DATA says.
"""

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import counts_cdnow
import counts_online_retail
from service import HUITOU, ROOT, SCOPES, call, running, token

DATA = Path(os.environ.get("HUITOU_DATA", ROOT.parent / "shared/data"))
SETS = [counts_cdnow, counts_online_retail]


def main() -> int:
    absent = [DATA / each.FILE for each in SETS if not (DATA / each.FILE).is_file()]
    if absent:
        print("NOT COMPARED: no file", *absent, "(see HUITOU_DATA in this script)", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    # Some questions over half a million lines are slow for an unoptimised build, and nothing to be told of.
    os.environ["SLOW_QUERY_MILLISECONDS"] = "0"
    with running("counts", sys.argv[1]) as (base, environment, directory):
        different = [name for each in SETS for name in compare(each, base, environment, directory)]
    asked = sum(len(each.QUESTIONS) for each in SETS)
    print(f"{sys.argv[1]}: {len(different)} of {asked} segments differ from the raw files", *different)
    return 1 if different else 0


def compare(each, base: str, environment: dict, directory: Path) -> list[str]:
    """The names of the questions that are answered differently."""
    started = time.monotonic()
    tenant = {"name": each.NAME, "timezone": each.TIME_ZONE, "currency": each.CURRENCY}
    tenant = call(base, token(environment, "--scope", "admin"), "POST", "/v1/tenants", tenant)["id"]
    mine = token(environment, "--tenant", tenant, "--scope", SCOPES)
    shop = {"name": each.NAME, "platform": "other", "external_id": "shop", "timezone": each.TIME_ZONE, "currency": each.CURRENCY}
    shop = call(base, mine, "POST", "/v1/shops", shop)["id"]
    file = directory / f"{each.__name__}.ndjson"
    with file.open("w", encoding="utf-8") as output:
        output.writelines(json.dumps(order, ensure_ascii=False) + "\n" for order in each.orders(DATA / each.FILE))
    command = [HUITOU, "import", "orders", file, "--tenant", tenant, "--shop", shop]
    with ThreadPoolExecutor() as beside:
        reading = beside.submit(each.read, DATA / each.FILE, directory)
        subprocess.run(command, env=environment, cwd=directory, check=True)
        raw = reading.result()
    tell_customers(base, mine, shop, list(each.customers(raw)))
    print(f"{each.NAME}: loaded after {time.monotonic() - started:.0f} s")
    print(f"{'':24} {'service':>26} {'raw file':>26}  query")
    different = []
    for name, query, condition in each.QUESTIONS:
        wanted = f"SELECT count(*), sum(orders), sum(spent) FROM customers WHERE {condition}"
        expected = tuple(int(figure or 0) for figure in raw.sql(wanted).fetchall()[0])
        told, counted = answer(base, mine, name, query, ZoneInfo(each.TIME_ZONE))
        same = told == expected and counted == expected[0]
        remark = "" if same else f"   DIFFERENT (saved segment: {counted})"
        print(f"{name:24} {figures(told):>26} {figures(expected):>26}  {query or '(no condition)'}{remark}", flush=True)
        if not same:
            different.append(f"{each.NAME}/{name}")
    print(f"{each.NAME}: {time.monotonic() - started:.0f} s")
    return different


def tell_customers(base: str, token: str, shop: str, told: list[tuple[dict, list[str]]]) -> None:
    tagged: dict[str, list[str]] = {}
    for start in range(0, len(told), 1_000):
        some = told[start : start + 1_000]
        documents = {"customers": [document | {"shop_id": shop} for document, _ in some]}
        results = call(base, token, "POST", "/v1/customers/batch", documents)["results"]
        for result, (document, tags) in zip(results, some, strict=True):
            assert result["status"] == "applied", (document, result)
            for tag in tags:
                tagged.setdefault(tag, []).append(result["id"])
    for name, ids in tagged.items():
        tag = call(base, token, "POST", "/v1/tags", {"name": name})["id"]
        call(base, token, "POST", f"/v1/tags/{tag}/assign", {"customer_ids": ids})


def answer(base: str, token: str, name: str, query: str, zone: ZoneInfo) -> tuple[tuple[int, int, int], int]:
    """What the service says of a group by a preview, and how many the saved segment counts."""
    while True:
        today = datetime.now(zone).date()
        written = re.sub(r"\{days since (.*?)\}", lambda found: str((today - date.fromisoformat(found[1])).days), query)
        preview = call(base, token, "POST", "/v1/segments/preview", {"query": written, "sample": 0})
        if datetime.now(zone).date() == today:
            break
    saved = call(base, token, "POST", "/v1/segments", {"name": name, "query": written})["id"]
    counted = call(base, token, "GET", f"/v1/segments/{saved}/count")["count"]
    return (preview["count"], preview["orders"], preview["spent_amount"]), counted


def figures(of: tuple[int, int, int]) -> str:
    customers, orders, spent = of
    return f"{customers:,}/{orders:,}/{spent / 100:,.2f}"


if __name__ == "__main__":
    sys.exit(main())
