"""What a key is good for: the algorithms it fits, how strong it is, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.tokens.algorithms import ALGORITHMS, CONTENT_ENCRYPTION, KEY_MANAGEMENT, KeyManagement
from app.tokens.findings import Finding, found
from app.tokens.keys import closer
from app.tokens.keys.key import Key

# NIST SP 800-57 part 1, table 2: security strength of an RSA modulus, in bits; below the first it is not rated.
RSA_STRENGTH = ((15_360, 256), (7680, 192), (3072, 128), (2048, 112), (1024, 80))
_STRENGTH = {"P-256": 128, "secp256k1": 128, "P-384": 192, "P-521": 256, "Ed25519": 128, "X25519": 128, "Ed448": 224, "X448": 224}
# FIPS 204, table 1: how hard to break, against AES and SHA.
_CATEGORY = {
    "ML-DSA-44": "category 2: as hard as a collision of SHA-256",
    "ML-DSA-65": "category 3: as hard as AES-192",
    "ML-DSA-87": "category 5: as hard as AES-256",
}
_SHORTEST_SECRET = 256
_SHORTEST_RSA = 2048


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that a key can do, and the algorithms it does it with."""

    verb: str
    algorithms: tuple[str, ...]


def uses(key: Key) -> tuple[Use, ...]:
    """What *key* can do by type and size; permissions in its JWK are not counted."""
    signs = tuple(name for name in key.algorithms if name != "none")
    opens = tuple(row.name for row in KEY_MANAGEMENT.values() if _manages(key, row))
    seals = tuple(name for name in opens if KEY_MANAGEMENT[name].encrypts)
    sizes = tuple(row.name for row in CONTENT_ENCRYPTION.values() if key.secret is not None and row.key_size == len(key.secret))
    both = key.secret is not None or key.is_private
    rows = (
        Use("Sign and verify" if both else "Verify", signs),
        Use("Encrypt and decrypt" if both else "Encrypt", seals),
        Use("Decrypt only", tuple(name for name in opens if name not in seals) if both else ()),
        Use("Encrypt directly (dir)", sizes),
    )
    return tuple(row for row in rows if row.algorithms)


def _manages(key: Key, row: KeyManagement) -> bool:
    if row.family == "dir" or key.only is not None:
        return False
    if row.curves:
        return key.curve in row.curves
    if key.key_type != row.key_type or key.bits < row.min_key_bits:
        return False
    size = row.secret_size(None)
    return not size or len(key.secret or b"") == size


def strength(key: Key) -> str:
    """How strong *key* is, in words."""
    if key.secret is not None:
        return f"at most {key.bits:,} bits, if every bit of it is by chance"
    if key.key_type == "RSA":
        bits = next((strength for size, strength in RSA_STRENGTH if key.bits >= size), 0)
        return f"about {bits} bits (NIST SP 800-57)" if bits else "less than 80 bits: it can be broken"
    return strength_on(key.curve) if key.curve else ""


def strength_on(curve: str) -> str:
    """How strong a key on *curve*, or of that parameter set, is in words."""
    if curve in _CATEGORY:
        return f"NIST {_CATEGORY[curve]}"
    return f"about {_STRENGTH[curve]} bits; a quantum computer would break it" if curve in _STRENGTH else ""


def warnings(key: Key) -> Iterator[Finding]:
    """Everything that speaks against *key*, faults first. That it is private is seen by what stands beside it."""
    yield from key.faults
    if key.key_type == "RSA" and key.bits < _SHORTEST_RSA:
        yield found("key_weak_rsa", "key", bits=f"{key.bits:,}")
    if key.secret and not _is_to_encrypt(key) and key.bits < _SHORTEST_SECRET:
        yield found("key_weak_secret", "key", bits=key.bits)
    yield from (note for note in (*key.notes, *closer.remarks(key)) if note.code not in ("key_private", "key_agreement_only"))


def _is_to_encrypt(key: Key) -> bool:
    """Whether a short secret is meant to encrypt, where 128 bits are enough: its JWK says so."""
    return key.use == "enc" or (key.alg is not None and key.alg not in ALGORITHMS)
