"""What a name in a payload or header means: claims.toml and header.toml, read when somebody first asks.

The registered meaning counts, unless a provider that made the token gives the name one of its own.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, Literal

Show = Literal["plain", "time"]
_LONGEST_ISSUER = 300


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name stands for; *show* tells how its value is shown, *by* which provider uses it so, *url* where *spec* is no RFC."""

    name: str
    text: str
    spec: str
    show: Show = "plain"
    by: str = ""
    url: str = ""


class Names(Mapping[str, Meaning]):
    """Meanings by name, read on first use. What is missing is asked *beyond*.

    A row whose name ends in `*` answers for all names that begin so; the longest counts.
    """

    def __init__(self, read: Callable[[], Iterable[Meaning]], beyond: Names | None = None) -> None:
        self._read = read
        self._beyond = beyond

    def __getitem__(self, name: str) -> Meaning:
        rows, beginnings = self._tables
        row = rows.get(name) or next((row for row in beginnings if name.startswith(row.name[:-1])), None)
        if row is None and self._beyond is not None:
            return self._beyond[name]
        if row is None:
            raise KeyError(name)
        return row

    def __iter__(self) -> Iterator[str]:
        return iter({**self._tables[0], **dict(self._beyond or {})})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def own(self) -> tuple[Meaning, ...]:
        """The rows that are not from *beyond*, beginnings last."""
        rows, beginnings = self._tables
        return (*rows.values(), *beginnings)

    @cached_property
    def _tables(self) -> tuple[dict[str, Meaning], list[Meaning]]:
        rows = {row.name: row for row in self._read()}
        beginnings = sorted((name for name in rows if name.endswith("*")), key=len, reverse=True)
        return rows, [rows.pop(name) for name in beginnings]


@dataclass(frozen=True, slots=True)
class Provider:
    """Who makes tokens with names of its own; *marks* are names that give it away whatever the issuer is."""

    name: str
    issuer: re.Pattern[str]
    marks: frozenset[str]
    names: Names

    def made(self, payload: dict[str, Any]) -> bool:
        """Whether the issuer is this provider's, by its own word."""
        issuer = payload.get("iss")
        return isinstance(issuer, str) and self.issuer.match(issuer[:_LONGEST_ISSUER]) is not None


@cache
def providers() -> tuple[Provider, ...]:
    """Every provider that is known."""
    return tuple(_provider(row) for row in _read("claims.toml")["provider"])


def provider(payload: object) -> Provider | None:
    """Who seems to have made a token with *payload*, by its issuer, else by the names in it."""
    if not isinstance(payload, dict):
        return None
    by_issuer = next((one for one in providers() if one.made(payload)), None)
    return by_issuer or next((one for one in providers() if not one.marks.isdisjoint(payload)), None)


def known(payload: object) -> Names:
    """What names mean in *payload*."""
    maker = provider(payload)
    return maker.names if maker else CLAIMS


def document_url(spec: str) -> str:
    """Where a document that is no RFC can be read, or nothing."""
    data = _read("claims.toml")
    documents: dict[str, str] = data["documents"] | {row["spec"]: row["url"] for row in data["provider"] if "url" in row}
    return next((url for name, url in documents.items() if spec == name or spec.startswith(f"{name} ")), "")


def _registered(file: str) -> Iterator[Meaning]:
    data = _read(file)
    times = data.get("times", ())
    for spec, rows in data["registered"].items():
        url = document_url(spec)
        for name, text in rows.items():
            yield Meaning(name, text, spec, "time" if name in times else "plain", url=url)


def _own(row: dict[str, Any]) -> Iterator[Meaning]:
    times = row.get("times", ())
    for name, text in row["claims"].items():
        yield Meaning(name, text, row["spec"], "time" if name in times else "plain", row["name"], row["url"])


def _provider(row: dict[str, Any]) -> Provider:
    return Provider(row["name"], re.compile(row["issuer"]), frozenset(row.get("marks", ())), Names(partial(_own, row), CLAIMS))


@cache
def _read(file: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / file).read_text("utf-8"))


CLAIMS = Names(partial(_registered, "claims.toml"))
"""The registered claims."""
HEADER = Names(partial(_registered, "header.toml"))
"""The registered header parameters."""
