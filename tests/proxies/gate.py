"""The policy of the suites, and tokens for it that are good now."""

from __future__ import annotations

import json
import time
from functools import cache
from typing import Any

from app.gateway import Policy, read_policy
from tests.gateway.gate import AUDIENCE, ISSUER, rs256
from tests.tokens.keyring import make, private

ELSEWHERE = "https://elsewhere.example"
ROUTES: list[dict[str, Any]] = [
    {"prefix": "/public", "access": "anyone"},
    {"prefix": "/news", "methods": ["GET"], "access": "optional"},
    {"prefix": "/admin", "roles": {"all": ["admin"], "claim": "realm_access.roles"}},
    {"prefix": "/orders", "methods": ["GET", "HEAD"], "scopes": {"all": ["orders:read"]}},
    {"prefix": "/orders", "methods": ["POST"], "scopes": {"any": ["orders:write", "orders:all"]}},
    {"prefix": "/tenant", "claims": {"claim": "tenant", "equals": "acme"}},
    {"prefix": "/items", "methods": ["GET"]},
]
UPSTREAM = {"X-User": "sub", "X-Roles": "realm_access.roles", "X-Tenant": "tenant", "X-Forwarded-User": "sub"}


def document(key_server: str = "", **more: Any) -> str:
    """The policy as text; the keys of a second issuer are at *key_server*."""
    issuers: list[dict[str, Any]] = [{"issuer": ISSUER, "audience": AUDIENCE, "keys": [rs256()]}]
    if key_server:
        issuers.append({"issuer": ELSEWHERE, "keys": [{"jwks_url": key_server, "algorithms": ["ES256"]}]})
    return json.dumps({"issuers": issuers, "routes": ROUTES, "upstream": UPSTREAM, "describe": True, "realm": "shop"} | more)


def policy(**more: Any) -> Policy:
    return read_policy(document(**more))


@cache
def _made(alg: str, header: str, payload: str, which: int) -> str:
    return make(json.loads(header), payload, alg=alg, key=private(alg, which))


def token(alg: str = "RS256", header: dict[str, Any] | None = None, which: int = 0, **claims: Any) -> str:
    """A good token with *claims* changed; a claim of None is left out. *which* is another key of the same kind."""
    now = int(time.time()) // 100 * 100
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "iat": now, "exp": now + 3600}
    good |= {"scope": "orders:read", "realm_access": {"roles": ["clerk"]}}
    payload = {name: value for name, value in (good | claims).items() if value is not None}
    return _made(alg, json.dumps({"alg": alg, "kid": "one"} | (header or {})), json.dumps(payload), which)


def bearer(**changes: Any) -> str:
    return f"Authorization: Bearer {token(**changes)}"
