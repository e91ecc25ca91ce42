"""From whatever was pasted to the parts of a token, with everything noticed on the way.

A clean compact token takes the short way: three strict base64url reads. All else is explained character by character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from app.tokens import base64url, lossless_json
from app.tokens.findings import Finding, Segment, found, kind_of, named, quoted
from app.tokens.lossless_json import Document, Problem

TokenKind = Literal["JWS", "JWE", "SD-JWT", "unknown"]
Serialization = Literal["compact", "flattened", "general"]
_GRAVITY = {"not_a_token": 0, "two_segments": 0, "segment_count": 0, "white_space": 2, "invisible_character": 2}
_SEGMENTS: tuple[Segment, ...] = ("header", "payload", "signature")

_WRAPPER = re.compile(r"(?:(?:proxy-)?authorization\s*:\s*)?(?:bearer|dpop|jwt|token)[ \t]+", re.IGNORECASE)
_QUOTES = ('"', "'", "`")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOST_SEGMENTS = 6
# White space, and characters without a shape that copying from documents and web pages brings along.
_NO_SHAPE = r"\s\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff"
# Not the joiners, without which Persian and Indic names and many emoji cannot be written.
_HIDDEN = re.compile(r"[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_UNSEEN = re.compile(f"[{_NO_SHAPE}]")
_SEEN = re.compile(f"[^{_NO_SHAPE}]")


@dataclass(frozen=True, slots=True)
class Part:
    """One segment: its text, where it begins in the token without what was set aside, and its bytes."""

    text: str
    start: int
    data: bytes


class Token:
    """A token as read: kind, parts, header and payload, and the findings about its form.

    Nothing in it is verified. *places* gives for each character of the token, without what was set aside,
    its offset in the text that was given.
    """

    kind: TokenKind = "JWS"
    serialization: Serialization | None = "compact"
    form_findings: tuple[Finding, ...] = ()
    is_clean: bool
    """Whether a strict receiver takes the text as it stands (RFC 7515 §5.2)."""
    is_compact_jws: bool
    header: Document | None
    """The JOSE header, or None when the text has none."""
    signing_input: bytes
    """What the signature is over, as spelt in the token (RFC 7515 §5.2)."""
    signature: bytes

    def __init__(
        self,
        text: str,
        kind: TokenKind = "unknown",
        serialization: Serialization | None = None,
        parts: tuple[Part, ...] = (),
        findings: tuple[Finding, ...] = (),
        places: Sequence[int] = (),
    ) -> None:
        self.text = text
        self.kind = kind
        self.serialization = serialization
        self.form_findings = findings
        self._parts = parts
        self._places = places
        self.is_clean = not any(finding.level == "error" for finding in findings)
        self.is_compact_jws = kind == "JWS" and serialization == "compact" and len(parts) == 3
        self.header = _document(parts[0].data) if parts and parts[0].text else None
        self.signing_input = f"{parts[0].text}.{parts[1].text}".encode("utf-8", "surrogatepass") if len(parts) > 1 else b""
        self.signature = parts[2].data if len(parts) > 2 else b""

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        return self._parts

    @cached_property
    def places(self) -> Sequence[int]:
        return self._places

    @cached_property
    def payload(self) -> Document | None:
        """The payload as text with its JSON value, or None when there is none to read."""
        if self.kind == "JWE" or len(self.parts) < 2:
            return None
        return _document(self.parts[1].data)

    @property
    def alg(self) -> object:
        value = self.header.value if self.header else None
        return value.get("alg") if isinstance(value, dict) else None

    @property
    def gravest(self) -> Finding:
        """The finding about the form that decides: a missing part before a wrong character before white space."""
        errors = [finding for finding in self.form_findings if finding.level == "error"]
        return min(errors, key=lambda finding: _GRAVITY.get(finding.code, 1)) if errors else self.form_findings[-1]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed of the form, the header's JSON and the payload's JSON."""
        return (*self.form_findings, *self.header_findings, *self.payload_findings)

    @cached_property
    def header_findings(self) -> tuple[Finding, ...]:
        if self.header is None:
            return ()
        return tuple(self._json_findings("header", self.header, self.parts[0]))

    @cached_property
    def payload_findings(self) -> tuple[Finding, ...]:
        if self.payload is None:
            return ()
        if self.payload.is_plain_object:
            return ()
        if not self.parts[1].data:
            return (found("empty_payload", "payload"),)
        return tuple(self._json_findings("payload", self.payload, self.parts[1]))

    def _json_findings(self, segment: Segment, document: Document, part: Part) -> Iterator[Finding]:
        undecodable = _not_utf8(segment, part.data)
        if undecodable:
            yield undecodable
        if segment == "payload" and not document.readable and document.text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "[", "'"):
            yield found("not_json", segment)
            return
        for problem in document.problems:
            if problem.code == "not_utf8":
                continue
            place = self.place(segment, document, problem.offset, problem.length)
            where = f"line {place['line']}, column {place['column']}"
            name, _, values = problem.detail.partition("\0")
            facts: dict[str, Any] = {"where": where, "detail": quoted(name), "values": quoted(values, 120), "count": problem.count}
            finding = found(problem.code, segment, **place, **facts)
            yield replace(finding, message=f"{finding.message} {problem.more:,} more like it.") if problem.more else finding
        if not document.text.isascii():
            yield from self._hidden(segment, document)
        if document.readable and not isinstance(document.value, dict):
            need = "a header" if segment == "header" else "a JWT's claims set"
            code = "not_an_object" if segment == "header" else "claims_not_an_object"
            yield found(code, segment, kind=kind_of(document.value), need=need)

    def _hidden(self, segment: Segment, document: Document) -> Iterator[Finding]:
        """Characters that make a text read as something else (CVE-2021-42574); a byte order mark in front is another matter."""
        places = [match.start() for match in _HIDDEN.finditer(document.text) if match.start()]
        if places:
            place = self.place(segment, document, places[0], 1)
            facts: dict[str, Any] = {"name": named(document.text[places[0]]), "count": _more(len(places))}
            yield found("hidden_character", segment, **place, where=f"line {place['line']}, column {place['column']}", **facts)

    def place(self, segment: Segment, document: Document, offset: int, length: int) -> dict[str, Any]:
        """Where characters of a decoded segment stand: in the given text, and as line and column of the segment."""
        part = self.parts[0 if segment == "header" else 1]
        first = len(document.text[:offset].encode("utf-8", "surrogatepass"))
        size = len(document.text[offset : offset + length].encode("utf-8", "surrogatepass"))
        last = max(0, len(part.text) - 1)  # text that was not UTF-8 has grown in the reading
        begin = min(first * 4 // 3, last)
        end = max(begin, min(-(-(first + size) * 4 // 3) - 1, last))
        start = self.places[part.start + begin]
        line, column = document.position(offset)
        return {
            "offset": start,
            "length": max(0, min(self.places[part.start + end] + 1, len(self.text)) - start),
            "line": line,
            "column": column,
        }


def read(text: str) -> Token:
    """Read any text as a token; raises nothing."""
    if text.count(".") == 2 and text.isascii():
        raw = text.encode("ascii")
        header, payload, signature = raw.split(b".")
        header_data, payload_data, signature_data = base64url.decode(header), base64url.decode(payload), base64url.decode(signature)
        if header_data and payload_data is not None and signature_data is not None:
            return _Clean(text, raw[: len(raw) - len(signature) - 1], header_data, payload_data, signature_data)
    return _Explainer(text).token()


class _Clean(Token):
    """A compact token without a fault of form; its parts are made only when somebody looks at them."""

    is_clean = True
    is_compact_jws = True

    def __init__(self, text: str, signing_input: bytes, header: bytes, payload: bytes, signature: bytes) -> None:
        self.text = text
        self.signing_input = signing_input
        self.header = _document(header)
        self.signature = signature
        self._payload_data = payload

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        header, payload, signature = self.text.split(".")
        starts = (0, len(header) + 1, len(header) + len(payload) + 2)
        data = (base64url.decode(header.encode()) or b"", self._payload_data, self.signature)
        return tuple(Part(*part) for part in zip((header, payload, signature), starts, data, strict=True))

    @cached_property
    def payload(self) -> Document | None:
        return _document(self._payload_data)

    @cached_property
    def places(self) -> Sequence[int]:
        return range(len(self.text) + 1)


class _Explainer:
    """Reads what the short way refused, and notes why."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.notes: list[Finding] = []
        self.start = 0
        self.end = len(text)
        self.places: Sequence[int] = range(len(text) + 1)

    def token(self) -> Token:
        if not self.text.strip():
            return Token(self.text, findings=(found("empty_input", "token"),))
        self.set_wrapper_aside()
        self.places = range(self.start, self.end + 1)
        inner = self.text[self.start : self.end]
        if inner.lstrip().startswith("{"):
            form = _json_form(inner)
            if form:
                return Token(self.text, *form, findings=(found("json_serialization", "token", form=form[1]),))
        clean = self.without_space(inner)
        kind: TokenKind = "JWS"
        if "~" in clean:
            kind = "SD-JWT"
            clean, _, rest = clean.partition("~")
            count = sum(1 for one in rest.split("~") if one and "." not in one)
            self.notes.append(found("sd_jwt", "token", count=f"{count} disclosure{'s' if count != 1 else ''}"))
        return self.by_dots(clean, kind)

    def set_wrapper_aside(self) -> None:
        """Leave out `Bearer `, a header name and quotes: packaging, not part of the token."""
        begin = len(self.text) - len(self.text.lstrip())
        match = _WRAPPER.match(self.text, begin)
        if match:
            self.note_wrapper(f'Leading "{quoted(match.group().strip())}"', begin, len(match.group()))
            self.note_space_before(begin)
            self.start = match.end()
        inner = self.text[self.start :].strip()
        if len(inner) > 1 and inner[0] in _QUOTES and inner[-1] == inner[0]:
            begin = self.text.index(inner[0], self.start)
            end = self.text.rindex(inner[0])
            self.note_wrapper(f"The pair of quotes ({inner[0]})", begin, 1)
            self.note_space_before(begin)
            if end + 1 < self.end:
                self.note_space(end + 1, self.end - end - 1)
            self.start, self.end = begin + 1, end

    def note_space_before(self, begin: int) -> None:
        if self.text[self.start : begin].strip() == "" and begin > self.start:
            self.note_space(self.start, begin - self.start)

    def note_space(self, at: int, count: int) -> None:
        name = _SPACE_NAMES.get(self.text[at]) or named(self.text[at])
        self.notes.append(found("white_space", "token", offset=at, length=1, name=name, at=at, count=_more(count)))

    def note_wrapper(self, what: str, offset: int, length: int) -> None:
        self.notes.append(found("wrapper_removed", "token", offset=offset, length=length, what=what))

    def without_space(self, inner: str) -> str:
        """Leave out white space and invisible characters, noting each sort once."""
        places: dict[str, list[int]] = {}
        for match in _UNSEEN.finditer(inner):
            places.setdefault(match.group(), []).append(self.start + match.start())
        for character, found_at in places.items():
            code = "white_space" if character.isspace() else "invisible_character"
            name = _SPACE_NAMES.get(character) or named(character)
            self.notes.append(found(code, "token", offset=found_at[0], length=1, name=name, at=found_at[0], count=_more(len(found_at))))
        if not places:
            return inner
        self.places = [self.start + match.start() for match in _SEEN.finditer(inner)] + [self.end]
        return _UNSEEN.sub("", inner)

    def by_dots(self, clean: str, kind: TokenKind) -> Token:
        dots = clean.count(".")
        if dots == 0:
            return self.opaque(clean)
        texts = clean.split(".", _MOST_SEGMENTS)
        if dots == 4:
            return self.encrypted(texts)
        if dots == 1:
            self.notes.append(found("two_segments", "token", offset=self.places[len(clean)], length=0))
        elif dots != 2:
            surplus = len(".".join(texts[:3]))
            at, extra = self.places[surplus], len(clean) - surplus
            text = f"The first three are read; {extra} characters at offset {at} are surplus."
            self.notes.append(found("segment_count", "token", offset=at, length=extra, count=dots + 1, surplus=text))
        return self.make(kind, texts[:3])

    def encrypted(self, texts: list[str]) -> Token:
        token = self.make("JWE", texts)
        value = token.header.value if token.header else None
        words = "header not readable"
        if isinstance(value, dict):
            named_ = (f'{name} "{quoted(value[name])}"' for name in ("alg", "enc") if isinstance(value.get(name), str))
            words = ", ".join(named_) or "alg and enc missing"
        token.form_findings = (*token.form_findings, found("encrypted", "token", header=words))
        return token

    def make(self, kind: TokenKind, texts: list[str]) -> Token:
        parts: list[Part] = []
        start = 0
        for index, text in enumerate(texts):
            data, faults = base64url.explain(text)
            if kind != "JWE" or index == 0:
                self.note_faults(_SEGMENTS[index], faults, start)
            parts.append(Part(text, start, data))
            start += len(text) + 1
        return Token(self.text, kind, "compact", tuple(parts), tuple(self.notes), self.places)

    def note_faults(self, segment: Segment, faults: tuple[base64url.Fault, ...], start: int) -> None:
        for fault in faults:
            at = self.places[start + fault.offset]
            facts: dict[str, Any] = {
                "text": fault.text,
                "name": named(fault.text[0]),
                "canonical": fault.canonical,
                "at": at,
                "count": _more(fault.count),
            }
            self.notes.append(found(fault.code, segment, offset=at, length=fault.length, **facts))

    def opaque(self, clean: str) -> Token:
        """No dots: a lone segment is shown if it holds JSON, anything else is named as far as possible."""
        data = base64url.decode(clean.encode()) if clean.isascii() else None
        document = _document(data) if data else None
        count = "1 segment, no dots"
        if document and isinstance(document.value, dict):
            name = "header" if "alg" in document.value else "payload"
            note = found("not_a_token", "token", count=count, guess=f"It is a {name} alone; it is shown, nothing can be verified.")
            part = Part(clean, 0, data or b"")
            parts = (part,) if name == "header" else (Part("", 0, b""), part)
            return Token(self.text, parts=parts, findings=(*self.notes, note), places=self.places)
        if _UUID.fullmatch(clean):
            guess = "It looks like a UUID, an opaque reference token: ask its issuer (introspection); it cannot be decoded."
        elif "-----BEGIN" in self.text:
            guess = "It is a PEM: paste it into the key box."
        elif clean.startswith(("{", "[")):
            guess = "It is JSON: the payload of a token can be typed into the payload pane."
        else:
            guess = "If it is an opaque reference token, ask its issuer (introspection); it cannot be decoded."
        return Token(self.text, findings=(*self.notes, found("not_a_token", "token", count=count, guess=guess)))


_SPACE_NAMES = {"\n": "Line break", "\r": "Carriage return", "\t": "Tab", " ": "Space"}


def _document(data: bytes) -> Document:
    try:
        return lossless_json.read(data.decode("utf-8"))
    except UnicodeDecodeError:
        document = lossless_json.read(data.decode("utf-8", "replace"))
        document.problems = (*document.problems, Problem("not_utf8", 0, 1))
        return document


def _not_utf8(segment: Segment, data: bytes) -> Finding | None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        latin = data.decode("latin-1")
        at = error.start
        around = latin[max(0, at - 12) : at + 12]
        guess = f'; as Latin-1 it reads "{quoted(around)}"' if around.isprintable() else ""
        return found("not_utf8", segment, byte=f"{data[at]:02X}", at=at, guess=guess)
    return None


def _json_form(inner: str) -> tuple[TokenKind, Serialization] | None:
    value = lossless_json.read(inner).value
    if not isinstance(value, dict):
        return None
    if "ciphertext" in value:
        return "JWE", "general" if "recipients" in value else "flattened"
    if "payload" in value and ("signature" in value or "signatures" in value):
        return "JWS", "general" if "signatures" in value else "flattened"
    return None


def _more(count: int) -> str:
    return f" (and {count - 1} more)" if count > 1 else ""
