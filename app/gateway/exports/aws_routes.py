"""The routes of a policy as route keys of AWS, which takes the longest path that fits where a policy takes the first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from app.gateway.exports.patterns import covers, methods, reachable
from app.gateway.policy import Policy, Route, Words

# What of a path means itself in a route key; braces are variables there, and of other signs it is not known.
_PATH = re.compile(r"[A-Za-z0-9._~/-]+")


@dataclass(frozen=True, slots=True)
class Told:
    """One route key for the route *number*; closed: to anyone who comes with a token."""

    number: int
    key: str
    access: Literal["open", "jwt", "closed"]
    scopes: tuple[str, ...] = ()


def told(policy: Policy) -> list[Told]:
    found: dict[str, Told] = {}
    has_methods = any(route.methods for route in policy.routes)
    for number, route in enumerate(policy.routes):
        for method in methods(route) if has_methods else ("ANY",):
            if not is_path(route) or (method != "ANY" and not reachable(policy.routes, number, method)):
                continue
            if method == "ANY" and any(covers(before, route) for before in policy.routes[:number]):
                continue
            for path in _paths(route):
                access = _access(policy, number)
                one = Told(number, f"{method} {path}", access, scopes_of(route) if access == "jwt" else ())
                found.setdefault(one.key, one)
    return list(found.values())


def is_path(route: Route) -> bool:
    return bool(_PATH.fullmatch(route.path))


def _paths(route: Route) -> Iterator[str]:
    if not route.is_prefix:
        yield route.path
        return
    under = route.path if route.path.endswith("/") else f"{route.path}/"
    if route.path == "/" or not route.path.endswith("/"):
        yield route.path
    yield f"{under}{{proxy+}}"


def _access(policy: Policy, number: int) -> Literal["open", "jwt", "closed"]:
    route = policy.routes[number]
    if hides(policy, number):
        return "closed"
    if route.access == "anyone":
        return "open"
    return "closed" if route.roles or route.claims or not _can_be_told(route.scopes) else "jwt"


def hides(policy: Policy, number: int) -> bool:
    """Whether a route before it cannot be written and would be taken by this one: it must not be open to what that one asks."""
    return any(not is_path(before) and covers(policy.routes[number], before) for before in policy.routes[:number])


def _can_be_told(asked: Words | None) -> bool:
    """AWS asks for one of several scopes, in scope or scp."""
    return asked is None or (asked.claim == ("scope",) and len(asked.all) + bool(asked.any) == 1)


def scopes_of(route: Route) -> tuple[str, ...]:
    return (route.scopes.all or route.scopes.any) if route.scopes and _can_be_told(route.scopes) else ()
