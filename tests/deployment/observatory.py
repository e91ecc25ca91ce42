"""What the MDN HTTP Observatory scores, computed from a real answer over TLS.

Its algorithm 6: a hundred points, the modifiers of twelve tests; bonuses count only from 90 points without them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_BROAD = {"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}
_INLINE = {"'unsafe-inline'", "data:"}
_SIX_MONTHS = 15_768_000
_PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
_GRADES = {100: "A+", 95: "A", 90: "A", 85: "A-", 80: "B+", 75: "B", 70: "B", 65: "B-", 60: "C+", 55: "C", 50: "C", 45: "C-"}
_FOR_BONUSES = 90
# The most without a cookie and without an entry in the browsers' preload list: a page, and what is no page and needs no script.
MOST_OF_A_PAGE = 155
MOST_OF_DATA = 150


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer over TLS: every header with all its values, its text, and where plain http was sent to."""

    headers: Mapping[str, list[str]]
    text: str
    redirected: str
    host: str

    def one(self, name: str) -> str:
        values = self.headers.get(name, [])
        return values[0] if len(values) == 1 else ""


def policy(text: str) -> dict[str, set[str]]:
    """Return the directives of a Content-Security-Policy; the first of a name counts."""
    found: dict[str, set[str]] = {}
    for part in text.lower().split(";"):
        name, *sources = part.split() or [""]
        if name:
            found.setdefault(name, set(sources))
    return found


def _csp(answer: Answer) -> int:
    said = policy(answer.one("content-security-policy"))
    if not said:
        return -25
    scripts, objects, styles = (said.get(name, said.get("default-src", {"*"})) for name in ("script-src", "object-src", "style-src"))
    if scripts & (_BROAD | _INLINE) or objects & _BROAD:
        return -20
    if any(
        source.startswith(("http:", "ftp:")) for name, sources in said.items() if name not in {"img-src", "media-src"} for source in sources
    ):
        return -20
    if "'unsafe-eval'" in scripts | styles:
        return -10
    passive = said.get("img-src", said.get("default-src", set())) | said.get("media-src", said.get("default-src", set()))
    if any(source.startswith(("http:", "ftp:")) for source in passive):
        return -10
    if styles & (_BROAD | _INLINE):
        return 0
    return 10 if said.get("default-src") == {"'none'"} else 5


def _hsts(answer: Answer) -> int:
    match = re.search(r"max-age=\"?(\d+)", answer.one("strict-transport-security").lower())
    if not match:
        return -20
    return 0 if int(match[1]) >= _SIX_MONTHS else -10


def _cookies(answer: Answer) -> int:
    worst = 5 if answer.headers.get("set-cookie") else 0
    for cookie in answer.headers.get("set-cookie", []):
        flags = {part.strip().lower() for part in cookie.split(";")[1:]}
        sites = {flag.partition("=")[2] for flag in flags if flag.startswith("samesite")}
        if not sites <= {"lax", "strict", "none"} or ("none" in sites and "secure" not in flags):
            worst = min(worst, -20)
        if "secure" not in flags:
            worst = min(worst, -5 if _hsts(answer) >= 0 else -20)
        if not sites:
            worst = min(worst, 0)
    return worst


def _cors(answer: Answer) -> int:
    credentials = answer.one("access-control-allow-credentials").lower() == "true"
    return -50 if credentials and answer.headers.get("access-control-allow-origin") else 0


def _redirection(answer: Answer) -> int:
    if not answer.redirected.startswith("https://"):
        return -20
    return 0 if re.match(rf"https://{re.escape(answer.host)}(?::\d+)?(?:/|$)", answer.redirected) else -5


def _referrer(answer: Answer) -> int:
    words = [word.strip().lower() for word in answer.one("referrer-policy").split(",") if word.strip()]
    if not words:
        return 0
    return 5 if words[-1] in _PRIVATE else -5


def _integrity(answer: Answer) -> int:
    if not answer.one("content-type").startswith("text/html"):
        return 0
    scripts = re.findall(r"<script\b[^>]*\bsrc=[^>]*>", answer.text)
    sources = [re.search(r'src="([^"]*)"', script) for script in scripts]
    if any(source and re.match(r"(https?:)?//", source[1]) for source in sources):
        return -5 if all("integrity=" in script for script in scripts) else -50
    return 5 if scripts and all("integrity=" in script for script in scripts) else 0


def _sniffing(answer: Answer) -> int:
    return 0 if answer.one("x-content-type-options").lower() == "nosniff" else -5


def _framing(answer: Answer) -> int:
    if "frame-ancestors" in policy(answer.one("content-security-policy")):
        return 5
    return 0 if answer.one("x-frame-options").lower() in {"deny", "sameorigin"} else -20


def _token(name: str, good: Mapping[str, int], bad: int = -5) -> Callable[[Answer], int]:
    """The score of a header that is one word; without it, nothing."""

    def score(answer: Answer) -> int:
        if not answer.headers.get(name):
            return 0
        return good.get(answer.one(name).partition(";")[0].strip(), bad)

    return score


TESTS: Mapping[str, Callable[[Answer], int]] = {
    "content-security-policy": _csp,
    "cookies": _cookies,
    "cross-origin-resource-sharing": _cors,
    "redirection": _redirection,
    "referrer-policy": _referrer,
    "strict-transport-security": _hsts,
    "subresource-integrity": _integrity,
    "x-content-type-options": _sniffing,
    "x-frame-options": _framing,
    "cross-origin-resource-policy": _token("cross-origin-resource-policy", {"same-origin": 10, "same-site": 10, "cross-origin": 0}),
    "cross-origin-opener-policy": _token("cross-origin-opener-policy", {"same-origin": 10, "unsafe-none": 0}),
    "cross-origin-embedder-policy": _token("cross-origin-embedder-policy", {"require-corp": 10, "credentialless": 10, "unsafe-none": 0}),
}


@dataclass(frozen=True, slots=True)
class Score:
    """The points, the grade, and the modifier of each test."""

    points: int
    grade: str
    modifiers: Mapping[str, int]


def score(answer: Answer) -> Score:
    """Grade *answer* as the scanner does."""
    modifiers = {name: test(answer) for name, test in TESTS.items()}
    plain = 100 + sum(min(0, modifier) for modifier in modifiers.values())
    points = 100 + sum(modifiers.values()) if plain >= _FOR_BONUSES else plain
    points = max(0, points)
    return Score(points, _GRADES.get(min(points - points % 5, 100), "D or worse"), modifiers)
