"""What KrakenD can be told: one validator an endpoint, for one issuer with one algorithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.gateway.exports import native
from app.gateway.policy import Issuer, KeySource, Path, Policy, Route, Source, Words

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA", "HS256", "HS384", "HS512")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The issuer that the validators are for: its first keys that KrakenD can use, those of one algorithm."""

    number: int
    source: int
    issuer: Issuer
    algorithm: str
    url: str = ""
    secret: str = ""

    @property
    def jwks(self) -> dict[str, Any]:
        """The public keys with a kid; KrakenD finds no other."""
        if self.secret or self.url:
            return {"keys": []}
        found = native.jwk_set(self.issuer.keys, (self.algorithm,))["keys"]
        return {"keys": [key for key in found if key.get("kid")]}

    @property
    def kids(self) -> tuple[str, ...]:
        return tuple(key["kid"] for key in self.jwks["keys"])


def chosen(policy: Policy) -> Chosen | None:
    """The first issuer and source that can be told."""
    for number, issuer in enumerate(policy.issuers):
        for place, source in enumerate(issuer.keys):
            one = _chosen(number, place, issuer, source)
            if one and all(native.is_text(name) for name in (*issuer.names, *issuer.audiences)):
                return one
    return None


def _chosen(number: int, place: int, issuer: Issuer, source: KeySource) -> Chosen | None:
    known = [name for name in source.algorithms if name in ALGORITHMS]
    if not known or source.kind == "issuer_url":
        return None
    if source.kind == "jwks_url":
        return Chosen(number, place, issuer, known[0], url=source.reference) if source.reference.startswith("https://") else None
    if source.kind == "secret":
        return Chosen(number, place, issuer, known[0], secret=source.reference)
    found = [one.algorithm.name for one in native.usable(source) if one.algorithm.name in known and one.key.kid]
    return Chosen(number, place, issuer, found[0]) if found else None


def place(source: Source) -> str:
    """The setting of the validator that names this place, or nothing."""
    if source.place == "cookie":
        return "cookie_key"
    return "auth_header_name" if source.place == "header" and source.scheme.lower() == "bearer" else ""


def is_propagated(claim: Path) -> bool:
    """Whether the claim can be named in propagate_claims, where a dot is a step unless the name begins with http."""
    return all(native.is_text(step) for step in claim) and native.is_plain_path(claim) and not claim[0].startswith("http")


def roles(route: Route) -> dict[str, Any]:
    """The settings for roles, where one of several is asked for: that is answered with 403, and CEL with 401."""
    asked = route.roles
    if not asked or len(asked.all) + bool(asked.any) != 1 or not _is_key(asked, nested=len(asked.claim) > 1):
        return {}
    key = {"roles_key": native.dotted(asked.claim), "roles_key_is_nested": len(asked.claim) > 1}
    return {"roles": list(asked.any or asked.all)} | key


def scopes(route: Route) -> dict[str, Any]:
    """The settings for scopes: all of them, or any of them; both at once is for CEL."""
    asked = route.scopes
    if not asked or (asked.all and asked.any) or not native.is_plain_path(asked.claim) or not _is_key(asked, nested=len(asked.claim) > 1):
        return {}
    matcher = "all" if asked.all else "any"
    return {"scopes": list(asked.all or asked.any), "scopes_key": native.dotted(asked.claim), "scopes_matcher": matcher}


def _is_key(asked: Words, *, nested: bool) -> bool:
    texts = all(native.is_text(text) for text in (*asked.claim, *asked.all, *asked.any))
    plain = native.is_plain_path(asked.claim) and not asked.claim[0].startswith("http")
    return texts and (plain or not nested) and not any(" " in word for word in (*asked.all, *asked.any))
