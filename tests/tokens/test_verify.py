"""verify, rule by rule: what a strict verifier accepts is verified, nothing else is, and the reason is named."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from app.tokens import ALGORITHMS, Expectations, NotAccepted, encode, read_keys, verify
from app.tokens.keys.rsa_parts import is_roca
from tests.cost import within
from tests.tokens.keyring import (
    ASYMMETRIC,
    CLAIMS,
    ECDSA,
    HALF,
    HMAC,
    NOW,
    ORDER,
    RSA,
    SECRET,
    SIGNING,
    b64u,
    because,
    check,
    codes,
    integer,
    joined,
    make,
    oct_jwk,
    outcome,
    private,
    private_jwk,
    private_key,
    private_pem,
    public_der,
    public_jwk,
    public_key,
    public_pem,
    raw_signature,
    read_out,
    rsa_private,
    status,
    token,
    unb64u,
)

HS = '{"alg":"HS256"}'


def with_signature(text: str, signature: bytes) -> str:
    return f"{text.rpartition('.')[0]}.{b64u(signature)}"


def refused(report: Any, code: str) -> None:
    """The bare arithmetic fits, and one rule refuses."""
    assert (report.signature.status, report.signature.matches, report.accepted) == ("invalid", True, False)
    assert report.signature.faults[0].code == code
    assert report.signature.faults[0].message in report.signature.because
    assert code in codes(report.findings)
    assert outcome(report, "signature") == "failed"


# the plain case


@pytest.mark.parametrize("alg", SIGNING)
def test_a_good_token_is_verified_and_accepted(alg: str):
    report = check(token(alg), public_key(alg))
    assert (report.signature.status, report.signature.algorithm, report.signature.matches) == ("verified", alg, True)
    assert report.signature.faults == report.signature.findings == ()
    assert report.accepted
    assert report.claims() == {"sub": "1", "exp": 1800000000}
    assert [one.name for one in report.checks] == [
        "form",
        "header",
        "algorithm",
        "key",
        "signature",
        "claims",
        "exp",
        "nbf",
        "iat",
        "iss",
        "aud",
        "typ",
        "profile",
    ]
    assert not [one.name for one in report.checks if one.outcome == "failed"]
    assert {name: outcome(report, name) for name in ("form", "header", "key", "signature", "claims", "exp")} == dict.fromkeys(
        ("form", "header", "key", "signature", "claims", "exp"), "passed"
    )


@pytest.mark.parametrize("alg", SIGNING)
def test_another_key_of_the_same_sort_does_not_verify(alg: str):
    other = SECRET[::-1] if alg in HMAC else public_key(alg, 1)
    report = check(token(alg), other)
    assert (report.signature.status, report.signature.matches) == ("invalid", False)
    assert "does not match" in report.signature.because


@pytest.mark.parametrize("alg", SIGNING)
@pytest.mark.parametrize("other", SIGNING)
def test_a_signature_is_verified_only_under_the_algorithm_that_made_it(alg: str, other: str):
    """The header lies about the algorithm; the key is the right one for what made the signature."""
    text = make({"alg": other}, alg=alg)
    same = alg == other or (alg == "Ed25519" and other == "EdDSA") or (alg, other) == ("Ed448", "EdDSA")
    if (alg, other) == ("EdDSA", "Ed25519"):  # the EdDSA key of these tests lies on Ed25519
        same = True
    assert (status(text, public_key(alg)) == "verified") == same


# the size and shape of the signature


@pytest.mark.parametrize("alg", SIGNING)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda raw: raw[:-1], id="one byte less behind"),
        pytest.param(lambda raw: raw[1:], id="one byte less in front"),
        pytest.param(lambda raw: raw + b"\0", id="one byte more behind"),
        pytest.param(lambda raw: b"\0" + raw, id="one byte more in front"),
        pytest.param(lambda raw: raw[: len(raw) // 2], id="half"),
        pytest.param(lambda raw: raw + raw, id="twice"),
    ],
)
def test_the_signature_has_exactly_one_size(alg: str, change: Any):
    raw = unb64u(token(alg).split(".")[2])
    report = check(with_signature(token(alg), change(raw)), public_key(alg))
    assert (report.signature.status, report.signature.matches) == ("invalid", False)
    assert codes(report.signature.findings) == ["signature_size"]
    assert f"{len(change(raw))} bytes" in report.signature.because
    assert f"makes {len(raw)}" in report.signature.because


def test_the_sizes_are_those_of_the_rfcs():
    sizes = {alg: len(unb64u(token(alg).split(".")[2])) for alg in SIGNING}
    assert sizes == {
        "HS256": 32,
        "HS384": 48,
        "HS512": 64,
        **dict.fromkeys(RSA, 256),
        "ES256": 64,
        "ES384": 96,
        "ES512": 132,
        "ES256K": 64,
        "EdDSA": 64,
        "Ed25519": 64,
        "Ed448": 114,
        "ML-DSA-44": 2420,
        "ML-DSA-65": 3309,
        "ML-DSA-87": 4627,
    }
    assert {alg: ALGORITHMS[alg].signature_size or sizes[alg] for alg in SIGNING} == sizes


@pytest.mark.parametrize("alg", SIGNING)
def test_an_empty_signature_is_never_verified(alg: str):
    report = check(with_signature(token(alg), b""), public_key(alg))
    assert (report.signature.status, codes(report.signature.findings)) == ("invalid", ["signature_empty"])


@pytest.mark.parametrize("alg", SIGNING)
def test_a_signature_of_zeros_or_ones_is_never_verified(alg: str):
    size = len(unb64u(token(alg).split(".")[2]))
    for byte in (b"\0", b"\xff", b"\x01"):
        assert status(with_signature(token(alg), byte * size), public_key(alg)) == "invalid"


@pytest.mark.parametrize("tail", [".", "..", ".e30", ". ", "\0"], ids=["dot", "two dots", "segment", "dot and blank", "NUL"])
def test_something_behind_the_signature_is_refused(tail: str):
    assert status(token("HS256") + tail) != "verified"
    assert outcome(check(token("HS256") + tail), "form") in ("failed", "not_checked")


# ECDSA


def rs(alg: str, r: int, s: int) -> str:
    return with_signature(token(alg), r.to_bytes(HALF[alg], "big") + s.to_bytes(HALF[alg], "big"))


@pytest.mark.parametrize("alg", ECDSA)
def test_r_and_s_lie_between_1_and_the_order(alg: str):
    n, top = ORDER[alg], (1 << HALF[alg] * 8) - 1
    raw = unb64u(token(alg).split(".")[2])
    r, s = int.from_bytes(raw[: HALF[alg]], "big"), int.from_bytes(raw[HALF[alg] :], "big")
    out_of_range = [(0, 0), (0, s), (r, 0), (n, n), (n, s), (r, n), (n, 0), (0, n), (top, top), (r, top), (n + 1, s), (r, n + 1)]
    for pair in out_of_range:
        report = check(rs(alg, *pair), public_key(alg))
        assert (report.signature.status, report.signature.matches) == ("invalid", False)
        assert codes(report.signature.findings) == ["signature_range"], pair
    for pair in [(n - 1, n - 1), (1, 1), (n - 1, s), (r, n - 1), (1, s), (s, r)]:
        report = check(rs(alg, *pair), public_key(alg))
        assert (report.signature.status, report.signature.findings) == ("invalid", ()), pair


def test_r_and_s_with_the_order_added_are_refused_though_the_numbers_are_congruent():
    raw = unb64u(token("ES512").split(".")[2])
    r, s = int.from_bytes(raw[:66], "big"), int.from_bytes(raw[66:], "big")
    for pair in ((r + ORDER["ES512"], s), (r, s + ORDER["ES512"])):
        assert codes(check(rs("ES512", *pair), public_key("ES512")).signature.findings) == ["signature_range"]


@pytest.mark.parametrize("alg", ECDSA)
def test_the_psychic_signature_is_named(alg: str):
    assert "CVE-2022-21449" in check(rs(alg, 0, 0), public_key(alg)).signature.because


@pytest.mark.parametrize("alg", ECDSA)
def test_both_values_of_s_are_right(alg: str):
    """JOSE has no low-s rule: n − s verifies as well."""
    raw = unb64u(token(alg).split(".")[2])
    r, s = int.from_bytes(raw[: HALF[alg]], "big"), int.from_bytes(raw[HALF[alg] :], "big")
    assert status(rs(alg, r, ORDER[alg] - s), public_key(alg)) == "verified"


@pytest.mark.parametrize("alg", ECDSA)
def test_a_der_signature_is_refused_and_named(alg: str):
    key, data = private(alg), token(alg).rpartition(".")[0].encode()
    digest = {"ES384": hashes.SHA384(), "ES512": hashes.SHA512()}.get(alg, hashes.SHA256())
    der = key.sign(data, ec.ECDSA(digest))
    assert decode_dss_signature(der)
    report = check(with_signature(token(alg), der), public_key(alg))
    assert report.signature.status == "invalid"
    assert "ASN.1 DER" in report.signature.because


def test_ecdsa_with_leading_zeros_added_is_refused():
    raw = unb64u(token("ES256").split(".")[2])
    padded = bytes(8) + raw[:32] + bytes(8) + raw[32:]
    assert codes(check(with_signature(token("ES256"), padded), public_key("ES256")).signature.findings) == ["signature_size"]


@pytest.mark.parametrize(("alg", "other"), [(alg, other) for alg in ECDSA for other in ECDSA if alg != other])
def test_the_curve_belongs_to_the_algorithm(alg: str, other: str):
    """Even a signature made with the other curve's key is not checked: the curve decides (RFC 7518 §3.4)."""
    for text in (token(alg), make({"alg": alg}, alg=other)):
        report = check(text, public_key(other))
        assert (report.signature.status, report.signature.matches) == ("not_checked", None)
        assert codes(report.signature.findings) == ["key_type_for_algorithm"]
        assert outcome(report, "key") == "failed"


# RSA


@pytest.mark.parametrize("alg", [alg for alg in RSA if alg.startswith("PS")])
@pytest.mark.parametrize("salt", [0, 1, 20, "hash-1", "hash+1", "longest"], ids=str)
def test_the_pss_salt_is_as_long_as_the_hash(alg: str, salt: Any):
    digest = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[alg[2:]]
    length: Any = {"hash-1": digest.digest_size - 1, "hash+1": digest.digest_size + 1, "longest": padding.PSS.MAX_LENGTH}.get(salt, salt)
    key, data = private(alg), token(alg).rpartition(".")[0].encode()
    signature = key.sign(data, padding.PSS(padding.MGF1(digest), length), digest)
    key.public_key().verify(signature, data, padding.PSS(padding.MGF1(digest), padding.PSS.AUTO), digest)  # any salt would do
    assert status(with_signature(token(alg), signature), public_key(alg)) == "invalid"


def test_the_pss_mask_is_made_with_the_same_hash():
    key, data = private("PS256"), token("PS256").rpartition(".")[0].encode()
    signature = key.sign(data, padding.PSS(padding.MGF1(hashes.SHA1()), 32), hashes.SHA256())
    assert status(with_signature(token("PS256"), signature), public_key("PS256")) == "invalid"


def rsa_forgery(n: int, e: int, text: str, key: rsa.RSAPrivateKey) -> str:
    """A signature for the modulus as it stands, as an integer plus the modulus: congruent, but not smaller than n."""
    raw = int.from_bytes(unb64u(text.split(".")[2]), "big")
    return with_signature(text, (raw + n).to_bytes((n.bit_length() + 7) // 8 + 1, "big")[1:])


def test_an_rsa_signature_is_smaller_than_the_modulus():
    key = private("RS256")
    numbers = key.public_key().public_numbers()
    for index in range(60):  # signature + n must still fit 2048 bits: a small signature is needed
        text = make({"alg": "RS256"}, json.dumps({"n": index}), alg="RS256")
        if int.from_bytes(unb64u(text.split(".")[2]), "big") + numbers.n < 1 << 2048:
            assert status(text, public_key("RS256")) == "verified"
            assert status(rsa_forgery(numbers.n, numbers.e, text, key), public_key("RS256")) == "invalid"
            return
    pytest.skip("no small signature among sixty")


@pytest.mark.parametrize(("bits", "verdict"), [(1024, "invalid"), (2047, "invalid"), (2048, "verified")])
@pytest.mark.parametrize("alg", ["RS256", "PS256"])
def test_rsa_keys_have_2048_bits_at_least(bits: int, verdict: str, alg: str):
    key = rsa_private(bits)
    assert key.key_size == bits
    for text in (public_pem(key), private_pem(key), json.dumps(public_jwk(key)), json.dumps({"keys": [public_jwk(key)]})):
        report = check(make({"alg": alg}, alg=alg, key=key), text)
        assert report.signature.status == verdict
        if verdict == "invalid":
            refused(report, "rsa_too_short")
            assert f"{bits} bits" in report.signature.because


def rsa_jwk(n: int, e: int = 65537, **more: str) -> str:
    return json.dumps({"kty": "RSA", "n": integer(n), "e": integer(e), **more})


@pytest.mark.parametrize(("bits", "tried"), [(511, False), (512, True), (8192, True), (8193, False), (16384, False), (100_000, False)])
def test_rsa_moduli_of_512_to_8192_bits_are_tried(bits: int, tried: bool):
    modulus = (1 << bits - 1) + 12345
    text = joined('{"alg":"RS256"}', signature=b"\1" * ((bits + 7) // 8))
    report = within(0.2, lambda: check(text, rsa_jwk(modulus)))
    assert report.signature.status in ("invalid", "not_checked")
    assert ("rsa_too_long" not in codes(report.findings)) == tried
    if not tried:
        assert report.signature.because.startswith("Not tried")


def test_an_8192_bit_key_with_a_huge_exponent_is_refused_or_done_soon():
    modulus = (1 << 8191) + 12345
    text = joined('{"alg":"RS256"}', signature=b"\1" * 1024)
    assert within(1, lambda: status(text, rsa_jwk(modulus, (1 << 8190) + 7))) == "invalid"


@pytest.mark.parametrize("e", [0, 1, 2, 4, 65536, 1 << 64], ids=str)
def test_an_rsa_exponent_is_odd_and_at_least_3(e: int):
    """With e = 1 the padded digest itself would be a signature."""
    modulus = private("RS256").public_key().public_numbers().n
    data = joined('{"alg":"RS256"}').rpartition(".")[0]
    info = bytes.fromhex("3031300d060960864801650304020105000420")
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data.encode())
    padded = b"\0\1" + b"\xff" * (256 - 3 - len(info) - 32) + b"\0" + info + digest.finalize()
    assert len(padded) == 256
    report = check(f"{data}.{b64u(padded)}", rsa_jwk(modulus, e))
    assert report.signature.status == "invalid"
    assert "rsa_exponent" in codes(report.signature.faults)


def test_an_rsa_exponent_of_3_is_fine():
    key = rsa.generate_private_key(3, 2048)
    assert status(make({"alg": "RS256"}, alg="RS256", key=key), public_pem(key)) == "verified"


ROCA_PRIMES = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)


def roca_key() -> rsa.RSAPrivateKey:
    """Two primes k·M + 65537^a mod M, found once by trying k upwards."""
    product = 1
    for prime in ROCA_PRIMES:
        product *= prime
    first = (3 << 1022) // product
    p, q = ((first + offset) * product + pow(65537, a, product) for offset, a in ((320, 1), (162, 5)))
    e = 65539  # 65537 itself is no special exponent here; any that is coprime will do
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(e, p * q))
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def test_a_roca_key_is_refused_though_it_verifies():
    key = roca_key()
    assert key.key_size == 2048
    for text in (public_pem(key), json.dumps(public_jwk(key)), private_pem(key)):
        refused(check(make({"alg": "RS256"}, alg="RS256", key=key), text), "rsa_roca")
    modulus = key.public_key().public_numbers().n
    assert is_roca(modulus)
    assert not is_roca(modulus + 2)
    assert not any(is_roca(rsa_private(2048, which).public_key().public_numbers().n) for which in (0, 1))


# Ed25519

SMALL_ORDER = {
    "1": "01" + "00" * 31,
    "2": "ec" + "ff" * 30 + "7f",
    "4": "00" * 32,
    "4, other sign": "00" * 31 + "80",
    "8": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "8, other sign": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "8, other y": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "8, other y and sign": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
}


@pytest.mark.parametrize("point", [pytest.param(bytes.fromhex(text), id=f"order {name}") for name, text in SMALL_ORDER.items()])
def test_a_key_of_small_order_verifies_nothing(point: bytes):
    """With such a key R = 1, s = 0 is a signature over every message, or every few: anyone can sign, as with e = 1 for RSA."""
    key = json.dumps({"kty": "OKP", "crv": "Ed25519", "x": b64u(point)})
    signature = b"\1" + bytes(63)
    found = [status(joined('{"alg":"EdDSA"}', json.dumps({"n": number}), signature), key) for number in range(64)]
    assert "verified" not in found


def test_an_ed25519_signature_has_one_spelling():
    """s + L is the same number modulo the order; taking it would make two tokens of one (RFC 8032 §5.1.7)."""
    order = 2**252 + 27742317777372353535851937790883648493
    raw = unb64u(token("Ed25519").split(".")[2])
    s = int.from_bytes(raw[32:], "little")
    for other in (s + order, s + 8 * order, s + 15 * order):
        if other < 1 << 256:
            assert status(with_signature(token("Ed25519"), raw[:32] + other.to_bytes(32, "little")), public_key("Ed25519")) == "invalid"


# secrets


@pytest.mark.parametrize(("alg", "size"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_is_as_long_as_the_hash(alg: str, size: int):
    for length, verdict in ((size - 1, "invalid"), (size, "verified"), (size + 1, "verified")):
        secret = (SECRET * 2)[:length]
        for key, encoding in ((secret, "auto"), (oct_jwk(secret), "auto"), (secret.encode().hex(), "hex"), (b64u(secret), "base64url")):
            report = check(make({"alg": alg}, alg=alg, key=secret), key, key_encoding=encoding)
            assert report.signature.status == verdict
            if verdict == "invalid":
                refused(report, "key_too_short")
                assert f"{length * 8} bits; {alg} requires {size * 8}" in report.signature.because


@pytest.mark.parametrize(
    ("key", "encoding", "secret"),
    [
        pytest.param("", "auto", "", id="nothing"),
        pytest.param("", "utf8", "", id="nothing, utf8"),
        pytest.param("", "hex", "", id="nothing, hex"),
        pytest.param("0x", "hex", "", id="0x"),
        pytest.param("=", "base64url", "", id="padding alone"),
        pytest.param("\n", "auto", "\n", id="line break"),
        pytest.param(" ", "auto", " ", id="blank"),
        pytest.param("\n", "utf8", "\n", id="line break, utf8"),
        pytest.param("\ufeff", "auto", "\ufeff", id="byte order mark"),
        pytest.param("\0", "auto", "\0", id="NUL"),
        pytest.param('{"kty":"oct","k":""}', "auto", "", id="JWK"),
        pytest.param('{"keys":[{"kty":"oct","k":""}]}', "auto", "", id="JWK Set"),
    ],
)
@pytest.mark.parametrize("alg", HMAC)
def test_an_empty_secret_never_verifies(key: str, encoding: str, secret: str, alg: str):
    text = make({"alg": alg}, alg=alg, key=secret.encode())
    report = check(text, key, key_encoding=encoding)
    assert report.signature.status in ("invalid", "not_checked")
    assert not report.accepted


def test_without_a_key_nothing_is_checked():
    for text in (token("HS256"), token("ES256"), make({"alg": "ES256", "jwk": public_jwk(private("ES256"))}, alg="ES256")):
        report = check(text, "")
        assert (report.signature.status, report.signature.key, report.accepted) == ("not_checked", None, False)
        assert "there is no key" in report.signature.because
        assert (outcome(report, "key"), outcome(report, "signature")) == ("not_checked", "not_checked")


# algorithm confusion: no public key is a secret, however it is spelt


def spki(alg: str) -> bytes:
    return public_der(private(alg))


def openssh(alg: str) -> bytes:
    return private(alg).public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)


def certificate_pem() -> bytes:
    from tests.tokens.test_interop import certificate

    return certificate("RS256").public_bytes(serialization.Encoding.PEM)


def certificate_der() -> bytes:
    from tests.tokens.test_interop import certificate

    return certificate("RS256").public_bytes(serialization.Encoding.DER)


PUBLIC_SPELLINGS: dict[str, Any] = {
    "RSA PEM": lambda: public_pem(private("RS256")).encode(),
    "RSA PEM without last line break": lambda: public_pem(private("RS256")).strip().encode(),
    "RSA PEM with CRLF": lambda: public_pem(private("RS256")).replace("\n", "\r\n").encode(),
    "RSA PEM with written-out line breaks": lambda: public_pem(private("RS256")).replace("\n", "\\n").encode(),
    "RSA PKCS#1 PEM": lambda: public_pem(private("RS256"), serialization.PublicFormat.PKCS1).encode(),
    "EC PEM": lambda: public_pem(private("ES256")).encode(),
    "Ed25519 PEM": lambda: public_pem(private("Ed25519")).encode(),
    "ML-DSA PEM": lambda: public_pem(private("ML-DSA-44")).encode(),
    "certificate PEM": certificate_pem,
    "private PEM": lambda: private_pem(private("RS256")).encode(),
    "RSA JWK": lambda: json.dumps(public_jwk(private("RS256"))).encode(),
    "EC JWK": lambda: json.dumps(public_jwk(private("ES256"), alg="ES256", use="sig"), indent=2).encode(),
    "Ed25519 JWK": lambda: json.dumps(public_jwk(private("Ed25519"))).encode(),
    "JWK Set": lambda: json.dumps({"keys": [public_jwk(private("RS256"))]}).encode(),
    "OpenSSH RSA": lambda: openssh("RS256"),
    "OpenSSH Ed25519": lambda: openssh("Ed25519"),
    "OpenSSH EC": lambda: openssh("ES256"),
    "base64 of DER": lambda: base64.b64encode(spki("RS256")),
    "base64 of DER in lines": lambda: base64.encodebytes(spki("RS256")),
}
BINARY_SPELLINGS: dict[str, Any] = {
    "RSA DER": lambda: spki("RS256"),
    "RSA PKCS#1 DER": lambda: public_der(private("RS256"), serialization.PublicFormat.PKCS1),
    "EC DER": lambda: spki("ES256"),
    "Ed25519 DER": lambda: spki("Ed25519"),
    "certificate DER": certificate_der,
}
IN_FRONT = {"nothing": b"", "line break": b"\n", "CRLF": b"\r\n", "blanks": b"  ", "tab": b"\t", "byte order mark": b"\xef\xbb\xbf"}


def confused(secret: bytes, alg: str = "HS256") -> list[str]:
    """The ways of giving *secret* that verify a token signed with it."""
    text = make({"alg": alg}, alg=alg, key=secret)
    ways = [(base64.b64encode(secret).decode(), "base64"), (b64u(secret), "base64url"), (secret.hex(), "hex")]
    with suppress(UnicodeDecodeError):
        ways += [(secret.decode(), "auto"), (secret.decode(), "utf8")]
    return [f"{encoding} {way[:12]!r}" for way, encoding in ways if status(text, way, key_encoding=encoding) == "verified"]


@pytest.mark.parametrize("in_front", [pytest.param(data, id=f"{name} in front") for name, data in IN_FRONT.items()])
@pytest.mark.parametrize("spelling", [pytest.param(write, id=name) for name, write in PUBLIC_SPELLINGS.items()])
def test_the_text_of_a_public_key_is_no_secret(spelling: Any, in_front: bytes):
    assert confused(in_front + spelling()) == []


@pytest.mark.parametrize("spelling", [pytest.param(write, id=name) for name, write in BINARY_SPELLINGS.items()])
@pytest.mark.parametrize("alg", HMAC)
def test_the_bytes_of_a_public_key_are_no_secret(spelling: Any, alg: str):
    assert confused(spelling(), alg) == []


@pytest.mark.parametrize(
    "spelling", [pytest.param(write, id=name) for name, write in (PUBLIC_SPELLINGS | BINARY_SPELLINGS).items() if "in lines" not in name]
)
def test_a_public_key_in_the_k_of_a_jwk_is_no_secret(spelling: Any):
    assert status(make(HS, key=spelling()), oct_jwk(spelling())) == "invalid"


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(lambda: ("[" + json.dumps(public_jwk(private("RS256"))) + "]").encode(), id="JWK in an array"),
        pytest.param(
            lambda: b"Bag Attributes\n  friendlyName: x\n" + public_pem(private("RS256")).encode(), id="PEM behind bag attributes"
        ),
        pytest.param(lambda: public_key_pem_of(ec.BrainpoolP256R1()), id="PEM on a curve that JOSE has not"),
        pytest.param(
            lambda: private("RS256").private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
            ),
            id="OpenSSH private key",
        ),
        pytest.param(
            lambda: json.dumps(public_jwk(private("ES256"))).replace('"kty"', '"kty":"EC","kty"', 1).encode(), id="JWK with a member twice"
        ),
    ],
)
def test_what_is_plainly_a_key_but_not_read_as_one_is_no_secret_either(secret: Any):
    assert confused(secret()) == []


def public_key_pem_of(curve: ec.EllipticCurve) -> bytes:
    return public_pem(ec.generate_private_key(curve)).encode()


@pytest.mark.parametrize("alg", HMAC)
@pytest.mark.parametrize("kind", ["RS256", "ES256", "Ed25519", "ML-DSA-44"])
def test_a_public_key_never_runs_an_hmac(kind: str, alg: str):
    text = make({"alg": alg}, alg=alg, key=public_pem(private(kind)))
    report = check(text, public_pem(private(kind)))
    assert (report.signature.status, codes(report.signature.findings)) == ("not_checked", ["key_type_for_algorithm"])
    assert "algorithm confusion" in (report.signature.findings[0].fix or "")


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_a_secret_never_runs_a_public_key_algorithm(alg: str):
    assert status(token(alg), SECRET) == "not_checked"
    assert status(token(alg), oct_jwk()) == "not_checked"


def test_a_secret_that_only_begins_like_a_key_is_a_secret():
    for secret in (
        "0" * 40,
        "{" + "x" * 40,
        "MII" + "x" * 40,
        "ssh" + "x" * 40,
        " " * 3 + "x" * 40,
        '{"a":"json without a key type, forty chars"}',
    ):
        assert status(make({"alg": "HS256"}, key=secret), secret) == "verified", secret


# none


@pytest.mark.parametrize("key", ["", SECRET, '{"kty":"oct","k":""}'], ids=["no key", "secret", "empty JWK"])
@pytest.mark.parametrize("signature", ["", "AA", "sig"], ids=["unsigned", "one byte", "with a MAC"])
@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", " none", "none ", "none\0", "ｎｏｎｅ", "", "no\u200bne", "noné"])
def test_none_is_never_verified_in_any_spelling(alg: str, signature: str, key: str):
    data = f"{b64u(json.dumps({'alg': alg}))}.{b64u(CLAIMS)}"
    text = make({"alg": alg}) if signature == "sig" else f"{data}.{signature}"
    report = check(text, key)
    assert report.signature.status == ("unsecured" if alg == "none" else "not_checked")
    assert not report.accepted
    with pytest.raises(NotAccepted):
        report.claims()
    assert "alg_none" in codes(report.findings) or "alg_unknown" in codes(report.findings)
    if alg == "none" and signature:
        assert "alg_none_with_signature" in codes(report.findings)


def test_none_is_unsecured_even_if_it_is_allowed():
    report = check(joined('{"alg":"none"}'), expect=Expectations(algorithms=("none",)))
    assert (report.signature.status, outcome(report, "signature"), report.accepted) == ("unsecured", "failed", False)


def test_a_key_for_none_changes_nothing():
    for key in (json.dumps({"kty": "oct", "k": b64u(SECRET), "alg": "none"}), public_key("RS256")):
        assert status(joined('{"alg":"none"}'), key) == "unsecured"


# duplicate members, spelling and the form of the token


@pytest.mark.parametrize(
    "header",
    [
        pytest.param('{"alg":"HS256","alg":"HS256"}', id="alg twice, the same"),
        pytest.param('{"alg":"none","alg":"HS256"}', id="none first"),
        pytest.param('{"alg":"HS256","kid":"a","kid":"b"}', id="kid twice"),
        pytest.param('{"alg":"HS256","\\u0061lg":"HS256"}', id="one of them escaped"),
        pytest.param('{"alg":"HS256","x":{"a":1,"a":2}}', id="in an inner object"),
    ],
)
def test_a_member_twice_in_the_header_is_refused(header: str):
    refused(check(make(header)), "json_duplicate_member")


def test_none_behind_another_alg_is_not_verified():
    assert status(make('{"alg":"HS256","alg":"none"}')) == "unsecured"


def test_a_member_twice_in_the_payload_is_verified_but_not_accepted():
    report = check(make(HS, '{"exp":1800000000,"sub":"alice","sub":"admin"}'))
    assert (report.signature.status, report.accepted, outcome(report, "claims")) == ("verified", False, "failed")
    assert "json_duplicate_member" in codes(report.findings)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(b'{"alg":"HS256","kid":"\xff"}', id="byte FF"),
        pytest.param(b'{"alg":"HS256","kid":"Jos\xe9"}', id="Latin-1"),
        pytest.param(b'{"alg":"HS256","typ":"\xc0\x80"}', id="overlong NUL"),
        pytest.param(b'{"alg":"HS256","kid":"\xed\xa0\x80"}', id="surrogate in bytes"),
        pytest.param(b'{"alg":"HS256","kid":"\xff","typ":"JWT","cty":"x"}', id="many members"),
        pytest.param(b'\xef\xbb\xbf{"alg":"HS256"}', id="byte order mark"),
        pytest.param('{"alg":"HS256"}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"alg":"HS256","x":NaN}', id="NaN"),
        pytest.param(b'{"alg":"HS256",}', id="trailing comma"),
        pytest.param(b"{'alg':'HS256'}", id="single quotes"),
        pytest.param(b'{"alg":"HS256"} x', id="something behind"),
        pytest.param(b'["alg","HS256"]', id="array"),
        pytest.param(b'"HS256"', id="string"),
        pytest.param(b"null", id="null"),
    ],
)
def test_a_header_that_is_no_json_object_in_utf_8_is_never_verified(header: bytes):
    report = check(make(header))
    assert report.signature.status in ("invalid", "not_checked")
    assert outcome(report, "header") == "failed"
    assert not report.accepted


def test_half_a_surrogate_pair_in_the_header_is_json_and_is_said():
    """RFC 8259 §8.2 allows the spelling and warns of it; nothing in RFC 7515 refuses it."""
    report = check(make('{"alg":"HS256","kid":"\\ud800"}'))
    assert report.signature.status == "verified"
    assert codes(report.findings) == ["json_lone_surrogate"]


@pytest.mark.parametrize("white", [" ", "\n", "\t", "\r\n  "], ids=repr)
def test_white_space_inside_the_header_is_fine(white: str):
    assert status(make(f'{white}{{{white}"alg"{white}:{white}"HS256"{white}}}{white}')) == "verified"


def respelt(text: str, segment: int, change: Any) -> str:
    """The token with one segment spelt otherwise and signed as it is spelt, so that only the spelling is wrong."""
    header, payload, signature = text.split(".")
    if segment < 2:
        data = ".".join(change(part) if at == segment else part for at, part in enumerate((header, payload)))
        return f"{data}.{b64u(raw_signature('HS256', data.encode()))}"
    return f"{header}.{payload}.{change(signature)}"


@pytest.mark.parametrize("segment", [0, 1, 2], ids=["header", "payload", "signature"])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(lambda text: text + "=" * (-len(text) % 4 or 4), "base64_padding", id="padding"),
        pytest.param(lambda text: text[:-1] + chr(ord(text[-1]) + 1), "base64_loose_bits", id="loose bits"),
        pytest.param(lambda text: text[:5] + "#" + text[5:], "base64_foreign_character", id="foreign character"),
        pytest.param(lambda text: text[:5] + "\n" + text[5:], "white_space", id="line break"),
        pytest.param(lambda text: text[:5] + "\u200b" + text[5:], "invisible_character", id="zero-width space"),
    ],
)
def test_base64url_that_is_not_canonical_is_refused(segment: int, change: Any, code: str):
    base = make('{"alg":"HS256","a":1}', '{"exp":1800000000,"sub":12}')
    assert [len(part) % 4 for part in base.split(".")] == [0, 0, 3] or [len(part) % 4 for part in base.split(".")][2] == 3
    if code == "base64_loose_bits" and segment < 2:
        base = make('{"alg":"HS256","a":12}', '{"exp":1800000000,"sub":123}')
        assert all(len(part) % 4 for part in base.split("."))
    report = check(respelt(base, segment, change))
    assert report.signature.status != "verified"
    assert code in codes(report.findings)
    assert outcome(report, "form") == "failed"
    assert not report.accepted


def test_the_standard_alphabet_is_refused():
    text = make(HS, b'{"exp":1800000000,"a":"\xc3\xbf\xc3\xbe???>>>"}')
    header, payload, _ = text.split(".")
    assert set("-_") & set(payload)
    standard = payload.replace("-", "+").replace("_", "/")
    data = f"{header}.{standard}"
    report = check(f"{data}.{b64u(raw_signature('HS256', data.encode()))}")
    assert report.signature.status == "invalid"
    assert "base64_standard_alphabet" in codes(report.findings)


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda text: f"Bearer {text}", id="Bearer"),
        pytest.param(lambda text: f"Authorization: Bearer {text}", id="header line"),
        pytest.param(lambda text: f'"{text}"', id="quotes"),
    ],
)
def test_packaging_is_set_aside_and_said(wrap: Any):
    report = check(wrap(token("HS256")))
    assert (report.signature.status, report.accepted) == ("verified", True)
    assert "wrapper_removed" in codes(report.findings)


@pytest.mark.parametrize(
    "text",
    [lambda t: f"{t}\n", lambda t: f" {t}", lambda t: f"{t}\u200b", lambda t: f"\ufeff{t}"],
    ids=["line break", "blank", "ZWSP", "BOM"],
)
def test_white_space_round_a_token_is_refused_by_name(text: Any):
    report = check(text(token("HS256")))
    assert report.signature.status == "invalid"
    assert report.signature.matches is True
    assert report.signature.faults[0].code in ("white_space", "invisible_character")


@pytest.mark.parametrize("text", [lambda t: f"Bearer {t}\n", lambda t: f"\nBearer {t}"], ids=["behind", "in front"])
def test_white_space_round_packaging_is_judged_like_white_space_round_a_token(text: Any):
    """Either both are packaging or neither: `Bearer x\\n` must not be better than `x\\n`."""
    alone, wrapped = status(token("HS256") + "\n"), status(text(token("HS256")))
    assert alone == wrapped


# crit


@pytest.mark.parametrize(
    ("header", "code"),
    [
        pytest.param({"crit": ["exp"], "exp": 1}, "crit_unknown", id="unknown"),
        pytest.param({"crit": ["b64"]}, "crit_absent_name", id="b64 that is not there"),
        pytest.param({"crit": ["b64", "exp"], "b64": True, "exp": 1}, "crit_unknown", id="b64 and an unknown one"),
        pytest.param({"crit": []}, "crit_form", id="empty"),
        pytest.param({"crit": "exp", "exp": 1}, "crit_form", id="a string"),
        pytest.param({"crit": "exp"}, "crit_form", id="a string, in a header of texts alone"),
        pytest.param({"crit": None}, "crit_form", id="null"),
        pytest.param({"crit": {"exp": 1}}, "crit_form", id="an object"),
        pytest.param({"crit": [1]}, "crit_form", id="a number in it"),
        pytest.param({"crit": ["exp", None], "exp": 1}, "crit_form", id="null in it"),
        pytest.param({"crit": [["exp"]], "exp": 1}, "crit_form", id="an array in it"),
        pytest.param({"crit": ["absent"]}, "crit_absent_name", id="not in the header"),
        pytest.param({"crit": [""]}, "crit_absent_name", id="empty name"),
        pytest.param({"crit": ["alg"]}, "crit_standard_name", id="alg"),
        pytest.param({"crit": ["kid"], "kid": "a"}, "crit_standard_name", id="kid"),
        pytest.param({"crit": ["x5t#S256"], "x5t#S256": "a"}, "crit_standard_name", id="x5t#S256"),
        pytest.param({"crit": ["crit"]}, "crit_standard_name", id="crit itself"),
        pytest.param({"crit": ["p2c"], "p2c": 1}, "crit_standard_name", id="p2c"),
        pytest.param({"crit": ["exp", "exp"], "exp": 1}, "crit_twice", id="twice"),
        pytest.param({"b64": False}, "b64_without_crit", id="b64 without crit"),
        pytest.param({"b64": "false"}, "header_parameter_type", id="b64 a string"),
    ],
)
def test_crit_is_kept_by_the_letter(header: dict[str, Any], code: str):
    refused(check(make({"alg": "HS256"} | header)), code)


def test_a_long_crit_is_read_soon():
    names = [f"x{number}" for number in range(9000)]
    text = make({"alg": "HS256", "crit": names})
    assert within(1, lambda: status(text)) == "invalid"


# what the key says of itself


@pytest.mark.parametrize(
    ("members", "code"),
    [
        pytest.param({"use": "sig"}, None, id="use sig"),
        pytest.param({"use": "enc"}, "key_use", id="use enc"),
        pytest.param({"use": "SIG"}, "key_use", id="use in capitals"),
        pytest.param({"use": ""}, "key_use", id="use empty"),
        pytest.param({"use": 1}, "key_member_type", id="use a number"),
        pytest.param({"use": None}, "key_member_type", id="use null"),
        pytest.param({"use": ["sig"]}, "key_member_type", id="use an array"),
        pytest.param({"key_ops": ["verify"]}, None, id="key_ops verify"),
        pytest.param({"key_ops": ["verify", "sign"]}, None, id="key_ops both"),
        pytest.param({"key_ops": ["encrypt"]}, "key_ops", id="key_ops encrypt"),
        pytest.param({"key_ops": ["Verify"]}, "key_ops", id="key_ops in capitals"),
        pytest.param({"key_ops": []}, "key_ops", id="key_ops empty"),
        pytest.param({"key_ops": "verify"}, "key_member_type", id="key_ops a string"),
        pytest.param({"key_ops": None}, "key_member_type", id="key_ops null"),
        pytest.param({"key_ops": ["verify", 1]}, "key_member_type", id="key_ops with a number"),
        pytest.param({"key_ops": ["verify", "verify"]}, "key_member_type", id="key_ops twice"),
        pytest.param({"alg": "HS384"}, "key_algorithm", id="another alg"),
        pytest.param({"alg": "hs256"}, "key_algorithm", id="alg in small letters"),
        pytest.param({"alg": "none"}, "key_algorithm", id="alg none"),
        pytest.param({"alg": ""}, "key_algorithm", id="alg empty"),
        pytest.param({"alg": "A128KW"}, "key_algorithm", id="alg for encryption"),
        pytest.param({"alg": 256}, "key_member_type", id="alg a number"),
        pytest.param({"alg": None}, "key_member_type", id="alg null"),
        pytest.param({"alg": "HS256"}, None, id="its alg"),
        pytest.param({"kid": "a"}, None, id="a kid that the token does not ask for"),
        pytest.param({"kid": 1}, "key_member_type", id="kid a number"),
        pytest.param({"ext": True, "anything": {"else": 1}}, None, id="members of others"),
    ],
)
def test_what_the_key_says_of_itself_counts(members: dict[str, Any], code: str | None):
    for key in (oct_jwk(**members), json.dumps({"keys": [json.loads(oct_jwk(**members))]})):
        report = check(token("HS256"), key)
        if code is None:
            assert (report.signature.status, outcome(report, "key")) == ("verified", "passed")
        else:
            refused(report, code)
            assert outcome(report, "key") == "failed"


def test_a_public_key_that_may_only_sign_does_not_verify():
    refused(check(token("ES256"), json.dumps(public_jwk(private("ES256"), key_ops=["sign"]))), "key_ops")


def test_a_secret_that_may_only_sign_does_not_verify():
    """RFC 7517 §4.3: there is no public half that verifies here; joserfc refuses the same key."""
    refused(check(token("HS256"), oct_jwk(key_ops=["sign"])), "key_ops")


def test_the_public_half_of_a_private_key_that_signs_verifies():
    assert status(token("ES256"), json.dumps(private_jwk(private("ES256"), key_ops=["sign"]))) == "verified"


@pytest.mark.parametrize(
    ("alg", "key_alg", "verdict"),
    [
        pytest.param("RS256", "RS512", "invalid", id="RS512 for RS256"),
        pytest.param("RS256", "PS256", "invalid", id="PS256 for RS256"),
        pytest.param("RS256", "RSA-OAEP", "invalid", id="RSA-OAEP for RS256"),
        pytest.param("ES512", "ES521", "verified", id="ES521, a misspelt ES512"),
        pytest.param("ES256", "ES521", "invalid", id="ES521 for ES256"),
        pytest.param("EdDSA", "Ed25519", "verified", id="Ed25519 for EdDSA"),
        pytest.param("Ed25519", "EdDSA", "verified", id="EdDSA for Ed25519"),
        pytest.param("Ed448", "EdDSA", "verified", id="EdDSA for Ed448"),
        pytest.param("Ed25519", "Ed448", "invalid", id="Ed448 for Ed25519"),
        pytest.param("Ed25519", "ES256", "invalid", id="ES256 for Ed25519"),
    ],
)
def test_the_algorithm_of_the_key_counts(alg: str, key_alg: str, verdict: str):
    report = check(token(alg), json.dumps(public_jwk(private(alg), alg=key_alg)))
    assert report.signature.status == verdict
    if verdict == "invalid":
        refused(report, "key_algorithm")


def test_the_misspelt_algorithm_is_said():
    report = check(token("ES512"), json.dumps(public_jwk(private("ES512"), alg="ES521")))
    assert "key_algorithm_misspelt" in codes(report.findings)


def test_x_keys_verify_nothing():
    """X25519 and X448 are for key agreement."""
    for crv, size in (("X25519", 32), ("X448", 56)):
        key = json.dumps({"kty": "OKP", "crv": crv, "x": b64u(bytes([9]) + bytes(size - 1))})
        assert [one.algorithms for one in read_keys(key).keys] == [()]
        for alg in ("EdDSA", "Ed25519", "Ed448"):
            assert status(token(alg), key) == "not_checked"


# kid and key sets


def jwks(*keys: dict[str, Any]) -> str:
    return json.dumps({"keys": list(keys)})


def es(which: int, **more: Any) -> dict[str, Any]:
    return public_jwk(private("ES256", which), **more)


def es_token(which: int, **header: Any) -> str:
    return make({"alg": "ES256"} | header, alg="ES256", key=private("ES256", which))


def test_the_kid_picks_the_key():
    report = check(es_token(1, kid="b"), jwks(es(0, kid="a"), es(1, kid="b"), es(2, kid="c")))
    assert (report.signature.status, report.signature.key and report.signature.key.kid) == ("verified", "b")
    assert '"b"' in report.signature.because


def test_the_kid_is_no_proof():
    """The key with the kid does not match: no other kid makes it good."""
    report = check(es_token(1, kid="a"), jwks(es(0, kid="a"), es(1, kid="b")))
    refused(report, "key_kid")
    assert report.signature.key is not None
    assert report.signature.key.kid == "b"


def test_without_a_kid_every_key_is_tried_and_the_one_that_matched_is_named():
    for which in range(3):
        report = check(es_token(which), jwks(es(0, kid="a"), es(1, kid="b"), es(2)))
        assert report.signature.status == "verified"
        assert report.signature.key is not None
        assert report.signature.key.position == which + 1
    assert "number 3 of the set" in report.signature.because


def test_keys_that_do_not_fit_are_passed_over():
    keys = jwks(public_jwk(private("RS256"), kid="a"), public_jwk(private("ES384")), public_jwk(private("Ed25519")), es(0, kid="b"))
    assert status(es_token(0), keys) == "verified"
    assert status(es_token(0, kid="b"), keys) == "verified"
    assert status(token("RS256"), keys) == "verified"
    assert status(token("ES512"), keys) == "not_checked"


def test_none_of_the_set_matches():
    report = check(es_token(3), jwks(es(0), es(1), es(2)))
    assert (report.signature.status, report.signature.matches) == ("invalid", False)
    assert "none of the 3 keys" in report.signature.because


def test_a_kid_in_no_key_is_refused_and_the_matching_key_is_named():
    report = check(es_token(1, kid="x"), jwks(es(0, kid="a"), es(1, kid="b")))
    refused(report, "key_kid")
    assert '"x"' in report.signature.because
    assert '"a"' in report.signature.because
    assert '"b"' in report.signature.because


def test_a_lone_key_with_another_kid_is_refused():
    refused(check(es_token(0, kid="x"), json.dumps(es(0, kid="a"))), "key_kid")
    assert status(es_token(0, kid="x"), json.dumps(es(0))) == "verified"
    assert status(es_token(0, kid="x"), public_key("ES256")) == "verified"


@pytest.mark.parametrize(
    ("asked", "has"), [("a", "A"), ("a", "a "), ("é", "e\u0301"), ("", " ")], ids=["case", "blank", "Unicode form", "empty"]
)
def test_a_kid_is_compared_to_the_letter(asked: str, has: str):
    refused(check(es_token(0, kid=asked), json.dumps(es(0, kid=has))), "key_kid")


def test_a_set_that_mixes_secrets_and_public_keys_is_refused():
    mixed = jwks(es(0), json.loads(oct_jwk()))
    refused(check(es_token(0), mixed), "key_set_mixed")
    refused(check(token("HS256"), mixed), "key_set_mixed")


def test_a_kid_twice_in_a_set_is_refused():
    refused(check(es_token(0, kid="a"), jwks(es(0, kid="a"), es(1, kid="a"))), "key_set_same_kid")
    refused(check(es_token(0), jwks(es(0), es(1, kid="a"), es(2, kid="a"))), "key_set_same_kid")


def test_keys_of_two_types_may_share_a_kid():
    """RFC 7517 §4.5."""
    assert status(es_token(0, kid="a"), jwks(public_jwk(private("RS256"), kid="a"), es(0, kid="a"))) == "verified"


def test_another_key_than_the_one_with_the_kid_is_refused_also_without_a_kid():
    report = check(es_token(1, kid="a"), jwks(es(0, kid="a"), es(1)))
    refused(report, "key_kid")
    assert "the key of the set with that kid does not match" in report.signature.because
    refused(check(es_token(1, kid="a"), jwks(es(0, kid="a"), es(1, kid="b"))), "key_kid")


@pytest.mark.parametrize("marks", [({"use": "enc"}, {"use": "sig"}), ({"alg": "ES384"}, {"alg": "ES256"}), ({"key_ops": ["sign"]}, {})])
def test_a_key_that_stands_there_twice_verifies_by_the_one_that_may(marks: tuple[dict[str, Any], dict[str, Any]]):
    for pair in (marks, marks[::-1]):
        assert status(es_token(0), jwks(*(es(0, kid=str(at), **more) for at, more in enumerate(pair)))) == "verified"
    refused(check(es_token(0), jwks(es(0, **marks[0]), es(1))), check(es_token(0), json.dumps(es(0, **marks[0]))).signature.faults[0].code)


@pytest.mark.parametrize("y", [0, 1 << 455, 1, 2**448 - 2**224 - 2, 2**448 - 2**224 - 1], ids=["0", "-0", "1", "-1", "p"])
def test_an_ed448_key_of_small_order_verifies_nothing(y: int):
    key = json.dumps({"kty": "OKP", "crv": "Ed448", "x": b64u(y.to_bytes(57, "little"))})
    report = check(joined('{"alg":"Ed448"}', CLAIMS, bytes(114)), key)
    assert report.signature.status == "invalid"
    assert any("Ed448 public key is a point of small order" in finding.message for finding in report.findings)


def test_the_alg_of_an_okp_key_counts_with_its_curve():
    def of(alg: str) -> str:
        return status(make({"alg": "EdDSA"}, alg="Ed448"), json.dumps(public_jwk(private("Ed448"), alg=alg)))

    assert [of(alg) for alg in ("Ed25519", "Ed448", "EdDSA")] == ["invalid", "verified", "verified"]


def test_many_signatures_by_many_slow_keys_take_no_time():
    slow = [{"kty": "RSA", "n": integer((1 << 3071) + 2 * at + 1), "e": integer((1 << 3000) + 1)} for at in range(100)]
    one = {"protected": b64u('{"alg":"RS256"}'), "signature": b64u(bytes([1]) * 384)}
    text = json.dumps({"payload": b64u(CLAIMS), "signatures": [one] * 20})
    assert within(1, lambda: status(text, jwks(*slow))) == "invalid"
    assert "rsa_exponent_long" in codes(read_keys(jwks(slow[0])).all_findings)


def test_100_keys_are_read_and_101_are_not():
    pad = [public_jwk(private("ES256K", 1), kid=str(number)) for number in range(99)]
    assert status(es_token(0), jwks(*pad, es(0))) == "verified"
    report = check(es_token(0), jwks(*pad, es(1), es(0)))
    assert (report.signature.status, codes(report.keys.findings)) == ("not_checked", ["key_set_too_large"])


def test_100_keys_are_the_limit_for_pems_too():
    pem = public_key("Ed25519")
    assert len(read_keys(pem * 100).keys) == 100
    assert read_keys(pem * 101).keys == ()


def test_an_unreadable_key_in_a_set_is_said_and_passed_over():
    report = check(es_token(0), jwks({"kty": "new"}, {"kty": "EC", "crv": "P-256"}, es(0)))
    assert report.signature.status == "verified"
    assert codes(report.keys.findings) == ["key_unreadable", "key_unreadable"]


@pytest.mark.parametrize("text", ['{"keys":[]}', '{"keys":{}}', '{"keys":null}', '{"keys":[1,null,"a"]}', '{"keys":[{}]}'])
def test_a_set_without_a_key_checks_nothing(text: str):
    report = check(token("HS256"), text)
    assert (report.signature.status, outcome(report, "key")) == ("not_checked", "failed")


def test_an_empty_set_is_not_a_secret():
    assert status(make(HS, key='{"keys":[]}' + " " * 40), '{"keys":[]}' + " " * 40) == "not_checked"


# keys that the token brings


@pytest.mark.parametrize("name", ["jwk", "jku", "x5c", "x5u"])
def test_a_key_in_the_header_is_never_used(name: str):
    value: Any = {"jwk": public_jwk(private("ES256", 5)), "x5c": ["MIIB"]}.get(name, "https://attacker.example/keys")
    text = make({"alg": "ES256", name: value}, alg="ES256", key=private("ES256", 5))
    assert status(text, "") == "not_checked"
    report = check(text, public_key("ES256"))
    assert (report.signature.status, report.signature.matches) == ("invalid", False)
    assert "header_key" in codes(report.findings)
    genuine = make({"alg": "ES256", name: value}, alg="ES256")
    assert status(genuine, public_key("ES256")) == "verified"


def test_a_secret_in_the_header_is_never_used():
    text = make({"alg": "HS256", "jwk": json.loads(oct_jwk("x" * 40))}, key="x" * 40)
    assert status(text, "") == "not_checked"
    assert status(text, SECRET) == "invalid"


# detached content


def test_detached_content_is_verified_with_its_text():
    header, payload, signature = token("ES256").split(".")
    detached = f"{header}..{signature}"
    assert payload == b64u(CLAIMS)
    assert status(detached, public_key("ES256"), payload=CLAIMS) == "verified"
    for other in (None, "", CLAIMS + " ", payload):
        assert status(detached, public_key("ES256"), payload=other) == "invalid"


def test_detached_content_does_not_replace_a_payload():
    header, _, signature = token("ES256").split(".")
    other = b64u('{"sub":"admin"}')
    forged = f"{header}.{other}.{signature}"
    assert status(forged, public_key("ES256"), payload=CLAIMS) == "invalid"


def test_detached_content_is_no_way_round_a_damaged_payload():
    header, _, signature = token("ES256").split(".")
    for stand_in in ("=", " ", "\u200b", "A", "é"):
        assert status(f"{header}.{stand_in}.{signature}", public_key("ES256"), payload=CLAIMS) != "verified"


@pytest.mark.parametrize("text", ["\ud800..AA", "eyJ\ud800..", "é..AA", "..", ".\u200b.AA"], ids=ascii)
@pytest.mark.parametrize("payload", ["", "x", "\ud800"], ids=ascii)
def test_detached_content_with_a_damaged_token_never_raises(text: str, payload: str):
    report = check(text, payload=payload)
    read_out(report)
    assert report.signature.status == "not_checked"


# three different things: decoded, verified, accepted


def test_decoded_verified_and_accepted_are_kept_apart():
    expired = make(HS, '{"exp":1}')
    decoded_only, verified_only, accepted = check(expired, ""), check(expired), check(token("HS256"))
    assert (decoded_only.payload, decoded_only.signature.status, decoded_only.accepted) == ({"exp": 1}, "not_checked", False)
    assert (verified_only.signature.status, verified_only.accepted) == ("verified", False)
    assert (accepted.signature.status, accepted.accepted) == ("verified", True)


@pytest.mark.parametrize(
    ("text", "key", "named"),
    [
        pytest.param(make(HS, '{"exp":1,"sub":"top-secret-subject"}'), SECRET, "exp", id="expired"),
        pytest.param(make(HS, '{"sub":"top-secret-subject"}', key="another" * 9), SECRET, "signature", id="forged"),
        pytest.param(make(HS, '{"sub":"top-secret-subject"}'), "", "not_checked", id="no key"),
        pytest.param(make(HS, '{"sub":"top-secret-subject","sub":"top-secret-subject"}'), SECRET, "claims", id="twice"),
        pytest.param(make('{"alg":"none"}', '{"sub":"top-secret-subject"}'), SECRET, "signature", id="none"),
    ],
)
def test_the_claims_of_what_is_not_accepted_are_not_given(text: str, key: str, named: str):
    report = check(text, key)
    with pytest.raises(NotAccepted) as caught:
        report.claims()
    assert named in str(caught.value)
    assert "top-secret-subject" not in str(caught.value)
    assert "top-secret-subject" not in repr(caught.value)


@pytest.mark.parametrize("payload", ["hello", "[1]", '"text"', "1", "null", "", "\xff"])
def test_a_payload_that_is_no_claims_set_is_verified_but_not_accepted(payload: str):
    report = check(make(HS, payload))
    assert (report.signature.status, report.accepted, outcome(report, "claims")) == ("verified", False, "failed")
    with pytest.raises(NotAccepted):
        report.claims()


@pytest.mark.parametrize(
    "text",
    [
        b64u('{"alg":"dir","enc":"A128GCM"}') + ".." + "AAAA." * 2 + "AAAA",
        "e30.e30.~a~",
        '{"payload":"e30","signature":"AA","protected":"e30"}',
        "",
        "a",
    ],
)
def test_other_kinds_of_token_are_not_checked(text: str):
    report = check(text)
    assert (report.signature.status, report.accepted) == ("not_checked", False)
    assert outcome(report, "form") in (("passed",) if report.kind == "JWE" else ("not_checked", "failed"))


def test_an_expectation_that_cannot_be_checked_is_not_accepted():
    """Somebody who asks for a profile must not get `accepted` without it."""
    report = check(token("HS256"), expect=Expectations(profile="no-such-profile"))
    assert outcome(report, "profile") == "failed"
    assert 'There is no profile "no-such-profile". Choose one of id-token, access-token' in because(report, "profile")
    assert not report.accepted


def test_the_allowed_algorithms_count():
    report = check(token("HS256"), expect=Expectations(algorithms=("RS256", "ES256")))
    assert (report.signature.status, outcome(report, "algorithm"), report.accepted) == ("verified", "failed", False)
    report = check(token("HS256"), expect=Expectations(algorithms=("RS256", "HS256")))
    assert (outcome(report, "algorithm"), report.accepted) == ("passed", True)
    for near in ("hs256", "HS25", "HS2566", "HS256,RS256"):
        assert not check(token("HS256"), expect=Expectations(algorithms=(near,))).accepted


# what must never be told, what must not take long


@pytest.mark.parametrize("alg", SIGNING)
def test_no_secret_is_in_any_representation(alg: str):
    for key in (private_key(alg), oct_jwk() if alg in HMAC else json.dumps(private_jwk(private(alg)))):
        report = check(token(alg), key)
        made = encode({"alg": alg}, CLAIMS, key)
        keys = read_keys(key)
        told = [
            repr(report),
            repr(report.keys),
            repr(report.signature),
            repr(made.key),
            repr(keys),
            str(keys),
            repr(keys.keys),
            repr(report.signature.key),
        ]
        told += [json.dumps(keys.keys[0].summary()), keys.keys[0].with_kid, report.signature.because]
        told += [one.because for one in report.checks] + [repr(finding) for finding in report.findings]
        if alg in HMAC:
            private_parts = [SECRET, b64u(SECRET), SECRET.encode().hex()]
        else:
            private_parts = [
                value for name, value in private_jwk(private(alg)).items() if name in ("d", "p", "q", "dp", "dq", "qi", "priv")
            ]
        for text in told:
            for part in private_parts:
                assert part not in text
                assert part[8:24] not in text


def test_a_broken_private_key_is_not_repeated():
    jwk = private_jwk(private("RS256"))
    pem = private_pem(private("ES256"))
    for text in (
        json.dumps(jwk)[:-3],
        pem[:-30],
        pem.replace("MIG", "XXX"),
        json.dumps(private_jwk(private("Ed25519")) | {"x": "AAAA"}),
        json.dumps(jwk | {"d": "secret§d"}),
    ):
        keys = read_keys(text)
        told = " ".join(finding.message + (finding.fix or "") for finding in keys.all_findings) + repr(keys)
        assert keys.findings
        assert "secret§d" not in told
        assert not any(part[4:24] in told for part in (jwk["d"], jwk["p"], pem[60:120]))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("." * 1_000_000, 0.5, id="dots"),
        pytest.param("a." * 500_000, 0.5, id="segments"),
        pytest.param("~" * 1_000_000, 0.5, id="tildes"),
        pytest.param(" " * 260_000 + "x", 1.0, id="blanks"),
        pytest.param("€" * 260_000 + ".a.b", 2.0, id="foreign characters"),
        pytest.param("Bearer " * 37_000, 1.0, id="Bearer"),
        pytest.param("authorization:" * 18_000, 1.0, id="authorization"),
        pytest.param('"' * 260_000, 1.0, id="quotes"),
        pytest.param("{" * 260_000, 1.0, id="braces"),
        pytest.param("eyJ" + "A" * 260_000 + "..", 1.0, id="long header"),
    ],
)
def test_a_hostile_token_takes_no_time(text: str, seconds: float):
    within(seconds, lambda: read_out(check(text)))


@pytest.mark.parametrize(
    "header",
    [
        pytest.param('{"alg":"HS256","x":' + "[" * 100_000, id="nesting"),
        pytest.param('{"alg":"HS256","x":"' + "\\udc00" * 25_000 + '"}', id="halves of surrogate pairs"),
        pytest.param("{" + ",".join(['"alg":"HS256"'] * 10_000) + "}", id="one member 10,000 times"),
        pytest.param("{" + ",".join(f'"a{at}":1,"a{at}":2' for at in range(5000)) + ',"alg":"HS256"}', id="5,000 members twice"),
        pytest.param('{"alg":"' + "HS" * 90_000 + '"}', id="long alg"),
        pytest.param('{"alg":"HS256","x":' + "1" * 180_000 + "}", id="long number"),
        pytest.param('{"alg":"HS256","x":[' + ",".join(["12345678901234567"] * 10_000) + "]}", id="many large numbers"),
    ],
)
def test_a_hostile_header_takes_no_time(header: str):
    within(1.5, lambda: read_out(check(make(header))))


@pytest.mark.parametrize("at", [NOW, float(NOW), NOW + 0.5], ids=["int", "float", "fraction"])
def test_the_time_may_be_any_number(at: float):
    assert verify(token("HS256"), SECRET, at=at).accepted


def test_the_reasons_can_be_said_to_anybody():
    """A kid comes from the key box or the token: no direction changes, no line breaks, no halves of surrogates in a sentence."""
    for kid in ("\ud800", "a\u202eb", "a\nb", "x" * 5000):
        key = json.dumps({"kty": "oct", "k": b64u(SECRET), "kid": kid})
        for text in (token("HS256"), make({"alg": "HS256", "kid": "other"})):
            report = check(text, key)
            said = [report.signature.because, *(one.because for one in report.checks), *(finding.message for finding in report.findings)]
            for sentence in said:
                sentence.encode()
                assert "\u202e" not in sentence
                assert "\n" not in sentence
                assert len(sentence) < 1000


def test_because_of_the_key_check_names_the_key():
    assert because(check(token("ES256"), public_key("ES256")), "key") == "The EC public key on P-256 fits ES256."


# what a signature of the wrong shape is, and where it stands


def shape_of(text: str, key: str) -> Any:
    """The one finding about the shape of the signature, which stands where the signature does."""
    report = check(text, key)
    assert (report.signature.status, report.signature.matches) == ("invalid", False)
    (finding,) = report.signature.findings
    begin = text.rindex(".") + 1
    assert (finding.segment, finding.offset, finding.length) == ("signature", begin, len(text) - begin)
    assert finding.fix
    return finding


@pytest.mark.parametrize("alg", SIGNING)
@pytest.mark.parametrize(
    ("off", "told"),
    [(-1, "1 byte short"), (-3, "3 bytes short"), (1, "1 byte too many"), (5, "5 bytes too many")],
    ids=["1 less", "3 less", "1 more", "5 more"],
)
def test_by_how_much_a_size_is_wrong_is_told(alg: str, off: int, told: str):
    raw = unb64u(token(alg).split(".")[2])
    changed = raw[:off] if off < 0 else raw + b"\1" * off
    finding = shape_of(with_signature(token(alg), changed), public_key(alg))
    assert finding.code == "signature_size"
    assert told in finding.message
    assert finding.spec == ALGORITHMS[alg].spec


def test_an_rsa_signature_that_was_cut_names_the_key():
    finding = shape_of(with_signature(token("RS256"), unb64u(token("RS256").split(".")[2])[:253]), public_key("RS256"))
    assert "has 253 bytes; RS256 with this 2048-bit RSA public key makes 256. That is 3 bytes short" in finding.message


@pytest.mark.parametrize(
    ("alg", "size", "told"),
    [
        ("HS256", 48, "what HS384 makes"),
        ("HS256", 64, "what HS512 makes"),
        ("HS512", 32, "what HS256 makes"),
        ("HS256", 256, "what a 2048-bit RSA key makes"),
        ("ES256", 96, "what ES384 makes"),
        ("ES256", 132, "what ES512 makes"),
        ("RS256", 512, "what a 4096-bit RSA key makes"),
        ("RS256", 64, "what HS512 makes"),
        ("ML-DSA-44", 3309, "what ML-DSA-65 makes"),
        ("ES512", 128, "Its halves have 64 bytes"),
        ("HS256", 1, "has 1 byte;"),
    ],
)
def test_whose_size_it_is_is_told(alg: str, size: int, told: str):
    assert told in shape_of(with_signature(token(alg), b"\1" * size), public_key(alg)).message


def test_the_first_bytes_of_asn_1_der_are_shown():
    finding = shape_of(with_signature(token("ES256"), b"\x30\x45\x02" + b"\1" * 68), public_key("ES256"))
    assert "71 bytes" in finding.message
    assert "30 45 02" in finding.message


def test_an_empty_signature_stands_behind_the_last_dot():
    finding = shape_of(with_signature(token("RS256"), b""), public_key("RS256"))
    assert "256 bytes" in finding.message
    assert finding.length == 0


@pytest.mark.parametrize("alg", ECDSA)
def test_which_number_is_out_of_range_is_told(alg: str):
    curve = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "ES256K": "secp256k1"}[alg]
    n = ORDER[alg]
    for r, s, told in ((n, 1, "r is not less than n"), (1, 0, "s is 0"), (0, n + 1, "r is 0 and s is not less than n")):
        finding = shape_of(rs(alg, r, s), public_key(alg))
        assert finding.code == "signature_range"
        assert told in finding.message
        assert f"order n of {curve}" in finding.message


@pytest.mark.parametrize("alg", ECDSA)
def test_a_high_s_is_remarked_for_secp256k1_only(alg: str):
    raw = unb64u(token(alg).split(".")[2])
    r, s = int.from_bytes(raw[: HALF[alg]], "big"), int.from_bytes(raw[HALF[alg] :], "big")
    low, high = sorted((s, ORDER[alg] - s))
    for value, told in ((low, []), (high, ["signature_high_s"] if alg == "ES256K" else [])):
        report = check(rs(alg, r, value), public_key(alg))
        assert (report.signature.status, report.accepted) == ("verified", True)
        assert [(one.code, one.level) for one in report.findings] == [(code, "info") for code in told]


def test_a_signature_behind_none_stands_where_it_stands():
    text = make({"alg": "none"})
    (finding,) = [one for one in check(text).findings if one.code == "alg_none_with_signature"]
    assert "32 bytes" in finding.message
    assert (finding.offset, finding.length) == (text.rindex(".") + 1, 43)


def test_the_place_of_a_signature_is_that_in_the_given_text():
    text = f'"{with_signature(token("HS256"), b"abc")}"'
    (finding,) = [one for one in check(text).findings if one.code == "signature_size"]
    assert finding.offset is not None
    assert finding.length is not None
    assert text[finding.offset : finding.offset + finding.length] == "YWJj"


@pytest.mark.parametrize("which", [0, 1])
def test_the_modulus_may_be_even_and_nothing_raises(which: int):
    modulus = private("RS256").public_key().public_numbers().n + 1
    for text in (rsa_jwk(modulus), public_pem_of(modulus)):
        report = check(token("RS256" if which else "PS256"), text)
        assert report.signature.status == "invalid"
        assert "rsa_small_factor" in codes(report.findings)


def public_pem_of(modulus: int) -> str:
    key = rsa.RSAPublicNumbers(65537, modulus).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("header", "payload", "failed"),
    [
        pytest.param({"x5c": []}, {}, "header", id="no certificate"),
        pytest.param({"x5c": ["AAAA"]}, {}, "header", id="no certificate in x5c"),
        pytest.param({"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}, {}, "header", id="a jwk off its curve"),
        pytest.param({"jwk": {"kty": "oct", "k": "AAAA"}}, {}, "header", id="a secret in the header"),
        pytest.param({"kid": 5}, {}, "header", id="kid"),
        pytest.param({}, {"iss": 5}, "claims", id="iss"),
        pytest.param({}, {"sub": 5}, "claims", id="sub"),
        pytest.param({}, {"jti": [1]}, "claims", id="jti"),
        pytest.param({}, {"aud": 5}, "aud", id="aud"),
        pytest.param({}, {"exp": "1800000000"}, "exp", id="exp"),
    ],
)
def test_no_accepted_token_has_an_error_among_its_findings(header: dict[str, Any], payload: dict[str, Any], failed: str):
    report = check(make({"alg": "HS256", **header}, json.dumps({"exp": NOW + 60, **payload})))
    assert "error" in [finding.level for finding in report.findings]
    assert outcome(report, failed) == "failed"
    assert not report.accepted


def test_of_a_detached_payload_no_claim_is_said_to_be_missing():
    header, _, signature = token("HS256").split(".")
    report = check(f"{header}..{signature}", payload=CLAIMS, expect=Expectations(issuer="i"))
    assert report.signature.status == "verified"
    assert (outcome(report, "exp"), outcome(report, "iss"), outcome(report, "aud")) == ("not_checked", "failed", "not_checked")
    assert "detached" in because(report, "claims")
    assert "not compared" in because(report, "iss")
    assert not report.accepted
