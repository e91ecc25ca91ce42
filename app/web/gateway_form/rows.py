"""The form as plain rows for its template: fields, and groups of them that can be added and removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.web.gateway_form.texts import JSON, TEXT, Codec

Policy = dict[str, Any]
"""A policy as it is written, or an object in it."""
Options = tuple[tuple[str, str], ...]
"""What a field lets choose: each value with its label."""


@dataclass(slots=True)
class Field:
    """One field. *name* is its place in the policy, as a problem names it; *reshapes*: other fields depend on it."""

    name: str
    label: str
    text: str
    put: Callable[[str], None]
    options: Options = ()
    hint: str = ""
    example: str = ""
    lines: bool = False
    wide: bool = False
    reshapes: bool = False

    @property
    def shown(self) -> Options:
        """The options, and what the text says if that is none of them."""
        known = any(value == self.text for value, _ in self.options)
        return self.options if known else (*self.options, (self.text, self.text))


@dataclass(frozen=True, slots=True)
class Button:
    """What adds or removes a row; *value* is what it sends."""

    value: str
    label: str
    about: str
    press: Callable[[], None]


@dataclass(slots=True)
class Group:
    """Fields with a title, the groups in them, and their buttons; *says* stands for it while it is folded.

    *inline*: its fields and buttons stand on one line, and say enough without the title.
    """

    name: str
    title: str
    says: str = ""
    note: str = ""
    folds: bool = False
    inline: bool = False
    fields: list[Field] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)

    def every_field(self) -> Iterator[Field]:
        yield from self.fields
        for group in self.groups:
            yield from group.every_field()

    def every_button(self) -> Iterator[Button]:
        yield from self.buttons
        for group in self.groups:
            yield from group.every_button()


@dataclass(frozen=True, slots=True)
class Spec:
    """A member of an object as a field: *absent* is its text while the member is not there; without it, the member stays."""

    member: str
    label: str
    codec: Codec = TEXT
    absent: str | None = ""
    options: Options = ()
    hint: str = ""
    example: str = ""
    wide: bool = False

    def bind(self, container: dict[str, Any], place: str) -> Field:
        """The field for the member of *container*, which is at *place*."""

        def put(text: str) -> None:
            if text == self.absent:
                container.pop(self.member, None)
            else:
                container[self.member] = self.codec.take(text)

        there = self.member in container
        text = self.codec.show(container[self.member]) if there else self.absent or ""
        lines = self.codec.lines or "\n" in text
        return Field(inside(place, self.member), self.label, text, put, self.options, self.hint, self.example, lines, self.wide)


def inside(place: str, member: str) -> str:
    return f"{place}.{member}" if place else member


def as_json(name: str, label: str, value: Any, put: Callable[[Any], None]) -> Field:
    """A field for what the form has no rows for."""
    hint = "as JSON: the form has no rows for it"
    return Field(name, label, JSON.show(value), lambda text: put(JSON.take(text)), hint=hint, lines=True, wide=True)


def rename(container: dict[str, Any], old: str, new: str, value: Any) -> None:
    """Call the member *old* of *container* *new*, at its place among the others."""
    members = [(new, value) if name == old else (name, one) for name, one in container.items()]
    container.clear()
    container.update(members)


def drop(entries: list[Any], entry: Any) -> None:
    """Take the very *entry* out of *entries*, not one that equals it."""
    entries[:] = [one for one in entries if one is not entry]


def put_at(container: Any, key: Any) -> Callable[[Any], None]:
    """What sets the value at *key* of an object or array."""

    def put(value: Any) -> None:
        container[key] = value

    return put
