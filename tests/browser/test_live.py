"""The page's contract: the pane a person types in decides what happens; the others follow."""

import base64
import json
import re

import pytest
from playwright.sync_api import expect

SECRET = "a-string-secret-at-least-256-bits-long"
OTHER = "another-secret-that-is-also-at-least-256-bits"


def payload_of(token):
    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


def says_payload(text):
    """A matcher for a token whose payload is *text*."""
    part = base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
    return re.compile(rf"^[^.]+\.{re.escape(part)}\.")


def test_a_pasted_token_updates_header_payload_claims_and_verdict(debugger, make_token):
    token = make_token('{"sub":"alice","exp":4102444800}', '{"alg":"HS256","kid":"k1"}')
    debugger.paste(debugger.token, token)
    expect(debugger.header).to_have_value(re.compile('"kid": "k1"'))
    expect(debugger.payload).to_have_value(re.compile('"sub": "alice"'))
    expect(debugger.page.locator("#claims")).to_contain_text("1 Jan 2100")
    debugger.view("claims")
    debugger.view("table")
    expect(debugger.page.locator("#claims")).to_contain_text("alice")
    expect(debugger.page.locator("#parameters")).to_contain_text("k1")
    debugger.says("Signature verified")


def test_typing_a_token_updates_the_panes_with_every_key(debugger, make_token):
    token = make_token('{"sub":"alice"}', key=OTHER)
    debugger.paste(debugger.key, OTHER)
    debugger.paste(debugger.token, token[:-1])
    debugger.says("Signature does not match")
    debugger.token.press("End")
    debugger.page.keyboard.type(token[-1])
    debugger.says("Signature verified")
    debugger.token.press("Backspace")
    expect(debugger.verdict).not_to_contain_text("Signature verified")


def test_it_keeps_the_key_when_another_token_is_pasted(debugger, make_token):
    debugger.paste(debugger.key, OTHER)
    debugger.says("Signature does not match")
    debugger.paste(debugger.token, make_token('{"sub":"b"}', key=OTHER))
    debugger.says("Signature verified")
    debugger.paste(debugger.token, make_token('{"sub":"c"}', key=SECRET))
    debugger.says("Signature does not match")
    expect(debugger.payload).to_have_value(re.compile('"sub": "c"'))
    expect(debugger.key).to_have_value(OTHER)


def test_expectations_and_encoding_stay_when_another_token_is_pasted(debugger, make_token):
    page = debugger.page
    page.locator("#expect > summary").click()
    page.get_by_role("textbox", name="Issuer").fill("https://i.example")
    page.get_by_label("Read as").select_option("utf8")
    debugger.paste(debugger.token, make_token('{"iss":"https://i.example"}'))
    debugger.says("Signature verified")
    expect(page.get_by_role("textbox", name="Issuer")).to_have_value("https://i.example")
    expect(page.get_by_label("Read as")).to_have_value("utf8")
    expect(page.locator("#expect")).to_have_attribute("open", "")


def test_a_key_edit_never_changes_the_token(debugger):
    token, payload = debugger.token.input_value(), debugger.payload.input_value()
    debugger.caret_after(debugger.key, SECRET)
    debugger.page.keyboard.type("x")
    debugger.says("Signature does not match")
    debugger.page.keyboard.press("Backspace")
    debugger.says("Signature verified")
    expect(debugger.token).to_have_value(token)
    expect(debugger.payload).to_have_value(payload)


def test_typing_in_the_middle_of_the_payload_keeps_caret_selection_and_undo(debugger):
    before = debugger.payload.input_value()
    token = debugger.token.input_value()
    debugger.caret_after(debugger.payload, "John")
    at = debugger.selection(debugger.payload)[0]
    for letter in "athan":
        debugger.page.keyboard.type(letter)
    after = before.replace("John", "Johnathan")
    expect(debugger.payload).to_have_value(after)
    expect(debugger.token).to_have_value(says_payload(json.dumps(json.loads(after), separators=(",", ":"))))
    assert debugger.selection(debugger.payload) == [at + 5, at + 5]
    debugger.page.keyboard.press("Shift+ArrowLeft")
    debugger.page.keyboard.press("Shift+ArrowLeft")
    assert debugger.selection(debugger.payload) == [at + 3, at + 5]
    debugger.quiet()
    assert debugger.selection(debugger.payload) == [at + 3, at + 5]
    for _ in range(8):
        debugger.page.keyboard.press("ControlOrMeta+z")
    expect(debugger.payload).to_have_value(before)
    expect(debugger.token).to_have_value(token)
    debugger.says("Signature verified")
    expect(debugger.payload).to_be_focused()


def test_typing_in_the_middle_of_the_token_keeps_the_caret(debugger):
    debugger.caret_after(debugger.token, ".")
    at = debugger.selection(debugger.token)[0]
    debugger.page.keyboard.type("abc")
    expect(debugger.verdict).not_to_contain_text("Signature verified")
    assert debugger.selection(debugger.token) == [at + 3, at + 3]


def test_a_claim_edit_signs_anew_at_once(debugger):
    debugger.paste(debugger.payload, '{"sub":"mallory"}')
    expect(debugger.token).to_have_value(says_payload('{"sub":"mallory"}'))
    debugger.says("Signature verified")
    expect(debugger.payload).to_have_value('{"sub":"mallory"}')
    debugger.view("claims")
    expect(debugger.claims).to_contain_text("mallory")


@pytest.mark.parametrize("name", ["RS256", "ES256", "Ed25519", "ML-DSA-44"])
def test_a_claim_edit_signs_anew_with_any_private_key(debugger, name):
    debugger.open(f"/?example={name}")
    debugger.caret_after(debugger.payload, "orders:read")
    token = debugger.token.input_value()
    debugger.page.keyboard.type("!")
    expect(debugger.token).not_to_have_value(token)
    assert "orders:read!" in payload_of(debugger.token.input_value())
    debugger.says("Signature verified")


def test_a_header_edit_signs_anew_with_the_other_algorithm(debugger):
    debugger.paste(debugger.header, '{"alg":"HS384"}')
    expect(debugger.token).to_have_value(re.compile(r"^eyJhbGciOiJIUzM4NCJ9\."))
    expect(debugger.header).to_have_value('{"alg":"HS384"}')


def test_with_a_key_that_cannot_sign_the_old_signature_stays_and_the_verdict_says_so(debugger):
    debugger.paste(debugger.key, "")
    debugger.says("Secret known to everybody")
    signature = debugger.token.input_value().rpartition(".")[2]
    debugger.caret_after(debugger.payload, "John")
    debugger.page.keyboard.type("ny")
    expect(debugger.notice).to_contain_text("old signature stays")
    expect(debugger.token).to_have_value(re.compile(rf"\.{re.escape(signature)}$"))
    assert "Johnny" in payload_of(debugger.token.input_value())
    debugger.paste(debugger.key, OTHER)
    debugger.says("Signature does not match")
    expect(debugger.notice).not_to_contain_text("old signature")


def test_a_header_broken_in_typing_leaves_the_token(debugger):
    token = debugger.token.input_value()
    debugger.caret_after(debugger.header, '"HS256"')
    debugger.page.keyboard.type("}")
    expect(debugger.notice).to_contain_text("not JSON")
    expect(debugger.token).to_have_value(token)
    debugger.page.keyboard.press("Backspace")
    expect(debugger.notice).to_be_empty()
    debugger.says("Signature verified")


def test_a_notice_goes_when_its_reason_is_gone_whatever_was_asked_between(debugger):
    header = debugger.header.input_value()
    debugger.paste(debugger.header, "{broken")
    expect(debugger.notice).to_contain_text("The header is not JSON")
    debugger.page.locator("#checks > summary").click()
    debugger.quiet()
    expect(debugger.notice).to_contain_text("The header is not JSON")
    debugger.paste(debugger.header, header)
    debugger.says("Signature verified")
    expect(debugger.notice).to_be_empty()


def test_the_times_to_travel_to_are_those_of_the_token_that_is_there(debugger):
    """They stand within the expectations, and each of the two is answered without the other."""
    travel = debugger.page.locator("#travel")
    token = debugger.token.input_value()
    clear = debugger.page.get_by_role("button", name="clear", exact=True)
    debugger.page.locator("#expect > summary").click()
    expect(travel).to_contain_text("iat")
    for _ in range(2):
        clear.click()
        expect(travel).not_to_contain_text("iat")
        debugger.paste(debugger.token, token)
        expect(travel).to_contain_text("iat")


def test_a_click_between_the_line_and_the_text_of_a_pane_reaches_the_text(debugger):
    for pane in (debugger.token, debugger.payload):
        debugger.key.focus()
        box = pane.locator("..").bounding_box()
        for x, y in ((3, 30), (box["width"] - 2, 30), (30, 2), (30, box["height"] - 2)):
            debugger.page.mouse.click(box["x"] + x, box["y"] + y)
            expect(pane).to_be_focused()
            debugger.key.focus()


def test_a_header_broken_in_typing_gives_way_to_the_token_that_is_typed_next(debugger):
    """The answer about the header is the one that was shown before: it is not passed over, because the pane holds something else."""
    header = debugger.header.input_value()
    debugger.caret_after(debugger.token, ".")
    debugger.page.keyboard.type("x")
    debugger.quiet()
    debugger.caret_after(debugger.header, "{")
    debugger.page.keyboard.type("broken")
    expect(debugger.notice).to_contain_text("The header is not JSON")
    debugger.caret_after(debugger.token, ".x")
    debugger.page.keyboard.press("Backspace")
    expect(debugger.header).to_have_value(header)
    debugger.says("Signature verified")


def test_the_original_token_pasted_again_shows_the_original_payload(debugger):
    """htmx writes a text area only if its default value changed: an edited pane would keep its edit."""
    token, payload = debugger.token.input_value(), debugger.payload.input_value()
    debugger.caret_after(debugger.payload, "John")
    debugger.page.keyboard.type("ny")
    expect(debugger.token).not_to_have_value(token)
    debugger.paste(debugger.token, token)
    expect(debugger.payload).to_have_value(payload)
    debugger.says("Signature verified")


def test_a_pane_that_has_the_focus_but_was_not_touched_follows(debugger, make_token):
    debugger.payload.focus()
    debugger.put(debugger.token, make_token('{"sub":"from elsewhere"}'))
    expect(debugger.payload).to_have_value(re.compile("from elsewhere"))


def test_a_compact_payload_is_indented_and_stays_compact_in_the_token(debugger, make_token):
    debugger.paste(debugger.token, make_token('{"a":1,"b":3.0,"c":1e400,"d":123456789012345678901234567890}'))
    expect(debugger.payload).to_have_value(re.compile('^{\n  "a": 1,\n'))
    debugger.caret_after(debugger.payload, '"a": 1')
    debugger.page.keyboard.type("2")
    expect(debugger.token).to_have_value(says_payload('{"a":12,"b":3.0,"c":1e400,"d":123456789012345678901234567890}'))


def test_white_space_typed_by_hand_is_signed_as_written(debugger):
    debugger.caret_after(debugger.payload, "{")
    debugger.page.keyboard.press("Enter")
    text = debugger.payload.input_value()
    expect(debugger.token).to_have_value(says_payload(text))


def test_an_expectation_changes_the_verdict_only(debugger):
    page = debugger.page
    token = debugger.token.input_value()
    page.locator("#expect > summary").click()
    page.get_by_role("textbox", name="Audience").press_sequentially("https://api.example")
    debugger.says("Wrong audience")
    page.get_by_role("textbox", name="Audience").fill("")
    expect(debugger.verdict).not_to_contain_text("Wrong audience")
    expect(debugger.token).to_have_value(token)
    expect(page.get_by_role("textbox", name="Audience")).to_be_focused()


def test_a_time_can_be_chosen(debugger):
    debugger.open("/?example=RS256")
    debugger.says("Not expired")
    debugger.page.locator("#expect > summary").click()
    debugger.page.get_by_role("textbox", name="Valid at").fill("2100-01-01")
    debugger.says("Expired")
    debugger.page.get_by_role("textbox", name="Valid at").fill("tomorrow")
    expect(debugger.notice).to_contain_text("Valid at is not read")


def test_the_way_a_secret_is_read_can_be_chosen(debugger, make_token):
    debugger.paste(debugger.key, SECRET.encode().hex())
    debugger.says("Signature does not match")
    debugger.page.get_by_label("Read as").select_option("hex")
    debugger.says("Signature verified")


@pytest.mark.parametrize("name", ["RS256", "ES256", "HS256"])
def test_nothing_is_green_without_a_key(debugger, name):
    debugger.open(f"/?example={name}")
    expect(debugger.verdict).to_have_attribute("data-tone", "good")
    debugger.paste(debugger.key, "")
    debugger.says("Secret known to everybody" if name == "HS256" else "Signature not checked")
    expect(debugger.verdict).not_to_have_attribute("data-tone", "good")
    expect(debugger.page.locator("[data-tone=good]")).to_have_count(0)


def test_nothing_is_green_for_a_token_that_brings_its_own_key(debugger, api):
    own = api("keys", {"algorithm": "ES256"})
    token = api("encode", {"header": {"alg": "ES256", "jwk": own["public"]["jwk"]}, "payload": {}, "key": own["private"]["pem"]})["token"]
    debugger.paste(debugger.key, "")
    debugger.paste(debugger.token, token)
    debugger.says("ES256")
    expect(debugger.page.locator("[data-tone=good]")).to_have_count(0)


def test_the_verdict_is_a_status(debugger):
    region = debugger.verdict.get_by_role("status")
    expect(region).to_contain_text("Signature verified")
    handle = region.element_handle()
    debugger.paste(debugger.key, "x")
    expect(region).to_contain_text("Signature does not match")
    assert handle.evaluate("region => region.isConnected"), "a region that is replaced is not heard"


def test_the_checks_stay_open_when_the_verdict_changes(debugger):
    debugger.page.locator("#checks > summary").click()
    debugger.paste(debugger.key, "x")
    debugger.says("Signature does not match")
    expect(debugger.page.locator("#checks")).to_have_attribute("open", "")
    expect(debugger.page.locator("#checks li").first).to_be_visible()


def test_the_page_never_says_where_it_is(debugger, watch, make_token):
    """HX-Current-URL would carry the fragment, and with it a token, into the server's headers."""
    debugger.open(f"/#token={make_token()}")
    debugger.says("HS256")
    debugger.paste(debugger.payload, "{}")
    debugger.paste(debugger.key, "k")
    debugger.says("does not match")
    assert watch.posts()
    for request in watch.requests:
        names = {name.lower() for name in request.headers}
        assert "hx-current-url" not in names
        assert "token=" not in request.headers.get("referer", "")


def test_no_address_ever_holds_what_was_typed(debugger, watch, make_token):
    canary = "canary-5a5a5a5a-canary-5a5a5a5a-canary"
    token = make_token(json.dumps({"sub": canary}), key=canary)
    debugger.paste(debugger.key, canary)
    debugger.paste(debugger.token, token)
    debugger.says("Signature verified")
    debugger.paste(debugger.payload, json.dumps({"sub": canary * 2}))
    debugger.quiet()
    for request in watch.requests:
        assert canary not in request.url
        assert token.split(".")[1] not in request.url
    assert canary not in debugger.page.url


@pytest.mark.parametrize("size", [(1440, 900), (768, 1024), (390, 844)])
def test_what_is_said_of_an_edit_is_in_sight_and_moves_nothing(debugger, size):
    page = debugger.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    debugger.open("/?example=RS256")
    debugger.key.fill("")
    debugger.says("Signature not checked")
    debugger.payload.scroll_into_view_if_needed()
    debugger.caret_after(debugger.payload, "issuer")
    before = page.locator("#payload").bounding_box()
    page.keyboard.type("x")
    expect(debugger.notice).to_contain_text("old signature stays")
    expect(debugger.notice.locator("p")).to_be_in_viewport(ratio=1)
    if size[0] > 1000:  # below, the findings stand above the payload
        assert page.locator("#payload").bounding_box()["y"] <= before["y"] + 20


def test_on_a_phone_a_claim_has_the_width_of_the_page(debugger):
    page = debugger.page
    page.set_viewport_size({"width": 390, "height": 844})
    debugger.open("/?example=RS256")
    page.get_by_text("claims", exact=True).click()
    assert page.locator("#claims .value").first.bounding_box()["width"] > 340


@pytest.mark.parametrize("width", [320, 390, 576, 640, 768, 860, 896, 1024])
def test_every_page_is_in_the_navigation_at_every_width(debugger, width):
    page = debugger.page
    page.set_viewport_size({"width": width, "height": 700})
    for link in page.locator(".top nav a").all():
        expect(link).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
