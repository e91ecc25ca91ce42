"""The debugger: / /decode /encode /verify. Read the form, ask the core, answer."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, g, redirect, request

from app import tokens
from app.tokens import keys, lossless_json, times
from app.tokens.algorithms import Algorithm
from app.tokens.keys.kinds import Kind, for_header
from app.web import disclosing, examples, forms, hiding, inside, keybox, mends, present, sharing, signers, snippets
from app.web.errors import Refused
from app.web.respond import answer
from app.web.turns import making
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
    forms.refuse_keys_in_address()
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
    made = bool(request.form.get("generate")) and _generate(form)
    box = keybox.read(form)
    notice = _sign_issuers(form, box)
    panes: tuple[str, ...] = (*AFTER_PANE, "key") if made else AFTER_PANE
    if not notice and _is_encrypted(form.token):  # encrypting writes into the header
        form.header, form.header_layout = _header_of(form.token)
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
    for one in (report, *report.nested):
        one.is_thorough = "typing" not in request.form  # while somebody types, the answer comes first
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
    if form.payload_layout != "as-written":
        page.payload_note = "Indented for reading; signed on one line, as it was written."
    if {"\r", "\0"} & set(report.payload_text or ""):
        page.payload_note = "It has carriage returns or NUL characters, which a text field cannot keep: signed anew, it will differ there."
    is_example = is_example or "slots" in request.form  # on the page of an example, the key belongs to the token
    example_key = not is_example and form.key in examples.KEYS
    page = present.fill(page, report, example_key)
    signers.fill(page, report, example_key)
    inside.fill(page, report, example_key)
    page.has_detached = report.token.is_detached or bool(form.detached)
    if form.detached and report.signing_input is None:
        page.detached_note = "Not used: this token does not leave its payload out."
    page.disclosed = disclosing.shown(form.aside, report, folded)
    if hiding.can_be_issued(report):
        is_open = "issue" not in folded and not is_example
        page.hideable = tuple(hiding.rows(report.token.payload, request.form.getlist("hide"))) if is_open else ()
    page.out_of_sight = disclosing.out_of_sight(page)
    page.has_lock = keybox.has_lock(form)
    kind = _kind(form)
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


def judge(form: Form, notices: list[str], box: tokens.Keys | None = None) -> tokens.Report:
    """The report on *form*; what could not be read of its fields is added to *notices*."""
    at = _read(times.read, form.at, "Valid at", "seconds since 1970 or 2026-01-31T12:00:00Z", notices)
    leeway = _read(Decimal, form.leeway, "Leeway", "seconds", notices)
    expect = tokens.Expectations(
        tuple(re.split(r"[\s,]+", form.algorithms.strip())) if form.algorithms.strip() else (),
        form.issuer.strip() or None,
        form.audience.strip() or None,
        form.type.strip() or None,
        form.profile or None,
        *(getattr(form, name).strip() or None for name in ("nonce", "access_token", "code", "state", "htm", "htu")),
    )
    box = box or keybox.read(form)
    moment = at if at is not None else int(time.time())
    return tokens.verify(form.token, box, at=moment, leeway=leeway or 0, payload=form.detached or None, expect=expect)


def _sign_issuers(form: Form, box: tokens.Keys) -> str:
    """Sign as `_sign` does; what an SD-JWT discloses, and its key binding JWT, stay behind what its issuer signs."""
    given = form.token
    token = tokens.decode(given).token if "~" in given else None
    if token is None or token.disclosed is None or token.serialization != "compact":
        return _sign(form, box)
    form.token = old = ".".join(part.text for part in token.parts)
    notice = _sign(form, box)
    if form.token == old:
        form.token = given
    elif form.token.count(".") == 2:
        form.token += token.disclosed.tail
    return notice


def _sign(form: Form, box: tokens.Keys) -> str:
    """Write the token anew for the panes of *form*; returns what to say when it could not be signed."""
    if not form.payload and _is_encrypted(form.token) and not _opens(form.token, box):
        return "Not encrypted anew; the old token stays, for its payload is not known. Give the key that decrypts it, or write a payload."
    header = tokens.for_signing(form.header, form.header_layout)
    payload = tokens.for_signing(form.payload, form.payload_layout)
    token = tokens.decode(form.token).token
    detached = token.is_detached and "detached" in request.form
    if detached and payload and form.detached:
        return "Not signed: the detached payload is what the token covers. Empty that box to put this payload into the token."
    if detached and not payload and not form.detached:
        return "Not signed: the token leaves its payload out. Paste the detached payload first."
    detached = detached and not payload
    content = form.detached if detached else payload
    if token.signatures:
        return signers.sign(form, header, content, box, detached)
    form_of = tokens.shape_of(token)
    try:
        form.token = tokens.encode(
            header,
            content,
            box,
            detached=detached,
            serialization=form_of.serialization,
            recipients=form_of.recipients,
            aad=form_of.aad,
        ).token
    except tokens.CannotEncode as error:
        if error.code in ("header_not_json", "header_not_an_object", "not_unicode"):
            return f"{error.message} {error.hint}".strip()
        if _is_encrypted(form.token):
            return f"Not encrypted anew; the old token stays. {error.message} {error.hint}".strip()
        old = form.token.strip().rsplit(".", 1)
        form.token = tokens.unsigned(header, payload, old[1] if len(old) == 2 and form.token.count(".") >= 2 else "")
        return f"Not signed anew; the old signature stays. {error.message} {error.hint}".strip()
    return ""


def _is_encrypted(token: str) -> bool:
    if token.lstrip().startswith("{"):
        return tokens.decode(token).kind == "JWE"
    return token.count(".") == 4 and "~" not in token  # a key binding JWT has dots of its own


def _opens(token: str, box: tokens.Keys) -> bool:
    decryption = tokens.verify(token, box, at=0).decryption
    return decryption is not None and decryption.plaintext is not None


def _header_of(token: str) -> tuple[str, str]:
    header = tokens.decode(token).documents[0]
    return tokens.for_reading(header) if header else ("", "as-written")


def _generate(form: Form) -> bool:
    """Put a new key for the header's algorithm into the key box."""
    kind = _kind(form)
    if kind is None:
        return False
    with making():
        key = keys.generate_for(kind)
    kid = _header_pane(form).get("kid")
    key.kid = kid if isinstance(kid, str) else key.kid  # another would be refused
    if key.load_private:
        form.key = keys.private_pem(key)
    elif key.secret and isinstance(kind, Algorithm):
        form.key = key.secret.decode()
    else:
        form.key = json.dumps(keys.private_jwk(key), indent=2)
    form.key_encoding, form.passphrase = "auto", ""
    return True


def _kind(form: Form) -> Algorithm | Kind | None:
    """What makes a key for the header pane."""
    header = _header_pane(form)
    return for_header(header.get("alg"), header.get("enc"))


def _header_pane(form: Form) -> dict[str, Any]:
    header = lossless_json.read(form.header).value
    return header if isinstance(header, dict) else {}


def _read(read: Callable[[str], Decimal], text: str, name: str, form: str, notices: list[str]) -> Decimal | None:
    """The number in a field, or None with a notice that says what the field takes."""
    if not text.strip():
        return None
    try:
        number = read(text.strip())
    except (ValueError, ArithmeticError):
        number = Decimal("NaN")
    if number.is_finite() and -tokens.MAX_SECONDS <= number <= tokens.MAX_SECONDS:
        return number
    notices.append(f"{name} is not read: it takes {form}.")
    return None
