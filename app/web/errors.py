"""Every error in one shape for each reader: JSON for programs, a notice for htmx, a page for people."""

from __future__ import annotations

import sys
from types import TracebackType

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from app.web.respond import theme, wants_partials
from app.web.view import Form, Page, Statement, Verdict

_WORDS = {
    400: ("bad_request", "The request cannot be read.", "Send it again as /learn/api shows."),
    404: ("not_found", "There is no such page.", "The debugger is at /."),
    405: ("method_not_allowed", "This address does not take that method.", "Reading takes GET, everything else POST."),
    411: ("length_required", "The request does not say how long its body is.", "Send a Content-Length header."),
    413: ("body_too_large", "The input is larger than 256 KiB.", "Send the token and the key alone."),
    415: (
        "unsupported_media_type",
        "This address does not take that kind of body.",
        "Programs send application/json, forms urlencoded text.",
    ),
    422: ("unprocessable", "The request cannot be carried out.", "Send it again as /learn/api shows."),
    429: ("busy", "Too many keys are being made at once.", "Try again in a few seconds."),
    500: ("internal_error", "Something went wrong in jwtlens itself.", "What you typed is still in your browser; go back and try again."),
}
# How long a program is to wait before it asks again, in seconds: as long as a turn takes to come at most.
_RETRY_AFTER = "5"


class Refused(Exception):
    """A request that is answered with an error: status, code, message, hint; no input in any of them."""

    def __init__(self, status: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint


def register(app: Flask) -> None:
    app.register_error_handler(Refused, lambda error: _answer(error.status, error.code, error.message, error.hint))
    app.register_error_handler(HTTPException, _http_error)


def log_discreetly(exc_info: object) -> None:
    """Say which exception came from where; its text may hold a token."""
    kind, trace = "Exception", None
    if isinstance(exc_info, tuple) and isinstance(exc_info[0], type):
        kind, trace = exc_info[0].__name__, exc_info[2]
    while isinstance(trace, TracebackType) and trace.tb_next:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if isinstance(trace, TracebackType) else ""
    print(f"jwtlens: error: no answer could be made: {kind}{where}", file=sys.stderr, flush=True)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    response = _answer(status, *_WORDS.get(status, _WORDS[400 if status < 500 else 500]))
    if status == 405 and error.get_response().headers.get("Allow"):
        response.headers["Allow"] = error.get_response().headers["Allow"]
    return response


def _answer(status: int, code: str, message: str, hint: str) -> Response:
    if request.path.startswith("/api/"):
        response = jsonify({"error": {"code": code, "message": message, "hint": hint}})
    elif wants_partials():
        nothing = Verdict("idle", *(Statement("idle", ""),) * 3, (), 0, 0)
        page = Page(Form(), nothing, notice=f"{message} {hint}".strip())
        response = make_response(render_template("partials/answer.html", page=page, panes=("notice",)))
    else:
        response = make_response(render_template("pages/error.html", title=message, message=message, hint=hint, theme=theme()))
    response.status_code = status
    if status == 429:
        response.headers["Retry-After"] = _RETRY_AFTER
    return response
