"""The page tells each failure class in the words of the core, but for a place where its panes have another; with a button for what mends it."""

from __future__ import annotations

import re

import pytest

from tests.tokens.telling import judged
from tests.tokens.test_failure_classes import ROWS, given, nested

PLACE = re.compile(r"line \d+, column \d+")


def plain(text: str) -> str:
    return PLACE.sub("somewhere", re.sub(r"\s+", " ", text).strip())


@pytest.mark.parametrize("name", ROWS)
def test_the_page_tells_the_findings_of(client, name):
    pasted = given(name)
    if name == "json/nesting 100000":  # as it is described it is longer than a request may be
        pasted["token"] = nested(40_001)
    page = client.post("/verify", data={"token": pasted["token"], "key": pasted["key"], "at": str(pasted["at"])})
    assert page.status_code == 200
    text = plain("".join(page.dom.root.itertext()))
    report = judged(pasted)
    if name == "envelope/empty input":
        assert "Paste a token" in text
        return
    told = [one for finding in report.findings for one in (finding.message, finding.fix, finding.spec) if one]
    assert [one for one in told if plain(one) not in text] == []
    buttons = [plain("".join(button.itertext())) for button in page.dom.elements if button.tag == "button"]
    assert [repair.label for finding in report.findings for repair in finding.repairs if repair.label not in buttons] == []
    assert plain(report.signature.because) in text


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.repair])
def test_a_button_mends_without_a_script(client, name):
    pasted = given(name)
    form = {"token": pasted["token"], "key": pasted["key"], "at": str(pasted["at"])}
    page = client.post("/verify", data=form)
    buttons = [element for element in page.dom.elements if element.get("name") == "repair"]
    states = []
    for button in buttons:
        after = client.post(button.get("formaction"), data=form | {"repair": button.get("value")})
        encoding = next((one.get("value") for one in after.dom["key-encoding"] if "selected" in one.attrib), "auto")
        fields = {"token": after.dom["token-text"].text or "", "key": after.dom["key-text"].text or "", "key_encoding": encoding}
        states.append(judged(pasted | fields).signature.status)
    assert "verified" in states
