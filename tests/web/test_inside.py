"""A token inside a token, on the page: each layer with its own verdict, the strip with the sum of them."""

import json

import pytest

from app.tokens import encode
from tests.tokens.keyring import private, private_jwk, public_jwk

HTMX = {"HX-Request": "true"}
SECRET = "a-string-secret-at-least-256-bits-long"
OTHER = "another-secret-that-is-also-at-least-256-bits"
CLAIMS = '{"sub":"alice","exp":4102444800}'
NESTED = '{"alg":"HS256","cty":"JWT"}'
ENCRYPTION = {"kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODw", "use": "enc"}


@pytest.fixture
def decoded(client):
    """The page of a token with a key."""

    def send(token, key=SECRET, path="/decode", **more):
        return client.post(path, data={"token": token, "key": key, **more}).dom

    return send


def encrypted(content):
    return encode({"alg": "dir", "enc": "A128GCM", "cty": "JWT"}, content, json.dumps(ENCRYPTION)).token


def statements(dom):
    return [" ".join("".join(one.itertext()).split()) for one in dom["verdict"].iter("p") if one.get("class") == "statement"]


def tones(dom):
    return [one.get("data-tone") for one in dom["verdict"].iter("p") if one.get("class") == "statement"]


def test_each_layer_shows_its_header_payload_and_verdict(decoded, make_token):
    middle = make_token(make_token(CLAIMS, '{"alg":"HS256","kid":"k1"}'), NESTED)
    words = decoded(make_token(middle, NESTED)).words("inside")
    assert words.index("Signed token (JWS) HS256") < words.index("In it: Signed token (JWS) HS256 · k1")
    assert words.count("Signature verified HS256 · 38-byte secret") == 2
    assert '"sub": "alice"' in words
    assert "the next token" in words
    assert "Not expired until 1 Jan 2100" in words


def test_the_verdict_sums_up_the_outer_and_the_inner(decoded, make_token):
    dom = decoded(make_token(make_token(CLAIMS), NESTED))
    assert statements(dom)[:2] == [
        "Signature verified HS256 · 38-byte secret",
        "Inside: not expired until 1 Jan 2100 00:00:00 UTC · signature verified",
    ]
    assert (dom["verdict"].get("data-tone"), tones(dom)[:2]) == ("good", ["good", "good"])
    late = decoded(make_token(make_token(CLAIMS), NESTED), at="4102444801")
    assert statements(late)[1].startswith("Inside: expired")
    assert late["verdict"].get("data-tone") == "bad"


def test_an_inner_signature_that_does_not_match_is_never_green(decoded, make_token):
    dom = decoded(make_token(make_token(CLAIMS), NESTED, key=OTHER), OTHER)
    assert statements(dom)[1].startswith("Inside: signature does not match")
    assert (dom["verdict"].get("data-tone"), tones(dom)[1]) == ("bad", "bad")
    unsecured = decoded(make_token(make_token(CLAIMS, '{"alg":"none"}'), NESTED))
    assert statements(unsecured)[1] == "Inside: unsecured alg none: anyone can write this token"


def test_a_signed_token_in_an_encrypted_one_is_verified_with_the_same_box(decoded):
    inner = encode({"alg": "ES256"}, CLAIMS, json.dumps(private_jwk(private("ES256")))).token
    both = json.dumps({"keys": [ENCRYPTION, public_jwk(private("ES256"), use="sig")]})
    dom = decoded(encrypted(inner), both)
    assert statements(dom)[0].startswith("Decrypted with the 16-byte secret")
    assert "not proven" not in statements(dom)[0]
    assert statements(dom)[1].startswith("Inside: not expired")
    assert "Signature verified ES256" in dom.words("inside")
    alone = decoded(encrypted(inner), json.dumps(ENCRYPTION))
    assert statements(alone)[1].startswith("Inside: key does not fit ES256 needs an EC key")
    assert alone["verdict"].get("data-tone") != "good"


def test_an_encrypted_token_that_stays_closed_shows_nothing_inside(decoded, make_token):
    dom = decoded(encrypted(make_token(CLAIMS)), "")
    assert dom.words("inside") == ""
    assert statements(dom)[0].startswith("Encrypted")


def test_what_is_inside_is_not_told_twice(decoded, make_token):
    dom = decoded(make_token(make_token(CLAIMS), NESTED))
    assert "Inside" not in dom.words("findings")
    assert "nested" not in dom.words("findings")


def test_what_speaks_against_the_inner_is_among_what_was_noticed(decoded, make_token):
    third = "a-third-secret-that-nobody-knows-0123456789"
    dom = decoded(make_token(make_token('{"sub":"alice"}', key=third), NESTED, key=OTHER), OTHER)
    words = dom.words("findings")
    assert "Inside: The signature does not match" in words
    assert "Inside: No exp" in words
    assert "1 error and 1 warning" in dom.words("verdict")
    sound = decoded(make_token(make_token(CLAIMS, key=OTHER), NESTED, key=OTHER), OTHER)
    assert "Nothing out of the ordinary" in sound.words("findings")


def test_a_token_inside_is_opened_by_its_button_without_a_script(decoded, make_token):
    innermost = make_token(CLAIMS)
    middle = make_token(innermost, NESTED)
    outer = make_token(middle, NESTED)
    buttons = list(decoded(outer)["inside"].iter("button"))
    assert [(one.get("data-text"), one.get("data-field")) for one in buttons] == [(middle, "token-text"), (innermost, "token-text")]
    opened = decoded(outer, repair=buttons[1].get("value"))
    assert opened.typed("token-text") == innermost
    assert opened.words("inside") == ""
    assert "no longer offered" in decoded(innermost, repair="n0.0").words("notice")


def test_the_key_of_an_example_is_not_blamed_on_what_is_inside(client, decoded, make_token):
    key = client.get("/").dom.form["key"]
    dom = decoded(make_token(make_token(CLAIMS, key=OTHER), NESTED), key)
    assert "does not match" not in dom.words("verdict")


def test_no_more_than_five_layers_of_a_bearable_length_are_shown(decoded, make_token):
    text = make_token(json.dumps({"long": "x" * 9000}))
    for _ in range(3):
        text = make_token(text, NESTED)
    words = decoded(text).words("inside")
    assert words.count("x") < 4500
    text = make_token(CLAIMS)
    for _ in range(7):
        text = make_token(text, NESTED)
    dom = decoded(text)
    assert len(list(dom["inside"].iter("h3"))) == 5
    assert "more than 5 deep" in dom.words("findings")


def test_other_tokens_send_an_empty_pane(client, make_token):
    dom = client.post("/decode", data={"token": make_token(CLAIMS), "key": SECRET}, headers=HTMX).dom
    assert "inside" in dom.panes
    assert list(dom["inside"]) == []


@pytest.mark.parametrize("content", ["<b>x</b>", "\u202e{}", "a</dd><script>"])
def test_what_a_token_says_stays_text(decoded, make_token, content):
    dom = decoded(make_token(make_token(content), NESTED))
    assert content in dom.words("inside")
