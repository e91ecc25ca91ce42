"""APISIX is told the keys; the rest is judged by a function in Lua, which runs here over the shared table and over rules made up."""

import json
import random
import re
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from app.gateway import Policy, credentials, read_policy
from app.gateway.exports import blocks
from app.gateway.exports.apisix import GATEWAY
from app.gateway.exports.apisix_gaps import ALGORITHMS
from app.gateway.exports.apisix_lua import literal, program
from app.gateway.exports.credentials import by_issuer
from app.gateway.permissions import judge
from app.gateway.policy import ClaimRule, Compare, Join, Route, Words
from app.tokens import decode
from app.web import presets
from tests.gateway.exports.lua import Call, run
from tests.gateway.exports.rich import FULL, PATHS, ROUTING, TEXTS, answers, decided, first_route, gaps, odd, passed_though_denied, read
from tests.gateway.gate import ISSUER, policy, rs256
from tests.gateway.table import ROWS
from tests.tokens.keyring import private, public_pem

MORE = "allows more than this policy"


def apisix(rules: Policy) -> Any:
    text = GATEWAY.export(rules).files[0].text
    assert text.endswith("\n#END\n")
    return yaml.safe_load(text)


def service(made: Any, name: str) -> Any:
    return next(one["plugins"] for one in made["services"] if one["id"] == name)


def function(rules: Policy, access: str) -> str:
    (text,) = service(apisix(rules), access)["serverless-post-function"]["functions"]
    return text


def test_an_issuer_is_a_consumer_with_its_public_key():
    (consumer,) = apisix(policy(issuer={"leeway": 30}))["consumers"]
    plugin = consumer["plugins"]["jwt-auth"]
    assert plugin == {
        "key": ISSUER,
        "algorithm": "RS256",
        "lifetime_grace_period": 30,
        "public_key": public_pem(private("RS256")),
    }


def test_a_secret_is_named_in_a_note_and_never_written():
    made = GATEWAY.export(policy(issuer={"keys": [{"secret": "legacy", "algorithms": ["HS256"]}]}))
    assert "secret" not in yaml.safe_load(made.files[0].text)["consumers"][0]["plugins"]["jwt-auth"]
    assert "legacy" not in made.files[0].text
    assert any('"legacy"' in note for note in made.notes)


def test_the_plugin_keeps_the_claims_for_the_function_behind_it():
    plugin = service(apisix(read(FULL)), "token")["jwt-auth"]
    assert plugin == {
        "key_claim_name": "iss",
        "claims_to_verify": ["exp", "nbf"],
        "store_in_ctx": True,
        "realm": "shop",
        "hide_credentials": True,
        "header": "Authorization",
    }


def test_an_optional_route_keeps_the_token_until_it_is_seen_whether_there_was_one():
    plugins = service(apisix(read(FULL)), "optional")
    assert plugins["jwt-auth"]["anonymous_consumer"] == "without_a_token"
    assert plugins["jwt-auth"]["hide_credentials"] is False
    assert "Authorization" not in plugins["proxy-rewrite"]["headers"]["remove"]
    assert "jwt-auth" not in service(apisix(read(FULL)), "anyone")


def test_the_clients_copies_of_headers_are_removed():
    for access in ("anyone", "token", "optional"):
        assert {"X-User", "X_User", "X-Original-URI"} <= set(service(apisix(read(FULL)), access)["proxy-rewrite"]["headers"]["remove"])


def test_an_issuer_of_which_only_the_address_is_known_is_for_openid_connect():
    keys = [{"issuer_url": ISSUER, "algorithms": ["RS256"]}]
    rules = policy(issuer={"keys": keys})
    made = apisix(rules)
    plugin = service(made, "token")["openid-connect"]
    assert plugin["discovery"] == f"{ISSUER}/.well-known/openid-configuration"
    assert plugin["bearer_only"] is plugin["use_jwks"] is plugin["ssl_verify"] is True
    assert plugin["claim_validator"] == {"issuer": {"valid_issuers": [ISSUER]}}
    assert made["consumers"] == []
    assert "X-Userinfo" in function(rules, "token")
    assert "issuers[0].keys[0]" not in gaps(GATEWAY.export(rules))
    two = policy(issuer={"keys": [*keys, rs256()]})
    assert "jwt-auth" in service(apisix(two), "token")
    assert "fetches no keys" in gaps(GATEWAY.export(two))["issuers[0].keys[0]"]


@settings(deadline=None, max_examples=40)
@given(ROUTING)
def test_the_first_route_that_takes_a_request_decides_there_too(some_routes):
    rules = policy(some_routes)
    made = sorted(apisix(rules)["routes"], key=lambda one: -one["priority"])
    assert {one["uri"] for one in made} == {"/*"}
    for path in PATHS:
        for method in ("GET", "POST", "PUT"):
            fitting = (
                one
                for one in made
                if method in one["methods"] and all(re.search(pattern.replace(r"\z", r"\Z"), path) for _, _, pattern in one.get("vars", []))
            )
            taken = next((int(one["id"]) - 1 for one in fitting), None)
            assert taken == first_route(rules, method, path)


# The function ----------------------------------------------------------------------------------------------------------


def calls_of_the_table() -> tuple[list[str], list[Call]]:
    """The rows whose requests get as far as the function: what jwt-auth refuses before is not among them."""
    names, calls = [], []
    for name in ROWS:
        rules, request, decision = decided(name)
        if decision.route is None:
            continue
        outcomes = {rule.name: rule.outcome for rule in decision.rules}
        found = credentials.find(request, rules.sources)
        claims = None
        if decision.route.access != "anyone" and len(found) == 1 and found[0].text:
            claims = json.loads(json.dumps(decode(found[0].text).payload, default=float))
            if outcomes.get("signature") != "passed" or not isinstance(claims, dict):
                continue
            if claims.get("iss") not in [issuer for _, issuer, _ in by_issuer(rules, ALGORITHMS)]:
                continue
            if any(outcomes.get(one) == "failed" and isinstance(claims.get(one), int | float) for one in ("exp", "nbf")):
                continue
        elif decision.route.access == "token":
            continue
        names.append(name)
        asked = {header.name.lower(): header.value for header in request.headers}
        number = str(rules.routes.index(decision.route) + 1)
        calls.append(Call(function(rules, decision.route.access), number, claims, request.target, asked))
    return names, calls


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    names, calls = calls_of_the_table()
    return dict(zip(names, run(calls, tmp_path_factory.mktemp("lua")), strict=True))


# The plugins and the router judge these, not the function; typ is a gap.
ELSEWHERE = ("typ", "method", "headers")


def test_the_function_decides_as_the_policy_does(ran):
    judged = 0
    for name, one in ran.items():
        decision = decided(name)[2]
        if not decision.denials or decision.denials[0].name not in ELSEWHERE:
            assert one.status == decision.status, name
            judged += 1
    assert judged > 140


def test_the_function_sets_the_headers_that_the_policy_sets(ran):
    for name, one in ran.items():
        decision = decided(name)[2]
        if decision.allowed:
            assert one.headers == dict(decision.upstream), name


def test_the_function_challenges_as_the_policy_does(ran):
    for name, one in ran.items():
        decision = decided(name)[2]
        if one.status in (401, 403) and decision.www_authenticate:
            assert one.challenge.split(", scope=")[0] == decision.www_authenticate.split(", scope=")[0], name


VALUES: list[Any] = ["acme", "a b", "", "true", 'q"\\\n', "é€😀", 1, Decimal("1.5"), True, False, -3, "x acme y", None, [], {}]
CLAIMS = [("a",), ("b", "c"), ("x.y",), ("scope",), ('é"\\',)]


def some_claims(chance: random.Random) -> dict[str, Any]:
    def value(depth: int = 0) -> Any:
        kind = chance.random()
        if kind < 0.6 or depth > 1:
            return chance.choice(VALUES)
        if kind < 0.8:
            return [value(depth + 1) for _ in range(chance.randint(0, 3))]
        return {name: value(depth + 1) for name in chance.sample(["c", "d"], chance.randint(0, 2))}

    names = ["a", "b", "x.y", "scope", "scp", 'é"\\']
    return {name: value() for name in chance.sample(names, chance.randint(0, len(names)))}


def some_rule(chance: random.Random, depth: int = 0) -> ClaimRule:
    if depth < 3 and chance.random() < 0.4:
        how: Any = chance.choice(["all", "any", "not"])
        return Join(how, tuple(some_rule(chance, depth + 1) for _ in range(1 if how == "not" else chance.randint(1, 3))))
    scalars = [one for one in VALUES if one not in (None, [], {}, "")]
    compare: Any = chance.choice(["equals", "one_of", "contains", "prefix"])
    wanted: Any = tuple(chance.sample(scalars, 2)) if compare == "one_of" else chance.choice(scalars)
    return Compare(chance.choice(CLAIMS), compare, str(wanted) if compare == "prefix" else wanted)


def some_words(chance: random.Random) -> Words:
    words = ["acme", "a b", "x", "true"]
    return Words(
        chance.choice(CLAIMS), tuple(chance.sample(words, chance.randint(0, 2))), tuple(chance.sample(words, chance.randint(1, 2)))
    )


def test_the_function_judges_any_rule_about_any_claims_as_a_policy_does(tmp_path):
    chance = random.Random(5)
    issuer = policy(issuer={"audience": "x", "required": []}).issuers[0]
    calls, expected = [], []
    for number in range(600):
        claims = some_claims(chance)
        route = Route("r", "/", True, claims=some_rule(chance)) if number % 3 else Route("r", "/", True, roles=some_words(chance))
        rules = Policy(policy().sources, (issuer,), (route,))
        calls.append(Call(program(rules, {"headers": [], "variables": [], "removed": []}), "1", claims | {"iss": ISSUER, "aud": "x"}))
        expected.append(200 if all(rule.outcome == "passed" for rule in judge(route, claims) if rule.decides) else 403)
    assert [one.status for one in run(calls, tmp_path)] == expected
    assert {200, 403} == set(expected)


def test_a_text_in_lua_is_read_back_byte_by_byte(tmp_path):
    texts = ['"', "\\", "\n\r\0", "@routes", "]] --", "é€", "%s", "a" * 300]
    rules = policy(
        issuer={"audience": "x", "required": []}, upstream={f"X-{number}": [text] for number, text in enumerate(texts)}, realm="@where"
    )
    call = Call(function(rules, "token"), "1", {"iss": ISSUER, "aud": "x"} | dict.fromkeys(texts, "found"))
    (made,) = run([call], tmp_path)
    assert made.headers == {f"X-{number}": "found" for number in range(len(texts))}


def test_a_number_that_no_float_keeps_closes_the_route():
    rules = policy([{"prefix": "/", "claims": {"claim": "n", "equals": 2**60 + 1}}])
    assert 'rule = {how = "any", rules = {}}' in function(rules, "token")
    assert "cannot be compared" in gaps(GATEWAY.export(rules))["routes[0].claims"]


# The whole -------------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(TEXTS)
def test_every_text_is_read_back_as_it_was_or_said(text):
    rules = odd(text)
    made = apisix(rules)
    keys = [one["plugins"]["jwt-auth"]["key"] for one in made["consumers"]]
    assert keys == [text] or (not keys and "issuers[0].issuer" in gaps(GATEWAY.export(rules)))
    assert literal(text) in function(rules, "token")
    assert service(made, "token")["jwt-auth"].get("query") == (text if keys else None)


@pytest.mark.parametrize(
    "text",
    [
        "a\nb\n",
        "a\nb",
        "a\n\n  b\n",
        " a\nb",
        "a \nb",
        "a\n",
        "a\tb\nc",
        "é\nb",
        "a\n\n",
        "text-0\nb",
        "-----BEGIN-----\nx=\n-----END-----\n",
        "# a\n- b: c\n",
    ],
)
def test_texts_of_several_lines_are_read_back_as_they_were(text):
    document = {"a": [text, {"b": text, "text-0": "text-1"}], "c": text}
    assert yaml.safe_load(blocks.to_yaml(document)) == document


def test_what_is_left_out_and_would_let_more_through_is_said_loudly():
    told = gaps(GATEWAY.export(read(FULL)))
    assert MORE in told["issuers[0].type"]
    assert MORE in told["issuers"]
    assert {"token[1]", "describe", "issuers[0].keys[1]", "issuers[0].keys[2]", "routes[1].access"} <= told.keys()


def test_what_apisix_passes_on_although_the_policy_denies_it_has_a_gap():
    found = 0
    for row, told in passed_though_denied(GATEWAY):
        part = {"typ": "issuers[0].type", "header": "issuers"}[row.must.denied]
        assert MORE in told[part], row.name
        found += 1
    assert found


def test_it_answers_in_the_words_of_apisix():
    by_row = {row.name: answer for row, answer in answers(GATEWAY)}
    known = {
        "bearer": (200, ""),
        "no token": (401, '{"message":"Missing JWT token in request"}'),
        "the key of another": (401, '{"message":"failed to verify jwt"}'),
        "an issuer that is not named: nobody": (401, '{"message":"Invalid user key in JWT token"}'),
        "an issuer that is not named: nothing": (401, '{"message":"missing user key in JWT token"}'),
        "another audience": (401, '{"message":"the audience is another"}'),
        "claims: equals nothing": (403, '{"message":"the token does not allow this"}'),
        "route: nowhere": (404, '{"error_msg":"404 Route Not Found"}'),
    }
    assert {name: (by_row[name].status, by_row[name].body) for name in known} == known
    assert dict(by_row["no token"].headers) == {"WWW-Authenticate": 'Bearer realm="api"'}
    assert len(by_row) > 100


def test_where_the_function_answers_it_is_told_what_it_answers(ran):
    for row, answer in answers(GATEWAY):
        if row.name in ran and row.must.denied not in ELSEWHERE:
            assert answer.status == ran[row.name].status, row.name
            assert dict(answer.headers).get("WWW-Authenticate", "") == ran[row.name].challenge, row.name


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_preset_has_its_routes(name):
    rules = read_policy(presets.policy(presets.PRESETS[name]))
    assert len(apisix(rules)["routes"]) == len(rules.routes)
