"""What APISIX answers, from the source of jwt-auth and from the function beside it."""

from __future__ import annotations

from app.gateway.exports.apisix_gaps import ALGORITHMS, discovery, is_looked_at
from app.gateway.exports.apisix_lua import refuses
from app.gateway.exports.case import PASSED_ON, Case, NotKnown, answering
from app.gateway.exports.credentials import by_issuer, options
from app.gateway.exports.export import Answer
from app.gateway.policy import Policy
from app.gateway.request import Header


def _answer(policy: Policy, case: Case) -> Answer:
    if case.route is None:
        return Answer(404, (), '{"error_msg":"404 Route Not Found"}', "No route matches.")
    if case.route.access == "anyone":
        return Answer(PASSED_ON, because="The service of this route has no plugin that asks for a token.")
    if refuses(case.request.target):
        raise NotKnown  # the function denies it, if jwt-auth before it does not
    if not all(is_looked_at(policy, source) for source in policy.sources) or len(case.found) > 1 or discovery(policy, ALGORITHMS):
        raise NotKnown
    if not case.found and any(case.request.values(source.name) for source in policy.sources if source.place == "header"):
        raise NotKnown
    if not case.found and case.route.access == "optional":
        return Answer(PASSED_ON, because="jwt-auth takes a request without a token as the anonymous consumer's.")
    refused = _refused(policy, case)
    if refused and case.route.access == "optional":
        return _challenged(policy, 401, "the token is not accepted", "invalid_token")
    return refused or _judged(policy, case)


def _refused(policy: Policy, case: Case) -> Answer | None:
    """The answer of the plugin jwt-auth, or None when it takes the token."""
    if not case.found:
        return _unauthorized(policy, "Missing JWT token in request", "there is no token where it looks.")
    if not case.text or case.failed("form"):
        raise NotKnown
    iss = case.claims.get("iss")
    if iss is None:
        return _unauthorized(policy, "missing user key in JWT token", "iss says whose key it is, and is not there.")
    known = {name: option for _, name, option in by_issuer(policy, ALGORITHMS)}
    if iss not in known if isinstance(iss, str) else True:
        return _unauthorized(policy, "Invalid user key in JWT token", "no consumer has a key for this iss.")
    if case.at_exp or case.header.get("alg") != known[str(iss)].algorithm:
        raise NotKnown
    if case.failed("signature"):
        return _unauthorized(policy, "failed to verify jwt", "the key does not verify the signature.")
    if not case.passed("signature") or not _is_only_key(policy, case):
        raise NotKnown
    if case.failed("exp") and isinstance(case.claims.get("exp"), int):
        return _unauthorized(policy, "failed to verify jwt", "exp is over.")
    if case.failed("nbf") and isinstance(case.claims.get("nbf"), int):
        raise NotKnown
    return None


def _judged(policy: Policy, case: Case) -> Answer:
    told = (
        ("aud", 401, "invalid_token", "the audience is another"),
        ("is required", 401, "invalid_token", "a claim is missing"),
        ("exp", 401, "invalid_token", "exp is not a number"),
        ("nbf", 401, "invalid_token", "nbf is not a number"),
        ("life", 401, "invalid_token", "the token lives too long"),
        ("scopes", 403, "insufficient_scope", "the token does not allow this"),
        ("roles", 403, "insufficient_scope", "the token does not allow this"),
        ("claims", 403, "insufficient_scope", "the token does not allow this"),
        ("upstream", 401, "invalid_token", "a claim is too long for a header"),
    )
    for part, status, error, message in told:
        if any(outcome == "failed" and name.endswith(part) for name, outcome in case.outcomes.items()):
            return _challenged(policy, status, message, error)
    return Answer(PASSED_ON, because="jwt-auth takes the token, and the function finds everything that it must say; typ is not judged.")


def _is_only_key(policy: Policy, case: Case) -> bool:
    issuer = case.issuer(policy)
    return issuer is not None and len([one for one in options(issuer, ALGORITHMS) if one.algorithm == case.header.get("alg")]) == 1


def _unauthorized(policy: Policy, message: str, because: str) -> Answer:
    return Answer(
        401,
        (Header("WWW-Authenticate", f'Bearer realm="{policy.realm}"'),),
        f'{{"message":"{message}"}}',
        f"The plugin jwt-auth: {because}",
    )


def _challenged(policy: Policy, status: int, message: str, error: str) -> Answer:
    challenge = Header("WWW-Authenticate", f'Bearer realm="{policy.realm}", error="{error}"')
    return Answer(status, (challenge,), f'{{"message":"{message}"}}', "The function of serverless-post-function.")


answer = answering(_answer)
