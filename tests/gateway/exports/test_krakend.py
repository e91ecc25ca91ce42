"""KrakenD is told nearly everything, most of it in CEL; what its endpoints cannot be is closed or said."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings

from app.gateway import Policy, read_policy
from app.gateway.exports import krakend_cel as cel
from app.gateway.exports.krakend import GATEWAY, METHODS
from app.web import presets
from tests.gateway.exports.rich import FULL, PATHS, ROUTES, ROUTING, TEXTS, answers, first_route, gaps, odd, passed_though_denied, read
from tests.gateway.gate import AUDIENCE, ISSUER, document, policy, rs256
from tests.tokens.keyring import private, public_jwk, public_pem

MORE = "allows more than this policy"
# The settings that the schema of version 2.11 has; it takes no others.
SETTINGS = {
    "alg",
    "audience",
    "auth_header_name",
    "cache",
    "cookie_key",
    "disable_jwk_security",
    "failed_jwk_key_cooldown",
    "issuer",
    "jwk_local_path",
    "jwk_url",
    "leeway",
    "propagate_claims",
    "roles",
    "roles_key",
    "roles_key_is_nested",
    "scopes",
    "scopes_key",
    "scopes_matcher",
}


def files(rules: Policy) -> dict[str, Any]:
    return {file.name: json.loads(file.text) for file in GATEWAY.export(rules).files}


def endpoints(rules: Policy) -> dict[str, Any]:
    return {f"{one['method']} {one['endpoint']}": one for one in files(rules)["krakend.json"]["endpoints"]}


def validator(rules: Policy, key: str = "GET /x") -> Any:
    return endpoints(rules)[key]["extra_config"]["auth/validator"]


def expressions(rules: Policy, key: str = "GET /x") -> list[str]:
    return [one["check_expr"] for one in endpoints(rules)[key]["extra_config"].get("validation/cel", [])]


def one_route(**route: Any) -> Policy:
    return policy([{"exact": "/x", **route}])


def test_a_validator_has_the_terms_of_the_issuer_and_a_file_its_keys():
    made = validator(one_route())
    assert made == {
        "alg": "RS256",
        "jwk_local_path": "./jwks.json",
        "disable_jwk_security": True,
        "leeway": "1s",
        "issuer": ISSUER,
        "audience": [AUDIENCE],
        "auth_header_name": "Authorization",
    }
    (key,) = files(one_route())["jwks.json"]["keys"]
    assert key == public_jwk(private("RS256"), kid="one") | {"alg": "RS256"}


def test_an_address_of_keys_is_fetched_by_krakend():
    rules = policy([{"exact": "/x"}], issuer={"keys": [{"jwks_url": "https://login.example/jwks", "algorithms": ["ES256"]}]})
    assert validator(rules)["jwk_url"] == "https://login.example/jwks"
    assert "jwks.json" not in files(rules)


def test_a_secret_is_named_in_a_note_and_never_written():
    rules = policy([{"exact": "/x"}], issuer={"keys": [{"secret": "legacy", "algorithms": ["HS256"]}]})
    assert files(rules)["jwks.json"] == {"keys": []}
    assert any('"legacy"' in note for note in GATEWAY.export(rules).notes)


@pytest.mark.parametrize("route", [*ROUTES, {"exact": "/x", "scopes": {"all": ["a"], "claim": "p.q"}}], ids=str)
def test_only_settings_that_krakend_knows_stand_in_a_validator(route):
    for one in endpoints(policy([route], upstream={"X-User": "sub"})).values():
        assert set(one.get("extra_config", {}).get("auth/validator", {})) <= SETTINGS
        assert ("extra_config" in one) == (route.get("access") != "anyone")


@pytest.mark.parametrize(
    ("route", "settings_"),
    [
        ({"roles": {"any": ["a", "b"]}}, {"roles": ["a", "b"], "roles_key": "roles", "roles_key_is_nested": False}),
        ({"roles": {"all": ["a"], "claim": "x.y"}}, {"roles": ["a"], "roles_key": "x.y", "roles_key_is_nested": True}),
        ({"roles": {"all": ["a"], "claim": ["x.y"]}}, {"roles": ["a"], "roles_key": "x.y", "roles_key_is_nested": False}),
        ({"roles": {"all": ["a", "b"]}}, {}),
        ({"roles": {"any": ["a b"]}}, {}),
        ({"scopes": {"all": ["a", "b"]}}, {"scopes": ["a", "b"], "scopes_key": "scope", "scopes_matcher": "all"}),
        ({"scopes": {"any": ["a", "b"]}}, {"scopes": ["a", "b"], "scopes_key": "scope", "scopes_matcher": "any"}),
        ({"scopes": {"any": ["a"], "all": ["b"]}}, {}),
        ({"scopes": {"any": ["a"], "claim": ["x.y"]}}, {}),
    ],
    ids=str,
)
def test_roles_and_scopes_are_settings_where_those_say_all_and_cel_where_not(route, settings_):
    made = validator(one_route(**route))
    assert {name: made[name] for name in made if name.startswith(("roles", "scopes"))} == settings_
    asked = expressions(one_route(**route))[-1]
    assert asked.startswith("!(" if settings_ else "(")
    assert bool(settings_) != any(
        f'"{word}"' in asked or f'" {word} "' in asked for words in route.values() for word in words.get("all", words.get("any"))
    )


def literals(text: str) -> list[str]:
    """The strings in an expression of CEL, read as JSON with the one escape more that CEL has."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
    wide = [re.sub(r"\\U([0-9a-f]{8})", lambda one: json.dumps(chr(int(one[1], 16)))[1:-1], one) for one in found]
    return [json.loads(f'"{one}"') for one in wide]


@settings(deadline=None, max_examples=30)
@given(TEXTS)
def test_every_text_in_an_expression_is_read_back_and_ends_nowhere_else(text):
    rules = odd(text)
    keys = [key for key in endpoints(rules) if key.startswith("GET")]
    made = " ".join(expressions(rules, keys[0]))
    if "\0" in text:
        assert made == cel.NEVER
        return
    assert set(literals(made)) <= {text, f" {text} ", "iss", "aud", "a", "exp", "iat", "scope", " ", ""}
    assert text in literals(made)
    assert "req" not in made
    assert "resp" not in made
    assert validator(rules, keys[0])["issuer"] == text


@pytest.mark.parametrize("text", ["req", "resp", "orders:request", "response", "prereq resp"])
def test_no_expression_holds_the_letters_for_which_krakend_would_evaluate_it_elsewhere(text):
    made = cel.literal(text)
    assert "req" not in made
    assert "resp" not in made
    assert literals(made) == [text]


def test_the_expressions_of_the_terms_and_the_rules():
    rules = read(FULL)
    told = expressions(rules, "GET /tenants")
    assert told[0] == f'"iss" in JWT && type(JWT["iss"]) == string && JWT["iss"] in ["{ISSUER}", "https://old.example"]'
    assert 'double(JWT["exp"]) - double(JWT["iat"]) <= 3600.0' in told[2]
    assert '"sub" in JWT && type(JWT["sub"]) != null_type' in told
    assert told[-1].startswith('(("tenant" in JWT && (type(JWT["tenant"]) == string && JWT["tenant"] == "acme")) && !("groups" in JWT')
    assert 'double(JWT["level"]) == 1.0' in told[-1]
    assert 'JWT["sub"].startsWith("user-")' in told[-1]


def test_a_number_that_no_float_keeps_closes_the_route():
    rules = one_route(claims={"claim": "n", "equals": 2**60 + 1})
    assert expressions(rules)[-1] == cel.NEVER
    assert "cannot be compared" in gaps(GATEWAY.export(rules))["routes[0].claims"]


def taken(rules: Policy, method: str, path: str) -> bool | None:
    """Whether the endpoint that KrakenD takes is open; None: there is none. The longest path wins."""
    made = endpoints(rules)
    exact = made.get(f"{method} {path}")
    under = [key for key in made if key.startswith(f"{method} ") and key.endswith("/*") and path.startswith(key.split(" ")[1][:-1])]
    under = [key for key in under if path != key.split(" ")[1][:-1]]
    best = exact or (made[max(under, key=len)] if under else None)
    return None if best is None else "extra_config" not in best


@settings(deadline=None, max_examples=40)
@given(ROUTING)
def test_the_route_of_the_policy_decides_there_too(some_routes):
    rules = policy(some_routes)
    for path in PATHS:
        if path == "/" or not path.endswith("/"):
            for method in METHODS[:3]:
                number = first_route(rules, method, path)
                must = None if number is None else rules.routes[number].access == "anyone"
                assert taken(rules, method, path) == must, (method, path)


def test_a_path_that_no_endpoint_can_have_closes_the_later_route_that_would_take_it():
    rules = policy([{"prefix": "/a/{b}", "roles": {"any": ["x"]}}, {"prefix": "/a", "access": "anyone"}])
    assert expressions(rules, "GET /a") == expressions(rules, "GET /a/*") == [cel.NEVER]


def test_headers_of_the_client_pass_only_when_they_are_named_and_never_as_claims():
    rules = policy([{"exact": "/open", "access": "anyone"}, {"exact": "/x"}], upstream={"X-User": "sub", "X-Odd": ["a.b"]})
    assert "X-User" not in endpoints(rules)["GET /open"]["input_headers"]
    headers = endpoints(rules)["GET /x"]["input_headers"]
    assert "X-User" in headers
    assert "Authorization" in headers
    assert not {"X-Odd", "X-HTTP-Method-Override"} & set(headers)
    assert validator(rules)["propagate_claims"] == [["sub", "X-User"]]
    assert cel.required(("sub",)) in expressions(rules)
    assert "X-Odd never reaches" in gaps(GATEWAY.export(rules))["upstream.X-Odd"]


def test_the_token_is_kept_back_by_not_naming_its_header():
    assert "Authorization" not in endpoints(policy([{"exact": "/x"}], forward_token=False))["GET /x"]["input_headers"]


def test_without_an_issuer_that_can_be_told_every_token_is_denied():
    rules = policy([{"exact": "/x"}], issuer={"keys": [{"issuer_url": ISSUER, "algorithms": ["RS256"]}]})
    assert expressions(rules) == [cel.NEVER]
    assert files(rules)["jwks.json"] == {"keys": []}
    assert "its tokens are denied" in gaps(GATEWAY.export(rules))["issuers[0].issuer"]


def test_what_is_not_said_is_in_the_gaps():
    told = gaps(GATEWAY.export(read(FULL)))
    assert MORE in told["issuers[0].type"]
    assert {"token[1]", "realm", "describe", "issuers", "issuers[0].keys[1]", "issuers[0].keys[2]"} <= told.keys()
    assert "wildcard" in told["routes[1].prefix"]
    assert "HEAD" in told["routes[0].methods"]


def test_keys_without_kid_are_left_out_and_said():
    rules = policy([{"exact": "/x"}], issuer={"keys": [rs256(), {"pem": public_pem(private("RS256", 1)), "algorithms": ["RS256"]}]})
    assert [key["kid"] for key in files(rules)["jwks.json"]["keys"]] == ["one"]
    assert "by its kid" in gaps(GATEWAY.export(rules))["issuers[0].keys[1]"]


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_preset_has_its_endpoints(name):
    rules = read_policy(presets.policy(presets.PRESETS[name]))
    assert endpoints(rules)


def test_what_krakend_passes_on_although_the_policy_denies_it_has_a_gap():
    found = 0
    for row, told in passed_though_denied(GATEWAY):
        assert row.must.denied in ("typ", "upstream"), row.name
        assert row.must.denied == "upstream" or MORE in told["issuers[0].type"], row.name
        found += 1
    assert found


def test_it_answers_as_its_source_does():
    by_row = {row.name: answer for row, answer in answers(GATEWAY)}
    known = {
        "bearer": 200,
        "no token": 401,
        "the key of another": 401,
        "another audience": 401,
        "no exp": 401,
        "claims: equals in another case": 401,
        "claims: equals": 200,
        "the scope without the role": 403,
        "route: nowhere": 404,
    }
    assert {name: by_row[name].status for name in known} == known
    assert not any(answer.headers or (answer.body and answer.status != 404) for answer in by_row.values())
    assert len(by_row) > 100


def test_a_policy_with_everything_in_it_is_json():
    assert files(read(FULL))["krakend.json"]["version"] == 3
    assert files(read(document([])))["krakend.json"]["endpoints"] == []
