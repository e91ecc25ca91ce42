"""Layout: a compact text is laid out to be read, and without an edit what is signed is what was written."""

from __future__ import annotations

import json

import pytest

from app.tokens import for_reading, for_signing, lossless_json, shown_at

VALUE = {"a": [1, {"b": "x, y: {z}"}], "c": {}, "d": 3.0, "e": "é"}
COMPACT = json.dumps(VALUE, separators=(",", ":"), ensure_ascii=False)


def shown(text: str) -> tuple[str, str]:
    return for_reading(lossless_json.read(text))


@pytest.mark.parametrize("text", [pytest.param(COMPACT, id="compact"), pytest.param(json.dumps(VALUE), id="as Python writes it")])
def test_one_line_is_laid_out_and_signed_as_it_was(text: str):
    laid_out, how = shown(text)
    assert laid_out == lossless_json.indent(text)
    assert laid_out.count("\n") > 5
    assert how != "as-written"
    assert for_signing(laid_out, how) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"a": 1,"b":2}', id="mixed spacing"),
        pytest.param('{\n    "a": 1\n}', id="four blanks"),
        pytest.param("hello", id="text"),
        pytest.param('{"a":1,}', id="broken"),
        pytest.param("[" * 100, id="too deep"),
        pytest.param("", id="empty"),
        pytest.param('"text"', id="a string"),
        pytest.param("12", id="a number"),
        pytest.param(COMPACT + "\n", id="line break behind"),
        pytest.param("\ufeff{}", id="byte order mark"),
    ],
)
def test_everything_else_comes_back_as_it_was_written(text: str):
    laid_out, how = shown(text)
    assert for_signing(laid_out, how) == text


def test_an_edit_of_a_value_keeps_the_layout_of_the_token():
    laid_out, how = shown(COMPACT)
    assert for_signing(laid_out.replace("3.0", "4.0"), how) == COMPACT.replace("3.0", "4.0")


def test_an_edit_of_the_layout_is_kept():
    laid_out, how = shown(COMPACT)
    by_hand = laid_out.replace('"d": 3.0', '"d":   3.0')
    assert for_signing(by_hand, how) == by_hand


def test_what_is_broken_by_an_edit_is_kept_as_it_is():
    laid_out, how = shown(COMPACT)
    assert for_signing(laid_out[:-1], how) == laid_out[:-1]


@pytest.mark.parametrize("how", ["", "compact", "as-written", "spaced", "nonsense"])
def test_an_unknown_layout_changes_no_value(how: str):
    for text in (COMPACT, lossless_json.indent(COMPACT)):
        assert json.loads(for_signing(text, how)) == VALUE


def test_a_place_moves_with_the_layout():
    document = lossless_json.read(COMPACT)
    laid_out = for_reading(document)[0]
    for word in ('"b"', "3.0", '"é"', "{}"):
        line, column = shown_at(*document.position(COMPACT.index(word)), document)
        assert laid_out.splitlines()[line - 1][column - 1 :].startswith(word)
