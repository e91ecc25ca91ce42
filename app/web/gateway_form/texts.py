"""A value of a policy as the text of a field, and back. JSON in a field is taken as it is, so nothing is beyond a field."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.tokens import lossless_json
from app.web.gateway_form.rewriting import fresh, same

_JSON = ('"', "[", "{")
_SPOILT = frozenset(("json_constant", "json_duplicate_member", "json_byte_order_mark"))
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WHOLE = re.compile(r"-?[0-9]{1,15}")
# What a browser changes in a field, or cannot be sent.
_UNSHOWN = re.compile("[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Codec:
    """*plain* is the text of a value, or None when it has none; *read* is what such a text means."""

    plain: Callable[[Any], str | None]
    read: Callable[[str], Any]
    lines: bool = False

    def show(self, value: Any) -> str:
        """What the field holds for *value*: its plain text if that means the same again, else JSON."""
        plain = self.plain(value)
        if plain is not None and self._holds(plain) and same(self.take(plain), value):
            return plain
        return _UNSHOWN.sub(_escaped, fresh(value))

    def take(self, text: str) -> Any:
        """The value that *text* means."""
        if text.lstrip().startswith(_JSON):
            document = json_of(text)
            if document is not None:
                return document.value
        return self.read(text)

    def _holds(self, text: str) -> bool:
        return not _UNSHOWN.search(text) and (self.lines or "\n" not in text)


def json_of(text: str) -> lossless_json.Document | None:
    """*text* as JSON, or None when it is none that a policy could hold."""
    document = lossless_json.read(text)
    spoilt = not document.readable or any(one.code in _SPOILT for one in document.problems)
    return None if spoilt else document


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _scalar(text: str) -> Any:
    """A number, true or false; all else is a string, and so is what stands in quotes."""
    if text in ("true", "false"):
        return text == "true"
    return lossless_json.read(text).value if _NUMBER.fullmatch(text) else text


def _of_scalar(value: Any) -> str | None:
    if isinstance(value, (dict, list)) or value is None:
        return None
    return value if isinstance(value, str) else fresh(value)


def several(entry: Codec, *, alone: bool = False) -> Codec:
    """One entry a line; *alone*: a single one is written without an array."""

    def plain(value: Any) -> str | None:
        entries = [value] if alone and not isinstance(value, list) else value
        return "\n".join(entry.show(one) for one in entries) if isinstance(entries, list) else None

    def read(text: str) -> Any:
        entries = [entry.take(line.strip()) for line in text.split("\n") if line.strip()]
        return entries[0] if alone and len(entries) == 1 else entries

    return Codec(plain, read, lines=True)


TEXT = Codec(_string, lambda text: text)
LONG = Codec(_string, lambda text: text, lines=True)
SCALAR = Codec(_of_scalar, _scalar)
SECONDS = Codec(
    lambda value: str(value) if type(value) is int else _string(value),
    lambda text: int(text) if _WHOLE.fullmatch(text.strip()) else text,
)
WORDS = Codec(
    lambda value: " ".join(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else None,
    lambda text: [word for word in re.split(r"[\s,]+", text) if word],
)
FLAG = Codec(lambda value: fresh(value) if isinstance(value, bool) else _string(value), lambda text: _scalar(text))
LINES = several(TEXT)
NAMES = several(TEXT, alone=True)
SCALARS = several(SCALAR)
JSON = Codec(lambda value: None, lambda text: text, lines=True)
"""An object or array; what is no JSON is a string, and the policy's reader says that it is none."""
