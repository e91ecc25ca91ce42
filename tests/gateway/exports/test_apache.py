"""Apache with mod_auth_openidc: the real one reads every export, decides about the shared table, and answers as it is said to."""

import json
import re
import time

import pytest
from hypothesis import given, settings

from app.gateway import decide, read_policy, read_request
from app.gateway.exports.apache import GATEWAY
from app.tokens import read_keys
from app.web import presets
from tests.gateway.exports import real_apache
from tests.gateway.exports.rich import FULL, TEXTS, gaps, odd, read
from tests.gateway.gate import document, policy, rs256
from tests.gateway.table import BEARER, ROWS, Must, Row, Token

# The policy takes these; Apache takes the last three alone.
ODD_PATHS = ("/x%25", "/x%EF%BC%A1", "/x%E2%80%A6", "/caf%C3%A9", "/%E6%97%A5%E6%9C%AC")
MORE = "allows more than this policy"
# Only addresses on this machine are asked for keys: none.
TABLE = {name: row for name, row in ROWS.items() if "jwks_url" not in json.dumps(row.policy)}
ROLES = [{"prefix": "/", "roles": {"any": ["clerk"], "claim": "realm_access.roles"}}]
PLAIN = document(upstream={"X-User": "sub", "X-Nested": "realm_access.roles"}, forward_token=False)
EXTRA = {
    "an injected header": Row("an injected header", PLAIN, Must(200), token=Token(claims={"sub": "a\r\nX-Admin: 1"})),
    "a header of the client": Row("a header of the client", PLAIN, Must(200), headers=(BEARER, "X-User: admin", "X_User: admin")),
    "no sub": Row("no sub", PLAIN, Must(200), headers=(BEARER, "X-User: admin"), token=Token(claims={"sub": None})),
    **{path: Row(path, document([{"prefix": "/", "access": "anyone"}]), Must(200), f"GET {path}", ()) for path in ODD_PATHS},
}


@pytest.fixture(scope="module")
def replies(tmp_path_factory):
    """What the real Apache replies to each row, with the decision of the policy at that time."""
    rows = TABLE | EXTRA
    policies = {json.dumps(row.policy): row.policy for row in rows.values()}
    found = {}
    with real_apache.running(list(policies.values()), tmp_path_factory.mktemp("apache")) as ports:
        port_of = dict(zip(policies, ports, strict=True))
        for name, row in rows.items():
            now = int(time.time())
            request = real_apache.as_of(row, now).request()
            rules = read_policy(json.dumps(row.policy))
            keys = {one: read_keys(key if isinstance(key, str) else json.dumps(key)) for one, key in row.keys.items()}
            decision = decide(rules, read_request(request), keys, now)
            reply = real_apache.ask(port_of[json.dumps(row.policy)], request)
            found[name] = (row, GATEWAY.export(rules), decision, reply, GATEWAY.answer(rules, read_request(request), decision))
    return found


def test_it_decides_about_the_whole_table(replies):
    assert len(replies) > 250
    assert sum(reply.status == 200 for _, _, _, reply, _ in replies.values()) > 60


LOUD = {
    "algorithm": ".algorithms",
    "form": "issuers",
    "header": "issuers",
    "exp": "issuers",
    "nbf": "issuers",
    "exp is required": ".required",
    "life": ".max_life",
    "typ": ".type",
    "scopes": ".scopes",
    "roles": ".roles",
    "claims": ".claims",
    "headers": "upstream",
    "upstream": "upstream",
    "token": "token",
}


def test_what_it_lets_through_although_the_policy_denies_it_is_said(replies):
    found = set()
    for name, (row, export, decision, reply, _) in replies.items():
        if reply.status == 200 and not decision.allowed:
            part = LOUD[decision.denials[0].name]
            told = " ".join(because for path, because in gaps(export).items() if path == part or path.endswith(part))
            assert MORE in told, (name, row.must.denied)
            found.add(part)
    assert found == set(LOUD.values())


QUIET = ("token[", ".keys[", ".leeway", ".claims", ".issuer")


def test_what_it_denies_although_the_policy_lets_it_through_is_said(replies):
    for name, (_, export, decision, reply, _) in replies.items():
        if reply.status != 200 and decision.allowed:
            told = [path for path in gaps(export) if any(part in path for part in QUIET) and not path.endswith(".algorithms")]
            if name in ODD_PATHS:
                told = [because for because in gaps(export).values() if "%25 or with full-width letters" in because]
            assert told or any("Secret 1" in note for note in export.notes), name


def test_it_refuses_some_paths_that_the_policy_takes(replies):
    assert [path for path in ODD_PATHS if replies[path][3].status != 200] == ["/x%25", "/x%EF%BC%A1"]


def test_it_answers_as_it_is_said_to(replies):
    known = 0
    for name, (_, _, _, reply, answer) in replies.items():
        if answer is not None:
            headers = dict(answer.headers)
            assert (answer.status, headers.get("WWW-Authenticate")) == (reply.status, reply.headers.get("www-authenticate")), name
            known += 1
    assert known > 150


def test_a_path_with_two_readings_is_denied(replies):
    for name, (_, _, decision, reply, _) in replies.items():
        if decision.denials and decision.denials[0].name == "path":
            assert reply.status in (400, 403, 404), name
            assert not reply.reached


def reached(replies, name: str, header: str) -> list[str]:
    lines = replies[name][3].reached
    return [line.partition(":")[2].strip() for line in lines if line.lower().startswith(f"{header.lower()}:")]


def test_a_claim_with_a_line_break_brings_no_header_with_it(replies):
    assert reached(replies, "an injected header", "X-Admin") == []
    assert reached(replies, "an injected header", "X-User") == [""]


def test_the_headers_are_those_of_the_token_and_not_of_the_client(replies):
    assert reached(replies, "a header of the client", "X-User") == ["user-1"]
    assert reached(replies, "a header of the client", "X_User") == []
    assert reached(replies, "a header of the client", "Authorization") == []
    assert reached(replies, "a header of the client", "X-Nested") == [""]
    assert reached(replies, "no sub", "X-User") == [""]


def test_an_allowed_request_reaches_the_api_with_its_path(replies):
    assert replies["bearer"][3].reached[0] == "GET /orders HTTP/1.1"


@pytest.mark.parametrize("name", presets.PRESETS)
def test_the_real_program_reads_the_presets(name, tmp_path):
    checked = real_apache.check(json.loads(presets.policy(presets.PRESETS[name])), tmp_path)
    assert checked.returncode == 0, checked.stderr


def test_the_real_program_reads_a_policy_with_everything_in_it(tmp_path):
    checked = real_apache.check(FULL, tmp_path)
    assert checked.returncode == 0, checked.stderr


HARD = ["\"'\\", "${PATH}", "%{reqenv:PATH}e", "a\nRequire all granted", "#", "</If>", "é€", "\0", "|z(", "a:b~c.d", "x" * 2000]


def odd_policies():
    """Policies with the texts that Apache has a meaning for, where one may stand."""
    for text in HARD:
        route = {"prefix": "/", "roles": {"any": [text], "claim": [text]}, "claims": {"not": {"claim": ["a", text], "equals": text}}}
        issuer = {"issuer": text, "audience": text, "required": [[text]]}
        yield document([route], issuer=issuer, upstream={"X-Odd": [text]}, token=[{"header": "Authorization"}, {"query": text}])
    yield document([{"exact": "/a\"'$(){}*+^|<If>`!:,=@[]&~"}], realm="${PATH} %{x}e <If>")


def test_the_real_program_reads_odd_texts_and_takes_them_for_nothing_else(tmp_path):
    for number, rules in enumerate(odd_policies()):
        folder = tmp_path / str(number)
        folder.mkdir()
        checked = real_apache.check(rules, folder)
        assert checked.returncode == 0, (HARD[number : number + 1], checked.stderr)
        assert "not defined" not in checked.stderr


@settings(deadline=None, max_examples=60)
@given(TEXTS)
def test_every_line_is_one_that_the_export_means(text):
    """Whatever the texts of a policy are, the lines stay the same but for what stands between quotation marks."""
    meant = re.compile(
        r'\s*(?:#.*|</?\w+>|<\w+ ".*">|OIDC\w+ .*|AuthType \w+|AuthName ".*"|AuthzSend\w+ On|Require .*|(?:Request)?Header .*|ProxyPass .*|)'
    )
    made = GATEWAY.export(odd(text))
    for line in made.files[0].text.split("\n"):
        assert meant.fullmatch(line), line
        if line.lstrip().startswith("Require claim"):
            assert re.fullmatch(r'\s*Require claim "[^"\x00-\x1f\\]+(?:~(?:[^"\x00-\x1f\x7f-\U0010ffff])*|:\S+)"', line), line
    assert "${" not in made.files[0].text


def test_keys_that_the_module_cannot_read_are_left_out_and_said():
    made = GATEWAY.export(read(ROWS["ES256"].policy))
    assert len(made.files) == 1
    assert "only RSA keys" in gaps(made)["issuers[0].keys[0]"]


def test_a_secret_is_named_in_a_note_and_never_written():
    made = GATEWAY.export(policy(issuer={"keys": [rs256(), {"secret": "legacy", "algorithms": ["HS256"]}]}))
    assert "legacy" not in made.files[0].text
    assert any('"legacy"' in note for note in made.notes)
