"""make fuzz: every target for its share of the minutes, then the API until it was asked often enough."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.fuzz.requests import ask
from tests.fuzz.running import Run, run, spelt
from tests.fuzz.targets import TARGETS

_EXAMPLES_A_ROUND = 250
# Each round is a process: the generation of requests takes more than the answers to them.
_WORKERS = int(os.environ.get("WORKERS") or os.cpu_count() or 1)


def main(arguments: list[str]) -> int:
    """Fuzz, and say what came of it; 1 when a promise was broken."""
    options = _options(arguments)
    held = [_held(run(TARGETS[name], options.seconds, options.seed)) for name in options.targets]
    return 0 if _answered(options.requests, options.seed) and all(held) else 1


def _options(arguments: list[str]) -> argparse.Namespace:
    reader = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    reader.add_argument("targets", nargs="*", default=list(TARGETS), metavar="TARGET", help=", ".join(TARGETS))
    reader.add_argument("--minutes", type=float, default=1.0, help="for all targets together")
    reader.add_argument("--requests", type=int, default=50_000, help="of the API; 0 for none")
    reader.add_argument("--seed", type=int, default=int(time.time()), help="to do the same again")
    options = reader.parse_args(arguments)
    if unknown := set(options.targets) - TARGETS.keys():
        reader.error(f"there is no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    options.seconds = max(1, round(options.minutes * 60 / max(1, len(options.targets))))
    print(f"fuzz: seed {options.seed}, {options.seconds} s a target, {options.requests:,} requests", flush=True)
    return options


def _held(done: Run) -> bool:
    print(done.said, flush=True)
    if done.broken is not None:
        print(f"  with {spelt(done.broken)}\n{done.because}", flush=True)
    return done.broken is None and done.runs > 0


def _answered(wanted: int, seed: int) -> bool:
    """Whether every answer was as described, and none an error of the server."""
    statuses: Counter[int] = Counter()
    faults: list[str] = []
    with ProcessPoolExecutor(_WORKERS) as workers:
        while statuses.total() < wanted and not faults:
            # Of two at once only the first tries the corners, which are the same in every round.
            rounds = [
                workers.submit(ask, _EXAMPLES_A_ROUND, seed + statuses.total() + n, corners=not (statuses or n)) for n in range(_WORKERS)
            ]
            for one in rounds:
                summary = one.result()
                statuses += summary.statuses
                faults += summary.faults
            print(f"api        {statuses.total():>10,} of {wanted:,} requests", flush=True)
    told = ", ".join(f"{count:,} × {status or 'no answer'}" for status, count in sorted(statuses.items()))
    errors = sum(count for status, count in statuses.items() if status == 0 or status >= 500)
    print(
        f"api        {statuses.total():,} requests, {errors} errors of the server, {len(faults)} answers not as described ({told})",
        flush=True,
    )
    for fault in faults[:3]:
        print(fault, flush=True)
    return not errors and not faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
