"""serve: the page and the API."""

from __future__ import annotations

import gc
import sys
import threading
import webbrowser

import click

from app.cli.environment import Setting, settings_with
from app.cli.voice import Refused, examples
from app.health import reachable, url
from app.settings import read_host, read_port


@click.command(epilog=examples("jwtlens serve --port 9000 --open"))
@click.option("--host", type=Setting("host", read_host), help="Where to listen  [default: 127.0.0.1]")
@click.option("--port", type=Setting("port", read_port), help="0 takes any free port  [default: 8080]")
@click.option("--open", "browse", is_flag=True, help="Open the page in the browser.")
def serve(host: str | None, port: int | None, browse: bool) -> None:
    """Serve the page and the API until Ctrl-C."""
    settings = settings_with(host=host, port=port)
    gc.disable()  # until the server keeps what it has made: it would be looked through at every step
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
        raise Refused(str(error), error.hint) from None
