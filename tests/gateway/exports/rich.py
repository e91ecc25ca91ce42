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
def decided(name: str) -> tuple[Policy, Any, Decision]:
    row = ROWS[name]
    keys = {name: read_keys(key if isinstance(key, str) else json.dumps(key)) for name, key in row.keys.items()}
    policy, request = read_policy(json.dumps(row.policy)), read_request(row.request())
    return policy, request, decide(policy, request, keys, NOW)


def answers(gateway: Gateway) -> Iterator[tuple[Row, Answer]]:
    """Every row of the shared table for which it is known what *gateway* answers."""
    for name, row in ROWS.items():
        answer = gateway.answer(*decided(name))
        if answer is not None:
            yield row, answer


def passed_though_denied(gateway: Gateway) -> Iterator[tuple[Row, dict[str, str]]]:
    """The rows that their policy denies and *gateway* passes on, with the gaps of its export."""
    for row, answer in answers(gateway):
        if answer.status == 200 and row.must.status != 200:
            yield row, gaps(gateway.export(decided(row.name)[0]))


PATHS = ("/", "/a", "/a/", "/a/b", "/ab", "/a/b/c", "/b")
ROUTING = some.lists(
    some.fixed_dictionaries(
        {"access": some.sampled_from(["anyone", "token"])},
        optional={"methods": some.sampled_from([["GET"], ["POST"], ["GET", "POST"]])},
    ).flatmap(
        lambda route: some.builds(lambda how, path: route | {how: path}, some.sampled_from(["exact", "prefix"]), some.sampled_from(PATHS))
    ),
    min_size=1,
    max_size=5,
)
"""Routes that overlap in every way."""


def first_route(policy: Policy, method: str, path: str) -> int | None:
    """The place of the route that decides."""
    route = decide(policy, read_request(f"{method} {path}"), {}, NOW).route
    return next((number for number, one in enumerate(policy.routes) if one is route), None)
