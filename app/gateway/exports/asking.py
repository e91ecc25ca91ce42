"""What a gateway that asks is told: which headers of the client go, which of the answer are copied, what cannot be.

It judges nothing. It sends each request, without its body, to `jwtlens gateway`, and does as the answer says; so its
configuration names no issuer, key, route or claim, and nothing of the policy but names of headers stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from app.gateway.exports.export import Gap
from app.gateway.policy import Policy, Source
from app.gateway.request import OVERRIDES, same_name
from app.tokens.findings import quoted

JWTLENS = "127.0.0.1:8081"
API = "127.0.0.1:3000"
PORT = 8000
"""The addresses in every export: jwtlens, the API that stands for the reader's own, and where clients come in."""
ORIGINAL = "jwtlens gateway --policy policy.json --source x-original"
FORWARDED = "jwtlens gateway --policy policy.json --source x-forwarded"
"""How jwtlens is started: in which headers the proxy tells method and path. nginx is its first choice of a profile."""
ANY_REFUSAL = " --profile traefik"
"""For what passes 400 and 503 on as well."""
DROPPED = "Headers with an underscore in their names are dropped, as nginx drops them: to some programs X_User is X-User."

_NAME = re.compile(r"[A-Za-z0-9-]+")
# With a hyphen before it, a name is an option or a command in some of these languages.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
# What every proxy says anew to the next server, whatever the client sent.
_HOPS = (
    "Connection", "Content-Length", "Expect", "Forwarded", "Host", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "TE",
    "Trailer", "Transfer-Encoding", "Upgrade", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto",
    "X-Forwarded-Server", "X-Real-IP",
)  # fmt: skip
# What servers and proxies act on when it is in an answer, where the claims arrive.
_ANSWERS = (
    "Age", "Alt-Svc", "Cache-Control", "Clear-Site-Data", "Content-Encoding", "Content-Security-Policy", "Date", "ETag", "Expires",
    "Last-Modified", "Location", "Pragma", "Proxy-Authenticate", "Refresh", "Retry-After", "Server", "Set-Cookie", "Status",
    "Strict-Transport-Security", "Vary", "Via", "WWW-Authenticate", "X-Accel-Buffering", "X-Accel-Charset", "X-Accel-Expires",
    "X-Accel-Limit-Rate", "X-Accel-Redirect", "X-Content-Type-Options", "X-Sendfile",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asking:
    """*removed* are the client's headers that the API never gets, those of *copied* among them; *kept_back* those of the token."""

    copied: tuple[str, ...]
    removed: tuple[str, ...]
    kept_back: tuple[str, ...]
    gaps: tuple[Gap, ...]


def asking(policy: Policy) -> Asking:
    """What of *policy* stands in the proxy's configuration."""
    names = tuple(name for name, _ in policy.upstream)
    copied = tuple(name for name in names if _PLAIN.fullmatch(name) and not _is_among(name, (*_HOPS, *_ANSWERS)))
    known = tuple(name for name in names if _NAME.fullmatch(name))
    removed = (*known, *(name for name in OVERRIDES if not _is_among(name, known)))
    headers = tuple(source.name for source in policy.sources if source.place == "header" and _NAME.fullmatch(source.name))
    kept_back = () if policy.forward_token else tuple(name for name in headers if not _is_among(name, removed))
    gaps = (*(_not_copied(name) for name in names if name not in copied), *_not_found(policy.sources))
    return Asking(copied, removed, kept_back, gaps)


def as_variable(name: str) -> str:
    """The header as a part of a variable's name; policies have no two headers of which that is the same."""
    return re.sub(r"[^a-z0-9]", "_", name.lower())


def through(title: str, written: str = API) -> str:
    """How the API is put behind a gateway; *written* is its address in the files."""
    return f"Put the address of your API in the place of {written}, and let it be reached through {title} alone."


def notes(policy: Policy, start: str) -> tuple[str, ...]:
    """What whoever installs any of these has to know; *start* is how jwtlens is started beside it."""
    told: tuple[str, ...] = (
        f"Start jwtlens beside it: {start}",
        through("the gateway"),
        "The whole policy is judged by jwtlens: when it changes, this configuration stays as it is unless the names of headers change.",
    )
    if any(keys.kind == "secret" for issuer in policy.issuers for keys in issuer.keys):
        told += ("Give jwtlens each secret that the policy only names, with --key NAME=FILE.",)
    if any(one.place == "query" for one in policy.sources):
        told += ("A token in the query is written into the access log with the address, unless the format of the log leaves that out.",)
    return told


def _is_among(name: str, names: Iterable[str]) -> bool:
    return any(same_name(name, other) for other in names)


def _not_copied(name: str) -> Gap:
    shown = quoted(name, 80)
    if not _NAME.fullmatch(name):
        because = f"{shown} cannot be written down as the name of a header, so it is neither copied nor taken from the client."
    else:
        because = f"{shown} has a meaning of its own to servers or in the configuration, so the claim is not copied and the API gets none."
    return Gap(f"upstream.{shown}", f"{because} Give the claim a header such as X-User.")


def _not_found(sources: tuple[Source, ...]) -> Iterator[Gap]:
    for number, source in unfound(sources).items():
        shown = quoted(source.name, 80)
        if source.place == "form":
            because = (
                f'The body is not sent to jwtlens, so no token is found in the form field "{shown}", and no second one there is noticed: '
                "let clients send it in a header."
            )
        else:
            because = (
                f"{shown} is said anew between servers, so no token is found in it, and whoever needs one is denied: "
                "take another header, such as Authorization."
            )
        yield Gap(f"token[{number}]", because)


def unfound(sources: tuple[Source, ...]) -> Mapping[int, Source]:
    """The places where a token does not get as far as jwtlens, each with its number."""
    return {number: source for number, source in enumerate(sources) if source.place == "form" or _is_said_anew(source)}


def _is_said_anew(source: Source) -> bool:
    return source.place == "header" and (not _NAME.fullmatch(source.name) or _is_among(source.name, (*_HOPS, *OVERRIDES)))
