"""Run all the code against its libraries and write down what came of it: `make snippets`, or with names only those."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from app.snippets import Library, libraries, results
from app.snippets.results import FILE
from app.tokens import ALGORITHMS
from tests.snippets import toolchains
from tests.snippets.running import NAMES, Trial
from tests.snippets.toolchains import Bench

WORKERS = 2
SIGNS = {"ran": "●", "not run": "○", "refused": "–", "wrong": "✗"}


def main(names: list[str]) -> int:
    """Run the libraries called *names*, or all; returns how many things are wrong."""
    rows = {name: {"version": row.version, "algorithms": dict(row.algorithms)} for name, row in results().items() if name in libraries()}
    complaints: list[str] = []
    with toolchains.serving(toolchains.install()) as bench:
        print(f"{'':24}{'version':12}" + " ".join(NAMES))
        for library in libraries().values():
            if names and library.id not in names:
                continue
            started = time.monotonic()
            version, outcomes, wrong = examine(bench, library)
            complaints += wrong
            rows[library.id] = {"version": version, "algorithms": outcomes}
            cells = " ".join(SIGNS[outcomes[name]].center(len(name)) for name in NAMES)
            print(f"{library.id:24}{version or 'not run':12}{cells}  {time.monotonic() - started:.0f} s", flush=True)
    _sum_up(rows, complaints)
    return len(complaints)


def _sum_up(rows: dict[str, dict[str, Any]], complaints: list[str]) -> None:
    """Say what is wrong, or write the results down when nothing is."""
    print("\n".join(["", *complaints]))
    ran = [libraries()[name] for name, row in rows.items() if row["version"]]
    languages = {library.language.name for library in ran}
    print(f"{len(ran)} libraries in {len(languages)} languages ran, {len(complaints)} wrong. ● ran  ○ not run  – refused  ✗ wrong")
    if not complaints:
        FILE.write_text(json.dumps({name: rows[name] for name in sorted(rows)}, indent=2) + "\n")


def examine(bench: Bench, library: Library) -> tuple[str, dict[str, str], list[str]]:
    """Run everything of one library: its version, what became of each algorithm, and what is wrong."""
    version = bench.version(library)
    if not version:
        return "", {name: "not run" if name in library.algorithms else "refused" for name in NAMES}, []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(WORKERS) as pool:
        if bench.node:
            (Path(folder) / "node_modules").symlink_to(bench.node / "node_modules")
        found = dict(zip(NAMES, pool.map(lambda name: list(tried(bench, Path(folder), library, name)), NAMES), strict=True))
    outcomes = {name: "wrong" if found[name] else _outcome(library, name) for name in NAMES}
    return version, outcomes, [complaint for wrong in found.values() for complaint in wrong]


def _outcome(library: Library, name: str) -> str:
    return "not run" if name in library.untried else "ran" if name in library.algorithms else "refused"


def tried(bench: Bench, folder: Path, library: Library, name: str) -> Iterator[str]:
    """Try one algorithm on each of its curves; the first of each kind of key is tried with more."""
    if name in library.untried:
        return
    row = ALGORITHMS[name]
    offered = name in library.algorithms
    curves = [curve for curve in row.curves if offered is (curve in library.curves)] if name == "EdDSA" else [""]
    first = next((other for other in library.algorithms if ALGORITHMS[other].key_type == row.key_type), "")
    for curve in curves or ["Ed25519"]:
        trial = Trial(bench, folder, library, name, curve)
        if not offered:
            yield from trial.refuses()
            continue
        yield from trial.usual()
        if name == library.algorithms[0] or name == first == "RS256":
            yield from trial.further()
        if name == first:
            yield from trial.key_forms()


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
