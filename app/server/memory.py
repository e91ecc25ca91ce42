"""What the process does with its memory: takes little, the same after days, and leaves none of it on the disk."""

from __future__ import annotations

import ctypes
import gc
import mmap
import sys
from pathlib import Path

# <linux/mman.h>, as of Linux 6.1; and what one large page holds.
_COLLAPSE, _LARGE, _SMALL = 25, 2 << 20, 4096
# <malloc.h>: how many heaps there are, how much of one stays when it is free, from which size on a piece is mapped for itself.
_ARENAS, _TRIM, _MAP = -8, -1, -3
_PIECE = 128 * 1024


def settle() -> bool:
    """Ask glibc for two heaps in place of one for each thread, and to give back what is free; say whether it does.

    Left alone, it gives sixteen threads a heap each, and moves its thresholds with every large token: 71 MiB, which wander by three,
    in place of 46, which stay. Elsewhere there is nothing to ask.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    return mallopt is not None and all(mallopt(what, value) for what, value in ((_ARENAS, 2), (_TRIM, _PIECE), (_MAP, _PIECE)))


def leave_no_core() -> None:
    """Have a crash write no image of the memory: a key may be in it."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def keep() -> None:
    """Leave what was made while starting out of every collection from now on: it stays, and to look through it takes 20 ms."""
    gc.freeze()
    gc.enable()


def gather() -> int:
    """Have Linux put on large pages what is there by now, where at least half of one is used; say how many it made.

    A processor that rests between two keys has forgotten where the pages of the process lie, and looks up some 600 small
    ones for the next answer: it comes 0.15 ms sooner so. Where the kernel is older, or will not, everything stays as it is.
    """
    if sys.platform != "linux" or mmap.PAGESIZE != _SMALL:
        return 0
    libc = ctypes.CDLL(None)
    size, used = ctypes.c_size_t(_LARGE), ctypes.create_string_buffer(_LARGE // _SMALL)
    made = 0
    for start in _large_places():
        place = ctypes.c_void_p(start)
        if libc.mincore(place, size, used) == 0 and sum(one & 1 for one in used.raw) * 2 >= len(used.raw):
            made += libc.madvise(place, size, _COLLAPSE) == 0
    return made


def _large_places() -> list[int]:
    """Where a large page could lie within memory that is the process's own, and no file's."""
    try:
        lines = Path("/proc/self/maps").read_bytes().splitlines()
    except OSError:  # in a sandbox without /proc
        return []
    spaces = [line.split() for line in lines]
    own = [span.split(b"-") for span, rights, _, _, file, *_ in spaces if (rights, file) == (b"rw-p", b"0")]
    ends = [(int(first, 16), int(end, 16)) for first, end in own]
    return [start for first, end in ends for start in range(-(-first // _LARGE) * _LARGE, end - _LARGE + 1, _LARGE)]
