"""SD-JWT (RFC 9901): what is disclosed is put back where the issuer had it, and judged by every rule of §7.1."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from app.tokens import decode, lossless_json, sd_jwt, verify
from tests.tokens.keyring import NOW, SECRET, b64u, codes, make, read_out, unb64u

HEADER = '{"alg":"HS256","typ":"example+sd-jwt"}'


def disclosure(*items: Any) -> str:
    return b64u(json.dumps(list(items)))


def digest(text: str, name: str = "sha256") -> str:
    return b64u(hashlib.new(name, text.encode()).digest())


VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "sd-jwt").glob("*/sd_jwt_*"))
ISSUER = {
    "kty": "EC",
    "crv": "P-256",
    "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
    "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
}
NAME = disclosure("salt-1", "given_name", "John")
ELEMENT = disclosure("salt-2", "DE")
CITY = disclosure("salt-3", "city", "Anytown")
ADDRESS = disclosure("salt-4", "address", {"_sd": [digest(CITY)]})
PAYLOAD = {
    "iss": "https://issuer.example",
    "exp": 1800000000,
    "_sd": [digest(NAME), digest(ADDRESS), "decoy-decoy-decoy-decoy-decoy-decoy-decoy-d"],
    "nationalities": [{"...": digest(ELEMENT)}, "FR"],
    "_sd_alg": "sha-256",
}
ISSUED = make(HEADER, json.dumps(PAYLOAD))
ALL = f"{ISSUED}~{NAME}~{ELEMENT}~{ADDRESS}~{CITY}~"


def shown(payload: Any, texts: list[str]) -> sd_jwt.Presentation:
    return sd_jwt.read(lossless_json.read(json.dumps(payload)), texts, "")


def told(report: Any, code: str) -> list[Any]:
    return [finding for finding in report.findings if finding.code == code]


def test_every_disclosure_is_told_with_its_place():
    report = verify(ALL, SECRET, at=NOW)
    read_out(report)
    assert (report.kind, report.serialization) == ("SD-JWT", "compact")
    (whole,) = told(report, "sd_jwt")
    assert "4 disclosures" in whole.message
    assert "no key binding JWT" in whole.message
    assert "1 more digest" in whole.message
    rows = told(report, "sd_disclosure")
    assert [(one.offset, one.length) for one in rows] == [(ALL.index(text), len(text)) for text in (NAME, ELEMENT, ADDRESS, CITY)]
    assert 'salt "salt-1", claim "given_name" = "John"' in rows[0].message
    assert digest(NAME) in rows[0].message
    assert "an _sd array" in rows[0].message
    assert 'array element "DE"' in rows[1].message
    assert "an array element" in rows[1].message
    assert {one.level for one in rows} == {"info"}
    assert {one.spec for one in rows} == {"RFC 9901 §4.2"}


def test_the_digest_of_a_disclosure_may_be_in_another_disclosure():
    presentation = shown(PAYLOAD, [CITY, ADDRESS])
    assert [(one.name, one.where, one.fault) for one in presentation.disclosures] == [("city", "claim", ""), ("address", "claim", "")]
    alone = shown(PAYLOAD, [CITY])
    assert alone.disclosures[0].fault == "its digest is not in any _sd array"


def test_what_the_issuer_signed_and_no_more_is_verified():
    report = verify(ALL, SECRET, at=NOW)
    assert (report.signature.status, report.accepted) == ("verified", True)
    assert report.signature.because == "The signature matches the 65-byte secret."
    assert next(check for check in report.checks if check.name == "form").outcome == "passed"
    wrong = verify(ALL, SECRET + "x", at=NOW)
    assert (wrong.signature.status, wrong.signature.matches, wrong.accepted) == ("invalid", False, False)
    assert "does not match" in wrong.signature.because
    foreign = verify(f"{ALL}{disclosure('s', 'n', 'v')}~", SECRET, at=NOW)
    assert (foreign.signature.status, foreign.signature.matches, foreign.accepted) == ("invalid", True, False)
    assert "Disclosure 5" in foreign.signature.because
    assert "its digest is not in any _sd array" in foreign.signature.because


def test_what_is_disclosed_is_put_back_where_the_issuer_had_it():
    whole = shown(PAYLOAD, [NAME, ELEMENT, ADDRESS, CITY])
    assert whole.claims is not None
    assert whole.claims.value == {
        "iss": "https://issuer.example",
        "exp": 1800000000,
        "nationalities": ["DE", "FR"],
        "given_name": "John",
        "address": {"city": "Anytown"},
    }
    assert [one.path for one in whole.disclosures] == [("given_name",), ("nationalities", 0), ("address",), ("address", "city")]
    assert whole.undisclosed == 1
    little = shown(PAYLOAD, [ADDRESS])
    assert little.claims is not None
    assert little.claims.value == {"iss": "https://issuer.example", "exp": 1800000000, "nationalities": ["FR"], "address": {}}
    assert little.undisclosed == 4


def test_numbers_are_put_back_as_they_were_written():
    text = b64u('["salt","n",[1.10,10000000000000000000001,1e2]]')
    whole = shown({"_sd": [digest(text)], "a": 1}, [text])
    assert whole.claims is not None
    assert whole.claims.text == '{"a": 1,"n":[1.10,10000000000000000000001,1e2]}'.replace(": ", ":")


def test_a_disclosure_overwrites_nothing():
    text = disclosure("s", "exp", 4000000000)
    report = verify(f"{make(HEADER, json.dumps({'exp': 1, '_sd': [digest(text)]}))}~{text}~", SECRET, at=NOW)
    (finding,) = told(report, "sd_disclosure_refused")
    assert 'a claim "exp" stands in its place already' in finding.message
    assert (report.signature.status, report.token.claims) == ("invalid", {"exp": 1})
    one, two = disclosure("s", "n", 1), disclosure("t", "n", 2)
    faults = [one.fault for one in shown({"_sd": [digest(one), digest(two)]}, [one, two]).disclosures]
    assert faults == ["", 'a claim "n" stands in its place already']


def test_claims_are_judged_with_what_is_disclosed():
    late = disclosure("s", "exp", NOW - 1)
    report = verify(f"{make(HEADER, json.dumps({'_sd': [digest(late)]}))}~{late}~", SECRET, at=NOW)
    assert report.signature.status == "verified"
    assert next(check for check in report.checks if check.name == "exp").outcome == "failed"
    assert not report.accepted
    (finding,) = told(report, "sd_validity_disclosable")
    assert (finding.level, finding.spec) == ("warning", "RFC 9901 §9.7")
    assert '"exp"' in finding.message


def test_the_claims_of_an_accepted_token_are_those_with_what_is_disclosed():
    assert verify(ALL, SECRET, at=NOW).claims()["given_name"] == "John"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        pytest.param({"_sd": "x"}, '"_sd" stands at the top', id="_sd is no array"),
        pytest.param({"a": [{"b": {"_sd": [1]}}]}, '"_sd" stands in a.0.b', id="_sd has a number"),
        pytest.param({"a": {"...": "x"}}, '"..." stands in a', id="three dots outside an array"),
        pytest.param({"a": [{"...": "x", "b": 1}]}, '"..." stands in a.0', id="three dots with company"),
        pytest.param({"a": [{"...": 1}]}, '"..." stands in a.0', id="three dots and a number"),
    ],
)
def test_reserved_names_are_for_digests_only(payload: Any, words: str):
    report = verify(f"{make(HEADER, json.dumps(payload))}~", SECRET, at=NOW)
    (finding,) = told(report, "sd_reserved_name")
    assert finding.message.startswith(words)
    assert (report.signature.status, report.signature.matches, finding.spec) == ("invalid", True, "RFC 9901 §4.1")


def test_a_value_in_which_a_name_stands_twice_is_refused():
    text = b64u('["s","n",{"a":1,"a":2}]')
    (one,) = shown({"_sd": [digest(text)]}, [text]).disclosures
    assert one.fault == "a name stands twice in its value"


def chain(length: int, depth: int) -> tuple[dict[str, Any], list[str]]:
    """Disclosures each of which holds the digest of the one before."""
    texts: list[str] = []
    inner: Any = 1
    for number in range(length):
        text = disclosure(f"s{number}", "n", inner)
        texts.append(text)
        inner = {"_sd": [digest(text)]}
        for _ in range(depth):
            inner = [inner]
    return {"a": inner}, texts


@pytest.mark.parametrize(("length", "is_read"), [(63, True), (64, False), (900, False)])
def test_what_is_disclosed_in_what_is_disclosed_is_bounded(length: int, is_read: bool):
    payload, texts = chain(length, 0)
    whole = shown(payload, texts)
    assert (whole.claims is not None, whole.is_too_large) == (is_read, not is_read)
    report = verify(f"{make(HEADER, json.dumps(payload))}~{'~'.join(texts)}~", SECRET, at=NOW)
    read_out(report)
    assert report.signature.status == ("verified" if is_read else "invalid")
    assert ("sd_too_large" in codes(report.findings)) is not is_read


@pytest.mark.parametrize(("count", "status"), [(1000, "verified"), (1001, "invalid")])
def test_a_thousand_disclosures_are_read(count: int, status: str):
    texts = [disclosure(f"salt-{number}", f"n{number}", number) for number in range(count)]
    report = verify(f"{make(HEADER, json.dumps({'_sd': [digest(text) for text in texts]}))}~{'~'.join(texts)}~", SECRET, at=NOW)
    assert report.signature.status == status
    assert ("sd_disclosures_too_many" in codes(report.findings)) is (count > 1000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(disclosure("s", "n", "v"), ('salt "s"', 'claim "n" = "v"', "its digest is not in any _sd array"), id="unknown"),
        pytest.param("!!!!", ("not base64url",), id="not base64url"),
        pytest.param(b64u("{}"), ("not a JSON array",), id="an object"),
        pytest.param(b64u('["s"]'), ("not a JSON array of",), id="too short"),
        pytest.param(b64u('["s","n","v",1]'), ("not a JSON array of",), id="too long"),
        pytest.param(b64u('["s","n"'), ("not a JSON array",), id="broken"),
        pytest.param(b64u(b'["\xff","n","v"]'), ("not UTF-8",), id="Latin-1"),
        pytest.param(disclosure(1, "n", "v"), ("salt is not a string",), id="a number as salt"),
        pytest.param(disclosure("s", 1, "v"), ("claim name is not a string",), id="a number as name"),
        pytest.param(disclosure("s", "_sd", "v"), ('"_sd", which is reserved',), id="_sd"),
        pytest.param(disclosure("s", "...", "v"), ('"...", which is reserved',), id="three dots"),
        pytest.param("", ("not a JSON array",), id="empty"),
    ],
)
def test_a_disclosure_that_must_be_refused_says_why(text: str, words: tuple[str, ...]):
    given = f"{ISSUED}~{NAME}~{text}~"
    report = verify(given, SECRET, at=NOW)
    (finding,) = told(report, "sd_disclosure_refused")
    assert finding.message.startswith("Disclosure 2: ")
    assert all(word in finding.message for word in words), finding.message
    assert (finding.level, finding.offset, finding.spec) == ("error", len(ISSUED) + len(NAME) + 2, "RFC 9901 §7.1")
    assert next(check for check in report.checks if check.name == "form").outcome == "failed"


def test_a_disclosure_in_the_wrong_sort_of_place_is_refused():
    named = disclosure("s", "n", "v")
    unnamed = disclosure("s", "v")
    payload = {"_sd": [digest(unnamed)], "a": [{"...": digest(named)}]}
    faults = [one.fault for one in shown(payload, [named, unnamed]).disclosures]
    assert faults == [
        "it has a claim name, yet its digest stands in an array of elements",
        "it has no claim name, yet its digest stands in an _sd array",
    ]


def test_what_stands_twice_is_refused():
    report = verify(f"{ISSUED}~{NAME}~{NAME}~", SECRET, at=NOW)
    (finding,) = told(report, "sd_disclosure_refused")
    assert "it stands a second time" in finding.message
    twice = make(HEADER, json.dumps({"_sd": [digest(NAME)], "a": {"_sd": [digest(NAME)]}}))
    (finding,) = told(decode(f"{twice}~{NAME}~"), "sd_digest_twice")
    assert digest(NAME) in finding.message
    assert verify(f"{twice}~{NAME}~", SECRET, at=NOW).signature.status == "invalid"


@pytest.mark.parametrize(
    ("name", "hash_name"),
    [("sha-256", "sha256"), ("sha-384", "sha384"), ("sha-512", "sha512"), ("sha3-256", "sha3_256"), ("sha3-512", "sha3_512")],
)
def test_the_hash_is_that_of_sd_alg(name: str, hash_name: str):
    payload = {"_sd": [digest(NAME, hash_name)], "_sd_alg": name}
    (one,) = shown(payload, [NAME]).disclosures
    assert (one.where, one.fault, one.digest) == ("claim", "", digest(NAME, hash_name))


@pytest.mark.parametrize("name", ["md5", "sha-1", "SHA-256", 256, None], ids=repr)
def test_a_hash_that_is_not_known_is_an_error_and_no_accusation(name: Any):
    report = decode(f"{make(HEADER, json.dumps({'_sd': ['x'], '_sd_alg': name}))}~{NAME}~")
    assert "sd_hash_unknown" in codes(report.findings)
    assert "sd_disclosure_refused" not in codes(report.findings)
    assert verify(report.token.text, SECRET, at=NOW).signature.status == "invalid"


def bound(presented: str, sd_hash: str | None) -> str:
    claims = {"nonce": "1", "aud": "https://verifier.example", "iat": NOW}
    return presented + make('{"alg":"HS256","typ":"kb+jwt"}', json.dumps(claims | ({"sd_hash": sd_hash} if sd_hash else {})))


@pytest.mark.parametrize(
    ("sd_hash", "told_as"),
    [
        pytest.param(digest(ALL), "", id="right"),
        pytest.param("x" * 43, f'"{"x" * 43}"', id="wrong"),
        pytest.param(None, "missing", id="missing"),
    ],
)
def test_the_key_binding_is_for_this_presentation(sd_hash: str | None, told_as: str):
    report = decode(bound(ALL, sd_hash))
    (whole,) = told(report, "sd_jwt")
    assert "with a key binding JWT" in whole.message
    differs = told(report, "sd_hash_differs")
    assert bool(differs) == bool(told_as)
    if differs:
        assert told_as in differs[0].message
        assert digest(ALL) in differs[0].message


def test_the_last_tilde_must_not_be_missing():
    text = ALL[:-1]
    (finding,) = told(decode(text), "sd_end")
    assert (finding.level, finding.offset) == ("error", len(text))
    (mend,) = finding.repairs
    assert text[: mend.offset] + mend.text + text[mend.offset :] == ALL
    assert "sd_end" not in codes(decode(ALL).findings)


def test_hundreds_of_disclosures_are_read_and_twenty_listed():
    texts = [disclosure(f"salt-{number}", f"n{number}", number) for number in range(300)]
    payload = {"_sd": [digest(text) for text in texts[:-1]]}
    report = decode(f"{make(HEADER, json.dumps(payload))}~{'~'.join(texts)}~")
    assert len(told(report, "sd_disclosure")) == 20
    (refused,) = told(report, "sd_disclosure_refused")
    assert refused.message.startswith("Disclosure 300: ")
    (more,) = told(report, "sd_disclosures_more")
    assert "279 more" in more.message


@pytest.mark.parametrize("place", ["header", "top"])
def test_the_json_form_is_read_as_well(place: str):
    header, payload, signature = ISSUED.split(".")
    more = {"disclosures": [NAME, ELEMENT]}
    text = json.dumps({"payload": payload, "protected": header, "signature": signature} | ({"header": more} if place == "header" else more))
    report = verify(text, SECRET, at=NOW)
    assert (report.kind, report.serialization, report.signature.status) == (
        "SD-JWT",
        "flattened",
        "verified" if place == "header" else "invalid",
    )
    rows = told(report, "sd_disclosure")
    assert [one.offset for one in rows] == [text.index(NAME), text.index(ELEMENT)]
    assert "matches the 65-byte secret" in report.signature.because
    assert ("sd_draft_form" in codes(report.findings)) is (place == "top")
    assert unb64u(payload).decode() == report.payload_text


@pytest.mark.parametrize("payload", ["[]", "1", '{"_sd":1}', '{"_sd":[1,{}]}', '{"a":[{"...":1}]}', "hello", ""])
def test_odd_payloads_are_answered(payload: str):
    read_out(verify(f"{make(HEADER, payload)}~{NAME}~~{ELEMENT}~", SECRET, at=NOW))


@pytest.mark.parametrize("path", [pytest.param(path, id=f"{path.parent.name} {path.stem}") for path in VECTORS])
def test_the_published_examples_are_verified(path: Path):
    text = path.read_text(encoding="utf-8").strip()
    text = json.loads(text) if path.suffix == ".json" else text
    report = verify(text, json.dumps(ISSUER), at=1_700_000_000)
    read_out(report)
    assert report.kind == "SD-JWT"
    is_draft = path.suffix == ".json"  # its JSON form has the disclosures, and what it hashes, elsewhere than RFC 9901
    wrong = [finding.code for finding in report.findings if finding.level == "error" and finding.segment != "header"]
    assert wrong == (["sd_draft_form"] if is_draft else [])
    assert report.signature.matches is True
    has_number_as_kid = path.parent.name == "header_mod"  # RFC 7515 §4.1.4 wants a string
    assert report.signature.status == ("invalid" if is_draft or has_number_as_kid else "verified")
    assert report.token.disclosed is not None
    assert all(one.where != "nowhere" and not one.fault for one in report.token.disclosed.disclosures)
    if not is_draft:
        assert report.token.disclosed.sd_hash == (report.token.disclosed.sd_hash_given or "")
    if path.stem == "sd_jwt_issuance":
        assert report.token.disclosed.undisclosed == 0
        claimed = json.loads((path.parent / "user_claims.json").read_text(encoding="utf-8"))
        claims = json.loads(json.dumps(report.token.claims, default=float))
        assert {name: value for name, value in claims.items() if name not in ("iss", "iat", "exp", "cnf")} == claimed
    else:
        expected = json.loads((path.parent / "verified_contents.json").read_text(encoding="utf-8"))
        assert json.loads(json.dumps(report.token.claims, default=float)) == expected


def test_there_are_as_many_examples_as_the_files_hold():
    assert len(VECTORS) == 2 * 17
