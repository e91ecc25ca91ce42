"""Keys and tokens for the tests, made without the core: one key for each algorithm, made once a session."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from app.tokens import ALGORITHMS, Report, verify

NOW = 1_700_000_000
SECRET = "jwtlens-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLM"
CLAIMS = '{"sub":"1","exp":1800000000}'
SIGNING = tuple(name for name in ALGORITHMS if name != "none")
HMAC = tuple(name for name in SIGNING if name.startswith("HS"))
RSA = tuple(name for name in SIGNING if name[:2] in ("RS", "PS"))
ECDSA = tuple(name for name in SIGNING if name.startswith("ES"))
RAW = tuple(name for name in SIGNING if name[:2] in ("Ed", "ML"))
ASYMMETRIC = RSA + ECDSA + RAW

_DIGESTS = {"256": ("sha256", hashes.SHA256()), "384": ("sha384", hashes.SHA384()), "512": ("sha512", hashes.SHA512())}
_CURVES: dict[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1(), "ES256K": ec.SECP256K1()}
HALF = {"ES256": 32, "ES384": 48, "ES512": 66, "ES256K": 32}
CRV = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "ES256K": "secp256k1"}
ORDER = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    "ES512": (1 << 521) - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
    "ES256K": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}


def b64u(data: bytes | str) -> str:
    raw = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64u(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def integer(value: int, size: int = 0) -> str:
    return b64u(value.to_bytes(size or max(1, (value.bit_length() + 7) // 8), "big"))


def private(alg: str, which: int = 0) -> Any:
    """The private key of `cryptography` for *alg*; another one for each *which*."""
    return rsa_private(2048, which) if alg in RSA else _private(alg, which)


def rsa_private(bits: int, which: int = 0) -> rsa.RSAPrivateKey:
    return _rsa_private(bits, which)


@cache
def _rsa_private(bits: int, which: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def _private(alg: str, which: int) -> Any:
    if alg in ECDSA:
        return ec.generate_private_key(_CURVES[alg])
    classes: dict[str, Any] = {
        "EdDSA": ed25519.Ed25519PrivateKey,
        "Ed25519": ed25519.Ed25519PrivateKey,
        "Ed448": ed448.Ed448PrivateKey,
        "ML-DSA-44": mldsa.MLDSA44PrivateKey,
        "ML-DSA-65": mldsa.MLDSA65PrivateKey,
        "ML-DSA-87": mldsa.MLDSA87PrivateKey,
    }
    return classes[alg].generate()


def private_pem(key: Any, form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8) -> str:
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def private_der(key: Any, form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())


def public_pem(key: Any, form: serialization.PublicFormat = serialization.PublicFormat.SubjectPublicKeyInfo) -> str:
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def public_der(key: Any, form: serialization.PublicFormat = serialization.PublicFormat.SubjectPublicKeyInfo) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, form)


def public_jwk(key: Any, **more: Any) -> dict[str, Any]:
    """The public JWK, written here so that the core's own writer is not its own judge."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {"kty": "RSA", "n": integer(numbers.n), "e": integer(numbers.e), **more}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point, size = key.public_key().public_numbers(), (key.curve.key_size + 7) // 8
        crv = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}.get(key.curve.name, key.curve.name)
        return {"kty": "EC", "crv": crv, "x": integer(point.x, size), "y": integer(point.y, size), **more}
    raw = b64u(key.public_key().public_bytes_raw())
    name = type(key).__name__.rpartition(".")[2].removesuffix("PrivateKey")
    if name.startswith("MLDSA"):
        return {"kty": "AKP", "alg": f"ML-DSA-{name[5:]}", "pub": raw, **more}
    return {"kty": "OKP", "crv": name, "x": raw, **more}


def private_jwk(key: Any, **more: Any) -> dict[str, Any]:
    jwk = public_jwk(key)
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        members = {"d": numbers.d, "p": numbers.p, "q": numbers.q, "dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
        return jwk | {name: integer(value) for name, value in members.items()} | more
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return jwk | {"d": integer(key.private_numbers().private_value, (key.curve.key_size + 7) // 8)} | more
    return jwk | {"priv" if jwk["kty"] == "AKP" else "d": b64u(key.private_bytes_raw())} | more


def oct_jwk(secret: bytes | str = SECRET, **more: Any) -> str:
    return json.dumps({"kty": "oct", "k": b64u(secret), **more})


def public_key(alg: str, which: int = 0) -> str:
    """What verifies *alg*: the secret, or the public key as PEM."""
    return SECRET if alg in HMAC else public_pem(private(alg, which))


def private_key(alg: str, which: int = 0) -> str:
    return SECRET if alg in HMAC else private_pem(private(alg, which))


def raw_signature(alg: str, data: bytes, key: Any = None) -> bytes:
    """The signature by the book, made straight with `cryptography`."""
    if alg in HMAC:
        secret = SECRET if key is None else key
        return hmac.digest(secret.encode() if isinstance(secret, str) else secret, data, _DIGESTS[alg[2:]][0])
    key = key or private(alg)
    if alg in RAW:
        return key.sign(data)
    digest = _DIGESTS[alg[2:5]][1]
    if alg in ECDSA:
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
        return r.to_bytes(HALF[alg], "big") + s.to_bytes(HALF[alg], "big")
    if alg.startswith("RS"):
        return key.sign(data, padding.PKCS1v15(), digest)
    return key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)


def make(header: str | bytes | dict[str, Any], payload: str | bytes = CLAIMS, *, alg: str = "HS256", key: Any = None) -> str:
    """A token with exactly this header and payload, signed with *alg* whatever the header says."""
    text = json.dumps(header, separators=(",", ":")) if isinstance(header, dict) else header
    data = f"{b64u(text)}.{b64u(payload)}"
    return f"{data}.{b64u(raw_signature(alg, data.encode(), key))}"


def joined(header: str | bytes, payload: str | bytes = CLAIMS, signature: bytes = b"") -> str:
    """Three segments with any bytes for a signature."""
    return f"{b64u(header)}.{b64u(payload)}.{b64u(signature)}"


@cache
def token(alg: str, payload: str = CLAIMS) -> str:
    """A plain good token of *alg*."""
    return make({"alg": alg}, payload, alg=alg)


def check(text: str, key: Any = SECRET, **options: Any) -> Report:
    return verify(text, key, **({"at": NOW} | options))


def status(text: str, key: Any = SECRET, **options: Any) -> str:
    return check(text, key, **options).signature.status


def name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def certificate(
    key: Any,
    subject: str,
    issuer_key: Any = None,
    issuer: str | None = None,
    *,
    authority: bool = False,
    extensions: tuple[x509.ExtensionType, ...] = (),
    nameless: bool = False,
) -> x509.Certificate:
    """A certificate for 2020 to 2029, signed by itself unless an issuer is given."""
    own = x509.Name([]) if nameless else name(subject)
    builder = x509.CertificateBuilder().subject_name(own).issuer_name(name(issuer or subject or "issuer")).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2030, 1, 1, tzinfo=UTC))
    for extension in (*((x509.BasicConstraints(True, None),) if authority else ()), *extensions):
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(issuer_key or key, hashes.SHA256())


def pem(made: x509.Certificate) -> str:
    return made.public_bytes(serialization.Encoding.PEM).decode()


def codes(findings: Any) -> list[str]:
    return [finding.code for finding in findings]


def outcome(report: Report, name: str) -> str:
    """The outcome of the check called *name*."""
    (one,) = (check for check in report.checks if check.name == name)
    return one.outcome


def because(report: Report, name: str) -> str:
    (one,) = (check for check in report.checks if check.name == name)
    return one.because


def read_out(report: Any) -> None:
    """Ask a report or a decoded token for everything that it tells, as a page does."""
    for text in (report.kind, report.serialization, report.header_text, report.payload_text, report.header, report.payload):
        repr(text)
    for finding in report.findings:
        assert finding.message
    for document in report.documents:
        if document is not None:
            assert document.exact is None or isinstance(document.exact, str)
    if isinstance(report, Report):
        repr(report.accepted)
        report.signature.because.encode()
        for one in report.checks:
            assert one.because
            one.because.encode()
        if report.signature.key:
            json.dumps(report.signature.key.summary()).encode()
