"""gateway check: one request judged rule by rule, in the words of the page, with the API's very decision for programs."""

from __future__ import annotations

import json

import pytest

from app.cli import gateway as verb
from app.forwardauth import LOOPBACK, PROFILES, SOURCES
from tests.gateway.gate import NOW, SECRET, document, token

AT = ("--at", str(NOW))


@pytest.fixture
def files(tmp_path):
    """Write files; give their paths."""

    def write(**texts: str) -> dict[str, str]:
        found = {}
        for name, text in texts.items():
            (tmp_path / name).write_text(text, "utf-8")
            found[name] = str(tmp_path / name)
        return found

    return write


def request(text: str | None = None, line: str = "GET /orders") -> str:
    return f"{line} HTTP/1.1\nHost: api.example\n" + (f"Authorization: Bearer {text}\n" if text else "")


@pytest.fixture
def policy(files) -> str:
    return files(policy=json.dumps(document([{"prefix": "/orders", "scopes": {"all": ["orders:read"]}}], upstream={"X-User": "sub"})))[
        "policy"
    ]


def test_what_is_allowed_ends_with_0_and_shows_what_the_api_gets(run, policy, files):
    done = run("gateway", "check", "--policy", policy, "--request", files(request=request(token()))["request"], *AT)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("✔ 200 Allowed\n  The route")
    assert "X-User  user-1" in done.out


def test_what_is_denied_ends_with_1_and_says_by_which_rule(run, policy):
    done = run("gateway", "check", "--policy", policy, "--request", "-", *AT, pipe=request(token(exp=NOW - 10)))
    assert (done.status, done.err) == (1, "")
    lines = done.out.splitlines()
    assert lines[0] == "✖ 401 Unauthorized"
    assert lines[1].startswith("  Denied by exp: Expired 10 s ago")
    assert 'WWW-Authenticate: Bearer realm="api", error="invalid_token"' in done.out
    assert "✖ exp" in done.out
    assert "Denies: Expired" in done.out


def test_a_request_comes_through_a_pipe_without_being_told(run, policy):
    assert run("gateway", "check", "--policy", policy, *AT, pipe=request(token())).status == 0
    done = run("gateway", "check", "--policy", policy, *AT, pipe=None)
    assert (done.status, done.errors[0]) == (2, "jwtlens: error: there is no request")


@pytest.mark.parametrize("asked", ["", " \n\n"])
def test_no_request_is_not_a_denied_one(run, policy, asked):
    done = run("gateway", "check", "--policy", policy, *AT, pipe=asked)
    assert (done.status, done.out, done.errors[0]) == (2, "", "jwtlens: error: there is no request: nothing came to read")


@pytest.mark.parametrize("text", [pytest.param(None, id="none"), pytest.param("a.b", id="no token"), pytest.param("good", id="good")])
def test_json_is_the_very_decision_of_the_api(run, policy, app, text):
    asked = request(token() if text == "good" else text)
    with open(policy, encoding="utf-8") as file:
        written = file.read()
    body = {"policy": json.loads(written), "request": asked, "at": NOW}
    answer = app.test_client().post("/api/v1/gateway", json=body).json
    done = run("gateway", "check", "--policy", policy, "--json", *AT, pipe=asked)
    assert json.loads(done.out) == answer
    assert done.status == (0 if answer["allowed"] else 1)


def test_a_policy_that_cannot_be_read_is_not_judged_by(run, files):
    broken = files(policy='{"routes": [{"prefix": "/"}], "canary": 1, "realm": 5}')["policy"]
    done = run("gateway", "check", "--policy", broken, pipe=request())
    assert done.status == 2
    assert done.errors[0] == "jwtlens: error: the policy cannot be used: canary: there is a member that is not known; known are " + (
        "realm, describe, token, forward_token, issuers, routes, upstream"
    )
    assert done.errors[1] == "jwtlens: hint: then look at realm"
    done = run("gateway", "check", "--policy", broken, "--json", pipe=request())
    assert done.status == 2
    assert [one["path"] for one in json.loads(done.out)["problems"]] == ["canary", "realm"]


SECRETIVE = document(issuer={"keys": [{"secret": "orders", "algorithms": ["HS256"]}]})


def test_a_named_key_comes_from_a_file_or_the_environment(run, files):
    paths = files(policy=json.dumps(SECRETIVE), key=f"{SECRET}\n")
    asked = request(token("HS256", key=SECRET))
    check = ("gateway", "check", "--policy", paths["policy"], *AT)
    assert run(*check, "--key", f"orders={paths['key']}", pipe=asked).status == 0
    assert run(*check, "--key-env", "orders=ORDERS_KEY", pipe=asked, ORDERS_KEY=SECRET).status == 0
    assert run(*check, "--key-env", "orders=ORDERS_KEY", pipe=asked, ORDERS_KEY="x" * 40).status == 1


def test_without_its_keys_nothing_is_judged(run, files):
    done = run("gateway", "check", "--policy", files(policy=json.dumps(SECRETIVE))["policy"], *AT, pipe=request(token("HS256", key=SECRET)))
    assert done.status == 2
    assert done.out.startswith("✖ 503 Service Unavailable")
    assert done.errors == [
        "jwtlens: error: keys of the policy are missing, so nothing is verified",
        "jwtlens: hint: give them with --key NAME=FILE",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--key", "canary-other=x"), "a key is given by a name that the policy does not have"),
        (("--key", "orders=canary-file"), "the file of the key does not exist"),
        (("--key-env", "orders=CANARY_VARIABLE"), "the environment has no variable of that name"),
        (("--key-env", "orders=HOME", "--key-env", "orders=HOME"), 'the key "orders" is given twice'),
    ],
)
def test_a_key_that_cannot_be_had_is_said_and_not_repeated(run, files, options, said):
    done = run("gateway", "check", "--policy", files(policy=json.dumps(SECRETIVE))["policy"], *options, pipe=request())
    assert (done.status, done.errors[0]) == (2, f"jwtlens: error: {said}")
    assert "canary" not in done.err.lower()


def test_a_url_names_its_key_too(run, files):
    url = "https://login.example/jwks?a=b"
    rules = document(issuer={"keys": [{"jwks_url": url, "algorithms": ["RS256"]}]})
    keys = document()["issuers"][0]["keys"][0]["jwks"]
    paths = files(policy=json.dumps(rules), keys=json.dumps(keys))
    done = run("gateway", "check", "--policy", paths["policy"], "--key", f"{url}={paths['keys']}", *AT, pipe=request(token()))
    assert done.status == 0


def test_nothing_of_a_token_obeys_the_terminal(run, policy):
    done = run("gateway", "check", "--policy", policy, *AT, pipe=request(token(iss="\x1b[31mred", scope="\u202e")))
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out


# The server's own options; the server itself is tried in tests/forwardauth ----------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "there is no policy"),
        (("--policy", "-"), "standard input cannot be read again on SIGHUP"),
        (("--policy", "canary-nowhere.json"), "the file of the policy does not exist"),
        (("--policy", "x", "check"), "the options stand before the verb"),
        (("--policy", "x", "--trusted-proxy", "canary"), "an entry of the list is not a network"),
        (("--policy", "POLICY", "--log", "canary-nowhere/log"), "the file of the log cannot be written"),
    ],
)
def test_a_server_that_cannot_start_says_why(run, policy, arguments, said):
    done = run("gateway", *(policy if one == "POLICY" else one for one in arguments))
    assert done.status in (1, 2)
    assert done.errors[0] == f"jwtlens: error: {said}"
    assert "canary" not in done.err


def test_the_names_of_the_options_are_those_of_the_room():
    assert tuple(SOURCES) == verb._SOURCES
    assert tuple(PROFILES) == verb._PROFILES
    assert [str(one) for one in LOOPBACK] == ["127.0.0.0/8", "::1/128"]


def test_help_says_that_copies_can_stand_side_by_side(run):
    said = " ".join(run("gateway", "--help").out.split())
    assert "any number of copies with one policy can stand behind a load balancer" in said
    assert "upstream jwtlens {" in said
