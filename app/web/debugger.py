"""The debugger: / /decode /encode /verify. Read the form, ask the core, answer."""

from __future__ import annotations

import time
from urllib.parse import quote

from flask import Blueprint, Response, g, redirect, request

from app import tokens
from app.web import disclosing, examples, forms, hiding, inside, keybox, mends, present, sharing, signers, signing, snippets
from app.web.errors import Refused
from app.web.judging import judge
from app.web.respond import answer
from app.web.view import Form, Page, Statement, Verdict

blueprint = Blueprint("debugger", __name__)

_FOLLOWING = ("notice", "verdict", "findings", "parameters", "claims", "key_note", "brought", "signers", "inside", "disclosures")
AFTER_TOKEN = (*_FOLLOWING, "header", "payload", "detached", "travel")
AFTER_PANE = (*_FOLLOWING, "token", "travel")
AFTER_KEY = (*_FOLLOWING, "travel")
ALL = (*_FOLLOWING, "token", "header", "payload", "detached", "key", "expect", "share", "snippet")  # travel stands in expect

_MOST_FIELDS = 160  # tick boxes for disclosures among them
_NOTHING = Verdict("idle", *(Statement("idle", ""),) * 3, (), 0, 0)
_MOVED = (
    "The token came in the address, as ?token=. It was moved behind #, which is not sent to servers, "
    "but the server and what lies before it may have logged the first address."
)


@blueprint.get("/")
@blueprint.get("/decode")
@blueprint.get("/encode")
@blueprint.get("/verify")
def index() -> Response:
    if "token" in request.args:
        # The contract: a token in the query is moved to the fragment at once, so that nothing more logs it.
        return redirect(f"/?moved=1#token={quote(request.args['token'], safe='')}", 303)  # type: ignore[return-value]
    form = examples.form(request.args.get("example", examples.FIRST), int(time.time()))
    if form is None:
        raise Refused(404, "not_found", "There is no such example.", "Choose one from the menu.")
    return answer(show(form, _MOVED if "moved" in request.args else "", is_example=True), ALL)


@blueprint.post("/decode")
def decode() -> Response:
    form = read_form()
    if request.form.get("clear"):
        return answer(show(Form()), ALL)
    return answer(show(form, panes=True), AFTER_TOKEN)


@blueprint.post("/encode")
def encode() -> Response:
    form = read_form()
    form.left_out = ""  # what is signed here is whole
    made = bool(request.form.get("generate")) and signing.generate(form)
    box = keybox.read(form)
    notice = signing.sign(form, box)
    panes: tuple[str, ...] = (*AFTER_PANE, "key") if made else AFTER_PANE
    if not notice and signing.is_encrypted(form.token):  # encrypting writes into the header
        form.header, form.header_layout = signing.header_of(form.token)
        panes += ("header",)
    if "detached" in request.form:
        panes += ("detached",)
    return answer(show(form, notice, box), panes)


@blueprint.post("/verify")
def verify() -> Response:
    form = read_form()
    signer = form.signer
    page = show(form, follows=True)
    panes = (*AFTER_KEY, "payload") if page.is_decrypted else AFTER_KEY
    return answer(page, (*panes, "header") if form.signer != signer else panes)


def read_form() -> Form:
    """The form as it was sent, with what a button without a script changes in it."""
    form = forms.read(Form, _MOST_FIELDS)
    if "travel" in request.form:  # with scripts, the field was written there
        form.at = request.form["travel"]
    if "repair" in request.form and not mends.apply(form, request.form["repair"], judge(form, [])):
        g.notice = "This is no longer offered: the page was judged anew since then."
    return form


def show(
    form: Form,
    notice: str = "",
    box: tokens.Keys | None = None,
    *,
    panes: bool = False,
    is_example: bool = False,
    follows: bool = False,
) -> Page:
    """The page for *form*, judged as of its time, or of now; *box* is what the key box holds, if it was read before.

    *is_example*: the key belongs to the token. *panes*: header and payload are those of the token. They always are when a key opened it.
    *follows*: the header is that of the signature which a key chose among several.
    """
    notices = [one for one in (notice, g.pop("notice", "")) if one]
    report = judge(form, notices, box)
    judged, is_typed = (report, *report.nested), "typing" in request.form
    for one in judged:
        one.is_thorough = not is_typed  # while somebody types, the answer comes first
    omitted = sharing.Omitted(form.left_out, report.token)
    sharing.told(report, omitted)
    opened = report.decryption is not None and report.decryption.plaintext is not None
    if panes or (opened and not notice):  # what could not be encrypted stays in its panes
        present.panes(form, report)
        signers.choose(form, report)
    elif follows:
        signers.follow(form, report)
    folded = frozenset(request.form.get("folded", "").split())
    page = Page(form, _NOTHING, examples=examples.MENU, notice=" ".join(notices), folded=folded, is_decrypted=opened)
    page.is_hasty = is_typed and any(one.signature.status != "verified" for one in judged)
    if report.kind == "JWE" and not opened and form.payload:
        page.payload_note = "Not read from this token: no key here opens it."
    elif form.payload_layout != "as-written" and report.payload_text != form.payload:
        page.payload_note = f"Indented for reading; {'encrypted' if opened else 'signed'} on one line, as it was written."
    if {"\r", "\0"} & set(report.payload_text or ""):
        page.payload_note = "It has carriage returns or NUL characters, which a text field cannot keep: signed anew, it will differ there."
    is_example = is_example or "slots" in request.form  # on the page of an example, the key belongs to the token
    example_key = not is_example and form.key in examples.KEYS
    page = present.fill(page, report, example_key)
    _fill_parts(page, report, example_key, hides="issue" not in folded and not is_example)
    kind = signing.kind_of_key(form)
    page.generatable = kind.name if kind and (report.kind != "JWE" or opened or form.payload) else ""
    if "check_brought" in request.form:
        present.check_brought(page, report, request.form["check_brought"])
    sharing.say(page, omitted)
    if request.form.get("share") and not request.form.get("unshare"):
        origin = request.host_url.rstrip("/")
        page.share = sharing.share(report.token, form, request.form, request.form.getlist("mask"), origin)
    if request.form.get("snippet") and not request.form.get("unsnippet"):
        page.snippet = snippets.panel(report, form, request.form)
    return page


def _fill_parts(page: Page, report: tokens.Report, example_key: bool, *, hides: bool) -> None:
    """The panes that only some kinds of token have; *hides*: which claims an SD-JWT could keep back."""
    form = page.form
    signers.fill(page, report, example_key)
    inside.fill(page, report, example_key)
    page.has_detached = report.token.is_detached or bool(form.detached)
    if form.detached and report.signing_input is None:
        page.detached_note = "Not used: this token does not leave its payload out."
    page.disclosed = disclosing.shown(form.aside, report, page.folded)
    if hiding.can_be_issued(report):
        page.hideable = tuple(hiding.rows(report.token.payload, request.form.getlist("hide"))) if hides else ()
    page.out_of_sight = disclosing.out_of_sight(page)
    page.has_lock = keybox.has_lock(form)
