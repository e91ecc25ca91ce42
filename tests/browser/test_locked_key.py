"""A private key under a passphrase, and a key from the keys page, in the debugger's key box of a real browser."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from cryptography.hazmat.primitives import serialization
from playwright.sync_api import expect

from tests.tokens.keyring import make, private

TOKEN = make({"alg": "ES256"}, alg="ES256")
LOCKED = (
    private("ES256")
    .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"open sesame"))
    .decode()
)


@pytest.fixture
def page(new_context):
    page = new_context().new_page()
    page.goto("/")
    expect(page.locator("html")).to_have_class(re.compile(r"\bjs\b"))
    return page


def test_a_locked_key_opens_while_its_passphrase_is_typed(page):
    page.locator("#token-text").fill(TOKEN)
    page.locator("#key-text").fill(LOCKED)
    field = page.get_by_role("textbox", name="Its passphrase")
    expect(page.locator("#verdict")).to_contain_text("Key locked")
    field.press_sequentially("open seasme")
    expect(page.locator("#key_note")).to_contain_text("Still locked")
    field.press("ControlOrMeta+a")
    field.press_sequentially("open sesame")
    expect(field).to_have_value("open sesame")
    expect(page.locator("#verdict")).to_contain_text("Signature verified")
    expect(field).to_be_focused()
    assert Axe().run(page).response["violations"] == []
    page.locator("#payload-text").fill('{"sub":"2"}')
    expect(page.locator("#verdict")).to_contain_text("Signature verified")
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie, location.href.includes('sesame')]") == [
        0,
        0,
        "",
        False,
    ]
    page.locator("#key-text").fill("a secret")
    expect(field).to_have_count(0)


@pytest.mark.parametrize("half", ["public", "private"])
def test_a_key_of_the_keys_page_is_used_in_the_debugger(page, half):
    page.goto("/keys")
    page.get_by_role("combobox", name="Make a key").select_option("P-256")
    page.get_by_role("button", name="Generate").click()
    page.get_by_role("button", name=f"Use JWK, {half} in the debugger").click()
    expect(page).to_have_title(re.compile("debugger"))
    expect(page.locator("#key_note")).to_contain_text(f"EC {half} key on P-256")
    assert ("d" in json.loads(page.locator("#key-text").input_value())) == (half == "private")
    assert "?" not in page.url


def test_the_key_of_the_box_is_used_in_the_debugger_with_how_it_is_read(page):
    page.goto("/keys")
    page.locator("#key-text").fill("c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA")
    page.locator("#key-encoding").select_option("base64url")
    page.get_by_role("button", name="Use this key in the debugger").click()
    expect(page).to_have_title(re.compile("debugger"))
    expect(page.locator("#key-encoding")).to_have_value("base64url")
    expect(page.locator("#key_note")).to_contain_text("34-byte secret")
    assert "?" not in page.url
