"""What a client gets from Istio: its Envoy verifies tokens and answers 401, its AuthorizationPolicy denies with 403."""

from __future__ import annotations

from app.gateway import credentials
from app.gateway.decision import Decision
from app.gateway.exports.case import PASSED_ON
from app.gateway.exports.envoy_answer import audience_is_near
from app.gateway.exports.export import Answer
from app.gateway.policy import Policy
from app.gateway.request import Request
from app.tokens import decode

# In the order in which Envoy looks.
_JWT = {
    "iss": (401, "Jwt issuer is not configured"),
    "nbf": (401, "Jwt not yet valid"),
    "exp": (401, "Jwt is expired"),
    "aud": (403, "Audiences in Jwt are not allowed"),
    "signature": (401, "Jwt verification fails"),
}
_DENIED = "AuthorizationPolicy denies; RequestAuthentication alone lets a request without a token pass."
_REFUSED = "RequestAuthentication refuses a token that is wrong before AuthorizationPolicy is asked"
_SKEW = ", once its 60 seconds of clock skew are over"
# What Istio looks at in no way, or in its own.
_NOT_SEEN = ("typ", "life", "header", "form", "claims", "key", "algorithm", "upstream", "accepted")


def answer(policy: Policy, request: Request, decision: Decision) -> Answer | None:
    """None where Istio's own reading of the request or the token decides."""
    if any(rule.denies for rule in decision.rules if rule.layer in ("request", "keys")):
        return None
    found = credentials.find(request, policy.sources)
    if decision.route is None or (not found and not decision.allowed):
        return Answer(403, body="RBAC: access denied", because=_DENIED)
    if decision.route.access == "anyone" and found:
        return None
    if decision.allowed:
        is_plain = not found or _is_plain(policy)
        return Answer(PASSED_ON, because="Istio passes the request on, and the API answers.") if is_plain else None
    failed = {rule.name for rule in decision.rules if rule.denies and rule.layer == "token"}
    if not _is_plain(policy) or failed & set(_NOT_SEEN) or any("is required" in name for name in failed):
        return None
    text = found[0].text if found else None
    if "aud" in failed and (text is None or audience_is_near(policy, decode(text))):
        return None
    for name, (status, body) in _JWT.items():
        if name in failed:
            skew = _SKEW if name in ("exp", "nbf") else ""
            return Answer(status, body=body, because=f"{_REFUSED}{skew}; a WWW-Authenticate header comes with it.")
    return Answer(403, body="RBAC: access denied", because=_DENIED)


def _is_plain(policy: Policy) -> bool:
    """Whether there is one issuer whose keys stand in the configuration."""
    return len(policy.issuers) == 1 and all(source.keys is not None for source in policy.issuers[0].keys)
