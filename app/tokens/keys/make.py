"""A new key for an algorithm, and a key written out as JWK and PEM."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa

from app.tokens import base64url
from app.tokens.algorithms import Algorithm
from app.tokens.keys.key import Key, of_private

RSA_BITS = 2048
_MAKERS: dict[str, Callable[[], Any]] = {
    "RSA": lambda: rsa.generate_private_key(65537, RSA_BITS),
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
    "ML-DSA-44": mldsa.MLDSA44PrivateKey.generate,
    "ML-DSA-65": mldsa.MLDSA65PrivateKey.generate,
    "ML-DSA-87": mldsa.MLDSA87PrivateKey.generate,
}


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
        made = of_private(_MAKERS[algorithm.curves[0] if algorithm.curves else "RSA"](), "generated")
        assert made is not None
        key = made
        key.kid = key.thumbprint()
    key.alg = algorithm.name
    return key


def public_jwk(key: Key) -> dict[str, str]:
    """The public half as JWK; for a secret, the secret."""
    return {**key.jwk(), **_labels(key)}


def private_jwk(key: Key) -> dict[str, str]:
    """The whole key as JWK (RFC 7518 §6, RFC 8037 §2, RFC 9964)."""
    jwk = public_jwk(key)
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


def _labels(key: Key) -> dict[str, str]:
    labels = {"alg": key.alg, "use": "sig", "kid": key.kid}
    return {name: value for name, value in labels.items() if value}


def _integer(value: int, size: int = 0) -> str:
    return base64url.encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))
