"""The description of the API as a strict reader takes it: nothing in an answer that is not described."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from app.web.openapi import document


@cache
def closed() -> dict[str, Any]:
    """The description with every object closed: readers shall ignore what they do not know, tests shall not."""
    made = deepcopy(document())
    for one in _objects(made):
        one.setdefault("unevaluatedProperties", False)
    return made


def _objects(part: Any) -> Iterator[dict[str, Any]]:
    """Every schema of an object that names its members."""
    if isinstance(part, dict):
        if part.get("type") == "object" and "properties" in part:
            yield part
        part = list(part.values())
    for one in part if isinstance(part, list) else ():
        yield from _objects(one)


@cache
def _answers(action: str, status: int) -> Draft202012Validator:
    return _validator(closed(), closed()["paths"][f"/api/v1/{action}"]["post"]["responses"][str(status)])


@cache
def _requests(action: str) -> Draft202012Validator:
    return _validator(document(), document()["paths"][f"/api/v1/{action}"]["post"]["requestBody"])


def _validator(whole: dict[str, Any], part: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(part["content"]["application/json"]["schema"] | {"components": whole["components"]})


def faults_of_answer(action: str, status: int, answer: Any) -> list[str]:
    """What in *answer* is not as the description says."""
    return _faults(_answers(action, status), answer)


def faults_of_request(action: str, body: Any) -> list[str]:
    """What in *body* is not as the description says; members that it does not name are passed over, as the API does."""
    return _faults(_requests(action), body)


def _faults(validator: Draft202012Validator, value: Any) -> list[str]:
    return [f"{'/'.join(map(str, one.absolute_path))}: {one.message[:300]}" for one in validator.iter_errors(value)]
