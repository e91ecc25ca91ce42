"""An SD-JWT in the browser: what is ticked is presented at once, and can be taken back."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect


@pytest.fixture
def credential(debugger):
    debugger.open("/?example=SD-JWT")
    debugger.says("Signature verified")
    return debugger


def pane(credential):
    return credential.page.locator("#disclosures")


def box(credential, name):
    return pane(credential).get_by_role("checkbox", name=name, exact=True)


def presents(credential, count):
    """Wait until the pane and the token agree on how many are presented."""
    expect(pane(credential).locator(".bar small").first).to_have_text(f"{count} of 7 presented")
    expect(credential.token).to_have_value(re.compile(rf"^[^~]+~([^~]+~){{{count}}}[^~]*$"))


def test_one_click_shows_it_all(credential):
    presents(credential, 6)
    expect(box(credential, "birthdate")).not_to_be_checked()
    expect(pane(credential)).to_contain_text("Holder verified")
    expect(credential.page.locator("#seen-text")).to_have_value(re.compile("Springfield"))


def test_ticking_presents_at_once_and_keeps_the_focus(credential):
    box(credential, "birthdate").focus()
    credential.page.keyboard.press("Space")
    presents(credential, 7)
    expect(box(credential, "birthdate")).to_be_focused()
    expect(pane(credential)).not_to_contain_text("Holder verified")
    credential.says("Signature verified")


def test_an_outer_one_takes_the_inner_along_and_comes_with_it(credential):
    box(credential, "address").uncheck()
    presents(credential, 4)
    expect(box(credential, "locality")).not_to_be_checked()
    box(credential, "locality").check()
    presents(credential, 6)
    expect(box(credential, "address")).to_be_checked()


def test_a_choice_can_be_taken_back(credential):
    bound = credential.token.input_value()
    box(credential, "given_name").uncheck()
    presents(credential, 5)
    credential.token.focus()
    credential.page.keyboard.press("ControlOrMeta+z")
    expect(credential.token).to_have_value(bound)
    expect(box(credential, "given_name")).to_be_checked()
    expect(pane(credential)).to_contain_text("Holder verified")


def test_quick_ticks_end_in_what_is_ticked(credential):
    for name in ("given_name", "family_name", "nationalities[0]", "nationalities[1]"):
        box(credential, name).click()
    presents(credential, 2)
    credential.says("Signature verified")


def test_the_holder_is_bound_anew_and_a_wrong_key_says_so(credential):
    box(credential, "given_name").uncheck()
    presents(credential, 5)
    pane(credential).get_by_text("Bind to the holder").click()
    pane(credential).get_by_role("button", name="Make the key binding JWT").click()
    expect(pane(credential)).to_contain_text("Holder verified")
    before = credential.token.input_value()
    pane(credential).get_by_label("Holder’s private key").fill(credential.key.input_value())
    pane(credential).get_by_role("button", name="Make the key binding JWT").click()
    expect(credential.notice).to_contain_text("is not the key that the issuer put into cnf")
    assert credential.token.input_value() == before


def test_an_edited_payload_keeps_the_disclosures(credential):
    credential.caret_after(credential.payload, "https://issuer")
    credential.page.keyboard.type("x")
    credential.says("Signature verified")
    presents(credential, 6)
    expect(box(credential, "birthdate")).not_to_be_checked()
    expect(credential.payload).to_have_value(re.compile("https://issuerx.example"))


def test_an_ordinary_token_becomes_an_sd_jwt_and_back(credential):
    credential.open("/?example=ES256")
    before = credential.token.input_value()
    pane(credential).get_by_text("Make an SD-JWT of it").click()
    box(credential, "scope").check()
    credential.caret_after(credential.payload, "https://issuer")
    credential.page.keyboard.type("x")
    credential.quiet()
    expect(box(credential, "scope")).to_be_checked()
    pane(credential).get_by_role("button", name="Make the SD-JWT").click()
    expect(pane(credential)).to_contain_text("1 of 1 presented")
    expect(credential.payload).to_have_value(re.compile("_sd_alg"))
    credential.says("Signature verified")
    credential.token.focus()
    credential.page.keyboard.press("ControlOrMeta+z")
    expect(credential.payload).not_to_have_value(re.compile("_sd_alg"))
    assert credential.token.input_value() != before


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(new_context, scheme, width):
    page = new_context(color_scheme=scheme, viewport={"width": width, "height": 900}).new_page()
    for example, folds in (("SD-JWT", ("digests", "binding-checks", "bind", "seen")), ("ES256", ("issue",))):
        page.goto(f"/?example={example}")
        for fold in folds:
            page.locator(f"#{fold} > summary").click()
        page.wait_for_load_state("networkidle")
        found = Axe().run(page).response["violations"]
        assert not [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_it_can_be_chosen_without_scripts(new_context, base_url):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{base_url}/?example=SD-JWT")
    page.get_by_role("checkbox", name="given_name", exact=True).uncheck()
    page.get_by_role("button", name="Make the presentation").click()
    expect(page.locator("#disclosures .bar small").first).to_have_text("5 of 7 presented")
    page.get_by_role("checkbox", name="given_name", exact=True).check()
    page.get_by_role("button", name="Make the presentation").click()
    expect(page.locator("#disclosures .bar small").first).to_have_text("6 of 7 presented")
