"""Who a JWE is encrypted to: for each receiver the key management, the key, and what the header says of it alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.tokens import base64url, lossless_json
from app.tokens.algorithms import CONTENT_ENCRYPTION, KEY_MANAGEMENT, ContentEncryption, KeyManagement
from app.tokens.findings import kind_of, quoted
from app.tokens.jwe import fitness, rules
from app.tokens.jwe.key_management import fits
from app.tokens.jwe.message import MAX_RECIPIENTS
from app.tokens.jwe.parameters import MAX_ROUNDS
from app.tokens.keys.key import Key, Keys
from app.tokens.lossless_json import Document
from app.tokens.refusal import CannotEncode

# What counts for the content, or changes how the rest is read, is said once for all (RFC 7516 §4.1.2, §4.1.3, §4.1.13).
_OF_ALL = ("enc", "zip", "crit")
_KEYS_OF_ALL = "Give a JWK Set with the keys of all recipients."


@dataclass(frozen=True, slots=True)
class Receiver:
    """One receiver: *joined* is all that the header says to it, *own* the header that it alone is told, if it has one."""

    management: KeyManagement
    key: Key
    joined: dict[str, Any]
    own: Document | None = None


def content_of(header: dict[str, Any]) -> ContentEncryption:
    """How the content is encrypted; refuses what no receiver could read."""
    enc = header.get("enc")
    if not isinstance(enc, str):
        raise CannotEncode("enc_not_a_string", f'"enc" is {kind_of(enc)}; a string is required.')
    if enc not in CONTENT_ENCRYPTION:
        raise CannotEncode("enc_unknown", f'enc "{quoted(enc)}" is not registered.{rules.enc_guess(enc)}')
    if "zip" in header and header["zip"] != "DEF":
        raise CannotEncode("zip_unknown", 'The only value of "zip" there is, is "DEF".', 'Write "DEF", or remove "zip".')
    return CONTENT_ENCRYPTION[enc]


def only(header: dict[str, Any], content: ContentEncryption, keys: Keys) -> Receiver:
    """The one receiver of *header*: the key that fits, by preference the one of its kid."""
    management = _management(header)
    _check(header, management)
    return Receiver(management, _key(management, content, keys, header.get("kid")), header)


def several(header: dict[str, Any], content: ContentEncryption, keys: Keys, recipients: Sequence[Document]) -> list[Receiver]:
    """The receivers that *recipients* tell of, or one for each key that fits and is not chosen away by the kid in *header*."""
    named = recipients or [lossless_json.read(json.dumps(own, separators=(",", ":"))) for own in _of_keys(header, content, keys)]
    if not named:
        return [only(header, content, keys)]
    if len(named) > MAX_RECIPIENTS:
        raise CannotEncode("recipients_many", f"There are {len(named):,} recipients; {MAX_RECIPIENTS} are the most.", "Leave some out.")
    receivers: list[Receiver] = []
    for number, own in enumerate(named, 1):
        left = [key for key in keys.keys if all(key is not other.key for other in receivers)]
        if not left and keys.keys:
            raise CannotEncode("recipient_key", f"The key box has no key left for recipient {number}.", _KEYS_OF_ALL)
        receivers.append(_receiver(header, own, number, content, replace(keys, keys=tuple(left))))
    direct = next((one.management for one in receivers if one.management.family == "dir" or _is_agreed(one.management)), None)
    if direct and len(receivers) > 1:
        raise CannotEncode(
            "recipients_direct",
            f"With {direct.name} the content is encrypted with the key of one recipient, so that there cannot be {len(receivers)}.",
            "Use an alg that wraps a key, such as A256KW or ECDH-ES+A256KW, or choose one key by its kid.",
        )
    if sum(one.joined.get("p2c", one.management.rounds) for one in receivers if one.management.family == "pbes2") > MAX_ROUNDS:
        raise CannotEncode("p2c_out_of_range", f'"p2c" of all recipients together must not exceed {MAX_ROUNDS:,}.', "Write less.")
    return receivers


def _receiver(header: dict[str, Any], own: Document, number: int, content: ContentEncryption, keys: Keys) -> Receiver:
    for name in own.value:
        if name in _OF_ALL:
            said = f'"{name}" stands in the header of recipient {number}.'
            raise CannotEncode("recipient_header", said, "Write it into the header of all.")
        if name in header:
            said = f'"{quoted(name, 30)}" stands in the header of all and in that of recipient {number}.'
            raise CannotEncode("recipient_header", said, "Leave it in one of them.")
    one = only({**header, **own.value}, content, keys)
    kid = own.value.get("kid")
    if isinstance(kid, str) and one.key.kid not in (None, kid):
        raise CannotEncode("recipient_key", f'The key box has no key with kid "{quoted(kid)}", which is recipient {number}.', _KEYS_OF_ALL)
    return replace(one, own=own)


def _of_keys(header: dict[str, Any], content: ContentEncryption, keys: Keys) -> list[dict[str, Any]]:
    """What each key that can be encrypted to would be told: its kid, and its alg when *header* names none for all."""
    if "kid" in header:
        return []
    told = []
    for key in keys.keys:
        alg = header.get("alg", key.alg)
        row = KEY_MANAGEMENT.get(alg) if isinstance(alg, str) else None
        if row is None or not row.encrypts or not _can_take(key, row, content):
            continue
        own = {"alg": alg, "kid": key.kid} if "alg" not in header else {"kid": key.kid}
        told.append({name: value for name, value in own.items() if value is not None})
    return told if len(told) > 1 or "alg" not in header else []


def _can_take(key: Key, management: KeyManagement, content: ContentEncryption) -> bool:
    size = management.secret_size(content)
    meant = key.alg in (None, management.name) and key.use in (None, "enc")
    return meant and fits(key, management) and (not size or (key.secret is not None and len(key.secret) == size))


def _is_agreed(management: KeyManagement) -> bool:
    return management.family == "ecdh" and not management.wrap_size


def _management(header: dict[str, Any]) -> KeyManagement:
    alg = header.get("alg")
    if "alg" not in header:
        raise CannotEncode("alg_missing", 'The header has "enc" but no "alg".', 'Add "alg", for example "RSA-OAEP-256" or "dir".')
    if not isinstance(alg, str):
        raise CannotEncode("alg_not_a_string", f'"alg" is {kind_of(alg)}; a string is required.')
    if alg not in KEY_MANAGEMENT:
        message = f'alg "{quoted(alg)}" is no key management that jwtlens knows.{rules.alg_guess(alg)}'
        raise CannotEncode("alg_unknown", message, 'To sign, remove "enc".')
    if not KEY_MANAGEMENT[alg].encrypts:
        raise CannotEncode("alg_decrypts_only", f"{alg} is open to attack; jwtlens decrypts it and makes none.", 'Use "RSA-OAEP-256".')
    return KEY_MANAGEMENT[alg]


def _check(header: dict[str, Any], management: KeyManagement) -> None:
    for name in ("apu", "apv") if management.family == "ecdh" else ():
        value = header.get(name, "")
        if not isinstance(value, str) or not value.isascii() or base64url.decode(value.encode()) is None:
            raise CannotEncode("not_base64url", f'"{name}" is not base64url text.', "Write it in base64url, without padding.")
    count = header.get("p2c", management.rounds)
    if management.family == "pbes2" and (type(count) is not int or not 1 <= count <= MAX_ROUNDS):
        raise CannotEncode("p2c_out_of_range", f'"p2c" must be a whole number from 1 to {MAX_ROUNDS:,}.', f"Write {management.rounds}.")


def _key(management: KeyManagement, content: ContentEncryption, keys: Keys, kid: object) -> Key:
    wants = management.wants(content, "public")
    if not keys.keys:
        message = "There is no key to encrypt with." if keys.is_empty else keys.problem
        raise CannotEncode("key_missing" if keys.is_empty else "key_unreadable", message, f"Give {wants}.")
    fitting = [key for key in keys.keys if fits(key, management) and (key.secret is not None or key.public is not None)]
    if not fitting:
        have = keys.keys[0].name if len(keys.keys) == 1 else "no key that fits"
        raise CannotEncode("key_does_not_fit", f"{management.name} needs {wants}; the key box holds: {have}.", f"Give {wants}.")
    need = management.secret_size(content)
    sized = [key for key in fitting if not need or (key.secret is not None and len(key.secret) == need)]
    if not sized:
        what = f"{content.name} with alg dir" if management.family == "dir" else management.name
        size = len(fitting[0].secret or b"")
        raise CannotEncode("key_size", f"{what} needs a {need}-byte key; this one has {size}.", f"Give a random key of {need} bytes.")
    if any(fault.code == "secret_empty" for fault in sized[0].faults):
        raise CannotEncode("secret_empty", "The password is empty: anyone can decrypt with it.", "Use a long password.")
    named = [key for key in sized if key.kid is not None and key.kid == kid]
    return min(named or sized, key=lambda key: bool(fitness.key_faults(management, content, key, "encrypt")))
