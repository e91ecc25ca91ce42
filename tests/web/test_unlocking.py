"""A private key under a passphrase in the debugger's key box: opened for one request, kept nowhere."""

import logging

import pytest
from cryptography.hazmat.primitives import serialization

from tests.tokens.keyring import make, private, private_pem, public_pem, rsa_private

HTMX = {"HX-Request": "true"}
PASSPHRASE = "canary-passphrase"
TOKEN = make({"alg": "ES256"}, alg="ES256")


def locked(key, form=serialization.PrivateFormat.PKCS8):
    lock = serialization.BestAvailableEncryption(PASSPHRASE.encode())
    return key.private_bytes(serialization.Encoding.PEM, form, lock).decode()


KEY = locked(private("ES256"))


@pytest.fixture
def post(client):
    def send(path, headers=None, **form):
        response = client.post(path, data={"token": TOKEN, "key": KEY, **form}, headers=headers)
        assert response.status_code == 200
        return response.dom

    return send


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_the_field_is_there_only_for_a_locked_key(post, headers):
    assert "passphrase" not in {field.get("name") for field in post("/verify", headers, key=private_pem(private("ES256"))).elements}
    assert "passphrase" not in {field.get("name") for field in post("/verify", headers, key_encoding="utf8").elements}
    dom = post("/verify", headers)
    assert dom["passphrase"].get("hx-post") == "/verify"
    assert dom.words("key_note").startswith("Locked Type its passphrase.")
    assert "Key locked" in dom.words("verdict")
    for key in (KEY.replace("\n", "\r\n"), locked(rsa_private(2048), serialization.PrivateFormat.TraditionalOpenSSL)):
        assert post("/verify", headers, key=key).typed("passphrase") == ""


def test_the_right_passphrase_verifies_and_stays_in_its_field(post):
    dom = post("/verify", passphrase=PASSPHRASE)
    assert "Signature verified" in dom.words("verdict")
    assert dom.words("key_note").startswith("Read as PKCS#8 with passphrase EC private key on P-256")
    assert dom.form["passphrase"] == PASSPHRASE


def test_a_wrong_passphrase_is_said_and_nothing_is_lost(post):
    dom = post("/verify", passphrase="canary-wrong")
    assert "Still locked The passphrase does not open the private key, or the key is damaged." in dom.words("key_note")
    assert (dom.typed("key-text"), dom.typed("passphrase"), dom.typed("token-text")) == (KEY, "canary-wrong", TOKEN)
    dom = post("/encode", header='{"alg":"ES256"}', payload='{"sub":"2"}', passphrase="canary-wrong")
    assert "Not signed anew" in dom.words("notice")


def test_an_opened_key_signs_and_decrypts(post):
    dom = post("/encode", header='{"alg":"ES256"}', payload='{"sub":"2"}', passphrase=PASSPHRASE)
    made = dom.typed("token-text")
    assert made != TOKEN
    assert "Signature verified" in post("/verify", token=made, key=public_pem(private("ES256"))).words("verdict")
    dom = post("/encode", token="", header='{"alg":"ECDH-ES","enc":"A128GCM"}', payload='{"sub":"2"}', passphrase=PASSPHRASE)
    dom = post("/decode", token=dom.typed("token-text"), passphrase=PASSPHRASE)
    assert ("Decrypted" in dom.words("verdict"), dom.typed("payload-text")) == (True, '{\n  "sub": "2"\n}')


def test_a_generated_key_has_no_passphrase(post):
    dom = post("/encode", header='{"alg":"ES256"}', payload="{}", passphrase=PASSPHRASE, generate="1")
    assert PASSPHRASE not in str(dom.form)
    assert "Signature verified" in dom.words("verdict")


def test_a_passphrase_is_in_no_log_no_link_and_no_cookie(client, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    form = {"token": TOKEN, "key": KEY, "passphrase": PASSPHRASE, "share": "1"}
    for path in ("/decode", "/verify", "/encode", "/share"):
        response = client.post(path, data=form)
        assert "Set-Cookie" not in response.headers
        assert all(PASSPHRASE not in (link.get("href") or "") for link in response.dom.elements)
    assert client.get(f"/verify?passphrase={PASSPHRASE}").status_code == 400
    said = capfd.readouterr()
    assert PASSPHRASE not in said.out + said.err + caplog.text


def test_a_passphrase_is_bounded(post):
    assert len(post("/verify", passphrase="x" * 1001).typed("passphrase")) == 1000
