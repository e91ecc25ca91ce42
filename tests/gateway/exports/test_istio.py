"""The export for Istio: its form, and that its rules take what the policy takes when they are read as Istio's reference says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from app.gateway import decide, read_policy, read_request
from app.gateway.exports import GATEWAYS
from app.gateway.paths import canonical
from app.tokens import decode
from app.web import presets
from app.web.presets import PRESETS
from tests.gateway.exports.rich import FULL, ROUTING, first_route, gaps, odd, passed_though_denied, read
from tests.gateway.gate import NOW, document, token
from tests.gateway.table import ROWS, Row
from tests.proxies.own import decided

ISTIO = GATEWAYS["istio"]
# The members of both kinds, as Istio's API names them.
MEMBERS = {
    "RequestAuthentication.spec": {"selector", "jwtRules"},
    "jwtRules": {
        "issuer",
        "audiences",
        "jwksUri",
        "jwks",
        "fromHeaders",
        "fromParams",
        "fromCookies",
        "forwardOriginalToken",
        "outputClaimToHeaders",
        "spaceDelimitedClaims",
    },
    "fromHeaders": {"name", "prefix"},
    "outputClaimToHeaders": {"header", "claim"},
    "AuthorizationPolicy.spec": {"selector", "action", "rules"},
    "rules": {"to", "when"},
    "to": {"operation"},
    "operation": {"paths", "notPaths", "methods"},
    "when": {"key", "values", "notValues"},
}


def documents(policy: Any) -> dict[str, Any]:
    (file,) = ISTIO.export(policy).files
    return {one["kind"]: one for one in yaml.safe_load_all(file.text)}


def _members(name: str, value: Any) -> Iterator[tuple[str, str]]:
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, dict) and name not in ("selector", "metadata"):
            for member, inner in entry.items():
                yield name, member
                yield from _members(member, inner)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_it_has_no_member_that_istio_does_not_know(row: Row):
    for kind, one in documents(read_policy(json.dumps(row.policy))).items():
        assert one["apiVersion"] == "security.istio.io/v1"
        for name, member in _members(f"{kind}.spec", one["spec"]):
            assert member in MEMBERS[name]


# A reading of AuthorizationPolicy -----------------------------------------------------------------------------------


def _fits(text: str, pattern: str) -> bool:
    """Exact, prefix, suffix and presence match."""
    if pattern == "*":
        return bool(text)
    if pattern.endswith("*"):
        return text.startswith(pattern[:-1])
    return text.endswith(pattern[1:]) if pattern.startswith("*") else text == pattern


def _takes(operation: dict[str, Any], method: str, path: str) -> bool:
    if method not in operation.get("methods", [method]):
        return False
    if any(_fits(path, one) for one in operation.get("notPaths", [])):
        return False
    return any(_fits(path, one) for one in operation["paths"])


def _texts(claims: dict[str, Any], key: str, parted: list[str]) -> list[str]:
    """What a claim is to Istio: a string, or the strings of an array; a claim that is parted is an array of its words."""
    value: Any = claims
    steps = key.removeprefix("request.auth.claims[").removesuffix("]").split("][")
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, str):
        return value.split(" ") if len(steps) == 1 and steps[0] in parted else [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _holds(condition: dict[str, Any], claims: dict[str, Any], parted: list[str]) -> bool:
    texts = _texts(claims, condition["key"], parted)
    wanted = condition.get("values") or condition["notValues"]
    found = any(_fits(text, one) for text in texts for one in wanted)
    return found if "values" in condition else not found


def allows(policy: Any, method: str, path: str, claims: dict[str, Any]) -> bool:
    found = documents(policy)
    jwt = found.get("RequestAuthentication", {"spec": {"jwtRules": [{}]}})["spec"]["jwtRules"]
    parted = ["scope", "permission", *jwt[0].get("spaceDelimitedClaims", [])]
    return any(
        any(_takes(one["operation"], method, path) for one in rule["to"])
        and all(_holds(one, claims, parted) for one in rule.get("when", []))
        for rule in found["AuthorizationPolicy"]["spec"].get("rules", [])
    )


@settings(max_examples=40, deadline=None)
@given(
    routes=ROUTING,
    method=some.sampled_from(["GET", "POST"]),
    path=some.sampled_from(["/", "/a", "/a/", "/a/b", "/ab", "/a/b/c", "/b", "/c"]),
)
def test_the_first_route_decides(routes: list[dict[str, Any]], method: str, path: str):
    policy = read(document(routes))
    number = first_route(policy, method, path)
    is_open = number is not None and routes[number]["access"] == "anyone"
    assert allows(policy, method, path, {}) == is_open
    assert allows(policy, method, path, {"iss": policy.issuers[0].names[0]}) == (number is not None)


# Rows in which its rules differ from the policy, with the gap that says so.
DIFFERS = {
    "whoever no entry names": "issuers[1]",
    "whoever has no iss": "issuers[1]",
    "claims: equals an entry": "routes[0].claims",
    "claims: 1 is 1.0": "routes[0].claims",
    "claims: contains a word": "routes[0].claims",
    "claims: not": "routes[0].claims",
    "claims: not, without the claim": "routes[0].claims",
    "claims: nested joins": "routes[0].claims",
    "claims: not any": "routes[0].claims",
}
# What RequestAuthentication sees to, or what stands in a gap of its own: those rows say nothing about the rules.
ELSEWHERE = {
    "signature",
    "form",
    "key",
    "header",
    "algorithm",
    "exp",
    "nbf",
    "iss",
    "aud",
    "typ",
    "life",
    "upstream",
    "exp is required",
    "accepted",
    "claims",
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_its_rules_take_what_the_policy_takes(row: Row):
    policy = read_policy(json.dumps(row.policy))
    decision = decided(row, policy)
    if any(
        rule.denies and (rule.layer in ("request", "keys") or (rule.layer == "token" and rule.name in ELSEWHERE)) for rule in decision.rules
    ):
        return
    request = read_request(row.request())
    has_token = any(rule.name == "token" and rule.outcome == "passed" for rule in decision.rules)
    payload = decode(row.token.text()).payload if has_token else {}
    assert isinstance(payload, dict)
    # As with the path normalization that the notes ask for.
    path = canonical(request.target).path
    assert path is not None
    gap = DIFFERS.get(row.name)
    assert allows(policy, request.method, path, payload) == (decision.allowed == (gap is None))
    assert gap is None or gap in gaps(ISTIO.export(policy))


def test_a_token_that_is_missing_is_denied_by_the_policy_and_not_by_the_authentication():
    policy = read(document())
    answer = ISTIO.answer(policy, read_request("GET /orders"), decided(ROWS["no token"], policy))
    assert answer
    assert (answer.status, answer.body) == (403, "RBAC: access denied")


def test_what_is_said_to_pass_though_it_is_denied_stands_in_a_gap():
    found = list(passed_though_denied(ISTIO))
    assert found
    for row, told in found:
        (denied,) = {rule.name for rule in decided(row, read_policy(json.dumps(row.policy))).rules if rule.denies}
        assert "allows more" in told[{"typ": "issuers[0].type", "life": "issuers[0].max_life"}[denied]]


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_its_answer_is_that_of_its_rules(row: Row):
    policy = read_policy(json.dumps(row.policy))
    request, decision = read_request(row.request()), decided(row, policy)
    answer, path = ISTIO.answer(policy, request, decision), canonical(request.target).path
    payload = decode(row.token.text()).payload if decision.report else {}
    if answer is None or path is None or not isinstance(payload, dict):
        return
    if answer.status == 200 or "AuthorizationPolicy denies" in answer.because:
        assert allows(policy, request.method, path, payload) == (answer.status == 200)


def test_it_tells_its_answer_for_the_presets():
    told = {name: [_told(name, number) for number, _ in enumerate(row["requests"])] for name, row in PRESETS.items()}
    assert told["scopes"] == [200, 403, 403, 200, 200, None]
    assert told["issuers"] == [200, 200, 403, 401, 401]
    assert told["roles"] == [200, 403, 200, 403, 403, 200]


def _told(preset: str, number: int) -> int | None:
    policy = read_policy(presets.policy(PRESETS[preset]))
    asked = presets.scenario(PRESETS[preset], number, NOW)
    request = read_request(asked.request.replace("$token", asked.token))
    answer = ISTIO.answer(policy, request, decide(policy, request, {}, NOW))
    return answer.status if answer else None


def test_a_route_that_it_cannot_be_told_is_closed():
    for routes in ([{"prefix": "/orders", "claims": {"claim": "sub", "equals": "user-*"}}], [{"prefix": "/{orders}"}]):
        policy = read(document(routes))
        request = read_request(f"GET {routes[0]['prefix']}\nAuthorization: Bearer {token(sub='user-*')}")
        decision = decide(policy, request, {}, NOW)
        answer = ISTIO.answer(policy, request, decision)
        assert decision.allowed
        assert answer
        assert (answer.status, answer.body) == (403, "RBAC: access denied")


def test_without_a_route_nothing_is_allowed():
    found = documents(read_policy("{}"))
    assert list(found) == ["AuthorizationPolicy"]
    assert "rules" not in found["AuthorizationPolicy"]["spec"]


@settings(max_examples=30, deadline=None)
@given(text=some.text(min_size=1, max_size=10) | some.text("*[]{}\"'\n\t:# ", min_size=1, max_size=8))
def test_no_text_means_more_than_itself(text: str):
    """A star at an end would stand for any other value."""
    found = documents(odd(text))
    for rule in found["AuthorizationPolicy"]["spec"].get("rules", []):
        for condition in rule.get("when", []):
            for value in condition.get("values", []) + condition.get("notValues", []):
                assert value == "*" or (value == text and not value.startswith("*") and not value.endswith("*"))


def test_the_full_policy_has_both_parts():
    found = documents(read(FULL))
    assert [rule["issuer"] for rule in found["RequestAuthentication"]["spec"]["jwtRules"]] == [
        "https://login.example",
        "https://old.example",
    ]
    assert found["AuthorizationPolicy"]["spec"]["action"] == "ALLOW"
