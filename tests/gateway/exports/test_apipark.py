"""APIPark is told an application for each issuer; it judges little, and whatever lets more through is said."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from app.gateway import Policy, read_policy, read_request
from app.gateway.exports.apipark import GATEWAY
from app.web import presets
from tests.gateway.exports.rich import FULL, TEXTS, answers, gaps, odd, read
from tests.gateway.gate import ISSUER, ask, policy, rs256, token
from tests.tokens.keyring import private, public_pem

MORE = "allows more than this policy"
ALONE = {"header": "X-Token"}


def files(rules: Policy) -> dict[str, Any]:
    return {file.name: json.loads(file.text) for file in GATEWAY.export(rules).files}


def test_an_issuer_is_an_application_with_its_key():
    (one,) = files(policy(forward_token=False))["apipark.json"]
    assert one["application"] == ISSUER
    assert one["authorization"] == {
        "name": "issuer 1",
        "driver": "jwt",
        "position": "Header",
        "token_name": "Authorization",
        "expire_time": 0,
        "hide_credential": True,
        "config": {
            "iss": ISSUER,
            "algorithm": "RS256",
            "secret": "",
            "public_key": public_pem(private("RS256")),
            "user": ISSUER,
            "user_path": "$.iss",
            "claims_to_verify": ["exp"],
            "signature_is_base64": False,
        },
    }


def test_apinto_is_told_the_same_in_its_own_words():
    (app,) = files(policy(token={"query": "token"}))["apinto.json"]
    (auth,) = app["auth"]
    assert (app["driver"], auth["type"], auth["position"], auth["token_name"]) == ("app", "jwt", "query", "token")
    assert auth["config"]["rsa_public_key"] == public_pem(private("RS256"))
    assert auth["config"]["path"] == "$.iss"
    assert [user["pattern"] for user in auth["users"]] == [{"username": ISSUER}]


def test_a_secret_is_named_in_a_note_and_never_written():
    made = GATEWAY.export(policy(issuer={"keys": [{"secret": "legacy", "algorithms": ["HS256"]}]}))
    assert json.loads(made.files[0].text)[0]["authorization"]["config"]["secret"] == ""
    assert any('"legacy"' in note for note in made.notes)


def test_nbf_is_judged_only_where_every_token_has_it():
    rules = policy(issuer={"required": ["exp", "nbf"]})
    assert files(rules)["apipark.json"][0]["authorization"]["config"]["claims_to_verify"] == ["exp", "nbf"]
    assert "issuers[0].required" not in gaps(GATEWAY.export(rules))
    assert "before its nbf" in gaps(GATEWAY.export(policy()))["issuers[0].required"]


def test_what_is_left_out_and_would_let_more_through_is_said_loudly():
    told = gaps(GATEWAY.export(read(FULL)))
    for part in ("audience", "max_life", "required"):
        assert MORE in told[f"issuers[0].{part}"]
    for place in ("routes[2].scopes", "routes[3].roles", "routes[4].claims", "upstream.X-User"):
        assert MORE in told[place]
    assert {"token[0]", "token[1]", "realm", "describe", "issuers[0].type", "issuers[0].keys[1]", "routes[0]"} <= told.keys()


@settings(deadline=None, max_examples=40)
@given(TEXTS)
def test_every_text_is_read_back_as_it_was_or_said(text):
    made = GATEWAY.export(odd(text))
    names = [one["application"] for one in json.loads(made.files[0].text)]
    assert names == [text] or (not names and "issuers[0].issuer" in gaps(made))


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_preset_makes_applications(name):
    rules = read_policy(presets.policy(presets.PRESETS[name]))
    applications = files(rules)["apipark.json"]
    fetched = all(source.kind in ("jwks_url", "issuer_url") for issuer in rules.issuers for source in issuer.keys)
    assert bool(applications) != fetched
    assert len(applications) == len(files(rules)["apinto.json"])


def test_a_place_that_it_cannot_look_into_leaves_nothing_to_export():
    made = GATEWAY.export(policy(token={"cookie": "session"}))
    assert made.files == ()
    assert "such a request is denied" in gaps(made)["token[0]"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        pytest.param({}, 200, id="good"),
        pytest.param({"header": {"typ": "jwt"}}, 200, id="typ in another case"),
        pytest.param({"header": {"typ": "at+jwt"}}, 401, id="another type"),
        pytest.param({"iss": "https://evil.example"}, 401, id="another issuer"),
        pytest.param({"key": private("RS256", 1)}, 401, id="another key"),
        pytest.param({"exp": None}, 401, id="no exp"),
        pytest.param({"aud": "https://shop.example"}, 200, id="another audience"),
    ],
)
def test_it_answers_as_its_source_does(changed, status):
    rules = policy(token=ALONE)
    changed = {"header": {"typ": "JWT"}} | changed
    line = f"GET /orders\nX-Token: {token(**changed)}"
    answer = GATEWAY.answer(rules, read_request(line), ask(rules, line=line))
    assert answer is not None
    assert (answer.status, answer.body) == (status, "" if status == 200 else "missing or invalid token")
    assert answer.headers == ()
    if status == 200 and "aud" in changed:
        assert MORE in gaps(GATEWAY.export(rules))["issuers[0].audience"]


def test_behind_bearer_no_token_is_found():
    rules = policy()
    request = read_request(f"GET /orders\nAuthorization: Bearer {token()}")
    answer = GATEWAY.answer(rules, request, ask(rules, token()))
    assert answer is not None
    assert answer.status == 401
    assert "Bearer before it makes it none" in answer.because


def test_it_looks_into_one_header_whatever_else_the_policy_names():
    rules = policy(token=[{"header": "Authorization", "scheme": "Bearer"}, {"cookie": "session"}])
    for line in (f"GET /orders\nCookie: session={token()}", f"GET /orders\nAuthorization: Bearer {token()}"):
        answer = GATEWAY.answer(rules, read_request(line), ask(rules, line=line))
        assert answer is not None
        assert answer.status == 401
    bare = f"GET /orders\nAuthorization: {token()}"
    assert GATEWAY.answer(rules, read_request(bare), ask(rules, line=bare)) is None


def test_of_several_keys_the_first_is_taken_and_the_rest_is_said():
    rules = policy(issuer={"keys": [rs256(), {"pem": public_pem(private("ES256")), "algorithms": ["ES256"]}]})
    assert len(files(rules)["apipark.json"]) == 1
    assert "one key and one algorithm" in gaps(GATEWAY.export(rules))["issuers[0].keys[1]"]
    assert "knows no PS256" in gaps(GATEWAY.export(policy(issuer={"keys": [rs256() | {"algorithms": ["PS256"]}]})))["issuers[0].keys[0]"]


def test_answers_of_the_table_are_those_of_the_driver():
    assert {answer.status for _, answer in answers(GATEWAY)} <= {200, 401}
