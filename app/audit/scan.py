"""Finding compact tokens in bytes, in one pass from left to right whose cost grows only with the length.

What is taken for a token begins as base64url of a JSON object begins. A dot may be spelt as URLs (%2E) and JSON (\\u002e) can.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64
from collections.abc import Iterator
from dataclasses import dataclass

_DOT = rb"(?:\.|%(?:25)?2[Ee]|\\u002[Ee])"
_PAD = rb"(?:=|%(?:25)?3[Dd]){0,2}"
# `{"`, `{ `, `{` and a line break or tab, in base64url. What stands before is not part of the same word, unless it is an escape;
# it is looked at from behind the letters, for which the search is fast. Possessive: what was taken is not tried again.
_TOKEN = re.compile(
    rb"e(?:y[ABIJ]|w[0ok])"
    rb"(?:(?<![\w-]...)|(?<=%[0-9A-Fa-f]{2}...)|(?<=\\[nrtbf]...)|(?<=\\u[0-9A-Fa-f]{4}...))"
    rb"[A-Za-z0-9_-]{6,}+" + _PAD + _DOT + rb"[A-Za-z0-9_+/-]*+" + _PAD + _DOT + rb"[A-Za-z0-9_-]*+" + _PAD
    + rb"(?:" + _DOT + rb"[A-Za-z0-9_-]++" + _DOT + rb"[A-Za-z0-9_-]++)?+(?:~[A-Za-z0-9_.~-]*+)?+",
    re.DOTALL,
)  # fmt: skip
_BEGUN = re.compile(rb"e(?:y[ABIJ]|w[0ok])[A-Za-z0-9_-]{12,}+(?:\.[A-Za-z0-9_-]{8,}+)*+")
_ANY_DOT = re.compile(_DOT)
_ANY_PAD = re.compile(rb"%(?:25)?3[Dd]")
# In a HAR a body that is no text stands as base64 in the member "text".
_BODY = re.compile(rb'"text"[ \t]*+:[ \t]*+"([A-Za-z0-9+/]{60,}+={0,2})"')
_LONGEST_BODY = 2 * 2**20
IN_BODY = "base64 body"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something stands that looks like a token, what it is with plain dots, and what it stands in."""

    start: int
    length: int
    token: bytes
    inside: str = ""


def spots(data: bytes) -> Iterator[Spot]:
    """Everything in *data* that looks like a token, in order; last what stands in bodies that are base64."""
    for match in _TOKEN.finditer(data):
        token = match.group()
        if b"%" in token or b"\\" in token:
            token = _ANY_PAD.sub(b"=", _ANY_DOT.sub(b".", token))
        start = match.start()
        yield Spot(start, match.end() - start, token)
    if b'"text"' in data:
        yield from _in_bodies(data)


def masked(name: str) -> str:
    """*name* of a file without a token that may be part of it, be it cut off."""
    data = name.encode("utf-8", "surrogateescape")
    return _BEGUN.sub(b"(a token)", _TOKEN.sub(b"(a token)", data)).decode("utf-8", "replace")


def _in_bodies(data: bytes) -> Iterator[Spot]:
    for match in _BODY.finditer(data):
        start, end = match.span(1)
        if end - start > _LONGEST_BODY:
            continue
        try:
            body = a2b_base64(match.group(1))
        except Error:
            continue
        for spot in spots(body):
            yield Spot(start, end - start, spot.token, IN_BODY)
