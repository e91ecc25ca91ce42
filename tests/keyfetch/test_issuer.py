"""An issuer: its metadata by RFC 8414, then by OpenID Connect Discovery, and never another issuer's."""

import pytest

from app.keyfetch import NotFetched, Rules
from tests.keyfetch.conftest import LOOPBACK, answer, public, status

OAUTH = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"


def metadata(server, issuer, jwks="/jwks", **more):
    return answer({"issuer": issuer, "jwks_uri": server.url(jwks), **more})


def refused(fetcher, text, kind="auto"):
    with pytest.raises(NotFetched) as caught:
        fetcher.fetch(text, kind)
    return caught.value


@pytest.mark.parametrize(
    ("path", "oauth", "openid"),
    [
        pytest.param("", OAUTH, OPENID, id="a host"),
        pytest.param("/", OAUTH, OPENID, id="a host with a slash"),
        pytest.param("/realms/one", OAUTH + "/realms/one", "/realms/one" + OPENID, id="a path"),
        pytest.param("/realms/one/", OAUTH + "/realms/one", "/realms/one" + OPENID, id="a path with a slash"),
    ],
)
def test_both_addresses_of_the_metadata_are_tried_in_their_order(server, fetcher, path, oauth, openid):
    server.answers["/jwks"] = answer({"keys": [public()]})
    server.answers[openid] = metadata(server, server.url(path))
    fetched = fetcher().fetch(server.url(path))
    assert server.paths == [oauth, openid, "/jwks"]
    assert [step.status for step in fetched.steps] == [404, 200, 200]
    assert (fetched.issuer, fetched.url) == (server.url(path), server.url("/jwks"))
    server.requests.clear()
    server.answers[oauth] = metadata(server, server.url(path))
    assert fetcher().fetch(server.url(path)).issuer == server.url(path)
    assert server.paths == [oauth, "/jwks"]


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(status(302, "Location: https://keys.test/login\r\n"), id="a redirect to a login"),
        pytest.param(status(500), id="an error"),
        pytest.param(answer(b"<html>"), id="a page"),
        pytest.param(answer([]), id="an array"),
    ],
)
def test_without_a_document_at_the_first_address_the_second_is_asked(server, fetcher, first):
    server.answers |= {OAUTH: first, OPENID: metadata(server, server.url("")), "/jwks": answer({"keys": [public()]})}
    assert fetcher().fetch(server.url("")).keys
    assert server.paths == [OAUTH, OPENID, "/jwks"]


@pytest.mark.parametrize(
    "path",
    [OAUTH + "/realms/one", "/realms/one" + OPENID, OAUTH, OPENID],
    ids=["RFC 8414", "OpenID", "RFC 8414 of a host", "OpenID of a host"],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_the_address_of_the_metadata_stands_for_its_issuer(server, fetcher, path, slash):
    issuer = server.url("/realms/one" if "realms" in path else "") + slash
    server.answers |= {path: metadata(server, issuer), "/jwks": answer({"keys": [public()]})}
    assert fetcher().fetch(server.url(path)).issuer == issuer


@pytest.mark.parametrize(
    ("asked", "named", "slash"),
    [
        ("", "https://evil.test", False),
        ("", "https://KEYS.test", False),
        ("/a", "/b", False),
        ("/a", "/a/", True),
        ("/a/", "/a", True),
        ("", "/", True),
        ("/a", "/a?x", False),
        ("/a" + OPENID, "/b", False),
    ],
)
def test_metadata_of_another_issuer_is_refused_and_its_keys_are_not_asked(server, fetcher, asked, named, slash):
    named = named if named.startswith("https") else server.url(named)
    for path in (OAUTH, OAUTH + "/a", OPENID, "/a" + OPENID):
        server.answers[path] = metadata(server, named)
    server.answers["/jwks"] = answer({"keys": [public()]})
    failure = refused(fetcher(), server.url(asked), "issuer")
    assert failure.code == "issuer_differs"
    assert f'is for the issuer "{named}", not for the one that was asked.' in failure.message
    assert ('differ only in a "/"' in failure.message) == slash
    assert "/jwks" not in server.paths


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({}, "issuer_missing"),
        ({"issuer": None}, "issuer_missing"),
        ({"issuer": ["https://keys.test"]}, "issuer_missing"),
        ({"issuer": "SELF"}, "no_jwks_uri"),
        ({"issuer": "SELF", "jwks_uri": 5}, "no_jwks_uri"),
        ({"issuer": "SELF", "jwks_uri": ""}, "url_missing"),
        ({"issuer": "SELF", "jwks_uri": "/jwks"}, "url_form"),
        ({"issuer": "SELF", "jwks_uri": "http://keys.test/jwks"}, "url_http"),
        ({"issuer": "SELF", "jwks_uri": "file:///etc/passwd"}, "url_scheme"),
        ({"issuer": "SELF", "jwks_uri": "https://169.254.169.254/"}, "host_not_listed"),
        ({"issuer": "SELF", "jwks_uri": "https://elsewhere.test/jwks"}, "host_not_listed"),
        ({"issuer": "SELF", "jwks_uri": "https://keys.test@10.0.0.1/"}, "url_user"),
    ],
)
def test_metadata_that_leads_astray_is_refused(server, fetcher, connections, document, code):
    if document.get("issuer") == "SELF":
        document = {**document, "issuer": server.url("")}
    server.answers[OAUTH] = answer(document)
    assert refused(fetcher(), server.url("")).code == code
    assert connections == [("127.0.0.1", server.port)]


@pytest.mark.parametrize("place", ["https://169.254.169.254/", "https://[::1]/", "https://inner.test/", "https://[::ffff:10.0.0.1]/"])
def test_metadata_cannot_send_the_server_to_its_inside(server, fetcher, connections, place):
    """Even where every host of the lie is listed, the address decides; only that of the key server is opened here."""
    inner = ("169.254.169.254", "::1", "inner.test", "::ffff:a00:1")
    hosts = frozenset((("https", "keys.test", server.port), *(("https", host, 443) for host in inner)))
    server.answers[OAUTH] = answer({"issuer": server.url(""), "jwks_uri": place})
    resolver = {"keys.test": ["127.0.0.1"], "inner.test": ["10.0.0.1"]}
    one = fetcher(rules=Rules(hosts, LOOPBACK), resolver=lambda host, _port: resolver[host])
    assert refused(one, server.url("")).code == "not_public"
    assert connections == [("127.0.0.1", server.port)]


def test_an_issuer_without_metadata_is_told(server, fetcher):
    failure = refused(fetcher(), server.url("/a"))
    assert failure.message == "keys.test has no metadata for this issuer: neither address answers with a JSON object."
    assert [(step.url, step.status) for step in failure.steps] == [(server.url(OAUTH + "/a"), 404), (server.url("/a" + OPENID), 404)]


def test_an_issuer_that_does_not_answer_is_asked_once(server, fetcher):
    server.answers[OAUTH] = b""
    assert refused(fetcher(), server.url("")).code == "broken_off"
    assert server.paths == [OAUTH]


def test_an_issuer_has_no_query(server, fetcher):
    assert refused(fetcher(), server.url("/?a=b"), "issuer").code == "issuer_form"
    assert server.paths == []


def test_one_host_is_looked_up_once_for_all_requests(server, fetcher):
    asked = []

    def resolver(host, port):
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    server.answers |= {OPENID: metadata(server, server.url("")), "/jwks": answer({"keys": [public()]})}
    fetcher(resolver=resolver).fetch(server.url(""))
    assert asked == [("keys.test", server.port)]


@pytest.mark.parametrize(
    "path", ["/jwks", "/jwks.json", "/.well-known/jwks.json", "/oauth2/v3/certs", "/discovery/v2.0/keys", "/pf/JWKS", "/x.json", "/x?a=b"]
)
def test_the_address_of_a_key_set_is_told_from_an_issuer(server, fetcher, path):
    server.answers[path] = answer({"keys": [public()]})
    assert fetcher().fetch(server.url(path)).issuer is None
    assert server.paths == [path]


def test_whoever_says_what_it_is_is_believed(server, fetcher):
    server.answers["/any"] = answer({"keys": [public()]})
    assert fetcher().fetch(server.url("/any"), "key_set").keys
    server.answers[OAUTH + "/jwks"] = metadata(server, server.url("/jwks"), "/any")
    assert fetcher().fetch(server.url("/jwks"), "issuer").url == server.url("/any")


def test_metadata_fetched_as_a_key_set_is_told(server, fetcher):
    server.answers["/jwks"] = metadata(server, server.url(""))
    failure = refused(fetcher(), server.url("/jwks"))
    assert failure.hint == "It is the metadata of an issuer: fetch it as an issuer."
