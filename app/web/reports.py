"""A report on a token to hand to others: as facts for programs, as JSON and as Markdown for people.

The API answers with the facts as they are. What is handed on holds no key, no signature and no token that could be used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from app import tokens
from app.tokens import lossless_json, times
from app.tokens.envelope import Token
from app.tokens.lossless_json import Document
from app.tokens.sd_jwt import Presentation
from app.web.present import LABELS

OUTCOMES = {"passed": "Passed", "failed": "Failed", "warned": "Warning", "not_checked": "Not checked"}
LEFT_OUT = "the token itself, its signature, the key, and the signatures of tokens in claims"
_FINDING = ("code", "level", "segment", "offset", "length", "line", "column", "message", "fix", "spec")
# Each run of characters is looked at from its beginning only, and never given back: a text of any length is read once.
_SIGNED = re.compile(r"(?<![\w-])(e[wy][\w-]{2,}+\.[\w-]*+)(?:\.[\w-]++)+(?:~[\w.~-]*+)?", re.ASCII)
_KNOWN_SECRET = re.compile(r'the well-known secret ".*"')
_MARKS = re.compile(r"[\\`*<>\[\]|#~]|(?<!\w)_|_(?!\w)")
_SHORT = 8


class Raw(str):
    """Text that is JSON already."""

    __slots__ = ()


def as_json(facts: Mapping[str, Any]) -> str:
    """The facts as JSON text, numbers of the token as they were written."""
    return "{" + ",".join(f"{json.dumps(name)}:{_written(one)}" for name, one in facts.items()) + "}"


def _written(value: Any) -> str:
    if isinstance(value, Raw):
        return value
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return f"[{','.join(map(as_json, value))}]"
    return json.dumps(value)


def decoded(read: tokens.Decoded) -> dict[str, Any]:
    """What was read of a token, and of those inside it."""
    return _read(read) | _nested([as_json(_read(one)) for one in read.nested])


def _read(read: tokens.Decoded) -> dict[str, Any]:
    header, payload = read.documents
    return {
        "kind": read.kind,
        "serialization": read.serialization,
        "header": _exact(header) if isinstance(read.header, dict) else None,
        "payload": _exact(payload),
        "payload_text": read.payload_text,
        "findings": [finding(one) for one in read.findings],
        **_signatures(read),
    } | _disclosed(read.token.disclosed)


def _signatures(read: tokens.Decoded) -> dict[str, Any]:
    """Of a JWS in JSON serialization each signature: its headers, and in a report its verdict."""
    if isinstance(read, tokens.Report):
        rows = [_headers(token) | _verdict_on(signature) for token, signature in read.signatures]
    else:
        rows = [_headers(token) for token in read.token.signatures]
    return {"signatures": rows} if rows else {}


def _headers(token: Token) -> dict[str, Any]:
    """The headers of one signature in JSON serialization: both as one, the protected, and the one that anyone can change."""
    documents = {"header": token.header, "protected": token.protected, "unprotected": token.unprotected}
    return {name: _exact(one) if one and isinstance(one.value, dict) else None for name, one in documents.items()}


def facts(report: tokens.Report, *, check_brought: bool = False) -> dict[str, Any]:
    """All that is known of a token with a key; *check_brought*: also whether its signature fits the keys it brought."""
    return _judged(report) | _nested([as_json(_judged(one)) for one in report.nested]) | _brought(report, check_brought)


def _nested(layers: list[str]) -> dict[str, Any]:
    """The tokens inside, the outermost of them first."""
    return {"nested": Raw(f"[{','.join(layers)}]")} if layers else {}


def _judged(report: tokens.Report) -> dict[str, Any]:
    decryption = {"status": report.decryption.status, "because": report.decryption.because} if report.decryption else None
    checks = [_check(one) for one in report.checks]
    told = _read(report) | {
        "signature": _verdict_on(report.signature),
        "decryption": decryption,
        "accepted": report.accepted,
        "checks": checks,
    }
    return told | _key_binding(report)


def _verdict_on(signature: tokens.Signature) -> dict[str, Any]:
    return {
        "status": signature.status,
        "algorithm": signature.algorithm,
        "key": signature.key.summary() if signature.key else None,
        "because": signature.because,
        "matches": signature.matches,
    }


def _check(one: tokens.Check) -> dict[str, Any]:
    told: dict[str, Any] = {"name": one.name, "outcome": one.outcome, "because": one.because, "spec": one.spec}
    if one.repairs:
        told["repairs"] = [asdict(repair) for repair in one.repairs]
    return told


def finding(one: tokens.Finding) -> dict[str, Any]:
    """One finding, with the changes that would mend it if there are any."""
    told = {name: getattr(one, name) for name in _FINDING}
    if one.repairs:
        told["repairs"] = [asdict(repair) for repair in one.repairs]
    return told


def to_hand_on(report: tokens.Report) -> str:
    """The facts as JSON text that may be handed on."""
    clean = _cleaner(report)
    told = _judged(report) | _brought(report, check=False)
    for part in ("findings", "checks"):
        told[part] = [{name: _words(value, clean) for name, value in one.items() if name != "repairs"} for one in told[part]]
    for one in (told["signature"], told["decryption"], *told.get("signatures", ())):
        if one:
            one["because"] = clean(one["because"])
    judged = as_json({"at": Raw(str(report.at)), "leeway": Raw(str(report.leeway)), "expect": dict(_expected(report))})
    return without_signatures(lossless_json.indent(as_json(told | {"judged": Raw(judged), "left_out": LEFT_OUT}))) + "\n"


def markdown(report: tokens.Report) -> str:
    """The report as Markdown that may be handed on."""
    clean = _cleaner(report)
    lines = ["# JWT report", "", *_verdict(report, clean), "", "## Checks", "", *_checks(report, clean)]
    for name, document in zip(("Header", "Payload"), report.documents, strict=True):
        if document is not None:
            lines += ["", f"## {name}", "", *_fenced(document)]
    lines += ["", "## What was noticed", "", *_findings(report, clean), *_brought_lines(report)]
    lines += ["", f"Left out of this report: {LEFT_OUT}."]
    return without_signatures("\n".join(lines)) + "\n"


def without_signatures(text: str) -> str:
    """*text* with the signature cut off every signed token in it, and all but the beginning of every encrypted one."""
    return _SIGNED.sub(r"\1.…", text)


def _verdict(report: tokens.Report, clean: Callable[[str], str]) -> Iterator[str]:
    failed = [LABELS.get(one.name, one.name).lower() for one in report.checks if one.outcome == "failed"]
    word = "Accepted" if report.accepted else f"Not accepted{': ' if failed else ''}{', '.join(failed)}"
    yield f"**{word}.** {_escaped(clean(report.signature.because))}"
    leeway = f", with a leeway of {report.leeway} s" if report.leeway else ""
    expected = "".join(f", {name} {_escaped(str(value))}" for name, value in _expected(report))
    yield ""
    yield f"Judged as of {times.utc(report.at)}{leeway}{f'; expected{expected[1:]}' if expected else ''}."


def _checks(report: tokens.Report, clean: Callable[[str], str]) -> Iterator[str]:
    for number, one in enumerate(report.checks, 1):
        label = one.label or LABELS.get(one.name, one.name)
        yield f"{number}. **{OUTCOMES[one.outcome]}** {_escaped(label)}: {_escaped(clean(one.because))}{_spec(one.spec)}"


def _findings(report: tokens.Report, clean: Callable[[str], str]) -> Iterator[str]:
    if not report.findings:
        yield "Nothing out of the ordinary."
    for one in report.findings:
        place = f"{one.segment}, {one.where}" if one.where else one.segment
        fix = f" {_escaped(clean(one.fix))}" if one.fix else ""
        yield f"- **{one.level.capitalize()}** in the {place}: {_escaped(clean(one.message))}{fix}{_spec(one.spec)}"


def _brought_lines(report: tokens.Report) -> Iterator[str]:
    if report.brought:
        yield from ("", "## Keys in the token", "", "They came with the token and prove nothing by themselves.", "")
    for one in report.brought:
        key = f" {one.key.name}, thumbprint `{one.key.thumbprint()}`." if one.key and one.key.secret is None else ""
        yield f"- `{one.parameter}`: {one.row.what}{key}"


def _fenced(document: Document) -> list[str]:
    """The text in a fence longer than any that it holds."""
    text = tokens.for_reading(document)[0]
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
    return [f"{fence}{'json' if document.readable else ''}", text, fence]


def _spec(spec: str | None) -> str:
    return f" ({spec})" if spec else ""


def _escaped(text: str) -> str:
    """*text* on one line, meaning only itself in Markdown."""
    return _MARKS.sub(r"\\\g<0>", " ".join(text.split()))


def _expected(report: tokens.Report) -> Iterator[tuple[str, Any]]:
    """What was expected of the token; what belongs to its request is nobody else's business."""
    expect = report.expect
    for name in ("algorithms", "issuer", "audience", "type", "profile"):
        value = getattr(expect, name)
        if value:
            yield name, ", ".join(value) if name == "algorithms" else value


def _cleaner(report: tokens.Report) -> Callable[[str], str]:
    """A function that takes out of a sentence what the key box holds, and secrets that everybody knows."""
    box = report.keys.text.strip()
    held = [box, *box.splitlines()] if len(box) >= _SHORT else []
    texts = sorted({one.strip() for one in held if len(one.strip()) >= _SHORT and not one.startswith("-----")}, key=len, reverse=True)

    def clean(sentence: str) -> str:
        sentence = _KNOWN_SECRET.sub("a well-known secret", sentence)
        for text in texts:
            if text in sentence:
                sentence = sentence.replace(text, "…")
        return sentence.replace(f'"{box}"', '"…"') if box else sentence

    return clean


def _words(value: Any, clean: Callable[[str], str]) -> Any:
    return clean(value) if isinstance(value, str) else value


def _disclosed(shown: Presentation | None) -> dict[str, Any]:
    """What an SD-JWT discloses: the claims with it put back, each disclosure, and how many digests have none."""
    if shown is None:
        return {}
    rows = [
        as_json(
            {
                "index": index,
                "salt": one.salt if isinstance(one.salt, str) else None,
                "name": one.name,
                "value": Raw(one.value_text) if one.value_text and one.document and one.document.exact is not None else None,
                "digest": one.digest or None,
                "path": list(one.path) if one.where != "nowhere" else None,
                "found": one.where != "nowhere",
                "fault": one.fault or None,
            }
        )
        for index, one in enumerate(shown.disclosures)
    ]
    return {"disclosed": _exact(shown.claims), "disclosures": Raw(f"[{','.join(rows)}]"), "undisclosed": shown.undisclosed}


def _key_binding(report: tokens.Report) -> dict[str, Any]:
    """The verdict on the key binding JWT of an SD-JWT; null when it has none."""
    if report.token.disclosed is None:
        return {}
    bound = report.key_binding
    if bound is None:
        return {"key_binding": None}
    header, payload = bound.token.header, bound.token.payload
    told = {
        "status": bound.status,
        "because": bound.because,
        "key": bound.signature.key.summary() if bound.signature.key else None,
        "header": _exact(header),
        "payload": _exact(payload),
        "checks": [{name: value for name, value in _check(one).items() if name != "repairs"} for one in bound.checks],
    }
    return {"key_binding": Raw(as_json(told))}


def _brought(report: tokens.Report, check: bool) -> dict[str, Any]:
    """The keys that the token itself brought, if it did; on request whether its signature fits them, which is no verdict."""
    rows = [one.summary() for one in report.brought]
    for row, one in zip(rows, report.brought, strict=True):
        if check:
            match = report.check_brought(one.parameter)
            row |= {"matches": match.matches, "because": match.because}
    return {"brought": rows} if rows else {}


def _exact(document: Document | None) -> Raw | None:
    """The JSON value with its numbers as written; a header or claims set that is not JSON is null."""
    text = document.exact if document else None
    return Raw(text) if text is not None else None
