"""The presets of the gateway: each request gets the decision that its file promises."""

import json

import pytest

from app.gateway import decide, read_policy, read_request
from app.tokens import read_keys
from app.web import presets

NOW = 1_700_000_000
ROWS = [
    pytest.param(row, number, id=f"{name}: {asked['label']}")
    for name, row in presets.PRESETS.items()
    for number, asked in enumerate(row["requests"])
]


def decided(row, number):
    scenario = presets.scenario(row, number, NOW)
    keys = json.loads(presets.named(row) or "{}")
    read = {name: read_keys(key if isinstance(key, str) else json.dumps(key)) for name, key in keys.items()}
    policy = read_policy(presets.policy(row))
    assert set(read) == set(policy.references)
    return decide(policy, read_request(scenario.request.replace("$token", scenario.token)), read, NOW)


@pytest.mark.parametrize(("row", "number"), ROWS)
def test_each_request_gets_the_decision_that_is_promised(row, number):
    must = row["requests"][number]["must"]
    decision = decided(row, number)
    assert decision.status == must["status"]
    assert [rule.name for rule in decision.denials[:1]] == ([must["denied"]] if "denied" in must else [])
    assert dict(decision.upstream) == must.get("upstream", {})
    assert list(decision.removed) == must.get("removed", [])
    if "challenge" in must:
        assert decision.www_authenticate == must["challenge"]


@pytest.mark.parametrize("row", presets.PRESETS.values(), ids=presets.PRESETS)
def test_each_preset_begins_with_what_is_allowed_and_shows_a_refusal(row):
    statuses = [asked["must"]["status"] for asked in row["requests"]]
    assert statuses[0] == 200
    assert set(statuses) > {200}
    assert len({asked["label"] for asked in row["requests"]}) == len(statuses)


def test_every_answer_of_the_gateway_is_met():
    assert {asked["must"]["status"] for row in presets.PRESETS.values() for asked in row["requests"]} == {200, 400, 401, 403}
