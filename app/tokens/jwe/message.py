"""A JWE taken apart: what all recipients share, and what each of them has (RFC 7516 §7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from app.tokens import base64url, lossless_json
from app.tokens.algorithms import CONTENT_ENCRYPTION, KEY_MANAGEMENT, ContentEncryption, KeyManagement
from app.tokens.envelope import Token
from app.tokens.findings import Finding, found, kind_of, quoted

NAMES = ("header", "encrypted key", "IV", "ciphertext", "tag")
MAX_RECIPIENTS = 100
# RFC 7516 §4.1.3 and §4.1.13: what changes how the rest is read must be protected.
_PROTECTED_ONLY = ("crit", "zip")
_MOST_DOUBLED = 10


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient: the joined header that counts for it, and its encrypted key. *number* counts from 1, 0 for the only one."""

    header: dict[str, Any]
    encrypted_key: bytes
    number: int = 0

    @property
    def management(self) -> KeyManagement | None:
        alg = self.header.get("alg")
        return KEY_MANAGEMENT.get(alg) if isinstance(alg, str) else None

    @property
    def content(self) -> ContentEncryption | None:
        enc = self.header.get("enc")
        return CONTENT_ENCRYPTION.get(enc) if isinstance(enc, str) else None


@dataclass(frozen=True, slots=True)
class Message:
    token: Token
    recipients: tuple[Recipient, ...]
    iv: bytes
    ciphertext: bytes
    tag: bytes
    aad: bytes
    """The additional authenticated data, as spelt in the token (RFC 7516 §5.2, step 15)."""
    problems: tuple[Finding, ...] = ()
    """Why a strict receiver refuses the form of a JSON serialization."""

    def at_part(self, name: str) -> dict[str, Any]:
        """Where the part called *name* stands in the given text."""
        part = self.token.parts[NAMES.index(name)]
        if not part.text and self.token.serialization != "compact":
            return {}
        start = self.token.places[part.start]
        end = self.token.places[part.start + len(part.text) - 1] + 1 if part.text else start
        return {"offset": start, "length": end - start}

    def at_member(self, name: str) -> dict[str, Any]:
        """Where the value of the header's member *name* stands; the header's beginning when it has none."""
        document = self.token.header
        if document is None or not self.token.parts[0].text:
            return {}
        member = document.member(name)
        start, length = (member.start, member.end - member.start) if member else (0, 1)
        return self.token.place("header", document, start, length)


def take_apart(token: Token) -> Message | None:
    """The parts of an encrypted token, or None when its header cannot be read."""
    if token.kind != "JWE" or len(token.parts) != len(NAMES):
        return None
    if token.serialization != "compact":
        return _from_json(token)
    header = token.header.value if token.header else None
    if not isinstance(header, dict):
        return None
    protected, encrypted_key, iv, ciphertext, tag = token.parts
    recipient = Recipient(header, encrypted_key.data)
    return Message(token, (recipient,), iv.data, ciphertext.data, tag.data, protected.text.encode("utf-8", "surrogatepass"))


def _from_json(token: Token) -> Message | None:
    protected, encrypted_key, iv, ciphertext, tag = token.parts
    own = lossless_json.read(protected.data.decode("utf-8", "replace")).value if protected.text else {}
    shared = token.members.get("unprotected", {})
    if not isinstance(own, dict) or not isinstance(shared, dict):
        return None
    problems: list[Finding] = []
    recipients = list(_recipients(token, own, shared, encrypted_key.data, problems))
    if len({str(one.header.get("enc")) for one in recipients}) > 1:
        problems.append(found("jwe_recipients_enc", "token"))
    aad = protected.text
    if "aad" in token.members:
        text = token.members["aad"]
        if isinstance(text, str):
            aad = f"{aad}.{text}"
            if base64url.decode(text.encode("utf-8", "surrogatepass")) is None:
                problems.append(_form("aad", text, "canonical base64url text"))
        else:
            problems.append(_form("aad", text, "a string"))
    return Message(
        token, tuple(recipients), iv.data, ciphertext.data, tag.data, aad.encode("utf-8", "surrogatepass"), tuple(dict.fromkeys(problems))
    )


def _recipients(
    token: Token, own: dict[str, Any], shared: dict[str, Any], encrypted_key: bytes, problems: list[Finding]
) -> Iterator[Recipient]:
    """Each recipient with its joined header; the three headers must not have a name in common (RFC 7516 §7.2.1)."""
    if token.serialization == "flattened":
        yield Recipient(_joined((own, shared, token.members.get("header", {})), problems), encrypted_key)
        return
    listed = token.members.get("recipients")
    if not isinstance(listed, list) or not listed:
        problems.append(_form("recipients", listed, "an array with a recipient in it"))
        return
    if len(listed) > MAX_RECIPIENTS:
        problems.append(found("jwe_recipients_many", "token", count=f"{len(listed):,}", cap=MAX_RECIPIENTS))
    for number, one in enumerate(listed[:MAX_RECIPIENTS], 1):
        if not isinstance(one, dict):
            problems.append(_form("recipients", one, "an array of objects"))
            continue
        text = one.get("encrypted_key", "")
        data = base64url.decode(text.encode()) if isinstance(text, str) and text.isascii() else None
        if data is None:
            problems.append(_form("encrypted_key", text, "canonical base64url text"))
        yield Recipient(_joined((own, shared, one.get("header", {})), problems), data or b"", number)


def _joined(headers: tuple[dict[str, Any], dict[str, Any], Any], problems: list[Finding]) -> dict[str, Any]:
    own, shared, each = headers
    if not isinstance(each, dict):
        problems.append(_form("header", each, "an object"))
        each = {}
    doubled = (name for one, other in ((own, shared), (own, each), (shared, each)) for name in one if name in other)
    for name in sorted(set(islice(doubled, _MOST_DOUBLED))):
        problems.append(found("jwe_header_twice", "header", name=quoted(name)))
    for name in _PROTECTED_ONLY:
        if name in shared or name in each:
            problems.append(found("jwe_unprotected", "header", name=name))
    return {**each, **shared, **own}


def _form(name: str, value: object, need: str) -> Finding:
    return found("json_form_damaged", "token", name=name, kind=kind_of(value), need=need, spec="RFC 7516 §7.2.1")
