"""Finding tokens in whatever stands round them: a curl line, headers, a cookie, a URL, JSON, a HAR, a log, a program.

One pass from left to right; what is taken for a token begins as base64url of a JSON object begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DOT = r"(?:\.|%2[Ee])"
_PAD = r"(?:=|%3[Dd]){0,2}"
# `{"`, `{ `, `{` and a line break or tab, in base64url. What stands before must not belong to the same word;
# it is looked at behind the first letter, for which the search is fast.
_START = re.compile(r"e(?:(?<![\w.~+/%-]e)|(?<=%[0-9A-Fa-f]{2}e)|(?<=[0-9.]/e)|(?<=[a-z]/e))(?:y[ABIJ]|w[0ok])[A-Za-z0-9_-]*+")
_SHORTEST = 9
_BODY = re.compile(
    rf"[A-Za-z0-9_-]+{_PAD}{_DOT}[A-Za-z0-9_+/-]*{_PAD}{_DOT}[A-Za-z0-9_-]*{_PAD}"
    rf"(?:{_DOT}[A-Za-z0-9_-]*{_DOT}[A-Za-z0-9_-]*)?(?:~[A-Za-z0-9_.~-]*)?"
)
# Of a damaged token, a segment may have two gaps: up to two characters that end nothing, or a line break.
_GAP = r"""[^\s"'`&;,)\]}<>|\\%.\w-]{1,2}+|\r?\n[ \t]*+"""
_GAPPY = rf"[A-Za-z0-9_-]*+(?:(?:{_GAP})[A-Za-z0-9_-]++){{0,2}}+"
_PIECE = re.compile(rf"({_GAP})?([A-Za-z0-9_-]++)")
_MOST_PIECES = 3
# What stands before the last segment, and the sizes of that one: signatures (of RSA, the usual ones), and tags of a JWE.
_DAMAGED = (
    (re.compile(rf"(?:{_GAPPY}{_DOT}){{2}}"), frozenset((43, 64, 86, 128, 171, 176, 342, 512, 683, 1366))),
    # An encrypted key does not begin as a payload does; two signed tokens that have grown together have five segments, too.
    (re.compile(rf"{_GAPPY}{_DOT}(?!ey[ABIJ]|ew[0ok])(?:{_GAPPY}{_DOT}){{3}}"), frozenset((22, 32, 43))),
)
_SCHEME = r"(?:(?:bearer|dpop|jwt|token)(?:[ \t+]|%20)+)?"
_QUOTED = re.compile(rf"""(\\?["'`])(?:[A-Za-z-]{{1,40}}[ \t]*:[ \t]*)?{_SCHEME}$""", re.IGNORECASE)
_NOT_IN_QUOTES = re.compile(r"[{}<>,;:|]")
_NAME = re.compile(
    rf"""([A-Za-z_$][\w$.\[\]-]{{0,60}})(?:\\?["'`]|%22)?[ \t]*(?:=>|:=|[:=]|%3[Dd])[ \t]*[([]?(?:\\?["'`]|%22)?{_SCHEME}$""", re.IGNORECASE
)
_OPTION = re.compile(rf"""(--?[A-Za-z][\w-]{{1,30}})[ \t=]+["']?{_SCHEME}$""", re.IGNORECASE)
_ENDS = re.compile(r"""[\s"'`&;,)\]}<>|\\]|%2[26C]|\.(?:\s|\Z)|\Z""")
_GOES_ON = re.compile(
    r"""&[\w.\[\]-]+=|;[ \t]+[A-Za-z]|;[\w-]+=|["'`]?[ \t]*[,;)\]}]+[ \t]*(?:\r?\n|\Z|["'`{}\[\]])|["'`][ \t]*\r?\n"""
    r"""|[ \t]+(?=\S*[^\w\s.~-])|[ \t]+\w+[ \t=:]|\s+[#/]"""
)
_KINDS = tuple(
    (what, re.compile(pattern, re.IGNORECASE | re.MULTILINE))
    for what, pattern in (
        ("the cookie", r"\A(?:set-)?cookie[ \t]*:|;[ \t]*(?:path|domain|expires|max-age|samesite)=|;[ \t]*(?:secure|httponly)\b"),
        ("the HTTP message", r"\A(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \S+ HTTP/|\AHTTP/[\d.]+ \d|^(?:host|accept|user-agent)[ \t]*:"),
        ("the header", r"\A(?:[\w]+-[\w-]+|authorization)[ \t]*:[ \t]"),
        ("the log line", r"\A\W?\d{4}-\d\d-\d\d|\A[A-Z][a-z]{2} +\d+ \d\d:|^\[?(?:DEBUG|INFO|WARN|ERROR)\b"),
        ("the .env line", r"(?-i:\A(?:export[ \t]+)?[A-Z_][A-Z0-9_]*[ \t]*=)"),
        ("the program text", r"\A(?:const|let|var|final|String|auto)\b|\A[\w.]+[ \t]*:?=[ \t]*[\"'`]"),
    )
)
# What stands in brackets at the beginning of a log line is a word or a time.
_JSON = re.compile(r"""["']*(?:\{|\[\s*["'\\{\[])""")
# In a HAR the name of a header stands in a member of its own.
_HEADER = re.compile(rf"""\"name\"\s*:\s*\"([\w-]{{1,60}})\"\s*,\s*\"value\"\s*:\s*\"{_SCHEME}$""", re.IGNORECASE)
_LOOK_BACK = 120
MOST = 20
"""How many tokens are looked for in a text."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A token in a text: from where to where, and the name that stands before it, or nothing."""

    start: int
    end: int
    name: str = ""


def tokens(text: str) -> tuple[Taken, ...]:
    """Every token that stands in *text* among other things, in order; none when the text is but a token, whole or damaged."""
    taken = list(_candidates(text))
    if not taken:
        return ()
    if len(taken) == 1 and not _is_among_others(text, taken[0]):
        return ()
    return tuple(taken)


def surroundings(text: str, start: int) -> str:
    """What the text round the token that begins at *start* is, in words."""
    before = text[:start]
    head = text.lstrip()[:200]
    if re.match(r"(?:\$[ \t]*)?(?:curl|wget|http|https|xh)[ \t]", head):
        return f"the {head.lstrip('$ ').split(None, 1)[0]} command"
    if _JSON.match(head):
        return "the HAR" if '"request"' in text and '"headers"' in text else "the JSON document"
    return next((what for what, pattern in _KINDS if pattern.search(head)), "") or _by_what_is_before(before)


def _by_what_is_before(before: str) -> str:
    if re.search(r"[A-Za-z][A-Za-z0-9+.-]*://\S*$", before[-4000:]) or before.startswith(("/", "?", "#")):
        return "the URL"
    return "the parameters" if re.match(r"[\w.\[\]-]+=", before) else "the text"


def _candidates(text: str) -> list[Taken]:
    taken: list[Taken] = []
    at = 0
    while match := _START.search(text, at):
        start = match.start()
        before = text[max(0, start - _LOOK_BACK) : start]
        is_long = match.end() - start >= _SHORTEST
        end = (_end_in_quotes(text, before, match.end()) or _end_of_body(text, start)) if is_long else 0
        end = max(end, _end_of_damaged(text, start))
        if end:
            taken.append(Taken(start, end, _name(before)))
            if len(taken) == MOST:
                break
        at = max(end, match.end())
    return taken


def _end_of_body(text: str, start: int) -> int:
    match = _BODY.match(text, start)
    if not match:
        return 0
    return match.end() if _is_end(text, match.end()) else 0


def _is_end(text: str, at: int) -> bool:
    """Whether a token can end here: a full stop behind it ends the sentence; a name behind `/` or `@` does not belong to it."""
    return bool(_ENDS.match(text, at)) or text[at : at + 1] in "#?"


def _end_of_damaged(text: str, start: int) -> int:
    """The end of a token with gaps in it: what stands behind a gap belongs to it if its last segment is then as long as they are."""
    for before_last, sizes in _DAMAGED:
        match = before_last.match(text, start)
        end, kept, strays = match.end() if match else len(text), 0, 0
        for _ in range(_MOST_PIECES):
            piece = _PIECE.match(text, end)
            if not piece:
                break
            end = piece.end()
            kept += len(piece.group(2))
            strays += len((piece.group(1) or "").strip())
            if (kept in sizes or kept + strays in sizes) and _is_end(text, end):
                return end
    return 0


def _end_in_quotes(text: str, before: str, at: int) -> int:
    """A token in quotes goes up to the next one, whatever damage is in it."""
    opened = _QUOTED.search(before)
    if not opened:
        return 0
    end = text.find(opened.group(1), at)
    inner = text[at:end] if end > 0 else ""
    return end if inner.count(".") + inner.lower().count("%2e") >= 2 and not _NOT_IN_QUOTES.search(inner) else 0


def _name(before: str) -> str:
    match = _HEADER.search(before) or _NAME.search(before) or _OPTION.search(before)
    if not match or match.group(1).lower() in ("http", "https"):
        return ""
    return match.group(1).lstrip("-") if match.re is _OPTION else match.group(1)


def _is_among_others(text: str, only: Taken) -> bool:
    """Whether what stands round the token is something else, and no damage to the token itself."""
    before, behind = text[: only.start].strip(), text[only.end :]
    if not behind.strip():
        return len(before) > 1
    if before:
        return len(before) > 1 or bool(_GOES_ON.match(behind))
    return len(behind.strip()) > 1 and bool(_GOES_ON.match(behind))
