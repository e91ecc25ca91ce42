"""The token is found in whatever stands round it; what was set aside is said, and several become a choice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.tokens import decode, extract, verify
from tests.cost import within
from tests.tokens.keyring import CLAIMS, NOW, SECRET, b64u, codes, make, read_out, token

GOOD = token("HS256")
OTHER = make('{"alg":"HS256","kid":"b"}', '{"sub":"2","exp":1800000000}')
HEADER, PAYLOAD, SIGNATURE = GOOD.split(".")
JWE = b64u('{"alg":"dir","enc":"A128GCM"}') + "..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA"


def taken_of(text: str) -> Any:
    (finding,) = [one for one in decode(text).findings if one.code == "token_taken"]
    return finding


TEXTS = [
    ("curl -H 'Authorization: Bearer {}' https://api.example.com/v1?x=1", "Authorization", "curl command"),
    ('curl -s -X POST "https://a.example/x" -H "authorization: bearer {}" -d "{{}}"', "authorization", "curl command"),
    ("curl --oauth2-bearer {} https://a.example", "oauth2-bearer", "curl command"),
    ('curl https://a.example -b "session={}; theme=dark"', "session", "curl command"),
    ("$ curl -H 'X-Token: {}' https://a.example", "X-Token", "curl command"),
    ("GET / HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer {}\r\nAccept: */*\r\n\r\n", "Authorization", "HTTP message"),
    ("Host: a.example\nAuthorization: Bearer {}\nAccept: */*", "Authorization", "HTTP message"),
    ("X-Id-Token: {}", "X-Id-Token", "header"),
    ("Cookie: a=b; session={}; c=d", "session", "cookie"),
    ("Set-Cookie: id_token={}; Path=/; HttpOnly; Secure", "id_token", "cookie"),
    ("{}; Path=/; HttpOnly", "", "cookie"),
    ("session={}", "session", "parameters"),
    ("https://a.example/cb#id_token={}&state=xyz", "id_token", "URL"),
    ("https://a.example/cb?state=a&jwt={}", "jwt", "URL"),
    ("/cb?request={}&client_id=a", "request", "URL"),
    ("client_assertion={}&grant_type=client_credentials", "client_assertion", "parameters"),
    ("https://a.example/verify/{}", "", "URL"),
    ("{}&token_type=Bearer&expires_in=3600", "", "text"),
    ('{{"access_token":"{}","token_type":"Bearer"}}', "access_token", "JSON document"),
    ('{{\n  "data": [\n    {{"jwt" : "{}"}}\n  ]\n}}', "jwt", "JSON document"),
    ('"{{\\"id_token\\":\\"{}\\"}}"', "id_token", "JSON document"),
    (
        '{{"log":{{"entries":[{{"request":{{"headers":[{{"name":"Authorization","value":"Bearer {}"}}]}}}}]}}}}',
        "Authorization",
        "HAR",
    ),
    ("2026-01-01T00:00:00Z INFO user=alice token={} status=200", "token", "log line"),
    ("2026-01-01 DEBUG got jwt: {} from 10.0.0.1", "jwt", "log line"),
    ("[debug] jwt: {}, exp 12", "jwt", "log line"),
    ("[12:00:01] got {} and more", "", "text"),
    ('["{}"]', "", "JSON document"),
    ('[ {{"jwt":"{}"}} ]', "jwt", "JSON document"),
    ("JWT_TOKEN={}", "JWT_TOKEN", ".env line"),
    ('export TOKEN="{}"', "TOKEN", ".env line"),
    ("token = '{}'", "token", "program text"),
    ('const token = "{}";', "token", "program text"),
    ("  accessToken: `{}`,", "accessToken", "text"),
    ('"{}",', "", "text"),
    ("token: {}\nca: abc", "token", "text"),
    ("The token is {}.", "", "text"),
    ("(see {})", "", "text"),
    ("<pre>{}</pre>", "", "text"),
    ("&quot;{}&quot;", "", "text"),
    ("%22{}%22", "", "text"),
]


@pytest.mark.parametrize(("around", "name", "what"), [pytest.param(*row, id=row[0][:40]) for row in TEXTS])
def test_the_token_is_taken_out_and_nothing_is_wrong_with_it(around: str, name: str, what: str):
    text = around.format(GOOD)
    report = verify(text, SECRET, at=NOW)
    read_out(report)
    assert (report.payload_text, report.signature.status, report.accepted) == (CLAIMS, "verified", True)
    assert not [one for one in report.findings if one.level == "error"]
    finding = taken_of(text)
    assert (finding.level, finding.offset, finding.length) == ("info", text.index(GOOD), len(GOOD))
    assert f"the {what}" in finding.message
    assert f"{len(text) - len(GOOD)} characters" in finding.message
    assert (f'"{name}"' in finding.message) == bool(name)
    (mend,) = finding.repairs
    assert (mend.field, mend.text, mend.length) == ("token", GOOD, None)


@pytest.mark.parametrize("inner", [GOOD, JWE, f"{GOOD}~WyJzIiwibiIsInYiXQ~", HEADER + ".." + SIGNATURE, HEADER + "." + PAYLOAD + "."])
def test_every_sort_of_compact_token_is_found(inner: str):
    for around in ("curl -H 'Authorization: Bearer {}' https://a", '{{"t":"{}"}}', "https://a.example/#t={}&x=1", "t={} x=1"):
        (one,) = extract.tokens(around.format(inner))
        assert around.format(inner)[one.start : one.end] == inner


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(GOOD, id="a token"),
        pytest.param(f" {GOOD}\n", id="white space round it"),
        pytest.param(f"{GOOD},", id="one character behind"),
        pytest.param(f'"{GOOD}', id="one character in front"),
        pytest.param(f"{GOOD}.abc", id="a fourth segment"),
        pytest.param(f"{GOOD[:-9]}\n{GOOD[-9:]}", id="wrapped in the signature"),
        pytest.param(f"{GOOD[:-9]} {GOOD[-9:]}", id="a blank in the signature"),
        pytest.param(f"{GOOD[:-9]}#{GOOD[-9:]}", id="a stranger in the signature"),
        pytest.param(f"{GOOD[:-9]},{GOOD[-9:]}", id="a comma in the signature"),
        pytest.param(f"{GOOD[:9]}\n{GOOD[9:40]}\n{GOOD[40:]}", id="wrapped"),
        pytest.param("https://eye.example.com/a.b.c", id="a URL"),
        pytest.param("eyewitness.example.com", id="a host"),
        pytest.param("hello world. this is. text", id="sentences"),
        pytest.param("", id="nothing"),
        pytest.param(f"x{GOOD}", id="a letter in front"),
    ],
)
def test_a_token_alone_or_damaged_is_left_whole(text: str):
    assert extract.tokens(text) == ()


def test_damage_inside_quotes_is_kept_and_named():
    text = f"curl -H 'Authorization: Bearer {GOOD[:50]}\n{GOOD[50:]}' https://a.example"
    report = verify(text, SECRET, at=NOW)
    assert (report.signature.status, report.signature.matches) == ("invalid", True)
    (finding,) = [one for one in report.findings if one.code == "white_space"]
    assert finding.offset == text.index("\n")
    assert "Without it the token verifies" in finding.message
    (mend,) = finding.repairs
    assert verify(text[: mend.offset] + text[mend.offset + 1 :], SECRET, at=NOW).accepted


AROUND = ("TOKEN={}", "https://a.example/cb#id_token={}&x=1", "Cookie: a=1; s={}; b=2", "Host: a\nAuthorization: Bearer {}\nAccept: */*")


@pytest.mark.parametrize("gap", ["#", "*", "!", "\u2013", "\u200b", "\n  ", "\r\n\t", "\n"], ids=ascii)
@pytest.mark.parametrize("at", [3, 8, 30, len(GOOD) - 43, len(GOOD) - 20, len(GOOD) - 1])
@pytest.mark.parametrize("around", AROUND)
def test_a_damaged_token_is_taken_out_whole(around: str, at: int, gap: str):
    damaged = GOOD[:at] + gap + GOOD[at:]
    (one,) = extract.tokens(around.format(damaged))
    assert around.format(damaged)[one.start : one.end] == damaged


@pytest.mark.parametrize("at", [8, 30, len(GOOD) - 20])
@pytest.mark.parametrize("around", AROUND)
def test_the_character_that_damages_a_token_among_others_is_named(around: str, at: int):
    text = around.format(GOOD[:at] + "#" + GOOD[at:])
    report = verify(text, SECRET, at=NOW)
    (finding,) = [one for one in report.findings if one.code == "base64_foreign_character"]
    assert text[: finding.offset] + text[(finding.offset or 0) + 1 :] == around.format(GOOD)
    assert "Without it the token verifies" in finding.message
    assert "signature_size" not in codes(report.findings)


@pytest.mark.parametrize("at", [8, 60, len(JWE) - 9])
def test_a_damaged_encrypted_token_is_taken_out_whole(at: int):
    damaged = f"{JWE[:at]}#{JWE[at:]}"
    (one,) = extract.tokens(f"t={damaged}&x=1")
    assert (one.start, one.end) == (2, 2 + len(damaged))


@pytest.mark.parametrize("between", ["@", "?x=", "token\n"])
def test_two_tokens_are_no_damaged_encrypted_one(between: str):
    text = f"first: {GOOD}{between}{OTHER}"
    assert extract.tokens(text)[-1].end == len(text)
    assert extract.tokens(text)[-1].start == len(text) - len(OTHER)


@pytest.mark.parametrize(
    "behind",
    [
        pytest.param("#top", id="a fragment"),
        pytest.param("#" + "a" * 21, id="a fragment that would make it the size of another"),
        pytest.param("?x=1", id="a query"),
        pytest.param("\nAccept: */*", id="a line"),
        pytest.param("\n  and more", id="an indented line"),
    ],
)
@pytest.mark.parametrize("inner", [GOOD, GOOD[:-9]], ids=["whole", "cut off"])
def test_what_stands_behind_a_token_is_no_damage(inner: str, behind: str):
    (one,) = extract.tokens(f"https://a.example/?jwt={inner}{behind}")
    assert (one.start, one.end) == (23, 23 + len(inner))


def test_several_tokens_become_a_choice():
    text = json.dumps({"access_token": GOOD, "token_type": "Bearer", "id_token": OTHER, "again": GOOD})
    decoded = decode(text)
    assert decoded.payload_text == CLAIMS
    (finding,) = [one for one in decoded.findings if one.code == "several_tokens"]
    assert (finding.level, finding.segment) == ("info", "token")
    assert "2 different tokens" in finding.message
    assert '"access_token"' in finding.message
    (choice,) = finding.repairs
    assert choice.label == f'Read "id_token" (offset {text.index(OTHER)})'
    assert (choice.field, choice.text, choice.length) == ("token", OTHER, None)
    assert decode(choice.text).payload == {"sub": "2", "exp": 1800000000}
    assert "token_repeated" in codes(decoded.findings)


@pytest.mark.parametrize("gap", ["\n", " ", "\r\n\r\n", ", "], ids=repr)
def test_two_tokens_one_behind_the_other(gap: str):
    decoded = decode(f"{GOOD}{gap}{OTHER}")
    assert decoded.payload_text == CLAIMS
    (finding,) = [one for one in decoded.findings if one.code == "several_tokens"]
    assert [mend.text for mend in finding.repairs] == [OTHER]
    assert f"offset {len(GOOD) + len(gap)}" in finding.message


def test_the_same_token_twice_is_no_choice():
    decoded = decode(f"{GOOD}\n{GOOD}")
    assert "several_tokens" not in codes(decoded.findings)
    (finding,) = [one for one in decoded.findings if one.code == "token_repeated"]
    assert "2 times" in finding.message


@pytest.mark.parametrize(
    ("second", "told"), [pytest.param(GOOD, "Twice the same", id="twice"), pytest.param(OTHER, "Two tokens", id="two")]
)
def test_tokens_that_have_grown_together_are_told_from_a_jwe(second: str, told: str):
    text = GOOD + second
    report = verify(text, SECRET, at=NOW)
    assert (report.kind, report.signature.status, report.signature.matches) == ("JWS", "invalid", True)
    (finding,) = [one for one in report.findings if one.code == "tokens_joined"]
    assert finding.message.startswith(told)
    assert (finding.offset, finding.length) == (len(GOOD), len(second))
    first = finding.repairs[0]
    assert text[: first.offset] + first.text == GOOD
    assert [mend.text for mend in finding.repairs[1:]] == ([OTHER] if second is OTHER else [])


def test_tokens_beyond_those_looked_for_are_not_counted_away():
    (finding,) = [one for one in decode("\n".join([GOOD] * 25)).findings if one.code == "token_repeated"]
    assert "at least 20 times" in finding.message
    assert "stands 19 times" in next(one.message for one in decode("\n".join([GOOD] * 19)).findings if one.code == "token_repeated")


def test_escapes_of_the_surroundings_are_no_fault():
    url = f"https://a.example/cb?jwt={GOOD.replace('.', '%2E')}&x=1"
    report = verify(url, SECRET, at=NOW)
    assert report.accepted
    assert {"escape_undone", "token_taken"} <= set(codes(report.findings))
    string = '"' + GOOD.replace(".", "\\u002e") + '"'
    assert verify(string, SECRET, at=NOW).accepted


def test_names_and_repairs_never_hold_more_than_they_must():
    decoded = decode(json.dumps({f"token_{number}": make('{"alg":"HS256"}', f'{{"n":{number}}}') for number in range(100)}))
    (finding,) = [one for one in decoded.findings if one.code == "several_tokens"]
    assert len(finding.repairs) == 19
    assert "at least 20 different tokens" in finding.message
    assert '"token_1"' in finding.message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('"eyJhbGciOiJ ' * 20_000, id="open quotes"),
        pytest.param("eyJhbGciOiJ " * 20_000, id="beginnings"),
        pytest.param("\"'`eyJhbGciOiJ " * 17_000, id="quotes of three sorts"),
        pytest.param(f'"{GOOD}",' * 2_400, id="tokens"),
        pytest.param(" eyJhbGciOiJ." * 19_000, id="halves"),
        pytest.param("http://a/?x=" * 20_000 + GOOD, id="URLs"),
        pytest.param("&amp;%2E\\u0061" * 17_000, id="escapes"),
        pytest.param("#eyJ" * 60_000, id="beginnings with gaps"),
        pytest.param("#eyJ#a.a#a." * 22_000, id="damaged beginnings"),
        pytest.param("#eyJa.a." + "a" * 240_000 + "#a" * 5_000, id="a long segment with gaps"),
        pytest.param(f"{GOOD[:-9]}#\n" * 2_000, id="damaged tokens"),
        pytest.param(f"{GOOD}~" + "WyJzIiwibiIsInYiXQ~" * 13_000, id="disclosures"),
    ],
)
def test_hostile_texts_take_no_time(text: str):
    within(1.5, lambda: read_out(decode(text)))
