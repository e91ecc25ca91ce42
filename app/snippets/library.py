"""The libraries: one TOML file each, with what it can and the templates of its code."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from app.snippets.languages import LANGUAGES, Language
from app.snippets.results import results

FOLDER = Path(__file__).parent / "libraries"


@dataclass(frozen=True, slots=True)
class Library:
    """A library as its file tells it; *id* is the file's name."""

    id: str
    name: str
    language: Language
    install: str
    url: str
    algorithms: tuple[str, ...]
    verify: str
    sign: str
    keys: Mapping[str, str]
    """For each form of a key that it reads, how the key is loaded."""
    package: str = ""
    source: str = ""
    """Where the suite has it from: `pip`, `npm`, `apt`, this `checkout`, or nowhere."""
    build: str = ""
    """How its code is compiled, where that needs more than the language."""
    curves: tuple[str, ...] = ("Ed25519",)
    """The curves of EdDSA that it offers."""
    encrypted: tuple[str, ...] = ()
    """The names in `alg`, `enc` and `crv` for which there is code with encrypted tokens."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What its code calls an algorithm, where it has another name for it."""
    header: tuple[str, ...] = ()
    """The header parameters that it can set, if not all."""
    types: tuple[str, ...] = ()
    """The values of `typ` that it takes, if not all."""
    untried: tuple[str, ...] = ()
    """Algorithms that it offers, but not where the suite runs."""
    refuses: tuple[Mapping[str, str], ...] = ()
    """Combinations of facts that it does not do, each with the reason in `because`."""
    notes: tuple[str, ...] = ()
    """Sentences for the reader."""

    @property
    def version(self) -> str:
        """The version that the suite ran, or nothing when it was not run."""
        result = results().get(self.id)
        return result.version if result else ""


@cache
def libraries() -> Mapping[str, Library]:
    """Every library there is, by its id, in the order of the languages."""
    rows = [_library(path) for path in sorted(FOLDER.glob("*.toml"))]
    order = list(LANGUAGES)
    rows.sort(key=lambda row: order.index(row.language.id))
    return MappingProxyType({row.id: row for row in rows})


def _library(path: Path) -> Library:
    row: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    lists = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
    return Library(**(row | lists | {"id": path.stem, "language": LANGUAGES[row["language"]]}))
