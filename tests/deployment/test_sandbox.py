"""The image's user, file system and system calls, tried with bubblewrap in place of a container engine."""

from __future__ import annotations

import ctypes
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deployment.running import DEPLOY, ROOT

USER = "65532"
PR_GET_MDWE = 66
# What a writing open has among its flags.
WRITING = re.compile(r"open(?:at2?)?\(.*\b(?:O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND)\b")


def inside(*before: str, writable: Path | None = None) -> dict[str, Any]:
    """Serve in a sandbox like the image of compose.yaml, and return what was seen there."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        pytest.fail("bwrap is not installed: make proxies installs it", pytrace=False)
    confined = [
        *(bwrap, "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run"),
        *(("--bind", str(writable), "/run/trace") if writable else ()),
        *("--unshare-all", "--uid", USER, "--gid", USER, "--cap-drop", "ALL", "--die-with-parent", "--new-session"),
        *("--chdir", str(ROOT), "--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "PYTHONDONTWRITEBYTECODE", "1"),
        *(sys.executable, "-m", "tests.deployment.inside", *before),
    ]
    done = subprocess.run(confined, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    return inside()


def test_it_serves_as_nobody_without_any_capability(seen: dict[str, Any]):
    status = seen["status"]
    assert set(status["Uid"].split()) == {USER}
    assert set(status["Gid"].split()) == {USER}
    assert {status[name] for name in ("CapEff", "CapPrm", "CapBnd")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"


def test_every_door_works_on_a_file_system_that_cannot_be_written(seen: dict[str, Any]):
    assert seen["written"] == []
    expected = dict.fromkeys(("page", "healthz", "decode", "verify", "keys", "large"), 200) | {"too large": 413}
    assert seen["answers"] == expected


def test_it_needs_no_network_but_its_own(seen: dict[str, Any]):
    assert seen["outside"] is False


@pytest.mark.skipif(ctypes.CDLL(None).prctl(PR_GET_MDWE, 0, 0, 0, 0) < 0, reason="the kernel is older than 6.3")
def test_it_needs_no_memory_that_is_written_and_then_run(seen: dict[str, Any]):
    assert seen["memory_may_not_become_executable"]


def test_it_stops_within_a_second_of_being_asked(seen: dict[str, Any]):
    assert seen["exit"] == 0
    assert seen["seconds_to_stop"] < 1


def test_it_stays_within_what_the_image_is_given(seen: dict[str, Any]):
    # compose.yaml: 256 MiB, 64 threads.
    assert int(seen["status"]["VmRSS"].split()[0]) < 160_000
    assert int(seen["status"]["Threads"]) < 32


def test_it_opens_no_file_to_write_and_calls_only_what_the_unit_allows(tmp_path: Path):
    strace = shutil.which("strace")
    if strace is None:
        pytest.fail("strace is not installed: make proxies installs it", pytrace=False)
    seen = inside(strace, "-f", "-qq", "-o", "/run/trace/calls", writable=tmp_path)
    assert seen["answers"]["keys"] == 200
    lines = (tmp_path / "calls").read_text(errors="replace").splitlines()
    called = {match[1] for line in lines if (match := re.match(r"\d+ +([a-z_0-9]+)\(", line))}
    # That it was traced at all.
    assert {"accept4", "openat", "execve"} <= called
    written = [line for line in lines if WRITING.search(line)]
    assert [line for line in written if "/dev/null" not in line] == []
    if shutil.which("systemd-analyze"):
        assert called <= allowed(), called - allowed()


def allowed() -> set[str]:
    """What SystemCallFilter= of the unit lets through."""
    calls: set[str] = set()
    for line in re.findall(r"^SystemCallFilter=(.*)$", (DEPLOY / "jwtlens@.service").read_text(), re.MULTILINE):
        named = set().union(*(members(name) for name in line.lstrip("~").split()))
        calls = calls - named if line.startswith("~") else calls | named
    return calls


def members(name: str) -> set[str]:
    if not name.startswith("@"):
        return {name}
    said = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", name], capture_output=True, text=True, check=True).stdout
    rows = [line.strip() for line in said.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return set().union(*(members(row) for row in rows))
