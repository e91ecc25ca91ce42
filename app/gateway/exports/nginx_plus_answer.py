"""What a client gets from nginx Plus: only the statuses are known, which its documentation and the export name."""

from __future__ import annotations

from app.gateway import credentials
from app.gateway.decision import Decision
from app.gateway.exports.case import PASSED_ON, is_hidden
from app.gateway.exports.export import Answer
from app.gateway.exports.haproxy_request import refuses
from app.gateway.exports.nginx_issuers import VERIFIES
from app.gateway.policy import Policy
from app.gateway.request import Request

_UNSEEN = " What else it sends is not known."
# What auth_jwt makes of these is not known.
_UNKNOWN = ("form", "header", "claims", "life", "upstream", "accepted", "key")


def answer(policy: Policy, request: Request, decision: Decision) -> Answer | None:
    """None where more decides than one issuer whose keys stand in a file, and rules that the maps have exactly."""
    if any(rule.denies for rule in decision.rules if rule.layer in ("request", "keys")):
        return None
    if refuses(request.target):
        return Answer(400, because="The export returns this for letters in the path that some servers fold into signs." + _UNSEEN)
    if decision.route is None:
        return Answer(403, because="No route takes the request, and the export returns this." + _UNSEEN)
    if decision.route.access == "anyone" or (decision.route.access == "optional" and not credentials.find(request, policy.sources)):
        return Answer(PASSED_ON, because="The location has no auth_jwt; nginx passes the request on, and the API answers.")
    if not credentials.find(request, policy.sources):
        return Answer(401, because="auth_jwt finds no token." + _UNSEEN)
    if not _is_plain(policy) or decision.route.claims or is_hidden(policy, request):
        return None
    failed = [rule.name for rule in decision.rules if rule.denies and rule.layer == "token"]
    if any(name in _UNKNOWN for name in failed):
        return None
    if failed:
        return Answer(401, because="auth_jwt, or an auth_jwt_require with error=401, refuses the token." + _UNSEEN)
    if not decision.allowed:
        return Answer(403, because="An auth_jwt_require with error=403 misses a scope or a role." + _UNSEEN)
    return Answer(PASSED_ON, because="nginx passes the request on, and the API answers.")


def _is_plain(policy: Policy) -> bool:
    sources = [source for issuer in policy.issuers for source in issuer.keys]
    is_one = len(policy.issuers) == len(sources) == 1 and policy.issuers[0].max_life is None
    return is_one and sources[0].keys is not None and set(sources[0].algorithms) <= VERIFIES
