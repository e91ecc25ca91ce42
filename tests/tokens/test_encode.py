"""encode: the header and payload as they are written, signed with the key that fits, or a refusal with its reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from app.tokens import CannotEncode, decode, encode, read_keys
from app.tokens.encode import unsigned
from tests.cost import within
from tests.tokens.keyring import (
    ASYMMETRIC,
    CLAIMS,
    ECDSA,
    HMAC,
    RSA,
    SECRET,
    SIGNING,
    b64u,
    check,
    codes,
    integer,
    joined,
    make,
    oct_jwk,
    private,
    private_jwk,
    private_key,
    private_pem,
    public_key,
    raw_signature,
    rsa_private,
    status,
    token,
    unb64u,
)


def refusal(header: Any, key: Any = SECRET, payload: Any = CLAIMS, **options: Any) -> CannotEncode:
    with pytest.raises(CannotEncode) as refused:
        encode(header, payload, key, **options)
    assert refused.value.message
    return refused.value


@pytest.mark.parametrize("alg", SIGNING)
def test_it_signs(alg: str):
    made = encode({"alg": alg}, CLAIMS, private_key(alg))
    assert (made.algorithm.name, made.key and made.key.can_sign, made.findings[:0]) == (alg, True, ())
    assert made.token.rpartition(".")[0] == token(alg).rpartition(".")[0]
    assert status(made.token, public_key(alg)) == "verified"


@pytest.mark.parametrize("alg", [alg for alg in SIGNING if alg[:2] in ("HS", "RS", "Ed")])
def test_what_is_deterministic_is_the_same_by_the_book(alg: str):
    data = token(alg).rpartition(".")[0].encode()
    assert encode({"alg": alg}, CLAIMS, private_key(alg)).token == f"{data.decode()}.{b64u(raw_signature(alg, data))}"


@pytest.mark.parametrize("alg", ECDSA)
def test_ecdsa_is_deterministic_too(alg: str):
    """RFC 6979: the same text and key, the same token; an edit undone gives the old token back."""
    assert len({encode({"alg": alg}, CLAIMS, private_key(alg)).token for _ in range(4)}) == 1


@pytest.mark.parametrize("alg", [alg for alg in SIGNING if alg[:2] in ("PS", "ML")])
def test_pss_and_ml_dsa_are_not(alg: str):
    assert len({encode({"alg": alg}, CLAIMS, private_key(alg)).token for _ in range(4)}) == 4


@pytest.mark.parametrize(
    "text",
    ['{"alg":"HS256"}', ' {\r\n\t"alg" : "HS256" }\n', '{"alg":"HS256","n":1.0,"N":1e400,"é":"\\u00e9"}', '{"x":1,"alg":"HS256","x":2}'],
)
@pytest.mark.parametrize("payload", ["", "{}", ' { "a" : 3.0 }\n', "no JSON at all €", "[1,2", '{"a":1,"a":2}', "9" * 5000, "\u0000\ufeff"])
def test_texts_are_kept_byte_for_byte(text: str, payload: str):
    made = encode(text, payload, SECRET).token
    assert made == make(text, payload)
    decoded = decode(made)
    assert (decoded.header_text, decoded.payload_text) == (text, payload)


def test_mappings_are_written_compactly_and_not_changed():
    header, payload = {"alg": "HS256", "kid": "é"}, {"b": [1, {"c": None}], "a": "€"}
    before = json.dumps([header, payload])
    decoded = decode(encode(header, payload, SECRET).token)
    assert (decoded.header_text, decoded.payload_text) == ('{"alg":"HS256","kid":"é"}', '{"b":[1,{"c":null}],"a":"€"}')
    assert json.dumps([header, payload]) == before


def test_none_is_written_without_a_signature():
    for key in ("", SECRET, public_key("RS256")):
        made = encode('{"alg":"none"}', CLAIMS, key)
        assert (made.token, made.key) == (joined('{"alg":"none"}'), None)
        assert "alg_none" in codes(made.findings)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        pytest.param("", "header_not_json", id="empty"),
        pytest.param('{"alg":"HS256"', "header_not_json", id="cut off"),
        pytest.param('{"alg":"HS256",}', "header_not_json", id="trailing comma"),
        pytest.param("[" * 1000, "header_not_json", id="nested"),
        pytest.param("[]", "header_not_an_object", id="array"),
        pytest.param("null", "header_not_an_object", id="null"),
        pytest.param("{}", "alg_missing", id="no alg"),
        pytest.param({"typ": "JWT"}, "alg_missing", id="no alg, mapping"),
        pytest.param({"alg": None}, "alg_not_a_string", id="alg null"),
        pytest.param({"alg": ["HS256"]}, "alg_not_a_string", id="alg an array"),
        pytest.param({"alg": "hs256"}, "alg_unknown", id="alg unknown"),
        pytest.param({"alg": "nOnE"}, "alg_unknown", id="none misspelt"),
        pytest.param({"alg": "RSA-OAEP"}, "alg_unknown", id="alg for encryption"),
        pytest.param({"alg": "dir", "enc": "A128GCM"}, "key_size", id="JWE"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused(header: Any, code: str):
    assert refusal(header).code == code


@pytest.mark.parametrize(
    ("alg", "key", "code"),
    [
        pytest.param("HS256", "", "key_missing", id="no key"),
        pytest.param("HS256", '{"kty":"oct","k":""}', "secret_empty", id="empty secret"),
        pytest.param("HS256", '{"kty":"oct"}', "key_unreadable", id="broken JWK"),
        pytest.param("HS256", public_key("RS256"), "key_does_not_fit", id="public key for HMAC"),
        pytest.param("HS256", private_key("RS256"), "key_does_not_fit", id="private key for HMAC"),
        pytest.param("RS256", SECRET, "key_does_not_fit", id="secret for RS256"),
        pytest.param("RS256", public_key("RS256"), "key_cannot_sign", id="public key"),
        pytest.param("ES256", private_key("ES384"), "key_does_not_fit", id="other curve"),
        pytest.param("Ed25519", private_key("Ed448"), "key_does_not_fit", id="Ed448 for Ed25519"),
        pytest.param("ML-DSA-44", private_key("ML-DSA-65"), "key_does_not_fit", id="other parameter set"),
        pytest.param("ES256", json.dumps({"keys": []}), "key_unreadable", id="empty set"),
    ],
)
def test_a_key_that_cannot_sign_is_refused(alg: str, key: str, code: str):
    refused = refusal({"alg": alg}, key)
    assert refused.code == code
    assert "sub" not in refused.message
    assert str(refused) == code


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_a_public_key_never_signs(alg: str):
    assert refusal({"alg": alg}, public_key(alg)).code == "key_cannot_sign"


def test_the_kid_picks_the_signer():
    keys = json.dumps({"keys": [private_jwk(private("ES256", which), kid=str(which)) for which in range(3)]})
    for which in range(3):
        made = encode({"alg": "ES256", "kid": str(which)}, CLAIMS, keys)
        assert made.key is not None
        assert made.key.kid == str(which)
        assert status(made.token, public_key("ES256", which)) == "verified"


def test_the_first_private_key_that_fits_signs_if_no_kid_says_otherwise():
    jwks = {
        "keys": [json.loads(oct_jwk()), private_jwk(private("RS256")), private_jwk(private("ES256", 1)), private_jwk(private("ES256", 2))]
    }
    made = encode({"alg": "ES256"}, CLAIMS, json.dumps(jwks))
    assert status(made.token, public_key("ES256", 1)) == "verified"


@pytest.mark.parametrize(
    ("header", "key", "code"),
    [
        pytest.param({"alg": "HS256"}, "short", "key_too_short", id="short secret"),
        pytest.param({"alg": "HS256"}, oct_jwk(use="enc"), "key_use", id="use"),
        pytest.param({"alg": "HS256"}, oct_jwk(alg="HS512"), "key_algorithm", id="alg"),
        pytest.param({"alg": "HS256"}, oct_jwk(key_ops=["verify"]), "key_ops", id="key_ops"),
        pytest.param({"alg": "HS256", "crit": ["x"], "x": 1}, SECRET, "crit_unknown", id="crit"),
        pytest.param('{"alg":"HS256","a":1,"a":2}', SECRET, "json_duplicate_member", id="twice"),
        pytest.param({"alg": "HS256", "kid": 1}, SECRET, "header_parameter_type", id="kid a number"),
    ],
)
def test_what_a_strict_receiver_would_refuse_is_written_and_said(header: Any, key: str, code: str):
    made = encode(header, CLAIMS, key)
    assert code in codes(made.findings)
    assert check(made.token, key).signature.matches is True
    assert status(made.token, key) == "invalid" or code == "key_ops"


# RSA keys that were damaged: OpenSSL's own tests are left out, so these are ours


@pytest.mark.parametrize(
    ("member", "named"),
    [
        pytest.param("p", "p times q is not n", id="p"),
        pytest.param("q", "p times q is not n", id="q"),
        pytest.param("d", "d is not the inverse of e", id="d"),
        pytest.param("dp", "dp does not belong to d", id="dp"),
        pytest.param("dq", "dq does not belong to d", id="dq"),
        pytest.param("qi", "qi is not the inverse of q", id="qi"),
    ],
)
@pytest.mark.parametrize("by", [1, 2, 1 << 40])
def test_a_damaged_rsa_key_does_not_sign_and_the_member_is_named(member: str, named: str, by: int):
    jwk = private_jwk(private("RS256"))
    value = int.from_bytes(unb64u(jwk[member]), "big")
    damaged = json.dumps(jwk | {member: integer(value + by)})
    keys = read_keys(damaged)
    assert [one.message for one in keys.all_findings if one.code == "rsa_private_wrong"] != []
    assert named in next(one.message for one in keys.all_findings if one.code == "rsa_private_wrong")
    assert refusal({"alg": "RS256"}, damaged).code == "key_cannot_sign"
    assert status(token("RS256"), damaged) == "verified", "its public half is sound"


@pytest.mark.parametrize("prime", ["p", "q"])
def test_a_d_that_fits_one_prime_only_is_damage(prime: str):
    """dp and dq are made to fit it, so that only the rule of RFC 8017 §3.2 can tell."""
    numbers = private("RS256").private_numbers()
    one, other = (numbers.p, numbers.q) if prime == "p" else (numbers.q, numbers.p)
    d = numbers.d + one - 1
    assert d * 65537 % (one - 1) == 1
    assert d * 65537 % (other - 1) != 1
    jwk = private_jwk(private("RS256"), d=integer(d), dp=integer(d % (numbers.p - 1)), dq=integer(d % (numbers.q - 1)))
    assert "d is not the inverse of e" in " ".join(one.message for one in read_keys(json.dumps(jwk)).all_findings)
    assert refusal({"alg": "RS256"}, json.dumps(jwk)).code == "key_cannot_sign"


def test_swapped_primes_are_no_damage_when_the_rest_fits():
    jwk = private_jwk(private("RS256"))
    numbers = private("RS256").private_numbers()
    swapped = jwk | {"p": jwk["q"], "q": jwk["p"], "dp": jwk["dq"], "dq": jwk["dp"], "qi": integer(pow(numbers.p, -1, numbers.q))}
    assert encode({"alg": "RS256"}, CLAIMS, json.dumps(swapped)).token == token("RS256")
    only = {name: value for name, value in swapped.items() if name not in ("dp", "dq", "qi")}
    assert encode({"alg": "RS256"}, CLAIMS, json.dumps(only)).token == token("RS256")


@pytest.mark.parametrize("value", ["AA", "AQ", "Ag", "Aw"], ids=["0", "1", "2", "3"])
@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi"])
def test_absurd_members_are_refused(member: str, value: str):
    jwk = private_jwk(private("RS256"))
    for some in (jwk, {name: jwk[name] for name in ("kty", "n", "e", "d", "p", "q")}, {name: jwk[name] for name in ("kty", "n", "e", "d")}):
        if member in some:
            assert refusal({"alg": "RS256"}, json.dumps(some | {member: value})).code == "key_cannot_sign"


def test_a_multi_prime_key_does_not_sign_and_is_said():
    jwk = private_jwk(private("RS256"), oth=[{"r": "AQ", "d": "AQ", "t": "AQ"}])
    assert refusal({"alg": "RS256"}, json.dumps(jwk)).code == "key_cannot_sign"
    assert "more than two primes" in " ".join(one.message for one in read_keys(json.dumps(jwk)).all_findings)


def test_composite_primes_make_no_signature():
    """p and q that are products themselves pass the arithmetic; what they sign does not verify, so it is not given out."""
    primes = [rsa_private(1024, which).private_numbers() for which in (11, 12)]
    p, q = primes[0].p * primes[0].q, primes[1].p * primes[1].q
    d = pow(65537, -1, (p - 1) * (q - 1))
    jwk = {"kty": "RSA", "n": integer(p * q), "e": "AQAB", "d": integer(d), "p": integer(p), "q": integer(q)}
    jwk |= {"dp": integer(d % (p - 1)), "dq": integer(d % (q - 1)), "qi": integer(pow(q, -1, p))}
    assert refusal({"alg": "RS256"}, json.dumps(jwk)).code == "key_cannot_sign"


def test_a_huge_d_takes_no_time():
    numbers = rsa_private(2048).private_numbers()
    jwk = json.dumps({"kty": "RSA", "n": integer(numbers.public_numbers.n), "e": "AQAB", "d": integer(numbers.d << 60_000)})
    assert within(0.5, lambda: refusal({"alg": "RS256"}, jwk)).code == "key_cannot_sign"


@pytest.mark.parametrize(("bits", "alg"), [(1024, "PS512"), (1024, "RS256")])
def test_short_rsa_keys_sign_if_they_can(bits: int, alg: str):
    key = rsa_private(bits)
    if alg == "PS512":
        assert refusal({"alg": alg}, private_pem(key)).code == "key_cannot_sign"
    else:
        made = encode({"alg": alg}, CLAIMS, private_pem(key))
        assert "rsa_too_short" in codes(made.findings)


def test_an_rsa_key_signs_under_all_six_algorithms():
    for alg in RSA:
        assert status(encode({"alg": alg}, CLAIMS, private_key(alg)).token, public_key(alg)) == "verified"


def test_an_ec_key_whose_private_part_belongs_to_another_is_refused():
    jwk = private_jwk(private("ES256")) | {"d": private_jwk(private("ES256", 1))["d"]}
    assert refusal({"alg": "ES256"}, json.dumps(jwk)).code == "key_unreadable"


@pytest.mark.parametrize(
    "d", ["", "AA", b64u(bytes(32)), b64u(b"\xff" * 32), b64u(b"\xff" * 400)], ids=["empty", "0", "zeros", "too large", "huge"]
)
def test_an_absurd_ec_private_part_is_refused(d: str):
    assert refusal({"alg": "ES256"}, json.dumps(private_jwk(private("ES256")) | {"d": d})).code == "key_unreadable"


@pytest.mark.parametrize("encoding", ["utf8", "base64", "base64url", "hex"])
def test_the_encoding_of_the_secret_counts(encoding: str):
    text = {
        "utf8": SECRET,
        "hex": SECRET.encode().hex(),
        "base64url": b64u(SECRET),
        "base64": b64u(SECRET).replace("-", "+").replace("_", "/"),
    }[encoding]
    assert encode({"alg": "HS256"}, CLAIMS, text, key_encoding=encoding).token == token("HS256")
    assert refusal({"alg": "HS256"}, "§", key_encoding="hex").code == "key_unreadable"


def test_an_edit_without_a_key_keeps_the_old_signature():
    edited = unsigned('{"alg":"HS256"}', '{"sub":"2"}', token("HS256").split(".")[2])
    assert decode(edited).payload_text == '{"sub":"2"}'
    assert status(edited) == "invalid"


@pytest.mark.parametrize(
    "text", ["\ud800", '{"alg":"HS256","a":"\udc00"}', {"alg": "HS256", "a": "\udfff"}], ids=["alone", "in JSON", "in a mapping"]
)
def test_halves_of_surrogates_cannot_be_written(text: Any):
    assert refusal({"alg": "HS256"}, payload=text).code == "not_unicode"
    if text != "\ud800":
        assert refusal(text).code == "not_unicode"


def test_what_cannot_be_made_says_nothing_of_payload_or_key():
    for refused in (
        refusal({"alg": "RS256"}, "my-very-secret-secret", '{"sub":"payload-text"}'),
        refusal({"alg": "HS256"}, '{"kty":"oct","k":"§my-very-secret"}'),
    ):
        for word in ("my-very", "payload-text"):
            assert word not in refused.message + refused.hint + str(refused) + repr(refused)


def test_hmac_secrets_of_any_length_sign():
    for alg in HMAC:
        for length in (1, 64, 200, 5000):
            assert check(encode({"alg": alg}, CLAIMS, "x" * length).token, "x" * length).signature.matches


def test_a_fresh_rsa_key_type_is_what_the_tests_think():
    assert isinstance(private("RS256"), rsa.RSAPrivateKey)


@pytest.mark.parametrize("mark", [{"use": "enc"}, {"key_ops": ["decrypt"]}, {"alg": "ES384"}])
def test_of_a_set_the_key_that_may_sign_signs(mark):
    pair = {"keys": [private_jwk(private("ES256"), kid="1", **mark), private_jwk(private("ES256", 1), kid="2")]}
    made = encode('{"alg":"ES256"}', CLAIMS, json.dumps(pair))
    assert made.key is not None
    assert made.key.kid == "2"
    named = encode('{"alg":"ES256","kid":"1"}', CLAIMS, json.dumps(pair))
    assert named.key is not None
    assert named.key.kid == "1"
