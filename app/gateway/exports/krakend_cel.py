"""Rules about claims as expressions of CEL, the Common Expression Language. Each holds or does not: none ends in an error.

KrakenD drops an expression whose types do not fit, and evaluates one with `req` or `resp` in its text elsewhere too, where there are no
claims; so every value is asked for its type before it is used, and those letters never stand together.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from app.gateway.exports import native
from app.gateway.policy import ClaimRule, Compare, Path, Words

NEVER = "size(JWT) < 0"
_PLAIN = re.compile(r"[ !#-&(-\[\]-~]")
_ELSEWHERE = re.compile(r"r(?=eq|esp)")
_EXACT = 2**53


def literal(text: str) -> str:
    """*text* as a string of CEL."""
    escaped = "".join(letter if _PLAIN.fullmatch(letter) else _escape(letter) for letter in text)
    return '"' + _ELSEWHERE.sub(r"\\u0072", escaped) + '"'


def _escape(letter: str) -> str:
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"


def value_of(path: Path) -> str:
    return "JWT" + "".join(f"[{literal(step)}]" for step in path)


def is_there(path: Path) -> str:
    """Whether the claim is there; what it is inside of must be objects."""
    parts = [f"{literal(path[0])} in JWT"]
    for depth in range(1, len(path)):
        inside = value_of(path[:depth])
        parts += [f"type({inside}) == map", f"{literal(path[depth])} in {inside}"]
    return " && ".join(parts)


def required(path: Path) -> str:
    return f"{is_there(path)} && type({value_of(path)}) != null_type"


def lives_at_most(seconds: int) -> str:
    exp, iat = value_of(("exp",)), value_of(("iat",))
    return f"{_is_number(('exp',))} && {_is_number(('iat',))} && double({exp}) - double({iat}) <= {seconds}.0"


def is_one_of(path: Path, values: tuple[str, ...]) -> str:
    """The claim is a string, and one of *values*."""
    listed = ", ".join(literal(value) for value in values)
    return f"{is_there(path)} && type({value_of(path)}) == string && {value_of(path)} in [{listed}]"


def audience(values: tuple[str, ...]) -> str:
    """One of *values* is aud, or among those that are."""
    listed, aud = ", ".join(literal(value) for value in values), value_of(("aud",))
    several = f"dyn({aud}).exists(one, type(one) == string && one in [{listed}])"
    return f"{is_there(('aud',))} && (type({aud}) == string ? {aud} in [{listed}] : type({aud}) == list && {several})"


def is_text_if_there(path: Path) -> str:
    return f"!({is_there(path)}) || {_is_text(path)}"


def words(asked: Words) -> str:
    """Every one of *all* and at least one of *any*."""
    if asked.claim != ("scope",):
        return _words(asked, asked.claim)
    # The name that Microsoft and Okta give it counts where scope is not there.
    return f"({is_there(('scope',))} ? {_words(asked, ('scope',))} : {_words(asked, ('scp',))})"


def _words(asked: Words, path: Path) -> str:
    parts = [_is_text(path), *(_has_word(path, word) for word in asked.all)]
    if asked.any:
        parts.append(_any([_has_word(path, word) for word in asked.any]))
    return f"({is_there(path)} && {' && '.join(parts)})"


def _is_text(path: Path) -> str:
    """A string, or an array of nothing but strings."""
    value = value_of(path)
    return f"(type({value}) == string || type({value}) == list && dyn({value}).all(one, type(one) == string))"


def _has_word(path: Path, word: str) -> str:
    value = value_of(path)
    if " " in word:
        return f"(type({value}) == list && {literal(word)} in {value})"
    return f'(type({value}) == string ? (" " + {value} + " ").contains({literal(f" {word} ")}) : {literal(word)} in {value})'


def rule(one: ClaimRule) -> str:
    if isinstance(one, Compare):
        return f"({is_there(one.claim)} && {_compare(one)})"
    if one.how == "not":
        return f"!{rule(one.rules[0])}"
    return _any([rule(inner) for inner in one.rules]) if one.how == "any" else f"({' && '.join(rule(inner) for inner in one.rules)})"


def _any(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' || '.join(parts)})"


def is_said(one: ClaimRule) -> bool:
    """Whether every value in *one* can be compared: a number with more digits than a float keeps cannot."""
    return all(_is_exact(value) for compare in native.compares(one) for value in _values(compare))


def _values(one: Compare) -> tuple[Any, ...]:
    return one.value if one.how == "one_of" else (one.value,)


def _is_exact(value: Any) -> bool:
    return isinstance(value, bool | str) or (abs(value) <= _EXACT and Decimal(float(value)) == value)


def _compare(one: Compare) -> str:
    value = value_of(one.claim)
    if one.how == "prefix":
        return f"type({value}) == string && {value}.startsWith({literal(one.value)})"
    if one.how == "contains":
        return _contains(value, one.value)
    return _any([_same(value, wanted) for wanted in _values(one)])


def _same(value: str, wanted: Any) -> str:
    if isinstance(wanted, bool):
        return f"(type({value}) == bool && {value} == {'true' if wanted else 'false'})"
    if isinstance(wanted, str):
        return f"(type({value}) == string && {value} == {literal(wanted)})"
    return f"({_is_numeric(value)} && double({value}) == {float(wanted)!r})"


def _contains(value: str, wanted: Any) -> str:
    in_list = f"type({value}) == list && dyn({value}).exists(one, {_same('one', wanted)})"
    if not isinstance(wanted, str) or " " in wanted:
        return in_list
    return f'(type({value}) == string ? (" " + {value} + " ").contains({literal(f" {wanted} ")}) : {in_list})'


def _is_number(path: Path) -> str:
    return f"{is_there(path)} && {_is_numeric(value_of(path))}"


def _is_numeric(value: str) -> str:
    return f"(type({value}) == double || type({value}) == int)"
