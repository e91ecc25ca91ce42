"""How the C library keeps memory: little, and the same after days."""

from __future__ import annotations

import ctypes
import sys

# <malloc.h>: how many heaps there are, how much of one stays when it is free, from which size on a piece is mapped for itself.
_ARENAS, _TRIM, _MAP = -8, -1, -3
_PIECE = 128 * 1024


def settle() -> None:
    """Ask glibc for two heaps in place of one for each thread, and to give back what is free.

    Left alone, it gives sixteen threads a heap each, and moves its thresholds with every large token: 71 MiB, which wander by three,
    in place of 46, which stay. Elsewhere there is nothing to ask.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for what, value in ((_ARENAS, 2), (_TRIM, _PIECE), (_MAP, _PIECE)):
            mallopt(what, value)
