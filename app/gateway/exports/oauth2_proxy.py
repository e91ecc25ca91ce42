"""oauth2-proxy in front of an API: it takes a verified bearer token for a login. It knows little else, and the rest is closed or said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.gateway import credentials
from app.gateway.decision import Decision
from app.gateway.exports.asking import API, PORT, through
from app.gateway.exports.case import PASSED_ON
from app.gateway.exports.export import Answer, Export, File, Gateway
from app.gateway.exports.native import Gaps, is_text, usable
from app.gateway.exports.oauth2_proxy_routes import ALLOWS_MORE, groups, open_routes, upstreams
from app.gateway.exports.patterns import REACH_THE_API
from app.gateway.policy import Issuer, KeySource, Policy, Route
from app.gateway.request import Request
from app.tokens.keys import public_pem

_VERIFIES = frozenset(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"))
# Nobody signs in here: what asks for these addresses gets no answer.
_NOWHERE = "http://127.0.0.1:9/"
_HEAD = """\
# oauth2-proxy 7.15 or newer, started with: oauth2-proxy --config oauth2-proxy.cfg
# Its two secrets stand in the environment.

"""


def export(policy: Policy) -> Export:
    gaps = Gaps()
    _general(policy, gaps)
    files: list[File] = []
    settings: dict[str, Any] = {
        "http_address": f"0.0.0.0:{PORT}",
        "reverse_proxy": False,
        "provider": "oidc",
        "email_domains": ["*"],
        # Else a token would need an e-mail address that was verified.
        "oidc_email_claim": "sub",
        "skip_jwt_bearer_tokens": True,
        # A token that is wrong gets 403 and one that is missing 401, instead of a page to sign in.
        "bearer_token_login_fallback": False,
        "api_routes": ["^/"],
        "skip_provider_button": True,
        "pass_basic_auth": False,
        "pass_authorization_header": policy.forward_token,
    }
    settings |= _first(policy, gaps, files)
    settings |= {"extra_jwt_issuers": others} if (others := list(_others(policy, gaps))) else {}
    settings |= groups(policy, gaps)
    settings |= {"skip_auth_routes": open_routes(policy, gaps)}
    settings |= {"upstreams": list(upstreams(policy, f"http://{API}", _NOWHERE.rstrip("/"), gaps))}
    text = _HEAD + "".join(f"{name} = {_toml(value)}\n" for name, value in settings.items())
    # Where every route is closed, nothing leads there.
    notes = [through("oauth2-proxy", f"http://{API}")] if API in text else []
    notes += [
        "Put a random OAUTH2_PROXY_COOKIE_SECRET of 32 bytes and any OAUTH2_PROXY_CLIENT_SECRET into the environment: oauth2-proxy wants both,"
        " though nobody signs in with them.",
    ]
    if files:
        notes.append("Start it in the folder that has keys in it.")
    return Export((File("oauth2-proxy.cfg", "toml", text), *files), gaps.all(), tuple(notes))


def _toml(value: Any) -> str:
    """A basic string, an array of them, or a boolean; JSON's escapes are TOML's but for what is left to escape here."""
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _general(policy: Policy, gaps: Gaps) -> None:
    gaps.add("realm", "oauth2-proxy sends no challenge with a realm of its own.")
    if policy.describe:
        gaps.add("describe", "oauth2-proxy does not tell the client what is wrong with a token. Read its log instead.")
    gaps.add(
        "routes",
        f"{ALLOWS_MORE} it does not refuse an ambiguous path, and past versions were led round their rules with one. Put a proxy in front that refuses them.",
    )
    gaps.add("routes", f"{ALLOWS_MORE} {REACH_THE_API} Remove them in a proxy in front.")
    if not policy.forward_token:
        gaps.add(
            "forward_token",
            f"{ALLOWS_MORE} it is not known whether the header that the client sent goes. Remove it in the proxy behind it.",
        )
    for number, source in enumerate(policy.sources):
        if (source.place, source.name.lower(), source.scheme.lower()) != ("header", "authorization", "bearer"):
            gaps.add(
                f"token[{number}]",
                "oauth2-proxy looks for a token in Authorization with Bearer only: one elsewhere is not found, and the request is denied.",
            )
    for name, _ in policy.upstream:
        gaps.add(
            f"upstream.{name}",
            f"{ALLOWS_MORE} oauth2-proxy sets only X-Forwarded-User and its like, so {name} reaches the API as the client sent it. Remove it in a proxy in front.",
        )


def _first(policy: Policy, gaps: Gaps, files: list[File]) -> dict[str, Any]:
    """The one issuer whose keys can be told; it is the provider, and its audience the client."""
    settings: dict[str, Any] = {"oidc_issuer_url": _NOWHERE, "client_id": "nobody"}
    keys: dict[str, Any] = {"oidc_jwks_url": f"{_NOWHERE}keys"}
    for number, issuer in enumerate(policy.issuers):
        _terms(issuer, number, gaps)
        if number:
            continue
        if not issuer.names:
            gaps.add(
                "issuers[0]", "oauth2-proxy needs the name of each issuer: tokens of whoever no entry names are denied. Name the issuers."
            )
            continue
        settings["oidc_issuer_url"] = _name(issuer, number, gaps)
        keys = _keys(issuer, gaps, files)
        settings |= _audiences(issuer, gaps)
    if "oidc_discovery" in keys:
        return settings
    return settings | {"skip_oidc_discovery": True, "login_url": f"{_NOWHERE}login", "redeem_url": f"{_NOWHERE}redeem"} | keys


def _name(issuer: Issuer, number: int, gaps: Gaps) -> str:
    names = [name for name in issuer.names if is_text(name)]
    if len(issuer.names) > 1 or not names:
        gaps.add(
            f"issuers[{number}].issuer",
            "oauth2-proxy takes one name for an issuer with its keys, the first that it can be told: tokens with another are denied.",
        )
    return names[0] if names else _NOWHERE


def _audiences(issuer: Issuer, gaps: Gaps) -> dict[str, Any]:
    names = [one for one in issuer.audiences if is_text(one)]
    if not names:
        gaps.add(
            "issuers[0].audience",
            "oauth2-proxy always compares aud, and has none to compare with: every token is denied. Name the audience.",
        )
    elif len(names) < len(issuer.audiences):
        gaps.add("issuers[0].audience", "A name with half a character in it cannot be written; tokens for it alone are denied.")
    if not names:
        return {}
    return {"client_id": names[0]} | ({"oidc_extra_audiences": names[1:]} if names[1:] else {})


def _keys(issuer: Issuer, gaps: Gaps, files: list[File]) -> dict[str, Any]:
    """How the keys of the first issuer are found: one way out of three."""
    chosen: dict[str, Any] = {}
    for place, source in enumerate(issuer.keys):
        path = f"issuers[0].keys[{place}]"
        _unknown(source, path, gaps)
        found = _found(source, issuer, place, files if not chosen else [])
        if found is None:
            gaps.add(
                path,
                "oauth2-proxy cannot be told these keys: it takes public keys, a jwks_url, or the metadata at the very name of the issuer. Their tokens are denied.",
            )
        elif chosen and not (set(found) == set(chosen) == {"oidc_public_key_files", "oidc_enabled_signing_algs"}):
            gaps.add(
                path,
                "oauth2-proxy has one way to find the keys of an issuer, and an entry before this one is it: tokens with these keys are denied.",
            )
        elif chosen:
            gaps.add(path, "oauth2-proxy takes the keys of the first entry: tokens with these are denied. Put all keys into one entry.")
        else:
            chosen = found
    return chosen or {"oidc_jwks_url": f"{_NOWHERE}keys"}


def _found(source: KeySource, issuer: Issuer, place: int, files: list[File]) -> dict[str, Any] | None:
    algorithms = {"oidc_enabled_signing_algs": [name for name in source.algorithms if name in _VERIFIES]}
    if source.kind == "jwks_url":
        return {"oidc_jwks_url": source.reference} | algorithms
    if source.kind == "issuer_url":
        return {"oidc_discovery": True} | algorithms if issuer.names == (source.reference,) else None
    taken: Mapping[int, str] = {one.number: public_pem(one.key) for one in usable(source) if one.algorithm.name in _VERIFIES}
    if not taken:
        return None
    made = [File(f"keys/issuer-0-{place}-{number}.pem", "pem", pem) for number, pem in taken.items()]
    files += made
    return {"oidc_public_key_files": [file.name for file in made]} | algorithms


def _unknown(source: KeySource, path: str, gaps: Gaps) -> None:
    for name in source.algorithms:
        if name not in _VERIFIES and source.kind != "secret":
            gaps.add(
                f"{path}.algorithms",
                f"oauth2-proxy does not know {name}: tokens that are signed with it are denied. ES256 is known everywhere.",
            )


def _terms(issuer: Issuer, number: int, gaps: Gaps) -> None:
    path = f"issuers[{number}]"
    gaps.add(f"{path}.leeway", f"{ALLOWS_MORE} oauth2-proxy cannot be told a leeway: it has none for exp, and five minutes for nbf.")
    if issuer.type is not None:
        gaps.add(
            f"{path}.type",
            f"{ALLOWS_MORE} it does not look at typ, so that an ID token passes for an access token. Give each kind an audience of its own.",
        )
    if issuer.max_life is not None:
        gaps.add(f"{path}.max_life", f"{ALLOWS_MORE} it does not limit how long a token lives. Have the issuer limit it.")
    for place, claim in enumerate(issuer.required):
        if claim != ("exp",):
            gaps.add(
                f"{path}.required[{place}]", f"{ALLOWS_MORE} oauth2-proxy asks for exp, and for no other claim. Let the API ask for it."
            )


def _others(policy: Policy, gaps: Gaps) -> Iterator[str]:
    """Further issuers, whose keys oauth2-proxy looks for at their names."""
    for number, issuer in enumerate(policy.issuers[1:], 1):
        for place, source in enumerate(issuer.keys):
            _unknown(source, f"issuers[{number}].keys[{place}]", gaps)
            gaps.add(
                f"issuers[{number}].keys[{place}].algorithms",
                f"{ALLOWS_MORE} of a further issuer it takes what the metadata of that issuer says, else RS256.",
            )
        pairs = [(name, audience) for name in issuer.names for audience in issuer.audiences]
        if not pairs or not all(_is_found(source, issuer) for source in issuer.keys) or not all(map(_is_pair, pairs)):
            gaps.add(
                f"issuers[{number}]",
                "Of a further issuer oauth2-proxy takes tokens only with an audience, and finds the keys only at its name: its tokens are denied.",
            )
            continue
        yield from (f"{name}={audience}" for name, audience in pairs)


def _is_found(source: KeySource, issuer: Issuer) -> bool:
    places = {"issuer_url": issuer.names, "jwks_url": tuple(f"{name.rstrip('/')}/.well-known/jwks.json" for name in issuer.names)}
    return (source.reference,) == places.get(source.kind, ())


def _is_pair(pair: tuple[str, str]) -> bool:
    return all(is_text(one) and not re.search("[=,]", one) for one in pair)


_UNSEEN = " What else it sends is not known."
# What oauth2-proxy does not look at, or reads otherwise.
_NOT_SEEN = ("typ", "life", "nbf", "header", "form", "claims", "upstream", "accepted")


def answer(policy: Policy, request: Request, decision: Decision) -> Answer | None:
    """The statuses that its documentation names: 401 where nobody is logged in on a route of an API, 403 for a token that is wrong."""
    if any(rule.denies for rule in decision.rules if rule.layer in ("request", "keys")) or decision.route is None:
        return None
    if decision.route.access != "token" or _is_beyond(policy, decision.route):
        return None
    if not credentials.find(request, policy.sources):
        return Answer(401, because="Nobody is logged in, and api_routes turns the page to sign in into this status." + _UNSEEN)
    failed = [rule.name for rule in decision.rules if rule.denies and rule.layer == "token"]
    if not failed:
        return Answer(PASSED_ON, because="oauth2-proxy passes the request on, and the API answers.")
    if any(name in _NOT_SEEN or "is required" in name for name in failed):
        return None
    return Answer(403, because="The token is not verified, and bearer_token_login_fallback is off." + _UNSEEN)


def _is_beyond(policy: Policy, route: Route) -> bool:
    """Whether more decides than one issuer with its keys in the configuration, and a token in Authorization."""
    issuer = policy.issuers[0]
    is_plain = len(policy.issuers) == len(issuer.names) == len(issuer.keys) == 1 and issuer.keys[0].keys is not None
    is_bearer = [(source.name.lower(), source.scheme.lower()) for source in policy.sources] == [("authorization", "bearer")]
    asks = any(one.scopes or one.roles or one.claims for one in policy.routes)
    return not (is_plain and is_bearer and issuer.audiences) or asks or set(issuer.keys[0].algorithms) - _VERIFIES != set()


GATEWAY = Gateway("oauth2-proxy", "oauth2-proxy", False, export, answer)
