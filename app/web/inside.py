"""The tokens inside the token, as the page shows them: each with its own verdict and its own header and payload."""

from __future__ import annotations

from collections.abc import Iterator

from app import tokens
from app.reports import statements
from app.tokens.findings import quoted
from app.tokens.lossless_json import Document
from app.web import mends
from app.web.view import LayerRow, Page

_LONGEST = 4000
_LONGEST_NAME = 200
_KINDS = {"JWS": "Signed token (JWS)", "JWE": "Encrypted token (JWE)", "SD-JWT": "SD-JWT"}


def fill(page: Page, report: tokens.Report, example_key: bool) -> None:
    """A row for each of them, the outermost first."""
    rows = []
    for number, layer in enumerate(report.nested):
        (opening,) = mends.buttons("n", number, mends.opening(number, report), report)
        title = _KINDS.get(layer.kind, layer.kind) if layer.depth == 1 else f"In it: {_KINDS.get(layer.kind, layer.kind)}"
        rows.append(LayerRow(title, named(layer.header), tuple(_texts(layer)), statements.of_layer(layer, example_key), opening))
    page.layers = tuple(rows)


def _texts(layer: tokens.Report) -> Iterator[tuple[str, str]]:
    header, payload = layer.documents
    if header:
        yield "Header", shown(header)
    if payload:
        yield "Payload", "the next token" if layer.token.inner is not None else shown(payload)


def named(header: object) -> str:
    """The algorithms and the key that *header* names, on one line."""
    value = header if isinstance(header, dict) else {}
    return " · ".join(quoted(str(value[name]), _LONGEST_NAME) for name in ("alg", "enc", "kid") if name in value)


def shown(document: Document) -> str:
    """The text of *document* for reading, of a bearable length."""
    text = tokens.for_reading(document)[0]
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
