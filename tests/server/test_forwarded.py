"""X-Forwarded-Proto decides about HSTS and about whose form it is: only a proxy that was named may say it."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from app.server.forwarded import CLAIMS, behind
from app.settings import Settings, from_environment
from app.web.security import protect

PROXIES = from_environment({"JWTLENS_TRUSTED_PROXIES": "127.0.0.0/8, 10.1.0.0/16, fd00::/8"}).trusted_proxies


def seen(peer: str, proxies: Any = PROXIES, **headers: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def application(environ: Any, start_response: Any) -> list[bytes]:
        found.update(environ)
        return []

    def start(*_: Any) -> Any:
        return None

    given = {f"HTTP_{name}": value for name, value in headers.items()}
    list(behind(application, proxies)({"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", **given}, start))
    return found


@pytest.mark.parametrize(
    ("peer", "proto", "scheme"),
    [
        ("127.0.0.1", "https", "https"),
        ("10.1.255.9", "https", "https"),
        ("::ffff:10.1.0.1", "https", "https"),
        ("fd00::1", "https", "https"),
        ("127.0.0.1", "http", "http"),
        ("10.2.0.1", "https", "http"),
        ("203.0.113.1", "https", "http"),
        ("fe80::1", "https", "http"),
        ("", "https", "http"),
        ("127.0.0.1", "", "http"),
        ("127.0.0.1", "HTTPS", "http"),
        ("127.0.0.1", "https, http", "http"),
        ("127.0.0.1", "javascript", "http"),
    ],
)
def test_only_a_named_proxy_says_that_it_was_tls(peer: str, proto: str, scheme: str):
    assert seen(peer, X_FORWARDED_PROTO=proto)["wsgi.url_scheme"] == scheme


def test_without_the_setting_nobody_is_believed():
    assert Settings().trusted_proxies == ()
    assert seen("127.0.0.1", (), X_FORWARDED_PROTO="https")["wsgi.url_scheme"] == "http"


@pytest.mark.parametrize("peer", ["127.0.0.1", "203.0.113.1"])
def test_the_application_sees_none_of_these_headers(peer: str):
    claims = {name.removeprefix("HTTP_"): "127.0.0.1" for name in CLAIMS}
    assert not set(CLAIMS) & set(seen(peer, **claims))


def test_another_host_is_not_believed_even_of_a_proxy():
    answers: list[str] = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return []

    def start(status: str, *_: Any) -> Any:
        answers.append(status)

    environ = {"REMOTE_ADDR": "127.0.0.1", "REQUEST_METHOD": "GET", "wsgi.url_scheme": "http", "HTTP_HOST": "evil"}
    list(behind(protect(application, Settings()), PROXIES)(environ | {"HTTP_X_FORWARDED_HOST": "localhost"}, start))
    assert answers == ["421 Misdirected Request"]


def test_networks_are_compared_as_networks():
    assert ipaddress.ip_network("10.1.0.0/16") in PROXIES
