"""A report on a token to hand to others, as JSON and as Markdown: it holds no key, no signature and no token that could be used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from app import tokens
from app.reports.facts import Raw, as_json, brought, judged
from app.reports.statements import LABELS, OUTCOMES
from app.tokens import lossless_json, times
from app.tokens.lossless_json import Document

LEFT_OUT = "the token itself, its signature, the key, and the signatures of tokens in claims"
# Each run of characters is looked at from its beginning only, and never given back: a text of any length is read once.
_SIGNED = re.compile(r"(?<![\w-])(e[wy][\w-]{2,}+\.[\w-]*+)(?:\.[\w-]++)+(?:~[\w.~-]*+)?", re.ASCII)
_KNOWN_SECRET = re.compile(r'the well-known secret ".*"')
_MARKS = re.compile(r"[\\`*<>\[\]|#~]|(?<!\w)_|_(?!\w)")
_SHORT = 8


def to_hand_on(report: tokens.Report) -> str:
    """The facts as JSON text that may be handed on."""
    clean = _cleaner(report)
    told = judged(report) | brought(report, check=False)
    for part in ("findings", "checks"):
        told[part] = [{name: _words(value, clean) for name, value in one.items() if name != "repairs"} for one in told[part]]
    for one in (told["signature"], told["decryption"], *told.get("signatures", ())):
        if one:
            one["because"] = clean(one["because"])
    judging = as_json({"at": Raw(str(report.at)), "leeway": Raw(str(report.leeway)), "expect": dict(_expected(report))})
    return without_signatures(lossless_json.indent(as_json(told | {"judged": Raw(judging), "left_out": LEFT_OUT}))) + "\n"


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
