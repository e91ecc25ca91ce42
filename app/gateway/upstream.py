"""Claims as headers for the API behind the gateway: client copies go, values cannot break out, an absent claim is empty."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from app.gateway.permissions import MISSING, as_digits, value_at, written
from app.gateway.policy import Policy
from app.gateway.request import OVERRIDES, Header, Request, as_variable
from app.gateway.rules import Rule, failed, passed
from app.tokens.findings import kind_of

LONGEST_VALUE = 1024
LONGEST_TOGETHER = 4096
"""What nginx takes of an answer's header by default, proxy_buffer_size."""
# All that shows in ASCII and the space; % and the comma between entries are encoded, and so is all else.
_SAFE = " !\"#$&'()*+-./:;<=>?@[\\]^_`{|}~"


def removed(policy: Policy, request: Request) -> tuple[str, ...]:
    """The headers of the client that are not passed on, as it spelt them."""
    gone = (*OVERRIDES, *(name for name, _ in policy.upstream))
    if not policy.forward_token:
        gone += tuple(source.name for source in policy.sources)
    forms = {as_variable(name) for name in gone}
    names = (header.name for header in request.headers if as_variable(header.name) in forms)
    return tuple(dict.fromkeys(names))


def headers(policy: Policy, claims: Mapping[str, Any]) -> tuple[Header, ...]:
    """Every header of the policy, empty when its claim is absent: so the one that a client sent is overwritten."""
    return tuple(Header(name, _value(value_at(claims, path))) for name, path in policy.upstream)


def rule(policy: Policy, claims: Mapping[str, Any] | None) -> Rule:
    """Whether the claims can be passed on."""
    if claims is None:
        return Rule("token", "upstream", "not_checked", "Without a token that was judged, each header of the policy is passed on empty.")
    made = headers(policy, claims)
    long = next((name for name, value in made if len(value) > LONGEST_VALUE), None)
    if long:
        return failed("token", "upstream", f"The value for {long} has more than {LONGEST_VALUE:,} characters; a header cannot hold it.")
    if sum(len(name) + len(value) + 4 for name, value in made) > LONGEST_TOGETHER:
        return failed("token", "upstream", f"The headers for the API have more than {LONGEST_TOGETHER:,} characters together.")
    for name, path in policy.upstream:
        value = value_at(claims, path)
        if value is not MISSING and value is not None and _text(value) is None:
            return Rule("token", "upstream", "warned", f"{written(path)} is {kind_of(value)}, which no header can hold: {name} is empty.")
    return passed("token", "upstream", "The claims fit into the headers for the API.")


def _value(value: Any) -> str:
    text = _text(value)
    if text is None:
        return ""
    # White space at the ends would be cut off on the way, and one user become another.
    inner = text.strip(" ")
    return text.replace(inner, "\0", 1).replace(" ", "%20").replace("\0", inner) if inner else "%20" * len(text)


def _text(value: Any) -> str | None:
    """A scalar, or an array of scalars with commas between; None for all else."""
    if isinstance(value, list):
        entries = [_scalar(one) for one in value]
        return ",".join(entry for entry in entries if entry is not None) if None not in entries else None
    return _scalar(value)


def _scalar(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return as_digits(value)
    return quote(value, safe=_SAFE, errors="surrogatepass") if isinstance(value, str) else None
