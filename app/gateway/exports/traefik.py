"""Traefik with ForwardAuth: it asks about each request, copies the claims, and hands any other answer to the client."""

from __future__ import annotations

from typing import Any

import yaml

from app.gateway.exports.asking import ANY_REFUSAL, API, FORWARDED, JWTLENS, asking, notes
from app.gateway.exports.asking_answers import Manner, NotKnown, answering, refused_by_go
from app.gateway.exports.export import Answer, Export, File, Gap, Gateway
from app.gateway.paths import canonical
from app.gateway.policy import Policy
from app.gateway.request import Request

_START = FORWARDED + ANY_REFUSAL
_HEAD = f"""\
# Dynamic configuration, for example /etc/traefik/dynamic/jwtlens.yml. Beside it runs
#   {_START}
# The middlewares work in their order: what a client could cheat with goes, jwtlens is asked, the token goes if it is kept back.
"""
_UPGRADES = Gap(
    "",
    "WebSockets do not pass: Connection is removed, because Traefik would drop each header that a client names in it, also a claim. "
    "Give them a router of their own where the middleware sets Connection to Upgrade.",
)


def export(policy: Policy) -> Export:
    told = asking(policy)
    middlewares: dict[str, Any] = {
        "jwtlens-clean": _removing(("Connection", *told.removed)),
        "jwtlens": {"forwardAuth": {"address": f"http://{JWTLENS}/auth", "trustForwardHeader": False}},
    }
    if told.copied:
        middlewares["jwtlens"]["forwardAuth"]["authResponseHeaders"] = list(told.copied)
    if told.kept_back:
        middlewares["jwtlens-keep-back"] = _removing(told.kept_back)
    router = {"rule": "PathPrefix(`/`)", "entryPoints": ["web"], "middlewares": list(middlewares), "service": "api"}
    document = {
        "http": {
            "routers": {"api": router},
            "middlewares": middlewares,
            "services": {"api": {"loadBalancer": {"servers": [{"url": f"http://{API}"}]}}},
        }
    }
    text = _HEAD + yaml.safe_dump(document, sort_keys=False, width=1000)
    more = (
        "The entry point web is one of your static configuration; if it is called otherwise, change entryPoints.",
        "A request that has a header with an underscore in its name is denied by jwtlens; the other gateways can drop such headers.",
        "Traefik waits 30 seconds for a jwtlens that hangs, and then denies with 500.",
    )
    return Export((File("jwtlens.yml", "yaml", text),), (*told.gaps, _UPGRADES), notes(policy, _START) + more)


def _removing(names: tuple[str, ...]) -> dict[str, Any]:
    """A middleware that removes headers: an empty value does that."""
    return {"headers": {"customRequestHeaders": dict.fromkeys(names, "")}}


def _refuses(request: Request) -> Answer | None:
    """Versions differ in which encoded characters they refuse and in how they clean a path."""
    if "%" in request.target.partition("?")[0] or canonical(request.target).path is None:
        raise NotKnown
    return refused_by_go("Traefik")(request)


GATEWAY = Gateway("traefik", "Traefik (ForwardAuth)", True, export, answering(Manner("Traefik", _refuses)))
