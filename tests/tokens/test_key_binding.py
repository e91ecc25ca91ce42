"""The key binding JWT of an SD-JWT (RFC 9901 §7.3): judged with the key in cnf, for this presentation, this verifier, this moment."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from app.tokens import Expectations, Report, verify
from tests.tokens.keyring import NOW, SECRET, b64u, codes, make, oct_jwk, private, public_jwk, read_out

ISSUER_HEADER = '{"alg":"HS256","typ":"example+sd-jwt"}'
NAME = b64u('["salt-1","given_name","John"]')
HOLDER = public_jwk(private("ES256"))
VERIFIER = "https://verifier.example"
KEY_BINDING = Path(__file__).parents[1] / "vectors" / "sd-jwt" / "key_binding" / "sd_jwt_presentation.txt"
PUBLISHED_ISSUER = {
    "kty": "EC",
    "crv": "P-256",
    "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
    "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
}


def hashed(text: str) -> str:
    return b64u(hashlib.sha256(text.encode()).digest())


def issued(**claims: Any) -> str:
    payload = {"exp": NOW + 1000, "_sd": [hashed(NAME)], "cnf": {"jwk": HOLDER}} | claims
    return f"{make(ISSUER_HEADER, json.dumps({name: value for name, value in payload.items() if value is not None}))}~{NAME}~"


def bound(presented: str, header: str = '{"alg":"ES256","typ":"kb+jwt"}', alg: str = "ES256", key: Any = None, **claims: Any) -> str:
    payload = {"iat": NOW, "aud": VERIFIER, "nonce": "n-1", "sd_hash": hashed(presented)} | claims
    payload = {name: value for name, value in payload.items() if value is not None}
    return presented + make(header, json.dumps(payload), alg=alg, key=key or private("ES256"))


def judged(text: str, key: str = SECRET, nonce: str | None = "n-1", audience: str | None = VERIFIER) -> Report:
    report = verify(text, key, at=NOW, expect=Expectations(nonce=nonce, audience=audience))
    read_out(report)
    return report


def row(report: Report, name: str) -> Any:
    assert report.key_binding is not None
    return next(check for check in report.key_binding.checks if check.name == name)


def test_a_holder_who_proves_to_hold_the_key_is_accepted():
    report = judged(bound(issued()))
    assert report.key_binding is not None
    assert (report.signature.status, report.key_binding.status, report.accepted) == ("verified", "verified", True)
    assert report.key_binding.because == "The holder proves to hold the EC public key on P-256 that the issuer put into cnf."
    assert {check.name: check.outcome for check in report.key_binding.checks} == {
        "signature": "passed",
        "claims": "passed",
        "iat": "passed",
        "aud": "passed",
        "typ": "passed",
        "nonce": "passed",
        "sd_hash": "passed",
    }
    (whole,) = [check for check in report.checks if check.name == "key_binding"]
    assert (whole.outcome, whole.label, whole.spec) == ("passed", "Key binding", "RFC 9901 §7.3")
    assert "sd_key_binding_refused" not in codes(report.findings)


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        pytest.param({"nonce": "n-2"}, "nonce", 'nonce is "n-2"; "n-1" is expected', id="another nonce"),
        pytest.param({"nonce": None}, "nonce", "nonce is missing", id="no nonce"),
        pytest.param({"nonce": 1}, "nonce", "nonce is a number", id="a number as nonce"),
        pytest.param({"aud": "https://other.example"}, "aud", '"https://verifier.example" is expected', id="another verifier"),
        pytest.param({"aud": [VERIFIER]}, "aud", "aud is an array", id="several verifiers"),
        pytest.param({"aud": None}, "aud", "aud is missing", id="no verifier"),
        pytest.param({"iat": None}, "iat", "iat is missing", id="no iat"),
        pytest.param({"iat": "now"}, "iat", "iat is a string", id="a word as iat"),
        pytest.param({"sd_hash": None}, "sd_hash", "sd_hash is missing", id="no sd_hash"),
        pytest.param({"sd_hash": "x" * 43}, "sd_hash", "made for another presentation", id="another presentation"),
        pytest.param({"exp": NOW - 1}, "exp", "Expired", id="expired"),
        pytest.param({"header": '{"alg":"ES256","typ":"JWT"}'}, "typ", 'The type is "JWT"', id="another type"),
        pytest.param({"header": '{"alg":"ES256"}'}, "typ", "No typ", id="no type"),
        pytest.param({"key": private("ES256", 1)}, "signature", "does not match", id="another key"),
        pytest.param({"header": '{"alg":"none","typ":"kb+jwt"}'}, "signature", "alg none", id="none"),
    ],
)
def test_a_key_binding_that_breaks_a_rule_is_refused_and_the_issuers_signature_is_not(changes: dict[str, Any], name: str, words: str):
    report = judged(bound(issued(), **changes))
    assert report.key_binding is not None
    assert (report.signature.status, report.key_binding.status, report.accepted) == ("verified", "invalid", False)
    check = row(report, name)
    assert check.outcome == "failed"
    assert words in check.because
    error = "sd_hash_differs" if name == "sd_hash" else "sd_key_binding_refused"
    (finding,) = [one for one in report.findings if one.code in ("sd_hash_differs", "sd_key_binding_refused")]
    assert (finding.code, finding.level, finding.spec) == (error, "error", "RFC 9901 §7.3")


def test_a_key_that_nobody_vouches_for_proves_nothing():
    report = judged(bound(issued()), key=SECRET + "x")
    assert report.key_binding is not None
    assert (report.signature.status, report.key_binding.status) == ("invalid", "not_checked")
    assert "nobody vouches for that key" in report.key_binding.because


def test_a_shared_secret_is_no_proof_of_holding_a_key():
    text = bound(issued(cnf={"jwk": json.loads(oct_jwk())}), '{"alg":"HS256","typ":"kb+jwt"}', "HS256", SECRET)
    report = judged(text)
    assert report.key_binding is not None
    assert report.key_binding.status == "invalid"
    assert "HS256 is no digital signature" in report.key_binding.because


@pytest.mark.parametrize("cnf", [None, {}, {"kid": "1"}, {"jwk": "x"}, "x", {"jwk": {}}, {"jwk": {"kty": "EC"}}], ids=str)
def test_without_the_holders_key_nothing_is_claimed(cnf: Any):
    report = judged(bound(issued(cnf=cnf)))
    assert report.key_binding is not None
    assert report.key_binding.status == "not_checked"
    assert row(report, "signature").outcome == "not_checked"


def test_a_key_of_another_type_does_not_fit():
    report = judged(bound(issued(cnf={"jwk": public_jwk(private("EdDSA"))})))
    assert report.key_binding is not None
    assert report.key_binding.status == "invalid"


def test_what_nobody_expects_is_not_compared():
    report = judged(bound(issued()), nonce=None, audience=None)
    assert report.key_binding is not None
    assert (report.key_binding.status, row(report, "nonce").outcome, row(report, "aud").outcome) == (
        "verified",
        "not_checked",
        "not_checked",
    )


def test_audience_and_nonce_are_those_of_the_issuer_when_it_has_them():
    report = judged(bound(issued(aud="https://other.example")))
    assert next(check for check in report.checks if check.name == "aud").outcome == "failed"
    assert not report.accepted


def test_without_a_key_binding_it_is_said_that_nothing_is_proven():
    for cnf, words in (({"jwk": HOLDER}, "holds the key in cnf"), (None, "whoever has this can present it")):
        report = judged(issued(cnf=cnf), nonce=None, audience=None)
        check = next(one for one in report.checks if one.name == "key_binding")
        assert (report.key_binding, check.outcome, report.accepted) == (None, "not_checked", True)
        assert words in check.because


def test_the_published_presentation_is_bound_to_its_holder():
    text = KEY_BINDING.read_text(encoding="utf-8").strip()
    expect = Expectations(nonce="1234567890", audience="https://example.com/verifier")
    report = verify(text, json.dumps(PUBLISHED_ISSUER), at=1_800_000_000, expect=expect)
    assert report.key_binding is not None
    assert (report.signature.status, report.key_binding.status, report.accepted) == ("verified", "verified", True)
    altered = verify(text.replace("~WyJlbHVW", "~WyJlbHVX"), json.dumps(PUBLISHED_ISSUER), at=1_800_000_000, expect=expect)
    assert altered.key_binding is not None
    assert (altered.signature.status, altered.key_binding.status, altered.accepted) == ("invalid", "invalid", False)
