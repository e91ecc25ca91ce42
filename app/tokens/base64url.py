"""Base64url without padding (RFC 7515 §2): read strictly, and say where and why a text is not it."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64
from dataclasses import dataclass

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

# "+", "/" and "=" become a byte that no alphabet has, so that one C call refuses them.
_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")
_TO_URL = bytes.maketrans(b"+/", b"-_")
_LOOSE_BITS_FREE = (b"", b"", b"AQgw", b"AEIMQUYcgkosw048")
_NOT_URL = re.compile(r"[^A-Za-z0-9_-]")
_FOREIGN = bytes(code for code in range(256) if code not in ALPHABET + b"+/")
_PADDING = (b"", b"", b"==", b"=")


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a text is not canonical base64url: where it is met first, in characters, and how often."""

    code: str
    offset: int
    length: int
    text: str
    canonical: str = ""
    count: int = 1


def encode(data: bytes) -> str:
    """Write *data* as base64url without padding."""
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def decode(segment: bytes) -> bytes | None:
    """Return the bytes of a canonical base64url text, or None: nothing is forgiven."""
    over = len(segment) & 3
    if over == 1 or (over and segment[-1] not in _LOOSE_BITS_FREE[over]):
        return None
    try:
        return a2b_base64(segment.translate(_TO_STANDARD) + _PADDING[over], strict_mode=True)
    except Error:
        return None


def explain(text: str) -> tuple[bytes, tuple[Fault, ...]]:
    """Return the bytes that can be read of *text* and every sort of fault in it, in order of place."""
    body = text.rstrip("=")
    faults = _characters(body)
    if len(body) < len(text):
        faults.append(Fault("base64_padding", len(body), len(text) - len(body), "="))
    kept = body.encode("ascii", "ignore").translate(_TO_URL, _FOREIGN)
    over = len(kept) & 3
    damaged = any(fault.code == "base64_foreign_character" for fault in faults)
    if over == 1:
        if not damaged:
            faults.append(Fault("base64_length", 0, len(text), str(len(kept))))
        kept = kept[:-1]
    elif over and not damaged and kept[-1] not in _LOOSE_BITS_FREE[over]:
        faults.append(Fault("base64_loose_bits", len(body) - 1, 1, chr(kept[-1]), _tightened(kept[-1], over)))
    return a2b_base64(kept.translate(_TO_STANDARD) + _PADDING[len(kept) & 3]), tuple(faults)


def _characters(body: str) -> list[Fault]:
    """The characters that base64url does not have: those of standard base64 one by one, all others as one sort."""
    places: dict[str, list[int]] = {}
    for match in _NOT_URL.finditer(body):
        sort = match.group() if match.group() in "+/" else ""
        places.setdefault(sort, []).append(match.start())
    return [
        Fault("base64_standard_alphabet" if sort else "base64_foreign_character", at[0], 1, body[at[0]], count=len(at))
        for sort, at in places.items()
    ]


def _tightened(last: int, over: int) -> str:
    """The last character with its unused bits, 4 or 2 of them, cleared."""
    return chr(ALPHABET[ALPHABET.index(last) & (~15 if over == 2 else ~3)])
