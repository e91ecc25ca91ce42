"""SD-JWTs are made: /issue signs what is in the panes so that claims can be kept back, /present what the holder chooses of them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Blueprint, Response, request

from app import tokens
from app.tokens import lossless_json
from app.tokens.envelope import Token
from app.tokens.sd_jwt import Presentation
from app.tokens.sd_jwt.making import issue as issued
from app.tokens.sd_jwt.making import present as presented
from app.web import debugger, disclosing, hiding
from app.web.respond import answer, wants_partials
from app.web.view import Form

blueprint = Blueprint("presenting", __name__)

# With scripts, writing the token into its pane asks for the rest.
_MADE = ("notice", "disclosures", "token")


@blueprint.post("/issue")
def issue() -> Response:
    form = debugger.read_form()
    notice = _issue(form, request.form.getlist("hide"))
    return answer(debugger.show(form, notice, panes=not notice), _MADE if wants_partials() else debugger.ALL)


@blueprint.post("/present")
def present() -> Response:
    form = debugger.read_form()
    notice = _present(form, set(request.form.getlist("keep")), is_bound="bind" in request.form)
    return answer(debugger.show(form, notice), _MADE if wants_partials() else debugger.ALL)


def _issue(form: Form, ticked: list[str]) -> str:
    """Write the SD-JWT of the panes into *form*; returns what to say when it could not be made."""
    header = tokens.for_signing(form.header, form.header_layout)
    claims = tokens.for_signing(form.payload, form.payload_layout)
    known = hiding.paths(lossless_json.read(claims))
    chosen = [known[one] for one in ticked if one in known]
    if not chosen:
        return "No SD-JWT is made: tick what its holder may keep back."
    try:
        form.token = issued(
            header, claims, chosen, form.key, key_encoding=form.key_encoding, holder=form.issue_holder.strip() or None
        ).token
    except tokens.CannotEncode as error:
        return f"No SD-JWT is made. {error.message} {error.hint}".strip()
    return ""


def _present(form: Form, ticked: set[str], *, is_bound: bool) -> str:
    """Write the presentation into *form*; returns what to say when it could not be made."""
    token = tokens.decode(form.token).token
    if not disclosing.can_be_chosen(token):
        return "Nothing can be chosen: the token is no compact SD-JWT whose disclosures can be checked."
    if is_bound and not (form.bind_audience.strip() and form.bind_nonce.strip()):
        return "Not bound: give audience and nonce, which the verifier asks for. A key binding JWT must have both."
    whole = disclosing.everything(form.aside, token)
    every = {text: index for index, text in enumerate(dict.fromkeys(one.text for one in whole.disclosures))}
    keep = {every[text] for text in _kept(whole, token, ticked)}
    whole_text = f"{'.'.join(part.text for part in token.parts)}~{''.join(f'{text}~' for text in every)}"
    try:
        form.token = presented(
            whole_text,
            keep,
            key=form.bind_key if is_bound else None,
            audience=form.bind_audience.strip(),
            nonce=form.bind_nonce.strip(),
            at=int(time.time()),
        )
    except tokens.CannotEncode as error:
        return f"{'Not bound' if is_bound else 'Not presented'}. {error.message} {error.hint}".strip()
    form.aside = "~".join(every)
    return ""


def _kept(whole: Presentation, token: Token, ticked: set[str]) -> Iterator[str]:
    """Which are presented: those ticked, but for what lies in one that was just taken out; those without a tick box stay."""
    own = {one.text for one in token.disclosed.disclosures} if token.disclosed else set()
    every = [(one, {other.text for other in around}) for one, around in disclosing.ordered(whole)]
    chosen = {one.text for one, _ in every if disclosing.value_id(one) in ticked}
    chosen |= {one.text for one, _ in every[disclosing.MOST_ROWS :]} & own
    for one, around in every:
        if one.text in chosen and (one.text not in own or not around & (own - chosen)):
            yield one.text
