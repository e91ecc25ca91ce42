"""Servers that are slow, huge, redirecting, lying or broken: each is told in a sentence, in time, with at most one connection."""

import contextlib
import gzip
import json
import time

import pytest

from app.keyfetch import Fetcher, NotFetched, Rules, connection, key_set
from app.keyfetch.connection import MAX_BYTES
from tests.keyfetch.conftest import LOOPBACK, KeyServer, answer, public, status

HEAD = b"HTTP/1.1 200 OK\r\n"


def refused(fetcher, server, path="/jwks", host="keys.test"):
    with pytest.raises(NotFetched) as caught:
        fetcher.fetch(server.url(path, host))
    return caught.value


def drip(start, piece=b"a", end=200):
    """Send *start*, then a little at a time for much longer than anybody waits."""

    def write(connection):
        with contextlib.suppress(OSError):
            connection.sendall(start)
            for _ in range(end):
                connection.sendall(piece)
                time.sleep(0.05)

    return write


def silent(_connection):
    time.sleep(3)


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(silent, id="says nothing"),
        pytest.param(drip(b"", b"H"), id="drips the status line"),
        pytest.param(drip(HEAD, b"X-A: b\r\n"), id="drips headers"),
        pytest.param(drip(HEAD + b"X-A: ", b"b"), id="drips one header"),
        pytest.param(drip(HEAD + b"Content-Length: 5000\r\n\r\n", b" "), id="drips the body"),
        pytest.param(drip(HEAD + b"\r\n", b" "), id="drips a body without length"),
        pytest.param(drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"), id="drips chunks"),
        pytest.param(drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"), id="drips the size of a chunk"),
        pytest.param(drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="says continue for ever"),
    ],
)
def test_a_slow_server_is_cut_at_the_deadline(server, fetcher, handler):
    server.answers["/jwks"] = handler
    began = time.monotonic()
    failure = refused(fetcher(seconds=0.6), server)
    assert failure.code == "too_slow"
    assert failure.message == "keys.test did not finish within 0.6 seconds."
    assert 0.5 < time.monotonic() - began < 1.5


def test_the_caps_are_those_of_the_design():
    assert (connection.MAX_SECONDS, connection.MAX_BYTES, key_set.MAX_KEYS, key_set.MAX_KEY_BYTES) == (5.0, 262_144, 100, 16_384)
    assert connection.Deadline().seconds == 5.0


def test_the_deadline_is_one_for_metadata_and_key_set(server, fetcher):
    def late(connection):
        time.sleep(0.4)
        connection.sendall(answer({"issuer": server.url(""), "jwks_uri": server.url("/jwks")}))

    server.answers["/.well-known/oauth-authorization-server"] = late
    server.answers["/jwks"] = silent
    began = time.monotonic()
    with pytest.raises(NotFetched) as caught:
        fetcher(seconds=0.8).fetch(server.url(""))
    assert caught.value.code == "too_slow"
    assert 0.7 < time.monotonic() - began < 1.5
    assert [step.status for step in caught.value.steps] == [200, 0]


def test_a_name_server_that_hangs_is_left_behind(server, fetcher, connections):
    def resolver(_host, _port):
        time.sleep(1)
        return ["127.0.0.1"]

    began = time.monotonic()
    assert refused(fetcher(resolver=resolver, seconds=0.3), server).code == "dns_slow"
    assert time.monotonic() - began < 0.8
    assert connections == []


def test_a_handshake_that_hangs_is_cut(authority, fetcher):
    mute = KeyServer(None)
    try:
        rules = Rules(frozenset((("https", "keys.test", mute.port),)), LOOPBACK)
        with pytest.raises(NotFetched) as caught:
            fetcher(rules=rules, seconds=0.4).fetch(f"https://keys.test:{mute.port}/jwks")
        assert caught.value.code == "too_slow"
    finally:
        mute.close()


def test_the_body_may_have_262144_bytes_and_not_one_more(server, fetcher):
    text = json.dumps({"keys": [public()]}).encode()
    for extra, path in ((0, "/a/jwks"), (1, "/b/jwks")):
        server.answers[path] = answer(text + b" " * (MAX_BYTES - len(text) + extra))
    assert fetcher().fetch(server.url("/a/jwks")).keys
    failure = refused(fetcher(), server, "/b/jwks")
    assert failure.code == "too_large"
    assert "262,144" in failure.message


def endless(start, piece):
    def write(connection):
        with contextlib.suppress(OSError):
            connection.sendall(start)
            for _ in range(2000):
                connection.sendall(piece)

    return write


@pytest.mark.parametrize(
    ("handler", "codes"),
    [
        pytest.param(endless(HEAD + b"\r\n", b" " * 10_000), {"too_large"}, id="a body without end"),
        pytest.param(
            endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"2710\r\n" + b" " * 10_000 + b"\r\n"),
            {"too_large"},
            id="chunks without end",
        ),
        pytest.param(endless(HEAD + b"Content-Length: 99999999999\r\n\r\n", b" " * 10_000), {"too_large"}, id="a length of 100 GB"),
        pytest.param(endless(HEAD, b"X-A: b\r\n" * 1000), {"not_http", "too_large"}, id="headers without end"),
        pytest.param(endless(HEAD + b"X-A: ", b"b" * 10_000), {"not_http", "too_large"}, id="a header without end"),
        pytest.param(endless(b"", b"H" * 10_000), {"not_http", "too_large"}, id="a status line without end"),
        pytest.param(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), {"too_large"}, id="continue without end"),
        pytest.param(
            endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 60_000 + b"\r\n \r\n"),
            {"too_large"},
            id="chunk extensions",
        ),
    ],
)
def test_a_huge_answer_is_refused_early(server, fetcher, handler, codes):
    server.answers["/jwks"] = handler
    began = time.monotonic()
    assert refused(fetcher(), server).code in codes
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308, 304])
def test_a_redirect_is_told_and_not_followed(server, fetcher, connections, code):
    server.answers["/jwks"] = status(code, f"Location: {server.url('/real?code=secret')}\r\n")
    server.answers["/real"] = answer({"keys": [public()]})
    failure = refused(fetcher(), server)
    assert failure.code == "redirect"
    assert failure.message == f"keys.test answers {code}, a redirect to {server.url('')}. Redirects are not followed."
    assert [(step.url, step.status) for step in failure.steps] == [(server.url("/jwks"), code)]
    assert server.paths == ["/jwks"]
    assert len(connections) == 1


@pytest.mark.parametrize("place", ["http://169.254.169.254/latest", "file:///etc/passwd", "//10.0.0.1/", "javascript:alert(1)", "\x1b[31m"])
def test_a_redirect_to_the_inside_makes_no_connection(server, fetcher, connections, place):
    server.answers["/jwks"] = status(302, f"Location: {place}\r\n")
    failure = refused(fetcher(), server)
    assert failure.code in {"redirect", "not_http"}
    assert "\x1b" not in failure.message
    assert connections == [("127.0.0.1", server.port)]


@pytest.mark.parametrize("code", [201, 204, 400, 401, 403, 404, 429, 500, 503])
def test_another_status_than_200_is_told(server, fetcher, code):
    server.answers["/jwks"] = status(code, body=b"" if code == 204 else json.dumps({"keys": [public()]}).encode())
    failure = refused(fetcher(), server)
    assert failure.message == f"keys.test answers {code}, not 200."
    assert failure.steps[0].status == code


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip"])
def test_a_compressed_answer_is_refused_unopened(server, fetcher, encoding):
    bomb = gzip.compress(b" " * 50_000_000, 9)
    server.answers["/jwks"] = answer(bomb, f"Content-Encoding: {encoding}\r\n")
    began = time.monotonic()
    assert refused(fetcher(), server).code == "encoded"
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b"<!doctype html><p>Sign in", "not_json", id="an HTML page"),
        pytest.param(b"", "not_json", id="nothing"),
        pytest.param(b'{"keys":[', "not_json", id="half a set"),
        pytest.param(b"[]", "not_json", id="an array"),
        pytest.param(b'"keys"', "not_json", id="a string"),
        pytest.param(b"[" * 100_000, "not_json", id="deep"),
        pytest.param(b'{"keys":' * 5_000, "not_json", id="deep objects"),
        pytest.param(b"{" + b",".join(b'"%d":1' % number for number in range(20_000)) + b"}", "not_json", id="many members"),
        pytest.param('{"keys":[]}'.encode("utf-16"), "not_utf8", id="UTF-16"),
        pytest.param(b"\xff\xfe\x00", "not_utf8", id="bytes"),
        pytest.param(gzip.compress(b'{"keys":[]}'), "not_utf8", id="gzip without saying so"),
        pytest.param(b'{"keys":{}}', "not_a_key_set", id="keys is an object"),
        pytest.param(b'{"kty":"RSA"}', "not_a_key_set", id="one key"),
        pytest.param(b'{"keys":[{"kty":"RSA","n":NaN}]}', "not_json", id="NaN"),
        pytest.param(b'{"keys":[]}', "no_keys", id="an empty set"),
        pytest.param(b'{"issuer":"https://keys.test","jwks_uri":"https://keys.test/jwks"}', "not_a_key_set", id="metadata"),
    ],
)
def test_what_is_no_key_set_is_told(server, fetcher, body, code):
    server.answers["/jwks"] = answer(body)
    failure = refused(fetcher(), server)
    assert failure.code == code
    assert failure.message.endswith(".")
    assert failure.hint.endswith(".")


@pytest.mark.parametrize("entry", [None, 7, "x", [], {}, {"kty": 1}, {"kty": "RSA", "n": "!", "e": []}, {"kid": 5}])
def test_a_strange_entry_hurts_nobody(server, fetcher, entry):
    server.answers["/jwks"] = answer({"keys": [entry, public()]})
    assert len(fetcher().fetch(server.url("/jwks")).keys) == 2


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(HEAD + b"Content-Length: 100\r\n\r\n" + b'{"keys":[]}', id="a body that breaks off"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{}", id="a chunk that breaks off"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", id="no last chunk"),
        pytest.param(b"", id="no answer at all"),
    ],
)
def test_a_truncated_answer_is_no_answer(server, fetcher, raw):
    server.answers["/jwks"] = raw
    assert refused(fetcher(), server).code == "broken_off"


@pytest.mark.parametrize("raw", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00" * 50 + b"\n", b"HTTP/9.9 200 OK\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n"])
def test_what_is_not_http_is_told(server, fetcher, raw):
    server.answers["/jwks"] = raw
    assert refused(fetcher(), server).code == "not_http"


def test_a_certificate_for_another_name_is_refused(server, fetcher):
    failure = refused(fetcher(), server, host="other.test")
    assert failure.message == "The certificate of other.test is for another name."
    assert server.requests == []


@pytest.mark.parametrize(("begin", "end", "code"), [(-9, -1, "tls_expired"), (1, 5, "tls_unknown")])
def test_a_certificate_out_of_its_time_is_refused(authority, fetcher, begin, end, code):
    stale = KeyServer(authority.server(begin=begin, end=end))
    try:
        rules = Rules(frozenset((("https", "keys.test", stale.port),)), LOOPBACK)
        assert refused(fetcher(rules=rules), stale).code == code
    finally:
        stale.close()


def test_an_authority_that_nobody_knows_is_refused(server):
    rules = Rules(frozenset((("https", "keys.test", server.port),)), LOOPBACK)
    assert refused(Fetcher(rules, lambda _host, _port: ["127.0.0.1"]), server).code == "tls_unknown"


def test_a_port_where_nobody_listens_is_told(server, fetcher):
    server.close()
    failure = refused(fetcher(), server)
    assert failure.message == f"keys.test does not take a connection on port {server.port}."


def test_plain_http_is_spoken_only_where_the_settings_say_so(fetcher):
    plain = KeyServer(None)
    plain.answers["/jwks"] = answer({"keys": [public()]})
    try:
        rules = Rules(frozenset((("http", "keys.test", plain.port),)), LOOPBACK)
        assert fetcher(rules=rules).fetch(plain.url("/jwks")).url == plain.url("/jwks")
        with pytest.raises(NotFetched) as caught:
            fetcher().fetch(plain.url("/jwks"))
        assert caught.value.code == "url_http"
    finally:
        plain.close()
