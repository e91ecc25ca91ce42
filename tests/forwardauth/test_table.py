"""The shared table, asked by a proxy: every row has the decision that the room, the page and the API give it, in the words of the proxy."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from app.forwardauth import PROFILES, SOURCES, Options
from app.gateway import decide, read_policy, read_request
from app.tokens import read_keys
from tests.forwardauth.door import Said, application, call
from tests.gateway.gate import NOW
from tests.gateway.table import ROWS, Row


class Noted:
    """Stands for the decision log, and keeps the rule that denied."""

    rule = ""

    def write(self, decision: object, rule: str, *_: object) -> None:
        self.rule = rule


def asked(row: Row, source: str, profile: str) -> tuple[Said, str]:
    """What the proxy is told, and the rule that denied."""
    keys = {name: read_keys(key if isinstance(key, str) else json.dumps(key)) for name, key in row.keys.items()}
    app: Any = application(read_policy(json.dumps(row.policy)), keys, Options(source, profile))
    app.log = Noted()
    request = read_request(row.request())
    family = SOURCES[source]
    if family is None:
        said = call(app, request.method, f"/auth{request.target}", [*request.headers])
    else:
        # A proxy overwrites what a client sends under the two names.
        theirs = [header for header in request.headers if header.name.lower() not in (family.method.lower(), family.target.lower())]
        said = call(app, "GET", "/auth", [(family.method, request.method), (family.target, request.target), *theirs])
    return said, app.log.rule


@pytest.mark.parametrize(("source", "profile"), [("x-original", "nginx"), ("x-forwarded", "traefik"), ("path", "envoy")])
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_proxy_is_told_what_the_table_says(monkeypatch, row, source, profile):
    monkeypatch.setattr(time, "time", lambda: float(NOW))
    said, rule = asked(row, source, profile)
    must = row.must
    if row.body:  # no proxy sends the body along: it is judged as if there were none
        without = decide(read_policy(json.dumps(row.policy)), replace(read_request(row.request()), body=""), {}, NOW)
        assert said.status == PROFILES[profile].get(without.status, without.status)
        return
    if source == "path" and not row.line.partition(" ")[2].startswith("/"):
        assert said.status == 403  # not under /auth
        return
    assert (said.status, rule) == (PROFILES[profile].get(must.status, must.status), must.denied)
    told = dict(said.headers)
    assert {name: value for name, value in told.items() if name in must.upstream} == dict(must.upstream)
    challenge = told.get("WWW-Authenticate", "")
    assert ("error=" in challenge) == bool(must.error)
    assert must.error in challenge
