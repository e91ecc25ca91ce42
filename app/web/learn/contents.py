"""The pages under /learn, in the order in which they are read; nothing else lists them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page: its name in the address and of its template, its title, what is on it, and the part it belongs to."""

    name: str
    title: str
    about: str
    part: str

    @property
    def path(self) -> str:
        return f"/learn/{self.name}"


_BASICS, _USE, LOOK_UP = "Basics", "Use", "Look up"

_ROWS = (
    Leaf("introduction", "Introduction to JWT", "What a JWT is, how it works, when to use one and when not.", _BASICS),
    Leaf("structure", "Header, payload, signature", "How each part is written and read, and what follows from it.", _BASICS),
    Leaf("keys", "Keys and key sets", "Sorts of keys, how they are written, found, changed and kept.", _BASICS),
    Leaf("jwe", "Encrypted tokens", "JWE: five parts, two algorithms, and what encryption does not prove.", _BASICS),
    Leaf("sd-jwt", "SD-JWT", "Tokens whose holder chooses what to show.", _BASICS),
    Leaf("oauth", "OAuth 2.0 and OpenID Connect", "Which token is for whom, and what each receiver checks.", _USE),
    Leaf("sessions", "Sessions", "Session ID or JWT, where to keep it, how long, and how to end it.", _USE),
    Leaf("gateways", "API gateways", "Authentication, validation and authorization by claims before the service.", _USE),
    Leaf("forward-auth", "Forward-auth server", "jwtlens as the judge behind nginx, Caddy, Traefik, HAProxy or Envoy.", _USE),
    Leaf("best-practices", "Best practices", "RFC 8725 and its revision, rule by rule, with what the debugger shows.", _USE),
    Leaf("rfc-8725", "Ledger of RFC 8725", "Its fifteen rules, each with the check, the findings and the tests that keep it.", _USE),
    Leaf("attacks", "Attacks", "What attackers do with tokens, why it worked, and what stops it.", _USE),
    Leaf("deployment", "Deployment", "From an empty server to TLS in ten minutes: files, settings, limits, copies, upgrades.", _USE),
    Leaf("faq", "Questions and answers", "About JWTs, about refused tokens, and about this debugger.", _USE),
    Leaf("algorithms", "Algorithms", "Every algorithm to sign and to encrypt: its key, its strength, when to take it.", LOOK_UP),
    Leaf("claims", "Claims", "Every registered claim, and those of the large providers.", LOOK_UP),
    Leaf("header", "Header parameters", "Every member a header can have, and how far to trust it.", LOOK_UP),
    Leaf("findings", "Findings", "Everything the debugger can find in a token or a key, and what to do about it.", LOOK_UP),
    Leaf("verdict", "Verdict and checks", "What the strip above the token says, and every check behind it.", LOOK_UP),
    Leaf("profiles", "Profiles", "The kinds of token that are recognised, and the rules of each.", LOOK_UP),
    Leaf("api", "HTTP API", "Each endpoint with its fields, refusals, limits and settings.", LOOK_UP),
    Leaf("glossary", "Glossary", "The words, each in one sentence.", LOOK_UP),
)
LEAVES = {row.name: row for row in _ROWS}
PARTS = tuple((part, tuple(row for row in _ROWS if row.part == part)) for part in dict.fromkeys(row.part for row in _ROWS))


def neighbours(name: str) -> tuple[Leaf | None, Leaf | None]:
    """The page before *name* and the one after it."""
    place = list(LEAVES).index(name)
    return (_ROWS[place - 1] if place else None), (_ROWS[place + 1] if place + 1 < len(_ROWS) else None)
