"""A try: bytes that may be the right ones, and how to say it if they are; and repairs by place in the token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.tokens.envelope import Part, Token
from app.tokens.findings import Finding, Repair


@dataclass(frozen=True, slots=True)
class Candidate:
    data: bytes
    say: Callable[..., Finding]


def span(token: Token, first: Part, last: Part) -> tuple[int, int]:
    """Offset and length, in the text that was given, of the segments from *first* to *last*."""
    start = token.places[first.start]
    end = last.start + len(last.text)
    return start, (token.places[end - 1] + 1 if end > first.start else start) - start


def segments(token: Token, label: str, first: int, last: int, text: str) -> Repair:
    """Write *text* in place of the segments from number *first* to number *last*."""
    offset, length = span(token, token.parts[first], token.parts[last])
    return Repair(label, "token", text, offset, length)


def whole_token(token: Token, label: str, text: str) -> Repair:
    """Write *text* in place of all three segments."""
    return segments(token, label, 0, 2, text)
