"""nginx with auth_request: it asks about each request, copies the claims, and denies what is not answered with 2xx."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from app.gateway.exports.asking import API, JWTLENS, ORIGINAL, PORT, as_variable, asking, notes
from app.gateway.exports.asking_answers import Manner, NotKnown, answering, own
from app.gateway.exports.export import Answer, Export, File, Gateway
from app.gateway.policy import Policy
from app.gateway.request import OVERRIDES, Request

_START = ORIGINAL
_ASKED = ("X-Original-Method", "X-Original-URI")
_TEXT = """\
# For the http block of nginx, for example as /etc/nginx/conf.d/jwtlens.conf. Beside it runs
#   {start}

upstream jwtlens {{
    # It keeps no state: any number of copies may stand here.
    server {jwtlens};
    keepalive 16;
}}

upstream api {{
    server {api};
}}

server {{
    listen {port};
    server_tokens off;
    # Both are the default. X_User is X-User to some programs, and is dropped here.
    underscores_in_headers off;
    ignore_invalid_headers on;

    location / {{
        auth_request /_jwtlens;
        auth_request_set $jwtlens_challenge $upstream_http_www_authenticate;
        error_page 403 = @jwtlens_403;
{copied}
        # With these a client could change what was judged, or say who it is.
{removed}
        proxy_set_header Host $host;
        # No path stands behind it, so the API gets the path exactly as it was judged.
        proxy_pass http://api;
    }}

    location = /_jwtlens {{
        internal;
        proxy_pass http://jwtlens/auth;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        # Said by nginx itself, and in no other header.
        proxy_set_header X-Original-Method $request_method;
        proxy_set_header X-Original-URI $request_uri;
{hidden}
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        # An answer brings up to 4 kB of claims.
        proxy_buffer_size 16k;
        proxy_buffers 4 16k;
        # Late is denied, with 500.
        proxy_connect_timeout 1s;
        proxy_send_timeout 2s;
        proxy_read_timeout 2s;
        proxy_next_upstream_timeout 2s;
        # The answer may say yes or no, and nothing else.
        proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset;
    }}

    # nginx copies the challenge of a 401 to the client, and this does it for a 403 (RFC 6750 §3).
    location @jwtlens_403 {{
        internal;
        add_header WWW-Authenticate $jwtlens_challenge always;
        return 403;
    }}
}}
"""


def export(policy: Policy) -> Export:
    told = asking(policy)
    copied = [line for name in told.copied for line in _copy(name)]
    removed = [_remove(name) for name in (*told.removed, *told.kept_back) if name not in told.copied]
    hidden = [_remove(name) for name in OVERRIDES if name not in _ASKED]
    text = _TEXT.format(
        start=_START, jwtlens=JWTLENS, api=API, port=PORT, copied=_lines(copied), removed=_lines(removed), hidden=_lines(hidden)
    )
    more = ("A malformed request is answered with 401 instead of 400: nginx takes nothing but 2xx, 401 and 403 from whom it asks.",)
    return Export((File("jwtlens.conf", "nginx", text),), told.gaps, notes(policy, _START) + more)


def _copy(name: str) -> tuple[str, str]:
    variable = f"$jwtlens_{as_variable(name)}"
    return f"auth_request_set {variable} $upstream_http_{as_variable(name)};", f"proxy_set_header {name} {variable};"


def _remove(name: str) -> str:
    return f'proxy_set_header {name} "";'


def _lines(lines: list[str]) -> str:
    return "\n".join(f"        {line}" for line in lines)


def _page(status: int, says: str = "") -> str:
    line = f"{status} {_PHRASES[status]}"
    more = f"<center>{says}</center>\r\n" if says else ""
    return (
        f"<html>\r\n<head><title>{status} {says or _PHRASES[status]}</title></head>\r\n<body>\r\n<center><h1>{line}</h1></center>\r\n"
        f"{more}<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )


def _refuses(request: Request) -> Answer | None:
    """What nginx answers by itself."""
    line = len(f"{request.method} {request.target} HTTP/1.1\r\n")
    headers = [len(f"{name}: {value}\r\n") for name, value in request.headers]
    if line > _LONGEST_LINE:
        return own("nginx", 414, "an address of more than 8 kB", _page(414))
    if any(length > _LONGEST_LINE for length in headers):
        return own("nginx", 400, "a header of more than 8 kB", _page(400, "Request Header Or Cookie Too Large"))
    if any(abs(length - _LONGEST_LINE) < 100 for length in (line, *headers)):
        raise NotKnown
    if len(request.values("Host")) > 1:
        return own("nginx", 400, "two Host headers", _page(400))
    if not _METHOD.fullmatch(request.method):
        return own("nginx", 400, "a method that is not in capital letters", _page(400))
    if request.method in ("TRACE", "CONNECT"):
        return own("nginx", 405, request.method, _page(405))
    if _cannot_be_resolved(request.target):
        return own("nginx", 400, "a path that it cannot resolve", _page(400))
    return None


def _cannot_be_resolved(target: str) -> bool:
    """Whether a path has no beginning, a broken escape or a NUL, or climbs out of the root."""
    raw = re.sub(r"^[A-Za-z]+://[^/?#]+", "", target).partition("?")[0].partition("#")[0]
    if not raw.startswith("/") or re.search(r"%(?![0-9A-Fa-f]{2})|%00", raw):
        return True
    depth = 0
    for segment in re.split(r"/+", unquote_to_bytes(raw).decode("latin-1"))[1:]:
        depth += {"..": -1, ".": 0, "": 0}.get(segment, 1)
        if depth < 0:
            return True
    return False


_PHRASES = {400: "Bad Request", 401: "Authorization Required", 403: "Forbidden", 405: "Not Allowed", 414: "Request-URI Too Large"}
_METHOD = re.compile(r"[A-Z_-]+")
_LONGEST_LINE = 8192
_MANNER = Manner("nginx", _refuses, _page, {400: 401, 503: 403}, twice=400)
GATEWAY = Gateway("nginx", "nginx (auth_request)", True, export, answering(_MANNER))
