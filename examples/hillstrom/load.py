#!/usr/bin/env python3
"""Loads Kevin Hillstrom's e-mail experiment through the public API and compares the report with the known figures.

    load.py hillstrom.csv.gz --url http://127.0.0.1:8080 --token "$TOKEN"

The token is one of a tenant whose currency is USD, with the scopes `settings:read settings:write customers:write
orders:write campaigns:read campaigns:write`. Python's standard library is enough. See README.md beside this file.
"""

import argparse
import csv
import gzip
import http.client
import json
import sys
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import urlsplit

SHOP = "hillstrom"
ARMS = {"Mens E-Mail": "mens", "Womens E-Mail": "womens", "No E-Mail": "holdout"}
LAUNCH = datetime(2008, 3, 20, 8, tzinfo=timezone.utc)

# The men's e-mail against none, as printed where the experiment is told.
KNOWN = {
    "conversion difference": "+0.006805",
    "conversion interval": "[0.005014, 0.008641]",
    "spend per head difference": "+0.76983",
    "spend per head interval": "[0.48514, 1.05451]",
    "incremental revenue": "16,402.71",
}


class Api:
    """The service, over one connection."""

    def __init__(self, url, token):
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(parts.hostname, parts.port, timeout=300)
        self.token = token

    def call(self, method, path, body=None, kind="application/json"):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        for _ in range(20):
            self.connection.request(method, path, data, headers)
            answer = self.connection.getresponse()
            content = answer.read()
            if answer.status not in (429, 503):
                break
            time.sleep(float(answer.getheader("Retry-After") or 1))
        if answer.status >= 400:
            sys.exit(f"{method} {path}: {answer.status} {content.decode(errors='replace')}")
        return json.loads(content)

    def many(self, path, items, size=5_000):
        """Sends the items as NDJSON and answers their ids in the same order."""
        ids, started = [], time.monotonic()
        for start in range(0, len(items), size):
            lines = "\n".join(json.dumps(item) for item in items[start:start + size]).encode()
            for result in self.call("POST", path, lines, "application/x-ndjson")["results"]:
                if "error" in result:
                    sys.exit(f"{path}: {json.dumps(items[start + result['index']])}: {json.dumps(result['error'])}")
                ids.append(result["id"])
        seconds = time.monotonic() - started
        print(f"{len(ids):,} to {path} in {seconds:.1f} s, {len(ids) / seconds:,.0f} a second", file=sys.stderr)
        return ids


def open_rows(path):
    opener = gzip.open if path.endswith(".gz") else open
    return list(csv.DictReader(opener(path, "rt", encoding="utf-8", newline="")))


def text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def cents(dollars):
    return int(Decimal(dollars) * 100)


def order(shop, number, name, amount, paid_at):
    moment = text(paid_at)
    return {
        "shop_id": shop, "external_id": f"{name}-{number}", "status": "paid", "version": moment, "ordered_at": moment,
        "paid_at": moment, "currency": "USD", "total_amount": amount, "customer": {"external_id": f"h{number}"},
        "lines": [],
    }


def orders(shop, rows, history):
    """What each bought in the two weeks, and, as one order half a year earlier, what they spent in the year before."""
    for number, row in enumerate(rows):
        if history and cents(row["history"]) > 0:
            yield order(shop, number, "before", cents(row["history"]), LAUNCH - timedelta(days=180))
        if cents(row["spend"]) > 0:
            yield order(shop, number, "spend", cents(row["spend"]), LAUNCH + timedelta(hours=1 + number % 300))


def touches(rows, customers):
    for number, row in enumerate(rows):
        if ARMS[row["segment"]] == "holdout":
            continue
        touch = {"external_id": f"mail-{number}", "customer_id": customers[number], "channel": "email"}
        yield {**touch, "outcome": "sent", "occurred_at": text(LAUNCH)}
        if row["visit"] == "1":
            yield {**touch, "outcome": "clicked", "occurred_at": text(LAUNCH + timedelta(minutes=1 + number % 10_000))}


def load(api, rows, history):
    shop = api.call("POST", "/v1/shops", {
        "name": SHOP, "platform": "other", "external_id": SHOP, "timezone": "America/New_York", "currency": "USD"})["id"]
    customers = api.many("/v1/customers/batch", [
        {"shop_id": shop, "external_id": f"h{number}"} for number in range(len(rows))])
    api.many("/v1/orders/batch", list(orders(shop, rows, history)))
    campaign = api.call("POST", "/v1/campaigns", {
        "name": "Two e-mails and none", "purpose": "repeat", "channels": ["email"],
        "variants": [{"key": "mens", "weight": 50}, {"key": "womens", "weight": 50}],
        "holdout_percent": 33.3, "window_days": 14, "costs": [{"kind": "message", "channel": "email", "amount": 1}],
    })["id"]
    api.many(f"/v1/campaigns/{campaign}/assignments", [
        {"customer_id": customer, "arm": ARMS[row["segment"]]} for customer, row in zip(customers, rows)])
    api.call("POST", f"/v1/campaigns/{campaign}/launch", {"launched_at": text(LAUNCH)})
    api.many(f"/v1/campaigns/{campaign}/touches", list(touches(rows, customers)))
    return campaign


def figures(report):
    """The figures of the men's e-mail, printed as they are known."""
    mens = next(one for one in report["comparisons"] if one["variant"] == "mens")
    conversion, spend = mens["conversion"], mens["revenue_per_member"]
    return {
        "conversion difference": f"{conversion['difference']:+.6f}",
        "conversion interval": f"[{conversion['low']:.6f}, {conversion['high']:.6f}]",
        "spend per head difference": f"{spend['difference']:+.5f}",
        "spend per head interval": f"[{spend['low']:.5f}, {spend['high']:.5f}]",
        "incremental revenue": f"{mens['incremental_revenue']['amount'] / 100:,.2f}",
    }


def compare(report, known):
    same = True
    for name, told in figures(report).items():
        same &= told == known[name]
        print(f"{name}: {told}" + ("" if told == known[name] else f"  DIFFERENT: known is {known[name]}"))
    print("all figures are the known ones" if same else "the figures differ from the known ones")
    return same


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="hillstrom.csv, plain or .gz")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--token", required=True)
    parser.add_argument("--no-history", action="store_true", help="leave out what was spent in the year before")
    parser.add_argument("--report", help="write the report to this file")
    parser.add_argument("--known", help="compare with the figures in this file, for other data in the same shape")
    arguments = parser.parse_args()
    api = Api(arguments.url, arguments.token)
    campaign = load(api, open_rows(arguments.file), not arguments.no_history)
    report = api.call("GET", f"/v1/campaigns/{campaign}/report")
    if arguments.report:
        with open(arguments.report, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=2)
    known = KNOWN
    if arguments.known:
        with open(arguments.known, encoding="utf-8") as file:
            known = json.load(file)
    return 0 if compare(report, known) else 1


if __name__ == "__main__":
    sys.exit(main())
