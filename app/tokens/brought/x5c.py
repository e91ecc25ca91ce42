"""The certificates that a token brings along (`x5c`), and the thumbprints that must be theirs (`x5t`, `x5t#S256`)."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from app.tokens import base64url, certificates
from app.tokens.certificates import Certificate
from app.tokens.findings import Finding, found, quoted
from app.tokens.keys.pem import read_der

MOST = 8
"""Certificates of a chain that are read: each link costs a signature."""
_WHITE = re.compile(r"\s+")
_ARMOUR = re.compile(r"-----[A-Z0-9 ]{1,40}-----")
_THUMBPRINTS = {"x5t": (20, "SHA-1", "RFC 7515 §4.1.7"), "x5t#S256": (32, "SHA-256", "RFC 7515 §4.1.8")}
_HEX = re.compile(r"[0-9A-Fa-f]{2}(?::?[0-9A-Fa-f]{2})+")
Place = Callable[..., dict[str, Any]]
"""Where x5c stands, or one entry of it; for thumbprints, where the named parameter stands."""


def read(entries: list[object], place: Place) -> tuple[tuple[Certificate | None, ...], list[Finding]]:
    """The certificates in *entries*, None for what is none, and what is wrong with how they are written."""
    read_ones: list[Certificate | None] = []
    noticed: list[Finding] = []
    if not entries:
        noticed.append(found("x5c_empty", "header", **place()))
    if len(entries) > MOST:
        noticed.append(found("x5c_many", "header", count=len(entries), most=MOST, **place()))
    for index, entry in enumerate(entries[:MOST]):
        if not isinstance(entry, str):  # the rules of the header say so already
            read_ones.append(None)
            continue
        der, why = _bytes(entry)
        if why:
            noticed.append(found("x5c_base64", "header", index=index, why=why, **place(index)))
        certificate = certificates.read(der)
        if certificate is None:
            noticed.append(found("x5c_unreadable", "header", index=index, why=_what_else(der), **place(index)))
        read_ones.append(certificate)
    return tuple(read_ones), noticed


def links(chain: tuple[Certificate | None, ...]) -> tuple[bool | None, ...]:
    """For each certificate but the last, whether the next one signed it; None when that cannot be told."""
    return tuple(
        certificates.is_issued_by(one.original, following.original) if one and following else None for one, following in pairwise(chain)
    )


def weaknesses(chain: tuple[Certificate | None, ...], signed: tuple[bool | None, ...], is_signers: bool, place: Place) -> Iterator[Finding]:
    """A chain out of order, and certificates that are worth little, or not for signing tokens."""
    for index, link in enumerate(signed):
        if link is False:
            yield _disorder(index, chain, place)
            break  # one that stands in the wrong place breaks two links
    for index, certificate in enumerate(chain):
        if certificate is None:
            continue
        where = f"The certificate in x5c[{index}]"
        noticed: list[Finding] = []
        # Nobody relies on the signature of a root; the signer's own certificate is judged in any case.
        if index == 0 or not certificate.is_self_issued:
            noticed += certificates.weaknesses(certificate, where)
        # What people make for a test with one command is a self-signed authority: that alone is no fault.
        if index == 0 and is_signers and not (certificate.is_self_issued and len(chain) == 1):
            noticed += certificates.of_a_signer(certificate, where)
        for finding in noticed:
            yield replace(finding, **place(index))


def thumbprints(header: dict[str, Any], chain: tuple[Certificate | None, ...], place: Place) -> Iterator[Finding]:
    """Whether `x5t` and `x5t#S256` are thumbprints, and those of the first certificate if there is one."""
    for name, (size, hash_, spec) in _THUMBPRINTS.items():
        value = header.get(name)
        if not isinstance(value, str):
            continue
        own = chain[0] if chain else None
        facts: dict[str, Any] = {"name": name, "hash": hash_, "spec": spec, "value": quoted(value, 90)}
        data = base64url.decode(value.encode()) if value.isascii() else None
        if own is None and (data is None or len(data) != size):
            yield found("x5t_form", "header", need=size, what=_form(value, data), **facts, **place(name))
        elif own is not None and value != thumbprint(own, name):
            facts |= {"right": thumbprint(own, name), "guess": _guess(value, name, chain)}
            yield found("x5t_mismatch", "header", **facts, **place(name))


def thumbprint(certificate: Certificate, name: str) -> str:
    """What the parameter *name* would be for *certificate*."""
    return certificate.sha1 if name == "x5t" else certificate.sha256


def _bytes(entry: str) -> tuple[bytes, str]:
    """The bytes of an entry however it is written, and what is wrong with its writing (RFC 7515 §4.1.6)."""
    why = ""
    text = entry
    if _ARMOUR.search(text):
        why, text = "it has the BEGIN and END lines of a PEM", _ARMOUR.sub("", text)
    if _WHITE.search(text):
        why, text = why or "it has line breaks or blanks", _WHITE.sub("", text)
    url = next((one for one in "-_" if one in text), "")
    if url:
        why, text = why or f'it has "{url}", the alphabet of base64url', text.replace("-", "+").replace("_", "/")
    if len(text) % 4:
        why, text = why or 'its "=" padding is missing', text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    try:
        return b64decode(text, validate=True), why
    except (Error, ValueError):
        return b"", "it has a character or a length that base64 does not have"


def _what_else(der: bytes) -> str:
    key = read_der(der)
    if key:
        return f"it is a key, {key.name}"
    return "its bytes are damaged, or something else" if der else "its text cannot be decoded"


def _disorder(index: int, chain: tuple[Certificate | None, ...], place: Place) -> Finding:
    one, following = chain[index], chain[index + 1]
    assert one is not None
    assert following is not None
    others = [at for at, other in enumerate(chain) if other and other.subject == one.issuer and at not in (index, index + 1)]
    if following.sha256 == one.sha256:
        guess = "It is the same certificate once more."
    elif following.issuer == one.subject and not one.is_self_issued:
        guess = "It is the other way round: the order is reversed."
    elif one.is_self_issued:
        guess = "It is self-signed: a root stands last, or is left out."
    elif others:
        guess = f"Its issuer stands in x5c[{others[0]}]."
    elif following.subject == one.issuer:
        guess = "The names fit, the signature does not: it was made by another key of that name, or the certificate was altered."
    else:
        guess = f"Its issuer is {one.issuer}."
    facts: dict[str, Any] = {"index": index, "following": index + 1, "subject": one.title, "other": following.title, "guess": guess}
    return found("x5c_order", "header", **facts, **place(index + 1))


def _guess(value: str, name: str, chain: tuple[Certificate | None, ...]) -> str:
    """What the wrong thumbprint is instead, as far as it can be told."""
    own = chain[0]
    assert own is not None
    right = thumbprint(own, name)
    if value.rstrip("=").replace("+", "-").replace("/", "_") == right:
        return " It is the right one in standard base64."
    if _from_hex(value) == right:
        return " It is the right one in hexadecimal."
    for other in _THUMBPRINTS:
        if other != name and value == thumbprint(own, other):
            return f" It is the {_THUMBPRINTS[other][1]} thumbprint."
    at = next((at for at, one in enumerate(chain) if one and thumbprint(one, name) == value), None)
    return f" It is that of x5c[{at}]." if at else ""


def _form(value: str, data: bytes | None) -> str:
    if _from_hex(value):
        return "is written in hexadecimal"
    if data is None:
        return "is not canonical base64url"
    other = next((hash_ for length, hash_, _ in _THUMBPRINTS.values() if length == len(data)), None)
    return f"holds {len(data)} bytes" + (f", as {other} makes" if other else "")


def _from_hex(value: str) -> str:
    """The thumbprint that *value* is in hexadecimal, with or without colons, or in base64url of that; else nothing."""
    data = base64url.decode(value.encode()) if value.isascii() else None
    inner = data.decode("ascii", "replace") if data else ""
    for text in (value, inner):
        if len(text) in (40, 59, 64, 95) and _HEX.fullmatch(text):
            return base64url.encode(bytes.fromhex(text.replace(":", "")))
    return ""
