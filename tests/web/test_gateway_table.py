"""The shared table at the doors: the page and the API give the decision of every row."""

import json
from types import SimpleNamespace

import pytest

from app.web import gateway
from tests.gateway.gate import NOW
from tests.gateway.table import ROWS


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_page_and_api_decide_as_the_table_says(api, client, monkeypatch, row):
    monkeypatch.setattr(gateway, "time", SimpleNamespace(time=lambda: NOW))
    asked = row.request()
    answer = api("gateway", {"policy": dict(row.policy), "request": asked, "keys": dict(row.keys), "at": NOW})
    denied = next((rule["name"] for rule in denials(answer)), "")
    assert (answer["status"], answer["error"] or "", denied) == row.must[:3]
    assert answer["upstream"] == dict(row.must.upstream)
    assert tuple(answer["removed"]) == row.must.removed
    form = {"policy": json.dumps(row.policy), "named": json.dumps(row.keys) if row.keys else "", "request": asked}
    dom = client.post("/gateway", data=form, headers={"HX-Request": "true"}).dom
    page = dom.words("decision")
    assert page.startswith(f"{row.must.status} ")
    assert (answer["www_authenticate"] or "") in page
    if denied:
        assert f" Denied by {denied}:" in page
    told = {
        shown.find("th").text: shown.find("td").text or ""
        for shown in dom.tag("tr")
        if shown.find("td") is not None and shown.get("data-gone") is None
    }
    assert told == dict(row.must.upstream)


def denials(answer):
    """The rules that deny, the one that made the answer first."""
    order = ("request", "route", "credentials", "keys", "token", "permission")
    failed = [rule for rule in answer["rules"] if rule["outcome"] == "failed" and rule["decides"]]
    return sorted(failed, key=lambda rule: order.index(rule["layer"]))
