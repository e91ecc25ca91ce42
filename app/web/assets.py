"""Where the built front end and the templates are, in a checkout and in a wheel alike."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from whitenoise import WhiteNoise

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PREFIX = "/static/built/"

_APP = Path(__file__).resolve().parent.parent
_HASHED = re.compile(r"\.[0-9a-f]{16}\.\w+$")


class AssetsMissing(Exception):
    """Say that the front end was not built."""

    hint = "run make assets, or install the package with pip"

    def __init__(self) -> None:
        super().__init__("the front end is not built")


def _folder(name: str, mark: str) -> Path:
    # A wheel carries both folders inside the package; a checkout has them beside it.
    for folder in (_APP / name, _APP.parent / name):
        if (folder / mark).exists():
            return folder
    raise AssetsMissing


def templates_folder() -> Path:
    """Return the folder of the templates."""
    return _folder("templates", "base.html")


def built_folder() -> Path:
    """Return the folder of the built front end."""
    return _folder("static/built", "manifest.json")


def deploy_folder() -> Path:
    """Return the folder of the files for servers."""
    return _folder("deploy", "nginx.conf")


@cache
def _manifest() -> Mapping[str, str]:
    names: dict[str, str] = json.loads((built_folder() / "manifest.json").read_bytes())
    return names


def asset(name: str) -> str:
    """Return the URL of the built file that was made from *name*."""
    return PREFIX + _manifest()[name]


@cache
def integrity(name: str) -> str:
    """Return what the browser compares the built file of *name* with, before it runs it."""
    digest = hashlib.sha384((built_folder() / _manifest()[name]).read_bytes()).digest()
    return f"sha384-{base64.b64encode(digest).decode()}"


def _is_immutable(path: str, url: str) -> bool:
    return _HASHED.search(url) is not None


def serve_static(wsgi_app: WSGIApplication) -> WSGIApplication:
    """Answer what is under /static/built/ from the disk and pass everything else on to *wsgi_app*."""
    files: WSGIApplication = WhiteNoise(
        wsgi_app,
        root=str(built_folder()),
        prefix=PREFIX,
        allow_all_origins=False,
        immutable_file_test=_is_immutable,
    )
    return files
