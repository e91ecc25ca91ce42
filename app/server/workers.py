"""Several processes that share their sockets: one that ends is replaced, and what is asked of the first is passed on to all.

They are forked before there is any thread. A connection that no worker has taken yet waits in the socket that all of them share, so
that it is not lost with one of them.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

_SIGNALS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_ENDING = (signal.SIGTERM, signal.SIGINT)
END_SECONDS = 8.0
SHORTEST_LIFE = 1.0
"""A worker that ends sooner is replaced only after as long, so that a fault at the start does not keep a core busy."""


@dataclass(frozen=True, slots=True)
class Care:
    """What the processes are there for: *work* is given the number of its place and hears signals, and what befalls them is told."""

    work: Callable[[int], None]
    check: Callable[[], bool]
    """Is asked on SIGHUP, and says whether that is passed on."""
    started: Callable[[], None]
    ended: Callable[[int], None]
    """Is given the exit status, or the number of the signal as a negative one."""
    fault: Callable[[BaseException], None]


def hold() -> None:
    """Have signals wait until somebody hears them: until then, each would end the process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def hear() -> None:
    """Let them through, those that wait as well."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def supervise(count: int, care: Care) -> None:
    """Keep *count* processes at work until SIGTERM or Ctrl-C."""
    hold()
    # They have the reading end; when this process is gone, however it went, they read its end.
    reading, writing = os.pipe()
    born: dict[int, tuple[int, float]] = {}
    due = dict.fromkeys(range(count), 0.0)
    while True:
        for number in [number for number, at in due.items() if at <= time.monotonic()]:
            del due[number]
            care.started()
            born[_forked(number, care, reading, writing)] = (number, time.monotonic())
        came = signal.sigtimedwait(_SIGNALS, 0.2 if due else 5.0)
        if came is not None and came.si_signo in _ENDING:
            break
        if came is not None and came.si_signo == signal.SIGHUP and care.check():
            _tell(born, signal.SIGHUP)
        for pid, status in _ended(born):
            number, since = born.pop(pid)
            due[number] = since + SHORTEST_LIFE
            care.ended(status)
    _end(born)


def _forked(number: int, care: Care, reading: int, writing: int) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    # The new process must never return to what the first one was about.
    status = 1
    try:
        os.close(writing)
        # Ctrl-C reaches the whole group; the first process passes on what is to be done.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=_end_with_the_first, args=[reading], daemon=True).start()
        care.work(number)
        status = 0
    except BaseException as error:  # noqa: BLE001  # whatever it is, it ends this process, and is told before
        care.fault(error)
    finally:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(status)


def _end_with_the_first(reading: int) -> None:
    os.read(reading, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _ended(born: dict[int, tuple[int, float]]) -> list[tuple[int, int]]:
    """The processes that ended, each with its status."""
    waited = (os.waitpid(pid, os.WNOHANG) for pid in born)
    return [(pid, os.waitstatus_to_exitcode(status)) for pid, status in waited if pid]


def _tell(born: dict[int, tuple[int, float]], number: signal.Signals) -> None:
    for pid in born:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _end(born: dict[int, tuple[int, float]]) -> None:
    """Let the workers finish what they began, and end those that cannot."""
    _tell(born, signal.SIGTERM)
    last = time.monotonic() + END_SECONDS
    while born and time.monotonic() < last:
        for pid, _ in _ended(born):
            del born[pid]
        time.sleep(0.02)
    _tell(born, signal.SIGKILL)
    for pid in born:
        os.waitpid(pid, 0)
