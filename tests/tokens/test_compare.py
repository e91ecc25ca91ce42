"""Two documents side by side: paths, order, numbers as written, times in words, and bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.tokens import lossless_json
from app.tokens.compare import MAX_ROWS, Comparison, Difference, compare
from app.tokens.masking import MASK, is_masked, masked
from app.tokens.registry import CLAIMS
from tests.cost import within


def compared(a: str | None, b: str | None) -> Comparison:
    one, other = (lossless_json.read(text) if text is not None else None for text in (a, b))
    return compare(one, other, CLAIMS)


def rows(a: str | None, b: str | None) -> list[tuple[Any, ...]]:
    return [(row.path, row.change, row.a, row.b) for row in compared(a, b).rows]


def test_each_value_is_the_same_changed_or_only_on_one_side():
    found = compared('{"iss":"i","sub":"alice","old":1}', '{"iss":"i","sub":"bob","new":true}')
    assert found.rows == (
        Difference("iss", "same", "i", "i"),
        Difference("sub", "changed", "alice", "bob"),
        Difference("old", "only_a", "1", None),
        Difference("new", "only_b", None, "true"),
    )
    assert dict(found.counts) == {"same": 1, "changed": 1, "only_a": 1, "only_b": 1}


def test_nested_values_have_deep_paths():
    a = '{"realm_access":{"roles":["a","b","c"],"x-y":{"z":1}}}'
    b = '{"realm_access":{"roles":["a","b","d"],"x-y":{"z":2}}}'
    assert [row for row in rows(a, b) if row[1] != "same"] == [
        ("realm_access.roles[2]", "changed", "c", "d"),
        ("realm_access.x-y.z", "changed", "1", "2"),
    ]


@pytest.mark.parametrize(
    ("name", "path"),
    [("https://a.b/c", 'x["https://a.b/c"]'), ("a.b", 'x["a.b"]'), ("", 'x[""]'), ('"', 'x["\\""]'), ("é", 'x["é"]'), ("a_1", "x.a_1")],
)
def test_a_name_that_could_be_mistaken_for_a_path_is_quoted(name, path):
    assert rows(json.dumps({"x": {name: 1}}), json.dumps({"x": {name: 2}})) == [(path, "changed", "1", "2")]


def test_a_name_at_the_top_stands_as_it_is():
    assert rows('{"https://a.b/c":1}', '{"https://a.b/c":2}')[0][0] == "https://a.b/c"


def test_an_element_taken_from_the_front_changes_no_other():
    assert [row for row in rows('{"r":["admin","read","write"]}', '{"r":["read","write","new"]}') if row[1] != "same"] == [
        ("r[0]", "only_a", "admin", None),
        ("r[2]", "only_b", None, "new"),
    ]


@pytest.mark.parametrize(("a", "b"), [("1.0", "1"), ("1e3", "1000"), ("100000000000000000000.0", "100000000000000000000"), ("-0", "0")])
def test_numbers_are_told_as_written(a, b):
    found = compared(f'{{"n":{a}}}', f'{{"n":{b}}}').rows
    assert [(row.change, row.a, row.b, row.words) for row in found] == [("changed", a, b, "the same number, written otherwise")]


def test_a_number_that_no_double_holds_is_not_rounded():
    assert rows('{"n":9007199254740993}', '{"n":9007199254740992}') == [("n", "changed", "9007199254740993", "9007199254740992")]


def test_the_same_string_spelt_otherwise_is_the_same():
    assert rows('{"s":"a\\u0062"}', '{"s":"ab"}') == [("s", "same", "ab", "ab")]


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ('"1"', "1", "a string in A, a number in B"),
        ("{}", "[]", "an object in A, an array in B"),
        ("null", '""', "true, false or null in A, a string in B"),
        ("true", "false", ""),
        ("[1]", "1", "an array in A, a number in B"),
    ],
)
def test_another_kind_of_value_is_said(a, b, words):
    (row,) = compared(f'{{"v":{a}}}', f'{{"v":{b}}}').rows
    assert (row.change, row.a, row.b, row.words) == ("changed", a.strip('"'), b.strip('"'), words)


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ("1767225600", "1767229200", "1 h later"),
        ("1767229200", "1767225600", "1 h earlier"),
        ("1767225600", "1767225600.5", "less than a second apart"),
        ("1767225600", "1767225600.0", "the same time, written otherwise"),
        ("0", "1e400", "more than 30,000 years later"),
    ],
)
def test_times_say_how_far_apart_they_are(a, b, words):
    (row,) = compared(f'{{"exp":{a}}}', f'{{"exp":{b}}}').rows
    assert row.words == words


def test_a_name_deep_inside_is_no_time():
    assert compared('{"a":{"exp":1}}', '{"a":{"exp":3601}}').rows[0].words == ""


def test_a_scope_says_which_words_went_and_came():
    assert compared('{"scope":"openid email"}', '{"scope":"openid admin write"}').rows[0].words == "without email; with admin, write"
    assert compared('{"scope":"a b"}', '{"scope":"b a"}').rows[0].words == "in another order or spacing"


def test_of_a_name_that_stands_twice_the_last_counts():
    assert rows('{"a":1,"a":2}', '{"a":2}') == [("a", "same", "2", "2")]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (None, None, []),
        ("", "", []),
        ("hello", "hello", [("", "same", "hello", "hello")]),
        ("hello", "world", [("", "changed", "hello", "world")]),
        ("hello", None, [("", "only_a", "hello", None)]),
        ('{"a":1}', None, [("a", "only_a", "1", None)]),
        (None, '{"a":1}', [("a", "only_b", None, "1")]),
        ('{"a":1}', "{broken", [("a", "only_a", "1", None), ("", "only_b", None, "{broken")]),
        ("[1]", "[2]", [("[0]", "changed", "1", "2")]),
        ("1", '{"a":1}', [("", "changed", "1", '{"a":1}')]),
        ("{}", "{}", [("", "same", "{}", "{}")]),
        ("{}", '{"a":[]}', [("a", "only_b", None, "[]")]),
    ],
)
def test_what_is_no_object_is_compared_whole(a, b, expected):
    assert rows(a, b) == expected


def test_white_space_is_no_difference():
    assert rows('{"a" : [ 1,\n2 ], "b":{}}', '{"a":[1,2],"b": { }}') == [
        ("a[0]", "same", "1", "1"), ("a[1]", "same", "2", "2"), ("b", "same", "{}", "{}"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("[" + ",".join(["1"] * 60_000) + "]", "[" + ",".join(["2"] * 60_000) + "]"),
        ("[" * 64 + "]" * 64, "[" * 64 + "1" + "]" * 64),
        (json.dumps({str(n): n for n in range(9000)}), json.dumps({str(n): -n for n in range(9000)})),
        (json.dumps([[n] for n in range(190)]), json.dumps([[-n] for n in range(190)])),
        ('"' + "a" * 120_000 + '"', '"' + "b" * 120_000 + '"'),
        (json.dumps({"scope": "a " * 60_000}), json.dumps({"scope": "b " * 60_000})),
        (json.dumps({"a": {"b": {"c": ["x" * 500] * 190}}}), json.dumps({"a": {"b": {"c": ["y" * 500] * 190}}})),
    ],
    ids=["array", "deep", "members", "pairs", "string", "scope", "long elements"],
)
def test_it_is_bounded_for_big_inputs(a, b):
    found = within(3, lambda: compared(a, b))
    assert 1 <= len(found.rows) <= 2 * MAX_ROWS


def test_rows_beyond_the_limit_are_counted_and_what_differs_is_listed_still():
    same = {str(n): n for n in range(MAX_ROWS + 7)}
    found = compared(json.dumps(same), json.dumps({**same, "last": 1}))
    assert (found.counts["same"], found.counts["only_b"]) == (MAX_ROWS + 7, 1)
    assert [row.path for row in found.rows if row.change != "same"] == ["last"]
    assert len(found.rows) == MAX_ROWS + 1


# Masks ------------------------------------------------------------------------------------------------------------


def test_a_mask_takes_the_place_of_the_value_and_nothing_else_moves():
    payload = lossless_json.read('{ "sub" : {"a":[1]},\n "n":1.0, "email":"x" }')
    text = masked(payload, {"sub", "email"})
    assert text == f'{{ "sub" : "{MASK}",\n "n":1.0, "email":"{MASK}" }}'
    assert is_masked(lossless_json.read(text), "sub")
    assert not is_masked(lossless_json.read(text), "n")


def test_a_name_that_stands_twice_is_masked_twice():
    assert masked(lossless_json.read('{"a":"first","a":"second","b":"a"}'), {"a"}) == f'{{"a":"{MASK}","a":"{MASK}","b":"a"}}'
    assert not is_masked(lossless_json.read(f'{{"a":"x","a":"{MASK}"}}'), "a")


@pytest.mark.parametrize("text", ["[1]", "hello", "{", '"a"', ""])
def test_what_has_no_members_is_left_as_it_is(text):
    assert masked(lossless_json.read(text), {"a"}) == text
