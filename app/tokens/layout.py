"""White space of header and payload: laid out for reading, signed as it was written.

A compact text is indented to be read. As long as nobody changes its layout by hand, what is signed is compact again,
so that reading and writing a token without an edit gives the very same token.
"""

from __future__ import annotations

from typing import Literal

from app.tokens import lossless_json
from app.tokens.lossless_json import Document

Layout = Literal["compact", "as-written"]


def for_reading(document: Document) -> tuple[str, Layout]:
    """The text to show for *document*, and how the text is to be signed again."""
    text = document.text
    if document.readable and isinstance(document.value, (dict, list)) and lossless_json.compact(text) == text:
        return lossless_json.indent(text), "compact"
    return text, "as-written"


def for_signing(text: str, layout: str) -> str:
    """The text to sign for what is shown: compact only if it was, and its layout is still ours."""
    if layout != "compact" or not lossless_json.read(text).readable:
        return text
    compact = lossless_json.compact(text)
    return compact if lossless_json.indent(compact) == text else text
