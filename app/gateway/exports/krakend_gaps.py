"""What KrakenD cannot be told of a policy."""

from __future__ import annotations

from app.gateway.exports import krakend_cel as cel
from app.gateway.exports import native
from app.gateway.exports.krakend_limits import ALGORITHMS, Chosen, chosen, is_propagated, place, roles, scopes
from app.gateway.exports.longest import hides, is_path
from app.gateway.exports.native import Gaps
from app.gateway.policy import Issuer, Policy, Route
from app.tokens.findings import quoted

_MORE = "That allows more than this policy"
_METHODS = ("HEAD", "OPTIONS")


def tell(gaps: Gaps, policy: Policy) -> None:
    one = chosen(policy)
    _token(gaps, policy)
    gaps.add("describe", "KrakenD tells a client nothing: its 401 and 403 have no body and no WWW-Authenticate.")
    gaps.add("realm", "KrakenD sends no WWW-Authenticate, so the realm stands nowhere.")
    if policy.issuers:
        gaps.add(
            "issuers",
            "A token without kid is denied. exp and nbf are judged with at least a second of leeway, and of crit it is not known what KrakenD does. "
            f"{_MORE} for that second.",
        )
    for number, issuer in enumerate(policy.issuers):
        _issuer(gaps, number, issuer, one)
    if policy.routes:
        gaps.add(
            "routes",
            "KrakenD takes the endpoint with the longest path; paths that a policy never reaches are left out, so that the same route decides. "
            f"How it reads paths with two readings is not known. {_MORE} if the API reads them otherwise.",
        )
    for number, route in enumerate(policy.routes):
        _route(gaps, f"routes[{number}]", policy, number, route)
    for name, path in policy.upstream:
        shown = quoted(native.dotted(path), 80)
        if not is_propagated(path):
            gaps.add(
                f"upstream.{name}",
                f"propagate_claims cannot name {shown}, so {name} never reaches the API; the client's copy does not either.",
            )
        else:
            gaps.add(
                f"upstream.{name}",
                f"Where a token has no {shown}, the {name} of the client could pass, so such a token is denied with 401.",
            )


def _token(gaps: Gaps, policy: Policy) -> None:
    seen: set[str] = set()
    for number, source in enumerate(policy.sources):
        setting = place(source)
        if not setting or setting in seen:
            gaps.add(
                f"token[{number}]",
                "KrakenD looks for Bearer in one header, and into one cookie: a token here is not found and the request denied.",
            )
        seen.add(setting)
    if len(policy.sources) > 1 or place(policy.sources[0]) == "cookie_key":
        gaps.add(
            "token", f"Of several tokens KrakenD judges the first that it finds. {_MORE}, which denies them: let the API read the same one."
        )


def _issuer(gaps: Gaps, number: int, issuer: Issuer, one: Chosen | None) -> None:
    path = f"issuers[{number}]"
    if one is None or number != one.number:
        gaps.add(
            f"{path}.issuer",
            "An endpoint has one validator for one issuer, and it is not this one: its tokens are denied. Give it paths of its own.",
        )
        return
    for place_, source in enumerate(issuer.keys):
        where = f"{path}.keys[{place_}]"
        if source.kind == "issuer_url":
            gaps.add(
                where, "KrakenD does not look for the keys of an issuer, so tokens with them are denied: write their address as jwk_url."
            )
        elif (source.kind in ("jwks_url", "secret") or one.url or one.secret) and place_ != one.source:
            gaps.add(where, "A validator has one source of keys, and it is not this one: tokens with these are denied.")
        if one.url and source.kind == "jwks_url":
            gaps.add(where, "The keys are kept for 15 minutes. A key that is taken back is good for as long.")
        left = [name for name in source.algorithms if name != one.algorithm]
        if left:
            unknown = [name for name in left if name not in ALGORITHMS]
            why = f"it knows no {', '.join(unknown)}" if unknown else "it takes one"
            gaps.add(
                f"{where}.algorithms", f"A validator is for {one.algorithm} alone, for {why}: tokens with {', '.join(left)} are denied."
            )
        if source.keys and any(key.kid is None for key in source.keys.keys):
            gaps.add(where, "KrakenD finds a key by its kid, so one without is left out: give it the kid that its tokens name.")
    if issuer.type is not None:
        gaps.add(f"{path}.type", f"typ is not judged. {_MORE}: an ID token passes for an access token; let the API compare typ.")


def _route(gaps: Gaps, path: str, policy: Policy, number: int, route: Route) -> None:
    place_ = f"{path}.prefix" if route.is_prefix else f"{path}.exact"
    if not is_path(route):
        gaps.add(
            place_,
            "An endpoint cannot have all these signs, so nothing takes the path: it is not found, and a later route that has it is closed.",
        )
    elif hides(policy, number):
        gaps.add(place_, "A route before it cannot be written, and this one would take its requests: its expression holds for no token.")
    if route.is_prefix:
        gaps.add(
            place_,
            "A path that ends with /* is a wildcard, which KrakenD Enterprise has and the community edition does not: list the paths there. "
            "How url_pattern hands on the rest of the path is to be tried.",
        )
    left = [method for method in route.methods or _METHODS if method in _METHODS]
    if left:
        gaps.add(f"{path}.methods", f"KrakenD has no endpoints for {' and '.join(left)}, so such requests are not found.")
    if route.access == "optional":
        gaps.add(
            f"{path}.access", "A validator does not let a token be missing, so a request without one is denied: give it a path of its own."
        )
    _asked(gaps, path, route)


def _asked(gaps: Gaps, path: str, route: Route) -> None:
    late = "is judged by validation/cel, whose answer is 401 and not 403."
    if route.scopes:
        gaps.add(
            f"{path}.scopes",
            "Where scope is missing, scp is not read instead: such a token is denied." if scopes(route) else f"This {late}",
        )
    if route.roles and not roles(route):
        gaps.add(f"{path}.roles", f"This {late}")
    if route.claims:
        exact = (
            ""
            if cel.is_said(route.claims)
            else " A number with more digits than a float keeps cannot be compared, so the rule holds for no token."
        )
        gaps.add(f"{path}.claims", f"This {late}{exact}")
