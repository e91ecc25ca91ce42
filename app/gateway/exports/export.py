"""What an export is: files for one gateway, and what of the policy they do not say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.gateway.decision import Decision
from app.gateway.policy import Policy
from app.gateway.request import Header, Request


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
class Answer:
    """What a client gets from that gateway; *because* says which of its rules answers so, and where that is known from."""

    status: int
    headers: tuple[Header, ...] = ()
    body: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway. One that *asks* does not judge tokens: it asks `jwtlens gateway`, which judges by the whole policy.

    *answer* tells what a client gets for a request of which our own decision is known; None where that is not known.
    """

    name: str
    title: str
    asks: bool
    export: Callable[[Policy], Export]
    answer: Callable[[Policy, Request, Decision], Answer | None] = lambda policy, request, decision: None
