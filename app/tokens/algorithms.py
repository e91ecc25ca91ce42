"""One row per signing algorithm; nothing else in the code lists them (RFC 7518 §3.1, 8037, 8812, 9864, 9964)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Family = Literal["hmac", "rsa", "pss", "ecdsa", "eddsa", "mldsa", "none"]


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A value of `alg` for JWS; sizes in bytes, key sizes in bits, 0 where there is none."""

    name: str
    family: Family
    key_type: str
    digest: str = ""
    curves: tuple[str, ...] = ()
    signature_size: int = 0
    min_key_bits: int = 0
    spec: str = "RFC 7518 §3.1"

    @property
    def wants(self) -> str:
        """The key that fits, in words."""
        if self.family == "hmac":
            return "a shared secret"
        if self.key_type == "RSA":
            return "an RSA key"
        if self.family == "ecdsa":
            return f"an EC key on {self.curves[0]}"
        return f"an {' or '.join(self.curves)} key"


_ROWS = (
    Algorithm("HS256", "hmac", "oct", "sha256", signature_size=32, min_key_bits=256, spec="RFC 7518 §3.2"),
    Algorithm("HS384", "hmac", "oct", "sha384", signature_size=48, min_key_bits=384, spec="RFC 7518 §3.2"),
    Algorithm("HS512", "hmac", "oct", "sha512", signature_size=64, min_key_bits=512, spec="RFC 7518 §3.2"),
    Algorithm("RS256", "rsa", "RSA", "sha256", min_key_bits=2048, spec="RFC 7518 §3.3"),
    Algorithm("RS384", "rsa", "RSA", "sha384", min_key_bits=2048, spec="RFC 7518 §3.3"),
    Algorithm("RS512", "rsa", "RSA", "sha512", min_key_bits=2048, spec="RFC 7518 §3.3"),
    Algorithm("PS256", "pss", "RSA", "sha256", min_key_bits=2048, spec="RFC 7518 §3.5"),
    Algorithm("PS384", "pss", "RSA", "sha384", min_key_bits=2048, spec="RFC 7518 §3.5"),
    Algorithm("PS512", "pss", "RSA", "sha512", min_key_bits=2048, spec="RFC 7518 §3.5"),
    Algorithm("ES256", "ecdsa", "EC", "sha256", ("P-256",), 64, spec="RFC 7518 §3.4"),
    Algorithm("ES384", "ecdsa", "EC", "sha384", ("P-384",), 96, spec="RFC 7518 §3.4"),
    Algorithm("ES512", "ecdsa", "EC", "sha512", ("P-521",), 132, spec="RFC 7518 §3.4"),
    Algorithm("ES256K", "ecdsa", "EC", "sha256", ("secp256k1",), 64, spec="RFC 8812 §3.2"),
    Algorithm("EdDSA", "eddsa", "OKP", curves=("Ed25519", "Ed448"), spec="RFC 8037 §3.1"),
    Algorithm("Ed25519", "eddsa", "OKP", curves=("Ed25519",), signature_size=64, spec="RFC 9864 §2.2"),
    Algorithm("Ed448", "eddsa", "OKP", curves=("Ed448",), signature_size=114, spec="RFC 9864 §2.2"),
    Algorithm("ML-DSA-44", "mldsa", "AKP", curves=("ML-DSA-44",), signature_size=2420, spec="RFC 9964"),
    Algorithm("ML-DSA-65", "mldsa", "AKP", curves=("ML-DSA-65",), signature_size=3309, spec="RFC 9964"),
    Algorithm("ML-DSA-87", "mldsa", "AKP", curves=("ML-DSA-87",), signature_size=4627, spec="RFC 9964"),
    Algorithm("none", "none", "", spec="RFC 7518 §3.6"),
)
ALGORITHMS = {row.name: row for row in _ROWS}

# A widespread slip in `alg` of EC keys on P-521; read as ES512, and said.
MISSPELT = {"ES521": "ES512"}


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve or parameter set a key lies on; *size* of one coordinate, public key or signature half, in bytes."""

    name: str
    key_type: str
    size: int
    bits: int
    order: int = 0
    signature_size: int = 0


_CURVES = (
    Curve("P-256", "EC", 32, 256, 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551, 64),
    Curve(
        "P-384",
        "EC",
        48,
        384,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        96,
    ),
    Curve(
        "P-521",
        "EC",
        66,
        521,
        0x1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
        132,
    ),
    Curve("secp256k1", "EC", 32, 256, 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141, 64),
    Curve("Ed25519", "OKP", 32, 256, signature_size=64),
    Curve("Ed448", "OKP", 57, 448, signature_size=114),
    Curve("X25519", "OKP", 32, 256),
    Curve("X448", "OKP", 56, 448),
    Curve("ML-DSA-44", "AKP", 1312, 1312 * 8, signature_size=2420),
    Curve("ML-DSA-65", "AKP", 1952, 1952 * 8, signature_size=3309),
    Curve("ML-DSA-87", "AKP", 2592, 2592 * 8, signature_size=4627),
)
CURVES = {row.name: row for row in _CURVES}


def algorithm(name: object) -> Algorithm | None:
    """Return the row called *name*, or None: names are case-sensitive (RFC 7515 §4.1.1)."""
    return ALGORITHMS.get(name) if isinstance(name, str) else None
