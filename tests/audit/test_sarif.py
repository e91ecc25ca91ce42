"""The findings as SARIF 2.1.0: the form that the standard demands, places that scanners take, and no token."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from app.audit import sarif
from app.audit.rules import RULES
from app.audit.summary import Summary
from app.audit.work import Place
from tests.audit import logs
from tests.audit.conftest import HOSTILE
from tests.conftest import strict_json


@pytest.fixture(scope="module")
def text(all_sorts, order) -> str:
    return sarif.text(all_sorts, order)


@pytest.fixture(scope="module")
def run(text):
    log = strict_json(text)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("/sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    return run


def test_its_rules_are_the_table(run):
    driver = run["tool"]["driver"]
    assert driver["name"] == "jwtlens"
    assert [rule["id"] for rule in driver["rules"]] == list(RULES)
    for rule in driver["rules"]:
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
        for part in ("shortDescription", "fullDescription", "help"):
            assert rule[part]["text"].endswith((".", ")"))


def test_each_result_has_a_rule_a_level_a_sentence_a_place_and_a_fingerprint(run, all_sorts):
    assert len(run["results"]) == sum(len(places) for places in all_sorts.places.values()) > 200
    for result in run["results"]:
        rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert result["ruleId"] == rule["id"]
        assert result["level"] == rule["defaultConfiguration"]["level"]
        assert result["message"]["text"].endswith(".")
        (location,) = result["locations"]
        assert location["physicalLocation"]["region"]["startLine"] >= 1
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri)
        assert unquote(uri) in ("logs/a.log", HOSTILE)
        assert re.fullmatch(r"[0-9a-f]{16}", result["partialFingerprints"]["tokenDigest/v1"])


def test_a_file_elsewhere_is_placed_from_the_root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert sarif._location(str(tmp_path / "in" / "a b.log")) == {"uri": "in/a%20b.log"}
    assert sarif._location("./in/../a.log") == {"uri": "a.log"}
    assert sarif._location("/somewhere/else.log") == {"uri": "somewhere/else.log", "uriBaseId": "FILESYSTEM"}
    assert sarif._location("../x.log") == {"uri": f"{tmp_path.parent.as_posix().lstrip('/')}/x.log", "uriBaseId": "FILESYSTEM"}
    assert sarif._location("-") == {"uri": "stdin"}


def test_what_could_not_be_read_is_told_to_the_scanner(run):
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"].startswith("its gz breaks off")


def test_places_that_are_not_listed_are_counted(order):
    summary = Summary()
    summary.places["alg_none"] = [Place("a", 1, 1, 1, "0" * 16, "eyJh")]
    summary.counts["finding", "alg_none"] = 7
    (invocation,) = strict_json(sarif.text(summary, order))["runs"][0]["invocations"]
    assert invocation["toolExecutionNotifications"][0]["message"]["text"].startswith("alg_none: 7 tokens; the first 1 are listed")


def test_no_token_stands_in_it(text):
    for token in logs.all_sorts("HS256"):
        for part in token.split("."):
            assert len(part) < 12 or part not in text
