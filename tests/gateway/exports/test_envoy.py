"""The export for Envoy: the real one takes it whatever texts are in the policy, and what it says is what was meant."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings

from app.gateway import read_policy
from app.gateway.exports import GATEWAYS, Export
from app.gateway.exports.envoy_paths import refused
from app.web import presets
from tests.gateway.exports.rich import FULL, TEXTS, gaps, odd, passed_though_denied, read
from tests.gateway.gate import document, rs256
from tests.gateway.table import CONFUSING

ENVOY = GATEWAYS["envoy"]
BINARY = str(Path(sys.executable).with_name("envoy"))
SECRET = '{"keys": [{"kty": "oct", "alg": "HS256", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}]}'


def validated(export: Export, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "envoy.yaml").write_text(export.files[0].text)
    names = dict.fromkeys(re.findall(r"environment_variable: \"?(\w+)", export.files[0].text), SECRET)
    command = [BINARY, "--mode", "validate", "-l", "warn", "-c", "envoy.yaml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30, env=names | {"HOME": str(folder)})


def filters(export: Export) -> dict[str, Any]:
    """The settings of each filter; RBAC is there twice, before and behind."""
    listener = yaml.safe_load(export.files[0].text)["static_resources"]["listeners"][0]
    found = listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"]
    return {f"{number}-{one['name'].rpartition('.')[2]}": one["typed_config"] for number, one in enumerate(found)}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS)
@example(text="yes")
@example(text="1e3")
@example(text="\u2028\x85\x7f")
def test_the_real_envoy_takes_every_text(tmp_path: Path, text: str):
    found = validated(ENVOY.export(odd(text)), tmp_path)
    assert found.returncode == 0, found.stderr[-2000:]


def test_the_real_envoy_takes_the_full_policy_and_nothing_in_it_is_deprecated(tmp_path: Path):
    found = validated(ENVOY.export(read(FULL)), tmp_path)
    assert found.returncode == 0, found.stderr[-2000:]
    assert "eprecated" not in found.stderr


def test_a_policy_without_issuers_and_routes_denies_everything(tmp_path: Path):
    export = ENVOY.export(read({}))
    assert validated(export, tmp_path).returncode == 0
    assert filters(export)["1-rbac"]["rules"] == {"action": "ALLOW", "policies": {}}


def test_an_issuer_is_verified_as_the_policy_has_it():
    providers = filters(ENVOY.export(read(FULL)))["1-jwt_authn"]["providers"]
    assert list(providers) == [f"issuer-0-{place}-{name}" for place in range(3) for name in range(2)]
    one = providers["issuer-0-0-1"]
    assert (one["issuer"], one["audiences"]) == ("https://old.example", ["https://api.example", "https://b.example"])
    assert (one["clock_skew_seconds"], one["max_lifetime"], one["require_expiration"], one["forward"]) == (29, "3600s", True, False)
    assert [key["alg"] for key in json.loads(one["local_jwks"]["inline_string"])["keys"]] == ["RS256"]
    assert providers["issuer-0-1-0"]["local_jwks"] == {"environment_variable": "JWKS_0_1"}
    assert providers["issuer-0-2-0"]["remote_jwks"]["http_uri"]["uri"] == "https://login.example/jwks"


def test_keys_are_fetched_with_their_server_s_name_checked():
    clusters = yaml.safe_load(ENVOY.export(read(FULL)).files[0].text)["static_resources"]["clusters"]
    context = clusters[1]["transport_socket"]["typed_config"]
    assert context["sni"] == "login.example"
    names = context["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"]
    assert names == [{"san_type": "DNS", "matcher": {"exact": "login.example"}}]


@pytest.mark.parametrize("url", ["https://[::1", "https://host:port/x", "https:///x"])
def test_an_address_that_is_none_is_a_gap(url: str):
    policy = read(document(issuer={"keys": [{"jwks_url": url, "algorithms": ["RS256"]}, rs256()]}))
    assert "cannot be read" in gaps(ENVOY.export(policy))["issuers[0].keys[0]"]


def test_the_token_s_places_are_named_and_no_others():
    policy = read(document(token=[{"cookie": "sid"}, {"query": "t"}]))
    (provider,) = filters(ENVOY.export(policy))["1-jwt_authn"]["providers"].values()
    assert (provider["from_cookies"], provider["from_params"], "from_headers" in provider) == (["sid"], ["t"], False)


def test_a_token_in_a_form_is_looked_for_nowhere():
    (provider,) = filters(ENVOY.export(read(document(token={"form": "t"}))))["1-jwt_authn"]["providers"].values()
    assert [one["name"] for one in provider["from_headers"]] == ["x-nowhere"]


def _refuses(matcher: dict[str, Any], path: str) -> bool:
    """The rules about paths alone, as RE2 reads them: an expression takes the whole path or nothing."""
    if "or_rules" in matcher:
        return any(_refuses(one, path) for one in matcher["or_rules"]["rules"])
    if "not_rule" in matcher:
        return not _refuses(matcher["not_rule"], path)
    return bool(re.fullmatch(matcher["url_path"]["path"]["safe_regex"]["regex"], path))


@pytest.mark.parametrize("target", [one for one in CONFUSING if one.startswith("/")])
def test_an_ambiguous_path_is_refused(target: str):
    assert _refuses(refused(read_policy("{}"))["path"], target)


@pytest.mark.parametrize(
    "target", ["/", "/orders/17", "/a%20b", "/z%C3%BC", "/%F0%9F%98%80", "/%E4%BD%A0", "/a.b/..c", "/~me/x@y:1,2;".rstrip(";")]
)
def test_a_plain_path_is_let_in(target: str):
    assert not _refuses(refused(read_policy("{}"))["path"], target)


@pytest.mark.parametrize(
    "target", ["/%61", "/%2e", "/%2F", "/%c3%bc", "/%C3", "/%ED%A0%80", "/%F4%90%80%80", "/%00", "/%25", "/a b", "/%C0%AF", "/%EF%BC%8F"]
)
def test_a_second_spelling_is_refused(target: str):
    assert _refuses(refused(read_policy("{}"))["path"], target)


def test_nothing_is_said_to_pass_that_is_denied():
    assert not list(passed_though_denied(ENVOY))


def test_a_reason_is_told_only_when_the_policy_says_so():
    for describe in (True, False):
        found = filters(ENVOY.export(read(document(describe=describe))))["1-jwt_authn"]
        assert found["strip_failure_response"] is not describe


@pytest.mark.parametrize("name", presets.PRESETS)
def test_the_real_envoy_takes_the_presets(tmp_path: Path, name: str):
    found = validated(ENVOY.export(read_policy(presets.policy(presets.PRESETS[name]))), tmp_path)
    assert found.returncode == 0, found.stderr
