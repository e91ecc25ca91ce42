"""What the process does with its memory: takes little, the same after days, and leaves none of it on the disk."""

from __future__ import annotations

import ctypes
import gc
import mmap
import re
import sys
from pathlib import Path

# <linux/mman.h>, as of Linux 6.1; and what one large page holds.
_COLLAPSE, _LARGE, _SMALL = 25, 2 << 20, 4096
# As proc(5) tells of a range: where it begins and ends, that it is written and no file's; its size and what of it is used, in kB.
_RANGE = re.compile(rb"^([0-9a-f]+)-([0-9a-f]+) rw-p \S+ \S+ 0\b.*\nSize: +(\d+) kB\n(?:\w+: .*\n)*?Rss: +(\d+) kB$", re.MULTILINE)
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
    """Have Linux put on large pages what is there by now, where at least half of a range is used; say how many it made.

    A processor that rests between two keys has forgotten where the pages of the process lie, and looks up some 600 small
    ones for the next answer: it comes 0.15 ms sooner so. Where the kernel is older, or will not, everything stays as it is.
    """
    if sys.platform != "linux" or mmap.PAGESIZE != _SMALL:
        return 0
    libc = ctypes.CDLL(None)
    return sum(
        libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(_LARGE), _COLLAPSE) == 0
        for first, end in _ranges()
        for start in range(-(-first // _LARGE) * _LARGE, end - _LARGE + 1, _LARGE)
    )


def _ranges() -> list[tuple[int, int]]:
    """Where the memory lies that is the process's own, no file's, and used to the half at least."""
    try:
        text = Path("/proc/self/smaps").read_bytes()
    except OSError:  # in a sandbox without /proc
        return []
    found = _RANGE.finditer(text)
    return [(int(one[1], 16), int(one[2], 16)) for one in found if int(one[4]) * 2 >= int(one[3])]
