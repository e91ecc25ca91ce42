"""A policy as a form beside its text: the form shows what the text says, and changes of it only what it changed."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.web.gateway_form.rewriting import rewritten
from app.web.gateway_form.rows import Button, Field, Group
from app.web.gateway_form.sections import sections
from app.web.gateway_form.texts import json_of

__all__ = ["Button", "Change", "Field", "Group", "change", "form_of", "sections"]


@dataclass(frozen=True, slots=True)
class Change:
    """The text with the form's changes in it; *reshaped*: the form has other rows or fields than before."""

    text: str
    reshaped: bool = False


def form_of(text: str) -> list[Group] | None:
    """The form for the policy that *text* holds; None when it is no JSON object. It need not be a policy that can be judged."""
    value = _object(text)
    return None if value is None else sections(value)


def change(text: str, sent: Mapping[str, str], pressed: str = "") -> Change:
    """*text* with the fields in it that differ in *sent* by their names, and then with the button *pressed*."""
    value = _object(text or "{}")
    if value is None:
        return Change(text)
    reshaped = _put(value, sent)
    if pressed:
        reshaped |= _press(value, pressed)
    return Change(rewritten(text or "{}", value), reshaped)


def _put(value: dict[str, Any], sent: Mapping[str, str]) -> bool:
    fields = [one for group in sections(value) for one in group.every_field()]
    changed = [one for one in fields if sent.get(one.name, one.text) != one.text]
    # What decides how a field is read comes last, so that each field is read as it was shown.
    for one in sorted(changed, key=lambda one: one.reshapes):
        one.put(sent[one.name])
    return any(one.reshapes for one in changed)


def _press(value: dict[str, Any], pressed: str) -> bool:
    buttons = (one for group in sections(value) for one in group.every_button())
    found = next((one for one in buttons if one.value == pressed), None)
    if found:
        found.press()
    return found is not None


def _object(text: str) -> dict[str, Any] | None:
    """The object that *text* holds, for the form to change."""
    document = json_of(text)
    if document is None or not isinstance(document.value, dict):
        return None
    return copy.deepcopy(document.value)
