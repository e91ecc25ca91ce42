"""F12: key sets that are elsewhere. They come in the background, stay when their server fails, and nobody can have them fetched at will."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from app.forwardauth import Gate, KeyStore
from app.forwardauth import keys as keys_module
from app.gateway import Policy
from app.tokens import read_keys
from tests.forwardauth.door import URL, KeyServer, application, ask, call
from tests.gateway.gate import NOW, policy, token
from tests.tokens.keyring import private, public_jwk


def jwks(*kids: str) -> str:
    return json.dumps({"keys": [public_jwk(private("RS256"), kid=kid) for kid in kids]})


REMOTE = policy(issuer={"keys": [{"jwks_url": URL, "algorithms": ["RS256"]}]})


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: float(NOW))


def store(server: KeyServer, rules: Policy = REMOTE, **more: Any) -> KeyStore:
    return KeyStore(rules, {}, server.fetch, more.pop("interval", 300.0), more.pop("tell", lambda kind, message: None))


def until(true: Any, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.005)


@pytest.fixture
def running():
    """Start the store of an application; all are stopped in the end."""
    started: list[KeyStore] = []

    def run(server: KeyServer, **more: Any) -> Any:
        app = application(REMOTE, fetch=server.fetch, **more)
        app.gate.store.start()
        started.append(app.gate.store)
        return app

    yield run
    for one in started:
        one.stop()


def test_it_starts_without_keys_and_denies_until_they_are_there(running):
    server = KeyServer(jwks("one"))
    server.delay.clear()
    app = running(server)
    assert call(app, "GET", "/readyz", []).status == 503
    assert ask(app, token()).status == 403  # it waits for the fetch that is under way, but not long
    server.delay.set()
    until(lambda: app.gate.store.is_ready)
    assert call(app, "GET", "/readyz", []).status == 200
    assert ask(app, token()).status == 200


def test_a_request_that_comes_before_the_first_keys_waits_for_them(running):
    server = KeyServer(jwks("one"))
    server.delay.clear()
    app = running(server)
    threading.Timer(0.1, server.delay.set).start()
    assert ask(app, token()).status == 200


def test_the_last_good_keys_stay_when_the_server_of_keys_fails():
    told: list[str] = []
    server = KeyServer(jwks("one"))
    kept = store(server, tell=lambda kind, message: told.append(f"{kind}: {message}"))
    (remote,) = kept.remotes
    assert remote.refresh()
    fetched = remote.fetched_at
    server.text = None
    assert not remote.refresh()
    assert not remote.refresh()
    assert remote.keys
    assert remote.fetched_at == fetched
    server.text = '{"keys": []}'
    assert not remote.refresh()
    assert remote.keys
    server.text = jwks("two")
    assert remote.refresh()
    assert told == [
        "warning: no new keys from https://login.example; those that are here stay in use: login.example answers 503, not 200.",
        "note: the keys of https://login.example are fetched again",
    ]


def test_what_is_told_of_a_source_is_its_server_without_path_and_query():
    told: list[str] = []
    urls = ("https://login.example/canary/jwks?key=canary", "https://login.example:8443?canary", "https://login.example/other")
    rules = policy(issuer={"keys": [{"jwks_url": url, "algorithms": ["RS256"]} for url in urls]})
    app = application(rules, tell=lambda kind, message: told.append(message))
    for remote in app.gate.store.remotes:
        remote.refresh()
    assert list(app.metrics.sources()) == ["https://login.example", "https://login.example:8443", "https://login.example (2)"]
    assert len(told) == 3
    assert "canary" not in "".join(told)


def test_keys_that_were_taken_back_are_gone():
    server = KeyServer(jwks("one", "two"))
    kept = store(server)
    gate = Gate(REMOTE, kept)
    app = application(REMOTE)
    app.gate = gate
    kept.remotes[0].changed = kept._changed
    kept.remotes[0].refresh()
    kept._changed(kept.remotes[0], True)
    assert ask(app, token(header={"kid": "two"})).status == 200
    server.text = jwks("one")
    kept.remotes[0].refresh()
    kept._changed(kept.remotes[0], True)
    assert ask(app, token(header={"kid": "two"})).status == 401


def test_a_new_kid_is_fetched_when_a_token_names_it(running, monkeypatch):
    server = KeyServer(jwks("one"))
    app = running(server)
    until(lambda: app.gate.store.is_ready)
    monkeypatch.setattr(keys_module, "AGAIN_SECONDS", 0.0)
    server.text = jwks("one", "two")
    assert ask(app, token(header={"kid": "two"})).status == 200
    assert server.times == 2


def test_cve_2026_48524_unknown_kids_do_not_have_keys_fetched_at_will(running):
    server = KeyServer(jwks("one"))
    app = running(server)
    until(lambda: app.gate.store.is_ready)
    for number in range(50):
        assert ask(app, token(header={"kid": f"unknown-{number}"})).status == 401
    assert server.times == 1


def test_an_unknown_kid_waits_only_while_a_fetch_is_under_way_and_not_all_threads_do(running, monkeypatch):
    server = KeyServer(jwks("one"))
    app = running(server)
    until(lambda: app.gate.store.is_ready)
    monkeypatch.setattr(keys_module, "AGAIN_SECONDS", 0.0)
    server.delay.clear()
    forged = token(header={"kid": "unknown"})
    began = time.monotonic()
    threads = [threading.Thread(target=ask, args=[app, forged]) for _ in range(12)]
    for one in threads:
        one.start()
    assert ask(app, token()).status == 200  # a known key is not held up
    for one in threads:
        one.join()
    assert time.monotonic() - began < 3
    assert server.times == 2
    server.delay.set()


def test_a_failing_server_is_asked_again_soon_and_then_more_rarely():
    server = KeyServer(None)
    (remote,) = store(server).remotes
    pauses = []
    for _ in range(6):
        remote.refresh()
        pauses.append(remote._pause())
    for pause, whole in zip(pauses, (5, 10, 20, 40, 60, 60), strict=True):
        assert 0.8 * whole <= pause <= whole


def test_copies_do_not_ask_in_step():
    remotes = [store(KeyServer(jwks("one"))).remotes[0] for _ in range(20)]
    pauses = {round(remote._pause(), 3) for remote in remotes}
    assert len(pauses) > 15
    assert all(240 <= pause <= 300 for pause in pauses)


def test_a_fetch_that_fails_in_an_unforeseen_way_is_tried_again():
    def broken(url: str, kind: str) -> Any:
        raise ZeroDivisionError("canary")

    told: list[str] = []
    kept = KeyStore(REMOTE, {}, broken, 300.0, lambda kind, message: told.append(message))
    assert not kept.remotes[0].refresh()
    assert "ZeroDivisionError" in told[0]
    assert "canary" not in told[0]


def test_keys_go_over_to_the_policy_that_is_read_anew():
    server = KeyServer(jwks("one"))
    first = store(server)
    first.remotes[0].refresh()
    server.delay.clear()  # the key server hangs while the policy is read
    second = store(server)
    second.start(first)
    try:
        assert second.is_ready
        assert second.keys[URL] is first.remotes[0].keys
    finally:
        server.delay.set()
        second.stop()


def test_keys_that_are_given_are_not_fetched():
    server = KeyServer(None)
    given = KeyStore(REMOTE, {URL: read_keys(jwks("one"))}, server.fetch, 300.0, lambda kind, message: None)
    given.start()
    assert given.is_ready
    assert not given.remotes
    assert not given.is_coming()
    app = application(REMOTE)
    app.gate = Gate(REMOTE, given)
    assert ask(app, token()).status == 200
    assert server.times == 0


def test_an_issuer_is_asked_as_an_issuer():
    rules = policy(
        issuer={"keys": [{"issuer_url": "https://login.example", "algorithms": ["RS256"]}, {"secret": "s", "algorithms": ["HS256"]}]}
    )
    kinds = []

    def fetch(url: str, kind: str) -> Any:
        kinds.append((url, kind))
        raise ZeroDivisionError

    kept = KeyStore(rules, {}, fetch, 300.0, lambda kind, message: None)
    kept.remotes[0].refresh()
    assert kinds == [("https://login.example", "issuer")]
    assert kept.missing_names == ("s",)
