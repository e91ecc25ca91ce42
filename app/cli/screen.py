"""Where a report goes: how wide it is, which characters it has, whether it has colours; and how lines are laid out for it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import click

_COLOURS = {"good": "green", "bad": "red", "warn": "yellow"}
_MARKS = {"good": "✔", "bad": "✖", "warn": "⚠", "idle": "·"}
_NARROWEST, _WIDEST = 60, 100
UNBROKEN = "\u00a0"
"""A space at which no line ends."""
_ASIDE = re.compile(rf"\([^()\n]*{UNBROKEN}[^()\n]*\)")
# What a terminal acts on instead of showing it, and what turns the order of what it shows; line ends and tabs are layout.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_PLAIN = str.maketrans({"✔": "+", "✖": "x", "⚠": "!", "·": "-", "…": "...", "’": "'", "→": "->", "§": "section ", "–": "-"})


@dataclass(frozen=True, slots=True)
class Screen:
    """Standard output as it is today."""

    is_terminal: bool
    colours: bool
    width: int
    height: int

    def heading(self, text: str, beside: str = "") -> str:
        """A title, and what is said beside it."""
        return click.style(visible(text), bold=True) + (f"  {visible(beside)}" if beside else "")

    def verdict(self, tone: str, text: str) -> str:
        """The line that counts."""
        return click.style(f"{_MARKS[tone]} {visible(text)}", fg=_COLOURS.get(tone), bold=True)

    def row(self, tone: str, label: str, text: str, column: int = 0) -> str:
        """A mark, a word of *column* characters and a sentence that is wrapped beside it."""
        mark = click.style(_MARKS[tone], fg=_COLOURS.get(tone), dim=tone == "idle")
        label = visible(label)
        word = f"  {mark} {click.style(label, fg=_COLOURS.get(tone))}" if label else f"  {mark}"
        if not text:
            return word
        gap = " " * (max(column - len(label), 0) + 2) if label else " "
        return f"{word}{gap}{self.wrapped(text, 4 + (len(label + gap) if label else 0))}"

    def wrapped(self, text: str, indent: int) -> str:
        """*text* in lines, all but the first of them indented."""
        width = max(20, self.width - indent)
        lines = textwrap.wrap(visible(text), width, break_long_words=False, break_on_hyphens=False)
        aside = _ASIDE.sub(lambda match: click.style(match.group(), dim=True), f"\n{' ' * indent}".join(lines))
        return aside.replace(UNBROKEN, " ")


def here(colours: bool | None = None) -> Screen:
    """The screen of this process; *colours* is what was asked for, None when nothing was."""
    is_terminal = _is_terminal(sys.stdout)
    if colours is None:  # the convention of no-color.org: set to anything but nothing
        colours = is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    columns, lines = shutil.get_terminal_size((_WIDEST, 24)) if is_terminal else (_WIDEST, sys.maxsize)
    return Screen(is_terminal, colours, min(max(columns, _NARROWEST), _WIDEST), lines)


def say(lines: Iterable[str], screen: Screen) -> None:
    """Write a report for people."""
    write("\n".join(lines), colours=screen.colours)


def say_json(text: str, screen: Screen) -> None:
    """Write JSON: on a terminal laid out for reading, to programs as it is, and never what a terminal would obey."""
    if screen.is_terminal:
        from app.tokens import lossless_json  # whoever writes JSON has loaded the core; --version and healthcheck have not

        text = lossless_json.indent(text)
    write(visible(text), in_encoding=_escaped_json)


def visible(text: str) -> str:
    """*text* with everything escaped that a terminal would obey."""
    return _UNSEEN.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def write(
    text: str, *, err: bool = False, colours: bool = False, in_encoding: Callable[[str, str], str] | None = None, end: str = "\n"
) -> None:
    """Write *text* in the characters that the stream has; whoever stops reading is not told."""
    stream = sys.stderr if err else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        click.echo((in_encoding or _plainly)(text, encoding) + end, nl=False, err=err, color=colours)
    except BrokenPipeError:
        be_quiet(stream)


def write_bytes(data: bytes) -> None:
    """Write *data* as it is."""
    try:
        click.echo(data, nl=False)
    except BrokenPipeError:
        be_quiet(sys.stdout)


def is_shown() -> bool:
    """Whether a person sees standard output."""
    return _is_terminal(sys.stdout)


def be_quiet(stream: Any) -> None:
    """Let what is still in the buffer go nowhere, so that the end of the process says nothing of it either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())


def _plainly(text: str, encoding: str) -> str:
    """*text* in characters of *encoding*: marks in ASCII where it lacks one of them, escapes for the rest."""
    return text if _has(encoding, text) else _escaped_json(text.translate(_PLAIN), encoding)


def _escaped_json(text: str, encoding: str) -> str:
    if _has(encoding, text):
        return text
    return "".join(one if _has(encoding, one) else json.dumps(one)[1:-1] for one in text)


def _has(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _is_terminal(stream: Any) -> bool:
    return bool(stream is not None and stream.isatty())
