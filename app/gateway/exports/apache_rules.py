"""Rules about claims in the words of mod_auth_openidc: `Require claim` with a regular expression in which every letter is its number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.gateway.exports import native
from app.gateway.permissions import MISSING, value_at
from app.gateway.policy import ClaimRule, Compare, Path, Words

DENIED = "Require all denied"
_NAME = re.compile(r"[^\x00-\x1f\x7f\"'\\]+")
_INT = 2**31


def is_name(path: Path) -> bool:
    """Whether the claim can be named: Apache cannot quote a quotation mark in `Require`, and puts variables into `${...}`."""
    return all(_NAME.fullmatch(step) and native.is_text(step) for step in path) and "${" not in native.dotted(path)


def is_own_name(path: Path) -> bool:
    """Whether the name leads to this claim alone; dots, colons and tildes are signs of their own there."""
    return len(path) == 1 and not re.search("[.:~]", path[0])


def is_exact(claims: Mapping[str, Any], path: Path, *, may_be_list: bool) -> bool:
    """Whether the claim is so plain that Apache compares it as a policy does: a text, texts without spaces, or not there."""
    value = value_at(claims, path)
    if isinstance(value, list) and not may_be_list:
        return False
    texts = value if isinstance(value, list) else [value]
    is_plain = all(isinstance(one, str) and (not isinstance(value, list) or " " not in one) for one in texts)
    return is_own_name(path) and (value is MISSING or is_plain)


def letters(text: str) -> str:
    r"""Exactly *text* in a regular expression. Each backslash is doubled, for Apache takes one away."""
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else rf"\\x{byte:02x}" for byte in text.encode())


def expression(text: str) -> str:
    """*text* as `letters`, for an expression of `<If>`, which takes no backslash away."""
    return letters(text).replace("\\\\", "\\")


def claim(path: Path, pattern: str) -> str:
    return f'Require claim "{native.dotted(path)}~{pattern}"'


def is_one_of(path: Path, values: tuple[str, ...]) -> list[str]:
    """The claim is one of *values*, or an array that has one of them."""
    if not is_name(path) or not all(native.is_text(value) for value in values):
        return [DENIED]
    return any_of([claim(path, rf"^{letters(value)}\\z") for value in values])


def is_there(path: Path) -> str:
    """The claim is a string, or an array with a string in it: nothing else can be seen by a regular expression."""
    return claim(path, "^") if is_name(path) else DENIED


def any_of(lines: list[str]) -> list[str]:
    return lines if len(lines) == 1 else ["<RequireAny>", *_indented(lines), "</RequireAny>"]


def all_of(lines: list[str]) -> list[str]:
    return lines if len(lines) == 1 else ["<RequireAll>", *_indented(lines), "</RequireAll>"]


def words(asked: Words) -> list[str]:
    """Every one of *all*, and at least one of *any*, among words with spaces between them or the entries of an array."""
    lines = [line for word in asked.all for line in _word(asked, word)]
    if asked.any:
        lines += any_of([line for word in asked.any for line in _word(asked, word)])
    return lines


def _word(asked: Words, word: str) -> list[str]:
    if not is_name(asked.claim) or not native.is_text(word):
        return [DENIED]
    line = claim(asked.claim, _among(word))
    if asked.claim != ("scope",):
        return [line]
    # The name that Microsoft and Okta give it counts where scope is not there.
    other = ["<RequireNone>", f"  {is_there(asked.claim)}", "</RequireNone>", claim(("scp",), _among(word))]
    return any_of([line, *all_of(other)])


def _among(word: str) -> str:
    return rf"^{letters(word)}\\z" if " " in word else rf"(?:^|\\x20){letters(word)}(?:\\x20|\\z)"


def rule(one: ClaimRule) -> list[str]:
    """The lines for *one*; what cannot be said holds for no token."""
    if isinstance(one, Compare):
        return _compare(one)
    if one.how == "not":
        (inner,) = one.rules
        if not is_said(inner):
            return [DENIED]
        # A negation alone decides nothing: something beside it must hold.
        return [
            "<RequireAll>",
            "  Require valid-user",
            "  <RequireNone>",
            *_indented(_indented(rule(inner))),
            "  </RequireNone>",
            "</RequireAll>",
        ]
    lines = [line for inner in one.rules for line in rule(inner)]
    return all_of(lines) if one.how == "all" else any_of(lines)


def is_said(one: ClaimRule) -> bool:
    """Whether every comparison in *one* can be made."""
    return all(DENIED not in _compare(compare) for compare in native.compares(one))


def _compare(one: Compare) -> list[str]:
    if not is_name(one.claim):
        return [DENIED]
    values = one.value if one.how == "one_of" else (one.value,)
    return any_of([_value(one, value) for value in values])


def _value(one: Compare, value: Any) -> str:
    if isinstance(value, bool):
        return f'Require claim "{native.dotted(one.claim)}:{"true" if value else "false"}"'
    if isinstance(value, int) and -_INT < value < _INT:
        return f'Require claim "{native.dotted(one.claim)}:{value}"'
    if not isinstance(value, str) or not native.is_text(value):
        return DENIED
    patterns = {"prefix": f"^{letters(value)}", "contains": _among(value)}
    return claim(one.claim, patterns.get(one.how, rf"^{letters(value)}\\z"))


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]
