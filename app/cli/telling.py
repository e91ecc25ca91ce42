"""A token told to a person: the verdict first, then the checks in order, header and payload, and what was noticed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from app import tokens
from app.cli.screen import UNBROKEN, Screen, visible
from app.reports import statements
from app.reports.statements import LABELS, TO_DO, Statement
from app.tokens import registry, times
from app.tokens.findings import quoted
from app.tokens.lossless_json import Document
from app.tokens.times import Seconds

_OF_OUTCOME = {"passed": "good", "failed": "bad", "warned": "warn", "not_checked": "idle"}
_OF_LEVEL = {"error": "bad", "warning": "warn", "info": "idle"}
_KINDS = {"JWS": "a signed token (JWS)", "JWE": "an encrypted token (JWE)", "SD-JWT": "an SD-JWT", "unknown": "no token"}
_WORDS = (("good", "Accepted"), ("bad", "Not accepted"), ("warn", "Not judged"))
_WIDEST_WORD = 40


def read(decoded: tokens.Decoded, at: Seconds, screen: Screen) -> Iterator[str]:
    """What was read; nothing of it is verified."""
    alg = decoded.token.alg
    facts = [_KINDS[decoded.kind], decoded.serialization or "", f"alg {quoted(alg)}" if isinstance(alg, str) else ""]
    if is_read(decoded):
        yield screen.verdict("idle", f"Read, not verified: {', '.join(filter(None, facts))}")
    else:
        yield screen.verdict("bad", "Not read")
    yield from _content(decoded, at, screen)
    for layer, inner in enumerate(decoded.nested, 1):
        yield from ("", screen.heading(f"Token inside, layer {layer}", _KINDS[inner.kind]))
        yield from _content(inner, at, screen)
    yield from _findings(_noticed(decoded), screen)


def judged(report: tokens.Report, status: int, screen: Screen) -> Iterator[str]:
    """The verdict with its reasons; *status* is that of the process: accepted, not accepted, not judged."""
    verdict = _verdict(report, status, screen)
    told = [verdict, *_statements(report, screen), *_reasons(report, screen)]
    for layer, inner in enumerate(report.nested, 1):
        told += ["", screen.heading(f"Token inside, layer {layer}", _KINDS[inner.kind])]
        told += [*_statements(inner, screen), *_reasons(inner, screen)]
    told += [*_findings(_noticed(report), screen), *_brought(report, screen)]
    yield from told
    if sum(1 + line.count("\n") for line in told) > screen.height:  # the first line is out of sight
        yield from ("", verdict)


def _reasons(report: tokens.Report, screen: Screen) -> Iterator[str]:
    yield from _checks(report, screen)
    yield from _content(report, report.at, screen, {check.name for check in report.checks})


def is_read(decoded: tokens.Decoded) -> bool:
    """Whether there was anything to read: a header, or a payload in JSON."""
    payload = decoded.token.payload
    return isinstance(decoded.header, dict) or (payload is not None and payload.readable)


def _verdict(report: tokens.Report, status: int, screen: Screen) -> str:
    tone, word = _WORDS[status]
    why = _why(report) if status == 1 else ""
    return screen.verdict(tone, f"{word}: {why}" if why else word)


def _why(report: tokens.Report) -> str:
    """What refuses the token: its failed checks, or those of a token inside."""
    layers = (report, *report.nested)
    for layer in layers:
        failed = ", ".join((check.label or LABELS[check.name]).lower() for check in layer.checks if check.outcome == "failed")
        if failed:
            return failed if layer is report else f"{failed} of the token inside"
    if layers[-1].token.inner is not None:
        return "a token inside lies too deep"
    return "it bears no signature" if layers[-1].kind == "JWE" else "signature not verified"


def _statements(report: tokens.Report, screen: Screen) -> Iterator[str]:
    told = [one.level for one in _noticed(report)]
    told += ["warning" for one in report.checks if one.outcome == "warned" and statements.is_told_by_itself(one, report)]
    rows = (statements.signature(report), statements.claims(report), statements.warnings(told))
    yield from _aligned(((row.tone, row.word, _sentence(row)) for row in rows), screen)


def _sentence(said: Statement) -> str:
    return statements.briefly(said).detail


def _checks(report: tokens.Report, screen: Screen) -> Iterator[str]:
    leeway = f", with a leeway of {report.leeway} s" if report.leeway else ""
    yield from ("", screen.heading("Checks", f"as of {times.utc(report.at)}{leeway}"))
    rows = []
    for check in report.checks:
        to_do = f" {TO_DO[check.name]}" if check.outcome == "failed" and statements.is_told_by_itself(check, report) else ""
        rows.append((_OF_OUTCOME[check.outcome], check.label or LABELS[check.name], f"{check.because}{to_do}{_spec(check.spec)}"))
    yield from _aligned(rows, screen)


def _content(decoded: tokens.Decoded, at: Seconds, screen: Screen, told: Collection[str] = ()) -> Iterator[str]:
    """Header and payload as written, laid out for reading, and the times among the claims that are not *told* already."""
    for title, document in zip(("Header", "Payload"), decoded.documents, strict=True):
        if document is not None and document.text:
            yield from _document(title, document, screen)
    shown = decoded.token.disclosed
    if shown is not None and shown.claims is not None:
        yield from _document("Claims with what is disclosed", shown.claims, screen)
    rows = [row for row in _times(decoded, at) if row[1] not in told]
    if rows:
        yield from ("", screen.heading("Times"), *_aligned(rows, screen))


def _document(title: str, document: Document, screen: Screen) -> Iterator[str]:
    yield from ("", screen.heading(title))
    yield from (f"  {line}" for line in visible(tokens.for_reading(document)[0]).split("\n"))


def _times(decoded: tokens.Decoded, at: Seconds) -> Iterator[tuple[str, str, str]]:
    claims = decoded.token.claims
    known = registry.known(claims)
    for name, value in claims.items() if isinstance(claims, dict) else ():
        meaning = known.get(name)
        if meaning and meaning.show == "time" and times.is_date(value):
            yield "idle", name, f"{times.utc(value)}, {times.relative(value, at)}"


def _noticed(decoded: tokens.Decoded) -> list[tokens.Finding]:
    """The findings, and what speaks against the tokens inside but for what was told already: the keys are the same."""
    unsaid = {"empty_input"}
    if isinstance(decoded, tokens.Report) and statements.lacks_content(decoded):  # without it, no signature matches
        unsaid.add("signature_mismatch")
    noticed = [one for one in decoded.findings if one.code not in unsaid]
    told = set(decoded.findings)
    for layer in decoded.nested:
        against = (one for one in layer.findings if one.level != "info" and one not in told)
        noticed += [replace(one, segment="payload", message=f"Inside: {one.message}", line=None) for one in against]
        told.update(layer.findings)
    return noticed


def _findings(findings: list[tokens.Finding], screen: Screen) -> Iterator[str]:
    if findings:
        yield from ("", screen.heading("What was noticed"))
    for one in findings:
        place = "" if not one.where or one.where in one.message else f", {one.where}"
        yield screen.row(_OF_LEVEL[one.level], "", f"{one.segment.capitalize()}{place}: {one.message}{_spec(one.spec)}")
        if one.fix:
            yield f"    → {screen.wrapped(one.fix, 6)}"


def _brought(report: tokens.Report, screen: Screen) -> Iterator[str]:
    if report.brought:
        yield from ("", screen.heading("Keys in the token", "they came with it, and prove nothing by themselves"))
    for one in report.brought:
        key = f" {one.key.name}, thumbprint {one.key.thumbprint()}." if one.key and one.key.secret is None else ""
        yield screen.row("idle", one.parameter, f"{one.row.what}{key}")


def _aligned(rows: Iterable[tuple[str, str, str]], screen: Screen) -> Iterator[str]:
    """Rows of mark, word and sentence, the sentences one under the other."""
    listed = list(rows)
    column = min(_WIDEST_WORD, max(len(word) for _, word, _ in listed))
    for tone, word, text in listed:
        yield screen.row(tone, word, text, column)


def _spec(spec: str | None) -> str:
    return f" ({spec.replace(' ', UNBROKEN)})" if spec else ""
