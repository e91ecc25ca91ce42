"""White space of header and payload: laid out for reading, signed as it was written.

JSON on one line, without spaces or with one behind each comma and colon, is indented to be read. As long as nobody
changes that layout by hand, what is signed is on one line again, so that reading and writing a token without an edit
gives the very same token.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from app.tokens import lossless_json
from app.tokens.lossless_json import Document, Layout

_WRITERS: dict[str, Callable[[str], str]] = {"compact": lossless_json.compact, "spaced": lossless_json.spaced}


def for_reading(document: Document) -> tuple[str, Layout]:
    """The text to show for *document*, and how the text is to be signed again; worked out once, for each finding asks."""
    if document.laid_out is None:
        document.laid_out = _laid_out(document)
    return document.laid_out


def _laid_out(document: Document) -> tuple[str, Layout]:
    text = document.text
    if document.readable and isinstance(document.value, (dict, list)):
        for layout, write in _WRITERS.items():
            if write(text) == text:
                return lossless_json.indent(text), cast(Layout, layout)
    return text, "as-written"


def shown_at(line: int, column: int, document: Document) -> tuple[int, int]:
    """Where a place of *document* stands in the text that `for_reading` shows, both as line and column."""
    shown, layout = for_reading(document)
    if layout == "as-written" or line != 1:
        return line, column
    return lossless_json.position(shown, lossless_json.moved(column - 1, document.text, shown))


def shown_range(offset: int, length: int, document: Document) -> tuple[int, int]:
    """Where a stretch of *document* stands in the text that `for_reading` shows: its first character and its length."""
    shown, layout = for_reading(document)
    if layout == "as-written":
        return offset, length
    start = lossless_json.moved(offset, document.text, shown)
    last = min(offset + length, len(document.text)) - 1
    return start, max(0, lossless_json.moved(last, document.text, shown) + 1 - start) if length else 0


def for_signing(text: str, layout: str) -> str:
    """The text to sign for what is shown: on one line only if it was, and its layout is still ours."""
    write = _WRITERS.get(layout)
    if write is None or lossless_json.indent(text) != text or not lossless_json.read(text).readable:
        return text
    return write(text)
