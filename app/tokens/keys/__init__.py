"""Anything pasted into the key box → keys: secrets, PEM, DER, JWK, JWK Set, certificates. Raises nothing."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error, unhexlify
from collections.abc import Callable
from typing import Literal, get_args

from app.tokens import base64url, lossless_json
from app.tokens.findings import Finding, found
from app.tokens.keys.jwk import read_jwk
from app.tokens.keys.key import Key, Keys
from app.tokens.keys.make import generate, private_jwk, private_pem, public_jwk, public_pem
from app.tokens.keys.pem import Unreadable, looks_like_pem, read_der, read_der_text, read_pem, read_ssh

__all__ = ["ENCODINGS", "Key", "KeyEncoding", "Keys", "generate", "private_jwk", "private_pem", "public_jwk", "public_pem", "read"]

KeyEncoding = Literal["auto", "utf8", "base64", "base64url", "hex"]
_SHORTEST_KEY = 40
_STRUCTURES = ("-----BEGIN", "{", "ssh-", "ecdsa-", "M")
_ANNOUNCES_KEY = re.compile(r'-----BEGIN [A-Z0-9 ]*(?:KEY|CERTIFICATE)|^(?:ssh-|ecdsa-sha2-)|"kty"\s*:\s*"(?!oct)')
ENCODINGS: tuple[str, ...] = get_args(KeyEncoding)


def read(text: str, encoding: str = "auto") -> Keys:
    """The keys that *text* holds. `auto`: a PEM, DER, JWK or certificate is one, all else is a secret in UTF-8."""
    text = text.removeprefix("\ufeff")
    if not text or (encoding not in ("auto", "utf8") and not text.strip()):
        return Keys(findings=(found("key_empty", "key"),))
    if encoding == "auto":
        return _structured(text) or _secret(text, text.encode("utf-8", "surrogatepass"), "secret, UTF-8")
    if encoding == "utf8":
        return _secret(text, text.encode("utf-8", "surrogatepass"), "secret, UTF-8")
    try:
        data = _DECODERS[encoding]("".join(text.split()))
    except (Error, ValueError):
        words = {"base64": "base64", "base64url": "base64url", "hex": "hexadecimal digits"}[encoding]
        return Keys(findings=(found("key_encoding", "key", encoding=words, why="it has other characters or a wrong length."),))
    return _secret(text, data, f"secret, {encoding}")


def _structured(text: str) -> Keys | None:
    """A key with a structure of its own, or None: then the text is a secret."""
    if looks_like_pem(text):
        return read_pem(text)
    stripped = text.strip()
    if stripped.startswith("{"):
        return _json(stripped)
    return read_ssh(text) or read_der_text(text)


def _json(text: str) -> Keys | None:
    document = lossless_json.read(text)
    if not document.readable:
        if not re.search(r'"(?:kty|keys)"', text):
            return None
        line, column = document.position(document.problems[0].offset)
        return Keys(read_as="JWK", findings=(Unreadable("a JWK", f"its JSON is broken at line {line}, column {column}.").finding,))
    value = document.value
    if isinstance(value, dict) and ("kty" in value or "keys" in value):
        if any(problem.code == "json_duplicate_member" for problem in document.problems):
            return Keys(read_as="JWK", findings=(Unreadable("a JWK", "a member occurs twice.", spec="RFC 7517 §4").finding,))
        keys = read_jwk(value)
        for key in keys.keys:
            if key.secret is not None:
                key.faults += _confusion("", key.secret)
        return keys
    return None


def _secret(text: str, data: bytes, read_as: str) -> Keys:
    faults = _confusion(text, data) if data else (found("secret_empty", "key"),)
    notes = (found("key_json_secret", "key"),) if text.lstrip().startswith("{") and lossless_json.read(text.strip()).readable else ()
    key = Key("oct", len(data) * 8, read_as, secret=data, faults=faults, notes=notes)
    return Keys((key,), read_as)


def _confusion(text: str, data: bytes) -> tuple[Finding, ...]:
    """The fault of a secret that is an asymmetric key in whatever spelling: the algorithm confusion attack."""
    what = _key_in(text, data) if len(data) >= _SHORTEST_KEY else None
    return (found("public_key_as_secret", "key", what=what),) if what else ()


def _key_in(text: str, data: bytes) -> str | None:
    as_der = read_der(data)
    if as_der:
        return f"a key in DER ({as_der.name})"
    for spelling in (text, _as_text(data)):
        bare = spelling.strip("\ufeff\0 \t\r\n\v\f")
        inner = _structured(bare) if bare.startswith(_STRUCTURES) else None
        key = inner.keys[0] if inner and inner.keys else None
        if key is not None:
            return f"the text of a key ({key.name})" if key.key_type != "oct" else None
        if _ANNOUNCES_KEY.search(bare):
            return "the text of a key"
    return None


def _as_text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""


def _hex(text: str) -> bytes:
    return unhexlify(text.removeprefix("0x").replace(":", ""))


def _base64(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4), validate=True)


def _base64url(text: str) -> bytes:
    data = base64url.decode(text.rstrip("=").encode())
    if data is None:
        raise ValueError
    return data


_DECODERS: dict[str, Callable[[str], bytes]] = {"base64": _base64, "base64url": _base64url, "hex": _hex}
