"""/compare: two tokens side by side, live or by a button, and nothing of them in an address."""

import json

import pytest

from tests.cost import within

HTMX = {"HX-Request": "true"}


@pytest.fixture
def compared(client):
    def send(a, b, headers=None):
        response = client.post("/compare", data={"a": a, "b": b}, headers=HTMX if headers is None else headers)
        assert response.status_code == 200
        return response.dom

    return send


def rows(dom):
    """Name, A, B and what changed of each row."""
    return [
        [" ".join("".join(cell.itertext()).split()) for cell in row if cell.tag in ("th", "td")]
        for row in dom.tag("tr")
        if row.get("data-change")
    ]


def test_an_empty_page_says_what_to_do(client):
    dom = client.get("/compare").dom
    assert "Paste two tokens" in dom.words("comparison")
    assert [link.get("href") for link in dom.tag("a") if link.get("aria-current")] == ["/compare"]
    assert "/compare" in [link.get("href") for link in client.get("/").dom.tag("a")]


def test_what_changed_comes_first_and_what_is_the_same_is_folded(compared, make_token):
    a = make_token({"iss": "i", "sub": "alice", "roles": ["admin", "read"], "exp": 1767225600})
    b = make_token({"iss": "i", "sub": "bob", "roles": ["read"], "exp": 1767229200, "jti": "x"})
    dom = compared(a, b)
    assert dom.panes == ["notice", "comparison"]
    assert rows(dom) == [
        ["sub", "alice", "bob", "changed"],
        ["exp", "1767225600 1 Jan 2026 00:00:00 UTC", "1767229200 1 Jan 2026 01:00:00 UTC", "changed 1 h later"],
        ["roles[0]", "admin", "not there", "only in A"],
        ["jti", "not there", "x", "only in B"],
        ["iss", "i", "i", "the same"],
        ["roles[1]", "read", "read", "the same"],
        ["alg", "HS256", "HS256", "the same"],
    ]
    words = dom.words("comparison")
    assert "2 changed, 1 only in A, 1 only in B, 3 the same." in words
    assert "no signature is verified here" in words
    assert "HS256 JWS" in words
    assert dom["payload-same"].get("open") is None
    assert dom["header-same"].get("open") is not None, "where nothing differs, there is nothing else to see"


def test_numbers_stand_as_written(compared, raw_token):
    dom = compared(
        raw_token('{"alg":"x"}', '{"n":1.0,"m":12345678901234567890}'), raw_token('{"alg":"x"}', '{"n":1,"m":12345678901234567891}')
    )
    assert rows(dom)[:2] == [
        ["n", "1.0", "1", "changed the same number, written otherwise"],
        ["m", "12345678901234567890", "12345678901234567891", "changed"],
    ]


def test_it_answers_htmx_with_the_same_partial(client, make_token):
    form = {"a": make_token('{"a":1}'), "b": make_token('{"a":2}')}
    page, partial = client.post("/compare", data=form), client.post("/compare", data=form, headers=HTMX)
    inner = partial.text.partition('innerMorph"><div id="comparison">')[2].rpartition("</hx-partial>")[0]
    assert inner
    assert inner in page.text
    assert page.dom.typed("a-text") == form["a"]
    assert page.dom.typed("b-text") == form["b"]


def test_the_debugger_brings_its_token_as_a(client, make_token):
    token = make_token()
    dom = client.post("/compare", data={**client.get("/").dom.form, "token": token}).dom
    assert dom.typed("a-text") == token
    assert dom.typed("b-text") == ""
    (button,) = [one for one in client.get("/").dom.tag("button") if one.get("formaction") == "/compare"]
    assert button.get("formtarget") == "_blank"


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ("same", "same", "The two are the same token, character for character."),
        ("same", "resigned", "They say the same; only the signatures differ."),
        ("same", "spaced", "They say the same; only the signatures differ."),
        ("hello", "same", "Not a token"),
        (
            "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA",
            "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAB.AAAA",
            "cannot be compared",
        ),
    ],
)
def test_the_summary_says_it_in_a_line(compared, make_token, a, b, words):
    texts = {
        "same": make_token('{"a":1}'),
        "resigned": make_token('{"a":1}', key="another-secret-of-at-least-32-bytes"),
        "spaced": make_token('{ "a": 1 }'),
    }
    assert words in compared(texts.get(a, a), texts.get(b, b)).words("comparison")


def test_what_a_token_says_is_text(compared, raw_token):
    hostile = "</td><script>alert(1)</script>"
    dom = compared(raw_token(json.dumps({"alg": hostile}), json.dumps({hostile: hostile})), raw_token("{}", "{}"))
    assert hostile in "".join(dom["comparison"].itertext())
    assert not dom.tag("script")


@pytest.mark.parametrize("text", ["", " ", "a.b.c", "....", "{", "é", "\x00", "..", "eyJ.e30.", '{"payload":"e30"}', "e30.W10.", "e30.MQ."])
def test_any_two_texts_are_an_answer(compared, make_token, text):
    for pair in ((text, text), (text, make_token()), (make_token(), text)):
        compared(*pair)
        compared(*pair, headers={})


def test_big_tokens_are_compared_quickly(compared, raw_token):
    a, b = ('{"x":[' + ",".join([number] * 40_000) + "]}" for number in ("1", "2"))
    dom = within(4, lambda: compared(raw_token('{"alg":"x"}', a), raw_token('{"alg":"x"}', b)))
    assert "40,000 changed" in dom.words("comparison")
    assert "39000 more are not listed" in dom.words("comparison")


def test_a_body_that_is_no_form_is_refused(client):
    assert client.post("/compare", json={"a": "x"}).status_code == 415
    assert client.post("/compare", data="&" * 200, content_type="application/x-www-form-urlencoded").status_code == 400


def test_the_theme_keeps_what_was_typed(client, make_token):
    page = client.post("/compare", data={"a": make_token(), "b": "x"}).dom
    fields = {one.get("name"): page.typed(one.get("id")) for one in page.tag("textarea")}
    dom = client.post("/theme", data={**fields, "page": "/compare", "theme": "dark"}).dom
    assert dom.typed("a-text") == make_token()
    assert dom.tag("html")[0].get("data-theme") == "dark"
