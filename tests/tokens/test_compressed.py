"""A compressed payload (`zip` in a JWS), and the numeric form of SMART Health Cards (`shc:/`)."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from app.tokens import decode, encode, unsigned, verify
from app.tokens.compression import MAX_INFLATED, inflate
from tests.cost import within
from tests.tokens.keyring import NOW, SECRET, b64u, codes, make, outcome, private_key, public_key, raw_signature, read_out, unb64u

HEADER = '{"alg":"HS256","zip":"DEF"}'
CLAIMS = '{"iss":"https://example.org","exp":1800000000,"name":"é"}'
CARD = encode('{"zip":"DEF","alg":"ES256"}', CLAIMS, private_key("ES256")).token
DIGITS = "".join(f"{ord(character) - 45:02}" for character in CARD)


def packed(data: bytes, window: int = -15) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, window)
    return machine.compress(data) + machine.flush()


def judged(text: str, key: str = SECRET) -> Any:
    report = verify(text, key, at=NOW)
    read_out(report)
    for finding in report.findings:
        if finding.offset is not None and finding.segment != "key":
            assert 0 <= finding.offset <= finding.offset + (finding.length or 0) <= len(text)
    return report


def test_a_compressed_payload_is_read_and_judged():
    report = judged(make(HEADER, packed(CLAIMS.encode())))
    assert (report.signature.status, report.payload_text, report.accepted) == ("verified", CLAIMS, True)
    (finding,) = [one for one in report.findings if one.code == "header_zip"]
    assert f"{len(CLAIMS.encode())} bytes of {len(packed(CLAIMS.encode()))}" in finding.message
    late = judged(make(HEADER, packed(b'{"exp":1}')))
    assert (late.accepted, outcome(late, "exp")) == (False, "failed")


def test_faults_of_the_inflated_text_have_a_line_and_no_place_in_the_token():
    report = judged(make(HEADER, packed(b'{"a":1,\n"a":2}')))
    (finding,) = [one for one in report.findings if one.code == "json_duplicate_member"]
    assert (finding.offset, finding.line) == (None, 2)
    assert "not_utf8" in codes(judged(make(HEADER, packed(b'{"a":"\xff"}'))).findings)


def test_it_is_made_compressed():
    for token in (encode(HEADER, CLAIMS, SECRET).token, unsigned(HEADER, CLAIMS, "AA")):
        data = unb64u(token.split(".")[1])
        assert zlib.decompress(data, -15).decode() == CLAIMS
    assert judged(encode(HEADER, CLAIMS, SECRET).token).accepted


@pytest.mark.parametrize("form", ["flattened", "general"])
def test_it_is_inflated_in_the_json_forms(form: str):
    payload, protected = b64u(packed(CLAIMS.encode())), b64u(HEADER)
    one = {"protected": protected, "signature": b64u(raw_signature("HS256", f"{protected}.{payload}".encode()))}
    text = json.dumps({"payload": payload} | (one if form == "flattened" else {"signatures": [one]}))
    assert (judged(text).signature.status, judged(text).payload_text) == ("verified", CLAIMS)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(CLAIMS.encode(), "no DEFLATE stream", id="not compressed"),
        pytest.param(packed(CLAIMS.encode())[:-4], "breaks off", id="cut"),
        pytest.param(packed(CLAIMS.encode()) + b"more", "4 bytes follow the end", id="more behind"),
        pytest.param(packed(CLAIMS.encode(), 15), "zlib header (78 da)", id="zlib"),
        pytest.param(packed(CLAIMS.encode(), 31), "gzip header (1f 8b)", id="gzip"),
    ],
)
def test_a_payload_that_is_not_raw_deflate_is_said(data: bytes, words: str):
    report = judged(make(HEADER, data))
    (finding,) = [one for one in report.findings if one.code == "zip_damaged"]
    assert (finding.level, words in finding.message) == ("warning", True)
    assert report.signature.status == "verified"


def test_the_cap_of_inflating_holds():
    assert inflate(packed(bytes(MAX_INFLATED))).data == bytes(MAX_INFLATED)
    beyond = inflate(packed(bytes(MAX_INFLATED + 1)))
    assert (beyond.data, "more than 250,000" in beyond.problem) == (None, True)
    bomb = make(HEADER, packed(bytes(50_000_000)))
    report = within(0.5, lambda: judged(bomb))
    assert "zip_damaged" in codes(report.findings)
    assert not report.accepted


def test_an_empty_payload_is_not_inflated():
    assert "zip_damaged" not in codes(decode(make(HEADER, "")).findings)


# The numeric form


@pytest.mark.parametrize("text", [f"shc:/{DIGITS}", f" SHC:/{DIGITS}\n"], ids=["plain", "capitals and white space"])
def test_a_card_in_digits_is_read(text: str):
    report = judged(text, public_key("ES256"))
    assert (report.kind, report.signature.status, report.payload_text, report.accepted) == ("JWS", "verified", CLAIMS, True)
    (finding,) = [one for one in report.findings if one.code == "shc_numeric"]
    assert (finding.level, finding.repairs[0].text) == ("info", CARD)


def test_a_card_in_several_codes_is_put_together():
    half = len(DIGITS) // 4 * 2
    both = [f"shc:/1/2/{DIGITS[:half]}", f"shc:/2/2/{DIGITS[half:]}"]
    for text in ("\n".join(both), " ".join(reversed(both))):
        assert judged(text, public_key("ES256")).signature.status == "verified"
    (finding,) = judged(both[0]).token.form_findings
    assert (finding.code, "1 of 2 QR codes stand here" in finding.message) == ("shc_damaged", True)


def test_a_changed_digit_is_never_verified():
    for at in range(0, len(DIGITS), 7):
        changed = f"{DIGITS[:at]}{(int(DIGITS[at]) + 1) % 10}{DIGITS[at + 1 :]}"
        assert verify(f"shc:/{changed}", public_key("ES256"), at=NOW).signature.status != "verified"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(f"shc:/{DIGITS}1", "an odd number", id="odd"),
        pytest.param("shc:/5699", 'the digits "99" at offset 7', id="no character"),
        pytest.param("shc:/abc", "something else than shc:/ and digits", id="letters"),
        pytest.param("shc:/1/3/56 shc:/1/2/56", "1 of 2 QR codes", id="totals that differ"),
    ],
)
def test_a_damaged_card_says_what_is_wrong(text: str, words: str):
    report = judged(text)
    (finding,) = [one for one in report.findings if one.code == "shc_damaged"]
    assert words in finding.message
    assert report.signature.status == "not_checked"


@pytest.mark.parametrize(
    "text", ["shc:/", "shc:/" + "0" * 200_000, "shc:/1/1/", "shc:/0/0/56", "shc:/" + DIGITS + "56", "shc:/" + "01" * 90_000]
)
def test_odd_cards_are_answered(text: str):
    assert within(2, lambda: judged(text, public_key("ES256"))).signature.status != "verified"
