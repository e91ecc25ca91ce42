"""decode: what can be read of a token. Nothing is verified, and no key is needed."""

from __future__ import annotations

import time

import click

from app import tokens
from app.cli import options, screen, telling
from app.cli.voice import examples
from app.reports import facts

_EXAMPLES = (
    "jwtlens decode eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln",
    "jwtlens decode Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln",
    "jwtlens decode --file session.har --json",
)


@click.command(short_help="Read a token; nothing is verified.", epilog=examples(*_EXAMPLES))
@options.token
@options.as_json
@options.colour
def decode(text: str, as_json: bool, colours: bool | None) -> int:
    """Read a token, wherever it stands: alone, in a curl line, a header, a cookie, a URL, JSON, a log, a HAR file.

    Nothing is verified. The exit status is 0 when there was something to read, and 2 when there was not.
    """
    decoded = tokens.decode(text)
    here = screen.here(colours)
    if as_json:
        screen.say_json(facts.as_json(facts.decoded(decoded)), here)
    else:
        screen.say(telling.read(decoded, int(time.time()), here), here)
    return 0 if telling.is_read(decoded) else 2
