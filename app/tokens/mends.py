"""Repairs of one JSON object: a member renamed, removed, added or given another value, all else as it was written."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property

from app.tokens.findings import Field, Repair
from app.tokens.lossless_json import Document, Member, Node, position


class Mends:
    """Writes the repairs of an object in *text*, which is looked for only when one is wanted.

    *field* is where the text was typed, *lead* what stood before it there. Where a member is missing, there is no repair.
    """

    def __init__(self, text: str, find: Callable[[], Node | None], field: Field, lead: str = "") -> None:
        self.text = text
        self.field: Field = field
        self.lead = lead
        self._find = find

    @classmethod
    def of(cls, document: Document, field: Field, lead: str = "") -> Mends:
        """Repairs of the object that *document* is."""
        return cls(document.text, lambda: document.root, field, lead)

    @cached_property
    def node(self) -> Node | None:
        return self._find()

    def inner(self, name: str, index: int) -> Mends:
        """Repairs of one object in the array *name*."""

        def find() -> Node | None:
            member = self.member(name)
            return member.node.items[index] if member and index < len(member.node.items) else None

        return Mends(self.text, find, self.field, self.lead)

    def member(self, name: str) -> Member | None:
        """The last member called *name*."""
        return next((one for one in reversed(self.node.members) if one.name == name), None) if self.node else None

    def place(self, name: str) -> dict[str, int]:
        """Line and column of the value of *name* in the text that was given."""
        member = self.member(name)
        at = member.node.start if member else self.node.start if self.node else 0
        line, column = position(self.lead + self.text, len(self.lead) + at)
        return {"line": line, "column": column}

    def value(self, label: str, name: str, value: object) -> tuple[Repair, ...]:
        """Give the member *name* another value."""
        member = self.member(name)
        return (self._repair(label, _written(value), member.node.start, member.node.end),) if member else ()

    def wrap(self, label: str, name: str) -> tuple[Repair, ...]:
        """Put the value of *name* into an array."""
        member = self.member(name)
        if member is None:
            return ()
        return (self._repair(label, f"[{self.text[member.node.start : member.node.end]}]", member.node.start, member.node.end),)

    def rename(self, label: str, name: str, new: str) -> tuple[Repair, ...]:
        """Call the member *name* otherwise, unless that name is taken."""
        member = self.member(name)
        return (self._repair(label, _written(new), member.start, member.end),) if member and not self.member(new) else ()

    def split(self, label: str, name: str, value: object, other: str, other_value: object) -> tuple[Repair, ...]:
        """Make two members of one."""
        member = self.member(name)
        text = f"{_written(value)},{_written(other)}:{_written(other_value)}"
        return (self._repair(label, text, member.node.start, member.node.end),) if member else ()

    def remove(self, label: str, name: str) -> tuple[Repair, ...]:
        """Take the member *name* out, with the comma that belongs to it."""
        if self.node is None or self.member(name) is None:
            return ()
        spans = [(one.start, one.node.end) for one in self.node.members]
        index = max(index for index, one in enumerate(self.node.members) if one.name == name)
        return (self._repair(label, "", *_with_comma(spans, index)),)

    def remove_item(self, label: str, name: str, index: int) -> tuple[Repair, ...]:
        """Take one item out of the array *name*, or the member itself when no item would be left."""
        member = self.member(name)
        if member is None or index >= len(member.node.items):
            return ()
        if len(member.node.items) == 1:
            return self.remove(label, name)
        return (self._repair(label, "", *_with_comma([(one.start, one.end) for one in member.node.items], index)),)

    def add(self, label: str, name: str, value: object) -> tuple[Repair, ...]:
        """Write a member more, behind the last."""
        if self.node is None or self.node.kind != "object":
            return ()
        text = f"{_written(name)}:{_written(value)}"
        if self.node.members:
            end = self.node.members[-1].node.end
            return (self._repair(label, f",{text}", end, end),)
        return (self._repair(label, text, self.node.start + 1, self.node.start + 1),)

    def add_item(self, label: str, name: str, value: object) -> tuple[Repair, ...]:
        """Write an item more into the array *name*, behind the last."""
        member = self.member(name)
        if member is None or member.node.kind != "array":
            return ()
        items = member.node.items
        at = items[-1].end if items else member.node.start + 1
        return (self._repair(label, ("," if items else "") + _written(value), at, at),)

    def swap(self, label: str, one: str, other: str) -> tuple[Repair, ...]:
        """Let two members change their names, which is to change their values without writing them."""
        first, second = sorted((met for met in (self.member(one), self.member(other)) if met), key=lambda met: met.start)
        between = self.text[first.end : second.start]
        return (self._repair(label, _written(second.name) + between + _written(first.name), first.start, second.end),)

    def _repair(self, label: str, text: str, start: int, end: int) -> Repair:
        return Repair(label, self.field, text, len(self.lead) + start, end - start)


def _with_comma(spans: list[tuple[int, int]], index: int) -> tuple[int, int]:
    """From where to where the text goes when one of several things between commas is taken out."""
    if index > 0:
        return spans[index - 1][1], spans[index][1]
    return spans[0][0], spans[1][0] if len(spans) > 1 else spans[0][1]


def _written(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
