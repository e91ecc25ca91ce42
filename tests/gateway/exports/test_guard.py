"""Nothing of a policy is dropped in silence: for each gateway that judges itself, a member is in what is exported or in a gap."""

from __future__ import annotations

import copy
import re
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.gateway import read_policy
from app.gateway.exports import GATEWAYS, Export, Gateway
from app.gateway.request import OVERRIDES
from app.web.presets import PRESETS, policy
from tests.gateway.exports.rich import FULL, RULES, TEXTS, read
from tests.tokens.keyring import private, public_jwk

JUDGING = [gateway for gateway in GATEWAYS.values() if not gateway.asks]
ISSUER, ROUTES = ("issuers", 0), ("routes",)
NOT_BANNED: Any = RULES["all"][1]
# A member of the full policy, by its steps, and another value for it.
MEMBERS: list[tuple[tuple[Any, ...], Any]] = [
    (("realm",), "another"),
    (("describe",), False),
    (("forward_token",), True),
    (("token", 0), {"header": "Authorization", "scheme": "JWT"}),
    (("token", 1), {"header": "X-Other"}),
    ((*ISSUER, "issuer"), ["https://another.example"]),
    ((*ISSUER, "audience"), ["https://another.example"]),
    ((*ISSUER, "type"), "another+jwt"),
    ((*ISSUER, "leeway"), 47),
    ((*ISSUER, "max_life"), 4711),
    ((*ISSUER, "required", 0), "sub"),
    ((*ISSUER, "required", 1), "another"),
    ((*ISSUER, "required", 2), "realm_access.others"),
    ((*ISSUER, "keys", 0, "jwks"), {"keys": [public_jwk(private("RS256", 1), kid="another")]}),
    ((*ISSUER, "keys", 0, "algorithms"), ["RS512"]),
    ((*ISSUER, "keys", 1, "secret"), "another"),
    ((*ISSUER, "keys", 1, "algorithms"), ["HS512"]),
    ((*ISSUER, "keys", 2, "jwks_url"), "https://another.example/keys"),
    ((*ISSUER, "keys", 2, "algorithms"), ["ES384"]),
    ((*ROUTES, 0, "exact"), "/another"),
    ((*ROUTES, 0, "access"), "token"),
    ((*ROUTES, 1, "access"), "token"),
    ((*ROUTES, 1, "methods"), ["POST"]),
    ((*ROUTES, 2, "prefix"), "/another"),
    ((*ROUTES, 2, "scopes", "all"), ["another"]),
    ((*ROUTES, 2, "scopes", "any"), ["another"]),
    ((*ROUTES, 3, "roles", "any"), ["another"]),
    ((*ROUTES, 3, "roles", "claim"), "another.roles"),
    ((*ROUTES, 4, "claims", "all", 0, "equals"), "another"),
    ((*ROUTES, 4, "claims", "all", 0, "claim"), "another"),
    ((*ROUTES, 4, "claims", "all", 1), NOT_BANNED["not"]),
    ((*ROUTES, 4, "claims", "all", 1, "not", "contains"), "another"),
    ((*ROUTES, 4, "claims", "all", 2, "any", 0, "one_of"), [2]),
    ((*ROUTES, 4, "claims", "all", 2, "any", 1, "prefix"), "another"),
    (("upstream", "X-User"), "another"),
    (("upstream", "X-Realm-Roles"), "another.roles"),
]


@cache
def _full(name: str) -> Export:
    return GATEWAYS[name].export(read(FULL))


def _with(steps: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The full policy with another value for one member."""
    document = copy.deepcopy(FULL)
    place: Any = document
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = value
    return document


def _path(steps: tuple[Any, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")


def _is_named(export: Export, path: str) -> bool:
    """Whether a gap names the member, a part of it, or the one entry of an array that it is in."""
    return any(gap.path == path or gap.path.startswith((f"{path}.", f"{path}[")) or _holds(gap.path, path) for gap in export.gaps)


def _holds(gap: str, path: str) -> bool:
    return "[" in gap and path.startswith((f"{gap}.", f"{gap}["))


@pytest.mark.parametrize("gateway", JUDGING, ids=lambda gateway: gateway.name)
@pytest.mark.parametrize(("steps", "value"), MEMBERS, ids=[_path(steps) for steps, _ in MEMBERS])
def test_another_value_makes_another_export_or_a_gap_names_it(gateway: Gateway, steps: tuple[Any, ...], value: Any):
    one, other = _full(gateway.name), gateway.export(read(_with(steps, value)))
    assert (one.files, one.notes) != (other.files, other.notes) or any(_is_named(export, _path(steps)) for export in (one, other))


@pytest.mark.parametrize("gateway", GATEWAYS.values(), ids=lambda gateway: gateway.name)
def test_a_gap_is_a_sentence_about_a_member_that_there_is(gateway: Gateway):
    for gap in _full(gateway.name).gaps:
        assert gap.because.endswith("."), gap.because
        assert "!" not in gap.because
        assert _exists(FULL, gap.path), gap.path


def _is_kept_out(export: Export, header: str) -> bool:
    """Whether a header of the client is removed, one of those that pass is not it, or a gap says that it passes."""
    text = "".join(file.text for file in export.files)
    return header.lower() in text.lower() or '"input_headers"' in text or any(OVERRIDES[0] in gap.because for gap in export.gaps)


@pytest.mark.parametrize("gateway", JUDGING, ids=lambda gateway: gateway.name)
def test_what_changes_the_request_behind_it_is_removed_or_a_gap_says_so(gateway: Gateway):
    assert [header for header in OVERRIDES if not _is_kept_out(_full(gateway.name), header)] == []


@pytest.mark.parametrize("gateway", GATEWAYS.values(), ids=lambda gateway: gateway.name)
@pytest.mark.parametrize("preset", PRESETS)
def test_an_address_to_change_stands_in_the_files(gateway: Gateway, preset: str):
    export = gateway.export(read_policy(policy(PRESETS[preset])))
    for told in re.findall(r"in the place of ([^, ]+),", " ".join(export.notes)):
        assert any(told in file.text for file in export.files)


_DEFAULTS = {"describe", "realm", "forward_token", "token", "leeway", "required", "methods", "access", "name", "audience", "issuer"}


def _exists(document: Any, path: str) -> bool:
    """Whether *path* leads to something in *document*; a member that was left out has its place too."""
    place = document
    for step in re.findall(r"[^.\[\]]+", path):
        if isinstance(place, list):
            if not step.isdigit() or int(step) >= len(place):
                return False
            place = place[int(step)]
        elif isinstance(place, dict) and step in place:
            place = place[step]
        else:
            return step in _DEFAULTS
    return True


@pytest.mark.parametrize("gateway", GATEWAYS.values(), ids=lambda gateway: gateway.name)
def test_no_secret_stands_in_it(gateway: Gateway):
    for file in _full(gateway.name).files:
        assert '"oct"' not in file.text
        assert "PRIVATE KEY" not in file.text


@pytest.mark.parametrize("gateway", JUDGING, ids=lambda gateway: gateway.name)
@settings(max_examples=8, deadline=None)
@given(name=TEXTS, word=TEXTS, claim=TEXTS, value=TEXTS)
def test_no_text_stops_an_export(gateway: Gateway, name: str, word: str, claim: str, value: str):
    rule = {"any": [{"claim": [claim], "equals": value}, {"not": {"claim": [claim], "one_of": [value, 1, True]}}]}
    route = {"name": name, "prefix": "/", "roles": {"any": [word], "claim": [claim]}, "claims": rule}
    document = FULL | {"routes": [route], "upstream": {"X-User": [claim]}}
    export = gateway.export(read(document))
    for file in export.files:
        file.text.encode()


@pytest.mark.parametrize("gateway", JUDGING, ids=lambda gateway: gateway.name)
@given(number=some.integers() | some.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=6, deadline=None)
def test_no_number_stops_an_export(gateway: Gateway, number: float):
    document = FULL | {"routes": [{"prefix": "/", "claims": {"claim": "level", "equals": number}}]}
    assert gateway.export(read(document)).files
