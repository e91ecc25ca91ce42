"""The command line as a person runs it: real processes, real sockets, real signals."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.health import url
from app.server import Server, discreet, listeners
from app.web.security import HEADERS, MAX_BODY

ROOT = Path(__file__).resolve().parent.parent
JWTLENS = (sys.executable, "-m", "app")
SECONDS = 20
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("JWTLENS_")} | more


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*JWTLENS, *arguments], cwd=ROOT, env=environment(**more), capture_output=True, text=True, timeout=SECONDS)


@contextmanager
def serving(*arguments: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a server on a free port; give the process and the address it says it listens on."""
    command = [*JWTLENS, "serve", "--port", "0", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(**more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("jwtlens listens on http://"), process.communicate(timeout=SECONDS)
            yield process, line.split()[-1].removeprefix("http://")
        finally:
            process.kill()


def ask(address: str, path: str = "/healthz", method: str = "GET", **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(address, timeout=SECONDS)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


def raw(address: str, request: bytes) -> str:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=SECONDS) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


# Starting ---------------------------------------------------------------------------------------------------------


def test_it_listens_before_it_says_so():
    with serving() as (_, address):
        assert address.startswith("127.0.0.1:")
        assert not address.endswith(":0")
        assert ask(address) == (200, "ok")


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_an_ipv6_address_is_written_in_brackets():
    with serving("--host", "::1") as (_, address):
        assert address.startswith("[::1]:")
        assert ask(address) == (200, "ok")


def test_a_name_listens_on_every_address_it_stands_for():
    with serving("--host", "localhost") as (_, address):
        port = address.rpartition(":")[2]
        found = {str(target[0]) for *_, target in socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)}
        for name in found if has_ipv6() else {"127.0.0.1"}:
            assert ask(url(name, int(port)).removeprefix("http://")) == (200, "ok")


def test_an_address_that_is_listed_twice_is_taken_once(monkeypatch: pytest.MonkeyPatch):
    row = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))
    monkeypatch.setattr("app.server.listening.socket.getaddrinfo", lambda *_, **__: [row, row])
    bound = listeners("localhost", 0)
    assert len(bound) == 1
    bound[0].close()


def test_an_option_wins_over_the_environment():
    with serving("--host", "127.0.0.1", JWTLENS_HOST="0.0.0.0", JWTLENS_PORT="1") as (_, address):
        assert address.startswith("127.0.0.1:")


def test_it_opens_the_browser_once_it_listens(tmp_path: Path):
    note = tmp_path / "note"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {note}.part && mv {note}.part {note}\n')
    browser.chmod(0o755)
    with serving("--open", BROWSER=str(browser)) as (_, address):
        end = time.monotonic() + SECONDS
        while not note.exists() and time.monotonic() < end:
            time.sleep(0.02)
        assert note.read_text().strip() == f"http://{address}"


# Stopping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly(number: signal.Signals):
    with serving() as (process, address):
        idle = http.client.HTTPConnection(address, timeout=SECONDS)
        idle.request("GET", "/healthz")
        assert idle.getresponse().read() == b"ok"
        began = time.monotonic()
        process.send_signal(number)
        rest, errors = process.communicate(timeout=SECONDS)
        assert (process.returncode, rest, errors) == (0, "", "")
        assert time.monotonic() - began < 3, "a connection that is kept open but idle holds it up"
        idle.close()


class Slow:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.released = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked.set()
        self.released.wait(SECONDS)
        start_response("200 OK", [("Content-Length", "8")])
        return [b"finished"]


@contextmanager
def running(application: Any) -> Iterator[tuple[Server, threading.Thread, str]]:
    server = Server(application, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server, thread, f"127.0.0.1:{server.port}"
    finally:
        server.stop()
        thread.join(SECONDS)
        assert not thread.is_alive()


def wait_until_closed(address: str) -> None:
    host, _, port = address.rpartition(":")
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            socket.create_connection((host, int(port)), timeout=SECONDS).close()
        except OSError:
            return
        time.sleep(0.01)
    pytest.fail("it still takes connections")


def test_a_request_in_flight_is_finished():
    slow, answers = Slow(), []
    with running(slow) as (server, thread, address):
        client = threading.Thread(target=lambda: answers.append(ask(address)))
        client.start()
        assert slow.asked.wait(SECONDS)
        server.stop()
        wait_until_closed(address)
        slow.released.set()
        client.join(SECONDS)
        thread.join(SECONDS)
    assert answers == [(200, "finished")]


def test_a_request_that_is_still_arriving_is_answered():
    slow = Slow()
    slow.released.set()
    with running(slow) as (server, _, address):
        host, _, port = address.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=SECONDS) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nabc")
            server.stop()
            wait_until_closed(address)
            time.sleep(0.2)
            connection.sendall(b"def")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_a_request_that_never_ends_does_not_hold_the_server(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("app.server.loop.DRAIN_SECONDS", 0.2)
    slow = Slow()
    with running(slow) as (server, thread, address):
        host, _, port = address.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=SECONDS) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert slow.asked.wait(SECONDS)
            server.stop()
            thread.join(5)
            assert not thread.is_alive()
            slow.released.set()


# Discretion -------------------------------------------------------------------------------------------------------

GARBAGE = {
    "no HTTP": b"canary\r\n\r\n",
    "bad header": b"GET / HTTP/1.1\r\nHost: localhost\r\ncanary\r\n\r\n",
    "bad length": b"POST /canary HTTP/1.1\r\nHost: localhost\r\nContent-Length: canary\r\n\r\n",
    "bad encoding": b"POST /canary HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: canary\r\n\r\n",
    "huge header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"canary" * 4000 + b"\r\n\r\n",
    "huge body": b"POST /canary HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (4 * MAX_BODY),
    "wrong host": b"GET /canary HTTP/1.0\r\nHost: canary\r\n\r\n",
    "two hosts": b"GET /canary HTTP/1.0\r\nHost: localhost\r\nHost: canary\r\n\r\n",
    "cross site": b"POST /canary HTTP/1.0\r\nHost: localhost\r\nOrigin: http://canary\r\n\r\n",
    "too large": b"POST /canary HTTP/1.0\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1) + b"x" * (MAX_BODY + 1),
    "not there": b"GET /canary?canary=canary HTTP/1.0\r\nHost: localhost\r\nUser-Agent: canary\r\n\r\n",
}
STATUSES = {
    "bad encoding": 501,
    "huge header": 431,
    "huge body": 413,
    "wrong host": 421,
    "cross site": 403,
    "too large": 413,
    "not there": 404,
}


def test_no_answer_is_without_its_headers_and_nothing_is_repeated_or_logged():
    with serving() as (process, address):
        for kind, request in GARBAGE.items():
            head, _, body = raw(address, request).partition("\r\n\r\n")
            lines = head.lower().split("\r\n")
            assert lines[0].split()[1] == str(STATUSES.get(kind, 400)), kind
            for name, value in HEADERS.items():
                assert f"{name}: {value}".lower() in lines, kind
            assert "cache-control: no-store, no-transform" in lines, kind
            assert sum(line.startswith("content-security-policy: default-src 'none'") for line in lines) == 1, kind
            assert not [line for line in lines if line.startswith("server:")], kind
            assert "canary" not in head, kind
            assert "canary" not in body, kind
            assert "waitress" not in body, kind
        process.terminate()
        assert process.communicate(timeout=SECONDS) == ("", "")


def test_an_api_client_is_refused_in_json_even_by_the_server_itself():
    with serving() as (_, address):
        answer = raw(address, b"POST /api/v1/decode HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (4 * MAX_BODY))
        assert answer.startswith("HTTP/1.1 413 ")
        assert '{"error": {"code": "body_too_large"' in answer


@pytest.mark.parametrize("size", [MAX_BODY + 1, 8 * MAX_BODY])
def test_a_program_that_sends_too_much_gets_an_answer_and_not_a_reset(size: int):
    with serving() as (_, address):
        connection = http.client.HTTPConnection(address, timeout=SECONDS)
        connection.request("POST", "/api/v1/decode", b"x" * size, {"Content-Type": "application/json"})
        response = connection.getresponse()
        assert response.status == 413
        assert b"body_too_large" in response.read()
        connection.close()


def test_an_exception_is_named_and_never_quoted(capfd: pytest.CaptureFixture[str]):
    def broken(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise ValueError("canary")

    discreet()
    with running(broken) as (_, _, address):
        status, text = ask(address, "/canary")
    logged = capfd.readouterr().err
    assert status == 500
    assert "canary" not in text + logged
    assert logged.startswith("jwtlens: error: no answer could be made: ValueError at ")
    assert f"{Path(__file__).name}:" in logged


# Refusing to start ------------------------------------------------------------------------------------------------


def test_a_port_in_use_is_said_in_two_lines():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "jwtlens: error: the port is in use",
        "jwtlens: hint: stop the other program, or choose another port with --port",
    ]


@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        (["serve", "--port", "65536"], {}, "the port is not a number from 0 to 65535"),
        (["serve", "--host", "http://x"], {}, "the host is neither a name nor an address"),
        (["serve", "--host", "203.0.113.1"], {}, "this machine does not have that address"),
        (["serve", "--prot", "1"], {}, "no such option"),
        (["serv"], {}, "no such command 'serv'"),
        (["serve"], {"JWTLENS_PROT": "1"}, "JWTLENS_PROT is not a setting"),
        (["healthcheck"], {"JWTLENS_PORT": "x"}, "JWTLENS_PORT: the port is not a number from 0 to 65535"),
    ],
)
def test_it_refuses_in_its_own_voice(
    arguments: list[str],
    variables: dict[str, str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main(arguments) == 2
    output = capsys.readouterr()
    first, second = output.err.splitlines()
    assert output.out == ""
    assert first.startswith(f"jwtlens: error: {sentence}")
    assert second.startswith("jwtlens: hint: ")
    assert not second.endswith(".")


def test_help_names_what_there_is(capsys: pytest.CaptureFixture[str]):
    assert main(["--help"]) == 0
    assert "serve" in capsys.readouterr().out
    assert main([]) == 2
    assert "serve" in capsys.readouterr().err


def test_it_knows_its_version(capsys: pytest.CaptureFixture[str]):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"jwtlens {VERSION}\n"


# Health -----------------------------------------------------------------------------------------------------------


def test_a_server_is_well_until_it_is_gone():
    with serving() as (process, address):
        port = address.rpartition(":")[2]
        well = run("healthcheck", JWTLENS_PORT=port)
        assert (well.returncode, well.stdout) == (0, "ok\n")
        process.terminate()
        process.wait(SECONDS)
        gone = run("healthcheck", JWTLENS_PORT=port)
        assert gone.returncode == 1
        assert gone.stderr.startswith("jwtlens: error: the server does not answer\n")
