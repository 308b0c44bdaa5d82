#!/usr/bin/env python3
"""Runs examples/olist against a service on a throw-away database.

Usage: olist.py sqlite|postgres [the data set; the made-up one of the example where absent] [options of load.py]
"""

import subprocess
import sys

from service import ROOT, SCOPES, call, running, token

EXAMPLE = ROOT / "examples/olist"
TENANT = {"name": "Olist", "timezone": "America/Sao_Paulo", "currency": "BRL"}


def main() -> int:
    database, *given = sys.argv[1:]
    path, *options = given or [EXAMPLE / "fixture"]
    with running("olist", database) as (base, environment, _):
        tenant = call(base, token(environment, "--scope", "admin"), "POST", "/v1/tenants", TENANT)["id"]
        mine = token(environment, "--tenant", tenant, "--scope", SCOPES)
        command = [sys.executable, "-B", EXAMPLE / "load.py", path, "--url", base, "--token", mine, *options]
        # The second time everything is known already.
        return max(subprocess.run(command).returncode for _ in range(2))


if __name__ == "__main__":
    sys.exit(main())
