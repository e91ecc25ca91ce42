"""Ctrl-C: what it may not tear apart, and which processes never hear it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def held() -> Iterator[None]:
    """What is begun within is finished before Ctrl-C is heard."""
    heard: list[int] = []
    with _handled_by(lambda number, _frame: heard.append(number)):
        yield
    if heard:
        raise KeyboardInterrupt


@contextmanager
def unheard() -> Iterator[None]:
    """Processes that are begun within never hear Ctrl-C: it ends the one that was asked for, and that one ends them."""
    with _handled_by(signal.SIG_IGN):
        yield


@contextmanager
def _handled_by(handler: Any) -> Iterator[None]:
    # Only the main thread hears of signals, and a command that runs in the background is not to hear of this one.
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        yield
        return
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
