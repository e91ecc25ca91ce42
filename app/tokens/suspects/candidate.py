"""A try: bytes that may be the right ones, and how to say it if they are; and repairs by place in the token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.tokens.envelope import Token
from app.tokens.findings import Finding, Repair


@dataclass(frozen=True, slots=True)
class Candidate:
    data: bytes
    say: Callable[..., Finding]


def span(token: Token, *numbers: int) -> tuple[int, int]:
    """Offset and length, in the text that was given, of the segments of these *numbers* and of what is between them."""
    places = [_place(token, number) for number in numbers]
    start = min(place[0] for place in places)
    return start, max(sum(place) for place in places) - start


def _place(token: Token, number: int) -> tuple[int, int]:
    part = token.parts[number]
    start, end = token.places[part.start], part.start + len(part.text)
    return start, token.places[end - 1] + 1 - start if part.text else 0


def rewritten(token: Token, label: str, texts: Mapping[int, str]) -> tuple[Repair, ...]:
    """Write other *texts* in place of the segments of these numbers; nothing else changes, or there is no such repair."""
    shown = token.disclosed
    if shown and shown.sd_hash and shown.sd_hash == shown.sd_hash_given:
        return ()  # the holder's signature fits the text as it stands, and no other
    offset, length = span(token, *texts)
    if token.serialization == "compact":
        return (Repair(label, "token", ".".join(texts.values()), offset, length),)
    if 1 in texts and len(token.signatures) > 1:
        return ()  # the others are over the same payload
    members = sorted((*_place(token, number), number) for number in texts)
    if any(size != len(token.parts[number].text) for _, size, number in members):
        return ()  # written with escapes, or not there at all
    text, end = "", offset
    for start, size, number in members:
        text += token.text[end:start] + texts[number]
        end = start + size
    return (Repair(label, "token", text, offset, length),)
