"""What public suites of attacks say (Wycheproof's JSON Web Signature and Encryption above all): their facts, made anew with our own means.

One fact differs by choice: Wycheproof lets a "?" within a segment pass, RFC 7515 §2 does not, and no more do we.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from app.tokens import encode
from app.tokens.algorithms import CONTENT_ENCRYPTION
from app.tokens.jwe.content import encrypt as seal
from tests.tokens.keyring import (
    CLAIMS,
    ORDER,
    b64u,
    check,
    make,
    oct_jwk,
    private,
    private_jwk,
    public_jwk,
    public_key,
    rsa_private,
    unb64u,
)

# Wycheproof, JWS 357 to 377: a key of zeros, and payloads whose MAC begins with zeros or ones.
ZEROS = oct_jwk(bytes(32), kid="hs256-key", use="sig", alg="HS256")
ZEROS_HEADER = "eyJraWQiOiJoczI1Ni1rZXkiLCJhbGciOiJIUzI1NiJ9"
# Wycheproof, JWE 1, 23 and 28 to 32: A256KW with each content encryption; the plaintext is foo.
WRAPPING = oct_jwk(unb64u("W1vBUI1-5HARc-qyT8hcYBt6q9sFNsztBrhlbl9W2CA"), kid="kid-aes-encrypt", use="enc", alg="A256KW")
FOO = {
    "A256CBC-HS512, kid": (
        "eyJhbGciOiJBMjU2S1ciLCJraWQiOiJraWQtYWVzLWVuY3J5cHQiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0."
        "LuAAkW6Y609GBgbxDM5V-es3SUNL-rdFVhFNIrLpe1o0f2ldS6sI1SGftpRSmy1PFW58DJaRPwVE7mGsChY6x68-GZB4T1-r."
        "La_y01ijrXjd1d4sY761og.8QQpwqfEv-4h80BWn40xaw.f6dsHvd-MIqQAyu5D6-ZdptbF0ettEHFGcAvmNgu7jo"
    ),
    "A128GCM": "eyJhbGciOiJBMjU2S1ciLCJlbmMiOiJBMTI4R0NNIn0.vFtNypyvyX3ZUuXZuWdq-oz0LrxFWccH.aleRxWxKrolqgOBo.TzV5.EdgzybAq-mZDpIYHwadHQQ",
    "A192GCM": (
        "eyJhbGciOiJBMjU2S1ciLCJlbmMiOiJBMTkyR0NNIn0.5GjUqpOjn-mLYHgYlv8XOAZ1WUjWniePFQJVOkXJxkQ."
        "HJGVUarOxZES8jAI.fL7h.D_Cl8bkMux3zLCjvwu_YkQ"
    ),
    "A256GCM": (
        "eyJhbGciOiJBMjU2S1ciLCJlbmMiOiJBMjU2R0NNIn0.0uzdircIKEX1LKM-NK5jyBQ0c5WW4tBZCwI3B6X07fSB67IX7h9SIw."
        "_dL_tfX7vZyBAnYz._NcT.MY4RukMeEmU1VlcJ1i7Q4w"
    ),
    "A128CBC-HS256": (
        "eyJhbGciOiJBMjU2S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.E8XL6pJH51lP5zb1SYY2e6Ts0HYrFbhsnmO2U0VwDSLzv7126DKWWg."
        "07ksphdvWx7tdtZlQeUtGA.qQ2dpKFp0tXEOT9HsnE_iA.VGNY8taHff7iCOpoBNa41g"
    ),
    "A192CBC-HS384": (
        "eyJhbGciOiJBMjU2S1ciLCJlbmMiOiJBMTkyQ0JDLUhTMzg0In0.Oi1qci0uv3Me3PkCxN1Mg7af4hcB2Wde9CdHOOpj2YtcY5GddySBNDZRkxMgsvg07LWQVneF_Y0."
        "JrpEsj0RgGXay6HHQJ2hqw.1rNud9EwsfXYFF80DoOftg.BjiF-rqpDWZ41dR3vEewTRYOkj056w3S"
    ),
    "A256CBC-HS512": (
        "eyJhbGciOiJBMjU2S1ciLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0."
        "Zb7Z8u44_Nnd9SQKxi6BPsP7yPCzWFLGTDuyUM46AETtmtTarKAHBLKO1ZThz70T9yymfn7JosxoQg5oOc53spAhsEqbPSNG."
        "ZAmMwpq3EcAAgdgQUJHRjQ.AnAwPVfCW_tnBg1BUyjW7Q.FHOq5MaCidCukksGL3VPWdS2yp98pXVxfMY_MTw2Djw"
    ),
}


def without(parts: list[str], number: int) -> list[str]:
    return [part for at, part in enumerate(parts) if at != number]


def altered(text: str) -> str:
    return ("A" if text[:1] != "A" else "B") + text[1:]


def broken(token: str) -> dict[str, str]:
    """The token with each of its parts altered, emptied or left out with its dot, cut, or with more behind it."""
    parts = token.split(".")
    changed: dict[str, str] = {"nothing": "", "one more, empty": f"{token}.", "one more": f"{token}.foo", "half": token[: len(token) // 2]}
    for at, part in enumerate(parts):
        if part:
            changed[f"{at} altered"] = ".".join([*parts[:at], altered(part), *parts[at + 1 :]])
            changed[f"{at} empty"] = ".".join([*parts[:at], "", *parts[at + 1 :]])
            changed[f"{at} longer"] = ".".join([*parts[:at], f"{part}AAAA", *parts[at + 1 :]])
            for size in (1, 4, 8):
                shorter = b64u(unb64u(part)[:-size])
                changed[f"{at} cut by {size}"] = ".".join([*parts[:at], shorter, *parts[at + 1 :]])
        changed[f"without {at}"] = ".".join(without(parts, at))
    return changed


SIGNED = {alg: make({"alg": alg, "kid": "k"}, "foo", alg=alg) for alg in ("ES256", "RS256", "PS256", "ES512", "Ed25519")}


@pytest.mark.parametrize(("alg", "how"), [pytest.param(alg, how, id=f"{alg} {how}") for alg in SIGNED for how in broken(SIGNED[alg])])
def test_a_broken_signed_token_is_not_verified(alg: str, how: str):
    assert check(SIGNED[alg], public_key(alg)).signature.status == "verified"
    report = check(broken(SIGNED[alg])[how], public_key(alg))
    assert (report.signature.status == "verified", report.accepted) == (False, False)


@pytest.mark.parametrize("name", FOO)
def test_what_another_made_is_decrypted(name: str):
    report = check(FOO[name], WRAPPING)
    assert report.decryption is not None
    assert (report.decryption.status, report.payload_text, report.accepted) == ("decrypted", "foo", False)


@pytest.mark.parametrize(("name", "how"), [pytest.param(name, how, id=f"{name} {how}") for name in FOO for how in broken(FOO[name])])
def test_a_broken_encrypted_token_is_not_decrypted(name: str, how: str):
    report = check(broken(FOO[name])[how], WRAPPING)
    assert (report.decryption is not None and report.decryption.status == "decrypted", report.accepted) == (False, False)


@pytest.mark.parametrize(
    ("payload", "mac"),
    [
        ("VGVzdA", "c1LROH7eNQwUT8KMVEO52VC3WZ9e_AnDWbZ7aMmowV8"),
        ("VDIxMzI1NjY4", "AAAAtBuQqoI9HuBeAsgjL4nx8sCGYJa5-G2OrureLO4"),
        ("VDgxMjM0MTM", "____ETVRY0lRV9XgQeYX6ixdGT0NLHYb-wZem_ifJ5k"),
    ],
)
def test_a_mac_may_begin_with_zeros_or_ones(payload: str, mac: str):
    assert check(f"{ZEROS_HEADER}.{payload}.{mac}", ZEROS).signature.status == "verified"
    for wrong in (f"    {mac}", f"?{mac}", f"{mac}?", f"????{mac[4:]}", f"?{mac[1:]}", f"{mac}="):
        assert check(f"{ZEROS_HEADER}.{payload}.{wrong}", ZEROS).signature.status != "verified"


def with_mac(header: str, payload: str) -> str:
    return f"{header}.{payload}.{b64u(hmac.digest(bytes(32), f'{header}.{payload}'.encode(), 'sha256'))}"


@pytest.mark.parametrize(
    ("header", "payload"),
    [
        pytest.param(f"{ZEROS_HEADER}    ", "VGVzdA", id="spaces in the header"),
        pytest.param(f"{ZEROS_HEADER}####", "VGVzdA", id="strangers in the header"),
        pytest.param(ZEROS_HEADER, "    VGVzdA", id="spaces in the payload"),
        pytest.param(ZEROS_HEADER, "####VGVzdA", id="strangers in the payload"),
        pytest.param(ZEROS_HEADER, "?VGVzdA", id="a question mark"),
        pytest.param(ZEROS_HEADER, "VGVzdA==", id="padding"),
        pytest.param(ZEROS_HEADER, "AB", id="loose bits"),
    ],
)
def test_what_is_spelt_wrongly_is_refused_though_its_mac_is_over_the_spelling(header: str, payload: str):
    report = check(with_mac(header, payload), ZEROS)
    assert (report.signature.status, report.accepted) == ("invalid", False)


@pytest.mark.parametrize("header", ['{ "kid" : "hs256-key", "alg" : "HS256" }', '{"kid":"hs256-key",\n\t"alg":"HS256"}'])
def test_white_space_within_the_json_of_a_header_is_fine(header: str):
    assert check(with_mac(b64u(header), "VGVzdA"), ZEROS).signature.status == "verified"


def numbers(alg: str) -> dict[str, int]:
    return {"0": 0, "1": 1, "n-1": ORDER[alg] - 1, "n": ORDER[alg]}


@pytest.mark.parametrize(("r", "s"), list(product(numbers("ES256"), repeat=2)))
@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512"])
def test_an_ecdsa_signature_of_edge_values_is_refused(alg: str, r: str, s: str):
    size = (ORDER[alg].bit_length() + 7) // 8
    signature = numbers(alg)[r].to_bytes(size, "big") + numbers(alg)[s].to_bytes(size, "big")
    token = make({"alg": alg}, alg=alg)
    assert check(f"{token.rpartition('.')[0]}.{b64u(signature)}", public_key(alg)).signature.status == "invalid"


def overflowing() -> dict[str, Callable[[int, int], bytes]]:
    n = ORDER["ES256"]
    return {
        "leading zeros": lambda r, s: r.to_bytes(33, "big") + s.to_bytes(33, "big"),
        "a trailing zero": lambda r, s: r.to_bytes(32, "big") + s.to_bytes(32, "big") + b"\0",
        "r too big": lambda r, s: (r + n).to_bytes(33, "big") + s.to_bytes(33, "big"),
        "s too big": lambda r, s: r.to_bytes(33, "big") + (s + n).to_bytes(33, "big"),
        "r overflows": lambda r, s: (r + (1 << 256)).to_bytes(33, "big") + s.to_bytes(33, "big"),
        "s overflows": lambda r, s: r.to_bytes(33, "big") + (s + (1 << 256)).to_bytes(33, "big"),
        "a buffer overflows": lambda r, s: r.to_bytes(260, "big") + s.to_bytes(260, "big"),
    }


@pytest.mark.parametrize("how", overflowing())
def test_an_ecdsa_signature_has_no_more_room_than_its_numbers(how: str):
    signing_input, _, signature = SIGNED["ES256"].rpartition(".")
    r, s = (int.from_bytes(half, "big") for half in (unb64u(signature)[:32], unb64u(signature)[32:]))
    text = b64u(overflowing()[how](r, s))
    assert check(f"{signing_input}.{text}", public_key("ES256")).signature.status == "invalid"


# DigestInfo of SHA-256 (RFC 8017 §9.2, note 1), and what must not stand in its place.
SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
SHA512 = bytes.fromhex("3051300d060960864801650304020305000440")
WITHOUT_NULL = bytes.fromhex("302f300b0609608648016503040201 0420".replace(" ", ""))
LONG_LENGTH = bytes.fromhex("308131300d060960864801650304020105000420")


def padded(digest_info: bytes, size: int, begin: bytes = b"\0\1", fill: bytes = b"\xff", behind: bytes = b"") -> bytes:
    room = size - len(begin) - 1 - len(digest_info) - len(behind)
    return begin + fill * room + b"\0" + digest_info + behind


def paddings(data: bytes, size: int) -> dict[str, bytes]:
    digest = hashlib.sha256(data).digest()
    info = SHA256 + digest
    short = b"\0\1" + b"\xff" * 8 + b"\0" + info
    return {
        "as it should be": padded(info, size),
        "block type 0": padded(info, size, b"\0\0", b"\0"),
        "block type 2": padded(info, size, b"\0\2", b"\xaa"),
        "another first byte": padded(info, size, b"\1\1"),
        "another filling": padded(info, size, fill=b"\xfe"),
        "eight bytes of filling, garbage behind": short + bytes(size - len(short)),
        "garbage behind": padded(info, size, behind=b"\0"),
        "no DigestInfo": padded(digest, size),
        "no NULL": padded(WITHOUT_NULL + digest, size),
        "a length of two bytes": padded(LONG_LENGTH + digest, size),
        "another hash": padded(SHA512 + hashlib.sha512(data).digest(), size),
        "another name of the hash": padded(SHA512[:-1] + b"\x20" + digest, size),
        "a digest cut": padded(info[:-1], size),
        "a digest of something else": padded(SHA256 + hashlib.sha256(b"else").digest(), size),
        "the digest alone": digest.rjust(size, b"\0"),
        "zero": bytes(size),
        "one": b"\1".rjust(size, b"\0"),
    }


@pytest.mark.parametrize("how", paddings(b"", 256))
def test_an_rsa_signature_has_one_padding(how: str):
    key: Any = private("RS256")
    numbers_ = key.private_numbers()
    size = key.key_size // 8
    signing_input = SIGNED["RS256"].rpartition(".")[0]
    message = int.from_bytes(paddings(signing_input.encode(), size)[how], "big")
    signature = pow(message % numbers_.public_numbers.n, numbers_.d, numbers_.public_numbers.n).to_bytes(size, "big")
    report = check(f"{signing_input}.{b64u(signature)}", public_key("RS256"))
    assert (report.signature.status == "verified") == (how == "as it should be")


KEYS_OF_ENCRYPTION: dict[str, tuple[str, dict[str, Any], str]] = {
    "RSA1_5 with a key for RSA-OAEP": ("RSA-OAEP", {"alg": "RSA-OAEP"}, "RSA1_5"),
    "RSA-OAEP with a key for RSA-OAEP-256": ("RSA-OAEP", {"alg": "RSA-OAEP-256"}, ""),
    "a key to sign with": ("RSA-OAEP", {"use": "sig"}, ""),
    "a key for RS256": ("RSA-OAEP", {"alg": "RS256"}, ""),
    "a key that may only verify": ("RSA-OAEP", {"key_ops": ["verify"]}, ""),
}


@pytest.mark.parametrize("name", KEYS_OF_ENCRYPTION)
def test_a_key_for_something_else_does_not_decrypt(name: str):
    alg, members, written = KEYS_OF_ENCRYPTION[name]
    token = encode({"alg": alg, "enc": "A128GCM"}, CLAIMS, json.dumps(public_jwk(rsa_private(2048)))).token
    if written:
        token = f"{b64u(json.dumps({'alg': written, 'enc': 'A128GCM'}))}.{token.partition('.')[2]}"
    report = check(token, json.dumps(private_jwk(rsa_private(2048), **members)))
    assert report.decryption is not None
    assert report.decryption.status == "failed"


@pytest.mark.parametrize("members", [{"use": "enc"}, {"alg": "RSA-OAEP"}, {"alg": "PS256"}, {"key_ops": ["encrypt"]}], ids=str)
def test_a_key_for_something_else_does_not_verify(members: dict[str, Any]):
    report = check(SIGNED["RS256"], json.dumps(public_jwk(private("RS256"), **members)))
    assert (report.signature.status, report.signature.matches) == ("invalid", True)


def pkcs1_messages(content_key: bytes, size: int) -> dict[str, bytes]:
    """What RSA1_5 may hold, and what Wycheproof puts there instead (JWE 102 to 110)."""
    filled = size - 3 - len(content_key)
    good = b"\0\2" + b"\xaa" * filled + b"\0" + content_key
    return {
        "as it should be": good,
        "the padding of a signature": b"\0\1" + b"\xff" * filled + b"\0" + content_key,
        "another size": b"\0\2" + b"\xaa" * (filled + 1) + b"\0" + content_key[1:],
        "nothing": b"\0\2" + b"\xaa" * (size - 3) + b"\0",
        "no zero": b"\0\2" + b"\xaa" * (size - 2),
        "another first byte": b"\1" + good[1:],
        "a message of zeros": bytes(size),
        "too short a filling": b"\0\2" + b"\xaa" * 7 + b"\0" + content_key.rjust(size - 10, b"\1"),
        "another key": good[:-1] + bytes([good[-1] ^ 1]),
    }


def sent_with(message: bytes, plain: str) -> Any:
    numbers_ = rsa_private(2048).public_key().public_numbers()
    encrypted = pow(int.from_bytes(message, "big") % numbers_.n, numbers_.e, numbers_.n).to_bytes(256, "big")
    parts = plain.split(".")
    return check(".".join((parts[0], b64u(encrypted), *parts[2:])), json.dumps(private_jwk(rsa_private(2048))))


def test_every_wrong_padding_of_rsa1_5_has_the_answer_of_a_wrong_key():
    content_key = bytes(range(16))
    header = b64u('{"alg":"RSA1_5","enc":"A128GCM"}')
    iv = bytes(12)
    ciphertext, tag = seal(CONTENT_ENCRYPTION["A128GCM"], content_key, iv, b"foo", header.encode())
    plain = ".".join((header, "", b64u(iv), b64u(ciphertext), b64u(tag)))
    answers = {how: sent_with(message, plain) for how, message in pkcs1_messages(content_key, 256).items()}
    good = answers.pop("as it should be")
    assert (good.decryption.status, good.payload_text) == ("decrypted", "foo")
    told = {(one.decryption.status, one.decryption.because, tuple(finding.message for finding in one.findings)) for one in answers.values()}
    assert len(told) == 1
    assert next(iter(told))[0] == "failed"


def key_sets() -> dict[str, tuple[list[dict[str, Any]], str]]:
    """Wycheproof, JWK 1 to 6: sets of keys, and what becomes of an honest token."""
    own = json.loads(oct_jwk(kid="k", use="sig", alg="HS256"))
    other = json.loads(oct_jwk("x" * 40, kid="l", use="sig", alg="HS256"))
    pair = public_jwk(private("ES256"), kid="e", use="sig", alg="ES256")
    return {
        "two secrets": ([own, other], "verified"),
        "a secret and a public key": ([own, pair], "invalid"),
        "two of one kid": ([own, other | {"kid": "k"}], "invalid"),
        "a key to encrypt with": ([own | {"use": "enc"}], "invalid"),
        "a key for another algorithm": ([own | {"alg": "A256KW"}], "invalid"),
    }


@pytest.mark.parametrize("name", key_sets())
def test_a_set_of_keys_is_judged_as_a_whole(name: str):
    keys, status = key_sets()[name]
    report = check(make({"alg": "HS256", "kid": "k"}), json.dumps({"keys": keys}))
    assert (report.signature.status, report.signature.matches) == (status, True)
