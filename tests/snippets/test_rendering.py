"""Code is rendered for every library, and says what it cannot do."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.snippets import KEY_FORMS, Action, Facts, KeyForm, libraries, render
from app.tokens import ALGORITHMS

ACTIONS: tuple[Action, ...] = ("verify", "sign")
LIBRARIES = list(libraries())
FULL: dict[str, Any] = {
    "issuer": "https://login.example.com/marked-issuer",
    "audience": "https://api.example.com/marked-audience",
    "leeway": 47,
    "key_id": "marked-key",
    "claims": '{"sub": "marked-subject", "admin": true, "nothing": null, "n": -1.5, "of": {"roles": ["a"], "none": [], "empty": {}}}',
}


def full(library_id: str, name: str, form: KeyForm) -> Facts:
    """Facts in which everything is marked, of a type that the library takes."""
    types = libraries()[library_id].types
    typ = types[0] if types else "marked+jwt"
    return Facts(name, form, **FULL, type=typ, header=json.dumps({"alg": name, "typ": typ, "kid": "marked-key"}))


def offered(library_id: str) -> list[tuple[Action, str, KeyForm]]:
    """Every action, algorithm and form of the key for which there is code."""
    every = itertools.product(ACTIONS, ALGORITHMS, KEY_FORMS)
    return [(action, name, form) for action, name, form in every if render(library_id, action, full(library_id, name, form)).can]


@pytest.mark.parametrize("library_id", LIBRARIES)
def test_every_library_verifies_and_signs_something(library_id: str):
    assert {action for action, _, _ in offered(library_id)} == set(ACTIONS)


@pytest.mark.parametrize("library_id", LIBRARIES)
def test_the_code_that_verifies_names_what_is_expected(library_id: str):
    for action, name, form in offered(library_id):
        if action == "verify":
            text = render(library_id, action, full(library_id, name, form)).text
            assert "marked-issuer" in text
            assert "marked-audience" in text
            assert (libraries()[library_id].types or ["marked+jwt"])[0] in text
            assert "47" in text
            assert "marked-subject" not in text


@pytest.mark.parametrize("library_id", LIBRARIES)
def test_the_algorithm_is_pinned_in_the_code_that_verifies(library_id: str):
    for action, name, form in offered(library_id):
        if action == "verify":
            assert libraries()[library_id].names.get(name, name) in render(library_id, action, full(library_id, name, form)).text


@pytest.mark.parametrize("library_id", LIBRARIES)
def test_the_code_that_signs_carries_the_claims_and_the_header(library_id: str):
    for action, name, form in offered(library_id):
        if action == "sign":
            text = render(library_id, action, full(library_id, name, form)).text
            assert "marked-subject" in text
            assert "marked-key" in text


@pytest.mark.parametrize("library_id", LIBRARIES)
def test_it_is_rendered_too_when_nothing_is_expected(library_id: str):
    for action, name, form in offered(library_id):
        snippet = render(library_id, action, Facts(name, form, expires=False, claims='{"sub": "1"}'))
        assert snippet.text.endswith("\n")
        assert not snippet.text.startswith("\n")
        assert "None" not in snippet.text or snippet.language.id == "rust"
        assert "\n\n\n" not in snippet.text
        assert not re.search("[ \t]$", snippet.text, re.MULTILINE)


@pytest.mark.parametrize("library_id", LIBRARIES)
def test_it_says_why_there_is_no_code(library_id: str):
    for name, form in itertools.product(ALGORITHMS, KEY_FORMS):
        snippet = render(library_id, "verify", full(library_id, name, form))
        assert snippet.can == bool(snippet.text)
        assert snippet.can or snippet.why_not.endswith(".")


@pytest.mark.parametrize("library_id", LIBRARIES)
@pytest.mark.parametrize("name", ["none", "RS257", "", "<b>" * 100])
def test_there_is_no_code_for_what_is_no_signature_algorithm(library_id: str, name: str):
    snippet = render(library_id, "verify", Facts(name))
    assert not snippet.can
    assert "<b>" not in snippet.why_not


@pytest.mark.parametrize("library_id", LIBRARIES)
@pytest.mark.parametrize("claims", ["[1]", "not JSON", '"text"', "", '{"a":'])
def test_there_is_no_code_to_sign_what_are_no_claims(library_id: str, claims: str):
    for action, name, form in offered(library_id):
        if action == "sign":
            assert "claims" in render(library_id, action, Facts(name, form, claims=claims)).why_not


@pytest.mark.parametrize("library_id", LIBRARIES)
def test_a_library_tells_what_a_reader_must_know(library_id: str):
    library = libraries()[library_id]
    assert library.name
    assert library.install
    assert library.url.startswith("https://")
    assert set(library.algorithms) <= set(ALGORITHMS) - {"none"}
    assert set(library.untried) <= set(library.algorithms)
    assert set(library.keys) <= set(KEY_FORMS)
    assert all(note.endswith(".") for note in library.notes)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (Facts("Ed448"), "PyJWT does not offer Ed448."),
        (Facts("ML-DSA-44"), "PyJWT does not offer ML-DSA-44."),
        (Facts("RSA-OAEP", encryption="A256GCM"), "There is no code for encrypted tokens with PyJWT."),
        (Facts("HS256", "pem"), "HS256 takes a shared secret, which is not a PEM file."),
        (Facts("RS256", "secret"), "RS256 takes an RSA key, which is not a secret as text."),
        (
            Facts("EdDSA", "jwks", curve="Ed448"),
            "PyJWT leaves Ed448 keys out when it reads a JWK Set. Give the key as a JWK or a PEM file.",
        ),
    ],
    ids=["another name", "post-quantum", "encrypted", "secret", "pair", "a gap"],
)
def test_it_says_exactly_what_cannot_be(facts: Facts, said: str):
    assert render("pyjwt", "verify", facts).why_not == said


@pytest.mark.parametrize(
    ("algorithm", "encryption"), [("RSA-OAEP", "RSA-OAEP"), ("A256GCM", "A256GCM"), ("RSA-OAEP", "x"), ("RS256", "A256GCM")]
)
@pytest.mark.parametrize("form", KEY_FORMS)
def test_names_in_the_wrong_place_are_not_offered(algorithm: str, encryption: str, form: KeyForm):
    said = render("joserfc", "verify", Facts(algorithm, form, encryption=encryption)).why_not
    assert said.startswith("There is no code for")


def test_a_key_is_put_in_only_when_it_is_given():
    facts = Facts("HS256", "secret", claims="{}")
    assert "JWT_SECRET" in render("pyjwt", "verify", facts).text
    given = render("pyjwt", "verify", Facts("HS256", "secret", key='an "example" secret')).text
    assert '"an \\"example\\" secret"' in given
    assert "JWT_SECRET" not in given


def test_numbers_that_the_language_would_change_are_not_signed():
    claims = json.dumps({"n": 2**53 + 1})
    assert "digits" in render("jose", "sign", Facts("HS256", "secret", claims=claims)).why_not
    assert str(2**53 + 1) in render("pyjwt", "sign", Facts("HS256", "secret", claims=claims)).text


REGISTERED = st.sampled_from(["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "typ", "kid", "alg", "__proto__", "items", "0"])
VALUE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.text(max_size=2), max_size=2)
OBJECT = st.dictionaries(REGISTERED | st.text(max_size=5), VALUE | st.dictionaries(REGISTERED, VALUE, max_size=2), max_size=5)


@settings(max_examples=15)
@given(header=OBJECT, claims=OBJECT, issuer=st.none() | st.text(), key=st.none() | st.text())
@pytest.mark.parametrize("library_id", LIBRARIES)
def test_no_header_and_no_claims_make_it_fail(library_id: str, header: dict, claims: dict, issuer: str | None, key: str | None):
    told = {"header": json.dumps(header), "claims": json.dumps(claims), "issuer": issuer, "audience": issuer, "type": issuer, "key": key}
    for action, (name, form) in itertools.product(ACTIONS, [("HS256", "secret"), ("RS256", "pem"), ("ES256", "jwk"), ("RSA-OAEP", "pem")]):
        facts = Facts(name, form, encryption="A256GCM" if name == "RSA-OAEP" else "", **told)  # type: ignore[arg-type]
        snippet = render(library_id, action, facts)
        assert snippet.can == bool(snippet.text)
