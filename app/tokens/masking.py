"""Values of claims hidden behind a mask; the rest of the payload stays as it was written."""

from __future__ import annotations

from collections.abc import Container, Iterator

from app.tokens.lossless_json import Document

MASK = "•••"


def masked(payload: Document, names: Container[str]) -> str:
    """The text of *payload* with the mask for each value at the top whose name is among *names*, wherever the name stands again."""
    return "".join(_pieces(payload, names))


def is_masked(payload: Document, name: str) -> bool:
    """Whether every value called *name* is the mask."""
    values = [entry.value for entry in payload.members if entry.name == name]
    return bool(values) and all(value == MASK for value in values)


def _pieces(payload: Document, names: Container[str]) -> Iterator[str]:
    at = 0
    for entry in payload.members:
        if entry.name in names:
            yield f'{payload.text[at : entry.start]}"{MASK}"'
            at = entry.end
    yield payload.text[at:]
