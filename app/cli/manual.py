"""The man page, made of the help of every verb: python -m app.cli.manual > jwtlens.1"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

import click

from app.cli.command import jwtlens
from app.settings import PREFIX, READERS

_TITLE = '.TH JWTLENS 1 "" "jwtlens" "User commands"'
_ENVIRONMENT = (
    ("NO_COLOR", "When it is set to anything, there are no colours but those asked for with --color."),
    *((PREFIX + name.upper(), "A setting of the server; the README has the table.") for name in READERS),
)


def page() -> str:
    """The man page in roff."""
    context = click.Context(jwtlens, info_name="jwtlens", **jwtlens.context_settings)
    return "\n".join(_lines(context)) + "\n"


def _lines(context: click.Context) -> Iterator[str]:
    about, *rest = _paragraphs(jwtlens.help or "")
    yield from (_TITLE, ".SH NAME", f"jwtlens \\- {_text(about[0].lower() + about[1:].rstrip('.'))}")
    yield from (".SH SYNOPSIS", ".B jwtlens", ".I verb", "[options]", ".SH DESCRIPTION", _text(about))
    for paragraph in rest:
        yield from _paragraph(paragraph)
    yield ".SH VERBS"
    yield from _verbs(context, jwtlens)
    yield ".SH ENVIRONMENT"
    for name, meaning in _ENVIRONMENT:
        yield from (".TP", f".B {_text(name)}", _text(meaning))


def _verbs(context: click.Context, group: click.Group) -> Iterator[str]:
    for name in group.list_commands(context):
        verb = group.get_command(context, name)
        assert verb is not None
        inner = click.Context(verb, info_name=name, parent=context)
        if not isinstance(verb, click.Group) or verb.invoke_without_command:
            yield from _verb(inner, verb)
        if isinstance(verb, click.Group):
            yield from _verbs(inner, verb)


def _verb(context: click.Context, verb: click.Command) -> Iterator[str]:
    usage = " ".join(verb.collect_usage_pieces(context))
    yield f'.SS "{_text(f"{context.command_path} {usage}")}"'
    for paragraph in _paragraphs(verb.help or ""):
        yield from _paragraph(paragraph)
    for parameter in verb.get_params(context):
        record = parameter.get_help_record(context)
        if record and record[1]:
            yield from (".TP", f".B {_text(record[0])}", _text(record[1]))
    yield from _paragraph(verb.epilog or "")


def _paragraphs(text: str) -> list[str]:
    return [one.strip("\n ") for one in text.split("\n\n") if one.strip()]


def _paragraph(text: str) -> Iterator[str]:
    """A paragraph; what stands behind a backspace keeps its lines, as click has it."""
    mark, _, lines = text.partition("\n")
    if mark == "\b":
        yield from (".PP", ".nf", *(_text(line) for line in dedent(lines).split("\n")), ".fi")
    elif text:
        yield from (".PP", _text(" ".join(text.split())))


def _text(text: str) -> str:
    """*text* meaning only itself in roff, where a hyphen would be typeset as another character."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq").replace("'", "\\(aq")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


if __name__ == "__main__":
    click.echo(page(), nl=False)
