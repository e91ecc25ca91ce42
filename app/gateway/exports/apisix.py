"""Apache APISIX with its plugin jwt-auth, standalone: a consumer stands for an issuer, and Lua judges what the plugin does not."""

from __future__ import annotations

from typing import Any

from app.gateway.exports import blocks
from app.gateway.exports.apisix_answer import answer
from app.gateway.exports.apisix_gaps import ALGORITHMS, discovery, is_looked_at, tell
from app.gateway.exports.apisix_lua import USERINFO, program
from app.gateway.exports.asking import API, through
from app.gateway.exports.credentials import Option, by_issuer
from app.gateway.exports.export import Export, File, Gateway
from app.gateway.exports.native import Gaps
from app.gateway.exports.patterns import methods, never_passed_on, pattern
from app.gateway.policy import Access, KeySource, Place, Policy, Route
from app.tokens.findings import quoted

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
        through("APISIX"),
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


GATEWAY = Gateway("apisix", "Apache APISIX (jwt-auth)", asks=False, export=export, answer=answer)
