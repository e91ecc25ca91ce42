"""A hurried reader: what is wrong and what to do stand in the verdict and on top of the findings, each said once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import tokens

CASES = {
    case["id"]: case for case in json.loads((Path(__file__).parents[1] / "vectors" / "failure-classes.json").read_text("utf-8"))["cases"]
}
NOW = 1767225600
KEY = "a key that no example has, of 40 octets."
GOOD = {"iss": "https://idp.example", "aud": "api://orders", "iat": NOW - 600, "exp": NOW + 600}


@pytest.fixture
def seen(client):
    """What a person sees of a token: the verdict in words, and the rows of the findings with their levels and buttons."""

    def see(token, key=KEY, **fields):
        dom = client.post("/verify", data={"token": token, "key": key, "at": str(NOW), "folded": "checks", **fields}).dom
        rows = [one for one in dom.elements if one.tag == "li" and one.get("data-level")]
        told = [(one.get("data-level"), " ".join("".join(one.itertext()).split())) for one in rows]
        return dom.words("verdict"), told, rows

    return see


def test_an_expired_token_is_told_with_what_to_do_and_a_button(seen, make_token):
    verdict, told, rows = seen(make_token({**GOOD, "exp": NOW - 30}, key=KEY))
    assert "Expired 30 s ago" in verdict
    ((level, words),) = told
    assert level == "error"
    assert "a leeway of 1 min would accept it. Get a new token from its issuer." in words
    assert "Allow 60 s of leeway" in words
    assert (rows[0].get("data-line"), rows[0].get("data-width")) == ("5", "10")


def test_two_refused_expectations_are_both_told(seen, make_token):
    verdict, told, rows = seen(make_token(GOOD, key=KEY), issuer="https://idp.example/", audience="api://orders/")
    assert "Wrong issuer, and wrong audience" in verdict
    assert "They differ by the slash at the end." in verdict
    assert [level for level, _ in told] == ["error", "error"]
    assert "Expect the issuer of the token" in told[0][1]
    assert "Expect the audience of the token" in told[1][1]
    assert [one.get("data-line") for one in rows] == ["2", "3"]


def test_the_verdict_names_the_damage_and_it_comes_before_what_else_is_refused(seen):
    case = CASES["envelope/en dash for hyphen"]
    verdict, told, _ = seen(case["token"], case["key"], at=str(NOW + 10**7))
    assert "Signature does not match The signature has U+2013 EN DASH at offset 101" in verdict
    assert [words.split(" ")[1] for _, words in told] == ["The", "Expired"]
    assert not any("HMAC" in words for _, words in told)


@pytest.mark.parametrize("name", ["signature/ECDSA DER", "signature/alg confusion (HS256, PEM)", "envelope/truncated (ellipsis)"])
def test_one_cause_is_told_once(seen, name):
    case = CASES[name]
    _, told, _ = seen(case["token"], case["key"])
    assert [level for level, _ in told].count("error") == 1


def test_a_key_in_the_token_box_is_named_in_the_verdict(seen):
    verdict, _, _ = seen("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "")
    assert "Not a token It is a key in PEM; it belongs in the key box." in verdict


def test_the_example_key_accuses_nobodys_token(seen, make_token):
    verdict, told, _ = seen(make_token(GOOD, key=KEY), "a-string-secret-at-least-256-bits-long")
    assert "The key box still holds the example's key" in verdict
    assert told == []


def test_broken_rules_of_a_recognised_profile_are_a_warning(seen, make_token):
    verdict, told, _ = seen(make_token({**GOOD, "sub": "s"}, {"alg": "HS256", "typ": "at+jwt"}, key=KEY))
    assert "1 warning" in verdict
    assert [(level, "client_id" in words) for level, words in told] == [("warning", True)]


def test_a_token_in_a_claim_is_offered_once(seen, make_token):
    _, told, _ = seen(make_token({**GOOD, "inner": make_token(key=KEY)}, key=KEY))
    assert len([words for _, words in told if "inner" in words]) == 1


@pytest.mark.parametrize("name", [name for name in CASES if name != "envelope/empty input"])
def test_the_verdict_stays_brief(client, name):
    case = CASES[name]
    dom = client.post("/verify", data={"token": case["token"], "key": case["key"], "at": str(case["now"]), "folded": "checks"}).dom
    for one in (one for one in dom.elements if one.get("class") == "statement"):
        assert len(" ".join("".join(one.itertext()).split())) <= 220


def test_a_place_is_told_as_the_pane_shows_it(seen, make_token):
    _, told, rows = seen(make_token({"sub": "s", "exp": (NOW + 600) * 1000}, key=KEY))
    (words,) = [words for _, words in told if "milliseconds" in words]
    assert "line 3, column 10" in words
    assert rows[0].get("data-line") == "3"


def test_a_har_names_the_header_of_its_token(make_token):
    token = make_token()
    har = {"log": {"entries": [{"request": {"headers": [{"name": "authorization", "value": f"Bearer {token}"}]}}]}}
    (taken,) = [one for one in tokens.decode(json.dumps(har)).findings if one.code == "token_taken"]
    assert 'The token in "authorization" was taken out of the HAR' in taken.message
