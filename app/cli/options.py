"""Options that several verbs share, in one place, so that one word means one thing everywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import wraps
from typing import Any, TypeVar

import click

from app import tokens
from app.cli import sources
from app.cli.voice import Refused
from app.tokens import ENCODINGS, profiles, times

Verb = TypeVar("Verb", bound=Callable[..., Any])

_NOT_HERE = "a key is not taken from the command line, where the shell's history and the list of processes would show it"

FILE = click.Path(readable=False)
"""A file, for the shell to complete; whether it is there is said when it is read, in words that do not repeat it."""


def completing(names: Callable[[], Iterable[str]]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """How the shell completes one of these names, which are looked up when it asks."""
    return lambda _context, _parameter, begun: [name for name in names() if name.startswith(begun)]


def token(verb: Verb) -> Any:
    """Where the token comes from; the verb gets its *text*."""

    @click.argument("words", metavar="[TOKEN | -]", nargs=-1)
    @click.option("-f", "--file", "path", metavar="FILE", type=FILE, help="Read the token from a file: text, HAR, log and so on.")
    @wraps(verb)
    def with_text(words: tuple[str, ...], path: str | None, **rest: Any) -> Any:
        return verb(text=sources.token(words, path), **rest)

    return with_text


def key(verb: Verb) -> Any:
    """Where the key comes from, which is never an argument; the verb gets its *keys*."""

    @click.option(
        "--key-file",
        metavar="FILE",
        type=FILE,
        help="A key of any form: secret, PEM, DER, JWK, JWK Set, certificate; - for a pipe.",
    )
    @click.option("--key-env", metavar="NAME", help="The name of the environment variable that holds the key.")
    @click.option("--key-encoding", type=click.Choice(ENCODINGS), default="auto", help="What the text of a secret is.", show_default=True)
    @click.option("--passphrase-env", metavar="NAME", help="The variable with the passphrase of a locked private key.")
    @click.option("--key", "--secret", hidden=True, expose_value=False, callback=_refuse_key, is_eager=True)
    @wraps(verb)
    def with_keys(
        key_file: str | None, key_env: str | None, key_encoding: str, passphrase_env: str | None, jwks: str | None = None, **rest: Any
    ) -> Any:
        return verb(keys=sources.keys(key_file, key_env, jwks, key_encoding, sources.passphrase(passphrase_env)), **rest)

    return with_keys


def key_set(verb: Verb) -> Any:
    """A set of keys by its file, beside the other ways to give a key."""
    return click.option("--jwks", metavar="FILE", type=FILE, help="A JWK Set; its key is picked by kid.")(key(verb))


def key_by_name(verb: Verb) -> Any:
    """A verb about keys takes the file as an argument as well, and a pipe without being told."""
    with_keys = key(verb)

    @click.argument("file", metavar="[FILE | -]", type=FILE, required=False)
    @wraps(with_keys)
    def with_file(file: str | None, key_file: str | None, key_env: str | None, **rest: Any) -> Any:
        if file is not None and key_file is not None:
            raise Refused("more than one key is given", "give one file")
        path = file or key_file or (sources.STDIN if key_env is None and sources.is_piped() else None)
        return with_keys(key_file=path, key_env=key_env, **rest)

    return with_file


def expectations(verb: Verb) -> Any:
    """What a receiver expects of the token; the verb gets it as *expect*, with the time to judge *at* and the *leeway*."""

    @click.option("--issuer", metavar="TEXT", help="The iss that the token must have.")
    @click.option("--audience", metavar="TEXT", help="The audience that must be among aud.")
    @click.option(
        "--alg",
        "algorithms",
        metavar="NAME",
        multiple=True,
        shell_complete=completing(lambda: tokens.ALGORITHMS),
        help="An algorithm that is allowed; may be repeated.",
    )
    @click.option("--type", "type_", metavar="TYP", help="The typ that the token must have.")
    @click.option(
        "--profile",
        metavar="NAME",
        shell_complete=completing(_profiles),
        help="The rules to keep: id-token, access-token and so on; none for no rules.",
    )
    @click.option("--at", metavar="TIME", type=Moment(), help="Judge as of this time: seconds since 1970 or 2026-01-31T12:00:00Z.")
    @click.option("--leeway", metavar="SECONDS", type=Number(), default="0", help="How far clocks may differ.")
    @wraps(verb)
    def with_expectations(
        issuer: str | None,
        audience: str | None,
        algorithms: tuple[str, ...],
        type_: str | None,
        profile: str | None,
        at: int | Decimal | None,
        **rest: Any,
    ) -> Any:
        if profile is not None and profile != profiles.NONE and profiles.named(profile) is None:
            raise Refused("--profile names none that jwtlens knows", f"use one of {', '.join(_profiles())}")
        listed = tuple(one for name in algorithms for one in name.replace(",", " ").split())
        expect = tokens.Expectations(listed, issuer, audience, type_, profile)
        return verb(expect=expect, at=int(time.time()) if at is None else at, **rest)

    return with_expectations


def as_json(verb: Verb) -> Any:
    """For programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs, as the HTTP API answers.")(verb)


def colour(verb: Verb) -> Any:
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
        if number.is_finite() and -tokens.MAX_SECONDS <= number <= tokens.MAX_SECONDS:
            return int(number) if number == number.to_integral_value() and abs(number) < 10**15 else number
        raise Refused(f"{param.opts[0] if param else 'it'} takes {self.takes}", "for example --at 1767225600 --leeway 60")


class Moment(Number):
    """Seconds since 1970, or a date of ISO 8601."""

    name = "time"
    takes = "seconds since 1970 or 2026-01-31T12:00:00Z"

    def read(self, text: str) -> Decimal:
        return times.read(text)


def _profiles() -> tuple[str, ...]:
    return (*profiles.known(), profiles.NONE)


def _refuse_key(ctx: click.Context, param: click.Parameter, value: object) -> None:
    if value is not None:
        raise Refused(_NOT_HERE, "use --key-file FILE, --key-env NAME, or --key-file - with a pipe; take it for known to others now")
