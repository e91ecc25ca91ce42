"""decode: from whatever was pasted to a token, as much as can be read, with everything noticed in its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.tokens import Report, decode, verify
from tests.cost import within
from tests.tokens.keyring import CLAIMS, NOW, SECRET, SIGNING, b64u, codes, joined, make, raw_signature, read_out, token

GOOD = token("HS256")
HEADER, PAYLOAD, SIGNATURE = GOOD.split(".")


@pytest.mark.parametrize("alg", [*SIGNING, "none"])
def test_a_good_token_is_read_without_an_error(alg: str):
    decoded = decode(token(alg) if alg != "none" else joined('{"alg":"none"}'))
    assert (decoded.kind, decoded.serialization) == ("JWS", "compact")
    assert decoded.header == {"alg": alg}
    assert decoded.payload == {"sub": "1", "exp": 1800000000}
    assert (decoded.header_text, decoded.payload_text) == (f'{{"alg":"{alg}"}}', CLAIMS)
    assert [finding.code for finding in decoded.findings if finding.level == "error"] == (["alg_none"] if alg == "none" else [])


def test_decoding_judges_nothing():
    decoded = decode(GOOD)
    assert not isinstance(decoded, Report)
    for name in ("signature", "accepted", "claims", "checks"):
        assert not hasattr(decoded, name)


@pytest.mark.parametrize(
    ("text", "kind", "serialization", "expected"),
    [
        pytest.param("", "unknown", None, ["empty_input"], id="nothing"),
        pytest.param(" \n\t", "unknown", None, ["empty_input"], id="white space"),
        pytest.param("hello", "unknown", None, ["not_a_token"], id="a word"),
        pytest.param("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "unknown", None, ["not_a_token"], id="a UUID"),
        pytest.param(f"{HEADER}.{PAYLOAD}", "JWS", "compact", ["two_segments"], id="two segments"),
        pytest.param(f"{GOOD}.abc", "JWS", "compact", ["segment_count"], id="four segments"),
        pytest.param(f"{GOOD}....", "JWS", "compact", ["segment_count"], id="seven segments"),
        pytest.param(b64u('{"alg":"dir","enc":"A128GCM"}') + "..AAAA.AAAA.AAAA", "JWE", "compact", ["encrypted"], id="JWE"),
        pytest.param(f"{GOOD}~WyJzIiwibiIsInYiXQ~", "SD-JWT", "compact", ["sd_jwt"], id="SD-JWT"),
        pytest.param(f"{GOOD}~", "SD-JWT", "compact", ["sd_jwt"], id="SD-JWT without disclosure"),
        pytest.param('{"payload":"e30","signatures":[]}', "JWS", "general", ["json_serialization"], id="general"),
        pytest.param(' {"payload":"e30","protected":"e30","signature":""}', "JWS", "flattened", ["json_serialization"], id="flattened"),
        pytest.param('{"ciphertext":"","recipients":[]}', "JWE", "general", ["json_serialization"], id="JWE general"),
        pytest.param('{"ciphertext":"","protected":""}', "JWE", "flattened", ["json_serialization"], id="JWE flattened"),
        pytest.param('{"a":1}', "unknown", None, ["not_a_token"], id="JSON of no sort"),
        pytest.param("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "unknown", None, ["not_a_token"], id="a PEM"),
    ],
)
def test_it_names_what_was_pasted(text: str, kind: str, serialization: str | None, expected: list[str]):
    decoded = decode(text)
    assert (decoded.kind, decoded.serialization) == (kind, serialization)
    assert set(expected) <= set(codes(decoded.findings))
    read_out(decoded)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "UUID", id="UUID"),
        pytest.param("-----BEGIN PUBLIC KEY-----", "key box", id="PEM"),
        pytest.param('{"sub":"1"}', "payload", id="JSON"),
        pytest.param(HEADER, "header alone", id="a header"),
        pytest.param(PAYLOAD, "payload alone", id="a payload"),
    ],
)
def test_it_tells_what_else_it_may_be(text: str, told: str):
    (finding,) = [one for one in decode(text).findings if one.code == "not_a_token"]
    assert told in finding.message


def test_a_lone_segment_is_shown():
    assert decode(HEADER).header == {"alg": "HS256"}
    assert decode(PAYLOAD).payload == json.loads(CLAIMS)
    assert decode(f"{HEADER}.{PAYLOAD}").payload == json.loads(CLAIMS)
    assert decode(f"{GOOD}.abc").payload == json.loads(CLAIMS)


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param("Bearer {}", id="Bearer"),
        pytest.param("bearer   {}", id="bearer, blanks"),
        pytest.param("DPoP {}", id="DPoP"),
        pytest.param("Authorization: Bearer {}", id="header line"),
        pytest.param("authorization :\tBEARER\t{}", id="header line, odd"),
        pytest.param("Proxy-Authorization: Bearer {}", id="proxy"),
        pytest.param('"{}"', id="double quotes"),
        pytest.param("'{}'", id="single quotes"),
        pytest.param("`{}`", id="backticks"),
        pytest.param('Bearer "{}"', id="both"),
    ],
)
def test_packaging_is_set_aside(wrap: str):
    text = wrap.format(GOOD)
    decoded = decode(text)
    assert decoded.payload_text == CLAIMS
    assert "wrapper_removed" in codes(decoded.findings)
    assert not [finding for finding in decoded.findings if finding.level == "error"]
    assert text[decoded.token.places[0] :].startswith(GOOD)


@pytest.mark.parametrize(
    ("put_in", "code", "named"),
    [
        pytest.param("\n", "white_space", "Line break", id="line break"),
        pytest.param("\r\n", "white_space", "Carriage return", id="CRLF"),
        pytest.param(" ", "white_space", "Space", id="blank"),
        pytest.param("\u00a0", "white_space", "NO-BREAK SPACE", id="no-break space"),
        pytest.param("\u200b", "invisible_character", "ZERO WIDTH SPACE", id="zero-width space"),
        pytest.param("\ufeff", "invisible_character", "ZERO WIDTH NO-BREAK SPACE", id="BOM"),
        pytest.param("\u202e", "invisible_character", "RIGHT-TO-LEFT OVERRIDE", id="direction"),
        pytest.param("\u00ad", "invisible_character", "SOFT HYPHEN", id="soft hyphen"),
    ],
)
@pytest.mark.parametrize("place", [0, 5, len(HEADER), len(HEADER) + 9, len(GOOD)], ids=["in front", "header", "dot", "payload", "behind"])
def test_what_cannot_be_seen_is_read_over_and_named(put_in: str, code: str, named: str, place: int):
    decoded = decode(GOOD[:place] + put_in + GOOD[place:])
    assert (decoded.header_text, decoded.payload_text) == ('{"alg":"HS256"}', CLAIMS)
    faults = [finding for finding in decoded.findings if finding.code == code]
    assert faults[0].level == "error"
    assert faults[0].offset == place
    assert any(named in finding.message for finding in faults)
    assert all("\u202e" not in finding.message for finding in decoded.findings)


def test_many_of_a_sort_are_one_finding():
    wrapped = "\n".join(GOOD[at : at + 20] for at in range(0, len(GOOD), 20))
    (finding,) = [one for one in decode(wrapped).findings if one.code == "white_space"]
    assert f"and {wrapped.count(chr(10)) - 1} more" in finding.message


@pytest.mark.parametrize(
    ("gap", "names"),
    [
        pytest.param("\n", "Line break at", id="LF"),
        pytest.param("\r\n", "Carriage return and line break at", id="CR LF"),
        pytest.param("\n  \t", "Line break and space and tab at", id="indented"),
        pytest.param("\u00a0\n", "U+00A0 NO-BREAK SPACE and line break at", id="no-break space"),
    ],
)
def test_white_space_of_several_sorts_is_one_finding_with_one_repair(gap: str, names: str):
    good = make('{"alg":"HS256"}', f'{{"exp":1800000000,"a":"{"x" * 150}"}}')
    lines = [good[at : at + 76] for at in range(0, len(good), 76)]
    text = gap.join(lines)
    report = verify(text, SECRET, at=NOW)
    (finding,) = [one for one in report.findings if one.code == "white_space"]
    assert finding.message.startswith(f"{names} offset 76 (and {len(gap) * (len(lines) - 1) - 1} more), inside the payload")
    assert "wraps lines every 76 characters" in finding.message
    assert "Without them the token verifies" in finding.message
    (mend,) = finding.repairs
    assert applied(text, mend) == good


def test_invisible_characters_of_several_sorts_are_one_finding_with_one_repair():
    text = f"{GOOD[:9]}\u200b{GOOD[9:30]}\u00ad{GOOD[30:]}"
    (finding,) = [one for one in verify(text, SECRET, at=NOW).findings if one.code == "invisible_character"]
    assert "U+200B ZERO WIDTH SPACE and U+00AD SOFT HYPHEN at offset 9 (and 1 more)" in finding.message
    (mend,) = finding.repairs
    assert applied(text, mend) == GOOD


def test_many_sorts_of_invisible_characters_take_little_time():
    sorts = "".join(chr(code) for code in range(0xE0000, 0xE1000))
    within(1.5, lambda: read_out(decode(sorts.join(GOOD))))


def test_a_line_break_behind_a_token_with_a_blank_in_it_wraps_nothing():
    (finding,) = [one for one in decode(f"{GOOD[:9]} {GOOD[9:]}\n").findings if one.code == "white_space"]
    assert "Space and line break at offset 9 (and 1 more), inside the header" in finding.message
    assert "wraps" not in finding.message


DISCLOSURE = "WyJzIiwibiIsInYiXQ"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param(f"{GOOD[:5]}\n{GOOD[5:]}~{DISCLOSURE}~{GOOD}", "inside the header", id="header"),
        pytest.param(f"{GOOD[:-5]}\n{GOOD[-5:]}~{DISCLOSURE}~", "inside the signature", id="signature"),
        pytest.param(f"{GOOD}\n~{DISCLOSURE}~", "inside the signature", id="behind the signature"),
        pytest.param(f"{GOOD}~{DISCLOSURE[:9]}\n{DISCLOSURE[9:]}~", "inside disclosure 1", id="disclosure"),
        pytest.param(f"{GOOD}~{DISCLOSURE}~\n{DISCLOSURE}~", "before disclosure 2", id="between disclosures"),
        pytest.param(f"{GOOD}~{DISCLOSURE[:9]}\n{DISCLOSURE[9:]}", "inside disclosure 1", id="the end is missing"),
        pytest.param(f"{GOOD}~{DISCLOSURE}\n", "behind the last disclosure", id="the end is missing, behind"),
        pytest.param(f"{GOOD}~{DISCLOSURE}~\n", 'behind the last "~"', id="behind all"),
        pytest.param(f"{GOOD}~{DISCLOSURE}~{GOOD[:9]}\n{GOOD[9:]}", "inside the key binding JWT", id="key binding"),
        pytest.param(f"{GOOD}~{DISCLOSURE}~{GOOD}\n", "behind the key binding JWT", id="behind the key binding"),
    ],
)
def test_white_space_in_an_sd_jwt_has_the_place_where_it_is(text: str, place: str):
    (finding,) = [one for one in decode(text).findings if one.code == "white_space"]
    assert f", {place}: a token holds none" in finding.message


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        pytest.param(f"{GOOD}.", "segment_count", "1 character at", id="surplus"),
        pytest.param(f"{GOOD}.a", "segment_count", "2 characters at", id="a longer surplus"),
        pytest.param(make('{"alg":"HS256"}', "{}x"), "json_extra_data", ": 1 character,", id="behind the JSON"),
        pytest.param(f"{HEADER}.{PAYLOAD}.A", "base64_length", "has 1 character;", id="a segment"),
    ],
)
def test_one_character_is_not_several(text: str, code: str, words: str):
    assert words in next(one.message for one in decode(text).findings if one.code == code)


def test_a_foreign_character_has_its_place_in_the_given_text():
    text = f"Bearer {HEADER}.{PAYLOAD[:4]}\u20ac{PAYLOAD[4:]}.{SIGNATURE}"
    (finding,) = [one for one in decode(text).findings if one.code == "base64_foreign_character"]
    assert (finding.segment, finding.offset, finding.length) == ("payload", text.index("\u20ac"), 1)
    assert "U+20AC EURO SIGN" in finding.message
    assert "4 within the payload" in finding.message


@pytest.mark.parametrize(
    ("payload", "code", "spot"),
    [
        pytest.param('{"a":1,}', "json_trailing_comma", "}", id="trailing comma"),
        pytest.param('{\n "a": tru }', "json_bare_word", "tru", id="bare word"),
        pytest.param('{"é":"ü","b":NaN}', "json_constant", "NaN", id="behind two-byte characters"),
        pytest.param('{"a":1,"a":2}', "json_duplicate_member", '"a"', id="the second of two"),
        pytest.param('{"x":"1234567890","exp":"x"}', "claim_not_a_date", '"x"', id="a claim"),
    ],
)
@pytest.mark.parametrize("front", ["", "Bearer ", "\n\n"], ids=["bare", "Bearer", "line breaks"])
def test_a_finding_in_the_json_points_at_the_characters_that_hold_it(payload: str, code: str, spot: str, front: str):
    text = front + make('{"alg":"HS256"}', payload)
    (finding,) = [one for one in decode(text).findings if one.code == code]
    assert finding.offset is not None
    assert finding.length is not None
    begin, end = payload.rindex(spot), payload.rindex(spot) + len(spot)
    first = len(payload[:begin].encode()) * 8 // 6
    last = (len(payload[:end].encode()) * 8 - 1) // 6
    start = len(front) + len(b64u('{"alg":"HS256"}')) + 1
    assert (finding.offset, finding.length) == (start + first, last - first + 1)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        pytest.param(f".{PAYLOAD}.{SIGNATURE}", 0, id="a signed token"),
        pytest.param(f"Bearer ..{SIGNATURE}", 7, id="with the payload"),
        pytest.param("....", 0, id="five segments"),
        pytest.param(f".{PAYLOAD}.{SIGNATURE}~", 0, id="SD-JWT"),
    ],
)
def test_an_empty_header_is_told_and_fails_the_form(text: str, at: int):
    report = verify(text, SECRET, at=NOW)
    (finding,) = [one for one in report.findings if one.code == "json_empty"]
    assert (finding.level, finding.segment, finding.offset, finding.length) == ("error", "header", at, 0)
    assert next(one for one in report.checks if one.name == "form").because == "The header is empty."


def test_errors_come_first():
    levels = [
        finding.level
        for finding in decode("Bearer " + make('{"alg":"HS256","jwk":{},"kid":1}', '{"a":1,"a":9007199254740993}') + "\n").findings
    ]
    assert levels == sorted(levels, key=("error", "warning", "info").index)
    assert len(set(levels)) == 3


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        pytest.param("", ["empty_payload"], id="empty"),
        pytest.param("hello", ["not_json"], id="text"),
        pytest.param("[1]", ["claims_not_an_object"], id="array"),
        pytest.param("1", ["claims_not_an_object"], id="number"),
        pytest.param("null", ["claims_not_an_object"], id="null"),
        pytest.param('"a"', ["claims_not_an_object"], id="string"),
        pytest.param(b'{"name":"Jos\xe9"}', ["not_utf8"], id="Latin-1"),
        pytest.param(b"\xff\xfe\x00", ["not_utf8"], id="bytes"),
        pytest.param('{"a":1}'.encode("utf-16"), ["not_utf8"], id="UTF-16"),
        pytest.param(b"x\x9c\x03\x00", ["not_utf8"], id="compressed"),
    ],
)
def test_any_payload_is_shown(payload: Any, expected: list[str]):
    decoded = decode(make('{"alg":"HS256"}', payload))
    assert set(expected) <= set(codes(decoded.findings))
    if isinstance(payload, str):
        assert decoded.payload_text == payload
    read_out(decoded)


def test_latin_1_is_guessed():
    (finding,) = [one for one in decode(make('{"alg":"HS256"}', b'{"name":"Jos\xe9"}')).findings if one.code == "not_utf8"]
    assert "0xE9 at byte 12" in finding.message
    assert "José" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x+.y.z", id="plus at the end of a segment"),
        pytest.param("a/.b/.c/", id="slashes at the ends"),
        pytest.param(make('{"alg":"HS256"}', b'{"a":"' + b"\xff" * 300 + b'"x}'), id="many bytes that are not UTF-8, then an error"),
        pytest.param(make(b'{"a":"' + b"\xff" * 300 + b'"x}', "{}"), id="the same in the header"),
        pytest.param(f"{HEADER}." + b64u('{"a":'), id="cut off at the very end"),
        pytest.param("{", id="a brace"),
        pytest.param("\ud800.\ud800.\ud800", id="surrogates"),
        pytest.param("..", id="two dots"),
        pytest.param("....", id="four dots"),
        pytest.param(".~.", id="tilde between"),
        pytest.param('"', id="a quote"),
        pytest.param('""', id="quotes"),
        pytest.param('Bearer "', id="Bearer and a quote"),
        pytest.param("\u200b.\u200b.\u200b", id="invisible parts"),
    ],
)
def test_odd_inputs_are_answered(text: str):
    decoded = decode(text)
    read_out(decoded)
    for finding in decoded.findings:
        if finding.offset is not None:
            assert 0 <= finding.offset <= len(text)
            assert finding.offset + (finding.length or 0) <= len(text)


def test_an_encrypted_token_shows_its_header_and_no_payload():
    decoded = decode(b64u('{"alg":"RSA-OAEP","enc":"A256GCM","kid":"k"}') + f".{'A' * 342}.{'A' * 16}.AA.{'A' * 22}")
    assert decoded.header == {"alg": "RSA-OAEP", "enc": "A256GCM", "kid": "k"}
    assert (decoded.payload, decoded.payload_text) == (None, None)
    (finding,) = decoded.findings
    assert '"RSA-OAEP"' in finding.message
    assert '"A256GCM"' in finding.message


def test_a_document_answers_for_its_text():
    header, payload = decode(GOOD).documents
    assert header is not None
    assert payload is not None
    assert (header.exact, payload.exact) == ('{"alg":"HS256"}', CLAIMS)
    member = payload.member("exp")
    assert member is not None
    assert payload.text[member.start : member.end] == "1800000000"


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200b", "\u00ad", "\ufeff", "\U000e0041"], ids=ascii)
@pytest.mark.parametrize("segment", ["header", "payload"])
def test_a_character_that_does_not_show_is_warned_of(hidden: str, segment: str):
    """CVE-2021-42574: what is read is not what is written."""
    header, payload = '{"alg":"HS256"}', CLAIMS
    if segment == "header":
        header = f'{{"alg":"HS256","kid":"a{hidden}b"}}'
    else:
        payload = f'{{"exp":1800000000,"sub":"a{hidden}b{hidden}"}}'
    (finding,) = [one for one in decode(make(header, payload)).findings if one.code == "hidden_character"]
    assert (finding.level, finding.segment, finding.line) == ("warning", segment, 1)
    assert finding.column == (header if segment == "header" else payload).index(hidden) + 1
    assert hidden not in finding.message
    assert ("and 1 more" in finding.message) == (segment == "payload")


@pytest.mark.parametrize("shown", ["José", "می\u200cخواهم", "👩\u200d👩\u200d👧", "漢字", "\u00a0"], ids=ascii)
def test_characters_that_people_write_are_not_hidden(shown: str):
    assert "hidden_character" not in codes(decode(make('{"alg":"HS256"}', f'{{"exp":1800000000,"name":"{shown}"}}')).findings)


# escapes, look-alikes, what is cut off


def applied(text: str, mend: Any) -> str:
    """*text* with the repair carried out, as the page does it."""
    return mend.text if mend.length is None else text[: mend.offset] + mend.text + text[mend.offset + mend.length :]


@pytest.mark.parametrize(
    ("text", "sort", "told"),
    [
        pytest.param(GOOD.replace(".", "%2E"), "%2E", "URL encoding", id="URL encoding"),
        pytest.param(GOOD.replace(".", "&#46;"), "&#46;", "HTML entity", id="HTML number"),
        pytest.param(GOOD.replace(".", "&period;"), "&period;", "HTML entity", id="HTML entity"),
        pytest.param(GOOD[:76] + "=\r\n" + GOOD[76:], "=", "soft line break", id="soft line break"),
        pytest.param(GOOD.replace(".", "=2E"), "=2E", "quoted-printable", id="quoted-printable"),
        pytest.param(GOOD.replace(".", "\\u002e"), "\\u002e", "escape", id="program text"),
        pytest.param(GOOD.replace(".", "\\."), "\\.", "escape", id="backslash"),
        pytest.param(GOOD.replace("y", "%79", 1), "%79", "URL encoding", id="a letter"),
    ],
)
def test_escapes_are_undone_and_named(text: str, sort: str, told: str):
    decoded = decode(text)
    assert decoded.payload_text == CLAIMS
    finding = next(one for one in decoded.findings if one.code == "token_escaped")
    assert (finding.level, finding.offset) == ("error", text.index(sort))
    assert told in finding.message
    assert applied(text, finding.repairs[0]) == GOOD


@pytest.mark.parametrize("escape", ["\\n", "\\r", "%0A", "%20", "&nbsp;", "&#8203;"])
def test_an_escaped_character_that_does_not_show_is_left_out_and_told_once(escape: str):
    text = f"{GOOD[:-4]}{escape}{GOOD[-4:]}"
    report = verify(text, SECRET, at=NOW)
    (told,) = (one for one in report.findings if one.level == "error")
    assert (told.code, told.offset, told.length) == ("token_escaped", len(GOOD) - 4, len(escape))
    assert "left out" in told.message
    assert applied(text, told.repairs[0]) == GOOD


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(f"{GOOD[:-4]}=3D{GOOD[-4:]}", "base64_foreign_character", id="inside"),
        pytest.param(f"{GOOD}%3D", "base64_padding", id="padding"),
        pytest.param(f"{GOOD}%3D%3D", "base64_padding", id="padding twice"),
    ],
)
def test_taking_out_an_escaped_character_takes_out_the_whole_escape(text: str, code: str):
    found = next(one for one in decode(text).findings if one.code == code)
    assert found.length == len(text) - len(GOOD)
    assert applied(text, found.repairs[0]) == GOOD


def test_quoted_printable_padding_is_both():
    decoded = decode(f"{HEADER}=3D.{PAYLOAD}.{SIGNATURE}")
    assert {"token_escaped", "base64_padding"} <= set(codes(decoded.findings))


@pytest.mark.parametrize(
    ("letter", "other", "named"),
    [
        pytest.param("a", "\u0430", "CYRILLIC SMALL LETTER A", id="Cyrillic"),
        pytest.param("y", "\uff59", "FULLWIDTH LATIN SMALL LETTER Y", id="full-width"),
        pytest.param("H", "\u0397", "GREEK CAPITAL LETTER ETA", id="Greek"),
        pytest.param(".", "\uff0e", "FULLWIDTH FULL STOP", id="full stop"),
        pytest.param("-", "\u2011", "NON-BREAKING HYPHEN", id="hyphen"),
    ],
)
def test_a_look_alike_is_read_as_what_it_imitates(letter: str, other: str, named: str):
    good = token("HS256", payload='{"exp":1800000000,"a":"~~~???>>>"}') if letter == "-" else GOOD
    place = good.index(letter)
    text = good[:place] + other + good[place + 1 :]
    decoded = decode(text)
    assert decoded.payload_text == decode(good).payload_text
    (finding,) = [one for one in decoded.findings if one.code == "base64_look_alike"]
    assert (finding.level, finding.offset, finding.length) == ("error", place, 1)
    assert named in finding.message
    assert f'looks like "{letter}"' in finding.message
    (mend,) = finding.repairs
    assert applied(text, mend) == good


def test_a_look_alike_that_was_another_character_gets_no_repair():
    place = next(at for at, one in enumerate(SIGNATURE) if one not in "-_") + len(HEADER) + len(PAYLOAD) + 2
    text = GOOD[:place] + "\u2013" + GOOD[place + 1 :]
    report = verify(text, SECRET, at=NOW)
    (finding,) = [one for one in report.findings if one.code == "base64_look_alike"]
    assert (report.signature.matches, finding.repairs) == (False, ())
    assert next(one for one in decode(text).findings if one.code == "base64_look_alike").repairs


def is_varied(signature: str) -> bool:
    """Whether it has what can be spelt wrongly in several ways, and both dash and line twice."""
    return set("ace") <= set(signature) and signature.count("-") > 1 and signature.count("_") > 1


VARIED = next(
    one for one in (make('{"alg":"HS256"}', f'{{"exp":1800000000,"n":{n}}}') for n in range(9999)) if is_varied(one.split(".")[2])
)


@pytest.mark.parametrize(
    ("spelt", "label"),
    [
        pytest.param({"-": "\u2013"}, 'Write "-"', id="dashes"),
        pytest.param({"-": "+"}, 'Write "-"', id="plus"),
        pytest.param({"_": "/"}, 'Write "_"', id="slash"),
        pytest.param({"-": "+", "_": "/"}, 'Write "-" and "_"', id="standard base64"),
        pytest.param({"-": "%2B"}, 'Write "-"', id="escaped"),
        pytest.param({"-": "\u2013", "_": "\u2017"}, 'Write "-" and "_"', id="dashes and lines"),
        pytest.param({"a": "\u0430", "e": "\u0435", "c": "\u0441"}, "Write plain letters", id="Cyrillic letters"),
        pytest.param({".": "\u3002"}, 'Write "."', id="full stops"),
    ],
)
def test_one_repair_writes_all_that_is_spelt_wrongly(spelt: dict[str, str], label: str):
    head, _, signature = VARIED.rpartition(".")
    dot = spelt.get(".", ".")
    text = f"{head.replace('.', dot)}{dot}{''.join(spelt.get(one, one) for one in signature)}"
    report = verify(text, SECRET, at=NOW)
    first, *others = [one for one in report.findings if one.code in ("base64_look_alike", "base64_standard_alphabet")]
    (mend,) = first.repairs
    assert (mend.label, applied(text, mend)) == (label, VARIED)
    assert not [one for one in others if one.repairs]
    if first.code == "base64_standard_alphabet":
        assert "Written in base64url the signature matches." in first.message


def test_many_sorts_of_look_alikes_take_little_time():
    sorts = [chr(code) for code in range(0x1D400, 0x1D7FF)]
    within(1.5, lambda: read_out(decode(f"{HEADER}.{PAYLOAD}.{''.join(sorts) * 50}")))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(f"{HEADER}.{PAYLOAD[:20]}...", ('ends in "..."', "header is complete", "payload breaks off after 20"), id="payload"),
        pytest.param(f"{HEADER}.{PAYLOAD[:20]}\u2026", ("header is complete", "payload breaks off after 20"), id="ellipsis"),
        pytest.param(f"{HEADER[:9]}...", ("header breaks off after 9",), id="header"),
        pytest.param(
            f"{HEADER}.{PAYLOAD}.{SIGNATURE[:8]}...",
            ("header and the payload are complete", "signature breaks off after 8"),
            id="signature",
        ),
        pytest.param(f"{HEADER}.{PAYLOAD}....", ("signature breaks off after 0",), id="behind the second dot"),
        pytest.param(f"{HEADER}.{PAYLOAD[:9]}...{SIGNATURE[-6:]}", ("at offset", "payload breaks off after 9"), id="in the middle"),
        pytest.param(
            f"{HEADER}.{PAYLOAD[:9]}\u2026{SIGNATURE[-6:]}", ("at offset", "payload breaks off after 9"), id="in the middle, ellipsis"
        ),
    ],
)
def test_a_shortened_token_is_known_by_its_dots(text: str, words: tuple[str, ...]):
    decoded = decode(text)
    (finding,) = [one for one in decoded.findings if one.code == "truncated"]
    assert (finding.level, finding.spec) == ("error", "RFC 7515 §7.1")
    for word in words:
        assert word in finding.message
    report = verify(text, SECRET, at=NOW)
    assert (report.signature.status, report.signature.matches) == ("not_checked", None)


# what a fault of form means for the signature


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        pytest.param(f"{GOOD}\n", "white_space", "Without it the token verifies", id="line break"),
        pytest.param(f"{GOOD[:9]}\u200b{GOOD[9:]}", "invisible_character", "Without it the token verifies", id="zero-width space"),
        pytest.param(f"{GOOD[:9]}\0{GOOD[9:]}", "invisible_character", "Without it the token verifies", id="NUL"),
        pytest.param(f"{GOOD[:50]}#{GOOD[50:]}", "base64_foreign_character", "Without it the token verifies", id="foreign character"),
        pytest.param(f"{GOOD}.abc", "segment_count", "Without what is surplus the token verifies", id="surplus"),
        pytest.param(GOOD.replace(".", "%2E"), "token_escaped", "With the escaping undone the token verifies", id="escapes"),
    ],
)
def test_it_says_that_the_token_verifies_without_the_fault(text: str, code: str, words: str):
    report = verify(text, SECRET, at=NOW)
    assert (report.signature.status, report.signature.matches, report.accepted) == ("invalid", True, False)
    (finding,) = [one for one in report.findings if one.code == code]
    assert words in finding.message
    assert verify(applied(text, finding.repairs[0]), SECRET, at=NOW).accepted
    assert "verifies" not in next(one for one in verify(text, SECRET + "x", at=NOW).findings if one.code == code).message


def test_it_does_not_say_so_when_more_is_wrong():
    (finding,) = [one for one in verify(f"{make('{}', CLAIMS)}\n", SECRET, at=NOW).findings if one.code == "white_space"]
    assert "verifies" not in finding.message


# JSON serialization


FLAT = {"payload": PAYLOAD, "protected": HEADER, "signature": SIGNATURE}


@pytest.mark.parametrize(
    ("form", "serialization"),
    [
        pytest.param(FLAT, "flattened", id="flattened"),
        pytest.param({"payload": PAYLOAD, "signatures": [{"protected": HEADER, "signature": SIGNATURE}]}, "general", id="general"),
    ],
)
def test_the_json_forms_are_read_with_their_places(form: dict[str, Any], serialization: str):
    text = json.dumps(form, indent=1)
    report = verify(text, SECRET, at=NOW)
    read_out(report)
    assert (report.kind, report.serialization) == ("JWS", serialization)
    assert (report.header_text, report.payload_text) == ('{"alg":"HS256"}', CLAIMS)
    assert (report.signature.status, report.accepted) == ("verified", False)
    row = next(check for check in report.checks if check.name == "form")
    assert (row.outcome, row.spec) == ("failed", "RFC 7519 §1")
    assert "matches the 65-byte secret" in report.signature.because
    assert "does not match" in verify(text, SECRET + "x", at=NOW).signature.because
    for part, segment in zip(report.token.parts, (HEADER, PAYLOAD, SIGNATURE), strict=True):
        assert report.token.places[part.start] == text.index(segment)
    (finding,) = [one for one in report.findings if one.code == "json_serialization"]
    assert finding.spec == f"RFC 7515 §7.2.{2 if serialization == 'flattened' else 1}"
    (mend,) = finding.repairs
    assert mend.text == GOOD


def test_a_fault_inside_a_json_form_has_its_place():
    text = json.dumps(FLAT | {"payload": PAYLOAD[:5] + "#" + PAYLOAD[5:]})
    (finding,) = [one for one in decode(text).findings if one.code == "base64_foreign_character"]
    assert text[finding.offset or 0] == "#"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        pytest.param({"kid": "a"}, "unprotected_header", id="kid"),
        pytest.param({"alg": "HS256"}, "json_duplicate_member", id="alg in both"),
        pytest.param({"crit": ["x"]}, "unprotected_forbidden", id="crit"),
        pytest.param({"b64": False}, "unprotected_forbidden", id="b64"),
        pytest.param(1, "json_form_damaged", id="a number"),
    ],
)
def test_the_unprotected_header_is_part_of_the_header_and_said(header: Any, code: str):
    report = verify(json.dumps(FLAT | {"header": header}), SECRET, at=NOW)
    read_out(report)
    assert code in codes(report.findings)
    if code == "unprotected_header":
        assert report.header == {"alg": "HS256", "kid": "a"}
    else:
        assert "but:" in report.signature.because
        assert report.signature.status == "invalid"


def test_an_algorithm_that_nothing_protects_is_a_warning():
    text = json.dumps({"payload": PAYLOAD, "header": {"alg": "HS256"}, "signature": b64u(raw_signature("HS256", f".{PAYLOAD}".encode()))})
    report = verify(text, SECRET, at=NOW)
    assert (report.header, report.payload_text) == ({"alg": "HS256"}, CLAIMS)
    assert "matches the 65-byte secret" in report.signature.because
    assert "unprotected_alg" in codes(report.findings)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"payload":1,"signature":2}', id="numbers"),
        pytest.param('{"payload":"e30","signatures":[]}', id="no signature"),
        pytest.param('{"payload":"e30","signatures":{}}', id="signatures an object"),
        pytest.param('{"payload":"e30","signatures":[1]}', id="a number among them"),
        pytest.param('{"payload":"e30","signatures":[{},{}]}', id="two without anything"),
        pytest.param('{"payload":"e30","signature":"","signatures":[{}]}', id="both"),
        pytest.param('{"payload":"\\u0065\\u0033\\u0030","protected":"e30","signature":""}', id="escapes"),
        pytest.param('{"payload":"e30","payload":"e30","signature":""}', id="twice"),
        pytest.param('{"protected":"e30","signature":""}', id="detached"),
        pytest.param('{"payload":"e30","protected":"bnVsbA","header":{"a":1},"signature":""}', id="protected null"),
        pytest.param('{"payload":"e30","protected":"!!","header":{"a":1},"signature":""}', id="protected broken"),
        pytest.param('{"ciphertext":1,"protected":2,"iv":3}', id="JWE of numbers"),
        pytest.param('{"payload":"e30","protected":"e30","signature":"","disclosures":[1,"x"]}', id="odd disclosures"),
    ],
)
def test_odd_json_forms_are_answered(text: str):
    report = verify(text, SECRET, at=NOW)
    read_out(report)
    assert report.signature.status != "verified"
    for finding in report.findings:
        if finding.offset is not None and finding.segment != "key":
            assert 0 <= finding.offset <= finding.offset + (finding.length or 0) <= len(text)


def test_two_alphabets_in_one_segment_are_said():
    (finding,) = [one for one in decode(f"{HEADER}.eyJhIjoi_n5-Pz8/In0.{SIGNATURE}").findings if one.code == "base64_standard_alphabet"]
    assert "standard base64 mixed with base64url" in finding.message
    (finding,) = [one for one in decode(f"{HEADER}.eyJhIjoiPz8/In0.{SIGNATURE}").findings if one.code == "base64_standard_alphabet"]
    assert "mixed" not in finding.message


def test_the_form_of_a_token_is_told_by_what_it_is():
    """Not by the last thing that was noticed of it."""
    check = next(one for one in verify(f"{GOOD}~", SECRET, at=NOW).checks if one.name == "form")
    assert (check.outcome, check.because[:7]) == ("passed", "SD-JWT:")
