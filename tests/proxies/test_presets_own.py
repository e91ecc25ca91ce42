"""The presets of the gateway page, before a real gateway that judges by itself: it answers as the page says that it does."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from app.gateway import decide, read_policy, read_request
from app.gateway.exports import GATEWAYS
from app.gateway.exports.asking import API, PORT
from app.web.presets import PRESETS, policy, scenario
from tests.proxies.harness import Api, Program, free_port, request, send

Moves = Callable[[int, int], dict[str, str]]


class Real(NamedTuple):
    """How a gateway is started, and what of its configuration is another address here: where it listens, where the API is."""

    command: list[str]
    moves: Moves


REAL = {
    "envoy": Real(
        [str(Path(sys.executable).with_name("envoy")), "-c", "envoy.yaml", "--concurrency", "1", "-l", "error", "--use-dynamic-base-id"],
        lambda here, api: {
            '"0.0.0.0"': '"127.0.0.1"',
            f"port_value: {PORT}": f"port_value: {here}",
            f"port_value: {API.partition(':')[2]}": f"port_value: {api}",
        },
    ),
    "haproxy": Real(
        ["haproxy", "-f", "haproxy.cfg"], lambda here, api: {f"bind :{PORT}": f"bind 127.0.0.1:{here}", API: f"127.0.0.1:{api}"}
    ),
}
# The others name keys that are elsewhere.
WHOLE = [name for name, row in PRESETS.items() if "named" not in row]


@pytest.mark.parametrize("preset", WHOLE)
@pytest.mark.parametrize("name", REAL)
def test_it_answers_as_the_page_says(tmp_path: Path, name: str, preset: str):
    row, gateway = PRESETS[preset], GATEWAYS[name]
    rules = read_policy(policy(row))
    api, port, now = Api(), free_port(), int(time.time())
    first, *others = gateway.export(rules).files
    text = first.text
    for old, new in REAL[name].moves(port, api.port).items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / first.name).write_text(text)
    for file in others:
        (tmp_path / file.name).parent.mkdir(exist_ok=True)
        (tmp_path / file.name).write_text(file.text)
    program = Program(REAL[name].command, port, tmp_path)
    known = 0
    try:
        program.start()
        for number, _ in enumerate(row["requests"]):
            asked = scenario(row, number, now)
            whole = asked.request.replace("$token", asked.token)
            line, *headers = whole.replace(" HTTP/1.1", "").split("\n")
            reply = send(port, request(line, *headers))
            decision = decide(rules, read_request(whole), {}, now)
            told = gateway.answer(rules, read_request(whole), decision)
            assert decision.allowed or not reply.is_of_api
            if told:
                known += 1
                assert (reply.status, reply.is_of_api) == (told.status, told.status == 200)
                assert reply.is_of_api or reply.body.decode() == told.body
    finally:
        program.kill()
        api.close()
    # The new key of the rotation is one that HAProxy cannot be told.
    assert known > len(row["requests"]) / 2 or (name, preset) == ("haproxy", "rotation")
