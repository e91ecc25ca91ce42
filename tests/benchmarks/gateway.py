"""The forward-auth server: requests a second, direct and behind nginx; p99 at a rate; and what a request costs over the core's verify."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from app import gateway, tokens
from app.forwardauth import DecisionLog, ForwardAuth, Gate, KeyStore, Metrics, Options
from app.forwardauth.asked import of_lines
from tests.benchmarks.asking import as_many_as_go, at_a_rate
from tests.benchmarks.promises import Promise, promise
from tests.benchmarks.running import ROOT
from tests.benchmarks.samples import AUDIENCE, Sample, of_length
from tests.benchmarks.tables import Table
from tests.benchmarks.timing import Call, compare

ALGORITHMS = ("RS256", "ES256")
RATE = 500
_BOUND_MS = 20
_LENGTH = 800
_CLIENTS = 16
_WARM, _SECONDS, _AT_RATE_SECONDS = 0.3, 1.5, 5.0
_NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
_WITHOUT = "nginx without auth"


@dataclass(frozen=True, slots=True)
class _Server:
    """A process with its workers, and the port it listens on."""

    pid: int
    port: int

    def cpu(self) -> float:
        """Seconds of CPU of the process and those it started."""
        first = psutil.Process(self.pid)
        times = [one.cpu_times() for one in (first, *first.children(recursive=True))]
        return float(sum(one.user + one.system for one in times))


def measure() -> tuple[list[Table], list[Promise]]:
    samples = {name: of_length(name, _LENGTH) for name in ALGORITHMS}
    load, kept = _load_table(samples)
    return [load, _cost_table(samples)], kept


def _load_table(samples: dict[str, Sample]) -> tuple[Table, list[Promise]]:
    table = Table(
        f"A proxy that asks: {_CLIENTS} connections without pause, then {RATE} requests a second (token of {_LENGTH} characters)",
        ["way", "workers", "algorithm", "req/s", "p50 ms", "p99 ms", "CPU µs", f"p50 ms at {RATE}/s", f"p99 ms at {RATE}/s"],
        note="CPU: of all jwtlens processes, a request. At a rate, time counts from when a request was due, so that no stall is hidden."
        " nginx, the server and the load share the machine's cores.",
    )
    worst: dict[str, float] = {}
    if not Path(_NGINX).exists():
        table.note += " There is no nginx here: it was measured direct alone."
    else:
        with tempfile.TemporaryDirectory() as folder, _nginx(Path(folder), None) as port:
            row, _ = _row(port, None, b"GET /open HTTP/1.1\r\nHost: api\r\n\r\n")
            table.rows.append([_WITHOUT, None, "", *row])
    for workers in (1, 2):
        for name, one in samples.items():
            with tempfile.TemporaryDirectory() as folder, _gateway(Path(folder), one, workers) as server, ExitStack() as stack:
                row, p99 = _row(server.port, server, _asking(one))
                table.rows.append(["direct", workers, name, *row])
                worst["direct"] = max(worst.get("direct", 0.0), p99)
                if Path(_NGINX).exists():
                    port = stack.enter_context(_nginx(Path(folder), server.port))
                    row, p99 = _row(port, server, _client(one))
                    table.rows.append(["behind nginx", workers, name, *row])
                    worst["behind nginx"] = max(worst.get("behind nginx", 0.0), p99)
    words = f"p99 at most {_BOUND_MS} ms at {RATE} requests a second with cached keys"
    return table, [promise(f"{words}, {way}", p99 <= _BOUND_MS, f"{p99:.1f} ms") for way, p99 in worst.items()]


def _row(port: int, server: _Server | None, request: bytes) -> tuple[list[float | None], float]:
    as_many_as_go(port, request, _WARM, _CLIENTS)
    before = server.cpu() if server else 0.0
    full = as_many_as_go(port, request, _SECONDS, _CLIENTS)
    cpu = (server.cpu() - before) / len(full.each) * 1e6 if server else None
    even = at_a_rate(port, request, _AT_RATE_SECONDS, RATE)
    if full.refused or even.refused:
        raise SystemExit(f"{full.refused + even.refused} requests of the benchmark were refused")
    return [full.rate, full.ms(0.5), full.ms(0.99), cpu, even.ms(0.5), even.ms(0.99)], even.ms(0.99)


def _cost_table(samples: dict[str, Sample]) -> Table:
    table = Table(
        "What a request costs: µs of CPU in one process, without HTTP",
        ["algorithm", "core's verify", "policy decides", "application answers", "over the core, µs"],
        note="verify: with the key read already and the same expectations. The application: with metrics and without a log.",
    )
    for name, one in samples.items():
        timings = compare(_calls(one))
        verify, decided, answered = (timings[what].microseconds for what in ("verify", "decide", "answer"))
        table.rows.append([name, verify, decided, answered, answered - verify])
    return table


def _calls(one: Sample) -> dict[str, Call]:
    """The same token judged by the core, by a policy, and by the application that a proxy asks."""
    policy = gateway.read_policy(json.dumps(_policy(one)))
    at, keys = int(time.time()), tokens.read_keys(one.public)
    expect = tokens.Expectations((one.algorithm,), one.claims["iss"], AUDIENCE, None, "none")
    asked = gateway.Request("GET", "/orders/1?page=2", tuple(gateway.Header(*header) for header in _headers(one)))
    proxy = [("X-Original-Method", "GET"), ("X-Original-URI", "/orders/1?page=2")]
    lines = [*proxy, *_headers(one)]
    application = _application(policy)
    return {
        "verify": lambda: tokens.verify(one.token, keys, at=at, expect=expect).accepted,
        "decide": lambda: gateway.decide(policy, asked, {}, at).allowed,
        "answer": lambda: application.hear(of_lines("GET", "/auth", lines, "127.0.0.1"), time.monotonic(), None),
    }


def _application(policy: gateway.Policy) -> ForwardAuth:
    def nothing(*_: object) -> Any:
        raise AssertionError("the policy has its keys")

    metrics = Metrics(1)
    return ForwardAuth(Gate(policy, KeyStore(policy, {}, nothing, 300.0, nothing)), Options(), metrics, metrics.tally(0), DecisionLog(None))


def _policy(one: Sample) -> dict[str, Any]:
    """As one is met: some routes, scopes and three headers."""
    keys = {"pem": one.public, "algorithms": [one.algorithm]}
    return {
        "issuers": [{"issuer": one.claims["iss"], "audience": AUDIENCE, "keys": [keys]}],
        "routes": [
            {"prefix": "/public", "access": "anyone"},
            {"prefix": "/admin", "roles": {"all": ["admin"]}},
            {"prefix": "/orders", "methods": ["POST"], "scopes": {"all": ["orders:write"]}},
            {"prefix": "/orders", "scopes": {"all": ["orders:read"]}},
        ],
        "upstream": {"X-User": "sub", "X-Issuer": "iss", "X-Scope": "scope"},
    }


def _headers(one: Sample) -> list[tuple[str, str]]:
    """What a browser sends beside its token."""
    return [
        ("Host", "api.example"),
        ("Authorization", f"Bearer {one.token}"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        ("Accept", "application/json"),
        ("Accept-Language", "en-US,en;q=0.5"),
        ("Accept-Encoding", "gzip, deflate, br"),
    ]


def _asking(one: Sample) -> bytes:
    """The request of a proxy."""
    lines = [("X-Original-Method", "GET"), ("X-Original-URI", "/orders/1?page=2"), *_headers(one)]
    return _written("/auth", lines)


def _client(one: Sample) -> bytes:
    """The request of a client behind nginx."""
    return _written("/orders/1?page=2", _headers(one))


def _written(target: str, headers: list[tuple[str, str]]) -> bytes:
    return "\r\n".join([f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]).encode()


@contextmanager
def _gateway(folder: Path, one: Sample, workers: int) -> Iterator[_Server]:
    """Run `jwtlens gateway` on a free port; its log goes where nobody reads it, but is written."""
    policy = folder / "policy.json"
    policy.write_text(json.dumps(_policy(one)), "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JWTLENS_")}
    command = [sys.executable, "-m", "app", "gateway", "--policy", str(policy), "--port", "0", "--workers", str(workers)]
    with subprocess.Popen(
        [*command, "--log", str(folder / "log")], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr
            words = process.stderr.readline().split()
            if not words or not words[-1].endswith("/auth"):
                raise SystemExit("jwtlens gateway does not start")
            port = int(words[-1].removesuffix("/auth").rpartition(":")[2])
            _wait(port)
            yield _Server(process.pid, port)
        finally:
            process.terminate()


@contextmanager
def _nginx(folder: Path, auth: int | None) -> Iterator[int]:
    """Run nginx with one worker and a page of its own, open or behind the server at the port *auth*."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    guard = _GUARD.format(auth=auth) if auth else ""
    (folder / "nginx.conf").write_text(
        _CONFIGURATION.format(folder=folder, port=port, guard=guard, upstream=_UPSTREAM.format(auth=auth) if auth else ""), "utf-8"
    )
    with subprocess.Popen([_NGINX, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"], stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)


_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000;
  {upstream}
  server {{
    listen 127.0.0.1:{port};
    location /open {{ return 200 "ok"; }}
    {guard}
    location @page {{ return 200 "ok"; }}
  }}
}}
"""
_UPSTREAM = "upstream jwtlens {{ server 127.0.0.1:{auth}; keepalive 32; keepalive_requests 1000000; }}"
# `return` answers before auth_request is asked; try_files comes after it.
_GUARD = """
    location / {{ auth_request /_auth; try_files /nothing @page; }}
    location = /_auth {{
      internal;
      proxy_pass http://jwtlens/auth;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header X-Original-Method $request_method;
      proxy_set_header X-Original-URI $request_uri;
    }}
"""


def _wait(port: int) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise SystemExit("a server of the benchmark does not listen") from None
            time.sleep(0.02)
