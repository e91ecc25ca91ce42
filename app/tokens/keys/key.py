"""A key as the core uses it, and the set of keys that a box of text holds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa, x448, x25519

from app.tokens import base64url
from app.tokens.algorithms import ALGORITHMS, CURVES, Algorithm
from app.tokens.findings import Finding, found, quoted
from app.tokens.keys import closer

PublicKey = (
    rsa.RSAPublicKey
    | ec.EllipticCurvePublicKey
    | ed25519.Ed25519PublicKey
    | ed448.Ed448PublicKey
    | x25519.X25519PublicKey
    | x448.X448PublicKey
    | mldsa.MLDSA44PublicKey
    | mldsa.MLDSA65PublicKey
    | mldsa.MLDSA87PublicKey
)
PrivateKey = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
    | x25519.X25519PrivateKey
    | x448.X448PrivateKey
    | mldsa.MLDSA44PrivateKey
    | mldsa.MLDSA65PrivateKey
    | mldsa.MLDSA87PrivateKey
)

_P25519 = 2**255 - 19
_Y_OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_P448 = 2**448 - 2**224 - 1
# The prime of each curve, and y of its points of order 1, 2, 4 and 8.
_SMALL_ORDER = {
    "Ed25519": (_P25519, frozenset((1, _P25519 - 1, 0, _Y_OF_ORDER_8, _P25519 - _Y_OF_ORDER_8))),
    "Ed448": (_P448, frozenset((1, _P448 - 1, 0))),
}
_EC_NAMES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp256k1": "secp256k1"}
_CLASSES: tuple[tuple[type, type, str, str], ...] = (
    (ed25519.Ed25519PublicKey, ed25519.Ed25519PrivateKey, "OKP", "Ed25519"),
    (ed448.Ed448PublicKey, ed448.Ed448PrivateKey, "OKP", "Ed448"),
    (x25519.X25519PublicKey, x25519.X25519PrivateKey, "OKP", "X25519"),
    (x448.X448PublicKey, x448.X448PrivateKey, "OKP", "X448"),
    (mldsa.MLDSA44PublicKey, mldsa.MLDSA44PrivateKey, "AKP", "ML-DSA-44"),
    (mldsa.MLDSA65PublicKey, mldsa.MLDSA65PrivateKey, "AKP", "ML-DSA-65"),
    (mldsa.MLDSA87PublicKey, mldsa.MLDSA87PrivateKey, "AKP", "ML-DSA-87"),
)


@dataclass(slots=True, repr=False)
class Key:
    """One key: *key_type* is the JWK `kty`, *bits* its strength as RFC 7518 counts it.

    *faults* are reasons for which a strict verifier refuses whatever this key verifies.
    *load_private* returns the private half, or None; loading is put off because a JWK without primes costs 30 ms.
    """

    key_type: str
    bits: int
    read_as: str
    curve: str = ""
    secret: bytes | None = None
    public: PublicKey | None = None
    load_private: Callable[[], PrivateKey | None] | None = None
    kid: str | None = None
    alg: str | None = None
    use: str | None = None
    key_ops: tuple[str, ...] | None = None
    faults: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    only: tuple[str, ...] | None = None
    """The algorithms to which the key's own identifier restricts it, None when it does not."""
    position: int = 0
    """Place in a key set, from 1; 0 for a key that stands alone."""
    certificate: x509.Certificate | None = None
    """The certificate that the key was taken from; `certificates.facts` reads it."""

    def __repr__(self) -> str:
        return f"<Key {self.name}>"

    @property
    def is_private(self) -> bool:
        return self.load_private is not None

    @property
    def can_sign(self) -> bool:
        return self.secret is not None or self.load_private is not None

    @property
    def name(self) -> str:
        """The key in words: `2048-bit RSA public key`, `38-byte secret`."""
        if self.secret is not None:
            return f"{len(self.secret)}-byte secret"
        half = "private" if self.is_private else "public"
        if self.key_type == "RSA":
            return f"{self.bits}-bit RSA {half} key"
        if self.key_type == "EC":
            return f"EC {half} key on {self.curve}"
        return f"{self.curve} {half} key"

    @property
    def with_kid(self) -> str:
        """The name, with what tells it from the others of its set."""
        if self.kid is not None:
            return f'{self.name}, kid "{quoted(self.kid)}"'
        return f"{self.name}, number {self.position} of the set" if self.position else self.name

    @property
    def is_usable(self) -> bool:
        """Whether there is something to verify with, at a cost that a request may have."""
        if self.faults and any(fault.code in ("rsa_too_long", "rsa_exponent_long") for fault in self.faults):
            return False
        return self.secret is not None or self.public is not None

    def fits(self, algorithm: Algorithm) -> bool:
        """Whether type and curve are those of *algorithm*; sizes and permissions are judged elsewhere."""
        if self.key_type != algorithm.key_type:
            return False
        return not algorithm.curves or self.curve in algorithm.curves

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The names of all algorithms that the key fits and is long enough for."""
        rows = (row for row in ALGORITHMS.values() if self.only is None or row.name in self.only)
        return tuple(row.name for row in rows if self.fits(row) and self.bits >= row.min_key_bits)

    def summary(self) -> dict[str, object]:
        """What may be told of the key: nothing secret, for reports."""
        facts: dict[str, object] = {
            "kty": self.key_type,
            "read_as": self.read_as,
            "name": self.name,
            "bits": self.bits,
            "private": self.is_private or self.secret is not None,
        }
        for name in ("curve", "kid", "alg", "use", "key_ops"):
            value = getattr(self, name)
            if value:
                facts["crv" if name == "curve" else name] = list(value) if name == "key_ops" else value
        if self.secret is None and self.public is not None:
            facts["thumbprint"] = self.thumbprint()
        return facts

    def jwk(self) -> dict[str, str]:
        """The members that RFC 7638 asks for, by name: the public key, or for a secret the secret itself."""
        if self.secret is not None:
            return {"k": base64url.encode(self.secret), "kty": "oct"}
        public = self.public
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            return {"e": _integer(numbers.e), "kty": "RSA", "n": _integer(numbers.n)}
        if isinstance(public, ec.EllipticCurvePublicKey):
            point = public.public_numbers()
            size = CURVES[self.curve].size
            return {"crv": self.curve, "kty": "EC", "x": _integer(point.x, size), "y": _integer(point.y, size)}
        assert public is not None
        raw = base64url.encode(public.public_bytes_raw())
        if self.key_type == "AKP":
            return {"alg": self.curve, "kty": "AKP", "pub": raw}
        return {"crv": self.curve, "kty": "OKP", "x": raw}

    def thumbprint(self) -> str:
        """The JWK thumbprint with SHA-256 (RFC 7638, RFC 9964 §6 for AKP), base64url."""
        # RFC 7638 §3.2: the members by name, without spaces. None of these names and values needs an escape.
        text = "{" + ",".join(f'"{name}":"{value}"' for name, value in self.jwk().items()) + "}"
        return base64url.encode(hashlib.sha256(text.encode()).digest())

    def thumbprint_uri(self) -> str:
        """The thumbprint as a name that other texts can use (RFC 9278)."""
        return f"urn:ietf:params:oauth:jwk-thumbprint:sha-256:{self.thumbprint()}"


@dataclass(slots=True, repr=False)
class Keys:
    """What the key box holds: one key, a set, or nothing that can be read; *findings* say the rest."""

    keys: tuple[Key, ...] = ()
    read_as: str = "nothing"
    is_set: bool = False
    findings: tuple[Finding, ...] = ()
    faults: tuple[Finding, ...] = field(default=())
    """Faults of the set as a whole; each makes whatever it verifies refused."""
    text: str = ""
    """What the key box held, as it was given; it may be secret, and is told to nobody but the one who gave it."""
    encoding: str = "auto"

    def __repr__(self) -> str:
        return f"<Keys {len(self.keys)}>"

    @property
    def is_empty(self) -> bool:
        """Whether nothing was given at all."""
        return not self.keys and any(finding.code == "key_empty" for finding in self.findings)

    @property
    def problem(self) -> str:
        """Why there is no key: the first error, or whatever else was noticed."""
        wrong = next((finding for finding in self.findings if finding.level == "error"), None)
        return (wrong or self.findings[0]).message if self.findings else "There is no key."

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        own = (note for key in self.keys for note in (*key.faults, *key.notes, *closer.remarks(key)))
        return (*self.findings, *self.faults, *own)


def describe(public: object) -> tuple[str, str, int] | None:
    """The `kty`, curve and bits of a public key of `cryptography`, or None when JOSE has no algorithm for it."""
    if isinstance(public, rsa.RSAPublicKey):
        return "RSA", "", public.key_size
    if isinstance(public, ec.EllipticCurvePublicKey):
        name = _EC_NAMES.get(public.curve.name)
        return ("EC", name, CURVES[name].bits) if name else None
    for public_class, _, key_type, curve in _CLASSES:
        if isinstance(public, public_class):
            return key_type, curve, CURVES[curve].bits
    return None


def of_public(public: object, read_as: str, **facts: Any) -> Key | None:
    """A Key round a public key of `cryptography`, or None when JOSE has no use for its type."""
    described = describe(public)
    if described is None:
        return None
    key_type, curve, bits = described
    if curve in _SMALL_ORDER and _is_of_small_order(public.public_bytes_raw(), curve):  # type: ignore[attr-defined]
        facts["faults"] = (*facts.get("faults", ()), found("key_small_order", "key", curve=curve))
    return Key(key_type, bits, read_as, curve, public=public, **facts)  # type: ignore[arg-type]


def _is_of_small_order(point: bytes, curve: str) -> bool:
    """Whether it is one of the points whose multiples are few, in any spelling; the last bit is the sign of x."""
    prime, few = _SMALL_ORDER[curve]
    return int.from_bytes(point, "little") % (1 << len(point) * 8 - 1) % prime in few


def of_private(private: Any, read_as: str, **facts: Any) -> Key | None:
    """A Key round a private key of `cryptography`."""
    return of_public(private.public_key(), read_as, load_private=lambda: private, **facts)


def permissions(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a JWK that say what the key is for, those of the right type (RFC 7517 §4)."""
    facts: dict[str, Any] = {name: jwk[name] for name in ("kid", "alg", "use") if isinstance(jwk.get(name), str)}
    operations = jwk.get("key_ops")
    if isinstance(operations, list) and all(isinstance(one, str) for one in operations):
        facts["key_ops"] = tuple(operations)
    return facts


def _integer(value: int, size: int = 0) -> str:
    return base64url.encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))
