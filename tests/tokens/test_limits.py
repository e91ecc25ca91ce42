"""The limits of the core: what they are, the four that attackers try first, and those that no other file has at the cap and one past it.

JSON depth and members: test_lossless_json. Inflating: test_jwe, test_compressed. Rounds: test_jwe, test_keys_made. Moduli: test_verify.
Signatures: test_json_form. Disclosures: test_sd_jwt. Layers: test_nested. Keys of a set: tests/web/test_limits. Fetching: tests/keyfetch.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.keyfetch import connection
from app.tokens import CannotEncode, compression, decode, encode, envelope, json_form, lossless_json, read_keys, sd_jwt
from app.tokens.algorithms import CONTENT_ENCRYPTION
from app.tokens.decode import MAX_NESTED
from app.tokens.jwe import content, message, parameters
from app.tokens.jwe.content import encrypt
from app.tokens.keys import kinds, locked
from app.tokens.keys import pem as pem_keys
from app.web import security
from tests.cost import within
from tests.tokens.keyring import b64u, check, codes, integer, joined, oct_jwk, private_pem, public_pem, read_out, rsa_private

LIMITS = {
    "request body": (security.MAX_BODY, 262_144),
    "JSON depth": (lossless_json.MAX_DEPTH, 64),
    "JSON members": (lossless_json.MAX_MEMBERS, 10_000),
    "inflated content of a JWE": (content.MAX_INFLATED, 250_000),
    "inflated payload of a JWS": (compression.MAX_INFLATED, 250_000),
    "rounds of a password": (parameters.MAX_ROUNDS, 1_200_000),
    "rounds of a passphrase": (locked.MAX_ROUNDS, 1_200_000),
    "keys of a set": (pem_keys.MAX_KEYS, 100),
    "RSA keys made": (kinds.RSA_SIZES, (2048, 3072, 4096)),
    "characters": (envelope.MAX_CHARACTERS, 1_048_576),
    "layers": (MAX_NESTED, 5),
    "signatures": (json_form.MAX_SIGNATURES, 20),
    "recipients": (message.MAX_RECIPIENTS, 100),
    "disclosures": (sd_jwt.MAX_DISCLOSURES, 1000),
    "seconds of a fetch": (connection.MAX_SECONDS, 5.0),
    "bytes of a fetch": (connection.MAX_BYTES, 262_144),
}
SOON = 0.05
SECRET_KEY = bytes(range(16))


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_that_of_the_design(name: str):
    set_to, designed = LIMITS[name]
    assert set_to == designed


def judged(text: str, key: str) -> Callable[[], Any]:
    return lambda: read_out(check(text, key))


def sealed(header: dict[str, Any], plaintext: bytes, encrypted_key: bytes = b"") -> str:
    """A JWE with a content key of our own."""
    protected = b64u(json.dumps(header))
    ciphertext, tag = encrypt(CONTENT_ENCRYPTION["A128GCM"], SECRET_KEY, bytes(12), plaintext, protected.encode())
    return ".".join((protected, *(b64u(part) for part in (encrypted_key, bytes(12), ciphertext, tag))))


def bomb() -> str:
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return sealed({"alg": "dir", "enc": "A128GCM", "zip": "DEF"}, machine.compress(bytes(50_000_000)) + machine.flush())


def with_password(rounds: int) -> str:
    header = {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": b64u(bytes(16)), "p2c": rounds}
    return sealed(header, b"{}", bytes(24))


def modulus(bits: int) -> int:
    return (1 << bits - 1) + 12345


def public_in(form: str, bits: int) -> str:
    n = modulus(bits)
    if form == "JWK":
        return json.dumps({"kty": "RSA", "n": integer(n), "e": "AQAB"})
    if form == "private JWK":
        return json.dumps({"kty": "RSA", "n": integer(n), "e": "AQAB", "d": integer(n - 2)})
    key = rsa.RSAPublicNumbers(65537, n).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    "dots", ["." * 1_000_000, "a." * 500_000, "eyJhbGciOiJIUzI1NiJ9" + "." * 1_000_000], ids=["dots", "letters", "header"]
)
def test_a_megabyte_of_dots_is_answered_soon(dots: str):
    assert "segment_count" in codes(decode(dots).findings)
    within(SOON, lambda: decode(dots).findings)
    within(SOON, judged(dots, "x"))


def test_a_bomb_of_50_megabytes_is_answered_soon():
    token = bomb()
    assert "jwe_zip_bomb" in codes(check(token, oct_jwk(SECRET_KEY)).findings)
    within(SOON, judged(token, oct_jwk(SECRET_KEY)))


def test_a_billion_rounds_are_answered_soon():
    assert "jwe_p2c_too_large" in codes(check(with_password(10**9), "password").findings)
    within(SOON, judged(with_password(10**9), "password"))


@pytest.mark.parametrize("form", ["JWK", "private JWK", "PEM"])
def test_a_modulus_of_16384_bits_is_answered_soon(form: str):
    key = public_in(form, 16_384)
    signed = joined('{"alg":"RS256"}', signature=bytes(2048))
    sent = sealed({"alg": "RSA-OAEP", "enc": "A128GCM"}, b"{}", bytes(2048))
    assert "rsa_too_long" in codes(check(signed, key).findings)
    for token in (signed, sent):
        within(SOON, judged(token, key))


def test_a_modulus_of_16384_bits_that_the_token_brought_is_answered_soon():
    jwk = json.loads(public_in("JWK", 16_384))
    token = joined(json.dumps({"alg": "RS256", "jwk": jwk}), signature=bytes(2048))
    within(SOON, judged(token, ""))
    within(SOON, lambda: check(token, "").check_brought("jwk"))


@pytest.mark.parametrize("extra", [0, 1])
def test_a_text_may_have_1048576_characters_and_not_one_more(extra: int):
    text = f"e30.{'a' * (envelope.MAX_CHARACTERS - 6 + extra)}.?"
    assert ("input_too_long" in codes(decode(text).findings)) == bool(extra)


@pytest.mark.parametrize(("count", "is_read"), [(100, True), (101, False)])
def test_a_pem_may_have_100_blocks(count: int, is_read: bool):
    assert bool(read_keys(public_pem(rsa_private(1024)) * count).keys) == is_read


@pytest.mark.parametrize("count", [100, 101])
def test_a_hundred_recipients_are_tried(count: int):
    made = json.loads(encode({"enc": "A128GCM", "alg": "A128KW"}, "{}", oct_jwk(SECRET_KEY), serialization="general").token)
    made["recipients"] = [{"encrypted_key": b64u(bytes(24))}] * (count - 1) + made["recipients"]
    report = check(json.dumps(made), oct_jwk(SECRET_KEY))
    assert report.decryption is not None
    assert (report.decryption.status, "jwe_recipients_many" in codes(report.findings)) == (
        ("decrypted", False) if count == 100 else ("failed", True)
    )


def test_as_many_rounds_are_made_as_are_read():
    header = {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": parameters.MAX_ROUNDS}
    token = encode(header, "{}", "password").token
    assert json.loads(decode(token).header_text or "")["p2c"] == parameters.MAX_ROUNDS
    with pytest.raises(CannotEncode) as caught:
        encode(header | {"p2c": parameters.MAX_ROUNDS + 1}, "{}", "password")
    assert caught.value.code == "p2c_out_of_range"


@pytest.mark.parametrize(("bits", "status"), [(1024, "failed"), (2048, "decrypted")])
def test_rsa_of_2048_bits_decrypts(bits: int, status: str):
    token = encode({"alg": "RSA-OAEP", "enc": "A128GCM"}, "{}", private_pem(rsa_private(bits))).token
    report = check(token, private_pem(rsa_private(bits)))
    assert report.decryption is not None
    assert report.decryption.status == status
