"""A real Apache on loopback with mod_auth_openidc: one virtual host for each policy, and an API behind it that repeats what it got."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from app.gateway import read_policy
from app.gateway.exports.apache import FOLDER, GATEWAY
from app.gateway.exports.asking import API
from tests.gateway.table import Row
from tests.tokens.keyring import NOW

MODULES = Path("/usr/lib/apache2/modules")
_LOADED = ("mpm_event", "authn_core", "authz_core", "authz_user", "headers", "proxy", "proxy_http", "socache_shmcb", "auth_openidc")
_MAIN = """
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/httpd.pid
ErrorLog {folder}/error.log
LogLevel crit
ServerName localhost
StartServers 1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16
OIDCCacheShmMax 128
{modules}
{sites}
"""
_SITE = """
Listen 127.0.0.1:{port}
<VirtualHost 127.0.0.1:{port}>
{text}
</VirtualHost>
"""


class Reply(NamedTuple):
    """What a client gets; *reached* are the lines that the API got, or nothing."""

    status: int
    headers: Mapping[str, str]
    reached: tuple[str, ...]


class _Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = f"{self.requestline}\n{self.headers}".encode()
        self.send_response(200)
        self.send_header("X-Reached", "api")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.do_GET
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def check(policy: Mapping[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    """Let the real program read the export of *policy*."""
    return _apache(folder, [policy], [1], 2, "-t")


def _apache(folder: Path, policies: list[Mapping[str, Any]], ports: list[int], api: int, *more: str) -> subprocess.CompletedProcess[str]:
    sites = ""
    for port, policy in zip(ports, policies, strict=True):
        (folder / str(port)).mkdir(exist_ok=True)
        first, *keys = GATEWAY.export(read_policy(json.dumps(policy))).files
        for key in keys:
            (folder / str(port) / key.name).write_text(key.text)
        sites += _SITE.format(port=port, text=first.text.replace(FOLDER, str(folder / str(port))).replace(API, f"127.0.0.1:{api}"))
    modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in _LOADED)
    (folder / "httpd.conf").write_text(_MAIN.format(folder=folder, modules=modules, sites=sites))
    command = ["apache2", "-d", str(folder), "-f", str(folder / "httpd.conf"), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, env=_environment())


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in taken]


@contextlib.contextmanager
def running(policies: list[Mapping[str, Any]], folder: Path) -> Iterator[list[int]]:
    """The ports, one for each of *policies*."""
    with _api() as api:
        ports = _free_ports(len(policies))
        checked = _apache(folder, policies, ports, api, "-t")
        assert checked.returncode == 0, checked.stderr
        command = ["apache2", "-d", str(folder), "-f", str(folder / "httpd.conf"), "-DFOREGROUND"]
        server = subprocess.Popen(command, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for(ports[-1])
            yield ports
        finally:
            server.terminate()
            server.wait(timeout=20)


@contextlib.contextmanager
def _api() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Api)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _environment() -> dict[str, str]:
    return os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin"}


def _wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("Apache does not start")


def ask(port: int, text: str) -> Reply:
    """The reply to a request, sent to the letter: no library puts its path in order."""
    head, _, body = text.partition("\n\n")
    first, *headers = head.split("\n")
    more = [] if any(line.lower().startswith("host:") for line in headers) else ["Host: api.test"]
    more += [f"Content-Length: {len(body.encode())}"] if body else []
    lines = [
        f"{first} HTTP/1.1",
        *headers,
        *more,
        *([] if any(line.lower().startswith("connection:") for line in headers) else ["Connection: close"]),
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "", body]).encode())
        connection.settimeout(10)
        raw = b""
        while not _is_whole(raw, head=first.startswith("HEAD ")):
            more_bytes = connection.recv(65536)
            if not more_bytes:
                break
            raw += more_bytes
    top, _, content = raw.decode("latin-1").partition("\r\n\r\n")
    status, *fields = top.split("\r\n")
    told = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in fields)}
    return Reply(int(status.split()[1]), told, tuple(content.splitlines()) if "x-reached" in told else ())


def _is_whole(raw: bytes, *, head: bool) -> bool:
    top, blank, content = raw.partition(b"\r\n\r\n")
    if not blank:
        return False
    lengths = [int(line.partition(b":")[2]) for line in top.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return head or (bool(lengths) and len(content) >= lengths[0])


def as_of(row: Row, at: int) -> Row:
    """*row* with the times of its token moved from the tests' own time to *at*: Apache has a clock."""
    claims = {"iat": NOW, "exp": NOW + 600} | dict(row.token.claims)
    moved = {name: value + at - NOW if _is_time(name, value) else value for name, value in claims.items()}
    return replace(row, token=replace(row.token, claims=moved))


def _is_time(name: str, value: object) -> bool:
    return name in ("iat", "exp", "nbf") and type(value) in (int, float) and abs(value - NOW) < 10**7  # type: ignore[operator]
