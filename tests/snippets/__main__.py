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

from app.snippets import Library, libraries
from app.snippets.results import FILE
from app.tokens import ALGORITHMS, CONTENT_ENCRYPTION, KEY_MANAGEMENT
from tests.snippets import installing
from tests.snippets.cases import Scheme
from tests.snippets.running import NAMES, Trial, digest
from tests.snippets.toolchains import Bench

WORKERS = 2
SIGNS = {"ran": "●", "not run": "○", "refused": "–", "wrong": "✗"}


def main(names: list[str]) -> int:
    """Run the libraries called *names*, or all; returns how many things are wrong."""
    complaints: list[str] = []
    with installing.serving(installing.install()) as bench:
        print(f"{'':24}{'version':12}" + " ".join(NAMES))
        for library in libraries().values():
            if names and library.id not in names:
                continue
            started = time.monotonic()
            version, outcomes, wrong = examine(bench, library)
            ran = [name for name in library.encrypted if name in KEY_MANAGEMENT] if version else []
            # Where a library cannot be installed, what ran elsewhere still counts.
            if not wrong and (version or library.id not in _written()):
                _write_down(library, {"version": version, "code": digest(library), "algorithms": outcomes, "encrypted": ran})
            complaints += wrong
            cells = " ".join(SIGNS[outcomes[name]].center(len(name)) for name in NAMES)
            print(
                f"{library.id:24}{version or 'not run':12}{cells}  {'JWE' if ran else '   '} {time.monotonic() - started:.0f} s", flush=True
            )
    ran_ = [libraries()[name] for name, row in _written().items() if row["version"]]
    languages = {library.language.name for library in ran_}
    print("\n".join(["", *complaints]))
    print(f"{len(ran_)} libraries in {len(languages)} languages ran, {len(complaints)} wrong. ● ran  ○ not run  – refused  ✗ wrong")
    return len(complaints)


def _write_down(library: Library, row: dict[str, Any]) -> None:
    """Keep what came of a library with which nothing is wrong."""
    rows = _written() | {library.id: row}
    FILE.write_text(json.dumps({name: rows[name] for name in sorted(rows)}, indent=2) + "\n")


def _written() -> dict[str, Any]:
    """What is written down of the libraries that there are."""
    return {name: row for name, row in json.loads(FILE.read_text()).items() if name in libraries()}


def examine(bench: Bench, library: Library) -> tuple[str, dict[str, str], list[str]]:
    """Run everything of one library: its version, what became of each algorithm, and what is wrong."""
    version = bench.version(library)
    if not version:
        return "", {name: "not run" if name in library.algorithms else "refused" for name in NAMES}, []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(WORKERS) as pool:
        if bench.node:
            (Path(folder) / "node_modules").symlink_to(bench.node / "node_modules")
        found = dict(zip(NAMES, pool.map(lambda name: list(tried(bench, Path(folder), library, name)), NAMES), strict=True))
        schemes = encrypted(library)
        sealed = pool.map(lambda scheme: list(tried_encrypted(bench, Path(folder), library, scheme, schemes)), schemes)
        found["encrypted"] = [complaint for wrong in sealed for complaint in wrong]
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
        trial = Trial(bench, folder, library, Scheme(name, curve))
        if not offered:
            yield from trial.refuses()
            continue
        yield from trial.usual()
        if name in (library.algorithms[0], "RS256"):
            yield from trial.further()
        if name == first:
            yield from trial.key_forms()


def tried_encrypted(bench: Bench, folder: Path, library: Library, scheme: Scheme, schemes: list[Scheme]) -> Iterator[str]:
    """Try one way to encrypt; the first of each type of key is tried with more."""
    trial = Trial(bench, folder, library, scheme)
    yield from trial.usual()
    if scheme == schemes[0]:
        yield from trial.further()
    if scheme == next(other for other in schemes if other.key_type == scheme.key_type):
        yield from trial.key_forms()


def encrypted(library: Library) -> list[Scheme]:
    """Every algorithm and every curve with the first content encryption, and every content encryption with the first algorithm."""
    names = [name for name in library.encrypted if name in KEY_MANAGEMENT]
    contents = [name for name in library.encrypted if name in CONTENT_ENCRYPTION]
    schemes = [Scheme(names[0], "", content) for content in contents] if names else []
    for name in names:
        curves = [curve for curve in KEY_MANAGEMENT[name].curves if curve in library.encrypted]
        schemes += [Scheme(name, curve, contents[0]) for curve in curves or [""]]
    return list(dict.fromkeys(schemes))


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
