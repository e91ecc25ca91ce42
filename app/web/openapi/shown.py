"""The description of the HTTP API as a page shows it: the objects that answers are made of, and the statuses of refusals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, is_typeddict

from app.web.openapi import document, requests
from app.web.openapi.operations import BESIDE, OPERATIONS, REFUSALS
from app.web.openapi.schemas import REFERS, Schema

# A member that is not always there: in an answer, and in what is sent.
_AT_TIMES, _MAY_LACK = "at times", "may be left out"
_SENT = {name for name, one in vars(requests).items() if is_typeddict(one)}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the words for a type; one with a *place* leads to the object of that name."""

    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    """A member of an object; *lacks* says what it means that it is not always there."""

    name: str
    kind: tuple[Piece, ...]
    about: str
    lacks: str


@dataclass(frozen=True, slots=True)
class Shape:
    """An object that occurs in answers or requests."""

    name: str
    place: str
    about: str
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """A status of refusals: when it is answered, and with which codes."""

    number: int
    about: str
    codes: tuple[str, ...]


def shown() -> dict[str, Any]:
    """The objects and the statuses; those of endpoints stand with the endpoints."""
    endpoints = {one.__name__ for row in OPERATIONS.values() for one in (row.takes, row.answers) if hasattr(one, "__name__")}
    schemas = document()["components"]["schemas"]
    shapes = tuple(_shape(name, schema) for name, schema in schemas.items() if name not in endpoints)
    statuses = tuple(Status(number, *told) for number, told in sorted({**REFUSALS, **BESIDE}.items()))
    return {"shapes": shapes, "statuses": statuses, "of": {row.name: row.statuses for row in OPERATIONS.values()}}


def _shape(name: str, schema: Schema) -> Shape:
    lacks = _MAY_LACK if name in _SENT else _AT_TIMES
    properties = tuple(
        Property(member, tuple(_words(one)), one.get("description", ""), "" if member in schema["required"] else lacks)
        for member, one in schema["properties"].items()
    )
    return Shape(name, _place(name), schema["description"], properties)


def _place(name: str) -> str:
    return f"object-{name}"


def _words(schema: Schema) -> Iterator[Piece]:
    """The type in words: `array of Check`, `string or null`."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REFERS)
        yield Piece(name, _place(name))
    elif "anyOf" in schema:
        for number, one in enumerate(schema["anyOf"]):
            if number:
                yield Piece(" or ")
            yield from _words(one)
    elif "enum" in schema:
        *most, last = ("null" if one is None else str(one) for one in schema["enum"])
        yield Piece(" or ".join(filter(None, (", ".join(most), last))))
    elif schema.get("type") == "array":
        yield Piece("array of ")
        yield from _words(schema["items"])
    else:
        kinds = schema.get("type", "any JSON")
        yield Piece(kinds if isinstance(kinds, str) else " or ".join(kinds))
