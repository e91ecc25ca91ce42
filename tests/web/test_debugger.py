"""/ /decode /encode /verify: one form, one set of partials, two readers; everything works without JavaScript."""

import base64
import json
import re
import time
from html import escape
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.tokens import ALGORITHMS

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "failure-classes.json").read_text("utf-8"))["cases"]
HTMX = {"HX-Request": "true"}
SECRET = "a-string-secret-at-least-256-bits-long"
ALL = {
    "notice",
    "verdict",
    "token",
    "findings",
    "header",
    "parameters",
    "payload",
    "claims",
    "key",
    "key_note",
    "expect",
    "brought",
    "detached",
    "inside",
    "signers",
    "disclosures",
    "share",
    "snippet",
}
FIELDS = {
    "token", "header", "header_layout", "payload", "payload_layout", "key", "key_encoding", "key_url", "key_url_kind", "algorithms", "issuer", "audience",
    "profile", "nonce", "access_token", "code", "state", "htm", "htu",
    "type", "at", "leeway", "left_out",
}  # fmt: skip
# The page's contract: what typing in a pane may change, and what it never does.
NEVER = {
    "/decode": {"token", "key", "expect"},
    "/encode": {"header", "payload", "key", "expect"},
    "/verify": {"token", "header", "payload", "key", "expect"},
}
FOLLOWS = {
    "/decode": {"header", "payload", "claims", "verdict"},
    "/encode": {"token", "verdict"},
    "/verify": {"verdict"},
}


def payload_of(token):
    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


def header_of(token):
    return payload_of("." + token.split(".")[0] + ".")


def tone(dom):
    return dom["verdict"].get("data-tone")


@pytest.fixture
def post(client):
    """Post a form and return the page as it is read."""

    def send(path, form, headers=None, status=200):
        response = client.post(path, data=form, headers=headers)
        assert response.status_code == status
        return response.dom

    return send


@pytest.fixture
def filled(client):
    """The form of an example, as a browser without JavaScript would send it."""

    def form(name="HS256"):
        return client.get("/", query_string={"example": name}).dom.form

    return form


# One partial, two readers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/decode", "/encode", "/verify"])
def test_get_answers_with_the_whole_page(client, path):
    response = client.get(path)
    assert response.status_code == 200
    assert response.dom.whole
    assert set(response.dom.form) == FIELDS


@pytest.mark.parametrize("path", ["/decode", "/encode", "/verify"])
def test_it_answers_htmx_with_the_same_partials(client, filled, path):
    form = {**filled(), "at": "1767225600"}
    page = client.post(path, data=form)
    partials = client.post(path, data=form, headers=HTMX)
    assert page.dom.whole
    assert not partials.dom.whole
    for pane in re.findall(r"<hx-partial[^>]*>(.*?)</hx-partial>", partials.text, re.DOTALL):
        assert pane.strip() in page.text


def test_while_somebody_types_the_answer_says_that_more_is_to_be_asked(client, make_token):
    other = "a secret of nobody's, longer than 256 bits"
    form = {"token": make_token(key="secret"), "key": other}
    hasty, thorough = (client.post("/verify", data={**form, **typing}, headers=HTMX).text for typing in ({"typing": "1"}, {}))
    assert "well-known secret" in thorough
    assert "well-known secret" not in hasty
    assert "data-hasty" in hasty
    assert "data-hasty" not in thorough
    verified = {"token": make_token(key=other), "key": other, "typing": "1"}
    assert "data-hasty" not in client.post("/verify", data=verified, headers=HTMX).text


@pytest.mark.parametrize("path", ["/decode", "/encode", "/verify"])
def test_panes_together_and_panes_by_name_are_the_same(client, filled, path):
    # Nothing that a page of some panes, which is a story's, shows in another way.
    form = {**filled(), "at": "1767225600", "key": "a secret of nobody's, longer than 256 bits", "folded": "issue"}
    together = client.post(path, data=form, headers=HTMX)
    slots = " ".join(re.findall(r'hx-target="#slot-(\w+)"', together.text))
    assert client.post(path, data={**form, "slots": slots}, headers=HTMX).text == together.text


@pytest.mark.parametrize("path", ["/decode", "/encode", "/verify"])
def test_every_pane_goes_to_its_slot(client, filled, path):
    page = client.get("/").dom
    response = client.post(path, data=filled(), headers=HTMX)
    for partial in response.dom.root:
        assert partial.tag == "hx-partial"
        assert partial.get("hx-swap") == "innerMorph"
        slot = partial.get("hx-target").removeprefix("#")
        assert slot in page
        assert [child.get("id") for child in partial] == [slot.removeprefix("slot-")]


@pytest.mark.parametrize(
    "headers",
    [{}, {"HX-Request": "false"}, {**HTMX, "HX-Boosted": "true"}, {**HTMX, "HX-History-Restore-Request": "true"}],
    ids=["browser", "HX-Request false", "boosted", "restoring"],
)
def test_who_is_not_htmx_gets_the_page(client, filled, headers):
    assert client.post("/verify", data=filled(), headers=headers).dom.whole


# Which pane may change which -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", NEVER)
@pytest.mark.parametrize("token", ["good", "broken", "", "none", "JWE", "wrong key"])
def test_a_pane_changes_only_what_the_contract_says(post, filled, path, token):
    form = filled("none" if token == "none" else "RS256")
    if token in {"broken", ""}:
        form["token"] = token and form["token"][:-5] + "*."
    if token == "JWE":
        form["token"] = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA"
    if token == "wrong key":
        form["key"] = SECRET
    panes = set(post(path, form, HTMX).panes)
    assert not panes & NEVER[path]
    assert panes >= FOLLOWS[path]


@pytest.mark.parametrize("path", NEVER)
def test_the_key_box_is_no_part_of_an_answer(client, filled, path):
    form = filled("ES256")
    response = client.post(path, data=form, headers=HTMX)
    assert form["key"].splitlines()[1] not in response.text
    assert 'name="key"' not in response.text


# Token ------------------------------------------------------------------------------------------------------------


def test_a_token_fills_header_payload_and_claims_and_is_judged(post, make_token):
    token = make_token('{"sub":"alice","exp":4102444800}', '{"alg":"HS256","kid":"k1"}')
    dom = post("/decode", {"token": token, "key": SECRET}, HTMX)
    assert json.loads(dom.typed("header-text")) == {"alg": "HS256", "kid": "k1"}
    assert json.loads(dom.typed("payload-text")) == {"sub": "alice", "exp": 4102444800}
    assert "alice" in dom.words("claims")
    assert "k1" in dom.words("parameters")
    assert tone(dom) == "good"
    assert "Signature verified" in dom.words("verdict")


def test_a_token_keeps_the_key_of_the_form(post, make_token):
    page = post("/decode", {"token": make_token(), "key": "another", "key_encoding": "hex", "issuer": "i", "leeway": "5"})
    assert page.typed("key-text") == "another"
    assert page.typed("key-encoding") == "hex"
    assert page.typed("expect-issuer") == "i"
    assert page.typed("expect-leeway") == "5"


@pytest.mark.parametrize(
    "wrapped",
    ["Bearer {}", "Authorization: Bearer {}", '"{}"', " {} ", "{}\n", "\r\n{}\r\n"],
)
def test_packaging_around_a_token_does_no_harm(post, make_token, wrapped):
    token = make_token('{"sub":"alice"}')
    page = post("/decode", {"token": wrapped.format(token), "key": SECRET})
    assert json.loads(page.typed("payload-text")) == {"sub": "alice"}


@pytest.mark.parametrize("token", ["", " ", "hello", "a.b", "a.b.c", "....", "{}", '{"payload":"e30"}', "é", "\x00\x0b"])
def test_a_token_that_is_none_is_an_answer(post, token):
    for headers in ({}, HTMX):
        dom = post("/decode", {"token": token}, headers)
        assert tone(dom) != "good"


@pytest.mark.parametrize("key", ["its key", ""], ids=["key", "no key"])
@pytest.mark.parametrize("case", [case for case in CASES if case["token"] is not None], ids=lambda case: case["id"])
def test_no_failure_class_is_an_error(post, case, key):
    form = {"token": case["token"], "key": key and case["key"], "at": str(case["now"])}
    verdict = post("/decode", form, HTMX)
    if not key:
        assert "good" not in [one.get("data-tone") for one in verdict.elements]
    assert verdict.words("verdict")


@pytest.mark.parametrize("alg", ["HS257", "hs256", "", "RSA-OAEP", "dir", "\u00e9", "constructor", "__class__"])
@pytest.mark.parametrize("key", ["", SECRET, "{"])
def test_an_algorithm_nobody_knows_is_an_answer(post, raw_token, alg, key):
    for path in NEVER:
        header = json.dumps({"alg": alg})
        dom = post(path, {"token": raw_token(header, "{}"), "header": header, "payload": "{}", "key": key}, HTMX)
        assert tone(dom) != "good"


def test_an_empty_form_is_an_answer(post):
    for path in ("/decode", "/verify"):
        assert "No token yet" in post(path, {"token": ""}).words("verdict")
    post("/encode", {"header": ""})


# Header and payload -----------------------------------------------------------------------------------------------


def test_an_edited_claim_is_signed_anew_and_the_panes_stay(post, filled):
    form = filled("ES256")
    form["payload"] = '{"sub":"mallory"}'
    dom = post("/encode", form, HTMX)
    assert payload_of(dom.typed("token-text")) == '{"sub":"mallory"}'
    assert dom.typed("token-text") != form["token"]
    assert tone(dom) == "good"
    page = post("/encode", form)
    assert page.typed("payload-text") == '{"sub":"mallory"}'


def test_a_compact_payload_is_indented_for_reading_and_signed_compact(post, filled):
    form = filled("HS256")
    assert form["payload"].count("\n") > 1
    assert form["payload_layout"] == "compact"
    token = post("/encode", form, HTMX).typed("token-text")
    assert token == form["token"], "reading and signing again without an edit makes the same token"
    form["payload"] = form["payload"].replace("John Doe", "Jane Doe")
    assert payload_of(post("/encode", form, HTMX).typed("token-text")).startswith('{"sub":"1234567890","name":"Jane Doe"')


@pytest.mark.parametrize("name", ["RS256", "PS512", "ES256", "Ed25519", "ML-DSA-44", "HS512", "none"])
def test_signing_again_without_an_edit_keeps_header_and_payload(post, filled, name):
    form = filled(name)
    token = post("/encode", form, HTMX).typed("token-text")
    assert token.split(".")[:2] == form["token"].split(".")[:2]


def test_white_space_that_was_edited_is_signed_as_written(post, filled):
    form = filled()
    form["payload"] = form["payload"].replace("  ", "\t")
    assert payload_of(post("/encode", form, HTMX).typed("token-text")) == form["payload"].replace("\r\n", "\n")


@pytest.mark.parametrize("field", ["payload", "header"])
def test_line_ends_of_a_form_are_those_of_the_text(post, make_token, field):
    written = '{\n "alg": "HS256",\n\n "b": 1\n}\n'
    form = {"header": '{"alg":"HS256"}', "payload": "{}", "key": SECRET, "token": "", field: written.replace("\n", "\r\n")}
    token = post("/encode", form, HTMX).typed("token-text")
    assert (payload_of if field == "payload" else header_of)(token) == written


@pytest.mark.parametrize("text", ["\n", "\n\n", "\nhello", "\n{}", " \n", "hello\n", "\n\n\n"], ids=repr)
def test_a_payload_that_begins_or_ends_with_a_line_end_survives_the_round_trip(client, post, make_token, text):
    token = make_token(text)
    page = post("/decode", {"token": token, "key": SECRET})
    assert page.typed("payload-text") == text
    again = post("/encode", page.form)
    assert again.typed("token-text") == token
    assert again.typed("payload-text") == text


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.just("\n"), max_size=60))
@example("</textarea><script>alert(1)</script>")
@example("&lt;&amp;amp;")
@example('{"a":1}')
@example('{ "a":1}')
@example('{"a":"\\n"}')
def test_any_payload_survives_the_round_trip_without_javascript(post, make_token, text):
    token = make_token(text, '{"alg":"HS256","typ":"JWT"}')
    page = post("/decode", {"token": token, "key": SECRET})
    assert "Signature verified" in page.words("verdict")
    again = post("/encode", page.form)
    assert again.typed("token-text") == token


@pytest.mark.parametrize("text", ['{"a":3.0,"b":1e400,"c":123456789012345678901234567890}', '{"a":1,"a":2}', '{"a":NaN}', '{"z":1,"a":2}'])
def test_an_edit_beside_a_number_leaves_the_number_alone(post, make_token, text):
    page = post("/decode", {"token": make_token(text), "key": SECRET})
    form = page.form
    form["header"] = form["header"].replace("HS256", "HS384")
    assert payload_of(post("/encode", form).typed("token-text")) == text


@pytest.mark.parametrize(
    ("key", "word"),
    [
        pytest.param("", "no key", id="no key"),
        pytest.param("public", "verifies only", id="public key"),
        pytest.param(SECRET, "needs", id="another kind of key"),
        pytest.param("-----BEGIN PRIVATE KEY-----", "", id="unreadable key"),
    ],
)
def test_a_key_that_cannot_sign_keeps_the_old_signature_and_the_verdict_says_so(api, post, filled, key, word):
    form = filled("ES256")
    pair = api("keys", {"algorithm": "ES256"})
    form["token"] = api("encode", {"header": {"alg": "ES256"}, "payload": {"sub": "1"}, "key": pair["private"]["pem"]})["token"]
    form |= {"header": '{"alg":"ES256"}', "payload": '{"sub":"mallory"}', "key": pair["public"]["pem"] if key == "public" else key}
    dom = post("/encode", form, HTMX)
    token = dom.typed("token-text")
    assert payload_of(token) == '{"sub":"mallory"}'
    assert token.rpartition(".")[2] == form["token"].rpartition(".")[2]
    assert tone(dom) != "good"
    assert word in dom.words("notice").lower()
    assert "old signature stays" in dom.words("notice")
    if key == "public":
        assert "does not match" in dom.words("verdict")


def test_an_edit_that_is_taken_back_needs_no_key(api, post, filled):
    form = filled("ES256")
    pair = api("keys", {"algorithm": "ES256"})
    token = api("encode", {"header": {"alg": "ES256"}, "payload": {"sub": "1"}, "key": pair["private"]["pem"]})["token"]
    form |= {"token": token.replace(".", ".ewog", 1), "header": '{"alg":"ES256"}', "payload": '{"sub":"1"}', "key": pair["public"]["pem"]}
    dom = post("/encode", form, HTMX)
    assert dom.typed("token-text") == token
    assert not dom.words("notice")
    assert tone(dom) != "bad"


def test_without_a_signature_there_is_no_old_one(post, filled):
    form = filled("HS256") | {"token": "eyJhbGciOiJIUzI1NiJ9.e30.", "key": ""}
    words = post("/encode", form, HTMX).words("notice")
    assert words.startswith("Not signed. ")
    assert "old signature" not in words


def test_the_note_of_the_payload_is_true_of_the_text_as_it_is(post, filled):
    form = filled("HS256")
    note = "signed on one line"
    assert form["payload_layout"] == "compact"
    assert note in post("/encode", form).words("claims")
    assert note in post("/verify", form).words("claims")
    for text in (form["payload"].replace('",', '", ', 1), form["payload"] + "x"):
        edited = post("/encode", form | {"payload": text})
        assert note not in edited.words("claims")
        assert note not in post("/verify", edited.form).words("claims")
    assert note in post("/decode", form | {"payload": "x"}).words("claims")


def test_a_place_in_a_sentence_is_that_of_the_pane(post, api):
    token = api("encode", {"header": {"alg": "none"}, "payload": '{"a":1,"id":9007199254740993}', "key": ""})["token"]
    (finding,) = [one for one in api("verify", {"token": token, "key": ""})["findings"] if one["code"] == "json_big_integer"]
    assert "(line 1, column 13)" in finding["message"]
    words = post("/decode", {"token": token}).words("findings")
    assert "(line 3, column 9)" in words
    assert "line 1" not in words


def test_a_leeway_below_zero_is_not_read(post, filled):
    dom = post("/verify", filled("RS256") | {"leeway": "-100"})
    assert "Leeway is not read: it takes seconds, 0 or more." in dom.words("notice")


def test_a_list_of_algorithms_is_read_to_the_letter(post, filled):
    assert "names are case-sensitive" in post("/verify", filled("HS256") | {"algorithms": "hs256"}).words("verdict")
    assert "case-sensitive" not in post("/verify", filled("HS256") | {"algorithms": "RS256"}).words("verdict")


def test_an_algorithm_for_encryption_signs_nothing_and_makes_no_key(post, filled):
    dom = post("/encode", filled("HS256") | {"header": '{"alg":"RSA-OAEP"}'})
    assert 'alg "RSA-OAEP" is for encryption (JWE).' in dom.words("notice")
    assert "Generate RSA-OAEP key" not in dom.words("key_note")
    assert "is not an algorithm" not in dom.words("notice")


def test_a_header_that_is_no_json_is_told_what_is_wrong_with_it(post, filled):
    words = post("/encode", filled("HS256") | {"header": '{"alg":"HS256",}'}).words("notice")
    assert 'trailing comma before "}" (line 1, column 16)' in words


def test_what_another_key_decrypted_is_not_taken_for_read(post, filled):
    form = filled("RSA-OAEP-256")
    assert "Not read from this token" not in post("/verify", form).words("claims")
    assert "Not read from this token: no key here opens it." in post("/verify", form | {"key": "nonsense"}).words("claims")


@pytest.mark.parametrize("header", ["{", "", "[]", "nonsense", '{"alg":"HS256"', '{"alg":"HS256",}', "5"])
def test_a_broken_header_leaves_the_token(post, filled, header):
    form = {**filled(), "header": header}
    dom = post("/encode", form, HTMX)
    assert dom.typed("token-text") == form["token"]
    assert dom.words("notice")


@pytest.mark.parametrize("header", ["{}", '{"alg":5}', '{"alg":"HS257"}', '{"alg":"dir","enc":"A128GCM"}'])
def test_a_header_that_cannot_be_signed_keeps_the_old_signature(post, filled, header):
    form = {**filled(), "header": header, "header_layout": "as-written"}
    dom = post("/encode", form, HTMX)
    assert header_of(dom.typed("token-text")) == header
    assert tone(dom) != "good"
    assert dom.words("notice")


def test_a_broken_payload_is_signed_as_it_stands(post, filled):
    form = {**filled(), "payload": '{"sub": '}
    dom = post("/encode", form, HTMX)
    assert payload_of(dom.typed("token-text")) == '{"sub": '
    assert "Signature verified" in dom.words("verdict")
    assert tone(dom) == "warn", "the signature is good; what it signs is not"
    assert "JSON is not complete" in dom.words("verdict")
    assert "JSON is not complete" in dom.words("findings")


def test_an_edit_without_a_token_makes_one(post):
    dom = post("/encode", {"header": '{"alg":"HS256"}', "payload": "{}", "key": SECRET, "token": ""}, HTMX)
    assert header_of(dom.typed("token-text")) == '{"alg":"HS256"}'
    assert tone(dom) == "good"


# Key, expectations, time ------------------------------------------------------------------------------------------


def test_a_key_edit_never_changes_the_token(post, filled):
    form = {**filled(), "key": "other"}
    page = post("/verify", form)
    assert page.typed("token-text") == form["token"]
    assert page.typed("payload-text").replace("\n", "\r\n") == form["payload"]
    assert tone(page) != "good"


@pytest.mark.parametrize("name", ["RS256", "ES256", "HS256", "EdDSA"])
def test_nothing_is_green_without_a_key(post, filled, name):
    for path in ("/decode", "/verify"):
        dom = post(path, {**filled(name), "key": ""}, HTMX)
        tones = [tone(dom)] + [one.get("data-tone") for one in dom.tag("p")]
        assert "good" not in tones
        # The example's secret is known to everybody, and found without being given.
        words = "Secret known to everybody" if name == "HS256" else "Signature not checked"
        assert words in dom.words("verdict")


def test_nothing_is_green_with_a_key_that_the_token_brought_along(api, post):
    own = api("keys", {"algorithm": "ES256"})
    token = api("encode", {"header": {"alg": "ES256", "jwk": own["public"]["jwk"]}, "payload": {}, "key": own["private"]["pem"]})["token"]
    assert tone(post("/decode", {"token": token, "key": ""}, HTMX)) != "good"


def test_the_same_words_on_the_page_and_in_the_api(api, post, make_token):
    token = make_token('{"iss":"i","exp":1}')
    answer = api("verify", {"token": token, "key": SECRET, "at": 1767225600, "expect": {"issuer": "j"}})
    dom = post("/verify", {"token": token, "key": SECRET, "at": "1767225600", "issuer": "j"}, HTMX)
    shown = dom.words("verdict")
    for check in answer["checks"]:
        assert check["because"] in shown
    for finding in answer["findings"]:
        assert finding["message"] in shown + post("/decode", {"token": token, "key": SECRET}, HTMX).words("findings")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"issuer": "https://issuer.example"}, None),
        ({"issuer": "  https://issuer.example  "}, None),
        ({"issuer": "https://other.example"}, "Wrong issuer"),
        ({"audience": "https://api.example"}, None),
        ({"audience": "x"}, "Wrong audience"),
        ({"type": "JWT"}, None),
        ({"type": "at+jwt"}, "Wrong type"),
        ({"algorithms": "ES256"}, None),
        ({"algorithms": "RS256, ES256"}, None),
        ({"algorithms": " RS256   ES256 "}, None),
        ({"algorithms": "RS256"}, "Algorithm not allowed"),
        ({"at": "2000-01-01T00:00:00Z"}, "Issued in the future"),
        ({"at": "2100-01-01"}, "Expired"),
        ({"at": "4102444800"}, "Expired"),
        ({"at": "4102444800.5"}, "Expired"),
        ({"at": "2100-01-01T00:00:00+02:00"}, "Expired"),
        ({"at": "4102444800", "leeway": "9999999999"}, None),
    ],
)
def test_an_expectation_is_read_and_judged(post, filled, fields, word):
    dom = post("/verify", {**filled("ES256"), **fields}, HTMX)
    assert not dom.words("notice")
    if word:
        assert word in dom.words("verdict")
    else:
        assert "Wrong" not in dom.words("verdict")
        assert not dom.words("verdict").partition("checks")[0].count("Expired")
        assert tone(dom) == "good"


@pytest.mark.parametrize("field", ["at", "leeway"])
@pytest.mark.parametrize(
    "text",
    ["now", "NaN", "Infinity", "-inf", "sNaN", "1_000", "٢٠٢٦", "2026-13-01", "2026-01-01T25:00", "0x10", "1e999999999", "1e400", "-5",
     "9" * 5000, "1e-999999999", "10000-01-01", "<script>", "\x00", "'", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"],
    ids=lambda text: repr(text[:20]),
)  # fmt: skip
def test_any_text_in_a_number_field_is_an_answer(post, filled, field, text):
    for path in NEVER:
        assert tone(post(path, {**filled("ES256"), field: text}, HTMX))
    assert post("/verify", {field: text}).typed(f"expect-{field}") == text.replace("\x00", "\ufffd")


@pytest.mark.parametrize("text", ["now", "NaN", "Infinity", "2026-13-01", "yesterday"])
@pytest.mark.parametrize(("field", "name"), [("at", "Valid at"), ("leeway", "Leeway")])
def test_a_number_that_cannot_be_read_is_said_so(post, filled, field, name, text):
    notice = post("/verify", {**filled(), field: text}, HTMX).words("notice")
    assert name in notice
    assert "is not read" in notice


@pytest.mark.parametrize("encoding", ["", "rot13", "AUTO", "<b>", "utf8 "])
def test_an_encoding_nobody_knows_is_automatic(post, filled, encoding):
    form = {**filled(), "key_encoding": encoding}
    assert tone(post("/verify", form, HTMX)) == "good"
    form["payload"] = '{"a":1}'
    dom = post("/encode", form, HTMX)
    assert tone(dom) == "good"
    assert payload_of(dom.typed("token-text")) == '{"a":1}'


# Examples ---------------------------------------------------------------------------------------------------------


def test_the_first_page_shows_a_verified_example(client):
    dom = client.get("/").dom
    assert tone(dom) == "good"
    assert dom.typed("key-text") == SECRET


def examples():
    from app.web.examples import MENU

    return [one.name for one in MENU]


UNVERIFIED = {
    "none": ("Unsecured", "bad"),
    "dir": ("Decrypted", "idle"),
    "RSA-OAEP-256": ("Decrypted", "idle"),
    "ECDH-ES": ("Decrypted", "idle"),
    "base64-secret": ("with the secret read as base64: 32 bytes, it matches", "bad"),
    "another-key": ("Key does not fit", "warn"),
}


@pytest.mark.parametrize("name", examples())
def test_every_example_of_the_menu_is_ready_with_its_key(api, client, name):
    dom = client.get("/", query_string={"example": name}).dom
    words = dom.words("verdict")
    if name in UNVERIFIED:
        verdict, color = UNVERIFIED[name]
        assert verdict in words
        assert tone(dom) == color
        return
    assert "Signature verified" in words
    assert tone(dom) == ("bad" if name in {"expired", "early"} else "good"), words
    answer = api("verify", {"token": dom.typed("token-text"), "key": dom.typed("key-text")})
    assert answer["signature"]["status"] == "verified"
    assert answer["accepted"] == (name not in {"expired", "early"})
    if name in ALGORITHMS:
        assert answer["signature"]["algorithm"] == name


def test_every_algorithm_has_its_example():
    assert set(ALGORITHMS) <= set(examples())


def test_the_menu_links_to_every_example_for_readers_without_javascript(client):
    links = {unquote(link.get("href", "")) for link in client.get("/").dom["examples"].iter("a")}
    assert links == {f"/?example={name}" for name in examples()}


def test_an_example_for_htmx_changes_every_pane(client):
    assert set(client.get("/?example=ES256", headers=HTMX).dom.panes) == ALL


@pytest.mark.parametrize("name", ["", "nothing", "hs256", "../HS256", "__class__", "<script>"])
def test_an_example_that_is_none_is_not_found(client, name):
    response = client.get("/", query_string={"example": name})
    assert response.status_code == 404
    assert escape(name) not in response.text or not name


def test_the_times_of_an_example_are_fresh(client):
    payload = json.loads(client.get("/?example=RS256").dom.typed("payload-text"))
    assert abs(payload["iat"] - time.time()) < 60
    assert payload["exp"] > time.time()


def test_the_key_of_the_example_is_not_blamed_on_another_token(post, api, filled):
    """The well-known site answers "invalid signature" against the example's secret."""
    other = api("encode", {"header": {"alg": "HS256"}, "payload": {}, "key": "quite another secret of some length"})["token"]
    dom = post("/decode", {**filled(), "token": other}, HTMX)
    assert "not checked" in dom.words("verdict")
    assert "example" in dom.words("verdict")


# Buttons ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["form", "htmx"])
def test_clear_empties_everything(post, filled, headers):
    dom = post("/decode", {**filled(), "clear": "1", "issuer": "i", "at": "5", "key_encoding": "hex"}, headers)
    if headers:
        assert set(dom.panes) == ALL
    for name in ("token-text", "header-text", "payload-text", "key-text", "expect-issuer", "expect-at"):
        assert dom.typed(name) == ""
    assert dom.typed("key-encoding") == "auto"
    assert "No token yet" in dom.words("verdict")


@pytest.mark.parametrize("name", ["HS256", "HS512", "RS256", "ES256", "ES512", "ES256K", "EdDSA", "Ed448", "ML-DSA-65"])
def test_generate_makes_a_key_that_fits_and_signs_with_it(post, filled, name):
    form = filled(name)
    dom = post("/encode", {**form, "generate": "1", "key_encoding": "hex"}, HTMX)
    assert "key" in dom.panes
    key = dom.typed("key-text")
    assert key
    assert key != form["key"].replace("\r\n", "\n")
    assert dom.typed("key-encoding") == "auto"
    assert tone(dom) == "good"
    assert dom.typed("token-text").split(".")[1] == form["token"].split(".")[1]
    again = post("/verify", {"token": dom.typed("token-text"), "key": key.replace("\n", "\r\n")})
    assert tone(again) == "good"


@pytest.mark.parametrize("header", ["", "{", '{"alg":"none"}', '{"alg":"HS257"}', '{"alg":5}', "[]"])
def test_generate_without_an_algorithm_keeps_the_key(post, header):
    page = post("/encode", {"header": header, "payload": "{}", "key": "mine", "generate": "1"})
    assert page.typed("key-text") == "mine"


def test_the_buttons_are_those_of_a_plain_form(client):
    dom = client.get("/").dom
    form = dom["debugger"]
    assert (form.get("method"), form.get("action")) == ("post", "/verify")
    actions = {button.get("formaction") or "/verify" for button in form.iter("button") if button.get("type") != "button"}
    assert actions >= {"/decode", "/encode", "/verify"}


@pytest.mark.parametrize("path", ["/decode", "/encode", "/verify"])
def test_a_page_can_be_sent_on_and_on_without_javascript(post, filled, path):
    form = filled("ES256")
    for _ in range(3):
        page = post(path, form)
        assert tone(page) == "good"
        form = page.form
    assert payload_of(form["token"])


def test_every_request_of_a_pane_replaces_its_own_last_one(client):
    for element in client.get("/").dom.elements:
        if element.get("hx-post") and element.get("hx-trigger"):
            assert element.get("hx-sync") == "this:replace"
            assert element.get("hx-swap") == "none"
            assert "delay" not in element.get("hx-trigger")


@pytest.mark.parametrize("name", ["token", "header", "payload", "key", "algorithms", "issuer", "audience", "type", "at", "leeway"])
def test_no_field_is_remembered_corrected_or_translated_by_the_browser(client, name):
    field = next(one for one in client.get("/").dom.elements if one.get("name") == name)
    assert field.get("autocomplete") == "off"
    assert field.get("autocapitalize") == "off"
    assert field.get("spellcheck") == "false"
    assert field.get("translate") == "no"


def test_keys_are_typed_into_a_text_area(client):
    assert client.get("/").dom["key-text"].tag == "textarea"


@pytest.mark.parametrize(
    ("folded", "kept", "left_out"),
    [
        ("checks", {"claims", "parameters"}, {"checks"}),
        ("claims parameters", {"checks"}, {"claims", "parameters"}),
        ("checks claims parameters", set(), {"checks", "claims", "parameters"}),
        ("", {"checks", "claims", "parameters"}, set()),
        ("<b> nothing verdict", {"checks", "claims", "parameters"}, set()),
    ],
)
def test_what_is_folded_away_is_not_sent_and_the_verdict_always_is(post, filled, folded, kept, left_out):
    dom = post("/decode", {**filled(), "folded": folded}, HTMX)
    words = {"checks": "Three parts", "claims": "John Doe", "parameters": "HS256"}
    for name in kept:
        assert words[name] in dom.words(name)
    for name in left_out:
        assert words[name] not in dom.words(name)
    assert "Signature verified" in dom.words("verdict")
    assert "checks" in dom.words("verdict")


# Addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/decode", "/encode", "/verify"])
@pytest.mark.parametrize("token", ["a.b.c", "", "a#b&c=d e%", "é\r\nX: y", "x" * 3000, "//evil.test"])
def test_a_token_in_the_query_is_moved_behind_the_fragment(client, path, token):
    response = client.get(path, query_string={"token": token, "other": "1"})
    assert response.status_code == 303
    address, _, fragment = response.headers["Location"].partition("#")
    assert address == "/?moved=1"
    assert unquote(fragment.removeprefix("token=")) == token
    assert "token=" not in address
    assert "\r" not in response.headers["Location"]


def test_a_moved_token_comes_with_a_note(client):
    assert "?token=" in client.get("/?moved=1").dom.words("notice")


@pytest.mark.parametrize("name", ["key", "secret"])
@pytest.mark.parametrize("path", ["/", "/decode", "/encode", "/verify"])
def test_a_key_in_the_query_is_refused_and_not_repeated(client, path, name):
    response = client.get(path, query_string={name: "canary-1234567890"})
    assert response.status_code == 400
    assert "canary" not in response.text
    assert "canary" not in str(response.headers)
    assert "never travel" in response.text


def test_a_key_beside_a_token_in_the_query_is_not_sent_on(client):
    response = client.get("/", query_string={"token": "a.b.c", "key": "canary-1234567890"})
    assert response.status_code in {303, 400}
    assert "canary" not in response.text + str(response.headers)


@pytest.mark.parametrize("path", ["/decode", "/encode", "/verify"])
def test_what_a_form_reads_is_not_taken_from_the_query(client, path):
    response = client.post(path, query_string={"key": "canary", "token": "canary.canary.canary"}, data={"header": "{}"})
    assert "canary" not in response.text


# Theme ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark", "system"])
def test_a_theme_is_remembered_in_the_only_cookie_and_nothing_typed_is_lost(client, filled, theme):
    form = {**filled("ES256"), "issuer": "i", "payload": '{"edited": 1}'}
    response = client.post("/theme", data={**form, "theme": theme})
    assert response.status_code == 200
    assert response.dom.tag("html")[0].get("data-theme") == theme
    assert form.items() <= response.dom.form.items()
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith(f"theme={theme};")
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    page = client.get("/").dom
    assert page.tag("html")[0].get("data-theme") == theme
    pressed = [button.get("value") for button in page.tag("button") if button.get("aria-pressed") == "true"]
    assert pressed == [theme]
    assert client.get("/trust").dom.tag("html")[0].get("data-theme") == theme


@pytest.mark.parametrize("theme", ["", "blue", "<script>", "dark; Domain=evil.test", "dark\r\nX: y"])
def test_a_theme_nobody_knows_is_that_of_the_system(client, theme):
    response = client.post("/theme", data={"theme": theme})
    assert response.headers["Set-Cookie"].startswith("theme=system;")


@pytest.mark.parametrize("cookie", ["blue", "<script>", "", "dark dark", '"'])
def test_a_cookie_nobody_set_is_passed_over(client, cookie):
    client.set_cookie("theme", cookie)
    assert client.get("/").dom.tag("html")[0].get("data-theme") == "system"


@pytest.mark.parametrize(("page", "location"), [("/trust", "/trust"), ("//evil.test", None), ("https://evil.test", None), ("", None)])
def test_the_theme_leads_back_to_pages_of_ours_only(client, page, location):
    assert client.post("/theme", data={"theme": "dark", "page": page}).headers.get("Location") == location


def test_no_other_answer_sets_a_cookie(client, filled):
    for path in ("/", "/trust", "/healthz", "/nowhere"):
        assert "Set-Cookie" not in client.get(path).headers
    for path in NEVER:
        assert "Set-Cookie" not in client.post(path, data=filled()).headers


# Other doors ------------------------------------------------------------------------------------------------------


def test_the_page_says_where_the_token_goes_and_links_to_the_trust_page(client):
    dom = client.get("/").dom
    assert "this jwtlens server" in dom.words("key-goes")
    assert [link.get("href") for link in dom["key-goes"].iter("a")] == ["/trust"]
    assert client.get("/trust").status_code == 200


def test_healthz_is_ok(client):
    response = client.get("/healthz")
    assert (response.status_code, response.text) == (200, "ok")


@pytest.mark.parametrize("path", ["/", "/trust"])
def test_every_link_of_a_page_leads_somewhere(client, path):
    for link in client.get(path).dom.tag("a"):
        href = link.get("href")
        if href.startswith("/"):
            assert client.get(href).status_code == 200
        elif href.startswith("#"):
            assert href[1:] in client.get(path).dom
        else:
            assert href.startswith("https://")
