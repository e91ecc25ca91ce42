"""Certificates: their facts, who signed whom, and what is wrong with one at a time."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from app.tokens import certificates
from app.tokens.certificates import Certificate, at_a_time, of_a_signer, weaknesses
from tests.tokens.keyring import NOW, b64u, certificate, check, codes, make, name, pem, private, rsa_private

COMMON_NAME = NameOID.COMMON_NAME
BEGIN, END = 1_577_836_800, 1_893_456_000  # 2020-01-01 and 2030-01-01, both UTC


def read(made: x509.Certificate) -> Certificate:
    one = certificates.read(made.public_bytes(Encoding.DER))
    assert one is not None
    return one


def test_it_tells_the_facts():
    key = private("ES256")
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    names = x509.SubjectAlternativeName(
        [x509.DNSName("a.example"), x509.UniformResourceIdentifier("urn:b"), x509.DirectoryName(name("c")), x509.RegisteredID(COMMON_NAME)]
    )
    made = certificate(key, "signer", private("ES384"), "authority", extensions=(usage, names))
    one = read(made)
    assert (one.subject, one.issuer, one.title) == ("CN=signer", "CN=authority", "CN=signer")
    assert (one.not_before, one.not_after) == (BEGIN, END)
    assert one.serial == f"{made.serial_number:x}"
    assert one.sha1 == b64u(made.fingerprint(hashes.SHA1()))
    assert one.sha256 == b64u(made.fingerprint(hashes.SHA256()))
    assert one.key is not None
    assert (one.key.name, one.key.read_as) == ("EC public key on P-256", "X.509 certificate")
    assert (one.is_authority, one.is_self_issued, one.is_self_signed) == (False, False, False)
    assert one.usages == ("digitalSignature", "contentCommitment")
    assert one.names == ("a.example", "urn:b", "CN=c", "2.5.4.3")
    assert (one.signed_with, one.broken_hash) == ("ECDSA with SHA256", "")
    assert repr(one) == "<Certificate CN=signer>"


def test_the_summary_can_be_written_as_json():
    facts = json.loads(json.dumps(read(certificate(private("ES256"), "self", authority=True)).summary()))
    assert (facts["not_before"], facts["not_after"]) == ("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z")
    assert (facts["ca"], facts["self_signed"], facts["key_usage"], facts["names"]) == (True, True, None, [])
    assert len(facts["x5t"]) == 27
    assert len(facts["x5t#S256"]) == 43


def test_a_certificate_that_only_bears_its_own_name_is_not_self_signed():
    one = read(certificate(private("ES256"), "same", private("ES256", 1), "same"))
    assert (one.is_self_issued, one.is_self_signed) == (True, False)


def test_names_are_fit_for_a_sentence():
    one = read(certificate(private("ES256"), "a\u202eb\n" + "x" * 40))
    assert one.subject.startswith("CN=a\\u{202e}b\\u{a}x")
    without = certificate(private("ES256"), "", extensions=(x509.SubjectAlternativeName([x509.DNSName("only.example")]),), nameless=True)
    assert read(without).title == "only.example"
    assert read(certificate(private("ES256"), "", nameless=True)).title == "no subject"


def test_many_names_are_cut():
    names = x509.SubjectAlternativeName([x509.DNSName(f"{number}.example") for number in range(100)])
    assert len(read(certificate(private("ES256"), "many", extensions=(names,))).names) == 20


@pytest.mark.parametrize("der", [b"", b"\x30", b"\x30\x03\x02\x01\x01", b"-----BEGIN", b"\x30\x82\xff\xff" + b"\0" * 100])
def test_what_is_no_certificate_is_none(der: bytes):
    assert certificates.read(der) is None


def test_damaged_certificates_raise_nothing():
    """Each byte turned over in turn: whatever can still be read is told."""
    usage = x509.KeyUsage(True, False, False, False, False, True, False, False, False)
    names = x509.SubjectAlternativeName([x509.DNSName("a.example")])
    der = certificate(private("ES256"), "x", authority=True, extensions=(usage, names)).public_bytes(Encoding.DER)
    for place in range(len(der)):
        one = certificates.read(der[:place] + bytes([der[place] ^ 0xFF]) + der[place + 1 :])
        if one is not None:
            json.dumps(one.summary())
            for finding in (*at_a_time(one, "It", NOW), *weaknesses(one, "It"), *of_a_signer(one, "It")):
                finding.message.encode()


@pytest.mark.parametrize(
    ("at", "code", "words"),
    [
        pytest.param(BEGIN - 86_400, "certificate_not_yet", "only from 1 Jan 2020 00:00:00 UTC on, in 1 day", id="a day too early"),
        pytest.param(BEGIN, None, "", id="the first second"),
        pytest.param(END, None, "", id="the last second"),
        pytest.param(END + 1, "certificate_expired", "expired 1 s ago, at 1 Jan 2030 00:00:00 UTC", id="a second too late"),
        pytest.param(10**30, "certificate_expired", "more than 30,000 years ago", id="the end of time"),
    ],
)
def test_it_is_judged_at_a_time(at: int, code: str | None, words: str):
    found = list(at_a_time(read(certificate(private("ES256"), "signer")), "The certificate", at))
    assert codes(found) == ([code] if code else [])
    if code:
        assert words in found[0].message
        assert "CN=signer" in found[0].message
        assert found[0].level == "warning"
        assert found[0].spec == "RFC 5280 §4.1.2.5"


def test_a_short_key_is_weak():
    (found,) = weaknesses(read(certificate(rsa_private(1024), "short")), "The certificate")
    assert found.code == "certificate_weak_key"
    assert "1024 bits; 2,048" in found.message


@pytest.mark.skipif(not shutil.which("openssl"), reason="made with the command of OpenSSL")
def test_a_broken_hash_is_weak(tmp_path):
    """`cryptography` no longer makes such certificates; OpenSSL still does."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha1", "-subj", "/CN=old", "-outform", "DER", "-keyout"]
    made = subprocess.run([*command, str(tmp_path / "key")], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("this OpenSSL does not sign with SHA-1")
    one = certificates.read(made.stdout)
    assert one is not None
    (found,) = weaknesses(one, "The certificate")
    assert (found.code, found.spec) == ("certificate_weak_signature", "RFC 6194 §3")
    assert "SHA-1" in found.message


@pytest.mark.parametrize(
    ("authority", "bits", "told"),
    [
        pytest.param(False, None, [], id="no restriction"),
        pytest.param(False, "100000000", [], id="digitalSignature"),
        pytest.param(False, "010000000", [], id="contentCommitment"),
        pytest.param(False, "001000000", ["certificate_usage"], id="keyEncipherment"),
        pytest.param(True, "000001000", ["certificate_ca", "certificate_usage"], id="an authority"),
        pytest.param(True, None, ["certificate_ca"], id="CA: true alone"),
    ],
)
def test_a_certificate_for_other_ends_is_told(authority: bool, bits: str | None, told: list[str]):
    usage: Any = (x509.KeyUsage(*(bit == "1" for bit in bits)),) if bits else ()
    one = read(certificate(private("ES256"), "x", private("ES384"), "y", authority=authority, extensions=usage))
    found = list(of_a_signer(one, "The certificate"))
    assert codes(found) == told
    if "certificate_usage" in told:
        assert ("keyCertSign" if authority else "keyEncipherment") in found[-1].message


def test_who_signed_whom():
    authority = certificate(private("ES384"), "authority", authority=True)
    signed = certificate(private("ES256"), "signer", private("ES384"), "authority")
    assert certificates.is_issued_by(signed, authority) is True
    assert certificates.is_issued_by(authority, signed) is False
    impostor = certificate(private("ES384", 1), "authority", authority=True)
    assert certificates.is_issued_by(signed, impostor) is False


def test_names_that_differ_only_in_case_are_not_called_wrong():
    """RFC 5280 §7.1 compares names without regard to case; `cryptography` does not."""
    signed = certificate(private("ES256"), "signer", private("ES384"), "Authority")
    assert certificates.is_issued_by(signed, certificate(private("ES384"), "AUTHORITY")) is None


# in the key box


def boxed(made: x509.Certificate, **options: Any) -> dict[str, str]:
    report = check(make({"alg": "ES256"}, alg="ES256"), pem(made), **options)
    return {one.code: one.message for one in report.findings if one.code.startswith("certificate")}


def test_a_good_certificate_in_the_key_box_is_no_finding():
    made = certificate(private("ES256"), "signer", private("ES384"), "authority")
    assert check(make({"alg": "ES256"}, alg="ES256"), pem(made)).findings == ()


def test_an_expired_certificate_in_the_key_box_still_verifies_and_is_told():
    made = certificate(private("ES256"), "signer")
    report = check(make({"alg": "ES256"}, '{"exp":2000000000}', alg="ES256"), pem(made), at=END + 3600)
    (found,) = report.findings
    assert (report.signature.status, found.code, found.segment, found.level) == ("verified", "certificate_expired", "key", "warning")
    assert "The certificate in the key box (CN=signer) expired 1 h ago" in found.message


def test_an_authority_in_the_key_box_is_told_when_its_key_does_not_match():
    assert "certificate_ca" in boxed(certificate(private("ES256", 1), "authority", authority=True))
    assert boxed(certificate(private("ES256"), "self-made", authority=True)) == {}


@pytest.mark.parametrize("form", ["PEM", "DER in base64"])
def test_the_key_keeps_its_certificate(form: str):
    made = certificate(private("ES256"), "signer")
    text = pem(made) if form == "PEM" else base64.b64encode(made.public_bytes(Encoding.DER)).decode()
    (key,) = check(make({"alg": "ES256"}, alg="ES256"), text).keys.keys
    assert key.certificate == made
