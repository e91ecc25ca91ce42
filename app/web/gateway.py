"""/gateway: a policy, a request and its token, and what the gateway answers. Read the form, ask the gateway room, answer."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from flask import Blueprint, Response, g, make_response, render_template, request

from app import gateway, tokens
from app.tokens import lossless_json
from app.tokens.findings import quoted
from app.web import drafting, forms, gateway_api, presets
from app.web.errors import Refused
from app.web.gateway_page import GatewayForm, GatewayPage, page_of, show_decision, show_problems
from app.web.respond import theme, wants_partials

blueprint = Blueprint("gateway", __name__)

DECIDED = ("notice", "decision", "rules", "named_note")
ALL = (*DECIDED, "policy", "named", "gate_request", "gate_token", "tries")
_MOST_FIELDS = 96
_MOST_TOKENS = 8
_BEARER = re.compile(r"\s*(?:authorization\s*:\s*)?bearer\s+", re.IGNORECASE)


@blueprint.get("/gateway")
def index() -> Response:
    forms.refuse_keys_in_address()
    name = request.args.get("preset", presets.FIRST)
    if name not in presets.PRESETS:
        raise Refused(404, "not_found", "There is no such preset.", "Choose one from the menu.")
    form = GatewayForm(preset=name)
    _fill(form, name, 0, whole=True)
    return _answer(show(form), ALL)


@blueprint.post("/gateway")
def decide() -> Response:
    form = read_form()
    if "try" not in request.form:
        page = show(form)
        # While a policy is being written it is mostly broken: the rules of the last one stay, and say so by having no colour.
        return _answer(page, tuple(pane for pane in DECIDED if pane != "rules" or not page.problems))
    name, _, number = request.form["try"].partition("/")
    row = presets.PRESETS.get(name)
    if row is None or not number.isdecimal() or not number.isascii() or int(number[:4]) >= len(row["requests"]):
        raise Refused(404, "not_found", "There is no such request.", "Choose one of the buttons.")
    _fill(form, name, int(number[:4]))
    return _answer(show(form), (*DECIDED, "gate_request", "gate_token"))


def read_form() -> GatewayForm:
    """The form as it was sent; from the debugger come a token and a key instead, and the policy is drafted for them."""
    form = forms.read(GatewayForm, _MOST_FIELDS)
    if "policy" not in request.form:
        return drafting.draft(form.token, request.form.get("key", ""), request.form.get("key_encoding", "auto"))
    return form


def show(form: GatewayForm) -> GatewayPage:
    """The page for *form* with the decision, as of now."""
    page = page_of(form, g.pop("notice", ""))
    try:
        policy = gateway.read_policy(form.policy)
    except gateway.Unfit as error:
        show_problems(page, error.problems)
        return page
    keys = _named(page, form.named)
    page.missing = ", ".join(f'"{quoted(name)}"' for name in policy.references if name not in keys)
    asked = gateway.read_request(form.request.replace("$token", _bare(form.token), _MOST_TOKENS))
    show_decision(page, gateway.decide(policy, asked, keys, int(time.time())))
    return page


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
        return make_response(render_template("partials/answer.html", page=page, panes=panes))
    return whole(page, theme())


def whole(page: GatewayPage, chosen: str) -> Response:
    """The whole page in the theme *chosen*."""
    return make_response(render_template("pages/gateway.html", page=page, theme=chosen))
