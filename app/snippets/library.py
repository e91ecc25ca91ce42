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

_FOLDER = Path(__file__).parent / "libraries"


@dataclass(frozen=True, slots=True)
class Library:
    """A library as its file tells it. *id* is the file's name, *source* whose package it is run from (`pip`, `npm`, `apt`, or nothing).

    *keys* holds for each form of a key that it reads how the key is loaded; *names* what its code calls an algorithm; *encrypted* are the names that it takes in `alg`, `enc` and `crv` of
    encrypted tokens; *header* are the header
    parameters that it can set, if not all, *types* the values of typ that it takes, if not any; *untried* are algorithms it offers where the suite cannot run them; *build* compiles the code; *refuses* are
    combinations of facts that it does not do, each with its reason; *notes* are sentences for the reader.
    """

    id: str
    name: str
    language: Language
    install: str
    url: str
    algorithms: tuple[str, ...]
    verify: str
    sign: str
    keys: Mapping[str, str]
    package: str = ""
    source: str = ""
    build: str = ""
    curves: tuple[str, ...] = ("Ed25519",)
    encrypted: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    untried: tuple[str, ...] = ()
    refuses: tuple[Mapping[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """The version that the suite ran, or nothing when it was not run."""
        result = results().get(self.id)
        return result.version if result else ""


@cache
def libraries() -> Mapping[str, Library]:
    """Every library there is, by its id, in the order of the languages."""
    rows = [_library(path) for path in sorted(_FOLDER.glob("*.toml"))]
    order = list(LANGUAGES)
    rows.sort(key=lambda row: order.index(row.language.id))
    return MappingProxyType({row.id: row for row in rows})


def _library(path: Path) -> Library:
    row: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    lists = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
    return Library(**(row | lists | {"id": path.stem, "language": LANGUAGES[row["language"]]}))
