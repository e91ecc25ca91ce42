"""The loop that answers until it is told to stop, and then finishes what was begun."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.server import TcpWSGIServer, create_server

from app.server.channel import Channel
from app.server.listening import listeners
from app.web.security import MAX_BODY

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
