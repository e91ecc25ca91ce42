"""What the page does to explain a refusal: fixes that can be undone, travel in time, profiles, keys that come with the token."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

CASES = {
    case["id"]: case for case in json.loads((Path(__file__).parents[1] / "vectors" / "failure-classes.json").read_text("utf-8"))["cases"]
}


def show(debugger, name):
    """Put the key and the token of a failure class into the page."""
    case = CASES[name]
    debugger.paste(debugger.key, case["key"])
    debugger.paste(debugger.token, case["token"])
    expect(debugger.findings).to_contain_text(f"{len(case['token'])} characters")
    return case


@pytest.mark.parametrize("name", ["envelope/zero-width space", "envelope/line break inside payload", "base64/foreign character"])
def test_a_fix_is_made_in_the_pane_and_undo_takes_it_back(debugger, name):
    case = show(debugger, name)
    debugger.findings.locator("button.mend").first.click()
    debugger.says("Signature verified")
    assert debugger.token.input_value() != case["token"]
    expect(debugger.token).to_be_focused()
    debugger.page.keyboard.press("ControlOrMeta+z")
    expect(debugger.token).to_have_value(case["token"])
    expect(debugger.verdict).not_to_contain_text("Signature verified")


def test_a_fix_is_reached_with_the_keyboard(debugger):
    show(debugger, "envelope/zero-width space")
    debugger.findings.locator("button.mend").first.focus()
    debugger.page.keyboard.press("Enter")
    debugger.says("Signature verified")


def test_the_reading_that_matches_is_one_click_away(debugger, make_token):
    debugger.paste(debugger.token, make_token(key="a-string-secret-at-least-256-bits-long"))
    debugger.paste(debugger.key, b"a-string-secret-at-least-256-bits-long".hex())
    debugger.says("Signature does not match")
    debugger.says("hex")
    debugger.findings.locator("button.mend").first.click()
    debugger.says("Signature verified")


def test_what_would_match_is_searched_in_the_pause_behind_the_keys(debugger, make_token, watch):
    debugger.paste(debugger.token, make_token(key="a-string-secret-at-least-256-bits-long"))
    debugger.paste(debugger.key, b"a-string-secret-at-least-256-bits-lon".hex())
    debugger.says("Signature does not match")
    debugger.key.press("End")
    debugger.page.keyboard.type("67", delay=30)
    debugger.says("hex")
    asked = watch.posts("/verify")[-3:]
    assert ["typing=1" in one.post_data for one in asked] == [True, True, False]
    debugger.quiet()
    assert watch.posts()[-1] is asked[-1], "and once is enough"


def test_a_fix_of_a_claim_is_made_where_the_payload_shows_it(debugger):
    show(debugger, "claims/exp in ms")
    before = debugger.payload.input_value()
    debugger.findings.locator("button.mend").first.click()
    expect(debugger.payload).to_have_value(before.replace("1767225699000", "1767225699"))
    debugger.page.keyboard.press("ControlOrMeta+z")
    expect(debugger.payload).to_have_value(before)


def test_you_can_travel_to_a_time_of_the_token_and_back(debugger):
    debugger.open("/?example=RS256")
    debugger.page.locator("#expect > summary").click()
    travel = debugger.page.locator("#travel")
    travel.get_by_role("button", name="exp").click()
    debugger.says("Expired")
    travel.get_by_role("button", name="iat").click()
    debugger.says("Not expired")
    travel.get_by_role("button", name="now").click()
    expect(debugger.page.get_by_label("Valid at")).to_have_value("")
    debugger.says("Not expired")


def test_a_profile_is_chosen_and_its_rules_are_judged(debugger):
    debugger.open("/?example=RS256")
    debugger.page.locator("#expect > summary").click()
    debugger.page.get_by_label("Profile").select_option(label="DPoP proof")
    debugger.says("Profile not kept")
    debugger.page.get_by_label("Profile").select_option("none")
    expect(debugger.verdict).not_to_contain_text("Profile not kept")


def test_a_key_that_came_with_the_token_is_checked_when_asked_and_never_green(debugger):
    show(debugger, "header/embedded jwk")
    brought = debugger.page.locator("#brought")
    expect(brought).to_contain_text("They prove nothing by themselves")
    brought.get_by_role("button", name="Check the signature with it").click()
    expect(brought).to_contain_text("It proves only that whoever wrote the token holds that key")
    expect(debugger.page.locator("[data-tone=good]")).to_have_count(0)


def test_without_scripts_the_server_makes_the_fix(browser, server):
    case = CASES["envelope/zero-width space"]
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server)
    page.get_by_role("textbox", name="Token", exact=True).fill(case["token"])
    page.get_by_role("textbox", name="Key", exact=True).fill(case["key"])
    page.get_by_role("button", name="Read token").click()
    page.locator("#findings button.mend").first.click()
    expect(page.locator("#verdict")).to_contain_text("Signature verified")
    context.close()
