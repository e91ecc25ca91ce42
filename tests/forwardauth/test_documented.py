"""The page about the server names every option, metric and member of the log, and what it shows is read as it says."""

from __future__ import annotations

import json
import re

import click

from app.cli.gateway import gateway
from app.forwardauth import SOURCES, Metrics
from app.forwardauth.log import line
from app.gateway import read_policy
from app.gateway.request import Header

PATH = "/learn/forward-auth"


def test_every_option_is_on_the_page(client):
    text = client.get(PATH).text
    names = {one.opts[0] for one in gateway.params if isinstance(one, click.Option)} - {"--host", "--port"}
    assert not [name for name in names if name not in text]
    for source, family in SOURCES.items():
        assert f"<code>{source}</code>" in text
        assert all(name in text for name in family or ())


def test_every_metric_is_on_the_page_and_no_other(client):
    there = set(re.findall(r"jwtlens_gateway_\w+", client.get(PATH).text))
    made = {f"{one.name}_total" if one.type == "counter" else one.name for one in Metrics(1).collect()}
    assert there == made


def test_the_line_of_the_log_has_the_members_that_a_line_has(client):
    (shown,) = (
        json.loads("".join(block.itertext())) for block in client.get(PATH).dom.tag("pre") if "latency_ms" in "".join(block.itertext())
    )
    assert list(shown) == list(json.loads(line(None, "exp", 401, "GET", 0.0, 0.0)))


def test_the_policy_on_the_page_is_one(client):
    first = next("".join(block.itertext()) for block in client.get(PATH).dom.tag("pre"))
    policy = read_policy(first)
    assert policy.references == ("https://login.example.com",)
    assert Header("X-User", "sub") == (policy.upstream[0][0], ".".join(policy.upstream[0][1]))
