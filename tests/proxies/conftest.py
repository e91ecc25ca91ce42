"""A real nginx, Caddy and HAProxy, each started once, with jwtlens beside it and an API behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.proxies import gate, harness
from tests.proxies.harness import STARTS, Stack


@pytest.fixture(scope="session", params=STARTS)
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    name = request.param
    with harness.stack(tmp_path_factory.mktemp(name), name, gate.policy(), gate.document()) as running:
        yield running
