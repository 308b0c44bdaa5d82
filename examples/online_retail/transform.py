"""Turns the lines of UCI's "Online Retail" into canonical orders. README.md gives the reasons for every rule.

Nothing in here knows of files or HTTP.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

SHOP, GUESTS = "online-retail", "online-retail-guests"
# Postage and carriage: money that the buyer pays, but no goods.
SHIPPING = {"POST", "DOT", "C2"}
# Other bookings that are not goods. They stay as lines, because the buyer paid them, but name no product.
NOT_GOODS = {"M", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK", "PADS"}
# The most lines that one order may have.
MOST_LINES = 1_000
COUNTRIES = {
    "Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE", "Brazil": "BR", "Canada": "CA",
    "Cyprus": "CY", "Czech Republic": "CZ", "Denmark": "DK", "EIRE": "IE", "Finland": "FI", "France": "FR",
    "Germany": "DE", "Greece": "GR", "Hong Kong": "HK", "Iceland": "IS", "Israel": "IL", "Italy": "IT",
    "Japan": "JP", "Lebanon": "LB", "Lithuania": "LT", "Malta": "MT", "Netherlands": "NL", "Norway": "NO",
    "Poland": "PL", "Portugal": "PT", "RSA": "ZA", "Saudi Arabia": "SA", "Singapore": "SG", "Spain": "ES",
    "Sweden": "SE", "Switzerland": "CH", "USA": "US", "United Arab Emirates": "AE", "United Kingdom": "GB",
}


@dataclass
class Sold:
    """One line of a purchase, and what of it can still be given back."""

    order: "Order"
    price: Decimal
    pieces: int
    amount: int


@dataclass
class Order:
    """One invoice."""

    invoice: str
    customer: str
    country: str
    at: datetime
    rows: list = field(default_factory=list)
    refunds: Counter = field(default_factory=Counter)
    refunded_at: dict = field(default_factory=dict)


@dataclass
class Result:
    """Canonical orders by shop, and what was counted on the way."""

    orders: list = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)


def transform(rows):
    """Takes the rows of the file (dictionaries), gives a Result."""
    result = Result()
    purchases, cancellations = {}, []
    for number, row in enumerate(rows):
        kind = classify(row)
        result.counts[kind] += 1
        if kind == "purchase lines":
            add_purchase(purchases, row)
        elif kind == "cancellation lines":
            cancellations.append((wall_time(row), number, row))
    give_back(purchases, cancellations, result.counts)
    for order in purchases.values():
        result.orders += documents(order)
    return result


def classify(row):
    invoice, quantity, price = row["InvoiceNo"], int(row["Quantity"]), Decimal(row["UnitPrice"])
    if invoice.startswith("A"):
        return "bad-debt adjustments, skipped"
    if invoice.startswith("C"):
        return "cancellation lines"
    if quantity <= 0:
        return "write-offs, skipped"
    if price <= 0:
        return "lines without a price, skipped"
    return "purchase lines"


def add_purchase(purchases, row):
    order = purchases.get(row["InvoiceNo"])
    at = wall_time(row)
    if order is None:
        order = Order(row["InvoiceNo"], row["CustomerID"], row["Country"], at)
        purchases[order.invoice] = order
    order.at = min(order.at, at)
    order.rows.append(row)


def give_back(purchases, cancellations, counts):
    """Books each cancelled line on earlier purchases of the same customer and stock code."""
    sold = defaultdict(list)
    for order in purchases.values():
        for row in order.rows:
            line = Sold(order, Decimal(row["UnitPrice"]), int(row["Quantity"]), pence(row))
            sold[order.customer, row["StockCode"]].append(line)
    for lines in sold.values():
        lines.sort(key=lambda line: line.order.at)
    positions = Counter()
    for at, _, row in sorted(cancellations, key=lambda entry: entry[:2]):
        positions[row["InvoiceNo"]] += 1
        refund = f"{row['InvoiceNo']}-{positions[row['InvoiceNo']]}"
        candidates = sold[row["CustomerID"], row["StockCode"]] if row["CustomerID"] else []
        book(candidates, at, refund, row, counts)


def book(candidates, at, refund, row, counts):
    """The latest purchase at the same price first, then the latest at another price."""
    price, pieces = Decimal(row["UnitPrice"]), -int(row["Quantity"])
    wanted = pieces
    earlier = [line for line in candidates if line.order.at <= at and line.pieces > 0]
    earlier.sort(key=lambda line: (line.price == price, line.order.at), reverse=True)
    for line in earlier:
        taken = min(pieces, line.pieces)
        if taken == 0:
            break
        amount = min(to_pence(price * taken), line.amount)
        line.pieces -= taken
        line.amount -= amount
        pieces -= taken
        line.order.refunds[refund] += amount
        line.order.refunded_at[refund] = at
        counts["refunded pence"] += amount
    counts["cancellation pence"] += to_pence(price * wanted)
    if pieces == wanted:
        counts["cancellation lines without an earlier purchase"] += 1
    elif pieces:
        counts["cancellation lines matched in part"] += 1
    else:
        counts["cancellation lines matched"] += 1


def documents(order):
    """The canonical order; one with more lines than an order may have becomes several."""
    shop = SHOP if order.customer else GUESTS
    parts = range(0, len(order.rows), MOST_LINES)
    for part, start in enumerate(parts, 1):
        document = canonical(order, order.rows[start:start + MOST_LINES], start)
        external_id = order.invoice if part == 1 else f"{order.invoice}-{part}"
        yield {"shop": shop, "external_id": external_id, **document}


def canonical(order, rows, start):
    total = sum(pence(row) for row in rows)
    shipping = sum(pence(row) for row in rows if row["StockCode"] in SHIPPING)
    goods = [row for row in rows if row["StockCode"] not in SHIPPING]
    refunds = [
        {"external_id": refund, "refunded_at": moment(order.refunded_at[refund]), "amount": amount}
        for refund, amount in sorted(order.refunds.items())
    ]
    refunded = sum(order.refunds.values())
    status = "completed"
    if refunded:
        status = "refunded" if refunded >= total else "partially_refunded"
    at = moment(order.at)
    document = {
        "version": moment(max([order.at, *order.refunded_at.values()])),
        "status": status,
        "ordered_at": at, "paid_at": at, "completed_at": at,
        "currency": "GBP", "total_amount": total, "shipping_amount": shipping,
        "lines": [line(row, start + place) for place, row in enumerate(goods, 1)],
    }
    if refunds:
        document["refunds"] = refunds
    if order.customer:
        country = COUNTRIES.get(order.country)
        document["customer"] = {"external_id": order.customer}
        if country:
            document["customer"]["address"] = {"country": country}
    else:
        document["attributes"] = {"country": order.country}
    return document


def line(row, place):
    code, price = row["StockCode"], Decimal(row["UnitPrice"])
    entry = {
        "external_id": str(place), "sku": code, "quantity": int(row["Quantity"]), "total_amount": pence(row),
    }
    if row["Description"].strip():
        entry["title"] = row["Description"].strip()
    if code.upper() in NOT_GOODS:
        entry["category"] = "not goods"
    else:
        entry["product_external_id"] = code
    if to_pence(price) == price * 100:
        entry["unit_amount"] = to_pence(price)
    return entry


def pence(row):
    return to_pence(Decimal(row["UnitPrice"]) * int(row["Quantity"]))


def to_pence(pounds):
    return int((pounds * 100).quantize(Decimal(1), ROUND_HALF_UP))


def wall_time(row):
    return datetime.fromisoformat(row["InvoiceDate"])


def moment(wall):
    """London's wall time with its offset: summer time from the last Sunday of March to that of October."""
    begins, ends = (last_sunday(wall.year, month) + timedelta(hours=1) for month in (3, 10))
    offset = "+01:00" if begins <= wall < ends else "+00:00"
    return wall.isoformat() + offset


def last_sunday(year, month):
    last = datetime(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)
