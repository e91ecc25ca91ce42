"""Claims: what each registered name means, and whether times, issuer, audience and type hold (RFC 7519 §4, §7.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from app.tokens import times
from app.tokens.envelope import Token
from app.tokens.findings import Repair, kind_of, quoted
from app.tokens.near_misses import audience_kind as audience_kind
from app.tokens.near_misses import audiences_of as audiences_of
from app.tokens.near_misses import difference, is_writable
from app.tokens.near_misses import findings as findings
from app.tokens.near_misses import sizes as sizes
from app.tokens.registry import CLAIMS as CLAIMS
from app.tokens.registry import HEADER as HEADER
from app.tokens.registry import Meaning as Meaning
from app.tokens.times import Seconds

Outcome = Literal["passed", "failed", "warned", "not_checked"]
_USUAL_LEEWAY = 60
_YEAR = 366 * 86400
_MOST_COMPARED = 100
_OF_INNER = (
    ("claims", "RFC 7519 §7.2"),
    ("exp", "RFC 7519 §4.1.4"),
    ("nbf", "RFC 7519 §4.1.5"),
    ("iat", "RFC 7519 §4.1.6"),
    ("iss", "RFC 7519 §4.1.1"),
    ("aud", "RFC 7519 §4.1.3"),
    ("typ", "RFC 8725 §3.11"),
)


class Check:
    """One rule of the report. Its sentence is put into words only when somebody reads it: most verdicts are not read."""

    __slots__ = ("_because", "label", "name", "outcome", "repairs", "spec")

    def __init__(
        self,
        name: str,
        outcome: Outcome,
        because: str | Callable[[], str],
        spec: str | None = None,
        label: str | None = None,
        repairs: tuple[Repair, ...] = (),
    ) -> None:
        self.name = name
        self.outcome = outcome
        self.spec = spec
        self.label = label
        self.repairs = repairs
        self._because = because

    @property
    def because(self) -> str:
        """A sentence that a person can act on."""
        if not isinstance(self._because, str):
            self._because = self._because()
        return self._because

    def __repr__(self) -> str:
        return f"<Check {self.name} {self.outcome}>"


@dataclass(frozen=True, slots=True)
class Expectations:
    """What the person expects of the token; None or empty: not asked, so not checked.

    *profile* is an id, a typ or `none`; without it, the profile is recognised. What follows belongs to the request that
    brought the token, to be compared with its claims; it is no part of what a log could show.
    """

    algorithms: tuple[str, ...] = ()
    issuer: str | None = None
    audience: str | None = None
    type: str | None = None
    profile: str | None = None
    nonce: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)
    state: str | None = field(default=None, repr=False)
    htm: str | None = None
    htu: str | None = field(default=None, repr=False)

    @property
    def compares(self) -> bool:
        """Whether anything is given that claims are compared with."""
        return not (self.nonce is self.access_token is self.code is self.state is self.htm is self.htu is None)


STRINGS = {"iss": "RFC 7519 §4.1.1", "sub": "RFC 7519 §4.1.2", "jti": "RFC 7519 §4.1.7"}
"""The claims that are a string or nothing."""


def checks(token: Token, at: Seconds, leeway: Seconds, expect: Expectations) -> Iterator[Check]:
    """The claims part of the report, in its order: claims set, times, issuer, audience, type."""
    if token.inner is not None and token.announces_inner:
        yield from (
            Check(name, "not_checked", "The payload is a token itself: what it claims is judged there.", spec) for name, spec in _OF_INNER
        )
        return
    value = token.claims
    yield _claims_set(token, value)
    claims: dict[str, Any] = value if isinstance(value, dict) else {}
    yield _exp(claims, at, leeway)
    yield _nbf(claims, at, leeway)
    yield _iat(claims, at, leeway)
    yield _iss(claims, expect.issuer)
    yield _aud(claims, expect.audience)
    yield _typ(token, expect.type)


def checks_of_detached(token: Token, expect: Expectations) -> Iterator[Check]:
    """The claims part of a token whose payload was given beside it: no JWT, so nothing there is judged as a claim (RFC 7519 §7.1)."""
    yield Check("claims", "failed", "The payload is detached: a JWT carries its claims itself, so none are judged.", "RFC 7519 §7.1")
    for name, spec in _OF_INNER[1:-1]:
        expected = {"iss": expect.issuer, "aud": expect.audience}.get(name)
        because = (
            f'The payload is detached; "{quoted(expected)}" is expected, and not compared.' if expected else "The payload is detached."
        )
        yield Check(name, "failed" if expected else "not_checked", because, spec)
    yield _typ(token, expect.type)


def _claims_set(token: Token, value: object) -> Check:
    spec = "RFC 7519 §7.2"
    if token.payload is None:
        return Check("claims", "not_checked", "There are no claims to read.", spec)
    if isinstance(value, dict):
        for name, own_spec in STRINGS.items():
            if name in value and not isinstance(value[name], str):
                because = f"{name} is {kind_of(value[name])}; a string is required, and a strict receiver refuses the token."
                return Check("claims", "failed", because, own_spec)
    if isinstance(value, dict) and token.payload.is_plain_object:  # the usual case: nothing of it is looked for
        return Check("claims", "passed", partial(_claims_set_of, len(value)), spec)
    wrong = next((finding for finding in token.payload_findings if finding.level == "error"), None)
    if not token.payload_findings and not isinstance(value, dict):  # a JWE may carry anything
        return Check("claims", "not_checked", "The content is no claims set.", spec)
    if wrong is None and not isinstance(value, dict):
        wrong = token.payload_findings[-1]
    if wrong:
        return Check("claims", "failed", wrong.message, spec)
    assert isinstance(value, dict)
    return Check("claims", "passed", partial(_claims_set_of, len(value)), spec)


def _claims_set_of(members: int) -> str:
    return f"The payload is a claims set of {members} member{'s' if members != 1 else ''}."


def _exp(claims: dict[str, Any], at: Seconds, leeway: Seconds) -> Check:
    spec = "RFC 7519 §4.1.4"
    if "exp" not in claims:
        return Check("exp", "warned", "No exp: the token never expires.", spec)
    exp = claims["exp"]
    if not times.is_date(exp):
        return Check("exp", "failed", lambda: _no_date("exp", exp, at), spec)
    if at < exp + leeway:
        if at >= exp:
            return Check(
                "exp",
                "passed",
                lambda: f"Expired {times.relative(exp, at)} ({times.utc(exp)}), within the leeway of {times.span(leeway)}.",
                spec,
            )
        if times.finer(exp):
            return Check("exp", "warned", lambda: _too_fine("exp", exp, at), spec)
        return Check("exp", "passed", lambda: f"Expires {_until(exp, at)} ({times.utc(exp)}).", spec)
    helps = at < exp + _USUAL_LEEWAY
    return Check(
        "exp",
        "failed",
        lambda: f"Expired {times.relative(exp, at)} ({times.utc(exp)}); {_beyond(helps, leeway)}",
        spec,
        repairs=_more_leeway(helps, leeway),
    )


def _nbf(claims: dict[str, Any], at: Seconds, leeway: Seconds) -> Check:
    spec = "RFC 7519 §4.1.5"
    if "nbf" not in claims:
        return Check("nbf", "not_checked", "No nbf: valid from the start.", spec)
    nbf = claims["nbf"]
    if not times.is_date(nbf):
        return Check("nbf", "failed", lambda: _no_date("nbf", nbf, at), spec)
    if at >= nbf - leeway:
        return Check("nbf", "passed", lambda: f"Valid since {times.utc(nbf)} ({times.relative(nbf, at)}).", spec)
    if times.finer(nbf):
        return Check("nbf", "failed", lambda: _too_fine("nbf", nbf, at), spec)
    helps = at >= nbf - _USUAL_LEEWAY
    return Check(
        "nbf",
        "failed",
        lambda: f"Not valid before {times.utc(nbf)}: {times.relative(nbf, at)}; {_beyond(helps, leeway)}",
        spec,
        repairs=_more_leeway(helps, leeway),
    )


def _iat(claims: dict[str, Any], at: Seconds, leeway: Seconds) -> Check:
    spec = "RFC 7519 §4.1.6"
    if "iat" not in claims:
        return Check("iat", "not_checked", "No iat: when it was issued is not said.", spec)
    iat = claims["iat"]
    if not times.is_date(iat):
        return Check("iat", "failed", lambda: _no_date("iat", iat, at), spec)
    if at < iat - leeway:
        if times.finer(iat):
            return Check("iat", "warned", lambda: _too_fine("iat", iat, at), spec)
        return Check(
            "iat",
            "warned",
            lambda: (
                f"Issued {times.span(iat - at)} in the future ({times.utc(iat)}): a clock is wrong, or the token is forged. RFC 7519 does not make it invalid, but many libraries refuse it."
            ),
            spec,
        )
    return Check("iat", "passed", lambda: f"Issued {times.relative(iat, at)} ({times.utc(iat)}).", spec)


def _no_date(name: str, value: object, at: Seconds) -> str:
    seconds = times.from_text(value) if isinstance(value, str) and len(value) < 60 else None
    guess = f" As a number it would be {times.utc(seconds)}, {times.relative(seconds, at)}." if seconds is not None else ""
    return f"{name} is {kind_of(value)}, not a date; a number is required, and a strict receiver refuses the token.{guess}"


def _too_fine(name: str, value: Seconds, at: Seconds) -> str:
    """A time in milliseconds or finer, told as what was meant."""
    unit, seconds = times.finer(value) or ("seconds", int(value))
    meant = f"{seconds}, {times.relative(seconds, at)} ({times.utc(seconds)})"
    return f"{name} {value} is the year {times.year(value):,}: {unit}? In seconds it would be {meant}."


def _until(exp: Seconds, at: Seconds) -> str:
    left = exp - at
    return f"in {times.years(left)}" if left > _YEAR and not times.is_beyond_calendars(exp) else times.relative(exp, at)


def _beyond(helps: bool, leeway: Seconds) -> str:
    """What leeway does about a time that is missed; *helps* says whether the usual one would accept it."""
    if leeway:
        return f"the leeway is {times.span(leeway)}."
    usual = times.span(_USUAL_LEEWAY)
    return f"a leeway of {usual} would accept it." if helps else f"beyond a usual leeway of {usual}."


def _more_leeway(helps: bool, leeway: Seconds) -> tuple[Repair, ...]:
    return (Repair(f"Allow {_USUAL_LEEWAY} s of leeway", "leeway", str(_USUAL_LEEWAY)),) if helps and leeway < _USUAL_LEEWAY else ()


def _iss(claims: dict[str, Any], issuer: str | None) -> Check:
    spec = "RFC 7519 §4.1.1"
    if issuer is None:
        return Check("iss", "not_checked", "No issuer is expected.", spec)
    if "iss" not in claims:
        return Check("iss", "failed", f'No iss; "{quoted(issuer)}" is expected.', spec)
    iss = claims["iss"]
    if iss == issuer and isinstance(iss, str):
        return Check("iss", "passed", f'Issued by "{quoted(issuer)}", as expected.', spec)
    shown = f'"{quoted(iss)}"' if isinstance(iss, str) else kind_of(iss)
    why = difference(iss, issuer) if isinstance(iss, str) else ""
    repairs = (Repair("Expect the issuer of the token", "issuer", iss),) if why and is_writable(iss) else ()
    return Check("iss", "failed", f'iss is {shown}; "{quoted(issuer)}" is expected.{why and " " + why}', spec, repairs=repairs)


def _aud(claims: dict[str, Any], audience: str | None) -> Check:
    spec = "RFC 7519 §4.1.3"
    aud = claims.get("aud")
    audiences = audiences_of(aud) if "aud" in claims else []
    if audiences is None:
        return Check("aud", "failed", lambda: f"aud is {audience_kind(aud)}; a string or an array of strings is required.", spec)
    if audience is None:
        return Check("aud", "not_checked", lambda: f"{_token_is_for(aud, audiences)}; no audience is expected.", spec)
    if audience in audiences:
        return Check("aud", "passed", f'The token is for "{quoted(audience)}", as expected.', spec)
    near = next((one for one in audiences[:_MOST_COMPARED] if difference(one, audience) and is_writable(one)), None)
    why = f" {difference(near, audience)}" if near is not None else ""
    repairs = (Repair("Expect the audience of the token", "audience", near),) if near is not None else ()
    return Check("aud", "failed", lambda: f'{_token_is_for(aud, audiences)}; "{quoted(audience)}" is expected.{why}', spec, repairs=repairs)


def _token_is_for(aud: object, audiences: list[str]) -> str:
    if not audiences:
        return "No aud" if aud is None else "aud is an empty array, so the token is for nobody"
    names = [f'"{quoted(one)}"' for one in audiences[:5]]
    more = f"{len(audiences) - 5} more" if len(audiences) > 5 else names.pop()
    listed = f"{', '.join(names)} and {more}" if names else more
    return f"aud is an array: the token is for {listed}" if isinstance(aud, list) else f"The token is for {listed}"


def _typ(token: Token, expected: str | None) -> Check:
    spec = "RFC 8725 §3.11"
    if expected is None:
        return Check("typ", "not_checked", "No type is expected.", spec)
    value = token.header.value if token.header else None
    typ = value.get("typ") if isinstance(value, dict) else None
    if not isinstance(typ, str):
        return Check("typ", "failed", f'No typ; "{quoted(expected)}" is expected.', spec)
    if media_type(typ) == media_type(expected):
        return Check("typ", "passed", f'The type is "{quoted(typ)}", as expected.', spec)
    return Check("typ", "failed", f'The type is "{quoted(typ)}"; "{quoted(expected)}" is expected.', spec)


def media_type(typ: str) -> str:
    """*typ* as it is compared: without a slash, `application/` stands before it; case does not count (RFC 7515 §4.1.9)."""
    lower = typ.lower() if typ.isascii() else typ  # lower() would make a k of the Kelvin sign
    return lower if "/" in lower else f"application/{lower}"
