"""Repairs of the core as buttons of the page, and their effect when there is no script to apply them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app import tokens
from app.tokens import lossless_json
from app.web.view import Form, Mend

_ACTIONS = {"token": "/decode", "header": "/encode", "payload": "/encode"}
_PANES = {"token": "token-text", "header": "header-text", "payload": "payload-text", "key": "key-text", "key_encoding": "key-encoding"}
_NAMED = re.compile(r"([fcn])(\d{1,4})\.(\d{1,3})")


def buttons(kind: str, number: int, repairs: Sequence[tokens.Repair], decoded: tokens.Decoded) -> tuple[Mend, ...]:
    """The buttons for the *repairs* of finding (`f`), check (`c`) or token inside (`n`) number *number*."""
    rows = []
    for index, repair in enumerate(repairs):
        if not _can_be_sent(repair.text):
            continue
        start, length, text = _place(repair, decoded)
        element = _PANES.get(repair.field, f"expect-{repair.field}")
        action = _ACTIONS.get(repair.field, "/verify")
        rows.append(Mend(f"{kind}{number}.{index}", repair.label, element, action, text, start, length))
    return tuple(rows)


def opening(number: int, report: tokens.Report) -> tuple[tokens.Repair, ...]:
    """What opens the token inside *report* that has this number, from 0."""
    layers = report.nested
    return (tokens.Repair("Open this token", "token", layers[number].token.text.strip()),) if number < len(layers) else ()


def apply(form: Form, wanted: str, report: tokens.Report) -> bool:
    """Do to *form* what the button *wanted* says; False when the report offers no such repair any more."""
    match = _NAMED.fullmatch(wanted)
    repairs = _offered(match[1], int(match[2]), report) if match else ()
    if match is None or int(match[3]) >= len(repairs):
        return False
    repair = repairs[int(match[3])]
    start, length, text = _place(repair, report)
    old = getattr(form, repair.field)
    setattr(form, repair.field, text if length < 0 else old[:start] + text + old[start + length :])
    return True


def _offered(kind: str, number: int, report: tokens.Report) -> Sequence[tokens.Repair]:
    if kind == "n":
        return opening(number, report)
    rows: Sequence[tokens.Finding | tokens.Check] = report.findings if kind == "f" else report.checks
    return rows[number].repairs if number < len(rows) else ()


def _can_be_sent(text: str) -> bool:
    """Whether a page can hold *text*: half of a surrogate pair has no UTF-8."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _place(repair: tokens.Repair, decoded: tokens.Decoded) -> tuple[int, int, str]:
    """Where the repair writes in its pane as shown, and what; a length of -1 means the whole field."""
    document = dict(zip(("header", "payload"), decoded.documents, strict=True)).get(repair.field)
    if document is None:
        return repair.offset, -1 if repair.length is None else repair.length, repair.text
    if repair.length is None:
        return 0, -1, lossless_json.indent(repair.text) if tokens.for_reading(document)[1] != "as-written" else repair.text
    start, length = tokens.shown_range(repair.offset, repair.length, document)
    return start, length, repair.text
