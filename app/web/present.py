"""From the core's report to the rows of the page. Words only; nothing is decided here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

from app import tokens
from app.tokens import claims as meanings
from app.tokens import profiles, registry, times
from app.tokens.brought import Brought
from app.tokens.envelope import Token
from app.tokens.findings import Segment, quoted
from app.tokens.jwe.key_management import fits
from app.tokens.lossless_json import Document
from app.tokens.times import Seconds
from app.web import mends
from app.web.view import BroughtRow, CheckRow, FindingRow, Form, KeyNote, NamedRow, Page, Statement, Time, Tone, Travel, Verdict

_LONGEST_VALUE = 4000
LABELS = {
    "form": "Form",
    "header": "Header",
    "algorithm": "Algorithm allowed",
    "key": "Key fits",
    "decryption": "Decryption",
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
# What to do about a check that no finding speaks of.
_TO_DO = {
    "exp": "Get a new token from its issuer.",
    "nbf": "Wait, or compare the clocks of issuer and receiver.",
    "iss": "Take a token of the expected issuer, or correct what is expected.",
    "aud": "Ask the issuer for a token for this audience, or correct what is expected.",
    "typ": "Take a token of the expected type, or correct what is expected.",
    "algorithm": "Refuse the token, or allow its algorithm if the issuer is known to use it.",
    "profile": "Have the issuer correct it, or choose another profile under Expect.",
}
_CLAIM_CHECKS = ("claims", "exp", "nbf", "iss", "aud", "typ", "algorithm", "iat")
# What the pane of the tokens inside tells.
_OF_LAYERS = {"nested_layer", "jws_nested", "jwe_nested"}
_LONG = 120
_NOT_A_JWT = re.compile(r"Not a JWT: [^.]*\. (?=\S)")
_RFC = re.compile(r"RFC (\d+)(?: (?:§([\d.]+)|Appendix ([A-Z])))?")


def fill(page: Page, report: tokens.Report, example_key: bool) -> Page:
    """Put *report* into *page*; *example_key* says that the key box still holds an example's key."""
    checks = report.checks
    unsaid = {"empty_input", "sd_disclosure", "sd_disclosures_more"}  # the disclosures have a pane of their own
    unsaid |= {"signature_mismatch"} if example_key else set()  # nobody said that this key is the token's
    unsaid |= {"other_signature"}  # the pane of the signatures tells
    unsaid |= _OF_LAYERS if report.nested else set()
    unsaid |= {"signature_mismatch"} if _lacks_content(report) else set()
    page.findings = tuple(_finding(n, finding, report) for n, finding in enumerate(report.findings) if finding.code not in unsaid)
    page.findings += tuple(_of_inside(report, unsaid))
    refusals = tuple(_refusal(n, check, report) for n, check in enumerate(checks) if _is_told_here_alone(check, report))
    warned = tuple(row for row in refusals if row.level == "warning")
    claims = _inside(report, example_key) if report.nested else _claims(report)
    statements = _briefly(_signature(report, example_key)), _briefly(claims), _warnings((*page.findings, *warned))
    page.findings = tuple(sorted((*page.findings, *refusals), key=lambda row: ("error", "warning", "info").index(row.level)))
    page.verdict = Verdict(
        _overall(*statements),
        *statements,
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


def _signature(report: tokens.Report, example_key: bool) -> Statement:
    signature = report.signature
    # Of several signatures, the report's own sentence says which one; the pane of the signatures says it too.
    because = next((verdict.because for token, verdict in report.signatures if token is report.token), signature.because)
    if report.kind == "unknown" and not report.token.parts:
        if not report.token.text.strip():
            return Statement("idle", "No token yet", "Paste one")
        return Statement("bad", "Not a token", _NOT_A_JWT.sub("", report.token.gravest.message))
    if report.decryption:
        words = {"decrypted": "Decrypted", "failed": "Not decrypted", "not_tried": "Encrypted"}
        tone: Tone = "bad" if report.decryption.status == "failed" else "idle"
        because = report.decryption.because.removeprefix("Decrypted ")
        if report.nested:  # who made it, the token inside tells
            because = because.partition("; the sender is not proven")[0]
        return Statement(tone, words[report.decryption.status], because)
    if signature.status == "verified":
        assert signature.key is not None
        several = [token for token, _ in report.signatures]
        which = f" · signature {several.index(report.token) + 1} of {len(several)}" if len(several) > 1 else ""
        return Statement("good", "Signature verified", f"{signature.algorithm} · {signature.key.name}{which}")
    if signature.status == "unsecured":
        return Statement("bad", "Unsecured", "alg none: anyone can write this token")
    if signature.matches:
        return Statement("warn", "Signature matches, yet refused", signature.faults[0].message)
    suspect = next(iter(report.suspects), None)
    if suspect:
        return _suspected(suspect, report)
    if example_key and (signature.status == "invalid" or signature.key is not None):
        return Statement("warn", "Signature not checked", "The key box still holds the example's key; paste the key of this token")
    if _lacks_content(report):
        return Statement("warn", "Content missing", "The token leaves its payload out; paste the detached payload")
    if signature.status == "invalid":
        damage = next((one.message for one in report.token.form_findings if one.level == "error"), "")
        return Statement("bad", "Signature does not match", damage or because.removeprefix("The signature does not match "))
    if report.keys.is_empty and signature.algorithm in tokens.ALGORITHMS:
        wants = tokens.ALGORITHMS[signature.algorithm].wants
        return Statement(
            "idle", "Signature not checked", f"{signature.algorithm}: paste {wants.replace('an ', 'the issuer’s ').replace('a ', 'the ')}"
        )
    if not report.keys.keys and not report.keys.is_empty:
        return Statement("warn", "Key locked" if _is_closed(report.keys) else "Key not readable", because)
    if any(finding.code == "key_type_for_algorithm" for finding in signature.findings):
        return Statement("warn", "Key does not fit", because)
    return Statement("warn" if report.kind != "JWE" else "idle", "Signature not checked", because)


def _lacks_content(report: tokens.Report) -> bool:
    """Whether the signature may well fit, were the detached content there."""
    return report.token.is_detached and report.signing_input is None and report.signature.matches is False and not report.suspects


def _suspected(suspect: tokens.Finding, report: tokens.Report) -> Statement:
    """The verdict when it is known what would have matched."""
    if suspect.code == "suspect_public_key_as_secret":
        return Statement("bad", "Forged", suspect.message)
    if suspect.code == "weak_secret":
        return Statement("warn", "Secret known to everybody", suspect.message)
    if report.signature.status == "invalid":
        return Statement("bad", "Signature does not match", suspect.message.removeprefix("The signature does not match "))
    return Statement("warn", "Signature not checked", suspect.message)


def _claims(report: tokens.Report) -> Statement:
    checks = {check.name: check for check in report.checks}
    if report.token.is_detached:
        return Statement("idle", "No claims", "the payload is detached")
    if not isinstance(report.payload, dict):
        wrong = checks["claims"].outcome == "failed"
        return Statement("warn" if wrong else "idle", "No claims", checks["claims"].because if wrong else "")
    failed = [name for name in _CLAIM_CHECKS if checks[name].outcome == "failed"]
    if failed:
        first, *others = failed
        also = f", and {_failed_word(others[0], report.payload).lower() if len(others) == 1 else f'{len(others)} more'}" if others else ""
        return Statement("bad", _failed_word(first, report.payload) + also, _failed_detail(first, report, checks[first].because))
    if checks["profile"].outcome == "failed":
        return Statement("bad", "Profile not kept", checks["profile"].because)
    if checks["iat"].outcome == "warned":
        return Statement("warn", "Issued in the future", checks["iat"].because)
    if checks["exp"].outcome == "warned":
        return (
            Statement("warn", "exp is not in seconds", checks["exp"].because)
            if "exp" in report.payload
            else Statement("warn", "Never expires")
        )
    if checks["exp"].outcome == "not_checked" and "exp" in report.payload:  # masked by who shared the token
        return Statement("idle", "Expiry not checked", checks["exp"].because)
    # Green only for what a verified signature vouches for.
    tone: Tone = "good" if report.signature.status == "verified" else "idle"
    if "exp" not in report.payload:  # tokens of its profile have none
        return Statement(tone, "No expiry", checks["exp"].because)
    return Statement(tone, "Not expired", f"until {times.utc(report.payload['exp'])}")


def of_layer(report: tokens.Report, example_key: bool) -> tuple[Statement, ...]:
    """What is said of a token inside another: who vouches for it, and what of its claims if it has the claims."""
    statements = (_signature(report, example_key), *((_claims(report),) if report.payload is not None else ()))
    return tuple(map(_briefly, statements))


def _inside(report: tokens.Report, example_key: bool) -> Statement:
    """Of the tokens inside the first that nobody vouches for, else the claims of the innermost."""
    for layer in report.nested:
        proof, *_ = of_layer(layer, example_key)
        is_open = layer.decryption is not None and layer.decryption.status == "decrypted"
        if not is_open and layer.signature.status != "verified":
            return replace(proof, word=f"Inside: {_small(proof.word)}")
    said = _claims(report.nested[-1])
    return Statement(said.tone, f"Inside: {_small(said.word)}", " · ".join(filter(None, (said.detail, _small(proof.word)))))


def _small(word: str) -> str:
    return word[:1].lower() + word[1:]


def _failed_word(name: str, claims: dict[str, object]) -> str:
    if name in ("exp", "nbf", "iat") and not times.is_date(claims.get(name)):
        return f"{name} is not a date"
    return "Claims not readable" if name == "claims" else _FAILED_WORDS[name]


def _failed_detail(name: str, report: tokens.Report, because: str) -> str:
    date = report.payload.get(name)
    if name in ("exp", "nbf") and times.is_date(date):
        return f"{'valid ' if name == 'nbf' else ''}{times.relative(date, report.at)}, {times.utc(date)}"
    return because


def _overall(signature: Statement, claims: Statement, warnings: Statement) -> Tone:
    """The tone of the whole strip: green only when nothing that was said is worse."""
    if "bad" in (signature.tone, claims.tone):
        return "bad"
    return "warn" if signature.tone == "good" and warnings.tone == "bad" else signature.tone


def _warnings(findings: tuple[FindingRow, ...]) -> Statement:
    errors = sum(finding.level == "error" for finding in findings)
    warnings = sum(finding.level == "warning" for finding in findings)
    parts = [f"{count} {word}{'s' if count != 1 else ''}" for count, word in ((errors, "error"), (warnings, "warning")) if count]
    tone: Tone = "bad" if errors else "warn" if warnings else "idle"
    return Statement(tone, " and ".join(parts) if parts else "No warnings")


def _check(number: int, check: tokens.Check, report: tokens.Report) -> CheckRow:
    label = check.label or LABELS[check.name]
    return CheckRow(check.name, label, check.outcome, check.because, check.spec or "", mends.buttons("c", number, check.repairs, report))


def _is_told_here_alone(check: tokens.Check, report: tokens.Report) -> bool:
    """Whether *check* is to be told among the findings, because it refuses or warns and none of them speaks of it."""
    if check.name not in _TO_DO or (check.outcome != "failed" and (check.name, check.outcome) != ("profile", "warned")):
        return False
    about = re.compile(rf'"{check.name}"|\b{check.name}\b')
    return not any(one.level != "info" and about.search(one.message) for one in report.findings if one.segment in ("payload", "header"))


def _refusal(number: int, check: tokens.Check, report: tokens.Report) -> FindingRow:
    """A check as a finding, with the value that it is about marked."""
    segment: Segment = "header" if check.name in ("typ", "algorithm") else "payload"
    row = FindingRow(
        "error" if check.outcome == "failed" else "warning",
        segment,
        check.because,
        _TO_DO[check.name],
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


def _briefly(said: Statement) -> Statement:
    """What fits into one line of the verdict: the findings below say it in full."""
    if len(said.detail) <= _LONG:
        return said
    text = re.sub(r" \([^()]*\)", "", said.detail)
    sentences = re.split(r"(?<=[.;:]) (?=[A-Z])", text)
    short = sentences[0]
    for sentence in sentences[1:]:
        if len(short) + len(sentence) >= _LONG:
            break
        short += f" {sentence}"
    return replace(said, detail=short)


def _finding(number: int, finding: tokens.Finding, decoded: tokens.Decoded) -> FindingRow:
    header, payload = decoded.documents
    document = {"header": header, "payload": payload}.get(finding.segment)
    line, column = finding.line or 0, finding.column or 0
    width = max(1, (finding.length or 0) * 3 // 4)  # of base64 characters to bytes
    if document and line == 1:
        width = max(1, tokens.shown_range(column - 1, width, document)[1])
    if document and line:
        line, column = tokens.shown_at(line, column, document)
    return FindingRow(
        finding.level,
        finding.segment,
        finding.message,
        finding.fix or "",
        finding.spec or "",
        "" if not line or finding.where in finding.message else f"line {line}, column {column}",
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
    if _is_closed(keys):
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


def _is_closed(keys: tokens.Keys) -> bool:
    """Whether the keys wait for a passphrase."""
    return any(one.code in ("key_locked", "key_passphrase") for one in keys.findings)


def _sizes(token: Token) -> str:
    names = ("header", "payload", "signature")
    if token.kind == "JWE" or len(token.parts) < 2:
        return ""
    parts = [f"{name} {len(part.data):,}" for name, part in zip(names, token.parts, strict=False)]
    return f"{len(token.text):,} characters · {' · '.join(parts)} bytes"
