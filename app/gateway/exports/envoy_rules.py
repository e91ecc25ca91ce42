"""Conditions over a verified token as Envoy's RBAC filter states them: matchers of what jwt_authn wrote into the metadata."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from app.gateway.exports.native import is_text
from app.gateway.policy import ClaimRule, Compare, Path, Words

Matcher = dict[str, Any]
FILTER = "envoy.filters.http.jwt_authn"
ANY: Matcher = {"any": True}
NEVER: Matcher = {"not_id": ANY}
# Beyond this a number of JSON is rounded in the metadata, and would equal its neighbours.
_MOST_EXACT = 2**53 - 1


class Unsayable(Exception):
    """A value that no matcher compares exactly."""


def all_of(*matchers: Matcher) -> Matcher:
    return matchers[0] if len(matchers) == 1 else {"and_ids": {"ids": list(matchers)}} if matchers else ANY


def any_of(*matchers: Matcher) -> Matcher:
    return matchers[0] if len(matchers) == 1 else {"or_ids": {"ids": list(matchers)}} if matchers else NEVER


def none_of(matcher: Matcher) -> Matcher:
    return {"not_id": matcher}


def at(path: Iterable[str], value: Matcher) -> Matcher:
    """What stands at *path* is as *value* says; the first step names what jwt_authn wrote there."""
    steps = [{"key": step} for step in path]
    return {"sourced_metadata": {"metadata_matcher": {"filter": FILTER, "path": steps, "value": value}}}


def claim(path: Path, value: Matcher) -> Matcher:
    return at(("claims", *path), value)


PRESENT: Matcher = {"present_match": True}
NULL: Matcher = {"null_match": {}}
STRING: Matcher = {"string_match": {"safe_regex": {"regex": "(?s).*"}}}
_NUMBER: Matcher = {"double_match": {"range": {"start": -1.0e308, "end": 1.0e308}}}


def regex(expression: str) -> Matcher:
    return {"string_match": {"safe_regex": {"regex": expression}}}


def exactly(text: str) -> Matcher:
    return {"string_match": {"exact": text}}


def has_entry(value: Matcher) -> Matcher:
    return {"list_match": {"one_of": value}}


def is_or_has(path: Path, text: str) -> Matcher:
    """The claim is *text*, or an array with it."""
    return any_of(claim(path, exactly(text)), claim(path, has_entry(exactly(text))))


def all_strings(path: Path) -> Matcher:
    """No entry of an array is anything else than a string, but for objects and arrays, which cannot be looked for."""
    others = (_NUMBER, NULL, {"bool_match": True}, {"bool_match": False})
    return none_of(any_of(*(claim(path, has_entry(one)) for one in others)))


def _has_word(path: Path, word: str) -> Matcher:
    in_array = claim(path, has_entry(exactly(word)))
    if " " in word:
        return in_array
    spellings = ({"exact": word}, {"prefix": f"{word} "}, {"suffix": f" {word}"}, {"contains": f" {word} "})
    return any_of(*(claim(path, {"string_match": one}) for one in spellings), in_array)


def words(asked: Words) -> Matcher:
    """Scopes or roles; scopes may be in scp when there is no scope."""
    if not all(map(is_text, (*asked.claim, *asked.all, *asked.any))):
        raise Unsayable
    first = _words(asked.claim, asked)
    if asked.claim != ("scope",):
        return first
    return any_of(first, all_of(none_of(claim(("scope",), PRESENT)), _words(("scp",), asked)))


def _words(path: Path, asked: Words) -> Matcher:
    each = [_has_word(path, word) for word in asked.all]
    some = [any_of(*(_has_word(path, word) for word in asked.any))] if asked.any else []
    return all_of(*each, *some, all_strings(path))


def rule(asked: ClaimRule) -> Matcher:
    """A rule about claims, joined as it is; raises Unsayable."""
    if isinstance(asked, Compare):
        return _COMPARES[asked.how](asked.claim, asked.value)
    parts = [rule(one) for one in asked.rules]
    return none_of(parts[0]) if asked.how == "not" else all_of(*parts) if asked.how == "all" else any_of(*parts)


def _value(value: Any) -> Matcher:
    if isinstance(value, bool):
        return {"bool_match": value}
    if isinstance(value, str):
        if not is_text(value):
            raise Unsayable
        return exactly(value)
    if abs(value) > _MOST_EXACT or Decimal(float(value)) != Decimal(value):
        raise Unsayable
    return {"double_match": {"exact": float(value)}}


def _contains(path: Path, value: Any) -> Matcher:
    if isinstance(value, str) and is_text(value):
        return _has_word(path, value)
    return claim(path, has_entry(_value(value)))


def _prefix(path: Path, value: str) -> Matcher:
    if not is_text(value):
        raise Unsayable
    return claim(path, {"string_match": {"prefix": value}})


_COMPARES: dict[str, Callable[[Path, Any], Matcher]] = {
    "equals": lambda path, value: claim(path, _value(value)),
    "one_of": lambda path, values: any_of(*(claim(path, _value(one)) for one in values)),
    "contains": _contains,
    "prefix": _prefix,
}
