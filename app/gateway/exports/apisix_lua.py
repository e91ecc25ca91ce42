"""What the plugin jwt-auth of APISIX does not judge, as a function in Lua for serverless-post-function, which runs behind it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.gateway.exports import native
from app.gateway.policy import ClaimRule, Compare, Issuer, Policy, Route, Words
from app.gateway.upstream import LONGEST_TOGETHER, LONGEST_VALUE

_EXACT = 2**53
_PROGRAM = Path(__file__).with_name("apisix.lua").read_text("utf-8")


# In a path with two readings, and some of them in one that a policy takes: %25, and full-width letters.
SIGNS = (
    *("%2f", "%5c", "\\", ";", "%3b", "%3f", "%23", "#", "%25", "%7f", "//", "%cd%be", "%e2%80%a4", "%e2%80%a5", "%e2%81%87", "%e2%81%88"),
    *("%e2%81%89", "%e2%84%80", "%e2%84%81", "%e2%84%85", "%e2%84%86", "%ef%b8", "%ef%b9", "%ef%bc"),
)
KEPT = "ctx.jwt_auth_payload"
"""Where jwt-auth leaves the claims of a token that it took."""
USERINFO = 'core.json.decode(ngx.decode_base64(core.request.header(ctx, "X-Userinfo") or "") or "")'
"""Where openid-connect does; it overwrites what a client sent there."""


def program(policy: Policy, where: dict[str, list[str]], claims: str = KEPT) -> str:
    """The function for every route of *policy*; *where* are the places in which a token may be, *claims* is where they are found."""
    parts = {
        "@realm": literal(policy.realm),
        "@issuers": _table(_issuers(policy)),
        "@routes": _table((str(number), _route(route)) for number, route in enumerate(policy.routes, 1)),
        "@signs": literal(SIGNS),
        "@upstream": literal([{"name": name, "claim": list(claim)} for name, claim in policy.upstream]),
        "@where": literal(where),
        "@claims": claims,
        "@longest": str(LONGEST_VALUE),
        "@together": str(LONGEST_TOGETHER),
    }
    text = _PROGRAM
    for name, value in parts.items():
        head, _, tail = text.partition(name)
        text = head + value + tail
    return text


def refuses(target: str) -> bool:
    """Whether the function refuses the path of *target* because of a sign."""
    raw = target.partition("?")[0].lower()
    return any(sign in raw for sign in SIGNS)


def literal(value: Any) -> str:
    """*value* in Lua: a string byte by byte where it is not plain, so that no text ends it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(_letter(byte) for byte in value.encode()) + '"'
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return repr(float(value))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {literal(one)}" for name, one in value.items()) + "}"
    return "{" + ", ".join(literal(one) for one in value) + "}"


def _letter(byte: int) -> str:
    # An @ would be taken for a place in the program.
    return chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\@' else f"\\{byte:03d}"


def _table(rows: Iterator[tuple[str, dict[str, Any]]]) -> str:
    lines = "".join(f"    [{literal(name)}] = {literal(value)},\n" for name, value in rows)
    return f"{{\n{lines}  }}"


def _issuers(policy: Policy) -> Iterator[tuple[str, dict[str, Any]]]:
    for issuer in policy.issuers:
        yield from ((name, _terms(issuer)) for name in issuer.names if native.is_text(name))


def _terms(issuer: Issuer) -> dict[str, Any]:
    terms: dict[str, Any] = {"required": [list(path) for path in issuer.required]}
    if issuer.audiences:
        terms["audiences"] = list(issuer.audiences)
    return terms | ({"max_life": issuer.max_life} if issuer.max_life is not None else {})


def _route(route: Route) -> dict[str, Any]:
    told: dict[str, Any] = {"access": route.access}
    for name, asked in (("scopes", route.scopes), ("roles", route.roles)):
        if asked:
            told[name] = _words(asked)
    if route.claims:
        told["rule"] = _rule(route.claims) if is_said(route.claims) else {"how": "any", "rules": []}
    return told


def _words(asked: Words) -> dict[str, Any]:
    return {"claim": list(asked.claim), "all": list(asked.all), "any": list(asked.any)}


def _rule(rule: ClaimRule) -> dict[str, Any]:
    if not isinstance(rule, Compare):
        return {"how": rule.how, "rules": [_rule(one) for one in rule.rules]}
    values = list(rule.value) if rule.how == "one_of" else [rule.value] if rule.how == "equals" else rule.value
    return {"how": rule.how, "claim": list(rule.claim), "value": values}


def is_said(rule: ClaimRule) -> bool:
    """Whether every number in *rule* is one that Lua keeps; all numbers are floats there."""
    values = (value for one in native.compares(rule) for value in (one.value if one.how == "one_of" else (one.value,)))
    return all(isinstance(value, bool | str) or (abs(value) <= _EXACT and Decimal(float(value)) == value) for value in values)
