"""One rule of a decision: what was asked, what came of it, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.tokens.claims import Outcome

Layer = Literal["request", "route", "credentials", "keys", "token", "permission"]


@dataclass(frozen=True, slots=True)
class Rule:
    """*because* is a sentence a person can act on. A rule that does not decide is part of another: *depth* says how deep."""

    layer: Layer
    name: str
    outcome: Outcome
    because: str
    spec: str | None = None
    depth: int = 0
    decides: bool = True

    @property
    def denies(self) -> bool:
        return self.decides and self.outcome == "failed"


def passed(layer: Layer, name: str, because: str, spec: str | None = None) -> Rule:
    return Rule(layer, name, "passed", because, spec)


def failed(layer: Layer, name: str, because: str, spec: str | None = None) -> Rule:
    return Rule(layer, name, "failed", because, spec)


def not_checked(layer: Layer, name: str, because: str, spec: str | None = None) -> Rule:
    return Rule(layer, name, "not_checked", because, spec)
