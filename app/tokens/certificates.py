"""X.509 certificates: what they say, whether one vouches for another, and what is wrong with one at a time (RFC 5280)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha1, sha256
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning

from app.tokens import base64url, times
from app.tokens.findings import Finding, Segment, found, quoted
from app.tokens.keys.key import Key, Keys
from app.tokens.keys.pem import key_of_certificate, load_certificate
from app.tokens.times import Seconds

MIN_RSA_BITS = 2048
_LONGEST_NAME = 200
_MOST_NAMES = 20
_BROKEN_HASHES = {"md5": ("MD5", "RFC 6151 §2"), "sha1": ("SHA-1", "RFC 6194 §3")}
_SIGNED_WITH = {
    oid: name.strip("_").replace("ML_DSA_", "ML-DSA-").replace("SHA3_", "SHA3-").replace("_", " ").replace("WITH", "with")
    for name, oid in vars(x509.oid.SignatureAlgorithmOID).items()
    if isinstance(oid, x509.ObjectIdentifier)
}
# RFC 5280 §4.2.1.3; the two bits that refine keyAgreement say nothing about signatures.
_USAGES = {
    "digital_signature": "digitalSignature",
    "content_commitment": "contentCommitment",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}
_SIGNS = {"digitalSignature", "contentCommitment"}
_Unreadable = (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


@dataclass(frozen=True, slots=True, repr=False)
class Certificate:
    """The facts of one certificate. Names are fit for a sentence, times are seconds since 1970, thumbprints base64url.

    A fact that cannot be read is empty or None. *usages* is None when the certificate does not restrict its key.
    """

    subject: str
    issuer: str
    serial: str
    not_before: int | None
    not_after: int | None
    sha1: str
    sha256: str
    key: Key | None
    is_authority: bool
    usages: tuple[str, ...] | None
    names: tuple[str, ...]
    signed_with: str
    broken_hash: str
    """`md5` or `sha1` when the signature rests on it, else empty."""
    original: x509.Certificate

    def __repr__(self) -> str:
        return f"<Certificate {self.subject}>"

    @property
    def title(self) -> str:
        """The subject, or the first alternative name of a certificate without one."""
        return self.subject or (self.names[0] if self.names else "no subject")

    @property
    def is_self_issued(self) -> bool:
        """Whether subject and issuer are one, as the names say it."""
        return self.subject == self.issuer

    @property
    def is_self_signed(self) -> bool:
        """Whether its own key signed it: a signature is verified each time."""
        return self.is_self_issued and is_issued_by(self.original, self.original) is True

    def summary(self) -> dict[str, object]:
        """The facts by name, for reports."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "serial": self.serial,
            "not_before": times.iso(self.not_before) if self.not_before is not None else None,
            "not_after": times.iso(self.not_after) if self.not_after is not None else None,
            "x5t": self.sha1,
            "x5t#S256": self.sha256,
            "ca": self.is_authority,
            "self_signed": self.is_self_signed,
            "key_usage": list(self.usages) if self.usages is not None else None,
            "names": list(self.names),
            "signature_algorithm": self.signed_with,
            "key": self.key.summary() if self.key else None,
        }


def read(der: bytes) -> Certificate | None:
    """The certificate in DER bytes, or None."""
    certificate = load_certificate(der)
    return facts(certificate) if certificate else None


def facts(certificate: x509.Certificate) -> Certificate:
    """What *certificate* says."""
    der = certificate.public_bytes(Encoding.DER)
    constraints = _extension(certificate, x509.BasicConstraints)
    return Certificate(
        subject=_name(lambda: certificate.subject),
        issuer=_name(lambda: certificate.issuer),
        serial=_serial(certificate),
        not_before=_seconds(lambda: certificate.not_valid_before_utc),
        not_after=_seconds(lambda: certificate.not_valid_after_utc),
        sha1=base64url.encode(sha1(der, usedforsecurity=False).digest()),
        sha256=base64url.encode(sha256(der).digest()),
        key=key_of_certificate(certificate, "X.509 certificate"),
        is_authority=bool(constraints and constraints.ca),
        usages=_usages(_extension(certificate, x509.KeyUsage)),
        names=tuple(_alternatives(_extension(certificate, x509.SubjectAlternativeName))),
        signed_with=_SIGNED_WITH.get(certificate.signature_algorithm_oid) or certificate.signature_algorithm_oid.dotted_string,
        broken_hash=_broken_hash(certificate),
        original=certificate,
    )


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool | None:
    """Whether *issuer* signed *certificate*; None when that cannot be told: an algorithm or a spelling of names that is not known here."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    except (TypeError, UnsupportedAlgorithm):
        return None
    except ValueError:  # the names differ, perhaps only in their spelling (RFC 5280 §7.1)
        wanted, given = _name(lambda: certificate.issuer), _name(lambda: issuer.subject)
        return None if wanted.casefold() == given.casefold() else False
    return True


def at_a_time(certificate: Certificate, where: str, at: Seconds, segment: Segment = "header") -> Iterator[Finding]:
    """Whether the time *at* lies within the certificate's; both ends belong to it (RFC 5280 §4.1.2.5)."""
    first, last = certificate.not_before, certificate.not_after
    if last is not None and at > last:
        code, limit = "certificate_expired", last
    elif first is not None and at < first:
        code, limit = "certificate_not_yet", first
    else:
        return
    yield found(code, segment, where=where, subject=certificate.title, date=times.utc(limit), distance=times.relative(limit, at))


def weaknesses(certificate: Certificate, where: str, segment: Segment = "header") -> Iterator[Finding]:
    """What makes a certificate worth little, whatever the time."""
    facts_: dict[str, Any] = {"where": where, "subject": certificate.title}
    if certificate.broken_hash:
        name, spec = _BROKEN_HASHES[certificate.broken_hash]
        yield found("certificate_weak_signature", segment, hash=name, spec=spec, **facts_)
    key = certificate.key
    if key and key.key_type == "RSA" and key.bits < MIN_RSA_BITS and segment != "key":
        yield found("certificate_weak_key", segment, bits=key.bits, **facts_)


def of_a_signer(certificate: Certificate, where: str, segment: Segment = "header") -> Iterator[Finding]:
    """What tells that the certificate is not one that signs tokens."""
    facts_: dict[str, Any] = {"where": where, "subject": certificate.title}
    if certificate.is_authority:
        yield found("certificate_ca", segment, **facts_)
    if certificate.usages is not None and not _SIGNS.intersection(certificate.usages):
        yield found("certificate_usage", segment, usages=", ".join(certificate.usages) or "nothing", **facts_)


def in_the_box(keys: Keys, at: Seconds, matches: bool | None) -> Iterator[Finding]:
    """What is wrong with the certificates in the key box. That it is an authority's matters when its key does not match."""
    for key in keys.keys:
        if key.certificate is None:
            continue
        certificate = facts(key.certificate)
        where = "The certificate in the key box"
        yield from at_a_time(certificate, where, at, "key")
        yield from weaknesses(certificate, where, "key")
        if not matches:
            yield from of_a_signer(certificate, where, "key")


def _extension(certificate: x509.Certificate, kind: Any) -> Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except _Unreadable:
        return None


def _name(read_name: Callable[[], x509.Name]) -> str:
    try:
        return quoted(read_name().rfc4514_string(), _LONGEST_NAME)
    except _Unreadable:
        return "a name that cannot be read"


def _serial(certificate: x509.Certificate) -> str:
    with warnings.catch_warnings():  # one that is negative or zero is read all the same
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return f"{certificate.serial_number:x}"


def _seconds(read_moment: Callable[[], datetime]) -> int | None:
    try:
        return int(read_moment().timestamp())
    except (ValueError, OverflowError):
        return None


def _usages(usage: Any) -> tuple[str, ...] | None:
    return tuple(name for bit, name in _USAGES.items() if getattr(usage, bit)) if usage is not None else None


def _alternatives(names: Any) -> Iterator[str]:
    for name in list(names or ())[:_MOST_NAMES]:
        value = name.type_id if isinstance(name, x509.OtherName) else name.value
        text = value.rfc4514_string() if isinstance(value, x509.Name) else getattr(value, "dotted_string", None) or str(value)
        yield quoted(text, _LONGEST_NAME)


def _broken_hash(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return ""
    return algorithm.name if algorithm is not None and algorithm.name in _BROKEN_HASHES else ""
