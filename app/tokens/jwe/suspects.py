"""When a token does not decrypt: what senders commonly do otherwise, tried in turn.

Only a whole, authenticated success is told, so that an attacker learns nothing that the plaintext would not show.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.tokens import base64url
from app.tokens.findings import Finding, Repair, found
from app.tokens.jwe import fitness
from app.tokens.jwe.attempt import Attempt
from app.tokens.jwe.key_management import aes_unwrap, agree, rsa_padding
from app.tokens.jwe.parameters import MAX_ROUNDS
from app.tokens.keys.key import Key

# The pairs of hashes that libraries use: JOSE has the same twice, Java makes the mask with SHA-1 unless it is told.
_OAEP = (
    ("RSA-OAEP", "sha1", "sha1"),
    ("RSA-OAEP-256", "sha256", "sha256"),
    ("RSA-OAEP-384", "sha384", "sha384"),
    ("RSA-OAEP-512", "sha512", "sha512"),
    ("", "sha256", "sha1"),
    ("", "sha512", "sha1"),
)
_LONGEST_RSA = 4096


def search(attempt: Attempt, key: Key) -> tuple[Finding, ...]:
    """The first of the usual slips with which *key* does decrypt the token."""
    family = attempt.management.family
    if family == "rsa":
        searched = _other_padding(attempt, key)
    elif family == "ecdh":
        searched = _other_agreement(attempt, key)
    else:
        searched = _other_secret(attempt, key)
    first = next(searched, None)
    return (first,) if first else ()


def _other_padding(attempt: Attempt, key: Key) -> Iterator[Finding]:
    private: Any = key.load_private() if key.load_private else None
    if private is None or key.bits > _LONGEST_RSA or not attempt.management.digest:
        return
    for name, digest, mask in _OAEP:
        if name == attempt.management.name:
            continue
        try:
            content_key = private.decrypt(attempt.recipient.encrypted_key, rsa_padding(digest, mask))
        except ValueError:
            continue
        if attempt.open_content(content_key) is not None:
            how = f"as {name}" if name else f"with {_HASH_NAMES[digest]} for OAEP but SHA-1 for its mask (MGF1), as Java does by default"
            hint = f'Have the issuer write alg "{name}".' if name else "Have the issuer use the same hash for both."
            yield found("jwe_opens_otherwise", "token", how=how, hint=hint, spec=attempt.management.spec)


def _other_agreement(attempt: Attempt, key: Key) -> Iterator[Finding]:
    private: Any = key.load_private() if key.load_private else None
    management, parameters = attempt.management, attempt.parameters
    apu_text, apv_text = (str(attempt.header.get(name, "")).encode("utf-8", "surrogatepass") for name in ("apu", "apv"))
    other_name = attempt.content.name if management.wrap_size else management.name
    ways: list[tuple[str, bytes, bytes, str]] = [
        (f'with "{other_name}" as the algorithm of the key derivation', parameters.apu, parameters.apv, other_name)
    ]
    if apu_text or apv_text:
        ways += [
            ("without apu and apv in the key derivation", b"", b"", ""),
            ("with apu alone in the key derivation", parameters.apu, b"", ""),
            ("with apv alone in the key derivation", b"", parameters.apv, ""),
            ("with the text of apu and apv in the key derivation, not decoded from base64url", apu_text, apv_text, ""),
            ("with apu and apv changed about", parameters.apv, parameters.apu, ""),
        ]
    for how, apu, apv, name in ways:
        agreed = agree(management, attempt.content, private, parameters.epk, apu, apv, name)
        content_key = aes_unwrap(agreed, attempt.recipient.encrypted_key) if management.wrap_size else agreed
        if content_key is not None and attempt.open_content(content_key) is not None:
            hint = "Have the issuer derive the key as RFC 7518 §4.6.2 says: from the names and values that stand in the header."
            yield found("jwe_opens_otherwise", "header", how=how, hint=hint, spec="RFC 7518 §4.6.2")


def _other_secret(attempt: Attempt, key: Key) -> Iterator[Finding]:
    management = attempt.management
    readings: list[tuple[str, Key, tuple[Repair, ...]]] = [
        (f"with the secret read as {encoding}", other, (Repair(f"Read the secret as {encoding}", "key_encoding", encoding),))
        for encoding, other in fitness.other_readings(key)
    ]
    if management.family == "pbes2" and key.secret is not None:
        for how, secret in _passwords(key.secret):
            readings.append((how, Key("oct", len(secret) * 8, "", secret=secret), ()))
    most = MAX_ROUNDS // attempt.parameters.rounds if attempt.parameters.rounds else len(readings)
    need = management.secret_size(attempt.content)
    for how, other, repairs in readings[:most]:
        if (not need or len(other.secret or b"") == need) and attempt.open(other).data is not None:
            hint = "Read the secret this way."
            yield found("jwe_opens_otherwise", "key", repairs=repairs, how=how, hint=hint, spec=management.spec)


def _passwords(secret: bytes) -> Iterator[tuple[str, bytes]]:
    if secret.strip() != secret:
        yield "without the white space round the password", secret.strip()
    yield "with a line break behind the password", secret + b"\n"
    yield "with the base64url text of the password", base64url.encode(secret).encode()


_HASH_NAMES = {"sha256": "SHA-256", "sha512": "SHA-512"}
