"""A key set by its URL: what comes back, and what is left out of it."""

import json
import time

import pytest

from app import tokens
from app.keyfetch import NotFetched
from app.tokens import ALGORITHMS, keys
from tests.keyfetch.conftest import answer, public


def test_it_brings_the_set_with_url_status_time_and_kids(server, fetcher, connections):
    entries = [public("ES256", "a"), public("Ed25519", "b")]
    server.answers["/jwks.json"] = answer({"keys": entries})
    began = time.time()
    fetched = fetcher().fetch(server.url("/jwks.json"))
    assert json.loads(fetched.text) == {"keys": entries}
    assert (fetched.url, fetched.status, fetched.issuer, fetched.age) == (server.url("/jwks.json"), 200, None, 0)
    assert 0 < fetched.seconds < 5
    assert began <= fetched.fetched_at <= time.time()
    assert [(key.kid, key.what, key.alg, key.use) for key in fetched.keys] == [
        ("a", "EC public key on P-256", "ES256", "sig"),
        ("b", "Ed25519 public key", "Ed25519", "sig"),
    ]
    assert [(step.url, step.status) for step in fetched.steps] == [(fetched.url, 200)]
    assert connections == [("127.0.0.1", server.port)]
    assert [key.kid for key in tokens.read_keys(fetched.text).keys] == ["a", "b"]


def test_the_text_is_kept_as_it_was_served(server, fetcher):
    text = '{ "keys" : [ ' + json.dumps(public()) + ' ],\n "more": 1.0 }'
    server.answers["/jwks"] = answer(b"\n" + text.encode() + b"\n")
    assert fetcher().fetch(server.url("/jwks")).text == text


def test_the_request_names_the_host_with_its_port_and_nothing_of_ours(server, fetcher, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    server.answers["/jwks?v=1"] = answer({"keys": [public()]})
    fetcher().fetch(server.url("/jwks?v=1"))
    lines = server.requests[0].split("\r\n")
    assert lines[:2] == ["GET /jwks?v=1 HTTP/1.1", f"Host: keys.test:{server.port}"]
    assert {line.partition(":")[0] for line in lines[1:] if line} == {"Host", "Accept", "Accept-Encoding", "User-Agent", "Connection"}
    assert server.names == ["keys.test"]


def test_a_chunked_answer_and_one_that_ends_with_the_connection_are_read(server, fetcher):
    body = json.dumps({"keys": [public()]}).encode()
    server.answers["/chunked/jwks"] = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"%x\r\n%s\r\n" % (9, body[:9])
        + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) - 9, body[9:])
    )
    server.answers["/closed/jwks"] = b"HTTP/1.0 200 OK\r\n\r\n" + body
    for path in ("/chunked/jwks", "/closed/jwks"):
        assert fetcher().fetch(server.url(path)).text == body.decode()


def test_private_parts_are_left_out_and_said(server, fetcher):
    made = keys.generate(ALGORITHMS["RS256"])
    server.answers["/jwks"] = answer({"keys": [keys.private_jwk(made), public()]})
    fetched = fetcher().fetch(server.url("/jwks"))
    assert json.loads(fetched.text)["keys"][0] == keys.public_jwk(made)
    assert not {"d", "p", "q", "dp", "dq", "qi"} & set(json.loads(fetched.text)["keys"][0])
    assert fetched.notes == (
        "The server publishes the private part of 1 key: whoever reads this set can sign. The private parts were left out.",
    )


def test_secrets_are_left_out_and_said(server, fetcher):
    entry = public()
    server.answers["/jwks"] = answer({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "s"}, entry]})
    fetched = fetcher().fetch(server.url("/jwks"))
    assert json.loads(fetched.text) == {"keys": [entry]}
    assert fetched.notes == ("The server publishes 1 secret (kty oct), known to everybody now. Left out.",)


def test_a_set_of_secrets_alone_is_refused(server, fetcher):
    server.answers["/jwks"] = answer({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]})
    with pytest.raises(NotFetched) as refused:
        fetcher().fetch(server.url("/jwks"))
    assert refused.value.message == "The key set of keys.test has no public key, only secrets."


def test_a_kid_at_two_keys_is_said_and_a_key_that_cannot_be_read_is_listed(server, fetcher):
    server.answers["/jwks"] = answer({"keys": [public(kid="x"), public(kid="x"), {"kty": "EC", "kid": "y"}]})
    fetched = fetcher().fetch(server.url("/jwks"))
    assert fetched.notes == ('The kid "x" stands at 2 keys.',)
    assert [key.kid for key in fetched.keys] == ["x", "x", "y"]
    assert "cannot be read" in fetched.keys[2].what or "missing" in fetched.keys[2].what


def test_names_from_the_server_cannot_turn_a_line_round(server, fetcher):
    server.answers["/jwks"] = answer({"keys": [public(kid="a\u202eb" + "c" * 500)]})
    kid = fetcher().fetch(server.url("/jwks")).keys[0].kid
    assert "\u202e" not in kid
    assert len(kid) < 100


@pytest.mark.parametrize(("count", "code"), [(100, None), (101, "too_many_keys")])
def test_a_set_may_have_100_keys_and_not_one_more(server, fetcher, count, code):
    entry = public(kid=None)
    server.answers["/jwks"] = answer({"keys": [{**entry, "kid": str(number)} for number in range(count)]})
    if code is None:
        assert len(fetcher().fetch(server.url("/jwks")).keys) == 100
        return
    with pytest.raises(NotFetched) as refused:
        fetcher().fetch(server.url("/jwks"))
    assert refused.value.code == code
    assert "101 keys; 100 are read" in refused.value.message


@pytest.mark.parametrize("extra", [0, 1])
def test_a_key_may_have_16384_bytes_and_not_one_more(server, fetcher, extra):
    entry = public(kid=None, pad="")
    entry["pad"] = "a" * (16_384 - len(json.dumps(entry)) + extra)
    server.answers["/jwks"] = answer({"keys": [entry]})
    if not extra:
        assert fetcher().fetch(server.url("/jwks")).keys
        return
    with pytest.raises(NotFetched) as refused:
        fetcher().fetch(server.url("/jwks"))
    assert refused.value.code == "key_too_large"
