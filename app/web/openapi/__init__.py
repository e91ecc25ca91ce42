"""The HTTP API as OpenAPI 3.1, made from the types of requests and answers; a new endpoint is a row of `operations`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from app.web.openapi.answers import ABOUT
from app.web.openapi.described import Endpoint, Member, codes, endpoints
from app.web.openapi.operations import OPERATIONS, READING, REFUSALS, Operation
from app.web.openapi.requests import EXTRAS
from app.web.openapi.schemas import REFERS, Components, Schema

_INFO = {
    "title": "jwtlens",
    "version": "v1",
    "summary": "Read, verify, make and judge JSON Web Tokens.",
    "description": "JSON in, JSON out, without cookies and without a sign-in. A token that cannot be read is an answer, with status 200 and "
    "findings. Members that an endpoint does not know are passed over, except in `expect` and in the `request` of the gateway, where they "
    "are refused. Whole numbers are written without a point. Numbers of a token leave as they were written. Answers may get further "
    "members; ignore what you do not know.",
    "license": {"name": "MIT", "identifier": "MIT"},
}
# A report has the members of a reading, and so have the tokens inside one; each is written of once.
_ALSO = {"decode": ("Read", "Judged", "VerifyAnswer"), "verify": ("Judged",)}


@cache
def document() -> dict[str, Any]:
    """The whole description."""
    components = Components(EXTRAS, ABOUT)
    refusal = _refusal(components)
    described = {one.name: one for one in endpoints()}
    paths = {f"/api/v1/{row.name}": {"post": _post(row, described[row.name], components)} for row in OPERATIONS.values()}
    for name, shapes in _ALSO.items():
        for shape in shapes:
            _describe(components, {"$ref": f"{REFERS}{shape}"}, described[name].answered)
    paths["/api/v1/openapi.json"] = {"get": _itself()}
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "servers": [{"url": "/", "description": "The server that this comes from."}],
        "security": [],
        "paths": paths,
        "components": {"schemas": dict(sorted((components.schemas | {"Refusal": refusal}).items()))},
    }


def _post(row: Operation, told: Endpoint, components: Components) -> Schema:
    takes, gives = components.schema(row.takes), components.schema(row.answers)
    _describe(components, takes, told.sent)
    _describe(components, gives, told.answered)
    return {
        "operationId": row.name.replace("/", "_").replace("-", "_"),
        "summary": told.title,
        "description": told.about,
        "requestBody": {"required": True, "content": {"application/json": {"schema": takes, "example": told.example}}},
        "responses": {"200": _answer("The answer.", gives)} | dict(_refusals(row.statuses)),
    }


def _itself() -> Schema:
    return {
        "operationId": "openapi",
        "summary": "This description",
        "responses": {"200": _answer("This description.", {"type": "object"})} | dict(_refusals(READING)),
    }


def _refusals(statuses: tuple[int, ...]) -> Iterator[tuple[str, Schema]]:
    for status in statuses:
        yield str(status), _answer(REFUSALS[status][0], {"$ref": f"{REFERS}Refusal"})


def _answer(about: str, schema: Schema) -> Schema:
    return {"description": about, "content": {"application/json": {"schema": schema}}}


def _describe(components: Components, schema: Schema, members: tuple[Member, ...]) -> None:
    """Put what is written of the members into the component that *schema* refers to; `expect.issuer` is a member of a member."""
    for name in _named(schema):
        properties = components.schemas[name]["properties"]
        for one in members:
            outer, _, inner = one.name.partition(".")
            if inner:
                _describe(components, properties[outer], (Member(inner, one.kind, one.about, one.place),))
            elif outer in properties:
                properties[outer]["description"] = one.about


def _named(schema: Schema) -> Iterator[str]:
    """The components that *schema* refers to at once."""
    for one in (schema, *schema.get("anyOf", ())):
        if "$ref" in one:
            yield one["$ref"].removeprefix(REFERS)


def _refusal(components: Components) -> Schema:
    text = components.schema(str)
    error = {
        "type": "object",
        "properties": {
            "code": {"enum": codes(), "description": "Never changes; /learn/api#errors explains each."},
            "message": text | {"description": "What is wrong, without a word of what was sent but for names such as that of a host."},
            "hint": text | {"description": "What to do."},
        },
        "required": ["code", "message", "hint"],
    }
    return {"type": "object", "description": "A refusal.", "properties": {"error": error}, "required": ["error"]}
