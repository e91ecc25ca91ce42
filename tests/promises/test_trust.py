"""Each promise of the page /trust is the name of a test here, letter by letter, and each of these tests is such a promise."""

from __future__ import annotations

import ast
import gc
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from app.keyfetch import Fetcher, Rules
from app.settings import Settings
from app.web import create_app
from app.web.security import PAGE_POLICY, UNSTORED
from tests.attacks.ledger import ROOT
from tests.keyfetch.conftest import LOOPBACK, Authority, KeyServer, answer, public
from tests.promises import canaries
from tests.promises.canaries import SECRETS, told
from tests.promises.serving import Seen
from tests.promises.touring import PAGES, READ, Recorder, Toured, tour

SECRET, OTHER = SECRETS[:2]
HTMX = {"HX-Request": "true"}
FORM = {"token": canaries.token(SECRET), "key": OTHER}


# The page and its tests -------------------------------------------------------------------------------------------


def name_of(sentence: str) -> str:
    return f"test_{re.sub(r'[^a-z0-9]+', '_', sentence.lower()).strip('_')}"


def test_each_promise_is_the_name_of_a_test_and_each_test_a_promise(client):
    lists = [one for one in client.get("/trust").dom.tag("ul") if one.get("data-promises") is not None]
    promises = [" ".join("".join(item.itertext()).split()) for one in lists for item in one.iter("li")]
    assert len(promises) >= 20
    assert all(promise.endswith(".") for promise in promises)
    tests = [one.name for one in ast.parse(Path(__file__).read_bytes()).body if isinstance(one, ast.FunctionDef)]
    own = {test_each_promise_is_the_name_of_a_test_and_each_test_a_promise.__name__}
    assert {name_of(promise) for promise in promises} == {name for name in tests if name.startswith("test_")} - own


# What the server and the browser saw ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def toured(browser: Browser, browser_context_args: dict[str, Any], base_url: str, recorder: Recorder) -> Iterator[Toured]:
    recorder.heard.clear()
    context = browser.new_context(**{**browser_context_args, "base_url": base_url})
    yield tour(context, recorder)
    context.close()


def posts(recorder: Recorder) -> list[str]:
    """Where something was sent to."""
    return [one.address for one in recorder.heard if one.method == "POST"]


# What it sees -----------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_it_sees_what_you_type_in_the_panes_the_token_its_header_and_payload_the_key_and_its_passphrase_and_what_you_expect_of_the_token(
    page, debugger_of, recorder
):
    debugger = debugger_of(page).open()
    page.locator("#expect > summary").click()
    recorder.heard.clear()
    with page.expect_response("**/verify"):
        debugger.paste(debugger.key, SECRET)
    for count, label in enumerate(("Algorithms", "Issuer", "Audience", "Type", "Valid at", "Leeway, seconds"), 1):
        with page.expect_response(lambda got, count=count: (got.request.post_data or "").count("=7") == count):
            page.get_by_role("textbox", name=label).fill("7")
    sent = [parse_qs(one.body) for one in recorder.heard if one.method == "POST"]
    typed = {"token", "header", "payload", "key", "issuer", "audience", "type", "algorithms", "at", "leeway"}
    assert typed <= sent[-1].keys()
    assert sent[-1]["key"] == [SECRET]
    # Beside that, only how the page stands: nothing of the machine, the browser or other tabs.
    standing = {
        "key_encoding",
        "key_url_kind",
        "header_layout",
        "payload_layout",
        "header-view",
        "payload-view",
        "profile",
        "typing",
        "folded",
    }
    assert {name for one in sent for name in one} <= typed | standing


@pytest.mark.browser
def test_with_scripting_on_it_is_sent_as_you_type_without_when_you_press_a_button(page, new_context, base_url, debugger_of, recorder):
    debugger = debugger_of(page).open()
    recorder.heard.clear()
    debugger.caret_after(debugger.payload, "John")
    with page.expect_response("**/encode"):
        page.keyboard.type("n")
    assert posts(recorder) == ["/encode?"]
    plain = new_context(base_url=base_url, java_script_enabled=False).new_page()
    plain.goto("/")
    recorder.heard.clear()
    plain.locator("#payload-text").fill('{"a":1}')
    plain.wait_for_timeout(300)
    assert posts(recorder) == []
    plain.get_by_role("button", name="Verify").first.click()
    assert posts(recorder) == ["/verify?"]


@pytest.mark.browser
def test_it_travels_in_the_body_of_a_post_request_to_this_server_and_never_in_an_address(toured: Toured, seen: Seen):
    assert toured.typed > 40
    carried = [one for one in toured.heard if told(unquote(one.body))]
    assert len(carried) > 10
    assert {one.method for one in carried} == {"POST"}
    searched = [one for one in toured.heard if one.address.startswith("/learn/search?")]
    others = [one for one in toured.heard if one not in searched]
    assert [one for one in others if told(unquote(one.address)) or told(one.headers)] == []
    # The search of the documentation is no pane: it is a question, and one that holds a token is not repeated.
    assert all(urlsplit(url).path == "/learn/search" for url in toured.asked if told(unquote(url)))


@pytest.mark.parametrize("name", ["key", "secret", "passphrase", "lock", "bind_key"])
def test_a_key_in_an_address_is_refused(client, name):
    for path in ("/", "/decode", "/verify", "/encode", "/keys"):
        refused = client.get(f"{path}?{name}={SECRET}")
        assert (refused.status_code, told(refused.text)) == (400, set())


@pytest.mark.browser
def test_a_token_behind_the_of_an_address_stays_in_the_browser_until_the_page_posts_it_like_one_you_paste(page, debugger_of, recorder):
    recorder.heard.clear()
    debugger = debugger_of(page)
    with page.expect_response("**/decode"):
        debugger.open(f"/#token={canaries.token(SECRET)}")
    expect(debugger.token).to_have_value(canaries.token(SECRET))
    first, *others = [one for one in recorder.heard if not one.address.startswith("/static/")]
    assert (first.method, first.address, told(first.headers)) == ("GET", "/?", set())
    assert [(one.method, bool(told(unquote(one.body)))) for one in others][:1] == [("POST", True)]


def test_a_link_made_by_share_holds_the_token_in_that_part_too_without_its_signature_unless_you_ask_for_it_and_never_the_key(client):
    for asked, signed in (({}, False), ({"share_signature": "1"}, True)):
        link = client.post("/share", data={**FORM, "share": "1", **asked}, headers=HTMX).dom.typed("share-link")
        parts = urlsplit(link)
        assert told(parts.path + parts.query) == set()
        assert (FORM["token"] in unquote(parts.fragment)) is signed
        assert FORM["token"].rpartition(".")[0] in unquote(parts.fragment)
        assert OTHER not in told(unquote(link))


# What it keeps ----------------------------------------------------------------------------------------------------


def remembered(begin: str) -> list[str]:
    """Every text of this process that begins so and can still be reached from anywhere but this function."""
    gc.collect()
    found = {id(one): one for held in gc.get_objects() for one in gc.get_referents(held) if isinstance(one, str)}
    return [text for text in found.values() if begin in text and text is not begin]


def test_it_keeps_nothing_you_type_when_an_answer_is_sent_the_server_has_forgotten_the_question(app):
    begin = "".join(("for", "gotten", "question"))
    client = app.test_client()

    def ask(path: str, number: int) -> None:
        secret = f"{begin}{number}"
        body = {"token": secret, "key": secret * 4, "payload": secret, "header": f'{{"alg":"{secret}"}}', "issuer": secret, "a": secret}
        assert client.post(path, data=body, headers=HTMX).status_code < 500
        assert client.post(f"/api/v1{path}", json={"token": secret, "key": secret, "header": {}, "payload": secret}).status_code < 500

    for number, path in enumerate(("/decode", "/verify", "/encode", "/keys", "/gateway", "/compare", "/share", "/report", "/snippet")):
        ask(path, number)
    assert remembered(begin) == []
    held = [f"{begin} that is held"]
    assert remembered(begin) == held, "the search finds what can be reached"


def test_there_is_no_database_no_session_and_no_file_that_is_written(seen: Seen, app):
    assert [line for line in seen.watched if "socket" not in line] == []
    assert seen.files_after == seen.files_before
    assert [name for name in seen.opened if "deleted" in name or name.endswith((".db", ".sqlite"))] == []
    assert app.secret_key is None
    assert not {name for name in sys.modules if name.split(".")[0] in ("flask_session", "sqlalchemy", "redis")}
    assert not [path.name for path in ROOT.joinpath("app").rglob("*.py") if re.search(r"import (sqlite3|dbm|shelve)\b", path.read_text())]


def test_only_the_url_of_a_key_set_that_you_fetch_and_the_public_keys_that_came_from_it_are_remembered_in_memory_and_used_for_five_minutes(
    tmp_path,
):
    authority, now = Authority(tmp_path), [1_800_000_000.0]
    keys = KeyServer(authority.server())
    try:
        keys.answers["/jwks"] = answer({"keys": [public(d=SECRET), {"kty": "oct", "k": OTHER}]})
        rules = Rules(frozenset((("https", "keys.test", keys.port),)), LOOPBACK)
        fetcher = Fetcher(rules, resolver=lambda _host, _port: ["127.0.0.1"], context=authority.client, now=lambda: now[0])
        for later, asked in ((0, 1), (299, 1), (1, 2)):
            now[0] += later
            fetcher.fetch(keys.url("/jwks"))
            assert len(keys.requests) == asked
        ((url, _),) = fetcher._kept
        assert url == keys.url("/jwks")
        assert told(repr(fetcher._kept)) == set()
        assert '"x"' in repr(fetcher._kept)
    finally:
        keys.close()


def test_no_token_key_passphrase_payload_or_address_is_written_to_a_log(seen: Seen):
    assert (seen.out, seen.said) == ("", "")
    assert len(seen.answers) > 3000


def test_a_crash_leaves_no_image_of_the_memory_on_the_disk(seen: Seen):
    """Soft and hard limit, so that nothing in the process can raise it again."""
    assert re.fullmatch(r"Max core file size\s+0\s+0\s+bytes\s*", seen.core_limit)


def test_the_only_cookie_is_theme_with_the_value_light_dark_or_system_and_only_once_you_choose_one(client, seen: Seen):
    set_by = [one for one in seen.answers if "Set-Cookie" in one.headers]
    assert {one.asked.path.partition("?")[0] for one in set_by} <= {"/theme"}
    for one in set_by:
        assert re.findall(r"'Set-Cookie', '(\w+)=(\w+);", one.headers) in [[("theme", value)] for value in ("light", "dark", "system")]
    for value in ("light", "dark", "system"):
        assert client.post("/theme", data={"theme": value}).headers.getlist("Set-Cookie")[0].startswith(f"theme={value};")


@pytest.mark.browser
def test_the_page_stores_nothing_else_in_the_browser(toured: Toured):
    assert toured.cookies == []
    assert len(toured.stores) > len(PAGES) + len(READ)
    for store in toured.stores:
        assert (store["local"], store["session"], store["databases"], store["caches"], store["workers"]) == ({}, {}, [], [], 0)
        assert told(store["state"]) == set()
        assert told(store["address"]) == set() or "/learn/search" in store["address"]


def test_answers_carry_cache_control_no_store_so_neither_the_browser_nor_a_proxy_that_follows_the_rules_keeps_a_copy(seen: Seen):
    assert "no-store" in UNSTORED
    for one in seen.answers:
        assert f"'{UNSTORED}'" in one.headers or ("immutable" in one.headers and one.asked.path.startswith("/static/built/")), one.asked
        assert "'ETag'" not in one.headers or one.asked.path.startswith("/static/")


# Who else sees it -------------------------------------------------------------------------------------------------


def test_when_you_press_fetch_the_server_of_that_url_sees_a_request_of_this_server_without_token_and_key(tmp_path):
    authority = Authority(tmp_path)
    keys = KeyServer(authority.server())
    try:
        keys.answers["/jwks"] = answer({"keys": [public()]})
        app = create_app(Settings())
        rules = Rules(frozenset((("https", "keys.test", keys.port),)), LOOPBACK)
        app.extensions["key_fetcher"] = Fetcher(rules, resolver=lambda _host, _port: ["127.0.0.1"], context=authority.client)
        form = {**FORM, "passphrase": SECRET, "payload": SECRET, "issuer": SECRET, "key_url": keys.url("/jwks")}
        fetched = app.test_client().post("/keys/fetch", data=form, headers={**HTMX, "User-Agent": SECRET, "Cookie": f"theme={SECRET}"})
        assert "1 key fetched" in fetched.text
        assert len(keys.requests) == 1
        assert keys.requests[0].startswith("GET /jwks HTTP/1.1\r\n")
        assert told(keys.requests[0]) == set()
    finally:
        keys.close()


@pytest.mark.browser
def test_nobody_else_is_asked_for_anything_by_this_server_or_by_the_page(toured: Toured, seen: Seen, base_url: str):
    assert "watched: socket" not in seen.before_fetching
    asked = [one.asked for one in seen.answers if "/keys/fetch" in one.asked.path and "https://" in unquote(one.asked.body)]
    assert len([line for line in seen.watched if "socket" in line]) <= len(asked)
    assert len(toured.asked) > 100
    assert {f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in toured.asked} == {base_url}


def test_scripts_styles_and_icons_come_from_this_server_the_content_security_policy_forbids_the_browser_to_load_from_or_send_to_any_other(
    client,
):
    for source in PAGE_POLICY.split("; "):
        name, *values = source.split(" ")
        assert name.startswith(("require-", "trusted-")) or values in (["'self'"], ["'none'"])
    for path in (*PAGES, *READ):
        answered = client.get(path)
        assert answered.headers["Content-Security-Policy"] == PAGE_POLICY
        loaded = [
            one.get(name, "")
            for one in answered.dom.elements
            for name in ("src", "srcset", "data", "action", "formaction", "hx-post", "hx-get")
        ]
        loaded += [one.get("href", "") for one in answered.dom.elements if one.tag in ("link", "use", "image")]
        assert [goal for goal in loaded if (goal and not goal.startswith(("/", "#"))) or goal.startswith("//")] == []


def test_there_are_no_analytics_no_advertising_and_no_fonts_from_elsewhere():
    built = [
        path.read_text("utf-8", "replace") for path in ROOT.joinpath("static/built").iterdir() if path.suffix in (".js", ".css", ".svg")
    ]
    assert len(built) >= 4
    for text in built:
        assert not re.search(r"@font-face|@import|sendBeacon|WebSocket\(|RTCPeer|google|doubleclick|gtag|matomo|plausible|sentry", text)
        assert not re.search(r"url\(\s*['\"]?(https?:)?//", text)
    addresses = {host for text in built for host in re.findall(r"https?://([\w.-]+)", text)}
    # A namespace, an example in what is copied as curl, and what htmx says of itself.
    assert addresses <= {"www.w3.org", "api.example.com", "four.htmx.org", "htmx.org"}


@pytest.mark.browser
def test_links_to_specifications_lead_away_from_this_server_and_carry_no_token_and_no_referrer(page, debugger_of, watch, recorder):
    debugger = debugger_of(page).open()
    for pane, text, goal in ((debugger.token, canaries.token(SECRET), "decode"), (debugger.key, OTHER, "verify")):
        with page.expect_response(f"**/{goal}"):
            debugger.paste(pane, text)
    expect(debugger.verdict).to_contain_text("not match")
    links = page.locator('main a[href^="https://"]')
    assert links.count() >= 3
    hrefs = links.evaluate_all("all => all.map(one => one.href)")
    assert {urlsplit(href).netloc for href in hrefs} & {"www.rfc-editor.org", "datatracker.ietf.org"}
    assert [href for href in hrefs if told(unquote(href))] == []
    gone: list[Any] = []
    watch.hosts.update(urlsplit(href).netloc for href in hrefs)

    def there(route: Any) -> None:
        gone.append(route.request)
        route.fulfill(body="there")

    page.context.route(re.compile(r"^https://"), there)
    watch.elsewhere = []
    with page.expect_popup() as popup:
        links.first.evaluate("one => one.click()")
    popup.value.wait_for_load_state()
    watch.elsewhere.clear()
    assert popup.value.evaluate("document.referrer") == ""
    assert "referer" not in gone[0].all_headers()
    assert popup.value.evaluate("window.opener") is None
    popup.value.close()


def test_another_site_cannot_make_your_browser_post_to_this_server_nor_read_what_it_answers(client, seen: Seen):
    for path in ("/decode", "/encode", "/verify", "/keys", "/gateway", "/keys/fetch", "/theme", "/api/v1/verify", "/api/v1/keys/fetch"):
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}, {"Origin": "null"}):
            refused = client.post(path, data=json.dumps({"token": "a.b.c"}), content_type="application/json", headers=headers)
            assert refused.status_code == 403
        assert client.post(path, data={"token": "a.b.c"}, headers={"Host": "evil.test"}).status_code == 421
    for one in seen.answers:
        assert "'Cross-Origin-Resource-Policy', 'same-origin'" in one.headers
        assert "access-control-" not in one.headers.lower()
