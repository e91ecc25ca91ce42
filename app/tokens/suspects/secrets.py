"""Other bytes that a shared secret may be: the key box read another way, a key's text as the secret, plain guesses."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from app.tokens import base64url, keys, lossless_json
from app.tokens.envelope import Token
from app.tokens.findings import Finding, Repair, found
from app.tokens.keys import Key, Keys, decoded
from app.tokens.suspects.candidate import Candidate

_LONGEST = 20_000
_LONGEST_GUESS = 1_000
_BODY = re.compile("-----BEGIN [^\n]*\n(.*)\n-----END [^\n]*", re.DOTALL)
_READ_AS = {
    "secret, UTF-8": "read as UTF-8 text",
    "secret, base64": "read as base64",
    "secret, base64url": "read as base64url",
    "secret, hex": "read as hexadecimal digits",
    "JWK": "of the JWK",
}
_ENDS = (("\n", "a line break (\\n)"), ("\r\n", "a line break (\\r\\n)"), ("\0", "a NUL"))
_OF_ENCODING = ("read as", "written", "as the text")
_QUOTES = ("'", '"', "`")
_TOLD = ("kid", "iss", "sub", "aud", "azp", "client_id", "appid", "jti", "typ", "alg")
_DER, _SPKI = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo


@dataclass(frozen=True, slots=True)
class _Reading:
    """Bytes, how they were come by, and what the key box has to be set to for them: another encoding or another text."""

    data: bytes | None
    how: str
    encoding: str = ""
    text: str = ""

    @classmethod
    def of(cls, text: str, how: str) -> _Reading:
        return cls(text.encode("utf-8", "surrogatepass"), how, text=text)


def readings(box: Keys, key: Key | None) -> Iterator[Candidate]:
    """Every other reading of the secret *key*, each once; without a key, of a box in which none was found."""
    if len(box.text) > _LONGEST:
        return
    secret = (key.secret if key else None) or b""
    is_plain = key is None or key.read_as.startswith("secret")
    seen = {None, secret}
    for reading in _all_of(box, secret, is_plain):
        if reading.data not in seen:
            seen.add(reading.data)
            assert reading.data is not None
            yield Candidate(reading.data, partial(_say, box, key, reading, is_plain))


def _all_of(box: Keys, secret: bytes, is_plain: bool) -> Iterator[_Reading]:
    text = box.text.removeprefix("\ufeff") if is_plain else as_text(secret)
    if text:
        yield from _of_encodings(text)
        yield from _of_edges(text)
        yield from _of_wrappings(text)
    if not is_plain:
        yield _Reading.of(base64url.encode(secret), "as the text of k, not decoded")
        yield _Reading.of(box.text, "as the text of the whole JWK")
        yield _Reading.of(box.text.strip(), "as the text of the whole JWK")
    if secret:
        yield from _of_bytes(secret)


def _of_encodings(text: str) -> Iterator[_Reading]:
    yield _Reading(text.encode("utf-8", "surrogatepass"), "read as UTF-8 text", "utf8")
    for encoding, name in (("base64", "base64"), ("base64url", "base64url"), ("hex", "hexadecimal digits")):
        data = decoded(text, encoding)
        yield _Reading(data, f"read as {name}: {len(data or b'')} bytes", encoding)
    bare = text.strip()
    for encoding in ("utf-16-le", "utf-16-be", "utf-16", "latin-1"):
        yield _Reading(_in(bare, encoding), f"read as {encoding.upper()} text")


def _of_edges(text: str) -> Iterator[_Reading]:
    """With and without what stands at the ends: line breaks of files, spaces of copying."""
    bare = text.strip()
    for end, name in _ENDS:
        yield _Reading.of(text.removesuffix(end), f"without {name} at its end")
        yield _Reading.of(text + end, f"followed by {name}, as a file ends")
    yield _Reading.of(bare, "without white space around it")
    for end, name in _ENDS:
        yield _Reading.of(bare + end, f"without white space around it, followed by {name}")
    yield _Reading.of(f"\ufeff{text}", "with a byte order mark before it")
    if bare:
        yield _Reading.of(bare.splitlines()[0], "up to its first line break")


def _of_wrappings(text: str) -> Iterator[_Reading]:
    """As configuration files write it."""
    bare = text.strip()
    if len(bare) > 2 and bare[0] == bare[-1] and bare[0] in _QUOTES:
        yield _Reading.of(bare[1:-1], "without the quotes around it")
        yield _Reading(decoded(bare[1:-1], "base64"), "without the quotes around it, read as base64")
    else:
        yield _Reading.of(f'"{bare}"', "with double quotes around it")
    yield _Reading.of(text.replace("\\r", "\r").replace("\\n", "\n"), "with \\n read as a line break")
    _, sign, value = bare.partition("=")
    if sign and value:
        yield _Reading.of(value.strip("\"'"), 'without the name and "=" before it')


def _of_bytes(secret: bytes) -> Iterator[_Reading]:
    """What other programs make of the right bytes: their text, or a part of them."""
    yield _Reading(b64encode(secret), "written as base64, which was itself taken as the secret")
    yield _Reading(base64url.encode(secret).encode(), "written as base64url, which was itself taken as the secret")
    for digits in (secret.hex(), secret.hex().upper()):
        yield _Reading(digits.encode(), "written in hexadecimal digits, which were themselves taken as the secret")
    for end, name in _ENDS:
        yield _Reading(secret + end.encode(), f"followed by {name}, as a file ends")
    yield _Reading(secret.rstrip(b"\r\n") or None, "without the line break at its end")
    for stop, name in ((b"\0", "NUL byte"), (b"\n", "line break")):
        yield _Reading(secret.partition(stop)[0] or None, f"cut at its first {name}")
    for size in (16, 24, 32, 48, 64):
        yield _Reading(secret[:size], f"cut to its first {size} bytes")


def _say(box: Keys, key: Key | None, reading: _Reading, is_plain: bool, also: str) -> Finding:
    stands = f"the {key.name} {_READ_AS.get(key.read_as, 'as it is read')}" if key else "what the key box holds"
    code = "suspect_secret_encoding" if reading.encoding or reading.how.startswith(_OF_ENCODING) else "suspect_secret_text"
    return found(code, "key", repairs=_repairs(box, reading, is_plain), stands=stands, how=reading.how, also=also)


def _repairs(box: Keys, reading: _Reading, is_plain: bool) -> tuple[Repair, ...]:
    """One change of one field that makes the key box hold these bytes; none for a set, whose other keys it would lose."""
    assert reading.data is not None
    if box.is_set:
        return ()
    if is_plain and reading.encoding and read_as(box.text, reading.encoding) == reading.data:
        words = {"utf8": "UTF-8 text", "hex": "hexadecimal digits"}.get(reading.encoding, reading.encoding)
        return (Repair(f"Read the secret as {words}", "key_encoding", reading.encoding),)
    if is_plain and reading.text and read_as(reading.text, box.encoding) == reading.data:
        return (_smallest(box.text, reading.text),)
    return (Repair("Write the secret as a JWK", "key", jwk(reading.data)),) if box.encoding == "auto" else ()


def _smallest(text: str, wanted: str) -> Repair:
    """The change of *text* into *wanted*, told by its place where it is at one end only, so that it does not repeat the secret."""
    if wanted.startswith(text):
        return Repair("Add it to the secret", "key", wanted[len(text) :], len(text), 0)
    if text.startswith(wanted):
        return Repair("Remove it from the secret", "key", "", len(wanted), len(text) - len(wanted))
    if text.endswith(wanted):
        return Repair("Remove it from the secret", "key", "", 0, len(text) - len(wanted))
    return Repair("Change the secret", "key", wanted)


def read_as(text: str, encoding: str = "auto") -> bytes | None:
    """The secret that the key box takes *text* for, or None."""
    read = keys.read(text, encoding)
    return read.keys[0].secret if len(read.keys) == 1 else None


def jwk(secret: bytes) -> str:
    """*secret* as a JWK, which no reading can mistake."""
    return json.dumps({"kty": "oct", "k": base64url.encode(secret)})


def as_text(data: bytes) -> str:
    """*data* as UTF-8, or nothing when it is not."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""


def keys_as_secrets(box: Keys, candidates: list[Key]) -> Iterator[Candidate]:
    """Every asymmetric key in every spelling that may have been handed to HMAC, the pasted text first."""
    asymmetric = [key for key in candidates if key.secret is None]
    pasted = asymmetric[0] if asymmetric else None
    announced = pasted is None and not candidates and "-----BEGIN" in box.text
    has_private = any(key.is_private for key in asymmetric) or "PRIVATE KEY" in box.text
    if (pasted or announced) and len(box.text) <= _LONGEST:
        for text, what in _texts(box.text, f"its {'PEM' if '-----BEGIN' in box.text else 'text'} as pasted"):
            yield _as_secret(text.encode("utf-8", "surrogatepass"), pasted.name if pasted else "key", what, has_private)
    for key in asymmetric:
        for data, what in _spellings(key):
            yield _as_secret(data, key.with_kid, what, False)
    if len(asymmetric) == 1 and "JWK" in box.read_as:
        for text in _only_jwk(box.text):
            yield _as_secret(text.encode("utf-8", "surrogatepass"), asymmetric[0].with_kid, "its JWK with all its members", has_private)


def _as_secret(data: bytes, name: str, what: str, is_private: bool) -> Candidate:
    code = "suspect_private_key_as_secret" if is_private else "suspect_public_key_as_secret"
    return Candidate(data, partial(found, code, "key", key=name.replace(" private ", " public ") if not is_private else name, what=what))


def _texts(text: str, what: str) -> Iterator[tuple[str, str]]:
    bare = text.strip().replace("\r\n", "\n")
    yield text, what
    yield f"{bare}\n", f"{what}, with a line break at the end"
    yield bare, f"{what}, without a line break at the end"
    yield bare.replace("\n", "\r\n"), f"{what}, with CR LF for line breaks"
    yield f"{bare}\n".replace("\n", "\r\n"), f"{what}, with CR LF for line breaks and at the end"
    yield f"{bare}\r\n", f"{what}, with CR LF at the end"
    yield f"\n{bare}", f"{what}, with a line break before it"
    yield f"\n{bare}\n", f"{what}, with a line break before it and at the end"
    yield bare.replace("\n", ""), f"{what}, on one line"
    yield bare.replace("\n", " "), f"{what}, with spaces for line breaks"
    yield f"{bare} ".replace("\n", " "), f"{what}, with spaces for line breaks and at the end"
    yield bare.replace("\n", "\\n"), f'{what}, with "\\n" written out'
    yield f"{bare}\n".replace("\n", "\\n"), f'{what}, with "\\n" written out'
    yield b64encode(bare.encode("utf-8", "surrogatepass")).decode(), f"{what}, all of it in base64"
    yield b64encode(f"{bare}\n".encode("utf-8", "surrogatepass")).decode(), f"{what}, all of it in base64"
    body = _BODY.fullmatch(bare)
    if body:
        yield body[1], f"{what}, without its first and last line"
        yield f"{body[1]}\n", f"{what}, without its first and last line"


def _only_jwk(text: str) -> Iterator[str]:
    """The JWK that stands alone or alone in its set, as it is written there and in other layouts."""
    if len(text) > _LONGEST:
        return
    text = text.strip("\ufeff")
    entries = lossless_json.read(text).member("keys")
    written = text[entries.start + 1 : entries.end - 1].strip() if entries else text
    yield from (written, lossless_json.compact(written), lossless_json.spaced(written))


def _spellings(key: Key) -> Iterator[tuple[bytes, str]]:
    """The public key in the forms that libraries and tools write."""
    public: Any = key.public
    forms = [(_SPKI, "SPKI")] + ([(serialization.PublicFormat.PKCS1, "PKCS#1")] if isinstance(public, rsa.RSAPublicKey) else [])
    for form, name in forms:
        pem = public.public_bytes(serialization.Encoding.PEM, form).decode()
        for text, what in _texts(pem, f"its PEM ({name})"):
            yield text.encode(), what
        der = public.public_bytes(_DER, form)
        yield der, f"its DER ({name})"
        yield b64encode(der), f"its DER ({name}) in base64"
        yield base64url.encode(der).encode(), f"its DER ({name}) in base64url"
    if key.certificate:
        yield from _of_certificate(key.certificate.public_bytes(_DER))
    yield from _jwks(key)
    if isinstance(public, rsa.RSAPublicKey):
        n = public.public_numbers().n
        modulus = n.to_bytes((n.bit_length() + 7) // 8, "big")
        yield modulus, "the bytes of its modulus"
        yield b"\0" + modulus, "the bytes of its modulus, with a zero before them"
        yield base64url.encode(modulus).encode(), 'the text of its member "n"'
        yield modulus.hex().encode(), "its modulus in hexadecimal digits"
        return
    if isinstance(public, ec.EllipticCurvePublicKey):
        raw = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        yield raw[1:], "the bytes of x and y"
        yield public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint), "its compressed point"
    else:
        raw = public.public_bytes_raw()
    yield raw, "its raw bytes"
    yield base64url.encode(raw).encode(), "its raw bytes in base64url"
    yield b64encode(raw), "its raw bytes in base64"
    yield raw.hex().encode(), "its raw bytes in hexadecimal digits"


def _of_certificate(der: bytes) -> Iterator[tuple[bytes, str]]:
    text = b64encode(der).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    for pem, what in _texts(f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n", "its certificate's PEM"):
        yield pem.encode(), what
    yield der, "its certificate's DER"
    yield text.encode(), "its certificate's DER in base64"


def _jwks(key: Key) -> Iterator[tuple[bytes, str]]:
    members = key.jwk()
    more = {name: value for name, value in (("kid", key.kid), ("alg", key.alg), ("use", key.use)) if value}
    for order in (("kty", "n", "e"), ("kty", "e"), ("kty", "crv"), ()):
        jwk_ = {name: members[name] for name in order if name in members} | members
        for whole in (jwk_, jwk_ | more, more | jwk_) if more else (jwk_,):
            yield json.dumps(whole, separators=(",", ":")).encode(), "its JWK on one line"
            yield json.dumps(whole).encode(), "its JWK with spaces"


def guesses(token: Token) -> Iterator[tuple[bytes, str]]:
    """What an attacker or a careless program takes for a secret: nothing at all, or what the token itself tells."""
    yield b"", "an empty secret"
    payload = token.payload if len(token.text) <= _LONGEST else None
    for document, segment in ((token.header, "header"), (payload, "payload")):
        value = document.value if document else None
        if isinstance(value, dict):
            for name in _TOLD:
                text = value.get(name)
                if isinstance(text, str) and 0 < len(text) <= _LONGEST_GUESS:
                    yield text.encode("utf-8", "surrogatepass"), f'its own "{name}", which stands in the {segment},'
    header = token.header.value if token.header else None
    chain = header.get("x5c") if isinstance(header, dict) else None
    first = chain[0] if isinstance(chain, list) and chain else None
    der = decoded(first, "base64") if isinstance(first, str) and len(first) <= _LONGEST else None
    if der:
        for data, what in _of_certificate(der):
            yield data, f'its own "x5c", which stands in the header ({what}),'


def _in(text: str, encoding: str) -> bytes | None:
    try:
        return text.encode(encoding) if encoding != "latin-1" or not text.isascii() else None
    except UnicodeEncodeError:
        return None
