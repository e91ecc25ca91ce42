"""The ledger of RFC 8725 and its revision: by which check, finding and test each rule is kept."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.reports.statements import LABELS


@dataclass(frozen=True, slots=True)
class TestRow:
    """A test as its sentence, and the file that it stands in."""

    sentence: str
    file: str


@dataclass(frozen=True, slots=True)
class BcpRule:
    """A rule: where it is written and spoken of, the checks with their labels, and the codes of the findings."""

    number: int
    title: str
    spec: str
    place: str
    checks: tuple[tuple[str, str], ...]
    findings: tuple[str, ...]
    tests: tuple[TestRow, ...]


def ledger() -> dict[str, Any]:
    """Return the rules in their order."""
    rows = tomllib.loads(Path(__file__).with_name("rfc8725.toml").read_text("utf-8"))["rules"]
    return {"rules": tuple(_rule(number, row) for number, row in enumerate(rows, 1))}


def _rule(number: int, row: dict[str, Any]) -> BcpRule:
    checks = tuple((name, LABELS[name]) for name in row["checks"])
    return BcpRule(number, row["title"], row["spec"], row["place"], checks, tuple(row["findings"]), tuple(map(_test, row["tests"])))


def _test(name: str) -> TestRow:
    file, _, function = name.partition("::")
    return TestRow(function.removeprefix("test_").replace("_", " "), file)
