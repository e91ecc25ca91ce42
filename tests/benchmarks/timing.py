"""Timing on a machine that does other things too: short rounds by turns, CPU time, medians, ratios within a round."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Call = Callable[[], object]

ROUNDS = 15
_ROUND_SECONDS = 0.003
_CLOCK = time.thread_time


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of CPU per call, one value a round."""

    rounds: tuple[float, ...]

    @property
    def microseconds(self) -> float:
        return median(self.rounds) * 1e6

    @property
    def per_second(self) -> float:
        return 1 / median(self.rounds)

    def times(self, other: Timing) -> float:
        """How many times as long as *other*: the median of the rounds' own ratios, so that a slow moment hits both."""
        return median(mine / theirs for mine, theirs in zip(self.rounds, other.rounds, strict=True))


def compare(calls: Mapping[str, Call], rounds: int = ROUNDS) -> dict[str, Timing]:
    """Time *calls* by turns; each round begins with another one."""
    counts = {name: _count(call) for name, call in calls.items()}
    found: dict[str, list[float]] = {name: [] for name in calls}
    order = list(calls)
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            start = number % len(order)
            for name in order[start:] + order[:start]:
                found[name].append(_run(calls[name], counts[name]))
    finally:
        gc.enable()
    return {name: Timing(tuple(values)) for name, values in found.items()}


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which *part* of *values* lie, the next one up."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _count(call: Call) -> int:
    call()  # caches, lazy imports
    once = min(_run(call, 1) for _ in range(3))
    return max(1, int(_ROUND_SECONDS / max(once, 1e-7)))


def _run(call: Call, count: int) -> float:
    turns = range(count)
    start = _CLOCK()
    for _ in turns:
        call()
    return (_CLOCK() - start) / count
