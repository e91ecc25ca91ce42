"""The memory of a server that is asked for much: little, and none of it on the disk."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from app.server.memory import settle
from tests.stress.load import at_rate, request
from tests.stress.serving import serving


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="there is nothing to ask another C library")
def test_glibc_does_as_it_is_asked():
    assert settle()


_GATHERED = """
from pathlib import Path
from app.server.memory import gather
from app.settings import Settings
from app.web import create_app

def large():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("AnonHugePages"))

app = create_app(Settings())
print(-large(), gather(), large(), app.test_client().get("/healthz").status_code)
"""


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux tells how large the pages of a process are")
def test_what_is_said_to_be_on_large_pages_is_there():
    told = subprocess.run([sys.executable, "-c", _GATHERED], capture_output=True, text=True, check=True).stdout
    before, made, after, status = (int(number) for number in told.split())
    assert before + after == made * 2048
    assert status == 200


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
