#!/usr/bin/env python3
"""A burst of signed deliveries from a client that retries, while the database stalls and the service is killed.

    python3 scripts/bench/webhooks.py target/release/huitou [sqlite] [postgres] [--deliveries 50000]

Each delivery is sent until it is answered with success; one in ten is sent twice. On the way the database stalls twice for
five seconds (SQLite: another process holds its lock; PostgreSQL: all its processes are stopped), and between that the service
is killed with SIGKILL and started again. In the end every delivery must be there, applied once, with its order, and the
shop's figures must be those of the orders; else the run ends with an error. The databases are made for it and go with it.
"""

import argparse
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import queue
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from segments_places import Service, database

SCOPES = "settings:write orders:read orders:write"
CONNECTIONS = 64
STALL_SECONDS = 5
CUSTOMERS = 5_000
AMOUNT = 9_900
KEY = os.urandom(24)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("databases", nargs="*", help="sqlite, postgres or both (the default)")
    parser.add_argument("--deliveries", type=int, default=50_000)
    arguments = parser.parse_args()
    for kind in arguments.databases or ["sqlite", "postgres"]:
        with tempfile.TemporaryDirectory(prefix="huitou-burst-", dir="/tmp") as place:
            folder = Path(place)
            with database(kind, folder) as url, running(arguments.binary, url, folder) as service:
                print(f"\n{kind}", flush=True)
                Burst(kind, folder, service).run(arguments.deliveries)


def running(binary: Path, url: str, folder: Path) -> Service:
    """With its jobs, which apply what could only be stored; each request that is told to come again would be a line of log."""
    return Service(str(binary.resolve()), url, folder, JOBS="on", RUST_LOG="off")


class Burst:
    def __init__(self, kind: str, folder: Path, service: Service) -> None:
        self.kind, self.folder, self.service = kind, folder, service
        service.token = service.mint("--scope", "admin")
        tenant = service.call("POST", "/v1/tenants", {"name": "Burst", "timezone": "UTC", "currency": "CNY"})["id"]
        service.use(tenant, SCOPES)
        secret = "whsec_" + base64.b64encode(KEY).decode()
        shop = {"name": "Burst", "platform": "standard", "external_id": "1", "webhook_secrets": [secret]}
        self.shop = service.call("POST", "/v1/shops", shop)["id"]
        self.path = f"/v1/webhooks/{tenant}/{self.shop}"

    def run(self, deliveries: int) -> None:
        numbers = [number for number in range(deliveries) for _ in range(2 if number % 10 == 0 else 1)]
        client = Client(self.service.port, self.path, numbers)
        with ThreadPoolExecutor(1) as beside:
            troubles = beside.submit(self.trouble, client, len(numbers))
            rate = client.send()
            troubles.result()
        told = f"   {len(client.answered)} answers with success, {rate:.0f} a second, {client.retries} retries"
        print(told, flush=True)
        if client.wrong:
            raise SystemExit(f"answers that no sender should get: {client.wrong}")
        if not client.retries:
            raise SystemExit("nothing had to be sent again: the burst was over before its troubles")
        self.check(deliveries)

    def trouble(self, client: "Client", requests: int) -> None:
        for share, what in [(0.25, "stall"), (0.5, "kill"), (0.75, "stall")]:
            while len(client.answered) < share * requests and not client.wrong:
                time.sleep(0.01)
            if what == "kill":
                before = len(client.answered)
                self.service.kill_and_start_again()
            else:
                with stalled_sqlite(self.folder) if self.kind == "sqlite" else stalled_postgres(self.folder):
                    before = len(client.answered)
                    time.sleep(STALL_SECONDS)
            print(f"   {what} after {before} answers; until its end there were {len(client.answered) - before} more", flush=True)

    def check(self, deliveries: int) -> None:
        deadline = time.monotonic() + 120
        while self.total("webhook-deliveries?status=pending&") and time.monotonic() < deadline:
            time.sleep(0.2)
        expected = {"applied": deliveries, "other": 0, "twice": 0, "orders": deliveries, "counted": deliveries,
                    "amount": deliveries * AMOUNT}  # fmt: skip
        found = {"applied": 0, "other": 0, "twice": 0, "orders": self.total("orders?")}
        for delivery in self.all("webhook-deliveries?"):
            found["applied" if delivery["status"] == "applied" else "other"] += 1
            found["twice"] += delivery["attempts"] > 1
        summary = self.service.call("GET", "/v1/analytics/summary")
        found |= {"counted": summary["orders"], "amount": summary["net_amount"]}
        if found != expected:
            raise SystemExit(f"LOST OR DOUBLED: {found} instead of {expected}")
        print(f"   nothing lost, nothing applied twice: {found}", flush=True)

    def total(self, what: str) -> int:
        return self.service.call("GET", f"/v1/{what}count=exact&limit=1&shop_id={self.shop}")["total"]

    def all(self, what: str) -> Iterator[dict]:
        cursor = ""
        while cursor is not None:
            page = self.service.call("GET", f"/v1/{what}limit=200&shop_id={self.shop}{cursor}")
            yield from page["data"]
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"


class Client:
    """Connections that send each delivery until it is answered with success."""

    def __init__(self, port: int, path: str, numbers: list[int]) -> None:
        self.port, self.path, self.work = port, path, queue.SimpleQueue()
        for number in numbers:
            self.work.put(number)
        self.lock, self.answered, self.retries, self.wrong = threading.Lock(), [], 0, []

    def send(self) -> float:
        """Sends all, and tells how many a second that were."""
        threads = [threading.Thread(target=self.run) for _ in range(CONNECTIONS)]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(self.answered) / (time.monotonic() - started)

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.suppress(queue.Empty):
            while not self.wrong:
                number = self.work.get_nowait()
                while not self.attempt(connection, number) and not self.wrong:
                    with self.lock:
                        self.retries += 1
                    time.sleep(0.2)

    def attempt(self, connection: http.client.HTTPConnection, number: int) -> bool:
        try:
            connection.request("POST", self.path, *delivery(number))
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return False
        with self.lock:
            if answer.status < 300:
                self.answered.append(number)
            elif answer.status != 503 or "retry-after" not in answer.headers:
                self.wrong.append(f"{answer.status} {body.decode(errors='replace')}")
        return answer.status < 300


def delivery(number: int) -> tuple[bytes, dict[str, str]]:
    """An order as Standard Webhooks send it."""
    at = "2026-11-11T00:00:00Z"
    order = {
        "external_id": f"o{number}", "version": at, "status": "paid", "paid_at": at, "currency": "CNY",
        "total_amount": AMOUNT, "customer": {"external_id": f"u{number % CUSTOMERS}"},
        "lines": [{"sku": "A", "title": "A", "quantity": 1, "total_amount": 5_000},
                  {"sku": "B", "title": "B", "quantity": 1, "total_amount": AMOUNT - 5_000}],
    }  # fmt: skip
    body = json.dumps({"type": "order.updated", "data": order}).encode()
    now, name = str(int(time.time())), f"m{number}"
    digest = hmac.new(KEY, f"{name}.{now}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return body, {"content-type": "application/json", "webhook-id": name, "webhook-timestamp": now,
                  "webhook-signature": signature}  # fmt: skip


@contextlib.contextmanager
def stalled_sqlite(folder: Path) -> Iterator[None]:
    connection = sqlite3.connect(folder / "segments.db", isolation_level=None, timeout=0)
    while not connection.in_transaction:
        # SQLite's own waiting looks too seldom to find the moments between two transactions of the service.
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("BEGIN IMMEDIATE")
    yield
    connection.close()


@contextlib.contextmanager
def stalled_postgres(folder: Path) -> Iterator[None]:
    first = int((folder / "pg/data/postmaster.pid").read_text().split()[0])
    os.kill(first, signal.SIGSTOP)
    # It starts no others any more.
    stopped = [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())]
    try:
        for process in stopped[1:]:
            os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)


if __name__ == "__main__":
    main()
