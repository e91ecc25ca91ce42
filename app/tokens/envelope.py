"""From whatever was pasted to the parts of a token, with everything noticed on the way.

A clean compact token takes the short way: three strict base64url reads. All else is explained character by character.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import Any

from app.tokens import base64url, escapes, extract, foreign, health_card, json_form, lossless_json, sd_jwt
from app.tokens.algorithms import ALGORITHMS, CONTENT_ENCRYPTION, KEY_MANAGEMENT
from app.tokens.extract import Taken
from app.tokens.findings import Finding, Repair, Segment, found, named, quoted
from app.tokens.form import Part, Serialization, Token, TokenKind, document, is_unencoded, more
from app.tokens.json_form import JsonForm
from app.tokens.lossless_json import Document
from app.tokens.sd_jwt import notes as sd_jwt_notes

__all__ = ["MAX_CHARACTERS", "Part", "Serialization", "Token", "TokenKind", "read"]

MAX_CHARACTERS = 2**20
_SEGMENTS: tuple[Segment, ...] = ("header", "payload", "signature")
_WRAPPER = re.compile(r"(?:(?:proxy-)?authorization\s*:\s*)?(?:bearer|dpop|jwt|token)[ \t]++(?![=:])", re.IGNORECASE)
_QUOTES = {'"': "double quotes (a JSON string was pasted)", "'": "single quotes", "`": "backticks"}
# JSON and keys, which may hold dots and are no token all the same.
_NO_TOKENS = ("{", "ssh-", "ecdsa-sha2-")
_MOST_SEGMENTS = 6
_MOST_LISTED = 20
# More dots than a text has that somebody shortened with three of them.
_MOST_DOTS = 1000
_LONGEST_REPAIR = 65_536
# White space, and characters without a shape that copying from documents and web pages brings along.
_NO_SHAPE = (
    r"\s\x00\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_UNSEEN = re.compile(f"[{_NO_SHAPE}]")
_SEEN = re.compile(f"[^{_NO_SHAPE}]")
_SPACE_NAMES = {"\n": "line break", "\r": "carriage return", "\t": "tab", " ": "space"}
_MOST_NAMES = 3
_ELLIPSIS = re.compile(r"\[(?:\.\.\.|…)\]|(?<!\.)\.\.\.(?!\.)|(?<=[A-Za-z0-9_-]\.)\.\.\.\Z|…")
_FULL_STOPS = re.compile("[\uff0e\u3002\u2024]")


def read(text: str) -> Token:
    """Read any text as a token; raises nothing."""
    if text.count(".") == 2 and text.isascii():
        raw = text.encode("ascii")
        header, payload, signature = raw.split(b".")
        header_data, payload_data, signature_data = base64url.decode(header), base64url.decode(payload), base64url.decode(signature)
        is_bare = header_data and _has_unencoded_payload(header_data, payload)
        if header_data and payload_data is not None and signature_data is not None and not is_bare:
            return _Clean(text, raw[: len(raw) - len(signature) - 1], header_data, payload_data, signature_data)
    return _Explainer(text).token()


def _has_unencoded_payload(header: bytes, payload: bytes) -> bool:
    """RFC 7797; a header that does not name b64, not even with escapes, need not be read for it."""
    return (b"b64" in header or b"\\" in header) and is_unencoded(document(header).value, payload.decode("utf-8", "surrogatepass"))


class _Clean(Token):
    """A compact token without a fault of form; its parts are made only when somebody looks at them."""

    is_clean = True
    is_compact_jws = True
    is_signed = True
    _has_own_header = False

    def __init__(self, text: str, signing_input: bytes, header: bytes, payload: bytes, signature: bytes) -> None:
        self.text = text
        self.signing_input = signing_input
        self.header = document(header)
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
        return document(self._content(self._payload_data))

    @cached_property
    def places(self) -> Sequence[int]:
        return range(len(self.text) + 1)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        case = foreign.lost_case(self.text)
        lost = (found("case_lost", "token", offset=0, length=len(self.text), case=case),) if case else ()
        return (*lost, *super().findings)


class _Explainer:
    """Reads what the short way refused, and notes why."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.notes: list[Finding] = []
        self.start = 0
        self.end = len(text)
        self.places: Sequence[int] = range(len(text) + 1)
        self.widths: dict[int, int] = {}
        """Of each place where an escape stood, how many characters it took."""

    def token(self) -> Token:
        if not self.text.strip():
            return Token(self.text, findings=(found("empty_input", "token"),))
        if len(self.text) > MAX_CHARACTERS:
            return Token(self.text, findings=(found("input_too_long", "token", count=f"{len(self.text):,}"),))
        self.set_wrapper_aside()
        whole = self.in_json() or self.unencoded() or self.health_card()
        if whole:
            return whole
        self.take_out()
        inner = self.text[self.start : self.end].strip()
        if inner.startswith(_NO_TOKENS) or "-----BEGIN " in inner:
            return self.opaque(_UNSEEN.sub("", inner))
        clean = self.cleaned()
        if clean.partition("~")[0].count(".") == 2 and "~" in clean:
            return self.selective(clean)
        return self.by_dots(clean)

    # Packaging

    def set_wrapper_aside(self) -> None:
        """Leave out `Bearer `, a header name and quotes: packaging, not part of the token."""
        begin = len(self.text) - len(self.text.lstrip())
        match = _WRAPPER.match(self.text, begin)
        if match:
            self.note_space_before(begin)
            self.start = match.end()
            facts: dict[str, Any] = {
                "what": f'Leading "{quoted(match.group())}"',
                "size": len(match.group()),
                "they": "it was",
                "spec": "RFC 6750 §2.1",
            }
            why = " is the HTTP scheme, not the token"
            self.note_wrapper(begin, Repair("Remove it", "token", "", begin, len(match.group())), why=why, **facts)
        inner = self.text[self.start :].strip()
        if len(inner) > 1 and inner[0] in _QUOTES and inner[-1] == inner[0] and inner.count(inner[0]) == 2:
            begin, end = self.text.index(inner[0], self.start), self.text.rindex(inner[0])
            self.note_space_before(begin)
            if end + 1 < self.end:
                self.note_unseen(self.text[end + 1 : self.end], range(end + 1, self.end), "outside the token")
            facts = {
                "what": f"The pair of {_QUOTES[inner[0]]}",
                "size": 2,
                "they": "they were",
                "spec": "RFC 8259 §7" if inner[0] == '"' else "RFC 7515 §7.1",
            }
            mend = Repair("Remove the quotes", "token", self.text[begin + 1 : end], begin, end + 1 - begin)
            self.note_wrapper(begin, mend, why=" is not part of the token", **facts)
            self.start, self.end = begin + 1, end

    def note_wrapper(self, offset: int, mend: Repair, **facts: Any) -> None:
        length = 1 if facts["size"] == 2 else mend.length
        self.notes.append(found("wrapper_removed", "token", offset=offset, length=length, repairs=(mend,), **facts))

    def note_space_before(self, begin: int) -> None:
        if begin > self.start and not self.text[self.start : begin].strip():
            self.note_unseen(self.text[self.start : begin], range(self.start, begin), "outside the token")

    def take_out(self) -> None:
        """Take the token out of whatever stands round it; the first of several is read."""
        inner = self.text[self.start : self.end]
        taken = [Taken(one.start + self.start, one.end + self.start, one.name) for one in extract.tokens(inner)]
        if not taken:
            return
        first = taken[0]
        name = f' in "{quoted(first.name)}"' if first.name else ""
        place: dict[str, Any] = {"offset": first.start, "length": first.end - first.start}
        what, rest = extract.surroundings(inner, first.start - self.start), len(inner) - place["length"]
        own = self.text[first.start : first.end]
        mends = (Repair("Keep the token alone", "token", own),) if len(own) <= _LONGEST_REPAIR else ()
        self.notes.append(found("token_taken", "token", **place, repairs=mends, name=name, what=what, count=f"{rest:,}"))
        self.note_others(taken, name)
        self.start, self.end = first.start, first.end

    def note_others(self, taken: list[Taken], first_name: str) -> None:
        different: dict[str, Taken] = {}
        for one in taken:
            different.setdefault(self.text[one.start : one.end], one)
        own = self.text[taken[0].start : taken[0].end]
        same = sum(1 for one in taken if self.text[one.start : one.end] == own)
        at_least = "at least " if len(taken) == extract.MOST else ""
        if same > 1:
            self.notes.append(found("token_repeated", "token", count=f"{at_least}{same}"))
        del different[own]
        if not different:
            return
        labels = [f'"{quoted(one.name, 30)}" (offset {one.start})' if one.name else f"offset {one.start}" for one in different.values()]
        mends = tuple(
            Repair(f"Read {label if label[0] == chr(34) else f'the token at {label}'}", "token", text)
            for label, text in zip(labels, different, strict=True)
            if len(text) <= _LONGEST_REPAIR
        )
        facts: dict[str, Any] = {"count": f"{at_least}{len(different) + 1}", "name": first_name, "others": ", ".join(labels)}
        self.notes.append(found("several_tokens", "token", repairs=mends, **facts))

    # Digits

    def health_card(self) -> Token | None:
        card = health_card.read(self.text[self.start : self.end], self.start)
        if card is None:
            return None
        if card.problem:
            return Token(self.text, findings=(*self.notes, found("shc_damaged", "token", why=card.problem)))
        mends = (Repair("Write it as a token", "token", card.text),) if len(card.text) <= _LONGEST_REPAIR else ()
        note = found("shc_numeric", "token", repairs=mends, count=f"{len(card.text):,}")
        self.places = [*card.places, self.end]
        token = self.by_dots(card.text)
        # Other mends would write characters where there are digits.
        token.form_findings = (note, *(replace(one, repairs=()) for one in token.form_findings))
        token.is_numeric = True
        return token

    # Unencoded payload

    def unencoded(self) -> Token | None:
        """A compact token whose payload stands as it is (RFC 7797 §5): white space in it counts, and a dot must not be in it."""
        inner = self.text[self.start : self.end].strip()
        header, _, rest = inner.partition(".")
        payload, dot, signature = rest.rpartition(".")
        data = base64url.decode(header.encode()) if dot and header.isascii() else None
        if not data or not _has_unencoded_payload(data, payload.encode("utf-8", "surrogatepass")):
            return None
        begin = self.text.index(inner, self.start)
        end = begin + len(inner)
        for at, where in ((range(self.start, begin), "before the header"), (range(end, self.end), "behind the signature")):
            if at:
                self.note_unseen(self.text[at.start : at.stop], at, where)
        self.places = range(begin, end + 1)
        start = len(header) + 1
        if "." in payload:
            at_dot = begin + start + payload.index(".")
            self.notes.append(found("b64_dot", "payload", offset=at_dot, length=1))
        signature_data, faults = base64url.explain(signature)
        behind = start + len(payload) + 1
        self.note_faults("signature", signature, faults, behind)
        parts = (
            Part(header, 0, data),
            Part(payload, start, payload.encode("utf-8", "surrogatepass")),
            Part(signature, behind, signature_data),
        )
        token = Token(self.text, "JWS", "compact", parts, tuple(self.notes), self.places)
        token.is_unencoded = True
        return token

    # JSON serialization

    def in_json(self) -> Token | None:
        inner = self.text[self.start : self.end]
        form = json_form.read(inner, self.start) if inner.lstrip().startswith("{") else None
        return self.from_json(form) if form else None

    def from_json(self, form: JsonForm) -> Token:
        if form.signers:
            return self.signed_in_json(form)
        places: list[int] = []
        parts = [self.part("header", *form.segments[0], places)]
        for text, at in form.segments[1:]:
            parts.append(Part(text, len(places), base64url.explain(text)[0]))
            places.extend(at)
        places.append(len(self.text))
        token = Token(self.text, form.kind, form.serialization, tuple(parts), (*self.notes, *form.findings), places, form.header_text)
        token.members = form.members
        return token

    def signed_in_json(self, form: JsonForm) -> Token:
        """The first signature as a token, which knows the others: each has its own header and its own faults."""
        common, self.notes = [*self.notes, *form.findings], []
        places: list[int] = []
        content, at = form.segments[1]
        headers = [document(base64url.explain(signer.protected[0])[0]).value for signer in form.signers]
        bare = [is_unencoded(header, content) for header in headers]
        if len(set(bare)) > 1:
            common.append(found("b64_differs", "header"))
        payloads: dict[bool, tuple[Part, list[Finding]]] = {}
        for is_bare in set(bare):
            payloads[is_bare] = (self.part("payload", content, at, places, is_bare), self.notes)
            self.notes = []
        kind: TokenKind = "JWS" if form.disclosures is None else "SD-JWT"
        tokens: list[Token] = []
        for signer, is_bare in zip(form.signers, bare, strict=True):
            payload, noted = payloads[is_bare]
            parts = (self.part("header", *signer.protected, places), payload, self.part("signature", *signer.signature, places))
            findings, self.notes = (*self.notes, *noted, *common, *signer.findings), []
            token = Token(self.text, kind, form.serialization, parts, findings, places, signer.header_text)
            token.is_unencoded = is_bare
            token.unprotected = lossless_json.read(signer.unprotected_text) if signer.unprotected_text else None
            tokens.append(token)
        places.append(len(self.text))
        for token in tokens:
            token.signatures = tuple(tokens)
        if form.disclosures is not None:
            signed = f"{'.'.join(part.text for part in tokens[0].parts)}~{''.join(f'{text}~' for text, _ in form.disclosures)}"
            for token in tokens:
                if form.is_draft:
                    token.form_findings = (*token.form_findings, found("sd_draft_form", "token"))
                self.disclose(token, form.disclosures, "" if form.is_draft else signed, form.key_binding)
        return tokens[0]

    def part(self, segment: Segment, text: str, at: Sequence[int], places: list[int], is_bare: bool = False) -> Part:
        """The part that stands at these places, which are added to *places*; *is_bare*: its text is not encoded."""
        if is_bare:
            places.extend(at)
            return Part(text, len(places) - len(at), text.encode("utf-8", "surrogatepass"))
        self.places = at
        self.widths = {one: following - one for one, following in pairwise(at) if following > one + 1}
        return self.spelt(segment, self.without_unseen(text, segment), 0, places)

    def spelt(self, segment: Segment, text: str, start: int, places: list[int]) -> Part:
        """The part without characters that no base64 has, so that what they hide can be judged; *start*: where among the places."""
        data, faults = base64url.explain(text)
        self.note_faults(segment, text, faults, start)
        kept: Sequence[int] = range(len(text))
        end = start + len(text)
        if any(fault.code in ("base64_foreign_character", "base64_look_alike") for fault in faults):
            text, kept = base64url.without_strays(text)
        part = Part(text, len(places), data)
        places.extend(self.places[start + one] for one in kept)
        places.append(self.places[end])
        return part

    # What is inside the token and does not belong there

    def cleaned(self) -> str:
        """The text between start and end without escapes, white space and invisible characters."""
        inner = self.unescaped(self.text[self.start : self.end])
        return self.full_stops(self.without_unseen(inner))

    def without_unseen(self, inner: str, segment: Segment | None = None) -> str:
        """*inner*, the whole token or one *segment*, without white space and invisible characters."""
        if _is_all_seen(inner):
            return inner
        unseen: dict[bool, list[int]] = {}
        for match in _UNSEEN.finditer(inner):
            unseen.setdefault(match.group().isspace(), []).append(match.start())
        if not unseen:
            return inner
        dots = [match.start() for match in re.finditer(r"\.", inner)]

        def within(at: int) -> str:
            return f"inside the {segment}" if segment else _within(inner, at, dots)

        for at in unseen.values():
            first_break = next((one for one in at if inner[one] == "\n"), None)
            hint = _wrapped(at) if first_break is not None and within(first_break).startswith("inside") else ""
            self.note_unseen([inner[one] for one in at], [self.places[one] for one in at], within(at[0]), hint)
        old = self.places
        self.places = [*(old[match.start()] for match in _SEEN.finditer(inner)), old[len(inner)]]
        return _UNSEEN.sub("", inner)

    def unescaped(self, inner: str) -> str:
        """Undo URL encoding, HTML entities, quoted-printable and backslashes."""
        self.places = range(self.start, self.end + 1)
        if not escapes.may_be_in(inner):
            return inner
        plain, places, met = escapes.undo(inner, _UNSEEN)
        if not met:
            return inner
        self.places = [self.start + at for at in places]
        mends = (Repair("Undo the escaping", "token", plain, self.start, self.end - self.start),) if len(plain) <= _LONGEST_REPAIR else ()
        for text, where in met.items():
            self.widths |= dict.fromkeys((self.start + one for one in where), len(text))
            at = self.start + where[0]
            facts: dict[str, Any] = {"text": quoted(text), "at": at, "count": more(len(where)), "what": escapes.name(text)}
            character = escapes.plain(text)
            read_as = f'read as "{quoted(character)}"' if character and not _UNSEEN.fullmatch(character) else "left out"
            code = "escape_undone" if self.is_packed_as(text) else "token_escaped"
            self.notes.append(found(code, "token", offset=at, length=len(text), repairs=mends, plain=read_as, **facts))
        return plain

    def is_packed_as(self, escape: str) -> bool:
        """Whether what stands round the token calls for the escape: whoever reads the URL or the string undoes it."""
        if escape[0] == "%":
            return any(note.code == "token_taken" for note in self.notes)
        return escape[0] == "\\" and self.start > 0 and self.text[self.start - 1] in "\"'"

    def note_unseen(self, characters: Sequence[str], at: Sequence[int], place: str, hint: str = "") -> None:
        """Note *characters*, all of them white space or all invisible, and the one change that takes them out."""
        code = "white_space" if characters[0].isspace() else "invisible_character"
        sorts = list(dict.fromkeys(characters))[:_MOST_NAMES]
        names = " and ".join(_SPACE_NAMES.get(one) or named(one) for one in sorts)
        facts: dict[str, Any] = {"name": names[0].upper() + names[1:], "at": at[0], "count": more(len(at)), "place": place, "hint": hint}
        length = self.widths.get(at[0], 1)
        self.notes.append(found(code, "token", offset=at[0], length=length, repairs=self.without(at), **facts))

    def without(self, at: Sequence[int]) -> tuple[Repair, ...]:
        """The given text without the characters at these places."""
        if len(at) == 1:
            return (Repair("Remove it", "token", "", at[0], self.widths.get(at[0], 1)),)
        if len(self.text) > _LONGEST_REPAIR:
            return ()
        gone = {inner for one in at for inner in range(one, one + self.widths.get(one, 1))}
        return (Repair(f"Remove all {len(at)}", "token", "".join(one for index, one in enumerate(self.text) if index not in gone)),)

    def full_stops(self, clean: str) -> str:
        """Full stops of other scripts are read as the dots they look like."""
        stops = list(_FULL_STOPS.finditer(clean))
        if not stops:
            return clean
        first, at = stops[0], self.places[stops[0].start()]
        name, count = named(first.group()), more(len(stops))
        facts: dict[str, Any] = {"name": name, "at": at, "inner": first.start(), "count": count, "canonical": "."}
        mends = self.rewritten({self.places[stop.start()]: "." for stop in stops})
        self.notes.append(found("base64_look_alike", "token", offset=at, length=1, why=_imitation(first.group()), repairs=mends, **facts))
        return _FULL_STOPS.sub(".", clean)

    # By its segments

    def by_dots(self, clean: str) -> Token:
        dots = clean.count(".")
        shortened = _ELLIPSIS.search(clean) if dots <= _MOST_DOTS else None
        if shortened and _is_cut(clean, shortened, dots):
            return self.truncated(clean, shortened)
        other = foreign.paseto(clean)
        if other:
            note = found("not_a_token", "token", what=f"{dots + 1} segments, of another standard", guess=other)
            return Token(self.text, findings=(*self.notes, note))
        if dots == 0:
            return self.opaque(clean)
        other = foreign.dotted(clean)
        if other:
            return self.no_token(f"{dots + 1} segments, and no header", other)
        texts = clean.split(".", _MOST_SEGMENTS)
        if dots == 4 and not _is_signed(texts[0]):
            return self.encrypted(texts)
        second = _second_token(texts) if dots == 4 else 0
        if second:
            return self.joined(clean, texts, second)
        if dots == 1:
            self.notes.append(found("two_segments", "token", offset=self.places[len(clean)], length=0))
        elif dots != 2:
            self.note_surplus(clean, len(".".join(texts[:3])), dots)
        return self.make("JWS", texts[:3])

    def note_surplus(self, clean: str, begin: int, dots: int) -> None:
        at, end = self.places[begin], self.places[len(clean)]
        size = len(clean) - begin
        characters = f"{size} character{'s' if size != 1 else ''} at offset {at}"
        surplus = f'The first three are read; "{quoted(clean[begin:], 30)}" ({characters}) is surplus.'
        mend = Repair("Remove the surplus", "token", "", at, end - at)
        self.notes.append(found("segment_count", "token", offset=at, length=end - at, repairs=(mend,), count=dots + 1, surplus=surplus))

    def truncated(self, clean: str, match: re.Match[str]) -> Token:
        at, end = self.places[match.start()], self.places[match.end()]
        texts = clean[: match.start()].split(".", 2)
        where = "ends in" if match.end() == len(clean) else f"has, at offset {at},"
        whole = {1: "", 2: "The header is complete, the ", 3: "The header and the payload are complete, the "}[len(texts)]
        complete = f"{whole or 'The '}{_SEGMENTS[len(texts) - 1]} breaks off after {len(texts[-1])} characters; nothing can be verified."
        facts: dict[str, Any] = {"where": where, "dots": f'"{match.group()}"', "complete": complete}
        self.notes.append(found("truncated", "token", offset=at, length=end - at, **facts))
        token = self.make("JWS", texts)
        token.is_signed = token.is_compact_jws = False
        return token

    def joined(self, clean: str, texts: list[str], second: int) -> Token:
        """Two tokens without a gap: 3 + 3 segments, of which two have grown together."""
        same = clean[:second] == clean[second:]
        at, end = self.places[second], self.places[len(clean)]
        mends = [Repair("Keep the first", "token", "", at, end - at)]
        if not same and len(clean) <= _LONGEST_REPAIR:
            mends.append(Repair("Read the second", "token", clean[second:]))
        what = "Twice the same token: its two copies" if same else "Two tokens"
        self.notes.append(found("tokens_joined", "token", offset=at, length=end - at, repairs=tuple(mends), what=what, at=at))
        return self.make("JWS", [*texts[:2], clean[:second].rpartition(".")[2]])

    def encrypted(self, texts: list[str]) -> Token:
        token = self.make("JWE", texts)
        value = token.header.value if token.header else None
        words = "header not readable"
        if isinstance(value, dict):
            named_ = (f'{name} "{quoted(value[name])}"' for name in ("alg", "enc") if isinstance(value.get(name), str))
            words = ", ".join(named_) or "alg and enc missing"
        token.form_findings = (*token.form_findings, found("encrypted", "token", header=words, key=_key_for(value)))
        return token

    def make(self, kind: TokenKind, texts: list[str]) -> Token:
        """The token of these segments."""
        parts: list[Part] = []
        places: list[int] = []
        start = 0
        for index, text in enumerate(texts):
            if kind != "JWE" or index == 0:
                parts.append(self.spelt(_SEGMENTS[index], text, start, places))
            else:
                parts.append(Part(text, len(places), base64url.explain(text)[0]))
                places.extend(self.places[start : start + len(text) + 1])
            start += len(text) + 1
        if not texts[0]:
            self.notes.append(found("json_empty", "header", offset=self.places[0], length=0))
        case = foreign.lost_case(".".join(texts))
        if case:
            self.notes.append(found("case_lost", "token", offset=self.start, length=self.end - self.start, case=case))
        return Token(self.text, kind, "compact", tuple(parts), tuple(self.notes), places)

    def note_faults(self, segment: Segment, text: str, faults: tuple[base64url.Fault, ...], start: int) -> None:
        rewritten: set[str] = set()
        for fault in faults:
            at = self.places[start + fault.offset]
            facts: dict[str, Any] = {
                "text": fault.text,
                "plural": "s" if fault.text != "1" else "",
                "name": named(fault.text[0]),
                "canonical": fault.canonical,
                "at": at,
                "inner": fault.offset,
                "count": more(fault.count),
                "bits": fault.bits,
                "mixed": " mixed with base64url" if "-" in text or "_" in text else "",
                "why": _imitation(fault.text[0]),
                "hint": _UNSIGNED if segment == "signature" else _SIGNED,
            }
            last = self.places[start + fault.offset + fault.length - 1]
            length = min(last + self.widths.get(last, 1), len(self.text)) - at
            mends = _mend(fault, segment, at, length)
            if fault.code not in rewritten and (fault.code == "base64_look_alike" or segment == "signature"):
                rewritten.add(fault.code)  # with the first of its code go all others
                other = base64url.replaced(text, fault.code)
                mends = mends or self.rewritten({self.places[start + one]: character for one, character in other.items()})
            self.notes.append(found(fault.code, segment, offset=at, length=length, repairs=mends, **facts))

    def rewritten(self, changes: dict[int, str]) -> tuple[Repair, ...]:
        """Other characters written at these places, which are in order."""
        if not changes:
            return ()
        first = at = next(iter(changes))
        pieces: list[str] = []
        for place, character in changes.items():
            pieces += (self.text[at:place], character)
            at = place + self.widths.get(place, 1)
        if at - first > _LONGEST_REPAIR:
            return ()
        words = list(dict.fromkeys(f'"{character}"' for character in changes.values()))
        label = f"Write {' and '.join(words)}" if len(words) <= 2 else "Write plain letters"
        return (Repair(label, "token", "".join(pieces), first, at - first),)

    def opaque(self, clean: str) -> Token:
        """No dots: a lone segment is shown if it holds JSON, anything else is named as far as possible."""
        data = base64url.decode(clean.encode()) if clean.isascii() else None
        alone = document(data) if data else None
        count = "1 segment, no dots"
        if alone and isinstance(alone.value, dict):
            name = "header" if "alg" in alone.value else "payload"
            note = found("not_a_token", "token", what=count, guess=f"It is a {name} alone; it is shown, nothing can be verified.")
            part = Part(clean, 0, data or b"")
            parts = (part,) if name == "header" else (Part("", 0, b""), part)
            return Token(self.text, parts=parts, findings=(*self.notes, note), places=self.places)
        guess, mends = foreign.guess(self.text[self.start : self.end], clean)
        return self.no_token(count, guess, mends)

    def no_token(self, what: str, guess: str, mends: tuple[Repair, ...] = ()) -> Token:
        packaging = (note for note in self.notes if note.level == "info")
        return Token(self.text, findings=(*packaging, found("not_a_token", "token", what=what, guess=guess, repairs=mends)))

    # SD-JWT

    def selective(self, clean: str) -> Token:
        signed, _, rest = clean.partition("~")
        *texts, last = rest.split("~")
        binding = last if last.count(".") == 2 else ""
        if last and not binding:
            texts.append(last)
            at = self.places[len(clean)]
            self.notes.append(found("sd_end", "token", offset=at, length=0, repairs=(Repair('Add "~"', "token", "~", at, 0),)))
        disclosures = []
        at = len(signed) + 1
        for text in texts:
            disclosures.append((text, self.places[at]))
            at += len(text) + 1
        token = self.make("SD-JWT", signed.split("."))
        self.disclose(token, disclosures, clean[: len(clean) - len(binding)], binding)
        return token

    def disclose(self, token: Token, disclosures: list[tuple[str, int]], signed: str, binding: str) -> None:
        token.disclosed = sd_jwt.read(token.payload, [text for text, _ in disclosures], signed, binding)
        notes = sd_jwt_notes.findings(token.disclosed, [at for _, at in disclosures], len(self.text))
        token.form_findings = (*token.form_findings, *notes)
        # A key binding JWT made for another presentation is no fault of what the issuer signed.
        token.is_clean = not any(one.level == "error" and one.code != "sd_hash_differs" for one in token.form_findings)


def _is_all_seen(text: str) -> bool:
    """Whether *text* is ASCII without white space, told without a look at each character."""
    return text.isascii() and "\0" not in text and text.split(None, 1) == [text]


def _within(inner: str, at: int, dots: list[int]) -> str:
    """Where in the token a character stands, in words."""
    if not inner[:at].strip():
        return "before the header"
    if "~" in inner[:at]:
        return _within_presented(inner, at)
    before = sum(1 for dot in dots if dot < at)
    is_signed = inner.partition("~")[0].count(".") <= 2
    name = f"the {_SEGMENTS[before]}" if before < 3 and is_signed else f"segment {before + 1}"
    if not inner[at:].strip():
        return f"behind {name}"
    return f"before {name}" if inner[at - 1] == "." else f"inside {name}"


def _within_presented(inner: str, at: int) -> str:
    """Where a character stands among what an SD-JWT presents."""
    is_last = "~" not in inner[at:]
    is_behind = not inner[at:].strip()
    if is_last and "." in inner[inner.rindex("~") :]:
        return f"{'behind' if is_behind else 'inside'} the key binding JWT"
    if is_behind:
        return 'behind the last "~"' if inner[:at].rstrip().endswith("~") else "behind the last disclosure"
    return f"{'before' if inner[at - 1] == '~' else 'inside'} disclosure {inner.count('~', 0, at)}"


def _wrapped(at: list[int]) -> str:
    """What wraps lines, with the length of the lines when they are all alike."""
    lines = [second - first - 1 for first, second in pairwise(at) if second > first + 1]
    every = f" every {lines[0]} characters" if len(lines) > 1 and len(set(lines)) == 1 else ""
    return f"A mail client or terminal wraps lines{every}. "


def _is_cut(clean: str, match: re.Match[str], dots: int) -> bool:
    """Whether three dots stand for what is missing; next to another dot, only behind two segments."""
    if clean[match.start() - 1 : match.start()] == "." and match.group() == "...":
        return dots == 5
    return match.end() == len(clean) or "…" in match.group() or dots != 4 or _is_signed(clean.partition(".")[0])


def _is_signed(header: str) -> bool:
    """Whether the header of five segments is that of a signed token all the same: it names its algorithm, and no enc."""
    value = document(base64url.explain(header)[0]).value
    return isinstance(value, dict) and "enc" not in value and isinstance(value.get("alg"), str) and value["alg"] in ALGORITHMS


def _second_token(texts: list[str]) -> int:
    """Where a second token begins right behind the signature of the first, or 0."""
    at = max(texts[2].find(texts[0][:12], 1), 0) or max(texts[2].rfind("eyJ", 1), 0)
    begins = document(base64url.explain(texts[2][at:])[0]).value if at else None
    return len(texts[0]) + len(texts[1]) + 2 + at if isinstance(begins, dict) else 0


def _imitation(character: str) -> str:
    if base64url.imitated(character) == "-":
        return "a word processor or a chat program replaced it"
    return "it comes from another script or a full-width input method, or was put there to deceive"


_SIGNED = "The issuer has to write it correctly; the text cannot be changed without breaking the signature."
_UNSIGNED = "Correct the spelling, and have the program that wrote it mended; the signature is over the other two segments only."


def _mend(fault: base64url.Fault, segment: Segment, at: int, length: int) -> tuple[Repair, ...]:
    """The change that is certain by itself; one that would change what is signed is offered only where it verifies."""
    if fault.count > 1:
        return ()
    if fault.code == "base64_loose_bits" and segment == "signature":
        return (Repair(f'Write "{fault.canonical}"', "token", fault.canonical, at, length),)
    if fault.code == "base64_foreign_character":
        return (Repair("Remove it", "token", "", at, length),)
    if fault.code == "base64_padding" and segment == "signature":
        return (Repair("Remove the padding", "token", "", at, length),)
    return ()


def _key_for(header: object) -> str:
    """The key that decrypts, as far as the header tells it."""
    alg, enc = (header.get("alg"), header.get("enc")) if isinstance(header, dict) else (None, None)
    management = KEY_MANAGEMENT.get(alg) if isinstance(alg, str) else None
    content = CONTENT_ENCRYPTION.get(enc) if isinstance(enc, str) else None
    return management.wants(content) if management else "the recipient's key"
