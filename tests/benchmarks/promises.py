"""What was promised for the speed of jwtlens, and whether this run kept it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    """A bound in words, what was measured, and whether it lies within."""

    bound: str
    measured: str
    kept: bool


def promise(bound: str, kept: bool, measured: str) -> Promise:
    return Promise(bound, measured, bool(kept))
