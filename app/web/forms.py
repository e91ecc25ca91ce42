"""Reading a page's form: as the browser sends it, within bounds, and never from an address."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar

from flask import request

from app import tokens
from app.web.errors import Refused

_NEVER_IN_AN_ADDRESS = frozenset(("key", "secret", "passphrase", "lock", "bind_key"))


class _IsForm(Protocol):
    """A dataclass with a field for each of the form."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


_Form = TypeVar("_Form", bound=_IsForm)


def read(form_class: type[_Form], most: int) -> _Form:
    """The form as it was sent, of at most *most* fields; line ends as the browser's text fields have them."""
    if request.mimetype != "application/x-www-form-urlencoded":
        raise Refused(415, "unsupported_media_type", "The form is not urlencoded.", "Programs use /api/v1.")
    if request.get_data().count(b"&") >= most:  # before the body is taken apart
        raise Refused(400, "too_many_fields", "The form has too many fields.", f"It takes {most}.")
    names = _names(form_class)
    sent = {name: value.replace("\r\n", "\n") for name, value in request.form.items() if name in names}
    if sent.get("key_encoding") not in tokens.ENCODINGS:
        sent.pop("key_encoding", None)
    return form_class(**sent)


@cache
def _names(form_class: Any) -> frozenset[str]:
    return frozenset(field.name for field in fields(form_class))


def refuse_keys_in_address() -> None:
    """Say so when a key came in the address, whichever page it was sent to."""
    # Hardly any address has a query: only then is it taken apart.
    if request.environ.get("QUERY_STRING") and not _NEVER_IN_AN_ADDRESS.isdisjoint(request.args):
        raise Refused(
            400, "key_in_url", "Keys never travel in an address.", "Paste the key into the key box; consider this one known to others."
        )
