"""Each limit of the design at its cap and one past it."""

import json

import pytest

from tests.cost import within
from tests.tokens.keyring import joined, oct_jwk
from tests.tokens.test_limits import SECRET_KEY, bomb, public_in, with_password

MAX_BODY = 262_144
SECRET = "a-string-secret-at-least-256-bits-long"


def test_a_body_of_the_api_may_have_262144_bytes_and_not_one_more(client):
    for extra, status in ((0, 200), (1, 413)):
        frame = '{"token":""}'
        body = f'{{"token":"{"a" * (MAX_BODY + extra - len(frame))}"}}'
        assert len(body) == MAX_BODY + extra
        response = client.post("/api/v1/decode", data=body, content_type="application/json")
        assert response.status_code == status
        if status == 413:
            assert response.read["error"]["code"] == "body_too_large"


@pytest.mark.parametrize("path", ["/decode", "/encode", "/verify", "/theme"])
def test_a_form_may_have_262144_bytes_and_not_one_more(client, path):
    for extra, status in ((0, 200), (1, 413)):
        body = "key=" + "a" * (MAX_BODY + extra - 4)
        assert client.post(path, data=body, content_type="application/x-www-form-urlencoded").status_code == status


@pytest.mark.parametrize("path", ["/decode", "/encode", "/verify", "/theme"])
def test_a_form_may_have_160_fields_and_not_one_more(client, path):
    for count, status in ((160, 200), (161, 400)):
        body = "&".join(["token=a.b.c"] + [f"f{n}=1" for n in range(count - 1)])
        assert client.post(path, data=body, content_type="application/x-www-form-urlencoded").status_code == status


@pytest.mark.parametrize("path", ["/decode", "/theme"])
def test_a_field_given_many_times_counts_many_times(client, path):
    body = "&".join(["token=a"] * 161)
    assert client.post(path, data=body, content_type="application/x-www-form-urlencoded").status_code == 400


def test_a_form_of_very_many_fields_is_refused_quickly(client):
    asked = {"data": "&".join(["a"] * 131_000), "content_type": "application/x-www-form-urlencoded"}
    assert within(1, lambda: client.post("/decode", **asked)).status_code in {400, 413}


def nested(depth):
    return "[" * depth + "]" * depth


def objects(members):
    return "{" + ",".join(f'"{n}":1' for n in range(members)) + "}"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        pytest.param(nested(64), None, id="64 deep"),
        pytest.param(nested(65), "json_depth", id="65 deep"),
        pytest.param(objects(10_000), None, id="10,000 members"),
        pytest.param(objects(10_001), "json_members", id="10,001 members"),
    ],
)
def test_json_in_a_token_has_its_limits(api, client, make_token, payload, code):
    token = make_token(payload)
    answer = api("decode", {"token": token})
    readable = answer["payload"] is not None
    assert readable == (code is None)
    errors = [finding for finding in answer["findings"] if finding["level"] == "error" and finding["segment"] == "payload"]
    assert bool(errors) == (code is not None)
    assert answer["payload_text"] == payload
    response = client.post("/decode", data={"token": token, "key": SECRET})
    assert response.status_code == 200
    assert response.dom.typed("payload-text").replace(" ", "").replace("\n", "") == payload


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param('{"token":"a","x":' + nested(63) + "}", 200, id="64 deep"),
        pytest.param('{"token":"a","x":' + nested(64) + "}", 400, id="65 deep"),
        pytest.param('{"token":"a",' + objects(9_999)[1:], 200, id="10,000 members"),
        pytest.param('{"token":"a",' + objects(10_000)[1:], 400, id="10,001 members"),
    ],
)
def test_json_of_a_request_has_its_limits(api, body, status):
    api("decode", body, status)


@pytest.mark.parametrize(("count", "is_read"), [(100, True), (101, False)])
def test_a_key_set_may_have_100_keys(api, make_token, count, is_read):
    keys = [{"kty": "oct", "k": "AAAA", "kid": str(n)} for n in range(count - 1)]
    keys.append({"kty": "oct", "k": "YS1zdHJpbmctc2VjcmV0LWF0LWxlYXN0LTI1Ni1iaXRzLWxvbmc"})
    answer = api("verify", {"token": make_token(), "key": {"keys": keys}})
    assert (answer["signature"]["status"] == "verified") == is_read


HOSTILE = {
    "brackets": "[" * 200_000,
    "objects": '{"a":' * 40_000,
    "open string": '"' + "\\" * 150_000,
    "escaped quotes": '"' + '\\"' * 75_000,
    "quotes": '"' * 150_000,
    "digits": "9" * 150_000,
    "minus": "-" * 150_000,
    "exponents": "1e" * 75_000,
    "spaces": " " * 150_000 + "x",
    "line ends": "\n" * 150_000,
    "commas": "[" + "," * 150_000,
    "names": '{"":0,' * 25_000,
    "keys twice": "{" + '"a":1,' * 9_000 + '"a":1}',
    "control characters": "\x01" * 150_000,
    "combining marks": "e" + "\u0301" * 70_000,
    "right to left": "\u202e" * 50_000,
    "emoji": "👩‍👩‍👧" * 8_000,
    "half a pair": '"' + "\\ud800" * 25_000 + '"',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_answered_quickly(client, raw_token, name):
    """No reader of ours is slower than linear: 150 kB stay well under what a person notices."""
    payload = HOSTILE[name]

    def ask():
        for token in (raw_token('{"alg":"HS256"}', payload), payload[:180_000]):
            body = json.dumps({"token": token[:250_000], "key": "x"}, ensure_ascii=False).encode("utf-8", "replace")
            if len(body) <= MAX_BODY:
                response = client.post("/api/v1/verify", data=body, content_type="application/json")
                assert response.status_code == 200

    within(2.5, ask)


@pytest.mark.parametrize("field", ["payload", "header", "key", "token", "issuer", "algorithms", "at"])
@pytest.mark.parametrize("name", ["open string", "quotes", "digits", "escaped quotes", "spaces", "line ends"])
def test_a_hostile_payload_pane_is_answered_quickly(app, name, field):
    from flask.testing import FlaskClient

    plain = FlaskClient(app, app.response_class)
    form = {"header": '{"alg":"HS256"}', "payload_layout": "compact", "header_layout": "compact", "key": SECRET}
    assert within(1.5, lambda: plain.post("/encode", data={**form, field: HOSTILE[name][:60_000]})).status_code == 200


@pytest.mark.parametrize(("count", "status"), [(32, 200), (33, 400)])
def test_the_form_of_the_keys_page_may_have_32_fields(client, count, status):
    body = "&".join(["key=a"] + [f"f{n}=1" for n in range(count - 1)])
    assert client.post("/keys", data=body, content_type="application/x-www-form-urlencoded").status_code == status


@pytest.mark.parametrize("path", ["/decode", "/verify", "/encode", "/api/v1/decode", "/api/v1/verify"])
@pytest.mark.parametrize("name", ["dots", "bomb", "rounds", "modulus"])
def test_what_attackers_try_first_is_answered_in_50_ms(app, path, name):
    from flask.testing import FlaskClient

    token, key = {
        "dots": ("." * 250_000, "x"),
        "bomb": (bomb(), oct_jwk(SECRET_KEY)),
        "rounds": (with_password(10**9), "password"),
        "modulus": (joined('{"alg":"RS256"}', signature=bytes(2048)), public_in("JWK", 16_384)),
    }[name]
    fields = {"token": token, "key": key}
    asked = {"json": fields} if path.startswith("/api") else {"data": fields}
    plain = FlaskClient(app, app.response_class)
    assert within(0.05, lambda: plain.post(path, **asked)).status_code == 200


def test_a_megabyte_of_dots_does_not_come_in(client):
    asked = {"json": {"token": "." * 1_000_000}}
    assert within(0.05, lambda: client.post("/api/v1/verify", **asked)).status_code == 413
