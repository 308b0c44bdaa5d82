"""The two databases of a bench in one folder, and the service on either of them."""

import base64
import contextlib
import glob
import http.client
import json
import os
import secrets
import shutil
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

SCOPES = "settings:read settings:write segments:read segments:write tags:read tags:write customers:read"
SHOPS = [("tmall", "Tmall"), ("jd", "JD")]


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of the folder's database, with PostgreSQL's server running for as long as it is needed."""
    if kind == "sqlite":
        yield f"sqlite://{folder}/segments.db"
        return
    place = folder / "pg"
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    path = os.pathsep.join([os.environ["PATH"], *sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)])

    def run(program: str, *arguments: str) -> None:
        command = [shutil.which(program, path=path) or program, *arguments]
        subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL, **user)

    if not place.exists():
        place.mkdir()
        folder.chmod(0o755)
        if user:
            shutil.chown(place, "postgres", "postgres")
        run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
    settings = f"-c listen_addresses='' -c unix_socket_directories='{place}' -c shared_buffers=1GB -c max_wal_size=4GB"
    run("pg_ctl", "-D", "data", "-w", "-s", "-t", "300", "-l", "log", "-o", settings, "start")
    try:
        yield f"postgres://postgres@{str(place).replace('/', '%2F')}/postgres"
    finally:
        run("pg_ctl", "-D", "data", "-w", "-s", "-m", "fast", "-t", "300", "stop")


class Service:
    """The service on a database, with its jobs off: nothing works beside what is measured. `settings` override."""

    def __init__(self, binary: str, url: str, folder: Path, **settings: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.binary, self.folder, self.port, self.token = binary, folder, port, ""
        self.base = f"http://127.0.0.1:{port}"
        # One connection for all calls, so that none has the making of one in its time.
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        self.environment = os.environ | {
            "DATABASE_URL": url, "BIND_ADDR": f"127.0.0.1:{port}", "JOBS": "off", "RUST_LOG": "error",
            "JWT_SECRET": secrets.token_urlsafe(48), "SECRETS_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "QUERY_TIME_LIMIT_SECONDS": "600",
        } | settings  # fmt: skip

    def __enter__(self) -> "Service":
        command = [self.binary, "serve", "--migrate"]
        self.process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.base}/readyz", timeout=5):
                return self
            time.sleep(0.1)
        self.__exit__()
        raise SystemExit("the service did not become ready")

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait(60)

    def kill_and_start_again(self) -> None:
        self.process.kill()
        self.process.wait()
        self.connection.close()
        self.__enter__()

    def mint(self, *arguments: str) -> str:
        command = [self.binary, "token", *arguments, "--ttl", "12h"]
        return subprocess.run(command, check=True, env=self.environment, stdout=subprocess.PIPE, text=True).stdout.strip()

    def use(self, tenant: str, scopes: str = SCOPES) -> None:
        self.token = self.mint("--tenant", tenant, "--scope", scopes)

    def call(self, method: str, path: str, body: dict | bytes | None = None) -> dict:
        """A body of bytes is NDJSON."""
        kind = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        self.connection.request(method, path, data, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {content.decode(errors='replace')}")
        return json.loads(content or b"null")


def uuid_of(typeid: str) -> str:
    """The 32 hexadecimal digits inside an id."""
    number = 0
    for digit in typeid.split("_")[1]:
        number = number << 5 | "0123456789abcdefghjkmnpqrstvwxyz".index(digit)
    return f"{number:032x}"


def open_sqlite(folder: Path) -> sqlite3.Connection:
    """Set up as the service's own connections are."""
    connection = sqlite3.connect(folder / "segments.db", isolation_level=None)
    connection.execute("PRAGMA cache_size = -16384")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


class Psql:
    """One session of psql, so that a statement's time has no start of a server process in it."""

    def __init__(self, folder: Path) -> None:
        command = ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", str(folder / "pg"), "-U", "postgres", "postgres"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, *statements: str) -> list[str]:
        """What the statements answer, line by line."""
        self.process.stdin.write("\n".join([*statements, "\\echo that is all", ""]))
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == "that is all\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise SystemExit("psql ended")

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
