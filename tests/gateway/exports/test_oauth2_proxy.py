"""The export for oauth2-proxy: TOML that is read back, and routes that are never more open than in the policy."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.gateway import read_policy, read_request
from app.gateway.exports import GATEWAYS
from tests.gateway.exports.rich import FULL, ROUTING, TEXTS, first_route, odd, passed_though_denied, read
from tests.gateway.gate import document, rs256
from tests.gateway.table import ROWS, Row
from tests.proxies.own import decided

OAUTH2_PROXY = GATEWAYS["oauth2-proxy"]
NOWHERE = "http://127.0.0.1:9"


def settings_of(policy: Any) -> dict[str, Any]:
    return tomllib.loads(OAUTH2_PROXY.export(policy).files[0].text)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_it_is_toml_with_the_shapes_that_oauth2_proxy_reads(row: Row):
    found = settings_of(read_policy(json.dumps(row.policy)))
    assert found["skip_jwt_bearer_tokens"] is True
    assert found["bearer_token_login_fallback"] is False
    for name in ("skip_auth_routes", "upstreams", "email_domains", "api_routes"):
        assert all(isinstance(one, str) for one in found[name])
    if found.get("skip_oidc_discovery"):
        assert {"oidc_jwks_url", "oidc_public_key_files"} & found.keys()
    assert "client_secret" not in found
    assert "cookie_secret" not in found


@given(text=TEXTS)
@settings(max_examples=80, deadline=None)
def test_a_text_is_read_back_as_it_was(text: str):
    if any("\ud800" <= letter <= "\udfff" for letter in text) or "\0" in text:
        return
    found = settings_of(read(document(issuer={"issuer": text, "audience": ["x", text]})))
    assert found["oidc_issuer_url"] == text
    assert found["oidc_extra_audiences"] == [text]


@settings(max_examples=25, deadline=None)
@given(text=TEXTS)
def test_no_text_breaks_it(text: str):
    settings_of(odd(text))


def _is_open(found: dict[str, Any], method: str, path: str) -> bool:
    """Whether no login is asked for: method=regex, or a regex for every method."""
    for entry in found["skip_auth_routes"]:
        wanted, equals, expression = entry.partition("=")
        if not equals:
            wanted, expression = method, entry
        if wanted == method and re.search(expression.replace("$", r"\Z"), path):
            return True
    return False


def _end(found: dict[str, Any], path: str) -> str:
    """Where a path leads: an upstream with a slash at its end takes what is below, and the longest counts."""
    ends = {one[one.index("/", 8) :]: one for one in found["upstreams"]}
    fitting = [one for one in ends if path == one or (one.endswith("/") and path.startswith(one))]
    return ends[max(fitting, key=len)] if fitting else ""


@settings(max_examples=60, deadline=None)
@given(
    routes=ROUTING,
    method=some.sampled_from(["GET", "POST"]),
    path=some.sampled_from(["/", "/a", "/a/", "/a/b", "/ab", "/a/b/c", "/b", "/c"]),
)
def test_no_route_is_more_open_than_in_the_policy(routes: list[dict[str, Any]], method: str, path: str):
    policy = read(document(routes))
    number = first_route(policy, method, path)
    found = settings_of(policy)
    if _is_open(found, method, path):
        assert number is not None
        assert routes[number]["access"] == "anyone"
    if number is not None:
        assert _end(found, path)


def test_a_route_that_cannot_be_judged_leads_nowhere():
    routes = [{"prefix": "/orders", "scopes": {"all": ["orders:read"]}}, {"prefix": "/orders/mine"}, {"prefix": "/"}]
    found = settings_of(read(document(routes)))
    ends = {path: _end(found, path).startswith(NOWHERE) for path in ("/orders", "/orders/1", "/orders/mine", "/orders/mine/1", "/x")}
    assert ends == {"/orders": True, "/orders/1": True, "/orders/mine": True, "/orders/mine/1": True, "/x": False}


def test_roles_that_all_routes_share_are_groups():
    roles = {"any": ["clerk", "admin"], "claim": "realm_access.roles"}
    found = settings_of(read(document([{"prefix": "/a", "roles": roles}, {"prefix": "/b", "access": "anyone"}])))
    assert (found["oidc_groups_claim"], found["allowed_groups"]) == ("realm_access.roles", ["clerk", "admin"])
    assert not _end(found, "/a").startswith(NOWHERE)
    assert "allowed_groups" not in settings_of(read(document([{"prefix": "/a", "roles": roles}, {"prefix": "/b"}])))


def test_further_issuers_are_pairs():
    further = {
        "issuer": "https://b.example",
        "audience": ["x", "y"],
        "keys": [{"issuer_url": "https://b.example", "algorithms": ["RS256"]}],
    }
    first = {"issuer": "https://a.example", "audience": "x", "keys": [rs256()]}
    found = settings_of(read({"issuers": [first, further], "routes": [{"prefix": "/"}]}))
    assert found["extra_jwt_issuers"] == ["https://b.example=x", "https://b.example=y"]


def test_each_key_is_a_file():
    export = OAUTH2_PROXY.export(read(FULL))
    assert [file.name for file in export.files[1:]] == settings_of(read(FULL))["oidc_public_key_files"]
    assert all(file.text.startswith("-----BEGIN PUBLIC KEY-----") for file in export.files[1:])


def test_nothing_is_said_to_pass_that_is_denied():
    assert not list(passed_though_denied(OAUTH2_PROXY))


def test_a_missing_token_and_a_wrong_one_have_statuses_of_their_own():
    policy = read(document())
    missing = OAUTH2_PROXY.answer(policy, read_request("GET /orders"), decided(ROWS["no token"], policy))
    row = ROWS["spoilt: a letter of the signature"]
    wrong = OAUTH2_PROXY.answer(policy, read_request(row.request()), decided(row, policy))
    assert missing
    assert wrong
    assert (missing.status, wrong.status) == (401, 403)


def test_an_equals_sign_in_a_path_is_no_method():
    assert _is_open(settings_of(read(document([{"exact": "/a=b", "access": "anyone"}]))), "GET", "/a=b")
