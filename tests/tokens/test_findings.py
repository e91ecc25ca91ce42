"""The catalogue of findings: every row is sound, and every code in the core stands in it."""

from __future__ import annotations

import ast
import re
import string
from collections import Counter
from pathlib import Path

import pytest

from app.tokens import findings
from app.tokens.findings import KINDS, found, kind_of, named, quoted

CORE = Path(findings.__file__).parent
# Names that stand as they are written, at the beginning of a sentence too.
PARAMETERS = ("alg ", "crit ", "b64 ", "x5c", "kid ", "typ ", "cty ", "enc ", "zip ", "epk ", "p2c ")
FACTS = re.compile(r"\{(\w+)\}")


def fields(template: str | None) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template or "") if name}


@pytest.mark.parametrize("kind", [pytest.param(kind, id=code) for code, kind in KINDS.items()])
def test_every_row_is_a_sentence(kind: findings.Kind):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", kind.code)
    assert kind.level in ("error", "warning", "info")
    assert kind.message[0].isupper() or kind.message[0] in '{"' or kind.message.startswith(PARAMETERS)
    assert kind.message[-1] in ".}"
    assert "!" not in kind.message
    if kind.fix and not kind.fix.startswith("{"):
        assert kind.fix[-1] == "."
    if kind.spec and not kind.spec.startswith("{"):
        assert re.match(r"RFC \d{4}|OpenID|SMART Health Cards", kind.spec)


@pytest.mark.parametrize("kind", [pytest.param(kind, id=code) for code, kind in KINDS.items()])
def test_every_row_can_be_told(kind: findings.Kind):
    facts = dict.fromkeys(fields(kind.message) | fields(kind.fix) | fields(kind.spec) - {"segment"}, "{x}")
    facts.pop("segment", None)
    facts.pop("length", None)
    finding = found(kind.code, "payload", **facts)  # type: ignore[arg-type]
    assert (finding.code, finding.level) == (kind.code, kind.level)
    assert "{x}" in finding.message or not facts
    assert hash(finding) == hash(found(kind.code, "payload", **facts))  # type: ignore[arg-type]


def test_codes_stand_once():
    assert len(findings._ROWS) == len(KINDS)
    assert [code for code, count in Counter(kind.message for kind in KINDS.values()).items() if count > 1] == []


def written_codes() -> set[str]:
    """Every text in the core that is the first argument of a call of a finding, a problem or a fault."""
    codes = set()
    for path in CORE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = (
                node.func.id
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                else node.func.attr
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
                else ""
            )
            if isinstance(node, ast.Call) and name in ("found", "Problem", "Fault", "stop", "missing") and node.args:
                codes |= {part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant) and isinstance(part.value, str)}
            if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == "code" for target in node.targets):
                codes |= {part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return {code for code in codes if "_" in code}


def test_every_code_that_the_core_writes_is_in_the_catalogue():
    assert written_codes() - set(KINDS) == set()


def test_every_row_of_the_catalogue_is_used():
    text = "\n".join(path.read_text(encoding="utf-8") for path in CORE.rglob("*.py") if path.name != "findings.py")
    assert [code for code in KINDS if f'"{code}"' not in text] == []


def test_an_unknown_code_is_a_mistake_of_the_program():
    with pytest.raises(KeyError):
        found("no_such_code", "token")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain é 漢", "plain é 漢", id="plain"),
        pytest.param("a\nb\tc", "a\\u{a}b\\u{9}c", id="control"),
        pytest.param("a\u202eb", "a\\u{202e}b", id="direction"),
        pytest.param("a\u200bb", "a\\u{200b}b", id="zero width"),
        pytest.param("\ud800", "\\u{d800}", id="surrogate"),
        pytest.param("\u00a0", "\\u{a0}", id="no-break space"),
        pytest.param("x" * 61, "x" * 60 + "…", id="long"),
        pytest.param("{name}", "{name}", id="braces"),
    ],
)
def test_quoted_text_is_fit_for_a_sentence(text: str, shown: str):
    assert quoted(text) == shown
    shown.encode()


def test_characters_have_names():
    assert named("#") == '"#" (U+0023)'
    assert named("\u200b") == "U+200B ZERO WIDTH SPACE"
    assert named("\n") == "U+000A CONTROL CHARACTER"
    assert named("\ud800").startswith("U+D800")


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "null"), (True, "a boolean"), (1, "a number"), ("", "a string"), ([], "an empty array"), ([1], "an array"), ({}, "an object")],
    ids=repr,
)
def test_kinds_have_words(value: object, words: str):
    assert kind_of(value) == words
