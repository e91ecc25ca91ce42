"""What APIPark and Apinto cannot be told of a policy."""

from __future__ import annotations

from app.gateway.exports import native
from app.gateway.exports.credentials import tell_keys
from app.gateway.exports.native import Gaps
from app.gateway.exports.patterns import REACH_THE_API
from app.gateway.policy import Policy, Route, Source
from app.tokens.findings import quoted

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "HS256", "HS384", "HS512")
_MORE = "That allows more than this policy"
POSITIONS = {"header": "Header", "query": "Query"}


def tell(gaps: Gaps, policy: Policy) -> None:
    _tell_token(gaps, policy)
    _tell_issuers(gaps, policy)
    for number, route in enumerate(policy.routes):
        _tell_route(gaps, number, route)
    if policy.routes:
        gaps.add("routes", f"{REACH_THE_API} {_MORE}: remove them with the plugin proxy_rewrite.")
    _tell_upstream(gaps, policy)


def place_of(policy: Policy) -> Source | None:
    return next((source for source in policy.sources if _is_looked_at(source)), None)


def _is_looked_at(source: Source) -> bool:
    return source.place in POSITIONS and native.is_text(source.name)


def claims_of(policy: Policy) -> list[str]:
    """What is judged is also asked for, so nbf is only where every token has it."""
    asks_nbf = bool(policy.issuers) and all(("nbf",) in issuer.required for issuer in policy.issuers)
    return ["exp", "nbf"] if asks_nbf else ["exp"]


def _tell_token(gaps: Gaps, policy: Policy) -> None:
    place = place_of(policy)
    for number, source in enumerate(policy.sources):
        if source is not place:
            gaps.add(f"token[{number}]", "The driver jwt looks into one header or query parameter, and not here: such a request is denied.")
        elif source.scheme:
            gaps.add(
                f"token[{number}]",
                f"The whole header is read as the token, as far as its source shows, so one behind {source.scheme} is denied: let clients send the token alone.",
            )
    gaps.add("realm", "The answer has no WWW-Authenticate, so the realm stands nowhere.")
    gaps.add("describe", "A client is told that the token is missing or not valid, and no more.")


def _tell_issuers(gaps: Gaps, policy: Policy) -> None:
    tell_keys(gaps, policy, "APIPark", ALGORITHMS)
    for number, issuer in enumerate(policy.issuers):
        path = f"issuers[{number}]"
        if not issuer.names:
            gaps.add(f"{path}.issuer", "An application is found by iss, so tokens of an issuer that is not named here are denied: name it.")
        elif not all(native.is_text(name) for name in issuer.names):
            gaps.add(f"{path}.issuer", "A name with NUL cannot be written: its tokens are denied.")
        if issuer.audiences:
            gaps.add(f"{path}.audience", f"aud is not judged. {_MORE}: a token for another API passes; let the API itself compare aud.")
        gaps.add(f"{path}.type", "typ must be JWT in every token, in whatever case: one without typ, or with at+jwt, is denied.")
        if issuer.leeway:
            gaps.add(f"{path}.leeway", "There is no leeway: a token is denied from the second of exp on. Keep the clocks in step.")
        if issuer.max_life is not None:
            gaps.add(f"{path}.max_life", f"How long a token lives is not judged. {_MORE}; let the issuer give it a shorter life.")
        others = [quoted(native.dotted(one), 40) for one in issuer.required if one[0] not in claims_of(policy) or len(one) > 1]
        if others:
            gaps.add(f"{path}.required", f"That {', '.join(others)} is there is not asked. {_MORE}; let the API ask for it.")
        if ("exp",) not in issuer.required:
            gaps.add(f"{path}.required", "exp is asked for in every token whose exp is judged: one without it is denied.")
        if "nbf" not in claims_of(policy):
            gaps.add(
                f"{path}.required",
                f"nbf could be judged only by asking for it in every token, so it is not. {_MORE}: a token passes before its nbf.",
            )


def _tell_route(gaps: Gaps, number: int, route: Route) -> None:
    path = f"routes[{number}]"
    access = {
        "token": "and give it to the applications that may use it",
        "optional": "and know that it is open to no one without a token",
        "anyone": "and let it ask for no authorization",
    }
    gaps.add(
        path,
        f"APIPark has its APIs in services, which applications subscribe, and no list of paths: make an API for this one, {access[route.access]}.",
    )
    for name, asked in (("scopes", route.scopes), ("roles", route.roles), ("claims", route.claims)):
        if asked:
            gaps.add(f"{path}.{name}", f"This is not judged. {_MORE}: whoever subscribes the service passes; let the API itself judge it.")


def _tell_upstream(gaps: Gaps, policy: Policy) -> None:
    for name, path in policy.upstream:
        shown = quoted(native.dotted(path), 80)
        gaps.add(
            f"upstream.{name}",
            f"No claim is passed on, and the {name} of the client is. {_MORE}: remove it with the plugin proxy_rewrite, and read {shown} from the token.",
        )
