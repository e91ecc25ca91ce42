"""Conditions and operations of an Istio AuthorizationPolicy: alternatives of things that must all hold, for it knows no brackets."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

from app.gateway.exports.native import is_text
from app.gateway.exports.patterns import covers, methods
from app.gateway.policy import ClaimRule, Compare, Path, Policy, Route, Words
from app.gateway.request import METHODS

ALLOWS_MORE = "Istio allows more than this policy here:"
_MOST_ALTERNATIVES = 64
_PATH = re.compile(r"[!-)+-z|~]+")
Conditions = list[dict[str, Any]]


class Unsayable(Exception):
    """What an AuthorizationPolicy cannot be told."""


def key(path: Path) -> str:
    if any(re.search(r"[\[\]\x00-\x1f]", step) or not is_text(step) for step in path):
        raise Unsayable
    return "request.auth.claims" + "".join(f"[{step}]" for step in path)


def is_value(text: str) -> bool:
    """Whether *text* means itself: a star at an end stands for anything."""
    return is_text(text) and not text.startswith("*") and not text.endswith("*")


def _values(texts: tuple[Any, ...]) -> list[str]:
    if not all(isinstance(one, str) and is_value(one) for one in texts):
        raise Unsayable
    return [str(one) for one in texts]


def words(asked: Words) -> list[Conditions]:
    """The alternatives under which a token has the words: scopes may be in scp when there is no scope."""
    found = [_words(asked.claim, asked)]
    if asked.claim == ("scope",):
        found.append([{"key": key(("scope",)), "notValues": ["*"]}, *_words(("scp",), asked)])
    return found


def _words(path: Path, asked: Words) -> Conditions:
    if any(" " in word for word in (*asked.all, *asked.any)):
        raise Unsayable
    each = [{"key": key(path), "values": _values((word,))} for word in asked.all]
    return each + ([{"key": key(path), "values": _values(asked.any)}] if asked.any else [])


def conditions(rule: ClaimRule, negated: bool = False) -> list[Conditions]:
    """*rule* as alternatives; what is denied goes down to the comparisons."""
    if isinstance(rule, Compare):
        return [[_compare(rule, negated)]]
    if rule.how == "not":
        return conditions(rule.rules[0], not negated)
    parts = [conditions(one, negated) for one in rule.rules]
    if (rule.how == "any") != negated:
        found = [one for part in parts for one in part]
    else:
        found = [[condition for one in chosen for condition in one] for chosen in _bounded(parts)]
    if len(found) > _MOST_ALTERNATIVES:
        raise Unsayable
    return found


def _bounded(parts: list[list[Conditions]]) -> Any:
    count = 1
    for part in parts:
        count *= len(part)
        if count > _MOST_ALTERNATIVES:
            raise Unsayable
    return product(*parts)


def _compare(rule: Compare, negated: bool) -> dict[str, Any]:
    values = _values(rule.value if isinstance(rule.value, tuple) else (rule.value,))
    if rule.how == "prefix":
        values = [f"{values[0]}*"]
    # A string with that word among others would pass: Istio parts no string here.
    if negated and rule.how == "contains":
        raise Unsayable
    return {"key": key(rule.claim), ("notValues" if negated else "values"): values}


def operations(policy: Policy, number: int) -> list[dict[str, Any]]:
    """The requests that a route takes and none before it does; empty when nothing is left."""
    route = policy.routes[number]
    left: list[dict[str, Any]] = [{"paths": _paths(route)} | ({"methods": list(route.methods)} if route.methods else {})]
    for before in policy.routes[:number]:
        if not (covers(before, route) or covers(route, before)):
            continue
        left = [one for operation in left for one in _without(operation, before)]
        if len(left) > _MOST_ALTERNATIVES:
            raise Unsayable
    return left


def _without(operation: dict[str, Any], before: Route) -> list[dict[str, Any]]:
    """*operation* without what *before* takes: other paths, or the same paths by other methods."""
    taken = methods(before)
    mine = operation.get("methods", list(METHODS))
    rest = [one for one in mine if one not in taken]
    if rest == mine:
        return [operation]
    elsewhere = operation | {"notPaths": list(dict.fromkeys([*operation.get("notPaths", []), *_paths(before)]))}
    return [elsewhere, operation | {"methods": rest}] if rest else [elsewhere]


def _paths(route: Route) -> list[str]:
    if not _PATH.fullmatch(route.path):
        raise Unsayable
    if not route.is_prefix:
        return [route.path]
    return [f"{route.path}*"] if route.path.endswith("/") else [route.path, f"{route.path}/*"]
