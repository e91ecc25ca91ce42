"""The routes of a policy for gateways that take the longest path that fits, where a policy takes the first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from app.gateway.exports.patterns import covers, methods
from app.gateway.policy import Policy, Route

ANY = "ANY"
# What of a path means itself to such gateways; braces, colons and stars are signs of theirs, and of others it is not known.
_PATH = re.compile(r"(?!/__)[A-Za-z0-9._~/-]+")


class Key(NamedTuple):
    """One path with one method for the route *number*; *below*: what is under the path, and not itself."""

    number: int
    method: str
    path: str
    below: bool


def keys(policy: Policy, known: tuple[str, ...]) -> Iterator[Key]:
    """Every path and method that a request can reach, each once: what the routes before have taken is left out."""
    seen: set[tuple[str, str, bool]] = set()
    for number, route in enumerate(policy.routes):
        for method in known if ANY in known else [one for one in known if one in methods(route)]:
            if not is_path(route) or not _is_reachable(policy.routes, number, method):
                continue
            for path, below in _paths(route):
                if (method, path, below) not in seen:
                    seen.add((method, path, below))
                    yield Key(number, method, path, below)


def is_path(route: Route) -> bool:
    return bool(_PATH.fullmatch(route.path))


def hides(policy: Policy, number: int) -> bool:
    """Whether a route before it cannot be written and would be taken by this one: it must not be open to what that one asks."""
    return any(not is_path(before) and covers(policy.routes[number], before) for before in policy.routes[:number])


def _is_reachable(routes: tuple[Route, ...], number: int, method: str) -> bool:
    return not any((method == ANY or method in methods(before)) and covers(before, routes[number]) for before in routes[:number])


def _paths(route: Route) -> Iterator[tuple[str, bool]]:
    if not route.is_prefix:
        yield route.path, False
        return
    if route.path == "/" or not route.path.endswith("/"):
        yield route.path, False
    yield route.path.removesuffix("/"), True
