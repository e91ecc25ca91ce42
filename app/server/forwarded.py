"""What a proxy says of the request that it had: believed about TLS, and only of those named in JWTLENS_TRUSTED_PROXIES."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from app.settings import Network

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SCHEME = "HTTP_X_FORWARDED_PROTO"
# The host is not among what is believed: a proxy passes the Host header on, and the guard judges that.
CLAIMS = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_BY",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    _SCHEME,
)


def behind(wsgi_app: WSGIApplication, proxies: Sequence[Network]) -> WSGIApplication:
    """Wrap *wsgi_app*: it sees the scheme that one of *proxies* was asked with, and none of these headers."""

    def forwarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        said = {name: environ.pop(name, "") for name in CLAIMS}
        if scheme := believed(said[_SCHEME], environ.get("REMOTE_ADDR", ""), proxies):
            environ["wsgi.url_scheme"] = scheme
        return wsgi_app(environ, start_response)

    return forwarded


def believed(said: str, peer: str, proxies: Sequence[Network]) -> str:
    """The scheme that *peer* says it was asked with, or nothing."""
    return said if said in {"http", "https"} and _is_one_of(peer, proxies) else ""


def _is_one_of(peer: str, networks: Sequence[Network]) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    # A socket that listens on both kinds shows an IPv4 peer as ::ffff:10.0.0.1.
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in networks)
