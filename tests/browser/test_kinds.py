"""Every kind of token in the browser: nested, with several signatures, with detached content."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from app.tokens import encode

SECRET = "a-string-secret-at-least-256-bits-long"
OTHER = "another-secret-that-is-also-at-least-256-bits"
CLAIMS = '{"sub":"alice","exp":4102444800}'


def general(*keys):
    """A JWS of these keys, each named by its kid, in general JSON serialization."""
    made = [json.loads(encode({"alg": "HS256", "kid": kid}, CLAIMS, key, serialization="flattened").token) for kid, key in keys]
    signatures = [{"protected": one["protected"], "signature": one["signature"]} for one in made]
    return json.dumps({"payload": made[0]["payload"], "signatures": signatures})


def test_detached_content_is_judged_as_it_is_typed_and_keeps_the_caret(debugger):
    debugger.paste(debugger.key, OTHER)
    debugger.paste(debugger.token, encode({"alg": "HS256"}, "one\ntwo", OTHER, detached=True).token)
    debugger.says("Content missing")
    box = debugger.page.get_by_role("textbox", name="Detached payload")
    box.focus()
    debugger.page.keyboard.type("one\nto")
    debugger.says("Signature does not match")
    debugger.caret_after(box, "one\nt")
    debugger.page.keyboard.type("w")
    debugger.says("Signature verified")
    assert debugger.selection(box) == [6, 6]
    expect(box).to_be_focused()
    debugger.caret_after(debugger.header, '"HS256"')
    debugger.page.keyboard.type(', "kid": "k"')
    expect(debugger.token).to_have_value(re.compile(r"^[\w-]+\.\.[\w-]+$"))
    debugger.says("Signature verified")
    expect(box).to_have_value("one\ntwo")
    debugger.paste(debugger.token, encode({"alg": "HS256"}, CLAIMS, OTHER).token)
    expect(box).to_have_value("one\ntwo")
    expect(debugger.page.locator("#detached")).to_contain_text("Not used")
    debugger.page.get_by_role("button", name="clear").click()
    expect(box).to_have_count(0)


def test_several_signatures_are_judged_each_and_edited_together(debugger):
    debugger.paste(debugger.key, OTHER)
    debugger.paste(debugger.token, general(("a", SECRET), ("b", OTHER)))
    signers = debugger.page.get_by_role("region", name="Signatures")
    expect(signers.locator(".part")).to_have_count(2)
    expect(signers.locator("[data-tone=good]")).to_contain_text("Verified")
    expect(debugger.header).to_have_value(re.compile('"kid": "b"'))
    debugger.paste(debugger.key, SECRET)
    expect(debugger.header).to_have_value(re.compile('"kid": "a"'))
    debugger.caret_after(debugger.payload, "alic")
    debugger.page.keyboard.type("i")
    expect(debugger.notice).to_contain_text("Not signed anew: signature 2")
    expect(debugger.token).to_have_value(re.compile(r'^\{"payload"'))
    debugger.says("Signature verified")
    expect(debugger.payload).to_be_focused()


def test_an_inner_token_is_shown_and_opened_and_the_step_is_taken_back(debugger):
    debugger.paste(debugger.key, OTHER)
    inner = encode({"alg": "HS256"}, CLAIMS, OTHER).token
    outer = encode({"alg": "HS256", "cty": "JWT"}, inner, OTHER).token
    debugger.paste(debugger.token, outer)
    debugger.says("Inside: not expired")
    inside = debugger.page.get_by_role("region", name="Inside")
    expect(inside).to_contain_text('"sub": "alice"')
    inside.get_by_role("button", name="Open this token").click()
    expect(debugger.token).to_have_value(inner)
    expect(inside).to_have_count(0)
    debugger.token.press("ControlOrMeta+z")
    expect(debugger.token).to_have_value(outer)
    debugger.says("Inside: not expired")


def test_json_is_painted_by_its_members_and_a_token_not_as_json(debugger):
    token = encode({"alg": "HS256", "cty": "JWT"}, encode({"alg": "HS256"}, CLAIMS, SECRET).token, SECRET, serialization="flattened").token
    debugger.paste(debugger.token, token)
    debugger.says("Inside")
    parts = json.loads(token)
    expected = [[parts["protected"]], [parts["payload"]], [parts["signature"]], [], []]
    assert debugger.painted("token", "header", "payload", "signature", "extra", "other") == expected
    assert debugger.painted("payload", "key", "string", "number", "literal") == [[], [], [], []]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing_and_nothing_sticks_out(new_context, debugger_of, scheme, width):
    page = new_context(color_scheme=scheme, viewport={"width": width, "height": 900}).new_page()
    debugger = debugger_of(page).open()
    debugger.paste(debugger.key, OTHER)
    inner = encode({"alg": "HS256", "kid": "k" * 90}, json.dumps({"long": "x" * 300}), SECRET).token
    for token, words in (
        (encode({"alg": "HS256", "cty": "JWT"}, inner, OTHER).token, "Inside: signature does not match"),
        (general(("a", SECRET), ("b" * 90, OTHER)), "signature 2 of 2"),
        (encode({"alg": "HS256"}, "content", OTHER, detached=True).token, "Content missing"),
    ):
        debugger.paste(debugger.token, token)
        debugger.says(words)
        found = Axe().run(page).response["violations"]
        assert not [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
