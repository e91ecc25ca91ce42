"""Published weaknesses of others that no other file tries here, each by the fault that made it."""

from __future__ import annotations

import json
import time
import tomllib
from functools import partial
from importlib.metadata import version
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from app.tokens import Expectations, Report, decode
from app.tokens.algorithms import ALGORITHMS
from app.tokens.envelope import MAX_CHARACTERS
from tests.attacks.ledger import ROOT
from tests.cost import within
from tests.forwardauth.door import application
from tests.forwardauth.door import ask as ask_server
from tests.gateway import gate
from tests.tokens.keyring import (
    CLAIMS,
    NOW,
    SECRET,
    b64u,
    check,
    codes,
    integer,
    joined,
    make,
    oct_jwk,
    outcome,
    private,
    public_jwk,
    public_pem,
    status,
    token,
)


@pytest.mark.parametrize("alg", ["HS256", "ES256", "PS256", "EdDSA", "none"])
def test_a_jwk_without_alg_runs_what_its_type_can_and_no_more(alg: str):
    """CVE-2026-22817: the header chose, and where it said nothing HS256 was taken."""
    jwk = json.dumps(public_jwk(private("RS256")))
    assert status(token("RS256"), jwk) == "verified"
    forged = make({"alg": alg}, alg="HS256", key=jwk) if alg == "HS256" else joined(json.dumps({"alg": alg}), signature=bytes(256))
    assert status(forged, jwk) != "verified"
    assert status(make({}, alg="HS256", key=jwk), jwk) == "not_checked"


@pytest.mark.parametrize(("said", "made"), [("RS256", "RS512"), ("RS512", "RS256"), ("PS256", "RS256"), ("RS256", "PS256")])
def test_the_algorithm_of_the_header_and_that_of_the_key_are_one(said: str, made: str):
    """CVE-2026-48523: the one was compared with the list, and the other was run."""
    text = make({"alg": said}, alg=made, key=private("RS256"))
    for alg in (said, made):
        jwk = json.dumps(public_jwk(private("RS256"), alg=alg))
        report = check(text, jwk, expect=Expectations(algorithms=(said,)))
        assert (report.signature.status == "verified", report.accepted) == (False, False)


@pytest.mark.parametrize("form", ["flattened", "general"])
@pytest.mark.parametrize("protected", ["", "{}", '{"typ":"JWT"}', '{"alg":"none"}', '{"alg":"HS256"}'])
def test_an_algorithm_that_nobody_signed_is_told_and_never_accepted(form: str, protected: str):
    """GHSA-jc38-x7x8-2xc8: the attacker writes alg into the header that the signature does not cover."""
    signature = {"protected": b64u(protected), "header": {"alg": "HS256"}, "signature": make(protected).split(".")[2]}
    if not protected:
        del signature["protected"]
    document = {"payload": b64u(CLAIMS), **(signature if form == "flattened" else {"signatures": [signature]})}
    report = check(json.dumps(document))
    assert "unprotected_alg" in codes(report.findings)
    assert (report.accepted, outcome(report, "form")) == (False, "failed")
    if "alg" in protected:
        assert report.signature.status == "invalid"


def test_a_gateway_without_a_secret_denies():
    """CVE-2026-49852: a secret that was never set is an empty one, and everybody can sign with that."""
    policy = gate.policy(issuer={"keys": [{"secret": "s", "algorithms": ["HS256"]}]})
    for keys in ({}, gate.named(s=""), gate.named(s="\n"), gate.named(s=oct_jwk(b""))):
        for secret in ("", "\n", "\0", "s"):
            decision = gate.ask(policy, gate.token("HS256", key=secret), keys=keys)
            assert (decision.allowed, decision.status) in {(False, 401), (False, 503)}
    assert gate.ask(policy, gate.token("HS256"), keys=gate.named(s=SECRET)).allowed


@pytest.mark.parametrize("signatures", [[], {}, None, "", [{}], [None], [[]], [{"signature": ""}], [{"protected": "", "signature": ""}]])
def test_a_list_without_signatures_verifies_nothing(signatures: Any):
    """joserfc 1.7.4: all of no signatures were right."""
    report = check(json.dumps({"payload": b64u('{"exp":1800000000}'), "signatures": signatures}))
    assert (report.signature.status == "verified", report.accepted) == (False, False)


@pytest.mark.parametrize("where", ["compact", "flattened", "general", "detached"])
def test_what_is_not_encoded_is_bounded_like_what_is(where: str):
    """GHSA-wphv-vfrh-23q5: b64 false and a payload beside the token went round the limit."""
    header, deep = '{"alg":"HS256","b64":false,"crit":["b64"]}', "[" * 65 + "]" * 65
    signature = {"protected": b64u(header), "signature": "c2ln"}

    def judged(payload: str) -> Report:
        if where == "detached":  # it is signed as it stands and never read as JSON
            return check(f"{b64u(header)}..c2ln", payload=payload)
        compact = f"{b64u(header)}.{payload}.c2ln"
        flattened = json.dumps({"payload": payload, **signature})
        general = json.dumps({"payload": payload, "signatures": [signature]})
        return check({"compact": compact, "flattened": flattened, "general": general}[where])

    assert "json_too_deep" in codes(judged(deep).findings) or where == "detached"
    assert "input_too_long" in codes(judged("x" * MAX_CHARACTERS).findings) or where == "detached"
    assert not within(2, lambda: [payload[:1] for payload in (deep, "." * 300_000, "[" * 300_000) if judged(payload).accepted])


@pytest.mark.parametrize(
    "issuer", ["https://login.exampl", "https://login.example/", "https://login.example.evil", "https://", "", "login"]
)
def test_a_part_of_an_issuer_is_another_issuer(issuer: str):
    """CVE-2024-53861: "acc" was in "accounts"."""
    whole = "https://login.example"
    report = check(make({"alg": "HS256"}, json.dumps({"iss": issuer, "exp": NOW + 9})), expect=Expectations(issuer=whole))
    assert (outcome(report, "iss"), report.accepted) == ("failed", False)
    assert not gate.ask(gate.policy(), gate.token(iss=issuer)).allowed
    assert not check(make({"alg": "HS256"}, json.dumps({"iss": whole, "exp": NOW + 9})), expect=Expectations(issuer=issuer or "x")).accepted


@pytest.mark.parametrize(
    "issuer", [["https://login.example"], {"https://login.example": 1}, True, 1, ["https://evil", "https://login.example"]]
)
def test_an_issuer_that_is_no_text_is_none(issuer: Any):
    """CVE-2025-30144: an array that also held the right issuer."""
    text = make({"alg": "HS256"}, json.dumps({"iss": issuer, "exp": NOW + 9}))
    assert not check(text, expect=Expectations(issuer="https://login.example")).accepted
    assert not check(text).accepted
    assert not gate.ask(gate.policy(), gate.token(iss=issuer)).allowed


def test_what_was_accepted_makes_nothing_else_acceptable():
    """GHSA-rp9m-7r4c-75qg: what was kept of one token was given for another."""
    app, good = application(gate.policy()), gate.token(exp=int(time.time()) + 600)
    head, payload, signature = good.split(".")
    others = [f"{head}.{payload[:at]}{'A' if payload[at] != 'A' else 'B'}{payload[at + 1 :]}.{signature}" for at in range(0, 200, 5)]
    others += [f"{head}.{payload}.{signature[::-1]}", f"{head}.{payload}.", good + "A", good.swapcase()]
    assert ask_server(app, good)["Authorization"] is None
    for other in others:
        assert ask_server(app, good).status == 200
        assert ask_server(app, other).status == 401
        assert check(good, public_pem(private("RS256"))).signature.status == "verified"
        assert not check(other, public_pem(private("RS256"))).accepted


@pytest.mark.parametrize("size", [21_000, 65, 63, 132, 72])
def test_a_signature_of_21_kilobytes_is_refused_by_its_size(size: int):
    """HAProxy wrote it as DER into a buffer that was too small."""
    text = f"{token('ES256').rpartition('.')[0]}.{b64u(b'x' * size)}"
    assert codes(check(text, public_pem(private("ES256"))).signature.findings) == ["signature_size"]


def test_the_cryptography_underneath_is_none_of_the_broken_ones():
    """CVE-2026-26007, CVE-2026-34073 and CVE-2026-39892 were fixed before 46.0.7, CVE-2026-69247 before 50."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    (floor,) = [one.partition(">=")[2] for one in wanted if one.startswith("cryptography")]
    assert int(floor.split(".")[0]) >= 50
    assert int(version("cryptography").split(".")[0]) >= 50


@pytest.mark.parametrize("curve", [ec.BrainpoolP256R1(), ec.SECP224R1(), ec.BrainpoolP384R1()], ids=lambda curve: curve.name)
def test_curves_that_jose_does_not_name_verify_nothing(curve: ec.EllipticCurve):
    """CVE-2026-26007: points of small order on binary curves, which the library has no more."""
    assert not [name for name in dir(ec) if name.startswith("SECT")]
    key = ec.generate_private_key(curve)
    data = joined('{"alg":"ES256"}').rpartition(".")[0]
    r, s = decode_dss_signature(key.sign(data.encode(), ec.ECDSA(hashes.SHA256())))
    text = f"{data}.{b64u(r.to_bytes(48, 'big')[-32:] + s.to_bytes(48, 'big')[-32:])}"
    point = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": curve.name, "x": integer(point.x, 48), "y": integer(point.y, 48)}
    for form in (public_pem(key), json.dumps(jwk)):
        assert status(text, form) == "not_checked"
    known = {one for row in ALGORITHMS.values() if row.family in ("ecdsa", "eddsa") for one in row.curves}
    assert known == {"P-256", "P-384", "P-521", "secp256k1", "Ed25519", "Ed448"}


@pytest.mark.parametrize(
    "run", ["a", "=", " ", "\n", "-", "%2E", "&a=", '"', "\\", "\\u002e", "{", "Bearer ", "ey", "ey.", "~", "0", "://", "@", "\u200b"]
)
def test_hostile_runs_of_one_character_take_no_time(run: str):
    """An expression with nested repetition takes minutes over such a run; a linear one takes milliseconds."""

    def read(text: str) -> None:
        assert decode(text).findings is not None
        check(text, text)

    size = 120_000 // len(run)
    for text in (run * size, f"{run * size}!", f"eyJhbGciOiJIUzI1NiJ9.{run * size}", f"Authorization: Bearer {run * size}"):
        within(1.5, partial(read, text))
