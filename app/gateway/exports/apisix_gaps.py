"""What APISIX cannot be told of a policy."""

from __future__ import annotations

from app.gateway.exports import native
from app.gateway.exports.apache_limits import is_bearer
from app.gateway.exports.apisix_lua import is_said
from app.gateway.exports.credentials import options, tell_keys
from app.gateway.exports.native import Gaps
from app.gateway.exports.patterns import LOOK_ALIKES
from app.gateway.policy import KeySource, Policy, Source
from app.tokens.findings import quoted

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA", "HS256", "HS384", "HS512")
_MORE = "That allows more than this policy"


def is_looked_at(policy: Policy, source: Source) -> bool:
    """Whether jwt-auth looks into the place: one header, one query parameter and one cookie."""
    first = next(one for one in policy.sources if one.place == source.place)
    if source is not first or source.place == "form" or not native.is_text(source.name):
        return False
    return source.place != "header" or source.scheme.lower() in ("", "bearer")


def discovery(policy: Policy, algorithms: tuple[str, ...]) -> KeySource | None:
    """The address of the one issuer, when that is all there is of its keys: openid-connect finds them, and jwt-auth does not."""
    if (
        len(policy.issuers) != 1
        or options(policy.issuers[0], algorithms)
        or not all(native.is_text(name) for name in policy.issuers[0].names)
    ):
        return None
    return next((source for source in policy.issuers[0].keys if source.kind == "issuer_url"), None)


def tell(gaps: Gaps, policy: Policy, algorithms: tuple[str, ...], found: KeySource | None) -> None:
    for number, source in enumerate(policy.sources):
        if not is_looked_at(policy, source) or (found and not is_bearer(source)):
            gaps.add(
                f"token[{number}]",
                "APISIX looks into one header for Bearer or a token alone, one query parameter and one cookie, and openid-connect into Authorization "
                "only. It does not look here: such a request is denied.",
            )
    gaps.add("describe", "APISIX always tells the client in the body what is wrong, and never in WWW-Authenticate.")
    if policy.issuers:
        gaps.add("issuers", f"APISIX does not judge crit in the header. {_MORE} for a token with a crit that nobody here understands.")
    if found:
        _openid_connect(gaps, policy, found)
    else:
        gaps.add(
            "token",
            "jwt-auth takes the first token that it finds, also from the query parameter or cookie jwt when no other name is told, and with or "
            f"without Bearer before it. {_MORE}, which looks where it says and denies several: let the API read the same one.",
        )
        tell_keys(gaps, policy, "APISIX", algorithms)
    for number, issuer in enumerate(policy.issuers):
        path = f"issuers[{number}]"
        if not issuer.names:
            gaps.add(f"{path}.issuer", "Key and terms are found by iss, so tokens of an issuer that is not named here are denied: name it.")
        elif not all(native.is_text(name) for name in issuer.names):
            gaps.add(f"{path}.issuer", "A name with NUL cannot be written in YAML: its tokens are denied.")
        if issuer.type is not None:
            gaps.add(f"{path}.type", f"typ is not judged. {_MORE}: an ID token passes for an access token; let the API compare typ.")
    if policy.routes:
        gaps.add(
            "routes",
            "A path with two readings is denied as in this policy, behind jwt-auth; one that is not UTF-8 is passed on as it came. "
            "A path with %25 or with full-width letters is denied, though this policy takes it.",
        )
        gaps.add("routes", f"{LOOK_ALIKES} {_MORE} for an API that folds them.")
    for number, route in enumerate(policy.routes):
        if route.access == "optional":
            gaps.add(f"routes[{number}].access", "Any other Authorization than Bearer counts as a token that is wrong here, and is denied.")
        if route.claims and not is_said(route.claims):
            gaps.add(
                f"routes[{number}].claims",
                "A number with more digits than a float keeps cannot be compared, so the rule holds for no token.",
            )
    if policy.upstream:
        gaps.add("upstream", f"Copies of the client spelt otherwise, such as X.User for X-User, are passed on. {_MORE}, which denies them.")
    for name, claim in policy.upstream:
        shown = quoted(native.dotted(claim), 80)
        gaps.add(f"upstream.{name}", f"A number in {shown} has 14 digits at most here, for all numbers are floats.")


def _openid_connect(gaps: Gaps, policy: Policy, found: KeySource) -> None:
    (issuer,) = policy.issuers
    for place, source in enumerate(issuer.keys):
        path = f"issuers[0].keys[{place}]"
        if source is not found:
            gaps.add(path, "openid-connect takes the keys of the issuer alone, so tokens with these are denied.")
        elif len(source.algorithms) > 1:
            gaps.add(
                f"{path}.algorithms",
                f"openid-connect takes one algorithm, and here it is {source.algorithms[0]}: tokens with others are denied.",
            )
    gaps.add(
        "issuers[0].leeway",
        "iat_slack has the leeway; what openid-connect has when it is 0, and how long it keeps the keys, is not known here. Try it with a token that is over.",
    )
    for number, route in enumerate(policy.routes):
        if route.access == "optional":
            gaps.add(
                f"routes[{number}].access",
                "openid-connect with bearer_only does not let a token be missing, so a request without one is denied.",
            )
