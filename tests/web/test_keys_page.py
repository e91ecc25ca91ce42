"""/keys: a key is read, made, converted and certified, with htmx and without JavaScript."""

import json
from threading import BoundedSemaphore

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from app import tokens
from app.tokens import keys
from app.tokens.keys import kinds
from app.web import turns as room

HTMX = {"HX-Request": "true"}
AFTER_KEY = ["notice", "key_note", "key_about", "key_forms"]
QUICK = [name for name in kinds.KINDS if not name.startswith("RSA")]


def pem(private=None, passphrase=None):
    lock = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    private = private or ed25519.Ed25519PrivateKey.generate()
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock).decode()


@pytest.fixture
def send(client):
    def post(headers=None, status=200, **data):
        response = client.post("/keys", data=data, headers=headers)
        assert response.status_code == status
        return response.dom

    return post


def test_the_page_is_in_the_navigation_and_starts_empty(client):
    dom = client.get("/").dom
    assert any(link.get("href") == "/keys" for link in dom.tag("a"))
    dom = client.get("/keys").dom
    assert [link.get("href") for link in dom.tag("a") if link.get("aria-current")] == ["/keys"]
    assert dom.typed("key-text").strip() == ""
    assert dom.words("key_note") == "No key yet"
    assert dom.words("key_forms") == ""


@pytest.mark.parametrize("name", [*QUICK, "RSA-2048"])
def test_every_kind_on_the_menu_is_made_without_javascript(send, name):
    dom = send(make="1", kind=name)
    jwk = json.loads(dom.typed("key-text"))
    (key,) = tokens.read_keys(dom.typed("key-text")).keys
    assert jwk["kid"] == key.thumbprint()
    assert dom.words("key_note") == "Read as JWK"
    assert key.name in dom.words("key_about")
    assert "Nothing speaks against it." in dom.words("key_about")
    if key.secret is not None:
        assert json.loads(dom.typed("secret-jwk")) == jwk
        return
    assert json.loads(dom.typed("private-jwk")) == jwk
    assert tokens.read_keys(dom.typed("public-pem")).keys[0].thumbprint() == jwk["kid"]
    assert json.loads(dom.typed("public-set"))["keys"][0]["kid"] == jwk["kid"]
    assert dom.typed("print-uri").strip().endswith(f":{jwk['kid']}")


def test_the_menu_offers_every_kind_and_keeps_what_was_chosen(send):
    dom = send(kind="ML-DSA-65", key="")
    options = [option.get("value") for option in dom["kind"].iter("option")]
    assert options == list(kinds.KINDS)
    assert dom.typed("kind") == "ML-DSA-65"
    assert send(kind="no such kind", make="1").typed("kind") == "P-256"


def test_htmx_gets_the_panes_that_change_and_never_the_box_that_is_typed_in(send):
    dom = send(HTMX, key=pem())
    assert dom.panes == AFTER_KEY
    assert "key-text" not in dom
    assert send(HTMX, make="1", kind="Ed25519").panes == ["notice", "key_box", *AFTER_KEY[1:]]


def test_the_same_partials_serve_page_and_htmx(send):
    text = pem()
    whole, parts = send(key=text), send(HTMX, key=text)
    for name in ("key_note", "key_about", "key_forms"):
        assert whole.words(name) == parts.words(name)


def test_a_pem_becomes_a_jwk_and_a_jwk_a_pem(send):
    text = pem()
    dom = send(key=text.replace("\n", "\r\n"))
    assert dom.typed("private-pem").strip() == text.strip()
    back = send(key=dom.typed("private-jwk"))
    assert back.typed("private-pem").strip() == text.strip()
    assert send(key=back.typed("public-der")).typed("public-pem") == back.typed("public-pem")


def test_a_public_key_has_no_private_forms(send):
    public = send(key=pem()).typed("public-pem")
    dom = send(key=public)
    assert "forms-public" in dom
    assert "forms-private" not in dom
    assert "Verify" in dom.words("key_about")


def test_a_secret_is_read_as_it_is_encoded(send):
    dom = send(key="c2VjcmV0", key_encoding="base64")
    assert dom.typed("secret-text").strip() == "secret"
    assert "The secret has 48 bits: HS256, the shortest, requires 256 to sign." in dom.words("key_about")
    assert "forms-prints" not in dom


def test_a_locked_key_asks_for_its_passphrase_and_opens_with_it(send):
    text = pem(passphrase=b"hunter2")
    assert "Locked Type its passphrase." in send(key=text).words("key_note")
    assert "does not open the private key" in send(key=text, passphrase="wrong").words("key_note")
    dom = send(key=text, passphrase="hunter2")
    assert dom.words("key_note") == "Read as PKCS#8 with passphrase"
    assert "BEGIN PRIVATE KEY" in dom.typed("private-pem")


def test_a_key_is_locked_with_a_new_passphrase(send):
    dom = send(key=pem(), lock="new one")
    assert "BEGIN ENCRYPTED PRIVATE KEY" in dom.typed("private-pem")
    assert send(key=dom.typed("private-pem"), passphrase="new one").words("key_note").startswith("Read as PKCS#8")


def test_a_key_that_is_not_read_says_why_and_shows_no_forms(send):
    dom = send(key='{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}')
    assert dom.words("key_note").startswith("Not readable")
    assert dom.words("key_forms") == ""


def test_the_keys_of_a_set_are_listed_and_one_is_shown(send):
    one, two = (keys.generate_kind(kinds.KINDS[name]) for name in ("P-256", "Ed448"))
    text = json.dumps({"keys": [keys.public_jwk(one), keys.public_jwk(two)]})
    dom = send(key=text)
    assert "EC public key on P-256" in dom.words("key_about")
    assert json.loads(dom.typed("public-jwk")) == keys.public_jwk(one)
    shown = send(key=text, show="2")
    assert json.loads(shown.typed("public-jwk")) == keys.public_jwk(two)
    assert shown.typed("which") == "2"
    assert len(json.loads(shown.typed("public-set"))["keys"]) == 2
    for odd in ("0", "3", "-1", "9" * 50, "²", "x", ""):
        send(key=text, which=odd)


def test_a_certificate_is_made_and_seen(send):
    dom = send(key=pem(), certify="1", subject="CN=unit test", days="7")
    made = x509.load_pem_x509_certificate(dom.typed("made-pem").strip().encode())
    assert made.subject.rfc4514_string() == "CN=unit test"
    assert (made.not_valid_after_utc - made.not_valid_before_utc).days == 7
    assert set(json.loads(dom.typed("made-header"))) == {"x5c", "x5t", "x5t#S256"}
    seen = send(key=dom.typed("made-pem"))
    words = seen.words("key_about")
    assert "Subject CN=unit test" in words
    assert "CN=unit test (signed by its own key)" in words
    header = json.loads(dom.typed("made-header"))
    assert seen.typed("print-x5t-s256").strip() == header["x5t#S256"]
    assert seen.typed("print-x5t").strip() == header["x5t"]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"key": ""}, "takes a private key"),
        ({"key": "secret"}, "takes a private key"),
        ({"days": "0"}, "1 to 3,650 days"),
        ({"days": "soon"}, "1 to 3,650 days"),
        ({"days": "99999"}, "1 to 3,650 days"),
        ({"subject": ""}, "subject is empty"),
        ({"subject": "no name=x"}, "subject is no name"),
    ],
)
def test_a_certificate_that_cannot_be_made_is_said(send, sent, words):
    dom = send(**{"key": pem(), "subject": "a", "days": "1", "certify": "1", **sent})
    assert words in dom.words("notice")
    assert "forms-made" not in dom


def test_clear_empties_the_page(send):
    dom = send(key=pem(), passphrase="x", clear="1")
    assert dom.typed("key-text").strip() == ""
    assert dom.typed("passphrase") == ""


@pytest.mark.parametrize("name", ["key", "secret", "passphrase", "lock"])
def test_a_key_in_the_address_is_refused_and_not_repeated(client, name):
    response = client.get(f"/keys?{name}=canary-in-the-address")
    assert response.status_code == 400
    assert "canary" not in response.text
    assert "Keys never travel in an address." in response.text


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"></textarea><b>', '{"kty":"oct","k":"c2VjcmV0","kid":"<b>&"}', "\x00\ud7ff\u202e", "{" * 3000]
)
def test_whatever_is_pasted_is_escaped(send, text):
    send(key=text)
    send(HTMX, key=text)


def test_making_waits_its_turn_and_is_refused_after_a_while(client, monkeypatch):
    monkeypatch.setattr(room, "_MAKERS", BoundedSemaphore(1))
    monkeypatch.setattr(room, "_WAIT_SECONDS", 0.05)
    assert room._MAKERS.acquire()
    for data in ({"make": "1"}, {"key": pem(passphrase=b"x"), "passphrase": "x"}):
        assert client.post("/keys", data=data).status_code == 429
        response = client.post("/keys", data=data, headers=HTMX)
        assert response.status_code == 429
        assert "Too many keys are being made at once." in response.dom.words("notice")
    room._MAKERS.release()
    assert client.post("/keys", data={"make": "1"}).status_code == 200


def test_other_bodies_and_too_many_fields_are_refused(client):
    assert client.post("/keys", json={"key": "x"}).status_code == 415
    assert client.post("/keys", data={f"f{number}": "1" for number in range(40)}).status_code == 400


def test_no_key_and_no_passphrase_is_printed(send, capsys):
    send(key=pem(passphrase=b"canary-passphrase"), passphrase="canary-passphrase", certify="1", subject="canary-subject")
    said = capsys.readouterr()
    assert "canary" not in said.out + said.err


@pytest.mark.parametrize("half", ["public", "private"])
def test_a_form_of_a_key_goes_into_the_debugger(client, send, half):
    dom = send(key=pem())
    shown = dom[f"{half}-jwk"]
    form = dom[shown.get("form")]
    assert (form.get("method"), form.get("action"), shown.get("name")) == ("post", "/verify", "key")
    assert [button.get("aria-label") for button in dom.tag("button") if button.get("form") == shown.get("form")] == [
        f"Use JWK, {half} in the debugger"
    ]
    assert [one.get("id") for one in dom.tag("textarea") if one.get("form") == shown.get("form")] == [f"{half}-jwk"]
    answer = client.post("/verify", data={"key": dom.typed(f"{half}-jwk")})
    assert answer.dom.typed("key-text") == dom.typed(f"{half}-jwk")
    assert f"Ed25519 {half} key" in answer.dom.words("key_note")


def test_the_key_box_goes_into_the_debugger_with_its_passphrase(client, send):
    dom = send(key=pem(passphrase=b"hunter2"), passphrase="hunter2")
    assert "/verify" in {button.get("formaction") for button in dom.tag("button")}
    form = {name: dom.typed(field) for name, field in (("key", "key-text"), ("key_encoding", "key-encoding"), ("passphrase", "passphrase"))}
    answer = client.post("/verify", data=form)
    assert answer.dom.typed("key-text") == dom.typed("key-text")
    assert "Read as PKCS#8 with passphrase" in answer.dom.words("key_note")


def test_a_secret_goes_into_the_debugger_too(send):
    dom = send(make="1", kind="HS256")
    assert dom["secret-jwk"].get("form") == "use-secret"
    assert {one.get("id") for one in dom.tag("form")} >= {"use-public", "use-private", "use-secret"}
