"""The report in HTML: one file that runs and loads nothing, in which no token stands."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from app.audit import page
from app.audit.summary import Summary
from tests.audit import logs
from tests.audit.conftest import HOSTILE
from tests.conftest import FORBIDDEN_ATTRIBUTES, Dom


@pytest.fixture(scope="module")
def text(all_sorts, order) -> str:
    return page.html(all_sorts, order)


@pytest.fixture(scope="module")
def dom(text) -> Dom:
    return Dom(text)


def test_it_is_valid_and_runs_and_loads_nothing(dom):
    assert not dom.errors
    assert len(dom.ids) == len(set(dom.ids))
    assert {element.tag for element in dom.elements}.isdisjoint({"script", "link", "img", "iframe", "a", "form", "object"})
    for element in dom.elements:
        for name in element.attrib:
            assert name in ("src", "href") or not FORBIDDEN_ATTRIBUTES.fullmatch(name), name
            assert name not in ("src", "href", "action")


def test_its_policy_allows_its_own_style_and_nothing_else(dom):
    (style,) = dom.tag("style")
    digest = b64encode(sha256((style.text or "").encode()).digest()).decode()
    policy = next(meta.get("content") for meta in dom.tag("meta") if meta.get("http-equiv"))
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in (style.text or "")
    assert "@import" not in (style.text or "")


def test_the_name_of_a_file_is_text(text):
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text


def test_every_count_is_in_it(all_sorts, dom):
    words = " ".join(" ".join(dom.root.itertext()).split())
    for rule, count in all_sorts.findings:
        assert f"{rule.title} {count:,}" in words
    for name, count in (*all_sorts.expiries.items(), *all_sorts.of("alg").items()):
        assert f"{name}: {count:,}." in words
    assert "logs/old.gz: its gz breaks off" in words


def test_a_bar_is_as_long_as_its_count_says():
    bars = page._bars([("a", 100, "info"), ("b", 50, "info"), ("c", 1, "info")])
    assert [bar.width for bar in bars] == [page._WIDTH, page._WIDTH // 2, round(page._WIDTH / 100)]


def test_no_token_stands_in_it(text):
    for token in logs.all_sorts("HS256"):
        for part in token.split("."):
            assert len(part) < 12 or part not in text
    assert not re.search(r"ey[JA-Z][A-Za-z0-9_-]{6,}", text)


def test_an_audit_that_found_nothing_has_a_report_too(order):
    empty = Dom(page.html(Summary(), order))
    assert not empty.errors
    assert "No token found" in "".join(empty.root.itertext())


@pytest.mark.parametrize(("algorithm", "told"), [("", "Keys given none: no signature is verified"), ("HS256", "Keys given 1")])
def test_it_says_whether_a_key_was_given(all_sorts, algorithm, told):
    words = " ".join(" ".join(Dom(page.html(all_sorts, logs.brief(algorithm))).root.itertext()).split())
    assert told in words


def test_its_title_is_the_verdict_of_the_command(all_sorts, dom):
    assert [one.text for one in dom.tag("h1")] == [all_sorts.verdict[1]]
