"""The composition root: the one place where the web room meets its server."""

from __future__ import annotations

import signal
from collections.abc import Callable

from app.server.channel import Channel
from app.server.discretion import discreet
from app.server.forwarded import behind
from app.server.listening import CannotServe, listeners
from app.server.loop import Server
from app.server.memory import gather, keep, leave_no_core
from app.settings import Settings
from app.web import create_app
from app.web.assets import AssetsMissing

__all__ = ["CannotServe", "Channel", "Server", "discreet", "listeners", "serve"]


def serve(settings: Settings, announce: Callable[[int], None]) -> None:
    """Listen, tell *announce* the port, and answer until SIGTERM or Ctrl-C."""
    discreet()
    leave_no_core()
    try:
        app = create_app(settings)
    except AssetsMissing as error:
        raise CannotServe(str(error), error.hint) from None
    # What a proxy says is taken out by behind(), which knows whom to believe.
    proxies = settings.trusted_proxies
    server = Server(behind(app, proxies), settings.host, settings.port, proxies=proxies, clear_untrusted_proxy_headers=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)
    keep()
    gather()
    announce(server.port)
    server.run()
