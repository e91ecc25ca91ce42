"""A policy: who may pass, as data. Made by `reading`, judged by `decision`; nothing here decides.

Policy
├── sources     where a token may be
├── issuers     whose tokens are taken, with which keys and under which terms
├── routes      what each part of the API asks for; the first that takes a request decides, and what none takes is denied
└── upstream    which claims the API behind the gateway gets as headers
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from app.tokens import Keys

Place = Literal["header", "cookie", "query", "form"]
KeyKind = Literal["jwks", "pem", "secret", "jwks_url", "issuer_url"]
Access = Literal["token", "optional", "anyone"]
Path = tuple[str, ...]
"""The names that lead to a claim: `("realm_access", "roles")`."""


@dataclass(frozen=True, slots=True)
class Source:
    """A place where a token may be; *scheme* is the word before it in a header, such as Bearer."""

    place: Place
    name: str
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class KeySource:
    """Keys and the algorithms that they may be used for, so that no key serves an algorithm of another family.

    What is written in the policy is in *keys*; a secret or a URL is only named by *reference*, and the caller has its keys.
    """

    kind: KeyKind
    algorithms: tuple[str, ...]
    keys: Keys | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tokens are taken and what they must be; no *names*: whatever issuer no other entry names."""

    names: tuple[str, ...]
    keys: tuple[KeySource, ...]
    audiences: tuple[str, ...] = ()
    type: str | None = None
    leeway: int = 0
    max_life: int | None = None
    required: tuple[Path, ...] = (("exp",),)


@dataclass(frozen=True, slots=True)
class Words:
    """Scopes or roles that are asked for: every one of *all*, and at least one of *any*."""

    claim: Path
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compare:
    """A rule about one claim."""

    claim: Path
    how: Literal["equals", "one_of", "contains", "prefix"]
    value: Any


@dataclass(frozen=True, slots=True)
class Join:
    """Rules joined to one; `not` has one of them."""

    how: Literal["all", "any", "not"]
    rules: tuple[ClaimRule, ...]


ClaimRule = Compare | Join


@dataclass(frozen=True, slots=True)
class Route:
    """A part of the API; no *methods*: all. A prefix ends where a segment of the path ends."""

    name: str
    path: str
    is_prefix: bool
    methods: tuple[str, ...] = ()
    access: Access = "token"
    scopes: Words | None = None
    roles: Words | None = None
    claims: ClaimRule | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole of it. *describe* tells the client in a sentence why its token is refused; *forward_token* lets the API have it."""

    sources: tuple[Source, ...]
    issuers: tuple[Issuer, ...] = ()
    routes: tuple[Route, ...] = ()
    upstream: tuple[tuple[str, Path], ...] = ()
    realm: str = "api"
    describe: bool = False
    forward_token: bool = True

    @property
    def references(self) -> tuple[str, ...]:
        """The secrets and addresses whose keys the caller is to pass, each once."""
        return tuple(dict.fromkeys(source.reference for issuer in self.issuers for source in issuer.keys if source.reference))

    def issuer_of(self, claims: object) -> Issuer | None:
        """Whose token it says it is: the entry that names the iss of *claims*, or the one for whoever is not named."""
        iss = claims.get("iss") if isinstance(claims, dict) else None
        named = next((one for one in self.issuers if isinstance(iss, str) and iss in one.names), None)
        return named or next((one for one in self.issuers if not one.names), None)
