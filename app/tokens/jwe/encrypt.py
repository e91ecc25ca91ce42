"""Making a compact JWE (RFC 7516 §5.1): a new content key and IV each time, the header as written but for what must be new."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from app.tokens import base64url
from app.tokens.algorithms import CONTENT_ENCRYPTION, KEY_MANAGEMENT, ContentEncryption, KeyManagement
from app.tokens.findings import kind_of, quoted
from app.tokens.jwe import content as contents
from app.tokens.jwe import rules
from app.tokens.jwe.key_management import fits, wrap
from app.tokens.jwe.parameters import MAX_ROUNDS
from app.tokens.keys.key import Key, Keys
from app.tokens.lossless_json import Document
from app.tokens.refusal import CannotEncode


@dataclass(frozen=True, slots=True)
class Encrypted:
    """The token, and what it was made with."""

    token: str
    management: KeyManagement
    content: ContentEncryption
    key: Key


def encrypt(header: Document, payload: bytes, keys: Keys) -> Encrypted:
    """Encrypt *payload* to one of *keys* under *header*, a JSON object; raises CannotEncode."""
    value: dict[str, Any] = header.value
    management, content = _named(value)
    _check(value, management)
    key = _receiver(management, content, keys, value.get("kid"))
    plaintext = contents.deflate(payload) if value.get("zip") == "DEF" else payload
    try:
        wrapped = wrap(management, content, key, value)
    except ValueError:
        raise CannotEncode(
            "key_cannot_encrypt", f"The {key.name} cannot wrap a key with {management.name}: it is too short.", "Use another key."
        ) from None
    protected = base64url.encode(completed(header, wrapped.members).encode())
    iv = secrets.token_bytes(content.iv_size)
    ciphertext, tag = contents.encrypt(content, wrapped.key, iv, plaintext, protected.encode())
    parts = (protected, *(base64url.encode(part) for part in (wrapped.encrypted_key, iv, ciphertext, tag)))
    return Encrypted(".".join(parts), management, content, key)


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


def _named(header: dict[str, Any]) -> tuple[KeyManagement, ContentEncryption]:
    alg, enc = header.get("alg"), header.get("enc")
    if "alg" not in header:
        raise CannotEncode("alg_missing", 'The header has "enc" but no "alg".', 'Add "alg", for example "RSA-OAEP-256" or "dir".')
    for name, value in (("alg", alg), ("enc", enc)):
        if not isinstance(value, str):
            raise CannotEncode(f"{name}_not_a_string", f'"{name}" is {kind_of(value)}; a string is required.')
    if alg not in KEY_MANAGEMENT:
        message = f'alg "{quoted(str(alg))}" is no key management that jwtlens knows.{rules.alg_guess(str(alg))}'
        raise CannotEncode("alg_unknown", message, 'To sign, remove "enc".')
    if enc not in CONTENT_ENCRYPTION:
        raise CannotEncode("enc_unknown", f'enc "{quoted(str(enc))}" is not registered.{rules.enc_guess(str(enc))}')
    management = KEY_MANAGEMENT[alg]
    if not management.encrypts:
        raise CannotEncode("alg_decrypts_only", f"{alg} is open to attack; jwtlens decrypts it and makes none.", 'Use "RSA-OAEP-256".')
    return management, CONTENT_ENCRYPTION[enc]


def _check(header: dict[str, Any], management: KeyManagement) -> None:
    if "zip" in header and header["zip"] != "DEF":
        raise CannotEncode("zip_unknown", 'The only value of "zip" there is, is "DEF".', 'Write "DEF", or remove "zip".')
    for name in ("apu", "apv") if management.family == "ecdh" else ():
        value = header.get(name, "")
        if not isinstance(value, str) or not value.isascii() or base64url.decode(value.encode()) is None:
            raise CannotEncode("not_base64url", f'"{name}" is not base64url text.', "Write it in base64url, without padding.")
    count = header.get("p2c", management.rounds)
    if management.family == "pbes2" and (type(count) is not int or not 1 <= count <= MAX_ROUNDS):
        raise CannotEncode("p2c_out_of_range", f'"p2c" must be a whole number from 1 to {MAX_ROUNDS:,}.', f"Write {management.rounds}.")


def _receiver(management: KeyManagement, content: ContentEncryption, keys: Keys, kid: object) -> Key:
    wants = management.wants(content, "public")
    if not keys.keys:
        message = "There is no key to encrypt with." if keys.is_empty else keys.problem
        raise CannotEncode("key_missing" if keys.is_empty else "key_unreadable", message, f"Give {wants}.")
    fitting = [key for key in keys.keys if fits(key, management) and (key.secret is not None or key.public is not None)]
    if not fitting:
        have = keys.keys[0].name if len(keys.keys) == 1 else "no key that fits"
        raise CannotEncode("key_does_not_fit", f"{management.name} needs {wants}; the key box holds: {have}.", f"Give {wants}.")
    need = management.secret_size(content)
    sized = [key for key in fitting if not need or (key.secret is not None and len(key.secret) == need)]
    if not sized:
        what = f"{content.name} with alg dir" if management.family == "dir" else management.name
        size = len(fitting[0].secret or b"")
        raise CannotEncode("key_size", f"{what} needs a {need}-byte key; this one has {size}.", f"Give a random key of {need} bytes.")
    if any(fault.code == "secret_empty" for fault in sized[0].faults):
        raise CannotEncode("secret_empty", "The password is empty: anyone can decrypt with it.", "Use a long password.")
    return min(sized, key=lambda key: key.kid != kid)
