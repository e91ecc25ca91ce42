"""A real server in a process of its own, that can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.deployment.running import ROOT


@dataclass(frozen=True, slots=True)
class Served:
    """Where it listens, and its process."""

    port: int
    process: subprocess.Popen[str]


def start(port: int = 0) -> Served:
    """Start `jwtlens serve` and wait until it says where it listens."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("JWTLENS_")}
    command = [sys.executable, "-m", "app", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise SystemExit("jwtlens does not start; make assets builds the front end")
    return Served(int(line.rpartition(":")[2]), process)


@contextmanager
def serving() -> Iterator[Served]:
    """Serve, and stop at the end."""
    served = start()
    try:
        yield served
    finally:
        served.process.kill()
        served.process.communicate()
