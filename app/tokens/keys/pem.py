"""PEM and DER: SPKI, PKCS#1, PKCS#8, SEC1 and X.509, however the line breaks came out."""

from __future__ import annotations

import re
import warnings
from base64 import b64decode
from binascii import Error
from collections.abc import Iterable, Iterator
from typing import Any

from cryptography import x509
from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.utils import CryptographyDeprecationWarning

from app.tokens.findings import Finding, found, quoted
from app.tokens.keys import rsa_parts
from app.tokens.keys.key import Key, Keys, of_private, of_public

_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_SHORTEST_DER = 40
_PUBLIC = {"PUBLIC KEY": "PEM, SPKI", "RSA PUBLIC KEY": "PEM, PKCS#1"}
_PRIVATE = {"PRIVATE KEY": "PEM, PKCS#8", "RSA PRIVATE KEY": "PEM, PKCS#1", "EC PRIVATE KEY": "PEM, SEC1"}
_CERTIFICATES = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")
MAX_KEYS = 100
_SSH = ("ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-")


class Unreadable(Exception):
    """A text announces a key that is not there; the words hold nothing of the text."""

    def __init__(self, what: str, why: str, hint: str = "Copy the key again, whole.", spec: str = "") -> None:
        self.finding = found("key_unreadable", "key", what=what, why=why, hint=hint, spec=spec)


def looks_like_pem(text: str) -> bool:
    return "-----BEGIN" in text


def read_pem(text: str) -> Keys:
    """Every key of a PEM text; of a certificate chain the first."""
    notes: list[Finding] = []
    if "\\n" in text:
        text = text.replace("\\r", "").replace("\\n", "\n")
        notes.append(found("key_escaped_lines", "key"))
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
    for label, body in blocks:
        if label == "EC PARAMETERS":
            continue
        if label in _CERTIFICATES:
            certificates += 1
            if certificates > 1:
                continue
        keys.append(_one(label, body))
    if not keys:
        raise Unreadable("a PEM", "it has no complete block from BEGIN to END.")
    if certificates > 1:
        notes.append(found("key_more_certificates", "key", count=certificates))
    return keys


def _one(label: str, body: str) -> Key:
    if label == "ENCRYPTED PRIVATE KEY" or "ENCRYPTED" in body:
        raise Unreadable("an encrypted private key", "it needs a passphrase.", "Decrypt it first: openssl pkey -in key.pem -out plain.pem.")
    if label == "OPENSSH PRIVATE KEY":
        raise Unreadable("an OpenSSH private key", "that form is not read.", "Convert it: ssh-keygen -p -m PKCS8 -f key.")
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
        raise Unreadable(f"a PEM {label}", "its content is damaged, or of a type that JOSE does not use.")
    return key


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
        return _checked(serialization.load_der_public_key(der), read_as)
    except (ValueError, UnsupportedAlgorithm):
        return None


def _certificate(der: bytes, read_as: str) -> Key | None:
    try:
        with warnings.catch_warnings():  # old certificates with odd serial numbers still hold keys
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return _checked(x509.load_der_x509_certificate(der).public_key(), read_as)
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        return None


def _checked(public: object, read_as: str) -> Key | None:
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return of_public(public, read_as, faults=rsa_parts.public_faults(numbers.n, numbers.e))
    return of_public(public, read_as)


def _private(der: bytes, read_as: str) -> Key | None:
    try:
        private: Any = serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        return None
    note = (found("key_private", "key"),)
    if not isinstance(private, rsa.RSAPrivateKey):
        return of_private(private, read_as, notes=note)
    numbers = private.private_numbers()
    fault = rsa_parts.private_fault(numbers)
    public = numbers.public_numbers
    if fault:
        return of_public(private.public_key(), read_as, faults=rsa_parts.public_faults(public.n, public.e), notes=(*note, fault))
    return of_private(private, read_as, faults=rsa_parts.public_faults(public.n, public.e), notes=note)
