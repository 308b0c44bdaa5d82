#!/usr/bin/env python3
"""Starts the service on a throw-away database and lets schemathesis call it as its OpenAPI document says.

Usage: fuzz.py sqlite|postgres [further options of `schemathesis run`]
"""

import base64
import contextlib
import glob
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HUITOU = ROOT / "target/debug/huitou"
SCHEMATHESIS = ROOT / "target/ci-python/bin/schemathesis"
SCOPES = (
    "customers:read customers:write orders:read orders:write tags:read tags:write segments:read segments:write "
    "campaigns:read campaigns:write settings:read settings:write exports:read pii:read admin"
)
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
TIME_LIMIT = 600


def main() -> int:
    database, options = sys.argv[1], sys.argv[2:]
    with contextlib.ExitStack() as stack:
        directory = Path(tempfile.mkdtemp(prefix="huitou-fuzz-", dir="/tmp"))
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        if database == "postgres":
            url = stack.enter_context(postgres(directory / "pg"))
        else:
            url = f"sqlite://{directory}/fuzz.db"
        base, environment = stack.enter_context(service(url, directory))
        token = tenant_token(base, environment)
        shops = [call(base, token, "POST", "/v1/shops", SHOP | {"external_id": name})["id"] for name in ("a", "b")]
        config = directory / "schemathesis.toml"
        config.write_text(CONFIG % tuple(shops))
        command = [
            SCHEMATHESIS, "--config-file", config, "run", ROOT / "openapi/openapi.json",
            "--url", base, "--header", f"Authorization: Bearer {token}", "--checks", CHECKS,
            # One worker: up to Python 3.11 two threads that read source code at once fail (cpython issue 106905).
            "--max-examples", "25", "--seed", "20261122", "--generation-database", "none", "--workers", "1",
            "--request-timeout", "20", "--suppress-health-check", "all", "--no-color", *options,
        ]  # fmt: skip
        hooks = {"SCHEMATHESIS_HOOKS": "fuzz_hooks", "PYTHONPATH": str(ROOT / "scripts/ci"), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(command, cwd=directory, env=os.environ | hooks, timeout=TIME_LIMIT).returncode


SHOP = {"name": "Fuzz", "platform": "other", "timezone": "Asia/Shanghai", "currency": "CNY"}
# Shops that exist, so that what lies behind them is reached as well; one to keep and one to delete.
CONFIG = """
[parameters]
"path.shop_id" = "%s"

[[operations]]
include-name = "DELETE /v1/shops/{shop_id}"
parameters = { "path.shop_id" = "%s" }
"""


@contextlib.contextmanager
def postgres(directory: Path) -> Iterator[str]:
    """A server of its own on a socket in `directory`; root runs it as the user `postgres`."""
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    directory.mkdir()
    directory.parent.chmod(0o755)
    if user:
        shutil.chown(directory, "postgres", "postgres")
    packaged = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    path = os.pathsep.join([os.environ["PATH"], *packaged])

    def run(program: str, *arguments: str) -> None:
        command = [shutil.which(program, path=path) or program, *arguments]
        subprocess.run(command, cwd=directory, check=True, stdout=subprocess.DEVNULL, **user)

    run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    settings = f"-c listen_addresses='' -c unix_socket_directories='{directory}' -c fsync=off"
    run("pg_ctl", "-D", "data", "-w", "-s", "-l", "log", "-o", settings, "start")
    try:
        yield f"postgres://postgres@{str(directory).replace('/', '%2F')}/postgres"
    finally:
        run("pg_ctl", "-D", "data", "-w", "-s", "-m", "immediate", "stop")


@contextlib.contextmanager
def service(url: str, directory: Path) -> Iterator[tuple[str, dict[str, str]]]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = os.environ | {
        "DATABASE_URL": url,
        "BIND_ADDR": f"127.0.0.1:{port}",
        "JWT_SECRET": secrets.token_urlsafe(48),
        "SECRETS_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "RUST_LOG": "warn",
    }
    log = directory / "service.log"
    with log.open("w") as output:
        process = subprocess.Popen([HUITOU, "serve", "--migrate"], cwd=directory, env=environment, stdout=output, stderr=output)
    try:
        base = f"http://127.0.0.1:{port}"
        wait_until_ready(base, process)
        yield base, environment
        if process.poll() is not None:
            raise SystemExit(f"the service ended by itself with {process.returncode}")
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
        tail = log.read_text(errors="replace").splitlines()[-40:]
        print("last lines of the service's log:", *tail, sep="\n    ")


def wait_until_ready(base: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{base}/readyz", timeout=5):
            return
        time.sleep(0.1)
    raise SystemExit("the service did not become ready")


def tenant_token(base: str, environment: dict[str, str]) -> str:
    def token(*arguments: str) -> str:
        command = [HUITOU, "token", *arguments, "--ttl", "2h"]
        return subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout.strip()

    tenant = {"name": "Fuzz", "timezone": "Asia/Shanghai", "currency": "CNY"}
    created = call(base, token("--scope", "admin"), "POST", "/v1/tenants", tenant)
    return token("--tenant", created["id"], "--scope", SCOPES)


def call(base: str, token: str, method: str, path: str, body: dict) -> dict:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(base + path, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.load(response)


if __name__ == "__main__":
    sys.exit(main())
