"""YAML in which a text of several lines stands as it is, for people to read: keys in PEM, and programs."""

from __future__ import annotations

import re
from typing import Any

from app.gateway.exports import native

# Plain enough to stand in a block: visible, no space at the ends of lines, nothing that a reader of YAML would change.
_BLOCK = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)(?:\n(?:[ ]*[!-~](?:[ -~]*[!-~])?)?)*\n?")


def to_yaml(document: Any) -> str:
    """*document* in YAML, its texts of several plain lines as blocks."""
    texts: list[str] = []
    mark = _mark(repr(document))
    made = native.to_yaml(_marked(document, mark, texts))
    return re.sub(rf'^( *)(.*)"{mark}(\d+)"$', lambda found: _block(found[1], found[2], texts[int(found[3])]), made, flags=re.MULTILINE)


def _mark(text: str) -> str:
    mark = "text-"
    while mark in text:
        mark += "-"
    return mark


def _marked(value: Any, mark: str, texts: list[str]) -> Any:
    if isinstance(value, dict):
        return {name: _marked(one, mark, texts) for name, one in value.items()}
    if isinstance(value, list):
        return [_marked(one, mark, texts) for one in value]
    if isinstance(value, str) and "\n" in value and _BLOCK.fullmatch(value) and not value.endswith("\n\n"):
        texts.append(value)
        return f"{mark}{len(texts) - 1}"
    return value


def _block(indent: str, name: str, text: str) -> str:
    lines = text.removesuffix("\n").split("\n")
    margin = indent + " " * (4 if name.startswith("- ") and name != "- " else 2)
    body = "\n".join(f"{margin}{line}" if line else "" for line in lines)
    return f"{indent}{name}{'|' if text.endswith(chr(10)) else '|-'}\n{body}"
