"""From the core's report to the rows of the page. Words only; nothing is decided here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

from app import tokens
from app.reports import statements
from app.tokens import claims as meanings
from app.tokens import profiles, registry, times
from app.tokens.brought import Brought
from app.tokens.envelope import Token
from app.tokens.findings import Segment, quoted
from app.tokens.jwe.key_management import fits
from app.tokens.lossless_json import Document
from app.tokens.times import Seconds
from app.web import mends
from app.web.view import BroughtRow, CheckRow, FindingRow, Form, KeyNote, NamedRow, Page, Time, Tone, Travel, Verdict

_LONGEST_VALUE = 4000
# What the pane of the tokens inside tells.
_OF_LAYERS = {"nested_layer", "jws_nested", "jwe_nested"}
_RFC = re.compile(r"RFC (\d+)(?: (?:§([\d.]+)|Appendix ([A-Z])))?")


def fill(page: Page, report: tokens.Report, example_key: bool) -> Page:
    """Put *report* into *page*; *example_key* says that the key box still holds an example's key."""
    checks = report.checks
    unsaid = {"empty_input", "sd_disclosure", "sd_disclosures_more"}  # the disclosures have a pane of their own
    unsaid |= {"signature_mismatch"} if example_key else set()  # nobody said that this key is the token's
    unsaid |= {"other_signature"}  # the pane of the signatures tells
    unsaid |= _OF_LAYERS if report.nested else set()
    unsaid |= {"signature_mismatch"} if statements.lacks_content(report) else set()
    page.findings = tuple(_finding(n, finding, report) for n, finding in enumerate(report.findings) if finding.code not in unsaid)
    page.findings += tuple(_of_inside(report, unsaid))
    refusals = tuple(_refusal(n, check, report) for n, check in enumerate(checks) if statements.is_told_by_itself(check, report))
    warned = tuple(row for row in refusals if row.level == "warning")
    levels = [row.level for row in (*page.findings, *warned)]
    said = (
        statements.briefly(statements.signature(report, example_key)),
        statements.briefly(statements.claims(report, example_key)),
        statements.warnings(levels),
    )
    page.findings = tuple(sorted((*page.findings, *refusals), key=lambda row: ("error", "warning", "info").index(row.level)))
    page.verdict = Verdict(
        statements.overall(*said),
        *said,
        () if "checks" in page.folded else tuple(_check(number, check, report) for number, check in enumerate(checks)),
        sum(one.outcome == "passed" for one in checks),
        sum(one.outcome != "not_checked" for one in checks),
    )
    page.claims = _rows(report.token.payload, registry.known(report.payload), report.at, times_only="claims" in page.folded)
    if "parameters" not in page.folded:
        page.header_rows = _rows(report.token.header, meanings.HEADER, report.at)
    page.key_note = _key_note(report)
    page.profiles = _profiles()
    page.brought = tuple(_brought(one, report) for one in report.brought)
    if "expect" not in page.folded:
        page.recognised = report.profile.name if report.profile else ""
        page.travels = tuple(_travels(report.payload))
    page.segment_sizes = _sizes(report.token)
    return page


@cache
def _profiles() -> tuple[tuple[str, str], ...]:
    """What the person can choose."""
    return tuple((one.id, one.name) for one in profiles.known().values())


def check_brought(page: Page, report: tokens.Report, parameter: str) -> None:
    """Say beside the key that came as *parameter* whether the signature fits it: asked for, and never green."""
    match = report.check_brought(parameter)
    tone: Tone = "bad" if match.matches is False else "warn"
    page.brought = tuple(replace(row, because=match.because, tone=tone) if row.parameter == parameter else row for row in page.brought)


def panes(form: Form, decoded: tokens.Decoded) -> None:
    """Write header and payload of *decoded* into the panes of *form*, laid out for reading."""
    header, payload = decoded.documents
    form.header, form.header_layout = tokens.for_reading(header) if header else ("", "as-written")
    form.payload, form.payload_layout = tokens.for_reading(payload) if payload else ("", "as-written")


def spec_url(spec: str | None) -> str:
    """Where *spec* can be read, or nothing."""
    match = _RFC.match(spec or "")
    if match:
        number, section, appendix = match.groups()
        anchor = f"#section-{section}" if section else f"#appendix-{appendix}" if appendix else ""
        return f"https://www.rfc-editor.org/rfc/rfc{number}.html{anchor}"
    return registry.document_url(spec) if spec else ""


def _check(number: int, check: tokens.Check, report: tokens.Report) -> CheckRow:
    label = check.label or statements.LABELS[check.name]
    return CheckRow(check.name, label, check.outcome, check.because, check.spec or "", mends.buttons("c", number, check.repairs, report))


def _refusal(number: int, check: tokens.Check, report: tokens.Report) -> FindingRow:
    """A check as a finding, with the value that it is about marked."""
    segment: Segment = "header" if check.name in ("typ", "algorithm") else "payload"
    row = FindingRow(
        "error" if check.outcome == "failed" else "warning",
        segment,
        check.because,
        statements.TO_DO[check.name],
        check.spec or "",
        mends=mends.buttons("c", number, check.repairs, report),
        more=f"verdict#check-{check.name}",
    )
    document = report.documents[segment == "payload"]
    member = document.member("alg" if check.name == "algorithm" else check.name) if document and isinstance(document.value, dict) else None
    if document is None or member is None:
        return row
    line, column = tokens.shown_at(*document.position(member.start), document)
    return replace(row, line=line, column=column, width=max(1, tokens.shown_range(member.start, member.end - member.start, document)[1]))


def _finding(number: int, finding: tokens.Finding, decoded: tokens.Decoded) -> FindingRow:
    header, payload = decoded.documents
    document = {"header": header, "payload": payload}.get(finding.segment)
    line, column = finding.line or 0, finding.column or 0
    width = max(1, (finding.length or 0) * 3 // 4)  # of base64 characters to bytes
    if document and line == 1:
        width = max(1, tokens.shown_range(column - 1, width, document)[1])
    if document and line:
        line, column = tokens.shown_at(line, column, document)
    place = f"line {line}, column {column}" if line else ""
    message = finding.message.replace(finding.where, place, 1) if line else finding.message
    return FindingRow(
        finding.level,
        finding.segment,
        message,
        finding.fix or "",
        finding.spec or "",
        "" if place in message else place,
        line,
        column,
        finding.offset if finding.offset is not None else -1,
        finding.length or 0,
        width,
        mends.buttons("f", number, finding.repairs, decoded) if finding.repairs else (),
        f"findings#{finding.code}",
    )


def _of_inside(report: tokens.Report, unsaid: set[str]) -> Iterator[FindingRow]:
    """What speaks against the tokens inside, but for what was told already: the keys are the same."""
    told = set(report.findings)
    for layer in report.nested:
        for one in layer.findings:
            if one.level != "info" and one.code not in unsaid and one not in told:
                yield FindingRow(one.level, "payload", f"Inside: {one.message}", one.fix or "", one.spec or "")
        told.update(layer.findings)


def _travels(claims: object) -> Iterator[Travel]:
    """The moments that a token is worth being judged at."""
    yield Travel("", "now")
    for name in ("nbf", "iat", "exp"):
        date = claims.get(name) if isinstance(claims, dict) else None
        if times.is_date(date) and times.iso(date):
            yield Travel(str(int(date)), name)  # the first second of nbf and iat, and the first at which exp is over


def _brought(one: Brought, report: tokens.Report) -> BroughtRow:
    facts: list[tuple[str, str]] = []
    if one.key:
        facts += [("Key", one.key.name)] + ([("Thumbprint", one.key.thumbprint())] if one.key.secret is None else [])
    if one.url:
        facts += [("URL", quoted(one.url, 300)), ("Host", quoted(one.host, 100))]
    if one.thumbprint:
        facts.append(("Thumbprint", quoted(one.thumbprint, 100)))
    for number, certificate in enumerate(one.certificates, 1):
        facts.append(
            (f"Certificate {number}" if len(one.certificates) > 1 else "Certificate", certificate.title if certificate else "not readable")
        )
        if certificate:
            facts.append(("Issued by", "itself" if certificate.is_self_issued else certificate.issuer))
            facts.append(
                (
                    "Valid",
                    " to ".join(
                        times.utc(moment) if moment is not None else "?" for moment in (certificate.not_before, certificate.not_after)
                    ),
                )
            )
            facts.append(("x5t#S256", certificate.sha256))
    return BroughtRow(one.parameter, one.row.what, tuple(facts), one.row.signs and one.key is not None)


def _rows(document: Document | None, known: Mapping[str, meanings.Meaning], at: Seconds, times_only: bool = False) -> tuple[NamedRow, ...]:
    rows = []
    for name, value, start, end in document.members if document else ():
        meaning = known.get(name)
        if times_only and not (meaning and meaning.show == "time"):
            continue
        written = value if isinstance(value, str) else document.text[start:end] if document else ""
        time = _time(value, at) if meaning and meaning.show == "time" else None
        text, spec, by = (meaning.text, meaning.spec, meaning.by) if meaning else ("", "", "")
        rows.append(NamedRow(quoted(name, 200), quoted(written, _LONGEST_VALUE), text, spec, time, by or ""))
    return tuple(rows)


def _time(value: object, at: Seconds) -> Time | None:
    if not times.is_date(value):
        return None
    assert isinstance(value, Seconds)
    iso = times.iso(value)
    return Time(int(value), iso, times.utc(value), times.relative(value, at)) if iso else None


def _key_note(report: tokens.Report) -> KeyNote:
    keys = report.keys
    if statements.is_closed(keys):
        wrong = keys.findings[0].code == "key_passphrase"
        return KeyNote("bad", "Still locked", keys.problem) if wrong else KeyNote("warn", "Locked", "Type its passphrase.")
    if not keys.keys:
        return KeyNote("idle", "No key yet") if keys.is_empty else KeyNote("bad", "Not readable", keys.problem)
    if keys.is_set and len(keys.keys) > 1:
        kinds = sorted({key.name for key in keys.keys})
        key_used = _used(report)
        used = f" · used: {key_used.with_kid}" if key_used else ""
        return KeyNote("idle", f"Read as {keys.read_as}", f"{', '.join(kinds[:3])}{' …' if len(kinds) > 3 else ''}{used}")
    key = keys.keys[0]
    management = report.decryption.algorithm if report.decryption else None
    can = "signs and verifies" if key.can_sign else "verifies"
    algorithms = key.algorithms
    too_short = next((row.name for row in tokens.ALGORITHMS.values() if key.fits(row)), None)
    what = f"{key.name}, {key.bits} bits" if key.secret is not None else key.name
    if management and fits(key, management):
        for_ = f"{'encrypts and decrypts' if key.can_sign else 'only encrypts'} with {management.name}"
    elif algorithms:
        for_ = f"{can} {', '.join(algorithms[:3])}{' …' if len(algorithms) > 3 else ''}"
    else:
        for_ = f"too short for {too_short}" if too_short else "for encryption only"
    return KeyNote("bad" if key.faults else "idle", f"Read as {key.read_as}", f"{what} · {for_}")


def _used(report: tokens.Report) -> tokens.Key | None:
    """The key of a set that the signature matches, or that decrypts."""
    if report.decryption:
        return report.decryption.key if report.decryption.plaintext is not None else None
    return report.signature.key if report.signature.matches else None


def _sizes(token: Token) -> str:
    names = ("header", "payload", "signature")
    if token.kind == "JWE" or len(token.parts) < 2:
        return ""
    parts = [f"{name} {len(part.data):,}" for name, part in zip(names, token.parts, strict=False)]
    return f"{len(token.text):,} characters · {' · '.join(parts)} bytes"
