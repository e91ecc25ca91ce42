"""A JWS in JSON serialization written anew: the form stays, and nobody signs in another's place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tokens import CannotEncode, anew, encode, verify
from tests.tokens.keyring import CLAIMS, NOW, SECRET, b64u, oct_jwk, private, private_jwk, public_jwk, raw_signature, unb64u

OTHER = "another-secret-that-is-also-at-least-256-bits"
NEW = '{"sub":"2","exp":1800000000}'


def signer(header: str | None, unprotected: str | None = None, key: Any = SECRET, alg: str = "HS256", payload: str = CLAIMS) -> str:
    protected = b64u(header) if header else ""
    signature = b64u(raw_signature(alg, f"{protected}.{b64u(payload)}".encode(), key if alg != "HS256" else key.encode()))
    members = [f'"protected": "{protected}"'] if header else []
    members += [f'"header": {unprotected}'] if unprotected else []
    members += [f'"signature": "{signature}"']
    return f"{{{', '.join(members)}}}"


def general(*signers: str, payload: str = CLAIMS) -> str:
    return f'{{"x": 1.50,\n "payload": "{b64u(payload)}", "signatures": [{", ".join(signers)}]}}'


def written(text: str, header: str, payload: str = NEW, keys: str = SECRET, at: int = 0, content: str | None = None) -> Any:
    report = verify(text, keys, at=NOW, payload=content)
    return anew(report.signatures, at, header, payload, report.keys, detached=content is not None)


def statuses(text: str, keys: str, content: str | None = None) -> list[str]:
    return [verdict.status for _, verdict in verify(text, keys, at=NOW, payload=content).signatures]


def jwks(*keys: Any) -> str:
    return json.dumps({"keys": [json.loads(one) if isinstance(one, str) else one for one in keys]})


@pytest.mark.parametrize("form", ["flattened", "general"])
def test_the_form_stays(form: Any):
    text = f"Bearer {encode({'alg': 'HS256'}, CLAIMS, SECRET, serialization=form).token}"
    made = written(text, '{"alg":"HS256","kid":"k"}')
    assert made.token.startswith("Bearer {")
    report = verify(made.token, SECRET, at=NOW)
    assert (report.serialization, report.signature.status, report.header) == (form, "verified", {"alg": "HS256", "kid": "k"})
    assert report.payload_text == NEW
    assert made.kept == ()


def test_everything_else_of_the_text_stays_as_it_stands():
    text = general(signer('{"alg":"HS256","n":1.50}'))
    made = written(text, '{"alg":"HS256","n":1.50}', CLAIMS)
    assert made.token == text
    changed = written(text, '{"alg":"HS256","n":1.50}')
    assert changed.token.startswith('{"x": 1.50,\n "payload": ')
    assert json.loads(changed.token)["signatures"][0]["protected"] == b64u('{"alg":"HS256","n":1.50}')


def test_what_stood_unprotected_stays_so_and_the_rest_is_protected():
    text = general(signer('{"alg":"HS256"}', '{"kid":"a","jku":"https://a.example"}'))
    made = written(text, '{"alg":"HS256","kid":"b","typ":"JWT"}', CLAIMS)
    (one,) = json.loads(made.token)["signatures"]
    assert (json.loads(unb64u(one["protected"])), one["header"]) == ({"alg": "HS256", "typ": "JWT"}, {"kid": "b"})
    assert statuses(made.token, SECRET) == ["verified"]


def test_a_signature_without_a_protected_header_gets_one_when_it_is_needed():
    text = general(signer(None, '{"alg":"HS256"}'))
    assert json.loads(written(text, '{"alg":"HS256"}').token)["signatures"][0].keys() == {"header", "signature"}
    made = written(text, '{"alg":"HS256","kid":"k"}')
    assert json.loads(made.token)["signatures"][0]["protected"] == b64u('{"kid":"k"}')
    assert statuses(made.token, SECRET) == ["verified"]


def test_of_several_those_are_signed_anew_whose_keys_are_there():
    keys = jwks(oct_jwk(SECRET, kid="mine"), private_jwk(private("ES256")))
    text = general(
        signer('{"alg":"HS256","kid":"mine"}'),
        signer('{"alg":"ES256"}', key=private("ES256"), alg="ES256"),
        signer('{"alg":"HS256","kid":"theirs"}', key=OTHER),
    )
    made = written(text, '{"alg":"HS256","kid":"mine"}', keys=keys)
    assert (made.kept, made.refusal) == ((3,), None)
    assert statuses(made.token, keys)[:2] == ["verified", "verified"]
    assert json.loads(made.token)["signatures"][2] == json.loads(text)["signatures"][2]


def test_nobody_signs_in_the_place_of_another():
    text = general(signer('{"alg":"HS256"}'), signer('{"alg":"HS256"}', key=OTHER))
    made = written(text, '{"alg":"HS256"}')
    assert made.kept == (2,)
    assert statuses(made.token, OTHER) == ["invalid", "invalid"]
    assert statuses(made.token, SECRET) == ["verified", "invalid"]


def test_an_edited_header_leaves_the_other_signatures_alone():
    text = general(signer('{"alg":"HS256"}'), signer('{"alg":"HS256","kid":"theirs"}', key=OTHER))
    made = written(text, '{"alg":"HS256","kid":"k"}', CLAIMS)
    assert made.kept == ()
    assert json.loads(made.token)["signatures"][1] == json.loads(text)["signatures"][1]
    second = written(text, '{"alg":"HS256","kid":"k"}', CLAIMS, OTHER, at=1)
    assert [second.kept, statuses(second.token, OTHER)] == [(), ["invalid", "verified"]]


def test_a_header_of_another_algorithm_takes_another_key():
    keys = jwks(oct_jwk(SECRET), private_jwk(private("ES256")))
    made = written(general(signer('{"alg":"HS256"}'), signer('{"alg":"HS256"}', key=OTHER)), '{"alg":"ES256"}', CLAIMS, keys)
    assert (made.kept, statuses(made.token, keys)[0]) == ((), "verified")


@pytest.mark.parametrize("keys", ["", json.dumps(public_jwk(private("ES256")))])
def test_without_a_key_that_signs_the_old_signature_stays(keys: str):
    text = general(signer('{"alg":"ES256"}', key=private("ES256"), alg="ES256"))
    made = written(text, '{"alg":"ES256"}', keys=keys)
    assert made.kept == (1,)
    assert made.refusal is not None
    assert json.loads(made.token)["signatures"] == json.loads(text)["signatures"]
    assert json.loads(made.token)["payload"] == b64u(NEW)


@pytest.mark.parametrize("form", ["flattened", "general"])
def test_what_is_detached_stays_detached(form: Any):
    text = encode({"alg": "HS256"}, CLAIMS, SECRET, serialization=form, detached=True).token
    made = written(text, '{"alg":"HS256","kid":"k"}', CLAIMS, content=CLAIMS)
    assert "payload" not in json.loads(made.token)
    assert statuses(made.token, SECRET, CLAIMS) == ["verified"]


def test_a_payload_is_put_into_what_was_detached():
    text = encode({"alg": "HS256"}, CLAIMS, SECRET, serialization="general", detached=True).token
    made = written(text, '{"alg":"HS256"}')
    assert json.loads(made.token)["payload"] == b64u(NEW)
    assert statuses(made.token, SECRET) == ["verified"]


def test_an_unencoded_payload_stays_unencoded():
    header = '{"alg":"HS256","b64":false,"crit":["b64"]}'
    text = encode(header, "$.02", SECRET, serialization="flattened").token
    made = written(text, header, 'a "b".c')
    assert json.loads(made.token)["payload"] == 'a "b".c'
    assert statuses(made.token, SECRET) == ["verified"]


@pytest.mark.parametrize("header", ["{", "[]", '{"alg":"HS256",}', "1"])
def test_a_header_that_cannot_be_read_is_refused(header: str):
    with pytest.raises(CannotEncode):
        written(general(signer('{"alg":"HS256"}')), header)


@pytest.mark.parametrize(
    "text", ["{}", '{"protected":"e30"}', '{"protected":"W10","signature":""}', '{"header":{"alg":1},"signature":"x"}']
)
def test_damaged_signatures_are_written_as_json_all_the_same(text: str):
    made = written(general(text, text), '{"alg":"HS256"}')
    assert statuses(made.token, SECRET)[0] == "verified"
    assert made.kept == (2,)


BITS = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "null",
    "{}",
    "[]",
    '"payload"',
    '"signatures"',
    '"protected"',
    '"header"',
    "e30",
    "\\u0022",
    ".",
]
CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(BITS)), max_size=3)


@given(CHANGES, st.integers(0, 1))
def test_whatever_is_read_as_signatures_can_be_written(changes: list[tuple[float, int, str]], at: int):
    text = general(signer('{"alg":"HS256"}', '{"kid":"a"}'), signer('{"alg":"HS256","kid":"b"}'))
    for place, length, bit in changes:
        start = int(place * len(text))
        text = text[:start] + bit + text[start + length :]
    report = verify(text, SECRET, at=NOW)
    if report.signatures:
        made = anew(report.signatures, at % len(report.signatures), '{"alg":"HS256","kid":"c"}', NEW, report.keys)
        again = verify(made.token, SECRET, at=NOW)
        assert len(again.signatures) == len(report.signatures)
        assert again.payload_text == NEW
