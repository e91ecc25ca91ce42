"""JWK Set (RFC 7517 §5): every key that can be read, what is wrong with the others, and with the set as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from app.tokens.findings import Finding, found, kind_of, quoted
from app.tokens.keys.jwk import read_one
from app.tokens.keys.key import Key, Keys
from app.tokens.keys.pem import MAX_KEYS, Unreadable
from app.tokens.mends import Mends


def read_jwk(value: dict[str, Any], mends: Callable[[], Mends] | None = None) -> Keys:
    """The key or key set in a JSON object that has `kty` or `keys`; *mends* is asked where it stands in the key box."""
    if "keys" in value and "kty" not in value:
        return _read_set(value["keys"], mends)
    try:
        key = read_one(value, mends)
    except Unreadable as error:
        return Keys(read_as="JWK", findings=(error.finding,))
    return Keys((key,), "JWK")


def _read_set(entries: object, mends: Callable[[], Mends] | None = None) -> Keys:
    if not isinstance(entries, list):
        repairs = mends().wrap("Put it into an array", "keys") if mends and isinstance(entries, dict) else ()
        place = mends().place("keys") if mends else {}
        why = f'"keys" is {kind_of(entries)}; an array is required.'
        error = Unreadable("a JWK Set", why, "Write the keys in an array: [ … ].", "RFC 7517 §5.1", repairs, **place)
        return Keys(read_as="JWK Set", is_set=True, findings=(error.finding,))
    if len(entries) > MAX_KEYS:
        return Keys(read_as="JWK Set", is_set=True, findings=(found("key_set_too_large", "key", count=len(entries)),))
    keys: list[Key] = []
    skipped: list[Finding] = []
    own = mends() if mends else None
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            skipped.append(Unreadable(f"a JWK Set whose entry {number}", f"it is {kind_of(entry)}.").finding)
            continue
        try:
            key = read_one(entry, partial(own.inner, "keys", number - 1) if own else None)
        except Unreadable as error:
            skipped.append(error.finding)
            continue
        key.position = number
        keys.append(key)
    if not keys:
        skipped.append(found("key_set_empty", "key"))
    skipped += _set_notes(keys)
    return Keys(tuple(keys), f"JWK Set of {len(entries)}", is_set=True, findings=tuple(skipped), faults=tuple(set_faults(keys)))


def _set_notes(keys: list[Key]) -> list[Finding]:
    """What a set for verifiers should not have, and should."""
    notes = []
    private = sum(key.is_private for key in keys)
    secret = sum(key.secret is not None for key in keys)
    if private and private + secret < len(keys):
        notes.append(found("key_set_private", "key", count=private, total=len(keys)))
    if secret and secret == len(keys):
        notes.append(found("key_set_secret", "key"))
    nameless = sum(key.kid is None for key in keys)
    if nameless and len(keys) > 1:
        notes.append(found("key_set_no_kid", "key", count=nameless, total=len(keys)))
    return notes


def set_faults(keys: list[Key]) -> list[Finding]:
    """Why a set is refused as a whole."""
    faults = []
    types = {key.key_type for key in keys}
    if "oct" in types and len(types) > 1:
        faults.append(found("key_set_mixed", "key"))
    # Keys of different types may share one, if the application takes them for alternatives (RFC 7517 §4.5); alg tells them apart.
    for (kid, _), count in Counter((key.kid, key.key_type) for key in keys if key.kid is not None).items():
        if count > 1:
            faults.append(found("key_set_same_kid", "key", kid=quoted(kid), count=count))
    return faults
