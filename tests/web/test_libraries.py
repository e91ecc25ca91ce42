"""/libraries: every library is listed as its row tells it, and every filter holds, alone and together, with scripts and without."""

from itertools import product

import pytest
from flask.testing import FlaskClient

from app import snippets, tokens
from app.web import directory
from tests.cost import within

HTMX = {"HX-Request": "true"}


def listed(dom):
    """The ids of the libraries that a page lists."""
    names = [cell.find("a") for cell in dom.tag("th") if cell.get("scope") == "row"]
    return [link.get("href").removeprefix("/libraries/") for link in names]


@pytest.fixture
def ask(client):
    def get(headers=None, **query):
        response = client.get("/libraries", query_string=query, headers=headers)
        assert response.status_code == 200
        return response.dom

    return get


def test_the_page_is_in_the_navigation_and_lists_every_library(client, ask):
    assert "/libraries" in [link.get("href") for link in client.get("/").dom.tag("a")]
    dom = ask()
    assert [link.get("href") for link in dom.tag("a") if link.get("aria-current")] == ["/libraries"]
    assert listed(dom) == list(directory.libraries())
    assert len(directory.libraries()) >= 120
    assert dom.words("listed").startswith(f"{len(directory.libraries())} of {len(directory.libraries())} libraries")


def test_the_longest_list_takes_a_tenth_of_a_second_at_most(app):
    bare = FlaskClient(app)
    bare.get("/libraries")
    assert within(0.1, lambda: bare.get("/libraries", headers={"Accept-Encoding": "gzip"})).status_code == 200


@pytest.mark.parametrize("library", directory.libraries().values(), ids=lambda one: one.id)
def test_every_row_is_whole_and_true_to_the_core(library):
    assert library.repository.startswith("https://")
    assert library.install
    assert set(library.algorithms) | set(library.lacks) <= set(tokens.ALGORITHMS)
    assert library.algorithms
    assert not set(library.algorithms) & set(library.lacks)
    assert not set(library.checks) & set(library.unchecked)
    assert library.state in ("", "maintained", "archived")
    assert library.id == library.id.lower()
    assert not set(library.id) - set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_the_libraries_of_a_language_stand_together():
    languages = [one.language for one in directory.libraries().values()]
    assert [name for name, before in zip(languages, ["", *languages], strict=False) if name != before] == list(directory.languages())


@pytest.mark.parametrize("language", directory.languages())
def test_it_filters_by_language(ask, language):
    assert listed(ask(language=language)) == [one.id for one in directory.libraries().values() if one.language == language]


@pytest.mark.parametrize("algorithm", directory.algorithms())
def test_it_filters_by_algorithm(ask, algorithm):
    assert listed(ask(algorithm=algorithm)) == [one.id for one in directory.libraries().values() if algorithm in one.algorithms]


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        pytest.param("maintained", lambda one: one.state == "maintained", id="maintained"),
        pytest.param("exp", lambda one: "exp" in one.checks, id="exp"),
        pytest.param("aud", lambda one: "aud" in one.checks, id="aud"),
        pytest.param("iss", lambda one: "iss" in one.checks, id="iss"),
        pytest.param("jwks", lambda one: one.jwks is True, id="jwks"),
        pytest.param("jwe", lambda one: one.jwe is True, id="jwe"),
        pytest.param("sign", lambda one: one.signs, id="sign"),
        pytest.param("code", lambda one: one.code != "", id="code"),
    ],
)
def test_it_filters_by_what_a_library_does(ask, name, holds):
    assert listed(ask(has=name)) == [one.id for one in directory.libraries().values() if holds(one)]
    assert name in directory.FEATURES


def test_all_filters_hold_together(ask):
    def alone(**part):
        return {one.id for one in directory.chosen(directory.Choice(**part))}

    for language, algorithm, name in product(("", "Python", "Go"), ("", "EdDSA"), directory.FEATURES):
        found = listed(ask(HTMX, language=language, algorithm=algorithm, has=[name, "jwe"]))
        parts = alone(language=language), alone(algorithm=algorithm), alone(features=(name,)), alone(features=("jwe",))
        assert set(found) == set.intersection(*parts)


def test_what_was_chosen_stays_chosen_and_is_counted(ask):
    dom = ask(language="Python", algorithm="EdDSA", has=["jwe", "exp"])
    chosen = ["".join(option.itertext()) for option in dom.tag("option") if option.get("selected") is not None]
    assert chosen == ["Python", "EdDSA"]
    assert {box.get("value") for box in dom.tag("input") if box.get("checked") is not None} == {"jwe", "exp"}
    assert dom.words("listed").startswith(f"{len(listed(dom))} of ")


def test_nothing_found_says_what_to_do(ask):
    dom = ask(language="PostgreSQL", has="jwe")
    assert listed(dom) == []
    assert "No library here is and does all of that." in dom.words("listed")


def test_htmx_gets_the_list_that_the_page_has(client):
    query = {"language": "Go", "has": "jwe"}
    page, partial = client.get("/libraries", query_string=query), client.get("/libraries", query_string=query, headers=HTMX)
    assert partial.dom.panes == ["notice", "listed"]
    assert partial.dom.words("listed") == page.dom.words("listed")


def test_the_form_works_without_javascript(ask):
    form = ask()["filter"]
    assert (form.get("method") or "get", form.get("action")) == ("get", "/libraries")
    assert [button for button in form.iter("button") if "plain" in button.get("class", "")]
    assert {field.get("name") for field in form.iter() if field.tag in ("select", "input")} == {"language", "algorithm", "has"}


@pytest.mark.parametrize(
    "query", [{"language": "<script>"}, {"algorithm": "none"}, {"has": "'\"><b>"}], ids=["language", "algorithm", "has"]
)
def test_what_it_does_not_know_is_left_out_and_never_repeated(ask, query):
    dom = ask(**query)
    assert listed(dom) == list(directory.libraries())
    assert dom.words("notice") == "The address asks for something that this page does not know; that is left out."
    assert not dom.tag("b")


@pytest.mark.parametrize("library", directory.libraries().values(), ids=lambda one: one.id)
def test_every_library_has_a_page_with_what_is_known_of_it(client, library):
    dom = client.get(f"/libraries/{library.id}").dom
    words = dom.words("main")
    assert library.name in words
    coded = snippets.libraries().get(library.id)
    assert dom.typed("install") == (coded or library).install
    assert all(name in words for name in (*library.algorithms, *library.checks, library.licence, library.note))
    assert library.repository in [link.get("href") for link in dom.tag("a")]
    (back,) = [link.get("href") for link in dom.tag("a") if (link.get("href") or "").startswith("/libraries?")]
    assert library.id in listed(client.get(back).dom)


@pytest.mark.parametrize("name", ["nothing", "PYJWT", "pyjwt/", "%3Cscript%3E", "..%2Ftrust", "pyjwt.toml"])
def test_a_name_that_is_not_listed_is_not_found(client, name):
    response = client.get(f"/libraries/{name}")
    assert response.status_code == 404
    assert "script" not in response.dom.words("main")


@pytest.mark.parametrize("name", snippets.libraries())
def test_a_library_with_code_shows_it_for_each_algorithm_and_form_of_the_key(client, name):
    coded = snippets.libraries()[name]
    for algorithm, form in product((name for name in tokens.ALGORITHMS if name != "none"), snippets.KEY_FORMS):
        dom = client.get(f"/libraries/{name}", query_string={"algorithm": algorithm, "key_form": form}, headers=HTMX).dom
        for action in ("verify", "sign"):
            if f"{action}-code" in dom:
                assert dom.typed(f"{action}-code").strip()
                assert algorithm in coded.algorithms
            else:
                assert snippets.render(name, action, snippets.Facts(algorithm, form)).why_not
                assert "." in dom.words("library_code")


@pytest.mark.parametrize("name", snippets.libraries())
def test_without_a_choice_the_key_has_a_form_that_the_library_reads(client, name):
    for algorithm in snippets.libraries()[name].algorithms:
        dom = client.get(f"/libraries/{name}?algorithm={algorithm}", headers=HTMX).dom
        reads = [snippets.render(name, "verify", snippets.Facts(algorithm, form)).can for form in snippets.KEY_FORMS]
        assert ("verify-code" in dom) is any(reads)


def test_what_was_chosen_of_the_code_stays_chosen(client):
    for query in ({"algorithm": "ES256", "key_form": "jwk"}, {"algorithm": "HS256"}, {"algorithm": "ML-DSA-44", "key_form": "pem"}):
        dom = client.get("/libraries/pyjwt", query_string=query).dom
        assert [option.get("value") for option in dom.tag("option") if option.get("selected") is not None] == list(query.values())


def test_code_says_with_what_version_it_ran_and_what_was_not_run(client):
    for name, result in snippets.results().items():
        for algorithm in snippets.libraries()[name].algorithms:
            dom = client.get(f"/libraries/{name}?algorithm={algorithm}", headers=HTMX).dom
            words = dom.words("library_code")
            if "verify-code" not in dom:
                continue
            ran = result.algorithms.get(algorithm) == "ran"
            assert (f"Ran with version {result.version}." in words) is ran
            assert ("Not run." in words) is not ran


def test_every_library_with_code_is_listed_once_and_its_code_is_one_click_away(client):
    dom = client.get("/libraries?has=code").dom
    links = [link.get("href") for link in dom.tag("a") if link.get("class") == "code"]
    assert {link.removeprefix("/libraries/") for link in links} == set(snippets.libraries())
    for link in set(links):
        assert "verify-code" in client.get(link).dom


def test_the_choice_of_code_works_with_htmx_and_without(client):
    query = {"algorithm": "ES256", "key_form": "jwk"}
    page = client.get("/libraries/pyjwt", query_string=query)
    partial = client.get("/libraries/pyjwt", query_string=query, headers=HTMX)
    assert partial.dom.panes == ["notice", "library_code"]
    assert partial.dom.typed("verify-code") == page.dom.typed("verify-code")
    assert client.get("/libraries/cjwt", headers=HTMX).dom.panes == ["notice"]


@pytest.mark.parametrize(
    "query", [{"algorithm": "none"}, {"algorithm": "<b>x"}, {"key_form": "<b>x"}], ids=["none", "algorithm", "key form"]
)
def test_code_for_what_is_not_known_is_the_usual_one(client, query):
    dom = client.get("/libraries/pyjwt", query_string=query).dom
    assert "verify-code" in dom
    assert dom.words("notice") == "The address asks for something that this page does not know; that is left out."
    assert not dom.tag("b")


def test_what_an_address_may_not_hold_is_refused(client):
    for path in ("/libraries", "/libraries/pyjwt"):
        assert client.get(path, query_string={"key": "canary"}).status_code == 400


@pytest.mark.parametrize("path", ["/libraries", "/libraries/pyjwt"])
def test_the_theme_changes_without_scripts_and_the_page_stays(client, path):
    (field,) = [one for one in client.get(path).dom["look"].iter("input") if one.get("name") == "page"]
    answer = client.post("/theme", data={"page": field.get("value"), "theme": "dark"})
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
