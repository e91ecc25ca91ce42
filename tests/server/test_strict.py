"""Raw requests over a real socket: each is answered once, and what stands behind a refused one is never a request."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from app.server import Server, discreet
from app.settings import read_networks
from app.web.security import MAX_BODY, TRANSPORT
from tests.server.vectors import SMUGGLED, VECTORS, Vector

SECONDS = 10


class Recorder:
    """An application that remembers what reached it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.asked.append((environ["PATH_INFO"], environ["wsgi.input"].read()))
        start_response("404 Not Found" if environ["PATH_INFO"] == "/missing" else "200 OK", [("Content-Length", "2")])
        return [b"ok"]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Recorder, int]]:
    discreet()
    recorder = Recorder()
    server = Server(recorder)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield recorder, server.port
    server.stop()
    thread.join(SECONDS)


def exchange(port: int, *parts: bytes, half_close: bool = False) -> bytes:
    """Send *parts* and read until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


LAST = b"GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_each_is_answered_once_and_nothing_is_smuggled(vector: Vector, served: tuple[Recorder, int]):
    recorder, port = served
    recorder.asked.clear()
    answer = exchange(port, vector.sent + (LAST if vector.is_taken else SMUGGLED))
    paths = [path for path, _ in recorder.asked]
    if vector.is_taken:
        assert statuses(answer) == [200, 200]
        assert paths == ["/first", "/last"]
    else:
        assert statuses(answer) == [vector.status], "one answer, and then the connection is closed"
        assert b"connection: close" in answer.lower()
        assert paths == []


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_it_decides_the_same_when_the_bytes_come_in_pieces(vector: Vector, served: tuple[Recorder, int]):
    recorder, port = served
    recorder.asked.clear()
    sent = vector.sent + LAST if vector.is_taken else vector.sent
    # Cut at every place that a rule looks at, and not at 300,000.
    cuts = [0, *range(1, min(len(sent), 70)), len(sent)]
    pieces = [sent[one:next_one] for one, next_one in pairwise(cuts)]
    try:
        answer = exchange(port, *pieces)
    except (BrokenPipeError, ConnectionResetError):
        pytest.fail("the answer was lost")
    assert statuses(answer)[0] == vector.status
    assert len(statuses(answer)) == (2 if vector.is_taken else 1)


def test_the_vectors_are_at_least_those_that_were_measured():
    assert len({vector.name for vector in VECTORS}) == len(VECTORS)
    assert len([vector for vector in VECTORS if not vector.is_taken]) >= 41


def test_a_body_is_taken_as_it_was_sent(served: tuple[Recorder, int]):
    recorder, port = served
    recorder.asked.clear()
    body = b"\x00\r\n\r\nGET / HTTP/1.1\n \x7f"
    exchange(port, b"POST /first HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body + LAST)
    assert recorder.asked == [("/first", body), ("/last", b"")]


def test_after_any_refusal_of_the_application_the_connection_is_closed(served: tuple[Recorder, int]):
    recorder, port = served
    recorder.asked.clear()
    answer = exchange(port, b"GET /missing HTTP/1.1\r\nHost: localhost\r\n\r\n" + SMUGGLED)
    assert statuses(answer) == [404]
    assert b"\r\nConnection: close\r\n" in answer
    assert [path for path, _ in recorder.asked] == ["/missing"]


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(served: tuple[Recorder, int]):
    recorder, port = served
    recorder.asked.clear()
    head = b"POST /first HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.sendall(head)
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert statuses(b"".join(iter(lambda: connection.recv(65536), b""))) == [200]
    assert recorder.asked == [("/first", b"abc")]


def test_a_client_that_asks_before_it_sends_too_much_is_refused_at_once(served: tuple[Recorder, int]):
    recorder, port = served
    recorder.asked.clear()
    head = f"POST /first HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")
    assert recorder.asked == []


@pytest.mark.parametrize(
    ("believed", "said", "has_it"), [("127.0.0.1", "https", True), ("127.0.0.1", "http", False), ("10.0.0.1", "https", False)]
)
def test_what_is_refused_before_the_application_says_that_it_stays_tls(believed: str, said: str, has_it: bool):
    server = Server(Recorder(), proxies=read_networks(believed), clear_untrusted_proxy_headers=False)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        answer = exchange(
            server.port, f"POST / HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: {said}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
    finally:
        server.stop()
        thread.join(SECONDS)
    assert statuses(answer) == [411]
    assert (f"Strict-Transport-Security: {TRANSPORT}".encode() in answer) is has_it


def test_a_refusal_to_head_has_no_body(served: tuple[Recorder, int]):
    _, port = served
    head, _, body = exchange(port, b"HEAD /first HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 411 ")
    assert body == b""


def test_a_fault_of_the_reader_is_told_without_its_text_and_costs_one_connection(
    served: tuple[Recorder, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def broken(lines: list[bytes]) -> dict[bytes, bytes]:
        raise KeyError(lines)

    _, port = served
    with monkeypatch.context() as patched:
        patched.setattr("app.server.strict._fields", broken)
        assert exchange(port, b"GET /first HTTP/1.1\r\nHost: canary\r\n\r\n") == b""
    assert statuses(exchange(port, LAST)) == [200]
    said = capsys.readouterr().err
    assert "KeyError at " in said
    assert "canary" not in said
