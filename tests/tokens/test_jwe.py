"""JWE: what decrypts, what does not and why, and that no answer helps an attacker (RFC 7516, 7518, 8037)."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, x448, x25519

from app.tokens import CannotEncode, Report, decode, encode
from app.tokens.algorithms import CONTENT_ENCRYPTION, KEY_MANAGEMENT
from app.tokens.jwe import content
from app.tokens.jwe.key_management import agree
from tests.cost import within
from tests.tokens.keyring import (
    CLAIMS,
    b64u,
    because,
    check,
    codes,
    oct_jwk,
    outcome,
    private_jwk,
    private_pem,
    public_jwk,
    public_pem,
    read_out,
    rsa_private,
    unb64u,
)

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
KEY = bytes(range(16))
HEADER = {"alg": "dir", "enc": "A128GCM"}
PASSWORD = "a long password"


def jwe(header: dict[str, Any] | None = None, plaintext: bytes | str = CLAIMS, cek: bytes = KEY, **parts: Any) -> str:
    """A token made by hand round a known content key; *parts* replace the parts that would be right."""
    header = HEADER if header is None else header
    row = CONTENT_ENCRYPTION[parts.pop("enc", header.get("enc", "A128GCM"))]
    data = plaintext.encode() if isinstance(plaintext, str) else plaintext
    protected = b64u(json.dumps(header, separators=(",", ":")))
    iv = parts.pop("iv", bytes(row.iv_size))
    ciphertext, tag = content.encrypt(row, cek, iv, data, protected.encode())
    values = (parts.pop("encrypted_key", b""), iv, parts.pop("ciphertext", ciphertext), parts.pop("tag", tag))
    assert not parts
    return ".".join((protected, *(b64u(value) for value in values)))


def secret(data: bytes = KEY) -> str:
    return oct_jwk(data)


def opened(report: Report) -> tuple[str, str | None]:
    assert report.decryption is not None
    assert not report.accepted
    assert report.signature.status == "not_checked"
    return report.decryption.status, report.payload_text


def one(report: Report, code: str) -> Any:
    (finding,) = [finding for finding in report.findings if finding.code == code]
    return finding


def altered(token: str, part: int, at: int = 0) -> str:
    """The token with one bit of a part turned."""
    parts = token.split(".")
    data = bytearray(unb64u(parts[part]))
    data[at] ^= 1
    parts[part] = b64u(bytes(data))
    return ".".join(parts)


def cookbook() -> list[Any]:
    cases = []
    for path in [*sorted((VECTORS / "ietf-jose-cookbook/jwe").glob("*.json")), VECTORS / "ietf-jose-cookbook/curve25519/ecdh-es.json"]:
        example = json.loads(path.read_text(encoding="utf-8"))
        for form in ("compact", "json_flat", "json"):
            if form in example["output"]:
                cases.append(pytest.param(example, form, id=f"{path.name.partition('.')[0]} {form}"))
    return cases


@pytest.mark.parametrize(("example", "form"), cookbook())
def test_the_cookbook_decrypts(example: dict[str, Any], form: str):
    given, token = example["input"], example["output"][form]
    key = {"keys": given["key"]} if isinstance(given.get("key"), list) else given.get("key")
    report = check(token if form == "compact" else json.dumps(token), given["pwd"] if "pwd" in given else json.dumps(key))
    assert opened(report) == ("decrypted", given["plaintext"])
    assert report.serialization == ("compact" if form == "compact" else "general" if "recipients" in token else "flattened")
    assert [one.code for one in report.findings if one.level == "error"] == []


@pytest.mark.parametrize(("example", "form"), [case for case in cookbook() if case.values[1] == "compact"])
def test_the_header_of_the_cookbook_is_read_and_one_changed_byte_decrypts_nothing(example: dict[str, Any], form: str):
    given, token = example["input"], example["output"][form]
    key = given["pwd"] if "pwd" in given else json.dumps(given["key"])
    assert decode(token).header == example["encrypting_content"]["protected"]
    for part in range(5):
        for at in (0, -1) if token.split(".")[part] else ():
            report = check(altered(token, part, at), key)
            assert opened(report)[0] != "decrypted"
            assert not report.accepted


def test_each_recipient_of_several_can_decrypt():
    example = json.loads((VECTORS / "ietf-jose-cookbook/jwe/5_13.encrypting_to_multiple_recipients.json").read_text(encoding="utf-8"))
    for key in example["input"]["key"]:
        report = check(json.dumps(example["output"]["json"]), json.dumps(key))
        assert opened(report) == ("decrypted", example["input"]["plaintext"])
        assert report.decryption is not None
        assert report.decryption.key is not None
        assert report.decryption.key.kid == key["kid"]


RFC_7516 = json.loads((VECTORS / "rfc-appendices/rfc7516.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("example", [pytest.param(one, id=one["name"]) for one in RFC_7516])
def test_the_appendices_of_rfc_7516_decrypt(example: dict[str, Any]):
    token = example["jwe"] if isinstance(example["jwe"], str) else json.dumps(example["jwe"])
    for key in example["keys"] if "keys" in example else [example["key"]]:
        assert opened(check(token, json.dumps(key))) == ("decrypted", bytes.fromhex(example["pt"]).decode())


def test_rfc_7518_appendix_c_derives_its_key():
    alice = ec.derive_private_key(int.from_bytes(unb64u("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"), "big"), ec.SECP256R1())
    x, y = "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ", "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"
    bob = ec.EllipticCurvePublicNumbers(int.from_bytes(unb64u(x), "big"), int.from_bytes(unb64u(y), "big"), ec.SECP256R1()).public_key()
    derived = agree(KEY_MANAGEMENT["ECDH-ES"], CONTENT_ENCRYPTION["A128GCM"], alice, bob, b"Alice", b"Bob")
    assert b64u(derived) == "VqqN6vgjbSBcIijNcacQGg"


def test_rfc_8037_agrees_on_the_key_of_rfc_7748():
    """Appendix A.6 and A.7 give no token: one is made from their ephemeral keys, which Bob of RFC 7748 §6 opens."""
    cases: tuple[tuple[Any, str, str, str, str], ...] = (
        (
            x25519.X25519PrivateKey,
            "X25519",
            "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
            "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
        ),
        (
            x448.X448PrivateKey,
            "X448",
            "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d",
            "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0",
            "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a449a5037514a879d",
        ),
    )
    for private_class, curve, private, epk, shared in cases:
        bob = private_class.from_private_bytes(bytes.fromhex(private))
        info = b"".join(len(part).to_bytes(4, "big") + part for part in (b"A128GCM", b"", b"")) + (128).to_bytes(4, "big")
        digest = hashes.Hash(hashes.SHA256())
        digest.update((1).to_bytes(4, "big") + bytes.fromhex(shared) + info)
        header = {"alg": "ECDH-ES", "enc": "A128GCM", "epk": {"kty": "OKP", "crv": curve, "x": b64u(bytes.fromhex(epk))}, "kid": "Bob"}
        report = check(jwe(header, cek=digest.finalize()[:16]), json.dumps(private_jwk(bob)))
        assert opened(report) == ("decrypted", CLAIMS)


# what is not secret is said


def test_no_key_is_no_failure():
    report = check(jwe(), "")
    assert opened(report) == ("not_tried", None)
    assert report.decryption is not None
    assert "the 16-byte key" in report.decryption.because
    assert [finding.level for finding in report.findings] == ["info"]


def test_a_decrypted_token_is_told_apart_from_a_verified_one():
    report = check(jwe(), secret())
    assert opened(report) == ("decrypted", CLAIMS)
    assert "the sender is not proven" in because(report, "decryption")
    assert (outcome(report, "decryption"), outcome(report, "signature"), outcome(report, "exp")) == ("passed", "not_checked", "passed")
    assert report.payload == json.loads(CLAIMS)
    assert not [finding for finding in report.findings if finding.level in ("error", "warning")]


@pytest.mark.parametrize("part", range(5))
def test_a_gcm_token_says_that_the_tag_does_not_match(part: int):
    token = jwe()
    report = check(altered(token, part) if part not in (0, 1) else jwe(cek=bytes(16)), secret())
    assert opened(report)[0] == "failed"
    finding = one(report, "jwe_tag_mismatch")
    assert "wrong key" in finding.message
    assert finding.offset == report.token.text.rindex(".") + 1
    assert finding.length == 22


def test_a_wrapped_key_says_whether_it_was_the_key():
    token = encode({"alg": "A128KW", "enc": "A256GCM"}, CLAIMS, secret()).token
    wrong = check(token, secret(bytes(16)))
    assert "jwe_key_not_unwrapped" in codes(wrong.findings)
    right = check(altered(token, 3), secret())
    assert "the key is right" in one(right, "jwe_tag_mismatch").message


@pytest.mark.parametrize("enc", CONTENT_ENCRYPTION)
def test_a_key_of_another_size_is_told_with_both_sizes(enc: str):
    need = CONTENT_ENCRYPTION[enc].key_size
    report = check(jwe({"alg": "dir", "enc": enc}, cek=bytes(need)), secret(bytes(need + 1)))
    finding = one(report, "jwe_key_size")
    assert f"needs a {need}-byte key; this one has {need + 1}." in finding.message
    assert outcome(report, "key") == "failed"


@pytest.mark.parametrize(("encoding", "text"), [("base64url", b64u(KEY)), ("hex", KEY.hex())])
def test_a_secret_in_another_encoding_is_recognised_by_its_size(encoding: str, text: str):
    finding = one(check(jwe(), text), "jwe_key_size")
    (repair,) = finding.repairs
    assert (repair.field, repair.text) == ("key_encoding", encoding)
    assert opened(check(jwe(), text, key_encoding=repair.text)) == ("decrypted", CLAIMS)


@pytest.mark.parametrize("size", [0, 8, 11, 13, 16])
@pytest.mark.parametrize("enc", ["A128GCM", "A256GCM"])
def test_an_iv_of_another_size_is_told_with_its_place(enc: str, size: int):
    row = CONTENT_ENCRYPTION[enc]
    good = jwe({"alg": "dir", "enc": enc}, cek=bytes(row.key_size))
    parts = good.split(".")
    parts[2] = b64u(bytes(size))
    token = ".".join(parts)
    for report in (check(token, secret(bytes(row.key_size))), decode(token)):
        finding = one(report, "jwe_part_size")  # type: ignore[arg-type]
        assert finding.message.startswith(f"The IV has {size} bytes; {enc} needs 12.")
        assert finding.spec == "RFC 7518 §5.3"
        assert token[finding.offset : finding.offset + finding.length] == parts[2]


def test_a_tag_of_another_enc_is_recognised():
    finding = one(check(jwe({"alg": "dir", "enc": "A128CBC-HS256"}, cek=bytes(32), tag=bytes(24)), secret(bytes(32))), "jwe_part_size")
    assert "The tag has 24 bytes; A128CBC-HS256 needs 16." in finding.message
    assert "A192CBC-HS384" in finding.message


def test_cbc_needs_whole_blocks():
    token = jwe({"alg": "dir", "enc": "A128CBC-HS256"}, cek=bytes(32), ciphertext=bytes(33))
    finding = one(check(token, secret(bytes(32))), "jwe_not_blocks")
    assert "33 bytes, 1 beyond a multiple of 16" in finding.message


@pytest.mark.parametrize(
    ("header", "encrypted_key", "words"),
    [
        pytest.param({"alg": "A128KW", "enc": "A128GCM"}, bytes(16), "has 16 bytes; A128KW with A128GCM needs 24", id="KW"),
        pytest.param(
            {"alg": "A128KW", "enc": "A256CBC-HS512"}, bytes(40), "has 40 bytes; A128KW with A256CBC-HS512 needs 72", id="KW of another enc"
        ),
        pytest.param({"alg": "dir", "enc": "A128GCM"}, bytes(24), "has 24 bytes; with dir it must be empty", id="dir"),
        pytest.param({"alg": "RSA-OAEP", "enc": "A128GCM"}, b"", "has 0 bytes; RSA-OAEP", id="RSA empty"),
    ],
)
def test_an_encrypted_key_of_another_size_is_told(header: dict[str, Any], encrypted_key: bytes, words: str):
    token = jwe(header, encrypted_key=encrypted_key, cek=bytes(CONTENT_ENCRYPTION[header["enc"]].key_size))
    assert any(words in finding.message for finding in decode(token).findings), codes(decode(token).findings)


def test_an_encrypted_key_that_is_not_as_long_as_the_modulus_is_told():
    token = jwe({"alg": "RSA-OAEP", "enc": "A128GCM"}, encrypted_key=bytes(512))
    finding = one(check(token, private_pem(rsa_private(2048))), "jwe_part_size")
    assert "has 512 bytes; RSA-OAEP with this 2048-bit RSA key needs 256" in finding.message


@pytest.mark.parametrize(
    ("enc", "near"),
    [
        ("AES128", "A128GCM or A128CBC-HS256"),
        ("AES256", "A256GCM or A256CBC-HS512"),
        ("A128CBC", "A128CBC-HS256"),
        ("a256gcm", "A256GCM"),
        ("AES-192-GCM", "A192GCM"),
        ("RSA-OAEP", 'It is a name for "alg"'),
        ("XC20P", "There are A128CBC-HS256"),
    ],
)
def test_an_unknown_enc_gets_the_near_names(enc: str, near: str):
    token = jwe({"alg": "dir", "enc": enc}, enc="A128GCM")
    finding = one(check(token, secret()), "jwe_enc_unknown")
    assert near in finding.message
    assert f'"{enc}" is not registered' in finding.message
    assert (finding.line, finding.spec) == (1, "RFC 7516 §4.1.2")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"alg": "dir"}, 'no "enc"'),
        ({"enc": "A128GCM"}, 'no "alg"'),
        ({"alg": "RS256", "enc": "A128GCM"}, "for signatures"),
        ({"alg": "A128GCM", "enc": "A128GCM"}, 'a name for "enc"'),
        ({"alg": "RSA-OAEP256", "enc": "A128GCM"}, "Did you mean RSA-OAEP-256"),
        ({"alg": 1, "enc": "A128GCM"}, "a number"),
        ({"alg": "ECDH-ES", "enc": "A128GCM"}, 'no "epk"'),
        ({"alg": "A128GCMKW", "enc": "A128GCM", "tag": "A" * 22}, 'no "iv"'),
        ({"alg": "A128GCMKW", "enc": "A128GCM", "iv": "A" * 16}, 'no "tag"'),
        ({"alg": "A128GCMKW", "enc": "A128GCM", "iv": "A" * 22, "tag": "A" * 22}, '"iv" has 16 bytes'),
        ({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 1000}, 'no "p2s"'),
        ({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": "A" * 22}, 'no "p2c"'),
        ({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": "A" * 22, "p2c": "1000"}, '"p2c" is a string'),
        ({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": "A" * 22, "p2c": True}, '"p2c" is a boolean'),
        ({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": "A" * 22, "p2c": 0}, '"p2c" is not positive'),
        ({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": "AAAA=", "p2c": 1000}, '"p2s" is not canonical base64url'),
        ({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": "AAAA", "p2c": 1000}, "p2s has 3 bytes; at least 8"),
        ({"alg": "dir", "enc": "A128GCM", "zip": "GZIP"}, 'zip is "GZIP"'),
        ({"alg": "dir", "enc": "A128GCM", "crit": ["x"], "x": 1}, 'crit lists "x"'),
    ],
)
def test_a_header_that_does_not_suffice_is_told(header: dict[str, Any], words: str):
    size = {"A128GCMKW": 16, "PBES2-HS256+A128KW": 24}.get(str(header.get("alg")), 0)
    token = jwe(header, encrypted_key=bytes(size))
    assert any(words in finding.message for finding in decode(token).findings), [finding.message for finding in decode(token).findings]
    for key in (secret(), "", PASSWORD, private_pem(rsa_private(2048))):
        assert opened(check(token, key))[0] != "decrypted"


def test_crit_refuses_what_would_decrypt():
    report = check(jwe(HEADER | {"crit": ["x"], "x": 1}), secret())
    assert opened(report) == ("failed", CLAIMS)
    assert report.decryption is not None
    assert "decrypts the token, but" in report.decryption.because


# the ephemeral key

ALICE = ec.derive_private_key(0x1234567890ABCDEF, ec.SECP256R1())


def epk_token(epk: object) -> str:
    return jwe({"alg": "ECDH-ES", "enc": "A128GCM", "epk": epk})


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_an_epk_off_the_curve_is_named_an_attack(curve: ec.EllipticCurve):
    key = ec.generate_private_key(curve)
    jwk = private_jwk(key)
    size = len(unb64u(jwk["y"]))
    epk = {name: jwk[name] for name in ("kty", "crv", "x")} | {"y": b64u((5).to_bytes(size, "big"))}
    report = check(epk_token(epk), json.dumps(jwk))
    finding = one(report, "jwe_epk_off_curve")
    assert f"not a point of {jwk['crv']}: an invalid-curve attack, or damage" in finding.message
    assert (finding.segment, finding.line, opened(report)[0]) == ("header", 1, "failed")


@pytest.mark.parametrize(("curve", "size"), [("X25519", 32), ("X448", 56)])
@pytest.mark.parametrize("point", [0, 1])
def test_a_point_of_small_order_is_refused_whatever_the_key(curve: str, size: int, point: int):
    token = epk_token({"kty": "OKP", "crv": curve, "x": b64u(point.to_bytes(size, "little"))})
    assert "jwe_epk_small_order" in codes(decode(token).findings)


@pytest.mark.parametrize(
    ("epk", "code", "words"),
    [
        pytest.param("text", "header_parameter_type", "a string", id="no object"),
        pytest.param({"kty": "EC", "crv": "secp256k1"}, "jwe_epk_unreadable", "secp256k1", id="curve of no agreement"),
        pytest.param({"kty": "OKP", "crv": "P-256"}, "jwe_epk_unreadable", 'kty must be "EC"', id="kty"),
        pytest.param({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, "jwe_epk_unreadable", "1 bytes; P-256 needs 32", id="short"),
        pytest.param({"kty": "EC", "crv": "P-256", "x": "A" * 43}, "jwe_epk_unreadable", '"y" is missing', id="no y"),
        pytest.param({"kty": "OKP", "crv": "X25519", "x": "A="}, "jwe_epk_unreadable", "not base64url", id="not base64url"),
    ],
)
def test_an_epk_that_cannot_be_used_says_why(epk: object, code: str, words: str):
    finding = one(check(epk_token(epk), json.dumps(private_jwk(ALICE))), code)
    assert words in finding.message


def test_an_epk_on_another_curve_names_both():
    other = ec.generate_private_key(ec.SECP384R1())
    epk = {name: value for name, value in private_jwk(other).items() if name != "d"}
    report = check(epk_token(epk), json.dumps(private_jwk(ALICE)))
    assert "epk is on P-384; the key is on P-256" in one(report, "jwe_epk_curve").message


def test_an_epk_with_its_private_part_is_refused():
    finding = one(check(epk_token(private_jwk(ALICE)), json.dumps(private_jwk(ALICE))), "jwe_epk_private")
    assert finding.level == "error"


# keys


@pytest.mark.parametrize(
    ("alg", "key", "have"),
    [
        pytest.param("RSA-OAEP", public_pem(rsa_private(2048)), "a 2048-bit RSA public key", id="public key"),
        pytest.param("RSA-OAEP", "secret", "a 6-byte secret", id="secret for RSA"),
        pytest.param("RSA-OAEP", private_pem(ALICE), "an EC private key on P-256", id="EC for RSA"),
        pytest.param("A128KW", private_pem(ALICE), "an EC private key on P-256", id="EC for a secret"),
    ],
)
def test_a_key_that_does_not_fit_is_told(alg: str, key: str, have: str):
    report = check(jwe({"alg": alg, "enc": "A128GCM"}, encrypted_key=bytes(256 if "RSA" in alg else 24)), key)
    finding = one(report, "jwe_key_needed")
    assert finding.message.endswith(f"the key box holds {have}.")
    assert finding.fix
    assert outcome(report, "key") == "failed"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"use": "sig"}, "jwe_key_use"),
        ({"alg": "A256KW"}, "key_algorithm"),
        ({"key_ops": ["sign"]}, "key_ops"),
        ({"kid": "b"}, "key_kid"),
    ],
)
def test_a_key_that_is_not_meant_for_it_refuses_what_would_decrypt(members: dict[str, Any], code: str):
    report = check(jwe(HEADER | {"kid": "a"}), oct_jwk(KEY, **members))
    assert opened(report) == ("failed", CLAIMS)
    assert code in codes(report.findings)


@pytest.mark.parametrize("members", [{"use": "enc"}, {"alg": "dir"}, {"alg": "A128GCM"}, {"key_ops": ["decrypt"]}, {"kid": "a"}, {}])
def test_a_key_that_is_meant_for_it_decrypts(members: dict[str, Any]):
    report = check(jwe(HEADER | {"kid": "a"}), oct_jwk(KEY, **members))
    assert opened(report) == ("decrypted", CLAIMS)
    assert not [finding for finding in report.findings if finding.level in ("error", "warning")]


def test_a_short_rsa_key_is_refused_though_it_decrypts():
    key = rsa_private(1024)
    token = jwe(
        {"alg": "RSA-OAEP", "enc": "A128GCM"},
        encrypted_key=key.public_key().encrypt(KEY, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)),
    )
    report = check(token, private_pem(key))
    assert opened(report) == ("failed", CLAIMS)
    assert "1024 bits; RSA-OAEP requires 2,048" in one(report, "rsa_too_short").message


def test_the_right_key_of_a_set_is_found():
    keys = {"keys": [json.loads(oct_jwk(bytes([number]) * 16)) for number in range(5)] + [json.loads(secret())]}
    assert opened(check(jwe(), json.dumps(keys))) == ("decrypted", CLAIMS)
    report = check(jwe(cek=bytes(15) + b"x"), json.dumps(keys))
    assert opened(report)[0] == "failed"
    assert "None of the 6 keys" in because(report, "decryption")


# no oracle


def rsa_token(alg: str, enc: str, encrypted: bytes | None = None) -> tuple[str, rsa.RSAPrivateKey]:
    key, row = rsa_private(2048), CONTENT_ENCRYPTION[enc]
    cek = bytes(range(row.key_size))
    scheme = padding.PKCS1v15() if alg == "RSA1_5" else padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    sealed = key.public_key().encrypt(cek if encrypted is None else encrypted, scheme)
    return jwe({"alg": alg, "enc": enc}, cek=cek, encrypted_key=sealed), key


def answer(report: Report) -> tuple[object, ...]:
    assert report.decryption is not None
    assert report.decryption.plaintext is None
    return (
        report.decryption.status,
        report.decryption.because,
        report.findings,
        tuple((one.outcome, one.because) for one in report.checks),
    )


@pytest.mark.parametrize("alg", ["RSA1_5", "RSA-OAEP"])
@pytest.mark.parametrize("enc", ["A128CBC-HS256", "A128GCM"])
def test_every_failure_of_rsa_has_the_same_answer(alg: str, enc: str):
    token, key = rsa_token(alg, enc)
    pem = private_pem(key)
    changed = [altered(token, part, at) for part in (1, 2, 3, 4) for at in (0, 3, 7, 11)]
    changed += [rsa_token(alg, enc, data)[0] for data in (b"", bytes(15), bytes(33), bytes(CONTENT_ENCRYPTION[enc].key_size))]
    assert len({answer(check(one, pem)) for one in changed}) == 1
    assert opened(check(token, pem)) == ("decrypted", CLAIMS)


@pytest.mark.parametrize("alg", ["dir", "A128KW", "A128GCMKW"])
def test_every_failure_of_cbc_has_the_same_answer(alg: str):
    size = 32 if alg == "dir" else 16
    token = encode({"alg": alg, "enc": "A128CBC-HS256"}, CLAIMS, secret(bytes(size))).token
    changed = [altered(token, part, at) for part in (1, 2, 3, 4) if token.split(".")[part] for at in range(0, 16, 2)]
    answers = {answer(check(one, secret(bytes(size)))) for one in changed}
    answers.add(answer(check(token, secret(b"x" * size))))
    assert len(answers) == 1
    assert "jwe_not_decrypted" in {finding.code for finding in check(changed[0], secret(bytes(size))).findings}


# the caps


def deflated(data: bytes) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return machine.compress(data) + machine.flush()


def test_the_cap_of_inflating_is_exact():
    header = HEADER | {"zip": "DEF"}
    at_cap = check(jwe(header, deflated(b"a" * 250_000)), secret())
    assert opened(at_cap) == ("decrypted", "a" * 250_000)
    beyond = check(jwe(header, deflated(b"a" * 250_001)), secret())
    assert opened(beyond) == ("failed", None)
    assert "inflate to more than 250,000 bytes" in one(beyond, "jwe_zip_bomb").message


def test_a_bomb_is_answered_at_once():
    packed = deflated(bytes(50_000_000))
    token = jwe(HEADER | {"zip": "DEF"}, packed)
    findings = within(0.05, lambda: check(token, secret()).findings)
    assert f"{len(packed):,} compressed bytes" in next(finding.message for finding in findings if finding.code == "jwe_zip_bomb")


@pytest.mark.parametrize(("name", "window"), [("zlib", 15), ("gzip", 31)])
def test_deflate_with_a_header_is_inflated_and_refused(name: str, window: int):
    machine = zlib.compressobj(9, zlib.DEFLATED, window)
    report = check(jwe(HEADER | {"zip": "DEF"}, machine.compress(CLAIMS.encode()) + machine.flush()), secret())
    assert opened(report) == ("failed", CLAIMS)
    assert f"begin with a {name} header" in one(report, "jwe_zip_header").message


@pytest.mark.parametrize("data", [b"", b"plain", deflated(b"a" * 99)[:-2], deflated(b"a") + b"more"], ids=["empty", "plain", "cut", "more"])
def test_what_cannot_be_inflated_is_told(data: bytes):
    assert "jwe_zip_damaged" in codes(check(jwe(HEADER | {"zip": "DEF"}, data), secret()).findings)


def password_token(rounds: int, salt: bytes = b"12345678") -> str:
    header = {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": b64u(salt), "p2c": rounds}
    return jwe(header, encrypted_key=bytes(24))


def test_the_cap_of_rounds_is_exact():
    assert opened(check(password_token(1_200_000), PASSWORD))[0] == "failed"

    def refused() -> None:
        for rounds in (1_200_001, 10**9, 10**40):
            report = check(password_token(rounds), PASSWORD)
            assert opened(report)[0] == "not_tried"
            assert "denial of service" in one(report, "jwe_p2c_too_large").message

    within(0.05, refused)


def test_a_hundred_passwords_are_not_all_tried():
    keys = {"keys": [json.loads(oct_jwk(f"password {number}")) for number in range(100)]}
    noted = within(3, lambda: one(check(password_token(1_200_000), json.dumps(keys)), "jwe_more_keys"))
    assert "100 keys fit; 1 of them were tried" in noted.message


def test_few_rounds_are_warned_of():
    token = encode({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 999}, CLAIMS, PASSWORD).token
    report = check(token, PASSWORD)
    assert opened(report) == ("decrypted", CLAIMS)
    assert one(report, "jwe_p2c_low").level == "warning"


def test_many_recipients_are_bounded():
    recipients = [{"header": {"alg": "RSA-OAEP"}, "encrypted_key": b64u(bytes(256))} for _ in range(500)]
    token = {"protected": b64u('{"enc":"A128GCM"}'), "recipients": recipients, "iv": "A" * 16, "ciphertext": "AAAA", "tag": "A" * 22}

    def failed() -> None:
        report = check(json.dumps(token), private_pem(rsa_private(2048)))
        assert opened(report)[0] == "failed"
        assert "500 recipients" in one(report, "jwe_recipients_many").message

    within(1, failed)


# what the sender did otherwise


@pytest.mark.parametrize(
    ("digest", "mask", "words"),
    [(hashes.SHA256(), hashes.SHA256(), "as RSA-OAEP-256"), (hashes.SHA256(), hashes.SHA1(), "as Java does by default")],
    ids=["sibling", "Java"],
)
def test_another_hash_of_oaep_is_found(digest: Any, mask: Any, words: str):
    key = rsa_private(2048)
    sealed = key.public_key().encrypt(KEY, padding.OAEP(padding.MGF1(mask), digest, None))
    report = check(jwe({"alg": "RSA-OAEP", "enc": "A128GCM"}, encrypted_key=sealed), private_pem(key))
    assert opened(report) == ("failed", None)
    assert words in one(report, "jwe_opens_otherwise").message


@pytest.mark.parametrize(
    ("apu", "apv", "name", "words"),
    [
        (b"", b"", "", "without apu and apv"),
        (b"QQ", b"Qg", "", "not decoded"),
        (b"B", b"A", "", "changed about"),
        (b"A", b"B", "ECDH-ES", "ECDH-ES"),
    ],
    ids=["left out", "text", "changed about", "name"],
)
def test_another_key_derivation_is_found(apu: bytes, apv: bytes, name: str, words: str):
    bob = ec.generate_private_key(ec.SECP256R1())
    management, row = KEY_MANAGEMENT["ECDH-ES"], CONTENT_ENCRYPTION["A128GCM"]
    epk = {member: value for member, value in private_jwk(ALICE).items() if member != "d"}
    header = {"alg": "ECDH-ES", "enc": "A128GCM", "epk": epk, "apu": "QQ", "apv": "Qg"}
    report = check(jwe(header, cek=agree(management, row, ALICE, bob.public_key(), apu, apv, name)), private_pem(bob))
    assert opened(report) == ("failed", None)
    assert words in one(report, "jwe_opens_otherwise").message


def test_another_reading_of_the_password_is_found():
    token = encode({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 1000}, CLAIMS, b64u(PASSWORD), key_encoding="base64url").token
    finding = one(check(token, b64u(PASSWORD)), "jwe_opens_otherwise")
    assert finding.repairs[0].text == "base64url"


# nested and other content


def test_a_token_within_the_token_can_be_opened():
    inner = "eyJhbGciOiJub25lIn0.e30."
    for header, warned in ((HEADER | {"cty": "JWT"}, False), (HEADER, True)):
        report = check(jwe(header, inner), secret())
        assert opened(report) == ("decrypted", inner)
        (repair,) = one(report, "jwe_nested").repairs
        assert (repair.field, repair.text, repair.length) == ("token", inner, None)
        assert ("jwe_nested_without_cty" in codes(report.findings)) == warned
    assert "jwe_cty_without_token" in codes(check(jwe(HEADER | {"cty": "JWT"}), secret()).findings)


@pytest.mark.parametrize("plaintext", ["You can trust us.", "[1]", "1", "", '"a"', '{"kty":"oct"}'], ids=repr)
def test_any_content_is_shown_as_it_is(plaintext: str):
    report = check(jwe(HEADER | {"cty": "other"}, plaintext), secret())
    assert opened(report) == ("decrypted", plaintext)
    assert not [finding for finding in report.findings if finding.level == "error"]


def test_bytes_that_are_no_text_are_no_accident():
    report = check(jwe(HEADER, b"\xff\x00\xfe"), secret())
    assert opened(report)[0] == "decrypted"


# the JSON serializations


def flattened(**changes: Any) -> dict[str, Any]:
    protected, encrypted_key, iv, ciphertext, tag = jwe().split(".")
    return {"protected": protected, "iv": iv, "ciphertext": ciphertext, "tag": tag, "encrypted_key": encrypted_key} | changes


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"unprotected": {"alg": "dir"}}, "jwe_header_twice"),
        ({"header": {"zip": "DEF"}}, "jwe_unprotected"),
        ({"header": 1}, "json_form_damaged"),
        ({"aad": 1}, "json_form_damaged"),
        ({"aad": "YR"}, "json_form_damaged"),
        ({"aad": "not base64!"}, "json_form_damaged"),
    ],
    ids=["name twice", "zip unprotected", "header", "aad", "aad with loose bits", "aad with spaces"],
)
def test_a_json_form_against_the_rules_is_not_decrypted(changes: dict[str, Any], code: str):
    report = check(json.dumps(flattened(**changes)), secret())
    assert opened(report)[0] == "failed"
    assert code in codes(report.findings)
    assert opened(check(json.dumps(flattened()), secret())) == ("decrypted", CLAIMS)


@pytest.mark.parametrize(
    "members",
    [
        {"recipients": []},
        {"recipients": 1},
        {"recipients": [1]},
        {"unprotected": []},
        {"protected": 1},
        {"iv": None},
        {"tag": {}},
        {"recipients": [{"header": 1}]},
    ],
    ids=repr,
)
def test_odd_json_forms_are_answered(members: dict[str, Any]):
    assert opened(check(json.dumps(flattened(**members)), secret()))[0] != "decrypted"


@pytest.mark.parametrize("part", range(5))
@pytest.mark.parametrize("alg", KEY_MANAGEMENT)
def test_an_empty_part_is_answered(alg: str, part: int):
    """CVE-2026-34986: an empty encrypted key."""
    parts = [
        b64u(json.dumps({"alg": alg, "enc": "A128GCM", "epk": {}, "p2s": "A" * 22, "p2c": 1, "iv": "", "tag": ""})),
        "AAAA",
        "A" * 16,
        "AAAA",
        "A" * 22,
    ]
    parts[part] = ""
    for key in ("", secret(), PASSWORD, private_pem(rsa_private(2048)), private_pem(ALICE)):
        report = check(".".join(parts), key)
        assert report.kind == "JWE"
        assert opened(report)[0] != "decrypted"
        assert all(finding.message for finding in report.findings)


def test_a_part_that_is_not_base64url_is_refused_in_its_place():
    token = jwe() + "="
    report = check(token, secret())
    assert opened(report) == ("failed", CLAIMS)
    finding = one(report, "jwe_part_base64")
    assert "The tag" in finding.message
    assert outcome(report, "form") == "failed"


# making


def test_a_header_keeps_how_it_is_written():
    text = '{ "enc" : "A128GCM",\n "alg":"ECDH-ES", "epk": {"old": [1, 2]}, "x":1.50 }'
    made = encode(text, CLAIMS, json.dumps(private_jwk(ALICE)))
    written = decode(made.token).header_text
    assert written is not None
    assert written.startswith('{ "enc" : "A128GCM",\n "alg":"ECDH-ES", "epk": {"')
    assert written.endswith(', "x":1.50 }')
    assert '"old"' not in written
    assert opened(check(made.token, private_pem(ALICE))) == ("decrypted", CLAIMS)


def test_nothing_is_used_twice():
    for header in ({"alg": "dir", "enc": "A128GCM"}, {"alg": "A128GCMKW", "enc": "A128GCM"}):
        first, second = (encode(header, CLAIMS, secret()).token.split(".") for _ in range(2))
        assert first[2] != second[2]
        assert first[3] != second[3]
    again = [
        json.loads(unb64u(encode({"alg": "ECDH-ES", "enc": "A128GCM"}, CLAIMS, private_pem(ALICE)).token.split(".")[0])) for _ in range(2)
    ]
    assert again[0]["epk"] != again[1]["epk"]


def test_a_decrypted_token_can_be_encrypted_again_with_its_own_header():
    for alg in ("ECDH-ES+A128KW", "A128GCMKW", "PBES2-HS256+A128KW"):
        key = {"E": private_pem(ALICE), "A": secret(), "P": PASSWORD}[alg[0]]
        header = {"alg": alg, "enc": "A128CBC-HS256"} | ({"p2c": 1000} if alg[0] == "P" else {})
        first = encode(header, CLAIMS, key)
        shown = decode(first.token).header_text
        assert shown is not None
        second = encode(shown, '{"exp":1800000000,"sub":"2"}', key)
        assert opened(check(second.token, key)) == ("decrypted", '{"exp":1800000000,"sub":"2"}')
        assert decode(second.token).header.keys() == decode(first.token).header.keys()


@pytest.mark.parametrize(
    ("header", "key", "code"),
    [
        pytest.param({"enc": "A128GCM"}, secret(), "alg_missing", id="no alg"),
        pytest.param({"alg": "dir", "enc": 1}, secret(), "enc_not_a_string", id="enc a number"),
        pytest.param({"alg": "HS256", "enc": "A128GCM"}, secret(), "alg_unknown", id="alg to sign"),
        pytest.param({"alg": "dir", "enc": "AES128"}, secret(), "enc_unknown", id="enc unknown"),
        pytest.param({"alg": "RSA1_5", "enc": "A128GCM"}, private_pem(rsa_private(2048)), "alg_decrypts_only", id="RSA1_5"),
        pytest.param({"alg": "dir", "enc": "A128GCM", "zip": "ZIP"}, secret(), "zip_unknown", id="zip"),
        pytest.param({"alg": "dir", "enc": "A256GCM"}, secret(), "key_size", id="size"),
        pytest.param({"alg": "dir", "enc": "A128GCM"}, "", "key_missing", id="no key"),
        pytest.param({"alg": "RSA-OAEP", "enc": "A128GCM"}, secret(), "key_does_not_fit", id="type"),
        pytest.param({"alg": "ECDH-ES", "enc": "A128GCM", "apu": "="}, private_pem(ALICE), "not_base64url", id="apu"),
        pytest.param({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 1_200_001}, PASSWORD, "p2c_out_of_range", id="p2c"),
        pytest.param(
            {"alg": "RSA-OAEP-512", "enc": "A256CBC-HS512"}, private_pem(rsa_private(1024)), "key_cannot_encrypt", id="RSA too short"
        ),
    ],
)
def test_what_cannot_be_encrypted_is_refused(header: dict[str, Any], key: str, code: str):
    with pytest.raises(CannotEncode) as error:
        encode(header, CLAIMS, key)
    assert error.value.code == code
    assert error.value.message.endswith((".", "?"))


def test_keywrap_is_that_of_rfc_3394():
    """The token of our own making is opened with the primitive alone."""
    token = encode({"alg": "A128KW", "enc": "A128GCM"}, CLAIMS, secret()).token
    protected, encrypted_key, iv, ciphertext, tag = token.split(".")
    cek = keywrap.aes_key_unwrap(KEY, unb64u(encrypted_key))
    row = CONTENT_ENCRYPTION["A128GCM"]
    assert content.decrypt(row, cek, unb64u(iv), unb64u(ciphertext), unb64u(tag), protected.encode()) == CLAIMS.encode()


def test_names_that_every_recipient_has_twice_are_told_a_few_times():
    many = {f"a{number}": 1 for number in range(9_000)}
    each = {"header": {"alg": "A128KW"}, "encrypted_key": "AAAA"}
    protected = b64u(json.dumps({"enc": "A128GCM"} | many))
    text = json.dumps(
        {"protected": protected, "unprotected": many, "recipients": [each] * 100, "iv": "AAAA", "ciphertext": "AAAA", "tag": "AAAA"}
    )
    within(4, lambda: read_out(check(text, secret())))
    assert 1 < codes(check(text, secret()).findings).count("jwe_header_twice") <= 10


def test_a_private_half_that_does_not_fit_decrypts_nothing():
    key = rsa_private(2048)
    sealed = encode('{"alg":"RSA-OAEP","enc":"A128GCM"}', CLAIMS, json.dumps(public_jwk(key))).token
    assert opened(check(sealed, json.dumps(public_jwk(key, d="Aw")))) == ("failed", None)


def test_an_empty_content_is_not_the_payload_of_a_jws():
    report = check(encode('{"alg":"dir","enc":"A128GCM"}', "", secret()).token, secret())
    assert "empty_payload" not in codes(report.findings)
    assert next(one.outcome for one in report.checks if one.name == "claims") == "not_checked"


@pytest.mark.parametrize("text", ['X"alg":"dir","enc":"A128GCM"Y', '\u00a0{"alg":"dir","enc":"A128GCM"}'], ids=["no braces", "blank"])
def test_a_protected_header_that_is_no_json_is_not_made_one_by_another_beside_it(text: str):
    report = check(json.dumps(flattened(protected=b64u(text), unprotected={"foo": 1})), secret())
    assert report.decryption is not None
    assert report.decryption.because.startswith("The header cannot be read")
    assert "failed" in {one.outcome for one in report.checks if one.name == "header"}
