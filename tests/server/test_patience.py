"""How long a client may take, and that the others do not notice."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from waitress import wasyncore

from app.server import Channel, Server, discreet

SECONDS = 10
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"


def plain(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def large(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Length", str(16_000_000))])
    return [b"x" * 16_000_000]


@contextmanager
def serving(application: Any, **options: Any) -> Iterator[Server]:
    discreet()
    server = Server(application, **options)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(SECONDS)
        assert not thread.is_alive()


def connections(server: Server) -> int:
    return sum(isinstance(entry, Channel) for entry in list(server.sockets.values()))


def lived(port: int, begin: bytes, drip: Callable[[int], bytes], most: float = 6.0) -> float:
    """Send *begin* and then a little every tenth of a second; say when the server closed."""
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection.sendall(begin)
            connection.settimeout(0.1)
            for turn in range(int(most * 10)):
                connection.sendall(drip(turn))
                try:
                    if not connection.recv(1000):
                        break
                except TimeoutError:
                    continue
        except OSError:
            pass
    return time.monotonic() - start


@pytest.mark.parametrize(
    ("begin", "drip"),
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\n", lambda turn: b"X-%d: y\r\n" % turn, id="headers, one by one"),
        pytest.param(
            b"", lambda turn: b"GET / HTTP/1.1\r\n"[turn % 16 : turn % 16 + 1] if turn < 14 else b"1", id="a line, letter by letter"
        ),
        pytest.param(HEAD, lambda _: b"x", id="a body, byte by byte"),
    ],
)
def test_a_request_that_does_not_end_is_cut(begin: bytes, drip: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.server.channel.REQUEST_SECONDS", 1.0)
    with serving(plain) as server:
        assert 0.9 < lived(server.port, begin, drip) < 4


def test_a_second_request_has_its_own_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.server.channel.REQUEST_SECONDS", 1.0)
    with serving(plain) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
        for _ in range(3):
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"ok"
            time.sleep(1.1)
        connection.close()


def test_a_client_that_does_not_read_is_cut(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.server.channel.ANSWER_SECONDS", 1.0)
    with serving(large) as server, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(SECONDS)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        read, turns = len(connection.recv(100)), 0
        # A little now and then is activity to waitress, and would keep it for days.
        while connections(server) and turns < 60:
            read += len(connection.recv(2000))
            turns += 1
            time.sleep(0.1)
        assert 5 < turns < 60
        assert read < 200_000


def test_a_connection_over_which_nothing_comes_is_closed():
    with serving(plain, channel_timeout=1) as server:
        assert lived(server.port, b"", lambda _: b"") < 5


def test_others_are_answered_while_many_are_slow():
    with serving(plain) as server:
        slow = [socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS) for _ in range(100)]
        for number, connection in enumerate(slow):
            connection.sendall(HEAD if number % 2 else b"GET / HTTP/1.1\r\n")
        each = []
        for _ in range(20):
            start = time.monotonic()
            other = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
            other.request("GET", "/")
            assert other.getresponse().read() == b"ok"
            other.close()
            each.append(time.monotonic() - start)
        for connection in slow:
            connection.close()
    assert sorted(each)[10] < 0.1


def test_it_listens_on_sockets_that_are_bound_already():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    discreet()
    server = Server(plain, sockets=[listener])
    assert server.port == listener.getsockname()[1]
    thread = threading.Thread(target=server.run)
    thread.start()
    server.stop()
    thread.join(SECONDS)


def test_what_waits_in_the_sockets_is_answered_though_others_hang_up_meanwhile():
    discreet()
    server = Server(plain)
    with ExitStack() as opened:

        def connected() -> socket.socket:
            return opened.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS))

        leaving = connected()
        while not connections(server):
            wasyncore.loop(timeout=1.0, use_poll=True, map=server.sockets, count=1)
        waiting = [connected() for _ in range(5)]
        for connection in waiting:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        # Seen in the turn that accepts the first of them: there are as many connections after it as before.
        leaving.close()
        server.stop()
        server.run()
        assert [connection.recv(1000)[:12] for connection in waiting] == [b"HTTP/1.1 200"] * 5
