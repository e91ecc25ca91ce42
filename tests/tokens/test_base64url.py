"""base64url to the letter (RFC 7515 §2, RFC 4648 §3.5), and what is said of everything else."""

from __future__ import annotations

import pytest

from app.tokens import base64url

RFC_4648 = {"": "", "f": "Zg", "fo": "Zm8", "foo": "Zm9v", "foob": "Zm9vYg", "fooba": "Zm9vYmE", "foobar": "Zm9vYmFy"}


@pytest.mark.parametrize(("plain", "text"), RFC_4648.items())
def test_it_writes_and_reads_the_examples_of_rfc_4648(plain: str, text: str):
    assert base64url.encode(plain.encode()) == text
    assert base64url.decode(text.encode()) == plain.encode()
    assert base64url.explain(text) == (plain.encode(), ())


def test_it_uses_minus_and_underscore():
    assert base64url.encode(b"\xfb\xff\xbf") == "-_-_"
    assert base64url.decode(b"-_-_") == b"\xfb\xff\xbf"


@pytest.mark.parametrize(
    ("text", "code", "offset", "length", "data"),
    [
        pytest.param("Zg==", "base64_padding", 2, 2, b"f", id="padding"),
        pytest.param("Zm9v=", "base64_padding", 4, 1, b"foo", id="padding where none could be"),
        pytest.param("====", "base64_padding", 0, 4, b"", id="padding alone"),
        pytest.param("Zh", "base64_loose_bits", 1, 1, b"f", id="loose bits, four"),
        pytest.param("Zm9", "base64_loose_bits", 2, 1, b"fo", id="loose bits, two"),
        pytest.param("Zm9vY", "base64_length", 0, 5, b"foo", id="4n+1"),
        pytest.param("A", "base64_length", 0, 1, b"", id="one character"),
        pytest.param("+_-_", "base64_standard_alphabet", 0, 1, b"\xfb\xff\xbf", id="plus"),
        pytest.param("-_-/", "base64_standard_alphabet", 3, 1, b"\xfb\xff\xbf", id="slash"),
        pytest.param("Zm 9v", "base64_foreign_character", 2, 1, b"foo", id="blank"),
        pytest.param("Zm9v\n", "base64_foreign_character", 4, 1, b"foo", id="line break behind"),
        pytest.param("Zm9v#", "base64_foreign_character", 4, 1, b"foo", id="foreign behind"),
        pytest.param("Zm\u20acv", "base64_foreign_character", 2, 1, b"fk", id="euro"),
        pytest.param("Zm\u2013v", "base64_look_alike", 2, 1, b"fo\xaf", id="en dash"),
        pytest.param("Zm\u0430v", "base64_look_alike", 2, 1, b"ff\xaf", id="Cyrillic a"),
        pytest.param("\uff21AAA", "base64_look_alike", 0, 1, b"\0\0\0", id="full-width A"),
        pytest.param("Zm=9v", "base64_foreign_character", 2, 1, b"foo", id="padding inside"),
    ],
)
def test_it_says_what_is_wrong_and_where(text: str, code: str, offset: int, length: int, data: bytes):
    assert base64url.decode(text.encode()) is None
    read, faults = base64url.explain(text)
    assert [(fault.code, fault.offset, fault.length) for fault in faults] == [(code, offset, length)]
    assert read == data


def test_loose_bits_come_with_the_canonical_character():
    for text, canonical in (("Zh", "g"), ("Zm9", "8"), ("__", "w"), ("___", "8"), ("AB", "A"), ("AAD", "A")):
        (fault,) = base64url.explain(text)[1]
        assert fault.canonical == canonical
        assert base64url.decode(text[:-1].encode() + canonical.encode()) is not None


@pytest.mark.parametrize("last", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
def test_of_all_last_characters_4_or_16_are_canonical(last: str):
    value = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(last)
    assert (base64url.decode(f"A{last}".encode()) is not None) == (value % 16 == 0)
    assert (base64url.decode(f"AA{last}".encode()) is not None) == (value % 4 == 0)
    assert base64url.decode(f"AAA{last}".encode()) is not None


@pytest.mark.parametrize("text", ["x+", "x/", "xx+", "xx/", "+", "/", "++", "a+=", "=+"])
def test_it_reads_the_standard_alphabet_at_the_very_end(text: str):
    _, faults = base64url.explain(text)
    assert "base64_standard_alphabet" in [fault.code for fault in faults]


@pytest.mark.parametrize(
    ("character", "letter"),
    [
        pytest.param("\u2013", "-", id="en dash"),
        pytest.param("\u2014", "-", id="em dash"),
        pytest.param("\u2212", "-", id="minus sign"),
        pytest.param("\u2011", "-", id="non-breaking hyphen"),
        pytest.param("\uff3f", "_", id="full-width low line"),
        pytest.param("\u0430", "a", id="Cyrillic a"),
        pytest.param("\u0415", "E", id="Cyrillic Ie"),
        pytest.param("\u039f", "O", id="Greek Omicron"),
        pytest.param("\uff2a", "J", id="full-width J"),
        pytest.param("\U0001d5ba", "a", id="mathematical a"),
        pytest.param("\u00b2", "2", id="superscript two"),
        pytest.param("\uff0e", ".", id="full-width full stop"),
        pytest.param("\u20ac", "", id="euro"),
        pytest.param("\u2026", "", id="ellipsis"),
        pytest.param("a", "", id="the letter itself"),
        pytest.param("\ud800", "", id="half a surrogate pair"),
    ],
)
def test_it_knows_what_a_character_imitates(character: str, letter: str):
    assert base64url.imitated(character) == letter


def test_strays_are_left_out_and_look_alikes_turned_back_with_their_places():
    assert base64url.without_strays("A#b\u2013c d=") == ("Ab-cd=", [0, 2, 3, 4, 6, 7])
    assert base64url.without_strays("") == ("", [])


@pytest.mark.parametrize(("text", "bits"), [pytest.param("Zh", 4, id="of two characters"), pytest.param("Zm9", 2, id="of three")])
def test_it_counts_the_loose_bits(text: str, bits: int):
    (fault,) = base64url.explain(text)[1]
    assert (fault.code, fault.bits) == ("base64_loose_bits", bits)


def test_every_sort_of_fault_is_named_once_with_its_number():
    _, faults = base64url.explain("Zm#9 v+A+A/=")
    assert sorted((fault.code, fault.offset, fault.count) for fault in faults if fault.code != "base64_padding") == [
        ("base64_foreign_character", 2, 2),
        ("base64_standard_alphabet", 6, 2),
        ("base64_standard_alphabet", 10, 1),
    ]
    assert [(fault.offset, fault.length) for fault in faults if fault.code == "base64_padding"] == [(11, 1)]
