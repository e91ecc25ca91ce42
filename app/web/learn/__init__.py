"""/learn: the documentation. Each page is a template of prose; what is looked up comes from the tables of the core."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from flask import Blueprint, Response, make_response, render_template, request

from app.web.errors import Refused
from app.web.learn import contents, reference, sections
from app.web.learn.search import MOST, Entry, Hit, entries, search
from app.web.learn.sections import Section
from app.web.respond import theme, wants_partials

blueprint = Blueprint("learn", __name__)

_A_TOKEN = re.compile(r"ey[IJK][\w-]{17}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Found:
    """What the search shows; *more* says that there are further places, *is_token* that a token was given, which is not repeated."""

    asked: str
    hits: tuple[Hit, ...] = ()
    more: bool = False
    is_token: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A section that speaks of a finding."""

    page: str
    title: str
    path: str


@blueprint.get("/learn")
def overview() -> str:
    return render_template("pages/learn.html", parts=contents.PARTS, theme=theme())


@blueprint.get("/learn/search")
def find() -> Response:
    asked = request.args.get("q", "").strip()
    if _A_TOKEN.search(asked):
        found = Found("", is_token=True)
    else:
        hits = search(asked, _index())
        found = Found(asked, hits, len(hits) == MOST)
    template = "partials/answer.html" if wants_partials() else "pages/learn_search.html"
    return make_response(render_template(template, page=found, panes=("hits",), theme=theme()))


@blueprint.get("/llms.txt")
def for_models() -> Response:
    """What is here, for programs that read in place of a person."""
    text = render_template("learn/llms.txt", parts=contents.PARTS, origin=request.host_url.rstrip("/"))
    return Response(text, mimetype="text/plain")


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
        told=_told() if name == "findings" else {},
        theme=theme(),
    )


@cache
def read(name: str) -> tuple[Section, ...]:
    """What stands in the page *name*."""
    return sections.read(render_template(f"learn/{name}.html", facts=_facts(name), told={}))


@cache
def _told() -> dict[str, list[Told]]:
    """Where in the prose each finding is spoken of, by its code."""
    told: dict[str, list[Told]] = {}
    for leaf in contents.LEAVES.values():
        for section in read(leaf.name) if leaf.part != contents.LOOK_UP else ():
            for code in dict.fromkeys(link.partition("/learn/findings#")[2] for link in section.links):
                told.setdefault(code, []).append(Told(leaf.title, section.title, f"{leaf.path}#{section.place}"))
    return told


@cache
def _index() -> tuple[Entry, ...]:
    return tuple(entry for leaf in contents.LEAVES.values() for entry in entries(leaf, read(leaf.name)))


@cache
def _facts(name: str) -> object:
    made = reference.FACTS.get(name)
    return made() if made else {}
