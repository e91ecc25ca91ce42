"""Lines of haproxy.cfg: a word quoted so that it is read back as it was, an ACL over JSON, a refusal with its challenge."""

from __future__ import annotations

import re

from app.gateway.exports.haproxy_json import WHOLE
from app.gateway.policy import Policy

_BARE = re.compile(r"[A-Za-z0-9_./:=-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MOST_IN_A_LINE = 4
_PIECES = re.compile(r"[\x00-\x1f\x7f']|[^\x00-\x1f\x7f']+")


def quote(text: str) -> str:
    """*text* as one word: whole between single quotes, but for those themselves and for what no line can hold."""
    if _BARE.fullmatch(text):
        return text
    return "".join(map(_piece, _PIECES.findall(text))) or "''"


def _piece(piece: str) -> str:
    if piece == "'":
        return r"\'"
    return f"\\x{ord(piece):02x}" if _CONTROL.fullmatch(piece) else f"'{piece}'"


def matches(name: str, variable: str, expression: str) -> str:
    """The ACL *name* that holds when *expression* matches the JSON in *variable*."""
    return f'acl {name} var(txn.{variable}) -m reg -- "${{JSON}}"{quote(expression)}'


def is_whole(name: str, variable: str) -> str:
    """The ACL *name* that holds when *variable* has an object that can be read in one way only."""
    return f'acl {name} var(txn.{variable}) -m reg -- "${{JSON}}${{ONCE}}"{quote(WHOLE)}'


def deny(status: int, condition: str, challenge: str = "") -> str:
    # A percent sign begins a variable in what is sent.
    header = f" hdr WWW-Authenticate {quote(challenge.replace('%', '%%'))}" if challenge else ""
    return f"http-request deny deny_status {status}{header} if {condition}"


def refuse(policy: Policy, *conditions: str) -> list[str]:
    """Refusals of a token that is judged, for any of *conditions*; a line has at most 64 words."""
    challenge = f'Bearer realm="{policy.realm}", error="invalid_token"'
    several = [conditions[at : at + _MOST_IN_A_LINE] for at in range(0, len(conditions), _MOST_IN_A_LINE)]
    return [deny(401, " or ".join(f"judged {one}" for one in some), challenge) for some in several]
