"""One row per kind of key that can be made; the page's menu and the generator read it."""

from __future__ import annotations

from dataclasses import dataclass

from app.tokens.algorithms import ALGORITHMS, CONTENT_ENCRYPTION, CURVES, KEY_MANAGEMENT, Algorithm, ContentEncryption, KeyManagement

RSA_BITS = 2048
RSA_SIZES = (2048, 3072, 4096)
_PASSWORD_BYTES = 32


@dataclass(frozen=True, slots=True)
class Kind:
    """A key that can be made: *size* is the bits of an RSA key or the bytes of a secret, *alg* what its JWK says it is for."""

    name: str
    label: str
    group: str
    key_type: str
    curve: str = ""
    size: int = 0
    alg: str = ""
    use: str = "sig"


_SIGNS, _SEALS, _MACS, _WRAPS, _DIRECT = (
    "Signing",
    "Encryption and key agreement",
    "Secrets to sign with",
    "Secrets to wrap keys with",
    "Secrets to encrypt with directly (dir)",
)


def _rows() -> list[Kind]:
    # A curve has one algorithm to sign with, except that Ed25519 and Ed448 go by two names: the newer is exact (RFC 9864).
    signers = {curve: row for row in ALGORITHMS.values() if row.family in ("ecdsa", "eddsa", "mldsa") for curve in row.curves}
    rows = [Kind(f"RSA-{bits}", f"RSA, {bits:,} bits", _SIGNS, "RSA", size=bits) for bits in RSA_SIZES]
    for curve, row in signers.items():
        label = curve if row.family == "mldsa" else f"{curve} ({'EdDSA' if row.family == 'eddsa' else row.name})"
        rows.append(Kind(curve, label, _SIGNS, CURVES[curve].key_type, curve, alg=row.name))
    rows += [Kind(f"RSA-{bits}-enc", f"RSA, {bits:,} bits (RSA-OAEP)", _SEALS, "RSA", size=bits, use="enc") for bits in RSA_SIZES]
    for curve in KEY_MANAGEMENT["ECDH-ES"].curves:
        suffix = "-enc" if curve in signers else ""
        rows.append(Kind(f"{curve}{suffix}", f"{curve} (ECDH-ES)", _SEALS, CURVES[curve].key_type, curve, use="enc"))
    for mac in ALGORITHMS.values():
        if mac.family == "hmac":
            size = mac.min_key_bits // 8
            rows.append(Kind(mac.name, f"{mac.name}, {size} bytes", _MACS, "oct", size=size, alg=mac.name))
    for wrap in KEY_MANAGEMENT.values():
        if wrap.family in ("kw", "gcmkw"):
            rows.append(
                Kind(wrap.name, f"{wrap.name}, {wrap.wrap_size} bytes", _WRAPS, "oct", size=wrap.wrap_size, alg=wrap.name, use="enc")
            )
    for content in CONTENT_ENCRYPTION.values():
        size = content.key_size
        rows.append(Kind(content.name, f"{content.name}, {size} bytes", _DIRECT, "oct", size=size, alg="dir", use="enc"))
    return rows


KINDS = {row.name: row for row in _rows()}


def for_management(row: KeyManagement, content: ContentEncryption | None = None) -> Kind | None:
    """The kind of key that an `alg` of JWE takes, or None when none can be made; with `dir` it is that of *content*."""
    if row.family == "rsa":
        return Kind(row.name, row.name, _SEALS, "RSA", size=RSA_BITS, alg=row.name, use="enc") if row.encrypts else None
    if row.family == "ecdh":
        return Kind(row.name, row.name, _SEALS, "EC", row.curves[0], alg=row.name, use="enc")
    if row.family == "pbes2":
        return Kind(row.name, row.name, _WRAPS, "oct", size=_PASSWORD_BYTES, alg=row.name, use="enc")
    return KINDS.get(content.name if row.family == "dir" and content else row.name)


def for_header(alg: object, enc: object = None) -> Algorithm | Kind | None:
    """What a key for a header with these is made by, or None; with an `enc` it encrypts."""
    if not isinstance(alg, str):
        return None
    if enc is None and alg in ALGORITHMS:
        return ALGORITHMS[alg] if ALGORITHMS[alg].family != "none" else None
    content = CONTENT_ENCRYPTION.get(enc) if isinstance(enc, str) else None
    return for_management(KEY_MANAGEMENT[alg], content) if alg in KEY_MANAGEMENT else None
