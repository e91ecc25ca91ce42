"""Private keys under a passphrase: PKCS#8 (RFC 5958 §3) and OpenSSL's old PEM, opened without letting their rounds run away."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from typing import Any

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from app.tokens.findings import Finding, found
from app.tokens.keys.key import Keys
from app.tokens.keys.pem import key_of_private

MAX_ROUNDS = 1_200_000
MAX_SCRYPT = 1 << 18  # N · r · p: 32 MiB, and a quarter of a second
_DEEPEST = 8
_SCRYPT = bytes.fromhex("2b06010401da47040b")
_PBES2 = bytes.fromhex("2a864886f70d01050d")
_PBES1 = (bytes.fromhex("2a864886f70d0105"), bytes.fromhex("2a864886f70d010c01"))
_LOCKED = re.compile(r"-----BEGIN ENCRYPTED PRIVATE KEY-----(?P<body>[^-]*)-----END ENCRYPTED PRIVATE KEY-----")
_OLD = re.compile(r"-----BEGIN (?P<label>(?:RSA|EC) PRIVATE KEY)-----\s{0,4}Proc-Type: ?4,ENCRYPTED")
_SHORTEST = 40


def read(text: str, passphrase: str) -> Keys | None:
    """The locked private key in *text*, opened; None when there is no locked key. Without its passphrase a finding says so."""
    der, old = _take(text)
    if der is None and old is None:
        return None
    if not passphrase:
        return _closed(found("key_locked", "key"))
    if der is not None and (costly := _too_costly(der)):
        return _closed(found("key_locked_rounds", "key", what=costly))
    secret = passphrase.encode("utf-8", "surrogatepass")
    try:
        private = _open(der, old, secret)
    except (UnsupportedAlgorithm, InternalError):
        return _closed(found("key_locked_unknown", "key"))
    except (ValueError, TypeError):
        return _closed(found("key_passphrase", "key"))
    key = key_of_private(private, "PKCS#8 with passphrase" if der is not None else "OpenSSL's PEM with passphrase")
    return Keys((key,), key.read_as) if key else _closed(found("key_locked_unknown", "key"))


def is_locked(text: str) -> bool:
    """Whether a locked private key is in *text*."""
    return _take(text) != (None, None)


def _open(der: bytes | None, old: str | None, passphrase: bytes) -> Any:
    if der is not None:
        return serialization.load_der_private_key(der, passphrase, unsafe_skip_rsa_key_validation=True)
    return serialization.load_pem_private_key((old or "").encode(), passphrase, unsafe_skip_rsa_key_validation=True)


def _closed(finding: Finding) -> Keys:
    return Keys(read_as="a private key with a passphrase", findings=(finding,))


def _take(text: str) -> tuple[bytes | None, str | None]:
    """The DER of an EncryptedPrivateKeyInfo, or the text of an old PEM."""
    if "\\n" in text:
        text = text.replace("\\r", "").replace("\\n", "\n")
    block = _LOCKED.search(text)
    body = block["body"] if block else text
    if block or body.lstrip().startswith("M"):
        packed = "".join(body.split()).replace("-", "+").replace("_", "/").rstrip("=")
        try:
            der = b64decode(packed + "=" * (-len(packed) % 4), validate=True) if len(packed) >= _SHORTEST else b""
        except (Error, ValueError):
            der = b""
        return (der if block or _is_locked(der) else None), None
    begin = _OLD.search(text)
    if begin is None:
        return None, None
    foot = f"-----END {begin['label']}-----"
    end = text.find(foot, begin.end())
    return None, text[begin.start() : end + len(foot)] if end > 0 else None


def _is_locked(der: bytes) -> bool:
    """Whether the DER begins with an algorithm identifier that encrypts by passphrase."""
    identifier = next((value for tag, value in _elements(_first(der)) if tag == 0x06), b"")
    return identifier == _PBES2 or identifier.startswith(_PBES1[1]) or (identifier.startswith(_PBES1[0]) and len(identifier) == 9)


def _too_costly(der: bytes) -> str:
    """What the key asks for that is more than is done for anybody, or nothing."""
    elements = list(_elements(_first(der)))
    numbers = [int.from_bytes(value, "big") for tag, value in elements if tag == 0x02]
    if any(tag == 0x06 and value == _SCRYPT for tag, value in elements):
        cost = numbers[0] * numbers[1] * numbers[2] if len(numbers) > 2 else 0
        return f"scrypt with a cost of {cost:,}; {MAX_SCRYPT:,} are tried" if cost > MAX_SCRYPT else ""
    rounds = max(numbers, default=0)
    if rounds <= MAX_ROUNDS:
        return ""
    return f"{rounds:,} rounds; {MAX_ROUNDS:,} are tried" if rounds < 1 << 64 else f"more rounds than {MAX_ROUNDS:,}"


def _first(der: bytes) -> bytes:
    """The first element within the outer sequence: the algorithm identifier, whole."""
    outer = next(_split(der), None)
    inner = next(_split(outer[1]), None) if outer else None
    return inner[1] if inner else b""


def _elements(content: bytes, depth: int = 0) -> Iterator[tuple[int, bytes]]:
    """Tag and content of every primitive element, in order, however deep it stands."""
    for tag, value in _split(content):
        if tag & 0x20:
            if depth < _DEEPEST:
                yield from _elements(value, depth + 1)
        else:
            yield tag, value


def _split(content: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(content):
        size, start = content[at + 1], at + 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(content[at + 2 : start], "big")
        yield content[at], content[start : start + size]
        at = start + size
