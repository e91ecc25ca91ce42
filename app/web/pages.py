"""The pages beside the debugger, and the theme."""

from __future__ import annotations

import re

from flask import Blueprint, Response, make_response, redirect, render_template, request

from app.web import comparing, debugger, directory, gateway
from app.web.learn import contents
from app.web.respond import THEMES, theme

blueprint = Blueprint("pages", __name__)

_YEAR = 365 * 24 * 3600
_OF_GATEWAY = re.compile(rb"(?:\A|&)page=(?:/|%2F)gateway(?:&|\Z)", re.IGNORECASE)
_PAGES = frozenset(("/trust", "/keys", "/examples", "/libraries", "/learn", *(leaf.path for leaf in contents.LEAVES.values())))


@blueprint.get("/trust")
def trust() -> str:
    return render_template("pages/trust.html", theme=theme())


@blueprint.get("/healthz")
def healthz() -> Response:
    return Response("ok", mimetype="text/plain")


@blueprint.post("/theme")
def choose_theme() -> Response:
    """Remember the theme in the only cookie; the debugger's form comes along, so nothing typed is lost."""
    # Each form has its own most fields, which are counted before the body is taken apart.
    of_gateway = gateway.read_form() if _OF_GATEWAY.search(request.get_data()) else None
    form = None if of_gateway else debugger.read_form()
    chosen = request.form.get("theme", "")
    chosen = chosen if chosen in THEMES else "system"
    page = request.form.get("page", "")
    if page in _PAGES or _is_of_library(page):
        response = make_response(redirect(page, 303))
    elif page == "/compare":
        compared = comparing.page(*comparing.sent(request.form))
        response = make_response(render_template("pages/compare.html", page=compared, theme=chosen))
    elif of_gateway and page == "/gateway":
        response = gateway.whole(gateway.show(*of_gateway), chosen)
    else:
        filled = debugger.show(form or debugger.read_form())
        response = make_response(render_template("pages/debugger.html", page=filled, theme=chosen))
    response.set_cookie("theme", chosen, max_age=_YEAR, path="/", samesite="Strict", secure=request.is_secure)
    return response


def _is_of_library(page: str) -> bool:
    folder, _, name = page.rpartition("/")
    return folder == "/libraries" and name in directory.libraries()
