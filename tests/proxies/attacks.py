"""Ways round a proxy that asks, as data: measured, published, or made up. What each must not do is in the tests."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

PATHS = (
    "/public/../admin",
    "/public/%2e%2e/admin",
    "/public/..%2fadmin",
    "/public/..;/admin",
    "/public/%252e%252e/admin",
    "/public/\\..\\admin",
    "/public/#/../admin",
    "http://other/public/../admin",
    "/public/%2e%2e/uri/../admin",
    "//public/../admin",
    "/PUBLIC/../ADMIN",
    "/%70ublic/%2E%2e/admin",
    "/public/..%5cadmin",
    "/public/..%00/admin",
    "/public/.%2e/%61dmin",
    "/public%2f..%2fadmin",
    "/public/%c0%ae%c0%ae/admin",
)
"""The seventeen confusing paths: each begins like what is open, and is /admin to some server."""

MORE_PATHS = (
    "/public/%2e%2e/uri/secret",
    "/PUBLIC/x",
    "/public/#/../../admin",
    "/public/%ef%bc%8e%ef%bc%8e/admin",
    "/public;/../admin",
    "/public/%3b/../admin",
    "/public/./../admin",
    "/public/x/../../admin",
    "/public/%2e%2e%2fadmin",
    "/public/..%252fadmin",
    "/public/..%c0%afadmin",
    "/public/%09../admin",
    "/public//../admin",
    "/public/..//admin",
    "/admin#/public/",
    "/admin?/../public/",
    "/admin;/../public/x",
    "/admin/",
    "//admin",
    "/./admin",
    "/news/../admin",
    "http://api.test/admin",
    "http://api.test/public/..%2fadmin",
    "/public/%2e%2e%3b/admin",
    "/public/%u002e%u002e/admin",
    "/public/..\\admin",
    "/public/%25%32%65%25%32%65/admin",
    "*",
    "admin",
)

IDENTITY = ("X-User", "X-Roles", "X-Tenant", "X-Forwarded-User")
"""The headers that the policy of the suites sets; X-Tenant is of a claim that the tokens lack."""

SPOOFS: dict[str, tuple[str, ...]] = {
    "as it is": ("X-User: admin",),
    "lower case": ("x-user: admin",),
    "upper case": ("X-USER: admin",),
    "mixed case": ("x-UsEr: admin",),
    "underscore": ("X_User: admin",),
    "underscore, lower case": ("x_user: admin",),
    "dot": ("X.User: admin",),
    "tilde": ("X~User: admin",),
    "another header": ("X-Forwarded-User: admin",),
    "another header with underscores": ("X_Forwarded_User: admin",),
    "another header with one underscore": ("X-Forwarded_User: admin",),
    "roles": ("X-Roles: admin",),
    "roles with underscore": ("X_Roles: admin",),
    "a claim that the token lacks": ("X-Tenant: acme",),
    "a claim that the token lacks, underscore": ("X_Tenant: acme",),
    "twice": ("X-User: admin", "X-User: root"),
    "empty and full": ("X-User:", "X-User: admin"),
    "full and empty": ("X-User: admin", "X-User:"),
    "empty": ("X-User:",),
    "two spellings": ("X-User: admin", "X_User: admin"),
    "forty times": ("X-User: admin",) * 40,
    "tabs": ("X-User:\tadmin\t",),
    "space before the colon": ("X-User : admin",),
    "tab before the colon": ("X-User\t: admin",),
    "folded": ("X-A: b\r\n X-User: admin",),
    "line feed alone": ("X-A: b\nX-User: admin",),
    "carriage return alone": ("X-A: b\rX-User: admin",),
    "NUL": ("X-User: ad\0min",),
    "NUL in the name": ("X-User\0: admin",),
    "no name": (": admin",),
    "Connection names it": ("Connection: X-User",),
    "Connection names several": ("Connection: close, X-User, X-Roles, X-Forwarded-User",),
    "Connection in two lines": ("Connection: keep-alive", "Connection: x-user"),
    "Connection of an upgrade names it": ("Connection: Upgrade, X-User", "Upgrade: websocket"),
    "Connection names the token": ("Connection: Authorization",),
    "Connection names what is asked": ("Connection: X-Original-URI, X-Forwarded-Uri, X-Original-Method, X-Forwarded-Method",),
    "Proxy-Connection names it": ("Proxy-Connection: X-User",),
    "TE and Trailer": ("TE: trailers", "Trailer: X-User"),
    "another address, nginx": ("X-Original-URI: /public/x",),
    "another address, Caddy": ("X-Forwarded-Uri: /public/x",),
    "another address, underscores": ("X_Original_URI: /public/x", "X_Forwarded_Uri: /public/x"),
    "another address, both": ("X-Original-URI: /public/x", "X-Forwarded-Uri: /public/x", "X-Forwarded-Method: GET"),
    "another address, IIS": ("X-Original-URL: /admin", "X-Rewrite-URL: /admin"),
    "another address, prefix": ("X-Forwarded-Prefix: /public",),
    "another method, nginx": ("X-Original-Method: OPTIONS",),
    "another method, Caddy": ("X-Forwarded-Method: OPTIONS",),
    "another method for the API": ("X-HTTP-Method-Override: DELETE",),
    "another method, other names": ("X-HTTP-Method: DELETE", "X-Method-Override: DELETE"),
    "another method, underscores": ("X_HTTP_Method_Override: DELETE",),
    "another method, one underscore": ("X-HTTP_Method-Override: DELETE",),
    "a health check": ("User-Agent: GoogleHC/1.0", "X-Real-IP: 127.0.0.1", "X-Forwarded-For: 127.0.0.1"),
    "an answer": ("X-Accel-Redirect: /_jwtlens", "Status: 200", "WWW-Authenticate: Bearer"),
    "the judge's own": ("X-User: admin", "Host: jwtlens"),
}
"""What a client sends beside its token. Some of it is no HTTP at all."""

SMUGGLED = {
    "length and chunks": b"POST /public/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks twice": b"POST /public/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST /public/x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 55\r\n\r\n",
    "a name with a space": b"POST /public/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a chunk with a sign": b"POST /public/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+0\r\n\r\n",
    "a body with GET": b"GET /public/x HTTP/1.1\r\nHost: a\r\nContent-Length: 37\r\n\r\n",
}
"""The beginning of a request; behind it comes one for /admin that no proxy may take for one that was judged."""


def readings(target: str) -> set[str]:
    """Every path that some server takes *target* for: decoded once or twice, cut, folded and resolved in the usual ways."""
    origin = re.sub(r"^[A-Za-z]+://[^/?#]*", "", target)
    found = set()
    for raw in (origin.partition("?")[0], origin.partition("?")[0].partition("#")[0]):
        for decoded in _decoded(raw):
            forms = (
                decoded,
                decoded.partition("\0")[0],
                decoded.replace("\0", ""),
                re.sub(r";[^/]*", "", decoded),
                unicodedata.normalize("NFKC", decoded),
            )
            for text in (*forms, *(form.replace("\\", "/") for form in forms)):
                found |= {_resolved(text), _resolved(text.lower())}
    return found


def _decoded(raw: str) -> Iterator[str]:
    once = unquote_to_bytes(raw)
    for data in (once, unquote_to_bytes(once)):
        # Overlong forms of . and / are read as such by what does not look at UTF-8 closely.
        yield data.replace(b"\xc0\xae", b".").replace(b"\xc0\xaf", b"/").decode("utf-8", "replace")


def _resolved(path: str) -> str:
    return posixpath.normpath("/" + path.lstrip("/"))
