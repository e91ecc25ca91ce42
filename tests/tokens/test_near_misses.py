"""Near misses in a payload: what is nearly right is told with its place and its repair, and honest tokens stay in peace."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.tokens import decode
from app.tokens.findings import Finding
from app.tokens.near_misses import difference
from tests.cost import within
from tests.tokens.keyring import NOW, check, codes, make, read_out

SOON = NOW + 3600


def noticed(payload: str | dict[str, Any], header: str = '{"alg":"HS256","typ":"JWT"}') -> tuple[Finding, ...]:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    report = check(make(header, text))
    read_out(report)
    return report.findings


def one(payload: str | dict[str, Any], code: str) -> Finding:
    (finding,) = [finding for finding in noticed(payload) if finding.code == code]
    return finding


def mended(payload: str, code: str) -> str:
    """The payload with the first repair of the finding *code* applied."""
    repair = one(payload, code).repairs[0]
    assert repair.field == "payload"
    assert repair.length is not None
    return payload[: repair.offset] + repair.text + payload[repair.offset + repair.length :]


@pytest.mark.parametrize("name", ["exp", "nbf", "iat", "auth_time"])
@pytest.mark.parametrize(("unit", "size"), [("milliseconds", 10**3), ("microseconds", 10**6), ("nanoseconds", 10**9)])
def test_a_time_finer_than_seconds_is_told_with_its_year_and_what_was_meant(name: str, unit: str, size: int):
    payload = f'{{"{name}": {1767225699 * size}}}'
    finding = one(payload, "claim_time_scale")
    assert f'"{name}" is {1767225699 * size}' in finding.message
    assert unit in finding.message
    assert "in seconds it is 1767225699, 1 Jan 2026 00:01:39 UTC" in finding.message
    assert (finding.level, finding.line, finding.column) == ("warning", 1, len(name) + 6)
    assert mended(payload, "claim_time_scale") == f'{{"{name}": 1767225699}}'
    assert "claim_time_scale" not in codes(noticed(mended(payload, "claim_time_scale")))


def test_milliseconds_say_the_year_that_they_are():
    assert "the year 57,971" in one({"exp": 1767225699000}, "claim_time_scale").message


def test_a_report_says_how_far_away_the_time_is_and_a_reading_does_not():
    token = make('{"alg":"HS256"}', json.dumps({"exp": (NOW + 99) * 1000, "iat": str(NOW + 99)}))
    for told, reading in zip(check(token).findings, decode(token).findings, strict=True):
        assert "in 1 min 39 s" in told.message
        assert "in 1 min 39 s" not in reading.message


@pytest.mark.parametrize(
    ("exp", "code", "level"),
    [
        pytest.param(2**31 - 1, None, "", id="the last second of 32 bits"),
        pytest.param(2**31, "claim_time_2038", "info", id="the second after"),
        pytest.param(253_402_300_799, "claim_time_2038", "info", id="the end of 9999"),
        pytest.param(253_402_300_800, "claim_time_beyond", "warning", id="the year 10000"),
        pytest.param(10**30, "claim_time_beyond", "warning", id="beyond nanoseconds"),
        pytest.param(-1, "claim_time_negative", "info", id="before 1970"),
        pytest.param(0, None, "", id="1970"),
        pytest.param(1700000000.5, None, "", id="a fraction"),
    ],
)
def test_times_that_programs_cannot_hold(exp: float, code: str | None, level: str):
    found = [finding for finding in noticed({"exp": exp}) if finding.code.startswith("claim_time_")]
    assert [(finding.code, finding.level) for finding in found] == ([(code, level)] if code else [])


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ('"1767225699"', 1767225699),
        ('" 1767225699 "', 1767225699),
        ('"1767225699000"', 1767225699),
        ('"2026-01-01T00:01:39Z"', 1767225699),
        ('"2026-01-01T01:01:39+01:00"', 1767225699),
        ('"2026-01-01 00:01:39.5"', 1767225699),
        ('"2026-01-01"', 1767225600),
    ],
)
def test_a_time_as_text_is_mended_to_a_number(name: str, written: str, seconds: int):
    payload = f'{{"a":"é", "{name}":{written}}}'
    finding = one(payload, "claim_not_a_date")
    assert f"As a number it would be {seconds}: 1 Jan 2026 00:0" in finding.message
    assert mended(payload, "claim_not_a_date") == f'{{"a":"é", "{name}":{seconds}}}'


@pytest.mark.parametrize("written", ['"never"', '"2026-13-01"', '"١٧٦٧٢٢٥٦٩٩"', '""', "null", "true", "[1767225699]", f'"{"9" * 5000}"'])
def test_what_is_no_time_at_all_has_no_repair(written: str):
    finding = one(f'{{"exp":{written}}}', "claim_not_a_date")
    assert finding.repairs == ()
    assert "As a number" not in finding.message


@pytest.mark.parametrize("name", ["iss", "sub", "jti", "aud"])
def test_a_number_for_a_name_is_put_in_quotes(name: str):
    payload = f'{{"exp":{SOON},"{name}": 90071992547409931}}'
    assert mended(payload, "claim_type") == f'{{"exp":{SOON},"{name}": "90071992547409931"}}'


@pytest.mark.parametrize(("name", "spec"), [("act", "RFC 8693 §4.1"), ("may_act", "RFC 8693 §4.4")])
def test_an_actor_is_an_object(name: str, spec: str):
    finding = one({name: "x", "exp": SOON}, "claim_not_an_object")
    assert (finding.level, finding.spec, finding.message.split(";")[0]) == ("warning", spec, f'"{name}" is a string')
    assert "claim_not_an_object" not in codes(noticed({name: {"sub": "x"}, "exp": SOON}))


def test_what_cannot_be_mended_mechanically_offers_nothing():
    assert one({"sub": None, "exp": SOON}, "claim_type").repairs == ()
    assert one({"aud": ["a", 1], "exp": SOON}, "claim_type").repairs == ()


@pytest.mark.parametrize(
    ("claims", "code", "words"),
    [
        pytest.param({"iat": NOW, "exp": NOW - 300}, "claim_exp_before_iat", "5 min before", id="exp before iat"),
        pytest.param({"iat": NOW, "exp": NOW}, "claim_exp_is_iat", "no time at all", id="exp is iat"),
        pytest.param({"nbf": SOON, "exp": NOW}, "claim_nbf_after_exp", "no time at which", id="nbf after exp"),
        pytest.param({"nbf": SOON, "exp": SOON}, "claim_nbf_after_exp", "14 Nov 2023 23:13:20 UTC", id="nbf is exp"),
        pytest.param({"iat": NOW, "auth_time": NOW + 90, "exp": SOON}, "claim_auth_time_after_iat", "1 min 30 s after", id="auth_time"),
    ],
)
def test_times_in_the_wrong_order(claims: dict[str, Any], code: str, words: str):
    found = noticed(claims)
    assert codes(found) == [code]
    assert (found[0].level, words in found[0].message) == ("warning", True)


@pytest.mark.parametrize(
    ("life", "code", "words"),
    [
        pytest.param(86400, None, "", id="a day"),
        pytest.param(30 * 86400, None, "", id="30 days"),
        pytest.param(31 * 86400, None, "", id="a month"),
        pytest.param(90 * 86400, "claim_long_life", "for 90 days", id="a quarter"),
        pytest.param(366 * 86400, "claim_long_life", "for 366 days", id="a leap year"),
        pytest.param(365 * 86400 + 7, "claim_long_life", "for 365 days", id="as Kubernetes extends it"),
        pytest.param(2 * 365 * 86400, "claim_very_long_life", "2 years", id="two years"),
        pytest.param(10**9, "claim_very_long_life", "31.7 years", id="ten to the ninth"),
    ],
)
def test_a_long_life_is_told(life: int, code: str | None, words: str):
    found = [finding for finding in noticed({"iat": 0, "exp": life}) if "life" in finding.code]
    assert codes(found) == ([code] if code else [])
    assert all(words in finding.message for finding in found)
    assert [finding.level for finding in found] == (["warning" if code == "claim_very_long_life" else "info"] if code else [])


def test_a_life_is_counted_from_nbf_if_there_is_no_iat_and_never_guessed():
    assert "claim_very_long_life" in codes(noticed({"nbf": 0, "exp": 10**9}))
    assert codes(noticed({"exp": 2 * 10**9})) == []
    assert "claim_very_long_life" not in codes(noticed({"iat": NOW, "exp": SOON * 1000}))


MISNAMED = [
    ("audience", "aud", '"api"'),
    ("audience", "aud", '["api","web"]'),
    ("issuer", "iss", '"https://a"'),
    ("subject", "sub", '"42"'),
    ("expires", "exp", str(SOON)),
    ("expiry", "exp", str(SOON)),
    ("expiration", "exp", str(SOON)),
    ("expires_at", "exp", str(SOON)),
    ("expiresAt", "exp", '"2030-01-01T00:00:00Z"'),
    ("issued_at", "iat", str(NOW)),
    ("issuedAt", "iat", str(NOW)),
    ("notBefore", "nbf", str(NOW)),
    ("not_before", "nbf", str(NOW)),
    ("EXP", "exp", str(SOON)),
    ("Aud", "aud", '"api"'),
]


@pytest.mark.parametrize(("name", "meant", "value"), MISNAMED, ids=[f"{name} {value}"[:40] for name, _, value in MISNAMED])
def test_a_name_that_was_meant_to_be_a_registered_one(name: str, meant: str, value: str):
    payload = f'{{ "{name}" : {value}, "x": 1 }}'
    finding = one(payload, "claim_misnamed")
    assert f'"{name}"' in finding.message
    assert f'"{meant}" is missing' in finding.message
    assert (finding.level, finding.spec) == ("warning", f"RFC 7519 §4.1.{['iss', 'sub', 'aud', 'exp', 'nbf', 'iat'].index(meant) + 1}")
    assert mended(payload, "claim_misnamed") == f'{{ "{meant}" : {value}, "x": 1 }}'


def test_a_name_spelt_with_escapes_is_told_and_not_rewritten():
    assert one(r'{"audi\u0065nce":"api"}', "claim_misnamed").repairs == ()


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": "a", "audience": "b"}, id="the registered one is there"),
        pytest.param({"subject": "Your invoice of March"}, id="the subject of a mail"),
        pytest.param({"subject": {"name": "x"}}, id="an object"),
        pytest.param({"issuer": ""}, id="empty"),
        pytest.param({"expires": True}, id="a flag"),
        pytest.param({"expires": "never"}, id="a word"),
        pytest.param({"expires_in": 3600}, id="a length of time"),
        pytest.param({"audiences": ["a"]}, id="the plural"),
        pytest.param({"\u212ad": 1, "e\u212ap": 1}, id="look-alikes"),
    ],
)
def test_a_name_that_means_something_else_is_left_alone(claims: dict[str, Any]):
    assert codes(noticed({"exp": SOON} | claims)) == []


def test_scopes_in_an_array_can_be_written_as_one_string():
    payload = f'{{"exp":{SOON},"scope":["a:read","b"]}}'
    assert one(payload, "claim_scope_array").level == "info"
    assert mended(payload, "claim_scope_array") == f'{{"exp":{SOON},"scope":"a:read b"}}'
    assert one({"exp": SOON, "scope": ["a b"]}, "claim_scope_array").repairs == ()
    assert one({"exp": SOON, "scope": ["\ud800"]}, "claim_scope_array").repairs == ()
    assert codes(noticed({"exp": SOON, "scope": "a b", "scp": ["a"]})) == []


def test_an_audience_of_nobody():
    assert one({"exp": SOON, "aud": []}, "claim_aud_empty").level == "warning"


@pytest.mark.parametrize(
    ("issuer", "told"),
    [
        ("http://issuer.example", True),
        ("http://issuer.example:8080/realms/a", True),
        ("http://93.184.216.34", True),
        ("https://issuer.example", False),
        ("http://localhost:8080/realms/a", False),
        ("http://127.0.0.1:9000", False),
        ("http://192.168.1.5/a", False),
        ("http://[::1]:9000", False),
        ("http://keycloak:8080/realms/a", False),
        ("http://auth.svc.cluster.local", False),
        ("kubernetes/serviceaccount", False),
        ("httpbin", False),
    ],
)
def test_an_issuer_without_https(issuer: str, told: bool):
    found = noticed({"iss": issuer, "exp": SOON})
    assert codes(found) == (["claim_http_issuer"] if told else [])
    assert all(finding.level == "info" for finding in found)


@pytest.mark.parametrize(
    ("claims", "path"),
    [
        ({"password": "hunter2"}, "password"),
        ({"passwd": "hunter2"}, "passwd"),
        ({"client_secret": "s3cr3t"}, "client_secret"),
        ({"clientSecret": "s3cr3t"}, "clientSecret"),
        ({"user": {"pwd": "hunter2"}}, "user.pwd"),
        ({"users": [{"Password": "hunter2"}]}, "users.Password"),
        ({"card_number": "4111111111111111"}, "card_number"),
        ({"card": {"cvv": 123}}, "card.cvv"),
        ({"ssn": "078-05-1120"}, "ssn"),
    ],
    ids=str,
)
def test_a_secret_in_the_payload_is_readable_by_everybody(claims: dict[str, Any], path: str):
    finding = one({"exp": SOON} | claims, "claim_secret")
    assert finding.level == "warning"
    assert finding.message.startswith(f'"{path}" looks like a secret')
    for value in ("hunter2", "s3cr3t", "4111", "123", "078"):
        assert value not in f"{finding.message}{finding.fix}", "the secret itself is not repeated"


@pytest.mark.parametrize(
    "claims",
    [
        {"password": ""},
        {"password": None},
        {"password": True},
        {"password": "********"},
        {"password_changed": 1},
        {"pwd_exp": "3600", "pwd_url": "https://a.example"},
        {"amr": ["pwd"]},
        {"secret": {"name": "default-token"}},
        {"card_number": "**** 1111"},
        {"ssn": "unknown"},
        {"cnf": {"jwk": {"kty": "EC", "crv": "P-256", "x": "a", "y": "b"}}},
        {"kubernetes.io/serviceaccount/secret.name": "default-token-abc"},
    ],
    ids=str,
)
def test_what_only_sounds_like_a_secret_is_none(claims: dict[str, Any]):
    assert [code for code in codes(noticed({"exp": SOON} | claims)) if code.startswith("claim_")] == []


@pytest.mark.parametrize("key", [{"kty": "EC", "d": "a"}, {"kty": "oct", "k": "a"}, {"kty": "AKP", "priv": "a"}], ids=str)
def test_the_private_part_of_a_key_in_the_payload(key: dict[str, str]):
    assert '"jwks.keys" holds the private part' in one({"exp": SOON, "jwks": {"keys": [key]}}, "claim_private_key").message
    assert "claim_private_key" not in codes(noticed({"exp": SOON, "cnf": {"jwk": key}})), "the finding about brought keys says it"


def test_a_token_within_the_token_can_be_opened():
    inner = make('{"alg":"HS256"}', '{"sub":"inner","exp":1800000000}')
    finding = one({"exp": SOON, "act": {"token": inner}}, "nested_token")
    assert (finding.level, finding.spec) == ("info", "RFC 7519 §5.2")
    assert finding.message == f'The payload holds a token of {len(inner)} characters in "act.token"; what it says is judged for itself.'
    (repair,) = finding.repairs
    assert (repair.label, repair.field, repair.text) == ('Read "act.token"', "token", inner)
    assert decode(repair.text).payload == {"sub": "inner", "exp": 1800000000}
    assert inner not in finding.message


@pytest.mark.parametrize("value", ["eyJ", "eyJhIjoxfQ", "eyJhIjoxfQ.e30", "eyJ.e30.!", "a.b.c", "eyJhIjoxfQ.e30.x.y"])
def test_what_only_begins_like_a_token_is_none(value: str):
    assert codes(noticed({"exp": SOON, "a": value})) == []


def test_many_tokens_within_a_token_are_not_all_listed():
    assert codes(noticed({"exp": SOON, "a": ["eyJhIjoxfQ.e30.x"] * 100})).count("nested_token") <= 5


def sized(characters: int) -> str:
    """A token of exactly so many characters."""
    for padding in range(characters):
        guess = make('{"alg":"HS256"}', json.dumps({"exp": SOON, "a": "a" * (characters * 3 // 4 - 90 + padding)}))
        if len(guess) >= characters:
            return guess
    raise AssertionError


def test_a_token_too_long_for_a_cookie_or_a_header():
    for characters in (4000, 4090, 4100, 8160, 8180, 9000):
        text = sized(characters)
        found = [finding for finding in check(text).findings if finding.code.startswith("token_beyond")]
        level = "warning" if len(text) + 22 > 8190 else "info"
        code = "token_beyond_header" if level == "warning" else "token_beyond_cookie"
        assert [(finding.code, finding.level) for finding in found] == ([(code, level)] if len(text) >= 4096 else [])
        assert all(f"{len(text):,} characters" in finding.message for finding in found)


@pytest.mark.parametrize(
    ("first", "second"),
    [("a", "b"), ("https://a", "https://b"), ("https://a/x", "https://a/y"), ("", "x"), ("https://a.example", "https://a.example.evil")],
)
def test_what_simply_differs_is_not_explained(first: str, second: str):
    assert difference(first, second) == difference(second, first) == ""


HONEST: dict[str, dict[str, Any]] = {
    "jwt.io": {"sub": "1234567890", "name": "John Doe", "admin": True, "iat": 1516239022, "exp": 1516242622},
    "Entra v2": {
        "aud": "6e74172b-be56-4843-9ff4-e66a39bb12e3",
        "iss": "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 3900,
        "aio": "AXQAi/8IAAAAtAaZLo3ChMif6KOnttRB7eBq4/DccQzjcJGxPYy/C3jDaNGxXd6wNIIVGRghNRnwJ1lOcAnNZcjvkoyrFxCttv33140RioOFJ4bCCGVuoCag1uOTT22222gHwLPYQ",
        "azp": "6e74172b-be56-4843-9ff4-e66a39bb12e3",
        "azpacr": "0",
        "name": "Abe Lincoln",
        "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
        "preferred_username": "abeli@microsoft.com",
        "rh": "I",
        "scp": "access_as_user",
        "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
        "tid": "72f988bf-86f1-41af-91ab-2d7cd011db47",
        "uti": "fqiBqXLPj0eQa82S-IYFAA",
        "ver": "2.0",
        "xms_tcdt": 1289241547,
    },
    "Google": {
        "iss": "https://accounts.google.com",
        "azp": "407408718192.apps.googleusercontent.com",
        "aud": "407408718192.apps.googleusercontent.com",
        "sub": "110169484474386276334",
        "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q",
        "hd": "example.com",
        "email": "a@example.com",
        "email_verified": True,
        "iat": NOW,
        "exp": SOON,
        "nonce": "0394852-3190485-2490358",
    },
    "Cognito access": {
        "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "cognito:groups": ["admin"],
        "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_example",
        "version": 2,
        "client_id": "xxxxxxxxxxxxexample",
        "origin_jti": "aaaaaaaa-bbbb",
        "event_id": "64f513be",
        "token_use": "access",
        "scope": "phone openid profile email",
        "auth_time": NOW,
        "exp": SOON,
        "iat": NOW,
        "jti": "aaaaaaaa",
        "username": "janedoe",
    },
    "Keycloak": {
        "exp": NOW + 300,
        "iat": NOW,
        "auth_time": NOW - 5,
        "jti": "onrtac:6a",
        "iss": "http://localhost:8080/realms/master",
        "aud": ["account", "realm"],
        "sub": "f:1:a",
        "typ": "Bearer",
        "azp": "app",
        "session_state": "x",
        "acr": "1",
        "allowed-origins": ["*"],
        "realm_access": {"roles": ["offline_access"]},
        "resource_access": {"account": {"roles": ["manage-account"]}},
        "scope": "openid profile",
        "sid": "x",
    },
    "Auth0": {
        "iss": "https://tenant.eu.auth0.com/",
        "sub": "auth0|123",
        "aud": ["https://api", "https://tenant.eu.auth0.com/userinfo"],
        "iat": NOW,
        "exp": NOW + 86400,
        "azp": "c",
        "scope": "openid",
        "permissions": ["a:b"],
        "updated_at": "2023-11-14T22:13:20.000Z",
        "https://shop.example/roles": ["admin"],
    },
    "Okta": {
        "ver": 1,
        "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
        "iss": "https://dev.okta.com/oauth2/default",
        "aud": "api://default",
        "sub": "a@b.example",
        "iat": NOW,
        "exp": SOON,
        "cid": "0oa",
        "uid": "00u",
        "scp": ["openid", "email"],
        "auth_time": NOW - 60,
    },
    "Kubernetes": {
        "aud": ["https://kubernetes.default.svc"],
        "exp": NOW + 31536000,
        "iat": NOW,
        "iss": "https://kubernetes.default.svc",
        "kubernetes.io": {"namespace": "a", "serviceaccount": {"name": "b", "uid": "c"}, "warnafter": NOW + 3607},
        "nbf": NOW,
        "sub": "system:serviceaccount:a:b",
    },
    "GitHub Actions": {
        "jti": "a",
        "sub": "repo:octo/repo:ref:refs/heads/main",
        "aud": "https://github.com/octo",
        "ref": "refs/heads/main",
        "sha": "abc",
        "repository": "octo/repo",
        "run_id": "1",
        "job_workflow_ref": "octo/a/.github/workflows/w.yml@main",
        "iss": "https://token.actions.githubusercontent.com",
        "nbf": NOW - 600,
        "exp": NOW + 900,
        "iat": NOW,
    },
}


@pytest.mark.parametrize("claims", HONEST.values(), ids=list(HONEST))
def test_an_honest_token_gets_no_error_and_no_warning(claims: dict[str, Any]):
    own = [finding for finding in noticed(claims) if finding.code.startswith(("claim_", "token_beyond"))]
    assert [finding.code for finding in own if finding.level != "info"] == []
    assert {finding.code for finding in own} <= {"claim_long_life"}


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param('{"a":' * 60 + "1" + "}" * 60, id="deep"),
        pytest.param(json.dumps({f"password{index}": "x" for index in range(9_000)}), id="many members"),
        pytest.param(json.dumps({"a": ["eyJhIjoxfQ.e30.x"] * 9_000}), id="many tokens"),
        pytest.param(json.dumps({"a": "eyJ" + "a" * 180_000}), id="a long string"),
        pytest.param(json.dumps({"a": "eyJ" + "a." * 90_000}), id="many dots"),
        pytest.param(json.dumps({"a" * 90_000: {"b" * 90_000: {"password": "x"}}}), id="long names"),
        pytest.param(json.dumps({"iss": "http://" + "a-." * 50_000}), id="a long issuer"),
        pytest.param(json.dumps({"exp": "9" * 180_000}), id="a long number as text"),
        pytest.param(json.dumps([{"password": "x"}]), id="an array"),
    ],
)
def test_hostile_payloads_take_no_time(payload: str):
    from app.tokens import near_misses

    text = make('{"alg":"HS256"}', payload)

    def noted() -> list[Finding]:
        token = decode(text).token
        return list(near_misses.findings(token, token.payload.value if token.payload else None))

    found = within(0.25, noted)
    assert len(found) < 20
    assert all(len(finding.message) < 500 for finding in found)


@pytest.mark.parametrize(("spaced", "where"), [("a ", "at the end"), ("a\n", "at the end"), (" a", "round them"), (" a ", "round them")])
def test_white_space_is_where_it_is_said_to_be(spaced: str, where: str):
    assert difference(spaced, "a") == difference("a", spaced) == f"They differ by white space {where}."
