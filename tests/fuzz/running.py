"""A target in a process of its own, with a corpus that is made for the run and forgotten after it."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.mutating import corpus
from tests.fuzz.targets import Target

ROOT = Path(__file__).resolve().parents[2]
_OPTIONS = ("-max_len=12000", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1", "-close_fd_mask=1")
_SPARE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a target: how often it ran, how many branches were met, and the input that broke it, if one did."""

    name: str
    runs: int
    features: int
    broken: bytes | None = None
    because: str = ""

    @property
    def said(self) -> str:
        held = "holds" if self.broken is None else "is broken"
        return f"{self.name:<10} {held:<9} {self.runs:>10,} runs {self.features:>8,} features"


def run(target: Target, seconds: int, seed: int) -> Run:
    """Fuzz *target* for so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "corpus")
        place.mkdir()
        for number, data in enumerate(corpus(target)):
            (place / str(number)).write_bytes(data)
        options = (*_OPTIONS, f"-seed={seed}", f"-max_total_time={seconds}", f"-artifact_prefix={folder}/found-")
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.guided", target.name, *options, str(place)],
            cwd=ROOT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=seconds + _SPARE_SECONDS,
            check=False,
        )
        told = (done.stderr + done.stdout).decode("utf-8", "replace")
        found = next((path.read_bytes() for path in Path(folder).glob("found-*")), None)
    features = max(map(int, re.findall(r"\bft: (\d+)", told)), default=0)
    runs = max(map(int, re.findall(r"number_of_executed_units: (\d+)", told)), default=0)
    if done.returncode and found is None:
        return Run(target.name, runs, features, b"", told[-3000:])
    return Run(target.name, runs, features, found, _last_error(told) if found is not None else "")


def _last_error(told: str) -> str:
    lines = [line for line in told.splitlines() if re.match(r"\s*(File |[\w.]*(Error|Exception|Broken)\b|ERROR: libFuzzer)", line)]
    return "\n".join(lines[-12:])


def spelt(data: bytes) -> str:
    """An input as it can be put into a test."""
    return f'base64.b64decode("{base64.b64encode(data).decode()}")'
