"""The HTTP API on tokens inside tokens: each layer with its own verdict, the outermost first."""

from decimal import Decimal

SECRET = "0123456789abcdef0123456789abcdef"
AT = 1_800_000_000


def wrapped(make_token, times):
    text = make_token('{"sub":"1","n":1.10}', key=SECRET)
    for _ in range(times):
        text = make_token(text, '{"alg":"HS256","cty":"JWT"}', key=SECRET)
    return text


def test_each_layer_is_told_by_itself(api, make_token):
    answer = api("verify", {"token": wrapped(make_token, 2), "key": SECRET, "at": AT})
    assert answer["accepted"] is True
    assert answer["payload"] is None
    assert [(one["kind"], one["signature"]["status"], one["accepted"]) for one in answer["nested"]] == [("JWS", "verified", True)] * 2
    assert [one["payload"] for one in answer["nested"]] == [None, {"sub": "1", "n": Decimal("1.10")}]
    assert all("nested" not in one for one in answer["nested"])


def test_without_a_key_they_are_read(api, make_token):
    answer = api("decode", {"token": wrapped(make_token, 1)})
    assert [(one["header"], one["payload"]["sub"]) for one in answer["nested"]] == [({"alg": "HS256"}, "1")]
    assert "signature" not in answer["nested"][0]
    assert "nested" not in api("decode", {"token": wrapped(make_token, 0)})


def test_what_is_too_deep_is_said(api, make_token):
    answer = api("verify", {"token": wrapped(make_token, 6), "key": SECRET, "at": AT})
    assert (len(answer["nested"]), answer["accepted"]) == (5, False)
    assert "nested_too_deep" in [one["code"] for one in answer["findings"]]


def test_a_signed_token_in_an_encrypted_one(api, make_token):
    inner = make_token('{"sub":"1"}', key=SECRET)
    made = api("encode", {"header": {"alg": "dir", "enc": "A256GCM", "cty": "JWT"}, "payload": inner, "key": SECRET})
    answer = api("verify", {"token": made["token"], "key": SECRET, "at": AT})
    assert (answer["decryption"]["status"], answer["payload_text"]) == ("decrypted", inner)
    assert answer["nested"][0]["signature"]["status"] == "verified"
