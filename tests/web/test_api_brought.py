"""POST /api/v1/verify: keys that the token itself brought are shown, and tried only when asked for."""

import json

import pytest

AT = 1767225600


@pytest.fixture
def own(api):
    return api("keys", {"algorithm": "ES256"})


@pytest.fixture
def token(api, own):
    jwk = own["public"]["jwk"]
    return api("encode", {"header": {"alg": "ES256", "jwk": jwk}, "payload": {"exp": AT + 60}, "key": own["private"]["pem"]})["token"]


def test_a_token_without_keys_has_no_such_member(api, make_token):
    for check in (False, True, None):
        assert "brought" not in api("verify", {"token": make_token(), "key": "", "check_brought": check})


def test_it_is_shown_and_not_tried_unless_asked_for(api, token, own):
    answer = api("verify", {"token": token, "key": "", "at": AT})
    (one,) = answer["brought"]
    assert set(one) == {"parameter", "what", "spec", "signs", "key"}
    assert (one["parameter"], one["signs"], one["spec"]) == ("jwk", True, "RFC 7515 §4.1.3")
    assert (one["key"]["name"], one["key"]["private"]) == ("EC public key on P-256", False)
    assert one["key"]["thumbprint"] == own["public"]["jwk"]["kid"]


def test_a_match_is_no_verdict(api, token):
    answer = api("verify", {"token": token, "key": "", "at": AT, "check_brought": True})
    (one,) = answer["brought"]
    assert one["matches"] is True
    assert "proves only that whoever wrote the token holds that key" in one["because"]
    assert (answer["signature"]["status"], answer["signature"]["matches"], answer["accepted"]) == ("not_checked", None, False)


def test_an_altered_token_does_not_match(api, token):
    header, _, signature = token.split(".")
    answer = api("verify", {"token": f"{header}.e30.{signature}", "key": "", "check_brought": True})
    assert answer["brought"][0]["matches"] is False


def test_an_address_is_never_fetched(api, make_token):
    token = make_token(header={"alg": "HS256", "jku": "http://192.0.2.1/jwks.json"})
    (one,) = api("verify", {"token": token, "key": "", "check_brought": True})["brought"]
    assert (one["url"], one["host"], one["matches"]) == ("http://192.0.2.1/jwks.json", "192.0.2.1", None)
    assert "nothing is fetched" in one["because"]


def test_nothing_of_a_private_key_is_told_beyond_the_header(client, api, own):
    made = {"header": {"alg": "ES256", "jwk": own["private"]["jwk"]}, "payload": {}, "key": own["private"]["pem"]}
    answer = api("verify", {"token": api("encode", made)["token"], "key": "", "check_brought": True})
    assert own["private"]["jwk"]["d"] not in json.dumps({name: answer[name] for name in ("brought", "findings", "checks", "signature")})


@pytest.mark.parametrize("value", [1, "true", [], {}])
def test_the_wish_must_be_a_boolean(api, make_token, value):
    error = api("verify", {"token": make_token(), "key": "", "check_brought": value}, 422)["error"]
    assert error["code"] == "member_type"
