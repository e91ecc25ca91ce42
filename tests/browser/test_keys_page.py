"""The keys page in a real browser: live, by keyboard, in light and dark, and nothing left behind."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

SECRET = "a-string-secret-at-least-256-bits-long"


@pytest.fixture
def keys(new_context):
    def open_page(**options):
        page = new_context(**options).new_page()
        page.goto("/keys")
        expect(page.locator("html")).to_have_class(re.compile(r"\bjs\b"))
        return page

    return open_page


def made(page, kind="P-256"):
    page.get_by_role("combobox", name="Make a key").select_option(kind)
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#key-text")).to_have_value(re.compile(r'"kid": "'))
    return page.locator("#key-text").input_value()


def test_a_key_is_made_and_shown_in_every_form(keys):
    page = keys()
    made(page, "Ed25519")
    expect(page.get_by_role("heading", name="Ed25519 private key")).to_be_visible()
    expect(page.get_by_role("textbox", name="PEM, SPKI")).to_have_value(re.compile("BEGIN PUBLIC KEY"))
    expect(page.get_by_role("textbox", name="PEM, PKCS#8", exact=True)).to_have_value(re.compile("BEGIN PRIVATE KEY"))
    first = page.locator("#print-jwk").input_value()
    made(page, "X25519")
    expect(page.get_by_role("heading", name="X25519 private key")).to_be_visible()
    expect(page.locator("#print-jwk")).not_to_have_value(first)


def test_what_is_typed_is_read_at_once_and_the_caret_stays(keys):
    page = keys()
    box = page.locator("#key-text")
    box.press_sequentially(SECRET)
    expect(page.locator("#key_about")).to_contain_text("38-byte secret")
    expect(box).to_be_focused()
    expect(box).to_have_value(SECRET)
    page.get_by_label("Read as", exact=True).select_option("hex")
    expect(page.locator("#key_note")).to_contain_text("Not readable")
    page.get_by_role("button", name="clear").click()
    expect(box).to_have_value("")
    expect(page.locator("#key_note")).to_contain_text("No key yet")


def test_a_key_is_locked_and_opened_again(keys):
    page = keys()
    made(page)
    page.get_by_role("textbox", name="Lock the private PEM and DER").fill("open sesame")
    locked = page.locator("#private-pem")
    expect(locked).to_have_value(re.compile("BEGIN ENCRYPTED PRIVATE KEY"))
    text = locked.input_value()
    page.get_by_role("textbox", name="Lock the private PEM and DER").fill("")
    page.locator("#key-text").fill(text)
    expect(page.locator("#key_note")).to_contain_text("Type its passphrase.")
    page.get_by_label("Its passphrase").fill("open sesame")
    expect(page.locator("#key_note")).to_contain_text("PKCS#8 with passphrase")
    expect(locked).to_have_value(re.compile("BEGIN PRIVATE KEY"))


def test_a_certificate_is_made_by_keyboard_alone(keys):
    page = keys()
    made(page)
    page.get_by_label("Subject").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text("CN=by keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Self-sign")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#made-pem")).to_have_value(re.compile("BEGIN CERTIFICATE"))
    page.locator("#key-text").fill(page.locator("#made-pem").input_value())
    expect(page.locator("#key_about")).to_contain_text("CN=by keyboard (signed by its own key)")


def test_hide_hides_the_box_and_the_private_forms(keys):
    page = keys()
    made(page)
    page.get_by_label("hide").check()
    for name in ("#key-text", "#private-jwk", "#private-pem"):
        expect(page.locator(name)).to_have_css("-webkit-text-security", "disc")
    expect(page.locator("#public-jwk")).to_have_css("-webkit-text-security", "none")


def test_a_form_is_copied_whole(keys):
    page = keys()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    made(page)
    page.get_by_role("button", name="Copy JWK, public").click()
    expect(page.locator("#said")).to_have_text("The JWK, public is copied.")


def test_without_javascript_the_buttons_do_it(new_context):
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/keys")
    page.get_by_role("combobox", name="Make a key").select_option("P-384")
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_role("heading", name="EC private key on P-384")).to_be_visible()
    page.locator("#key-text").fill(SECRET)
    page.get_by_role("button", name="Read key").last.click()
    expect(page.get_by_role("heading", name="38-byte secret")).to_be_visible()
    assert SECRET not in page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_and_nothing_sticks_out(keys, scheme, width):
    page = keys(color_scheme=scheme, viewport={"width": width, "height": 900})
    for step in (
        lambda: None,
        lambda: made(page),
        lambda: page.locator("#key-text").fill("weak"),
        lambda: page.locator("#key-text").fill('{"kty":"x"}'),
    ):
        step()
        page.wait_for_timeout(300)
        found = Axe().run(page).response["violations"]
        assert not [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_no_key_leaves_the_body_of_a_request(keys, watch):
    page = keys()
    text = made(page)
    page.locator("#key-text").fill(SECRET)
    expect(page.locator("#key_about")).to_contain_text("38-byte secret")
    for request in watch.requests:
        said = request.url + "".join(request.headers.values())
        assert SECRET not in said
        assert text[20:60] not in said
