"""What an audit says of exp, nbf and iat, by the outcomes of the core's checks: how old, how long, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.tokens import times
from app.tokens.claims import Check
from app.tokens.times import Seconds

CLAIMS = ("exp", "nbf", "iat")
_DAY = 86400
AGES: tuple[tuple[int, str], ...] = (
    (3600, "expired for less than an hour"),
    (_DAY, "expired for less than a day"),
    (7 * _DAY, "expired for less than a week"),
    (31 * _DAY, "expired for less than a month"),
    (366 * _DAY, "expired for less than a year"),
)
VALID, EARLY, NEVER, LONG_AGO, UNKNOWN = "not expired", "not valid yet", "never expires", "expired for a year or more", "not known"
EXPIRIES = (VALID, EARLY, NEVER, *(name for _, name in AGES), LONG_AGO, UNKNOWN)


def against(check: Check, claims: Any) -> Iterator[str]:
    """What is against exp, nbf or iat beyond that its time has come or not; a payload that is no claims set has none of them."""
    if not isinstance(claims, dict):
        return
    if check.name not in claims:
        yield "claim_no_exp"
    elif not times.is_date(claims[check.name]):
        yield "claims_refused"
    elif times.finer(claims[check.name]):
        yield "claim_time_scale"
    elif check.name == "iat":
        yield "issued_later"


def of(checks: list[Check], claims: Any, at: Seconds) -> str:
    """When the token expires or did, in the words of EXPIRIES."""
    exp = nbf = None
    for check in checks:
        if check.name == "exp":
            exp = check
        elif check.name == "nbf":
            nbf = check
    if exp is None or nbf is None or not isinstance(claims, dict):
        return UNKNOWN
    if exp.outcome == "failed":
        if not times.is_date(claims["exp"]):
            return UNKNOWN
        age = at - claims["exp"]
        return next((name for most, name in AGES if age < most), LONG_AGO)
    if nbf.outcome == "failed":
        return EARLY if times.is_date(claims["nbf"]) else UNKNOWN
    return VALID if "exp" in claims else NEVER


def life(claims: dict[str, Any]) -> Seconds:
    """From issue to exp, of times that can be meant in earnest; 0 when that is not known."""
    begin, end = claims.get("iat", claims.get("nbf")), claims["exp"]
    if not (times.is_date(begin) and times.is_date(end)):
        return 0
    for one in (begin, end):
        if times.is_beyond_calendars(one) or times.finer(one):
            return 0
    return end - begin
