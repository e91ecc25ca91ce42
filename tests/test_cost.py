"""The bounds on what a thing may cost are bounds."""

from __future__ import annotations

import itertools

import pytest

from tests.cost import within


def test_what_is_slow_once_is_tried_again():
    times = itertools.chain((0, 9), (9, 10))
    assert within(2, lambda: "done", lambda: next(times)) == "done"


def test_what_is_slow_each_time_is_not_passed():
    with pytest.raises(AssertionError, match=r"3\.000 s of CPU at least, and 2 are allowed"):
        within(2, lambda: None, itertools.count(0, 3).__next__)
