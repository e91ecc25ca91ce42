"""A tour of every page in a real Chromium, with a secret in every field; and what the server and the browser saw of it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext, Page

from app.web.directory import libraries
from app.web.examples import STORIES
from app.web.learn import contents
from tests.promises import canaries

PAGES = (
    "/", "/keys", "/gateway", "/gateway?shown=form", "/compare", "/examples", f"/examples/{next(iter(STORIES))}", "/libraries",
    f"/libraries/{next(iter(libraries()))}", "/learn", "/trust",
)  # fmt: skip
READ = tuple(leaf.path for leaf in contents.LEAVES.values())
STORES = """async () => ({
  local: {...localStorage},
  session: {...sessionStorage},
  databases: await indexedDB.databases(),
  caches: await caches.keys(),
  workers: (await navigator.serviceWorker.getRegistrations()).length,
  state: JSON.stringify(history.state),
  address: location.href,
})"""
FIELDS = "main :is(textarea, input:is(:not([type]), [type=text], [type=search], [type=url], [type=password])):not([readonly], [disabled])"


@dataclass(slots=True)
class Heard:
    """A request as the server got it."""

    method: str
    address: str
    headers: str
    body: str


@dataclass(slots=True)
class Recorder:
    """The application, with a record of what it is asked."""

    wsgi_app: Any
    heard: list[Heard] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        headers = "\n".join(f"{name}: {value}" for name, value in environ.items() if name.startswith("HTTP_"))
        address = f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
        self.heard.append(Heard(environ["REQUEST_METHOD"], address, headers, body.decode("utf-8", "replace")))
        return self.wsgi_app(environ, start_response)


@dataclass(slots=True)
class Toured:
    """What was left behind by a tour: addresses that were asked, stores and cookies of the browser, and what the server heard."""

    asked: list[str]
    stores: list[dict[str, Any]]
    cookies: list[dict[str, Any]]
    heard: list[Heard]
    typed: int


def tour(context: BrowserContext, recorder: Recorder) -> Toured:
    """Open every page, type a secret into each of its fields, press what sends, and look into every store."""
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page, stores, secrets, typed = context.new_page(), [], canaries.deal(), 0
    for path in PAGES:
        page.goto(path)
        page.evaluate("() => document.querySelectorAll('main details').forEach(one => { one.open = true; })")
        typed += _type(page, secrets)
        page.wait_for_timeout(200)  # what is typed is sent at once
        stores.append(page.evaluate(STORES))
    for path in READ:
        page.goto(path)
        stores.append(page.evaluate(STORES))
    page.goto("/")
    for name, make in (("key", canaries.key), ("token", canaries.token)):
        page.locator(f"#{name}-text").fill(make(next(secrets)))
    page.wait_for_load_state("networkidle")
    stores.append(page.evaluate(STORES))
    page.goto("/trust")
    page.go_back()
    stores.append(page.evaluate(STORES))
    return Toured(asked, stores, [dict(one) for one in context.cookies()], list(recorder.heard), typed)


def _type(page: Page, secrets: Any) -> int:
    """Write a secret into every field at once, and tell the page so, as a drop does; how many fields that were."""
    fields: int = page.evaluate(
        """([selector, secrets]) => {
          const fields = [...document.querySelectorAll(selector)].filter(one => one.offsetParent);
          fields.forEach((one, at) => {
            one.value = secrets[at % secrets.length];
            one.dispatchEvent(new InputEvent('input', { bubbles: true }));
            one.dispatchEvent(new Event('change', { bubbles: true }));
          });
          return fields.length;
        }""",
        [FIELDS, [next(secrets) for _ in range(40)]],
    )
    return fields
