"""Options that several verbs share, in one place, so that one word means one thing everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, TypeVar

import click

from app.cli.voice import Refused

Verb = TypeVar("Verb", bound=Callable[..., Any])

_MOST = 10**100
_NOT_HERE = "a key is not taken from the command line, where the shell's history and the list of processes would show it"
_ENCODINGS = ("auto", "utf8", "base64", "base64url", "hex")

FILE = click.Path(readable=False)
"""A file, for the shell to complete; whether it is there is said when it is read, in words that do not repeat it."""


def examples(*lines: str) -> str:
    """The examples at the end of the help of a verb."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def completing(names: Callable[[], Iterable[str]]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """How the shell completes one of these names, which are looked up when it asks."""
    return lambda _context, _parameter, begun: [name for name in names() if name.startswith(begun)]


def token(verb: Verb) -> Verb:
    """Where the token comes from."""
    verb = click.option("-f", "--file", "path", metavar="FILE", type=FILE, help="Read the token from a file: text, HAR, log and so on.")(
        verb
    )
    return click.argument("words", metavar="[TOKEN | -]", nargs=-1)(verb)


def key(verb: Verb) -> Verb:
    """Where the key comes from, which is never an argument."""
    rows = (
        click.option(
            "--key-file", metavar="FILE", type=FILE, help="A key of any form: secret, PEM, DER, JWK, JWK Set, certificate; - for a pipe."
        ),
        click.option("--key-env", metavar="NAME", help="The name of the environment variable that holds the key."),
        click.option(
            "--key-encoding", type=click.Choice(_ENCODINGS), default="auto", help="What the text of a secret is.", show_default=True
        ),
        click.option("--passphrase-env", metavar="NAME", help="The variable with the passphrase of a locked private key."),
        click.option("--key", "--secret", hidden=True, expose_value=False, callback=_refuse_key, is_eager=True),
    )
    for row in reversed(rows):
        verb = row(verb)
    return verb


def key_set(verb: Verb) -> Verb:
    """A set of keys by its file."""
    return click.option("--jwks", metavar="FILE", type=FILE, help="A JWK Set; its key is picked by kid.")(verb)


def expectations(verb: Verb) -> Verb:
    """What a receiver expects of the token."""
    rows = (
        click.option("--issuer", metavar="TEXT", help="The iss that the token must have."),
        click.option("--audience", metavar="TEXT", help="The audience that must be among aud."),
        click.option(
            "--alg",
            "algorithms",
            metavar="NAME",
            multiple=True,
            shell_complete=completing(_algorithms),
            help="An algorithm that is allowed; may be repeated.",
        ),
        click.option("--type", "type_", metavar="TYP", help="The typ that the token must have."),
        click.option(
            "--profile",
            metavar="NAME",
            shell_complete=completing(_profiles),
            help="The rules to keep: id-token, access-token and so on; none for no rules.",
        ),
        click.option("--at", metavar="TIME", type=Moment(), help="Judge as of this time: seconds since 1970 or 2026-01-31T12:00:00Z."),
        click.option("--leeway", metavar="SECONDS", type=Number(), default="0", help="How far clocks may differ."),
    )
    for row in reversed(rows):
        verb = row(verb)
    return verb


def as_json(verb: Verb) -> Verb:
    """For programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs, as the HTTP API answers.")(verb)


def colour(verb: Verb) -> Verb:
    """For people."""
    said = "Colours or none; without it, colours on a terminal unless NO_COLOR is set."
    return click.option("--color/--no-color", "colours", default=None, help=said)(verb)


class Number(click.ParamType[Any]):
    """Seconds, exactly as written."""

    name = "number"
    takes = "seconds"

    def read(self, text: str) -> Decimal:
        return Decimal(text)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            number = self.read(str(value).strip())
        except (ValueError, ArithmeticError):
            number = Decimal("NaN")
        if number.is_finite() and -_MOST <= number <= _MOST:
            return int(number) if number == number.to_integral_value() and abs(number) < 10**15 else number
        raise Refused(f"{param.opts[0] if param else 'it'} takes {self.takes}", "for example --at 1767225600 --leeway 60")


class Moment(Number):
    """Seconds since 1970, or a date of ISO 8601."""

    name = "time"
    takes = "seconds since 1970 or 2026-01-31T12:00:00Z"

    def read(self, text: str) -> Decimal:
        from app.tokens import times

        return times.read(text)


def _algorithms() -> Iterable[str]:
    from app.tokens import ALGORITHMS

    return ALGORITHMS


def _profiles() -> Iterable[str]:
    from app.tokens import profiles

    return (*profiles.known(), profiles.NONE)


def _refuse_key(ctx: click.Context, param: click.Parameter, value: object) -> None:
    if value is not None:
        raise Refused(_NOT_HERE, "use --key-file FILE, --key-env NAME, or --key-file - with a pipe; take it for known to others now")
