"""404, 405, 413, 415, 500: one shape for each reader, and no word of what was sent or raised."""

import re
from pathlib import Path

import pytest

from app.settings import Settings
from app.web import create_app

HTMX = {"HX-Request": "true"}
CANARY = "canary-5a5a5a5a"
TABLE = [
    pytest.param("GET", f"/{CANARY}", {}, 404, id="no such page"),
    pytest.param("POST", f"/{CANARY}", {"data": {"token": CANARY}}, 404, id="nothing to post to"),
    pytest.param("GET", "/?example=" + CANARY, {}, 404, id="no such example"),
    pytest.param("POST", "/", {"data": {"token": CANARY}}, 405, id="post to the page"),
    pytest.param("PUT", "/decode", {"data": CANARY}, 405, id="put"),
    pytest.param("DELETE", "/encode", {}, 405, id="delete"),
    pytest.param("PATCH", "/verify", {"data": CANARY}, 405, id="patch"),
    pytest.param("OPTIONS", "/verify", {}, 405, id="options"),
    pytest.param("GET", "/theme", {}, 405, id="get the theme"),
    pytest.param("GET", "/?key=" + CANARY, {}, 400, id="key in the address"),
    pytest.param("GET", f"/?token=a.b.c&key={CANARY}", {}, 400, id="key beside a token"),
    *(
        pytest.param("GET", f"/{page}?key={CANARY}", {}, 400, id=f"key in the address of /{page}")
        for page in ("compare", "learn", "examples", "trust", "libraries", "keys", "gateway", "nowhere")
    ),
    pytest.param("POST", f"/decode?secret={CANARY}", {"data": {"token": "a"}}, 400, id="secret in the address of a form"),
    pytest.param("POST", "/decode", {"data": "x" * 262_145}, 413, id="too large"),
    pytest.param("POST", "/decode", {"data": CANARY, "content_type": "text/plain"}, 415, id="text"),
    pytest.param("POST", "/decode", {"data": CANARY, "content_type": "multipart/form-data; boundary=x"}, 415, id="multipart"),
    pytest.param("POST", "/decode", {"json": {"token": CANARY}}, 415, id="json to a form"),
    pytest.param("POST", "/encode", {}, 415, id="no type"),
]
API_TABLE = [
    pytest.param("GET", "/api/v1/decode", {}, 405, id="get"),
    pytest.param("GET", f"/api/v1/decode?token={CANARY}", {}, 405, id="token in the address"),
    pytest.param("POST", f"/api/v1/verify?key={CANARY}", {"json": {"token": "a"}}, 400, id="key in the address"),
    pytest.param("POST", f"/api/v1/{CANARY}", {"json": {}}, 404, id="no such action"),
    pytest.param("GET", "/api/", {}, 404, id="no such path"),
    pytest.param("POST", "/api/v1/decode", {"data": "x" * 262_145}, 413, id="too large"),
    pytest.param("POST", "/api/v1/decode", {"data": {"token": CANARY}}, 415, id="a form"),
    pytest.param("POST", "/api/v1/decode", {"data": CANARY, "content_type": "application/json"}, 400, id="not JSON"),
    pytest.param("POST", "/api/v1/keys", {"json": {"algorithm": CANARY}}, 422, id="refused"),
]


@pytest.mark.parametrize(("method", "path", "request_", "status"), TABLE)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_an_error_is_a_page_or_a_notice(client, method, path, request_, status, headers):
    response = client.open(path, method=method, headers=headers, **request_)
    assert response.status_code == status
    assert CANARY not in response.text
    if headers and status != 413:
        assert response.dom.panes == ["notice"]
        assert response.dom.words("notice").endswith(".")
    else:
        assert response.dom.whole


@pytest.mark.parametrize(("method", "path", "request_", "status"), API_TABLE)
def test_an_error_of_the_api_is_json(client, method, path, request_, status):
    response = client.open(path, method=method, **request_)
    assert response.status_code == status
    assert set(response.read["error"]) == {"code", "message", "hint"}
    assert CANARY not in response.text


@pytest.mark.parametrize(("path", "methods"), [("/decode", {"GET", "HEAD", "POST"}), ("/", {"GET", "HEAD"}), ("/api/v1/keys", {"POST"})])
def test_a_method_that_is_not_taken_names_those_that_are(client, path, methods):
    response = client.put(path)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) - {"OPTIONS"} == methods


@pytest.mark.parametrize("path", ["/", "/decode", "/trust", "/healthz", "/nowhere"])
def test_head_is_get_without_a_body(client, path):
    response = client.head(path)
    assert response.status_code == client.get(path).status_code
    assert response.data == b""


class Leaky(Exception):
    def __init__(self):
        super().__init__(CANARY)

    def __repr__(self):
        return CANARY


EXCEPTIONS = [
    Leaky(),
    ValueError(CANARY),
    KeyError(CANARY),
    RecursionError(CANARY),
    MemoryError(CANARY),
    AssertionError(CANARY),
    UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, CANARY),
    ZeroDivisionError(),
]
ROUTES = [
    ("/decode", "debugger.tokens.verify", {"data": {"token": CANARY}}),
    ("/verify", "debugger.tokens.verify", {"data": {"token": CANARY, "key": CANARY}}),
    ("/encode", "debugger.tokens.for_signing", {"data": {"header": CANARY, "key": CANARY}}),
    ("/theme", "pages.debugger.show", {"data": {"key": CANARY}}),
    ("/api/v1/decode", "api.tokens.decode", {"json": {"token": CANARY}}),
    ("/api/v1/verify", "api.tokens.verify", {"json": {"token": CANARY, "key": CANARY}}),
    ("/api/v1/encode", "api.tokens.encode", {"json": {"header": {}, "payload": {CANARY: 1}, "key": CANARY}}),
    ("/api/v1/keys", "api.keys.generate_for", {"json": {"algorithm": "ES256"}}),
]


@pytest.mark.parametrize("exception", EXCEPTIONS, ids=lambda exception: type(exception).__name__)
@pytest.mark.parametrize(("path", "name", "request_"), ROUTES, ids=[row[0] for row in ROUTES])
def test_an_unexpected_exception_is_named_and_never_quoted(client, monkeypatch, capfd, caplog, path, name, request_, exception):
    def broken(*args, **kwargs):
        raise exception

    monkeypatch.setattr(f"app.web.{name}", broken)
    for headers in ({}, HTMX):
        response = client.post(path, headers=headers, **request_)
        assert response.status_code == 500
        assert CANARY not in response.text
        assert "Traceback" not in response.text
        assert type(exception).__name__ not in response.text
        if path.startswith("/api/"):
            assert response.read["error"]["code"] == "internal_error"
        elif headers:
            assert response.dom.panes == ["notice"]
        else:
            assert response.dom.whole
    out, log = capfd.readouterr()
    assert out == ""
    assert CANARY not in log + caplog.text
    line = rf"jwtlens: error: no answer could be made: {type(exception).__name__} at {re.escape(str(Path(__file__)))}:\d+\n"
    assert re.fullmatch(line * 2, log), log


def test_an_error_in_every_template_reaches_the_server_room_without_a_word(monkeypatch, capfd):
    """The error page needs the same templates: app.server answers in its stead (tests/test_serve.py)."""
    app = create_app(Settings())

    def broken(name):
        raise RuntimeError(CANARY)

    monkeypatch.setitem(app.jinja_env.globals, "asset", broken)
    assert app.test_client().post("/api/v1/decode", json={"token": CANARY}).status_code == 200
    with pytest.raises(RuntimeError):
        app.test_client().get("/trust")
    assert CANARY not in capfd.readouterr().err


def test_an_error_page_leads_back(client):
    dom = client.get("/nowhere").dom
    assert "/" in {link.get("href") for link in dom["main"].iter("a")}
