"""Finding compact tokens in bytes, in one pass from left to right whose cost grows only with the length.

What is taken for a token begins as base64url of a JSON object begins. A dot may be spelt as URLs (%2E) and JSON (\\u002e) can,
and the whole in UTF-16, as in a dump of memory, or in base64, as in a Secret of Kubernetes.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64
from collections.abc import Iterator
from dataclasses import dataclass

_DOT = rb"(?:\.|%(?:25)?2[Ee]|\\u002[Ee])"
_PAD = rb"(?:=|%(?:25)?3[Dd]){0,2}"
# `{"`, `{ `, `{` and a line break or tab, in base64url. What stands before is not part of the same word, unless it is an escape
# of a URL, perhaps of one in another, of JSON, of nginx (\x22), of rsyslog (#012), or the end of a colour of a terminal ([0m);
# it is looked at from behind the letters, for which the search is fast. Possessive: what was taken is not tried again.
_TOKEN = re.compile(
    rb"e(?:y[ABIJ]|w[0ok])"
    rb"(?:(?<![\w-]...)|(?<=%[0-9A-Fa-f]{2}...)|(?<=%25[0-9A-Fa-f]{2}...)|(?<=\\[nrtbf]...)|(?<=\\u[0-9A-Fa-f]{4}...)"
    rb"|(?<=\\x[0-9A-Fa-f]{2}...)|(?<=#0[0-7]{2}...)|(?<=\[\dm...)|(?<=\[\d\dm...))"
    rb"[A-Za-z0-9_-]{6,}+" + _PAD + _DOT + rb"[A-Za-z0-9_+/-]*+" + _PAD + _DOT + rb"[A-Za-z0-9_-]*+" + _PAD
    + rb"(?:" + _DOT + rb"[A-Za-z0-9_-]++" + _DOT + rb"[A-Za-z0-9_-]++)?+(?:~(?:[A-Za-z0-9_~-]|\.(?=[A-Za-z0-9_-]))*+)?+",
    re.DOTALL,
)  # fmt: skip
_BEGUN = re.compile(rb"e(?:y[ABIJ]|w[0ok])[A-Za-z0-9_-]{12,}+(?:\.[A-Za-z0-9_-]{8,}+)*+")
_ANY_DOT = re.compile(_DOT)
_ANY_PAD = re.compile(rb"%(?:25)?3[Dd]")
# A token begins so when it is base64 a second time; behind a dot it is the payload of another, with which it is judged. In a HAR a body that is no text stands as base64 in the member "text".
_TWICE = rb"ZX(?:l[BCJK]|cw|d[rv])"
_PACKED = (
    (b"ZX", re.compile(rb"(" + _TWICE + rb"(?<![\w.+/-]....)[A-Za-z0-9+/]{24,}+={0,2})", re.DOTALL)),
    (b'"text"', re.compile(rb'"text"[ \t]*+:[ \t]*+"((?!' + _TWICE + rb')[A-Za-z0-9+/]{60,}+={0,2})"')),
)
_LONGEST_PACKED = 2 * 2**20
_WIDE = re.compile(rb"e\0(?:y\0[ABIJ]|w\0[0ok])\0(?<![\w-]\0.{6})(?:[A-Za-z0-9_.~+/=%-]\0){20,}+", re.DOTALL)
IN_BASE64, IN_UTF16 = "base64", "UTF-16"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something stands that looks like a token, what it is with plain dots, and what it stands in."""

    start: int
    length: int
    token: bytes
    inside: str = ""


def spots(data: bytes) -> Iterator[Spot]:
    """Everything in *data* that looks like a token, in order; behind it, in order as well, what is in UTF-16 and in base64."""
    for match in _TOKEN.finditer(data):
        token = match.group()
        if b"%" in token or b"\\" in token:
            token = _ANY_PAD.sub(b"=", _ANY_DOT.sub(b".", token))
        start = match.start()
        yield Spot(start, match.end() - start, token)
    if b"e\0" in data:
        for match in _WIDE.finditer(data):
            for spot in spots(match.group()[::2]):
                yield Spot(match.start() + 2 * spot.start, 2 * spot.length, spot.token, IN_UTF16)
    for sign, pattern in _PACKED:
        if sign in data:
            yield from _packed(pattern, data)


def masked(name: str) -> str:
    """*name* of a file without a token that may be part of it, be it cut off."""
    data = name.encode("utf-8", "surrogateescape")
    return _BEGUN.sub(b"(a token)", _TOKEN.sub(b"(a token)", data)).decode("utf-8", "replace")


def _packed(pattern: re.Pattern[bytes], data: bytes) -> Iterator[Spot]:
    for match in pattern.finditer(data):
        start, end = match.span(1)
        if end - start > _LONGEST_PACKED:
            continue
        try:
            body = a2b_base64(match.group(1) + b"==")  # padding may be left out
        except Error:
            continue
        for spot in spots(body):
            yield Spot(start, end - start, spot.token, IN_BASE64)
