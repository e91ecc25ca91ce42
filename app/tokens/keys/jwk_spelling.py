"""Other spellings in a JWK, and what JOSE writes instead: names of types and curves, numbers as digits."""

from __future__ import annotations

import re

from app.tokens import base64url

# By small letters: the right spelling, and other words for it.
KTYS = {
    "rsa": "RSA",
    "ec": "EC",
    "ecdsa": "EC",
    "elliptic": "EC",
    "okp": "OKP",
    "eddsa": "OKP",
    "oct": "oct",
    "octet": "oct",
    "symmetric": "oct",
    "hmac": "oct",
    "akp": "AKP",
}
_CURVES = {
    "p256": "P-256",
    "secp256r1": "P-256",
    "prime256v1": "P-256",
    "nistp256": "P-256",
    "p384": "P-384",
    "secp384r1": "P-384",
    "nistp384": "P-384",
    "p521": "P-521",
    "p512": "P-521",
    "secp521r1": "P-521",
    "nistp521": "P-521",
    "p256k": "secp256k1",
    "p256k1": "secp256k1",
    "k256": "secp256k1",
    "secp256k1": "secp256k1",
    "ed25519": "Ed25519",
    "curve25519": "X25519",
    "x25519": "X25519",
    "ed448": "Ed448",
    "x448": "X448",
    "mldsa44": "ML-DSA-44",
    "mldsa65": "ML-DSA-65",
    "mldsa87": "ML-DSA-87",
}
# The kty that a curve belongs to, when it stands under the other.
OTHER_KTY = {
    **{("EC", name): "OKP" for name in ("Ed25519", "Ed448", "X25519", "X448")},
    **{("OKP", name): "EC" for name in ("P-256", "P-384", "P-521", "secp256k1")},
}
_DECIMAL = re.compile("[0-9]+")
_HEX = re.compile("(?:0[xX])?[0-9A-Fa-f]+")
_SHORTEST, _LONGEST = 40, 6000
_MOST_DIGITS = 4300  # as many as Python turns into a number
_EXPONENTS = {
    **{str(number): ("decimal", number) for number in (3, 17, 257, 65537)},
    **dict.fromkeys(("10001", "010001", "0x10001", "0x010001", "00010001"), ("hexadecimal", 65537)),
}


def crv_meant(name: str) -> str | None:
    """The registered name of the curve that *name* spells in another way."""
    return _CURVES.get(re.sub("[-_ ]", "", name[:40].lower()))


def number_meant(value: int, size: int) -> str:
    """*value* as a JWK writes it, at least *size* bytes long."""
    return base64url.encode(value.to_bytes(max(size, (value.bit_length() + 7) // 8, 1), "big"))


def text_meant(name: str, text: str, size: int) -> tuple[str, str] | None:
    """The sort of digits that *text* is made of, and what it should be, or None: then it is base64url, as far as can be told."""
    if name == "e":
        form, value = _EXPONENTS.get(text, ("", 0))
        return (form, number_meant(value, 0)) if form else None
    if not _SHORTEST <= len(text) <= _LONGEST:
        return None
    if _DECIMAL.fullmatch(text) and len(text) <= _MOST_DIGITS and (not size or len(text) > 2 * size):
        return "decimal", number_meant(int(text), size)
    if _HEX.fullmatch(text) and (not size or len(text.lower().removeprefix("0x")) == 2 * size):
        return "hexadecimal", number_meant(int(text, 16), size)
    return None
