"""Policies with everything in them, policies with odd texts in them, and the shared table as another gateway answers it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as some

from app.gateway import Decision, Policy, decide, read_policy, read_request
from app.gateway.exports import Answer, Export, Gateway
from app.tokens import read_keys
from tests.gateway.gate import ISSUER, NOW, document, rs256
from tests.gateway.table import ROWS, Row

RULES = {
    "all": [
        {"claim": "tenant", "equals": "acme"},
        {"not": {"claim": "groups", "contains": "banned"}},
        {"any": [{"claim": "level", "one_of": [1, True, "high"]}, {"claim": "sub", "prefix": "user-"}]},
    ]
}
ROUTES: list[dict[str, Any]] = [
    {"exact": "/health", "access": "anyone"},
    {"prefix": "/news", "methods": ["GET"], "access": "optional"},
    {"prefix": "/orders", "methods": ["GET"], "scopes": {"all": ["orders:read"], "any": ["web", "app"]}},
    {"prefix": "/orders", "methods": ["POST"], "roles": {"any": ["clerk"], "claim": "realm_access.roles"}},
    {"prefix": "/tenants", "claims": RULES},
    {"prefix": "/"},
]
FULL = document(
    ROUTES,
    issuer={
        "issuer": [ISSUER, "https://old.example"],
        "audience": ["https://api.example", "https://b.example"],
        "type": "at+jwt",
        "leeway": 30,
        "max_life": 3600,
        "required": ["exp", "sub", "realm_access.roles"],
        "keys": [
            rs256(),
            {"secret": "legacy", "algorithms": ["HS256"]},
            {"jwks_url": "https://login.example/jwks", "algorithms": ["ES256"]},
        ],
    },
    realm="shop",
    describe=True,
    forward_token=False,
    token=[{"header": "Authorization"}, {"header": "X-Token"}],
    upstream={"X-User": "sub", "X-Realm-Roles": "realm_access.roles"},
)
# What configuration languages have a meaning for, and what they cannot hold.
TEXTS = some.text(min_size=1, max_size=12) | some.text("\"'\\${}%#\n\r\t :;,[]*&!|>@`~^()<=?é\0", min_size=1, max_size=12)


def read(text: Mapping[str, Any]) -> Policy:
    return read_policy(json.dumps(text))


def odd(text: str) -> Policy:
    """A policy with *text* wherever one may stand."""
    route = {"prefix": "/", "roles": {"any": [text], "claim": [text]}, "claims": {"claim": ["a", text], "equals": text}}
    keys = [rs256(), {"secret": text, "algorithms": ["HS256"]}]
    issuer = {"issuer": text, "audience": text, "type": text, "required": [[text]], "keys": keys}
    token = [{"header": "Authorization"}, {"query": text}, {"form": text}]
    return read(document([route], issuer=issuer, upstream={"X-Odd": [text]}, token=token))


def gaps(export: Export) -> dict[str, str]:
    """The sentences by their places, those of one place together."""
    told: dict[str, str] = {}
    for gap in export.gaps:
        told[gap.path] = f"{told.get(gap.path, '')} {gap.because}".strip()
    return told


@cache
def _decided(name: str) -> tuple[Policy, Any, Decision]:
    row = ROWS[name]
    keys = {name: read_keys(key if isinstance(key, str) else json.dumps(key)) for name, key in row.keys.items()}
    policy, request = read_policy(json.dumps(row.policy)), read_request(row.request())
    return policy, request, decide(policy, request, keys, NOW)


def answers(gateway: Gateway) -> Iterator[tuple[Row, Export, Answer]]:
    """Every row of the shared table for which it is known what *gateway* answers."""
    for name, row in ROWS.items():
        policy, request, decision = _decided(name)
        answer = gateway.answer(policy, request, decision)
        if answer is not None:
            yield row, gateway.export(policy), answer


def passed_though_denied(gateway: Gateway) -> Iterator[tuple[Row, Export]]:
    """The rows that this policy denies and *gateway* passes on."""
    for row, export, answer in answers(gateway):
        if answer.status == 200 and row.must.status != 200:
            yield row, export
