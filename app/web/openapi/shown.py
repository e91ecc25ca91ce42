"""The description of the HTTP API as a page shows it: the objects that answers are made of, and the statuses of refusals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.web.openapi import document
from app.web.openapi.operations import OPERATIONS, REFUSALS
from app.web.openapi.schemas import Schema

_REFERS = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the words for a type; one with a *place* leads to the object of that name."""

    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    """A member of an object."""

    name: str
    kind: tuple[Piece, ...]
    about: str
    always: bool


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
    statuses = tuple(Status(number, *told) for number, told in REFUSALS.items())
    return {"shapes": shapes, "statuses": statuses, "of": {row.name: row.statuses for row in OPERATIONS.values()}}


def _shape(name: str, schema: Schema) -> Shape:
    always = schema["required"]
    rows = ((member, one, member in always) for member, one in schema["properties"].items())
    properties = tuple(Property(member, tuple(_words(one)), one.get("description", ""), needed) for member, one, needed in rows)
    return Shape(name, _place(name), schema["description"], properties)


def _place(name: str) -> str:
    return f"object-{name}"


def _words(schema: Schema) -> Iterator[Piece]:
    """The type in words: `array of Check`, `string or null`."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REFERS)
        yield Piece(name, _place(name))
    elif "anyOf" in schema:
        for number, one in enumerate(schema["anyOf"]):
            if number:
                yield Piece(" or ")
            yield from _words(one)
    elif "enum" in schema:
        yield Piece(", ".join("null" if one is None else str(one) for one in schema["enum"]))
    elif schema.get("type") == "array":
        yield Piece("array of ")
        yield from _words(schema["items"])
    else:
        kinds = schema.get("type", "any JSON")
        yield Piece(kinds if isinstance(kinds, str) else " or ".join(kinds))
