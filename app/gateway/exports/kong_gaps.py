"""What Kong cannot be told of a policy."""

from __future__ import annotations

from app.gateway.exports import native
from app.gateway.exports.credentials import tell_keys
from app.gateway.exports.kong_terms import ALGORITHMS, asks_nbf, is_looked_at, issuers_of
from app.gateway.exports.native import Gaps
from app.gateway.policy import Policy, Route
from app.tokens.findings import quoted

_MORE = "That allows more than this policy"


def tell(gaps: Gaps, policy: Policy, *, by_kid: bool) -> None:
    _tell_token(gaps, policy)
    _tell_issuers(gaps, policy, by_kid=by_kid)
    for number, route in enumerate(policy.routes):
        _tell_route(gaps, number, route, by_kid=by_kid)
    if policy.routes:
        gaps.add(
            "routes",
            "Kong puts a path into its normal form (double slashes, dots, %41) before it matches, where this policy denies a path with two readings. "
            f"{_MORE} if the API reads such a path in another way than Kong.",
        )
    _tell_upstream(gaps, policy)


def _tell_token(gaps: Gaps, policy: Policy) -> None:
    for number, source in enumerate(policy.sources):
        if is_looked_at(source):
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
        others = [claim for claim in issuer.required if claim not in (("exp",), *([("nbf",)] if asks_nbf(policy) else []))]
        if others:
            names = ", ".join(quoted(native.dotted(claim), 40) for claim in others)
            gaps.add(f"{path}.required", f"Kong does not ask for {names}. {_MORE}; let the API ask for it.")
        if ("exp",) not in issuer.required:
            gaps.add(f"{path}.required", "Kong asks for exp in every token whose exp it judges: one without it is denied.")
        if not asks_nbf(policy):
            gaps.add(
                f"{path}.required",
                f"Kong can judge nbf only by asking for it in every token, so it does not. {_MORE}: a token passes before its nbf. "
                "Add nbf to claims_to_verify if every token has it.",
            )


def _tell_route(gaps: Gaps, number: int, route: Route, *, by_kid: bool) -> None:
    path = f"routes[{number}]"
    if route.access == "optional":
        gaps.add(
            f"{path}.access",
            f"With anonymous a wrong token counts as none. {_MORE}: the API sees X-Anonymous-Consumer and must not trust the token.",
        )
    told = (("scopes", route.scopes), ("roles", route.roles), ("claims", None if issuers_of(route.claims, by_kid) else route.claims))
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
