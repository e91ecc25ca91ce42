"""The ledger is whole, leads to tests that exist, and stands in SECURITY.md as it is."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.attacks.ledger import ROOT, Row, catalogues, is_there, renewed, rows

ROWS = list(rows())


def test_each_catalogue_has_as_many_rows_as_it_says():
    assert [(one.name, len(one.rows)) for one in catalogues()] == [(one.name, one.count) for one in catalogues()]
    assert {one.name: one.count for one in catalogues()} == {"Tools and labs": 23, "Published weaknesses": 37, "Threats": 45}


def test_every_threat_is_there_by_its_number():
    assert [row.id for row in ROWS if re.fullmatch(r"T\d+", row.id)] == [f"T{number}" for number in range(1, 46)]


def test_no_id_stands_twice():
    assert not [name for name, times in Counter(name for row in ROWS for name in row.id.split(", ")).items() if times > 1]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_has_tests_that_exist_or_says_why_it_has_none(row: Row):
    assert row.title
    assert row.tests or row.untried
    assert [test for test in row.tests if not is_there(test)] == []
    assert len(set(row.tests)) == len(row.tests)


def test_a_test_that_does_not_exist_is_noticed():
    assert not is_there("tests/attacks/test_ledger.py::test_that_is_not_there")
    assert not is_there("tests/attacks/test_nowhere.py::test_no_id_stands_twice")
    assert is_there("tests/attacks/test_ledger.py::test_no_id_stands_twice")


def test_security_md_lists_it_as_it_is():
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    assert renewed(text) == text, "python -m tests.attacks writes it"
