"""`python -m tests.benchmarks`: measure the core, the server and the page, and print tables.

A report, not a test: it ends with 0 whatever it finds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks import audit, core, gateway, page, server
from tests.benchmarks.promises import Promise
from tests.benchmarks.tables import Table

MEASURES: dict[str, Callable[[], tuple[list[Table], list[Promise]]]] = {
    "core": core.measure,
    "server": server.measure,
    "page": page.measure,
    "audit": audit.measure,
    "gateway": gateway.measure,
}
PACKAGES = ("cryptography", "flask", "waitress", "pyjwt", "joserfc", "playwright")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure jwtlens and print tables.")
    parser.add_argument("--only", choices=tuple(MEASURES), action="append", help="measure this alone; may be given more than once")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE too")
    options = parser.parse_args()
    start = time.monotonic()
    where = _where()
    print(where, flush=True)
    tables: list[Table] = []
    promises: list[Promise] = []
    for name in options.only or MEASURES:
        found, kept = MEASURES[name]()
        promises += kept
        tables += found
        for table in found:
            print(f"\n{table.text()}", flush=True)
    tables.append(
        Table("Promises", ["promise", "measured", "kept"], [[row.bound, row.measured, "yes" if row.kept else "NO"] for row in promises])
    )
    print(f"\n{tables[-1].text()}\n\n{time.monotonic() - start:.0f} s; load now {_load()}", flush=True)
    if options.json:
        figures = {"where": where, "when": datetime.now(UTC).isoformat(timespec="seconds"), "tables": [table.data() for table in tables]}
        options.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _where() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"Python {platform.python_version()} on {os.cpu_count()} cores, load {_load()}; {versions}"


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


if __name__ == "__main__":
    main()
