"""Tokens in JSON serialization on the page: a row for each signature or recipient, and edits that keep the form."""

import json
from pathlib import Path

import pytest

from app.tokens import encode, verify
from tests.tokens.keyring import NOW, SECRET, oct_jwk, private, private_jwk
from tests.tokens.test_anew import OTHER, general, signer

COOKBOOK = Path(__file__).parents[1] / "vectors/ietf-jose-cookbook"
SIGNED = json.loads((COOKBOOK / "jws/4_8.multiple_signatures.json").read_text("utf-8"))
ENCRYPTED = json.loads((COOKBOOK / "jwe/5_13.encrypting_to_multiple_recipients.json").read_text("utf-8"))
HTMX = {"HX-Request": "true"}
TWO = general(signer('{"alg":"HS256","kid":"a"}'), signer('{"alg":"HS256","kid":"b"}', key=OTHER))
NEW = '{"sub":"2","exp":1800000000}'


@pytest.fixture
def post(client):
    """Post a form and return the page as it is read."""

    def send(path, form, headers=None):
        return client.post(path, data=form, headers=headers).dom

    return send


def rows(dom):
    return [" ".join("".join(one.itertext()).split()) for one in dom["signers"].iter("div") if one.get("class") == "part"]


def tones(dom):
    return [one.get("data-tone") for one in dom["signers"].iter("p")]


def test_each_signature_has_its_headers_and_its_verdict(post):
    dom = post("/decode", {"token": json.dumps(SIGNED["output"]["json"]), "key": json.dumps(SIGNED["input"]["key"][1])})
    first, second, third = rows(dom)
    assert first.startswith("Signature 1 of 3 RS256 · bilbo.baggins@hobbiton.example Not checked")
    assert 'Protected{ "alg": "RS256" }Not protected: anyone can change it{ "kid": "bilbo.baggins@hobbiton.example" }' in first
    assert "· decides the verdict Verified The signature matches the EC private key on P-521" in second
    assert "Protected{" not in second.replace("Not protected", "")
    assert "Not checked" in third
    assert tones(dom) == ["idle", "good", "idle"]
    assert "Signature verified ES512 · EC private key on P-521 · signature 2 of 3" in dom.words("verdict")
    assert "Signature 1 of 3" not in dom.words("findings")


def test_a_signature_that_does_not_match_is_a_warning_all_the_same(post):
    dom = post("/decode", {"token": TWO, "key": json.dumps({"keys": [json.loads(oct_jwk(OTHER))]})})
    assert tones(dom) == ["bad", "good"]
    assert "Signature 1 of 2 does not count" in dom.words("findings")
    assert "1 warning" in dom.words("verdict")


def test_the_verdict_is_brief_when_none_matches(post):
    dom = post("/decode", {"token": TWO, "key": oct_jwk("a-third-secret-that-nobody-knows-0123456789")})
    assert "Signature does not match the 43-byte secret: the token was altered" in dom.words("verdict")


def test_each_recipient_is_listed_and_the_one_that_was_opened(post):
    keys = ENCRYPTED["input"]["key"]
    dom = post("/decode", {"token": json.dumps(ENCRYPTED["output"]["json"]), "key": json.dumps(keys[1])})
    assert dom.words("signers").startswith("Recipients")
    assert ["Not opened" in one for one in rows(dom)] == [True, False, True]
    assert rows(dom)[1].startswith("Recipient 2 of 3 ECDH-ES+A256KW · A128CBC-HS256 · peregrin.took@tuckborough.example")
    assert "Opened with the EC private key on P-384" in rows(dom)[1]
    assert tones(dom) == ["idle"] * 3


def test_other_tokens_have_no_such_pane(post, make_token):
    alone = encode({"alg": "HS256"}, NEW, SECRET, serialization="general").token
    for token in (make_token(), alone, "", '{"signatures":[]}', '{"signatures":{}}', '{"recipients":[],"ciphertext":"x"}'):
        dom = post("/decode", {"token": token, "key": SECRET})
        assert list(dom["signers"]) == []
        assert "signer" not in dom.form


@pytest.mark.parametrize("form", ["flattened", "general"])
def test_an_edited_payload_keeps_the_form(post, form):
    token = encode('{"alg":"HS256","kid":"k"}', '{"a":1}', SECRET, serialization=form).token
    page = post("/decode", {"token": token, "key": SECRET})
    edited = post("/encode", page.form | {"payload": page.typed("payload-text").replace("1", "2")})
    report = verify(edited.typed("token-text"), SECRET, at=NOW)
    assert (report.serialization, report.payload_text, report.signature.status) == (form, '{"a":2}', "verified")
    assert edited.words("notice") == ""
    again = post("/encode", post("/decode", {"token": token, "key": SECRET}).form)
    assert again.typed("token-text") == token


def test_what_cannot_be_signed_says_so_and_keeps_the_old_signature(post):
    token = encode('{"alg":"HS256"}', '{"a":1}', SECRET, serialization="flattened").token
    edited = post("/encode", post("/decode", {"token": token}).form | {"payload": NEW})
    assert json.loads(edited.typed("token-text"))["signature"] == json.loads(token)["signature"]
    assert "Not signed anew; the old signature stays." in edited.words("notice")
    broken = post("/encode", post("/decode", {"token": token, "key": SECRET}).form | {"header": '{"alg"'})
    assert broken.typed("token-text") == token
    assert "not JSON" in broken.words("notice")


def test_of_several_those_whose_key_is_there_are_signed_anew(post):
    key = oct_jwk(SECRET, kid="a")
    edited = post("/encode", post("/decode", {"token": TWO, "key": key}).form | {"payload": NEW})
    told = verify(edited.typed("token-text"), key, at=NOW)
    assert [one.status for _, one in told.signatures] == ["verified", "invalid"]
    assert "Not signed anew: signature 2, whose key is not in the key box." in edited.words("notice")
    both = json.dumps({"keys": [json.loads(key), json.loads(oct_jwk(OTHER, kid="b"))]})
    edited = post("/encode", post("/decode", {"token": TWO, "key": both}).form | {"payload": NEW})
    assert [one.status for _, one in verify(edited.typed("token-text"), both, at=NOW).signatures] == ["verified", "verified"]
    assert edited.words("notice") == ""


def test_a_key_chooses_the_signature_whose_header_is_shown(post):
    page = post("/decode", {"token": TWO, "key": oct_jwk(SECRET, kid="a")})
    assert '"kid": "a"' in page.typed("header-text")
    chosen = post("/verify", page.form | {"key": oct_jwk(OTHER, kid="b")})
    assert '"kid": "b"' in chosen.typed("header-text")
    assert chosen.typed("signer") == "1"
    panes = post("/verify", page.form | {"key": oct_jwk(OTHER, kid="b")}, HTMX).panes
    assert "header" in panes
    assert "payload" not in panes
    assert "header" not in post("/verify", page.form, HTMX).panes


def test_a_header_being_edited_is_not_taken_away_by_a_key(post):
    page = post("/decode", {"token": TWO, "key": oct_jwk(SECRET, kid="a")})
    typed = '{"alg":"HS256","kid":"a"'
    chosen = post("/verify", page.form | {"header": typed, "key": oct_jwk(OTHER, kid="b")})
    assert chosen.typed("header-text") == typed
    assert chosen.typed("signer") == "0"


def test_an_edited_header_goes_to_the_signature_it_was_read_of(post):
    keys = {"keys": [private_jwk(private("ES256"), kid="e"), json.loads(oct_jwk(OTHER, kid="b"))]}
    token = general(signer('{"alg":"HS256","kid":"a"}'), signer('{"alg":"HS256","kid":"b"}', key=OTHER))
    page = post("/decode", {"token": token, "key": json.dumps(keys)})
    assert page.typed("signer") == "1"
    edited = post("/encode", page.form | {"header": '{"alg":"ES256","kid":"e"}', "header_layout": "as-written"})
    made = json.loads(edited.typed("token-text"))
    assert made["signatures"][0] == json.loads(token)["signatures"][0]
    assert [one.status for _, one in verify(edited.typed("token-text"), json.dumps(keys), at=NOW).signatures][1] == "verified"


@pytest.mark.parametrize("number", ["", "7", "-1", "1e3", "٣", "9" * 5000, "x"])
def test_any_number_of_a_signature_is_an_answer(post, number):
    form = {"token": TWO, "key": SECRET, "header": '{"alg":"HS256","kid":"a"}', "payload": NEW, "signer": number}
    for path in ("/decode", "/encode", "/verify"):
        assert "Signature" in post(path, form).words("verdict")


def test_the_key_of_an_example_is_not_blamed_on_the_signatures(client, post):
    dom = post("/decode", {"token": TWO, "key": client.get("/").dom.form["key"]})
    assert "bad" not in tones(dom)
