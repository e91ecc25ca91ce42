"""The failure classes with other algorithms, keys and places, made on the fly: what holds for one case holds for its kin."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.tokens import Report
from tests.tokens import keyring
from tests.tokens.keyring import CRV, ECDSA, HALF, HMAC, NOW, RSA, SECRET, b64u, make, unb64u
from tests.tokens.telling import apply, judged, mended, says, tells, told

EACH_FAMILY = ("HS256", "RS256", "PS384", "ES256", "ES512", "ES256K", "Ed25519", "ML-DSA-44")
SIGNED = '{"sub":"Ω alice","exp":1800000000,"n":[1,2,3]}'
RAW_SECRET = bytes(range(200, 232)) * 2
SEGMENTS = ("header", "payload", "signature")


def pasted(token: str, key: Any = SECRET, **more: Any) -> dict[str, Any]:
    return {"token": token, "key": key, "at": NOW, **more}


def good(alg: str, claims: str = SIGNED) -> tuple[str, str]:
    """A good token of *alg* and the key that verifies it."""
    return keyring.token(alg, claims), keyring.public_key(alg)


def middle(token: str, segment: str) -> int:
    """A place amid the segment."""
    index = SEGMENTS.index(segment)
    parts = token.split(".")
    return sum(len(part) + 1 for part in parts[:index]) + len(parts[index]) // 2


def verifies_after_a_repair(report: Report, given: dict[str, Any]) -> bool:
    return any(judged(after).signature.status == "verified" for after in mended(report, given))


def with_signature(token: str, signature: bytes) -> str:
    return f"{token.rpartition('.')[0]}.{b64u(signature)}"


def lines(report: Report) -> str:
    return "\n".join(one.text for one in told(report))


# Envelope and base64url


@pytest.mark.parametrize("segment", SEGMENTS)
@pytest.mark.parametrize("alg", EACH_FAMILY)
def test_a_zero_width_space_is_named_in_each_segment_and_removed(alg: str, segment: str):
    token, key = good(alg)
    at = middle(token, segment)
    given = pasted(token[:at] + "\u200b" + token[at:], key)
    report = judged(given)
    assert not tells(report, given, says(r"U\+200B", "ZERO WIDTH SPACE", f"offset {at}\\b", at=at, length=1, spec="RFC 7515 §"))
    assert (report.signature.status, report.signature.matches) == ("invalid", True)
    assert given | {"token": token} in mended(report, given)


@pytest.mark.parametrize(
    ("inserted", "words"),
    [
        pytest.param("\n", "line break", id="line feed"),
        pytest.param("\t", "tab", id="tab"),
        pytest.param(" ", "space", id="space"),
        pytest.param("\u00a0", r"U\+00A0", id="no-break space"),
        pytest.param("\u2028", r"U\+2028", id="line separator"),
        pytest.param("\ufeff", r"U\+FEFF", id="byte order mark"),
        pytest.param("\u00ad", r"U\+00AD", id="soft hyphen"),
        pytest.param("\u2060", r"U\+2060", id="word joiner"),
        pytest.param("\u202e", r"U\+202E", id="right-to-left override"),
        pytest.param("#", r'"#" \(U\+0023\)', id="number sign"),
        pytest.param("%", r"U\+0025", id="per cent"),
        pytest.param("é", r"U\+00E9", id="e acute"),
    ],
)
@pytest.mark.parametrize("segment", SEGMENTS)
def test_what_was_inserted_is_named_and_without_it_the_token_verifies(segment: str, inserted: str, words: str):
    token, key = good("ES256")
    middling = middle(token, segment)
    # Before two hexadecimal digits a per cent sign would be an escape.
    at = next(at for at in range(middling, len(token)) if not re.fullmatch("[0-9A-Fa-f]{2}", token[at : at + 2]))
    given = pasted(token[:at] + inserted + token[at:], key)
    report = judged(given)
    assert not tells(report, given, says(words, f"offset {at}\\b", at=at, length=1, spec="RFC 7515 §|RFC 4648 §5"))
    assert report.signature.status != "verified"
    assert given | {"token": token} in mended(report, given)


@pytest.mark.parametrize(
    ("letter", "other"),
    [
        ("a", "\u0430"),
        ("e", "\u0435"),
        ("o", "\u043e"),
        ("c", "\u0441"),
        ("x", "\u0445"),
        ("I", "\u0399"),
        ("A", "\uff21"),
        ("9", "\uff19"),
        ("_", "\uff3f"),
    ],
)
@pytest.mark.parametrize("segment", SEGMENTS)
def test_a_letter_of_another_script_is_turned_back(segment: str, letter: str, other: str):
    def spelt(number: int) -> str:
        text = f"Ж?{b64u(hashlib.sha256(bytes([number])).digest())}???~~~"  # so that each character of base64url comes up
        return make({"alg": "HS256", "cty": text}, json.dumps({"n": text}, ensure_ascii=False))

    index = SEGMENTS.index(segment)
    token = next(text for number in range(256) if letter in (text := spelt(number)).split(".")[index])
    at = token.index(letter, sum(len(part) + 1 for part in token.split(".")[:index]))
    given = pasted(token[:at] + other + token[at + 1 :])
    report = judged(given)
    assert not tells(report, given, says(segment, rf"U\+{ord(other):04X}", f"offset {at}\\b", f'"{letter}"', at=at, length=1))
    assert report.signature.status != "verified"
    assert given | {"token": token} in mended(report, given)


@pytest.mark.parametrize("dash", ["\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015", "\u2212", "\uff0d"])
def test_a_dash_of_a_word_processor_is_turned_back_where_the_result_verifies(dash: str):
    token = next(token for number in range(99) if "-" in (token := make({"alg": "HS256"}, f'{{"n":{number}}}')).rpartition(".")[2])
    at = token.rindex("-")
    given = pasted(token[:at] + dash + token[at + 1 :])
    report = judged(given)
    assert not tells(report, given, says("signature", rf"U\+{ord(dash):04X}", f"offset {at}\\b", '"-"', at=at, length=1))
    assert given | {"token": token} in mended(report, given)


@pytest.mark.parametrize("segment", SEGMENTS)
@pytest.mark.parametrize("alg", ["HS512", "PS256", "ES384", "Ed448"])
def test_padding_is_named_in_each_segment(alg: str, segment: str):
    header, claims = f'{{"alg":"{alg}","n":1}}', '{"sub":"1"}'
    parts = [b64u(text + " " * ((1 - len(text)) % 3)) for text in (header, claims)]
    if segment != "signature":
        parts[SEGMENTS.index(segment)] += "=="
    signature = b64u(keyring.raw_signature(alg, ".".join(parts).encode()))
    if segment == "signature":
        signature += "=" * (-len(signature) % 4)
    token = ".".join([*parts, signature])
    given = pasted(token, keyring.public_key(alg))
    report = judged(given)
    if "=" not in token:  # signatures of 96 and 114 bytes fill their last group
        assert report.signature.status == "verified"
        return
    assert not tells(report, given, says(segment, '"="', "padding", at=token.index("="), spec="RFC 7515 §2"))
    assert (report.signature.status, report.signature.matches) == ("invalid", True)


@pytest.mark.parametrize(("alg", "bits"), [("HS256", 2), ("HS512", 4), ("RS256", 4), ("ES256", 4), ("ES512", 0), ("Ed448", 0)])
def test_loose_bits_are_counted_and_put_right(alg: str, bits: int):
    token, key = good(alg)
    if not bits:  # 132 and 114 bytes fill their last group
        assert len(unb64u(token.rpartition(".")[2])) % 3 == 0
        return
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[alphabet.index(token[-1]) + 1]
    given = pasted(token[:-1] + other, key)
    report = judged(given)
    words = ("signature", f"{bits} ", f'"{other}"', f'"{token[-1]}"', "canonical")
    assert not tells(report, given, says(*words, at=len(token) - 1, length=1, spec="RFC 4648 §3.5"))
    assert (report.signature.status, report.signature.matches) == ("invalid", True)
    assert given | {"token": token} in mended(report, given)


@pytest.mark.parametrize("segment", SEGMENTS)
def test_an_impossible_length_is_counted(segment: str):
    parts = keyring.token("HS256").split(".")
    index = SEGMENTS.index(segment)
    parts[index] += "A" * ((1 - len(parts[index])) % 4)
    given = pasted(".".join(parts))
    report = judged(given)
    assert not tells(report, given, says(segment, f"{len(parts[index])} characters", r"4n ?\+ ?1", within=segment, spec="RFC 7515 §2"))
    assert report.signature.status != "verified"


@pytest.mark.parametrize("dots", ["...", "…", "[...]"])
@pytest.mark.parametrize("segment", SEGMENTS)
def test_a_shortened_token_is_told_from_a_foreign_one(segment: str, dots: str):
    token = keyring.token("HS256", SIGNED)
    at = middle(token, segment)
    given = pasted(token[:at] + dots)
    report = judged(given)
    assert not tells(report, given, says("(shortened|cut)", "cop(y|ied)", at=at, length=len(dots)))
    assert report.signature.status != "verified"


@pytest.mark.parametrize(("surplus", "count"), [(".abc", 4), (".", 4), (".a.b.c", 6), (".a.b.c.d.e.f", 9)])
@pytest.mark.parametrize("alg", ["HS256", "Ed25519"])
def test_what_stands_behind_a_token_is_surplus(alg: str, surplus: str, count: int):
    token, key = good(alg)
    given = pasted(token + surplus, key)
    report = judged(given)
    words = (f"{count} segments", f"{len(surplus)} characters?", f"offset {len(token)}")
    assert not tells(report, given, says(*words, at=len(token), length=len(surplus), spec="RFC 7515 §7.1"))
    assert report.signature.status != "verified"
    assert given | {"token": token} in mended(report, given)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Bearer ", ""),
        ("bearer ", ""),
        ("Authorization: Bearer ", ""),
        ("authorization: DPoP ", ""),
        ('"', '"'),
        ("'", "'"),
        ("`", "`"),
    ],
)
@pytest.mark.parametrize("alg", ["HS384", "ES256K"])
def test_packaging_is_no_fault_of_the_token(alg: str, before: str, after: str):
    token, key = good(alg)
    given = pasted(before + token + after, key)
    report = judged(given)
    assert report.signature.status == "verified"
    assert not [finding for finding in report.findings if finding.level != "info"]
    assert given | {"token": token} in mended(report, given)


# JSON


@pytest.mark.parametrize(
    ("claims", "words", "place", "spec"),
    [
        pytest.param('{"a":[1,2,]}', ["comma before", r'"\]"'], (1, 11), "RFC 8259 §", id="comma in an array"),
        pytest.param('{\n\n"a":{"b":1,}}', ["comma before", r'"\}"'], (3, 12), "RFC 8259 §", id="comma, third line"),
        pytest.param("{'x':'y'}", ["double quotes", "Python"], (1, 2), "RFC 8259 §", id="single quotes"),
        pytest.param('{"a":Infinity}', ["Infinity", "not JSON"], (1, 6), "RFC 8259 §6", id="Infinity"),
        pytest.param('{"a":[-Infinity]}', ["-Infinity", "not JSON"], (1, 7), "RFC 8259 §6", id="minus Infinity"),
        pytest.param('{"a":{"b":NaN}}', ["NaN", "not JSON"], (1, 11), "RFC 8259 §6", id="NaN within"),
        pytest.param('{"a":"\\udfff"}', ["udfff", "half", "surrogate"], (1, 7), "RFC 8259 §8.2", id="low surrogate"),
        pytest.param('{"é":"\\ud800x"}', ["ud800", "half", "surrogate"], (1, 7), "RFC 8259 §8.2", id="surrogate behind é"),
        pytest.param(
            '{"n":-9007199254740993}', ["-9007199254740993", "2\\^53", "-9007199254740992"], (1, 6), "RFC 8259 §6", id="big negative"
        ),
        pytest.param(
            '{"n":12345678901234567891}',
            ["12345678901234567891", "12345678901234567000|12345678901234567168"],
            (1, 6),
            "RFC 8259 §6",
            id="20 digits",
        ),
        pytest.param('{"n":' + "7" * 4301 + "}", ["4,?301 digits", "text"], (1, 6), "RFC 8259 §6", id="4301 digits"),
        pytest.param("\ufeff{}", ["byte order mark"], (1, 1), "RFC 8259 §8.1", id="byte order mark"),
        pytest.param('{"a":1 "b":2}', ['","', r'"\\?"'], (1, 8), "RFC 8259 §4", id="no comma"),
        pytest.param('{"a":01}', ["01"], (1, 6), "RFC 8259 §6", id="leading zero"),
        pytest.param('{"a":True}', ["True"], (1, 6), "RFC 8259 §3", id="Python's True"),
        pytest.param('{"a":1}}', ["behind"], (1, 8), "RFC 8259 §2", id="one brace more"),
    ],
)
@pytest.mark.parametrize("alg", ["HS256", "ES384"])
def test_a_fault_of_the_json_is_marked_though_the_signature_is_right(
    alg: str, claims: str, words: list[str], place: tuple[int, int], spec: str
):
    token = make({"alg": alg}, claims, alg=alg)
    given = pasted(token, keyring.public_key(alg))
    report = judged(given)
    line, column = place
    before = len("\n".join([*claims.split("\n")[: line - 1], claims.split("\n")[line - 1][: column - 1]]).encode())
    at = token.index(".") + 1 + before * 4 // 3
    assert not tells(report, given, says(*words, at=at, line=line, column=column, spec=spec))
    assert (report.signature.status, report.signature.matches) == ("verified", True)


@pytest.mark.parametrize(("name", "first", "second"), [("kid", '"a"', '"b"'), ("alg", '"HS256"', '"HS384"'), ("typ", '"JWT"', "1")])
def test_a_header_member_that_stands_twice_is_refused_with_both_places(name: str, first: str, second: str):
    text = f'{{"alg":"HS256","{name}":{first},"{name}":{second}}}'
    starts = [match.start() for match in re.finditer(f'"{name}":', text)]
    given = pasted(make(text))
    report = judged(given)
    times = "(twice|2 times)" if len(starts) == 2 else "(3 times|three times)"
    places = [rf"\b({start}|column {start + 1})\b" for start in starts]
    assert not tells(report, given, says("header", f'"{name}"', times, *places, spec="RFC 7515 §4", line=1))
    assert report.signature.status != "verified"


@pytest.mark.parametrize(
    ("claims", "byte", "at"), [(b'{"n":"M\xfcller"}', "FC", 7), (b'{"a":"\xa9 2026"}', "A9", 6), (b'{"city":"S\xe3o"}', "E3", 10)]
)
def test_latin_1_is_named_with_its_byte_and_place(claims: bytes, byte: str, at: int):
    token = make({"alg": "HS384"}, claims, alg="HS384")
    given = pasted(token)
    report = judged(given)
    word = re.escape(claims[at - 1 : at + 3].decode("latin-1").strip('"'))
    place = token.index(".") + 1 + at * 4 // 3
    assert not tells(
        report, given, says(f"0x{byte}", f"(offset|byte|position) {at}\\b", word, "Latin-1|ISO 8859-1", at=place, column=at + 1)
    )
    assert report.signature.status == "verified"


@pytest.mark.parametrize("levels", [65, 1_000, 60_000])
@pytest.mark.parametrize("closed", [True, False])
def test_nesting_is_counted_at_any_depth(levels: int, closed: bool):
    given = pasted(make({"alg": "HS256"}, "[" * levels + ("]" * levels if closed else "")))
    report = judged(given)
    assert not tells(report, given, says("payload", f"{levels:,} levels", "64", spec="RFC 8259 §9"))
    assert report.payload is None


# Header


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("hs256", "HS256"),
        ("Hs512", "HS512"),
        ("HS-384", "HS384"),
        ("HMAC-SHA512", "HS512"),
        ("HmacSHA384", "HS384"),
        ("SHA256", "HS256"),
        ("rs256", "RS256"),
        ("RS-512", "RS512"),
        ("RSA-SHA256", "RS256"),
        ("SHA256withRSA", "RS256"),
        ("ps256", "PS256"),
        ("es384", "ES384"),
        ("ES-256", "ES256"),
        ("SHA384withECDSA", "ES384"),
        ("ECDSA", "ES256"),
        ("EDDSA", "EdDSA"),
        ("ed25519", "Ed25519"),
    ],
)
def test_a_misspelt_algorithm_is_known_by_what_it_does(name: str, meant: str):
    given = pasted(make({"alg": name, "typ": "JWT"}, SIGNED, alg=meant), keyring.public_key(meant))
    report = judged(given)
    facts = says(
        f'(?-i:"{name}")', "not (a )?registered", f"(?-i:{meant})", within="header", line=1, column=8, spec="RFC 7515 §4.1.1|RFC 7518 §3"
    )
    assert not tells(report, given, facts, says(f"(?-i:{meant})", r"\bmatch"))
    assert report.signature.status in ("not_checked", "invalid")


@pytest.mark.parametrize("name", ["None", "NONE", "nOnE", "noNe"])
@pytest.mark.parametrize("signature", [b"", b"x" * 32])
def test_each_spelling_of_none_is_seen_through(name: str, signature: bytes):
    given = pasted(keyring.joined(json.dumps({"alg": name}), SIGNED, signature))
    report = judged(given)
    assert not tells(
        report, given, says(f'(?-i:"{name}")', "case-sensitive", '(?-i:"none")', within="header", spec="RFC 7515 §4.1.1|RFC 7518 §3")
    )
    assert report.signature.status in ("unsecured", "not_checked")


@pytest.mark.parametrize("alg", EACH_FAMILY)
@pytest.mark.parametrize(
    ("more", "words", "spec"),
    [
        ({"crit": ["exp"], "exp": 1}, ['crit lists "exp"', "not process"], "RFC 7515 §4.1.11"),
        ({"crit": ["urn:x"], "urn:x": {}}, ['crit lists "urn:x"', "not process"], "RFC 7515 §4.1.11"),
        ({"crit": []}, ["crit", "empty array"], "RFC 7515 §4.1.11"),
        ({"crit": "exp"}, ["crit", "a string"], "RFC 7515 §4.1.11"),
        ({"crit": ["kid"], "kid": "a"}, ['crit lists "kid"', "7515"], "RFC 7515 §4.1.11"),
        ({"crit": ["gone"]}, ['crit lists "gone"', "not"], "RFC 7515 §4.1.11"),
        ({"b64": False}, ["b64", "crit"], "RFC 7797 §6"),
        ({"b64": 0}, ["b64", "number", "boolean"], "RFC 7797 §3|RFC 7515 §4.1"),
        ({"kid": 7}, ["kid", "number", "string"], "RFC 7515 §4.1"),
        ({"typ": ["JWT"]}, ["typ", "array", "string"], "RFC 7515 §4.1"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_a_rule_of_the_header_refuses_what_the_arithmetic_takes(alg: str, more: dict[str, Any], words: list[str], spec: str):
    given = pasted(make({"alg": alg, **more}, SIGNED, alg=alg), keyring.public_key(alg))
    report = judged(given)
    assert not tells(report, given, says(*words, within="header", line=1, spec=spec), says("signature", "matches"))
    assert (report.signature.status, report.signature.matches) == ("invalid", True)


@pytest.mark.parametrize(
    ("kid", "words"),
    [
        ("../../etc/passwd", [r"\.\./", "path"]),
        ("..\\..\\secret", ["path"]),
        ("a' UNION SELECT 'k' --", ["SQL"]),
        ("key;cat /etc/passwd", ["command|shell"]),
        ("|/bin/sh", ["command|shell"]),
        ("$(id)", ["command|shell"]),
        ("*)(uid=*", ["LDAP"]),
        ("a\u0000b", ["NUL|U\\+0000|control"]),
        ("a\nb", ["line|U\\+000A|control"]),
        ("k" * 4096, ["4,?096"]),
    ],
)
def test_a_kid_that_attacks_the_look_up_is_a_warning(kid: str, words: list[str]):
    given = pasted(make({"alg": "HS256", "kid": kid}))
    report = judged(given)
    assert not tells(report, given, says("kid", *words, within="header", line=1))
    assert report.signature.status == "verified"


@pytest.mark.parametrize(
    "kid",
    [
        "2024-01-01",
        "prod/key-1",
        "a.b.c",
        "0vx7agoebGcQSuu4L",
        "arn:aws:kms:eu-west-1:1:key/2",
        "https://issuer.example/keys/1",
        "key 1",
        "O'Neill",
        "did:key:z6Mk#z6Mk",
    ],
)
def test_an_honest_kid_is_no_attack(kid: str):
    report = judged(pasted(make({"alg": "HS256", "kid": kid})))
    assert report.signature.status == "verified"
    assert not [finding for finding in report.findings if finding.level != "info"]


# Signature


@pytest.mark.parametrize("alg", ECDSA)
def test_a_der_signature_is_converted(alg: str):
    token, key = good(alg)
    r, s = halves(alg, token)
    der = encode_dss_signature(r, s)
    given = pasted(with_signature(token, der), key)
    report = judged(given)
    at = token.rindex(".") + 1
    size = says(
        "DER",
        rf"\b{der[0]:02x} {der[1]:02x} {der[2]:02x}",
        rf"\b{len(der)}.bytes?",
        rf"\b{2 * HALF[alg]}\b",
        at=at,
        spec="RFC 7518 §3.4|RFC 8812",
    )
    assert not tells(report, given, size)
    assert (report.signature.status, report.signature.matches) == ("invalid", False)
    assert given | {"token": token} in mended(report, given)


@pytest.mark.parametrize("more", [1, 8])
@pytest.mark.parametrize("alg", ECDSA)
def test_padded_halves_are_shortened(alg: str, more: int):
    token, key = good(alg)
    size = HALF[alg] + more
    r, s = halves(alg, token)
    given = pasted(with_signature(token, r.to_bytes(size, "big") + s.to_bytes(size, "big")), key)
    report = judged(given)
    assert not tells(
        report,
        given,
        says(rf"\b{2 * size}.bytes?", rf"\b{2 * HALF[alg]}\b", spec="RFC 7518 §3.4|RFC 8812"),
        says(r"\br\b", r"\bs\b", "zero", rf"\b{size}\b"),
    )
    assert given | {"token": token} in mended(report, given)


@pytest.mark.parametrize("alg", ECDSA)
def test_little_endian_halves_are_turned_round(alg: str):
    token, key = good(alg)
    r, s = halves(alg, token)
    given = pasted(with_signature(token, r.to_bytes(HALF[alg], "little") + s.to_bytes(HALF[alg], "little")), key)
    report = judged(given)
    assert not tells(report, given, says("little.endian", "(matches|verifies)"))
    assert report.signature.status == "invalid"
    assert given | {"token": token} in mended(report, given)


@pytest.mark.parametrize("alg", ECDSA)
@pytest.mark.parametrize(("r", "s"), [(0, 0), (0, 1), (1, 0)])
def test_zero_in_an_ecdsa_signature_is_refused_before_any_arithmetic(alg: str, r: int, s: int):
    token, key = good(alg)
    given = pasted(with_signature(token, r.to_bytes(HALF[alg], "big") + s.to_bytes(HALF[alg], "big")), key)
    report = judged(given)
    words = ["r = s = 0", "psychic", "CVE-2022-21449"] if r == s else ["r" if r == 0 else "s", "is 0"]
    assert not tells(report, given, says(*words, within="signature", spec="RFC 7518 §3.4|RFC 8812"))
    assert (report.signature.status, report.signature.matches) == ("invalid", False)


@pytest.mark.parametrize("lost", [1, 3])
@pytest.mark.parametrize("bits", [2048, 3072])
@pytest.mark.parametrize("alg", RSA)
def test_a_truncated_rsa_signature_is_counted(alg: str, bits: int, lost: int):
    key = keyring.rsa_private(bits)
    token = make({"alg": alg}, alg=alg, key=key)
    cut = unb64u(token.rpartition(".")[2])[:-lost]
    given = pasted(with_signature(token, cut), keyring.public_pem(key))
    report = judged(given)
    size = says(f"{len(cut)}.bytes?", f"{bits}-bit|{bits:,}-bit", rf"\b{bits // 8}\b", at=token.rindex(".") + 1, spec="RFC 7518 §3.[35]")
    assert not tells(report, given, size, says(f"{lost} bytes?", "(truncated|missing|cut|short)"))
    assert (report.signature.status, report.signature.matches) == ("invalid", False)


@pytest.mark.parametrize(("alg", "size"), [("HS256", 16), ("HS384", 24), ("HS384", 32), ("HS512", 32), ("HS512", 16)])
def test_a_truncated_hmac_is_known_by_its_beginning(alg: str, size: int):
    token = keyring.token(alg)
    given = pasted(with_signature(token, unb64u(token.rpartition(".")[2])[:size]))
    report = judged(given)
    full = {"HS256": 32, "HS384": 48, "HS512": 64}[alg]
    beginning = "half" if size * 2 == full else str(size)
    assert not tells(
        report, given, says(f"{size}.bytes?", alg, f"{full}", spec="RFC 7518 §3.2"), says(f"first ({beginning}|{size})", "(truncated|cut)")
    )
    assert (report.signature.status, report.signature.matches) == ("invalid", False)


READINGS = {
    "base64": lambda secret: base64.b64encode(secret).decode(),
    "base64url": lambda secret: b64u(secret),
    "hex": lambda secret: secret.hex(),
}


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("alg", HMAC)
def test_a_secret_that_is_another_spelling_is_read_so_on_request(alg: str, reading: str):
    given = pasted(make({"alg": alg}, alg=alg, key=RAW_SECRET), READINGS[reading](RAW_SECRET))
    report = judged(given)
    assert not tells(report, given, says("secret", reading, "(matches|fits)"))
    assert (report.signature.status, report.signature.matches) == ("invalid", False)
    assert verifies_after_a_repair(report, given)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("alg", HMAC)
def test_a_secret_within_a_jwk_that_is_another_spelling_is_found(alg: str, reading: str):
    given = pasted(make({"alg": alg}, alg=alg, key=RAW_SECRET), keyring.oct_jwk(READINGS[reading](RAW_SECRET)))
    report = judged(given)
    assert not tells(report, given, says("secret", reading, "(matches|fits)"))
    assert verifies_after_a_repair(report, given)


@pytest.mark.parametrize("encoding", ["base64", "base64url", "hex"])
@pytest.mark.parametrize("alg", HMAC)
def test_a_secret_that_is_text_after_all_is_read_so_on_request(alg: str, encoding: str):
    text = hashlib.sha512(b"text").hexdigest()  # hex digits are readable in every spelling
    given = pasted(make({"alg": alg}, alg=alg, key=text), text, key_encoding=encoding)
    report = judged(given)
    assert not tells(report, given, says("secret", "text|UTF-8", "(matches|fits)"))
    assert verifies_after_a_repair(report, given)


@pytest.mark.parametrize(("pasted_as", "signed_as"), [("s", "s\n"), ("s\n", "s"), ("s\r\n", "s"), (" s", "s"), ("s", "s\r\n"), ("s ", "s")])
@pytest.mark.parametrize("alg", HMAC)
def test_white_space_round_a_secret_is_found(alg: str, pasted_as: str, signed_as: str):
    given = pasted(make({"alg": alg}, alg=alg, key=signed_as.replace("s", SECRET)), pasted_as.replace("s", SECRET))
    report = judged(given)
    assert report.signature.status == "invalid"
    assert not tells(report, given, says("secret", "newline|line break|line feed|white space|space|trim", "(matches|fits)"))
    assert verifies_after_a_repair(report, given)


@pytest.mark.parametrize(
    "secret",
    [
        "secret",
        "password",
        "changeme",
        "your-256-bit-secret",
        "your-384-bit-secret",
        "your-512-bit-secret",
        "a-string-secret-at-least-256-bits-long",
    ],
)
@pytest.mark.parametrize("alg", HMAC)
def test_a_well_known_secret_is_named_with_any_key(alg: str, secret: str):
    token = make({"alg": alg}, alg=alg, key=secret)
    given = pasted(token, SECRET)
    report = judged(given)
    assert not tells(report, given, says(f'"{secret}"', "(signed with|matches)"))
    assert (report.signature.status, report.signature.matches) == ("invalid", False)
    own = pasted(token, secret)
    assert not tells(judged(own), own, says(f'"{secret}"', "list|known|guess"))


@pytest.mark.parametrize("bits", ["256", "384", "512"])
@pytest.mark.parametrize(("said", "made"), [("RS", "PS"), ("PS", "RS")])
def test_the_other_rsa_padding_is_found(said: str, made: str, bits: str):
    given = pasted(make({"alg": said + bits}, alg=made + bits, key=keyring.private("RS256")), keyring.public_key("RS256"))
    report = judged(given)
    assert not tells(report, given, says(said + bits, made + bits, r"\bmatch", "header"))
    assert (report.signature.status, report.signature.matches) == ("invalid", False)


@pytest.mark.parametrize(
    ("said", "made"),
    [
        ("RS256", "RS512"),
        ("RS512", "RS256"),
        ("RS384", "RS256"),
        ("PS256", "PS384"),
        ("PS512", "PS256"),
        ("RS256", "PS512"),
        ("PS384", "RS256"),
    ],
)
def test_a_sibling_hash_of_rsa_is_found(said: str, made: str):
    given = pasted(make({"alg": said}, alg=made, key=keyring.private("RS256")), keyring.public_key("RS256"))
    report = judged(given)
    assert not tells(report, given, says(made, r"\bmatch", "header"))
    assert (report.signature.status, report.signature.matches) == ("invalid", False)


@pytest.mark.parametrize("said", HMAC)
@pytest.mark.parametrize("made", HMAC)
def test_a_sibling_hash_of_hmac_is_found(said: str, made: str):
    given = pasted(make({"alg": said}, alg=made))
    report = judged(given)
    if said == made:
        assert report.signature.status == "verified"
        return
    assert not tells(report, given, says(made, r"\bmatch", "header"))
    assert (report.signature.status, report.signature.matches) == ("invalid", False)


@pytest.mark.parametrize(("alg", "digest"), [("ES256", "384"), ("ES256", "512"), ("ES384", "256"), ("ES512", "256"), ("ES256K", "512")])
def test_a_sibling_hash_of_ecdsa_is_found(alg: str, digest: str):
    data = f"{b64u(json.dumps({'alg': alg}))}.{b64u(SIGNED)}"
    algorithm = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[digest]
    der = keyring.private(alg).sign(data.encode(), ec.ECDSA(algorithm))
    r, s = decode_dss_signature(der)
    given = pasted(f"{data}.{b64u(r.to_bytes(HALF[alg], 'big') + s.to_bytes(HALF[alg], 'big'))}", keyring.public_key(alg))
    report = judged(given)
    assert not tells(report, given, says(f"SHA-{digest}", "(matches|verifies)"))
    assert (report.signature.status, report.signature.matches) == ("invalid", False)


@pytest.mark.parametrize("spelling", ["PEM", "PEM without its last line break", "DER", "JWK"])
@pytest.mark.parametrize("alg", HMAC)
@pytest.mark.parametrize("owner", ["RS256", "ES256", "Ed25519"])
def test_a_public_key_used_as_secret_is_called_an_attack(owner: str, alg: str, spelling: str):
    private = keyring.private(owner)
    pem = keyring.public_pem(private)
    secrets = {
        "PEM": pem.encode(),
        "PEM without its last line break": pem.strip().encode(),
        "DER": keyring.public_der(private),
        "JWK": json.dumps(keyring.public_jwk(private)).encode(),
    }
    key = json.dumps(keyring.public_jwk(private)) if spelling == "JWK" else pem
    given = pasted(make({"alg": alg}, alg=alg, key=secrets[spelling]), key)
    report = judged(given)
    kind = {"RS256": "RSA", "ES256": "EC", "Ed25519": "Ed25519|OKP"}[owner]
    assert not tells(
        report, given, says(alg, kind, "public key", "secret", f"{spelling[:3]}|text as pasted", "attack", spec="RFC 8725 §(2.1|3.1)")
    )
    assert report.signature.status != "verified"


@pytest.mark.parametrize("alg", HMAC)
def test_a_payload_that_was_written_anew_is_found(alg: str):
    signed = make({"alg": alg}, json.dumps({"sub": "1", "admin": False}, indent=2), alg=alg)
    header, _, signature = signed.split(".")
    given = pasted(f"{header}.{b64u(json.dumps({'sub': '1', 'admin': False}, separators=(',', ':')))}.{signature}")
    report = judged(given)
    assert not tells(report, given, says("payload", "(white space|indent|layout)", "(match|verif)"))
    assert (report.signature.status, report.signature.matches) == ("invalid", False)


@pytest.mark.parametrize("alg", HMAC)
def test_an_altered_token_says_what_was_compared_and_tried(alg: str):
    token = keyring.token(alg)
    header, _, signature = token.split(".")
    forged = b64u('{"sub":"admin"}')
    given = pasted(f"{header}.{forged}.{signature}")
    report = judged(given)
    digest = f"sha{alg[2:]}"
    wanted = b64u(hmac.digest(SECRET.encode(), given["token"].rpartition(".")[0].encode(), digest))
    compared = says("not match", f"SHA-?{alg[2:]}", f"{len(SECRET)}.byte", re.escape(wanted[:6]), re.escape(signature[:6]))
    assert not tells(report, given, compared, says("tried", "base64", "base64url", "hex"))
    assert not [finding for finding in report.findings if finding.repairs]


# Keys


@pytest.mark.parametrize("said", ECDSA)
@pytest.mark.parametrize("held", ECDSA)
def test_a_wrong_curve_is_named_with_the_algorithm_it_belongs_to(said: str, held: str):
    if said == held:
        return
    given = pasted(keyring.token(said), keyring.public_key(held))
    report = judged(given)
    curve, need = CRV[held], CRV[said]
    assert not tells(report, given, says(said, need, curve, held, spec="RFC 7518 §3|RFC 8725 §3.1|RFC 8812"))
    assert (report.signature.status, report.signature.matches) == ("not_checked", None)


@pytest.mark.parametrize("said", ["RS256", "PS512", "ES256", "ES512", "Ed25519", "Ed448", "ML-DSA-65"])
@pytest.mark.parametrize("held", ["RS256", "ES384", "Ed25519", "ML-DSA-44", "HS256"])
def test_a_key_of_another_type_is_named_with_what_is_needed(said: str, held: str):
    if said == held or (said in RSA and held in RSA):
        return
    given = pasted(keyring.token(said), keyring.public_key(held))
    report = judged(given)
    need = "RSA" if said in RSA else CRV.get(said, said)
    have = {"RS256": "2,?048-bit RSA|RSA.*2,?048", "ES384": "EC.*P-384", "HS256": "secret"}.get(held, held)
    assert not tells(report, given, says(said, need, have, spec="RFC 7518 §3|RFC 8725 §3.1|RFC 8037|RFC 9864|RFC 9964"))
    assert (report.signature.status, report.signature.matches) == ("not_checked", None)


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "ES512", "Ed25519", "Ed448", "ML-DSA-44"])
def test_another_kid_of_the_set_is_named_if_its_key_matches(alg: str):
    jwks = {"keys": [keyring.public_jwk(keyring.private(alg, which), kid=f"k{which}") for which in (1, 0)]}
    given = pasted(make({"alg": alg, "kid": "gone"}, alg=alg), json.dumps(jwks))
    report = judged(given)
    assert not tells(report, given, says('"gone"', '"k0"', '"k1"', spec="RFC 7515 §4.1.4"), says('"k0"', "matches"))
    assert (report.signature.status, report.signature.matches) == ("invalid", True)


@pytest.mark.parametrize("alg", ["RS256", "ES256", "Ed25519"])
def test_the_key_of_the_kid_does_not_match_but_another_of_the_set_does(alg: str):
    jwks = {"keys": [keyring.public_jwk(keyring.private(alg, which), kid=f"k{which}") for which in (1, 0)]}
    given = pasted(make({"alg": alg, "kid": "k1"}, alg=alg), json.dumps(jwks))
    report = judged(given)
    assert not tells(report, given, says('"k1"', spec="RFC 7515 §4.1.4"), says('"k0"', "matches"))
    assert (report.signature.status, report.signature.matches) == ("invalid", True)


@pytest.mark.parametrize("more", [{"use": "enc"}, {"key_ops": ["encrypt"]}, {"key_ops": ["wrapKey", "deriveBits"]}], ids=json.dumps)
@pytest.mark.parametrize("alg", ["HS256", "RS256", "PS512", "ES384", "Ed25519", "ML-DSA-65"])
def test_a_key_for_something_else_is_refused_though_it_matches(alg: str, more: dict[str, Any]):
    key = keyring.oct_jwk(**more) if alg in HMAC else json.dumps(keyring.public_jwk(keyring.private(alg), **more))
    given = pasted(keyring.token(alg), key)
    report = judged(given)
    words = ['use "enc"', "must not"] if "use" in more else ["key_ops", *more["key_ops"], '"verify"']
    assert not tells(report, given, says(*words, spec="RFC 7517 §4.[23]"), says("signature", "matches"))
    assert (report.signature.status, report.signature.matches) == ("invalid", True)


@pytest.mark.parametrize("alg", ECDSA)
@pytest.mark.parametrize("how", ["a digit", "swapped"])
def test_a_point_beside_the_curve_is_no_key(alg: str, how: str):
    jwk = keyring.public_jwk(keyring.private(alg))
    if how == "swapped":
        jwk["x"], jwk["y"] = jwk["y"], jwk["x"]
    else:
        y = bytearray(unb64u(jwk["y"]))
        y[-1] ^= 1
        jwk["y"] = b64u(bytes(y))
    given = pasted(keyring.token(alg), json.dumps(jwk))
    report = judged(given)
    assert not tells(report, given, says(CRV[alg], r"\bx\b", r"\by\b", "swapped|exchanged", spec="RFC 7518 §6.2.1|RFC 8725 §3.4|RFC 8812"))
    assert report.signature.status != "verified"


@pytest.mark.parametrize("bits", [1024, 1536])
@pytest.mark.parametrize("alg", RSA)
def test_a_short_rsa_key_is_refused_though_it_matches(alg: str, bits: int):
    key = keyring.rsa_private(bits)
    if (alg, bits) == ("PS512", 1024):
        return  # RFC 8017 §9.1.1: the padding does not fit into so short a modulus
    given = pasted(make({"alg": alg}, alg=alg, key=key), keyring.public_pem(key))
    report = judged(given)
    assert not tells(report, given, says(f"{bits}|{bits:,}", "2,?048", spec="RFC 7518 §3.[35]"), says("signature", "matches"))
    assert (report.signature.status, report.signature.matches) == ("invalid", True)


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "ES512", "Ed25519", "ML-DSA-44"])
@pytest.mark.parametrize("spelling", ["PEM", "JWK", "PEM with written line breaks"])
def test_a_private_key_verifies_with_its_public_half_and_is_called_private(alg: str, spelling: str):
    private = keyring.private(alg)
    key = json.dumps(keyring.private_jwk(private)) if spelling == "JWK" else keyring.private_pem(private)
    key = key.replace("\n", "\\n") if "written" in spelling else key
    given = pasted(keyring.token(alg), key)
    report = judged(given)
    assert not tells(report, given, says("(?-i:private|PRIVATE) key", "public half"))
    assert report.signature.status == "verified"
    assert mended(report, given) == []  # a button would carry the private key


# Claims


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(("factor", "unit"), [(10**3, "milliseconds"), (10**6, "microseconds"), (10**9, "nanoseconds")])
@pytest.mark.parametrize("alg", ["HS256", "ES256"])
def test_a_date_in_a_smaller_unit_is_taken_for_what_it_is(alg: str, name: str, factor: int, unit: str):
    seconds = NOW + 99
    claims = {"exp": NOW + 60} | {name: seconds * factor}
    given = pasted(make({"alg": alg}, json.dumps(claims), alg=alg), keyring.public_key(alg))
    report = judged(given)
    assert not tells(report, given, says(name, unit, "in (99 s|1 min 39 s)", spec="RFC 7519 §(2|4.1)", within="payload", line=1))
    assert report.signature.status == "verified"


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (str(NOW + 99), ["a string", "as a number", "in (99 s|1 min 39 s)"]),
        ("2023-11-14T22:13:20Z", ["a string"]),
        (None, ["null"]),
        (True, ["boolean"]),
        ([NOW], ["array"]),
    ],
)
def test_a_date_that_is_no_number_is_refused_by_name(name: str, value: object, words: list[str]):
    given = pasted(make({"alg": "HS256"}, json.dumps({"exp": NOW + 60} | {name: value})))
    report = judged(given)
    assert not tells(report, given, says(name, *words, "NumericDate|number", spec="RFC 7519 §(2|4.1)", within="payload", line=1))
    assert report.signature.status == "verified"
    assert not report.accepted


@pytest.mark.parametrize(
    ("claims", "words", "spec"),
    [
        ({"exp": NOW - 7200}, ["expired 2 h ago"], "RFC 7519 §4.1.4"),
        ({"exp": NOW - 3}, ["expired 3 s ago"], "RFC 7519 §4.1.4"),
        ({"exp": NOW + 9, "nbf": NOW + 5}, ["not valid before", "in 5 s"], "RFC 7519 §4.1.5"),
        ({"exp": NOW + 9, "iat": NOW + 86400}, ["issued", "1 day", "future"], "RFC 7519 §4.1.6"),
        ({"exp": NOW + 9, "aud": [1]}, ["aud", "array of strings"], "RFC 7519 §4.1.3"),
        ({"exp": NOW + 9, "aud": {"a": 1}}, ["aud", "an object", "array of strings"], "RFC 7519 §4.1.3"),
        ({"exp": NOW + 9, "aud": ["x", "y", "z"]}, ["array", '"x"', '"y"', '"z"'], "RFC 7519 §4.1.3"),
        ({"exp": NOW + 10 * 31_556_952}, ["in 10(\\.0)? years"], "RFC 7519 §4.1.4"),
        ({}, ["no exp", "never expires"], "RFC 7519 §4.1.4"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_times_and_audiences_are_told_in_words(claims: dict[str, Any], words: list[str], spec: str):
    given = pasted(make({"alg": "HS256"}, json.dumps(claims)))
    report = judged(given)
    assert not tells(report, given, says(*words, spec=spec))
    assert report.signature.status == "verified"


# Encryption

CONTENT = {"A128GCM": (16, 12, 16), "A192GCM": (24, 12, 16), "A256GCM": (32, 12, 16), "A128CBC-HS256": (32, 16, 16), "A192CBC-HS384": (48, 16, 24), "A256CBC-HS512": (64, 16, 32)}  # fmt: skip


def sealed(enc: str, *, initial: int | None = None, tag: int | None = None) -> str:
    """A token for `dir` whose parts have the sizes that are asked for; nobody can open it."""
    _, iv_size, tag_size = CONTENT[enc]
    parts = [json.dumps({"alg": "dir", "enc": enc}).encode(), b"", b"\1" * (iv_size if initial is None else initial), b"\2" * 16]
    return ".".join(map(b64u, [*parts, b"\3" * (tag_size if tag is None else tag)]))


@pytest.mark.parametrize("size", [15, 128])
@pytest.mark.parametrize("enc", CONTENT)
def test_a_content_key_of_the_wrong_size_is_counted(enc: str, size: int):
    given = pasted(sealed(enc), keyring.oct_jwk(b"k" * size))
    report = judged(given)
    assert not tells(report, given, says(enc, "dir", f"{CONTENT[enc][0]}.byte", rf"\b{size}\b", spec="RFC 7518 §|RFC 7516 §"))
    assert report.decryption
    assert report.decryption.status == "failed"


@pytest.mark.parametrize("enc", CONTENT)
def test_the_sizes_of_initialization_vector_and_tag_are_counted(enc: str):
    key_size, iv_size, tag_size = CONTENT[enc]
    for name, token, has, need in (("IV|initialization", sealed(enc, initial=13), 13, iv_size), ("tag", sealed(enc, tag=12), 12, tag_size)):
        given = pasted(token, keyring.oct_jwk(b"k" * key_size))
        report = judged(given)
        assert not tells(report, given, says(name, f"{has} bytes", enc, rf"\b{need}\b", spec="RFC 7518 §5"))
        assert report.decryption
        assert report.decryption.status == "failed"


@pytest.mark.parametrize("enc", CONTENT)
def test_a_wrong_content_key_is_told_from_a_wrong_size(enc: str):
    given = pasted(sealed(enc), keyring.oct_jwk(b"k" * CONTENT[enc][0]))
    report = judged(given)
    assert not tells(report, given, says("tag|decrypt", "key", "ciphertext", spec="RFC 7516 §|RFC 7518 §5"))
    assert report.decryption
    assert report.decryption.status == "failed"


@pytest.mark.parametrize("enc", ["A128GCM", "A192GCM", "A256GCM"])
def test_an_honest_encrypted_token_opens(enc: str):
    key, header = b"k" * CONTENT[enc][0], b64u(json.dumps({"alg": "dir", "enc": enc}))
    both = AESGCM(key).encrypt(b"\0" * 12, b'{"sub":"1","exp":1800000000}', header.encode())
    report = judged(pasted(".".join([header, "", b64u(b"\0" * 12), b64u(both[:-16]), b64u(both[-16:])]), keyring.oct_jwk(key)))
    assert report.decryption
    assert report.decryption.status == "decrypted"
    assert report.payload == {"sub": "1", "exp": 1800000000}
    assert not [finding for finding in report.findings if finding.level != "info"]


@pytest.mark.parametrize(
    ("enc", "meant"),
    [("AES128", "A128GCM"), ("AES256", "A256GCM"), ("a256gcm", "A256GCM"), ("A256CBC", "A256CBC-HS512"), ("aes-128-gcm", "A128GCM")],
)
def test_a_misspelt_content_encryption_is_guessed(enc: str, meant: str):
    given = pasted(
        ".".join(map(b64u, [json.dumps({"alg": "dir", "enc": enc}).encode(), b"", b"\0" * 12, b"x", b"\0" * 16])),
        keyring.oct_jwk(b"k" * 32),
    )
    assert not tells(judged(given), given, says(f'"{enc}"', "not (a )?registered", meant, within="header", line=1))


# Every repair


@pytest.mark.parametrize("name", ["wrapped", "spaced", "cut"])
def test_a_repair_of_the_token_never_touches_more_than_it_names(name: str):
    token = keyring.token("HS256")
    text = {"wrapped": f'"{token}"', "spaced": f"{token[:20]}\n{token[20:]}\u200b", "cut": f"{token}.x"}[name]
    given = pasted(text)
    for finding in judged(given).findings:
        for repair in finding.repairs:
            assert repair.label[0].isupper()
            assert not repair.label.endswith(".")
            assert repair.length is None or 0 <= repair.offset <= repair.offset + repair.length <= len(text)
            assert isinstance(apply(repair, given), dict)


def halves(alg: str, token: str) -> tuple[int, int]:
    signature = unb64u(token.rpartition(".")[2])
    return int.from_bytes(signature[: HALF[alg]], "big"), int.from_bytes(signature[HALF[alg] :], "big")
