"""Every key management with every content encryption, both ways, against joserfc or jwcrypto."""

from __future__ import annotations

import json
from functools import cache
from itertools import product
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from joserfc import jwe as joserfc_jwe
from joserfc.jwk import import_key
from jwcrypto import jwe as jwcrypto_jwe  # type: ignore[import-untyped]
from jwcrypto import jwk as jwcrypto_jwk

from app.tokens import encode
from app.tokens.algorithms import CONTENT_ENCRYPTION, KEY_MANAGEMENT
from tests.tokens.keyring import CLAIMS, b64u, check, private_jwk, public_jwk, rsa_private

pytestmark = pytest.mark.filterwarnings("ignore")  # the libraries warn of deprecated algorithms

ROUNDS = 1000
PASSWORD = "entrap_o_peter_long_credit_tun"
# Neither library has them: our own reading of our own tokens is all there is, and the vectors of no RFC.
ALONE = {"RSA-OAEP-384", "RSA-OAEP-512"}
CURVES = ("P-256", "P-384", "P-521", "X25519", "X448")
MAKES = [name for name, row in KEY_MANAGEMENT.items() if row.encrypts]
COMBINATIONS = [
    pytest.param(alg, enc, curve, id=f"{alg} {enc} {curve}".strip())
    for alg, enc in product(MAKES, CONTENT_ENCRYPTION)
    for curve in (CURVES if KEY_MANAGEMENT[alg].family == "ecdh" else ("",))
]


@cache
def agreement_key(curve: str) -> Any:
    if curve.startswith("X"):
        return x25519.X25519PrivateKey.generate() if curve == "X25519" else x448.X448PrivateKey.generate()
    return ec.generate_private_key({"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}[curve])


def keys_for(alg: str, enc: str, curve: str = "P-256") -> tuple[dict[str, Any], dict[str, Any]]:
    """The JWK that encrypts and the one that decrypts."""
    row = KEY_MANAGEMENT[alg]
    if row.family == "rsa":
        return public_jwk(rsa_private(2048)), private_jwk(rsa_private(2048))
    if row.family == "ecdh":
        key = agreement_key(curve or "P-256")
        return public_jwk(key), private_jwk(key)
    size = row.secret_size(CONTENT_ENCRYPTION[enc])
    secret = bytes(range(size)) if size else PASSWORD.encode()
    jwk = {"kty": "oct", "k": b64u(secret)}
    return jwk, jwk


def header_for(alg: str, enc: str) -> dict[str, Any]:
    return {"alg": alg, "enc": enc} | ({"p2c": ROUNDS} if alg.startswith("PBES2") else {})


def joserfc_registry(alg: str, enc: str) -> Any:
    return joserfc_jwe.JWERegistry(algorithms=[alg, enc, "DEF"], strict_check_header=False)


def peers_encrypt(alg: str, enc: str, jwk: dict[str, Any], payload: bytes) -> str:
    """joserfc, or jwcrypto where it knows more: X448 is in both, each is used for half of the combinations."""
    if len(alg + enc) % 2:
        return joserfc_jwe.encrypt_compact(header_for(alg, enc), payload, import_key(jwk), registry=joserfc_registry(alg, enc))
    token = jwcrypto_jwe.JWE(payload, json.dumps({"alg": alg, "enc": enc}), algs=[alg, enc])
    token.add_recipient(jwcrypto_jwk.JWK(**jwk))
    return token.serialize(compact=True)


def peers_encrypt_json(alg: str, enc: str, jwk: dict[str, Any], payload: bytes, form: str) -> str:
    """The JSON form, of which joserfc and jwcrypto each make half of the combinations; in the general one, alg is in the recipient's header."""
    shared, own = header_for(alg, enc), {}
    if form == "general":
        own = {"alg": shared.pop("alg")}
    if len(alg + enc) % 2:
        kind = joserfc_jwe.GeneralJSONEncryption if form == "general" else joserfc_jwe.FlattenedJSONEncryption
        made = kind(shared, payload, aad=b"also authenticated")
        made.add_recipient(own, import_key(jwk))
        return json.dumps(joserfc_jwe.encrypt_json(made, None, registry=joserfc_registry(alg, enc)))
    token = jwcrypto_jwe.JWE(payload, json.dumps(shared), aad=b"also authenticated", algs=[alg, enc], flattened=form == "flattened")
    token.add_recipient(jwcrypto_jwk.JWK(**jwk), json.dumps(own) if own else None)
    return token.serialize()


def peers_decrypt_json(alg: str, enc: str, jwk: dict[str, Any], token: str) -> bytes:
    if len(alg + enc) % 2:
        return joserfc_jwe.decrypt_json(json.loads(token), import_key(jwk), registry=joserfc_registry(alg, enc)).plaintext or b""
    return jwcrypto_decrypt(alg, enc, jwk, token)


def joserfc_decrypt(alg: str, enc: str, jwk: dict[str, Any], token: str) -> bytes:
    return joserfc_jwe.decrypt_compact(token, import_key(jwk), registry=joserfc_registry(alg, enc)).plaintext or b""


def jwcrypto_decrypt(alg: str, enc: str, jwk: dict[str, Any], token: str) -> bytes:
    reader = jwcrypto_jwe.JWE(algs=[alg, enc])
    reader.deserialize(token, jwcrypto_jwk.JWK(**jwk))
    return reader.payload


def test_every_combination_is_here():
    assert len(MAKES) == 18
    assert len(COMBINATIONS) == (18 - 4 + 4 * 5) * 6


@pytest.mark.parametrize(("alg", "enc", "curve"), COMBINATIONS)
def test_we_make_what_they_and_we_open(alg: str, enc: str, curve: str):
    public, private = keys_for(alg, enc, curve)
    token = encode(header_for(alg, enc), CLAIMS, json.dumps(public)).token
    report = check(token, json.dumps(private))
    assert report.decryption is not None
    assert (report.decryption.status, report.payload_text) == ("decrypted", CLAIMS), report.decryption.because
    assert not [one for one in report.findings if one.level in ("error", "warning")]
    if alg not in ALONE:
        open_there = joserfc_decrypt if len(alg + enc) % 2 else jwcrypto_decrypt
        assert open_there(alg, enc, private, token) == CLAIMS.encode()


@pytest.mark.parametrize(("alg", "enc", "curve"), [one for one in COMBINATIONS if one.values[0] not in ALONE])
def test_we_open_what_they_make(alg: str, enc: str, curve: str):
    public, private = keys_for(alg, enc, curve)
    report = check(peers_encrypt(alg, enc, public, CLAIMS.encode()), json.dumps(private))
    assert report.decryption is not None
    assert (report.decryption.status, report.payload_text) == ("decrypted", CLAIMS), report.decryption.because
    assert not [one for one in report.findings if one.level in ("error", "warning")]
    assert not report.accepted


@pytest.mark.parametrize("form", ["flattened", "general"])
@pytest.mark.parametrize(("alg", "enc", "curve"), COMBINATIONS)
def test_the_json_forms_go_both_ways(alg: str, enc: str, curve: str, form: Any):
    public, private = keys_for(alg, enc, curve)
    ours = encode(header_for(alg, enc), CLAIMS, json.dumps(public), serialization=form, aad="also authenticated").token
    alone = alg in ALONE
    for token in [ours] if alone else [ours, peers_encrypt_json(alg, enc, public, CLAIMS.encode(), form)]:
        report = check(token, json.dumps(private))
        assert report.decryption is not None
        assert (report.decryption.status, report.payload_text) == ("decrypted", CLAIMS), report.decryption.because
        assert (report.serialization, [one for one in report.findings if one.level in ("error", "warning")]) == (form, [])
    assert alone or peers_decrypt_json(alg, enc, private, ours) == CLAIMS.encode()


@pytest.mark.parametrize("enc", CONTENT_ENCRYPTION)
def test_a_token_for_many_recipients_is_opened_by_each(enc: str):
    """Every way to wrap a key that a library has, in one token; each of them opens it with its own key alone."""
    wraps = [name for name in MAKES if KEY_MANAGEMENT[name].wrap_size or KEY_MANAGEMENT[name].family == "rsa"]
    held = {name: keys_for(name, enc) for name in wraps if name not in ALONE}
    box = {"keys": [public | {"alg": name, "kid": name} for name, (public, _) in held.items()]}
    own = [{"kid": name} | {one: two for one, two in header_for(name, enc).items() if one != "enc"} for name in held]
    token = encode({"enc": enc}, CLAIMS, json.dumps(box), serialization="general", recipients=own).token
    assert len(json.loads(token)["recipients"]) == len(held) == 14
    for number, (name, (_, private)) in enumerate(held.items()):
        report = check(token, json.dumps(private | {"kid": name}))
        assert report.decryption is not None
        assert (report.decryption.status, report.payload_text) == ("decrypted", CLAIMS), name
        if number % 6 == list(CONTENT_ENCRYPTION).index(enc):  # once each would be slow and tell no more
            reader = jwcrypto_jwe.JWE(algs=[*held, enc])
            reader.deserialize(token, jwcrypto_jwk.JWK(**private))
            assert reader.payload == CLAIMS.encode(), name


@pytest.mark.parametrize("enc", CONTENT_ENCRYPTION)
def test_we_open_rsa1_5_of_theirs_with_a_warning(enc: str):
    public, private = keys_for("RSA-OAEP", enc)
    token = joserfc_jwe.encrypt_compact(
        {"alg": "RSA1_5", "enc": enc}, CLAIMS.encode(), import_key(public), registry=joserfc_registry("RSA1_5", enc)
    )
    report = check(token, json.dumps(private))
    assert report.decryption is not None
    assert (report.decryption.status, report.payload_text) == ("decrypted", CLAIMS)
    assert [one.code for one in report.findings if one.level != "info"] == ["jwe_rsa1_5"]


@pytest.mark.parametrize("enc", CONTENT_ENCRYPTION)
def test_compressed_content_goes_both_ways(enc: str):
    public, private = keys_for("A128KW", enc)
    text = json.dumps({"exp": 1_800_000_000, "text": "again and " * 500})
    header = {"alg": "A128KW", "enc": enc, "zip": "DEF"}
    token = encode(header, text, json.dumps(public)).token
    assert len(token) < 600
    assert joserfc_decrypt("A128KW", enc, private, token) == text.encode()
    theirs = joserfc_jwe.encrypt_compact(header, text.encode(), import_key(public), registry=joserfc_registry("A128KW", enc))
    assert check(theirs, json.dumps(private)).payload_text == text
