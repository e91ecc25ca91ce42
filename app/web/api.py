"""The HTTP API: JSON in, JSON out; numbers leave as they came."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, request

from app import tokens
from app.keyfetch import KINDS as ASKED
from app.keyfetch import NotFetched
from app.reports import facts
from app.tokens import keys, lossless_json, profiles
from app.tokens.envelope import Serialization
from app.tokens.keys.kinds import KINDS, Kind, for_header
from app.tokens.lossless_json import Document
from app.tokens.sd_jwt import MAX_DISCLOSURES, USUAL_HASH, Path
from app.tokens.sd_jwt.making import issue as issue_sd_jwt
from app.tokens.sd_jwt.making import present as present_sd_jwt
from app.web import fetching, gateway_api, openapi
from app.web.errors import Refused
from app.web.openapi.requests import MOST_DECOYS, Expect
from app.web.turns import making

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

# Curves that only agree on secrets: they can be asked for by their own name.
_AGREEING = ("X25519", "X448")


@blueprint.post("/decode")
def decode() -> Response:
    body = _body()
    return _json(facts.decoded(tokens.decode(_text(body, "token"))))


@blueprint.post("/verify")
def verify() -> Response:
    body = _body()
    expect = _expectations(body.value.get("expect"))
    report = tokens.verify(
        _text(body, "token"),
        _key(body),
        at=_number(body, "at", time.time()),
        key_encoding=_key_encoding(body),
        leeway=_number(body, "leeway", 0),
        payload=_text(body, "payload", None),
        expect=expect,
    )
    return _json(facts.facts(report, check_brought=_flag(body, "check_brought")))


@blueprint.post("/encode")
def encode() -> Response:
    body = _body()
    try:
        made = tokens.encode(
            _written(body, "header"),
            _written(body, "payload"),
            _key(body, ""),
            key_encoding=_key_encoding(body),
            serialization=_serialization(body),
            detached=_flag(body, "detached"),
            recipients=_recipients(body),
            aad=_text(body, "aad", ""),
        )
    except tokens.CannotEncode as error:
        raise Refused(422, error.code, error.message, error.hint) from None
    return _json({"token": made.token, "findings": [facts.finding(one) for one in made.findings]})


@blueprint.post("/sd-jwt/issue")
def issue() -> Response:
    body = _body()
    try:
        made = issue_sd_jwt(
            _written(body, "header"),
            _written(body, "claims"),
            _paths(body),
            _key(body),
            key_encoding=_key_encoding(body),
            hash_name=_text(body, "hash", USUAL_HASH),
            decoys=_decoys(body),
            holder=_slice(body, "holder") if isinstance(body.value.get("holder"), dict) else _text(body, "holder", None),
        )
    except tokens.CannotEncode as error:
        raise Refused(422, error.code, error.message, error.hint) from None
    return _json({"token": made.token, "findings": [facts.finding(one) for one in made.findings]})


@blueprint.post("/sd-jwt/present")
def present() -> Response:
    body = _body()
    key = None if body.value.get("key") is None else _key(body)
    try:
        token = present_sd_jwt(
            _text(body, "token"),
            _indices(body),
            key=key,
            key_encoding=_key_encoding(body),
            # A key binding JWT must have both (RFC 9901 §4.3).
            audience=_text(body, "audience", "" if key is None else _REQUIRED),
            nonce=_text(body, "nonce", "" if key is None else _REQUIRED),
            at=int(_number(body, "at", time.time())),
        )
    except tokens.CannotEncode as error:
        raise Refused(422, error.code, error.message, error.hint) from None
    return _json({"token": token})


@blueprint.post("/keys")
def generate() -> Response:
    body = _body()
    name = _text(body, "algorithm")
    kind = for_header(name, _text(body, "enc", None)) or (KINDS[name] if name in _AGREEING else None)
    if kind is None:
        signing = [row.name for row in tokens.ALGORITHMS.values() if row.family != "none"]
        names = ", ".join((*signing, *(row.name for row in tokens.KEY_MANAGEMENT.values() if row.encrypts)))
        raise Refused(
            422,
            "algorithm_unknown",
            "No key can be made for that.",
            f'Ask for one of {names}; "dir" wants "enc" too, and only JWE has one.',
        )
    with making():
        key = keys.generate_for(kind)
    return _json(facts.made(key, is_text=not isinstance(kind, Kind)))


@blueprint.post("/keys/fetch")
def fetch_keys() -> Response:
    body = _body()
    kind = _text(body, "kind", "auto")
    if kind not in ASKED:
        raise Refused(422, "member_type", '"kind" is none that jwtlens knows.', f"Use one of {', '.join(ASKED)}.")
    try:
        return _json(facts.fetched(fetching.fetch(_text(body, "url"), kind, _flag(body, "again"))))
    except NotFetched as failure:
        raise fetching.refused(failure) from None


@blueprint.post("/gateway")
def decide() -> Response:
    body = _body()
    at = int(_number(body, "at", time.time()))
    asked, export = body.value.get("request"), body.value.get("export")
    return _json(gateway_api.decided(_written(body, "policy"), asked, body.value.get("keys"), at, export))


@blueprint.get("/openapi.json")
def description() -> Response:
    return _json(openapi.document())


def _body() -> Document:
    if request.mimetype != "application/json":
        raise Refused(
            415, "unsupported_media_type", "The body is not declared as application/json.", "Send Content-Type: application/json."
        )
    try:
        text = request.get_data().decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(400, "not_utf8", "The body is not UTF-8.", "Encode the JSON as UTF-8.") from None
    document = lossless_json.read(text)
    if not document.readable:
        problem = document.problems[0]
        line, column = document.position(problem.offset)
        raise Refused(
            400,
            "not_json",
            f"The body cannot be read as JSON: line {line}, column {column}.",
            "Send one JSON object, not nested deeper than 64.",
        )
    if any(problem.code in ("json_constant", "json_duplicate_member", "json_byte_order_mark") for problem in document.problems):
        raise Refused(
            400, "not_json", "The body is not strict JSON: a name occurs twice, or there is NaN or a byte order mark.", "Send strict JSON."
        )
    if not isinstance(document.value, dict):
        raise Refused(400, "not_an_object", "The body is not a JSON object.", 'Send an object such as {"token": "…"}.')
    return document


_REQUIRED: Any = object()


def _text(body: Document, name: str, default: Any = _REQUIRED) -> Any:
    value = body.value.get(name)
    if value is None and default is not _REQUIRED:
        return default
    if name not in body.value:
        raise Refused(422, "member_missing", f'"{name}" is missing.', f'Send "{name}" as a string.')
    if not isinstance(value, str):
        raise Refused(422, "member_type", f'"{name}" is not a string.', f'Send "{name}" as a string.')
    return value


def _key(body: Document, default: Any = _REQUIRED) -> str:
    """The key as text; a JWK may also be given as an object."""
    if isinstance(body.value.get("key"), dict):
        return _slice(body, "key")
    text: str = _text(body, "key", default)
    return text


def _key_encoding(body: Document) -> str:
    encoding: str = _text(body, "key_encoding", "auto")
    if encoding not in tokens.ENCODINGS:
        raise Refused(422, "key_encoding", '"key_encoding" is none that jwtlens knows.', f"Use one of {', '.join(tokens.ENCODINGS)}.")
    return encoding


def _serialization(body: Document) -> Serialization:
    name = _text(body, "serialization", "compact")
    for known in _SERIALIZATIONS:
        if name == known:
            return known
    raise Refused(422, "serialization_unknown", "That is no serialization that jwtlens knows.", f"Use one of {', '.join(_SERIALIZATIONS)}.")


_SERIALIZATIONS: tuple[Serialization, ...] = ("compact", "flattened", "general")


def _number(body: Document, name: str, default: float) -> float | Decimal:
    value = body.value.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or not -tokens.MAX_SECONDS <= value <= tokens.MAX_SECONDS:
        raise Refused(422, "member_type", f'"{name}" is not a number.', f'Send "{name}" in seconds.')
    return value


def _paths(body: Document) -> list[Path]:
    """What is to be disclosable: as many places in the claims as a reader here takes disclosures."""
    paths = _list(body, "disclosable", 'Send an array of paths such as ["address", "city"].')
    for path in paths:
        if not isinstance(path, list) or not path or not all(isinstance(step, str) or type(step) is int for step in path):
            raise Refused(
                422,
                "member_type",
                '"disclosable" holds what is no path.',
                'A path is an array such as ["address", "city"] or ["langs", 0].',
            )
    return [tuple(path) for path in paths]


def _indices(body: Document) -> list[int]:
    indices = _list(body, "keep", "Send an array of the numbers of disclosures, from 0.")
    if not all(type(one) is int for one in indices):
        raise Refused(422, "member_type", '"keep" holds what is no whole number.', "Send an array of the numbers of disclosures, from 0.")
    return indices


def _list(body: Document, name: str, hint: str) -> list[Any]:
    if name not in body.value:
        raise Refused(422, "member_missing", f'"{name}" is missing.', hint)
    value = body.value[name]
    if not isinstance(value, list):
        raise Refused(422, "member_type", f'"{name}" is not an array.', hint)
    if len(value) > MAX_DISCLOSURES:
        raise Refused(422, "too_many", f'"{name}" has {len(value):,} elements.', f"It takes {MAX_DISCLOSURES:,}.")
    return value


def _decoys(body: Document) -> int:
    value = body.value.get("decoys", 0)
    if type(value) is not int or not 0 <= value <= MOST_DECOYS:
        raise Refused(422, "member_type", '"decoys" is not a number of decoys.', f"Send a whole number from 0 to {MOST_DECOYS}.")
    return value


def _flag(body: Document, name: str) -> bool:
    value = body.value.get(name)
    if value is not None and not isinstance(value, bool):
        raise Refused(422, "member_type", f'"{name}" is not a boolean.', "Send true or false.")
    return bool(value)


def _written(body: Document, name: str) -> str:
    """A header or payload: text as it is, an object as it stands in the request, without white space."""
    if isinstance(body.value.get(name), dict):
        return lossless_json.compact(_slice(body, name))
    if name in body.value and not isinstance(body.value[name], str):
        raise Refused(422, "member_type", f'"{name}" is neither an object nor a string.', "Send a JSON object, or its text as a string.")
    text: str = _text(body, name)
    return text


def _recipients(body: Document) -> list[str]:
    """The headers of the recipients, as they stand in the request."""
    value = body.value.get("recipients")
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Refused(
            422, "member_type", '"recipients" is not an array of objects.', 'Send headers such as [{"alg": "A256KW", "kid": "1"}].'
        )
    root = lossless_json.read(_slice(body, "recipients"))
    return [lossless_json.compact(root.text[one.start : one.end]) for one in root.root.items] if root.root else []


def _slice(body: Document, name: str) -> str:
    member = body.member(name)
    assert member is not None
    return body.text[member.start : member.end]


_EXPECTATIONS = tuple(Expect.__annotations__)


def _expectations(value: object) -> tokens.Expectations:
    if value is None:
        return tokens.Expectations()
    if not isinstance(value, dict):
        raise Refused(422, "member_type", '"expect" is not an object.', f"Send an object with any of {', '.join(_EXPECTATIONS)}.")
    if value.keys() - set(_EXPECTATIONS):  # a misspelt expectation that is passed over would be a check that is not made
        raise Refused(422, "member_unknown", '"expect" has a member that jwtlens does not know.', f"It knows {', '.join(_EXPECTATIONS)}.")
    algorithms = [] if value.get("algorithms") is None else value["algorithms"]
    if not isinstance(algorithms, list) or not all(isinstance(one, str) for one in algorithms):
        raise Refused(422, "member_type", '"algorithms" is not an array of strings.', 'Send an array such as ["RS256"].')
    words: dict[str, str] = {}
    for name in _EXPECTATIONS[1:]:
        if value.get(name) is not None:
            if not isinstance(value[name], str):
                raise Refused(422, "member_type", f'"{name}" in "expect" is not a string.', "Send a string.")
            words[name] = value[name]
    profile = words.get("profile")
    if profile is not None and profile != profiles.NONE and profiles.named(profile) is None:
        names = ", ".join((*profiles.known(), profiles.NONE))
        raise Refused(422, "profile_unknown", '"profile" in "expect" is none that jwtlens knows.', f"Use one of {names}.")
    return tokens.Expectations(tuple(algorithms), **words)


def _json(value: Mapping[str, Any]) -> Response:
    return Response(facts.as_json(value), mimetype="application/json")
