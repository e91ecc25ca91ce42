"""POST /api/v1/encode: what is signed is what was written."""

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SECRET = "a-string-secret-at-least-256-bits-long"


def segments(token):
    return [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")]


def encode(client, body):
    response = client.post("/api/v1/encode", data=body, content_type="application/json")
    assert response.status_code == 200, response.text
    assert set(response.read) == {"token", "findings"}
    return segments(response.read["token"])


def test_it_answers_with_the_members_of_the_contract(api):
    answer = api("encode", {"header": {"alg": "HS256", "typ": "JWT"}, "payload": {"sub": "1"}, "key": SECRET})
    assert list(answer) == ["token", "findings"]
    assert api("verify", {"token": answer["token"], "key": SECRET})["signature"]["status"] == "verified"


def test_objects_are_signed_as_they_stand_without_white_space(client):
    body = (
        '{"payload": { "z" : 3.0,\n "a":1e400, "n": 123456789012345678901234567890, "s": "a : b", "\\u00e9": "\\/" },'
        ' "header" : { "typ" : "JWT" , "alg":"HS256", "x": 1.50 }, "key": "' + SECRET + '"}'
    )
    header, payload, _ = encode(client, body)
    assert header == b'{"typ":"JWT","alg":"HS256","x":1.50}'
    assert payload == b'{"z":3.0,"a":1e400,"n":123456789012345678901234567890,"s":"a : b","\\u00e9":"\\/"}'


@pytest.mark.parametrize(
    "text",
    [
        '{ "a" : 1 }\r\n',
        "hello",
        "",
        "\n",
        '{"a":1,"a":2}',
        "{broken",
        '{"a":NaN}',
        "世界 \u2028 \x00 👩‍👩‍👧",
        "\ufeff{}",
        '{"n":1e400,"m":3.0}',
    ],
    ids=repr,
)
def test_a_payload_given_as_text_is_kept_byte_for_byte(client, text):
    _, payload, _ = encode(client, json.dumps({"header": '{"alg":"HS256"}', "payload": text, "key": SECRET}))
    assert payload == text.encode()


def test_a_header_given_as_text_is_kept_byte_for_byte(client):
    text = ' {"typ":"JWT",\r\n\t"alg" : "HS256" } '
    header, _, _ = encode(client, json.dumps({"header": text, "payload": {}, "key": SECRET}))
    assert header == text.encode()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80))
def test_any_text_is_kept(client, text):
    _, payload, _ = encode(client, json.dumps({"header": {"alg": "HS256"}, "payload": text, "key": SECRET}))
    assert payload == text.encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(max_size=6), JSON, max_size=5))
def test_any_object_comes_back_from_decode(api, claims):
    token = api("encode", json.dumps({"header": {"alg": "HS256"}, "payload": claims, "key": SECRET}, indent=1))["token"]
    answer = api("decode", {"token": token})
    assert answer["payload_text"] == json.dumps(claims, separators=(",", ":"))
    assert [*answer["payload"]] == [*claims]


ALGORITHMS = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K",
    "EdDSA", "Ed25519", "Ed448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87",
]  # fmt: skip


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_signs_with_a_key_made_here(api, algorithm):
    made = api("keys", {"algorithm": algorithm})
    if "secret" in made:
        signing = verifying = [made["secret"]["jwk"], made["secret"]["text"]]
    else:
        signing, verifying = list(made["private"].values()), list(made["public"].values())
    for key, public in zip(signing, verifying, strict=True):
        token = api("encode", {"header": {"alg": algorithm}, "payload": {"sub": "1"}, "key": key})["token"]
        for one in (public, key):
            answer = api("verify", {"token": token, "key": one, "expect": {"algorithms": [algorithm]}})
            assert answer["signature"]["status"] == "verified"
            assert answer["signature"]["algorithm"] == algorithm


@pytest.mark.parametrize("key", [{}, {"key": ""}, {"key": SECRET}, {"key": None}])
def test_none_needs_no_key_and_says_what_it_is(api, key):
    answer = api("encode", {"header": {"alg": "none"}, "payload": {"sub": "1"}, **key})
    assert answer["token"].endswith(".")
    assert [finding["level"] for finding in answer["findings"]]


@pytest.mark.parametrize("encoding", ["base64", "base64url", "hex", "utf8"])
def test_a_secret_is_read_as_it_is_told(api, encoding):
    data = b"a secret of 32 bytes \xff\xfe and more"
    texts = {
        "base64": base64.b64encode(data).decode(),
        "base64url": base64.urlsafe_b64encode(data).rstrip(b"=").decode(),
        "hex": data.hex(),
        "utf8": SECRET,
    }
    body = {"header": {"alg": "HS256"}, "payload": {}, "key": texts[encoding], "key_encoding": encoding}
    token = api("encode", body)["token"]
    assert api("verify", {"token": token, "key": texts[encoding], "key_encoding": encoding})["signature"]["status"] == "verified"


def test_a_short_secret_signs_and_is_remarked_upon(api):
    answer = api("encode", {"header": {"alg": "HS256"}, "payload": {}, "key": "secret"})
    assert any(finding["code"] == "key_too_short" for finding in answer["findings"])


def test_a_duplicate_claim_is_signed_as_text_and_remarked_upon(api):
    answer = api("encode", {"header": {"alg": "HS256"}, "payload": '{"a":1,"a":2}', "key": SECRET})
    assert any("duplicate" in finding["code"] for finding in answer["findings"])


REFUSED: dict[str, tuple[dict[str, Any], str | None]] = {
    "no header": ({"header": None}, "member_missing"),
    "header a number": ({"header": 1}, "member_type"),
    "header an array": ({"header": [1]}, "member_type"),
    "header not JSON": ({"header": "{"}, "header_not_json"),
    "header text is an array": ({"header": "[]"}, "header_not_an_object"),
    "header deep": ({"header": "[" * 10_000}, "header_not_json"),
    "no alg": ({"header": {}}, "alg_missing"),
    "alg a number": ({"header": {"alg": 5}}, "alg_not_a_string"),
    "alg null": ({"header": {"alg": None}}, "alg_not_a_string"),
    "alg unknown": ({"header": {"alg": "HS257"}}, "alg_unknown"),
    "alg in lower case": ({"header": {"alg": "hs256"}}, "alg_unknown"),
    "enc": ({"header": {"alg": "dir", "enc": "A128GCM"}}, "key_size"),
    "no key": ({"key": ""}, "key_missing"),
    "key unreadable": ({"key": "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"}, "key_unreadable"),
    "key does not fit": ({"header": {"alg": "RS256"}}, "key_does_not_fit"),
    "key a number": ({"key": 1}, "member_type"),
    "payload an array": ({"payload": [1]}, "member_type"),
    "payload a number": ({"payload": 1}, "member_type"),
    "payload null": ({"payload": None}, None),
    "half a surrogate pair in the payload": ({"payload": "\ud800"}, "not_unicode"),
    "half a surrogate pair in the header": ({"header": '{"alg":"HS256","a":"\ud800"}'}, "not_unicode"),
    "half a surrogate pair in alg": ({"header": {"alg": "\ud800"}}, None),
    "unknown encoding": ({"key_encoding": "rot13"}, "key_encoding"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_refuses_with_a_code_and_a_sentence(api, case):
    change, code = REFUSED[case]
    body: dict[str, Any] = {"header": {"alg": "HS256"}, "payload": {}, "key": SECRET} | change
    if case == "no header":
        del body["header"]
    error = api("encode", body, 422)["error"]
    assert code is None or error["code"] == code


def test_half_a_surrogate_pair_in_the_key_is_no_crash(client):
    body = {"header": {"alg": "HS256"}, "payload": {}, "key": "\ud800" * 40}
    assert client.post("/api/v1/encode", json=body).status_code in {200, 422}


def test_a_public_key_cannot_sign(api):
    for algorithm in ("ES256", "Ed25519", "ML-DSA-44"):
        for form in ("jwk", "pem"):
            key = api("keys", {"algorithm": algorithm})["public"][form]
            error = api("encode", {"header": {"alg": algorithm}, "payload": {}, "key": key}, 422)["error"]
            assert error["code"] == "key_cannot_sign"


def test_the_key_of_a_set_is_picked_by_kid(api):
    one, two = (api("keys", {"algorithm": "ES256"}) for _ in range(2))
    jwks = {"keys": [{**one["private"]["jwk"], "kid": "1"}, {**two["private"]["jwk"], "kid": "2"}]}
    token = api("encode", {"header": {"alg": "ES256", "kid": "2"}, "payload": {}, "key": jwks})["token"]
    assert api("verify", {"token": token, "key": two["public"]["pem"]})["signature"]["status"] == "verified"


def test_a_member_given_twice_inside_the_payload_object_is_refused(api):
    body = '{"header":{"alg":"HS256"},"payload":{"a":1,"a":2},"key":"' + SECRET + '"}'
    assert api("encode", body, 400)["error"]["code"] == "not_json"
