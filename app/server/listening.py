"""The sockets a server listens on, or why it cannot."""

from __future__ import annotations

import errno
import socket
from typing import Any

Listener = socket.socket


class CannotServe(Exception):
    """Say why the server does not start."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


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
