"""Out again: /report /share /snippet /compare. What leaves the page goes in an answer, and never in an address."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from app.web import comparing, debugger, reports, sharing
from app.web.comparing import ComparePage
from app.web.judging import judge
from app.web.respond import answer, theme, wants_partials

blueprint = Blueprint("out", __name__)


@blueprint.post("/report")
def report() -> Response:
    form = debugger.read_form()
    judged = judge(form, [])
    sharing.told(judged, sharing.Omitted(form.left_out, judged.token))
    if request.form.get("as") == "json":
        return Response(reports.to_hand_on(judged), mimetype="application/json")
    return Response(reports.markdown(judged), mimetype="text/plain")


@blueprint.post("/share")
def share() -> Response:
    return answer(debugger.show(debugger.read_form()), ("share",))


@blueprint.post("/snippet")
def snippet() -> Response:
    return answer(debugger.show(debugger.read_form()), ("snippet",))


@blueprint.get("/compare")
def compare_nothing() -> str:
    return render_template("pages/compare.html", page=ComparePage(), theme=theme())


@blueprint.post("/compare")
def compare() -> Response:
    debugger.read_form()  # refuses what is no form
    page = comparing.page(*comparing.sent(request.form))
    template = "partials/answer.html" if wants_partials() else "pages/compare.html"
    return make_response(render_template(template, page=page, panes=("notice", "comparison"), theme=theme()))
