"""The gateway page in a real browser: live, by keyboard, in light and dark, without scripts, and nothing left behind."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect


@pytest.fixture
def gateway(new_context):
    def open_page(preset="routes", **options):
        page = new_context(**options).new_page()
        page.goto(f"/gateway?preset={preset}")
        if options.get("java_script_enabled", True):
            expect(page.locator("html")).to_have_class(re.compile(r"\bjs\b"))
        return page

    return open_page


def test_each_key_is_decided_at_once_and_the_caret_stays(gateway):
    page = gateway()
    decision, request = page.locator("#decision"), page.locator("#request-text")
    expect(decision).to_contain_text("200 Allowed")
    request.fill("GET /orders")
    expect(decision).to_contain_text("401 Unauthorized")
    expect(decision).to_contain_text('WWW-Authenticate: Bearer realm="api"')
    request.fill("GET /healt")
    request.press("End")
    request.press("h")
    expect(decision).to_contain_text("200 Allowed")
    expect(request).to_be_focused()
    expect(request).to_have_value("GET /health")


def test_a_request_to_try_fills_its_boxes_and_leaves_the_policy(gateway):
    page = gateway("scopes")
    policy = page.locator("#policy-text")
    policy.fill(policy.input_value().replace('"realm": "orders"', '"realm": "mine"'))
    page.get_by_role("button", name="Write with the scope to read").click()
    expect(page.locator("#decision")).to_contain_text("403 Forbidden")
    expect(page.locator("#decision")).to_contain_text('realm="mine"')
    expect(page.locator("#request-text")).to_have_value(re.compile("^POST /orders"))
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.locator("#decision")).to_contain_text("200 Allowed")


def test_a_broken_policy_says_where_and_the_rules_stay(gateway):
    page = gateway()
    rules = page.locator("#gate-rules").inner_text()
    page.locator("#policy-text").press("ControlOrMeta+End")
    page.locator("#policy-text").press("x")
    expect(page.locator("#decision")).to_contain_text("The policy cannot be read")
    expect(page.locator("#decision")).to_contain_text("JSON that breaks at line 13")
    assert page.locator("#gate-rules").inner_text() == rules
    page.locator("#policy-text").press("Backspace")
    expect(page.locator("#decision")).to_contain_text("200 Allowed")


def test_a_preset_is_chosen_by_keyboard(gateway):
    page = gateway()
    page.locator("#presets summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#tries")).to_contain_text("Keycloak puts roles into an array")
    expect(page.locator("#policy-text")).to_have_value(re.compile("realm_access.roles"))
    expect(page.locator("#decision")).to_contain_text("200 Allowed")


def test_it_works_without_scripts(gateway):
    page = gateway(java_script_enabled=False)
    page.get_by_role("button", name="Expired", exact=True).click()
    expect(page.locator("#decision")).to_contain_text("Denied by exp: Expired 1 h ago")
    page.locator("#request-text").fill("GET /health")
    page.get_by_role("button", name="Decide").last.click()
    expect(page.locator("#decision")).to_contain_text("200 Allowed")
    expect(page.locator("#request-text")).to_have_value("GET /health")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_axe_finds_nothing_and_nothing_sticks_out(gateway, scheme, width):
    page = gateway("tenant", color_scheme=scheme, viewport={"width": width, "height": 800})
    for name in ("The own tenant", "Another tenant"):
        page.get_by_role("button", name=name).click()
        expect(page.locator("#decision")).to_contain_text("403" if name == "Another tenant" else "200")
        assert [one["id"] for one in Axe().run(page).response["violations"]] == []
    page.locator("#policy-text").fill("{")
    expect(page.locator("#decision")).to_contain_text("cannot be read")
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_debugger_hands_over_its_token_and_key_in_a_body(new_context, watch):
    page = new_context().new_page()
    page.goto("/?example=RS256")
    expect(page.locator("html")).to_have_class(re.compile(r"\bjs\b"))
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="gateway", exact=True).click()
    other = opened.value
    expect(other.locator("#decision")).to_contain_text("200 Allowed")
    assert other.url.endswith("/gateway")
    assert page.locator("#token-text").input_value() == other.locator("#gate-token-text").input_value()
    (post,) = watch.posts("/gateway")
    assert "RS256" not in post.url
