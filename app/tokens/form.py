"""A token as read: its parts, its JSON, and the findings about both. Nothing in it is verified."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from app.tokens import base64url, lossless_json, oddities, repairs
from app.tokens.compression import Inflated, inflate
from app.tokens.findings import Finding, Repair, Segment, found, kind_of, named, quoted
from app.tokens.lossless_json import Document, Problem
from app.tokens.registry import CLAIMS
from app.tokens.sd_jwt import Presentation

TokenKind = Literal["JWS", "JWE", "SD-JWT", "unknown"]
Serialization = Literal["compact", "flattened", "general"]
_GRAVITY = {"not_a_token": 0, "truncated": 0, "two_segments": 0, "segment_count": 0, "white_space": 2, "invisible_character": 2}
_NUMBERS = ("json_big_integer", "json_long_integer", "json_number_precision", "json_number_range")
_WHOLE = ("sd_jwt", "json_serialization", "encrypted")
# Not the joiners, without which Persian and Indic names and many emoji cannot be written.
_HIDDEN = re.compile(r"[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_TOKEN_TYPE = re.compile(r"(?:application/)?(?:[a-z0-9.-]+\+)?(?:sd-)?jwt", re.IGNORECASE)


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
    is_signed: bool
    """Whether it bears one signature that can be judged: a compact JWS, that of an SD-JWT, the only one of a JSON form."""
    header: Document | None
    """The JOSE header, or None when the text has none."""
    signing_input: bytes
    """What the signature is over, as spelt in the token (RFC 7515 §5.2)."""
    signature: bytes
    plaintext: bytes | None = None
    """What a key made of an encrypted token; verify sets it."""
    members: Mapping[str, Any] = MappingProxyType({})
    """The object of a JWE in JSON serialization, whose recipients and headers the segments do not tell."""
    signatures: tuple[Token, ...] = ()
    """Of a JWS in JSON serialization, each signature as a token of its own, this one among them."""
    unprotected: Document | None = None
    """The unprotected header of a signature in JSON serialization, which is part of *header* too."""
    is_unencoded: bool = False
    """Whether the payload stands in the token as it is, not in base64url (RFC 7797)."""
    is_numeric: bool = False
    """Whether each character was given as two digits (`shc:/`)."""
    disclosed: Presentation | None = None
    """What an SD-JWT discloses (RFC 9901)."""

    def __init__(
        self,
        text: str,
        kind: TokenKind = "unknown",
        serialization: Serialization | None = None,
        parts: tuple[Part, ...] = (),
        findings: tuple[Finding, ...] = (),
        places: Sequence[int] = (),
        header_text: str | None = None,
    ) -> None:
        self.text = text
        self.kind = kind
        self.serialization = serialization
        self.form_findings = findings
        self._parts = parts
        self._places = places
        self._has_own_header = header_text is not None
        self.is_clean = not any(finding.level == "error" for finding in findings)
        self.is_compact_jws = kind == "JWS" and serialization == "compact" and len(parts) == 3
        self.is_signed = kind in ("JWS", "SD-JWT") and len(parts) == 3
        if header_text is not None:
            self.header = lossless_json.read(header_text)
        else:
            self.header = document(parts[0].data) if parts and parts[0].text else None
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
        if self.kind == "JWE":
            return document(self.plaintext) if self.plaintext is not None else None
        if len(self.parts) < 2:
            return None
        return document(self._content(self.parts[1].data))

    @cached_property
    def inflated(self) -> Inflated | None:
        """What became of a payload that the header says is compressed; None when it says nothing of it."""
        value = self.header.value if self.header else None
        if not isinstance(value, dict) or value.get("zip") != "DEF" or self.kind != "JWS" or self.is_unencoded:
            return None
        return inflate(self.parts[1].data) if len(self.parts) > 1 and self.parts[1].data else None

    def _content(self, data: bytes) -> bytes:
        """The payload's bytes, inflated if they can be."""
        return self.inflated.data if self.inflated and self.inflated.data is not None else data

    @property
    def protected(self) -> Document | None:
        """The protected header alone."""
        return document(self.parts[0].data) if self.parts and self.parts[0].text else None

    @property
    def alg(self) -> object:
        value = self.header.value if self.header else None
        return value.get("alg") if isinstance(value, dict) else None

    @property
    def claims(self) -> Any:
        """What is claimed: the value of the payload, of an SD-JWT with everything disclosed put back in its place."""
        if self.disclosed and self.disclosed.claims:
            return self.disclosed.claims.value
        return self.payload.value if self.payload else None

    @property
    def is_detached(self) -> bool:
        """Whether it is signed and leaves its payload out (RFC 7515 Appendix F), or has an empty one: nobody can tell."""
        return self.kind == "JWS" and bool(self.signature) and covers_nothing(self.signing_input)

    @cached_property
    def inner(self) -> str | None:
        """The token that is the whole payload of this one, as it stands there (RFC 7519 §5.2), or None."""
        document = self.payload
        if document is None or document.readable or oddities.COMPACT.fullmatch(document.text.strip()) is None:
            return None
        return document.text

    @property
    def announces_inner(self) -> bool:
        """Whether the header says, as RFC 7519 §5.2 demands, that the payload is a token; of an encrypted one it is taken as said."""
        value = self.header.value if self.header else None
        cty = value.get("cty") if isinstance(value, dict) else None
        return self.kind == "JWE" or (isinstance(cty, str) and _TOKEN_TYPE.fullmatch(cty) is not None)

    @property
    def gravest(self) -> Finding:
        """The finding about the form that decides: a missing part before a wrong character before white space."""
        errors = [finding for finding in self.form_findings if finding.level == "error"]
        if errors:
            return min(errors, key=lambda finding: _GRAVITY.get(finding.code, 1))
        return next((finding for finding in self.form_findings if finding.code in _WHOLE), self.form_findings[-1])

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
        if self.payload.is_plain_object and not oddities.may_have(self.payload):
            return ()
        part = self.parts[1] if self._payload_has_places else Part("", 0, self.plaintext or self._content(b""))
        if not part.data:
            return (found("empty_payload", "payload"),) if self.kind != "JWE" else ()
        return tuple(self._json_findings("payload", self.payload, part))

    def _json_findings(self, segment: Segment, document: Document, part: Part) -> Iterator[Finding]:
        undecodable = self._not_utf8(segment, document, part.data)
        if undecodable:
            yield undecodable
        if segment == "header" and not document.readable:
            guess = oddities.other_than_json(part.text, part.data, None)
            if guess:
                yield found("segment_encoding", segment, guess=guess)
        if segment == "payload" and self.kind == "JWE" and not document.readable and document.text.lstrip()[:1] != "{":
            return  # a JWE may carry anything; its own rules say what this is
        if segment == "payload" and self.inner is not None and self.announces_inner:
            what = "an encrypted token (JWE)" if self.inner.count(".") == 4 else "a signed token"
            yield found("jws_nested", segment, what=what, repairs=(Repair("Open the inner token", "token", self.inner.strip()),))
            return
        if segment == "payload" and not document.readable and not _is_meant_as_json(document.text):
            header = self.header.value if self.header and not self.inflated else None
            guess = "b64 is false: it stands in the token as it is."
            if not self.is_unencoded:
                guess = oddities.other_than_json(part.text, part.data, header)
            shown = f' ("{quoted(document.text, 40)}")' if not undecodable else ""
            yield found("not_json", segment, shown=shown, guess=f" {guess}" if guess else "")
            return
        for problem in document.problems:
            if problem.code != "not_utf8":
                yield told(segment, document, problem, self.place(segment, document, problem.offset, problem.length))
        if document.readable and oddities.may_have(document):
            for problem in oddities.of(document):
                yield told(segment, document, problem, self.place(segment, document, problem.offset, problem.length))
            yield from self._nested(segment, document)
        if not document.text.isascii():
            yield from self._hidden(segment, document)
        if document.readable and not isinstance(document.value, dict):
            need = "a header" if segment == "header" else "a JWT's claims set"
            code = "not_an_object" if segment == "header" else "claims_not_an_object"
            yield found(code, segment, kind=kind_of(document.value), need=need)

    def _nested(self, segment: Segment, document: Document) -> Iterator[Finding]:
        """A token inside the token: what it says is not vouched for by the outer reading alone."""
        for entry in oddities.nested_tokens(document):
            place = self.place(segment, document, entry.start, entry.end - entry.start)
            yield found("nested_token", segment, **place, name=quoted(entry.name), size=len(entry.value), repairs=repairs.read_other(entry))

    def _hidden(self, segment: Segment, document: Document) -> Iterator[Finding]:
        """Characters that make a text read as something else (CVE-2021-42574); a byte order mark in front is another matter."""
        places = [match.start() for match in _HIDDEN.finditer(document.text) if match.start()]
        if places:
            place = self.place(segment, document, places[0], 1)
            facts: dict[str, Any] = {"name": named(document.text[places[0]]), "count": more(len(places))}
            mend = repairs.without(segment, document.text, places)
            yield found(
                "hidden_character", segment, **place, where=f"line {place['line']}, column {place['column']}", **facts, repairs=mend
            )

    def _not_utf8(self, segment: Segment, document: Document, data: bytes) -> Finding | None:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            at = error.start
            latin = data[max(0, at - 12) : at + 12].decode("latin-1")
            guess = f'; as Latin-1 it reads "{quoted(latin)}", so the issuer probably encodes as ISO 8859-1' if latin.isprintable() else ""
            before = data[:at].decode("utf-8")
            place = self.place(segment, document, len(before), 1)
            if place["offset"] is None:
                return found("not_utf8", segment, **place, byte=f"{data[at]:02X}", at=at, guess=guess)
            if not self._has_own_header or segment == "payload":
                part = self.parts[0 if segment == "header" else 1]
                place["offset"] = self.places[part.start + min(at * 4 // 3, max(0, len(part.text) - 1))]
            place["length"] = min(2, len(self.text) - place["offset"])
            return found("not_utf8", segment, **place, byte=f"{data[at]:02X}", at=at, guess=guess)
        return None

    @property
    def _payload_has_places(self) -> bool:
        """Whether the payload's characters stand in the text, neither encrypted nor compressed."""
        return self.kind != "JWE" and (self.inflated is None or self.inflated.data is None)

    def place(self, segment: Segment, document: Document, offset: int, length: int) -> dict[str, Any]:
        """Where characters of a decoded segment stand: in the given text, and as line and column of the segment."""
        line, column = document.position(offset)
        if segment == "payload" and not self._payload_has_places:
            return {"offset": None, "length": None, "line": line, "column": column}
        part = self.parts[0 if segment == "header" else 1]
        if segment == "header" and self._has_own_header:  # put together of two headers: only the whole has a place
            start = self.places[part.start] if part.text else 0
            return {"offset": start, "length": min(len(part.text), len(self.text) - start), "line": line, "column": column}
        if segment == "payload" and self.is_unencoded:
            start, end = (self.places[part.start + min(at, len(part.text))] for at in (offset, offset + length))
            return {"offset": start, "length": max(0, end - start), "line": line, "column": column}
        first = len(document.text[:offset].encode("utf-8", "surrogatepass"))
        size = len(document.text[offset : offset + length].encode("utf-8", "surrogatepass"))
        last = max(0, len(part.text) - 1)  # text that was not UTF-8 has grown in the reading
        begin = min(first * 4 // 3, last)
        end = max(begin, min(-(-(first + size) * 4 // 3) - 1, last))
        start = self.places[part.start + begin]
        return {
            "offset": start,
            "length": max(0, min(self.places[part.start + end] + 1, len(self.text)) - start),
            "line": line,
            "column": column,
        }


def document(data: bytes) -> Document:
    """The JSON of a segment's bytes; what is not UTF-8 is shown with marks of replacement."""
    try:
        return lossless_json.read(data.decode("utf-8"))
    except UnicodeDecodeError:
        read = lossless_json.read(data.decode("utf-8", "replace"))
        read.problems = (*read.problems, Problem("not_utf8", 0, 1))
        return read


def told(segment: Segment, document: Document, problem: Problem, place: Mapping[str, Any]) -> Finding:
    """The finding for what is wrong with the JSON of *document*; *place*: its line and column, and where it stands in the token."""
    name, _, values = problem.detail.partition("\0")
    spelt = [document.text[at : at + 40] for at in problem.others]
    member = _member_at(document, problem.offset) if problem.code in _NUMBERS else None
    is_date = member is not None and member in CLAIMS and CLAIMS[member].show == "time"
    facts: dict[str, Any] = {
        "member": f"{quoted(member)}: " if member is not None and problem.code == "json_big_integer" else "",
        "fix": "Write whole seconds since 1970." if is_date else "Send it as a string.",
        "times": "twice" if problem.count == 2 else f"{problem.count} times",
        "offsets": " and ".join(str(at) for at in problem.others[:5]),
        "escaped": ", once spelt with escapes" if any("\\u" in one.split('"')[1] for one in spelt if one[:1] == '"') else "",
        "where": f"line {place['line']}, column {place['column']}",
        "detail": quoted(name),
        "values": quoted(values, 120),
        "count": f"{problem.count:,}",
        "plural": "s" if problem.count != 1 else "",
        "spec": "RFC 7515 §4" if segment == "header" else "RFC 7519 §4",
    }
    mends = () if is_date else repairs.of_json(segment, document.text, problem)  # a date as a string would be none
    finding = found(problem.code, segment, **place, **facts, repairs=mends)
    return replace(finding, message=f"{finding.message} {problem.more:,} more like it.") if problem.more else finding


def is_unencoded(header: object, payload: str) -> bool:
    """Whether *payload* is to be read as it stands: b64 is false and critical, or false and the payload is no base64url (RFC 7797 §3)."""
    if not isinstance(header, dict) or header.get("b64") is not False or "enc" in header:
        return False
    crit = header.get("crit")
    if isinstance(crit, list) and "b64" in crit:
        return True
    return not payload.isascii() or base64url.decode(payload.encode()) is None


def covers_nothing(signing_input: bytes) -> bool:
    """Whether what is signed is a header alone."""
    return signing_input.endswith(b".") and signing_input.count(b".") == 1


def _is_meant_as_json(text: str) -> bool:
    """Whether a text that cannot be read begins as JSON does; a zero byte in second place is UTF-16."""
    return text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[", "'", "/") and text[1:2] != "\0"


def _member_at(document: Document, offset: int) -> str | None:
    """The name of the top-level member whose value begins at *offset*."""
    return next((entry.name for entry in document.members if entry.start == offset), None)


def more(count: int) -> str:
    """` (and 3 more)` of four, nothing of one."""
    return f" (and {count - 1} more)" if count > 1 else ""
