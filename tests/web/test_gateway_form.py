"""A policy as a form and as text: what the form shows, what it changes, and that it changes nothing else."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.gateway import Unfit, read_policy
from app.tokens import lossless_json
from app.web import gateway_form, presets
from app.web.gateway_form import change, form_of
from app.web.gateway_form.rewriting import rewritten, same
from tests.gateway.gate import document, rs256
from tests.gateway.table import ROWS
from tests.tokens.keyring import private, public_pem

# What a person can type, and what only a program writes: quotes, brackets, line ends, half a pair, another script.
WORDS = some.text(min_size=1, max_size=8) | some.sampled_from(
    ["acme", "17", "true", '"x"', "[1]", '{"a"', "a b", " a ", "a\nb", "a\r\nb", "\t", "\ud800", "null", "1e5", "名前", "a,b", "-", "\x00"]
)
TOKENS = some.from_regex(r"[a-z:]{1,6}", fullmatch=True)
STEPS = some.from_regex(r"[a-z_]{1,5}(\.[a-z_]{1,5})?", fullmatch=True) | some.lists(WORDS, min_size=1, max_size=2)
SCALARS = some.booleans() | some.integers(-(10**20), 10**20) | some.sampled_from([0.5, 1.0, 1e300, 10**30, -1e-9]) | WORDS
COMPARES = some.one_of(
    *(
        some.fixed_dictionaries({"claim": STEPS, how: value})
        for how, value in (("equals", SCALARS), ("contains", SCALARS), ("prefix", WORDS))
    ),
    some.fixed_dictionaries({"claim": STEPS, "one_of": some.lists(SCALARS, min_size=1, max_size=3)}),
)
RULES = some.recursive(
    COMPARES,
    lambda one: (
        some.builds(lambda how, rules: {how: rules}, some.sampled_from(["all", "any"]), some.lists(one, min_size=1, max_size=3))
        | some.builds(lambda rule: {"not": rule}, one)
    ),
    max_leaves=6,
)
WANTED = some.fixed_dictionaries(
    {"all": some.lists(TOKENS, min_size=1, max_size=3)}, optional={"any": some.lists(TOKENS, min_size=1, max_size=2), "claim": STEPS}
)
ASKED = some.fixed_dictionaries({"any": some.lists(WORDS, min_size=1, max_size=3)}, optional={"claim": STEPS})
KEYS = some.one_of(
    some.just(rs256()),
    some.just({"pem": public_pem(private("ES256")), "algorithms": ["ES256"]}),
    some.builds(lambda name: {"secret": name, "algorithms": ["HS256", "HS512"]}, WORDS),
    some.just({"jwks_url": "https://login.example/jwks.json", "algorithms": ["RS256"]}),
    some.just({"issuer_url": "https://login.example", "algorithms": ["EdDSA"]}),
)
ISSUERS = some.fixed_dictionaries(
    {"keys": some.lists(KEYS, min_size=1, max_size=2)},
    optional={
        "issuer": WORDS | some.lists(WORDS, min_size=1, max_size=2, unique=True),
        "audience": WORDS | some.lists(WORDS, min_size=1, max_size=2),
        "type": WORDS,
        "leeway": some.integers(0, 3600),
        "max_life": some.integers(1, 10**9),
        "required": some.lists(STEPS, max_size=3),
    },
)
ROUTES = some.builds(
    lambda how, path, more, asked: {how: path, **more, **(asked if more.get("access", "token") == "token" else {})},
    some.sampled_from(["exact", "prefix"]),
    some.from_regex(r"/[a-z]{0,5}", fullmatch=True),
    some.fixed_dictionaries(
        {},
        optional={
            "name": WORDS,
            "methods": some.lists(some.sampled_from(["GET", "POST"]), min_size=1, max_size=2),
            "access": some.sampled_from(["token", "optional", "anyone"]),
        },
    ),
    some.fixed_dictionaries({}, optional={"scopes": WANTED, "roles": ASKED, "claims": RULES}),
)
HEADERS = some.sampled_from(["X-User", "X-Roles", "X-Tenant"])
PLACES = some.sampled_from(
    [{"header": "Authorization"}, {"header": "X-Token", "scheme": "JWT"}, {"cookie": "session"}, {"query": "token"}, {"form": "token"}]
)
POLICIES = some.fixed_dictionaries(
    {"issuers": some.lists(ISSUERS, min_size=1, max_size=1)},
    optional={
        "realm": some.from_regex(r"[a-z ]{1,9}", fullmatch=True),
        "describe": some.booleans(),
        "token": PLACES | some.lists(PLACES, min_size=1, max_size=3),
        "routes": some.lists(ROUTES, max_size=3),
        "upstream": some.dictionaries(HEADERS, STEPS, min_size=1, max_size=3),
    },
)
LAYOUTS = some.sampled_from([None, 0, 1, 2, "\t"])
VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=5) | some.just(Decimal("1.50")),
    lambda one: some.lists(one, max_size=4) | some.dictionaries(some.text(max_size=3), one, max_size=4),
    max_leaves=12,
)


def sent_by(text):
    """What a browser sends of the form for *text*, when nobody has touched it."""
    return {one.name: one.text for group in form_of(text) or [] for one in group.every_field()}


def forced(text):
    """The text with every field put, as if each had been typed anew."""
    value = lossless_json.read(text).value
    fields = [one for group in gateway_form.sections(value) for one in group.every_field()]
    for one in fields:
        one.put(one.text)
    return rewritten(text, value)


def judged(text):
    """The policy of *text*, or the places of its problems: of a policy that cannot be judged there is a form too."""
    try:
        return read_policy(text)
    except Unfit as error:
        return [problem.path for problem in error.problems]


@settings(max_examples=100, deadline=None)
@given(policy=POLICIES, layout=LAYOUTS)
def test_a_form_that_nobody_touches_changes_no_character(policy, layout):
    text = json.dumps(policy, indent=layout)
    assert change(text, sent_by(text)).text == text


@settings(max_examples=150, deadline=None)
@given(policy=POLICIES, layout=LAYOUTS)
def test_text_to_form_to_text_is_the_same_policy(policy, layout):
    text = json.dumps(policy, indent=layout)
    again = forced(text)
    assert judged(again) == judged(text)
    assert sent_by(again) == sent_by(text)


@settings(max_examples=100, deadline=None)
@given(policy=POLICIES)
def test_every_field_can_be_shown_and_sent_by_a_browser(policy):
    for name, text in sent_by(json.dumps(policy)).items():
        assert name.isascii()
        text.encode("utf-8")
        assert "\r" not in text


@settings(max_examples=150, deadline=None)
@given(old=VALUES, new=VALUES, layout=LAYOUTS)
def test_rewritten_text_holds_the_new_value(old, new, layout):
    text = json.dumps(old, indent=layout, default=str)
    there = lossless_json.read(rewritten(text, new)).value
    assert same(there, new)
    assert rewritten(text, lossless_json.read(text).value) == text


@settings(max_examples=60, deadline=None)
@given(value=VALUES)
def test_no_text_breaks_the_form(value):
    members = ("issuers", "routes", "token", "upstream", "realm")
    for shaped in (value, [value], {"keys": value}, [{"keys": [value], "claims": value, "scopes": value, "header": value}]):
        for member in members:
            text = json.dumps({member: shaped}, default=str)
            assert change(text, sent_by(text)).text == text
            buttons = [one for group in form_of(text) or [] for one in group.every_button()]
            for button in buttons:
                change(text, {}, button.value)


def test_the_form_shows_every_policy_of_presets_and_table():
    for text in (*map(presets.policy, presets.PRESETS.values()), *(json.dumps(row.policy) for row in ROWS.values())):
        assert change(text, sent_by(text)).text == text
        assert not any("no rows for it" in one.hint for group in form_of(text) or [] for one in group.every_field())


TEXT = """{
  "issuers": [{
    "issuer": "https://login.example",
    "keys": [{"secret": "s", "algorithms": ["HS256"]}]
  }],
  "routes": [
    {"prefix": "/orders", "methods": ["GET"]},
    {"prefix": "/"}
  ]
}"""


@pytest.mark.parametrize(
    ("name", "value", "before", "after"),
    [
        pytest.param("routes[0].methods", "GET, POST", '["GET"]', '["GET", "POST"]', id="a list"),
        pytest.param("routes[0].methods", "", ', "methods": ["GET"]', "", id="a member that goes"),
        pytest.param("routes[0].access", "optional", '["GET"]}', '["GET"], "access": "optional"}', id="a member that comes"),
        pytest.param("routes[0]~how", "exact", '"prefix": "/orders"', '"exact": "/orders"', id="a member with another name"),
        pytest.param("routes[1].scopes.all", "a b", '"/"}', '"/", "scopes": {"all": ["a", "b"]}}', id="an object that comes"),
        pytest.param("issuers[0].issuer", "a\nb", '"https://login.example"', '["a", "b"]', id="two instead of one"),
        pytest.param("issuers[0].leeway", "30", '["HS256"]}]\n', '["HS256"]}],\n    "leeway": 30\n', id="a line of its own"),
        pytest.param("issuers[0].keys[0]~kind", "jwks_url", '"secret": "s"', '"jwks_url": "s"', id="another kind of key"),
        pytest.param("issuers[0].keys[0]~kind", "pem", '"secret": "s"', '"pem": ""', id="a kind that has no name"),
        pytest.param("realm", "orders", "/\"}\n  ]\n", '/"}\n  ],\n  "realm": "orders"\n', id="at the end"),
        pytest.param("realm", "", "", "", id="nothing"),
        pytest.param("nonsense[9].x", "1", "", "", id="a field that is not there"),
    ],
)  # fmt: skip
def test_an_edit_of_the_form_rewrites_only_what_it_changes(name, value, before, after):
    assert change(TEXT, sent_by(TEXT) | {name: value}).text == TEXT.replace(before, after, 1)


PRESSED = {
    "add a route": ("add routes", '{"prefix": "/"}\n', '{"prefix": "/"},\n    {"prefix": "/new"}\n'),
    "remove the first route": ("remove routes[0]", '{"prefix": "/orders", "methods": ["GET"]},\n    ', ""),
    "remove the last route": ("remove routes[1]", ',\n    {"prefix": "/"}', ""),
    "add a rule": ("add routes[1].claims", '"/"}', '"/", "claims": {"claim": "sub", "equals": "user"}}'),
    "add a key": (
        "add issuers[0].keys",
        '["HS256"]}]',
        '["HS256"]}, {"jwks_url": "https://login.example/jwks.json", "algorithms": ["RS256"]}]',
    ),
    "add a header": ("add upstream", '/"}\n  ]\n', '/"}\n  ],\n  "upstream": {"X-Claim-1": "sub"}\n'),
    "add a place": ("add token", '/"}\n  ]\n', '/"}\n  ],\n  "token": [{"header": "Authorization"}, {"cookie": "session"}]\n'),
    "nothing that is known": ("add everything", "", ""),
}


@pytest.mark.parametrize(("button", "before", "after"), PRESSED.values(), ids=PRESSED)
def test_a_button_adds_or_removes_a_row(button, before, after):
    made = change(TEXT, {}, button)
    assert made.text == TEXT.replace(before, after, 1)
    assert made.reshaped == (made.text != TEXT)


def test_a_policy_can_be_built_from_nothing():
    text = ""
    for button in (
        "add issuers",
        "add routes",
        "add routes[0].claims",
        "join routes[0].claims",
        "join routes[0].claims.all[1]",
        "add upstream",
    ):
        text = change(text, {}, button).text
    fields = {
        "issuers[0].issuer": "https://login.example",
        "issuers[0].keys[0].jwks_url": "https://login.example/keys",
        "routes[0].prefix": "/acme",
        "routes[0].claims.all[0].claim": "tenant",
        "routes[0].claims.all[0].equals": "acme",
        "routes[0].claims.all[1]~join": "not",
        "routes[0].claims.all[1].all[0].claim": "suspended",
        "routes[0].claims.all[1].all[0].equals": "true",
        "upstream[0]~header": "X-User",
    }
    text = change(text, fields).text
    text = change(text, {}, "remove routes[0].claims.all[1].not.all[1]").text
    read_policy(text)
    assert json.loads(text) == {
        "issuers": [{"issuer": "https://login.example", "keys": [{"jwks_url": "https://login.example/keys", "algorithms": ["RS256"]}]}],
        "routes": [
            {
                "prefix": "/acme",
                "claims": {"all": [{"claim": "tenant", "equals": "acme"}, {"not": {"all": [{"claim": "suspended", "equals": True}]}}]},
            }
        ],
        "upstream": {"X-User": "sub"},
    }


def test_the_last_rule_of_a_group_takes_the_group_along():
    text = json.dumps(document([{"prefix": "/", "claims": {"all": [{"not": {"claim": "a", "equals": 1}}]}}]))
    made = json.loads(change(text, {}, "remove routes[0].claims.all[0].not").text)
    assert made["routes"] == [{"prefix": "/"}]


def test_another_comparison_keeps_what_is_compared():
    text = json.dumps(document([{"prefix": "/", "claims": {"claim": "a", "equals": 17}}]))
    several = change(text, {"routes[0].claims~how": "one_of"}).text
    assert json.loads(several)["routes"][0]["claims"] == {"claim": "a", "one_of": [17]}
    assert json.loads(change(several, {"routes[0].claims~how": "contains"}).text)["routes"][0]["claims"] == {"claim": "a", "contains": 17}


def test_a_number_and_its_digits_in_quotes_are_told_apart():
    text = json.dumps(document([{"prefix": "/", "claims": {"claim": "a", "one_of": [17, "17", True, "true"]}}]))
    assert sent_by(text)["routes[0].claims.one_of"] == '17\n"17"\ntrue\n"true"'
    read = json.loads(change(text, {"routes[0].claims.one_of": 'acme\n"5"\n5'}).text)
    assert read["routes"][0]["claims"]["one_of"] == ["acme", "5", 5]


def test_what_is_nested_too_deep_is_a_field_of_json():
    rule = {"claim": "a", "equals": 1}
    for how in ("all", "any", "all", "any", "all"):
        rule = {how: [rule, {"claim": "b", "equals": 2}]}
    text = json.dumps(document([{"prefix": "/", "claims": rule}]))
    (deep,) = [one for group in form_of(text) or [] for one in group.every_field() if "no rows for it" in one.hint]
    made = change(text, {deep.name: deep.text.replace('"claim": "b"', '"claim": "c"')})
    assert made.text == text.replace('"claim": "b"', '"claim": "c"', 1)


def test_a_header_is_not_swallowed_by_another_of_its_name():
    text = json.dumps(document(upstream={"X-User": "sub", "X-Roles": "roles"}))
    assert change(text, {"upstream[1]~header": "X-User"}).text == text
    assert json.loads(change(text, {"upstream[0]~header": "X-Who"}).text)["upstream"] == {"X-Who": "sub", "X-Roles": "roles"}


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"a": NaN}', '{"realm": "a", "realm": "b"}', "\ufeff{}"])
def test_broken_text_has_no_form_and_is_left_alone(text):
    assert form_of(text) is None
    assert change(text, {"realm": "x"}, "add routes").text == text
