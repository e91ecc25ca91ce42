"""The built front end as a browser gets it."""

import gzip
import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import pytest

from app.settings import Settings
from app.web import assets
from app.web.security import HEADERS, protect

NAMES = ("index.css", "reading.css", "main.js", "icons.svg", "favicon.svg")
TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def absent(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"absent"]


@pytest.fixture(scope="module")
def front_end() -> Any:
    return protect(assets.serve_static(absent), Settings())


def get(application: Any, path: str, method: str = "GET", **environ: str) -> tuple[str, dict[str, str], bytes]:
    seen: list[Any] = []
    request = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.url_scheme": "http", "HTTP_HOST": "localhost"}
    chunks = application({**request, **environ}, lambda status, headers, *_: seen.append((status, headers)))
    body = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    status, headers = seen[-1]
    return status, {name.lower(): value for name, value in headers}, body


@pytest.mark.parametrize("name", NAMES)
def test_an_asset_is_immutable_and_safe(front_end: Any, name: str):
    status, headers, _ = get(front_end, assets.asset(name))
    assert status == "200 OK"
    assert headers["content-type"].startswith(TYPES[name.rpartition(".")[2]])
    assert headers["cache-control"] == "max-age=315360000, public, immutable"
    assert "access-control-allow-origin" not in headers
    for header, value in HEADERS.items():
        assert headers[header.lower()] == value


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_an_asset_changes_with_its_content(front_end: Any, name: str):
    _, _, body = get(front_end, assets.asset(name))
    assert sha256(body).hexdigest()[:16] == assets.asset(name).split(".")[-2]


def test_an_asset_is_sent_compressed_to_who_takes_it(front_end: Any):
    _, plain_headers, plain = get(front_end, assets.asset("main.js"))
    _, headers, body = get(front_end, assets.asset("main.js"), HTTP_ACCEPT_ENCODING="gzip, deflate, br")
    assert "content-encoding" not in plain_headers
    assert headers["content-encoding"] == "gzip"
    assert headers["vary"] == "Accept-Encoding"
    assert len(body) < len(plain)
    assert gzip.decompress(body) == plain


def test_what_has_no_hash_in_its_name_is_not_kept(front_end: Any):
    _, headers, body = get(front_end, "/static/built/manifest.json")
    assert set(NAMES) <= set(json.loads(body))
    assert headers["cache-control"] == "no-store, no-transform"


@pytest.mark.parametrize(
    "path",
    [
        "/static/built/index.css",
        "/static/built/",
        "/static/built/../../pyproject.toml",
        "/static/built/../../../app/server.py",
        "/static/css/index.css",
        "/static/built/main.js.gz",
        "//etc/passwd",
    ],
)
def test_nothing_else_is_served(front_end: Any, path: str):
    status, headers, body = get(front_end, path)
    assert (status, body) == ("404 Not Found", b"absent")
    assert headers["cache-control"] == "no-store, no-transform"


def test_an_asset_is_only_read(front_end: Any):
    status, headers, body = get(front_end, assets.asset("main.js"), "POST")
    assert (status, body) == ("405 Method Not Allowed", b"")
    assert headers["cache-control"] == "no-store, no-transform"


def test_it_says_so_when_the_front_end_was_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Any):
    monkeypatch.setattr(assets, "_APP", tmp_path / "app")
    with pytest.raises(assets.AssetsMissing, match="not built") as missing:
        assets.built_folder()
    assert "make assets" in missing.value.hint
