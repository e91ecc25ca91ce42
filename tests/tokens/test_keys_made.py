"""Keys of every kind are made, written in every form and read again; others read them too."""

import base64
import hashlib
import json
import math
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc.jwk import KeySet, import_key
from jwcrypto import jwk as jwcrypto  # type: ignore[import-untyped]

from app.tokens import ALGORITHMS, KEY_MANAGEMENT, certificates, keys, self_signed
from app.tokens.keys import forms, kinds, locked, worth
from tests.tokens.keyring import NOW, integer, rsa_private

PAIRS = [name for name, kind in kinds.KINDS.items() if kind.key_type != "oct"]
SECRETS = [name for name, kind in kinds.KINDS.items() if kind.key_type == "oct"]
SLOW = {"RSA-3072", "RSA-4096", "RSA-3072-enc", "RSA-4096-enc", "RSA-2048-enc"}
QUICK = [name for name in PAIRS if name not in SLOW]
PASSPHRASE = "correct horse ✓"


@pytest.fixture(scope="module")
def made():
    """One key of each kind; RSA keys of the usual length, once."""
    return {name: keys.generate_kind(kinds.KINDS[name]) for name in (*QUICK, *SECRETS)}


def texts(key, passphrase=""):
    return {form.name: form.text for form in forms.forms(key, passphrase)}


def only(text, encoding="auto"):
    read = keys.read(text, encoding)
    assert len(read.keys) == 1, read.findings
    return read.keys[0]


def opened(text, passphrase):
    """What the reader of locked keys finds; it must find one."""
    read = locked.read(text, passphrase)
    assert read is not None
    return read


def pem_of(private: Any) -> str:
    form = serialization.PrivateFormat.PKCS8
    return private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def test_the_kinds_are_those_of_the_issue():
    curves = {kind.curve for kind in kinds.KINDS.values() if kind.curve}
    assert curves == {
        "P-256", "P-384", "P-521", "secp256k1", "Ed25519", "Ed448", "X25519", "X448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87",
    }  # fmt: skip
    assert [kind.size for kind in kinds.KINDS.values() if kind.key_type == "RSA" and kind.use == "sig"] == [2048, 3072, 4096]
    sizes = {name: kinds.KINDS[name].size for name in SECRETS}
    assert sizes["HS256"] == 32
    assert sizes["HS512"] == 64
    assert sizes["A192KW"] == sizes["A192GCMKW"] == 24
    assert sizes["A256CBC-HS512"] == 64
    assert sizes["A128GCM"] == 16


@pytest.mark.parametrize("name", QUICK)
def test_every_form_of_a_pair_reads_as_the_same_key(made, name):
    key = made[name]
    assert key.kid == key.thumbprint()
    for form in forms.forms(key):
        read = only(form.text)
        assert read.thumbprint() == key.thumbprint(), form.name
        assert read.is_private == (form.half == "private"), form.name
        assert not read.faults


@pytest.mark.parametrize("name", SECRETS)
def test_every_form_of_a_secret_reads_as_the_same_secret(made, name):
    key = made[name]
    assert len(key.secret) == kinds.KINDS[name].size
    written = texts(key)
    assert only(written["secret-jwk"]).secret == key.secret
    for encoding in ("base64", "base64url", "hex"):
        assert only(written[f"secret-{encoding}"], encoding).secret == key.secret


@pytest.mark.parametrize("name", ["RSA-2048", "RSA-3072", "RSA-4096"])
def test_an_rsa_key_has_the_bits_that_were_asked_for(name, monkeypatch):
    asked, other = [], rsa_private(2048)

    def generate(exponent, bits):
        asked.append((exponent, bits))
        return other

    monkeypatch.setattr(rsa, "generate_private_key", generate)
    keys.generate_kind(kinds.KINDS[name])
    assert asked == [(65537, int(name[4:]))]


@pytest.mark.parametrize("name", [name for name in QUICK if name not in ("Ed448", "X448") and not name.startswith("ML-DSA")])
def test_jwcrypto_reads_what_is_written(made, name):
    written = texts(made[name])
    for half in ("private", "public"):
        theirs = jwcrypto.JWK.from_json(written[f"{half}-jwk"])
        assert theirs.thumbprint() == made[name].thumbprint()
        assert theirs.has_private == (half == "private")
        from_pem = jwcrypto.JWK.from_pem(written[f"{half}-pem"].encode())
        assert from_pem.thumbprint() == made[name].thumbprint()


@pytest.mark.parametrize("name", [name for name in QUICK if not name.startswith("ML-DSA")])
def test_joserfc_reads_what_is_written(made, name):
    written = texts(made[name])
    for form in ("private-jwk", "public-jwk"):
        assert import_key(json.loads(written[form])).thumbprint() == made[name].thumbprint()
    assert len(KeySet.import_key_set(json.loads(written["public-set"])).keys) == 1


@pytest.mark.parametrize("theirs", ["RSA", "P-256", "P-384", "P-521", "secp256k1", "Ed25519", "X25519"])
def test_what_jwcrypto_made_is_converted_and_comes_back(theirs):
    options: dict[str, dict[str, Any]] = {
        "RSA": {"kty": "RSA", "size": 2048},
        "Ed25519": {"kty": "OKP", "crv": "Ed25519"},
        "X25519": {"kty": "OKP", "crv": "X25519"},
    }
    theirs_key = jwcrypto.JWK.generate(**options.get(theirs, {"kty": "EC", "crv": theirs}))
    ours = only(theirs_key.export_private())
    written = texts(ours)
    assert jwcrypto.JWK.from_pem(written["private-pem"].encode()).export_private(as_dict=True)["kty"] == ours.key_type
    again = json.loads(written["private-jwk"])
    assert again["kid"] == theirs_key.thumbprint()
    assert {**theirs_key.export_private(as_dict=True), "kid": again["kid"]} == again


@pytest.mark.parametrize("name", QUICK)
def test_the_public_forms_hold_nothing_private(made, name):
    key = made[name]
    secret = {str(value) for member, value in keys.private_jwk(key).items() if member in ("d", "p", "q", "dp", "dq", "qi", "priv")}
    assert secret
    for form in forms.forms(key):
        if form.half == "public":
            assert not any(value in form.text for value in secret)
            assert "PRIVATE" not in form.text


def test_the_old_forms_are_pkcs1_and_sec1(made):
    rsa_texts, ec_texts, okp_texts = texts(made["RSA-2048"]), texts(made["P-256"]), texts(made["Ed25519"])
    assert rsa_texts["private-old-pem"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert rsa_texts["public-old-pem"].startswith("-----BEGIN RSA PUBLIC KEY-----")
    assert ec_texts["private-old-pem"].startswith("-----BEGIN EC PRIVATE KEY-----")
    assert "private-old-pem" not in okp_texts
    assert okp_texts["public-ssh"].startswith("ssh-ed25519 ")


def test_a_key_keeps_its_own_kid_and_what_it_is_for():
    jwk = keys.private_jwk(keys.generate_kind(kinds.KINDS["P-256"])) | {"kid": "mine", "alg": "ES256", "use": "sig", "key_ops": ["sign"]}
    written = texts(only(json.dumps(jwk)))
    assert json.loads(written["private-jwk"]) == jwk
    public = json.loads(written["public-jwk"])
    assert public["kid"] == "mine"
    assert public["key_ops"] == ["verify"]
    assert "d" not in public


def test_a_pem_becomes_a_jwk_without_a_purpose_it_never_had():
    jwk = json.loads(texts(only(pem_of(ed25519.Ed25519PrivateKey.generate())))["public-jwk"])
    assert set(jwk) == {"kty", "crv", "x", "kid"}


def test_a_secret_that_was_pasted_is_not_named_by_its_digest():
    key = only("hunter2")
    assert "kid" not in json.loads(texts(key)["secret-jwk"])
    assert texts(key)["secret-text"] == "hunter2"


def test_a_set_holds_the_public_halves_and_no_secret(made):
    text = forms.set_of([made["P-256"], made["HS256"], made["X25519"]])
    entries = json.loads(text)["keys"]
    assert [entry["crv"] for entry in entries] == ["P-256", "X25519"]
    assert not any("d" in entry or "k" in entry for entry in entries)
    read = keys.read(text)
    assert len(read.keys) == 2
    assert not read.all_findings or all(finding.level != "error" for finding in read.all_findings)


def test_a_thumbprint_is_that_of_rfc_7638_and_its_uri_that_of_rfc_9278():
    jwk = {
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn6"
        "4tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbIS"
        "D08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
    }  # RFC 7638 §3.1
    key = only(json.dumps(jwk))
    assert key.thumbprint() == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert key.thumbprint_uri() == "urn:ietf:params:oauth:jwk-thumbprint:sha-256:NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


# with a passphrase


@pytest.mark.parametrize("name", QUICK)
def test_a_key_is_locked_and_opened_with_its_passphrase(made, name):
    written = texts(made[name], PASSPHRASE)
    assert "private-old-pem" not in written
    for form in ("private-pem", "private-der"):
        key = opened(written[form], PASSPHRASE).keys[0]
        assert key.thumbprint() == made[name].thumbprint()
        assert keys.private_jwk(key)["kty"] == made[name].key_type
    theirs = serialization.load_pem_private_key(written["private-pem"].encode(), PASSPHRASE.encode())
    assert theirs.public_key() == made[name].public


@pytest.mark.parametrize("kind", [rsa, ec])
def test_the_old_locked_pem_of_openssl_is_opened(kind):
    private = rsa_private(2048) if kind is rsa else ec.generate_private_key(ec.SECP384R1())
    form = serialization.PrivateFormat.TraditionalOpenSSL
    text = private.private_bytes(serialization.Encoding.PEM, form, serialization.BestAvailableEncryption(b"x")).decode()
    assert "Proc-Type" in text
    assert opened(text, "x").keys[0].public == private.public_key()
    assert opened(text, "y").findings[0].code == "key_passphrase"


def test_without_the_passphrase_it_is_asked_for_and_a_wrong_one_is_said(made):
    text = texts(made["P-256"], PASSPHRASE)["private-pem"]
    assert opened(text, "").findings[0].code == "key_locked"
    assert opened(text, "wrong").findings[0].code == "key_passphrase"
    assert opened(text.replace("\n", "\\n"), PASSPHRASE).keys
    damaged = text[:100] + ("A" if text[100] != "A" else "B") + text[101:]
    assert not opened(damaged, PASSPHRASE).keys


@pytest.mark.parametrize("text", ["", "secret", "MIIsecret", "{}", "-----BEGIN ENCRYPTED PRIVATE KEY-----", "M" * 200, "\ud800"])
def test_what_is_not_locked_is_left_to_the_other_reader(text):
    assert locked.read(text, "x") is None


def test_a_plain_key_is_not_taken_for_a_locked_one(made):
    for name in QUICK:
        for text in texts(made[name]).values():
            assert locked.read(text, "x") is None


def der(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    return bytes([tag]) + (bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")) + body


def number(value):
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(text):
    return der(6, bytes.fromhex(text))


def in_pem(identifier):
    data = der(0x30, identifier, der(4, b"\0" * 64))
    return f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{base64.b64encode(data).decode()}\n-----END ENCRYPTED PRIVATE KEY-----\n"


def pbes2(derivation):
    cipher = der(0x30, oid("60864801650304012a"), der(4, b"\0" * 16))
    return der(0x30, oid("2a864886f70d01050d"), der(0x30, derivation, cipher))


def pbkdf2(rounds):
    digest = der(0x30, oid("2a864886f70d0209"), der(5))
    return der(0x30, oid("2a864886f70d01050c"), der(0x30, der(4, b"saltsalt"), number(rounds), digest))


def scrypt(n, r, p):
    return der(0x30, oid("2b06010401da47040b"), der(0x30, der(4, b"saltsalt"), number(n), number(r), number(p)))


@pytest.mark.parametrize(
    ("identifier", "code"),
    [
        pytest.param(pbes2(pbkdf2(locked.MAX_ROUNDS)), "key_passphrase", id="rounds at the cap"),
        pytest.param(pbes2(pbkdf2(locked.MAX_ROUNDS + 1)), "key_locked_rounds", id="one round past it"),
        pytest.param(pbes2(pbkdf2(10**9)), "key_locked_rounds", id="a billion rounds"),
        pytest.param(pbes2(pbkdf2(10**40)), "key_locked_rounds", id="rounds beyond count"),
        pytest.param(pbes2(scrypt(16384, 8, 2)), "key_passphrase", id="scrypt at the cap"),
        pytest.param(pbes2(scrypt(32768, 8, 2)), "key_locked_rounds", id="scrypt past it"),
        pytest.param(pbes2(scrypt(1 << 30, 8, 1)), "key_locked_rounds", id="scrypt with a terabyte"),
        pytest.param(der(0x30, oid("2a864886f70d010c0103"), der(0x30, der(4, b"salt"), number(10**9))), "key_locked_rounds", id="PKCS#12"),
    ],
)
def test_rounds_are_counted_before_they_are_run(identifier, code):
    assert opened(in_pem(identifier), "x").findings[0].code == code


@pytest.mark.parametrize(
    "text", ["-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n" * 4000, "-----BEGIN ENCRYPTED PRIVATE KEY-----" * 6000]
)
def test_many_beginnings_without_an_end_are_no_key(text):
    read = locked.read(text, "x")
    assert read is None or not read.keys


def test_no_passphrase_and_no_key_stands_in_what_is_said(made):
    text = texts(made["P-256"], PASSPHRASE)["private-pem"]
    said = repr(locked.read(text, "hunter2")) + repr(forms.forms(made["P-256"], PASSPHRASE))
    assert "hunter2" not in said
    assert PASSPHRASE not in said
    assert keys.private_jwk(made["P-256"])["d"] not in said


# what it is good for


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "P-256",
            {"Sign and verify": ("ES256",), "Encrypt and decrypt": ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW")},
        ),
        ("secp256k1", {"Sign and verify": ("ES256K",)}),
        ("X448", {"Encrypt and decrypt": ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW")}),
        ("Ed25519", {"Sign and verify": ("EdDSA", "Ed25519")}),
        ("ML-DSA-65", {"Sign and verify": ("ML-DSA-65",)}),
    ],
)
def test_a_key_says_what_it_is_good_for(made, name, expected):
    assert {use.verb: use.algorithms for use in worth.uses(made[name])} == expected


def test_a_public_key_verifies_and_encrypts_but_not_with_rsa1_5(made):
    public = only(texts(made["RSA-2048"])["public-pem"])
    said = {use.verb: use.algorithms for use in worth.uses(public)}
    assert said["Verify"] == ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
    assert said["Encrypt"] == ("RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512")


def test_rsa1_5_is_for_decryption_alone(made):
    said = {use.verb: use.algorithms for use in worth.uses(made["RSA-2048"])}
    assert said["Decrypt only"] == ("RSA1_5",)
    assert "RSA1_5" not in said["Encrypt and decrypt"]


def test_a_secret_says_which_keys_it_can_wrap_by_its_size(made):
    said = {use.verb: use.algorithms for use in worth.uses(made["A128KW"])}
    assert "Sign and verify" not in said
    assert said["Encrypt and decrypt"][:2] == ("A128KW", "A128GCMKW")
    assert said["Encrypt directly (dir)"] == ("A128GCM",)
    said = {use.verb: use.algorithms for use in worth.uses(made["HS512"])}
    assert said["Sign and verify"] == ("HS256", "HS384", "HS512")
    assert said["Encrypt directly (dir)"] == ("A256CBC-HS512",)


@pytest.mark.parametrize(
    ("name", "words"),
    [("RSA-2048", "112 bits"), ("P-384", "192 bits"), ("Ed448", "224 bits"), ("ML-DSA-87", "category 5"), ("HS384", "at most 384 bits")],
)
def test_a_key_says_how_strong_it_is(made, name, words):
    assert words in worth.strength(made[name])


def test_small_even_and_roca_keys_are_warned_of():
    small = only(pem_of(rsa_private(1024)))
    assert [note.code for note in worth.warnings(small)] == ["key_weak_rsa"]
    assert "80 bits" in worth.strength(small)
    jwk = {"kty": "RSA", "n": keys.public_jwk(small)["n"], "e": "AQAA"}
    assert "rsa_exponent" in {note.code for note in worth.warnings(only(json.dumps(jwk)))}
    product = math.prod((11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157))
    marked = pow(65537, 5, product) + product * (2**2047 // product + 1)
    marked += product * (marked % 2 == 0)
    roca = only(json.dumps({"kty": "RSA", "n": integer(marked), "e": "AQAB"}))
    assert "rsa_roca" in {note.code for note in worth.warnings(roca)}
    weak = only("short")
    assert [note.code for note in worth.warnings(weak)] == ["key_weak_secret"]


@pytest.mark.parametrize("name", [*QUICK, *SECRETS])
def test_nothing_speaks_against_a_key_made_here(made, name):
    assert not list(worth.warnings(made[name]))
    assert all(finding.level == "info" for finding in keys.read(texts(made[name]).popitem()[1]).all_findings) or name in SECRETS


# certificates for tests


@pytest.mark.parametrize("name", [name for name in QUICK if not name.startswith("X") and not name.endswith("-enc")])
def test_a_key_issues_a_certificate_for_itself(made, name):
    certificate = self_signed.issue(made[name], "CN=jwtlens test,O=Example", NOW, 30)
    facts = certificates.facts(certificate)
    assert facts.subject == facts.issuer == "CN=jwtlens test,O=Example"
    assert (facts.not_before, facts.not_after) == (NOW, NOW + 30 * 86400)
    assert facts.is_self_signed
    assert facts.usages == ("digitalSignature",)
    assert not facts.is_authority
    assert facts.key is not None
    assert facts.key.thumbprint() == made[name].thumbprint()


def test_the_certificate_comes_as_pem_and_as_a_header_takes_it(made):
    certificate = self_signed.issue(made["P-256"], "plain name", NOW, 1)
    written = self_signed.written(certificate)
    [der_text] = json.loads(written.x5c)
    data = base64.b64decode(der_text)
    assert x509.load_der_x509_certificate(data) == certificate
    assert x509.load_pem_x509_certificate(written.pem.encode()) == certificate
    assert base64.urlsafe_b64decode(written.x5t_s256 + "=") == hashlib.sha256(data).digest()
    assert base64.urlsafe_b64decode(written.x5t + "=") == hashlib.sha1(data, usedforsecurity=False).digest()
    assert json.loads(written.header) == {"x5c": [der_text], "x5t": written.x5t, "x5t#S256": written.x5t_s256}
    assert certificates.facts(certificate).subject == "CN=plain name"


@pytest.mark.parametrize(
    ("subject", "at", "days", "words"),
    [
        ("", NOW, 30, "subject"), ("x" * 65, NOW, 30, "at most 64"), ("=", NOW, 30, "subject"), ("CN=", NOW, 30, "subject"), ("\ud800", NOW, 30, "subject"),
        ("a", NOW, 0, "1 to 3,650"), ("a", NOW, 3651, "1 to 3,650"), ("a", 10**15, 1, "calendar"), ("a", 253402300799, 1, "calendar"), ("a", -(10**15), 1, "1970"),
        ("a", -1, 1, "1970"),
    ],
)  # fmt: skip
def test_what_cannot_be_certified_is_said(made, subject, at, days, words):
    with pytest.raises(self_signed.CannotCertify, match=words):
        self_signed.issue(made["P-256"], subject, at, days)


def test_a_key_that_cannot_sign_issues_nothing(made):
    with pytest.raises(self_signed.CannotCertify, match="cannot sign"):
        self_signed.issue(made["X25519"], "a", NOW, 1)
    with pytest.raises(self_signed.CannotCertify, match="private key"):
        self_signed.issue(only(texts(made["P-256"])["public-pem"]), "a", NOW, 1)
    with pytest.raises(self_signed.CannotCertify, match="private key"):
        self_signed.issue(made["HS256"], "a", NOW, 1)


def test_every_algorithm_that_takes_a_key_has_a_kind():
    assert all(row.family in ("dir", "pbes2") or not row.encrypts or kinds.for_management(row) for row in KEY_MANAGEMENT.values())
    signing = {kind.alg for kind in kinds.KINDS.values()}
    assert {name for name, row in ALGORITHMS.items() if row.key_type in ("EC", "AKP")} <= signing
