"""One request over one connection to an address that was checked. This is the only file that opens a connection.

Written on the standard library, and not on `microsoft-antissrf`: that brings requests, urllib3, idna and certifi, limits neither
size nor time nor ports, adds a header of its own, sends a Host without its port and reads HTTP_PROXY, and each of these would
have to be undone here. Its list of addresses is the oracle of the tests.
"""

from __future__ import annotations

import io
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import cast

from app.keyfetch.addresses import Network, why_not
from app.keyfetch.refusals import refuse
from app.keyfetch.urls import Target
from app.tokens.findings import quoted

Resolver = Callable[[str, int], Sequence[str]]

MAX_SECONDS = 5.0
MAX_BYTES = 262_144
_LOOKUP_SECONDS = 2.0
_CONNECT_SECONDS = 2.0
_MOST_ADDRESSES = 16
# Status line, headers and the sizes of chunks come on top of the body.
_MOST_RAW_BYTES = MAX_BYTES + 65_536
# A lookup cannot be broken off, only left behind; this many may hang at once.
_LOOKUPS = threading.BoundedSemaphore(8)


class Deadline:
    """The moment at which all of a fetch, with every request in it, must be over."""

    def __init__(self, seconds: float = MAX_SECONDS) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self, most: float = MAX_SECONDS) -> float:
        """The seconds that remain, at most *most*; raises TimeoutError when none do."""
        left = min(self._end - time.monotonic(), most)
        if left <= 0:
            raise TimeoutError
        return left


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


def look_up(host: str, port: int) -> list[str]:
    """The addresses of *host*, as the machine's resolver tells them."""
    # As bytes: Python would put text through an old IDNA, which has opinions of its own.
    found = socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def addresses_of(target: Target, resolver: Resolver, networks: Iterable[Network], deadline: Deadline) -> list[str]:
    """Look *target* up, once. Every address must be allowed: of a mixed answer none is used."""
    found = [target.host] if target.is_address else _in_time(target, resolver, deadline)
    for address in found:
        if what := why_not(address, networks):
            host = "The URL" if target.is_address else target.host
            raise refuse("not_public", host=host, address=quoted(address), what=what)
    return list(dict.fromkeys(found))[:_MOST_ADDRESSES]


def _in_time(target: Target, resolver: Resolver, deadline: Deadline) -> Sequence[str]:
    results: queue.SimpleQueue[Sequence[str]] = queue.SimpleQueue()

    def work() -> None:
        found: Sequence[str] = ()
        try:
            with suppress(OSError, UnicodeError):
                found = resolver(target.host, target.port)
        finally:
            _LOOKUPS.release()
            results.put(found)

    if not _LOOKUPS.acquire(blocking=False):
        raise refuse("busy")
    threading.Thread(target=work, name="lookup", daemon=True).start()
    try:
        found = results.get(timeout=deadline.left(_LOOKUP_SECONDS))
    except (queue.Empty, TimeoutError):
        raise refuse("dns_slow", host=target.host, seconds=f"{min(_LOOKUP_SECONDS, deadline.seconds):g}") from None
    if not found:
        raise refuse("dns_failed", host=target.host)
    return found


def get(target: Target, addresses: Sequence[str], context: ssl.SSLContext, deadline: Deadline) -> Answer:
    """Ask *target* at one of its checked *addresses*, within *deadline*; raises NotFetched."""
    try:
        with _connect(target, addresses, deadline) as plain, _secure(plain, target, context, deadline) as connection:
            connection.settimeout(deadline.left())
            connection.sendall(_request(target))
            return _read(connection, target, deadline)
    except TimeoutError:
        raise refuse("too_slow", host=target.host, seconds=f"{deadline.seconds:g}") from None
    except _TooLarge:
        raise refuse("too_large", host=target.host, limit=f"{MAX_BYTES:,}") from None
    except (OSError, IncompleteRead):
        raise refuse("broken_off", host=target.host) from None
    except (HTTPException, ValueError):
        raise refuse("not_http", host=target.host) from None


def _connect(target: Target, addresses: Sequence[str], deadline: Deadline) -> socket.socket:
    for address in addresses:
        seconds = deadline.left(_CONNECT_SECONDS)
        with suppress(OSError):
            return _dial(address, target.port, seconds)
    deadline.left()
    raise refuse("refused", host=target.host, port=target.port)


def _dial(address: str, port: int, seconds: float) -> socket.socket:
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        # An address, never the name: nothing is looked up a second time.
        connection.connect((address, port))
    except BaseException:
        connection.close()
        raise
    return connection


def _secure(plain: socket.socket, target: Target, context: ssl.SSLContext, deadline: Deadline) -> socket.socket:
    if target.scheme == "http":
        return plain
    plain.settimeout(deadline.left())
    try:
        # The certificate must be for the name that was typed, though the connection goes to an address.
        return context.wrap_socket(plain, server_hostname=target.host, suppress_ragged_eofs=False)
    except ssl.SSLCertVerificationError as error:
        raise refuse(_TLS.get(error.verify_code, "tls_unknown"), host=target.host) from None
    except ssl.SSLError:
        raise refuse("tls_failed", host=target.host) from None
    except (TimeoutError, ConnectionError):
        raise
    except (OSError, ValueError):
        raise refuse("tls_failed", host=target.host) from None


# X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_TLS = {10: "tls_expired", 62: "tls_name", 64: "tls_name"}


def _request(target: Target) -> bytes:
    lines = (
        f"GET {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        "Accept: application/jwk-set+json, application/json;q=0.9, */*;q=0.1",
        "Accept-Encoding: identity",
        "User-Agent: jwtlens",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")


class _TooLarge(Exception):
    """More bytes came than any answer may have."""


class _Timed(io.RawIOBase):
    """What a connection sends, each read with the time that is left: a drip cannot outlast the deadline."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._connection.settimeout(self._deadline.left())
        count = self._connection.recv_into(buffer)
        self._count += count
        if self._count > _MOST_RAW_BYTES:
            raise _TooLarge
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What http.client asks of a socket."""
        return io.BufferedReader(self)


def _read(connection: socket.socket, target: Target, deadline: Deadline) -> Answer:
    response = HTTPResponse(cast(socket.socket, _Timed(connection, deadline)), method="GET")
    response.begin()
    status = response.status
    if 300 <= status < 400:
        # Where it leads, without the path: that is the other server's text.
        found = re.match(r"https?://[A-Za-z0-9.\-\[\]:]{1,100}", response.headers.get("Location", ""))
        raise refuse("redirect", host=target.host, status=status, to=f" to {found.group()}" if found else "")
    if status != 200:
        raise refuse("status", host=target.host, status=status)
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise refuse("encoded", host=target.host, encoding=quoted(encoding, 20))
    if response.length is not None and response.length > MAX_BYTES:
        raise _TooLarge
    body = response.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise _TooLarge
    # http.client takes a connection that was closed early for the end of the body.
    if response.length:
        raise ConnectionError
    return Answer(status, body)
