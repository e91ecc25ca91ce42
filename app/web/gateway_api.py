"""The gateway for programs: a policy, a request and the keys that the policy names, as JSON → the decision as facts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from app import gateway, tokens
from app.gateway import Header, Request, facts
from app.gateway.exports import GATEWAYS
from app.web import gateway_exports
from app.web.errors import Refused

MOST_NAMED = 200
_MEMBERS = ("method", "target", "headers", "body")
_HINT = 'Send {"method": "GET", "target": "/orders", "headers": {"Authorization": "Bearer …"}}, or the request as text.'


def decided(policy: str, asked: object, keys: object, at: int, export: object = None) -> dict[str, Any]:
    """The decision; a policy that cannot be read is an answer too, with its problems. *export* names a gateway to tell it to."""
    request, named = _request(asked), named_keys(keys)
    if export is not None and (not isinstance(export, str) or export not in GATEWAYS):
        raise Refused(422, "member_type", '"export" is no gateway that is known.', f"Use one of {', '.join(GATEWAYS)}.")
    if named is None:
        raise Refused(422, "member_type", '"keys" is not an object.', 'Send {"name": "a secret, a PEM or a JWK Set"}.')
    try:
        read = gateway.read_policy(policy)
    except gateway.Unfit as error:
        return facts.undecided(error.problems)
    decision = gateway.decide(read, request, named, at)
    more = {} if export is None else {"export": gateway_exports.facts(str(export), read, request, decision)}
    return facts.facts(decision) | more


def named_keys(value: object) -> dict[str, tokens.Keys] | None:
    """The keys by their names, each as text, JWK or JWK Set; None when that is no such object."""
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > MOST_NAMED:
        return None
    return {name: tokens.read_keys(key if isinstance(key, str) else json.dumps(key, default=str)) for name, key in value.items()}


def _request(asked: object) -> Request:
    if isinstance(asked, str):
        return gateway.read_request(asked)
    if not isinstance(asked, dict) or asked.keys() - set(_MEMBERS) or not {"method", "target"} <= asked.keys():
        raise Refused(422, "member_type", '"request" is neither a request nor its text.', _HINT)
    words = (asked["method"], asked["target"], asked.get("body", ""))
    headers = tuple(_headers(asked.get("headers", {})))
    if not all(isinstance(word, str) for word in (*words, *(header.value for header in headers))):
        raise Refused(422, "member_type", 'A part of "request" is not a string.', _HINT)
    return Request(words[0], words[1], headers, words[2])


def _headers(value: object) -> Iterator[Header]:
    """The headers of an object; one that is sent several times has its values in an array."""
    if not isinstance(value, dict):
        raise Refused(422, "member_type", 'The headers of "request" are not an object.', _HINT)
    for name, values in value.items():
        for one in values if isinstance(values, list) else [values]:
            yield Header(name, one)
