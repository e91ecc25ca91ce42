"""Detached content (RFC 7515 Appendix F) on the page: a box for it, there only for tokens that leave their payload out."""

import json

import pytest

from app.tokens import encode

HTMX = {"HX-Request": "true"}
KEY = "the-secret-of-a-detached-token-0123456789"
CONTENT = '{"amount":10,"to":"alice"}\nand a second line'


@pytest.fixture
def post(client):
    """Post a form and return the page as it is read."""

    def send(path, form, headers=None):
        return client.post(path, data=form, headers=headers).dom

    return send


def made(content=CONTENT, header='{"alg":"HS256"}', **more):
    return encode(header, content, KEY, detached=True, **more).token


FORMS = [
    pytest.param(made(), id="compact"),
    pytest.param(made(serialization="flattened"), id="flattened"),
    pytest.param(made(serialization="general"), id="general"),
    pytest.param(made(header='{"alg":"HS256","b64":false,"crit":["b64"]}'), id="unencoded"),
]


@pytest.mark.parametrize("token", FORMS)
def test_the_box_appears_with_the_token_and_its_content_is_verified(post, token):
    page = post("/decode", {"token": token, "key": KEY})
    assert page.typed("detached-text") == ""
    assert "Content missing" in page.words("verdict")
    assert "Signature" not in page.words("verdict").partition("checks")[0]
    told = post("/verify", page.form | {"detached": CONTENT.replace("\n", "\r\n")})
    assert told.typed("detached-text").replace("\r\n", "\n") == CONTENT
    assert "Signature verified" in told.words("verdict")
    assert "Give the detached payload" not in told.words("findings")
    assert "Signature does not match" in post("/verify", page.form | {"detached": CONTENT + "!"}).words("verdict")


def test_without_its_content_nothing_blames_the_signature(post):
    page = post("/decode", {"token": made(), "key": KEY, "folded": ""})
    assert page["verdict"].get("data-tone") == "warn"
    assert "HMAC" not in page.words("findings")
    assert "its content is missing" in page.words("checks")
    assert "Signature not checked" in post("/decode", {"token": made()}).words("verdict")


def test_other_tokens_have_no_box(client, post, make_token):
    assert list(client.get("/").dom["detached"]) == []
    for token in (make_token(), "", "a.b", '{"alg":"HS256"}', f"{make_token().split('.')[0]}.."):
        page = post("/decode", {"token": token, "key": KEY})
        assert list(page["detached"]) == []
        assert "detached" not in page.form


def test_the_box_being_typed_in_is_no_part_of_the_answer(post):
    form = {"token": made(), "key": KEY, "detached": CONTENT}
    assert "detached" not in post("/verify", form, HTMX).panes
    assert "detached" in post("/decode", form, HTMX).panes
    assert "detached" in post("/encode", form | {"header": '{"alg":"HS256"}'}, HTMX).panes
    box = post("/decode", form)["detached-text"]
    assert (box.get("hx-post"), box.get("hx-sync")) == ("/verify", "this:replace")


def test_an_edited_header_is_signed_anew_and_the_token_stays_detached(post):
    page = post("/decode", {"token": made(), "key": KEY, "detached": CONTENT})
    edited = post("/encode", page.form | {"header": '{"alg":"HS256","kid":"k1"}', "header_layout": "as-written"})
    header, payload, _ = edited.typed("token-text").split(".")
    assert payload == ""
    assert header != made().split(".")[0]
    assert "Signature verified HS256" in edited.words("verdict")
    assert edited.typed("detached-text").replace("\r\n", "\n") == CONTENT


def test_without_a_key_that_signs_it_stays_detached_too(post):
    edited = post("/encode", {"token": made(), "key": "", "detached": CONTENT, "header": '{"alg":"HS256","kid":"k1"}'})
    assert edited.typed("token-text").split(".")[1:] == ["", made().split(".")[2]]
    assert "Not signed anew" in edited.words("notice")


def test_content_is_not_lost_when_the_token_is_another(post, make_token):
    page = post("/decode", {"token": make_token(key=KEY), "key": KEY, "detached": CONTENT})
    assert page.typed("detached-text").replace("\r\n", "\n") == CONTENT
    assert "Not used" in page.words("detached")
    assert "Signature verified" in page.words("verdict")
    assert "detached" not in post("/decode", page.form | {"clear": "1"}).form


def test_a_payload_beside_detached_content_is_not_signed_unasked(post):
    form = {"token": made(), "key": KEY, "detached": CONTENT, "header": '{"alg":"HS256"}', "payload": '{"a":1}'}
    refused = post("/encode", form)
    assert refused.typed("token-text") == made()
    assert "Empty that box" in refused.words("notice")
    assert refused.typed("payload-text") == '{"a":1}'
    attached = post("/encode", form | {"detached": ""})
    assert attached.typed("token-text") == encode('{"alg":"HS256"}', '{"a":1}', KEY).token


@pytest.mark.parametrize("token", FORMS)
def test_nothing_is_signed_over_content_that_is_missing(post, token):
    page = post("/decode", {"token": token, "key": KEY})
    refused = post("/encode", page.form | {"header": page.typed("header-text") + " "})
    assert refused.typed("token-text") == token
    assert "Paste the detached payload first" in refused.words("notice")


@pytest.mark.parametrize("form", ["flattened", "general"])
def test_a_payload_typed_for_a_detached_token_is_put_into_it(post, form):
    page = post("/decode", {"token": made(serialization=form), "key": KEY})
    attached = post("/encode", page.form | {"payload": '{"a":1}'})
    assert "payload" in json.loads(attached.typed("token-text"))
    assert "Signature verified" in attached.words("verdict")


def test_a_payload_that_is_emptied_by_hand_is_signed_empty(post, make_token):
    page = post("/decode", {"token": make_token(key=KEY), "key": KEY})
    emptied = post("/encode", page.form | {"payload": ""}, HTMX)
    assert "detached" not in emptied.panes
    assert "Signature verified" in emptied.words("verdict")
    assert emptied.words("notice") == ""


def test_a_report_to_hand_on_judges_the_content(client):
    report = client.post("/report", data={"token": made(), "key": KEY, "detached": CONTENT, "as": "json"}).text
    assert json.loads(report)["signature"]["status"] == "verified"


@pytest.mark.parametrize("text", ["\n leading", "\r", "\u202e</textarea><b>", "\ud83d\ude00", " "])
def test_any_content_survives_the_round_trip(post, text):
    text = text.encode("utf-16", "surrogatepass").decode("utf-16")
    page = post("/decode", {"token": made(), "key": KEY, "detached": text})
    assert page.typed("detached-text").replace("\r", "\n") == text.replace("\r", "\n")
