"""The ledger of attacks: each row of the catalogues, with the tests that try it or the reason why none can."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- ledger: written by python -m tests.attacks -->", "<!-- end of ledger -->"


@dataclass(frozen=True, slots=True)
class Row:
    """An attack: its id in its catalogue, what is done, the tests of it, and what of it no test tries."""

    id: str
    title: str
    tests: tuple[str, ...] = ()
    untried: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Attacks of one origin; *count* says how many it has, so that none gets lost."""

    name: str
    origin: str
    count: int
    rows: tuple[Row, ...]


@cache
def catalogues() -> tuple[Catalogue, ...]:
    found = tomllib.loads(Path(__file__).with_name("ledger.toml").read_text("utf-8"))["catalogue"]
    return tuple(
        Catalogue(
            one["name"], one["origin"], one["count"], tuple(Row(**(row | {"tests": tuple(row.get("tests", ()))})) for row in one["row"])
        )
        for one in found
    )


def rows() -> Iterator[Row]:
    for catalogue in catalogues():
        yield from catalogue.rows


@cache
def functions(path: str) -> frozenset[str]:
    """The tests that a file defines."""
    tree = ast.parse((ROOT / path).read_bytes())
    return frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"))


def is_there(test: str) -> bool:
    """Whether a test, written as pytest names it, exists."""
    path, _, name = test.partition("::")
    return (ROOT / path).is_file() and name in functions(path)


def told(test: str) -> str:
    """A test as its sentence, which leads to its file."""
    path, _, name = test.partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}]({path})"


def written() -> str:
    """The ledger as SECURITY.md shows it."""
    lines = [BEGIN]
    for catalogue in catalogues():
        lines += ["", f"### {catalogue.name}", "", catalogue.origin, "", "| id | attack | tests |", "|---|---|---|"]
        for row in catalogue.rows:
            tests = [told(test) for test in row.tests] + ([f"*Not tried:* {row.untried}"] if row.untried else [])
            lines.append(f"| {row.id} | {row.title} | {' · '.join(tests)} |")
    return "\n".join([*lines, "", END])


def renewed(text: str) -> str:
    """*text* of SECURITY.md with the ledger of today."""
    before, _, rest = text.partition(BEGIN)
    return before + written() + rest.partition(END)[2]
