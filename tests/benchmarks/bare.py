"""A page that nobody listens to: the developer tools are told nothing of its requests.

Playwright switches on Network in every page, and the browser then reports each request to it in the middle of the key
press that is measured, for about a millisecond. Who uses the page has no developer tools open.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, CDPSession

_SIZE = {"width": 1440, "height": 900, "deviceScaleFactor": 1, "mobile": False}
_READY = "() => document.readyState === 'complete' && document.documentElement.classList.contains('js')"
_LONGEST_WAIT = 30.0


class BarePage:
    """The few actions of a Playwright page that the key presses need, on *target*."""

    def __init__(self, session: CDPSession, target: str) -> None:
        self._session = session
        self._answers: dict[int, dict[str, Any]] = {}
        self._number = 0
        self._session.on("Target.receivedMessageFromTarget", self._receive)
        self._attached = self._session.send("Target.attachToTarget", {"targetId": target, "flatten": False})["sessionId"]

    def _receive(self, event: dict[str, Any]) -> None:
        answer = json.loads(event["message"])
        if "id" in answer:
            self._answers[answer["id"]] = answer

    def send(self, method: str, values: dict[str, Any] | None = None, pause: float = 0.005) -> dict[str, Any]:
        """Send, leave the browser alone for *pause* seconds, then ask for the answer."""
        self._number += 1
        message = json.dumps({"id": self._number, "method": method, "params": values or {}})
        self._session.send("Target.sendMessageToTarget", {"sessionId": self._attached, "message": message})
        time.sleep(pause)
        end = time.monotonic() + _LONGEST_WAIT
        while self._number not in self._answers:
            assert time.monotonic() < end, f"no answer to {method}"
            # Any call lets Playwright hand over what has come.
            self._session.send("Browser.getVersion")
        answer = self._answers.pop(self._number)
        assert "result" in answer, answer
        return answer["result"]

    def evaluate(self, function: str, value: object = None) -> Any:
        expression = f"({function})({json.dumps(value)})"
        answer = self.send("Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True})
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        down = {"type": "keyDown", "key": key, "text": key, "unmodifiedText": key}
        self.send("Input.dispatchKeyEvent", down, pause=random.randint(50, 90) / 1000)
        self.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": key})

    def go_to(self, url: str) -> None:
        self.send("Emulation.setDeviceMetricsOverride", _SIZE)
        self.send("Page.navigate", {"url": url})
        end = time.monotonic() + _LONGEST_WAIT
        while not self.evaluate(_READY):
            assert time.monotonic() < end, "the page is not ready"
            time.sleep(0.1)


@contextmanager
def bare_page(browser: Browser, url: str) -> Iterator[BarePage]:
    """Open *url*, and close it in the end."""
    session = browser.new_browser_cdp_session()
    # Playwright lets go of a page in a context that it did not make.
    context = {"browserContextId": session.send("Target.createBrowserContext")["browserContextId"]}
    try:
        page = BarePage(session, session.send("Target.createTarget", {"url": "about:blank", "newWindow": True, **context})["targetId"])
        page.go_to(url)
        yield page
    finally:
        session.send("Target.disposeBrowserContext", context)
        session.detach()
