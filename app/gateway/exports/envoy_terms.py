"""What a policy asks of a token that jwt_authn has verified, as policies of Envoy's RBAC filter."""

from __future__ import annotations

from typing import Any

from app.gateway.exports import envoy_rules as rules
from app.gateway.exports.envoy_paths import is_writable, permission
from app.gateway.exports.envoy_rules import Matcher
from app.gateway.exports.native import Gaps, is_plain_path, is_text
from app.gateway.policy import Issuer, KeySource, Policy, Route
from app.tokens.claims import STRINGS, media_type

VERIFIES = frozenset(("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"))
ALLOWS_MORE = "Envoy allows more than this policy here:"


def policies(policy: Policy, gaps: Gaps) -> dict[str, Any]:
    """For each route who may take it, by a name that the log shows."""
    found = {}
    accepted = _accepted(policy, gaps)
    for number, route in enumerate(policy.routes):
        if not is_writable(route):
            gaps.add(f"routes[{number}]", "Its path has half a character in it, which no request can have: the route takes nothing.")
            continue
        if route.access == "anyone":
            who = rules.ANY
        elif route.access == "optional":
            who = rules.any_of(rules.none_of(rules.at(("claims",), rules.PRESENT)), accepted)
        else:
            who = rules.all_of(accepted, *_asked(route, number, gaps))
        found[f"route-{number}"] = {"permissions": [permission(policy, number)], "principals": [who]}
    return found


def _asked(route: Route, number: int, gaps: Gaps) -> list[Matcher]:
    found = []
    for name, asked in (("scopes", route.scopes), ("roles", route.roles), ("claims", route.claims)):
        if asked is None:
            continue
        try:
            found.append(rules.rule(route.claims) if name == "claims" and route.claims else rules.words(getattr(route, name)))
        except rules.Unsayable:
            gaps.add(
                f"routes[{number}].{name}",
                "One of its values cannot be compared by Envoy: every token is refused. Use a shorter number or plain text.",
            )
            found.append(rules.NEVER)
    return found


def _accepted(policy: Policy, gaps: Gaps) -> Matcher:
    """A token that jwt_authn has verified keeps the terms of its issuer, too."""
    for name, path in policy.upstream:
        if not is_plain_path(path) or not all(map(is_text, path)):
            gaps.add(
                f"upstream.{name}", f"Envoy parts the names of a claim with dots, and this one has a dot in it: {name} is never there."
            )
        else:
            gaps.add(
                f"upstream.{name}",
                f"Envoy sets {name} to the value as it is, not percent-encoded, an array or object as JSON in base64, and leaves it out where there is none;"
                " a token with a control character in it, or a space at an end, is refused. Long values are not: Envoy allows more than this policy here.",
            )
    issuers = [_terms(policy, issuer, number, gaps) for number, issuer in enumerate(policy.issuers)]
    control = [
        rules.none_of(rules.claim(path, rules.regex(r"(?s).*[\x00-\x1f\x7f].*|(?: .*|.* )")))
        for _, path in policy.upstream
        if all(map(is_text, path))
    ]
    return rules.all_of(rules.any_of(*issuers), *(_string_or_absent(name) for name in STRINGS), *control)


def _string_or_absent(name: str) -> Matcher:
    return rules.any_of(rules.none_of(rules.claim((name,), rules.PRESENT)), rules.claim((name,), rules.STRING))


def _terms(policy: Policy, issuer: Issuer, number: int, gaps: Gaps) -> Matcher:
    path = f"issuers[{number}]"
    conditions = [
        _named(policy, issuer),
        rules.any_of(*(_header(source, number, place, issuer, gaps) for place, source in enumerate(issuer.keys))),
    ]
    if issuer.audiences:
        conditions.append(rules.any_of(*(rules.is_or_has(("aud",), one) for one in issuer.audiences if is_text(one))))
        if not all(map(is_text, issuer.audiences)):
            gaps.add(f"{path}.audience", "A name with half a character in it cannot be written; tokens for it alone are refused.")
    for place, claim in enumerate(issuer.required):
        if all(map(is_text, claim)):
            conditions += [rules.claim(claim, rules.PRESENT), rules.none_of(rules.claim(claim, rules.NULL))]
        else:
            gaps.add(f"{path}.required[{place}]", "A name with half a character in it cannot be written; every token is refused.")
            conditions.append(rules.NEVER)
    if issuer.max_life is not None:
        gaps.add(
            f"{path}.max_life",
            f"{ALLOWS_MORE} Envoy limits what is left of a token's life, not the whole of it, so that a longer one is taken near its end. Have the issuer limit it.",
        )
        conditions.append(rules.claim(("iat",), rules.PRESENT))
    return rules.all_of(*conditions)


def _named(policy: Policy, issuer: Issuer) -> Matcher:
    """Whose token it is: one of these names, or one that no other entry has."""
    names = [name for name in issuer.names if is_text(name)]
    if issuer.names:
        return rules.any_of(*(rules.claim(("iss",), rules.exactly(name)) for name in names))
    others = [name for one in policy.issuers for name in one.names if is_text(name)]
    return rules.none_of(rules.any_of(*(rules.claim(("iss",), rules.exactly(name)) for name in others))) if others else rules.ANY


def _header(source: KeySource, number: int, place: int, issuer: Issuer, gaps: Gaps) -> Matcher:
    """The header of a token that the keys of *source* have verified: an algorithm that they may be used for, and the type."""
    name = f"header_{number}_{place}"
    allowed = [one for one in source.algorithms if one in VERIFIES]
    conditions = [rules.any_of(*(rules.at((name, "alg"), rules.exactly(one)) for one in allowed))]
    # Envoy does not look at extensions that a token says must be understood (RFC 7515 §4.1.11).
    conditions += [rules.none_of(rules.at((name, one), rules.PRESENT)) for one in ("crit", "b64")]
    if issuer.type is not None:
        if issuer.type.isascii() and is_text(issuer.type):
            whole = media_type(issuer.type)
            short = whole.removeprefix("application/")
            spellings = (whole,) if "/" in short else (whole, short)
            conditions.append(
                rules.any_of(*(rules.at((name, "typ"), {"string_match": {"exact": one, "ignore_case": True}}) for one in spellings))
            )
        else:
            gaps.add(f"issuers[{number}].type", "Envoy compares types in ASCII only; every token of this issuer is refused.")
            conditions.append(rules.NEVER)
    return rules.all_of(*conditions)
