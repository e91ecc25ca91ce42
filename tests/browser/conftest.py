"""A real Chromium, and a watch over everything that it must not do."""

from __future__ import annotations

import os
import random
import re
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.settings import Settings
from app.web import create_app

expect.set_options(timeout=10_000)

STORES = """async () => ({
  local: localStorage.length,
  session: sessionStorage.length,
  databases: (await indexedDB.databases()).length,
  caches: (await caches.keys()).length,
  workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail("chromium is not installed: make chromium installs it, or apt-get install chromium", pytrace=False)
    flags = [
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP evil.test 127.0.0.1",
    ]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    return {**browser_type_launch_args, "executable_path": chromium, "args": flags}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1440, "height": 900}, "color_scheme": "light"}


@pytest.fixture(scope="session")
def base_url(server: str) -> str:
    """The real server."""
    return server


class Watch:
    """Everything that a browser reports, and what of it a test may expect."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.requests: list[Any] = []
        self.elsewhere: list[str] = []
        self.hosts: set[str] = set()
        self.homes: set[str] = set()
        self.expected: list[str] = []

    def expect(self, pattern: str) -> None:
        """Let messages that match *pattern* pass, such as the browser's own word about an answer 413."""
        self.expected.append(pattern)

    def context(self, context: BrowserContext, home: str) -> None:
        self.hosts.add(urlsplit(home).netloc)
        self.homes.add(urlsplit(home).netloc)
        context.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        context.on("weberror", lambda error: self.said.append(f"error: {error.error}"))
        context.on("dialog", self._dialog)
        context.on("request", self._request)

    def _dialog(self, dialog: Any) -> None:
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        self.requests.append(request)
        parts = urlsplit(request.url)
        if parts.netloc not in self.hosts or parts.scheme != "http":
            self.elsewhere.append(request.url)

    def unexpected(self) -> list[str]:
        return [line for line in self.said if not any(re.search(pattern, line) for pattern in self.expected)]

    def posts(self, path: str = "") -> list[Any]:
        return [one for one in self.requests if one.method == "POST" and one.url.endswith(path)]


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture(autouse=True)
def _watched(watch: Watch) -> Iterator[None]:
    yield
    assert not watch.unexpected(), "the browser said something"
    assert not watch.elsewhere, "a request went to another origin"


@pytest.fixture
def new_context(browser: Browser, browser_context_args: dict[str, Any], watch: Watch) -> Iterator[Callable[..., BrowserContext]]:
    """Contexts that are watched, and searched for what is left in them when the test is done."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        chosen = {**browser_context_args, **options}
        context = browser.new_context(**chosen)
        watch.context(context, chosen["base_url"])
        made.append(context)
        return context

    yield make
    for context in made:
        assert {cookie["name"] for cookie in context.cookies()} <= {"theme"}
        for page in context.pages:
            if urlsplit(page.url).netloc in watch.homes:
                left = page.evaluate(STORES)
                assert not any(left.values()), left
        context.close()


class Slow:
    """The application behind a line on which every request takes its own time."""

    def __init__(self, wsgi_app: Any) -> None:
        self.wsgi_app = wsgi_app
        self.chance = random.Random(4)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] == "POST":
            time.sleep(self.chance.uniform(0, 0.25))
        return self.wsgi_app(environ, start_response)


@pytest.fixture(scope="session")
def slow_server(serving: Any) -> Iterator[str]:
    with serving(Slow(create_app(Settings()))) as (_, address):
        yield address


class Debugger:
    """The page as a person sees it: its panes by name."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.token = page.get_by_role("textbox", name="Token", exact=True)
        self.header = page.get_by_role("textbox", name="Header", exact=True)
        self.payload = page.get_by_role("textbox", name="Payload", exact=True)
        self.key = page.get_by_role("textbox", name="Key", exact=True)
        self.verdict = page.locator("#verdict")
        self.claims = page.locator("#claims")
        self.findings = page.locator("#findings")
        self.notice = page.locator("#notice")

    def open(self, path: str = "/") -> Debugger:
        self.page.goto(path)
        expect(self.page.locator("html")).to_have_class(re.compile(r"\bjs\b"))
        return self

    def says(self, words: str) -> None:
        expect(self.verdict).to_contain_text(words)

    def paste(self, pane: Any, text: str) -> None:
        """Replace what is in a pane, as select-all and paste do."""
        pane.focus()
        pane.press("ControlOrMeta+a")
        if text:
            self.page.keyboard.insert_text(text)
        else:
            self.page.keyboard.press("Delete")

    def put(self, pane: Any, text: str) -> None:
        """Replace what is in a pane in one step, without its focus, as a drop or an extension does."""
        script = "(area, text) => { area.value = text; area.dispatchEvent(new InputEvent('input', { bubbles: true })); }"
        pane.evaluate(script, text)

    def caret_after(self, pane: Any, words: str) -> None:
        """Put the caret behind *words*."""
        pane.focus()
        pane.evaluate("(area, words) => { const at = area.value.indexOf(words) + words.length; area.setSelectionRange(at, at); }", words)

    def selection(self, pane: Any) -> list[int]:
        chosen: list[int] = pane.evaluate("area => [area.selectionStart, area.selectionEnd]")
        return chosen

    def painted(self, pane: str, *parts: str) -> list[list[str]]:
        """The text behind a pane that has the colour of each of *parts*."""
        return [self.page.locator(f"#{pane} [data-part={part}]").all_text_contents() for part in parts]

    def view(self, name: str) -> None:
        """Choose a view of a pane: claims or table, or JSON for both."""
        for label in self.page.locator(".pane .switch label", has_text=name).all():
            label.click()

    def quiet(self) -> None:
        """Wait until every question has its answer."""
        self.page.wait_for_load_state("networkidle")


@pytest.fixture
def debugger(page: Page) -> Debugger:
    return Debugger(page).open()


@pytest.fixture
def debugger_of() -> Callable[[Page], Debugger]:
    return Debugger
