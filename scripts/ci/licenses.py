#!/usr/bin/env python3
"""Refuses dependencies whose licence deny.toml does not allow, and dependencies from outside crates.io.

A quick stand-in for `cargo deny check licenses sources`, which takes minutes to install.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"


def is_allowed(expression: str, allowed: set[str]) -> bool:
    """Evaluates an SPDX expression: AND binds tighter than OR; `/` is the old way to write OR."""
    tokens = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))

    def alternatives() -> bool:
        accepted = together()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            accepted = together() or accepted
        return accepted

    def together() -> bool:
        accepted = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            accepted = one() and accepted
        return accepted

    def one() -> bool:
        token = tokens.pop(0)
        if token == "(":
            accepted = alternatives()
            tokens.pop(0)
            return accepted
        if tokens and tokens[0] == "WITH":
            tokens.pop(0)
            token = f"{token} WITH {tokens.pop(0)}"
        return token in allowed

    return alternatives()


def main() -> int:
    deny = tomllib.loads((ROOT / "deny.toml").read_text())
    allowed = set(deny["licenses"]["allow"])
    banned = {ban["crate"] for ban in deny["bans"]["deny"]}
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    problems = []
    for package in metadata["packages"]:
        name = f"{package['name']} {package['version']}"
        if not is_allowed(package["license"] or "none", allowed):
            problems.append(f"{name}: licence {package['license']} is not in deny.toml")
        if package["source"] not in (None, CRATES_IO):
            problems.append(f"{name}: comes from {package['source']}")
        if package["name"] in banned:
            problems.append(f"{name}: is banned in deny.toml")
    print("\n".join(problems) or f"{len(metadata['packages'])} packages, all under allowed licences")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
