"""Whether the signature fits a key that the token itself brought. It is asked for by a person, and it is no verdict."""

from __future__ import annotations

from dataclasses import dataclass

from app.tokens import jws
from app.tokens.algorithms import algorithm as algorithm_named
from app.tokens.brought.parameters import Brought
from app.tokens.brought.reading import of
from app.tokens.envelope import Token
from app.tokens.findings import quoted
from app.tokens.keys.key import Keys


@dataclass(frozen=True, slots=True)
class Match:
    """Whether the signature fits the key in *parameter*, None when it was not tried. It has no status and is never green.

    *fault* is why a strict receiver does not take the key, though the signature fits it.
    """

    parameter: str
    matches: bool | None
    because: str
    fault: str = ""

    @property
    def holds(self) -> bool:
        """Whether the signature fits, and nothing is wrong with the key."""
        return self.matches is True and not self.fault


def check(token: Token, parameter: str, signing_input: bytes | None = None) -> Match:
    """Try the signature of *token* with the key that it brought in *parameter*.

    *signing_input* replaces the token's own for a detached payload. Raises nothing.
    """
    one = next((one for one in of(token) if one.parameter == parameter), None)
    return fits(token, one, signing_input) if one else Match(parameter, None, f'The token has no key in "{quoted(parameter)}".')


def fits(token: Token, one: Brought, signing_input: bytes | None = None) -> Match:
    """The same for what was read before."""
    name = one.parameter
    if not one.row.signs:
        return Match(name, None, "Not tried: it is about the presenter of the token, not about its signature.")
    if name in ("jku", "x5u"):
        return Match(name, None, "Not tried: nothing is fetched. Get the key from the issuer and paste it into the key box.")
    if one.key is None:
        wrong = next((finding.message for finding in one.findings if finding.level == "error"), "")
        return Match(name, None, f'Not tried: "{name}" holds no key that can be read.{wrong and " " + wrong}')
    algorithm = algorithm_named(token.alg)
    if algorithm and algorithm.key_type and not one.key.fits(algorithm):
        return Match(name, None, f'Not tried: the {one.key.name} in "{name}" does not fit {algorithm.name}.')
    verdict = jws.judge(token, Keys((one.key,), "the token"), signing_input)
    if verdict.matches is None:
        return Match(name, None, verdict.because)
    key = f'the {one.key.name} that the token itself brought ("{name}")'
    if verdict.matches:
        wrong = next((fault.message for fault in verdict.faults if fault.segment == "key"), "")
        because = f"The signature matches {key}"
        if wrong:
            return Match(name, True, f"{because}, but: {wrong}", wrong)
        return Match(name, True, f"{because}. It proves only that whoever wrote the token holds that key.")
    return Match(name, False, f"The signature does not match {key}: the token was altered, or another key signed it.")
