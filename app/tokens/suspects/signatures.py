"""Other spellings of one signature: text instead of bytes, ASN.1 instead of r and s, halves of another width."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from app.tokens import base64url, primitives
from app.tokens.algorithms import CURVES, Algorithm
from app.tokens.envelope import Token
from app.tokens.findings import Finding, found
from app.tokens.keys import Key, decoded
from app.tokens.suspects.candidate import Candidate, rewritten, span

_MOST_OFF = 4
"""By how many bytes a half may be too short or too long when the two are not of one width."""


def spellings(token: Token, algorithm: Algorithm, key: Key) -> Iterator[Candidate]:
    """The signature as it would be if it were spelt otherwise than RFC 7518 §3 says."""
    need = primitives.expected_size(algorithm, key)
    for data, form in _as_bytes(token):
        if form and len(data) == need:
            yield _candidate(token, data, "suspect_signature_text", form=form)
        if algorithm.family == "ecdsa":
            yield from _ecdsa(token, algorithm, data, form)
        elif algorithm.key_type == "RSA":
            yield from _rsa(token, data, need)
        if not form and need < len(data) <= need + _MOST_OFF:
            yield _candidate(token, data[:need], "suspect_signature_long", size=len(data), need=need, surplus=len(data) - need)


def cut_or_long(token: Token, right: bytes, algorithm: Algorithm) -> Iterator[Finding]:
    """A MAC that breaks off; *right* is the whole one, which is never told (CVE-2019-7644): the log of a check must sign nothing."""
    size = len(token.signature)
    if size < len(right) and right.startswith(token.signature):
        offset, length = span(token, 2)
        yield found(
            "suspect_signature_cut",
            "signature",
            offset=offset,
            length=length,
            size=size,
            need=len(right),
            alg=algorithm.name,
            spec=algorithm.spec,
        )


def _candidate(token: Token, data: bytes, code: str, **facts: Any) -> Candidate:
    return Candidate(data, partial(_converted, token, data, code, **facts))


def _converted(token: Token, data: bytes, code: str, **facts: Any) -> Finding:
    offset, length = span(token, 2)
    repairs = rewritten(token, "Convert the signature", {2: base64url.encode(data)})
    return found(code, "signature", offset=offset, length=length, repairs=repairs, **facts)


def _as_bytes(token: Token) -> Iterator[tuple[bytes, str]]:
    """The bytes of the signature, and those of the text that they or the segment itself may be."""
    yield token.signature, ""
    text = token.parts[2].text
    data = decoded(text, "hex") if text.isascii() else None
    if data:
        yield data, "hexadecimal digits in place of base64url"
    if token.signature.isascii():
        text = token.signature.decode("ascii").strip()
        for encoding, form in (("hex", "hexadecimal digits"), ("base64", "base64 text"), ("base64url", "base64url text")):
            data = decoded(text, encoding) if text else None
            if data:
                yield data, f"{form}, which was then encoded in base64url"


def _rsa(token: Token, data: bytes, need: int) -> Iterator[Candidate]:
    if need - _MOST_OFF <= len(data) < need:
        yield _candidate(token, data.rjust(need, b"\0"), "suspect_signature_width", how=_zeros(need - len(data), "lacks"), need=need)
    surplus = len(data) - need
    if 0 < surplus <= _MOST_OFF and not any(data[:surplus]):
        yield _candidate(token, data[surplus:], "suspect_signature_width", how=_zeros(surplus, "has"), need=need)
    if surplus == 0:
        yield _candidate(token, data[::-1], "suspect_signature_order", how="with its bytes in reverse order (little-endian)")


def _zeros(count: int, verb: str) -> str:
    return f"{verb} {count} leading zero byte{'s' if count != 1 else ''}{' too many' if verb == 'has' else ''}"


def _ecdsa(token: Token, algorithm: Algorithm, data: bytes, form: str) -> Iterator[Candidate]:
    half = algorithm.signature_size // 2
    order = CURVES[algorithm.curves[0]].order
    for r, s, code, facts in _numbers(data, half):
        if 0 < r < order and 0 < s < order:
            sizes = {"size": len(data), "half": half, "need": 2 * half, "alg": algorithm.name, "spec": algorithm.spec}
            yield _candidate(
                token, r.to_bytes(half, "big") + s.to_bytes(half, "big"), code, **sizes, **facts, form=f"{form}, of " if form else ""
            )


def _numbers(data: bytes, half: int) -> Iterator[tuple[int, int, str, dict[str, str]]]:
    """r and s by every other way of writing the two."""
    if data[:1] == b"\x30" and (whole := _der(data)):
        yield *whole, "suspect_der_signature", {"bytes": data[:3].hex(" ").upper()}
    size = len(data)
    if size != 2 * half and size % 2 == 0:
        how = f"r and s {'are padded with zeros to' if size > 2 * half else 'have'} {size // 2} bytes each"
        yield *_pair(data[: size // 2], data[size // 2 :]), "suspect_signature_halves", {"how": how}
    for width in (1, 2, 4):
        if prefixed := _prefixed(data, width):
            yield *_pair(*prefixed), "suspect_signature_halves", {"how": f"the length of each half stands before it, in {width} bytes"}
    if size == 2 * half + 1:
        yield *_pair(data[:half], data[half:-1]), "suspect_signature_halves", {"how": "one byte (a recovery number) stands behind r and s"}
        yield *_pair(data[1 : half + 1], data[half + 1 :]), "suspect_signature_halves", {"how": "one byte stands before r and s"}
    if 0 < abs(size - 2 * half) <= _MOST_OFF:
        for cut in range(max(1, half - _MOST_OFF), min(size - 1, half + _MOST_OFF) + 1):
            if 2 * cut != size and abs(size - cut - half) <= _MOST_OFF:
                how = f"r has {cut} and s {size - cut} bytes"
                yield *_pair(data[:cut], data[cut:]), "suspect_signature_halves", {"how": how}
    if size == 2 * half:
        r, s = data[:half], data[half:]
        yield *_pair(r[::-1], s[::-1]), "suspect_signature_order", {"how": "with the bytes of r and s in reverse order (little-endian)"}
        yield *_pair(s, r), "suspect_signature_order", {"how": "with s before r"}
        yield *_pair(s[::-1], r[::-1]), "suspect_signature_order", {"how": "with all its bytes in reverse order"}


def _pair(r: bytes, s: bytes) -> tuple[int, int]:
    return int.from_bytes(r, "big"), int.from_bytes(s, "big")


def _der(data: bytes) -> tuple[int, int] | None:
    try:
        return decode_dss_signature(data)
    except ValueError:
        return None


def _prefixed(data: bytes, width: int) -> tuple[bytes, bytes] | None:
    """Two strings, each with its length before it, that fill *data*."""
    first = int.from_bytes(data[:width], "big") + width
    second = int.from_bytes(data[first : first + width], "big") + first + width
    return (data[width:first], data[first + width :]) if width < first and second == len(data) and first + width < second else None
