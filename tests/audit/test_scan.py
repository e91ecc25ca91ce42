"""Tokens are found wherever they stand, and finding them costs no more than reading."""

from __future__ import annotations

import json
import time
from base64 import b64encode

import pytest

from app import tokens
from app.audit import scan
from tests.audit import logs

TOKEN = logs.token().encode()


def found(data):
    return [spot.token for spot in scan.spots(data)]


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        (b"", b""),
        (b"Authorization: Bearer ", b"\r\n"),
        (b"Cookie: a=b; session=", b"; c=d"),
        (b"https://example.com/?token=", b"&x=1"),
        (b"https://example.com/reset/", b" HTTP/1.1"),
        (b"Bearer%20", b"%20"),
        (b"%7B%22a%22%3A%22", b"%22"),
        (b'{"value":"Bearer ', b'"}'),
        (b'"{\\"token\\":\\"', b'\\"}"'),
        (b"line\\n", b"\\nline"),
        (b"\\u0022", b"\\u0022"),
        (b"{\\x22token\\x22:\\x22", b"\\x22}"),
        (b"next=%2Fcb%253Ftoken%253D", b"%2526x"),
        (b"token=\x1b[0m", b"\x1b[0m"),
        (b"\\u001b[36m", b"\\u001b[0m"),
        (b"GET /#012", b"#012"),
        (b"<a>", b"</a>"),
        (b"", b". The end"),
        (b"", b"..."),
        (b"v1.", b""),
        (b"\xff\x00", b"\x00\xff"),
    ],
)
def test_a_token_is_found_whatever_stands_round_it(before, behind):
    (spot,) = scan.spots(before + TOKEN + behind)
    assert (spot.start, spot.length, spot.token) == (len(before), len(TOKEN), TOKEN)


@pytest.mark.parametrize("dot", [b"%2E", b"%2e", b"%252E", b"\\u002e", b"\\u002E"])
def test_a_dot_may_be_escaped(dot):
    escaped = TOKEN.replace(b".", dot)
    (spot,) = scan.spots(b'"' + escaped + b'"')
    assert (spot.length, spot.token) == (len(escaped), TOKEN)


def test_a_token_of_an_sd_jwt_or_jwe_is_taken_whole():
    for whole in (TOKEN + b"~WyJhIl0~WyJiIl0~", TOKEN + b".eA.eA", TOKEN + b"~" + TOKEN):
        assert found(b"x " + whole + b" x") == [whole]
    assert found(TOKEN + b"~WyJhIl0~. The end") == [TOKEN + b"~WyJhIl0~"]


def test_a_token_in_a_token_is_no_other_one():
    whole = tokens.encode({"alg": "HS256", "cty": "JWT"}, TOKEN.decode(), logs.SECRET).token.encode()
    assert found(b"Bearer " + whole) == [whole]


@pytest.mark.parametrize(
    "text", [b"x" + TOKEN, b"_" + TOKEN, b"-" + TOKEN, b"eyJhbGciOiJIUzI1NiJ9", b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIi", b"key.they.obey"]
)
def test_what_is_part_of_a_word_or_lacks_parts_is_no_token(text):
    assert found(text) == []


def test_a_body_in_base64_is_looked_into():
    body = b64encode(json.dumps({"access_token": TOKEN.decode()}).encode()).decode()
    har = json.dumps({"content": {"mimeType": "application/json", "text": body, "encoding": "base64"}}).encode()
    (spot,) = scan.spots(har)
    assert (spot.token, spot.inside) == (TOKEN, scan.IN_BASE64)
    assert har[spot.start : spot.start + spot.length].decode() == body


@pytest.mark.parametrize(
    "text", [b64encode(TOKEN), b64encode(TOKEN).rstrip(b"="), b64encode(TOKEN + b"\n")], ids=["padded", "bare", "line"]
)
@pytest.mark.parametrize("around", [b"data:\n  token: %b\n", b'{"token":"%b"}', b'"text": "%b"', b"%b"])
def test_a_token_that_is_base64_a_second_time_is_found_once(around, text):
    (spot,) = scan.spots(around % text)
    assert (spot.token, spot.inside) == (TOKEN, scan.IN_BASE64)
    assert spot.start == around.index(b"%b")
    assert list(scan.spots(b"x" + text)) == []


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_token_in_utf_16_is_found_among_bytes(encoding):
    wide = f"a={TOKEN.decode()};".encode(encoding)
    (spot,) = scan.spots(b"\x01\x02" + wide + b"\xff")
    assert (spot.token, spot.length, spot.inside) == (TOKEN, 2 * len(TOKEN), scan.IN_UTF16)
    assert found(f"x{TOKEN.decode()}".encode(encoding)) == []


def test_a_name_of_a_file_is_told_without_the_token_in_it():
    assert scan.masked(f"logs/{TOKEN.decode()}.txt") == "logs/(a token).txt"
    assert scan.masked(f"logs/x{TOKEN.decode()[:60]}.txt") == "logs/x(a token).txt"
    assert scan.masked("logs/keyJournal.eyewitness.txt") == "logs/keyJournal.eyewitness.txt"


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(b"eyJaaaaaa", id="one word"),
        pytest.param(b"/eyJaaaaaa", id="slashes"),
        pytest.param(b".eyJaaaaaa", id="dots"),
        pytest.param(b"%20eyJaaaaaa", id="escapes"),
        pytest.param(b"eyJaaaaaa.a/", id="payloads that go on"),
        pytest.param(b"eyJaaaaaa=.a/", id="padding"),
        pytest.param(b"eyJaaaaaa.a.a~", id="disclosures"),
        pytest.param(b'"text":"', id="bodies"),
        pytest.param(b'"text":"' + b"A" * 60, id="bodies that are open"),
        pytest.param(b"ZXlKaaaaaa", id="base64 a second time"),
        pytest.param(b" ZXlKZXlKWlhsS1pYbEtaZXlKWlhsS1pYbEs", id="base64 of base64"),
        pytest.param(b"e\0y\0J\0" + b"a\0" * 24, id="UTF-16"),
        pytest.param(b"[0m#012eyJaaaaaa", id="colours"),
    ],
)
def test_a_hostile_text_of_twice_the_length_takes_about_twice_the_time(hostile):
    def seconds(count):
        data = hostile * count
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            for _ in scan.spots(data):
                pass
            best = min(best, time.process_time() - start)
        return best

    count = 300_000 // len(hostile)
    assert seconds(8 * count) < 32 * max(seconds(count), 0.0005)  # 64 times if it were quadratic
