"""APIPark, and Apinto behind it: an application for each issuer, with its key. What an API asks beyond that is not judged there."""

from __future__ import annotations

from typing import Any

from app.gateway.exports import native
from app.gateway.exports.case import PASSED_ON, Case, NotKnown, answering
from app.gateway.exports.credentials import Option, by_issuer, options, tell_keys
from app.gateway.exports.export import Answer, Export, File, Gateway
from app.gateway.exports.native import Gaps
from app.gateway.policy import Policy, Route, Source
from app.tokens.findings import quoted

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "HS256", "HS384", "HS512")
_MORE = "That allows more than this policy"
_POSITIONS = {"header": "Header", "query": "Query"}
# The token's own issuer is the user: the setting iss is stored, and no token is compared with it.
_USER = "$.iss"


def export(policy: Policy) -> Export:
    gaps = Gaps()
    _tell_token(gaps, policy)
    _tell_issuers(gaps, policy)
    for number, route in enumerate(policy.routes):
        _tell_route(gaps, number, route)
    _tell_upstream(gaps, policy)
    place = _place(policy)
    credentials = list(by_issuer(policy, ALGORITHMS)) if place else []
    files: list[File] = []
    if place:
        files = [
            File("apipark.json", "json", native.to_json([_application(policy, place, *one) for one in credentials])),
            File("apinto.json", "json", native.to_json([_app(policy, place, *one) for one in credentials])),
        ]
    return Export(tuple(files), gaps.all(), _notes(credentials))


def _place(policy: Policy) -> Source | None:
    return next((source for source in policy.sources if _is_looked_at(source)), None)


def _is_looked_at(source: Source) -> bool:
    return source.place in _POSITIONS and native.is_text(source.name)


def _claims(policy: Policy) -> list[str]:
    """What is judged is also asked for, so nbf is only where every token has it."""
    asks_nbf = bool(policy.issuers) and all(("nbf",) in issuer.required for issuer in policy.issuers)
    return ["exp", "nbf"] if asks_nbf else ["exp"]


def _application(policy: Policy, place: Source, number: int, name: str, option: Option) -> dict[str, Any]:
    config = {
        "iss": name,
        "algorithm": option.algorithm,
        "secret": "",
        "public_key": option.pem,
        "user": name,
        "user_path": _USER,
        "claims_to_verify": _claims(policy),
        "signature_is_base64": False,
    }
    authorization = {
        "name": f"issuer {number + 1}",
        "driver": "jwt",
        "position": _POSITIONS[place.place],
        "token_name": place.name,
        "expire_time": 0,
        "hide_credential": not policy.forward_token,
        "config": config,
    }
    return {"application": name, "authorization": authorization}


def _app(policy: Policy, place: Source, number: int, name: str, option: Option) -> dict[str, Any]:
    auth = {
        "type": "jwt",
        "position": place.place,
        "token_name": place.name,
        "config": {
            "iss": name,
            "algorithm": option.algorithm,
            "secret": "",
            "rsa_public_key": option.pem,
            "path": _USER,
            "claims_to_verify": _claims(policy),
            "signature_is_base_64": False,
        },
        "users": [{"expire": 0, "hide_credential": not policy.forward_token, "labels": {}, "pattern": {"username": name}}],
    }
    return {
        "name": f"issuer_{number + 1}_{policy.issuers[number].names.index(name) + 1}",
        "driver": "app",
        "disable": False,
        "labels": {},
        "auth": [auth],
    }


def _notes(credentials: list[tuple[int, str, Option]]) -> tuple[str, ...]:
    told = (
        "APIPark: make an application for each entry of apipark.json, send its authorization to the API of APIPark, and let it subscribe the services that it may use. "
        "The page of versions before 1.9.6 does not save user_path, claims_to_verify and signature_is_base64: look at them again when they are saved.",
        "Apinto alone: send each entry of apinto.json to /api/app, and make the plugin app global: without an app, and with an anonymous one, everything is let through.",
    )
    secrets = {name: option.secret for _, name, option in credentials if option.secret}
    return told + tuple(
        f'Write the secret "{quoted(secret, 80)}" into config.secret of "{quoted(name, 80)}"; it is refused as long as it is empty.'
        for name, secret in secrets.items()
    )


def _tell_token(gaps: Gaps, policy: Policy) -> None:
    place = _place(policy)
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
        others = [quoted(native.dotted(one), 40) for one in issuer.required if one[0] not in _claims(policy) or len(one) > 1]
        if others:
            gaps.add(f"{path}.required", f"That {', '.join(others)} is there is not asked. {_MORE}; let the API ask for it.")
        if ("exp",) not in issuer.required:
            gaps.add(f"{path}.required", "exp is asked for in every token whose exp is judged: one without it is denied.")
        if "nbf" not in _claims(policy):
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


_BODY = "missing or invalid token"


def _answer(policy: Policy, case: Case) -> Answer:
    """From the source of the driver, and from what users of APIPark were told."""
    place = _place(policy)
    if case.route is None or case.route.access != "token" or place is None or len(policy.sources) > 1:
        raise NotKnown
    if not case.found and not case.request.values(place.name):
        return _refused("there is no token where it looks.")
    if place.scheme:
        return _refused(f"the whole value is read as the token, and {place.scheme} before it makes it none.")
    return _judged(policy, case)


def _judged(policy: Policy, case: Case) -> Answer:
    if len(case.found) != 1 or not case.text or case.failed("form"):
        raise NotKnown
    known = {name: option for _, name, option in by_issuer(policy, ALGORITHMS)}
    iss, typ = case.claims.get("iss"), case.header.get("typ")
    if not isinstance(typ, str) or typ.upper() != "JWT":
        return _refused("typ is not JWT.")
    if not isinstance(iss, str) or iss not in known:
        return _refused("no application is found by iss.")
    if case.header.get("alg") != known[iss].algorithm or case.failed("signature"):
        return _refused("the key is for another algorithm, or does not verify the signature.")
    issuer = case.issuer(policy)
    if not case.passed("signature") or issuer is None or len(options(issuer, ALGORITHMS)) > 1 or "nbf" in _claims(policy):
        raise NotKnown
    if "exp" not in case.claims or case.failed("exp") or case.in_leeway:
        return _refused("exp is over, or is not there.")
    return Answer(PASSED_ON, because="The driver jwt finds the application, if it has subscribed; it judges no aud, no scope and no role.")


def _refused(because: str) -> Answer:
    return Answer(401, (), _BODY, f"The driver jwt: {because} Every refused token gets this text; older versions of Apinto answer 403.")


GATEWAY = Gateway("apipark", "APIPark and Apinto (jwt)", asks=False, export=export, answer=answering(_answer))
