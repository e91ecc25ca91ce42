"""JSON text with some of its values changed: what stays the same is not touched, what is new follows the layout around it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from app.tokens import lossless_json
from app.tokens.lossless_json import Node

_SHORT = 76


def rewritten(text: str, value: Any) -> str:
    """*text*, which holds JSON, changed so that it holds *value*."""
    root = lossless_json.scan(text)[0]
    if root is None:
        return fresh(value)
    return text[: root.start] + _node(text, root, value) + text[root.end :]


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are written the same; to Python, true would equal 1."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def fresh(value: Any, indent: str = "") -> str:
    """*value* as JSON: on one line when it is short, else with each entry on its own, *indent* before the last bracket."""
    if not isinstance(value, (dict, list)):
        return _scalar(value)
    inline = _inline(value)
    if len(inline) <= _SHORT or not value:
        return inline
    deeper = f"{indent}  "
    if isinstance(value, dict):
        entries = [f"{_scalar(name)}: {fresh(one, deeper)}" for name, one in value.items()]
        return "{\n" + deeper + f",\n{deeper}".join(entries) + f"\n{indent}}}"
    return "[\n" + deeper + f",\n{deeper}".join(fresh(one, deeper) for one in value) + f"\n{indent}]"


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(name)}: {_inline(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        return json.dumps(value)
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class _Piece:
    """An entry of the new text; *was*: which entry of the old text it is, or None."""

    text: str
    was: int | None = None


def _node(text: str, node: Node, value: Any) -> str:
    if same(node.value, value):
        return text[node.start : node.end]
    if not value or not (node.items or node.members):
        return fresh(value, _indent(text, node.start))
    if isinstance(value, dict) and node.kind == "object":
        places = [(member.start, member.node.end) for member in node.members]
        return _joined(text, node, places, _members(text, node, value))
    if isinstance(value, list) and node.kind == "array":
        places = [(item.start, item.end) for item in node.items]
        return _joined(text, node, places, _items(text, node, value))
    return fresh(value, _indent(text, node.start))


def _members(text: str, node: Node, value: dict[str, Any]) -> list[_Piece]:
    numbers = {member.name: number for number, member in enumerate(node.members)}
    renamed = len(value) == len(node.members)
    pieces = []
    for position, (name, one) in enumerate(value.items()):
        number = numbers.get(name)
        if number is None and renamed and node.members[position].name not in value:
            number = position
        if number is None:
            pieces.append(_Piece(f"{_scalar(name)}: {fresh(one, _within(text, node))}"))
            continue
        old = node.members[number]
        written = text[old.start : old.end] if old.name == name else _scalar(name)
        pieces.append(_Piece(written + text[old.end : old.node.start] + _node(text, old.node, one), number))
    return pieces


def _items(text: str, node: Node, value: list[Any]) -> list[_Piece]:
    """What is the same at both ends stays; what lies between is changed in its order."""
    least = min(len(value), len(node.items))
    head = next((at for at in range(least) if not same(node.items[at].value, value[at])), least)
    rest = least - head
    tail = next((at for at in range(rest) if not same(node.items[-1 - at].value, value[-1 - at])), rest)
    kept, last = len(value) - tail, len(node.items) - tail
    pieces = []
    for position, one in enumerate(value):
        number = position if position < head else len(node.items) - (len(value) - position)
        if head <= position < kept:
            number = position if position < last else -1
        new = number < 0
        written = fresh(one, _within(text, node)) if new else _node(text, node.items[number], one)
        pieces.append(_Piece(written, None if new else number))
    return pieces


def _joined(text: str, node: Node, places: Sequence[tuple[int, int]], pieces: Sequence[_Piece]) -> str:
    """The entries with the white space that stood between them, and for new ones that of the first two."""
    lead, tail = text[node.start + 1 : places[0][0]], text[places[-1][1] : node.end - 1]
    between = [text[end:start] for (_, end), (start, _) in pairwise(places)]
    usual = between[0] if between else f",{lead}" if "\n" in lead else ", "
    out = [text[node.start], lead, pieces[0].text]
    for before, piece in pairwise(pieces):
        follows = before.was is not None and piece.was == before.was + 1
        out += [between[before.was] if follows and before.was is not None else usual, piece.text]
    return "".join([*out, tail, text[node.end - 1]])


def _within(text: str, node: Node) -> str:
    """How far the entries of *node* are indented: as the first of them is."""
    first = (node.members or node.items)[0].start
    return _indent(text, first)


def _indent(text: str, at: int) -> str:
    """The white space with which the line of *at* begins."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]
