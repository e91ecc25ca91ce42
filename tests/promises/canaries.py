"""Two hundred secrets that stand nowhere else, and the search for them in any spelling that a program may give them."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from itertools import cycle, takewhile
from typing import Any

from tests.tokens.keyring import b64u

COUNT = 200
_CHANCE = random.Random(7)
# As long as a secret for HS256 must be, so that each serves as a key too.
SECRETS = tuple(f"canary{_CHANCE.getrandbits(128):032x}" for _ in range(COUNT))


def _spellings(secret: str) -> Iterator[str]:
    """What of a secret is the same wherever it stands: as it is, in hex, and in base64 behind any number of bytes."""
    yield secret
    yield secret.encode().hex()
    for lead, kept in ((0, 0), (1, 2), (2, 3)):
        text = base64.b64encode(b"\0" * lead + secret.encode()).decode().rstrip("=")
        yield text[kept : len(text) // 4 * 4 - 4].lower()


def _is_one(letters: tuple[str, ...]) -> bool:
    return len(set(letters)) == 1


_OWNERS = {spelling: secret for secret in SECRETS for spelling in _spellings(secret)}
# How each sort of spelling begins in all secrets, and how long it is.
_SORTS = [
    ("".join(letters[0] for letters in takewhile(_is_one, zip(*sort, strict=True))), len(sort[0]))
    for sort in zip(*map(_spellings, SECRETS), strict=True)
]


def told(text: str) -> set[str]:
    """The secrets that *text* tells, in whatever spelling."""
    text, found = text.lower(), set()
    for begin, length in _SORTS:
        at = text.find(begin)
        while at >= 0:
            found.add(_OWNERS.get(text[at : at + length], ""))
            at = text.find(begin, at + 1)
    return found - {""}


def deal() -> Iterator[str]:
    """The secrets in turn, again and again."""
    return cycle(SECRETS)


def token(secret: str) -> str:
    """A token that has *secret* in its header, its claims and its signature."""
    header = json.dumps({"alg": "HS256", "kid": secret, secret: 1})
    return f"{b64u(header)}.{b64u(json.dumps({'sub': secret, 'exp': 1, secret: [secret]}))}.{b64u(secret)}"


def key(secret: str) -> str:
    """A JWK whose secret is *secret*."""
    return json.dumps({"kty": "oct", "k": b64u(secret)})


def shapes(secret: str) -> tuple[Any, ...]:
    """What a member of JSON may hold, each with the secret."""
    return (secret, {secret: secret}, [secret], token(secret), key(secret))
