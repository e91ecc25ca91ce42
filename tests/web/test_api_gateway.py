"""POST /api/v1/gateway: the decision that the page shows, as facts; and one table of requests for both."""

import json
import time

import pytest

from app.gateway.exports import GATEWAYS
from app.web import presets

ROWS = [
    pytest.param(row, number, id=f"{name}: {asked['label']}")
    for name, row in presets.PRESETS.items()
    for number, asked in enumerate(row["requests"])
]
POLICY = {"routes": [{"prefix": "/", "access": "anyone"}]}
ASKED = {"method": "GET", "target": "/"}


@pytest.mark.parametrize(("row", "number"), ROWS)
def test_page_and_api_give_the_decision_that_is_promised(api, client, row, number):
    now = int(time.time())
    scenario, must = presets.scenario(row, number, now), row["requests"][number]["must"]
    text = scenario.request.replace("$token", scenario.token)
    keys = json.loads(presets.named(row) or "{}")
    answer = api("gateway", {"policy": presets.policy(row), "request": text, "keys": keys, "at": now})
    assert (answer["status"], answer["allowed"]) == (must["status"], must["status"] == 200)
    assert answer["upstream"] == must.get("upstream", {})
    assert answer["removed"] == must.get("removed", [])
    assert ("denied" in must) is any(rule["outcome"] == "failed" and rule["decides"] for rule in answer["rules"])
    form = {"policy": presets.policy(row), "named": presets.named(row), "request": text}
    page = client.post("/gateway", data=form, headers={"HX-Request": "true"}).dom.words("decision")
    assert page.startswith(str(answer["status"]))
    assert (answer["www_authenticate"] or "") in page


def test_a_request_may_be_given_in_parts(api, make_token):
    policy = {"issuers": [{"keys": [{"secret": "s", "algorithms": ["HS256"]}], "required": []}], "routes": [{"exact": "/orders"}]}
    keys = {"s": "a-string-secret-at-least-256-bits-long"}
    asked = {"method": "GET", "target": "/orders?x=1", "headers": {"Authorization": f"Bearer {make_token()}", "Accept": ["a", "b"]}}
    answer = api("gateway", {"policy": policy, "request": asked, "keys": keys})
    assert (answer["status"], answer["route"], answer["problems"]) == (200, "/orders", [])
    twice = {**asked, "headers": {"Authorization": ["Bearer a", "Bearer b"]}}
    answer = api("gateway", {"policy": policy, "request": twice, "keys": keys})
    assert (answer["status"], answer["error"]) == (400, "invalid_request")


def test_a_policy_that_cannot_be_read_is_an_answer(api):
    answer = api("gateway", {"policy": {"rotues": []}, "request": ASKED})
    assert (answer["allowed"], answer["status"]) == (False, None)
    assert answer["problems"][0]["path"] == "rotues"
    assert api("gateway", {"policy": "{", "request": ASKED})["problems"][0]["path"] == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"request": None},
        {"request": 1},
        {"request": {}},
        {"request": {"method": 1, "target": "/"}},
        {"request": {**ASKED, "headers": []}},
        {"request": {**ASKED, "headers": {"a": 1}}},
        {"request": {**ASKED, "headers": {"a": [None]}}},
        {"request": {**ASKED, "body": None}},
        {"request": {**ASKED, "path": "/"}},
        {"keys": []},
        {"keys": "s"},
        {"keys": {str(number): "s" for number in range(201)}},
        {"policy": None},
        {"policy": []},
        {"at": "now"},
    ],
)
def test_what_is_no_question_is_refused(api, changes):
    api("gateway", {"policy": POLICY, "request": ASKED, **changes}, 422)


def test_keys_may_be_of_any_form_and_break_nothing(api):
    keys: dict[str, object] = {"a": 1, "b": None, "c": [], "d": {"kty": "x"}, "e": "-----BEGIN", "f": True, "g": 1e400}
    assert api("gateway", json.dumps({"policy": POLICY, "request": ASKED, "keys": keys}).replace("Infinity", "1e400"))["allowed"]


@pytest.mark.parametrize("name", GATEWAYS)
def test_the_policy_comes_as_the_configuration_of_another_gateway(api, name):
    asked = {"policy": {"routes": [{"exact": "/health", "access": "anyone"}]}, "request": {"method": "GET", "target": "/health"}}
    there = api("gateway", {**asked, "export": name})["export"]
    assert set(there) == {"files", "gaps", "notes", "answer"}
    assert all(file["name"] and file["text"] for file in there["files"])
    assert all(gap["because"].endswith(".") for gap in there["gaps"])
    assert there["answer"] is None or set(there["answer"]) == {"status", "headers", "body", "because"}
    assert "export" not in api("gateway", asked)


def test_of_a_policy_that_cannot_be_read_there_is_no_configuration(api):
    assert "export" not in api("gateway", {"policy": "{", "request": ASKED, "export": next(iter(GATEWAYS))})


@pytest.mark.parametrize("name", ["", "iis", 7, ["kong"], {}])
def test_a_gateway_that_is_not_known_is_refused(api, name):
    api("gateway", {"policy": POLICY, "request": ASKED, "export": name}, 422)
