"""What URLs, web pages, mail and program texts write in place of characters; a token never holds any of it."""

from __future__ import annotations

import html
import re

_ESCAPED = re.compile(
    r"%[0-9A-Fa-f]{2}"
    r"|&(?:quot|amp|apos|lt|gt|nbsp|period|lowbar|equals|num|#\d{1,6}|#x[0-9A-Fa-f]{1,5});"
    r"|=\r?\n|=3D|=2E"
    r"|\\u[0-9A-Fa-f]{4}|\\[\"'nrt/.=_-]"
)
_NAMES = {
    "%": "URL encoding",
    "&": "an HTML entity",
    "=": "quoted-printable, as mail has it",
    "\\": "an escape of a program text or of JSON",
}
_LETTERS = {"\\n": "\n", "\\r": "\r", "\\t": "\t"}


def may_be_in(text: str) -> bool:
    """Whether a character stands in *text* with which an escape begins."""
    return any(mark in text for mark in _NAMES)


def undo(text: str, unseen: re.Pattern[str]) -> tuple[str, list[int], dict[str, list[int]]]:
    """*text* without escapes, the place of each of its characters and of its end, and where each sort of escape stood.

    What an escape stands for is left out if it is *unseen*, such as white space: no token holds it.
    """
    met: dict[str, list[int]] = {}
    out: list[str] = []
    places: list[int] = []
    at = 0
    for match in _ESCAPED.finditer(text):
        character = plain(match.group())
        if character is None:
            continue
        character = unseen.sub("", character)
        out += (text[at : match.start()], character)
        places.extend(range(at, match.start()))
        places.extend([match.start()] * len(character))
        met.setdefault(match.group(), []).append(match.start())
        at = match.end()
    out.append(text[at:])
    places.extend(range(at, len(text) + 1))
    return "".join(out), places, met


def plain(escape: str) -> str | None:
    """What *escape* stands for, or None for a byte that is no ASCII."""
    if escape[0] == "&":
        return html.unescape(escape)
    if escape[:2] == "\\u":
        return chr(int(escape[2:], 16))
    if escape[0] == "\\":
        return _LETTERS.get(escape, escape[1:])
    if not escape[1:].strip():
        return ""  # a soft line break
    code = int(escape[1:], 16)
    return chr(code) if code < 128 else None


def name(escape: str) -> str:
    """What writes like that."""
    if not escape[1:].strip():
        return "a soft line break of quoted-printable, as mail has it"
    return _NAMES[escape[0]]
