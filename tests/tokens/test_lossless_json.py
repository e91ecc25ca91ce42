"""JSON as written: numbers, order, duplicates and places are kept; every fault has a name and a place."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from app.tokens import lossless_json
from tests.cost import within


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("3.0", Decimal("3.0"), id="3.0"),
        pytest.param("1e400", Decimal("1E+400"), id="1e400"),
        pytest.param("9007199254740993", 9007199254740993, id="2^53 + 1"),
        pytest.param("123456789012345678901234567890", 123456789012345678901234567890, id="30 digits"),
        pytest.param("0.1000000000000000055511151231257827", Decimal("0.1000000000000000055511151231257827"), id="finer than a double"),
        pytest.param("-0", 0, id="-0"),
        pytest.param('"\\ud834\\udd1e"', "𝄞", id="surrogate pair"),
        pytest.param("true", True, id="true"),
        pytest.param("null", None, id="null"),
        pytest.param(' \t\r\n{"b":1,"a":2}\n', {"b": 1, "a": 2}, id="white space round it"),
        pytest.param('{"":1,"__proto__":2}', {"": 1, "__proto__": 2}, id="odd names"),
        pytest.param("[[],{}]", [[], {}], id="empty ones"),
    ],
)
def test_it_reads_without_loss(text: str, value: Any):
    document = lossless_json.read(text)
    assert document.readable
    assert document.value == value
    assert type(document.value) is type(value)
    assert document.text == document.exact == text
    if isinstance(value, dict):
        assert list(document.value) == list(value)


FAULTS = [
    ("", "json_empty", 0),
    (" \n ", "json_empty", 3),
    ('{"a":1,}', "json_trailing_comma", 7),
    ("[1, ]", "json_trailing_comma", 4),
    ("{'a':1}", "json_single_quotes", 1),
    ("{\"a\":'b'}", "json_single_quotes", 5),
    ("{a:1}", "json_bare_word", 1),
    ('{"a":True}', "json_bare_word", 5),
    ('{"a":undefined}', "json_bare_word", 5),
    ("truex", "json_bare_word", 0),
    ("{1:2}", "json_name_expected", 1),
    ('{"a" 1}', "json_missing_colon", 5),
    ('{"a":1 "b":2}', "json_missing_comma", 7),
    ("[1 2]", "json_missing_comma", 3),
    ("[01]", "json_number_form", 1),
    ("[+1]", "json_number_form", 1),
    ("[.5]", "json_number_form", 1),
    ("[5.]", "json_number_form", 1),
    ("[1e]", "json_number_form", 1),
    ("[0x1F]", "json_number_form", 1),
    ("[-]", "json_number_form", 1),
    ("[1_000]", "json_missing_comma", 2),
    ("[\u0661]", "json_number_form", 1),
    ('["a\tb"]', "json_control_character", 3),
    ('["a\nb"]', "json_control_character", 3),
    ('["\\x41"]', "json_escape", 2),
    ('["\\u12"]', "json_escape", 2),
    ('["abc', "json_string_open", 1),
    ('["abc\\"', "json_string_open", 1),
    ('{"a":1', "json_ends_early", 6),
    ("[", "json_ends_early", 1),
    ("{} {}", "json_extra_data", 3),
    ("{}x", "json_extra_data", 2),
    ("]", "json_unexpected", 0),
    ("[,1]", "json_unexpected", 1),
    ("/* c */ {}", "json_comment", 0),
    ("{} // c", "json_comment", 3),
    ('{"a":1 /* c */}', "json_comment", 7),
    ('{"a":1, # c\n"b":2}', "json_comment", 8),
    ('{"a":/', "json_unexpected", 5),
    ('{"a":1}{"b":2}', "json_extra_data", 7),
    ("\u00a0{}", "json_unexpected", 0),
]


@pytest.mark.parametrize(("text", "code", "offset"), [pytest.param(*row, id=f"{row[1]} {row[0]!r}") for row in FAULTS])
def test_it_names_the_fault_and_its_place(text: str, code: str, offset: int):
    document = lossless_json.read(text)
    assert (document.readable, document.value, document.exact, document.root) == (False, None, None, None)
    assert [(problem.code, problem.offset) for problem in document.problems] == [(code, offset)]
    with pytest.raises(ValueError):  # noqa: PT011  # the standard library agrees that it is no JSON
        json.loads(text)


@pytest.mark.parametrize(
    ("text", "code", "offset", "length"),
    [
        pytest.param('{"a":NaN}', "json_constant", 5, 3, id="NaN"),
        pytest.param("[1,-Infinity]", "json_constant", 3, 9, id="-Infinity"),
        pytest.param('\ufeff{"a":1}', "json_byte_order_mark", 0, 1, id="BOM"),
        pytest.param('{"a":9007199254740993}', "json_big_integer", 5, 16, id="beyond 2^53"),
        pytest.param("[" + "9" * 5000 + "]", "json_long_integer", 1, 5000, id="5,000 digits"),
        pytest.param('{"a":-9007199254740993}', "json_big_integer", 5, 17, id="beyond -2^53"),
        pytest.param('{"a":1e400}', "json_number_range", 5, 5, id="beyond a double"),
        pytest.param('{"a":1e-400}', "json_number_range", 5, 6, id="too near to zero for a double"),
        pytest.param('{"a":0.10000000000000000001}', "json_number_precision", 5, 22, id="finer than a double"),
        pytest.param('{"a":-0}', "json_negative_zero", 5, 2, id="-0"),
        pytest.param('["x\\ud800y"]', "json_lone_surrogate", 3, 6, id="high half"),
        pytest.param('["\\udc00"]', "json_lone_surrogate", 2, 6, id="low half"),
        pytest.param('{"\\uDBFF":1}', "json_lone_surrogate", 2, 6, id="in a name"),
        pytest.param('{"a":1,"b":2,"a":3}', "json_duplicate_member", 13, 3, id="twice"),
        pytest.param('{"a":1,"\\u0061":3}', "json_duplicate_member", 7, 8, id="twice, once escaped"),
    ],
)
def test_it_reads_on_and_says_so(text: str, code: str, offset: int, length: int):
    document = lossless_json.read(text)
    assert document.readable
    assert [(problem.code, problem.offset, problem.length) for problem in document.problems] == [(code, offset, length)]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param('["\\ud83d\\ude00"]', 0, id="a pair"),
        pytest.param('["\\ude00\\ud83d"]', 2, id="the wrong way round"),
        pytest.param('["\\ud83d\\ud83d\\ude00"]', 1, id="high and pair"),
        pytest.param('["\\ud83d\\ude00\\ude00"]', 1, id="pair and low"),
        pytest.param('["\\ud800 \\\\ud800"]', 1, id="half and an escaped backslash"),
        pytest.param('["\\\\ud800"]', 0, id="only an escaped backslash"),
        pytest.param('["\\ud7ff\\ue000"]', 0, id="next to the surrogates"),
    ],
)
def test_it_counts_lone_surrogates(text: str, count: int):
    assert sum(problem.code == "json_lone_surrogate" for problem in lossless_json.read(text).problems) == count


def test_of_duplicates_the_last_is_shown_and_all_are_named():
    document = lossless_json.read('{"a":{"x":1,"x":[1.50]},"b":2,"a":3,"a":4.0}')
    assert document.value == {"a": Decimal("4.0"), "b": 2}
    assert [(problem.count, problem.detail.split("\0")) for problem in document.problems] == [
        (2, ["x", "1, [1.50]"]),
        (3, ["a", '{"x":1,"x":[1.50]}, 3, 4.0']),
    ]
    assert document.exact == '{"a":4.0,"b":2}'
    member = document.member("a")
    assert member is not None
    assert (member.value, document.text[member.start : member.end]) == (Decimal("4.0"), "4.0")


@pytest.mark.parametrize("text", ["0.1", "1.10", "3.0", "1e3", "1E-7", "0.0", "1767225600.123456", "2.50e2", "123456789.12345678", "0e999"])
def test_a_number_that_a_double_holds_is_no_problem(text: str):
    assert lossless_json.read(f"[{text}]").problems == ()


@pytest.mark.parametrize(
    ("text", "double"),
    [
        ("9007199254740993", "9007199254740992"),
        ("1e400", "Infinity"),
        ("-1e400", "-Infinity"),
        ("0.1000000000000000055511151231257827", "0.1"),
    ],
)
def test_it_says_what_javascript_reads(text: str, double: str):
    (problem,) = lossless_json.read(f"[{text}]").problems
    assert problem.detail.split("\0") == [text, double]


def test_a_name_that_stands_twice_has_both_places():
    (problem,) = lossless_json.read('{"alg":"HS256","\\u0061lg":"none"}').problems
    assert (problem.code, problem.others, problem.offset) == ("json_duplicate_member", (1, 15), 15)


def test_a_comma_too_many_knows_its_place():
    (problem,) = lossless_json.read('{"a":1 , }').problems
    assert (problem.offset, problem.others) == (9, (7,))


def test_what_stands_behind_is_counted():
    (problem,) = lossless_json.read('{} {"a":1} \n').problems
    assert (problem.code, problem.offset, problem.count, problem.detail) == ("json_extra_data", 3, 7, '{"a":1}')


def test_what_is_no_json_has_no_exact_text():
    assert lossless_json.read('{"a":NaN}').exact is None
    assert lossless_json.read("\ufeff{}").exact is None


def test_constants_are_no_finite_numbers():
    value = lossless_json.read("[NaN,Infinity,-Infinity]").value
    assert [number.is_finite() for number in value] == [False] * 3


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    return opening * depth + "1" + closing * depth


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")], ids=["arrays", "objects", "both"])
def test_64_levels_are_read_and_65_are_not(opening: str, closing: str):
    step = opening.count("[") + opening.count("{")
    assert lossless_json.read(nested(64 // step, opening, closing)).readable
    deeper = nested(64 // step, opening, closing).replace("1", "[1]")
    document = lossless_json.read(deeper)
    assert (document.readable, [problem.code for problem in document.problems]) == (False, ["json_too_deep"])
    assert document.problems[0].count == 65
    assert deeper[document.problems[0].offset] in "[{"


def test_width_and_brackets_in_texts_are_not_depth():
    assert lossless_json.read("[" + "[]," * 1000 + "{}]").readable
    assert lossless_json.read(json.dumps({"a": "[{" * 1000, "b[": "{"})).readable
    assert lossless_json.read('["\\"' + "[" * 500 + '"]').readable


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda count: "{" + ",".join(f'"{number}":1' for number in range(count)) + "}", id="one object"),
        pytest.param(lambda count: "[" + ",".join(['{"a":1}'] * count) + "]", id="many objects"),
        pytest.param(lambda count: "{" + ",".join(f'"{number}":":"' for number in range(count)) + "}", id="colons in texts"),
    ],
)
def test_10_000_members_are_read_and_10_001_are_not(write: Any):
    assert lossless_json.read(write(10_000)).readable
    document = lossless_json.read(write(10_001))
    assert (document.readable, [(problem.code, problem.count) for problem in document.problems]) == (
        False,
        [("json_too_many_members", 10_001)],
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 250_000, id="brackets"),
        pytest.param('{"a":' * 50_000, id="objects"),
        pytest.param('"' + "\\udc00" * 12_000 + '"', id="low surrogates"),
        pytest.param('"' + "\\ud800" * 40_000 + '"', id="high surrogates"),
        pytest.param('"' + "\\ud83d\\ude00" * 8_000 + '\\ude00"', id="pairs and one half"),
        pytest.param("{" + ",".join(['"a":1'] * 10_000) + "}", id="one name 10,000 times"),
        pytest.param("{" + ",".join(f'"a{number}":1,"a{number}":2' for number in range(5000)) + "}", id="5,000 names twice"),
        pytest.param("9" * 250_000, id="one number"),
        pytest.param("1e" + "9" * 250_000, id="one exponent"),
        pytest.param("[" + "12345678901234567890," * 12_000 + "1]", id="large numbers"),
        pytest.param('"' + '\\"' * 125_000, id="escaped quotes, open"),
        pytest.param('"' * 250_000, id="quotes"),
        pytest.param(" " * 250_000 + "x", id="blanks"),
        pytest.param('["' + "a\\" * 100_000, id="backslashes"),
        pytest.param("-" * 250_000, id="minus"),
    ],
)
def test_hostile_texts_take_no_time(text: str):
    def read() -> None:
        document = lossless_json.read(text)
        assert document.exact is None or document.readable
        lossless_json.compact(text)

    within(0.8, read)


def test_line_and_column_count_from_one():
    document = lossless_json.read('{\n  "a": 1,\n  "b": tru\n}')
    assert document.position(document.problems[0].offset) == (3, 8)
    assert document.position(0) == (1, 1)


def test_layout():
    text = '{"a":[1,{"b":[]}],"c":{},"d":"x: {y}, [z]"}'
    laid_out = '{\n  "a": [\n    1,\n    {\n      "b": []\n    }\n  ],\n  "c": {},\n  "d": "x: {y}, [z]"\n}'
    assert lossless_json.indent(text) == laid_out == json.dumps(json.loads(text), indent=2)
    assert lossless_json.compact(laid_out) == text


@pytest.mark.parametrize("text", ["0e99999", "-0.0e+99999", "0e-99999"])
def test_zero_is_zero_whatever_its_exponent(text):
    assert lossless_json.read(text).value == 0
