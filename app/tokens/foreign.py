"""What a text without dots may be: another sort of token, a key, a token in another encoding. Named, not read."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

from app.tokens import base64url, lossless_json
from app.tokens.findings import Repair
from app.tokens.oddities import COMPACT

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX = re.compile(r"(?:0x)?((?:[0-9A-Fa-f]{2}){20,})")
_HEX_MARKS = re.compile(r"\\x|0x|[\s:,]")
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_OPAQUE = "If it is an opaque reference token, ask its issuer (introspection); it cannot be decoded."
# The first characters by which issuers mark their tokens.
_MARKS = (
    (
        "gAAAA",
        "It is a Fernet token: encrypted with AES-128-CBC and an HMAC under a shared key; it has no claims to read without that key.",
    ),
    ("ghp_", "It is a GitHub access token: opaque, to be asked of GitHub; treat it as a password."),
    ("github_pat_", "It is a GitHub access token: opaque, to be asked of GitHub; treat it as a password."),
    ("xoxb-", "It is a Slack token: opaque; treat it as a password."),
    ("ya29.", "It is a Google access token: opaque; Google's tokeninfo endpoint tells what it is for."),
    ("AKIA", "It is an AWS access key ID; no token."),
)
_NUMBERS = re.compile(r"v?\d{1,10}(?:\.\d{1,10}){1,6}(?:[+-][\w.+-]{1,40})?")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_LONGEST_HOST = 253
_OBJECT = re.compile(rb"\s*\{\s*(?:[\"'}]|\Z)")
_PASETO = re.compile(r"v([1-4])\.(local|public)\.")


_FOR_THE_KEY_BOX = "it belongs in the key box."


def guess(text: str, clean: str) -> tuple[str, tuple[Repair, ...]]:
    """A sentence on what *clean*, that is *text* without white space, may be; and the token in it, when it can be read out."""
    for look in (_key, _marked, _hex_dump, _encoded):
        answer = look(text, clean)
        if isinstance(answer, str) and answer.endswith(_FOR_THE_KEY_BOX):
            return answer, (Repair("Put it into the key box", "key", text.strip()),)
        if answer:
            return answer if isinstance(answer, tuple) else (answer, ())
    if _UUID.fullmatch(clean):
        return "It looks like a UUID, an opaque reference token: ask its issuer (introspection); it cannot be decoded.", ()
    if clean.startswith(("{", "[")):
        return "It is JSON: the payload of a token can be typed into the payload pane.", ()
    return _OPAQUE, ()


def paseto(clean: str) -> str:
    """A PASETO has dots, too, but is no JWT."""
    match = _PASETO.match(clean)
    if not match:
        return ""
    version, purpose = match.groups()
    how = "encrypted with a shared key" if purpose == "local" else "signed; its payload ends in the signature"
    return f"It is a PASETO, version {version}, {purpose}: {how}. PASETO is another standard than JWT; jwtlens does not read it."


def dotted(clean: str) -> str:
    """A sentence on a text with dots that can be no token: it begins with no header, and nobody can have meant one."""
    if any(_OBJECT.match(base64url.explain(one[:40])[0]) for one in clean.split(".", 2)[:2]) or lost_case(clean):
        return ""
    marked = _marked("", clean)
    if marked:
        return marked
    if _NUMBERS.fullmatch(clean):
        return "It looks like a version, a date or an IP address."
    if len(clean) <= _LONGEST_HOST and _HOST.fullmatch(clean):
        return "It looks like a host name, or another name with dots."
    return _OPAQUE if clean.count(".") == 1 else ""


def _key(text: str, clean: str) -> str:
    match = _PEM.search(text)
    if match:
        name = match.group(1)
        if name.startswith("PGP"):
            return f"It is an OpenPGP text ({name}): no token, and no key that JOSE can use."
        if name in ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"):
            return "It is a certificate request in PEM: it proves nothing and has no use here."
        what = "certificate" if "CERTIFICATE" in name else "private key" if "PRIVATE" in name else "key"
        return f"It is a {what} in PEM; {_FOR_THE_KEY_BOX}"
    if clean.startswith(("ssh-rsaAAAA", "ssh-ed25519AAAA", "ecdsa-sha2-")):
        return f"It is an OpenSSH public key; {_FOR_THE_KEY_BOX}"
    if clean.startswith("{") and ('"kty"' in clean or '"keys"' in clean):
        value = lossless_json.read(text.strip()).value
        if isinstance(value, dict) and ("kty" in value or isinstance(value.get("keys"), list)):
            return f"It is a {'JWK' if 'kty' in value else 'JWK Set'}; {_FOR_THE_KEY_BOX}"
    return ""


def _marked(_: str, clean: str) -> str:
    return next((told for mark, told in _MARKS if clean.startswith(mark)), "") or _branca(clean)


def _branca(clean: str) -> str:
    """Branca: base62 of version 0xBA, a time, a nonce and XChaCha20-Poly1305; a plausible time makes it certain."""
    if not 60 <= len(clean) <= 1000 or not clean.isascii() or not clean.isalnum():
        return ""
    number = 0
    for character in clean:
        number = number * 62 + _BASE62.index(character)
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if data[:1] == b"\xba" and len(data) >= 45 and 1_262_304_000 < int.from_bytes(data[1:5]) < 2_208_988_800:
        return "It is a Branca token: encrypted with XChaCha20-Poly1305 under a shared key; it has no claims to read without that key."
    return ""


def _hex_dump(text: str, _: str) -> str | tuple[str, tuple[Repair, ...]]:
    match = _HEX.fullmatch(_HEX_MARKS.sub("", text))
    if not match:
        return ""
    data = bytes.fromhex(match.group(1))
    return _token_in(data, "hex") or _binary(data)


def _encoded(_: str, clean: str) -> str | tuple[str, tuple[Repair, ...]]:
    """Base64 of something that has a name."""
    for text in (clean[:100], clean):  # the beginning tells most texts without a look at the rest
        data, faults = base64url.explain(text)
        if any(fault.code in ("base64_foreign_character", "base64_look_alike") for fault in faults):
            return ""
    return _token_in(data, "base64") or _binary(data)


def _token_in(data: bytes, encoding: str) -> str | tuple[str, tuple[Repair, ...]]:
    if data[:2] == b"\x1f\x8b" or (data[:1] == b"\x78" and int.from_bytes(data[:2]) % 31 == 0):
        data = _inflated(data, 31 if data[:1] == b"\x1f" else 15)
        encoding = f"{encoding} of gzip" if encoding else "gzip"
    inner = data.decode("ascii", "replace").strip()
    if not COMPACT.fullmatch(inner):
        return ""
    return f"It is {encoding} of a token, as in a Kubernetes Secret or a dump; decoded, it can be read.", (
        Repair("Decode it", "token", inner),
    )


def _binary(data: bytes) -> str:
    looks: tuple[tuple[Callable[[bytes], bool], str], ...] = (
        (
            lambda one: one[:2] in (b"\xd2\x84", b"\xd8\x3d"),
            "It is a CWT, a token in CBOR (RFC 8392), signed with COSE: jwtlens reads JSON.",
        ),
        (_is_macaroon, "It is a macaroon: caveats chained by HMAC, to be checked by its issuer alone. It is no JWT."),
        (_is_saml, "It is a SAML message in base64: XML, no JWT. A SAML tool reads it."),
        (lambda one: one[:5] == b"%PDF-" or one[:4] == b"PK\x03\x04", "It is a file in base64, no token."),
        (lambda one: one[:2] == b"\x30\x82", f"It is DER in base64, a key or a certificate: {_FOR_THE_KEY_BOX}"),
    )
    told = next((words for fits, words in looks if fits(data)), "")
    return told or (
        "It is a SAML message, deflated and in base64: XML, no JWT. A SAML tool reads it." if _is_saml(_inflated(data, -15)) else ""
    )


def _is_macaroon(data: bytes) -> bool:
    if data[:2] == b"\x02\x01" and len(data) > 3:
        return data[3 + data[2] : 4 + data[2]] == b"\x02"
    return data[4:13] == b"location " or data[4:15] == b"identifier "


def _is_saml(data: bytes) -> bool:
    begin = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    return begin.startswith((b"<saml", b"<?xml", b"<Response", b"<AuthnRequest", b"<Assertion", b"<ns")) or b":SAML:" in begin


def _inflated(data: bytes, form: int) -> bytes:
    try:
        return zlib.decompressobj(form).decompress(data, 65_536)
    except zlib.error:
        return b""


def lost_case(text: str) -> str:
    """`capital` or `small` when all letters of the token have become such, else nothing."""
    if text[:3] == "EYJ" and text == text.upper():
        return "capital"
    return "small" if text[:3] == "eyj" and text == text.lower() else ""
