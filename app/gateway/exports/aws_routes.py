"""The routes of a policy as route keys of AWS, and how each is authorized."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.gateway.exports.longest import ANY, hides, keys
from app.gateway.policy import Policy, Route, Words
from app.gateway.request import METHODS

Access = Literal["open", "jwt", "closed"]


@dataclass(frozen=True, slots=True)
class Told:
    """One route key for the route *number*; closed: to anyone who comes with a token."""

    number: int
    key: str
    access: Access
    scopes: tuple[str, ...] = ()


def told(policy: Policy) -> list[Told]:
    """ANY stands for all methods where no route asks for one: what AWS does with both for one path is not known."""
    found: list[Told] = []
    for key in keys(policy, METHODS if any(route.methods for route in policy.routes) else (ANY,)):
        access = _access(policy, key.number)
        path = f"{key.path}/{{proxy+}}" if key.below else key.path
        scopes = scopes_of(policy.routes[key.number]) if access == "jwt" else ()
        found.append(Told(key.number, f"{key.method} {path}", access, scopes))
    return found


def _access(policy: Policy, number: int) -> Access:
    route = policy.routes[number]
    if hides(policy, number):
        return "closed"
    if route.access == "anyone":
        return "open"
    return "closed" if route.roles or route.claims or not _can_be_told(route.scopes) else "jwt"


def _can_be_told(asked: Words | None) -> bool:
    """AWS asks for one of several scopes, in scope or scp."""
    return asked is None or (asked.claim == ("scope",) and len(asked.all) + bool(asked.any) == 1)


def scopes_of(route: Route) -> tuple[str, ...]:
    return (route.scopes.all or route.scopes.any) if route.scopes and _can_be_told(route.scopes) else ()
