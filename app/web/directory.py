"""The directory of JWT libraries: what each can do, and which of them can do all that is asked for."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from app import snippets, tokens


@dataclass(frozen=True, slots=True)
class Library:
    """A library as its row tells it. None, nothing, and what is in no list mean that it is not known."""

    id: str
    name: str
    language: str
    repository: str
    install: str
    author: str = ""
    minimum: str = ""
    """The version that it should have at least."""
    algorithms: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    """The claims that it checks by itself or when it is told the value."""
    unchecked: tuple[str, ...] = ()
    signs: bool = True
    jwe: bool | None = None
    jwks: bool | None = None
    licence: str = ""
    state: str = ""
    note: str = ""
    code: str = ""
    """The id of its code, when there is some."""


@dataclass(frozen=True, slots=True)
class Feature:
    name: str
    label: str
    holds: Callable[[Library], bool]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a library must be and do to be listed; empty parts ask for nothing."""

    language: str = ""
    algorithm: str = ""
    features: tuple[str, ...] = ()


@cache
def libraries() -> dict[str, Library]:
    """All of them by their ids, read when somebody asks first: a server starts without them."""
    rows: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "libraries.toml").read_text("utf-8"))["libraries"]
    lists = ("algorithms", "lacks", "checks", "unchecked")
    listed = [_with_code(Library(**(row | {name: tuple(row.get(name, ())) for name in lists}))) for row in rows]
    codes = {one.code for one in listed}
    listed += [
        _with_code(Library(one.id, one.name, one.language.name, one.url, one.install))
        for one in snippets.libraries().values()
        if one.id not in codes
    ]
    return {one.id: one for one in sorted(listed, key=lambda one: (one.language.casefold(), one.name.casefold()))}


def _with_code(library: Library) -> Library:
    """What running the code of a library shows is added to what was listed of it; that may be of another version."""
    coded = snippets.libraries().get(library.code or library.id)
    if coded is None:
        return library
    result = snippets.results().get(coded.id)
    refused = {name for name, outcome in result.algorithms.items() if outcome == "refused"} if result else set()
    offered = {*library.algorithms, *coded.algorithms}
    lacks = {*library.lacks, *refused} - offered
    return replace(
        library,
        algorithms=tuple(name for name in tokens.ALGORITHMS if name in offered),
        lacks=tuple(name for name in tokens.ALGORITHMS if name in lacks),
        code=coded.id,
    )


@cache
def languages() -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.language for one in libraries().values()))


@cache
def algorithms() -> tuple[str, ...]:
    return tuple(name for name in tokens.ALGORITHMS if any(name in one.algorithms for one in libraries().values()))


FEATURES = {
    row.name: row
    for row in (
        Feature("code", "has code here", lambda one: bool(one.code)),
        Feature("maintained", "maintained", lambda one: one.state == "maintained"),
        Feature("exp", "checks exp", lambda one: "exp" in one.checks),
        Feature("aud", "checks aud", lambda one: "aud" in one.checks),
        Feature("iss", "checks iss", lambda one: "iss" in one.checks),
        Feature("jwks", "key sets", lambda one: one.jwks is True),
        Feature("jwe", "encryption", lambda one: one.jwe is True),
        Feature("sign", "signs", lambda one: one.signs),
    )
}


def choice(language: str, algorithm: str, features: Collection[str]) -> tuple[Choice, bool]:
    """What is asked for, and whether all of it is known here; what is not known is left out."""
    made = Choice(
        language if language in languages() else "",
        algorithm if algorithm in algorithms() else "",
        tuple(name for name in FEATURES if name in features),
    )
    return made, (made.language, made.algorithm, len(made.features)) == (language, algorithm, len(set(features)))


def chosen(asked: Choice) -> list[Library]:
    """The libraries that are and do all that is *asked*."""
    return [
        one
        for one in libraries().values()
        if asked.language in ("", one.language)
        and (not asked.algorithm or asked.algorithm in one.algorithms)
        and all(FEATURES[name].holds(one) for name in asked.features)
    ]
