"""A real server in a process of its own, and a real Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")


@dataclass(frozen=True, slots=True)
class Running:
    """Where a server listens, and its process."""

    address: str
    pid: int

    @property
    def url(self) -> str:
        return f"http://{self.address}"


@contextmanager
def serving() -> Iterator[Running]:
    """Run `jwtlens serve` on a free port."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JWTLENS_")}
    command = [sys.executable, "-m", "app", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            words = process.stdout.readline().split()
            if not words:
                raise SystemExit("jwtlens does not start; make assets builds the front end")
            yield Running(words[-1].removeprefix("http://"), process.pid)
        finally:
            process.terminate()


def _step_back() -> None:
    """Have Playwright's driver wait for its turn: it hears of every key and would take a core from page and server for half a millisecond."""
    if sys.platform == "linux":
        for driver in psutil.Process().children():
            if driver.name().startswith("node"):
                for thread in driver.threads():
                    os.setpriority(os.PRIO_PROCESS, thread.id, 19)


@contextmanager
def browsing() -> Iterator[Browser]:
    """Run the Chromium of the machine, or Playwright's own where there is none."""
    with sync_playwright() as playwright:
        # The sandbox refuses root, and root is who runs a container.
        flags = FLAGS if getattr(os, "geteuid", lambda: 1)() == 0 else FLAGS[1:]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(flags))
        _step_back()
        try:
            yield browser
        finally:
            browser.close()
