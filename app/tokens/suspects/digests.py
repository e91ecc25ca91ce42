"""Hashes, masks and salts that a signature may have been made with, though no registered algorithm has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from app.tokens import primitives
from app.tokens.algorithms import Algorithm
from app.tokens.keys import Key

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
    "SHA-1": hashes.SHA1(),  # noqa: S303 # nosec B303 # what people sign with by mistake; nothing that matches counts as verified
    "SHA-224": hashes.SHA224(),
}
_PKCS1 = padding.PKCS1v15()
Verifies = Callable[[bytes, bytes], bool]


def variants(algorithm: Algorithm, key: Key) -> Iterator[tuple[Verifies, str]]:
    """Each other way to make a signature with a key that fits *algorithm*, and its name."""
    if algorithm.family == "ecdsa":
        for name, digest in _HASHES.items():
            if digest.name != algorithm.digest:
                yield _ecdsa(algorithm, key, digest), f"ECDSA on {algorithm.curves[0]} with {name}"
        return
    for name, digest in _HASHES.items():
        yield _rsa(key, padding.PSS(padding.MGF1(digest), padding.PSS.AUTO), digest), f"RSASSA-PSS with {name} and a salt of another length"
    for name, digest in _HASHES.items():
        if name != "SHA-1":
            mask = padding.PSS(padding.MGF1(_HASHES["SHA-1"]), padding.PSS.AUTO)
            yield _rsa(key, mask, digest), f"RSASSA-PSS with {name}, whose mask is made with SHA-1"
    for name in ("SHA-1", "SHA-224"):
        yield _rsa(key, _PKCS1, _HASHES[name]), f"RSASSA-PKCS1-v1_5 with {name}"


def _ecdsa(algorithm: Algorithm, key: Key, digest: hashes.HashAlgorithm) -> Verifies:
    def verify(data: bytes, signature: bytes) -> bool:
        if len(signature) != algorithm.signature_size:
            return False
        return _holds(key, encode_dss_signature(*primitives.halves(algorithm, signature)), data, ec.ECDSA(digest))

    return verify


def _rsa(key: Key, how: Any, digest: hashes.HashAlgorithm) -> Verifies:
    return lambda data, signature: _holds(key, signature, data, how, digest)


def _holds(key: Key, signature: bytes, data: bytes, *how: Any) -> bool:
    public: Any = key.public
    try:
        public.verify(signature, data, *how)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True
