"""The server as its operator runs it: real processes, real sockets, real signals."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.gateway.gate import GOOD, document
from tests.tokens.keyring import make, private, public_jwk

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 20


@dataclass
class Running:
    """A server: its first process, where it listens, and what it wrote."""

    process: subprocess.Popen[str]
    port: int
    policy: Path
    out: Path
    err: Path

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def ask(self, text: str | None = None, line: str = "GET /orders", connection: http.client.HTTPConnection | None = None) -> int:
        """Ask as nginx does."""
        used = connection or self.connect()
        method, target = line.split(" ", 1)
        headers = {"X-Original-Method": method, "X-Original-URI": target} | ({"Authorization": f"Bearer {text}"} if text else {})
        used.request("GET", "/auth", headers=headers)
        answer = used.getresponse()
        assert answer.read() == b""
        if connection is None:
            used.close()
        return answer.status

    def page(self, path: str) -> tuple[int, str]:
        connection = self.connect()
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def metric(self, name: str) -> float:
        return next(float(line.split()[-1]) for line in self.page("/metrics")[1].splitlines() if line.startswith(f"jwtlens_gateway_{name}"))

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def reloaded(self) -> int:
        """How often a worker has taken another policy."""
        return self.err.read_text("utf-8").count("the policy is read anew and in use")

    def write(self, policy: object) -> None:
        self.policy.write_text(json.dumps(policy), "utf-8")

    def hang_up(self) -> None:
        self.process.send_signal(signal.SIGHUP)


def until(true: Any, seconds: float = SECONDS) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.02)


@contextmanager
def running(folder: Path, policy: object, *arguments: str, **variables: str) -> Iterator[Running]:
    """Run `jwtlens gateway` on a free port."""
    files = [folder / name for name in ("policy.json", "out", "err")]
    files[0].write_text(json.dumps(policy), "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JWTLENS_")} | variables
    command = [sys.executable, "-m", "app", "gateway", "--policy", str(files[0]), "--port", "0", *arguments]
    with (
        files[1].open("wb") as out,
        files[2].open("wb") as err,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=err, text=True) as process,
    ):
        try:
            until(lambda: "/auth" in files[2].read_text("utf-8") or process.poll() is not None)
            said = files[2].read_text("utf-8").splitlines()[0]
            assert said.startswith("jwtlens answers at http://127.0.0.1:"), said
            server = Running(process, int(said.rpartition(":")[2].removesuffix("/auth")), *files)
            until(lambda: server.page("/healthz")[0] == 200)
            yield server
        finally:
            children = psutil.Process(process.pid).children() if process.poll() is None else []
            process.kill()
            psutil.wait_procs(children, timeout=SECONDS)


def token(kid: str = "one", **claims: Any) -> str:
    now = int(time.time())
    return make({"alg": "RS256", "kid": kid}, json.dumps(GOOD | {"iat": now, "exp": now + 3600} | claims), alg="RS256")


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("alone"), document(upstream={"X-User": "sub"})) as server:
        yield server


def raw(server: Running, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_it_answers_and_logs_on_standard_output(alone):
    assert alone.ask(token()) == 200
    assert alone.ask() == 401
    until(lambda: len(alone.out.read_text("ascii").splitlines()) >= 2)
    told = [json.loads(line) for line in alone.out.read_text("ascii").splitlines()]
    assert {(one["status"], one["rule"]) for one in told} >= {(200, None), (401, "token")}


def test_a_connection_stays_open_behind_a_denial(alone):
    connection = alone.connect()
    assert alone.ask(None, "GET /orders", connection) == 401
    there = connection.sock
    assert alone.ask(token(), "GET /orders", connection) == 200
    assert connection.sock is there
    connection.close()


GOOD_LINES = b"X-Original-Method: GET\r\nX-Original-URI: /orders\r\n"


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        pytest.param(b"X-Original-URI: /orders\r\n", b"403", id="the address twice"),
        pytest.param(b"X_Original_URI: /orders\r\n", b"403", id="an underscore"),
        pytest.param(b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n", b"403", id="two tokens"),
        pytest.param(b"X-User: a\r\nX-User: b\r\n", b"401", id="two of a header that is set"),
        pytest.param(b"X-User : a\r\n", b"403", id="a space before the colon"),
        pytest.param(b"X-A: b\r\n c\r\n", b"403", id="a folded header"),
        pytest.param(b"X-A: b\0c\r\n", b"403", id="NUL"),
        pytest.param(b"X-A: b\nX-Original-URI: /x\r\n", b"403", id="a bare line feed"),
        pytest.param(b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", b"403", id="two lengths"),
        pytest.param(b"Authorization: Bearer " + b"a" * 60_000 + b"\r\n", b"403", id="a header that is too long"),
        pytest.param(b"X-A: b\r\n" * 120, b"403", id="too many headers"),
    ],
)
def test_what_is_read_in_two_ways_is_denied_before_it_is_joined(alone, lines, status):
    answer = raw(alone, b"GET /auth HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + GOOD_LINES + lines + b"\r\n")
    assert answer.split(b" ", 2)[1] == status
    head, _, body = answer.partition(b"\r\n\r\n")
    assert body == b""
    assert b"no-store" in head


def test_no_memory_of_it_is_written_to_a_disk(alone):
    assert psutil.Process(alone.process.pid).rlimit(psutil.RLIMIT_CORE) == (0, 0)


def test_a_long_token_is_judged(alone):
    assert alone.ask(token(note="x" * 9000)) == 200
    assert alone.ask(token(note="x" * 13_000)) == 401  # longer than a token may be, and judged all the same


def test_the_policy_is_read_anew_under_load_and_no_request_is_dropped(tmp_path):
    """Allowed before and after; in between each answer is of the one policy or of the other, and all come."""
    open_to_all, with_token = document([{"prefix": "/", "access": "anyone"}]), document()
    seen: list[int] = []
    stop = threading.Event()
    with running(tmp_path, open_to_all, "--log", "off") as server:

        def load() -> None:
            connection = server.connect()
            while not stop.is_set():
                seen.append(server.ask(None, "GET /orders", connection))
            connection.close()

        threads = [threading.Thread(target=load) for _ in range(3)]
        for one in threads:
            one.start()
        for number, policy in enumerate((with_token, open_to_all, with_token), 1):
            until(lambda number=number: len(seen) > 20 * number)
            server.write(policy)
            server.hang_up()
            until(lambda number=number: server.metric('reloads_total{outcome="taken"}') == number)
        assert server.ask() == 401
        server.write({"routes": "canary"})
        server.hang_up()
        until(lambda: server.metric('reloads_total{outcome="kept_old"}') == 1)
        stop.set()
        for one in threads:
            one.join()
        assert server.ask() == 401
        assert server.ask(token()) == 200
        said = server.err.read_text("utf-8")
    assert len(seen) > 50
    assert set(seen) == {200, 401}
    assert "the policy that is in use stays in use: the policy cannot be used: routes: there is a string" in said
    assert "canary" not in said


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_that_comes_as_soon_as_it_says_where_it_answers_is_heard(tmp_path, number):
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(document()), "utf-8")
    command = [sys.executable, "-m", "app", "gateway", "--policy", str(policy), "--port", "0", "--log", "off"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert "answers" in process.stderr.readline()
        process.send_signal(number)
        if number == signal.SIGHUP:
            assert "read anew" in process.stderr.readline()
            process.terminate()
        assert process.wait(SECONDS) == 0


def test_sigterm_finishes_what_was_begun(tmp_path):
    with running(tmp_path, document()) as server:
        connection = server.connect()
        connection.putrequest("GET", "/auth")
        connection.putheader("X-Original-Method", "GET")
        connection.putheader("X-Original-URI", "/orders")
        connection.putheader("Authorization", f"Bearer {token()}")
        connection.endheaders()
        server.process.terminate()
        with connection.getresponse() as answer:
            assert answer.status == 200
        connection.close()
        assert server.process.wait(SECONDS) == 0
        assert json.loads(server.out.read_text("ascii"))["status"] == 200


def test_a_policy_that_is_read_anew_counts_once_for_all_workers(tmp_path):
    with running(tmp_path, document(), "--workers", "2", "--log", "off") as server:
        until(lambda: len(server.workers()) == 2)
        server.hang_up()
        until(lambda: server.reloaded() == 2)
        server.write({"routes": 1})
        server.hang_up()
        until(lambda: server.metric('reloads_total{outcome="kept_old"}') == 1)
        assert server.metric('reloads_total{outcome="taken"}') == 1
        assert server.reloaded() == 2


def test_a_worker_that_is_killed_is_replaced_and_the_others_answer(tmp_path):
    with running(tmp_path, document(), "--workers", "2", "--log", str(tmp_path / "log")) as server:
        until(lambda: len(server.workers()) == 2)
        before = server.workers()
        assert server.ask(token()) == 200
        before[0].kill()
        for _ in range(20):
            assert server.ask(token()) == 200
        until(lambda: len(server.workers()) == 2 and before[0] not in server.workers())
        assert server.metric("workers_started_total") == 3
        assert "warning: a worker ended with signal 9, and another takes its place" in server.err.read_text("utf-8")
        assert server.metric("decisions_total") >= 21  # whichever worker is asked
        server.write(document([{"prefix": "/", "access": "anyone"}]))
        server.hang_up()
        until(lambda: server.reloaded() == 2)
        assert {server.ask() for _ in range(10)} == {200}
        workers = server.workers()
        server.process.terminate()
        assert server.process.wait(SECONDS) == 0
        assert not any(worker.is_running() for worker in workers)
    lines = (tmp_path / "log").read_text("ascii").splitlines()
    assert len([json.loads(line) for line in lines]) >= 30  # the killed one may have had a line in hand
    assert (tmp_path / "log").stat().st_mode & 0o007 == 0


def test_a_worker_that_takes_anothers_place_begins_with_the_policy_that_is_in_use(tmp_path):
    with running(tmp_path, document(), "--workers", "2", "--log", "off") as server:
        until(lambda: len(server.workers()) == 2)
        with_token, open_to_all = document([{"prefix": "/orders"}]), document([{"prefix": "/", "access": "anyone"}])
        server.write(with_token)
        server.hang_up()
        until(lambda: server.reloaded() == 2)
        # Half written, then written and not asked for: neither is in use.
        for text in ("{", json.dumps(open_to_all)):
            server.policy.write_text(text, "utf-8")
            before = server.workers()
            for worker in before:
                worker.kill()
            until(lambda before=before: len(server.workers()) == 2 and not set(before) & set(server.workers()))
            until(lambda: server.page("/healthz")[0] == 200)
            assert {(server.ask(), server.ask(token()), server.ask(token(), "GET /other")) for _ in range(5)} == {(401, 200, 403)}
        server.hang_up()
        until(lambda: server.reloaded() == 4)
        assert {server.ask() for _ in range(5)} == {200}


def test_workers_do_not_outlive_the_first_process(tmp_path):
    with running(tmp_path, document(), "--workers", "2") as server:
        until(lambda: len(server.workers()) == 2)
        workers = server.workers()
        server.process.kill()
        server.process.wait(SECONDS)
        until(lambda: all(not one.is_running() or one.status() == psutil.STATUS_ZOMBIE for one in workers))


class _Keys(BaseHTTPRequestHandler):
    ready = threading.Event()
    ready.set()

    def do_GET(self) -> None:
        self.ready.wait(SECONDS)
        body = json.dumps({"keys": [public_jwk(private("RS256"), kid="one")]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def key_server(port: int) -> Iterator[int]:
    """Serve a key set on *port*; give the port."""
    keys = ThreadingHTTPServer(("127.0.0.1", port), _Keys)
    thread = threading.Thread(target=keys.serve_forever, args=[0.05])
    thread.start()
    try:
        yield keys.server_address[1]
    finally:
        keys.shutdown()
        thread.join()
        keys.server_close()


def fetching(port: int) -> tuple[dict[str, Any], dict[str, str]]:
    """A policy whose keys are at *port*, and the settings that let them be fetched from there."""
    place = f"http://127.0.0.1:{port}"
    keys = {"keys": [{"jwks_url": f"{place}/jwks.json", "algorithms": ["RS256"]}]}
    routes = [{"prefix": "/public", "access": "anyone"}, {"prefix": "/"}]
    return document(routes, issuer=keys), {"JWTLENS_FETCH_HOSTS": place, "JWTLENS_FETCH_NETWORKS": "127.0.0.0/8"}


def test_a_key_server_that_is_down_denies_and_keys_that_are_here_outlive_it(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    policy, settings = fetching(port)
    with running(tmp_path, policy, "--refresh", "10", **settings) as server:
        until(lambda: "no new keys from" in server.err.read_text("utf-8"))
        assert server.ask(token()) == 403
        assert server.page("/readyz")[0] == 503
        with key_server(port):
            server.hang_up()  # reading the policy anew asks at once
            until(lambda: server.page("/readyz")[0] == 200)
            assert server.ask(token()) == 200
        server.hang_up()
        until(lambda: server.metric('reloads_total{outcome="taken"}') == 2)
        assert server.ask(token()) == 200
        assert server.ask(token("unknown")) == 401
        assert 0 <= server.metric("keys_age_seconds{") < SECONDS


def test_requests_that_wait_for_a_key_hold_no_others_up(tmp_path):
    _Keys.ready.clear()
    statuses: list[int] = []
    with key_server(0) as port:
        policy, settings = fetching(port)
        with running(tmp_path, policy, **settings) as server:
            text = token()
            threads = [threading.Thread(target=lambda: statuses.append(server.ask(text))) for _ in range(8)]
            for one in threads:
                one.start()
            began = time.monotonic()
            for _ in range(10):
                assert server.ask(None, "GET /public/x") == 200
            assert time.monotonic() - began < 3  # one after the other, they would wait for more than five seconds
            _Keys.ready.set()
            for one in threads:
                one.join()
            assert set(statuses) <= {200, 403}
            until(lambda: server.page("/readyz")[0] == 200)
            assert server.ask(token()) == 200


def test_a_key_server_that_is_not_allowed_is_not_asked(tmp_path):
    policy = document(issuer={"keys": [{"jwks_url": "http://127.0.0.1:9/jwks.json", "algorithms": ["RS256"]}]})
    with running(tmp_path, policy) as server:
        until(lambda: "no new keys from" in server.err.read_text("utf-8"))
        assert "anyone on the way could put in a key" in server.err.read_text("utf-8")
        assert server.ask(token()) == 403


def test_a_key_that_is_not_given_is_told_and_denies(tmp_path):
    policy = document(issuer={"keys": [{"secret": "orders", "algorithms": ["HS256"]}]})
    with running(tmp_path, policy) as server:
        assert 'warning: the policy names the key "orders", which is not given: the tokens for it are denied' in server.err.read_text(
            "utf-8"
        )
        assert server.page("/readyz")[0] == 503
        command = [sys.executable, "-m", "app", "gateway", "--policy", str(server.policy), "--port", str(server.port)]
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
        assert (second.returncode, second.stderr.splitlines()[0]) == (2, "jwtlens: error: the port is in use")


def test_a_stopped_process_allows_nothing_and_goes_on_afterwards(tmp_path):
    with running(tmp_path, document()) as server:
        server.process.send_signal(signal.SIGSTOP)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=1.5)
        try:
            with pytest.raises(TimeoutError):
                server.ask(token(), "GET /orders", connection)
        finally:
            server.process.send_signal(signal.SIGCONT)
        connection.close()
        assert server.ask(token()) == 200
