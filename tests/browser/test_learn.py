"""The documentation in a browser: nothing sticks out, nothing is barred, the search follows the typing."""

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from app.web.learn import contents

PATHS = ["/learn", "/learn/search?q=exp", *(leaf.path for leaf in contents.LEAVES.values())]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing_and_nothing_sticks_out(new_context, scheme, width):
    page = new_context(color_scheme=scheme, viewport={"width": width, "height": 900}).new_page()
    axe = Axe()
    for path in PATHS:
        page.goto(path)
        found = axe.run(page).response["violations"]
        assert not [f"{path} {one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_on_the_narrowest_phone_nothing_sticks_out(new_context):
    page = new_context(viewport={"width": 320, "height": 640}).new_page()
    for path in PATHS:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_the_search_follows_the_typing_and_leads_to_the_place(new_context):
    page = new_context().new_page()
    page.goto("/learn")
    page.get_by_role("searchbox").press_sequentially("alg_none")
    page.locator("#hits").get_by_role("link", name="alg_none", exact=True).first.click()
    expect(page).to_have_url("/learn/findings#alg_none")
    expect(page.locator("#alg_none")).to_be_in_viewport()
    assert page.evaluate("getComputedStyle(document.getElementById('alg_none')).backgroundColor") != "rgba(0, 0, 0, 0)"


def test_the_search_works_beside_a_page_too(new_context):
    page = new_context().new_page()
    page.goto("/learn/introduction")
    page.get_by_role("searchbox").fill("ES256")
    expect(page.locator("#hits").get_by_role("link").first).to_have_text("ES256")
    page.get_by_role("searchbox").press("Enter")
    expect(page).to_have_url("/learn/search?q=ES256")


def test_without_scripts_the_search_has_a_button(new_context):
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/learn")
    page.get_by_role("searchbox").fill("kid")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#hits").get_by_role("link", name="kid", exact=True).first).to_be_visible()


def test_a_finding_of_the_debugger_leads_to_its_explanation(new_context):
    page = new_context().new_page()
    page.goto("/?example=none")
    with page.context.expect_page() as opened:
        page.locator("#findings li", has_text='alg "none"').get_by_role("link", name="more").click()
    expect(opened.value).to_have_url("/learn/findings#alg_none")
