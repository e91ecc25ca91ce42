"""What Apache answers, as measured with version 2.4.12.3 of mod_auth_openidc; the body is its own page and is not told."""

from __future__ import annotations

from app.gateway.exports import apache_limits as limits
from app.gateway.exports import apache_rules as rules
from app.gateway.exports import native
from app.gateway.exports.case import PASSED_ON, Case, NotKnown, answering
from app.gateway.exports.export import Answer
from app.gateway.permissions import written
from app.gateway.policy import Policy
from app.gateway.request import Header

_WRONG = "JWT token could not be validated"


def _answer(policy: Policy, case: Case) -> Answer:
    if limits.refuses(case.request.target):
        return Answer(403, because="The first branch denies a path with a percent sign in it, or with letters that some servers fold.")
    if case.route is None:
        return Answer(403, because="No branch takes the request, and the last one denies.")
    if case.route.access == "anyone":
        return Answer(PASSED_ON, because="The branch of this route is open.")
    if len(limits.accepted(policy)) < len(policy.sources) or len(case.found) > 1:
        raise NotKnown
    if case.route.access == "optional" and limits.may_be_left_out(policy) and not case.request.values("Authorization"):
        return Answer(PASSED_ON, because="The branch for requests of this route without Authorization is open.")
    if not case.found:
        return _unauthorized(policy, "invalid_request", "No bearer token found in the request")
    return _judged(policy, case)


def _judged(policy: Policy, case: Case) -> Answer:
    if case.text and not case.failed("form") and _has_no_key(policy):
        return _unauthorized(policy, "invalid_token", _WRONG)
    if not case.text or case.failed("form") or case.failed("header") or case.at_exp or len(policy.issuers) > 1 or not _has_all_keys(policy):
        raise NotKnown
    exp = case.claims.get("exp")
    if case.failed("signature") or (type(exp) is int and (case.failed("exp") or case.in_leeway)):
        return _unauthorized(policy, "invalid_token", _WRONG)
    if not case.passed("signature") or not isinstance(case.claims.get("iss"), str) or (exp is not None and not case.passed("exp")):
        raise NotKnown
    if not _is_exact(policy, case):
        raise NotKnown
    if any(case.failed(name) for name in ("iss", "aud", "scopes", "roles", "claims")):
        challenge = Header("WWW-Authenticate", f'Bearer realm="{limits.realm(policy)}", error="insufficient_scope"')
        return Answer(403, (challenge,), because="Require claim does not hold; to Apache, issuer and audience are such rules too.")
    return Answer(PASSED_ON, because="The signature verifies, exp is not over and every Require holds; typ, nbf and iat are not judged.")


def _is_exact(policy: Policy, case: Case) -> bool:
    """Whether Apache makes of the claims what the policy does: texts compared with texts, and everything there that must be."""
    route = case.route
    compares = list(native.compares(route.claims)) if route else []
    values = [value for one in compares for value in (one.value if one.how == "one_of" else (one.value,))]
    paths = [words.claim for words in (route.scopes, route.roles) if words] if route else []
    required = [path for issuer in policy.issuers for path in issuer.required if not limits.is_time(path)]
    return (
        all(isinstance(value, str) for value in values)
        and all(rules.is_exact(case.claims, path, may_be_list=True) for path in paths)
        and all(rules.is_exact(case.claims, one.claim, may_be_list=one.how == "contains") for one in compares)
        and not any(case.failed(f"{written(path)} is required") for path in required)
    )


def _has_all_keys(policy: Policy) -> bool:
    """Whether Apache has the keys of the policy and no others, and finds each by its kid."""
    sources = [source for issuer in policy.issuers for source in issuer.keys]
    keys = [key for source in sources for key in (source.keys.keys if source.keys else ())]
    return all(source.keys for source in sources) and all(key.key_type == "RSA" and key.kid and limits.is_kid(key.kid) for key in keys)


def _has_no_key(policy: Policy) -> bool:
    """Whether the keys of the policy are written there, and none of them is for Apache."""
    sources = [source for issuer in policy.issuers for source in issuer.keys]
    return all(source.keys and all(key.key_type != "RSA" for key in source.keys.keys) for source in sources)


def _unauthorized(policy: Policy, error: str, description: str) -> Answer:
    value = f'Bearer realm="{limits.realm(policy)}", error="{error}", error_description="{description}"'
    return Answer(
        401, (Header("WWW-Authenticate", value),), because="mod_auth_openidc does not take the token, and tells no more than this."
    )


answer = answering(_answer)
