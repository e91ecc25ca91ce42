"""What holds for any input: signing and verifying fit, one bit decides, nothing raises, and what was written stays."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.tokens import ENCODINGS, CannotEncode, base64url, decode, encode, layout, lossless_json, read_keys, verify
from app.tokens.envelope import read
from app.tokens.findings import KINDS
from tests.tokens.keyring import (
    CLAIMS,
    HMAC,
    NOW,
    SECRET,
    SIGNING,
    b64u,
    make,
    oct_jwk,
    private,
    private_der,
    private_jwk,
    private_pem,
    public_der,
    public_jwk,
    public_key,
    public_pem,
    raw_signature,
    read_out,
    token,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=20,
)
BLANKS = st.text(" \t\r\n", max_size=3)


@st.composite
def json_texts(draw: st.DrawFn) -> str:
    """Valid JSON with white space anywhere, numbers in any spelling, escapes and repeated names."""
    blank = lambda: draw(BLANKS)  # noqa: E731

    def write(depth: int) -> str:
        sort = draw(st.integers(0, 7 if depth < 4 else 5))
        if sort <= 1:
            return draw(st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,10})?([eE][+-]?[0-9]{1,3})?", fullmatch=True))
        if sort <= 3:
            return json.dumps(draw(st.text(max_size=12)), ensure_ascii=draw(st.booleans()))
        if sort == 4:
            return draw(
                st.sampled_from(
                    [
                        "true",
                        "false",
                        "null",
                        '""',
                        "{}",
                        "[]",
                        "0",
                        "-0",
                        "3.0",
                        "1e400",
                        '"\\u0061"',
                        '"\\/"',
                        '"\\ud83d\\ude00"',
                        '"a:{[,"',
                    ]
                )
            )
        if sort == 5:
            return draw(st.sampled_from(['"\\""', '"\\\\"', "1E5", "12345678901234567890", "[ ]", "{ }"]))
        items = [write(depth + 1) for _ in range(draw(st.integers(0, 4)))]
        if sort == 6:
            return "[" + ",".join(f"{blank()}{item}{blank()}" for item in items) + "]"
        names = [json.dumps(draw(st.sampled_from(["a", "b", "é", "", "\n"]))) for _ in items]
        return "{" + ",".join(f"{blank()}{name}{blank()}:{blank()}{item}{blank()}" for name, item in zip(names, items, strict=True)) + "}"

    return blank() + write(0) + blank()


KEY_FORMS: dict[str, Callable[[Any], str]] = {
    "PKCS#8 PEM": private_pem,
    "SPKI PEM": public_pem,
    "private JWK": lambda key: json.dumps(private_jwk(key)),
    "public JWK": lambda key: json.dumps(public_jwk(key)),
    "JWK Set": lambda key: json.dumps({"keys": [public_jwk(private("ES256K", 1), kid="other"), public_jwk(key)]}),
    "PKCS#8 DER": lambda key: base64.b64encode(private_der(key)).decode(),
    "SPKI DER": lambda key: base64.b64encode(public_der(key)).decode(),
}
SECRET_FORMS: dict[str, tuple[str, str]] = {
    "text": (SECRET, "auto"),
    "hex": (SECRET.encode().hex(), "hex"),
    "base64": (base64.b64encode(SECRET.encode()).decode(), "base64"),
    "base64url": (b64u(SECRET), "base64url"),
    "JWK": (oct_jwk(), "auto"),
}


@pytest.mark.parametrize("alg", SIGNING)
@settings(max_examples=6)
@given(payload=st.text(max_size=80), claims=st.dictionaries(st.text(max_size=8), JSON_VALUES, max_size=4), data=st.data())
def test_what_is_signed_verifies_in_every_key_format(alg: str, payload: str, claims: dict[str, Any], data: st.DataObject):
    forms = list(SECRET_FORMS.values()) if alg in HMAC else [(write(private(alg)), "auto") for write in KEY_FORMS.values()]
    signers = forms if alg in HMAC else [form for name, form in zip(KEY_FORMS, forms, strict=True) if "private" in name or "PKCS" in name]
    signer, encoding = data.draw(st.sampled_from(signers))
    header = {"kid": data.draw(st.text(max_size=5))} if data.draw(st.booleans()) else {}
    body: Any = data.draw(st.sampled_from([payload, claims]))
    made = encode({"alg": alg} | header, body, signer, key_encoding=encoding)
    for key, key_encoding in forms:
        report = verify(made.token, key, at=NOW, key_encoding=key_encoding)
        assert (report.signature.status, report.signature.algorithm) == ("verified", alg)
        read_out(report)


FLIPPED_SIZES = {"ML-DSA-44": 8, "ML-DSA-65": 8, "ML-DSA-87": 8}


@pytest.mark.parametrize("alg", SIGNING)
def test_one_flipped_bit_is_never_verified(alg: str):
    """Every place of the short tokens, a spread of the long ones; all eight bits of a character in turn."""
    text, keys = token(alg), read_keys(public_key(alg))
    assert verify(text, keys, at=NOW).signature.status == "verified"
    step = max(1, len(text) // 150)
    places = sorted({*range(0, len(text), step), *range(len(text) - 3, len(text)), *(at for at, one in enumerate(text) if one == ".")})
    for place in places:
        for bit in range(8):
            flipped = text[:place] + chr(ord(text[place]) ^ (1 << bit)) + text[place + 1 :]
            assert verify(flipped, keys, at=NOW).signature.status != "verified", (place, bit)


@settings(max_examples=40)
@given(data=st.data())
def test_one_flipped_bit_of_the_bytes_is_never_verified(data: st.DataObject):
    alg = data.draw(st.sampled_from(SIGNING))
    parts = token(alg).split(".")
    segment = data.draw(st.integers(0, 2))
    raw = bytearray(base64.urlsafe_b64decode(parts[segment] + "=="))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    parts[segment] = b64u(bytes(raw))
    assert verify(".".join(parts), public_key(alg), at=NOW).signature.status != "verified"


@given(place=st.integers(0, 400), character=st.characters(exclude_categories=()))
def test_one_character_put_in_is_never_verified_except_in_front_and_behind(place: int, character: str):
    text = token("HS256")
    place = min(place, len(text))
    if (place, character) == (len(text), "~"):
        return  # an SD-JWT that discloses nothing (RFC 9901 §4)
    assert verify(text[:place] + character + text[place:], SECRET, at=NOW).signature.status != "verified"


SEEDS = [
    token("HS256"),
    token("ES256"),
    make('{"alg":"HS256","kid":"é","crit":["b64"],"b64":false}', '{"exp":1e400,"a":[1,{"a":2,"a":3}]}'),
]
BITS = st.sampled_from(
    [
        ".",
        "..",
        "~",
        "=",
        "+",
        "/",
        " ",
        "\n",
        "\u200b",
        "\x00",
        "\ud800",
        "€",
        "{",
        "[",
        '"',
        "'",
        "Bearer ",
        "eyJ",
        "\ufeff",
        "-----BEGIN ",
        "}",
    ]
)


@st.composite
def mutated(draw: st.DrawFn, seeds: list[str]) -> str:
    """A real text with pieces cut out, doubled, changed and put in."""
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        sort = draw(st.integers(0, 4))
        if sort == 0:
            text = text[:at] + text[at + draw(st.integers(1, 30)) :]
        elif sort == 1:
            text = text[:at] + draw(BITS) * draw(st.integers(1, 5)) + text[at:]
        elif sort == 2:
            text = text[:at] + draw(st.characters(exclude_categories=())) + text[at + 1 :]
        elif sort == 3:
            text = text[:at] + text[max(0, at - 20) :]
        else:
            text = draw(BITS) + text + draw(BITS)
    return text


HEADERS = ['{"alg":"HS256"}', '{"alg":"HS256","kid":"é\ufffd"}', "[1]", '{"alg":"none"}']


@st.composite
def built(draw: st.DrawFn) -> str:
    """Three well-formed segments with anything in them: bytes that are no text, text that is no JSON, JSON that is no token."""
    pieces = st.one_of(
        st.binary(max_size=60),
        json_texts().map(str.encode),
        mutated([*HEADERS, CLAIMS]).map(lambda text: text.encode("utf-8", "surrogatepass")),
    )
    wild = st.binary(max_size=6).flatmap(
        lambda tail: st.sampled_from([b'{"a":"' + b"\xff" * 90 + tail, b"\xe9" * 50 + tail, b'{"alg":"HS256",' + b"\x80" * 40 + tail])
    )
    header = draw(st.one_of(st.sampled_from(HEADERS).map(str.encode), pieces, wild))
    data = f"{b64u(header)}.{b64u(draw(st.one_of(pieces, wild)))}"
    signature = b64u(raw_signature("HS256", data.encode()))
    return draw(st.sampled_from([f"{data}.{signature}", f"{data}.", data, f" {data}.{signature[:-1]}"]))


def judged(text: str, key: str = SECRET, encoding: str = "auto") -> Any:
    """Decode and verify *text*, read everything of it, and check what every finding promises."""
    read_out(decode(text))
    report = verify(text, key, at=NOW, key_encoding=encoding, payload=None)
    read_out(verify(text, key, at=NOW, key_encoding=encoding, payload="detached"))
    read_out(report)
    for finding in report.findings:
        assert finding.code in KINDS
        assert finding.level in ("error", "warning", "info")
        if finding.offset is not None and finding.segment != "key":
            assert 0 <= finding.offset <= len(text), finding
            assert finding.length is not None
            assert finding.offset + finding.length <= len(text), finding
    return report


@given(text=ANY_TEXT)
@example(text="." * 5000)
@example(text="[" * 2000)
@example(text="~" * 3000)
@example(text=b64u('{"a":' * 500) + "." + b64u("[" * 500) + ".")
@example(text="\ud800.\udfff.\ud800")
@example(text="\ud800..x")
@example(text='"' + "\n" * 10 + "'")
@example(text="Bearer ")
@example(text="{" + '"payload":1,"signature":2}')
def test_arbitrary_text_never_raises(text: str):
    assert judged(text).signature.status != "verified"


@settings(max_examples=150)
@given(text=mutated(SEEDS))
def test_a_damaged_token_never_raises(text: str):
    judged(text)


@settings(max_examples=200)
@given(text=built())
def test_a_token_of_anything_never_raises(text: str):
    judged(text)


@given(text=built())
def test_what_is_verified_has_a_header_that_a_strict_reader_takes(text: str):
    """The judge is the standard library: UTF-8, JSON, an object, each name once."""

    def strict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    if verify(text, SECRET, at=NOW).signature.status == "verified":
        header = base64.urlsafe_b64decode(text.split(".")[0] + "==").decode("utf-8")
        assert isinstance(json.loads(header, object_pairs_hook=strict), dict)


KEY_SEEDS = [
    public_pem(private("ES256")),
    private_pem(private("Ed25519")),
    json.dumps(public_jwk(private("ES256"))),
    json.dumps(private_jwk(private("Ed25519"))),
    json.dumps({"keys": [public_jwk(private("ES256")), json.loads(oct_jwk())]}),
    base64.b64encode(public_der(private("ES384"))).decode(),
    SECRET,
]


@settings(max_examples=150)
@given(text=st.one_of(ANY_TEXT, mutated(KEY_SEEDS)), encoding=st.sampled_from(ENCODINGS))
@example(text='{"kty":"oct","k":"' + b64u(SECRET) + '","kid":"\\ud800"}', encoding="auto")
def test_any_text_in_the_key_box_never_raises(text: str, encoding: str):
    keys = read_keys(text, encoding)
    assert keys.keys or keys.findings
    for finding in keys.all_findings:
        assert finding.code in KINDS
        assert finding.segment == "key"
        finding.message.encode()
    for key in keys.keys:
        json.dumps(key.summary())
        key.with_kid.encode()
    for alg in ("HS256", "ES256"):
        read_out(verify(token(alg), keys, at=NOW))
    with suppress(CannotEncode):
        assert encode({"alg": "HS256"}, "{}", keys).token


def test_damaged_der_never_raises():
    """One byte of each form changed, put in or cut out, at random but always the same."""
    chance = random.Random(20260101)
    seeds = [
        write(private(alg)) for alg in ("RS256", "ES256", "ES512", "Ed25519", "Ed448", "ML-DSA-44") for write in (public_der, private_der)
    ]
    for _ in range(2500):
        der = bytearray(chance.choice(seeds))
        place = chance.randrange(min(len(der), chance.choice([12, 30, 100, 3000])))
        sort = chance.random()
        if sort < 0.7:
            der[place] = chance.choice([0, 1, 2, 0x7F, 0x80, 0xFF, der[place] ^ 1 << chance.randrange(8)])
        elif sort < 0.85:
            del der[place]
        else:
            der.insert(place, chance.randrange(256))
        read_keys(der.hex(), "hex")
        read_keys(base64.b64encode(bytes(der)).decode())


@given(header=json_texts(), payload=st.text(max_size=200))
def test_what_is_written_is_kept_byte_for_byte(header: str, payload: str):
    text = '{"alg":"HS256","x":' + header + "}"
    decoded = decode(encode(text, payload, SECRET).token)
    assert (decoded.header_text, decoded.payload_text) == (text, payload)
    again = encode(decoded.header_text or "", decoded.payload_text or "", SECRET)
    assert again.token == encode(text, payload, SECRET).token


@settings(max_examples=200)
@given(text=json_texts())
def test_json_is_read_as_the_standard_library_reads_it(text: str):
    document = lossless_json.read(text)
    assert document.readable
    assert same(document.value, json.loads(text))
    assert document.text == text
    for problem in document.problems:
        assert 0 <= problem.offset <= problem.offset + problem.length <= len(text)


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and list(ours) == list(theirs) and all(same(ours[name], theirs[name]) for name in theirs)
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(theirs, float):
        return isinstance(ours, Decimal) and float(ours) == theirs
    return type(ours) is type(theirs) and ours == theirs


@settings(max_examples=150)
@given(text=json_texts())
def test_the_exact_json_says_the_same(text: str):
    exact = lossless_json.read(text).exact
    assert exact is not None
    assert json.loads(exact) == json.loads(text)
    numbers: Any = {"parse_int": str, "parse_float": str}
    assert json.loads(exact, **numbers) == json.loads(text, **numbers), "numbers stay as written"


@settings(max_examples=150)
@given(text=json_texts())
def test_the_members_are_those_of_the_object_in_their_places(text: str):
    """Two ways lead to them, a fast one and one by the slow reader; both must tell the same."""
    document = lossless_json.read(text)
    root = document.root
    assert root is not None
    assert [(one.name, one.start, one.end) for one in document.members] == [
        (one.name, one.node.start, one.node.end) for one in root.members
    ]
    for entry in document.members:
        assert same(entry.value, json.loads(text[entry.start : entry.end]))


@settings(max_examples=150)
@given(text=json_texts())
def test_layout_changes_white_space_only(text: str):
    assert lossless_json.compact(lossless_json.indent(text)) == lossless_json.compact(text)
    assert lossless_json.indent(lossless_json.compact(text)) == lossless_json.indent(text)
    tokens: Any = {"parse_int": str, "parse_float": str, "object_pairs_hook": list}
    for laid_out in (lossless_json.compact(text), lossless_json.indent(text)):
        assert json.loads(laid_out, **tokens) == json.loads(text, **tokens)


@given(text=ANY_TEXT)
def test_layout_of_anything_never_raises_and_is_stable(text: str):
    assert lossless_json.compact(lossless_json.indent(text)) == lossless_json.compact(text)


@given(text=st.one_of(json_texts(), json_texts().map(lossless_json.compact), ANY_TEXT))
def test_reading_and_signing_without_an_edit_changes_nothing(text: str):
    shown, how = layout.for_reading(lossless_json.read(text))
    assert layout.for_signing(shown, how) == text


@settings(max_examples=150)
@given(text=st.one_of(mutated(['{"a":[1,2.5,{"b":"c\\u0041"}],"d":null}', CLAIMS]), ANY_TEXT))
def test_broken_json_never_raises_and_is_read_only_when_it_is_json(text: str):
    document = lossless_json.read(text)
    assert bool(document.problems) or document.readable
    for problem in document.problems:
        assert problem.code in KINDS
        assert 0 <= problem.offset <= len(text)
        line, column = document.position(problem.offset)
        assert line >= 1
        assert column >= 1
    try:
        json.loads(text, parse_constant=lambda constant: None)
    except (ValueError, RecursionError):
        strict = False
    else:
        strict = True
    if document.exact is not None:
        assert strict
    if strict and not text.startswith("\ufeff"):
        assert document.readable


@given(data=st.binary(max_size=100))
def test_base64url_goes_round(data: bytes):
    text = base64url.encode(data)
    assert text == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert base64url.decode(text.encode()) == data
    assert base64url.explain(text) == (data, ())


NEAR_BASE64 = st.text("ABQYgwxz019-_+/= \n\u200b€", max_size=12)


@settings(max_examples=300)
@given(text=NEAR_BASE64 | st.text(max_size=12))
def test_base64url_takes_the_canonical_spelling_only(text: str):
    data = base64url.decode(text.encode("utf-8", "surrogatepass"))
    if data is not None:
        assert base64url.encode(data) == text
    shown, faults = base64url.explain(text)
    assert (data is None) == bool(faults)
    assert data is None or data == shown
    for fault in faults:
        assert fault.code in KINDS
        assert 0 <= fault.offset < len(text)
        assert fault.offset + fault.length <= len(text)


@example(text=".¹")
@given(text=st.one_of(ANY_TEXT, mutated(SEEDS)))
def test_places_point_into_the_given_text(text: str):
    made = read(text)
    for part in made.parts:
        for index, character in enumerate(part.text):
            given_one = text[made.places[part.start + index]]
            assert given_one == character or base64url.imitated(given_one) == character  # what looks like it is read as it
