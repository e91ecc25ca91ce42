"""What Kong answers, from the source of its router and of its plugins jwt and acl."""

from __future__ import annotations

from app.gateway.exports.case import PASSED_ON, Case, NotKnown, answering
from app.gateway.exports.credentials import Option, by_issuer, options
from app.gateway.exports.export import Answer
from app.gateway.exports.kong_terms import ALGORITHMS, asks_nbf, by_kid, groups, is_looked_at
from app.gateway.policy import Policy
from app.gateway.request import Header


def _answer(policy: Policy, case: Case) -> Answer:
    if case.route is None:
        body = '{"message":"no Route matched with those values"}'
        return Answer(404, (), body, "No route matches; since version 3.5 the body has a request_id too.")
    if case.route.access == "anyone":
        return Answer(PASSED_ON, because="The route has no plugin that asks for a token.")
    found = by_kid(policy)
    refused = _refused(policy, case, found)
    if refused and case.route.access == "optional":
        return Answer(PASSED_ON, because="Without a token that is good, the plugin jwt takes the request as the anonymous consumer's.")
    if refused:
        return refused
    allowed = groups(case.route, policy.routes.index(case.route), bool(found))
    if allowed and (found or f"iss {case.claims.get('iss')}" not in allowed):
        because = "The plugin acl: the consumer is in none of the groups of the route."
        return Answer(403, (), '{"message":"You cannot consume this service"}', because)
    return Answer(PASSED_ON, because="The plugin jwt takes the token: it judges the key, the signature and exp, and nothing else here.")


def _refused(policy: Policy, case: Case, kids: list[tuple[int, str, Option]]) -> Answer | None:
    """The answer of the plugin jwt, or None when it takes the token."""
    if not all(is_looked_at(source) for source in policy.sources):
        raise NotKnown
    if not case.found:
        return _unauthorized(policy, '{"message":"Unauthorized"}', "there is no token where it looks.", error="")
    if len(case.found) > 1:
        return _unauthorized(policy, '{"message":"Multiple tokens provided"}', "there are several tokens that differ.")
    if not case.text or case.failed("form"):
        raise NotKnown
    name = "kid" if kids else "iss"
    key = case.claims.get(name, case.header.get(name))
    if key is None:
        return _unauthorized(
            policy, f'{{"message":"No mandatory \'{name}\' in claims"}}', f"{name} says whose key it is, and is not there."
        )
    known = {found: option for _, found, option in kids or by_issuer(policy, ALGORITHMS)}
    if not isinstance(key, str) or key not in known:
        return _unauthorized(
            policy, f'{{"message":"No credentials found for given \'{name}\'"}}', f"no consumer has a key for this {name}."
        )
    if case.header.get("alg") != known[key].algorithm:
        return _unauthorized(policy, '{"message":"Invalid algorithm"}', f"this key is for {known[key].algorithm} alone.")
    if case.failed("signature"):
        return _unauthorized(policy, '{"message":"Invalid signature"}', "the key does not verify the signature.")
    if not case.passed("signature") or not _is_only_key(policy, case, known[key]):
        raise NotKnown
    if "exp" not in case.claims:
        return _unauthorized(policy, '{"exp":"must be a number"}', "it asks for exp.")
    if case.failed("exp") or case.in_leeway:
        return _unauthorized(policy, '{"exp":"token expired"}', "exp is over.")
    if not case.passed("exp") or not _is_short(policy, case) or (asks_nbf(policy) and not case.passed("nbf")):
        raise NotKnown
    return None


def _unauthorized(policy: Policy, body: str, because: str, error: str = ' error="invalid_token"') -> Answer:
    challenge = Header("WWW-Authenticate", f'Bearer realm="{policy.realm}"{error}')
    return Answer(401, (challenge,), body, f"The plugin jwt: {because}")


def _is_only_key(policy: Policy, case: Case, option: Option) -> bool:
    """Whether the key that verified the signature can be none but the one that Kong has."""
    issuer = case.issuer(policy)
    return issuer is not None and [one for one in options(issuer, ALGORITHMS) if one.algorithm == option.algorithm] == [option]


def _is_short(policy: Policy, case: Case) -> bool:
    """Whether the token passes `maximum_expiration` whatever the time is."""
    lives = [issuer.max_life for issuer in policy.issuers if issuer.max_life is not None]
    iat, exp = case.claims.get("iat"), case.claims.get("exp")
    return not lives or (isinstance(iat, int) and isinstance(exp, int) and exp - iat <= min(lives))


answer = answering(_answer)
