"""A service on a throw-away database, for the checks of this directory."""

import base64
import contextlib
import glob
import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HUITOU = ROOT / "target/debug/huitou"
SCOPES = (
    "customers:read customers:write orders:read orders:write tags:read tags:write segments:read segments:write "
    "campaigns:read campaigns:write settings:read settings:write exports:read pii:read admin"
)


@contextlib.contextmanager
def running(name: str, database: str) -> Iterator[tuple[str, dict[str, str], Path]]:
    """Where a service on `sqlite` or `postgres` answers, its environment, and a directory that goes away with both."""
    with contextlib.ExitStack() as stack:
        directory = Path(tempfile.mkdtemp(prefix=f"huitou-{name}-", dir="/tmp"))
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        match database:
            case "postgres":
                url = stack.enter_context(postgres(directory / "pg"))
            case "sqlite":
                url = f"sqlite://{directory}/{name}.db"
            case other:
                raise SystemExit(f"there is no database called {other}: sqlite or postgres")
        base, environment = stack.enter_context(service(url, directory))
        yield base, environment, directory


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


def token(environment: dict[str, str], *arguments: str) -> str:
    command = [HUITOU, "token", *arguments, "--ttl", "2h"]
    return subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout.strip()


def tenant_token(base: str, environment: dict[str, str]) -> str:
    """A token for all that can be done in a tenant of its own."""
    tenant = {"name": "Checks", "timezone": "Asia/Shanghai", "currency": "CNY"}
    created = call(base, token(environment, "--scope", "admin"), "POST", "/v1/tenants", tenant)
    return token(environment, "--tenant", created["id"], "--scope", SCOPES)


def call(base: str, token: str, method: str, path: str, body: dict | None = None) -> dict:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, content, headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.load(response)
