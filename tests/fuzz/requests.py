"""The API under schemathesis: requests made from its description, each answer held against it. A token has a format of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from app.keyfetch import Fetcher, Rules
from app.settings import Settings
from app.tokens import ALGORITHMS, KEY_MANAGEMENT, base64url
from app.web import create_app
from app.web.openapi import document
from tests.fuzz import seeds

_CONFIGURATION: dict[str, Any] = {
    "checks": {
        # That a key fits a header, or that a policy can be read, is nothing that a schema can say: such a request is refused with 422.
        "positive_data_acceptance": {"expected-statuses": ["2xx", "422"]},
    },
}
# What a member holds when it is what its name says; the description calls it a string, for it may be anything.
_FORMATS = {"token": "jwt", "key": "key", "holder": "key", "header": "jose-header", "algorithm": "jose-algorithm", "policy": "policy"}


@dataclass(slots=True)
class Summary:
    """What came of all requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.statuses.total()


def application() -> Flask:
    """The application as it is served; every name it looks up is an address of this machine, which it refuses to ask."""
    app = create_app(Settings())
    app.extensions["key_fetcher"] = Fetcher(Rules(), lambda _host, _port: ["127.0.0.1"])
    return app


def ask(examples: int, seed: int | None = None, *, corners: bool = True) -> Summary:
    """Send each endpoint what its description allows and what it forbids, *examples* times, without a *seed* always the same.

    The *corners* of every member are the same in any case.
    """
    _register()
    # Without a database: it would write to the folder, and compare each request with all others.
    generation = {"max-examples": examples, "deterministic": seed is None, "database": "none"}
    phases = {name: {"enabled": corners} for name in ("examples", "coverage")}
    configuration = {**_CONFIGURATION, "generation": generation, "phases": phases}
    if seed is not None:
        configuration["seed"] = seed
    schema = schemathesis.openapi.from_dict(_with_formats(document()), config=SchemathesisConfig.from_dict(configuration))
    schema.app = application()
    summary = Summary()
    for event in from_schema(schema).execute():
        _note(summary, event)
    return summary


def _note(summary: Summary, event: events.EngineEvent) -> None:
    if isinstance(event, events.ScenarioFinished):
        for interaction in event.recorder.interactions.values():
            summary.statuses[interaction.response.status_code if interaction.response else 0] += 1
        for nodes in event.recorder.checks.values():
            for node in nodes:
                summary.checks[node.name] += 1
                if node.failure_info is not None:
                    failure = node.failure_info.failure
                    summary.faults.append(
                        f"{event.label}: {node.name}: {failure.title}\n{failure.message}\n{node.failure_info.code_sample}"
                    )
    elif isinstance(event, (events.NonFatalError, events.FatalError)):
        summary.faults.append(f"schemathesis gave up: {event}")
    elif isinstance(event, events.EngineFinished):
        summary.faults += [failure.title for failure in event.failures]


def _with_formats(described: dict[str, Any]) -> dict[str, Any]:
    """The description, in which a token, a key or a header is also asked for as what it is."""
    schemas = dict(described["components"]["schemas"])
    for name, schema in schemas.items():
        if name.endswith("Request"):
            properties = {
                member: {"anyOf": [{"type": "string", "format": _FORMATS[member]}, one]} if member in _FORMATS else one
                for member, one in schema["properties"].items()
            }
            schemas[name] = schema | {"properties": properties}
    return described | {"components": {"schemas": schemas}}


def _register() -> None:
    parts = st.one_of(st.binary(max_size=60), st.sampled_from([one.encode() for one in (*_HEADERS, *seeds.jsons())])).map(base64url.encode)
    wild = st.lists(parts, min_size=2, max_size=6).map(".".join)
    known = st.sampled_from([*seeds.tokens(), *seeds.stories()])
    cut = st.builds(lambda text, at, put: text[:at] + put + text[at + 1 :], known, st.integers(0, 400), st.text(max_size=2))
    formats: dict[str, st.SearchStrategy[str]] = {
        "jwt": st.one_of(known, cut, wild),
        "key": st.sampled_from(seeds.keys()),
        "jose-header": st.sampled_from(_HEADERS),
        "jose-algorithm": st.sampled_from([*ALGORITHMS, *KEY_MANAGEMENT, "X25519"]).filter(
            lambda name: "RS" not in name and "PS" not in name
        ),
        "policy": st.sampled_from(seeds.policies()).map(lambda text: text.partition("\0")[0]),
    }
    for name, strategy in formats.items():
        schemathesis.openapi.format(name, strategy)


_HEADERS = tuple(f'{{"alg":"{name}","typ":"JWT"}}' for name in ALGORITHMS) + tuple(
    f'{{"alg":"{name}","enc":"A128CBC-HS256"}}' for name in KEY_MANAGEMENT if "PBES2" not in name
)
