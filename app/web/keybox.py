"""What a key box holds; a private key under a passphrase is opened for as long as the request lasts."""

from __future__ import annotations

from typing import Protocol

from app import tokens
from app.tokens.keys import locked
from app.web.turns import making

_LONGEST_PASSPHRASE = 1000


class _KeyBox(Protocol):
    """A form with a key box."""

    key: str
    key_encoding: str
    passphrase: str


def read(form: _KeyBox) -> tokens.Keys:
    """The keys in the box of *form*."""
    return _unlocked(form) or tokens.read_keys(form.key, form.key_encoding)


def has_lock(form: _KeyBox) -> bool:
    """Whether a private key under a passphrase is in the box."""
    return form.key_encoding == "auto" and locked.is_locked(form.key)


def _unlocked(form: _KeyBox) -> tokens.Keys | None:
    """The private key that the passphrase opens; its rounds take as long as making a key."""
    form.passphrase = form.passphrase[:_LONGEST_PASSPHRASE]
    if not has_lock(form):
        return None
    if not form.passphrase:
        return locked.read(form.key, "")
    with making():
        return locked.read(form.key, form.passphrase)
