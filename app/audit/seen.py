"""How many different tokens there are, and which come again: exact, in 8 bytes a token, up to a bound that is told."""

from __future__ import annotations

import heapq
import sys
from array import array
from collections import Counter
from collections.abc import Iterable

ID_BYTES = 8
PARTS = 64
"""Digests are kept apart by their first bits, so that all of one are in the same part, and counting needs little memory."""
_MOST = 8 * 2**20
"""How many digests are kept: 64 MiB."""
_MOST_OFTEN = 10


class Seen:
    """Digests as they came."""

    def __init__(self, most: int = _MOST) -> None:
        self._parts = [array("Q") for _ in range(PARTS)]
        self._left = most
        self.is_whole = True
        """Whether all are counted; when there are too many, those that came first."""

    def add(self, ids: Iterable[bytes]) -> None:
        """Take digests, those of each part one behind the other."""
        for part, own in zip(self._parts, ids, strict=True):
            taken = own[: self._left * ID_BYTES]
            part.frombytes(taken)
            self._left -= len(taken) // ID_BYTES
            self.is_whole = self.is_whole and len(taken) == len(own)

    def counted(self) -> tuple[int, int, list[tuple[str, int]]]:
        """How many are different, how many came again, and those that came most often with their number."""
        different = again = 0
        often: list[tuple[int, int]] = []
        for part in self._parts:
            counts = Counter(part)
            different += len(counts)
            repeated = [(count, one) for one, count in counts.items() if count > 1]
            again += len(repeated)
            often = heapq.nlargest(_MOST_OFTEN, (*often, *repeated))
        return different, again, [(one.to_bytes(ID_BYTES, sys.byteorder).hex(), count) for count, one in often]


def part(digest: bytes) -> int:
    """The part to which a digest belongs."""
    return digest[0] & (PARTS - 1)
