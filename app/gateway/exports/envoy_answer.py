"""What a client gets from Envoy, as version 1.40 answered when it was asked: jwt_authn in words, the RBAC filter in three."""

from __future__ import annotations

import re

from app.gateway import credentials
from app.gateway.decision import Decision
from app.gateway.exports.case import PASSED_ON, is_hidden
from app.gateway.exports.envoy_terms import VERIFIES
from app.gateway.exports.export import Answer
from app.gateway.policy import Policy
from app.gateway.request import Header, Request
from app.gateway.rules import Rule
from app.tokens import Decoded, decode

_SEGMENTS = "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"
_NO_KEY = "Jwks doesn't have key to match kid or alg from Jwt"
# In the order in which jwt_authn looks: the first that fails makes the answer.
_JWT = (
    ("iss", 401, "Jwt issuer is not configured"),
    ("nbf", 401, "Jwt not yet valid"),
    ("exp", 401, "Jwt is expired"),
    ("aud", 403, "Audiences in Jwt are not allowed"),
    ("exp is required", 401, "Jwt verification fails"),
    ("algorithm", 401, _NO_KEY),
    ("signature", 401, "Jwt verification fails"),
)
# About these, what Envoy says is not known, or depends on more than we see.
_UNKNOWN = ("header", "key", "life", "upstream", "accepted")
# The seconds round exp and nbf, and nbf within the leeway, as our rules tell them.
_NEAR = re.compile(r"Expired (?:now|[12] s ago)|: in [12] s;|\(in \d")
# What a header cannot hold, as it stands in ours: control characters, and white space at an end.
_CUT = re.compile(r"%(?:[01].|7F)|^%20|%20$")
# For these, jwt_authn refuses a token with 401, whatever it says.
_UNVERIFIED = {"iss", "algorithm", "key", "signature", "exp", "nbf"}
_MISSING = "jwt_authn finds no token where the route wants one."
_REFUSED = "jwt_authn refuses the token before any other rule is looked at."
_DENIED = "The RBAC filter refuses: it says so in the same words whatever the reason is."


def answer(policy: Policy, request: Request, decision: Decision) -> Answer | None:
    """None for what is no plain request with at most one token, and where several sets of keys may each refuse in their own words."""
    if any(rule.denies for rule in decision.rules if rule.layer == "request" and rule.name != "token"):
        return None
    if _is_odd(policy, request, decision):
        return None
    found = credentials.find(request, policy.sources)
    if decision.route is None or (len(found) > 1 and decision.route.access != "anyone"):
        return _forbidden()
    if decision.allowed:
        is_sure = not found or decision.route.access == "anyone" or _is_verified(policy, decision)
        return Answer(PASSED_ON, because="Envoy passes the request on, and the API answers.") if is_sure else None
    if not found:
        # Without any keys in the configuration there is no jwt_authn in it.
        if all(source.kind == "issuer_url" for issuer in policy.issuers for source in issuer.keys):
            return _forbidden()
        return _of_jwt(policy, request, 401, "Jwt is missing", _MISSING)
    if _is_verified(policy, decision):
        return _forbidden()
    text = found[0].text
    if not text:
        return None
    told = _of_token(policy, request, decision, decode(text)) if _keys_are_there(policy) else None
    return told or _without_words(policy, decision)


def _is_odd(policy: Policy, request: Request, decision: Decision) -> bool:
    """Whether Envoy reads the request, a second or a value in its own way: what it then does stands in the gaps of the export."""
    is_odd = "%" in request.target.partition("?")[0] or any("_" in header.name for header in request.headers)
    is_near = any(_NEAR.search(rule.because) for rule in decision.rules if rule.name in ("exp", "nbf"))
    return is_odd or is_near or is_hidden(policy, request) or any(_CUT.search(header.value) for header in decision.upstream)


def _is_verified(policy: Policy, decision: Decision) -> bool:
    """Whether jwt_authn takes the token as we do, with keys of its issuer that stand in the configuration."""
    issuer = policy.issuer_of(decision.report.payload) if decision.report else None
    if issuer is None or not issuer.names or any(rule.denies for rule in decision.rules if rule.layer in ("keys", "token")):
        return False
    return all(source.keys is not None and set(source.algorithms) <= VERIFIES for source in issuer.keys)


def _keys_are_there(policy: Policy) -> bool:
    """Whether there is one issuer with one set of keys, which stands in the configuration."""
    sources = [source for issuer in policy.issuers for source in issuer.keys]
    one = len(sources) == 1 and len(policy.issuers[0].names) == 1
    return one and sources[0].keys is not None and set(sources[0].algorithms) <= VERIFIES


def _of_token(policy: Policy, request: Request, decision: Decision, read: Decoded) -> Answer | None:
    failed = {rule.name: rule for rule in decision.rules if rule.denies and rule.layer == "token"}
    if "form" in failed:
        return _of_jwt(policy, request, 401, _SEGMENTS, _REFUSED) if read.token.text.count(".") != 2 else None
    if "claims" in failed or any(name in failed for name in _UNKNOWN) or _is_near(policy, read, failed):
        return None
    for name, status, body in _JWT:
        if name in failed:
            return _of_jwt(policy, request, status, body, _REFUSED) if _is_told(name, failed, read) else None
    return _forbidden()


def _without_words(policy: Policy, decision: Decision) -> Answer | None:
    """What words Envoy has for it, or which of several sets of keys has the last, is not known; where none are sent, the status is enough."""
    failed = [rule.name for rule in decision.rules if rule.denies and rule.layer == "token"]
    inline = all(source.keys is not None and set(source.algorithms) <= VERIFIES for issuer in policy.issuers for source in issuer.keys)
    if policy.describe or not inline or not decision.route or decision.route.access != "token" or not set(failed) <= _UNVERIFIED:
        return None
    return Answer(401, because=f"{_REFUSED} Its words and the challenge are kept back by strip_failure_response.")


def _is_told(name: str, failed: dict[str, Rule], read: Decoded) -> bool:
    """Whether the words for *name* are sure: of an algorithm that Envoy does not know, or of no signature at all, they are others."""
    if name in ("nbf", "exp"):
        return "not a date" not in failed[name].because
    return name not in ("algorithm", "signature") or (read.token.alg in VERIFIES and bool(read.token.signature))


def _is_near(policy: Policy, read: Decoded, failed: dict[str, Rule]) -> bool:
    return "aud" in failed and audience_is_near(policy, read)


def audience_is_near(policy: Policy, read: Decoded) -> bool:
    """Whether an audience differs only in what jwt_authn does not compare: the scheme, and a slash at the end."""
    claims = read.payload if isinstance(read.payload, dict) else {}
    there = claims.get("aud")
    named = [one for one in (there if isinstance(there, list) else [there]) if isinstance(one, str)]
    wanted = {_bare(one) for issuer in policy.issuers for one in issuer.audiences}
    return any(_bare(one) in wanted for one in named)


def _bare(audience: str) -> str:
    return audience.removeprefix("https://").removeprefix("http://").rstrip("/")


def _forbidden() -> Answer:
    return Answer(403, body="RBAC: access denied", because=_DENIED)


def _of_jwt(policy: Policy, request: Request, status: int, body: str, because: str) -> Answer:
    if not policy.describe:
        return Answer(status, because=f'{because} The words for it, "{body}", and the challenge are kept back by strip_failure_response.')
    hosts = request.values("Host")
    if not hosts:
        return Answer(status, body=body, because=because)
    error = "" if body == "Jwt is missing" else ', error="invalid_token"'
    challenge = f'Bearer realm="http://{hosts[0]}{request.target}"{error}'
    return Answer(status, (Header("WWW-Authenticate", challenge),), body, because)
