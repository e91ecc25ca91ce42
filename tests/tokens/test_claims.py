"""Claims: times to the second, issuer and audience to the letter, types strictly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.tokens import MAX_SECONDS, Expectations, times
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
        pytest.param(10**12, 0, "warned", id="milliseconds"),
        pytest.param(10**30, 0, "passed", id="beyond all calendars"),
    ],
)
def test_exp(exp: float, leeway: int, expected: str):
    report = judged({"exp": exp}, leeway=leeway)
    assert outcome(report, "exp") == expected
    assert report.accepted == (expected != "failed")
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


@pytest.mark.parametrize(
    ("name", "time", "leeway", "said", "offered"),
    [
        pytest.param(
            "exp", NOW - 300, 0, "Expired 5 min ago (14 Nov 2023 22:08:20 UTC); beyond a usual leeway of 1 min.", "", id="exp beyond"
        ),
        pytest.param("exp", NOW - 20, 0, "; a leeway of 1 min would accept it.", "60", id="exp within a usual leeway"),
        pytest.param("exp", NOW - 60, 0, "; beyond a usual leeway of 1 min.", "", id="exp at its end"),
        pytest.param("exp", NOW - 59, 0, "; a leeway of 1 min would accept it.", "60", id="exp before its end"),
        pytest.param("exp", NOW - 20, 10, "; the leeway is 10 s.", "60", id="exp beyond a short leeway"),
        pytest.param("exp", NOW - 200, 100, "; the leeway is 1 min 40 s.", "", id="exp beyond a long leeway"),
        pytest.param(
            "nbf", NOW + 600, 0, "Not valid before 14 Nov 2023 22:23:20 UTC: in 10 min; beyond a usual leeway of 1 min.", "", id="nbf"
        ),
        pytest.param("nbf", NOW + 60, 0, "; a leeway of 1 min would accept it.", "60", id="nbf within a usual leeway"),
        pytest.param("nbf", NOW + 61, 0, "; beyond a usual leeway of 1 min.", "", id="nbf beyond it"),
    ],
)
def test_a_missed_time_says_what_leeway_would_do(name: str, time: int, leeway: int, said: str, offered: str):
    claims = {"exp": NOW + 9999} | {name: time}
    report = judged(claims, leeway=leeway)
    (one,) = (one for one in report.checks if one.name == name)
    assert one.outcome == "failed"
    assert said in one.because
    assert [(repair.field, repair.text) for repair in one.repairs] == ([("leeway", offered)] if offered else [])
    if offered:
        assert judged(claims, leeway=int(offered)).accepted


def test_a_time_far_ahead_is_told_to_a_tenth_of_a_year():
    report = judged({"exp": NOW + 10**9})
    assert because(report, "exp") == "Expires in 31.7 years (24 Jul 2055 00:00:00 UTC)."


def test_an_issue_in_the_future_does_not_make_a_token_invalid():
    said = because(judged({"iat": NOW + 600, "exp": NOW + 999}), "iat")
    assert said.startswith("Issued 10 min in the future (14 Nov 2023 22:23:20 UTC)")
    assert "RFC 7519 does not make it invalid" in said


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_milliseconds_are_told_as_what_was_meant(name: str):
    said = because(judged({name: (NOW + 99) * 1000, **({"exp": NOW + 9999} if name != "exp" else {})}), name)
    assert (
        said
        == f"{name} 1700000099000 is the year 55,840: milliseconds? In seconds it would be 1700000099, in 1 min 39 s (14 Nov 2023 22:14:59 UTC)."
    )


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


@pytest.mark.parametrize(
    ("iss", "expected", "said"),
    [
        pytest.param("https://a/", "https://a", "slash at the end", id="slash"),
        pytest.param("https://a", "https://a/", "slash at the end", id="slash expected"),
        pytest.param("http://a/b", "https://a/b", "https, http or nothing", id="scheme"),
        pytest.param("accounts.google.com", "https://accounts.google.com", "https, http or nothing", id="no scheme"),
        pytest.param("https://A.example/Realm", "https://a.example/realm", "capital letters, and those count", id="capitals"),
        pytest.param("https://a ", "https://a", "white space", id="blank"),
        pytest.param("https://a", "https://a/.well-known/openid-configuration", "address of its metadata", id="metadata"),
        pytest.param("https://a/", "https://a/.well-known/openid-configuration", "address of its metadata", id="metadata, slash"),
    ],
)
def test_an_issuer_that_is_nearly_right_is_explained_and_offered(iss: str, expected: str, said: str):
    report = judged({"iss": iss, "exp": NOW + 9}, expect=Expectations(issuer=expected))
    (one,) = (one for one in report.checks if one.name == "iss")
    assert said in one.because
    assert [(repair.field, repair.text) for repair in one.repairs] == [("issuer", iss)]
    assert judged({"iss": iss, "exp": NOW + 9}, expect=Expectations(issuer=one.repairs[0].text)).accepted


@pytest.mark.parametrize("iss", ["https://b", "https://a.evil", "https://a\ud800/", 5, None, ["https://a"]], ids=repr)
def test_another_issuer_is_never_offered(iss: Any):
    report = judged({"iss": iss, "exp": NOW + 9}, expect=Expectations(issuer="https://a"))
    (one,) = (one for one in report.checks if one.name == "iss")
    assert (one.outcome, one.repairs) == ("failed", ())


def test_an_audience_that_is_nearly_right_is_offered():
    report = judged({"aud": ["web", "https://api/"], "exp": NOW + 9}, expect=Expectations(audience="https://api"))
    (one,) = (one for one in report.checks if one.name == "aud")
    assert 'aud is an array: the token is for "web" and "https://api/"; "https://api" is expected.' in one.because
    assert "slash at the end" in one.because
    assert [(repair.field, repair.text) for repair in one.repairs] == [("audience", "https://api/")]


@pytest.mark.parametrize(
    ("days", "said"),
    [
        pytest.param(1095, "3 years", id="2 Jan 2023 to 1 Jan 2026"),
        pytest.param(1060, "2 years 11 months", id="almost three years"),
        pytest.param(366, "1 year", id="a leap year"),
        pytest.param(59, "2 months", id="two months"),
        pytest.param(30, "30 days", id="a month"),
        pytest.param(11689, "32 years", id="decades"),
    ],
)
def test_long_times_are_told_in_years_and_months(days: int, said: str):
    assert times.span(days * 86400) == said
    assert because(judged({"exp": NOW - days * 86400}), "exp").startswith(f"Expired {said} ago (")


@pytest.mark.parametrize(
    ("aud", "said"),
    [
        pytest.param("a", 'The token is for "a"; no audience is expected.', id="a string"),
        pytest.param(["a"], 'aud is an array: the token is for "a"; no audience is expected.', id="one"),
        pytest.param(["a", "b"], 'aud is an array: the token is for "a" and "b"; no audience is expected.', id="two"),
        pytest.param(
            list("abcdefg"), 'aud is an array: the token is for "a", "b", "c", "d", "e" and 2 more; no audience is expected.', id="seven"
        ),
        pytest.param([], "aud is an empty array, so the token is for nobody; no audience is expected.", id="none"),
    ],
)
def test_the_audience_is_read_out(aud: Any, said: str):
    assert because(judged({"aud": aud, "exp": NOW + 9}), "aud") == said


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


@pytest.mark.parametrize(
    ("aud", "said"),
    [(["a", 5], "an array whose item 2 is a number"), ([None], "an array whose item 1 is null"), (5, "a number"), ({"a": 1}, "an object")],
)
def test_what_is_wrong_with_an_audience_is_named(aud: Any, said: str):
    report = judged({"aud": aud, "exp": 1800000000}, expect=Expectations(profile="at+jwt"))
    assert because(report, "aud") == f"aud is {said}; a string or an array of strings is required."
    assert because(report, "profile.aud").startswith(f"aud is {said}; it must be a string or an array of strings.")
    (finding,) = (one for one in report.findings if one.code == "claim_type")
    assert finding.message == f'"aud" is {said}; a string or an array of strings is required.'
