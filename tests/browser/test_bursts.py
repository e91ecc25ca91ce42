"""A slow line: answers are late and cross each other, and the page ends right all the same."""

import base64
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from playwright.sync_api import expect

SECRET = "a-string-secret-at-least-256-bits-long"
OTHER = "another-secret-that-is-also-at-least-256-bits"
PAUSE = 40


@pytest.fixture
def slow(new_context, slow_server, debugger_of):
    page = new_context(base_url=slow_server).new_page()
    return debugger_of(page).open()


def encoded(text):
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def ends_verified(slow):
    """The panes agree: the token says what the payload says, and the verdict is about it."""
    slow.says("Signature verified")
    expect(slow.page.locator("#debugger")).not_to_have_attribute("data-stale", re.compile(".*"))


@pytest.mark.parametrize("trial", range(3))
def test_a_burst_in_the_payload_ends_right(slow, trial):
    slow.view("claims")
    slow.view("JSON")
    slow.paste(slow.payload, '{"a":"x"}')
    slow.caret_after(slow.payload, "x")
    slow.page.keyboard.type("123456789abc", delay=PAUSE)
    expect(slow.payload).to_have_value('{"a":"x123456789abc"}')
    expect(slow.token).to_have_value(re.compile("[.]" + encoded('{"a":"x123456789abc"}') + "[.]"))
    ends_verified(slow)
    slow.view("claims")
    expect(slow.claims).to_contain_text("x123456789abc")
    slow.view("JSON")
    slow.quiet()
    expect(slow.payload).to_have_value('{"a":"x123456789abc"}')


@pytest.mark.parametrize("trial", range(3))
def test_a_burst_in_the_token_ends_right(slow, make_token, trial):
    token = make_token('{"sub":"the last one"}')
    slow.paste(slow.token, token[:-12])
    slow.token.press("ControlOrMeta+End")
    slow.page.keyboard.type(token[-12:], delay=PAUSE)
    ends_verified(slow)
    slow.quiet()
    expect(slow.payload).to_have_value(re.compile("the last one"))
    expect(slow.token).to_have_value(token)
    slow.says("Signature verified")


@pytest.mark.parametrize("trial", range(3))
def test_a_burst_in_the_key_ends_right(slow, trial):
    token = slow.token.input_value()
    slow.paste(slow.key, SECRET[:-12])
    slow.page.keyboard.type(SECRET[-12:], delay=PAUSE)
    ends_verified(slow)
    slow.quiet()
    slow.says("Signature verified")
    expect(slow.token).to_have_value(token)


@pytest.mark.parametrize("trial", range(3))
def test_a_burst_across_two_panes_ends_right(slow, trial):
    """First the payload, then at once the key: the answer about the payload must not undo the key, nor the other way round."""
    slow.paste(slow.payload, '{"a":"x"}')
    slow.caret_after(slow.payload, "x")
    slow.page.keyboard.type("123456", delay=PAUSE)
    slow.key.focus()
    slow.key.press("ControlOrMeta+End")
    slow.page.keyboard.type("qwerty", delay=PAUSE)
    for _ in range(6):
        slow.page.keyboard.press("Backspace", delay=PAUSE)
    slow.quiet()
    expect(slow.key).to_have_value(SECRET)
    expect(slow.payload).to_have_value('{"a":"x123456"}')
    expect(slow.token).to_have_value(re.compile("[.]" + encoded('{"a":"x123456"}') + "[.]"))
    ends_verified(slow)


@pytest.mark.parametrize("trial", range(3))
def test_a_token_pasted_while_an_edit_is_under_way_wins(slow, make_token, trial):
    token = make_token('{"sub":"pasted"}')
    slow.caret_after(slow.payload, "John")
    slow.page.keyboard.type("nyboy", delay=PAUSE)
    # In one step; for what may happen between selecting and pasting there is a test of its own below.
    slow.put(slow.token, token)
    slow.quiet()
    expect(slow.token).to_have_value(token)
    expect(slow.payload).to_have_value(re.compile('"sub": "pasted"'))
    ends_verified(slow)


@pytest.mark.parametrize("trial", range(3))
def test_an_edit_while_a_pasted_token_is_under_way_wins(slow, make_token, trial):
    slow.paste(slow.token, make_token('{"sub":"pasted"}'))
    slow.paste(slow.payload, '{"sub":"typed"}')
    slow.page.keyboard.press("ArrowLeft")
    slow.page.keyboard.press("ArrowLeft")
    slow.page.keyboard.type("12", delay=PAUSE)
    slow.quiet()
    expect(slow.payload).to_have_value('{"sub":"typed12"}')
    expect(slow.token).to_have_value(re.compile("[.]" + encoded('{"sub":"typed12"}') + "[.]"))
    ends_verified(slow)


class Held:
    """The next request to *path* is on its way until it is let go."""

    def __init__(self, page, path):
        self.routes: list[Any] = []
        page.route(path, lambda route: self.routes.append(route), times=1)

    def release(self):
        (route,) = self.routes
        route.continue_()


def test_a_late_answer_about_the_payload_does_not_undo_the_key(debugger):
    """The answer knows the old key only: one more question makes token, key and verdict agree."""
    held = Held(debugger.page, "**/encode")
    with debugger.page.expect_request("**/encode"):
        debugger.paste(debugger.payload, '{"a":1}')
    debugger.paste(debugger.key, OTHER)
    debugger.says("Signature does not match")
    held.release()
    expect(debugger.token).to_have_value(re.compile("[.]" + encoded('{"a":1}') + "[.]"))
    debugger.says("Signature does not match")
    debugger.quiet()
    debugger.says("Signature does not match")
    expect(debugger.key).to_have_value(OTHER)
    expect(debugger.payload).to_have_value('{"a":1}')


def test_a_late_answer_about_the_token_does_not_undo_the_key(debugger, make_token):
    held = Held(debugger.page, "**/decode")
    with debugger.page.expect_request("**/decode"):
        debugger.put(debugger.token, make_token('{"sub":"late"}', key=OTHER))
    debugger.paste(debugger.key, OTHER)
    debugger.says("Signature verified")
    held.release()
    expect(debugger.payload).to_have_value(re.compile("late"))
    debugger.quiet()
    debugger.says("Signature verified")
    expect(debugger.key).to_have_value(OTHER)


def test_a_late_answer_about_the_key_does_not_undo_the_payload(debugger):
    held = Held(debugger.page, "**/verify")
    with debugger.page.expect_request("**/verify"):
        debugger.put(debugger.key, OTHER)
    debugger.paste(debugger.payload, '{"a":1}')
    expect(debugger.token).to_have_value(re.compile("[.]" + encoded('{"a":1}') + "[.]"))
    debugger.says("Signature verified")
    held.release()
    debugger.quiet()
    debugger.says("Signature verified")
    expect(debugger.payload).to_have_value('{"a":1}')


def test_an_answer_whose_field_is_gone_is_not_taken_for_shown(debugger):
    """It is not written into the page, so that the same answer, when it comes again, is news."""
    page = debugger.open("/?example=RSA-OAEP-256").page
    token = debugger.token.input_value()
    key = serialization.load_pem_private_key(debugger.key.input_value().encode(), None)
    lock = serialization.BestAvailableEncryption(b"pw")
    locked = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock).decode()
    passphrase = page.get_by_role("textbox", name="Its passphrase")
    debugger.paste(debugger.key, locked)
    debugger.paste(debugger.token, token)
    expect(debugger.payload).to_have_value("")
    held = Held(page, "**/verify")
    passphrase.focus()
    with page.expect_request("**/verify"):
        page.keyboard.insert_text("pw")
    debugger.paste(debugger.key, "another key")
    expect(passphrase).to_have_count(0)
    with page.expect_event("requestfinished"):
        held.release()
    page.evaluate("() => new Promise(requestAnimationFrame)")
    debugger.paste(debugger.key, locked)
    passphrase.focus()
    page.keyboard.insert_text("pw")
    expect(debugger.payload).to_have_value(re.compile("{"))


def test_clear_wins_over_what_is_under_way(slow):
    slow.caret_after(slow.payload, "John")
    slow.page.keyboard.type("nyboy", delay=10)
    slow.page.get_by_role("button", name="clear", exact=True).click()
    slow.says("No token yet")
    slow.quiet()
    for pane in (slow.token, slow.header, slow.payload, slow.key):
        expect(pane).to_have_value("")
    slow.says("No token yet")


def test_an_example_wins_over_what_is_under_way(slow):
    slow.caret_after(slow.payload, "John")
    slow.page.keyboard.type("nyboy", delay=10)
    slow.page.locator("#examples > summary").click()
    slow.page.get_by_role("link", name="ES256", exact=True).click()
    slow.says("ES256")
    slow.quiet()
    ends_verified(slow)
    expect(slow.payload).to_have_value(re.compile("orders:read"))
    expect(slow.key).to_have_value(re.compile("BEGIN PRIVATE KEY"))


def test_typing_after_clear_is_kept(slow, make_token):
    slow.page.get_by_role("button", name="clear", exact=True).click()
    token = make_token('{"sub":"after"}')
    slow.paste(slow.token, token)
    slow.quiet()
    expect(slow.token).to_have_value(token)
    expect(slow.payload).to_have_value(re.compile("after"))
    slow.paste(slow.key, SECRET)
    ends_verified(slow)


def test_a_token_that_is_selected_stays_selected_when_the_answer_of_an_edit_comes(debugger):
    """Select all, then paste: were only the old length selected again, the end of the new token would stay behind the pasted one."""
    held = Held(debugger.page, "**/encode")
    before = debugger.token.input_value()
    with debugger.page.expect_request("**/encode"):
        debugger.put(
            debugger.payload, '{"name":"a much longer text than there was before, so that the token grows as well, and some more of it"}'
        )
    debugger.token.focus()
    debugger.token.press("ControlOrMeta+a")
    held.release()
    expect(debugger.token).not_to_have_value(before)
    assert debugger.selection(debugger.token) == [0, len(debugger.token.input_value())]


def test_a_page_that_waits_says_so(slow):
    """After a while what is shown is about something that is no longer typed: it is marked."""
    slow.page.route("**/encode", lambda route: None)
    slow.caret_after(slow.payload, "John")
    slow.page.keyboard.type("x")
    expect(slow.page.locator("#debugger")).to_have_attribute("data-stale", "")
    slow.page.unroute("**/encode")
    slow.page.keyboard.type("y")
    expect(slow.page.locator("#debugger")).not_to_have_attribute("data-stale", re.compile(".*"))
    slow.says("Signature verified")
