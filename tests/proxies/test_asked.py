"""jwtlens behind a real proxy: what it allows reaches the API, with the claims; what it denies does not, and the client learns why."""

import os
from typing import Any

import pytest

from tests.proxies.attacks import IDENTITY
from tests.proxies.gate import ELSEWHERE, bearer, token
from tests.proxies.harness import Stack, request
from tests.tokens.keyring import b64u, make, private, public_pem, unb64u

ALLOWED: dict[str, tuple[str, dict[str, Any]]] = {
    "a scope": ("GET /orders", {}),
    "HEAD": ("HEAD /orders/17", {}),
    "a path and a query as they are": ("GET /orders/%C3%A4/17%20a?x=%2F..%2F&y=a+b", {}),
    "one scope of two": ("POST /orders", {"scope": "a orders:all b"}),
    "a role": ("DELETE /admin/users", {"realm_access": {"roles": ["clerk", "admin"]}}),
    "a claim": ("PUT /tenant", {"tenant": "acme"}),
    "a method": ("GET /items", {}),
    "a token that is not needed": ("GET /news", {}),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_it_lets_through(stack: Stack, case: str):
    line, claims = ALLOWED[case]
    reply, seen = stack.ask(line, bearer(**claims))
    assert (reply.status, reply.is_of_api) == (200, True)
    assert [f"{one.method} {one.target}" for one in seen] == [line]


@pytest.mark.parametrize("line", ["GET /public", "POST /public/x", "GET /news"])
def test_what_is_open_needs_no_token(stack: Stack, line: str):
    reply, (seen,) = stack.ask(line)
    assert (reply.status, reply.is_of_api) == (200, True)
    assert not any(value for name in IDENTITY for value in seen.values(name))


def test_the_claims_reach_the_api(stack: Stack):
    roles = {"roles": ["clerk", "é, admin"]}
    _, (seen,) = stack.ask("GET /orders", bearer(sub='jane "x" <é>\r\nX-User: admin', realm_access=roles))
    assert seen.values("X-User") == seen.values("X-Forwarded-User") == ['jane "x" <%C3%A9>%0D%0AX-User: admin']
    assert seen.values("X-Roles") == ["clerk,%C3%A9%2C admin"]
    assert "".join(seen.values("X-Tenant")) == ""


def test_long_claims_reach_the_api(stack: Stack):
    long = "a" * 1000
    _, (seen,) = stack.ask("GET /orders", bearer(sub=long, tenant=long, realm_access={"roles": [long]}))
    assert [seen.values(name) for name in IDENTITY] == [[long]] * 4


def test_the_token_reaches_the_api(stack: Stack):
    _, (seen,) = stack.ask("GET /orders", bearer())
    assert seen.values("Authorization") == [f"Bearer {token()}"]


# Denied ------------------------------------------------------------------------------------------------------------


def challenge(error: str, says: str, more: str = "") -> str:
    return f'Bearer realm="shop", error="{error}", error_description="The {says}"{more}'


NOT_ACCEPTED = "invalid_token"
NOT_ENOUGH = "insufficient_scope"
PAST, FUTURE = 1_700_000_000, 4_000_000_000
DENIED: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "expired": ("GET /orders", {"exp": PAST}, 401, challenge(NOT_ACCEPTED, "token is expired")),
    "not valid yet": ("GET /orders", {"nbf": FUTURE}, 401, challenge(NOT_ACCEPTED, "token is not valid yet")),
    "another audience": ("GET /orders", {"aud": "https://a.example"}, 401, challenge(NOT_ACCEPTED, "token is for another audience")),
    "audiences without ours": ("GET /orders", {"aud": ["a", "b"]}, 401, challenge(NOT_ACCEPTED, "token is for another audience")),
    "no audience": ("GET /orders", {"aud": None}, 401, challenge(NOT_ACCEPTED, "token is for another audience")),
    "another issuer": ("GET /orders", {"iss": ELSEWHERE}, 401, challenge(NOT_ACCEPTED, "token is of another issuer")),
    "without an end": ("GET /orders", {"exp": None}, 401, challenge(NOT_ACCEPTED, "token is not accepted")),
    "another key": ("GET /orders", {"which": 1}, 401, challenge(NOT_ACCEPTED, "signature of the token does not verify")),
    "another algorithm": ("GET /orders", {"alg": "RS512"}, 401, challenge(NOT_ACCEPTED, "algorithm of the token is not allowed")),
    "expired where none is needed": ("GET /news", {"exp": PAST}, 401, challenge(NOT_ACCEPTED, "token is expired")),
    "no role": ("GET /admin", {}, 403, challenge(NOT_ENOUGH, "token lacks a role")),
    "no scope": ("POST /orders", {}, 403, challenge(NOT_ENOUGH, "token lacks a scope", ', scope="orders:write orders:all"')),
    "another claim": ("GET /tenant", {"tenant": "globex"}, 403, challenge(NOT_ENOUGH, "claims of the token do not allow this")),
    "no route": ("GET /elsewhere", {}, 403, ""),
    "no route for the method": ("POST /items", {}, 403, ""),
}


@pytest.mark.parametrize("case", DENIED)
def test_it_denies(stack: Stack, case: str):
    line, claims, status, says = DENIED[case]
    reply, seen = stack.ask(line, bearer(**claims))
    assert (reply.status, reply.is_of_api, seen) == (status, False, [])
    assert reply.values("WWW-Authenticate") == ([says] if says else [])


def confused() -> str:
    """Signed with the issuer's public key as if it were a secret."""
    return make('{"alg":"HS256","kid":"one"}', unb64u(token().split(".")[1]), alg="HS256", key=public_pem(private("RS256")))


def tampered() -> str:
    header, payload, signature = token().split(".")
    return f"{header}.{b64u(unb64u(payload).replace(b'clerk', b'admin'))}.{signature}"


FORGED = {
    "the public key as a secret": lambda: f"Bearer {confused()}",
    "another payload": lambda: f"Bearer {tampered()}",
    "not signed": lambda: f"Bearer {b64u('{}')}.{token().split('.')[1]}.",
    "alg none": lambda: f"Bearer {b64u(NONE)}.{token().split('.')[1]}.",
    "no signature": lambda: f"Bearer {token().rpartition('.')[0]}.",
    "another scheme": lambda: f"Basic {token()}",
    "no scheme": token,
    "nothing behind the scheme": lambda: "Bearer",
    "two tokens": lambda: f"Bearer {token()}, Bearer {token()}",
    "a token and more": lambda: f"Bearer {token()} x",
}
NONE = '{"alg":"none"}'


@pytest.mark.parametrize("line", ["GET /admin", "GET /orders", "GET /news"])
@pytest.mark.parametrize("case", FORGED)
def test_a_forged_token_opens_nothing(stack: Stack, case: str, line: str):
    reply, seen = stack.ask(line, f"Authorization: {FORGED[case]()}")
    # Neither a scheme that is another's nor a token outside of it is a token: /news is open without one.
    if line == "GET /news" and case in ("another scheme", "no scheme"):
        assert not any(value for name in IDENTITY for value in seen[0].values(name))
        return
    assert (reply.status, reply.is_of_api, seen) == (400 if is_malformed(stack, case) else 401, False, [])
    assert len(reply.values("WWW-Authenticate")) == 1


def is_malformed(stack: Stack, case: str) -> bool:
    """Whether RFC 6750 has 400 for it; nginx passes on 401 and 403 alone."""
    return stack.name != "nginx" and case in ("nothing behind the scheme", "two tokens", "a token and more")


def test_without_a_token_no_error_is_told(stack: Stack):
    reply, seen = stack.ask("GET /orders")
    assert (reply.status, seen) == (401, [])
    assert reply.values("WWW-Authenticate") == ['Bearer realm="shop"']


def test_two_authorizations_are_one_too_many(stack: Stack):
    reply, seen = stack.ask("GET /orders", bearer(), bearer())
    assert (reply.status >= 400, reply.is_of_api, seen) == (True, False, [])


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "get", "Get", "PROPFIND", "X"])
def test_no_other_method_gets_through(stack: Stack, method: str):
    for line in (f"{method} /items", f"{method} /public/x"):
        reply, seen = stack.ask(line, bearer())
        assert (reply.is_of_api, seen) == (False, [])


# Bodies ------------------------------------------------------------------------------------------------------------

BODY = os.urandom(300_000)
WRITES = {"scope": "orders:write"}


def chunked(body: bytes) -> bytes:
    pieces = [body[at : at + 7000] for at in range(0, len(body), 7000)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("header", ["Content-Type: application/octet-stream", "Content-Type: application/x-www-form-urlencoded"])
def test_the_body_reaches_the_api_whole(stack: Stack, header: str):
    reply, (seen,) = stack.ask("POST /orders", bearer(**WRITES), header, body=BODY)
    assert (reply.status, seen.method, seen.body == BODY) == (200, "POST", True)


def test_the_body_in_chunks_reaches_the_api_whole(stack: Stack):
    reply, (seen,) = stack.ask("POST /orders", bearer(**WRITES), "Transfer-Encoding: chunked", body=chunked(BODY))
    assert (reply.status, seen.method, seen.body == BODY) == (200, "POST", True)


def test_the_body_that_waits_for_leave_reaches_the_api_whole(stack: Stack):
    reply, (seen,) = stack.ask("POST /orders", bearer(**WRITES), "Expect: 100-continue", body=BODY[:5000])
    assert (reply.status, seen.body == BODY[:5000]) == (200, True)


def test_no_body_of_a_denied_request_reaches_the_api(stack: Stack):
    for headers, body in (((), BODY[:5000]), (("Transfer-Encoding: chunked",), chunked(BODY[:5000]))):
        reply, seen = stack.ask("POST /orders", bearer(), *headers, body=body)
        assert (reply.status, seen) == (403, [])


def test_one_connection_carries_one_decision_for_each_request(stack: Stack):
    """What one request was allowed is nothing to the next."""
    both = request("GET /orders", bearer(), "Connection: keep-alive") + request("GET /admin", bearer())
    reply, seen = stack.send(both)
    assert reply.status == 200
    assert [one.target for one in seen] == ["/orders"]
