"""Pages that hold nothing of anyone's are compressed; what holds a token or a key never is."""

import gzip

import pytest
from flask.testing import FlaskClient

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.fixture
def bare(app):
    """A client that takes an answer as it is on the wire."""
    return FlaskClient(app)


@pytest.mark.parametrize("path", ["/", "/keys", "/compare", "/trust", "/?example=ES256"])
def test_a_page_is_sent_compressed_to_who_takes_it(bare, path):
    plain, packed = bare.get(path), bare.get(path, headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert b"</html>" in gzip.decompress(packed.data)


@pytest.mark.parametrize("path", ["/decode", "/encode", "/verify", "/keys", "/compare", "/share"])
def test_what_was_typed_is_never_sent_compressed(bare, make_token, path):
    for headers in (GZIP, {**GZIP, "HX-Request": "true"}):
        answer = bare.post(path, data={"token": make_token(), "a": "x", "key": "secret"}, headers=headers)
        assert answer.status_code == 200
        assert "Content-Encoding" not in answer.headers


def test_a_token_in_the_address_is_moved_without_being_compressed(bare, make_token):
    answer = bare.get("/", query_string={"token": make_token()}, headers=GZIP)
    assert answer.status_code == 303
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0"])
def test_who_does_not_take_it_gets_it_plain(bare, accepted):
    assert "Content-Encoding" not in bare.get("/", headers={"Accept-Encoding": accepted}).headers
