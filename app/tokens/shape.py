"""The shape of a signature, judged before any arithmetic: its size, and the range of r and s (RFC 7518 §3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.tokens import primitives
from app.tokens.algorithms import ALGORITHMS, CURVES, Algorithm
from app.tokens.envelope import Token
from app.tokens.findings import Finding, found
from app.tokens.keys.key import Key

_NEAR = 8
_RSA_SIZES = (128, 256, 384, 512, 1024)


def fault(algorithm: Algorithm, key: Key, token: Token) -> Finding | None:
    """Why no signature of this algorithm and key can look like that of *token*, or None."""
    signature = token.signature
    size, need = len(signature), primitives.expected_size(algorithm, key)
    if size != need:
        return _size(algorithm, key, token, need)
    if algorithm.family == "ecdsa":
        r, s = primitives.halves(algorithm, signature)
        order = CURVES[algorithm.curves[0]].order
        if not (0 < r < order and 0 < s < order):
            return _range(algorithm, token, r, s)
    return None


def place(token: Token) -> dict[str, Any]:
    """Where the signature stands in the given text."""
    part = token.parts[2]
    start = token.places[part.start]
    end = token.places[part.start + len(part.text) - 1] + 1 if part.text else start
    return {"offset": start, "length": end - start}


def high_s(token: Token, algorithm: Algorithm) -> Iterator[Finding]:
    """The remark that s of a good secp256k1 signature is one that other worlds refuse."""
    if algorithm.curves != ("secp256k1",) or len(token.signature) != algorithm.signature_size:
        return
    if primitives.halves(algorithm, token.signature)[1] > CURVES["secp256k1"].order // 2:
        yield found("signature_high_s", "signature", **place(token))


def _size(algorithm: Algorithm, key: Key, token: Token, need: int) -> Finding:
    size = len(token.signature)
    if size == 0:
        return found("signature_empty", "signature", **place(token), alg=algorithm.name, need=f"{need:,}")
    facts: dict[str, Any] = {
        "size": size,
        "plural": "s" if size != 1 else "",
        "need": need,
        "alg": algorithm.name,
        "with_key": "" if algorithm.signature_size else f"with this {key.name} ",
        "guess": _guess(algorithm, token.signature, need),
        "spec": algorithm.spec,
    }
    return found("signature_size", "signature", **place(token), **facts)


def _guess(algorithm: Algorithm, signature: bytes, need: int) -> str:
    """What a signature of the wrong size may be."""
    size = len(signature)
    if algorithm.family == "ecdsa" and _is_der(signature) and size > _NEAR:
        return f" It looks like ASN.1 DER ({signature[:3].hex(' ').upper()} …); JWS wants r and s, one behind the other."
    if algorithm.name == "ES512" and size == 128:
        return " Its halves have 64 bytes, as if the 512 of the name were the bits of the curve; r and s on P-521 have 66."
    other = _maker(algorithm, size)
    if other:
        return f" {size} bytes is what {other} makes."
    off = abs(size - need)
    count = f"{off:,} byte{'s' if off != 1 else ''}"
    if size > need:
        return f" That is {count} too many."
    if algorithm.family in ("rsa", "pss", "ecdsa") and off <= 2:
        return f" That is {count} short: cut off, or a leading zero was left out."
    return f" That is {count} short: it was cut off."


def _is_der(signature: bytes) -> bool:
    """Whether it begins as a SEQUENCE with an INTEGER does; the first byte alone is met by chance."""
    return signature[:1] == b"\x30" and (signature[2:3] == b"\x02" or signature[1:4:2] == b"\x81\x02")


def _maker(algorithm: Algorithm, size: int) -> str | None:
    """The algorithm, of the same family first, whose signatures have that size."""
    rows = sorted(ALGORITHMS.values(), key=lambda row: row.family != algorithm.family)
    name = next((row.name for row in rows if row.signature_size == size and row.name != algorithm.name), None)
    if algorithm.key_type == "RSA" and size in _RSA_SIZES:
        return f"a {size * 8}-bit RSA key"
    return name or ("a 2048-bit RSA key" if size == 256 else None)


def _range(algorithm: Algorithm, token: Token, r: int, s: int) -> Finding:
    curve = algorithm.curves[0]
    if r == s == 0:
        which, guess = "r = s = 0", 'It is the "psychic signature" forgery (CVE-2022-21449).'
    else:
        order, guess = CURVES[curve].order, ""
        sizes = (("r", r), ("s", s))
        which = " and ".join(f"{name} is {'0' if value == 0 else 'not less than n'}" for name, value in sizes if not 0 < value < order)
    return found("signature_range", "signature", **place(token), which=which, curve=curve, guess=guess)
