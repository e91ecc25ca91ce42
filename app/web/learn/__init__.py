"""/learn: the documentation. Each page is a template of prose; what is looked up comes from the tables of the core."""

from __future__ import annotations

from functools import cache

from flask import Blueprint, render_template

from app.web.errors import Refused
from app.web.learn import contents, reference, sections
from app.web.learn.sections import Section
from app.web.respond import theme

blueprint = Blueprint("learn", __name__)


@blueprint.get("/learn")
def overview() -> str:
    return render_template("pages/learn.html", parts=contents.PARTS, theme=theme())


@blueprint.get("/learn/<name>")
def page(name: str) -> str:
    leaf = contents.LEAVES.get(name)
    if leaf is None:
        raise Refused(404, "not_found", "There is no such page.", "The list of all pages is at /learn.")
    before, after = contents.neighbours(name)
    return render_template(
        "pages/leaf.html",
        leaf=leaf,
        parts=contents.PARTS,
        here_too=[one for one in read(name) if one.level == 2],
        before=before,
        after=after,
        facts=_facts(name),
        theme=theme(),
    )


@cache
def read(name: str) -> tuple[Section, ...]:
    """What stands in the page *name*."""
    return sections.read(render_template(f"learn/{name}.html", facts=_facts(name)))


@cache
def _facts(name: str) -> object:
    made = reference.FACTS.get(name)
    return made() if made else {}
