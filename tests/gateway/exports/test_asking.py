"""The exports to gateways that ask: what stands in them, what cannot, and that the real programs read them."""

import json
import os
import re
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given, reject, settings
from hypothesis import strategies as some

from app.gateway import Policy, Unfit, decide, read_policy, read_request
from app.gateway.exports import GATEWAYS, Answer, Export
from app.gateway.exports.asking import API, JWTLENS
from app.gateway.policy import Source
from app.gateway.request import OVERRIDES
from app.tokens import read_keys
from app.web import presets
from tests.gateway.exports.rich import TEXTS, answers
from tests.gateway.gate import NOW, policy, token
from tests.tokens.keyring import SECRET

ASKING = ("nginx", "caddy", "traefik", "haproxy-lua")
PRESETS = {name: read_policy(presets.policy(row)) for name, row in presets.PRESETS.items()}
FULL = policy(upstream={"X-User": "sub", "X-Realm-Roles": "realm_access.roles"}, token={"header": "X-Token"}, forward_token=False)
PLAIN = policy()
MEANT = "jwtlens gateway --policy policy.json --source "
STARTED = {
    "nginx": f"{MEANT}x-original",
    "haproxy-lua": f"{MEANT}x-original --profile traefik",
    "caddy": f"{MEANT}x-forwarded --profile traefik",
    "traefik": f"{MEANT}x-forwarded --profile traefik",
}


def export(name: str, rules: Policy = FULL) -> Export:
    return GATEWAYS[name].export(rules)


def text(name: str, rules: Policy = FULL) -> str:
    return "\n".join(file.text for file in export(name, rules).files)


def lines(name: str, rules: Policy = FULL) -> list[str]:
    return [line.strip() for line in text(name, rules).splitlines()]


def test_these_ask_and_judge_nothing():
    assert [name for name in ASKING if not GATEWAYS[name].asks] == []


# The real programs -------------------------------------------------------------------------------------------------


def read_by_nginx(folder: Path) -> list[str]:
    http = f"http {{ access_log off; include {folder}/jwtlens.conf; }}"
    (folder / "nginx.conf").write_text(f"pid {folder}/nginx.pid; error_log stderr; events {{}} {http}")
    return ["nginx", "-t", "-q", "-e", "stderr", "-c", f"{folder}/nginx.conf"]


CHECKS = {
    "nginx": read_by_nginx,
    "caddy": lambda folder: ["caddy", "validate", "--adapter", "caddyfile", "--config", f"{folder}/Caddyfile"],
    "haproxy-lua": lambda folder: ["haproxy", "-c", "-q", "-f", f"{folder}/haproxy.cfg"],
}


def check(name: str, rules: Policy, folder: Path) -> None:
    """Let the gateway itself read its export."""
    for file in export(name, rules).files:
        (folder / file.name).write_text(file.text)
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    read = subprocess.run(CHECKS[name](folder), cwd=folder, env=os.environ | home, capture_output=True, text=True, timeout=30)
    assert read.returncode == 0, read.stderr
    # nginx says so of a configuration without `user` when it is not started by root; that is no fault of the export.
    assert not re.search(r"\[(?:warn|WARNING|ALERT|emerg)\](?! the \"user\")|\"level\":\"(?:warn|error)\"", _without_format(read.stderr))


def _without_format(told: str) -> str:
    """Caddy asks for its own formatting of the file, and here for nothing else."""
    return "\n".join(line for line in told.splitlines() if "Caddyfile input is not formatted" not in line)


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("rules", [*PRESETS.values(), FULL, PLAIN], ids=[*PRESETS, "full", "plain"])
def test_the_real_program_reads_it(name, rules, tmp_path):
    check(name, rules, tmp_path)


HEADERS = some.from_regex(r"[A-Za-z0-9-]{1,64}", fullmatch=True)
CLAIMS = some.dictionaries(HEADERS, some.just("sub"), min_size=1, max_size=4)


@given(CLAIMS, HEADERS, some.booleans())
@settings(max_examples=20, deadline=None)
def test_the_real_programs_read_whatever_headers_a_policy_may_have(upstream, header, forward):
    try:
        rules = policy(upstream=upstream, token={"header": header}, forward_token=forward)
    except Unfit:
        reject()
    for name in CHECKS:
        with tempfile.TemporaryDirectory() as folder:
            check(name, rules, Path(folder))
    assert yaml.safe_load(text("traefik", rules))["http"]["routers"]["api"]["service"] == "api"


# Quoting: there is nothing to quote --------------------------------------------------------------------------------


@given(TEXTS, TEXTS, TEXTS, TEXTS)
@settings(max_examples=60, deadline=None)
def test_no_other_text_of_a_policy_stands_in_the_configuration(route, scope_claim, issuer, place):
    routes = [{"prefix": "/", "name": route, "roles": {"all": [issuer], "claim": [scope_claim]}}]
    odd = policy(
        routes, issuer={"issuer": issuer, "audience": place, "type": issuer}, token=[{"query": place}, {"form": place}], describe=True
    )
    for name in ASKING:
        assert text(name, odd) == text(name, PLAIN)


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("header", ["X-A\nB", 'X"A', "X A", "X{A}", "X;A", "$host", "X_A", "é", "", "X\\", "X`A", "*", "X-A\r\n"])
def test_a_header_that_could_not_be_written_is_a_gap(name, header):
    """`reading` lets none of them in; whoever makes a policy in another way cannot write into a configuration with it either."""
    made = export(name, replace(PLAIN, upstream=((header, ("sub",)),), sources=(Source("header", header),), forward_token=False))
    assert [file.text for file in made.files] == [file.text for file in export(name, PLAIN).files]
    assert [gap.path for gap in made.gaps if gap.path][1:] == ["token[0]"]


def test_a_header_that_begins_with_a_hyphen_is_no_option(tmp_path):
    rules = policy(upstream={"-X": "sub", "-m": "sub"}, token={"header": "-Token"}, forward_token=False)
    for name in ASKING:
        assert [gap.path for gap in export(name, rules).gaps if gap.path] == ["upstream.-X", "upstream.-m"]
        assert {"-x", "-m", "-token"} <= {one.lower().replace("[^a-z0-9]", "-") for one in removed_by(name, rules)}
    for name in CHECKS:
        check(name, rules, tmp_path)


@pytest.mark.parametrize("name", ASKING)
def test_no_key_reference_issuer_or_address_stands_in_it(name):
    whole = text(name, PRESETS["migration"]) + text(name, PRESETS["consumers"])
    for word in ("login.example", "secret", "billing", "legacy", '"kty"'):
        assert word not in whole


# What stands in it -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ASKING)
def test_it_says_how_jwtlens_is_started_beside_it(name):
    assert f"Start jwtlens beside it: {STARTED[name]}" in export(name).notes
    assert STARTED[name] in text(name)
    assert JWTLENS in text(name)
    assert API in text(name)


def removed_by(name: str, rules: Policy) -> list[str]:
    """The headers that the client sends in vain, in the order in which they go."""
    if name == "traefik":
        meant = yaml.safe_load(text(name, rules))["http"]
        order = meant["routers"]["api"]["middlewares"]
        clean = [meant["middlewares"][one].get("headers", {}).get("customRequestHeaders", {}) for one in order]
        return [header for one in clean for header, value in one.items() if value == ""]
    patterns = {
        "nginx": r'proxy_set_header (\S+) (?:""|\$jwtlens_\w+);',
        "caddy": r"request_header -(\S+)",
        "haproxy-lua": r"http-request del-header '\^(\S+)\$' -m reg",
    }
    api = text(name, rules).split("location = /_jwtlens")[0]
    return [found.replace("[^a-z0-9]", "-") for found in re.findall(patterns[name], api)]


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("rules", [*PRESETS.values(), FULL, PLAIN], ids=[*PRESETS, "full", "plain"])
def test_every_header_that_a_client_could_cheat_with_goes(name, rules):
    gone = [header.lower() for header in removed_by(name, rules)]
    for header in (*OVERRIDES, *(header for header, _ in rules.upstream)):
        assert header.lower() in gone
    assert ("x-token" in gone) == (rules is FULL)


@pytest.mark.parametrize("name", ASKING)
def test_a_token_that_is_kept_back_goes_when_it_was_judged(name):
    order = lines(name)
    gone = {
        "nginx": 'proxy_set_header X-Token "";',
        "caddy": "request_header -X-Token",
        "traefik": "X-Token: ''",
        "haproxy-lua": "http-request del-header '^x[^a-z0-9]token$' -m reg",
    }[name]
    asks = {"nginx": "", "caddy": "uri /auth", "traefik": f"address: http://{JWTLENS}/auth", "haproxy-lua": "http-request lua.jwtlens"}
    assert gone in order
    if asks[name]:
        assert order.index(asks[name]) < order.index(gone)
    else:
        # In nginx the judge is asked in a location of its own, where the token stays.
        assert gone not in text(name).split("location = /_jwtlens")[1]


@pytest.mark.parametrize("name", ASKING)
def test_the_body_is_not_sent_and_method_and_address_are_said_by_the_gateway(name):
    whole = text(name)
    said = {
        "nginx": ("proxy_pass_request_body off;", "X-Original-Method $request_method;", "X-Original-URI $request_uri;"),
        "caddy": ("forward_auth ", "request_header -X-Forwarded-Method", "request_header -X-Forwarded-Uri"),
        "traefik": ("trustForwardHeader: false",),
        "haproxy-lua": ('["x-original-method"] = { txn.sf:method() }', '["x-original-uri"] = { txn.sf:pathq() }'),
    }[name]
    assert [one for one in said if one not in whole] == []
    assert "forwardBody" not in whole


@pytest.mark.parametrize("name", ASKING)
def test_a_judge_that_is_late_is_not_waited_for(name):
    waits = {"nginx": "proxy_read_timeout 2s;", "caddy": "response_header_timeout 2s", "haproxy-lua": "timeout = 1000"}
    if name == "traefik":
        assert any("30 seconds" in note for note in export(name).notes)
    else:
        assert waits[name] in text(name)


def test_traefik_reads_what_is_meant():
    meant = yaml.safe_load(text("traefik"))["http"]
    assert meant["routers"]["api"]["middlewares"] == ["jwtlens-clean", "jwtlens", "jwtlens-keep-back"]
    assert meant["middlewares"]["jwtlens"]["forwardAuth"] == {
        "address": f"http://{JWTLENS}/auth",
        "trustForwardHeader": False,
        "authResponseHeaders": ["X-User", "X-Realm-Roles"],
    }
    assert meant["middlewares"]["jwtlens-keep-back"] == {"headers": {"customRequestHeaders": {"X-Token": ""}}}
    assert meant["services"]["api"]["loadBalancer"]["servers"] == [{"url": f"http://{API}"}]
    assert yaml.safe_load(text("traefik", PLAIN))["http"]["routers"]["api"]["middlewares"] == ["jwtlens-clean", "jwtlens"]


# What cannot be said -----------------------------------------------------------------------------------------------


def gaps(name: str, rules: Policy) -> dict[str, str]:
    return {gap.path: gap.because for gap in export(name, rules).gaps}


@pytest.mark.parametrize("name", ASKING)
def test_a_whole_policy_is_no_gap_because_jwtlens_judges_it(name):
    for rules in (*PRESETS.values(), FULL, PLAIN):
        assert set(gaps(name, rules)) <= ({""} if name == "traefik" else set())


@pytest.mark.parametrize("name", ASKING)
def test_a_token_in_a_form_is_a_gap(name):
    told = gaps(name, policy(token=[{"header": "Authorization"}, {"form": "access_token"}]))
    assert "body is not sent" in told["token[1]"]


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("header", ["Connection", "X-Original-URI", "x-forwarded-uri", "X-Forwarded-For", "Expect"])
def test_a_token_in_a_header_that_is_said_anew_is_a_gap(name, header):
    assert "no token is found in it" in gaps(name, policy(token={"header": header}))["token[0]"]


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("header", ["Cache-Control", "WWW-Authenticate", "Set-Cookie", "X-Accel-Redirect", "X-Forwarded-For", "Date"])
def test_a_claim_in_a_header_with_another_meaning_is_a_gap_and_the_clients_copy_goes_all_the_same(name, header):
    rules = policy(upstream={header: "sub", "X-User": "sub"})
    assert f"upstream.{header}" in gaps(name, rules)
    assert header.lower() in [one.lower() for one in removed_by(name, rules)]
    copied = {"nginx": "$upstream_http_", "caddy": "copy_headers", "traefik": "- ", "haproxy-lua": "local copied"}[name]
    assert not [
        line
        for line in lines(name, rules)
        if copied in line and header.lower() in line.lower().replace("_", "-") and "challenge" not in line
    ]


@pytest.mark.parametrize("name", ASKING)
def test_a_secret_is_given_to_jwtlens(name):
    assert any("--key NAME=FILE" in note for note in export(name, PRESETS["migration"]).notes)
    assert not any("--key" in note for note in export(name, PLAIN).notes)


@pytest.mark.parametrize("name", ASKING)
def test_a_token_in_the_query_is_a_word_of_warning(name):
    assert any("access log" in note for note in export(name, policy(token={"query": "token"})).notes)
    assert not any("access log" in note for note in export(name, PLAIN).notes)


# What it would answer ----------------------------------------------------------------------------------------------


def told(name: str, rules: Policy, request: str, **keys: str) -> Answer | None:
    read = read_request(request)
    return GATEWAYS[name].answer(rules, read, decide(rules, read, {key: read_keys(value) for key, value in keys.items()}, NOW))


STATUSES = {400: {"nginx": 401}, 503: {"nginx": 403}}


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("preset", PRESETS)
def test_it_answers_to_the_requests_of_the_presets_as_jwtlens_does(name, preset):
    row = presets.PRESETS[preset]
    keys = {
        key: read_keys(value if isinstance(value, str) else json.dumps(value))
        for key, value in json.loads(presets.named(row) or "{}").items()
    }
    for number, one in enumerate(row["requests"]):
        scenario = presets.scenario(row, number, NOW)
        read = read_request(scenario.request.replace("$token", scenario.token))
        decision = decide(PRESETS[preset], read, keys, NOW)
        answer = GATEWAYS[name].answer(PRESETS[preset], read, decision)
        if answer is None:
            assert (name, one["label"]) in {("traefik", "Dots in the path"), ("traefik", "Out of one tenant into another")}
            continue
        if len(read.values("Authorization")) > 1:
            assert answer.status == (400 if name == "nginx" else 403)
            continue
        assert answer.status == STATUSES.get(decision.status, {}).get(name, decision.status)
        assert [value for _, value in answer.headers] == ([decision.www_authenticate] if decision.www_authenticate else [])


@pytest.mark.parametrize("name", ASKING)
def test_no_row_of_the_shared_table_is_answered_otherwise_than_by_jwtlens(name):
    known = list(answers(GATEWAYS[name]))
    assert len(known) > 120
    assert [row.name for row, answer in known if (answer.status == 200) != (row.must.status == 200)] == []
    other = [(row, answer) for row, answer in known if answer.status != STATUSES.get(row.must.status, {}).get(name, row.must.status)]
    for row, answer in other:
        assert "itself refuses" in answer.because or row.name == "Authorization twice"


@pytest.mark.parametrize("name", ASKING)
def test_without_keys_it_denies(name):
    rules = policy(issuer={"keys": [{"secret": "orders", "algorithms": ["HS256"]}]})
    asked = f"GET /orders\nAuthorization: Bearer {token('HS256')}"
    answer = told(name, rules, asked)
    assert answer
    assert (answer.status, answer.headers) == (403 if name == "nginx" else 503, ())
    allowed = told(name, rules, asked, orders=SECRET)
    assert allowed
    assert allowed.status == 200


@pytest.mark.parametrize("name", ASKING)
def test_what_becomes_of_a_token_that_it_does_not_send_is_not_told(name):
    rules = policy(token=[{"header": "Authorization"}, {"form": "token"}])
    form = f"POST /orders\nContent-Type: application/x-www-form-urlencoded\n\ntoken={token()}"
    assert told(name, rules, form) is None
    assert told(name, rules, form.partition("\n\n")[0]) is not None


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("header", ["X_User: admin", "X.User: admin", "Connection: X-User", "X-User: a\nX-User: b", "X-A : b"])
def test_what_becomes_of_an_odd_header_is_not_told(name, header):
    assert told(name, policy(upstream={"X-User": "sub"}), f"GET /orders\nAuthorization: Bearer {token()}\n{header}") is None
