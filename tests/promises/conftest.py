"""One server that is asked everything, once, and a real Chromium that is watched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.settings import Settings
from app.web import create_app
from tests.browser.conftest import (  # noqa: F401  # fixtures
    _watched,
    browser_type_launch_args,
    debugger_of,
    new_context,
    watch,
)
from tests.conftest import running
from tests.promises import serving
from tests.promises.asking import everything
from tests.promises.serving import Seen
from tests.promises.touring import Recorder


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What was seen of a server from its start to its end, while everything was asked of it."""
    return serving.watch(tmp_path_factory.mktemp("watched"), everything(create_app(Settings())))


@pytest.fixture(scope="session")
def recorder() -> Recorder:
    return Recorder(create_app(Settings()))


@pytest.fixture(scope="session")
def base_url(recorder: Recorder) -> Iterator[str]:
    """The real server, which remembers what it was asked."""
    with running(recorder) as (_, address):
        yield address


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any], base_url: str) -> dict[str, Any]:
    """Of that server: what a browser was told first in this process, by other tests, is kept for all of them."""
    return {**browser_context_args, "base_url": base_url, "viewport": {"width": 1440, "height": 900}, "color_scheme": "light"}
