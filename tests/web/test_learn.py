"""The documentation: nothing of the core is missing, no link leads nowhere, and what it says happens, happens."""

import ast
import gzip
import inspect
import json
import re
import shlex
import tomllib
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from app import tokens
from app.keyfetch import refusals as fetch_refusals
from app.reports.statements import LABELS
from app.settings import PREFIX, READERS
from app.tokens import profile_rules, profiles
from app.tokens.algorithms import ALGORITHMS, CONTENT_ENCRYPTION, KEY_MANAGEMENT
from app.tokens.findings import KINDS
from app.tokens.registry import CLAIMS, HEADER, providers
from app.web import api as api_views
from app.web import security
from app.web.learn import contents, rules
from app.web.learn.anchors import anchor
from app.web.learn.templated import plain

SECRET = "a-string-secret-at-least-256-bits-long"
SD_JWT = (Path(__file__).parents[1] / "vectors/sd-jwt/key_binding/sd_jwt_presentation.txt").read_text("utf-8")
ROOT = Path(__file__).resolve().parents[2]
LEAVES = list(contents.LEAVES.values())
PATHS = ["/learn", *(leaf.path for leaf in LEAVES)]


@pytest.fixture(scope="module")
def pages(app):
    """Every page that can be reached by links from the front, with the links that led there."""
    client = app.test_client()
    found, waiting = {}, ["/"]
    while waiting:
        path = waiting.pop()
        found[path] = client.get(path)
        for link in links(found[path].dom, path):
            goal = link.partition("#")[0]
            if goal not in found and goal not in waiting:
                waiting.append(goal)
    return found


def links(dom, path):
    """The links of a page that stay on this server, each with its path."""
    for element in dom.tag("a"):
        href = element.get("href", "")
        if not urlsplit(href).scheme and not href.startswith("/static/"):
            yield path + href if href.startswith("#") else href


# Nothing leads nowhere -------------------------------------------------------------------------------------------


def test_every_link_leads_to_a_page_and_to_a_place_in_it(pages):
    for path, answer in pages.items():
        assert answer.status_code == 200, path
        for link in links(answer.dom, path):
            goal, _, place = link.partition("#")
            assert not place or unquote(place) in pages[goal].dom, f"{link} on {path}"


def test_every_page_is_reached_from_the_front(pages):
    assert set(PATHS) <= pages.keys()


def test_every_heading_can_be_linked_to(client):
    for leaf in LEAVES:
        article = next(one for one in client.get(leaf.path).dom.tag("article"))
        for tag in ("h2", "h3"):
            for heading in article.iter(tag):
                assert heading.find("a").get("href") == f"#{heading.get('id')}", leaf.name


def test_each_page_leads_to_the_next_one(client):
    for before, after in pairwise(LEAVES):
        onward = {one.get("rel"): one.get("href") for one in client.get(before.path).dom.tag("a") if one.get("rel")}
        assert onward["next"] == after.path
        assert {"rel", "prev"} & {one.get("rel") for one in client.get(after.path).dom.tag("a")}


def test_no_place_bears_the_name_of_a_part_of_the_debugger(client):
    """The styles of the debugger go by ids, and the pages here load them too."""
    styled = {
        name for css in (ROOT / "static/css").rglob("*.css") for name in re.findall(r"#([a-z_-]+)(?![\w-]*;)", css.read_text("utf-8"))
    }
    for path in PATHS:
        article = client.get(path).dom.tag("article")[0]
        assert not styled & {one.get("id") for one in article.iter() if isinstance(one.tag, str)}, path


def test_an_unknown_page_says_where_the_list_is(client):
    answer = client.get("/learn/nowhere")
    assert answer.status_code == 404
    assert "/learn" in answer.text


def test_the_theme_is_chosen_without_leaving_the_page(client):
    answer = client.post("/theme", data={"page": "/learn/claims", "theme": "dark"})
    assert answer.headers["Location"] == "/learn/claims"
    assert client.post("/theme", data={"page": "/learn/../evil", "theme": "dark"}).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_small_on_the_wire(client, path):
    answer = client.get(path)
    assert len(gzip.compress(answer.data, 6)) <= 80_000
    assert len(answer.data) <= 250_000


# Nothing is missing ----------------------------------------------------------------------------------------------


def places(client, path):
    return set(client.get(path).dom.ids)


def test_every_algorithm_is_documented(client):
    assert {*ALGORITHMS, *KEY_MANAGEMENT, *CONTENT_ENCRYPTION} <= places(client, "/learn/algorithms")


def test_every_claim_is_documented(client):
    there = places(client, "/learn/claims")
    assert {anchor(name) for name in CLAIMS} <= there
    for provider in providers():
        assert {f"{anchor(provider.name.lower())}.{anchor(one.name)}" for one in provider.names.own} <= there, provider.name


def test_every_header_parameter_is_documented(client):
    assert {anchor(name) for name in HEADER} <= places(client, "/learn/header")


def test_every_finding_is_documented(client):
    assert KINDS.keys() <= places(client, "/learn/findings")


def test_every_check_is_documented(client):
    assert {f"check-{name}" for name in LABELS} <= places(client, "/learn/verdict")


def test_every_profile_and_kind_of_rule_is_documented(client):
    assert profiles.known().keys() <= places(client, "/learn/profiles")
    assert rules.DEMANDS.keys() == profile_rules._KINDS.keys()


def test_every_setting_is_documented(client):
    assert {PREFIX + name.upper() for name in READERS} <= places(client, "/learn/api")


def refusals(*files):
    """The codes of the refusals that the code makes, where no table holds them."""
    for file in files:
        for call in ast.walk(ast.parse((ROOT / "app" / file).read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("Refused", "CannotEncode"):
                code = call.args[call.func.id == "Refused"]
                choices = (code.body, code.orelse) if isinstance(code, ast.IfExp) else (code,)
                yield from (one.value for one in choices if isinstance(one, ast.Constant))


def test_every_refusal_of_the_api_is_documented(client):
    jwe = [path.relative_to(ROOT / "app") for path in (ROOT / "app/tokens/jwe").glob("*.py")]
    codes = {
        *refusals("web/api.py", "web/fetching.py", "tokens/encode.py", "tokens/sd_jwt/making.py", *jwe),
        *fetch_refusals.ROWS,
        *security.REFUSALS,
    }
    assert {f"error.{code}" for code in codes} <= places(client, "/learn/api")


def test_the_refusals_of_the_api_are_told_in_words_that_are_true(client):
    words = client.get("/learn/api").text
    assert "host answers number, not 200." in words
    assert "host answers number, a redirect." in words
    assert "answers verdict" not in words
    assert "in compact form only" not in words


def members_taken(function):
    """The names that a view reads from the body of the request, itself or by a helper that gets the body."""
    source = inspect.getsource(function)
    names = {name for pair in re.findall(r'body, "(\w+)"|body\.value\.get\("(\w+)"', source) for name in pair if name}
    helpers = set(re.findall(r"(?<![\w.])(_\w+)\(body[,)]", source)) - {function.__name__}
    return names.union(*(members_taken(getattr(api_views, helper)) for helper in helpers))


def test_every_endpoint_of_the_api_is_documented_with_what_it_takes(app, client):
    there = places(client, "/learn/api")
    taken = {f"post-verify.sent.expect.{name}" for name in api_views._EXPECTATIONS}
    endpoints = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/"):
            place = ("post-" if "POST" in (rule.methods or ()) else "get-") + rule.rule.removeprefix("/api/v1/").replace("/", "-")
            endpoints.add(place)
            taken |= {f"{place}.sent.{name}" for name in members_taken(app.view_functions[rule.endpoint])}
    assert endpoints <= there
    assert taken == {place for place in there if ".sent." in place}


def test_every_remark_on_a_key_leads_to_its_explanation(client):
    page = client.post("/keys", data={"key": "short"}).dom
    goals = [one.get("href", "").partition("#")[2] for one in page["key_about"].iter("a") if one.get("href", "").startswith("/learn/")]
    assert "key_weak_secret" in goals
    assert set(goals) <= KINDS.keys()


def test_every_finding_on_the_page_leads_to_its_explanation(client, make_token):
    page = client.post("/decode", data={"token": make_token(), "key": "x"}).dom
    rows = list(page["findings"].iter("li"))
    goals = [[one.get("href", "") for one in row.iter("a") if one.get("href", "").startswith("/learn/")] for row in rows]
    assert goals
    assert all(len(goal) == 1 and goal[0].removeprefix("/learn/findings#") in KINDS for goal in goals)


# What it says is readable ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_finding_is_told_without_braces(kind):
    for text in (plain(kind.message), plain(kind.fix or "")):
        assert not re.search(r"[{}]|  ", text)
    assert plain(kind.message)


# What it says happens, happens -----------------------------------------------------------------------------------


def blocks(client):
    """Every block of code, with its page and what it is."""
    for leaf in LEAVES:
        for block in client.get(leaf.path).dom.tag("pre"):
            yield leaf.name, block.get("data-kind"), "".join(block.itertext())


KINDS_OF_BLOCK = {"curl", "json", "token", "http", "shell", "file"}


def test_every_block_of_code_says_what_it_is(client):
    for name, kind, text in blocks(client):
        assert kind in KINDS_OF_BLOCK, f"{name}: {text[:60]}"


def test_every_block_of_json_is_json(client):
    assert [json.loads(text) for _, kind, text in blocks(client) if kind == "json"]


def test_every_token_in_a_block_is_one(client):
    read = [tokens.decode(text) for _, kind, text in blocks(client) if kind == "token"]
    assert read
    for one in read:
        assert not [finding.code for finding in one.findings if finding.level == "error"]


def test_every_curl_line_is_answered(client):
    lines = [text for _, kind, text in blocks(client) if kind == "curl"]
    assert len(lines) >= 5
    for line in lines:
        words = shlex.split(line.replace("\\\n", " "))
        path = next(word for word in words if word.startswith("http")).removeprefix("http://127.0.0.1:8080")
        if "-d" not in words:
            assert client.get(path).status_code == 200, line
            continue
        answer = client.post(path, json=json.loads(words[words.index("-d") + 1]))
        if path.endswith("fetch"):  # nothing is fetched from a test
            assert answer.status_code == 422
            continue
        assert answer.status_code == 200, answer.text
        there = places(client, "/learn/api")
        for name in answer.read:
            own = f"post-{path.removeprefix('/api/v1/').replace('/', '-')}.answered.{name}"
            assert own in there or (path.endswith("verify") and own.replace("verify", "decode") in there), own
        assert answer.read.get("accepted", True) is True


def test_what_the_api_answers_of_rare_tokens_is_documented(api, client, make_token):
    there = places(client, "/learn/api")
    inner = make_token()
    for token in (make_token(inner, '{"alg":"HS256","cty":"JWT"}'), SD_JWT):
        for name in api("verify", {"token": token, "key": SECRET, "check_brought": True}):
            assert {f"post-decode.answered.{name}", f"post-verify.answered.{name}"} & there, name


def test_a_finding_leads_to_what_the_prose_says_of_it(client):
    page = client.get("/learn/findings")
    assert 'href="/learn/attacks#none"' in page.text
    assert 'href="/learn/keys#secrets"' in page.text


def test_what_more_is_said_is_said_of_a_finding(client):
    words = tomllib.loads((ROOT / "app/web/learn/findings.toml").read_text("utf-8"))
    assert words.keys() <= KINDS.keys()
    assert all(text.endswith(".") for text in words.values())


# Search ----------------------------------------------------------------------------------------------------------


def hits(answer):
    """The places that were found, in their order."""
    return [link.get("href") for item in answer.dom["hits"].iter("li") for link in item.iter("a")]


def searched(client, question, **headers):
    return client.get("/learn/search", query_string={"q": question}, headers=headers)


@pytest.mark.parametrize("name", [*ALGORITHMS, *KEY_MANAGEMENT, *CONTENT_ENCRYPTION])
def test_an_algorithm_is_found_first_by_its_name(client, name):
    assert f"/learn/algorithms#{name}" in hits(searched(client, name))[:2]


@pytest.mark.parametrize("code", KINDS)
def test_a_finding_is_found_by_its_code(client, code):
    assert f"/learn/findings#{code}" in hits(searched(client, code))[:5]


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf", "scope", "sd_hash", "auth_time"])
def test_a_claim_is_found_by_its_name(client, name):
    assert f"/learn/claims#{name}" in hits(searched(client, name))[:4]


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("key rotation", "/learn/keys#rotation"),
        ("gateway", "/learn/gateways"),
        ("cookie httponly", "/learn/sessions#cookie"),
        ("api limits", "/learn/api#limits"),
        ("JWTLENS_FETCH_HOSTS", "/learn/api#JWTLENS_FETCH_HOSTS"),
        ("confusion public key", "/learn/attacks#confusion"),
        ("  DPoP  ", "/learn/profiles#dpop-proof"),
    ],
)
def test_a_question_finds_its_place(client, question, place):
    assert place in hits(searched(client, question))[:8]


@pytest.mark.parametrize("question", ["", "   ", "…", "((((", "qqqq", "\u202e", "x" * 5000, "a " * 3000])
def test_a_question_without_an_answer_is_answered(client, question):
    answer = searched(client, question)
    assert answer.status_code == 200
    assert len(answer.data) < 80_000


def test_htmx_gets_the_places_alone_and_the_same(client):
    whole, part = searched(client, "exp"), searched(client, "exp", **{"HX-Request": "true"})
    assert part.dom.panes == ["hits"]
    assert hits(part) == hits(whole)


def test_what_is_asked_is_shown_as_text(client):
    assert "<b>" not in searched(client, "<b>bold</b>").text


def test_a_token_in_the_box_is_not_repeated(client, make_token):
    answer = searched(client, make_token()[:60])
    assert "debugger" in answer.dom.words("hits")
    assert make_token()[:20] not in answer.text


def test_programs_find_every_page_in_llms_txt(client):
    text = client.get("/llms.txt").text
    assert text.startswith("# jwtlens\n")
    for leaf in LEAVES:
        assert f"(http://localhost{leaf.path})" in text
