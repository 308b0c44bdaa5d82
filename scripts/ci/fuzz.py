#!/usr/bin/env python3
"""Starts the service on a throw-away database and lets schemathesis call it as its OpenAPI document says.

Usage: fuzz.py sqlite|postgres [further options of `schemathesis run`]
"""

import os
import subprocess
import sys

from service import ROOT, call, running, tenant_token

SCHEMATHESIS = ROOT / "target/ci-python/bin/schemathesis"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
TIME_LIMIT = 600


def main() -> int:
    database, options = sys.argv[1], sys.argv[2:]
    with running("fuzz", database) as (base, environment, directory):
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


if __name__ == "__main__":
    sys.exit(main())
