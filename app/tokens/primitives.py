"""The signature primitives, one pair of functions a family; sizes and ranges are checked before they run."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from app.tokens.algorithms import ALGORITHMS, CURVES, Algorithm
from app.tokens.keys.key import Key

_HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_PKCS1 = padding.PKCS1v15()
# RFC 7518 §3.5: the salt is as long as the hash, the mask is made with the same hash.
_PSS = {name: padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH) for name, digest in _HASHES.items()}
_ECDSA = {name: ec.ECDSA(digest) for name, digest in _HASHES.items()}
_ECDSA_SIGN = {name: ec.ECDSA(digest, deterministic_signing=True) for name, digest in _HASHES.items()}


def verifies(algorithm: Algorithm, key: Key, data: bytes, signature: bytes) -> bool:
    """Whether *signature* over *data* is right; the key must fit and the size must have been checked."""
    if algorithm.family == "hmac":
        assert key.secret is not None
        return hmac.compare_digest(hmac.digest(key.secret, data, algorithm.digest), signature)
    try:
        _VERIFY[algorithm.family](algorithm, key.public, signature, data)
    except InvalidSignature:
        return False
    return True


def sign(algorithm: Algorithm, key: Key, data: bytes) -> bytes:
    """The signature over *data*; raises ValueError when the key cannot make it (an RSA key too short for the hash)."""
    if algorithm.family == "hmac":
        assert key.secret is not None
        return hmac.digest(key.secret, data, algorithm.digest)
    private: Any = key.load_private() if key.load_private else None
    if private is None:
        raise ValueError("no private key")
    signature = _SIGN[algorithm.family](algorithm, private, data)
    # An RSA key was loaded without OpenSSL's tests; a fault in it shows here and nowhere else.
    if algorithm.key_type == "RSA" and not verifies(algorithm, key, data, signature):
        raise ValueError("the key does not verify what it signed")
    return signature


def expected_size(algorithm: Algorithm, key: Key) -> int:
    """The one size in bytes that a signature with this algorithm and key has."""
    if algorithm.signature_size:
        return algorithm.signature_size
    if algorithm.key_type == "RSA":
        return (key.bits + 7) // 8
    return CURVES[key.curve].signature_size


def halves(algorithm: Algorithm, signature: bytes) -> tuple[int, int]:
    """r and s of an ECDSA signature as RFC 7518 §3.4 writes it."""
    size = algorithm.signature_size // 2
    return int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")


def _verify_rsa(algorithm: Algorithm, public: Any, signature: bytes, data: bytes) -> None:
    public.verify(signature, data, _PKCS1, _HASHES[algorithm.digest])


def _verify_pss(algorithm: Algorithm, public: Any, signature: bytes, data: bytes) -> None:
    try:
        public.verify(signature, data, _PSS[algorithm.digest], _HASHES[algorithm.digest])
    except ValueError:  # the key is too short to hold hash and salt, so nothing can be right
        raise InvalidSignature from None


def _verify_ecdsa(algorithm: Algorithm, public: Any, signature: bytes, data: bytes) -> None:
    public.verify(encode_dss_signature(*halves(algorithm, signature)), data, _ECDSA[algorithm.digest])


def _verify_raw(algorithm: Algorithm, public: Any, signature: bytes, data: bytes) -> None:
    public.verify(signature, data)


def _sign_ecdsa(algorithm: Algorithm, private: Any, data: bytes) -> bytes:
    size = algorithm.signature_size // 2
    r, s = decode_dss_signature(private.sign(data, _ECDSA_SIGN[algorithm.digest]))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


_VERIFY: dict[str, Callable[[Algorithm, Any, bytes, bytes], None]] = {
    "rsa": _verify_rsa,
    "pss": _verify_pss,
    "ecdsa": _verify_ecdsa,
    "eddsa": _verify_raw,
    "mldsa": _verify_raw,
}
_SIGN: dict[str, Callable[[Algorithm, Any, bytes], bytes]] = {
    "rsa": lambda algorithm, private, data: private.sign(data, _PKCS1, _HASHES[algorithm.digest]),
    "pss": lambda algorithm, private, data: private.sign(data, _PSS[algorithm.digest], _HASHES[algorithm.digest]),
    "ecdsa": _sign_ecdsa,
    "eddsa": lambda algorithm, private, data: private.sign(data),
    "mldsa": lambda algorithm, private, data: private.sign(data),
}
assert {row.family for row in ALGORITHMS.values()} == {*_VERIFY, "hmac", "none"}
