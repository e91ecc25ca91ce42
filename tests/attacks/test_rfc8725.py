"""The ledger of RFC 8725: every name in it exists, and a token that breaks a rule gets the findings and checks that it names."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from app.reports.statements import LABELS
from app.tokens import Expectations, Report, encode
from app.tokens.findings import KINDS
from tests.attacks.ledger import ROOT, is_there
from tests.tokens.keyring import (
    CLAIMS,
    SECRET,
    b64u,
    check,
    integer,
    joined,
    make,
    oct_jwk,
    private,
    private_pem,
    public_jwk,
    public_key,
    public_pem,
    rsa_private,
    token,
)
from tests.tokens.test_limits import bomb, with_password

RULES = {row["place"]: row for row in tomllib.loads((ROOT / "app/web/learn/rfc8725.toml").read_text("utf-8"))["rules"]}
THIS = "tests/attacks/test_rfc8725.py::test_a_token_that_breaks_a_rule_is_told_so"
HS = '{"alg":"HS256"}'
RSA1_5 = (b'{"alg":"RSA1_5","enc":"A128GCM"}', bytes(256), bytes(12), b"x", bytes(16))


def with_epk_off_the_curve() -> Report:
    sealed = encode('{"alg":"ECDH-ES","enc":"A128GCM"}', CLAIMS, private_pem(private("ES256"))).token
    epk = public_jwk(private("ES256", 1)) | {"y": integer(5, 32)}
    header = b64u(json.dumps({"alg": "ECDH-ES", "enc": "A128GCM", "epk": epk}))
    return check(f"{header}.{sealed.partition('.')[2]}", private_pem(private("ES256")))


def compressed() -> Report:
    sealed = encode('{"alg":"dir","enc":"A128GCM","zip":"DEF"}', CLAIMS, oct_jwk(bytes(16))).token
    return check(sealed, oct_jwk(bytes(16)))


def flattened() -> Report:
    protected, payload, signature = token("HS256").split(".")
    return check(json.dumps({"protected": protected, "payload": payload, "signature": signature}))


def in_set() -> str:
    return json.dumps({"keys": [public_jwk(private("RS256"), kid="of the issuer"), public_jwk(private("RS256", 1), kid="two")]})


ISSUER = Expectations(issuer="https://a.example")
BROKEN: Mapping[str, Callable[[], Iterable[Report]]] = {
    "verify-algorithm": lambda: (
        check(make(HS, key=public_pem(private("RS256"))), public_key("RS256")),
        check(token("ES256"), public_key("RS256")),
        check(make('{"alg":"HS257"}'), expect=Expectations(algorithms=("HS256",))),
        check(token("HS512"), expect=Expectations(algorithms=("HS256",))),
    ),
    "appropriate": lambda: (
        check(joined('{"alg":"none"}'), expect=Expectations(algorithms=("RS256",))),
        check(".".join(map(b64u, RSA1_5)), private_pem(rsa_private(2048))),
    ),
    "all-operations": lambda: (
        check(make('{"alg":"HS256","cty":"JWT"}', make(HS, key="x" * 40))),
        check(make(HS, make(HS, key="x" * 40)) + "="),
        check(token("HS256"), "y" * 40),
    ),
    "inputs": lambda: (
        with_epk_off_the_curve(),
        check(joined('{"alg":"EdDSA"}', signature=bytes(64)), json.dumps({"kty": "OKP", "crv": "Ed25519", "x": b64u(b"\1" + bytes(31))})),
        check(joined('{"alg":"ES256"}', signature=bytes(64)), public_key("ES256")),
    ),
    "entropy": lambda: (check(make(HS, key="secret"), "secret"), check(make(HS, key=b""), '{"kty":"oct","k":""}')),
    "compression": lambda: (compressed(),),
    "utf8": lambda: (check(make(HS, b'{"sub":"Jos\xe9"}')), check(make(b'\xef\xbb\xbf{"alg":"HS256"}'))),
    "issuer": lambda: (
        check(make({"alg": "RS256", "kid": "of another"}, alg="RS256"), in_set()),
        check(make(HS, '{"iss":"https://a.example.evil","exp":1800000000}'), expect=ISSUER),
    ),
    "audience": lambda: (
        check(make(HS, '{"aud":[],"exp":1800000000}')),
        check(make(HS, '{"aud":"https://b.example","exp":1800000000}'), expect=Expectations(audience="https://a.example")),
    ),
    "distrust": lambda: (
        check(make('{"alg":"HS256","kid":"../../dev/null","jku":"https://169.254.169.254/keys"}', key=b""), SECRET),
        check(make({"alg": "RS256", "jwk": public_jwk(private("RS256", 1))}, alg="RS256", key=private("RS256", 1)), public_key("RS256")),
    ),
    "typing": lambda: (check(make('{"alg":"HS256","type":"at+jwt"}'), expect=Expectations(type="at+jwt")),),
    "exclusive": lambda: (check(make('{"alg":"HS256","typ":"JOSE"}'), expect=Expectations(profile="at+jwt")),),
    "p2c": lambda: (check(with_password(1_200_001), "password"), check(with_password(999), "password")),
    "characters": lambda: (flattened(), check(f"{token('HS256')[:9]}#{token('HS256')[9:]}"), check(f"{token('HS256')}\n")),
    "inflate": lambda: (check(bomb(), oct_jwk(bytes(range(16)))),),
}
# Compression is lawful, and told: no check refuses it.
TOLD_ONLY = {"compression"}


def test_there_are_fifteen_rules_in_their_order():
    sections = [row["spec"].rpartition("§")[2] for row in RULES.values()]
    assert sections == [f"3.{number}" for number in range(1, 16)]
    assert BROKEN.keys() == RULES.keys()


@pytest.mark.parametrize("place", RULES)
def test_every_name_in_a_row_exists(client, place: str):
    row: dict[str, Any] = RULES[place]
    assert place in client.get("/learn/best-practices").dom.ids
    assert row["checks"]
    assert set(row["checks"]) <= LABELS.keys()
    assert row["findings"]
    assert set(row["findings"]) <= KINDS.keys()
    assert THIS in row["tests"]
    assert [test for test in row["tests"] if not is_there(test)] == []


@pytest.mark.parametrize("place", RULES)
def test_a_token_that_breaks_a_rule_is_told_so(place: str):
    reports = list(BROKEN[place]())
    found = {finding.code for report in reports for finding in report.findings}
    assert set(RULES[place]["findings"]) <= found
    assert not [report for report in reports if report.accepted and place not in (TOLD_ONLY | {"audience"})]
    told = {one.name for report in reports for one in report.checks if one.outcome in ("failed", "warned", "not_checked")}
    assert set(RULES[place]["checks"]) <= told or place in TOLD_ONLY


def test_the_page_shows_every_rule_with_its_names(client):
    page = client.get("/learn/rfc-8725")
    for number, row in enumerate(RULES.values(), 1):
        assert f"rule-{number}" in page.dom
        assert f'href="/learn/best-practices#{row["place"]}"' in page.text
        for code in row["findings"]:
            assert f'href="/learn/findings#{code}"' in page.text
        for test in row["tests"]:
            assert test.partition("::test_")[2].replace("_", " ") in page.text
