#!/usr/bin/env python3
"""Fills SQLite and PostgreSQL with a made-up shop of any size, set-based, straight into the service's tables.

    python3 scripts/bench/fill_segments.py FOLDER target/release/huitou [--customers 1000000] [--seed 1] [sqlite] [postgres]

FOLDER gets shop.duckdb (what is put into both, and what DuckDB is asked), segments.db and pg/. A million customers have five
million orders and ten million lines. The history ends at the last midnight, because the bench asks for the last days; a
folder that is some weeks old still answers, with fewer who bought lately. Needs `pip install duckdb`.
"""

import argparse
import contextlib
import json
import shutil
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb
import segments_data
from segments_places import SHOPS, Psql, Service, database, open_sqlite, uuid_of
from segments_tables import TABLES

CHINA = timezone(timedelta(hours=8))
KINDS = {
    "sqlite": "guid(x) AS unhex(replace(CAST(x AS TEXT), '-', '')); moment(x) AS x; flag(x) AS CAST(x AS INTEGER)",
    "postgres": "guid(x) AS CAST(x AS UUID); moment(x) AS CAST(make_timestamp(CAST(x AS BIGINT)) AS TEXT) || '+00'; flag(x) AS x",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("binary")
    parser.add_argument("databases", nargs="*", help="sqlite, postgres or both (the default)")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "shop.duckdb"
    if not made.exists():
        started = time.monotonic()
        midnight = datetime.now(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
        until = int(midnight.timestamp()) * 1_000_000
        draft = folder / "draft.duckdb"
        draft.unlink(missing_ok=True)
        with segments_data.make(str(draft), arguments.customers, until, arguments.seed) as data:
            data.execute(f"CREATE TABLE history AS SELECT {until} AS until")
        draft.rename(made)
        print(f"shop.duckdb: {time.monotonic() - started:.0f} s, {size(made)}", flush=True)
    for kind in arguments.databases or ["sqlite", "postgres"]:
        started = time.monotonic()
        if (folder / f"{kind}.json").exists():
            print(f"{kind}: is filled already")
            continue
        clear(kind, folder)
        with database(kind, folder) as url:
            tenant, shops = people(arguments.binary, url, folder)
            with duckdb.connect(str(made), read_only=True) as data:
                fill(kind, data, folder, tenant, shops)
        (folder / f"{kind}.json").write_text(json.dumps({"tenant": tenant}))
        stored = folder / ("segments.db" if kind == "sqlite" else "pg/data/base")
        print(f"{kind}: {time.monotonic() - started:.0f} s, {size(stored)}", flush=True)


def clear(kind: str, folder: Path) -> None:
    """Takes away what a fill that did not come to its end has left."""
    if kind == "postgres":
        shutil.rmtree(folder / "pg", ignore_errors=True)
    for file in folder.glob("segments.db*" if kind == "sqlite" else "*.csv"):
        file.unlink()


def people(binary: str, url: str, folder: Path) -> tuple[str, list[str]]:
    """The tenant and the shops, made by the service itself on tables that it brought up to date."""
    with Service(binary, url, folder) as service:
        service.token = service.mint("--scope", "admin")
        tenant = {"name": "Bench", "timezone": "Asia/Shanghai", "currency": "CNY", "country": "CN"}
        tenant = service.call("POST", "/v1/tenants", tenant)["id"]
        service.use(tenant)
        shop = {"timezone": "Asia/Shanghai", "currency": "CNY"}
        shops = [shop | {"name": name, "platform": platform, "external_id": platform} for platform, name in SHOPS]
        return tenant, [service.call("POST", "/v1/shops", shop)["id"] for shop in shops]


def fill(kind: str, data: duckdb.DuckDBPyConnection, folder: Path, tenant: str, shops: list[str]) -> None:
    first, second = (f"CAST('{uuid_of(shop)}' AS UUID)" for shop in shops)
    named = f"shop_guid(x) AS guid(CASE x WHEN 1 THEN {first} ELSE {second} END); shop_key(x) AS CASE x WHEN 1 THEN '{shops[0]}' ELSE '{shops[1]}' END"
    for macro in f"{KINDS[kind]}; {named}".split("; "):
        data.execute(f"CREATE TEMP MACRO {macro}")
    until = data.sql("SELECT until FROM history").fetchall()[0][0]
    target = (Sqlite if kind == "sqlite" else Postgres)(folder)
    for table, rows, columns in TABLES:
        started = time.monotonic()
        columns = {"tenant_id": f"guid(CAST('{uuid_of(tenant)}' AS UUID))"} | columns
        select = f"SELECT {', '.join(columns.values())} FROM {rows}".replace("$until", str(until))
        indexes = target.drop_indexes(table)
        target.copy(table, list(columns), data, select)
        for index in indexes:
            target.run(index)
        print(f"    {table}: {time.monotonic() - started:.0f} s", flush=True)
    target.finish()


class Sqlite:
    def __init__(self, folder: Path) -> None:
        self.connection = open_sqlite(folder)
        self.run = self.connection.execute
        for setting in ("journal_mode = DELETE", "journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
            self.run(f"PRAGMA {setting}").fetchall()
        # The planner's figures come with the migrations and stay as they are; an index takes its own along when it goes.
        self.figures = self.run("SELECT tbl, idx, stat FROM sqlite_stat1").fetchall()

    def drop_indexes(self, table: str) -> list[str]:
        wanted = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?"
        found = self.run(wanted, [table]).fetchall()
        for name, _ in found:
            self.run(f"DROP INDEX {name}")
        return [statement for _, statement in found]

    def copy(self, table: str, columns: list[str], data: duckdb.DuckDBPyConnection, select: str) -> None:
        insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        rows = data.execute(select)
        self.run("BEGIN")
        while some := rows.fetchmany(20_000):
            self.connection.executemany(insert, some)
        self.run("COMMIT")

    def finish(self) -> None:
        self.run("DELETE FROM sqlite_stat1")
        self.connection.executemany("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", self.figures)
        self.run("PRAGMA journal_mode = WAL")
        self.connection.close()


class Postgres:
    def __init__(self, folder: Path) -> None:
        self.folder, self.psql = folder, Psql(folder)
        self.run("SET maintenance_work_mem = '1GB'; SET synchronous_commit = off")

    def run(self, statement: str) -> list[str]:
        return self.psql.run(statement + ";")

    def drop_indexes(self, table: str) -> list[str]:
        found = self.run(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = "
            f"'{table}' AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        )
        for line in found:
            self.run(f"DROP INDEX {line.split('|')[0]}")
        return [line.split("|", 1)[1] for line in found]

    def copy(self, table: str, columns: list[str], data: duckdb.DuckDBPyConnection, select: str) -> None:
        file = self.folder / f"{table}.csv"
        with contextlib.ExitStack() as stack:
            stack.callback(file.unlink, missing_ok=True)
            data.execute(f"COPY ({select}) TO '{file}' (FORMAT csv, HEADER false)")
            self.psql.run(f"\\copy {table} ({', '.join(columns)}) FROM '{file}' (FORMAT csv)")

    def finish(self) -> None:
        # What autovacuum does in a running shop.
        self.run("VACUUM (ANALYZE)")
        self.run("CHECKPOINT")
        self.psql.close()


def size(place: Path) -> str:
    files = [place] if place.is_file() else [file for file in place.rglob("*") if file.is_file()]
    return f"{sum(file.stat().st_size for file in files) / 1e9:.2f} GB"


if __name__ == "__main__":
    main()
