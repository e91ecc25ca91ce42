"""The rules for an authorization service that others rely on, F1 to F14: each has its test, and so has each way round that was measured."""

from __future__ import annotations

import ipaddress
import time
from typing import Any

import pytest

from app.forwardauth import PROFILES, Options
from app.forwardauth import wsgi as wsgi_module
from app.forwardauth.gate import Gate
from app.tokens import read_keys
from tests.forwardauth.door import application, ask, call, call_wsgi
from tests.gateway.gate import NOW, policy, token
from tests.gateway.table import CONFUSING

UPSTREAM = {"X-User": "sub", "X-Email": "email", "X-Scope": "scope"}
ROUTES = [
    {"prefix": "/public", "access": "anyone"},
    {"prefix": "/admin", "roles": {"all": ["admin"], "claim": "realm_access.roles"}},
    {"prefix": "/orders", "scopes": {"all": ["orders:read"]}},
    {"prefix": "/write", "scopes": {"all": ["orders:write"]}, "methods": ["POST"]},
]
POLICY = policy(ROUTES, upstream=UPSTREAM)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    """The clock of the tokens."""
    monkeypatch.setattr(time, "time", lambda: float(NOW))


@pytest.fixture(scope="module")
def app():
    return application(POLICY)


def test_it_allows_with_the_claims_as_headers(app):
    said = ask(app, token())
    assert said.status == 200
    assert (said["X-User"], said["X-Scope"]) == ("user-1", "orders:read")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_it_answers_any_method_of_the_proxy(app, method):
    headers = [("X-Original-Method", "GET"), ("X-Original-URI", "/orders"), ("Authorization", f"Bearer {token()}")]
    assert call(app, method, "/auth", headers).status == 200


# F1 ---------------------------------------------------------------------------------------------------------------


def test_f1_what_is_not_named_is_denied(app):
    assert ask(app, token(), "GET /elsewhere").status == 403
    assert ask(application(policy([])), token()).status == 403


@pytest.mark.parametrize(
    "target", ["/", "/auth/", "/auth/orders", "/AUTH", "/authx", "//auth", "http://auth/auth", "/healthz/", "/metrics?x"]
)
def test_f1_no_other_address_allows(app, target):
    headers = [("X-Original-Method", "GET"), ("X-Original-URI", "/orders"), ("Authorization", f"Bearer {token()}")]
    assert call(app, "GET", target, headers).status == 403


@pytest.mark.parametrize(
    "error", [RuntimeError("canary"), RecursionError(), MemoryError(), KeyError("canary"), UnicodeDecodeError("x", b"", 0, 1, "")]
)
def test_f1_an_exception_denies_and_is_told_without_its_text(monkeypatch, error):
    told: list[BaseException] = []
    app = application(POLICY, options=Options(fault=told.append))

    def broken(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(Gate, "decide", broken)
    assert ask(app, token()).status == 403
    assert told == [error]
    assert b'jwtlens_gateway_decisions_total{rule="fault",status="403"} 1.0' in app.metrics.text()


def test_f1_a_request_without_what_wsgi_promises_denies(app):
    said = call_wsgi(app, {"REQUEST_URI": None})
    assert (said.status, said.body) == (403, b"")


# F2, F13 ----------------------------------------------------------------------------------------------------------


def answers(profile: str) -> dict[str, int]:
    app = application(POLICY, options=Options(profile=profile))
    secret = application(policy(issuer={"keys": [{"secret": "s", "algorithms": ["HS256"]}]}), options=Options(profile=profile))
    return {
        "allowed": ask(app, token()).status,
        "none": ask(app).status,
        "malformed": ask(app, "a b").status,
        "expired": ask(app, token(exp=NOW - 9)).status,
        "scope": ask(app, token(scope="x")).status,
        "path": ask(app, token(), "GET /orders/..;/x").status,
        "keys": ask(secret, token("HS256", key="x" * 40)).status,
    }


def test_f2_nginx_gets_only_what_it_passes_on():
    expected = {"allowed": 200, "none": 401, "malformed": 401, "expired": 401, "scope": 403, "path": 401, "keys": 403}
    assert answers("nginx") == expected


@pytest.mark.parametrize("profile", ["traefik", "envoy"])
def test_f2_the_others_get_the_statuses_of_rfc_6750(profile):
    expected = {"allowed": 200, "none": 401, "malformed": 400, "expired": 401, "scope": 403, "path": 400, "keys": 503}
    assert answers(profile) == expected


@pytest.mark.parametrize("profile", PROFILES)
def test_f2_a_refusal_says_what_is_asked_for_and_nothing_of_the_token(profile):
    app = application(POLICY, options=Options(profile=profile))
    assert ask(app)["WWW-Authenticate"] == 'Bearer realm="api"'
    assert ask(app, token(exp=NOW - 9))["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'
    assert ask(app, token(scope="x"))["WWW-Authenticate"] == 'Bearer realm="api", error="insufficient_scope", scope="orders:read"'


def test_f13_no_answer_to_a_proxy_has_a_body(app):
    for said in (ask(app, token()), ask(app), ask(app, token(), "GET /admin"), ask(app, token(), "GET /nowhere")):
        assert said.body == b""
        assert said["Content-Length"] == "0"


# F3 ---------------------------------------------------------------------------------------------------------------

FAMILIES = {"x-original": ("X-Original-Method", "X-Original-URI"), "x-forwarded": ("X-Forwarded-Method", "X-Forwarded-Uri")}


def asked_by(source: str, *headers: tuple[str, str], options: Options | None = None) -> int:
    app = application(POLICY, options=options or Options(source=source))
    return call(app, "GET", "/auth", list(headers)).status


@pytest.mark.parametrize("source", FAMILIES)
def test_f3_only_the_configured_headers_count(source):
    method, target = FAMILIES[source]
    other_method, other_target = FAMILIES[next(one for one in FAMILIES if one != source)]
    says = [(method, "GET"), (target, "/admin")]
    lies = [(other_method, "GET"), (other_target, "/public/x"), ("X-Rewrite-URL", "/public/x"), ("X-Original-URL", "/public/x")]
    assert asked_by(source, *lies, *says) == 401
    assert asked_by(source, *says, *lies) == 401
    assert asked_by(source, *lies) == 403


@pytest.mark.parametrize("source", FAMILIES)
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("spoof", ["twice", "underscore", "missing", "joined", "empty"])
def test_f3_a_header_that_is_there_twice_or_in_another_spelling_denies(source, number, spoof):
    says = [(FAMILIES[source][0], "GET"), (FAMILIES[source][1], "/public/x")]
    assert asked_by(source, *says) == 200
    name, value = says[number]
    changed = {
        "twice": [*says, (name.lower(), value)],
        "underscore": [*says, (name.replace("-", "_"), value)],
        "missing": [one for one in says if one[0] != name],
        "joined": [(one, f"{worth}, {worth}" if one == name else worth) for one, worth in says],
        "empty": [(one, "" if one == name else worth) for one, worth in says],
    }[spoof]
    assert asked_by(source, *changed) in (401, 403)


def test_f3_behind_envoy_method_and_path_are_those_of_the_request():
    app = application(POLICY, options=Options(source="path", profile="envoy"))
    bearer = [("Authorization", f"Bearer {token(scope='orders:write')}")]
    lies = [("X-Original-URI", "/public/x"), ("X-Forwarded-Uri", "/public/x"), ("X-Forwarded-Method", "GET")]
    assert call(app, "POST", "/auth/write", [*bearer, *lies]).status == 200
    assert call(app, "GET", "/auth/write", [*bearer, *lies]).status == 403
    assert call(app, "GET", "/auth/public/x?y=/auth/orders", []).status == 200
    assert call(app, "GET", "/auth", lies).status == 403
    for target in ("/auth/public/../admin", "/auth/public/%2e%2e/admin", "/auth//public/x", "/auth/../healthz"):
        assert call(app, "GET", target, bearer).status == 400


# F4 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_f4_this_machine_may_ask(app, address):
    assert ask(app, token(), address=address).status == 200


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.0.1", "::ffff:10.0.0.1", "fe80::1", "", "localhost", "127.0.0.1, 10.0.0.1"])
def test_f4_nobody_else_may(app, address):
    said = ask(app, token(), "GET /public/x", ("X-Forwarded-For", "127.0.0.1"), ("X-Real-IP", "127.0.0.1"), address=address)
    assert said.status == 403
    assert said["X-User"] is None


def test_f4_a_proxy_elsewhere_is_named():
    app = application(POLICY, options=Options(proxies=(ipaddress.ip_network("10.0.0.0/8"),)))
    assert ask(app, token(), address="10.1.2.3").status == 200
    assert ask(app, token(), address="127.0.0.1").status == 403


# F5 ---------------------------------------------------------------------------------------------------------------

SPOOFS = [
    ("Authorization", "Bearer x"),
    ("authorization", "Basic eDp5"),
    ("X-User", "admin"),
    ("X_User", "admin"),
    ("x.user", "admin"),
    ("X-EMAIL", "a@b"),
    ("Host", "other"),
    ("Content-Type", "text/plain"),
    ("Content-Length", "5"),
    ("X-Scope", "admin"),
]


@pytest.mark.parametrize("spoof", SPOOFS, ids=lambda one: one[0])
def test_f5_what_is_read_or_set_is_there_once_and_in_one_spelling(app, spoof):
    said = ask(app, token(), "GET /orders", spoof, spoof)
    assert said.status == 401
    assert said["X-User"] is None


@pytest.mark.parametrize("listed", ["X-User", "Authorization", "X-Original-URI", "close, x-user"])
def test_f5_no_header_is_dropped_on_the_way_by_connection(app, listed):
    assert ask(app, token(), "GET /orders", ("Connection", listed)).status == 401


@pytest.mark.parametrize("name", ["X-User", "x-user", "X-Email", "X-Scope"])
def test_f5_a_copy_of_the_client_is_overwritten(app, name):
    assert ask(app, token(), "GET /orders", (name, "admin"))["X-User"] == "user-1"


# F6: measured behind nginx with the policy "begins with /public/" -------------------------------------------------


@pytest.mark.parametrize("target", CONFUSING)
@pytest.mark.parametrize("source", FAMILIES)
def test_f6_none_of_the_confusing_paths_is_public(source, target):
    method, header = FAMILIES[source]
    for bearer in ([], [("Authorization", f"Bearer {token()}")]):
        assert asked_by(source, (method, "GET"), (header, target), *bearer) in (401, 403)


def test_f6_the_path_is_decoded_once_and_the_query_decides_nothing(app):
    assert ask(app, None, "GET /%70ublic/x").status == 200
    assert ask(app, token(), "GET /orders?x=/../admin&y=%2e%2e").status == 200
    assert ask(app, token(), "GET /admin?/public/").status == 403


# F7, F8, F9 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "Get", "TRACE", "CONNECT", "PROPFIND", "GET ", "GET,POST", "", "X" * 5000, "GÉT"])
def test_f7_only_known_methods_are_judged(app, method):
    headers = [("X-Original-Method", method), ("X-Original-URI", "/orders"), ("Authorization", f"Bearer {token()}")]
    assert call(app, "GET", "/auth", headers).status == 401


def test_f7_an_override_of_the_method_changes_nothing(app):
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Forwarded-Method"):
        assert ask(app, token(scope="orders:write"), "GET /write", (name, "POST")).status == 403


@pytest.mark.parametrize(
    "header", [("User-Agent", "kube-probe/1.30"), ("Referer", "/public/"), ("X-Forwarded-For", "127.0.0.1"), ("User-Agent", "GoogleHC/1.0")]
)
def test_f8_nobody_is_excepted_for_what_they_call_themselves(app, header):
    assert ask(app, None, "GET /orders", header).status == 401


def test_f9_a_token_elsewhere_is_none(app):
    text = token()
    for line, header in (
        (f"GET /orders?access_token={text}", ("Accept", "*/*")),
        ("GET /orders", ("Cookie", f"access_token={text}; jwt={text}")),
        ("GET /orders", ("X-Authorization", f"Bearer {text}")),
        ("GET /orders", ("Proxy-Authorization", f"Bearer {text}")),
    ):
        said = ask(app, None, line, header)
        assert (said.status, said["WWW-Authenticate"]) == (401, 'Bearer realm="api"')


def test_f9_a_token_in_two_places_is_refused():
    app = application(policy(ROUTES, token=[{"header": "Authorization"}, {"query": "access_token"}]))
    text = token()
    assert ask(app, None, f"GET /orders?access_token={text}").status == 200
    assert ask(app, text, f"GET /orders?access_token={text}").status == 401


# F10, F11 ---------------------------------------------------------------------------------------------------------


def test_f10_every_header_is_there_and_empty_without_a_claim(app):
    said = ask(app, token())
    assert said["X-Email"] == ""
    anybody = ask(app, None, "GET /public/x", ("X-User", "admin"))
    assert anybody.status == 200
    assert [anybody[name] for name in UPSTREAM] == ["", "", ""]


@pytest.mark.parametrize("value", ["a\r\nX-Admin: 1", "a\nb", "a\0b", "\u2028", "é", "\ud800", 'a"b', "a,b", " a ", "\x7f", "\x85"])
def test_f10_no_claim_breaks_out_of_its_header(app, value):
    said = ask(app, token(sub=value))
    assert said.status == 200
    assert said["X-User"] is not None
    assert all(" " <= letter <= "~" for letter in said["X-User"])
    assert said["X-User"] == said["X-User"].strip()
    assert {name.lower() for name, _ in said.headers} >= {"x-user"}
    assert not [name for name, _ in said.headers if name.lower() == "x-admin"]


def test_f10_a_claim_that_no_header_holds_denies(app):
    assert ask(app, token(sub="x" * 1024)).status == 200
    assert ask(app, token(sub="x" * 1025)).status == 401
    many = policy(ROUTES, upstream={f"X-{n}": "sub" for n in range(6)})
    assert ask(application(many), token(sub="x" * 900)).status == 401


def test_f11_nothing_is_kept_by_anybody(app):
    for said in (
        ask(app, token()),
        ask(app),
        call(app, "GET", "/healthz", []),
        call(app, "GET", "/metrics", []),
        call(app, "GET", "/x", []),
    ):
        assert said["Cache-Control"] == "no-store"
        assert said["Set-Cookie"] is None


# F12 is in test_keys.py. F14 --------------------------------------------------------------------------------------


def test_f14_an_answer_that_is_late_denies(app, monkeypatch):
    headers = [("X-Original-Method", "GET"), ("X-Original-URI", "/orders"), ("Authorization", f"Bearer {token()}")]
    assert call(app, "GET", "/auth", headers, waited=0.5).status == 200
    assert call(app, "GET", "/auth", headers, waited=1.01).status == 403


def test_f14_a_decision_that_takes_too_long_denies(monkeypatch):
    app = application(POLICY)
    decide = Gate.decide

    def slow(self: Gate, *given: Any) -> Any:
        time.sleep(0.3)
        return decide(self, *given)

    monkeypatch.setattr(Gate, "decide", slow)
    monkeypatch.setattr(wsgi_module, "LONGEST_SECONDS", 0.2)
    said = ask(app, token())
    assert (said.status, said["X-User"]) == (403, None)


# Pages of the operator --------------------------------------------------------------------------------------------


def test_the_operator_sees_that_it_lives_and_is_ready(app):
    assert (call(app, "GET", "/healthz", []).status, call(app, "GET", "/healthz", []).body) == (200, b"ok\n")
    assert call(app, "GET", "/readyz", []).status == 200
    assert call(app, "POST", "/healthz", []).status == 403


def test_it_is_not_ready_without_the_keys_of_its_policy():
    secret = policy(issuer={"keys": [{"secret": "s", "algorithms": ["HS256"]}]})
    assert call(application(secret), "GET", "/readyz", []).status == 503
    assert call(application(secret, {"s": read_keys("x" * 40)}), "GET", "/readyz", []).status == 200


@pytest.mark.parametrize("page", ["/healthz", "/readyz", "/metrics"])
def test_no_page_is_leave_for_a_request_of_a_client(page):
    """A proxy that asks with the client's own path would take its 200 for leave (GHSA-5hvv in oauth2-proxy was of that kind)."""
    for source, (method, target) in FAMILIES.items():
        app = application(POLICY, options=Options(source=source))
        assert call(app, "GET", page, [(method, "GET"), (target, page)]).status == 403
        assert call(app, "GET", page, [(target.replace("-", "_"), page)]).status == 403
        for other in FAMILIES.values():
            assert call(app, "GET", page, [(other[1], page)]).status == 403
    envoy = application(POLICY, options=Options(source="path", profile="envoy"))
    assert call(envoy, "GET", page, []).status in (204, 403)


def test_t33_all_faults_of_a_signature_have_one_answer(app):
    good = token()
    head, payload, signature = good.split(".")
    forged = {f"{head}.{payload}.{signature[:at]}{'A' if signature[at] != 'A' else 'B'}{signature[at + 1 :]}" for at in range(0, 340, 4)}
    said = {(one.status, tuple(one.headers)) for one in (ask(app, text) for text in forged)}
    assert len(said) == 1
    assert next(iter(said))[0] == 401


def test_another_wsgi_server_may_run_it(app):
    environ = {"HTTP_X_ORIGINAL_METHOD": "GET", "HTTP_X_ORIGINAL_URI": "/orders", "HTTP_AUTHORIZATION": f"Bearer {token()}"}
    assert call_wsgi(app, environ)["X-User"] == "user-1"
    assert call_wsgi(app, environ | {"HTTP_X_ORIGINAL_URI": "/orders, /orders"}).status == 401
    assert call_wsgi(app, environ | {"HTTP_AUTHORIZATION": f"Bearer {token()}, Bearer {token()}"}).status == 401
    assert call_wsgi(app, environ | {"REQUEST_URI": "/healthz"}).status == 403
    assert call_wsgi(app, {"REQUEST_URI": "/healthz"}).body == b"ok\n"
    assert call_wsgi(app, {"REQUEST_URI": "/healthz", "REQUEST_METHOD": "HEAD"}).body == b""
