"""Kong Gateway with its plugin jwt: declarative configuration. A consumer stands for an issuer, and only its key, exp and nbf are judged."""

from __future__ import annotations

from typing import Any

from app.gateway.exports import blocks, native
from app.gateway.exports.asking import API
from app.gateway.exports.case import PASSED_ON, Case, NotKnown, answering
from app.gateway.exports.credentials import Option, by_issuer, options, tell_keys
from app.gateway.exports.export import Answer, Export, File, Gateway
from app.gateway.exports.native import Gaps
from app.gateway.exports.patterns import methods, never_passed_on, pattern
from app.gateway.policy import ClaimRule, Compare, Policy, Route, Source
from app.gateway.request import Header
from app.tokens.findings import quoted

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA", "HS256", "HS384", "HS512")
# Kong matches the path with these left as the client wrote them.
_RESERVED = "!$&'()*+,:=@[]"
_MOST_LIFE = 31_536_000
_NOBODY = "without a token"
_MORE = "That allows more than this policy"


def export(policy: Policy) -> Export:
    gaps = Gaps()
    by_kid = _by_kid(policy)
    credentials = by_kid or list(by_issuer(policy, ALGORITHMS))
    _tell_token(gaps, policy)
    _tell_issuers(gaps, policy, by_kid=bool(by_kid))
    for number, route in enumerate(policy.routes):
        _tell_route(gaps, number, route, by_kid=bool(by_kid))
    if policy.routes:
        gaps.add(
            "routes",
            "Kong puts a path into its normal form (double slashes, dots, %41) before it matches, where this policy denies a path with two readings. "
            f"{_MORE} if the API reads such a path in another way than Kong.",
        )
    _tell_upstream(gaps, policy)
    document = {
        "_format_version": "3.0",
        "services": [
            {
                "name": "api",
                "url": f"http://{API}",
                "plugins": [{"name": "request-transformer", "config": {"remove": {"headers": list(never_passed_on(policy))}}}],
                "routes": [_route(policy, number, bool(by_kid)) for number in range(len(policy.routes))],
            }
        ],
        "consumers": _consumers(policy, credentials, by_kid=bool(by_kid)),
    }
    return Export((File("kong.yaml", "yaml", blocks.to_yaml(document)),), gaps.all(), _notes(credentials))


def _by_kid(policy: Policy) -> list[tuple[int, str, Option]]:
    """Every key under its kid, where the issuers have several and each has a kid and an algorithm of its own; otherwise nothing."""
    found = [(number, option) for number, issuer in enumerate(policy.issuers) for option in options(issuer, ALGORITHMS)]
    kids = [option.key.kid for _, option in found if option.key and option.key.kid and native.is_text(option.key.kid)]
    if len(found) <= len({number for number, _ in found}) or len(set(kids)) != len(found):
        return []
    return [(number, kid, option) for (number, option), kid in zip(found, kids, strict=True)]


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
    groups = _groups(route, number, by_kid)
    if groups:
        plugins.append({"name": "acl", "config": {"allow": groups, "hide_groups_header": True}})
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
        "claims_to_verify": ["exp", *(["nbf"] if _asks_nbf(policy) else [])],
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


def _asks_nbf(policy: Policy) -> bool:
    return bool(policy.issuers) and all(("nbf",) in issuer.required for issuer in policy.issuers)


def _issuers_of(rule: ClaimRule | None, by_kid: bool) -> list[str]:
    """The issuers that *rule* asks for, when it asks for nothing else: consumers stand for issuers, and acl can tell them apart."""
    if by_kid or not isinstance(rule, Compare) or rule.claim != ("iss",) or rule.how not in ("equals", "one_of"):
        return []
    values = rule.value if rule.how == "one_of" else (rule.value,)
    return list(values) if all(isinstance(one, str) and native.is_text(one) for one in values) else []


def _groups(route: Route, number: int, by_kid: bool) -> list[str]:
    """Who may use a route with rules. What acl cannot say becomes a group that nobody is in, so that the route is closed."""
    if not (route.scopes or route.roles or route.claims):
        return []
    if not (route.scopes or route.roles):
        issuers = _issuers_of(route.claims, by_kid)
        if issuers:
            return [f"iss {one}" for one in issuers]
    return [f"route-{number + 1}"]


def _is_looked_at(source: Source) -> bool:
    return source.scheme.lower() == "bearer" if source.place == "header" else source.place != "form" and native.is_text(source.name)


def _tell_token(gaps: Gaps, policy: Policy) -> None:
    for number, source in enumerate(policy.sources):
        if _is_looked_at(source):
            continue
        where = "behind another word than Bearer" if source.place == "header" else "in this place"
        gaps.add(f"token[{number}]", f"Kong finds no token {where}, so the request is denied: let clients send Authorization: Bearer.")
    if policy.describe:
        gaps.add("describe", "Kong tells the reason in the body of its answer, not in WWW-Authenticate.")
    else:
        gaps.add(
            "describe",
            "Kong always tells the client the reason in the body of its answer: rewrite it with exit-transformer where that matters.",
        )


def _tell_issuers(gaps: Gaps, policy: Policy, *, by_kid: bool) -> None:
    tell_keys(gaps, policy, "Kong", ALGORITHMS, one_each=not by_kid)
    for number, issuer in enumerate(policy.issuers):
        path = f"issuers[{number}]"
        if by_kid:
            gaps.add(
                f"{path}.issuer",
                "Kong finds the key by kid and does not compare iss: its key alone shows whose the token is. "
                f"{_MORE} if two issuers share a key; give each one its own.",
            )
        elif not issuer.names:
            gaps.add(f"{path}.issuer", "Kong finds the key by iss, so tokens of an issuer that is not named here are denied: name it.")
        elif not all(native.is_text(name) for name in issuer.names):
            gaps.add(f"{path}.issuer", "A name with half a character or NUL cannot be written in YAML: its tokens are denied.")
        if issuer.audiences:
            gaps.add(
                f"{path}.audience", f"Kong does not read aud. {_MORE}: a token for another API passes; let the API itself compare aud."
            )
        if issuer.type is not None:
            gaps.add(f"{path}.type", f"Kong does not read typ. {_MORE}: an ID token passes for an access token; let the API compare typ.")
        if issuer.leeway:
            gaps.add(f"{path}.leeway", "Kong allows no leeway: a token is denied from the second of exp on. Keep the clocks in step.")
        if issuer.max_life is not None:
            gaps.add(
                f"{path}.max_life",
                "Kong counts maximum_expiration from now to exp, for all issuers alike: the shortest is written. "
                f"{_MORE} late in the life of a token that lives too long; let the issuer give it a shorter one.",
            )
        others = [claim for claim in issuer.required if claim not in (("exp",), *([("nbf",)] if _asks_nbf(policy) else []))]
        if others:
            names = ", ".join(quoted(native.dotted(claim), 40) for claim in others)
            gaps.add(f"{path}.required", f"Kong does not ask for {names}. {_MORE}; let the API ask for it.")
        if ("exp",) not in issuer.required:
            gaps.add(f"{path}.required", "Kong asks for exp in every token whose exp it judges: one without it is denied.")
        if not _asks_nbf(policy):
            gaps.add(
                f"{path}.required",
                f"Kong can judge nbf only by asking for it in every token, so it does not. {_MORE}: a token passes before its nbf. "
                "Add nbf to claims_to_verify if every token has it.",
            )


def _tell_route(gaps: Gaps, number: int, route: Route, *, by_kid: bool) -> None:
    path = f"routes[{number}]"
    place = f"{path}.prefix" if route.is_prefix else f"{path}.exact"
    gaps.add(
        place,
        "Kong puts the path into its normal form (//, dots, %41) and then matches, where this policy denies a path with two readings.",
    )
    if route.access == "optional":
        gaps.add(
            f"{path}.access",
            f"With anonymous a wrong token counts as none. {_MORE}: the API sees X-Anonymous-Consumer and must not trust the token.",
        )
    told = (("scopes", route.scopes), ("roles", route.roles), ("claims", None if _issuers_of(route.claims, by_kid) else route.claims))
    for name, asked in told:
        if asked:
            gaps.add(
                f"{path}.{name}",
                f"Kong does not read this from a token, so the route is closed: acl asks for the group route-{number + 1}, which has no consumer. "
                "Put consumers into it once the API itself judges this rule.",
            )


def _tell_upstream(gaps: Gaps, policy: Policy) -> None:
    for name, claim in policy.upstream:
        gaps.add(
            f"upstream.{name}",
            f"Kong passes no claim on, so {name} never reaches the API; the client's copy is removed. "
            f"Read {quoted(native.dotted(claim), 80)} from the token, or from X-Consumer-Username who the issuer is.",
        )


def _notes(credentials: list[tuple[int, str, Option]]) -> tuple[str, ...]:
    told = (
        f"Put the address of your API in the place of http://{API}, and let it be reached through Kong alone.",
        "Load the file with KONG_DATABASE=off and KONG_DECLARATIVE_CONFIG=kong.yaml, or check it first with: kong config parse kong.yaml",
    )
    secrets = dict.fromkeys(option.secret for _, _, option in credentials if option.secret)
    return told + tuple(
        f'Write the secret "{quoted(name, 80)}" as `secret` beside its key in jwt_secrets; without it Kong makes one up and denies every token.'
        for name in secrets
    )


def _answer(policy: Policy, case: Case) -> Answer:
    """What Kong answers, from the source of its router and of its plugins jwt and acl."""
    if case.route is None:
        body = '{"message":"no Route matched with those values"}'
        return Answer(404, (), body, "No route matches; since version 3.5 the body has a request_id too.")
    if case.route.access == "anyone":
        return Answer(PASSED_ON, because="The route has no plugin that asks for a token.")
    by_kid = _by_kid(policy)
    refused = _refused(policy, case, by_kid)
    if refused and case.route.access == "optional":
        return Answer(PASSED_ON, because="Without a token that is good, the plugin jwt takes the request as the anonymous consumer's.")
    if refused:
        return refused
    groups = _groups(case.route, policy.routes.index(case.route), bool(by_kid))
    if groups and (by_kid or f"iss {case.claims.get('iss')}" not in groups):
        because = "The plugin acl: the consumer is in none of the groups of the route."
        return Answer(403, (), '{"message":"You cannot consume this service"}', because)
    return Answer(PASSED_ON, because="The plugin jwt takes the token: it judges the key, the signature and exp, and nothing else here.")


def _refused(policy: Policy, case: Case, by_kid: list[tuple[int, str, Option]]) -> Answer | None:
    """The answer of the plugin jwt, or None when it takes the token."""
    if not all(_is_looked_at(source) for source in policy.sources):
        raise NotKnown
    if not case.found:
        return _unauthorized(policy, '{"message":"Unauthorized"}', "there is no token where it looks.", error="")
    if len(case.found) > 1:
        return _unauthorized(policy, '{"message":"Multiple tokens provided"}', "there are several tokens that differ.")
    if not case.text or case.failed("form"):
        raise NotKnown
    name = "kid" if by_kid else "iss"
    key = case.claims.get(name, case.header.get(name))
    if key is None:
        return _unauthorized(
            policy, f'{{"message":"No mandatory \'{name}\' in claims"}}', f"{name} says whose key it is, and is not there."
        )
    known = {found: option for _, found, option in by_kid or by_issuer(policy, ALGORITHMS)}
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
    if not case.passed("exp") or not _is_short(policy, case) or (_asks_nbf(policy) and not case.passed("nbf")):
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


GATEWAY = Gateway("kong", "Kong Gateway (jwt)", asks=False, export=export, answer=answering(_answer))
