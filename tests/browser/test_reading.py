"""Everybody can read it: without JavaScript, on a phone, zoomed, in forced colours, with a screen reader, in any script."""

import base64
import json
import random
import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

SECRET = "a-string-secret-at-least-256-bits-long"


def encoded(text):
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


# Without JavaScript -----------------------------------------------------------------------------------------------


@pytest.fixture
def plain(new_context, debugger_of):
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/")
    return debugger_of(page)


def test_without_javascript_a_token_is_read(plain, make_token):
    plain.token.fill(make_token('{"sub":"alice"}'))
    plain.page.get_by_role("button", name="Read token").click()
    expect(plain.payload).to_have_value(re.compile('"sub": "alice"'))
    expect(plain.key).to_have_value(SECRET)
    plain.says("Signature verified")


def test_without_javascript_an_edit_is_signed(plain):
    plain.payload.fill('{"sub":"mallory"}')
    plain.page.get_by_role("button", name="Sign", exact=True).click()
    expect(plain.token).to_have_value(re.compile("[.]" + encoded('{"sub":"mallory"}') + "[.]"))
    plain.says("Signature verified")


def test_without_javascript_a_key_is_tried(plain):
    token = plain.token.input_value()
    plain.key.fill("another")
    plain.page.get_by_role("button", name="Verify", exact=True).last.click()
    plain.says("Signature does not match")
    expect(plain.token).to_have_value(token)


def test_without_javascript_enter_in_a_field_verifies(plain):
    plain.page.locator("#expect > summary").click()
    field = plain.page.get_by_role("textbox", name="Issuer")
    field.fill("https://i.example")
    field.press("Enter")
    plain.says("Wrong issuer")
    expect(plain.page.get_by_role("textbox", name="Issuer")).to_have_value("https://i.example")


def test_without_javascript_the_theme_is_remembered_and_nothing_typed_is_lost(plain):
    plain.payload.fill('{"edited": true}')
    plain.page.get_by_role("button", name="Dark theme").click()
    expect(plain.page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(plain.payload).to_have_value('{"edited": true}')
    plain.page.goto("/trust")
    expect(plain.page.locator("html")).to_have_attribute("data-theme", "dark")
    plain.page.get_by_role("button", name="Light theme").click()
    expect(plain.page).to_have_url(re.compile("/trust$"))
    expect(plain.page.locator("html")).to_have_attribute("data-theme", "light")


def test_without_javascript_examples_generate_and_clear_work(plain):
    plain.page.locator("#examples > summary").click()
    plain.page.get_by_role("link", name="ES256", exact=True).click()
    plain.says("ES256")
    key = plain.key.input_value()
    plain.page.get_by_role("button", name="Generate ES256 key").click()
    expect(plain.key).not_to_have_value(key)
    plain.says("Signature verified")
    plain.page.get_by_role("button", name="clear", exact=True).click()
    plain.says("No token yet")
    expect(plain.key).to_have_value("")


def test_without_javascript_no_control_is_shown_that_needs_it(plain):
    for control in plain.page.locator(".scripted").all():
        expect(control).to_be_hidden()
    expect(plain.claims).to_be_visible()


# Sizes ------------------------------------------------------------------------------------------------------------


def long_token(make_token):
    return make_token(json.dumps({"sub": "1", "groups": [f"group-{n}-{'x' * 20}" for n in range(80)], "word": "w" * 400}))


def tokens(make_token, api):
    made = api("keys", {"algorithm": "ML-DSA-87"})
    return {
        "4 KB": long_token(make_token),
        "broken": "eyJhbGciOiJIUzI1NiJ9*.eyJzdWIiOiIx\u200bfQ.c2ln.more.parts",
        "ML-DSA": api("encode", {"header": {"alg": "ML-DSA-87"}, "payload": {"a": 1}, "key": made["private"]["pem"]})["token"],
        "Japanese": make_token('{"名前":"山田太郎、東京都千代田区丸の内一丁目九番一号","説明":"' + "日本語の長い文章" * 30 + '"}'),
        "Arabic": make_token('{"الاسم":"محمد بن عبد الله","وصف":"' + "نص عربي طويل " * 30 + '"}'),
        "one word": make_token(json.dumps({"w" * 300: "x" * 3000}), json.dumps({"alg": "HS256", "kid": "k" * 500})),
        "empty": "",
    }


def assert_fits(page, what=""):
    over = page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return [];
          return [...document.querySelectorAll("body *")]
            .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > width + 1)
            .map((one) => `${one.tagName} ${one.id} ${one.className}`).slice(0, 5).concat(["the page scrolls sideways"]);
        }"""
    )
    assert not over, what


@pytest.mark.parametrize("width", [320, 390, 768, 1440, 2560])
def test_no_token_makes_the_page_scroll_sideways(debugger, make_token, api, width):
    debugger.page.set_viewport_size({"width": width, "height": 800})
    assert_fits(debugger.page)
    debugger.page.locator("#checks > summary").click()
    debugger.page.locator("#expect > summary").click()
    assert_fits(debugger.page)
    for name, token in tokens(make_token, api).items():
        debugger.token.fill(token)
        debugger.quiet()
        debugger.view("claims")
        debugger.view("table")
        assert_fits(debugger.page, name)
        debugger.view("JSON")
        assert_fits(debugger.page, name)


def test_menus_and_dialog_fit_a_narrow_page(debugger):
    debugger.page.set_viewport_size({"width": 320, "height": 640})
    debugger.page.locator("#examples > summary").click()
    assert_fits(debugger.page)
    for link in debugger.page.locator("#examples a").all():
        box = link.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
    debugger.page.keyboard.press("Escape")
    debugger.page.keyboard.press("?")
    box = debugger.page.get_by_role("dialog").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    assert_fits(debugger.page)


def test_at_double_zoom_everything_is_there(new_context, debugger_of):
    """200 % on a screen of 1440 × 900 is a window of 720 × 450."""
    page = new_context(viewport={"width": 720, "height": 450}, device_scale_factor=2).new_page()
    debugger = debugger_of(page).open()
    assert_fits(page)
    for pane in (debugger.token, debugger.header, debugger.payload, debugger.key):
        pane.scroll_into_view_if_needed()
        expect(pane).to_be_in_viewport()
    debugger.paste(debugger.key, "x")
    debugger.says("Signature does not match")


def test_text_twice_as_large_fits(debugger):
    debugger.page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    assert_fits(debugger.page)


def test_panes_of_a_phone_are_in_the_order_of_the_design(debugger):
    debugger.page.set_viewport_size({"width": 390, "height": 844})
    tops = [
        debugger.page.locator(name).bounding_box()["y"]
        for name in ("#verdict", "#token-pane", "#payload-pane", "#header-pane", "#key-pane")
    ]
    assert tops == sorted(tops)


def test_on_a_wide_screen_everything_stands_on_the_first_one(debugger):
    for name in ("#verdict", "#token-text", "#header-text", "#payload-text", "#key-text", "#key_note p"):
        box = debugger.page.locator(name).bounding_box()
        assert box, f"{name} is not shown"
        assert box["y"] + box["height"] <= 900, name


@pytest.mark.parametrize("name", ["4 KB", "Japanese", "Arabic", "one word"])
def test_the_token_and_its_painted_backdrop_lie_on_each_other(debugger, make_token, api, name):
    debugger.token.fill(tokens(make_token, api)[name])
    debugger.quiet()
    for pane in ("token", "header", "payload"):
        area, backdrop = (debugger.page.locator(f"#{pane} {tag}") for tag in ("textarea", "pre"))
        one, two = area.bounding_box(), backdrop.bounding_box()
        assert abs(one["width"] - two["width"]) <= 1, pane
        assert area.evaluate("one => one.scrollHeight") == pytest.approx(backdrop.evaluate("one => one.scrollHeight"), abs=3), pane


_EDITS = """([id, texts]) => {
  const editor = document.getElementById(id);
  return texts.flatMap((text) => {
    editor.value = text;
    const fresh = editor.cloneNode(true);
    fresh.querySelector("pre").replaceChildren();
    fresh.querySelector("textarea").value = text;
    fresh.hidden = true;
    editor.after(fresh);
    const [one, other] = [editor, fresh].map((each) => each.querySelector("pre"));
    fresh.remove();
    return one.innerHTML === other.innerHTML && one.textContent === `${text}\\n` ? [] : [text];
  });
}"""


@pytest.mark.parametrize(
    ("pane", "pieces"),
    [
        ("token", ["eyJh", ".", "e", "~", "x", " ", "\n", "Bearer ", '{"payload":"', '","signature":"', '"}', "😀"]),
        ("payload", ['"', "a", ":", " ", "\n", "{", "}", "[", "1", "-2.5e3", "true", ",", "\\", "<b>", "&amp;", "😀", "null"]),
    ],
)
def test_what_is_painted_is_what_an_editor_that_begins_with_the_text_paints(debugger, pane, pieces):
    """An editor changes only what differs; after any edit it must look as if it had been painted whole."""
    draw = random.Random(7)
    texts, text = [], debugger.page.locator(f"#{pane} textarea").input_value()
    for _ in range(400):
        start = draw.randint(0, len(text))
        end = min(len(text), start + draw.choice([0, 0, 1, 3, 40]))
        text = text[:start] + "".join(draw.choices(pieces, k=draw.choice([0, 1, 1, 2, 8]))) + text[end:]
        texts.append(text)
    assert debugger.page.evaluate(_EDITS, [pane, texts]) == []


# Settings of the person -------------------------------------------------------------------------------------------


def test_in_forced_colours_the_verdict_has_its_sign_and_words(new_context, debugger_of):
    page = new_context(forced_colors="active").new_page()
    debugger = debugger_of(page).open()
    debugger.says("Signature verified")
    expect(page.locator("#verdict .statement svg").first).to_be_visible()
    colour = "one => [getComputedStyle(one).color, getComputedStyle(one).webkitTextFillColor]"
    backdrop = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    for pane in (debugger.token, debugger.payload, debugger.key):
        assert all(value not in {backdrop, "rgba(0, 0, 0, 0)"} for value in pane.evaluate(colour)), "the text cannot be seen"
    debugger.payload.focus()
    seen = "one => [one, one.closest('.editor')].some((each) => getComputedStyle(each).outlineStyle !== 'none')"
    assert debugger.payload.evaluate(seen)
    debugger.paste(debugger.key, "x")
    debugger.says("Signature does not match")


MOTION = """() => [...document.querySelectorAll("*")].flatMap((one) => {
  const style = getComputedStyle(one);
  const times = `${style.transitionDuration},${style.animationDuration}`.split(",").map(parseFloat);
  return Math.max(...times) > %s ? [`${one.tagName} ${one.id} ${one.className} ${Math.max(...times)}s`] : [];
})"""


def test_nothing_moves_for_longer_than_120_ms(debugger):
    assert debugger.page.evaluate(MOTION % "0.12") == []


def test_nothing_moves_for_who_asked_for_that(new_context, debugger_of):
    page = new_context(reduced_motion="reduce").new_page()
    debugger_of(page).open()
    assert page.evaluate(MOTION % "0.001") == []


def test_on_paper_there_is_the_token_and_the_verdict(debugger):
    debugger.page.emulate_media(media="print")
    expect(debugger.verdict).to_be_visible()
    expect(debugger.token).to_be_visible()
    expect(debugger.payload).to_be_visible()


# Accessibility ----------------------------------------------------------------------------------------------------


def states(debugger):
    """Walk through the states of the page."""
    page = debugger.page
    yield "as it opens"
    debugger.view("claims")
    debugger.view("table")
    page.locator("#checks > summary").click()
    page.locator("#expect > summary").click()
    yield "all opened"
    page.locator("#examples > summary").click()
    yield "the menu"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "the dialog"
    page.keyboard.press("Escape")
    debugger.token.fill("eyJhbGciOiJIUzI1NiJ9*.eyJzdWIiOiIx\u200bfQ.c2ln.more")
    expect(debugger.findings).to_contain_text("*")
    debugger.key.fill("{broken")
    debugger.quiet()
    yield "errors"
    page.get_by_role("button", name="clear", exact=True).click()
    debugger.says("No token yet")
    yield "empty"


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(new_context, debugger_of, scheme, width):
    page = new_context(color_scheme=scheme, viewport={"width": width, "height": 900}).new_page()
    debugger = debugger_of(page).open()
    axe = Axe()
    for state in states(debugger):
        found = axe.run(page).response["violations"]
        lines = [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
        assert not lines, f"{state}: {lines}"


@pytest.mark.parametrize("path", ["/trust", "/nowhere"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_other_pages(new_context, watch, path, scheme):
    watch.expect(r"404 \(")
    page = new_context(color_scheme=scheme).new_page()
    page.goto(path)
    found = Axe().run(page).response["violations"]
    assert not [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
    page.set_viewport_size({"width": 320, "height": 640})
    assert_fits(page)


def test_the_page_reads_as_a_list_of_named_regions(debugger):
    expect(debugger.page.locator("main")).to_match_aria_snapshot(
        """
        - region "Verdict":
          - status
        - region "Token":
          - textbox "Token"
        - region "Header":
          - textbox "Header"
        - region "Payload":
          - textbox "Payload"
        - region "Key":
          - textbox "Key"
        """
    )


@pytest.mark.parametrize("width", [320, 390])
def test_every_page_is_in_sight_on_a_phone_and_one_more_would_be(new_context, width):
    page = new_context(viewport={"width": width, "height": 844}).new_page()
    page.goto("/")
    nav = page.get_by_role("navigation", name="Pages")
    nav.evaluate("nav => nav.append(Object.assign(document.createElement('a'), { href: '/', textContent: 'Gateway' }))")
    assert nav.evaluate("nav => nav.scrollWidth <= nav.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for link in nav.get_by_role("link").all():
        box = link.bounding_box()
        assert box["height"] >= 24
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_of_a_token_among_other_things_it_alone_is_coloured(debugger, make_token):
    token = make_token('{"sub":"alice"}')
    debugger.paste(debugger.token, f"Cookie: theme=dark; session={token}; lang=en.us")
    debugger.says("Signature verified")
    spans = ["|".join(layer) for layer in debugger.painted("token", "header", "payload", "signature")]
    assert spans == token.split(".")
