"""Nobody gets round jwtlens behind a real proxy: not by another spelling of a path, not by a header, not by a request in a request."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.gateway.request import OVERRIDES
from tests.proxies.attacks import IDENTITY, MORE_PATHS, PATHS, SMUGGLED, SPOOFS, readings
from tests.proxies.gate import bearer
from tests.proxies.harness import Stack, request

EXAMPLES = 80
GOOD = {"X-User": ["user-1"], "X-Roles": ["clerk"], "X-Forwarded-User": ["user-1"]}


def is_open(path: str) -> bool:
    """Whether the policy lets everybody have *path*."""
    return f"{path}/".startswith(("/public/", "/news/"))


def is_ours(path: str) -> bool:
    """Whether a clerk who may read orders has *path*."""
    return is_open(path) or f"{path}/".startswith(("/orders/", "/items/"))


# Paths -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", PATHS)
def test_each_confusing_path_leads_to_admin_on_some_server(target: str):
    assert any(path.endswith("/admin") for path in readings(target))


@pytest.mark.parametrize("target", PATHS + MORE_PATHS)
def test_no_path_leads_to_what_is_denied(stack: Stack, target: str):
    for headers, may_have in (((), is_open), ((bearer(),), is_ours)):
        reply, seen = stack.ask(f"GET {target}", *headers)
        assert reply.is_of_api == bool(seen)
        for one in seen:
            assert [path for path in readings(one.target) if not may_have(path)] == []


def test_a_spelling_that_nobody_can_misread_is_let_through(stack: Stack):
    reply, (seen,) = stack.ask("GET /%70ublic/x?y=..%2f")
    assert (reply.status, readings(seen.target)) == (200, {"/public/x"})


PIECES = some.sampled_from((
    "/", "/public", "/news", "/admin", "/orders", "//", "/.", "/..", "..", ".", "%2e", "%2E%2e", "%2f", "%5c", "\\", ";", "%3b", "#", "?",
    "%00", "%252e", "%25", "%23", "%3f", "%c0%ae", "%ef%bc%8f", "\xe4", "%09", "x", "a=b", ":", "@", "http://api.test", "%zz", "~", "*",
))  # fmt: skip


@given(some.lists(PIECES, min_size=1, max_size=7).map("".join), some.booleans())
@settings(max_examples=EXAMPLES, deadline=None)
def test_no_path_of_odd_pieces_leads_to_what_is_denied(stack: Stack, target: str, has_token: bool):
    may_have = is_ours if has_token else is_open
    reply, seen = stack.ask(f"GET {target}", *([bearer()] if has_token else []))
    assert reply.is_of_api == bool(seen)
    for one in seen:
        assert [path for path in readings(one.target) if not may_have(path)] == []


# Headers -----------------------------------------------------------------------------------------------------------


def test_there_are_thirty_spoofs_and_more():
    assert len(SPOOFS) >= 30


@pytest.mark.parametrize("case", SPOOFS)
def test_no_header_of_the_client_makes_it_another(stack: Stack, case: str):
    for line, headers in (("GET /orders", (bearer(),)), ("GET /news", ())):
        reply, seen = stack.ask(line, *headers, *SPOOFS[case])
        assert reply.is_of_api == bool(seen)
        for one in seen:
            # Either what the token says, whole, or nobody; never what the client says.
            for name in IDENTITY:
                assert [value for value in one.values(name) if value] == (GOOD.get(name, []) if headers else [])
            assert f"{one.method} {one.target}" == line
            assert [name for name in OVERRIDES if one.values(name)] == []
            assert not any("user" in value.lower() for value in one.values("Connection"))


@pytest.mark.parametrize("case", SPOOFS)
def test_no_header_of_the_client_opens_a_route(stack: Stack, case: str):
    for line, headers in (("GET /admin", (bearer(),)), ("POST /items", (bearer(),)), ("GET /orders", ())):
        reply, seen = stack.ask(line, *headers, *SPOOFS[case])
        assert (reply.status >= 400, reply.is_of_api, seen) == (True, False, [])


SEPARATORS = some.sampled_from("-_.~!$^|'`%*+& \t\0:\xad")


@given(some.sampled_from(IDENTITY), SEPARATORS, some.booleans(), some.sampled_from(("", " ", "\t", ":", "\r", "\n", "\0", "_", "-")))
@settings(max_examples=EXAMPLES, deadline=None)
def test_no_odd_spelling_of_a_header_makes_it_another(stack: Stack, name: str, separator: str, is_upper: bool, end: str):
    spelt = (name.upper() if is_upper else name.lower()).replace("-", separator) + end
    for line, headers in (("GET /orders", (bearer(),)), ("GET /news", ())):
        _, seen = stack.ask(line, *headers, f"{spelt}: admin")
        for one in seen:
            for known in IDENTITY:
                assert [value for value in one.values(known) if value] == (GOOD.get(known, []) if headers else [])


def test_what_comes_behind_the_body_is_no_header(stack: Stack):
    body = b"5\r\nhello\r\n0\r\nX-User: admin\r\nX-Original-URI: /admin\r\n\r\n"
    headers = (bearer(scope="orders:write"), "Transfer-Encoding: chunked", "Trailer: X-User")
    _, seen = stack.ask("POST /orders", *headers, body=body)
    for one in seen:
        assert one.values("X-User") == ["user-1"]
        assert one.body == b"hello"


def test_an_upgrade_keeps_who_it_is(stack: Stack):
    _, seen = stack.ask(
        "GET /orders",
        bearer(),
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    )
    assert [one.values("X-User") for one in seen] == [["user-1"]]


# Requests in requests ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", SMUGGLED)
def test_no_request_hides_in_another(stack: Stack, case: str):
    inner = request("GET /admin", bearer())
    for hidden in (inner, b"X" + inner):
        _, seen = stack.send(SMUGGLED[case] + hidden)
        assert [one.target for one in seen if one.target != "/public/x"] == []


@pytest.mark.parametrize("target", ["/_jwtlens", "/_jwtlens/", "/auth", "/auth/public/x", "/healthz", "/readyz", "/metrics"])
def test_the_judge_itself_is_out_of_reach(stack: Stack, target: str):
    for headers in ((), (bearer(),), (bearer(), "X-Original-URI: /public/x", "X-Original-Method: GET")):
        reply, seen = stack.ask(f"GET {target}", *headers)
        assert (reply.status >= 400, seen) == (True, [])
