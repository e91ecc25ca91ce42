"""The examples, documentation style: a story each, with its token in a small debugger and changes to try."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from string import Template
from typing import Any

from flask import Blueprint, render_template

from app.web import debugger, examples
from app.web.errors import Refused
from app.web.respond import theme
from app.web.view import Form, Mend, Page

blueprint = Blueprint("reading", __name__)

PANES = {"header": "/encode", "payload": "/encode", "key": "/verify", "detached": "/verify"}
"""The panes that a change is tried in, and what each asks; everything else is what the receiver expects."""
EXPECTED = {
    "algorithms": "Algorithms",
    "issuer": "Issuer",
    "audience": "Audience",
    "profile": "Profile",
    "nonce": "nonce",
    "htm": "HTTP method",
    "htu": "HTTP URI",
    "access_token": "Access token",
    "at": "Valid at",
    "leeway": "Leeway, seconds",
}


@dataclass(frozen=True, slots=True)
class Try:
    """A change to try, and what comes of it."""

    mend: Mend
    says: str


@dataclass(frozen=True, slots=True)
class Story:
    """An example with what there is to say about it."""

    row: dict[str, Any]
    group: str
    page: Page
    tries: tuple[Try, ...]
    expected: tuple[tuple[str, str, str], ...]
    """Name, label and value of what the receiver expects."""
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@blueprint.get("/examples")
def index() -> str:
    return render_template("pages/examples.html", groups=examples.GROUPS, theme=theme())


@blueprint.get("/examples/<name>")
def story(name: str) -> str:
    row = examples.STORIES.get(name)
    if row is None:
        raise Refused(404, "not_found", "There is no such example.", "They are listed at /examples.")
    now = int(time.time())
    form = examples.form(name, now)
    assert form is not None
    page = debugger.show(form, is_example=True)
    rows = [None, *examples.STORIES.values(), None]
    before = next(one for one, following in pairwise(rows) if following is row)
    after = next(following for one, following in pairwise(rows) if one is row)
    group = next(group["title"] for group in examples.GROUPS if row in group["stories"])
    told = Story(row, group, page, tuple(tries(row, form, now)), tuple(_expected(row, form)), before, after)
    return render_template("pages/story.html", story=told, page=page, theme=theme())


def tries(row: dict[str, Any], form: Form, now: int) -> Iterator[Try]:
    """The changes to try, as buttons that write the whole of a field."""
    for one in row.get("tries", ()):
        field = one["field"]
        written: str = getattr(form, field)
        text = one["put"]
        if "find" in one:
            find, text = (Template(part).safe_substitute(examples.times(now)) for part in (one["find"], text))
            if written.count(find) != 1:
                raise ValueError(f"the example {row['name']} has nothing to replace for {one['label']}")
            text = written.replace(find, text)
        target = f"{field}-text" if field in PANES else f"expect-{field}"
        yield Try(Mend("", one["label"], target, PANES.get(field, "/verify"), text), one["says"])


def _expected(row: dict[str, Any], form: Form) -> Iterator[tuple[str, str, str]]:
    tried = {one["field"] for one in row.get("tries", ())}
    for name, label in EXPECTED.items():
        if getattr(form, name) or name in tried:
            yield name, label, getattr(form, name)
