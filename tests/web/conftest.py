"""Every answer of the API, whichever test asks for it, is held against its description; so is what it accepts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import strict_json
from tests.web.description import faults_of_answer, faults_of_request


@pytest.fixture
def api(api: Callable[..., Any]) -> Callable[..., Any]:
    """The API: its answers are as they are described, and so is every request that it takes."""

    def call(action: str, body: Any, status: int = 200) -> Any:
        answer = api(action, body, status)
        assert not faults_of_answer(action, status, answer)
        if status == 200:
            assert not faults_of_request(action, body if isinstance(body, dict) else strict_json(_text(body)))
        return answer

    return call


def _text(body: str | bytes) -> str:
    return body if isinstance(body, str) else body.decode("utf-8")
