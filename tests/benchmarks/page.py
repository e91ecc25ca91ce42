"""The page in a real Chromium: from a key press to the updated page, the first load, and doing nothing."""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

import psutil
from playwright.sync_api import Browser, CDPSession, Page

from app import tokens
from tests.benchmarks.bare import BarePage, bare_page
from tests.benchmarks.promises import Promise, promise
from tests.benchmarks.running import Running, browsing, serving
from tests.benchmarks.tables import Table
from tests.benchmarks.timing import percentile

# All kinds by turns, three times: a slow minute of the machine is no one kind's.
_ROUNDS, _WARM_UPS, _SAMPLES = 3, 6, 40
_IDLE_SECONDS = 10.0
_PAUSE = (0.040, 0.090)

# The clock starts before any listener of the page hears the input. It stops when htmx says the request is over and the
# mutation observer has been told of the last change, whichever is later; and once more after the next frame.
_WATCH = """() => {
  const bench = (window.bench = { changes: 0, at: {} });
  const mark = (name) => { bench.at[name] = performance.now(); };
  const observer = new MutationObserver((records) => { bench.changes += records.length; mark("changed"); });
  observer.observe(document.querySelector("main"), { subtree: true, childList: true, characterData: true, attributes: true });
  window.addEventListener("input", () => { bench.at = {}; bench.changes = 0; mark("input"); }, true);
  for (const name of ["before:request", "before:response", "after:request", "before:swap", "after:swap"]) {
    window.addEventListener(`htmx:${name}`, () => mark(name), true);
  }
  window.addEventListener("htmx:finally:request", () => {
    mark("over");
    // After the observer: its microtask was queued before this one's.
    Promise.resolve().then(() => {
      bench.at.done = Math.max(bench.at.over, bench.at.changed ?? 0);
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => { mark("frame"); bench.resolve?.(); };
        channel.port2.postMessage(0);
      });
    });
  });
}"""
_ARM = "() => { bench.frame = new Promise((resolve) => { bench.resolve = resolve; }); }"
_RESULT = "() => bench.frame.then(() => ({ ...bench.at, changes: bench.changes }))"
_SELECT = """([id, start, end]) => {
  const area = document.getElementById(id);
  area.focus();
  area.setSelectionRange(start, end);
}"""
_VALUE = "(id) => document.getElementById(id).value"
# What the browser and the machine need for any answer at all, just now.
_FLOOR = """async () => {
  const start = performance.now();
  await (await fetch("/healthz", { cache: "no-store" })).text();
  return performance.now() - start;
}"""
_STAGES = (
    ("to request", "input", "before:request"),
    ("answer", "before:request", "after:request"),
    ("parse", "after:request", "before:swap"),
    ("swap", "before:swap", "done"),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One key press: milliseconds from the input to each moment."""

    at: dict[str, float]

    @property
    def updated(self) -> float:
        return self.at["done"] - self.at["input"]

    @property
    def framed(self) -> float:
        return self.at["frame"] - self.at["input"]

    def stage(self, start: str, end: str) -> float:
        return self.at[end] - self.at[start]


def measure() -> tuple[list[Table], list[Promise]]:
    with serving() as server, browsing() as browser:
        load, sent = _first_load(browser, server.url)
        kinds = ((_decode, "HS256"), (_decode, "RS256"), (_encode, "HS256"), (_encode, "RS256"), (_encode, "ES256"))
        rounds = [{kind: _key_presses(browser, server, *kind) for kind in kinds} for _ in range(_ROUNDS)]
        presses = {f"{action.__name__.strip('_')} {name}": _together([one[action, name] for one in rounds]) for action, name in kinds}
        idle, asked = _idle(browser, server.url)
    return [_key_press_table(presses), load, idle], [*_press_promises(presses), *sent, asked]


# Key presses -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Presses:
    """The key presses in one pane; *floor* is the time of an empty answer between them, *page* and *server* seconds of CPU a press."""

    samples: list[Sample]
    floor: list[float]
    page: float
    server: float

    @property
    def updated(self) -> list[float]:
        return [one.updated for one in self.samples]


def _together(rounds: list[Presses]) -> Presses:
    return Presses(
        [sample for one in rounds for sample in one.samples],
        [floor for one in rounds for floor in one.floor],
        mean(one.page for one in rounds),
        mean(one.server for one in rounds),
    )


def _key_presses(browser: Browser, server: Running, action: Callable[[BarePage], Iterator[None]], example: str) -> Presses:
    with bare_page(browser, f"{server.url}/?example={example}") as page:
        page.evaluate(_WATCH)
        # Not by the developer tools: they would watch each task of the page while it is measured.
        processes = _renderers(), [psutil.Process(server.pid)]
        keys = action(page)
        samples, floor, before = [], [], [_cpu(each) for each in processes]
        for number in range(_WARM_UPS + _SAMPLES):
            page.evaluate(_ARM)
            next(keys)
            samples.append(Sample(page.evaluate(_RESULT)))
            assert samples[-1].at["changes"], "a key press changed nothing"
            if number % 4 == 0:
                floor.append(page.evaluate(_FLOOR))
            _pause()
        spent = [(_cpu(each) - start) / len(samples) for each, start in zip(processes, before, strict=True)]
    return Presses(samples[_WARM_UPS:], floor[1:], *spent)


def _renderers() -> list[psutil.Process]:
    return [one for one in psutil.Process().children(recursive=True) if "--type=renderer" in one.cmdline()]


def _pause() -> None:
    """Nobody types in step with the frames, or places the caret and presses a key within one."""
    time.sleep(random.uniform(*_PAUSE))


def _decode(page: BarePage) -> Iterator[None]:
    """Write another character into the token's payload and back: claims, panes, findings and verdict all change."""
    token: str = page.evaluate(_VALUE, "token-text")
    place, other = _harmless_change(token)
    while True:
        for key in (other, token[place]):
            document = tokens.decode(token[:place] + key + token[place + 1 :]).documents[1]
            assert document is not None
            page.evaluate(_SELECT, ["token-text", place, place + 1])
            _pause()
            page.press(key)
            yield
            assert page.evaluate(_VALUE, "payload-text") == tokens.for_reading(document)[0], "the payload did not follow the token"


def _encode(page: BarePage) -> Iterator[None]:
    """Write on in the last string of the payload; the token is signed anew with each character."""
    payload: str = page.evaluate(_VALUE, "payload-text")
    place = _end_of_last_string(payload)
    page.evaluate(_SELECT, ["payload-text", place, place])
    while True:
        for key in "continued":
            before = page.evaluate(_VALUE, "token-text")
            page.press(key)
            yield
            assert page.evaluate(_VALUE, "token-text") != before, "the token did not follow the payload"


def _end_of_last_string(payload: str) -> int:
    """Where the last string that is a value ends."""
    document = tokens.decode(f"{_segment('{}')}.{_segment(payload)}.").documents[1]
    assert document is not None
    assert document.root is not None
    return max(member.node.end - 1 for member in document.root.members if member.node.kind == "string")


def _segment(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _harmless_change(token: str) -> tuple[int, str]:
    """A character of the payload whose change leaves it JSON with the same members, and the other character."""
    header, payload, signature = token.split(".")
    claims = tokens.decode(token).payload
    for place in range(len(payload) // 2, len(payload) - 4):
        for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789":
            changed = tokens.decode(f"{header}.{payload[:place]}{other}{payload[place + 1 :]}.{signature}")
            text = changed.payload_text or ""
            is_plain = isinstance(changed.payload, dict) and text.isascii() and text.isprintable()
            if is_plain and changed.payload.keys() == claims.keys() and changed.payload != claims:
                return len(header) + 1 + place, other
    raise AssertionError("no character can be changed")


def _key_press_table(presses: dict[str, Presses]) -> Table:
    table = Table(
        f"Key press to updated page: ms from the input event ({_ROUNDS * _SAMPLES} presses)",
        ["pane, example", "updated", "p95", "framed", "p95 ", *(name for name, _, _ in _STAGES), "floor", "page CPU", "server CPU"],
        note="In a page without developer tools, as people have it. updated: every pane holds the answer; framed: and the next frame is drawn.\n"
        "Then medians of its parts: until the request is sent, until the answer's text is there, until it is parsed, until it is in the page.\n"
        "floor: fetching an empty answer in the same page.\n"
        "page CPU, server CPU: of their processes, the second frame included. These two suffer least from what else the machine does.",
    )
    for name, found in presses.items():
        framed = [one.framed for one in found.samples]
        stages = [median(one.stage(start, end) for one in found.samples) for _, start, end in _STAGES]
        cpu = [found.page * 1e3, found.server * 1e3]
        figures = [median(found.updated), percentile(found.updated, 0.95), median(framed), percentile(framed, 0.95)]
        table.rows.append([name, *figures, *stages, median(found.floor), *cpu])
    return table


def _press_promises(presses: dict[str, Presses]) -> Iterator[Promise]:
    """Of all presses together, and of the slowest kind."""
    every = [one for found in presses.values() for one in found.updated]
    for word, bound, figure in (("median", 10, median), ("p95", 20, lambda values: percentile(values, 0.95))):
        worst, name = max((figure(found.updated), name) for name, found in presses.items())
        bounded = f"Key press to updated page: {word} at most {bound} ms"
        yield promise(bounded, figure(every) <= bound, f"{figure(every):.1f} ms")
        yield promise(f"{bounded}, in the slowest pane too", worst <= bound, f"{worst:.1f} ms ({name})")


# The first load ----------------------------------------------------------------------------------------------------


def _first_load(browser: Browser, url: str) -> tuple[Table, list[Promise]]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    session = _session(page)
    urls: dict[str, str] = {}
    sizes: dict[str, int] = {}
    session.on("Network.requestWillBeSent", lambda event: urls.update({event["requestId"]: event["request"]["url"]}))
    session.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: int(event["encodedDataLength"])}))
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto(url)
    page.wait_for_load_state("networkidle")
    times = page.evaluate(
        """() => {
          const [load] = performance.getEntriesByType("navigation");
          const paint = performance.getEntriesByName("first-contentful-paint")[0];
          return [load.domContentLoadedEventEnd, load.loadEventEnd, paint?.startTime ?? 0];
        }"""
    )
    page.close()
    table = Table("First load", ["what", "bytes on the wire"])
    for request, address in urls.items():
        table.rows.append([address.removeprefix(url), sizes.get(request, 0)])
    total = sum(sizes.values())
    table.rows.append([f"all {len(urls)} requests", total])
    table.note = "Ready after {:.0f} ms, loaded after {:.0f} ms, first painted after {:.0f} ms.".format(*times)
    return table, [
        promise("First load at most 60 kB on the wire", total <= 60_000, f"{total / 1000:.1f} kB"),
        promise("First load at most 8 requests", len(urls) <= 8, str(len(urls))),
    ]


# Idle --------------------------------------------------------------------------------------------------------------


def _idle(browser: Browser, url: str) -> tuple[Table, Promise]:
    table = Table(
        f"Idle for {_IDLE_SECONDS:.0f} s",
        ["page", "requests", "main thread ms", "main thread %", "all of Chromium %"],
        note="main thread: every task of the page. all of Chromium: the browser's processes together.",
    )
    for name, path in (("first opened", "/"), ("with times that run", "/?example=RS256")):
        table.rows.append([name, *_idle_figures(browser, url + path)])
    requests = sum(int(str(row[1])) for row in table.rows)
    busy = max(float(str(row[3])) for row in table.rows)
    kept = requests == 0 and busy < 1
    return table, promise("An idle page sends no request and uses no CPU (under 1 %)", kept, f"{requests} requests, {busy:.2f} %")


def _idle_figures(browser: Browser, url: str) -> tuple[int, float, float, float]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(url)
    page.wait_for_timeout(2_000)
    session = _session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    chromium = [one for one in psutil.Process().children(recursive=True) if "chrom" in one.name()]
    before, spent = _task_seconds(session), _cpu(chromium)
    page.wait_for_timeout(_IDLE_SECONDS * 1000)
    used, cpu = _task_seconds(session) - before, _cpu(chromium) - spent
    page.close()
    return len(asked), used * 1000, used / _IDLE_SECONDS * 100, cpu / _IDLE_SECONDS * 100


def _cpu(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def _session(page: Page) -> CDPSession:
    return page.context.new_cdp_session(page)


def _task_seconds(session: CDPSession) -> float:
    metrics: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))
