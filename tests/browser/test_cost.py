"""What the page costs: the first load, an idle hour, a key press."""

import re

import pytest
from playwright.sync_api import expect


def test_the_first_load_is_60_kb_in_8_requests_at_most(new_context):
    page = new_context().new_page()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: dict[str, int] = {}
    session.on("Network.loadingFinished", lambda event: sizes.__setitem__(event["requestId"], event["encodedDataLength"]))
    page.goto("/")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#verdict")).to_be_visible()
    assert 3 <= len(sizes) <= 8
    assert sum(sizes.values()) <= 60_000


def test_the_second_load_fetches_the_page_alone(debugger):
    session = debugger.page.context.new_cdp_session(debugger.page)
    session.send("Network.enable")
    urls: dict[str, str] = {}
    sizes: dict[str, int] = {}
    session.on("Network.requestWillBeSent", lambda event: urls.__setitem__(event["requestId"], event["request"]["url"]))
    session.on("Network.loadingFinished", lambda event: sizes.__setitem__(event["requestId"], event["encodedDataLength"]))
    debugger.open("/trust")
    debugger.quiet()
    assert [urls[one].rpartition("/")[2] for one, size in sizes.items() if size > 0 and one in urls] == ["trust"]


# A claim of the last two minutes counts its seconds: one word changes in each of them.
@pytest.mark.parametrize(("path", "milliseconds"), [("/", 20), ("/trust", 20), ("/?example=ES256", 100)])
def test_an_idle_page_sends_nothing_and_does_next_to_nothing(page, watch, path, milliseconds):
    session = page.context.new_cdp_session(page)
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy():
        metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        return metrics["TaskDuration"] * 1000

    asked, before = len(watch.requests), busy()
    page.wait_for_timeout(5000)
    assert busy() - before < milliseconds
    assert len(watch.requests) == asked


def test_one_key_is_one_request(debugger, watch):
    debugger.caret_after(debugger.payload, "John")
    debugger.quiet()
    asked = len(watch.requests)
    with debugger.page.expect_response("**/encode"):
        debugger.page.keyboard.type("n")
    debugger.quiet()
    assert len(watch.requests) == asked + 1


def test_an_answer_is_small(debugger):
    with debugger.page.expect_response("**/encode") as answer:
        debugger.caret_after(debugger.payload, "John")
        debugger.page.keyboard.type("n")
    assert len(answer.value.body()) < 12_000


def test_autofill_is_given_no_form_to_study(debugger):
    alone = "() => Array.from(document.querySelectorAll('main textarea[name]'), (text) => text.form.elements.length)"
    assert debugger.page.evaluate(alone) == [1, 1, 1, 1]
    # Without it, the browser would write what is in them to the disk.
    kept = "() => Array.from(document.querySelectorAll('main :is(input, select, textarea)'), (field) => field.form.autocomplete)"
    assert set(debugger.page.evaluate(kept)) == {"off"}
    debugger.page.locator("#examples > summary").click()
    debugger.page.get_by_role("link", name="ES256", exact=True).click()
    expect(debugger.key).to_have_value(re.compile("BEGIN"))
    debugger.quiet()
    assert debugger.page.evaluate(alone) == [1, 1, 1, 1]
