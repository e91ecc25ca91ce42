"""The export for HAProxy: every text is quoted exactly, the real haproxy takes it, and what it cannot say is a gap."""

from __future__ import annotations

import re
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from app.gateway import read_policy
from app.gateway.exports import GATEWAYS, Export
from app.gateway.exports import haproxy_json as json_pattern
from app.gateway.exports.haproxy_text import quote
from app.web import presets
from tests.gateway.exports.rich import FULL, TEXTS, gaps, odd, passed_though_denied, read
from tests.gateway.gate import document
from tests.tokens.keyring import private, public_jwk

HAPROXY = GATEWAYS["haproxy"]


def read_back(word: str) -> str:
    """A word as HAProxy reads it: single quotes keep everything, and outside of them a backslash stands before a sign or a code."""
    found, rest = "", word
    while rest:
        if rest[0] == "'":
            inner, _, rest = rest[1:].partition("'")
            found += inner
        elif rest.startswith("\\x"):
            found, rest = found + chr(int(rest[2:4], 16)), rest[4:]
        elif rest[0] == "\\":
            found, rest = found + rest[1], rest[2:]
        else:
            found, rest = found + rest[0], rest[1:]
    return found


@given(TEXTS)
def test_a_word_is_read_back_as_it_was(text: str):
    word = quote(text)
    assert read_back(word) == text
    assert not re.search(r"[\x00-\x1f\x7f]", word)


def checked(export: Export, folder: Path) -> subprocess.CompletedProcess[str]:
    for file in export.files:
        target = folder / file.name
        target.parent.mkdir(exist_ok=True)
        target.write_text(file.text)
    return subprocess.run(["haproxy", "-c", "-q", "-f", "haproxy.cfg"], cwd=folder, capture_output=True, text=True, timeout=30)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS)
@example(text="a'b\"c\\d${HOME}%[date()]\n # }")
@example(text="\x7f\x01-")
@example(text="\U00012544")
def test_the_real_haproxy_takes_every_text(tmp_path: Path, text: str):
    policy = odd(text)
    found = checked(HAPROXY.export(policy), tmp_path)
    assert found.returncode == 0, found.stderr


def test_the_real_haproxy_takes_the_full_policy(tmp_path: Path):
    found = checked(HAPROXY.export(read(FULL)), tmp_path)
    assert found.returncode == 0, found.stderr
    assert "warning" not in found.stderr.lower()


# JSON texts that hold a value, and that hold another: what the expressions take is what `permissions.same` takes.
def _takes(expression: str, text: str) -> bool:
    """Whether *expression* matches, by the same library that HAProxy is built with."""
    command = ["grep", "-Pzq", "--", f"{json_pattern.GRAMMAR}{json_pattern.ONCE}{expression}"]
    return subprocess.run(command, input=text.encode(), timeout=10, env={"LC_ALL": "C"}).returncode == 0


SAME: list[tuple[Any, str, bool]] = [
    (1, "1", True),
    (1, "1.0", True),
    (1, '"1"', False),
    (1, "10", False),
    (1, "true", False),
    (0, "-0.0", True),
    (Decimal("1.5"), "1.50", True),
    (Decimal("1.5"), "1.51", False),
    (-3, "-3", True),
    (-3, "3", False),
    (True, "true", True),
    (True, "1", False),
    ("a/b", r'"a\/b"', True),
    ("é", r'"\u00e9"', True),
    ("é", '"é"', True),
    ("😀", r'"\ud83d\ude00"', True),
    ('a"b\\', r'"a\"b\\"', True),
    ("a", '["a"]', False),
    ("a+b", r'"a\u002bb"', True),
    ("a\n", r'"a\n"', True),
    ("a.c", '"abc"', False),
]


@pytest.mark.parametrize(("value", "text", "holds"), SAME, ids=[f"{value!r} {text}" for value, text, _ in SAME])
def test_a_value_is_compared_exactly(value: Any, text: str, holds: bool):
    assert _takes(json_pattern.member(("x",), json_pattern.scalar(value)), f'{{"y": [1], "x": {text}}}') is holds


OBJECTS = {
    '{"x": 1}': True,
    ' {"x" : 1 , "y" : {"x" : 2}} ': True,
    '{"x": 1, "x": 1}': False,
    '{"y": {"x": 1}}': False,
    '{"x": 1}}': False,
    '{"x": 1,}': False,
    '[{"x": 1}]': False,
    r'{"y": "\"x\": 2", "x": 1}': True,
}


@pytest.mark.parametrize(("text", "holds"), OBJECTS.items())
def test_a_member_stands_where_it_is_looked_for_and_once(text: str, holds: bool):
    assert _takes(json_pattern.member(("x",), "1"), text) is holds


WHOLE = {
    '{"a": {"b": [1, "x", null]}}': True,
    "{}": True,
    '{"a": {"b": 1, "b": 2}}': False,
    '{"a": [{"b": 1}, {"b": 2}]}': True,
    '{"a": 1e3}': False,
    r'{"a": "\u0061"}': False,
    '{"a": 01}': False,
    '{"a": tru}': False,
    "{'a': 1}": False,
    '{"a": "\x01"}': False,
}


@pytest.mark.parametrize(("text", "holds"), WHOLE.items())
def test_an_object_is_read_in_one_way_only(text: str, holds: bool):
    assert _takes(json_pattern.WHOLE, text) is holds


def test_a_secret_is_named_and_not_written():
    export = HAPROXY.export(read(FULL))
    assert any('the secret "legacy" into the environment variable JWT_SECRET_0_1' in note for note in export.notes)
    assert "env(JWT_SECRET_0_1)" in export.files[0].text


def test_keys_that_must_be_fetched_are_a_gap():
    assert "fetches no keys" in gaps(HAPROXY.export(read(FULL)))["issuers[0].keys[2]"]


def test_a_key_is_used_for_the_algorithms_that_the_policy_gives_it_alone():
    """A key that says another algorithm of itself verifies nothing."""
    keys = [{"jwks": public_jwk(private("RS256"), alg="PS256"), "algorithms": ["RS256"]}]
    export = HAPROXY.export(read(document(issuer={"keys": keys})))
    assert "jwt_verify" not in export.files[0].text


def test_a_number_that_is_too_long_closes_its_route():
    policy = read(document([{"prefix": "/", "claims": {"claim": "level", "equals": 10**60}}]))
    assert "routes[0].claims" in gaps(HAPROXY.export(policy))


def test_a_policy_without_issuers_and_routes_denies_everything(tmp_path: Path):
    export = HAPROXY.export(read({}))
    assert "deny_status 403 if !{ var(txn.route) -m found }" in export.files[0].text
    assert checked(export, tmp_path).returncode == 0


def test_nothing_is_said_to_pass_that_is_denied():
    assert not list(passed_though_denied(HAPROXY))


@pytest.mark.parametrize("name", presets.PRESETS)
def test_the_real_haproxy_takes_the_presets(tmp_path: Path, name: str):
    found = checked(HAPROXY.export(read_policy(presets.policy(presets.PRESETS[name]))), tmp_path)
    assert found.returncode == 0, found.stderr
