"""The key binding JWT: the holder proves to hold the key that the issuer put into `cnf` (RFC 9901 §4.3, §7.3)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from app.tokens import claims, envelope, jws, keys, times
from app.tokens.algorithms import algorithm
from app.tokens.claims import Check, Expectations
from app.tokens.envelope import Token
from app.tokens.findings import Finding, found, kind_of, quoted
from app.tokens.jws import Signature
from app.tokens.keys import Keys
from app.tokens.sd_jwt import Presentation
from app.tokens.times import Seconds

_SPEC = "RFC 9901 §4.3"
_JUDGING = "RFC 9901 §7.3"
TYPE = "kb+jwt"


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """The verdict on a key binding JWT; *status* is `verified` only when the issuer's signature vouches for the holder's key."""

    status: Literal["verified", "invalid", "not_checked"]
    because: str
    token: Token
    signature: Signature
    checks: tuple[Check, ...]

    @property
    def check(self) -> Check:
        """The whole as one row among the checks of the SD-JWT."""
        outcomes: dict[str, claims.Outcome] = {"verified": "passed", "invalid": "failed", "not_checked": "not_checked"}
        return Check("key_binding", outcomes[self.status], self.because, _JUDGING, "Key binding")

    def findings(self, text: str) -> Iterator[Finding]:
        """Why the whole *text* must be refused because of it; a hash that differs is told already."""
        failed = [one.name for one in self.checks if one.outcome == "failed"]
        if failed and failed != ["sd_hash"]:
            at = text.rfind(self.token.text)
            place: dict[str, Any] = {"offset": at, "length": len(self.token.text)} if at >= 0 else {}
            yield found("sd_key_binding_refused", "token", **place, because=self.because)


def judge(shown: Presentation, issuer_verified: bool, at: Seconds, leeway: Seconds, expect: Expectations) -> KeyBinding:
    """Judge the key binding JWT of *shown* with the key in `cnf`; *expect* is what the verifier asked the holder for."""
    token = envelope.read(shown.key_binding)
    held = holder_keys(shown)
    signature = jws.judge(token, held)
    checks = (_signature(held, signature), *_of_token(token, at, leeway, expect), _nonce(token, expect.nonce), _sd_hash(shown))
    failed = next((one for one in checks if one.outcome == "failed"), None)
    if failed:
        return KeyBinding("invalid", failed.because, token, signature, checks)
    undecided = next((one for one in checks if one.name in ("signature", "sd_hash") and one.outcome == "not_checked"), None)
    if undecided:
        return KeyBinding("not_checked", undecided.because, token, signature, checks)
    assert signature.key is not None
    name = signature.key.with_kid
    if not issuer_verified:
        because = f"It fits the {name} in cnf, but nobody vouches for that key as long as the issuer's signature is not verified."
        return KeyBinding("not_checked", because, token, signature, checks)
    unasked = " and ".join(name for name, given in (("nonce", expect.nonce), ("audience", expect.audience)) if not given)
    unsaid = f" Its {unasked} {'were' if ' and ' in unasked else 'was'} not compared." if unasked else ""
    doubts = "".join(f" {one.because}" for one in checks if one.outcome == "warned")
    because = f"The holder proves to hold the {name} that the issuer put into cnf.{unsaid}{doubts}"
    return KeyBinding("verified", because, token, signature, checks)


def missing(claims_set: object) -> Check:
    """The row of an SD-JWT without a key binding JWT."""
    bound = isinstance(claims_set, dict) and "cnf" in claims_set
    more = ": it is not shown that who presents this holds the key in cnf." if bound else ", and no cnf: whoever has this can present it."
    return Check("key_binding", "not_checked", f"No key binding JWT{more}", _JUDGING, "Key binding")


def for_the_issuer(shown: Presentation, expect: Expectations) -> Expectations:
    """What is expected of the issuer-signed JWT: audience and nonce are the key binding JWT's, unless the issuer has such claims too."""
    if not shown.key_binding:
        return expect
    value = shown.claims.value if shown.claims else None
    names = value if isinstance(value, dict) else {}
    return replace(expect, audience=expect.audience if "aud" in names else None, nonce=expect.nonce if "nonce" in names else None)


def holder_keys(shown: Presentation) -> Keys:
    """The key that `cnf` names as that of the holder, if it stands there as a JWK."""
    value = shown.claims.value if shown.claims else None
    cnf = value.get("cnf") if isinstance(value, dict) else None
    jwk = cnf.get("jwk") if isinstance(cnf, dict) else None
    # Without kty it would be read as any other text: as a secret.
    return keys.read(json.dumps(jwk, default=str)) if isinstance(jwk, dict) and "kty" in jwk else Keys()


def _signature(held: Keys, signature: Signature) -> Check:
    row = algorithm(signature.algorithm)
    if signature.status == "unsecured":
        return Check("signature", "failed", "The key binding JWT says alg none, so it proves nothing.", _SPEC)
    if row is not None and row.family == "hmac":
        return Check("signature", "failed", f"{row.name} is no digital signature: only a private key proves that somebody holds it.", _SPEC)
    if not held.keys:
        because = held.problem if held.text else "There is no cnf with a jwk in the claims: the holder's key is not known."
        return Check("signature", "not_checked", because, _JUDGING)
    if signature.status == "verified":
        return Check("signature", "passed", lambda: signature.because, _JUDGING)
    misfit = signature.status == "not_checked" and signature.key is not None
    outcome: claims.Outcome = "failed" if signature.status == "invalid" or misfit or signature.faults else "not_checked"
    return Check("signature", outcome, signature.because, _JUDGING)


def _of_token(token: Token, at: Seconds, leeway: Seconds, expect: Expectations) -> Iterator[Check]:
    """Type, times and audience: those rules of any JWT, of which iat and aud must be there."""
    value = token.claims if isinstance(token.claims, dict) else {}
    for check in claims.checks(token, at, leeway, Expectations(audience=expect.audience, type=TYPE)):
        if check.name == "iss" or (check.name in ("exp", "nbf") and check.name not in value):
            continue
        if check.name == "iat" and not times.is_date(value.get("iat")):
            yield Check("iat", "failed", f"iat is {_shown(value, 'iat')}; a key binding JWT must say when it was made.", _SPEC)
        elif check.name == "aud" and not isinstance(value.get("aud"), str):
            yield Check("aud", "failed", f"aud is {_shown(value, 'aud')}; a key binding JWT is for one verifier, named as a string.", _SPEC)
        else:
            yield check


def _nonce(token: Token, expected: str | None) -> Check:
    value = token.claims if isinstance(token.claims, dict) else {}
    nonce = value.get("nonce")
    if not isinstance(nonce, str):
        return Check("nonce", "failed", f"nonce is {_shown(value, 'nonce')}; a key binding JWT must have the verifier's, a string.", _SPEC)
    if expected is None:
        because = f'nonce is "{quoted(nonce)}"; give the nonce of the verifier to have it compared.'
        return Check("nonce", "not_checked", because, _SPEC)
    if nonce != expected:
        return Check("nonce", "failed", f'nonce is "{quoted(nonce)}"; "{quoted(expected)}" is expected.', _SPEC)
    return Check("nonce", "passed", f'nonce is "{quoted(nonce)}", as expected.', _SPEC)


def _sd_hash(shown: Presentation) -> Check:
    if not shown.sd_hash:
        return Check("sd_hash", "not_checked", "What the key binding JWT must hash is not known, so sd_hash cannot be compared.", _SPEC)
    if shown.sd_hash_given == shown.sd_hash:
        return Check("sd_hash", "passed", "sd_hash is the hash of exactly what is presented.", _SPEC)
    given = f'"{quoted(shown.sd_hash_given)}"' if shown.sd_hash_given is not None else "missing"
    because = f'sd_hash is {given}; of what is presented it is "{shown.sd_hash}": the key binding JWT was made for another presentation.'
    return Check("sd_hash", "failed", because, _SPEC)


def _shown(value: dict[str, Any], name: str) -> str:
    return kind_of(value[name]) if name in value else "missing"
