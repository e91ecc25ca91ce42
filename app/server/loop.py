"""The loop that answers until it is told to stop, and then finishes what was begun."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.server import TcpWSGIServer, create_server

from app.server.channel import Channel, late
from app.server.listening import Listener, listeners
from app.server.memory import settle
from app.settings import Network
from app.web.security import MAX_BODY

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

DRAIN_SECONDS = 5.0
# What waits in the sockets when it is to stop; more than that is a flood.
_MOST_TAKEN_IN = 1024
# How often it looks for clients whose time is up.
_LOOK_SECONDS = 1.0

OPTIONS: dict[str, Any] = {
    # More than all who may wait at once for a key that is made or fetched, so that some are left to read tokens.
    "threads": 16,
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
    """Waitress with a loop of our own, because its own one drops the requests in flight and lets slow clients stay."""

    def __init__(
        self,
        wsgi_app: WSGIApplication,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        sockets: Sequence[Listener] | None = None,
        proxies: Sequence[Network] = (),
        **options: Any,
    ) -> None:
        """Listen on *host* and *port*, or on *sockets* that are bound already; *proxies* are believed about TLS; *options* win over OPTIONS."""
        # Before there are threads: each would have its heap by then.
        settle()
        self.sockets: dict[int, Any] = {}
        bound = list(sockets) if sockets else listeners(host, port)
        self.port: int = bound[0].getsockname()[1]
        create_server(wsgi_app, map=self.sockets, sockets=bound, **OPTIONS | options)
        self.doors = [entry for entry in self.sockets.values() if isinstance(entry, TcpWSGIServer)]
        for door in self.doors:
            door.channel_class = Channel
            door.proxies = proxies
        self.stopping = False
        self.looked = 0.0

    def stop(self, *_: object) -> None:
        """Begin to stop; safe in a signal handler, from another thread, and twice."""
        if not self.stopping:
            self.stopping = True
            self.doors[0].pull_trigger()

    def run(self) -> None:
        """Answer until stopped, then finish what was begun."""
        while not self.stopping:
            self._turn(1.0)
        self._take_in()
        for door in self.doors:
            # Not door.close(): that ends the trigger, which the threads still pull.
            wasyncore.dispatcher.close(door)
        end = time.monotonic() + DRAIN_SECONDS
        while self._is_busy() and time.monotonic() < end:
            self._turn(0.1)
        self.doors[0].task_dispatcher.shutdown(timeout=0.5)
        wasyncore.close_all(self.sockets, ignore_all=True)

    def _take_in(self) -> None:
        """Accept and read what has come already: it would be reset with its connection. One is accepted a turn."""
        for _ in range(_MOST_TAKEN_IN):
            # Not how many there are: another may close in the same turn.
            before = set(self._channels())
            self._turn(0.0)
            if before.issuperset(self._channels()):
                break
        self._turn(0.0)

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self.sockets, count=1)
        if time.monotonic() - self.looked > _LOOK_SECONDS:
            self.looked = time.monotonic()
            for channel in late(self._channels()):
                channel.cut()

    def _channels(self) -> list[Channel]:
        return [entry for entry in self.sockets.values() if isinstance(entry, Channel)]

    def _is_busy(self) -> bool:
        channels = self._channels()
        for channel in channels:
            if not channel.is_busy():
                channel.handle_close()
        return any(channel.connected for channel in channels)
