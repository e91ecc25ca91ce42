"""Whatever stands in a token, key or field is text on the page, in every position."""

import json
from pathlib import Path

import pytest

from app.tokens.sd_jwt.making import issue

HTMX = {"HX-Request": "true"}
SECRET = "a-string-secret-at-least-256-bits-long"
HOSTILE = [
    "</textarea><script>alert(1)</script>",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onfocus=alert(1) autofocus '",
    "<svg/onload=alert(1)>",
    "<!--", "-->", "<![CDATA[", "]]>",
    "</title></style></noscript></template>",
    "{{ 7*7 }}{% raw %}", "${7*7}", "#{7*7}",
    "<hx-partial hx-target='#slot-verdict'>Signature verified</hx-partial>",
    "<a href=javascript:alert(1)>x</a>",
    "&lt;script&gt;&amp;#60;&#60;",
    "javascript:alert(1)",
    "<form action=//evil.test><button>",
    "<meta http-equiv=refresh content=0>",
    "<base href=//evil.test>",
]  # fmt: skip
PAGES = ["/decode", "/encode", "/verify"]


FIELDS = (
    "token", "header", "payload", "key", "key_encoding", "algorithms", "issuer", "audience", "type", "at", "leeway",
    "payload_layout", "header_layout", "theme", "generate",
)  # fmt: skip


def assert_harmless(dom):
    """Nothing that was sent became an element: the page has its own ones and no more."""
    assert not [one for one in dom.tag("script") if not one.get("src")]
    assert not dom.tag("img")
    assert not [one for one in dom.tag("form") if "evil" in one.get("action", "")]
    assert len(dom.tag("meta")) == (5 if dom.whole else 0)
    assert not dom.tag("hx-partial") or dom.panes[:2] in (["notice", "verdict"], ["notice", "disclosures"])


@pytest.mark.parametrize("text", HOSTILE)
def test_every_field_is_text(client, text):
    form = dict.fromkeys(FIELDS, text)
    for path in PAGES:
        dom = client.post(path, data=form).dom
        assert_harmless(dom)
        assert dom.typed("key-text") == text
        assert dom.typed("expect-issuer") == text
        assert_harmless(client.post(path, data=form, headers=HTMX).dom)
    dom = client.post("/verify", data=form).dom
    assert [dom.typed(f"{name}-text") for name in ("token", "header", "payload")] == [text] * 3
    assert_harmless(client.post("/theme", data=form).dom)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_token_is_text_in_every_position(client, make_token, raw_token, text):
    name = json.dumps(text)
    tokens = [
        make_token(f"{{{name}:{name},\"exp\":{name},\"iss\":{name},\"aud\":[{name}]}}", f'{{"alg":"HS256","kid":{name},"typ":{name},{name}:{name}}}'),
        make_token(text, '{"alg":"HS256"}'),
        raw_token(text, text),
        raw_token(f'{{"alg":{name},"crit":[{name}],"jku":{name},"jwk":{name}}}', f"{{{name}:1,{name}:2}}"),
        raw_token(f'{{"alg":"HS256"}}{text}', f'{{"a":1}}{text}'),
        f"{text}.{text}.{text}",
        text,
    ]  # fmt: skip
    for token in tokens:
        dom = client.post("/decode", data={"token": token, "key": SECRET, "issuer": text, "audience": text}, headers=HTMX).dom
        assert_harmless(dom)
        assert {one.get("id") for one in dom.tag("textarea")} <= {"header-text", "payload-text", "issue-holder"}


@pytest.mark.parametrize("text", HOSTILE)
def test_an_sd_jwt_is_text_in_every_position(client, text):
    claims = json.dumps({text: {text: [text]}, "vct": text})
    token = issue('{"alg":"HS256"}', claims, [(text,), (text, text), (text, text, 0)], SECRET).token
    for given in (token, f"{token}{text}~", f"{token}{text}.{text}.{text}", f"{token.partition('~')[0]}~"):
        form = {
            "token": given,
            "key": SECRET,
            "aside": text,
            "bind_key": text,
            "bind_audience": text,
            "bind_nonce": text,
            "keep": text,
            "hide": text,
        }
        for path in ("/decode", "/present", "/issue"):
            assert_harmless(client.post(path, data=form, headers=HTMX).dom)
        assert_harmless(client.post("/present", data={**form, "bind": text}).dom)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_jwk_is_text_in_every_position(client, make_token, text):
    jwk = {
        "kty": "oct",
        "k": "YS1zdHJpbmctc2VjcmV0LWF0LWxlYXN0LTI1Ni1iaXRzLWxvbmc",
        "kid": text,
        "alg": text,
        "use": text,
        "key_ops": [text],
        text: text,
    }
    for key in (
        jwk,
        {"keys": [jwk, jwk]},
        {"kty": text},
        {"kty": "oct", "k": text},
        {"keys": text},
        {"kty": "EC", "crv": text, "x": text, "y": text},
    ):
        form = {"token": make_token(header=json.dumps({"alg": "HS256", "kid": "x"})), "key": json.dumps(key)}
        assert_harmless(client.post("/verify", data=form, headers=HTMX).dom)


def test_no_template_switches_escaping_off():
    for template in Path(__file__).parents[2].joinpath("templates").rglob("*.html"):
        text = template.read_text("utf-8")
        for word in ("|safe", "| safe", "autoescape", "Markup"):
            assert word not in text, f"{template.name} has {word}"


def test_no_code_makes_markup_by_hand():
    for source in Path(__file__).parents[2].joinpath("app").rglob("*.py"):
        text = source.read_text("utf-8")
        for word in ("Markup(", "render_template_string", "|safe"):
            assert word not in text, f"{source.name} has {word}"


@pytest.mark.parametrize("name", ["x.html", "x.txt", "x", None])
def test_every_template_is_escaped(app, name):
    assert app.select_jinja_autoescape(name) is True


BIDI = {
    "right-to-left override": "\u202e",
    "zero-width space": "\u200b",
    "line separator": "\u2028",
    "NUL": "\x00",
    "escape": "\x1b",
    "byte order mark": "\ufeff",
    "noncharacter": "\uffff",
    "half a pair": "\\ud800",
}


@pytest.mark.parametrize("name", BIDI)
def test_a_character_that_does_not_show_is_an_answer(client, make_token, raw_token, name):
    text = BIDI[name]
    for token in (make_token(f'{{"a{text}":"b{text}"}}'), raw_token(f'{{"alg":"HS{text}"}}', text), text, f"a{text}.b.c"):
        for path in PAGES:
            for headers in ({}, HTMX):
                form = {"token": token, "key": text, "issuer": text, "header": "{}", "payload": text}
                assert client.post(path, data=form, headers=headers).status_code == 200
