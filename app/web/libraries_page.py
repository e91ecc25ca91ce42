"""What the pages of libraries show, in plain rows: their templates decide nothing and compute nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Literal

from app import snippets, tokens
from app.snippets import Action
from app.web import directory
from app.web import snippets as code
from app.web.directory import Choice, Library
from app.web.view import Code

Answer = Literal["yes", "no", "not known"]

_FAMILIES = (
    ("HS256–512", ("HS256", "HS384", "HS512")),
    ("RS256–512", ("RS256", "RS384", "RS512")),
    ("PS256–512", ("PS256", "PS384", "PS512")),
    ("ES256–512", ("ES256", "ES384", "ES512")),
    ("ML-DSA", ("ML-DSA-44", "ML-DSA-65", "ML-DSA-87")),
)
_SIGNING = tuple(name for name in tokens.ALGORITHMS if name != "none")
_ACTIONS: tuple[tuple[Action, str], ...] = (("verify", "Verify"), ("sign", "Sign"))
_UNKNOWN = "The address asks for something that this page does not know; that is left out."


@dataclass(frozen=True, slots=True)
class Row:
    """A library of the list."""

    id: str
    name: str
    author: str
    install: str
    algorithms: str
    checks: str
    jwe: Answer
    jwks: Answer
    licence: str
    state: str
    code: str
    """The id of the library whose page has its code."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The libraries of a language."""

    language: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class LibrariesPage:
    """Everything the list of libraries shows."""

    choice: Choice
    count: str
    groups: tuple[Group, ...]
    languages: Sequence[str] = field(default_factory=directory.languages)
    algorithms: Sequence[str] = field(default_factory=directory.algorithms)
    features: Sequence[tuple[str, str]] = tuple((one.name, one.label) for one in directory.FEATURES.values())
    notice: str = ""


@dataclass(frozen=True, slots=True)
class CodePart:
    """The code of a library for an algorithm and a form of the key."""

    algorithm: str
    key_form: str
    """Nothing is the usual form."""
    algorithms: tuple[tuple[str, str], ...]
    key_forms: tuple[tuple[str, str], ...]
    texts: tuple[tuple[str, Code], ...]
    ran: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LibraryPage:
    """Everything the page of one library shows."""

    id: str
    name: str
    language: str
    install: str
    repository: str
    note: str
    facts: tuple[tuple[str, str], ...]
    elsewhere: str
    """The id of the library whose page has the code, when it is another one."""
    code: CodePart | None
    notice: str = ""


def library_page(library: Library, algorithm: str, key_form: str, now: int) -> LibraryPage:
    """What is known of a library in words, and its code when there is some."""
    row = row_of(library)
    coded = snippets.libraries().get(library.id)
    facts = (
        ("Algorithms", " ".join(library.algorithms) or "not known"),
        ("Does not offer", " ".join(library.lacks) or "not known"),
        ("Checks", row.checks),
        ("Leaves unchecked", " ".join(library.unchecked) or "not known"),
        ("Encryption (JWE)", row.jwe),
        ("Key sets (JWKS)", row.jwks),
        ("Licence", row.licence),
        ("State", row.state),
        ("Author", library.author),
        ("Version at least", library.minimum),
    )
    is_known = algorithm in ("", *_SIGNING) and key_form in ("", *snippets.KEY_FORMS)
    return LibraryPage(
        library.id,
        library.name,
        library.language,
        coded.install if coded else library.install,
        library.repository,
        row.note,
        tuple((name, value) for name, value in facts if value),
        library.code if library.code != library.id else "",
        _code(coded, algorithm, key_form, now) if coded else None,
        "" if is_known else _UNKNOWN,
    )


def _code(library: snippets.Library, algorithm: str, key_form: str, now: int) -> CodePart:
    chosen = algorithm if algorithm in _SIGNING else library.algorithms[0]
    facts = code.readable(library, code.example(chosen, now))
    for form in snippets.KEY_FORMS:
        if form == key_form:
            facts = replace(facts, key_form=form)
    texts = [(label, code.code(library, action, facts, f"{action}-code")) for action, label in _ACTIONS]
    if texts[0][1].why_not == texts[1][1].why_not != "":
        texts = texts[:1]
    return CodePart(
        chosen,
        key_form if key_form in snippets.KEY_FORMS else "",
        tuple((name, name if name in library.algorithms else f"{name}, not offered") for name in _SIGNING),
        tuple(snippets.KEY_FORMS.items()),
        tuple(texts),
        code.ran(library, chosen),
        library.notes,
    )


def page_of(choice: Choice, is_known: bool) -> LibrariesPage:
    """The list of the libraries that are and do all that is asked for."""
    found = directory.chosen(choice)
    groups = tuple(Group(language, tuple(map(row_of, rows))) for language, rows in groupby(found, key=lambda one: one.language))
    count = f"{len(found)} of {len(directory.libraries())} libraries"
    return LibrariesPage(choice, count, groups, notice="" if is_known else _UNKNOWN)


def row_of(library: Library) -> Row:
    return Row(
        library.id,
        library.name,
        library.author,
        library.install,
        _briefly(library.algorithms),
        _checks(library),
        _answer(library.jwe),
        _answer(library.jwks),
        library.licence or "not known",
        library.state or "not known",
        library.code,
        " ".join(part for part in ("Verifies only." if not library.signs else "", library.note) if part),
    )


def _briefly(names: Sequence[str]) -> str:
    """The names of algorithms, a whole family as one."""
    left = list(names)
    for label, family in _FAMILIES:
        if set(family) <= set(left):
            left[left.index(family[0])] = label
            left = [name for name in left if name not in family]
    return " ".join(left) or "not known"


def _checks(library: Library) -> str:
    if library.checks:
        return " ".join(library.checks)
    return "none" if library.unchecked else "not known"


def _answer(fact: bool | None) -> Answer:
    return "not known" if fact is None else "yes" if fact else "no"
