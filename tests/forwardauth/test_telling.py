"""What the operator is told: the decision log and the metrics. Neither holds a token, and neither can hold a request up."""

from __future__ import annotations

import json
import os
import re
import threading
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.forwardauth import DecisionLog, Metrics
from app.forwardauth.log import MOST_WAITING
from app.forwardauth.metrics import RULES, known
from app.gateway.decision import _DESCRIPTIONS
from tests.forwardauth.door import application, ask, call
from tests.gateway.gate import NOW, policy, token

RULESET = policy([{"prefix": "/orders", "name": "orders\r\n\u2028", "scopes": {"all": ["orders:read"]}}], upstream={"X-User": "sub"})


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: float(NOW))


@pytest.fixture
def logged():
    """Run what is given with an application that logs, and return its lines."""
    reading, writing = os.pipe()

    def run(use):
        app = application(RULESET, log=writing)
        app.log.start()
        use(app)
        app.log.stop()
        data = os.read(reading, 1_000_000)
        assert data.endswith(b"\n")
        return data.decode("ascii").splitlines()

    yield run
    os.close(reading)
    os.close(writing)


def test_a_line_says_who_route_rule_outcome_and_latency(logged):
    allowed, denied = (json.loads(line) for line in logged(lambda app: (ask(app, token()), ask(app, token(scope="x")))))
    assert 0 < allowed.pop("latency_ms") < 1000
    assert re.fullmatch(r"2023-11-14T22:13:19\.9\d\dZ", allowed.pop("time"))
    assert allowed == {
        "outcome": "allowed",
        "status": 200,
        "method": "GET",
        "route": "orders\r\n\u2028",
        "rule": None,
        "iss": "https://login.example",
        "sub": "user-1",
    }
    assert (denied["outcome"], denied["status"], denied["rule"], denied["sub"]) == ("denied", 403, "scopes", "user-1")


def test_nothing_that_a_client_writes_makes_a_line_of_its_own(logged):
    def use(app):
        ask(app, token(sub='a\r\n{"outcome":"allowed"}\u2028\x1b[31m'))
        ask(app, token(), 'GET\r\n{"outcome":"allowed"} /orders')
        ask(app, token(), 'GET /orders\r\n{"outcome":"allowed"}')
        ask(app, token(sub="\ud800" * 5000, iss="https://login.example"))

    lines = logged(use)
    assert len(lines) == 4
    assert all(len(line) < 4096 for line in lines)
    assert json.loads(lines[1])["method"] is None


def test_no_token_no_path_and_no_query_is_in_it(logged):
    text = token(sub="canary-sub", email="canary-email")
    parts = text.split(".")

    def use(app):
        ask(app, text, "GET /orders/canary-path?q=canary-query", ("Cookie", "canary-cookie"))
        ask(app, text[:-4] + "AAAA", "GET /canary-path")
        ask(app, "canary-token")

    said = "\n".join(logged(use))
    assert not [one for one in (*parts, "canary-path", "canary-query", "canary-cookie", "canary-email", "canary-token") if one in said]


def test_who_is_only_said_of_a_token_whose_signature_was_verified(logged):
    forged = token(sub="somebody")[:-8] + "AAAAAAAA"
    expired = token(sub="somebody", exp=NOW - 5)
    lines = [json.loads(line) for line in logged(lambda app: (ask(app, forged), ask(app), ask(app, expired)))]
    assert [line["sub"] for line in lines] == [None, None, "somebody"]
    assert [line["rule"] for line in lines] == ["signature", "token", "exp"]


def test_a_reader_that_stops_holds_nothing_up():
    reading, writing = os.pipe()  # nobody reads: it takes 64 KiB
    app = application(RULESET, log=writing)
    app.log.start()
    text = token()
    began = time.monotonic()
    for _ in range(600):
        assert ask(app, text).status == 200
    assert time.monotonic() - began < 10
    for _ in range(MOST_WAITING + 400):
        app.log.write(None, "fault", 403, "GET", NOW, 0.0)
    assert b"log_dropped_total 0.0" not in app.metrics.text()
    os.close(reading)
    app.log.stop(0.1)
    os.close(writing)


def test_a_log_that_cannot_be_written_drops_its_lines():
    dropped = []
    descriptor = os.open("/dev/full", os.O_WRONLY)
    log = DecisionLog(descriptor, lambda: dropped.append(1))
    log.start()
    log.write(None, "fault", 403, "GET", NOW, 0.0)
    log.stop()
    os.close(descriptor)
    assert dropped == [1]


def families(app) -> dict:
    said = call(app, "GET", "/metrics", [])
    assert (said["Content-Type"] or "").startswith("text/plain; version=")
    found = list(text_string_to_metric_families(said.body.decode()))
    return {(one.name, *sorted(one.labels.items())): one.value for family in found for one in family.samples}


def test_the_metrics_count_answers_by_the_rule_that_denied():
    app = application(RULESET)
    for text in (token(), token(), token(exp=NOW - 1), None):
        ask(app, text)
    found = families(app)
    name = "jwtlens_gateway_decisions_total"
    assert found[name, ("rule", ""), ("status", "200")] == 2
    assert found[name, ("rule", "exp"), ("status", "401")] == 1
    assert found[name, ("rule", "token"), ("status", "401")] == 1
    assert found[("jwtlens_gateway_latency_seconds_count",)] == 4
    assert found["jwtlens_gateway_latency_seconds_bucket", ("le", "+Inf")] == 4
    assert found[("jwtlens_gateway_latency_seconds_sum",)] > 0
    assert found[("jwtlens_gateway_policy_loaded_timestamp_seconds",)] == 0  # nobody has loaded it here


def test_the_rows_of_all_processes_are_added_up_whoever_is_asked():
    metrics = Metrics(3)
    pids = []
    for row in range(2):
        pid = os.fork()
        if not pid:
            metrics.tally(row).decided(200, "", 0.004)
            metrics.tally(row).count("reloaded")
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        assert os.waitpid(pid, 0)[1] == 0
    text = metrics.text().decode()
    assert 'jwtlens_gateway_decisions_total{rule="",status="200"} 2.0' in text
    assert 'jwtlens_gateway_latency_seconds_bucket{le="0.002"} 0.0' in text
    assert 'jwtlens_gateway_latency_seconds_bucket{le="0.005"} 2.0' in text
    assert 'jwtlens_gateway_reloads_total{outcome="taken"} 2.0' in text


def test_no_count_is_lost_among_the_threads_of_a_process():
    metrics = Metrics(1)
    tally = metrics.tally(0)

    def work():
        for _ in range(2000):
            tally.decided(401, "exp", 0.001)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert 'decisions_total{rule="exp",status="401"} 12000.0' in metrics.text().decode()


def test_the_age_of_the_keys_is_that_of_the_oldest_worker():
    metrics = Metrics(3)
    metrics.sources = lambda: ["https://a.example/jwks", "https://b.example/jwks"]
    metrics.tally(0).fetched(0, NOW - 10.0)
    metrics.tally(1).fetched(0, NOW - 400.0)
    text = metrics.text().decode()
    assert 'jwtlens_gateway_keys_age_seconds{source="https://a.example/jwks"} 400.0' in text
    assert "b.example" not in text


def test_every_rule_that_can_deny_has_few_labels():
    assert set(_DESCRIPTIONS) - {"request"} <= set(RULES)
    assert known("realm_access.roles is required") == "required"
    assert known("anything else") == "other"
