"""What a route asks of the claims: scopes, roles and comparisons; every part is judged and listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from app.gateway.policy import ClaimRule, Compare, Path, Route, Words
from app.gateway.rules import Rule
from app.tokens.claims import Outcome
from app.tokens.findings import kind_of, quoted

MISSING = object()
Claims = Mapping[str, Any] | None
"""None: there is no token to judge."""
_HOW = {"equals": "equals", "one_of": "is one of", "contains": "contains", "prefix": "begins with"}
_JOINS = {"all": "all of these", "any": "any of these", "not": "not this"}
_MOST_SHOWN = 5
_MOST_REASONS = 2
_MOST_BITS = 10_000


def value_at(claims: Mapping[str, Any], path: Path) -> Any:
    """The value that *path* leads to, or MISSING; an object in an array is not looked into."""
    value: Any = claims
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return MISSING
        value = value[name]
    return value


def written(path: Path) -> str:
    return quoted(".".join(path), 80)


def judge(route: Route, claims: Claims) -> Iterator[Rule]:
    """Every rule of *route* about claims."""
    if route.scopes:
        yield _words("scopes", route.scopes, claims)
    if route.roles:
        yield _words("roles", route.roles, claims)
    if route.claims:
        yield from _claim_rule(route.claims, claims).rows


def _words(name: str, asked: Words, claims: Claims) -> Rule:
    spec = "RFC 8693 §4.2" if name == "scopes" else None
    wanted = " and ".join([f"all of {_list(asked.all)}"] * bool(asked.all) + [f"one of {_list(asked.any)}"] * bool(asked.any))
    if claims is None:
        return Rule("permission", name, "not_checked", f"The route asks for {wanted} in {written(asked.claim)}.", spec)
    value = value_at(claims, asked.claim)
    if value is MISSING and asked.claim == ("scope",):
        value = value_at(claims, ("scp",))  # the name that Microsoft and Okta give it
    there = words_of(value)
    if there is None:
        return Rule("permission", name, "failed", f"{written(asked.claim)} {_no_words(value)}; the route asks for {wanted}.", spec)
    missing = [word for word in asked.all if word not in there]
    if missing:
        return Rule("permission", name, "failed", f"{_list(tuple(missing))} is missing: the token has {_list(there)}.", spec)
    if asked.any and not set(asked.any) & set(there):
        return Rule("permission", name, "failed", f"None of {_list(asked.any)} is there: the token has {_list(there)}.", spec)
    return Rule("permission", name, "passed", f"The token has {wanted}.", spec)


def words_of(value: Any) -> tuple[str, ...] | None:
    """The words of a string, divided by spaces, or of an array of strings."""
    if isinstance(value, str):
        return tuple(value.split(" "))
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    return None


def _no_words(value: Any) -> str:
    """Why `words_of` finds none in *value*."""
    if value is MISSING:
        return "is not there"
    if isinstance(value, list):
        odd = next(one for one in value if not isinstance(one, str))
        return f"has {kind_of(odd)} among its entries, and words are strings"
    return f"is {kind_of(value)}, not words in a string or an array"


class _Judged(NamedTuple):
    """A rule with its parts below it, and what of them explains that it does not hold."""

    rows: tuple[Rule, ...]
    why: str

    @property
    def holds(self) -> bool:
        return self.rows[0].outcome == "passed"


def _claim_rule(rule: ClaimRule, claims: Claims, depth: int = 0) -> _Judged:
    """The rule and, below it, its parts. Only the outermost decides: a part of `any` may fail."""
    if isinstance(rule, Compare):
        holds, because = _compare(rule, claims)
        return _Judged((_told("claims" if not depth else "claim", holds, because, depth),), because)
    parts = [_claim_rule(one, claims, depth + 1) for one in rule.rules]
    below = tuple(row for part in parts for row in part.rows)
    if claims is None:
        return _Judged((_told("claims", None, f"The route asks for {_JOINS[rule.how]}:", depth), *below), "")
    count = sum(part.holds for part in parts)
    holds = {"all": count == len(parts), "any": count > 0, "not": count == 0}[rule.how]
    why = " ".join([part.why for part in parts if part.holds == (rule.how == "not")][:_MOST_REASONS])
    because = f"{_JOINS[rule.how].capitalize()}: {_count(rule.how, count, len(parts))}."
    told = because if holds or depth else f"{because} {why}"
    return _Judged((_told("claims", holds, told, depth), *below), why)


def _count(how: str, count: int, total: int) -> str:
    if how == "not":
        return "it holds" if count else "it does not hold"
    return f"{count} of {total} {'holds' if count == 1 else 'hold'}"


def _told(name: str, holds: bool | None, because: str, depth: int) -> Rule:
    outcome: Outcome = "not_checked" if holds is None else "passed" if holds else "failed"
    return Rule("permission", name, outcome, because, depth=depth, decides=depth == 0)


def _compare(rule: Compare, claims: Claims) -> tuple[bool | None, str]:
    wanted = f"{written(rule.claim)} {_HOW[rule.how]} {_shown(rule.value)}"
    if claims is None:
        return None, f"The route asks that {wanted}."
    value = value_at(claims, rule.claim)
    if value is MISSING:
        return False, f"{written(rule.claim)} is not there; asked is that {wanted}."
    holds = _COMPARES[rule.how](value, rule.value)
    shown = f"an array with {_shown(value)}" if isinstance(value, list) and value else _shown(value)
    return holds, f"{wanted}." if holds else f"{written(rule.claim)} is {shown}; asked is that {wanted}."


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; to Python, true would equal 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, Decimal)) and isinstance(other, (int, Decimal)):
        return one == other
    return type(one) is type(other) and bool(one == other)


def _contains(value: Any, wanted: Any) -> bool:
    """An array that has *wanted* among its entries, or a string that has it among its words."""
    entries = value.split(" ") if isinstance(value, str) else value
    return isinstance(entries, list) and any(same(one, wanted) for one in entries)


_COMPARES: dict[str, Callable[[Any, Any], bool]] = {
    "equals": same,
    "one_of": lambda value, wanted: any(same(value, one) for one in wanted),
    "contains": _contains,
    "prefix": lambda value, wanted: isinstance(value, str) and value.startswith(wanted),
}


def _list(words: tuple[str, ...]) -> str:
    shown = ", ".join(f'"{quoted(word, 40)}"' for word in words[:_MOST_SHOWN])
    return f"{shown} and {len(words) - _MOST_SHOWN} more" if len(words) > _MOST_SHOWN else shown or "nothing"


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f'"{quoted(value)}"'
    if isinstance(value, (tuple, list)) and value:
        return ", ".join(_shown(one) for one in value[:_MOST_SHOWN]) + (", …" if len(value) > _MOST_SHOWN else "")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return quoted(as_digits(value) or "a number with many digits")
    return kind_of(value)


def as_digits(value: int | Decimal) -> str | None:
    """The number as text, or None for a whole one with more digits than Python writes."""
    return None if isinstance(value, int) and value.bit_length() > _MOST_BITS else str(value)
