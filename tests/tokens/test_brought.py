"""Keys that come with the token: shown and explained, tried only on request, never verified with, never fetched."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from app.tokens import Report, decode, encode
from app.tokens.brought import Brought, Match
from app.tokens.findings import Finding
from tests.cost import within
from tests.tokens.keyring import (
    ASYMMETRIC,
    CLAIMS,
    NOW,
    SECRET,
    b64u,
    because,
    certificate,
    check,
    codes,
    make,
    oct_jwk,
    outcome,
    pem,
    private,
    private_jwk,
    public_jwk,
    public_key,
    public_pem,
    read_out,
    rsa_private,
)

CHAIN = ("leaf", "middle", "root")


def standard(made: x509.Certificate) -> str:
    return base64.b64encode(made.public_bytes(Encoding.DER)).decode()


def chain() -> list[x509.Certificate]:
    """A leaf for ES256, an authority for ES384 and a root for ES512."""
    leaf, middle, root = private("ES256"), private("ES384"), private("ES512")
    return [
        certificate(leaf, "leaf", middle, "middle"),
        certificate(middle, "middle", root, "root", authority=True),
        certificate(root, "root", authority=True),
    ]


def thumbprints(made: x509.Certificate) -> dict[str, str]:
    return {"x5t": b64u(made.fingerprint(hashes.SHA1())), "x5t#S256": b64u(made.fingerprint(hashes.SHA256()))}


def token_with(payload: str = CLAIMS, alg: str = "ES256", **header: Any) -> str:
    return make({"alg": alg} | header, payload, alg=alg)


def noticed(text: str) -> dict[str, Finding]:
    return {one.code: one for one in decode(text).findings}


def one_of(text: str, code: str) -> Finding:
    (finding,) = (one for one in decode(text).findings if one.code == code)
    return finding


def only(report: Report) -> Brought:
    (one,) = report.brought
    return one


def marked(text: str, finding: Finding) -> str:
    """What the finding marks in the decoded header, by line and column."""
    header = decode(text).header_text
    assert header is not None
    assert finding.line == 1
    assert finding.column is not None
    assert finding.offset is not None
    assert 0 <= finding.offset < text.index(".")
    return header[finding.column - 1 :]


# what is shown


def test_a_plain_token_brings_nothing():
    report = check(make('{"alg":"HS256","kid":"a"}'))
    assert report.brought == ()
    assert report.findings == ()


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_a_jwk_is_shown_with_name_and_thumbprint(alg: str):
    jwk = public_jwk(private(alg))
    one = only(check(token_with(alg=alg, jwk=jwk), ""))
    members = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "AKP": ("alg", "kty", "pub")}[
        jwk["kty"]
    ]
    canonical = json.dumps({member: jwk[member] for member in members}, separators=(",", ":"))
    assert one.parameter == "jwk"
    assert one.key is not None
    summary = one.summary()
    assert summary["signs"] is True
    assert summary["key"] == one.key.summary()
    assert one.key.summary()["thumbprint"] == b64u(hashlib.sha256(canonical.encode()).digest())


def test_a_chain_is_shown_in_its_order():
    one = only(check(token_with(x5c=[standard(made) for made in chain()]), ""))
    assert [made.subject for made in one.certificates if made] == ["CN=leaf", "CN=middle", "CN=root"]
    assert one.links == (True, True)
    assert one.key is not None
    assert one.key.name == "EC public key on P-256"
    facts = json.loads(json.dumps(one.summary()))
    assert facts["signed_by_next"] == [True, True]
    assert [made["ca"] for made in facts["certificates"]] == [False, True, True]
    assert [made["signature_algorithm"] for made in facts["certificates"]] == ["ECDSA with SHA256"] * 3


@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_an_address_is_shown_with_its_host(name: str):
    one = only(check(make({"alg": "HS256", name: "https://keys.example:8443/jwks.json"})))
    assert (one.parameter, one.url, one.host, one.key) == (name, "https://keys.example:8443/jwks.json", "keys.example", None)
    assert one.summary() | {"url": one.url, "host": "keys.example"} == one.summary()


def test_all_four_are_shown_at_once():
    text = token_with(jwk=public_jwk(private("ES256")), x5c=[standard(chain()[0])], jku="https://a.example", x5u="https://b.example")
    assert [one.parameter for one in decode(text).brought] == ["jwk", "x5c", "jku", "x5u"]


def test_cnf_is_shown_as_the_key_of_the_presenter():
    cnf = {"jwk": public_jwk(private("ES256")), "jkt": b64u(b"j" * 32), "x5t#S256": b64u(b"c" * 32)}
    report = check(make({"alg": "HS256"}, json.dumps({"exp": NOW + 1, "cnf": cnf})))
    assert [one.parameter for one in report.brought] == ["cnf.jwk", "cnf.jkt", "cnf.x5t#S256"]
    assert [one.row.spec for one in report.brought] == ["RFC 7800 §3.2", "RFC 9449 §6.1", "RFC 8705 §3.1"]
    assert [one.thumbprint for one in report.brought] == ["", cnf["jkt"], cnf["x5t#S256"]]
    assert report.findings == ()
    for one in report.brought:
        assert one.summary()["signs"] is False
        assert "does not sign this token" in one.row.what
        assert report.check_brought(one.parameter).matches is None


# the warning


@pytest.mark.parametrize(
    ("header", "words"),
    [
        pytest.param({"jwk": {}}, 'brings its own key ("jwk")', id="jwk"),
        pytest.param({"x5c": []}, 'brings its own certificates ("x5c")', id="x5c"),
        pytest.param({"jku": "https://a.example"}, 'names where its own key lies ("jku": https://a.example, host a.example)', id="jku"),
        pytest.param({"x5u": "http://a.example"}, '("x5u": http://a.example, host a.example, not https)', id="x5u"),
    ],
)
def test_it_warns_of_each(header: Any, words: str):
    text = make({"alg": "HS256"} | header)
    finding = one_of(text, "header_key")
    assert (finding.level, finding.segment, finding.spec) == ("warning", "header", "RFC 8725 §3.10")
    assert words in finding.message
    assert "neither uses nor fetches it" in finding.message
    assert marked(text, finding).startswith(json.dumps(next(iter(header.values()))))


def test_a_key_of_the_wrong_type_is_left_to_the_rules_of_the_header():
    headers: tuple[dict[str, Any], ...] = ({"jwk": []}, {"jwk": "a"}, {"x5c": "MIIB"}, {"jku": 1}, {"x5u": None})
    for header in headers:
        report = check(make({"alg": "HS256"} | header))
        assert report.brought == ()
        assert codes(report.findings) == ["header_parameter_type"]


# jwk


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA", "ML-DSA-44"])
def test_a_private_key_in_the_header_is_an_error(alg: str):
    text = token_with(alg=alg, jwk=private_jwk(private(alg)))
    finding = one_of(text, "brought_private")
    assert (finding.level, finding.spec) == ("error", "RFC 7515 §4.1.3")
    assert f'PRIVATE key: "jwk" has the member "{"priv" if alg == "ML-DSA-44" else "d"}"' in finding.message
    assert "key_private" not in noticed(text)


def test_nothing_of_a_private_key_is_told():
    jwk = private_jwk(private("ES256"))
    report = check(token_with(jwk=jwk), "")
    told = json.dumps([one.summary() for one in report.brought]) + " ".join(one.message for one in report.findings)
    assert jwk["d"] not in told


def test_a_private_key_that_cannot_be_read_is_an_error_too():
    assert {"brought_private", "brought_unreadable"} <= noticed(make({"alg": "HS256", "jwk": {"kty": "RSA", "d": "AQAB"}})).keys()


def test_a_secret_in_the_header_is_an_error():
    finding = one_of(make({"alg": "HS256", "jwk": json.loads(oct_jwk())}), "brought_secret")
    assert (finding.level, finding.spec) == ("error", "RFC 7515 §4.1.3")
    assert SECRET not in finding.message


@pytest.mark.parametrize(
    ("jwk", "why"),
    [
        pytest.param({}, "kty must be", id="empty"),
        pytest.param({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, "P-256", id="no point"),
        pytest.param({"kty": "RSA", "e": "AQAB"}, '"n" is missing', id="no modulus"),
        pytest.param({"keys": []}, "kty must be", id="a set"),
    ],
)
def test_a_jwk_that_holds_no_key_is_an_error(jwk: Any, why: str):
    finding = one_of(make({"alg": "HS256", "jwk": jwk}), "brought_unreadable")
    assert finding.level == "error"
    assert why in finding.message
    assert "key box" not in finding.message


def test_faults_of_the_key_stand_in_the_header():
    text = make({"alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": b64u(b"\1" + b"\0" * 31)}}, alg="EdDSA")
    finding = one_of(text, "key_small_order")
    assert finding.segment == "header"
    assert finding.offset is not None


def test_a_short_key_and_one_that_cannot_have_signed_are_warned_of():
    assert "1024 bits" in one_of(token_with(alg="RS256", jwk=public_jwk(rsa_private(1024))), "brought_key_short").message
    finding = one_of(token_with(alg="RS256", jwk=public_jwk(private("ES256"))), "brought_misfit")
    assert "EC public key on P-256) does not fit RS256" in finding.message


# x5c


def test_a_good_chain_with_its_thumbprints_is_only_introduced():
    certificates = chain()
    text = token_with(x5c=[standard(made) for made in certificates], jwk=public_jwk(private("ES256")), **thumbprints(certificates[0]))
    assert codes(decode(text).findings) == ["header_key", "header_key"]
    assert "3 certificates, the first for CN=leaf" in decode(text).findings[1].message


def test_a_self_made_certificate_is_no_further_finding():
    """`openssl req -x509` says CA: true."""
    made = certificate(private("ES256"), "mine", authority=True)
    assert codes(check(token_with(x5c=[standard(made)]), "").findings) == ["header_key"]


@pytest.mark.parametrize(
    ("write", "why"),
    [
        pytest.param(lambda text: text.replace("+", "-").replace("/", "_"), "base64url", id="base64url"),
        pytest.param(lambda text: text.rstrip("="), "padding is missing", id="no padding"),
        pytest.param(lambda text: f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n", "BEGIN and END", id="PEM"),
        pytest.param(lambda text: text[:64] + "\n" + text[64:], "line breaks", id="lines"),
    ],
)
def test_another_writing_is_an_error_and_read_all_the_same(write: Any, why: str):
    made = next(one for one in (certificate(private("ES256"), "x" * size) for size in range(1, 60)) if {*"+/="} <= {*standard(one)})
    text = token_with(x5c=[standard(made), write(standard(made))])
    finding = one_of(text, "x5c_base64")
    assert (finding.level, finding.spec) == ("error", "RFC 7515 §4.1.6")
    assert finding.message.startswith("x5c[1] is not plain base64")
    assert why in finding.message
    assert marked(text, finding).startswith(json.dumps(write(standard(made))))
    first, second = decode(text).brought[0].certificates
    assert first is not None
    assert second is not None
    assert first.sha256 == second.sha256


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        pytest.param("MIIB", "damaged", id="damaged"),
        pytest.param("", "cannot be decoded", id="empty"),
        pytest.param("???", "cannot be decoded", id="no base64"),
        pytest.param(base64.b64encode(b"hello").decode(), "something else", id="something else"),
        pytest.param("".join(public_pem(private("ES256")).split("\n")[1:-2]), "it is a key, EC public key on P-256", id="a public key"),
    ],
)
def test_what_is_no_certificate_is_named(entry: str, why: str):
    text = token_with(x5c=[standard(chain()[0]), entry])
    finding = one_of(text, "x5c_unreadable")
    assert finding.level == "error"
    assert finding.message.startswith("x5c[1] is no X.509 certificate")
    assert why in finding.message
    assert decode(text).brought[0].certificates[1] is None
    assert decode(text).brought[0].summary()["certificates"][1] is None  # type: ignore[index]


def test_an_empty_array_is_an_error():
    assert one_of(token_with(x5c=[]), "x5c_empty").level == "error"


def test_only_the_first_certificates_of_many_are_read():
    text = token_with(x5c=[standard(chain()[0])] * 20)
    assert "20 certificates; jwtlens reads the first 8" in one_of(text, "x5c_many").message
    assert len(decode(text).brought[0].certificates) == 8


@pytest.mark.parametrize(
    ("order", "place", "guess"),
    [
        pytest.param((1, 0), 0, "It is the other way round", id="turned round"),
        pytest.param((2, 1, 0), 0, "a root stands last", id="root first"),
        pytest.param((0, 2, 1), 0, "Its issuer stands in x5c[2].", id="middle last"),
        pytest.param((0, 2), 0, "Its issuer is CN=middle.", id="middle left out"),
        pytest.param((0, 0, 1), 0, "It is the same certificate once more.", id="leaf twice"),
        pytest.param((0, 1, 0), 1, "the order is reversed", id="leaf again"),
    ],
)
def test_a_chain_out_of_order_is_an_error(order: tuple[int, ...], place: int, guess: str):
    certificates = chain()
    finding = one_of(token_with(x5c=[standard(certificates[one]) for one in order]), "x5c_order")
    assert (finding.level, finding.spec) == ("error", "RFC 7515 §4.1.6")
    first, second = (CHAIN[order[place + step]] for step in (0, 1))
    assert f"x5c[{place}] (CN={first}) is not signed by x5c[{place + 1}] (CN={second})" in finding.message
    assert guess in finding.message


def test_another_authority_of_the_same_name_is_told():
    impostor = certificate(private("ES384", 1), "middle", authority=True)
    assert "another key of that name" in one_of(token_with(x5c=[standard(chain()[0]), standard(impostor)]), "x5c_order").message


def test_an_authority_as_the_signer_is_warned_of():
    certificates = chain()[1:]
    finding = one_of(token_with(alg="ES384", x5c=[standard(made) for made in certificates]), "certificate_ca")
    assert "x5c[0] (CN=middle)" in finding.message


def test_jwk_and_x5c_must_hold_one_key():
    finding = one_of(token_with(jwk=public_jwk(private("ES256", 1)), x5c=[standard(chain()[0])]), "brought_keys_differ")
    assert (finding.level, finding.segment) == ("error", "header")


def test_expired_certificates_are_told_at_the_time_of_the_report():
    text = token_with(x5c=[standard(chain()[0])])
    assert "certificate_expired" not in codes(check(text, "", at=1_893_456_000).findings)
    (finding,) = (one for one in check(text, "", at=1_893_456_000 + 7200).findings if one.code == "certificate_expired")
    assert "x5c[0] (CN=leaf) expired 2 h ago, at 1 Jan 2030 00:00:00 UTC" in finding.message
    assert marked(text, finding).startswith('"MII')


# x5t and x5t#S256


@pytest.mark.parametrize("name", ["x5t", "x5t#S256"])
@pytest.mark.parametrize(
    ("write", "guess"),
    [
        pytest.param(lambda right, other: b64u(b"x" * 20), "", id="of nothing here"),
        pytest.param(lambda right, other: b64u(other), "It is that of x5c[1].", id="of the issuer"),
        pytest.param(lambda right, other: base64.b64encode(right).decode(), "in standard base64", id="standard base64"),
        pytest.param(lambda right, other: right.hex(), "in hexadecimal", id="hexadecimal"),
        pytest.param(lambda right, other: right.hex(":").upper(), "in hexadecimal", id="with colons"),
        pytest.param(lambda right, other: b64u(right.hex()), "in hexadecimal", id="base64url of hexadecimal"),
    ],
)
def test_a_thumbprint_that_is_not_the_certificates_is_an_error(name: str, write: Any, guess: str):
    hash_ = hashes.SHA1() if name == "x5t" else hashes.SHA256()
    leaf, middle = chain()[:2]
    value = write(leaf.fingerprint(hash_), middle.fingerprint(hash_))
    text = token_with(x5c=[standard(leaf), standard(middle)], **{name: value})
    finding = one_of(text, "x5t_mismatch")
    assert (finding.level, finding.spec) == ("error", f"RFC 7515 §4.1.{7 if name == 'x5t' else 8}")
    assert f'"{value[:90]}' in finding.message
    assert f'"{b64u(leaf.fingerprint(hash_))}"' in finding.message
    assert guess in finding.message
    assert marked(text, finding).startswith(f'"{value}"')


@pytest.mark.parametrize("name", ["x5t", "x5t#S256"])
def test_a_token_whose_thumbprint_belies_its_certificate_is_refused_as_its_finding_says(name: str):
    leaf = chain()[0]
    right = check(token_with(x5c=[standard(leaf)], **thumbprints(leaf)), public_key("ES256"))
    assert (right.signature.status, right.accepted) == ("verified", True)
    report = check(token_with(x5c=[standard(leaf)], **{name: b64u(b"a" * 32)}), public_key("ES256"))
    assert "x5t_mismatch" in codes(report.findings)
    assert (report.signature.status, outcome(report, "header"), report.accepted) == ("verified", "failed", False)
    assert "is not the thumbprint of the certificate in x5c[0]" in because(report, "header")


def test_a_thumbprint_with_the_other_hash_is_told():
    leaf = chain()[0]
    text = token_with(x5c=[standard(leaf)], x5t=thumbprints(leaf)["x5t#S256"])
    assert "It is the SHA-256 thumbprint." in one_of(text, "x5t_mismatch").message


@pytest.mark.parametrize(
    ("value", "what"),
    [
        pytest.param("ab" * 20, "hexadecimal", id="hexadecimal"),
        pytest.param(b64u("ab" * 20), "hexadecimal", id="base64url of hexadecimal"),
        pytest.param(b64u(b"x" * 32), "32 bytes, as SHA-256 makes", id="SHA-256"),
        pytest.param("a=b", "not canonical base64url", id="no base64url"),
    ],
)
def test_a_thumbprint_alone_must_have_its_form(value: str, what: str):
    finding = one_of(token_with(x5t=value), "x5t_form")
    assert finding.level == "warning"
    assert what in finding.message
    assert "20 bytes, the SHA-1" in finding.message


def test_a_thumbprint_alone_is_no_finding():
    assert check(token_with(**thumbprints(chain()[0])), public_key("ES256")).findings == ()


def test_the_certificate_in_the_key_box_is_compared_when_its_key_does_not_match():
    right, other = chain()[0], certificate(private("ES256", 1), "other")
    text = token_with(**thumbprints(right))
    told = [one for one in check(text, pem(other)).findings if one.code == "key_x5t"]
    assert [one.segment for one in told] == ["key", "key"]
    for one, wanted, have in zip(told, thumbprints(right).values(), thumbprints(other).values(), strict=True):
        assert f'"{wanted}"; the one in the key box has "{have}"' in one.message
    assert "key_x5t" not in codes(check(text, pem(right)).findings)
    again = certificate(private("ES256"), "issued again")
    assert "key_x5t" not in codes(check(text, pem(again)).findings)


# jku and x5u


@pytest.mark.parametrize("name", ["jku", "x5u"])
@pytest.mark.parametrize(
    ("url", "told"),
    [
        pytest.param("https://issuer.example/jwks.json", [], id="good"),
        pytest.param("https://8.8.8.8/jwks.json", [], id="a public address"),
        pytest.param("https://issuer.example./a?b=c@d#e", [], id="dot, query, fragment"),
        pytest.param("HTTPS://ISSUER.EXAMPLE", [], id="capitals"),
        pytest.param("http://evil.example/jwks.json", ["header_url_scheme"], id="http"),
        pytest.param("ftp://evil.example/", ["header_url_scheme"], id="ftp"),
        pytest.param("file:///etc/passwd", ["header_url_scheme"], id="file"),
        pytest.param("https://good.example@evil.example/", ["header_url_user"], id="user"),
        pytest.param("https://good.example\\@evil.example/", ["header_url_form", "header_url_user"], id="backslash"),
        pytest.param("https://localhost/", ["header_url_inside"], id="localhost"),
        pytest.param("https://a.localhost./", ["header_url_inside"], id="below localhost"),
        pytest.param("https://keycloak:8443/", ["header_url_inside"], id="one label"),
        pytest.param("https://a.svc.cluster.local/", ["header_url_inside"], id="local"),
        pytest.param("https://169.254.169.254/latest/meta-data", ["header_url_inside"], id="metadata"),
        pytest.param("https://10.0.0.1/", ["header_url_inside"], id="private"),
        pytest.param("https://[::1]/", ["header_url_inside"], id="IPv6 loopback"),
        pytest.param("https://[fe80::1]/", ["header_url_inside"], id="IPv6 link-local"),
        pytest.param("https://[::ffff:127.0.0.1]/", ["header_url_inside"], id="mapped"),
        pytest.param("https://2130706433/", ["header_url_inside"], id="one number"),
        pytest.param("https://0x7f.1/", ["header_url_inside"], id="hexadecimal"),
        pytest.param("https://0177.0.0.1/", ["header_url_inside"], id="octal"),
        pytest.param("https://0.0.0.0/", ["header_url_inside"], id="unspecified"),
        pytest.param("https://100.64.0.1/", ["header_url_inside"], id="shared"),
        pytest.param("jwks.json", ["header_url_form"], id="relative"),
        pytest.param("//evil.example", ["header_url_form"], id="no scheme"),
        pytest.param("", ["header_url_form"], id="empty"),
        pytest.param("https://[", ["header_url_form"], id="bracket"),
        pytest.param("https://a.example:99999/", ["header_url_form"], id="port"),
        pytest.param("https://a.example/\u202e", ["header_url_form"], id="direction"),
        pytest.param("https://a.example/ b", ["header_url_form"], id="blank"),
    ],
)
def test_suspicious_addresses_are_told(name: str, url: str, told: list[str]):
    text = make({"alg": "HS256", name: url})
    found = [one for one in decode(text).findings if one.code.startswith("header_url")]
    assert codes(found) == told
    for finding in found:
        assert finding.level == "warning"
        assert marked(text, finding).startswith(json.dumps(url))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://2130706433/", "127.0.0.1, the receiver's own machine"),
        ("https://0xa9.0xfe.0xa9.0xfe/", "169.254.169.254, the address at which cloud machines hand out"),
        ("https://192.168.0.1/", "192.168.0.1 (a private address)"),
    ],
)
def test_it_says_what_an_address_really_is(url: str, words: str):
    assert words in one_of(make({"alg": "HS256", "jku": url}), "header_url_inside").message


def test_nothing_is_ever_fetched(monkeypatch):
    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    report = check(token_with(jku="https://issuer.example/jwks.json", x5u="https://issuer.example/cert"), "")
    read_out(report)
    for name in ("jku", "x5u"):
        match = report.check_brought(name)
        assert match.matches is None
        assert "nothing is fetched" in match.because


# on request


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_on_request_it_is_tried_and_still_not_verified(alg: str):
    report = check(token_with(alg=alg, jwk=public_jwk(private(alg))), "")
    match = report.check_brought("jwk")
    assert isinstance(match, Match)
    assert match.matches is True
    assert "proves only that whoever wrote the token holds that key" in match.because
    assert not hasattr(match, "status")
    assert (report.signature.status, report.signature.matches, report.accepted) == ("not_checked", None, False)


def test_a_key_that_did_not_sign_does_not_match():
    report = check(token_with(jwk=public_jwk(private("ES256", 1)), x5c=[standard(chain()[0])]), "")
    assert report.check_brought("jwk").matches is False
    assert "does not match the EC public key on P-256" in report.check_brought("jwk").because
    assert report.check_brought("x5c").matches is True


@pytest.mark.parametrize(
    ("header", "parameter", "words"),
    [
        pytest.param({}, "jwk", 'no key in "jwk"', id="none"),
        pytest.param({"jwk": {}}, "jwk", "holds no key that can be read", id="unreadable"),
        pytest.param({"x5c": ["AAAA"]}, "x5c", "holds no key that can be read", id="no certificate"),
        pytest.param({"jwk": public_jwk(private("RS256"))}, "jwk", "does not fit ES256", id="another type"),
        pytest.param({"alg": "none", "jwk": public_jwk(private("ES256"))}, "jwk", 'alg "none"', id="unsecured"),
        pytest.param({"alg": "x", "jwk": public_jwk(private("ES256"))}, "jwk", "alg", id="unknown algorithm"),
    ],
)
def test_what_cannot_be_tried_says_why(header: Any, parameter: str, words: str):
    match = check(make({"alg": "ES256"} | header, alg="ES256"), "").check_brought(parameter)
    assert match.matches is None
    assert words in match.because


def test_a_detached_payload_is_taken_into_account():
    header, _, signature = token_with(jwk=public_jwk(private("ES256"))).split(".")
    report = check(f"{header}..{signature}", "", payload=CLAIMS)
    assert report.check_brought("jwk").matches is True
    assert check(f"{header}..{signature}", "", payload="{}").check_brought("jwk").matches is False


# beside the key box


def test_without_a_key_in_the_box_nothing_is_tried():
    assert "header_key_matches" not in codes(check(token_with(jwk=public_jwk(private("ES256"))), "").findings)


@pytest.mark.parametrize("key", [public_key("ES256", 1), public_key("RS256")], ids=["another key", "a key of another type"])
@pytest.mark.parametrize("brings", ["jwk", "x5c"])
def test_a_token_that_fits_only_its_own_key_is_told(key: str, brings: str):
    header = {"jwk": public_jwk(private("ES256"))} if brings == "jwk" else {"x5c": [standard(chain()[0])]}
    report = check(token_with(**header), key)
    (finding,) = (one for one in report.findings if one.code == "header_key_matches")
    assert (finding.level, finding.segment) == ("warning", "signature")
    assert f'the token itself brought ("{brings}"), not the key in the key box' in finding.message
    assert "CVE-2018-0114" in finding.message
    assert report.signature.status != "verified"


def test_a_key_that_was_brought_twice_is_told_to_match_once():
    text = token_with(jwk=public_jwk(private("ES256")), x5c=[standard(chain()[0])])
    assert codes(check(text, public_key("ES256", 1)).findings).count("header_key_matches") == 1


def test_the_key_in_the_box_may_be_the_one_that_was_brought_but_it_is_told():
    for text in (token_with(jwk=public_jwk(private("ES256"), kid="a")), token_with(x5c=[standard(chain()[0])])):
        report = check(text, public_key("ES256"))
        assert report.signature.status == "verified"
        (finding,) = report.findings
        assert (finding.code, finding.level, finding.segment) == ("key_brought", "warning", "key")
        assert "proves nothing unless you have it from the issuer too" in finding.message


def test_the_key_of_the_presenter_in_the_box_is_told():
    cnf = json.dumps({"exp": NOW + 1, "cnf": {"jwk": public_jwk(private("ES256", 1))}})
    report = check(token_with(cnf), public_key("ES256", 1))
    assert report.signature.status == "invalid"
    (finding,) = (one for one in report.findings if one.code == "key_is_the_presenters")
    assert '"cnf.jwk"' in finding.message
    assert check(token_with(cnf), public_key("ES256")).findings == ()


@pytest.mark.parametrize("typ", ["dpop+jwt", "DPoP+JWT", "application/dpop+jwt"])
def test_a_dpop_proof_is_no_alarm(typ: str):
    jwk = public_jwk(private("ES256"))
    text = token_with('{"jti":"1","htm":"GET","htu":"https://a.example","iat":1700000000}', typ=typ, jwk=jwk)
    for key in ("", public_key("ES256")):
        told = [one for one in check(text, key).findings if "key" in one.code and one.code != "key_empty"]
        assert [(one.code, one.level) for one in told] == [("header_key_expected", "info")]
        assert "cnf.jkt" in told[0].message
        assert only(check(text, key)).key.thumbprint() in told[0].message  # type: ignore[union-attr]
    told = [one for one in check(text, public_key("ES256", 1)).findings if one.code.startswith("header_key")]
    assert {one.code: one.level for one in told} == {"header_key_expected": "info", "header_key_matches_proof": "info"}


def test_a_dpop_proof_with_a_private_key_is_an_error():
    assert one_of(token_with(typ="dpop+jwt", jwk=private_jwk(private("ES256"))), "brought_private").level == "error"


def test_a_certificate_in_a_dpop_proof_is_still_warned_of():
    assert "header_key" in noticed(token_with(typ="dpop+jwt", x5c=[standard(chain()[0])]))


def test_the_key_of_a_recipient_is_no_alarm():
    header = b64u(json.dumps({"alg": "ECDH-ES", "enc": "A128GCM", "jwk": public_jwk(private("ES256"))}))
    report = check(f"{header}..{b64u(b'x' * 12)}.{b64u(b'x')}.{b64u(b'x' * 16)}", "")
    told = [one for one in report.findings if "key" in one.code and one.segment == "header"]
    assert ("header_key_recipient", "info") in [(one.code, one.level) for one in told]
    assert "header_key" not in codes(told)
    assert report.check_brought("jwk").matches is None


def test_what_is_signed_here_is_told_the_same():
    made = encode({"alg": "ES256", "jwk": private_jwk(private("ES256"))}, CLAIMS, json.dumps(private_jwk(private("ES256"))))
    assert {"brought_private", "header_key"} <= {*codes(made.findings)}


# cnf


@pytest.mark.parametrize(
    ("cnf", "code", "level"),
    [
        pytest.param({"jwk": private_jwk(private("ES256"))}, "brought_private", "error", id="private key"),
        pytest.param({"jwk": json.loads(oct_jwk())}, "brought_secret", "error", id="secret"),
        pytest.param({"jwk": {"kty": "EC"}}, "brought_unreadable", "error", id="unreadable"),
        pytest.param({"jkt": b64u(b"x" * 20)}, "cnf_form", "warning", id="20 bytes"),
        pytest.param({"jkt": "ab:cd"}, "cnf_form", "warning", id="no base64url"),
        pytest.param({"x5t#S256": 1}, "cnf_form", "warning", id="a number"),
    ],
)
def test_faults_of_cnf_are_told_with_their_place(cnf: Any, code: str, level: str):
    text = token_with(json.dumps({"exp": NOW + 1, "cnf": cnf}))
    finding = one_of(text, code)
    assert (finding.level, finding.segment) == (level, "payload")
    assert finding.offset is not None
    assert finding.offset > text.index(".")
    assert f'"cnf.{next(iter(cnf))}"' in finding.message


# odd input

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["EC", "P-256", "oct", "AQAB", "https://[", "MIIB"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "n", "e", "d", "k", "jkt"]), inner, max_size=5)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(["jwk", "x5c", "jku", "x5u", "x5t", "x5t#S256", "typ", "alg"])


@given(header=st.dictionaries(NAMES, JSON, max_size=5), cnf=JSON, prefix=st.sampled_from(["", "Bearer ", "\n"]))
def test_no_input_is_too_odd(header: dict[str, Any], cnf: Any, prefix: str):
    text = prefix + make({"alg": "ES256"} | header, json.dumps({"cnf": cnf}), alg="ES256")
    for key in ("", public_key("ES256")):
        report = check(text, key)
        read_out(report)
        for one in report.brought:
            json.dumps(one.summary()).encode()
            report.check_brought(one.parameter).because.encode()


def test_a_very_long_header_is_read_in_time():
    """A quadratic scan would need minutes."""

    def read() -> None:
        for header in (
            {"x5c": ["MIIB"] * 30_000},
            {"jku": "https://" + "0x7f." * 50_000},
            {"x5t": "ab:" * 80_000},
            {"jwk": {"kty": "EC", "x": "A" * 200_000}},
        ):
            read_out(check(make({"alg": "HS256"} | header), ""))

    within(4, read)


@pytest.mark.parametrize("header", ['"x"', "[]", "1", "null", "{"])
def test_a_header_that_is_no_object_brings_nothing(header):
    key = public_jwk(private("RS256"))
    text = f"{b64u(header)}.{b64u(json.dumps({'cnf': {'jwk': key}}))}.AAAA"
    assert check(text, json.dumps(key)).findings


def test_a_key_in_the_header_that_did_not_sign_is_told():
    """RFC 7515 §4.1.3: it corresponds to the key that signed."""
    given = public_key("ES256")

    def told(which: int) -> list[str]:
        header = {"alg": "ES256", "jwk": public_jwk(private("ES256", which))}
        return codes(check(make(header, alg="ES256", key=private("ES256")), given).findings)

    assert "header_key_other" in told(1)
    assert "header_key_other" not in told(0)
