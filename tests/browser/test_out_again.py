"""Out again in a browser: copies, the report, a shared link and who reads it, two tokens side by side."""

import json
import re
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

SECRET = "a-string-secret-at-least-256-bits-long"
CANARY = "canary-secret-of-at-least-32-bytes-length"


def pasted(page):
    """What is in the clipboard, which no script of the page may read."""
    scratch = page.context.new_page()
    scratch.set_content("<textarea></textarea>")
    scratch.locator("textarea").press("ControlOrMeta+v")
    text = scratch.locator("textarea").input_value()
    scratch.close()
    return text


@pytest.fixture
def copied(debugger):
    """Choose a form in the menu and return what is in the clipboard."""
    debugger.page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    def choose(label):
        debugger.page.locator("#copy-as summary").click()
        debugger.page.locator("#copy-as").get_by_role("button", name=label, exact=True).click()
        expect(debugger.page.locator("#said")).to_contain_text("Copied")
        text = pasted(debugger.page)
        expect(debugger.page.locator("#copy-as")).not_to_have_attribute("open", "")
        return text

    return choose


def test_the_token_is_copied_in_several_forms(debugger, copied, make_token):
    token = make_token('{"sub":"a"}')
    debugger.paste(debugger.token, f"Bearer {token}")
    debugger.says("Signature verified")
    assert copied("token") == token
    assert copied("Authorization: Bearer …") == f"Authorization: Bearer {token}"
    assert copied("curl command") == f"curl -H 'Authorization: Bearer {token}' https://api.example.com/"
    assert json.loads(copied("header, JSON")) == {"alg": "HS256"}
    assert json.loads(copied("payload, JSON")) == {"sub": "a"}


def test_a_button_says_what_it_did_and_is_itself_again(debugger):
    debugger.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = debugger.page.locator("[data-copy=token-text]")
    summary = debugger.page.locator("#copy-as summary")
    for _ in range(2):
        button.click()
        button.click()
        expect(button).to_have_text("copied")
        expect(button).to_have_text("copy")
        summary.click()
        debugger.page.locator("[data-as=curl]").click()
        expect(summary).to_have_text("copied", use_inner_text=True)
        expect(summary).to_have_text("as", use_inner_text=True)


def test_line_breaks_in_a_token_are_not_copied(debugger, copied, make_token):
    token = make_token()
    debugger.paste(debugger.token, f"{token[:30]}\n  {token[30:]}")
    assert copied("token") == token


def test_a_quote_ends_no_argument_of_a_shell(debugger, copied):
    debugger.paste(debugger.token, "a'; rm -rf ~ #\n$(id)`id`\"")
    text = copied("curl command")
    assert text == "curl -H 'Authorization: Bearer a'\\''; rm -rf ~ # $(id)`id`\"' https://api.example.com/"


def test_the_report_is_copied_without_the_key(debugger, copied, make_token):
    token = make_token('{"sub":"a"}', key=CANARY)
    debugger.paste(debugger.key, CANARY)
    debugger.paste(debugger.token, token)
    debugger.says("Signature verified")
    for kind in ("Markdown", "JSON"):
        text = copied(kind)
        assert CANARY not in text
        assert token.rpartition(".")[2] not in text
        assert "RFC 7519" in text
    assert json.loads(text)["signature"]["status"] == "verified"


def test_without_a_server_nothing_is_said_to_be_copied(debugger, watch):
    watch.expect("Failed to load resource")
    debugger.page.route("**/report", lambda route: route.abort())
    debugger.page.locator("#copy-as summary").click()
    debugger.page.get_by_role("button", name="Markdown").click()
    expect(debugger.notice).to_contain_text("Nothing is copied")


def test_the_menu_works_by_keyboard(debugger):
    debugger.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    summary = debugger.page.locator("#copy-as summary")
    summary.focus()
    debugger.page.keyboard.press("Enter")
    debugger.page.keyboard.press("Tab")
    debugger.page.keyboard.press("Enter")
    expect(debugger.page.locator("#said")).to_contain_text("Copied as token.")
    expect(summary).to_be_focused()
    summary.press("Enter")
    debugger.page.keyboard.press("Escape")
    expect(debugger.page.locator("#copy-as")).not_to_have_attribute("open", "")


# Share ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def panel(debugger):
    debugger.page.get_by_role("button", name="share", exact=True).click()
    link = debugger.page.get_by_role("textbox", name="Link to this token")
    expect(link).to_be_visible()
    return link


def test_a_link_has_no_signature_until_it_is_asked_for(debugger, panel, base_url):
    token = debugger.token.input_value()
    expect(panel).to_have_value(f"{base_url}/#token={token.rpartition('.')[0]}.&without=signature")
    debugger.page.get_by_label("with signature").check()
    expect(panel).to_have_value(f"{base_url}/#token={token}")
    debugger.page.get_by_label("name").check()
    expect(panel).to_have_value(re.compile(r"\.&without=signature&masked=name$"))
    debugger.page.get_by_label("sub").check()
    expect(panel).to_have_value(re.compile(r"&masked=name,sub$"))
    assert SECRET not in panel.input_value()


def test_the_link_follows_the_token_and_keeps_the_masks(debugger, panel):
    debugger.page.get_by_label("name").check()
    debugger.page.get_by_label("admin").check()
    expect(panel).to_have_value(re.compile("masked=admin,name"))
    before = panel.input_value()
    debugger.caret_after(debugger.payload, '"123456789')
    debugger.page.keyboard.type("77")
    expect(panel).not_to_have_value(before)
    expect(panel).to_have_value(re.compile("masked=admin,name"))
    debugger.page.get_by_role("button", name="close").click()
    expect(panel).to_have_count(0)
    expect(debugger.page.get_by_role("button", name="share", exact=True)).to_be_focused()
    debugger.caret_after(debugger.payload, '"123456789')
    debugger.page.keyboard.type("7")
    debugger.quiet()
    expect(panel).to_have_count(0)


def test_escape_closes_the_panel_and_gives_the_focus_back(debugger, panel):
    debugger.page.get_by_label("name").focus()
    debugger.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(debugger.page.get_by_role("button", name="share", exact=True)).to_be_focused()


def test_another_example_closes_the_panel(debugger, panel):
    debugger.page.locator("#examples summary").click()
    debugger.page.get_by_role("link", name="RS256", exact=True).click()
    expect(panel).to_have_count(0)


def test_the_link_is_copied(debugger, panel):
    debugger.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    debugger.page.get_by_role("button", name="Copy link").click()
    expect(debugger.page.locator("#said")).to_have_text("The link is copied.")
    assert pasted(debugger.page) == panel.input_value()


def test_the_reader_sees_what_was_left_out(debugger, panel, watch):
    debugger.page.get_by_label("name").check()
    expect(panel).to_have_value(re.compile("masked=name"))
    link = panel.input_value()
    debugger.page.goto("about:blank")
    debugger.page.goto(link)
    expect(debugger.notice).to_have_text("This token was shared without its signature; masked: name.")
    debugger.says("Signature left out by who shared it")
    expect(debugger.payload).to_have_value(re.compile('"name": "•••"'))
    assert not [one.url for one in watch.requests if "eyJ" in one.url.partition("#")[0]]
    # A key does not make it an alarm, and the notice stays.
    debugger.paste(debugger.key, SECRET)
    debugger.quiet()
    debugger.says("Signature left out by who shared it")
    expect(debugger.notice).to_contain_text("masked: name")


@pytest.mark.parametrize("pane", ["token", "payload", "example", "clear"])
def test_what_was_left_out_is_forgotten_with_the_token(debugger, panel, make_token, pane):
    link = panel.input_value()
    debugger.page.goto("about:blank")
    debugger.page.goto(link)
    debugger.says("Signature left out")
    other = make_token('{"sub":"other"}').rpartition(".")[0] + "."
    if pane == "token":
        debugger.paste(debugger.token, other)
    elif pane == "payload":
        debugger.paste(debugger.payload, '{"sub":"b"}')
    elif pane == "example":
        debugger.page.locator("#examples summary").click()
        debugger.page.get_by_role("link", name="RS256", exact=True).click()
    else:
        debugger.page.get_by_role("button", name="clear").click()
    expect(debugger.verdict).not_to_contain_text("left out")
    expect(debugger.notice).not_to_contain_text("shared without")
    debugger.quiet()
    assert debugger.page.locator("#left-out").input_value() == ""
    assert "#" not in debugger.page.url


def test_the_other_link_in_the_same_tab_is_told_anew(debugger, panel, make_token):
    link = panel.input_value()
    debugger.page.goto("about:blank")
    debugger.page.goto(link)
    debugger.says("Signature left out")
    token = make_token('{"sub":"whole"}')
    debugger.page.evaluate("(token) => { location.hash = `token=${token}`; }", token)
    expect(debugger.token).to_have_value(token)
    expect(debugger.verdict).not_to_contain_text("left out")
    expect(debugger.notice).to_be_empty()


# Compare ----------------------------------------------------------------------------------------------------------


def test_the_debugger_opens_its_token_beside_another(debugger, watch, make_token):
    token = debugger.token.input_value()
    with debugger.page.context.expect_page() as opened:
        debugger.page.get_by_role("button", name="compare", exact=True).click()
    other = opened.value
    other.wait_for_load_state("networkidle")
    assert other.url.endswith("/compare")
    (post,) = watch.posts("/compare")
    assert SECRET not in (post.post_data or ""), "the key stays on its page"
    assert token in unquote(post.post_data)
    expect(other.get_by_role("textbox", name="Token A")).to_have_value(token)
    other.get_by_role("textbox", name="Token B").fill(
        make_token('{"sub":"1234567890","name":"Jane Doe","admin":true,"iat":1516239022}', '{"alg":"HS256","typ":"JWT"}')
    )
    expect(other.locator("#comparison")).to_contain_text("1 changed, 5 the same")
    expect(debugger.token).to_have_value(token)


def test_it_compares_with_every_key(page, watch, make_token):
    page.goto("/compare")
    page.get_by_role("textbox", name="Token A").fill(make_token({"sub": "a", "exp": 1767225600}))
    page.get_by_role("textbox", name="Token B").fill(make_token({"sub": "a", "exp": 1767229200}))
    expect(page.locator("#comparison")).to_contain_text("1 h later")
    page.locator("#payload-same summary").click()
    expect(page.locator("#payload-same")).to_contain_text("sub")
    page.get_by_role("textbox", name="Token B").press("End")
    page.keyboard.type("A")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#payload-same")).to_have_attribute("open", "")
    page.get_by_role("textbox", name="Token B").fill("")
    expect(page.locator("#comparison")).to_contain_text("Paste two tokens")
    assert not [one.url for one in watch.requests if "eyJ" in one.url]


# Without scripts, at any width, for anybody -----------------------------------------------------------------------


def test_all_of_it_works_without_scripts(new_context, watch, make_token):
    watch.expect(r"404 \(")  # the icon that a browser wants beside a text
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/")
    page.get_by_role("button", name="share", exact=True).click()
    page.get_by_role("checkbox", name="name").check()
    page.get_by_role("button", name="Make the link anew").click()
    assert "masked=name" in page.get_by_role("textbox", name="Link to this token").input_value()
    page.get_by_role("button", name="close").click()
    expect(page.get_by_role("textbox", name="Link to this token")).to_have_count(0)
    page.locator("#copy-as summary").click()
    expect(page.get_by_role("button", name="curl command")).to_have_count(0)
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Markdown").click()
    expect(opened.value.locator("body")).to_contain_text("# JWT report")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="compare", exact=True).click()
    other = opened.value
    other.get_by_role("textbox", name="Token B").fill(make_token())
    other.get_by_role("button", name="Compare").click()
    expect(other.locator("#comparison")).to_contain_text("only in A")


@pytest.mark.parametrize("width", [320, 360, 390, 768, 1440])
def test_nothing_is_wider_than_the_window(new_context, make_token, width):
    page = new_context(viewport={"width": width, "height": 844}).new_page()
    page.goto("/")
    page.get_by_role("button", name="share", exact=True).click()
    expect(page.get_by_role("textbox", name="Link to this token")).to_be_visible()
    page.locator("#copy-as summary").click()
    box = page.locator("#copy-as > div").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto("/compare")
    page.get_by_role("textbox", name="Token A").fill(make_token({"https://a.very.long.example/claims/" + "x" * 60: {"a": ["y" * 90]}}))
    page.get_by_role("textbox", name="Token B").fill(make_token())
    expect(page.locator("#comparison")).to_contain_text("only in A")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(new_context, make_token, scheme, width):
    page = new_context(color_scheme=scheme, viewport={"width": width, "height": 900}).new_page()

    def clean(state):
        found = Axe().run(page).response["violations"]
        lines = [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
        assert not lines, f"{state}: {lines}"

    page.goto("/")
    page.get_by_role("button", name="share", exact=True).click()
    page.get_by_label("name").check()
    page.locator("#copy-as summary").click()
    clean("share and menu")
    page.goto("/compare")
    clean("empty")
    page.get_by_role("textbox", name="Token A").fill(make_token({"sub": "a", "exp": 1767225600, "jti": "x"}))
    page.get_by_role("textbox", name="Token B").fill(make_token({"sub": "a", "exp": 1767229200, "n": 1}))
    expect(page.locator("#comparison")).to_contain_text("1 h later")
    page.locator("#payload-same summary").click()
    clean("compared")
