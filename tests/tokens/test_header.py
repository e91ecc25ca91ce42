"""The rules of the JOSE header, one by one (RFC 7515 §4, RFC 7797, RFC 8725)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.tokens import decode
from tests.tokens.keyring import SIGNING, check, codes, make, outcome


def faults(header: Any) -> list[str]:
    """The codes of what the header is refused for, as the verdict and as decode tell it."""
    text = make(header if isinstance(header, (str, bytes)) else json.dumps(header), '{"exp":1800000000}')
    report = check(text)
    told = codes(report.signature.faults)
    assert set(told) <= set(codes(decode(text).findings))
    assert (outcome(report, "header") == "failed") == bool(told)
    assert (report.signature.status == "verified") == (not told)
    return told


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"alg": "HS256"}, id="alg alone"),
        pytest.param({"alg": "HS256", "typ": "JWT", "kid": "a"}, id="the common one"),
        pytest.param({"alg": "HS256", "typ": "JWT", "kid": "a", "cty": "x", "x5t": "a", "x5t#S256": "b"}, id="many texts"),
        pytest.param({"alg": "HS256", "x": {"a": [1, None]}, "y": 1.5}, id="private members"),
        pytest.param({"alg": "HS256", "x5c": ["MIIB", "MIIC"]}, id="x5c"),
        pytest.param({"alg": "HS256", "jwk": {"kty": "oct"}}, id="jwk"),
        pytest.param('{"alg":"HS\\u0032\\u0035\\u0036"}', id="alg with escapes"),
        pytest.param('{"alg":"HS256","n":9007199254740993}', id="a large number"),
    ],
)
def test_a_good_header_is_not_refused(header: Any):
    assert faults(header) == []


@pytest.mark.parametrize(
    ("header", "code"),
    [
        pytest.param({}, "alg_missing", id="no alg"),
        pytest.param({"Alg": "HS256"}, "alg_missing", id="Alg"),
        pytest.param({"alg": None}, "alg_not_a_string", id="alg null"),
        pytest.param({"alg": 256}, "alg_not_a_string", id="alg a number"),
        pytest.param({"alg": ["HS256"]}, "alg_not_a_string", id="alg an array"),
        pytest.param({"alg": {"HS256": 1}}, "alg_not_a_string", id="alg an object"),
        pytest.param({"alg": "hs256"}, "alg_unknown", id="small letters"),
        pytest.param({"alg": " HS256"}, "alg_unknown", id="blank in front"),
        pytest.param({"alg": "HS256\0"}, "alg_unknown", id="NUL behind"),
        pytest.param({"alg": "HMAC-SHA256"}, "alg_unknown", id="HMAC-SHA256"),
        pytest.param({"alg": "RSA-OAEP"}, "alg_unknown", id="RSA-OAEP"),
        pytest.param({"alg": "ES521"}, "alg_unknown", id="ES521"),
    ],
)
def test_alg_must_name_an_algorithm(header: Any, code: str):
    text = make(header)
    report = check(text)
    assert (report.signature.status, outcome(report, "header")) == ("not_checked", "failed")
    assert code in codes(report.findings)
    assert code in codes(decode(text).findings)


@pytest.mark.parametrize(
    ("alg", "guess"),
    [
        ("hs256", "HS256"),
        ("HMAC-SHA256", "HS256"),
        ("RSASHA256", None),
        ("ES-256", "ES256"),
        ("eddsa", "EdDSA"),
        ("MLDSA44", "ML-DSA-44"),
        ("RS265", "RS"),
    ],
)
def test_it_guesses_what_was_meant(alg: str, guess: str | None):
    (finding,) = [one for one in decode(make({"alg": alg})).findings if one.code == "alg_unknown"]
    if guess:
        assert f'Did you mean "{guess}' in finding.message


@pytest.mark.parametrize("alg", ["nOnE", "NONE", "None"])
def test_spellings_of_none_are_named(alg: str):
    (finding,) = [one for one in decode(make({"alg": alg})).findings if one.code == "alg_unknown"]
    assert 'spelling of "none"' in finding.message


def test_an_encryption_algorithm_is_named():
    (finding,) = [one for one in decode(make({"alg": "RSA-OAEP"})).findings if one.code == "alg_unknown"]
    assert "JWE" in finding.message


@pytest.mark.parametrize("name", ["kid", "typ", "cty", "jku", "x5u", "x5t", "x5t#S256"])
@pytest.mark.parametrize("value", [1, None, True, ["a"], {"a": 1}], ids=repr)
def test_texts_must_be_texts(name: str, value: Any):
    assert faults({"alg": "HS256", name: value}) == ["header_parameter_type"]


@pytest.mark.parametrize("value", [1, None, "{}", ["a"]], ids=repr)
def test_jwk_must_be_an_object(value: Any):
    assert faults({"alg": "HS256", "jwk": value}) == ["header_parameter_type"]


@pytest.mark.parametrize("value", [1, None, "MIIB", {"a": 1}, [1], ["MIIB", None]], ids=repr)
def test_x5c_must_be_texts(value: Any):
    assert faults({"alg": "HS256", "x5c": value}) == ["header_parameter_type"]


def test_every_fault_is_told():
    assert faults({"alg": "HS256", "kid": 1, "crit": ["alg", "alg", "x"], "b64": 1}) == [
        "header_parameter_type",
        "crit_twice",
        "crit_standard_name",
        "crit_absent_name",
        "header_parameter_type",
    ]


@pytest.mark.parametrize(
    ("header", "level"),
    [({"jwk": {}}, "warning"), ({"jku": "https://a"}, "warning"), ({"x5u": "https://a"}, "warning"), ({"x5c": []}, "warning")],
)
def test_a_key_of_its_own_is_warned_of(header: Any, level: str):
    (finding,) = [one for one in decode(make({"alg": "HS256"} | header)).findings if one.code == "header_key"]
    assert finding.level == level


def test_type_instead_of_typ_is_noticed():
    assert "type_for_typ" in codes(decode(make({"alg": "HS256", "type": "JWT"})).findings)
    assert "type_for_typ" not in codes(decode(make({"alg": "HS256", "type": "JWT", "typ": "JWT"})).findings)


@pytest.mark.parametrize("alg", SIGNING)
def test_the_short_way_and_the_long_way_agree(alg: str):
    """Four members take the long way through the rules; nothing may depend on that."""
    for more in ({}, {"a": "1"}, {"a": "1", "b": "2", "c": "3"}):
        assert codes(decode(make({"alg": alg} | more, '{"exp":1}')).findings) == []
