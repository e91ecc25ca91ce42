"""/keys/fetch and /api/v1/keys/fetch: the doors to the fetcher. The fetcher itself is tested in tests/keyfetch."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app import tokens
from app.keyfetch import Fetched, FetchedKey, Fetcher, NotFetched, Rules, Step
from app.keyfetch.refusals import refuse
from app.settings import Settings
from app.tokens import ALGORITHMS, keys
from app.web import create_app
from tests.conftest import Client

HTMX = {"HX-Request": "true"}
URL = "https://keys.example.com/jwks.json"


class Recorded(Fetcher):
    """A fetcher that is asked and asks nobody."""

    def __init__(self, outcome=None):
        super().__init__(Rules())
        self.outcome = outcome
        self.asked = []

    def fetch(self, text, kind="auto", *, again=False):
        self.asked.append((text, kind, again))
        if isinstance(self.outcome, NotFetched):
            raise self.outcome
        return self.outcome


@pytest.fixture(scope="module")
def application():
    app = create_app(Settings())
    app.test_client_class = Client
    return app


@pytest.fixture
def own(application):
    return application.test_client()


@pytest.fixture
def key():
    made = keys.generate(ALGORITHMS["ES256"])
    made.kid = "one"
    return made


@pytest.fixture
def fetched(key):
    text = json.dumps({"keys": [keys.public_jwk(key)]})
    rows = (FetchedKey("one", "EC public key on P-256", "ES256", ""),)
    steps = (Step("https://keys.example.com/.well-known/openid-configuration", 200, 0.1), Step(URL, 200, 0.12))
    return Fetched(URL, text, rows, ("The kid is odd.",), 200, 0.22, 1.8e9, steps, "https://keys.example.com", 0.0)


@pytest.fixture
def asked(application, monkeypatch):
    """Put a recording fetcher in place; gives what it was asked."""

    def put(outcome):
        recorded = Recorded(outcome)
        monkeypatch.setitem(application.extensions, "key_fetcher", recorded)
        return recorded.asked

    return put


def token_of(key):
    return tokens.encode('{"alg":"ES256","kid":"one"}', '{"iss":"https://keys.example.com"}', keys.private_pem(key)).token


def failure():
    try:
        Fetcher(Rules()).fetch("https://10.0.0.1/jwks")
    except NotFetched as error:
        return error


def test_the_fetched_set_stands_in_the_key_box_and_verifies(own, asked, fetched, key):
    seen = asked(fetched)
    answer = own.post(
        "/keys/fetch", data={"token": token_of(key), "key": "old", "key_encoding": "hex", "key_url": f" {URL} "}, headers=HTMX
    )
    assert seen == [(URL, "auto", False)]
    assert {"key", "key_fetch", "verdict", "key_note"} <= set(answer.dom.panes)
    assert "token" not in answer.dom.panes
    assert answer.dom.typed("key-text").strip() == fetched.text
    assert answer.dom.typed("key-encoding") == "auto"
    said = answer.dom.words("key-fetch-note")
    for words in (
        "1 key fetched",
        URL,
        "the issuer https://keys.example.com names",
        "just now",
        "one",
        "status 200, 0.12 s",
        "The kid is odd.",
    ):
        assert words in said
    assert "Signature verified" in answer.dom.words("verdict")


def test_without_htmx_the_whole_page_comes(own, asked, fetched):
    asked(fetched)
    page = own.post("/keys/fetch", data={"key_url": URL, "key_url_kind": "issuer"})
    assert page.dom.whole
    assert page.dom.typed("key-url") == URL
    assert page.dom.typed("key-url-kind") == "issuer"
    assert page.dom.typed("key-text").strip() == fetched.text


def test_a_failure_says_why_and_leaves_the_key_alone(own, asked):
    asked(failure())
    answer = own.post("/keys/fetch", data={"key": "mine", "key_url": "https://10.0.0.1/jwks"}, headers=HTMX)
    assert answer.status_code == 200
    assert answer.dom.panes == ["key_fetch"]
    said = answer.dom.words("key-fetch-note")
    assert "Not fetched" in said
    assert "The URL leads to 10.0.0.1, a private address: the server does not connect to it." in said
    assert "https://10.0.0.1/jwks: no answer" in said
    page = own.post("/keys/fetch", data={"key": "mine", "key_url": "https://10.0.0.1/jwks"})
    assert page.dom.typed("key-text").strip() == "mine"


def test_a_url_in_the_key_box_is_fetched_by_the_same_button(own, asked, fetched):
    seen = asked(fetched)
    own.post("/keys/fetch", data={"key": f"{URL}\r\n"}, headers=HTMX)
    assert seen == [(URL, "auto", False)]


def test_fetching_anew_is_a_button_of_its_own(own, asked, fetched):
    seen = asked(fetched)
    assert 'name="again"' in own.post("/keys/fetch", data={"key_url": URL}, headers=HTMX).text
    own.post("/keys/fetch", data={"key_url": URL, "again": "1"}, headers=HTMX)
    assert seen[-1] == (URL, "auto", True)


@pytest.mark.parametrize(
    ("header", "payload", "url", "kind"),
    [
        ('{"alg":"ES256"}', '{"iss":"https://evil.example/a"}', "https://evil.example/a", "issuer"),
        ('{"alg":"ES256","jku":"https://evil.example/jwks"}', "{}", "https://evil.example/jwks", "key_set"),
        ('{"alg":"ES256","jku":"https://evil.example/jwks"}', '{"iss":"not a url"}', "https://evil.example/jwks", "key_set"),
    ],
)
def test_a_url_of_the_token_is_proposed_and_asked_only_when_confirmed(own, asked, fetched, raw_token, header, payload, url, kind):
    seen = asked(fetched)
    token = raw_token(header, payload)
    proposed = own.post("/keys/fetch", data={"token": token})
    assert seen == []
    assert proposed.dom.typed("key-url") == url
    assert proposed.dom.typed("key-url-kind") == kind
    assert "A token can name any server" in proposed.dom.words("key-fetch-note")
    own.post("/keys/fetch", data=proposed.dom.form)
    assert seen == [(url, kind, False)]


@pytest.mark.parametrize("path", ["/", "/decode", "/encode", "/verify", "/report", "/share", "/api/v1/decode", "/api/v1/verify"])
def test_no_other_door_asks_anybody(own, asked, fetched, raw_token, path):
    seen = asked(fetched)
    token = raw_token(f'{{"alg":"ES256","jku":"{URL}","x5u":"{URL}"}}', '{"iss":"https://keys.example.com"}')
    if path.startswith("/api/"):
        own.post(path, json={"token": token, "key": URL})
    elif path == "/":
        own.get(path)
    else:
        own.post(path, data={"token": token, "key": URL, "key_url": URL, "header": "{}", "payload": "{}"})
    assert seen == []


def test_without_any_url_it_says_what_to_give(own):
    said = own.post("/keys/fetch", data={"token": "a.b.c"}, headers=HTMX).dom.words("key-fetch-note")
    assert "There is no URL to fetch from. Give the URL of a key set, or an issuer" in said


def test_what_a_server_writes_is_escaped(own, asked, fetched):
    row = FetchedKey("<img src=x onerror=alert(1)>", "<b>", "'\"", "</li>")
    asked(replace(fetched, keys=(row,), issuer="<script>"))
    answer = own.post("/keys/fetch", data={"key_url": '"><script>'}, headers=HTMX)
    assert not answer.dom.tag("script")
    assert not answer.dom.tag("img")


def test_the_api_answers_with_the_set_and_how_it_came(own, asked, fetched):
    seen = asked(fetched)
    answer = own.post("/api/v1/keys/fetch", json={"url": URL, "kind": "issuer", "again": True})
    assert seen == [(URL, "issuer", True)]
    assert answer.read == {
        "url": URL,
        "issuer": "https://keys.example.com",
        "status": 200,
        "seconds": Decimal("0.22"),
        "age": 0,
        "keys": [{"kid": "one", "name": "EC public key on P-256", "alg": "ES256", "use": None}],
        "notes": ["The kid is odd."],
        "steps": answer.read["steps"],
        "jwks": json.loads(fetched.text),
    }
    assert [step["status"] for step in answer.read["steps"]] == [200, 200]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "member_missing"),
        ({"url": 5}, "member_type"),
        ({"url": "", "kind": "auto"}, "url_missing"),
        ({"url": URL, "kind": "jwks"}, "member_type"),
        ({"url": URL, "again": "yes"}, "member_type"),
        ({"url": "http://127.0.0.1/"}, "url_http"),
        ({"url": "https://127.0.0.1/jwks"}, "not_public"),
        ({"url": "https://[::1]/", "kind": "issuer"}, "not_public"),
        ({"url": "https://2130706433/"}, "url_number"),
    ],
)
def test_the_api_refuses_with_a_code(api, body, code):
    assert api("keys/fetch", body, 422)["error"]["code"] == code


def test_the_api_says_when_too_many_fetch(own, asked):
    asked(refuse("busy"))
    assert own.post("/api/v1/keys/fetch", json={"url": URL}).status_code == 429


@pytest.mark.parametrize("settings", [Settings(fetch=False), Settings(host="0.0.0.0"), Settings(allowed_hosts=("jwt.example.com",))])
def test_where_it_is_off_the_page_and_the_api_say_so(settings):
    app = create_app(settings)
    app.test_client_class = Client
    client: Any = app.test_client()
    page = client.get("/")
    assert "key-url" not in page.dom
    assert "Not here" in page.dom.words("key_fetch")
    refused = client.post("/api/v1/keys/fetch", json={"url": "https://93.184.216.34/jwks"})
    assert (refused.status_code, refused.read["error"]["code"]) == (422, "fetch_off")
    assert "Key sets are not fetched here" in client.post("/keys/fetch", data={"key_url": URL}, headers=HTMX).dom.words("key-fetch-note")
