"""Tokens inside tokens (RFC 7519 §5.2): each layer is opened with the same keys and has a verdict of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.tokens import Expectations, decode, encode, verify
from tests.tokens.keyring import NOW, SECRET, because, codes, make, outcome, private, public_jwk, read_out

COOKBOOK = Path(__file__).parents[1] / "vectors" / "ietf-jose-cookbook" / "6.nesting_signatures_and_encryption.json"
CLAIMS = json.dumps({"iss": "https://issuer.example", "exp": NOW + 100})
ENCRYPTION = {"kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODw", "use": "enc"}
SIGNING = public_jwk(private("ES256"), use="sig")
BOTH = json.dumps({"keys": [ENCRYPTION, SIGNING]})


def signed(payload: str = CLAIMS, **header: Any) -> str:
    return make(json.dumps({"alg": "ES256"} | header), payload, alg="ES256", key=private("ES256"))


def encrypted(content: str, **header: Any) -> str:
    return encode({"alg": "dir", "enc": "A128GCM", "cty": "JWT"} | header, content, json.dumps(ENCRYPTION)).token


def wrapped(times: int) -> str:
    text = make('{"alg":"HS256"}', CLAIMS)
    for _ in range(times):
        text = make('{"alg":"HS256","cty":"JWT"}', text)
    return text


def test_a_signed_token_in_an_encrypted_one_is_opened_and_verified():
    report = verify(encrypted(signed()), BOTH, at=NOW)
    read_out(report)
    assert report.decryption is not None
    assert (report.decryption.status, report.signature.status, report.accepted) == ("decrypted", "not_checked", False)
    (inner,) = report.nested
    assert (inner.kind, inner.depth, inner.signature.status, inner.accepted) == ("JWS", 1, "verified", True)
    assert inner.payload == json.loads(CLAIMS)
    assert [check.outcome for check in report.checks if check.name in ("claims", "exp", "iss")] == ["not_checked"] * 3
    (layer,) = [one for one in report.findings if one.code == "nested_layer"]
    assert layer.message.startswith("Inside, 1 deep, is a signed token (JWS): The signature matches the EC public key on P-256")
    assert "The token inside is accepted by itself: rely on that one" in because(report, "signature")


def test_the_secret_that_decrypts_verifies_nothing():
    forged = make('{"alg":"HS256"}', CLAIMS, key=bytes(range(16)) * 2)
    secret = {"kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8"}
    text = encode({"alg": "dir", "enc": "A256GCM", "cty": "JWT"}, forged, json.dumps(secret)).token
    report = verify(text, json.dumps({"keys": [secret, SIGNING]}), at=NOW)
    assert report.decryption is not None
    assert (report.decryption.status, report.nested[0].signature.status) == ("decrypted", "not_checked")


def test_each_layer_has_its_own_verdict():
    report = verify(encrypted(signed(), cty="JWT"), json.dumps(ENCRYPTION), at=NOW)
    (inner,) = report.nested
    assert inner.signature.status == "not_checked"
    assert inner.accepted is False
    assert "accepted" not in because(report, "signature")
    closed = verify(encrypted(signed()), json.dumps(SIGNING), at=NOW)
    assert closed.nested == ()


def test_a_token_around_a_token_is_accepted_only_with_it():
    report = verify(wrapped(1), SECRET, at=NOW)
    read_out(report)
    assert (report.signature.status, report.accepted) == ("verified", True)
    assert [one.signature.status for one in report.nested] == ["verified"]
    assert not [one for one in report.findings if one.level == "error"]
    forged = make('{"alg":"HS256","cty":"JWT"}', make('{"alg":"HS256"}', CLAIMS, key=b"x" * 32))
    report = verify(forged, SECRET, at=NOW)
    assert (report.signature.status, report.nested[0].signature.status, report.accepted) == ("verified", "invalid", False)
    late = verify(wrapped(1), SECRET, at=NOW + 1000)
    assert (late.signature.status, late.nested[0].signature.status, late.accepted) == ("verified", "verified", False)


def test_what_is_expected_is_expected_of_the_innermost():
    expect = Expectations(issuer="https://issuer.example")
    report = verify(wrapped(2), SECRET, at=NOW, expect=expect)
    assert [outcome(one, "iss") for one in (report, *report.nested)] == ["not_checked", "not_checked", "passed"]
    assert report.accepted
    other = verify(wrapped(2), SECRET, at=NOW, expect=Expectations(issuer="https://other.example"))
    assert outcome(other.nested[1], "iss") == "failed"
    assert not other.accepted


@pytest.mark.parametrize(("times", "opened"), [(1, 1), (5, 5), (6, 5), (9, 5)])
def test_five_layers_are_opened(times: int, opened: int):
    text = wrapped(times)
    report = verify(text, SECRET, at=NOW)
    read_out(report)
    assert [one.depth for one in report.nested] == list(range(1, opened + 1))
    assert all(one.signature.status == "verified" for one in report.nested)
    assert (report.accepted, "nested_too_deep" in codes(report.findings)) == (times <= 5, times > 5)
    read = decode(text)
    assert len(read.nested) == opened
    assert ("nested_too_deep" in codes(read.findings)) is (times > 5)


def test_without_a_key_what_is_signed_only_is_read():
    read = decode(wrapped(1))
    assert [one.payload for one in read.nested] == [json.loads(CLAIMS)]
    (layer,) = [one for one in read.findings if one.code == "nested_layer"]
    assert "nothing of it verified" in layer.message
    assert decode(encrypted(signed())).nested == ()


def test_a_token_that_nobody_announces_is_opened_and_not_accepted():
    report = verify(make('{"alg":"HS256"}', wrapped(0)), SECRET, at=NOW)
    assert (report.signature.status, report.nested[0].accepted, report.accepted) == ("verified", True, False)
    assert outcome(report, "claims") == "failed"
    assert {"not_json", "nested_without_cty"} <= set(codes(report.findings))
    for cty in ("JWT", "jwt", "application/jwt", "application/example+sd-jwt", "dpop+jwt"):
        assert verify(make(json.dumps({"alg": "HS256", "cty": cty}), wrapped(0)), SECRET, at=NOW).accepted
    assert not verify(make('{"alg":"HS256","cty":"json"}', wrapped(0)), SECRET, at=NOW).accepted


def test_white_space_around_the_inner_token_is_a_fault_of_it():
    report = verify(make('{"alg":"HS256","cty":"JWT"}', f" {wrapped(0)}\n"), SECRET, at=NOW)
    (inner,) = report.nested
    assert (inner.signature.status, inner.signature.matches, report.accepted) == ("invalid", True, False)


@pytest.mark.parametrize("content", ["hello", "", "a.b.c", "[1]", '"ey"', "eyJ", "ey.ey.ey.ey", "\x00\xff"])
def test_content_that_is_no_token_is_answered(content: str):
    for text in (encrypted(content), make('{"alg":"HS256","cty":"JWT"}', content)):
        report = verify(text, json.dumps(ENCRYPTION) if text.count(".") == 4 else SECRET, at=NOW)
        read_out(report)
        assert report.nested == ()
        assert not report.accepted


def test_the_cookbook_example_is_opened():
    vector = json.loads(COOKBOOK.read_text(encoding="utf-8"))
    signer, holder = vector["sign"]["input"]["key"], vector["encrypt"]["input"]["key"]
    keys = json.dumps({"keys": [holder, signer]})
    report = verify(vector["encrypt"]["output"]["compact"], keys, at=1_300_000_000)
    assert report.decryption is not None
    assert report.decryption.status == "decrypted"
    (inner,) = report.nested
    assert (inner.signature.matches, inner.payload["iss"]) == (True, "hobbiton.example")
    assert (inner.signature.status, inner.accepted) == ("verified", True)


def test_an_sd_jwt_may_be_inside():
    text = f"{signed()}~"
    report = verify(encrypted(text), BOTH, at=NOW)
    (inner,) = report.nested
    assert (inner.kind, inner.signature.status, inner.accepted) == ("SD-JWT", "verified", True)
