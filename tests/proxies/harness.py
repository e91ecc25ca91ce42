"""A real proxy between a client and an API on loopback; the API writes down every request that gets through to it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from app.gateway import Policy
from app.gateway.exports import GATEWAYS
from app.gateway.exports.asking import API, JWTLENS, PORT

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 10
Headers = list[tuple[str, str]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("JWTLENS_")} | more


# The API -----------------------------------------------------------------------------------------------------------


@dataclass
class Seen:
    """A request that reached the API: each header as it came, the body whole, and what came behind a chunked one."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""
    trailers: Headers = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        """What a program gets that knows headers as variables, so that X_User is X-User to it."""
        return [value for one, value in self.headers if _variable(one) == _variable(name)]


def _variable(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name.lower())


class _Cut(Exception):
    """The other side ended in the middle of a request."""


class _Connection(socketserver.StreamRequestHandler):
    """One request; read by hand, because a library would already leave out or join what the tests look for."""

    server: Api
    timeout = SECONDS

    def handle(self) -> None:
        # What is cut off on the way was seen all the same.
        with contextlib.suppress(OSError, _Cut):
            line = self.rfile.readline()
            if line.strip():
                self._answer(line.decode("latin-1").split())

    def _answer(self, line: list[str]) -> None:
        seen = Seen(line[0], line[1], self._headers())
        self.server.seen.append(seen)
        named = {name.lower(): value for name, value in seen.headers}
        if "chunked" in named.get("transfer-encoding", "").lower():
            while size := self._size():
                seen.body += self.rfile.read(size)
                self.rfile.readline()
            seen.trailers = self._headers()
        else:
            seen.body = self.rfile.read(int(named.get("content-length", 0)))
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nX-Api: reached\r\nConnection: close\r\n\r\nreached")

    def _size(self) -> int:
        line = self.rfile.readline()
        if not line:
            raise _Cut
        return int(line.split(b";")[0], 16)

    def _headers(self) -> Headers:
        found = []
        while (line := self.rfile.readline().decode("latin-1").rstrip("\r\n")) != "":
            name, _, value = line.partition(":")
            found.append((name, value.strip(" \t")))
        return found


class Api(socketserver.ThreadingTCPServer):
    """What stands behind the proxy. It knows no token and answers everybody."""

    allow_reuse_address = daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.seen: list[Seen] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def close(self) -> None:
        self.shutdown()
        self.server_close()


# The client --------------------------------------------------------------------------------------------------------


class Reply(NamedTuple):
    status: int
    headers: Headers
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for one, value in self.headers if one.lower() == name.lower()]

    @property
    def is_of_api(self) -> bool:
        return bool(self.values("X-Api"))


def send(port: int, data: bytes) -> Reply:
    """Send *data* as it is, and read one answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.sendall(data)
        stream = connection.makefile("rb")
        line = stream.readline()
        while line.startswith(b"HTTP/1.1 100"):
            while stream.readline().strip():
                pass
            line = stream.readline()
        if not line:
            return Reply(0, [], b"")
        headers: Headers = []
        while (one := stream.readline().decode("latin-1").rstrip("\r\n")) != "":
            name, _, value = one.partition(":")
            headers.append((name, value.strip()))
        reply = Reply(int(line.split()[1]), headers, b"")
        length = reply.values("Content-Length")
        return reply._replace(body=stream.read(int(length[0])) if length else stream.read() if reply.status not in (204, 304) else b"")


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """The bytes of a request as they are written here, with Host and Connection unless they are given."""
    names = [header.partition(":")[0].lower() for header in headers]
    more = [header for name, header in (("host", "Host: api.test"), ("connection", "Connection: close")) if name not in names]
    if body and "transfer-encoding" not in names:
        more.append(f"Content-Length: {len(body)}")
    return "\r\n".join([f"{line} HTTP/1.1", *more, *headers, "", ""]).encode("latin-1") + body


# The programs ------------------------------------------------------------------------------------------------------


class Program:
    """A process that listens, until it is stopped."""

    def __init__(self, command: list[str], port: int, folder: Path, **more: str) -> None:
        self.command, self.port, self.folder, self.more = command, port, folder, more
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # Into a file: nobody would empty a pipe.
        with (self.folder / f"{Path(self.command[0]).name}.log").open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=self.folder, env=environment(**self.more), stdout=log, stderr=log)
        self._wait()

    def _wait(self) -> None:
        assert self.process
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        self.kill()
        raise AssertionError(f"{self.command[0]} does not listen: " + (self.folder / f"{Path(self.command[0]).name}.log").read_text())

    def kill(self) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(SECONDS)
            self.process = None

    def signal(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)


def judge(folder: Path, name: str, policy: Policy, file: Path, **more: str) -> Program:
    """`jwtlens gateway` as the notes of the export for *name* say that it is started."""
    port = free_port()
    (told,) = (note.partition(": ")[2] for note in GATEWAYS[name].export(policy).notes if note.startswith("Start jwtlens"))
    words = [str(file) if word == "policy.json" else word for word in told.split()]
    assert words[:2] == ["jwtlens", "gateway"]
    command = [sys.executable, "-m", "app", *words[1:], "--port", str(port), "--log", "off"]
    return Program(command, port, folder, PYTHONPATH=str(ROOT), **more)


def _nginx(folder: Path) -> list[str]:
    text = f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr; events {{}} http {{ access_log off; "
    temporary = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(f"{text}{temporary}include {folder}/jwtlens.conf; }}")
    return ["nginx", "-e", "stderr", "-c", f"{folder}/nginx.conf"]


def _caddy(folder: Path) -> list[str]:
    file = folder / "Caddyfile"
    file.write_text("{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\n" + file.read_text())
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(file)]


STARTS: Mapping[str, Any] = {"nginx": _nginx, "caddy": _caddy, "haproxy-lua": lambda folder: ["haproxy", "-f", "haproxy.cfg"]}


def proxy(folder: Path, name: str, policy: Policy, judge_port: int, api_port: int) -> Program:
    """The gateway *name* with its export, in which only the addresses are others."""
    port = free_port()
    addresses = {JWTLENS: f"127.0.0.1:{judge_port}", API: f"127.0.0.1:{api_port}"}
    listening = {
        f"listen {PORT};": f"listen 127.0.0.1:{port};",
        f"bind :{PORT}": f"bind 127.0.0.1:{port}",
        f"\n:{PORT} {{": f"\n:{port} {{",
    }
    for file in GATEWAYS[name].export(policy).files:
        text = file.text
        for old, new in (addresses | listening).items():
            text = text.replace(old, new)
        (folder / file.name).write_text(text)
    return Program(STARTS[name](folder), port, folder, HOME=str(folder), XDG_DATA_HOME=str(folder), XDG_CONFIG_HOME=str(folder))


@dataclass
class Stack:
    """Client → proxy → API, with jwtlens beside the proxy."""

    name: str
    proxy: Program
    judge: Program
    api: Api

    def send(self, data: bytes) -> tuple[Reply, list[Seen]]:
        """What the client gets, and what the API saw meanwhile."""
        before = len(self.api.seen)
        reply = send(self.proxy.port, data)
        return reply, self.api.seen[before:]

    def ask(self, line: str, *headers: str, body: bytes = b"") -> tuple[Reply, list[Seen]]:
        return self.send(request(line, *headers, body=body))


@contextlib.contextmanager
def stack(folder: Path, name: str, policy: Policy, document: str, **more: str) -> Iterator[Stack]:
    """Start everything for the policy that *document* holds."""
    (folder / "policy.json").write_text(document)
    api = Api()
    beside = judge(folder, name, policy, folder / "policy.json", **more)
    front = proxy(folder, name, policy, beside.port, api.port)
    try:
        beside.start()
        front.start()
        yield Stack(name, front, beside, api)
    finally:
        front.kill()
        beside.kill()
        api.close()
