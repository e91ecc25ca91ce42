"""Keys: what is read of anything in the key box, what is refused, what is said, what a new key is."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec

from app.tokens import ALGORITHMS, encode, read_keys
from app.tokens.keys import generate, make
from tests.tokens.keyring import (
    CLAIMS,
    HMAC,
    SECRET,
    SIGNING,
    b64u,
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
)


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
        pytest.param("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----", "no key or certificate", id="CSR"),
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
    times = []
    for _ in range(15):
        begun = time.perf_counter()
        encode({"alg": "RS256"}, CLAIMS, read_keys(text))
        times.append(time.perf_counter() - begun)
    reading = []
    for _ in range(15):
        begun = time.perf_counter()
        read_keys(text)
        reading.append(time.perf_counter() - begun)
    assert min(reading) < 0.002
    assert min(times) < 0.015, "signing included; OpenSSL's tests of the key alone take 27 ms"


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
    begun = time.process_time()
    read_keys(text, encoding)
    assert time.process_time() - begun < 0.8


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
