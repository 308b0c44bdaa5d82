#!/usr/bin/env python3
"""Loads UCI's "Online Retail" through the public door and compares the summary with the known figures.

    load.py online_retail.csv.xz --url http://127.0.0.1:8080 --token "$TOKEN"
    load.py online_retail.csv.xz --ndjson orders.ndjson      (only the transformation)

The token is one of a tenant whose currency is GBP, with the scopes `settings:read settings:write orders:read
orders:write customers:read`. Python's standard library is enough. See README.md beside this file.
"""

import argparse
import csv
import gzip
import http.client
import json
import lzma
import sys
import time
from collections import defaultdict
from urllib.parse import urlsplit

from transform import GUESTS, SHOP, transform

KNOWN = {"orders": 18_532, "buyers": 4_338, "gross_amount": 891_140_790, "repeat_buyers": 2_845}


class Api:
    """The service, over one connection."""

    def __init__(self, url, token):
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(parts.hostname, parts.port, timeout=120)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        for _ in range(20):
            self.connection.request(method, path, data, self.headers)
            answer = self.connection.getresponse()
            content = answer.read()
            if answer.status not in (429, 503):
                break
            time.sleep(float(answer.getheader("Retry-After") or 1))
        if answer.status >= 400:
            sys.exit(f"{method} {path}: {answer.status} {content.decode(errors='replace')}")
        return json.loads(content)

    def shop(self, external_id):
        """The id of a shop, which is made if there is none."""
        cursor = ""
        while cursor is not None:
            page = self.call("GET", f"/v1/shops?limit=200{cursor}")
            for shop in page["data"]:
                if shop["external_id"] == external_id:
                    return shop["id"]
            cursor = f"&cursor={page['next_cursor']}" if page["has_more"] else None
        shop = {
            "name": external_id, "platform": "other", "external_id": external_id,
            "timezone": "Europe/London", "currency": "GBP",
        }
        return self.call("POST", "/v1/shops", shop)["id"]


def open_rows(path):
    kinds = {"xz": lzma.open, "gz": gzip.open}
    opener = kinds.get(path.rsplit(".", 1)[-1], open)
    return csv.DictReader(opener(path, "rt", encoding="utf-8", newline=""))


def load(api, orders, size):
    shops = {name: api.shop(name) for name in (SHOP, GUESTS)}
    started, applied = time.monotonic(), 0
    for start in range(0, len(orders), size):
        items = []
        for order in orders[start:start + size]:
            items.append({"shop_id": shops[order["shop"]], **{k: v for k, v in order.items() if k != "shop"}})
        results = api.call("POST", "/v1/orders/batch", {"orders": items})["results"]
        for result in results:
            if "error" in result:
                sys.exit(f"{items[result['index']]['external_id']}: {json.dumps(result['error'])}")
        applied += len(results)
        print(f"\r{applied:,} of {len(orders):,} orders", end="", file=sys.stderr, flush=True)
    seconds = time.monotonic() - started
    print(f"\r{applied:,} orders in {seconds:.1f} s, {applied / seconds:,.0f} a second", file=sys.stderr)
    return shops


def compare(api, shops):
    summary = api.call("GET", f"/v1/analytics/summary?shop_id={shops[SHOP]}")
    print(json.dumps(summary, indent=2))
    differences = {name: (summary.get(name), known) for name, known in KNOWN.items() if summary.get(name) != known}
    for name, (told, known) in differences.items():
        print(f"DIFFERENT: {name} is {told}, known is {known}")
    print("the figures differ from the known ones" if differences else "all figures are the known ones")
    return not differences


def compare_busiest(api, orders, shops):
    """The file of the customer who ordered most, in one call."""
    mine = defaultdict(list)
    for order in orders:
        if "customer" in order:
            mine[order["customer"]["external_id"]].append(order)
    busiest = max(mine, key=lambda customer: len(mine[customer]))
    known = {
        "orders": len(mine[busiest]),
        "gross_amount": sum(order["total_amount"] for order in mine[busiest]),
        "refunded_amount": sum(refund["amount"] for order in mine[busiest] for refund in order.get("refunds", [])),
    }
    found = api.call("GET", f"/v1/customers?shop_id={shops[SHOP]}&external_id={busiest}")["data"]
    profile = api.call("GET", f"/v1/customers/{found[0]['id']}/profile")
    told = {name: profile["facts"][name] for name in known}
    print(f"the profile of customer {busiest}: {told}, {len(profile['recent_orders'])} recent orders with their lines")
    if told != known:
        print(f"DIFFERENT: the file's own figures are {known}")
    return told == known


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="online_retail.csv, plain, .xz or .gz")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--token")
    parser.add_argument("--batch", type=int, default=200, help="orders in one call (default 200)")
    parser.add_argument("--ndjson", help="write the orders to this file instead of sending them")
    arguments = parser.parse_args()
    if not arguments.ndjson and not arguments.token:
        parser.error("--token or --ndjson is needed")

    result = transform(open_rows(arguments.file))
    for name, count in sorted(result.counts.items()):
        print(f"{name}: {count:,}")
    if arguments.ndjson:
        with open(arguments.ndjson, "w", encoding="utf-8") as file:
            for order in result.orders:
                file.write(json.dumps(order, ensure_ascii=False) + "\n")
        return 0
    api = Api(arguments.url, arguments.token)
    shops = load(api, result.orders, arguments.batch)
    return 0 if all([compare(api, shops), compare_busiest(api, result.orders, shops)]) else 1


if __name__ == "__main__":
    sys.exit(main())
