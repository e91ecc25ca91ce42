"""The numeric form of a SMART Health Card, as its QR codes hold it: two digits for each character of the token."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SCHEME = "shc:/"
_CHUNK = re.compile(r"shc:/(?:([0-9]{1,3})/([0-9]{1,3})/)?([0-9]*)", re.IGNORECASE)
_LEAST, _MOST = ord("-"), ord("z")


@dataclass(frozen=True, slots=True)
class Card:
    """The token, and for each character where its two digits begin; or *problem*, why there is none."""

    text: str = ""
    places: tuple[int, ...] = ()
    problem: str = ""


def read(text: str, start: int) -> Card | None:
    """Read *text*, which begins at *start* of what was given; None when it is no such card."""
    if text.lstrip()[: len(_SCHEME)].lower() != _SCHEME:
        return None
    chunks: dict[int, re.Match[str]] = {}
    total = 1
    for word in re.finditer(r"\S+", text):
        match = _CHUNK.fullmatch(text, word.start(), word.end())
        if match is None:
            return Card(problem=f"at offset {start + word.start()} stands something else than shc:/ and digits")
        number, total = (int(match[1]), int(match[2])) if match[1] else (1, 1)
        chunks[number] = match
    missing = [number for number in range(1, total + 1) if number not in chunks]
    if missing or len(chunks) != total:
        return Card(problem=f"{len(chunks)} of {total} QR codes stand here; all are needed, one behind the other")
    characters: list[str] = []
    places: list[int] = []
    for number in range(1, total + 1):
        digits, begin = chunks[number][3], chunks[number].start(3)
        if len(digits) % 2:
            return Card(problem=f"it has {len(digits):,} digits, an odd number: one is missing, or one too many")
        for at in range(0, len(digits), 2):
            code = int(digits[at : at + 2]) + _LEAST
            if code > _MOST:
                return Card(problem=f'the digits "{digits[at : at + 2]}" at offset {start + begin + at} stand for no character of a token')
            characters.append(chr(code))
            places.append(start + begin + at)
    return Card("".join(characters), tuple(places))
