"""Seeds changed at random, but always the same: what every run of the tests tries."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.fuzz.targets import Target

_PIECES = (
    b".",
    b"~",
    b"=",
    b"+",
    b"\n",
    b"\0",
    b'"',
    b"{",
    b"}",
    b"[",
    b",",
    b"\\u",
    b"\xe2\x80\x8b",
    b"\xed\xa0\x80",
    b"eyJ",
    b"1e400",
    b"null",
    b"-",
)
_LONGEST = 12_000


def corpus(target: Target) -> list[bytes]:
    """The seeds of a target as bytes."""
    return [one if isinstance(one, bytes) else one.encode("utf-8", "surrogatepass") for one in target.seeds()]


def mutations(target: Target, count: int, seed: int = 1) -> Iterator[bytes]:
    """The seeds themselves, then *count* changes to them."""
    chance = random.Random(seed)
    known = corpus(target)
    yield from known
    for _ in range(count):
        data = bytearray(chance.choice(known))
        for _ in range(chance.randint(1, 4)):
            _change(data, chance, known)
        yield bytes(data[:_LONGEST])


def _change(data: bytearray, chance: random.Random, known: list[bytes]) -> None:
    at = chance.randint(0, len(data))
    sort = chance.randrange(6)
    if sort == 0:
        del data[at : at + chance.randint(1, 30)]
    elif sort == 1:
        data[at:at] = chance.choice(_PIECES) * chance.randint(1, 5)
    elif sort == 2:
        data[at : at + 1] = bytes([chance.randrange(256)])
    elif sort == 3:
        data[at:at] = data[max(0, at - 20) : at]
    elif sort == 4 and at < len(data):
        data[at] ^= 1 << chance.randrange(8)
    else:
        other = chance.choice(known)
        start = chance.randint(0, len(other))
        data[at : at + 20] = other[start : start + 40]
