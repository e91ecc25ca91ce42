"""The memory of a server that is asked for much: little, and none of it on the disk."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from app.server.memory import settle
from tests.stress.load import at_rate, request
from tests.stress.serving import serving


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="there is nothing to ask another C library")
def test_glibc_does_as_it_is_asked():
    assert settle()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what a process may and has")
def test_large_requests_leave_nothing_behind_and_a_crash_would_not_either():
    large = request("POST", "/decode", "token=" + "x" * 200_000)
    with serving() as served:
        process = Path(f"/proc/{served.process.pid}")
        limits = next(line for line in (process / "limits").read_text().splitlines() if line.startswith("Max core file size"))
        assert limits.split()[4:6] == ["0", "0"]
        load = at_rate(served.port, 40, 2, large)
        assert load.wrong == {}
        resident = next(line for line in (process / "status").read_text().splitlines() if line.startswith("VmRSS"))
        # 46 MiB of its own, and what it shares with every Python.
        assert int(resident.split()[1]) < 110_000
