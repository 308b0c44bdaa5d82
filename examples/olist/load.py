#!/usr/bin/env python3
"""Sends Olist's orders as signed webhooks, shuffled and partly twice, and compares the archive with the raw files.

    load.py olist_bundle.tar.gz --url http://127.0.0.1:8080 --token "$TOKEN"
    load.py <directory of the files> --ndjson deliveries.ndjson      (only the transformation)

The token is one of a tenant whose currency is BRL, with the scopes `settings:read settings:write orders:read
customers:read`. Python's standard library (3.11) is enough. See README.md beside this file.
"""

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import random
import secrets
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from check import compare
from raw import read
from transform import deliveries


class Api:
    """The service, over one connection for each thread."""

    def __init__(self, url, token):
        self.url, self.token = urlsplit(url), token
        self.local = threading.local()

    def connection(self):
        if not hasattr(self.local, "connection"):
            kind = http.client.HTTPSConnection if self.url.scheme == "https" else http.client.HTTPConnection
            self.local.connection = kind(self.url.hostname, self.url.port, timeout=60)
        return self.local.connection

    def send(self, method, path, body=None, headers=lambda: {}):
        """Until it is answered with something else than "later". `headers` are made for each attempt."""
        for attempt in range(50):
            connection = self.connection()
            try:
                connection.request(method, path, body, {"Content-Type": "application/json"} | headers())
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                time.sleep(0.1 * (attempt + 1))
                continue
            if answer.status not in (429, 503):
                return answer.status, content
            time.sleep(float(answer.getheader("Retry-After") or 1))
        raise SystemExit(f"{method} {path}: no answer after 50 attempts")

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        status, content = self.send(method, path, data, lambda: {"Authorization": f"Bearer {self.token}"})
        if status >= 400:
            raise SystemExit(f"{method} {path}: {status} {content.decode(errors='replace')}")
        return json.loads(content)

    def shop(self, secret):
        """The tenant and the id of the shop `olist`, which is made if there is none and takes the secret."""
        shops = self.call("GET", "/v1/shops?limit=200")["data"]
        for shop in shops:
            if (shop["platform"], shop["external_id"]) == ("standard", "olist"):
                self.call("PATCH", f"/v1/shops/{shop['id']}", {"webhook_secrets": [secret]})
                return shop["id"]
        shop = {
            "name": "Olist", "platform": "standard", "external_id": "olist", "timezone": "America/Sao_Paulo",
            "currency": "BRL", "webhook_secrets": [secret],
        }  # fmt: skip
        return self.call("POST", "/v1/shops", shop)["id"]

    def tenant(self):
        claims = self.token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["tenant"]


def sign(key, identifier, body):
    """The headers of Standard Webhooks, for now."""
    at = str(int(time.time()))
    digest = hmac.digest(key, f"{identifier}.{at}.".encode() + body, hashlib.sha256)
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": identifier, "webhook-timestamp": at, "webhook-signature": signature}


def push(api, told, arguments):
    """Sends everything, in an order of chance, and some of it again; the id of the shop."""
    key = secrets.token_bytes(32)
    shop = api.shop("whsec_" + base64.b64encode(key).decode())
    path = f"/v1/webhooks/{api.tenant()}/{shop}"
    chance = random.Random(arguments.seed)
    sent = told + chance.sample(told, int(len(told) * arguments.again))
    chance.shuffle(sent)

    def deliver(delivery):
        identifier, document = delivery
        body = json.dumps({"type": "order.updated", "data": document}, ensure_ascii=False).encode()
        status, content = api.send("POST", path, body, lambda: sign(key, identifier, body))
        if status != 200:
            raise SystemExit(f"{identifier}: {status} {content.decode(errors='replace')}")

    started = time.monotonic()
    with ThreadPoolExecutor(arguments.at_once) as threads:
        for number, _ in enumerate(threads.map(deliver, sent), 1):
            if number % 1_000 == 0:
                print(f"\r{number:,} of {len(sent):,} deliveries", end="", file=sys.stderr, flush=True)
    seconds = time.monotonic() - started
    print(f"\r{len(sent):,} deliveries, {len(sent) - len(told):,} of them again: {seconds:.1f} s, {len(sent) / seconds:,.0f} a second")
    return shop


def settle(api, shop, told):
    """Waits until all that was answered is applied; True where each delivery was taken once and none failed."""
    def count(status):
        path = f"/v1/webhook-deliveries?shop_id={shop}&status={status}&limit=1&count=exact"
        return api.call("GET", path)["total"]

    while count("pending"):
        time.sleep(0.5)
    counts = {status: count(status) for status in ("applied", "ignored", "failed")}
    print(f"in the inbox: {', '.join(f'{number:,} {status}' for status, number in counts.items())}")
    return counts == {"applied": len(told), "ignored": 0, "failed": 0}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="the data set: a directory of its files, or a .tar.gz of them")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--token")
    parser.add_argument("--seed", type=int, default=1, help="of the order in which they are sent (default 1)")
    parser.add_argument("--again", type=float, default=0.1, help="the share that is sent twice (default 0.1)")
    parser.add_argument("--at-once", type=int, default=16, help="deliveries at once (default 16)")
    parser.add_argument("--ndjson", type=Path, help="write the deliveries to this file instead of sending them")
    arguments = parser.parse_args()
    if not arguments.ndjson and not arguments.token:
        parser.error("--token or --ndjson is needed")

    raw = read(arguments.path)
    told = list(deliveries(raw))
    print(f"{len(raw['orders']):,} orders became {len(told):,} deliveries")
    if arguments.ndjson:
        arguments.ndjson.write_text("".join(json.dumps(document, ensure_ascii=False) + "\n" for _, document in told), "utf-8")
        return 0
    api = Api(arguments.url, arguments.token)
    shop = push(api, told, arguments)
    settled = settle(api, shop, told)
    return 0 if compare(api, shop, raw) and settled else 1


if __name__ == "__main__":
    sys.exit(main())
