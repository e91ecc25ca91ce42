"""A JWS in JSON serialization written anew: another header, payload and signatures in its text, all else as it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.tokens import lossless_json
from app.tokens.encode import base64url_of, content_of, read_header, sign
from app.tokens.form import Token
from app.tokens.json_form import OF_SD_JWT
from app.tokens.jws import Signature
from app.tokens.keys import Keys
from app.tokens.lossless_json import Document, Entry, Node
from app.tokens.refusal import CannotEncode


@dataclass(frozen=True, slots=True)
class Anew:
    """The token, and which signatures are still the old ones."""

    token: str
    kept: tuple[int, ...] = ()
    """The numbers, from 1, of those that were to be made anew, and could not be."""
    refusal: CannotEncode | None = None
    """Why the one could not be whose header was given."""


def anew(
    signatures: Sequence[tuple[Token, Signature]], signer: int, header: str, payload: str, keys: Keys, *, detached: bool = False
) -> Anew:
    """Write *payload* into the token of these *signatures*, and *header* into the one at *signer*.

    The verdicts are those with the same *keys*. That signature is made with any key that fits; the others, when what they
    cover has changed, only with the key that they matched or that has their kid: nobody signs in another's place. What is
    *detached* is signed and left out. Raises CannotEncode when the header cannot be read.
    """
    own = signatures[signer][0]
    edited = read_header(header)
    content = content_of(edited.value, payload)
    text = _Text(own.text)
    is_new = not detached and content != own.parts[1].text
    if is_new:
        text.put(text.root, {"payload": content})
    kept: list[int] = []
    refusal = None
    for at, (one, verdict) in enumerate(signatures):
        if at != signer and not is_new:
            continue
        protected, value = one.parts[0].text, _header(one)
        if at == signer:
            protected, value = _put_header(text, text.holders[at], one, edited), edited.value
        try:
            *_, signature = sign(value, f"{protected}.{content}", _keys_of(one, verdict, keys, at == signer))
            text.put(text.holders[at], {"signature": signature})
        except CannotEncode as error:
            kept.append(at + 1)
            refusal = error if at == signer else refusal
    return Anew(text.written(), tuple(kept), refusal)


def _put_header(text: _Text, holder: Node, one: Token, edited: Document) -> str:
    """Write the header; what stood unprotected stays so, all else is protected. Returns the protected one as spelt."""
    if one.header and edited.text == one.header.text:
        return one.parts[0].text
    open_ones = one.unprotected.members if one.unprotected else ()
    names = {entry.name for entry in open_ones if entry.name not in OF_SD_JWT}
    if not names:
        protected = base64url_of(edited.text)
    else:
        inside = [_written(edited, entry) for entry in edited.members if entry.name not in names]
        protected = base64url_of(f"{{{','.join(inside)}}}") if inside else ""
        assert one.unprotected is not None
        beside = [_written(one.unprotected, entry) for entry in open_ones if entry.name not in names]
        beside += [_written(edited, entry) for entry in edited.members if entry.name in names]
        text.replace(holder, "header", f"{{{','.join(beside)}}}")
    if protected != one.parts[0].text:
        text.put(holder, {"protected": protected})
    return protected


def _written(document: Document, entry: Entry) -> str:
    return f"{json.dumps(entry.name)}:{document.text[entry.start : entry.end]}"


def _header(one: Token) -> dict[str, Any]:
    value = one.header.value if one.header else None
    return value if isinstance(value, dict) else {}


def _keys_of(one: Token, verdict: Signature, keys: Keys, is_own: bool) -> Keys:
    matched = (verdict.key,) if verdict.matches and verdict.key else ()
    if is_own:
        return replace(keys, keys=(*matched, *keys.keys))
    kid = _header(one).get("kid")
    return replace(keys, keys=matched or tuple(key for key in keys.keys if kid is not None and key.kid == kid))


class _Text:
    """The text of a token, in whose JSON members are written over."""

    def __init__(self, text: str) -> None:
        self.begin, self.end = text.index("{"), text.rindex("}") + 1
        self.text = text
        root = lossless_json.read(text[self.begin : self.end]).root
        assert root is not None
        self.root = root
        several = _member(root, "signatures")
        self.holders = several.items if several else [root]
        self.splices: list[tuple[int, int, str]] = []
        self.missing: dict[int, list[str]] = {}

    def put(self, holder: Node, strings: Mapping[str, str]) -> None:
        """Write the members of *holder* with these names, which are strings; what is missing comes first."""
        for name, value in strings.items():
            written = json.dumps(value, ensure_ascii=False)
            if not self.replace(holder, name, written):
                self.missing.setdefault(holder.start + 1, [""] if holder.members else []).insert(0, f"{json.dumps(name)}:{written}")

    def replace(self, holder: Node, name: str, written: str) -> bool:
        """Write over the value of a member, if there is one."""
        node = _member(holder, name)
        if node is not None:
            self.splices.append((node.start, node.end, written))
        return node is not None

    def written(self) -> str:
        json_text = self.text[self.begin : self.end]
        added = [(at, at, ",".join(members)) for at, members in self.missing.items()]
        for start, end, text in sorted((*self.splices, *added), reverse=True):
            json_text = json_text[:start] + text + json_text[end:]
        return self.text[: self.begin] + json_text + self.text[self.end :]


def _member(holder: Node, name: str) -> Node | None:
    return next((one.node for one in reversed(holder.members) if one.name == name), None)
