"""The description of the API: it is OpenAPI 3.1, leaves nothing out, and says of requests and refusals what the code does.

That answers are as described, every test of the API checks: see conftest.py.
"""

import ast
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import tokens
from app.cli import main as cli
from app.gateway.exports import export as gateway_export
from app.keyfetch import KINDS
from app.reports import facts
from app.tokens.form import Serialization
from app.tokens.sd_jwt import binding
from app.web import api as api_views
from app.web import security
from app.web.learn import contents
from app.web.openapi import answers, document, requests
from app.web.openapi.described import endpoints
from app.web.openapi.operations import BESIDE, OPERATIONS, REFUSALS
from app.web.openapi.requests import Expect, GatewayAsked
from app.web.openapi.schemas import Components
from tests.conftest import strict_json
from tests.web.description import faults_of_answer, faults_of_request

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-string-secret-at-least-256-bits-long"
SCHEMAS = document()["components"]["schemas"]


def taken(name):
    """The schema of what the endpoint *name* takes."""
    return SCHEMAS[OPERATIONS[name].takes.__name__]


def answered(name):
    """The schemas of what it answers; of a choice, each."""
    schema = document()["paths"][f"/api/v1/{name}"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    return [SCHEMAS[one["$ref"].rpartition("/")[2]] for one in schema.get("anyOf", [schema])]


# What it is ------------------------------------------------------------------------------------------------------


def test_it_is_openapi_3_1():
    OpenAPIV31SpecValidator(document()).validate()
    assert document()["openapi"].startswith("3.1.")


def test_it_is_served_as_json_without_a_cookie(client):
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert json.loads(answer.text) == document()
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store, no-transform"


def test_it_is_served_under_no_other_method(client):
    assert client.post("/api/v1/openapi.json", json={}).status_code == 405


def test_it_names_no_server_but_the_one_that_gives_it():
    assert [one["url"] for one in document()["servers"]] == ["/"]
    assert not re.findall(r"https?://(?![\w.]*\.example\b|login\.example\.com)\S+", json.dumps(document()))


def test_every_route_of_the_api_is_in_it(app):
    routes = {
        (rule.rule, method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == {(path, method) for path, methods in document()["paths"].items() for method in methods}


def test_every_endpoint_has_a_name_of_its_own():
    names = [operation["operationId"] for methods in document()["paths"].values() for operation in methods.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)


def test_nothing_is_described_that_nothing_refers_to():
    used = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document())))
    assert used == set(SCHEMAS)


# It comes from the tables of the code ----------------------------------------------------------------------------


def test_the_values_that_a_member_may_have_are_those_of_the_code():
    assert taken("verify")["properties"]["key_encoding"]["enum"] == [*tokens.ENCODINGS, None]
    assert taken("keys/fetch")["properties"]["kind"]["enum"] == [*KINDS, None]
    assert taken("encode")["properties"]["serialization"]["anyOf"][0]["enum"] == list(get_args(Serialization))


@pytest.mark.parametrize(
    ("ours", "theirs", "names"),
    [
        (answers.Finding, tokens.Finding, facts._FINDING),
        (answers.Verdict, tokens.Signature, ("status", "algorithm", "matches")),
        (answers.Decryption, tokens.Decryption, ("status", "because")),
        (answers.KeyBinding, binding.KeyBinding, ("status", "because")),
        (answers.ExportFile, gateway_export.File, ("name", "language", "text")),
        (answers.ExportGap, gateway_export.Gap, ("path", "because")),
    ],
    ids=lambda one: getattr(one, "__qualname__", ""),
)
def test_what_is_taken_over_from_the_core_has_its_types(ours, theirs, names):
    assert {name: get_type_hints(ours)[name] for name in names} == {name: get_type_hints(theirs)[name] for name in names}


def test_a_type_without_a_schema_is_refused():
    with pytest.raises(TypeError, match="has no schema"):
        Components().schema(bytes)


@pytest.mark.parametrize("endpoint", endpoints(), ids=lambda one: one.name)
def test_the_page_and_the_types_name_the_same_members(endpoint):
    def told(rows):
        return {row.name for row in rows if "." not in row.name}

    properties = {name for schema in answered(endpoint.name) for name in schema["properties"]}
    if endpoint.name == "verify":
        properties -= told(next(one for one in endpoints() if one.name == "decode").answered)
    assert told(endpoint.sent) == set(taken(endpoint.name)["properties"])
    assert told(endpoint.answered) == properties


@pytest.mark.parametrize("endpoint", endpoints(), ids=lambda one: one.name)
def test_the_page_and_the_types_agree_on_what_is_required(endpoint):
    required = set(taken(endpoint.name)["required"])
    assert {row.name for row in endpoint.sent if "required" in row.kind} == required
    always = set.intersection(*(set(schema["required"]) for schema in answered(endpoint.name)))
    for row in endpoint.answered:
        assert ("at times" not in row.kind) == (row.name in always), row.name


WORDS = {"string", "object", "array", "number", "boolean", "null"}


def kinds(schema):
    """The types of a schema in the words of the page; null of a request is a member that is left out."""
    if "$ref" in schema:
        return {"object"}
    if "anyOf" in schema:
        return set().union(*map(kinds, schema["anyOf"]))
    named = schema.get("type", [*WORDS])
    return {"number" if one == "integer" else one for one in ([named] if isinstance(named, str) else named)}


@pytest.mark.parametrize("endpoint", endpoints(), ids=lambda one: one.name)
def test_the_page_and_the_types_agree_on_types(endpoint):
    def said(row):
        return WORDS if "any JSON" in row.kind else WORDS & set(re.findall(r"\w+", row.kind.partition(" of ")[0]))

    sent = taken(endpoint.name)["properties"]
    for row in endpoint.sent:
        outer, _, inner = row.name.partition(".")
        schema = SCHEMAS["Expect"]["properties"][inner] if inner else sent[outer]
        assert said(row) == kinds(schema) - {"null"}, row.name
    given = {name: schema for one in answered(endpoint.name) for name, schema in one["properties"].items()}
    for row in endpoint.answered:
        assert said(row) == kinds(given[row.name]), row.name


def test_every_member_has_a_sentence():
    for name, schema in SCHEMAS.items():
        lacking = [
            member for member, one in schema["properties"].items() if not one.get("description") and (name, member) != ("Refusal", "error")
        ]
        assert not lacking, name


def sentences(part):
    """Every description and summary of an object, at any depth."""
    if isinstance(part, dict):
        yield from ([part["description"]] if isinstance(part.get("description"), str) else [])
        part = list(part.values())
    for one in part if isinstance(part, list) else ():
        yield from sentences(one)


def test_every_description_ends_as_a_sentence():
    found = list(sentences(document()))
    assert len(found) > 150
    assert [text for text in found if not text.endswith((".", "…"))] == []


# What it says of requests, the code does -------------------------------------------------------------------------

WRONG = {"string": 1, "object": 2, "array": "x", "integer": "x", "number": "x", "boolean": "x"}


def bodies(name):
    """Bodies that are as described but for one member, with its name."""
    good = next(one for one in endpoints() if one.name == name).example
    for member in taken(name)["required"]:
        yield f"without {member}", {key: value for key, value in good.items() if key != member}
        yield f"{member} null", good | {member: None}
    for member in taken(name)["properties"]:
        for value in (1, "x", True, [], [1], {}, {"x": 1}, 1.5, -1, 10**40, None):
            yield f"{member} {value!r}", good | {member: value}


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "keys/fetch"])
def test_what_is_not_as_described_is_refused_and_nothing_is_refused_for_its_type_that_is(client, name):
    for what, body in bodies(name):
        answer = client.post(f"/api/v1/{name}", json=body)
        assert not faults_of_answer(name, answer.status_code, answer.read), what
        if faults_of_request(name, body):
            assert answer.status_code == 422, what
        else:
            assert answer.status_code in (200, 422), what
            code = answer.read["error"]["code"] if answer.status_code == 422 else ""
            assert code not in ("member_missing", "member_type", "member_unknown", "key_encoding", "serialization_unknown"), what


@pytest.mark.parametrize("kind", [Expect, GatewayAsked], ids=lambda one: one.__name__)
def test_what_takes_no_other_members_says_so(kind):
    assert SCHEMAS[kind.__name__]["additionalProperties"] is False


def test_a_misspelt_expectation_is_refused_as_described(api, make_token):
    body = {"token": make_token(), "key": SECRET, "expect": {"isuer": "a"}}
    assert faults_of_request("verify", body)
    assert api("verify", body, 422)["error"]["code"] == "member_unknown"


# The other door --------------------------------------------------------------------------------------------------


def test_the_command_line_answers_as_described_too(capsys, monkeypatch, make_token):
    monkeypatch.setenv("THE_KEY", SECRET)
    token = make_token()
    for action, *more in (["decode"], ["verify", "--key-env", "THE_KEY"]):
        cli([action, token, "--json", *more])
        assert not faults_of_answer(action, 200, strict_json(capsys.readouterr().out)), action


# Refusals --------------------------------------------------------------------------------------------------------


def refused(file):
    """Status and code of every refusal that a file of the API makes itself."""
    for call in ast.walk(ast.parse((ROOT / "app" / file).read_text("utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Refused":
            status, code = call.args[:2]
            if isinstance(status, ast.Constant) and isinstance(code, ast.Constant):
                yield status.value, code.value


def test_every_refusal_of_the_code_has_its_status_in_the_table():
    pairs = {*refused("web/api.py"), *refused("web/gateway_api.py"), *refused("web/turns.py")}
    assert len(pairs) > 10
    elsewhere = {code for _, codes in REFUSALS.values() for code in codes}
    for status, code in pairs:
        assert code in REFUSALS[status][1] or (status == 422 and code not in elsewhere), code


def test_every_refusal_before_a_view_is_asked_is_in_the_table():
    told = {(status, code) for status, (_, codes) in {**REFUSALS, **BESIDE}.items() for code in codes}
    assert {(int(row.status), row.code) for row in security.REFUSALS.values()} <= told


ASKED = {"path": "/api/v1/decode", "data": '{"token":"a"}', "content_type": "application/json"}


@pytest.mark.parametrize(
    ("status", "change"),
    [
        (400, {"data": "{"}),
        (403, {"headers": {"Sec-Fetch-Site": "cross-site"}}),
        (411, {"headers": {"Transfer-Encoding": "chunked"}}),
        (413, {"data": " " * 300_000}),
        (415, {"content_type": "text/plain"}),
        (421, {"headers": {"Host": "elsewhere.example"}}),
        (422, {"data": "{}"}),
    ],
)
def test_a_refusal_is_as_described_with_its_status(client, status, change):
    answer = client.post(**(ASKED | change))
    assert answer.status_code == status
    assert not faults_of_answer("decode", status, answer.read)


def test_a_refusal_of_a_turn_is_as_described(client, monkeypatch):
    monkeypatch.setattr("app.web.turns._MAKERS", api_busy())
    answer = client.post("/api/v1/keys", json={"algorithm": "HS256"})
    assert answer.status_code == 429
    assert not faults_of_answer("keys", 429, answer.read)


class api_busy:  # noqa: N801 - stands for a semaphore
    def acquire(self, timeout):
        return False


# The page --------------------------------------------------------------------------------------------------------


def test_the_page_shows_every_object_and_every_status(client):
    page = client.get(contents.LEAVES["api"].path)
    endpoints_own = {one.__name__ for row in OPERATIONS.values() for one in (row.takes, row.answers) if hasattr(one, "__name__")}
    assert {f"object-{name}" for name in SCHEMAS if name not in endpoints_own} <= set(page.dom.ids)
    for status in (*REFUSALS, *BESIDE):
        assert f'<th scope="row">{status}</th>' in page.text


def test_every_curl_line_runs_against_the_server(client, server):
    """By curl itself where there is one."""
    lines = ["".join(one.itertext()) for one in client.get("/learn/api").dom.tag("pre") if one.get("data-kind") == "curl"]
    assert len(lines) == len(OPERATIONS) + 1
    if shutil.which("curl") is None:
        pytest.skip("curl is not there; test_learn.py sends the same requests to the application")
    for line in lines:
        if "keys/fetch" in line:  # nothing is fetched from a test
            continue
        command = line.replace("http://127.0.0.1:8080", server) + " -w '\\n%{http_code} %{content_type}'"
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=20, check=True)
        body, _, told = done.stdout.rpartition("\n")
        assert told == "200 application/json", line
        assert json.loads(body)


def test_the_views_take_their_limits_from_the_description():
    assert taken("sd-jwt/issue")["properties"]["decoys"]["maximum"] == requests.MOST_DECOYS
    assert set(SCHEMAS["Expect"]["properties"]) == set(api_views._EXPECTATIONS)
