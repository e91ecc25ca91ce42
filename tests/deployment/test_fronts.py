"""The shipped nginx and Caddy configurations, run by the real programs before real copies."""

from __future__ import annotations

import http.client
import json
import shutil
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.web.security import HEADERS, MAX_BODY, TRANSPORT, UNSTORED
from tests.deployment.running import NAME, SECONDS, Copy, Front, caddy, copies, nginx

FRONTS: dict[str, Callable[..., AbstractContextManager[Front]]] = {"nginx": nginx, "caddy": caddy}
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
CANARY = "canary-of-the-front"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"


@dataclass(frozen=True, slots=True)
class Site:
    front: Front
    copies: list[Copy]
    folder: Path
    name: str


@pytest.fixture(scope="module", params=FRONTS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if shutil.which(request.param) is None and not Path("/usr/sbin/nginx").exists():
        pytest.fail(f"{request.param} is not installed: make proxies installs it", pytrace=False)
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as stack:
        two = stack.enter_context(copies(2))
        front = stack.enter_context(FRONTS[request.param](folder, [one.port for one in two]))
        yield Site(front, two, folder, request.param)


def test_the_page_and_the_api_are_there(site: Site):
    page = site.front.ask("/")
    assert page.status == 200
    assert "<title>" in page.text
    answer = site.front.ask("/api/v1/decode", "POST", json.dumps({"token": TOKEN}).encode(), Content_Type="application/json")
    assert json.loads(answer.text)["payload"] == {"sub": "a"}


def test_plain_http_is_sent_to_tls_on_the_same_host(site: Site):
    connection = http.client.HTTPConnection("127.0.0.1", site.front.http, timeout=SECONDS)
    connection.request("GET", "/learn", headers={"Host": NAME})
    answer = connection.getresponse()
    connection.close()
    assert answer.status in {301, 308}
    # Caddy names the port that it was told here in place of 443.
    assert answer.headers["Location"].replace(f":{site.front.https}", "") == f"https://{NAME}/learn"
    assert answer.headers["Strict-Transport-Security"] is None


@pytest.mark.parametrize("path", ["/", "/api/v1/decode", "/nowhere", "/healthz"])
def test_every_answer_over_tls_says_that_it_stays_so(site: Site, path: str):
    assert site.front.ask(path).headers.get_all("Strict-Transport-Security") == [TRANSPORT]


def test_a_copy_says_so_only_of_a_proxy_that_it_trusts(site: Site, tmp_path: Path):
    with copies(1, JWTLENS_TRUSTED_PROXIES="10.0.0.0/8") as (own,), FRONTS[site.name](tmp_path, [own.port]) as front:
        assert front.ask("/").headers["Strict-Transport-Security"] is None
    connection = http.client.HTTPConnection("127.0.0.1", site.copies[0].port, timeout=SECONDS)
    connection.request("GET", "/", headers={"Host": NAME})
    assert connection.getresponse().headers["Strict-Transport-Security"] is None
    connection.close()


def test_what_a_client_says_of_the_scheme_is_overwritten(site: Site):
    answer = site.front.ask("/", X_Forwarded_Proto="http", X_Forwarded_Host="evil", Forwarded="proto=http;host=evil")
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"] == TRANSPORT


@pytest.mark.parametrize(
    ("origin", "status"),
    [(f"https://{NAME}", 200), (f"http://{NAME}", 403), ("https://evil.example", 403), ("null", 403)],
)
def test_a_form_is_taken_from_this_very_site_over_tls(site: Site, origin: str, status: int):
    assert site.front.ask("/decode", "POST", b"token=", Origin=origin, **FORM).status == status


def test_another_name_is_not_answered_as_this_site(site: Site):
    connection = site.front.connection()
    connection.request("GET", "/", headers={"Host": "evil.example"})
    answer = connection.getresponse()
    assert b"<title>" not in answer.read() or answer.status == 421
    connection.close()


def test_a_body_may_be_as_large_as_jwtlens_takes_and_no_larger(site: Site):
    token = b"token=" + b"x" * (MAX_BODY - 6)
    assert site.front.ask("/decode", "POST", token, **FORM).status == 200
    assert site.front.ask("/decode", "POST", token + b"x", **FORM).status == 413


def test_what_the_front_refuses_itself_has_its_headers_too(site: Site):
    connection = site.front.connection()
    connection.putrequest("POST", "/decode", skip_host=True)
    for name, value in (("Host", NAME), ("Content-Length", "9000000"), ("Content-Type", "text/plain")):
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    has_every_header(answer.headers)
    connection.close()


def has_every_header(headers: http.client.HTTPMessage) -> None:
    for name, value in (*HEADERS.items(), ("Strict-Transport-Security", TRANSPORT), ("Cache-Control", UNSTORED)):
        assert headers.get_all(name) == [value], name
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


# What Caddy's own parser refuses is Go's, and has no list of errors.
only_nginx = pytest.mark.parametrize("site", ["nginx"], indirect=True)


@only_nginx
@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        pytest.param("GET /%s HTTP/1.1" % ("a" * 9000), 414, id="long"),
        pytest.param("GET /../../x HTTP/1.1", 400, id="above the root"),
        pytest.param("FOO", 400, id="no request"),
        pytest.param("get / HTTP/1.1", 400, id="lower case"),
        pytest.param("TRACE / HTTP/1.1", 405, id="TRACE"),
        pytest.param("CONNECT x:443 HTTP/1.1", 400, id="CONNECT"),
        pytest.param("GET / HTTP/3.0", 505, id="version"),
        pytest.param("GET / HTTP/1.1\r\nX: %s" % ("a" * 9000), 400, id="long header"),
        pytest.param("POST / HTTP/1.1\r\nTransfer-Encoding: gzip", 501, id="transfer encoding"),
        pytest.param("GET /_refused HTTP/1.1", 404, id="the place of the answer itself"),
    ],
)
def test_nginx_refuses_what_is_malformed_with_every_header(site: Site, request_line: str, status: int):
    with site.front.secure() as connection:
        connection.sendall(f"{request_line}\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == status
        has_every_header(answer.headers)


@only_nginx
def test_nginx_tells_who_speaks_plain_http_to_its_tls_port(site: Site):
    connection = http.client.HTTPConnection("127.0.0.1", site.front.https, timeout=SECONDS)
    connection.request("GET", "/", headers={"Host": NAME})
    answer = connection.getresponse()
    assert answer.status == 400
    has_every_header(answer.headers)
    connection.close()


@only_nginx
def test_nginx_sends_nobody_from_plain_http_to_another_name(site: Site):
    connection = http.client.HTTPConnection("127.0.0.1", site.front.http, timeout=SECONDS)
    connection.request("GET", "/learn", headers={"Host": "evil.test"})
    assert connection.getresponse().headers["Location"] == f"https://{NAME}/learn"
    connection.close()


def test_nothing_that_was_sent_is_written_down(site: Site):
    body = f"token={CANARY}&key={CANARY}".encode() + b"&x=" + b"y" * 200_000
    assert site.front.ask(f"/decode?{CANARY}", "POST", body, Cookie=CANARY, User_Agent=CANARY, **FORM).status in {200, 400}
    site.front.ask("/healthz", "POST", b"x" * 2_000_000, Referer=CANARY)
    for file in site.folder.rglob("*"):
        assert not file.is_file() or CANARY.encode() not in file.read_bytes(), file
    # Bodies would be here; nginx makes the folders and leaves them empty.
    temporary = [file for kind in ("client_body", "proxy") for file in (site.folder / kind).rglob("*") if file.is_file()]
    assert temporary == []


def test_a_header_that_says_two_things_is_refused(site: Site):
    with site.front.secure() as connection:
        connection.sendall(
            b"POST /decode HTTP/1.1\r\nHost: %s\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % NAME.encode()
        )
        connection.sendall(b"GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n")
        answer = connection.recv(65536)
    assert answer.split()[1] in {b"400", b"403", b"411"}


SHORT = {
    "nginx": {"client_header_timeout 10s": "client_header_timeout 1s", "client_body_timeout 10s": "client_body_timeout 1s"},
    "caddy": {"read_header 10s": "read_header 1s", "read_body 10s": "read_body 1s"},
}
HEAD = b"POST /decode HTTP/1.1\r\nHost: jwt.example.com\r\n"


@pytest.mark.parametrize("begin", [HEAD, HEAD + b"Content-Length: 1000\r\n\r\n"], ids=["headers", "body"])
def test_a_slow_client_is_cut_and_costs_the_copies_nothing(site: Site, begin: bytes, tmp_path: Path):
    with FRONTS[site.name](tmp_path, [site.copies[0].port], **SHORT[site.name]) as front, front.secure() as slow:
        start = time.monotonic()
        slow.sendall(begin)
        slow.settimeout(8)
        with suppress(ConnectionError, ssl.SSLError):
            while slow.recv(1000):
                pass
        assert time.monotonic() - start < 6


def ask_until(stop: threading.Event, front: Front, each: Counter[object]) -> None:
    body = json.dumps({"token": TOKEN})
    connection = front.connection()
    while not stop.is_set():
        try:
            connection.request("POST", "/api/v1/decode", body, {"Host": NAME, "Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            each[answer.status] += 1
        except (OSError, http.client.HTTPException) as error:
            each[type(error).__name__] += 1
            connection = front.connection()
        # As much as the limit of the front lets through from one address.
        time.sleep(0.1)
    connection.close()


def test_a_copy_that_is_killed_takes_no_request_with_it(site: Site):
    stop, each = threading.Event(), Counter[object]()
    clients = [threading.Thread(target=ask_until, args=(stop, site.front, each)) for _ in range(5)]
    for client in clients:
        client.start()
    try:
        time.sleep(0.7)
        site.copies[0].kill()
        time.sleep(1)
        site.copies[0].start()
        time.sleep(1)
    finally:
        stop.set()
        for client in clients:
            client.join(SECONDS)
    lost = sum(number for outcome, number in each.items() if outcome != 200)
    # What a killed copy had in hand, Caddy does not send again if it has a body: at most one for each client.
    assert lost <= (0 if site.name == "nginx" else 5), each
    assert each[200] > 50
