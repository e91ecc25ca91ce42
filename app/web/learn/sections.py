"""What stands in a page: its headings and its rows, each with its place and its text. The list beside the page and the search read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_HEADINGS = ("h2", "h3")


@dataclass(slots=True)
class Section:
    """A place of a page: where it is, what it is called, all that is said there, and the places that it leads to.

    *level* 2 and 3 are headings, 4 is a row.
    """

    place: str
    level: int
    title: str = ""
    text: str = ""
    links: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Reader(HTMLParser):
    """A heading, row or term with an id begins a section, which goes on to the next one."""

    sections: list[Section] = field(default_factory=lambda: [Section("", 1)])
    title_of: str = ""

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        place = dict(attrs).get("id")
        if tag == "a":
            self.sections[-1].links.append(dict(attrs).get("href") or "")
        if place and (tag in _HEADINGS or tag in ("th", "dt")):
            self.sections.append(Section(place, _HEADINGS.index(tag) + 2 if tag in _HEADINGS else 4))
            self.title_of = tag
        elif tag not in ("a", "code", "b", "em", "var", "i", "span", "kbd"):
            self._add(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.title_of:
            self.title_of = ""

    def handle_data(self, data: str) -> None:
        self._add(data)

    def _add(self, text: str) -> None:
        if self.title_of:
            self.sections[-1].title += text
        else:
            self.sections[-1].text += text


def read(html: str) -> tuple[Section, ...]:
    """The sections of *html*, the first of them what stands before the first heading."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    for section in reader.sections:
        section.title, section.text = " ".join(section.title.split()), " ".join(section.text.split())
    return tuple(reader.sections)
