"""What a client gets from HAProxy by the export: our own statuses and challenges, for each rule in it answers with them."""

from __future__ import annotations

from decimal import Decimal

from app.gateway import credentials
from app.gateway.decision import Decision
from app.gateway.exports.case import PASSED_ON
from app.gateway.exports.export import Answer, Gap
from app.gateway.exports.haproxy_request import bad_request, refuses
from app.gateway.exports.native import words
from app.gateway.policy import Policy
from app.gateway.request import Header, Request
from app.tokens import decode

LONGEST_HEAD = 15_000

# What version 2.6 sends where the rule names no header; with one the body is empty.
_FORBIDDEN = "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n"
_BECAUSE = "The rules of the export answer so, each with http-request deny; the text is HAProxy's own, as version 2.6 sends it."


def answer(policy: Policy, request: Request, decision: Decision, gaps: tuple[Gap, ...]) -> Answer | None:
    """*gaps* are those of this policy alone; where one of them may deny more than we do, nothing is told."""
    if not _is_known(policy, request, decision, gaps):
        return None
    if refuses(request.target):
        return Answer(400, (Header("WWW-Authenticate", bad_request(policy)),), because=_BECAUSE)
    if decision.allowed:
        return Answer(PASSED_ON, because="HAProxy passes the request on, and the API answers.")
    challenge = _challenge(policy, decision)
    headers = (Header("WWW-Authenticate", challenge),) if challenge else ()
    return Answer(decision.status, headers, "" if challenge else _FORBIDDEN, _BECAUSE)


def _is_known(policy: Policy, request: Request, decision: Decision, gaps: tuple[Gap, ...]) -> bool:
    # HAProxy itself refuses what is no request for a path, before any rule; and that we lack a key says nothing of HAProxy.
    if decision.status == 503 or request.method == "CONNECT" or not request.target.startswith("/") or "#" in request.target:
        return False
    # Look-alikes of another route, and what is too long for a policy alone.
    if any(rule.name == "path" and rule.denies for rule in decision.rules) and not refuses(request.target):
        return False
    if sum(len(name) + len(value) + 4 for name, value in request.headers) + len(request.target) > LONGEST_HEAD:
        return False
    issuer = policy.issuer_of(decision.report.payload) if decision.report else None
    of_others = [f"issuers[{number}]" for number, one in enumerate(policy.issuers) if one is not issuer]
    may_deny = [gap.path for gap in gaps if gap.path != "describe" and not gap.path.startswith(("upstream.", *of_others))]
    return all(path.endswith(".max_life") for path in may_deny) and not (may_deny and _has_fractions(policy, request))


def _has_fractions(policy: Policy, request: Request) -> bool:
    """Whether a token in *request* has a date that is no whole number."""
    payloads = (decode(found.text).payload for found in credentials.find(request, policy.sources) if found.text)
    dates = (payload.get(name) for payload in payloads if isinstance(payload, dict) for name in ("exp", "iat"))
    return any(isinstance(date, Decimal) and date != int(date) for date in dates)


def _challenge(policy: Policy, decision: Decision) -> str:
    if decision.www_authenticate is None:
        return ""
    parts = {"realm": policy.realm} | ({"error": decision.error} if decision.error else {})
    if decision.error == "insufficient_scope" and decision.route and decision.route.scopes:
        parts["scope"] = " ".join(words(decision.route.scopes))
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parts.items())
