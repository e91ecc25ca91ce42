"""A real server that is watched while everything is asked of it, and what was seen."""

from __future__ import annotations

import http.client
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.attacks.ledger import ROOT
from tests.promises.asking import Asked

SECONDS = 20
WATCHED = Path(__file__).with_name("watched")


@dataclass(frozen=True, slots=True)
class Answered:
    """A request with the status, headers and text that came back."""

    asked: Asked
    status: int
    headers: str
    text: str


@dataclass(slots=True)
class Seen:
    """What was seen of a server from its start to its end; *watched* is what its audit hook said."""

    answers: list[Answered] = field(default_factory=list)
    out: str = ""
    err: str = ""
    before_fetching: str = ""
    environ: str = ""
    cmdline: str = ""
    opened: list[str] = field(default_factory=list)
    files_before: list[str] = field(default_factory=list)
    files_after: list[str] = field(default_factory=list)
    core_limit: str = ""
    listens: str = ""
    status: int = -1

    @property
    def watched(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("watched: ")]

    @property
    def said(self) -> str:
        return "\n".join(line for line in self.err.splitlines() if not line.startswith(("watched: ", "jwtlens answers at ")))


def watch(folder: Path, everything: Iterable[Asked], *words: str) -> Seen:
    """Serve with every folder of the process under *folder*, ask everything, stop it, and tell what was seen.

    *words* start another server than the page's.
    """
    seen = Seen()
    for name in ("home", "tmp", "work"):
        (folder / name).mkdir()
    out, err = folder.with_suffix(".out"), folder.with_suffix(".err")
    with out.open("ab") as standard, err.open("ab") as error, _cores():
        process = subprocess.Popen(
            [sys.executable, "-m", "app", *(words or ("serve",)), "--port", "0"],
            cwd=folder / "work",
            env=_environ(folder),
            stdin=subprocess.DEVNULL,
            stdout=standard,
            stderr=error,
        )
    with process:
        try:
            seen.listens = _address(process, out, err)
            out.write_text("")
            seen.files_before = _files(folder)
            asked = list(everything)
            seen.answers = [_answer(seen.listens, one) for one in asked if not _fetches(one)]
            seen.before_fetching = err.read_text()
            seen.answers += [_answer(seen.listens, one) for one in asked if _fetches(one)]
            of = Path(f"/proc/{process.pid}")
            seen.opened = [str(one.readlink()) for one in (of / "fd").iterdir()]
            seen.environ, seen.cmdline = ((of / name).read_bytes().decode("utf-8", "replace") for name in ("environ", "cmdline"))
            seen.core_limit = next(row for row in (of / "limits").read_text().splitlines() if row.startswith("Max core"))
            process.terminate()
            seen.status = process.wait(SECONDS)
            seen.out, seen.err = out.read_text(), err.read_text()
        finally:
            process.kill()
    seen.files_after = _files(folder)
    return seen


def _address(process: subprocess.Popen[bytes], out: Path, err: Path) -> str:
    """Where the server says that it listens."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        said = re.search(r"http://([\d.]+:\d+)", out.read_text() + err.read_text())
        if said:
            return said[1]
        time.sleep(0.02)
    raise AssertionError(err.read_text())


def _environ(folder: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JWTLENS_", "COV_", "PYTEST"))}
    return kept | {
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "XDG_CACHE_HOME": str(folder / "home"),
        "PYTHONPATH": os.pathsep.join((str(WATCHED), str(ROOT))),
    }


def _fetches(asked: Asked) -> bool:
    return "/keys/fetch" in asked.path


@contextmanager
def _cores() -> Iterator[None]:
    """Let a process that is started here write core files, as far as this machine allows it at all."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def _answer(address: str, asked: Asked) -> Answered:
    connection = http.client.HTTPConnection(address, timeout=SECONDS)
    connection.request(asked.method, asked.path, asked.body.encode("utf-8", "replace") or None, asked.headers)
    answer = connection.getresponse()
    text = answer.read().decode("utf-8", "replace")
    connection.close()
    return Answered(asked, answer.status, str(answer.getheaders()), text)
