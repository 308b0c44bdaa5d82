#!/usr/bin/env python3
"""Exports customers from a service on a throw-away database and reads the files back with DuckDB and pyarrow.

Usage: exports.py sqlite|postgres
"""

import contextlib
import json
import sys
import urllib.request
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow.parquet
from service import call, running, tenant_token

SHOP = {"name": "Exports", "platform": "other", "external_id": "x", "timezone": "Asia/Shanghai", "currency": "CNY"}
CUSTOMERS = 2_500
AWKWARD = ["", "a,b", 'say "hi"', "two\nlines", "羽绒服", "=1+1", " blanks ", "'", "null", "\\", ";", "😀"]
COLUMNS = [
    "id", "name", "phone", "city", "attributes.note", "attributes.points", "attributes", "tags", "created_at", "orders",
    "spent_amount", "average_order_amount", "last_order_at", "average_gap_days", "consent.sms", "currency",
]  # fmt: skip


def main() -> None:
    with running("exports", sys.argv[1]) as (base, environment, directory):
        token = tenant_token(base, environment)
        fill(base, token)
        members = sorted(walk(base, token))
        assert len(members) == CUSTOMERS, len(members)
        files = {name: export(base, token, name, directory) for name in ("csv", "ndjson", "parquet")}
        expected = [json.loads(line) for line in files["ndjson"].read_text().splitlines()]
        assert [row["id"] for row in expected] == members, "the rows of the file are the customers of the list"
        compare("duckdb reads csv", expected, read_csv(files["csv"]))
        compare("duckdb reads parquet", expected, read_parquet(files["parquet"]))
        compare("pyarrow reads parquet", expected, pyarrow.parquet.read_table(files["parquet"]).to_pylist())
        print(f"{sys.argv[1]}: {len(expected)} rows of {len(COLUMNS)} columns in three formats are the same")


def fill(base: str, token: str) -> None:
    shop = call(base, token, "POST", "/v1/shops", SHOP)["id"]
    customers = [customer(shop, number) for number in range(CUSTOMERS)]
    made = []
    for start in range(0, CUSTOMERS, 1_000):
        answer = call(base, token, "POST", "/v1/customers/batch", {"customers": customers[start : start + 1_000]})
        assert all(result["status"] == "applied" for result in answer["results"]), answer
        made += [result["id"] for result in answer["results"]]
    orders = [order(shop, number) for number in range(900)]
    answer = call(base, token, "POST", "/v1/orders/batch", {"orders": orders})
    assert all(result["status"] == "applied" for result in answer["results"]), answer
    for name in ("vip", 'say "tag"', "羽绒服"):
        tag = call(base, token, "POST", "/v1/tags", {"name": name})["id"]
        call(base, token, "POST", f"/v1/tags/{tag}/assign", {"customer_ids": made[:: 3 + len(name)]})


def customer(shop: str, number: int) -> dict:
    note = AWKWARD[number % len(AWKWARD)]
    document = {"shop_id": shop, "external_id": f"c{number}", "attributes": {"note": note, "points": number}}
    if note.strip():
        document["name"] = note
    if number % 2:
        document |= {"phone": f"+86138{number:08}", "address": {"city": "杭州"}}
    return document


def order(shop: str, number: int) -> dict:
    at = f"2026-{number % 9 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:30:00.{number:06}Z"
    return {
        "shop_id": shop, "external_id": f"o{number}", "version": at, "status": "paid", "ordered_at": at, "paid_at": at,
        "total_amount": 1_000 + number, "customer": {"external_id": f"c{number % 400}"},
    }  # fmt: skip


def walk(base: str, token: str) -> list[str]:
    found, cursor = [], ""
    while True:
        page = call(base, token, "GET", f"/v1/customers?limit=200{cursor}")
        found += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def export(base: str, token: str, file_format: str, directory: Path) -> Path:
    body = json.dumps({"format": file_format, "columns": COLUMNS}).encode()
    request = urllib.request.Request(f"{base}/v1/segments/export", body, bearer(token))
    with urllib.request.urlopen(request, timeout=60) as response:
        assert response.headers["X-Total-Count"] == str(CUSTOMERS), response.headers
        content = response.read()
    file = directory / f"customers.{file_format}"
    file.write_bytes(content)
    return file


def read_csv(file: Path) -> list[dict]:
    # Nothing between the commas is a missing value, "" is an empty text; types are those of the other formats.
    types = {name: "VARCHAR" for name in COLUMNS}
    options = f"header = true, delim = ',', quote = '\"', escape = '\"', new_line = '\\r\\n', columns = {types}"
    return rows(duckdb.sql(f"SELECT * FROM read_csv('{file}', {options})"))


def read_parquet(file: Path) -> list[dict]:
    return rows(duckdb.sql(f"SELECT * FROM read_parquet('{file}')"))


def rows(relation: duckdb.DuckDBPyRelation) -> list[dict]:
    return [dict(zip(relation.columns, row)) for row in relation.fetchall()]


def compare(what: str, expected: list[dict], actual: list[dict]) -> None:
    assert len(expected) == len(actual), f"{what}: {len(actual)} rows instead of {len(expected)}"
    for number, (left, right) in enumerate(zip(expected, actual)):
        for name in COLUMNS:
            if plain(left[name]) != plain(right[name]):
                raise AssertionError(f"{what}: row {number}, {name}: {right[name]!r} instead of {left[name]!r}")
    print(f"{what}: {len(actual)} rows")


def plain(value: object) -> object:
    """The form in which all three formats can be compared."""
    match value:
        case None | "" | []:
            return None
        case list():
            return ";".join(value)
        case dict():
            return value
        case datetime():
            return value.timestamp()
        case str() if value.startswith("{"):
            return json.loads(value)
        case str() if value.endswith("Z") and value[4:5] == "-":
            return datetime.fromisoformat(value).timestamp()
        case _:
            return number(value)


def number(value: object) -> object:
    with contextlib.suppress(TypeError, ValueError):
        return float(value)
    return value


if __name__ == "__main__":
    main()
