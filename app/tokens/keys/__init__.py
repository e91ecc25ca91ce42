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
        return read_jwk(value)
    return None


def _secret(text: str, data: bytes, read_as: str) -> Keys:
    faults: tuple[Finding, ...] = ()
    if not data:
        faults = (found("secret_empty", "key"),)
    public = _public_in(text, data)
    if public:
        faults = (found("public_key_as_secret", "key", what=f"the text of a key ({public.name})"),)
    notes = (found("key_json_secret", "key"),) if text.lstrip().startswith("{") and lossless_json.read(text.strip()).readable else ()
    key = Key("oct", len(data) * 8, read_as, secret=data, faults=faults, notes=notes)
    return Keys((key,), read_as)


def _public_in(text: str, data: bytes) -> Key | None:
    """The asymmetric key that somebody wants to use as a secret: the algorithm confusion attack."""
    inner = _structured(text) if len(text) > 40 else None
    if inner is None and data[:1] == b"\x30":
        found_key = read_der(data)
        return found_key
    if inner is None and data[:1] in (b"-", b"{", b"s", b" ", b"\n"):
        try:
            inner = _structured(data.decode())
        except UnicodeDecodeError:
            return None
    key = inner.keys[0] if inner and inner.keys else None
    return key if key and key.key_type != "oct" else None


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
