"""Which keys can be tried on a JWE, and what forbids their use (RFC 7517 §4, RFC 7518 §4)."""

from __future__ import annotations

import json
from typing import Literal

from app.tokens import jws
from app.tokens.algorithms import ContentEncryption, KeyManagement
from app.tokens.findings import Finding, Repair, found, quoted
from app.tokens.jwe.attempt import Attempt
from app.tokens.jwe.key_management import fits
from app.tokens.keys import read as read_keys
from app.tokens.keys.key import Key, Keys

# Which key_ops allow it; JWE does not say more exactly which is meant (RFC 7517 §4.3).
_OPERATIONS = {
    "decrypt": {"decrypt", "unwrapKey", "deriveKey", "deriveBits"},
    "encrypt": {"encrypt", "wrapKey", "deriveKey", "deriveBits"},
}
_READINGS = {"base64url": "base64url", "base64": "base64", "hex": "hexadecimal"}


def sort_out(attempt: Attempt, keys: Keys) -> tuple[list[Key], Finding | None]:
    """The keys that can be tried, and if there are none, why the likeliest cannot."""
    of_type = [key for key in keys.keys if fits(key, attempt.management)]
    if not of_type:
        only = keys.keys[0] if len(keys.keys) == 1 else None
        have = _with_article(only.name) if only else f"{len(keys.keys)} keys, none of which fits"
        return [], _needed(attempt, have)
    of_type = jws.by_kid(of_type, attempt.header.get("kid"))
    obstacles = [(key, _obstacle(attempt, key)) for key in of_type]
    fitting = [key for key, obstacle in obstacles if obstacle is None]
    return fitting, None if fitting else obstacles[0][1]


def _obstacle(attempt: Attempt, key: Key) -> Finding | None:
    """Why *key*, of the right type, cannot even be tried; nothing of it is secret."""
    management, content = attempt.management, attempt.content
    if key.secret is not None:
        size, need = len(key.secret), management.secret_size(content)
        what = f"{content.name} with alg dir" if management.family == "dir" else management.name
        return size_fault(key, what, need, management.spec) if need and size != need else None
    if key.load_private is None or key.public is None:
        return _needed(attempt, _with_article(key.name))
    size, modulus = len(attempt.recipient.encrypted_key), (key.bits + 7) // 8
    if management.family == "rsa" and size != modulus:
        name = f"{management.name} with this {key.bits}-bit RSA key"
        place = attempt.message.at_part("encrypted key")
        guess = " It is for another key, or damaged." if size in (128, 256, 384, 512, 1024) else ""
        return found(
            "jwe_part_size", "token", **place, part="encrypted key", size=size, name=name, need=modulus, guess=guess, spec=management.spec
        )
    if management.family == "ecdh" and attempt.parameters.curve and attempt.parameters.curve != key.curve:
        return found("jwe_epk_curve", "header", **attempt.message.at_member("epk"), epk=attempt.parameters.curve, key=key.curve)
    return None


def size_fault(key: Key, what: str, need: int, spec: str) -> Finding:
    """A secret of the wrong size, with the reading of its text that would have the right one."""
    assert key.secret is not None
    encoding = next((name for name, other in other_readings(key) if len(other.secret or b"") == need), None)
    repairs = (Repair(f"Read the secret as {_READINGS[encoding]}", "key_encoding", encoding),) if encoding else ()
    guess = f" Read as {_READINGS[encoding]} it has {need}." if encoding else ""
    return found("jwe_key_size", "key", repairs=repairs, what=what, need=need, size=len(key.secret), guess=guess, spec=spec)


def other_readings(key: Key) -> list[tuple[str, Key]]:
    """The secret's text in the encodings that it was not read in; of a JWK there is no other reading."""
    if key.secret is None or not key.read_as.startswith("secret, UTF-8"):
        return []
    try:
        text = key.secret.decode()
    except UnicodeDecodeError:
        return []
    read = [(encoding, read_keys(text, encoding).keys) for encoding in _READINGS]
    return [(encoding, keys[0]) for encoding, keys in read if keys]


def key_faults(
    management: KeyManagement, content: ContentEncryption, key: Key, operation: Literal["encrypt", "decrypt"]
) -> tuple[Finding, ...]:
    """Every reason for which *key* must not be used, though it would work."""
    faults = list(key.faults)
    if key.bits < management.min_key_bits and key.key_type == "RSA":
        faults.append(found("rsa_too_short", "key", bits=key.bits, alg=management.name, spec=management.spec))
    # A key for `dir` is one for the content, and may say so.
    meant = {management.name, content.name} if management.family == "dir" else {management.name}
    if key.alg is not None and key.alg not in meant:
        faults.append(found("key_algorithm", "key", key_alg=quoted(key.alg), alg=management.name))
    if key.use is not None and key.use != "enc":
        faults.append(found("jwe_key_use", "key", use=quoted(key.use), operation=operation))
    # The public half of a private key encrypts, and bears no key_ops of its own.
    allowed = _OPERATIONS[operation] | (_OPERATIONS["decrypt"] if key.is_private else set())
    if key.key_ops is not None and not allowed.intersection(key.key_ops):
        faults.append(found("key_ops", "key", ops=quoted(json.dumps(key.key_ops, ensure_ascii=False)), wanted=operation))
    return tuple(faults)


def refusal(attempt: Attempt, key: Key, unwrapped: bool) -> Finding:
    """Why the token does not decrypt, as far as it may be told."""
    management = attempt.management
    if attempt.is_uniform:
        return found("jwe_not_decrypted", "token")
    if not unwrapped:
        wrong = "it is the wrong password" if management.family == "pbes2" else "it is the wrong key"
        parts = {"ecdh": "epk, apu, apv or the encrypted key was", "pbes2": "p2s, p2c or the encrypted key was"}
        altered = parts.get(management.family, "the encrypted key was")
        what = "password" if management.family == "pbes2" else key.name
        place = attempt.message.at_part("encrypted key")
        return found("jwe_key_not_unwrapped", "token", **place, key=what, wrong=wrong, parts=altered, spec=management.spec)
    if management.wrap_size or management.family == "gcmkw":
        known = "the key is right, for it unwraps the key of the content, but "
        hint = "Copy the token again, or have it sent again."
    elif management.family == "ecdh":
        known, hint = "it is the wrong key, or epk, apu, apv, ", "Use the private key that the token was encrypted to."
    else:
        known, hint = "it is the wrong key, or ", "Use the key that the token was encrypted with."
    return found("jwe_tag_mismatch", "token", **attempt.message.at_part("tag"), key=known, hint=hint)


def _needed(attempt: Attempt, have: str) -> Finding:
    management = attempt.management
    secret = management.key_type == "oct"
    hint = f"Paste {management.wants(attempt.content)}." if secret else "Paste the receiver's private key; a public key only encrypts."
    return found(
        "jwe_key_needed", "key", alg=management.name, need=management.wants(attempt.content), have=have, hint=hint, spec=management.spec
    )


def _with_article(name: str) -> str:
    return f"{'an' if name.startswith(('EC', 'Ed', 'X', '8', '11-', '18-')) else 'a'} {name}"
