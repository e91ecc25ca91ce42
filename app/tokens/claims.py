"""Claims: what each registered name means, and whether times, issuer, audience and type hold (RFC 7519 §4, §7.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from app.tokens import times
from app.tokens.envelope import Token
from app.tokens.findings import Finding, found, kind_of, quoted
from app.tokens.times import Seconds

Outcome = Literal["passed", "failed", "warned", "not_checked"]


class Check:
    """One rule of the report. Its sentence is put into words only when somebody reads it: most verdicts are not read."""

    __slots__ = ("_because", "name", "outcome", "spec")

    def __init__(self, name: str, outcome: Outcome, because: str | Callable[[], str], spec: str | None = None) -> None:
        self.name = name
        self.outcome = outcome
        self.spec = spec
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
    """What the person expects of the token; None or empty: not asked, so not checked."""

    algorithms: tuple[str, ...] = ()
    issuer: str | None = None
    audience: str | None = None
    type: str | None = None
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a registered name stands for; *show* tells how its value is shown."""

    name: str
    text: str
    spec: str
    show: Literal["plain", "time"] = "plain"


_CLAIMS = (
    Meaning("iss", "Issuer: who made the token", "RFC 7519 §4.1.1"),
    Meaning("sub", "Subject: whom the token is about", "RFC 7519 §4.1.2"),
    Meaning("aud", "Audience: for whom it is meant", "RFC 7519 §4.1.3"),
    Meaning("exp", "Expires: not to be accepted from then on", "RFC 7519 §4.1.4", "time"),
    Meaning("nbf", "Not before: not to be accepted earlier", "RFC 7519 §4.1.5", "time"),
    Meaning("iat", "Issued at", "RFC 7519 §4.1.6", "time"),
    Meaning("jti", "Token ID: unique, against replay", "RFC 7519 §4.1.7"),
    Meaning("name", "Full name", "OpenID Connect Core §5.1"),
    Meaning("given_name", "Given name", "OpenID Connect Core §5.1"),
    Meaning("family_name", "Family name", "OpenID Connect Core §5.1"),
    Meaning("preferred_username", "Name the person wants to be called by", "OpenID Connect Core §5.1"),
    Meaning("email", "E-mail address", "OpenID Connect Core §5.1"),
    Meaning("email_verified", "Whether the issuer verified the address", "OpenID Connect Core §5.1"),
    Meaning("picture", "Picture URL", "OpenID Connect Core §5.1"),
    Meaning("locale", "Language and region", "OpenID Connect Core §5.1"),
    Meaning("updated_at", "When the profile last changed", "OpenID Connect Core §5.1", "time"),
    Meaning("nonce", "Ties the token to the sign-in request", "OpenID Connect Core §2"),
    Meaning("auth_time", "When the person signed in", "OpenID Connect Core §2", "time"),
    Meaning("acr", "How strong the sign-in was", "OpenID Connect Core §2"),
    Meaning("amr", "How the person signed in", "OpenID Connect Core §2"),
    Meaning("azp", "Party the token was issued to", "OpenID Connect Core §2"),
    Meaning("at_hash", "Hash of the access token", "OpenID Connect Core §3.1.3.6"),
    Meaning("c_hash", "Hash of the code", "OpenID Connect Core §3.3.2.11"),
    Meaning("sid", "Session ID", "OpenID Connect Front-Channel Logout §3"),
    Meaning("scope", "Scopes: what the token allows", "RFC 8693 §4.2"),
    Meaning("client_id", "Client that asked for the token", "RFC 8693 §4.3"),
    Meaning("act", "Actor: who acts for the subject", "RFC 8693 §4.1"),
    Meaning("roles", "Roles of the subject", "RFC 9068 §2.2.3.1"),
    Meaning("groups", "Groups of the subject", "RFC 9068 §2.2.3.1"),
    Meaning("entitlements", "Entitlements of the subject", "RFC 9068 §2.2.3.1"),
    Meaning("cnf", "Key that the bearer must prove to hold", "RFC 7800 §3.1"),
)
_HEADER = (
    Meaning("alg", "Algorithm of the signature", "RFC 7515 §4.1.1"),
    Meaning("typ", "Type of the whole token", "RFC 7515 §4.1.9"),
    Meaning("cty", "Type of the content; JWT means a nested token", "RFC 7515 §4.1.10"),
    Meaning("kid", "Which key was used: a hint", "RFC 7515 §4.1.4"),
    Meaning("jku", "URL of a key set, named by the token itself", "RFC 7515 §4.1.2"),
    Meaning("jwk", "A key brought by the token itself", "RFC 7515 §4.1.3"),
    Meaning("x5u", "URL of a certificate, named by the token itself", "RFC 7515 §4.1.5"),
    Meaning("x5c", "Certificates brought by the token itself", "RFC 7515 §4.1.6"),
    Meaning("x5t", "SHA-1 thumbprint of the certificate", "RFC 7515 §4.1.7"),
    Meaning("x5t#S256", "SHA-256 thumbprint of the certificate", "RFC 7515 §4.1.8"),
    Meaning("crit", "Extensions a receiver must understand", "RFC 7515 §4.1.11"),
    Meaning("b64", "Whether the payload is base64url", "RFC 7797 §3"),
    Meaning("enc", "Content encryption", "RFC 7516 §4.1.2"),
    Meaning("zip", "Compression before encryption", "RFC 7516 §4.1.3"),
    Meaning("epk", "Ephemeral public key", "RFC 7518 §4.6.1.1"),
)
CLAIMS = {row.name: row for row in _CLAIMS}
HEADER = {row.name: row for row in _HEADER}


def findings(token: Token, claims: object) -> Iterator[Finding]:
    """What is wrong with the registered claims by their types alone, with places."""
    if not isinstance(claims, dict):
        return
    for name in ("exp", "nbf", "iat"):
        if name in claims and not times.is_date(claims[name]):
            kind = kind_of(claims[name]) if not isinstance(claims[name], Decimal) else "a number without end"
            yield _at(token, name, found("claim_not_a_date", "payload", name=name, kind=kind, guess=_date_guess(claims[name])))
    for name in ("iss", "sub", "jti"):
        if name in claims and not isinstance(claims[name], str):
            yield _at(
                token, name, found("claim_type", "payload", name=name, kind=kind_of(claims[name]), need="a string", spec=CLAIMS[name].spec)
            )
    if "aud" in claims and _audiences(claims["aud"]) is None:
        kind = kind_of(claims["aud"])
        yield _at(
            token,
            "aud",
            found("claim_type", "payload", name="aud", kind=kind, need="a string or an array of strings", spec=CLAIMS["aud"].spec),
        )
    if "exp" not in claims:
        yield found("claim_no_exp", "payload")


def checks(token: Token, at: Seconds, leeway: Seconds, expect: Expectations) -> Iterator[Check]:
    """The claims part of the report, in its order: claims set, times, issuer, audience, type."""
    value = token.payload.value if token.payload else None
    yield _claims_set(token, value)
    claims: dict[str, Any] = value if isinstance(value, dict) else {}
    yield _exp(claims, at, leeway)
    yield _nbf(claims, at, leeway)
    yield _iat(claims, at, leeway)
    yield _iss(claims, expect.issuer)
    yield _aud(claims, expect.audience)
    yield _typ(token, expect.type)


def _claims_set(token: Token, value: object) -> Check:
    spec = "RFC 7519 §7.2"
    if token.kind == "JWE" or token.payload is None:
        return Check("claims", "not_checked", "There are no claims to read.", spec)
    wrong = next((finding for finding in token.payload_findings if finding.level == "error"), None)
    if wrong is None and not isinstance(value, dict):
        wrong = token.payload_findings[-1]
    if wrong:
        return Check("claims", "failed", wrong.message, spec)
    assert isinstance(value, dict)
    return Check("claims", "passed", lambda: f"The payload is a claims set of {len(value)} member{'s' if len(value) != 1 else ''}.", spec)


def _exp(claims: dict[str, Any], at: Seconds, leeway: Seconds) -> Check:
    spec = CLAIMS["exp"].spec
    if "exp" not in claims:
        return Check("exp", "warned", "No exp: the token never expires.", spec)
    exp = claims["exp"]
    if not times.is_date(exp):
        return Check("exp", "failed", lambda: f"exp is {kind_of(exp)}, not a date; a strict receiver refuses the token.", spec)
    if at < exp + leeway:
        if at >= exp:
            return Check(
                "exp",
                "passed",
                lambda: f"Expired {times.relative(exp, at)} ({times.utc(exp)}), within the leeway of {times.span(leeway)}.",
                spec,
            )
        return Check("exp", "passed", lambda: f"Expires {times.relative(exp, at)} ({times.utc(exp)}).", spec)
    beyond = f"; the leeway is {times.span(leeway)}" if leeway else ""
    return Check("exp", "failed", lambda: f"Expired {times.relative(exp, at)} ({times.utc(exp)}){beyond}.", spec)


def _nbf(claims: dict[str, Any], at: Seconds, leeway: Seconds) -> Check:
    spec = CLAIMS["nbf"].spec
    if "nbf" not in claims:
        return Check("nbf", "not_checked", "No nbf: valid from the start.", spec)
    nbf = claims["nbf"]
    if not times.is_date(nbf):
        return Check("nbf", "failed", lambda: f"nbf is {kind_of(nbf)}, not a date; a strict receiver refuses the token.", spec)
    if at >= nbf - leeway:
        return Check("nbf", "passed", lambda: f"Valid since {times.utc(nbf)} ({times.relative(nbf, at)}).", spec)
    return Check("nbf", "failed", lambda: f"Not valid before {times.utc(nbf)}: {times.relative(nbf, at)}.", spec)


def _iat(claims: dict[str, Any], at: Seconds, leeway: Seconds) -> Check:
    spec = CLAIMS["iat"].spec
    if "iat" not in claims:
        return Check("iat", "not_checked", "No iat: when it was issued is not said.", spec)
    iat = claims["iat"]
    if not times.is_date(iat):
        return Check("iat", "failed", lambda: f"iat is {kind_of(iat)}, not a date; a strict receiver refuses the token.", spec)
    if at < iat - leeway:
        return Check(
            "iat",
            "warned",
            lambda: f"Issued {times.relative(iat, at)}, in the future ({times.utc(iat)}): a clock is wrong, or the token is forged.",
            spec,
        )
    return Check("iat", "passed", lambda: f"Issued {times.relative(iat, at)} ({times.utc(iat)}).", spec)


def _iss(claims: dict[str, Any], issuer: str | None) -> Check:
    spec = CLAIMS["iss"].spec
    if issuer is None:
        return Check("iss", "not_checked", "No issuer is expected.", spec)
    if "iss" not in claims:
        return Check("iss", "failed", f'No iss; "{quoted(issuer)}" is expected.', spec)
    iss = claims["iss"]
    if iss == issuer and isinstance(iss, str):
        return Check("iss", "passed", f'Issued by "{quoted(issuer)}", as expected.', spec)
    shown = f'"{quoted(iss)}"' if isinstance(iss, str) else kind_of(iss)
    slash = " They differ by the slash at the end." if isinstance(iss, str) and iss.rstrip("/") == issuer.rstrip("/") else ""
    return Check("iss", "failed", f'iss is {shown}; "{quoted(issuer)}" is expected.{slash}', spec)


def _aud(claims: dict[str, Any], audience: str | None) -> Check:
    spec = CLAIMS["aud"].spec
    audiences = _audiences(claims["aud"]) if "aud" in claims else []
    if audiences is None:
        return Check("aud", "failed", lambda: f"aud is {kind_of(claims['aud'])}; a string or an array of strings is required.", spec)
    if audience is None:
        return Check("aud", "not_checked", lambda: f"{_token_is_for(audiences)}; no audience is expected.", spec)
    if audience in audiences:
        return Check("aud", "passed", lambda: f'The token is for "{quoted(audience)}", as expected.', spec)
    return Check("aud", "failed", lambda: f'{_token_is_for(audiences)}; "{quoted(audience)}" is expected.', spec)


def _token_is_for(audiences: list[str]) -> str:
    if not audiences:
        return "No aud"
    more = f" and {len(audiences) - 5} more" if len(audiences) > 5 else ""
    return f"The token is for {', '.join(chr(34) + quoted(one) + chr(34) for one in audiences[:5])}{more}"


def _typ(token: Token, expected: str | None) -> Check:
    spec = "RFC 8725 §3.11"
    if expected is None:
        return Check("typ", "not_checked", "No type is expected.", spec)
    value = token.header.value if token.header else None
    typ = value.get("typ") if isinstance(value, dict) else None
    if not isinstance(typ, str):
        return Check("typ", "failed", f'No typ; "{quoted(expected)}" is expected.', spec)
    if _media_type(typ) == _media_type(expected):
        return Check("typ", "passed", f'The type is "{quoted(typ)}", as expected.', spec)
    return Check("typ", "failed", f'The type is "{quoted(typ)}"; "{quoted(expected)}" is expected.', spec)


def _media_type(typ: str) -> str:
    """RFC 7515 §4.1.9: without a slash, `application/` stands before it; case does not count."""
    lower = typ.lower() if typ.isascii() else typ  # lower() would make a k of the Kelvin sign
    return lower if "/" in lower else f"application/{lower}"


def _audiences(aud: object) -> list[str] | None:
    if isinstance(aud, str):
        return [aud]
    if isinstance(aud, list) and all(isinstance(one, str) for one in aud):
        return aud
    return None


def _date_guess(value: object) -> str:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 16:
        return f" As a number it would be {times.utc(int(value))}."
    return ""


def _at(token: Token, name: str, finding: Finding) -> Finding:
    """*finding* with the place of the claim's value."""
    document = token.payload
    member = document.member(name) if document else None
    if document is None or member is None:
        return finding
    return replace(finding, **token.place("payload", document, member.start, member.end - member.start))
