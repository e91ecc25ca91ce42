"""Whatever breaks beside a real proxy: nobody gets through because of it, and all is well again afterwards."""

import contextlib
import http.server
import json
import signal
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.proxies import gate, harness
from tests.proxies.gate import ELSEWHERE, bearer
from tests.proxies.harness import STARTS, Reply, Stack
from tests.tokens.keyring import private, public_jwk

ASKED: tuple[tuple[str, ...], ...] = (("GET /orders", bearer()), ("GET /public/x",), ("POST /orders", bearer(scope="orders:write")))


def all_are_denied(stack: Stack) -> list[int]:
    """Ask for what is allowed at other times, all at once; give the statuses."""
    before = len(stack.api.seen)
    with ThreadPoolExecutor(len(ASKED)) as clients:
        replies = list(clients.map(lambda one: stack.ask(*one)[0], ASKED))
    assert stack.api.seen[before:] == []
    assert [reply.is_of_api for reply in replies] == [False] * len(ASKED)
    return [reply.status for reply in replies]


def all_is_well(stack: Stack) -> bool:
    return [stack.ask(*one)[0].status for one in ASKED] == [200] * len(ASKED)


@contextlib.contextmanager
def without_judge(stack: Stack) -> Iterator[None]:
    stack.judge.kill()
    try:
        yield
    finally:
        stack.judge.start()


# What each answers to its client then; that it denies is what counts, and this is what their reader looks for in a log.
GONE = {"nginx": 500, "caddy": 502, "haproxy-lua": 503}


def test_killed_in_the_middle_of_its_work(stack: Stack):
    assert all_is_well(stack)
    with without_judge(stack):
        assert all_are_denied(stack) == [GONE[stack.name]] * len(ASKED)
    assert all_is_well(stack)


def test_hanging(stack: Stack):
    stack.judge.signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert all(status >= 400 for status in all_are_denied(stack))
        assert time.monotonic() - began < 5
    finally:
        stack.judge.signal(signal.SIGCONT)
    assert all_is_well(stack)


ANSWERS = {
    "500": b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\nfail",
    "503": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    "404": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    "302": b"HTTP/1.1 302 Found\r\nLocation: /public/x\r\nContent-Length: 0\r\n\r\n",
    "a status of none": b"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n",
    "a status that is no number": b"HTTP/1.1 2OO OK\r\nContent-Length: 0\r\n\r\n",
    "go on, and no more": b"HTTP/1.1 100 Continue\r\n\r\n",
    "cut in the status": b"HTTP/1.1 20",
    "cut in a header": b"HTTP/1.1 200 OK\r\nX-User: adm",
    "cut behind a header": b"HTTP/1.1 200 OK\r\nX-User: admin\r\n",
    "a header that never ends": b"HTTP/1.1 200 OK\r\nX-User: " + b"a" * 4_000_000,
    "no HTTP": b"\x15\x03\x01\x00\x02\x02\x16",
    "nothing": b"",
}


class Fake(socketserver.ThreadingTCPServer):
    """Answers in the place of jwtlens, whatever it is asked."""

    allow_reuse_address = daemon_threads = True
    answer = b""


class _Handler(socketserver.BaseRequestHandler):
    server: Fake

    def handle(self) -> None:
        self.request.settimeout(harness.SECONDS)
        with contextlib.suppress(OSError):
            self.request.recv(65536)
            self.request.sendall(self.server.answer)


def test_answering_nonsense(stack: Stack):
    with without_judge(stack), Fake(("127.0.0.1", stack.judge.port), _Handler) as fake:
        threading.Thread(target=fake.serve_forever, args=(0.02,), daemon=True).start()
        try:
            for name, answer in ANSWERS.items():
                fake.answer = answer
                assert not any(200 <= status < 300 for status in all_are_denied(stack)), name
        finally:
            fake.shutdown()
    assert all_is_well(stack)


# Keys that are elsewhere -------------------------------------------------------------------------------------------


class _KeyServer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"keys": [public_jwk(private("ES256"), kid="one")]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def key_server(port: int) -> Iterator[None]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), _KeyServer) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


def eventually(ask: Callable[[], Reply], status: int) -> bool:
    until = time.monotonic() + harness.SECONDS
    while time.monotonic() < until:
        if ask().status == status:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("name", STARTS)
def test_without_the_key_server_the_keys_stay_and_a_new_kid_is_denied(name: str, tmp_path: Path):
    port = harness.free_port()
    url = f"http://127.0.0.1:{port}/keys.json"
    known = bearer(alg="ES256", iss=ELSEWHERE)
    unknown = (bearer(alg="ES256", iss=ELSEWHERE, header={"kid": "two"}, which=1), bearer(alg="ES256", iss=ELSEWHERE, which=1))
    allowed = {"JWTLENS_FETCH_HOSTS": f"http://127.0.0.1:{port}", "JWTLENS_FETCH_NETWORKS": "127.0.0.0/8"}
    with harness.stack(tmp_path, name, gate.policy(key_server=url), gate.document(url), **allowed) as stack:
        # Not there yet: tokens of that issuer are denied, those of the other are not.
        reply, seen = stack.ask("GET /orders", known)
        assert (reply.status, seen) == (403 if name == "nginx" else 503, [])
        assert stack.ask("GET /orders", bearer())[0].status == 200
        with key_server(port):
            stack.judge.kill()
            stack.judge.start()
            assert eventually(lambda: stack.ask("GET /orders", known)[0], 200)
        for one in unknown:
            reply, seen = stack.ask("GET /orders", one)
            assert (reply.status, seen) == (401, [])
        assert stack.ask("GET /orders", known)[0].status == 200


# HAProxy goes on when a script breaks, so what stands before the script must deny ---------------------------------


_STATUS = "if answer.status == 200 then"
BROKEN = {
    "an error before it asks": ("local headers = {", "error('broken') local headers = {"),
    "an error behind it": (_STATUS, f"error('broken') {_STATUS}"),
    "another type than it thinks": (_STATUS, "if answer.status.x == 200 then"),
    "nothing is said": (_STATUS, "if nil then"),
}


def test_a_script_that_breaks_opens_nothing(tmp_path: Path):
    with harness.stack(tmp_path, "haproxy-lua", gate.policy(), gate.document()) as stack:
        script = tmp_path / "jwtlens.lua"
        whole = script.read_text()
        for name, (old, new) in BROKEN.items():
            assert whole.count(old) == 1
            script.write_text(whole.replace(old, new))
            stack.proxy.kill()
            stack.proxy.start()
            assert set(all_are_denied(stack)) == {403}, name
