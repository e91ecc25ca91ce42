"""Kong Gateway with its plugin jwt: declarative configuration. A consumer stands for an issuer, and only its key, exp and nbf are judged."""

from __future__ import annotations

from typing import Any

from app.gateway.exports import blocks, native
from app.gateway.exports.asking import API, through
from app.gateway.exports.credentials import Option, by_issuer
from app.gateway.exports.export import Export, File, Gateway
from app.gateway.exports.kong_answer import answer
from app.gateway.exports.kong_gaps import tell
from app.gateway.exports.kong_terms import ALGORITHMS, asks_nbf, by_kid, groups
from app.gateway.exports.native import Gaps
from app.gateway.exports.patterns import methods, never_passed_on, pattern
from app.gateway.policy import Policy, Route
from app.tokens.findings import quoted

# Kong matches the path with these left as the client wrote them.
_RESERVED = "!$&'()*+,:=@[]"
_MOST_LIFE = 31_536_000
_NOBODY = "without a token"


def export(policy: Policy) -> Export:
    gaps = Gaps()
    kids = by_kid(policy)
    credentials = kids or list(by_issuer(policy, ALGORITHMS))
    tell(gaps, policy, by_kid=bool(kids))
    document = {
        "_format_version": "3.0",
        "services": [
            {
                "name": "api",
                "url": f"http://{API}",
                "plugins": [{"name": "request-transformer", "config": {"remove": {"headers": list(never_passed_on(policy))}}}],
                "routes": [_route(policy, number, bool(kids)) for number in range(len(policy.routes))],
            }
        ],
        "consumers": _consumers(policy, credentials, by_kid=bool(kids)),
    }
    return Export((File("kong.yaml", "yaml", blocks.to_yaml(document)),), gaps.all(), _notes(credentials))


def _consumers(policy: Policy, credentials: list[tuple[int, str, Option]], *, by_kid: bool) -> list[dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for number, key, option in credentials:
        name = _issuer_name(policy, number) if by_kid else key
        consumer = made.setdefault(name, {"username": name, "jwt_secrets": []})
        secret = {"key": key, "algorithm": option.algorithm} | ({"rsa_public_key": option.pem} if option.key else {})
        consumer["jwt_secrets"].append(secret)
        if not by_kid:
            consumer["acls"] = [{"group": f"iss {key}"}]
    if any(route.access == "optional" for route in policy.routes):
        made[_NOBODY] = {"username": _NOBODY}
    return list(made.values())


def _issuer_name(policy: Policy, number: int) -> str:
    return next((name for name in policy.issuers[number].names if native.is_text(name)), f"issuer {number + 1}")


def _route(policy: Policy, number: int, by_kid: bool) -> dict[str, Any]:
    route = policy.routes[number]
    plugins: list[dict[str, Any]] = []
    if route.access != "anyone":
        plugins.append({"name": "jwt", "config": _jwt(policy, route, by_kid)})
    allowed = groups(route, number, by_kid)
    if allowed:
        plugins.append({"name": "acl", "config": {"allow": allowed, "hide_groups_header": True}})
    # Every route has a regular expression and methods: of routes with the same kinds of conditions, regex_priority alone decides.
    return {
        "name": f"route-{number + 1}",
        "paths": [f"~{pattern(route, _RESERVED)}"],
        "methods": list(methods(route)),
        "regex_priority": len(policy.routes) - number,
        "strip_path": False,
        "plugins": plugins,
    }


def _jwt(policy: Policy, route: Route, by_kid: bool) -> dict[str, Any]:
    lives = [issuer.max_life for issuer in policy.issuers if issuer.max_life is not None]
    config: dict[str, Any] = {
        "key_claim_name": "kid" if by_kid else "iss",
        "claims_to_verify": ["exp", *(["nbf"] if asks_nbf(policy) else [])],
        "header_names": [source.name for source in policy.sources if source.place == "header"],
        "cookie_names": [source.name for source in policy.sources if source.place == "cookie"],
        "uri_param_names": [source.name for source in policy.sources if source.place == "query" and native.is_text(source.name)],
        "realm": policy.realm,
        "run_on_preflight": True,
    }
    if lives:
        config["maximum_expiration"] = min(*lives, _MOST_LIFE)
    if route.access == "optional":
        config["anonymous"] = _NOBODY
    return config


def _notes(credentials: list[tuple[int, str, Option]]) -> tuple[str, ...]:
    told = (
        through("Kong", f"http://{API}"),
        "Load the file with KONG_DATABASE=off and KONG_DECLARATIVE_CONFIG=kong.yaml, or check it first with: kong config parse kong.yaml",
    )
    secrets = dict.fromkeys(option.secret for _, _, option in credentials if option.secret)
    return told + tuple(
        f'Write the secret "{quoted(name, 80)}" as `secret` beside its key in jwt_secrets; without it Kong makes one up and denies every token.'
        for name in secrets
    )


GATEWAY = Gateway("kong", "Kong Gateway (jwt)", asks=False, export=export, answer=answer)
