#!/usr/bin/env python3
"""Fills fuzz/corpus/ from the tests' fixtures (and, where they lie, from directories of real payloads named as arguments)."""

import hashlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "tests" / "fixtures" / "platforms"
PLATFORMS = ["standard", "shopify", "woocommerce", "youzan", "douyin"]
TOPICS = {"shopify": ["orders/create", "refunds/create", "customers/update", "customer.tags_added", "customers/redact"], "woocommerce": ["order.updated", "customer.updated"]}
QUERIES = [
    "number_of_orders >= 2 AND last_order_date < -90d",
    "products_purchased MATCHES (category = '羽绒服', attributes.尺码 = 'XXXXL', date >= -1y)",
    "AT LEAST 2 OF (stage = 'dormant', NOT customer_tags CONTAINS 'vip', SAMPLE(10%, seed: 'x')) TOP 10 BY amount_spent",
    "amount_spent(platform: 'taobao', date: -1y..today) BETWEEN 10.5 AND 99 -- a comment",
    "SEQUENCE (orders_placed(count_at_least: 2, shop: ('a', 'b')) THEN NOT orders_placed(amount_at_most: 5) WITHIN 60d) AS OF -1y",
    "anniversary(birthday) BETWEEN today AND +7d OR IN SEGMENT 'a''b'",
]


def keep(target: str, content: bytes) -> None:
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)


def bodies(folder: Path):
    for file in sorted(folder.rglob("*.json")):
        yield file.read_bytes()


def messages(flow: object):
    """The bodies that a fixture of a flow holds, however it nests them."""
    if isinstance(flow, dict):
        if "body" in flow:
            yield json.dumps(flow["body"]).encode()
        for value in flow.values():
            yield from messages(value)
    elif isinstance(flow, list):
        for value in flow:
            yield from messages(value)


for number, platform in enumerate(PLATFORMS):
    found = list(bodies(FIXTURES / platform))
    flow = FIXTURES / "flows" / f"{platform}.json"
    if flow.exists():
        found += list(messages(json.loads(flow.read_text())))
    for extra in sys.argv[1:]:
        found += list(bodies(Path(extra) / platform))
    for body in found:
        for topic in TOPICS.get(platform, [""]):
            keep("platforms", bytes([number]) + topic.encode() + b"\n" + body)
for query in QUERIES:
    keep("segments", query.encode())
print("corpus:", {target: len(list((HERE / "corpus" / target).iterdir())) for target in ("platforms", "segments")})
