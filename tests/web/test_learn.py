"""The documentation: nothing of the core is missing, no link leads nowhere, and what it says happens, happens."""

import gzip
import re
from itertools import pairwise
from urllib.parse import unquote, urlsplit

import pytest

from app.tokens.algorithms import ALGORITHMS, CONTENT_ENCRYPTION, KEY_MANAGEMENT
from app.tokens.findings import KINDS
from app.tokens.registry import CLAIMS, HEADER, providers
from app.web.learn import contents
from app.web.learn.anchors import anchor
from app.web.learn.templated import plain

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
