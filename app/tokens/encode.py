"""encode: header and payload, as written, to a signed token, or to an encrypted one when the header has "enc".

CannotEncode   the request cannot be carried out; each has a code, a message and a hint
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.tokens import base64url, brought, header, header_notes, jwe, jws, keys, lossless_json
from app.tokens.algorithms import KEY_MANAGEMENT, Algorithm, KeyManagement
from app.tokens.algorithms import algorithm as algorithm_named
from app.tokens.compression import deflate
from app.tokens.envelope import Serialization, read
from app.tokens.findings import Finding, kind_of, quoted
from app.tokens.form import is_unencoded, told
from app.tokens.jwe import Encrypted
from app.tokens.keys import Key, Keys
from app.tokens.lossless_json import Document
from app.tokens.refusal import CannotEncode

__all__ = ["CannotEncode", "Encoded", "encode", "unsigned"]


@dataclass(frozen=True, slots=True)
class Encoded:
    """The token, the key that signed or encrypted it (None for `none`), and on demand what a strict receiver will say of it."""

    token: str
    algorithm: Algorithm | KeyManagement
    key: Key | None
    encrypted: Encrypted | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        token = read(self.token)
        if self.encrypted:
            faults = (*jwe.findings(token), *jwe.key_faults(self.encrypted))
        else:
            assert isinstance(self.algorithm, Algorithm)
            faults = jws.key_faults(self.algorithm, self.key, "sign") if self.key else ()
        came = brought.findings(token, brought.of(token))
        return tuple(dict.fromkeys((*token.findings, *header.faults(token), *header_notes.notes(token), *came, *faults)))


def encode(
    header_: str | Mapping[str, Any],
    payload: str | Mapping[str, Any],
    key: str | Keys,
    *,
    key_encoding: str = "auto",
    serialization: Serialization = "compact",
    detached: bool = False,
    recipients: Sequence[str | Mapping[str, Any]] = (),
    aad: str | bytes = "",
) -> Encoded:
    """Sign *payload* under *header_*, or encrypt it when the header has `enc`; both may be text, which is kept byte for byte, or a mapping, written compactly.

    The token may be written in a JSON *serialization*, with all of its header protected; a signed one without its payload (*detached*).
    A general JWE goes to each of *recipients*, which are the headers of their own (alg, kid, …), with the key that fits each; without them,
    to every key that fits the alg of the header or, when that has none, its own alg; a kid in the header chooses one. *aad* is of a JWE in JSON.
    Raises CannotEncode when the header cannot be read, names no known algorithm, or the key cannot be used with it.
    Encrypting writes members of the header anew that must not be used twice: epk, p2s, iv and tag.
    """
    header_text, payload_text = _text(header_), _text(payload)
    document = read_header(header_text)
    if "enc" in document.value:
        _check_form(serialization, detached, bool(recipients), bool(aad))
        _bytes(header_text)
        headers = [_read_own_header(_text(one)) for one in recipients]
        box = key if isinstance(key, Keys) else keys.read(key, key_encoding)
        more = aad if isinstance(aad, bytes) else _bytes(aad)
        made = jwe.encrypt(document, _bytes(payload_text), box, serialization, headers, more)
        return Encoded(made.token, made.receivers[0].management, made.receivers[0].key, made)
    content = content_of(document.value, payload_text)
    if "." in content and serialization == "compact" and not detached:
        raise CannotEncode(
            "payload_with_dot",
            'b64 is false and the payload has a "." in it, which in the compact form separates segments.',
            'Leave out "b64", take the dot out of the payload, or detach it.',
        )
    signing_input = f"{base64url_of(header_text)}.{content}"
    algorithm, signer, signature = sign(document.value, signing_input, key if isinstance(key, Keys) else keys.read(key, key_encoding))
    return Encoded(_written(signing_input, signature, serialization, detached), algorithm, signer)


def sign(header_: dict[str, Any], signing_input: str, read_keys: Keys) -> tuple[Algorithm, Key | None, str]:
    """The algorithm that the header names, the key for it (None for `none`), and what it makes of *signing_input*, in base64url."""
    algorithm = _algorithm(header_)
    if algorithm.family == "none":
        return algorithm, None, ""
    signer = _signer(algorithm, read_keys, header_.get("kid"))
    try:
        return algorithm, signer, base64url.encode(jws.sign(algorithm, signer, signing_input.encode()))
    except ValueError:
        raise CannotEncode(
            "key_cannot_sign", f"The {signer.name} cannot make a signature with {algorithm.name}.", "Use another key."
        ) from None


def unsigned(header_text: str, payload_text: str, signature: str) -> str:
    """The two texts encoded, with *signature* as it stands: what an edit makes when no key can sign."""
    return f"{base64url_of(header_text)}.{content_of(lossless_json.read(header_text).value, payload_text)}.{signature}"


def _written(signing_input: str, signature: str, serialization: Serialization, detached: bool) -> str:
    """The token in its form (RFC 7515 §7)."""
    protected, _, content = signing_input.partition(".")
    if serialization == "compact":
        return f"{protected}.{'' if detached else content}.{signature}"
    signed = {"protected": protected, "signature": signature}
    form = {} if detached else {"payload": content}
    whole = form | (signed if serialization == "flattened" else {"signatures": [signed]})
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False)


def read_header(header_text: str) -> Document:
    """The header, which is an object."""
    document = lossless_json.read(header_text)
    if not document.readable:
        line, column = document.position(document.problems[0].offset)
        raise CannotEncode(
            "header_not_json", f"The header is not JSON: line {line}, column {column}.", "Mend the header; the token stays as it was."
        )
    value = document.value
    if not isinstance(value, dict):
        raise CannotEncode("header_not_an_object", f"The header is {kind_of(value)}; a JSON object is required.")
    return document


def what_is_wrong(header_text: str) -> str:
    """Why the header is not JSON, in a sentence that quotes it: for who has it before their eyes, and no log."""
    document = lossless_json.read(header_text)
    line, column = document.position(document.problems[0].offset)
    return told("header", document, document.problems[0], {"line": line, "column": column}).message


def _read_own_header(text: str) -> Document:
    """The header of one recipient, which stands in the token as it is, and so must be JSON to the letter."""
    _bytes(text)
    document = read_header(text)
    if document.problems:
        raise CannotEncode("recipient_header", "The header of a recipient is not strict JSON.", "Mend it.")
    return document


def _check_form(serialization: Serialization, detached: bool, has_recipients: bool, has_aad: bool) -> None:
    """Refuse what the form of an encrypted token has no place for."""
    if detached:
        raise CannotEncode("jwe_form", "An encrypted token has its content with it.", 'Leave out "detached".')
    if has_recipients and serialization != "general":
        raise CannotEncode("jwe_form", "Only the general serialization has recipients with a header of their own.", 'Ask for "general".')
    if has_aad and serialization == "compact":
        raise CannotEncode("jwe_form", "The compact serialization has no place for additional authenticated data.", 'Ask for "flattened".')


def _algorithm(value: dict[str, Any]) -> Algorithm:
    if "alg" not in value:
        raise CannotEncode("alg_missing", 'The header has no "alg".', 'Add "alg", for example "HS256".')
    if not isinstance(value["alg"], str):
        raise CannotEncode("alg_not_a_string", f'"alg" is {kind_of(value["alg"])}; a string is required.')
    algorithm = algorithm_named(value["alg"])
    if value["alg"] in KEY_MANAGEMENT:
        raise CannotEncode(
            "alg_unknown", f'alg "{value["alg"]}" is for encryption (JWE).', 'Name a signature algorithm, or add "enc" to encrypt.'
        )
    if algorithm is None:
        raise CannotEncode("alg_unknown", f'alg "{quoted(value["alg"])}" is not an algorithm jwtlens knows.')
    return algorithm


def _signer(algorithm: Algorithm, read_keys: Keys, kid: object) -> Key:
    if not read_keys.keys:
        message = "There is no key to sign with." if read_keys.is_empty else read_keys.problem
        raise CannotEncode("key_missing" if read_keys.is_empty else "key_unreadable", message, f"Give {algorithm.wants}.")
    fitting = [key for key in read_keys.keys if key.fits(algorithm)]
    if not fitting:
        have = read_keys.keys[0].name if len(read_keys.keys) == 1 else "no key that fits"
        raise CannotEncode(
            "key_does_not_fit", f"{algorithm.name} needs {algorithm.wants}; the key box holds: {have}.", algorithm.wanted_to_sign
        )
    signers = [key for key in fitting if key.can_sign]
    if not signers:
        raise CannotEncode(
            "key_cannot_sign", f"The {fitting[0].name} verifies only; signing needs the private key.", "Paste the private key."
        )
    if any(fault.code == "secret_empty" for fault in signers[0].faults):
        raise CannotEncode("secret_empty", "The secret is empty: anyone can sign with it.", "Use a random secret.")
    named = [key for key in signers if key.kid is not None and key.kid == kid]
    return min(named or signers, key=lambda key: bool(jws.key_faults(algorithm, key, "sign")))


def content_of(header_value: object, payload: str) -> str:
    """The payload segment: as it stands when b64 is false and critical (RFC 7797), else in base64url, with zip compressed before."""
    encoded = base64url_of(payload)
    if is_unencoded(header_value, encoded):
        return payload
    if payload and isinstance(header_value, dict) and header_value.get("zip") == "DEF":
        return base64url.encode(deflate(_bytes(payload)))
    return encoded


def base64url_of(text: str) -> str:
    """The UTF-8 of *text* in base64url."""
    return base64url.encode(_bytes(text))


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise CannotEncode(
            "not_unicode", "The text has half of a surrogate pair, which cannot be written as UTF-8.", "Remove it."
        ) from None


def _text(value: str | Mapping[str, Any]) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
