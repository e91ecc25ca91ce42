"""Every algorithm against every library that has it, both ways, and every form in which a key is handed round."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from joserfc import jws as joserfc_jws
from joserfc.jwk import import_key
from jwcrypto import jwk as jwcrypto_jwk  # type: ignore[import-untyped]
from jwcrypto import jws as jwcrypto_jws

from app.tokens import CannotEncode, encode, read_keys, verify
from tests.tokens.keyring import (
    ASYMMETRIC,
    CLAIMS,
    ECDSA,
    HMAC,
    RSA,
    SECRET,
    SIGNING,
    check,
    codes,
    make,
    oct_jwk,
    private,
    private_der,
    private_jwk,
    private_pem,
    public_der,
    public_jwk,
    public_pem,
    status,
    token,
)

pytestmark = pytest.mark.filterwarnings("ignore")  # the libraries warn of deprecated names and short keys

SPKI, PKCS1_PUBLIC = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1
PKCS8, TRADITIONAL = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
PYJWT = tuple(alg for alg in SIGNING if alg in HMAC + RSA + ECDSA + ("EdDSA",))
JOSERFC = tuple(alg for alg in SIGNING if not alg.startswith("ML"))
JWCRYPTO = SIGNING
HEADER_LIMIT = 1 << 14


def jwk_of(alg: str, half: str) -> dict[str, Any]:
    if alg in HMAC:
        return json.loads(oct_jwk())
    key = private(alg)
    return private_jwk(key) if half == "private" else public_jwk(key)


def pyjwt_sign(alg: str, payload: bytes) -> str:
    key = SECRET if alg in HMAC else private_pem(private(alg))
    return jwt.PyJWS().encode(payload, key, algorithm=alg)


def pyjwt_verify(alg: str, text: str) -> bytes:
    key = SECRET if alg in HMAC else public_pem(private(alg))
    return jwt.PyJWS().decode(text, key, algorithms=[alg])


def joserfc_registry(alg: str) -> Any:
    registry = joserfc_jws.JWSRegistry(algorithms=[alg])
    registry.max_payload_length = registry.max_signature_length = HEADER_LIMIT
    return registry


def joserfc_sign(alg: str, payload: bytes) -> str:
    return joserfc_jws.serialize_compact({"alg": alg}, payload, import_key(jwk_of(alg, "private")), registry=joserfc_registry(alg))


def joserfc_verify(alg: str, text: str) -> bytes:
    return joserfc_jws.deserialize_compact(text, import_key(jwk_of(alg, "public")), registry=joserfc_registry(alg)).payload


def jwcrypto_sign(alg: str, payload: bytes) -> str:
    signer = jwcrypto_jws.JWS(payload)
    signer.allowed_algs = [alg]
    signer.add_signature(jwcrypto_jwk.JWK(**jwk_of(alg, "private")), protected=json.dumps({"alg": alg}))
    return signer.serialize(compact=True)


def jwcrypto_verify(alg: str, text: str) -> bytes:
    verifier = jwcrypto_jws.JWS()
    verifier.allowed_algs = [alg]
    verifier.deserialize(text, jwcrypto_jwk.JWK(**jwk_of(alg, "public")))
    return verifier.payload


PEERS: dict[str, tuple[tuple[str, ...], Callable[[str, bytes], str], Callable[[str, str], bytes]]] = {
    "PyJWT": (PYJWT, pyjwt_sign, pyjwt_verify),
    "joserfc": (JOSERFC, joserfc_sign, joserfc_verify),
    "jwcrypto": (JWCRYPTO, jwcrypto_sign, jwcrypto_verify),
}
PAIRS = [pytest.param(peer, alg, id=f"{peer} {alg}") for peer, (algorithms, _, _) in PEERS.items() for alg in algorithms]


def ways(alg: str, half: str) -> list[str]:
    """The key as PEM and as JWK, or the secret as text and as JWK."""
    pem = SECRET if alg in HMAC else private_pem(private(alg)) if half == "private" else public_pem(private(alg))
    return [pem, json.dumps(jwk_of(alg, half))]


def test_every_algorithm_has_a_peer():
    assert {alg for algorithms, _, _ in PEERS.values() for alg in algorithms} == set(SIGNING)
    assert (len(PYJWT), len(JOSERFC), len(JWCRYPTO)) == (14, 16, 19)


@pytest.mark.parametrize(("peer", "alg"), PAIRS)
def test_they_verify_what_we_sign(peer: str, alg: str):
    verify_there = PEERS[peer][2]
    for key in ways(alg, "private"):
        made = encode({"alg": alg}, CLAIMS, key)
        assert verify_there(alg, made.token) == CLAIMS.encode()
        assert made.algorithm.name == alg


@pytest.mark.parametrize(("peer", "alg"), PAIRS)
def test_we_verify_what_they_sign(peer: str, alg: str):
    text = PEERS[peer][1](alg, CLAIMS.encode())
    for key in ways(alg, "private") + ways(alg, "public"):
        report = check(text, key)
        assert (report.signature.status, report.signature.algorithm, report.accepted) == ("verified", alg, True)
        assert report.claims() == {"sub": "1", "exp": 1800000000}


@pytest.mark.parametrize(("peer", "alg"), PAIRS)
def test_we_refuse_what_they_sign_when_a_byte_is_changed(peer: str, alg: str):
    header, payload, signature = PEERS[peer][1](alg, CLAIMS.encode()).split(".")
    swapped = payload[:4] + ("A" if payload[4] != "A" else "B") + payload[5:]
    assert status(f"{header}.{swapped}.{signature}", ways(alg, "public")[1]) == "invalid"


def certificate(alg: str) -> x509.Certificate:
    key = private(alg)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "jwtlens tests")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2021, 1, 1, tzinfo=UTC))
    return builder.sign(key, hashes.SHA256() if alg in RSA + ECDSA else None)


def der_text(der: bytes) -> str:
    return base64.b64encode(der).decode()


PEM_FORMS: dict[str, tuple[tuple[str, ...], bool, str, Callable[[str], str]]] = {
    # name: algorithms, private, read as, writer
    "SPKI": (ASYMMETRIC, False, "PEM, SPKI", lambda alg: public_pem(private(alg))),
    "PKCS#1 public": (RSA, False, "PEM, PKCS#1", lambda alg: public_pem(private(alg), PKCS1_PUBLIC)),
    "PKCS#8": (ASYMMETRIC, True, "PEM, PKCS#8", lambda alg: private_pem(private(alg))),
    "PKCS#1 private": (RSA, True, "PEM, PKCS#1", lambda alg: private_pem(private(alg), TRADITIONAL)),
    "SEC1": (ECDSA, True, "PEM, SEC1", lambda alg: private_pem(private(alg), TRADITIONAL)),
    "certificate": (ASYMMETRIC, False, "X.509 certificate", lambda alg: certificate(alg).public_bytes(serialization.Encoding.PEM).decode()),
}
DER_FORMS: dict[str, tuple[tuple[str, ...], bool, str, Callable[[str], bytes]]] = {
    "SPKI": (ASYMMETRIC, False, "DER, public key", lambda alg: public_der(private(alg))),
    "PKCS#1 public": (RSA, False, "DER, public key", lambda alg: public_der(private(alg), PKCS1_PUBLIC)),
    "PKCS#8": (ASYMMETRIC, True, "DER, private key", lambda alg: private_der(private(alg))),
    "PKCS#1 private": (RSA, True, "DER, private key", lambda alg: private_der(private(alg), TRADITIONAL)),
    "SEC1": (ECDSA, True, "DER, private key", lambda alg: private_der(private(alg), TRADITIONAL)),
    "certificate": (ASYMMETRIC, False, "DER, X.509 certificate", lambda alg: certificate(alg).public_bytes(serialization.Encoding.DER)),
}
ONE_OF_EACH = ("RS256", "ES256", "ES384", "ES512", "ES256K", "Ed25519", "Ed448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87")


def forms(table: dict[str, Any]) -> list[Any]:
    return [pytest.param(name, alg, id=f"{name} {alg}") for name, row in table.items() for alg in ONE_OF_EACH if alg in row[0]]


def verifies_and_signs(alg: str, text: str, is_private: bool, read_as: str) -> None:
    keys = read_keys(text)
    assert [(key.read_as, key.is_private, key.faults) for key in keys.keys] == [(read_as, is_private, ())]
    assert status(token(alg), keys) == "verified"
    assert ("key_private" in codes(keys.all_findings)) == is_private
    if is_private:
        assert status(encode({"alg": alg}, CLAIMS, keys).token, public_pem(private(alg))) == "verified"
    else:
        with pytest.raises(CannotEncode) as refused:
            encode({"alg": alg}, CLAIMS, keys)
        assert refused.value.code == "key_cannot_sign"


@pytest.mark.parametrize(("form", "alg"), forms(PEM_FORMS))
def test_it_reads_every_pem(form: str, alg: str):
    _, is_private, read_as, write = PEM_FORMS[form]
    verifies_and_signs(alg, write(alg), is_private, read_as)


@pytest.mark.parametrize(("form", "alg"), forms(DER_FORMS))
def test_it_reads_every_bare_der(form: str, alg: str):
    _, is_private, read_as, write = DER_FORMS[form]
    text = der_text(write(alg))
    verifies_and_signs(alg, text, is_private, read_as)
    wrapped = "\r\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    urlsafe = text.replace("+", "-").replace("/", "_").rstrip("=")
    for other in (f"\n  {text}\n", wrapped, urlsafe):
        assert status(token(alg), other) == "verified"


MANGLINGS: dict[str, Callable[[str], str]] = {
    "escaped line breaks": lambda pem: pem.replace("\n", "\\n"),
    "escaped CRLF": lambda pem: pem.replace("\n", "\\r\\n"),
    "CRLF": lambda pem: pem.replace("\n", "\r\n"),
    "no line breaks": lambda pem: pem.replace("\n", ""),
    "blanks for line breaks": lambda pem: pem.replace("\n", " "),
    "leading white space": lambda pem: "\n \t" + pem,
    "indented": lambda pem: "\n".join("    " + line for line in pem.splitlines()),
    "text round it": lambda pem: f"Bag Attributes: none\n{pem}\nbye",
    "in quotes with escapes": lambda pem: json.dumps(pem),
    "byte order mark": lambda pem: "\ufeff" + pem,
}


@pytest.mark.parametrize("mangle", [pytest.param(change, id=name) for name, change in MANGLINGS.items()])
@pytest.mark.parametrize("form", [pytest.param(row, id=name) for name, row in PEM_FORMS.items()])
def test_it_reads_a_pem_however_its_lines_came_out(form: Any, mangle: Callable[[str], str]):
    alg = "ES256" if "ES256" in form[0] else "RS256"
    keys = read_keys(mangle(form[3](alg)))
    assert [key.is_private for key in keys.keys] == [form[1]]
    assert status(token(alg), keys) == "verified"
    assert ("key_escaped_lines" in codes(keys.findings)) == ("\\n" in mangle("\n"))


def test_it_reads_ec_parameters_before_the_key():
    parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    verifies_and_signs("ES256", parameters + private_pem(private("ES256"), TRADITIONAL), True, "PEM, SEC1")


def test_of_a_certificate_chain_the_first_counts():
    chain = "".join(certificate(alg).public_bytes(serialization.Encoding.PEM).decode() for alg in ("ES256", "ES384"))
    keys = read_keys(chain)
    assert [key.curve for key in keys.keys] == ["P-256"]
    assert codes(keys.findings) == ["key_more_certificates"]


def named_certificates() -> dict[str, str]:
    """As Google and Firebase publish them."""
    algs = {"58b4": "ES384", "ac5a": "ES256"}
    return {kid: certificate(alg).public_bytes(serialization.Encoding.PEM).decode() for kid, alg in algs.items()}


def test_it_reads_certificates_by_kid_as_google_publishes_them():
    keys = read_keys(json.dumps(named_certificates(), indent=2))
    assert (keys.is_set, keys.read_as, codes(keys.findings)) == (True, "PEM by kid, 2", [])
    assert [(key.kid, key.curve) for key in keys.keys] == [("58b4", "P-384"), ("ac5a", "P-256")]
    assert all(key.certificate for key in keys.keys)
    verdict = verify(make({"alg": "ES256", "kid": "ac5a"}, CLAIMS, alg="ES256"), keys, at=0).signature
    assert (verdict.status, verdict.key.kid if verdict.key else None) == ("verified", "ac5a")
    other = verify(make({"alg": "ES256", "kid": "58b4"}, CLAIMS, alg="ES256"), keys, at=0)
    assert (other.signature.status, codes(other.signature.faults)) == ("invalid", ["key_kid"])


def test_it_reads_public_keys_by_kid():
    keys = read_keys(json.dumps({"0oeLcQ": public_pem(private("ES256"))}))
    assert [(key.kid, key.name) for key in keys.keys] == [("0oeLcQ", "EC public key on P-256")]


@pytest.mark.parametrize("name", ["public_key", "tls.crt", "certificate", "cert"])
def test_the_name_of_a_pem_in_a_configuration_is_no_kid(name: str):
    (key,) = read_keys(json.dumps({name: public_pem(private("ES256"))})).keys
    assert key.kid is None


def test_what_is_wrong_with_certificates_by_kid_is_told():
    certificates = named_certificates()
    keys = read_keys(json.dumps(certificates | {"58b4": "-----BEGIN CERTIFICATE-----"}))
    assert ([key.kid for key in keys.keys], codes(keys.findings)) == (["ac5a"], ["key_unreadable"])
    twice = read_keys(json.dumps(certificates).replace("58b4", "ac5a"))
    assert (twice.keys, codes(twice.findings)) == ((), ["key_unreadable"])
    many = read_keys(json.dumps({f"a{number}": "-----BEGIN" for number in range(101)}))
    assert (many.keys, codes(many.findings)) == ((), ["key_set_too_large"])
    none = read_keys('{"a1": "-----BEGIN"}')
    assert (none.keys, codes(none.findings)) == ((), ["key_unreadable", "key_set_empty"])


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_it_reads_an_openssh_public_key(alg: str):
    ssh = private(alg).public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    verifies_and_signs(alg, f" {ssh} someone@example\n", False, "OpenSSH public key")


@pytest.mark.parametrize("alg", ONE_OF_EACH)
@pytest.mark.parametrize("half", ["public", "private"])
def test_it_reads_a_jwk_and_a_jwk_set(alg: str, half: str):
    key = private(alg)
    jwk = public_jwk(key) if half == "public" else private_jwk(key)
    verifies_and_signs(alg, json.dumps(jwk), half == "private", "JWK")
    for text in (json.dumps({"keys": [jwk]}), "\n " + json.dumps({"keys": [jwk]}, indent=2) + "\r\n", json.dumps(jwk, indent=4)):
        assert status(token(alg), text) == "verified"


def test_it_reads_a_jwk_with_a_byte_order_mark():
    assert status(token("ES256"), "\ufeff" + json.dumps(public_jwk(private("ES256")))) == "verified"


@pytest.mark.parametrize("members", [("d",), ("d", "p", "q"), ("d", "p", "q", "dp", "dq", "qi")], ids=["n e d", "n e d p q", "all"])
def test_an_rsa_private_jwk_signs_with_whatever_members_it_has(members: tuple[str, ...]):
    jwk = private_jwk(private("RS256"))
    some = {name: value for name, value in jwk.items() if name in (*members, "kty", "n", "e")}
    made = encode({"alg": "RS256"}, CLAIMS, json.dumps(some))
    assert made.token == token("RS256")


RAW_SECRET = bytes(range(200, 248))
ONE_MORE = RAW_SECRET + b"1"


@pytest.mark.parametrize(
    ("encoding", "secret", "text"),
    [
        pytest.param("base64", RAW_SECRET, base64.b64encode(RAW_SECRET).decode(), id="base64"),
        pytest.param("base64", ONE_MORE, base64.b64encode(ONE_MORE).decode(), id="base64 with padding"),
        pytest.param("base64", ONE_MORE, base64.b64encode(ONE_MORE).decode().rstrip("="), id="base64 without padding"),
        pytest.param("base64", RAW_SECRET * 3, base64.encodebytes(RAW_SECRET * 3).decode(), id="base64 in lines"),
        pytest.param("base64url", RAW_SECRET, base64.urlsafe_b64encode(RAW_SECRET).decode(), id="base64url"),
        pytest.param("base64url", ONE_MORE, base64.urlsafe_b64encode(ONE_MORE).decode(), id="base64url with padding"),
        pytest.param("hex", RAW_SECRET, RAW_SECRET.hex(), id="hex"),
        pytest.param("hex", RAW_SECRET, "0x" + RAW_SECRET.hex().upper(), id="hex with 0x, upper case"),
        pytest.param("hex", RAW_SECRET, RAW_SECRET.hex(":"), id="hex with colons"),
    ],
)
def test_it_reads_a_secret_in_every_encoding(encoding: str, secret: bytes, text: str):
    made = make({"alg": "HS256"}, key=secret)
    report = check(made, text, key_encoding=encoding)
    assert (report.signature.status, report.keys.read_as) == ("verified", f"secret, {encoding}")
    assert encode({"alg": "HS256"}, CLAIMS, text, key_encoding=encoding).token == made
    assert status(made, text, key_encoding="utf8") == "invalid"
    assert status(made, text) == "invalid"


@pytest.mark.parametrize("encoding", ["auto", "utf8"])
@pytest.mark.parametrize(
    "secret",
    [
        SECRET,
        "пароль – ñ € 𝄞 and more, so that it is long",
        " blanks at both ends count, as they must ",
        "line\nbreaks\r\ncount as they stand in the box",
    ],
)
def test_a_secret_is_utf_8_to_the_letter(encoding: str, secret: str):
    made = make({"alg": "HS256"}, key=secret)
    assert status(made, secret, key_encoding=encoding) == "verified"
    assert status(made, secret + " ", key_encoding=encoding) == "invalid"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        pytest.param("base64", "not base64!" * 5, id="base64"),
        pytest.param("base64", "ab-_" * 12, id="base64url alphabet in base64"),
        pytest.param("base64url", "ab+/" * 12, id="base64 alphabet in base64url"),
        pytest.param("base64url", "A" * 41, id="4n+1 characters"),
        pytest.param("base64url", "A" * 42 + "B", id="loose bits"),
        pytest.param("hex", "0x12345", id="odd digits"),
        pytest.param("hex", "zz" * 32, id="not hex"),
        pytest.param("hex", "\u0661" * 64, id="digits of another script"),
        pytest.param("base64url", "\ud800" * 44, id="surrogates"),
    ],
)
def test_a_secret_in_another_encoding_than_said_is_refused(encoding: str, text: str):
    keys = read_keys(text, encoding)
    assert (keys.keys, codes(keys.findings)) == ((), ["key_encoding"])
    assert status(token("HS256"), text, key_encoding=encoding) == "not_checked"
