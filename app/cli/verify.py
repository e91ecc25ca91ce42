"""verify: the report on a token with a key, and the verdict as exit status."""

from __future__ import annotations

import click

from app import tokens
from app.cli import options, screen, sources, telling, voice
from app.cli.voice import examples
from app.reports import facts, statements
from app.tokens.times import Seconds

_EXAMPLES = (
    "jwtlens verify --key-file public.pem --alg ES256 --issuer https://login.example.com < token.txt",
    "jwtlens verify --file token.txt --jwks keys.json --audience api --json",
    "jwtlens keys fetch https://login.example.com | jwtlens verify --file token.txt --key-file -",
    "jwtlens verify --file token.txt --key-env JWT_SECRET --quiet && echo accepted",
)
ACCEPTED, NOT_ACCEPTED, NOT_JUDGED = 0, 1, 2
_NO_KEY = "give one with --key-file FILE, --key-env NAME or --jwks FILE"


@click.command(short_help="Judge a token with a key.", epilog=examples(*_EXAMPLES))
@options.token
@options.key_set
@options.expectations
@click.option("--payload-file", metavar="FILE", type=options.FILE, help="The content of a token whose payload is detached.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing; the exit status says it.")
@options.as_json
@options.colour
def verify(
    text: str,
    keys: tokens.Keys,
    expect: tokens.Expectations,
    at: Seconds,
    leeway: Seconds,
    payload_file: str | None,
    quiet: bool,
    as_json: bool,
    colours: bool | None,
) -> int:
    """Judge a token with a key: signature, times, issuer, audience, type, profile.

    The exit status is 0 when the token is accepted, 1 when it is not, and 2 when it could not be judged.
    """
    payload = sources.payload(None, payload_file)
    report = tokens.verify(text, keys, at=at, leeway=leeway, payload=payload, expect=expect)
    status = status_of(report)
    if not quiet:
        _tell(report, status, as_json, screen.here(colours))
    if status == NOT_JUDGED and telling.is_read(report):
        _say_what_is_missing(report)
    return status


def status_of(report: tokens.Report) -> int:
    """The verdict as exit status; without a key nothing is judged, but for a token that needs none and proves nothing."""
    if report.accepted:
        return ACCEPTED
    can_judge = bool(report.keys.keys) or report.signature.status == "unsecured"
    return NOT_ACCEPTED if can_judge and telling.is_read(report) and not statements.lacks_content(report) else NOT_JUDGED


def _say_what_is_missing(report: tokens.Report) -> None:
    if report.keys.is_empty:
        voice.error("no key is given, so nothing is verified", _NO_KEY)
    elif statements.lacks_content(report):
        voice.error("the token leaves its payload out, so its signature cannot be checked", "give it with --payload-file FILE")


def _tell(report: tokens.Report, status: int, as_json: bool, here: screen.Screen) -> None:
    if as_json:
        screen.say_json(facts.as_json(facts.facts(report)), here)
    else:
        screen.say(telling.judged(report, status, here), here)
