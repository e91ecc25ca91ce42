"""KrakenD with auth/validator, and CEL for what that cannot ask. A prefix is a wildcard, which its Enterprise edition has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from app.gateway.exports import krakend_cel as cel
from app.gateway.exports import native
from app.gateway.exports.asking import API, through
from app.gateway.exports.case import PASSED_ON, Case, NotKnown, answering
from app.gateway.exports.export import Answer, Export, File, Gateway
from app.gateway.exports.krakend_gaps import tell
from app.gateway.exports.krakend_limits import Chosen, chosen, is_propagated, place, roles, scopes
from app.gateway.exports.longest import Key, hides, keys
from app.gateway.exports.native import Gaps
from app.gateway.permissions import MISSING, value_at, words_of
from app.gateway.policy import Issuer, Policy, Route, Words
from app.tokens.findings import quoted

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_KEYS = "jwks.json"
_PASSED = ("Accept", "Accept-Language", "Content-Type", "Content-Encoding", "If-Match", "If-None-Match", "User-Agent")


def export(policy: Policy) -> Export:
    gaps = Gaps()
    tell(gaps, policy)
    one = chosen(policy)
    document = {
        "$schema": "https://www.krakend.io/schema/v2.11/krakend.json",
        "version": 3,
        "name": "jwtlens",
        "port": 8080,
        # Without this a client would be sent to another path that looks alike.
        "extra_config": {"router": {"disable_redirect_fixed_path": True, "disable_redirect_trailing_slash": True}},
        "endpoints": [_endpoint(policy, key, one) for key in keys(policy, METHODS)],
    }
    files = [File("krakend.json", "json", native.to_json(document))]
    if not (one and one.url):
        files.append(File(_KEYS, "json", json.dumps(one.jwks if one else {"keys": []}, indent=2) + "\n"))
    return Export(tuple(files), gaps.all(), _notes(one))


def _notes(one: Chosen | None) -> tuple[str, ...]:
    told: tuple[str, ...] = (
        through("KrakenD", f"http://{API}"),
        "Check it with: krakend check -tlc krakend.json; and read the log at the start: an expression of validation/cel whose types do not fit is left out.",
    )
    if one and one.secret:
        told += (
            f'Put the secret "{quoted(one.secret, 80)}" into {_KEYS} as a JWK with kty oct, alg {one.algorithm} and the kid of the tokens. '
            "Until then all tokens are denied.",
        )
    elif not (one and one.url):
        told += (f"Put {_KEYS} beside krakend.json and start KrakenD there; write it anew before the issuer changes its keys.",)
    return told


def _endpoint(policy: Policy, key: Key, one: Chosen | None) -> dict[str, Any]:
    route = policy.routes[key.number]
    path = f"{key.path}/*" if key.below else key.path
    is_open = route.access == "anyone" and not hides(policy, key.number)
    headers = (
        list(_PASSED) if is_open else [*_PASSED, *_token_headers(policy), *(name for name, path in policy.upstream if is_propagated(path))]
    )
    made: dict[str, Any] = {
        "endpoint": path,
        "method": key.method,
        "output_encoding": "no-op",
        "input_headers": headers,
        "input_query_strings": ["*"],
        "backend": [{"host": [f"http://{API}"], "url_pattern": path, "method": key.method, "encoding": "no-op"}],
    }
    if not is_open:
        made["extra_config"] = {"auth/validator": _validator(policy, route, one)}
        expressions = [cel.NEVER] if one is None or hides(policy, key.number) else list(_expressions(policy, route, one.issuer))
        if expressions:
            made["extra_config"]["validation/cel"] = [{"check_expr": expression} for expression in expressions]
    return made


def _token_headers(policy: Policy) -> list[str]:
    """The headers with the token, for the API: KrakenD passes on none that is not named."""
    return list(
        dict.fromkeys("Cookie" if one.place == "cookie" else one.name for one in policy.sources if policy.forward_token and place(one))
    )


def _validator(policy: Policy, route: Route, one: Chosen | None) -> dict[str, Any]:
    made: dict[str, Any] = {"alg": one.algorithm if one else "RS256"}
    if one and one.url:
        made |= {"jwk_url": one.url, "cache": True, "failed_jwk_key_cooldown": "60s"}
    else:
        # Versions that ask for an address with https otherwise leave the endpoint open.
        made |= {"jwk_local_path": f"./{_KEYS}", "disable_jwk_security": True}
    if one:
        made |= _terms(one.issuer)
    for source in policy.sources:
        setting = place(source)
        if setting:
            made.setdefault(setting, source.name)
    made |= roles(route) | scopes(route)
    propagated = [[native.dotted(path), name] for name, path in policy.upstream if is_propagated(path)]
    return made | ({"propagate_claims": propagated} if propagated else {})


def _terms(issuer: Issuer) -> dict[str, Any]:
    made: dict[str, Any] = {"leeway": f"{max(issuer.leeway, 1)}s"}
    if len(issuer.names) == 1 and native.is_text(issuer.names[0]):
        made["issuer"] = issuer.names[0]
    if len(issuer.audiences) == 1 and native.is_text(issuer.audiences[0]):
        made["audience"] = list(issuer.audiences)
    return made


def _expressions(policy: Policy, route: Route, issuer: Issuer) -> Iterator[str]:
    """What every token of *issuer* must say, and then what the route asks for."""
    if issuer.names:
        yield cel.is_one_of(("iss",), issuer.names)
    elif policy.issuers[1:]:
        others = tuple(name for other in policy.issuers for name in other.names)
        yield f"!({cel.is_one_of(('iss',), others)})"
    if issuer.audiences:
        yield cel.audience(issuer.audiences)
    if issuer.max_life is not None:
        yield cel.lives_at_most(issuer.max_life)
    required = [*issuer.required, *(path for name, path in policy.upstream if is_propagated(path))]
    yield from dict.fromkeys(cel.required(path) for path in required)
    for asked, is_native in ((route.scopes, scopes(route)), (route.roles, roles(route))):
        if asked:
            yield cel.is_text_if_there(asked.claim) if is_native else cel.words(asked)
    if route.claims:
        yield cel.rule(route.claims) if cel.is_said(route.claims) else cel.NEVER


def _answer(policy: Policy, case: Case) -> Answer:
    """From the source of krakend-jose, krakend-cel and the documentation: no reason, and no WWW-Authenticate."""
    if case.route is None:
        return Answer(404, (), "404 page not found", "No endpoint takes the request.")
    if case.route.access == "anyone":
        return Answer(PASSED_ON, because="The endpoint has no auth/validator.")
    one, number = chosen(policy), policy.routes.index(case.route)
    if one is None or len(policy.issuers) > 1 or any(not place(source) for source in policy.sources) or hides(policy, number):
        raise NotKnown
    if not case.found:
        return Answer(401, because="auth/validator finds no token; the body is empty.")
    return _judged(policy, case, one, number)


def _judged(policy: Policy, case: Case, one: Chosen, number: int) -> Answer:
    if len(case.found) > 1 or not case.text or case.failed("form") or case.failed("header") or case.at_exp:
        raise NotKnown
    kid = case.header.get("kid")
    if kid not in one.kids or case.header.get("alg") != one.algorithm:
        return Answer(401, because=f"auth/validator takes {one.algorithm} alone, with a kid that is in the set; the body is empty.")
    # A second of leeway is the least there is: what misses a time may have missed it by less.
    if case.failed("nbf") or (case.failed("exp") and one.issuer.leeway):
        raise NotKnown
    if any(case.failed(name) for name in ("signature", "iss", "aud", "exp")):
        return Answer(401, because="auth/validator does not take the token; the body is empty.")
    if not case.passed("signature") or case.failed("iat"):
        raise NotKnown
    if any(outcome == "failed" for name, outcome in case.outcomes.items() if name == "life" or name.endswith(" is required")):
        return Answer(401, because="validation/cel: a term of the issuer does not hold; the body is empty.")
    needed = [path for name, path in policy.upstream if is_propagated(path)]
    if any(value_at(case.claims, path) in (MISSING, None) for path in needed):
        return Answer(401, because="validation/cel: a claim that goes into a header is not there; the body is empty.")
    return _permitted(case, policy.routes[number])


def _permitted(case: Case, route: Route) -> Answer:
    asked = (("scopes", route.scopes, scopes(route)), ("roles", route.roles, roles(route)))
    by_cel = [name for name, words, settings in asked if words and (not settings or _is_odd(case, words))]
    if case.failed("claims") or any(case.failed(name) for name in by_cel):
        return Answer(401, because="validation/cel: the token does not say what the route asks for; the body is empty.")
    for name, words, settings in asked:
        # A policy reads scp where scope is missing; KrakenD does not.
        if words and settings and (case.failed(name) or value_at(case.claims, words.claim) is MISSING):
            return Answer(403, because=f"auth/validator: the {name} that the route asks for are not there; the body is empty.")
    return Answer(PASSED_ON, because="auth/validator takes the token and every expression holds; typ is not judged.")


def _is_odd(case: Case, words: Words) -> bool:
    """Whether the claim is there and holds no words, which is for CEL to find."""
    value = value_at(case.claims, words.claim)
    return value is not MISSING and words_of(value) is None


GATEWAY = Gateway("krakend", "KrakenD (auth/validator)", asks=False, export=export, answer=answering(_answer))
