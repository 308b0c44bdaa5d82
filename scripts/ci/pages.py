#!/usr/bin/env python3
"""Runs the calls on the pages of docs/platforms against a service on a throw-away database.

Usage: pages.py sqlite|postgres

A block that begins with ```sh run is run, all of a page in one shell, after those of docs/PLATFORMS.md. The ```http or
```json block behind it says what it must print: the status, these headers and this body (… stands for anything), or JSON
that has all that is shown, in lists of the same length. Other blocks are not run.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from service import HUITOU, ROOT, call, running

COMMON = ROOT / "docs/PLATFORMS.md"
PAGES = ROOT / "docs/platforms"
FENCE = re.compile(r"^```(.*)\n((?:(?!```).*\n)*)```$", re.MULTILINE)
# Printed between the blocks, so that each one's answer is known.
BORDER = "==== pages.py ===="
# On a busy machine a delivery is answered when it is stored and applied a moment later.
SETTLE = """
settle() {
  until curl -sS "$HUITOU/v1/webhook-deliveries?status=pending" -H "Authorization: Bearer $TOKEN" | grep -q '"data":\\[\\]'; do
    sleep 0.2
  done
}
"""


def main() -> int:
    adapters = set(re.findall(r"Some\(&(\w+)::", (ROOT / "src/platforms/mod.rs").read_text()))
    pages = sorted(PAGES.glob("*.md"))
    assert adapters == {page.stem for page in pages}, f"adapters {adapters}, but pages {pages}"
    wrong = 0
    with running("pages", sys.argv[1]) as (base, environment, directory):
        for page in pages:
            work = directory / page.stem
            work.mkdir()
            problems, told = walk(page, base, environment | {"WORK": str(work)})
            for problem in problems:
                print(f"{page.relative_to(ROOT)}:{problem}\n", file=sys.stderr)
            print(f"{sys.argv[1]}: {page.stem}: {told}, {len(problems)} wrong")
            wrong += len(problems)
    return 1 if wrong else 0


class Block:
    """What is run, and what it must print."""

    def __init__(self, line: int, script: str, form: str, expected: str) -> None:
        self.line, self.script, self.form, self.expected = line, script, form, expected


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    fences = [(text[: found.start()].count("\n") + 1, found[1], found[2]) for found in FENCE.finditer(text)]
    answers = [(form, content) if form in ("http", "json") else ("", "") for _, form, content in fences[1:]]
    each = zip(fences, [*answers, ("", "")])
    return [Block(line, script, *answer) for (line, form, script), answer in each if form == "sh run"]


def walk(page: Path, base: str, environment: dict[str, str]) -> tuple[list[str], str]:
    """What a page says that is not so, and what was done."""
    mine, before = blocks(page), blocks(COMMON)
    assert before and {"http", "json"} <= {block.form for block in mine}, f"{page}: no delivery or no look at the archive"
    script = SETTLE + "".join(f"{block.script}echo; settle; echo '{BORDER}'\n" for block in before + mine)
    environment |= {"HUITOU": base, "PATH": f"{HUITOU.parent}:{os.environ['PATH']}"}
    shell = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script + 'echo "$TENANT $TOKEN"'],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
    )  # fmt: skip
    printed = shell.stdout.split(BORDER)
    answers = dict(zip(mine, printed[len(before) :]))
    problems = [
        f"{block.line}: {why}\n    {block.script.rstrip()}\n  printed\n    {answers[block].strip()}"
        for block in answers
        if (why := difference(block, answers[block].strip()))
    ]
    if shell.returncode:
        return [*problems, f" the shell ended with {shell.returncode} after\n{shell.stdout}"], "not run to its end"
    if problems:
        return problems, f"{len(mine)} calls"
    orders, deliveries = archived(base, *printed[-1].split())
    return [], f"{len(mine)} calls, {deliveries} deliveries applied, {orders} orders"


def difference(block: Block, printed: str) -> str | None:
    match block.form:
        case "http":
            shown, told = Answer(block.expected), Answer(printed)
            for name, value in shown.headers.items():
                if told.headers.get(name) != value:
                    return f"{name} is {told.headers.get(name)!r} and not {value!r}"
            body = ".*".join(re.escape(part) for part in shown.body.split("…"))
            if shown.status != told.status or not re.fullmatch(body, told.body):
                return "another answer than the page shows"
        case "json":
            try:
                return lacks(json.loads(block.expected), json.loads(printed), "")
            except ValueError as error:
                return f"no JSON: {error}"
    return None


class Answer:
    """What `curl -i` prints."""

    def __init__(self, text: str) -> None:
        head, _, body = text.replace("\r\n", "\n").strip().partition("\n\n")
        self.status, *lines = head.split("\n")
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        self.body = body.strip()


def lacks(shown: object, told: object, place: str) -> str | None:
    """Where `told` has not what is shown."""
    match shown, told:
        case dict(), dict():
            pairs = [(value, told.get(name), f"{place}/{name}") for name, value in shown.items()]
        case list(), list() if len(shown) == len(told):
            pairs = [(*both, f"{place}/{index}") for index, both in enumerate(zip(shown, told))]
        case _:
            return None if shown == told and type(shown) is type(told) else f"{place} is {told!r} and not {shown!r}"
    return next((why for pair in pairs if (why := lacks(*pair))), None)


def archived(base: str, tenant: str, token: str) -> tuple[int, int]:
    """Looks past the page: every shop that was made has its order, and everything that was accepted was applied."""
    deliveries = call(base, token, "GET", "/v1/webhook-deliveries?limit=200")["data"]
    assert deliveries and all(delivery["status"] == "applied" for delivery in deliveries), deliveries
    orders = 0
    for shop in call(base, token, "GET", "/v1/shops")["data"]:
        of_shop = call(base, token, "GET", f"/v1/orders?shop_id={shop['id']}")["data"]
        subjects = {delivery["subject"] for delivery in deliveries if delivery["shop_id"] == shop["id"]}
        assert of_shop and {order["external_id"] for order in of_shop} <= subjects, (shop, of_shop, subjects)
        orders += len(of_shop)
    return orders, len(deliveries)


if __name__ == "__main__":
    sys.exit(main())
