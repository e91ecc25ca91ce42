"""What the page shows, in plain rows: the templates decide nothing and compute nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Tone = Literal["good", "bad", "warn", "idle"]


@dataclass(slots=True)
class Form:
    """The one form of the debugger, as it was sent or as an example fills it."""

    token: str = ""
    header: str = ""
    payload: str = ""
    payload_layout: str = "as-written"
    """`compact` and `spaced`: indented for reading, signed on one line; `as-written`: signed byte for byte."""
    header_layout: str = "as-written"
    key: str = ""
    key_encoding: str = "auto"
    algorithms: str = ""
    issuer: str = ""
    audience: str = ""
    type: str = ""
    leeway: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One of the three statements of the verdict: a tone, a word, a detail."""

    tone: Tone
    word: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CheckRow:
    name: str
    label: str
    outcome: Literal["passed", "failed", "warned", "not_checked"]
    because: str
    spec: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    tone: Tone
    """Of the strip as a whole."""
    signature: Statement
    claims: Statement
    warnings: Statement
    checks: tuple[CheckRow, ...]
    passed: int
    total: int


@dataclass(frozen=True, slots=True)
class FindingRow:
    level: Literal["error", "warning", "info"]
    segment: str
    """`token`, `header`, `payload`, `signature` or `key`; gives the row its hue."""
    message: str
    fix: str = ""
    spec: str = ""
    place: str = ""
    """`line 2, column 8` or empty."""
    line: int = 0
    column: int = 0
    offset: int = -1
    """Where in the token text, in characters; -1 when no place is known."""
    length: int = 0
    width: int = 1
    """How many characters of the header or payload pane it is about."""


@dataclass(frozen=True, slots=True)
class Time:
    """A NumericDate as a person reads it."""

    epoch: int
    iso: str
    utc: str
    relative: str


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A claim or a header parameter: its name, its value as written, what it means."""

    name: str
    value: str
    meaning: str = ""
    spec: str = ""
    time: Time | None = None


@dataclass(frozen=True, slots=True)
class KeyNote:
    """What the key box was read as, and what the key can do."""

    tone: Tone
    word: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    name: str
    label: str
    group: str


@dataclass(slots=True)
class Page:
    """Everything the debugger page shows."""

    form: Form
    verdict: Verdict
    findings: tuple[FindingRow, ...] = ()
    claims: tuple[NamedRow, ...] = ()
    header_rows: tuple[NamedRow, ...] = ()
    key_note: KeyNote = field(default_factory=lambda: KeyNote("idle", "No key yet"))
    header_note: str = ""
    payload_note: str = ""
    segment_sizes: str = ""
    notice: str = ""
    examples: tuple[Example, ...] = ()
    folded: frozenset[str] = frozenset()
    """What the person has folded away, of `checks`, `claims` and `parameters`: not made and not sent."""
    generatable: str = ""
    """The algorithm a key would be generated for, or empty."""
