"""Routes for oauth2-proxy: which need no login, which part of the API is behind it, and which is closed because it cannot be judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.gateway.exports.native import Gaps, dotted, is_plain_path, is_text
from app.gateway.exports.patterns import covers, methods
from app.gateway.policy import Policy, Route, Words

ALLOWS_MORE = "oauth2-proxy allows more than this policy here:"
# What stands for itself in the address of an upstream and in a pattern of Go's router.
_PATH = re.compile(r"[A-Za-z0-9._~/-]+")


def groups(policy: Policy, gaps: Gaps) -> dict[str, Any]:
    """The roles that every login must have one of: there is one list for all routes, so all must ask for the same."""
    shared = _shared(policy)
    if shared is None:
        return {}
    for number, route in enumerate(policy.routes):
        if route.roles:
            gaps.add(f"routes[{number}].roles", "The roles are asked for as groups, on all routes that want a token.")
    return {"oidc_groups_claim": dotted(shared.claim), "allowed_groups": list(shared.any)}


def _shared(policy: Policy) -> Words | None:
    asked = {route.roles for route in policy.routes if route.access != "anyone"}
    if len(asked) != 1:
        return None
    (roles,) = asked
    if roles is None or roles.all or not is_plain_path(roles.claim) or not all(map(is_text, (*roles.any, *roles.claim))):
        return None
    return roles if not any("," in word for word in roles.any) else None


def _is_closed(policy: Policy, number: int, gaps: Gaps) -> bool:
    """Whether a route asks for something that oauth2-proxy does not judge."""
    route, shared = policy.routes[number], _shared(policy)
    unjudged = [("scopes", route.scopes), ("claims", route.claims), ("roles", route.roles if route.roles != shared else None)]
    for name, asked in unjudged:
        if asked is not None:
            gaps.add(
                f"routes[{number}].{name}",
                "oauth2-proxy does not judge this, so its path is closed by any method: it leads to nowhere, and the client gets 502. Let jwtlens gateway judge.",
            )
    return any(asked is not None for _, asked in unjudged)


def upstreams(policy: Policy, api: str, nowhere: str, gaps: Gaps) -> Iterator[str]:
    """Where each path leads; the longest counts, and a path that is closed by one of its routes is closed."""
    ends: dict[str, str] = {}
    for number, route in enumerate(policy.routes):
        if not _PATH.fullmatch(route.path):
            gaps.add(
                f"routes[{number}]",
                "Its path has signs that cannot stand in the address of an upstream: it leads nowhere, or where a shorter path does.",
            )
        closed = _is_closed(policy, number, gaps)
        if route.methods and route.access != "anyone" and not closed:
            gaps.add(f"routes[{number}].methods", f"{ALLOWS_MORE} with a token any method is taken.")
        for path in _paths(route):
            if ends.get(path) != nowhere:
                ends[path] = nowhere if closed or not _PATH.fullmatch(route.path) or _is_behind_closed(policy, number) else api
    if not ends:
        yield f"{nowhere}/"
    yield from (f"{end}{path}" for path, end in ends.items() if _PATH.fullmatch(path))


def _is_behind_closed(policy: Policy, number: int) -> bool:
    """Whether a route before takes all of this one and asks for what is not judged."""
    asked = [route for route in policy.routes[:number] if route.scopes or route.claims or (route.roles and route.roles != _shared(policy))]
    return any(covers(before, policy.routes[number]) for before in asked)


def _paths(route: Route) -> tuple[str, ...]:
    if not route.is_prefix or route.path.endswith("/"):
        return (route.path,)
    return (route.path, f"{route.path}/")


def open_routes(policy: Policy, gaps: Gaps) -> list[str]:
    """What needs no login, as far as no route before it wants one for a part of it."""
    found: list[str] = []
    for number, route in enumerate(policy.routes):
        if route.access == "token":
            continue
        if route.access == "optional":
            gaps.add(
                f"routes[{number}].access",
                "oauth2-proxy would let a token that is wrong pass as well, so it asks for one here: without it the client gets 401.",
            )
            continue
        before = [one for one in policy.routes[:number] if one.access != "anyone" and set(methods(one)) & set(methods(route))]
        if any(covers(one, route) or covers(route, one) for one in before):
            gaps.add(
                f"routes[{number}].access",
                "A route before it wants a token for a part of it, which a pattern of Go cannot leave out: all of it wants a token.",
            )
            continue
        if not is_text(route.path):
            gaps.add(f"routes[{number}]", "Its path has half a character in it, which no request can have: the route takes nothing.")
            continue
        # What stands before the first = is a method.
        path = re.escape(route.path).replace("=", r"\x3d") + (
            "" if route.is_prefix and route.path.endswith("/") else "(?:/|$)" if route.is_prefix else "$"
        )
        found += [f"{method}=^{path}" for method in route.methods] or [f"^{path}"]
    return found
