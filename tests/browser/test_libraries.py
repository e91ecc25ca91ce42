"""The libraries and the code for the token, as a person uses them."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect


def wire(page):
    """What each answer weighs on the wire, from now on."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: dict[str, int] = {}
    session.on("Network.loadingFinished", lambda event: sizes.__setitem__(event["requestId"], event["encodedDataLength"]))
    return sizes


@pytest.fixture
def reader(new_context):
    return new_context().new_page()


@pytest.mark.parametrize("path", ["/libraries", "/libraries/pyjwt", "/libraries/trivial"])
def test_a_page_is_80_kb_at_most(reader, path):
    sizes = wire(reader)
    reader.goto(path)
    reader.wait_for_load_state("networkidle")
    assert 20_000 < sum(sizes.values()) <= 80_000


def test_the_list_follows_the_choice_without_a_reload_and_the_address_keeps_it(reader, watch):
    reader.goto("/libraries")
    reader.evaluate("window.same = true")
    reader.get_by_label("Language").select_option("Python")
    expect(reader.locator(".count")).to_have_text(re.compile(r"^\d of \d+ libraries$"))
    reader.get_by_label("encryption").check()
    expect(reader.get_by_role("link", name="PyJWT", exact=True)).to_have_count(0)
    expect(reader).to_have_url(re.compile(r"/libraries\?language=Python&has=jwe$"))
    assert reader.evaluate("window.same") is True
    assert not watch.posts()
    rows = reader.locator(".libraries th[scope=row]").all_inner_texts()
    reader.reload()
    assert reader.locator(".libraries th[scope=row]").all_inner_texts() == rows
    assert reader.get_by_label("encryption").is_checked()
    reader.get_by_role("link", name="joserfc", exact=True).click()
    expect(reader.get_by_role("heading", level=1)).to_have_text("joserfc")
    reader.go_back()
    expect(reader.get_by_label("Language")).to_have_value("Python")


def test_the_list_is_filtered_by_a_button_without_scripts(new_context):
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/libraries")
    page.get_by_label("Algorithm").select_option("ML-DSA-44")
    page.get_by_role("button", name="Filter").click()
    assert "algorithm=ML-DSA-44" in page.url
    assert 0 < page.locator(".libraries th[scope=row]").count() < 20


def test_the_code_of_a_library_follows_the_choice(reader):
    reader.goto("/libraries/pyjwt")
    reader.get_by_label("Algorithm").select_option("ES256")
    expect(reader.get_by_label("Verify", exact=True)).to_have_value(re.compile(r'algorithms=\["ES256"\]'))
    reader.get_by_label("Key", exact=True).select_option("jwk")
    expect(reader.get_by_label("Verify", exact=True)).to_have_value(re.compile(r"public\.jwk"))
    expect(reader).to_have_url(re.compile(r"/libraries/pyjwt\?algorithm=ES256&key_form=jwk$"))
    reader.get_by_label("Key", exact=True).select_option("secret")
    expect(reader.locator("#library_code")).to_contain_text("ES256 takes an EC key on P-256, which is not a secret as text.")


def test_code_is_copied_as_it_is(new_context):
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto("/libraries/jose")
    page.get_by_role("button", name="Copy code to verify").click()
    expect(page.locator("#said")).to_have_text("The code to verify is copied.")
    code = page.get_by_label("Verify", exact=True).input_value()
    scratch = context.new_page()
    scratch.set_content("<textarea></textarea>")
    scratch.locator("textarea").press("ControlOrMeta+v")
    assert scratch.locator("textarea").input_value() == code


def test_the_code_follows_the_token_while_it_is_typed_and_keeps_the_focus(debugger):
    page = debugger.page
    button = page.locator("#snippet-button")
    button.focus()
    page.keyboard.press("Enter")
    code = page.locator("#snippet-code")
    expect(code).to_have_value(re.compile(r'algorithms=\["HS256"\]'))
    expect(button).to_be_focused()
    page.locator("#snippet-library").select_option("jose")
    page.locator("#snippet-action").select_option("sign")
    expect(code).to_have_value(re.compile("SignJWT"))
    debugger.caret_after(debugger.payload, "John")
    page.keyboard.type("ny")
    expect(code).to_have_value(re.compile("Johnny Doe"))
    expect(debugger.payload).to_be_focused()
    debugger.paste(debugger.header, '{"alg":"HS512"}')
    expect(code).to_have_value(re.compile('"HS512"'))
    expect(page.locator("#snippet-library")).to_have_value("jose")
    debugger.paste(debugger.token, "")
    expect(page.locator("#snippet")).to_contain_text("Paste a token: the code follows it.")
    button.click()
    expect(page.locator("#snippet-library")).to_have_count(0)
    expect(button).to_have_attribute("aria-expanded", "false")


@pytest.mark.parametrize("path", ["/", "/examples/expired-session"])
def test_the_code_stands_below_what_it_is_about(new_context, path):
    page = new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(path)
    page.locator("#snippet-button").click()
    expect(page.locator("#snippet-code")).to_have_value(re.compile("jwt.decode"))
    assert page.locator("#snippet-pane").bounding_box()["y"] > page.locator("#findings-pane").bounding_box()["y"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/libraries", "/libraries?language=Python", "/libraries?language=R&has=jwe", "/libraries/pyjwt", "/libraries/trivial"]
)
def test_axe_finds_nothing(new_context, path, scheme):
    page = new_context(color_scheme=scheme).new_page()
    page.goto(path)
    found = Axe().run(page).response["violations"]
    assert not [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_open_pane(new_context, scheme):
    page = new_context(color_scheme=scheme).new_page()
    page.goto("/?example=ES256")
    page.locator("#snippet-button").click()
    for library in ("pyjwt", "openssl"):
        page.locator("#snippet-library").select_option(library)
        page.wait_for_load_state("networkidle")
        found = Axe().run(page).response["violations"]
        assert not [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize("path", ["/libraries", "/libraries/pyjwt", "/libraries/microsoft-identitymodel-jsonwebtokens"])
def test_nothing_is_wider_than_a_phone(new_context, path, width):
    page = new_context(viewport={"width": width, "height": 844}).new_page()
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
