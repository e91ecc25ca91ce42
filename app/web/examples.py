"""The example tokens: one for each algorithm, made with its key when it is asked for, so that its times are fresh."""

from __future__ import annotations

import tomllib
from pathlib import Path
from string import Template
from typing import Any

from app import tokens
from app.web import present
from app.web.view import Example, Form

_DATA: dict[str, Any] = tomllib.loads((Path(__file__).parent / "examples.toml").read_text("utf-8"))
_KEYS: dict[str, str] = _DATA["keys"]
_ROWS: dict[str, dict[str, Any]] = {row["name"]: row for row in _DATA["examples"]}

FIRST = "HS256"
KEYS = frozenset(_KEYS.values())
MENU = tuple(Example(row["name"], row["label"], row["group"]) for row in _ROWS.values())


def form(name: str, now: int) -> Form | None:
    """The form filled with the example *name*, or None; its times are counted from *now*."""
    row = _ROWS.get(name)
    if row is None:
        return None
    payload = Template(_DATA["payloads"][row.get("payload", "plain")]).substitute(
        now=now, soon=now + 3600, later=now + 86400, ago=now - 7200, past=now - 3600
    )
    key = _KEYS.get(row.get("key", ""), "")
    signed_with = _KEYS.get(row.get("signed_with", ""), key)
    filled = Form(token=tokens.encode(row["header"], payload.strip(), signed_with).token, key=key)
    present.panes(filled, tokens.verify(filled.token, signed_with, at=now))
    return filled
