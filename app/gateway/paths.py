"""The path of a request, decoded once; what two programs could read in two ways is denied.

The proxy, the policy and the API behind it each read the path. Whatever one of them might resolve, decode or cut
differently would let a request pass under the rule of another resource, so it has no canonical form here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

LONGEST_TARGET = 8192
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_VISIBLE = re.compile(r"[!-~]*")
# In this order: of several reasons, the first is told.
_AMBIGUOUS = (
    (re.compile(r"[\x00-\x1f\x7f]"), "it holds a control character"),
    (re.compile(r"%[0-9A-Fa-f]{2}"), "it is percent-encoded twice"),
    (re.compile(r"\\"), "it holds a backslash, which some servers take for a slash"),
    (re.compile(r";"), "it holds a semicolon, behind which some servers cut a segment"),
    (re.compile(r"[?#]"), "it holds an encoded ? or #, at which some servers cut the path"),
    (re.compile(r"//"), "it holds an empty segment (//), which some servers leave out"),
    (re.compile(r"(?:^|/)\.{1,2}(?:/|\Z)"), "it holds a dot segment (. or ..), which servers resolve to another path"),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """The canonical path, or None and why there is none."""

    path: str | None
    because: str


def canonical(target: str) -> Judged:
    """The path that the request *target* names, its query left out."""
    if len(target) > LONGEST_TARGET:
        return Judged(None, f"The request target has {len(target):,} characters; at most {LONGEST_TARGET:,} are read.")
    raw = target.partition("?")[0]
    why = _unreadable(raw)
    if why:
        return _denied(why)
    try:
        path = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        return _denied("it is not UTF-8 when it is decoded")
    # Some servers fold full-width forms, so that ．． becomes two dots: the folded path must be as plain as the other.
    other = folded(path)
    for form in (path, other):
        for pattern, reason in _AMBIGUOUS:
            if pattern.search(form):
                return _denied(reason)
    if other.count("/") > path.count("/") or other.count("%") > path.count("%"):
        return _denied("it holds a letter that some servers fold into a slash or a percent sign")
    return Judged(path, "The path can be read in one way only.")


def folded(path: str) -> str:
    """*path* as a server reads it that takes look-alikes of a letter for the letter itself (Unicode NFKC)."""
    return unicodedata.normalize("NFKC", path)


def _unreadable(raw: str) -> str:
    """Why the raw path is no path at all, or has a slash that is one only when it is decoded."""
    if not raw.startswith("/"):
        return "it does not begin with /"
    if not _VISIBLE.fullmatch(raw):
        return "it holds a character that must be percent-encoded"
    if "#" in raw:
        return "it holds a #, which belongs to no request"
    if raw.count("%") != len(_ESCAPE.findall(raw)):
        return "it has a percent sign without two hexadecimal digits"
    return "it holds an encoded slash, which some servers decode" if "%2f" in raw.lower() else ""


def _denied(why: str) -> Judged:
    return Judged(None, f"The path can be read in more than one way: {why}.")


LOOK_ALIKE = _denied("some servers fold its letters into those of another route")
"""About a path whose folded form would be judged otherwise."""
