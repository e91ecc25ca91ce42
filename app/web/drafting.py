"""A policy that takes the token of the debugger: its issuer, audience, type and algorithm, and the key of the key box."""

from __future__ import annotations

import json
from typing import Any

from app import tokens
from app.tokens import keys
from app.tokens.near_misses import audiences_of
from app.web.gateway_page import GatewayForm

_NAME = "the secret"
_ASSUMED = "RS256"
_ORDINARY = ("JWT", "jwt")
REQUEST = "GET / HTTP/1.1\nHost: api.example\nAuthorization: Bearer $token"


def draft(token: str, key: str, encoding: str) -> GatewayForm:
    """The form of the gateway page for a token and what the key box holds. Nothing of it says that the token is good."""
    read = tokens.decode(token)
    claims: dict[str, Any] = read.payload if isinstance(read.payload, dict) else {}
    said = read.token.alg
    alg = said if isinstance(said, str) and said in tokens.ALGORITHMS and said != "none" else _ASSUMED
    box = tokens.read_keys(key, encoding if encoding in tokens.ENCODINGS else "auto")
    iss = claims.get("iss")
    source, named = _source(box, alg, iss)
    issuer: dict[str, Any] = {"issuer": iss} if isinstance(iss, str) and iss else {}
    audiences = audiences_of(claims.get("aud"))
    if audiences and audiences[0]:
        issuer["audience"] = audiences[0]
    typ = read.header.get("typ") if isinstance(read.header, dict) else None
    if isinstance(typ, str) and typ and typ not in _ORDINARY:
        issuer["type"] = typ
    issuer["keys"] = [source | {"algorithms": [alg]}]
    policy = {"issuers": [issuer], "routes": [{"prefix": "/"}], "upstream": {"X-User": "sub"}}
    return GatewayForm(json.dumps(policy, indent=2), named, REQUEST, read.token.text.strip() or token)


def _source(box: tokens.Keys, alg: str, iss: object) -> tuple[dict[str, Any], str]:
    """Where the keys are, as a policy says it, and what the box of named keys holds."""
    if tokens.ALGORITHMS[alg].family == "hmac":
        secret = next((one for one in box.keys if one.secret is not None), None)
        return {"secret": _NAME}, json.dumps({_NAME: _plainly(secret, box.text)}, indent=2) if secret else ""
    public = [keys.public_jwk(one) for one in box.keys if one.secret is None]
    if public:
        return {"jwks": {"keys": public}}, ""
    address = iss if isinstance(iss, str) and iss.startswith("https://") else "https://login.example"
    return {"issuer_url": address}, ""


def _plainly(secret: tokens.Key, text: str) -> Any:
    """The secret as its text when that is read as the same secret again, else as a JWK."""
    again = tokens.read_keys(text).keys
    return text if [one.secret for one in again] == [secret.secret] else keys.private_jwk(secret)
