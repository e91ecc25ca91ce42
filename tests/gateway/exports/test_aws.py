"""The template for AWS passes its linter, takes the same route as the policy, and opens nothing that it cannot say."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from app.gateway import Policy, read_policy
from app.gateway.exports.aws import GATEWAY
from app.gateway.exports.aws_routes import told
from app.web import presets
from tests.gateway.exports.rich import FULL, PATHS, ROUTING, TEXTS, answers, first_route, gaps, odd, passed_though_denied, read
from tests.gateway.gate import AUDIENCE, ISSUER, document, policy, rs256
from tests.gateway.table import ROWS

MORE = "allows more than this policy"


def template(rules: Policy) -> Any:
    (file,) = GATEWAY.export(rules).files
    return yaml.safe_load(file.text)


def resources(rules: Policy, kind: str) -> list[Any]:
    return [one["Properties"] for one in template(rules)["Resources"].values() if one["Type"] == f"AWS::ApiGatewayV2::{kind}"]


def routes(rules: Policy) -> dict[str, Any]:
    return {one["RouteKey"]: one for one in resources(rules, "Route")}


def test_the_linter_of_aws_finds_nothing(tmp_path: Path):
    policies = [
        read(FULL),
        policy(),
        *(read_preset(name) for name in presets.PRESETS),
        *(odd(text) for text in ("${AWS::Region}", "'\"\n: x")),
    ]
    for number, rules in enumerate(policies):
        (tmp_path / f"{number}.yaml").write_text(GATEWAY.export(rules).files[0].text)
    command = [str(Path(sys.executable).parent / "cfn-lint"), *(str(one) for one in tmp_path.iterdir())]
    linted = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (linted.returncode, linted.stdout) == (0, "")


def read_preset(name: str) -> Policy:
    return read_policy(presets.policy(presets.PRESETS[name]))


def test_the_authorizer_is_for_the_issuer_and_its_audience():
    (authorizer,) = resources(policy(), "Authorizer")
    assert authorizer["JwtConfiguration"] == {"Issuer": ISSUER, "Audience": [AUDIENCE]}
    assert authorizer["IdentitySource"] == ["$request.header.Authorization"]


def test_without_an_audience_the_template_asks_for_one():
    rules = read({"issuers": [{"issuer": ISSUER, "keys": [rs256()]}], "routes": [{"prefix": "/"}]})
    (authorizer,) = resources(rules, "Authorizer")
    assert authorizer["JwtConfiguration"]["Audience"] == {"Ref": "Audience"}
    assert "Default" not in template(rules)["Parameters"]["Audience"]


@pytest.mark.parametrize(
    ("asked", "kind", "scopes"),
    [
        ({}, "JWT", None),
        ({"scopes": {"any": ["a", "b"]}}, "JWT", ["a", "b"]),
        ({"scopes": {"all": ["a"]}}, "JWT", ["a"]),
        ({"scopes": {"all": ["a", "b"]}}, "AWS_IAM", None),
        ({"scopes": {"all": ["a"], "any": ["b"]}}, "AWS_IAM", None),
        ({"scopes": {"any": ["a"], "claim": "permissions"}}, "AWS_IAM", None),
        ({"roles": {"any": ["clerk"]}}, "AWS_IAM", None),
        ({"claims": {"claim": "sub", "equals": "x"}}, "AWS_IAM", None),
        ({"access": "anyone"}, "NONE", None),
        ({"access": "optional"}, "JWT", None),
    ],
)
def test_what_aws_cannot_judge_is_closed(asked, kind, scopes):
    rules = policy([{"exact": "/x", **asked}])
    route = routes(rules)["ANY /x"]
    assert (route["AuthorizationType"], route.get("AuthorizationScopes")) == (kind, scopes)
    if kind == "AWS_IAM":
        (name,) = asked
        assert "the route is closed" in gaps(GATEWAY.export(rules))[f"routes[0].{name}"]


def taken(rules: Policy, method: str, path: str) -> int | None:
    """The route that AWS takes, as its documentation says: a full match, else the longest greedy one."""
    keys = {one.key: one.number for one in told(rules)}
    for word in (method, "ANY"):
        if f"{word} {path}" in keys:
            return keys[f"{word} {path}"]
    greedy = [key.split(" ") for key in keys if key.endswith("{proxy+}")]
    fitting = [key for key in greedy if key[0] in (method, "ANY") and path.startswith(key[1].removesuffix("{proxy+}"))]
    fitting = [key for key in fitting if path != key[1].removesuffix("{proxy+}")]
    best = max(fitting, key=lambda key: len(key[1]), default=None)
    return keys[" ".join(best)] if best else None


@settings(deadline=None, max_examples=80)
@given(ROUTING)
def test_the_route_of_the_policy_decides_there_too(some_routes):
    rules = policy(some_routes)
    for path in PATHS:
        if path == "/" or not path.endswith("/"):
            for method in ("GET", "POST", "PUT"):
                assert taken(rules, method, path) == first_route(rules, method, path), (method, path)


def test_a_path_that_no_route_key_can_have_closes_the_later_route_that_would_take_it():
    rules = policy(
        [{"prefix": "/a/{b}", "roles": {"any": ["x"]}}, {"prefix": "/a", "access": "anyone"}, {"prefix": "/c", "access": "anyone"}]
    )
    assert {key: one["AuthorizationType"] for key, one in routes(rules).items()} == {
        "ANY /a": "AWS_IAM",
        "ANY /a/{proxy+}": "AWS_IAM",
        "ANY /c": "NONE",
        "ANY /c/{proxy+}": "NONE",
    }


def test_claims_go_into_headers_and_the_clients_copies_do_not():
    rules = policy([{"exact": "/open", "access": "anyone"}, {"exact": "/x"}], upstream={"X-User": "sub", "X-Roles": "a.b"})
    made = template(rules)["Resources"]
    judged = made["IntegrationJudged"]["Properties"]["RequestParameters"]
    opened = made["IntegrationOpen"]["Properties"]["RequestParameters"]
    assert judged["overwrite:header.X-User"] == "$context.authorizer.claims.sub"
    assert {"remove:header.X-Roles", "remove:header.X_User"} <= judged.keys()
    assert {"remove:header.X-User", "remove:header.X-Roles"} <= opened.keys()
    assert not [key for key in opened if key.startswith("overwrite:header")]
    assert routes(rules)["ANY /open"]["Target"]["Fn::Join"][1][1] == {"Ref": "IntegrationOpen"}


def test_what_would_let_more_through_is_said_loudly():
    told_gaps = gaps(GATEWAY.export(read(FULL)))
    for part in ("audience", "type", "max_life", "required", "keys[0]"):
        assert MORE in told_gaps[f"issuers[0].{part}"]
    assert {"token[1]", "realm", "describe", "forward_token", "upstream.X-User", "issuers[0].keys[1]"} <= told_gaps.keys()


@settings(deadline=None, max_examples=30)
@given(TEXTS)
def test_every_text_is_read_back_as_it_was_or_said(text):
    rules = odd(f"https://{text}" if text.isalnum() and text.isascii() else text)
    made = GATEWAY.export(rules)
    found = yaml.safe_load(made.files[0].text)["Resources"].get("Authorizer")
    if found:
        assert found["Properties"]["JwtConfiguration"] == {"Issuer": rules.issuers[0].names[0], "Audience": [rules.issuers[0].audiences[0]]}
    else:
        assert "issuers[0]" in gaps(made)


def test_what_aws_passes_on_although_the_policy_denies_it_has_a_gap():
    parts = {"typ": ".type", "life": ".max_life"}
    found = 0
    for row, told_gaps in passed_though_denied(GATEWAY):
        part = parts.get(row.must.denied, ".required")
        loud = " ".join(because for path, because in told_gaps.items() if path.endswith(part) or path.startswith("upstream."))
        assert MORE in loud or row.must.denied == "upstream", row.name
        found += 1
    assert found


def test_it_answers_as_the_documentation_shows():
    by_row = {row.name: answer for row, answer in answers(GATEWAY)}
    audience = by_row["another audience"]
    assert (audience.status, audience.body) == (401, '{"message":"Unauthorized"}')
    assert 'error_description="the token does not have a valid audience"' in dict(audience.headers)["www-authenticate"]
    assert by_row["bearer"].status == 200
    assert by_row["no token"].status == 401
    assert by_row["the key of another"].status == 401
    assert by_row["route: nowhere"].status == 404
    assert "route: a prefix that ends with a slash" not in by_row
    assert len(by_row) > 60
    assert ROWS.keys() >= by_row.keys()


def test_an_issuer_that_has_no_address_leaves_every_route_closed():
    rules = read(document(issuer={"issuer": "staff"}))
    assert {one["AuthorizationType"] for one in resources(rules, "Route")} == {"AWS_IAM"}
    assert "tokens of this one are denied" in gaps(GATEWAY.export(rules))["issuers[0]"]
