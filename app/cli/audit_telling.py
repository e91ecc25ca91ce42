"""An audit told to a person: how far it is while it runs, and the summary as a table."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from app.audit.brief import Brief
from app.audit.inputs import STDIN
from app.audit.rules import TONES
from app.audit.summary import Summary, tokens
from app.cli.screen import Screen
from app.tokens import times

_MOST_UNREAD = 20
_MOST_OFTEN = 5


@contextmanager
def progress(total: int, summary: Summary) -> Iterator[Callable[[int], None]]:
    """A bar with rate and remaining time, if a person sees it; it is told how many bytes are done."""
    if not total or sys.stderr is None or not sys.stderr.isatty():
        yield lambda _done: None
        return
    begun, before = time.monotonic(), 0

    def rate(_item: object) -> str:
        return f"{round(summary.tokens / max(time.monotonic() - begun, 0.1)):,} tokens/s"

    with click.progressbar(
        length=total, label="audit", file=sys.stderr, item_show_func=rate, show_eta=True, show_percent=True, update_min_steps=1
    ) as bar:

        def advance(done: int) -> None:
            nonlocal before
            bar.update(max(0, done - before), summary)
            before = max(before, done)

        yield advance


def last_line(summary: Summary) -> bytes:
    """The summary as the last line for programs."""
    return f"{json.dumps({'summary': summary.facts()}, separators=(',', ':'))}\n".encode()


def summary(summary: Summary, brief: Brief, screen: Screen) -> Iterator[str]:
    """What was found, the gravest first."""
    facts = summary.facts()
    yield screen.verdict(*summary.verdict)
    again = (
        f", {facts['different']:,} of them different" if summary.seen.is_whole else f", at least {facts['different']:,} of them different"
    )
    files = f"{facts['files']:,} file{'s' if facts['files'] != 1 else ''}"
    yield f"  {tokens(summary.tokens)}{again if summary.tokens else ''}, in {files} ({summary.searched}), as of {times.utc(brief.at)}"
    if summary.findings:
        yield from ("", screen.heading("What is against them"))
        wide = max(len(_counted(count, rule.title)) for rule, count in summary.findings)
        for rule, count in summary.findings:
            first = summary.places[rule.code][0]
            where = f"{'standard input' if first.name == STDIN else first.name}:{first.line}"
            yield screen.row(TONES[rule.level], _counted(count, rule.title), f"{rule.meaning} First at {where}", wide)
    if summary.tokens:
        yield from _table("Signatures", {name.replace("_", " "): count for name, count in facts["signatures"].items()}, screen)
        yield from _table("Algorithms", facts["algorithms"], screen)
        yield from _table("Expiry", facts["expiry"], screen)
    if facts["most_often"]:
        yield from _table("Seen most often", {row["id"]: row["count"] for row in facts["most_often"][:_MOST_OFTEN]}, screen)


def unread(summary: Summary) -> Iterator[str]:
    """What could not be read, in sentences; of very many the first."""
    yield from (f"{one.name}: {one.why}" for one in summary.unread[:_MOST_UNREAD])
    if len(summary.unread) > _MOST_UNREAD:
        yield f"{len(summary.unread) - _MOST_UNREAD:,} more could not be read, or not to the end"


def _table(title: str, rows: dict[str, int], screen: Screen) -> Iterator[str]:
    yield from ("", screen.heading(title))
    for name, count in rows.items():
        yield screen.row("idle", _counted(count, name), "")


def _counted(count: int, name: str) -> str:
    return f"{count:>9,}  {name}"
