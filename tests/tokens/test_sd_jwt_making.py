"""Making SD-JWTs: what is issued here is verified here, and a holder presents what it chooses."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from app.tokens import CannotEncode, Expectations, verify
from app.tokens.sd_jwt import making
from app.tokens.sd_jwt.making import present
from tests.tokens.keyring import NOW, SECRET, codes, private, private_jwk, private_key, public_jwk, read_out


def issue(*given: Any, **options: Any) -> str:
    return making.issue(*given, **options).token


HEADER = {"alg": "HS256", "typ": "example+sd-jwt"}
CLAIMS = '{"iss":"https://issuer.example","exp":4000000000,"name":"Ann","n":1.10,"address":{"city":"Ulm","zip":"1"},"langs":["de","en"]}'
PATHS = [("name",), ("n",), ("address",), ("address", "city"), ("langs", 1)]
ISSUED = issue(HEADER, CLAIMS, PATHS, SECRET)
HOLDER = json.dumps(public_jwk(private("ES256")))
VECTORS = Path(__file__).parents[1] / "vectors" / "sd-jwt"


def index(text: str, *path: str | int) -> int:
    shown = verify(text, SECRET, at=NOW).token.disclosed
    assert shown is not None
    return next(number for number, one in enumerate(shown.disclosures) if one.path == path)


def test_what_is_issued_is_verified_and_says_the_same():
    report = verify(ISSUED, SECRET, at=NOW)
    read_out(report)
    assert (report.signature.status, report.accepted) == ("verified", True)
    shown = report.token.disclosed
    assert shown is not None
    assert shown.claims is not None
    assert shown.claims.value == verify(issue(HEADER, CLAIMS, [], SECRET), SECRET, at=NOW).payload
    assert {one.path for one in shown.disclosures} == set(PATHS)
    assert shown.undisclosed == 0
    assert '"n":1.10' in shown.claims.text
    assert set(report.payload) == {"iss", "exp", "langs", "_sd_alg", "_sd"}
    assert report.payload["_sd"] == sorted(report.payload["_sd"])
    assert not [one for one in report.findings if one.level != "info"]


def test_salts_are_fresh_and_decoys_tell_nothing():
    assert issue(HEADER, CLAIMS, PATHS, SECRET) != ISSUED
    salts = count()
    one = issue(HEADER, CLAIMS, [("name",)], SECRET, decoys=3, salt=lambda: f"s{next(salts)}")
    report = verify(one, SECRET, at=NOW)
    assert report.token.disclosed is not None
    assert (len(report.payload["_sd"]), report.token.disclosed.undisclosed, report.token.disclosed.disclosures[0].salt) == (4, 3, "s0")


@pytest.mark.parametrize("name", ["sha-256", "sha-384", "sha-512", "sha3-256", "sha3-384", "sha3-512"])
def test_every_hash_can_be_used(name: str):
    report = verify(issue(HEADER, CLAIMS, PATHS, SECRET, hash_name=name), SECRET, at=NOW)
    assert (report.signature.status, report.payload["_sd_alg"]) == ("verified", name)


def test_a_holder_presents_what_it_chooses():
    text = present(ISSUED, [index(ISSUED, "name")])
    report = verify(text, SECRET, at=NOW)
    assert report.accepted
    assert report.token.claims == {"iss": "https://issuer.example", "exp": 4000000000, "langs": ["de"], "name": "Ann"}
    nothing = verify(present(ISSUED, []), SECRET, at=NOW)
    assert nothing.accepted
    assert nothing.token.claims == {"iss": "https://issuer.example", "exp": 4000000000, "langs": ["de"]}
    assert verify(present(ISSUED, range(5)), SECRET, at=NOW).token.claims["address"] == {"zip": "1", "city": "Ulm"}


def test_what_a_choice_lies_in_is_presented_with_it():
    report = verify(present(ISSUED, [index(ISSUED, "address", "city")]), SECRET, at=NOW)
    assert report.accepted
    assert report.token.claims["address"] == {"zip": "1", "city": "Ulm"}


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA", "ES512"])
def test_a_holder_binds_a_presentation(alg: str):
    issued = issue(HEADER, CLAIMS, PATHS, SECRET, holder=json.dumps(public_jwk(private(alg))))
    text = present(issued, [index(issued, "name")], key=private_key(alg), audience="https://verifier.example", nonce="n", at=NOW)
    report = verify(text, SECRET, at=NOW, expect=Expectations(audience="https://verifier.example", nonce="n"))
    assert report.key_binding is not None
    assert (report.key_binding.status, report.accepted) == ("verified", True)
    unbound = present(text, [0])
    assert unbound.endswith("~")
    assert verify(unbound, SECRET, at=NOW).key_binding is None


def test_a_key_that_is_not_the_holders_binds_nothing():
    other = making.issue(HEADER, CLAIMS, PATHS, SECRET, holder=json.dumps(public_jwk(private("ES256", 1)))).token
    binding = present(other, [], key=private_key("ES256", 1), audience="a", nonce="n", at=NOW).rpartition("~")[2]
    issued = issue(HEADER, CLAIMS, PATHS, SECRET, holder=HOLDER)
    report = verify(present(issued, []) + binding, SECRET, at=NOW)
    assert report.key_binding is not None
    assert (report.signature.status, report.key_binding.status, report.accepted) == ("verified", "invalid", False)
    assert "sd_key_binding_refused" in codes(report.findings)
    with pytest.raises(CannotEncode) as refused:
        present(issued, [], key=private_key("ES256", 1), audience="a", nonce="n", at=NOW)
    assert refused.value.code == "key_not_the_holders"


def test_of_several_keys_the_holders_binds():
    issued = issue(HEADER, CLAIMS, PATHS, SECRET, holder=HOLDER)
    several = json.dumps({"keys": [private_jwk(private("ES256", 1)), private_jwk(private("ES256"))]})
    report = verify(present(issued, [], key=several, audience="a", nonce="n", at=NOW), SECRET, at=NOW)
    assert report.key_binding is not None
    assert report.key_binding.status == "verified"


@pytest.mark.parametrize(
    ("code", "make"),
    [
        pytest.param("claims_not_an_object", lambda: issue(HEADER, "[]", [], SECRET), id="an array as claims"),
        pytest.param("claims_not_an_object", lambda: issue(HEADER, '{"a":1,"a":2}', [], SECRET), id="a claim twice"),
        pytest.param("not_unicode", lambda: issue(HEADER, '{"a":"\ud800"}', [("a",)], SECRET), id="half a character"),
        pytest.param("hash_unknown", lambda: issue(HEADER, "{}", [], SECRET, hash_name="md5"), id="md5"),
        pytest.param("path_unknown", lambda: issue(HEADER, "{}", [("a",)], SECRET), id="a path to nowhere"),
        pytest.param("name_reserved", lambda: issue(HEADER, '{"a":{"_sd":1}}', [], SECRET), id="_sd"),
        pytest.param("cnf_twice", lambda: issue(HEADER, '{"cnf":{}}', [], SECRET, holder=HOLDER), id="cnf twice"),
        pytest.param("holder_unreadable", lambda: issue(HEADER, "{}", [], SECRET, holder="secret"), id="a secret as holder"),
        pytest.param(
            "header_encrypts",
            lambda: issue({"alg": "dir", "enc": "A128GCM"}, "{}", [], '{"kty":"oct","k":"thCBpnB1cIuU03w2oXYlnQ"}'),
            id="enc",
        ),
        pytest.param("key_missing", lambda: issue(HEADER, "{}", [], ""), id="no key"),
        pytest.param("no_sd_jwt", lambda: present("a.b.c", []), id="no SD-JWT"),
        pytest.param("disclosure_unknown", lambda: present(ISSUED, [5]), id="past the last"),
        pytest.param("disclosure_unknown", lambda: present(ISSUED, [-1]), id="before the first"),
        pytest.param("key_cannot_sign", lambda: present(ISSUED, [], key=HOLDER), id="a public key"),
        pytest.param("key_cannot_sign", lambda: present(ISSUED, [], key="secret"), id="a secret"),
        pytest.param("key_missing", lambda: present(ISSUED, [], key=""), id="no holder key"),
    ],
)
def test_what_cannot_be_made_says_why(code: str, make):
    with pytest.raises(CannotEncode) as refused:
        make()
    assert refused.value.code == code


@pytest.mark.parametrize("name", sorted(path.name for path in VECTORS.iterdir() if (path / "sd_jwt_issuance.txt").is_file()))
def test_the_published_presentations_can_be_made_of_what_was_issued(name: str):
    issued = (VECTORS / name / "sd_jwt_issuance.txt").read_text(encoding="utf-8").strip()
    presented = (VECTORS / name / "sd_jwt_presentation.txt").read_text(encoding="utf-8").strip()
    wanted = presented.split("~")[1:-1]
    given = issued.split("~")[1:-1]
    made = present(issued, [given.index(one) for one in wanted])
    assert sorted(made.split("~")) == sorted([*presented.split("~")[:-1], ""])


def test_an_issuer_must_sign():
    with pytest.raises(CannotEncode) as refused:
        making.issue({"alg": "none"}, '{"a":1}', [("a",)], SECRET)
    assert refused.value.code == "alg_none"


def test_a_binding_of_the_future_and_one_that_was_not_compared_are_told():
    holder = private("ES256", 1)
    issued = making.issue({"alg": "ES256"}, '{"a":1}', [("a",)], private_key("ES256"), holder=json.dumps(public_jwk(holder))).token
    shown = present(issued, [0], key=json.dumps(private_jwk(holder)), audience="v", nonce="n", at=NOW + 9999)
    told = verify(shown, private_key("ES256"), at=NOW).key_binding
    assert told
    assert told.status == "verified"
    assert "nonce and audience were not compared" in told.because
    assert "in the future" in told.because
