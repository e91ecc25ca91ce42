"""An audit decides as the whole report does: signature, acceptance and every rule, over tokens of every sort."""

from __future__ import annotations

import json

import pytest

from app import tokens
from app.audit.brief import Brief
from app.audit.expiry import EARLY, NEVER, UNKNOWN, VALID
from app.audit.judging import Judge
from app.tokens import times
from tests.audit import logs
from tests.audit.logs import AT, AUDIENCE, DAY, ISSUER

_CHECKS = {
    "alg_not_allowed": "algorithm",
    "wrong_issuer": "iss",
    "wrong_audience": "aud",
    "wrong_type": "typ",
    "profile_broken": "profile",
}
_FINDINGS = {"claim_long_life": {"claim_long_life", "claim_very_long_life"}, "kid_danger": {"kid_danger"}}
_EXPECTED = tokens.Expectations(("HS256", "ES256", "RS256", "EdDSA"), ISSUER, AUDIENCE)
_BRIEFS = [
    pytest.param("HS256", {"expect": _EXPECTED}, id="HS256"),
    pytest.param("ES256", {"expect": _EXPECTED, "leeway": 60}, id="ES256, leeway"),
    pytest.param("RS256", {}, id="RS256, nothing expected"),
    pytest.param("EdDSA", {"expect": tokens.Expectations(("ES256",), type="at+jwt", profile="access-token")}, id="EdDSA, profile"),
    pytest.param("", {"expect": _EXPECTED}, id="no key"),
]


@pytest.mark.parametrize(("algorithm", "asked"), _BRIEFS)
def test_it_decides_as_the_whole_report_does(algorithm, asked):
    brief = logs.brief(algorithm, **asked)
    judge, keys = Judge(brief), brief.keys()
    judged_with_key = 0
    for signed_with in {algorithm or "HS256", "ES256", "HS256"}:
        for text in logs.all_sorts(signed_with):
            both = judge.judge(text)
            report = tokens.verify(text, keys, at=AT, leeway=brief.leeway, expect=brief.expect)
            if both is None:
                assert not isinstance(report.header, dict) or "alg" not in report.header
                continue
            report.is_thorough = False  # what else would match is no part of an audit
            judged = both[0]
            judged_with_key += judged.key > 0
            assert agrees(judged, report), (judged, text)
    assert judged_with_key > 200 or not algorithm


def agrees(judged, report):
    if report.kind == "JWE":
        return (judged.kind, judged.signature, judged.accepted) == ("JWE", "not_checked", False)
    layers = [report, *report.nested]
    outcomes = [{check.name: check.outcome for check in layer.checks} for layer in layers]
    findings = {finding.code for finding in report.findings}
    codes = set(judged.codes)
    last = outcomes[-1]
    claims = layers[-1].token.claims
    is_claims_set = isinstance(claims, dict)
    claims = claims if is_claims_set else {}
    mistyped = any(last.get(name) == "failed" and not times.is_date(claims[name]) for name in ("exp", "nbf", "iat"))
    if report.inner is not None:
        findings |= {finding.code for finding in report.nested[-1].findings}
    facts = {
        "signature": judged.signature == report.signature.status,
        "accepted": judged.accepted == report.accepted,
        "alg": (judged.alg == report.token.alg) == (report.token.alg in tokens.ALGORITHMS),
        "none": ("alg_none" in codes) == (report.signature.status == "unsecured"),
        "claims": ("claims_refused" in codes) == (any(one["claims"] == "failed" for one in outcomes) or mistyped),
        "no exp": ("claim_no_exp" in codes) == (is_claims_set and last["exp"] == "warned" and "exp" not in claims),
        "header": "alg_unknown" in codes or ("header_refused" in codes) == (outcomes[0]["header"] == "failed"),
        "brought": ("key_in_header" in codes) == bool({"jwk", "jku", "x5c", "x5u"} & report.header.keys()),
        "expired": judged.expiry.startswith("expired") == (last["exp"] == "failed" and times.is_date(claims["exp"])),
        "still": judged.expiry not in (VALID, NEVER) or (last["exp"] != "failed" and last["nbf"] != "failed"),
        "matches": ("signature_refused" in codes)
        == any(one.signature.status == "invalid" and bool(one.signature.matches) and one.token.is_clean for one in layers),
        **{code: (code in codes) == any(one.get(name) == "failed" for one in outcomes) for code, name in _CHECKS.items()},
        **{code: (code in codes) == bool(told & findings) for code, told in _FINDINGS.items()},
    }
    wrong = [name for name, holds in facts.items() if not holds]
    assert not wrong, (wrong, judged, outcomes, findings)
    return True


def judged(text, algorithm="HS256", **asked):
    both = Judge(logs.brief(algorithm, **asked)).judge(text)
    assert both
    return both[0]


@pytest.mark.parametrize(
    ("claims", "expiry"),
    [
        ({}, VALID),
        ({"exp": None}, NEVER),
        ({"exp": "x"}, UNKNOWN),
        ({"nbf": AT + 90}, EARLY),
        ({"exp": AT}, "expired for less than an hour"),
        ({"exp": AT - 3600}, "expired for less than a day"),
        ({"exp": AT - 2 * DAY}, "expired for less than a week"),
        ({"exp": AT - 8 * DAY}, "expired for less than a month"),
        ({"exp": AT - 40 * DAY}, "expired for less than a year"),
        ({"exp": AT - 400 * DAY}, "expired for a year or more"),
    ],
)
def test_expired_tokens_are_told_by_their_age(claims, expiry):
    assert judged(logs.token(**claims)).expiry == expiry


def test_a_token_that_still_works_is_told_and_one_that_cannot_work_is_not():
    assert "still_valid" in judged(logs.token()).codes
    assert "still_valid" in judged(logs.token(), algorithm="").codes
    assert "still_valid" not in judged(logs.token(exp=AT - 1)).codes
    assert "still_valid" not in judged(logs.token()[:-4]).codes


def test_the_longest_life_is_chosen():
    assert "claim_long_life" not in judged(logs.token()).codes
    assert "claim_long_life" in judged(logs.token(), max_life=600).codes
    assert "claim_long_life" not in judged(logs.token(), max_life=660).codes


def test_a_key_of_another_type_is_never_used_whatever_the_header_says():
    verdict = judged(logs.token("HS256"), algorithm="ES256")
    assert (verdict.signature, verdict.key) == ("not_checked", 0)
    assert "key_unknown" in verdict.codes


@pytest.mark.parametrize(
    ("own", "kid", "code"),
    [("a", "b", "kid_unknown"), ("a", "a", "signature_invalid"), ("a", None, "signature_invalid"), (None, "b", "signature_invalid")],
)
def test_a_token_of_another_key_is_told_from_a_wrong_signature(own, kid, code):
    jwk = {"kty": "oct", "k": "x" * 43} | ({"kid": own} if own else {})
    token = logs.token(header={"kid": kid} if kid else {})
    both = Judge(Brief(AT, json.dumps({"keys": [jwk]}))).judge(token)
    assert both
    assert both[0].signature == "invalid"
    assert code in both[0].codes
    assert ("still_valid" in both[0].codes) == (code == "kid_unknown")  # it may be genuine, and whoever reads it may use it


def test_a_stripped_signature_is_no_wrong_one():
    header, payload, _ = logs.token().split(".")
    assert judged(f"{header}.{payload}.").codes[-1:] == ("signature_missing",)


def test_a_detached_payload_is_no_wrong_signature():
    header, _, signature = logs.token().split(".")
    codes = judged(f"{header}..{signature}").codes
    assert "payload_detached" in codes
    assert "signature_invalid" not in codes


def test_an_sd_jwt_with_its_key_binding_is_verified_as_one():
    verdict = judged(f"{logs.token(_sd_alg='sha-256')}~{logs.token(header={'typ': 'kb+jwt'})}")
    assert (verdict.kind, verdict.signature) == ("SD-JWT", "verified")


def test_an_encrypted_token_is_judged_by_its_header_and_never_opened(monkeypatch):
    monkeypatch.setattr("app.tokens.jwe.decrypt", lambda *_: pytest.fail("it was opened"))
    text = ".".join([logs.raw('{"alg":"RSA1_5","enc":"A128GCM"}', "x", b"y"), "eA", "eA"])
    verdict = judged(text)
    assert (verdict.kind, verdict.signature) == ("JWE", "not_checked")
    assert "jwe_rsa1_5" in verdict.codes


@pytest.mark.parametrize("text", [logs.raw('{"_fresh":false}', "x"), logs.raw("{not json", "x"), "eyJhbGci.x.y"])
def test_what_has_no_header_of_a_token_is_none(text):
    assert Judge(logs.brief()).judge(text) is None
