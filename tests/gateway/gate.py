"""A policy, requests and tokens for the tests of the gateway."""

from __future__ import annotations

import json
from typing import Any

from app.gateway import Decision, Policy, decide, read_policy, read_request
from app.tokens import Keys, read_keys
from tests.tokens.keyring import NOW, SECRET, make, private, public_jwk

ISSUER = "https://login.example"
AUDIENCE = "https://api.example"
GOOD: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "user-1",
    "iat": NOW,
    "exp": NOW + 600,
    "scope": "orders:read",
    "realm_access": {"roles": ["clerk"]},
}
EVERYTHING = [{"prefix": "/"}]


def rs256() -> dict[str, Any]:
    return {"jwks": {"keys": [public_jwk(private("RS256"), kid="one")]}, "algorithms": ["RS256"]}


def document(routes: Any = EVERYTHING, *, issuer: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A policy as it is written: one issuer with an RSA key; *issuer* changes its entry, *more* the whole."""
    entry = {"issuer": ISSUER, "audience": AUDIENCE, "keys": [rs256()]} | (issuer or {})
    return {"issuers": [entry], "routes": routes} | more


def policy(routes: Any = EVERYTHING, *, issuer: dict[str, Any] | None = None, **more: Any) -> Policy:
    return read_policy(json.dumps(document(routes, issuer=issuer, **more)))


def token(alg: str = "RS256", header: dict[str, Any] | None = None, key: Any = None, **claims: Any) -> str:
    """A good token with *claims* changed; a claim of None is left out."""
    payload = {name: value for name, value in (GOOD | claims).items() if value is not None}
    return make({"alg": alg, "kid": "one"} | (header or {}), json.dumps(payload), alg=alg, key=key)


def named(**secrets: str) -> dict[str, Keys]:
    return {name: read_keys(text) for name, text in secrets.items()}


def ask(rules: Policy, text: str | None = None, line: str = "GET /orders", *headers: str, keys: Any = None, body: str = "") -> Decision:
    """What becomes of a request with the token *text*."""
    bearer = [f"Authorization: Bearer {text}"] if text is not None else []
    return decide(rules, read_request("\n".join([line, *bearer, *headers]) + f"\n\n{body}"), keys or {}, NOW)


def outcome(decision: Decision, name: str) -> str:
    (one,) = (rule for rule in decision.rules if rule.name == name)
    return one.outcome


def denied_by(decision: Decision) -> str:
    """The name of the rule that made the answer."""
    return decision.denials[0].name if decision.denials else ""


__all__ = ["NOW", "SECRET", "ask", "denied_by", "document", "named", "outcome", "policy", "token"]
