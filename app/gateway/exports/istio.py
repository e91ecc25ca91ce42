"""Istio: RequestAuthentication verifies a token where there is one, AuthorizationPolicy asks for it and judges what it says."""

from __future__ import annotations

from typing import Any

from app.gateway.decision import Decision
from app.gateway.exports.envoy_terms import VERIFIES
from app.gateway.exports.export import Answer, Export, File, Gateway
from app.gateway.exports.istio_answer import answer
from app.gateway.exports.istio_rules import ALLOWS_MORE, Unsayable, conditions, is_value, key, operations, words
from app.gateway.exports.native import Gaps, dotted, is_plain_path, is_text, jwk_set, to_line, to_yaml
from app.gateway.exports.patterns import REACH_THE_API
from app.gateway.policy import Issuer, KeySource, Policy, Route, Source
from app.gateway.request import Request

_CLOCK_SKEW = 60
_NOTES = (
    "Set namespace and matchLabels to those of your workload or gateway, and apply both: RequestAuthentication alone lets requests without a token pass.",
    "Set meshConfig.pathNormalization.normalization to DECODE_AND_MERGE_SLASHES; with another, an encoded path may take another route.",
)


def export(policy: Policy) -> Export:
    gaps = Gaps()
    _general(policy, gaps)
    rules = [rule for number, issuer in enumerate(policy.issuers) for rule in _jwt_rules(policy, issuer, number, gaps)]
    allow = [rule for number, route in enumerate(policy.routes) for rule in _rules(policy, route, number, gaps)]
    documents = [_document("AuthorizationPolicy", {"action": "ALLOW"} | ({"rules": allow} if allow else {}))]
    if rules:
        documents.insert(0, _document("RequestAuthentication", {"jwtRules": rules}))
    text = "# Istio 1.28 or newer. Try it with: istioctl analyze -f istio.yaml\n" + to_yaml(*documents)
    return Export((File("istio.yaml", "yaml", text),), gaps.all(), _NOTES)


def _document(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": "jwtlens", "namespace": "default"}
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": kind,
        "metadata": metadata,
        "spec": {"selector": {"matchLabels": {"app": "api"}}} | spec,
    }


def _general(policy: Policy, gaps: Gaps) -> None:
    gaps.add("realm", "Istio names the address of the request as the realm.")
    if not policy.describe:
        gaps.add("describe", "Istio always tells the client in the body what is wrong with its token.")
    gaps.add(
        "routes",
        f"{ALLOWS_MORE} it resolves an ambiguous path as the mesh is told, instead of refusing it, and takes any method where none is named."
        " Where a route is open to anyone, a token that is wrong is refused all the same.",
    )
    gaps.add("routes", f"{ALLOWS_MORE} {REACH_THE_API} Remove them in a VirtualService, with headers.request.remove.")
    gaps.add("token", f"{ALLOWS_MORE} of a request with tokens in several places it does not say which one counts. Let clients send one.")
    for number, source in enumerate(policy.sources):
        if source.place == "form":
            gaps.add(f"token[{number}].form", "Istio looks for no token in a body: such a request has none, and is denied. Use a header.")
        elif source.place == "header" and source.scheme:
            gaps.add(f"token[{number}]", f'Istio takes the scheme as it is written, "{source.scheme} ", with one blank behind it.')


def _jwt_rules(policy: Policy, issuer: Issuer, number: int, gaps: Gaps) -> list[dict[str, Any]]:
    path = f"issuers[{number}]"
    if not issuer.names:
        gaps.add(path, "Istio needs the name of each issuer: tokens of whoever no entry names are refused. Name the issuers.")
        return []
    if issuer.leeway != _CLOCK_SKEW:
        more = f"{ALLOWS_MORE} " if issuer.leeway < _CLOCK_SKEW else ""
        gaps.add(f"{path}.leeway", f"{more}Istio cannot be told a leeway; it has {_CLOCK_SKEW} seconds.")
    if issuer.type is not None:
        gaps.add(
            f"{path}.type",
            f"{ALLOWS_MORE} it does not look at typ, so that an ID token passes for an access token. Give each kind an audience of its own.",
        )
    if issuer.max_life is not None:
        gaps.add(f"{path}.max_life", f"{ALLOWS_MORE} it does not limit how long a token lives. Have the issuer limit it.")
    keys = _keys(issuer, number, gaps)
    if keys is None:
        return []
    audiences = [one for one in issuer.audiences if is_text(one)]
    if len(audiences) < len(issuer.audiences):
        gaps.add(f"{path}.audience", "A name with half a character in it cannot be written; tokens for it alone are refused.")
    if issuer.audiences and not audiences:
        return []
    if issuer.audiences:
        gaps.add(f"{path}.audience", f"{ALLOWS_MORE} Envoy compares audiences without http://, https:// and a slash at the end.")
    names = [name for name in issuer.names if is_text(name)]
    if len(names) < len(issuer.names):
        gaps.add(f"{path}.issuer", "A name with half a character in it cannot be written; its tokens are refused.")
    more_members = _places(policy) | {"forwardOriginalToken": policy.forward_token} | _upstream(policy, gaps) | _delimited(policy)
    return [{"issuer": name} | ({"audiences": audiences} if audiences else {}) | keys | more_members for name in names]


def _keys(issuer: Issuer, number: int, gaps: Gaps) -> dict[str, Any] | None:
    """One set of keys; a rule has only one."""
    chosen: dict[str, Any] | None = None
    inline = [source for source in issuer.keys if source.keys is not None]
    written = jwk_set(inline, VERIFIES)
    for place, source in enumerate(issuer.keys):
        path = f"issuers[{number}].keys[{place}]"
        unknown = [name for name in source.algorithms if name not in VERIFIES]
        if unknown:
            gaps.add(
                f"{path}.algorithms",
                f"Istio does not know {', '.join(unknown)}: tokens that are signed with it are refused. ES256 is known everywhere.",
            )
        found = {"jwks": to_line(written)} if source in inline else _fetched(source, issuer, path, gaps)
        if found is None or (source in inline and not written["keys"]):
            continue
        if chosen is None:
            chosen = found
        elif found != chosen:
            gaps.add(
                path, "Istio takes one set of keys from an issuer, and an entry before this one is it: tokens with these keys are refused."
            )
    return chosen


def _fetched(source: KeySource, issuer: Issuer, path: str, gaps: Gaps) -> dict[str, Any] | None:
    if source.kind == "secret":
        gaps.add(
            path,
            "In Istio a secret would stand in the configuration for all to read: tokens with it are refused. Have the issuer sign with a key pair.",
        )
        return None
    gaps.add(f"{path}.algorithms", f"{ALLOWS_MORE} of keys that are fetched it takes any algorithm that they fit, unless they name one.")
    if source.kind == "jwks_url":
        return {"jwksUri": source.reference}
    if issuer.names != (source.reference,):
        gaps.add(
            path,
            "Istio looks up the metadata at the name of the issuer, and this address is another: tokens with these keys are refused. Name its jwks_url.",
        )
        return None
    # Without keys Istio looks up the metadata of the issuer.
    return {}


def _places(policy: Policy) -> dict[str, Any]:
    headers = [_header(source) for source in policy.sources if source.place == "header"]
    cookies = [source.name for source in policy.sources if source.place == "cookie"]
    parameters = [source.name for source in policy.sources if source.place == "query" and is_text(source.name)]
    if not headers and not cookies and not parameters:
        # Left out, it would be Authorization and access_token.
        headers = [{"name": "x-nowhere", "prefix": "nothing "}]
    found = {"fromHeaders": headers, "fromCookies": cookies, "fromParams": parameters}
    return {name: value for name, value in found.items() if value}


def _header(source: Source) -> dict[str, str]:
    return {"name": source.name} | ({"prefix": f"{source.scheme} "} if source.scheme else {})


def _delimited(policy: Policy) -> dict[str, Any]:
    """Claims whose strings are parted at blanks, beside scope and permission, which always are."""
    asked = [one.claim for route in policy.routes for one in (route.scopes, route.roles) if one]
    own = [path[0] for path in asked if len(path) == 1 and is_text(path[0])]
    more = ["scp", *own] if ("scope",) in asked else own
    found = [name for name in dict.fromkeys(more) if name not in ("scope", "permission")]
    return {"spaceDelimitedClaims": found} if found else {}


def _upstream(policy: Policy, gaps: Gaps) -> dict[str, Any]:
    found = []
    for name, path in policy.upstream:
        if not is_plain_path(path) or not all(map(is_text, path)):
            gaps.add(
                f"upstream.{name}", f"Istio parts the names of a claim with dots, and this one has a dot in it: {name} is never there."
            )
            continue
        gaps.add(
            f"upstream.{name}",
            f"Istio sets {name} to a string, number, true or false as it is, not percent-encoded, an array or object as JSON in base64, and leaves it out"
            f" where there is none; the client's own copy goes. {ALLOWS_MORE} long values are not refused.",
        )
        found.append({"header": name, "claim": dotted(path)})
    return {"outputClaimToHeaders": found} if found else {}


def _rules(policy: Policy, route: Route, number: int, gaps: Gaps) -> list[dict[str, Any]]:
    path = f"routes[{number}]"
    try:
        to = operations(policy, number)
    except Unsayable:
        gaps.add(
            path,
            "Its path, or that of a route before it, has signs that Istio cannot be told (*, {, }, letters outside ASCII): the route is closed.",
        )
        return []
    operation = {"to": [{"operation": one} for one in to]} if to else None
    if operation is None:
        return []
    if route.access != "token":
        return [operation]
    return [operation | {"when": one} for one in _when(policy, route, number, gaps)]


def _when(policy: Policy, route: Route, number: int, gaps: Gaps) -> list[list[dict[str, Any]]]:
    """The conditions of each rule; a request that meets all of one rule may pass."""
    path = f"routes[{number}]"
    alternatives: list[list[dict[str, Any]]] = [
        terms for at, issuer in enumerate(policy.issuers) if (terms := _terms(issuer, at, gaps)) is not None
    ]
    for name, asked in (("scopes", route.scopes), ("roles", route.roles)):
        if asked is None:
            continue
        try:
            alternatives = [[*one, *more] for one in alternatives for more in words(asked)]
        except Unsayable:
            gaps.add(f"{path}.{name}", "Istio cannot be told a word with a star at an end, or a name with brackets: every token is denied.")
            return []
    if route.claims:
        try:
            alternatives = [[*one, *more] for one in alternatives for more in conditions(route.claims)]
            gaps.add(
                f"{path}.claims",
                f"{ALLOWS_MORE} a condition holds for a string and for an array with it alike, and a string in JSON has no words.",
            )
        except Unsayable:
            gaps.add(
                f"{path}.claims",
                "Istio compares claims with strings only, and not with a star in them: every token is denied. Use strings.",
            )
            return []
    return alternatives


def _terms(issuer: Issuer, number: int, gaps: Gaps) -> list[dict[str, Any]] | None:
    """That there is a token of this issuer with what it must have; None: its tokens are refused."""
    names = [name for name in issuer.names if is_value(name)]
    if len(names) < len(issuer.names):
        gaps.add(f"issuers[{number}].issuer", "A name with a star at an end stands for others in Istio; tokens of that issuer are denied.")
    if not names:
        return None
    found: list[dict[str, Any]] = [{"key": key(("iss",)), "values": names}]
    for place, path in enumerate(issuer.required):
        if path in (("exp",), ("iat",), ("nbf",)):
            gaps.add(
                f"issuers[{number}].required[{place}]",
                f"{ALLOWS_MORE} it sees only strings in claims, so it does not ask for {dotted(path)}. Have the issuer always set it.",
            )
            continue
        try:
            found.append({"key": key(path), "values": ["*"]})
        except Unsayable:
            gaps.add(
                f"issuers[{number}].required[{place}]", "Istio cannot be told a name with brackets: every token of this issuer is denied."
            )
            return None
        gaps.add(
            f"issuers[{number}].required[{place}]",
            f"Istio sees {dotted(path)} only as a string, or an array of strings; in any other form the token is denied.",
        )
    return found


def answered(policy: Policy, request: Request, decision: Decision) -> Answer | None:
    route = decision.route
    return answer(policy, request, decision, route is not None and not _rules(policy, route, policy.routes.index(route), Gaps()))


GATEWAY = Gateway("istio", "Istio", False, export, answered)
