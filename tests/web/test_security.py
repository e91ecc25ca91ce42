"""Who may ask, how much, and the headers of every answer."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from app.settings import Settings
from app.web.security import DATA_POLICY, HEADERS, MAX_BODY, PAGE_POLICY, REFUSALS, TRANSPORT, protect

SITES = (None, "same-origin", "none", "same-site", "cross-site", "")
HERE = "http://localhost:8080"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def plain(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/html"), ("Server", "leaky/1.0"), ("Cache-Control", "public")])
    return [b"inside"]


def ask(inner: Any = plain, method: str = "GET", settings: Any = None, **environ: Any) -> Answer:
    seen: list[Any] = []
    request = {
        "REQUEST_METHOD": method,
        "PATH_INFO": "/",
        "wsgi.url_scheme": "http",
        "HTTP_HOST": "localhost:8080",
        **environ,
    }
    application: Any = protect(inner, settings or Settings())
    body = b"".join(application(request, lambda *answer: seen.append(answer)))
    status, headers, *_ = seen[-1]
    assert len({name.lower() for name, _ in headers}) == len(headers), "a header is there twice"
    return Answer(int(status[:3]), {name.lower(): value for name, value in headers}, body)


# Host -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8080", "localhost.", "localhost:", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8080",
     "[0:0:0:0:0:0:0:1]:80"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_answers_to_the_names_of_loopback(host: str, method: str):
    assert ask(method=method, HTTP_HOST=host).status == 200


@pytest.mark.parametrize(
    "host",
    ["", "evil.test", "evil.test:8080", "localhost.evil.test", "evil-localhost", "localhost:99999", "localhost:80:80",
     "localhost:x", "localhost:٨", "localhost, localhost", "localhost,evil.test", "user@localhost", "localhost/",
     "localhost#", " localhost", "localhost ", "localhost..", "::1", "[::1", "[::1]x", "[::2]", "[::ffff:127.0.0.1]",
     "127.1", "2130706433", "0x7f.0.0.1", "127.0.0.2", "0.0.0.0", "localhost\t", "ⓛocalhost"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_it_refuses_every_other_name(host: str, method: str):
    answer = ask(method=method, HTTP_HOST=host)
    assert answer.status == 421
    assert b"inside" not in answer.body


def test_it_refuses_a_request_without_host():
    seen: list[str] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "http"}
    application: Any = protect(plain, Settings())
    list(application(environ, lambda status, *_: seen.append(status)))
    assert seen == ["421 Misdirected Request"]


@pytest.mark.parametrize(
    ("settings", "host", "status"),
    [
        (Settings(host="192.168.1.5"), "192.168.1.5:8080", 200),
        (Settings(host="box.lan"), "BOX.lan:8080", 200),
        (Settings(host="fd00::7"), "[FD00:0::7]:8080", 200),
        (Settings(host="0.0.0.0"), "0.0.0.0:8080", 421),
        (Settings(host="0.0.0.0"), "192.168.1.5:8080", 421),
        (Settings(host="::"), "[::]:8080", 421),
        (Settings(host="0.0.0.0", allowed_hosts=("jwt.example.com",)), "jwt.example.com", 200),
        (Settings(host="0.0.0.0", allowed_hosts=("jwt.example.com",)), "a.jwt.example.com", 421),
    ],
)
def test_it_answers_to_its_own_address_and_the_names_it_was_given(settings: Settings, host: str, status: int):
    assert ask(settings=settings, HTTP_HOST=host).status == status


# Origin and Sec-Fetch-Site ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("site", [site for site in SITES if site is not None])
def test_reading_is_open_to_links_from_anywhere(method: str, site: str):
    assert ask(method=method, HTTP_SEC_FETCH_SITE=site, HTTP_ORIGIN="https://evil.test").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"])
@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("origin", [None, HERE, "https://evil.test", "null"])
def test_writing_is_open_to_this_page_and_to_programs(method: str, site: str | None, origin: str | None):
    environ = {"HTTP_SEC_FETCH_SITE": site, "HTTP_ORIGIN": origin}
    answer = ask(method=method, **{name: value for name, value in environ.items() if value is not None})
    trusted = site in {"same-origin", "none"} if site is not None else origin in {None, HERE}
    assert answer.status == (200 if trusted else 403)


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost:8080", "http://localhost:8080", 200),
        ("LOCALHOST:8080", "http://localhost:8080", 200),
        ("[::1]:8080", "http://[::1]:8080", 200),
        ("[::1]:8080", "http://[0:0::1]:8080", 200),
        ("localhost", "http://localhost", 200),
        ("localhost", "http://localhost:80", 200),
        ("localhost:8080", "http://localhost", 403),
        ("localhost:8080", "http://localhost:9090", 403),
        ("localhost:8080", "https://localhost:8080", 403),
        ("localhost:8080", "http://127.0.0.1:8080", 403),
        ("localhost:8080", "http://localhost:8080/", 403),
        ("localhost:8080", "http://localhost:8080@evil.test", 403),
        ("localhost:8080", "http://localhost:8080, http://evil.test", 403),
        ("localhost:8080", "localhost:8080", 403),
        ("localhost:8080", "file://", 403),
        ("localhost:8080", "chrome-extension://abcdef", 403),
        ("localhost:8080", "NULL", 403),
        ("localhost:8080", "", 403),
    ],
)
def test_an_origin_must_be_this_one(host: str, origin: str, status: int):
    assert ask(method="POST", HTTP_HOST=host, HTTP_ORIGIN=origin).status == status


def test_the_origin_of_a_page_over_tls_has_its_own_default_port():
    environ = {"wsgi.url_scheme": "https", "HTTP_HOST": "localhost"}
    assert ask(method="POST", **environ, HTTP_ORIGIN="https://localhost").status == 200
    assert ask(method="POST", **environ, HTTP_ORIGIN="http://localhost").status == 403


# Bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "status"),
    [
        (str(MAX_BODY), 200),
        (str(MAX_BODY + 1), 413),
        ("0", 200),
        ("", 200),
        ("000000000000000000005", 200),
        ("9" * 5000, 413),
        ("-1", 411),
        ("+5", 411),
        ("1_0", 411),
        ("5, 5", 411),
        ("٥", 411),
        ("five", 411),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_body_has_a_length_and_a_limit(method: str, length: str, status: int):
    assert ask(method=method, CONTENT_LENGTH=length).status == status


@pytest.mark.parametrize("length", ["", "5"])
def test_a_chunked_body_is_refused(length: str):
    assert ask(method="POST", HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH=length).status == 411


def test_the_limit_is_the_one_of_the_design():
    assert MAX_BODY == 256 * 1024


# Refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind", "is_json"),
    [
        ("/api/v1/decode", "", True),
        ("/api/v1/decode", "text/plain", True),
        ("/decode", "application/json; charset=utf-8", True),
        ("/decode", "APPLICATION/JSON", True),
        ("/decode", "application/x-www-form-urlencoded", False),
        ("/", "", False),
        ("/apiary", "", False),
    ],
)
def test_a_refusal_speaks_the_language_of_the_request(path: str, kind: str, is_json: bool):
    answer = ask(method="POST", HTTP_HOST="evil.test", PATH_INFO=path, CONTENT_TYPE=kind)
    assert answer.headers["content-length"] == str(len(answer.body))
    if is_json:
        row = REFUSALS["unknown_host"]
        expected = {"error": {"code": "unknown_host", "message": row.message, "hint": row.hint}}
        assert json.loads(answer.body) == expected
        assert answer.headers["content-type"] == "application/json"
    else:
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert b"<title>Refused: Misdirected Request" in answer.body


@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_HOST": "canary.test"},
        {"HTTP_ORIGIN": "http://canary.test"},
        {"HTTP_SEC_FETCH_SITE": "canary"},
        {"CONTENT_LENGTH": "canary"},
        {"HTTP_TRANSFER_ENCODING": "canary"},
    ],
    ids=lambda environ: next(iter(environ)),
)
@pytest.mark.parametrize("kind", ["application/json", ""])
def test_a_refusal_repeats_nothing_that_was_sent(environ: dict[str, str], kind: str):
    answer = ask(method="POST", PATH_INFO="/canary", QUERY_STRING="canary", CONTENT_TYPE=kind, **environ)
    assert answer.status in {403, 411, 421}
    assert b"canary" not in answer.body
    assert "canary" not in str(answer.headers)


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_says_what_is_wrong_and_what_to_do(code: str):
    row = REFUSALS[code]
    assert row.code == code
    assert row.message.endswith(".")
    assert row.hint.endswith(".")


def test_the_answer_to_head_has_no_body():
    answer = ask(method="HEAD", HTTP_HOST="evil.test")
    assert answer.body == b""
    assert int(answer.headers["content-length"]) > 0


# Headers ----------------------------------------------------------------------------------------------------------


def sending(status: str, *headers: tuple[str, str]) -> Any:
    def inner(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, list(headers))
        return [b""]

    return inner


ANSWERS = {
    "page": ask(),
    "json": ask(sending("200 OK", ("Content-Type", "application/json"))),
    "not found": ask(sending("404 Not Found", ("Content-Type", "text/html"))),
    "server error": ask(sending("500 Internal Server Error", ("Content-Type", "text/html"))),
    "no content": ask(sending("204 No Content")),
    "static": ask(sending("200 OK", ("Content-Type", "text/css"), ("Cache-Control", "max-age=1, public, immutable"))),
    "not modified": ask(sending("304 Not Modified", ("Cache-Control", "max-age=1, public, immutable"))),
    "wrong host": ask(HTTP_HOST="evil.test"),
    "cross site": ask(method="POST", HTTP_ORIGIN="https://evil.test"),
    "too large": ask(method="POST", CONTENT_LENGTH=str(MAX_BODY + 1)),
    "refused json": ask(method="POST", PATH_INFO="/api/v1/decode", CONTENT_LENGTH=str(MAX_BODY + 1)),
    "over tls": ask(**{"wsgi.url_scheme": "https"}),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_answer_carries_the_safety_headers(kind: str):
    headers = ANSWERS[kind].headers
    for name, value in HEADERS.items():
        assert headers[name.lower()] == value
    assert headers["content-security-policy"] == (DATA_POLICY if "json" in kind else PAGE_POLICY)
    assert headers.get("strict-transport-security") == (TRANSPORT if kind == "over tls" else None)
    assert "server" not in headers
    stored = kind in {"static", "not modified"}
    assert headers["cache-control"] == ("max-age=1, public, immutable" if stored else "no-store, no-transform")


def test_the_policy_has_no_exception():
    for hole in ("unsafe", "*", "data:", "http:", "https:", "blob:", "nonce", "sha256"):
        assert hole not in PAGE_POLICY
    assert "require-trusted-types-for 'script'" in PAGE_POLICY


def test_the_header_set_is_the_one_that_was_measured():
    assert PAGE_POLICY == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types default"
    )
    assert DATA_POLICY == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert TRANSPORT == "max-age=63072000; includeSubDomains"
    assert HEADERS == {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ("camera=(), microphone=(), geolocation=(), usb=(), clipboard-read=(), browsing-topics=()"),
    }


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", "application/jwk-set+json"])
def test_data_gets_the_policy_of_data(kind: str):
    answer = ask(sending("200 OK", ("Content-Type", kind)))
    assert answer.headers["content-security-policy"] == DATA_POLICY


def test_a_header_of_the_view_never_weakens_ours():
    loose = [("content-security-policy", "default-src *"), ("X-FRAME-OPTIONS", "SAMEORIGIN"), ("referrer-policy", "x")]
    answer = ask(sending("200 OK", ("Content-Type", "text/html"), *loose))
    assert answer.headers["content-security-policy"] == PAGE_POLICY
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
