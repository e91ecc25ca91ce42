"""The HTTP API makes SD-JWTs: the issuer's token, and the holder's choice of what to show of it."""

import json
from typing import Any

import pytest

from tests.tokens.keyring import private, private_jwk, public_jwk

SECRET = "a-string-secret-at-least-256-bits-long"
AT = 1_800_000_000
CLAIMS = {
    "iss": "https://issuer.example",
    "exp": 4_000_000_000,
    "name": "Ann",
    "address": {"city": "Ulm", "zip": "1"},
    "langs": ["de", "en"],
}
ISSUE: dict[str, Any] = {
    "header": {"alg": "HS256", "typ": "example+sd-jwt"},
    "claims": CLAIMS,
    "disclosable": [["name"], ["address"], ["address", "city"], ["langs", 1]],
    "key": SECRET,
}
HOLDER = public_jwk(private("ES256"))
BIND = {"key": private_jwk(private("ES256")), "audience": "https://verifier.example", "nonce": "n-1"}


def issued(api, **more):
    return api("sd-jwt/issue", ISSUE | more)["token"]


def judged(api, token, **more):
    return api("verify", {"token": token, "key": SECRET, "at": AT} | more)


def test_what_is_issued_is_verified_and_says_the_same(api):
    answer = api("sd-jwt/issue", ISSUE)
    assert list(answer) == ["token", "findings"]
    assert "sd_jwt" in {one["code"] for one in answer["findings"]}
    told = judged(api, answer["token"])
    assert (told["signature"]["status"], told["accepted"], told["disclosed"]) == ("verified", True, CLAIMS)
    assert sorted(map(json.dumps, (one["path"] for one in told["disclosures"]))) == sorted(map(json.dumps, ISSUE["disclosable"]))
    assert told["undisclosed"] == 0


def test_numbers_of_the_claims_stay_as_written(api, client):
    body = json.dumps(ISSUE | {"disclosable": [["n"]]}).replace(json.dumps(CLAIMS), '{"n": 1.10, "m": 1e2}')
    token = client.post("/api/v1/sd-jwt/issue", data=body, content_type="application/json").read["token"]
    answer = client.post("/api/v1/decode", data=json.dumps({"token": token}), content_type="application/json")
    assert '"n":1.10' in answer.text.replace(" ", "")
    assert '"m":1e2' in answer.text.replace(" ", "")


def test_hash_decoys_and_holder_are_the_callers(api):
    told = judged(api, issued(api, hash="sha3-512", decoys=3, holder=HOLDER))
    assert (told["payload"]["_sd_alg"], told["undisclosed"], told["disclosed"]["cnf"]) == ("sha3-512", 3, {"jwk": HOLDER})
    assert judged(api, issued(api, holder=json.dumps(HOLDER)))["disclosed"]["cnf"] == {"jwk": HOLDER}


def test_a_holder_shows_what_it_chooses_and_what_that_lies_in(api):
    token = issued(api)
    rows = judged(api, token)["disclosures"]
    city = next(one["index"] for one in rows if one["path"] == ["address", "city"])
    assert judged(api, api("sd-jwt/present", {"token": token, "keep": [city]})["token"])["disclosed"] == {
        "iss": "https://issuer.example",
        "exp": 4_000_000_000,
        "address": {"city": "Ulm", "zip": "1"},
        "langs": ["de"],
    }
    nothing = api("sd-jwt/present", {"token": token, "keep": []})["token"]
    assert nothing == token.partition("~")[0] + "~"


def test_a_holder_binds_what_it_shows(api):
    token = issued(api, holder=HOLDER)
    made = api("sd-jwt/present", {"token": token, "keep": [0], "at": AT} | BIND)["token"]
    told = judged(api, made, expect={"audience": BIND["audience"], "nonce": BIND["nonce"]})
    assert (told["key_binding"]["status"], told["accepted"], told["key_binding"]["payload"]["iat"]) == ("verified", True, AT)
    again = api("sd-jwt/present", {"token": made, "keep": [0]})["token"]
    assert again.endswith("~")


@pytest.mark.parametrize(
    ("code", "action", "body"),
    [
        pytest.param("member_missing", "issue", {"disclosable": ...}, id="no paths"),
        pytest.param("member_missing", "issue", {"key": ...}, id="no key member"),
        pytest.param("member_type", "issue", {"disclosable": "name"}, id="a name as paths"),
        pytest.param("member_type", "issue", {"disclosable": ["name"]}, id="a name as path"),
        pytest.param("member_type", "issue", {"disclosable": [[]]}, id="an empty path"),
        pytest.param("member_type", "issue", {"disclosable": [["langs", True]]}, id="true as a step"),
        pytest.param("member_type", "issue", {"disclosable": [["langs", 1.0]]}, id="a real number as a step"),
        pytest.param("path_unknown", "issue", {"disclosable": [["langs", 2]]}, id="a path to nowhere"),
        pytest.param("path_unknown", "issue", {"disclosable": [["langs", -1]]}, id="a step before the first"),
        pytest.param("claims_not_an_object", "issue", {"claims": "[]"}, id="an array as claims"),
        pytest.param("hash_unknown", "issue", {"hash": "md5"}, id="md5"),
        pytest.param("member_type", "issue", {"decoys": 101}, id="one decoy too many"),
        pytest.param("member_type", "issue", {"decoys": -1}, id="decoys below 0"),
        pytest.param("member_type", "issue", {"decoys": True}, id="true as decoys"),
        pytest.param("holder_unreadable", "issue", {"holder": "secret"}, id="a secret as holder"),
        pytest.param("member_type", "issue", {"holder": 1}, id="a number as holder"),
        pytest.param("key_missing", "issue", {"key": ""}, id="an empty key"),
        pytest.param("member_missing", "present", {"keep": ...}, id="nothing chosen"),
        pytest.param("member_type", "present", {"keep": [0.5]}, id="half a number"),
        pytest.param("member_type", "present", {"keep": [False]}, id="false as a number"),
        pytest.param("disclosure_unknown", "present", {"keep": [4]}, id="past the last"),
        pytest.param("no_sd_jwt", "present", {"token": "a.b.c"}, id="no SD-JWT"),
        pytest.param("member_missing", "present", {"key": BIND["key"], "nonce": "n"}, id="no audience"),
        pytest.param("member_missing", "present", {"key": BIND["key"], "audience": "a"}, id="no nonce"),
        pytest.param("key_not_the_holders", "present", BIND | {"key": private_jwk(private("ES256", 1))}, id="a key of somebody else"),
        pytest.param("key_cannot_sign", "present", BIND | {"key": HOLDER}, id="a public key"),
        pytest.param("key_unreadable", "present", BIND | {"key": "-----BEGIN PRIVATE KEY-----"}, id="a damaged key"),
    ],
)
def test_what_cannot_be_made_says_why(api, code, action, body):
    whole = ISSUE if action == "issue" else {"token": issued(api, holder=HOLDER), "keep": []}
    sent = {name: value for name, value in (whole | body).items() if value is not ...}
    assert api(f"sd-jwt/{action}", sent, 422)["error"]["code"] == code


def test_the_bounds_are_where_they_are_said_to_be(api):
    many = {"header": {"alg": "HS256"}, "claims": {f"c{n}": n for n in range(1001)}, "key": SECRET, "decoys": 100}
    token = api("sd-jwt/issue", many | {"disclosable": [[f"c{n}"] for n in range(1000)]})["token"]
    told = api("decode", {"token": token})
    assert (len(told["disclosures"]), told["undisclosed"], len(told["disclosed"])) == (1000, 100, 1001)
    assert api("sd-jwt/present", {"token": token, "keep": list(range(1000))})["token"] == token
    for action, body in (
        ("issue", many | {"disclosable": [[f"c{n}"] for n in range(1001)]}),
        ("present", {"token": token, "keep": [0] * 1001}),
    ):
        assert api(f"sd-jwt/{action}", body, 422)["error"]["code"] == "too_many"


def test_no_refusal_repeats_what_was_sent(api):
    for body in (
        {"claims": {"_sd": "my-secret-claim"}},
        {"disclosable": [["my-secret-claim"]]},
        {"holder": "my-secret-claim"},
        {"hash": "my-secret-claim"},
    ):
        assert "my-secret-claim" not in json.dumps(api("sd-jwt/issue", ISSUE | body, 422))
