"""What every test may use: the application, a client that inspects each answer, and the real server."""

from __future__ import annotations

import base64
import gc
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import tokens
from app.server import Server, discreet
from app.settings import Settings
from app.web import create_app
from app.web.security import DATA_POLICY, HEADERS, PAGE_POLICY, UNSTORED

SECRET = "a-string-secret-at-least-256-bits-long"

# What would run or style without a file of ours. data-* and hx-* are read by our own scripts only.
FORBIDDEN_ATTRIBUTES = re.compile(r"on\w+|style|srcdoc|hx-on.*|hx-vals|hx-vars|ping|background", re.IGNORECASE)
NEVER_LOADED = ("javascript:", "data:", "vbscript:", "blob:")
# Control characters of a token are shown as they are: an error of the input, and harmless.
HARMLESS = {"invalid-codepoint"}


class Dom:
    """An HTML answer as a browser reads it."""

    def __init__(self, text: str) -> None:
        self.whole = text.lstrip().lower().startswith("<!doctype")
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        self.root: Any = parser.parse(text) if self.whole else parser.parseFragment(text)
        self.errors = [(place, code) for place, code, _ in parser.errors if code not in HARMLESS]
        self.elements: list[Element] = [element for element in self.root.iter() if isinstance(element.tag, str)]
        self.ids = [element.get("id", "") for element in self.elements if element.get("id")]
        self._by_id = {element.get("id"): element for element in self.elements}

    def __getitem__(self, name: str) -> Element:
        """The element with this id."""
        return self._by_id[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_id

    @property
    def panes(self) -> list[str]:
        """The names of the panes that an htmx answer changes, in its order."""
        targets = [element.get("hx-target", "") for element in self.root if element.tag == "hx-partial"]
        return [target.removeprefix("#slot-") for target in targets]

    def words(self, name: str) -> str:
        """All text in the element with this id, on one line."""
        return " ".join("".join(self[name].itertext()).split())

    def typed(self, name: str) -> str:
        """What stands in the field with this id."""
        return _typed(self[name])

    def tag(self, name: str) -> list[Element]:
        return [element for element in self.elements if element.tag == name]

    @property
    def form(self) -> dict[str, str]:
        """What a browser without JavaScript would send, without a button."""
        fields = [field for field in self["debugger"].iter() if field.tag in {"textarea", "select", "input"} and field.get("name")]
        fields = [field for field in fields if field.get("type") != "checkbox" or field.get("checked") is not None]
        sent = {field.get("name", ""): _typed(field) for field in fields if field.get("form") is None}
        return {name: re.sub(r"\r\n|\r|\n", "\r\n", value) for name, value in sent.items()}


def _typed(field: Element) -> str:
    if field.tag == "textarea":
        return "".join(field.itertext())
    if field.tag == "select":
        return next((one.get("value", "") for one in field.iter("option") if one.get("selected") is not None), "")
    return field.get("value", "")


def _decimal(digits: str) -> Decimal | str:
    try:
        return Decimal(digits)
    except ArithmeticError:
        return digits


def strict_json(text: str) -> Any:
    """Read JSON as the strictest reader does: no name twice, no NaN, nothing rounded."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _ in pairs}) == len(pairs), "a name is there twice"
        return dict(pairs)

    def constant(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    # Numbers that no Python type takes stay text.
    return json.loads(
        text,
        object_pairs_hook=members,
        parse_constant=constant,
        parse_int=lambda digits: int(digits) if len(digits) < 4000 else digits,
        parse_float=_decimal,
    )


def inspect(response: TestResponse) -> None:
    """Fail on anything that no answer of this server may have; leaves `dom` or `data` behind."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    assert len(headers) == len(response.headers), "a header is there twice"
    for name, value in HEADERS.items():
        assert headers[name.lower()] == value
    assert "server" not in headers
    kind = headers.get("content-type", "")
    if "immutable" not in headers.get("cache-control", ""):
        assert headers["cache-control"] == UNSTORED
    for cookie in response.headers.getlist("Set-Cookie"):
        assert cookie.startswith("theme="), "the theme's cookie is the only one"
    if kind.startswith("application/json"):
        assert headers["content-security-policy"] == DATA_POLICY
        assert kind == "application/json"
        if response.data:
            response.read = strict_json(response.data.decode("utf-8"))  # type: ignore[attr-defined]
        return
    assert headers["content-security-policy"] == PAGE_POLICY
    if kind.startswith("text/html"):
        assert kind == "text/html; charset=utf-8"
        is_redirect = response.status_code in {301, 302, 303, 307, 308}
        response.dom = inspect_html(response.data.decode("utf-8"), is_redirect)  # type: ignore[attr-defined]


def inspect_html(text: str, is_redirect: bool = False) -> Dom:
    """Fail on HTML that no page or partial may be; the words of a redirect are Werkzeug's."""
    dom = Dom(text)
    assert not dom.errors, f"not HTML: {dom.errors[:5]}"
    twice = {name for name in dom.ids if dom.ids.count(name) > 1}
    assert not twice, f"ids used twice: {twice}"
    for element in dom.elements:
        assert element.tag not in {"style", "iframe", "object", "embed", "base", "frame", "font"}, element.tag
        for name, value in element.items():
            assert not FORBIDDEN_ATTRIBUTES.fullmatch(str(name).rpartition("}")[2]), f"<{element.tag} {name}>"
            if str(name).rpartition("}")[2] in {"href", "src", "action", "formaction", "hx-get", "hx-post"}:
                assert not value.strip().lower().startswith(NEVER_LOADED), value[:40]
        if element.tag == "script":
            assert element.get("src", "").startswith("/static/built/"), "a script is not a file of ours"
            assert not "".join(element.itertext()).strip(), "an inline script"
        for reference in ("for", "form", "aria-labelledby", "aria-describedby", "aria-controls"):
            if dom.whole:
                for name in element.get(reference, "").split():
                    assert name in dom, f'{reference}="{name}" points nowhere'
    if dom.whole:
        page = dom.tag("html")[0]
        assert page.get("lang") == "en"
        assert "".join(dom.tag("title")[0].itertext()).strip()
        assert len(dom.tag("h1")) == 1
        assert len(dom.tag("main")) == (0 if is_redirect else 1)
    return dom


class Client(FlaskClient):
    """A client that lets no answer pass uninspected."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        inspect(response)
        return response


def pytest_collection_finish() -> None:
    """Leave the tests themselves out of every collection: to look through thousands of them takes longer than what some of them time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Leave no test without collections: a server that cannot start ends its process, and is tried in this one."""
    yield
    gc.enable()


@pytest.fixture(scope="session")
def app() -> Flask:
    made = create_app(Settings())
    made.test_client_class = Client
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def api(client: FlaskClient) -> Callable[..., Any]:
    """Post *body*, an object or the very text, to an action of the API; returns status and answer."""

    def call(action: str, body: Any, status: int = 200) -> Any:
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        response: Any = client.post(f"/api/v1/{action}", data=data, content_type="application/json")
        assert response.status_code == status, response.text[:300]
        if status != 200:
            assert set(response.read) == {"error"}
            error = response.read["error"]
            assert set(error) == {"code", "message", "hint"}
            assert all(isinstance(word, str) for word in error.values())
            assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", error["code"])
            assert error["message"].endswith(".")
            assert not error["hint"] or error["hint"].endswith((".", "}"))
        return response.read

    return call


@pytest.fixture(scope="session")
def make_token() -> Callable[..., str]:
    """Sign with the core: a token of *payload*, text or mapping, under *header*."""

    def make(payload: Any = '{"sub":"1"}', header: Any = '{"alg":"HS256"}', key: str = SECRET) -> str:
        return tokens.encode(header, payload, key).token

    return make


@pytest.fixture(scope="session")
def raw_token() -> Callable[..., str]:
    """Join any header, payload and signature, signed by nobody."""

    def make(header: str | bytes, payload: str | bytes, signature: str = "c2ln") -> str:
        def encoded(part: str | bytes) -> str:
            data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
            return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

        return f"{encoded(header)}.{encoded(payload)}.{signature}"

    return make


@contextmanager
def running(wsgi_app: Any) -> Iterator[tuple[Server, str]]:
    """Serve *wsgi_app* as `jwtlens serve` does, in a thread, on any free port."""
    discreet()
    server = Server(wsgi_app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
        thread.join(10)
        assert not thread.is_alive(), "the server does not stop"


@pytest.fixture(scope="session")
def serving() -> Callable[..., Any]:
    """`with serving(wsgi_app) as (server, address):`"""
    return running


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of the real thing."""
    with running(create_app(Settings())) as (_, address):
        yield address
