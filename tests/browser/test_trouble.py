"""The server is gone, refuses, or another site asks: the page says a sentence and keeps what was typed."""

import re

import pytest
from playwright.sync_api import expect

from app.settings import Settings
from app.web import create_app

SECRET = "a-string-secret-at-least-256-bits-long"


def test_when_the_server_is_gone_it_says_so_and_keeps_everything(new_context, serving, debugger_of, watch):
    watch.expect("net::ERR_|no answer")
    with serving(create_app(Settings())) as (server, address):
        debugger = debugger_of(new_context(base_url=address).new_page()).open()
        token, header = debugger.token.input_value(), debugger.header.input_value()
        server.stop()
    debugger.caret_after(debugger.payload, "John")
    debugger.page.keyboard.type("ny")
    expect(debugger.notice).to_contain_text("The server does not answer")
    expect(debugger.payload).to_have_value(re.compile("Johnny"))
    expect(debugger.token).to_have_value(token)
    expect(debugger.header).to_have_value(header)
    expect(debugger.key).to_have_value(SECRET)
    # The verdict is about what was here before, and does not look as if it were about this.
    expect(debugger.page.locator("#debugger")).to_have_attribute("data-stale", "")
    for pane in (debugger.token, debugger.key):
        pane.press("End")
        debugger.page.keyboard.type("x")
        expect(debugger.notice.locator("p")).to_have_count(1)


def test_when_the_server_is_back_the_sentence_goes(debugger, watch):
    watch.expect("net::ERR_|no answer")
    debugger.page.route("**/encode", lambda route: route.abort())
    debugger.caret_after(debugger.payload, "John")
    debugger.page.keyboard.type("n")
    expect(debugger.notice).to_contain_text("The server does not answer")
    debugger.page.unroute("**/encode")
    debugger.page.keyboard.type("y")
    expect(debugger.notice).to_be_empty()
    debugger.says("Signature verified")
    debugger.view("claims")
    expect(debugger.claims).to_contain_text("Johnny")
    expect(debugger.page.locator("#debugger")).not_to_have_attribute("data-stale", re.compile(".*"))


@pytest.mark.parametrize("pane", ["token", "payload", "key"])
def test_input_that_is_too_large_is_a_sentence_and_everything_stays(debugger, watch, pane):
    watch.expect(r"413 \(")
    others = [one for one in ("token", "header", "payload", "key") if one != pane]
    before = [getattr(debugger, one).input_value() for one in others]
    getattr(debugger, pane).fill("x" * 300_000)
    expect(debugger.notice).to_contain_text("larger than 256 KiB")
    assert [getattr(debugger, one).input_value() for one in others] == before
    assert len(getattr(debugger, pane).input_value()) == 300_000
    getattr(debugger, pane).fill("")
    expect(debugger.notice).not_to_contain_text("256 KiB")


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (500, "<!doctype html><title>oops</title><script>alert(1)</script>", "does not answer"),
        (502, "", "does not answer"),
        (429, "<p>slow down</p>", "too much to do"),
        (400, "<p>no</p>", "refuses this (400)"),
        (200, "<!doctype html><html><body><h1>Welcome to the hotel</h1></body></html>", "What you typed is still here"),
        (200, "", "What you typed is still here"),
        (204, "", "What you typed is still here"),
    ],
)
def test_an_answer_that_is_none_of_ours_changes_nothing(debugger, watch, status, body, sentence):
    watch.expect(rf"{status} \(")
    before = [debugger.token.input_value(), debugger.header.input_value(), debugger.key.input_value()]
    debugger.page.route("**/encode", lambda route: route.fulfill(status=status, body=body, content_type="text/html; charset=utf-8"))
    debugger.caret_after(debugger.payload, "John")
    debugger.page.keyboard.type("x")
    expect(debugger.notice).to_contain_text(sentence)
    assert [debugger.token.input_value(), debugger.header.input_value(), debugger.key.input_value()] == before
    expect(debugger.payload).to_have_value(re.compile("Johnx"))
    expect(debugger.payload).to_be_focused()


@pytest.mark.parametrize(("status", "field", "sentence"), [(400, "many", "too many fields"), (500, "", "went wrong in jwtlens itself")])
def test_a_refusal_of_the_server_is_shown_in_its_words(debugger, watch, app, monkeypatch, status, field, sentence):
    """The real answer of the application, to a request that the page itself would not send."""
    watch.expect(rf"{status} \(")
    if status == 500:
        monkeypatch.setattr("app.web.signing.sign", None)
    form = {f"f{n}": "1" for n in range(161)} if field else {"header": "{}"}
    answer = app.test_client().post("/encode", data=form, headers={"HX-Request": "true"})
    assert answer.status_code == status
    token = debugger.token.input_value()
    debugger.page.route("**/encode", lambda route: route.fulfill(status=status, body=answer.text, content_type="text/html; charset=utf-8"))
    debugger.caret_after(debugger.payload, "John")
    debugger.page.keyboard.type("x")
    expect(debugger.notice).to_contain_text(sentence)
    expect(debugger.notice).to_have_attribute("role", "status")
    expect(debugger.token).to_have_value(token)
    expect(debugger.page.locator("#debugger")).to_have_attribute("data-stale", "")


def test_an_answer_with_a_script_is_not_taken(debugger, watch):
    """Trusted Types: whatever becomes HTML passes our policy, and nothing that holds a script does."""
    watch.expect("TrustedHTML|Trusted Type|trusted")
    body = '<hx-partial hx-target="#slot-notice" hx-swap="innerHTML"><div id="notice"><script>window.ran = true</script></div></hx-partial>'
    debugger.page.route("**/encode", lambda route: route.fulfill(status=200, body=body, content_type="text/html; charset=utf-8"))
    debugger.caret_after(debugger.payload, "John")
    with debugger.page.expect_response("**/encode"):
        debugger.page.keyboard.type("x")
    debugger.quiet()
    assert debugger.page.evaluate("window.ran") is None
    assert debugger.page.locator("main script").count() == 0


# Another site -----------------------------------------------------------------------------------------------------


def test_a_name_that_was_bound_to_this_machine_is_refused(page, base_url, watch):
    """DNS rebinding: evil.test resolves to 127.0.0.1."""
    port = base_url.rpartition(":")[2]
    watch.hosts.add(f"evil.test:{port}")
    # Over plain http a browser remarks that it passes the header over.
    watch.expect(r"421 \(|Cross-Origin-Opener-Policy header has been ignored")
    assert page.goto(f"http://evil.test:{port}/").status == 421
    assert "textarea" not in page.content()


def test_the_form_of_another_site_is_refused(page, base_url, watch):
    watch.hosts.add("evil.test")
    watch.expect(r"403 \(")
    form = f'<form method=post action="{base_url}/decode"><input name=token value=a.b.c><button>go</button></form>'
    page.route("http://evil.test/", lambda route: route.fulfill(body=f"<!doctype html><title>x</title>{form}", content_type="text/html"))
    page.goto("http://evil.test/")
    with page.expect_response("**/decode") as answer:
        page.get_by_role("button").click()
    assert answer.value.status == 403


def test_another_site_cannot_frame_the_page(page, base_url, watch):
    watch.hosts.add("evil.test")
    watch.expect("frame|Framing|X-Frame-Options|ERR_BLOCKED|Refused to display|refused to connect")
    body = f'<!doctype html><title>x</title><iframe src="{base_url}/"></iframe>'
    page.route("http://evil.test/", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto("http://evil.test/")
    page.wait_for_load_state("networkidle")
    assert page.frames[1].locator("textarea").count() == 0
