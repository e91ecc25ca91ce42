"""The presets of /gateway, their tokens made when they are asked for, so that their times are fresh."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from app import tokens
from app.tokens import CannotEncode
from app.web import examples

_DATA: dict[str, Any] = tomllib.loads((Path(__file__).parent / "presets.toml").read_text("utf-8"))
PRESETS: dict[str, dict[str, Any]] = {row["name"]: row for row in _DATA["presets"]}
"""The presets by name, as the file has them."""
FIRST = next(iter(PRESETS))


@dataclass(frozen=True, slots=True)
class Scenario:
    """A request of a preset with its token, both as they stand in their boxes."""

    request: str
    token: str


def policy(row: Mapping[str, Any]) -> str:
    """The policy of a preset, with its public keys in it."""
    public = {_placeholder(name): json.dumps(examples.jwk_of(key) | {"kid": name}) for name, key in row.get("public", {}).items()}
    return Template(row["policy"]).substitute(public).strip()


def named(row: Mapping[str, Any]) -> str:
    """What the keys box holds for a preset: JSON, each reference of its policy with the key that it names."""
    keys = {reference: _named(name) for reference, name in row.get("named", {}).items()}
    return json.dumps(keys, indent=2) if keys else ""


def scenario(row: Mapping[str, Any], number: int, now: int) -> Scenario:
    """The request *number* of a preset; its times are counted from *now*."""
    asked = row["requests"][number]
    if "$token" not in asked["request"]:
        return Scenario(asked["request"], "")
    recipe = {**row, **asked}
    header, payload = (Template(recipe[part]).substitute(examples.times(now)) for part in ("header", "payload"))
    key = examples.key_of(recipe["key"])
    try:
        token = tokens.encode(header, payload, key, key_encoding="utf8" if "as_secret" in asked else "auto").token
    except CannotEncode:
        token = tokens.unsigned(header, payload, "")
    return Scenario(asked["request"], token)


def _named(name: str) -> Any:
    if name.startswith("set "):
        entries = _DATA["sets"][name.removeprefix("set ")]
        return {"keys": [examples.jwk_of(key) | {"kid": kid} for kid, key in entries.items()]}
    return examples.key_of(name)


def _placeholder(name: str) -> str:
    return "key_" + re.sub(r"\W", "_", name)
