"""A policy as JSON text → Policy, or every problem of it with its place."""

from __future__ import annotations

import re
from typing import Any

from app.gateway.paths import canonical
from app.gateway.policy import ClaimRule, Compare, Issuer, Join, Path, Policy, Route, Source, Words
from app.gateway.reading_keys import key_source
from app.gateway.request import METHODS, same_name
from app.gateway.shapes import Member, Problem, Read, Unfit, choice, flag, members, one_or_several, only_one, seconds, several, text, unfit
from app.tokens import lossless_json
from app.tokens.findings import kind_of, quoted

LONGEST_POLICY = 100_000
MOST_ROUTES = 100
MOST_ISSUERS = 20
MOST_KEYS = 10
MOST_UPSTREAM = 30
MOST_RULES = 200
DEEPEST_RULE = 8
_MOST_SECONDS = 10**9
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_COOKIE_NAME = re.compile(r"[!#$%&'*+.^_`|~A-Za-z0-9-]{1,128}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,31}")
_REALM = re.compile(r"[ !#-\[\]-~]{1,100}")
_SCOPE = re.compile(r"[!#-\[\]-~]+")  # RFC 6749 §3.3
# Numbers that another reader would round are exact here.
_HARMLESS = {"json_big_integer", "json_number_precision", "json_negative_zero"}
# What a header of the request itself means to every server must not be overwritten with a claim.
_TAKEN = frozenset(
    [
        "host",
        "connection",
        "content-length",
        "content-type",
        "transfer-encoding",
        "cookie",
        "te",
        "trailer",
        "upgrade",
        "keep-alive",
        "expect",
    ]
)


def read(document: str) -> Policy:
    """The policy that *document* holds; raises Unfit with every problem."""
    return _policy(_json(document), "")


def _json(document: str) -> Any:
    if len(document) > LONGEST_POLICY:
        raise unfit("", f"a text of {len(document):,} characters", f"at most {LONGEST_POLICY:,} are read")
    parsed = lossless_json.read(document)
    if parsed.readable and not parsed.problems:
        return parsed.value
    first = next((one for one in parsed.problems if one.code not in _HARMLESS), None)
    if first is None:
        return parsed.value
    line, column = parsed.position(first.offset)
    if first.code == "json_duplicate_member":
        raise unfit("", f"a member that is written twice, at line {line}, column {column}", "each member is wanted once")
    raise unfit("", f"JSON that breaks at line {line}, column {column}", "strict JSON is wanted: no comments, no comma before a bracket")


def _matching(pattern: re.Pattern[str], wanted: str) -> Read[str]:
    def read_it(value: Any, path: str) -> str:
        if not pattern.fullmatch(text(value, path)):
            raise unfit(path, f'"{quoted(value, 40)}"', f"{wanted} is wanted")
        return str(value)

    return read_it


_header = _matching(_HEADER_NAME, "the name of a header, of letters, digits and hyphens,")
_PLACES: dict[str, Read[str]] = {
    "header": _header,
    "cookie": _matching(_COOKIE_NAME, "the name of a cookie"),
    "query": text,
    "form": text,
}


def _source(value: Any, path: str) -> Source:
    place: Any = only_one(value, path, tuple(_PLACES), "the place of a token")
    table: dict[str, Member[Any]] = {place: Member(_PLACES[place])}
    if place == "header":
        table["scheme"] = Member(_matching(_SCHEME, "a scheme such as Bearer"), "")
    found = members(value, path, table)
    name = found[place]
    if place == "header" and same_name(name, "authorization"):
        return Source(place, name, found["scheme"] or "Bearer")
    return Source(place, name, found.get("scheme", ""))


def _claim(value: Any, path: str) -> Path:
    """`a.b` leads to b in a; an array names each step exactly, for names with dots or slashes in them."""
    if isinstance(value, list):
        return several(text, most=10)(value, path)
    written = text(value, path)
    steps = tuple(written.split("."))
    if "/" in written or ":" in written or not all(steps):
        raise unfit(
            path,
            f'"{quoted(written, 40)}"',
            'a path such as realm_access.roles is wanted, or an array such as ["https://example.com/roles"]',
        )
    return steps


_ISSUER: dict[str, Member[Any]] = {
    "issuer": Member(one_or_several(text), ()),
    "keys": Member(several(key_source, MOST_KEYS), required=True),
    "audience": Member(one_or_several(text), ()),
    "type": Member(text),
    "leeway": Member(seconds(0, 3600), 0),
    "max_life": Member(seconds(1, _MOST_SECONDS)),
    "required": Member(several(_claim, least=0), (("exp",),)),
}


def _issuer(value: Any, path: str) -> Issuer:
    found = members(value, path, _ISSUER)
    return Issuer(found["issuer"], found["keys"], found["audience"], found["type"], found["leeway"], found["max_life"], found["required"])


def _words(default: Path) -> Read[Words]:
    table: dict[str, Member[Any]] = {
        "all": Member(several(text), ()),
        "any": Member(several(text), ()),
        "claim": Member(_claim, default),
    }

    def read_words(value: Any, path: str) -> Words:
        found = members(value, path, table)
        if not found["all"] and not found["any"]:
            raise unfit(path, "neither all nor any", 'for example {"all": ["orders:read"]} is wanted')
        odd = next((word for word in (*found["all"], *found["any"]) if default == ("scope",) and not _SCOPE.fullmatch(word)), None)
        if odd is not None:
            raise unfit(path, f'"{quoted(odd, 40)}"', "scopes of visible ASCII characters are wanted, each an entry of its own")
        return Words(found["claim"], found["all"], found["any"])

    return read_words


def _scalar(value: Any, path: str) -> Any:
    if value is None or isinstance(value, (dict, list)):
        raise unfit(path, kind_of(value), "a string, a number, true or false is wanted")
    return text(value, path) if isinstance(value, str) else value


_COMPARES: dict[str, Read[Any]] = {"equals": _scalar, "one_of": several(_scalar), "contains": _scalar, "prefix": text}


def _claim_rule(value: Any, path: str, depth: int = 0) -> ClaimRule:
    if depth >= DEEPEST_RULE:
        raise unfit(path, f"a rule inside {depth} others", f"at most {DEEPEST_RULE} are read")
    if isinstance(value, dict) and "claim" in value:
        how: Any = only_one(value, path, tuple(_COMPARES), "a comparison")
        found = members(value, path, {"claim": Member(_claim), how: Member(_COMPARES[how])})
        return Compare(found["claim"], how, found[how])

    def inner(one: Any, place: str) -> ClaimRule:
        return _claim_rule(one, place, depth + 1)

    def alone(one: Any, place: str) -> tuple[ClaimRule, ...]:
        return (inner(one, place),)

    joins: dict[str, Read[Any]] = {"all": several(inner), "any": several(inner), "not": alone}
    which: Any = only_one(value, path, tuple(joins), "claim, all, any or not")
    return Join(which, members(value, path, {which: Member(joins[which])})[which])


def _path(value: Any, path: str) -> str:
    written = text(value, path)
    judged = canonical(written)
    # One word can be spelt with different letters beyond ASCII, and not all servers take them for the same: no rule may hang on it.
    if not re.fullmatch(r"[!-~]+", written):
        raise unfit(path, f'"{quoted(written, 40)}"', "a path of visible ASCII letters is wanted: name a prefix before the others")
    if judged.path is None:
        raise unfit(path, f'"{quoted(written, 40)}"', "a path is wanted that begins with / and that can be read in one way only")
    if judged.path != written:
        raise unfit(path, f'"{quoted(written, 40)}"', "the path is wanted without query and without percent signs, as it is meant")
    return written


_ROUTE: dict[str, Member[Any]] = {
    "name": Member(text, ""),
    "exact": Member(_path),
    "prefix": Member(_path),
    "methods": Member(several(choice(*METHODS)), ()),
    "access": Member(choice("token", "optional", "anyone"), "token"),
    "scopes": Member(_words(("scope",))),
    "roles": Member(_words(("roles",))),
    "claims": Member(_claim_rule),
}


def _route(value: Any, path: str) -> Route:
    how = only_one(value, path, ("exact", "prefix"), "a path")
    found = members(value, path, _ROUTE)
    asked = [name for name in ("scopes", "roles", "claims") if found[name]]
    if asked and found["access"] != "token":
        raise unfit(
            f"{path}.{asked[0]}", f"a rule about claims where access is {found['access']}", "who may come without a token has no claims"
        )
    return Route(
        found["name"] or found[how],
        found[how],
        how == "prefix",
        found["methods"],
        found["access"],
        found["scopes"],
        found["roles"],
        found["claims"],
    )


def _upstream(value: Any, path: str) -> tuple[tuple[str, Path], ...]:
    if not isinstance(value, dict) or not 0 < len(value) <= MOST_UPSTREAM:
        there = f"an object of {len(value)}" if isinstance(value, dict) else kind_of(value)
        raise unfit(path, there, f'an object of 1 to {MOST_UPSTREAM} headers is wanted, such as {{"X-User": "sub"}}')
    problems: list[Problem] = []
    found: dict[str, Path] = {}
    for name, claim in value.items():
        try:
            _header(name, f"{path}.{quoted(name, 40)}")
            if name.lower() in _TAKEN or any(same_name(name, other) for other in found):
                raise unfit(f"{path}.{name}", "a header that has another meaning or stands here twice", "a header of its own is wanted")
            found[name] = _claim(claim, f"{path}.{name}")
        except Unfit as error:
            problems += error.problems
    if problems:
        raise Unfit(tuple(problems))
    return tuple(found.items())


_POLICY: dict[str, Member[Any]] = {
    "realm": Member(_matching(_REALM, 'a realm of visible ASCII characters without " and \\'), "api"),
    "describe": Member(flag, False),
    "token": Member(one_or_several(_source), (Source("header", "Authorization", "Bearer"),)),
    "forward_token": Member(flag, True),
    "issuers": Member(several(_issuer, MOST_ISSUERS, least=0), ()),
    "routes": Member(several(_route, MOST_ROUTES, least=0), ()),
    "upstream": Member(_upstream, ()),
}


def _policy(value: Any, path: str) -> Policy:
    found = members(value, path, _POLICY)
    policy = Policy(
        found["token"],
        found["issuers"],
        found["routes"],
        found["upstream"],
        found["realm"],
        found["describe"],
        found["forward_token"],
    )
    _judge_whole(policy)
    return policy


def _judge_whole(policy: Policy) -> None:
    """What only the parts together show."""
    problems: list[Problem] = []
    seen: set[str] = set()
    for number, issuer in enumerate(policy.issuers):
        for name in issuer.names or ("",):
            if name in seen:
                there = f'"{quoted(name, 40)}" a second time' if name else "a second entry without issuer"
                problems.append(Problem(f"issuers[{number}].issuer", there, "each issuer is wanted in one entry, with all its keys"))
            seen.add(name)
    if not policy.issuers and any(route.access != "anyone" for route in policy.routes):
        problems.append(Problem("issuers", "no issuer", "a route that asks for a token needs one, with keys"))
    if not policy.forward_token and any(source.place != "header" for source in policy.sources):
        problems.append(Problem("forward_token", "false", "only a token in a header can be kept back: take the other places out of token"))
    headers = [source.name for source in policy.sources if source.place == "header"]
    for name, _ in policy.upstream:
        if any(same_name(name, one) for one in headers):
            problems.append(Problem(f"upstream.{name}", "the header of the token", "a header of its own is wanted"))
    rules = sum(_size(route.claims) for route in policy.routes)
    if rules > MOST_RULES:
        problems.append(Problem("routes", f"{rules} rules about claims", f"at most {MOST_RULES} are read"))
    if problems:
        raise Unfit(tuple(problems))


def _size(rule: ClaimRule | None) -> int:
    if isinstance(rule, Join):
        return 1 + sum(_size(one) for one in rule.rules)
    return 0 if rule is None else 1
