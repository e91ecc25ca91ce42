"""The keys of a policy for gateways that know one key and one algorithm for each user of the API, and find them by one claim."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.gateway.exports import native
from app.gateway.exports.native import Gaps
from app.gateway.policy import Issuer, Policy
from app.tokens import Key
from app.tokens.findings import quoted
from app.tokens.keys import public_pem

_FETCHED = (
    "{title} fetches no keys, so tokens that {reference} would verify are denied: write the public key of the issuer here as PEM, "
    "and write it anew before the issuer changes it."
)
_SECOND = (
    "{title} takes one key and one algorithm from an issuer, and here it is {taken}: tokens with any other are denied. "
    "Change over to the next key here when the issuer does, or let it name itself otherwise with the new one."
)


@dataclass(frozen=True, slots=True)
class Option:
    """A way to verify the tokens of an issuer: a public key or the name of a secret. *source* is its place among the issuer's keys."""

    source: int
    algorithm: str
    key: Key | None = None
    secret: str = ""

    @property
    def pem(self) -> str:
        return public_pem(self.key) if self.key else ""

    @property
    def shown(self) -> str:
        kid = f', kid "{quoted(self.key.kid, 40)}"' if self.key and self.key.kid is not None else ""
        return f"{self.algorithm}{kid}" if self.key else f'{self.algorithm} with the secret "{quoted(self.secret, 40)}"'


def options(issuer: Issuer, known: tuple[str, ...]) -> list[Option]:
    """Every key of *issuer* that is written or named in the policy, with each of the algorithms in *known* that it may be used for."""
    found: list[Option] = []
    for number, source in enumerate(issuer.keys):
        if source.kind == "secret":
            found += [Option(number, name, secret=source.reference) for name in source.algorithms if name in known]
        else:
            found += [Option(number, one.algorithm.name, one.key) for one in native.usable(source) if one.algorithm.name in known]
    return found


def by_issuer(policy: Policy, known: tuple[str, ...]) -> Iterator[tuple[int, str, Option]]:
    """For each issuer that can be named: its place, its name, and the first way to verify its tokens."""
    for number, issuer in enumerate(policy.issuers):
        first = next(iter(options(issuer, known)), None)
        if first is not None:
            yield from ((number, name, first) for name in issuer.names if native.is_text(name))


def tell_keys(gaps: Gaps, policy: Policy, title: str, known: tuple[str, ...], *, one_each: bool = True) -> None:
    """The keys that such a gateway cannot be given; *one_each*: it knows one for each issuer."""
    for number, issuer in enumerate(policy.issuers):
        found = options(issuer, known)
        for place, source in enumerate(issuer.keys):
            path = f"issuers[{number}].keys[{place}]"
            if source.kind in ("jwks_url", "issuer_url"):
                gaps.add(path, _FETCHED.format(title=title, reference=quoted(source.reference, 80)))
            elif unknown := [name for name in source.algorithms if name not in known]:
                gaps.add(path, f"{title} knows no {', '.join(unknown)}, so tokens with it are denied: let the issuer sign with {known[0]}.")
            if one_each and found and any(one.source == place for one in found if one is not found[0]):
                gaps.add(path, _SECOND.format(title=title, taken=found[0].shown))
