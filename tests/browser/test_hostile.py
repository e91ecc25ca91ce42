"""Hostile text in every position stays text: no dialog, no violation, no element."""

import json
import re

import pytest
from playwright.sync_api import expect

SECRET = "a-string-secret-at-least-256-bits-long"
MARK = "window.pwned=1"
HOSTILE = [
    f"<script>{MARK}</script>", "<SCRIPT SRC=//evil.test/x.js></SCRIPT>", f"<script type=module>{MARK}</script>",
    f"<img src=x onerror={MARK}>", f"<img/src/onerror={MARK}>", f"<image href=x onerror={MARK}>", f"<svg onload={MARK}>",
    f"<svg><script>{MARK}</script></svg>", f"<svg><animate onbegin={MARK} attributeName=x dur=1s>",
    f"<svg><use href='data:image/svg+xml,<svg id=x onload={MARK}/>#x'>", f"<math><mtext><script>{MARK}</script></mtext></math>",
    f"<body onload={MARK}>", f"<iframe src=javascript:{MARK}>", f"<iframe srcdoc='<script>parent.{MARK}</script>'>",
    f"<object data=javascript:{MARK}>", f"<embed src=javascript:{MARK}>", f"<a href=javascript:{MARK}>x</a>",
    f"<form action=javascript:{MARK}><button>x</button></form>", f"<input autofocus onfocus={MARK}>",
    f"<details open ontoggle={MARK}>x</details>", f"<video><source onerror={MARK}></video>", f"<audio src=x onerror={MARK}>",
    f"<marquee onstart={MARK}>x</marquee>", "<style>@import '//evil.test/x.css';*{display:none}</style>",
    "<link rel=stylesheet href=//evil.test/x.css>", "<link rel=prefetch href=//evil.test/>", "<base href=//evil.test/>",
    "<meta http-equiv=refresh content='0;url=//evil.test/'>", "<meta name=htmx-config content='{\"allowEval\":true}'>",
    "<div hx-get=/trust hx-trigger=load hx-target=body>x</div>", f"<div hx-on:load='{MARK}' data-hx-on:load='{MARK}'>x</div>",
    "<hx-partial hx-target='#slot-verdict' hx-swap=innerHTML><b>Signature verified</b></hx-partial>",
    "<template><script>1</script></template>", "<noscript><p title='</noscript><img src=x onerror=1>'>",
    f"</textarea><script>{MARK}</script>", f"</pre><img src=x onerror={MARK}>", f"</title><img src=x onerror={MARK}>",
    f"</section></form></main><img src=x onerror={MARK}>", "</json-input></token-input><b>out</b>", "</p></span></div></td></tr></table>",
    f"\"><img src=x onerror={MARK}>", f"'><img src=x onerror={MARK}>", f"\" onmouseover={MARK} x=\"", f"' autofocus onfocus={MARK} '",
    f"` onerror={MARK} `", "<!--", "--><img src=x onerror=1>", "<![CDATA[<img src=x onerror=1>]]>", "<?xml version='1.0'?>", "<!doctype x>",
    f"javascript:{MARK}", f"data:text/html,<script>{MARK}</script>", "{{7*7}}{%print(1)%}${7*7}#{7*7}", "&lt;img src=x onerror=1&gt;",
    "&#60;img src=x onerror=1&#62;", "\\u003cimg src=x onerror=1\\u003e", "<\u0000script>1</script>", "<scr\u0000ipt>1</script>",
    "\u202e<b>rtl\u2066", "\u2028\u2029<b>", "＜script＞1＜/script＞", f"<x contenteditable onblur={MARK}>", "__proto__", "constructor",
    "<slot name=x></slot><dialog open>x</dialog>", "<p style='position:fixed;inset:0;background:green'>Signature verified</p>",
]  # fmt: skip
ELEMENTS = (
    "main :is(script, style, iframe, object, embed, img, image, video, audio, marquee, base, meta, link, template, math, animate, slot, body),"
    " main form:not([method=dialog], #debugger, #views), dialog[open], [onerror], [onload], [onfocus], [style*=fixed], main a[href^='javascript']"
)

TEXTAREAS = {"token-text", "header-text", "payload-text", "key-text", "issue-holder"}


def assert_harmless(debugger):
    debugger.quiet()
    page = debugger.page
    assert page.evaluate("window.pwned") is None
    assert page.locator(ELEMENTS).count() == 0, page.locator(ELEMENTS).first.evaluate("one => one.outerHTML")
    assert set(page.locator("textarea").evaluate_all("all => all.map(one => one.id)")) <= TEXTAREAS
    assert page.locator("hx-partial").count() == 0
    expect(debugger.verdict).to_be_visible()


def positions(make_token, raw_token):
    """Tokens that hold every text in one position each."""
    as_names = json.dumps(dict.fromkeys(HOSTILE, 1))
    as_values = json.dumps({str(n): text for n, text in enumerate(HOSTILE)})
    known = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "typ", "kid", "jku", "x5u", "cty", "name", "crit", "jwk", "x5c"]
    yield "claim names", make_token(as_names)
    yield "claim values", make_token(as_values)
    yield "header names", make_token("{}", json.dumps({"alg": "HS256"} | dict.fromkeys(HOSTILE, 1)))
    yield "header values", make_token("{}", json.dumps({"alg": "HS256"} | {str(n): text for n, text in enumerate(HOSTILE)}))
    for start in range(0, len(HOSTILE), len(known)):
        row = dict(zip(known, HOSTILE[start:], strict=False))
        yield f"known claims {start}", make_token(json.dumps(row), json.dumps({"alg": "HS256"} | row))
    yield "lists", make_token(json.dumps({"aud": HOSTILE}), json.dumps({"alg": "HS256", "crit": HOSTILE, "kid": HOSTILE}))
    yield "no JSON", make_token("\n".join(HOSTILE))
    yield "broken JSON", raw_token('{"alg":"HS256"}' + HOSTILE[0], '{"a":' + "\n".join(HOSTILE))
    yield "names twice", make_token("{" + ",".join(f"{json.dumps(text)}:1,{json.dumps(text)}:2" for text in HOSTILE) + "}")


def test_a_token_is_text_in_every_position(debugger, make_token, raw_token):
    debugger.page.locator("#checks > summary").click()
    debugger.view("claims")
    debugger.view("table")
    for position, token in positions(make_token, raw_token):
        with debugger.page.expect_response("**/decode"):
            debugger.token.fill(token)
        assert_harmless(debugger)
        if position not in {"claim names", "header values", "broken JSON", "names twice"}:
            continue
        # And as a page of its own, as without JavaScript.
        with debugger.page.expect_navigation():
            debugger.page.evaluate("() => { const form = document.getElementById('debugger'); form.action = '/decode'; form.submit(); }")
        assert_harmless(debugger)


def test_algorithm_key_and_token_text_are_text(debugger, raw_token):
    for text in HOSTILE:
        token = raw_token(json.dumps({"alg": text, "typ": text}), text, text)
        key = json.dumps({"keys": [{"kty": "oct", "k": text, "kid": text, "alg": text}, {"kty": text}]})
        debugger.put(debugger.token, token)
        debugger.put(debugger.key, key)
    assert_harmless(debugger)


@pytest.mark.parametrize("pane", ["token", "header", "payload", "key"])
def test_a_pane_is_text(debugger, pane):
    getattr(debugger, pane).fill("\n".join(HOSTILE).replace("\u0000", ""))
    assert_harmless(debugger)
    for text in HOSTILE[::4]:
        getattr(debugger, pane).fill(text)
    assert_harmless(debugger)


def test_expectations_are_text(debugger):
    debugger.page.locator("#expect > summary").click()
    for name in ("Algorithms", "Issuer", "Audience", "Type", "Valid at", "Leeway, seconds"):
        debugger.page.get_by_role("textbox", name=name).fill("".join(HOSTILE).replace("\n", " ").replace("\u0000", ""))
    assert_harmless(debugger)


@pytest.mark.parametrize("start", range(0, len(HOSTILE), 22))
def test_a_fragment_is_text(debugger, start):
    for text in HOSTILE[start : start + 22]:
        debugger.page.evaluate("text => { location.hash = new URLSearchParams({ token: text }); }", text)
    assert_harmless(debugger)


def test_a_claim_cannot_pass_for_the_verdict(debugger, make_token):
    """Words of a token stand in their pane and nowhere else."""
    debugger.paste(debugger.key, "")
    debugger.token.fill(
        make_token(json.dumps({"iss": "Signature verified", "kid": "Signature verified"}), '{"alg":"HS256","kid":"Signature verified"}')
    )
    debugger.says("Secret known to everybody")
    expect(debugger.page.locator("#verdict .statements")).not_to_contain_text("Signature verified")
    expect(debugger.page.locator("[data-tone=good]")).to_have_count(0)


def test_a_name_written_backwards_keeps_to_its_row(debugger, make_token):
    debugger.token.fill(make_token('{"\u202eadmin":"\u202etrue","sub":"1"}'))
    debugger.view("claims")
    expect(debugger.claims).to_contain_text("sub")
    isolated = debugger.claims.locator("th, .written").evaluate_all("all => all.map((one) => getComputedStyle(one).unicodeBidi)")
    assert set(isolated) <= {"isolate", "plaintext", "isolate-override"}, isolated
    assert re.search("isolate|plaintext", isolated[0])
