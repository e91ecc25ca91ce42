"""A type of the code → its JSON Schema. Classes with members become components, each described once."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

Schema = dict[str, Any]

REFERS = "#/components/schemas/"
"""How a reference to a component begins."""

_SCALARS: Mapping[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
}
_KINDS = {str: "string", int: "integer", bool: "boolean"}


class Components:
    """The schemas that others refer to, by the names of their classes; *extras* and sentences *about* members are added by class."""

    def __init__(self, extras: Mapping[Any, Schema] | None = None, about: Mapping[Any, Mapping[str, str]] | None = None) -> None:
        self.schemas: dict[str, Schema] = {}
        self._extras = extras or {}
        self._about = about or {}

    def schema(self, kind: Any) -> Schema:
        """The schema of *kind*; that of a class is a reference to its component."""
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Annotated:
            return self._noted(self.schema(arguments[0]), kind.__metadata__)
        if origin in (Required, NotRequired):
            return self.schema(arguments[0])
        if origin is None and kind in _SCALARS:
            return dict(_SCALARS[kind])
        if origin is Literal:
            return {"type": _KINDS[type(arguments[0])], "enum": list(arguments)}
        if origin in (Union, types.UnionType):
            return _any_of([self.schema(one) for one in arguments])
        if origin in (list, tuple):
            return {"type": "array", "items": self.schema(arguments[0])}
        if origin is dict:
            return {"type": "object"} | ({} if arguments[1] is Any else {"additionalProperties": self.schema(arguments[1])})
        return self._component(kind)

    def members(self, kind: Any) -> Iterator[tuple[str, Schema, bool]]:
        """The members of a class: name, schema, and whether it is always there."""
        hints = get_type_hints(kind, include_extras=True)
        for name, hint in hints.items():
            yield name, self.schema(hint), name in _required(kind)

    def _noted(self, schema: Schema, notes: tuple[Any, ...]) -> Schema:
        for note in notes:
            schema = schema | ({"description": note} if isinstance(note, str) else note)
        return schema

    def _component(self, kind: Any) -> Schema:
        if not (is_typeddict(kind) or is_dataclass(kind)):
            raise TypeError(f"{kind!r} has no schema")
        name = kind.__name__
        if name not in self.schemas:
            self.schemas[name] = {}  # a class may refer to itself
            members = list(self.members(kind))
            for member, schema, _ in members:
                if member in self._about.get(kind, {}):
                    schema["description"] = self._about[kind][member]
            self.schemas[name] = {
                "type": "object",
                "description": _first_sentence(kind),
                "properties": {member: schema for member, schema, _ in members},
                "required": [member for member, _, required in members if required],
            } | self._extras.get(kind, {})
        return {"$ref": f"{REFERS}{name}"}


def _required(kind: Any) -> frozenset[str]:
    if is_typeddict(kind):
        return frozenset(kind.__required_keys__)
    return frozenset(one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING)


def _any_of(schemas: list[Schema]) -> Schema:
    """Several types in one list where nothing but the type is said, else each on its own."""
    if all(set(one) == {"type"} and isinstance(one["type"], str) for one in schemas):
        return {"type": [one["type"] for one in schemas]}
    return {"anyOf": schemas}


def _first_sentence(kind: Any) -> str:
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split()).replace("*", "")
