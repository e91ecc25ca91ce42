"""Things that are no key for JOSE, named: requests, containers, formats and keys of other programs; raises nothing."""

from __future__ import annotations

import re
import warnings
from base64 import b64decode
from binascii import Error
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from cryptography.utils import CryptographyDeprecationWarning


class Foreign(NamedTuple):
    """What a text holds, why that is no key here, and what to do."""

    what: str
    why: str
    hint: str


_NO_ALGORITHM = "no signature algorithm of JOSE takes it."
_REQUEST = Foreign(
    "a certificate request (CSR)",
    "it asks for a certificate and is none yet.",
    "Take the public key out of it: openssl req -in request.csr -pubkey -noout.",
)
_ENCRYPTED = Foreign(
    "an encrypted private key",
    "it needs a passphrase.",
    "Decrypt it first: openssl pkey -in key.pem -out plain.pem; or paste the public key.",
)
_OPENSSH = Foreign("an OpenSSH private key", "that form is not read.", "Convert it: ssh-keygen -p -m PKCS8 -f key.")
_PGP = "it belongs to PGP, whose keys JOSE does not use.", "Export the key as PEM or JWK, or make a new one."
_PKCS12 = Foreign(
    "a PKCS#12 container (.p12, .pfx)",
    "it is locked with a password and holds key and certificate together.",
    "Take the certificate out: openssl pkcs12 -in file.p12 -nokeys -out certificate.pem.",
)
_KEYSTORE = Foreign(
    "a Java key store (JKS)",
    "it is a container that Java's keytool reads.",
    "Take the certificate out: keytool -exportcert -rfc -keystore file.jks -alias NAME.",
)
EC_PARAMETERS = Foreign(
    "EC parameters",
    "they name the curve; the key itself stands in a block of its own behind them.",
    "Paste the block with the key as well.",
)
_LABELS = {
    "CERTIFICATE REQUEST": _REQUEST,
    "NEW CERTIFICATE REQUEST": _REQUEST,
    "ENCRYPTED PRIVATE KEY": _ENCRYPTED,
    "OPENSSH PRIVATE KEY": _OPENSSH,
    "X509 CRL": Foreign("a revocation list (CRL)", "it lists certificates and holds no key.", "Paste the certificate or public key."),
    "PKCS7": Foreign("a PKCS#7 bundle", "that form is not read.", "Take the certificates out: openssl pkcs7 -in file.p7b -print_certs."),
    "CMS": Foreign("a CMS message", "that form is not read.", "Paste the certificate or public key."),
    "DH PARAMETERS": Foreign("Diffie-Hellman parameters", "they are no key, and JOSE has no use for them.", "Paste the public key."),
    "DSA PRIVATE KEY": Foreign("a DSA private key", _NO_ALGORITHM, "Make an RSA, EC or Ed25519 key."),
    "DSA PARAMETERS": Foreign("DSA parameters", "they are no key, and JOSE has no algorithm for DSA.", "Make an RSA, EC or Ed25519 key."),
    "PGP PUBLIC KEY BLOCK": Foreign("a PGP public key", *_PGP),
    "PGP PRIVATE KEY BLOCK": Foreign("a PGP private key", *_PGP),
    "PGP MESSAGE": Foreign("a PGP message", *_PGP),
}
_TEXTS = (
    (
        "PuTTY-User-Key-File-",
        Foreign("a PuTTY private key (.ppk)", "that form is not read.", "Convert it: puttygen key.ppk -O private-openssh."),
    ),
    (
        "---- BEGIN SSH2 PUBLIC KEY",
        Foreign("an SSH public key in RFC 4716 form", "that form is not read.", "Convert it: ssh-keygen -i -m RFC4716 -f key.pub."),
    ),
    (
        "ssh-dss ",
        Foreign("a DSA key of OpenSSH", _NO_ALGORITHM, "Make an RSA, EC or Ed25519 key."),
    ),
    (
        "sk-",
        Foreign(
            "a key of a security token (OpenSSH sk-)", "it signs what OpenSSH asks for, never a JWT.", "Make an RSA, EC or Ed25519 key."
        ),
    ),
)
_SHAPES = (
    (
        re.compile(r"[-\u2010-\u2015\u2212]{1,8} ?BEGIN [A-Z0-9 ]{0,40}(?:KEY|CERTIFICATE)"),
        Foreign(
            "a PEM with other dashes", "five plain hyphens stand on each side of BEGIN and END.", "Copy the key again, or write -----."
        ),
    ),
    (
        re.compile(r"(?:<\?xml[^>]{0,200}>\s*)?<(?:\w{1,20}:)?(?:RSA|EC|DSA)?KeyValue\b"),
        Foreign(
            "a key in XML (KeyValue, as .NET writes it)",
            "that form is not read.",
            "Export it as PEM, in .NET with ExportSubjectPublicKeyInfoPem(), and paste that.",
        ),
    ),
    (
        re.compile(r'"\s*\{.*\\"(?:kty|keys)\\"', re.DOTALL),
        Foreign(
            "a JWK within quotes", "it is a JSON string.", "Paste what the string holds: without the outer quotes and the backslashes."
        ),
    ),
    (
        re.compile(r"[{\[].*'(?:kty|keys)'\s*:", re.DOTALL),
        Foreign("a JWK as Python prints it", "JSON has double quotes.", "Paste what json.dumps(…) makes of it."),
    ),
    (
        re.compile(r'\[\s*\{.*"kty"\s*:', re.DOTALL),
        Foreign("an array of JWKs", 'a key set is an object with "keys".', 'Put the array into one: {"keys": [ … ]}.'),
    ),
)
CONFIGURATION = Foreign(
    "an OpenID configuration",
    "it tells where the keys are and holds none.",
    'Paste the key set behind its jwks_uri, or have it fetched, on the page under "Key set by URL".',
)
_ANNOUNCEMENTS = tuple(announcement for announcement, _ in _TEXTS)
_SECURITY_TOKEN = re.compile(r"sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com ")
# Object identifiers as they stand in DER.
_PKCS7_DATA = bytes.fromhex("06092a864886f70d010701")
_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_PKCS12_PBE = bytes.fromhex("060a2a864886f70d010c01")
_PRIME_FIELD = bytes.fromhex("06072a8648ce3d0101")
_STORES = {bytes.fromhex("feedfeed"): _KEYSTORE, bytes.fromhex("cececece"): _KEYSTORE}
_BASE64 = ("MI", "/u3+7", "_u3-7", "zs7Oz")
_SHORTEST = 40


def by_label(label: str, body: str) -> Foreign | None:
    """What a PEM block of that label holds, when it is no key that can be read."""
    if "ENCRYPTED" in body[:200] and "Proc-Type" in body[:200]:
        return _ENCRYPTED
    return _LABELS.get(label)


def by_text(text: str) -> Foreign | None:
    """What a text without PEM armour holds, when it announces a key that is not read."""
    begin = text[:80].lstrip()
    if not begin.startswith(_ANNOUNCEMENTS):
        return None
    for announcement, foreign in _TEXTS:
        if begin.startswith(announcement) and (announcement != "sk-" or _SECURITY_TOKEN.match(begin)):
            return foreign
    return None


def by_shape(text: str) -> Foreign | None:
    """A key in a spelling that is not read, since nothing but its writer would take it for a key."""
    begin = text.lstrip()
    return next((foreign for shape, foreign in _SHAPES if shape.match(begin)), None)


def by_base64(text: str) -> Foreign | None:
    """What the base64 of a file holds, when that is a container or request and no key."""
    if not text[:64].lstrip().startswith(_BASE64):
        return None
    packed = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    if len(packed) < _SHORTEST:
        return None
    try:
        data = b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (Error, ValueError):
        return None
    return by_bytes(data)


def by_bytes(data: bytes) -> Foreign | None:
    """What binary data holds, when it is a container, a request, or a key that JOSE does not use; None when it is anything else."""
    if data[:4] in _STORES:
        return _STORES[data[:4]]
    if data[:1] != b"\x30" or not _is_whole(data):
        return None
    head = data[:64]
    if b"\x02\x01\x03\x30" in head[:9] and _PKCS7_DATA in head:
        return _PKCS12
    if _PBES2 in head or _PKCS12_PBE in head:
        return _ENCRYPTED
    return _key(data) or _request(data)


def has_explicit_curve(der: bytes) -> bool:
    """Whether an EC key spells its curve out instead of naming it, which RFC 5480 §2.1.1 forbids."""
    return _PRIME_FIELD in der


def _is_whole(der: bytes) -> bool:
    """Whether the outer length is that of the data, as chance does not have it."""
    size = der[1] if len(der) > 1 else 0
    if size < 0x80:
        return len(der) == size + 2
    count = size & 0x7F
    return 0 < count < 4 and len(der) == int.from_bytes(der[2 : 2 + count], "big") + 2 + count


def _request(der: bytes) -> Foreign | None:
    try:
        x509.load_der_x509_csr(der)
    except (ValueError, x509.InvalidVersion):
        return None
    return _REQUEST


def _key(der: bytes) -> Foreign | None:
    """A key of a type that JOSE has no algorithm for, or on a curve of which nobody knows here."""
    for load in (serialization.load_der_public_key, lambda data: serialization.load_der_private_key(data, None)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", CryptographyDeprecationWarning)
                key = load(der)
        except UnsupportedAlgorithm as error:
            return _unsupported(str(error))
        except (ValueError, TypeError, InternalError):
            continue
        if isinstance(key, (ec.EllipticCurvePublicKey, ec.EllipticCurvePrivateKey)):
            return _curve(key.curve.name)
        if isinstance(key, (dsa.DSAPublicKey, dsa.DSAPrivateKey)):
            return Foreign("a DSA key", f"it is sound, but {_NO_ALGORITHM}", "Make an RSA, EC or Ed25519 key.")
        if type(key).__name__.startswith("DH"):  # its classes are deprecated, so that even their names warn
            return Foreign("a Diffie-Hellman key", "it agrees on secrets and cannot sign.", "Make an RSA, EC or Ed25519 key.")
    return None


def _curve(name: str) -> Foreign:
    return Foreign(f"an EC key on {name}", f"it is sound, but {_NO_ALGORITHM}", "Make a key on P-256, P-384 or P-521.")


def _unsupported(words: str) -> Foreign:
    """The curve's object identifier stands in the words of `cryptography`; nothing of the key does."""
    identifier = re.search(r"\b\d+(?:\.\d+){3,}\b", words)
    name = f"the curve {identifier.group()}" if identifier else "a curve of its own"
    return Foreign(f"an EC key on {name}", _NO_ALGORITHM, "Make a key on P-256, P-384 or P-521.")
