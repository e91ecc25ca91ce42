"""A JWE made in JSON: who it goes to, what is said to all of them and what to each, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.tokens import CannotEncode, Encoded, Expectations, decode, encode, verify
from app.tokens.jwe.message import MAX_RECIPIENTS
from app.tokens.jwe.parameters import MAX_ROUNDS
from tests.tokens.keyring import CLAIMS, b64u, check, codes, oct_jwk, outcome, private, private_jwk, public_jwk, rsa_private, unb64u

ENC = {"enc": "A128GCM"}
RSA = public_jwk(rsa_private(2048), alg="RSA-OAEP-256", kid="r")
AGREED = public_jwk(private("ES256"), alg="ECDH-ES+A128KW", kid="e")
WRAPPED = json.loads(oct_jwk(bytes(range(16)), alg="A128GCMKW", kid="w"))
DIRECT = json.loads(oct_jwk(bytes(range(16))))


def box(*keys: dict[str, Any]) -> str:
    return json.dumps({"keys": keys})


def general(header: Any, keys: str, **more: Any) -> tuple[dict[str, Any], Encoded]:
    made = encode(header, CLAIMS, keys, serialization="general", **more)
    return json.loads(made.token), made


def own_headers(token: dict[str, Any]) -> list[dict[str, Any]]:
    return [one.get("header", {}) for one in token["recipients"]]


def protected(token: dict[str, Any]) -> dict[str, Any]:
    return json.loads(unb64u(token["protected"]))


def test_each_key_of_a_set_is_a_recipient_by_its_own_alg():
    token, made = general(ENC, box(RSA, AGREED, WRAPPED))
    assert protected(token) == ENC
    assert [(one["alg"], one["kid"]) for one in own_headers(token)] == [("RSA-OAEP-256", "r"), ("ECDH-ES+A128KW", "e"), ("A128GCMKW", "w")]
    assert [sorted(one) for one in own_headers(token)] == [["alg", "kid"], ["alg", "epk", "kid"], ["alg", "iv", "kid", "tag"]]
    assert codes(made.findings) == ["json_serialization"]
    for key in (private_jwk(rsa_private(2048)), private_jwk(private("ES256"), kid="e"), WRAPPED):
        report = check(made.token, json.dumps(key))
        assert report.decryption is not None
        assert (report.decryption.status, report.payload_text) == ("decrypted", CLAIMS)


def test_the_alg_of_the_header_goes_for_every_key_that_fits_it():
    other = public_jwk(rsa_private(2048, 1), kid="s")
    signing = public_jwk(rsa_private(2048, 2), kid="t", use="sig")
    token, _ = general(ENC | {"alg": "RSA-OAEP-256"}, box(RSA, AGREED, other, signing))
    assert protected(token) == ENC | {"alg": "RSA-OAEP-256"}
    assert own_headers(token) == [{"kid": "r"}, {"kid": "s"}]


def test_a_kid_in_the_header_chooses_one_recipient():
    header = ENC | {"alg": "RSA-OAEP-256", "kid": "s"}
    token, made = general(header, box(RSA, public_jwk(rsa_private(2048, 1), kid="s")))
    assert (protected(token), own_headers(token)) == (header, [{}])
    assert made.key is not None
    assert made.key.kid == "s"


@pytest.mark.parametrize("alg", ["dir", "ECDH-ES", "A128KW", "PBES2-HS256+A128KW"])
@pytest.mark.parametrize("form", ["flattened", "general"])
def test_with_one_recipient_all_is_protected(alg: str, form: Any):
    header = ENC | {"alg": alg} | ({"p2c": 1000} if alg.startswith("PBES2") else {})
    key = json.dumps(AGREED | {"alg": "ECDH-ES"} if alg == "ECDH-ES" else DIRECT)
    token = json.loads(encode(header, CLAIMS, key, serialization=form).token)
    assert protected(token).items() >= header.items()
    holder = token if form == "flattened" else token["recipients"][0]
    assert ("encrypted_key" in holder) == (alg not in ("dir", "ECDH-ES"))
    assert not {"header", "unprotected", "aad"} & {*token, *holder}


def test_the_header_of_a_recipient_is_kept_as_it_is_written_and_what_must_be_new_is_new():
    own = '{ "kid":"e", "alg" : "ECDH-ES+A128KW", "epk": {"old":1}, "apu":"QWxpY2U", "x":1.50 }'
    _, made = general(ENC, box(RSA, AGREED), recipients=[own, {"alg": "RSA-OAEP-256"}])
    assert '{"header":{ "kid":"e", "alg" : "ECDH-ES+A128KW", "epk": {"crv":' in made.token
    assert ', "apu":"QWxpY2U", "x":1.50 },"encrypted_key":"' in made.token
    report = check(made.token, json.dumps(private_jwk(private("ES256"), kid="e")))
    assert report.decryption is not None
    assert report.decryption.status == "decrypted"


def test_nothing_is_used_twice():
    tokens = [general(ENC, box(AGREED, WRAPPED))[0] for _ in range(2)]
    for name in ("iv", "ciphertext", "tag"):
        assert tokens[0][name] != tokens[1][name]
    for at, name in ((0, "epk"), (1, "iv")):
        assert own_headers(tokens[0])[at][name] != own_headers(tokens[1])[at][name]


def test_additional_data_is_authenticated():
    key = json.dumps(DIRECT)
    token = json.loads(encode(ENC | {"alg": "dir"}, CLAIMS, key, serialization="flattened", aad="bill 7").token)
    assert token["aad"] == b64u("bill 7")
    for aad, status in ((b64u("bill 7"), "decrypted"), (b64u("bill 8"), "failed"), (None, "failed")):
        changed = token | {"aad": aad} if aad else {name: value for name, value in token.items() if name != "aad"}
        report = check(json.dumps(changed), key)
        assert report.decryption is not None
        assert report.decryption.status == status


def test_to_write_it_compactly_is_offered_only_where_nothing_is_lost():
    key = json.dumps(WRAPPED)
    for aad, form, offered in (("", "flattened", True), ("x", "flattened", False), ("", "general", False)):
        token = encode(ENC | {"alg": "A128GCMKW"}, CLAIMS, key, serialization=form, aad=aad).token  # type: ignore[arg-type]
        repairs = [one for finding in decode(token).findings for one in finding.repairs if one.label == "Write it compactly"]
        assert bool(repairs) == offered
        for repair in repairs:
            report = check(repair.text or "", key)
            assert report.decryption is not None
            assert report.decryption.status == "decrypted"


def password(count: int) -> list[dict[str, Any]]:
    return [{"alg": "PBES2-HS256+A128KW", "p2c": count}] * 2


@pytest.mark.parametrize(
    ("header", "keys", "more", "code", "words"),
    [
        pytest.param({"alg": "dir"}, box(DIRECT, DIRECT | {"kid": "2"}), {}, "recipients_direct", "cannot be 2", id="dir"),
        pytest.param(
            {"alg": "ECDH-ES"}, box(AGREED, AGREED | {"kid": "f"}), {"recipients": [{}, {}]}, "recipients_direct", "ECDH-ES", id="ECDH-ES"
        ),
        pytest.param({}, box(DIRECT, DIRECT), {}, "alg_missing", '"alg"', id="no alg anywhere"),
        pytest.param({"epk": {}}, box(RSA, AGREED), {}, "recipient_header", '"epk" is another', id="epk for all"),
        pytest.param({"alg": "A128KW"}, box(WRAPPED), {"recipients": [{"alg": "A128KW"}]}, "recipient_header", "in one of", id="alg twice"),
        pytest.param({}, box(WRAPPED), {"recipients": [{"zip": "DEF"}]}, "recipient_header", "recipient 1", id="zip of one"),
        pytest.param({}, box(WRAPPED), {"recipients": ['{"alg":NaN}']}, "recipient_header", "strict JSON", id="no strict JSON"),
        pytest.param({}, box(WRAPPED), {"recipients": ["[]"]}, "header_not_an_object", "array", id="no object"),
        pytest.param({}, box(WRAPPED), {"recipients": ['{"a":"\ud800"}']}, "not_unicode", "surrogate", id="half a pair"),
        pytest.param({}, box(WRAPPED), {"recipients": [{"alg": "A256KW"}]}, "key_size", "32-byte", id="no key of the size"),
        pytest.param({}, box(WRAPPED), {"recipients": [{}] * (MAX_RECIPIENTS + 1)}, "recipients_many", "101", id="101 recipients"),
        pytest.param(
            {}, box(DIRECT, DIRECT), {"recipients": password(MAX_ROUNDS // 2 + 1)}, "p2c_out_of_range", "together", id="rounds together"
        ),
        pytest.param({}, box(DIRECT), {"recipients": [{"alg": "A128KW"}] * 2}, "recipient_key", "recipient 2", id="one key for two"),
        pytest.param({}, box(RSA), {"recipients": [{"alg": "RSA-OAEP-256", "kid": "s"}]}, "recipient_key", '"s"', id="another kid"),
        pytest.param({"alg": "dir"}, box(DIRECT), {"detached": True}, "jwe_form", "content", id="detached"),
        pytest.param({"alg": "dir"}, box(DIRECT), {"aad": "x", "serialization": "compact"}, "jwe_form", "compact", id="aad, compact"),
        pytest.param(
            {"alg": "dir"},
            box(DIRECT),
            {"recipients": [{}], "serialization": "flattened"},
            "jwe_form",
            "general",
            id="recipients, flattened",
        ),
    ],
)
def test_what_no_token_can_be_made_of_is_refused(header: dict[str, Any], keys: str, more: dict[str, Any], code: str, words: str):
    with pytest.raises(CannotEncode) as caught:
        encode(ENC | header, CLAIMS, keys, **{"serialization": "general"} | more)
    assert caught.value.code == code
    assert words in f"{caught.value.message} {caught.value.hint}"


def test_as_many_recipients_as_are_read_are_made():
    keys = [json.loads(oct_jwk(bytes([number]) * 16, alg="A128KW", kid=str(number))) for number in range(MAX_RECIPIENTS)]
    token, made = general(ENC, box(*keys))
    assert len(token["recipients"]) == MAX_RECIPIENTS
    report = check(made.token, json.dumps(keys[-1]))
    assert report.decryption is not None
    assert report.decryption.status == "decrypted"


def test_a_key_that_should_not_be_used_is_told_of_whichever_recipient_it_is():
    _, made = general(ENC, box(RSA, AGREED), recipients=[{"alg": "RSA-OAEP"}, {"alg": "ECDH-ES+A128KW"}])
    assert "key_algorithm" in codes(made.findings)


def test_the_algorithm_allowed_is_that_of_the_recipient_who_opened_it():
    keys_ = [json.loads(oct_jwk(bytes(range(32)), kid="1")), {**private_jwk(private("RS256")), "kid": "2"}]
    made = encode(
        {"enc": "A256GCM"},
        "{}",
        json.dumps({"keys": keys_}),
        serialization="general",
        recipients=['{"alg":"A256KW","kid":"1"}', '{"alg":"RSA-OAEP-256","kid":"2"}'],
    )
    for key, alg in zip(keys_, ("A256KW", "RSA-OAEP-256"), strict=True):
        for allowed in ("A256KW", "RSA-OAEP-256"):
            report = verify(made.token, json.dumps(key), at=0, expect=Expectations((allowed,)))
            assert outcome(report, "algorithm") == ("passed" if alg == allowed else "failed")
