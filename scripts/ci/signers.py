#!/usr/bin/env python3
"""Sends deliveries to a service on a throw-away database that libraries of others sign or check.

Usage: signers.py sqlite|postgres

The libraries: `standardwebhooks` of PyPI and of npm sign; `@shopify/shopify-api` of npm and `doudian` of PyPI only check,
so they judge what is signed here by the formula of the platform's documentation, and the service must judge alike.
"""

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timezone

from doudian import AppType, DouDian
from service import ROOT, call, running, tenant_token
from standardwebhooks.webhooks import Webhook

SIGNERS = ROOT / "scripts/ci/signers/signers.mjs"
# 24, 32 and 64 bytes, the bounds of the specification.
STANDARD = ["whsec_" + base64.b64encode(bytes(range(7, 7 + size))).decode() for size in (24, 32, 64)]
WRONG = "whsec_" + base64.b64encode(b"nobody told us about this").decode()
SHOPIFY, DOUYIN = "hush & <keep>", {"app_key": "3409409348479354011", "app_secret": "2ad2355c-密"}

Headers = dict[str, str]
# What is sent, and whether it is genuine.
Delivery = tuple[Headers, bytes, bool]


def main() -> None:
    with running("signers", sys.argv[1]) as (base, environment, _), Node() as node:
        token = tenant_token(base, environment)
        for name, platform, secrets, deliveries in (
            ("standardwebhooks of PyPI", "standard", STANDARD, standard(signed_by_python)),
            ("standardwebhooks of npm", "standard", STANDARD, standard(node.sign)),
            ("@shopify/shopify-api of npm", "shopify", [SHOPIFY], shopify(node.check)),
            ("doudian of PyPI", "douyin", [DOUYIN], douyin()),
        ):
            told = try_out(base, token, name, platform, secrets, deliveries)
            print(f"{sys.argv[1]}: {name}: {told}")


def try_out(base: str, token: str, name: str, platform: str, secrets: list, deliveries: list[Delivery]) -> str:
    """Sends everything to a shop of its own: what is genuine becomes an order, the rest is turned away."""
    body = {"name": name, "platform": platform, "external_id": name, "webhook_secrets": secrets}
    shop = call(base, token, "POST", "/v1/shops", body)
    path = f"/v1/webhooks/{tenant_of(token)}/{shop['id']}"
    for headers, content, genuine in deliveries:
        status = send(base + path, headers, content)
        assert status == (200 if genuine else 401), f"{name}: {status} for {headers} {content!r}, genuine: {genuine}"
    page = call(base, token, "GET", f"/v1/orders?limit=200&shop_id={shop['id']}")
    orders = {order["external_id"]: order["total_amount"] for order in page["data"]}
    accepted = [number for number, (_, _, genuine) in enumerate(deliveries) if genuine]
    assert orders == {str(number + 1): 1_000 + number for number in accepted}, f"{name}: {orders}"
    assert 0 < len(accepted) < len(deliveries)
    return f"{len(accepted)} deliveries accepted, {len(deliveries) - len(accepted)} refused"


def tenant_of(token: str) -> str:
    claims = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["tenant"]


def send(url: str, headers: Headers, body: bytes) -> int:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"} | headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


class Node:
    """The libraries of npm, in a process that answers line by line."""

    def __enter__(self) -> "Node":
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(["node", SIGNERS], **pipes)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.wait(20)

    def ask(self, **question: object) -> object:
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def sign(self, secret: str, identifier: str, at: int, body: str) -> str:
        return self.ask(sign="standardwebhooks", secret=secret, id=identifier, time=at, body=body)

    def check(self, headers: Headers, body: str) -> bool:
        return self.ask(check="shopify", secret=SHOPIFY, headers=headers, body=body)


def signed_by_python(secret: str, identifier: str, at: int, body: str) -> str:
    return Webhook(secret).sign(identifier, datetime.fromtimestamp(at, timezone.utc), body)


def standard(sign: Callable[[str, str, int, str], str]) -> list[Delivery]:
    now = int(time.time())
    deliveries = []

    def add(secret: str, genuine: bool, late: int = 0, change: Callable[[str], str] = lambda sign: sign) -> None:
        number = len(deliveries)
        order = {
            "external_id": str(number + 1), "version": "2026-11-11T00:00:00Z", "status": "paid", "currency": "CNY",
            "paid_at": "2026-11-11T00:00:00Z", "total_amount": 1_000 + number, "note": "羽绒服 😀 \u2028 </script>",
        }  # fmt: skip
        body = json.dumps({"type": "order.updated", "data": order}, ensure_ascii=number % 2 == 0)
        identifier, at = f"msg_{number}", now - late
        signature = change(sign(secret, identifier, at, body))
        headers = {"webhook-id": identifier, "webhook-timestamp": str(at), "webhook-signature": signature}
        deliveries.append((headers, body.encode(), genuine))

    for secret in STANDARD:
        add(secret, genuine=True)
        add(secret, genuine=True, late=240)
        add(secret, genuine=False, late=600)
        add(secret, genuine=True, change=lambda sign: f"v1a,AAAA v1,{'A' * 43}= {sign}")
        add(secret, genuine=False, change=lambda sign: sign[:-3] + ("BB=" if sign[-3] == "A" else "AA="))
    add(WRONG, genuine=False)
    return deliveries


def shopify(check: Callable[[Headers, str], bool]) -> list[Delivery]:
    deliveries = []

    def add(secret: str, genuine: bool, change: Callable[[bytes], str] | None = None, suffix: str = "") -> None:
        number = len(deliveries)
        order = {
            "id": number + 1, "currency": "CNY", "total_price": f"{(1_000 + number) / 100:.2f}",
            "financial_status": "paid", "updated_at": "2026-11-11T00:00:00+08:00", "note": "羽绒服 😀",
        }  # fmt: skip
        body = json.dumps(order, ensure_ascii=number % 2 == 0)
        digest = hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest()
        headers = {
            "X-Shopify-Topic": "orders/updated", "X-Shopify-Shop-Domain": "a.myshopify.com",
            "X-Shopify-API-Version": "2025-01", "X-Shopify-Webhook-Id": f"w{number}",
            "X-Shopify-Hmac-Sha256": change(digest) if change else base64.b64encode(digest).decode(),
        }  # fmt: skip
        assert check(headers, body + suffix) == genuine, "the library judges alike"
        deliveries.append((headers, (body + suffix).encode(), genuine))

    add(SHOPIFY, genuine=True)
    add(SHOPIFY, genuine=True)
    add("guess", genuine=False)
    add(SHOPIFY, genuine=False, change=bytes.hex)
    add(SHOPIFY, genuine=False, suffix=" ")
    return deliveries


def douyin() -> list[Delivery]:
    library = DouDian(app_key=DOUYIN["app_key"], app_secret=DOUYIN["app_secret"], app_type=AppType.TOOL)
    deliveries = []

    def add(secret: str, genuine: bool, suffix: str = "") -> None:
        number = len(deliveries)
        data = {"p_id": number + 1, "order_status": 2, "pay_time": 1_794_326_400, "pay_amount": 1_000 + number}
        message = {"tag": "101", "msg_id": f"{number}::101:1794326400:1", "data": json.dumps(data)}
        body = json.dumps([message, {"tag": "0", "msg_id": "0", "data": "商家"}], ensure_ascii=number % 2 == 0)
        sign = hashlib.md5(f"{DOUYIN['app_key']}{body}{secret}".encode()).hexdigest()
        headers = {"app-id": DOUYIN["app_key"], "event-sign": sign}
        judged = library.callback(headers, (body + suffix).encode())
        assert (judged is not None) == genuine, "the library judges alike"
        deliveries.append((headers, (body + suffix).encode(), genuine))

    add(DOUYIN["app_secret"], genuine=True)
    add(DOUYIN["app_secret"], genuine=True)
    add("guess", genuine=False)
    add(DOUYIN["app_secret"], genuine=False, suffix=" ")
    return deliveries


if __name__ == "__main__":
    main()
