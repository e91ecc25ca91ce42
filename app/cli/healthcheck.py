"""healthcheck: for whoever watches the server."""

from __future__ import annotations

import click

from app.cli.environment import settings_with
from app.cli.voice import Failure, examples
from app.health import is_well


@click.command(epilog=examples("JWTLENS_PORT=9000 jwtlens healthcheck"))
def healthcheck() -> None:
    """Ask the server of this machine whether it is well."""
    settings = settings_with()
    if not is_well(settings):
        raise Failure("the server does not answer", "start it with jwtlens serve")
    click.echo("ok")
