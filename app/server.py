"""The composition root: the one place where the web room meets its server."""

from __future__ import annotations

import errno
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer, create_server
from waitress.task import ErrorTask

from app.settings import Settings
from app.web import create_app
from app.web.assets import AssetsMissing
from app.web.security import MAX_BODY, REFUSALS, render, with_headers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

DRAIN_SECONDS = 5.0

OPTIONS: dict[str, Any] = {
    "threads": 8,
    "connection_limit": 1000,
    "channel_timeout": 20,
    "cleanup_interval": 1,
    # Above the limit of the app, so that its own words answer a body that is a little too large.
    "max_request_body_size": 2 * MAX_BODY,
    "max_request_header_size": 16_384,
    # Above everything that is taken or answered: a body that overflows them is written to the disk.
    "inbuf_overflow": 4 * MAX_BODY,
    "outbuf_overflow": 64 * MAX_BODY,
    "ident": None,
    "clear_untrusted_proxy_headers": True,
    "log_socket_errors": False,
    "expose_tracebacks": False,
    "asyncore_use_poll": True,
}


class CannotServe(Exception):
    """Say why the server does not start."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Refused(ErrorTask):
    """An answer that waitress makes itself, in our words and with our headers."""

    def execute(self) -> None:
        rows = {row.status.value: row for row in REFUSALS.values()}
        refusal = rows.get(self.request.error.code, REFUSALS["bad_request"])
        as_json = getattr(self.request, "path", "").startswith("/api/")
        self.status, headers, body = render(refusal, as_json=as_json)
        self.response_headers.extend(with_headers(headers, "http"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.channel.refused = True
        self.write(body)


class Channel(HTTPChannel):
    """A connection that reads a refused body to its end: closed at once, it would be reset and our answer lost."""

    error_task_class = Refused
    refused = False
    lingering = False

    def handle_close(self) -> None:
        if not self.refused or self.lingering:
            super().handle_close()
            return
        # Bounded by channel_timeout: what arrives from now on does not count as activity.
        self.lingering, self.will_close = True, False
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def handle_read(self) -> None:
        if self.lingering:
            with suppress(OSError):
                self.recv(self.adj.recv_bytes)
        else:
            super().handle_read()

    def is_busy(self) -> bool:
        # In this order: a thread appends its answer before it takes the request off the list.
        return bool(self.requests) or self.total_outbufs_len > 0


class DiscreetLog(logging.Handler):
    """Write which exception came from where; its text and the path may hold a token."""

    def emit(self, record: logging.LogRecord) -> None:
        kind, _, trace = record.exc_info or (None, None, None)
        if kind is None:
            return
        while trace and trace.tb_next:
            trace = trace.tb_next
        where = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
        print(f"jwtlens: error: no answer could be made: {kind.__name__}{where}", file=sys.stderr, flush=True)


def discreet() -> None:
    """Let waitress log nothing but what DiscreetLog writes."""
    log = logging.getLogger("waitress")
    log.handlers, log.propagate = [DiscreetLog()], False


# What the operating system says, and what to do about it.
_WHY = {
    errno.EADDRINUSE: ("the port is in use", "stop the other program, or choose another port with --port"),
    errno.EACCES: ("the port is reserved for the administrator", "choose a port above 1023 with --port"),
    errno.EADDRNOTAVAIL: ("this machine does not have that address", "use 127.0.0.1, ::1 or 0.0.0.0"),
}


def _bind(family: int, address: tuple[Any, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def listeners(host: str, port: int) -> list[socket.socket]:
    """Bind every address that *host* stands for, all with one port."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise CannotServe("the host has no address", "use 127.0.0.1, ::1 or localhost") from None
    bound: list[socket.socket] = []
    failures: list[OSError] = []
    # Not every hosts file is tidy: an address that is listed twice would find its own port in use.
    for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
        chosen = bound[0].getsockname()[1] if bound else port
        try:
            bound.append(_bind(family, (address[0], chosen, *address[2:])))
        except OSError as error:
            failures.append(error)
    # A name may stand for an address of a kind this machine lacks; a port in use is never passed over.
    if not bound or any(error.errno == errno.EADDRINUSE for error in failures):
        for listener in bound:
            listener.close()
        fallback = ("the address cannot be used", "choose another one with --host and --port")
        raise CannotServe(*_WHY.get(failures[0].errno or 0, fallback))
    return bound


class Server:
    """Waitress with a loop of our own, because its own one drops the requests in flight."""

    def __init__(self, wsgi_app: WSGIApplication, host: str, port: int) -> None:
        self.sockets: dict[int, Any] = {}
        bound = listeners(host, port)
        self.port: int = bound[0].getsockname()[1]
        create_server(wsgi_app, map=self.sockets, sockets=bound, **OPTIONS)
        self.doors = [entry for entry in self.sockets.values() if isinstance(entry, TcpWSGIServer)]
        for door in self.doors:
            door.channel_class = Channel
        self.stopping = False

    def stop(self, *_: object) -> None:
        """Begin to stop; safe in a signal handler, from another thread, and twice."""
        if not self.stopping:
            self.stopping = True
            self.doors[0].pull_trigger()

    def run(self) -> None:
        """Answer until stopped, then finish what was begun."""
        while not self.stopping:
            self._turn(1.0)
        for door in self.doors:
            # Not door.close(): that ends the trigger, which the threads still pull.
            wasyncore.dispatcher.close(door)
        end = time.monotonic() + DRAIN_SECONDS
        while self._is_busy() and time.monotonic() < end:
            self._turn(0.1)
        self.doors[0].task_dispatcher.shutdown(timeout=0.5)
        wasyncore.close_all(self.sockets, ignore_all=True)

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self.sockets, count=1)

    def _is_busy(self) -> bool:
        channels = [entry for entry in self.sockets.values() if isinstance(entry, Channel)]
        for channel in channels:
            if not channel.is_busy():
                channel.handle_close()
        return any(channel.connected for channel in channels)


def serve(settings: Settings, announce: Callable[[int], None]) -> None:
    """Listen, tell *announce* the port, and answer until SIGTERM or Ctrl-C."""
    discreet()
    try:
        app = create_app(settings)
    except AssetsMissing as error:
        raise CannotServe(str(error), error.hint) from None
    server = Server(app, settings.host, settings.port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)
    announce(server.port)
    server.run()
