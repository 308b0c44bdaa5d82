#!/usr/bin/env python3
"""A burst of signed deliveries from a client that retries, while the database stalls and the service is killed.

    scripts/bench/webhooks.py target/release/huitou sqlite://burst.db
    scripts/bench/webhooks.py target/release/huitou postgres://… --postgres-pid $(head -1 …/postmaster.pid)

Each delivery is sent until it is answered with success; one in ten is sent twice. On the way the database stalls for five
seconds (SQLite: a lock held by another process; PostgreSQL: all its processes are stopped) and the service is killed with
SIGKILL and started again. In the end every acknowledged delivery must be there once, applied, with its order.
With --compare the same number of orders is sent as PUT and as deliveries, to tell what the inbox costs.
Only the standard library is used, so that it runs anywhere; the client needs about as much of the machine as the service.
"""

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import os
import queue
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = base64.b64decode(SECRET[6:])


class Service:
    """The service under test, which can be killed and started again."""

    def __init__(self, binary, database):
        self.binary, self.port = binary, 18473
        self.environment = dict(
            os.environ,
            DATABASE_URL=database,
            BIND_ADDR=f"127.0.0.1:{self.port}",
            JWT_SECRET="a secret for the burst, long enough",
            SECRETS_KEY="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            RUST_LOG="error",
        )
        self.process = None
        self.start()

    def start(self):
        arguments = [self.binary, "serve", "--migrate"]
        self.process = subprocess.Popen(arguments, env=self.environment, stdout=subprocess.DEVNULL)
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        sys.exit("the service does not start")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def token(self, *arguments):
        command = [self.binary, "token", *arguments]
        return subprocess.check_output(command, env=self.environment, text=True).strip()

    def call(self, method, path, token, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        request.add_header("authorization", f"Bearer {token}")
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request, data, timeout=60) as answer:
            return json.load(answer)


def order(number):
    return {
        "version": "2026-11-11T00:00:00Z", "status": "paid", "paid_at": "2026-11-11T00:00:00Z", "currency": "CNY",
        "total_amount": 9_900, "customer": {"external_id": f"u{number % 5_000}"},
        "lines": [{"sku": "A", "title": "A", "quantity": 1, "total_amount": 5_000},
                  {"sku": "B", "title": "B", "quantity": 1, "total_amount": 4_900}],
    }


def delivery(path, number):
    body = json.dumps({"type": "order.updated", "data": {"external_id": f"o{number}", **order(number)}}).encode()
    now, name = str(int(time.time())), f"m{number}"
    digest = hmac.new(KEY, f"{name}.{now}.".encode() + body, hashlib.sha256).digest()
    headers = {"content-type": "application/json", "webhook-id": name, "webhook-timestamp": now,
               "webhook-signature": "v1," + base64.b64encode(digest).decode()}
    return "POST", path, body, headers


class Client:
    """Connections that send until they are answered with success."""

    def __init__(self, port, make, numbers, connections):
        self.port, self.make, self.work = port, make, queue.SimpleQueue()
        for number in numbers:
            self.work.put(number)
        self.lock, self.answered, self.retries, self.times = threading.Lock(), [], 0, []
        self.threads = [threading.Thread(target=self.run) for _ in range(connections)]

    def run(self):
        connection = None
        while True:
            try:
                number = self.work.get_nowait()
            except queue.Empty:
                return
            while True:
                started = time.monotonic()
                try:
                    connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                    connection.request(*self.make(number))
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status < 300:
                        break
                    if answer.status != 503:
                        sys.exit(f"answered with {answer.status}")
                except (OSError, http.client.HTTPException):
                    connection = None
                with self.lock:
                    self.retries += 1
                time.sleep(0.2)
            with self.lock:
                self.answered.append(number)
                self.times.append(time.monotonic() - started)

    def measure(self):
        started = time.monotonic()
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join()
        took = time.monotonic() - started
        self.times.sort()
        return len(self.times) / took, self.times[int(len(self.times) * 0.99) - 1] * 1_000


def processes_below(pid):
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()
    return [pid, *map(int, children)]


def stall(database, postgres_pid, seconds):
    if database.startswith("sqlite://"):
        connection = sqlite3.connect(database.removeprefix("sqlite://"), isolation_level=None, timeout=30)
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        connection.execute("ROLLBACK")
        connection.close()
    elif postgres_pid:
        stopped = processes_below(postgres_pid)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("database")
    parser.add_argument("--postgres-pid", type=int)
    parser.add_argument("--deliveries", type=int, default=50_000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--compare", action="store_true")
    options = parser.parse_args()

    service = Service(options.binary, options.database)
    admin = service.token("--scope", "admin")
    made = service.call("POST", "/v1/tenants", admin, {"name": "Burst", "timezone": "UTC", "currency": "CNY"})
    token = service.token("--tenant", made["id"], "--scope", "settings:write orders:read orders:write", "--ttl", "1h")

    def shop(name):
        body = {"name": name, "platform": "standard", "external_id": name, "webhook_secrets": [SECRET]}
        return service.call("POST", "/v1/shops", token, body)["id"]

    def put_to(target):
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        return lambda number: (
            "PUT", f"/v1/shops/{target}/orders/o{number}", json.dumps(order(number)).encode(), headers)

    if options.compare:
        for kind in ["put", "webhook", "put", "webhook"]:
            target = shop(f"{kind}-{time.time()}")
            path = f"/v1/webhooks/{made['id']}/{target}"
            make = put_to(target) if kind == "put" else lambda number: delivery(path, number)
            client = Client(service.port, make, range(options.deliveries), options.connections)
            rate, p99 = client.measure()
            print(f"{kind:8} {rate:8.0f} orders/s  p99 {p99:6.1f} ms  retries {client.retries}")
        service.stop()
        return

    target = shop("burst")
    path = f"/v1/webhooks/{made['id']}/{target}"
    numbers = [number for number in range(options.deliveries) for _ in range(2 if number % 10 == 0 else 1)]
    client = Client(service.port, lambda number: delivery(path, number), numbers, options.connections)

    def trouble():
        for share, act in [(0.25, "stall"), (0.5, "kill"), (0.75, "stall")]:
            while len(client.answered) < share * len(numbers):
                time.sleep(0.01)
            if act == "stall":
                stall(options.database, options.postgres_pid, 5)
            else:
                service.kill()
                service.start()
            print(f"{act} after {len(client.answered)} answers")

    troubles = threading.Thread(target=trouble)
    troubles.start()
    rate, p99 = client.measure()
    troubles.join()
    deadline = time.monotonic() + 120
    while True:
        counts = {
            status: service.call(
                "GET", f"/v1/webhook-deliveries?count=exact&limit=1&shop_id={target}&status={status}", token)["total"]
            for status in ["pending", "applied", "ignored", "failed"]
        }
        if counts["pending"] == 0 or time.monotonic() > deadline:
            break
        time.sleep(1)
    orders = service.call("GET", f"/v1/orders?count=exact&limit=1&shop_id={target}", token)["total"]
    print(f"{rate:.0f} deliveries/s, p99 {p99:.0f} ms, {client.retries} retries; deliveries {counts}, orders {orders}")
    service.stop()
    expected = options.deliveries
    if counts["applied"] != expected or orders != expected or sum(counts.values()) != expected:
        sys.exit(f"LOST OR DOUBLED: {expected} deliveries were acknowledged")
    print("nothing lost, nothing applied twice")


if __name__ == "__main__":
    main()
