"""/gateway: a policy, a request and its token, and what the gateway answers. Read the form, ask the gateway room, answer."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from flask import Blueprint, Response, g, make_response, render_template, request

from app import gateway, tokens
from app.tokens import lossless_json
from app.tokens.findings import quoted
from app.web import drafting, forms, gateway_api, gateway_exports, gateway_form, presets
from app.web.errors import Refused
from app.web.gateway_exports import Exported
from app.web.gateway_form import Change
from app.web.gateway_page import GatewayForm, GatewayPage, page_of, show_decision, show_form, show_problems
from app.web.respond import theme, wants_partials

blueprint = Blueprint("gateway", __name__)

DECIDED = ("notice", "decision", "there", "rules", "named_note", "exported")
ALL = (*DECIDED, "policy_view", "policy", "policy_form", "named", "gate_request", "gate_token", "tries")
_NOT_ASKED = frozenset(("there", "exported"))
_JUDGED = frozenset(("there", "rules", "exported"))
# A policy of the largest size has some 3,000 fields.
_MOST_FIELDS = 4096
_MOST_TOKENS = 8
_OF_POLICY = "p."
_BEARER = re.compile(r"\s*(?:authorization\s*:\s*)?bearer\s+", re.IGNORECASE)


@blueprint.get("/gateway")
def index() -> Response:
    name = request.args.get("preset", presets.FIRST)
    if name not in presets.PRESETS:
        raise Refused(404, "not_found", "There is no such preset.", "Choose one from the menu.")
    form = GatewayForm(preset=name, shown=_shown(request.args.get("shown")), export=request.args.get("export", ""))
    _fill(form, name, 0, whole=True)
    form.was = form.policy
    return _answer(show(form), ALL)


@blueprint.post("/gateway")
def decide() -> Response:
    form, change = read_form()
    panes = [*DECIDED, *_of_policy(form, change)]
    if "try" in request.form:
        _try(form, request.form["try"])
        panes += ["gate_request", "gate_token"]
    page = show(form, change)
    return _answer(page, tuple(pane for pane in panes if pane not in _stays(page)))


def _stays(page: GatewayPage) -> frozenset[str]:
    """The panes that stay as they are: while a policy is being written it is mostly broken, and says so by having no colour."""
    form = page.form
    if not form.export and not form.exported:
        return _NOT_ASKED | (_JUDGED if page.problems else frozenset())
    if page.problems:
        return _JUDGED
    return frozenset(("exported",)) if page.exported and page.exported.mark == form.exported else frozenset()


def read_form() -> tuple[GatewayForm, Change]:
    """The form as it was sent, and what its rows change of the policy.

    From the debugger come a token and a key instead, and the policy is drafted for them.
    """
    form = forms.read(GatewayForm, _MOST_FIELDS)
    if "policy" not in request.form:
        form = drafting.draft(form.token, request.form.get("key", ""), request.form.get("key_encoding", "auto"))
        form.was = form.policy
        return form, Change(form.policy)
    form.shown = _shown(request.form.get("view") or form.shown)
    length = len(_OF_POLICY)
    sent = {name[length:]: text.replace("\r\n", "\n") for name, text in request.form.items() if name.startswith(_OF_POLICY)}
    change = gateway_form.change(form.policy, sent, request.form.get("row", "")) if sent or "row" in request.form else Change(form.policy)
    form.policy = change.text
    if "view" in request.form and gateway_form.form_of(form.policy) is not None:
        form.was = form.policy
    return form, change


def show(form: GatewayForm, change: Change | None = None) -> GatewayPage:
    """The page for *form* with the decision, as of now."""
    page = page_of(form, g.pop("notice", ""))
    show_form(page, change or Change(form.policy))
    chosen = gateway_exports.chosen(form.export)
    try:
        policy = gateway.read_policy(form.policy)
    except gateway.Unfit as error:
        show_problems(page, error.problems)
        return page
    keys = _named(page, form.named)
    page.missing = ", ".join(f'"{quoted(name)}"' for name in policy.references if name not in keys)
    asked = gateway.read_request(form.request.replace("$token", _bare(form.token), _MOST_TOKENS))
    decision = gateway.decide(policy, asked, keys, int(time.time()))
    show_decision(page, decision)
    if chosen:
        page.there = gateway_exports.there(chosen, policy, asked, decision)
        page.exported = Exported(chosen.title, chosen.asks, gateway_exports.mark(chosen, form.policy), chosen.export(policy))
    return page


def _shown(asked: str | None) -> str:
    return "form" if asked == "form" else "text"


def _of_policy(form: GatewayForm, change: Change) -> tuple[str, ...]:
    """The panes of the policy that change: the form is the pane in use, and is sent only when its rows are others."""
    if "view" in request.form:
        return "policy_view", "policy", "policy_form"
    if form.shown == "text":
        return ()
    return ("policy", "policy_form") if change.reshaped else ("policy",)


def _try(form: GatewayForm, asked: str) -> None:
    """Put the request of a preset that *asked* names into *form*."""
    name, _, number = asked.partition("/")
    row = presets.PRESETS.get(name)
    if row is None or not number.isdecimal() or not number.isascii() or int(number[:4]) >= len(row["requests"]):
        raise Refused(404, "not_found", "There is no such request.", "Choose one of the buttons.")
    _fill(form, name, int(number[:4]))


def _fill(form: GatewayForm, name: str, number: int, *, whole: bool = False) -> None:
    """Put a request of a preset into *form*; the *whole* preset has its policy and keys too."""
    row = presets.PRESETS[name]
    scenario = presets.scenario(row, number, int(time.time()))
    form.request, form.token = scenario.request, scenario.token
    if whole:
        form.policy, form.named = presets.policy(row), presets.named(row)


def _bare(token: str) -> str:
    """The token without what it was copied with: the word Bearer, and line breaks."""
    return "".join(_BEARER.sub("", token, count=1).split())


def _named(page: GatewayPage, text: str) -> Mapping[str, tokens.Keys]:
    """The keys of the box by their names; what cannot be read is told."""
    if not text.strip():
        return {}
    value = lossless_json.read(text).value
    named = gateway_api.named_keys(value) if isinstance(value, dict) else None
    if named is None:
        page.notice = 'The named keys are not read: they are JSON such as {"name": "a secret, a PEM or a JWK Set"}.'
    return named or {}


def _answer(page: GatewayPage, panes: tuple[str, ...]) -> Response:
    if wants_partials():
        page.focus_by = "data-focus"  # a browser focuses by itself only what comes with a page
        return make_response(render_template("partials/answer.html", page=page, panes=panes))
    return whole(page, theme())


def whole(page: GatewayPage, chosen: str) -> Response:
    """The whole page in the theme *chosen*."""
    return make_response(render_template("pages/gateway.html", page=page, theme=chosen))
