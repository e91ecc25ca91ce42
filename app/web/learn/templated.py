"""The templates of findings as a person reads them: a word for each fact that is filled in, nothing for what is added at times."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a sentence; *varies* says that another word stands there each time."""

    text: str
    varies: bool = False


_FACT = re.compile(r"\{(\w+)\}")
# A fact that follows a word without a space is an addition to it ("3 times"); one before a word is a part of it.
_ADDED = re.compile(r"(?<!0x)(?<=[\w.})])\{\w+\}|(?<=\}\")\{\w+\}|\{\w+\}(?=[A-Za-z])")
# Whole sentences that are said when there is something to say.
_SENTENCES = re.compile(r"(?:^|(?<=\.) )\{(?:guess|hint|surplus|complete|hidden|caution|fix)\}")
_SIZES = re.compile(r"\{(?:need|half)\}(?=[ -](?:bytes?|bits?|match|in all)\b)")
_WORDS = {
    "alg": "algorithm",
    "at": "number",
    "bits": "number",
    "cap": "limit",
    "compared": "how it was compared",
    "count": "number",
    "detail": "text",
    "dots": "…",
    "e": "number",
    "enc": "algorithm",
    "epk": "curve",
    "exp": "date",
    "harm": "what it does",
    "have": "what there is",
    "index": "number",
    "inner": "place",
    "jwk": "key",
    "key_alg": "algorithm",
    "most": "limit",
    "nbf": "date",
    "need": "what is needed",
    "number": "number",
    "offsets": "numbers",
    "ops": "operations",
    "other": "what there is",
    "ratio": "number",
    "section": "section",
    "said": "It matches",
    "size": "number",
    "stands": "the secret as it stands",
    "status": "verdict",
    "surplus": "number",
    "they": "it was",
    "times": "several times",
    "today": "number",
    "total": "number",
    "tried": "number",
    "unit": "milliseconds",
    "verb": "…",
    "why": "reason",
    "x5c": "other key",
}


def readable(template: str, **words: str) -> tuple[Piece, ...]:
    """*template* in pieces, its facts named in words; *words* are those of its own table, where a fact is another one."""
    whole = _SIZES.sub("{size}", template.replace("{plural}", "s"))
    return tuple(_pieces(_SENTENCES.sub("", _ADDED.sub("", whole)).strip(), _WORDS | words))


def plain(template: str, **words: str) -> str:
    """*template* as one text, its facts named as in `readable`."""
    return "".join(piece.text for piece in readable(template, **words))


def _pieces(text: str, words: Mapping[str, str]) -> Iterator[Piece]:
    end = 0
    for match in _FACT.finditer(text):
        if match.start() > end:
            yield Piece(text[end : match.start()])
        yield Piece(words.get(match[1], match[1].replace("_", " ")), varies=True)
        end = match.end()
    if end < len(text):
        yield Piece(text[end:])
