"""What jwt_tool and the labs of PortSwigger forge opens no door: core, API, page, command line, audit, forward-auth server."""

from __future__ import annotations

import json
import re
import socket
import time

import pytest

from app import tokens
from app.forwardauth import ForwardAuth
from tests.attacks.forging import ELSEWHERE, FORGERIES, VICTIMS, Victim
from tests.attacks.ledger import rows
from tests.cli.conftest import run as run  # the fixture
from tests.forwardauth.door import application, ask
from tests.gateway import gate

THIS = "tests/attacks/test_doors.py::test_no_door_takes_what_they_forge"
DOORS = ("core", "api", "page", "command line", "forward-auth")


@pytest.fixture(autouse=True)
def _clock_and_walls(monkeypatch):
    """The time is that of the tokens, and whoever would fetch what a token names is caught."""

    def caught(*_: object, **__: object) -> None:
        raise AssertionError("a token made somebody connect")

    monkeypatch.setattr(time, "time", lambda: float(gate.NOW))
    monkeypatch.setattr(socket, "getaddrinfo", caught)
    monkeypatch.setattr(socket.socket, "connect", caught)


@pytest.fixture(scope="module")
def guards() -> dict[str, ForwardAuth]:
    secret = {"keys": [{"secret": "s", "algorithms": ["HS256"]}]}
    named = {"s": tokens.read_keys(VICTIMS["HS256"].key)}
    return {"RS256": application(gate.policy()), "HS256": application(gate.policy(issuer=secret), named)}


@pytest.fixture
def opened(client, run, guards):
    """Whether a *door* takes a token for what its service signed."""

    def core(victim: Victim, text: str) -> bool:
        return tokens.verify(text, victim.key, at=gate.NOW).accepted

    def api(victim: Victim, text: str) -> bool:
        answer = client.post("/api/v1/verify", json={"token": text, "key": victim.key, "at": gate.NOW})
        assert answer.status_code == 200
        return answer.read["accepted"]

    def page(victim: Victim, text: str) -> bool:
        form = {"token": text, "key": victim.key, "at": str(gate.NOW)}
        words = client.post("/verify", data=form, headers={"HX-Request": "true"}).dom.words("verdict")
        return words.startswith("Signature verified") and not re.search("Expired|refused|error|Not valid yet", words)

    def command_line(victim: Victim, text: str) -> bool:
        return run("verify", "-q", "--key-env", "VERIFYING", "--at", str(gate.NOW), pipe=text, VERIFYING=victim.key).status == 0

    def forward_auth(victim: Victim, text: str) -> bool:
        if not text.isascii() or re.search(r"[\0-\x1f]", text):
            return False
        return ask(guards[victim.alg], text).status == 200

    return dict(zip(DOORS, (core, api, page, command_line, forward_auth), strict=True))


@pytest.mark.parametrize("victim", VICTIMS.values(), ids=VICTIMS)
@pytest.mark.parametrize("door", DOORS)
def test_each_door_takes_what_was_really_signed(opened, door, victim):
    assert opened[door](victim, victim.token)


@pytest.mark.parametrize("forge", dict.fromkeys(FORGERIES.values()), ids=lambda forge: forge.__name__)
def test_no_door_takes_what_they_forge(opened, forge):
    forged = [(victim, text) for victim in VICTIMS.values() for text in forge(victim)]
    assert forged
    for victim, text in forged:
        assert [door for door, opens in opened.items() if opens(victim, text)] == [], text


def test_the_audit_calls_none_of_them_accepted(run, tmp_path):
    log = tmp_path / "access.log"
    for victim in VICTIMS.values():
        forged = {text for forge in FORGERIES.values() for text in forge(victim)}
        # In a log a dot may end a sentence: the good token with a dot behind it is the good token.
        apart = sorted(text for text in forged if "\n" not in text and victim.token not in text)
        log.write_text("\n".join(f"Bearer {text}" for text in (*apart, victim.token)))
        asked = ("--at", str(gate.NOW), "--key-env", "VERIFYING", "--alg", victim.alg)
        done = run("audit", str(log), "--workers", "1", *asked, VERIFYING=victim.key)
        *lines, last = [json.loads(line) for line in done.out.splitlines()]
        taken = [line["line"] for line in lines if line["accepted"]]
        assert taken == [len(log.read_text().splitlines())], "the good one alone"
        assert last["summary"]["tokens"] > 50


def test_what_a_token_names_is_repeated_by_no_refusal_of_the_forward_auth_server(guards):
    for text in FORGERIES["jwt_tool external interaction"](VICTIMS["RS256"]):
        said = ask(guards["RS256"], text)
        assert (said.status, said.body) == (401, b"")
        assert ELSEWHERE not in str(said.headers)


def test_every_forgery_has_its_row_and_every_row_its_forgery():
    assert {row.id for row in rows() if THIS in row.tests} == FORGERIES.keys()
