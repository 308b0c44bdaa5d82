"""Turns Olist's orders into what a platform would have pushed while they were made. README.md gives the reasons.

Nothing in here knows of files or HTTP.
"""

from collections import defaultdict
from datetime import datetime, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

# Wall times without an offset; the marketplace's own clock.
ZONE = ZoneInfo("America/Sao_Paulo")
CLOSED = {"canceled", "unavailable"}


def deliveries(raw):
    """Yields (what it is called, the canonical document) for each step of each order."""
    of_order = {name: grouped(raw[name], "order_id") for name in ("items", "payments")}
    people = {row["customer_id"]: row for row in raw["customers"]}
    english = {row["product_category_name"]: row["product_category_name_english"] for row in raw["categories"]}
    categories = {row["product_id"]: row["product_category_name"] for row in raw["products"]}
    named = {product: english.get(category, category) for product, category in categories.items()}
    for order in raw["orders"]:
        items, payments = (of_order[name][order["order_id"]] for name in ("items", "payments"))
        whole = placed(order, people[order["customer_id"]], items, payments, named)
        for step, document in steps(order, whole):
            yield f"{order['order_id']}-{step}", {"external_id": order["order_id"], **document}


def steps(order, whole):
    """The order as it was placed tells all of it; each later step only its date and where the order stands."""
    purchased, approved, carried, delivered = (
        moment(order[f"order_{name}"])
        for name in ("purchase_timestamp", "approved_at", "delivered_carrier_date", "delivered_customer_date")
    )
    version = purchased
    yield "placed", {"version": told(version), "status": "created", "ordered_at": told(purchased), **whole}
    if approved:
        version = max(version, approved)
        yield "approved", {"version": told(version), "status": "paid", "paid_at": told(approved)}
    if carried:
        version = max(version, carried)
        yield "carried", {"version": told(version), "status": "shipped", "shipped_at": told(carried)}
    if delivered:
        version = max(version, delivered)
    status = order["order_status"]
    if status == "delivered":
        arrival = {"delivered_at": told(delivered)} if delivered else {}
        yield "delivered", {"version": told(version), "status": "completed", **arrival}
    elif status in CLOSED:
        yield status, {"version": told(version), "status": "closed"}
    elif status not in {"invoiced", "processing", "shipped"}:
        raise ValueError(f"order {order['order_id']} has the status {status}, which is new")


def placed(order, person, items, payments, categories):
    freight = sum(cents(item["freight_value"]) for item in items)
    paid = sum(cents(payment["payment_value"]) for payment in payments)
    document = {
        "currency": "BRL",
        "total_amount": paid if payments else freight + sum(cents(item["price"]) for item in items),
        "shipping_amount": freight,
        "customer": {"external_id": person["customer_unique_id"], "address": address(person)},
        "lines": [line(item, categories) for item in items],
    }
    if payments:
        kinds = sorted({payment["payment_type"] for payment in payments})
        installments = max(int(payment["payment_installments"]) for payment in payments)
        document["attributes"] = {"payment": "+".join(kinds), "installments": installments}
    return document


def line(item, categories):
    price, category = cents(item["price"]), categories.get(item["product_id"])
    entry = {
        "external_id": item["order_item_id"], "product_external_id": item["product_id"], "quantity": 1,
        "unit_amount": price, "total_amount": price, "attributes": {"seller": item["seller_id"]},
    }  # fmt: skip
    return entry | ({"category": category} if category else {})


def address(person):
    return {
        "country": "BR", "province": person["customer_state"], "city": person["customer_city"],
        "postcode": person["customer_zip_code_prefix"].zfill(5),
    }  # fmt: skip


def grouped(rows, key):
    groups = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups


def cents(reais):
    amount = Decimal(reais) * 100
    if amount != int(amount):
        raise ValueError(f"{reais} has a part of a centavo")
    return int(amount)


def moment(wall):
    """A wall time of São Paulo, which had summer time in these years. Of an hour that occurs twice it is the first."""
    return datetime.fromisoformat(wall).replace(tzinfo=ZONE).astimezone(timezone.utc) if wall else None


def told(at):
    return at.isoformat().replace("+00:00", "Z")
