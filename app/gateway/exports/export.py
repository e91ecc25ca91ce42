"""What an export is: files for one gateway, and what of the policy they do not say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.gateway.policy import Policy


@dataclass(frozen=True, slots=True)
class File:
    """*name* as the gateway's own documentation has it; *language* is that of its text, such as nginx, yaml or lua."""

    name: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of the policy, by its place such as `issuers[0].max_life`, and a sentence: what happens there instead, and what to do."""

    path: str
    because: str


@dataclass(frozen=True, slots=True)
class Export:
    """*notes* are sentences for the one who installs the files, such as where a secret is put: none stands in them."""

    files: tuple[File, ...]
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway. One that *asks* does not judge tokens: it asks `jwtlens gateway`, which judges by the whole policy."""

    name: str
    title: str
    asks: bool
    export: Callable[[Policy], Export]
