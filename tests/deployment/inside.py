"""Runs inside a sandbox: serves as the image does, uses every door, tries what must not work, and prints what it saw as JSON.

`python -m tests.deployment.inside [COMMAND...]`: what COMMAND, such as strace, is to run the server with.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"
PLACES = ("/jwtlens", "/tmp/jwtlens", "/var/tmp/jwtlens", "/etc/jwtlens", os.path.join(os.getcwd(), "jwtlens"))  # noqa: PTH109, PTH118
_REFUSE_EXECUTABLE = (65, 1, 0, 0, 0)  # prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN): MemoryDenyWriteExecute= of systemd


def main(before: list[str]) -> None:
    """Print what was seen."""
    refused = ctypes.CDLL(None).prctl(*_REFUSE_EXECUTABLE) == 0
    command = [*before, sys.executable, "-m", "app", "serve", "--host", "0.0.0.0", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        port = int(server.stdout.readline().rpartition(":")[2])
        answers = {name: _ask(port, *row) for name, row in _ASKED.items()}
        child = int(_children(server.pid)[0]) if before else server.pid
        seen = {
            "answers": answers,
            "status": _status(child),
            "descriptors": len(os.listdir(f"/proc/{child}/fd")),  # noqa: PTH208
            "written": [place for place in PLACES if _writes(place)],
            "outside": _reaches(("198.51.100.1", 443)),
            "memory_may_not_become_executable": refused,
        }
        os.kill(child, 15)
        begun = time.monotonic()
        seen["exit"] = server.wait(10)
        seen["seconds_to_stop"] = round(time.monotonic() - begun, 2)
    print(json.dumps(seen))


_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_ASKED: Mapping[str, tuple[str, str, str, str]] = {
    "page": ("GET", "/", "", ""),
    "healthz": ("GET", "/healthz", "", ""),
    "decode": ("POST", "/api/v1/decode", json.dumps({"token": TOKEN}), _JSON),
    "verify": ("POST", "/api/v1/verify", json.dumps({"token": TOKEN, "key": "a-string-secret-at-least-256-bits-long"}), _JSON),
    "keys": ("POST", "/api/v1/keys", json.dumps({"algorithm": "RS256"}), _JSON),
    "large": ("POST", "/decode", "token=" + "x" * 262_000, _FORM),
    "too large": ("POST", "/decode", "token=" + "x" * 300_000, _FORM),
}


def _ask(port: int, method: str, path: str, body: str, kind: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body or None, {"Content-Type": kind} if kind else {})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def _children(pid: int) -> list[str]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


def _status(pid: int) -> dict[str, Any]:
    with open(f"/proc/{pid}/status") as file:
        rows = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    return {name: rows[name] for name in ("Uid", "Gid", "CapEff", "CapPrm", "CapBnd", "NoNewPrivs", "VmRSS", "Threads")}


def _writes(place: str) -> bool:
    try:
        with open(place, "w"):
            return True
    except OSError:
        return False


def _reaches(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
