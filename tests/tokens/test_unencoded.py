"""The unencoded payload (RFC 7797): signed and shown as it stands, in the compact and in the JSON forms, and detached."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.tokens import CannotEncode, decode, encode, unsigned, verify
from tests.tokens.keyring import NOW, SECRET, b64u, codes, outcome, raw_signature, read_out

HEADER = '{"alg":"HS256","b64":false,"crit":["b64"]}'
SEGMENT = b64u(HEADER)


def signature(payload: str, header: str = SEGMENT) -> str:
    return b64u(raw_signature("HS256", f"{header}.{payload}".encode()))


def compact(payload: str, header: str = SEGMENT) -> str:
    return f"{header}.{payload}.{signature(payload, header)}"


def judged(text: str, **options: Any) -> Any:
    report = verify(text, SECRET, at=NOW, **options)
    read_out(report)
    return report


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param("abcd", id="reads as base64url, too"),
        pytest.param("two words", id="a space"),
        pytest.param(" in front and behind ", id="spaces around"),
        pytest.param("a\nb\r\n", id="line breaks"),
        pytest.param("é 😀", id="not ASCII"),
        pytest.param('"quoted"', id="quotes"),
        pytest.param("%2E&amp;", id="what looks escaped"),
        pytest.param("{", id="a brace"),
        pytest.param("a~b", id="a tilde"),
    ],
)
def test_a_payload_is_verified_as_it_stands(payload: str):
    report = judged(compact(payload))
    assert (report.signature.status, report.payload_text, outcome(report, "form")) == ("verified", payload, "passed")
    assert judged(f"Bearer {compact(payload)}").signature.status == "verified"
    flattened = json.dumps({"payload": payload, "protected": SEGMENT, "signature": signature(payload)})
    assert (judged(flattened).signature.status, judged(flattened).payload_text) == ("verified", payload)
    assert judged(f"{SEGMENT}..{signature(payload)}", payload=payload).signature.status == "verified"
    assert encode(HEADER, payload, SECRET).token == compact(payload)
    assert unsigned(HEADER, payload, "AA") == f"{SEGMENT}.{payload}.AA"


def test_a_dot_is_refused_in_the_compact_form_and_fine_in_the_others():
    report = judged(compact("a.b.c"))
    assert (report.signature.status, report.signature.matches, report.payload_text) == ("invalid", True, "a.b.c")
    (finding,) = [one for one in report.findings if one.code == "b64_dot"]
    assert (finding.offset, finding.spec) == (len(SEGMENT) + 2, "RFC 7797 §5.2")
    flattened = json.dumps({"payload": "a.b", "protected": SEGMENT, "signature": signature("a.b")})
    assert judged(flattened).signature.status == "verified"
    assert not any(one.repairs for one in judged(flattened).findings if one.code == "json_serialization")
    assert judged(f"{SEGMENT}..{signature('a.b')}", payload="a.b").signature.status == "verified"
    with pytest.raises(CannotEncode) as caught:
        encode(HEADER, "a.b", SECRET)
    assert caught.value.code == "payload_with_dot"


def test_b64_is_read_however_it_is_spelt():
    header = b64u('{"alg":"HS256","\\u006264":false,"crit":["b64"]}')
    assert judged(compact("abcd", header)).payload_text == "abcd"


def test_b64_true_is_the_usual_encoding():
    header = b64u('{"alg":"HS256","b64":true,"crit":["b64"]}')
    report = judged(compact(b64u('{"exp":1800000000}'), header))
    assert (report.signature.status, report.payload, report.accepted) == ("verified", {"exp": 1800000000}, True)


def test_without_crit_it_is_refused():
    header = b64u('{"alg":"HS256","b64":false}')
    for payload in ("two words", "abcd"):
        report = judged(compact(payload, header))
        assert (report.signature.status, report.signature.matches) == ("invalid", True)
        assert "b64_without_crit" in codes(report.signature.faults)


def test_a_claims_set_that_is_not_encoded_is_no_jwt():
    report = judged(compact('{"sub":"1","exp":1800000000}'))
    assert (report.signature.status, report.accepted, outcome(report, "form")) == ("verified", False, "failed")
    assert "b64_in_jwt" in codes(report.findings)
    report = judged(compact(b64u('{"sub":"1"}')))
    assert (report.signature.status, report.accepted) == ("verified", False)
    assert "b64_in_jwt" in codes(report.findings)


def test_b64_counts_only_where_it_is_protected():
    form = {"payload": "two words", "protected": b64u('{"alg":"HS256"}'), "header": {"b64": False, "crit": ["b64"]}}
    report = judged(json.dumps(form | {"signature": signature("two words", b64u('{"alg":"HS256"}'))}))
    assert report.signature.status == "invalid"
    assert codes(report.signature.faults).count("unprotected_forbidden") == 2


def test_all_signers_say_the_same_of_the_payload():
    plain = b64u('{"alg":"HS256"}')
    signatures = [{"protected": one, "signature": signature("abcd", one)} for one in (SEGMENT, plain)]
    report = judged(json.dumps({"payload": "abcd", "signatures": signatures}))
    assert [verdict.status for _, verdict in report.signatures] == ["invalid", "invalid"]
    assert "b64_differs" in codes(report.findings)
    agreed = judged(json.dumps({"payload": "abcd", "signatures": signatures[:1] * 2}))
    assert [verdict.status for _, verdict in agreed.signatures] == ["verified", "verified"]


def test_a_signature_over_the_encoded_payload_is_explained():
    text = f"{SEGMENT}.two words.{signature(b64u('two words'))}"
    report = judged(text)
    assert report.signature.status == "invalid"
    (finding,) = [one for one in report.findings if one.code == "suspect_signing_input"]
    assert "as if b64 were not false" in finding.message


def test_white_space_around_the_token_is_a_fault_and_that_in_the_payload_is_none():
    report = judged(f"\n{compact(' a b ')}\n")
    assert (report.signature.status, report.signature.matches, report.payload_text) == ("invalid", True, " a b ")
    assert "white_space" in codes(report.findings)


def test_the_places_of_the_payload_are_its_own():
    text = compact('{"a":1,"a":2}')
    (finding,) = [one for one in decode(text).findings if one.code == "json_duplicate_member"]
    assert finding.offset is not None
    assert text[finding.offset : finding.offset + (finding.length or 0)].startswith('"a"')


def test_an_encrypted_token_knows_no_b64():
    text = ".".join([b64u('{"alg":"dir","enc":"A128GCM","b64":false,"crit":["b64"]}'), "", b64u(bytes(12)), "AA", b64u(bytes(16))])
    assert "crit_unknown" in codes(decode(text).findings)


@pytest.mark.parametrize("text", [f"{SEGMENT}.", f"{SEGMENT}..", f"{SEGMENT}.\ud800.AA", f"{SEGMENT}...", f"{SEGMENT}.\u200b. A\n"])
def test_odd_ones_are_answered(text: str):
    assert judged(text, payload="x").signature.status != "verified"
