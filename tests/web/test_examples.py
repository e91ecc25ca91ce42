"""The examples: each has the verdict that its file promises, and so has each change to try."""

from __future__ import annotations

import re
import time
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import tokens
from app.web import examples, reading
from app.web.judging import judge
from app.web.view import Form

NOW = int(time.time())
TRIES = [(name, number) for name, row in examples.STORIES.items() for number in range(len(row.get("tries", ())))]
ASKED = (
    "session scopes id-token roles gateway machine expired-session tampered alg-none confusion embedded-key rotation wrong-audience "
    "encrypted nested sd-jwt dpop post-quantum"
)


def story(name: str) -> Form:
    form = examples.form(name, NOW)
    assert form is not None
    return form


def kept(form: Form, must: dict[str, Any]) -> bool:
    """Whether the verdict on *form* is as promised; says by an assertion what is not."""
    report = judge(form, [], None)
    assert report.signature.status == must["signature"]
    assert report.accepted is must["accepted"]
    assert (report.decryption.status if report.decryption else None) == must.get("decryption")
    assert set(must.get("failed", ())) <= {check.name for check in report.checks if check.outcome == "failed"}
    assert set(must.get("findings", ())) <= {finding.code for finding in report.findings}
    if "inside" in must:
        assert report.nested[-1].signature.status == must["inside"]
    if must["accepted"]:
        assert "error" not in [finding.level for finding in report.findings]
    return True


def test_every_story_that_was_asked_for_is_told():
    assert set(ASKED.split()) <= examples.STORIES.keys()


def test_no_story_has_the_name_of_an_example_of_the_menu():
    assert not examples.STORIES.keys() & {example.name for example in examples.MENU}


@pytest.mark.parametrize("name", examples.STORIES)
def test_an_example_has_the_verdict_it_must_give(name: str):
    assert kept(story(name), examples.STORIES[name]["must"])


@pytest.mark.parametrize(("name", "number"), TRIES, ids=[f"{name}-{number}" for name, number in TRIES])
def test_a_change_has_the_verdict_it_must_give(client: FlaskClient, name: str, number: int):
    form, row = story(name), examples.STORIES[name]
    change = list(reading.tries(row, form, NOW))[number]
    field = row["tries"][number]["field"]
    assert getattr(form, field) != change.mend.text
    setattr(form, field, change.mend.text)
    if field in ("header", "payload"):
        sent = {part: getattr(form, part) for part in Form.__dataclass_fields__}
        page = client.post("/encode", data=sent).get_data(as_text=True)
        (written,) = re.findall(r'<textarea id="token-text"[^>]*>\n?([^<]*)</textarea>', page)
        assert unescape(written).strip() != form.token
        form.token = unescape(written).strip()
    assert kept(form, row["tries"][number]["must"])


@pytest.mark.parametrize("name", examples.STORIES)
def test_its_page_shows_it_and_leads_on(client: FlaskClient, name: str):
    row = examples.STORIES[name]
    answer = client.get(f"/examples/{name}")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert f"<h1>{row['title']}</h1>" in page
    assert f'href="/?example={name}"' in page
    assert page.count('class="mend"') >= len(row.get("tries", ()))
    assert all(spec in page for spec in row["specs"])
    assert "`" not in unescape(re.sub(r"<textarea.*?</textarea>", "", page, flags=re.DOTALL))
    for link in re.findall(r'href="(/examples[^"]*)"', page):
        assert client.get(link).status_code == 200


@pytest.mark.parametrize("name", examples.STORIES)
def test_it_opens_in_the_debugger(client: FlaskClient, name: str):
    page = client.get(f"/?example={name}").get_data(as_text=True)
    assert 'id="slot-expect"' in page
    assert examples.STORIES[name]["must"]["signature"] != "verified" or "Signature verified" in page


def test_the_list_names_all_of_them(client: FlaskClient):
    page = client.get("/examples").get_data(as_text=True)
    assert [name for name in examples.STORIES if f'href="/examples/{name}"' not in page] == []


def test_what_is_typed_on_the_page_of_an_example_is_answered_with_its_panes_alone(client: FlaskClient):
    form = story("wrong-audience")
    sent = {part: getattr(form, part) for part in Form.__dataclass_fields__} | {
        "slots": "verdict findings",
        "audience": "https://photos.example",
    }
    page = client.post("/verify", data=sent, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert re.findall(r'hx-target="#slot-(\w+)"', page) == ["verdict", "findings"]
    assert "Not expired" in page


def test_there_is_no_other_example(client: FlaskClient):
    assert client.get("/examples/nothing").status_code == 404


def test_the_keys_are_named_as_those_of_the_examples():
    assert all(story(name).key in {*examples.KEYS, ""} for name in examples.STORIES)
    assert tokens.read_keys(story("nested").key).keys[1].is_private
