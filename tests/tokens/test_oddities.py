"""JSON that is legal and still deserves a word, payloads that are no JSON, and the changes that mend what is broken."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from app.tokens import decode
from tests.tokens.keyring import CLAIMS, b64u, codes, make, token

GOOD = token("HS256")
HS = '{"alg":"HS256"}'


def only(text: str, code: str) -> Any:
    (finding,) = [one for one in decode(text).findings if one.code == code]
    return finding


@pytest.mark.parametrize(
    ("payload", "code", "level", "column", "words"),
    [
        pytest.param('{"exp":1,"Exp":2}', "json_names_alike", "warning", 10, ('"exp" and "Exp"',), id="case"),
        pytest.param('{"caf\u00e9":1,"cafe\u0301":2}', "json_names_alike", "warning", 11, ("caf",), id="composition"),
        pytest.param('{"sub":1,"\uff53ub":2}', "json_names_alike", "warning", 10, (), id="full-width"),
        pytest.param('{"a":1,"__proto__":{}}', "json_proto_name", "warning", 8, ('"__proto__"',), id="__proto__"),
        pytest.param('{"a":{"__proto__":{}}}', "json_proto_name", "warning", 7, (), id="__proto__ inside"),
        pytest.param('{"a":1,"":2}', "json_empty_name", "info", 8, ("without a name",), id="empty name"),
        pytest.param('{"\\u0061dmin":true}', "json_escaped_name", "warning", 2, ('"admin"', "\\u0061dmin"), id="escaped name"),
        pytest.param('{"a":[{"\\u0062":1}]}', "json_escaped_name", "warning", 8, ('"b"',), id="escaped name inside"),
        pytest.param('{"n":1e400}', "json_number_range", "info", 6, ("1e400", "Infinity"), id="beyond a double"),
        pytest.param('{"n":0.12345678901234567890}', "json_number_precision", "info", 6, ("0.12345678901234568",), id="too fine"),
        pytest.param('{"n":-0}', "json_negative_zero", "info", 6, ("-0",), id="-0"),
        pytest.param('{"n":-9007199254740993}', "json_big_integer", "info", 6, ("n: -9007199254740993", "-9007199254740992"), id="-2^53"),
    ],
)
def test_what_is_legal_and_odd_is_said(payload: str, code: str, level: str, column: int, words: tuple[str, ...]):
    finding = only(make(HS, payload), code)
    assert (finding.level, finding.segment, finding.line, finding.column) == (level, "payload", 1, column)
    assert finding.spec.startswith("RFC 8259 ")
    for word in words:
        assert word in finding.message
    assert decode(make(HS, payload)).payload is not None


@pytest.mark.parametrize(
    "payload",
    [
        '{"name":"","email":"eyal@a.example","note":"__proto__ \\u0041","a":0.1,"b":-1,"c":1.50,"d":1e3}',
        '{"a":"\\"__proto__\\":","b":"{\\"\\":1}","c":"x\\u0041y"}',
        '{"Name":1,"names":2,"NAME_":3}',
        '{"\u00e9":1,"e":2}',
        '{"caf\\u00e9":1}',
        '{"a":"eyJhbGciOiJIUzI1NiJ9","b":"eyJ.x","c":"a.b.c"}',
    ],
)
def test_what_is_usual_is_not_odd(payload: str):
    found = codes(decode(make(HS, payload)).findings)
    assert not [code for code in found if code.startswith("json_") or code == "nested_token"]


def test_a_token_in_a_claim_can_be_opened():
    payload = json.dumps({"vp": {"credentials": [GOOD, "x"]}, "act": GOOD})
    text = make(HS, payload)
    first, second = (one for one in decode(text).findings if one.code == "nested_token")
    assert (first.level, first.column) == ("info", payload.index(GOOD))
    assert '"vp.credentials[0]"' in first.message
    assert f"{len(GOOD)} characters" in first.message
    assert '"act"' in second.message
    for finding in (first, second):
        (mend,) = finding.repairs
        assert (mend.field, mend.text) == ("token", GOOD)
    assert first.offset == len(text.split(".")[0]) + 1 + len(payload[: payload.index(GOOD) - 1].encode()) * 4 // 3


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        pytest.param(zlib.compress(CLAIMS.encode()), ("78 9c", "zlib", "sub"), id="zlib"),
        pytest.param(gzip.compress(CLAIMS.encode()), ("1f 8b", "gzip", "sub"), id="gzip"),
        pytest.param(b"\xd2\x84\x43\xa1\x01\x26\xa0", ("d2 84", "COSE_Sign1", "RFC 8392"), id="COSE"),
        pytest.param(b64u(CLAIMS), ("encoded twice", "sub"), id="base64url twice"),
        pytest.param(CLAIMS.encode().hex(), ("hex", "sub"), id="hex in base64url"),
        pytest.param(GOOD, ("nested JWT", '"cty"'), id="a token"),
        pytest.param(CLAIMS.encode("utf-16-le"), ("UTF-16",), id="UTF-16"),
        pytest.param("hello", ('"hello"',), id="text"),
    ],
)
def test_a_payload_that_is_no_json_is_named(payload: bytes | str, words: tuple[str, ...]):
    finding = only(make(HS, payload), "not_json")
    assert finding.level == "warning"
    for word in words:
        assert word in finding.message


def test_a_deflated_payload_is_known_by_its_header():
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(CLAIMS.encode()) + packer.flush()
    assert decode(make('{"alg":"HS256","zip":"DEF"}', data)).payload_text == CLAIMS


def test_a_segment_in_hex_is_named():
    header, payload, signature = GOOD.split(".")
    finding = only(f"{HS.encode().hex()}.{payload}.{signature}", "segment_encoding")
    assert (finding.level, finding.segment) == ("error", "header")
    assert "hex, not base64url" in finding.message
    finding = only(f"{header}.{CLAIMS.encode().hex()}.{signature}", "not_json")
    assert "hex, not base64url" in finding.message


@pytest.mark.parametrize(
    ("payload", "code", "mended"),
    [
        pytest.param('{"a":1,}', "json_trailing_comma", '{"a":1}', id="trailing comma"),
        pytest.param("[1,\n 2 , ]".replace("[", '{"a":[').replace("]", "]}"), "json_trailing_comma", '{"a":[1,\n 2  ]}', id="in an array"),
        pytest.param('\ufeff{"a":1}', "json_byte_order_mark", '{"a":1}', id="BOM"),
        pytest.param(
            "{'a':'it\\'s \"b\"','c':True,'d':None}", "json_single_quotes", '{"a":"it\'s \\"b\\"","c":true,"d":null}', id="Python"
        ),
        pytest.param('{"a":True}', "json_bare_word", '{"a":true}', id="True"),
        pytest.param('{"a":None}', "json_bare_word", '{"a":null}', id="None"),
        pytest.param("{a:1}", "json_bare_word", '{"a":1}', id="unquoted name"),
        pytest.param('{"a":NaN}', "json_constant", '{"a":null}', id="NaN"),
        pytest.param('{"a":007}', "json_number_form", '{"a":7}', id="leading zeros"),
        pytest.param('{"a":+1}', "json_number_form", '{"a":1}', id="plus"),
        pytest.param('{"a":.5}', "json_number_form", '{"a":0.5}', id="no digit in front"),
        pytest.param('{"a":5.}', "json_number_form", '{"a":5}', id="no digit behind"),
        pytest.param('{"a":"x\ty"}', "json_control_character", '{"a":"x\\ty"}', id="tab"),
        pytest.param('{"a":"x\x01y"}', "json_control_character", '{"a":"x\\u0001y"}', id="control character"),
        pytest.param('{"a":1 /* c */}', "json_comment", '{"a":1 }', id="comment"),
        pytest.param('{"a":1} // c', "json_comment", '{"a":1} ', id="comment behind"),
        pytest.param('{"a":1 "b":2}', "json_missing_comma", '{"a":1 ,"b":2}', id="missing comma"),
        pytest.param('{"a" 1}', "json_missing_colon", '{"a" :1}', id="missing colon"),
        pytest.param('{"a"=>1}', "json_missing_colon", '{"a":1}', id="PHP's arrow"),
        pytest.param('{"a" = "b"}', "json_missing_colon", '{"a" : "b"}', id="equals sign"),
        pytest.param('{"a":1; "b":2}', "json_missing_comma", '{"a":1, "b":2}', id="semicolon"),
        pytest.param('{"a":9007199254740993}', "json_big_integer", '{"a":"9007199254740993"}', id="big integer"),
        pytest.param('{"a":"x\u200by"}', "hidden_character", '{"a":"xy"}', id="hidden"),
    ],
)
@pytest.mark.parametrize("segment", ["payload", "header"])
def test_the_repair_mends_it(payload: str, code: str, mended: str, segment: str):
    text = make(HS, payload) if segment == "payload" else make(payload, CLAIMS)
    (mend,) = only(text, code).repairs
    assert mend.field == segment
    end = len(payload) if mend.length is None else mend.offset + mend.length
    after = payload[: mend.offset] + mend.text + payload[end:]
    assert after == mended
    json.loads(after)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        pytest.param("{'a':'b\"", "json_single_quotes", id="open quotes"),
        pytest.param('{"a",1}', "json_missing_colon", id="comma for colon"),
        pytest.param('{"a":1 : "b":2}', "json_missing_comma", id="colon for comma"),
        pytest.param('{"a"=}', "json_missing_colon", id="no value"),
        pytest.param('{"exp":1767225600000000001}', "json_big_integer", id="a date as a string"),
        pytest.param('{"exp":' + "9" * 5000 + "}", "json_long_integer", id="a long date as a string"),
        pytest.param('{"a":0x1F}', "json_number_form", id="hex"),
        pytest.param('{"a":--1}', "json_number_form", id="two signs"),
        pytest.param('{"a":foo}', "json_bare_word", id="a word"),
        pytest.param('{"a":1}{"b":2}', "json_extra_data", id="two objects"),
        pytest.param('{"a":"\\x41"}', "json_escape", id="unknown escape"),
        pytest.param('{"a":"\\u12"}', "json_escape", id="short escape"),
    ],
)
def test_what_is_not_certain_is_not_offered(payload: str, code: str):
    assert only(make(HS, payload), code).repairs == ()


def test_a_number_is_never_said_to_be_shown_as_itself():
    assert "json_big_integer" not in codes(decode(make(HS, '{"exp":1767225600000000000,"n":9223372036854776000}')).findings)
    finding = only(make(HS, '{"n":9223372036854775807}'), "json_big_integer")
    assert "JavaScript shows 9223372036854776000." in finding.message  # as node does
    assert finding.fix == "Send it as a string."


def test_a_date_is_never_asked_for_as_a_string():
    for payload, code in (
        ('{"exp":1767225600000000001}', "json_big_integer"),
        ('{"iat":1767225600.12345678901234567}', "json_number_precision"),
    ):
        assert only(make(HS, payload), code).fix == "Write whole seconds since 1970."


def test_a_name_that_stands_twice_under_another_spelling_is_told():
    finding = only(make('{"alg":"HS256","\\u0061lg":"none"}', CLAIMS), "json_duplicate_member")
    assert (finding.spec, finding.level, finding.column) == ("RFC 7515 §4", "error", 16)
    assert "twice" in finding.message
    assert "offsets 1 and 15" in finding.message
    assert "escapes" in finding.message
    assert only(make(HS, '{"a":1,"a":2}'), "json_duplicate_member").spec == "RFC 7519 §4"


def test_a_comment_that_has_swallowed_the_rest_is_not_taken_out():
    finding = only(make(HS, '{"exp":1800000000, // "admin":true, "b":2}'), "json_comment")
    assert finding.repairs == ()
