"""Links, buttons, menus, keys: each control does what it says, by mouse and by keyboard."""

import re
import time
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

SECRET = "a-string-secret-at-least-256-bits-long"


# Menus ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "menu"), [("/?example=RS256", "examples"), ("/?example=RS256", "copy-as"), ("/gateway", "presets")])
@pytest.mark.parametrize(
    ("width", "height"),
    [(1920, 900), (1440, 900), (1440, 500), (1024, 900), (900, 900), (768, 900), (600, 900), (480, 900), (390, 844), (320, 640)],
)
def test_an_open_menu_is_whole_and_above_all_else(page, path, menu, width, height):
    page.set_viewport_size({"width": width, "height": height})
    page.goto(path)
    page.locator(f"#{menu} > summary").click()
    items = page.locator(f"#{menu} > div").locator("a, button")
    for item in (items.first, items.last):
        # Only what nothing covers can be pressed; what lies to the left of the window cannot be scrolled to.
        item.click(trial=True)
        box = item.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


# Addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["token", "id_token", "access_token"])
def test_a_token_in_the_fragment_is_read(debugger, make_token, name):
    token = make_token('{"sub":"from the fragment"}')
    debugger.page.goto("about:blank")
    debugger.open(f"/#{name}={token}&state=x&key={SECRET}&secret={SECRET}")
    expect(debugger.token).to_have_value(token)
    expect(debugger.payload).to_have_value(re.compile("from the fragment"))
    expect(debugger.key).to_have_value("")
    debugger.says("Secret known to everybody")


@pytest.mark.parametrize("fragment", [f"key={SECRET}x", f"secret={SECRET}x", "token=", "", "main", "%E0%A4%A", "=&=&"])
def test_a_fragment_without_a_token_changes_nothing(debugger, watch, fragment):
    debugger.page.goto("about:blank")
    debugger.open(f"/#{fragment}")
    debugger.says("Signature verified")
    expect(debugger.key).to_have_value(SECRET)
    debugger.quiet()
    assert not watch.posts()


def test_a_token_in_the_query_is_moved_behind_the_fragment_with_a_note(debugger, watch, make_token):
    token = make_token('{"sub":"moved"}')
    debugger.open(f"/?token={token}")
    expect(debugger.token).to_have_value(token)
    expect(debugger.payload).to_have_value(re.compile("moved"))
    debugger.quiet()
    assert "token=" not in debugger.page.url.partition("#")[0]
    assert token in debugger.page.url.partition("#")[2]
    expect(debugger.notice).to_contain_text("?token=")


def test_a_token_of_any_text_is_moved_as_it_is(debugger):
    debugger.open(f"/?token={quote('a&b=c#d e+f%2B.é', safe='')}")
    expect(debugger.token).to_have_value("a&b=c#d e+f%2B.é")


def test_the_fragment_goes_when_the_token_is_edited(debugger, make_token):
    debugger.page.goto("about:blank")
    debugger.open(f"/#token={make_token()}")
    debugger.says("Secret known to everybody")
    assert "#" in debugger.page.url
    debugger.token.press("End")
    debugger.page.keyboard.type("x")
    debugger.quiet()
    assert "#" not in debugger.page.url


@pytest.mark.parametrize("pane", ["payload", "header"])
def test_the_fragment_goes_when_another_pane_changes_the_token(debugger, make_token, pane):
    """Else the address, and a bookmark of it, holds a token that is no longer the one on the page."""
    debugger.page.goto("about:blank")
    debugger.open(f"/#token={make_token()}")
    debugger.paste(debugger.key, SECRET)
    debugger.says("verified")
    token = debugger.token.input_value()
    debugger.paste(getattr(debugger, pane), '{"alg":"HS256","a":1}')
    expect(debugger.token).not_to_have_value(token)
    debugger.quiet()
    assert "#" not in debugger.page.url


@pytest.mark.parametrize("control", ["clear", "example"])
def test_the_fragment_goes_when_the_page_is_filled_anew(debugger, make_token, control):
    debugger.page.goto("about:blank")
    debugger.open(f"/#token={make_token()}")
    debugger.says("Secret known to everybody")
    if control == "clear":
        debugger.page.get_by_role("button", name="clear", exact=True).click()
        debugger.says("No token yet")
    else:
        debugger.page.locator("#examples > summary").click()
        debugger.page.get_by_role("link", name="ES256", exact=True).click()
        debugger.says("ES256")
    assert "#" not in debugger.page.url


def test_another_token_in_the_fragment_of_an_open_page_is_read_and_the_key_stays(debugger, make_token):
    debugger.page.evaluate("token => { location.hash = `token=${token}`; }", make_token('{"sub":"later"}'))
    expect(debugger.payload).to_have_value(re.compile("later"))
    expect(debugger.key).to_have_value(SECRET)
    debugger.says("Signature verified")


def test_a_key_in_the_query_is_refused_and_not_repeated(page, watch):
    watch.expect(r"400 \(BAD REQUEST\)")
    answer = page.goto("/?key=canary-5a5a5a5a")
    assert answer.status == 400
    assert "canary" not in page.content()


# Buttons ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["HS256", "RS256", "ES256", "Ed25519"])
def test_generate_makes_a_key_that_fits_and_signs_with_it(debugger, name):
    debugger.open(f"/?example={name}")
    key, token = debugger.key.input_value(), debugger.token.input_value()
    debugger.page.get_by_role("button", name=f"Generate {name} key").click()
    expect(debugger.key).not_to_have_value(key)
    expect(debugger.token).not_to_have_value(token)
    debugger.says("Signature verified")
    assert debugger.token.input_value().split(".")[1] == token.split(".")[1]


def test_a_key_can_be_generated_for_a_token_without_one(debugger):
    debugger.paste(debugger.key, "")
    debugger.says("Secret known to everybody")
    debugger.page.get_by_role("button", name="Generate HS256 key").click()
    debugger.says("Signature verified")


@pytest.mark.parametrize("what", ["token", "header", "payload"])
def test_copy_copies_what_is_shown_and_says_so(debugger, what):
    debugger.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    text = getattr(debugger, what).input_value()
    debugger.page.get_by_role("button", name=f"Copy {what}").click()
    expect(debugger.page.locator("#said")).to_have_text(f"The {what} is copied.")
    debugger.key.focus()
    debugger.key.press("ControlOrMeta+a")
    debugger.key.press("ControlOrMeta+v")
    expect(debugger.key).to_have_value(text)
    expect(debugger.page.locator("#said")).to_be_empty()


def test_clear_empties_every_pane(debugger):
    debugger.page.locator("#expect > summary").click()
    debugger.page.get_by_role("textbox", name="Issuer").fill("i")
    debugger.page.get_by_label("Read as").select_option("hex")
    debugger.page.get_by_role("button", name="clear", exact=True).click()
    debugger.says("No token yet")
    for pane in (debugger.token, debugger.header, debugger.payload, debugger.key, debugger.page.locator("#expect-issuer")):
        expect(pane).to_have_value("")
    expect(debugger.page.get_by_label("Read as")).to_have_value("auto")
    expect(debugger.page.locator("[data-tone=good]")).to_have_count(0)


def test_an_edit_after_clear_makes_a_token(debugger):
    debugger.page.get_by_role("button", name="clear", exact=True).click()
    debugger.says("No token yet")
    debugger.paste(debugger.key, SECRET)
    debugger.paste(debugger.header, '{"alg":"HS256"}')
    debugger.paste(debugger.payload, '{"a":1}')
    expect(debugger.token).to_have_value(re.compile(r"^eyJhbGciOiJIUzI1NiJ9\.eyJhIjoxfQ\."))
    debugger.says("Signature verified")


def test_an_example_comes_by_mouse_with_its_key_and_no_new_page(debugger, watch):
    debugger.page.evaluate("() => { window.here = true; }")
    debugger.page.locator("#examples > summary").click()
    debugger.page.get_by_role("link", name="PS384", exact=True).click()
    debugger.says("PS384")
    debugger.says("Signature verified")
    expect(debugger.page.locator("#examples")).not_to_have_attribute("open", "")
    assert debugger.page.evaluate("window.here") is True
    assert debugger.page.url.endswith("/")


def test_an_example_comes_by_keyboard(debugger):
    summary = debugger.page.locator("#examples > summary")
    summary.focus()
    summary.press("Enter")
    expect(debugger.page.get_by_role("link", name="HS256", exact=True)).to_be_visible()
    for _ in range(4):
        debugger.page.keyboard.press("Tab")
    expect(debugger.page.get_by_role("link", name="RS256", exact=True)).to_be_focused()
    debugger.page.keyboard.press("Enter")
    debugger.says("RS256")
    assert debugger.page.evaluate("document.activeElement !== document.body"), "the focus is lost"


def test_an_edited_page_takes_the_same_example_again(debugger):
    payload = debugger.payload.input_value()
    debugger.paste(debugger.payload, '{"a":1}')
    debugger.paste(debugger.key, "x")
    debugger.says("does not match")
    debugger.page.locator("#examples > summary").click()
    debugger.page.get_by_role("link", name="HS256", exact=True).click()
    expect(debugger.payload).to_have_value(payload)
    expect(debugger.key).to_have_value(SECRET)
    debugger.says("Signature verified")


def test_the_key_can_be_hidden(debugger):
    security = "area => getComputedStyle(area).webkitTextSecurity"
    assert debugger.key.evaluate(security) == "none"
    debugger.page.get_by_label("hide").check()
    assert debugger.key.evaluate(security) == "disc"
    debugger.paste(debugger.key, "other")
    debugger.says("does not match")
    assert debugger.key.evaluate(security) == "disc"


@pytest.mark.parametrize(
    ("pane", "first", "second", "table"), [("payload", "JSON", "claims", "#claims"), ("header", "JSON", "table", "#parameters")]
)
def test_a_pane_has_two_views(debugger, pane, first, second, table):
    switch = debugger.page.locator(f"#{pane}-pane .switch")
    switch.locator("label", has_text=second).click()
    expect(debugger.page.locator(table)).to_be_visible()
    expect(debugger.page.locator(f"{table} table")).to_be_visible()
    switch.locator("label", has_text=first).click()
    expect(getattr(debugger, pane)).to_be_visible()


def test_what_was_folded_away_is_right_when_it_is_unfolded(debugger):
    """Folded parts are not sent; unfolded they must not be those of an older answer."""
    checks = debugger.page.locator("#checks")
    checks.locator("summary").click()
    expect(checks.locator("li[data-outcome=failed]")).to_have_count(0)
    expect(checks.locator("li")).to_have_count(13)
    debugger.view("claims")
    expect(debugger.claims).to_contain_text("John Doe")
    checks.locator("summary").click()
    debugger.view("JSON")
    debugger.caret_after(debugger.payload, "John")
    debugger.page.keyboard.type("ny")
    debugger.paste(debugger.key, "x")
    debugger.says("Signature does not match")
    checks.locator("summary").click()
    expect(checks.locator("li[data-outcome=failed]").first).to_be_visible()
    debugger.view("claims")
    expect(debugger.claims).to_contain_text("Johnny Doe")
    debugger.view("table")
    expect(debugger.page.locator("#parameters")).to_contain_text("HS256")


def test_what_is_unfolded_follows_every_key(debugger):
    debugger.page.locator("#payload-pane .switch label", has_text="claims").click()
    debugger.page.locator("#header-pane .switch label", has_text="table").click()
    debugger.page.locator("#checks > summary").click()
    token = debugger.token.input_value()
    # The text stays in its pane while the table is shown.
    debugger.put(debugger.page.locator("#payload-text"), '{"sub":"one"}')
    expect(debugger.claims).to_contain_text("one")
    debugger.put(debugger.token, token)
    expect(debugger.claims).to_contain_text("John Doe")
    debugger.paste(debugger.key, "x")
    expect(debugger.page.locator("#checks li[data-outcome=failed]").first).to_be_visible()


def test_a_finding_marks_its_place(debugger):
    size = "() => CSS.highlights.get('token-mark')?.size ?? 0"
    assert debugger.page.evaluate(size) == 0
    debugger.caret_after(debugger.token, ".")
    debugger.page.keyboard.type("*")
    expect(debugger.findings).to_contain_text("*")
    assert debugger.page.evaluate(size) >= 1
    marked = """() => [...CSS.highlights.get("token-mark")].map((mark) => {
      const range = document.createRange();
      range.setStart(mark.startContainer, mark.startOffset);
      range.setEnd(mark.endContainer, mark.endOffset);
      return range.toString();
    })"""
    assert "*" in debugger.page.evaluate(marked)
    debugger.page.keyboard.press("Backspace")
    debugger.says("Signature verified")
    assert debugger.page.evaluate(size) == 0


def test_a_token_that_runs_out_while_it_is_looked_at_does_not_stay_green(debugger, watch, make_token):
    debugger.paste(debugger.token, make_token(f'{{"exp":{int(time.time()) + 4}}}'))
    debugger.says("Not expired")
    asked = len(watch.posts())
    debugger.says("Expired")
    expect(debugger.verdict).not_to_have_attribute("data-tone", "good")
    assert len(watch.posts()) == asked + 1


# Theme ------------------------------------------------------------------------------------------------------------


def test_a_theme_is_remembered_without_a_request(debugger, watch):
    page = debugger.page
    colour = "() => getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(colour)
    asked = len(watch.requests)
    page.get_by_role("button", name="Dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Dark theme")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Theme of the system")).to_have_attribute("aria-pressed", "false")
    dark = page.evaluate(colour)
    assert dark != light
    assert len(watch.requests) == asked
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["value"], cookie["sameSite"]) == ("theme", "dark", "Strict")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate(colour) == dark
    page.goto("/trust")
    assert page.evaluate(colour) == dark
    page.get_by_role("button", name="Light theme").click()
    assert page.evaluate(colour) == light


def test_the_theme_of_the_system_is_followed(debugger):
    colour = "() => getComputedStyle(document.documentElement).backgroundColor"
    light = debugger.page.evaluate(colour)
    debugger.page.emulate_media(color_scheme="dark")
    assert debugger.page.evaluate(colour) != light


# Splitter ---------------------------------------------------------------------------------------------------------


def test_the_splitter_moves_by_mouse(debugger):
    splitter = debugger.page.get_by_role("separator")
    box = splitter.bounding_box()
    width = debugger.page.locator("#left").bounding_box()["width"]
    debugger.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 200)
    debugger.page.mouse.down()
    debugger.page.mouse.move(box["x"] + 150, box["y"] + 200, steps=4)
    debugger.page.mouse.up()
    assert abs(debugger.page.locator("#left").bounding_box()["width"] - width - 150) < 15
    moved = debugger.page.locator("#left").bounding_box()["width"]
    debugger.page.mouse.move(box["x"] - 300, box["y"] + 200)
    assert debugger.page.locator("#left").bounding_box()["width"] == moved, "released, it stays"


def test_the_splitter_moves_by_keyboard_within_its_bounds(debugger):
    splitter = debugger.page.get_by_role("separator")
    left = debugger.page.locator("#left")
    splitter.focus()
    now = int(splitter.get_attribute("aria-valuenow"))
    width = left.bounding_box()["width"]
    splitter.press("ArrowRight")
    expect(splitter).to_have_attribute("aria-valuenow", str(now + 2))
    assert left.bounding_box()["width"] > width
    splitter.press("ArrowLeft")
    splitter.press("ArrowLeft")
    assert left.bounding_box()["width"] < width
    splitter.press("Home")
    expect(splitter).to_have_attribute("aria-valuenow", splitter.get_attribute("aria-valuemin"))
    splitter.press("ArrowLeft")
    expect(splitter).to_have_attribute("aria-valuenow", splitter.get_attribute("aria-valuemin"))
    splitter.press("End")
    expect(splitter).to_have_attribute("aria-valuenow", splitter.get_attribute("aria-valuemax"))


# Keyboard ---------------------------------------------------------------------------------------------------------


def test_slash_goes_to_the_token_and_selects_it(debugger):
    debugger.page.keyboard.press("/")
    expect(debugger.token).to_be_focused()
    assert debugger.selection(debugger.token) == [0, len(debugger.token.input_value())]
    debugger.token.press("End")
    debugger.page.keyboard.type("/")
    expect(debugger.token).to_have_value(re.compile("/$"))


def test_question_mark_shows_the_keys_and_escape_closes_them(debugger):
    dialog = debugger.page.get_by_role("dialog", name="Keyboard")
    debugger.page.keyboard.press("?")
    expect(dialog).to_be_visible()
    debugger.page.keyboard.press("/")
    expect(debugger.token).not_to_be_focused()
    debugger.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    debugger.page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    debugger.paste(debugger.payload, '{"a":"?"}')
    expect(dialog).to_be_hidden()


def test_single_keys_can_be_switched_off(debugger):
    dialog = debugger.page.get_by_role("dialog", name="Keyboard")
    debugger.page.keyboard.press("?")
    dialog.get_by_role("checkbox").uncheck()
    dialog.get_by_role("button", name="Close").click()
    debugger.page.keyboard.press("/")
    expect(debugger.token).not_to_be_focused()
    debugger.page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    debugger.page.get_by_role("button", name="Keyboard shortcuts").click()
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Close").click()
    debugger.page.keyboard.press("/")
    expect(debugger.token).to_be_focused()


def test_escape_closes_the_menu_and_gives_the_focus_back(debugger):
    summary = debugger.page.locator("#examples > summary")
    summary.click()
    debugger.page.keyboard.press("Tab")
    debugger.page.keyboard.press("Escape")
    expect(debugger.page.locator("#examples")).not_to_have_attribute("open", "")
    expect(summary).to_be_focused()


def test_escape_leaves_a_field(debugger):
    debugger.payload.focus()
    debugger.page.keyboard.press("Escape")
    expect(debugger.payload).not_to_be_focused()
    debugger.page.keyboard.press("?")
    expect(debugger.page.get_by_role("dialog")).to_be_visible()


def test_a_click_elsewhere_closes_the_menu(debugger):
    debugger.page.locator("#examples > summary").click()
    debugger.payload.click()
    expect(debugger.page.locator("#examples")).not_to_have_attribute("open", "")


def test_a_token_pasted_outside_any_field_is_read(debugger, make_token):
    token = make_token('{"sub":"pasted"}')
    debugger.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    debugger.page.evaluate("text => navigator.clipboard.writeText(text)", f"  {token}\n")
    debugger.page.keyboard.press("ControlOrMeta+v")
    expect(debugger.token).to_have_value(token)
    expect(debugger.payload).to_have_value(re.compile("pasted"))


def test_the_first_stop_skips_to_the_content(debugger):
    debugger.page.keyboard.press("Tab")
    link = debugger.page.get_by_role("link", name="Skip to the content")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    debugger.page.keyboard.press("Enter")
    expect(debugger.page.locator("main")).to_be_focused()
    debugger.says("Signature verified")


def test_tab_reaches_every_control_and_shows_where_it_is(debugger):
    page = debugger.page
    page.locator("#checks > summary").click()
    page.locator("#expect > summary").click()
    # What was unfolded is asked for; its answer would take away what is marked below.
    expect(page.locator("#travel button")).not_to_have_count(0)
    expect(page.locator(".checks li")).not_to_have_count(0)
    expect(page.locator(".htmx-request")).to_have_count(0)
    page.get_by_role("link", name="Skip to the content").focus()
    wanted = page.evaluate(
        """() => {
          const radios = new Set();
          return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
            .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.tabIndex >= 0)
            // One stop for a group of radios.
            .filter((one) => one.type !== "radio" || one.checked)
            .map((one) => { one.dataset.stop = one.dataset.stop ?? String(radios.size); radios.add(one); return one.dataset.stop; });
        }"""
    )
    reached = []
    hidden = []
    for _ in range(len(wanted) + 5):
        stop, outline = page.evaluate(
            """() => {
              const one = document.activeElement;
              const shown = [one, one.closest("label"), one.closest(".editor"), one.nextElementSibling].filter(Boolean);
              const style = (element) => getComputedStyle(element);
              // The line around an editor is an outline as well, a thinner one.
              const least = (element) => (element.matches(".editor") ? 2 : 1);
              const isOutlined = (element) => style(element).outlineStyle !== "none" && parseFloat(style(element).outlineWidth) >= least(element);
              const seen = shown.some((element) => isOutlined(element) || style(element).boxShadow !== "none");
              return [one.dataset.stop ?? null, seen];
            }"""
        )
        if stop is not None and stop not in reached:
            reached.append(stop)
            if not outline:
                hidden.append(page.evaluate("() => document.activeElement.outerHTML.slice(0, 120)"))
        page.keyboard.press("Tab")
    assert set(wanted) <= set(reached), [wanted.index(stop) for stop in set(wanted) - set(reached)]
    assert reached == sorted(reached, key=int), "the order of the keyboard is not the order of the page"
    assert not [one for one in hidden if 'class="skip"' not in one], "the focus does not show"


def test_enter_in_a_single_line_field_does_not_leave_the_page(debugger):
    debugger.page.evaluate("() => { window.here = true; }")
    debugger.page.locator("#expect > summary").click()
    field = debugger.page.get_by_role("textbox", name="Issuer")
    field.fill("i")
    field.press("Enter")
    debugger.quiet()
    assert debugger.page.evaluate("window.here") is True
    expect(field).to_have_value("i")
