"""What tokens are judged by: keys, expectations, time. It travels to other processes, so that keys go as they were given."""

from __future__ import annotations

from dataclasses import dataclass, field

from app import tokens
from app.tokens.times import Seconds

MONTH = 31 * 86400


@dataclass(frozen=True, slots=True)
class Brief:
    """The order of an audit; equal orders give equal verdicts in every process."""

    at: Seconds
    key_text: str = ""
    key_encoding: str = "auto"
    expect: tokens.Expectations = field(default_factory=tokens.Expectations)
    leeway: Seconds = 0
    max_life: Seconds = MONTH

    def __repr__(self) -> str:
        return "<Brief>"

    def keys(self) -> tokens.Keys:
        """The keys, read anew; none when none were given."""
        return tokens.read_keys(self.key_text, self.key_encoding)
