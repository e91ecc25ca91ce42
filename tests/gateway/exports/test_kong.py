"""Kong is told the keys, exp and nbf; whatever else a policy asks is closed or said beside it."""

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from app.gateway import Policy, read_request
from app.gateway.exports.kong import GATEWAY
from tests.gateway.exports.rich import FULL, ROUTES, TEXTS, answers, gaps, odd, passed_though_denied, read
from tests.gateway.gate import ISSUER, ask, document, policy, rs256, token
from tests.tokens.keyring import NOW, private, public_jwk, public_pem

MORE = "allows more than this policy"


def kong(rules: Policy) -> Any:
    (file,) = GATEWAY.export(rules).files
    return yaml.safe_load(file.text)


def route_for(rules: Policy, method: str, path: str) -> Any:
    """The route that Kong takes: of those whose conditions are of the same kinds, the one with the highest priority."""
    routes = sorted(kong(rules)["services"][0]["routes"], key=lambda one: -one["regex_priority"])
    assert all(one["methods"] and one["paths"] for one in routes)
    patterns = [(one, re.compile(one["paths"][0].removeprefix("~").replace(r"\z", r"\Z"))) for one in routes]
    return next((one for one, pattern in patterns if method in one["methods"] and pattern.match(path)), None)


def plugins(route: Any) -> dict[str, Any]:
    return {one["name"]: one["config"] for one in route["plugins"]}


def test_an_issuer_is_a_consumer_with_its_public_key():
    (consumer,) = kong(policy())["consumers"]
    (secret,) = consumer["jwt_secrets"]
    assert secret["key"] == consumer["username"] == ISSUER
    assert (secret["algorithm"], secret["rsa_public_key"]) == ("RS256", public_pem(private("RS256")))


def test_a_secret_is_named_in_a_note_and_never_written():
    keys = [{"secret": "legacy", "algorithms": ["HS256"]}]
    made = GATEWAY.export(policy(issuer={"keys": keys}))
    (secret,) = yaml.safe_load(made.files[0].text)["consumers"][0]["jwt_secrets"]
    assert secret == {"key": ISSUER, "algorithm": "HS256"}
    assert any('the secret "legacy"' in note for note in made.notes)


def test_keys_that_are_changed_are_found_by_kid_when_each_has_one():
    keys = [
        {"jwks": {"keys": [public_jwk(private("RS256", which), kid=kid)]}, "algorithms": ["RS256"]}
        for which, kid in ((0, "old"), (1, "new"))
    ]
    rules = policy(issuer={"keys": keys})
    (consumer,) = kong(rules)["consumers"]
    assert [one["key"] for one in consumer["jwt_secrets"]] == ["old", "new"]
    assert plugins(route_for(rules, "GET", "/"))["jwt"]["key_claim_name"] == "kid"
    assert "by kid" in gaps(GATEWAY.export(rules))["issuers[0].issuer"]


def test_of_several_keys_without_kid_the_first_is_taken_and_the_rest_is_said():
    keys = [rs256(), {"pem": public_pem(private("ES256")), "algorithms": ["ES256"]}]
    made = GATEWAY.export(policy(issuer={"keys": keys}))
    assert len(yaml.safe_load(made.files[0].text)["consumers"][0]["jwt_secrets"]) == 1
    assert "one key and one algorithm" in gaps(made)["issuers[0].keys[1]"]


@pytest.mark.parametrize(
    ("method", "path", "number"),
    [
        ("GET", "/health", 1),
        ("DELETE", "/health", 1),
        ("GET", "/health/x", 6),
        ("GET", "/news", 2),
        ("GET", "/news/today", 2),
        ("POST", "/news", 6),
        ("GET", "/newsletter", 6),
        ("GET", "/orders/1", 3),
        ("POST", "/orders", 4),
        ("PUT", "/orders", 6),
    ],
)
def test_the_first_route_that_takes_a_request_decides_there_too(method, path, number):
    assert route_for(read(FULL), method, path)["name"] == f"route-{number}"


def test_letters_that_kong_leaves_encoded_are_taken_both_ways():
    rules = policy([{"exact": "/a:(b)"}])
    for path in ("/a:(b)", "/a%3A%28b%29"):
        assert route_for(rules, "GET", path)
    assert not route_for(rules, "GET", "/a:(b)/c")


def test_a_route_with_rules_that_kong_cannot_judge_is_closed():
    made = GATEWAY.export(read(FULL))
    groups = {one["group"] for consumer in kong(read(FULL))["consumers"] for one in consumer.get("acls", [])}
    for number, route in enumerate(ROUTES):
        asked = [name for name in ("scopes", "roles", "claims") if name in route]
        config = plugins(kong(read(FULL))["services"][0]["routes"][number])
        assert ("acl" in config) == bool(asked)
        if asked:
            assert not groups & set(config["acl"]["allow"])
            assert "the route is closed" in gaps(made)[f"routes[{number}].{asked[0]}"]


def test_a_rule_about_the_issuer_alone_is_said_with_acl():
    entry = {"issuer": "https://b.example", "keys": [{"jwks": public_jwk(private("ES256")), "algorithms": ["ES256"]}]}
    rules = document([{"prefix": "/", "claims": {"claim": "iss", "equals": ISSUER}}])
    rules["issuers"].append(entry)
    made = GATEWAY.export(read(rules))
    assert plugins(route_for(read(rules), "GET", "/"))["acl"]["allow"] == [f"iss {ISSUER}"]
    assert [one["acls"] for one in kong(read(rules))["consumers"]] == [[{"group": f"iss {ISSUER}"}], [{"group": "iss https://b.example"}]]
    assert "routes[0].claims" not in gaps(made)


def test_the_clients_copies_of_headers_are_removed_in_every_spelling():
    made = kong(policy(upstream={"X-User-Id": "sub"}, forward_token=False))
    (transformer,) = made["services"][0]["plugins"]
    assert transformer["name"] == "request-transformer"
    removed = transformer["config"]["remove"]["headers"]
    assert {"X-User-Id", "X_User_Id", "X-User_Id", "X_User-Id", "Authorization", "X-HTTP-Method-Override", "X_Original_URI"} <= set(removed)


def test_what_is_left_out_and_would_let_more_through_is_said_loudly():
    told = gaps(GATEWAY.export(read(FULL)))
    for part in ("audience", "type", "max_life", "required"):
        assert MORE in told[f"issuers[0].{part}"]
    assert {"token[1]", "describe", "issuers[0].keys[1]", "issuers[0].keys[2]", "issuers[0].leeway", "upstream.X-User"} <= told.keys()


@settings(deadline=None, max_examples=40)
@given(TEXTS)
def test_every_text_is_read_back_as_it_was_or_said(text):
    made = GATEWAY.export(odd(text))
    read_back = yaml.safe_load(made.files[0].text)
    names = [one["key"] for consumer in read_back["consumers"] for one in consumer["jwt_secrets"]]
    looked = plugins(read_back["services"][0]["routes"][0])["jwt"]["uri_param_names"]
    assert names == [text] or (not names and "issuers[0].issuer" in gaps(made))
    assert looked == [text] or (not looked and "token[1]" in gaps(made))


def test_what_kong_passes_on_although_the_policy_denies_it_has_a_gap():
    parts = {"aud": ".audience", "typ": ".type", "life": ".max_life", "exp": ".access"}
    found = 0
    for row, found_gaps in passed_though_denied(GATEWAY):
        part = parts.get(row.must.denied, ".required")
        told = " ".join(because for path, because in found_gaps.items() if path.endswith(part) or path.startswith("upstream."))
        assert ("passes no claim on" if row.must.denied == "upstream" else MORE) in told, row.name
        found += 1
    assert found > 10


def test_it_is_not_said_of_a_token_with_a_wrong_signature_that_kong_takes_it():
    statuses = {(row.must.denied, answer.status) for row, answer in answers(GATEWAY)}
    assert ("signature", 401) in statuses
    assert ("signature", 200) not in statuses
    assert ("exp", 401) in statuses


@pytest.mark.parametrize(
    ("changed", "status", "body"),
    [
        pytest.param(None, 401, '{"message":"Unauthorized"}', id="no token"),
        pytest.param({"iss": None}, 401, '{"message":"No mandatory \'iss\' in claims"}', id="no issuer"),
        pytest.param({"iss": "https://evil.example"}, 401, '{"message":"No credentials found for given \'iss\'"}', id="another issuer"),
        pytest.param({"alg": "RS512"}, 401, '{"message":"Invalid algorithm"}', id="another algorithm"),
        pytest.param({"key": private("RS256", 1)}, 401, '{"message":"Invalid signature"}', id="another key"),
        pytest.param({"exp": NOW - 1}, 401, '{"exp":"token expired"}', id="expired"),
        pytest.param({"exp": None}, 401, '{"exp":"must be a number"}', id="no exp"),
        pytest.param({"aud": "https://shop.example"}, 200, "", id="another audience"),
        pytest.param({}, 200, "", id="good"),
    ],
)
def test_it_answers_in_the_words_of_kong(changed, status, body):
    rules = policy()
    line = "GET /orders" + (f"\nAuthorization: Bearer {token(**changed)}" if changed is not None else "")
    request = read_request(line)
    answer = GATEWAY.answer(rules, request, ask(rules, line=line))
    assert answer is not None
    assert (answer.status, answer.body) == (status, body)
    if status == 401:
        error = "" if changed is None else ' error="invalid_token"'
        assert dict(answer.headers) == {"WWW-Authenticate": f'Bearer realm="api"{error}'}
        json.loads(answer.body)
