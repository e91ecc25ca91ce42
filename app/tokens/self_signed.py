"""A certificate that a key issues for itself, for tests: nobody vouches for it."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from app.tokens import base64url
from app.tokens.keys.key import Key
from app.tokens.keys.rsa_parts import MAX_BITS

MAX_DAYS = 3650
LONGEST_SUBJECT = 64  # RFC 5280, appendix A.1: ub-common-name
_LONGEST_NAME = 500
_EC_DIGESTS: dict[str, hashes.SHA384 | hashes.SHA512] = {"P-384": hashes.SHA384(), "P-521": hashes.SHA512()}


class CannotCertify(Exception):
    """There is no such certificate; the words hold nothing of the key."""


@dataclass(frozen=True, slots=True)
class Forms:
    """A certificate as text: PEM, and what a token's header or a JWK says of it (RFC 7515 §4.1.6 to §4.1.8)."""

    pem: str
    x5c: str
    x5t: str
    x5t_s256: str

    @property
    def header(self) -> str:
        """The three parameters as they stand in a header."""
        return json.dumps({"x5c": json.loads(self.x5c), "x5t": self.x5t, "x5t#S256": self.x5t_s256}, indent=2)


def issue(key: Key, subject: str, at: int, days: int) -> x509.Certificate:
    """A certificate for *key*, signed by itself and valid for *days* from *at*, seconds since 1970.

    *subject* is a common name, or a whole name as RFC 4514 writes it: CN=test,O=Example.
    """
    private: Any = key.load_private() if key.load_private else None
    if private is None:
        raise CannotCertify("A certificate is signed: that takes a private key.")
    if key.curve in ("X25519", "X448"):
        raise CannotCertify(f"An {key.curve} key cannot sign, so it cannot issue a certificate for itself.")
    if key.faults or (key.key_type == "RSA" and not 1024 <= key.bits <= MAX_BITS):
        raise CannotCertify("No certificate is made for a key with this fault or size.")
    if at < 0:  # the encoder of earlier years gives up with a panic, which no handler sees
        raise CannotCertify("A certificate here begins in 1970 or later.")
    if not 1 <= days <= MAX_DAYS:
        raise CannotCertify(f"A certificate here is valid for 1 to {MAX_DAYS:,} days.")
    name = _name(subject)
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    try:
        begin = datetime.fromtimestamp(at, UTC)
        end = begin + timedelta(days=days)
        builder = x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number(), begin, end)
    except (ValueError, OverflowError, OSError):
        raise CannotCertify("That time is beyond the calendar of certificates.") from None
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
    )
    return builder.sign(private, _digest(key))


def written(certificate: x509.Certificate) -> Forms:
    """*certificate* in the forms that tokens and keys carry."""
    der = certificate.public_bytes(Encoding.DER)
    return Forms(
        certificate.public_bytes(Encoding.PEM).decode(),
        json.dumps([b64encode(der).decode()], indent=2),
        base64url.encode(sha1(der, usedforsecurity=False).digest()),
        base64url.encode(sha256(der).digest()),
    )


def _name(subject: str) -> x509.Name:
    subject = subject.strip()
    if not subject or len(subject) > _LONGEST_NAME:
        raise CannotCertify("The subject is empty or too long.")
    try:
        if "=" in subject:
            return x509.Name.from_rfc4514_string(subject)
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    except (ValueError, UnicodeError):
        why = f"A common name has at most {LONGEST_SUBJECT} characters; a whole name is written like CN=test,O=Example."
        raise CannotCertify(f"The subject is no name of a certificate. {why}") from None


def _digest(key: Key) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    return _EC_DIGESTS.get(key.curve, hashes.SHA256()) if key.key_type in ("RSA", "EC") else None
