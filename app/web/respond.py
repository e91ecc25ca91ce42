"""One place decides who is asking: htmx gets partials, everyone else the whole page."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from functools import lru_cache

from flask import Response, current_app, make_response, render_template, request
from jinja2 import Environment, Template

THEMES = ("system", "light", "dark")
_PANELS = ("share", "snippet")
"""What follows the token while it is open."""
_PANE = '<hx-partial hx-target="#slot-%s" hx-swap="innerMorph">{%%- with -%%}%s{%%- endwith -%%}</hx-partial>'
"""As in partials/answer.html; a test compares them."""


def wants_partials() -> bool:
    asked = request.headers.get("HX-Request") == "true"
    restoring = request.headers.get("HX-History-Restore-Request") == "true"
    boosted = request.headers.get("HX-Boosted") == "true"
    return asked and not restoring and not boosted


def theme() -> str:
    chosen = request.cookies.get("theme", "system")
    return chosen if chosen in THEMES else "system"


def answer(page: object, panes: Sequence[str], whole: str = "debugger") -> Response:
    """The panes that the request changes, or the page with all of them."""
    if not wants_partials():
        return make_response(render_template(f"pages/{whole}.html", page=page, theme=theme()))
    some = template = current_app.jinja_env.get_template("partials/answer.html")
    if "slots" in request.form:  # a page with some of the panes
        panes = [pane for pane in panes if pane in request.form["slots"].split()]
    else:
        template = _together(current_app.jinja_env, tuple(panes))
    panels = [name for name in _PANELS if name in request.form and name not in panes]
    # Not by Flask's render_template: no pane asks for its request, g or session.
    text = template.render(page=page, panes=panes)
    return make_response(text + some.render(page=page, panes=panels) if panels else text)


@lru_cache(maxsize=64)
def _together(environment: Environment, panes: tuple[str, ...]) -> Template:
    """The template of the answer with *panes* in it instead of included, which costs a key press a tenth of the server's time.

    What a pane sets stays in it.
    """
    assert environment.loader
    sources = {pane: environment.loader.get_source(environment, f"partials/{pane}.html")[0] for pane in panes}
    return environment.from_string("".join(_PANE % (pane, source) for pane, source in sources.items()))


def compress(response: Response) -> Response:
    """Send a page that holds nothing of anyone's in few bytes.

    Only what is asked for by GET: keys and tokens come by POST, and the length of a compressed answer would tell of what is in it.
    """
    if request.method == "GET" and response.status_code == 200 and response.mimetype == "text/html":
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"]:
            response.set_data(gzip.compress(response.get_data(), 6, mtime=0))
            response.content_encoding = "gzip"
    return response
