"""The findings as SARIF 2.1.0 (OASIS), which code scanners and editors show: rules from the table, places, no token."""

from __future__ import annotations

import json
import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from app.audit.brief import Brief
from app.audit.inputs import STDIN, Unread
from app.audit.rules import RULES, Rule
from app.audit.summary import Summary
from app.audit.work import MOST_PLACES, Place
from app.tokens import times

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
# Where code scanners place a finding among others, on the scale of CVSS.
_SEVERITIES = {"error": "8.0", "warning": "5.0", "info": "1.0"}
_ROOT = "FILESYSTEM"


def text(summary: Summary, brief: Brief) -> str:
    """The log file."""
    rules = list(RULES.values())
    results = [_result(rules.index(RULES[code]), RULES[code], place) for code, places in summary.places.items() for place in places]
    run = {
        "tool": {"driver": {"name": "jwtlens", **_version(), "rules": [_rule(rule) for rule in rules]}},
        "originalUriBaseIds": {_ROOT: {"uri": "file:///"}},
        "invocations": [_invocation(summary, brief)],
        "results": sorted(results, key=lambda one: one["ruleIndex"]),
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _version() -> dict[str, str]:
    try:
        return {"semanticVersion": version("jwtlens")}
    except PackageNotFoundError:  # run from a folder without being installed
        return {}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": rule.meaning},
        "help": {"text": f"{rule.fix} ({rule.spec})" if rule.spec else rule.fix},
        "defaultConfiguration": {"level": _LEVELS[rule.level]},
        "properties": {"tags": ["security", "jwt"], "security-severity": _SEVERITIES[rule.level]},
    }


def _result(index: int, rule: Rule, place: Place) -> dict[str, Any]:
    return {
        "ruleId": rule.code,
        "ruleIndex": index,
        "level": _LEVELS[rule.level],
        "message": {"text": f"{rule.title}: {rule.meaning} Token {place.id}, at offset {place.offset}."},
        "locations": [{"physicalLocation": {"artifactLocation": _location(place.name), "region": {"startLine": place.line}}}],
        "partialFingerprints": {"tokenDigest/v1": place.id},
        "properties": {"offset": place.offset, "length": place.length, "mask": place.mask},
    }


def _location(name: str) -> dict[str, str]:
    """Where a file is: seen from the working folder, or from the root when it lies elsewhere."""
    if name == STDIN:
        return {"uri": "stdin"}
    path = os.path.normpath(name)
    if Path(path).is_absolute() and Path(path).is_relative_to(Path.cwd()):
        path = str(Path(path).relative_to(Path.cwd()))
    if not Path(path).is_absolute() and not path.startswith(os.pardir):
        return {"uri": quote(Path(path).as_posix())}
    return {"uri": quote(Path(path).absolute().resolve().as_posix().lstrip("/")), "uriBaseId": _ROOT}


def _invocation(summary: Summary, brief: Brief) -> dict[str, Any]:
    notes = [_note(one) for one in summary.unread]
    for rule, count in summary.findings:
        listed = len(summary.places.get(rule.code, ()))
        if count > listed:
            words = f"{rule.code}: {count:,} tokens; the first {listed:,} are listed, and the lines of JSON have all"
            notes.append({"level": "note", "message": {"text": words}})
    return {
        "executionSuccessful": not summary.unread,
        "toolExecutionNotifications": notes,
        "properties": {"tokens": summary.tokens, "asOf": times.iso(brief.at), "mostPlacesOfARule": MOST_PLACES},
    }


def _note(one: Unread) -> dict[str, Any]:
    place = {"physicalLocation": {"artifactLocation": _location(one.name)}}
    return {"level": "warning", "message": {"text": one.why}, "locations": [place]}
