"""Anything pasted into the key box → keys: secrets, PEM, DER, JWK, JWK Set, certificates. Raises nothing."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error, unhexlify
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal, get_args

from app.tokens import base64url, lossless_json
from app.tokens.findings import Finding, Repair, found
from app.tokens.keys import foreign
from app.tokens.keys.foreign import Foreign
from app.tokens.keys.jwk_set import read_jwk
from app.tokens.keys.key import Key, Keys
from app.tokens.keys.make import generate, generate_for, generate_kind, private_jwk, private_pem, public_jwk, public_pem
from app.tokens.keys.pem import Unreadable, looks_like_pem, read_der, read_der_hex, read_der_text, read_pem, read_ssh
from app.tokens.keys.pem_set import read_pem_set
from app.tokens.mends import Mends

__all__ = [
    "ENCODINGS",
    "Key",
    "KeyEncoding",
    "Keys",
    "decoded",
    "generate",
    "generate_for",
    "generate_kind",
    "private_jwk",
    "private_pem",
    "public_jwk",
    "public_pem",
    "read",
]

KeyEncoding = Literal["auto", "utf8", "base64", "base64url", "hex"]
_SHORTEST_KEY = 40
_IN_BASE64 = ("LS0tLS1CRUdJTi", "eyJ", "ewog", "ewoJ", "ewoi", "eyAi")  # -----BEGIN, and { with what follows it in a JWK
# With these begin the structures that are neither PEM nor JSON, and the strangers that are named; a secret seldom does.
_FIRST = frozenset('M30LesP-/_z["<\u2010\u2011\u2012\u2013\u2014\u2015\u2212')
_STRUCTURES = ("-----BEGIN", "{", "ssh-", "ecdsa-", "M", "30", *_IN_BASE64)
# The members that give away the type of a JWK without kty; EC has those of OKP and one more, so that it stands before it.
_TELLING = (("RSA", ("n", "e")), ("EC", ("crv", "x", "y")), ("OKP", ("crv", "x")), ("AKP", ("alg", "pub")), ("oct", ("k", "alg")))
_LONGEST_NAME = 2048
_MISPLACED = (
    (re.compile(r"https?://[^\s]+", re.IGNORECASE), "a URL"),
    # A lone name that ends in .key may as well be a secret; with a folder before it, it is a path.
    (
        re.compile(r"[\w./\\:~-]+\.(?:pem|crt|cer|der|jwks?|json|p12|pfx|jks|ppk)|[\w.:~-]*[/\\][\w./\\~-]+\.(?:key|pub)", re.IGNORECASE),
        "the name of a file",
    ),
)
_ANNOUNCES_KEY = re.compile(r'-----BEGIN [A-Z0-9 ]*(?:KEY|CERTIFICATE)|^(?:ssh-|ecdsa-sha2-)|"kty"\s*:\s*"(?!oct)')
ENCODINGS: tuple[str, ...] = get_args(KeyEncoding)


def read(text: str, encoding: str = "auto") -> Keys:
    """The keys that *text* holds. `auto`: a PEM, DER, JWK or certificate is one, all else is a secret in UTF-8."""
    keys = _read(text, encoding)
    keys.text, keys.encoding = text, encoding
    return keys


def decoded(text: str, encoding: str) -> bytes | None:
    """The secret that *text* is in that encoding, white space left out, or None when it is not in it."""
    try:
        return _DECODERS[encoding]("".join(text.split()))
    except (Error, ValueError):
        return None


def _read(given: str, encoding: str) -> Keys:
    text = given.removeprefix("\ufeff")
    if not text or (encoding not in ("auto", "utf8") and not text.strip()):
        return Keys(findings=(found("key_empty", "key"),))
    if encoding == "auto":
        return _structured(given) or _secret(text, text.encode("utf-8", "surrogatepass"), "secret, UTF-8")
    if encoding == "utf8":
        return _secret(text, text.encode("utf-8", "surrogatepass"), "secret, UTF-8")
    data = decoded(text, encoding)
    if data is None:
        words = {"base64": "base64", "base64url": "base64url", "hex": "hexadecimal digits"}[encoding]
        return Keys(findings=(found("key_encoding", "key", encoding=words, why="it has other characters or a wrong length."),))
    return _secret(text, data, f"secret, {encoding}")


def _structured(given: str) -> Keys | None:
    """A key with a structure of its own, or None: then the text is a secret."""
    text = given.removeprefix("\ufeff")
    stripped = text.strip()
    if looks_like_pem(text):
        return (read_pem_set(stripped) if stripped.startswith("{") else None) or read_pem(text)
    if stripped.startswith("{"):
        return _json(stripped, given[: given.index("{")])
    if stripped[:1] not in _FIRST:
        return None
    if stripped.startswith(_IN_BASE64):
        return _in_base64(stripped)
    key = read_ssh(text) or read_der_text(text) or read_der_hex(text)
    return key or _stranger(text)


def _in_base64(text: str) -> Keys | None:
    """A PEM or JWK that was put into base64 as a whole, as environment variables and Kubernetes secrets hold it."""
    data = decoded(text.replace("-", "+").replace("_", "/"), "base64")
    inner = _as_text(data) if data else ""
    keys = _structured(inner) if inner.lstrip().startswith(("-----BEGIN", "{")) else None
    if keys is None or not keys.keys:
        return None
    is_public = all(key.public is not None and not key.is_private for key in keys.keys)
    repairs = (Repair("Write it plainly", "key", inner),) if is_public else ()
    return replace(keys, findings=(found("key_in_base64", "key", repairs=repairs, what=keys.read_as), *keys.findings))


def _stranger(text: str) -> Keys | None:
    """Something that announces itself as a key of another program, or as a container."""
    stranger = foreign.by_text(text) or foreign.by_shape(text) or foreign.by_base64(text)
    return _refused(stranger) if stranger else None


def _refused(stranger: Foreign) -> Keys:
    return Keys(read_as=stranger.what, findings=(Unreadable(*stranger).finding,))


def _json(text: str, lead: str) -> Keys | None:
    """The JWK or JWK Set in *text*, before which *lead* stood in the box."""
    document = lossless_json.read(text)
    if not document.readable:
        if not re.search(r'"(?:kty|keys)"', text):
            return _stranger(text)
        line, column = lossless_json.position(lead + text, len(lead) + document.problems[0].offset)
        why = f"its JSON is broken at line {line}, column {column}."
        return Keys(read_as="JWK", findings=(Unreadable("a JWK", why, line=line, column=column).finding,))
    value = document.value
    if not isinstance(value, dict):
        return None
    mends = partial(Mends.of, document, "key", lead)
    if "kty" in value or "keys" in value:
        if any(problem.code == "json_duplicate_member" for problem in document.problems):
            return Keys(read_as="JWK", findings=(Unreadable("a JWK", "a member occurs twice.", spec="RFC 7517 §4").finding,))
        keys = read_jwk(value, mends)
        for key in keys.keys:
            if key.secret is not None:
                key.faults += _confusion("", key.secret)
        return keys
    if isinstance(value.get("jwks_uri"), str):
        return _refused(foreign.CONFIGURATION)
    return _without_type(value, mends())


def _without_type(value: dict[str, object], mends: Mends) -> Keys | None:
    """A JWK that lacks only `kty`: its other members tell which it is."""
    kty = next((kty for kty, members in _TELLING if all(isinstance(value.get(name), str) for name in members)), None)
    if kty is None:
        return None
    repairs = mends.add(f'Add "kty": "{kty}"', "kty", kty)
    why = f'kty is missing; by its other members it is of type "{kty}".'
    return Keys(read_as="JWK", findings=(Unreadable("a JWK", why, f'Add "kty": "{kty}".', "RFC 7517 §4.1", repairs).finding,))


def _secret(text: str, data: bytes, read_as: str) -> Keys:
    faults = _confusion(text, data) if data else (found("secret_empty", "key"),)
    key = Key("oct", len(data) * 8, read_as, secret=data, faults=faults, notes=_misplaced(text))
    return Keys((key,), read_as)


def _misplaced(text: str) -> tuple[Finding, ...]:
    """Something else than a secret, which is used as one because it was pasted here."""
    if "." not in text and "{" not in text:
        return ()
    begin = text[:_LONGEST_NAME].strip()
    if begin.startswith("{") and lossless_json.read(text.strip()).readable:
        return (found("key_json_secret", "key"),)
    what = "a token" if begin.startswith("eyJ") and text.count(".") in (2, 4) else None
    if what is None and len(text) <= _LONGEST_NAME:
        what = next((what for pattern, what in _MISPLACED if pattern.fullmatch(begin)), None)
    fix = "Paste the key itself: a secret, PEM, JWK, key set or certificate."
    if what == "a URL":
        fix = 'Have the keys behind it fetched, on the page under "Key set by URL", or paste them.'
    return (found("key_misplaced", "key", what=what, fix=fix),) if what else ()


def _confusion(text: str, data: bytes) -> tuple[Finding, ...]:
    """The fault of a secret that is an asymmetric key in whatever spelling: the algorithm confusion attack."""
    what = _key_in(text, data) if len(data) >= _SHORTEST_KEY else None
    return (found("public_key_as_secret", "key", what=what),) if what else ()


def _key_in(text: str, data: bytes) -> str | None:
    as_der = read_der(data)
    if as_der:
        return f"a key in DER ({as_der.name})"
    for spelling in (text, _as_text(data)):
        bare = spelling.strip("\ufeff\0 \t\r\n\v\f")
        inner = _structured(bare) if bare.startswith(_STRUCTURES) else None
        key = inner.keys[0] if inner and inner.keys else None
        if key is not None:
            return f"the text of a key ({key.name})" if key.key_type != "oct" else None
        if _ANNOUNCES_KEY.search(bare):
            return "the text of a key"
    return None


def _as_text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""


def _hex(text: str) -> bytes:
    return unhexlify(text.removeprefix("0x").replace(":", ""))


def _base64(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4), validate=True)


def _base64url(text: str) -> bytes:
    data = base64url.decode(text.rstrip("=").encode())
    if data is None:
        raise ValueError
    return data


_DECODERS: dict[str, Callable[[str], bytes]] = {"base64": _base64, "base64url": _base64url, "hex": _hex}
