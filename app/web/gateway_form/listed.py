"""Rows of one kind: a row for each entry of an array, what adds one, and what takes one out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.web.gateway_form.rows import Button, Group, Options, Policy, as_json, drop, put_at


def listed(policy: Policy, member: str, title: str, one: Callable[[Group, Policy, str], None], new: Callable[[list[Any]], Any]) -> Group:
    """A group with a row for each entry of the array *member*."""
    group, what = Group(member, title), title.removesuffix("s").lower()
    entries = policy.get(member, [])
    if not isinstance(entries, list):
        group.fields.append(as_json(member, title, entries, put_at(policy, member)))
        return group

    def add() -> None:
        policy.setdefault(member, entries).append(new(entries))

    for number, entry in enumerate(entries):
        row = Group(f"{member}[{number}]", f"{what.capitalize()} {number + 1}", folds=True)
        if isinstance(entry, dict):
            one(row, entry, row.name)
        else:
            row.fields.append(as_json(row.name, row.title, entry, put_at(entries, number)))
        row.buttons.append(Button(f"remove {row.name}", f"remove {what}", f"Remove {row.title.lower()}", take_out(entries, entry)))
        group.groups.append(row)
    group.buttons.append(Button(f"add {member}", f"add {what}", f"Add {what}", add))
    return group


def take_out(entries: list[Any], entry: Any) -> Callable[[], None]:
    return lambda: drop(entries, entry)


def only(value: Any, options: Options, beside: tuple[str, ...]) -> str:
    """Which of *options* is the one member of *value* beside those that may be there too, or nothing."""
    there = [name for name, _ in options if isinstance(value, dict) and name in value]
    known = len(there) == 1 and not value.keys() - {there[0], *beside}
    return there[0] if known else ""
