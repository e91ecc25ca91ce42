"""Routes as patterns for gateways that match otherwise than a policy, where the first route that takes a request decides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from app.gateway.policy import Policy, Route
from app.gateway.request import METHODS, OVERRIDES, same_name

REACH_THE_API = (
    f"{OVERRIDES[0]} and its like reach the API as the client sent them, and by them some APIs take another method or path than was judged."
)
"""About a gateway that does not remove OVERRIDES."""
LOOK_ALIKES = "A path in letters that some servers fold into those of another route, such as /\u24d0dmin for /admin, takes the route that it names as it is."
"""About a gateway that refuses paths with two readings, but knows no table of all letters."""
_MOST_HYPHENS = 4


def pattern(route: Route, either_way: str = "") -> str:
    r"""The regular expression of the paths that *route* takes, as PCRE, Go and Rust read it; it begins with the path and ends with \z.

    The letters of *either_way* are taken percent-encoded too, for gateways that leave these as they came.
    """
    path = "".join(_letter(one, either_way) for one in route.path)
    if not route.is_prefix:
        return rf"{path}\z"
    return path if route.path.endswith("/") else rf"{path}(?:/|\z)"


def _letter(letter: str, either_way: str) -> str:
    plain = re.escape(letter)
    return f"(?:{plain}|%{ord(letter):02X})" if letter in either_way else plain


def methods(route: Route) -> tuple[str, ...]:
    """Every method that *route* takes, by its name."""
    return route.methods or METHODS


def covers(before: Route, route: Route) -> bool:
    """Whether *before* takes every path that *route* takes."""
    if not before.is_prefix:
        return not route.is_prefix and before.path == route.path
    under = before.path if before.path.endswith("/") else f"{before.path}/"
    return route.path.startswith(under) or (route.path == before.path and (not before.path.endswith("/") or route.path.endswith("/")))


def never_passed_on(policy: Policy) -> tuple[str, ...]:
    """The headers of a client that the API must not get, in every spelling that a server might take for one of them."""
    names = [name for name, _ in policy.upstream]
    if not policy.forward_token:
        names += [source.name for source in policy.sources if source.place == "header"]
    others = [name for name in OVERRIDES if not any(same_name(name, other) for other in names)]
    spelt = [one for name in names for one in _spellings(name)]
    return tuple(dict.fromkeys((*spelt, *others, *(name.replace("-", "_") for name in others))))


def _spellings(name: str) -> Iterator[str]:
    """The name with any of its hyphens as underscores: to a program that knows headers as variables they are the same."""
    parts = name.split("-")
    if len(parts) - 1 > _MOST_HYPHENS:
        yield from (name, name.replace("-", "_"))
        return
    for joints in product("-_", repeat=len(parts) - 1):
        yield "".join(part + joint for part, joint in zip(parts, (*joints, ""), strict=True))
