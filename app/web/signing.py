"""What an edit makes: the token written anew for the panes, in the form it had; and a key for the header."""

from __future__ import annotations

import json
from typing import Any

from flask import request

from app import tokens
from app.tokens import keys, lossless_json
from app.tokens.algorithms import ALGORITHMS, Algorithm
from app.tokens.encode import what_is_wrong
from app.tokens.keys.kinds import Kind, for_header
from app.web import signers
from app.web.turns import making
from app.web.view import Form


def sign(form: Form, box: tokens.Keys) -> str:
    """Write the token of *form* anew; returns what to say when it could not be.

    What an SD-JWT discloses, and its key binding JWT, stay behind what its issuer signs.
    """
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
    if not form.payload and is_encrypted(form.token) and not _opens(form.token, box):
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
        if error.code == "header_not_json":
            return f"The header is not JSON. {what_is_wrong(header)} {error.hint}"
        if error.code in ("header_not_an_object", "not_unicode"):
            return f"{error.message} {error.hint}".strip()
        if is_encrypted(form.token):
            return f"Not encrypted anew; the old token stays. {error.message} {error.hint}".strip()
        old = form.token.strip().rsplit(".", 1)
        signature = old[1] if len(old) == 2 and form.token.count(".") >= 2 else ""
        form.token = tokens.unsigned(header, payload, signature)
        if signature and tokens.verify(form.token, box, at=0).signature.matches:
            return ""  # an edit was taken back
        return f"{'Not signed anew; the old signature stays.' if signature else 'Not signed.'} {error.message} {error.hint}".strip()
    return ""


def is_encrypted(token: str) -> bool:
    """Whether it has the form of a JWE."""
    if token.lstrip().startswith("{"):
        return tokens.decode(token).kind == "JWE"
    return token.count(".") == 4 and "~" not in token  # a key binding JWT has dots of its own


def _opens(token: str, box: tokens.Keys) -> bool:
    decryption = tokens.verify(token, box, at=0).decryption
    return decryption is not None and decryption.plaintext is not None


def header_of(token: str) -> tuple[str, str]:
    """The header for its pane, and how it is laid out there."""
    header = tokens.decode(token).documents[0]
    return tokens.for_reading(header) if header else ("", "as-written")


def generate(form: Form) -> bool:
    """Put a new key for the header's algorithm into the key box."""
    kind = kind_of_key(form)
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


def kind_of_key(form: Form) -> Algorithm | Kind | None:
    """What makes a key for the header pane."""
    header = _header_pane(form)
    return for_header(header.get("alg"), header.get("enc")) if "enc" in header or header.get("alg") in ALGORITHMS else None


def _header_pane(form: Form) -> dict[str, Any]:
    header = lossless_json.read(form.header).value
    return header if isinstance(header, dict) else {}
