"""Making a JWE (RFC 7516 §5.1): a new content key and IV each time, the header as written but for what must be new."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.tokens import base64url
from app.tokens.algorithms import ContentEncryption
from app.tokens.envelope import Serialization
from app.tokens.jwe import content as contents
from app.tokens.jwe import receivers
from app.tokens.jwe.key_management import Wrapped, wrap
from app.tokens.jwe.receivers import Receiver
from app.tokens.keys.key import Keys
from app.tokens.lossless_json import Document
from app.tokens.refusal import CannotEncode


@dataclass(frozen=True, slots=True)
class Encrypted:
    """The token, and what it was made with."""

    token: str
    content: ContentEncryption
    receivers: tuple[Receiver, ...]


def encrypt(
    header: Document,
    payload: bytes,
    keys: Keys,
    serialization: Serialization = "compact",
    recipients: Sequence[Document] = (),
    aad: bytes = b"",
) -> Encrypted:
    """Encrypt *payload* under *header*, a JSON object, to one of *keys*, or in the general form to several; raises CannotEncode.

    *header* is protected. *recipients* are the headers of those that have one of their own, all objects.
    """
    content = receivers.content_of(header.value)
    if serialization == "general":
        to = receivers.several(header.value, content, keys, recipients)
    else:
        to = [receivers.only(header.value, content, keys)]
    wrapped = list(_wrapped(to, content))
    protected = base64url.encode((header.text if to[0].own else completed(header, wrapped[0].members)).encode())
    also = base64url.encode(aad)
    iv = secrets.token_bytes(content.iv_size)
    plaintext = contents.deflate(payload) if header.value.get("zip") == "DEF" else payload
    ciphertext, tag = contents.encrypt(content, wrapped[0].key, iv, plaintext, (f"{protected}.{also}" if aad else protected).encode())
    parts = [base64url.encode(part) for part in (iv, ciphertext, tag)]
    if serialization == "compact":
        return Encrypted(".".join((protected, base64url.encode(wrapped[0].encrypted_key), *parts)), content, tuple(to))
    entries = [_entry(one, made, header.value) for one, made in zip(to, wrapped, strict=True)]
    addressed = entries[0] if serialization == "flattened" else {"recipients": f"[{','.join(map(_object, entries))}]"}
    shared = {name: f'"{text}"' for name, text in zip(("iv", "ciphertext", "tag"), parts, strict=True)}
    return Encrypted(
        _object({"protected": f'"{protected}"', **addressed, **({"aad": f'"{also}"'} if aad else {}), **shared}), content, tuple(to)
    )


def _wrapped(to: list[Receiver], content: ContentEncryption) -> Iterator[Wrapped]:
    """One key for the content, wrapped for each receiver."""
    content_key = secrets.token_bytes(content.key_size)
    for one in to:
        try:
            yield wrap(one.management, one.key, one.joined, content, content_key)
        except ValueError:
            said = f"The {one.key.name} cannot wrap a key with {one.management.name}: it is too short."
            raise CannotEncode("key_cannot_encrypt", said, "Use another key.") from None


def _entry(one: Receiver, made: Wrapped, header: dict[str, Any]) -> dict[str, str]:
    """What the token has for one receiver, as JSON texts; what would be empty is absent (RFC 7516 §7.2.1)."""
    entry = {}
    if one.own:
        members = {name: value for name, value in made.members.items() if header.get(name) != value}
        shared = next((name for name in members if name in header), None)
        if shared:  # made anew for each, it cannot be that of all
            said = f'"{shared}" is another for each recipient, and cannot stand in the header of all.'
            raise CannotEncode("recipient_header", said, f'Remove "{shared}".')
        entry["header"] = completed(one.own, members)
    if made.encrypted_key:
        entry["encrypted_key"] = f'"{base64url.encode(made.encrypted_key)}"'
    return {name: text for name, text in entry.items() if text != "{}"}


def _object(members: dict[str, str]) -> str:
    return "{" + ",".join(f'"{name}":{text}' for name, text in members.items()) + "}"


def completed(header: Document, members: dict[str, Any]) -> str:
    """The header's text with *members* set in place or added at its end; all else stays as it is written."""
    text = header.text
    values = {name: json.dumps(value, separators=(",", ":")) for name, value in members.items()}
    entries = header.members
    new = [f"{json.dumps(name)}:{value}" for name, value in values.items() if all(entry.name != name for entry in entries)]
    if new:
        end = max((entry.end for entry in entries), default=text.index("{") + 1)
        text = f"{text[:end]}{',' if entries else ''}{','.join(new)}{text[end:]}"
    for entry in sorted(entries, key=lambda entry: -entry.start):
        if entry.name in values:
            text = text[: entry.start] + values[entry.name] + text[entry.end :]
    return text
