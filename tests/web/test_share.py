"""POST /share: a link without the signature unless asked for, claims masked, and a reader who is told so."""

import base64
import json
from urllib.parse import unquote, urlsplit

import pytest

from tests.cost import within

HTMX = {"HX-Request": "true"}
SECRET = "canary-secret-of-at-least-32-bytes-length"
MASK = "•••"


@pytest.fixture
def link(client):
    """The link that a form makes, taken apart: token, and what is said to be left out."""

    def make(**form):
        response = client.post("/share", data={"share": "1", **form}, headers=HTMX)
        assert response.status_code == 200
        assert response.dom.panes == ["share"]
        text = response.dom.typed("share-link")
        assert text.startswith("http://localhost/#token=")
        parts = [part.partition("=") for part in urlsplit(text).fragment.split("&")]
        return {name: value for name, _, value in parts}

    return make


def payload_of(token):
    part = unquote(token).split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


def test_the_signature_is_left_out_unless_asked_for(link, make_token):
    token = make_token('{"sub":"a"}')
    signed = token.rpartition(".")[0]
    assert link(token=token) == {"token": f"{signed}.", "without": "signature"}
    assert link(token=token, share_signature="1") == {"token": token}


def test_packaging_is_not_shared(link, make_token):
    token = make_token()
    for text in (
        f"Bearer {token}",
        f"curl -H 'Cookie: sid=secret' -H 'Authorization: Bearer {token}'",
        f' "{token}" ',
        f"{token[:20]}\n{token[20:]}",
    ):
        assert link(token=text, share_signature="1")["token"] == token


def test_a_masked_claim_is_hidden_and_takes_the_signature_along(link, make_token):
    token = make_token('{"sub":"alice", "email":"alice@a.example","n":1.0,"address":{"street":"x"}}')
    found = link(token=token, share_signature="1", mask=["email", "address"])
    assert payload_of(found["token"]) == f'{{"sub":"alice", "email":"{MASK}","n":1.0,"address":"{MASK}"}}'
    assert found["token"].endswith(".")
    assert found["without"] == "signature"
    assert found["masked"] == "email,address" or found["masked"] == "address,email"


def test_a_claim_that_stands_twice_is_masked_twice(link, raw_token):
    found = link(token=raw_token('{"alg":"HS256"}', '{"a":"first","a":"second"}'), mask="a")
    assert payload_of(found["token"]) == f'{{"a":"{MASK}","a":"{MASK}"}}'


@pytest.mark.parametrize("name", ["https://a.b/c,d", "a&masked=b", "%2C", "a=b", "é", " ", "<b>", "x" * 300])
def test_any_name_can_be_masked_and_is_told_to_the_reader(client, link, make_token, name):
    token = make_token(json.dumps({name: "hidden", "other": 1}, ensure_ascii=False))
    shown = client.post("/share", data={"token": token, "share": "1"}, headers=HTMX).dom
    (value,) = [box.get("value") for box in shown.tag("input") if box.get("name") == "mask" and box.get("value") != "other"]
    found = link(token=token, mask=value)
    assert "hidden" not in payload_of(found["token"])
    left_out = f"without={found['without']}&masked={found['masked']}"
    notice = client.post("/decode", data={"token": found["token"], "left_out": left_out}, headers=HTMX).dom["notice"]
    assert f"masked: {name[:200]}." in "".join(notice.itertext())


def test_the_key_is_no_part_of_a_link(client, make_token):
    text = client.post("/share", data={"token": make_token(key=SECRET), "key": SECRET, "share": "1"}, headers=HTMX).text
    assert SECRET not in text
    page = client.post("/share", data={"token": make_token(key=SECRET), "key": SECRET, "share": "1"})
    assert page.text.count(SECRET) == 1, "in the key box alone"
    assert SECRET not in page.dom.typed("share-link")


def test_without_scripts_the_page_has_the_panel(client, make_token):
    page = client.post("/share", data={"token": make_token(), "share": "1"}).dom
    assert page.whole
    assert page.typed("share-link").startswith("http://localhost/#token=")
    again = client.post("/decode", data={**page.form, "token": make_token('{"sub":"2"}')}).dom
    assert payload_of(again.typed("share-link")) == '{"sub":"2"}', "an open panel follows the token"
    assert "share-link" not in client.post("/share", data={**page.form, "unshare": "1"}).dom


def test_an_open_panel_follows_each_answer_and_a_closed_one_costs_nothing(client, make_token):
    form = {"token": make_token(), "header": '{"alg":"HS256"}', "payload": "{}", "key": SECRET}
    for path in ("/decode", "/encode", "/verify"):
        assert "share" not in client.post(path, data=form, headers=HTMX).dom.panes
        assert "share-link" in client.post(path, data={**form, "share": "1"}, headers=HTMX).dom
    assert "share" in client.get("/?example=RS256", headers=HTMX).dom.panes, "another token closes it"


@pytest.mark.parametrize("token", ["", "hello", "a b", "{}", "é"])
def test_what_is_no_token_is_not_shared(client, token):
    assert "share-link" not in client.post("/share", data={"token": token, "share": "1"}, headers=HTMX).dom


def test_an_encrypted_token_is_shared_whole(link):
    token = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA"
    assert link(token=token, mask="sub") == {"token": token}


def test_an_sd_jwt_keeps_its_disclosures_unless_claims_are_masked(link, make_token):
    disclosure = base64.urlsafe_b64encode(b'["salt","email","a@b.example"]').rstrip(b"=").decode()
    token = make_token('{"sub":"alice","_sd":[]}')
    signed = token.rpartition(".")[0]
    shown = f"{token}~{disclosure}~"
    assert unquote(link(token=shown, share_signature="1")["token"]) == shown
    assert unquote(link(token=shown)["token"]) == f"{signed}.~{disclosure}~"
    assert disclosure not in link(token=shown, mask="sub")["token"]


def test_a_json_serialization_is_shared_without_its_signature(link, make_token):
    header, payload, signature = make_token().split(".")
    token = json.dumps({"payload": payload, "protected": header, "signature": signature})
    assert link(token=token)["token"] == f"{header}.{payload}."
    assert signature in unquote(link(token=token, share_signature="1")["token"])


# The reader -------------------------------------------------------------------------------------------------------


@pytest.fixture
def read(client):
    def send(token, left_out, path="/decode", **form):
        return client.post(path, data={"token": token, "left_out": left_out, **form}, headers=HTMX).dom

    return send


@pytest.mark.parametrize("key", ["", SECRET])
def test_a_signature_that_was_left_out_is_no_alarm(read, make_token, key):
    token = make_token('{"sub":"a","exp":4000000000}', key=SECRET).rpartition(".")[0] + "."
    dom = read(token, "without=signature", key=key, at="1767225600")
    assert dom.words("notice") == "This token was shared without its signature."
    assert "Signature left out by who shared it" in dom.words("verdict")
    assert dom["verdict"].get("data-tone") == "idle"
    assert "The signature was left out by who shared this token." in dom.words("verdict")
    assert "stripped" not in dom.words("findings") + dom.words("verdict")
    assert "good" not in [one.get("data-tone") for one in dom.elements]


def test_masked_claims_are_told_and_judged_by_nobody(read, link, make_token):
    token = make_token('{"sub":"a","exp":1,"iat":2,"nbf":3,"aud":"x","iss":"y"}')
    found = link(token=token, mask=["exp", "iat", "nbf", "aud", "iss"])
    dom = read(found["token"], f"without=signature&masked={found['masked']}", issuer="i", audience="b")
    assert (
        dom.words("notice")
        == "This token was shared without its signature; masked: " + ", ".join(sorted(["exp", "iat", "nbf", "aud", "iss"])) + "."
    )
    assert dom["verdict"].get("data-tone") == "idle"
    assert "exp was masked by who shared this token." in dom.words("verdict")
    assert "is a string" not in dom.words("findings")
    assert "Wrong" not in dom.words("verdict")


def test_what_is_wrong_with_the_rest_is_said_still(read, make_token):
    token = make_token('{"sub":"a","exp":1}').rpartition(".")[0] + "."
    dom = read(token, "without=signature")
    assert "Expired" in dom.words("verdict")
    assert dom["verdict"].get("data-tone") == "bad"


@pytest.mark.parametrize(
    "left_out",
    [
        "without=signature&masked=sub",
        "without=signature",
        "masked=sub,exp",
        "masked=",
        "without=key",
        "=",
        "&&&",
        "masked=%ff%00,\x00",
        "x" * 9000,
    ],
)
def test_a_link_cannot_make_a_signed_token_look_otherwise(client, make_token, left_out):
    form = {"token": make_token('{"sub":"a","exp":4000000000}', key=SECRET), "key": SECRET, "at": "1767225600"}
    assert (
        client.post("/decode", data={**form, "left_out": left_out}, headers=HTMX).text
        == client.post("/decode", data=form, headers=HTMX).text
    )


def test_an_unsecured_token_stays_unsecured(read, raw_token):
    dom = read(raw_token('{"alg":"none"}', "{}", ""), "without=signature")
    assert "Unsecured" in dom.words("verdict")
    assert not dom.words("notice")


def test_a_claim_is_called_masked_only_if_it_is(read, raw_token):
    dom = read(raw_token('{"alg":"HS256"}', f'{{"exp":"soon","sub":"{MASK}"}}', ""), "masked=exp,sub,email")
    assert dom.words("notice") == "This token was shared with some claims masked: sub."
    assert "exp is a string" in dom.words("verdict")


def test_a_mask_that_is_signed_is_judged_like_any_value(read, make_token):
    dom = read(make_token({"exp": MASK}, key=SECRET), "without=signature&masked=exp", key=SECRET)
    assert not dom.words("notice")
    assert "exp is a string" in dom.words("verdict")
    assert dom["verdict"].get("data-tone") == "bad"


def test_what_is_signed_here_is_whole(read, make_token):
    token = make_token('{"sub":"a"}', key=SECRET).rpartition(".")[0] + "."
    dom = read(token, "without=signature", "/encode", header='{"alg":"HS256"}', payload='{"sub":"b"}', key=SECRET)
    assert "Signature verified" in dom.words("verdict")
    assert not dom.words("notice")


def test_sharing_again_says_what_was_left_out_before(link, make_token):
    first = link(token=make_token('{"sub":"a","email":"e"}'), mask="email")
    again = link(token=first["token"], left_out=f"without=signature&masked={first['masked']}", mask="sub")
    assert again["without"] == "signature"
    assert set(again["masked"].split(",")) == {"email", "sub"}


def test_the_report_knows_what_was_left_out(client, make_token):
    token = make_token('{"sub":"a"}').rpartition(".")[0] + "."
    text = client.post("/report", data={"token": token, "key": SECRET, "left_out": "without=signature", "as": "markdown"}).text
    assert "The signature was left out by who shared this token." in text


def test_a_name_in_the_notice_is_text(read, raw_token):
    name = "<img src=x onerror=alert(1)>"
    dom = read(raw_token('{"alg":"HS256"}', json.dumps({name: MASK}), ""), "masked=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    assert name in "".join(dom["notice"].itertext())
    assert not dom.tag("img")


def test_a_hostile_left_out_is_read_quickly(client, raw_token):
    token = raw_token('{"alg":"HS256"}', json.dumps({str(n): MASK for n in range(3000)}), "")
    sent = {"token": token, "left_out": "masked=" + ",".join(map(str, range(40_000)))}
    within(3, lambda: client.post("/decode", data=sent, headers=HTMX))
