"""A new key of each kind, and a key written out as JWK and PEM."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa, x448, x25519

from app.tokens import base64url
from app.tokens.algorithms import Algorithm
from app.tokens.keys.key import Key, of_private
from app.tokens.keys.kinds import RSA_BITS, Kind

_MAKERS: dict[str, Callable[[], Any]] = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
    "X25519": x25519.X25519PrivateKey.generate,
    "X448": x448.X448PrivateKey.generate,
    "ML-DSA-44": mldsa.MLDSA44PrivateKey.generate,
    "ML-DSA-65": mldsa.MLDSA65PrivateKey.generate,
    "ML-DSA-87": mldsa.MLDSA87PrivateKey.generate,
}
# RFC 7517 §4.3: what the public half may do when the private half may do this; to agree on a secret needs no permission.
_OTHER_HALF = {"sign": "verify", "decrypt": "encrypt", "unwrapKey": "wrapKey", "deriveKey": "", "deriveBits": ""}


def generate(algorithm: Algorithm) -> Key:
    """A new key for *algorithm* with its thumbprint as kid; a secret is text that reads as itself.

    Raises ValueError for an algorithm that takes no key.
    """
    if algorithm.family == "none":
        raise ValueError("none takes no key")
    if algorithm.family == "hmac":
        # The secret is the text itself, so that what is shown, copied and typed is one thing; its entropy is full.
        text = secrets.token_urlsafe(algorithm.min_key_bits // 8)
        key = Key("oct", len(text) * 8, "secret, UTF-8", secret=text.encode())
    else:
        key = _pair(algorithm.curves[0] if algorithm.curves else "", RSA_BITS)
        key.kid = key.thumbprint()
    key.alg, key.use = algorithm.name, "sig"
    return key


def generate_kind(kind: Kind) -> Key:
    """A new key of that kind with its thumbprint as kid; a secret has exactly the bytes that its algorithm takes."""
    if kind.key_type == "oct":
        key = Key("oct", kind.size * 8, "generated", secret=secrets.token_bytes(kind.size))
    else:
        key = _pair(kind.curve, kind.size)
    # RFC 7638 §7 warns of the thumbprint of a secret that can be guessed; these are as long as the digest of one that cannot.
    key.kid, key.alg, key.use = key.thumbprint(), kind.alg or None, kind.use
    return key


def generate_for(what: Algorithm | Kind) -> Key:
    """A new key for what `kinds.for_header` named."""
    return generate(what) if isinstance(what, Algorithm) else generate_kind(what)


def _pair(curve: str, bits: int) -> Key:
    """A key pair on *curve*, or for RSA of so many bits."""
    private = _MAKERS[curve]() if curve else rsa.generate_private_key(65537, bits)
    key = of_private(private, "generated")
    assert key is not None
    return key


def public_jwk(key: Key) -> dict[str, Any]:
    """The public half as JWK; for a secret, the secret."""
    operations = key.key_ops
    if operations and key.is_private:
        operations = tuple(dict.fromkeys(other for one in operations if (other := _OTHER_HALF.get(one, one))))
    return {**key.jwk(), **_labels(key, operations)}


def private_jwk(key: Key) -> dict[str, Any]:
    """The whole key as JWK (RFC 7518 §6, RFC 8037 §2, RFC 9964)."""
    jwk = {**key.jwk(), **_labels(key, key.key_ops)}
    private: Any = key.load_private() if key.load_private else None
    if isinstance(private, rsa.RSAPrivateKey):
        numbers = private.private_numbers()
        members = {"d": numbers.d, "p": numbers.p, "q": numbers.q, "dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
        jwk |= {name: _integer(value) for name, value in members.items()}
    elif isinstance(private, ec.EllipticCurvePrivateKey):
        jwk["d"] = _integer(private.private_numbers().private_value, (private.curve.key_size + 7) // 8)
    elif private is not None:
        jwk["priv" if key.key_type == "AKP" else "d"] = base64url.encode(private.private_bytes_raw())
    return jwk


def public_pem(key: Key) -> str:
    """The public half as SPKI PEM."""
    assert key.public is not None
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public.public_bytes(serialization.Encoding.PEM, form).decode()


def private_pem(key: Key) -> str:
    """The private key as PKCS#8 PEM without a passphrase."""
    private = key.load_private() if key.load_private else None
    assert private is not None
    form = serialization.PrivateFormat.PKCS8
    return private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _labels(key: Key, operations: tuple[str, ...] | None) -> dict[str, Any]:
    labels = {"alg": key.alg, "use": key.use, "key_ops": list(operations) if operations else None, "kid": key.kid}
    return {name: value for name, value in labels.items() if value}


def _integer(value: int, size: int = 0) -> str:
    return base64url.encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))
