"""PEM and DER: SPKI, PKCS#1, PKCS#8, SEC1 and X.509, however the line breaks came out."""

from __future__ import annotations

import re
import warnings
from base64 import b64decode
from binascii import Error, unhexlify
from collections.abc import Iterable, Iterator
from typing import Any

from cryptography import x509
from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.utils import CryptographyDeprecationWarning

from app.tokens.findings import Finding, Repair, found, quoted
from app.tokens.keys import foreign, rsa_parts
from app.tokens.keys.foreign import Foreign
from app.tokens.keys.key import Key, Keys, of_private, of_public

_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_SHORTEST_DER = 40
_PUBLIC = {"PUBLIC KEY": "PEM, SPKI", "RSA PUBLIC KEY": "PEM, PKCS#1"}
_PRIVATE = {"PRIVATE KEY": "PEM, PKCS#8", "RSA PRIVATE KEY": "PEM, PKCS#1", "EC PRIVATE KEY": "PEM, SEC1"}
# RSASSA-PSS and the hash that may be fixed with it, as they stand in the algorithm identifier at the beginning (RFC 4055 §3).
_PSS = bytes.fromhex("06092a864886f70d01010a")
_PSS_DIGESTS = {
    bytes.fromhex("0609608648016503040201"): "PS256",
    bytes.fromhex("0609608648016503040202"): "PS384",
    bytes.fromhex("0609608648016503040203"): "PS512",
}
_IDENTIFIER = 80
_CERTIFICATES = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")
MAX_KEYS = 100
_SSH = ("ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-")


class Unreadable(Exception):
    """A text announces a key that is not there; the words hold nothing of the text."""

    def __init__(
        self,
        what: str,
        why: str,
        hint: str = "Copy the key again, whole.",
        spec: str = "",
        repairs: tuple[Repair, ...] = (),
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.why = why
        self.finding = found("key_unreadable", "key", line=line, column=column, repairs=repairs, what=what, why=why, hint=hint, spec=spec)


def looks_like_pem(text: str) -> bool:
    return "-----BEGIN" in text


def read_pem(text: str) -> Keys:
    """Every key of a PEM text; of a certificate chain the first."""
    notes: list[Finding] = []
    if "\\n" in text:
        text = text.replace("\\r", "").replace("\\n", "\n")
        # A repair is shown, told by the API and copied into reports; a private key must not be.
        repairs = () if "PRIVATE" in text else (Repair("Write real line breaks", "key", text),)
        notes.append(found("key_escaped_lines", "key", repairs=repairs))
    try:
        keys = _blocks(_take_apart(text), notes)
    except Unreadable as error:
        return Keys(read_as="PEM", findings=(*notes, error.finding))
    return Keys(tuple(keys), keys[0].read_as, len(keys) > 1, tuple(notes))


def _take_apart(text: str) -> Iterator[tuple[str, str]]:
    """Label and body of each block from BEGIN to its END."""
    at = count = 0
    while begin := _BEGIN.search(text, at):
        end = text.find(f"-----END {begin[1]}-----", begin.end())
        at = begin.end()
        if end < 0:
            raise Unreadable("a PEM", "it has no complete block from BEGIN to END.")
        count += 1
        if count > MAX_KEYS:
            raise Unreadable("a PEM", f"it has more than {MAX_KEYS} blocks.", "Paste the key that belongs to the token.")
        yield begin[1], text[at:end]
        at = end


def _blocks(blocks: Iterable[tuple[str, str]], notes: list[Finding]) -> list[Key]:
    keys: list[Key] = []
    certificates = 0
    parameters = False
    for label, body in blocks:
        if label == "EC PARAMETERS":
            parameters = True
            continue
        if label in _CERTIFICATES:
            certificates += 1
            if certificates > 1:
                continue
        keys.append(_one(label, body))
    if parameters and not keys:
        raise Unreadable(*foreign.EC_PARAMETERS)
    if not keys:
        raise Unreadable("a PEM", "it has no complete block from BEGIN to END.")
    if certificates > 1:
        notes.append(found("key_more_certificates", "key", count=certificates))
    return keys


def _one(label: str, body: str) -> Key:
    stranger = foreign.by_label(label, body)
    if stranger:
        raise Unreadable(*stranger)
    try:
        der = b64decode("".join(body.split()), validate=True)
    except (Error, ValueError):
        raise Unreadable("a PEM", f"the text between BEGIN and END {label} is damaged: not base64.") from None
    if label in _PUBLIC:
        key = _public(der, _PUBLIC[label])
    elif label in _PRIVATE:
        key = _private(der, _PRIVATE[label])
    elif label in _CERTIFICATES:
        key = _certificate(der, "X.509 certificate")
    else:
        raise Unreadable(
            f"a PEM of a {quoted(label.lower())}", "that is no key or certificate.", "Paste a public key, a private key or a certificate."
        )
    if key is None:
        raise Unreadable(*_instead(label, der))
    return key


def _instead(label: str, der: bytes) -> Foreign:
    """What stands under a label that promises something else."""
    other = read_der(der)
    if other:
        what = "a certificate" if other.certificate else f"a {'private' if other.is_private else 'public'} key"
        right = "CERTIFICATE" if other.certificate else "PRIVATE KEY" if other.is_private else "PUBLIC KEY"
        return Foreign(f"a PEM {label}", f"its content is {what}.", f"Write BEGIN {right} and END {right}, or copy the other block.")
    damaged = "its content is damaged, or of a type that JOSE does not use."
    return foreign.by_bytes(der) or Foreign(f"a PEM {label}", damaged, "Copy the key again, whole.")


def read_der_text(text: str) -> Keys | None:
    """The key in bare base64 DER, or None when the text is anything else."""
    if text.lstrip()[:1] != "M":  # a DER sequence begins with byte 30
        return None
    packed = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    if len(packed) < _SHORTEST_DER:
        return None
    try:
        der = b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (Error, ValueError):
        return None
    key = read_der(der)
    return Keys((key,), key.read_as) if key else None


def read_der_hex(text: str) -> Keys | None:
    """The key in DER written as hexadecimal digits, or None when the text is anything else."""
    if not text.lstrip().startswith(("30", "0x30")):
        return None
    packed = "".join(text.split()).replace(":", "").removeprefix("0x")
    try:
        key = read_der(unhexlify(packed)) if len(packed) >= 2 * _SHORTEST_DER else None
    except (Error, ValueError):
        return None
    return Keys((key,), f"{key.read_as}, in hexadecimal") if key else None


def read_der(der: bytes) -> Key | None:
    """The key in DER bytes of any of the five forms, or None."""
    if der[:1] != b"\x30":
        return None
    return _public(der, "DER, public key") or _private(der, "DER, private key") or _certificate(der, "DER, X.509 certificate")


def read_ssh(text: str) -> Keys | None:
    """An OpenSSH public key line, or None."""
    if not text.lstrip().startswith(_SSH):
        return None
    try:
        key = _checked(serialization.load_ssh_public_key(text.strip().encode()), "OpenSSH public key")
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if key is None:
        return Keys(
            read_as="OpenSSH",
            findings=(Unreadable("an OpenSSH public key", "it is damaged, or of a type that JOSE does not use.").finding,),
        )
    return Keys((key,), key.read_as)


def _public(der: bytes, read_as: str) -> Key | None:
    try:
        return _marked(_checked(serialization.load_der_public_key(der), read_as), der)
    except (ValueError, UnsupportedAlgorithm, CryptographyDeprecationWarning):  # the last for Diffie-Hellman, where warnings are errors
        return None


def _marked(key: Key | None, der: bytes) -> Key | None:
    """*key* with what its algorithm identifier says beyond its type."""
    if key is None:
        return None
    if key.key_type == "EC" and foreign.has_explicit_curve(der):
        key.notes += (found("key_explicit_curve", "key", curve=key.curve),)
    if key.key_type == "RSA" and _PSS in der[:_IDENTIFIER]:
        digest = next((name for oid, name in _PSS_DIGESTS.items() if oid in der[:_IDENTIFIER]), None)
        key.only = (digest,) if digest else tuple(_PSS_DIGESTS.values())
        key.notes += (found("key_pss_only", "key", which=digest or "PS256, PS384 and PS512"),)
    return key


def _certificate(der: bytes, read_as: str) -> Key | None:
    certificate = load_certificate(der)
    return key_of_certificate(certificate, read_as) if certificate else None


def load_certificate(der: bytes) -> x509.Certificate | None:
    """The X.509 certificate in DER bytes, or None."""
    try:
        with warnings.catch_warnings():  # old certificates with odd serial numbers still hold keys
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return x509.load_der_x509_certificate(der)
    except (ValueError, x509.InvalidVersion):
        return None


def key_of_certificate(certificate: x509.Certificate, read_as: str) -> Key | None:
    """The public key that *certificate* vouches for, or None when JOSE has no use for its type."""
    try:
        key = _checked(certificate.public_key(), read_as)
    except (ValueError, UnsupportedAlgorithm):
        return None
    if key is not None:
        key.certificate = certificate
    return key


def _checked(public: object, read_as: str) -> Key | None:
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return of_public(public, read_as, faults=rsa_parts.public_faults(numbers.n, numbers.e))
    return of_public(public, read_as)


def _private(der: bytes, read_as: str) -> Key | None:
    private = _load_private(der)
    if private is None and (older := _version_1(der)):
        private = _load_private(older)
    key = key_of_private(private, read_as) if private is not None else None
    return _marked(key, der) if key and key.load_private else key


def key_of_private(private: Any, read_as: str) -> Key | None:
    """The key round a private key of `cryptography`, with its faults; None when JOSE has no use for its type."""
    note = (found("key_private", "key"),)
    if not isinstance(private, rsa.RSAPrivateKey):
        return of_private(private, read_as, notes=note)
    numbers = private.private_numbers()
    fault = rsa_parts.private_fault(numbers)
    public = numbers.public_numbers
    faults = rsa_parts.public_faults(public.n, public.e)
    if fault:
        return of_public(private.public_key(), read_as, faults=faults, notes=(*note, fault))
    return of_private(private, read_as, faults=faults, notes=note)


def _load_private(der: bytes) -> Any:
    try:
        return serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError, CryptographyDeprecationWarning):
        return None


def _version_1(der: bytes) -> bytes:
    """PKCS#8 without the attributes and the public key that version 2 allows behind the private one (RFC 5958 §2), or nothing."""
    start = _content(der, 0)
    if der[:1] != b"\x30" or der[start : start + 3] != b"\x02\x01\x01":
        return b""
    algorithm = start + 3
    private = _end(der, algorithm)
    body = b"\x02\x01\x00" + der[algorithm : _end(der, private)]
    return (
        b"\x30" + (bytes([len(body)]) if len(body) < 0x80 else b"\x82" + len(body).to_bytes(2, "big")) + body
        if len(body) < 1 << 16
        else b""
    )


def _content(der: bytes, at: int) -> int:
    """Where the content of the DER element at *at* begins."""
    size = der[at + 1] if at + 1 < len(der) else 0
    return at + 2 + (size & 0x7F if size & 0x80 else 0)


def _end(der: bytes, at: int) -> int:
    """Where the DER element at *at* ends."""
    start = _content(der, at)
    size = der[at + 1] if start == at + 2 and at + 1 < len(der) else int.from_bytes(der[at + 2 : min(start, at + 6)], "big")
    return start + size
