"""Base64url without padding (RFC 7515 §2): read strictly, and say where and why a text is not it."""

from __future__ import annotations

import re
import unicodedata
from binascii import Error, a2b_base64, b2a_base64
from dataclasses import dataclass
from functools import lru_cache

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

# "+", "/" and "=" become a byte that no alphabet has, so that one C call refuses them.
_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")
_OF_URL = {"+": "-", "/": "_"}
_TO_URL = bytes.maketrans(b"+/", b"-_")
_LOOSE_BITS_FREE = (b"", b"", b"AQgw", b"AEIMQUYcgkosw048")
_NOT_URL = re.compile(r"[^A-Za-z0-9_-]")
_STRAY = re.compile(r"[^A-Za-z0-9_+/=-]")
_FOREIGN = bytes(code for code in range(256) if code not in ALPHABET + b"+/")
_PADDING = (b"", b"", b"==", b"=")

# Dashes of word processors, and letters of other scripts that look like those of ASCII; what NFKC unfolds needs no row.
_DASHES = dict.fromkeys("\u02d7\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d", "-")
_CYRILLIC = dict(zip("аеорсухіјѕһԁԛԝАВЕКМНОРСТХУЅІЈԌ", "aeopcyxijshdqwABEKMHOPCTXYSIJG", strict=True))
_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονι", "ABEZHIKMNOPTYXovi", strict=True))
_LOOK_ALIKES = _DASHES | _CYRILLIC | _GREEK | {"\u2017": "_", "\u3002": ".", "\u0131": "i"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a text is not canonical base64url: where it is met first, in characters, and how often."""

    code: str
    offset: int
    length: int
    text: str
    canonical: str = ""
    count: int = 1
    bits: int = 0
    """Of loose bits, how many are unused."""


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


@lru_cache(4096)
def imitated(character: str) -> str:
    """The character of a token that *character* looks like without being it, or nothing."""
    if character.isascii():
        return ""
    letter = _LOOK_ALIKES.get(character) or unicodedata.normalize("NFKC", character)
    return letter if len(letter) == 1 and (letter == "." or letter.encode("utf-8", "surrogatepass") in ALPHABET) else ""


def explain(text: str) -> tuple[bytes, tuple[Fault, ...]]:
    """Return the bytes that can be read of *text* and every sort of fault in it, in order of place."""
    body = text.rstrip("=")
    faults = _characters(body)
    if len(body) < len(text):
        faults.append(Fault("base64_padding", len(body), len(text) - len(body), "="))
    kept = without_strays(body)[0].encode("ascii").translate(_TO_URL, _FOREIGN)
    over = len(kept) & 3
    damaged = any(fault.code == "base64_foreign_character" for fault in faults)
    if over == 1:
        if not damaged:
            faults.append(Fault("base64_length", 0, len(text), str(len(kept))))
        kept = kept[:-1]
    elif over and not damaged and kept[-1] not in _LOOSE_BITS_FREE[over]:
        faults.append(Fault("base64_loose_bits", len(body) - 1, 1, chr(kept[-1]), _tightened(kept[-1], over), bits=8 - 2 * over))
    return a2b_base64(kept.translate(_TO_STANDARD) + _PADDING[len(kept) & 3]), tuple(faults)


def without_strays(text: str) -> tuple[str, list[int]]:
    """*text* without characters that no base64 has, look-alikes replaced by what they imitate; and the places of what is left."""
    kept: list[str] = []
    places: list[int] = []
    at = 0
    for match in _STRAY.finditer(text):
        kept.append(text[at : match.start()])
        places.extend(range(at, match.start()))
        at = match.end()
        letter = imitated(match.group())
        if letter and letter != ".":
            kept.append(letter)
            places.append(match.start())
    kept.append(text[at:])
    places.extend(range(at, len(text)))
    return "".join(kept), places


def _characters(body: str) -> list[Fault]:
    """The characters that base64url does not have: standard base64 and look-alikes one by one, all others as one sort."""
    places: dict[str, list[int]] = {}
    for match in _NOT_URL.finditer(body):
        sort = match.group() if _canonical(match.group()) else ""
        places.setdefault(sort, []).append(match.start())
    return [Fault(_code(sort), at[0], 1, body[at[0]], _canonical(sort), len(at)) for sort, at in places.items()]


def replaced(text: str, code: str) -> dict[int, str]:
    """Where in *text* something else is to be written, and what, for all faults of that code: look-alikes, or standard base64."""
    meant = ((match.start(), match.group(), _canonical(match.group())) for match in _NOT_URL.finditer(text))
    return {at: character for at, sort, character in meant if character and _code(sort) == code}


def _canonical(sort: str) -> str:
    """The character of base64url that is meant, or nothing."""
    letter = _OF_URL.get(sort) or imitated(sort)
    return letter if letter != "." else ""


def _code(sort: str) -> str:
    if not sort:
        return "base64_foreign_character"
    return "base64_standard_alphabet" if sort in "+/" else "base64_look_alike"


def _tightened(last: int, over: int) -> str:
    """The last character with its unused bits, 4 or 2 of them, cleared."""
    return chr(ALPHABET[ALPHABET.index(last) & (~15 if over == 2 else ~3)])
