"""What a client gets from Istio: its Envoy verifies tokens and answers 401, its AuthorizationPolicy denies with 403."""

from __future__ import annotations

from app.gateway import credentials
from app.gateway.decision import Decision
from app.gateway.exports.case import PASSED_ON, is_hidden
from app.gateway.exports.envoy_answer import audience_is_near
from app.gateway.exports.envoy_terms import VERIFIES
from app.gateway.exports.export import Answer
from app.gateway.exports.native import compares
from app.gateway.permissions import value_at
from app.gateway.policy import Policy, Route
from app.gateway.request import Request
from app.tokens import decode

# In the order in which Envoy looks; of several reasons why no key fits, it is not known which it tells.
_JWT = {
    "iss": (401, "Jwt issuer is not configured"),
    "nbf": (401, "Jwt not yet valid"),
    "exp": (401, "Jwt is expired"),
    "aud": (403, "Audiences in Jwt are not allowed"),
    "algorithm": (401, ""),
    "key": (401, ""),
    "signature": (401, "Jwt verification fails"),
}
_DENIED = "AuthorizationPolicy denies; RequestAuthentication alone lets a request without a token pass."
_REFUSED = "RequestAuthentication refuses a token that is wrong before AuthorizationPolicy is asked"
_SKEW = ", once its 60 seconds of clock skew are over"
_PASSES = "Istio passes the request on, and the API answers."
# What Istio does not look at: a token may fail in it.
_UNSEEN = {"typ": "it does not look at typ", "life": "it does not limit the life of a token"}
# What it looks at in its own way.
_READ_OTHERWISE = ("header", "form", "claims", "upstream", "accepted")
_DATES = (("exp",), ("iat",), ("nbf",))


def answer(policy: Policy, request: Request, decision: Decision, is_closed: bool) -> Answer | None:
    """None where Istio's own reading of the request or the token decides; *is_closed*: the export has no rule for the route."""
    route = decision.route
    if any(rule.denies for rule in decision.rules if rule.layer in ("request", "keys")):
        return None
    found = credentials.find(request, policy.sources)
    if route is None or (not found and not decision.allowed):
        return _denied()
    if not found:
        return _denied() if is_closed else Answer(PASSED_ON, because=_PASSES)
    failed = {rule.name for rule in decision.rules if rule.denies and rule.layer == "token"}
    if (
        route.access == "anyone"
        or is_hidden(policy, request)
        or failed & set(_READ_OTHERWISE)
        or any("is required" in name for name in failed)
    ):
        return None
    if failed - set(_UNSEEN):
        return _of_authentication(policy, decision, failed, found[0].text)
    if not _keys_are_there(policy, decision):
        return None
    if is_closed:
        return _denied()
    if not _is_read_alike(policy, route, decision):
        return None
    if any(rule.denies for rule in decision.rules if rule.layer == "permission"):
        return _denied()
    unseen = " and ".join(_UNSEEN[name] for name in sorted(failed))
    return Answer(PASSED_ON, because=f"{_PASSES[:-1]}: {unseen}." if unseen else _PASSES)


def _denied() -> Answer:
    return Answer(403, body="RBAC: access denied", because=_DENIED)


def _of_authentication(policy: Policy, decision: Decision, failed: set[str], text: str | None) -> Answer | None:
    """What RequestAuthentication answers; of several issuers it is not known which has the last word."""
    if "iss" not in failed and not _keys_are_there(policy, decision):
        return None
    if "aud" in failed and (text is None or len(policy.issuers) > 1 or audience_is_near(policy, decode(text))):
        return None
    name = next(name for name in _JWT if name in failed)
    status, body = _JWT[name]
    skew = _SKEW if name in ("exp", "nbf") else ""
    words = body if len(policy.issuers) == 1 else ""
    return Answer(status, body=words, because=f"{_REFUSED}{skew}; a WWW-Authenticate header comes with it.")


def _keys_are_there(policy: Policy, decision: Decision) -> bool:
    """Whether the keys of the token's issuer stand in the configuration, and Istio knows what they are for."""
    issuer = policy.issuer_of(decision.report.payload) if decision.report else None
    if issuer is None or not issuer.names:
        return False
    return all(source.keys is not None and set(source.algorithms) <= VERIFIES for source in issuer.keys)


def _is_read_alike(policy: Policy, route: Route, decision: Decision) -> bool:
    """Whether Istio sees in the claims what we see: it knows no numbers, and no words in a string that a rule compares."""
    claims = decision.report.payload if decision.report else None
    issuer = policy.issuer_of(claims)
    if not isinstance(claims, dict) or issuer is None:
        return False
    compared = list(compares(route.claims))
    paths = [*(path for path in issuer.required if path not in _DATES), *(one.claim for one in compared)]
    values = [value_at(claims, path) for path in paths]
    return all(isinstance(value, str) and value for value in values) and not any(one.how == "contains" for one in compared)
