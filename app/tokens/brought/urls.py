"""Addresses of keys that a token names (`jku`, `x5u`): what is suspicious about them, told from the text alone. Nothing is fetched."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

from app.tokens.findings import Finding, found, quoted

_LONGEST_URL = 120
_SECTIONS = {"jku": "RFC 7515 §4.1.2", "x5u": "RFC 7515 §4.1.5"}
_SCHEMES = {
    "http": "anyone on the way can put in a key of their own",
    "file": "it makes a careless receiver read a file of its own",
    "data": "the key stands in the address itself, so the token brings it along",
}
_NOT_IN_A_URL = re.compile(r"[^!-~]|[\\\"<>^`{|}]")
_INNER_NAMES = (".local", ".internal", ".lan", ".intranet", ".corp", ".home", ".home.arpa", ".private")
_METADATA = ("169.254.169.254", "fd00:ec2::254")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]{0,16}|[0-9]{1,12}")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def split(url: str) -> SplitResult | None:
    """The parts of an absolute URL, or None; only `file:` and `data:` can do without a host."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # read for its ValueError
    except ValueError:
        return None
    return parts if (parts.scheme and parts.hostname) or parts.scheme in ("file", "data") else None


def host(url: str) -> str:
    """The host that a fetch of *url* would ask, fit for a sentence, or nothing."""
    parts = split(url)
    return quoted(parts.hostname or "", _LONGEST_URL) if parts else ""


def findings(name: str, url: str, **place: Any) -> Iterator[Finding]:
    """What a reader should know of the address *url* in the header parameter *name*."""
    spec = _SECTIONS[name]
    parts = split(url)
    strange = _NOT_IN_A_URL.search(url)
    if parts is None or strange:
        why = f"it has {_character(strange.group())}, which no URL has" if parts and strange else "it is no absolute URL with a host"
        yield found("header_url_form", "header", name=name, why=why, spec=spec, **place)
    if parts is None:
        return
    if parts.scheme != "https":
        why = _SCHEMES.get(parts.scheme, "keys must come over a connection that proves who answers")
        yield found("header_url_scheme", "header", name=name, scheme=quoted(parts.scheme, 20), why=why, spec=spec, **place)
    if "@" in parts.netloc:
        user, _, rest = parts.netloc.rpartition("@")
        yield found("header_url_user", "header", name=name, user=quoted(user), host=quoted(rest), **place)
    where = "" if strange else _inside(parts.hostname or "")
    if where:
        yield found("header_url_inside", "header", name=name, host=quoted(parts.hostname or ""), where=where, **place)


def _character(character: str) -> str:
    return f'"{character}"' if character.isprintable() and character != '"' else f"U+{ord(character):04X}"


def _inside(name: str) -> str:
    """What part of the receiver's own network *name* is, in words, or nothing for a public host."""
    name = name.rstrip(".").lower()
    address = _address(name)
    if address is not None:
        words = _of_address(address)
        return f"{address}, {words}" if words and str(address) != name else words
    if name == "localhost" or name.endswith(".localhost"):
        return "the receiver's own machine"
    if name.endswith(_INNER_NAMES) or (name and "." not in name and ":" not in name):
        return "a name in the receiver's own network"
    return ""


def _of_address(address: _Address) -> str:
    if str(address) in _METADATA:
        return "the address at which cloud machines hand out their own credentials"
    if address.is_loopback or address.is_unspecified:
        return "the receiver's own machine"
    if address.is_link_local:
        return "a link-local address"
    if address.is_private:
        return "a private address"
    return "" if address.is_global else "an address that is not public"


def _address(name: str) -> _Address | None:
    """The IP address that *name* is, also in the old spellings (one number, octal, hexadecimal) that programs still read."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return _old_spelling(name)
    return getattr(address, "ipv4_mapped", None) or address


def _old_spelling(name: str) -> _Address | None:
    numbers = name.split(".", 4)
    if len(numbers) > 4 or not all(_NUMBER.fullmatch(number) for number in numbers):
        return None
    try:
        *high, low = (_number(number) for number in numbers)
    except ValueError:
        return None
    if any(number > 255 for number in high) or low >= 256 ** (4 - len(high)):
        return None
    return ipaddress.IPv4Address(sum(number << 8 * (3 - place) for place, number in enumerate(high)) + low)


def _number(text: str) -> int:
    if text[:2].lower() == "0x":
        return int(text[2:] or "0", 16)
    return int(text, 8) if text.startswith("0") and text != "0" else int(text)
