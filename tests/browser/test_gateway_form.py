"""The policy as a form, and another gateway's answer, in a real browser: live, by keyboard, on a phone, without scripts."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect


@pytest.fixture
def gateway(new_context):
    def open_page(query="preset=tenant", **options):
        page = new_context(**options).new_page()
        page.goto(f"/gateway?{query}")
        if options.get("java_script_enabled", True):
            expect(page.locator("html")).to_have_class(re.compile(r"\bjs\b"))
        return page

    return open_page


def field(page, name):
    return page.locator(f"[id='p.{name}']")


def policy(page):
    return json.loads(page.locator("#policy-text").input_value())


def test_text_and_form_are_kept_in_step(gateway):
    page = gateway()
    text = page.locator("#policy-text").input_value()
    page.get_by_role("button", name="form", exact=True).click()
    value = field(page, "routes[0].claims.all[1].any[0].equals")
    page.locator("[id='d.routes[0]'] > summary").click()
    value.press("End")
    value.press("x")
    expect(page.locator("#decision")).to_contain_text('tenant is "acme"; asked is that tenant equals "acmex"')
    expect(page.locator("#policy-text")).to_have_value(text.replace('"equals": "acme"', '"equals": "acmex"'))
    expect(value).to_be_focused()
    value.press("Backspace")
    expect(page.locator("#decision")).to_contain_text("200 Allowed")
    expect(page.locator("#policy-text")).to_have_value(text)
    page.get_by_role("button", name="text", exact=True).click()
    page.locator("#policy-text").fill(text.replace('"acme", "prefix"', '"mine", "prefix"'))
    page.get_by_role("button", name="form", exact=True).click()
    expect(field(page, "routes[0].name")).to_have_value("mine")


def test_a_field_that_is_emptied_is_empty_in_the_policy(gateway):
    page = gateway("shown=form")
    assert [bool(route.get("methods")) for route in policy(page)["routes"]] == [False, True, False]
    page.locator("[id='d.routes[1]'] > summary").click()
    field(page, "routes[1].methods").fill("")
    expect(page.locator("#policy-text")).not_to_have_value(re.compile('"methods"'))


def test_a_row_comes_and_goes_by_keyboard_and_takes_the_focus_along(gateway):
    page = gateway("preset=rotation&shown=form")
    page.get_by_role("button", name="Add route").focus()
    page.keyboard.press("Enter")
    expect(field(page, "routes[1]~how")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("/reports")
    expect(page.locator("#policy-text")).to_have_value(re.compile('{"prefix": "/reports"}'))
    page.get_by_role("button", name="Add rule about claims to route 2").press("Enter")
    expect(field(page, "routes[1].claims.claim")).to_be_focused()
    page.get_by_role("button", name="Combine this rule with another").press("Enter")
    expect(field(page, "routes[1].claims~join")).to_have_value("all")
    assert len(policy(page)["routes"][1]["claims"]["all"]) == 2
    page.get_by_role("button", name="Remove route 2").press("Enter")
    expect(page.get_by_role("button", name="Add route")).to_be_focused()
    assert policy(page)["routes"] == [{"prefix": "/"}]


def test_a_choice_that_other_fields_depend_on_asks_once(gateway, watch):
    page = gateway("preset=tenant&shown=form")
    page.locator("[id='d.routes[1]'] > summary").click()
    before = len(watch.posts("/gateway"))
    field(page, "routes[1].claims.all[1].any[0]~how").select_option("equals")
    expect(field(page, "routes[1].claims.all[1].any[0].equals")).to_have_value("globex")
    expect(page.locator("[id='d.routes[1]']")).to_have_attribute("open", "")
    assert policy(page)["routes"][1]["claims"]["all"][1]["any"][0] == {"claim": "tenant", "equals": "globex"}
    page.wait_for_load_state("networkidle")
    assert len(watch.posts("/gateway")) == before + 1


def test_broken_text_leaves_the_form_as_it_was(gateway):
    page = gateway("preset=rotation")
    page.locator("#policy-text").press("ControlOrMeta+End")
    page.locator("#policy-text").press("x")
    expect(page.locator("#decision")).to_contain_text("The policy cannot be read")
    page.get_by_role("button", name="form", exact=True).click()
    expect(page.locator("#notice")).to_contain_text("so the form shows an older one")
    expect(field(page, "routes[0].prefix")).to_be_disabled()
    page.get_by_role("button", name="text", exact=True).click()
    # Until the answer is there the text is hidden, and keys would go to the button.
    expect(page.locator("#policy-text")).to_be_visible()
    page.locator("#policy-text").press("ControlOrMeta+End")
    page.locator("#policy-text").press("Backspace")
    expect(page.locator("#decision")).to_contain_text("200 Allowed")
    page.get_by_role("button", name="form", exact=True).click()
    expect(field(page, "routes[0].prefix")).to_be_enabled()


def test_another_gateway_answers_beside_and_stays_chosen(gateway):
    page = gateway("preset=scopes")
    page.get_by_label("As your gateway would").select_option("kong")
    expect(page.locator("#there")).to_contain_text("HTTP/1.1")
    expect(page.locator("#exported")).to_contain_text("What it cannot say")
    page.get_by_role("button", name="Copy kong.yaml").click()
    expect(page.get_by_role("button", name="Copy kong.yaml")).to_contain_text("copied")
    page.locator("#request-text").fill("GET /orders")
    expect(page.locator("#there")).to_contain_text("401 Unauthorized")
    page.locator("#presets summary").click()
    page.get_by_role("link", name="Key rotation").click()
    expect(page.get_by_label("As your gateway would")).to_have_value("kong")
    expect(page.locator("#exported")).to_contain_text("The policy for Kong")
    page.get_by_label("As your gateway would").select_option("")
    expect(page.locator("#exported section")).to_have_count(0)


def test_form_and_gateway_work_without_scripts(gateway):
    page = gateway("preset=rotation", java_script_enabled=False)
    page.get_by_role("button", name="form", exact=True).click()
    field(page, "realm").fill("mine")
    page.get_by_role("button", name="Add route").click()
    expect(field(page, "routes[1]~how")).to_be_focused()
    page.get_by_label("As your gateway would").select_option("kong")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#exported")).to_contain_text("The policy for Kong")
    page.get_by_role("button", name="text", exact=True).click()
    expect(page.locator("#policy-text")).to_be_visible()
    assert policy(page)["realm"] == "mine"
    assert policy(page)["routes"] == [{"prefix": "/"}, {"prefix": "/new"}]


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1440)])
def test_axe_finds_nothing_and_nothing_sticks_out(gateway, scheme, width):
    page = gateway("preset=tenant&shown=form&export=kong", color_scheme=scheme, viewport={"width": width, "height": 844})
    page.locator("[id='d.routes[0]'] > summary").click()
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
