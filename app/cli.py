"""The jwtlens command."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import click

from app.health import is_well, reachable, url
from app.settings import BadSetting, Settings, from_environment, read_host, read_port


class Failure(click.ClickException):
    """Stop with a sentence about what is wrong and one about what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Setting(click.ParamType[Any]):
    """An option that reads what the environment variable of the same name reads."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name = name
        self.read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self.read(value)
        except BadSetting as error:
            raise Failure(str(error), error.hint) from None


def settings_with(**options: Any) -> Settings:
    """Return the environment's settings, where an option that was given wins."""
    try:
        settings = from_environment(os.environ)
    except BadSetting as error:
        raise Failure(str(error), error.hint) from None
    return replace(settings, **{name: value for name, value in options.items() if value is not None})


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="jwtlens", message="jwtlens %(version)s")
def jwtlens() -> None:
    """Decode, verify, edit and sign JSON Web Tokens on your own machine."""


@jwtlens.command()
@click.option("--host", type=Setting("host", read_host), help="Where to listen  [default: 127.0.0.1]")
@click.option("--port", type=Setting("port", read_port), help="0 takes any free port  [default: 8080]")
@click.option("--open", "browse", is_flag=True, help="Open the page in the browser.")
def serve(host: str | None, port: int | None, browse: bool) -> None:
    """Serve the page and the API until Ctrl-C."""
    settings = settings_with(host=host, port=port)
    # Flask and waitress wait until they are wanted: `jwtlens --help` is not to load them.
    from app import server

    def announce(port: int) -> None:
        click.echo(f"jwtlens listens on {url(settings.host, port)}")
        sys.stdout.flush()
        if browse:
            page = url(reachable(settings), port)
            # Some browsers come back only when they are closed.
            threading.Thread(target=webbrowser.open, args=[page], daemon=True).start()

    try:
        server.serve(settings, announce)
    except server.CannotServe as error:
        raise Failure(str(error), error.hint) from None


@jwtlens.command()
def healthcheck() -> None:
    """Ask the server of this machine whether it is well."""
    settings = settings_with()
    if not is_well(settings):
        raise Failure("the server does not answer", "start it with jwtlens serve")
    click.echo("ok")


def voice(message: str) -> str:
    """Say it as every refusal of the command is said: lower case, no full stop."""
    first = message[:1] if message[:2].isupper() else message[:1].lower()
    return first + message[1:].rstrip(".")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    try:
        result = jwtlens.main(arguments, prog_name="jwtlens", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.ClickException as error:
        click.echo(f"jwtlens: error: {voice(error.format_message())}", err=True)
        click.echo(f"jwtlens: hint: {getattr(error, 'hint', 'jwtlens --help lists what there is')}", err=True)
        return error.exit_code
    except click.Abort:
        return 130
    return result if isinstance(result, int) else 0
