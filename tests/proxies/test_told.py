"""What an export tells about a gateway's answer is what the real one answers: status, challenge and body."""

import time

import pytest

from app.gateway import decide, read_request
from app.gateway.exports import GATEWAYS
from tests.proxies import gate
from tests.proxies.attacks import MORE_PATHS, PATHS
from tests.proxies.gate import bearer
from tests.proxies.harness import Stack, request
from tests.proxies.test_asked import ALLOWED, DENIED, FORGED

POLICY = gate.policy()
LINES: dict[str, tuple[str, ...]] = {
    "no token": ("GET /orders",),
    "HEAD": ("HEAD /orders",),
    "open": ("POST /public",),
    "two Authorization headers": ("GET /orders", bearer(), bearer()),
    "two Host headers": ("GET /orders", "Host: a", "Host: b", bearer()),
    "another Connection": ("GET /orders", "Connection: X-User", bearer()),
    "another spelling": ("GET /orders", "X_User: a", bearer()),
    "a client's copy": ("GET /orders", "X-User: a", bearer()),
    "TRACE": ("TRACE /items", bearer()),
    "CONNECT": ("CONNECT /items", bearer()),
    "PROPFIND": ("PROPFIND /items", bearer()),
    "small letters": ("get /items", bearer()),
    "a token of 7 kB": ("GET /orders", f"Authorization: Bearer {'a' * 7_000}"),
    "a token of 9 kB": ("GET /orders", f"Authorization: Bearer {'a' * 9_000}"),
    "a token of 16 kB": ("GET /orders", f"Authorization: Bearer {'a' * 16_380}"),
    "a token of 17 kB": ("GET /orders", f"Authorization: Bearer {'a' * 17_000}"),
    "an address of 8 kB": (f"GET /public/{'a' * 8_000}",),
    "an address of 9 kB": (f"GET /public/{'a' * 9_000}",),
    "an address that is none": ("GET public",),
    "a broken escape": ("GET /public/%zz",),
    "not ASCII": ("GET /public/\xe4",),
}
LINES |= {f"path {path}": (f"GET {path}",) for path in PATHS + MORE_PATHS if " " not in path}
LINES |= {f"allowed: {name}": (line, bearer(**claims)) for name, (line, claims) in ALLOWED.items()}
LINES |= {f"denied: {name}": (line, bearer(**claims)) for name, (line, claims, _, _) in DENIED.items()}
LINES |= {f"forged: {name}": ("GET /orders", f"Authorization: {text()}") for name, text in FORGED.items()}


# Each drops or keeps other headers before it asks; of an address with a host in it, jwtlens gets the path.
UNKNOWN = {"another Connection", "another spelling", *(f"path {path}" for path in (*PATHS, *MORE_PATHS) if "://" in path)}
NOT_KNOWN: dict[str, set[str]] = {"nginx": UNKNOWN, "caddy": UNKNOWN | {"path *"}, "haproxy-lua": UNKNOWN}


@pytest.mark.parametrize("case", LINES)
def test_it_answers_as_the_export_says(stack: Stack, case: str):
    line, *headers = LINES[case]
    sent = request(line, *headers)
    read = read_request(sent.decode("latin-1"))
    told = GATEWAYS[stack.name].answer(POLICY, read, decide(POLICY, read, {}, int(time.time())))
    if told is None:
        assert case in NOT_KNOWN[stack.name]
        return
    assert case not in NOT_KNOWN[stack.name]
    reply, _ = stack.send(sent)
    assert told.status == reply.status
    assert (200 <= told.status < 300) == reply.is_of_api
    if not reply.is_of_api:
        assert [value for name, value in told.headers if name == "WWW-Authenticate"] == reply.values("WWW-Authenticate")
        assert told.body == reply.body.decode()
    assert told.because.endswith(".")
