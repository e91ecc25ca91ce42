"""POST /api/v1/verify: one report, and nothing called verified that a strict verifier refuses."""

import base64
import hmac
import json
import zlib
from pathlib import Path

import pytest

CASES = {
    case["id"]: case for case in json.loads((Path(__file__).parents[1] / "vectors" / "failure-classes.json").read_text("utf-8"))["cases"]
}
SECRET = "a-string-secret-at-least-256-bits-long"
AT = 1767225600
REPORT = [
    "kind", "serialization", "header", "payload", "payload_text", "findings", "signature", "decryption", "accepted", "checks",
]  # fmt: skip
ADDED = {"brought", "signatures", "disclosed", "disclosures", "undisclosed", "key_binding", "nested"}
"""What is there only for tokens that have such things."""
CHECKS = ["form", "header", "algorithm", "key", "signature", "claims", "exp", "nbf", "iat", "iss", "aud", "typ", "profile"]

# What a strict verifier takes: the fault is in the claims, in bytes that a signature does not judge, in how the key is
# spelt, or in packaging that is no part of the token. Everything else of the catalogue must not be called verified.
SOUND_SIGNATURE = {
    "envelope/Bearer prefix", "envelope/double quotes", "key/JWK with padding",
    "envelope/JSON serialization",  # a JWS may be written so (RFC 7515 §7.2); a JWT must be compact, so that it is not accepted
    "json/invalid UTF-8", "json/BOM", "json/trailing comma", "json/single quotes", "json/duplicate claim",
    "json/payload is an array", "json/payload is not JSON", "json/NaN", "json/integer > 2^53", "json/lone surrogate",
    "json/5000-digit integer", "json/empty payload", "json/nesting 100000", "header/kid injection", "header/jku",
    "header/type instead of typ", "key/private key to verify", "key/PEM with \\n escapes", "claims/exp a string",
    "claims/exp in ms", "claims/exp past", "claims/nbf future", "claims/iat future", "claims/exp missing", "claims/exp null",
    "claims/aud array", "claims/aud number", "claims/far future exp",
}  # fmt: skip
# Of those, what every check also lets pass.
ACCEPTED = {
    "envelope/Bearer prefix", "envelope/double quotes", "key/JWK with padding",
    "json/integer > 2^53", "header/kid injection", "header/jku",
    "header/type instead of typ", "key/private key to verify", "key/PEM with \\n escapes", "claims/exp in ms", "claims/iat future",
    "claims/exp missing", "claims/aud array", "claims/far future exp",
}  # fmt: skip

# Sound to some receivers and not to others.
EITHER = {"json/lone surrogate", "json/5000-digit integer"}


def token_of(case, make_token):
    if case["token"] is not None:
        return case["token"]
    # Too long for a file: built from the description, smaller, so that it fits into a request.
    if case["id"] == "json/nesting 100000":
        return make_token('{"a":' * 20_000 + "1" + "}" * 20_000, key=case["key"])
    deflate = zlib.compressobj(9, wbits=-15)
    bomb = deflate.compress(b"0" * 50_000_000) + deflate.flush()
    parts = [b'{"alg":"dir","enc":"A128GCM","zip":"DEF"}', b"", b"\0" * 12, bomb, b"\0" * 16]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def check_report(answer):
    assert [name for name in answer if name not in ADDED] == REPORT
    signature = answer["signature"]
    assert {"status", "algorithm", "key", "because"} <= set(signature)
    assert signature["status"] in {"verified", "invalid", "unsecured", "not_checked"}
    assert isinstance(signature["because"], str)
    assert signature["because"].endswith((".", "?"))
    assert signature["algorithm"] is None or isinstance(signature["algorithm"], str)
    assert signature["key"] is None or isinstance(signature["key"], dict)
    if answer["kind"] == "JWE":
        assert answer["decryption"]["status"] in {"decrypted", "failed", "not_tried"}
        assert answer["decryption"]["because"].endswith((".", "?"))
    else:
        assert answer["decryption"] is None
    assert isinstance(answer["accepted"], bool)
    names = [check["name"] for check in answer["checks"]]
    assert ("decryption" in names) == (answer["kind"] == "JWE")
    assert ("key_binding" in names) == (answer["kind"] == "SD-JWT")
    assert [name for name in names if not name.startswith("profile.") and name not in ("decryption", "key_binding")] == CHECKS
    assert names[-1] == "profile"
    for check in answer["checks"]:
        assert set(check) - {"repairs"} == {"name", "outcome", "because", "spec"}
        assert check["outcome"] in {"passed", "failed", "warned", "not_checked"}
        assert check["because"].endswith((".", "?"))
        assert check["spec"] is None or isinstance(check["spec"], str)
    failed = [check["name"] for check in answer["checks"] if check["outcome"] == "failed"]
    if answer["accepted"]:
        assert signature["status"] == "verified"
        assert not failed
    if signature["status"] == "verified":
        assert "signature" not in failed


def check(answer, name):
    return next(one for one in answer["checks"] if one["name"] == name)


def test_it_answers_with_the_members_of_the_contract_in_their_order(api, make_token):
    answer = api("verify", {"token": make_token('{"sub":"1","exp":1767229200}'), "key": SECRET, "at": AT})
    check_report(answer)
    assert answer["signature"]["status"] == "verified"
    assert answer["signature"]["algorithm"] == "HS256"
    assert answer["accepted"] is True
    assert answer["payload"] == {"sub": "1", "exp": 1767229200}


def test_token_and_key_suffice(api, make_token):
    check_report(api("verify", {"token": make_token(), "key": SECRET}))


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case["id"])
def test_a_failure_class_is_never_verified_where_it_must_not_be(api, make_token, case):
    answer = api("verify", {"token": token_of(case, make_token), "key": case["key"], "at": case["now"]})
    check_report(answer)
    assert (answer["signature"]["status"] == "verified") == (case["id"] in SOUND_SIGNATURE), answer["signature"]["because"]
    assert answer["accepted"] == (case["id"] in ACCEPTED) or case["id"] in EITHER, [
        one for one in answer["checks"] if one["outcome"] == "failed"
    ]
    if not answer["accepted"]:
        assert answer["findings"] or any(one["outcome"] in {"failed", "warned"} for one in answer["checks"]), "nothing is said"


@pytest.mark.parametrize("key_as", ["object", "text"])
def test_a_jwk_may_be_given_as_an_object_or_as_text(api, make_token, key_as):
    jwk = {"kty": "oct", "k": "YS1zdHJpbmctc2VjcmV0LWF0LWxlYXN0LTI1Ni1iaXRzLWxvbmc"}
    answer = api("verify", {"token": make_token(), "key": jwk if key_as == "object" else json.dumps(jwk)})
    assert answer["signature"]["status"] == "verified"


def test_a_key_set_may_be_given_as_an_object(api, make_token):
    jwk = {"kty": "oct", "k": "YS1zdHJpbmctc2VjcmV0LWF0LWxlYXN0LTI1Ni1iaXRzLWxvbmc"}
    answer = api("verify", {"token": make_token(), "key": {"keys": [{"kty": "oct", "k": "AAAA"}, jwk]}})
    assert answer["signature"]["status"] == "verified"


@pytest.mark.parametrize(
    ("encoding", "key"),
    [
        ("auto", SECRET),
        ("utf8", SECRET),
        ("base64", "YS1zdHJpbmctc2VjcmV0LWF0LWxlYXN0LTI1Ni1iaXRzLWxvbmc="),
        ("base64url", "YS1zdHJpbmctc2VjcmV0LWF0LWxlYXN0LTI1Ni1iaXRzLWxvbmc"),
        ("hex", SECRET.encode().hex()),
    ],
)
def test_a_secret_is_read_as_it_is_told(api, make_token, encoding, key):
    answer = api("verify", {"token": make_token(), "key": key, "key_encoding": encoding})
    assert answer["signature"]["status"] == "verified"


def test_a_secret_is_utf8_text_when_nothing_is_told(api, make_token):
    key = "YS1zdHJpbmctc2VjcmV0LWF0LWxlYXN0LTI1Ni1iaXRzLWxvbmc"
    assert api("verify", {"token": make_token(key=key), "key": key})["signature"]["status"] == "verified"
    assert api("verify", {"token": make_token(), "key": key})["signature"]["status"] == "invalid"


def test_the_summary_of_the_key_holds_no_secret(api, client):
    for algorithm in ("HS256", "ES256", "Ed25519", "ML-DSA-44"):
        made = api("keys", {"algorithm": algorithm})
        pair = made.get("private") or made["secret"]
        token = api("encode", {"header": {"alg": algorithm}, "payload": {"a": 1}, "key": pair["jwk"]})["token"]
        text = client.post("/api/v1/verify", json={"token": token, "key": pair["jwk"]}).text
        assert '"verified"' in text
        for name in ("k", "d", "priv", "p", "q", "dp", "dq", "qi"):
            assert pair["jwk"].get(name, "\0") not in text
        assert pair.get("text", "\0") not in text


@pytest.mark.parametrize(
    ("payload", "at", "leeway", "accepted"),
    [
        ('{"exp":100}', 99, 0, True),
        ('{"exp":100}', 100, 0, False),
        ('{"exp":100}', 100.5, 1, True),
        ('{"exp":100}', 101, 1, False),
        ('{"exp":100.5}', 100.25, 0, True),
        ('{"nbf":100}', 100, 0, True),
        ('{"nbf":100}', 99, 0, False),
        ('{"nbf":100}', 99, 1, True),
        ('{"exp":1e2}', 99, 0, True),
        ('{"exp":1e400}', AT, 0, True),
        ('{"exp":123456789012345678901234567890}', AT, 0, True),
        ('{"nbf":1e400}', AT, 0, False),
        ('{"exp":"100"}', 99, 0, False),
        ('{"exp":true}', 0, 0, False),
        ('{"exp":null}', 99, 0, False),
        ('{"exp":[100]}', 99, 0, False),
    ],
)
def test_times_are_judged_as_of_at_with_leeway(api, make_token, payload, at, leeway, accepted):
    answer = api("verify", {"token": make_token(payload), "key": SECRET, "at": at, "leeway": leeway})
    check_report(answer)
    assert answer["signature"]["status"] == "verified"
    assert answer["accepted"] is accepted


def test_without_at_the_clock_of_the_server_decides(api, make_token):
    assert api("verify", {"token": make_token('{"exp":1}'), "key": SECRET})["accepted"] is False
    assert api("verify", {"token": make_token('{"exp":9999999999}'), "key": SECRET})["accepted"] is True


@pytest.mark.parametrize("at", [0, -1, 1.5, 10**30, -(10**30)])
@pytest.mark.parametrize("payload", ['{"exp":1,"iat":1,"nbf":1}', '{"exp":1e400}', '{"iat":-1e400}', '{"exp":1e-400}'])
def test_no_time_is_too_far_away(api, make_token, at, payload):
    check_report(api("verify", {"token": make_token(payload), "key": SECRET, "at": at}))


@pytest.mark.parametrize("body", ['"at":1e400', '"at":1e999999999', '"leeway":1e400', '"at":-1e400', '"leeway":-5', '"at":' + "9" * 5000])
def test_a_number_of_any_size_is_an_answer_or_a_refusal(client, make_token, body):
    text = f'{{"token":{json.dumps(make_token())},"key":"x",{body}}}'
    response = client.post("/api/v1/verify", data=text, content_type="application/json")
    assert response.status_code in {200, 422}


@pytest.mark.parametrize(
    ("expect", "name", "outcome"),
    [
        ({"algorithms": ["HS256"]}, "algorithm", "passed"),
        ({"algorithms": ["RS256", "HS256"]}, "algorithm", "passed"),
        ({"algorithms": ["RS256"]}, "algorithm", "failed"),
        ({"algorithms": []}, "algorithm", "not_checked"),
        ({}, "algorithm", "not_checked"),
        ({"issuer": "https://i.example"}, "iss", "passed"),
        ({"issuer": "https://i.example/"}, "iss", "failed"),
        ({"audience": "a"}, "aud", "passed"),
        ({"audience": "b"}, "aud", "passed"),
        ({"audience": "c"}, "aud", "failed"),
        ({"type": "at+jwt"}, "typ", "passed"),
        ({"type": "application/at+jwt"}, "typ", "passed"),
        ({"type": "JWT"}, "typ", "failed"),
    ],
)
def test_what_is_expected_is_checked(api, make_token, expect, name, outcome):
    token = make_token('{"iss":"https://i.example","aud":["a","b"],"exp":9999999999}', '{"alg":"HS256","typ":"at+jwt"}')
    answer = api("verify", {"token": token, "key": SECRET, "expect": expect})
    check_report(answer)
    assert check(answer, name)["outcome"] == outcome
    assert answer["accepted"] == (outcome != "failed")


@pytest.mark.parametrize(
    "claims", ["{}", '{"iss":1,"aud":1}', '{"iss":null,"aud":null}', '{"iss":["i"],"aud":[]}', '{"iss":true,"aud":[true]}']
)
def test_what_is_expected_and_missing_is_not_accepted(api, make_token, claims):
    answer = api("verify", {"token": make_token(claims), "key": SECRET, "expect": {"issuer": "i", "audience": "true"}})
    assert check(answer, "iss")["outcome"] == "failed"
    assert check(answer, "aud")["outcome"] == "failed"
    assert not answer["accepted"]


@pytest.mark.parametrize("name", ["access-token", "at+jwt", "application/at+jwt"])
def test_the_rules_of_a_chosen_profile_are_checks(api, make_token, name):
    token = make_token('{"exp":9999999999,"iss":"i","sub":"s","aud":"a","iat":1,"jti":"j"}', header='{"alg":"HS256","typ":"at+jwt"}')
    answer = api("verify", {"token": token, "key": SECRET, "expect": {"profile": name}})
    check_report(answer)
    (wrong,) = [one for one in answer["checks"] if one["name"].startswith("profile.") and one["outcome"] != "passed"]
    assert (wrong["name"], wrong["outcome"], wrong["spec"]) == ("profile.client_id", "failed", "RFC 9068 §2.2")
    assert check(answer, "profile")["because"].startswith("Access token: 1 of 9 rules is broken. No client_id: ")
    assert not answer["accepted"]


def test_the_rules_of_a_recognised_profile_warn_and_can_be_switched_off(api, make_token):
    body = {"token": make_token('{"exp":9999999999}', header='{"alg":"HS256","typ":"at+jwt"}'), "key": SECRET}
    answer = api("verify", body)
    check_report(answer)
    assert check(answer, "profile")["outcome"] == check(answer, "profile.jti")["outcome"] == "warned"
    assert answer["accepted"]
    switched_off = api("verify", body | {"expect": {"profile": "none"}})
    assert [one["name"] for one in switched_off["checks"]] == CHECKS
    assert check(switched_off, "profile") == {
        "name": "profile",
        "outcome": "not_checked",
        "because": "No profile is checked, as you wish.",
        "spec": None,
    }


def test_an_unknown_profile_is_refused_with_the_names_there_are(api, make_token):
    for name in ("", "id_token", "ID token", "jwt"):
        error = api("verify", {"token": make_token(), "key": SECRET, "expect": {"profile": name}}, 422)["error"]
        assert error["code"] == "profile_unknown"
        assert error["hint"].startswith("Use one of id-token, access-token, logout-token, dpop-proof, ")
        assert error["hint"].endswith(", none.")


def test_what_the_request_had_is_compared_with_the_claims(api, make_token):
    token = make_token(
        '{"exp":9999999999,"nonce":"n-0S6_WzA2Mj","at_hash":"77QmUPtjPfzWtF2AnpK9RQ","htm":"POST","htu":"https://a.example/"}'
    )
    right = {
        "nonce": "n-0S6_WzA2Mj",
        "access_token": "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
        "htm": "POST",
        "htu": "https://A.example:443?x",
    }
    answer = api("verify", {"token": token, "key": SECRET, "expect": right})
    check_report(answer)
    for name in ("nonce", "at_hash", "htm", "htu"):
        assert check(answer, f"profile.{name}")["outcome"] == "passed"
    assert answer["accepted"]
    for name, rule in zip(right, ("nonce", "at_hash", "htm", "htu"), strict=True):
        wrong = api("verify", {"token": token, "key": SECRET, "expect": right | {name: "other"}})
        assert [one["name"] for one in wrong["checks"] if one["outcome"] == "failed"] == [f"profile.{rule}", "profile"]
        assert not wrong["accepted"]


def test_a_detached_payload_is_signed_content(api, make_token):
    header, payload, signature = make_token("content, not JSON").split(".")
    detached = f"{header}..{signature}"
    verified = api("verify", {"token": detached, "key": SECRET, "payload": "content, not JSON"})
    assert verified["signature"]["status"] == "verified"
    for other in ({"payload": "Content, not JSON"}, {"payload": ""}, {}):
        assert api("verify", {"token": detached, "key": SECRET, **other})["signature"]["status"] == "invalid"
    assert payload


def test_a_detached_payload_does_not_replace_one_that_is_there(api, make_token):
    token = make_token("one")
    told = api("verify", {"token": token, "key": SECRET, "payload": "two"})
    assert (told["signature"]["status"], told["accepted"]) == ("verified", False)
    assert "payload_not_detached" in [one["code"] for one in told["findings"]]
    same = api("verify", {"token": token, "key": SECRET, "payload": "one"})
    assert "payload_not_detached" not in [one["code"] for one in same["findings"]]
    header, _, signature = token.split(".")
    forged = f"{header}.dHdv.{signature}"
    assert api("verify", {"token": forged, "key": SECRET, "payload": "one"})["signature"]["status"] == "invalid"


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "HS256 ", "hs256", "HS0"])
@pytest.mark.parametrize("key", ["", SECRET])
def test_none_in_any_spelling_is_never_verified(api, raw_token, alg, key):
    for signature in ("", "c2ln"):
        answer = api("verify", {"token": raw_token(json.dumps({"alg": alg}), "{}", signature), "key": key})
        check_report(answer)
        assert answer["signature"]["status"] != "verified"
        assert not answer["accepted"]


@pytest.mark.parametrize("alg", ["null", "[]", '["HS256"]', "256", "true", '{"alg":"HS256"}', "1e400"])
def test_an_algorithm_that_is_no_string_is_never_verified(api, raw_token, alg):
    answer = api("verify", {"token": raw_token(f'{{"alg":{alg}}}', "{}"), "key": SECRET})
    check_report(answer)
    assert answer["signature"]["status"] == "not_checked"


def test_a_key_the_token_brought_along_is_not_used(api, make_token):
    own = api("keys", {"algorithm": "ES256"})
    token = api("encode", {"header": {"alg": "ES256", "jwk": own["public"]["jwk"]}, "payload": {}, "key": own["private"]["pem"]})["token"]
    for key in ("", api("keys", {"algorithm": "ES256"})["public"]["pem"]):
        assert api("verify", {"token": token, "key": key})["signature"]["status"] != "verified"


def test_a_public_key_is_never_a_secret(api, make_token):
    pem = api("keys", {"algorithm": "RS256"})["public"]["pem"]
    for key in (pem, pem.strip(), pem.replace("\n", "\r\n")):
        signed = make_token().rpartition(".")[0]
        mac = base64.urlsafe_b64encode(hmac.digest(key.encode(), signed.encode(), "sha256")).rstrip(b"=").decode()
        for sent in (key, pem):
            assert api("verify", {"token": f"{signed}.{mac}", "key": sent})["signature"]["status"] != "verified"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"key": 1}, "member_type", id="key a number"),
        pytest.param({"key": ["a"]}, "member_type", id="key an array"),
        pytest.param({"key": None}, None, id="key null"),
        pytest.param({"key_encoding": "base32"}, "key_encoding", id="unknown encoding"),
        pytest.param({"key_encoding": 1}, "member_type", id="encoding a number"),
        pytest.param({"at": "now"}, "member_type", id="at a string"),
        pytest.param({"at": True}, "member_type", id="at true"),
        pytest.param({"at": []}, "member_type", id="at an array"),
        pytest.param({"leeway": "5"}, "member_type", id="leeway a string"),
        pytest.param({"payload": {"a": 1}}, "member_type", id="payload an object"),
        pytest.param({"expect": []}, "member_type", id="expect an array"),
        pytest.param({"expect": "RS256"}, "member_type", id="expect a string"),
        pytest.param({"expect": {"algorithms": "RS256"}}, "member_type", id="algorithms a string"),
        pytest.param({"expect": {"algorithms": [1]}}, "member_type", id="algorithms of numbers"),
        pytest.param({"expect": {"algorithms": 5}}, "member_type", id="algorithms a number"),
        pytest.param({"expect": {"algorithms": True}}, "member_type", id="algorithms true"),
        pytest.param({"expect": {"algorithms": {"RS256": 1}}}, "member_type", id="algorithms an object"),
        pytest.param({"expect": {"algorithms": 0}}, "member_type", id="algorithms zero"),
        pytest.param({"expect": {"algorithms": ""}}, "member_type", id="algorithms empty text"),
        pytest.param({"expect": {"algorithms": False}}, "member_type", id="algorithms false"),
        pytest.param({"expect": {"issuer": 1}}, "member_type", id="issuer a number"),
        pytest.param({"expect": {"audience": ["a"]}}, "member_type", id="audience an array"),
        pytest.param({"expect": {"type": False}}, "member_type", id="type false"),
        pytest.param({"expect": {"profile": {}}}, "member_type", id="profile an object"),
        pytest.param({"expect": {"nonce": 1}}, "member_type", id="nonce a number"),
        pytest.param({"expect": {"access_token": ["a"]}}, "member_type", id="access token an array"),
        pytest.param({"expect": {"code": True}}, "member_type", id="code true"),
        pytest.param({"expect": {"method": "POST"}}, "member_unknown", id="method is called htm"),
    ],
)
def test_a_member_of_the_wrong_type_is_refused(api, make_token, change, code):
    error = api("verify", {"token": make_token(), "key": SECRET, **change}, 422)["error"]
    assert code is None or error["code"] == code


def test_a_missing_key_is_refused(api, make_token):
    assert api("verify", {"token": make_token()}, 422)["error"]["code"] == "member_missing"


@pytest.mark.parametrize(
    "key", ["", " ", "\n", "-----BEGIN PUBLIC KEY-----", "{", '{"kty":"RSA"}', '{"keys":[]}', "\x00", "https://i.example/jwks"]
)
def test_a_key_that_is_none_is_an_answer(api, make_token, key):
    check_report(api("verify", {"token": make_token(header='{"alg":"HS256"}'), "key": key}))
    other = make_token(header='{"alg":"HS256"}').split(".")
    rs = "eyJhbGciOiJSUzI1NiJ9"
    answer = api("verify", {"token": f"{rs}.{other[1]}.{other[2]}", "key": key})
    check_report(answer)
    assert answer["signature"]["status"] != "verified"


def test_numbers_leave_as_they_came(client, make_token):
    payload = '{"b":3.0,"a":1e400,"n":123456789012345678901234567890}'
    text = client.post("/api/v1/verify", json={"token": make_token(payload), "key": SECRET}).text
    assert f'"payload":{payload},' in text
