"""The policy of /gateway as a form: kept in step with the text, by buttons and by htmx, whatever is sent."""

import json

import pytest

from app.web import gateway_form, presets
from tests.conftest import strict_json
from tests.gateway.gate import document

HTMX = {"HX-Request": "true"}
DECIDED = ["notice", "decision", "rules", "named_note"]
TEXT = json.dumps(document([{"prefix": "/", "claims": {"any": [{"claim": "sub", "equals": "a"}]}}]), indent=2)


def sent(dom):
    """What a browser sends of the page's form, without a button."""
    fields = [field for field in dom["gate-form"].iter() if field.get("name") and field.tag in ("textarea", "input", "select")]
    return {
        field.get("name"): dom.typed(field.get("id")) if field.get("id") else field.get("value")
        for field in fields
        if field.get("disabled") is None
    }


@pytest.fixture
def post(client):
    def send(form, headers=None):
        response = client.post("/gateway", data=form, headers=headers or {})
        assert response.status_code == 200
        return response.dom

    return send


@pytest.fixture
def form(client, post):
    """What a browser sends of the page while it shows TEXT, or another policy, as a form."""

    def fill(text=TEXT):
        return sent(post({"policy": text, "request": "GET /", "view": "form"}))

    return fill


def fields(dom):
    return [one.get("id").removeprefix("p.") for one in dom.elements if (one.get("id") or "").startswith("p.") and one.tag != "small"]


def test_it_opens_as_text_and_a_button_makes_it_a_form(client, post):
    page = client.get("/gateway").dom
    assert fields(page) == []
    shown = post({**sent(page), "view": "form"})
    assert fields(shown) == [
        one.name for group in gateway_form.form_of(presets.policy(presets.PRESETS["routes"])) or [] for one in group.every_field()
    ]
    assert shown.typed("policy-text") == page.typed("policy-text")
    assert [shown[f"policy-as-{name}"].get("aria-pressed") for name in ("form", "text")] == ["true", "false"]
    assert fields(post({**sent(shown), "view": "text"})) == []


@pytest.mark.parametrize("name", presets.PRESETS)
def test_each_preset_has_a_form_with_labels_that_changes_nothing_by_itself(client, post, name):
    page = client.get(f"/gateway?preset={name}&shown=form").dom
    labelled = {label.get("for") for label in page.tag("label")}
    assert {f"p.{one}" for one in fields(page)} <= labelled
    assert post(sent(page)).typed("policy-text") == page.typed("policy-text")
    assert page.words("decision").startswith("200 Allowed")


def test_an_edit_of_the_form_is_in_the_text_and_in_the_decision(form, post):
    edited = {**form(), "p.realm": "orders"}
    page, partial = post(edited), post(edited, HTMX)
    assert page.typed("policy-text") == TEXT.removesuffix("\n}") + ',\n  "realm": "orders"\n}'
    assert 'realm="orders"' in page.words("decision")
    assert partial.panes == [*DECIDED, "policy"], "the form is the pane in use"
    assert partial.typed("policy-text") == page.typed("policy-text")


def test_what_other_fields_depend_on_brings_the_form_anew(form, post):
    dom = post({**form(), "p.routes[0].claims~join": "all"}, HTMX)
    assert dom.panes == [*DECIDED, "policy", "policy_form"]
    assert "routes[0].claims.all[0].equals" in fields(dom)


def test_a_button_adds_a_row_and_says_where_to_go_on(form, post):
    filled = form()
    page = post({**filled, "row": "add routes", "p.realm": "x"})
    assert json.loads(page.typed("policy-text"))["routes"][1] == {"prefix": "/new"}
    assert json.loads(page.typed("policy-text"))["realm"] == "x"
    assert [one.get("id") for one in page.elements if one.get("autofocus") is not None] == ["p.routes[1]~how"]
    assert [one.get("id") for one in page.tag("details") if one.get("open") is not None and one.get("class") == "row"] == [
        "d.issuers[0]",
        "d.routes[1]",
    ]
    partial = post({**filled, "row": "add routes"}, HTMX)
    assert [one.get("id") for one in partial.elements if one.get("data-focus") is not None] == ["p.routes[1]~how"]
    removed = post({**sent(page), "row": "remove routes[1]"})
    assert [one.get("value") for one in removed.elements if one.get("autofocus") is not None] == ["add routes"]


def test_broken_text_leaves_the_form_as_it_was(form, post):
    dom = post({**form(), "policy": "{", "view": "form"})
    assert "The text of the policy is no JSON object, so the form shows an older one" in dom.words("notice")
    assert "The policy cannot be read" in dom.words("decision")
    assert dom.typed("policy-text") == "{"
    shown = [dom[f"p.{name}"] for name in fields(dom)]
    assert len(shown) > 20
    assert all(one.get("disabled") is not None for one in shown)
    mended = post({**sent(dom), "policy": TEXT.replace("/", "/x", 1), "view": "form"})
    assert dom["p.realm"].get("value") == ""
    assert mended["p.realm"].get("disabled") is None


def test_text_that_never_had_a_form_stays_text(post):
    dom = post({"policy": "[]", "view": "form"})
    assert fields(dom) == []
    assert "There is no form of this text" in dom.words("notice")


def test_a_policy_that_cannot_be_judged_has_a_form_all_the_same(form, post):
    dom = post(form('{"rotues": [], "realm": 7, "issuers": {}}'))
    assert {"realm", "issuers"} <= set(fields(dom))
    assert "rotues There is a member that is not known" in dom.words("decision")
    assert json.loads(dom.typed("policy-text")) == {"rotues": [], "realm": 7, "issuers": {}}


ODD = ("realm", "routes[0].claims.any[0].equals", "issuers[0].keys[0].jwks", "issuers[0].leeway", "routes[0]~how", "routes[0].methods")


@pytest.mark.parametrize("text", ["\x00", '"', "<b>&amp;", "{" * 5000, "9" * 5000, "名前\n\n", " "])
def test_nothing_that_is_typed_into_it_breaks_it(form, post, text):
    dom = post({**form(), **{f"p.{name}": text for name in ODD}}, HTMX)
    strict_json(dom.typed("policy-text"))


@pytest.mark.parametrize("row", ["", "add", "add nothing", "remove routes[9]", "remove " + "[" * 5000, "x" * 5000])
def test_a_button_that_is_not_there_does_nothing(post, row):
    assert post({"policy": TEXT, "shown": "form", "row": row}, HTMX).typed("policy-text") == TEXT


def test_the_largest_policy_has_a_form_that_can_be_sent(post):
    key = {"jwks_url": "https://login.example/jwks.json", "algorithms": ["RS256"]}
    issuers = [{"issuer": f"https://{number}.example", "keys": [key] * 10} for number in range(20)]
    routes = [{"prefix": f"/{number}", "claims": {"claim": "sub", "equals": number}} for number in range(100)]
    text = json.dumps({"issuers": issuers, "routes": routes, "upstream": {f"X-{number}": "sub" for number in range(30)}})
    rows = {f"p.{one.name}": one.text for group in gateway_form.form_of(text) or [] for one in group.every_field()}
    dom = post({"policy": text, "shown": "form", **rows, "p.realm": "x"}, HTMX)
    assert dom.typed("policy-text") == text.removesuffix("}") + ', "realm": "x"}'


def test_the_theme_keeps_the_form(client, form):
    dom = client.post("/theme", data={**form(), "page": "/gateway", "theme": "dark"}).dom
    assert dom.tag("html")[0].get("data-theme") == "dark"
    assert "realm" in fields(dom)


def test_a_problem_leads_to_its_field(form, post):
    dom = post({**form(), "p.issuers[0].leeway": "soon", "p.routes[0].prefix": "orders"})
    led = [link.get("href").removeprefix("#") for link in dom["decision"].iter("a")]
    assert led == ["p.issuers[0].leeway", "p.routes[0].prefix"]
    assert all(one in dom for one in led)
