"""Keys: what is read of anything in the key box, what is refused, what is said, what a new key is."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, x25519
from cryptography.hazmat.primitives.serialization import pkcs12

from app.tokens import ALGORITHMS, encode, read_keys
from app.tokens.keys import generate, make
from tests.cost import within
from tests.tokens.keyring import (
    CLAIMS,
    HMAC,
    SECRET,
    SIGNING,
    b64u,
    check,
    codes,
    integer,
    oct_jwk,
    private,
    private_der,
    private_jwk,
    private_pem,
    public_der,
    public_jwk,
    public_key,
    public_pem,
    rsa_private,
    status,
    token,
    unb64u,
)
from tests.tokens.keyring import make as make_token


def unreadable(text: str, encoding: str = "auto") -> str:
    """The sentence with which *text* is refused; no key comes of it."""
    keys = read_keys(text, encoding)
    assert keys.keys == ()
    (finding,) = [one for one in keys.findings if one.level == "error"]
    assert finding.code == "key_unreadable"
    return finding.message


def test_an_empty_box_is_no_key():
    keys = read_keys("")
    assert (keys.keys, keys.is_empty, codes(keys.findings), keys.read_as) == ((), True, ["key_empty"], "nothing")
    assert not read_keys("x").is_empty


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("-----BEGIN PUBLIC KEY-----", "no complete block", id="only BEGIN"),
        pytest.param("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PRIVATE KEY-----", "no complete block", id="BEGIN and END differ"),
        pytest.param("-----BEGIN PUBLIC KEY-----\n§§§§\n-----END PUBLIC KEY-----", "not base64", id="not base64"),
        pytest.param("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "damaged", id="no DER"),
        pytest.param("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", "damaged", id="empty"),
        pytest.param("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----", "certificate request (CSR)", id="CSR"),
        pytest.param("-----BEGIN WHATEVER-----\nAAAA\n-----END WHATEVER-----", "no key or certificate", id="whatever"),
        pytest.param(public_pem(private("ES256"))[:-40] + "\n-----END PUBLIC KEY-----", "damaged", id="cut off"),
        pytest.param(public_pem(ec.generate_private_key(ec.BrainpoolP256R1())), "JOSE", id="Brainpool"),
        pytest.param(public_pem(ec.generate_private_key(ec.SECP224R1())), "JOSE", id="P-224"),
        pytest.param(public_pem(dsa.generate_private_key(1024)), "JOSE", id="DSA"),
    ],
)
def test_a_pem_that_holds_no_usable_key_is_refused(text: str, told: str):
    assert told in unreadable(text)


def test_an_encrypted_private_key_needs_its_passphrase():
    locked = serialization.BestAvailableEncryption(b"x")
    pkcs8 = private("ES256").private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked).decode()
    assert "passphrase" in unreadable(pkcs8)
    legacy = private("ES256").private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, locked).decode()
    assert "Proc-Type: 4,ENCRYPTED" in legacy
    assert "passphrase" in unreadable(legacy)


def test_an_openssh_private_key_is_named():
    pem = (
        private("Ed25519")
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
        .decode()
    )
    assert "OpenSSH" in unreadable(pem)


def test_the_reason_is_the_error_and_not_a_note_before_it():
    pem = "-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----"
    assert codes(read_keys(pem).findings)[0] == "key_escaped_lines"
    from tests.tokens.keyring import because, check

    report = check(token("RS256"), pem)
    assert "damaged" in report.signature.because
    assert "damaged" in because(report, "key")


@pytest.mark.parametrize(
    ("jwk", "told"),
    [
        pytest.param({"kty": "foo"}, '"foo"', id="kty unknown"),
        pytest.param({"kty": 1}, "a number", id="kty a number"),
        pytest.param({"kty": "rsa", "n": "AQ", "e": "AQ"}, '"rsa"', id="kty in small letters"),
        pytest.param({"kty": None}, "null", id="kty null"),
        pytest.param({"kty": "oct"}, '"k" is missing', id="no k"),
        pytest.param({"kty": "oct", "k": 1}, '"k" is a number', id="k a number"),
        pytest.param({"kty": "oct", "k": "§"}, '"k" has a character', id="k not base64url"),
        pytest.param({"kty": "oct", "k": "\u200bAAAA"}, '"k" has a character', id="k with an invisible character"),
        pytest.param({"kty": "RSA", "e": "AQAB"}, '"n" is missing', id="no n"),
        pytest.param({"kty": "RSA", "n": "AQAB"}, '"e" is missing', id="no e"),
        pytest.param({"kty": "EC", "x": "AA", "y": "AA"}, "crv is missing", id="no crv"),
        pytest.param({"kty": "EC", "crv": "P-224", "x": "AA", "y": "AA"}, '"P-224"', id="P-224"),
        pytest.param({"kty": "EC", "crv": "p-256", "x": "AA", "y": "AA"}, '"p-256"', id="p-256"),
        pytest.param({"kty": "EC", "crv": "Ed25519", "x": "AA", "y": "AA"}, '"Ed25519"', id="EC with an OKP curve"),
        pytest.param({"kty": "EC", "crv": "P-256", "x": "AA"}, '"y" is missing', id="no y"),
        pytest.param({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, "not on P-256", id="not on the curve"),
        pytest.param(
            {"kty": "EC", "crv": "P-256", "x": b64u(b"\xff" * 32), "y": b64u(b"\xff" * 32)}, "not on P-256", id="beyond the field"
        ),
        pytest.param({"kty": "EC", "crv": "P-256", "x": b64u(b"\xff" * 3000), "y": "AA"}, "not on P-256", id="huge"),
        pytest.param({"kty": "OKP", "crv": "Ed25519"}, '"x" is missing', id="no x"),
        pytest.param({"kty": "OKP", "crv": "Ed25519", "x": b64u(bytes(31))}, "31 bytes", id="31 bytes"),
        pytest.param({"kty": "OKP", "crv": "Ed448", "x": b64u(bytes(56))}, "56 bytes", id="56 bytes"),
        pytest.param({"kty": "OKP", "crv": "P-256", "x": "AA"}, '"P-256"', id="OKP with an EC curve"),
        pytest.param({"kty": "AKP", "pub": "AA"}, "alg is missing", id="AKP without alg"),
        pytest.param({"kty": "AKP", "alg": "ML-DSA-44", "pub": b64u(bytes(1311))}, "1311 bytes", id="ML-DSA too short"),
        pytest.param({"kty": "AKP", "alg": "ML-DSA-45", "pub": "AA"}, '"ML-DSA-45"', id="ML-DSA-45"),
    ],
)
def test_a_jwk_that_holds_no_key_is_refused(jwk: dict[str, Any], told: str):
    assert told in unreadable(json.dumps(jwk))


def test_swapped_coordinates_are_guessed():
    jwk = public_jwk(private("ES256"))
    assert "swapped" in unreadable(json.dumps(jwk | {"x": jwk["y"], "y": jwk["x"]}))


@pytest.mark.parametrize("alg", ["Ed25519", "Ed448", "ML-DSA-44", "ES256"])
def test_a_private_part_of_another_key_is_refused(alg: str):
    member = "priv" if alg.startswith("ML") else "d"
    mixed = private_jwk(private(alg)) | {member: private_jwk(private(alg, 1))[member]}
    assert "does not belong" in unreadable(json.dumps(mixed))


@pytest.mark.parametrize(
    "text",
    [
        '{"kty":"oct","k":"QUFB","k":"QkJC"}',
        '{"kty":"RSA","kty":"oct","k":"QUFB"}',
        '{"keys":[],"keys":[]}',
        '{"keys":[{"kty":"oct","k":"a","k":"b"}]}',
    ],
)
def test_a_jwk_with_a_member_twice_is_refused(text: str):
    assert "twice" in unreadable(text)


@pytest.mark.parametrize("text", ['{"kty":"oct","k":"QUFB",}', "{'kty':'oct',\"kty\"}", '{"keys":[', '{"kty":"RSA","n":NaN'])
def test_a_broken_jwk_is_refused_and_never_a_secret(text: str):
    assert "JSON is broken at line 1, column" in unreadable(text)


def test_json_that_is_no_key_is_a_secret_and_said():
    keys = read_keys('{"a":"forty characters of json that is no key"}')
    assert (keys.read_as, [key.secret is not None for key in keys.keys]) == ("secret, UTF-8", [True])
    assert codes(keys.all_findings) == ["key_json_secret"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(lambda jwk: jwk | {"n": jwk["n"] + "=="}, "key_jwk_base64", id="padding"),
        pytest.param(lambda jwk: jwk | {"n": jwk["n"].replace("-", "+").replace("_", "/")}, "key_jwk_base64", id="standard alphabet"),
        pytest.param(lambda jwk: jwk | {"e": "AQAC"[:3] + "B="}, "key_jwk_base64", id="padding on e"),
    ],
)
def test_a_jwk_in_sloppy_base64_is_read_and_said(change: Any, code: str):
    text = json.dumps(change(public_jwk(private("RS256"))))
    assert status(token("RS256"), text) == "verified"
    assert code in codes(read_keys(text).all_findings)


EC = public_jwk(private("ES256"))
PEM = public_pem(private("ES256"))


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        pytest.param(PEM.replace("-----", "----"), "a PEM with other dashes", "-----", id="four dashes"),
        pytest.param(PEM.replace("-----", "\u2014"), "a PEM with other dashes", "-----", id="em dashes"),
        pytest.param(PEM.replace("-----", "\u2013" * 5), "a PEM with other dashes", "-----", id="en dashes"),
        pytest.param("<RSAKeyValue><Modulus>AQAB</Modulus></RSAKeyValue>", "a key in XML", "PEM", id="XML"),
        pytest.param('<?xml version="1.0"?>\n<ds:KeyValue>', "a key in XML", "PEM", id="XML with a prolog"),
        pytest.param(json.dumps(json.dumps(EC)), "a JWK within quotes", "without the outer quotes", id="in quotes"),
        pytest.param(json.dumps(json.dumps({"keys": [EC]}, indent=1)), "a JWK within quotes", "the backslashes", id="a set in quotes"),
        pytest.param(str(EC), "a JWK as Python prints it", "json.dumps", id="a dict"),
        pytest.param(str({"keys": [EC]}), "a JWK as Python prints it", "json.dumps", id="a dict of a set"),
        pytest.param(str([EC]), "a JWK as Python prints it", "json.dumps", id="a list"),
        pytest.param(json.dumps([EC], indent=1), "an array of JWKs", '{"keys": [ … ]}', id="an array"),
        pytest.param(
            '{"issuer":"https://a.example","jwks_uri":"https://a.example/jwks"}', "an OpenID configuration", "jwks_uri", id="OIDC"
        ),
    ],
)
def test_a_key_in_a_spelling_that_is_not_read_is_no_secret(text: str, what: str, hint: str):
    keys = read_keys(f" {text}\n")
    assert keys.keys == ()
    (finding,) = keys.findings
    assert (finding.code, finding.level) == ("key_unreadable", "error")
    assert f"holds {what}" in finding.message
    assert hint in (finding.fix or "")


@pytest.mark.parametrize("text", ["--begin--", "\u2014BEGIN\u2014", '"my secret"', '["a","b"]', "<secret>", "{'a':1}", "[{]"])
def test_a_secret_that_only_begins_like_a_key_stays_a_secret(text: str):
    assert [key.secret for key in read_keys(text).keys] == [text.encode()]


def test_key_ops_are_told_as_json():
    key = json.dumps(public_jwk(private("ES256")) | {"key_ops": ["encrypt", "wrapKey"]})
    report = check(token("ES256"), key)
    assert 'The key\'s key_ops ["encrypt", "wrapKey"] do not allow "verify".' in report.signature.because


@pytest.mark.parametrize(("e", "mended"), [(b"\0\0", "AA"), (b"\0\1\0\1", "AQAB"), (b"\0", None)])
def test_zero_keeps_one_byte_when_zeros_are_left_out(e: bytes, mended: str | None):
    text = json.dumps(public_jwk(private("RS256")) | {"e": b64u(e)})
    findings = [one for one in read_keys(text).all_findings if one.code == "key_leading_zeros"]
    assert [json.loads(repair.text) for one in findings for repair in one.repairs] == ([mended] if mended else [])


def test_leading_zeros_are_read_and_missing_ones_said():
    assert status(token("RS256"), json.dumps(public_jwk(private("RS256")) | {"e": b64u(b"\0\0\1\0\1")})) == "verified"
    for _ in range(2000):
        key = ec.generate_private_key(ec.SECP256R1())
        x = key.public_key().public_numbers().x
        if x < 1 << 248:
            keys = read_keys(json.dumps(public_jwk(key) | {"x": integer(x)}))
            assert codes(keys.all_findings) == ["key_coordinate_size"]
            assert keys.keys[0].jwk() == public_jwk(key)
            return
    pytest.fail("no short coordinate among 2,000")


@pytest.mark.parametrize(
    ("oid", "size"),
    [
        pytest.param("2b6571", 32, id="Ed448 with 32 bytes"),
        pytest.param("2b656f", 32, id="X448 with 32 bytes"),
        pytest.param("2b6570", 57, id="Ed25519 with 57 bytes"),
        pytest.param("2b656e", 0, id="X25519 with none"),
    ],
)
def test_a_pkcs8_key_of_the_wrong_length_is_refused_and_does_not_raise(oid: str, size: int):
    inner = bytes([4, size]) + bytes(size)
    body = bytes.fromhex("02010030050603") + bytes.fromhex(oid) + bytes([4, len(inner)]) + inner
    der = bytes([0x30, len(body)]) + body
    pem = f"-----BEGIN PRIVATE KEY-----\n{base64.b64encode(der).decode()}\n-----END PRIVATE KEY-----"
    assert read_keys(pem).keys == ()
    read_keys(base64.b64encode(der).decode())
    read_keys(der.hex(), "hex")


def test_the_same_key_of_the_right_length_is_read():
    """So that the test above fails for no other reason."""
    assert private_der(private("Ed25519"))[:16] == bytes.fromhex("302e020100300506032b657004220420")


@pytest.mark.parametrize("version", [1, 3, 4, 127])
def test_a_certificate_of_a_version_that_there_is_not_is_refused_and_does_not_raise(version: int):
    from tests.tokens.test_interop import certificate

    der = certificate("ES256").public_bytes(serialization.Encoding.DER)
    assert der.count(bytes.fromhex("a003020102")) == 1
    der = der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a0030201") + bytes([version]))
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----"
    assert "damaged" in unreadable(pem)
    read_keys(base64.b64encode(der).decode())
    read_keys(der.hex(), "hex")


# speed


@pytest.mark.parametrize("form", ["PKCS#8", "PKCS#1", "JWK", "DER"])
def test_an_rsa_private_key_is_read_in_two_milliseconds(form: str):
    key = rsa_private(2048)
    text = {
        "PKCS#8": private_pem(key),
        "PKCS#1": private_pem(key, serialization.PrivateFormat.TraditionalOpenSSL),
        "JWK": json.dumps(private_jwk(key)),
        "DER": base64.b64encode(private_der(key)).decode(),
    }[form]
    within(0.002, lambda: read_keys(text))
    # Signing included; OpenSSL's tests of the key alone take 27 ms.
    within(0.015, lambda: encode({"alg": "RS256"}, CLAIMS, read_keys(text)))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("A" * 40 + " " * 12_000 + "!", id="base64 and blanks"),
        pytest.param("M" * 40 + "\n" * 12_000 + "!", id="base64 and line breaks"),
        pytest.param("M" * 250_000, id="base64 alone"),
        pytest.param("-----BEGIN A-----" * 15_000, id="BEGIN"),
        pytest.param("-----BEGIN " + "A " * 100_000, id="a long label"),
        pytest.param("-" * 250_000 + "-----BEGIN", id="minus"),
        pytest.param('{"kty":' * 30_000, id="nested JWK"),
        pytest.param('{"kty":"RSA","e":"AQAB","n":"' + "A_" * 120_000 + '"}', id="huge n"),
        pytest.param('{"kty":"oct","k":"' + "+/=" * 80_000 + '"}', id="sloppy k"),
        pytest.param("ssh-rsa " + "A" * 250_000, id="OpenSSH"),
        pytest.param(" " * 250_000, id="blanks"),
        pytest.param("0" * 250_000, id="zeros"),
        pytest.param("\\n" * 125_000 + "-----BEGIN", id="written-out line breaks"),
    ],
)
@pytest.mark.parametrize("encoding", ["auto", "utf8", "base64url", "hex"])
def test_hostile_keys_take_no_time(text: str, encoding: str):
    within(0.8, lambda: read_keys(text, encoding))


# what may be told


@pytest.mark.parametrize("alg", SIGNING)
def test_the_summary_tells_what_is_public(alg: str):
    for text in (oct_jwk(),) if alg in HMAC else (json.dumps(private_jwk(private(alg), kid="k")), public_pem(private(alg))):
        (key,) = read_keys(text).keys
        summary = key.summary()
        assert summary["kty"] == ALGORITHMS[alg].key_type
        assert summary["private"] == (alg in HMAC or key.is_private)
        assert ("thumbprint" in summary) == (alg not in HMAC), "the thumbprint of a secret would let it be guessed"
        assert set(summary) <= {"kty", "read_as", "name", "bits", "private", "crv", "kid", "alg", "use", "key_ops", "thumbprint"}


def test_names_are_words():
    assert [
        read_keys(text).keys[0].name for text in (SECRET, public_key("RS256"), private_pem(private("ES256")), public_key("ML-DSA-65"))
    ] == [
        f"{len(SECRET)}-byte secret",
        "2048-bit RSA public key",
        "EC private key on P-256",
        "ML-DSA-65 public key",
    ]


def test_thumbprints_of_private_and_public_and_of_every_form_are_the_same():
    for alg in ("RS256", "ES512", "Ed448", "ML-DSA-44"):
        key = private(alg)
        forms = [
            private_pem(key),
            public_pem(key),
            json.dumps(private_jwk(key)),
            json.dumps(public_jwk(key)),
            base64.b64encode(public_der(key)).decode(),
        ]
        assert len({read_keys(text).keys[0].thumbprint() for text in forms}) == 1


# new keys


@pytest.mark.parametrize("alg", SIGNING)
def test_a_new_key_fits_its_algorithm_and_reads_back(alg: str):
    key = generate(ALGORITHMS[alg])
    assert (key.alg, key.can_sign, key.faults) == (alg, True, ())
    if alg in HMAC:
        assert key.secret is not None
        text = key.secret.decode()
        assert len(text) * 8 >= ALGORITHMS[alg].min_key_bits
        signers, verifiers = [text, json.dumps(make.private_jwk(key))], [text, json.dumps(make.public_jwk(key))]
    else:
        assert key.kid == key.thumbprint()
        signers = [json.dumps(make.private_jwk(key)), make.private_pem(key)]
        verifiers = [json.dumps(make.public_jwk(key)), make.public_pem(key)]
        assert not {"d", "p", "q", "dp", "dq", "qi", "priv"} & set(make.public_jwk(key))
        assert "PRIVATE" not in make.public_pem(key)
    for signer in signers:
        made = encode({"alg": alg}, CLAIMS, signer)
        assert [status(made.token, verifier) for verifier in verifiers] == ["verified", "verified"]
    (again,) = read_keys(signers[-1]).keys
    assert again.jwk() == key.jwk()


def test_new_keys_differ():
    for alg in ("HS256", "ES256", "Ed25519"):
        assert len({json.dumps(make.private_jwk(generate(ALGORITHMS[alg]))) for _ in range(5)}) == 5


def test_none_takes_no_key():
    with pytest.raises(ValueError, match="none"):
        generate(ALGORITHMS["none"])


# what a key box may hold instead, named


def mended(text: str, **about: Any) -> str:
    """The text of the key box after the only repair of the only finding that has one."""
    (finding,) = [one for one in read_keys(text).all_findings if one.repairs]
    (repair,) = finding.repairs
    assert repair.field == "key"
    assert {name: getattr(finding, name) for name in about} == about
    if repair.length is None:
        return repair.text
    return text[: repair.offset] + repair.text + text[repair.offset + repair.length :]


def kty_missing(jwk: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in jwk.items() if name != "kty"})


RSA_JWK = public_jwk(private("RS256"))
EC_JWK = public_jwk(private("ES256"))
N = private("RS256").public_key().public_numbers().n


def point(form: serialization.PublicFormat) -> str:
    return b64u(private("ES256").public_key().public_bytes(serialization.Encoding.X962, form))


@pytest.mark.parametrize(
    ("jwk", "told", "spec"),
    [
        pytest.param(RSA_JWK | {"kty": "rsa"}, '"RSA" is meant', "RFC 7517 §4.1", id="kty in small letters"),
        pytest.param(RSA_JWK | {"n": N}, '"n" is a number', "RFC 7518 §2", id="n a number"),
        pytest.param(RSA_JWK | {"e": 65537}, '"e" is a number', "RFC 7518 §2", id="e a number"),
        pytest.param(RSA_JWK | {"e": "65537"}, '"e" is written in decimal digits', "RFC 7518 §2", id="e in decimal"),
        pytest.param(RSA_JWK | {"e": "010001"}, '"e" is written in hexadecimal digits', "RFC 7518 §2", id="e in hexadecimal"),
        pytest.param(RSA_JWK | {"n": f"{N:x}"}, '"n" is written in hexadecimal digits', "RFC 7518 §2", id="n in hexadecimal"),
        pytest.param(RSA_JWK | {"n": str(N)}, '"n" is written in decimal digits', "RFC 7518 §2", id="n in decimal"),
        pytest.param(
            EC_JWK | {"x": unb64u(EC_JWK["x"]).hex()}, '"x" is written in hexadecimal digits', "RFC 7518 §2", id="x in hexadecimal"
        ),
        pytest.param(EC_JWK | {"y": int.from_bytes(unb64u(EC_JWK["y"]), "big")}, '"y" is a number', "RFC 7518 §2", id="y a number"),
        pytest.param(EC_JWK | {"x": f" {EC_JWK['x']}\n"}, '"x" has a character', "RFC 7518 §2", id="white space round x"),
        pytest.param(EC_JWK | {"crv": "secp256r1"}, 'JOSE writes "P-256"', "RFC 7518 §6", id="secp256r1"),
        pytest.param(EC_JWK | {"crv": "P256"}, 'JOSE writes "P-256"', "RFC 7518 §6", id="P256"),
        pytest.param(public_jwk(private("ES256K")) | {"crv": "P-256K"}, 'JOSE writes "secp256k1"', "RFC 7518 §6", id="P-256K"),
        pytest.param(public_jwk(private("Ed25519")) | {"crv": "ed25519"}, 'JOSE writes "Ed25519"', "RFC 7518 §6", id="ed25519"),
        pytest.param(public_jwk(private("Ed25519")) | {"kty": "EC"}, 'belongs to kty "OKP"', "RFC 7518 §6", id="Ed25519 as EC"),
        pytest.param(EC_JWK | {"kty": "OKP"}, 'belongs to kty "EC"', "RFC 7518 §6", id="P-256 as OKP"),
        pytest.param(EC_JWK | {"x": EC_JWK["y"], "y": EC_JWK["x"]}, "(y, x) is", "RFC 7518 §6.2.1", id="x and y swapped"),
        pytest.param(EC_JWK | {"crv": "secp256k1"}, "it is on P-256", "RFC 7518 §6.2.1", id="the wrong curve of the same size"),
        pytest.param(
            {"kty": "EC", "crv": "P-256", "x": point(serialization.PublicFormat.CompressedPoint)},
            "whole compressed point (33 bytes",
            "RFC 7518 §6.2.1",
            id="a compressed point",
        ),
        pytest.param(
            {"kty": "EC", "crv": "P-256", "x": point(serialization.PublicFormat.UncompressedPoint)},
            "whole uncompressed point (65 bytes that begin with 04)",
            "RFC 7518 §6.2.1",
            id="an uncompressed point",
        ),
        pytest.param(
            {"kty": "AKP", "pub": public_jwk(private("ML-DSA-65"))["pub"]}, "is one of ML-DSA-65", "RFC 9964 §3", id="AKP without alg"
        ),
        pytest.param({"keys": EC_JWK}, '"keys" is an object', "RFC 7517 §5.1", id="keys an object"),
    ],
)
@pytest.mark.parametrize("lead", ["", "\ufeff", "\n\n  "], ids=["alone", "byte order mark", "on line 3"])
def test_a_jwk_written_in_another_way_is_refused_and_can_be_mended(jwk: dict[str, Any], told: str, spec: str, lead: str):
    text = lead + json.dumps(jwk, indent=1 if lead else None)
    assert told in unreadable(text)
    right = read_keys(mended(text, spec=spec)).keys
    assert len(right) == 1
    assert right[0].thumbprint() in {read_keys(json.dumps(one)).keys[0].thumbprint() for one in map(public_jwk, SOME_KEYS)}


SOME_KEYS = [private(alg) for alg in ("RS256", "ES256", "ES256K", "Ed25519", "ML-DSA-65")]


@pytest.mark.parametrize(
    ("jwk", "kty"),
    [
        (RSA_JWK, "RSA"),
        (EC_JWK, "EC"),
        (public_jwk(private("Ed25519")), "OKP"),
        (public_jwk(private("ML-DSA-44")), "AKP"),
        ({"kty": "oct", "k": b64u(SECRET), "alg": "HS256"}, "oct"),
    ],
    ids=["RSA", "EC", "OKP", "AKP", "oct"],
)
def test_a_jwk_without_kty_is_no_secret(jwk: dict[str, Any], kty: str):
    text = kty_missing(jwk)
    assert f'of type "{kty}"' in unreadable(text)
    assert [key.key_type for key in read_keys(mended(text)).keys] == [kty]


def test_the_place_of_a_member_is_told():
    text = json.dumps({"keys": [EC_JWK, RSA_JWK | {"e": 65537}]}, indent=1)
    (finding,) = [one for one in read_keys(text).findings if one.code == "key_unreadable"]
    line = next(number for number, line in enumerate(text.split("\n"), 1) if "65537" in line)
    assert (finding.line, finding.column) == (line, text.split("\n")[line - 1].index("65537") + 1)
    assert len(read_keys(mended(text)).keys) == 2


@pytest.mark.parametrize("alg", ["RS256", "ES256", "Ed25519", "ML-DSA-44"])
@pytest.mark.parametrize("member", ["d", "priv", "p"])
def test_nothing_private_stands_in_a_repair(alg: str, member: str):
    jwk = private_jwk(private(alg))
    if member not in jwk:
        return
    number = int.from_bytes(unb64u(jwk[member]), "big")
    for value in (jwk[member] + "=", number, str(number), f"{number:x}", f" {jwk[member]}"):
        for changed in (jwk | {member: value}, jwk | {member: value, "kty": "ec"}, jwk | {member: value, "alg": "HS256"}):
            findings = read_keys(json.dumps(changed)).all_findings
            assert not [
                one for one in findings for repair in one.repairs if jwk[member][4:24] in repair.text or str(number)[4:24] in repair.text
            ]
    pem = private_pem(private(alg)).replace("\n", "\\n")
    assert [one.repairs for one in read_keys(pem).findings if one.code == "key_escaped_lines"] == [()]


def test_written_out_line_breaks_can_be_mended():
    text = public_pem(private("ES256")).replace("\n", "\\n")
    assert mended(text, level="info") == public_pem(private("ES256"))


@pytest.mark.parametrize(
    ("change", "codes_", "told"),
    [
        pytest.param({"n": b64u(b"\0" + unb64u(RSA_JWK["n"]))}, ["key_leading_zeros"], "1 zero byte;", id="a zero byte before n"),
        pytest.param({"n": RSA_JWK["n"] + "=="}, ["key_jwk_base64"], '"=" padding', id="padding"),
        pytest.param({"alg": "ES256"}, ["key_algorithm_family"], "it fits RS256", id="alg of another family"),
        pytest.param({"use": "sig", "key_ops": ["verify", "encrypt"]}, ["key_use_and_ops"], "allow encrypt", id="use against key_ops"),
        pytest.param({"use": "enc", "key_ops": ["verify"]}, ["key_use_and_ops"], "allow verify", id="use enc against verify"),
        pytest.param({"key_ops": ["verify", "verify"]}, ["key_member_type"], "a value twice", id="key_ops twice"),
        pytest.param({"n": integer(N * 3)}, ["rsa_small_factor"], "divisible by 3", id="a small factor"),
        pytest.param({"n": integer(N + 1)}, ["rsa_small_factor"], "divisible by 2", id="an even modulus"),
        pytest.param({"n": integer(N * 997)}, ["rsa_small_factor"], "divisible by 997", id="the largest small factor"),
    ],
)
def test_an_odd_rsa_key_is_read_and_said(change: dict[str, Any], codes_: list[str], told: str):
    keys = read_keys(json.dumps(RSA_JWK | change))
    assert len(keys.keys) == 1
    assert codes(keys.all_findings) == codes_
    assert told in keys.all_findings[0].message


def test_use_and_key_ops_that_contradict_are_refused():
    for jwk, verdict in (
        (RSA_JWK | {"use": "sig", "key_ops": ["verify"]}, "verified"),
        (RSA_JWK | {"use": "sig", "key_ops": ["verify", "own"]}, "verified"),
        (RSA_JWK | {"use": "sig", "key_ops": ["verify", "wrapKey"]}, "invalid"),
    ):
        assert status(token("RS256"), json.dumps(jwk)) == verdict


@pytest.mark.parametrize(
    ("drop", "code", "signs"),
    [
        pytest.param(("p", "q", "dp", "dq", "qi"), "rsa_primes_missing", True, id="only d"),
        pytest.param(("qi",), "rsa_members_missing", True, id="no qi"),
        pytest.param(("p",), "rsa_members_missing", True, id="no p"),
        pytest.param((), "", True, id="all"),
    ],
)
def test_members_that_a_private_rsa_key_lacks_are_named(drop: tuple[str, ...], code: str, signs: bool):
    jwk = {name: value for name, value in private_jwk(private("RS256")).items() if name not in drop}
    keys = read_keys(json.dumps(jwk))
    assert [one.code for one in keys.all_findings if one.code != "key_private"] == ([code] if code else [])
    assert all(name in keys.all_findings[0].message for name in drop)
    assert (status(encode({"alg": "RS256"}, CLAIMS, keys).token, public_pem(private("RS256"))) == "verified") == signs


@pytest.mark.parametrize("member", ["p", "q", "d", "dp", "dq", "qi"])
def test_a_damaged_private_member_is_named(member: str):
    jwk = private_jwk(private("RS256"))
    value = int.from_bytes(unb64u(jwk[member]), "big") + 2
    (finding,) = [one for one in read_keys(json.dumps(jwk | {member: integer(value)})).all_findings if one.code == "rsa_private_wrong"]
    assert re.search(rf"\b{member}\b", finding.message.split(":")[1])
    assert finding.level == "error"


def test_more_than_two_primes_are_said():
    assert "rsa_multi_prime" in codes(read_keys(json.dumps(private_jwk(private("RS256")) | {"oth": []})).all_findings)


def test_an_expanded_ml_dsa_key_is_named():
    for alg, size in (("ML-DSA-44", 2560), ("ML-DSA-65", 4032), ("ML-DSA-87", 4896)):
        message = unreadable(json.dumps(public_jwk(private(alg)) | {"priv": b64u(bytes(size))}))
        assert f"expanded private key of {alg} ({size:,} bytes)" in message
        assert "32 bytes" in message


def test_a_secret_that_was_encoded_twice_is_remarked():
    twice = oct_jwk(base64.b64encode(bytes(31)))
    (finding,) = read_keys(twice).all_findings
    assert (finding.code, finding.level) == ("key_double_base64", "info")
    assert "44 characters, 31 bytes" in finding.message
    assert read_keys(oct_jwk()).all_findings == ()
    assert read_keys(json.dumps(make.private_jwk(generate(ALGORITHMS["HS256"])))).all_findings == ()


def test_what_a_set_for_verifiers_should_not_have_is_said():
    public = [public_jwk(private("ES256", which), kid=str(which)) for which in range(3)]
    assert read_keys(json.dumps({"keys": public})).all_findings == ()
    leaky = [*public, private_jwk(private("RS256"), kid="r")]
    assert codes(read_keys(json.dumps({"keys": leaky})).findings) == ["key_set_private"]
    assert "1 of the 4 keys" in read_keys(json.dumps({"keys": leaky})).findings[0].message
    assert codes(read_keys(json.dumps({"keys": [json.loads(oct_jwk())]})).findings) == ["key_set_secret"]
    nameless = [*public, EC_JWK]
    assert codes(read_keys(json.dumps({"keys": nameless})).findings) == ["key_set_no_kid"]
    assert "1 of the 4 keys of the set have no kid" in read_keys(json.dumps({"keys": nameless})).findings[0].message


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(public_jwk(private("RS256"), kid="a", use="sig", alg="RS256", key_ops=["verify"])),
        json.dumps(public_jwk(private("ES512"), alg="ES512")),
        json.dumps(public_jwk(private("Ed25519"), alg="EdDSA")),
        json.dumps(public_jwk(private("Ed25519"), alg="Ed25519")),
        json.dumps(public_jwk(private("RS256"), alg="RSA-OAEP-256", use="enc")),
        json.dumps(public_jwk(private("RS256"), alg="PS512")),
        oct_jwk(alg="HS512"),
        oct_jwk(alg="A128KW"),
        public_key("RS256"),
        public_key("ML-DSA-44"),
        base64.b64encode(public_der(private("ES384"))).decode(),
    ],
    ids=range(11),  # the keys are new in every process
)
def test_an_honest_key_has_no_finding(text: str):
    assert read_keys(text).all_findings == ()


def openssh() -> str:
    key = private("ES256")
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()).decode()


def request(encoding: serialization.Encoding) -> bytes:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(private("ES256"), hashes.SHA256()).public_bytes(encoding)


def pkcs12_bytes() -> bytes:
    return pkcs12.serialize_key_and_certificates(b"x", private("ES256"), None, None, serialization.BestAvailableEncryption(b"x"))


def locked_der() -> bytes:
    return private("ES256").private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )


@pytest.mark.parametrize(
    ("write", "told", "hint"),
    [
        pytest.param(lambda: request(serialization.Encoding.PEM).decode(), "certificate request (CSR)", "openssl req", id="CSR"),
        pytest.param(lambda: base64.b64encode(request(serialization.Encoding.DER)).decode(), "(CSR)", "openssl req", id="CSR in DER"),
        pytest.param(
            lambda: "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nx\n-----END PGP PUBLIC KEY BLOCK-----", "PGP", "PEM or JWK", id="PGP"
        ),
        pytest.param(lambda: "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none", "PuTTY", "puttygen", id="PuTTY"),
        pytest.param(lambda: "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA", "RFC 4716", "ssh-keygen -i", id="SSH2"),
        pytest.param(openssh, "OpenSSH private key", "ssh-keygen", id="OpenSSH private"),
        pytest.param(lambda: "ssh-dss AAAA", "DSA", "Ed25519", id="OpenSSH DSA"),
        pytest.param(lambda: base64.b64encode(pkcs12_bytes()).decode(), "PKCS#12", "openssl pkcs12", id="PKCS#12"),
        pytest.param(lambda: base64.encodebytes(pkcs12_bytes()).decode(), "PKCS#12", "openssl pkcs12", id="PKCS#12 in lines"),
        pytest.param(lambda: base64.b64encode(b"\xfe\xed\xfe\xed" + bytes(60)).decode(), "Java key store", "keytool", id="JKS"),
        pytest.param(lambda: base64.b64encode(locked_der()).decode(), "encrypted private key", "openssl pkey", id="encrypted DER"),
        pytest.param(
            lambda: "-----BEGIN EC PARAMETERS-----\nBggq\n-----END EC PARAMETERS-----", "EC parameters", "block", id="EC parameters"
        ),
        pytest.param(lambda: public_pem(ec.generate_private_key(ec.SECP224R1())), "EC key on secp224r1", "P-256", id="P-224"),
        pytest.param(lambda: public_pem(ec.generate_private_key(ec.SECP192R1())), "EC key on secp192r1", "P-256", id="P-192"),
        pytest.param(lambda: private_pem(ec.generate_private_key(ec.BrainpoolP384R1())), "on brainpoolP384r1", "P-256", id="Brainpool"),
        pytest.param(lambda: public_pem(dsa.generate_private_key(1024)), "DSA key", "Ed25519", id="DSA"),
        pytest.param(lambda: DH_PEM, "Diffie-Hellman", "Ed25519", id="DH"),
        pytest.param(lambda: SM2_PEM, "1.2.156.10197.1.301", "P-256", id="SM2"),
        pytest.param(
            lambda: private_pem(private("ES256")).replace("PRIVATE", "PUBLIC"),
            "its content is a private key",
            "BEGIN PRIVATE KEY",
            id="label",
        ),
    ],
)
def test_what_is_no_key_for_jose_is_named_with_the_way_out(write: Any, told: str, hint: str):
    text = write()
    assert told in unreadable(text)
    assert hint in (read_keys(text).findings[0].fix or "")


DH_PEM = """-----BEGIN PUBLIC KEY-----
MIICJTCCARcGCSqGSIb3DQEDATCCAQgCggEBAP//////////rfhUWKK7Spqv3FYg
Jz088di5xYPOLTaVqeE2QRRkM/vMk53OJJs++X0v42NjDHXY9oGyAq7EYXrT3x7V
1f1lYSQz9R9fBm7QhWNlVT3tGvO1VxNef1fJNZhPDHDg5ot34qaJ2vPv6HId8Vih
Nq3nNTCsyk9IOnl6vAqxgrMk+2HRCKlLssjj+7lq2rdg1/RoHU9Co945TfSuVu3n
Y3K7GQsHp8juCm1wngL84c334uzANATNKDQvYZFy/pzphYP/jk8SMu7ygYPD/jsb
TG+tczu1/LwuwiAFxY7xg30Wg7LG80omwbLv+ohrQjhhKFyX//////////8CAQID
ggEGAAKCAQEAwlV2lvhfMatDtJc56wnepn9opjVq2S0cqr9PM/GXiUYdZRr7K3UZ
kAk8dRcK7p/Dek3cp5dOaYG8gvDjxFAlX7/C3RrfawiefG+0nBFjCYCgKmk2n6rq
+CjS6+1AH0w0nJjXpF8xIzTcL2uO+xA5dOlUyoBlWUUmg5m3muxo54mt6yJRa3B4
mnaFVYIjRHjhr02SgZd6hAdiyhDd7/rz1kZKGq2HChIgca+kr9ktsSmojqZM14Q/
PBO7vmEtAMuM9oZuAzUpzgbksL/02cRAqMLCS3KFTxPJz2nfjwkUomMSD03mvXT6
i/H/hm5a3PPESX/Q5dZseEfUzNKBX7goGg==
-----END PUBLIC KEY-----"""
SM2_PEM = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAET6AVoswJFsF4gUaJzLXEAcKjBNbo
gxVyKIvNy9IhX2Ui8cif+Gw93J7X0+0mA8mPlZVu/ybfkGnq2HDYm1y2CA==
-----END PUBLIC KEY-----"""
EXPLICIT_PEM = """-----BEGIN PUBLIC KEY-----
MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA
AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////
///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd
NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5
RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA
//////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABLPSSwep2mV3YnqBc9pMwDxB
DjFN3HGBF3r0HAT6OOas8Ei5JbCiJQ1TcKvJo8tSxL84rLuLRi3Uenqu5eIEe7M=
-----END PUBLIC KEY-----"""


def test_a_curve_that_is_spelt_out_is_read_and_said():
    keys = read_keys(EXPLICIT_PEM)
    assert [key.curve for key in keys.keys] == ["P-256"]
    assert [(one.code, one.level, one.spec) for one in keys.all_findings] == [("key_explicit_curve", "warning", "RFC 5480 §2.1.1")]


def test_ec_parameters_before_the_key_are_passed_over():
    parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    pem = private_pem(private("ES256"), serialization.PrivateFormat.TraditionalOpenSSL)
    assert [key.is_private for key in read_keys(parameters + pem).keys] == [True]


RSA_IDENTIFIER = bytes.fromhex("300d06092a864886f70d0101010500")
PSS_IDENTIFIER = bytes.fromhex("300b06092a864886f70d01010a")
PSS_SHA256_IDENTIFIER = bytes.fromhex("301e06092a864886f70d01010a3011a00f300d06096086480165030402010500")


def pss_pem(identifier: bytes) -> str:
    """The public key with the identifier of RSASSA-PSS, as `openssl genpkey -algorithm RSA-PSS` writes it."""
    der = public_der(private("PS256"))
    inner = der[4:].replace(RSA_IDENTIFIER, identifier, 1)
    text = base64.encodebytes(b"\x30\x82" + len(inner).to_bytes(2, "big") + inner).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{text}-----END PUBLIC KEY-----"


@pytest.mark.parametrize(
    ("identifier", "fits"),
    [(PSS_IDENTIFIER, ("PS256", "PS384", "PS512")), (PSS_SHA256_IDENTIFIER, ("PS256",))],
    ids=["any hash", "SHA-256"],
)
def test_a_key_for_pss_alone_verifies_pss_alone(identifier: bytes, fits: tuple[str, ...]):
    pem = pss_pem(identifier)
    (key,) = read_keys(pem).keys
    assert key.algorithms == fits
    for alg in ("RS256", "RS512", "PS256", "PS384", "PS512"):
        report = check(token(alg), pem)
        assert (report.signature.status == "verified") == (alg in fits), alg
        assert report.signature.matches
        assert ("key_algorithm_only" in codes(report.findings)) == (alg not in fits)


@pytest.mark.parametrize(
    "wrap", [base64.b64encode, base64.encodebytes, lambda data: b64u(data).encode()], ids=["one line", "lines", "base64url"]
)
def test_a_key_in_base64_as_a_whole_is_read_and_said(wrap: Any):
    for plain in (public_pem(private("ES256")), json.dumps(EC_JWK), json.dumps(EC_JWK, indent=2)):
        text = wrap(plain.encode()).decode()
        assert status(token("ES256"), text) == "verified"
        assert mended(text, code="key_in_base64", level="info") == plain
    secret = wrap(private_pem(private("ES256")).encode()).decode()
    assert [repair for one in read_keys(secret).all_findings for repair in one.repairs] == []
    assert read_keys(wrap(b'{"a":1}').decode()).read_as == "secret, UTF-8"


def test_a_key_in_hexadecimal_der_is_no_secret():
    text = public_der(private("ES256")).hex()
    assert status(token("ES256"), text) == status(token("ES256"), f"0x{text}") == "verified"
    assert status(make_token({"alg": "HS256"}, key=text.encode()), text) == "not_checked"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("https://issuer.example/.well-known/jwks.json", "a URL"),
        ("keys/public.pem", "the name of a file"),
        ("/etc/keys/jwt.key", "the name of a file"),
        ("C:\\keys\\public.pem", "the name of a file"),
        (token("HS256"), "a token"),
        ("eyJhbGciOiJub25lIn0." + "A" * 5000 + ".", "a token"),
    ],
)
def test_what_is_plainly_no_secret_is_said(text: str, what: str):
    (finding,) = read_keys(text).all_findings
    assert (finding.code, finding.level) == ("key_misplaced", "warning")
    assert f"holds {what};" in finding.message


@pytest.mark.parametrize(
    "text", [SECRET, "a.b.c", "my.secret.key", "correct horse. battery staple", "v1.2.3-secret", "1.5", "x" * 5000 + ".pem {"]
)
def test_a_secret_with_dots_is_a_secret(text: str):
    assert read_keys(text).all_findings == ()


def published() -> list[tuple[str, str]]:
    """Every key of the vectors whose private half stands in an RFC, and that of jwt.io."""
    folder = Path(__file__).parents[1] / "vectors"
    keys = [
        (name, (folder / "ietf-jose-cookbook" / "jwk" / name).read_text()) for name in ("3_1.ec_public_key.json", "3_3.rsa_public_key.json")
    ]
    document = json.loads((folder / "rfc-appendices" / "rfc7515.json").read_text())
    return [*keys, *(("RFC 7515", json.dumps(jwk)) for jwk in jwks_in(document)), ("jwt.io", JWT_IO)]


def jwks_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("kty"), str):
            yield value
        for one in value.values():
            yield from jwks_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from jwks_in(one)


# The ES256 example of jwt.io.
JWT_IO = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg=="


def test_published_keys_are_warned_of():
    for where, text in published():
        (finding,) = [one for one in read_keys(text).all_findings if one.code == "key_published"]
        assert finding.level == "warning"
        assert where in finding.message or where[0] == "3"
        assert (finding.spec, "everybody has" in finding.message) == ("RFC 7638 §3", True)
    assert "key_published" not in codes(read_keys(public_key("ES256")).all_findings)


def test_key_agreement_keys_are_said():
    pem = public_pem(x25519.X25519PrivateKey.generate())
    assert [(one.code, one.level) for one in read_keys(pem).all_findings] == [("key_agreement_only", "info")]
    assert status(token("Ed25519"), pem) == "not_checked"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("MI" + "A" * 250_000, id="no container"),
        pytest.param("eyJ" + "A" * 250_000, id="no JWK in base64"),
        pytest.param("30" * 125_000, id="no DER in hexadecimal"),
        pytest.param("http://" + "." * 250_000, id="no URL"),
        pytest.param("eyJ" + "." * 250_000, id="no token"),
        pytest.param('{"kty":"RSA","e":"AQAB","n":"' + "1" * 240_000 + '"}', id="n in decimal"),
        pytest.param('{"kty":"RSA","e":"AQAB","n":' + "1" * 240_000 + "}", id="n a number"),
        pytest.param('{"kty":"EC","crv":"P-256","x":"' + "ab" * 100_000 + '","y":1}', id="x in hexadecimal"),
        pytest.param('{"keys":[' + ",".join(['{"kty":"rsa"}'] * 100) + "]}", id="a set of mistakes"),
    ],
)
def test_explaining_a_hostile_key_takes_no_time(text: str):
    assert len(within(0.8, lambda: repr(read_keys(text).all_findings))) < 4 * len(text) + 100_000


def test_pkcs8_of_version_2_is_read():
    """The second example of RFC 8410 §10.3, with an attribute and the public key, as Java and ring write it."""
    lines = (
        "MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC",
        "oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB",
        "Z9w7lshQhqowtrbLDFw4rXAxZuE=",
    )
    pem = "\n".join(("-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"))
    (key,) = read_keys(pem).keys
    assert (key.curve, key.is_private) == ("Ed25519", True)
    assert key.jwk()["x"] == b64u(base64.b64decode("Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="))


@pytest.mark.parametrize(
    "tail", [b"", b"\x30", b"\x30\x05\x06\x03", b"\x30\xff\xff", b"\x30\x84\xff\xff\xff\xff\x04"], ids=lambda tail: tail.hex() or "none"
)
def test_a_version_2_that_breaks_off_is_refused(tail: bytes):
    body = b"\x02\x01\x01" + tail
    der = b"\x30" + bytes([len(body)]) + body
    assert read_keys(f"-----BEGIN PRIVATE KEY-----\n{base64.b64encode(der).decode()}\n-----END PRIVATE KEY-----").keys == ()


def hopeless(kind: str) -> tuple[int, int]:
    """n and d of a key that is none, although d fits: no search finds two primes in it."""
    prime = rsa_private(2048 if kind == "prime" else 1024).private_numbers().p
    n, order = (prime, prime - 1) if kind == "prime" else (prime * prime, prime * (prime - 1))
    return n, pow(65537, -1, order)


@pytest.mark.parametrize("kind", ["prime", "square"])
def test_the_search_for_primes_that_are_not_there_ends(kind: str):
    n, d = hopeless(kind)
    key = read_keys(json.dumps({"kty": "RSA", "n": integer(n), "e": "AQAB", "d": integer(d)})).keys[0]
    assert key.load_private is not None
    assert within(2, key.load_private) is None


@pytest.mark.parametrize("bits", [1024, 2048, 3072])
def test_the_primes_of_a_key_are_found(bits: int):
    numbers = rsa_private(bits).private_numbers()
    key = read_keys(json.dumps(public_jwk(rsa_private(bits), d=integer(numbers.d)))).keys[0]
    assert key.load_private is not None
    loaded: Any = key.load_private()
    assert {loaded.private_numbers().p, loaded.private_numbers().q} == {numbers.p, numbers.q}


def test_a_coordinate_beyond_the_prime_is_no_point():
    point = private("ES512").public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-521", "x": integer(point.x + 2**521 - 1, 66), "y": integer(point.y, 66)}
    assert "is not on P-521" in read_keys(json.dumps(jwk)).findings[0].message
