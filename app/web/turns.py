"""Turns at work that takes long, so that it never takes the whole server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from app.web.errors import Refused

# Making an RSA key takes up to a second of a core; two at once leave room for everything else.
_MAKERS = BoundedSemaphore(2)
# Who waits holds a thread of the server. With four who wait, and those who fetch, some are always left to read a token.
_PLACES = BoundedSemaphore(4)
_WAIT_SECONDS = 5.0


@contextmanager
def making() -> Iterator[None]:
    """A turn at work that takes long; refuses when too many wait for one, or none comes in time."""
    makers = _MAKERS
    if not _turn(makers):
        raise Refused(429, "busy", "Too many keys are being made at once.", "Try again in a few seconds.")
    try:
        yield
    finally:
        makers.release()


def _turn(makers: BoundedSemaphore) -> bool:
    if makers.acquire(timeout=0):
        return True
    if not _PLACES.acquire(blocking=False):
        return False
    try:
        return makers.acquire(timeout=_WAIT_SECONDS)
    finally:
        _PLACES.release()
