"""The report on what the form holds, and what could not be read of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from decimal import Decimal

from app import tokens
from app.tokens import times
from app.web import keybox
from app.web.view import Form


def judge(form: Form, notices: list[str], box: tokens.Keys | None = None) -> tokens.Report:
    """The report on *form*; what could not be read of its fields is added to *notices*."""
    at = _read(times.read, form.at, "Valid at", "seconds since 1970 or 2026-01-31T12:00:00Z", notices)
    leeway = _read(Decimal, form.leeway, "Leeway", "seconds, 0 or more", notices, least=0)
    expect = tokens.Expectations(
        tuple(re.split(r"[\s,]+", form.algorithms.strip())) if form.algorithms.strip() else (),
        form.issuer.strip() or None,
        form.audience.strip() or None,
        form.type.strip() or None,
        form.profile or None,
        *(getattr(form, name).strip() or None for name in ("nonce", "access_token", "code", "state", "htm", "htu")),
    )
    box = box or keybox.read(form)
    moment = at if at is not None else int(time.time())
    return tokens.verify(form.token, box, at=moment, leeway=leeway or 0, payload=_detached(form), expect=expect)


def _read(
    read: Callable[[str], Decimal], text: str, name: str, form: str, notices: list[str], least: int = -tokens.MAX_SECONDS
) -> Decimal | None:
    """The number in a field, or None with a notice that says what the field takes."""
    if not text.strip():
        return None
    try:
        number = read(text.strip())
    except (ValueError, ArithmeticError):
        number = Decimal("NaN")
    if number.is_finite() and least <= number <= tokens.MAX_SECONDS:
        return number
    notices.append(f"{name} is not read: it takes {form}.")
    return None


def _detached(form: Form) -> str | None:
    """The content of a token that leaves its own out; what another token has left in the box stays there, and is said not to be used."""
    return form.detached if form.detached and tokens.decode(form.token).token.is_detached else None
