"""`python -m tests.stress`: put the server under fire, on loopback only, and print each figure beside its target.

Ends with 1 if one is missed. MINUTES (10 unless set) is how long everything is asked at once.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from functools import partial

from tests.stress import confined, copies, scenes, soak
from tests.stress.rows import Row, table

MINUTES = 10.0


def scenes_by_name(minutes: float) -> dict[str, Callable[[], list[Row]]]:
    """Every scene, the longest one last."""
    return {
        "raw": scenes.raw_requests,
        "decode": scenes.decoding,
        "keys": scenes.making_keys,
        "slow": scenes.slow_clients,
        "stop": scenes.stopping,
        "kill": scenes.killed,
        "sandbox": confined.in_a_sandbox,
        "copies": copies.killed_behind_nginx,
        "soak": partial(soak.soak, minutes),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.stress", description="Put jwtlens under fire and print what it stands.")
    parser.add_argument("--only", choices=tuple(scenes_by_name(0)), action="append", help="this scene alone; may be given more than once")
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("MINUTES") or MINUTES), help="how long the last scene takes")
    options = parser.parse_args()
    start = time.monotonic()
    print(f"Python {platform.python_version()} on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    rows: list[Row] = []
    for name, scene in scenes_by_name(options.minutes).items():
        if options.only and name not in options.only:
            continue
        found = scene()
        rows += found
        missed = sum(not row.met for row in found)
        print(f"{time.monotonic() - start:5.0f} s  {name}: {'every target met' if not missed else f'{missed} missed'}", flush=True)
    print(f"\n{table(rows).text()}\n\nload now {os.getloadavg()[0]:.1f}", flush=True)
    return int(any(not row.met for row in rows))


if __name__ == "__main__":
    sys.exit(main())
