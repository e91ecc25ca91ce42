"""One box for everything under /learn: pages, their sections, and each algorithm, claim, parameter, finding and word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.web.learn.contents import Leaf
from app.web.learn.sections import Section

MOST = 30
_LONGEST_QUESTION = 60
_MOST_WORDS = 8
_WORD = re.compile(r"[\w.+#-]+")
_AROUND = 70


@dataclass(frozen=True, slots=True)
class Hit:
    """A place that was found: its title, where it is, the page it is on, and what is said there."""

    title: str
    path: str
    page: str
    words: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A place as it is searched: in small letters."""

    hit: Hit
    title: str
    text: str
    level: int


def entries(leaf: Leaf, sections: Iterable[Section]) -> Iterator[Entry]:
    """The places of a page that can be found."""
    for section in sections:
        title = section.title or leaf.title
        text = section.text or (leaf.about if not section.title else "")
        path = f"{leaf.path}#{section.place}" if section.place else leaf.path
        spoken = f"{title} {leaf.about if not section.title else ''}"
        yield Entry(Hit(title, path, leaf.title, text), spoken.lower(), text.lower(), section.level)


def search(question: str, index: Iterable[Entry]) -> tuple[Hit, ...]:
    """The places that hold every word of *question*, the nearest first."""
    words = tuple(dict.fromkeys(_WORD.findall(question[:_LONGEST_QUESTION].lower())))[:_MOST_WORDS]
    if not words:
        return ()
    found = [(rank, number, entry) for number, entry in enumerate(index) if (rank := _rank(words, entry)) is not None]
    return tuple(_shortened(entry, words) for _, _, entry in sorted(found, key=lambda one: one[:2])[:MOST])


def _rank(words: tuple[str, ...], entry: Entry) -> int | None:
    """How far *entry* is from the words, or None when one of them is missing: the name itself is nearest, then titles, then text."""
    rank = 0
    for word in words:
        if entry.title == word:
            continue
        if re.search(rf"(?<![\w]){re.escape(word)}(?!\w)", entry.title):
            rank += 1
        elif word in entry.title:
            rank += 3
        elif word in entry.hit.page.lower():
            rank += 5
        elif word in entry.text:
            rank += 10
        else:
            return None
    return rank * 4 + min(entry.level, 3)


def _shortened(entry: Entry, words: tuple[str, ...]) -> Hit:
    """The hit with the part of its text that holds the first word that is there."""
    text = entry.hit.words
    place = next((at for word in words if (at := entry.text.find(word)) >= 0), 0)
    start = text.rfind(" ", 0, place - _AROUND) + 1 if place > _AROUND * 2 else 0
    end = text.find(" ", start + 3 * _AROUND)
    cut = text[start : end if end > 0 else len(text)]
    return Hit(entry.hit.title, entry.hit.path, entry.hit.page, f"{'… ' if start else ''}{cut}{' …' if end > 0 else ''}")
