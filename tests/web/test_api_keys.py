"""POST /api/v1/keys: a new key for an algorithm, in the forms of the contract."""

import base64
import threading
from threading import BoundedSemaphore

import pytest

from app.web import turns as room

KINDS = {
    "HS256": "oct", "HS384": "oct", "HS512": "oct", "RS256": "RSA", "PS512": "RSA", "ES256": "EC", "ES384": "EC", "ES512": "EC",
    "ES256K": "EC", "EdDSA": "OKP", "Ed25519": "OKP", "Ed448": "OKP", "ML-DSA-44": "AKP", "ML-DSA-65": "AKP", "ML-DSA-87": "AKP",
}  # fmt: skip
PRIVATE = {"k", "d", "p", "q", "dp", "dq", "qi", "priv"}


@pytest.mark.parametrize("algorithm", KINDS)
def test_a_key_comes_in_the_forms_of_the_contract(api, algorithm):
    made = api("keys", {"algorithm": algorithm})
    if KINDS[algorithm] == "oct":
        assert set(made) == {"secret"}
        assert set(made["secret"]) == {"jwk", "text"}
        assert made["secret"]["jwk"]["kty"] == "oct"
        assert len(made["secret"]["text"].encode()) * 8 >= int(algorithm[2:])
        return
    assert set(made) == {"private", "public"}
    for half in made.values():
        assert set(half) == {"jwk", "pem"}
        assert half["jwk"]["kty"] == KINDS[algorithm]
    assert made["private"]["pem"].startswith("-----BEGIN PRIVATE KEY-----\n")
    assert made["public"]["pem"].startswith("-----BEGIN PUBLIC KEY-----\n")
    assert made["private"]["jwk"].keys() & PRIVATE
    assert not made["public"]["jwk"].keys() & PRIVATE


@pytest.mark.parametrize(
    ("algorithm", "kty"),
    [("RSA-OAEP-256", "RSA"), ("ECDH-ES", "EC"), ("ECDH-ES+A256KW", "EC"), ("X25519", "OKP"), ("X448", "OKP")],
)
def test_a_pair_to_encrypt_with_comes_in_the_same_forms(api, algorithm, kty):
    made = api("keys", {"algorithm": algorithm})
    assert set(made) == {"private", "public"}
    assert made["public"]["jwk"]["kty"] == kty
    assert made["public"]["jwk"]["use"] == "enc"
    assert made["public"]["jwk"].get("alg") == (algorithm if kty != "OKP" else None)


@pytest.mark.parametrize(("algorithm", "size"), [("A128KW", 16), ("A192KW", 24), ("A256GCMKW", 32), ("PBES2-HS256+A128KW", 32)])
def test_a_secret_that_wraps_keys_has_its_exact_length_and_says_how_its_text_is_written(api, algorithm, size):
    secret = api("keys", {"algorithm": algorithm})["secret"]
    assert secret["encoding"] == "base64url"
    assert secret["jwk"]["k"] == secret["text"]
    assert len(base64.urlsafe_b64decode(secret["text"] + "==")) == size
    assert secret["jwk"]["alg"] == algorithm


@pytest.mark.parametrize(("enc", "size"), [("A128GCM", 16), ("A256CBC-HS512", 64)])
def test_a_key_to_encrypt_with_directly_is_as_long_as_the_content_wants(api, enc, size):
    secret = api("keys", {"algorithm": "dir", "enc": enc})["secret"]
    assert len(base64.urlsafe_b64decode(secret["text"] + "==")) == size
    header = {"alg": "dir", "enc": enc}
    findings = api("encode", {"header": header, "payload": {}, "key": secret["jwk"]})["findings"]
    assert [one["code"] for one in findings if one["level"] != "info"] == []


@pytest.mark.parametrize("asked", [{"algorithm": "dir"}, {"algorithm": "RSA1_5"}, {"algorithm": "dir", "enc": "A1"}])
def test_a_key_of_no_known_length_or_for_what_is_not_made_here_is_refused(api, asked):
    assert api("keys", asked, 422)["error"]["code"] == "algorithm_unknown"


def test_no_key_is_made_twice(api):
    assert len({api("keys", {"algorithm": "Ed25519"})["public"]["jwk"]["x"] for _ in range(5)}) == 5


@pytest.mark.parametrize("algorithm", ["none", "hs256", "RS257", "", "RSA", "A128GCM", "__class__", "\ud800"])
def test_an_algorithm_nobody_knows_is_refused_with_a_list(api, algorithm):
    error = api("keys", {"algorithm": algorithm}, 422)["error"]
    assert error["code"] == "algorithm_unknown"
    assert "ES256" in error["hint"]


@pytest.mark.parametrize("body", [{}, {"algorithm": None}, {"algorithm": 256}, {"algorithm": ["ES256"]}, {"alg": "ES256"}])
def test_a_missing_or_wrong_name_is_refused(api, body):
    api("keys", body, 422)


def test_it_is_busy_rather_than_slow_for_everybody(api, monkeypatch):
    monkeypatch.setattr(room, "_MAKERS", BoundedSemaphore(1))
    monkeypatch.setattr(room, "_WAIT_SECONDS", 0.05)
    assert room._MAKERS.acquire()
    assert api("keys", {"algorithm": "RS256"}, 429)["error"]["code"] == "busy"
    room._MAKERS.release()
    api("keys", {"algorithm": "ES256"})


def test_a_maker_is_free_again_after_a_failure(app, client, monkeypatch, capsys):
    makers = BoundedSemaphore(1)
    monkeypatch.setattr(room, "_MAKERS", makers)

    def broken(algorithm):
        raise RuntimeError("canary")

    monkeypatch.setattr("app.web.api.keys.generate_for", broken)
    assert client.post("/api/v1/keys", json={"algorithm": "ES256"}).status_code == 500
    assert makers.acquire(blocking=False)
    assert "canary" not in capsys.readouterr().err


@pytest.mark.slow
def test_sixteen_at_once_are_answered_or_told_to_wait(app):
    answers = []

    def ask():
        answers.append(app.test_client().post("/api/v1/keys", json={"algorithm": "RS256"}).status_code)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 16
    assert set(answers) <= {200, 429}
