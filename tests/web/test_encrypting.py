"""POST /encode with an encrypted token: it keeps its form, its recipients and what is not known of it."""

import json

import pytest

from app.tokens import KEY_MANAGEMENT, encode, verify
from tests.tokens.keyring import oct_jwk, private, private_jwk, rsa_private

HTMX = {"HX-Request": "true"}
ENC = {"enc": "A128GCM"}
WRAPPED = oct_jwk(bytes(16), alg="A128KW", kid="w")
AGREED = private_jwk(private("ES256"), alg="ECDH-ES+A128KW", kid="e")
BOTH = json.dumps({"keys": [json.loads(WRAPPED), AGREED]})
PAYLOAD = '{"sub":"1"}'


@pytest.fixture
def post(client):
    return lambda path, data, headers=None: client.post(path, data=data, headers=headers or {}).dom


def panes(dom):
    """The form that the page shows for a token, with a changed payload."""
    return {**dom.form, "payload": '{"sub":"2"}', "payload_layout": "as-written"}


@pytest.mark.parametrize(
    ("serialization", "header", "key", "more"),
    [
        pytest.param("compact", ENC | {"alg": "A128KW"}, WRAPPED, {}, id="compact"),
        pytest.param("flattened", ENC | {"alg": "A128KW"}, WRAPPED, {"aad": "bill 7"}, id="flattened"),
        pytest.param("general", ENC | {"alg": "ECDH-ES"}, json.dumps(AGREED | {"alg": "ECDH-ES"}), {}, id="general, one recipient"),
        pytest.param("general", ENC, BOTH, {"recipients": ['{"alg":"A128KW","kid":"w","n":1.50}', {"kid": "e", "alg": AGREED["alg"]}]}, id="general"),
    ],
)  # fmt: skip
def test_an_edited_payload_is_encrypted_in_the_same_form(post, serialization, header, key, more):
    token = encode(header, PAYLOAD, key, serialization=serialization, **more).token
    dom = post("/decode", {"token": token, "key": key})
    assert dom.typed("payload-text") == '{\n  "sub": "1"\n}'
    dom = post("/encode", panes(dom), HTMX)
    made = dom.typed("token-text")
    for one in json.loads(key).get("keys", [json.loads(key)]):
        report = verify(made, json.dumps(one), at=0)
        assert (report.serialization, report.payload) == (serialization, {"sub": "2"})
        assert report.decryption
        assert report.decryption.status == "decrypted"
    if serialization != "compact":
        assert json.loads(made).get("aad") == json.loads(token).get("aad")
    assert ('"n":1.50' in made) == ('"n":1.50' in token)


def test_without_the_keys_of_all_recipients_the_token_stays(post):
    token = encode(ENC, PAYLOAD, BOTH, serialization="general").token
    dom = post("/decode", {"token": token, "key": WRAPPED})
    answer = post("/encode", panes(dom))
    assert answer.typed("token-text") == token
    assert answer.typed("payload-text") == '{"sub":"2"}'
    assert "Not encrypted anew; the old token stays." in answer.words("notice")
    assert "recipient" in answer.words("notice")


@pytest.mark.parametrize("serialization", ["compact", "flattened"])
def test_an_unknown_content_is_never_replaced_by_nothing(post, serialization):
    token = encode(ENC | {"alg": "dir"}, PAYLOAD, oct_jwk(bytes(16)), serialization=serialization).token
    for more in ({"generate": "1"}, {}):
        form = {"token": token, "header": '{"alg":"dir","enc":"A128GCM"}', "payload": "", "key": oct_jwk(bytes([1]) * 16), **more}
        dom = post("/encode", form)
        assert dom.typed("token-text") == token
        assert "its payload is not known" in dom.words("notice")
    dom = post("/encode", {"token": token, "header": '{"alg":"dir","enc":"A128GCM"}', "payload": "", "key": oct_jwk(bytes(16))})
    assert verify(dom.typed("token-text"), oct_jwk(bytes(16)), at=0).payload_text == ""


@pytest.mark.parametrize("alg", [name for name, row in KEY_MANAGEMENT.items() if row.encrypts])
def test_generate_makes_a_key_that_fits_and_encrypts_with_it(post, alg):
    header = json.dumps({"alg": alg, "enc": "A256GCM", "kid": "mine"} | ({"p2c": 1000} if alg.startswith("PBES2") else {}))
    before = post("/encode", {"token": "", "header": header, "payload": PAYLOAD, "key": ""})
    assert f"Generate {'A256GCM' if alg == 'dir' else alg} key" in before.words("key_note")
    dom = post("/encode", {**before.form, "generate": "1"}, HTMX)
    report = verify(dom.typed("token-text"), dom.typed("key-text"), at=0)
    assert report.decryption
    assert (report.kind, report.decryption.status, report.payload_text) == ("JWE", "decrypted", PAYLOAD)
    assert json.loads(dom.typed("header-text"))["alg"] == alg


def test_no_key_is_offered_for_a_token_that_is_not_opened(post):
    token = encode(ENC | {"alg": "RSA-OAEP"}, PAYLOAD, json.dumps(private_jwk(rsa_private(2048)))).token
    assert "Generate" not in post("/decode", {"token": token}).words("key_note")


def test_the_note_of_the_key_says_what_it_does_for_an_encrypted_token(post):
    private_key, token = json.dumps(AGREED), encode(ENC | {"alg": "ECDH-ES+A128KW"}, PAYLOAD, json.dumps(AGREED)).token
    public = json.dumps({name: value for name, value in AGREED.items() if name != "d"})
    assert "EC private key on P-256 · encrypts and decrypts with ECDH-ES+A128KW" in post(
        "/verify", {"token": token, "key": private_key}
    ).words("key_note")
    assert "EC public key on P-256 · only encrypts with ECDH-ES+A128KW" in post("/verify", {"token": token, "key": public}).words(
        "key_note"
    )
    assert 'used: EC private key on P-256, kid "e"' in post("/verify", {"token": token, "key": BOTH}).words("key_note")
