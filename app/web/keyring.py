"""The keys page: /keys. Read a key, make one, show it in every form; nothing is kept."""

from __future__ import annotations

import json
import time

from flask import Blueprint, Response, request

from app import tokens
from app.tokens import keys, self_signed
from app.tokens.keys.kinds import KINDS
from app.web import forms, keybox
from app.web.keyring_page import FIRST_KIND, KeyForm, KeyPage, chosen, page_of
from app.web.respond import answer
from app.web.turns import making

blueprint = Blueprint("keyring", __name__)

ALL = ("notice", "key_box", "key_note", "key_about", "key_forms")
AFTER_KEY = ("notice", "key_note", "key_about", "key_forms")

_MOST_FIELDS = 32
_LONGEST_PASSPHRASE = 1000


@blueprint.get("/keys")
def index() -> Response:
    return answer(_show(KeyForm()), ALL, "keys")


@blueprint.post("/keys")
def change() -> Response:
    form = _read_form()
    if request.form.get("clear"):
        return answer(_show(KeyForm(kind=form.kind)), ALL, "keys")
    if request.form.get("make"):
        with making():
            made = keys.generate_kind(KINDS[form.kind])
        form.key = json.dumps(keys.private_jwk(made), indent=2)
        form.key_encoding, form.passphrase, form.which = "auto", "", "1"
        return answer(_show(form), ALL, "keys")
    form.which = request.form.get("show", form.which)
    return answer(_show(form), AFTER_KEY, "keys")


def _read_form() -> KeyForm:
    """The form as it was sent, its choices and lengths within bounds."""
    form = forms.read(KeyForm, _MOST_FIELDS)
    if form.kind not in KINDS:
        form.kind = FIRST_KIND
    form.lock = form.lock[:_LONGEST_PASSPHRASE]
    return form


def _show(form: KeyForm) -> KeyPage:
    now = int(time.time())
    box = keybox.read(form)
    notice, made = "", None
    if request.form.get("certify"):
        try:
            made = _certify(form, box, now)
        except self_signed.CannotCertify as error:
            notice = str(error)
    page = page_of(form, box, now, made)
    page.notice = notice
    return page


def _certify(form: KeyForm, box: tokens.Keys, now: int) -> self_signed.Forms:
    key = chosen(form, box)
    days = form.days.strip()
    if key is None:
        raise self_signed.CannotCertify("A certificate is signed: that takes a private key.")
    if not (days.isascii() and days.isdecimal() and len(days) < 6):
        days = "0"  # which is refused with the numbers that are taken
    return self_signed.written(self_signed.issue(key, form.subject, now, int(days)))
