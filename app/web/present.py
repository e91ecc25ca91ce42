"""From the core's report to the rows of the page. Words only; nothing is decided here."""

from __future__ import annotations

import re

from app import tokens
from app.tokens import claims as meanings
from app.tokens import times
from app.tokens.envelope import Token
from app.tokens.findings import spelt_out
from app.tokens.lossless_json import Document
from app.tokens.times import Seconds
from app.web.view import CheckRow, FindingRow, Form, KeyNote, NamedRow, Page, Statement, Time, Tone, Verdict

_LONGEST_VALUE = 4000
_LABELS = {
    "form": "Form",
    "header": "Header",
    "algorithm": "Algorithm allowed",
    "key": "Key fits",
    "signature": "Signature",
    "claims": "Claims set",
    "exp": "Expiry",
    "nbf": "Not before",
    "iat": "Issued at",
    "iss": "Issuer",
    "aud": "Audience",
    "typ": "Type",
    "profile": "Profile",
}
_FAILED_WORDS = {
    "exp": "Expired",
    "nbf": "Not valid yet",
    "iat": "Issue time wrong",
    "iss": "Wrong issuer",
    "aud": "Wrong audience",
    "typ": "Wrong type",
    "algorithm": "Algorithm not allowed",
    "claims": "No claims set",
}
_RFC = re.compile(r"RFC (\d+)(?: (?:§([\d.]+)|Appendix ([A-Z])))?")
_OTHER_SPECS = {
    "OpenID Connect Core": "https://openid.net/specs/openid-connect-core-1_0.html",
    "OpenID Connect Front-Channel Logout": "https://openid.net/specs/openid-connect-frontchannel-1_0.html",
}


def fill(page: Page, report: tokens.Report, example_key: bool) -> Page:
    """Put *report* into *page*; *example_key* says that the key box still holds an example's key."""
    checks = report.checks
    page.findings = tuple(_finding(finding, report) for finding in report.findings if finding.code != "empty_input")
    signature, claims = _signature(report, example_key), _claims(report)
    page.verdict = Verdict(
        _overall(signature, claims),
        signature,
        claims,
        _warnings(page.findings),
        ()
        if "checks" in page.folded
        else tuple(CheckRow(one.name, _LABELS[one.name], one.outcome, one.because, one.spec or "") for one in checks),
        sum(one.outcome == "passed" for one in checks),
        sum(one.outcome != "not_checked" for one in checks),
    )
    page.claims = _rows(report.token.payload, meanings.CLAIMS, report.at, times_only="claims" in page.folded)
    if "parameters" not in page.folded:
        page.header_rows = _rows(report.token.header, meanings.HEADER, report.at)
    page.key_note = _key_note(report)
    page.segment_sizes = _sizes(report.token)
    algorithm = tokens.ALGORITHMS.get(report.token.alg) if isinstance(report.token.alg, str) else None
    page.generatable = algorithm.name if algorithm and algorithm.family != "none" else ""
    return page


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
    return next((url for name, url in _OTHER_SPECS.items() if (spec or "").startswith(name)), "")


def _signature(report: tokens.Report, example_key: bool) -> Statement:
    signature = report.signature
    if report.kind == "unknown" and not report.token.parts:
        return Statement(
            "idle", "No token yet" if not report.token.text.strip() else "Not a token", "" if report.token.text.strip() else "Paste one"
        )
    if signature.status == "verified":
        assert signature.key is not None
        return Statement("good", "Signature verified", f"{signature.algorithm} · {signature.key.name}")
    if signature.status == "unsecured":
        return Statement("bad", "Unsecured", "alg none: anyone can write this token")
    if signature.matches:
        return Statement("warn", "Signature matches, yet refused", signature.faults[0].message)
    if example_key and (signature.status == "invalid" or signature.key is not None):
        return Statement("warn", "Signature not checked", "The key box still holds the example's key; paste the key of this token")
    if signature.status == "invalid":
        return Statement("bad", "Signature does not match", signature.because.removeprefix("The signature does not match "))
    if report.keys.is_empty and signature.algorithm in tokens.ALGORITHMS:
        wants = tokens.ALGORITHMS[signature.algorithm].wants
        return Statement(
            "idle", "Signature not checked", f"{signature.algorithm}: paste {wants.replace('an ', 'the issuer’s ').replace('a ', 'the ')}"
        )
    if not report.keys.keys and not report.keys.is_empty:
        return Statement("warn", "Key not readable", signature.because)
    if any(finding.code == "key_type_for_algorithm" for finding in signature.findings):
        return Statement("warn", "Key does not fit", signature.because)
    return Statement("warn" if report.kind != "JWE" else "idle", "Signature not checked", signature.because)


def _claims(report: tokens.Report) -> Statement:
    checks = {check.name: check for check in report.checks}
    if report.kind == "JWE" or not isinstance(report.payload, dict):
        failed = checks["claims"].outcome == "failed"
        return Statement("warn" if failed else "idle", "No claims", checks["claims"].because if failed else "")
    for name in ("claims", "exp", "nbf", "iss", "aud", "typ", "algorithm", "iat"):
        if checks[name].outcome == "failed":
            return Statement("bad", _failed_word(name, report.payload), _failed_detail(name, report, checks[name].because))
    if checks["iat"].outcome == "warned":
        return Statement("warn", "Issued in the future", checks["iat"].because)
    if checks["exp"].outcome == "warned":
        return Statement("warn", "Never expires")
    # Green only for what a verified signature vouches for.
    tone: Tone = "good" if report.signature.status == "verified" else "idle"
    return Statement(tone, "Not expired", f"until {times.utc(report.payload['exp'])}")


def _failed_word(name: str, claims: dict[str, object]) -> str:
    if name in ("exp", "nbf", "iat") and not times.is_date(claims.get(name)):
        return f"{name} is not a date"
    return "Claims not readable" if name == "claims" else _FAILED_WORDS[name]


def _failed_detail(name: str, report: tokens.Report, because: str) -> str:
    date = report.payload.get(name)
    if name in ("exp", "nbf") and times.is_date(date):
        return f"{'valid ' if name == 'nbf' else ''}{times.relative(date, report.at)}, {times.utc(date)}"
    return because


def _overall(*statements: Statement) -> Tone:
    """The tone of the whole strip: green only when nothing that was said is worse."""
    tones = {statement.tone for statement in statements}
    return "bad" if "bad" in tones else statements[0].tone


def _warnings(findings: tuple[FindingRow, ...]) -> Statement:
    errors = sum(finding.level == "error" for finding in findings)
    warnings = sum(finding.level == "warning" for finding in findings)
    parts = [f"{count} {word}{'s' if count != 1 else ''}" for count, word in ((errors, "error"), (warnings, "warning")) if count]
    tone: Tone = "bad" if errors else "warn" if warnings else "idle"
    return Statement(tone, " and ".join(parts) if parts else "No warnings")


def _finding(finding: tokens.Finding, decoded: tokens.Decoded) -> FindingRow:
    header, payload = decoded.documents
    document = {"header": header, "payload": payload}.get(finding.segment)
    line, column = finding.line or 0, finding.column or 0
    if document and line:
        line, column = tokens.shown_at(line, column, document)
    return FindingRow(
        finding.level,
        finding.segment,
        finding.message,
        finding.fix or "",
        finding.spec or "",
        "" if finding.where in finding.message else finding.where,
        line,
        column,
        finding.offset if finding.offset is not None else -1,
        finding.length or 0,
        max(1, (finding.length or 0) * 3 // 4),  # of base64 characters to bytes
    )


def _rows(document: Document | None, known: dict[str, meanings.Meaning], at: Seconds, times_only: bool = False) -> tuple[NamedRow, ...]:
    rows = []
    for name, value, start, end in document.members if document else ():
        meaning = known.get(name)
        if times_only and not (meaning and meaning.show == "time"):
            continue
        written = value if isinstance(value, str) else document.text[start:end] if document else ""
        time = _time(value, at) if meaning and meaning.show == "time" else None
        text, spec = (meaning.text, meaning.spec) if meaning else ("", "")
        rows.append(NamedRow(_printable(name, 200), _printable(written, _LONGEST_VALUE), text, spec, time))
    return tuple(rows)


def _time(value: object, at: Seconds) -> Time | None:
    if not times.is_date(value):
        return None
    assert isinstance(value, Seconds)
    iso = times.iso(value)
    return Time(int(value), iso, times.utc(value), times.relative(value, at)) if iso else None


def _printable(text: str, limit: int) -> str:
    """What cannot be seen is spelt out, half surrogates among it; a value can be as long as the whole token."""
    return spelt_out(text[:limit]) + ("…" if len(text) > limit else "")


def _key_note(report: tokens.Report) -> KeyNote:
    keys = report.keys
    if not keys.keys:
        return KeyNote("idle", "No key yet") if keys.is_empty else KeyNote("bad", "Not readable", keys.problem)
    if keys.is_set and len(keys.keys) > 1:
        kinds = sorted({key.name for key in keys.keys})
        used = f" · used: {report.signature.key.with_kid}" if report.signature.key and report.signature.matches else ""
        return KeyNote("idle", f"Read as {keys.read_as}", f"{', '.join(kinds[:3])}{' …' if len(kinds) > 3 else ''}{used}")
    key = keys.keys[0]
    can = "signs and verifies" if key.can_sign else "verifies"
    algorithms = key.algorithms
    too_short = next((row.name for row in tokens.ALGORITHMS.values() if key.fits(row)), None)
    what = f"{key.name}, {key.bits} bits" if key.secret is not None else key.name
    if algorithms:
        for_ = f"{can} {', '.join(algorithms[:3])}{' …' if len(algorithms) > 3 else ''}"
    else:
        for_ = f"too short for {too_short}" if too_short else "for encryption only"
    return KeyNote("bad" if key.faults else "idle", f"Read as {key.read_as}", f"{what} · {for_}")


def _sizes(token: Token) -> str:
    names = ("header", "payload", "signature")
    if token.kind == "JWE" or len(token.parts) < 2:
        return ""
    parts = [f"{name} {len(part.data):,}" for name, part in zip(names, token.parts, strict=False)]
    return f"{len(token.text):,} characters · {' · '.join(parts)} bytes"
