#!/usr/bin/env python3
"""The export of all customers over HTTP beside what the database's own tool makes of the same query, in one run.

    python3 scripts/bench/fill_segments.py FOLDER target/release/huitou --customers 1000000      # once
    python3 scripts/bench/exports.py FOLDER target/release/huitou [sqlite] [postgres]

Ten columns of everybody as CSV, turn by turn, each read to its end and thrown away; the best of three:

- the service: POST /v1/segments/export, by curl;
- PostgreSQL: psql with COPY (query) TO STDOUT, under the settings of the service's own statements;
- SQLite: the sqlite3 shell in its CSV mode.

The query by hand is the service's own: the same columns, join, condition and order. Before the clock runs, the file is read
once and its rows compared with what the query counts. Memory is the most that the service held during the exports of a format above what it held before the
first. Needs curl, psql and sqlite3.
"""

import argparse
import json
import subprocess
import time
from pathlib import Path

from segments_places import Service, database, uuid_of

TURNS = 3
COLUMNS = ["id", "name", "phone", "email", "province", "city", "created_at", "orders", "spent_amount", "last_order_at"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("binary")
    parser.add_argument("databases", nargs="*", help="sqlite, postgres or both (the default)")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    for kind in arguments.databases or ["sqlite", "postgres"]:
        tenant = json.loads((folder / f"{kind}.json").read_text())["tenant"]
        with database(kind, folder) as url, Service(arguments.binary, url, folder) as service:
            service.use(tenant, "exports:read pii:read")
            measure(kind, service, Hand(kind, folder, uuid_of(tenant)))


def measure(kind: str, service: Service, hand: "Hand") -> None:
    idle = memory(service, "VmRSS")
    found = hand.count()
    lines = subprocess.run(by_service(service, "csv"), check=True, stdout=subprocess.PIPE).stdout.count(b"\r\n")
    # The file has a header.
    if lines != found + 1:
        raise SystemExit(f"{kind}: the service writes {lines} lines, the query by hand answers {found} rows")
    print(f"\n{kind}: {found} customers, {len(COLUMNS)} columns, {idle} MB when idle", flush=True)
    for form in ["csv", "ndjson", "parquet"]:
        # From here on the most memory is counted anew.
        Path(f"/proc/{service.process.pid}/clear_refs").write_text("5")
        best = [float("inf")] * 2
        for _ in range(TURNS):
            best = [min(took) for took in zip(best, map(timed, (by_service(service, form), hand.csv())), strict=True)]
        above = memory(service, "VmHWM") - idle
        aim = " (to reach 1.5)" if form == "csv" else ""
        print(f"   {form:8} {best[0]:6.2f} s, its own tool's CSV {best[1]:6.2f} s, ratio {best[0] / best[1]:.2f}{aim}; "
              f"{above} MB above idle (to reach 150)", flush=True)  # fmt: skip


def by_service(service: Service, form: str) -> list[str]:
    body = json.dumps({"format": form, "columns": COLUMNS})
    headers = ["-H", f"Authorization: Bearer {service.token}", "-H", "Content-Type: application/json"]
    return ["curl", "--silent", "--show-error", "--fail", *headers, "--data", body, f"{service.base}/v1/segments/export"]


class Hand:
    def __init__(self, kind: str, folder: Path, tenant: str) -> None:
        self.kind, self.folder = kind, folder
        tenant = f"x'{tenant}'" if kind == "sqlite" else f"CAST('{tenant}' AS uuid)"
        self.query = (
            "SELECT c.id, c.name, c.phone, c.email, c.province, c.city, c.created_at, COALESCE(f.orders, 0), "
            "COALESCE(f.spent_amount, 0), f.last_order_at FROM customers c "
            f"LEFT JOIN customer_facts f ON f.tenant_id = {tenant} AND f.customer_id = c.id "
            f"WHERE c.tenant_id = {tenant} AND c.merged_into IS NULL AND c.erased_at IS NULL ORDER BY c.id"
        )

    def csv(self) -> list[str]:
        if self.kind == "sqlite":
            return self.tool(self.query)
        return self.tool(f"COPY ({self.query}) TO STDOUT (FORMAT csv)")

    def count(self) -> int:
        counted = self.tool(f"SELECT count(*) FROM ({self.query}) rows")
        return int(subprocess.run(counted, check=True, stdout=subprocess.PIPE).stdout)

    def tool(self, statement: str) -> list[str]:
        if self.kind == "sqlite":
            return ["sqlite3", "-csv", str(self.folder / "segments.db"), statement]
        psql = ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder / "pg"), "-U", "postgres", "postgres"]
        return [*psql, "-c", "SET work_mem = '128MB'; SET jit = off", "-c", statement]


def timed(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def memory(service: Service, field: str) -> int:
    """In MB."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0]) // 1_024


if __name__ == "__main__":
    main()
