"""The outermost layer: who may ask, how much, and the headers of every answer.

A refusal never repeats what was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from app.settings import canonical_host, is_everywhere

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from app.settings import Settings

MAX_BODY = 262_144

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types default",
    )
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
DEVICES = ("camera", "microphone", "geolocation", "usb", "clipboard-read", "browsing-topics")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: that makes browsers send Origin: null with a form over plain http.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{device}=()" for device in DEVICES),
}
TRANSPORT = "max-age=63072000; includeSubDomains"
UNSTORED = "no-store, no-transform"

_OURS = {name.lower() for name in HEADERS} | {"content-security-policy", "strict-transport-security", "server"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A way to be turned away before any view is asked."""

    status: HTTPStatus
    code: str
    message: str
    hint: str


REFUSALS = {
    row.code: row
    for row in (
        Refusal(
            HTTPStatus.BAD_REQUEST,
            "bad_request",
            "The request cannot be read as HTTP.",
            "Check how the program that sent it writes its request line and headers.",
        ),
        Refusal(
            HTTPStatus.FORBIDDEN,
            "cross_site",
            "The request was sent by another site.",
            "Use the form on this page, or send the request from a program that is not a browser.",
        ),
        Refusal(
            HTTPStatus.LENGTH_REQUIRED,
            "length_required",
            "The request does not say how long its body is.",
            "Send a Content-Length header with a decimal number, and no Transfer-Encoding.",
        ),
        Refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "body_too_large",
            f"The body is larger than {MAX_BODY:,} bytes.",
            "Send the token and the key alone.",
        ),
        Refusal(
            HTTPStatus.MISDIRECTED_REQUEST,
            "unknown_host",
            "This server is not known by the name in the Host header.",
            "Open it as http://localhost with its port, or start it with JWTLENS_ALLOWED_HOSTS set to the name you use.",
        ),
        Refusal(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers_too_large",
            "The headers of the request are too large.",
            "Send tokens in the body, never in a header or in the URL.",
        ),
        Refusal(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "internal_error",
            "The server could not make an answer.",
            "Try again; if it happens again, please report what you did, without the token.",
        ),
        Refusal(
            HTTPStatus.NOT_IMPLEMENTED,
            "not_implemented",
            "The server does not know this transfer encoding.",
            "Send the body as it is, with a Content-Length header.",
        ),
    )
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title} · jwtlens</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{message}</p>
<p>{hint}</p>
<p><a href="/">Back to the debugger</a></p>
</main>
</body>
</html>
"""


def render(refusal: Refusal, *, as_json: bool) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return status line, headers and body of *refusal*; every word of them is a constant."""
    if as_json:
        error = {"code": refusal.code, "message": refusal.message, "hint": refusal.hint}
        kind, text = "application/json", json.dumps({"error": error})
    else:
        kind = "text/html; charset=utf-8"
        text = _PAGE.format(title=f"Refused: {refusal.status.phrase}", message=refusal.message, hint=refusal.hint)
    body = text.encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
    return f"{refusal.status.value} {refusal.status.phrase}", headers, body


def with_headers(headers: Iterable[tuple[str, str]], scheme: str) -> list[tuple[str, str]]:
    """Return *headers* with the safety headers that every answer carries."""
    kept = [(name, value) for name, value in headers if name.lower() not in _OURS]
    found = {name.lower(): value for name, value in kept}
    kind = found.get("content-type", "").partition(";")[0].strip().lower()
    is_data = kind == "application/json" or kind.endswith("+json")
    if "immutable" not in found.get("cache-control", ""):
        kept = [(name, value) for name, value in kept if name.lower() != "cache-control"]
        kept.append(("Cache-Control", UNSTORED))
    kept.append(("Content-Security-Policy", DATA_POLICY if is_data else PAGE_POLICY))
    if scheme == "https":
        kept.append(("Strict-Transport-Security", TRANSPORT))
    return kept + list(HEADERS.items())


_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5})?)?", re.ASCII | re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}

Place = tuple[str, str, int]


def place(scheme: str, authority: str) -> Place | None:
    """Return scheme, host and port in their one spelling, or None if *authority* is not one."""
    match = _AUTHORITY.fullmatch(authority)
    host = canonical_host(match["host"]) if match else None
    if match is None or host is None or scheme not in _DEFAULT_PORTS:
        return None
    port = int(match["port"]) if match["port"] else _DEFAULT_PORTS[scheme]
    return (scheme, host, port) if port < 65536 else None


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Return every host name and address under which the server may be asked."""
    bound = () if is_everywhere(settings.host) else (settings.host,)
    return frozenset(("localhost", "127.0.0.1", "::1", *bound, *settings.allowed_hosts))


_READING = {"GET", "HEAD", "OPTIONS"}


def _is_cross_site(environ: WSGIEnvironment, here: Place) -> bool:
    # The rule of Go's CrossOriginProtection: a browser says where a request comes from, a program says nothing.
    if environ["REQUEST_METHOD"] in _READING:
        return False
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return False
    scheme, _, authority = origin.partition("://")
    return place(scheme, authority) != here


def _body_refusal(environ: WSGIEnvironment) -> str | None:
    # Flask cuts a chunked body off at its limit and goes on with the rest: such a body is not taken at all.
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return "length_required"
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        return "length_required"
    return "body_too_large" if len(length.lstrip("0")) > 9 or int(length) > MAX_BODY else None


def _refusal(environ: WSGIEnvironment, hosts: frozenset[str]) -> str | None:
    here = place(environ["wsgi.url_scheme"], environ.get("HTTP_HOST", ""))
    if here is None or here[1] not in hosts:
        return "unknown_host"
    if _is_cross_site(environ, here):
        return "cross_site"
    return _body_refusal(environ)


def _wants_json(environ: WSGIEnvironment) -> bool:
    path: str = environ.get("PATH_INFO", "")
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    return path.startswith("/api/") or kind == "application/json"


def protect(wsgi_app: WSGIApplication, settings: Settings) -> WSGIApplication:
    """Wrap *wsgi_app*: refuse what must not reach it and put the safety headers on every answer."""
    hosts = allowed_hosts(settings)

    def protected(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        scheme = environ["wsgi.url_scheme"]

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, with_headers(headers, scheme), exc_info)

        if code := _refusal(environ, hosts):
            status, headers, body = render(REFUSALS[code], as_json=_wants_json(environ))
            start(status, headers)
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
        return wsgi_app(environ, start)

    return protected
