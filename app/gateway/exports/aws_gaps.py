"""What an HTTP API of AWS cannot be told of a policy."""

from __future__ import annotations

import re

from app.gateway.exports import native
from app.gateway.exports.aws_routes import Told, scopes_of
from app.gateway.exports.longest import hides, is_path
from app.gateway.exports.native import Gaps
from app.gateway.policy import Issuer, Path, Policy, Route
from app.tokens import ALGORITHMS
from app.tokens.findings import quoted

_MORE = "That allows more than this policy"
_CLAIM = re.compile(r"[A-Za-z0-9_]+")
_RESERVED = re.compile(
    r"(?:access-control-|apigw-|x-amz-|x-amzn-).*|authorization|connection|content-(?:encoding|length|location)|forwarded|keep-alive|origin"
    r"|proxy-authenticat.*|te|trailers|transfer-encoding|upgrade|x-forwarded-(?:for|host|proto)|via",
    re.IGNORECASE,
)


def is_header(name: str) -> bool:
    """Whether AWS lets the header be changed on the way to the API."""
    return not _RESERVED.fullmatch(name)


def mapped(name: str, path: Path) -> bool:
    """Whether the claim can be put into the header."""
    return is_header(name) and len(path) == 1 and bool(_CLAIM.fullmatch(path[0]))


def tell(gaps: Gaps, policy: Policy, routes: list[Told], chosen: int | None, place: int | None) -> None:
    for number in range(len(policy.sources)):
        if number != place:
            gaps.add(
                f"token[{number}]", "A JWT authorizer looks into one header or query parameter, and not here: such a request is denied."
            )
    gaps.add("describe", 'AWS always tells the reason in www-authenticate, and only {"message":"Unauthorized"} in the body.')
    gaps.add("realm", "AWS writes no realm into www-authenticate.")
    if not policy.forward_token:
        gaps.add("forward_token", "AWS lets nobody remove Authorization, so the API gets the token. A token in another header is removed.")
    for number, issuer in enumerate(policy.issuers):
        _issuer(gaps, number, issuer, chosen)
    if policy.routes:
        gaps.add(
            "routes",
            "AWS takes the route with the longest path; routes that a policy never reaches are left out, so that the same one decides. How AWS reads "
            f"paths with two readings or a slash at the end is not known. {_MORE} if the API reads them otherwise; ANY takes methods such as TRACE too.",
        )
    for number, route in enumerate(policy.routes):
        _route(gaps, f"routes[{number}]", policy, number, route, routes)
    for name, path in policy.upstream:
        _header(gaps, name, path)


def _issuer(gaps: Gaps, number: int, issuer: Issuer, chosen: int | None) -> None:
    path = f"issuers[{number}]"
    if number != chosen:
        gaps.add(path, _why_denied(issuer))
        return
    if len(issuer.names) > 1:
        gaps.add(f"{path}.issuer", "An authorizer is for one issuer by one name: tokens with another name are denied.")
    for place, source in enumerate(issuer.keys):
        where = f"{path}.keys[{place}]"
        if source.kind == "secret":
            gaps.add(where, "AWS takes no secret, so tokens with it are denied: let the issuer sign with RS256.")
        elif source.kind != "issuer_url":
            gaps.add(
                where,
                "AWS fetches the keys itself, from the discovery document of the issuer, and keeps them for two hours: these are not used. "
                f"{_MORE} if the issuer publishes keys that are not meant here.",
            )
        elif source.reference.rstrip("/") not in [name.rstrip("/") for name in issuer.names]:
            gaps.add(where, f"AWS looks for the keys at the address in iss, not here. {_MORE} if other keys are published there.")
        if any(ALGORITHMS[name].family != "rsa" for name in source.algorithms):
            gaps.add(
                f"{where}.algorithms", "AWS verifies RSA signatures alone, so other tokens are denied: let the issuer sign with RS256."
            )
        if source.kind != "secret":
            gaps.add(
                f"{where}.algorithms", f"Which of the RSA algorithms cannot be told. {_MORE} by the others; let each key name its alg."
            )
    if not issuer.audiences:
        gaps.add(
            f"{path}.audience",
            "AWS asks for an audience, so the template does: tokens for another are denied, and where aud is missing client_id counts.",
        )
    else:
        gaps.add(
            f"{path}.audience", f"Where a token has no aud, client_id counts as one. {_MORE} for such tokens; let the issuer write aud."
        )
    if issuer.type is not None:
        gaps.add(f"{path}.type", f"typ is not judged. {_MORE}: an ID token passes for an access token; let routes ask for scopes.")
    if issuer.leeway:
        gaps.add(f"{path}.leeway", "A leeway cannot be told; whether AWS has one is not known.")
    if issuer.max_life is not None:
        gaps.add(f"{path}.max_life", f"How long a token lives is not judged. {_MORE}; let the issuer give it a shorter life.")
    others = ", ".join(quoted(native.dotted(one), 40) for one in issuer.required)
    if others:
        gaps.add(
            f"{path}.required",
            f"That a token has {others} cannot be asked, and what AWS does without exp is not known. {_MORE}; let the API ask.",
        )


def _why_denied(issuer: Issuer) -> str:
    if not any(ALGORITHMS[name].family == "rsa" for name in native.algorithms(issuer)):
        return "AWS verifies RSA signatures alone, so all tokens of this issuer are denied: let it sign with RS256."
    return (
        "A route of AWS has one authorizer, for one issuer with an https address and an RSA key: all tokens of this one are denied. "
        "Give it an API of its own."
    )


def _route(gaps: Gaps, path: str, policy: Policy, number: int, route: Route, routes: list[Told]) -> None:
    place = f"{path}.prefix" if route.is_prefix else f"{path}.exact"
    if not is_path(route):
        gaps.add(
            place,
            "A route key cannot have all these signs, so nothing takes the path: it is not found, and a later route that has it is closed.",
        )
    elif hides(policy, number):
        gaps.add(place, "A route before it cannot be written, and this one would take its requests: it is closed to tokens by AWS_IAM.")
    elif not any(one.number == number for one in routes):
        gaps.add(place, "The routes before it take all of its requests, so it is left out; that changes nothing.")
    if route.access == "optional":
        gaps.add(
            f"{path}.access",
            "AWS cannot let a token be missing and still judge it, so a request without one is denied: give it a path of its own.",
        )
    why = "so the route is closed to tokens by AWS_IAM. Use a Lambda authorizer, or let the API judge it and set AuthorizationType to JWT."
    if route.scopes and not scopes_of(route):
        gaps.add(f"{path}.scopes", f"AWS asks for one of several scopes in scope or scp, and cannot ask this, {why}")
    for name, asked in (("roles", route.roles), ("claims", route.claims)):
        if asked:
            gaps.add(f"{path}.{name}", f"AWS does not judge this, {why}")


def _header(gaps: Gaps, name: str, path: Path) -> None:
    shown = quoted(native.dotted(path), 80)
    if not is_header(name):
        gaps.add(
            f"upstream.{name}",
            f"AWS lets nobody set {name}, and passes on what the client sent. {_MORE}: take another header, such as X-User.",
        )
    elif not mapped(name, path):
        gaps.add(
            f"upstream.{name}",
            f"A header can have a claim at the top alone, whose name is of letters, digits and _: {shown} is not passed on, and the client's copy is removed.",
        )
    else:
        gaps.add(
            f"upstream.{name}",
            f"What becomes of the client's {name} when a token has no {shown} is not known, nor how an array is written: let every token have it.",
        )
