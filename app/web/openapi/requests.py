"""What each endpoint takes, as types. A member that may be left out may be null as well: it then counts as left out."""

# No `from __future__ import annotations`: TypedDict looks for Required in the types themselves.

from typing import Annotated, Any, Required, TypedDict

from app import tokens
from app.gateway.exports import GATEWAYS
from app.keyfetch import KINDS as ASKED
from app.tokens import profiles
from app.tokens.form import Serialization
from app.tokens.sd_jwt import MAX_DISCLOSURES
from app.tokens.sd_jwt.disclosures import HASHES
from app.web.gateway_api import MOST_NAMED

MOST_DECOYS = 100

Moment = Annotated[int | float | None, {"minimum": -tokens.MAX_SECONDS, "maximum": tokens.MAX_SECONDS}]
KeyText = str | dict[str, Any]
Written = str | dict[str, Any]
Step = str | int
KeyEncoding = Annotated[str | None, {"enum": [*tokens.ENCODINGS, None]}]


class DecodeRequest(TypedDict):
    """A text to read as a token."""

    token: str


class Expect(TypedDict, total=False):
    """What a token must be; what is left out is not checked."""

    algorithms: list[str] | None
    issuer: str | None
    audience: str | None
    type: str | None
    profile: Annotated[str | None, {"examples": [*profiles.known(), profiles.NONE]}]
    nonce: str | None
    access_token: str | None
    code: str | None
    state: str | None
    htm: str | None
    htu: str | None


class VerifyRequest(TypedDict, total=False):
    """A token and the key to judge it with."""

    token: Required[str]
    key: Required[KeyText]
    key_encoding: KeyEncoding
    at: Moment
    leeway: Moment
    payload: str | None
    expect: Expect | None
    check_brought: bool | None


class EncodeRequest(TypedDict, total=False):
    """A header and a payload to make a token of."""

    header: Required[Written]
    payload: Required[Written]
    key: KeyText | None
    key_encoding: KeyEncoding
    serialization: Serialization | None
    detached: bool | None
    recipients: list[dict[str, Any]] | None
    aad: str | None


class IssueRequest(TypedDict, total=False):
    """Claims to sign, and the paths of those that can be kept back."""

    header: Required[Written]
    claims: Required[Written]
    disclosable: Required[Annotated[list[Annotated[list[Step], {"minItems": 1}]], {"maxItems": MAX_DISCLOSURES}]]
    key: Required[KeyText]
    key_encoding: KeyEncoding
    hash: Annotated[str | None, {"examples": list(HASHES)}]
    decoys: Annotated[int, {"minimum": 0, "maximum": MOST_DECOYS}]
    holder: KeyText | None


class PresentRequest(TypedDict, total=False):
    """An SD-JWT, and which of its disclosures to show."""

    token: Required[str]
    keep: Required[Annotated[list[int], {"maxItems": MAX_DISCLOSURES}]]
    key: KeyText | None
    key_encoding: KeyEncoding
    audience: str | None
    nonce: str | None
    at: Moment


class KeysRequest(TypedDict, total=False):
    """What a key is wanted for."""

    algorithm: Required[str]
    enc: str | None


class FetchRequest(TypedDict, total=False):
    """The address of a key set, or an issuer."""

    url: Required[str]
    kind: Annotated[str | None, {"enum": [*ASKED, None]}]
    again: bool | None


class GatewayAsked(TypedDict, total=False):
    """A request to judge, taken apart."""

    method: Required[Annotated[str, "GET, POST, …"]]
    target: Required[Annotated[str, "Path and query, such as /orders?page=2."]]
    headers: Annotated[dict[str, str | list[str]], "The headers by name; one that is sent several times has its values in an array."]
    body: Annotated[str, "The body, for tokens in a form."]


class GatewayRequest(TypedDict, total=False):
    """A policy, a request, and the keys that the policy names."""

    policy: Required[Written]
    request: Required[str | GatewayAsked]
    keys: Annotated[dict[str, Any] | None, {"maxProperties": MOST_NAMED}]
    at: Moment
    export: Annotated[str | None, {"enum": [*GATEWAYS, None]}]


_CLOSED: dict[str, Any] = {"additionalProperties": False}
_TEXT = {"type": "string"}

EXTRAS: dict[Any, dict[str, Any]] = {
    # What is misspelt there would be a check that is not made.
    Expect: _CLOSED,
    GatewayAsked: _CLOSED,
    # A key binding JWT must have both (RFC 9901 §4.3).
    PresentRequest: {
        "if": {"required": ["key"], "properties": {"key": {"not": {"type": "null"}}}},
        "then": {"required": ["audience", "nonce"], "properties": {"audience": _TEXT, "nonce": _TEXT}},
    },
}
"""What no type can say."""
