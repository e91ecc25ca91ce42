"""Whether a report tells a fact: words that stand together, in one finding with its fix or in the reason of one check."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.tokens import Report, verify
from app.tokens.findings import Finding, Repair


@dataclass(frozen=True)
class Says:
    """One fact: words told together, where it stands in the given text, and the rule behind it."""

    words: tuple[str, ...]
    at: tuple[int, ...] = ()
    length: int | None = None
    line: int | None = None
    column: int | None = None
    within: str = ""
    spec: str = ""


def says(*words: str, at: int | tuple[int, ...] = (), spec: str = "", **place: Any) -> Says:
    return Says(words, (at,) if isinstance(at, int) else at, spec=spec, **place)


def judged(pasted: dict[str, Any]) -> Report:
    return verify(pasted["token"], pasted["key"], at=pasted["at"], key_encoding=pasted.get("key_encoding", "auto"))


@dataclass(frozen=True)
class Told:
    """A finding or a reason as a reader has it."""

    text: str
    spec: str | None = None
    finding: Finding | None = None


def told(report: Report) -> Iterator[Told]:
    for finding in report.findings:
        yield Told(f"{finding.message} {finding.fix or ''}", finding.spec, finding)
    for check in report.checks:
        yield Told(check.because, check.spec)
    yield Told(report.signature.because)
    if report.decryption:
        yield Told(report.decryption.because)


def untold(fact: Says, everything: list[Told], token: str) -> str | None:
    nearest = min((_lacks(fact, one, token) for one in everything), key=len, default=["anything"])
    return f"{' + '.join(fact.words)}: nearest lacks {', '.join(nearest)}" if nearest else None


def _lacks(fact: Says, one: Told, token: str) -> list[str]:
    lacks = [word for word in fact.words if not re.search(word, one.text, re.IGNORECASE | re.DOTALL)]
    if fact.spec and not re.match(fact.spec, one.spec or ""):
        lacks.append(f"spec {fact.spec}")
    place = one.finding
    if fact.at and (place is None or place.offset not in fact.at):
        lacks.append(f"offset {' or '.join(map(str, fact.at))}")
    for name in ("length", "line", "column"):
        want = getattr(fact, name)
        if want is not None and (place is None or getattr(place, name) != want):
            lacks.append(f"{name} {want}")
    if fact.within:
        first, last = span(token, fact.within)
        if place is None or place.offset is None or place.segment != fact.within or not first <= place.offset < last:
            lacks.append(f"a place within the {fact.within}")
    return lacks


def span(token: str, segment: str) -> tuple[int, int]:
    """Where the segment of a compact token begins and ends."""
    index = ("header", "payload", "signature").index(segment)
    texts = token.split(".")
    first = sum(len(text) + 1 for text in texts[:index])
    return first, first + len(texts[index])


def apply(repair: Repair, pasted: dict[str, Any]) -> dict[str, Any]:
    """What stands in the fields when the button of *repair* was pressed."""
    if repair.length is None:
        return pasted | {repair.field: repair.text}
    text = pasted[repair.field]
    return pasted | {repair.field: text[: repair.offset] + repair.text + text[repair.offset + repair.length :]}


def mended(report: Report, pasted: dict[str, Any]) -> list[dict[str, Any]]:
    """What stands in the fields after each of the repairs."""
    repairs = (repair for finding in report.findings for repair in finding.repairs)
    return [apply(repair, pasted) for repair in repairs if repair.length is None or repair.field in pasted]


def tells(report: Report, pasted: dict[str, Any], *facts: Says) -> list[str]:
    """The facts that are not told, in words; empty when all are."""
    everything = list(told(report))
    return [fault for fact in facts if (fault := untold(fact, everything, pasted["token"]))]
