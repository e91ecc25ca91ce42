"""Claims: times to the second, issuer and audience to the letter, types strictly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.tokens import MAX_SECONDS, Expectations
from app.tokens.claims import CLAIMS as MEANINGS
from app.tokens.claims import HEADER as HEADER_MEANINGS
from tests.tokens.keyring import NOW, because, check, codes, make, outcome, read_out


def judged(payload: str | dict[str, Any], header: str = '{"alg":"HS256"}', **options: Any) -> Any:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    report = check(make(header, text), **options)
    assert report.signature.status == "verified"
    read_out(report)
    return report


@pytest.mark.parametrize(
    ("exp", "leeway", "expected"),
    [
        pytest.param(NOW + 1, 0, "passed", id="in a second"),
        pytest.param(NOW, 0, "failed", id="now: exp itself is too late"),
        pytest.param(NOW - 1, 0, "failed", id="a second ago"),
        pytest.param(NOW - 9, 10, "passed", id="within the leeway"),
        pytest.param(NOW - 10, 10, "failed", id="at the end of the leeway"),
        pytest.param(NOW - 11, 10, "failed", id="beyond the leeway"),
        pytest.param(NOW + 0.5, 0, "passed", id="in half a second"),
        pytest.param(0, 0, "failed", id="1970"),
        pytest.param(-1, 0, "failed", id="before 1970"),
        pytest.param(-0.0, 0, "failed", id="minus zero"),
        pytest.param(10**12, 0, "passed", id="milliseconds"),
        pytest.param(10**30, 0, "passed", id="beyond all calendars"),
    ],
)
def test_exp(exp: float, leeway: int, expected: str):
    report = judged({"exp": exp}, leeway=leeway)
    assert outcome(report, "exp") == expected
    assert report.accepted == (expected == "passed")
    if expected == "failed":
        assert "Expired" in because(report, "exp")


@pytest.mark.parametrize(
    ("nbf", "leeway", "expected"),
    [
        pytest.param(NOW, 0, "passed", id="now: nbf itself is valid"),
        pytest.param(NOW + 1, 0, "failed", id="in a second"),
        pytest.param(NOW - 1, 0, "passed", id="a second ago"),
        pytest.param(NOW + 10, 10, "passed", id="at the end of the leeway"),
        pytest.param(NOW + 11, 10, "failed", id="beyond the leeway"),
        pytest.param(NOW + 0.5, 0, "failed", id="in half a second"),
        pytest.param(-(10**30), 0, "passed", id="before all calendars"),
    ],
)
def test_nbf(nbf: float, leeway: int, expected: str):
    report = judged({"nbf": nbf, "exp": 1800000000}, leeway=leeway)
    assert outcome(report, "nbf") == expected
    assert report.accepted == (expected == "passed")


@pytest.mark.parametrize(
    ("iat", "leeway", "expected"), [(NOW, 0, "passed"), (NOW + 1, 0, "warned"), (NOW + 10, 10, "passed"), (NOW + 11, 10, "warned")]
)
def test_iat_in_the_future_is_warned_of_but_refuses_nothing(iat: int, leeway: int, expected: str):
    report = judged({"iat": iat, "exp": 1800000000}, leeway=leeway)
    assert (outcome(report, "iat"), report.accepted) == (expected, True)


def test_times_that_are_not_there():
    report = judged({})
    assert [outcome(report, name) for name in ("exp", "nbf", "iat")] == ["warned", "not_checked", "not_checked"]
    assert codes(report.findings) == ["claim_no_exp"]
    assert report.accepted


@pytest.mark.parametrize("leeway", [0, 0.5, 10**9], ids=str)
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "value", ['"1800000000"', '"2030-01-01T00:00:00Z"', "true", "false", "null", "[]", "[1800000000]", "{}", "NaN", "Infinity", "-Infinity"]
)
def test_what_is_no_number_is_no_date(name: str, value: str, leeway: float):
    report = judged(f'{{"{name}":{value}}}', leeway=leeway)
    assert (outcome(report, name), report.accepted) == ("failed", False)
    assert "claim_not_a_date" in codes(report.findings)


NUMBERS = [
    "1e400",
    "-1e400",
    "1e999999",
    "-1e999999",
    "1e1000000",
    "1e9999999",
    "-1e9999999",
    "1e-9999999",
    "1e" + "9" * 30,
    "-1e" + "9" * 30,
    "1e-" + "9" * 30,
]
NUMBERS += [
    "9" * 400,
    "-" + "9" * 400,
    "9" * 4300,
    "9" * 5000,
    "0." + "0" * 5000 + "1",
    "253402300799",
    "253402300800",
    "-62135596800",
    "-62135596801",
    "1e20",
    "1.5e9",
]


@pytest.mark.parametrize("leeway", [0, 1, 0.5], ids=str)
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", [pytest.param(value, id=value[:14]) for value in NUMBERS])
def test_no_number_is_too_much(name: str, value: str, leeway: float):
    report = judged(f'{{"{name}":{value}}}', leeway=leeway, at=NOW + 0.25)
    assert outcome(report, name) in ("passed", "failed", "warned")
    if name == "exp" and "-" in value:
        assert outcome(report, "exp") == "failed"
    if name == "nbf" and value in ("1e400", "9" * 400, "1e9999999"):
        assert not report.accepted


def test_a_time_finer_than_floats_is_compared_exactly():
    """0.1 + 0.2 in floats is beyond 0.3; 17 digits are not rounded away."""
    assert outcome(judged('{"exp":1700000000.00000001}'), "exp") == "passed"
    assert outcome(judged('{"nbf":1700000000.00000001}'), "nbf") == "failed"
    assert outcome(judged('{"exp":9007199254740993}', at=9007199254740992), "exp") == "passed"


@pytest.mark.parametrize("name", ["at", "leeway"])
@pytest.mark.parametrize("value", [10**101, -(10**101), float("inf"), float("nan"), 1e300], ids=str)
def test_a_time_to_judge_at_has_bounds(name: str, value: float):
    """These come from a program, not from a token: a ValueError, and no arithmetic that gives up."""
    with pytest.raises((ValueError, ArithmeticError)):
        check(make('{"alg":"HS256"}', '{"exp":1}'), **{name: value})


@pytest.mark.parametrize("at", [MAX_SECONDS, -MAX_SECONDS])
def test_times_are_judged_up_to_the_bound(at: int):
    for payload in ('{"exp":1e400,"nbf":-1e400,"iat":0}', '{"exp":0.5,"nbf":0.5,"iat":1e10000}'):
        judged(payload, at=at, leeway=MAX_SECONDS)


def test_a_date_as_text_is_told_as_a_date():
    (finding,) = [one for one in judged('{"exp":"1516239022"}').findings if one.code == "claim_not_a_date"]
    assert "18 Jan 2018 01:30:22 UTC" in finding.message


@pytest.mark.parametrize(
    ("iss", "expected", "result"),
    [
        pytest.param("https://a.example", "https://a.example", "passed", id="the same"),
        pytest.param("https://a.example/", "https://a.example", "failed", id="slash at the end"),
        pytest.param("https://a.example", "https://a.example/", "failed", id="slash expected"),
        pytest.param("https://a.example.evil", "https://a.example", "failed", id="a prefix of it"),
        pytest.param("acc", "accounts", "failed", id="only the beginning"),
        pytest.param("HTTPS://A.example", "https://a.example", "failed", id="capitals"),
        pytest.param("e\u0301", "é", "failed", id="another Unicode form"),
        pytest.param(["https://a.example"], "https://a.example", "failed", id="an array"),
        pytest.param(None, "None", "failed", id="null"),
        pytest.param(1, "1", "failed", id="a number"),
        pytest.param(True, "True", "failed", id="a boolean"),
        pytest.param("", "", "passed", id="both empty"),
    ],
)
def test_the_issuer_is_compared_to_the_letter(iss: Any, expected: str, result: str):
    report = judged({"iss": iss, "exp": 1800000000}, expect=Expectations(issuer=expected))
    assert outcome(report, "iss") == result
    assert report.accepted == (result == "passed")


def test_the_slash_is_named():
    assert "slash at the end" in because(judged({"iss": "https://a/"}, expect=Expectations(issuer="https://a")), "iss")


@pytest.mark.parametrize(
    ("aud", "expected", "result"),
    [
        pytest.param("api", "api", "passed", id="string"),
        pytest.param(["web", "api"], "api", "passed", id="in an array"),
        pytest.param(["api"], "api", "passed", id="alone in an array"),
        pytest.param("apis", "api", "failed", id="prefix"),
        pytest.param("ap", "api", "failed", id="shorter"),
        pytest.param("api web", "api", "failed", id="with blanks"),
        pytest.param("API", "api", "failed", id="capitals"),
        pytest.param(["apis", "ap"], "api", "failed", id="near ones in an array"),
        pytest.param([], "api", "failed", id="empty array"),
        pytest.param([["api"]], "api", "failed", id="array in an array"),
        pytest.param(["api", 1], "api", "failed", id="a number beside it"),
        pytest.param(["api", None], "api", "failed", id="null beside it"),
        pytest.param({"api": 1}, "api", "failed", id="an object"),
        pytest.param(1, "1", "failed", id="a number"),
        pytest.param(None, "None", "failed", id="null"),
        pytest.param(True, "True", "failed", id="a boolean"),
    ],
)
def test_the_audience_is_compared_to_the_letter(aud: Any, expected: str, result: str):
    report = judged({"aud": aud, "exp": 1800000000}, expect=Expectations(audience=expected))
    assert outcome(report, "aud") == result
    assert report.accepted == (result == "passed")


def test_an_audience_of_the_wrong_type_fails_even_if_none_is_expected():
    report = judged({"aud": 1, "exp": 1800000000})
    assert (outcome(report, "aud"), "claim_type" in codes(report.findings)) == ("failed", True)


@pytest.mark.parametrize(
    "expected", [Expectations(issuer="x"), Expectations(audience="x"), Expectations(type="x")], ids=["issuer", "audience", "type"]
)
def test_what_is_expected_must_be_there(expected: Expectations):
    report = judged({"exp": 1800000000}, expect=expected)
    assert not report.accepted


def test_what_is_not_expected_is_not_checked():
    report = judged({"iss": "a", "aud": "b", "exp": 1800000000}, header='{"alg":"HS256","typ":"JWT"}')
    assert [outcome(report, name) for name in ("iss", "aud", "typ", "algorithm")] == ["not_checked"] * 4
    assert report.accepted


@pytest.mark.parametrize(
    ("typ", "expected", "result"),
    [
        pytest.param('"at+jwt"', "at+jwt", "passed", id="the same"),
        pytest.param('"application/at+jwt"', "at+jwt", "passed", id="application in the token"),
        pytest.param('"at+jwt"', "application/at+jwt", "passed", id="application expected"),
        pytest.param('"AT+JWT"', "at+jwt", "passed", id="capitals"),
        pytest.param('"jwt"', "JWT", "passed", id="JWT in small letters"),
        pytest.param('"JWT"', "at+jwt", "failed", id="another"),
        pytest.param('"at+jwts"', "at+jwt", "failed", id="longer"),
        pytest.param('"text/at+jwt"', "at+jwt", "failed", id="another tree"),
        pytest.param('"application/application/at+jwt"', "at+jwt", "failed", id="application twice"),
        pytest.param('"to\u212aen+jwt"', "token+jwt", "failed", id="a Kelvin sign for k"),
        pytest.param('""', "at+jwt", "failed", id="empty"),
    ],
)
def test_the_type_is_a_media_type(typ: str, expected: str, result: str):
    report = judged('{"exp":1800000000}', header=f'{{"alg":"HS256","typ":{typ}}}', expect=Expectations(type=expected))
    assert outcome(report, "typ") == result


@pytest.mark.parametrize("name", ["iss", "sub", "jti"])
@pytest.mark.parametrize("value", [1, None, True, [], {}], ids=repr)
def test_names_of_the_wrong_type_are_said(name: str, value: Any):
    (finding,) = [one for one in judged({name: value, "exp": 1800000000}).findings if one.code == "claim_type"]
    assert f'"{name}"' in finding.message
    assert finding.level == "error"


def test_a_finding_about_a_claim_has_its_place():
    payload = '{\n  "sub": "1",\n  "exp": "never"\n}'
    report = judged(payload)
    (finding,) = [one for one in report.findings if one.code == "claim_not_a_date"]
    assert (finding.line, finding.column) == (3, 10)
    assert finding.where == "line 3, column 10"


def test_every_registered_name_says_what_it_means():
    for table in (MEANINGS, HEADER_MEANINGS):
        for name, row in table.items():
            assert row.name == name
            assert row.text
            assert row.spec
    assert {"iss", "sub", "aud", "exp", "nbf", "iat", "jti"} <= set(MEANINGS)
    assert {name for name, row in MEANINGS.items() if row.show == "time"} >= {"exp", "nbf", "iat"}
