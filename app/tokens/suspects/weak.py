"""Secrets that everybody knows: examples of well-known sites, defaults of frameworks, and what people type first.

`weak_secrets.txt` has one a line, the likeliest first; `base64:` or `base64url:` in front says how its bytes are
spelt, and behind a tab stands where it is known from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.tokens.findings import quoted
from app.tokens.keys import decoded

LONGEST = 128
"""No secret of the list is longer, in bytes."""


@dataclass(frozen=True, slots=True)
class Known:
    text: str
    origin: str
    encoding: str = ""

    @property
    def words(self) -> str:
        """The secret in words, with where it is known from."""
        encoding = f", read as {self.encoding}" if self.encoding else ""
        origin = f" ({self.origin})" if self.origin else ""
        return f'the well-known secret "{quoted(self.text, LONGEST)}"{encoding}{origin}, on every list that attackers try'


@cache
def secrets() -> dict[bytes, Known]:
    """The secrets as bytes, the likeliest first."""
    return dict(map(_read, Path(__file__).with_name("weak_secrets.txt").read_text("utf-8").splitlines()))


def _read(line: str) -> tuple[bytes, Known]:
    text, _, origin = line.partition("\t")
    encoding, _, spelt = text.partition(":")
    data = decoded(spelt, encoding) if encoding in ("base64", "base64url") else None
    return (data, Known(spelt, origin, encoding)) if data else (text.encode(), Known(text, origin))
