"""POST /api/v1/decode: everything that can be read of any text, to the letter of the contract."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "failure-classes.json").read_text("utf-8"))["cases"]
DECODED = ["kind", "serialization", "header", "payload", "payload_text", "findings"]
FINDING = {"code", "level", "segment", "offset", "length", "message", "fix", "spec"}


def check_decoded(answer, text):
    assert list(answer)[:6] == DECODED
    assert answer["kind"] in {"JWS", "JWE", "SD-JWT", "unknown"}
    assert answer["serialization"] in {"compact", "flattened", "general", None}
    assert answer["header"] is None or isinstance(answer["header"], dict)
    assert answer["payload_text"] is None or isinstance(answer["payload_text"], str)
    for finding in answer["findings"]:
        assert set(finding) >= FINDING
        assert isinstance(finding["code"], str)
        assert finding["level"] in {"error", "warning", "info"}
        assert finding["segment"] in {"token", "header", "payload", "signature", "key"}
        assert finding["message"].endswith((".", ")", "?"))
        for name in ("fix", "spec"):
            assert finding[name] is None or isinstance(finding[name], str)
        assert (finding["offset"] is None) == (finding["length"] is None)
        if finding["offset"] is not None:
            assert 0 <= finding["offset"] <= len(text)
            assert finding["offset"] + finding["length"] <= len(text)


def codes(answer):
    return {finding["code"] for finding in answer["findings"]}


def test_it_answers_with_the_members_of_the_contract_in_their_order(api, make_token):
    token = make_token('{"sub":"1"}', '{"typ":"JWT","alg":"HS256"}')
    answer = api("decode", {"token": token})
    check_decoded(answer, token)
    assert list(answer) == DECODED
    assert (answer["kind"], answer["serialization"]) == ("JWS", "compact")
    assert answer["header"] == {"typ": "JWT", "alg": "HS256"}
    assert answer["payload"] == {"sub": "1"}
    assert answer["payload_text"] == '{"sub":"1"}'


def test_it_keeps_numbers_and_the_order_of_members_as_written(api, client, make_token):
    payload = '{"z":3.0,"a":1e400,"m":123456789012345678901234567890,"b":-0,"c":1E+2,"d":0.10,"\\u00e9":"\\u00e9"}'
    header = '{"typ":"JWT","x":10.0,"alg":"HS256","a":1}'
    token = make_token(payload, header)
    response = client.post("/api/v1/decode", json={"token": token})
    assert f'"header":{header},' in response.text
    assert f'"payload":{payload},' in response.text
    assert api("decode", {"token": token})["payload_text"] == payload


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(' {\t"a" : 1 ,\r\n "b":\n2 }\n', id="white space"),
        pytest.param("hello", id="no JSON"),
        pytest.param("", id="empty"),
        pytest.param("\n\n", id="line ends"),
        pytest.param('{"a":"\\u0000\\ud83d\\ude00"}', id="escapes"),
        pytest.param("Grüße, 世界, مرحبا, 👩‍👩‍👧", id="words of the world"),
        pytest.param("\x00\x01\x7f\u2028\u202e\ufeff", id="characters that do not show"),
    ],
)
def test_it_gives_the_payload_text_as_written(api, make_token, text):
    assert api("decode", {"token": make_token(text)})["payload_text"] == text


@pytest.mark.parametrize(
    ("payload", "value"),
    [("[1,2]", [1, 2]), ('"text"', "text"), ("5", 5), ("true", True), ("null", None), ("[]", []), ("{}", {}), ("1.50", Decimal("1.50"))],
)
def test_a_payload_may_be_any_json(api, make_token, payload, value):
    answer = api("decode", {"token": make_token(payload)})
    assert answer["payload"] == value
    assert answer["payload_text"] == payload


@pytest.mark.parametrize(
    ("text", "kind", "serialization"),
    [
        ("", "unknown", None),
        ("hello", "unknown", None),
        ("eyJhbGciOiJIUzI1NiJ9.e30", "JWS", "compact"),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "JWS", "compact"),
        ('{"protected":"eyJhbGciOiJIUzI1NiJ9","payload":"e30","signature":"c2ln"}', "JWS", "flattened"),
        ('{"payload":"e30","signatures":[{"protected":"eyJhbGciOiJIUzI1NiJ9","signature":"c2ln"}]}', "JWS", "general"),
        ("eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA", "JWE", "compact"),
        ("eyJhbGciOiJIUzI1NiJ9.e30.c2ln~WyJzIiwibiIsInYiXQ~", "SD-JWT", "compact"),
    ],
)
def test_it_names_what_it_was_given(api, text, kind, serialization):
    answer = api("decode", {"token": text})
    check_decoded(answer, text)
    assert (answer["kind"], answer["serialization"]) == (kind, serialization)


@pytest.mark.parametrize("case", [case for case in CASES if case["token"] is not None], ids=lambda case: case["id"])
def test_no_failure_class_is_an_error(api, case):
    check_decoded(api("decode", {"token": case["token"]}), case["token"])


# The traps that Python's own readers fall into; each is an answer with a finding.
TRAPS = {
    "10,000 brackets": ("[" * 10_000, "json_depth"),
    "10,000 objects": ('{"a":' * 10_000, "json_depth"),
    "65 deep": ('{"a":' + "[" * 64 + "]" * 64 + "}", "json_depth"),
    "integer of 5,000 digits": ('{"a":' + "9" * 5000 + "}", None),
    "1e400": ('{"exp":1e400}', None),
    "-1e400": ('{"exp":-1e400}', None),
    "1e999999999": ('{"exp":1e999999999}', None),
    "1e-999999999": ('{"exp":1e-999999999}', None),
    "1e99999999999999999999": ('{"exp":1e99999999999999999999}', None),
    "NaN": ('{"exp":NaN}', "json_constant"),
    "-Infinity": ('{"exp":-Infinity}', "json_constant"),
    "1e20 seconds": ('{"exp":1e20,"iat":-1e20,"nbf":100000000000000000000}', None),
    "1e12 seconds": ('{"exp":1000000000000}', None),
    "exp true": ('{"exp":true}', None),
    "Arabic digits": ('{"exp":"١"}', None),
    "half a surrogate pair": ('{"a":"\\ud800"}', None),
    "half a pair as a name": ('{"\\udfff":1}', None),
    "member twice": ('{"a":1,"a":2}', "json_duplicate_member"),
    "UTF-16": ('{"a":1}'.encode("utf-16"), "not_utf8"),
    "UTF-32": ('{"a":1}'.encode("utf-32"), "not_utf8"),
    "byte order mark": ('\ufeff{"a":1}', "json_byte_order_mark"),
    "CESU-8": (b'{"a":"\xed\xa0\x80"}', "not_utf8"),
    "10,001 members": ("{" + ",".join(f'"{n}":1' for n in range(10_001)) + "}", "json_members"),
}


@pytest.mark.parametrize("segment", ["payload", "header"])
@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_in_a_token_is_an_answer(api, raw_token, trap, segment):
    text, code = TRAPS[trap]
    token = raw_token('{"alg":"HS256"}', text) if segment == "payload" else raw_token(text, "{}")
    answer = api("decode", {"token": token})
    check_decoded(answer, token)
    found = [finding for finding in answer["findings"] if finding["segment"] == segment]
    if code is not None:
        assert found, "nothing was noticed"
    api("verify", {"token": token, "key": "secret"})


@pytest.mark.parametrize(
    "token",
    [
        "eyJ!!!.e30.c2ln",
        "+/+/.+/+/.+/",
        "YR==.YR==.YR==",
        "..",
        "....",
        "." * 100_000,
        "a" * 200_000,
        "\u0661.\u0661.\u0661",
        "\x00",
        "\r\n",
    ],
    ids=lambda token: repr(token[:12]),
)
def test_a_token_that_is_none_is_an_answer(api, token):
    check_decoded(api("decode", {"token": token}), token)
    check_decoded(api("verify", {"token": token, "key": ""}), token)


def test_half_a_surrogate_pair_in_the_request_is_an_answer(api):
    answer = api("decode", '{"token":"\\ud800.\\udc00.x"}')
    assert answer["findings"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param("", 400, "not_json", id="empty"),
        pytest.param("{", 400, "not_json", id="open"),
        pytest.param("token=a.b.c", 400, "not_json", id="a form"),
        pytest.param("[" * 100_000, 400, "not_json", id="deep"),
        pytest.param('{"token":' + "[" * 65 + "]" * 65 + "}", 400, "not_json", id="66 deep"),
        pytest.param('{"token":NaN}', 400, "not_json", id="NaN"),
        pytest.param('{"token":Infinity}', 400, "not_json", id="Infinity"),
        pytest.param('{"token":"a","token":"b"}', 400, "not_json", id="a member twice"),
        pytest.param(b"\xef\xbb\xbf{}", 400, "not_json", id="byte order mark"),
        pytest.param('{"token":"a"}'.encode("utf-16"), 400, "not_utf8", id="UTF-16"),
        pytest.param('{"token":"a"}'.encode("utf-32"), 400, None, id="UTF-32"),
        pytest.param(b'{"token":"\xff"}', 400, "not_utf8", id="not UTF-8"),
        pytest.param("[]", 400, "not_an_object", id="array"),
        pytest.param('"a.b.c"', 400, "not_an_object", id="string"),
        pytest.param("null", 400, "not_an_object", id="null"),
        pytest.param("{" + ",".join(f'"{n}":1' for n in range(10_001)) + "}", 400, "not_json", id="10,001 members"),
    ],
)
@pytest.mark.parametrize("action", ["decode", "verify", "encode", "keys"])
def test_a_body_that_is_no_strict_json_object_is_refused_with_a_sentence(api, action, body, status, code):
    error = api(action, body, status)["error"]
    assert code is None or error["code"] == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param("{}", "member_missing", id="no token"),
        pytest.param('{"token":1}', "member_type", id="a number"),
        pytest.param('{"token":null}', "member_type", id="null as token"),
        pytest.param('{"token":["a"]}', "member_type", id="an array as token"),
        pytest.param('{"token":' + "9" * 5000 + "}", "member_type", id="5,000 digits"),
        pytest.param('{"token":1e400}', "member_type", id="1e400"),
    ],
)
@pytest.mark.parametrize("action", ["decode", "verify"])
def test_a_token_that_is_no_string_is_refused(api, action, body, code):
    assert api(action, body, 422)["error"]["code"] == code


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "text/json", "application/x-www-form-urlencoded", "application/jsonp", "multipart/form-data"]
)
@pytest.mark.parametrize("action", ["decode", "verify", "encode", "keys"])
def test_only_json_is_taken(client, action, kind):
    response = client.post(f"/api/v1/{action}", data=b'{"token":"a"}', content_type=kind)
    assert response.status_code == 415
    assert response.read["error"]["code"] == "unsupported_media_type"


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_taken_by_any_spelling(client, kind):
    assert client.post("/api/v1/decode", data=b'{"token":"a"}', content_type=kind).status_code == 200


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=60))
def test_any_text_is_an_answer(api, text):
    check_decoded(api("decode", {"token": text}), text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_any_payload_comes_back_as_written(api, make_token, text):
    assert api("decode", {"token": make_token(text)})["payload_text"] == text


def test_other_members_are_left_alone(api):
    assert api("decode", {"token": "a", "other": {"b": [1, 2.5]}})["kind"] == "unknown"
