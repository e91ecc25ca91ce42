"""Rules about claims as rows: comparisons, and groups of them that all, any or none of must hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.web.gateway_form.rows import Button, Field, Group, Options, as_json, drop, rename
from app.web.gateway_form.texts import SCALAR, SCALARS, TEXT, Codec

DEEPEST = 4
"""Groups inside each other that have rows; what is deeper is a field of JSON."""
_COMPARES: dict[str, tuple[str, Codec]] = {
    "equals": ("equals", SCALAR),
    "one_of": ("is one of", SCALARS),
    "contains": ("contains", SCALAR),
    "prefix": ("begins with", TEXT),
}
_JOINS = {"all": "all of these hold", "any": "any of these holds", "not": "this does not hold"}
_HOW: Options = tuple((name, label) for name, (label, _) in _COMPARES.items())
_JOIN: Options = tuple(_JOINS.items())
_VALUES = 'As a value, 17 is a number, true is true, and "17" in quotes is a string.'

Put = Callable[[Any], None]


def new_compare() -> dict[str, Any]:
    return {"claim": "sub", "equals": "user"}


def group_of(rule: Any, name: str, put: Put, remove: Callable[[], None], depth: int = 0) -> Group:
    """The rows of *rule*; *put* sets another in its place, *remove* takes it away."""
    title = "Rule about claims" if depth == 0 else "Rule"
    group = Group(name, title, note=_VALUES if depth == 0 else "")
    join = _join_of(rule)
    if _compares(rule):
        _compare(group, rule)
        if depth < DEEPEST:
            group.buttons.append(
                Button(f"join {name}", "combine", "Combine this rule with another", lambda: put({"all": [rule, new_compare()]}))
            )
    elif join and depth < DEEPEST:
        _join(group, rule, join, remove, depth)
    else:
        group.fields.append(as_json(name, title, rule, put))
    group.buttons.append(Button(f"remove {name}", "remove rule", f"Remove the rule {name}", remove))
    return group


def _compares(rule: Any) -> bool:
    return isinstance(rule, dict) and len(rule) == 2 and "claim" in rule and any(how in rule for how in _COMPARES)


def _join_of(rule: Any) -> str:
    """Whether it joins rules, and how; a list that is empty has no rows."""
    how = next(iter(rule)) if isinstance(rule, dict) and len(rule) == 1 else ""
    if how not in _JOINS:
        return ""
    return how if how == "not" or (isinstance(rule[how], list) and rule[how]) else ""


def _how(rule: dict[str, Any]) -> str:
    return next(how for how in _COMPARES if how in rule)


def _compare(group: Group, rule: dict[str, Any]) -> None:
    how = _how(rule)

    def put_claim(text: str) -> None:
        rule["claim"] = TEXT.take(text)

    def put_how(text: str) -> None:
        old = _how(rule)
        value = rule[old]
        if text == "one_of" and not isinstance(value, list):
            value = [value]
        elif text != "one_of" and isinstance(value, list):
            value = value[0] if value else ""
        if text in _COMPARES:
            rename(rule, old, text, value)

    def put_value(text: str) -> None:
        now = _how(rule)
        rule[now] = _COMPARES[now][1].take(text)

    codec = _COMPARES[how][1]
    text = codec.show(rule[how])
    lines = codec.lines or "\n" in text
    group.fields += [
        Field(f"{group.name}.claim", "Claim", TEXT.show(rule["claim"]), put_claim, example="realm_access.roles"),
        Field(f"{group.name}~how", "How", how, put_how, _HOW, reshapes=True),
        Field(f"{group.name}.{how}", "Values, one a line" if lines else "Value", text, put_value, lines=lines),
    ]


def _join(group: Group, rule: dict[str, Any], how: str, remove: Callable[[], None], depth: int) -> None:
    def put_how(text: str) -> None:
        old = next(iter(rule))
        if text not in _JOINS or text == old:
            return
        inner = rule[old]
        if text == "not":
            rename(rule, old, text, inner[0] if len(inner) == 1 else {old: inner})
        else:
            rename(rule, old, text, [inner] if old == "not" else inner)

    group.fields.append(Field(f"{group.name}~join", "Holds when", how, put_how, _JOIN, reshapes=True))
    if how == "not":
        place = f"{group.name}.not"
        group.groups.append(group_of(rule["not"], place, lambda one: rule.update({"not": one}), remove, depth + 1))
        return
    for number, one in enumerate(rule[how]):
        place = f"{group.name}.{how}[{number}]"
        group.groups.append(group_of(one, place, _put_in(rule, how, one), _remove_from(rule, how, one, remove), depth + 1))
    group.buttons.append(Button(f"add {group.name}", "add rule", f"Add rule to {group.name}", lambda: rule[how].append(new_compare())))


def _put_in(rule: dict[str, Any], how: str, old: Any) -> Put:
    def put(new: Any) -> None:
        rule[how][:] = [new if one is old else one for one in rule[how]]

    return put


def _remove_from(rule: dict[str, Any], how: str, old: Any, remove: Callable[[], None]) -> Callable[[], None]:
    """Take *old* out; with the last one its group goes too, for an empty one would say nothing."""

    def take_out() -> None:
        drop(rule[how], old)
        if not rule[how]:
            remove()

    return take_out
