"""What the suite found when it ran the code: the file is written by `make snippets` only, never by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

FILE = Path(__file__).with_name("results.json")

Outcome = Literal["ran", "not run", "refused"]


@dataclass(frozen=True, slots=True)
class Result:
    """Of one library, which *version* ran, nothing if none did, and what became of each algorithm.

    `refused` means that the library does not offer the algorithm, and did refuse it when it was run. *encrypted* are the algorithms of
    encrypted tokens that ran.
    """

    version: str
    algorithms: Mapping[str, Outcome]
    encrypted: tuple[str, ...] = ()


@cache
def results() -> Mapping[str, Result]:
    """The results by the library's id."""
    rows = json.loads(FILE.read_text("utf-8"))
    return MappingProxyType({name: _result(row) for name, row in rows.items()})


def _result(row: dict[str, Any]) -> Result:
    return Result(row["version"], MappingProxyType(row["algorithms"]), tuple(row.get("encrypted", ())))
