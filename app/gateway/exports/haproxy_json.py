"""Claims as HAProxy can compare them: regular expressions over the JSON of a token, exact about names, types and escapes.

HAProxy's own json_query takes the first of two members, reads 1e9 as 1 and does not tell "1" from 1, so it decides nothing here.
What these expressions do not match is denied.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from app.gateway.policy import Compare, Path

# Letters and digits are not taken in escapes, nor numbers with exponents: then nothing has a second spelling.
_ESCAPE = (
    r'\\(?:["\\/bfnrt]'
    r"|u(?!00(?:2[01345890acdefACDEF]|3[0-9abdfABDF]|4|5[0-9abdefABDEF]|6[1-9a-fA-F]|7[0-9a-eA-E])|[dD][89a-fA-F])[0-9a-fA-F]{4}"
    r"|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)
UTF8 = (
    r"[\xC2-\xDF][\x80-\xBF]|\xE0[\xA0-\xBF][\x80-\xBF]|[\xE1-\xEC\xEE\xEF][\x80-\xBF]{2}|\xED[\x80-\x9F][\x80-\xBF]"
    r"|\xF0[\x90-\xBF][\x80-\xBF]{2}|[\xF1-\xF3][\x80-\xBF]{3}|\xF4[\x80-\x8F][\x80-\xBF]{2}"
)
_WHITE = r"[ \t\r\n]*+"
_PAIR = rf"(?&s){_WHITE}:{_WHITE}"
_END = rf"{_WHITE}(?:,{_WHITE}(?!{{end}})|(?={{end}}))"
_IN_ARRAY, _IN_OBJECT = _END.format(end=r"\]"), _END.format(end=r"\}")
GRAMMAR = (
    "(?(DEFINE)"
    rf"(?<c>[ !#-\[\]-~\x7F]|{_ESCAPE}|{UTF8})"
    r'(?<s>"(?&c)*+")'
    rf"(?<a>\[{_WHITE}(?:(?&v){_IN_ARRAY})*+\])"
    rf"(?<o>\{{{_WHITE}(?:{_PAIR}(?&v){_IN_OBJECT})*+\}})"
    r"(?<v>(?&s)|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+|true|false|null|(?&o)|(?&a))"
    ")"
)
"""One character, string, array, object and value of JSON, as `(?&c)`, `(?&s)`, `(?&a)`, `(?&o)` and `(?&v)`; read in one go."""
FIRST_GROUP = GRAMMAR.count("(?<") + 1
"""The number of the first group behind the grammar."""

# A name that stands twice in an object: the same text again, behind whole members.
_TWICE = rf"(?!(?<n>(?&s)){_WHITE}:{_WHITE}(?&v)(?:{_WHITE},{_WHITE}{_PAIR}(?&v))*?{_WHITE},{_WHITE}\k<n>{_WHITE}:)"
ONCE = (
    "(?(DEFINE)"
    rf"(?<u>\{{{_WHITE}(?:{_TWICE}{_PAIR}(?&w){_IN_OBJECT})*+\}})"
    rf"(?<w>(?&u)|\[{_WHITE}(?:(?&w){_IN_ARRAY})*+\]|(?![\{{\[])(?&v))"
    ")"
)
"""An object in which, however deep, no object has a name twice, as `(?&u)`. That costs more, so it stands behind the signature."""

WHOLE = rf"^{_WHITE}(?&u){_WHITE}$"
"""An object, and in none of its objects a name twice."""
STRING = "(?&s)"
STRINGS = r"\[\s*(?:(?&s)\s*(?:,\s*(?!\])|(?=\])))*+\]"
ANY = "(?&v)"
NOT_NULL = "(?!null)(?&v)"
WHOLE_SECONDS = r"-?[0-9]{1,15}(?:\.0+)?+(?![0-9.])"
SECONDS = r"-?[0-9]{1,15}(?:\.[0-9]+)?+(?![0-9.])"
FRACTION = r"[0-9]{1,15}\.[0-9]*[1-9][0-9]*"
_SHORT = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}
# What JSON writers escape without need: for HTML's sake, or as .NET does.
_SOMETIMES = frozenset("&'<>+`\x7f")
_LONGEST_NUMBER = 40
_MOST_BITS = 140


class Unsayable(Exception):
    """A value that no expression here can compare."""


def text(value: str) -> str:
    """*value* in every spelling that a JSON string has for it."""
    return "".join(map(_letter, value))


def _letter(letter: str) -> str:
    code = ord(letter)
    if letter == "/":
        return r"\\?/"
    if letter in '"\\':
        return rf"(?:\\{re.escape(letter)}|{_escaped(code)})"
    if letter in _SHORT:
        return rf"(?:\\{_SHORT[letter]}|{_escaped(code)})"
    if code < 0x20:
        return _escaped(code)
    if letter in _SOMETIMES:
        return f"(?:{re.escape(letter)}|{_escaped(code)})"
    if code < 0x80:
        return re.escape(letter)
    raw = "".join(f"\\x{byte:02X}" for byte in letter.encode())
    units = letter.encode("utf-16-be")
    pairs = (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
    return f"(?:{raw}|{''.join(map(_escaped, pairs))})"


def _escaped(code: int) -> str:
    digits = "".join(digit if digit.isdigit() else f"[{digit}{digit.upper()}]" for digit in f"{code:04x}")
    return rf"\\u{digits}"


def quoted(value: str) -> str:
    return f'"{text(value)}"'


def member(path: Path, value: str) -> str:
    """*path* leads to *value*, and each of its names stands once where it stands."""
    inner = value
    for step in reversed(path):
        inner = _object_with(step, inner)
    return rf"^\s*{inner}\s*$"


def _object_with(step: str, value: str) -> str:
    name = quoted(step)
    other = rf"(?!{name}\s*:)(?&s)\s*:\s*(?&v)"
    return rf"\{{(?:\s*{other}\s*,)*+\s*{name}\s*:\s*(?:{value})\s*(?:,\s*{other}\s*)*+\}}"


def absent(name: str) -> str:
    """No member is called *name*."""
    return rf"^\s*\{{(?:\s*(?!{quoted(name)}\s*:)(?&s)\s*:\s*(?&v)\s*(?:,|(?=\}})))*+\s*\}}\s*$"


def has_word(word: str) -> str:
    """A string that has *word* among its words, or an array of strings that has it among its entries."""
    in_array = rf"\[(?:\s*(?&s)\s*,)*?\s*{quoted(word)}\s*(?:,\s*(?&s)\s*)*+\]"
    return f"{_in_string(word)}|{in_array}" if " " not in word else in_array


def _in_string(word: str) -> str:
    return f'"(?:(?&c)*? )?{text(word)}(?: (?&c)*+)?"'


def is_or_has(value: str) -> str:
    """The string, or an array of strings that has it among its entries."""
    return rf"{quoted(value)}|\[(?:\s*(?&s)\s*,)*?\s*{quoted(value)}\s*(?:,\s*(?&s)\s*)*+\]"


def scalar(value: Any) -> str:
    """What is the same value to `permissions.same`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else _number(value)


def _number(value: int | Decimal) -> str:
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise Unsayable
    exact = Decimal(value)
    if not exact.is_finite() or abs(exact.adjusted()) > _LONGEST_NUMBER or len(exact.as_tuple().digits) > _LONGEST_NUMBER:
        raise Unsayable
    whole, _, fraction = f"{exact:f}".partition(".")
    fraction = fraction.rstrip("0")
    sign = "-?" if exact == 0 else ""
    return sign + re.escape(whole.lstrip("-") if exact == 0 else whole) + (rf"\.{fraction}0*+" if fraction else r"(?:\.0+)?+")


def _contains(value: Any) -> str:
    in_array = rf"\[(?:\s*(?&v)\s*,)*?\s*{scalar(value)}\s*(?:,\s*(?&v)\s*)*+\]"
    return f"{_in_string(value)}|{in_array}" if isinstance(value, str) and " " not in value else in_array


_VALUES: dict[str, Callable[[Any], str]] = {
    "equals": scalar,
    "one_of": lambda values: "|".join(map(scalar, values)),
    "contains": _contains,
    "prefix": lambda value: f'"{text(value)}(?&c)*+"',
}


def comparison(rule: Compare) -> str:
    """The expression for a rule about one claim; raises Unsayable."""
    return member(rule.claim, _VALUES[rule.how](rule.value))
