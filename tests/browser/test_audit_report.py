"""The report of an audit as a browser opens it from the disk: under its own policy, without a request, for every reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

from app.audit import page as report
from app.audit import work
from app.audit.inputs import Piece, Unread
from app.audit.summary import Summary
from tests.audit import logs


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    order, summary = logs.brief("HS256"), Summary()
    text = "\n".join((*logs.all_sorts("HS256"), *[logs.token()] * 3))
    summary.add(work.judged(order, Piece("logs/<img src=x onerror=alert(1)>.log", 0, 1, 0, text.encode())))
    summary.unread.append(Unread("logs/" + "long/" * 40 + "old.gz", "its gz breaks off: what is there is read"))
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report.html(summary, order))
    return path


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 320)])
def test_axe_finds_nothing_nothing_sticks_out_and_nothing_is_asked_for(browser, file, scheme, width):
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    assert page.evaluate("getComputedStyle(document.querySelector('rect.bad')).fill") != "rgb(0, 0, 0)"
    page.locator("details summary").last.click()
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    found = Axe().run(page).response["violations"]
    assert not [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert asked == [file.as_uri()]
    assert said == []
    context.close()
