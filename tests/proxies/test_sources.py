"""Tokens at other places than Authorization, a policy that is read anew, and several copies, behind a real proxy."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.proxies import gate, harness
from tests.proxies.gate import bearer, token
from tests.proxies.harness import STARTS, Stack

KEPT_BACK: dict[str, Any] = {"token": {"header": "X-Token"}, "forward_token": False}
ELSEWHERE: dict[str, Any] = {"token": [{"cookie": "session"}, {"query": "token"}]}


def read_anew(stack: Stack, document: str, line: str, *headers: str) -> None:
    """Give jwtlens another policy, and wait until *line* is allowed by it."""
    assert stack.judge.folder.joinpath("policy.json").write_text(document)
    stack.judge.signal(signal.SIGHUP)
    until = time.monotonic() + harness.SECONDS
    while stack.ask(line, *headers)[0].status != 200:
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("name", STARTS)
def test_a_token_elsewhere_is_found_and_one_that_is_kept_back_does_not_reach_the_api(name: str, tmp_path: Path):
    with harness.stack(tmp_path, name, gate.policy(**KEPT_BACK), gate.document(**KEPT_BACK)) as stack:
        reply, (seen,) = stack.ask("GET /orders", f"X-Token: {token()}")
        assert (reply.status, seen.values("X-Token"), seen.values("X-User")) == (200, [], ["user-1"])
        for headers in ((bearer(),), (f"X_Token: {token()}",), (f"X.Token: {token()}",), (f"X-Token: {token()}", f"X-Token: {token()}")):
            reply, reached = stack.ask("GET /orders", *headers)
            assert (reply.status >= 400, reached) == (True, [])

        # What stands in the proxy's configuration does not depend on these places.
        read_anew(stack, gate.document(**ELSEWHERE), "GET /orders", f"Cookie: a=b; session={token()}")
        for line, cookie in (("GET /orders", f"Cookie: session={token()}"), (f"GET /orders?x=1&token={token()}", "Cookie: a=b")):
            reply, (seen,) = stack.ask(line, cookie)
            assert (reply.status, f"{seen.method} {seen.target}", seen.values("X-User")) == (200, line, ["user-1"])
        denied: tuple[tuple[str, tuple[str, ...]], ...] = (
            (f"GET /orders?token={token()}", (f"Cookie: session={token()}",)),
            ("GET /orders", (f"Cookie: session={token()}", f"Cookie: session={token()}")),
            ("GET /orders", (f"Cookie: session={token()}; session={token()}",)),
            (f"GET /orders?token={token()}&token={token()}", ()),
            (f"GET /orders?x=1#token={token()}", ()),
            ("GET /orders", (bearer(),)),
        )
        for line, sent in denied:
            reply, reached = stack.ask(line, *sent)
            assert (reply.status >= 400, reached) == (True, [])


def test_another_copy_answers_when_one_is_killed(tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    with harness.stack(tmp_path, "nginx", gate.policy(), gate.document()) as stack:
        copy = harness.judge(other, "nginx", gate.policy(), tmp_path / "policy.json")
        file = tmp_path / "jwtlens.conf"
        line = f"    server 127.0.0.1:{stack.judge.port};\n"
        assert file.read_text().count(line) == 1
        file.write_text(file.read_text().replace(line, f"{line}    server 127.0.0.1:{copy.port};\n"))
        copy.start()
        try:
            stack.proxy.kill()
            stack.proxy.start()
            assert [stack.ask("GET /orders", bearer())[0].status for _ in range(6)] == [200] * 6
            stack.judge.kill()
            assert [stack.ask("GET /orders", bearer())[0].status for _ in range(6)] == [200] * 6
            assert [stack.ask("GET /admin", bearer())[0].status for _ in range(6)] == [403] * 6
        finally:
            copy.kill()
        assert stack.ask("GET /orders", bearer())[0].status == 500
