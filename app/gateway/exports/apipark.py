"""APIPark, and Apinto behind it: an application for each issuer, with its key. What an API asks beyond that is not judged there."""

from __future__ import annotations

from typing import Any

from app.gateway.exports import native
from app.gateway.exports.apipark_answer import answer
from app.gateway.exports.apipark_gaps import ALGORITHMS, POSITIONS, claims_of, place_of, tell
from app.gateway.exports.credentials import Option, by_issuer
from app.gateway.exports.export import Export, File, Gateway
from app.gateway.exports.native import Gaps
from app.gateway.policy import Policy, Source
from app.tokens.findings import quoted

# The token's own issuer is the user: the setting iss is stored, and no token is compared with it.
_USER = "$.iss"


def export(policy: Policy) -> Export:
    gaps = Gaps()
    tell(gaps, policy)
    place = place_of(policy)
    credentials = list(by_issuer(policy, ALGORITHMS)) if place else []
    files: list[File] = []
    if place:
        files = [
            File("apipark.json", "json", native.to_json([_application(policy, place, *one) for one in credentials])),
            File("apinto.json", "json", native.to_json([_app(policy, place, *one) for one in credentials])),
        ]
    return Export(tuple(files), gaps.all(), _notes(credentials))


def _application(policy: Policy, place: Source, number: int, name: str, option: Option) -> dict[str, Any]:
    config = {
        "iss": name,
        "algorithm": option.algorithm,
        "secret": "",
        "public_key": option.pem,
        "user": name,
        "user_path": _USER,
        "claims_to_verify": claims_of(policy),
        "signature_is_base64": False,
    }
    authorization = {
        "name": f"issuer {number + 1}",
        "driver": "jwt",
        "position": POSITIONS[place.place],
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
            "claims_to_verify": claims_of(policy),
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


GATEWAY = Gateway("apipark", "APIPark and Apinto (jwt)", asks=False, export=export, answer=answer)
