"""Envoy: jwt_authn verifies the token, and the RBAC filter judges by what it says. What Envoy cannot be told is a gap."""

from __future__ import annotations

from typing import Any

from app.gateway.exports.asking import API
from app.gateway.exports.envoy_answer import answer
from app.gateway.exports.envoy_listener import TYPES, cluster, key_cluster, listener
from app.gateway.exports.envoy_paths import SIMPLE_NAME, is_writable, methods_matcher, path_matcher, refused, value_prefixes
from app.gateway.exports.envoy_rules import ANY
from app.gateway.exports.envoy_terms import ALLOWS_MORE, VERIFIES, policies
from app.gateway.exports.export import Export, File, Gateway
from app.gateway.exports.native import Gaps, dotted, is_plain_path, is_text, jwk_set, to_line, to_yaml
from app.gateway.exports.patterns import LOOK_ALIKES
from app.gateway.policy import Issuer, KeySource, Policy, Source

_LEAST_SKEW = 2
_SHORT_SKEW = f"{ALLOWS_MORE} a token passes for a second or two after exp and before nbf, for clock_skew_seconds is at least 1 and counts to the end of the second."
_OTHER_SKEW = (
    "A token passes one second later after nbf than here, for clock_skew_seconds counts to the end of the second and is set one lower."
)


def export(policy: Policy) -> Export:
    gaps = Gaps()
    notes: list[str] = []
    clusters: list[dict[str, Any]] = []
    _general(policy, gaps)
    providers = _providers(policy, gaps, notes, clusters)
    host, _, port = API.partition(":")
    document = {
        "static_resources": {
            "listeners": [listener(_filters(policy, providers, gaps), policy)],
            "clusters": [cluster("api", host, int(port)), *clusters],
        }
    }
    head = "# Envoy 1.34 or newer. Try it with: envoy --mode validate -c envoy.yaml\n"
    return Export(
        (File("envoy.yaml", "yaml", head + to_yaml(document)),),
        gaps.all(),
        ("Put the address of your API into the cluster api, and let it be reached through Envoy alone.", *notes),
    )


def _general(policy: Policy, gaps: Gaps) -> None:
    gaps.add(
        "realm", "Envoy names the address of the request as the realm, and answers 403 without a challenge where the RBAC filter refuses."
    )
    gaps.add(
        "routes",
        "A path is let in in one spelling only: letters, digits and signs as they are, all else percent-encoded in capitals; any other gets 403, and so does what"
        " is answered with 400 here. A header with _ in its name gets 400.",
    )
    gaps.add("routes", f"{ALLOWS_MORE} {LOOK_ALIKES} Let the API fold no letters.")
    gaps.add(
        "issuers",
        f"{ALLOWS_MORE} JSON with a name twice in one object is read by its last value, an array of words may have objects in it,"
        " long tokens are taken, and headers such as X.User, or Connection with the name of another, are passed on or dropped instead of refused.",
    )
    if policy.describe:
        gaps.add(
            "describe", "Envoy says in the body what is wrong with the token; in WWW-Authenticate it repeats the address, with its query."
        )
    else:
        gaps.add(
            "describe", "Envoy says all that is wrong with a token, or nothing: with strip_failure_response no challenge comes either."
        )
    for number, source in enumerate(policy.sources):
        if source.place == "form":
            gaps.add(
                f"token[{number}].form",
                "Envoy looks for no token in a body: where a token is wanted, a request with a form gets 403. Use a header.",
            )
        elif source.place == "query":
            odd = "has a % or + in the name of a parameter" if SIMPLE_NAME.fullmatch(source.name) else "has a query"
            gaps.add(f"token[{number}].query", f"Where a token is wanted, a request that {odd} gets 403: it could hide a second token.")
        elif source.scheme:
            gaps.add(
                f"token[{number}]",
                f"Of the spellings of the scheme, Envoy is told {_listed(value_prefixes(source))}; any other gets 403.",
            )


def _listed(prefixes: tuple[str, ...]) -> str:
    return ", ".join(f'"{prefix}"' for prefix in prefixes)


def _providers(policy: Policy, gaps: Gaps, notes: list[str], clusters: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """One for each source of keys and name of its issuer."""
    found: dict[str, dict[str, Any]] = {}
    for number, issuer in enumerate(policy.issuers):
        gaps.add(f"issuers[{number}].leeway", _SHORT_SKEW if issuer.leeway < _LEAST_SKEW else _OTHER_SKEW)
        for place, source in enumerate(issuer.keys):
            keys = _keys(source, number, place, gaps, notes, clusters)
            if keys is None:
                continue
            for at, name in enumerate(issuer.names or ("",)):
                if is_text(name):
                    found[f"issuer-{number}-{place}-{at}"] = _provider(policy, issuer, name, number, place, keys)
                else:
                    gaps.add(f"issuers[{number}].issuer", "A name with half a character in it cannot be written; its tokens are refused.")
    return found


def _provider(policy: Policy, issuer: Issuer, name: str, number: int, place: int, keys: dict[str, Any]) -> dict[str, Any]:
    provider: dict[str, Any] = ({"issuer": name} if name else {}) | keys
    audiences = [one for one in issuer.audiences if is_text(one)]
    if audiences:
        provider["audiences"] = audiences
    if ("exp",) in issuer.required or issuer.max_life is not None:
        provider["require_expiration"] = True
    if issuer.max_life is not None:
        provider["max_lifetime"] = f"{issuer.max_life}s"
    provider["clock_skew_seconds"] = max(1, issuer.leeway - 1)
    provider["forward"] = policy.forward_token
    provider |= _places(policy)
    provider["payload_in_metadata"] = "claims"
    provider["header_in_metadata"] = f"header_{number}_{place}"
    upstream = [(header, path) for header, path in policy.upstream if is_plain_path(path) and all(map(is_text, path))]
    if upstream:
        provider["claim_to_headers"] = [{"header_name": header, "claim_name": dotted(path)} for header, path in upstream]
    return provider


def _places(policy: Policy) -> dict[str, Any]:
    headers = [one for source in policy.sources if source.place == "header" for one in _headers(source)]
    cookies = [source.name for source in policy.sources if source.place == "cookie"]
    parameters = [source.name for source in policy.sources if source.place == "query"]
    if not headers and not cookies and not parameters:
        # Left out, it would be Authorization and access_token.
        headers = [{"name": "x-nowhere", "value_prefix": "nothing "}]
    found = {"from_headers": headers, "from_cookies": cookies, "from_params": parameters}
    return {name: value for name, value in found.items() if value}


def _headers(source: Source) -> list[dict[str, str]]:
    if not source.scheme:
        return [{"name": source.name}]
    return [{"name": source.name, "value_prefix": prefix} for prefix in value_prefixes(source)]


def _keys(
    source: KeySource, number: int, place: int, gaps: Gaps, notes: list[str], clusters: list[dict[str, Any]]
) -> dict[str, Any] | None:
    path = f"issuers[{number}].keys[{place}]"
    unknown = [name for name in source.algorithms if name not in VERIFIES]
    if unknown:
        gaps.add(
            f"{path}.algorithms",
            f"Envoy does not know {', '.join(unknown)}: tokens that are signed with it are refused. ES256 is known everywhere.",
        )
    if source.kind == "secret":
        variable = f"JWKS_{number}_{place}"
        gaps.add(
            path,
            f"{ALLOWS_MORE} it takes a secret of any length, and one that is a public key. Make it of random bytes, as many as the hash has.",
        )
        notes.append(
            f'Envoy wants the secret "{source.reference}" as a JWK Set in the environment variable {variable}, one key for each algorithm:'
            f' {{"keys": [{{"kty": "oct", "alg": "{source.algorithms[0]}", "k": "…"}}]}}, where k is the secret in base64url.'
        )
        return {"local_jwks": {"environment_variable": variable}}
    if source.kind == "issuer_url":
        gaps.add(
            path,
            "Envoy does not look up an issuer: tokens with these keys are refused. Name the jwks_uri of its metadata as jwks_url instead.",
        )
        return None
    if source.kind == "jwks_url":
        name = f"keys-{number}-{place}"
        fetched = key_cluster(name, source.reference)
        if fetched is None:
            gaps.add(path, "The address cannot be read: tokens with these keys are refused. Write it as https://host/path.")
            return None
        clusters.append(fetched)
        uri = {"uri": source.reference, "cluster": name, "timeout": "5s"}
        return {"remote_jwks": {"http_uri": uri, "cache_duration": "300s", "async_fetch": {}}}
    found = jwk_set([source], VERIFIES)
    return {"local_jwks": {"inline_string": to_line(found)}} if found["keys"] else None


def _filters(policy: Policy, providers: dict[str, dict[str, Any]], gaps: Gaps) -> list[dict[str, Any]]:
    before = {name: {"permissions": [rule], "principals": [ANY]} for name, rule in refused(policy).items()}
    after = policies(policy, gaps)
    found = [_filter("rbac", "rbac.v3.RBAC", {"rules": {"action": "DENY", "policies": before}})]
    if providers:
        settings = {"strip_failure_response": not policy.describe, "providers": providers, "rules": _requirements(policy, providers)}
        found.append(_filter("jwt_authn", "jwt_authn.v3.JwtAuthentication", settings))
    # A filter without policies allows nothing.
    found.append(_filter("rbac", "rbac.v3.RBAC", {"rules": {"action": "ALLOW", "policies": after}}))
    return [*found, _filter("router", "router.v3.Router", {})]


def _filter(name: str, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": f"{TYPES}.filters.http.{kind}"} | settings}


def _requirements(policy: Policy, providers: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Which routes jwt_authn looks for a token on; the first that takes the request decides, as in the policy."""
    found = []
    for route in filter(is_writable, policy.routes):
        methods = {"headers": [methods_matcher(route.methods)]} if route.methods else {}
        requirements: list[dict[str, Any]] = [{"provider_name": name} for name in providers]
        if route.access == "optional":
            requirements.append({"allow_missing": {}})
        requires = {"requires": _any(requirements)} if route.access != "anyone" else {}
        found += [{"match": match | methods} | requires for match in path_matcher(route)]
    return found


def _any(requirements: list[dict[str, Any]]) -> dict[str, Any]:
    return requirements[0] if len(requirements) == 1 else {"requires_any": {"requirements": requirements}}


GATEWAY = Gateway("envoy", "Envoy (jwt_authn and RBAC)", False, export, answer)
