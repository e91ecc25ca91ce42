"""One row per algorithm, to sign (JWS) and to encrypt (JWE); nothing else in the code lists them (RFC 7518, 8037, 8812, 9864, 9964)."""

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

    @property
    def wanted_to_sign(self) -> str:
        """What to do for a key that signs."""
        return f"Give {self.wants}{'' if self.family == 'hmac' else ' with its private half'}."


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

ManagementFamily = Literal["dir", "kw", "gcmkw", "rsa", "ecdh", "pbes2"]


@dataclass(frozen=True, slots=True)
class ContentEncryption:
    """A value of `enc`: how the content is encrypted; sizes in bytes."""

    name: str
    family: Literal["gcm", "cbc"]
    key_size: int
    iv_size: int
    tag_size: int
    digest: str = ""
    spec: str = "RFC 7518 §5.1"


@dataclass(frozen=True, slots=True)
class KeyManagement:
    """A value of `alg` for JWE: how the receiver comes by the key of the content.

    *wrap_size* is that of the AES key which wraps it, in bytes, 0 where none does; *rounds* what PBES2 does unless it is told otherwise.
    """

    name: str
    family: ManagementFamily
    key_type: str
    wrap_size: int = 0
    digest: str = ""
    curves: tuple[str, ...] = ()
    min_key_bits: int = 0
    rounds: int = 0
    encrypts: bool = True
    spec: str = "RFC 7518 §4.1"

    def secret_size(self, content: ContentEncryption | None) -> int:
        """How long the shared secret must be in bytes; 0 when it is none, or of any length."""
        if self.family == "dir":
            return content.key_size if content else 0
        return self.wrap_size if self.key_type == "oct" and self.family != "pbes2" else 0

    def wants(self, content: ContentEncryption | None, half: str = "private") -> str:
        """The key that fits, in words."""
        if self.family == "pbes2":
            return "the password"
        if self.key_type == "oct":
            size = self.secret_size(content)
            return f"the {size}-byte key" if size else "the shared key"
        if self.family == "rsa":
            return f"the {half} RSA key"
        return f"the {half} key on {', '.join(self.curves[:-1])} or {self.curves[-1]}"


_CONTENT_ROWS = (
    ContentEncryption("A128CBC-HS256", "cbc", 32, 16, 16, "sha256", "RFC 7518 §5.2.3"),
    ContentEncryption("A192CBC-HS384", "cbc", 48, 16, 24, "sha384", "RFC 7518 §5.2.4"),
    ContentEncryption("A256CBC-HS512", "cbc", 64, 16, 32, "sha512", "RFC 7518 §5.2.5"),
    ContentEncryption("A128GCM", "gcm", 16, 12, 16, spec="RFC 7518 §5.3"),
    ContentEncryption("A192GCM", "gcm", 24, 12, 16, spec="RFC 7518 §5.3"),
    ContentEncryption("A256GCM", "gcm", 32, 12, 16, spec="RFC 7518 §5.3"),
)
CONTENT_ENCRYPTION = {row.name: row for row in _CONTENT_ROWS}

_AGREEMENT = ("P-256", "P-384", "P-521", "X25519", "X448")
_MANAGEMENT_ROWS = (
    KeyManagement("dir", "dir", "oct", spec="RFC 7518 §4.5"),
    KeyManagement("A128KW", "kw", "oct", 16, spec="RFC 7518 §4.4"),
    KeyManagement("A192KW", "kw", "oct", 24, spec="RFC 7518 §4.4"),
    KeyManagement("A256KW", "kw", "oct", 32, spec="RFC 7518 §4.4"),
    KeyManagement("A128GCMKW", "gcmkw", "oct", 16, spec="RFC 7518 §4.7"),
    KeyManagement("A192GCMKW", "gcmkw", "oct", 24, spec="RFC 7518 §4.7"),
    KeyManagement("A256GCMKW", "gcmkw", "oct", 32, spec="RFC 7518 §4.7"),
    KeyManagement("RSA1_5", "rsa", "RSA", min_key_bits=2048, encrypts=False, spec="RFC 7518 §4.2"),
    KeyManagement("RSA-OAEP", "rsa", "RSA", digest="sha1", min_key_bits=2048, spec="RFC 7518 §4.3"),
    KeyManagement("RSA-OAEP-256", "rsa", "RSA", digest="sha256", min_key_bits=2048, spec="RFC 7518 §4.3"),
    # Registered by the W3C Web Cryptography API, which the IANA registry names for them.
    KeyManagement("RSA-OAEP-384", "rsa", "RSA", digest="sha384", min_key_bits=2048, spec="RFC 7518 §4.3"),
    KeyManagement("RSA-OAEP-512", "rsa", "RSA", digest="sha512", min_key_bits=2048, spec="RFC 7518 §4.3"),
    KeyManagement("ECDH-ES", "ecdh", "EC", curves=_AGREEMENT, spec="RFC 7518 §4.6"),
    KeyManagement("ECDH-ES+A128KW", "ecdh", "EC", 16, curves=_AGREEMENT, spec="RFC 7518 §4.6"),
    KeyManagement("ECDH-ES+A192KW", "ecdh", "EC", 24, curves=_AGREEMENT, spec="RFC 7518 §4.6"),
    KeyManagement("ECDH-ES+A256KW", "ecdh", "EC", 32, curves=_AGREEMENT, spec="RFC 7518 §4.6"),
    KeyManagement("PBES2-HS256+A128KW", "pbes2", "oct", 16, "sha256", rounds=210_000, spec="RFC 7518 §4.8"),
    KeyManagement("PBES2-HS384+A192KW", "pbes2", "oct", 24, "sha384", rounds=210_000, spec="RFC 7518 §4.8"),
    KeyManagement("PBES2-HS512+A256KW", "pbes2", "oct", 32, "sha512", rounds=210_000, spec="RFC 7518 §4.8"),
)
KEY_MANAGEMENT = {row.name: row for row in _MANAGEMENT_ROWS}


def algorithm(name: object) -> Algorithm | None:
    """Return the row called *name*, or None: names are case-sensitive (RFC 7515 §4.1.1)."""
    return ALGORITHMS.get(name) if isinstance(name, str) else None
