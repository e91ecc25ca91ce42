"""What Kong can be told: one key for each consumer, exp and nbf, and which consumers may use a route."""

from __future__ import annotations

from app.gateway.exports import native
from app.gateway.exports.credentials import Option, options
from app.gateway.policy import ClaimRule, Compare, Policy, Route, Source

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA", "HS256", "HS384", "HS512")


def by_kid(policy: Policy) -> list[tuple[int, str, Option]]:
    """Every key under its kid, where the issuers have several and each has a kid and an algorithm of its own; otherwise nothing."""
    found = [(number, option) for number, issuer in enumerate(policy.issuers) for option in options(issuer, ALGORITHMS)]
    kids = [option.key.kid for _, option in found if option.key and option.key.kid and native.is_text(option.key.kid)]
    if len(found) <= len({number for number, _ in found}) or len(set(kids)) != len(found):
        return []
    return [(number, kid, option) for (number, option), kid in zip(found, kids, strict=True)]


def asks_nbf(policy: Policy) -> bool:
    return bool(policy.issuers) and all(("nbf",) in issuer.required for issuer in policy.issuers)


def issuers_of(rule: ClaimRule | None, by_kid: bool) -> list[str]:
    """The issuers that *rule* asks for, when it asks for nothing else: consumers stand for issuers, and acl can tell them apart."""
    if by_kid or not isinstance(rule, Compare) or rule.claim != ("iss",) or rule.how not in ("equals", "one_of"):
        return []
    values = rule.value if rule.how == "one_of" else (rule.value,)
    return list(values) if all(isinstance(one, str) and native.is_text(one) for one in values) else []


def groups(route: Route, number: int, by_kid: bool) -> list[str]:
    """Who may use a route with rules. What acl cannot say becomes a group that nobody is in, so that the route is closed."""
    if not (route.scopes or route.roles or route.claims):
        return []
    if not (route.scopes or route.roles):
        issuers = issuers_of(route.claims, by_kid)
        if issuers:
            return [f"iss {one}" for one in issuers]
    return [f"route-{number + 1}"]


def is_looked_at(source: Source) -> bool:
    return source.scheme.lower() == "bearer" if source.place == "header" else source.place != "form" and native.is_text(source.name)
