"""Every way round a gateway that was measured or published: each is denied, or changes nothing that is judged."""

import json

import pytest

from app.gateway import Request, decide, read_policy
from app.gateway.request import MOST_HEADERS, Header
from tests.gateway.gate import NOW, ask, policy, rs256, token
from tests.gateway.table import CONFUSING
from tests.tokens.keyring import make

ROUTES = [{"prefix": "/public", "access": "anyone"}, {"prefix": "/admin", "roles": {"all": ["admin"]}}, {"prefix": "/orders"}]
GATE = policy(ROUTES, upstream={"X-User": "sub", "X-Forwarded-User": "sub"})


def test_the_public_route_is_open_and_the_other_is_not():
    assert ask(GATE, None, "GET /public/x").allowed
    assert ask(GATE, None, "GET /admin").status == 401
    assert ask(GATE, token(), "GET /admin").status == 403


# Each was let through by a policy "starts with /public/" behind a proxy that passes the address on as it came.
@pytest.mark.parametrize("target", [*CONFUSING, "/PUBLIC/x", "/publicity", "/public/%3b/../admin"])
def test_no_other_spelling_of_a_path_gets_under_the_public_route(target):
    for text in (None, token()):
        assert ask(GATE, text, f"GET {target}").status in (400, 403)


@pytest.mark.parametrize("target", ["/%EF%BD%81dmin/users", "/%E2%93%90dmin/x", "/admin%EF%BC%8Fusers", "/%F0%9D%90%9Admin"])
def test_letters_that_fold_into_another_route_do_not_pass_under_the_first(target):
    rules = policy([{"prefix": "/admin", "roles": {"all": ["admin"]}}, {"prefix": "/", "access": "anyone"}])
    decision = ask(rules, None, f"GET {target}")
    assert decision.status == 400
    assert decision.denials[0].name == "path"


def test_letters_that_fold_and_stay_under_their_route_pass():
    rules = policy([{"prefix": "/admin", "roles": {"all": ["admin"]}}, {"prefix": "/", "access": "anyone"}])
    for target in ("/caf%C3%A9", "/%E6%97%A5%E6%9C%AC", "/cafe%CC%81", "/%EF%BD%81b"):
        assert ask(rules, None, f"GET {target}").allowed


def test_an_encoded_letter_is_the_letter():
    assert ask(GATE, None, "GET /%70ublic/x").allowed
    assert ask(GATE, token(), "GET /%61dmin").status == 403


def test_the_query_decides_nothing():
    assert ask(GATE, token(), "GET /admin?x=/public/").status == 403
    assert ask(GATE, None, "GET /admin?/../public/").status == 401


# oauth2-proxy, CVE-2026-40575: a header of the client that names another address was believed.
@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-Uri: /public/x",
        "X-Forwarded-Method: OPTIONS",
        "X-Original-URL: /public/x",
        "X-Original-URI: /public/x",
        "X-Rewrite-URL: /public/x",
        "X-HTTP-Method-Override: GET",
        "X-Forwarded-Prefix: /public",
    ],
)
def test_no_header_of_the_client_changes_what_is_judged_or_reaches_the_api(header):
    assert ask(GATE, None, "GET /admin", header).status == 401
    assert ask(GATE, token(), "GET /admin", header).status == 403
    assert ask(GATE, token(), "GET /orders", header).removed == (header.partition(":")[0],)


# oauth2-proxy, GHSA-5hvv: a User-Agent that looks like a health check was let through.
@pytest.mark.parametrize("header", ["User-Agent: GoogleHC/1.0", "User-Agent: kube-probe/1.30", "Referer: /public/", "X-Real-IP: 127.0.0.1"])
def test_no_header_opens_a_route(header):
    assert ask(GATE, None, "GET /admin", header).status == 401


# oauth2-proxy, CVE-2025-64484: X_Forwarded_User is X-Forwarded-User to a CGI program.
@pytest.mark.parametrize("name", ["X_Forwarded_User", "x_forwarded-user", "X-Forwarded_User", "X.Forwarded.User", "X_User", "X~User"])
def test_no_other_spelling_of_an_identity_header_gets_through(name):
    for line in ("GET /orders", "GET /public/x"):
        assert ask(GATE, token(), line, f"{name}: admin").status == 400


@pytest.mark.parametrize("name", ["X-User", "x-user", "X-FORWARDED-USER", "X-Forwarded-User"])
def test_an_identity_header_of_the_client_is_overwritten(name):
    decision = ask(GATE, token(), "GET /orders", f"{name}: admin")
    assert decision.removed == (name,)
    assert dict(decision.upstream) == {"X-User": "user-1", "X-Forwarded-User": "user-1"}


def test_an_identity_header_sent_twice_is_denied():
    assert ask(GATE, token(), "GET /orders", "X-User: a", "X-User: b").status == 400


# A hop-by-hop list makes the next proxy drop the header that the gateway has set.
@pytest.mark.parametrize("value", ["X-User", "close, X-User", "keep-alive,x-forwarded-user", "Authorization"])
def test_no_connection_header_drops_an_identity(value):
    assert ask(GATE, token(), "GET /orders", f"Connection: {value}").status == 400


@pytest.mark.parametrize("value", ["close", "keep-alive", "Keep-Alive, Upgrade", ""])
def test_an_honest_connection_header_does_no_harm(value):
    assert ask(GATE, token(), "GET /orders", f"Connection: {value}").allowed


@pytest.mark.parametrize("name", ["Authorization", "authorization", "Host", "Content-Type", "Content-Length"])
def test_a_header_that_counts_once_is_there_once(name):
    sent = tuple(Header(spelt, "Bearer x") for spelt in (name, name.upper()))
    assert decide(GATE, Request("GET", "/public/x", sent), {}, NOW).status == 400


@pytest.mark.parametrize(
    "header", ["Authorization : Bearer x", "X-A\x00: b", "X-A: b\x00c", "X-A: b\rX-User: admin", "no colon", ": empty"]
)
def test_a_header_that_is_none_is_denied(header):
    assert ask(GATE, None, "GET /public/x", header).status == 400


def test_headers_are_bounded():
    some = tuple(Header(f"X-{number}", "a") for number in range(MOST_HEADERS + 1))
    assert decide(GATE, Request("GET", "/public/x", some[1:]), {}, NOW).allowed
    assert decide(GATE, Request("GET", "/public/x", some), {}, NOW).status == 400
    for length, status in ((32_768 - 3, 200), (32_768 - 2, 400)):
        assert decide(GATE, Request("GET", "/public/x", (Header("X-A", "a" * length),)), {}, NOW).status == status


def test_a_header_that_others_use_as_they_like_does_no_harm():
    assert ask(GATE, token(), "GET /orders", "api_key: a", "Accept: */*", "Accept: text/html", "Cookie: a=b", "Cookie: c=d").allowed


# Istio #26559: a request without a token passed the rule that judges tokens.
def test_no_token_is_not_a_good_token():
    assert not ask(GATE, None, "GET /orders").allowed


# The payload of a nested token is a token: a rule about claims would find none to judge.
@pytest.mark.parametrize("payload", ["inner", '"text"', "[]", "7", "null", "not JSON", ""])
def test_a_token_without_claims_of_its_own_passes_no_rule_about_them(payload):
    text = token() if payload == "inner" else payload
    outer = make({"alg": "RS256", "kid": "one", "cty": "JWT"}, text, alg="RS256")
    for route in ({"prefix": "/"}, {"prefix": "/", "scopes": {"all": ["admin"]}}, {"prefix": "/", "access": "optional"}):
        assert ask(open_gate(route), outer).status == 401


def open_gate(route):
    """A policy that asks nothing of a token but its signature."""
    return read_policy(json.dumps({"issuers": [{"keys": [rs256()], "required": []}], "routes": [route]}))


def test_a_method_is_judged_as_it_is_sent():
    gate = policy([{"prefix": "/", "methods": ["GET"], "access": "anyone"}])
    assert ask(gate, None, "GET /x").allowed
    assert [ask(gate, None, f"{method} /x").status for method in ("HEAD", "POST", "get", "GET\u00a0", "TRACE")] == [403, 403, 400, 400, 400]
