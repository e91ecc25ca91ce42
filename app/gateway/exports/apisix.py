"""Apache APISIX with its plugin jwt-auth, standalone: a consumer stands for an issuer, and Lua judges what the plugin does not."""

from __future__ import annotations

from typing import Any

from app.gateway.exports import blocks
from app.gateway.exports.apisix_gaps import discovery, is_looked_at, tell
from app.gateway.exports.apisix_lua import USERINFO, program
from app.gateway.exports.asking import API
from app.gateway.exports.case import PASSED_ON, Case, NotKnown, answering
from app.gateway.exports.credentials import Option, by_issuer, options
from app.gateway.exports.export import Answer, Export, File, Gateway
from app.gateway.exports.native import Gaps
from app.gateway.exports.patterns import methods, never_passed_on, pattern
from app.gateway.policy import Access, KeySource, Place, Policy, Route
from app.gateway.request import Header
from app.tokens.findings import quoted

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA", "HS256", "HS384", "HS512")
_NOBODY = "without_a_token"


def export(policy: Policy) -> Export:
    gaps = Gaps()
    tell(gaps, policy, ALGORITHMS, discovery(policy, ALGORITHMS))
    credentials = list(by_issuer(policy, ALGORITHMS))
    kinds = dict.fromkeys(route.access for route in policy.routes)
    document = {
        "routes": [_route(policy, number, route) for number, route in enumerate(policy.routes, 1)],
        "services": [_service(policy, access) for access in kinds],
        "upstreams": [{"id": "api", "type": "roundrobin", "nodes": {API: 1}}],
        "consumers": [
            *(_consumer(policy, *one) for one in enumerate(credentials, 1)),
            *([{"username": _NOBODY}] if "optional" in kinds else []),
        ],
    }
    text = blocks.to_yaml(document) + "#END\n"
    return Export((File("apisix.yaml", "yaml", text),), gaps.all(), _notes(credentials))


def _notes(credentials: list[tuple[int, str, Option]]) -> tuple[str, ...]:
    told = (
        f"Put the address of your API in the place of {API}, and let it be reached through APISIX alone.",
        "Put apisix.yaml into conf, and into conf/config.yaml: deployment: {role: data_plane, role_data_plane: {config_provider: yaml}}.",
        "jwt-auth with key_claim_name and store_in_ctx is asked for: APISIX 3.13 or newer. serverless-post-function must stand among the plugins, as it does by default.",
    )
    secrets = dict.fromkeys(option.secret for _, _, option in credentials if option.secret)
    return told + tuple(
        f'Write the secret "{quoted(name, 80)}" as `secret` beside its key; APISIX refuses the consumer without it.' for name in secrets
    )


def _consumer(policy: Policy, place: int, credential: tuple[int, str, Option]) -> dict[str, Any]:
    number, name, option = credential
    plugin: dict[str, Any] = {"key": name, "algorithm": option.algorithm, "lifetime_grace_period": policy.issuers[number].leeway}
    if option.key:
        plugin["public_key"] = option.pem
    return {"username": f"issuer_{place}", "plugins": {"jwt-auth": plugin}}


def _route(policy: Policy, number: int, route: Route) -> dict[str, Any]:
    # Every route has the same uri: only then does the priority alone decide, and not the length of the path.
    made: dict[str, Any] = {
        "id": str(number),
        "uri": "/*",
        "methods": list(methods(route)),
        "priority": len(policy.routes) - number + 1,
        "service_id": route.access,
    }
    if route.path != "/" or not route.is_prefix:
        made["vars"] = [["uri", "~~", f"^{pattern(route)}"]]
    return made


def _service(policy: Policy, access: Access) -> dict[str, Any]:
    found = discovery(policy, ALGORITHMS)
    plugins: dict[str, Any] = {}
    if access != "anyone":
        plugins = {"openid-connect": _openid_connect(policy, found)} if found else {"jwt-auth": _jwt_auth(policy, access)}
    # Whether a token came with it is to be seen when jwt-auth is done; only then the function takes it away.
    kept = _token_headers(policy) if access == "optional" or found else []
    plugins["proxy-rewrite"] = {"headers": {"remove": [name for name in never_passed_on(policy) if name not in kept]}}
    plugins["serverless-post-function"] = {"phase": "access", "functions": [_function(policy, access, kept)]}
    return {"id": access, "upstream_id": "api", "plugins": plugins}


def _function(policy: Policy, access: Access, kept: list[str]) -> str:
    if discovery(policy, ALGORITHMS) and access != "anyone":
        return program(policy, _where(policy) | {"removed": [*kept, "X-Userinfo"]}, USERINFO)
    return program(policy, _where(policy) | {"removed": kept})


def _openid_connect(policy: Policy, source: KeySource) -> dict[str, Any]:
    (issuer,) = policy.issuers
    made: dict[str, Any] = {
        "discovery": f"{source.reference.rstrip('/')}/.well-known/openid-configuration",
        # It asks for both and uses neither: tokens are judged by the keys of the issuer alone.
        "client_id": "none",
        "client_secret": "none",
        "bearer_only": True,
        "use_jwks": True,
        "token_signing_alg_values_expected": source.algorithms[0],
        "iat_slack": issuer.leeway,
        "ssl_verify": True,
        "realm": policy.realm,
        "set_userinfo_header": True,
        "set_access_token_header": False,
        "set_id_token_header": False,
    }
    return made | ({"claim_validator": {"issuer": {"valid_issuers": list(issuer.names)}}} if issuer.names else {})


def _token_headers(policy: Policy) -> list[str]:
    return [] if policy.forward_token else [source.name for source in policy.sources if source.place == "header"]


def _jwt_auth(policy: Policy, access: Access) -> dict[str, Any]:
    made: dict[str, Any] = {"key_claim_name": "iss", "claims_to_verify": ["exp", "nbf"], "store_in_ctx": True, "realm": policy.realm}
    made |= {"hide_credentials": not policy.forward_token and access != "optional"}
    for place in ("header", "query", "cookie"):
        name = _name_at(policy, place)
        if name:
            made[place] = name
    return made | ({"anonymous_consumer": _NOBODY} if access == "optional" else {})


def _name_at(policy: Policy, place: Place) -> str:
    return next((source.name for source in policy.sources if source.place == place and is_looked_at(policy, source)), "")


def _where(policy: Policy) -> dict[str, list[str]]:
    """Every place that jwt-auth looks into, with the names it has when none is told."""
    query, cookie = _name_at(policy, "query") or "jwt", _name_at(policy, "cookie") or "jwt"
    return {"headers": [_name_at(policy, "header") or "authorization"], "variables": [f"arg_{query}", f"cookie_{cookie}"]}


def _answer(policy: Policy, case: Case) -> Answer:
    """From the source of jwt-auth, and of the function beside it."""
    if case.route is None:
        return Answer(404, (), '{"error_msg":"404 Route Not Found"}', "No route matches.")
    if case.route.access == "anyone":
        return Answer(PASSED_ON, because="The service of this route has no plugin that asks for a token.")
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


GATEWAY = Gateway("apisix", "Apache APISIX (jwt-auth)", asks=False, export=export, answer=answering(_answer))
