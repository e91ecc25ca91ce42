"""Where the server is for this machine, and whether it is well."""

from __future__ import annotations

import http.client

from app.settings import Settings, is_everywhere

SECONDS = 3


def reachable(settings: Settings) -> str:
    """Return the host under which this machine reaches its own server."""
    if not is_everywhere(settings.host):
        return settings.host
    return "::1" if ":" in settings.host else "127.0.0.1"


def url(host: str, port: int) -> str:
    """Return the address of the page in the form a browser takes."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_well(settings: Settings) -> bool:
    """Say whether /healthz answers."""
    connection = http.client.HTTPConnection(reachable(settings), settings.port, timeout=SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status in (200, 204)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
