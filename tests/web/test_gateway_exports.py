"""As your gateway would: what the page shows of another gateway, and that every export holds for every policy."""

import json

import pytest

from app.gateway import Header, decide, read_policy, read_request
from app.gateway.exports import GATEWAYS, Answer, Export, File, Gap, Gateway
from app.tokens import read_keys
from app.web import presets
from tests.gateway.gate import NOW
from tests.gateway.table import ROWS

HTMX = {"HX-Request": "true"}
STATUS = {200: 403, 401: 418, 403: 403, 503: 200}
"""What the made-up gateway answers to what is decided here; of everything else it is not known."""


def made_up(policy):
    gaps = (Gap("issuers[0].max_life", "It <b>reads</b> no iat, so the token lives on."), Gap("", "It has no log."))
    return Export((File("gate.conf", "gate", f"routes {len(policy.routes)}\n</textarea><script>\n"),), gaps, ("Restart it.",))


def answers(policy, request, decision):
    if decision.status not in STATUS:
        return None
    return Answer(STATUS[decision.status], (Header("X-Why", request.method),), '{"message": "no"}\n', "Its plugin says so.")


@pytest.fixture
def gate(monkeypatch):
    """A gateway that no engineer of exports has made."""
    row = Gateway("gate", "Gate <1>", False, made_up, answers)
    monkeypatch.setitem(GATEWAYS, "gate", row)
    return row


@pytest.fixture
def asked(client):
    """Post the page's form, as htmx does, with the gateway chosen."""

    def ask(preset="routes", number=0, **changes):
        row = presets.PRESETS[preset]
        scenario = presets.scenario(row, number, 1 << 31)
        form = {"policy": presets.policy(row), "named": presets.named(row), "request": scenario.request, "token": scenario.token}
        response = client.post("/gateway", data=form | {"export": "gate"} | changes, headers=HTMX)
        return response.dom if response.status_code == 200 else response

    return ask


def test_it_shows_files_gaps_and_notes(gate, asked):
    dom = asked()
    assert dom.typed("exported-0").startswith("routes 3\n</textarea><script>")
    words = dom.words("exported")
    assert "The policy for Gate <1>" in words
    assert "issuers[0].max_life It <b>reads</b> no iat, so the token lives on." in words
    assert "It has no log." in words
    assert "Restart it." in words
    (button,) = [one for one in dom.tag("button") if one.get("data-copy") == "exported-0"]
    assert button.get("aria-label") == "Copy gate.conf"


def test_a_policy_that_it_cannot_be_told_at_all_is_said_to_have_no_file(gate, asked, monkeypatch):
    nothing = Gateway("gate", "Gate <1>", False, lambda policy: Export((), (Gap("token", "It looks for no token."),)), answers)
    monkeypatch.setitem(GATEWAYS, "gate", nothing)
    words = asked().words("exported")
    assert "No file of it says this policy; why not stands beside." in words
    assert "token It looks for no token." in words


def test_it_says_what_a_client_gets_and_where_that_differs(gate, asked):
    words = asked(request="GET /orders").words("there")
    assert words.startswith("418 I'm a Teapot Its plugin says so. This policy says 401 Unauthorized.")
    assert "HTTP/1.1 418 I'm a Teapot" in words
    assert "X-Why: GET" in words
    assert '{"message": "no"}' in words
    same = asked(request="GET /nowhere", policy=json.dumps({"routes": []})).words("there")
    assert same.startswith("403 Forbidden Its plugin says so. HTTP/1.1")


def test_what_it_lets_through_is_passed_on_and_not_answered(gate, asked):
    words = asked("migration", named="").words("there")
    assert words.startswith("Passes the request on Its plugin says so. This policy says 503 Service Unavailable.")
    assert "HTTP/1.1" not in words


def test_what_is_not_known_is_said_to_be_not_known(gate, asked):
    assert asked(request="GET /..").words("there").startswith("Not known What Gate <1> answers to this request is not known here.")


def test_without_a_choice_nothing_is_exported(gate, asked):
    dom = asked(export="")
    assert not {"there", "exported"} & set(dom.panes)
    cleared = asked(export="", exported="0123456789abcdef")
    assert (cleared.words("there"), cleared.words("exported")) == ("", "")


def test_a_configuration_that_is_shown_is_not_sent_again(gate, asked):
    mark = asked()["exported-mark"].get("value")
    again = asked(exported=mark, request="GET /orders")
    assert "there" in again.panes
    assert "exported" not in again.panes
    assert "exported" in asked(exported=mark, policy="{}").panes


def test_of_a_broken_policy_the_last_configuration_stays(gate, asked):
    dom = asked(policy="{", exported="0123456789abcdef")
    assert not {"there", "exported", "rules"} & set(dom.panes)


def test_a_gateway_that_is_not_known_is_refused(client, asked):
    assert asked(export="iis").status_code == 404
    assert client.get("/gateway?export=iis").status_code == 404


def test_the_menu_has_every_gateway_and_the_chosen_one_stays(client):
    name = next(iter(GATEWAYS))
    options = list(client.get(f"/gateway?export={name}").dom["export"].iter("option"))
    assert {option.get("value") for option in options} == {"", *GATEWAYS}
    assert [option.get("value") for option in options if option.get("selected") is not None] == [name]


def test_a_gateway_may_be_chosen_in_an_address(gate, client):
    dom = client.get("/gateway?preset=scopes&export=gate").dom
    assert "The policy for Gate <1>" in dom.words("exported")


@pytest.mark.parametrize("name", GATEWAYS)
def test_every_policy_and_request_of_the_table_can_be_told_to_it(name):
    row_of = GATEWAYS[name]
    seen = {}
    for row in ROWS.values():
        text = json.dumps(row.policy)
        policy = read_policy(text)
        if text not in seen:
            made = seen[text] = row_of.export(policy)
            assert made.files or made.gaps
            assert len({file.name for file in made.files}) == len(made.files)
            assert all(one.because.endswith(".") for one in made.gaps)
        keys = {key: read_keys(value if isinstance(value, str) else json.dumps(value)) for key, value in row.keys.items()}
        asked = read_request(row.request())
        answer = row_of.answer(policy, asked, decide(policy, asked, keys, NOW))
        assert answer is None or (100 <= answer.status < 600 and answer.because), row.name
