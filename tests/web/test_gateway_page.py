"""/gateway: policy, request and token; the decision live or by a button, and nothing of them in an address."""

import json
import re
import time

import pytest

from app.gateway import reading, reading_keys
from app.web import presets

HTMX = {"HX-Request": "true"}
DECIDED = ["notice", "decision", "rules", "named_note"]
ALL = [*DECIDED, "there", "exported", "policy_view", "policy", "policy_form", "named", "gate_request", "gate_token", "tries"]


def sent(dom):
    """What a browser sends of the page's form."""
    fields = [field for field in dom["gate-form"].iter() if field.tag in ("textarea", "input") and field.get("name")]
    return {field.get("name"): "".join(field.itertext()) if field.tag == "textarea" else field.get("value", "") for field in fields}


@pytest.fixture
def filled(client):
    """The form of the page with a preset, changed by the arguments."""

    def fill(preset="routes", **changes):
        return sent(client.get(f"/gateway?preset={preset}").dom) | changes

    return fill


@pytest.fixture
def asked(client):
    def send(form, headers=None):
        response = client.post("/gateway", data=form, headers=HTMX if headers is None else headers)
        assert response.status_code == 200
        return response.dom

    return send


def test_it_opens_with_a_preset_that_is_allowed(client):
    dom = client.get("/gateway").dom
    assert dom.words("decision") == '200 Allowed The route "everything else" takes it, and no rule denies.'
    assert [link.get("href") for link in dom.tag("a") if link.get("aria-current")] == ["/gateway"]
    assert [cell.text for cell in dom.tag("td")] == ["user-4711", "from the token"]
    assert "/gateway" in [link.get("href") for link in client.get("/").dom.tag("a")]


@pytest.mark.parametrize("name", presets.PRESETS)
def test_each_preset_has_its_page_and_every_request_of_it_gives_what_it_promises(client, asked, name):
    page = client.get(f"/gateway?preset={name}").dom
    for number, row in enumerate(presets.PRESETS[name]["requests"]):
        dom = asked({**sent(page), "try": f"{name}/{number}"})
        assert dom.panes == [*DECIDED, "gate_request", "gate_token"]
        assert dom.words("decision").startswith(str(row["must"]["status"]))
        if "challenge" in row["must"]:
            assert f"WWW-Authenticate: {row['must']['challenge']}" in dom.words("decision")


def test_it_tells_everything_that_a_policy_can_say(client):
    told = set(re.findall(r"\w+", " ".join(client.get("/gateway").dom["language"].itertext())))
    known = {*reading._POLICY, *reading._ISSUER, *reading._ROUTE, *reading._PLACES, *reading._COMPARES, *reading_keys._KEYS}
    assert known | {"scheme", "algorithms", "all", "any", "not"} <= told


def test_the_menu_gives_the_whole_preset_to_htmx(client):
    dom = client.get("/gateway?preset=scopes", headers=HTMX).dom
    assert set(dom.panes) == {*ALL}
    assert '"type": "at+jwt"' in dom.typed("policy-text")


def test_the_same_partials_serve_page_and_htmx(client, filled):
    form = filled(request="GET /orders HTTP/1.1")
    page, partial = client.post("/gateway", data=form).dom, client.post("/gateway", data=form, headers=HTMX).dom
    assert partial.panes == DECIDED
    for pane in ("decision", "gate-rules", "named_note"):
        assert page.words(pane) == partial.words(pane)
    assert page.words("decision").startswith("401 Unauthorized Denied by token: There is no token in the header Authorization (Bearer).")
    assert 'HTTP/1.1 401 Unauthorized WWW-Authenticate: Bearer realm="api"' in page.words("decision").replace(
        "UnauthorizedWWW", "Unauthorized WWW"
    )


def test_nothing_that_was_typed_is_lost(client, filled):
    form = filled(policy='{"routes": [', request="  nonsense\n\n<b>", token="not & a token", named="{")
    dom = client.post("/gateway", data=form).dom
    for name, field in (("policy", "policy-text"), ("request", "request-text"), ("token", "gate-token-text"), ("named", "named-text")):
        assert dom.typed(field).removeprefix("\n") == form[name]


def test_a_policy_that_cannot_be_read_is_told_with_places(asked, filled):
    dom = asked(filled(policy='{"rotues": [], "realm": 7}'))
    assert "The policy cannot be read" in dom.words("decision")
    assert "rotues There is a member that is not known" in dom.words("decision")
    assert "realm There is a number; a string is wanted." in dom.words("decision")
    assert dom.panes == ["notice", "decision", "named_note"], "the rules of the last policy stay"


def test_a_token_may_be_pasted_as_it_was_copied(asked, filled):
    form = filled()
    for token in (f"Bearer {form['token']}", f"Authorization: Bearer {form['token']}\n", f"{form['token'][:40]}\n{form['token'][40:]}"):
        assert asked({**form, "token": token}).words("decision").startswith("200 Allowed")


def test_a_whole_request_may_be_pasted_with_its_token(asked, filled):
    form = filled()
    request = form["request"].replace("$token", form["token"])
    assert asked({**form, "request": request, "token": ""}).words("decision").startswith("200 Allowed")


def test_five_ways_to_break_a_request_each_say_what_it_was(asked, filled):
    form = filled("scopes")
    header, payload, signature = form["token"].split(".")
    broken = {
        "POST /orders": ("403", 'Denied by scopes: "orders:write" is missing'),
        "GET /../orders": ("400", "Denied by path:"),
        "GET /invoices": ("403", "Denied by routes: No route takes this request"),
    }
    for line, (status, because) in broken.items():
        words = asked({**form, "request": f"{line}\nAuthorization: Bearer $token"}).words("decision")
        assert words.startswith(status)
        assert because in words
    other = "A" if signature[0] != "A" else "B"
    altered = asked({**form, "token": f"{header}.{payload}.{other}{signature[1:]}"}).words("decision")
    assert altered.startswith("401 Unauthorized Denied by signature: The signature does not match")
    elsewhere = asked({**form, "policy": form["policy"].replace("https://api.example", "https://other.example")}).words("decision")
    assert 'Denied by aud: The token is for "https://api.example"; "https://other.example" is expected.' in elsewhere


def test_why_the_claims_deny_is_said_in_one_sentence(asked, filled):
    words = asked({**filled("tenant"), "try": "tenant/1"}).words("decision")
    assert "Denied by claims: All of these: 1 of 2 hold" in words
    assert 'tenant is "acme"; asked is that tenant is one of "globex", "globex-test".' in words


def test_named_keys_that_are_missing_are_named(asked, filled):
    form = filled("migration")
    dom = asked({**form, "named": ""})
    assert dom.words("named_note") == 'The policy names keys that are not here: "https://login.example/jwks.json", "legacy".'
    assert dom.words("decision").startswith("503 Service Unavailable Denied by key:")
    dom = asked({**form, "named": "my secret"})
    assert "The named keys are not read" in dom.words("notice")


def test_a_secret_of_the_box_is_in_no_answer_but_its_own_field(client, filled):
    form = filled("consumers")
    secret = json.loads(form["named"])["billing's secret"]
    response = client.post("/gateway", data=form, headers=HTMX)
    assert response.dom.words("decision").startswith("200 Allowed")
    assert secret not in response.text


EXAMPLES = ["HS256", "HS512", "RS256", "PS256", "ES256", "ES512", "EdDSA", "ML-DSA-44"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_debugger_asks_whether_a_gateway_would_take_its_token(client, example):
    debugger = client.get(f"/?example={example}").dom
    (button,) = [one for one in debugger.tag("button") if one.get("formaction") == "/gateway"]
    assert button.get("formtarget") == "_blank"
    dom = client.post("/gateway", data=debugger.form).dom
    assert dom.typed("gate-token-text").strip() == debugger.form["token"].strip()
    if example == "HS256":  # its claims have no exp
        assert "401 Unauthorized Denied by exp is required: exp is not there" in dom.words("decision")
    else:
        assert dom.words("decision").startswith("200 Allowed")


@pytest.mark.parametrize("encoding", ["auto", "utf8", "base64", "hex", "x"])
def test_a_secret_is_carried_in_the_encoding_that_it_was_read_in(client, encoding):
    token = client.get("/?example=HS256").dom.form["token"]
    dom = client.post("/gateway", data={"token": token, "key": "61" * 40, "key_encoding": encoding}).dom
    box = json.loads(dom.typed("named-text"))["the secret"]
    assert box == ("61" * 40 if encoding in ("auto", "utf8", "x") else {"kty": "oct", "k": box["k"]})


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"token": "x"},
        {"token": "a.b.c", "key": "{"},
        {"token": "eyJhbGciOiJub25lIn0.e30."},
        {"token": "eyJhbGciOlsxXX0.eyJpc3MiOiJcdWQ4MDAiLCJhdWQiOlsxXX0.", "key": "k"},
    ],
)
def test_a_policy_is_drafted_for_whatever_the_debugger_holds(client, form):
    assert client.post("/gateway", data=form or {"a": "1"}).status_code == 200


@pytest.mark.parametrize("value", ["", "x", "routes", "routes/", "routes/99", "routes/-1", "routes/²", "routes/" + "9" * 5000, "/0"])
def test_a_request_that_is_not_there_is_refused(client, filled, value):
    assert client.post("/gateway", data=filled() | {"try": value}).status_code == 404


def test_what_is_no_form_is_refused(client):
    assert client.get("/gateway?preset=x").status_code == 404
    assert client.get("/gateway?key=x").status_code == 400
    assert client.post("/gateway", json={"policy": "{}"}).status_code == 415
    assert client.post("/gateway", data="&" * 5000, content_type="application/x-www-form-urlencoded").status_code == 400


def test_the_theme_keeps_what_was_typed(client, filled):
    form = filled(request="GET /health")
    dom = client.post("/theme", data={**form, "theme": "dark"}).dom
    assert dom.tag("html")[0].get("data-theme") == "dark"
    assert dom.typed("request-text").strip() == "GET /health"
    assert dom.words("decision").startswith("200 Allowed")


HOSTILE = {
    "nothing": "",
    "NUL": "\0",
    "brackets": "[" * 20_000,
    "deep objects": '{"a":' * 10_000,
    "digits": "9" * 100_000,
    "slashes": "GET " + "/" * 20_000,
    "many lines": "a\n" * 20_000,
    "many tokens": "$token" * 20_000,
}


@pytest.mark.parametrize("name", ["policy", "named", "request", "token"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_nothing_that_can_be_pasted_breaks_it(asked, filled, name, text):
    asked(filled(**{name: text}))


def broken_token(form):
    header, payload, signature = form["token"].split(".")
    return {"token": f"{header}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"}


# Five presets that ask for a token of a kind of their own, each broken in five ways: the first line must say which it was.
OPERATED = {"routes": "2026-11", "roles": "2026-11", "scopes": "2026-11", "tenant": "2026-11", "issuers": "staff"}
BROKEN = {
    "the token is of last week": (
        lambda form, name: {"token": presets.scenario(presets.PRESETS[name], 0, int(time.time()) - 7 * 86_400).token},
        "401 Unauthorized Denied by exp: Expired ",
    ),
    "the signature was changed": (
        lambda form, name: broken_token(form),
        "401 Unauthorized Denied by signature: The signature does not match",
    ),
    "the issuer is misspelt in the policy": (
        lambda form, name: {"policy": re.sub(r'("issuer": "https://\w+\.example)', r"\1/", form["policy"], count=1)},
        "401 Unauthorized Denied by iss: iss is ",
    ),
    "the key has been rotated away": (
        lambda form, name: {"policy": form["policy"].replace(f'"kid": "{OPERATED[name]}"', '"kid": "2027-01"', 1)},
        '401 Unauthorized Denied by key: The token asks for kid "',
    ),
    "the token is not sent": (
        lambda form, name: {"request": re.sub(r"\nAuthorization: .*", "", form["request"])},
        "401 Unauthorized Denied by token: There is no token in the header Authorization (Bearer).",
    ),
}


@pytest.mark.parametrize("name", OPERATED)
@pytest.mark.parametrize(("spoil", "says"), BROKEN.values(), ids=BROKEN)
def test_five_presets_broken_in_five_ways_each_say_why_in_their_first_line(asked, filled, name, spoil, says):
    form = filled(name)
    assert asked(form).words("decision").startswith("200 Allowed")
    assert asked(form | spoil(form, name)).words("decision").startswith(says)
