"""A policy as a form beside its text: the form shows what the text says, and changes of it only what it changed."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.web.gateway_form.rewriting import rewritten
from app.web.gateway_form.rows import Button, Field, Group, Policy
from app.web.gateway_form.sections import sections
from app.web.gateway_form.texts import json_of

__all__ = ["Button", "Change", "Field", "Group", "change", "form_of", "sections"]

_LAST_STEP = re.compile(r"(?:\[\d+\]|\.?[^.\[\]]+)\Z")


@dataclass(frozen=True, slots=True)
class Change:
    """The text with the form's changes in it; *reshaped*: the form has other rows or fields than before.

    *touched* are the places that were changed, and *focus* is the field or button where a person goes on.
    """

    text: str
    reshaped: bool = False
    touched: tuple[str, ...] = ()
    focus: str = ""


def form_of(text: str) -> list[Group] | None:
    """The form for the policy that *text* holds; None when it is no JSON object. It need not be a policy that can be judged."""
    value = _object(text or "{}")
    return None if value is None else sections(value)


def change(text: str, sent: Mapping[str, str], pressed: str = "") -> Change:
    """*text* with the fields in it that differ in *sent* by their names, and then with the button *pressed*."""
    text = text or "{}"
    value = _object(text)
    if value is None:
        return Change(text)
    put = _put(value, sent)
    reshaped = any(one.reshapes for one in put)
    focus = _press(value, pressed) if pressed else ""
    touched = (*(one.name for one in put), *((pressed.partition(" ")[2], focus.partition(" ")[2] or focus) if focus else ()))
    return Change(rewritten(text, value), reshaped or bool(focus), touched, focus)


def _put(value: Policy, sent: Mapping[str, str]) -> list[Field]:
    """Put what differs into *value*; returns those fields."""
    fields = [one for group in sections(value) for one in group.every_field()]
    changed = [one for one in fields if sent.get(one.name, one.text) != one.text]
    # What decides how a field is read comes last, so that each field is read as it was shown.
    for one in sorted(changed, key=lambda one: one.reshapes):
        one.put(sent[one.name])
    return changed


def _press(value: Policy, pressed: str) -> str:
    """Press a button of the form; returns where to go on: the first field that is new, or what adds another row."""
    before = sections(value)
    found = next((one for group in before for one in group.every_button() if one.value == pressed), None)
    if found is None:
        return ""
    known = {one.name for group in before for one in group.every_field()}
    found.press()
    after = sections(value)
    new = next((one.name for group in after for one in group.every_field() if one.name not in known), "")
    buttons = {one.value for group in after for one in group.every_button()}
    place = pressed.partition(" ")[2]
    while not new and place and f"add {place}" not in buttons:
        place = _LAST_STEP.sub("", place)
    return new or f"add {place}"


def _object(text: str) -> Policy | None:
    """The object that *text* holds, for the form to change."""
    document = json_of(text)
    if document is None or not isinstance(document.value, dict):
        return None
    return copy.deepcopy(document.value)
